"""A supervised command is a child and yet looks like the process that was started.

The questions of test_process.py and test_terminal.py, asked under `--log`; where a child must answer
otherwise (its pid), the question is asked here.
"""

import json
import os
import signal
import subprocess
import time

import pytest
from test_process import (  # noqa: F401
    test_a_handled_signal_is_the_commands, test_arguments_pass_untouched, test_closed_standard_streams, test_directory,
    test_everything_else_is_kept, test_exit_status_is_the_commands, test_interpreter_missing, test_missing_command,
    test_missing_path, test_not_executable, test_path_is_searched, test_stop_and_continue, test_unusual_state_is_kept)
from test_terminal import (  # noqa: F401
    terminal, test_interrupt_can_be_handled, test_job_control_inside, test_job_control_of_a_shell_outside, test_size_and_ttyness)

from support.run import PYTHON, Launcher


@pytest.fixture
def words(nonet, user):
    return (nonet, "-q", "--log", f"{user.home}/supervised.log", "--")


@pytest.fixture
def confined(user, words):
    return Launcher(user, words)


@pytest.fixture
def prefix(words):
    return list(words)


@pytest.fixture
def bare(me, nonet):
    return Launcher(me, (nonet, "-q", "--log", f"{me.home}/supervised.log"))


def log_of(user):
    with open(f"{user.home}/supervised.log") as file:
        return [json.loads(line) for line in file]


def wait_until(condition, patience=5):
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def state(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0]


def child_of(pid):
    """The command: the other child is the second holder, which is nonet itself."""
    def name(child):
        try:
            with open(f"/proc/{child}/comm") as file:
                return file.read().strip()
        except FileNotFoundError:  # the first second holder has just been replaced
            return "nonet"
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        (child,) = [one for one in file.read().split() if name(one) != "nonet"]
    return int(child)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR2])
def test_a_signal_is_passed_on(confined, user, number):
    child = confined.popen("sh", "-c", "ulimit -c 0; echo ready; exec sleep 20")
    assert child.stdout.readline() == b"ready\n"
    child.send_signal(number)
    child.communicate(timeout=10)
    assert child.returncode == -number
    assert {**log_of(user)[-1], "timestamp": ""} == {"timestamp": "", "event_count": 0, "attempts": 0, "dropped": 0, "status": "killed", "exit_code": 128 + number}


def test_a_signal_of_its_own_ends_the_command(confined):
    assert confined("sh", "-c", "ulimit -c 0; kill -SEGV $$").returncode == -signal.SIGSEGV


def test_keys_reach_the_command_once(terminal, prefix, user):
    """Ctrl-C is the whole group's: the supervisor does not say it again."""
    one = terminal([*prefix, "sh", "-c", "trap 'echo caug''ht' INT; echo started; i=0; while [ $i -lt 20 ]; do sleep 0.05; i=$((i+1)); done"])
    one.until(b"started")
    one.type(b"\x03")
    one.until(b"caught")
    assert one.status() == 0 and one.text.count(b"caught") == 1


def test_interrupt_ends_the_command(terminal, prefix):
    one = terminal([*prefix, "sh", "-c", "echo started; exec sleep 20"])
    one.until(b"started")
    one.type(b"\x03")
    assert one.status() == -signal.SIGINT


def test_a_command_that_reads_in_the_background_stops(terminal, prefix):
    one = terminal(["bash", "--norc", "--noprofile", "-i"])
    one.until(b"ready> ")
    one.type(b"%s sh -c 'read line; echo got $line' &\n" % " ".join(prefix).encode())
    one.type(b"\n")
    one.until(b"Stopped")
    one.type(b"fg\n")
    one.type(b"word\n")
    one.until(b"got word")
    one.type(b"exit 0\n")
    assert one.status() == 0


def test_a_job_in_the_background_ends(terminal, prefix):
    one = terminal(["bash", "--norc", "--noprofile", "-i"])
    one.until(b"ready> ")
    one.type(b"%s sh -c 'exit 6' & wait $!; echo sta''tus $?; exit 0\n" % " ".join(prefix).encode())
    one.until(b"status 6")
    assert one.status() == 0


def test_the_supervisor_is_the_parent_and_in_the_same_group(confined):
    child = confined.popen("sh", "-c", "echo $PPID; read line", stdin=subprocess.PIPE)
    assert int(child.stdout.readline()) == child.pid
    assert os.getpgid(child_of(child.pid)) == os.getpgid(child.pid) and os.getsid(child_of(child.pid)) == os.getsid(child.pid)
    child.communicate(b"\n", timeout=10)
    assert child.returncode == 0


def test_orphans_are_reaped(confined):
    """A daemon's children become the supervisor's and leave no zombies."""
    script = "for i in 1 2 3; do sh -c 'sleep 0.1 & echo $!' ; done; read line"
    child = confined.popen("sh", "-c", script, stdin=subprocess.PIPE)
    orphans = [int(child.stdout.readline()) for _ in range(3)]
    wait_until(lambda: not any(os.path.exists(f"/proc/{one}") for one in orphans))
    child.communicate(b"\n", timeout=10)
    assert child.returncode == 0


def test_what_the_command_leaves_running_is_refused_as_before(confined, user):
    """nonet ends with the command, and somebody goes on for what stays until that ends too."""
    code = ("import os, socket, time\nanswers = set()\nfor i in range(40):\n try: socket.socket(); answers.add('out')\n"
            " except OSError as e: answers.add(str(e.errno))\n time.sleep(0.02)\n"
            "open('answer.new', 'w').write(' '.join(answers)); os.rename('answer.new', 'answer')")
    start = time.monotonic()
    done = confined("sh", "-c", '"$0" -c "$1" >/dev/null 2>&1 & sleep 0.2; exit 4', PYTHON, code)
    assert done.returncode == 4 and time.monotonic() - start < 0.7
    wait_until(lambda: os.path.exists(f"{user.home}/answer"))
    with open(f"{user.home}/answer") as file:
        assert file.read() == "13"


def test_a_killed_supervisor(confined, user):
    """SIGKILL for the supervisor: the command is told by SIGTERM, and is refused the same as before."""
    code = ("import signal, socket, sys, time, os\nsignal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})\n"
            "def ask():\n try: socket.socket(); return 'out'\n except OSError as e: return str(e.errno)\n"
            "print(ask(), flush=True)\nsignal.sigwait({signal.SIGTERM})\nopen('after', 'w').write(ask()); os.rename('after', 'done')")
    child = confined.popen(PYTHON, "-c", code)
    assert child.stdout.readline() == b"13\n"
    command = child_of(child.pid)
    wait_until(lambda: len(log_of(user)) == 2)  # it is written right after the answer
    child.kill()
    child.communicate(timeout=10)
    wait_until(lambda: os.path.exists(f"{user.home}/done"))
    with open(f"{user.home}/done") as file:
        assert file.read() == "13"
    lines = log_of(user)
    assert lines[1]["api"] == "socket" and (lines[-1]["status"], lines[-1]["event_count"]) == ("lost", None)
    wait_until(lambda: not os.path.exists(f"/proc/{command}"))


def test_nobody_inside_reaches_the_supervisor(confined):
    """The listener is not inherited, and the supervisor can be neither traced nor read."""
    code = ("import ctypes, os\nl = ctypes.CDLL(None, use_errno=True)\np = os.getppid()\n"
            "print(l.ptrace(0x4206, p, 0, 0), ctypes.get_errno())\n"
            "try: open(f'/proc/{p}/mem', 'rb'); print('open')\nexcept OSError as e: print('refused')\n"
            "print(sum(os.path.exists(f'/proc/self/fd/{f}') for f in os.listdir('/proc/self/fd')))")
    done = confined(PYTHON, "-c", code)
    assert done.stdout.split(b"\n")[:3] == [b"-1 1", b"refused", b"3"], done


def test_nested(nonet, free, user):
    """One supervisor at a time: an inner log is refused, an inner hint does without."""
    outer = [nonet, "-q", "--log", f"{user.home}/outer.log", "--"]
    done = free(*outer, nonet, "--log", "inner.log", "--", "echo", "ran")
    assert done.returncode == 125 and b"already inside a supervised nonet" in done.stderr and not done.stdout
    done = free(*outer, nonet, "-v", "--hint", "--", "sh", "-c", "echo ran; exit 3")
    assert (done.returncode, done.stdout) == (3, b"ran\n")
    assert b"an outer nonet supervises already" in done.stderr
    done = free(*outer, nonet, "-q", "--", PYTHON, "-c", "import socket; socket.socket()")
    assert done.returncode == 1 and b"PermissionError" in done.stderr
    done = free(nonet, "-q", "--", nonet, "-q", "--log", f"{user.home}/inside.log", "--", "sh", "-c", "exit 5")
    assert done.returncode == 5


def test_start_up_is_bounded(confined):
    """A hundred supervised commands at once: all end, with their own statuses."""
    children = [confined.popen("sh", "-c", f"exit {i}") for i in range(100)]
    assert [child.wait(timeout=30) for child in children] == list(range(100))
    for child in children:
        child.stdout.close(), child.stderr.close()


def test_hint(nonet, free):
    said = 'nonet: network is blocked here by policy "default"; 1 attempt, first: socket AF_INET SOCK_STREAM by '
    done = free(nonet, "--hint", "--", PYTHON, "-c", "import socket; socket.socket()")
    assert done.returncode == 1
    assert done.stderr.decode().splitlines()[-1].startswith(said)
    assert done.stderr.count(b"nonet: ") == 1
    quiet = "import socket\ntry: socket.socket()\nexcept OSError: pass"
    done = free(nonet, "--hint", "--", PYTHON, "-c", quiet)
    assert (done.returncode, done.stderr) == (0, b"")
    done = free(nonet, "--hint", "--", "false")
    assert (done.returncode, done.stderr) == (1, b"")
    done = free(nonet, "--hint", "--policy", "unix", "--", "sh", "-c", f"{PYTHON} -c '{quiet}'; exit 3")
    assert done.returncode == 3 and done.stderr.startswith(b'nonet: network is blocked here by policy "unix"; 1 attempt')
