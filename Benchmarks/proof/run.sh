#!/bin/bash
# Prints the cost of the proof in the build that ships: Embedded Swift, -Osize. Run `make` first.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
build=.build-embedded
resources=$(swiftc -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')
clang=$resources/../../bin/clang
swiftc -Osize -wmo -parse-as-library -swift-version 6 -package-name nonet \
  -enable-experimental-feature Embedded -enable-upcoming-feature InternalImportsByDefault \
  -module-name proofbenchmark -I $build -c Benchmarks/proof/proof.swift -o $build/proof-benchmark.o
"$clang" -O2 -c Benchmarks/proof/main.c -o $build/proof-main.o
"$clang" -static -fuse-ld=lld -o $build/proof-benchmark $build/proof-benchmark.o $build/proof-main.o \
  "$resources/embedded/$(uname -m)-unknown-linux-gnu/libswiftUnicodeDataTables.a" -lm -Wl,--gc-sections
exec $build/proof-benchmark
