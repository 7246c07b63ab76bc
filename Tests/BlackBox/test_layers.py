"""Policies at work beyond the presets, and what happens where the layer cannot be built."""

import errno
import json
import os
import resource
import shutil
import signal
import subprocess

import pytest

from support.calls import NATIVE, X86, number
from support.presets import PRESETS
from support.run import PYTHON
from support.verdicts import answers

HEAD = "default allow\nforeign compile\nx32 deny with ENOSYS\nunknown allow\n"


@pytest.fixture
def under(bare, me):
    """Runs a command under a policy given as text."""

    def run(text, *argv, options=("-q",), **more):
        with open(f"{me.home}/p.policy", "w") as file:
            file.write(text)
        return bare(*options, "--policy", "p.policy", "--", *argv, **more)

    return run


def ask(under, text, probe, *requests):
    done = under(text, probe, *requests)
    assert done.returncode == 0, done.stderr
    return answers(done.stdout)


def getppid(*arguments):
    return ":".join(["it", "native", str(number("getppid", NATIVE)), *map(str, arguments)])


@pytest.mark.parametrize("rule, arguments, hit", [
    ("if arg0 == 7", (7,), True), ("if arg0 == 7", (0x1_0000_0007,), False), ("if arg0:32 == 7", (0x1_0000_0007,), True),
    ("if arg0 != 7", (7,), False), ("if arg0 != 7", (0x1_0000_0007,), True),
    ("if arg0 > 0xffffffff", (0x1_0000_0000,), True), ("if arg0 > 0xffffffff", (0xFFFFFFFF,), False),
    ("if arg0 >= 0x100000000", (0xFFFFFFFF,), False), ("if arg0 < 0x100000000", (0xFFFFFFFF,), True),
    ("if arg0 < 5", (4,), True), ("if arg0 < 5", (5,), False), ("if arg0 < 5", (1 << 63,), False),
    ("if arg0 <= 5", (5,), True), ("if arg0 <= 5", (6,), False), ("if arg0 > 0x7fffffffffffffff", (1 << 63,), True),
    ("if arg0 & 0xf0 == 0x30", (0x35,), True), ("if arg0 & 0xf0 == 0x30", (0x45,), False),
    ("if arg5 in { 1, 2, 3 }", (0, 0, 0, 0, 0, 2), True), ("if arg5 in { 1, 2, 3 }", (0, 0, 0, 0, 0, 4), False),
    ("if arg0 == 1 and arg1 == 2", (1, 2), True), ("if arg0 == 1 and arg1 == 2", (1, 3), False),
    ("if arg0 == 1 or arg1 == 2", (0, 2), True), ("if arg0 == 1 or arg1 == 2", (0, 0), False),
    ("if not (arg0 == 1 or arg1 == 2)", (0, 0), True), ("if not (arg0 == 1 or arg1 == 2)", (1, 0), False),
    ("unless arg0 == 1", (1,), False), ("unless arg0 == 1", (2,), True),
    ("if arg0 == 010", (8,), True), ("if arg0 == 0x10", (16,), True),
])
def test_conditions(under, probe, rule, arguments, hit):
    """The kernel itself judges each operator, at the borders of the two halves of an argument."""
    got = ask(under, f"{HEAD}deny getppid with EHOSTDOWN {rule}\n", probe, getppid(*arguments))
    assert (got["it"] == (-1, errno.EHOSTDOWN)) == hit


def test_the_first_rule_that_matches_decides(under, probe):
    text = HEAD + "allow getppid if arg0 == 1\ndeny getppid if arg0 in { 1, 2 } with EHOSTDOWN\ndeny getppid with EXDEV\n"
    codes = [ask(under, text, probe, getppid(n))["it"][1] for n in (1, 2, 3)]
    assert codes == [0, errno.EHOSTDOWN, errno.EXDEV]


def test_kill(under, probe):
    assert ask(under, HEAD + "kill getppid\n", probe, getppid())["it"] == ("killed", signal.SIGSYS)


def test_log_runs(under, probe):
    assert ask(under, HEAD + "log getppid\n", probe, getppid())["it"][1] == 0


@pytest.mark.skipif(not X86, reason="i386 belongs to x86_64")
@pytest.mark.parametrize("foreign, expected", [
    ("deny with EHOSTDOWN", (-1, errno.EHOSTDOWN)), ("kill", ("killed", signal.SIGSYS)), ("compile", (0, 0)),
])
def test_foreign(under, probe, foreign, expected):
    text = HEAD.replace("foreign compile", f"foreign {foreign}") + "deny socket\n"
    got = ask(under, text, probe, "it:int80:20", "that:native:39")
    assert got["that"][1] == 0
    assert got["it"] == expected or expected == (0, 0) and got["it"][1] == 0


@pytest.mark.parametrize("call", ["seccomp", "prctl"])
@pytest.mark.parametrize("code", ["EPERM", "ENOSYS", "EINVAL"])
@pytest.mark.parametrize("backend", ["auto", "seccomp"])
def test_where_the_layer_cannot_be_built_nothing_runs(bare, nonet, me, call, code, backend):
    """Inside a sandbox that refuses the calls nonet needs, and sockets: 125, which step, which errno.

    `lo` cannot be brought up there either, so there is no namespace to fall back to.
    """
    outer = ["--deny", call, "--errno", code, "--"]
    done = bare(*outer, nonet, "--backend", backend, "--", "touch", "ran")
    assert done.returncode == 125 and not os.path.exists(f"{me.home}/ran")
    text = done.stderr.decode()
    assert text.startswith("nonet: ") and 1 <= text.count("\n") <= 5
    assert all(line.startswith("  ") for line in text.splitlines()[1:]), "one sentence, then a line for each backend"
    assert call in text and os.strerror(getattr(errno, code)) in text


ASK = """
import os, socket, sys
def ask(what, do):
    try: do(); print(what, "ok")
    except OSError as error: print(what, error.errno)
ask("make", lambda: socket.socket().close())
ask("reach", lambda: socket.create_connection(("127.0.0.1", int(sys.argv[1])), 3).close())
ask("own", lambda: socket.create_server(("127.0.0.1", 0)).close())
print("layers", os.environ["NONET"])
"""


@pytest.mark.parametrize("code", ["EPERM", "ENOSYS", "EINVAL"])
def test_without_a_filter_the_namespace_holds(under, user, nonet, listener, code, free):
    """Where only the filter is refused, auto falls back to the namespace, and says so in one line."""
    words = [nonet, "--", PYTHON, "-c", ASK, str(listener.port)]
    outside = free(PYTHON, "-c", ASK, str(listener.port), env={"NONET": "-"})
    assert outside.stdout == b"make ok\nreach ok\nown ok\nlayers -\n"
    path = f"{user.home}/p.policy"
    with open(path, "w") as file:
        file.write(HEAD + f"deny seccomp with {code}\n")
    user.own(path, 0o644)
    done = free(nonet, "-q", "--policy", path, "--", *words)
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().split("\n")[:3] == ["make ok", f"reach {errno.ECONNREFUSED}", "own ok"]
    assert done.stdout.split()[-1].startswith(b"default:") and b"namespace" in done.stdout and b"seccomp" not in done.stdout
    assert done.stderr.startswith(b"nonet: warning: no filter") and done.stderr.count(b"\n") == 1
    assert len(listener.seen) == 1
    refused = free(nonet, "-q", "--policy", path, "--", nonet, "--backend", "seccomp", "--", "touch", "ran")
    assert refused.returncode == 125 and not os.path.exists(f"{user.home}/ran")


def test_best_effort_runs_and_shouts(bare, nonet, me):
    """The only way to run unconfined, and --quiet does not silence it."""
    outer = ["--deny", "seccomp", "--"]
    done = bare(*outer, nonet, "-q", "--best-effort", "--", "sh", "-c", "echo $NONET")
    assert (done.returncode, done.stdout) == (0, b"default:none\n")
    assert b"NOTHING CONFINES THIS COMMAND" in done.stderr
    done = bare("--best-effort", "--", "sh", "-c", "echo $NONET")
    assert b"seccomp" in done.stdout and done.stderr == b""


def test_a_full_chain_of_filters(bare, nonet, me):
    """The kernel holds 32,768 instructions of filters a task; past that nonet must not run the command."""
    with open(f"{me.home}/big.policy", "w") as file:
        # Without Landlock, of which a process takes 16 domains.
        file.write(HEAD + "layers none\n" + "".join(f"deny getppid if arg0:32 == {n * 7919}\n" for n in range(2000)))
    depth = [nonet, "-q", "--policy", f"{me.home}/big.policy", "--"] * 24
    done = bare("-q", "--", *depth, "touch", "ran")
    assert done.returncode == 125 and not os.path.exists(f"{me.home}/ran")
    assert b"Cannot allocate memory" in done.stderr and done.stderr.count(b"\n") == 1


def test_little_memory(bare, me):
    """Too little memory is a failure, not a command without layers."""
    for limit in (1 << 20, 2 << 20, 4 << 20, 8 << 20, 64 << 20):
        lower = lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        done = bare("--", PYTHON, "-c", "import socket; socket.socket()", preexec_fn=lower)
        assert done.returncode != 0, "open"


def test_few_descriptors(bare, me):
    """A policy file needs one descriptor; where there is none it says so."""
    with open(f"{me.home}/p.policy", "w") as file:
        file.write(HEAD)
    lower = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
    done = bare("--policy", "p.policy", "--", "true", preexec_fn=lower)
    assert done.returncode == 125 and b"Too many open files" in done.stderr
    # The Landlock domain needs a descriptor too: without the layer nothing runs.
    done = bare("--", "/bin/true", preexec_fn=lower)
    assert done.returncode == 125 and done.stderr.startswith(b"nonet: ") and done.stderr.count(b"\n") == 1
    assert b"landlock" in done.stderr and b"Too many open files" in done.stderr


def test_a_name_lookup_ends_at_once(confined):
    """No query leaves, and nobody waits for an answer. Only inside: outside it would ask a server."""
    code = "import socket\ntry: socket.getaddrinfo('nonet.invalid', 80)\nexcept socket.gaierror as e: print('refused')"
    assert confined(PYTHON, "-c", code, timeout=10).stdout == b"refused\n"


def test_a_script_without_an_interpreter_line(free, confined, user):
    """As execvp and every shell do it: /bin/sh runs it."""
    path = f"{user.home}/script"
    with open(path, "w") as file:
        file.write("echo $1\n")
    user.own(path, 0o755)
    assert free("env", path, "word").stdout == confined(path, "word").stdout == b"word\n"


# --- what people see -----------------------------------------------------------------------------


def test_warnings_warn_and_quiet_is_quiet(under):
    text = HEAD + "deny clone3\n"
    loud = under(text, "echo", "ran", options=())
    assert (loud.returncode, loud.stdout) == (0, b"ran\n")
    assert b"p.policy:5:" in loud.stderr and b"warning" in loud.stderr and b"ENOSYS" in loud.stderr
    assert under(text, "echo", "ran").stderr == b""


@pytest.mark.parametrize("rule, word", [
    ("deny clone3", "ENOSYS"), ("deny statx", "ENOSYS"), ("deny rseq", "ENOSYS"), ("deny openat2", "ENOSYS"), ("deny faccessat2", "ENOSYS"),
    ("deny sendmsg", "sendmmsg"), ("deny accept", "accept4"), ("deny socket", "io_uring_setup"),
    ("deny getpid\nallow getpid", "never match"), ("deny uprobe", "uprobe"), ("deny uretprobe", "uretprobe"),
])
def test_what_is_warned_about(under, rule, word):
    done = under(HEAD + rule + "\n", "true", options=())
    assert done.returncode == 0 and b"warning" in done.stderr and word.encode() in done.stderr


def test_presets_warn_of_nothing(bare):
    for preset in PRESETS:
        done = bare("--policy", preset, "--", "true")
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_verbose_says_each_layer(bare):
    done = bare("-v", "--", "echo", "ran")
    assert done.stdout == b"ran\n" and b"seccomp" in done.stderr and done.stderr.startswith(b"nonet: ")


def test_no_colour_without_a_terminal(bare):
    for words in (["--nosuch"], ["-v", "true"], ["--policy", "nosuch", "true"], ["--help"], ["--dump-bpf"]):
        done = bare(*words, env={"TERM": "xterm-256color"})
        assert b"\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize("name", ['quo"te.policy', "back\\slash.policy", "star*/slash.policy", "new\nline.policy",
                                  "es\x1b[31mcape.policy", "ü.policy", b"\xff\xfe.policy", "{}<>|.policy", "%s%n.policy"])
def test_names_of_files_cannot_break_an_output(bare, me, name):
    """The policy's name stands in listing, json, c and dot: as text, whatever it is."""
    path = os.path.join(os.fsencode(me.home), name if isinstance(name, bytes) else name.encode())
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(HEAD + "deny getppid\n")
    raw = bare("-q", "--dump-bpf", "--format", "raw", "--policy", path).stdout
    assert raw and len(raw) % 8 == 0
    found = json.loads(bare("-q", "--dump-bpf", "--format", "json", "--policy", path).stdout)
    assert found
    json.loads(bare("-q", "--explain", "--format", "json", "--policy", path).stdout)
    source = bare("-q", "--dump-bpf", "--format", "c", "--policy", path).stdout
    check = ["cc", "-fsyntax-only", "-Wall", "-Wno-unused-variable", "-Wno-unused-const-variable", "-Werror", "-x", "c", "-"]
    assert subprocess.run(check, input=source, stderr=subprocess.PIPE, timeout=20).stderr == b""
    dot = bare("-q", "--dump-bpf", "--format", "dot", "--policy", path).stdout
    unescaped = dot.replace(b"\\\\", b"").replace(b'\\"', b"")
    assert all(line.count(b'"') % 2 == 0 for line in unescaped.splitlines())
    if shutil.which("dot"):
        assert subprocess.run(["dot", "-Tplain"], input=dot, stdout=subprocess.DEVNULL, timeout=20).returncode == 0
    listing = bare("-q", "--dump-bpf", "--policy", path).stdout
    assert b"\x1b" not in listing + dot + source
    assert all(line.startswith((b";", b" ")) for line in listing.splitlines()), "the name broke out of its comment"
