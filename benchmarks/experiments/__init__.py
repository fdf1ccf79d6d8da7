"""The papers' claims, tested at small scale: settings, arms, and what is claimed of them."""
