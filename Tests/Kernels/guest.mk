# Programs that run inside an emulated machine, for the machine that $B is for; all static.

ASKED := $(addprefix Tests/BPFAssemblerTests/Machine/Support/, Kernel.swift KernelChecks.swift \
  MachineCases.swift RandomPrograms.swift Samples.swift Seeded.swift VerifierCases.swift \
  Visible.swift) Tests/Kernels/machine.swift
GUEST := $(addprefix $B/guest/, machine probe probe32 service unix)

guest: $(BINARY) $(GUEST)

$B/guest/machine.o: $(ASKED) Tests/CTestProbes/include/CTestProbes.h $B/BPFAssembler.swiftmodule
	@mkdir -p $(@D)
	@echo 'compiling the questions to a kernel'
	@timeout 300 $(SWIFTC) $(SWIFT_FLAGS) -module-name machine -I $B -I Tests/CTestProbes/include \
	  -c $(ASKED) -o $@

$B/guest/probes.o: Tests/CTestProbes/probes.c Tests/CTestProbes/include/CTestProbes.h
	@mkdir -p $(@D)
	@$(CLANG) $(C_TARGET) $(C_LIBRARY) -O2 -I Tests/CTestProbes/include -c $< -o $@

$B/guest/machine: $B/guest/machine.o $B/guest/probes.o $B/random.o
	@$(link)

$B/guest/probe: Tests/BlackBox/probes/probe.c
	@mkdir -p $(@D)
	@$(CLANG) $(C_TARGET) -O1 -Wall -static -fuse-ld=lld -s -o $@ $<

# A program of the 32-bit ABI, without a C library.
$B/guest/probe32: Tests/BlackBox/probes/probe32.c
	@mkdir -p $(@D)
	@$(CLANG) --target=$(if $(CROSS),armv7-linux-gnueabihf,i686-linux-gnu) -nostdlib -static \
	  -fuse-ld=lld -O1 -Wall -fno-stack-protector -fno-builtin -o $@ $<

$B/guest/service $B/guest/unix: $B/guest/%: Tests/Kernels/%.c
	@mkdir -p $(@D)
	@$(CLANG) $(C_TARGET) -O1 -Wall -Wextra -static -fuse-ld=lld -s -o $@ $<

.PHONY: guest
