import BPFAssembler
import Glibc
import Testing

/// The policies whose programs are broken in every way: presets, published lists, and two more.
struct GoldenPolicy: CustomTestStringConvertible, Sendable {
  let name: String
  let text: [UInt8]

  var testDescription: String { name }

  static let all: [GoldenPolicy] =
    KnownPolicy.presets.map { GoldenPolicy(name: $0.name, text: $0.text) } + lists + [wide, flags]

  /// Fixtures/policies/*.policy.
  private static let lists: [GoldenPolicy] = {
    let here: String = #filePath
    let root = here.split(separator: "/").dropLast(4).joined(separator: "/")
    var found = glob_t()
    defer { globfree(&found) }
    guard glob("/\(root)/Fixtures/policies/*.policy", 0, nil, &found) == 0 else { return [] }
    return (0..<Int(found.gl_pathc)).compactMap { index in
      guard let path = found.gl_pathv[index], let file = fopen(path, "r") else { return nil }
      defer { fclose(file) }
      let name = String(cString: path).split(separator: "/").last ?? ""
      return GoldenPolicy(name: String(name), text: Array(TableFile.text(from: file).utf8))
    }
  }()

  /// Comparisons of 64 bits, every verdict, every ABI with one of its own.
  private static let wide = GoldenPolicy(
    name: "wide",
    text: Array(
      """
      default deny with EPERM
      foreign deny with EACCES
      x32 kill
      unknown log
      allow read if arg2 < 0x100000002 and arg1 >= 0x700000000
      log read if arg2 & 0xff000000ff00 in { 0x110000002200, 0x3300, 0x440000000000 }
      kill write unless arg1 > 0x1ffffffff or fd <= 2
      allow madvise if advice & 6 != 6 and (arg1:32 & 0x11 == 0x11 or addr == NULL)
      allow close, exit_group
      """.utf8))

  /// More paths than the proof walks without letting them meet.
  private static let flags = GoldenPolicy(
    name: "flags",
    text: Array(
      (["default allow"]
        + (0..<7).map { index in
          let verdict = ["kill", "log", "deny"][index % 3]
          return "\(verdict) read if arg0:32 & \(1 << index) != 0 and arg1:32 & \(2 << index) != 0"
        }).joined(separator: "\n").utf8))
}
