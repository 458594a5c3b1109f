# The two commands: `make rehearse` and `make test`. Each does all its own set-up.
TIER ?= single
CHECKS ?=
SETTINGS ?=
UPGRADE ?=
FIGURES ?=
FROM ?=
TO ?=
PYTHON ?= python3
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)
export PYTHONDONTWRITEBYTECODE := 1
READY := .venv/.ready
GATE := rehearsal/cloud/permissions
# For each Python that may run this, with the sums of the files that an index may give; UPGRADE=--upgrade takes what is newest.
LOCK := uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	--custom-compile-command "make lock" $(UPGRADE)

# What a tier cannot do without, for who wants to read its template and gives no SETTINGS: names that nobody owns (RFC 2606).
EXAMPLE.single := -c domain=fines.example
EXAMPLE.asg := $(EXAMPLE.single) -c hosted_zone_name=fines.example -c hosted_zone_id=Z0123456789ABCDEFGHIJ
EXAMPLE.eks := $(EXAMPLE.asg) -c admin_role=arn:aws:iam::111122223333:role/administrators

# What root made in this folder by way of sudo belongs to who typed it.
HAND_BACK := @if [ -n "$$SUDO_UID" ]; then chown -R "$$SUDO_UID:$$SUDO_GID" .venv node_modules \
	$$(ls -d build $(GATE)/node_modules .*_cache .hypothesis cdk.out 2> /dev/null); fi

.PHONY: rehearse breaks up down test programs unit deployment check synth snapshots pictures preflight upgrade-check promote lock bench
.DELETE_ON_ERROR:

rehearse: $(READY)
	python -m rehearsal rehearse --tier $(TIER) --checks "$(CHECKS)"

breaks: $(READY)
	python -m rehearsal breaks --tier $(TIER) --checks "$(CHECKS)"

up down: $(READY)
	python -m rehearsal $@ --tier $(TIER)

# Where nothing can be broken, for want of root or Linux, that is said, and the rest counts.
test: programs check unit deployment rehearse
	python -m rehearsal breaks --tier $(TIER) --checks "$(CHECKS)" --where-possible

programs: $(READY)
	@python -m rehearsal.prerequisites

unit: $(READY)
	python -m pytest tests service -m "not deployment" --junitxml build/unit.xml
	$(HAND_BACK)

deployment: $(READY)
	python -m pytest tests -m deployment --junitxml build/deployment.xml
	$(HAND_BACK)

check: $(READY)
	ruff format --check .
	ruff check .
	mypy
	PYTHONPATH=service lint-imports
	shellcheck --external-sources $$(grep -rlE '^#!/(usr/)?bin/(env )?(ba)?sh|^# shellcheck shell=' stacks/host .ci)
	shellcheck --external-sources --shell=bash stacks/host/user-data.sh tests/snapshots/*/user-data.sh
	$(HAND_BACK)

synth: $(READY)
	cdk synth --quiet --output build/synth/$(TIER) -c tier=$(TIER) $(or $(SETTINGS),$(EXAMPLE.$(TIER)))

preflight upgrade-check: $(READY)
	python -m operate $@ -c tier=$(TIER) $(SETTINGS)

promote: $(READY)
	python -m operate promote --from "$(FROM)" --to "$(TO)" $(SETTINGS)

bench: $(READY)
	python -m bench --tier $(TIER) --figures "$(FIGURES)"

snapshots: $(READY)
	python -m pytest tests/stacks/test_snapshots.py --update-snapshots --quiet

pictures: $(READY)
	python -m rehearsal.picture $(TIER)

# The widest set is resolved first, and the others take its versions: one version of each distribution, everywhere.
lock: $(READY)
	$(LOCK) --output-file requirements-dev.txt requirements-dev.in
	$(LOCK) --constraints requirements-dev.txt --output-file requirements.txt requirements.in
	$(LOCK) --constraints requirements-dev.txt --output-file service/requirements-dev.txt service/requirements-dev.in
	$(LOCK) --constraints requirements-dev.txt --output-file service/requirements.txt service/requirements.in
	npm install --package-lock-only --no-fund --no-audit --loglevel=error

$(READY): requirements-dev.txt package-lock.json $(GATE)/package-lock.json
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' \
		|| { echo "Python 3.11 to 3.14 is needed, and $(PYTHON) is another: type 'make $(MAKECMDGOALS) PYTHON=python3.13', say"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2> /dev/null \
		|| { echo "Debian keeps a part of Python in a package of its own, python3-venv: installing it"; \
			apt-get update -qq && apt-get install -qq --yes python3-venv > /dev/null; } \
		|| { echo "type 'sudo apt install python3-venv', and then this again"; exit 1; }
	$(PYTHON) -m venv --clear .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	npm ci --no-fund --no-audit --loglevel=error
	npm ci --prefix $(GATE) --no-fund --no-audit --loglevel=error
	touch $@
	$(HAND_BACK)
