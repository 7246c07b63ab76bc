internal import BPFAssembler

extension Profile.Entry {
  /// Comparisons that must all hold, one such list after the other (runc issue 2735, crun issue 2237):
  /// as soon as an argument is there twice, each comparison is a list of its own.
  var alternatives: [[Profile.Comparison]] {
    repeatsAnArgument ? comparisons.map { [$0] } : [comparisons]
  }

  private var repeatsAnArgument: Bool {
    comparisons.indices.contains { index in
      comparisons[..<index].contains { $0.index == comparisons[index].index }
    }
  }

  /// What of the entry is probably not meant.
  func warnings(_ calls: [Syscall], _ architecture: Architecture) -> [ProfileMessage] {
    var warnings: [ProfileMessage] = []
    if repeatsAnArgument {
      let excluded = comparisons.filter { $0.test == .notEqual }
      let isAlwaysTrue = excluded.contains { one in
        excluded.contains { $0.index == one.index && $0.value != one.value }
      }
      warnings.append(
        ProfileMessage(
          place,
          isAlwaysTrue
            ? "two SCMP_CMP_NE on one argument hold for every value, since one of them is enough where an "
              + "argument is there twice; write an entry for each value or range that is meant"
            : "an argument is there twice, so one of the args is enough and not all of them are needed; "
              + "write an entry for each"))
    }
    for comparison in comparisons {
      let call = calls.first { call in
        let parameters = call.prototype(on: architecture)?.parameters ?? []
        return comparison.index < parameters.count && parameters[comparison.index].kind == .int
      }
      guard let call, comparison.misses(verdict) else { continue }
      warnings.append(
        ProfileMessage(
          comparison.place,
          "\(call.name) takes 32 bits here and \(comparison.test.name) compares 64, so that a bit above them "
            + "steps around it; write SCMP_CMP_MASKED_EQ with the mask 4294967295"))
    }
    return warnings
  }
}

extension Profile.Comparison {
  /// Whether it is true of every value because its mask has no bit of the argument (libseccomp,
  /// `_db_arg_cmp_need_lo`).
  func isEmpty(_ width: UInt64) -> Bool { test == .masked && value & width == 0 }

  /// Whether a number with bits above the lower 32 gets around what the same number without them gets.
  func misses(_ verdict: Verdict) -> Bool {
    switch test {
    case .equal, .less, .lessOrEqual: verdict.refuses
    case .notEqual, .greater, .greaterOrEqual: !verdict.refuses
    case .masked: verdict.refuses && value > UInt32.max
    }
  }
}
