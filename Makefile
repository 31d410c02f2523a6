# `make help` says what there is. Everything is installed into .venv and frontend/node_modules; nothing outside.
PYTHON ?= python3
# Sets $$python to the first that is new enough: the one that is named, or a newer one beside it.
FIND_PYTHON = for python in "$(PYTHON)" python3.13 python3.12 python3.11 python3.14 ""; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; done; \
	[ -n "$$python" ] || { echo "Error: Agora needs Python 3.11 or newer: install it, or name it," \
	"as in \`make up PYTHON=/path/to/python3.12\`." >&2; exit 1; }
RUN := .venv/bin
TESTS ?=
WORKERS ?= 2
LOCK := $(RUN)/uv pip compile -q --generate-hashes --universal --python-version 3.11 --no-annotate \
	--no-emit-index-url --custom-compile-command "make lock" pyproject.toml
# The checks read the settings, which need a key; nothing is signed with it.
CHECK := AGORA_SECRET_KEY=for-checks-only-0123456789-0123456789-0123456789-0123456789

.DEFAULT_GOAL := help
.PHONY: help up install development test browser screenshots lint format lock openapi bench data-bench search-bench store-bench drain-bench usage-bench builds builds-bench conformance languages clients crash fuzz soak stripe clean

help: ## Say what there is.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: install ## Set everything up and run the platform; Ctrl-C stops it.
	@exec $(RUN)/agora up

install: ## Install what running needs, if it is not there.
	@$(FIND_PYTHON); "$$python" deploy/install.py

development: ## Install what tests and checks need, if it is not there.
	@$(FIND_PYTHON); "$$python" deploy/install.py development

test: development ## Run all tests; TESTS=tests/unit runs some.
	@$(RUN)/pytest -n $(WORKERS) --dist loadgroup $(TESTS)

browser: development ## Run the tests of the pages, in the system's Chromium, and take pictures of every page.
	@cd tests/browser && PATH="$(CURDIR)/$(RUN):$$PATH" npm ci --no-audit --no-fund --loglevel=error
	@AGORA_EVERY_PAGE=1 $(RUN)/pytest -n 0 tests/browser

screenshots: development ## Take the picture of the store in README.md again.
	@AGORA_SCREENSHOTS=1 $(RUN)/pytest -n 0 tests/browser/store/test_screenshot.py

lint: development ## Check style, types and import directions.
	@$(RUN)/ruff check .
	@$(RUN)/ruff format --check .
	@$(CHECK) $(RUN)/mypy
	@$(CHECK) $(RUN)/lint-imports

format: development ## Format the code, and mend what can be mended.
	@$(RUN)/ruff check --fix .
	@$(RUN)/ruff format .

lock: development ## Pin the newest allowed packages, with hashes.
	@$(LOCK) -o deploy/requirements/platform.txt
	@$(LOCK) --extra development -o deploy/requirements/development.txt

openapi: development ## Write docs/reference/openapi.json, the description of the API, again.
	@AGORA_SECRET_KEY=none $(RUN)/python manage.py spectacular --skip-checks --urlconf marketplace.api.urls --format openapi-json \
		--validate --fail-on-warn --file docs/reference/openapi.json

bench: development ## Measure this platform beside BentoML, LitServe and MLServer.
	@$(RUN)/python -m tests.benchmarks

data-bench: development ## Upload and download 1 GiB beside nginx on this machine.
	@$(RUN)/python -m tests.benchmarks.data

builds: development ## Build a real project with a dependency in every language; LANGUAGES="rust go" builds some.
	@$(RUN)/python -m tests.builds $(LANGUAGES)

builds-bench: development ## Measure from git push to the new version's first answer, and 20 pushes at once.
	@$(RUN)/python -m tests.benchmarks.builds

conformance: development ## Check every language whose toolchain is here; LANGUAGES="ruby go" checks some.
	@$(RUN)/python -m tests.conformance $(LANGUAGES)

languages: development ## Check and measure the languages, and write docs/reference/languages.md again.
	@$(RUN)/python -m tests.conformance --table $(LANGUAGES)

clients: development ## Drive a platform with the clients and ADKs that Algorithmia published.
	@$(RUN)/python -m tests.clients $(CLIENTS)

crash: development ## Kill every process and both databases under load, and count every call.
	@$(RUN)/python -m tests.crash

store-bench: development ## Ask 200 pages of the store a second, over 8,000 algorithms.
	@$(RUN)/python -m tests.benchmarks.store

search-bench: development ## Ask 60 queries of 8,000 realistic algorithms: how well and how fast search finds.
	@$(RUN)/python -m tests.search

drain-bench: development ## Measure how many meter events a second become records, sums and postings.
	@$(RUN)/python -m tests.benchmarks.drain

usage-bench: development ## Open the pages of an account with 10 million calls; ROWS=1000000 for fewer.
	@$(RUN)/python -m tests.benchmarks.usage

fuzz: development ## Make up many requests to every address of the API; FUZZ_EXAMPLES=50 to each.
	@FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-50} $(RUN)/pytest -n 0 tests/integration/schema

soak: development ## Run mixed load with crashes for 15 minutes, and look for what is left over.
	@$(RUN)/python -m tests.soak

stripe: development ## Hold payments against stripe-mock, localstripe and a whole platform; needs Go.
	@$(RUN)/pytest -n 0 tests/stripe

clean: ## Remove what was installed and built. The platform's data (.agora) stays.
	rm -rf .venv frontend/node_modules frontend/dist .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
