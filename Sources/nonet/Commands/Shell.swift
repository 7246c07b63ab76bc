/// `nonet-shell`: takes a shell's arguments, confines itself and becomes a shell with them.
///
/// Whatever honours `$SHELL` then runs its commands confined, without knowing of nonet.
struct Shell {
  /// The command line, at least one word.
  let words: [Word]
  let argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

  private static let name = "nonet-shell"

  /// Whether the program was started under the shell's name, with the dash of a login shell or not.
  static func isMeant(by words: [Word]) -> Bool {
    guard let first = words.first?.bytes else { return false }
    return isName(first.first == UInt8(ascii: "-") ? Array(first.dropFirst()) : first)
  }

  /// Becomes the shell, or runs it as a child where it is to be supervised.
  ///
  /// - Returns: The exit status of a supervised shell.
  /// - Throws: Why no shell ran.
  func perform() throws(Failure) -> CInt {
    let options = try Self.options()
    let shell = try Self.shell()
    argv[0] = Word(copying: Self.firstWord(for: shell, calledAs: words[0].bytes)).pointer
    return try Run(options: options, command: argv, program: Word(copying: shell)).perform()
  }

  /// The options in `$NONET_OPTIONS`.
  private static func options() throws(Failure) -> Options {
    let none = Options()
    none.isForEveryCommand = true
    return try none.withEnvironment(for: .shell, sequel: "no shell was started")
  }

  /// The shell: `$NONET_SHELL`, else the user's own, else `/bin/sh`; never this program again.
  private static func shell() throws(Failure) -> [UInt8] {
    if let wanted = environmentValue("NONET_SHELL").map({ Word(copying: $0) }),
      !wanted.bytes.isEmpty
    {
      let hasSlash = wanted.bytes.contains(UInt8(ascii: "/"))
      let name = String(decoding: wanted.bytes, as: UTF8.self)
      let found = hasSlash ? wanted.bytes : Here.executable(named: name).map { Array($0.utf8) }
      guard let path = found else {
        throw .notFound("NONET_SHELL: '\(wanted.text)': not found along PATH")
      }
      if isSelf(path) {
        throw .refused("NONET_SHELL is nonet-shell itself; name the shell to run in it")
      }
      return path
    }
    if let shell = shellOfUser(), runsCommands(shell), !isSelf(shell) { return shell }
    let last = Array("/bin/sh".utf8)
    if isSelf(last) { throw .refused("/bin/sh is nonet-shell itself; set NONET_SHELL") }
    return last
  }

  /// Whether a user's shell is one: accounts that are closed have a program that says so.
  private static func runsCommands(_ shell: [UInt8]) -> Bool {
    let name = PathText.lastComponent(shell)
    return !name.elementsEqual("nologin".utf8) && !name.elementsEqual("false".utf8)
      && isExecutable(nullTerminated(shell))
  }

  private static func isSelf(_ path: [UInt8]) -> Bool {
    isName(path) || OwnProgram.isFile(path)
  }

  /// What the shell is to see as its own name: called as this program was, with path or without.
  private static func firstWord(for shell: [UInt8], calledAs word: [UInt8]) -> [UInt8] {
    let dash = UInt8(ascii: "-")
    if word.first == dash { return [dash] + PathText.lastComponent(shell) }
    return word.contains(UInt8(ascii: "/")) ? shell : Array(PathText.lastComponent(shell))
  }

  /// Whether a path ends in the shell's name.
  static func isName(_ path: [UInt8]) -> Bool {
    PathText.lastComponent(path).elementsEqual(name.utf8)
  }
}
