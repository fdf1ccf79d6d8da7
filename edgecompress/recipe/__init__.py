"""What a user may write, and what is said when it is wrong."""
