import Testing

@testable import nonet

/// What must hold of every host, so that a new one is tested by being in the list.
@Suite struct HookHostTests {
  private static let odd = Array("echo 'a \"b\" \\ \u{7} \u{e9}'\n".utf8)

  private func question(of host: HookHost) throws -> (HookQuestion.Splice, [UInt8]) {
    let members = host.members
    let input = #"{"\#(members.command)": "ls", "note": 1.50}"#
    let event = members.event.map { #""\#($0)": "\#(host.before.event)", "# } ?? ""
    let call = #""\#(members.tool)": "\#(host.shellTools[0])", "\#(members.input)": \#(input)"#
    let text = #"{\#(event)\#(members.call.map { #""\#($0)": {\#(call)}"# } ?? call)}"#
    guard case .commands(let commands, let place) = try HookQuestion(Array(text.utf8), from: host)
    else { throw NoCommand() }
    return (place, commands[0])
  }

  private struct NoCommand: Error {}

  /// Every string in a value, wherever it stands.
  private func strings(in value: JSONValue) -> [[UInt8]] {
    (value.utf8.map { [$0] } ?? []) + value.elements.flatMap { strings(in: $0) }
      + value.members.flatMap { strings(in: $0.value) }
  }

  @Test func namesAreFoundAndNoTwoAreOne() {
    let names = HookHost.all.map { $0.name }
    #expect(names.prefix(4) == ["claude-code", "codex", "gemini-cli", "cursor"])
    #expect(Set(names).count == names.count)
    for name in names { #expect(HookHost(named: name)?.name == name) }
    #expect(HookHost(named: "Codex") == nil && HookHost(named: "") == nil)
  }

  @Test func everyAnswerIsOneLineOfJSONWithTheCommand() throws {
    for host in HookHost.all {
      let (place, command) = try question(of: host)
      #expect(command == Array("ls".utf8))
      for answer in [
        HookAnswer.nothing(host.passing), .confined(place.subject), .confining([Self.odd], place),
      ] {
        let text = answer.text
        if answer.isReason {
          #expect(text.dropLast().suffix(Self.odd.count).elementsEqual(Self.odd))
          continue
        }
        if text.isEmpty { continue }
        #expect(text.last == 0x0a && text.dropLast().allSatisfy { $0 != 0x0a }, "\(host.name)")
        let root = try JSONDocument(text).root
        guard case .confining = answer else { continue }
        let isTold = strings(in: root).contains {
          $0.suffix(Self.odd.count).elementsEqual(Self.odd)
        }
        #expect(isTold, "\(host.name)")
      }
    }
  }

  @Test func whatIsInstalledIsFoundAgainAndTakenOut() throws {
    for host in HookHost.all {
      let command = "/usr/bin/nonet --hook \(host.name) || exit 2"
      var settings = try HookDocument([], of: host)
      let empty = settings.bytes
      #expect(empty == Array(host.layout.empty.utf8) && settings.state(for: command) == .missing)
      try settings.install(command)
      #expect(settings.state(for: command) == .installed, "\(host.name)")
      // No other host takes the hook for its own.
      for other in HookHost.all where other.name != host.name {
        // What is no settings of the other at all is refused.
        guard let read = try? HookDocument(settings.bytes, of: other) else { continue }
        #expect(read.state(for: command) == .missing, "\(host.name), \(other.name)")
      }
      try settings.uninstall()
      #expect(settings.state(for: command) == .missing)
      // What was filled and emptied may be left with its lines.
      #expect(settings.bytes.filter { $0 > 0x20 } == empty.filter { $0 > 0x20 })
    }
  }
}
