import Testing

@testable import nonet

@Suite struct HookQuestionTests {
  /// The command in a question, or `nil` where the tool runs none.
  private func command(_ text: String, from host: HookHost) throws(HookQuestion.QuestionError)
    -> String?
  {
    switch try HookQuestion(Array(text.utf8), from: host) {
    case .commands(let commands, _): commands.first.map { String(decoding: $0, as: UTF8.self) }
    case .otherTool, .failure: nil
    }
  }

  static let questions: [(HookHost, String)] = [
    (
      .claudeCode,
      #"{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":X}}"#
    ),
    (.codex, #"{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":X}}"#),
    (
      .geminiCLI,
      #"{"hook_event_name":"BeforeTool","tool_name":"run_shell_command","tool_input":{"command":X}}"#
    ),
    (
      .cursor,
      #"{"hook_event_name":"preToolUse","tool_name":"Shell","tool_input":{"command":X}}"#
    ),
    (.copilotCLI, #"{"toolName":"bash","toolArgs":{"command":X}}"#),
    (.crush, #"{"event":"PreToolUse","tool_name":"bash","tool_input":{"command":X}}"#),
    (.cursor, #"{"hook_event_name":"beforeShellExecution","command":X}"#),
    (.cursor, #"{"command":X}"#),
    (.vscode, #"{"tool_name":"run_in_terminal","tool_input":{"command":X}}"#),
    (.claudeCode, #"{"tool_name":"run_in_terminal","tool_input":{"command":X}}"#),
    (.copilotCLI, #"{"tool_name":"run_in_terminal","tool_input":{"command":X}}"#),
    (.vscode, #"{"toolName":"bash","toolArgs":{"command":X}}"#),
    (.goose, #"{"event":"PreToolUse","tool_name":"shell","tool_input":{"command":X}}"#),
    (
      .cline,
      #"{"hookName":"tool_call","tool_call":{"name":"run_commands","input":{"commands":[X]}}}"#
    ),
    (.kimi, #"{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":X}}"#),
    (.antigravity, #"{"toolCall":{"name":"run_command","args":{"CommandLine":X}}}"#),
  ]

  @Test(arguments: questions)
  func commands(host: HookHost, question: String) throws {
    for (written, meant) in [(#""ls""#, "ls"), (#""a\n\"b\" é""#, "a\n\"b\" é"), (#""""#, "")] {
      #expect(try command(question.replacing("X", with: written), from: host) == meant)
    }
  }

  /// Whatever is not exactly a question has no command, so none can run.
  @Test(arguments: questions)
  func whatIsNoCommand(host: HookHost, question: String) {
    for written in [
      "1", "null", "[[]]", #""\ud800""#, #""a\u0000b""#, #""ls","command":"rm""#, "", "'ls'",
    ] {
      let text = question.replacing(
        "X", with: written.replacing("command", with: host.members.command))
      #expect(throws: HookQuestion.QuestionError.self) {
        try command(text, from: host)
      }
    }
    for text in ["", "[]", "{}", question, question.replacing("X", with: #""ls""#) + "}"] {
      #expect(throws: HookQuestion.QuestionError.self) { try command(text, from: host) }
    }
  }

  @Test(arguments: [
    ("Write", #"{"file_path":"x"}"#, true), ("Read", "{}", true), ("BashOutput", "{}", true),
    ("KillShell", "{}", true), ("bash", "{}", false), ("PowerShell", "{}", false),
    ("mcp__x__execute", "{}", false), ("Other", #"{"command":"ls"}"#, false),
    ("Other", #"{"script":1}"#, false),
  ])
  func otherTools(name: String, input: String, isLetBe: Bool) throws {
    let text = #"{"hook_event_name":"PreToolUse","tool_name":"\#(name)","tool_input":\#(input)}"#
    if isLetBe {
      #expect(try command(text, from: .claudeCode) == nil)
    } else {
      #expect(throws: HookQuestion.QuestionError.self) { try command(text, from: .claudeCode) }
    }
  }

  @Test func anotherEventIsNamedWithoutWhatATerminalObeys() throws {
    let text =
      #"{"hook_event_name":"\u001b[2J\u009b1m","tool_name":"Bash","tool_input":{"command":"ls"}}"#
    do throws(HookQuestion.QuestionError) {
      _ = try command(text, from: .codex)
      Issue.record("it was understood")
    } catch {
      #expect(error.reason.contains("??") || error.reason.contains("?[2J?1m"))
      #expect(
        error.reason.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7f...0x9f ~= $0.value) })
    }
  }
}
