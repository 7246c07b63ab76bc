internal import BPFAssembler

/// The values of options, each read or refused with what was expected.
extension OptionParser {
  static func policy(
    _ value: Word, of option: OptionName = .policy
  ) throws(Failure) -> Options.PolicyChoice {
    let bytes = value.bytes
    if bytes.elementsEqual("-".utf8) { return .standardInput }
    if isPolicyFile(bytes) { return .file(value) }
    return .preset(try preset(option, value))
  }

  /// Whether a value of `--policy` is the name of a file.
  static func isPolicyFile(_ value: [UInt8]) -> Bool {
    value.contains(UInt8(ascii: "/")) || value.suffix(7).elementsEqual(".policy".utf8)
      || isProfile(value)
  }

  /// Whether a file holds a profile of container engines and no policy.
  static func isProfile(_ value: [UInt8]) -> Bool { value.suffix(5).elementsEqual(".json".utf8) }

  static func preset(_ option: OptionName, _ value: Word) throws(Failure) -> Preset {
    if let preset = Preset(named: value.text) { return preset }
    let names = Preset.allCases.map { $0.name }
    let others =
      option.kind == .policy
      ? ", a file with '/' in its name or ending in .policy or .json, or '-'" : ""
    throw .usage(
      "\(option.rawValue): no preset is called '\(value.text)'\(suggestion(for: value, among: names)); "
        + "expected \(names.joined(separator: ", "))\(others)")
  }

  static func kind(_ value: Word) throws(Failure) -> OptionKind {
    let kinds = OptionKind.allCases.filter { $0.names != nil }
    if let kind = kinds.first(where: { $0.rawValue == value.text }) { return kind }
    throw .usage(
      "--names: expected \(kinds.map { $0.rawValue }.joined(separator: ", ")), not '\(value.text)'")
  }

  static func calls(_ option: OptionName, _ value: Word) throws(Failure) -> [Options.Change.Item] {
    var items: [Options.Change.Item] = []
    for name in value.bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      let text = Word.text(of: name)
      if let calls = SyscallSet.calls(named: text) {
        items.append(.init(word: text, calls: calls))
      } else if let call = Syscall(named: name) {
        items.append(.init(word: text, calls: [call]))
      } else {
        let names = Syscall.all.map { $0.name }
        let nearest = nearestName(to: name, among: names).map { "; did you mean '\($0)'?" } ?? ""
        throw .usage(
          "\(option.rawValue): no architecture has a call named '\(text)'\(nearest)")
      }
    }
    return items
  }

  static func privileges(_ value: Word) throws(Failure) -> Privileges {
    var all = Privileges.none
    for name in value.bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      guard let one = Privileges(named: name) else {
        let nearest = nearestName(to: name, among: Privileges.allNames)
        throw .usage(
          "--keep-caps: no capability is called '\(Word.text(of: name))'"
            + (nearest.map { "; did you mean '\($0)'?" } ?? ""))
      }
      all = all.adding(one)
    }
    return all
  }

  static func errno(_ value: Word) throws(Failure) -> Errno {
    let text = value.text
    if let errno = Errno(named: text) { return errno }
    if let number = Int(text), let errno = Errno(number: number) { return errno }
    throw .usage(
      "--errno: '\(text)' is no errno\(suggestion(for: value, among: Errno.allNames)); "
        + "expected a name such as EPERM or a number from 1 to 4095")
  }

  /// The status of `--fail-on-attempt`; said without one, it takes no other one back.
  static func attemptStatus(_ value: Word?, before: CInt?) throws(Failure) -> CInt {
    guard let value else { return before ?? Options.statusOfAttempts }
    if let number = CInt(value.text), (1...255).contains(number) { return number }
    throw .usage("--fail-on-attempt: expected a status from 1 to 255, not '\(value.text)'")
  }

  static func backend(_ value: Word) throws(Failure) -> Plan.Backend {
    let backends = Plan.Backend.allCases
    if let backend = backends.first(where: { $0.description == value.text }) { return backend }
    throw .usage("--backend: expected auto, seccomp, namespace or python, not '\(value.text)'")
  }

  static func architectures(_ value: Word) throws(Failure) -> Options.ArchitectureChoice {
    if value.bytes.elementsEqual("all".utf8) { return .every }
    if let architecture = Architecture.natives.first(where: { $0.name == value.text }) {
      return .one(architecture)
    }
    let names = Architecture.natives.map { $0.name }.joined(separator: ", ")
    throw .usage("--arch: expected \(names) or all, not '\(value.text)'")
  }

  static func format(_ value: Word) throws(Failure) -> Options.OutputFormat {
    if let format = Dump.Format(named: value.text) { return .program(format) }
    if let format = ProfileFormat.allCases.first(where: { $0.name == value.text }) {
      return .profile(format)
    }
    let names = formatNames
    throw .usage(
      "--format: expected \(names.joined(separator: ", ")), not '\(value.text)'")
  }

  static func session(_ value: Word) throws(Failure) -> Word {
    if SessionName(value.bytes) != nil { return value }
    throw .usage(
      "--session: expected a name of 1 to 64 letters, digits, '.', '_' and '-', or env: and the name of a "
        + "variable, not '\(value.text)'")
  }

  /// The names of all formats.
  static var formatNames: [String] {
    Dump.Format.all.map { $0.name } + ProfileFormat.allCases.map { $0.name }
  }

  static func process(_ value: Word) throws(Failure) -> pid_t {
    if let number = pid_t(value.text), number > 0 { return number }
    throw .usage("--verify: expected the number of a process, not '\(value.text)'")
  }

  static func host(_ value: Word) throws(Failure) -> HookHost {
    if let host = HookHost(named: value.text) { return host }
    let names = HookHost.all.map { $0.name }
    // People leave out the `-cli` and `-code` of a name.
    let longer = names.first { $0.utf8.starts(with: value.text.utf8) && !value.bytes.isEmpty }
    let meant =
      longer.map { "; did you mean '\($0)'?" } ?? suggestion(for: value, among: names)
    throw .usage(
      "--hook: no host is called '\(value.text)'\(meant); expected "
        + names.joined(separator: ", "))
  }

  private static func suggestion(for value: Word, among names: [String]) -> String {
    nearestName(to: value.bytes, among: names).map { "; did you mean '\($0)'?" } ?? ""
  }
}
