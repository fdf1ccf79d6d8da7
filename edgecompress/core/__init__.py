"""Nouns that every floor shares: numbers with intervals, verdicts, artifacts, errors."""
