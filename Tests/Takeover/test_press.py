"""Nothing that a command does to the processes above it ends, stops or starves them.

`probes/press.c` acts on its parent and on the second holder. Each action is shown to work on a plain parent;
what it must not change is in `processes.standing`: limits, scheduling, stops, and being there at all.
"""

import errno
import json
import os
import re
import select
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import CHOSEN, ROOM, USERS
from processes import both_holders, changes, cpu_seconds, end, is_alive, need_children_files, standing, wait_until

from support.escapes import landlock_abi
from support.run import PYTHON, Launcher

with open(ROOM / "probes/press.c") as source:
    ACTIONS = [name for name in re.findall(r'\{"([a-z0-9-]+)", \w+\}', source.read()) if name != "nothing"]


class Pressed:
    """One run: what stood above before and after, what the probe said, how it ended."""

    def __init__(self, user, words, ending="line"):
        child = Launcher(user).popen(*words, stdin=subprocess.PIPE, start_new_session=True, bufsize=0)
        self.pid = child.pid
        try:
            first = self._line(child)
            assert first[:1] == [b"ready"], f"the probe did not start: {first}"
            self.targets = [int(pid) for pid in first[1:]]
            before = {pid: standing(pid) for pid in self.targets}
            child.stdin.write(b"\n")
            self.acted = [int(number) for number in self._line(child)[1:]]
            self.sockets = [int(number) for number in self._line(child)[1:]]
            spent = sum(cpu_seconds(pid) for pid in self.targets)
            time.sleep(0.3)
            self.spent = sum(cpu_seconds(pid) for pid in self.targets) - spent
            self.changed = {pid: changes(before[pid], standing(pid)) for pid in self.targets if changes(before[pid], standing(pid))}
            if ending == "TERM" and is_alive(child.pid):
                child.terminate()
                child.wait(4)  # its input stays open until then: the end of that would be an end too
            else:
                child.stdin.write(b"\n")
            try:
                self.stderr = child.communicate(timeout=4)[1].decode()
                self.status = child.returncode
            except subprocess.TimeoutExpired:
                self.status = self.stderr = "did not end in 4 s"
        except BrokenPipeError:
            self.status = self.stderr = "nobody listened any more"
        finally:
            for pid in getattr(self, "targets", []):
                end(pid)
            end(child.pid)
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            child.wait(10)
            for stream in (child.stdin, child.stdout, child.stderr):
                try:
                    stream.close()
                except BrokenPipeError:
                    pass

    @staticmethod
    def _line(child):
        """The words of the next line; -1 where none comes."""
        text = b""
        while not text.endswith(b"\n"):
            more = os.read(child.stdout.fileno(), 1) if select.select([child.stdout], [], [], 2)[0] else b""
            if not more:
                return [b"", b"-1", b"-1"]
            text += more
        return text.split()


@pytest.fixture(scope="session")
def pressed(people, supervised, attacker):
    """Every action of a user and an option, a few at a time."""
    known = {}

    def one(who, option, action):
        words = [attacker("attack"), "toy"] if option == "toy" else supervised(who, option, f"press-{action}")
        try:
            return Pressed(people[who], [*words, attacker("press"), action])
        except Exception as problem:  # told by the test of this action
            return problem

    def get(who, option, action):
        if (who, option) not in known:
            attacker("attack"), attacker("press")
            with ThreadPoolExecutor(8) as pool:
                known[who, option] = dict(zip(ACTIONS, pool.map(lambda action: one(who, option, action), ACTIONS)))
        found = known[who, option][action]
        if isinstance(found, Exception):
            raise found
        return found

    return get


@pytest.fixture(autouse=True)
def listed():
    need_children_files()


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("who", USERS)
def test_it_works_on_a_plain_parent(pressed, who, action):
    """The instrument: the toy's limits, scheduling or life are changed."""
    found = pressed(who, "toy", action)
    if not found.changed:
        pytest.skip(f"{action} does nothing to a parent of {who} here: {[errno.errorcode.get(n, n) for n in found.acted]}")
    assert list(found.changed) == [found.pid]


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("option", CHOSEN)
@pytest.mark.parametrize("who", USERS)
def test_who_stands_above_is_not_moved(pressed, people, who, option, action):
    found = pressed(who, option, action)
    said = f"the probe was answered {[errno.errorcode.get(n, n) for n in found.acted]} by {found.targets}, the first is the supervisor"
    if (who, action) == ("root", "oom"):
        # A file of root's; Documentation/supervisor.md says what that means.
        assert all(names == ["oom_score_adj"] for names in found.changed.values()), f"changed: {found.changed}; {said}"
    else:
        assert not found.changed, f"changed: {found.changed}; {said}"
    assert found.spent < 0.2, f"it spun for {found.spent:.2f} s of 0.3; {said}"
    assert found.sockets[0] == found.sockets[1], f"a refusal changed from {found.sockets[0]} to {found.sockets[1]}"
    assert found.status == 7, f"status {found.status}, {found.stderr}; {said}"
    if option == "log":
        with open(f"{people[who].home}/log.press-{action}") as file:
            lines = [json.loads(line) for line in file]
        assert (lines[-1]["status"], lines[-1]["exit_code"]) == ("exited", 7), lines[-1]
        sockets = [line for line in lines if line.get("api") == "socket"]
        assert sum(line["count"] for line in sockets) == 2 and {line["comm"] for line in sockets} == {"press"}, lines


@pytest.mark.parametrize("action", ["nofile-1", "nofile-6", "scheduler", "stop"])
@pytest.mark.parametrize("option", CHOSEN)
@pytest.mark.parametrize("who", USERS)
def test_it_still_hears_TERM(people, supervised, attacker, who, option, action):
    found = Pressed(people[who], [*supervised(who, option, f"term-{action}"), attacker("press"), action], "TERM")
    assert found.status == -signal.SIGTERM, f"status {found.status}: the supervisor does not pass TERM on"


OWN = """
import os, resource, signal, time
child = os.fork()
signal.alarm(10)
if child == 0:
    signal.pause()
for pid in (0, os.getpid(), child):
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (64, 64))
    assert resource.prlimit(pid, resource.RLIMIT_NOFILE) == (64, 64), pid
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
os.sched_setaffinity(child, {0}), os.setpriority(os.PRIO_PROCESS, child, os.nice(0) + 1)
os.sched_setscheduler(child, os.SCHED_BATCH, os.sched_param(0))
with open(f"/proc/{child}/oom_score_adj", "w") as file:
    file.write("500")
os.kill(child, signal.SIGTERM)
assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGTERM
os.nice(3)
print("free to do so")
"""


@pytest.mark.parametrize("option", CHOSEN)
@pytest.mark.parametrize("who", USERS)
def test_the_commands_own_processes_are_its_own(people, supervised, who, option):
    """Limits, priorities and signals among the processes of a run stay as free as they are."""
    bare = Launcher(people[who])(PYTHON, "-c", OWN)
    assert bare.stdout == b"free to do so\n", bare
    got = Launcher(people[who])(*supervised(who, option, "own-limits"), PYTHON, "-c", OWN)
    assert got.stdout == b"free to do so\n" and got.returncode == 0, got


@pytest.mark.parametrize("option", CHOSEN)
@pytest.mark.parametrize("who", USERS)
def test_kill_everybody(people, supervised, who, option):
    """`kill -9 -1` in a process namespace made for it: bare it ends the parent, supervised only what is inside."""
    if "root" not in USERS:
        pytest.skip("only root makes a process namespace for another user")
    become = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] if who == "nobody" else []
    script = '"$@" sh -c "(sleep 30 &) ; kill -9 -1; echo \\$?; exit 3"; echo status $?'
    around = ["unshare", "-pf", "--mount-proc", *become, "sh", "-c", script, "sh"]
    # The shell between is a parent that kill(-1) reaches; pid 1 of a namespace is spared.
    bare = Launcher(people["root"])(*around, "sh", "-c", '"$@"; echo went on', "sh")
    assert b"status 137" in bare.stdout and b"went on" not in bare.stdout, bare
    if landlock_abi() < 6:
        pytest.skip(f"no signal scope here (Landlock ABI {landlock_abi()})")
    got = Launcher(people["root"])(*around, *supervised(who, option, "everybody"))
    assert b"status 3\n" in got.stdout and b"status 137" not in got.stdout, got


@pytest.mark.parametrize("option", CHOSEN)
@pytest.mark.parametrize("who", USERS)
@pytest.mark.parametrize("how", ["threads", "handler"])
def test_both_holders_ended_from_outside(people, supervised, attacker, who, option, how):
    """What is refused stays refused, and every process still ends by TERM."""
    user = people[who]
    out = f"{user.home}/both.{option}.{how}"
    child = Launcher(user).popen(*supervised(who, option, f"both-{how}"), "sh", "-c", f'"$0" {how} > {out} & echo $!; wait', attacker("orphan"))
    left = int(child.stdout.readline())
    try:
        wait_until(lambda: os.path.exists(out) and os.path.getsize(out), "the command's process made an attempt")
        both = both_holders(child.pid)
        os.kill(child.pid, signal.SIGSTOP)
        end(*both[1:], child.pid)
        child.wait(10)
        time.sleep(0.3)
        assert is_alive(left), "what the command left has gone with the holders"
        with open(out) as file:
            answers = [int(line) for line in file.read().split()]
        first = 0 if "loopback" in option else errno.EACCES
        assert answers[0] == first and 0 not in answers[1:], f"socket(AF_INET) answered {answers}"
        os.kill(left, signal.SIGTERM)
        wait_until(lambda: not is_alive(left), "a process that lost both holders ended by TERM", 5)
    finally:
        end(left)
        child.stdout.close(), child.stderr.close()


def files_of(pid):
    """What a process has open; one that is closed meanwhile is not."""
    found = set()
    for number in os.listdir(f"/proc/{pid}/fd"):
        try:
            found.add(os.readlink(f"/proc/{pid}/fd/{number}"))
        except FileNotFoundError:
            pass
    return found


@pytest.mark.parametrize("option", CHOSEN)
@pytest.mark.parametrize("who", USERS)
def test_there_is_a_second_holder(people, supervised, who, option):
    """A process of the same program, in a session of its own, without the command's streams."""
    child = Launcher(people[who]).popen(*supervised(who, option, "second"), "sh", "-c", "echo; read line", stdin=subprocess.PIPE)
    try:
        child.stdout.readline()
        second = both_holders(child.pid)[1]
        assert os.getsid(second) != os.getsid(child.pid), "the second holder is in the command's session"
        pipes = {os.readlink(f"/proc/self/fd/{stream.fileno()}") for stream in (child.stdin, child.stdout, child.stderr)}
        wait_until(lambda: not pipes & files_of(second), "the second holder keeps no stream of the command")
        child.communicate(b"\n", timeout=10)
        wait_until(lambda: not is_alive(second), "the second holder ended with the last process inside")
    finally:
        end(child.pid)
        child.wait(10)


def test_a_killed_second_holder_changes_nothing(people, supervised, attacker):
    for who in USERS:
        child = Launcher(people[who]).popen(*supervised(who, "log", "killed-second"), attacker("press"), "nothing", stdin=subprocess.PIPE)
        assert child.stdout.readline().startswith(b"ready")
        end(both_holders(child.pid)[1])
        time.sleep(0.1)
        out, _ = child.communicate(b"\n\n", timeout=10)
        assert b"socket 13 13" in out and child.returncode == 7, (out, child.returncode)
