# Every target sets up what it needs; run again it reuses it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: setup demo test lint bench

setup: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

demo: setup
	$(BIN)/semjscc demo --out demo $(if $(QUICK),--quick)

test: setup
	$(BIN)/python -m pytest --cov --cov-report=term:skip-covered --cov-fail-under=90

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/basedpyright

bench: setup
	$(BIN)/python benchmarks/speed.py
