export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/.toolchain/bin:$(CURDIR)/.toolchain/languages:$(PATH)
unexport VIRTUAL_ENV

# make lab STACK=lab-cloudflare is the same through Cloudflare's API, which the lab has too.
STACK ?= lab

.PHONY: help setup toolchain languages lab lab-up lab-cloudflare-up picture lab-picture servers wheels test fast shuffled \
  coverage check docs format bench browser clean

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1	\2/p' Makefile | expand -t 18

setup: ## install the pinned Python packages into .venv
	@toolchain/venv.sh

toolchain: setup ## make Pulumi available: from PATH, or built once into .toolchain
	@python toolchain/build.py

languages: setup ## make Pulumi's hosts for TypeScript, Go and YAML available, which the tests need
	@python toolchain/build.py languages
	@toolchain/node.sh

wheels: setup ## keep wheels of the pinned packages, from which the tests install
	@toolchain/wheels.sh

lab: setup toolchain ## publish a company's records into a DNS server on this machine, and verify them there
	@elastx-mrs lab --dir .$(STACK) -- $(MAKE) --no-print-directory $(STACK)-up

# These run inside the lab, which puts its servers, their secrets and Pulumi's own folders into the environment.
lab-up:
	@pulumi stack select --create lab --non-interactive
	@pulumi up --stack lab --yes --non-interactive --suppress-permalink

lab-cloudflare-up:
	@plugin=$$(python toolchain/cloudflare.py) && export PATH="$$plugin:$$PATH" && \
	  pulumi stack select --create lab-cloudflare --non-interactive && \
	  pulumi up --stack lab-cloudflare --yes --non-interactive --suppress-permalink

picture: setup toolchain ## draw docs/review-*.png of the lab's real preview; needs chromium
	@elastx-mrs lab --dir .lab-picture -- $(MAKE) --no-print-directory lab-picture
	@elastx-mrs review .lab-picture/preview.json | python -m toolchain.picture

lab-picture:
	@pulumi stack select --create lab --non-interactive
	@pulumi preview --stack lab --json --non-interactive > .lab-picture/preview.json

servers:
	@tests/servers/install.sh

# Three at once keep two cores busy while one waits; who has nothing left takes over what another has not begun.
TESTS = pytest -n 3 --dist worksteal

test: setup languages servers wheels ## run all tests
	@$(TESTS)

fast: setup servers ## run the tests that do not start Pulumi; about 6 minutes
	@$(TESTS) -m "not engine"

shuffled: setup languages servers wheels ## run all tests in a random order, whose seed it prints
	@$(TESTS) -p randomly

coverage: setup languages servers wheels ## say which lines and branches no test runs; about half an hour
	@coverage erase
	@coverage run -m $(TESTS)
	@coverage combine --quiet
	@coverage report

browser: setup ## look at the HTML report and the documentation in Chromium, which it installs; not a part of test
	@tests/browser/install.sh
	@pytest -n0 tests/browser/report.py tests/browser/site.py

check: setup ## formatting, lint, strict types, import rules, spelling, Markdown, prose, the Dockerfile
	@ruff format --check .
	@ruff check .
	@mypy
	@lint-imports
	@codespell
	@pymarkdown scan --recurse --respect-gitignore --exclude tests/review/golden .
	@python -m toolchain.prose
	@hadolint Dockerfile

docs: setup ## build the documentation site into .site, and check its links
	@python -m toolchain.docs

format: setup ## put the code into its format
	@ruff format .
	@ruff check --fix .

bench: setup languages ## measure speed, as ratios in one run
	@python -m benchmarks

clean: ## remove all that these targets made; the next run starts from nothing
	rm -rf .venv .toolchain .lab .lab-cloudflare .lab-picture .site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*
