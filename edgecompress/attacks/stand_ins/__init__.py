"""Packages that TextAttack imports and its workers do without; found first by their import path."""
