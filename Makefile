# CRYPTO VIZ. `make` alone lists the targets.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

# The first Python that is new enough; looked for only when the set-up has something to do.
PYTHON ?= $(or $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done),python3)
VENV := .venv/bin
STAMPS := .runtime/stamps
JAVA_SOURCES := $(shell find jvm/src 2>/dev/null)
FRONTEND := api/viewer/frontend
PAGE_SOURCES := $(shell find $(FRONTEND)/source $(FRONTEND)/styles $(FRONTEND)/page -type f 2>/dev/null) $(FRONTEND)/build.ts
N_CORES = $(shell getconf _NPROCESSORS_ONLN)
# Each may run a Spark, a broker and an API: 3 GB.
N_SYSTEM_WORKERS = $(shell n=$(N_CORES); echo $$((n < 4 ? n : 4)))
OURS := $(wildcard lakehouse streaming compaction api cryptoviz demo benchmarks notebooks setup tests)

# What bench-* and soak-* pass on: `make bench-freshness ARGS="--rate 500"`.
ARGS ?=

# The lake that notebooks open.
LAKE ?= $(CURDIR)/.runtime/demo/lake

##@ Every day

.PHONY: help
help:  ## List the targets
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: setup  ## The whole pipeline on this machine, until Ctrl-C; SECONDS=90 stops so long after it is ready, and checks
	@$(VENV)/python -m demo $(if $(filter command line environment,$(origin SECONDS)),--seconds $(SECONDS)) $(ARGS)

.PHONY: check
check: setup  ## Format, lint, types, import contracts, the page, unit tests: within a minute
	@$(MAKE) --no-print-directory -j$(N_CORES) --output-sync=target check-lint check-page check-unit

.PHONY: unit
unit: setup check-unit  ## Tests without disk and processes, in seconds; ARGS="-k gap" chooses among them

.PHONY: check-unit
check-unit:
	$(VENV)/pytest tests --ignore=tests/system -m 'unit and not heavy' -n $(N_CORES) --dist worksteal $(ARGS)

.PHONY: check-lint
check-lint:
	$(VENV)/ruff format --check $(OURS)
	$(VENV)/ruff check $(OURS)
	$(VENV)/mypy
	$(VENV)/lint-imports --no-cache

.PHONY: check-page
check-page:
	@$(VENV)/python setup/viewer.py check

.PHONY: notebook
notebook: setup .venv/.installed-notebooks  ## JupyterLab on the demo's lake; LAKE=... opens another
	@case "$(LAKE)" in *://*) ;; *) test -d "$(LAKE)" || { echo "no lake at $(LAKE): make demo first, or LAKE=..." >&2; exit 1; };; esac
	@JUPYTER_CONFIG_PATH=$(CURDIR)/notebooks/jupyter CRYPTOVIZ_LAKE_URI=$(LAKE) \
	  $(VENV)/python -m jupyterlab --ServerApp.root_dir=$(CURDIR)/notebooks $(ARGS)

.PHONY: test
test: setup $(STAMPS)/system-test .venv/.installed-notebooks .venv/.installed-docs .venv/.installed-openapi-tools  ## Every test but the soak, on a real broker, Spark, Delta and browser
	@$(MAKE) --no-print-directory check-page
	@$(MAKE) --no-print-directory test-rest
	@$(MAKE) --no-print-directory test-system

.PHONY: test-system
test-system: class-archives
	$(VENV)/pytest tests/system --hypothesis-profile=full -n $(N_SYSTEM_WORKERS) --dist loadgroup

.PHONY: test-rest
test-rest:
	$(VENV)/pytest tests --ignore=tests/system --hypothesis-profile=full -n $(N_CORES) --dist worksteal

.PHONY: format
format: setup  ## Rewrite the sources as `make check` wants them
	$(VENV)/ruff format $(OURS)
	$(VENV)/ruff check --fix $(OURS)

##@ Now and then

.PHONY: soak
soak: setup  ## New draws of generated tests, then the long fault tests: hours
	@$(MAKE) --no-print-directory soak-draws
	@$(MAKE) --no-print-directory soak-faults

.PHONY: soak-draws
soak-draws: setup  ## Tests outside of tests/system with new and many more draws; ARGS="-k rollup" chooses among them
	$(VENV)/pytest tests --ignore=tests/system --hypothesis-profile=soak -n $(N_CORES) --dist worksteal --timeout 7200 $(ARGS)

.PHONY: soak-faults
soak-faults: setup $(STAMPS)/system-test  ## The long fault tests alone; ARGS="-k conditions" chooses among them
	$(VENV)/pytest tests -m soak $(ARGS)

.PHONY: bench-freshness
bench-freshness: setup  ## From produce to an API answer: p50, p95, p99
	$(VENV)/python -m benchmarks.freshness $(ARGS)

.PHONY: bench-live
bench-live: setup  ## From produce to a WebSocket client and to an answer, beside a bare relay; idle clients
	$(VENV)/python -m benchmarks.live $(ARGS)

.PHONY: bench-ingest
bench-ingest: setup  ## Catch-up of 1,000,000 messages beside the limit of the machine
	$(VENV)/python -m benchmarks.ingest $(ARGS)

.PHONY: bench-analysis
bench-analysis: setup  ## Texts and price updates a second beside plain loops; from a headline to an answer
	$(VENV)/python -m benchmarks.analysis $(ARGS)

.PHONY: bench-history
bench-history: setup  ## History questions beside PostgreSQL and DuckDB: 10,000,000 rows, 90 days
	$(VENV)/python -m benchmarks.history $(ARGS)

.PHONY: bench-stores
bench-stores: setup  ## Load, disk, memory, answers and small writes beside PostgreSQL and InfluxDB: 2,000,000 rows
	$(VENV)/python -m benchmarks.stores $(ARGS)

.PHONY: bench-http
bench-http: setup $(STAMPS)/system-http  ## Requests a second: questions beside a constant view and static bytes of one server
	$(VENV)/python -m benchmarks.http $(ARGS)

.PHONY: bench-rollups
bench-rollups: setup  ## Bucket histories through rollups beside the same from gold alone
	$(VENV)/python -m benchmarks.rollups $(ARGS)

.PHONY: bench-compaction
bench-compaction: setup  ## 2,000 small commits compacted beside delta-rs and Spark; histories and freshness
	$(VENV)/python -m benchmarks.compaction $(ARGS)
	$(VENV)/python -m benchmarks.compaction_freshness

.PHONY: bench-viewer
bench-viewer: setup $(STAMPS)/system-test  ## Script time a frame and first paint of the page, with 10,000 points
	$(VENV)/python -m tests.system.browser.frames $(ARGS)

.PHONY: wheel
wheel: setup  ## The wheel of this checkout, in dist/; the same commit gives the same bytes
	@rm -f dist/cryptoviz-*.whl
	@SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null || echo 315532800)} \
	  $(VENV)/python -m pip wheel . --quiet --no-deps --no-build-isolation --wheel-dir dist
	@ls -l dist/*.whl

.PHONY: sbom
sbom: setup  ## Bill of materials (CycloneDX) and licences of everything in a release, in dist/
	@$(VENV)/python -m setup.sbom

.PHONY: release
release: wheel sbom  ## The files of a release, in dist/: wheel, bill of materials, licences, digests
	@cp LICENSE dist/
	@cd dist && sha256sum LICENSE THIRD-PARTY-LICENSES.txt cryptoviz-*.cdx.json cryptoviz-*.whl > SHA256SUMS && cat SHA256SUMS

.PHONY: docs
docs: setup .venv/.installed-docs  ## The documentation as a site, in .runtime/site; a broken link fails
	@NO_MKDOCS_2_WARNING=1 $(VENV)/mkdocs build --strict
	@echo "open .runtime/site/index.html"

.PHONY: audit
audit: setup  ## Known vulnerabilities of the locked packages, and packages that no source of advisories knows
	@$(VENV)/python setup/audit.py

##@ Set-up

.PHONY: setup
setup: $(STAMPS)/system .venv/.installed .runtime/jars/.installed api/viewer/built/.built  ## Packages, jars, Java, the page; every target does it first

.PHONY: class-archives
class-archives: setup  ## Record the classes of Spark and Kafka: both start in half the processor time from then on
	-@$(VENV)/python setup/class_archives.py

.PHONY: lock
lock: setup  ## Rewrite requirements.lock and streaming/jars/jars.lock from what they are made of
	$(VENV)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	  --output-file requirements.lock requirements-dev.in $(ARGS)
	$(VENV)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	  --output-file requirements-notebooks.lock requirements-notebooks.in $(ARGS)
	$(VENV)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	  --output-file requirements-docs.lock requirements-docs.in $(ARGS)
	$(VENV)/python -m setup.jars
	$(VENV)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-deps \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	  --output-file tests/openapi_tools/requirements.lock tests/openapi_tools/requirements.in $(ARGS)
	$(VENV)/npm --prefix $(FRONTEND) install --package-lock-only --no-audit --no-fund
	$(VENV)/npm --prefix tests/openapi_tools install --package-lock-only --no-audit --no-fund

.PHONY: clean
clean:  ## Remove what runs left behind: lake, broker, logs, caches; not while a demo runs
	@$(PYTHON) setup/running_demo.py
	find .runtime -mindepth 1 -maxdepth 1 ! -name jars ! -name stamps -exec rm -rf {} + 2>/dev/null || true
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find $(OURS) -type d -name __pycache__ -prune -exec rm -rf {} +

.PHONY: clean-all
clean-all: clean  ## And what the set-up made: jars, .venv, the page
	rm -rf .runtime .venv dist $(FRONTEND)/node_modules api/viewer/built

$(STAMPS)/system: setup/system_packages.py streaming/spark/java.py
	@$(PYTHON) setup/system_packages.py setup
	@mkdir -p $(@D) && touch $@

$(STAMPS)/system-test: setup/system_packages.py streaming/spark/java.py
	@$(PYTHON) setup/system_packages.py test
	@mkdir -p $(@D) && touch $@

$(STAMPS)/system-http: setup/system_packages.py streaming/spark/java.py
	@$(PYTHON) setup/system_packages.py http
	@mkdir -p $(@D) && touch $@

.venv/.installed: requirements.lock setup/bootstrap.py | $(STAMPS)/system
	@$(PYTHON) setup/bootstrap.py
	@touch $@

.venv/.installed-docs: requirements-docs.lock .venv/.installed
	@$(PYTHON) setup/bootstrap.py requirements-docs.lock
	@touch $@

.venv/.installed-notebooks: requirements-notebooks.lock .venv/.installed
	@$(PYTHON) setup/bootstrap.py requirements-notebooks.lock
	@touch $@

.runtime/jars/.installed: streaming/jars/jars.lock $(JAVA_SOURCES) $(wildcard streaming/jars/*.py) .venv/.installed | $(STAMPS)/system
	@$(VENV)/python -m streaming.jars
	@touch $@

# Only another lock needs the network, not another Python package.
$(FRONTEND)/node_modules/.installed: $(FRONTEND)/package-lock.json $(FRONTEND)/.npmrc setup/viewer.py | .venv/.installed
	@$(VENV)/python setup/viewer.py packages
	@touch $@

.venv/.installed-openapi-tools: tests/openapi_tools/package-lock.json tests/openapi_tools/requirements.lock setup/openapi_tools.py .venv/.installed
	@$(VENV)/python -m setup.openapi_tools
	@touch $@

api/viewer/built/.built: $(PAGE_SOURCES) $(FRONTEND)/node_modules/.installed
	@$(VENV)/python setup/viewer.py build
	@touch $@
