extension BinaryInteger {
  /// The number in hexadecimal, filled up with zeros to a width.
  func hex(_ width: Int) -> String {
    let digits = String(self, radix: 16)
    return String(repeating: "0", count: Swift.max(0, width - digits.utf8.count)) + digits
  }
}

extension String {
  /// The text filled up with spaces; the texts of this room are ASCII.
  package func padded(_ width: Int) -> String {
    self + String(repeating: " ", count: Swift.max(0, width - utf8.count))
  }

  /// The text with spaces before it.
  func aligned(_ width: Int) -> String {
    String(repeating: " ", count: Swift.max(0, width - utf8.count)) + self
  }
}

extension String {
  /// The text for a line of output: a name that holds a newline must not end the line.
  var onOneLine: String { SafeText.shown(utf8) }
}

/// What a filter returns, in words.
struct ReturnValue: CustomStringConvertible {
  let value: UInt32

  private var errno: Errno? {
    value & 0xffff_0000 == SeccompReturn.errno ? Errno(number: value & 0xffff) : nil
  }

  /// What the caller gets.
  var description: String {
    if let errno { return "\(errno)" }
    return switch value {
    case SeccompReturn.allow: "allow"
    case SeccompReturn.log: "log"
    case SeccompReturn.killProcess: "kill"
    case SeccompReturn.errno: "nothing, and success"
    case SeccompReturn.userNotification: "ask a supervisor"
    case _:
      switch value & 0xffff_0000 {
      // linux/seccomp.h: SECCOMP_RET_TRAP, SECCOMP_RET_TRACE, SECCOMP_RET_KILL_THREAD.
      case 0x0003_0000: "SIGSYS"
      case 0x7ff0_0000: "ask a tracer"
      case 0: "kill the thread"
      case _: "0x\(value.hex(8))"
      }
    }
  }
}
