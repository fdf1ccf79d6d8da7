"""Texts and weights: where they come from, what their columns mean, who may see which rows."""
