import BPFAssembler

/// Makes policies of the whole language, with rules that get in each other's way.
///
/// A policy speaks of a few calls only and draws its constants from a small pool: rules that never
/// meet would test nothing but the dispatch.
struct PolicyGenerator {
  var random: Seeded
  /// Whether conditions use masks; without them every comparison can be met by some argument.
  var hasMasks = true
  /// Whether conditions consist of several comparisons.
  var hasParts = true
  /// Whether only what text can say is made: no `and` of nothing, no refusal of its own.
  var isText = true

  init(_ random: Seeded) {
    self.random = random
  }

  /// A policy that compiles for both natives.
  ///
  /// - Parameters:
  ///   - count: The number of rules.
  ///   - callCount: The number of different calls that they speak of, but for groups; nil is a few.
  /// - Returns: The policy.
  mutating func policy(rules count: Int, calls callCount: Int? = nil) -> Policy {
    let calls = (0..<(callCount ?? 1 + below(1 + min(count, 12)))).map { _ in
      random.once(in: 4) ? random.pick(Syscall.all) : random.pick(Self.described)
    }
    return Policy(
      defaultVerdict: random.once(in: 2) ? .allow : verdict(),
      foreign: random.once(in: 4) ? .verdict(verdict()) : .compile,
      x32: random.once(in: 2) ? .deny(.enosys) : verdict(),
      unknown: random.once(in: 2) ? nil : verdict(),
      refusal: isText || random.once(in: 2) ? .eacces : .eperm,
      rules: (0..<count).map { _ in rule(about: calls) })
  }

  /// A policy about some bits of two arguments of one call, so that rules have much in common.
  mutating func policyOfFlags(rules count: Int) -> Policy {
    let calls = Syscall(named: "read").map { [$0] } ?? []
    let rules = (0..<count).map { _ in
      let parts = (0..<3).map { _ in
        let mask = random.pick([1, 2, 4, 8, 3, 5, 6, 12] as [UInt64])
        let value = random.once(in: 3) ? 0 : mask & UInt64(below(16))
        return Policy.Condition.comparison(
          Policy.Comparison(
            .lowWord(below(2)), mask: .number(mask),
            random.once(in: 2) ? .equal(.number(value)) : .notEqual(.number(value))))
      }
      return Policy.Rule(random.pick([.kill, .log, .deny(nil)]), calls, if: .all(parts))
    }
    return Policy(defaultVerdict: .allow, foreign: .verdict(.kill), rules: rules)
  }

  /// One or the other.
  mutating func policyOrFlags(rules count: Int) -> Policy {
    random.once(in: 2) ? policyOfFlags(rules: count) : policy(rules: count)
  }

  private mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }

  private mutating func verdict() -> Verdict {
    switch below(8) {
    case 0...2: .allow
    case 3...4: .deny(errno())
    case 5: .deny(nil)
    case 6: .kill
    default: .log
    }
  }

  private mutating func errno() -> Errno? {
    switch below(4) {
    case 0: Errno(named: random.pick(Errno.allNames))
    case 1: Errno(number: 1 + below(4095))
    case 2: Errno(number: random.pick([1, 2, 38, 97, 133, 134, 4094, 4095]))
    default: .enosys
    }
  }

  private mutating func rule(about calls: [Syscall]) -> Policy.Rule {
    if random.once(in: 16) {
      let group = random.pick(SyscallGroup.allCases).calls
      return Policy.Rule(verdict(), group, if: condition(about: group, depth: 0))
    }
    let call = random.pick(calls)
    var subjects = [call]
    while random.once(in: 3) {
      let other = random.pick(calls)
      if !subjects.contains(other) { subjects.append(other) }
    }
    // Most rules need a condition, or those after them are never reached.
    if random.once(in: 8) { return Policy.Rule(verdict(), subjects) }
    return Policy.Rule(verdict(), subjects, if: condition(about: subjects, depth: 0))
  }

  private mutating func condition(about calls: [Syscall], depth: Int) -> Policy.Condition {
    switch below(depth > 3 || !hasParts ? 4 : 8) {
    case 0...3: .comparison(comparison(about: calls))
    case 4...5: .all(parts(about: calls, depth: depth))
    case 6: .any(parts(about: calls, depth: depth))
    default: .not(condition(about: calls, depth: depth + 1))
    }
  }

  private mutating func parts(about calls: [Syscall], depth: Int) -> [Policy.Condition] {
    let count = isText || !random.once(in: 8) ? 2 + below(2) : below(2)
    return (0..<count).map { _ in condition(about: calls, depth: depth + 1) }
  }

  private mutating func comparison(about calls: [Syscall]) -> Policy.Comparison {
    let (argument, kind) = argument(of: calls)
    if kind == .pointer {
      let null = random.once(in: 2) ? Policy.Value.number(0) : NamedConstant(named: "NULL").value
      return Policy.Comparison(argument, random.once(in: 2) ? .equal(null) : .notEqual(null))
    }
    let mask = hasMasks && random.once(in: 3) ? mask(kind) : nil
    return Policy.Comparison(argument, mask: mask, relation(kind))
  }

  private mutating func argument(of calls: [Syscall]) -> (Policy.Argument, Prototype.Parameter.Kind)
  {
    let named = Self.parameters(of: calls)
    if !named.isEmpty, !random.once(in: 4) {
      let parameter = random.pick(named)
      return (.named(parameter.name), parameter.kind)
    }
    let index = random.once(in: 2) ? 0 : below(6)
    return random.once(in: 3) ? (.lowWord(index), .int) : (.whole(index), .long)
  }

  private mutating func relation(_ kind: Prototype.Parameter.Kind) -> Policy.Comparison.Relation {
    switch below(10) {
    case 0...2: .equal(value(kind))
    case 3: .notEqual(value(kind))
    case 4: .less(value(kind))
    case 5: .lessOrEqual(value(kind))
    case 6: .greater(value(kind))
    case 7: .greaterOrEqual(value(kind))
    default: .member((0...below(5)).map { _ in value(kind) })
    }
  }

  private mutating func value(_ kind: Prototype.Parameter.Kind) -> Policy.Value {
    if random.once(in: 5) { return NamedConstant(named: random.pick(Self.constants)).value }
    let number = random.number()
    return .number(kind == .long ? number : number & 0xffff_ffff)
  }

  private mutating func mask(_ kind: Prototype.Parameter.Kind) -> Policy.Value {
    if random.once(in: 4) {
      let number = random.number()
      return .number(kind == .long ? number : number & 0xffff_ffff)
    }
    let masks: [UInt64] = [1, 3, 0xf, 0xff, 0xff00, 0x8000_0000, 0xffff_fff0, 0]
    let wide: [UInt64] = [1 << 32, 0xf_0000_000f, 0xffff_ffff_0000_0000, .max]
    return .number(random.pick(kind == .long && random.once(in: 2) ? wide : masks))
  }
}

extension PolicyGenerator {
  private static let constants = [
    "AF_UNIX", "AF_INET", "SOCK_STREAM", "O_DIRECTORY", "O_TMPFILE", "AT_FDCWD", "TIOCSTI", "NULL",
  ]

  /// The calls that have parameters with names.
  private static let described = Syscall.all.filter { parameters[$0] != nil }

  /// For each call the parameters that it has, of one kind, wherever it exists.
  private static let parameters: [Syscall: [Prototype.Parameter]] = {
    var table: [Syscall: [Prototype.Parameter]] = [:]
    for call in Syscall.all {
      let lists = Architecture.allCases.filter { call.number(on: $0) != nil }
        .map { call.prototype(on: $0)?.parameters ?? [] }
      let common = shared(lists)
      if !common.isEmpty { table[call] = common }
    }
    return table
  }()

  private static func parameters(of calls: [Syscall]) -> [Prototype.Parameter] {
    shared(calls.map { parameters[$0] ?? [] })
  }

  /// What is in the first list and, by name and kind, in all others.
  private static func shared(_ lists: [[Prototype.Parameter]]) -> [Prototype.Parameter] {
    (lists.first ?? []).filter { parameter in
      lists.allSatisfy { list in
        list.contains { $0.name == parameter.name && $0.kind == parameter.kind }
      }
    }
  }
}

extension NamedConstant? {
  /// The constant, or a number that fails any comparison with what was meant.
  fileprivate var value: Policy.Value { map(Policy.Value.constant) ?? .number(0xbad) }
}
