# What each command does is in chatsite/bootstrap.py; arguments go through ARGS: make test ARGS="-k stop"
PYTHON ?= python3
ARGS ?=
SETUP = @$(PYTHON) chatsite/bootstrap.py

.PHONY: run test faults cluster soak check fix bench bench-models bench-page bench-filter bench-rendering bench-search bench-export bench-idle audit fuzz vllm transformers s3 lock manage

run: ## The whole site: http://localhost:8000
	$(SETUP) run $(ARGS)

test: ## Every test, on SQLite and then on PostgreSQL
	$(SETUP) test $(ARGS)

check: ## Style, types, layers, migrations, generated documents
	$(SETUP) check $(ARGS)

audit: ## Known weaknesses of the pinned packages, asked of PyPI's advisories
	$(SETUP) audit $(ARGS)

fuzz: ## Hypothesis against a running site: no 500, no stuck worker (ARGS="--minutes 60"; SHORT=1: one small round)
	$(SETUP) fuzz $(if $(SHORT),--short) $(ARGS)

bench-idle: ## 10,000 idle sockets, 200 replies beside them, 500 slow strangers: memory, what others notice (SHORT=1: 200)
	$(SETUP) manage bench_idle $(if $(SHORT),--short) $(ARGS)

fix: ## Let ruff put right what it can
	$(SETUP) fix $(ARGS)

bench: ## What the platform adds to the engine's own time (SHORT=1: the short form)
	$(SETUP) manage bench_path $(if $(SHORT),--short) $(ARGS)

bench-models: ## The article's measurement of any model, through the site and of the bare engine (ARGS="MODEL …")
	$(SETUP) manage bench $(if $(SHORT),--short) $(ARGS)

bench-page: ## What the page weighs, and how soon one can type and see, in a real browser
	$(SETUP) bench-page $(if $(SHORT),--short) $(ARGS)

bench-filter: ## What looking for words and patterns costs, and how long it holds text back (SHORT=1: the short form)
	$(SETUP) manage bench_filter $(if $(SHORT),--short) $(ARGS)

bench-rendering: ## What making HTML of replies costs a web process (SHORT=1: the short form)
	$(SETUP) manage bench_rendering $(if $(SHORT),--short) $(ARGS)

bench-search: ## How long it takes to find something among a million messages (SHORT=1: among a few thousand)
	$(SETUP) manage bench_search $(if $(SHORT),--short) $(ARGS)

bench-export: ## How long exports take and how much memory, by form (SHORT=1: of a few thousand messages)
	$(SETUP) manage bench_export $(if $(SHORT),--short) $(ARGS)

faults: ## Kill what a reply passes through while people read, and see that nothing is lost (SHORT=1: the short form)
	$(SETUP) faults $(if $(SHORT),--short) $(ARGS)

cluster: ## Two web processes and two workers on hosts of their own: cut links, lost hosts, rolling restart, throughput (SHORT=1)
	$(SETUP) cluster $(if $(SHORT),--short) $(ARGS)

soak: ## Half an hour of 50 replies at once with a kill every minute (SHORT=1: one minute)
	$(SETUP) faults --parts soak --people 50 --rate 10 $(if $(SHORT),--minutes 1) $(ARGS)

vllm: ## Install vLLM for CPU
	$(SETUP) vllm

transformers: ## Install Transformers for CPU
	$(SETUP) transformers

s3: ## Install what puts scheduled exports into a bucket
	$(SETUP) s3

lock: ## Pin requirements/*.in again (ARGS=--upgrade: at their newest releases)
	$(SETUP) lock $(ARGS)

manage: ## Any of Django's commands: make manage ARGS="changepassword admin"
	$(SETUP) manage $(ARGS)
