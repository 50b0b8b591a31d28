# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every target makes what it needs first, so each works on a bare machine with Python 3.11+, git and make.

# A POSIX locale would make ansible refuse to start.
export LC_ALL := C.UTF-8
export PYTHONDONTWRITEBYTECODE := 1

PYTHON ?= python3
TOOLS := tests/tools
VENV := $(CURDIR)/build/venv

# An installed collection is found by its place, a clone through the link beside its playbooks.
ifeq ($(patsubst %/ansible_collections/tenantry/platform,,$(CURDIR)),)
export ANSIBLE_COLLECTIONS_PATH := $(abspath $(CURDIR)/../../..)
else
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/playbooks/collections
endif

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo demo-clean test lint sanity units integration systemd molecule e2e e2e-all browser load faults faults-slice dr bench docs build changelog role-readmes venv lock clean

help: ## list the targets
	@sed -nE 's/^([a-z0-9-]+):.*## (.*)$$/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'

demo: venv ## deploy the example fleet on this machine: engine, proxy, name server, tenants
	@PATH="$(VENV)/bin:$$PATH" $(TOOLS)/demo.sh up

demo-clean: venv ## remove everything that the demo made
	@PATH="$(VENV)/bin:$$PATH" $(TOOLS)/demo.sh clean

test: ## lint, sanity, units, package, integration, systemd, molecule, the demo end to end and a few faults
	@$(PYTHON) $(TOOLS)/run_all.py

lint: venv ## formatters, linters, types, changelog, documentation, role READMEs
	@$(VENV)/bin/python $(TOOLS)/lint.py

sanity: venv ## ansible-test sanity on the newest and the oldest ansible-core
	@$(VENV)/bin/python $(TOOLS)/sanity.py

units: venv ## ansible-test units on the newest and the oldest ansible-core
	@$(VENV)/bin/python $(TOOLS)/units.py

integration: venv ## ansible-test integration: each module against real servers
	@$(VENV)/bin/python $(TOOLS)/integration.py $(TARGETS)

systemd: venv ## the roles drift_watch and backup under a real systemd
	@$(VENV)/bin/python $(TOOLS)/systemd.py

molecule: venv ## a bare Debian machine becomes a node over SSH and gets its tenants
	@$(VENV)/bin/python $(TOOLS)/scenario.py

e2e: venv ## the demo from an installed tarball, checked from outside
	@$(VENV)/bin/python $(TOOLS)/end_to_end.py

e2e-all: venv ## every end-to-end test: an operator's day, wrong input, changes by hand, kills at every step (half an hour)
	@PATH="$(VENV)/bin:$$PATH" $(TOOLS)/e2e.sh all

browser: venv ## the drift report in a real browser, with pictures in build/reports/browser; not part of make test
	@$(VENV)/bin/python $(TOOLS)/browser.py

build: venv ## build the tarball, install it into an empty directory, try it on both ansible-core versions
	@$(VENV)/bin/python $(TOOLS)/package.py

docs: venv ## reference documentation in build/docs
	@$(VENV)/bin/python $(TOOLS)/reference.py

changelog: venv ## fold changelog fragments into CHANGELOG.rst
	@$(VENV)/bin/python $(TOOLS)/changelog.py

role-readmes: venv ## write each role's README from its argument_specs
	@$(VENV)/bin/python $(TOOLS)/role_readmes.py

venv: ## the virtual environments build/venv and build/venv-2.16
	@$(PYTHON) $(TOOLS)/environments.py ensure

lock: ## write the newest versions of all Python packages into the constraints
	@$(PYTHON) $(TOOLS)/environments.py lock

bench: venv ## CPU of a deploy with nothing to do, against the raw reads and the obvious playbook
	@PATH="$(VENV)/bin:$$PATH" $(VENV)/bin/python tests/bench/bench.py

load: venv ## requests lost by upgrades, rollbacks and failing upgrades under constant load; LOAD_ROUNDS=0.1 for a short one
	@PATH="$(VENV)/bin:$$PATH" $(VENV)/bin/python tests/load/load.py

faults: venv ## kills and failures at every step of every move, on a node of their own; SLICE=6 takes six at random
	@PATH="$(VENV)/bin:$$PATH" $(VENV)/bin/python tests/faults/faults.py

dr: venv ## a node is destroyed, its tenants come back from object storage: what is lost, how long it takes; DR_MEGABYTES=50 for a short one
	@PATH="$(VENV)/bin:$$PATH" $(VENV)/bin/python tests/dr/dr.py

faults-slice: venv ## three cases of make faults, at random, as make test takes them
	@$(VENV)/bin/python $(TOOLS)/fault_slice.py

clean: ## remove build/ (make demo-clean first, if the demo runs)
	rm -rf build .mypy_cache .pytest_cache .ruff_cache .hypothesis .ansible
