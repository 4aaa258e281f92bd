# One verb per habit, the same here and in CI. Each verb sets up what it needs by itself; running it twice does no harm.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
ARGS   ?=
ONLY   ?=

.PHONY: setup check test demo bench nightly clean help
.DEFAULT_GOAL := help

help:            ## what can be asked for
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

setup: $(VENV)/.dev ## create .venv with everything a developer needs

check: $(VENV)/.dev ## lint, types, and the directions of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -q tests/unit/test_import_directions.py

test: $(VENV)/.dev ## the whole suite, with real mosquitto and VictoriaMetrics where they can be installed
	@sh tests/support/install-servers.sh
ifeq ($(ARGS),)
	$(BIN)/pytest -m "not nightly" -n auto --ignore=tests/integration --ignore=tests/chaos
	$(BIN)/pytest -m "not nightly and not alone" -n auto tests/integration tests/chaos
	$(BIN)/pytest -m "not nightly and alone" tests/chaos
else
	$(BIN)/pytest -m "not nightly" $(ARGS)
endif

nightly: $(VENV)/.dev ## the long runs: the same tests with larger counts; ONLY=R1 for one promise
	@sh tests/support/install-servers.sh
	TWIN_TEST_SCALE=nightly $(BIN)/pytest $(if $(ONLY),tests/chaos tests/property tests/scenarios -k "$(ONLY)_") $(ARGS)

demo: $(VENV)/.runtime ## a simulated site, a day under its own rules and under Thermotwin
	@$(BIN)/twin demo $(ARGS)

bench: $(VENV)/.runtime ## per-item costs and ratios, one JSON line each
	@$(BIN)/python -m benchmarks --only "$(ONLY)" $(ARGS)

clean:           ## remove the environment and every cache
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/.runtime: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Thermotwin needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update -qq && apt-get install -y -qq python3-venv && $(PYTHON) -m venv $(VENV); \
	  else echo "this Python cannot make virtual environments: install python3-venv"; exit 2; fi; }
	@echo "setting up $(VENV) (about a minute, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group dev
	@touch $@
