.DEFAULT_GOAL := help
venv := .venv
python := $(venv)/bin/python
run := $(venv)/.requirements
dev := $(venv)/.requirements-dev

$(run): requirements.txt constraints.txt tools/bootstrap.sh tools/fetch_collections.py
	tools/bootstrap.sh $(venv) requirements.txt
	$(python) tools/fetch_collections.py $(venv)/collections
	@touch $@

$(dev): $(run) requirements-dev.txt
	tools/bootstrap.sh $(venv) requirements.txt requirements-dev.txt
	@touch $@

.PHONY: .venv
.venv: $(dev)
