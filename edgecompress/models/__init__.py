"""Networks, their files, and the arithmetic of compressing them."""
