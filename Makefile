# `make run` opens the program and `make test` runs its tests; both set up .venv first, once.
# Another interpreter: make run PYTHON=python3.12. Arguments: make run ARGS="gpt2 --print".

PYTHON ?= python3
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
# Setuptools' plain way to install in place: its import hook costs every start of Python 20 ms. The code is compiled
# at once, since where PYTHONDONTWRITEBYTECODE is set it would be at every start.
EDITABLE := --config-settings editable_mode=compat -e
COMPILE := $(BIN)/python -m compileall -q core tui gpt2_explore.py
# Installed for the program alone, and for the tests too. Both are out of date when these files change.
RUNTIME := $(VENV)/.installed-runtime
DEVELOPMENT := $(VENV)/.installed-development
REQUIREMENTS := pyproject.toml constraints.txt

.DELETE_ON_ERROR:
.PHONY: help run test check format bench screenshots clean

help:
	@echo 'make run [ARGS="gpt2"]  open the program'
	@echo 'make test [ARGS="..."]  run all tests; ARGS goes to pytest'
	@echo 'make check              ruff, mypy and the import contract'
	@echo 'make format             let ruff put the code into its form'
	@echo 'make bench [ARGS="..."] measure speed and memory against their bounds'
	@echo 'make screenshots        draw the pictures in screenshots/ anew'
	@echo 'make clean              remove .venv and all that was built'

run: $(RUNTIME)
	@$(BIN)/gpt2-explore $(ARGS)

test: $(DEVELOPMENT)
	@$(BIN)/python -m pytest -n auto --dist loadgroup $(ARGS)

check: $(DEVELOPMENT)
	@echo 'ruff check' && $(BIN)/python -m ruff check .
	@echo 'ruff format --check' && $(BIN)/python -m ruff format --check .
	@echo 'mypy --strict' && $(BIN)/python -m mypy
	@echo 'import contract' && $(BIN)/lint-imports --no-cache && $(BIN)/python -m pytest tests/test_import_contract.py

format: $(DEVELOPMENT)
	@$(BIN)/python -m ruff check --fix-only .
	@$(BIN)/python -m ruff format .

bench: $(DEVELOPMENT)
	@$(BIN)/python -m bench $(ARGS)

screenshots: $(DEVELOPMENT)
	@$(BIN)/python screenshots/make.py $(ARGS)

clean:
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis snapshot_report.html
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUNTIME): $(REQUIREMENTS) | $(BIN)/pip
	@echo 'Installing gpt2-explore into $(VENV) (once; torch is large, so the first time takes minutes)'
	@$(INSTALL) $(EDITABLE) .
	@$(COMPILE)
	@touch $@

$(DEVELOPMENT): $(REQUIREMENTS) | $(BIN)/pip
	@echo 'Installing gpt2-explore and its tests into $(VENV) (once; torch is large, so the first time takes minutes)'
	@$(INSTALL) $(EDITABLE) '.[dev]'
	@$(COMPILE)
	@touch $(RUNTIME) $@

# pip is the last thing that venv writes, so a venv cut short is completed by the next make.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
		echo "gpt2-explore needs Python 3.10 or newer, and '$(PYTHON)' is not that." \
			"Name another one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "'$(PYTHON)' cannot make virtual environments. On Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)
