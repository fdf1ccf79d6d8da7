"""Content-addressed artifacts: whole or not there, locked while made, hashed before use."""
