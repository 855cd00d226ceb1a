# One entry point for every job; `make help` lists them. Each job installs what it lacks through scripts/setup.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run build test bench lint fuzz clean

# Seconds that `make fuzz` spends on each target.
export FUZZ_SECONDS ?= 60
# Why these flags: docs/decisions/0005-release-flags.md, and for the profile 0009-release-profile.md.
FLAGS = -c release --static-swift-stdlib -Xswiftc -cross-module-optimization -Xswiftc -enforce-exclusivity=unchecked
PROFILE = $(CURDIR)/Benchmarks/release.profdata
# A private function is known by its file's name, wherever it is built; and no object is kept from another profile's time.
PROFILING = -Xswiftc -Xllvm -Xswiftc -static-func-full-module-prefix=false \
	-Xswiftc -Xfrontend -Xswiftc -disable-incremental-llvm-codegen
# The build looks at flags and not into the profile, so a flag of the profile's own has everything compiled anew with another one.
PROFILE_FLAGS = -Xswiftc -Xfrontend -Xswiftc -ir-profile-use=$(PROFILE) \
	-Xswiftc -DPROFILE_$(firstword $(shell cksum < $(PROFILE)))
RELEASE = $(FLAGS) $(PROFILING) $(PROFILE_FLAGS) --scratch-path $(BUILD)
# Where release builds go; Benchmarks/profile has another place.
BUILD = .build
# Handed to Benchmarks/run, such as BENCH="--only plain --rounds 5".
BENCH ?=

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## build, then serve examples/quickstart.yaml with a demo backend until Ctrl-C
	@scripts/setup build
	swift build $(RELEASE) --product daemun
	@scripts/quickstart

build: ## build the release binary, .build/release/daemun
	@scripts/setup build
	swift build $(RELEASE) --product daemun

test: ## run all tests: Swift Testing, then real clients against the debug binary (or DAEMUN=path)
	@scripts/setup test
	swift build --build-tests
	swift test --skip-build --disable-xctest --parallel
	@scripts/client-tests

bench: ## measure the gateway beside nginx (BENCH="--only plain --rounds 5")
	@scripts/setup bench
	swift build $(RELEASE) --product daemun
	Benchmarks/run $(BENCH)

lint: ## check format, leftovers and the syntax of scripts
	@scripts/lint

fuzz: ## replay known failures, then fuzz each target for FUZZ_SECONDS (60)
	@scripts/setup fuzz
	Fuzzing/run

clean: ## remove everything that was built
	rm -rf .build Fuzzing/.build Fuzzing/Findings .pytest_cache
