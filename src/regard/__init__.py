"""Regard: recommendations with attention at every step."""
