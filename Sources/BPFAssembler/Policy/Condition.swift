extension Policy {
  /// A test of a system call's arguments.
  public indirect enum Condition: Hashable, Sendable {
    /// One argument compared with constants.
    case comparison(Policy.Comparison)
    /// Every part holds.
    case all([Policy.Condition])
    /// At least one part holds.
    case any([Policy.Condition])
    /// The part does not hold.
    case not(Policy.Condition)
  }
}

extension Policy {
  /// One argument, masked or whole, compared with constants; all comparisons are unsigned.
  public struct Comparison: Hashable, Sendable {
    /// How the argument relates to a constant.
    public enum Relation: Hashable, Sendable {
      /// `==`
      case equal(Policy.Value)
      /// `!=`
      case notEqual(Policy.Value)
      /// `<`
      case less(Policy.Value)
      /// `<=`
      case lessOrEqual(Policy.Value)
      /// `>`
      case greater(Policy.Value)
      /// `>=`
      case greaterOrEqual(Policy.Value)
      /// `in { ... }`
      case member([Policy.Value])
    }

    /// The constants that the argument is compared with, the mask not among them.
    public var constants: [Policy.Value] {
      switch relation {
      case .equal(let value), .notEqual(let value), .less(let value), .lessOrEqual(let value),
        .greater(let value), .greaterOrEqual(let value):
        [value]
      case .member(let values): values
      }
    }

    /// Which argument is looked at.
    public let argument: Policy.Argument
    /// The bits that count; `nil` is all of them.
    public let mask: Policy.Value?
    /// What must be true of them.
    public let relation: Relation

    /// Makes a comparison of one argument.
    ///
    /// - Parameters:
    ///   - argument: Which argument is looked at.
    ///   - mask: The bits that count; `nil` is all of them.
    ///   - relation: What must be true of them.
    public init(_ argument: Policy.Argument, mask: Policy.Value? = nil, _ relation: Relation) {
      self.argument = argument
      self.mask = mask
      self.relation = relation
    }
  }
}

extension Policy {
  /// An argument as a policy names it; where it lies is known only once the call and ABI are.
  public enum Argument: Hashable, Sendable {
    /// A parameter of the call's prototype; an `int` is compared in 32 bits.
    case named(String)
    /// `arg0` to `arg5`: the whole register.
    case whole(Int)
    /// `arg0:32` to `arg5:32`: the low 32 bits of the register.
    case lowWord(Int)
  }
}

extension Policy {
  /// A constant of the policy language.
  public enum Value: Hashable, Sendable {
    /// A number as it stands.
    case number(UInt64)
    /// A number of which only the low 32 bits count where 32 are compared, as libseccomp compares
    /// it on a 32-bit ABI; the policy language has no such number.
    case register(UInt64)
    /// A number below zero, by its magnitude; as wide as what it is compared with.
    case negative(UInt64)
    /// The bits of several, written `A | B`.
    case bits([Policy.Value])
    /// A kernel constant, which may differ between architectures (`O_DIRECTORY` does).
    case constant(NamedConstant)

    /// The number that the kernel of an architecture uses.
    ///
    /// - Parameters:
    ///   - architecture: The ABI of the call.
    ///   - isWord: Whether it is compared in 32 bits, where a negative constant such as AT_FDCWD has
    ///     32 bits too, and so has one such as -1. A number without a sign stands as it is written.
    /// - Returns: The value there.
    public func number(on architecture: Architecture, isWord: Bool) -> UInt64 {
      switch self {
      case .number(let number):
        return number
      case .register(let number):
        return isWord ? number & 0xffff_ffff : number
      case .negative(let magnitude):
        return isWord ? (0 &- magnitude) & 0xffff_ffff : 0 &- magnitude
      case .bits(let values):
        return values.reduce(0) { $0 | $1.number(on: architecture, isWord: isWord) }
      case .constant(let constant):
        let value = constant.value(on: architecture)
        let isNegative = Int64(bitPattern: value) < 0
        return isWord && isNegative ? value & 0xffff_ffff : value
      }
    }
  }
}

extension Policy.Argument {
  /// Where an argument lies: its index among the six and how many of its bits the kernel looks at.
  public struct Location: Hashable, Sendable {
    /// The index in `seccomp_data.args`, 0...5.
    public let index: Int
    /// Whether only the low 32 bits count, as the kernel takes an `int`, or any argument of a
    /// 32-bit ABI: `int $0x80` from a 64-bit program can leave anything in the upper halves.
    public let isWord: Bool
  }
}

extension Policy.Argument {
  /// Finds the argument in the registers of one ABI.
  ///
  /// - Parameters:
  ///   - syscall: The call whose prototype names the parameters.
  ///   - architecture: The ABI of the call.
  /// - Returns: `nil` where that call has no such parameter on that ABI.
  public func location(in syscall: Syscall, on architecture: Architecture) -> Location? {
    switch self {
    case .whole(let index):
      return Location(index: index, isWord: architecture.is32Bit)
    case .lowWord(let index):
      return Location(index: index, isWord: true)
    case .named(let name):
      guard let parameter = syscall.prototype(on: architecture)?.parameter(named: name) else {
        return nil
      }
      return Location(
        index: parameter.index, isWord: architecture.is32Bit || parameter.kind == .int)
    }
  }
}
