import Testing

@testable import nonet

@Suite struct OfflineSwitchTests {
  @Test func namesAreOfVariablesAndOnlyOnceThere() {
    let names = OfflineSwitch.all.map { "\($0.variable)" }
    #expect(names.count >= 10)
    let letters = names.joined().filter { $0 != "_" }
    #expect(letters.allSatisfy { $0.isASCII && $0.isLetter })
    #expect(Set(names.map { $0.lowercased() }).count == names.count)
    #expect(OfflineSwitch.all.allSatisfy { !$0.value.isEmpty && !$0.tool.isEmpty })
    #expect(!names.contains("GRADLE_OPTS"))
  }

  @Test(arguments: OfflineSwitch.all.map { "\($0.variable)" })
  func theUsersNameIsFoundInAnyCase(name: String) throws {
    let offline = try #require(OfflineSwitch.all.first { "\($0.variable)" == name })
    let others = ["PATH", name + "X", "X" + name, String(name.dropLast()), ""]
    #expect(offline.name(among: others) == nil)
    for spelling in [name, name.lowercased(), name.uppercased(), name.capitalized] {
      #expect(offline.name(among: others + [spelling]) == spelling)
    }
  }

  @Test func theEnvironmentHasNames() {
    #expect(environmentNames.contains("PATH"))
    #expect(environmentNames.allSatisfy { !$0.contains("=") })
  }
}

extension String {
  /// `Npm_config_offline`, without Foundation.
  fileprivate var capitalized: String { prefix(1).uppercased() + dropFirst().lowercased() }
}
