"""On a terminal of its own: Ctrl-C, job control and the terminal itself work as without nonet."""

import fcntl
import glob
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time

import pytest

from support.run import PYTHON

DEADLINE = 10
SETTLE = 0.2  # before a key: a shell between fork and exec has not yet its final signal handling


class Terminal:
    """A child on a new pseudo-terminal; what it printed gathers in `text`."""

    def __init__(self, argv, user, rows=33, columns=77):
        self.master, slave = pty.openpty()
        # setsid gives the terminal and env the signals: Python code between fork and exec may hang where threads run.
        # A suite started in the background may ignore what the keys of a terminal send.
        self.child = subprocess.Popen(
            ["setsid", "--ctty", "env", "--default-signal", *argv], stdin=slave, stdout=slave, stderr=slave, cwd=user.home,
            env={**user.environment(), "PS1": "ready> ", "TERM": "dumb"}, **user.options())
        os.close(slave)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.text = b""

    def until(self, wanted, count=1):
        end = time.monotonic() + DEADLINE
        while self.text.count(wanted) < count:
            readable, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            assert readable, f"no {wanted!r} x{count} in {self.text!r}"
            try:
                self.text += os.read(self.master, 4096)
            except OSError:  # the other side closed
                assert self.text.count(wanted) >= count, self.text
                return

    def take(self, seconds):
        """Reads what comes within that time."""
        end = time.monotonic() + seconds
        while select.select([self.master], [], [], max(0, end - time.monotonic()))[0]:
            self.text += os.read(self.master, 4096)

    def type(self, keys, to=None):
        """Types, where a name is given only once a program of that name runs in the foreground."""
        if to:
            end = time.monotonic() + DEADLINE
            while not self._runs_in_foreground(to):
                assert time.monotonic() < end, f"no {to} in the foreground: {self.text!r}"
                time.sleep(0.02)
        time.sleep(SETTLE)
        os.write(self.master, keys)

    def _runs_in_foreground(self, name):
        group = os.tcgetpgrp(self.master)
        for path in glob.glob("/proc/[0-9]*/stat"):
            try:
                with open(path) as file:
                    command, _, rest = file.read().partition("(")[2].rpartition(")")
            except OSError:  # it has ended
                continue
            if command == name and rest.split()[0] not in "TZ" and int(rest.split()[2]) == group:
                return True
        return False

    def status(self):
        """The exit status, negative for a signal."""
        try:
            return self.child.wait(DEADLINE)
        except subprocess.TimeoutExpired as late:
            raise AssertionError(f"still running: {self.text!r}") from late

    def close(self):
        self.child.kill()
        self.child.wait()
        os.close(self.master)


@pytest.fixture(params=["free", "confined"])
def prefix(request, nonet):
    """Everything here is shown without nonet first."""
    return [nonet, "--"] if request.param == "confined" else []


@pytest.fixture
def terminal(user):
    opened = []

    def make(argv):
        opened.append(Terminal(argv, user))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def test_interrupt_ends_the_command(terminal, prefix):
    one = terminal([*prefix, "sh", "-c", "echo started; exec sleep 20"])
    one.until(b"started")
    one.type(b"\x03")
    assert one.status() == -signal.SIGINT


def test_interrupt_can_be_handled(terminal, prefix):
    one = terminal([*prefix, "sh", "-c", "trap 'echo caught; exit 4' INT; echo started; while :; do sleep 0.05; done"])
    one.until(b"started")
    one.type(b"\x03")
    one.until(b"caught")
    assert one.status() == 4


def test_quit_key(terminal, prefix):
    one = terminal([*prefix, "sh", "-c", "ulimit -c 0; echo started; exec sleep 20"])
    one.until(b"started")
    one.type(b"\x1c")
    assert one.status() == -signal.SIGQUIT


def test_size_and_ttyness(terminal, prefix):
    code = "import os, sys, time; time.sleep(0.2); print(*os.get_terminal_size(), *(os.isatty(f) for f in (0, 1, 2)), 'done')"
    one = terminal([*prefix, PYTHON, "-c", code])
    one.until(b"done")
    assert b"77 33 True True True done" in one.text
    assert one.status() == 0


def test_job_control_of_a_shell_outside(terminal, prefix):
    """Ctrl-Z stops the whole job, `jobs` names it, `fg` brings it back, Ctrl-C ends it."""
    one = terminal(["bash", "--norc", "--noprofile", "-i"])
    one.until(b"ready> ")
    one.type(b"%s sh -c 'echo sta''rted; exec sleep 20'\n" % " ".join(prefix).encode())
    one.until(b"started")
    one.type(b"\x1a", to="sleep")
    one.until(b"Stopped")
    one.until(b"ready> ", 2)
    one.type(b"jobs\n")
    one.until(b"Stopped", 2)
    one.type(b"fg\n")
    one.type(b"\x03", to="sleep")
    one.until(b"ready> ", 4)
    one.type(b"echo status $?; exit 0\n")
    one.until(b"status 130")
    assert one.status() == 0


def test_job_control_inside(terminal, prefix):
    """A shell that runs under nonet keeps its own jobs."""
    one = terminal([*prefix, "bash", "--norc", "--noprofile", "-i"])
    one.until(b"ready> ")
    one.type(b"sleep 20\n")
    one.type(b"\x1a", to="sleep")
    one.until(b"Stopped")
    one.type(b"fg\n")
    one.type(b"\x03", to="sleep")
    one.until(b"ready> ", 3)
    one.type(b"echo all-''gone $?; exit 3\n")
    one.until(b"all-gone 130")
    assert one.status() == 3
    assert b"no job control" not in one.text
