"""`--hook HOST --install`: the settings of a host get the hook and lose nothing, whatever happens."""

import json
import os
import re
import resource
import shutil
import signal
import stat
import subprocess
import threading
import time

import pytest

from support.hooks import BLOCKS, KNOWN, SETTINGS, entry, hooks, inner, question
from support.run import Launcher

# Those whose settings are lines of text are in test_hook_text.
every_host = pytest.mark.parametrize("host", SETTINGS)
BACKUP = ".nonet-backup"


@pytest.fixture
def hook(nonet, me):
    """`nonet --hook HOST ...` of a user whose home is empty."""
    def run(host, *words, **options):
        return Launcher(me, (nonet, "--hook", host))(*words, **options)

    return run


@pytest.fixture
def settings(me):
    """The path of a host's settings, with a text in it where one is given."""
    def at(host, text=None, mode=0o644):
        path = os.path.join(me.home, KNOWN[host].file)
        if text is not None:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", newline="") as file:
                file.write(text)
            os.chmod(path, mode)
        return path

    return at


def read(path):
    with open(path, newline="") as file:
        return file.read()


def folder_of(path):
    return sorted(os.listdir(os.path.dirname(path)))


def applied(before, diff):
    """What patch(1) would make of a text by a diff of one hunk."""
    lines = diff.split("\n")
    assert lines[0].startswith("--- ") and lines[1].startswith("+++ ") and lines[2].startswith("@@ -")
    start, _, count = lines[2].split()[1][1:].partition(",")
    at = int(start) - 1 if int(count) else int(start)
    old = before.splitlines(keepends=True)
    hunk = []
    for line in lines[3:-1]:
        if line.startswith("\\"):
            hunk[-1] = (hunk[-1][0], hunk[-1][1][:-1])
        else:
            hunk.append((line[0], line[1:] + "\n"))
    taken = [text for kind, text in hunk if kind in " -"]
    assert [line.replace("\r", "?") for line in old[at:at + int(count)]] == taken
    return "".join(old[:at] + [text for kind, text in hunk if kind in " +"] + old[at + int(count):])


@every_host
def test_install_status_and_uninstall(hook, settings, nonet, host):
    path, line = settings(host), f"{nonet} --hook {host} || exit 2"
    done = hook(host, "--status")
    assert (done.returncode, done.stdout) == (1, f"not installed in {path}\n".encode())

    done = hook(host, "--install")
    assert done.returncode == 0, done
    assert json.loads(read(path))[KNOWN[host].object] == hooks(host, line)
    assert applied("", done.stdout.decode()) == read(path)
    assert folder_of(path) == [os.path.basename(path)]
    done = hook(host, "--status")
    doubt = b"" if host != "codex" else b"because it is not trusted yet: commands run unconfined; trust it in Codex, by /hooks\n"
    state = "installed" if host != "codex" else "installed, but not to be trusted,"
    assert (done.returncode, done.stdout) == (int(host == "codex"), f"{state} in {path}\n  {line}\n".encode() + doubt)

    done = hook(host, "--uninstall")
    assert done.returncode == 0 and json.loads(read(path)) == KNOWN[host].empty
    assert done.stderr.startswith(f"nonet: the hook was taken out of {path}".encode())
    assert hook(host, "--status").returncode == 1


@every_host
def test_install_is_idempotent(hook, settings, host):
    hook(host, "--install")
    path = settings(host)
    before, status = read(path), os.stat(path)
    done = hook(host, "--install")
    assert (done.returncode, done.stdout) == (0, b"") and b"already" in done.stderr
    assert read(path) == before and os.stat(path).st_ino == status.st_ino
    hook(host, "--uninstall")
    assert hook(host, "--uninstall").stdout == b"" and b"already" in hook(host, "--uninstall").stderr


@every_host
@pytest.mark.parametrize("action", ["--install", "--uninstall"])
def test_dry_run_writes_nothing(hook, settings, host, action):
    path = settings(host)
    if action == "--uninstall":
        hook(host, "--install")
    before = read(path) if os.path.exists(path) else None
    shown = hook(host, action, "--dry-run")
    assert shown.returncode == 0 and shown.stdout.startswith(b"--- ") and b"nothing was changed" in shown.stderr
    assert (read(path) if os.path.exists(path) else None) == before
    # The change that was shown is the one that is made.
    assert hook(host, action).stdout == shown.stdout


LAYOUTS = {
    "empty object": "{}\n", "no final newline": "{}", "spread": "{\n}\n",
    "others": '{\n  "model": "x",\n  "big": 1.50e3,\n  "esc": "\\u00e9\\/",\n  "z": {"a":[1,2],"b":null}\n}\n',
    "tabs": '{\n\t"model": "x",\n\t"permissions": {\n\t\t"allow": []\n\t}\n}\n',
    "four blanks": '{\n    "model": "x"\n}', "CRLF": '{\r\n  "model": "x"\r\n}\r\n', "one line": '{"model":"x","env":{"A":"b"}}',
    "duplicates": '{\n  "x": 1,\n  "x": 2\n}\n', "unicode": '{\n  "名": "\U0001f389"\n}\n',
    "hooks of others": '{\n  "hooks": {\n    "Other": [\n      {"command": "mine"}\n    ]\n  },\n  "last": true\n}\n',
    "the event of others": '{\n  "hooks": {\n    "EVENT": [\n      {\n        "matcher": "Edit",\n        "command": "mine",\n        "hooks": [\n'
                           '          { "type": "command", "command": "mine --hook x" }\n        ]\n      }\n    ]\n  }\n}\n',
}
COMMENTS = {
    "comments": '// mine\n{\n  // about the model\n  "model": "x", /* in line */\n  "hooks": {\n    // none yet\n    "Other": []\n  } // end\n}\n// last\n',
    "a comment at the end": '{\n  "model": "x"\n  // the last word\n}\n',
}


@every_host
@pytest.mark.parametrize("name", [*LAYOUTS, *COMMENTS])
def test_everything_else_stays(hook, settings, nonet, host, name):
    """Other hooks, order, layout and comments: in and out again is the same file, to the byte."""
    if name in COMMENTS and not KNOWN[host].reads_comments:
        pytest.skip("this host's settings have no comments; the next test shows that they are refused")
    text = {**LAYOUTS, **COMMENTS}[name].replace("EVENT", KNOWN[host].event).replace('"hooks": {', f'"{KNOWN[host].object}": {{')
    path = settings(host, text)
    done = hook(host, "--install")
    assert done.returncode == 0, done
    new = read(path)
    assert applied(text, done.stdout.decode()).replace("?", "\r") == new or "\r" in text
    pieces = [line.strip(" \t\r,") for line in text.splitlines() if line.strip(" \t\r,{}[]")]
    if "\n" in text.strip():
        at = 0
        for piece in pieces:  # every line is there, in its order
            assert piece in new[at:], piece
            at = new.index(piece, at)
    assert new.endswith("\n") == text.endswith("\n") and ("\r\n" in new) == ("\r\n" in text)
    if name not in COMMENTS:
        data = json.loads(new)
        assert data[KNOWN[host].object][KNOWN[host].event][-1] == entry(host, f"{nonet} --hook {host} || exit 2")
    assert read(path + BACKUP) == text
    assert hook(host, "--uninstall").returncode == 0
    # An object that has been filled and emptied may be left with its lines.
    assert read(path) == text or "".join(text.split()) == "{}" == "".join(read(path).split())
    assert read(path + BACKUP) == new


BROKEN = {
    '{"a": }': ":1:7: ", "{\n  'a': 1\n}": ":2:3: ", '{\n  "a": 1,\n}': ":3:1: ", "[]": ":1:1: ", '"x"': ":1:1: ",
    '{"hooks": []}': ":1:11: ", '{"hooks": {"EVENT": {}}}': ":1:", '{"a": 1} x': ":1:10: ", '{"hooks": null}': ":1:11: ",
    '{"a": "\x01"}': ":1:8: ", "{": ":1:2: ", '{"a": 1}\n{}': ":2:1: ",
}


@every_host
@pytest.mark.parametrize("text", BROKEN, ids=repr)
@pytest.mark.parametrize("action", ["--install", "--uninstall", "--status"])
def test_broken_settings_are_refused(hook, settings, host, text, action):
    """With the place, and nothing lost."""
    place, text = BROKEN[text], text.replace("EVENT", KNOWN[host].event).replace("hooks", KNOWN[host].object)
    path = settings(host, text)
    done = hook(host, action)
    assert (done.returncode, done.stdout) == (BLOCKS, b"")
    assert f"{path}{place}".encode() in done.stderr and done.stderr.count(b"\n") == 1, done
    assert read(path) == text and folder_of(path) == [os.path.basename(path)]


@pytest.mark.parametrize("host", ["claude-code", "codex"])
def test_comments_are_refused_where_the_host_has_none(hook, settings, host):
    path = settings(host, COMMENTS["comments"])
    done = hook(host, "--install")
    assert done.returncode == BLOCKS and b":1:1: " in done.stderr and read(path) == COMMENTS["comments"]


@every_host
def test_options_are_in_the_hook(hook, settings, nonet, me, host):
    """With names of files made absolute; other options than those installed are a difference."""
    with open(f"{me.home}/it's a.policy", "w") as file:
        file.write("default allow\ndeny socket\n")
    assert hook(host, "--policy", "it's a.policy", "--errno=EPERM", "--install").returncode == 0
    line = f"{nonet} --hook {host} --policy '{me.home}/it'\\''s a.policy' --errno EPERM || exit 2"
    assert json.loads(read(settings(host)))[KNOWN[host].object][KNOWN[host].event] == [entry(host, line)]
    in_force = int(host == "codex")  # which has not been trusted here
    assert hook(host, "--policy", "it's a.policy", "--errno=EPERM", "--status").returncode == in_force
    # Without options it says which hook there is; with others, that it differs.
    done = hook(host, "--status")
    assert done.returncode == in_force and done.stdout.startswith(b"installed") and line.encode() in done.stdout
    done = hook(host, "--errno=EPERM", "--status")
    assert done.returncode == 1 and done.stdout.startswith(b"differs in ") and line.encode() in done.stdout

    # An other line takes the place of the one that is there.
    assert hook(host, "--install").returncode == 0
    data = json.loads(read(settings(host)))
    assert data[KNOWN[host].object][KNOWN[host].event] == [entry(host, f"{nonet} --hook {host} || exit 2")]


@every_host
def test_what_is_found_as_ours(hook, settings, host):
    """Older ones, several, and under a matcher that never asks them: one is left, where it is asked."""
    lines = [f"nonet --hook {host}", f"'/old path/nonet' --policy strict --hook={host} || exit 2", f"/x/nonet -q --hook {host}"]
    others = [f"/x/nonette --hook {host}", "nonet --hook other", f"echo nonet --hook {host}", f"nonet --policy x {host}", "nonet 'unclosed"]
    matcher = {} if KNOWN[host].tool is None else {"matcher": "Write"}
    entries = [{**entry(host, line), **matcher} for line in lines + others]
    path = settings(host, json.dumps({KNOWN[host].object: {KNOWN[host].event: entries}}, indent=2))
    done = hook(host, "--status")
    assert done.returncode == 1 and done.stdout.startswith(b"differs") and all(line.encode() in done.stdout for line in lines)
    assert not any(line.encode() in done.stdout for line in others)
    hook(host, "--install")
    left = json.loads(read(path))[KNOWN[host].object][KNOWN[host].event]
    assert left[:-1] == entries[len(lines):] and set(left[-1]) == set(entry(host, ""))
    assert hook(host, "--status").returncode == int(host == "codex")
    hook(host, "--uninstall")
    assert json.loads(read(path))[KNOWN[host].object][KNOWN[host].event] == entries[len(lines):]


@every_host
@pytest.mark.parametrize("change", [{"timeout": 1}, {"async": True}, {"if": "Bash(git *)"}, {"failClosed": False}, {"type": "prompt"},
                                    {"onFailure": "allow"}, {"on_failure": "allow"}], ids=lambda change: next(iter(change)))
def test_a_hook_that_was_weakened(hook, settings, nonet, host, change):
    """The line is as it was and the host would still not wait, ask or block: as a command of the agent could have it."""
    known, name = KNOWN[host], next(iter(change))
    if name == "on_failure" and not known.on_failure:
        pytest.skip("a member that this host does not know is shown by the others")
    if (name == "failClosed" and not known.fails_closed) or (name == "type" and not known.has_type):
        pytest.skip("this host has no such member")
    hook(host, "--install")
    path = settings(host)
    data = json.loads(read(path))
    told = known.timeout_name if name == "timeout" else name
    inner(host, data[known.object][known.event][0])[told] = change[name]
    settings(host, json.dumps(data))
    done = hook(host, "--status")
    assert done.returncode == 1 and done.stdout.startswith(b"changed") and told.encode() in done.stdout, done
    trial = hook(host, "--try")
    assert trial.returncode == 1 and (told.encode() in trial.stdout or trial.stdout.startswith(b"not confined")), trial
    assert hook(host, "--install").returncode == 0
    assert json.loads(read(path))[known.object] == hooks(host, f"{nonet} --hook {host} || exit 2")
    assert hook(host, "--status").returncode == int(host == "codex")


@pytest.mark.parametrize("host", [host for host in SETTINGS if KNOWN[host].tool])
def test_a_matcher_that_may_not_match(hook, settings, nonet, host):
    """It is a pattern: what has the tool's name in it need not match it."""
    known = KNOWN[host]
    hook(host, "--install")
    for matcher, holds in ((f"Not{known.tool}Ever", False), (f"x^{known.tool}$", False), (7, False), ("", True), ("*", True),
                           (f"Edit|{known.tool}", known.tool.isalnum() or "_" in known.tool)):
        data = json.loads(read(settings(host)))
        data[known.object][known.event][0]["matcher"] = matcher
        settings(host, json.dumps(data))
        done = hook(host, "--status")
        assert done.stdout.startswith(b"installed" if holds else b"changed"), (matcher, done)
        assert done.returncode == int(not holds or host == "codex") and (b"its matcher" in done.stdout) != holds
    data[known.object][known.event][0]["matcher"] = f"Not{known.tool}"
    settings(host, json.dumps(data))
    assert hook(host, "--install").returncode == 0
    assert json.loads(read(settings(host)))[known.object] == hooks(host, f"{nonet} --hook {host} || exit 2")


@pytest.mark.parametrize("host", [host for host in SETTINGS if KNOWN[host].groups])
def test_what_a_group_says_beside_its_hooks(hook, settings, host):
    known = KNOWN[host]
    hook(host, "--install")
    data = json.loads(read(settings(host)))
    data[known.object][known.event][0]["enabled"] = False
    settings(host, json.dumps(data))
    done = hook(host, "--status")
    assert done.returncode == 1 and b'"enabled" beside its hooks' in done.stdout, done


def test_what_stands_twice_is_refused(hook, settings, nonet):
    """The host takes the last, so what takes that one out would leave the first in force."""
    list_ = json.dumps([entry("claude-code", f"{nonet} --hook claude-code || exit 2")])
    for text in (f'{{"hooks": {{"PreToolUse": {list_}}}, "hooks": {{"PreToolUse": {list_}}}}}',
                 f'{{"hooks": {{"PreToolUse": {list_}, "PreToolUse": {list_}}}}}'):
        path = settings("claude-code", text)
        for action in ("--install", "--uninstall", "--status"):
            done = hook("claude-code", action)
            assert done.returncode == BLOCKS and b"stands here twice" in done.stderr, done
        assert read(path) == text


def test_trap_gemini_is_switched_off_elsewhere(hook, settings, nonet, me):
    """By three members and their older names, there, in the project's settings and in the administrator's."""
    project = f"{me.home}/project"
    os.makedirs(f"{project}/.gemini")
    assert b"a folder that it does not trust" in hook("gemini-cli", "--install").stderr
    data = json.loads(read(settings("gemini-cli")))
    line = f"{nonet} --hook gemini-cli || exit 2"
    for off in ({"hooksConfig": {"enabled": False}}, {"hooksConfig": {"disabled": ["x", line]}}, {"tools": {"enableHooks": False}},
                {"hooks": {**data["hooks"], "disabled": [line]}}, {"hooks": {**data["hooks"], "enabled": False}}):
        settings("gemini-cli", json.dumps({**data, **off}))
        for action in ("--status", "--try"):
            done = hook("gemini-cli", action, cwd=project)
            assert done.returncode == 1 and b"switched off" in done.stdout, (off, done)
    settings("gemini-cli", json.dumps({**data, "hooksConfig": {"enabled": True, "disabled": ["x"]}}))
    assert hook("gemini-cli", "--status", cwd=project).returncode == 0
    for text, words in ((json.dumps({"tools": {"enableHooks": False}}), b"switched off in .gemini"), ("{", b"not what Gemini CLI reads")):
        with open(f"{project}/.gemini/settings.json", "w") as file:
            file.write(text)
        done = hook("gemini-cli", "--status", cwd=project)
        assert done.returncode == 1 and words in done.stdout, done


@pytest.mark.parametrize("host", ["claude-code", "qwen-code", "copilot-cli", "vscode"])
def test_hooks_that_are_switched_off(hook, settings, host):
    hook(host, "--install")
    data = json.loads(read(settings(host)))
    settings(host, json.dumps({**data, "disableAllHooks": True}))
    done = hook(host, "--status")
    assert done.returncode == 1 and b"disableAllHooks" in done.stdout
    assert b"disableAllHooks" in hook(host, "--errno=EPERM", "--install").stderr


def test_trap_antigravity_has_a_switch_beside_the_hooks(hook, settings):
    """`enabled` is a member of the object that has the events."""
    hook("antigravity", "--install")
    for value, code in ((True, 0), (False, 1), ("no", 1)):
        data = json.loads(read(settings("antigravity")))
        settings("antigravity", json.dumps({"mine": {"enabled": False}, "nonet": {**data["nonet"], "enabled": value}}))
        done = hook("antigravity", "--status")
        assert done.returncode == code and (b"enabled" in done.stdout) == bool(code), done
    hook("antigravity", "--uninstall")
    assert json.loads(read(settings("antigravity"))) == {"mine": {"enabled": False}, "nonet": {"enabled": "no"}}


def test_trap_goose_plugins_are_switched_off_elsewhere(hook, me):
    """By a list in the user's settings or in the project's; and a project's plug-in of the same name is taken instead."""
    project = f"{me.home}/project"
    os.mkdir(project)
    hook("goose", "--install")
    assert hook("goose", "--status", cwd=project).returncode == 0
    for folder in (me.home, project):
        path = f"{folder}/.config/goose/settings.json"
        os.makedirs(os.path.dirname(path))
        for text, code in (('{"disabledPlugins": ["other"]}', 0), ('{"disabledPlugins": ["nonet"]}', 1), ("{", 1)):
            with open(path, "w") as file:
                file.write(text)
            done = hook("goose", "--status", cwd=project)
            assert done.returncode == code and (b"goose/settings.json" in done.stdout) == bool(code), done
        os.unlink(path)
    os.makedirs(f"{project}/.agents/plugins/nonet")
    done = hook("goose", "--try", cwd=project)
    assert done.returncode == 1 and b"takes its place" in done.stdout, done


def test_trap_one_file_for_two_hosts(hook, settings, nonet):
    """VS Code reads Copilot CLI's files; each hook is known by its own name, and goes alone."""
    hook("copilot-cli", "--install")
    only = read(settings("copilot-cli"))
    hook("vscode", "--install")
    assert hook("copilot-cli", "--status").returncode == hook("vscode", "--status").returncode == 0
    lines = [entry["bash"] for entry in json.loads(read(settings("vscode")))["hooks"]["preToolUse"]]
    assert lines == [f"{nonet} --hook {host} || exit 2" for host in ("copilot-cli", "vscode")]
    hook("vscode", "--uninstall")
    assert read(settings("copilot-cli")) == only


def test_a_project_that_switches_hooks_off(hook, settings, me):
    """What the project in the working folder says to Claude Code counts too."""
    project = f"{me.home}/project"
    os.makedirs(f"{project}/.claude")
    hook("claude-code", "--install")
    assert hook("claude-code", "--status", cwd=project).returncode == 0
    with open(f"{project}/.claude/settings.local.json", "w") as file:
        file.write('{"disableAllHooks": true}')
    done = hook("claude-code", "--status", cwd=project)
    assert done.returncode == 1 and b".claude/settings.local.json" in done.stdout
    # Nothing there keeps anybody waiting.
    os.unlink(f"{project}/.claude/settings.local.json")
    os.mkfifo(f"{project}/.claude/settings.local.json")
    assert hook("claude-code", "--status", cwd=project, timeout=10).returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can lay a folder over /etc/claude-code")
def test_what_the_administrator_says(hook, settings, nonet, me):
    """allowManagedHooksOnly in the managed settings, laid over /etc in a mount namespace of the test's own."""
    hook("claude-code", "--install")
    managed = f"{me.home}/managed"
    os.makedirs(managed)
    with open(f"{managed}/managed-settings.json", "w") as file:
        file.write('{"allowManagedHooksOnly": true}')
    script = f"mount -t tmpfs none /etc && mkdir /etc/claude-code && mount --bind {managed} /etc/claude-code && exec \"$@\""

    def inside(*words):
        return subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", nonet, "--hook", "claude-code", *words],
                              env=me.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20)

    done = inside("--status")
    assert done.returncode == 1 and b"allowManagedHooksOnly" in done.stdout, done
    assert inside("--install", "--managed").returncode == 0
    assert json.loads(read(f"{managed}/managed-settings.json"))["hooks"] == hooks("claude-code", f"{nonet} --hook claude-code || exit 2")
    assert inside("--status", "--managed").returncode == 0
    assert inside("--uninstall", "--managed").returncode == 0
    assert json.loads(read(f"{managed}/managed-settings.json")) == {"allowManagedHooksOnly": True}


def test_managed_settings_that_nobody_knows(hook):
    done = hook("codex", "--install", "--managed")
    assert done.returncode == BLOCKS and b"no settings of an administrator are known" in done.stderr


def test_trap_codex_skips_what_is_not_trusted(hook, settings, me):
    """Codex asks a hook once its user has trusted it, and `codex exec` does not say so (its issue 46210)."""
    done = hook("codex", "--install")
    assert b"not trusted yet: commands run unconfined" in done.stderr
    path, toml = settings("codex"), f"{me.home}/.codex/config.toml"
    key = f"{path}:pre_tool_use:0:0"
    for text, code in (('model = "x"\n', 1), (f'[hooks.state."{key}"]\ntrusted_hash = "sha256:0"\n', 0),
                       (f'# [hooks.state."{key}"]\ntrusted_hash = "sha256:0"\n', 1),
                       (f'[hooks.state."{path}:pre_tool_use:1:0"]\ntrusted_hash = "sha256:0"\n', 1),
                       (f'[hooks.state."{key}"]\n[other]\ntrusted_hash = "sha256:0"\n', 1),
                       (f'[hooks.state]\n"{key}" = {{ trusted_hash = "sha256:0" }}\n', 0),
                       (f'[hooks.state."{key}"]\ntrusted_hash = "sha256:0"\nenabled = false\n', 1),
                       (f'[features]\nhooks = false\n[hooks.state."{key}"]\ntrusted_hash = "sha256:0"\n', 1)):
        with open(toml, "w") as file:
            file.write(text)
        done = hook("codex", "--status")
        assert done.returncode == code, (text, done)


def test_trap_codex_an_entry_stays_to_the_byte(hook, settings):
    """A changed entry is untrusted again, so installing once more changes nothing."""
    hook("codex", "--install")
    before = read(settings("codex"))
    hook("codex", "--install")
    assert read(settings("codex")) == before


@pytest.mark.parametrize("place", ["versions/2.1.300", "package"])
def test_trap_claude_keys_that_an_older_version_rejects(hook, settings, nonet, me, place):
    """onFailure and PostToolUseFailure make an older Claude Code refuse the file: only a version that is seen gets them."""
    folder = f"{me.home}/claude/{place}"
    if place == "package":
        os.makedirs(folder)
        program = f"{folder}/cli.js"
        with open(f"{folder}/package.json", "w") as file:
            file.write('{"name": "@anthropic-ai/claude-code", "version": "2.1.294"}')
    else:
        os.makedirs(os.path.dirname(folder))
        program = folder
    with open(program, "w") as file:
        file.write("#!/bin/sh\nexit 1\n")
    os.chmod(program, 0o755)
    os.mkdir(f"{me.home}/bin")
    os.symlink(program, f"{me.home}/bin/claude")
    env = {"PATH": f"{me.home}/bin:{os.environ['PATH']}"}
    line = f"{nonet} --hook claude-code || exit 2"
    old = hooks("claude-code", line)
    new = {**entry("claude-code", line), "hooks": [{**inner("claude-code", entry("claude-code", line)), "onFailure": "block"}]}
    new = {"PreToolUse": [new], "PostToolUseFailure": [entry("claude-code", line)]}
    hook("claude-code", "--install", env=env)
    assert json.loads(read(settings("claude-code")))["hooks"] == (old if place == "package" else new)
    if place == "package":
        with open(f"{folder}/package.json", "w") as file:
            file.write('{"version": "2.1.295"}')
        assert hook("claude-code", "--status", env=env).returncode == 1
        hook("claude-code", "--install", env=env)
        assert json.loads(read(settings("claude-code")))["hooks"]["PostToolUseFailure"] == new["PostToolUseFailure"]
    assert hook("claude-code", "--status", env=env).returncode == 0
    hook("claude-code", "--uninstall", env=env)
    assert json.loads(read(settings("claude-code"))) == {}


# The prefix


@pytest.fixture
def beside(nonet, me):
    """`nonet --hook claude-code ...` of a nonet that has nonet-shell beside it."""
    folder = f"{me.home}/opt"
    os.mkdir(folder)
    shutil.copy(nonet, f"{folder}/nonet")
    os.symlink("nonet", f"{folder}/nonet-shell")
    return Launcher(me, (f"{folder}/nonet", "--hook", "claude-code"))


def test_claude_has_a_prefix_that_no_hook_can_drop(beside, settings, me):
    done = beside("--errno", "EPERM", "--install")
    # What it means for hooks and MCP servers is said before the change.
    assert done.returncode == 0 and b"MCP servers" in done.stderr
    path = settings("claude-code")
    assert json.loads(read(path))["env"] == {"CLAUDE_CODE_SHELL_PREFIX": f"{me.home}/opt/nonet-shell -c", "NONET_OPTIONS": "--errno EPERM --hint"}
    done = beside("--status")
    assert done.returncode == 0 and b"with CLAUDE_CODE_SHELL_PREFIX" in done.stdout
    before = read(path)
    assert b"already" in beside("--errno", "EPERM", "--install").stderr and read(path) == before
    data = json.loads(before)
    settings("claude-code", json.dumps({**data, "env": {**data["env"], "NONET_OPTIONS": ""}}))
    done = beside("--status")
    assert done.returncode == 1 and b"NONET_OPTIONS" in done.stdout
    beside("--install", "--no-prefix")
    assert "env" not in json.loads(read(path))
    assert beside("--status", "--no-prefix").returncode == 0
    beside("--install")
    beside("--uninstall")
    assert json.loads(read(path)) == {}


def test_a_prefix_of_somebody_else_stays(beside, settings):
    path = settings("claude-code", '{"env": {"CLAUDE_CODE_SHELL_PREFIX": "/my/wrapper -x"}}')
    done = beside("--install")
    assert done.returncode == 0 and b"/my/wrapper -x" in done.stderr
    assert json.loads(read(path))["env"] == {"CLAUDE_CODE_SHELL_PREFIX": "/my/wrapper -x"}
    assert beside("--status").returncode == 1
    beside("--uninstall")
    assert json.loads(read(path))["env"] == {"CLAUDE_CODE_SHELL_PREFIX": "/my/wrapper -x"}


def test_what_a_variable_may_not_say_has_no_prefix(beside, settings):
    """--allow-unix is taken from a hook alone."""
    done = beside("--allow-unix", "env:SSH_AUTH_SOCK", "--install")
    assert done.returncode == 0 and b"without CLAUDE_CODE_SHELL_PREFIX" in done.stderr
    assert "env" not in json.loads(read(settings("claude-code")))


def test_the_prefix_keeps_the_folder_and_confines(beside, settings, me, listener):
    """As Claude Code uses it: the shell with its option, then the whole command with what it writes behind it."""
    beside("--install")
    env = json.loads(read(settings("claude-code")))["env"]
    os.mkdir(f"{me.home}/sub")
    send = f"(echo out > /dev/tcp/127.0.0.1/{listener.port})"
    tail = f" && pwd -P >| {me.home}/cwd"
    for prefix in (["bash", "-c"], env["CLAUDE_CODE_SHELL_PREFIX"].split()):
        subprocess.run([*prefix, f"eval 'cd sub; {send}; true'" + tail], cwd=me.home, timeout=20, stderr=subprocess.PIPE,
                       env={**me.environment(), "NONET_SHELL": "/bin/bash", "NONET_OPTIONS": env["NONET_OPTIONS"]}, check=True)
        assert read(f"{me.home}/cwd") == f"{os.path.realpath(me.home)}/sub\n"
        os.unlink(f"{me.home}/cwd")
    assert listener.seen == [b"out\n"]


@pytest.mark.parametrize("options", [[], ["--policy", "strict"], ["--errno", "EPERM"]], ids=" ".join)
def test_a_hook_behind_the_prefix_leaves_the_command(beside, settings, me, options):
    """Only where the kernel shows that it is confined, and its own prefix stands in the settings with the same options."""
    beside(*options, "--install")
    path = settings("claude-code")
    env = json.loads(read(path))["env"]
    shell = env["CLAUDE_CODE_SHELL_PREFIX"].split()
    line = json.loads(read(path))["hooks"]["PreToolUse"][0]["hooks"][0]["command"]

    def leaves(line, *prefix, **more):
        environment = {**me.environment(), **env, "NONET_SHELL": "/bin/bash", **more}
        done = subprocess.run([*prefix, line] if prefix else ["sh", "-c", line], input=json.dumps(question("claude-code", "ls")).encode(),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=me.home, timeout=20)
        assert done.returncode == 0, done
        return done.stdout == b"{}\n"

    # NONET names a policy, and no further options: with those the two nest.
    assert leaves(line, *shell) == (options != ["--errno", "EPERM"])
    # Inside another nonet nonet-shell does not use NONET_OPTIONS.
    assert leaves(line, f"{me.home}/opt/nonet", "-q", "--", *shell) == (options == [])
    assert not leaves(line)  # not confined
    assert not leaves(line, NONET="default:seccomp+landlock+descriptors")  # only says so
    assert not leaves(line, *shell, CLAUDE_CODE_SHELL_PREFIX="/another -c")
    assert not leaves(line, *shell, NONET_OPTIONS="")  # as a project may set it
    assert not leaves(line.replace("--hook claude-code", "--hook claude-code --offline"), *shell)  # other options
    settings("claude-code", json.dumps({**json.loads(read(path)), "env": {}}))
    assert not leaves(line, *shell)  # not in the settings
    settings("claude-code", "{")
    assert not leaves(line, *shell)


def test_a_program_that_others_may_change(nonet, me):
    """The hook is only what the file is that it names, and the folders above it."""
    folder = f"{me.home}/bin"
    os.mkdir(folder)
    copy = shutil.copy(nonet, f"{folder}/nonet")
    def status():
        done = Launcher(me, (copy, "--hook", "gemini-cli"))("--status")
        return done.returncode, done.stdout.decode()
    os.chmod(me.home, 0o755), os.chmod(folder, 0o755), os.chmod(copy, 0o755)
    Launcher(me, (copy, "--hook", "gemini-cli"))("--install")
    assert status()[0] == 0
    for path, mode in (copy, 0o757), (folder, 0o777), (me.home, 0o703):
        before = os.stat(path).st_mode
        os.chmod(path, mode)
        code, said = status()
        assert code == 1 and "not to be trusted" in said and f"others may write to {os.path.realpath(path)}\n" in said
        os.chmod(path, before)
    os.chmod(folder, 0o1777)
    assert status()[0] == 0
    if os.geteuid() == 0:
        os.chown(copy, 12345, 12345)
        assert "belongs to user 12345" in status()[1]


def test_a_group_is_shared_with_others(hook, settings, nonet):
    mine = {"type": "command", "command": "mine"}
    ours = {"type": "command", "command": "nonet --hook codex", "timeout": 99}
    path = settings("codex", json.dumps({"hooks": {"PreToolUse": [{"matcher": "Bash|Edit", "hooks": [mine, ours]}]}}))
    hook("codex", "--install")
    group = json.loads(read(path))["hooks"]["PreToolUse"]
    assert group == [{"matcher": "Bash|Edit", "hooks": [mine, {**ours, "command": f"{nonet} --hook codex || exit 2"}]}]
    hook("codex", "--uninstall")
    assert json.loads(read(path))["hooks"]["PreToolUse"] == [{"matcher": "Bash|Edit", "hooks": [mine]}]


def test_trap_claude_several_hooks_are_warned_about(hook, settings):
    """Claude Code can drop the rewritten command when several PreToolUse hooks answer (its issue 15897)."""
    other = {"matcher": "Bash", "hooks": [{"type": "command", "command": "mine"}]}
    settings("claude-code", json.dumps({"hooks": {"PreToolUse": [other]}}))
    done = hook("claude-code", "--install")
    assert done.returncode == 0 and b"1 other PreToolUse hook" in done.stderr and b"nonet --check" in done.stderr


@every_host
def test_the_file_stays_what_it_was(hook, settings, me, host):
    """Mode and owner are kept, also of what is kept beside, and a link stays a link."""
    path = settings(host, "{}\n", mode=0o600)
    if os.geteuid() == 0:
        os.chown(path, 12345, 23456)
    real = f"{me.home}/dotfiles.json"
    shutil.move(path, real)
    os.symlink(real, path)
    before = os.stat(real)
    assert hook(host, "--install").returncode == 0
    assert os.path.islink(path) and json.loads(read(real))[KNOWN[host].object]
    for file in (real, path + BACKUP):
        status = os.lstat(file)
        assert stat.S_ISREG(status.st_mode)
        assert (status.st_mode, status.st_uid, status.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert folder_of(path) == sorted([os.path.basename(path), os.path.basename(path) + BACKUP])
    assert [name for name in os.listdir(me.home) if "dotfiles" in name] == ["dotfiles.json"]


def test_what_cannot_be_replaced_is_left(hook, settings, me):
    """A link that leads nowhere, a folder, a pipe, a file that cannot be written beside."""
    path = settings("codex", "{}")
    os.unlink(path)
    os.symlink(f"{me.home}/none", path)
    assert hook("codex", "--install").returncode == BLOCKS and not os.path.exists(f"{me.home}/none")
    os.unlink(path)
    os.mkdir(path)
    assert hook("codex", "--install").returncode == BLOCKS
    os.rmdir(path)
    with open(f"{me.home}/.codex-file", "w"):
        pass
    assert hook("codex", "--install", env={"CODEX_HOME": f"{me.home}/.codex-file"}).returncode == BLOCKS
    # The backup's name is taken by a folder: nothing is changed without a backup.
    settings("codex", "{}")
    os.mkdir(path + BACKUP)
    done = hook("codex", "--install")
    assert done.returncode == BLOCKS and read(path) == "{}"


def test_a_full_disk_loses_nothing(hook, settings):
    path = settings("codex", json.dumps({"x": "y" * 5000}))
    before = read(path)

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (5100, 5100))

    done = hook("codex", "--install", preexec_fn=limit)
    assert done.returncode == BLOCKS and b"was not changed" in done.stderr
    assert read(path) == before and set(folder_of(path)) <= {"hooks.json", "hooks.json" + BACKUP}


def test_a_failed_change_keeps_the_former_backup(hook, settings):
    path = settings("codex", json.dumps({"x": "y" * 5000}))
    with open(path + BACKUP, "w") as file:
        file.write("before nonet")
    for most in (4096, 5100):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

        assert hook("codex", "--install", preexec_fn=limit).returncode == BLOCKS
        assert read(path + BACKUP) == "before nonet" and folder_of(path) == ["hooks.json", "hooks.json" + BACKUP]


def test_what_another_writes_meanwhile_is_not_lost(hook, settings):
    """A program that gives the file new contents by rename, as hosts do, finds them there a moment later."""
    path, over, lost, count = settings("codex", "{}"), threading.Event(), [], 0

    def edit():
        while not over.is_set():
            hook("codex", "--install")
            hook("codex", "--uninstall")

    editor = threading.Thread(target=edit)
    editor.start()
    end = time.monotonic() + 2
    while time.monotonic() < end:
        count += 1
        with open(f"{path}.w", "w") as file:
            json.dump({"count": count, "pad": "x" * 2000}, file)
        os.rename(f"{path}.w", path)
        time.sleep(0.005)
        if json.loads(read(path))["count"] != count:
            lost.append(count)
    over.set()
    editor.join()
    assert count > 50 and not lost, (count, lost)


@pytest.mark.parametrize("host, variable, path", [
    ("claude-code", "CLAUDE_CONFIG_DIR", "settings.json"), ("codex", "CODEX_HOME", "hooks.json"),
    ("gemini-cli", "GEMINI_CLI_HOME", ".gemini/settings.json"), ("copilot-cli", "COPILOT_HOME", "hooks/nonet.json"),
    ("crush", "CRUSH_GLOBAL_CONFIG", "crush.json"), ("crush", "XDG_CONFIG_HOME", "crush/crush.json"),
    ("devin", "XDG_CONFIG_HOME", "devin/config.json"), ("vscode", "COPILOT_HOME", "hooks/nonet.json")])
def test_variables_of_the_hosts(hook, me, host, variable, path):
    assert hook(host, "--install", env={variable: f"{me.home}/else where"}).returncode == 0
    assert json.loads(read(f"{me.home}/else where/{path}"))["hooks"]
    assert not os.path.exists(f"{me.home}/{KNOWN[host].file}")


def test_trap_droid_reads_one_of_two_files(hook, settings, nonet, me):
    """hooks.json, whose events are members of the file itself, is read instead of the settings where it is there."""
    other = f"{me.home}/.factory/hooks.json"
    line = f"{nonet} --hook droid || exit 2"
    settings("droid")
    os.makedirs(f"{me.home}/.factory")
    mine = {"Stop": [{"hooks": [{"type": "command", "command": "mine"}]}]}
    with open(other, "w") as file:
        json.dump(mine, file)
    assert hook("droid", "--install").returncode == 0
    assert json.loads(read(other)) == {**mine, **hooks("droid", line)} and not os.path.exists(settings("droid"))
    assert hook("droid", "--status").returncode == 0
    hook("droid", "--uninstall")
    assert json.loads(read(other)) == mine


@every_host
def test_a_trial(hook, settings, nonet, me, host):
    """The hook is asked as the host asks, and what it answers is run: confined, or it says that it was not."""
    assert hook(host, "--try").returncode == 1
    hook(host, "--install")
    done = hook(host, "--try")
    assert done.stdout.startswith(f"confined: asked as {host} asks".encode()) and f"{nonet} --check\n".encode() in done.stdout, done
    assert done.returncode == int(host == "codex") and (b"not trusted yet" in done.stdout) == (host == "codex")
    path = settings(host)
    for bad in ("cat >/dev/null; echo {}", "exit 0", "cat >/dev/null; exit 2", f"{nonet} --polcy"):
        # Still a hook of ours by its words, which does something else.
        data = json.loads(read(path))
        inner(host, data[KNOWN[host].object][KNOWN[host].event][0])[KNOWN[host].command] = f"nonet --hook {host}"
        settings(host, json.dumps(data))
        os.makedirs(f"{me.home}/fake", exist_ok=True)
        with open(f"{me.home}/fake/nonet", "w") as file:
            file.write(f"#!/bin/sh\n{bad}\n")
        os.chmod(f"{me.home}/fake/nonet", 0o755)
        done = hook(host, "--try", env={"PATH": f"{me.home}/fake:{os.environ['PATH']}"})
        assert done.returncode == 1 and done.stdout.startswith(b"not confined"), (bad, done)


def test_a_name_that_was_shortened(bare):
    done = bare("--hook", "claude", "--install")
    assert done.returncode == BLOCKS and b"did you mean 'claude-code'?" in done.stderr
    assert b"did you mean 'gemini-cli'?" in bare("--hook", "gemini").stderr


def test_without_a_home(hook):
    done = hook("cursor", "--install", env={"HOME": ""})
    assert done.returncode == BLOCKS and b"HOME is not set" in done.stderr


@every_host
def test_a_hook_that_would_block_everything_is_not_installed(hook, settings, host):
    for options in (["--policy", "./none.policy"], ["--backend", "python"], ["--best-effort"], ["--policy", "-"]):
        assert hook(host, *options, "--install").returncode == BLOCKS
        assert not os.path.exists(settings(host))


@pytest.mark.parametrize("words", [["--install"], ["--status"], ["--dry-run", "true"], ["--uninstall", "--", "true"]], ids=" ".join)
def test_without_a_host(bare, words):
    done = bare(*words)
    assert done.returncode == 125 and b"is for --hook HOST" in done.stderr


def test_actions_exclude_each_other(hook, settings):
    for words in (["--install", "--uninstall"], ["--status", "--install"], ["--status", "--dry-run"], ["--install", "x"]):
        assert hook("codex", *words).returncode == BLOCKS
        assert not os.path.exists(settings("codex"))


@every_host
def test_trap_a_hook_whose_program_is_gone_blocks(hook, settings, nonet, me, host):
    """Hosts run the line by a shell; without nonet, or when it is killed, its status is 2 all the same."""
    copy = f"{me.home}/it's here/nonet"
    os.mkdir(os.path.dirname(copy))
    shutil.copy(nonet, copy)
    Launcher(me, (copy, "--hook", host))("--install")
    found = json.loads(read(settings(host)))[KNOWN[host].object][KNOWN[host].event][0]
    line = inner(host, found)[KNOWN[host].command]

    def run(shell="sh"):
        return subprocess.run([shell, "-c", line], input=json.dumps(question(host, "ls")).encode(), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=20)

    for shell in ("sh", "bash", "zsh", "fish"):
        if shutil.which(shell):
            done = run(shell)
            assert done.returncode == 0 and json.loads(done.stdout), (shell, done)
    os.unlink(copy)
    assert run().returncode == BLOCKS
    with open(copy, "w") as file:
        file.write("#!/bin/sh\nkill -KILL $$\n")
    os.chmod(copy, 0o755)
    assert (run().returncode, run().stdout) == (BLOCKS, b"")


def test_the_commands_of_the_documentation(me, nonet):
    """Each one line of Integrations/README.md does what the table says, in the order of its rows."""
    page = os.path.join(os.path.dirname(__file__), "../../Integrations/README.md")
    with open(page) as file:
        commands = re.findall(r"`nonet (--hook [^`]*--(?:un)?install)`", file.read())
    assert len(commands) >= 2 * len(KNOWN) + 1
    for command in commands:
        words = command.split()
        assert Launcher(me, (nonet,))(*words).returncode == 0, command
        with open(os.path.join(me.home, KNOWN[words[1]].file)) as file:
            assert (f"--hook {words[1]}" in file.read()) == (words[-1] == "--install")
