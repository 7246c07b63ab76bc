"""The hosts' side of a hook, written from what the hosts are known to send and take, not from nonet."""

import json
import pathlib
import re
import subprocess
import typing

FIXTURES = pathlib.Path(__file__).resolve().parents[3] / "Fixtures/shell"
BLOCKS = 2  # the only status for which every host keeps the command from running
ADDED = ["--hint"]  # options that every hook adds by itself
COMMON = {"session_id": "0b5", "cwd": "/work", "transcript_path": "/home/u/t.jsonl"}


class Host(typing.NamedTuple):
    """What is known of a host."""

    file: str  # its settings, below the home
    event: str  # what it calls the moment before a command
    asks: dict  # the question, but for the tool's input
    told: object  # the command that its answer tells it to run
    tool: str = "Bash"  # the pattern of tools in an entry; None where it has none
    timeout: int = 10
    reads_comments: bool = False
    groups: bool = True  # whether entries stand in groups with a matcher
    command: str = "command"  # the entry's member that is run
    has_type: bool = True
    timeout_name: str = "timeout"
    fails_closed: bool = False
    input: str = "tool_input"
    writes_input: object = lambda data: data  # how the question has the tool's input
    also: tuple = ()  # other events under which the same hook stands, each with an entry of its own shape
    folder: bool = False  # whether its shell leaves its folder to the next command
    empty: dict = {}  # settings with nothing in them
    whole_input: bool = False  # whether the answer has all of the tool's input
    event_name: str = "hook_event_name"
    tool_name: str = "tool_name"
    tools: tuple = ()  # other names of the tool that runs commands
    call: str = None  # the object that has the tool's name and input; None where the question itself has them
    command_name: str = "command"  # the command in the tool's input
    several: bool = False  # whether there are several, as a list
    session: str = "session_id"  # what the conversation is called
    object: str = "hooks"  # the member of the settings that has the events
    on_failure: bool = False  # whether an entry says that a hook that fails blocks
    confined: bytes = b"{}\n"  # what is said of a command that is confined already
    passing: bytes = b"{}\n"  # what is said of a tool that runs nothing
    advises: bool = False  # whether it takes no other command, so that the agent is told one
    reason: bool = False  # whether the answer is the text on standard error of a hook that ends with 2
    text: object = None  # the lines with which a hook that runs a line is written, where the settings are no such JSON


def codex_is_told(answer):
    assert answer["hookSpecificOutput"]["permissionDecision"] == "allow"
    return answer["hookSpecificOutput"]["updatedInput"]["command"]


def follower_is_told(answer):
    """Hosts that follow Claude Code want a decision and a reason."""
    assert answer["hookSpecificOutput"]["permissionDecisionReason"]
    return codex_is_told(answer)


def gemini_is_told(answer):
    assert answer["decision"] == "allow"
    return answer["hookSpecificOutput"]["tool_input"]["command"]


def cursor_is_told(answer):
    """At the older moment Cursor takes no other command; its agent is told one."""
    if answer["permission"] == "allow":
        return answer["updated_input"]["command"]
    return answer["agent_message"].partition(" after it: ")[2]


def copilot_is_told(answer):
    assert answer["permissionDecision"] == "allow" and set(answer) == {"permissionDecision", "modifiedArgs"}
    return answer["modifiedArgs"]["command"]


def advice(text):
    """What an agent is told to run."""
    start, found, command = text.partition(" after it: ")
    assert found and "blocked by nonet" in start and "exactly this" in start
    return command


def advised(*names):
    """The command in the reason of a refusal."""
    def told(answer):
        for name in names:
            answer = answer[name]
        return advice(answer)

    return told


def goose_is_told(answer):
    assert answer["decision"] == "block" and set(answer) == {"decision", "reason"}
    return advice(answer["reason"])


def antigravity_is_told(answer):
    assert answer["decision"] == "deny" and set(answer) == {"decision", "reason"}
    return advice(answer["reason"])


def cline_is_told(answer):
    assert set(answer) == {"overrideInput"}
    return answer["overrideInput"]["commands"][0]


KIRO = """{
  "version": "v1",
  "hooks": [
    {
      "name": "nonet",
      "trigger": "PreToolUse",
      "matcher": "shell|execute|[Bb]ash",
      "action": {"type": "command", "command": %s},
      "timeout": 10,
      "enabled": true
    }
  ]
}
"""
KIMI = """[[hooks]]
event = "PreToolUse"
matcher = "^Bash$"
command = %s
timeout = 10
"""
CLINE = """#!/bin/sh
# Written by nonet --hook cline --install. Only what is printed says no to Cline.
answer=$(%s) ||
  answer='{"cancel":true,"errorMessage":"nonet: blocked: the hook gave no answer"}'
printf '%%s\\n' "$answer"
"""

CLAUDE = {**COMMON, "permission_mode": "default", "hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_use_id": "toolu_1"}
KNOWN = {
    "claude-code": Host(
        ".claude/settings.json", "PreToolUse", CLAUDE,
        lambda answer: answer["hookSpecificOutput"]["updatedInput"]["command"], folder=True, whole_input=True),
    "codex": Host(
        ".codex/hooks.json", "PreToolUse",
        {**COMMON, "turn_id": "t1", "model": "m", "permission_mode": "bypassPermissions", "hook_event_name": "PreToolUse",
         "tool_name": "Bash", "tool_use_id": "c1"},
        codex_is_told),
    "gemini-cli": Host(
        ".gemini/settings.json", "BeforeTool",
        {**COMMON, "hook_event_name": "BeforeTool", "timestamp": "2026-01-01T00:00:00Z", "tool_name": "run_shell_command",
         "mcp_context": None},
        gemini_is_told, tool="run_shell_command", timeout=10000, reads_comments=True),
    "cursor": Host(
        ".cursor/hooks.json", "preToolUse",
        {"conversation_id": "c", "generation_id": "g", "hook_event_name": "preToolUse", "workspace_roots": ["/work"],
         "cwd": "/work", "tool_name": "Shell", "tool_use_id": "t"},
        cursor_is_told, tool="Shell", reads_comments=True, groups=False, has_type=False, fails_closed=True,
        also=(("beforeShellExecution", None),), empty={"version": 1}, whole_input=True, session="conversation_id",
        confined=b'{"permission":"allow"}\n'),
    "copilot-cli": Host(
        ".copilot/hooks/nonet.json", "preToolUse",
        {"sessionId": "s", "timestamp": 1764000000000, "cwd": "/work", "toolName": "bash"},
        copilot_is_told, tool=None, groups=False, command="bash", timeout_name="timeoutSec", input="toolArgs",
        writes_input=json.dumps, folder=True, empty={"version": 1}, whole_input=True, event_name=None, tool_name="toolName",
        session="sessionId"),
    "droid": Host(
        ".factory/settings.json", "PreToolUse", {**CLAUDE, "tool_name": "Execute"}, follower_is_told, tool="Execute",
        whole_input=True),
    "qwen-code": Host(
        ".qwen/settings.json", "PreToolUse", {**CLAUDE, "tool_name": "run_shell_command", "timestamp": "2026-01-01T00:00:00Z"},
        follower_is_told, tool="run_shell_command", timeout=10000, reads_comments=True, whole_input=True),
    "crush": Host(
        ".config/crush/crush.json", "PreToolUse", {"event": "PreToolUse", "session_id": "3", "cwd": "/work", "tool_name": "bash"},
        lambda answer: answer["updated_input"]["command"], tool="^bash$", groups=False, has_type=False, reads_comments=True,
        event_name="event"),
    "devin": Host(
        ".config/devin/config.json", "PreToolUse", {"hook_event_name": "PreToolUse", "tool_name": "exec"}, follower_is_told,
        tool="exec", whole_input=True),
    "vscode": Host(
        ".copilot/hooks/nonet.json", "preToolUse",
        {"timestamp": "2026-02-09T10:30:00.000Z", "cwd": "/work", "sessionId": "s", "hookEventName": "PreToolUse",
         "transcript_path": "/t.json", "tool_name": "run_in_terminal", "tool_use_id": "t"},
        follower_is_told, tool=None, groups=False, command="bash", timeout_name="timeoutSec", folder=True, empty={"version": 1},
        whole_input=True, event_name=None, session="sessionId"),
    "cline": Host(
        ".cline/hooks/PreToolUse", "tool_call",
        {"clineVersion": "3", "hookName": "tool_call", "timestamp": "2026-08-22T00:00:00Z", "taskId": "c", "agent_id": "a",
         "parent_agent_id": None, "workspaceRoots": ["/work"], "userId": "u", "iteration": 1,
         "tool_call": {"id": "t", "name": "run_commands"}, "preToolUse": {"toolName": "run_commands", "parameters": {}}},
        cline_is_told, whole_input=True, event_name="hookName", tool_name="name", input="input", call="tool_call",
        command_name="commands", several=True, session="taskId", text=lambda line: CLINE % line),
    "goose": Host(
        ".agents/plugins/nonet/hooks/hooks.json", "PreToolUse",
        {"event": "PreToolUse", "session_id": "20260101_1", "matcher_context": "developer__shell", "tool_name": "developer__shell",
         "working_dir": "/work", "tool_call_id": "t"},
        goose_is_told, tool="shell", tools=("shell",), event_name="event", on_failure=True, confined=b'{"decision":"allow"}\n',
        passing=b'{"decision":"allow"}\n', advises=True),
    "kimi": Host(
        ".kimi-code/config.toml", "PreToolUse",
        {"hook_event_name": "PreToolUse", "session_id": "session_abc", "session_title": "t", "client_type": "kimi_code_cli", "cwd": "/work",
         "tool_name": "Bash", "tool_call_id": "t"},
        advised("hookSpecificOutput", "permissionDecisionReason"), confined=b"", passing=b"", advises=True,
        text=lambda line: KIMI % json.dumps(line)),
    "kiro": Host(
        ".kiro/hooks/nonet.json", "PreToolUse",
        {"hook_event_name": "PreToolUse", "cwd": "/work", "session_id": "s", "tool_name": "execute_bash"},
        advice, tools=("shell", "executeBash"), event_name=None, confined=b"", passing=b"", advises=True, reason=True,
        text=lambda line: KIRO % json.dumps(line)),
    "antigravity": Host(
        ".gemini/config/hooks.json", "PreToolUse",
        {"conversationId": "c", "workspacePaths": ["/work"], "transcriptPath": "/t", "stepIdx": 1, "toolCall": {"name": "run_command"}},
        antigravity_is_told, tool="run_command", event_name=None, tool_name="name", input="args", call="toolCall",
        command_name="CommandLine", session="conversationId", object="nonet", confined=b'{"decision":"allow"}\n',
        passing=b'{"decision":"ask"}\n', advises=True),
}
OLD_CURSOR = {"conversation_id": "c", "generation_id": "g", "hook_event_name": "beforeShellExecution", "workspace_roots": ["/work"],
              "cwd": "/work"}
HOSTS = tuple(KNOWN)
# Those whose settings are JSON that others write into, too.
SETTINGS = tuple(host for host in HOSTS if not KNOWN[host].text)


def question(host, command, **more):
    """What a host sends before its agent runs a command; `more` goes into the tool's input."""
    known = KNOWN[host]
    command = [command] if known.several else command
    return asked(host, known.asks, {known.input: known.writes_input({known.command_name: command, **more})})


def asked(host, question, changes):
    """A question with something else about its tool call."""
    call = KNOWN[host].call
    return {**question, **changes} if call is None else {**question, call: {**question[call], **changes}}


def asked_without(host, question, name):
    """A question that lacks something about its tool call."""
    call = KNOWN[host].call
    if call is not None and name in question[call]:
        return {**question, call: {key: value for key, value in question[call].items() if key != name}}
    return {key: value for key, value in question.items() if key != name}


def shaped(known, line, matcher):
    hook = {known.command: line, known.timeout_name: known.timeout}
    if known.has_type:
        hook["type"] = "command"
    if known.fails_closed:
        hook["failClosed"] = True
    if known.on_failure:
        hook["on_failure"] = "block"
    matcher = {} if matcher is None else {"matcher": matcher}
    return {**matcher, "hooks": [hook]} if known.groups else {**matcher, **hook}


def entry(host, line):
    """What the host is known to want in its settings for a hook that runs a line, before a command."""
    return shaped(KNOWN[host], line, KNOWN[host].tool)


def hooks(host, line):
    """All that stands under `hooks` where nothing else does."""
    known = KNOWN[host]
    return {known.event: [entry(host, line)], **{event: [shaped(known, line, matcher)] for event, matcher in known.also}}


def inner(host, entry):
    """The hook in an entry."""
    return entry["hooks"][0] if KNOWN[host].groups else entry


def ask(nonet, host, text, *options, **how):
    """Runs the hook on whatever stands in for a question: an object, or bytes as they are."""
    data = text if isinstance(text, bytes) else json.dumps(text).encode()
    return subprocess.run([nonet, "--hook", host, *options], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=20, **how)


def rewritten(host, done):
    """The command that the host runs after this answer, or that its agent is told to run."""
    known = KNOWN[host]
    if known.reason:
        assert (done.returncode, done.stdout) == (BLOCKS, b"") and done.stderr.endswith(b"\n"), done
        return known.told(done.stderr.decode()[:-1])
    assert (done.returncode, done.stderr) == (0, b""), done
    return known.told(json.loads(done.stdout))


def quoted(text):
    """One word for every shell: `'` as `'\\''`, and no backslash before a closing quote or another one."""
    def outside(found):
        return "'" + "\\\\" * len(found[0]) + ("'" if found.end() < len(found.string) else "")

    parts = [re.sub(r"\\{2,}|\\$(?!\n)", outside, part) + ("" if part.endswith("\\") else "'") for part in text.split("'")]
    return "\\'".join("'" + part for part in parts)


def confined(nonet, command, *options, host="codex"):
    """What a hook makes of a command; a shell that keeps its folder enters the one that is handed back."""
    if not KNOWN[host].folder:
        return " ".join([nonet, *options, *ADDED, "-- bash -c", quoted(command)])
    words = [nonet, *options, *ADDED, "--cd -- bash -c", quoted(command)]
    return "{ _nonet=$(" + " ".join(words) + ') && builtin cd ${ZSH_VERSION:+-q} -- "$_nonet"; } 3>&1'


def corpus():
    """Every command of Fixtures/shell, as `(where it stands, command)`."""
    for path in sorted(FIXTURES.glob("*.lines")):
        for number, line in enumerate(path.read_text().split("\n")[:-1], 1):
            yield f"{path.name}:{number}", line
    for path in sorted(FIXTURES.glob("*.blocks")):
        for number, block in enumerate(path.read_text().rstrip("\n").split("\n%%\n"), 1):
            yield f"{path.name}:block {number}", block
    for case in json.loads((FIXTURES / "special.json").read_text()):
        parts = case["command"] if isinstance(case["command"], list) else [case["command"]]
        yield f"special.json:{case['name']}", "".join(p if isinstance(p, str) else p[0] * p[1] for p in parts)
