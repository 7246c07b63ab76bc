/// The question whether any call gets different answers from a program and its policy.
///
/// It is asked in SMT-LIB 2 (smt-lib.org, logic QF_BV), so any solver can say; `unsat` is the proof that there
/// is no such call. The program is stated instruction by instruction and the policy rule by rule. Neither
/// `Compiler` nor `Proof` is asked for anything, which `make rooms` makes sure of.
package struct SMTProblem {
  private let program: Program
  private let policy: Policy
  private let native: Architecture
  private let name: String
  private let reasons: [String]

  /// States a problem.
  ///
  /// - Parameters:
  ///   - program: The finished program.
  ///   - policy: What it shall mean.
  ///   - native: The architecture that the program is for, a native one.
  ///   - name: What the policy is called.
  ///   - reasons: A comment for each instruction; there may be fewer.
  package init(
    _ program: Program, means policy: Policy, for native: Architecture, name: String,
    reasons: [String] = []
  ) {
    self.program = program
    self.policy = policy
    self.native = native
    self.name = name
    self.reasons = reasons
  }

  /// The problem as a script that ends by asking.
  package var text: String {
    let lines =
      heading + Self.call + SMTProgram(program, reasons: reasons).lines
      + SMTPolicy(policy, native: native).lines + Self.question
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

  private static var question: [String] {
    [
      "", "; Both answers, and that they differ.",
      "(declare-const program (_ BitVec 32))",
      "(declare-const policy (_ BitVec 32))",
      "(assert (! (= program answer.0) :named what-the-bytes-answer))",
      "(assert (! (= policy meaning) :named what-the-policy-says))",
      "(assert (! (distinct program policy) :named they-differ))",
      "(check-sat)",
    ]
  }
}
