/// What a policy has given names to, by `let`.
struct PolicyNames {
  enum Content {
    case calls([Syscall])
    case values([Policy.Value])
  }

  private var names: [String] = []
  private var contents: [Content] = []
  /// How many values sets may still stand for, so that a short text cannot mean a huge one.
  private var remainingValues = 65_536

  static let mostNames = 256
  static let mostValues = 1024

  var isFull: Bool { names.count >= Self.mostNames }

  mutating func define(_ name: String, as content: Content) {
    names.append(name)
    contents.append(content)
  }

  /// The content of a name that was given, with its `@` or without.
  func content(of name: String) -> Content? {
    let bare = Self.bare(name)
    return names.firstIndex { $0.utf8.elementsEqual(bare) }.map { contents[$0] }
  }

  func calls(of name: String) -> [Syscall]? {
    if case .calls(let calls)? = content(of: name) { calls } else { nil }
  }

  func values(of name: String) -> [Policy.Value]? {
    if case .values(let values)? = content(of: name) { values } else { nil }
  }

  /// Counts values that are taken from a set; `false` where there were too many.
  mutating func take(_ count: Int) -> Bool {
    remainingValues -= count
    return remainingValues >= 0
  }

  /// The names that were given to values, or those to calls with an `@`, for suggestions.
  func all(ofCalls isCalls: Bool) -> [String] {
    names.indices.compactMap { index in
      switch contents[index] {
      case .calls: isCalls ? "@" + names[index] : nil
      case .values: isCalls ? nil : names[index]
      }
    }
  }

  static func bare(_ name: String) -> Substring.UTF8View {
    name.utf8.first == UInt8(ascii: "@") ? name.utf8.dropFirst() : name.utf8.dropFirst(0)
  }
}
