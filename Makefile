# Bartizan. `make` alone lists what there is. Needs Python 3.11+, git and make; nothing else.
.DEFAULT_GOAL := help
.PHONY: help run test test-unit test-all fuzz bench fix
SETUP := sh bin/setup.sh
PY := .venv/bin/python

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: ## the whole house on http://127.0.0.1:8050 (set-up first, if needed)
	@$(SETUP) run
	@BARTIZAN_LEASH=make exec $(PY) app.py

test: ## what CI runs: ruff, mypy and the whole suite in its quick form
	@$(SETUP) test
	@sh bin/check.sh

test-unit: ## the fast tests only
	@$(SETUP) dev
	@$(PY) -m pytest -q tests/unit tests/test_architecture.py

test-all: ## everything in its long form: soak, fuzz and chaos too
	@$(SETUP) test
	@BARTIZAN_LONG=1 sh bin/check.sh

fuzz: ## every parser for a minute under damaged bodies (SECONDS=60)
	@$(SETUP) dev
	@$(PY) -m tests.fuzz --seconds $(or $(SECONDS),60)

bench: ## the benchmarks, a table at the end
	@$(SETUP) dev
	@$(PY) -m bench

fix: ## let ruff mend what it can
	@$(SETUP) dev
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .
