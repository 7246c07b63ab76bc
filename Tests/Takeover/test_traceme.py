"""PTRACE_TRACEME makes a tracer of the supervisor, for it is the command's parent and outside of its domain.

It must stay, let the command go on, and leave programs alone that trace their own children.
"""

import json
import shutil
import signal
import subprocess

import pytest
from conftest import CHOSEN, USERS

from support.run import Launcher

EXPECTED = {"signal": 1, "exec": 1, "thread": 1, "thread-exec": 1, "every-signal": 1, "orphan": 1, "orphans": 50}


@pytest.mark.parametrize("how", ["signal", "exec", "thread"])
@pytest.mark.parametrize("who", USERS)
def test_a_plain_parent_becomes_a_tracer(people, attacker, who, how):
    """The instrument: behind the toy, which knows nothing of tracers, the command stops for good."""
    child = Launcher(people[who]).popen(attacker("attack"), "toy", attacker("traceme"), how, start_new_session=True)
    try:
        child.communicate(timeout=0.7)
        assert child.returncode != 7, "the toy did not become a tracer"
    except subprocess.TimeoutExpired:
        pass
    finally:
        import os

        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        child.communicate(timeout=10)


@pytest.mark.parametrize("how", EXPECTED)
@pytest.mark.parametrize("option", CHOSEN)
@pytest.mark.parametrize("who", USERS)
def test_the_command_is_let_go(people, supervised, attacker, who, option, how):
    try:
        done = Launcher(people[who])(*supervised(who, option, f"trace-{how}"), attacker("traceme"), how, timeout=8)
    except subprocess.TimeoutExpired as late:
        pytest.fail(f"the command stopped for good: {late.stdout}")
    assert done.stdout.split() == [b"handled"] * EXPECTED[how], f"{done.stdout} {done.stderr} status {done.returncode}"
    assert done.returncode == 7, f"status {done.returncode}: {done.stderr}"
    if option == "log":
        with open(f"{people[who].home}/log.trace-{how}") as file:
            assert json.loads(file.readlines()[-1])["exit_code"] == 7


@pytest.mark.parametrize("option", CHOSEN)
@pytest.mark.parametrize("who", USERS)
def test_who_traces_a_child_goes_on(people, supervised, attacker, who, option):
    expected = b"stopped\nended\n"
    assert Launcher(people[who])(attacker("traceme"), "child").stdout == expected
    if "strict" in option:
        pytest.skip("strict has no debuggers")
    done = Launcher(people[who])(*supervised(who, option, "tracing"), attacker("traceme"), "child")
    assert (done.stdout, done.returncode) == (expected, 7), done


@pytest.mark.parametrize("words, says", [
    (["strace", "-f", "-e", "trace=getppid,execve", "sh", "-c", "echo traced"], b"execve"),
    (["gdb", "-q", "-batch", "-nx", "-ex", "catch syscall getpid", "-ex", "run", "-ex", "kill", "--args", "sh", "-c", "echo $PPID"], b"Catchpoint 1"),
], ids=["strace", "gdb"])
@pytest.mark.parametrize("option", CHOSEN)
@pytest.mark.parametrize("who", USERS)
def test_debuggers(people, supervised, who, option, words, says):
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed")
    if "strict" in option:
        pytest.skip("strict has no debuggers")
    bare = Launcher(people[who])(*words, timeout=60)
    assert says in bare.stdout + bare.stderr, bare
    got = Launcher(people[who])(*supervised(who, option, words[0]), *words, timeout=60)
    assert got.returncode == bare.returncode and says in got.stdout + got.stderr, got
