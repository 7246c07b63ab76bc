internal import BPFAssembler

/// How a Python command is started behind the wrapper; `net_restrict.py` says the same in its head.
struct PythonWrapper {
  let interpreter: [UInt8]
  let preset: Preset
  let errno: Errno
  let isBestEffort: Bool
  let isQuiet: Bool
  let isVerbose: Bool
  let logDirectory: [UInt8]?

  /// Writes the wrapper where the interpreter finds it.
  ///
  /// A folder of its own for each run: as the same user, a command could change what later runs
  /// would load. Below /tmp, for a program that changes its user still has to read it. It is removed when
  /// the command has ended.
  ///
  /// - Returns: The words to start instead of the command.
  func words(for command: [[UInt8]]) throws(SystemError) -> [[UInt8]] {
    let folder = try makeFolder(prefix: "/tmp/nonet-python-")
    try removeAfterwards(folder)
    let file = folder + "/nonet_restrict.py"
    try writeNewFile(file, PackageResources.net_restrict_py)
    var options = ["--policy", preset.name, "--errno", "\(errno.number)"]
    if isBestEffort { options.append("--best-effort") }
    if isQuiet { options.append("--quiet") }
    if isVerbose { options.append("--verbose") }
    var words = [interpreter, Array("-EsSB".utf8), Array(file.utf8)]
    words += options.map { Array($0.utf8) }
    if let logDirectory { words += [Array("--log-dir".utf8), logDirectory] }
    return words + [Array("--".utf8)] + command
  }
}
