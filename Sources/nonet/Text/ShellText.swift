/// Text for a shell that may be sh, bash, dash, ksh, zsh or fish: nobody knows which one the host has.
enum ShellText {
  private static let quote = UInt8(ascii: "'")
  private static let backslash = UInt8(ascii: "\\")

  /// Any bytes but NUL as one word in single quotes, `'` as `'\''`.
  ///
  /// Backslashes before a closing quote or another backslash stand outside of the quotes: to sh it is
  /// all the same, but in fish `'...\'` does not end there, and `'\\'` is one backslash.
  static func quoted(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = [quote]
    result.reserveCapacity(bytes.count + bytes.count / 16 + 2)
    // How many backslashes have come last.
    var trailing = 0
    func close() {
      result.append(quote)
      for _ in 0..<(2 * trailing) { result.append(backslash) }
      trailing = 0
    }
    for byte in bytes {
      switch byte {
      case backslash:
        trailing += 1
        continue
      case quote:
        close()
        result.append(backslash)
        result.append(quote)
      case _ where trailing > 1:
        close()
        result.append(quote)
      case _ where trailing == 1:
        result.append(backslash)
        trailing = 0
      case _: break
      }
      result.append(byte)
    }
    close()
    return result
  }

  /// A word as it is where no shell sees anything in it, else in quotes.
  static func word(_ bytes: [UInt8]) -> [UInt8] {
    !bytes.isEmpty && bytes.allSatisfy(isPlain) ? bytes : quoted(bytes)
  }

  /// A word for people who know shells, in quotes where one would see something in it.
  static func shown(_ word: String) -> String {
    let showsItself = word.utf8.allSatisfy {
      isPlain($0) || $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "%") || $0 >= 0x80
    }
    guard !showsItself || word.isEmpty else { return word }
    let parts = word.utf8.split(separator: quote, omittingEmptySubsequences: false)
    return "'" + parts.map { String(decoding: Array($0), as: UTF8.self) }.joined(separator: "'\\''")
      + "'"
  }

  /// What `quoted` was given to make exactly these bytes; `nil` where it would not make them.
  static func unquoted(_ word: some Collection<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    var isInside = false
    var rest = word[...]
    while let byte = rest.popFirst() {
      if byte == quote {
        isInside.toggle()
      } else if isInside {
        bytes.append(byte)
      } else {
        guard byte == backslash, let escaped = rest.popFirst() else { return nil }
        bytes.append(escaped)
      }
    }
    // There are many ways to quote, and only one of them is ours.
    return quoted(bytes).elementsEqual(word) ? bytes : nil
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."),
      UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: ","),
      UInt8(ascii: ":"), UInt8(ascii: "@"):
      true
    case _: false
    }
  }
}
