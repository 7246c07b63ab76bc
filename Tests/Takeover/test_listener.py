"""A process that outlives its supervisor takes its place: nothing of what it tries leads out.

`probes/attack.c` installs filters with a listener of their own by every way into the kernel and with every bit
in the flag word, for as long as a race lasts. Behind `attack toy`, whose filter only notifies, it gets out at
once, which shows the instrument.
"""

import errno
import os
import secrets
import signal
import socket
import subprocess
import time

import pytest
from conftest import CHOSEN, LEVEL, RACE, SUPERVISED, USERS
from processes import end, holders, wait_until

from support.calls import X86
from support.run import Launcher

FORCED = [signal.SIGALRM, signal.SIGPIPE, signal.SIGIO, signal.SIGXCPU, signal.SIGTERM, signal.SIGUSR1, signal.SIGRTMIN + 1]
# How the supervisor comes to its end while an attacker waits: a script for the command, which has the supervisor
# as $PPID and leaves the attacker behind as `$@`; or something that the test does.
WAYS = {
    "command-ends": '"$@" & exit 0',
    "command-killed": '"$@" & kill -9 $$',
    "kill": '"$@" & kill -9 $PPID; exec sleep 1',
    "stop": '"$@" & kill -STOP $PPID; sleep 0.5; kill -CONT $PPID; exec sleep 0.5',
    "limit": '"$@" & prlimit --pid $PPID --cpu=1:1 --nofile=1:1 --fsize=0:0; exec sleep 1',
    "outside-kill": '"$@" & trap "" TERM; while kill -0 $PPID 2>/dev/null || [ -d /proc/$PPID ]; do sleep 0.1; done',
    "outside-both": '"$@" & trap "" TERM; while [ -d /proc/$PPID ]; do sleep 0.1; done',
    **{f"outside-{one.name if hasattr(one, 'name') else one}": '"$@" & trap "" TERM; exec sleep 1' for one in FORCED},
    "inside-signals": '"$@" & trap "" TERM; for i in 1 2 3 6 10 12 13 14 15 24 25 26 27 29 31 34 64; do kill -$i $PPID; done; exec sleep 1',
}
USED = list(WAYS) if LEVEL else [way for way in WAYS if not way.startswith("outside-SIG") or way == "outside-SIGALRM"]


class Attack:
    """One attacker behind one supervisor, and what became of it."""

    def __init__(self, words, user, way, attack, ears, place):
        self.token = secrets.token_hex(8)
        self.ears, self.out = ears, f"{user.home}/out.{self.token}"
        self.done = self.child = None
        port, path = place
        attacker = ["sh", "-c", 'exec setsid "$0" run "$@" >$OUT.new 2>&1', attack, "$SUPERVISOR", str(RACE), str(port), path, self.token]
        # The shell between nonet and the attacker knows the supervisor.
        quoted = " ".join(f"'{word}'" if not word.startswith("$S") else '"$SUPERVISOR"' for word in attacker)
        script = f'export SUPERVISOR=-$PPID; set -- sh -c "$ATTACKER"; {WAYS[way]}'
        self.child = Launcher(user).popen(
            *words, "sh", "-c", script, env={"OUT": self.out, "ATTACKER": quoted}, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.way = way

    def press(self):
        """What only somebody outside does; the attacker runs by then."""
        wait_until(lambda: os.path.exists(f"{self.out}.new") or self.child.poll() is not None, "the attacker has started")
        pid = self.child.pid
        if self.way == "outside-both":
            both = holders(pid) if self.child.poll() is None else []
            os.kill(pid, signal.SIGSTOP)
            end(*both[1:], pid)
        elif self.way == "outside-kill":
            self.child.kill()
        elif self.way.startswith("outside-"):
            name = self.way.removeprefix("outside-")
            self.child.send_signal(int(name) if name.isdigit() else getattr(signal, name))

    def result(self):
        """As `finish`, or what went wrong, to be told by the test of this way."""
        try:
            return self.finish()
        except AssertionError as problem:
            return problem

    def finish(self):
        """Answers by way: {"native": {16: 40}}, and whether the token arrived."""

        def is_done():
            if not os.path.exists(f"{self.out}.new"):
                return False
            with open(f"{self.out}.new") as file:
                return file.read().endswith("done\n")

        wait_until(is_done, f"the attacker of '{self.way}' has ended", RACE + 40)
        answers = {}
        with open(f"{self.out}.new") as file:
            for line in file.read().splitlines()[:-1]:
                name, number, count = line.split()
                answers.setdefault(name, {})[int(number)] = int(count)
        self.status = self.child.wait(30)
        return answers, self.ears.heard(self.token.encode(), 0.2)


@pytest.fixture(scope="session")
def place(ears, people, stage):
    """A listener on 127.0.0.1 and one on a path."""
    four = ears.on(socket.create_server(("127.0.0.1", 0), backlog=128))
    path = str(stage / "listener")
    local = socket.socket(socket.AF_UNIX)
    local.bind(path)
    os.chmod(path, 0o777)
    local.listen(128)
    ears.on(local)
    return four.getsockname()[1], path


@pytest.fixture(scope="session")
def campaign(supervised, people, attacker, ears, place):
    """Every attack of a user and an option at the same time: each waits most of its time."""
    known = {}

    def get(who, option):
        if (who, option) not in known:
            attacks = {
                way: Attack(supervised(who, option, way), people[who], way, attacker("attack"), ears, place) for way in USED}
            for one in attacks.values():
                one.press()
            known[who, option] = {way: one.result() for way, one in attacks.items()}
        return known[who, option]

    return get


HUNG = 139  # of probes/attack.c


def said(answers):
    name = lambda number: "no answer" if number == HUNG else errno.errorcode.get(number, number)  # noqa: E731
    return {way: {name(number): count for number, count in found.items()} for way, found in answers.items()}


@pytest.fixture
def attacked(campaign):
    def get(who, option, way):
        found = campaign(who, option)[way]
        if isinstance(found, AssertionError):
            raise found
        return found

    return get


@pytest.mark.parametrize("who", USERS)
def test_the_instrument_gets_out_behind_a_filter_that_only_notifies(people, attacker, ears, place, who):
    one = Attack([attacker("attack"), "toy"], people[who], "command-ends", attacker("attack"), ears, place)
    answers, has_arrived = one.finish()
    assert has_arrived and set(answers["native"]) == {0} and set(answers["socket"]) == {errno.ENOSYS}, said(answers)
    works = {way for way, found in answers.items() if 0 in found}
    assert {"native", "thread", "tsync", "native-1", "native-2"} <= works
    if X86:
        assert {"i386", "i386-1"} <= works


@pytest.mark.parametrize("way", USED)
@pytest.mark.parametrize("option", CHOSEN)
@pytest.mark.parametrize("who", USERS)
def test_no_listener_of_ones_own(attacked, who, option, way):
    answers, has_arrived = attacked(who, option, way)
    assert not has_arrived, f"the attacker reached a server outside: {said(answers)}"
    assert not [name for name, found in answers.items() if 0 in found], f"a filter with a listener was installed: {said(answers)}"
    busy = {name: set(found) for name, found in answers.items() if name not in ("socket", "x32")}
    wrong = {name: sorted(found) for name, found in busy.items() if found != {errno.EBUSY}}
    assert not wrong, f"seccomp with a listener answers other than EBUSY: {wrong}"


@pytest.mark.parametrize("way", [way for way in USED if way != "outside-both"])
@pytest.mark.parametrize("option", CHOSEN)
@pytest.mark.parametrize("who", USERS)
def test_the_same_refusals_afterwards(attacked, who, option, way):
    """What outlives a supervisor meets the errno that it met before."""
    answers, _ = attacked(who, option, way)
    if "loopback" in option:
        pytest.skip("under --loopback a TCP socket can be had: it leads nowhere")
    assert set(answers["socket"]) == {errno.EACCES}, f"socket(AF_INET) answered {said(answers)['socket']}"


@pytest.mark.parametrize("option", CHOSEN)
@pytest.mark.parametrize("who", USERS)
def test_filters_without_a_listener_stay_possible(supervised, people, attacker, who, option):
    """Sandboxes inside (browsers, bwrap, container tools) install filters of their own."""
    bare = Launcher(people[who])(attacker("attack"), "install")
    assert bare.returncode == 0 and bare.stdout.count(b": 0\n") == 6, bare
    got = Launcher(people[who])(*supervised(who, option, "install"), attacker("attack"), "install")
    expected = bare.stdout
    if option == "log-strict":
        expected = Launcher(people[who])(supervised(who, option, "x")[0], "-q", "--policy", "strict", "--", attacker("attack"), "install").stdout
    assert got.stdout == expected, got


@pytest.mark.parametrize("option", CHOSEN)
@pytest.mark.parametrize("who", USERS)
def test_a_nonet_of_the_orphans_own(supervised, people, ears, place, nonet, who, option):
    """The attack as a person would type it: nonet itself, observing, started by what the command left."""
    if "loopback" in option:
        pytest.skip("127.0.0.1 inside is another network")
    user, token = people[who], secrets.token_hex(8)
    out = f"{user.home}/own.{token}"
    inner = f"echo {token} > /dev/tcp/127.0.0.1/{place[0]}"
    free = Launcher(user)(nonet, "-q", "--observe", "--", "bash", "-c", inner)
    assert free.returncode == 0 and ears.heard(token.encode(), 1), free
    second = secrets.token_hex(8)
    script = (f"(trap '' TERM; sleep 0.5; \"$0\" -q --observe -- bash -c 'echo {second} > /dev/tcp/127.0.0.1/{place[0]}'; "
              f"echo $? > {out}.new; mv {out}.new {out}) > /dev/null 2>&1 & exit 0")
    started = time.monotonic()
    done = Launcher(user)(*supervised(who, option, "own"), "bash", "-c", script, nonet)
    assert done.returncode == 0 and time.monotonic() - started < 5, done
    wait_until(lambda: os.path.exists(out), "the inner nonet has ended")
    with open(out) as file:
        status = int(file.read())
    assert not ears.heard(second.encode(), 0.3), "nonet inside of an ended supervisor's filter reached a server outside"
    assert status != 0


def test_every_option_is_supervised(supervised, people):
    """The list above is about supervised runs: the command is a child of nonet in each."""
    for option in SUPERVISED:
        for who in USERS:
            done = Launcher(people[who]).popen(*supervised(who, option, "child"), "sh", "-c", "echo $PPID; read line", stdin=subprocess.PIPE)
            parent = int(done.stdout.readline() or 0)
            done.communicate(b"\n", timeout=10)
            assert parent == done.pid, option
