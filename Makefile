# Wardhouse: `make` builds, publishes and draws; `make test` tests; `make help` lists the rest.

SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin

# make RAW_DIR=... WAREHOUSE=... are the same as the environment variables.
RAW_DIR ?= $(WARDHOUSE_RAW_DIR)
WAREHOUSE ?= $(WARDHOUSE_WAREHOUSE)
export WARDHOUSE_RAW_DIR := $(RAW_DIR)
export WARDHOUSE_WAREHOUSE := $(WAREHOUSE)
# make warehouse ACCEPT_LOSS=1 publishes although rows would be lost; make restore NUMBER=3 goes back.
ACCEPT_LOSS ?=
NUMBER ?=
# make network-data OUTPUT=folder APPOINTMENTS=1000000
OUTPUT ?= build/network
APPOINTMENTS ?= 1000000
# make bench SIZES="1 10 100" REPEATS=3 DATA='folder/network_{size}m' OUTPUT=results.json BENCH="--without demo"
SIZES ?= 1 10
REPEATS ?= 3
DATA ?= bench/data/network_{size}m
BENCH ?=

.DEFAULT_GOAL := all
.PHONY: all setup setup-dev warehouse restore history verify figures report test soak bench setup-bench bench-report lint docs demo-data network-data lock sbom audit clean help

all: warehouse figures report ## Set up, build, test and publish the warehouse, draw figures and report (the default)

setup: .venv/installed ## Create the environment from requirements.lock

setup-dev: .venv/installed-dev ## Add what tests and linters need

.venv/installed: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "wardhouse: Python 3.11 or newer is needed, $(PYTHON) is not; install it or name it: make PYTHON=python3.12" >&2; exit 2; }
	@echo "wardhouse: installing the pinned packages into .venv (about a minute)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.lock
	@echo "wardhouse: installing the pinned test tools into .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

warehouse: setup ## dbt build into the private database, publish a complete, green build, write a summary
	@$(BIN)/python scripts/run_warehouse.py $(if $(ACCEPT_LOSS),--accept-loss)

restore: setup ## Publish a kept publish again: the one before, or NUMBER=...
	@$(BIN)/python scripts/publish.py --restore $(NUMBER)

history: setup ## List every publish and the KPI values that the last one changed
	@$(BIN)/python scripts/publish.py --list
	@$(BIN)/python scripts/publish.py --changes

verify: setup ## Prove that the published file holds one publish, whole
	@$(BIN)/python scripts/publish.py --verify

figures: setup ## Draw figures/ from the published database
	@$(BIN)/python scripts/run_warehouse.py figures

report: setup ## Write the interactive report/index.html, and shareable.html beside it
	@$(BIN)/python scripts/run_warehouse.py report

test: setup-dev ## Run every test: dbt data tests, dbt unit tests and pytest
	@$(BIN)/python -m pytest

soak: setup-dev ## Run the long trials: broken inputs, kills, full disks, attacks on hidden cells (an hour or more)
	@$(BIN)/python -m pytest -m soak

bench: setup setup-bench ## Measure against a floor, pandas, Polars, PostgreSQL (SIZES, in millions; REPEATS; OUTPUT)
	@$(BIN)/python scripts/benchmark.py --sizes $(SIZES) --repeats $(REPEATS) --data '$(DATA)' \
		$(if $(filter command line,$(origin OUTPUT)),--output "$(OUTPUT)") $(BENCH)

setup-bench: .venv-bench/installed ## Create the environment of the benchmark's pandas and Polars

.venv-bench/installed: requirements-bench.lock
	@echo "wardhouse: installing the pinned packages of the benchmark into .venv-bench"
	@$(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@touch $@

bench-report: setup-dev ## Measure the report in Chromium: size, seconds to usable, milliseconds of a filter
	@$(BIN)/python tests/python/bench_report.py --rows 150000

lint: setup-dev ## Check the style of SQL and Python
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/sqlfluff lint models analyses tests/singular --processes 2

docs: setup ## Write dbt's documentation of every model and column as one page, dbt_docs/index.html
	@$(BIN)/python scripts/docs_site.py

demo-data: setup ## Write the demo data anew (byte-identical unless the generator changed)
	@$(BIN)/python scripts/generate_demo_data.py

network-data: setup ## Write the extracts of a larger fictional network: OUTPUT=folder APPOINTMENTS=1000000
	@$(BIN)/python scripts/generate_network.py --output "$(OUTPUT)" --appointments $(APPOINTMENTS)

lock: setup ## Resolve the lock files anew from pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	@$(BIN)/uv pip compile --quiet pyproject.toml --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-strip-extras --no-header --no-annotate -o requirements-dev.lock
	@$(BIN)/uv pip compile --quiet pyproject.toml -c requirements-dev.lock --universal --python-version 3.11 \
		--generate-hashes --no-strip-extras --no-header --no-annotate -o requirements.lock
	@$(BIN)/uv pip compile --quiet --group pyproject.toml:bench -c requirements-dev.lock --universal \
		--python-version 3.11 --generate-hashes --no-strip-extras --no-header --no-annotate \
		-o requirements-bench.lock

sbom: setup-dev ## Write the software bill of materials anew, docs/sbom.cdx.json
	@$(BIN)/python scripts/bill_of_materials.py

audit: setup-dev ## Check the installed packages: as locked, unchanged, licences (ADVISORIES=folder of OSV files)
	@$(BIN)/python scripts/audit_packages.py $(if $(ADVISORIES),--advisories $(ADVISORIES))

clean: ## Remove the environment and all that builds made: the published database and the key of the ids too
	@rm -rf .venv .venv-bench bench build target logs figures report dbt_docs warehouse .pytest_cache .ruff_cache .hypothesis

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
