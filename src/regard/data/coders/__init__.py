"""Coders: one for each kind of field, fitted on training rows."""
