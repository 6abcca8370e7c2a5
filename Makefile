# One command per chore; continuous integration calls the same ones.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
export PYTHONHASHSEED := 0

.DEFAULT_GOAL := help
.PHONY: help setup setup-all demo test check format docs data app bench results clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(VENV)/base.stamp: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --editable .
	@touch $@

$(VENV)/all.stamp: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --editable ".[all,dev]"
	@touch $@ $(VENV)/base.stamp

setup: $(VENV)/base.stamp ## install the light base (no torch) into .venv

setup-all: $(VENV)/all.stamp ## install everything (torch, codec, app, tests: about 7 GB)

demo: setup ## build, measure and compare real hierarchies; leaves out/demo/
	$(BIN)/hierlab demo -o out/demo

test: setup-all ## every test, the slow and the browser ones included (TESTS="options of pytest")
	$(BIN)/python -m pytest -n 2 --dist loadfile $(TESTS)

check: setup-all ## format, lint, types, layering
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup-all ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: setup-all ## draw the app's pictures anew (where Chromium is) and build the site into out/site
	@if command -v chromium >/dev/null; then $(BIN)/python docs/make_screenshots.py; \
	else echo "Chromium is not here: the app's pictures stay as they are"; fi
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

data: setup-all ## rebuild data/ and hierarchies/ from their sources (PROTOTYPES=folder of npz)
	$(BIN)/hierlab data $(if $(PROTOTYPES),--prototypes $(PROTOTYPES))

app: setup-all ## open the app
	$(BIN)/hierlab app

bench: setup-all ## measure speed against the peers; prints the tables of docs/benchmarks.md
	$(BIN)/python benchmarks/bench_wupalmer.py
	$(BIN)/python benchmarks/bench_builders.py
	$(BIN)/python benchmarks/bench_codec.py

results: setup-all ## make the compact tables again and compare them (TEST=, KODAK= folders of c2f data, ALSO=judge)
	$(BIN)/python benchmarks/regenerate.py $(if $(TEST),--test $(TEST)) $(if $(KODAK),--kodak $(KODAK)) \
		$(foreach judge,$(ALSO),--also $(judge))

clean: ## remove what the commands made
	rm -rf out .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
