/// The options in `$NONET_OPTIONS`, which hold for every command that is started where it is set.
///
/// They may ask for more protection and for records, never for less protection: that is taken only
/// from where the person who starts nonet sees it, the command line or the settings of a hook. A file of the
/// project has no say at all, since a confined command could write it, or remove it.
struct EnvironmentOptions {
  /// Who reads them.
  enum Reader {
    case nonet
    /// `nonet-shell`, which has no command line of its own, and so takes a policy file from here.
    case shell
  }

  static let variable = "NONET_OPTIONS"
  let given: [Options.Given]

  /// Reads the options.
  ///
  /// - Parameters:
  ///   - text: The value of the variable.
  ///   - reader: Who is going to use them.
  /// - Throws: What is no option, takes protection away, or depends on the folder.
  init(_ text: [UInt8], for reader: Reader) throws(Failure) {
    let words: [[UInt8]]
    do throws(ShellWords.QuotingError) {
      words = try ShellWords.split(text)
    } catch {
      throw .refused(error.words)
    }
    given = try OptionParser.parseOptions(words.map { Word(copying: $0) }).given
    for option in given {
      if option.takesProtectionAway(for: reader) {
        throw .refused(
          "\(option.words) can take protection away, so it is taken from a command line or the "
            + "settings of a hook alone")
      }
      // The program may start in a folder that the author of its files has prepared.
      if option.isRelative {
        throw .refused(
          "\(option.name.rawValue) '\(option.value?.text ?? "")' depends on the folder; write the "
            + "whole path")
      }
    }
  }
}

extension Options.Given {
  /// Whether the option could leave a command with less than it has without the option.
  func takesProtectionAway(for reader: EnvironmentOptions.Reader) -> Bool {
    switch name.weakening {
    case .never: false
    case .always: true
    case .byValue:
      if let value, name == .policy, OptionParser.isPolicyFile(value.bytes) {
        reader != .shell
      } else {
        !["default", "strict", "loopback", "auto", "seccomp"].contains(value?.text ?? "")
      }
    }
  }
}

extension Options {
  /// These options and those of the environment.
  ///
  /// - Parameters:
  ///   - reader: Who uses them.
  ///   - sequel: What a failure has kept from happening.
  /// - Returns: Both; where they exclude each other, what was said here. The same options where
  ///   the variable is not set, or an outer nonet has used it already.
  /// - Throws: What is wrong with the options of the environment.
  func withEnvironment(
    for reader: EnvironmentOptions.Reader = .nonet, sequel: String = "nothing was run"
  ) throws(Failure) -> Options {
    guard let text = environmentValue("NONET_OPTIONS"), !text.isEmpty else { return self }
    let variable = EnvironmentOptions.variable
    if Here.isInside {
      notes.append("\(variable) is not used: this process is confined already")
      return self
    }
    do throws(Failure) {
      return try joined(with: EnvironmentOptions(text, for: reader))
    } catch {
      throw .refused("\(variable): \(error.message); \(sequel)")
    }
  }

  /// These options and others that were said before; where two exclude each other, these.
  func joined(with environment: EnvironmentOptions) throws(Failure) -> Options {
    var kept: [Given] = []
    var notes: [String] = []
    for option in environment.given {
      if let stronger = given.first(where: { $0.conflict(with: option) != nil }) {
        notes.append(
          "\(EnvironmentOptions.variable): \(option.words) is not used, because of \(stronger.words)"
        )
      } else {
        kept.append(option)
      }
    }
    if !kept.isEmpty {
      let words = kept.map { $0.words }.joined(separator: " ")
      notes.append("\(EnvironmentOptions.variable): \(words)")
    }
    let options = try OptionParser.options(saying: kept + given, mode: mode)
    options.notes = notes
    options.isForEveryCommand = isForEveryCommand
    return options
  }
}
