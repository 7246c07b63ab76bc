import Testing

@testable import nonet

@Suite struct HookAnswerTests {
  private func place(_ text: String, _ host: HookHost) throws -> HookQuestion.Splice {
    guard case .command(_, let place) = try HookQuestion(Array(text.utf8), from: host) else {
      throw HookQuestion.QuestionError(reason: "no command")
    }
    return place
  }

  private func answer(_ answer: HookAnswer) -> String {
    String(decoding: answer.text, as: UTF8.self)
  }

  @Test func nothingToSay() {
    #expect(answer(.nothing) == "{}\n")
    for host in HookHost.all {
      let expected = host.name == "cursor" ? "{\"permission\":\"allow\"}\n" : "{}\n"
      #expect(answer(.confined(host.before.subject)) == expected)
    }
    #expect(
      answer(.explaining("a \"b\"", event: "E"))
        == #"{"hookSpecificOutput":{"hookEventName":"E","additionalContext":"a \"b\""}}"# + "\n")
  }

  /// Claude Code takes the answer for the whole input, so all else in it comes back to the byte.
  @Test func theRestOfTheInputStays() throws {
    let input = #"{ "timeout" : 1e3,"command":"ls", "description":"é\u00e9" }"#
    let text = #"{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":\#(input)}"#
    let place = try place(text, .claudeCode)
    let whole = answer(.confining(Array("n -- 'ls'".utf8), place))
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
      let text = HookAnswer.confining(Array(command.utf8), place).text
      #expect(text.last == 0x0a && !text.dropLast().contains(0x0a))
      let root = try JSONDocument(text, JSONOptions()).root
      var value: JSONValue? = root
      for name in place.rewriting.told { value = value?[name] }
      let found = value?.text.map { String($0.suffix(command.count)) }
      #expect(found == command)
      if host.name == "cursor" { #expect(root["permission"] != nil) }
    }
  }
}
