# Two commands need nothing before them: `make release` and `make test`.

PYTHON ?= python3
VENV ?= .venv
RECIPE ?= recipes/quickstart.yaml
OUT ?= release
# The default wheel of torch on Linux brings several GB of CUDA. For a CPU build from PyTorch's own
# package index: make release TORCH_ARGS="--index-url URL-OF-PYTORCHS-CPU-INDEX"
TORCH_ARGS ?=

BIN := $(VENV)/bin
RELEASES := $(VENV)/.releases
INSTALLED := $(VENV)/.installed
PIP := $(BIN)/pip --disable-pip-version-check

.PHONY: help release test test-slow test-inc check lint types floors fast docs bench search-demo clean

help: ## list these targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

# Stamps are written last, so an interrupted installation is taken up again.
$(RELEASES): pyproject.toml requirements/lock.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) install $(TORCH_ARGS) -c requirements/lock.txt torch
	$(PIP) install -c requirements/lock.txt -e '.[build,attack]'
	$(PIP) check
	touch $@

$(INSTALLED): $(RELEASES)
	$(PIP) install -c requirements/lock.txt -e '.[build,attack,openvino,search,serve,sign,mlflow,dev,docs]'
	$(PIP) check
	touch $@

release: $(RELEASES) ## compress, gate and bundle RECIPE (the quickstart) into OUT (release/)
	$(BIN)/edgecompress release $(RECIPE) --out $(OUT)

test: $(INSTALLED) lint types floors ## everything but what is marked slow; what CI runs
	$(BIN)/pytest -m "not slow"

test-slow: $(INSTALLED) test-inc ## the whole suite: long runs, hundreds of kills, real downloads
	$(BIN)/pytest

# neural-compressor brings torchao, which transformers then imports at every start, and a py-cpuinfo
# that overwrites pytest-benchmark's: it gets an environment of its own.
test-inc: ## the stage neural-compressor on the real library
	$(PYTHON) -m venv $(VENV)-inc
	$(VENV)-inc/bin/pip install $(TORCH_ARGS) -c requirements/lock.txt torch
	$(VENV)-inc/bin/pip install -c requirements/lock.txt -e '.[build,attack,inc]' pytest pytest-timeout hypothesis
	$(VENV)-inc/bin/pip check
	$(VENV)-inc/bin/pytest tests/stages/test_neural_compressor.py

check: $(INSTALLED) lint types floors fast docs ## format, lint, types, floors, fast tests

lint:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types:
	$(BIN)/mypy

floors:
	$(BIN)/lint-imports

fast:
	$(BIN)/pytest -m "not slow" --ignore tests/end_to_end --ignore tests/docs/test_pages.py

docs: $(INSTALLED) ## has the reference drifted? then build the pages into site/
	$(BIN)/python docs/generate.py --check
	$(BIN)/mkdocs build --strict --quiet

bench: $(INSTALLED) ## measure training, the runtime and its peers on this machine; needs a release
	$(BIN)/python benchmarks/training.py
	$(BIN)/python benchmarks/peers.py $(OUT)
	$(BIN)/pytest benchmarks --benchmark-only --benchmark-json benchmarks/results/runtime.json

search-demo: $(RELEASES) ## evolution, random search and plain distillation against each other; 40 minutes
	$(BIN)/python benchmarks/search_demo.py

clean: ## remove what make made, but not the store or the fetched resources
	rm -rf $(VENV) $(VENV)-inc $(OUT) build dist site .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .benchmarks
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
