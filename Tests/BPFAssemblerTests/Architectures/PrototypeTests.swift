import BPFAssembler
import Testing

@Suite struct PrototypeTests {
  static let table = TableFile("prototypes.tsv")

  /// "int:fd" from a parameter, to compare with the file.
  private func text(_ parameter: Prototype.Parameter) -> String {
    switch parameter.kind {
    case .int: "int:\(parameter.name)"
    case .long: "long:\(parameter.name)"
    case .pointer: "pointer:\(parameter.name)"
    }
  }

  private func prototype(_ name: String, _ architecture: Architecture) -> [String]? {
    Syscall(named: name)?.prototype(on: architecture)?.parameters.map(text)
  }

  @Test func everyRowIsWhatTheFileSays() {
    #expect(Self.table.rows.count > 300)
    var seen: [String: [String]] = [:]
    for row in Self.table.rows {
      let abis = row.count > 2 ? row[2].split(separator: ",").map { String($0) } : []
      var isReached = false
      for architecture in Architecture.allCases
      where abis.isEmpty || abis.contains(architecture.name) {
        let hasCall = Syscall(named: row[0])?.number(on: architecture) != nil
        // A row that names its ABIs names only those that have the call.
        #expect(hasCall || abis.isEmpty, "\(row[0]) on \(architecture)")
        guard hasCall else { continue }
        isReached = true
        #expect(prototype(row[0], architecture) == row[1].split(separator: " ").map { String($0) })
        #expect(seen[row[0]]?.contains(architecture.name) != true, "\(row[0]) twice")
        seen[row[0], default: []].append(architecture.name)
      }
      #expect(isReached, "\(row[0]) is no call of ours")
    }
    for call in Syscall.all {
      for architecture in Architecture.allCases {
        let isListed = seen[call.name]?.contains(architecture.name) ?? false
        #expect((call.prototype(on: architecture) != nil) == isListed, "\(call) on \(architecture)")
      }
    }
  }

  @Test func parametersAreFoundByName() {
    for call in Syscall.all {
      for architecture in Architecture.allCases {
        guard let prototype = call.prototype(on: architecture) else { continue }
        let parameters = prototype.parameters
        #expect(parameters.map(\.index) == Array(parameters.indices))
        #expect(Set(parameters.map(\.name)).count == parameters.count, "\(call)")
        for parameter in parameters {
          #expect(prototype.parameter(named: parameter.name) == parameter)
          #expect(prototype.parameter(named: parameter.name + "x") == nil)
          #expect(call.parameterNames.contains(parameter.name))
        }
        #expect(prototype.parameter(named: "") == nil)
        #expect(prototype.parameter(named: "i:domain") == nil)
      }
    }
  }

  @Test func widthsThatADenyStandsOn() {
    for architecture in Architecture.allCases {
      #expect(prototype("socket", architecture) == ["int:domain", "int:type", "int:protocol"])
      #expect(prototype("ioctl", architecture) == ["int:fd", "int:cmd", "long:arg"])
      #expect(prototype("unshare", architecture) == ["long:flags"])
      #expect(prototype("prctl", architecture)?.first == "int:option")
      #expect(prototype("clone", architecture)?.first == "int:flags")
      #expect(prototype("sendto", architecture)?[4...] == ["pointer:dest_addr", "int:addrlen"])
    }
    #expect(prototype("socketcall", .i386) == ["int:call", "pointer:args"])
    #expect(prototype("socketcall", .x86_64) == nil)
  }

  @Test func someCallsDifferByABI() {
    #expect(prototype("mmap", .i386) == ["pointer:args"])
    #expect(prototype("mmap", .aarch64)?.count == 6)
    #expect(prototype("clone", .x86_64)?.last == "long:tls")
    #expect(prototype("clone", .aarch64)?.last == "pointer:child_tid")
    // A pair of registers starts at an even one on arm.
    #expect(prototype("pread64", .arm)?[3...] == ["int:pad", "int:offset_low", "int:offset_high"])
    #expect(prototype("pread64", .i386)?[3...] == ["int:offset_low", "int:offset_high"])
    #expect(
      Syscall(named: "pread64")?.parameterNames == [
        "fd", "buf", "count", "offset_low", "offset_high", "offset", "pad",
      ])
  }

  /// 16-bit user ids have no kind, so there must be no name for them.
  @Test func narrowerThanAnIntIsNotNamed() {
    for name in ["chown", "setuid", "setresgid", "setfsuid", "fchown"] {
      #expect(prototype(name, .i386) == nil)
      #expect(prototype(name, .arm) == nil)
    }
    #expect(prototype("setuid32", .i386) == ["int:uid"])
    #expect(prototype("setuid", .x86_64) == ["int:uid"])
    #expect(Syscall(named: "getppid")?.parameterNames == [])
  }
}
