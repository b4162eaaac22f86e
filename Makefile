# Every target sets up what it needs; run again it reuses it.
# Tests and demo start many processes: what is compiled once is kept, whatever the shell says.
export PYTHONDONTWRITEBYTECODE :=
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: setup demo web test lint docs wheel bench bench-modem \
  results results-signs results-cifar10 comparison losses small-photographs photographs scenes

setup: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,docs,web,imagenet,hf,onnx,train,data]'
	touch $@

demo: setup
	$(BIN)/semjscc demo --out demo $(if $(QUICK),--quick)

web: setup
	$(BIN)/semjscc web

# COVERAGE=1 also counts the lines that are run, which takes half as long again: 90 % at least.
COVER := --cov --cov-report=term:skip-covered --cov-fail-under=90
test: setup
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(if $(COVERAGE),$(COVER))

lint: setup
	$(BIN)/ruff check --no-cache  # the cache keeps what a moved module was sorted under
	$(BIN)/ruff format --check
	$(BIN)/basedpyright

# Into site/, which is read without a network. Its pictures: python tools/doc_pictures.py
docs: setup
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# sdist and wheel; the wheel is tried outside the checkout.
wheel: setup
	tools/check_wheel.sh $(BIN)/python

bench: setup
	$(BIN)/python benchmarks/speed.py
	$(BIN)/python benchmarks/commands.py
	$(BIN)/python benchmarks/board.py

# Goes on where it was stopped; QUICK=1 takes two or three minutes and says little.
bench-modem: setup
	$(BIN)/python benchmarks/modem.py $(if $(QUICK),--quick)
	$(BIN)/python benchmarks/modem_plots.py
	$(BIN)/python benchmarks/modem_table.py

# The published numbers, from the weights that ship. data/cifar10-jpeg: see results/README.md.
JOBS ?= 2
EVALUATE := $(BIN)/semjscc evaluate --snr=-5,0,5,10,15,20 --jobs $(JOBS)
EVERYWHERE := $(EVALUATE) --ratio 1/48,1/24,1/12,1/6
CIFAR := --data data/cifar10-jpeg
FILL := $(BIN)/python tools/fill_tables.py README.md results/README.md docs/*.md
results: results-signs results-cifar10 comparison

results-signs: setup
	$(BIN)/semjscc demo --out out/demo
	$(EVERYWHERE) --data signs --links none,djscc,semantic --out out/signs
	$(EVERYWHERE) --data signs --links none,djscc,semantic --perception signs-c --limit 1000 --out out/signs-c
	for name in demo signs signs-c; do cp out/$$name/results.json results/$$name.json || exit; done
	cp results/demo.json results/signs.json src/semjscc/web/results
	cp out/demo/accuracy.svg out/demo/transmission.png docs/images
	$(FILL)

LOSSES := none,djscc,task-loss,distill,feature,semantic-balanced,semantic
results-cifar10: setup
	$(EVERYWHERE) $(CIFAR) --links $(LOSSES) --out out/cifar10-jpeg
	$(EVERYWHERE) $(CIFAR) --links $(LOSSES) --perception cifar10-jpeg-c --limit 5000 --out out/cifar10-jpeg-c
	$(BIN)/semjscc evaluate --jobs $(JOBS) $(CIFAR) --links none,djscc,semantic,semantic+semantic,separate \
	  --ratio 1/48,1/24,1/12 --snr 0,10 --limit 250 --perception cifar10-jpeg-a,cifar10-jpeg-c --out out/cifar10-jpeg-tuned
	$(EVALUATE) $(CIFAR) --ratio 1/24 --assumed-error 5 --limit 500 \
	  --links $(LOSSES),separate,capacity,finite,label --out out/wrong-belief
	$(EVERYWHERE) $(CIFAR) --channel block-rayleigh --limit 500 \
	  --links none,djscc,semantic,separate --out out/block-rayleigh
	$(EVALUATE) $(CIFAR) --ratio 1/24 --channel fast-rayleigh --limit 500 \
	  --links none,djscc,semantic,separate --out out/fast-rayleigh
	for name in cifar10-jpeg cifar10-jpeg-c cifar10-jpeg-tuned wrong-belief block-rayleigh fast-rayleigh; do \
	  cp out/$$name/results.json results/$$name.json || exit; done
	$(BIN)/semjscc report results/cifar10-jpeg.json results/cifar10-jpeg-c.json --against djscc --out out/figures
	for name in accuracy accuracy-by-ratio gain; do for net in a c; do \
	  cp out/figures/$$name-judged-by-cifar10-jpeg-$$net.svg docs/images/$$name-$$net.svg || exit; done; done
	cp out/wrong-belief/accuracy.svg docs/images/wrong-belief.svg
	$(FILL)

# Which loss, at equal PSNR, and which form of importance: many short trainings, hours on two cores.
PLANS := recipes/experiments
losses: setup
	$(BIN)/semjscc reproduce $(PLANS)/cifar10-jpeg-screening.yaml --jobs $(JOBS)
	$(BIN)/semjscc reproduce $(PLANS)/signs-screening.yaml --jobs $(JOBS)
	$(BIN)/semjscc reproduce $(PLANS)/cifar10-jpeg-front.yaml --jobs $(JOBS)
	$(BIN)/semjscc reproduce $(PLANS)/signs-front.yaml --jobs $(JOBS)
	cp out/cifar10-jpeg-screening/val-a/results.json results/screening.json
	cp out/cifar10-jpeg-screening/val-b/results.json results/screening-b.json
	cp out/signs-screening/val-a/results.json results/signs-screening.json
	for net in a c; do \
	  cp out/cifar10-jpeg-front/$$net/results.json results/front-$$net.json || exit; \
	  cp out/signs-front/$$net/results.json results/signs-front-$$net.json || exit; done
	cp out/cifar10-jpeg-front/val/results.json results/front-val.json
	$(BIN)/semjscc report results/front-a.json results/front-c.json --candidate semantic-0.1 \
	  --out out/figures-front
	$(BIN)/semjscc report results/signs-front-a.json results/signs-front-c.json --candidate semantic-0.1 \
	  --out out/figures-signs-front
	for net in a c; do \
	  cp out/figures-front/front-judged-by-cifar10-jpeg-$$net.svg docs/images/front-$$net.svg || exit; \
	  cp out/figures-signs-front/front-judged-by-signs-$$net.svg docs/images/signs-front-$$net.svg || exit; done
	$(FILL)

# Small photographs of few classes, whose weights do not ship: trained first, hours on two cores.
small-photographs: setup
	$(BIN)/semjscc reproduce $(PLANS)/tiny-imagenet-20.yaml --jobs $(JOBS)
	cp out/tiny-imagenet-20/a/results.json results/tiny-imagenet-20.json
	for name in c separate; do \
	  cp out/tiny-imagenet-20/$$name/results.json results/tiny-imagenet-20-$$name.json || exit; done
	$(FILL)

# Photographs of any size, as two ImageNet classifiers by others see them. Hours on two cores; image coders and
# commands that were stopped go on where they were. Before: semjscc train recipes/photo-start.yaml
PHOTOGRAPHS := $(BIN)/semjscc evaluate --jobs $(JOBS) --weights photo
RATIOS := --ratio 1/384,1/192,1/96,1/48,1/24,1/12
MOBILENET := mobilenet-v2=data/networks/mobilenet-v2.safetensors
IMAGENET := --data data/imagenet-photos --perception efficientnet-lite0,$(MOBILENET)
UNTUNED := separate,linear,linear-adaptive,djscc,feature,semantic-balanced,semantic
KODAK := --data data/kodak --metric agreement
photographs: setup
	$(PHOTOGRAPHS) $(IMAGENET) $(RATIOS) --links none,$(UNTUNED),capacity --snr=-5,0,5,10,20 --out out/photographs
	$(PHOTOGRAPHS) $(IMAGENET) $(RATIOS) --links hybrid,hybrid+importance-energy --snr 0,10 --out out/photographs-hybrid
	$(PHOTOGRAPHS) $(IMAGENET) $(RATIOS) --links hybrid+semantic --snr=-5,0,5,10 --out out/photographs-semantic
	$(BIN)/python tools/merge_results.py results/photographs.json \
	  out/photographs/results.json out/photographs-hybrid/results.json out/photographs-semantic/results.json
	cp results/photographs.json src/semjscc/web/results
	$(PHOTOGRAPHS) $(IMAGENET) --ratio 1/48 --links none,separate,separate+semantic --snr 0,10 --out out/photographs-tuned
	$(PHOTOGRAPHS) $(KODAK) $(RATIOS) --snr=-5,0,5,10,20 \
	  --links none,$(UNTUNED),capacity --out out/kodak-snrs
	$(PHOTOGRAPHS) $(KODAK) $(RATIOS),1/16,1/6 --snr 10 \
	  --links none,separate,linear,linear-adaptive,start=runs/photo-start,djscc,semantic --out out/kodak-10
	$(BIN)/python tools/merge_results.py results/kodak.json out/kodak-snrs/results.json out/kodak-10/results.json
	$(PHOTOGRAPHS) --data data/bsds500 --metric agreement --snr=-5,0,5,10,20 $(RATIOS) \
	  --links none,$(UNTUNED),capacity --out out/bsds500
	for name in photographs-tuned bsds500; do cp out/$$name/results.json results/$$name.json || exit; done
	$(BIN)/semjscc report results/photographs.json --candidate hybrid+semantic --against separate --out out/figures-photographs
	cp out/figures-photographs/accuracy-by-ratio-judged-by-efficientnet-lite0.svg docs/images/photographs-a.svg
	cp out/figures-photographs/accuracy-by-ratio-judged-by-mobilenet-v2.svg docs/images/photographs-c.svg
	$(FILL)

# Road scenes and detectors: every picture is drawn by the program.
SCENES := $(BIN)/semjscc evaluate --jobs $(JOBS) --data scenes --weights scenes --limit 100 \
  --perception scenes-detector-a,scenes-detector-c
IMPORTANT := djscc+importance-energy,semantic+importance-energy
scenes: setup
	$(SCENES) --ratio 1/192,1/96,1/48,1/24 --snr=-5,0,5,10,20 \
	  --links none,djscc,feature,semantic,$(IMPORTANT),separate --out out/scenes
	$(SCENES) --ratio 1/96,1/48 --snr 0,10 --links hybrid+semantic --out out/scenes-hybrid
	$(SCENES) --ratio 1/96,1/48 --snr 0,10 --links semantic+importance-energy:predicted --out out/scenes-predicted
	$(SCENES) --ratio 1/24 --snr=-5,0,5,10,20 --links semantic+progressive --channel cut@0.25 --out out/scenes-cut
	$(BIN)/python tools/merge_results.py --metric map50 results/scenes.json out/scenes/results.json \
	  out/scenes-hybrid/results.json out/scenes-predicted/results.json
	$(BIN)/python tools/merge_results.py --metric map50 results/scenes-cut.json out/scenes-cut/results.json
	$(BIN)/semjscc report results/scenes.json --candidate semantic+importance-energy --against djscc --out out/figures-scenes
	for net in a c; do \
	  cp out/figures-scenes/accuracy-by-ratio-judged-by-scenes-detector-$$net.svg docs/images/scenes-$$net.svg || exit; done
	$(FILL)

# Everything that is compared, on fewer images: image coders take their time.
CODERS := separate-jpeg,separate-jpeg2000,separate-webp,separate-avif,separate-hevc,separate-small
comparison: setup
	$(EVERYWHERE) $(CIFAR) --limit 500 --out out/comparison \
	  --links none,djscc,semantic,separate,separate@10,$(CODERS),capacity,finite,label
	$(EVERYWHERE) $(CIFAR) --limit 500 --perception cifar10-jpeg-c --out out/comparison-c \
	  --links none,djscc,semantic,separate
	for name in comparison comparison-c; do cp out/$$name/results.json results/$$name.json || exit; done
	cp results/comparison.json src/semjscc/web/results
	cp out/comparison/accuracy.svg docs/images/comparison.svg
	$(FILL)
