internal import BPFAssembler

/// A seccomp profile as container engines have it: `linux.seccomp` of the OCI runtime specification, with
/// what Docker and Podman add to it (archMap, includes, excludes, errno by name).
struct Profile {
  /// What calls get that no entry decides.
  let defaultVerdict: Verdict
  /// The architectures as the profile names them; empty where only the machine's own counts.
  let architectures: [[UInt8]]
  /// For each native architecture the others that are served beside it; `nil` where there is no archMap.
  let map: [Family]?
  let entries: [Entry]

  /// An entry of `archMap`.
  struct Family {
    let architecture: [UInt8]
    let others: [[UInt8]]
  }

  /// An element of `syscalls`.
  struct Entry {
    let place: Place
    let names: [[UInt8]]
    let verdict: Verdict
    let comparisons: [Comparison]
    let includes: Limits
    let excludes: Limits
  }

  /// An element of `args`.
  struct Comparison {
    let place: Place
    let index: Int
    let test: Test
    /// What is compared with; under `masked` the mask (runtime-spec, `value`).
    let value: UInt64
    /// What the masked argument has to be.
    let second: UInt64
  }

  /// `SCMP_CMP_*` (seccomp_rule_add(3)).
  enum Test: CaseIterable {
    case notEqual, less, lessOrEqual, equal, greaterOrEqual, greater, masked
  }

  /// Where an entry counts.
  struct Limits {
    var architectures: [[UInt8]] = []
    var capabilities: [[UInt8]] = []
    /// The oldest kernel, as its major and minor number.
    var kernel: KernelVersion?
  }

  /// Where something stands in the document.
  struct Place {
    /// Such as `syscalls[17].args[0]`; empty for the document itself.
    let path: String
    /// How many bytes stand before it.
    let offset: Int
  }
}

/// The first two numbers of a kernel's release.
struct KernelVersion: Comparable {
  let major: Int
  let minor: Int

  /// Reads `5.10` or the beginning of `5.10.0-21-amd64`.
  init?(_ text: some Collection<UInt8>) {
    let parts = text.prefix { $0 == UInt8(ascii: ".") || $0.isDigit }
      .split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count >= 2, let major = Int(String(decoding: Array(parts[0]), as: UTF8.self)),
      let minor = Int(String(decoding: Array(parts[1]), as: UTF8.self))
    else { return nil }
    self.major = major
    self.minor = minor
  }

  static func < (left: KernelVersion, right: KernelVersion) -> Bool {
    (left.major, left.minor) < (right.major, right.minor)
  }
}

/// What is wrong with a profile, or strange about it, and where.
struct ProfileMessage: Error {
  let place: Profile.Place
  let text: String

  init(_ place: Profile.Place, _ text: String) {
    self.place = place
    self.text = text
  }

  /// The message as compilers print it, with line, column, offset and the path inside the document.
  ///
  /// - Parameters:
  ///   - kind: `error` or `warning`.
  ///   - name: What the document is called.
  ///   - bytes: The document.
  /// - Returns: The text, without a newline at its end.
  func words(_ kind: String, _ name: String, _ bytes: [UInt8]) -> String {
    let before = bytes[..<min(place.offset, bytes.count)]
    let newline = UInt8(ascii: "\n")
    let start = before.lastIndex(of: newline).map { $0 + 1 } ?? 0
    let line = before.count { $0 == newline } + 1
    let path = place.path.isEmpty ? "" : "\(place.path): "
    return
      "\(name):\(line):\(before.count - start + 1): \(kind): \(path)\(text) (byte \(place.offset))"
  }
}
