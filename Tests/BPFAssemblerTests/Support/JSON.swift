/// A reader of JSON (RFC 8259) that takes nothing else: the tests' own, since there is no Foundation.
indirect enum JSON: Equatable {
  case object([String: JSON])
  case array([JSON])
  case string(String)
  case number(Int)
  case bool(Bool)

  struct Fault: Error { let offset: Int }

  init(_ bytes: [UInt8]) throws(Fault) {
    var reader = Reader(bytes: bytes)
    self = try reader.value()
    reader.skipBlanks()
    guard reader.offset == bytes.count else { throw Fault(offset: reader.offset) }
  }

  subscript(key: String) -> JSON? {
    if case .object(let members) = self { members[key] } else { nil }
  }

  var elements: [JSON] { if case .array(let elements) = self { elements } else { [] } }
  var text: String? { if case .string(let text) = self { text } else { nil } }
  var number: Int? { if case .number(let number) = self { number } else { nil } }

  private struct Reader {
    let bytes: [UInt8]
    var offset = 0

    func fault() -> Fault { Fault(offset: offset) }

    mutating func skipBlanks() {
      while offset < bytes.count, [0x20, 0x0a, 0x0d, 0x09].contains(bytes[offset]) { offset += 1 }
    }

    mutating func take(_ text: String) -> Bool {
      skipBlanks()
      guard bytes[offset...].starts(with: text.utf8) else { return false }
      offset += text.utf8.count
      return true
    }

    mutating func value() throws(Fault) -> JSON {
      if take("{") { return .object(try members()) }
      if take("[") { return .array(try elements()) }
      if take("\"") { return .string(try string()) }
      if take("true") { return .bool(true) }
      if take("false") { return .bool(false) }
      let digits = bytes[offset...].prefix { (0x30...0x39).contains($0) }
      guard let number = Int(String(decoding: digits, as: UTF8.self)) else { throw fault() }
      offset += digits.count
      return .number(number)
    }

    mutating func members() throws(Fault) -> [String: JSON] {
      var members: [String: JSON] = [:]
      if take("}") { return members }
      repeat {
        guard take("\"") else { throw fault() }
        let key = try string()
        guard take(":"), members[key] == nil else { throw fault() }
        members[key] = try value()
      } while take(",")
      guard take("}") else { throw fault() }
      return members
    }

    mutating func elements() throws(Fault) -> [JSON] {
      var elements: [JSON] = []
      if take("]") { return elements }
      repeat { elements.append(try value()) } while take(",")
      guard take("]") else { throw fault() }
      return elements
    }

    mutating func string() throws(Fault) -> String {
      var text: [UInt8] = []
      while offset < bytes.count {
        let byte = bytes[offset]
        offset += 1
        if byte == UInt8(ascii: "\"") { return String(decoding: text, as: UTF8.self) }
        guard byte >= 0x20 else { throw fault() }
        guard byte == UInt8(ascii: "\\") else {
          text.append(byte)
          continue
        }
        if take("\"") || take("\\") {
          text.append(bytes[offset - 1])
        } else {
          let digits = String(decoding: bytes[offset...].prefix(5).dropFirst(), as: UTF8.self)
          guard take("u"), let code = UInt8(digits, radix: 16) else { throw fault() }
          offset += 4
          text.append(code)
        }
      }
      throw fault()
    }
  }
}
