import CTestProbes

/// A generator whose whole sequence follows from a seed, so that a failure can be had again.
///
/// `NONET_SEED` in the environment overrides the seed of every test; failures print the seed.
struct Seeded: RandomNumberGenerator {
  let seed: UInt64
  private var state: UInt64

  init(_ seed: UInt64) {
    let wish = getenv("NONET_SEED").flatMap { UInt64(String(cString: $0)) }
    self.seed = wish ?? seed
    state = self.seed
  }

  /// One of many sequences of one seed; which seed is the caller's affair.
  init(seed: UInt64, case index: Int) {
    self.seed = seed
    state = seed
    let start = next()
    state = start ^ UInt64(truncatingIfNeeded: index)
    state = next()
  }

  // A counter through a mixing function: any seed is as good as any other.
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var bits = state
    bits = (bits ^ bits >> 30) &* 0xbf58_476d_1ce4_e5b9
    bits = (bits ^ bits >> 27) &* 0x94d0_49bb_1331_11eb
    return bits ^ bits >> 31
  }

  /// True once in so many times.
  mutating func once(in count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }

  mutating func pick<T>(_ choices: [T]) -> T {
    choices[Int.random(in: 0..<choices.count, using: &self)]
  }

  /// A 32-bit number, mostly one near which machines go wrong.
  mutating func word() -> UInt32 {
    once(in: 4) ? UInt32.random(in: 0 ... .max, using: &self) : pick(boundaryWords)
  }

  /// A number of 64 bits, small or at random.
  mutating func number() -> UInt64 {
    switch Int.random(in: 0..<6, using: &self) {
    case 0: UInt64(word())
    case 1: UInt64(word()) << 32 | UInt64(word())
    case 2: UInt64.random(in: 0..<3, using: &self) << 32 | UInt64.random(in: 0..<4, using: &self)
    default: UInt64.random(in: 0..<20, using: &self)
    }
  }

  var testDescription: String { "NONET_SEED=\(seed)" }
}

/// Numbers at the edges of bytes, halves, signs and shift counts.
let boundaryWords: [UInt32] = [
  0, 1, 2, 3, 31, 32, 33, 63, 64, 0xff, 0x100, 0x7fff, 0xffff, 0x1_0000, 0x7fff_ffff,
  0x8000_0000, 0x8000_0001, 0xffff_fffe, 0xffff_ffff,
]
