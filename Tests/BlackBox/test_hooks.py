"""Hooks for agents: every command runs confined and as before, and whatever goes wrong blocks it."""

import concurrent.futures
import errno
import hashlib
import json
import os
import random
import re
import resource
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import threading
import time

import pytest

from support.calls import X86
from support.hooks import BLOCKS, HOSTS, KNOWN, OLD_CURSOR, ask, asked, asked_without, confined, corpus, question, quoted, rewritten
from support.run import PYTHON, tool
from test_fault_injection import inject  # noqa: F401, a fixture

every_host = pytest.mark.parametrize("host", HOSTS)

BOX = {
    "a.txt": "hello world\n", "b.txt": "second file\n", "with space.txt": "spaced\n", "ünï.txt": "umlaut\n",
    "lines.txt": "one\ntwo\nthree\ntwo\n", "data.csv": "x,3\ny,10\nx,4\n", "tabs.txt": "a\tb\r\nc \n",
    "quotes.txt": "it's\na \"b\"\nback\\slash\n`tick`\n", "paths.txt": "/usr/bin\n", ".hiddenrc": "",
    "not-executable.txt": "#!/bin/sh\n", "script.sh": "#!/bin/bash\nprintf '<%s>' \"$@\"; echo\n", "sub/dir/c.txt": "deep\n",
    "Makefile.test": "all:\n\t@echo \"it's made\" $$((1+1))\nfails:\n\tfalse\n",
}


def make_box(path):
    for name, text in BOX.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, newline="")
    (path / "script.sh").chmod(0o755)


def files_of(path):
    """Every file with type, mode and content; git's own names hold times."""
    found = {}
    for folder, folders, names in os.walk(path):
        folders[:] = [name for name in folders if name != ".git"]
        for name in names + folders:
            file = os.path.join(folder, name)
            status = os.lstat(file)
            content = b""
            if stat.S_ISREG(status.st_mode):
                with open(file, "rb") as opened:
                    content = opened.read()
            found[os.path.relpath(file, path)] = (status.st_mode, hashlib.sha256(content).hexdigest())
    return found


def in_box(path, command, environment):
    """What a host's bash makes of a command in a fresh box: status, output, files."""
    make_box(path)
    try:
        done = subprocess.run(["bash", "-c", command], cwd=path, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30)
        return done.returncode, done.stdout, done.stderr, files_of(path)
    finally:
        shutil.rmtree(path)


def test_corpus_runs_the_same(nonet, me, tmp_path):
    """Hundreds of commands: same output, status and files with and without the rewriting of each hook.

    A host whose shell keeps its folder evaluates the command, and so is compared with that.
    """
    cases = list(corpus())
    assert len(cases) >= 300
    environment = {**me.environment(), "GIT_CONFIG_GLOBAL": "/dev/null"}

    def told(found):
        """A shell that is told of a signal by 128 + n tells no difference; how long a command took is none."""
        output = re.sub(rb"(?m)^(real|user|sys) [0-9.]+$", rb"\1", found[1])
        return (128 - found[0] if found[0] < 0 else found[0], output, *found[2:])

    def differences(numbered):
        number, (place, command) = numbered
        texts = {host: rewritten(host, ask(nonet, host, question(host, command))) for host in HOSTS}
        wrong = {host: text for host, text in texts.items() if text != confined(nonet, command, host=host)}
        if wrong:
            return f"{place}: rewritten as {wrong}"
        # The same path both times: programs name it in what they print.
        box = tmp_path / f"{number}" / "box"
        for host, plain in (("codex", command), ("claude-code", f"eval -- {quoted(command)} && :")):
            before, after = told(in_box(box, plain, environment)), told(in_box(box, texts[host], environment))
            if before != after:
                return f"{host}, {place}: {command[:200]!r}\n  before {before[:3]}\n  after  {after[:3]}"
        return None

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        failures = [said for said in pool.map(differences, enumerate(cases)) if said]
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize("shell", ["sh", "bash", "dash", "zsh", "fish", "ksh"])
def test_quoting_is_one_word_to_every_shell(nonet, me, shell):
    """Nobody knows which shell a host has; in each one the command arrives as it was."""
    path = tool(shell, optional=shell in ("zsh", "fish", "ksh"))
    texts = ["'", "\\", "\\'", "'\\", "\\\\'x", "it's", "''", "a\\", "a'b\\'c\\\\'", "$HOME `x` $(x) \\n", "a\nb", "!x", "~ * ? [a] {a,b} #"]
    for text in texts:
        words = [nonet, "-q", "--", "printf", "%s"]
        done = subprocess.run([path, "-c", " ".join(words) + " " + quoted(text)], stdout=subprocess.PIPE, timeout=20,
                              env=me.environment(), cwd=me.home)
        assert done.stdout.decode() == text


# What the hosts take


def test_trap_claude_updated_input_is_the_whole_input(nonet):
    """Claude Code takes updatedInput for the whole tool_input: all of it is kept, as it was written."""
    text = (b'{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"description" : "d\\u00e9\\/", "timeout":1.20e5,'
            b'\n "command":"\\u006cs", "run_in_background":true, "later":[{"x":null}], "big":12345678901234567890}}')
    done = ask(nonet, "claude-code", text)
    command = json.dumps(confined(nonet, "ls", host="claude-code")).encode()
    expected = text[text.index(b'{"description"'):-1].replace(b'"\\u006cs"', command)
    assert expected in done.stdout
    assert json.loads(done.stdout)["hookSpecificOutput"]["updatedInput"]["run_in_background"] is True


def test_trap_claude_approval_prompt_stays(nonet):
    done = ask(nonet, "claude-code", question("claude-code", "ls"))
    specific = json.loads(done.stdout)["hookSpecificOutput"]
    assert set(specific) == {"hookEventName", "updatedInput"} and specific["hookEventName"] == "PreToolUse"


def test_trap_codex_needs_decision_and_input(nonet):
    """Codex runs the original after an updatedInput alone, and after a member that it does not know."""
    done = ask(nonet, "codex", question("codex", "ls", workdir="/"))
    assert json.loads(done.stdout) == {"hookSpecificOutput": {
        "hookEventName": "PreToolUse", "permissionDecision": "allow", "updatedInput": {"command": confined(nonet, "ls")}}}


def test_trap_gemini_standard_output_is_json_only(nonet, me):
    """Also with everything switched on that says more, and a policy that has a warning."""
    with open(f"{me.home}/a.policy", "w") as file:
        file.write("default allow\ndeny sendmsg\n")
    done = ask(nonet, "gemini-cli", question("gemini-cli", "ls"), "-v", "--policy", f"{me.home}/a.policy")
    assert json.loads(done.stdout) == {"decision": "allow", "hookSpecificOutput": {
        "tool_input": {"command": confined(nonet, "ls", "--verbose", "--policy", f"{me.home}/a.policy")}}}
    assert done.stdout.count(b"\n") == 1 and done.stderr == b""


def test_trap_cursor_rewrites_since_2026_and_before_does_not(nonet):
    """preToolUse takes another input; beforeShellExecution only yes or no: no, with the command to run instead, and yes
    to exactly that one, which is also what a newer Cursor asks about there after the first answer."""
    done = ask(nonet, "cursor", question("cursor", "echo it's", timeout=5))
    assert json.loads(done.stdout) == {"permission": "allow", "updated_input": {"command": confined(nonet, "echo it's"), "timeout": 5}}
    told = rewritten("cursor", done)
    for old in (OLD_CURSOR, without(OLD_CURSOR, "hook_event_name")):
        done = ask(nonet, "cursor", {**old, "command": "echo it's"})
        answer = json.loads(done.stdout)
        assert set(answer) == {"permission", "user_message", "agent_message"} and answer["permission"] == "deny"
        assert "blocked by nonet" in answer["agent_message"] and rewritten("cursor", done) == told
        assert json.loads(ask(nonet, "cursor", {**old, "command": told}).stdout) == {"permission": "allow"}
    # An answer without `permission` blocks there, so a command that is confined already is allowed by name.
    assert json.loads(ask(nonet, "cursor", question("cursor", told)).stdout) == {"permission": "allow"}


def test_trap_copilot_has_its_arguments_as_text(nonet):
    """toolArgs is a string of JSON, in some versions an object; hookSpecificOutput would be ignored (copilot-cli 2013)."""
    for args in ({"command": "ls", "description": "d\u00e9"}, '{ "command":"\\u006cs" , "description":"d\\u00e9"}'):
        done = ask(nonet, "copilot-cli", {**KNOWN["copilot-cli"].asks, "toolArgs": args})
        assert json.loads(done.stdout) == {"permissionDecision": "allow", "modifiedArgs": {
            "command": confined(nonet, "ls", host="copilot-cli"), "description": "dé"}}
    for args in ("ls", "[]", '{"command":1}', '{"command":"ls","command":"id"}', '{"command":"ls"', None, 1):
        blocked(ask(nonet, "copilot-cli", {**KNOWN["copilot-cli"].asks, "toolArgs": args}))


def test_trap_crush_merges_and_asks_on(nonet):
    """updated_input is merged into the tool's input; without a decision the question for approval stays."""
    done = ask(nonet, "crush", question("crush", "ls", timeout=5))
    assert json.loads(done.stdout) == {"updated_input": {"command": confined(nonet, "ls")}}


def test_trap_vscode_reads_the_files_of_others(nonet):
    """VS Code's agent asks the hooks in Copilot CLI's files and in Claude Code's settings, about its own tool and in its own
    way, and Copilot CLI asks VS Code's: each is answered as it asks, and with the same command."""
    told = confined(nonet, "ls", host="vscode")
    for host in ("claude-code", "copilot-cli", "vscode"):
        assert rewritten("vscode", ask(nonet, host, question("vscode", "ls"))) == told
        # Whatever matcher is written, it asks about all of its tools.
        for name, blocks in (("read_file", False), ("get_terminal_output", False), ("send_to_terminal", True), ("run_in_terminal2", True)):
            text = {**question("vscode", ""), "tool_name": name, "tool_input": {"x": 1}}
            assert ask(nonet, host, {**text, "toolName": name, "toolArgs": "{}", "hook_event_name": "PreToolUse"}).returncode == (BLOCKS if blocks else 0)
    for name, tool_input in (("create_and_run_task", {"task": {"command": "curl x"}}), ("x", {"a": [{"Command": "curl x"}]}), ("run_task", {"id": "1"})):
        assert ask(nonet, "vscode", {**question("vscode", ""), "tool_name": name, "tool_input": tool_input}).returncode == BLOCKS
    for host in ("copilot-cli", "vscode"):
        assert rewritten("copilot-cli", ask(nonet, host, question("copilot-cli", "ls"))) == told
    newer = {**without(question("vscode", "ls"), "sessionId"), "session_id": "n", "hook_event_name": "PreToolUse"}
    assert " --session n " in rewritten("vscode", ask(nonet, "vscode", newer, "--loopback"))


def test_trap_cline_runs_several_commands_at_once(nonet):
    """Each is confined; a program that is run without a shell, and what else its schema takes, is refused."""
    own = confined(nonet, "ls", host="cline")
    text = question("cline", "")

    def given(value):
        return asked("cline", text, {"input": value})

    done = ask(nonet, "cline", given({"commands": ["ls", own, "echo 'x'"], "y": 1.50}))
    assert json.loads(done.stdout) == {"overrideInput": {"commands": [own, own, confined(nonet, "echo 'x'")], "y": 1.5}}
    assert ask(nonet, "cline", given({"commands": [own, own]})).stdout == b"{}\n"
    assert json.loads(ask(nonet, "cline", given({"commands": "ls"})).stdout) == {"overrideInput": {"commands": own}}
    for value in ({"commands": [{"command": "ls", "args": []}]}, {"commands": ["ls", {"command": "ls"}]}, {"command": "ls"}, {"cmd": "ls"}, ["ls"], "ls"):
        blocked(ask(nonet, "cline", given(value)))


@pytest.mark.parametrize("host", [host for host in HOSTS if KNOWN[host].advises])
def test_trap_what_takes_no_other_command_is_told_one(nonet, me, listener, host):
    """The command is refused with the line to use, and that line, asked about again, is let through and confined."""
    send = SEND.format(port=listener.port)
    subprocess.run(["bash", "-c", send], timeout=20)
    assert somebody_came(listener)
    text = f"{send}; echo 'a  b' \"$((1 + 1))\"\necho c"
    told = rewritten(host, ask(nonet, host, question(host, text)))
    again = ask(nonet, host, question(host, told))
    assert (again.returncode, again.stdout, again.stderr) == (0, KNOWN[host].confined, b"")
    done = subprocess.run(["bash", "-c", told], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20)
    assert done.stdout == b"a  b 2\nc\n" and nobody_came(listener)


def test_trap_goose_and_antigravity_take_silence_for_a_failure(nonet):
    """Every answer says a decision: `{}` denies in Antigravity, and is none in goose, which then runs the command or, by
    on_failure, does not."""
    for host in ("goose", "antigravity"):
        for text in (question(host, confined(nonet, "ls", host=host)), asked(host, question(host, ""), {KNOWN[host].tool_name: "Read", KNOWN[host].input: {}})):
            assert json.loads(ask(nonet, host, text).stdout)["decision"] in ("allow", "ask")


@pytest.mark.parametrize("host", [host for host in HOSTS if KNOWN[host].whole_input])
def test_trap_the_whole_input_is_given_back(nonet, host):
    done = ask(nonet, host, question(host, "ls", description="d", timeout=1.5))
    command = confined(nonet, "ls", host=host)
    name, command = KNOWN[host].command_name, json.dumps([command] if KNOWN[host].several else command)
    assert f'{{"{name}": {command}, "description": "d", "timeout": 1.5}}'.encode() in done.stdout


@every_host
def test_a_confined_command_is_left_alone(nonet, host):
    """Nothing is said of a command that this very hook would have made."""
    for options in ([], ["--policy", "strict", "--errno", "EPERM"]):
        for command in ("", "ls", "'; id", "a\\", "echo 'x' \\' \\\\ $(y)\n"):
            own = confined(nonet, command, *options, host=host)
            done = ask(nonet, host, question(host, own), *options)
            assert (done.returncode, done.stdout, done.stderr) == (0, KNOWN[host].confined, b"")


@every_host
def test_trap_a_host_that_reads_anothers_file_wraps_once(nonet, host):
    """Cursor and Grok read Claude Code's hooks too: what one hook made is confined to another with the same options."""
    for other in ("codex", "claude-code"):
        done = ask(nonet, host, question(host, confined(nonet, "ls", host=other)))
        assert (done.returncode, done.stdout, done.stderr) == (0, KNOWN[host].confined, b"")
        told = rewritten(host, ask(nonet, host, question(host, confined(nonet, "ls", host=other)), "--errno", "EPERM"))
        assert told == confined(nonet, confined(nonet, "ls", host=other), "--errno", "EPERM", host=host)


LOOKALIKES = [
    "{nonet} -- bash -c 'ls'; id", "{nonet} -- bash -c 'ls' ", "{nonet} -- bash -c 'ls' # '", "{nonet} -- bash -c 'ls'\nid",
    "{nonet} -- bash -c 'ls' 'x'", "{nonet} -- bash -c 'ls'\\''", "{nonet} -- bash -c 'ls'$(id)", "{nonet} -- bash -c 'ls''x'",
    "{nonet} -- bash -c \"ls\"", "{nonet} -- bash -c ls", " {nonet} -- bash -c 'ls'", "\n{nonet} -- bash -c 'ls'",
    "{nonet}  -- bash -c 'ls'", "{nonet} -- sh -c 'ls'", "{nonet} -- bash -c", "{nonet} -- bash -c ", "{nonet} -- bash -c '",
    "{nonet} bash -c 'ls'", "{nonet} --best-effort -- bash -c 'ls'", "{nonet} --allow socket -- bash -c 'ls'",
    "{nonet} --policy unix -- bash -c 'ls'", "{nonet} --policy strict --policy default -- bash -c 'ls'", "nonet -- bash -c 'ls'",
    "/bin/nonet -- bash -c 'ls'", "./nonet -- bash -c 'ls'", "{nonet}x -- bash -c 'ls'", "'{nonet}' -- bash -c 'ls'",
    "X=1 {nonet} -- bash -c 'ls'", "exec {nonet} -- bash -c 'ls'", "{nonet} -- bash -c 'a\\'\\''", "{nonet} -- bash -c 'a'\\'",
    "ls # {nonet} -- bash -c 'ls'", "# {nonet} -- bash -c\nls",
    "{{ _nonet=$({nonet} -- bash -c 'ls') && builtin cd ${{ZSH_VERSION:+-q}} -- \"$_nonet\"; }} 3>&1", "{{ _nonet=$({nonet} --hint --cd -- bash -c 'ls'; id) && builtin cd ${{ZSH_VERSION:+-q}} -- \"$_nonet\"; }} 3>&1",
    "{{ _nonet=$({nonet} --hint --cd -- bash -c 'ls') && builtin cd ${{ZSH_VERSION:+-q}} -- \"$_nonet\"; }} 3>&1; id", "{{ _nonet=$({nonet} --hint --cd -- bash -c 'ls') && builtin cd ${{ZSH_VERSION:+-q}} -- \"$_nonet\"; id; }} 3>&1",
    "{nonet} --hook claude-code", "{nonet} -- bash -c 'ls' & id", "{nonet} -- bash -c 'ls' | id", "{nonet} -- bash -c 'ls' > x",
]


@every_host
def test_only_its_own_command_is_left_alone(nonet, host):
    """Whatever resembles a confined command without being one, to the byte, is wrapped."""
    for lookalike in LOOKALIKES:
        text = lookalike.format(nonet=nonet)
        told = rewritten(host, ask(nonet, host, question(host, text)))
        assert told == confined(nonet, text, host=host), lookalike


@every_host
def test_options_are_carried(nonet, me, host):
    options = ["--policy=strict", "--deny", "unshare,setns", "--errno", "EPERM", "-q", "--backend", "seccomp"]
    told = rewritten(host, ask(nonet, host, question(host, "ls"), *options))
    assert told == confined(nonet, "ls", "--policy", "strict", "--deny", "unshare,setns", "--errno", "EPERM",
                            "--quiet", "--backend", "seccomp", host=host)


@pytest.mark.parametrize("name", ["a.policy", "sub/a.policy", "./it's a.policy", "$HOME `x` \\.policy"])
def test_files_are_named_from_the_hooks_folder(nonet, me, name):
    """The command may run elsewhere."""
    path = os.path.join(me.home, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write("default allow\ndeny socket with ENONET\n")
    done = ask(nonet, "codex", question("codex", f"{PYTHON} -c 'import socket; socket.socket()'"), "--policy", name, cwd=me.home)
    run = subprocess.run(["bash", "-c", rewritten("codex", done)], cwd="/", stderr=subprocess.PIPE, timeout=20)
    assert b"[Errno 64]" in run.stderr, run


def test_trap_dollars_expand_inside(nonet, me):
    """A host's shell that expanded `$(...)` itself would run it outside."""
    code = "grep Seccomp: /proc/self/status"
    for text in (f"echo $({code})", f"echo `{code}`", f"cat <({code})", f'echo "$({code})"', f"cat <<E\n$({code})\nE"):
        free = subprocess.run(["bash", "-c", text], stdout=subprocess.PIPE, timeout=20)
        told = rewritten("codex", ask(nonet, "codex", question("codex", text)))
        inside = subprocess.run(["bash", "-c", told], stdout=subprocess.PIPE, timeout=20)
        assert inside.stdout.split() == [b"Seccomp:", b"2"] != free.stdout.split(), text


def test_background_commands(nonet, me):
    """run_in_background: the command answers to signals as the child of the host."""
    told = rewritten("claude-code", ask(nonet, "claude-code", question("claude-code", "echo up; exec sleep 20", run_in_background=True)))
    child = subprocess.Popen(["bash", "-c", told], stdout=subprocess.PIPE, cwd=me.home)
    assert child.stdout.readline() == b"up\n"
    child.terminate()
    child.communicate(timeout=10)
    assert child.returncode == -signal.SIGTERM


# What blocks


def blocked(done):
    """Status 2, nothing that a host could take for an answer, and one sentence."""
    assert (done.returncode, done.stdout) == (BLOCKS, b""), done
    assert done.stderr.startswith(b"nonet: ") and done.stderr.count(b"\n") == 1 and done.stderr.endswith(b"\n"), done
    return done.stderr.decode()


BAD_TEXTS = {
    "nothing": b"", "blank": b" \n", "no JSON": b"ls -l", "half": b'{"tool_name":"Ba', "more than one": b"{}{}", "an array": b"[]",
    "a string": b'"ls"', "null": b"null", "a comment": b'{/**/"a":1}', "not UTF-8": b'{"command":"\xff"}', "a NUL": b"\0",
    "too deep": b"[" * 100000, "UTF-16": '{"command":"ls"}'.encode("utf-16"), "a byte order mark": b"\xef\xbb\xbf{}",
}


@every_host
@pytest.mark.parametrize("name", BAD_TEXTS)
def test_trap_what_is_no_json_blocks(nonet, host, name):
    blocked(ask(nonet, host, BAD_TEXTS[name]))


def without(data, name):
    return {key: value for key, value in data.items() if key != name}


@every_host
def test_trap_another_shape_blocks(nonet, host):
    known, good = KNOWN[host], question(host, "ls")
    rewritten(host, ask(nonet, host, good))
    bad = [asked_without(host, good, name) for name in (known.tool_name, known.input)]
    if known.call:
        bad += [without(good, known.call), {**good, known.call: None}, {**good, known.call: []}]
    if known.event_name:
        bad += [without(good, known.event_name)]
        bad += [{**good, known.event_name: name} for name in ("PostToolUse", "pretooluse", "", None, 1)]
    name = known.command_name
    bad += [asked(host, good, {known.input: value}) for value in (
        {}, [], None, "ls", {name.swapcase(): "ls"}, {name: None}, {name: 1}, {name: {"x": "ls"}}, {name: [["ls"]]}, {name: []}, {name: ["ls", 1]})]
    if not known.several:
        bad += [asked(host, good, {known.input: {name: ["bash", "-c", "ls"]}})]
    bad += [asked(host, good, {known.tool_name: name}) for name in (
        None, 1, "bash ", "shell", "PowerShell", "exec_command", "run_terminal_cmd") if name not in known.tools]
    bad += [asked(host, good, {known.tool_name: "mcp__x__y", known.input: {name: "ls"}})
            for name in ("command", "cmd", "script", "commands", "CommandLine")]
    for each in bad:
        blocked(ask(nonet, host, each))


def test_trap_another_shape_blocks_older_cursor(nonet):
    good = {**OLD_CURSOR, "command": "ls"}
    rewritten("cursor", ask(nonet, "cursor", good))
    rewritten("cursor", ask(nonet, "cursor", without(good, "hook_event_name")))
    for bad in ({}, without(good, "command"), {**good, "command": None}, {**good, "command": ["ls"]},
                {**good, "hook_event_name": "beforeReadFile"}, {**good, "hook_event_name": None}):
        blocked(ask(nonet, "cursor", bad))


@every_host
def test_trap_two_commands_in_one_question_block(nonet, host):
    """Of two members of one name a host may run the one that the hook did not see."""
    known, plain = KNOWN[host], json.dumps(question(host, "ls"))
    q = '\\"' if known.writes_input is json.dumps else '"'
    name, other = known.command_name, known.command_name[:-1] + known.command_name[-1].swapcase()
    value, id_value = (f"[{q}{text}{q}]" if known.several else f"{q}{text}{q}" for text in ("ls", "id"))
    texts = [plain.replace(f"{q}{name}{q}: {value}", f"{q}{name}{q}: {value}, {q}{name}{q}: {id_value}"),
             plain.replace(f'"{known.tool_name}"', f'"{known.tool_name}": "x", "{known.tool_name}"'),
             plain.replace(f'"{known.input}"', f'"{known.input}": {{}}, "{known.input}"')]
    if q == '"':
        escaped = f"{name[:4]}\\u{ord(name[4]):04x}{name[5:]}"
        texts.append(plain.replace(f'"{name}": {value}', f'"{name}": {value}, "{escaped}": {id_value}'))
    if known.event_name:
        texts.append(plain.replace(f'"{known.event_name}"', f'"{known.event_name}": "x", "{known.event_name}"'))
    if known.call:
        texts.append(plain.replace(f'"{known.call}": ', f'"{known.call}": {{}}, "{known.call}": '))
    # A host written in Go takes any case, and the last.
    texts.append(plain.replace(f"{q}{name}{q}: {value}", f"{q}{name}{q}: {value}, {q}{other}{q}: {id_value}"))
    for text in texts:
        assert text != plain
        assert "said twice" in blocked(ask(nonet, host, text.encode()))
    assert "spelled otherwise" in blocked(ask(nonet, host, plain.replace(f"{q}{name}{q}", f"{q}{other}{q}").encode()))


@every_host
def test_trap_characters_that_no_shell_gets_block(nonet, host):
    text = json.dumps(question(host, "ls@"))
    deep = "\\" if KNOWN[host].writes_input is json.dumps else ""  # an escape of the inner JSON
    for escape in ("\\u0000", "\\ud800", "\\udc00x", "\\ud83dx"):
        blocked(ask(nonet, host, text.replace("@", deep + escape).encode()))
    told = rewritten(host, ask(nonet, host, text.replace("@", deep + "\\ud83d" + deep + "\\ude00").encode()))
    assert told == confined(nonet, "ls😀", host=host)


@every_host
def test_trap_a_command_too_long_to_run_blocks(nonet, host):
    """One argument has room for 131071 bytes; a longer one the host could not start at all."""
    # What hands the folder back stands around the command a second time, inside.
    room = 131071 - len(confined(nonet, "", host=host)) - (512 if KNOWN[host].folder else 0)
    for length in (room - 1, room):
        told = rewritten(host, ask(nonet, host, question(host, "#" * length)))
        assert subprocess.run(["bash", "-c", told], timeout=20).returncode == 0
    assert "put it into a file" in blocked(ask(nonet, host, question(host, "#" * (room + 1))))
    blocked(ask(nonet, host, question(host, "x" * (5 << 20))))


@every_host
def test_tools_that_run_nothing_are_let_be(nonet, host):
    """A matcher brought them by mistake; the host goes on as without a hook."""
    known = KNOWN[host]
    for name, given in (("Write", {"file_path": "x", "content": "curl"}), ("Read", {}), ("Grep", {"pattern": "bash"}),
                        ("BashOutput", {"bash_id": "1"}), ("KillShell", {"shell_id": "1"})):
        done = ask(nonet, host, asked(host, question(host, ""), {known.tool_name: name, known.input: known.writes_input(given)}))
        assert (done.returncode, done.stdout, done.stderr) == (0, known.passing, b"")


BAD_OPTIONS = [
    ["--polcy", "strict"], ["--policy", "stric"], ["--policy"], ["--best-effort"], ["--cd"], ["--inside"], ["--help"], ["--version"], ["-h"], ["--check"],
    ["--dump-bpf"], ["--explain"], ["--format", "json"], ["--arch", "all"], ["--policy", "-"], ["ls"], ["--", "ls"],
    ["--policy", "./none.policy"], ["--errno", "EWHAT"], ["--deny", "no_such_call"], ["--backend", "python"], ["--quiet=yes"],
    ["--dry-run"], ["--deny", "execve"], ["--observe"],
]


@every_host
@pytest.mark.parametrize("options", BAD_OPTIONS, ids=" ".join)
def test_trap_bad_options_block(nonet, host, options):
    blocked(ask(nonet, host, question(host, "ls"), *options))


@pytest.mark.parametrize("words", [["--hook"], ["--hook="], ["--hook", "claude"], ["--hook", "codex", "--hook", "cursor"],
                                   ["--polcy", "x", "--hook", "codex"], ["--polcy", "--hook=codex"], ["--check", "--hook", "codex"],
                                   ["--help", "--hook", "codex"], ["--policy", "x", "--hook", "codex"]], ids=" ".join)
def test_trap_a_hook_with_a_wrong_command_line_blocks(nonet, words):
    done = subprocess.run([nonet, *words], input=json.dumps(question("codex", "ls")).encode(), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=20)
    blocked(done)


def test_the_commands_own_words_are_none_of_the_hooks(bare):
    """125 and 127 stay what they are where `--hook` is a word of the command."""
    assert bare("no-such-command", "--hook", "x").returncode == 127
    assert bare("--polcy", "--", "true", "--hook", "x").returncode == 125


@every_host
@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1), (0, 1, 2)], ids=str)
def test_trap_closed_streams_block(nonet, host, closed):
    def shut():
        for fd in closed:
            os.close(fd)

    done = ask(nonet, host, question(host, "ls"), preexec_fn=shut)
    if closed == (2,) and not KNOWN[host].reason:
        assert done.returncode == 0
    else:
        assert (done.returncode, done.stdout) == (BLOCKS, b"")


@every_host
def test_trap_an_answer_that_nobody_takes_blocks(nonet, host):
    """A full disk, a reader that has gone, a limit on files."""
    data = json.dumps(question(host, "ls")).encode()
    start = {"input": data, "stderr": subprocess.PIPE, "timeout": 20}
    with open("/dev/full", "w") as full:
        assert subprocess.run([nonet, "--hook", host], stdout=full, **start).returncode == BLOCKS
    reading, writing = os.pipe()
    os.close(reading)
    assert subprocess.run([nonet, "--hook", host], stdout=writing, **start).returncode == BLOCKS
    os.close(writing)

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4, 4))

    with tempfile.TemporaryFile() as file:
        assert subprocess.run([nonet, "--hook", host], stdout=file, preexec_fn=limit, **start).returncode == BLOCKS


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGILL, signal.SIGTRAP, signal.SIGABRT, signal.SIGBUS, signal.SIGTERM,
                                    signal.SIGHUP, signal.SIGINT, signal.SIGALRM, signal.SIGPIPE, signal.SIGXCPU])
def test_trap_a_fault_of_the_hook_blocks(nonet, number):
    """A signal would be any other status, after which hosts run the command."""
    child = subprocess.Popen([nonet, "--hook", "codex"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGALRM}))
    wait_for_reading(child)
    child.send_signal(number)
    out, err = child.communicate(timeout=10)
    assert (child.returncode, out) == (BLOCKS, b"") and b"interrupted" in err


def wait_for_reading(child):
    """Until the hook sits in read(2) on standard input."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        with open(f"/proc/{child.pid}/syscall") as file:
            if file.read().split()[:2] in (["0", "0x0"], ["63", "0x0"]):
                return
        time.sleep(0.005)
    raise AssertionError("the hook never read its standard input")


@pytest.fixture(scope="module", autouse=True)
def endless(nonet):
    """A hook whose question never ends; it waits while the other tests run."""
    child = subprocess.Popen([nonet, "--hook", "codex"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    child.stdin.write(b'{"hook_event_name":')
    child.stdin.flush()
    started, ended = time.monotonic(), []
    waiting = threading.Thread(target=lambda: (child.wait(), ended.append(time.monotonic() - started)))
    waiting.start()
    yield child, waiting, ended
    if child.poll() is None:
        child.kill()
    waiting.join(5)
    for stream in (child.stdin, child.stdout, child.stderr):
        stream.close()


def test_trap_a_question_that_never_ends_blocks(endless):
    """Hosts give up on a hook after some time and then run the command; the hook is faster."""
    child, waiting, ended = endless
    waiting.join(15)
    assert child.returncode == BLOCKS and 4 < ended[0] < 10
    assert child.stdout.read() == b"" and b"interrupted" in child.stderr.read()


@pytest.mark.parametrize("room", [1 << 20, 2 << 20, 3 << 20, 4 << 20, 8 << 20])
def test_trap_too_little_memory_blocks(nonet, room):
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (room, room))

    command = "x" * 100000
    try:
        done = ask(nonet, "codex", question("codex", command), preexec_fn=limit)
    except OSError:
        return  # too little for the kernel to start it: no hook ran, and `|| exit 2` of the settings blocks
    if done.returncode == 0:
        assert rewritten("codex", done) == confined(nonet, command)
    elif done.returncode != -signal.SIGSEGV:  # the kernel's own end of an exec that it could not finish
        assert (done.returncode, done.stdout) == (BLOCKS, b""), done


@pytest.mark.skipif(not X86, reason="the injector is written for x86_64")
def test_trap_whatever_call_fails_blocks(nonet, inject, me):
    """Each system call of a hook fails once: blocked, or the very answer that it gives otherwise.

    Before main the C library ends the process in its own way, which `|| exit 2` of the settings blocks.
    """
    with open(f"{me.home}/a.policy", "w") as file:
        file.write("default allow\ndeny socket\n")
    command = [nonet, "--hook", "codex", "--policy", "a.policy"]
    text = json.dumps(question("codex", "echo it's")).encode()

    def run(*injector):
        return subprocess.run([*injector, *command], input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=me.home, timeout=20)

    usual = run()
    assert rewritten("codex", usual) == confined(nonet, "echo it's", "--policy", f"{me.home}/a.policy")
    assert run(inject, "list", f"{me.home}/calls").stdout == usual.stdout
    with open(f"{me.home}/calls") as file:
        calls = [line.split() for line in file]
    main = next(int(index) for _, index, number in calls if number == "131")  # sigaltstack
    jobs = [(process, index, str(getattr(errno, error))) for process, index, number in calls if number != "231"  # exit_group
            for error in ("EPERM", "EIO", "ENOMEM", "ENOENT")]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for job, done in zip(jobs, pool.map(lambda job: run(inject, *job), jobs)):
            if done.returncode == 0:
                assert done.stdout == usual.stdout, (job, done)
            elif int(job[1]) >= main:
                assert (done.returncode, done.stdout) == (BLOCKS, b""), (job, done)
            else:
                assert done.stdout == b"", (job, done)
    assert len(jobs) > 80


def test_trap_a_machine_that_cannot_confine_blocks(nonet, me):
    """Where seccomp and user namespaces are refused, the hook says so and the command does not run."""
    policy = f"{me.home}/none.policy"
    with open(policy, "w") as file:
        file.write("default allow\ndeny seccomp, unshare, landlock_create_ruleset with ENOSYS\n")
    data = question("codex", "ls")
    rewritten("codex", ask(nonet, "codex", data))
    done = subprocess.run([nonet, "-q", "--policy", policy, "--", nonet, "--hook", "codex"], input=json.dumps(data).encode(),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20)
    assert "cannot confine" in blocked(done)


def test_trap_a_binary_that_is_gone_blocks(nonet, me):
    """A hook whose own file was replaced cannot name it; `(deleted)` is no path."""
    copy = f"{me.home}/nonet"
    shutil.copy(nonet, copy)
    child = subprocess.Popen([copy, "--hook", "codex"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for_reading(child)
    os.unlink(copy)
    with open(copy + " (deleted)", "w") as file:
        file.write("#!/bin/sh\n")
    out, err = child.communicate(json.dumps(question("codex", "ls")).encode(), timeout=10)
    assert (child.returncode, out) == (BLOCKS, b"") and b"install it again" in err


def test_a_path_that_has_to_be_quoted(nonet, me):
    folder = f"{me.home}/it's a $folder"
    os.mkdir(folder)
    shutil.copy(nonet, f"{folder}/nonet")
    done = ask(f"{folder}/nonet", "codex", question("codex", "echo ran"))
    told = rewritten("codex", done)
    assert told == quoted(f"{folder}/nonet") + " --hint -- bash -c 'echo ran'"
    assert subprocess.run(["bash", "-c", told], stdout=subprocess.PIPE, timeout=20).stdout == b"ran\n"
    # A link leads to the file itself, so that a link that changes later changes nothing.
    os.symlink(f"{folder}/nonet", f"{me.home}/link")
    assert rewritten("codex", ask(f"{me.home}/link", "codex", question("codex", "echo ran"))) == told


def test_random_questions_never_pass(nonet):
    """Mutated questions: blocked, or answered with a command that is confined; NONET_SEED repeats."""
    seed = int(os.environ.get("NONET_SEED", random.randrange(1 << 32)))
    texts = [json.dumps(question(host, "echo 'a' \"b\" $(c)\n")).encode() for host in HOSTS]
    pieces = [b'"', b"\\", b"{", b"}", b"[", b",", b":", b"\\u0000", b"\\ud800", b"command", b"null", b"\0", b"\xff", b"1e999", b'"command":"x",']

    def one(number):
        host = HOSTS[number % len(HOSTS)]
        text = bytearray(texts[number % len(HOSTS)])
        chance = random.Random(seed + number)
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(text))
            text[at:at + chance.choice([0, 0, 1, 1, 5])] = chance.choice([b"", *pieces])
        done = ask(nonet, host, bytes(text))
        known = KNOWN[host]
        start = confined(nonet, "", host=host).partition("''")[0] + "'"
        if known.reason and done.returncode == BLOCKS and not done.stderr.startswith(b"nonet: "):
            return rewritten(host, done).startswith(start)
        if done.returncode == BLOCKS:
            return done.stdout == b"" and done.stderr.count(b"\n") == 1
        if done.returncode != 0 or done.stderr:
            return False
        if done.stdout == known.passing:  # no question about a command: another tool's name came out
            question = json.loads(bytes(text))
            name = (question[known.call] if known.call else question)[known.tool_name]
            return name not in {asks["tool_name"] for asks in (one.asks for one in KNOWN.values()) if "tool_name" in asks}
        return rewritten(host, done).startswith(start) and set(json.loads(done.stdout)) <= {
            "hookSpecificOutput", "decision", "reason", "permission", "user_message", "agent_message", "updated_input", "permissionDecision",
            "modifiedArgs", "overrideInput"}

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert [number for number, fine in enumerate(pool.map(one, range(600))) if not fine] == [], f"NONET_SEED={seed}"


# Ways out through the text of a command

SEND = "echo out > /dev/tcp/127.0.0.1/{port}"
NAIVE = "{nonet} -- bash -c '{text}'"
CARELESS = '{nonet} -- bash -c "{text}"'

# Name, text, and how it gets out without the hook: as it is, or in a rewriting that quotes too little.
WAYS = [
    ("plain", "{send}", "{text}"),
    ("curl", "curl -s --max-time 5 http://127.0.0.1:{port}/", "{text}"),
    ("closing the quote", "true'; {send}; echo '", NAIVE),
    ("closing the double quote", 'true"; {send}; echo "', CARELESS),
    ("substitution", "echo $({send})", CARELESS),
    ("backticks", "echo `{send}`", CARELESS),
    ("process substitution", "cat <({send})", "{text}"),
    ("a newline", "true\n{send}", "{nonet} -- {text}"),
    ("a semicolon", "true; {send}", "{nonet} -- {text}"),
    ("a pipe", "true | {send}", "{nonet} -- {text}"),
    ("background", "{send} & wait", "{text}"),
    ("and", "true && {send}", "{nonet} -- {text}"),
    ("a comment that claims", "{send} # {nonet} -- bash -c 'already nonet'", "{text}"),
    ("a comment first", "# {nonet} -- bash -c '\n{send}\n#'", "{text}"),
    ("more behind a confined command", "{nonet} -- bash -c 'true'; {send}", "{text}"),
    ("more behind a newline", "{nonet} -- bash -c 'true'\n{send}", "{text}"),
    ("a quote that ends early", "{nonet} -- bash -c 'true' '' ; {send} # '", "{text}"),
    ("assignment", "A=1 B=2 bash -c '{send}'", "{text}"),
    ("assignment of NONET", "NONET=default:seccomp bash -c '{send}'", "{text}"),
    ("exec -a", "exec -a nonet bash -c '{send}'", "{text}"),
    ("exec", "exec bash -c '{send}'", "{text}"),
    ("an alias", "shopt -s expand_aliases\nalias true='{send} ;'\ntrue", "{text}"),
    ("a function", "true() {{ {send}; }}; true", "{text}"),
    ("a function called nonet", "nonet() {{ shift 3; bash -c \"$1\"; }}; nonet -- bash -c '{send}'", "{text}"),
    ("a function with nonet's path", "function {nonet} {{ bash -c \"$4\"; }}; {nonet} -- bash -c '{send}'", "{text}"),
    ("an exported function", "bash() {{ {send}; }}; export -f bash; env bash -c true; bash", "{text}"),
    ("BASH_FUNC_", "env 'BASH_FUNC_true%%=() {{ {send}; }}' bash -c true", "{text}"),
    ("SHELL", "SHELL=/bin/bash; \"$SHELL\" -c '{send}'", "{text}"),
    ("BASH_ENV", "echo '{send}' > env.sh; BASH_ENV=./env.sh bash -c true", "{text}"),
    ("ENV", "echo 'bash -c \"{send}\"' > env.sh; ENV=./env.sh sh -i -c true 2>/dev/null", "{text}"),
    ("PROMPT_COMMAND", "PROMPT_COMMAND='{send}' bash --norc -i < /dev/null 2>/dev/null", "{text}"),
    ("PATH", "mkdir p; printf '#!/bin/bash\\n{send}\\n' > p/ls; chmod +x p/ls; PATH=$PWD/p:$PATH ls", "{text}"),
    ("a fake nonet in PATH", "printf '#!/bin/bash\\nshift; exec \"$@\"\\n' > nonet; chmod +x nonet; PATH=$PWD:$PATH nonet -- bash -c '{send}'", "{text}"),
    ("--best-effort", "{nonet} --best-effort --allow @network -- bash -c '{send}'", "{text}"),
    ("--allow", "{nonet} --allow @network -- bash -c '{send}'", "{text}"),
    ("a policy of one's own", "echo default allow > my.policy; {nonet} --policy ./my.policy -- bash -c '{send}'", "{text}"),
    ("NONET_OPTIONS", "echo default allow > w.policy; ln -s {nonet} nonet-shell; NONET_OPTIONS=\"--policy $PWD/w.policy\" NONET_SHELL=bash ./nonet-shell -c '{send}'", "{text}"),
    ("python", "{python} -c 'import socket; socket.create_connection((\"127.0.0.1\", {port})).send(b\"x\")'", "{text}"),
    ("perl", "perl -MIO::Socket -e 'IO::Socket::INET->new(\"127.0.0.1:{port}\")->print(\"x\")'", "{text}"),
    ("a here-document", "bash <<'E'\n{send}\nE", "{text}"),
    ("a here-string", "bash <<< '{send}'", "{text}"),
    ("eval", "eval '{send}'", "{text}"),
    ("xargs", "echo '{send}' | xargs -I@ bash -c @", "{text}"),
    ("make", "printf 'SHELL=/bin/bash\\nall:\\n\\t@{send}\\n' | make -sf -", "{text}"),
    ("env -i", "env -i /bin/bash -c '{send}'", "{text}"),
    ("setsid", "setsid -w bash -c '{send}'", "{text}"),
    ("a trap", "trap '{send}' EXIT", "{text}"),
    ("nohup", "nohup bash -c '{send}' > /dev/null 2>&1", "{text}"),
    ("a coprocess", "coproc {{ {send}; }}; wait", "{text}"),
    ("find", "find . -maxdepth 0 -exec bash -c '{send}' ';'", "{text}"),
    ("git", "git -c 'alias.x=!bash -c \"{send}\"' x", "{text}"),
    ("a carriage return", "true\r\n{send}", "{text}"),
    ("many quotes", "''''''{send}", "{text}"),
    ("a script written before", "echo '{send}' > s.sh; bash s.sh", "{text}"),
]


def somebody_came(listener):
    """Waits for a first connection, which shows that a way leads out, and forgets it."""
    end = time.monotonic() + 5
    while not listener.seen and time.monotonic() < end:
        time.sleep(0.005)
    came = bool(listener.seen)
    flush(listener)
    return came


def nobody_came(listener):
    """Whether there was no connection since the last one was forgotten."""
    return flush(listener) == []


def flush(listener):
    """A connection of the test's own comes behind all others, so nothing is waited for in vain."""
    with socket.create_connection(("127.0.0.1", listener.port), timeout=5) as mine:
        mine.sendall(b"the test's own")
    end = time.monotonic() + 10
    while b"the test's own" not in listener.seen:
        assert time.monotonic() < end
        time.sleep(0.002)
    others = [first for first in listener.seen if first != b"the test's own"]
    listener.seen.clear()
    return others


@pytest.mark.parametrize("name, template, outside", WAYS, ids=[way[0] for way in WAYS])
def test_ways_out_stay_inside(nonet, me, listener, name, template, outside):
    """Each reaches a listener without the hook, and nobody with it."""
    send = SEND.format(port=listener.port)
    text = template.format(send=send, nonet=nonet, port=listener.port, python=PYTHON)

    def run(command):
        folder = os.path.join(me.home, str(len(os.listdir(me.home))))
        os.mkdir(folder)
        subprocess.run(["bash", "-c", command], cwd=folder, env=me.environment(), stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20)

    run(outside.replace("{nonet}", nonet).replace("{text}", text))
    assert somebody_came(listener), "the way out does not lead out without the hook either"
    for host in ("claude-code", "cursor", "copilot-cli", "qwen-code", "cline", "kiro"):
        run(rewritten(host, ask(nonet, host, question(host, text))))
        assert nobody_came(listener)


def test_trap_fish_does_not_end_quotes_at_a_backslash(nonet, me, listener):
    """In fish `'\\'` is not closed: the usual quoting leads out there, the hook's does not."""
    fish = tool("fish", optional=True)
    text = "\\'; bash -c \"" + SEND.format(port=listener.port) + "\"; true \\'"
    how = {"env": me.environment(), "cwd": me.home, "stderr": subprocess.PIPE, "timeout": 20}
    usual = "'" + text.replace("'", "'\\''") + "'"
    subprocess.run([fish, "-c", f"{nonet} -- bash -c {usual}"], **how)
    assert somebody_came(listener)
    done = subprocess.run([fish, "-c", rewritten("codex", ask(nonet, "codex", question("codex", text)))], **how)
    assert nobody_came(listener) and b"syntax error" not in done.stderr


def test_ways_out_through_the_hosts_environment(nonet, me, listener):
    """A fake nonet first on PATH, and functions of that name, meet an absolute path."""
    send = SEND.format(port=listener.port)
    folder = f"{me.home}/fake"
    os.mkdir(folder)
    with open(f"{folder}/nonet", "w") as file:
        file.write(f"#!/bin/bash\n{send}\n")
    os.chmod(f"{folder}/nonet", 0o755)
    environment = {**me.environment(), "PATH": f"{folder}:{me.environment()['PATH']}", "BASH_FUNC_nonet%%": f"() {{ {send}; }}"}
    subprocess.run(["bash", "-c", "nonet -- bash -c true"], env=environment, timeout=20)
    assert somebody_came(listener)
    told = rewritten("codex", ask(nonet, "codex", question("codex", "nonet -- bash -c true")))
    subprocess.run(["bash", "-c", told], env=environment, stderr=subprocess.PIPE, timeout=20)
    assert nobody_came(listener)


def test_trap_servers_with_a_socket_for_standard_input(nonet):
    """Hosts give MCP servers a socket pair for streams, which is as good as a pipe."""
    here, there = socket.socketpair()
    child = subprocess.Popen([nonet, "--", "cat"], stdin=there, stdout=there)
    there.close()
    here.sendall(b'{"jsonrpc":"2.0"}\n')
    here.settimeout(10)
    assert here.recv(100) == b'{"jsonrpc":"2.0"}\n'
    here.close()
    assert child.wait(timeout=10) == 0


def test_answers_are_quick(nonet, me):
    """Under 3 ms on a quiet machine, which Benchmarks/hook measures; here only far from a host's patience."""
    data = question("claude-code", "ls")
    least = min(timed(lambda: ask(nonet, "claude-code", data)) for _ in range(10))
    assert least < 0.2


def timed(run):
    started = time.monotonic()
    run()
    return time.monotonic() - started
