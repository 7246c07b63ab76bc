internal import BPFAssembler

/// Reads a profile from its document, entry by entry, up to the first mistake.
///
/// Engines read JSON as Go does, so `null` is as good as nothing; what they would overlook is an error
/// here where it makes the filter another one: a member that is there twice, or in other letters.
struct ProfileReader {
  /// What may be read; more than any profile has.
  static let options = JSONOptions(mostBytes: 4 << 20, mostDepth: 32, mostValues: 1 << 18)
  /// The errno of a refusal that names none (runtime-spec, `errnoRet`).
  private static let usual = Errno.eperm

  /// What was strange so far, in the order of the document.
  private(set) var warnings: [ProfileMessage] = []

  /// Reads a document: a profile, an OCI `config.json`, or an object of the Security Profiles Operator.
  mutating func profile(_ root: JSONValue) throws(ProfileMessage) -> Profile {
    let place = Profile.Place(path: "", offset: root.range.lowerBound)
    let outer = try outer(root, place, Self.inner + ["ociVersion", "kind"] + Self.own)
    let isOperators = outer["kind"]?.value.spells("SeccompProfile") == true
    let isBundles = outer["ociVersion"] != nil
    // Other programs would take another one of the two.
    let kinds = (Self.inner + [Self.own.first { outer[$0] != nil } ?? ""]).filter {
      outer[$0] != nil
    }
    if kinds.count > 1 {
      let words = kinds.map { "'\($0)'" }.joined(separator: " and ")
      throw ProfileMessage(
        place, "the document has \(words), each of which is a profile to somebody; leave one")
    }
    guard isOperators || isBundles else { return try profile(root, at: place) }
    if isOperators {
      guard let spec = outer["spec"] else {
        throw ProfileMessage(place, "spec is missing; it is the profile")
      }
      return try profile(spec.value, at: spec.place)
    }
    guard let linux = outer["linux"],
      let seccomp = try self.outer(linux.value, linux.place, ["seccomp"])["seccomp"]
    else { throw ProfileMessage(place, "linux.seccomp is missing; it is the profile") }
    return try profile(seccomp.value, at: seccomp.place)
  }

  /// What holds a profile.
  private static let inner = ["linux", "spec"]
  /// What stands in a profile and in nothing around it.
  private static let own = [
    "defaultAction", "syscalls", "architectures", "archMap", "defaultErrnoRet", "defaultErrno",
  ]

  /// The members of an object around a profile; what else is there is not for a filter.
  ///
  /// Any of them that is there twice, or in other letters, might be the one that others read.
  private func outer(
    _ value: JSONValue, _ place: Profile.Place, _ known: [String]
  ) throws(ProfileMessage) -> Members {
    var members = Members()
    var seen: [String] = []
    guard value.kind == .object else { return members }
    for member in value.members {
      let item = Item(member.name, place.path)
      guard let match = known.first(where: { member.name.spellsInAnyCase($0) }) else { continue }
      guard member.name.spells(match) else { throw Self.otherCase(item, match) }
      if seen.contains(match) { throw ProfileMessage(item.place, "\(item.shown) is there twice") }
      seen.append(match)
      if member.value.kind == .null { continue }
      let path = place.path.isEmpty ? match : "\(place.path).\(match)"
      members.items.append((match, Item(member.value, path)))
    }
    return members
  }

  private mutating func profile(
    _ value: JSONValue, at place: Profile.Place
  ) throws(ProfileMessage) -> Profile {
    let members = try members(
      value, place,
      [
        "defaultAction", "defaultErrnoRet", "defaultErrno", "architectures", "archMap", "flags",
        "listenerPath", "listenerMetadata", "syscalls", "comment", "comments",
      ])
    guard let action = members["defaultAction"] else {
      throw ProfileMessage(
        place, "defaultAction is missing; it says what calls get that no entry names")
    }
    let verdict = try verdict(
      action, number: members["defaultErrnoRet"], name: members["defaultErrno"])
    if let flags = members["flags"] { try check(flags: flags) }
    let named = members["architectures"].map { $0 }
    let map = members["archMap"]
    if let named, let map, !named.value.elements.isEmpty, !map.value.elements.isEmpty {
      throw ProfileMessage(map.place, "a profile has either architectures or archMap")
    }
    var families: [Profile.Family]?
    if let map { families = try self.families(map) }
    var entries: [Profile.Entry] = []
    if let syscalls = members["syscalls"] {
      for element in try elements(syscalls) { entries.append(try entry(element)) }
    }
    return Profile(
      defaultVerdict: verdict, architectures: try named.map(texts) ?? [], map: families,
      entries: entries)
  }

  private mutating func entry(_ item: Item) throws(ProfileMessage) -> Profile.Entry {
    let members = try members(
      item.value, item.place,
      ["names", "name", "action", "errnoRet", "errno", "args", "comment", "includes", "excludes"])
    var names = try members["names"].map(texts) ?? []
    if let name = members["name"], !name.isEmptyText {
      if !names.isEmpty {
        throw ProfileMessage(name.place, "an entry has either 'name' or 'names'")
      }
      names = [try text(name)]
    } else if members["names"] == nil {
      throw ProfileMessage(item.place, "names is missing; it lists the calls of the entry")
    }
    if names.contains(where: { $0.isEmpty }) {
      throw ProfileMessage(members["names"]?.place ?? item.place, "a call has an empty name")
    }
    guard let action = members["action"] else {
      throw ProfileMessage(item.place, "action is missing; it says what the calls get")
    }
    var comparisons: [Profile.Comparison] = []
    if let arguments = members["args"] {
      for element in try elements(arguments) { comparisons.append(try comparison(element)) }
    }
    return Profile.Entry(
      place: item.place, names: names,
      verdict: try verdict(action, number: members["errnoRet"], name: members["errno"]),
      comparisons: comparisons,
      includes: try members["includes"].map { item throws(ProfileMessage) in try limits(item) }
        ?? Profile.Limits(),
      excludes: try members["excludes"].map { item throws(ProfileMessage) in try limits(item) }
        ?? Profile.Limits())
  }

  private mutating func comparison(_ item: Item) throws(ProfileMessage) -> Profile.Comparison {
    let members = try members(item.value, item.place, ["index", "value", "valueTwo", "op"])
    guard let index = members["index"], let value = members["value"], let op = members["op"] else {
      let missing = ["index", "value", "op"].first { members[$0] == nil } ?? ""
      throw ProfileMessage(item.place, "\(missing) is missing")
    }
    guard let test = Profile.Test.allCases.first(where: { op.value.spells($0.name) }) else {
      let names = Profile.Test.allCases.map { $0.name }
      throw ProfileMessage(
        op.place,
        "no operator is called \(op.shown)\(nearest(op, names)); expected one of "
          + names.joined(separator: ", "))
    }
    return Profile.Comparison(
      place: item.place, index: Int(try number(index, 0...5)), test: test,
      value: try number(value, 0...UInt64.max),
      second: try members["valueTwo"].map { item throws(ProfileMessage) in
        try number(item, 0...UInt64.max)
      } ?? 0)
  }

  private mutating func limits(_ item: Item) throws(ProfileMessage) -> Profile.Limits {
    let members = try members(item.value, item.place, ["arches", "caps", "minKernel"])
    var limits = Profile.Limits()
    limits.architectures = try members["arches"].map(texts) ?? []
    limits.capabilities = try members["caps"].map(texts) ?? []
    if let kernel = members["minKernel"], !kernel.isEmptyText {
      limits.kernel = KernelVersion(try text(kernel))
      if limits.kernel == nil {
        throw ProfileMessage(
          kernel.place, "\(kernel.shown) is no kernel version; expected one such as 4.8")
      }
    }
    return limits
  }

  private mutating func families(_ item: Item) throws(ProfileMessage) -> [Profile.Family] {
    var families: [Profile.Family] = []
    for element in try elements(item) {
      let members = try members(
        element.value, element.place, ["architecture", "subArchitectures"])
      guard let name = members["architecture"] else {
        throw ProfileMessage(element.place, "architecture is missing")
      }
      families.append(
        Profile.Family(
          architecture: try text(name), others: try members["subArchitectures"].map(texts) ?? []))
    }
    return families
  }

  /// Flags of seccomp(2) that runtimes know; none of them makes a filter refuse less.
  private mutating func check(flags: Item) throws(ProfileMessage) {
    let known = [
      "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
      "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
    ]
    for element in try elements(flags) {
      guard known.contains(where: { element.value.spells($0) }) else {
        throw ProfileMessage(element.place, "no flag is called \(element.shown)")
      }
      if element.value.spells(known[1]) {
        warnings.append(
          ProfileMessage(element.place, "nothing is logged: nonet does not set \(known[1])"))
      }
    }
  }
}

extension ProfileReader {
  /// What an action and an errno come to.
  private func verdict(
    _ action: Item, number: Item?, name: Item?
  ) throws(ProfileMessage) -> Verdict {
    if action.value.spells("SCMP_ACT_ALLOW") { return .allow }
    if action.value.spells("SCMP_ACT_LOG") { return .log }
    for kill in ["SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_KILL_PROCESS"]
    where action.value.spells(kill) { return .kill }
    if action.value.spells("SCMP_ACT_ERRNO") {
      if let name, !name.isEmptyText {
        guard let errno = Errno(named: try text(name)) else {
          throw ProfileMessage(
            name.place, "no errno is called \(name.shown)\(nearest(name, Errno.allNames))")
        }
        return .deny(errno)
      }
      guard let number else { return .deny(Self.usual) }
      let value = try self.number(number, 0...UInt64(UInt32.max))
      guard let errno = Errno(number: value) else {
        throw ProfileMessage(
          number.place,
          value == 0
            ? "errno 0 would tell the caller that a refused call had succeeded"
            : "an errno is a number from 1 to 4095")
      }
      return .deny(errno)
    }
    for (name, reason) in [
      ("SCMP_ACT_NOTIFY", "there is nobody who would answer"),
      ("SCMP_ACT_TRACE", "there is no tracer who would decide"),
      ("SCMP_ACT_TRAP", "a handler of SIGSYS in the command would decide"),
    ] where action.value.spells(name) {
      throw ProfileMessage(action.place, "\(name) cannot be honoured: \(reason)")
    }
    let names = ["ALLOW", "ERRNO", "KILL_PROCESS", "KILL_THREAD", "KILL", "LOG"].map {
      "SCMP_ACT_" + $0
    }
    throw ProfileMessage(
      action.place,
      "no action is called \(action.shown)\(nearest(action, names)); expected one of "
        + names.joined(separator: ", "))
  }

  private func nearest(_ item: Item, _ names: [String]) -> String {
    nearestName(to: item.value.utf8 ?? [], among: names).map { "; did you mean '\($0)'?" } ?? ""
  }
}

extension Profile.Test {
  var name: String {
    switch self {
    case .notEqual: "SCMP_CMP_NE"
    case .less: "SCMP_CMP_LT"
    case .lessOrEqual: "SCMP_CMP_LE"
    case .equal: "SCMP_CMP_EQ"
    case .greaterOrEqual: "SCMP_CMP_GE"
    case .greater: "SCMP_CMP_GT"
    case .masked: "SCMP_CMP_MASKED_EQ"
    }
  }
}

extension ProfileReader {
  /// A value with its place.
  private struct Item {
    let value: JSONValue
    let place: Profile.Place

    init(_ value: JSONValue, _ path: String) {
      self.value = value
      place = Profile.Place(path: path, offset: value.range.lowerBound)
    }

    /// The value for messages: its text, or what kind of thing it is.
    var shown: String {
      guard let text = value.utf8 else { return "that" }
      let shown = SafeText.shown(text.prefix(64))
      return text.count > 64 ? "'\(shown)...'" : "'\(shown)'"
    }

    var isEmptyText: Bool { value.utf8?.isEmpty ?? false }
  }

  /// The members of an object that have a meaning.
  private struct Members {
    var items: [(name: String, item: Item)] = []

    /// The member of that name; none where it is `null`.
    subscript(name: String) -> Item? { items.first { $0.name == name }?.item }
  }

  private mutating func members(
    _ value: JSONValue, _ place: Profile.Place, _ known: [String]
  ) throws(ProfileMessage) -> Members {
    guard value.kind == .object else { throw ProfileMessage(place, "expected an object") }
    let all = value.members
    guard all.count <= 64 else { throw ProfileMessage(place, "more than 64 members") }
    var members = Members()
    var seen: [[UInt8]] = []
    for member in all {
      let item = Item(member.name, place.path)
      guard let name = member.name.utf8 else {
        throw ProfileMessage(item.place, "a name is no text")
      }
      if seen.contains(name) { throw ProfileMessage(item.place, "\(item.shown) is there twice") }
      seen.append(name)
      if let match = known.first(where: { $0.utf8.elementsEqual(name) }) {
        if member.value.kind == .null { continue }
        let path = place.path.isEmpty ? match : "\(place.path).\(match)"
        members.items.append((match, Item(member.value, path)))
        continue
      }
      if let match = known.first(where: { member.name.spellsInAnyCase($0) }) {
        throw Self.otherCase(item, match)
      }
      warnings.append(
        ProfileMessage(
          item.place, "\(item.shown) means nothing here and is skipped\(nearest(item, known))"))
    }
    return members
  }

  private static func otherCase(_ item: Item, _ match: String) -> ProfileMessage {
    ProfileMessage(
      item.place,
      "\(item.shown) is '\(match)' to some engines and nothing to others; write '\(match)'")
  }

  private func elements(_ item: Item) throws(ProfileMessage) -> [Item] {
    guard item.value.kind == .array else { throw ProfileMessage(item.place, "expected an array") }
    var elements: [Item] = []
    for element in item.value.elements {
      elements.append(Item(element, "\(item.place.path)[\(elements.count)]"))
    }
    return elements
  }

  private func text(_ item: Item) throws(ProfileMessage) -> [UInt8] {
    guard let text = item.value.utf8 else { throw ProfileMessage(item.place, "expected a string") }
    return text
  }

  private func texts(_ item: Item) throws(ProfileMessage) -> [[UInt8]] {
    var texts: [[UInt8]] = []
    for element in try elements(item) { texts.append(try text(element)) }
    return texts
  }

  /// A whole number, written without sign, fraction and exponent as Go demands it.
  private func number(
    _ item: Item, _ range: ClosedRange<UInt64>
  ) throws(ProfileMessage) -> UInt64 {
    let expected = ProfileMessage(
      item.place, "expected a whole number from \(range.lowerBound) to \(range.upperBound)")
    guard item.value.kind == .number else { throw expected }
    var number: UInt64 = 0
    for byte in item.value.source {
      guard byte.isDigit else { throw expected }
      let (product, isTooLarge) = number.multipliedReportingOverflow(by: 10)
      let (sum, isTooLargeNow) = product.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
      guard !isTooLarge, !isTooLargeNow else { throw expected }
      number = sum
    }
    guard range.contains(number) else { throw expected }
    return number
  }
}
