import BPFAssembler
import Glibc

/// The system's own C headers as a second witness: clang compares, we only read its errors.
///
/// Every claim becomes one `_Static_assert`, so headers of any ABI can be asked on any host and
/// nothing has to run. A name the headers do not have is an "undeclared identifier".
struct CHeaders {
  let architecture: Architecture
  let target: String
  /// A file of these headers, by which we see that they are installed.
  let witness: String
  let folders: [String]

  /// Header sets by Debian's places: the host's own, and the packages
  /// linux-libc-dev-arm64-cross and linux-libc-dev-armhf-cross.
  static let all: [CHeaders] = [
    CHeaders(
      architecture: .x86_64, target: "x86_64-linux-gnu",
      witness: "/usr/include/x86_64-linux-gnu/asm/unistd_64.h",
      folders: ["/usr/include/x86_64-linux-gnu", "/usr/include"]),
    CHeaders(
      architecture: .i386, target: "i386-linux-gnu",
      witness: "/usr/include/x86_64-linux-gnu/asm/unistd_32.h",
      folders: ["/usr/include/x86_64-linux-gnu", "/usr/include"]),
    CHeaders(
      architecture: .aarch64, target: "aarch64-linux-gnu",
      witness: "/usr/aarch64-linux-gnu/include/asm/unistd.h",
      folders: ["/usr/aarch64-linux-gnu/include"]),
    CHeaders(
      architecture: .arm, target: "arm-linux-gnueabihf",
      witness: "/usr/arm-linux-gnueabihf/include/asm/unistd.h",
      folders: ["/usr/arm-linux-gnueabihf/include"]),
  ]

  /// "NAME is this number here".
  struct Claim {
    let name: String
    /// The C expression that the headers give the number.
    let expression: String
    let value: UInt64
  }

  /// What clang said of the claims.
  struct Answer {
    var wrong: [String] = []
    var missing: [String] = []
  }

  /// Asks these headers alone; nil, with the reason printed, where that is impossible.
  func check(_ claims: [Claim], including headers: [String]) -> Answer? {
    guard access(witness, R_OK) == 0 else {
      print("skipped for \(architecture): \(witness) is not installed")
      return nil
    }
    let options = folders.map { "-isystem \($0)" }.joined(separator: " ")
    // linux/shm.h wants the C library's unistd.h for one macro; an empty one comes first.
    return Self.ask(claims, headers, "-target \(target) -nostdinc -isystem FOLDER \(options)")
  }

  /// Asks the C library's headers, which are the host's.
  static func checkHost(_ claims: [Claim], including headers: [String]) -> Answer? {
    ask(claims, headers, "-D_GNU_SOURCE")
  }

  private static func ask(_ claims: [Claim], _ headers: [String], _ options: String) -> Answer? {
    guard system("command -v clang >/dev/null") == 0 else {
      print("skipped: no clang")
      return nil
    }
    var source = ""
    for header in headers {
      source += "#if __has_include(<\(header)>)\n#include <\(header)>\n#endif\n"
    }
    for claim in claims {
      source += "_Static_assert((unsigned long long)(long long)(\(claim.expression)) == "
      source += "\(claim.value)ULL, \"claim:\(claim.name):\");\n"
    }
    var template = Array("/tmp/nonet-headers-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { return nil }
    let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { system("rm -r \(folder)") }
    guard write("", to: "\(folder)/unistd.h"), write(source, to: "\(folder)/claims.c") else {
      return nil
    }
    let words = options.split(separator: " ").map { $0 == "FOLDER" ? folder : String($0) }
    // Without -fno-spell-checking clang puts a near name in for a missing one and compares that.
    let fixed = "-w -fsyntax-only -fno-spell-checking -ferror-limit=0"
    return read("clang \(fixed) \(words.joined(separator: " ")) \(folder)/claims.c", claims)
  }

  private static func read(_ command: String, _ claims: [Claim]) -> Answer? {
    guard let pipe = popen("\(command) 2>&1", "r") else { return nil }
    let output = TableFile.text(from: pipe)
    pclose(pipe)
    let names = Set(claims.map(\.name))
    let expressions = Dictionary(
      claims.map { ($0.expression, $0.name) }, uniquingKeysWith: { first, _ in first })
    var answer = Answer()
    for line in output.split(separator: "\n") where line.contains("error:") {
      let quoted = line.split(separator: "'")
      let asserted = line.split(separator: ":").map { String($0) }.filter { names.contains($0) }
      if line.contains("undeclared"), quoted.count > 1, let name = expressions[String(quoted[1])] {
        answer.missing.append(name)
      } else if let name = asserted.last, line.contains("claim:") {
        answer.wrong.append(name)
      } else {
        // Anything else means that the question itself was broken.
        answer.wrong.append(String(line))
      }
    }
    return answer
  }

  private static func write(_ text: String, to path: String) -> Bool {
    guard let file = fopen(path, "w") else { return false }
    fputs(text, file)
    return fclose(file) == 0
  }
}
