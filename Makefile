# Two commands need nothing before them: `make release` and `make test`.

PYTHON ?= python3
VENV ?= .venv
RECIPE ?= recipes/quickstart.yaml
OUT ?= release
# The default wheel of torch on Linux brings several GB of CUDA. For a CPU build from PyTorch's own
# package index: make release TORCH_ARGS="--index-url URL-OF-PYTORCHS-CPU-INDEX"
TORCH_ARGS ?=

# Container images: whichever engine answers, the bundle to serve, a base that has Python 3.11, where
# image.cdx.json goes, and options for the engine (--secret, --build-arg, ...).
ENGINE ?= $(shell docker info >/dev/null 2>&1 && echo docker || command -v podman || command -v buildah)
BUNDLE ?= $(OUT)
BASE ?= python:3.11-slim-bookworm
SBOM ?= .
IMAGE_ARGS ?=
DIGEST = $(shell sed -n 's/^ "digest": "\(.*\)",$$/\1/p' $(BUNDLE)/.edgecompress/manifest.json 2>/dev/null)
TAG ?= edgecompress-serve:$(shell echo $(DIGEST) | cut -c 1-12)
BUILD_TAG ?= edgecompress-build:$(shell sed -n 's/^version = "\(.*\)"$$/\1/p' pyproject.toml)

BIN := $(VENV)/bin
RELEASES := $(VENV)/.releases
INSTALLED := $(VENV)/.installed
PIP := $(BIN)/pip --disable-pip-version-check

.PHONY: help release test test-slow test-inc check lint types floors fast docs bench search-demo clean \
	image image-build test-image

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
	$(BIN)/mkdocs build --strict  # with --quiet no warning would count

bench: $(INSTALLED) ## measure training, the runtime and its peers on this machine; needs a release
	$(BIN)/python benchmarks/training.py
	$(BIN)/python benchmarks/peers.py $(OUT)
	$(BIN)/pytest benchmarks --benchmark-only --benchmark-json benchmarks/results/runtime.json

search-demo: $(RELEASES) ## evolution, random search and plain distillation against each other; 40 minutes
	$(BIN)/python benchmarks/search_demo.py

# podman and buildah: a format that knows HEALTHCHECK, and layers that the second build finds again.
export BUILDAH_FORMAT := docker
export BUILDAH_LAYERS := true

IMAGE = $(ENGINE) build --build-arg BASE=$(BASE) $(IMAGE_ARGS)
SERVED = --build-arg BUNDLE_DIGEST=$(DIGEST) --build-context bundle=$(BUNDLE)

image: ## a container image that serves BUNDLE, and image.cdx.json, a list of what is in it
	@test -n "$(DIGEST)" || { echo "BUNDLE=$(BUNDLE): no bundle; make release makes one" >&2; exit 2; }
	$(IMAGE) $(SERVED) --target runtime --tag $(TAG) .
	$(IMAGE) $(SERVED) --target sbom --output type=local,dest=$(SBOM) .
	@echo $(TAG)

image-build: ## a container image with every verb, to compress, gate and release in
	$(IMAGE) --build-arg TORCH_ARGS="$(TORCH_ARGS)" --target build --tag $(BUILD_TAG) .
	@echo $(BUILD_TAG)

test-image: $(INSTALLED) ## build both images on a base of debootstrap's, and run them; root, buildah
	$(BIN)/pytest -s tests/image  # -s: it prints the sizes

clean: ## remove what make made, but not the store or the fetched resources
	rm -rf $(VENV) $(VENV)-inc $(OUT) build dist site .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .benchmarks
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
