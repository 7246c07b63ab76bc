internal import BPFAssembler

/// Where the program begins; Embedded Swift has no `CommandLine`, so main's arguments come here.
///
/// - Parameters:
///   - argc: The number of words.
///   - argv: The words, null-terminated.
/// - Returns: The exit status.
@c(nonet_main)
public func entry(
  _ argc: CInt, _ argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> CInt {
  let words = (0..<Int(argc)).compactMap { argv[$0].map(Word.init(pointer:)) }
  do throws(Failure) {
    if Shell.isMeant(by: words) { return try Shell(words: words, argv: argv).perform() }
    return try perform(words, argv)
  } catch {
    say(error.message + (error.showsUsage ? "\n" + Help.usage : ""))
    return error.status
  }
}

private func perform(
  _ words: [Word], _ argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) throws(Failure) -> CInt {
  let options: Options
  do throws(Failure) {
    options = try OptionParser.parse(words)
  } catch {
    throw OptionParser.isMeantAsHook(words) ? error.forHost : error
  }
  switch options.mode {
  case .run(let argument):
    let all = try options.withEnvironment()
    if all.handsFolder {
      return try HandedFolder(options: all, command: argv + argument).perform()
    }
    return try Run(options: all, command: argv + argument).perform()
  case .dump: try Show(options: try options.withEnvironment()).dump()
  case .diff(let first, let second):
    return try Comparison(options: options, first: first, second: second).perform()
  case .explain: try Show(options: try options.withEnvironment()).explain()
  case .check: return try Check(options: options).perform()
  case .inside: return try Check(options: options).inside()
  case .why(let target):
    return try Why(options: try options.withEnvironment(), word: target).perform()
  case .session(let action): return try SessionCommand(options, action).perform()
  case .verify(let process):
    return try Verify(options: try options.withEnvironment(), process: process).perform()
  case .hook(let host, .answer): return try Hook(options: options, host: host).answer()
  case .hook(let host, let action):
    do throws(Failure) {
      let installation = HookInstallation(options: options, host: host)
      switch action {
      case .install: try installation.install()
      case .uninstall: try installation.uninstall()
      case .trial: return try HookTrial(options: options, host: host).perform()
      case .status, .answer: return try HookStatus(options: options, host: host).perform()
      }
    } catch {
      throw error.forHost
    }
  case .report(let file, let log): try Report(file: file, log: log).perform()
  case .checkPolicy(let choice): return try PolicyText(choice, options).check()
  case .formatPolicy(let choice): return try PolicyText(choice, options).format()
  case .printPolicy(let preset): try printOut(preset.text)
  case .names(let kind): try printOut((kind.names ?? []).joined(separator: "\n") + "\n")
  case .help(let isShort): try printOut(isShort ? HelpText.short : HelpText.full)
  case .version: try printOut(Help.version + "\n")
  }
  return 0
}
