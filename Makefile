# Two commands on a fresh machine: `make demo` and `make test`. The rest is listed by `make help`.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# The newest Python that avgflow supports and that really starts; override with `make PYTHON=/path/to/python3.12 …`.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1 && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export PYTHONPYCACHEPREFIX :=

.PHONY: help setup lock demo up down test test-compose test-compose-many test-faults test-many test-seeded test-browser \
	pictures check lint types layers bench clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/' | expand -t 22

setup: $(STAMP) ## make .venv and install everything into it

$(STAMP): requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "avgflow needs Python 3.11, 3.12 or 3.13; none was found. Install one, or name it: make PYTHON=/path/to/python3.12 setup" >&2; exit 1; }
	@echo "Installing into $(VENV) with $$($(PYTHON) --version) (a few minutes the first time)"
	@if command -v uv >/dev/null 2>&1 && uv --version >/dev/null 2>&1; then \
		uv venv --quiet --allow-existing --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" $(VENV) && \
		VIRTUAL_ENV=$(VENV) uv pip install --quiet --compile-bytecode --require-hashes -r requirements.txt && \
		VIRTUAL_ENV=$(VENV) uv pip install --quiet --no-deps --editable . ; \
	else \
		$(PYTHON) -m venv $(VENV) && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable . && \
		{ $(BIN)/python -m compileall -q -j 0 $(VENV)/lib >/dev/null 2>&1 || true; } ; \
	fi
	@touch $(STAMP)

lock: ## resolve the requirements anew from pyproject.toml
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --all-extras \
		--custom-compile-command "make lock" pyproject.toml -o requirements.txt
	uv pip compile --quiet --universal --python-version 3.12 --generate-hashes --extra production --extra demo \
		--constraint requirements.txt --custom-compile-command "make lock" pyproject.toml -o requirements-production.txt

demo: setup ## start everything, load four stores, run one inzage request, show where its answer lies
	@$(BIN)/avgflow demo run

up: setup ## start the embedded stack
	@$(BIN)/avgflow up

down: ## stop the embedded stack; leaves no process behind
	@if [ -x $(BIN)/avgflow ]; then $(BIN)/avgflow down; fi

# Whole files go to whichever worker is free, in order; the system tests are the first unit, for they are the longest.
test: setup ## run every test that needs no browser or Docker engine
	@$(BIN)/python -m pytest -q -n auto --maxprocesses 4 --dist loadscope --no-loadscope-reorder \
		--ignore tests/browser --ignore tests/seeded

# The last -m counts: this one takes the place of the one in pyproject.toml.
test-faults: setup ## kill the erasure at every step of every store, and other tests that take long
	@$(BIN)/python -m pytest -q -n auto --maxprocesses 4 --dist loadscope --no-loadscope-reorder -m faults tests/integration

test-many: setup ## every right for a hundred people each under the real scheduler, with every store and letter looked at
	@$(BIN)/python -m pytest -q -m many tests/system

test-seeded: setup ## put faults into the rules, one at a time, and see whether the tests notice
	@$(BIN)/python -m pytest -q -m seeded -n auto --maxprocesses 4 --dist load tests/seeded

# One process: the tests go through one stack, in order. Chromium is the machine's own, and never downloaded.
test-browser: setup ## drive the register's page in Chromium, under the real Airflow
	@$(BIN)/python -m pytest -q -m browser -n 0 tests/browser

pictures: setup ## take the pictures of the privacy officer's manual anew, into docs/img
	@$(BIN)/python -m pytest -q -m pictures -n 0 tests/browser/test_pictures.py

# Leaves nothing of itself: neither containers nor volumes. COMPOSE_PROJECT_NAME keeps it apart from a stack that runs.
test-compose: export COMPOSE_PROJECT_NAME = avgflow-test
test-compose: export COMPOSE_PROFILES = demo
test-compose: export AVGFLOW_PORT ?= 18080
test-compose: export AVGFLOW_WORKERS ?= 2
test-compose: ## bring docker-compose.yaml up and run its smoke test, with a Docker engine
	@trap 'docker compose down --volumes --timeout 5 >/dev/null 2>&1' EXIT; \
		docker compose build --quiet && docker compose up --detach --no-build --wait --wait-timeout 600 && \
		bash tests/compose/smoke.sh

test-compose-many: export AVGFLOW_SMOKE_MANY ?= 300
test-compose-many: export AVGFLOW_DEMO_PEOPLE ?= 600
test-compose-many: test-compose ## the same, with 300 requests of all rights at once besides

check: lint types layers ## ruff, mypy and the layer test

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

layers: setup
	$(BIN)/python -m pytest -q tests/unit/test_layers.py

bench: setup ## the benchmarks with their baselines, in one run
	@$(BIN)/python -m benchmarks

clean: down ## stop the stack and remove what running it made
	rm -rf .avgflow $(VENV)
