/// How a hook has commands run: `/path/of/nonet OPTIONS -- bash -c 'COMMAND'`.
///
/// The shell of the host, whichever it is, sees plain words and quotes and nothing to expand. All of
/// the command is expanded by the bash inside.
struct ConfinedCommand: Equatable {
  /// Everything up to the command, with the blank before it.
  let prefix: [UInt8]

  /// The longest text that can be one argument of a program.
  ///
  /// MAX_ARG_STRLEN of linux/binfmts.h is 32 pages, with the final NUL. Hosts hand commands to a shell
  /// in such an argument.
  static let longest = (32 << 12) - 1

  /// - Parameter words: The absolute path of nonet, and its options.
  init(_ words: [[UInt8]]) {
    prefix = words.flatMap { ShellText.word($0) + [UInt8(ascii: " ")] } + Array("-- bash -c ".utf8)
  }

  /// A command, confined.
  func wrapping(_ command: [UInt8]) -> [UInt8] { prefix + ShellText.quoted(command) }

  /// Whether a command is, to the byte, what `wrapping` makes of some other one.
  ///
  /// Nothing less will do: any other command is wrapped, even one that begins with nonet, since its
  /// options may be weaker and its end may be outside. Wrapping twice does no harm.
  func isConfined(_ command: [UInt8]) -> Bool {
    command.starts(with: prefix) && ShellText.unquoted(command.dropFirst(prefix.count)) != nil
  }
}
