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
    tool: str = "Bash"  # None where hooks are asked of commands alone, and have no matcher
    timeout: int = 10
    reads_comments: bool = False


def codex_is_told(answer):
    assert answer["hookSpecificOutput"]["permissionDecision"] == "allow"
    return answer["hookSpecificOutput"]["updatedInput"]["command"]


def gemini_is_told(answer):
    assert answer["decision"] == "allow"
    return answer["hookSpecificOutput"]["tool_input"]["command"]


def cursor_is_told(answer):
    """Cursor takes no other command; its agent is told one."""
    assert answer["permission"] == "deny"
    return answer["agent_message"].partition(" after it: ")[2]


KNOWN = {
    "claude-code": Host(
        ".claude/settings.json", "PreToolUse",
        {**COMMON, "permission_mode": "default", "hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_use_id": "toolu_1"},
        lambda answer: answer["hookSpecificOutput"]["updatedInput"]["command"]),
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
        ".cursor/hooks.json", "beforeShellExecution",
        {"conversation_id": "c", "generation_id": "g", "hook_event_name": "beforeShellExecution", "workspace_roots": ["/work"],
         "cwd": "/work"},
        cursor_is_told, tool=None, reads_comments=True),
}
HOSTS = tuple(KNOWN)


def question(host, command, **more):
    """What a host sends before its agent runs a command; `more` goes into the tool's input."""
    known = KNOWN[host]
    return {**known.asks, "command": command} if known.tool is None else {**known.asks, "tool_input": {"command": command, **more}}


def entry(host, line):
    """What the host is known to want in its settings for a hook that runs a line."""
    known = KNOWN[host]
    if known.tool is None:
        return {"command": line, "timeout": known.timeout, "failClosed": True}
    return {"matcher": known.tool, "hooks": [{"type": "command", "command": line, "timeout": known.timeout}]}


def ask(nonet, host, text, *options, **how):
    """Runs the hook on whatever stands in for a question: an object, or bytes as they are."""
    data = text if isinstance(text, bytes) else json.dumps(text).encode()
    return subprocess.run([nonet, "--hook", host, *options], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=20, **how)


def rewritten(host, done):
    """The command that the host runs after this answer; for Cursor, the one its agent is told to run."""
    assert (done.returncode, done.stderr) == (0, b""), done
    return KNOWN[host].told(json.loads(done.stdout))


def quoted(text):
    """One word for every shell: `'` as `'\\''`, and no backslash before a closing quote or another one."""
    def outside(found):
        return "'" + "\\\\" * len(found[0]) + ("'" if found.end() < len(found.string) else "")

    parts = [re.sub(r"\\{2,}|\\$(?!\n)", outside, part) + ("" if part.endswith("\\") else "'") for part in text.split("'")]
    return "\\'".join("'" + part for part in parts)


def confined(nonet, command, *options):
    return " ".join([nonet, *options, *ADDED, "-- bash -c", quoted(command)])


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
