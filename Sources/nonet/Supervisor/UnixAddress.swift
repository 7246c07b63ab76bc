/// An AF_UNIX address that a call names, as the kernel reads it (unix_validate_addr, unix_mkname_bsd).
enum UnixAddress: Equatable {
  /// A path without its final NUL.
  case path([UInt8])
  /// A name without its leading NUL; any bytes, and as many as the length says.
  case abstract([UInt8])

  /// `sizeof(struct sockaddr_un)`.
  static let mostBytes = 110

  /// Reads an address; `nil` where the kernel would answer EINVAL.
  ///
  /// - Parameters:
  ///   - bytes: What the caller has there, all of it or the first `mostBytes` and more.
  ///   - length: How long the caller says it is.
  init?(_ bytes: [UInt8], length: Int32) {
    guard length > 2, length <= Self.mostBytes, bytes.count == length, Self.isUnix(bytes) else {
      return nil
    }
    let name = bytes[2...]
    if name.first == 0 {
      self = .abstract(Array(name.dropFirst()))
    } else {
      self = .path(Array(name.prefix { $0 != 0 }))
    }
  }

  /// Whether bytes begin with the family AF_UNIX.
  static func isUnix(_ bytes: [UInt8]) -> Bool {
    bytes.count >= 2 && bytes[0] == 1 && bytes[1] == 0
  }
}
