# The manual of this project's commands; `make help` prints it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:

HOST := $(shell uname -m)
SWIFTC := $(shell command -v swiftc)
# The folder lib/swift of the toolchain; links and wrappers around swiftc do not matter to it.
RUNTIME := $(if $(SWIFTC),$(shell swiftc -print-target-info | \
  sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p'))
CLANG := $(firstword $(wildcard $(RUNTIME)/../../bin/clang) clang)

# All that differs between the host's binary and one for another machine, which `make CROSS=aarch64`
# builds by the same rules. The toolchain's Embedded Swift for that machine knows no system.
CROSS :=
MACHINE := $(or $(CROSS),$(HOST))
ifeq ($(CROSS),)
B := .build-embedded
BINARY := bin/nonet
EMBEDDED := $(HOST)-unknown-linux-gnu
# Where the C library and the kernel's headers are.
MUSL := /usr
KERNEL := /usr/include/linux /usr/include/asm-generic \
  $(firstword $(wildcard /usr/include/$(HOST)-linux-gnu/asm /usr/include/asm))
else
B := .build-$(CROSS)
BINARY := bin/nonet-$(CROSS)
EMBEDDED := $(CROSS)-none-none-elf
TARGET := -target $(EMBEDDED) -Xcc -D__linux__=1
C_TARGET := --target=$(CROSS)-linux-gnu
MUSL := .build-musl/$(CROSS)/usr
GLIBC := -isystem /usr/$(CROSS)-linux-gnu/include
KERNEL := $(addprefix /usr/$(CROSS)-linux-gnu/include/,linux asm-generic asm)
endif

# The C library that is linked in: musl, with which the binary starts faster and is smaller, or, where
# there is none or by `make LIBC=glibc`, glibc.
MUSL_LIBRARY := $(MUSL)/lib/$(MACHINE)-linux-musl
LIBC := $(if $(wildcard $(MUSL_LIBRARY)/libc.a),musl,glibc)
ifeq ($(LIBC),musl)
# Its headers and the kernel's alone, without glibc's beside them.
C_LIBRARY := --sysroot=$B/root -isystem $B/root/usr/include
else
override B := $B-glibc
C_LIBRARY := $(GLIBC)
ifeq ($(origin LIBC),file)
LACKS_MUSL := nonet: there is no musl for $(MACHINE) (Debian: musl-dev); with glibc the binary is larger and starts slower
endif
endif
UNICODE := $(RUNTIME)/embedded/$(EMBEDDED)/libswiftUnicodeDataTables.a

LIBRARY := $(sort $(shell find Sources/BPFAssembler -name '*.swift'))
PROGRAM := $(sort $(shell find Sources/nonet -name '*.swift'))
SHIMS := $(wildcard Sources/CLinuxShims/*.c)
HEADERS := $(wildcard Sources/CLinuxShims/include/* Sources/CLinuxShims/*.h)
# What Package.swift embeds too: the Python wrapper and the parts of the report's page.
PARTS := Sources/nonet/Confinement/net_restrict.py $(addprefix Sources/nonet/Report/report., html css js)
GOLDEN := Fixtures/golden
PRESETS := $(basename $(notdir $(wildcard Sources/nonet/Presets/Policies/*.policy)))
LISTS := $(basename $(notdir $(wildcard Fixtures/policies/*.policy)))
# The native architectures: the rows that are of 64 bits.
ARCHES := $(shell sed -n '/is32Bit: true/d; s/.*Row."\([a-z0-9_]*\)".*/\1/p' \
  Sources/BPFAssembler/Architectures/Architecture.swift)
PREFIX ?= /usr/local
# Debian's suites whose kernels are tested: Linux 5.10, 6.1, 6.12 and the newest.
KERNELS ?= bullseye bookworm bookworm-backports trixie-backports
ARM_KERNELS ?= bookworm bookworm-backports
TABLES := Sources/BPFAssembler/Architectures/Tables
UNICODE_DATA ?= /usr/share/unicode

# `make OPTIMIZE=-Onone` builds in a third of the time, for trying things.
OPTIMIZE := -Osize
# `String.append` is called and not put in at each of the 2,700 places of messages where it stands: a fifth of
# the binary. Second copies of loops, and of functions for a closure that they are given, gain no time that a proof
# of 4,000 rules shows: 40 kB.
SWIFT_FLAGS := $(TARGET) $(C_LIBRARY:%=-Xcc %) $(OPTIMIZE) -wmo -parse-as-library -swift-version 6 -package-name nonet \
  -enable-experimental-feature Embedded -enable-upcoming-feature ExistentialAny \
  -enable-upcoming-feature MemberImportVisibility -enable-upcoming-feature InternalImportsByDefault \
  -warnings-as-errors -Xfrontend -mergeable-traps -Xfrontend -function-sections \
  -Xllvm -sil-inline-never-functions=eSS6appendyySSF \
  $(patsubst %,-Xllvm -sil-disable-pass=%,loop-rotate loop-unroll array-property-opt closure-specialize)

C_FLAGS := $(C_TARGET) $(C_LIBRARY) $(if $(filter musl,$(LIBC)),-DNONET_HEAP) -Wall -Wextra -Werror -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables
O_FLAGS := -Wno-override-module -Oz -fno-pic -mllvm -enable-machine-outliner=always -ffunction-sections -fdata-sections

objects = $(filter %.o,$^) $(UNICODE)
ifeq ($(LIBC),musl)
linked = -nostdlib $(MUSL_LIBRARY)/crt1.o $(objects) $(MUSL_LIBRARY)/libc.a \
  $(shell $(CLANG) $(C_TARGET) -print-libgcc-file-name)
else
linked = $(objects) -lm
endif
link = $(CLANG) $(C_TARGET) -static -fuse-ld=lld -o $@ $(linked) -s \
  -Wl,--gc-sections -Wl,-z,norelro -Wl,--defsym=main=nonet_main
# What a start runs comes first (`make order`); names that are not there any more are passed over.
ORDER := Sources/start-order.txt
ordered = -Wl,--symbol-ordering-file=$(ORDER) -Wl,--no-warn-symbol-ordering

# What is compiled depends on how beside its sources, and for which C library.
$B/flags: FORCE
	@mkdir -p $B
	@echo '$(SWIFTC) $(SWIFT_FLAGS)' > $@.new
	@if [ $(LIBC) = musl ] && ! cmp -s $@.new $@; then \
	  rm -rf $B/root; mkdir -p $B/root/usr/include; \
	  ln -s $(abspath $(MUSL)/include/$(MACHINE)-linux-musl)/* $(KERNEL) $B/root/usr/include; \
	fi
	@$(call replace,$@)
$B/c-flags: $B/flags FORCE
	@echo '$(CLANG) $(C_FLAGS) $(O_FLAGS)' > $@.new
	@$(call replace,$@)

all: bin/nonet presets bin/nonet-shell ## builds bin/nonet: Embedded Swift, static; and its other name

# An Embedded module carries its code with it, and what the program uses of the library is compiled
# into the program's own object: linking the library's object too would only store it twice.
# `timeout` because some mistakes make the Embedded compiler hang; `touch` because a compiler that
# writes what is there already leaves the old time.
$B/BPFAssembler.swiftmodule: $(LIBRARY) $B/flags | toolchain
	@echo 'compiling BPFAssembler'
	@timeout 900 $(SWIFTC) $(SWIFT_FLAGS) -module-name BPFAssembler -emit-module \
	  -emit-module-path $@ $(LIBRARY) && touch $@

$B/nonet.irgen.ll: $(PROGRAM) $B/nonet/PackageResources.swift $(HEADERS) $B/BPFAssembler.swiftmodule
	@echo 'compiling nonet'
	@timeout 900 $(SWIFTC) $(SWIFT_FLAGS) -module-name nonet -I $B -I Sources/CLinuxShims/include \
	  -emit-irgen $(filter %.swift,$^) -o $@.new
	@# What stands at thousands of places is called there: 40 kB less.
	@sed -E -i '/^define .*@swift_(retain|isUniquelyReferenced_nonNull_native)\(/ s/ (#[0-9]+ \{)/ noinline \1/' $@.new && mv $@.new $@

$B/nonet.ll: $B/nonet.irgen.ll
	@timeout 900 $(SWIFTC) -frontend -target $(EMBEDDED) $(OPTIMIZE) -module-name nonet -emit-ir $< -o $@.new
	@# Functions without a name, or without a symbol, could not be put in an order.
	@sed -E -i 's/@([0-9]+)\b/@unnamed.\1/g; s/^define private/define internal/' $@.new && mv $@.new $@

# As text: what writes bitcode stumbles over functions without a name.
$B/nonet.o: $B/nonet.ll $B/c-flags
	@$(CLANG) $(C_TARGET) $(O_FLAGS) -c $< -o $@

$B/%.o: Sources/CLinuxShims/%.c $(HEADERS) $B/c-flags
	@$(CLANG) $(C_FLAGS) -O2 -I Sources/CLinuxShims/include -c $< -o $@

# What is built in, from the policies and their golden filters.
BUILT_IN := Sources/nonet/Presets/Preset.swift Sources/nonet/Supervisor/SupervisionFilter.swift
Sources/nonet/Presets/Preset.swift: FORCE
	@Sources/nonet/Presets/generate presets $(ARCHES) > $@.new; $(call replace,$@)
Sources/nonet/Supervisor/SupervisionFilter.swift: FORCE
	@Sources/nonet/Presets/generate supervision $(ARCHES) > $@.new; $(call replace,$@)

# What SwiftPM's .embedInCode writes in the ordinary build.
define embed
@mkdir -p $(@D)
@{ echo 'enum PackageResources {'; \
  for file in $(filter Sources/%,$^); do \
    echo "  static let $$(basename $$file | tr .- __): [UInt8] = ["; \
    od -An -v -tu1 $$file | sed 's/\([0-9][0-9]*\)/\1,/g'; echo '  ]'; \
  done; echo '}'; } > $@.new
@$(call replace,$@)
endef
$B/nonet/PackageResources.swift: $(PARTS) Makefile | toolchain
	$(embed)

ifneq ($(wildcard $(UNICODE)),)
OBJECTS := $B/nonet.o $(SHIMS:Sources/CLinuxShims/%.c=$B/%.o)
$B/linked: $(OBJECTS) $(ORDER)
	@echo 'linking $(BINARY) with $(LIBC)'
	@$(if $(LACKS_MUSL),echo '$(LACKS_MUSL)' >&2)
	@$(link) $(ordered)

# The same with its symbols.
$B/traced: $(OBJECTS) $(ORDER)
	@$(filter-out -s,$(link)) $(ordered)

# The one of the two C libraries' that is asked for.
$(BINARY): $B/linked FORCE
	@mkdir -p bin
	@cp $< $@.new
	@$(call replace,$@)
else
$(BINARY): $(LIBRARY) $(PROGRAM) $(SHIMS) $(HEADERS) $(PARTS) | toolchain
	@echo 'nonet: this toolchain has no Embedded Swift for $(HOST); building a larger static binary' >&2
	swift build -c release --product nonet -Xswiftc -static-executable --scratch-path .build-static
	mkdir -p bin
	cp "$$(swift build -c release --scratch-path .build-static --show-bin-path)/nonet" $@
endif

nonet-aarch64: toolchain ## cross-builds bin/nonet-aarch64
	@.ci/install aarch64
	@.ci/musl aarch64 || true # the link says what it takes instead
	@$(MAKE) --no-print-directory CROSS=aarch64 bin/nonet-aarch64

# What the binary's compiler makes of the golden file named $(1), for the arch $(2), as $(3).
dump = preset=$(1); variant=$${preset%-deny-debug}; file=Fixtures/policies/$$preset.policy; \
  bin/nonet -q --dump-bpf --arch $(2) --format $(3) $$( \
    if [ -e $$file ]; then echo --policy $$file; \
    elif [ $$variant != $$preset ]; then echo --policy $$variant --deny @debug; \
    else echo --policy $$preset; fi)

# The filters in the binary must be what its compiler makes of their text. Where Landlock is missing,
# presets deny the calls of @debug themselves; one that does so anyway has no second filter.
presets: bin/nonet
	@for name in $(PRESETS) $(PRESETS:=-deny-debug) supervision; do for arch in $(ARCHES); do \
	  golden=$(GOLDEN)/$$name.$$arch.raw; \
	  [ -e $$golden ] || golden=$(GOLDEN)/$${name%-deny-debug}.$$arch.raw; \
	  $(call dump,$$name,$$arch,raw) | cmp -s - $$golden || { \
	    echo "nonet: $$golden is not what $$name compiles to; run: make goldens" >&2; \
	    rm -f bin/nonet; exit 1; }; \
	done; done

# The same program, which looks at the name it is called by.
bin/nonet-shell: | bin/nonet
	@ln -sfn nonet $@

toolchain:
	@test -n '$(SWIFTC)' && swiftc --version 2>/dev/null | \
	  sed -n 's/.*Swift version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | \
	  { read major minor && (( major > 6 || (major == 6 && minor >= 3) )); } || { \
	    echo 'nonet: Swift 6.3 or later is needed on PATH; it comes from https://www.swift.org/install/linux/' >&2; \
	    exit 1; }

goldens: bin/nonet ## rewrites Fixtures/golden from the policies, then builds with the new presets
	@for name in $(PRESETS) $(PRESETS:=-deny-debug) $(LISTS); do \
	  for arch in $(ARCHES); do for format in raw listing; do \
	    golden=$(GOLDEN)/$$name.$$arch.$$format; \
	    $(call dump,$$name,$$arch,$$format) > $$golden.new; \
	    if [ $$name != $${name%-deny-debug} ] && \
	      { $(call dump,$$name,$$arch,raw); } | cmp -s - $(GOLDEN)/$${name%-deny-debug}.$$arch.raw; then \
	      rm -f $$golden.new $$golden; continue; fi; \
	    $(call replace,$$golden); \
	  done; done; done
	@$(MAKE) --no-print-directory all

tables: ## rewrites the generated tables of calls, prototypes, constants, errnos, sets and hidden characters
	@for pair in syscalls:SyscallTable prototypes:PrototypeTable constants:ConstantTable errnos:ErrnoTable sets:SetTable; do \
	  swift=$(TABLES)/$${pair#*:}.swift; table=$${pair%:*}; \
	  LC_ALL=C awk -v table=$$table -f $(TABLES)/generate.awk $(TABLES)/$$table.tsv > $$swift.new; \
	  $(call replace,$$swift); \
	done
	@swift=Sources/BPFAssembler/Text/HiddenCharacters.swift; \
	here=$$(sed -n '1s/.*-\([0-9.]*\)\.txt/\1/p' $(UNICODE_DATA)/PropList.txt 2>/dev/null || true); \
	if [ -z "$$here" ]; then \
	  echo 'nonet: $(UNICODE_DATA) is not there (Debian: unicode-data); the hidden characters stay' >&2; \
	elif [ -e $$swift ] && ! grep -q "Unicode $$here " $$swift; then \
	  echo "nonet: $(UNICODE_DATA) is of Unicode $$here; remove $$swift to take its characters" >&2; \
	else \
	  LC_ALL=C awk -f Sources/BPFAssembler/Text/generate.awk $(UNICODE_DATA)/DerivedCoreProperties.txt \
	    $(UNICODE_DATA)/PropList.txt $(UNICODE_DATA)/extracted/DerivedGeneralCategory.txt > $$swift.new; \
	  $(call replace,$$swift); \
	fi

# Everything that says which options there are, from one table.
COMMAND_LINE := Sources/nonet/CommandLine
OPTIONS := $(addprefix $(COMMAND_LINE)/,OptionName.swift OptionParser+Table.swift HelpText.swift) \
  Documentation/nonet.1 Documentation/nonet-shell.1 Completions
option_table = LC_ALL=C awk -v make=$(1) -v version=$$(cat VERSION) -f $(COMMAND_LINE)/Table/options.awk \
  $(COMMAND_LINE)/Table/options.txt $(2) > $(3).new && $(call replace,$(3))
options: ## rewrites the parser's tables, help, manual and completions from options.txt and VERSION
	@$(call option_table,names,,$(COMMAND_LINE)/OptionName.swift)
	@$(call option_table,apply,,$(COMMAND_LINE)/OptionParser+Table.swift)
	@$(call option_table,help,$(addprefix $(COMMAND_LINE)/Table/,short.txt help.txt),$(COMMAND_LINE)/HelpText.swift)
	@for page in nonet nonet-shell; do \
	  $(call option_table,manual,Documentation/$$page.1,Documentation/$$page.1); \
	done
	@$(call option_table,bash,$(COMMAND_LINE)/Table/bash.txt,Completions/nonet.bash)
	@$(call option_table,zsh,$(COMMAND_LINE)/Table/zsh.txt,Completions/_nonet)
	@$(call option_table,fish,$(COMMAND_LINE)/Table/fish.txt,Completions/nonet.fish)

include Tests/Kernels/guest.mk
include Tests/Fuzzers/fuzzers.mk
include Tests/Peers/peers.mk
include Tests/Independent/prove.mk
include Integrations/dist.mk
include Integrations/panel.mk

# Puts FILE.new in the place of FILE, unless they are the same: an unchanged file rebuilds nothing.
replace = if cmp -s $(1).new $(1); then rm $(1).new; else mv $(1).new $(1); fi

demo: toolchain ## shows one program reach a server outside nonet and fail to inside
	@.ci/install demo
	@$(MAKE) --no-print-directory all
	@.ci/demo

# What a change is tried with again and again; the whole is `make test`. Left out of the Swift tests are those
# that take long without optimisation: they go through thousands of random policies and broken proofs.
LONG_SUITES := Mutation|Splitting|Random|LongRun|Fuzz|FarJump|Limit|Witness|Explanation|ProofAgreement|ProofTests|Relevance|Trap
SMOKE := test_bad_input test_main_job test_documentation test_environment_options
# The binary is built without optimisation, which takes a third of the time.
QUICK := .build-quick$(if $(filter glibc,$(LIBC)),-glibc)
check: lint ## what every change is tried with, in a minute or so: lint, both builds, unit tests, the binary from outside
	@$(MAKE) --no-print-directory -j2 --output-sync=target quick swift-tests
	swift test --skip-build --skip '$(LONG_SUITES)'
	NONET=$(QUICK)/linked $(side_by_side) $(SMOKE:%=Tests/BlackBox/%.py)

quick:
	@$(MAKE) --no-print-directory B=.build-quick OPTIMIZE=-Onone $(QUICK)/linked

# These tests wait more than they work; each file stays in one process. `make test WORKERS=0` runs them one by one.
WORKERS := 3
side_by_side = python3 -m pytest -q -n $(WORKERS) --dist loadfile

# Side by side: the two builds, of which each has long stretches that use one processor; and tests that compute with
# tests that wait.
test: deps lint ## everything: lint, both builds, all tests, the shipped binary from outside
	@$(MAKE) --no-print-directory -j2 --output-sync=target all optimized-tests
	@$(MAKE) --no-print-directory regenerated peers
	@$(MAKE) --no-print-directory -j3 --output-sync=target run-swift-tests black-box other-library
	@$(MAKE) --no-print-directory -j2 --output-sync=target takeover-some prove-some aicoder python-wrapper test-dist test-panel

# What takes minutes: races, soaks and crowds. NONET_SOAK and NONET_SEED repeat or lengthen a soak.
test-field: deps all ## attacks on the supervisor with more options, two million random calls, 10,000 threads; packages in a fresh Debian
	NONET_TAKEOVER=field $(side_by_side) Tests/Takeover
	NONET_FIELD=1 python3 -m pytest -q -rP Tests/BlackBox/test_supervised_load.py \
	  Tests/BlackBox/test_job_control.py Tests/BlackBox/test_ends_as_the_command.py
	@$(MAKE) --no-print-directory test-dist-short test-suites

test-suites: deps all ## CPython's own tests of its sockets, bare and under --loopback, each held against itself
	@.ci/install suites
	python3 -m pytest -q -rP -n $(WORKERS) Tests/Suites

test-how-to-add: deps all ## builds a copy of the tree with one more preset, architecture, host, format and option, twice
	NONET_FIELD=1 python3 -m pytest -q -rP Tests/BlackBox/test_how_to_add.py

takeover: deps all ## every attack on the supervisor with every option, as every user, by every end (more than an hour)
	NONET_TAKEOVER=all python3 -m pytest -q Tests/Takeover

# The binary with the other C library, without optimisation: whether it says and does the same.
other-library:
	@$(MAKE) --no-print-directory LIBC=glibc OPTIMIZE=-Onone $(patsubst %-glibc,%,$B)-glibc/linked
	NONET=$(patsubst %-glibc,%,$B)-glibc/linked python3 -m pytest -q $(SMOKE:%=Tests/BlackBox/%.py) \
	  Tests/BlackBox/test_loopback.py Tests/BlackBox/test_start.py

takeover-some:
	$(side_by_side) Tests/Takeover

aicoder:
	python3 -m pytest -q -p no:cacheprovider Integrations/aicoder

python-wrapper:
	NONET_TEST_PYTHONS=$$(python3 -c 'import sys; print(sys.executable)') $(side_by_side) Tests/Python

black-box:
	python3 -m pytest -q -p no:cacheprovider Tests/Rooms
	$(side_by_side) Tests/BlackBox

# Optimised, since random policies and broken proofs take a tenth of the time then.
OPTIMIZED := -c release -Xswiftc -enable-testing
run-swift-tests: optimized-tests
	nice swift test --skip-build $(OPTIMIZED)

optimized-tests: toolchain
	swift build --build-tests $(OPTIMIZED)

swift-tests: toolchain
	swift build --build-tests

test-pythons: ## the Python fall-back under every interpreter that pyenv has here (6 minutes)
	python3 -m pytest -q Tests/Python

test-aarch64: nonet-aarch64 ## the same promises on real arm64 kernels, emulated
	@.ci/install kernels
	@$(MAKE) --no-print-directory CROSS=aarch64 guest
	Tests/Kernels/run aarch64 bin/nonet-aarch64 .build-aarch64/guest $(ARM_KERNELS)

test-kernels: all guest ## the same promises on old and new x86_64 kernels, emulated
	@.ci/install kernels
	Tests/Kernels/run x86_64 bin/nonet $B/guest $(KERNELS)

lint: rooms ## swift format, strictly, and the rooms
	swift format lint --strict -r Sources Tests Package.swift

rooms: $B/BPFAssembler.swiftmodule $B/nonet/PackageResources.swift ## judges by the compiler which room uses which (Sources/rooms)
	@Tests/Rooms/check Sources/rooms --table Documentation/architecture.md -- \
	  $(SWIFTC) $(SWIFT_FLAGS) -I $B -I Sources/CLinuxShims/include

# What is generated and checked in must be what would be generated now.
regenerated: tables options goldens $B/traced
	@Benchmarks/order check $B/traced
	git diff --exit-code -- $(TABLES) $(GOLDEN) $(BUILT_IN) Sources/BPFAssembler/Text $(OPTIONS)

# The other C library's binary, and a Python with the sandbox that comes as a package of it.
bench-others: deps
	@$(MAKE) --no-print-directory LIBC=glibc $(patsubst %-glibc,%,$B)-glibc/linked
	@test -x .build-bench/bin/python || { python3 -m venv .build-bench && \
	  .build-bench/bin/pip install --quiet sandlock==0.9.0; } || echo 'nonet: sandlock cannot be installed, left out' >&2

bench: deps all bench-others ## start-up and per-call cost next to a C program, unshare, bwrap and others
	SANDLOCK_PYTHON=$(CURDIR)/.build-bench/bin/python Benchmarks/run

figures: deps all bench-others ## measures the start anew and puts the table into README
	@SANDLOCK_PYTHON=$(CURDIR)/.build-bench/bin/python NONET_BENCH=start Benchmarks/run > Benchmarks/start.md.new
	@$(call replace,Benchmarks/start.md)
	@awk '/^<!-- Benchmarks\/start.md -->$$/ { print; print ""; while ((getline line < "Benchmarks/start.md") > 0) print line; \
	  print ""; skips = 1 } /^<!-- end -->$$/ { skips = 0 } !skips' README.md > README.md.new
	@$(call replace,README.md)

order: $B/traced ## traces what a start runs and puts it side by side in the binary
	@Benchmarks/order write $< > $(ORDER).new
	@$(call replace,$(ORDER))
	@$(MAKE) --no-print-directory all

# Undefined behaviour is C's: the shims and the children trap there, for which the sanitizer needs no runtime.
SANITIZED := SWIFT_BACKTRACE=enable=no swift test $(OPTIMIZED) \
  -Xcc -fsanitize=undefined -Xcc -fsanitize-trap=undefined
sanitize: toolchain ## the Swift tests under address and thread sanitizer, C under the one for undefined behaviour
	ASAN_OPTIONS=detect_leaks=0 $(SANITIZED) --sanitize=address --scratch-path .build-asan
	$(SANITIZED) --sanitize=thread --scratch-path .build-tsan

fuzz-inputs: $(addprefix $F/,$(FUZZERS)) ## libFuzzer on everything that is read; NONET_FUZZ_SECONDS each (60), NONET_SEED
	Tests/Fuzzers/run $F $(FUZZERS)

peers: bin/nonet $B/judge ## builds what the comparison with libseccomp needs; prints both filters of published profiles in figures
	@Tests/Peers/fetch
	@Tests/Peers/newest
	@Tests/Peers/profiles bin/nonet

fuzz: toolchain ## random runs, a million cases or NONET_FUZZ_MINUTES; NONET_SEED repeats one
	@export NONET_SEED=$${NONET_SEED:-$$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}; \
	echo "NONET_SEED=$$NONET_SEED"; \
	NONET_FUZZ_CASES=$${NONET_FUZZ_CASES:-1000000} swift test $(OPTIMIZED) --filter 'LongRunTests|JSONFuzzTests'

# What docc turns into pages: the comments of the public declarations.
$B/docs/BPFAssembler.symbols.json: $(LIBRARY) | toolchain
	@mkdir -p $B/docs
	@timeout 900 $(SWIFTC) -wmo -parse-as-library -swift-version 6 -package-name nonet -module-name BPFAssembler \
	  -emit-module -emit-module-path $B/docs/BPFAssembler.swiftmodule -emit-symbol-graph \
	  -emit-symbol-graph-dir $B/docs -symbol-graph-minimum-access-level public $(LIBRARY)

docs: $B/docs/BPFAssembler.symbols.json ## makes the library's DocC site in .build-docs and prints what it covers
	@$(RUNTIME)/../../bin/docc convert Sources/BPFAssembler/BPFAssembler.docc \
	  --additional-symbol-graph-dir $B/docs --output-path .build-docs --warnings-as-errors \
	  --fallback-display-name BPFAssembler --fallback-bundle-identifier nonet.BPFAssembler \
	  --experimental-documentation-coverage --coverage-summary-level brief
	@echo 'begin at documentation/bpfassembler, where .build-docs is served'

format: ## rewrites the sources as the linter wants them
	swift format -i -r Sources Tests Package.swift

deps: toolchain ## installs what the tests need and is missing (Debian, as root)
	@.ci/install

# Where there is no Swift, a binary that was built elsewhere is taken as it is.
install: $(if $(SWIFTC),all) ## copies nonet, nonet-shell, manual pages, completions and plug-ins below PREFIX (/usr/local)
	@test -x bin/nonet || { \
	  echo 'nonet: there is no bin/nonet, and building it needs Swift 6.3: https://www.swift.org/install/linux/' >&2; \
	  exit 1; }
	install -D -m 755 bin/nonet $(DESTDIR)$(PREFIX)/bin/nonet
	ln -sfn nonet $(DESTDIR)$(PREFIX)/bin/nonet-shell
	@set -f; for pair in $(INSTALLED); do \
	  install -D -m 644 $${pair%:*} $(DESTDIR)$(PREFIX)/share/$${pair#*:} || exit; \
	  echo "install $${pair%:*} $(DESTDIR)$(PREFIX)/share/$${pair#*:}"; \
	done

uninstall: ## removes what `make install` puts below PREFIX
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/,bin/nonet bin/nonet-shell \
	  $(foreach pair,$(INSTALLED),share/$(lastword $(subst :, ,$(pair)))))

# Files and where they go below PREFIX/share.
INSTALLED := Documentation/nonet.1:man/man1/nonet.1 Documentation/nonet-shell.1:man/man1/nonet-shell.1 \
  Documentation/nonet-policy.5:man/man5/nonet-policy.5 \
  Completions/nonet.bash:bash-completion/completions/nonet Completions/_nonet:zsh/site-functions/_nonet \
  Completions/nonet.fish:fish/vendor_completions.d/nonet.fish \
  Integrations/opencode/nonet.js:nonet/opencode/nonet.js \
  Integrations/amp/nonet.ts:nonet/amp/nonet.ts \
  Integrations/aicoder/block_shell_network.py:nonet/aicoder/block_shell_network.py

clean: ## removes what was built
	rm -rf bin .build .build-embedded .build-embedded-glibc .build-quick .build-quick-glibc .build-static .build-aarch64 .build-aarch64-glibc .build-musl .build-docs .build-library .build-dist dist .build-fuzz .build-asan .build-tsan .build-peers .build-bench .build-solvers .build-panel

help: ## prints this
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1\t\2/p' Makefile Integrations/dist.mk Integrations/panel.mk Tests/Independent/prove.mk | expand -t 15

FORCE:

.PHONY: all uninstall options swift-tests optimized-tests run-swift-tests black-box takeover-some aicoder python-wrapper nonet-aarch64 presets toolchain goldens tables demo check quick test test-field test-how-to-add takeover test-pythons test-aarch64 test-kernels lint rooms regenerated bench bench-others figures order other-library docs sanitize fuzz fuzz-inputs peers format deps install clean help
