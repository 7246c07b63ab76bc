"""What the command of another run of the same user does to a supervisor: it may set limits, and no run hangs for that."""

import signal
import subprocess
import time

import pytest
from conftest import CHOSEN, USERS
from processes import both_holders, cpu_seconds, end, is_alive, need_children_files, wait_until

from support.run import PYTHON, Launcher

LIMIT = """
import resource, sys
kind = getattr(resource, sys.argv[1])
for pid in map(int, sys.argv[2:]):
    resource.prlimit(pid, kind, (0, 0))
    print(resource.prlimit(pid, kind))
"""
LIMITS = ["RLIMIT_NOFILE", "RLIMIT_AS", "RLIMIT_DATA", "RLIMIT_STACK", "RLIMIT_NPROC"]
# Attempts when told, and leaves one behind that attempts after its end.
COMMAND = """
import os, signal, socket, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)  # which comes when the supervisor is killed
def attempt():
    try: socket.socket(); return 0
    except OSError as error: return error.errno
print(attempt(), flush=True)
sys.stdin.readline()
for _ in range(1000): attempt()  # so that what is kept of attempts grows
for family in range(46):
    for kind in range(1, 6):
        for protocol in range(10):
            try: socket.socket(family, kind, protocol).close()
            except OSError: pass
print(attempt(), flush=True)
if os.fork() == 0:
    time.sleep(0.5)
    print(attempt(), flush=True)
    os._exit(0)
os._exit(7)
"""


@pytest.fixture(autouse=True)
def listed():
    need_children_files()


def limit(nonet, user, pids, kind="RLIMIT_NOFILE"):
    """From inside a run of its own: a limit of these processes becomes 0."""
    done = Launcher(user)(nonet, "--", PYTHON, "-c", LIMIT, kind, *map(str, pids))
    assert done.stdout.split() == [b"(0,", b"0)"] * len(pids), ("the instrument: limits of others can be set", done)


def test_a_plain_program_can_wait_no_more(nonet, people):
    """The instrument: poll(2) of one descriptor fails."""
    code = "import select, sys, os; sys.stdin.readline(); one = select.poll(); one.register(0); one.poll(10)"
    child = Launcher(people[USERS[0]]).popen(PYTHON, "-c", code, stdin=subprocess.PIPE)
    try:
        limit(nonet, people[USERS[0]], [child.pid])
        error = child.communicate(b"\n", timeout=10)[1]
        assert child.returncode == 1 and b"[Errno 22]" in error, error
    finally:
        end(child.pid)


@pytest.mark.parametrize("killed", [False, True], ids=["ends", "is-killed"])
@pytest.mark.parametrize("kind", LIMITS)
@pytest.mark.parametrize("option", CHOSEN)
@pytest.mark.parametrize("who", USERS)
def test_a_limit_for_a_supervisor(nonet, people, supervised, who, option, kind, killed):
    child = Launcher(people[who]).popen(*supervised(who, option, f"{kind}-{killed}"), PYTHON, "-c", COMMAND, stdin=subprocess.PIPE, bufsize=0)
    try:
        refused = child.stdout.readline()
        assert int(refused) > 0
        above = both_holders(child.pid)
        limit(nonet, people[who], above, kind)
        spent = sum(map(cpu_seconds, above))
        time.sleep(0.5)
        assert sum(map(cpu_seconds, above)) - spent < 0.2, "nobody waits in a circle"
        if killed:
            end(above[0])
            child.wait(5)
        child.stdin.write(b"\n")
        assert child.stdout.readline() == refused
        assert child.stdout.readline() == refused, "also after its end"
        assert child.wait(5) == (-signal.SIGKILL if killed else 7)
        wait_until(lambda: not any(map(is_alive, above)), "nobody is left behind", 5)
    finally:
        end(child.pid, *locals().get("above", []))
        child.wait(10)
        for stream in (child.stdin, child.stdout, child.stderr):
            stream.close()
