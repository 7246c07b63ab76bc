/// Options that are said once and used for many commands, by a hook or a shell.
extension Options {
  /// Refuses what makes no sense for every command, or would open a way out.
  func refuseUnfitting() throws(Failure) {
    for option in given where !option.name.isForEveryCommand {
      throw .refused(
        option.name == .bestEffort
          ? "--best-effort could run commands unconfined, so it is not used here"
          : "\(option.name.rawValue) says nothing about how commands run")
    }
    if case .standardInput = policy {
      throw .refused("--policy - would read the command's standard input; name a file")
    }
  }

  /// Refuses an option that would take the place of an earlier one: options add, and never drop.
  ///
  /// - Parameter option: One that is said after `given`; the same words again say nothing new.
  /// - Throws: Which two exclude each other.
  func refuseDropping(for option: Given) throws(Failure) {
    for earlier in given where !option.agrees(with: earlier) {
      if earlier.name == option.name, option.name != .policy {
        throw .usage(
          "\(option.name.rawValue) was said twice, with '\(earlier.value?.text ?? "")' and "
            + "'\(option.value?.text ?? "")'")
      }
      let hint =
        earlier.name == option.name
        ? "a command has one policy"
        : "--loopback is short for --policy loopback; the line 'layers namespace' in a policy file "
          + "gives it a network of its own"
      throw .usage("\(earlier.words) and \(option.words) exclude each other: \(hint)")
    }
  }

  /// The options as words, with the names of files made absolute.
  ///
  /// - Parameter options: Those to be said.
  /// - Returns: Names and values, each a word.
  /// - Throws: The errno of getcwd(2), where a file's name is relative.
  static func words(of options: [Given]) throws(SystemError) -> [[UInt8]] {
    var words: [[UInt8]] = []
    for option in options {
      words.append(Array(option.name.rawValue.utf8))
      guard let value = option.value?.bytes else { continue }
      words.append(option.isRelative ? try workingFolder() + [UInt8(ascii: "/")] + value : value)
    }
    return words
  }
}

extension Options.Given {
  /// Whether both can hold: they are about different things, say the same, or add to each other.
  fileprivate func agrees(with other: Options.Given) -> Bool {
    switch (name, other.name) {
    case (.loopback, .policy): other.isLoopback
    case (.policy, .loopback): isLoopback
    case _:
      name != other.name || name.mayBeRepeated
        || value?.bytes.elementsEqual(other.value?.bytes ?? []) ?? true
    }
  }

  private var isLoopback: Bool { value?.bytes.elementsEqual("loopback".utf8) ?? false }

  /// The option as it was said, for messages.
  fileprivate var words: String {
    name.rawValue + (value.map { " \($0.text)" } ?? "")
  }

  /// Whether the value names a file that depends on the working folder.
  var isRelative: Bool {
    guard let value = value?.bytes else { return false }
    return name.namesFile(value) && value.first != UInt8(ascii: "/")
  }
}
