/// How a hook has commands run: `/path/of/nonet OPTIONS -- bash -c 'COMMAND'`.
///
/// The shell of the host, whichever it is, sees plain words and quotes and nothing to expand. All of
/// the command is expanded by the bash inside. A host whose shell keeps its folder has bash or zsh, and
/// enters the folder whose name nonet hands back.
struct ConfinedCommand: Equatable {
  /// Everything up to the command, with the blank before it.
  let prefix: [UInt8]
  /// Everything behind it.
  let suffix: [UInt8]

  /// The longest text that can be one argument of a program.
  ///
  /// MAX_ARG_STRLEN of linux/binfmts.h is 32 pages, with the final NUL. Hosts hand commands to a shell
  /// in such an argument.
  static let longest = (32 << 12) - 1
  /// What the nonet inside may put around a command whose folder it hands back.
  private static let roomForFolder = 512

  /// The longest line that a hook may answer.
  let longestLine: Int

  /// - Parameters:
  ///   - words: The absolute path of nonet, and its options.
  ///   - handsFolder: Whether `--cd` is among them.
  init(_ words: [[UInt8]], handsFolder: Bool) {
    let line =
      words.flatMap { ShellText.word($0) + [UInt8(ascii: " ")] } + Array("-- bash -c ".utf8)
    prefix = handsFolder ? Array("{ _nonet=$(".utf8) + line : line
    // Only a status of 0 has a folder behind it. A user's own `cd` is none of a sandbox's business.
    // With -q zsh runs no function of the user's that reads files of the folder (chpwd).
    let entering = ") && builtin cd ${ZSH_VERSION:+-q} -- \"$_nonet\"; } 3>&1"
    suffix = handsFolder ? Array(entering.utf8) : []
    longestLine = Self.longest - (handsFolder ? Self.roomForFolder : 0)
  }

  /// A command, confined.
  func wrapping(_ command: [UInt8]) -> [UInt8] { prefix + ShellText.quoted(command) + suffix }

  /// Whether a command is, to the byte, what `wrapping` makes of some other one.
  ///
  /// Nothing less will do: any other command is wrapped, even one that begins with nonet, since its
  /// options may be weaker and its end may be outside. Wrapping twice does no harm.
  func isConfined(_ command: [UInt8]) -> Bool {
    command.starts(with: prefix) && command.count >= prefix.count + suffix.count
      && command.suffix(suffix.count).elementsEqual(suffix)
      && ShellText.unquoted(command.dropFirst(prefix.count).dropLast(suffix.count)) != nil
  }
}
