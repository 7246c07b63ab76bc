import BPFAssembler

/// Calls at the boundaries that programs themselves name: their constants and the next numbers.
///
/// An instrument of its own: it knows neither the policy nor the proof.
struct BoundaryInputs {
  private var constants: Set<UInt32> = [0, 1, .max]

  init(_ programs: [Program]) {
    for program in programs {
      for instruction in program.instructions {
        switch instruction {
        case .branch(_, .constant(let k), _, _), .arithmetic(_, .constant(let k)):
          constants.formUnion([k, k &+ 1, k &- 1])
        case .load, .loadIndex, .store, .storeIndex, .arithmetic, .negate, .copyToIndex,
          .copyFromIndex, .jump, .branch, .return:
          break
        }
      }
    }
  }

  /// Every pair of arch and number with some arguments, and some calls at random.
  func calls(_ native: Architecture, _ random: inout Seeded) -> [SeccompData] {
    let all = constants.sorted()
    let values = [native.auditValue, native.compat?.auditValue ?? 0]
    let archs = values + [0, values[0] ^ 1, values[0] &+ 1, values[1] &- 1]
    var calls: [SeccompData] = []
    for arch in archs {
      for number in all {
        for _ in 0..<6 { calls.append(call(arch, number, all, &random)) }
      }
    }
    for _ in 0..<1000 { calls.append(call(random.pick(all), random.pick(all), all, &random)) }
    return calls
  }

  private func call(
    _ arch: UInt32, _ number: UInt32, _ all: [UInt32], _ random: inout Seeded
  ) -> SeccompData {
    var call = SeccompData(nr: number, arch: arch)
    for word in SeccompData.Word.all where word > .arch {
      let low = random.once(in: 4) ? random.pick(all) : UInt32.random(in: 0...17, using: &random)
      let isHigh = word.index % 2 == 1
      call[word] = isHigh && !random.once(in: 3) ? 0 : low
    }
    return call
  }
}
