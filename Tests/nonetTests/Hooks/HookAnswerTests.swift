import Testing

@testable import nonet

@Suite struct HookAnswerTests {
  private func place(_ text: String, _ host: HookHost) throws -> HookQuestion.Splice {
    guard case .commands(_, let place) = try HookQuestion(Array(text.utf8), from: host) else {
      throw HookQuestion.QuestionError(reason: "no command")
    }
    return place
  }

  private func answer(_ answer: HookAnswer) -> String {
    String(decoding: answer.text, as: UTF8.self)
  }

  @Test func nothingToSay() {
    #expect(answer(.nothing("{}")) == "{}\n" && answer(.nothing("")).isEmpty)
    let others = [
      "cursor": "{\"permission\":\"allow\"}\n", "goose": "{\"decision\":\"allow\"}\n",
      "antigravity": "{\"decision\":\"allow\"}\n", "kimi": "", "kiro": "",
    ]
    for host in HookHost.all {
      #expect(answer(.confined(host.before.subject)) == others[host.name] ?? "{}\n")
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
    let whole = answer(.confining([Array("n -- 'ls'".utf8)], place))
    let changed = input.replacing(#""ls""#, with: #""n -- 'ls'""#)
    #expect(
      whole
        == #"{"hookSpecificOutput":{"hookEventName":"PreToolUse","updatedInput":\#(changed)}}"#
        + "\n")
  }

  /// Of several commands each is in its place.
  @Test func severalCommands() throws {
    let text =
      #"{"hookName":"tool_call","tool_call":{"name":"run_commands","input":{"a":1.0, "commands": [ "x", "y" ] }}}"#
    let place = try place(text, .cline)
    let whole = answer(.confining([Array("1".utf8), Array("\"".utf8)], place))
    #expect(whole == #"{"overrideInput":{"a":1.0, "commands": [ "1", "\"" ] }}"# + "\n")
  }

  /// What is read back out of an answer is the command, whatever bytes it has.
  @Test(arguments: HookQuestionTests.questions)
  func commandsComeBack(host: HookHost, question: String) throws {
    let place = try place(question.replacing("X", with: #""ls""#), host)
    for command in ["ls", "a \"b\" \\ \n\t\u{1}\u{1f}", "é😀", ""] {
      let text = HookAnswer.confining([Array(command.utf8)], place).text
      #expect(text.last == 0x0a && !text.dropLast().contains(0x0a))
      let root = try JSONDocument(text, JSONOptions()).root
      var value: JSONValue? = root
      for name in place.rewriting.told { value = value?[name] }
      let found = (value?.elements.first ?? value)?.text.map { String($0.suffix(command.count)) }
      #expect(found == command)
      if host.name == "cursor" { #expect(root["permission"] != nil) }
    }
  }
}
