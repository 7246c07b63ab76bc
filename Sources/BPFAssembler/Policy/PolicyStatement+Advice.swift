/// What to write instead of what people bring from elsewhere; `nil` where nothing better is known than
/// what was expected.
extension PolicyStatement {
  /// What other tools call a verdict; an empty one has no verdict here.
  private static let verdicts: [(word: String, verdict: String)] = [
    ("ALLOW", "allow"), ("ERRNO", "deny with EPERM"), ("KILL", "kill"), ("KILL_PROCESS", "kill"),
    ("KILL_THREAD", "kill"), ("LOG", "log"), ("DENY", "deny"), ("TRAP", ""), ("TRACE", ""),
    ("NOTIFY", ""), ("USER_NOTIF", ""),
    ("block", "deny"), ("reject", "deny"), ("refuse", "deny"), ("forbid", "deny"),
    ("disallow", "deny"), ("permit", "allow"), ("pass", "allow"), ("drop", "deny"),
    ("errno", "deny with EPERM"), ("trap", ""), ("trace", ""), ("notify", ""), ("audit", "log"),
    ("warn", "log"), ("whitelist", "allow"), ("blacklist", "deny"), ("exclude", "deny"),
  ]

  private static func verdict(of word: String) -> (word: String, verdict: String)? {
    var name = word.utf8[...]
    for prefix in ["SCMP_ACT_", "SECCOMP_RET_", "ACT_"] where name.starts(with: prefix.utf8) {
      name = name.dropFirst(prefix.utf8.count)
      break
    }
    return verdicts.first { $0.word.utf8.elementsEqual(name) }
  }

  private static func words(for verdict: String, _ found: String) -> String {
    verdict.isEmpty
      ? "no verdict does what '\(found)' does; there are allow, deny, kill and log"
      : "'\(found)' is written '\(verdict)'"
  }

  /// What begins a line in other languages.
  static func advice(forVerb verb: String) -> String? {
    if let known = verdict(of: verb) {
      if known.verdict == "deny with EPERM" {
        return "'\(verb)' is written 'deny CALLS with EPERM'"
      }
      return words(for: known.verdict, verb)
    }
    let name = verb.utf8.last == UInt8(ascii: ":") ? String(verb.dropLast()) : verb
    if starts.contains(name), name != verb { return "'\(name)' has no ':' behind it" }
    if Syscall(named: name) != nil || SyscallSet.calls(named: name) != nil {
      return "a rule begins with its verdict: 'allow \(name)' or 'deny \(name)'"
    }
    switch verb {
    case "if", "unless": return "the condition follows the calls: 'deny CALLS if CONDITION'"
    case "else", "elif", "otherwise":
      return "there is no '\(verb)'; what no rule decides gets the line 'default VERDICT'"
    case "SystemCallFilter", "SystemCallFilter:":
      return "write 'allow @system-service' and 'default deny'"
    case "POLICY", "USE", "DEFAULT":
      return
        "there are no named policies; write 'default deny', and each rule on a line: 'allow CALLS'"
    case "walls": return "the line is called 'layers'"
    case _: return nil
    }
  }

  /// What stands for a verdict in other languages.
  static func advice(forVerdict word: String) -> String? {
    verdict(of: word).map { words(for: $0.verdict, word) }
  }

  /// Symbols and numbers at the beginning of a line.
  func adviceForStart() -> String? {
    switch current.kind {
    case .number(let number):
      return "a rule begins with its verdict, and calls are named: "
        + Self.names(of: number, example: "deny")
    case .symbol(.openBrace), .symbol(.closeBrace):
      return "there are no blocks; each rule stands on one line: 'deny CALLS if CONDITION'"
    case .symbol(.comma): return "a rule stands on one line, with all of its calls"
    case .word, .negative, .symbol, .text, .end: return nil
    }
  }

  /// What a number means as a call: something else on each ABI.
  private static func names(of number: UInt64, example: String) -> String {
    guard let number = UInt32(exactly: number) else { return "'\(example) socket'" }
    let names = [Architecture.x86_64, .aarch64].compactMap { architecture in
      Syscall.at(number: number, on: architecture).map { "\($0.name) on \(architecture)" }
    }
    return names.isEmpty
      ? "'\(example) socket'" : "\(number) is \(names.joined(separator: ", "))"
  }
}

/// Calls.
extension PolicyStatement {
  /// Functions of the C library, and the calls that they make.
  private static let functions: [(name: String, calls: String)] = [
    ("fopen", "openat"), ("opendir", "openat"), ("popen", "clone3, clone, vfork, execve"),
    ("system", "clone3, clone, vfork, execve"), ("posix_spawn", "clone3, clone, vfork, execve"),
    ("pthread_create", "clone3, clone"), ("exec", "execve, execveat"), ("execv", "execve"),
    ("execl", "execve"), ("execvp", "execve"), ("execlp", "execve"), ("fexecve", "execveat"),
    ("getaddrinfo", "socket, connect"), ("gethostbyname", "socket, connect"),
    ("malloc", "brk, mmap"), ("sleep", "clock_nanosleep"), ("usleep", "clock_nanosleep"),
    ("raise", "tgkill"), ("abort", "tgkill"), ("pread", "pread64"), ("pwrite", "pwrite64"),
    ("fstatat", "newfstatat"), ("mmap64", "mmap"), ("seteuid", "setresuid"),
    ("setegid", "setresgid"), ("printf", "write"), ("puts", "write"), ("shm_open", "openat"),
    ("sem_open", "openat"), ("mkstemp", "openat"), ("remove", "unlink, rmdir"),
    ("wait", "wait4"), ("waitpid", "wait4"), ("tcsetattr", "ioctl"), ("isatty", "ioctl"),
    ("aio_read", "pread64"), ("aio_write", "pwrite64"), ("sigprocmask", "rt_sigprocmask"),
    ("sigqueue", "rt_sigqueueinfo"), ("errno", "with EPERM"),
  ]

  /// What is no system call, though it may look like one.
  static func advice(forCall name: String) -> String? {
    if let function = functions.first(where: { $0.name == name }) {
      return name == "errno"
        ? "an errno follows 'with': deny CALLS with EPERM"
        : "\(name) is a function of the C library, not a system call; it makes \(function.calls)"
    }
    let bytes = name.utf8
    for prefix in [
      "__x64_sys_", "__ia32_sys_", "__arm64_sys_", "ksys_", "sys_", "SYS_", "__NR_", "NR_",
    ]
    where bytes.starts(with: prefix.utf8) {
      let rest = String(decoding: bytes.dropFirst(prefix.utf8.count), as: UTF8.self)
      if Syscall(named: rest) != nil { return "calls are named without '\(prefix)': \(rest)" }
      let nearest = nearestName(to: rest.utf8, among: Syscall.all.map { $0.name })
      return "no architecture has a call named '\(rest)'"
        + (nearest.map { "; did you mean '\($0)'?" } ?? "")
    }
    switch name {
    case "all", "any", "everything", "ALL":
      return "what no rule names gets the line 'default VERDICT'"
    case "if", "unless": return "a call follows a comma, and no comma stands before '\(name)'"
    case "with": return "calls come first: deny CALLS with EPERM"
    case _: break
    }
    if Errno(named: name) != nil {
      return "'\(name)' is an errno, which follows 'with': deny CALLS with \(name)"
    }
    if NamedConstant(named: name) != nil {
      return "'\(name)' is a constant; write it in a condition: deny CALLS if ARGUMENT == \(name)"
    }
    return nil
  }

  /// What cannot begin the name of a call.
  func adviceForCall() -> String? {
    switch current.kind {
    case .number(let number):
      return "calls are named, since each ABI has numbers of its own: "
        + Self.names(of: number, example: "deny")
    case .symbol(.openBrace): return "calls are listed without braces: deny socket, connect"
    case .symbol(.openParenthesis):
      return "calls and errnos have no parentheses: deny CALLS with EPERM if CONDITION"
    case .word("with"): return Self.advice(forCall: "with")
    case .word("if"), .word("unless"):
      return previous.kind == .symbol(.comma)
        ? Self.advice(forCall: "if") : "the calls come first: deny CALLS if CONDITION"
    case .word, .negative, .symbol, .text, .end: return nil
    }
  }

  /// What follows a part of a rule and does not belong there.
  func advice(behind last: PolicyToken) -> String? {
    let isCondition = hasCondition
    guard isRule else {
      if case .word(let word) = current.kind, Errno(named: word) != nil {
        return "an errno follows 'with': deny with \(word)"
      }
      return current.kind == .symbol(.openParenthesis)
        ? "a verdict has no parentheses: deny with EPERM" : nil
    }
    switch current.kind {
    case .word(let word):
      if previous.isErrno { return nil }
      if Errno(named: word) != nil, NamedConstant(named: word) == nil {
        return "an errno follows 'with': with \(word)"
      }
      if isCondition { return adviceInCondition(word) }
      if Syscall(named: word) != nil || SyscallSet.calls(named: word) != nil || word == "and"
        || word == "or"
      {
        return "calls are separated by commas"
      }
      if ["when", "where", "on", "for", "while"].contains(word) {
        return "a condition begins with 'if' or 'unless'"
      }
      if next.isRelation || NamedConstant(named: word) != nil {
        return "a condition begins with 'if' or 'unless'"
      }
      return nil
    case .symbol(.openParenthesis), .symbol(.openBrace):
      return isCondition ? nil : "a condition follows 'if', without parentheses or braces"
    case .symbol(.bits):
      return isCondition
        ? "'or' joins two conditions, and '|' the bits of a mask" : "calls are separated by commas"
    case .symbol(.mask):
      return isCondition ? "'and' joins two conditions" : "calls are separated by commas"
    case .symbol(.equal), .symbol(.notEqual), .symbol(.less), .symbol(.lessOrEqual),
      .symbol(.greater), .symbol(.greaterOrEqual):
      return isCondition
        ? "one comparison has one relation; join two by 'and'"
        : "a condition begins with 'if' or 'unless'"
    case .symbol(.comma):
      return isCondition
        ? "a set stands in braces, ARGUMENT in { A, B }, and 'and' joins two conditions" : nil
    case .number, .negative:
      return isCondition ? nil : "calls are named, and a condition begins with 'if' or 'unless'"
    case .symbol, .text, .end: return nil
    }
  }

  private func adviceInCondition(_ word: String) -> String? {
    switch word {
    case "if", "unless": "a rule has one condition; join two by 'and'"
    case "AND", "OR", "NOT":
      "'\(String(decoding: word.utf8.map { $0 | 0x20 }, as: UTF8.self))' is written small"
    case "with": nil
    case _:
      NamedConstant(named: word) != nil
        ? "a set stands in braces, ARGUMENT in { A, B }, and 'or' joins two comparisons" : nil
    }
  }
}

/// Conditions.
extension PolicyStatement {
  /// What lies behind a pointer, or is none of the call's business, by the words that people use.
  private static let unseen = [
    "port", "sport", "dport", "ip", "host", "hostname", "address", "addr", "dst", "src", "path",
    "pathname", "filename", "file", "name", "sin_port", "sin_addr", "sin_family", "sa_family",
  ]
  private static let ofProcess = [
    "uid", "gid", "euid", "user", "comm", "exe", "process", "cgroup", "ppid", "caller", "program",
  ]

  static func advice(forArgument name: String, of call: Syscall, _ names: [String]) -> String? {
    if unseen.contains(name) {
      return
        "a filter sees numbers, and '\(name)' is none of \(call.name)'s: addresses, ports and paths "
        + "lie behind pointers"
    }
    if ofProcess.contains(name) {
      return "a filter sees the call and its arguments, not who makes it; "
        + (names.isEmpty ? "use arg0 to arg5" : "\(call.name) has \(names.joined(separator: ", "))")
    }
    let digits = name.utf8.reversed().prefix { (0x30...0x39).contains($0) }
    let isRegister =
      !digits.isEmpty
      && ["a", "arg", "ARG", "args", "arg_", "argument", "param", "A", "Arg", "argv"].contains(
        String(decoding: name.utf8.dropLast(digits.count), as: UTF8.self))
    if isRegister || ["args", "argv", "arg:32"].contains(name) {
      return "the registers are called arg0 to arg5"
    }
    return nil
  }

  /// What cannot begin a comparison, and what was meant by it.
  func adviceForArgument(_ calls: [Syscall]) -> String? {
    let isConstant: Bool
    switch current.kind {
    case .number, .negative: isConstant = true
    case .word(let word):
      let isArgument = calls.contains { $0.parameterNames.contains(word) }
      isConstant = NamedConstant(named: word) != nil && !isArgument
    case .symbol(.openBrace):
      return "parts of a condition stand in parentheses; braces are for sets: ARGUMENT in { A, B }"
    case .symbol, .text, .end: return nil
    }
    guard isConstant else { return nil }
    let spelled = "\(current.unquoted)"
    if case .word(let joint) = previous.kind, joint == "or" || joint == "and",
      let (argument, relation, first) = lastComparison
    {
      switch (joint, relation) {
      case ("or", .equal):
        return "'or' joins comparisons; write '\(argument) in { \(first), \(spelled) }'"
      case (_, .notEqual):
        return "'\(joint)' joins comparisons; write 'not \(argument) in { \(first), \(spelled) }'"
      case _: return "'\(joint)' joins comparisons; repeat '\(argument)' before \(spelled)"
      }
    }
    if next.isRelation { return "the argument comes first: 'ARGUMENT == \(spelled)'" }
    return "expected an argument before '\(spelled)', such as 'ARGUMENT == \(spelled)'"
  }

  /// The comparison that ends before the word before the current token.
  private var lastComparison: (argument: String, relation: PolicyToken.Symbol, first: String)? {
    guard let tokens = lastFour.map(Array.init), case .symbol(let relation) = tokens[1].kind,
      case .word(let argument) = tokens[0].kind
    else { return nil }
    return (argument, relation, "\(tokens[2].unquoted)")
  }

  func adviceForRelation(of argument: String, mask: Policy.Value?) -> String? {
    switch current.kind {
    case .end where mask != nil, .symbol(.closeParenthesis) where mask != nil,
      .word("and") where mask != nil, .word("or") where mask != nil:
      return
        "say what the masked bits are compared with: \(argument) & \(mask.map { "\($0)" } ?? "") != 0"
    case .word("not"): return "'not' comes first: not \(argument) in { A, B }"
    case .word("is"), .word("eq"), .word("equals"), .word("EQ"): return "'==' compares"
    case .word("ne"), .word("NE"): return "'!=' compares"
    case .word("lt"), .word("gt"), .word("le"), .word("ge"), .word("LT"), .word("GT"), .word("LE"),
      .word("GE"):
      return "relations are ==, !=, <, <=, > and >="
    case .word("MASKED_EQ"): return "write '\(argument) & MASK == VALUE'"
    case .word("between"): return "write '\(argument) >= A and \(argument) <= B'"
    case .symbol(.bits): return "'|' joins bits of a mask: \(argument) & (A | B) == 0"
    case .symbol(.openParenthesis):
      return "a condition has no functions; compare an argument by its name"
    case .number, .negative: return "'==' compares: \(argument) == \(current)"
    case .word(let word) where NamedConstant(named: word) != nil:
      return "'==' compares: \(argument) == \(word)"
    case .word, .symbol, .text, .end: return nil
    }
  }

  /// `ARGUMENT == A | B` where either of them may be meant.
  func adviceForBits(
    of argument: String, behind value: Policy.Value, _ symbol: PolicyToken.Symbol
  ) -> String {
    let relation = symbol == .notEqual ? "not \(argument) in" : "\(argument) in"
    return
      "for either of them write '\(relation) { \(value), \(next.unquoted) }'; '|' joins bits where "
      + "the mask is written so too: \(argument) & (A | B) == A | B"
  }

  func advice(forConstant name: String) -> String? {
    if names.values(of: name) != nil { return "'\(name)' is a set: ARGUMENT in \(name)" }
    if names.calls(of: name) != nil { return "'\(name)' is a set of calls, not of values" }
    if Errno(named: name) != nil { return "'\(name)' is an errno, which follows 'with'" }
    switch name {
    case "true", "TRUE", "True": return "write 1"
    case "false", "FALSE", "False", "null", "nullptr", "None", "nil":
      return name.utf8.first.map { $0 | 0x20 } == UInt8(ascii: "f") ? "write 0" : "write NULL"
    case _: break
    }
    if Syscall(named: name) != nil, NamedConstant(named: name) == nil {
      return
        "'\(name)' is a call; an argument is compared with a number or a constant such as AF_INET"
    }
    return nil
  }

  func adviceForValue() -> String? {
    switch current.kind {
    case .symbol(.greater) where previous.kind == .symbol(.less): "'!=' compares"
    case .symbol(.openBrace): "one value is compared; a set follows 'in': ARGUMENT in { A, B }"
    case .symbol(.openParenthesis):
      "values have no parentheses, but for the bits of a mask: & (A | B)"
    case .word, .number, .negative, .symbol, .text, .end: nil
    }
  }

  func advice(forErrno name: String) -> String? {
    if name == "ERRNO" || name == "errno" {
      return "an errno stands by itself: with EPERM"
    }
    return nil
  }

  /// The name of an errno.
  static func errno(_ number: UInt64) -> String? {
    Errno(number: number)?.name
  }
}

extension PolicyToken {
  /// The token as it was written.
  var unquoted: String {
    switch kind {
    case .word(let word): word
    case .symbol(let symbol): symbol.rawValue
    case .number, .negative, .text, .end: description
    }
  }

  var isErrno: Bool {
    if case .word(let word) = kind { Errno(named: word) != nil } else { false }
  }

  var isRelation: Bool {
    switch kind {
    case .symbol(.equal), .symbol(.notEqual), .symbol(.less), .symbol(.lessOrEqual),
      .symbol(.greater), .symbol(.greaterOrEqual), .symbol(.mask), .word("in"):
      true
    case .word, .number, .negative, .symbol, .text, .end: false
    }
  }
}
