/// What a log says before its first event, and after its last.
struct LogHead {
  let started: Timestamp
  let process: CInt
  let policy: String
  let layers: [String]
  let command: [[UInt8]]
  let version: String
  /// What a sandbox around this nonet refuses, of which the log does not tell.
  var outer: [String] = []

  /// The members of the object, without its braces.
  var members: [UInt8] {
    var json: [UInt8] = []
    json.member(.timestamp, started, isFirst: true)
    json.member(.pid, process)
    json.member(.backend, plain: "seccomp")
    json.member(.policy, hostile: Array(policy.utf8))
    json.strings(.layers, layers)
    if !outer.isEmpty { json.strings(.outer, outer) }
    json.key(.command)
    json.append(UInt8(ascii: "["))
    var room = Self.mostCommandBytes
    for (index, word) in command.enumerated() {
      if index > 0 { json.append(UInt8(ascii: ",")) }
      json.string(words: Array(word.prefix(room)))
      room -= word.count
      if room <= 0 { break }
    }
    json.append(UInt8(ascii: "]"))
    json.member(.version, plain: version)
    return json
  }

  /// A longer command is cut; a log is no place for a megabyte of words.
  private static let mostCommandBytes = 4096
}

extension [UInt8] {
  /// Appends a member whose value is a list of texts of our own.
  fileprivate mutating func strings(_ name: LogMember, _ texts: [String]) {
    key(name)
    append(UInt8(ascii: "["))
    for (index, text) in texts.enumerated() {
      if index > 0 { append(UInt8(ascii: ",")) }
      string(Array(text.utf8))
    }
    append(UInt8(ascii: "]"))
  }
}

extension Event {
  /// The event as an object, without the braces' content after the count.
  func json(since moment: Timestamp) -> [UInt8] {
    var json: [UInt8] = [UInt8(ascii: "{")]
    json.reserveCapacity(body.count + 128)
    json.member(.timestamp, moment, isFirst: true)
    json.append(UInt8(ascii: ","))
    json += body
    return json
  }
}
