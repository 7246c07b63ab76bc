/// The names of instructions in tools/bpf/bpf_exp.l of Linux, whatever their case.
enum Mnemonic: String {
  case ld, ldi, ldx, ldxi, st, stx
  case jmp, ja, jeq, jne, jneq, jgt, jge, jlt, jle, jset
  case add, sub, mul, div, and, or, xor, lsh, rsh, neg
  case tax, txa, ret
  /// Instructions of packet filters, known only so that the error can say why they are wrong.
  case ldb, ldh, ldxb, mod

  /// Finds a mnemonic by its name.
  init?(_ word: String) {
    self.init(rawValue: String(decoding: word.utf8.map { $0.lowercased }, as: UTF8.self))
  }

  // What a packet filter can load from beside the packet. bpf_asm knows these words everywhere,
  // so a text that used one as a label would not assemble there.
  private static let packetWords = [
    "proto", "type", "poff", "ifidx", "nla", "nlan", "mark", "queue", "hatype", "rxhash", "cpu",
    "vlan_tci", "vlan_pr", "vlan_avail", "vlan_tpid", "rand",
  ]

  /// Whether the dialect has a use for a word that keeps it from being a label.
  static func isReserved(_ word: String) -> Bool {
    let small = String(decoding: word.utf8.map { $0.lowercased }, as: UTF8.self)
    return Mnemonic(rawValue: small) != nil || packetWords.contains(small)
  }
}

extension TextToken: CustomStringConvertible {
  /// The token as an error message names it.
  var description: String {
    switch self {
    case .word(let word): "'\(word)'"
    case .number(let value): "the number \(value)"
    case .length: "'len'"
    case .symbol(let byte): "'\(Character(Unicode.Scalar(byte)))'"
    case .end: "the end of the text"
    }
  }
}
