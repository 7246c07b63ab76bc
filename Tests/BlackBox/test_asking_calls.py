"""Calls that only ask what a descriptor is: programs that ask behave under `strict` as they do bare, and
nonet itself, which asks too, runs inside every policy.
"""

import json
import os
import shutil
import socket
import subprocess

import pytest

from support.run import PYTHON, Launcher, tool

DENYING = {
    "strict": ("--policy", "strict"), "group": ("--deny", "@network"), "file": ("--policy", "./offline.policy"),
}


@pytest.fixture
def offline(user):
    """README's policy."""
    path = f"{user.home}/offline.policy"
    with open(path, "w") as file:
        file.write("default allow\ndeny @network, @io_uring with ENOSYS\n")
    user.own(path, 0o644)


# --- bash takes a refused getpeername for a network connection --------------------------------------


@pytest.fixture
def bashrc(user, offline):
    path = f"{user.home}/.bashrc"
    with open(path, "w") as file:
        file.write("echo BASHRC-RAN\n")
    user.own(path, 0o644)
    names = {**user.environment()}
    names.pop("SHLVL", None)
    return names


def bash(user, environment, *prefix, **options):
    return subprocess.run([*prefix, "bash", "-c", "echo ran"], env=environment, cwd=user.home, capture_output=True, timeout=20,
                          **{"stdin": subprocess.DEVNULL, **user.options(), **options})


@pytest.mark.parametrize("how", DENYING)
def test_bash_does_not_run_its_start_up_file(user, nonet, bashrc, how):
    told = bash(user, bashrc, nonet, "-q", "--deny", "getpeername", "--")
    assert told.stdout == b"BASHRC-RAN\nran\n", "the instrument: a bash that is refused takes its input for a connection"
    bare = bash(user, bashrc)
    done = bash(user, bashrc, nonet, "-q", *DENYING[how], "--")
    assert (bare.stdout, done.stdout, done.stderr) == (b"ran\n", b"ran\n", b"")
    # A pipe of Node is a socket. For such a one bash asks the same, and answers as it would bare.
    one, other = socket.socketpair()
    with one, other:
        bare = bash(user, bashrc, stdin=one)
        assert bash(user, bashrc, nonet, "-q", *DENYING[how], "--", stdin=one).stdout == bare.stdout


def test_nor_does_the_shell(user, nonet, bashrc, stage):
    shell = stage / "asking" / "nonet-shell"
    shell.parent.mkdir(exist_ok=True)
    if not shell.exists():
        shell.symlink_to(nonet)
    environment = {**bashrc, "NONET_SHELL": shutil.which("bash"), "NONET_OPTIONS": "-q --deny getpeername"}
    run = lambda: subprocess.run([shell, "-c", "echo ran"], env=environment, cwd=user.home, stdin=subprocess.DEVNULL,
                                 capture_output=True, timeout=20, **user.options()).stdout
    assert run() == b"BASHRC-RAN\nran\n", "the instrument"
    environment["NONET_OPTIONS"] = "-q --policy strict"
    assert run() == b"ran\n"


# --- the same kind, elsewhere ----------------------------------------------------------------------

ASK = """
import os, socket, stat
for number in range(3):
    print(number, stat.S_IFMT(os.fstat(number).st_mode))
    for what in ("getsockname", "getpeername"):
        try: print(what, getattr(socket.socket(fileno=os.dup(number)), what)())
        except OSError as error: print(what, error.errno)
"""
PERL = 'for my $f (*STDIN, *STDOUT) { print defined(getsockname($f)) ? "name" : $!+0, " ", defined(getpeername($f)) ? "peer" : $!+0, " ",' \
       ' defined(getsockopt($f, 1, 3)) ? "type" : $!+0, "\\n" }'
PROGRAMS = {
    "dash": ("dash", "-c", "echo $-; read x; echo $x"), "zsh": ("zsh", "-c", "echo $-; read x; echo $x"),
    "fish": ("fish", "-c", "status is-interactive; echo $status; read x; echo $x"),
    "bash": ("bash", "-c", "echo $-; read x; echo $x"), "perl": ("perl", "-e", PERL), "python": (PYTHON, "-c", ASK),
    "ssh": ("ssh", "-G", "-F", "none", "host.invalid"), "sh": ("sh", "-c", "tty; read x; echo $x"),
}


@pytest.mark.parametrize("what", PROGRAMS)
@pytest.mark.parametrize("how", ["strict", "group"])
def test_programs_that_ask_about_their_streams(user, nonet, offline, what, how):
    tool(PROGRAMS[what][0], optional=True)

    def streams(stdin, *prefix):
        with stdin() as given:
            done = Launcher(user, prefix)(*PROGRAMS[what], stdin=given)
            return done.returncode, done.stdout, done.stderr

    def pair():
        one, other = socket.socketpair()
        with other:
            other.sendall(b"word\n")
        return one

    def pipe():
        reading, writing = os.pipe()
        with os.fdopen(writing, "wb") as file:
            file.write(b"word\n")
        return os.fdopen(reading, "rb")

    for stdin in (pair, pipe, lambda: open("/dev/null", "rb")):
        assert streams(stdin, nonet, "-q", *DENYING[how], "--") == streams(stdin)


# --- nonet inside ------------------------------------------------------------------------------------


@pytest.mark.parametrize("inner", ["default", "strict", "unix"])
def test_nonet_starts_inside_strict(free, nonet, inner):
    one, other = socket.socketpair()
    with one, other:
        for options in ([], ["-v"], ["--errno", "EPERM"]):
            other.sendall(b"word\n")
            done = free(nonet, "-q", "--policy", "strict", "--", nonet, *options, "--policy", inner, "--",
                        "sh", "-c", "read x; echo $NONET $x", stdin=one)
            assert done.returncode == 0 and done.stdout == f"{inner}:seccomp+landlock+descriptors word\n".encode(), done


def test_the_shell_and_the_hook_start_inside_strict(free, nonet, user):
    code = f'ln -s {nonet} nonet-shell; NONET_SHELL=bash ./nonet-shell -c "echo shell"'
    assert free(nonet, "--policy", "strict", "--", "sh", "-c", code).stdout == b"shell\n"
    question = b'{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"echo ran"}}'
    outer = (nonet, "-q", "--policy", "strict", "--")
    answers = [free(*prefix, nonet, "--hook", "claude-code", "--policy", "strict", input=question) for prefix in ((), outer)]
    assert answers[0].returncode == 0 and answers[0].stdout == answers[1].stdout
    command = json.loads(answers[1].stdout)["hookSpecificOutput"]["updatedInput"]["command"]
    assert "nonet" in command and free(*outer, "bash", "-c", command).stdout == b"ran\n"


def test_check_inside_strict_is_what_happens(free, nonet):
    outer = [nonet, "-q", "--policy", "strict", "--"]
    table = free(*outer, nonet, "--check").stdout.decode().split("policy    backend", 1)[1].splitlines()[1:]
    assert len(table) == 16
    for policy, backend, layers in (line.split(None, 2) for line in table):
        if backend == "python":
            continue
        done = free(*outer, nonet, "-q", "--policy", policy, "--backend", backend, "--", "sh", "-c", "echo $NONET")
        assert (done.returncode == 0) == ("impossible" not in layers), (policy, backend, layers, done)
        assert done.returncode == 125 or done.stdout.decode() == f"{policy}:{layers}\n"


# --- a socket that cannot be asked -------------------------------------------------------------------

LOOK = "import os, sys\nfor n in map(int, sys.argv[1:]):\n try: os.fstat(n); print('open')\n except OSError: print('closed')"


@pytest.mark.parametrize("code", ["EACCES", "ENOTSOCK", "EBADF", "ENOSYS"])
def test_what_is_a_socket_is_never_passed_as_none(free, nonet, user, code):
    """An outer filter that answers getsockopt as if there were no socket, or no descriptor."""
    outer = (nonet, "-q", "--policy", f"{user.home}/outer.policy", "--")
    with open(f"{user.home}/outer.policy", "w") as file:
        file.write(f"default allow\ndeny getsockopt with {code}\n")
    user.own(f"{user.home}/outer.policy", 0o644)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{user.home}/listens")
    path = os.open(f"{user.home}/listens", os.O_PATH)
    one, other = socket.socketpair()
    null = os.open("/dev/null", os.O_RDONLY)
    given = [one.fileno(), path, null]
    try:
        look = (PYTHON, "-c", LOOK, *map(str, given))
        assert free(nonet, "--", *look, pass_fds=given).stdout == b"open\nopen\nopen\n", "told, it stays"
        assert free(*outer, *look, pass_fds=given).stdout == b"open\nopen\nopen\n", "the instrument"
        done = free(*outer, nonet, "--", *look, pass_fds=given)
        assert done.stdout == b"closed\nopen\nopen\n", done
        done = free(*outer, nonet, "--", "echo", "ran", stdin=one)
        assert (done.returncode, done.stdout) == (125, b"") and b"descriptor 0 is a socket of a kind that an outer filter hides" in done.stderr
        assert free(*outer, nonet, "--", "echo", "ran").stdout == b"ran\n"
    finally:
        for each in (path, null):
            os.close(each)
        for each in (listener, one, other):
            each.close()
