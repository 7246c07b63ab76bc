"""No call is lost, nor from one holder to the next: six threads attempt without a pause while one of them ends.

A call that the first holder had received when it ended, and nobody answers, hangs its thread for good.
"""

import errno
import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import CHOSEN, LEVEL, USERS
from processes import end, holders

from support.run import PYTHON, Launcher

ROUNDS = 60 if LEVEL else 6


def handover(user, words, storm, how, out):
    """What the storm said: answers by errno, and how many threads hung."""
    script = {"end": '"$0" storm > "$1" & sleep 0.2; exit 0', "kill": '"$0" storm > "$1" & trap "" TERM; sleep 0.6',
              "second": '"$0" storm > "$1" & sleep 0.6; wait', "nothing": '"$0" storm > "$1"'}[how]
    child = Launcher(user).popen(*words, "sh", "-c", script, storm, out, stdin=subprocess.DEVNULL)
    if how in ("kill", "second"):
        until = time.monotonic() + 5
        while not (os.path.exists(out) and os.path.getsize(out)) and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.1)
        if child.poll() is None:
            os.kill(child.pid, signal.SIGKILL) if how == "kill" else end(*holders(child.pid)[1:])
    child.wait(15)
    child.stdout.close(), child.stderr.close()
    until, text = time.monotonic() + 10, ""
    while "hung" not in text and time.monotonic() < until:
        time.sleep(0.05)
        with open(out) as file:
            text = file.read()
    lines = dict(line.split() for line in text.splitlines()[1:])
    return int(lines.pop("hung", -1)), {int(number): int(count) for number, count in lines.items()}


@pytest.mark.parametrize("how", ["nothing", "end", "kill", "second"])
@pytest.mark.parametrize("option", [option for option in CHOSEN if "loopback" not in option])
@pytest.mark.parametrize("who", USERS)
def test_no_call_is_lost(people, supervised, attacker, who, option, how):
    user, storm = people[who], attacker("orphan")

    def one(number):
        name = f"storm-{option}-{how}-{number}"
        return handover(user, supervised(who, option, name), storm, how, f"{user.home}/{name}")

    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(one, range(ROUNDS)))
    silent = [number for number, (hung, _) in enumerate(found) if hung < 0]
    assert not silent, f"storms that said nothing: {silent}"
    lost = [hung for hung, _ in found if hung]
    assert not lost, f"in {len(lost)} of {ROUNDS} handovers ({how}) calls were answered by nobody, threads that hang: {lost}"
    others = sorted({number for _, answers in found for number in answers} - {errno.EACCES})
    assert not others, f"answers other than EACCES: {[errno.errorcode.get(number, number) for number in others]}"


SAME = """
import os, socket, sys, time
if os.fork():
    time.sleep(0.3)
    os._exit(0)
os.setsid()
for _ in range(60):
    try: socket.socket()
    except OSError as error: os.write(int(sys.argv[1]), b"%d " % error.errno)
    time.sleep(0.02)
"""


def running(program):
    """The processes of a program."""
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/exe") == program:
                found.add(int(pid))
        except OSError:
            pass
    return found


@pytest.mark.parametrize("option", ["log", "hint"])
@pytest.mark.parametrize("who", USERS)
def test_who_goes_on_stays(people, supervised, who, option):
    """What a thread attempts again after the command's end is answered by the successor, and it lives through that."""
    words = supervised(who, option, "same")
    reader, writer = os.pipe()
    before = running(words[0])
    try:
        done = Launcher(people[who])(*words, PYTHON, "-c", SAME, str(writer), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=[writer])
        assert done.returncode == 0
        at_first = running(words[0]) - before
        time.sleep(0.3)
        assert len(at_first) == 2 and running(words[0]) - before == at_first, "successor and second holder are still there"
    finally:
        os.close(writer)
        with open(reader, "rb") as file:
            answers = file.read().split()
    assert answers == [b"13"] * 60, answers
