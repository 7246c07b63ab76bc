"""The plugin for opencode, in Node, called as opencode 1 and opencode 2 call it: before a tool, with arguments to change.

How each loads a plugin and calls it is written from their published sources and guides, not tried with the hosts themselves.
"""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

from support.hooks import confined, corpus
from support.run import tool

PLUGIN = pathlib.Path(__file__).resolve().parents[2] / "Integrations/opencode/nonet.js"

# Reads calls, one JSON a line: tool and args. One that throws keeps the tool from running.
READER = """
import { createInterface } from "node:readline"
for await (const line of createInterface({ input: process.stdin })) {
  const { tool, args, shell, session } = JSON.parse(line)
  try {
    console.log(JSON.stringify({ args: await call(tool, args, shell, session) }))
  } catch (error) {
    console.log(JSON.stringify({ blocked: String(error.message) }))
  }
}
"""

# opencode 1 (1.18, plugin/shared.ts): a default export that is a record with an id; `server` is called with the
# context and gives back the hooks. A plugin that is a file has to have an id.
V1 = """
import * as module from "./nonet.js"
const plugin = module.default
if (!plugin || typeof plugin !== "object" || typeof plugin.id !== "string" || typeof plugin.server !== "function") throw new Error("not loaded")
const hooks = await plugin.server({ project: {}, client: {}, $: null, directory: process.cwd(), worktree: process.cwd() }, undefined)
async function call(tool, args, shell, session = "s") {
  const output = { args }
  await hooks["tool.execute.before"]({ tool, sessionID: session, callID: "c" }, output)
  return output.args
}
""" + READER

# opencode 2 (its guide "Migrate plugins from V1"): a default export with an id and `setup`, which registers hooks on
# the context; each changes the event that it is given.
V2 = """
import * as module from "./nonet.js"
const plugin = module.default
if (!plugin || typeof plugin.id !== "string" || typeof plugin.setup !== "function") throw new Error("not loaded")
const hooks = {}
const domain = (name) => ({ hook: async (event, hook) => { (hooks[`${name}.${event}`] ??= []).push(hook); return { dispose() {} } } })
await plugin.setup({ tool: domain("tool"), shell: domain("shell"), session: domain("session") })
async function call(tool, args, shell, session = "s") {
  const event = shell ? { command: args.command, cwd: "/", env: {}, shell: "/bin/sh" } : { tool, input: args, sessionID: session, agent: "a", id: "c" }
  for (const hook of hooks[shell ? "shell.create.before" : "tool.execute.before"]) await hook(event)
  return shell ? { command: event.command } : event.input
}
""" + READER

VERSIONS = {"1": (V1, "bash"), "2": (V2, "shell")}


@pytest.fixture(params=VERSIONS)
def opencode(me, nonet, request):
    """Runs the plugin's hook on calls, those of the shell tool named `bash`; what it did with each."""
    harness, shell = VERSIONS[request.param]
    node = tool("node", optional=True)
    shutil.copy(PLUGIN, me.home)
    with open(f"{me.home}/harness.js", "w") as file:
        file.write(harness)
    with open(f"{me.home}/package.json", "w") as file:
        file.write('{"type": "module"}')

    def run(*calls, env=None):
        environment = {**me.environment(), "NONET": nonet, **(env or {})}
        names = {"bash": shell, "shell": "bash" if shell == "shell" else "shell"}  # the other version's tool is one that the plugin does not know
        text = "".join(json.dumps({"tool": names.get(name, name), "args": args}) + "\n" for name, args in calls)
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
           ("bash", {"command": "x" * 200000}), ("shell", {"command": "ls"}), ("my_exec", {"x": 1}), (None, {}),
           ("run", {"command": "ls"}), ("python", {"Script": "x"}), ("mcp_run_process", {"cmd": "ls"}), ("other", {"command": ["ls"]})]
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


def test_one_file_has_no_named_export(me):
    """Each of opencode 1 is taken for a plugin of its own; opencode 2 wants the default one."""
    node = tool("node", optional=True)
    shutil.copy(PLUGIN, f"{me.home}/nonet.mjs")
    done = subprocess.run([node, "-e", "import('./nonet.mjs').then(m => console.log(Object.keys(m), Object.keys(m.default)))"],
                          cwd=me.home, stdout=subprocess.PIPE, timeout=60)
    assert done.stdout == b"[ 'default' ] [ 'id', 'server', 'setup' ]\n"


def test_shells_that_no_tool_started(me, nonet):
    """opencode 2 asks about each command that comes to a shell; the tool's own come confined, and stay so."""
    node = tool("node", optional=True)
    shutil.copy(PLUGIN, f"{me.home}/nonet.js")
    with open(f"{me.home}/harness.js", "w") as file:
        file.write(V2)
    with open(f"{me.home}/package.json", "w") as file:
        file.write('{"type": "module"}')
    own = confined(nonet, "echo 'x'")
    text = "".join(json.dumps({"shell": True, "args": {"command": command}}) + "\n" for command in ("ls", own, ""))
    done = subprocess.run([node, "harness.js"], input=text.encode(), stdout=subprocess.PIPE, cwd=me.home,
                          env={**me.environment(), "NONET": nonet}, timeout=60)
    answers = [json.loads(line)["args"]["command"] for line in done.stdout.splitlines()]
    assert answers == [confined(nonet, "ls"), own, ""]


@pytest.fixture(params=VERSIONS)
def loopback(me, nonet, request):
    """The plugin with --loopback among its options; the commands that it makes of calls, with a shell's where it is told."""
    harness, shell = VERSIONS[request.param]
    node = tool("node", optional=True)
    text = PLUGIN.read_text()
    assert "const OPTIONS = []" in text
    for name, content in {
            "nonet.js": text.replace("const OPTIONS = []", 'const OPTIONS = ["--loopback"]'), "harness.js": harness,
            "package.json": '{"type": "module"}'}.items():
        pathlib.Path(me.home, name).write_text(content)

    def run(*calls):
        lines = "".join(json.dumps({"tool": shell, "args": {"command": command}, **more}) + "\n" for command, more in calls)
        done = subprocess.run([node, "harness.js"], input=lines.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              cwd=me.home, env={**me.environment(), "NONET": nonet}, timeout=60)
        assert (done.returncode, done.stderr) == (0, b""), done
        return [json.loads(line)["args"]["command"] for line in done.stdout.split(b"\n")[:-1]]

    run.version = request.param
    return run


def test_commands_of_one_conversation_share_a_network(loopback, me):
    show = "readlink /proc/self/ns/net"
    calls = [(f"{show}; sleep 3", {"session": "ses_a"}), (show, {"session": "ses_a"}), (show, {"session": "ses_b"}), (show, {"session": "not a name"})]
    first, *others = loopback(*calls)
    assert "--session ses_a" in first and all("--session" in one for one in others[:2]) and "--session" not in others[2]
    env = {**me.environment(), "XDG_RUNTIME_DIR": me.home}
    with subprocess.Popen(["bash", "-c", first], stdout=subprocess.PIPE, env=env) as server:
        network = server.stdout.readline()
        seen = [subprocess.run(["bash", "-c", one], stdout=subprocess.PIPE, env=env, timeout=20).stdout for one in others]
    assert network.startswith(b"net:[") and seen[0] == network
    assert len({network, *seen}) == 3, seen


def test_trap_a_command_of_a_conversation_is_not_confined_twice(loopback):
    if loopback.version == "1":
        pytest.skip("opencode 1 tells a plugin of no shell")
    [made] = loopback(("id", {"session": "ses_a"}))
    first, second, third = loopback(("id", {"session": "ses_a"}), (made, {"shell": True}), (made, {"shell": True}))
    assert first == second == made
    assert third != made and "--loopback" in third  # no tool has asked for that one
