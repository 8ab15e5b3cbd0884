# Each target sets up what it needs in .venv; a fresh machine needs make and Python 3.11 or newer.

.DEFAULT_GOAL := help
SHELL := /bin/sh

# The first Python found that is new enough and can make an environment.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	"$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
	>/dev/null 2>&1 && { echo "$$python"; break; }; done)

BIN := .venv/bin

# What the installation is made from; a change in it installs anew.
MADE_FROM := pyproject.toml $(wildcard setup.py) $(shell find registry node -name '*.pyx' -o -name '*.pxd' -o -name '*.h')
# Byte code beforehand, since a start would compile all of it where PYTHONDONTWRITEBYTECODE is set.
COMPILE := @$(BIN)/python -m compileall -q node registry clients loadtests

ARGS ?=
# pytest compiles several hundred modules anew at each start where it may not write them down.
PYTEST := env -u PYTHONDONTWRITEBYTECODE $(BIN)/pytest

.PHONY: help run test lint demo bench load fuzz map dist dashboards picture settings clean

help:  ## Say what can be made.
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1	\2/p' $(firstword $(MAKEFILE_LIST))

run: .venv/.run  ## Serve the Suzhou data set on the default ports; pass flags as ARGS="--http-port 0".
	@exec $(BIN)/idnode serve --dataset suzhou $(ARGS)

test: .venv/.dev  ## Run all tests; those that judge latencies come last, alone.
	$(COMPILE)
	$(PYTEST) -n 2 --dist worksteal -m "not alone" $(ARGS)
	@$(PYTEST) -m alone $(ARGS) || [ $$? -eq 5 ]  # 5: ARGS chose none of these

lint: .venv/.dev  ## Check style, format and types.
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

demo: .venv/.run  ## Start a node, register, resolve by every face, list, stop.
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh deploy/demo.sh

bench: .venv/.bench  ## Measure this machine.
	$(BIN)/python -m benchmarks.run $(ARGS)

load: .venv/.load  ## Load a node of its own with the smoke profile; others: ARGS="steady".
	@$(BIN)/python -m idnode.loadtests.run $(ARGS)

dashboards: .venv/.dev  ## Make the Grafana dashboards' JSON from deploy/dashboards.
	$(BIN)/python -m deploy.dashboards

map: .venv/.dev  ## Draw the floors from the imports, and end with 1 at a circle or an upward one; ARGS=map.mmd draws a chart.
	@$(BIN)/python -m tests.tidy.import_map $(ARGS)

picture: .venv/.dev  ## Draw the README's picture from a real run.
	$(BIN)/python -m deploy.picture

settings: .venv/.dev  ## Write the pages of settings, node/SETTINGS.md and node/SETTINGS.zh.md.
	LANGUAGE=en $(BIN)/idnode settings --reference > node/SETTINGS.md
	LANGUAGE=zh $(BIN)/idnode settings --reference > node/SETTINGS.zh.md

translations: .venv/.dev  ## Bring the command line's Chinese up to date with its texts, and compile it.
	$(BIN)/python -m tests.tidy.catalogue

fuzz: .venv/.dev  ## Mutate input of the native parsers under sanitizers, for long: ARGS="--fuzz-runs 100000000".
	$(BIN)/pytest tests/native -p no:randomly --fuzz-runs 20000000 $(ARGS)

dist: .venv/.dev  ## Build the source distribution and the wheel into dist/.
	$(BIN)/python -m build $(ARGS)

clean:  ## Remove what was made, the data of `make run` excepted.
	rm -rf .venv build dist ./*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis benchmarks/out \
		loadtests/out
	find . -name __pycache__ -prune -exec rm -rf {} +

.venv/.python:
	@test -n "$(PYTHON)" || { echo "make: needs Python 3.11 or newer that can make environments" \
		"(Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }
	"$(PYTHON)" -m venv .venv
	$(BIN)/pip install --quiet --upgrade pip
	@touch $@

.venv/.run: $(MADE_FROM) .venv/.python
	$(BIN)/pip install --quiet --editable .
	$(COMPILE)
	@touch $@

.venv/.load: $(MADE_FROM) .venv/.python
	$(BIN)/pip install --quiet --editable ".[load]"
	$(COMPILE)
	@touch $@ .venv/.run

.venv/.bench: .venv/.dev
	@$(BIN)/pip install --quiet --editable ".[bench]" || \
		echo "make: LMDB and RocksDB cannot be installed here, their rows will be missing" >&2
	@touch $@

.venv/.dev: $(MADE_FROM) .venv/.python
	$(BIN)/pip install --quiet --editable ".[dev]"
	$(COMPILE)
	@touch $@ .venv/.run .venv/.load
