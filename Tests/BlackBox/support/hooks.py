"""The hosts' side of a hook, written from what the hosts are known to send and take, not from nonet."""

import json
import pathlib
import re
import subprocess

FIXTURES = pathlib.Path(__file__).resolve().parents[3] / "Fixtures/shell"
HOSTS = ("claude-code", "codex", "gemini-cli", "cursor")
BLOCKS = 2  # the only status for which every host keeps the command from running
ADDED = ["--hint"]  # options that every hook adds by itself


def question(host, command, **more):
    """What a host sends before its agent runs a command; `more` goes into the tool's input."""
    common = {"session_id": "0b5", "cwd": "/work", "transcript_path": "/home/u/t.jsonl"}
    tool = {"tool_input": {"command": command, **more}}
    return {
        "claude-code": {**common, "permission_mode": "default", "hook_event_name": "PreToolUse", "tool_name": "Bash",
                        **tool, "tool_use_id": "toolu_1"},
        "codex": {**common, "turn_id": "t1", "model": "m", "permission_mode": "bypassPermissions",
                  "hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_use_id": "c1", **tool},
        "gemini-cli": {**common, "hook_event_name": "BeforeTool", "timestamp": "2026-01-01T00:00:00Z",
                       "tool_name": "run_shell_command", **tool, "mcp_context": None},
        "cursor": {"conversation_id": "c", "generation_id": "g", "hook_event_name": "beforeShellExecution",
                   "workspace_roots": ["/work"], "command": command, "cwd": "/work"},
    }[host]


def ask(nonet, host, text, *options, **how):
    """Runs the hook on whatever stands in for a question: an object, or bytes as they are."""
    data = text if isinstance(text, bytes) else json.dumps(text).encode()
    return subprocess.run([nonet, "--hook", host, *options], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=20, **how)


def rewritten(host, done):
    """The command that the host runs after this answer; for Cursor, the one its agent is told to run."""
    assert (done.returncode, done.stderr) == (0, b""), done
    answer = json.loads(done.stdout)
    if host == "claude-code":
        return answer["hookSpecificOutput"]["updatedInput"]["command"]
    if host == "codex":
        assert answer["hookSpecificOutput"]["permissionDecision"] == "allow"
        return answer["hookSpecificOutput"]["updatedInput"]["command"]
    if host == "gemini-cli":
        assert answer["decision"] == "allow"
        return answer["hookSpecificOutput"]["tool_input"]["command"]
    assert answer["permission"] == "deny"
    return answer["agent_message"].partition(" after it: ")[2]


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
