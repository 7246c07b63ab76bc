/// The values of `--allow-connect` and `--allow-listen`: `127.0.0.1:5432`, `[::1]:80,443`, `localhost:8000-8010`.
extension OptionParser {
  /// Takes a value of `--allow-connect`.
  static func allowConnect(_ value: Word, _ options: Options) throws(Failure) {
    let found = try endpoints(value, .allowConnect)
    if let reason = found.compactMap({ unusable($0.address) }).first {
      throw wrong(value, .allowConnect, reason)
    }
    for one in found where options.endpoints.contains(one) {
      throw wrong(value, .allowConnect, "is said twice")
    }
    options.endpoints += found
    options.allowedConnects.append(value)
  }

  /// Takes a value of `--allow-listen`.
  static func allowListen(_ value: Word, _ options: Options) throws(Failure) {
    let found = try endpoints(value, .allowListen)
    if let reason = found.compactMap({ unlistenable($0.address) }).first {
      throw wrong(value, .allowListen, reason)
    }
    var all = options.listens.flatMap { $0.endpoints }
    for one in found {
      if all.contains(where: { $0.overlaps(one) }) || one.repeatsItself {
        throw wrong(value, .allowListen, "is said twice")
      }
      all.append(one)
    }
    let count = all.reduce(0) { $0 + $1.portCount }
    guard count <= mostListeners else {
      throw wrong(
        value, .allowListen, "makes \(count) listening sockets, of \(mostListeners) at most")
    }
    options.listens.append(Options.Listen(endpoints: found))
    options.allowedListens.append(value)
  }

  private static let mostListeners = 64

  private static func wrong(_ value: Word, _ name: OptionName, _ reason: String) -> Failure {
    .usage("\(name.rawValue): '\(value.text)' \(reason)")
  }

  /// Reads a value into the addresses that it stands for, one or, for `localhost`, two.
  private static func endpoints(
    _ value: Word, _ name: OptionName
  ) throws(Failure) -> [Options.Endpoints] {
    let bytes = value.bytes
    func wrong(_ reason: String) -> Failure { Self.wrong(value, name, reason) }
    let form = "; write 127.0.0.1:5432, [::1]:5432 or localhost:5432"
    guard let colon = bytes.lastIndex(of: UInt8(ascii: ":")), bytes.first != UInt8(ascii: ":")
    else {
      throw wrong("has no address or no port\(form)")
    }
    let host = Array(bytes[..<colon])
    let isBracketed = host.first == UInt8(ascii: "[") && host.last == UInt8(ascii: "]")
    if !isBracketed, host.contains(UInt8(ascii: ":")) {
      throw wrong("has no port, or its address of IPv6 no brackets\(form)")
    }
    if host.contains(UInt8(ascii: "/")) {
      throw wrong("names a network, and only single addresses can be allowed")
    }
    let ports: [ClosedRange<UInt16>]
    switch Self.ports(bytes[(colon + 1)...]) {
    case .some(let found): ports = found
    case .none:
      throw wrong("has no port from 1 to 65535, list or range of them (80,443 or 8000-8010)")
    }
    var addresses: [[UInt8]]
    if host.elementsEqual("localhost".utf8) {
      addresses = [[127, 0, 0, 1], [UInt8](repeating: 0, count: 15) + [1]]
    } else if isBracketed {
      guard let address = internetAddress(Array(host.dropFirst().dropLast()), isVersion6: true)
      else { throw wrong("has no address of IPv6 in its brackets; a zone (%eth0) cannot be said") }
      addresses = [address]
    } else {
      guard let address = internetAddress(host, isVersion6: false) else {
        throw wrong(
          "is no address: names of hosts are not looked up, since what they stand for changes"
            + (name == .allowConnect ? "; for hosts allow a proxy that knows them" : "") + form)
      }
      addresses = [address]
    }
    return addresses.map { Options.Endpoints(address: $0, ports: ports) }
  }

  /// Reads `80`, `80,443` and `8000-8010`; `nil` for anything else.
  private static func ports(_ bytes: ArraySlice<UInt8>) -> [ClosedRange<UInt16>]? {
    var ports: [ClosedRange<UInt16>] = []
    for part in bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      let ends = part.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
      guard let first = ends.first, let last = ends.last, ends.count <= 2,
        let low = port(first), let high = port(last), low <= high
      else { return nil }
      ports.append(low...high)
    }
    return ports
  }

  /// Reads a port from 1 to 65535; `nil` for anything else.
  static func port(_ digits: ArraySlice<UInt8>) -> UInt16? {
    guard !digits.isEmpty, digits.count <= 5, digits.allSatisfy({ $0.isDigit }) else { return nil }
    return UInt16(String(decoding: digits, as: UTF8.self)).flatMap { $0 > 0 ? $0 : nil }
  }

  /// Why nobody can be connected to an address; `nil` where somebody can.
  private static func unusable(_ address: [UInt8]) -> String? {
    let isMapped =
      address.count == 16 && address[..<10].allSatisfy { $0 == 0 } && address[10] == 0xff
    let four = address.count == 4 ? address[...] : isMapped ? address[12...] : nil
    if address.allSatisfy({ $0 == 0 }) || four?.allSatisfy({ $0 == 0 }) ?? false {
      return "means every address, and only single ones can be allowed"
    }
    if let first = four?.first, first >= 224 { return "is no address of one machine" }
    if four == nil, address[0] == 0xff { return "is no address of one machine" }
    if four == nil, address[0] == 0xfe, address[1] & 0xc0 == 0x80 {
      return "means an interface too (link-local), which cannot be said"
    }
    return nil
  }

  /// Why nobody can listen on an address; `nil` where somebody can.
  private static func unlistenable(_ address: [UInt8]) -> String? {
    if address.allSatisfy({ $0 == 0 }) { return nil }
    if let reason = unusable(address) { return reason }
    let isMapped =
      address.count == 16 && address[..<10].allSatisfy { $0 == 0 } && address[10] == 0xff
    return isMapped ? "is an address of IPv4, and is written as one" : nil
  }
}

extension Options.Endpoints {
  /// Whether it is 127.0.0.0/8 or ::1.
  var isLoopback: Bool {
    address.count == 4
      ? address[0] == 127 : address[..<15].allSatisfy { $0 == 0 } && address[15] == 1
  }

  fileprivate var portCount: Int { ports.reduce(0) { $0 + $1.count } }

  fileprivate func overlaps(_ other: Options.Endpoints) -> Bool {
    address == other.address && ports.contains { one in other.ports.contains { $0.overlaps(one) } }
  }

  fileprivate var repeatsItself: Bool {
    ports.indices.contains { index in
      ports[(index + 1)...].contains { $0.overlaps(ports[index]) }
    }
  }
}
