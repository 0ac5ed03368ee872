export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/.toolchain/bin:$(PATH)
unexport VIRTUAL_ENV

.PHONY: help setup toolchain lab lab-up servers test check format bench clean

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1	\2/p' Makefile | expand -t 18

setup: ## install the pinned Python packages into .venv
	@toolchain/venv.sh

toolchain: setup ## make Pulumi available: from PATH, or built once into .toolchain
	@python toolchain/build.py

lab: setup toolchain ## publish a company's records into a DNS server on this machine, and verify them there
	@elastx-mrs lab --dir .lab -- $(MAKE) --no-print-directory lab-up

# Runs inside the lab, which puts the server, its key and Pulumi's own folders into the environment.
lab-up:
	@pulumi stack select --create lab --non-interactive
	@pulumi up --stack lab --yes --non-interactive --suppress-permalink

servers:
	@tests/servers/install.sh

test: setup toolchain servers ## run all tests
	@pytest -n 2 --dist loadgroup

check: setup ## formatting, lint, strict types, import rules
	@ruff format --check .
	@ruff check .
	@mypy
	@lint-imports

format: setup ## put the code into its format
	@ruff format .
	@ruff check --fix .

bench: setup toolchain ## measure speed, as ratios in one run
	@python -m benchmarks

clean: ## remove all that these targets made; the next run starts from nothing
	rm -rf .venv .toolchain .lab .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
