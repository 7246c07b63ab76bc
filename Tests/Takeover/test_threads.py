"""No thread of nonet's own can be ended or starved: it may be hit by its own number, or with a whole group by a pidfd."""

import os
import select
import signal
import subprocess
import time

import pytest
from conftest import USERS
from processes import end, is_alive, wait_until

from support.run import PYTHON, Launcher

# A server without room keeps connects waiting, and with them nonet's thread that tries them again.
CALLS = """
import ctypes, os, resource, signal, socket, sys, time
libc = ctypes.CDLL(None, use_errno=True)
def call(*words):
    return ctypes.get_errno() if libc.syscall(*(ctypes.c_long(word) for word in words)) else 0
TKILL, PIDFD_SEND = {"x86_64": (200, 424), "aarch64": (130, 424)}[os.uname().machine]
above = os.getppid()
signal.signal(signal.SIGTERM, signal.SIG_IGN)
"""
THREADS = CALLS + """
server = socket.socket(socket.AF_UNIX); server.bind(b"\\0threads %d" % os.getpid()); server.listen(0)
for _ in range(3):
    if os.fork() == 0:
        signal.alarm(5)
        socket.socket(socket.AF_UNIX).connect(server.getsockname())
        signal.pause()
time.sleep(0.4)
threads = [int(name) for name in os.listdir(f"/proc/{above}/task")]
answers = set()
for thread in threads:
    answers |= {call(TKILL, thread, signal.SIGKILL)}
    try: os.kill(thread, signal.SIGKILL); answers.add(0)
    except OSError as error: answers.add(error.errno)
    try: resource.prlimit(thread, resource.RLIMIT_CPU, (0, 0)); answers.add(0)
    except OSError as error: answers.add(error.errno)
print(len(threads), *answers, flush=True)
sys.stdin.readline()
"""
# The group by a descriptor of its leader, with PIDFD_SIGNAL_PROCESS_GROUP.
GROUP = CALLS + """
leader = os.getpgrp()
if os.fork() == 0:
    os.setsid()
    print(leader, call(PIDFD_SEND, os.pidfd_open(leader), signal.SIGKILL, 0, 4), flush=True)
    os._exit(0)
os.wait()
sys.stdin.readline()
"""


def test_a_plain_parents_threads_are_hit(people):
    """The instrument: a signal to one thread ends the whole process."""
    code = ("import os, subprocess, sys, threading, time; threading.Thread(target=time.sleep, args=(20,)).start(); "
            "subprocess.Popen([sys.executable, '-c', sys.argv[1]], stdin=subprocess.PIPE); time.sleep(20)")
    child = Launcher(people["root" if "root" in USERS else USERS[0]]).popen(PYTHON, "-c", code, THREADS)
    assert child.wait(10) == -signal.SIGKILL
    child.stdout.close(), child.stderr.close()


@pytest.mark.parametrize("who", USERS)
def test_every_thread_stays(people, supervised, who):
    child = Launcher(people[who]).popen(*supervised(who, "inside", "threads"), PYTHON, "-c", THREADS, stdin=subprocess.PIPE)
    try:
        count, *answers = child.stdout.readline().split()
        assert int(count) >= 3, "the instrument: there are workers"
        assert answers == [b"1"], f"EPERM for each, not {answers}"
        assert is_alive(child.pid)
        child.communicate(b"\n", timeout=10)
        assert child.returncode == 0
    finally:
        end(child.pid)
        child.wait(10)


@pytest.mark.parametrize("option", ["hint", "inside"])
@pytest.mark.parametrize("who", USERS)
def test_no_group_by_a_descriptor(people, supervised, who, option):
    """nonet is in a group whose leader is the shell above it."""
    words = ["sh", "-c", '"$@"; exit $?', "sh"]
    bare = Launcher(people[who])(*words, "sh", "-c", '"$0" -c "$1"; exit 3', PYTHON, GROUP, start_new_session=True)
    if bare.returncode != -signal.SIGKILL:
        pytest.skip(f"this kernel sends no signal to a group by a descriptor (Linux 6.9): {bare.stdout}")
    done = Launcher(people[who])(*words, *supervised(who, option, "descriptor", "--allow-signals"), PYTHON, "-c", GROUP, start_new_session=True)
    assert done.returncode == 0 and done.stdout.split()[1] == b"1", done


def test_a_flood_of_signals_holds_nobody_up(people, supervised):
    """Refused calls are answered, and the end comes, while others send nonet signals without a pause."""
    code = CALLS + """
signal.signal(signal.SIGRTMIN + 5, signal.SIG_IGN)  # before the first is sent: nonet hands each on to its command
if os.fork() == 0:
    os.setsid()
    until = time.monotonic() + 15
    while time.monotonic() < until and os.getppid() != 1:
        for _ in range(500): os.kill(above, signal.SIGURG); call(TKILL, above, signal.SIGRTMIN + 5)
    os._exit(0)
time.sleep(0.3)
waits = []
for _ in range(5):
    start = time.monotonic()
    try: socket.socket()
    except OSError: waits.append(time.monotonic() - start)
print(len(waits), max(waits), flush=True)
"""
    start = time.monotonic()
    done = Launcher(people[USERS[0]])(*supervised(USERS[0], "signals", "flood"), PYTHON, "-c", code, stdout=subprocess.PIPE)
    count, longest = done.stdout.split()
    assert (done.returncode, int(count)) == (0, 5), done
    assert float(longest) < 2 and time.monotonic() - start < 12, (longest, time.monotonic() - start)


STOPPED = {
    # The child goes on by itself; bare, the shell ends with 7.
    "continued": ("(sleep 0.3; kill -CONT $$) & kill -STOP $$; exit 7", 7),
    "killed": ("(sleep 0.3; kill -KILL $$) & kill -STOP $$; exit 7", -signal.SIGKILL),
    # It attempts meanwhile, and continues the shell only after it was answered.
    "asked": ('(sleep 0.3; "$0" -c "import socket; socket.socket()" 2> /dev/null; kill -CONT $$) & kill -STOP $$; exit 7', 7),
}


@pytest.mark.parametrize("what", STOPPED)
@pytest.mark.parametrize("option", ["bare", "hint", "log"])
def test_a_stopped_command_is_freed_by_its_own(people, supervised, option, what):
    """nonet stops with the command; others than a shell may continue or end that one."""
    script, status = STOPPED[what]
    words = [] if option == "bare" else supervised(USERS[0], option, f"stopped-{what}")
    child = Launcher(people[USERS[0]]).popen(*words, "sh", "-c", script, PYTHON)
    try:
        assert child.wait(5) == status
    finally:
        end(child.pid)
        child.stdout.close(), child.stderr.close()


def test_it_stops_again_after_an_answer(people, supervised):
    """Whoever waits for the job sees it stopped, but for the moment of the answer; then `fg` continues all."""
    script = '(sleep 0.3; "$0" -c "import socket; socket.socket()" 2> /dev/null; echo answered) & kill -STOP $$; wait; exit 7'
    child = Launcher(people[USERS[0]]).popen(*supervised(USERS[0], "hint", "again"), "sh", "-c", script, PYTHON, start_new_session=True)
    try:
        assert select.select([child.stdout], [], [], 5)[0] and child.stdout.readline() == b"answered\n"
        wait_until(lambda: open(f"/proc/{child.pid}/stat").read().split()[2] == "T", "it stopped again", 2)
        time.sleep(0.3)
        assert open(f"/proc/{child.pid}/stat").read().split()[2] == "T"
        os.kill(child.pid, signal.SIGCONT)
        assert child.wait(5) == 7
    finally:
        end(child.pid)
        child.wait(5)
        child.stdout.close(), child.stderr.close()
