"""Search for students: what may be tried, what is tried next, and what has come out."""
