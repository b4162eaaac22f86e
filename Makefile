# Every target sets up what it needs; run again it reuses it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: setup demo web test lint docs bench bench-modem \
  results results-signs results-cifar10 comparison losses photographs

setup: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,docs,web,imagenet]'
	touch $@

demo: setup
	$(BIN)/semjscc demo --out demo $(if $(QUICK),--quick)

web: setup
	$(BIN)/semjscc web

test: setup
	$(BIN)/python -m pytest -n auto --dist worksteal --cov --cov-report=term:skip-covered --cov-fail-under=90

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/basedpyright

# Into site/, which is read without a network. Its pictures: python tools/doc_pictures.py
docs: setup
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: setup
	$(BIN)/python benchmarks/speed.py

# Goes on where it was stopped; QUICK=1 takes two or three minutes and says little.
bench-modem: setup
	$(BIN)/python benchmarks/modem.py $(if $(QUICK),--quick)
	$(BIN)/python benchmarks/modem_plots.py
	$(BIN)/python benchmarks/modem_table.py

# The published numbers, from the weights that ship. data/cifar10-jpeg: see results/README.md.
SNRS := 0,5,10,15,20
RATIOS := 1/48,1/24,1/12,1/6
JOBS ?= 2
EVALUATE := $(BIN)/semjscc evaluate --snr $(SNRS) --jobs $(JOBS)
CIFAR := $(EVALUATE) --data data/cifar10-jpeg
results: results-signs results-cifar10 comparison

results-signs: setup
	$(BIN)/semjscc demo --out out/demo
	$(EVALUATE) --snr=-5,$(SNRS) --links none,djscc,semantic --data signs --ratio $(RATIOS) --out out/signs
	for name in demo signs; do cp out/$$name/results.json results/$$name.json; done
	cp results/demo.json results/signs.json src/semjscc/web/results
	cp out/demo/accuracy.png out/demo/transmission.png docs/images
	$(BIN)/python tools/fill_tables.py README.md results/README.md docs/*.md

results-cifar10: setup
	$(CIFAR) --snr=-5,$(SNRS) --links none,djscc,semantic,semantic-balanced --ratio $(RATIOS) \
	  --out out/cifar10-jpeg
	$(CIFAR) --links none,djscc,semantic,semantic-balanced --ratio 1/24,1/12 --perception cifar10-jpeg-c \
	  --limit 5000 --out out/cifar10-jpeg-c
	mkdir -p out/losses # djscc and semantic need not be measured twice
	test -e out/losses/results.json || cp out/cifar10-jpeg/results.json out/losses
	$(EVALUATE) --snr 0,10,20 --data data/cifar10-jpeg --ratio 1/48,1/24 \
	  --links none,djscc,semantic,feature,task-loss,distill --out out/losses
	$(EVALUATE) --snr 0,10,20 --data data/cifar10-jpeg --ratio 1/48,1/24 --limit 5000 \
	  --links none,djscc,semantic,feature,task-loss,distill --perception cifar10-jpeg-c --out out/losses-c
	$(CIFAR) --snr=-5,$(SNRS) --links none,djscc,semantic,separate --ratio 1/24 \
	  --assumed-error 5 --limit 500 --out out/wrong-belief
	for channel in block-rayleigh fast-rayleigh; do \
	  $(CIFAR) --snr=-5,$(SNRS) --links none,djscc,semantic,separate --ratio 1/24 \
	    --channel $$channel --limit 500 --out out/$$channel || exit; done
	for name in cifar10-jpeg cifar10-jpeg-c losses losses-c wrong-belief block-rayleigh fast-rayleigh; do \
	  cp out/$$name/results.json results/$$name.json; done
	cp out/wrong-belief/accuracy.png docs/images/wrong-belief.png
	$(BIN)/python tools/fill_tables.py README.md results/README.md docs/*.md

# Which loss, at equal PSNR, and which form of importance: many short trainings, hours on two cores.
PLANS := recipes/experiments
losses: setup
	$(BIN)/semjscc reproduce $(PLANS)/cifar10-jpeg-screening.yaml --jobs $(JOBS)
	$(BIN)/semjscc reproduce $(PLANS)/signs-screening.yaml --jobs $(JOBS)
	$(BIN)/semjscc reproduce $(PLANS)/cifar10-jpeg-front.yaml --jobs $(JOBS)
	cp out/cifar10-jpeg-screening/val-a/results.json results/screening.json
	cp out/cifar10-jpeg-screening/val-b/results.json results/screening-b.json
	cp out/signs-screening/val-a/results.json results/signs-screening.json
	cp out/cifar10-jpeg-front/a/results.json results/front.json
	cp out/cifar10-jpeg-front/c/results.json results/front-c.json
	$(BIN)/semjscc report results/front.json results/front-c.json --candidate semantic-0.1 --out out/front
	cp out/front/front-judged-by-cifar10-jpeg-a.svg docs/images/front-a.svg
	cp out/front/front-judged-by-cifar10-jpeg-c.svg docs/images/front-c.svg
	$(BIN)/python tools/fill_tables.py docs/*.md

# Photographs, whole and small, as an ImageNet classifier by others sees them.
PHOTOGRAPHS := $(BIN)/semjscc evaluate --jobs $(JOBS) --links none,djscc,semantic,separate \
  --perception efficientnet-lite0
photographs: setup
	$(EVALUATE) --snr=-5,$(SNRS) --data data/tiny-imagenet-20 --links none,djscc,semantic,separate \
	  --ratio $(RATIOS) --limit 200 --out out/tiny-imagenet-20
	$(EVALUATE) --snr=-5,$(SNRS) --data data/tiny-imagenet-20 --links none,djscc,semantic \
	  --perception tiny-imagenet-20-c --ratio 1/48,1/24 --out out/tiny-imagenet-20-c
	$(PHOTOGRAPHS) --data data/imagenet-photos --ratio 1/48,1/12 --snr 0,10 --out out/photographs
	$(PHOTOGRAPHS) --data data/imagenet-photos --ratio 1/48,1/12 --snr 0,10 --metric agreement \
	  --out out/photographs-agreement
	$(PHOTOGRAPHS) --data data/kodak --ratio $(RATIOS) --snr 10 --metric agreement --out out/kodak
	for name in tiny-imagenet-20 tiny-imagenet-20-c photographs photographs-agreement kodak; do \
	  cp out/$$name/results.json results/$$name.json; done
	cp results/tiny-imagenet-20.json src/semjscc/web/results
	$(BIN)/python tools/fill_tables.py results/README.md docs/*.md

# Everything that is compared, on fewer images: image coders take their time.
CODERS := separate-jpeg,separate-jpeg2000,separate-webp,separate-avif,separate-hevc,separate-small
comparison: setup
	$(CIFAR) --snr=-5,$(SNRS) --ratio $(RATIOS) --limit 500 --out out/comparison \
	  --links none,djscc,semantic,separate,separate@10,$(CODERS),capacity,finite,label
	cp out/comparison/results.json results/comparison.json
	cp results/comparison.json src/semjscc/web/results
	cp out/comparison/accuracy.png docs/images/comparison.png
	$(BIN)/python tools/fill_tables.py docs/*.md
