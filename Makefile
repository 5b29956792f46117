# Builds in build/ and nowhere else. `make help` lists what a person runs.
# Sources are found by folder: a new file needs no change here.

PYTHON ?= /usr/bin/python3
BUILD ?= build
PREFIX ?= /usr/local
ifeq ($(origin CC),default)
CC := gcc
endif
CLANG_FORMAT ?= $(firstword $(shell command -v clang-format-14 clang-format))

# Warnings stop the build under CI and with the compiler the project is made with; another
# compiler's new warnings must not keep a user from building.
WERROR ?= $(if $(CI)$(filter 12,$(shell $(CC) -dumpversion 2>/dev/null | cut -d. -f1)),1)

# SANITIZE=address,undefined (with a BUILD of its own) for a checked build.
SANITIZE ?=

BIN := $(BUILD)/bin
LIB := $(BUILD)/lib
OBJ := $(BUILD)/obj
GEN := $(BUILD)/gen
TESTS := $(BUILD)/tests

# Where goes what depends on $(PYTHON): `make pythons` gives each version a folder.
PY_BUILD ?= $(BUILD)
PY_OBJ := $(PY_BUILD)/obj
PY_GEN := $(PY_BUILD)/gen
PYRECORD := $(PY_BUILD)/bin/pyrecord

CFLAGS ?= -O2 -g
override CPPFLAGS += -D_GNU_SOURCE -Ischema -Icmdline
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
    -Wwrite-strings $(if $(filter 1,$(WERROR)),-Werror)
SANITIZERS := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer)
HARDENING := -fstack-protector-strong $(if $(SANITIZE)$(findstring -O0,$(CFLAGS)),,-D_FORTIFY_SOURCE=2)
BASE_CFLAGS := -std=gnu11 -pthread $(HARDENING) $(SANITIZERS) $(CFLAGS)
LINK := $(CC) -pthread $(SANITIZERS) $(CFLAGS) $(LDFLAGS) -Wl,-z,relro,-z,now

TF_LIBS := -lzstd -lprotobuf-c -lxxhash -lmd
CLI_LIBS := -ledit -lzip

# --- What there is ---

objects = $(patsubst %.c,$(OBJ)/%.o,$(wildcard $(1)))
TF_OBJ := $(call objects,schema/*.c) $(OBJ)/gen/recording.pb-c.o
RP_OBJ := $(call objects,replayer/core/*.c)
CL_OBJ := $(call objects,cmdline/*.c)
CLI_OBJ := $(call objects,replayer/cli/*.c)
REC_OBJ := $(patsubst %.c,$(PY_OBJ)/%.o,$(wildcard recorder/*.c))
REC_PART_OBJ := $(filter-out $(PY_OBJ)/recorder/main.o,$(REC_OBJ))
REC_LIB := $(PY_BUILD)/lib/librec.a
MODULE = $(PACKAGE)/_pyrecord$(PY_EXTENSION_SUFFIX)
MODULE_SOURCES := $(wildcard recorder/module/*.c) $(filter-out %/main.c,$(wildcard recorder/*.c))
MODULE_OBJ := $(patsubst %.c,$(PY_OBJ)/module/%.o,$(MODULE_SOURCES)) \
    $(patsubst %.c,$(OBJ)/module/%.o,$(wildcard schema/*.c cmdline/*.c)) \
    $(OBJ)/module/gen/recording.pb-c.o
PACKAGE := $(BUILD)/python/pyrecord
PACKAGE_FILES := $(patsubst recorder/package/pyrecord/%,$(PACKAGE)/%,\
    $(wildcard recorder/package/pyrecord/*.py* recorder/package/pyrecord/py.typed))
BUILDER_OBJ := $(call objects,tests/builder/*.c)
BUILDER_PART_OBJ := $(filter-out %_main.o,$(BUILDER_OBJ))
UNIT_SOURCES := $(wildcard tests/unit/test_*.c)
UNIT_TESTS := $(patsubst tests/unit/%.c,$(TESTS)/%,$(UNIT_SOURCES))
REC_UNIT_TESTS := $(filter $(TESTS)/test_rec_%,$(UNIT_TESTS))
UNIT_HELP_OBJ := $(patsubst %.c,$(OBJ)/%.o,$(filter-out $(UNIT_SOURCES),$(wildcard tests/unit/*.c)))
ORACLE_PROGRAMS := $(patsubst tests/oracle/%.c,$(PY_BUILD)/tests/%,$(wildcard tests/oracle/*.c))

DRIVER_PROGRAMS := $(patsubst tests/drivers/%.c,$(TESTS)/%,$(wildcard tests/drivers/*.c))

FUZZ_TARGETS := open chunk index expr ask files
FUZZ_PROGRAMS := $(FUZZ_TARGETS:%=$(TESTS)/fz-%)
FUZZ_TOOLS := $(TESTS)/fz-file $(TESTS)/fz-flip
FUZZ_PART_OBJ := $(patsubst %,$(OBJ)/tests/fuzz/fz_%.o,frames mutate look core parts)
# FUZZER=1: with libFuzzer as their main(); else they try the files that they are given.
FUZZ_MAIN_OBJ := $(OBJ)/tests/fuzz/$(if $(FUZZER),fz_libfuzzer.o,fz_replay_main.o)

RP_LIB := $(if $(RP_OBJ),$(LIB)/librp.a)
LIBS := $(LIB)/libtf.a $(LIB)/libcl.a $(RP_LIB)
PROGRAMS := $(if $(wildcard recorder/main.c),$(PYRECORD)) \
    $(if $(wildcard replayer/main.c),$(BIN)/pyreplay)
TEST_PROGRAMS := $(UNIT_TESTS) $(ORACLE_PROGRAMS) $(DRIVER_PROGRAMS) $(FUZZ_PROGRAMS) \
    $(FUZZ_TOOLS) \
    $(if $(wildcard tests/builder/*_main.c),$(TESTS)/pyrec-build) $(TESTS)/pyrec-synth

# --- What a person runs ---

.PHONY: all
all: programs module ## build both programs (the default); PYTHON=... chooses the Python to record

# What `make pythons` makes for one Python, in $(PY_BUILD).
.PHONY: for-python
for-python: $(PYRECORD) module $(ORACLE_PROGRAMS)

.PHONY: programs
programs: $(LIBS) $(PROGRAMS)

.PHONY: module
module: ## build the Python package for $(PYTHON), in build/python/

PYTHONS = PYTHON=$(PYTHON) /usr/bin/env python3 make/pythons.py
build-pythons = failed=; while read -r version python; do \
    echo "== Python $$version ($$python)"; \
    $(MAKE) --no-print-directory PYTHON="$$python" PY_BUILD=$(BUILD)/python-$$version \
        for-python </dev/null || failed="$$failed $$version"; done; \
    [ -z "$$failed" ] || { echo "Not built for Python$$failed" >&2; exit 1; }

.PHONY: pythons
pythons: ## build pyrecord for every Python that is found, in build/python-X.Y/
	+@$(PYTHONS) | { $(build-pythons); }

# The same without the version of $(PYTHON).
.PHONY: other-pythons
other-pythons:
	+@LTO=0; export LTO; $(PYTHONS) --others | { $(build-pythons); }

.PHONY: demo
demo: ## record a program that fails, and step backward from its failure
	@make/deps.sh build
	@$(MAKE) $(PARALLEL) --no-print-directory all
	@BUILD=$(BUILD) samples/demo.sh

.PHONY: test
test: ## install what is missing (NO_INSTALL=1 only lists it), build, run every test
	@make/deps.sh build test
	@$(MAKE) $(PARALLEL) --no-print-directory all test-programs
	@$(MAKE) $(PARALLEL) --no-print-directory other-pythons
	@CC="$(CC)" PYTHON=$(PYTHON) BUILD=$(BUILD) make/run-tests.sh

.PHONY: test-sid
test-sid: ## the oracle on the Pythons of Debian's sid, in a chroot (as root; no part of CI)
	@make/test-sid.sh

.PHONY: test-full
test-full: ## the same with the long campaigns
	@make/deps.sh build test
	@$(MAKE) $(PARALLEL) --no-print-directory all test-programs
	@$(MAKE) $(PARALLEL) --no-print-directory other-pythons
	@CC="$(CC)" PYTHON=$(PYTHON) BUILD=$(BUILD) make/run-tests.sh full

.PHONY: test-cpython
test-cpython: all test-programs ## CPython's own tests with and without recording, on every Python found (SUITE=... passes options on)
	@$(MAKE) $(PARALLEL) --no-print-directory other-pythons
	@BUILD=$(BUILD) $(PYTHON) tests/cpython/suite.py $(SUITE)

.PHONY: test-san
test-san: ## the tests under ASan and UBSan, the writer's hand-over under TSan (SAN="pack cut" for some; most of an hour)
	@make/deps.sh build test
	@$(MAKE) $(PARALLEL) --no-print-directory BUILD=$(BUILD)-san SANITIZE=address,undefined \
	    CFLAGS="-O1 -g" all test-programs
	@$(MAKE) $(PARALLEL) --no-print-directory BUILD=$(BUILD)-tsan SANITIZE=thread \
	    CFLAGS="-O1 -g -Wno-tsan" $(BUILD)-tsan/tests/test_rec_writer $(BUILD)-tsan/bin/pyrecord
	@BUILD=$(BUILD) make/run-san.sh $(SAN)

.PHONY: test-valgrind
test-valgrind: all test-programs ## the replayer under valgrind: recordings, unit tests, sessions at the prompt
	@make/deps.sh build test
	@BUILD=$(BUILD) make/run-valgrind.sh

.PHONY: fuzz
fuzz: ## run each fuzzer for a minute (SECONDS_EACH=1800 for half an hour; FUZZ="index ask" for some)
	@make/deps.sh build fuzz
	@$(MAKE) $(PARALLEL) --no-print-directory BUILD=$(BUILD)-fuzz CC=clang-14 FUZZER=1 WERROR= \
	    SANITIZE=fuzzer-no-link,address,undefined CFLAGS="-O1 -g" fuzz-programs fuzz-mutator
	@AFL_USE_ASAN=1 AFL_USE_UBSAN=1 $(MAKE) $(PARALLEL) --no-print-directory BUILD=$(BUILD)-fuzz-afl \
	    CC=afl-clang-fast WERROR= SANITIZE=address,undefined CFLAGS="-O1 -g" \
	    $(BUILD)-fuzz-afl/bin/pyreplay
	@BUILD=$(BUILD) make/run-fuzz.sh $(FUZZ)

.PHONY: coverage
coverage: ## lines and branches of schema/ and replayer/core/ that the tests reach
	@make/deps.sh build test coverage
	@$(MAKE) $(PARALLEL) --no-print-directory BUILD=$(BUILD)-cov CFLAGS="$(COVERAGE_CFLAGS)" \
	    programs test-programs
	@BUILD=$(BUILD) make/run-coverage.sh
# No function is expanded where it is called: each of its branches counts once.
COVERAGE_CFLAGS := -O0 -g --coverage -Dalways_inline=unused

.PHONY: bench
bench: all ## measure what recording costs (BENCH=--quick for daily work; --help is there, too)
	@BUILD=$(BUILD) CC="$(CC)" $(PYTHON) tests/bench/bench.py $(BENCH)

.PHONY: bench-readme
bench-readme: all ## the same, with the other tools that are installed, and put it into the README
	@BUILD=$(BUILD) CC="$(CC)" $(PYTHON) tests/bench/bench.py --peers \
	    --json tests/bench/results/record.json --svg tests/bench/results/record.svg \
	    --readme README.md $(BENCH)

.PHONY: sweep
sweep: all ## how the cost of an event depends on the size of the data (SWEEP=... passes options on)
	@BUILD=$(BUILD) CC="$(CC)" $(PYTHON) tests/bench/sweep.py $(SWEEP)

.PHONY: profile
profile: all ## instructions an event, by function of the recorder (needs valgrind)
	@mkdir -p tests/bench/results
	@BUILD=$(BUILD) $(PYTHON) tests/bench/profile_record.py \
	    --out tests/bench/results/profile.txt $(PROFILE)

.PHONY: bench-replay
bench-replay: all test-programs ## measure replaying a recording of 100 million events (BENCH=... as above)
	@BUILD=$(BUILD) $(PYTHON) tests/bench/replay.py $(BENCH)

.PHONY: deps
deps: ## install the Debian packages that building and testing need (NO_INSTALL=1 only lists)
	@make/deps.sh build test

.PHONY: fmt
fmt: ## format the C sources
	$(CLANG_FORMAT) -i $(C_FILES)

.PHONY: check-format
check-format: ## say which C sources are not formatted
	$(CLANG_FORMAT) --dry-run --Werror $(C_FILES)

.PHONY: man
man: $(patsubst $(BIN)/%,$(BUILD)/man/%.1,$(PROGRAMS)) ## write the man pages to build/man
	@for name in $$($(BIN)/pyreplay help --list); do \
	    $(BIN)/pyreplay $$name --man >$(BUILD)/man/pyreplay-$$name.1 || exit 1; done

.PHONY: install
install: all man ## install programs and man pages below PREFIX (/usr/local); DESTDIR for packagers
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	install -d $(DESTDIR)$(PREFIX)/lib/pyrecord/python/pyrecord
	install -m 644 $(PACKAGE)/*.* $(DESTDIR)$(PREFIX)/lib/pyrecord/python/pyrecord
	install -m 644 $(BUILD)/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1

.PHONY: clean
clean: ## remove what was built
	rm -rf $(BUILD)

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: test-programs
test-programs: $(TEST_PROGRAMS)

.PHONY: fuzz-programs
fuzz-programs: $(FUZZ_PROGRAMS) $(TESTS)/fz-file

# What AFL++ loads into itself, so without sanitizers.
.PHONY: fuzz-mutator
fuzz-mutator: $(BUILD)/fz-afl.so
FUZZ_MUTATOR := $(patsubst %,tests/fuzz/fz_%.c,afl frames mutate) tests/unit/tt_craft.c
$(BUILD)/fz-afl.so: $(FUZZ_MUTATOR) $(wildcard tests/fuzz/*.h)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) -shared -fPIC -O2 -D_GNU_SOURCE -Itests/unit -Itests/fuzz -o $@ $(FUZZ_MUTATOR) \
	    -lzstd -lxxhash

# All cores, unless the caller said how many.
PARALLEL = $(if $(findstring j,$(firstword -$(MAKEFLAGS))),,-j$(shell nproc))
C_FILES = $(shell git ls-files '*.c' '*.h')

export PYTHON CC NO_INSTALL

# --- How it is built ---

# V=1 shows the commands themselves.
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-4s %s\n' $(1) $(2))

# A file that is rewritten only when its text changes: other flags rebuild everything, and
# a source that is gone leaves its archive.
TEXT =
$(GEN)/flags: TEXT = $(CC) $(CPPFLAGS) $(WARNINGS) $(BASE_CFLAGS) $(LDFLAGS)
$(PY_GEN)/python: TEXT = $(PYTHON) $(CC) $(FAST)
$(GEN)/libtf.members: TEXT = $(TF_OBJ)
$(GEN)/librp.members: TEXT = $(RP_OBJ)
$(GEN)/libcl.members: TEXT = $(CL_OBJ)
$(GEN)/libcli.members: TEXT = $(CLI_OBJ)
$(PY_GEN)/librec.members: TEXT = $(REC_PART_OBJ)
define write-text
@mkdir -p $(@D)
@printf '%s\n' '$(subst ','\'',$(TEXT))' | cmp -s - $@ || \
    printf '%s\n' '$(subst ','\'',$(TEXT))' >$@
endef
$(GEN)/flags $(PY_GEN)/python $(PY_GEN)/librec.members: FORCE
	$(write-text)
$(GEN)/%.members: FORCE
	$(write-text)

# Facts about $(PYTHON), for what embeds it. Asked for only by goals that build.
NO_PYTHON_GOALS := demo test test-sid test-full test-san fuzz coverage pythons other-pythons deps fmt check-format clean help
ifneq ($(filter-out $(NO_PYTHON_GOALS),$(or $(MAKECMDGOALS),all)),)
include $(PY_GEN)/python.mk
endif

$(PY_GEN)/python.mk: make/pyconfig.py $(PY_GEN)/python $(wildcard $(PYTHON))
	@$(PYTHON) make/pyconfig.py $(CC) >$@.new || { rm -f $@.new; exit 1; }
	@cmp -s $@.new $@ && { rm $@.new; touch $@; } || mv $@.new $@

.PHONY: FORCE
FORCE:

$(GEN)/schema/recording.pb-c.c: schema/recording.proto
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)protoc-c -I. --c_out=$(GEN) $<
$(GEN)/schema/recording.pb-c.h: $(GEN)/schema/recording.pb-c.c ;

# What differs between the parts.
PART_FLAGS :=
$(OBJ)/schema/%.o: PART_FLAGS := -Wconversion -I$(GEN)
$(OBJ)/replayer/core/%.o: PART_FLAGS := -Wconversion
$(OBJ)/replayer/main.o $(OBJ)/replayer/cli/%.o: PART_FLAGS := -Ireplayer/core -Ireplayer/cli
$(PY_OBJ)/recorder/%.o: PART_FLAGS = $(PY_CFLAGS) $(PY_DEFINES)
$(OBJ)/tests/drivers/%.o: PART_FLAGS := -Ireplayer/core
$(OBJ)/tests/fuzz/%.o: PART_FLAGS := -Ireplayer/core -Ireplayer/cli -Itests/builder \
    -Itests/unit -Itests/fuzz
$(OBJ)/tests/builder/%.o: PART_FLAGS := -Itests/builder
$(OBJ)/tests/unit/%.o: PART_FLAGS := -Ireplayer/core -Ireplayer/cli -Itests/builder -Itests/unit
$(OBJ)/tests/unit/test_tf_numbers.o: PART_FLAGS += -Itests/fuzz
$(OBJ)/tests/unit/test_rec_%.o: PART_FLAGS = -Irecorder -Itests/unit $(PY_CFLAGS) $(PY_DEFINES)
$(PY_OBJ)/tests/oracle/%.o: PART_FLAGS = $(PY_CFLAGS) $(PY_DEFINES)

# The extension module: what it holds is seen by nobody else in the process.
MODULE_FLAGS := -fPIC -fvisibility=hidden
$(PY_OBJ)/module/recorder/%.o: PART_FLAGS = $(filter-out -fno-pie,$(PY_CFLAGS)) $(PY_DEFINES) \
    -Irecorder $(MODULE_FLAGS)
$(OBJ)/module/schema/%.o: PART_FLAGS := -Wconversion -I$(GEN) $(MODULE_FLAGS)
$(OBJ)/module/cmdline/%.o: PART_FLAGS := $(MODULE_FLAGS)

# What runs at each event of the program: 5 % fewer instructions, and 6 % fewer still when the
# compiler sees all files at once (LTO=0: not, as linking takes ten seconds then). The objects
# hold ordinary code, too, for who links without.
LTO ?= $(if $(findstring clang,$(shell $(CC) --version)),0,1)
FAST := $(if $(filter -O2,$(CFLAGS)),-O3 $(if $(filter 1,$(LTO)),-flto=auto -ffat-lto-objects))
$(PY_OBJ)/recorder/%.o $(PY_OBJ)/module/recorder/%.o: OPTIMISE = $(FAST)
$(PYRECORD) $(MODULE): LINK += $(FAST)
ifneq ($(findstring --coverage,$(CFLAGS)),)
# What is not counted runs as fast as ever.
$(PY_OBJ)/recorder/%.o $(OBJ)/replayer/cli/%.o $(OBJ)/tests/%.o: \
    OPTIMISE = -O2 -fno-profile-arcs -fno-test-coverage
endif

compile = $(CC) -MMD -MP $(CPPFLAGS) $(PART_FLAGS) $(WARNINGS) $(BASE_CFLAGS) $(OPTIMISE) -c -o $@ $<

$(OBJ)/%.o: %.c $(GEN)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(compile)
ifneq ($(PY_OBJ),$(OBJ))
$(PY_OBJ)/%.o: %.c $(GEN)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(compile)
endif
$(PY_OBJ)/module/%.o: %.c $(GEN)/flags $(PY_GEN)/python.mk
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(compile)
$(OBJ)/module/schema/%.o: schema/%.c $(GEN)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(compile)
$(OBJ)/module/cmdline/%.o: cmdline/%.c $(GEN)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(compile)
$(OBJ)/module/gen/recording.pb-c.o: $(GEN)/schema/recording.pb-c.c $(GEN)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) -MMD -MP -I$(GEN) $(BASE_CFLAGS) $(MODULE_FLAGS) -c -o $@ $<
$(OBJ)/gen/recording.pb-c.o: $(GEN)/schema/recording.pb-c.c $(GEN)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) -MMD -MP -I$(GEN) $(BASE_CFLAGS) -c -o $@ $<

$(filter $(OBJ)/schema/%,$(TF_OBJ)) $(patsubst %.c,$(OBJ)/module/%.o,$(wildcard schema/*.c)): | $(GEN)/schema/recording.pb-c.h
$(REC_OBJ) $(patsubst $(TESTS)/%,$(OBJ)/tests/unit/%.o,$(REC_UNIT_TESTS)) \
    $(patsubst $(PY_BUILD)/%,$(PY_OBJ)/%.o,$(subst /tests/,/tests/oracle/,$(ORACLE_PROGRAMS))): \
    $(PY_GEN)/python.mk

define archive
@mkdir -p $(@D)
@rm -f $@
$(call say,AR,$@)
$(Q)$(AR) rcs $@ $(filter %.o,$^)
endef
$(LIB)/libtf.a: $(TF_OBJ)
$(LIB)/librp.a: $(RP_OBJ)
$(LIB)/libcl.a: $(CL_OBJ)
$(LIB)/libcli.a: $(CLI_OBJ)
$(REC_LIB): $(PY_GEN)/librec.members $(REC_PART_OBJ)
	$(archive)
$(LIB)/%.a: $(GEN)/%.members
	$(archive)

# The archives in groups: what depends on what among them is the layer check's business.
link = $(LINK) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group

$(BIN)/pyreplay: $(OBJ)/replayer/main.o $(LIB)/libcli.a $(RP_LIB) $(LIB)/libcl.a $(LIB)/libtf.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(link) $(CLI_LIBS) $(TF_LIBS) -lm

$(PYRECORD): $(PY_OBJ)/recorder/main.o $(REC_LIB) $(LIB)/libcl.a $(LIB)/libtf.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(link) $(TF_LIBS) $(PY_LIBS)

module: $(MODULE) $(PACKAGE_FILES)
$(MODULE): $(MODULE_OBJ)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(LINK) -shared -o $@ $(filter %.o,$^) $(TF_LIBS)

$(PACKAGE)/%: recorder/package/pyrecord/%
	@mkdir -p $(@D)
	$(Q)cp $< $@

$(TESTS)/pyrec-build: $(BUILDER_OBJ) $(LIB)/libtf.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(link) $(TF_LIBS) -lm

$(TESTS)/pyrec-synth: $(call objects,tests/synth/*.c) $(LIB)/libtf.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(link) $(TF_LIBS)

$(ORACLE_PROGRAMS): $(PY_BUILD)/tests/%: $(PY_OBJ)/tests/oracle/%.o
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(link) $(PY_LIBS)

$(DRIVER_PROGRAMS): $(TESTS)/%: $(OBJ)/tests/drivers/%.o $(RP_LIB) $(LIB)/libtf.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(link) $(TF_LIBS) -lm

FUZZ_LIBS := $(LIB)/libcli.a $(RP_LIB) $(LIB)/libcl.a $(LIB)/libtf.a
FUZZ_HELP_OBJ := $(FUZZ_PART_OBJ) $(patsubst %,$(OBJ)/tests/unit/%.o,tt_craft tt_file) \
    $(BUILDER_PART_OBJ)

$(FUZZ_PROGRAMS): $(TESTS)/fz-%: $(OBJ)/tests/fuzz/fz_%.o $(FUZZ_MAIN_OBJ) $(FUZZ_HELP_OBJ) \
    $(FUZZ_LIBS)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(link) $(if $(FUZZER),-fsanitize=fuzzer) $(CLI_LIBS) $(TF_LIBS) -lm

$(FUZZ_TOOLS): $(TESTS)/fz-%: $(OBJ)/tests/fuzz/fz_%_main.o $(FUZZ_HELP_OBJ) $(FUZZ_LIBS)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(link) $(CLI_LIBS) $(TF_LIBS) -lm

$(filter-out $(REC_UNIT_TESTS),$(UNIT_TESTS)): $(TESTS)/%: $(OBJ)/tests/unit/%.o \
    $(UNIT_HELP_OBJ) $(BUILDER_PART_OBJ) $(LIB)/libcli.a $(RP_LIB) $(LIB)/libcl.a $(LIB)/libtf.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(link) -lcmocka $(CLI_LIBS) $(TF_LIBS) -lm

$(TESTS)/test_tf_numbers: $(OBJ)/tests/fuzz/fz_frames.o

$(REC_UNIT_TESTS): LINK += -fno-lto
$(REC_UNIT_TESTS): $(TESTS)/%: $(OBJ)/tests/unit/%.o \
    $(REC_LIB) $(LIB)/libcl.a $(LIB)/libtf.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(link) -lcmocka $(TF_LIBS) $(PY_LIBS)

$(BUILD)/man/%.1: $(BIN)/%
	@mkdir -p $(@D)
	$< --man >$@

.DELETE_ON_ERROR:
.SECONDARY:
-include $(shell find $(sort $(OBJ) $(PY_OBJ)) -name '*.d' 2>/dev/null)
