import BPFAssembler
import Testing

/// What the texts of the policy language mean.
@Suite struct ParserTests {
  private func condition(_ text: String) throws -> Policy.Condition {
    let policy = try policy("deny socket if \(text)")
    return try #require(policy.rules[0].condition)
  }

  private func rule(_ text: String) throws -> Policy.Rule { try policy(text).rules[0] }

  private let a = Policy.Condition.comparison(Policy.Comparison(.whole(0), .equal(.number(1))))
  private let b = Policy.Condition.comparison(Policy.Comparison(.whole(1), .equal(.number(2))))
  private let c = Policy.Condition.comparison(Policy.Comparison(.whole(2), .equal(.number(3))))

  @Test func theVerbs() throws {
    let socket = [try syscall("socket")]
    #expect(try rule("allow socket") == Policy.Rule(.allow, socket))
    #expect(try rule("deny socket") == Policy.Rule(.deny(nil), socket))
    #expect(try rule("deny socket with EPERM") == Policy.Rule(.deny(.eperm), socket))
    #expect(try rule("deny socket with 4095") == Policy.Rule(.deny(Errno(number: 4095)), socket))
    #expect(try rule("deny socket with 0x1") == Policy.Rule(.deny(.eperm), socket))
    #expect(try rule("kill socket") == Policy.Rule(.kill, socket))
    #expect(try rule("log socket") == Policy.Rule(.log, socket))
  }

  @Test func theHeading() throws {
    let plain = try Policy.parse(Array("default deny".utf8)).policy
    let defaults = Policy(
      defaultVerdict: .deny(nil), foreign: .compile, x32: .deny(.enosys), unknown: .deny(nil),
      refusal: .eacces, rules: [])
    #expect(plain == defaults)
    let full = "unknown kill\nx32 allow\nforeign log\ndefault deny with EPERM\n"
    let expected = Policy(
      defaultVerdict: .deny(.eperm), foreign: .verdict(.log), x32: .allow, unknown: .kill,
      rules: [])
    #expect(try Policy.parse(Array(full.utf8)).policy == expected)
    #expect(try policy("foreign compile").foreign == .compile)
    #expect(try policy("foreign deny with EACCES").foreign == .verdict(.deny(.eacces)))
  }

  @Test func wordsForTheProgramKeepTheirPlaces() throws {
    let text = "default allow\n\tlayers one ,two, @three # four\nnetwork allowed\n"
    let parsed = try Policy.parse(Array(text.utf8))
    let layers = try #require(parsed.layers)
    #expect(layers.map { $0.text } == ["one", "two", "@three"])
    #expect(layers.map { $0.error("no").line } == [2, 2, 2])
    #expect(layers.map { $0.error("no").column } == [9, 14, 19])
    #expect(
      layers[1].error("no").text(name: "p")
        == "p:2:14: error: no\n  \tlayers one ,two, @three # four\n"
        + "  \t            ^~~")
    #expect(parsed.network?.map { $0.text } == ["allowed"])
    #expect(parsed.policy.layers == ["one", "two", "@three"])
    #expect(parsed.policy.network == ["allowed"])
    let plain = try Policy.parse(Array("default allow\n".utf8))
    #expect(plain.layers == nil && plain.network == nil && plain.policy.layers == nil)
  }

  @Test func severalCallsAndGroups() throws {
    let names = ["socket", "connect", "bind"]
    #expect(try rule("deny socket, connect,bind").calls == names.map(syscall))
    #expect(try rule("deny socket , socket,connect , bind, socket").calls == names.map(syscall))
    let debug = try rule("deny read, @debug").calls.map { $0.name }
    #expect(debug == ["read", "ptrace", "process_vm_readv", "process_vm_writev"])
    for group in SyscallGroup.allCases {
      #expect(try rule("deny \(group.name)").calls == group.calls)
      #expect(!group.calls.isEmpty)
    }
  }

  @Test func theRelations() throws {
    let relations: [(String, Policy.Comparison.Relation)] = [
      ("== 5", .equal(.number(5))), ("!= 5", .notEqual(.number(5))), ("< 5", .less(.number(5))),
      ("<= 5", .lessOrEqual(.number(5))), ("> 5", .greater(.number(5))),
      (">= 5", .greaterOrEqual(.number(5))), ("in { 5 }", .member([.number(5)])),
      ("in {5,6 , 5}", .member([.number(5), .number(6), .number(5)])),
    ]
    for (text, relation) in relations {
      let named = Policy.Comparison(.named("domain"), relation)
      #expect(try condition("domain \(text)") == .comparison(named))
      let masked = Policy.Comparison(.lowWord(3), mask: .number(0xf), relation)
      #expect(try condition("arg3:32 & 0xf \(text)") == .comparison(masked))
      #expect(try condition("  arg3:32&0xf\t\(text)") == .comparison(masked))
    }
  }

  @Test func theNumbers() throws {
    let numbers: [(String, UInt64)] = [
      ("0", 0), ("00", 0), ("10", 10), ("010", 8), ("0x10", 16), ("0XaBc", 0xabc),
      ("18446744073709551615", .max), ("0xffffffffffffffff", .max),
      ("01777777777777777777777", .max),
    ]
    for (text, number) in numbers {
      let comparison = Policy.Comparison(.whole(5), .equal(.number(number)))
      #expect(try condition("arg5 == \(text)") == .comparison(comparison))
    }
  }

  @Test func constantsKeepTheirNames() throws {
    let unix = try #require(NamedConstant(named: "AF_UNIX"))
    let mask = try #require(NamedConstant(named: "SOCK_TYPE_MASK"))
    let comparison = Policy.Comparison(
      .named("type"), mask: .constant(mask), .less(.constant(unix)))
    #expect(try condition("type & SOCK_TYPE_MASK < AF_UNIX") == .comparison(comparison))
  }

  @Test func noParameterIsCalledLikeAWordOfTheLanguage() throws {
    // The manual's arg2 of prctl is args[1], and arg2 is args[2].
    let taken = (0..<6).flatMap { ["arg\($0)", "arg\($0):32"] } + ["not"]
    for call in Syscall.all {
      #expect(call.parameterNames.allSatisfy { !taken.contains($0) }, "\(call)")
    }
    let second = Policy.Comparison(.whole(1), .equal(.number(2)))
    #expect(try rule("deny prctl if arg1 == 2").condition == .comparison(second))
  }

  @Test func orBindsLessThanAndLessThanNot() throws {
    let text = (a: "arg0 == 1", b: "arg1 == 2", c: "arg2 == 3")
    let cases: [(String, Policy.Condition)] = [
      ("\(text.a) and \(text.b) and \(text.c)", .all([a, b, c])),
      ("\(text.a) or \(text.b) or \(text.c)", .any([a, b, c])),
      ("\(text.a) and \(text.b) or \(text.c)", .any([.all([a, b]), c])),
      ("\(text.a) or \(text.b) and \(text.c)", .any([a, .all([b, c])])),
      ("(\(text.a) or \(text.b)) and \(text.c)", .all([.any([a, b]), c])),
      ("\(text.a) and (\(text.b) or \(text.c))", .all([a, .any([b, c])])),
      ("\(text.a) and (\(text.b) and \(text.c))", .all([a, .all([b, c])])),
      ("not \(text.a) and \(text.b)", .all([.not(a), b])),
      ("not \(text.a) or \(text.b)", .any([.not(a), b])),
      ("not (\(text.a) and \(text.b))", .not(.all([a, b]))),
      ("not not \(text.a)", .not(.not(a))), ("((\(text.a)))", a),
      ("\(text.a) and not (\(text.b) or not \(text.c))", .all([a, .not(.any([b, .not(c)]))])),
    ]
    for (text, expected) in cases {
      #expect(try condition(text) == expected, "\(text)")
      #expect(try rule("deny read unless \(text)").condition == .not(expected), "\(text)")
    }
  }

  @Test func blanksCommentsAndLineEnds() throws {
    let rules = [
      Policy.Rule(.deny(nil), [try syscall("socket")]), Policy.Rule(.kill, [try syscall("bind")]),
    ]
    for text in [
      "default allow\ndeny socket\nkill bind", "default allow\r\ndeny socket\r\nkill bind\r\n",
      "\n\n# words\n  default\tallow # more\n\tdeny  socket#\n\n \t\nkill bind\n\n",
      "deny socket\nkill bind\ndefault allow\n# caf\u{e9}",
    ] {
      let parsed = try Policy.parse(Array(text.utf8))
      #expect(parsed.policy == Policy(defaultVerdict: .allow, rules: rules))
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      let places = parsed.policy.rules.compactMap { $0.place?.line }
      #expect(places.count == 2)
      // A carriage return and a newline are one Character, so lines are counted in bytes.
      if text.utf8.contains(0x0d) {
        #expect(places == [2, 3])
      } else {
        for (line, verb) in zip(places, ["deny", "kill"]) {
          #expect(lines[line - 1].contains(verb))
        }
      }
    }
  }

  @Test func anErrnoBeforeOrAfterTheCondition() throws {
    #expect(
      try rule("deny socket with EPERM if domain == 1")
        == rule("deny socket if domain == 1 with EPERM"))
  }

  @Test func aTextOfOneMebibyteAndNoMore() throws {
    let head = Array("default allow\n#".utf8)
    let full = head + Array(repeating: UInt8(ascii: "x"), count: Policy.largestText - head.count)
    #expect(try Policy.parse(full).policy.rules.isEmpty)
    let error = #expect(throws: PolicyError.self) { try Policy.parse(full + [0x0a]) }
    #expect(
      error?.diagnostics.map { $0.text(name: "x") } == [
        """
        x:1:1: error: a policy is at most 1048576 bytes long
          default allow
          ^
        """
      ])
  }

  @Test func manyRulesAndManyParts() throws {
    let rules = (0..<5000).map { "deny socket if arg0 == \($0)\n" }.joined()
    #expect(try policy(rules).rules.count == 5000)
    let parts = (0..<5000).map { "arg0 == \($0)" }.joined(separator: " or ")
    guard case .any(let list) = try condition(parts) else {
      Issue.record("no disjunction")
      return
    }
    #expect(list.count == 5000)
    let members = (0..<5000).map { "\($0)" }.joined(separator: ", ")
    #expect(try condition("arg0 in { \(members) }").description.utf8.count > 5000)
  }
}
