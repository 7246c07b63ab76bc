internal import BPFAssembler

/// `--allow-unix env:NAME`: the socket whose path a variable has, looked up at each run, since sockets such as
/// ssh-agent's come and go.
///
/// An agent can write a variable into the settings of a project. So the socket has to be the user's own and
/// none by which a daemon is told to do things outside, and its path is said.
enum NamedSocket {
  private static let mark = "env:"

  /// The path that a value of `--allow-unix` stands for.
  ///
  /// - Parameters:
  ///   - word: The value.
  ///   - isQuiet: Whether nothing is said.
  /// - Returns: The word itself where it names no variable; `nil` where the variable allows nothing.
  /// - Throws: Where what stands there is no name of a variable, or no absolute path.
  static func path(of word: Word, isQuiet: Bool) throws(Failure) -> Word? {
    guard word.bytes.starts(with: mark.utf8) else { return word }
    let name = Array(word.bytes.dropFirst(mark.utf8.count))
    guard isName(name) else {
      throw .usage("--allow-unix: '\(word.text)' names no variable of the environment")
    }
    guard let value = environmentValue(named: name), !value.isEmpty else {
      if !isQuiet { say("--allow-unix \(word.text): it is not set, so no such socket is allowed") }
      return nil
    }
    let path = Word(copying: value)
    guard value.first == PathText.slash else {
      throw .refused(
        "--allow-unix \(word.text): '\(path.text)' is no absolute path; the command was not run")
    }
    guard fileExists(path.pointer) else {
      if !isQuiet {
        say("--allow-unix \(word.text): nothing is at '\(path.text)', so it is not allowed")
      }
      return nil
    }
    if !isQuiet { say("--allow-unix \(word.text): \(path.text)") }
    return path
  }

  /// Refuses what a variable may not name.
  static func check(_ path: RealPath, _ word: Word) throws(Failure) {
    let name = Word.text(of: path.name)
    guard path.file.isSocket else {
      throw .refused("--allow-unix \(word.text): '\(name)' is no socket; the command was not run")
    }
    guard path.file.owner == OwnProcess.effectiveUser else {
      throw .refused(
        "--allow-unix \(word.text): '\(name)' belongs to user \(path.file.owner); name it by its path; "
          + "the command was not run")
    }
    if isControl(path.name) {
      throw .refused(
        "--allow-unix \(word.text): by '\(name)' a daemon outside can be told to run things; the "
          + "command was not run")
    }
  }

  /// Whether a path is that of a socket by which Docker, Podman, containerd, D-Bus or systemd take orders.
  private static func isControl(_ path: [UInt8]) -> Bool {
    let names = PathText.names(path)
    let sockets = [
      "docker.sock", "podman.sock", "containerd.sock", "crio.sock", "buildkitd.sock", "bus",
      "system_bus_socket", "private", "notify",
    ]
    guard let last = names.last else { return true }
    return sockets.contains { last.elementsEqual($0.utf8) }
      || last.starts(with: "dbus-".utf8)
      || names.contains { $0.elementsEqual("systemd".utf8) || $0.elementsEqual("dbus-1".utf8) }
  }

  private static func isName(_ name: [UInt8]) -> Bool {
    guard let first = name.first, !first.isDigit else { return false }
    return name.allSatisfy { byte in
      byte.isAlphanumeric || byte == UInt8(ascii: "_")
    }
  }
}
