"""Signals stay inside: a process outside that acts on one, as a service manager does, would act for the command."""

import platform
import subprocess

import pytest

from support.run import PYTHON

WAYS = "kill", "group", "thread", "queue", "pidfd", "owner"

# Tells of each signal, and of its last, until its standard input ends.
OUTSIDE = """
import os, signal, sys
os.setpgid(0, 0)
def got(number, frame): os.write(1, b"got\\n")
for number in signal.SIGUSR1, signal.SIGRTMIN: signal.signal(number, got)
os.write(1, f"{os.getpid()}\\n".encode())
sys.stdin.read()
"""

# Sends a signal to a process, each way once, and says what that answered.
INSIDE = """
import ctypes, fcntl, os, signal, socket, sys
other, c = int(sys.argv[1]), ctypes.CDLL(None, use_errno=True)
def ask(answer):
    if answer < 0: raise OSError(ctypes.get_errno(), "")
def queue(): ask(c.sigqueue(other, int(signal.SIGUSR1), ctypes.c_void_p(0)))
def thread(): ask(c.tgkill(other, other, int(signal.SIGUSR1)))
def owner():
    near, far = os.pipe()
    fcntl.fcntl(near, fcntl.F_SETOWN, other)
    fcntl.fcntl(near, 10, signal.SIGUSR1)  # F_SETSIG
    fcntl.fcntl(near, fcntl.F_SETFL, fcntl.fcntl(near, fcntl.F_GETFL) | os.O_ASYNC)
    os.write(far, b"x")
ways = {"kill": lambda: os.kill(other, signal.SIGRTMIN), "group": lambda: os.killpg(other, signal.SIGUSR1),
  "thread": thread, "queue": queue,
  "pidfd": lambda: signal.pidfd_send_signal(os.pidfd_open(other), signal.SIGUSR1), "owner": owner}
for name in sys.argv[2:]:
    try: ways[name]()
    except OSError as error: print(name, error.errno)
    else: print(name, 0)
"""


@pytest.fixture
def outside(free):
    """Starts a process of the same user outside; its `told` ends it and says how many signals it got."""

    class Outside:
        def __init__(self):
            self.process = free.popen(PYTHON, "-c", OUTSIDE, stdin=subprocess.PIPE)
            self.number = int(self.process.stdout.readline())

        def told(self):
            return self.process.communicate(timeout=20)[0].count(b"got")

    started = []

    def start():
        started.append(Outside())
        return started[-1]

    yield start
    for one in started:
        one.process.stdin.close()
        one.process.wait(20)


def lines(done):
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().splitlines()


@pytest.mark.parametrize("way", WAYS)
def test_each_way_leads_to_the_process(free, outside, way):
    other = outside()
    assert lines(free(PYTHON, "-c", INSIDE, str(other.number), way)) == [f"{way} 0"]
    assert other.told() > 0


@pytest.fixture
def scope():
    release = tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2])
    if release < (6, 12):
        pytest.skip("Landlock keeps signals inside from Linux 6.12 on")


@pytest.mark.parametrize("options", [
    (), ("--policy", "strict"), ("--policy", "unix"), ("--loopback",), ("--hint",), ("--log", "-"), ("--allow-unix", "inside"),
    ("--backend", "namespace"),
], ids=lambda words: " ".join(words).lstrip("-") or "default")
def test_none_comes_out(confined, free, outside, scope, options):
    nonet, end = confined.prefix
    other = outside()
    got = lines(free(nonet, "-q", *options, end, PYTHON, "-c", INSIDE, str(other.number), *WAYS))
    assert other.told() == 0
    # Who owns a file is only named; a supervised run refuses that too.
    assert got[:-1] == [f"{way} 1" for way in WAYS[:-1]] and got[-1] in ("owner 0", "owner 1")


@pytest.mark.parametrize("options", [(), ("--hint",), ("--log", "/dev/null")], ids=["plain", "hint", "log"])
def test_where_they_are_allowed(confined, free, outside, options):
    nonet, end = confined.prefix
    other = outside()
    done = free(nonet, "-v", "--allow-signals", *options, end, PYTHON, "-c",
                INSIDE + "print(os.environ['NONET'])", str(other.number), *WAYS[:-1])
    assert lines(done)[:-1] == [f"{way} 0" for way in WAYS[:-1]]
    assert lines(done)[-1].startswith("default+allow-signals:") and b"--allow-signals" in done.stderr
    assert other.told() > 0


def test_among_the_command_s_own(confined):
    text = "sleep 60 & kill $!; wait $!; echo $?"
    assert lines(confined("sh", "-c", text)) == ["143"]
