/// Reads a text byte by byte; every look at a byte is checked, so no text can trap it.
protocol ByteScanner {
  var bytes: [UInt8] { get }
  /// How many bytes are read.
  var offset: Int { get set }
}

extension ByteScanner {
  /// The next byte; `nil` at the end.
  var next: UInt8? { peek(0) }

  /// The byte after so many others.
  func peek(_ distance: Int) -> UInt8? {
    offset + distance < bytes.count ? bytes[offset + distance] : nil
  }

  /// Goes past a byte, where it is the next one.
  mutating func take(_ byte: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: byte) else { return false }
    offset += 1
    return true
  }
}
