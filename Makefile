# Every target sets the environment up first, once; a second `make` goes straight to work.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.landbridge-ready
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow coverage mutants lint format bench clean

help:
	@echo "make demo       a whole transfer on built-in data, about a minute"
	@echo "make test       style, imports, types and the fast tests"
	@echo "make test-slow  the tests that take minutes"
	@echo "make coverage   lines that the fast tests run, by package"
	@echo "make mutants    which changes of a line no test notices: ROOMS=verdict SAMPLE=100"
	@echo "make lint       style, imports and types alone"
	@echo "make format     mend what style can mend by itself"
	@echo "make bench      the benchmarks, results under benchmarks/results"
	@echo "make setup      the virtual environment alone"
	@echo "make clean      remove the virtual environment and all caches"

setup: $(STAMP)

# torch is named again on pip's command line: without the bound there, a package that asks for
# plain torch can pull gigabytes of CUDA libraries.
$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or later is needed: make PYTHON=python3.12"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet "torch>=2.6,<2.14" -e ".[demo,offline,audio,dev]"
	@touch $@

demo: $(STAMP)
	$(BIN)/landbridge demo

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Tests run side by side, so each process keeps to one thread.
test test-slow: export OMP_NUM_THREADS ?= 1

test: lint
	$(BIN)/python -m pytest -m "not slow" -n $(JOBS)

test-slow: $(STAMP)
	$(BIN)/python -m pytest -m slow -n $(JOBS)

# TESTS=tests/metrics looks at a few folders alone.
coverage: export OMP_NUM_THREADS ?= 1
coverage: $(STAMP)
	$(BIN)/python -m pytest -m "not slow" -n $(JOBS) --cov --cov-report= $(TESTS)
	$(BIN)/python tests/coverage_by_package.py

mutants: $(STAMP)
	$(BIN)/python tools/mutants.py $(ROOMS) --sample $(or $(SAMPLE),0) --jobs $(JOBS)

bench: $(STAMP)
	@set -e; for file in benchmarks/*.py; do \
	  grep -q "__main__" $$file || continue; \
	  echo "== $$file"; $(BIN)/python $$file; \
	done

clean:
	rm -rf .venv build dist src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find src tests benchmarks -name __pycache__ -type d -exec rm -rf {} +
