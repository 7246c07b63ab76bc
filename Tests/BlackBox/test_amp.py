"""The plug-in for Amp, in Node, called as Amp calls it: with its interface, and a call of a tool to decide about.

How Amp loads a plug-in and calls it is written from its published guide and package of types, not tried with Amp itself.
"""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

from support.hooks import confined, corpus
from support.run import tool

PLUGIN = pathlib.Path(__file__).resolve().parents[2] / "Integrations/amp/nonet.ts"

# A plug-in's default export is called with Amp's interface and registers what is asked before a tool. Amp runs a
# command of Bash from `cmd`, one of shell_command from `command`, and recognizes both by a helper.
HARNESS = """
import { createInterface } from "node:readline"
import plugin from "./nonet.mjs"
const asked = []
plugin({
  on: (event, handler) => { if (event === "tool.call") asked.push(handler) },
  helpers: { shellCommandFromToolCall: ({ tool, input }) => ["Bash", "shell_command", "Sh2"].includes(tool) ? { command: input?.cmd ?? input?.command } : null },
})
if (asked.length !== 1) throw new Error("not one handler")
for await (const line of createInterface({ input: process.stdin })) {
  const { tool, input, thread = "T-1" } = JSON.parse(line)
  console.log(JSON.stringify(await asked[0]({ toolUseID: "t", tool, input, thread: { id: thread } }, { logger: console })))
}
"""


@pytest.fixture
def amp(me, nonet):
    """What the plug-in decides about calls."""
    node = tool("node", optional=True)
    # The file is plain JavaScript; older Node wants another name for that.
    shutil.copy(PLUGIN, f"{me.home}/nonet.mjs")
    pathlib.Path(me.home, "harness.mjs").write_text(HARNESS)

    def run(*calls, env=None):
        text = "".join(json.dumps(dict(zip(("tool", "input", "thread"), call))) + "\n" for call in calls)
        done = subprocess.run([node, "harness.mjs"], input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              cwd=me.home, env={**me.environment(), "NONET": nonet, **(env or {})}, timeout=60)
        assert (done.returncode, done.stderr) == (0, b""), done
        return [json.loads(line) for line in done.stdout.split(b"\n")[:-1]]

    return run


def test_the_corpus_is_rewritten_as_by_the_hooks(amp, nonet):
    """The same text, which test_hooks runs; one plain command of three, and all special ones. All of the input goes back."""
    commands = [command for number, (place, command) in enumerate(corpus()) if number % 3 == 0 or place.startswith("special")]
    names = ("Bash", "cmd"), ("shell_command", "command")
    calls = [(*names[number % 2], command) for number, command in enumerate(commands)]
    answers = amp(*((tool, {name: command, "cwd": "/x"}) for tool, name, command in calls))
    assert answers == [{"action": "modify", "input": {name: confined(nonet, command), "cwd": "/x"}} for _, name, command in calls]


def test_a_confined_command_is_left_alone(amp, nonet):
    own = confined(nonet, "echo 'x'")
    first, second = amp(("Bash", {"cmd": own}), ("Bash", {"cmd": own + "; id"}))
    assert first["input"]["cmd"] == own and second["input"]["cmd"] == confined(nonet, own + "; id")


def test_it_is_confined_when_it_runs(amp, listener):
    send = f"echo x > /dev/tcp/127.0.0.1/{listener.port}"
    subprocess.run(["bash", "-c", send], timeout=20)
    [answer] = amp(("Bash", {"cmd": f"{send}; echo \"it's $((1+1))\""}))
    done = subprocess.run(["bash", "-c", answer["input"]["cmd"]], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20)
    assert done.stdout == b"it's 2\n" and listener.seen == [b"x\n"]


def test_trap_amp_runs_what_is_not_rejected(amp, me):
    """No nonet, another program, a bad answer, no string, two commands, an unknown shell: rejected, and said why."""
    call = ("Bash", {"cmd": "ls"})
    for name, script in (("fails", "exit 1"), ("killed", "kill -KILL $$"), ("silent", "true"), ("no JSON", "echo ls"), ("null", "echo null"),
                         ("nothing done", 'echo \'{"hookSpecificOutput":{"updatedInput":{"command":"ls"}}}\'')):
        path = f"{me.home}/{name}"
        pathlib.Path(path).write_text(f"#!/bin/sh\ncat > /dev/null\n{script}\n")
        os.chmod(path, 0o755)
        [answer] = amp(call, env={"NONET": path})
        assert answer["action"] == "reject-and-continue" and answer["message"].startswith("nonet: "), (name, answer)
    for environment in ({"NONET": "/no/such/nonet"}, {"NONET": me.home}, {"NONET": "", "PATH": f"{os.path.dirname(tool('node'))}/none"}):
        [answer] = amp(call, env={"PATH": os.environ["PATH"], **environment})
        assert answer["message"].startswith("nonet: blocked: "), environment
    bad = [("Bash", {}), ("Bash", None), ("Bash", {"cmd": None}), ("Bash", {"cmd": ["ls"]}), ("Bash", {"cmd": "ls", "command": "id"}), ("Bash", {"cmd": "a\0b"}),
           ("Bash", {"cmd": "x" * 200000}), ("shell_command", {"x": 1}), ("bash", {"cmd": "ls"}), ("my_exec", {}), ("Sh2", {"cmd": "ls"}), (None, {})]
    assert [answer["action"] for answer in amp(*bad)] == ["reject-and-continue"] * len(bad)


def test_other_tools_are_let_be(amp):
    calls = [("Read", {"path": "x"}), ("edit_file", {}), ("Grep", {"pattern": "bash"}), ("web_search", None), ("toString", {})]
    assert amp(*calls) == [{"action": "allow"}] * len(calls)


def test_commands_of_one_thread_share_a_network(amp, me, nonet):
    text = PLUGIN.read_text()
    assert "const OPTIONS = []" in text
    pathlib.Path(me.home, "nonet.mjs").write_text(text.replace("const OPTIONS = []", 'const OPTIONS = ["--loopback"]'))
    show = "readlink /proc/self/ns/net"
    first, *others = (answer["input"]["cmd"] for answer in amp(
        ("Bash", {"cmd": f"{show}; sleep 3"}, "T-a"), ("Bash", {"cmd": show}, "T-a"), ("Bash", {"cmd": show}, "T-b")))
    env = {**me.environment(), "XDG_RUNTIME_DIR": me.home}
    with subprocess.Popen(["bash", "-c", first], stdout=subprocess.PIPE, env=env) as server:
        network = server.stdout.readline()
        seen = [subprocess.run(["bash", "-c", one], stdout=subprocess.PIPE, env=env, timeout=20).stdout for one in others]
    assert network.startswith(b"net:[") and seen[0] == network != seen[1], (network, seen)
