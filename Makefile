# `make demo` and `make test` are all a fresh machine needs; both set up .venv first.
PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

# The demo's and the tests' blocks are small: a second thread of torch costs more than it brings.
export OMP_NUM_THREADS ?= 1

.PHONY: setup demo test quick drill bench gpu-check reproduce publish lint types format clean

setup: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[dev,transformers,vectors,parquet,ray]"
	touch .venv/installed

# a corpus of our own → a trained, scored and installed en_rin_demo, and its triples of unseen texts
demo: setup
	python -m spacy project run demo

# A file stays with one process, since its tests share what they train.
test: lint types
	python -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile

# the tests that neither train nor start processes or a browser, and read no public data
quick: setup
	python -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile \
		-m "not training and not processes and not browser and not data"

# breaks the product on purpose, with the pipeline of `make demo` → training/drills/drills.json
drill: setup
	python -m scripts.drills.drill

# time and memory beside the plain implementation → training/bench/benchmark.json and its plots
bench: setup
	python -m scripts.bench.benchmark

# does a GPU compute what the CPU does, and how fast? → training/gpu/gpu.json (docs/gpu.md). It sets up
# nothing: a bare machine installs what was carried to it, any other uses its environment.
DEVICE ?= cuda
gpu-check:
	$(if $(wildcard $(BIN)/python),python,$(PYTHON)) -m scripts.gpu.check --device $(DEVICE)

# every row of configs/reproduction.yml, or those named ONLY (slides_* for all that start so)
# → training/reproduce/reproduction.jsonl. Published runs are not trained again, unless another
# REPORT is asked for, as REPORT=again
reproduce: setup
	python -m scripts.reproduce.reproduce --only "$(ONLY)" --report "$(REPORT)"

# what a run has left below training/ → results/ and the tables of the pages, as WHAT=bench or
# WHAT=webnlg (--help lists all); without WHAT the tables alone
publish: setup
	python -m scripts.reproduce.publish $(WHAT)

lint: setup
	ruff check .
	ruff format --check .

types: setup
	mypy

format: setup
	ruff check --fix .
	ruff format .

clean:
	rm -rf .venv corpus/*/ training packages pictures project.lock
