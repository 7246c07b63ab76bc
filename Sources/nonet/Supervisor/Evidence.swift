/// What a call points at, copied out of the caller's memory once; hostile, and only for the log.
struct Evidence: Equatable {
  /// The address that the call names, as many bytes as it says.
  var address: [UInt8]?
  /// What `socketcall` has behind its pointer.
  var arguments: SIMD8<UInt64>?
  /// Whether something that the call points at could not be read.
  var isUnreadable = false
  /// The beginnings of messages that may be DNS queries.
  var payloads: [[UInt8]] = []
  /// How many messages a `sendmmsg` has.
  var messages: UInt32?

  /// Reads memory of the caller: all of these bytes, or `nil`.
  typealias Reader = (_ address: UInt64, _ count: Int) -> [UInt8]?

  /// So many messages of one `sendmmsg` are looked at.
  static let mostMessages = 4

  init() {}

  /// Whether the call goes to a service for names of users and hosts.
  var asksNameService: Bool { address.flatMap { SocketAddress($0) }?.isNameService ?? false }

  /// Copies what the log needs.
  ///
  /// - Parameters:
  ///   - call: The call; for `socketcall` its own registers.
  ///   - kind: Its kind.
  ///   - wantsPayload: Whether the beginning of what is sent is wanted too.
  ///   - read: Reads memory of the caller.
  init(_ call: Call, _ kind: CallKind, wantsPayload: Bool = false, read: Reader) {
    var call = call
    var kind = kind
    if kind == .socketcall {
      let inner = CallKind.behindSocketcall(call.word(0))
      kind = inner.kind
      guard let arguments = words(call.long(1), count: inner.count, call, read) else { return }
      self.arguments = arguments
      call.arguments = arguments
    }
    switch kind {
    case .connect, .bind:
      readAddress(call.long(1), UInt64(call.word(2)), read)
    case .sendto:
      readAddress(call.long(4), UInt64(call.word(5)), read)
      if wantsPayload { readPayload(call.long(1), call.long(2), read) }
    case .sendmsg:
      readMessage(call.long(1), call, wantsPayload, read)
    case .sendmmsg:
      let count = call.word(2)
      messages = count
      let size: UInt64 = call.is32Bit ? 32 : 64
      for index in 0..<UInt64(min(count, UInt32(wantsPayload ? Self.mostMessages : 1))) {
        readMessage(call.long(1) &+ index &* size, call, wantsPayload, read)
      }
    case .socket, .socketpair, .listen, .shutdown, .socketcall, .other: break
    }
  }

  private mutating func words(
    _ pointer: UInt64, count: Int, _ call: Call, _ read: Reader
  ) -> SIMD8<UInt64>? {
    var words = SIMD8<UInt64>.zero
    guard count > 0 else { return words }
    guard let bytes = read(pointer, 4 * count), bytes.count == 4 * count else {
      isUnreadable = true
      return nil
    }
    for index in 0..<count { words[index] = Self.number(bytes, 4 * index, 4) }
    return words
  }

  /// The kernel takes an address of no length, or none at all, for no address.
  private mutating func readAddress(_ pointer: UInt64, _ length: UInt64, _ read: Reader) {
    guard pointer != 0, length != 0, address == nil else { return }
    let count = Int(min(length, UInt64(UnixSocket.mostAddressBytes)))
    if let bytes = read(pointer, count), bytes.count == count {
      address = bytes
    } else {
      isUnreadable = true
    }
  }

  private mutating func readPayload(_ pointer: UInt64, _ length: UInt64, _ read: Reader) {
    let count = Int(min(length, UInt64(DNSQuery.mostBytes)))
    guard count > 0, let bytes = read(pointer, count), bytes.count == count else { return }
    payloads.append(bytes)
  }

  /// A `struct msghdr`: name, its length, vector of parts.
  private mutating func readMessage(
    _ pointer: UInt64, _ call: Call, _ wantsPayload: Bool, _ read: Reader
  ) {
    let width = call.is32Bit ? 4 : 8
    guard let header = read(pointer, 4 * width), header.count == 4 * width else {
      isUnreadable = true
      return
    }
    readAddress(Self.number(header, 0, width), Self.number(header, width, 4), read)
    guard wantsPayload, Self.number(header, 3 * width, width) > 0 else { return }
    let vector = Self.number(header, 2 * width, width)
    guard let part = read(vector, 2 * width), part.count == 2 * width else { return }
    readPayload(Self.number(part, 0, width), Self.number(part, width, width), read)
  }

  private static func number(_ bytes: [UInt8], _ at: Int, _ width: Int) -> UInt64 {
    var number: UInt64 = 0
    for index in (0..<width).reversed() { number = number << 8 | UInt64(bytes[at + index]) }
    return number
  }
}
