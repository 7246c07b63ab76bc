/// From JSON to runs and events; whatever is missing or of another kind is left out.
extension LoggedRun {
  init(_ head: JSONValue) {
    command = (head[.command]?.elements ?? []).compactMap { $0.text }
    started = head.time(.timestamp)
    pid = head[.pid]?.integer
    backend = head[.backend]?.text ?? ""
    policy = head[.policy]?.text ?? ""
    version = head[.version]?.text ?? ""
    layers = (head[.layers]?.elements ?? []).compactMap { $0.text }
    if layers.isEmpty {
      layers = backend == "python" ? ["python"] : head[.layers].map { _ in ["none"] } ?? []
    }
  }

  /// Takes over what the end of a log says.
  mutating func end(_ end: JSONValue) {
    status = end[.status]?.text
    exitCode = end[.exitCode]?.integer
    // The timestamp of a document is its beginning.
    if end[.command] == nil { ended = end.time(.timestamp) }
  }
}

extension LoggedEvent {
  /// Reads an event; `nil` where it names no call.
  init?(_ value: JSONValue) {
    guard let call = value[.api]?.text else { return nil }
    self.call = call
    first = value.time(.timestamp)
    last = value.time(.last) ?? first
    pid = value[.pid]?.integer
    tid = value[.tid]?.integer
    program = LoggedProgram(name: value[.comm]?.text ?? "", file: value[.exe]?.text ?? "")
    abi = value[.abi]?.text ?? ""
    let word = value[.verdict]
    outcome = Outcome.Kind.allCases.first { word?.spells("\($0.word)") ?? false } ?? .refused
    errno = value[.errno]?.integer
    isProbe = value[.probe]?.bool ?? false
    // Sums of counts must not trap, whatever a log says.
    count = min(max(1, value[.count]?.integer ?? 1), 1 << 40)
    stack = (value[.stack]?.elements ?? []).compactMap { $0.text }
    let arguments = value[.args]
    let query = value[.query] ?? arguments?[.query]
    if arguments?.kind == .array {
      self.arguments = (arguments?.elements ?? []).map { LoggedArgument(name: "", value: $0.shown) }
    } else {
      for member in arguments?.members ?? [] where !member.name.spells(LogMember.query.rawValue) {
        self.arguments.append(
          LoggedArgument(name: member.name.text ?? "", value: member.value.shown))
      }
    }
    if let name = query?[.name]?.text, let type = query?[.type]?.text {
      self.arguments.append(LoggedArgument(name: "query", value: "\(type) \(name)"))
    }
    destination = LoggedDestination(call: call, arguments, query: query)
  }

  /// What identical attempts have in common, as it is written.
  static func identity(_ value: JSONValue) -> [UInt8] {
    var identity: [UInt8] = []
    let names: [LogMember] = [
      .pid, .tid, .comm, .exe, .abi, .api, .args, .query, .stack, .verdict, .errno,
    ]
    for name in names {
      identity.append(0)
      if let member = value[name] { identity += member.compact }
    }
    return identity
  }

  /// Adds an attempt that is like this one.
  mutating func absorb(_ other: LoggedEvent) {
    count = min(count + other.count, 1 << 50)
    for time in [other.first, other.last] {
      guard let time else { continue }
      first = min(first ?? time, time)
      last = max(last ?? time, time)
    }
  }
}

extension LoggedDestination {
  /// Finds out where a call would have led.
  init(call: String, _ arguments: JSONValue?, query: JSONValue?) {
    if let name = query?[.name]?.text {
      self.init(kind: .host, text: name)
    } else if arguments?.kind == .array {
      self.init(python: call, arguments?.elements ?? [])
    } else if let address = arguments?[.address]?.text {
      self.init(kind: .address, text: Self.address(address, arguments?[.port]?.integer))
    } else if let path = arguments?[.path]?.text {
      self.init(kind: .unix, text: path)
    } else if let name = arguments?[.abstract]?.text {
      self.init(kind: .unix, text: "@" + name)
    } else if let family = arguments?[.family]?.text {
      self.init(kind: .socket, text: Self.socket(family, arguments?[.type]?.text))
    } else {
      self.init(kind: .none, text: call)
    }
  }

  /// Python's audit events have their arguments in order; the wrapper puts a family before addresses.
  private init(python call: String, _ arguments: [JSONValue]) {
    let texts = arguments.map { $0.text }
    let first = texts.first.flatMap { $0 } ?? ""
    if call == "socket.__new__" {
      self.init(kind: .socket, text: Self.socket(first, texts.dropFirst().first.flatMap { $0 }))
    } else if first.utf8.starts(with: "AF_".utf8), arguments.count > 1 {
      let target = arguments[1].shown
      let isUnix = first == "AF_UNIX"
      self.init(
        kind: isUnix ? .unix : .address,
        text: isUnix ? target : Self.address(target, arguments.dropFirst(2).first?.integer))
    } else if call.utf8.starts(with: "socket.get".utf8), !first.isEmpty {
      let port = arguments.dropFirst().first?.integer.flatMap { $0 > 0 ? $0 : nil }
      // Also an address in numbers goes through the look-up of names.
      let isAddress =
        first.utf8.contains(UInt8(ascii: ":"))
        || first.utf8.allSatisfy { $0 == UInt8(ascii: ".") || $0.isDigit }
      self.init(kind: isAddress ? .address : .host, text: Self.address(first, port))
    } else {
      self.init(kind: .none, text: call)
    }
  }

  private static func address(_ address: String, _ port: Int?) -> String {
    guard let port else { return address }
    return address.utf8.contains(UInt8(ascii: ":")) ? "[\(address)]:\(port)" : "\(address):\(port)"
  }

  private static func socket(_ family: String, _ type: String?) -> String {
    type.map { "\(family) \($0)" } ?? family
  }
}

extension JSONValue {
  /// The moment that a member holds.
  fileprivate func time(_ name: LogMember) -> Timestamp? {
    self[name]?.text.flatMap { Timestamp($0) }
  }

  /// The value for people: strings as what they say, lists with blanks, all else as it is written.
  fileprivate var shown: String {
    if kind == .array { return elements.map { $0.shown }.joined(separator: " ") }
    return text ?? String(decoding: compact, as: UTF8.self)
  }
}
