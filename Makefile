# The manual of this project's commands: `make help` prints it.
SHELL := /bin/bash
.DEFAULT_GOAL := all

SWIFTC ?= swiftc
TOOLCHAIN = $(patsubst %/bin/swiftc,%,$(shell command -v $(SWIFTC)))
B := .build-embedded
HOST_TRIPLE := $(shell uname -m)-unknown-linux-gnu
UNICODE = $(TOOLCHAIN)/lib/swift/embedded/$(HOST_TRIPLE)/libswiftUnicodeDataTables.a
LIBRARY := $(shell find Sources/BPFAssembler -name '*.swift')
PROGRAM := $(shell find Sources/nonet -name '*.swift')
SHIMS := $(shell find Sources/CLinuxShims -name '*.c')
EMBEDDED := -Osize -wmo -parse-as-library -enable-experimental-feature Embedded -swift-version 6 -package-name nonet

all: bin/nonet
bin/nonet: $(LIBRARY) $(PROGRAM) $(SHIMS) Makefile
	mkdir -p bin $B
	timeout 120 $(SWIFTC) $(EMBEDDED) -module-name BPFAssembler -emit-module -emit-module-path $B/BPFAssembler.swiftmodule -c $(LIBRARY) -o $B/BPFAssembler.o
	timeout 120 $(SWIFTC) $(EMBEDDED) -module-name nonet -I $B -I Sources/CLinuxShims/include -c $(PROGRAM) -o $B/nonet.o
	clang -O2 -c $(SHIMS) -I Sources/CLinuxShims/include -o $B/shims.o
	clang -static -fuse-ld=lld -o $@ $B/nonet.o $B/BPFAssembler.o $B/shims.o $(UNICODE) -lm -Wl,--gc-sections -Wl,--defsym=main=nonet_main -s

.PHONY: tables
TABLES := Sources/BPFAssembler/Architectures/Tables
tables: ## rewrites the generated tables of calls, prototypes, constants and error numbers
	@for pair in syscalls:SyscallTable prototypes:PrototypeTable constants:ConstantTable errnos:ErrnoTable; do \
	  table=$${pair%:*}; \
	  LC_ALL=C awk -v table=$$table -f $(TABLES)/generate.awk $(TABLES)/$$table.tsv > $(TABLES)/$${pair#*:}.new && \
	  mv $(TABLES)/$${pair#*:}.new $(TABLES)/$${pair#*:}.swift || exit 1; \
	done
