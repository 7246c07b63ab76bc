"""NONET_OPTIONS: options of a project or a user for every way of starting; never for less protection."""

import json
import os
import resource
import shutil

import pytest

from support.hooks import question
from support.run import PYTHON, Launcher

UNIX = f"{PYTHON} -c 'import socket\ntry: socket.socket(socket.AF_UNIX)\nexcept OSError as e: print(e.errno)'"
INET = f"{PYTHON} -c 'import socket; socket.socket()'"


@pytest.fixture
def shell(me, nonet):
    os.symlink(nonet, f"{me.home}/nonet-shell")
    return Launcher(me, (f"{me.home}/nonet-shell",), {"NONET_SHELL": "bash"})


def test_every_way_of_starting(bare, shell, me):
    """The same variable makes the same policy by nonet, by nonet-shell and in what a hook has run."""
    strict = {"NONET_OPTIONS": "--policy strict"}
    assert bare("--", "sh", "-c", UNIX).stdout == b"" and shell("-c", UNIX).stdout == b""
    assert bare("--", "sh", "-c", UNIX, env=strict).stdout == b"13\n"
    assert shell("-c", UNIX, env=strict).stdout == b"13\n"
    answer = bare("--hook", "claude-code", input=json.dumps(question("claude-code", UNIX)).encode(), env=strict)
    command = json.loads(answer.stdout)["hookSpecificOutput"]["updatedInput"]["command"]
    assert Launcher(me)("sh", "-c", command, env=strict).stdout == b"13\n"
    assert Launcher(me)("sh", "-c", command).stdout == b""
    assert bare("--explain", env=strict).stdout == bare("--explain", "--policy", "strict").stdout
    assert bare("--dump-bpf", "--format", "hex", env=strict).stdout == bare("--dump-bpf", "--format", "hex", "--policy=strict").stdout


def test_what_is_said_with_it(bare):
    done = bare("-v", "true", env={"NONET_OPTIONS": "--errno 'EPERM' --policy strict"})
    assert b"nonet: NONET_OPTIONS: --errno EPERM --policy strict\n" in done.stderr and done.returncode == 0
    assert b"NONET_OPTIONS" not in bare("true", env={"NONET_OPTIONS": "--policy strict"}).stderr
    assert b"NONET_OPTIONS" not in bare("-v", "true", env={"NONET_OPTIONS": ""}).stderr
    done = bare("true", env={"NONET_OPTIONS": "-v"})
    assert b"NONET_OPTIONS: --verbose" in done.stderr and b"seccomp" in done.stderr


def test_the_command_line_is_stronger(bare):
    done = bare("-v", "--policy", "default", "--", "sh", "-c", UNIX, env={"NONET_OPTIONS": "--policy strict --errno EPERM"})
    assert done.stdout == b"" and b"--policy strict is not used, because of --policy default" in done.stderr
    assert b"Operation not permitted" in bare("--", "sh", "-c", INET, env={"NONET_OPTIONS": "--errno EPERM"}).stderr
    # Of --deny and --allow the last one wins, and the command line is last.
    pair = ["--", PYTHON, "-c", "import socket; socket.socketpair()"]
    denied = {"NONET_OPTIONS": "--deny socketpair"}
    assert bare(*pair, env=denied).returncode == 1 and bare("--allow", "socketpair", *pair, env=denied).returncode == 0


WEAK = ["--best-effort", "--observe", "--allow ptrace", "--allow @network", "--allow-unix inside", "--allow-unix /run", "--unproved",
        "--policy unix", "--policy=unix", "--policy -", "--backend python", "--backend namespace"]
WRONG = ["--polcy x", "'", "\\", "ls", "--", "-- ls", "--check", "--dump-bpf", "--version", "--help", "-h", "--hook codex", "--install",
         "--report /p", "--from /l", "--arch all", "--format json", "--log l", "--log-dir d", "--policy ./x.policy", "--log=", "''",
         "--loopback --policy strict", "--errno NOPE", "--names errno", "--print-policy unix"]


@pytest.mark.parametrize("text", WEAK + WRONG)
def test_what_is_refused(bare, shell, me, text):
    """By all who read it, whatever the command line says beside it, and nothing runs."""
    environment = {"NONET_OPTIONS": text}
    for run, words, status in ((bare, ["touch", "ran"], 125), (bare, ["-q", "--best-effort", "--", "touch", "ran"], 125),
                               (shell, ["-c", "touch ran"], 125), (bare, ["--dump-bpf"], 125)):
        done = run(*words, env=environment)
        assert (done.returncode, done.stdout) == (status, b""), (words, done)
        assert done.stderr.startswith(b"nonet: NONET_OPTIONS: ") and done.stderr.count(b"\n") == 1, done.stderr
    asked = json.dumps(question("codex", "ls")).encode()
    assert json.loads(bare("--hook", "codex", input=asked).stdout)
    done = bare("--hook", "codex", input=asked, env=environment)
    assert (done.returncode, done.stdout) == (2, b"") and b"NONET_OPTIONS" in done.stderr
    assert not os.path.exists(f"{me.home}/ran")


def test_a_policy_file(bare, shell, me):
    """A command could have written it, so only nonet-shell, which has no command line, takes one."""
    path = f"{me.home}/x.policy"
    with open(path, "w") as file:
        file.write("default allow\ndeny @network, @io_uring with ENONET\n")
    done = bare("true", env={"NONET_OPTIONS": f"--policy {path}"})
    assert done.returncode == 125 and b"command line" in done.stderr
    assert b"[Errno 64]" in shell("-c", INET, env={"NONET_OPTIONS": f"--policy {path}"}).stderr


def test_no_file_of_a_project_is_read(bare, me):
    """nonet.toml and its like decide nothing: a confined command could write them, or remove them."""
    for name in ("nonet.toml", ".nonet.toml", ".nonetrc", ".config/nonet.toml", ".config/nonet/config"):
        path = f"{me.home}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write("policy = 'unix'\n--observe\n")
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed; what nonet opens was not looked at")
    run = Launcher(me)
    seen = run(strace, "-f", "-e", "trace=%file", "-o", "opened", *bare.prefix, "true")
    with open(f"{me.home}/opened") as file:
        opened = file.read()
    assert seen.returncode == 0 and "execve" in opened and "toml" not in opened and "nonetrc" not in opened


@pytest.mark.parametrize("outer", [["--policy", "default"], ["--loopback"]], ids=" ".join)
def test_inside_it_is_not_used(bare, nonet, outer):
    """The outer nonet has used it; what is in there now, right or wrong, changes nothing."""
    for text in ("--policy strict", "--best-effort", "--polcy"):
        done = bare(*outer, "--", "env", f"NONET_OPTIONS={text}", nonet, "-v", "--", "sh", "-c", UNIX + "; " + INET)
        assert b"NONET_OPTIONS is not used: this process is confined already" in done.stderr, done
        assert b"PermissionError" in done.stderr


def test_the_hint_alone_is_not_inside(bare):
    """Anybody can set NONET; where IP sockets can be made, nothing confines."""
    done = bare("--", "sh", "-c", UNIX, env={"NONET": "default:seccomp", "NONET_OPTIONS": "--policy strict"})
    assert done.stdout == b"13\n"
    assert bare("true", env={"NONET": "x", "NONET_OPTIONS": "--observe"}).returncode == 125
    # Nor is a process inside that has no descriptor left for the trial.
    few = {"NONET": "x", "NONET_OPTIONS": "--observe"}
    assert bare("true", env=few, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))).returncode == 125


def test_the_settings_of_a_hook_hold_what_the_command_line_said(bare, me):
    done = bare("--hook", "claude-code", "--install", "-q", env={"NONET_OPTIONS": "--policy strict"})
    assert done.returncode == 0
    with open(f"{me.home}/.claude/settings.json") as file:
        assert "strict" not in file.read()
