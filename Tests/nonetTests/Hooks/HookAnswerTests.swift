import Testing

@testable import nonet

@Suite struct HookAnswerTests {
  private func place(_ text: String, _ host: HookHost) throws -> HookQuestion.Splice {
    guard case .command(_, let place) = try HookQuestion(Array(text.utf8), from: host) else {
      throw HookQuestion.QuestionError(reason: "no command")
    }
    return place
  }

  private func answer(_ answer: HookAnswer, _ host: HookHost) -> String {
    String(decoding: answer.text(for: host), as: UTF8.self)
  }

  @Test func nothingToSay() {
    for host in HookHost.all { #expect(answer(.nothing, host) == "{}\n") }
    #expect(answer(.confined, .cursor) == "{\"permission\":\"allow\"}\n")
    for host in [HookHost.claudeCode, .codex, .geminiCLI] {
      #expect(answer(.confined, host) == "{}\n")
    }
  }

  /// Claude Code takes the answer for the whole input, so all else in it comes back to the byte.
  @Test func theRestOfTheInputStays() throws {
    let input = #"{ "timeout" : 1e3,"command":"ls", "description":"é\u00e9" }"#
    let text = #"{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":\#(input)}"#
    let place = try place(text, .claudeCode)
    let whole = answer(.confining(Array("n -- 'ls'".utf8), place), .claudeCode)
    let changed = input.replacing(#""ls""#, with: #""n -- 'ls'""#)
    #expect(
      whole
        == #"{"hookSpecificOutput":{"hookEventName":"PreToolUse","updatedInput":\#(changed)}}"#
        + "\n")
  }

  /// What is read back out of an answer is the command, whatever bytes it has.
  @Test(arguments: HookQuestionTests.questions)
  func commandsComeBack(host: HookHost, question: String) throws {
    let place = try place(question.replacing("X", with: #""ls""#), host)
    for command in ["ls", "a \"b\" \\ \n\t\u{1}\u{1f}", "é😀", ""] {
      let text = HookAnswer.confining(Array(command.utf8), place).text(for: host)
      #expect(text.last == 0x0a && !text.dropLast().contains(0x0a))
      let root = try JSONDocument(text, JSONOptions()).root
      let found =
        switch host.name {
        case "claude-code", "codex": root["hookSpecificOutput"]?["updatedInput"]?["command"]?.text
        case "gemini-cli": root["hookSpecificOutput"]?["tool_input"]?["command"]?.text
        case _:
          root["agent_message"]?.text.map { String($0.suffix(command.count)) }
        }
      #expect(found == command)
      if host.name == "cursor" { #expect(root["permission"]?.text == "deny") }
    }
  }
}
