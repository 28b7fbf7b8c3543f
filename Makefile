# `make` alone prints what there is. Everything sets itself up: see tools/setup.sh.
ROOT := $(shell dirname "$(strip $(MAKEFILE_LIST))")
SCENARIO ?= default
ENGINE ?= in-process
LIFECYCLES ?= 2000
SEED ?= 1

# Some hundred processes would compile the same modules.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup engine box demo pictures test test-oldest check format simulate benchmark docs lock clean
.NOTPARALLEL:

help:
	@echo "make demo [SCENARIO=name]              a training run on a cloud in this process, from launch to stop"
	@echo "make demo ENGINE=pulumi                the same, deployed by the real Pulumi engine: see make engine"
	@echo "make pictures                          draw the README's pictures again, from the demo's stories"
	@echo "make setup                             the virtual environment that all of these, and pulumi, use"
	@echo "make engine                            a Pulumi CLI for the tests on the real engine, once for each user"
	@echo "make box                               a machine for the tests of what is put on instances, once for each user"
	@echo "make test                              format, lint, imports, types, tests with branch coverage"
	@echo "make test-oldest                       component and monitor with the oldest versions that pyproject.toml allows"
	@echo "make check                             format, lint, imports and types alone"
	@echo "make format                            put the sources in their format"
	@echo "make simulate [LIFECYCLES=n] [SEED=n]  the monitor in a simulated cloud with faults"
	@echo "make benchmark [PEERS=folder]          the figures of docs/figures.md, with checkouts of other schedulers beside ours"
	@echo "make docs                              renew the pages that are made from the code"
	@echo "make lock                              renew requirements.txt from pyproject.toml"
	@echo "make clean                             remove what was built or set up here"

setup:
	@sh "$(ROOT)/tools/setup.sh"

engine: setup
	@cd "$(ROOT)" && .venv/bin/python -m sandbox.engine.get_cli

box: setup
	@cd "$(ROOT)" && .venv/bin/python -m sandbox.box.get_root

demo: setup
	@cd "$(ROOT)" && .venv/bin/python -m sandbox.demo --scenario "$(SCENARIO)" --engine "$(ENGINE)"

pictures: setup
	@cd "$(ROOT)" && .venv/bin/python -m sandbox.demo.pictures

check: setup
	@cd "$(ROOT)" && .venv/bin/ruff format --check --quiet . && .venv/bin/ruff check --quiet . && \
		{ contracts=$$(.venv/bin/lint-imports --no-cache --no-logo importlinter.ini) || { echo "$$contracts"; exit 1; }; } && \
		.venv/bin/basedpyright --level warning

format: setup
	@cd "$(ROOT)" && .venv/bin/ruff format . && .venv/bin/ruff check --fix .

test: check
	@# Two workers wait most of their time: for boxes to boot, and for engines.
	@cd "$(ROOT)" && .venv/bin/python -m pytest --numprocesses $$(($$(getconf _NPROCESSORS_ONLN) + 2)) --dist loadgroup --quiet \
		--cov --cov-report=term:skip-covered

test-oldest: setup
	@sh "$(ROOT)/tools/setup_oldest.sh"
	@cd "$(ROOT)" && echo "testing with" $$(.venv-oldest/bin/python --version) $$(grep -E \
		"^(aws-lambda-powertools|boto3|botocore|pulumi|pulumi-aws|tenacity)==" .venv-oldest/runtime.txt)
	@cd "$(ROOT)" && .venv-oldest/bin/python -m pytest --numprocesses auto --quiet tests/runctl_component \
		tests/monitor_runtime tests/iam tests/lifecycle tests/repository/test_examples.py \
		--ignore tests/lifecycle/test_moving_a_run.py --ignore tests/lifecycle/test_adding_a_run.py

simulate: setup
	@cd "$(ROOT)" && .venv/bin/python -m sandbox.simulation --lifecycles "$(LIFECYCLES)" --seed "$(SEED)"

benchmark: setup
	@cd "$(ROOT)" && .venv/bin/python -m benchmarks $(ONLY) $(if $(PEERS),--peers "$(abspath $(PEERS))")

docs: setup
	@cd "$(ROOT)" && for page in docs/generate_*.py; do PYTHONPATH=. .venv/bin/python "$$page" || exit 1; done

lock: setup
	@cd "$(ROOT)" && .venv/bin/uv pip compile pyproject.toml --extra sandbox --group dev --universal --generate-hashes \
		--python-version 3.11 --no-header --no-annotate --quiet --output-file requirements.txt

clean:
	@cd "$(ROOT)" && rm -rf .venv .venv-oldest build dist .coverage .coverage.* .hypothesis .pytest_cache .ruff_cache
	@cd "$(ROOT)" && find . -name __pycache__ -type d -prune -exec rm -rf {} +
