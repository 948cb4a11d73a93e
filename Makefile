# `make run` opens the app, `make test` runs the tests. Both set up .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

PEERS := .venv-peers
PEERS_PYTHON ?= $(PEERS)/bin/python

MOST ?= 1000
# Half as many again as cores: tests with real processes wait for them.
WORKERS ?= $(shell echo $$(( $$(nproc) * 3 / 2 )))
# Whole files, in the order of tests/conftest.py: the longest first.
PYTEST := $(BIN)/python -m pytest --dist loadfile --no-loadscope-reorder

GPU_PYTHON ?= $(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON))

.PHONY: run test long again check lint types imports slow bench gpu peers clean

run: $(VENV)/.installed
	@$(BIN)/dltui

test: $(VENV)/.ready
	$(PYTEST) -n $(WORKERS) -m "not long and not slow" -o cache_dir=.pytest_cache/test

long: $(VENV)/.ready  ## what `make test` leaves out: many real processes, whole trainings, the fault tests at small size
	$(PYTEST) -n $(WORKERS) -m "long or slow" -o cache_dir=.pytest_cache/long

again: $(VENV)/.ready  ## the tests that failed, one after the other
	$(BIN)/python -m tests.failed_tests $(MOST)
	$(BIN)/python -m pytest --last-failed --last-failed-no-failures none

# At once: while the processes of long tests wait for each other, others compute.
check: $(VENV)/.ready
	$(MAKE) --jobs 5 --output-sync=target lint types imports test long

lint: $(VENV)/.ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.ready
	$(BIN)/mypy
	$(BIN)/mypy --python-version 3.10 engine/track/dltui_track.py  # the oldest that mypy checks; its grammar is that of 3.8
	$(BIN)/mypy --config-file tests/mypy.ini

imports: $(VENV)/.ready
	$(BIN)/lint-imports

slow: $(VENV)/.ready  ## the fault tests at full size: some hours
	DLTUI_CHAOS=1 $(BIN)/python -m pytest -m slow --timeout 7200

bench: $(VENV)/.ready
	$(BIN)/python -m tests.bench

gpu:  ## what is promised for a GPU, five minutes at most, with the PyTorch that is there: GPU="--only NAME --data DIR"
	$(GPU_PYTHON) -m tests.gpu $(GPU)

# With the libraries themselves: an environment of its own, or PEERS_PYTHON=PATH, a Python that has them.
peers: $(if $(filter $(PEERS)/%,$(PEERS_PYTHON)),$(PEERS)/.ready)  ## logs for the tests, as the libraries of today write them
	for script in tests/peers/write_*.py; do $(PEERS_PYTHON) -m tests.peers.$$(basename $$script .py) || exit 1; done
	$(PEERS_PYTHON) -m pytest -n0 tests/engine/track -k "keras or lightning or transformers"

clean:
	rm -rf $(VENV) $(PEERS)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "dltui needs Python 3.11 or newer; this is $$($(PYTHON) -V). Try: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.ready: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@ $(VENV)/.installed

$(PEERS)/.ready: pyproject.toml
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --editable '.[dev,peers]'
	@touch $@
