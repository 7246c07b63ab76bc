/// Options that are said once and used for many commands, by a hook or a shell.
extension Options {
  /// Refuses what makes no sense for every command, or would open a way out.
  ///
  /// - Parameter given: The options that are for the commands.
  /// - Throws: Which option has no place there.
  func refuseUnfitting(among given: [Given]) throws(Failure) {
    for option in given where !option.name.isForEveryCommand {
      throw .refused(
        option.name == .allowListen || option.name == .allowListenAny
          ? "\(option.name.rawValue) is for one command: another one beside it would find the port taken"
          : option.name.weakening == .always
            ? "\(option.name.rawValue) could run commands unconfined, so it is not used here"
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
    for earlier in given {
      if let conflict = option.conflict(with: earlier) { throw .usage(conflict) }
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
  /// Why an option cannot stand beside an earlier one; `nil` where both can hold: they are about
  /// different things, say the same, or add to each other.
  func conflict(with earlier: Options.Given) -> String? {
    if name == earlier.name {
      let isSame = value?.bytes.elementsEqual(earlier.value?.bytes ?? []) ?? true
      if isSame || name.mayBeRepeated { return nil }
    } else if isLoopback, earlier.isLoopback {
      return nil
    }
    for (one, other) in [(name, earlier.name), (earlier.name, name)] {
      let exclusion = one.exclusion
      if exclusion.names.contains(other) {
        let reason = exclusion.reason.map { ": \($0)" } ?? ""
        return "\(earlier.words) and \(words) exclude each other\(reason)"
      }
    }
    guard name == earlier.name else { return nil }
    return
      "\(name.rawValue) was said twice, with '\(earlier.value?.text ?? "")' and "
      + "'\(value?.text ?? "")'"
  }

  /// Whether it is `--loopback`, or what that is short for.
  private var isLoopback: Bool {
    name == .loopback || name == .policy && value?.bytes.elementsEqual("loopback".utf8) == true
  }

  /// The option as it was said, for messages.
  var words: String {
    name.rawValue + (value.map { " \($0.text)" } ?? "")
  }

  /// Whether the value names a file that depends on the working folder.
  var isRelative: Bool {
    guard let value = value?.bytes else { return false }
    return name.namesFile(value) && value.first != UInt8(ascii: "/")
  }
}
