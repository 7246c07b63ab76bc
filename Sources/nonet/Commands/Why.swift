internal import BPFAssembler

/// `nonet --why TARGET`: whether a run with these options would let something through, what decides, and what
/// opens it.
struct Why {
  let options: Options
  let word: Word

  /// Prints the answer.
  ///
  /// - Returns: The exit status: 0 where it would be let through, else 1.
  /// - Throws: Why there is no answer: a target that is none, a run that would not take place, or one around this
  ///   process whose options are not known.
  func perform() throws(Failure) -> CInt {
    let format = try options.words(of: "--why")
    let target = try WhyTarget(word)
    let outer = WhyInside.isHere ? try WhyInside(options).answer(target) : nil
    let answer: WhyAnswer
    let opening: [WhyOption]
    if let outer, !outer.isLetThrough || !options.choosesRun {
      answer = outer
      opening = []
    } else {
      answer = try WhyRun(options).answer(target)
      opening = answer.reach == .outside ? [] : Self.opening(target, options)
    }
    let isOuter = outer != nil
    try printOut(
      format == .json ? json(answer, opening, isOuter) : text(answer, opening, isOuter))
    return answer.isLetThrough ? 0 : 1
  }

  // What opens it ----------------------------------------------------------------------------------

  /// The options that would let a target through, each found out by asking again with it.
  private static func opening(_ target: WhyTarget, _ options: Options) -> [WhyOption] {
    candidates(target).compactMap { advice in
      // --loopback is not to be had in its own place.
      for isInPlace in advice.option.name == .loopback ? [false] : [false, true] {
        let given = options.given.filter { !isInPlace || $0.name != .loopback }
        if isInPlace, given.count == options.given.count || advice.option.name == .loopback {
          continue
        }
        guard let one = allowing(advice, given, target) else { continue }
        let place = isInPlace ? " in the place of --loopback" : ""
        return WhyOption(option: one.option, words: one.words + place)
      }
      return nil
    }
  }

  private static func allowing(
    _ advice: Advice, _ given: [Options.Given], _ target: WhyTarget
  ) -> WhyOption? {
    let (name, value) = advice.option
    let added = Options.Given(name: name, value: value.map { Word(copying: $0) })
    // It is there already, or excludes what was said.
    let isSaid = given.contains { one in
      let isSame = one.name == name && one.value?.bytes == value
      return isSame || added.conflict(with: one) != nil
    }
    if isSaid { return nil }
    do throws(Failure) {
      let wanted = try OptionParser.options(saying: given + [added], mode: .inside)
      wanted.isQuiet = true
      wanted.isVerbose = false
      let answer = try WhyRun(wanted).answer(target)
      let isRight = advice.isForOutside ? answer.reach == .outside : answer.isLetThrough
      if !isRight { return nil }
    } catch {
      return nil
    }
    let words = [Array(name.rawValue.utf8)] + (value.map { [$0] } ?? [])
    let line = words.map { ShellText.word($0) }.joined(separator: [UInt8(ascii: " ")])
    return WhyOption(option: Word.text(of: Array(line)), words: advice.answer)
  }

  private static func candidates(_ target: WhyTarget) -> [Advice] {
    switch target {
    case .connect(let endpoint, _, let isStream):
      (isStream ? [.outside(endpoint.label)] : [])
        + (endpoint.isLoopback ? [.ownListener(endpoint.label)] : [])
    case .listen(let endpoint, _):
      [.ownListener(endpoint.label)] + (endpoint.isLoopback ? [.ownServer(endpoint.label)] : [])
    case .path(let path):
      fileExists(Word(copying: path).pointer) ? [.namedSocket(path)] : [.ownSocket(path)]
    case .abstract(let name): [.ownSocket([UInt8(ascii: "@")] + name)]
    case .family: [.ownListener(nil)]
    }
  }

  // Text -------------------------------------------------------------------------------------------

  private func text(_ answer: WhyAnswer, _ opening: [WhyOption], _ isOuter: Bool) -> String {
    let verdict =
      switch answer.reach {
      case .outside: "would be let through"
      case .inside: "would be let through, and stay inside the run"
      case nil: "would be refused" + (answer.errno.map { " with \($0)" } ?? "")
      }
    var lines = ["\(word.text): \(verdict)", "decides: \(answer.layer.rawValue): \(answer.words)"]
    if let rule = answer.rule { lines.append("rule: \(rule)") }
    for one in opening { lines.append("opens: \(one.words)") }
    if answer.reach == nil, opening.isEmpty { lines.append("opens: \(nothing(isOuter))") }
    return lines.joined(separator: "\n") + "\n"
  }

  private func nothing(_ isOuter: Bool) -> String {
    isOuter
      ? "nothing from in here; whoever starts the run decides"
      : "no option of these; a policy file may"
  }

  private func json(_ answer: WhyAnswer, _ opening: [WhyOption], _ isOuter: Bool) -> String {
    func maybe(_ text: String?) -> String { text.map { JSONText.string($0) } ?? "null" }
    return JSONText.object([
      ("target", JSONText.string(word.text)),
      ("let_through", "\(answer.isLetThrough)"),
      ("reaches", maybe(answer.reach?.rawValue)),
      ("errno", maybe(answer.errno.map { "\($0)" })),
      ("layer", JSONText.string(answer.layer.rawValue)),
      ("rule", maybe(answer.rule)),
      ("reason", JSONText.string(answer.words)),
      ("inside", "\(isOuter)"),
      (
        "opens",
        JSONText.array(
          opening.map {
            JSONText.object([
              ("option", JSONText.string($0.option)), ("text", JSONText.string($0.words)),
            ])
          })
      ),
    ]) + "\n"
  }
}

extension Options {
  /// Whether the command line says anything about a run.
  var choosesRun: Bool {
    given.contains { ![.why, .format, .quiet, .verbose].contains($0.name) }
  }
}
