/// What `--session` names: the session itself, or a variable that does, as hosts of agents set one.
enum SessionName {
  case name(String)
  case variable([UInt8])

  private static let mark = "env:"

  /// `nil` for what can be neither.
  init?(_ value: [UInt8]) {
    if Session.isName(value) {
      self = .name(String(decoding: value, as: UTF8.self))
      return
    }
    guard value.starts(with: Self.mark.utf8) else { return nil }
    let name = Array(value.dropFirst(Self.mark.utf8.count))
    // A variable's name is one that a session could have, but for the signs in it.
    guard Session.isName(name), !name[0].isDigit, name.allSatisfy({ $0 != 0x2d && $0 != 0x2e })
    else { return nil }
    self = .variable(name)
  }

  /// The session of a command line; `nil` where it asks for none, or its variable is not set.
  ///
  /// - Throws: Where the variable has no name of a session.
  static func session(_ options: Options) throws(Failure) -> Session? {
    guard let word = options.session, let name = SessionName(word.bytes) else { return nil }
    switch name {
    case .name(let name): return Session(name)
    case .variable(let variable):
      guard let value = environmentValue(named: variable), !value.isEmpty else {
        if options.isVerbose { say("--session \(word.text): it is not set; a network of its own") }
        return nil
      }
      guard Session.isName(value) else {
        throw .refused(
          "--session \(word.text): '\(Word.text(of: value))' is no name of 1 to 64 letters, digits, '.', "
            + "'_' and '-'; nothing was run")
      }
      return Session(String(decoding: value, as: UTF8.self))
    }
  }
}
