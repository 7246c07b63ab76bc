# The manual of this project's commands; `make help` prints it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:

B := .build-embedded
HOST := $(shell uname -m)
SWIFTC := $(shell command -v swiftc)
# The folder lib/swift of the toolchain; links and wrappers around swiftc do not matter to it.
RESOURCES := $(if $(SWIFTC),$(shell swiftc -print-target-info | \
  sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p'))
CLANG := $(firstword $(wildcard $(RESOURCES)/../../bin/clang) clang)
UNICODE := $(RESOURCES)/embedded/$(HOST)-unknown-linux-gnu/libswiftUnicodeDataTables.a

LIBRARY := $(sort $(shell find Sources/BPFAssembler -name '*.swift'))
PROGRAM := $(sort $(shell find Sources/nonet -name '*.swift'))
SHIMS := $(wildcard Sources/CLinuxShims/*.c)
HEADERS := $(wildcard Sources/CLinuxShims/include/*)
PRESETS := $(sort $(wildcard Sources/BPFAssembler/Policy/Presets/*.policy))
TABLES := Sources/BPFAssembler/Architectures/Tables

SWIFT_FLAGS := -Osize -wmo -parse-as-library -swift-version 6 -package-name nonet \
  -enable-experimental-feature Embedded -enable-upcoming-feature ExistentialAny \
  -enable-upcoming-feature MemberImportVisibility -enable-upcoming-feature InternalImportsByDefault \
  -warnings-as-errors

all: bin/nonet ## builds bin/nonet: Embedded Swift, static

# An Embedded module carries its code with it, and what the program uses of the library is compiled
# into the program's own object: linking the library's object too would only store it twice.
# `timeout` because some mistakes make the Embedded compiler hang.
$B/BPFAssembler.swiftmodule: $(LIBRARY) $B/PackageResources.swift
	timeout 300 $(SWIFTC) $(SWIFT_FLAGS) -module-name BPFAssembler -emit-module \
	  -emit-module-path $@ $^

$B/nonet.o: $(PROGRAM) $(HEADERS) $B/BPFAssembler.swiftmodule
	timeout 300 $(SWIFTC) $(SWIFT_FLAGS) -module-name nonet -I $B -I Sources/CLinuxShims/include \
	  -c $(PROGRAM) -o $@

$B/shims.o: $(SHIMS) $(HEADERS)
	$(CLANG) -O2 -Wall -Wextra -Werror -I Sources/CLinuxShims/include -c $(SHIMS) -o $@

# What SwiftPM's .embedInCode writes in the ordinary build.
$B/PackageResources.swift: $(PRESETS) Makefile | toolchain
	mkdir -p $B
	{ echo 'enum PackageResources {'; \
	  for file in $(PRESETS); do \
	    echo "  static let $$(basename $$file | tr . _): [UInt8] = ["; \
	    od -An -v -tu1 $$file | sed 's/\([0-9][0-9]*\)/\1,/g'; echo '  ]'; \
	  done; echo '}'; } > $@

bin/nonet: $B/nonet.o $B/shims.o
	mkdir -p bin
	$(CLANG) -static -fuse-ld=lld -o $@ $^ $(UNICODE) -lm -s \
	  -Wl,--gc-sections -Wl,--defsym=main=nonet_main

toolchain:
	@test -n '$(SWIFTC)' || { echo 'nonet: no swiftc on PATH; Swift 6.2 or later is needed, from https://www.swift.org/install/linux/' >&2; exit 1; }

tables: ## rewrites the generated tables of calls, prototypes, constants and error numbers
	@for pair in syscalls:SyscallTable prototypes:PrototypeTable constants:ConstantTable errnos:ErrnoTable; do \
	  table=$${pair%:*}; \
	  LC_ALL=C awk -v table=$$table -f $(TABLES)/generate.awk $(TABLES)/$$table.tsv > $(TABLES)/$${pair#*:}.new && \
	  mv $(TABLES)/$${pair#*:}.new $(TABLES)/$${pair#*:}.swift || exit 1; \
	done

# Whole files for every preset and list; a test compares them with what the library makes.
goldens: bin/nonet ## rewrites the golden programs under Fixtures/golden
	@mkdir -p Fixtures/golden
	@rm -f Fixtures/golden/*
	@for policy in $(notdir $(PRESETS:.policy=)) $(wildcard Fixtures/policies/*.policy); do \
	  for arch in x86_64 aarch64; do \
	    for format in listing raw; do \
	      bin/nonet --dump-bpf -q --policy $$policy --arch $$arch --format $$format \
	        > Fixtures/golden/$$(basename $$policy .policy).$$arch.$$format || exit 1; \
	    done; \
	  done; \
	done
