"""Measurements beside peers. Each script writes `benchmarks/results/NAME.json`; `page.py` makes the page of them."""
