# The front door: `make bench` measures, `make compare` compares, `make test`
# tests. Thin on purpose: CMake builds, scripts/ does the rest.
BUILD   := build
PROFILE ?= default
LABEL   ?=
FILTER  ?=
TUNE    ?=
RUN     ?=
BEFORE  ?=
AFTER   ?=
PREDICTIONS ?=
ARGS    ?=
JOBS    ?= $(shell nproc 2>/dev/null || echo 2)
DESTDIR ?=
TARGETS ?=
INVENTORY ?=
LAB_ARGS ?=
SECONDS_A_TARGET ?= 60
PREFIX  ?= /usr/local

MAKEFLAGS += --no-print-directory
export PROFILE LABEL FILTER TUNE SECONDS_A_TARGET

# A campaign that is resumed has its own, and so has a plan of boots.
LAB_WISHES = $(if $(or $(findstring --resume,$(LAB_ARGS)), \
	$(findstring --boots,$(LAB_ARGS))),,--profile="$$PROFILE" \
	$(if $(LABEL),--label="$$LABEL") $(if $(FILTER),--filter="$$FILTER"))

all: $(BUILD)/CMakeCache.txt
	@cmake --build $(BUILD) -j $(JOBS)

$(BUILD)/CMakeCache.txt: CMakePresets.json
	@cmake --preset release >/dev/null

# PROFILE=quick|default|full, LABEL=, FILTER=; TUNE=1 quietens the machine
# meanwhile (docs/tune.md); ARGS= are more options.
bench: $(BUILD)/CMakeCache.txt
	@cmake --build $(BUILD) -j $(JOBS) --target syscost
	@./scripts/bench $(ARGS)

# BEFORE= and AFTER= are run folders, or RUN= one with arms; several boots a
# side are several folders in quotes. ARGS= are more options.
compare:
	@./scripts/compare $(if $(RUN),$(RUN),\
		--before $(BEFORE) --after $(AFTER)) $(ARGS)

# A page to look at: of RUN=, or of what changed from BEFORE= to AFTER=.
# PREDICTIONS= is a sheet that was filled in, of RUN=; ARGS= are more options.
report:
	@./scripts/report $(if $(PREDICTIONS),--predictions="$(PREDICTIONS)") \
		$(if $(RUN),$(RUN),\
		--before $(BEFORE) --after $(AFTER)) $(ARGS)

# A/A must find nothing, +5 % must be found: on this machine, in half a minute.
selfcheck: $(BUILD)/CMakeCache.txt
	@cmake --build $(BUILD) -j $(JOBS) --target syscost
	@./scripts/selfcheck $(ARGS)

# The lab of docs/lab.md measured in a minute, and its worksheet; RUN= takes a
# run that is there, PREDICTIONS= is a sheet that was filled in.
lab: $(BUILD)/CMakeCache.txt
	@cmake --build $(BUILD) -j $(JOBS) --target syscost
	@./scripts/worksheet $(if $(PREDICTIONS),--predictions="$(PREDICTIONS)") \
		$(if $(RUN),"$(RUN)") $(ARGS)

test: all
	@./scripts/test

# The reports in a real browser. Needs scripts/setup --browser.
test-browser: $(BUILD)/CMakeCache.txt
	@cmake --build $(BUILD) -j $(JOBS) --target syscost
	@./scripts/test --browser

# build-aarch64/syscost, which measures in arm64's guests. Needs scripts/setup
# --aarch64.
aarch64:
	@cmake --preset aarch64 >/dev/null
	@cmake --build --preset aarch64 -j $(JOBS) --target syscost

# Needs scripts/setup --aarch64.
test-aarch64:
	@./scripts/test --aarch64

# Needs scripts/setup --vm. Boots kernels in QEMU: a dozen boots in a minute or two.
test-vm: all
	@./scripts/test --vm

# Measures on the hosts of INVENTORY= (of Ansible), and brings the runs back:
# docs/lab-of-machines.md. PROFILE=, LABEL=, FILTER=; LAB_ARGS= are more options
# of scripts/lab-bench. Needs scripts/setup --lab.
lab-bench: $(BUILD)/CMakeCache.txt
	@cmake --build $(BUILD) -j $(JOBS) --target syscost
	@./scripts/lab-bench $(INVENTORY) $(LAB_WISHES) $(LAB_ARGS)

# Hosts of namespaces on this machine, driven by Ansible over SSH, and how they
# fail: five minutes. Needs root and scripts/setup --lab-tests.
test-lab: all
	@./scripts/test --lab

# Page table isolation off and on, in guests: what a course shows in a minute
# or two without touching this machine's kernel. Needs scripts/setup --vm.
kpti-demo: $(BUILD)/CMakeCache.txt
	@cmake --build $(BUILD) -j $(JOBS) --target syscost
	@./scripts/boot-matrix docs/plans/kpti-demo.toml $(ARGS)

# The parsers of what other machines say, with libFuzzer. Needs scripts/setup
# --fuzz. SECONDS_A_TARGET=60, and TARGETS= some of them.
fuzz:
	@./scripts/fuzz $(TARGETS)

# Needs scripts/setup --lint.
lint:
	@./scripts/lint

format:
	@./scripts/lint --fix

# docs/syscost.1, of --help and docs/syscost.h2m. Needs scripts/setup --lint.
manual: $(BUILD)/CMakeCache.txt
	@cmake --build $(BUILD) -j $(JOBS) --target syscost
	@./scripts/manual

# The program, the scripts as syscost-NAME, manual page, completion and docs,
# under PREFIX (/usr/local); DESTDIR= stages them elsewhere, for a package.
install: $(BUILD)/CMakeCache.txt
	@cmake --build $(BUILD) -j $(JOBS) --target syscost
	@DESTDIR="$(DESTDIR)" cmake --install $(BUILD) --prefix "$(PREFIX)"
	@echo "installed below $(DESTDIR)$(PREFIX): syscost, syscost-compare and" \
		"the other scripts, man syscost"

# What the last install put there.
uninstall:
	@./scripts/uninstall $(BUILD)/install_manifest.txt "$(DESTDIR)"

clean:
	rm -rf build build-*

.PHONY: all bench compare report selfcheck lab test test-browser aarch64 test-aarch64 test-vm \
	lab-bench test-lab kpti-demo fuzz lint format manual install uninstall clean
