"""Signals to whole groups, and a second holder that is stopped: neither makes two answer at once."""

import os
import signal
import subprocess
import time

import pytest
from conftest import USERS
from processes import both_holders, children, end, holders, is_alive, need_children_files, wait_until

from support.run import PYTHON, Launcher

# One attempt first: from then on the second holder has memory of its own. Then each group that there is.
CODE = """
import os, signal, socket, sys, time
def ask():
    try: socket.socket()
    except OSError as error: return error.errno
def send(group, number):
    try: os.kill(group, number)
    except OSError as error: return error.errno
    return 0
ask()
time.sleep(0.3)  # the first second holder is replaced
parent = os.getppid()
with open(f"/proc/{parent}/task/{parent}/children") as file:
    second = next((int(one) for one in file.read().split() if int(one) != os.getpid()), parent)
if os.fork() == 0:
    os.setsid()
    print(send(-os.getpgid(second), signal.SIGSTOP), send(-os.getpgid(second), signal.SIGKILL),
          send(-os.getpgid(parent), signal.SIGKILL), ask(), flush=True)
    os._exit(0)
os.wait()
sys.stdin.readline()
"""


@pytest.mark.parametrize("who", USERS)
def test_a_plain_parents_group_is_reached(people, who):
    """The instrument: the groups of whoever stands above can be stopped and killed."""
    need_children_files()
    child = Launcher(people[who]).popen("sh", "-c", '"$0" -c "$1" & wait', PYTHON, CODE, stdin=subprocess.PIPE, start_new_session=True)
    try:
        wait_until(lambda: not is_alive(child.pid) or open(f"/proc/{child.pid}/stat").read().split()[2] == "T", "the group was reached")
    finally:
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        child.wait(10)


@pytest.mark.parametrize("option", ["hint", "inside"])
@pytest.mark.parametrize("who", USERS)
def test_no_group_signal_reaches_the_holders(people, supervised, who, option):
    need_children_files()
    child = Launcher(people[who]).popen(*supervised(who, option, "groups", "--allow-signals"), PYTHON, "-c", CODE, stdin=subprocess.PIPE, start_new_session=True)
    try:
        answers = child.stdout.readline().split()
        assert answers[:3] == [b"1", b"1", b"1"], f"EPERM for each, not {answers}"
        assert all(is_alive(one) for one in both_holders(child.pid))
        out, _ = child.communicate(b"\n", timeout=10)
        assert child.returncode == 0
    finally:
        end(child.pid)
        child.wait(10)


@pytest.mark.parametrize("who", USERS)
def test_a_stopped_second_holder_is_still_the_one(people, supervised, who):
    """Another one beside it would be one too many once it goes on."""
    need_children_files()
    child = Launcher(people[who]).popen(*supervised(who, "hint", "stopped"), "sh", "-c", "echo; read line", stdin=subprocess.PIPE)
    try:
        child.stdout.readline()
        second = both_holders(child.pid)[1]
        os.kill(second, signal.SIGSTOP)
        time.sleep(0.3)
        assert holders(child.pid)[1:] == [second]
        assert len(children(child.pid)) == 2
        child.communicate(b"\n", timeout=10)
        assert child.returncode == 0
        wait_until(lambda: not is_alive(second), "the stopped one ended with the run")
    finally:
        end(child.pid)
        child.wait(10)
