# The fuzzers, from the ordinary build's sources with address sanitizer and coverage.

FUZZERS := policy assembler raw words profile
F := .build-fuzz
FUZZ_SWIFT := -O -g -wmo -parse-as-library -swift-version 6 -package-name nonet -enable-testing -warnings-as-errors \
  -enable-upcoming-feature ExistentialAny -enable-upcoming-feature MemberImportVisibility \
  -enable-upcoming-feature InternalImportsByDefault -sanitize=fuzzer,address
FUZZ_C := -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined
FUZZ_SHIMS := $(SHIMS:Sources/CLinuxShims/%.c=$F/%.o)
# Where its module goes is said, or the compiler leaves it in the folder that it is called in.
fuzz_link = timeout 900 $(SWIFTC) $(FUZZ_SWIFT) -use-ld=lld -I $F -emit-executable -emit-module -emit-module-path $@.swiftmodule

$F/BPFAssembler.o: $(LIBRARY)
	@mkdir -p $F
	@echo 'compiling BPFAssembler for the fuzzers'
	@timeout 300 $(SWIFTC) $(FUZZ_SWIFT) -module-name BPFAssembler -emit-module \
	  -emit-module-path $F/BPFAssembler.swiftmodule -c $^ -o $@

$F/%.o: Sources/CLinuxShims/%.c $(HEADERS)
	@mkdir -p $F
	@$(CLANG) $(FUZZ_C) -I Sources/CLinuxShims/include -c $< -o $@

$(addprefix $F/,policy assembler raw): $F/%: $F/BPFAssembler.o Sources/nonet/Presets/Preset.swift Tests/Fuzzers/*.swift
	@name=$*; $(fuzz_link) -module-name fuzz_$$name -o $@ $F/BPFAssembler.o \
	  Sources/nonet/Presets/Preset.swift Tests/Fuzzers/{Finding,Samples,$${name^}}.swift

# The parser of the command line and the reader of profiles are no library: their fuzzers join the
# module of the program, in which no two files have one name.
$F/words: Tests/Fuzzers/Words.swift
$F/profile: Tests/Fuzzers/ProfileTexts.swift
$F/words $F/profile: $F/BPFAssembler.o $(FUZZ_SHIMS) $(PROGRAM) $B/nonet/PackageResources.swift \
  Tests/Fuzzers/Finding.swift
	@$(fuzz_link) -module-name nonet -I Sources/CLinuxShims/include -o $@ $(filter %.swift %.o,$^)
