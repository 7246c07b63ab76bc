# What the comparison with libseccomp needs: our interpreter as a program, and libseccomp's tools,
# which Debian has as source only.

$B/judge.o: Tests/Peers/judge.swift $B/BPFAssembler.swiftmodule
	@echo 'compiling the judge'
	@timeout 300 $(SWIFTC) $(SWIFT_FLAGS) -module-name judge -I $B -I Sources/CLinuxShims/include \
	  -c $< -o $@

$B/judge: $B/judge.o $B/random.o
	@$(link)
