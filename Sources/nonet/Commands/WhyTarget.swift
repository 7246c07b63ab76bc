internal import BPFAssembler

/// What `--why` asks about: one thing that a command could try to reach.
enum WhyTarget {
  /// TCP, or a datagram of UDP, to an address.
  case connect(Endpoint, isVersion6: Bool, isStream: Bool)
  /// A server of the command's own at an address.
  case listen(Endpoint, isVersion6: Bool)
  /// An AF_UNIX socket by its path.
  case path([UInt8])
  /// An AF_UNIX socket by its abstract name.
  case abstract([UInt8])
  /// A socket of a family, by the number of the family.
  case family(UInt32)

  private static let form =
    "; write 127.0.0.1:5432, [::1]:80, udp:127.0.0.1:53, listen:127.0.0.1:8000, /run/x.sock, @name or "
    + "AF_NETLINK"

  /// Reads a target.
  ///
  /// - Parameter word: The option's value.
  /// - Throws: What is wrong with it.
  init(_ word: Word) throws(Failure) {
    let bytes = word.bytes
    // Such names may have slashes, as @/tmp/.X11-unix/X0 does.
    if bytes.first == UInt8(ascii: "@"), bytes.count > 1 {
      guard bytes.count < UnixAddress.mostBytes - 2 else { throw Self.wrong(word, "is too long") }
      self = .abstract(Array(bytes.dropFirst()))
    } else if bytes.contains(PathText.slash) {
      self = try Self.path(bytes, word)
    } else if bytes.starts(with: "AF_".utf8) {
      guard let family = NamedConstant(named: bytes) else {
        throw Self.wrong(word, "is no family of sockets that is known here")
      }
      self = .family(UInt32(truncatingIfNeeded: family.value(on: .host)))
    } else {
      self = try Self.address(bytes, word)
    }
  }

  private static func path(_ bytes: [UInt8], _ word: Word) throws(Failure) -> WhyTarget {
    // A sockaddr_un has room for so much and a NUL (unix(7)).
    guard bytes.count < UnixAddress.mostBytes - 2 else {
      throw wrong(word, "is too long for a socket")
    }
    let isSocket: Bool
    do throws(SystemError) {
      isSocket = try PinnedFile(bytes).isSocket
    } catch {
      // What is not there may be a socket of the command's, or of a server that does not run.
      if error.number == ENOENT { return .path(bytes) }
      throw wrong(word, "cannot be looked at: \(error.reason)")
    }
    if !isSocket { throw wrong(word, "is there, and is no socket") }
    return .path(bytes)
  }

  private static func address(_ bytes: [UInt8], _ word: Word) throws(Failure) -> WhyTarget {
    var rest = bytes[...]
    var kind = "tcp:"
    for one in ["tcp:", "udp:", "listen:"] where rest.starts(with: one.utf8) {
      kind = one
      rest = rest.dropFirst(one.utf8.count)
      break
    }
    guard let colon = rest.lastIndex(of: UInt8(ascii: ":")),
      let port = OptionParser.port(rest[(colon + 1)...])
    else { throw wrong(word, "has no port from 1 to 65535\(form)") }
    var host = Array(rest[..<colon])
    let isVersion6 = host.first == UInt8(ascii: "[") && host.last == UInt8(ascii: "]")
    if isVersion6 { host = Array(host.dropFirst().dropLast()) }
    if host.elementsEqual("localhost".utf8) { host = Array("127.0.0.1".utf8) }
    guard let address = internetAddress(host, isVersion6: isVersion6) else {
      throw wrong(word, "has no address of IPv4, or of IPv6 in brackets\(form)")
    }
    let endpoint = Endpoint(address, port: port)
    if kind.utf8.elementsEqual("listen:".utf8) { return .listen(endpoint, isVersion6: isVersion6) }
    return .connect(
      endpoint, isVersion6: isVersion6, isStream: kind.utf8.elementsEqual("tcp:".utf8))
  }

  /// The types of socket that a family is tried with.
  static func socketTypes(of family: UInt32) -> [UInt32] {
    family == UInt32(AF_NETLINK)
      ? [SocketType.raw] : [SocketType.stream, SocketType.datagram, SocketType.sequence]
  }

  private static func wrong(_ word: Word, _ reason: String) -> Failure {
    .usage("--why: '\(word.text)' \(reason)")
  }
}
