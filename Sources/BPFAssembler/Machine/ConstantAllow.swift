extension Program {
  /// Whether this program alone lets the kernel skip it for one system call number.
  ///
  /// When a filter is attached, Linux 5.11 and later walk it once per number with nothing known
  /// but `nr` and `arch`. Where the walk ends in ALLOW, later calls of that number never run the
  /// filter. The kernel does this for numbers of the native and compat tables only, and only
  /// where every older filter agrees: both are for the caller to know.
  ///
  /// Source: seccomp_is_const_allow in kernel/seccomp.c.
  ///
  /// - Parameters:
  ///   - nr: The system call number.
  ///   - arch: The audit value of its table.
  /// - Returns: Whether the walk meets nothing but loads of `nr` and `arch`, jumps, comparisons
  ///   and AND with constants, and then returns exactly SECCOMP_RET_ALLOW.
  public func isConstantlyAllowed(nr: UInt32, arch: UInt32) -> Bool {
    var a: UInt32 = 0
    var index = 0
    while true {
      let instruction = instructions[index]
      index += 1
      switch instruction {
      case .load(.data(.nr)): a = nr
      case .load(.data(.arch)): a = arch
      case .arithmetic(.and, .constant(let mask)): a &= mask
      case .jump(let distance): index += Int(distance)
      case .branch(let test, .constant(let value), let ifTrue, let ifFalse):
        index += Int(test.holds(a, value) ? ifTrue : ifFalse)
      case .return(.constant(let value)): return value == SeccompReturn.allow
      case .load, .loadIndex, .store, .storeIndex, .arithmetic, .negate, .copyToIndex,
        .copyFromIndex, .branch, .return:
        return false
      }
    }
  }
}
