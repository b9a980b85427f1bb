# The front door. Everything is done by Meson and the scripts it calls; this remembers their names.
#   make run     installs what is missing, builds, and starts Sebez on http://127.0.0.1:8080
# Settings are environment variables: docs/CONFIGURATION.md.

BUILD ?= build
SEBEZ_DEMO ?= yes
export SEBEZ_DEMO

.DEFAULT_GOAL := help
.PHONY: help run build deps deb test lint bench gen docs console drill clean

help:
	@echo "make run     install what is missing, build, start with embedded services and the demo"
	@echo "make build   the program: $(BUILD)/sebez"
	@echo "make test    every test"
	@echo "make lint    every check of the source"
	@echo "make bench   measure; writes docs/BENCHMARKS.md's figures"
	@echo "make deb     the Debian package; puts it into build-deb"
	@echo "make drill   containers, packages and certificates, as deploy/ describes them, tried (as root)"
	@echo "make gen     docs/API.md and docs/CONFIGURATION.md from their sources"
	@echo "make console the console of vendors: clients/console/bundle, with Node 20.19 or later"
	@echo "make deps    install the packages for building and running"
	@echo "make clean   remove what was built (not ./var, the data)"

deps:
	@tools/install-deps.sh run

$(BUILD)/build.ninja:
	@meson setup $(BUILD)

build: deps $(BUILD)/build.ninja
	@ninja -C $(BUILD)

run: build
	@exec $(BUILD)/sebez serve

test:
	@tools/install-deps.sh run test
	@setpriv --pdeathsig TERM tests/run.sh

lint:
	@tools/install-deps.sh run lint
	@$(MAKE) --no-print-directory build
	@tests/lint/run.sh

bench:
	@tools/install-deps.sh run bench
	@$(MAKE) --no-print-directory build
	@bench/run.sh

deb:
	@tools/install-deps.sh deb
	@deploy/deb.sh

drill:
	@deploy/drills/run.sh

gen docs: build
	@/usr/bin/python3 tools/gen_api.py --docs
	@$(BUILD)/sebez serve --help=markdown > docs/CONFIGURATION.md

console:
	@cd clients/console && npm ci --ignore-scripts && npm run build

clean:
	rm -rf build build-asan build-clang build-fuzz build-deb
