# `make help` lists the targets. Written for make 3.81 and bash 3.2, which macOS has.
# Everything is made inside this directory: environments in .venv*, all else in .run.

# Assigned here, so a caller's environment doesn't reach them; give them on the command line.
# AIRFLOW: 3.3, 3.2, 3.1, 3.0, 2.11 or lowest. PYTHON: the Python to make an environment with. ARGS: for pytest.
AIRFLOW = 3.3
PYTHON =
ARGS =

SHELL = /bin/sh
unexport BASH_ENV ENV CDPATH
export PYTHON

setup = scripts/setup $(AIRFLOW)
run = scripts/clean-env $(AIRFLOW)

.DEFAULT_GOAL := help
.PHONY: help demo venv unit test test-clients test-redshift test-deep test-lowest test-matrix e2e screenshots check format docs bench release-check mutants redshift wheel compose-check pins clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo 'AIRFLOW=2.11 or AIRFLOW=lowest: another environment; ARGS="-k name": for pytest; PYTHON=python3.12: which Python.'

demo: ## Set everything up and show the main job on a local Redshift (under 4 minutes)
	@scripts/demo

venv: ## Make or update the environment (.venv; .venv-2.11, .venv-lowest with AIRFLOW=...)
	@$(setup)

unit: ## Tests that need no server (seconds)
	@$(setup)
	@$(run) scripts/test tests/unit tests/security --ignore-glob '*/test_hostile_*' --ignore-glob '*/test_what_eve_*' $(ARGS)

test: ## All tests; AIRFLOW=2.11 for another Airflow
test-deep: ## What `make test` looks at in part, whole: every statement cut, 300 random warehouses, 1,000 schemas
	@$(setup)
	@$(run) env DEEP=1 scripts/test --hypothesis-profile=default $(ARGS)

test-lowest: ## All tests on the lowest versions that pyproject.toml allows
test-lowest: AIRFLOW = lowest
test test-lowest:
	@$(setup)
	@$(run) scripts/test $(ARGS)

test-clients: ## Try dbt and SQLAlchemy on the local Redshift, in an environment of their own (2 minutes)
	@$(setup)
	@scripts/setup clients
	@$(run) env CLIENTS=1 pytest tests/integration/local_redshift/test_local_other_clients.py $(ARGS)

test-redshift: ## Try the package on the cluster that DATAGRAPH_TEST_HOST, _DATABASE, _USER and _PASSWORD name: docs/unverified.md
	@$(setup)
	@scripts/test-redshift $(AIRFLOW) $(ARGS)

test-matrix: ## Every mode of the sensors with every end of a wait, on 2.11, 3.0, 3.1, 3.2 and 3.3 (makes their environments)
	@set -e; for line in 2.11 3.0 3.1 3.2 3.3; do \
	    scripts/setup $$line; \
	    echo "== Airflow $$line"; \
	    scripts/clean-env $$line pytest tests/integration/faults/test_faults_matrix.py tests/dags/test_sensor_modes.py $(ARGS); \
	done

bench: ## Count what Segment's guide costs, three ways, for docs/performance.md (ARGS="1 10": so many schemas, to look only)
	@$(setup)
	@$(run) env AIRFLOW__LOGGING__LOGGING_LEVEL=ERROR python benchmarks/guide.py $(ARGS)

e2e: ## A site as docker-compose.site.yaml has it: what dies in a run, and every page in Chromium (under 10 minutes)
	@scripts/e2e $(ARGS)

screenshots: ## The same, and take docs/images from it
	@SCREENSHOTS=1 scripts/e2e $(ARGS)

mutants: ## Change code in small ways, and list what no test notices (half an hour; ARGS="access/role hooks/redshift": some modules)
	@$(setup)
	@scripts/clean-env pip .venv/bin/python -m pip install -q --no-deps --upgrade --target .run/mutmut --require-hashes -r requirements/mutants.txt
	@$(run) python scripts/mutants.py $(ARGS)

check: ## Lint, format, types (mypy strict), compose file
	@$(setup)
	@$(run) scripts/check

format: ## Format the code
	@$(setup)
	@$(run) scripts/check --format

docs: AIRFLOW = 3.3
docs: ## Write docs/statements.md and docs/findings.md from what the tests check, and build the site in .run/site; ARGS=serve
	@$(setup)
	@$(run) python scripts/statements.py
	@$(run) python -m tests.unit.access.test_sentences
	@$(run) python -m tests.system.facts
	@scripts/clean-env pip .venv/bin/python -m pip install -q --no-deps --upgrade --target .run/docs --require-hashes -r requirements/docs.txt
	@$(run) env NO_MKDOCS_2_WARNING=1 PYTHONPATH=.run/docs python -m mkdocs $(or $(ARGS),build)

release-check: AIRFLOW = 3.3
release-check: ## Build wheel and sdist of the tagged version into dist/, and look at them as an index would
	@$(setup)
	@scripts/clean-env pip .venv/bin/python -m pip install -q --no-deps --upgrade --target .run/release --require-hashes -r requirements/release.txt
	@$(run) python scripts/release_check.py
	@$(run) env PYTHONPATH=.run/release python -m twine check --strict dist/*

redshift: ## Run the local Redshift on 127.0.0.1:5439 until Ctrl-C (ARGS="--port 5440" for another port)
	@$(setup)
	@$(run) python -m local_redshift $(ARGS)

wheel: ## Build the wheel into dist/
	@$(setup)
	@$(run) python -m hatchling build -t wheel

compose-check: ## Check the compose files against the compose schema
	@$(setup)
	@$(run) python scripts/compose_check.py

pins: ## Resolve the pinned versions in requirements/ again (ARGS=--upgrade: from today's releases)
	@$(setup)
	@scripts/clean-env pip .venv/bin/python -m pip install -q --no-deps --upgrade --target .run/uv --require-hashes -r requirements/uv.txt
	@scripts/clean-env pip scripts/pins $(ARGS)

clean: ## Remove all that these targets made
	@scripts/clean
