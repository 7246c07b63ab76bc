"""The plugin for opencode, in Node, called as opencode calls it: before a tool, with arguments to change."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

from support.hooks import confined, corpus
from support.run import tool

PLUGIN = pathlib.Path(__file__).resolve().parents[2] / "Integrations/opencode/nonet.js"

# Reads calls, one JSON a line: tool and args. opencode takes every function of the module for a plugin, calls it
# with its context, and lets the hooks of all of them change `args`; one that throws keeps the tool from running.
HARNESS = """
import * as module from "./nonet.js"
import { createInterface } from "node:readline"
const context = { project: {}, client: {}, $: null, directory: process.cwd(), worktree: process.cwd() }
const plugins = []
for (const plugin of Object.values(module)) plugins.push(await plugin(context))
for await (const line of createInterface({ input: process.stdin })) {
  const { tool, args } = JSON.parse(line)
  const output = { args }
  try {
    for (const hooks of plugins) await hooks["tool.execute.before"]?.({ tool, sessionID: "s", callID: "c" }, output)
    console.log(JSON.stringify({ args: output.args }))
  } catch (error) {
    console.log(JSON.stringify({ blocked: String(error.message) }))
  }
}
"""


@pytest.fixture
def opencode(me, nonet):
    """Runs the plugin's hook on calls; what it did with each."""
    node = tool("node", optional=True)
    shutil.copy(PLUGIN, me.home)
    with open(f"{me.home}/harness.js", "w") as file:
        file.write(HARNESS)
    with open(f"{me.home}/package.json", "w") as file:
        file.write('{"type": "module"}')

    def run(*calls, env=None):
        environment = {**me.environment(), "NONET": nonet, **(env or {})}
        text = "".join(json.dumps({"tool": name, "args": args}) + "\n" for name, args in calls)
        done = subprocess.run([node, "harness.js"], input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              cwd=me.home, env=environment, timeout=60)
        assert (done.returncode, done.stderr) == (0, b""), done
        return [json.loads(line) for line in done.stdout.split(b"\n")[:-1]]

    return run


def test_the_corpus_is_rewritten_as_by_the_hooks(opencode, nonet):
    """The same text, which test_hooks runs; one plain command of three, and all special ones."""
    commands = [command for number, (place, command) in enumerate(corpus()) if number % 3 == 0 or place.startswith("special")]
    answers = opencode(*(("bash", {"command": command, "description": "d", "timeout": 5}) for command in commands))
    assert [answer["args"] for answer in answers] == [
        {"command": confined(nonet, command), "description": "d", "timeout": 5} for command in commands]


def test_a_confined_command_is_left_alone(opencode, nonet):
    own = confined(nonet, "echo 'x'")
    [first, second] = opencode(("bash", {"command": own}), ("bash", {"command": own + "; id"}))
    assert first["args"]["command"] == own
    assert second["args"]["command"] == confined(nonet, own + "; id")


def test_it_is_confined_when_it_runs(opencode, me, listener):
    send = f"echo x > /dev/tcp/127.0.0.1/{listener.port}"
    subprocess.run(["bash", "-c", f'true; {send}; echo "$(hostname)"'], stdout=subprocess.PIPE, timeout=20)
    [answer] = opencode(("bash", {"command": f'true; {send}; echo "it\'s $(({1}+1))"'}))
    done = subprocess.run(["bash", "-c", answer["args"]["command"]], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20)
    assert done.stdout == b"it's 2\n" and b"Permission denied" in done.stderr
    assert listener.seen == [b"x\n"]


def test_trap_opencode_runs_what_does_not_throw(opencode, me, nonet):
    """Every error throws: no nonet, another program, a bad answer, no string, an unknown shell."""
    call = ("bash", {"command": "ls"})
    for name, script in (("fails", "exit 1"), ("killed", "kill -KILL $$"), ("silent", "true"), ("no JSON", "echo ls"), ("a list", "echo []"), ("null", "echo null"),
                         ("another shape", 'echo \'{"a":1}\''), ("nothing done", 'echo \'{"hookSpecificOutput":{"updatedInput":{"command":"ls"}}}\'')):
        path = f"{me.home}/{name}"
        with open(path, "w") as file:
            file.write(f"#!/bin/sh\ncat > /dev/null\n{script}\n")
        os.chmod(path, 0o755)
        [answer] = opencode(call, env={"NONET": path})
        assert "blocked" in answer, (name, answer)
    for environment in ({"NONET": "/no/such/nonet"}, {"NONET": me.home}, {"NONET": "", "PATH": "/none"},
                        {"NONET": "", "PATH": f".:{os.path.dirname(tool('node'))}/none"}):
        [answer] = opencode(call, env={**environment, "PATH": environment.get("PATH", os.environ["PATH"])})
        assert answer["blocked"].startswith("nonet: blocked: "), environment
    bad = [("bash", {}), ("bash", {"command": None}), ("bash", {"command": ["ls"]}), ("bash", None), ("bash", {"command": "a\0b"}),
           ("bash", {"command": "x" * 200000}), ("shell", {"command": "ls"}), ("my_exec", {"x": 1}), (None, {})]
    assert all(answer["blocked"].startswith("nonet: ") for answer in opencode(*bad))


def test_which_nonet(opencode, nonet, stage):
    """$NONET where it is a path, else the first along PATH; its hint inside of nonet is no path."""
    call = ("bash", {"command": "ls"})
    path = f"relative:{stage}:{os.environ['PATH']}"
    for told in ("", "default:seccomp+landlock+descriptors"):
        [answer] = opencode(call, env={"NONET": told, "PATH": path})
        assert answer["args"]["command"] == confined(nonet, "ls")


def test_other_tools_are_let_be(opencode):
    calls = [("read", {"filePath": "x"}), ("task", {"command": "/review", "prompt": "p"}), ("webfetch", {"url": "http://x"}), ("edit", {})]
    assert [answer["args"] for answer in opencode(*calls)] == [args for _, args in calls]
