"""Honest evaluation: whole catalogue, split by time, intervals, strong simple baselines."""
