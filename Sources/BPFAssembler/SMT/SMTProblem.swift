/// The question whether any call gets different answers from the programs of a policy and the policy.
///
/// It is asked in SMT-LIB 2 (smt-lib.org, logic QF_BV), so any solver can say; `unsat` is the proof that there
/// is no such call. Each program is stated instruction by instruction and the policy rule by rule. Neither
/// `Compiler` nor `Proof` is asked for anything, which `make rooms` makes sure of.
package struct SMTProblem {
  private let chain: FilterChain
  private let policy: Policy
  private let native: Architecture
  private let name: String
  private let reasons: [[String]]

  /// States a problem.
  ///
  /// - Parameters:
  ///   - chain: The finished programs.
  ///   - policy: What they shall mean together.
  ///   - native: The architecture that they are for, a native one.
  ///   - name: What the policy is called.
  ///   - reasons: A comment for each instruction of each program; there may be fewer.
  package init(
    _ chain: FilterChain, means policy: Policy, for native: Architecture, name: String,
    reasons: [[String]] = []
  ) {
    self.chain = chain
    self.policy = policy
    self.native = native
    self.name = name
    self.reasons = reasons
  }

  /// The problem as a script that ends by asking.
  package var text: String {
    let lines =
      heading + Self.call + SMTProgram.words + programs + SMTPolicy(policy, native: native).lines
      + question
    return lines.joined(separator: "\n") + "\n"
  }

  private var heading: [String] {
    let name = SafeText.shown(name.utf8)
    return [
      "; Is there a call to which this program and policy \(name) answer differently on \(native)?",
      "; unsat: there is none. A call that shows a difference is printed by  z3 -in -model  or by",
      "; cvc5 --lang smt2 --dump-models  as nr, arch and arguments, with both answers.",
      "(set-logic QF_BV)",
      "(set-option :produce-models true)",
    ]
  }

  /// The variables: `struct seccomp_data` (linux/seccomp.h), which has the lower half of an argument first.
  private static var call: [String] {
    var lines = [
      "", "; The call: number, ABI, where it was made from, and six registers.",
      "(declare-const nr (_ BitVec 32))",
      "(declare-const arch (_ BitVec 32))",
      "(declare-const ip (_ BitVec 64))",
    ]
    for index in 0..<6 { lines.append("(declare-const arg\(index) (_ BitVec 64))") }
    lines.append("; What the kernel takes of a register where it takes an int.")
    for index in 0..<6 {
      lines.append(
        "(define-fun arg\(index).int () (_ BitVec 64) (bvand arg\(index) #x00000000ffffffff))")
    }
    return lines
  }

  /// The programs; of several, each has names of its own.
  private var programs: [String] {
    chain.programs.enumerated().flatMap { index, program in
      let prefix = prefix(of: index)
      let heading = prefix.isEmpty ? [] : ["", "; Filter \(index + 1) of \(chain.programs.count)."]
      return heading
        + SMTProgram(
          program, reasons: index < reasons.count ? reasons[index] : [], prefix: prefix
        ).lines
    }
  }

  private func prefix(of index: Int) -> String {
    chain.programs.count > 1 ? "filter\(index + 1)." : ""
  }

  /// What the kernel acts on: the answer whose action is the lowest signed number, of equal ones the younger
  /// program's (kernel/seccomp.c, seccomp_run_filters).
  private var answer: (lines: [String], term: String) {
    var lines: [String] = []
    var term = "\(prefix(of: chain.programs.count - 1))answer.0"
    for index in chain.programs.indices.dropLast().reversed() {
      if lines.isEmpty { lines = ["", "; What the kernel makes of the answers of all filters."] }
      let older = "\(prefix(of: index))answer.0"
      let action = SMTTerm.word(0xffff_0000)
      let isStricter = "(bvslt (bvand \(older) \(action)) (bvand \(term) \(action)))"
      lines.append(
        SMTTerm.define("answer.from.\(index + 1)", "(ite \(isStricter) \(older) \(term))"))
      term = "answer.from.\(index + 1)"
    }
    return (lines, term)
  }

  private var question: [String] {
    answer.lines + [
      "", "; Both answers, and that they differ.",
      "(declare-const program (_ BitVec 32))",
      "(declare-const policy (_ BitVec 32))",
      "(assert (! (= program \(answer.term)) :named what-the-bytes-answer))",
      "(assert (! (= policy meaning) :named what-the-policy-says))",
      "(assert (! (distinct program policy) :named they-differ))",
      "(check-sat)",
    ]
  }
}
