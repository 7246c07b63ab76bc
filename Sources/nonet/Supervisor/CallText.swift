internal import BPFAssembler

/// A call in the words of the log.
struct CallText {
  /// The call's name.
  let api: String
  let abi: String
  /// The arguments as a JSON object.
  let arguments: [UInt8]
  /// What was asked for, in few words for a person: `connect 127.0.0.1:80`.
  let label: [UInt8]

  /// Puts a call into words.
  ///
  /// - Parameters:
  ///   - call: The registers.
  ///   - kind: The kind of the call.
  ///   - evidence: What the call points at.
  ///   - peer: Where the socket of a send without an address is connected to.
  ///   - names: The kernel's names.
  init(
    _ call: Call, _ kind: CallKind, _ evidence: Evidence, peer: NetworkPeer? = nil,
    _ names: SocketNames
  ) {
    let architecture = call.architecture
    abi = call.isX32 ? "x32" : architecture?.name ?? "0x" + String(call.arch, radix: 16)
    let syscall = architecture.flatMap { Syscall.at(number: call.number, on: $0) }
    api = syscall?.name ?? (call.isX32 ? "x32_" : "syscall_") + "\(call.number & 0xbfff_ffff)"
    var inner = call
    var kind = kind
    var writer = Writer(names: names, evidence: evidence, peer: peer)
    var name = api
    if kind == .socketcall {
      let behind = CallKind.behindSocketcall(call.word(0))
      name = behind.name
      writer.json.member(.call, plain: name, isFirst: true)
      writer.isFirst = false
      guard let arguments = evidence.arguments else {
        writer.finish()
        self.arguments = writer.json
        label = Array("socketcall \(name)".utf8)
        return
      }
      inner.arguments = arguments
      kind = behind.kind
      writer.write(inner, kind, count: behind.count)
    } else {
      let parameters = architecture.flatMap { syscall?.prototype(on: $0)?.parameters.count }
      writer.write(inner, kind, count: call.isX32 ? 6 : parameters ?? 6)
    }
    writer.finish()
    arguments = writer.json
    label = Array(name.utf8) + (writer.label.isEmpty ? [] : [UInt8(ascii: " ")] + writer.label)
  }
}

/// Writes one object of arguments.
private struct Writer {
  let names: SocketNames
  let evidence: Evidence
  let peer: NetworkPeer?
  var json: [UInt8] = [UInt8(ascii: "{")]
  var label: [UInt8] = []
  var isFirst = true

  mutating func write(_ call: Call, _ kind: CallKind, count: Int) {
    switch kind {
    case .socket: socket(call)
    case .socketpair: socket(call)
    case .connect, .bind:
      number(.fd, Int32(bitPattern: call.word(0)))
      address(evidence.address)
    case .sendto, .sendmsg, .sendmmsg:
      number(.fd, Int32(bitPattern: call.word(0)))
      address(evidence.address ?? peer?.address)
      if let messages = evidence.messages { number(.messages, Int64(messages)) }
      query()
    case .listen, .shutdown, .socketcall, .other:
      for index in 0..<min(count, 6) { hexadecimal(index, call.long(index)) }
    }
  }

  mutating func finish() {
    if evidence.isUnreadable {
      json.key(.unreadable, isFirst)
      json.append(text: "true")
    }
    json.append(UInt8(ascii: "}"))
  }

  private mutating func socket(_ call: Call) {
    let (family, type) = (call.word(0), call.word(1))
    // SOCK_NONBLOCK and SOCK_CLOEXEC are the same on all of our ABIs.
    let flags = type & ~0xf
    text(.family, names.family(family))
    text(.type, names.type(type & 0xf))
    var shown: [String] = []
    if flags & 0x800 != 0 { shown.append("SOCK_NONBLOCK") }
    if flags & 0x80000 != 0 { shown.append("SOCK_CLOEXEC") }
    if flags & ~0x80800 != 0 { shown.append("0x" + String(flags & ~0x80800, radix: 16)) }
    if !shown.isEmpty { text(.flags, shown.joined(separator: "|")) }
    if let name = names.protocol(call.word(2), family: family) {
      text(.protocol, name)
    } else {
      number(.protocol, Int32(bitPattern: call.word(2)))
    }
    label = Array("\(names.family(family)) \(names.type(type & 0xf))".utf8)
    // How libusb and udev hear of devices, which is no network to a person.
    if CInt(bitPattern: family) == AF_NETLINK, call.word(2) == 15 {
      label += Array(" NETLINK_KOBJECT_UEVENT (devices)".utf8)
    }
  }

  private mutating func address(_ bytes: [UInt8]?) {
    guard let bytes, let address = SocketAddress(bytes) else { return }
    text(.family, names.family(address.family))
    label = address.label
    switch address {
    case .internet(let address, let port, _):
      text(.address, address)
      number(.port, Int64(port))
    case .unix(let name, let isAbstract):
      json.member(isAbstract ? .abstract : .path, hostile: name)
    case .netlink(let port, let groups):
      number(.netlinkPort, Int64(port))
      number(.groups, Int64(groups))
    case .other:
      label = Array(names.family(address.family).utf8)
    }
  }

  /// One object for all questions of the call: a resolver asks for A and AAAA at once.
  private mutating func query() {
    let isStream = peer?.isStream ?? false
    let queries = evidence.payloads.compactMap { DNSQuery($0, hasLength: isStream) }
    guard let first = queries.first, let to = evidence.address ?? peer?.address,
      case .internet(_, 53, _) = SocketAddress(to)
    else { return }
    var types: [String] = []
    for query in queries where query.name == first.name && !types.contains(query.type) {
      types.append(query.type)
    }
    json.key(.query)
    json.append(UInt8(ascii: "{"))
    json.member(.name, hostile: first.name, isFirst: true)
    json.member(.type, plain: types.joined(separator: ","))
    json.append(UInt8(ascii: "}"))
    label = Array("DNS ".utf8) + safe(first.name)
  }

  private mutating func text(_ name: LogMember, _ value: String) {
    json.member(name, plain: value, isFirst: isFirst)
    isFirst = false
  }

  private mutating func number(_ name: LogMember, _ value: some BinaryInteger) {
    json.member(name, value, isFirst: isFirst)
    isFirst = false
  }

  private mutating func hexadecimal(_ index: Int, _ value: UInt64) {
    if !isFirst { json.append(UInt8(ascii: ",")) }
    isFirst = false
    json.append(text: "\"arg\(index)\":\"0x\(String(value, radix: 16))\"")
  }
}
