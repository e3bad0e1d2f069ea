# Every target sets up what it needs. `make` alone lists them.
#
#   make demo                  close a month for a fictional provider, then serve the console
#   make demo ARGS=--no-serve  the same, ending after the table
#   make test                  what CI runs: style, types, import rules, tests on SQLite and PostgreSQL
#   make check                 another name for `make test`
#   make test-all              `make test`, then the slow tests, and every test on PostgreSQL too
#   make run                   serve the console on your own data folder
#   make bench                 measure against the bare engines (ARGS=--help shows the choices)
#   make lock                  write requirements.lock anew from pyproject.toml
#   make clean                 remove the environment, the demo's data and all caches

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo run bench test check test-all style types imports tests-sqlite tests-postgresql test-packages test-clients lock clean

ARGS ?=
# Tests share the cores of the machine file by file; WORKERS=0 runs them in one process, for a debugger.
WORKERS ?= 2
PYTHON := .venv/bin/python
PYTEST := $(PYTHON) -m pytest --numprocesses $(WORKERS) --dist loadfile
ENVIRONMENT := .venv/.complete

help:
	@sed -n '3,/^$$/{/^#/s/^# \{0,1\}//p}' Makefile

$(ENVIRONMENT): requirements.lock pyproject.toml scripts/environment
	scripts/environment

demo: $(ENVIRONMENT)
	.venv/bin/billow demo $(ARGS)

# The data folder is the one BILLOW_DATA names: both commands must mean the same.
run: $(ENVIRONMENT)
	.venv/bin/billow init
	.venv/bin/billow serve $(ARGS)

bench: $(ENVIRONMENT)
	$(PYTHON) -m bench $(ARGS)

test: style types imports tests-sqlite tests-postgresql

check: test

style: $(ENVIRONMENT)
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check

types: $(ENVIRONMENT)
	$(PYTHON) -m mypy

imports: $(ENVIRONMENT)
	.venv/bin/lint-imports

test-packages:
	scripts/test-packages

test-clients: $(ENVIRONMENT)
	scripts/test-clients

tests-sqlite: $(ENVIRONMENT) test-packages test-clients
	$(PYTEST) -m "not slow" $(ARGS)

tests-postgresql: $(ENVIRONMENT) test-packages
	$(PYTHON) -m tests.postgresql -- $(PYTEST) -m "not slow" tests/records tests/scenarios $(ARGS)

test-all: test
	$(PYTEST) -m slow
	$(PYTHON) -m tests.postgresql -- $(PYTEST)

# A picture of every page of the console for docs/images/pages.
pictures: $(ENVIRONMENT) test-packages
	$(PYTHON) -m pytest tests/web/browser/pictures.py

lock: $(ENVIRONMENT)
	scripts/lock

clean:
	rm -rf .venv var/demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
