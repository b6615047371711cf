# Two commands do all the set-up: `make demo` and `make test`. They need git, make and Python 3.11 or newer.
PYTHON ?= python3
BIN    := .venv/bin
READY  := .venv/.ready
# Tiny networks run slower, not faster, when every product of matrices starts threads of its own.
ALONE  := OMP_NUM_THREADS=1

.PHONY: venv demo lint test test-slow api results picture clean

$(READY): pyproject.toml constraints/cpu.txt | $(BIN)/python
	@echo 'Installing into .venv: some minutes the first time, then never again.'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints/cpu.txt -e '.[dev]'
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, $(PYTHON) is " + sys.version.split()[0] + "; say make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv

venv: $(BIN)/python

demo: $(READY)
	$(ALONE) $(BIN)/edgewise demo

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(ALONE) $(BIN)/python -m pytest -n 2 -m "not slow"

test-slow: $(READY)
	$(ALONE) $(BIN)/python -m pytest -n 2 -m slow

api: $(READY)
	$(BIN)/python docs/make_api.py

results: $(READY)
	$(BIN)/python -m benchmarks.results

picture: $(READY)
	$(ALONE) $(BIN)/python -m examples.readme_picture

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
