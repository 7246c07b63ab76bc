"""The command is the process: status, arguments, environment, limits and standard streams are its own."""

import itertools
import json
import os
import resource
import signal
import subprocess
import time

import pytest

from support.run import PYTHON, Launcher

STATE = """
import json, os, resource, signal, sys
held = sorted(int(f) for f in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{f}"))
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status") if ":\\t" in line)
print(json.dumps({
    "umask": status["Umask"].strip(), "cwd": os.getcwd(), "nice": os.nice(0), "ids": [os.getuid(), os.getgid(), os.getgroups()],
    "limits": [resource.getrlimit(r) for r in (resource.RLIMIT_NOFILE, resource.RLIMIT_CORE, resource.RLIMIT_STACK, resource.RLIMIT_NPROC)],
    "ignored": status["SigIgn"].strip(), "blocked": status["SigBlk"].strip(), "caught": status["SigCgt"].strip(),
    "session": os.getsid(0) == os.getppid() or os.getsid(0), "group": os.getpgrp() == os.getpid(),
    "environment": {k: v for k, v in os.environ.items() if k != "NONET"}, "fds": len(held),
    "nonet": os.environ.get("NONET"), "nnp": status["NoNewPrivs"].strip(), "seccomp": status["Seccomp"].strip()}))
"""


STREAMS = """
import os
held = []
for fd in (0, 1, 2):
    try:
        os.fstat(fd)
        held.append(str(fd))
    except OSError:
        pass
with open("out", "w") as file:
    file.write(" ".join(held))
"""


@pytest.mark.parametrize("status", [0, 1, 2, 77, 125, 126, 127, 128, 255])
def test_exit_status_is_the_commands(confined, status):
    assert confined("sh", "-c", f"exit {status}").returncode == status


def test_missing_command(confined):
    done = confined("no-such-command-here")
    assert (done.returncode, done.stdout) == (127, b"")
    assert one_sentence(done.stderr) and b"no-such-command-here" in done.stderr


def test_missing_path(confined):
    done = confined("./no/such/file")
    assert done.returncode == 127 and one_sentence(done.stderr)


def test_directory(confined):
    done = confined("/usr")
    assert done.returncode == 126 and one_sentence(done.stderr) and b"/usr" in done.stderr


def test_not_executable(confined, user):
    path = f"{user.home}/plain"
    with open(path, "w") as file:
        file.write("#!/bin/sh\necho ran\n")
    user.own(path, 0o644)
    done = confined(path)
    assert (done.returncode, done.stdout) == (126, b"") and one_sentence(done.stderr)


def test_interpreter_missing(confined, user):
    path = f"{user.home}/script"
    with open(path, "w") as file:
        file.write("#!/no/such/interpreter\n")
    user.own(path, 0o755)
    done = confined(path)
    assert done.returncode in (126, 127) and one_sentence(done.stderr)


def test_path_is_searched(confined, user):
    folder = f"{user.home}/bin"
    os.mkdir(folder)
    with open(f"{folder}/greet", "w") as file:
        file.write("#!/bin/sh\necho found $#\n")
    user.own(folder, 0o755)
    user.own(f"{folder}/greet", 0o755)
    done = confined("greet", "a", "b c", env={"PATH": f"{folder}:/usr/bin:/bin"})
    assert done.stdout == b"found 2\n"


def test_arguments_pass_untouched(bare):
    words = [b"plain", b"", b"\xff\xfe not utf-8 \x80", b"new\nline", b"--", b"--errno", b"-q", b"*", "ü€".encode()]
    show = ["/usr/bin/printf", "%s\\0"]
    done = bare("--", *show, *words)
    assert done.stdout.split(b"\0")[:-1] == words


@pytest.mark.parametrize("options", [[], ["--"], ["-q"], ["--quiet", "--"], ["--policy", "default"],
                                     ["--policy=unix", "--errno=EPERM", "--"]])
def test_options_stop_at_the_first_word(bare, options):
    done = bare(*options, "printf", "%s,", "--", "--help", "-x")
    assert done.stdout == b"--,--help,-x,", done.stderr
    assert done.stderr == b""


def test_everything_else_is_kept(free, confined):
    """umask, folder, nice value, limits, ids, environment, descriptors, signal dispositions."""
    before, after = (json.loads(run(PYTHON, "-c", STATE).stdout) for run in (free, confined))
    kind, _, layers = after.pop("nonet").partition(":")
    assert kind == "default" and "seccomp" in layers.split("+")
    assert (after.pop("nnp"), after.pop("seccomp")) == ("1", "2")
    assert (before.pop("nonet"), before.pop("nnp"), before.pop("seccomp")) == (None, "0", "0")
    assert after == before


def unusual():
    os.umask(0o027)
    os.nice(3)
    resource.setrlimit(resource.RLIMIT_NOFILE, (77, 99))
    for each in (signal.SIGPIPE, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(each, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})


def test_unusual_state_is_kept(free, confined):
    """The same with everything set to something rare, ignored and blocked signals included."""
    before, after = (json.loads(run(PYTHON, "-c", STATE, preexec_fn=unusual, restore_signals=False).stdout) for run in (free, confined))
    assert before["umask"] == "0027" and before["limits"][0] == [77, 99]
    assert int(before["ignored"], 16) & (1 << (signal.SIGINT - 1))
    for key in ("nonet", "nnp", "seccomp"):
        before.pop(key), after.pop(key)
    assert after == before


def test_environment_word(bare):
    done = bare("--policy", "unix", "sh", "-c", "echo $NONET", env={"NONET": "stale"})
    assert done.stdout.startswith(b"unix:seccomp")
    listed = bare("env", env={"NONET": "stale"}).stdout.split(b"\n")
    assert sum(line.startswith(b"NONET=") for line in listed) == 1


def test_an_empty_environment(nonet, me):
    done = subprocess.run([nonet, "/usr/bin/env"], env={}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=10)
    assert done.returncode == 0, done.stderr
    assert [line.partition(b"=")[0] for line in done.stdout.split()] == [b"NONET"]


@pytest.mark.parametrize("closed", [c for n in range(4) for c in itertools.combinations((0, 1, 2), n)])
def test_closed_standard_streams(bare, nonet, me, closed):
    """With any of 0-2 closed the command runs and finds them closed as before."""
    def shut():
        for fd in closed:
            os.close(fd)

    answers = []
    for prefix in ((), (nonet, "--")):
        done = Launcher(me, prefix)(PYTHON, "-c", STREAMS, preexec_fn=shut)
        assert done.returncode == 0, done
        with open(f"{me.home}/out") as file:
            answers.append(set(map(int, file.read().split())))
    assert answers == [{0, 1, 2} - set(closed)] * 2


def test_streams_are_the_commands(bare):
    data = bytes(range(256)) * 4096
    done = bare("--", "cat", input=data)
    assert (done.stdout, done.stderr, done.returncode) == (data, b"", 0)
    done = bare("sh", "-c", "echo out; echo err >&2")
    assert (done.stdout, done.stderr) == (b"out\n", b"err\n")


def test_inherited_pipes_are_kept(bare):
    """A job server's pipe, for one; descriptors that are not sockets stay open."""
    reading, writing = os.pipe()
    done = bare("sh", "-c", f"echo through >/dev/fd/{writing}", pass_fds=(writing,))
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        assert (done.returncode, pipe.read()) == (0, b"through\n")


def test_no_process_stays_and_none_is_added(bare):
    """exec in place: the process id that was started is the command's, its only child the command's own."""
    child = bare.popen("sh", "-c", "echo $$ $PPID; read line; exit 5", stdin=subprocess.PIPE)
    assert child.stdout.readline().split() == [str(child.pid).encode(), str(os.getpid()).encode()]
    assert open(f"/proc/{child.pid}/task/{child.pid}/children").read() == ""
    child.communicate(b"\n", timeout=10)
    assert child.returncode == 5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP, signal.SIGUSR1, signal.SIGSEGV])
def test_a_signal_ends_the_command(confined, number):
    child = confined.popen("sh", "-c", "echo ready; exec sleep 20")
    assert child.stdout.readline() == b"ready\n"
    child.send_signal(number)
    child.communicate(timeout=10)
    assert child.returncode == -number


def test_a_handled_signal_is_the_commands(confined):
    child = confined.popen("sh", "-c", "trap 'echo caught; exit 9' TERM; echo ready; while :; do sleep 0.05; done")
    assert child.stdout.readline() == b"ready\n"
    child.terminate()
    out, _ = child.communicate(timeout=10)
    assert (out, child.returncode) == (b"caught\n", 9)


def test_stop_and_continue(confined):
    # In a group of its own: SIGTSTP stops nobody in an orphaned group, as the suite's own may be.
    child = confined.popen("sh", "-c", "echo ready; read line; echo $line", stdin=subprocess.PIPE,
                           preexec_fn=lambda: os.setpgid(0, 0))
    assert child.stdout.readline() == b"ready\n"
    child.send_signal(signal.SIGTSTP)
    _, status = os.waitpid(child.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status) and os.WSTOPSIG(status) == signal.SIGTSTP
    child.send_signal(signal.SIGCONT)
    out, _ = child.communicate(b"on\n", timeout=10)
    assert (out, child.returncode) == (b"on\n", 0)


def test_nested(free, nonet):
    """nonet inside nonet works, and the inner one cannot loosen the outer one."""
    code = "import socket\ntry: socket.socket()\nexcept OSError as e: print(e.errno)"
    done = free(nonet, "--errno", "EHOSTDOWN", "--", nonet, "--policy", "unix", "--", nonet, PYTHON, "-c", code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in (b"112", b"13")


def test_many_at_once_leave_nothing(bare):
    """A hundred short commands: all end, none is left as a zombie."""
    started = time.monotonic()
    children = [bare.popen("true") for _ in range(100)]
    assert {child.wait(timeout=20) for child in children} == {0}
    for child in children:
        child.stdout.close(), child.stderr.close()
    assert time.monotonic() - started < 20


def one_sentence(text):
    return text.startswith(b"nonet: ") and text.count(b"\n") == 1 and text.endswith(b"\n")
