# What each command does is in chatsite/bootstrap.py; arguments go through ARGS: make test ARGS="-k stop"
PYTHON ?= python3
ARGS ?=
SETUP = @$(PYTHON) chatsite/bootstrap.py

.PHONY: run test check fix bench bench-page vllm lock manage

run: ## The whole site: http://localhost:8000
	$(SETUP) run $(ARGS)

test: ## Every test, on SQLite and then on PostgreSQL
	$(SETUP) test $(ARGS)

check: ## Style, types, layers, migrations, generated documents
	$(SETUP) check $(ARGS)

fix: ## Let ruff put right what it can
	$(SETUP) fix $(ARGS)

bench: ## What the platform adds to the engine's own time (SHORT=1: the short form)
	$(SETUP) manage bench $(if $(SHORT),--short) $(ARGS)

bench-page: ## What the page weighs, and how soon one can type and see, in a real browser
	$(SETUP) bench-page $(if $(SHORT),--short) $(ARGS)

vllm: ## Install vLLM for CPU
	$(SETUP) vllm

lock: ## Pin requirements/*.in again (ARGS=--upgrade: at their newest releases)
	$(SETUP) lock $(ARGS)

manage: ## Any of Django's commands: make manage ARGS="changepassword admin"
	$(SETUP) manage $(ARGS)
