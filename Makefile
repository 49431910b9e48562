# Two commands matter: `make demo` and `make test`. `make help` lists the rest.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

venv := .venv
python := $(venv)/bin/python
run := $(venv)/.requirements
dev := $(venv)/.requirements-dev

# Tools call each other by name, and some leave this folder.
export PATH := $(CURDIR)/$(venv)/bin:$(PATH)
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/$(venv)/collections
unexport PYTHONPATH

typed := $(wildcard plugins/module_utils plugins/modules plugins/action plugins/filter)
scripts := $(wildcard tools/*.sh .ci/run roles/*/files/*.sh tests/*/*.sh)
scenarios := $(sort $(notdir $(patsubst %/,%,$(dir $(wildcard molecule/*/molecule.yml)))))
# SCENARIO=name runs one, ARGS reach the tool underneath: make unit ARGS='-k plan -x'.
SCENARIO ?= $(scenarios)
ARGS ?=

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9.-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(run) ## the sandbox, set up and served, from nothing
	@tools/demo.sh

.PHONY: test
test: $(dev) ## everything CI runs: lint, types, sanity, unit, molecule, end to end
	@tools/steps.sh sanity+unit+lint+types molecule e2e

.PHONY: test-full
test-full: $(dev) ## test with ten times the generated commits and examples, long faults, and the benchmark
	@NETBOX_DEV_TEST_FULL=1 tools/steps.sh sanity+unit+lint+types molecule e2e bench

.PHONY: lint
lint: $(dev) ## ruff, yamllint, ansible-lint, shellcheck, the plugins' documentation
	ruff check .
	ruff format --check .
	yamllint --strict .
	shellcheck $(scripts)
	ansible-lint
	antsibull-docs lint-collection-docs --plugin-docs .
	antsibull-changelog lint

.PHONY: types
types: $(dev) ## mypy, strict
	cd $(venv)/collections && mypy --config-file $(CURDIR)/pyproject.toml --cache-dir $(CURDIR)/.mypy_cache \
		$(typed:%=ansible_collections/hedgehog/netbox_dev/%)

.PHONY: sanity
sanity: $(dev) ## ansible-test sanity, on a copy of the work tree
	$(python) tools/sanity.py $(ARGS)

.PHONY: unit
unit: $(dev) ## pytest tests/unit
	pytest tests/unit $(ARGS)

.PHONY: engine
engine: $(run)
	@tools/quietly.sh ansible-playbook playbooks/docker_host.yml

.PHONY: molecule
molecule: $(dev) engine ## each role's scenario, one after another; SCENARIO=name for one
	@for scenario in $(SCENARIO); do \
		echo "== molecule: $$scenario"; \
		molecule test --no-command-borders --scenario-name "$$scenario" $(ARGS); \
	done

.PHONY: e2e
e2e: $(dev) engine ## whole workflows on the sandbox
	pytest tests/e2e $(ARGS)

.PHONY: bench
bench: $(dev) engine ## what an edit costs, measured on the sandbox
	$(python) tests/bench $(ARGS)

.PHONY: build
build: $(dev) ## the collection's archive, checked as Galaxy checks it
	ansible-galaxy collection build --force
	$(python) -m galaxy_importer.main hedgehog-netbox_dev-*.tar.gz

.PHONY: fix
fix: $(dev) ## let ruff mend what it can
	ruff check --fix-only --unsafe-fixes --select I,UP .
	ruff check --fix-only .
	ruff format .

.PHONY: lock
lock: ## write requirements*.lock anew from requirements*.txt
	tools/lock.sh

.PHONY: clean
clean: ## remove caches and .venv; a stack goes on running
	rm -rf $(venv) .mypy_cache .pytest_cache .ruff_cache .hypothesis .ansible

$(run): requirements.lock tools/bootstrap.sh tools/fetch_collections.py
	tools/bootstrap.sh $(venv) requirements.lock
	$(python) tools/fetch_collections.py $(venv)/collections
	@touch $@

$(dev): $(run) requirements-dev.lock
	tools/bootstrap.sh $(venv) requirements-dev.lock
	@touch $@

.PHONY: .venv
.venv: $(dev) ## what the other commands need
