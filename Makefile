# Each target works as the first command on a fresh machine: it makes the environment it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# how many tests run at once
WORKERS ?= auto

.PHONY: demo test check types bench soak lowest clean help

help:
	@echo "make demo   add real documents, search, rearrange, kill, recover"
	@echo "make test   all checks and tests"
	@echo "make types  whether every public type is known; downloads node"
	@echo "make bench  the figures of docs/benchmarks.md"
	@echo "make soak   the long runs"
	@echo "make lowest all tests with the lowest versions that pyproject.toml allows"

demo: $(STAMP)
	$(BIN)/python examples/demo.py

test: check
	$(BIN)/pytest -n $(WORKERS)

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Not part of `check`: it downloads node. The first Python on the path is the one whose packages pyright looks at.
types: $(STAMP)
	test -x $(VENV)/types/bin/python || $(PYTHON) -m venv $(VENV)/types
	$(VENV)/types/bin/python -m pip install --quiet --disable-pip-version-check pyright
	PATH="$(CURDIR)/$(BIN):$$PATH" $(VENV)/types/bin/pyright --verifytypes holdfast --ignoreexternal

bench: $(STAMP)
	$(BIN)/python -m bench

soak: $(STAMP)
	$(BIN)/pytest -m soak -n 0 --override-ini "addopts=-q --strict-markers --strict-config"

# uv chooses the versions, from an environment of its own: no Python on the path has to have it.
lowest:
	test -x .venv-lowest/uv/bin/uv || $(PYTHON) -m venv .venv-lowest/uv
	.venv-lowest/uv/bin/python -m pip install --quiet --disable-pip-version-check uv
	.venv-lowest/uv/bin/uv venv --quiet --clear --python $(PYTHON) .venv-lowest/tests
	.venv-lowest/uv/bin/uv pip install --quiet --python .venv-lowest/tests/bin/python --resolution lowest-direct --editable ".[dev]"
	.venv-lowest/tests/bin/python -m pytest -n $(WORKERS)

clean:
	rm -rf $(VENV) .venv-lowest .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	touch $(STAMP)
