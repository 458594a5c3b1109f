# The two commands: `make rehearse` and `make test`. Each does all its own set-up.
TIER ?= single
CHECKS ?=
PYTHON ?= python3
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)
export PYTHONDONTWRITEBYTECODE := 1
READY := .venv/.ready
GATE := rehearsal/cloud/permissions

.PHONY: rehearse up down test unit deployment check synth snapshots
.DELETE_ON_ERROR:

rehearse: $(READY)
	python -m rehearsal rehearse --tier $(TIER) --checks "$(CHECKS)"

up down: $(READY)
	python -m rehearsal $@ --tier $(TIER)

test: check unit deployment rehearse

unit: $(READY)
	python -m pytest tests service -m "not deployment" --junitxml build/unit.xml

deployment: $(READY)
	python -m pytest tests -m deployment --junitxml build/deployment.xml

check: $(READY)
	ruff format --check .
	ruff check .
	mypy
	PYTHONPATH=service lint-imports
	shellcheck --external-sources $$(grep -rlE '^#!/(usr/)?bin/(env )?(ba)?sh|^# shellcheck shell=' stacks/host .ci)
	shellcheck --external-sources --shell=bash stacks/host/user-data.sh tests/snapshots/*/user-data.sh

synth: $(READY)
	cdk synth --quiet --output build/synth/$(TIER) -c tier=$(TIER)

snapshots: $(READY)
	python -m pytest tests/stacks/test_snapshots.py --update-snapshots --quiet

$(READY): requirements.txt requirements-dev.txt service/requirements.txt service/requirements-dev.txt package-lock.json $(wildcard $(GATE)/package-lock.json)
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	npm ci --no-fund --no-audit --loglevel=error
	if [ -f $(GATE)/package-lock.json ]; then npm ci --prefix $(GATE) --no-fund --no-audit --loglevel=error; fi
	touch $@
