internal import BPFAssembler

/// `nonet --cd -- bash -c TEXT`: prints the folder in which the text ended, for a shell outside to enter.
///
/// Some hosts have a shell whose folder one command leaves to the next. A command that runs in a shell of
/// its own, as a confined one does, cannot change that folder, so it is handed back by name:
/// `{ d=$(nonet --cd -- bash -c TEXT) && cd "$d"; } 3>&1`. Standard output is for the name alone, and the
/// command's own is descriptor 3. The text is evaluated as such hosts do it, so the folder counts where
/// it ends with 0 and without `exit` or `exec`.
///
/// The name comes from a confined command, and is printed only where it is a folder's absolute path
/// without a control character: between quotation marks no shell sees anything in it.
struct HandedFolder {
  let options: Options
  let command: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

  /// Where the command's standard output is.
  private static let output: CInt = 3

  /// Runs the command and prints the folder.
  ///
  /// - Returns: The command's status.
  /// - Throws: Why it did not run.
  func perform() throws(Failure) -> CInt {
    let words = try words()
    guard isOpen(Self.output) else {
      throw .refused("--cd: descriptor 3 is closed, and the command's output goes there")
    }
    guard isOpen(STDOUT_FILENO) else { throw .refused("--cd: standard output is closed") }
    let folder = Self.present
    guard let file = Self.file() else {
      say("no file can be made in a temporary folder, so the shell outside stays where it is")
      return try go(words, nil, folder)
    }
    return try go(words, file, folder)
  }

  private func go(
    _ words: [Word], _ file: consuming ScratchFile?, _ folder: [UInt8]
  ) throws(Failure) -> CInt {
    var arguments = words.map { Optional($0.pointer) } + [nil]
    if let path = file?.path {
      let script = Self.script(words[2].bytes, writingTo: path)
      if script.count <= ConfinedCommand.longest { arguments[2] = Word(copying: script).pointer }
    }
    let beside: Beside
    do throws(SystemError) {
      beside = try stayBeside(output: Self.output)
    } catch {
      throw .system(error, "--cd: the command was not run")
    }
    switch beside {
    case .child:
      return try arguments.withUnsafeMutableBufferPointer { buffer throws(Failure) in
        guard let start = buffer.baseAddress else { throw .refused("--cd: no words") }
        return try Run(options: options, command: start).perform()
      }
    case .parent(.killed(let signal)):
      file?.remove()
      endProcess(by: signal)
      return 128 + signal
    case .parent(.exited(let status)):
      let ended = status == 0 ? Self.folder(in: file) : nil
      file?.remove()
      if status == 0 { try printOut((ended ?? folder) + [UInt8(ascii: "\n")]) }
      return status
    case .parent(.stopped), .parent(.continued):
      return 125
    }
  }

  /// The command's words, which are `bash -c TEXT`.
  private func words() throws(Failure) -> [Word] {
    var words: [Word] = []
    while words.count < 4, let word = command[words.count] { words.append(Word(pointer: word)) }
    guard words.count == 3, words[0].bytes.elementsEqual("bash".utf8),
      words[1].bytes.elementsEqual("-c".utf8)
    else {
      throw .usage("--cd is for the command bash -c TEXT, with no further words")
    }
    return words
  }

  /// The text, and behind it what writes the folder; `eval` keeps the two apart, whatever quotes,
  /// here-documents or comments the text leaves open.
  ///
  /// `<>` is one redirection that waits for nobody where a FIFO has taken the file's place.
  private static func script(_ text: [UInt8], writingTo path: [UInt8]) -> [UInt8] {
    Array("eval -- ".utf8) + ShellText.quoted(text) + Array(" && { builtin pwd -P 1<>".utf8)
      + ShellText.quoted(path) + Array(" || :; } 2>/dev/null".utf8)
  }

  /// The folder that was written down; `nil` where none was, or none that a shell may be told.
  private static func folder(in file: borrowing ScratchFile?) -> [UInt8]? {
    let text: [UInt8]?
    do throws(SystemError) {
      text = try file?.contents(limit: 4096)
    } catch {
      return nil
    }
    guard var name = text, name.popLast() == UInt8(ascii: "\n") else { return nil }
    guard isFolderToTell(name) else {
      say("the command's last folder has a name that no shell is told, so it stays where it is")
      return nil
    }
    return name
  }

  private static func isFolderToTell(_ name: [UInt8]) -> Bool {
    name.first == PathText.slash && name.count < 4096
      && name.allSatisfy { $0 >= 0x20 && $0 != 0x7f } && firstInvalidUTF8(in: name) == nil
      && isDirectory(nullTerminated(name)) && isExecutable(nullTerminated(name))
  }

  /// Where this process is, or `.` where that has no name to tell.
  private static var present: [UInt8] {
    do throws(SystemError) {
      let folder = try workingFolder()
      if isFolderToTell(folder) { return folder }
    } catch {}
    return [UInt8(ascii: ".")]
  }

  private static func file() -> ScratchFile? {
    for folder in [
      environmentValue("XDG_RUNTIME_DIR"), environmentValue("TMPDIR"), Array("/tmp".utf8),
    ] {
      guard let folder, folder.count < 200, isFolderToTell(folder) else { continue }
      do throws(SystemError) { return try ScratchFile(in: folder) } catch {}
    }
    return nil
  }
}
