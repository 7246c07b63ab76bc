internal import CLinuxShims

/// Looks for an environment variable.
///
/// - Parameter name: The name, null-terminated as literals are.
/// - Returns: Its value as bytes, not necessarily UTF-8; `nil` where it is not set.
func environmentValue(_ name: StaticString) -> [UInt8]? {
  let value = UnsafeRawPointer(name.utf8Start).withMemoryRebound(
    to: CChar.self, capacity: name.utf8CodeUnitCount + 1
  ) { getenv($0) }
  return value.map { start in
    UnsafeRawBufferPointer(start: start, count: strlen(start)).map { $0 }
  }
}

/// Whether a descriptor leads to a terminal (isatty(3)).
func isTerminal(_ descriptor: CInt) -> Bool { isatty(descriptor) == 1 }

extension Here {
  /// Whether an outer nonet confines this process already: it said so, and the kernel shows it
  /// (`isConfined`).
  ///
  /// The variable alone is a hint that anybody can write; the trial alone could be anybody's sandbox.
  static var isInside: Bool {
    environmentValue("NONET") != nil && isConfined
  }

  /// Whether anything keeps this process from IP: all usual sockets are refused or a supervisor's, or no interface
  /// but `lo` is there.
  static var isConfined: Bool {
    switch IPTrial.here {
    case .refused, .supplied: true
    case .open, .unknown: interfaces == ["lo"]
    }
  }
}

/// Looks for an environment variable whose name is not known beforehand.
///
/// - Parameter name: The name, without a NUL.
/// - Returns: Its value as bytes; `nil` where it is not set.
func environmentValue(named name: [UInt8]) -> [UInt8]? {
  getenv(nullTerminated(name)).map { start in
    UnsafeRawBufferPointer(start: start, count: strlen(start)).map { $0 }
  }
}
