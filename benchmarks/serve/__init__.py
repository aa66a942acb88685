"""Benchmarks of the live server."""
