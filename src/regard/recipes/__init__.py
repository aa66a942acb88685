"""Functions that return a whole configuration; each has a tiny twin for tests."""
