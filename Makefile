# Every target sets up what it needs; run again it reuses it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: setup demo test lint bench results

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

# The published numbers, from the weights that ship. data/cifar10-jpeg: see results/README.md.
SNRS := 0,5,10,15,20
results: setup
	$(BIN)/semjscc demo --out out/demo
	$(BIN)/semjscc evaluate --links none,djscc,semantic --data signs --ratio 1/48,1/24,1/12,1/6 \
	  --snr $(SNRS) --limit 500 --out out/signs
	$(BIN)/semjscc evaluate --links none,djscc,semantic --data data/cifar10-jpeg --ratio 1/24,1/12 \
	  --snr $(SNRS) --out out/cifar10-jpeg
	for name in demo signs cifar10-jpeg; do cp out/$$name/results.json results/$$name.json; done
	cp out/demo/accuracy.png out/demo/transmission.png docs/images
	$(BIN)/python tools/fill_tables.py README.md results/README.md
