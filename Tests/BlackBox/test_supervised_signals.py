"""Whoever signals nonet means the command: signals, what they carry, and timers arrive as in a bare run."""

import ctypes
import json
import os
import signal
import subprocess
import time

import pytest
from conftest import HERE

from support.run import PYTHON, Launcher, tool

MODES = {"log": ["--log", "{home}/log", "--"], "hint": ["--hint", "--"], "inside": ["--allow-unix", "inside", "--"]}
USED = list(MODES) if os.environ.get("NONET_FIELD") else ["log"]
KEPT_BY_THE_KERNEL = {signal.SIGKILL, signal.SIGSTOP}
NUMBERS = [n for n in range(1, 65) if n not in KEPT_BY_THE_KERNEL | {signal.SIGCHLD}]
# One at a time: pending ones of a kind are one, and a stop signal takes a SIGCONT away that waits (prepare_signal in
# kernel/signal.c).
GAPS = dict.fromkeys(NUMBERS, 0.005) | {signal.SIGCONT: 0.5}
libc = ctypes.CDLL(None, use_errno=True)


class Information(ctypes.Structure):
    """siginfo_t as rt_sigqueueinfo(2) takes it."""

    _fields_ = [("signo", ctypes.c_int), ("errno", ctypes.c_int), ("code", ctypes.c_int), ("pad", ctypes.c_int),
                ("pid", ctypes.c_int), ("uid", ctypes.c_uint), ("value", ctypes.c_int), ("rest", ctypes.c_byte * 100)]


def queue(pid, number, value):
    """sigqueue(3), for every number: the C library's own refuses 32 and 33."""
    one = Information(signo=number, code=-1, pid=os.getpid(), uid=os.getuid(), value=value)
    call = {"x86_64": 129, "aarch64": 138}[os.uname().machine]
    assert libc.syscall(ctypes.c_long(call), pid, number, ctypes.byref(one)) == 0, os.strerror(ctypes.get_errno())


def send(pid, number):
    assert libc.kill(pid, number) == 0


@pytest.fixture(scope="module")
def receiver(stage):
    out = stage / "receive"
    subprocess.run([tool("cc"), "-O1", "-Wall", "-Werror", "-static", "-o", out, HERE / "probes/receive.c"], check=True, timeout=60)
    return str(out)


@pytest.fixture(params=USED)
def words(request, nonet, user):
    return [nonet, "-q", *(word.format(home=user.home) for word in MODES[request.param])]


@pytest.fixture(params=["bare", *USED])
def prefix(request, nonet, user):
    """Everything is shown bare first."""
    return [] if request.param == "bare" else [nonet, "-q", *(word.format(home=user.home) for word in MODES[request.param])]


class Receiving:
    def __init__(self, user, prefix, receiver):
        self.child = Launcher(user).popen(*prefix, receiver, stdin=subprocess.PIPE)
        self.pid = self.child.pid
        assert self.child.stdout.readline().startswith(b"ready")

    def end(self):
        """What came: (number, code, value)."""
        time.sleep(0.1)
        out, _ = self.child.communicate(timeout=10)
        self.status = self.child.returncode
        return [tuple(map(int, line.split())) for line in out.splitlines()]


def test_every_signal_arrives(user, prefix, receiver):
    one = Receiving(user, prefix, receiver)
    for number in NUMBERS:
        send(one.pid, number)
        time.sleep(GAPS[number])
    got = one.end()
    assert one.status == 7, f"status {one.status}, after {got}"
    missing = [number for number in NUMBERS if number not in [n for n, _, _ in got]]
    assert not missing, f"signals that did not reach the command: {missing}"
    twice = [number for number in NUMBERS if [n for n, _, _ in got].count(number) > 1]
    assert not twice, f"signals that came more than once: {twice}"
    assert {code for _, code, _ in got} == {0}, f"codes other than SI_USER: {got}"


def test_what_a_signal_carries_arrives(user, prefix, receiver):
    one = Receiving(user, prefix, receiver)
    for number in NUMBERS:
        queue(one.pid, number, 1000 + number)
        time.sleep(GAPS[number])
    got = {number: (code, value) for number, code, value in one.end()}
    assert one.status == 7, f"status {one.status}, after {got}"
    wrong = {number: got.get(number) for number in NUMBERS if got.get(number) != (-1, 1000 + number)}
    assert not wrong, f"(code, value) by signal, where it is not (-1, 1000 + signal): {wrong}"


def test_queued_signals_keep_their_order(user, prefix, receiver):
    one = Receiving(user, prefix, receiver)
    for value in range(100):
        queue(one.pid, signal.SIGRTMIN + 3, value)
    got = [value for number, _, value in one.end() if number == signal.SIGRTMIN + 3]
    assert got == list(range(100))


def test_signals_from_inside_the_group(user, prefix, receiver):
    """A script's `kill` of the pid it knows, which is nonet's."""
    script = '"$@" & pid=$!; sleep 0.4; for i in ALRM PIPE IO PROF XCPU USR1 VTALRM RTMIN+1; do kill -$i $pid; sleep 0.02; done; wait $pid; echo status $?'
    done = Launcher(user)("bash", "-c", script.replace('"$@" &', '"$@" < <(sleep 3) &'), "bash", *prefix, receiver)
    got = {int(line.split()[0]) for line in done.stdout.decode().splitlines() if line[:1].isdigit()}
    wanted = {signal.SIGALRM, signal.SIGPIPE, signal.SIGIO, signal.SIGPROF, signal.SIGXCPU, signal.SIGUSR1, signal.SIGVTALRM, signal.SIGRTMIN + 1}
    assert {int(one) for one in wanted} <= got and b"status 7" in done.stdout, done


@pytest.mark.parametrize("number", [signal.SIGALRM, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGVTALRM, signal.SIGXCPU])
def test_the_default_ends_the_command_and_so_nonet(user, prefix, number):
    child = Launcher(user).popen(*prefix, "sh", "-c", "ulimit -c 0; echo ready; exec sleep 20")
    assert child.stdout.readline() == b"ready\n"
    child.send_signal(number)
    child.communicate(timeout=10)
    assert child.returncode == -number


TIMER = """
import signal, sys, time
came = []
for one in (signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF):
    signal.signal(one, lambda number, frame: came.append(number))
print(*(round(signal.getitimer(which)[1], 1) for which in (0, 1, 2)), flush=True)
end = time.monotonic() + 15
while len(set(came)) < 3 and time.monotonic() < end:
    pass
print(*sorted({int(one) for one in came}))
"""


def test_timers_that_were_armed_before_are_the_commands(user, prefix):
    """An alarm is kept by exec: what a watchdog armed before it became nonet hits the command."""

    def arm():
        for which in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
            signal.setitimer(which, 1 if which == signal.ITIMER_REAL else 0.4, 5.5)

    done = Launcher(user)(*prefix, PYTHON, "-c", TIMER, preexec_fn=arm)
    assert done.stdout.decode().split("\n")[:2] == ["5.5 5.5 5.5", "14 26 27"], done


def test_an_alarm_ends_the_command(user, prefix):
    started = time.monotonic()
    done = Launcher(user)(*prefix, "sleep", "20", preexec_fn=lambda: signal.setitimer(signal.ITIMER_REAL, 0.5))
    assert done.returncode == -signal.SIGALRM and time.monotonic() - started < 3, done


def test_an_alarm_leaves_the_log_whole(user, nonet):
    Launcher(user)(nonet, "-q", "--log", f"{user.home}/log", "--", "sleep", "20",
                   preexec_fn=lambda: signal.setitimer(signal.ITIMER_REAL, 0.3))
    with open(f"{user.home}/log") as file:
        end = json.loads(file.readlines()[-1])
    assert (end.get("status"), end.get("exit_code")) == ("killed", 128 + signal.SIGALRM), end


def test_a_command_that_traps_TERM_lives_through_an_alarm_of_nonet(user, words, nonet):
    """What used to end the supervisor alone: the refusals and the log go on."""
    code = ("import signal, socket, time, os\nsignal.signal(14, lambda *a: None)\nsignal.signal(15, lambda *a: None)\n"
            "print('ready', flush=True)\ntime.sleep(0.5)\n"
            "try: socket.socket()\nexcept OSError as e: print(e.errno, flush=True)")
    child = Launcher(user).popen(*words, PYTHON, "-c", code)
    assert child.stdout.readline() == b"ready\n"
    child.send_signal(signal.SIGALRM)
    out, _ = child.communicate(timeout=10)
    assert (out, child.returncode) == (b"13\n", 0)
