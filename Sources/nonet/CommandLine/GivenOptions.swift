internal import CLinuxShims

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
  /// Whether the value names a file that depends on the working folder.
  var isRelative: Bool {
    guard let value = value?.bytes else { return false }
    return name.namesFile(value) && value.first != UInt8(ascii: "/")
  }
}
