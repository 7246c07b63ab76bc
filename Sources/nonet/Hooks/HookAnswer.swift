/// What a host is told about a command.
enum HookAnswer {
  /// The host goes on as without a hook.
  case nothing
  /// The command is confined already.
  case confined
  /// The command is to run in this form.
  case confining([UInt8], HookQuestion.Place)

  /// The answer in the host's own JSON, on one line.
  ///
  /// Members that a host does not know can make it drop the whole answer, and with it the rewriting.
  /// The command is written as bytes, since it may be long.
  func text(for host: HookHost) -> [UInt8] {
    switch self {
    case .nothing: Self.line("{}")
    case .confined: Self.line(host.confined)
    case .confining(let command, let place):
      Self.text(of: command, at: place, in: host.confining)
    }
  }

  private static func line(_ text: String) -> [UInt8] { Array((text + "\n").utf8) }

  private static func text(
    of command: [UInt8], at place: HookQuestion.Place, in rewriting: HookHost.Rewriting
  ) -> [UInt8] {
    let head = rewriting.holdsInput ? place.before : []
    let tail = rewriting.holdsInput ? place.after : []
    return Array(rewriting.before.utf8) + head + escaped(command) + tail + line(rewriting.after)
  }

  /// UTF-8 as it stands between the quotation marks of a JSON string (RFC 8259, section 7).
  private static func escaped(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count + bytes.count / 8)
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        result.append(UInt8(ascii: "\\"))
        result.append(byte)
      case 0..<0x20:
        result += Array(#"\u00"#.utf8)
        result.append(digit(byte >> 4))
        result.append(digit(byte & 15))
      case _: result.append(byte)
      }
    }
    return result
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }
}
