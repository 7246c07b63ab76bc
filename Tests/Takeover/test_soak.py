"""Two million random system calls against the supervisor in each mode: no end, no hang, and the sums agree.

32,000 of them in `make test`; `NONET_SOAK` says how many, `NONET_SEED` repeats a run.
"""

import errno
import glob
import json
import os
import time

import pytest
from conftest import LEVEL, USERS

from support.run import Launcher

COUNT = int(os.environ.get("NONET_SOAK", "2000000" if LEVEL else "32000"))
SEED = os.environ.get("NONET_SEED", str(int.from_bytes(os.urandom(4), "little")))
MODES = ["log", "hint", "inside", "log-dir", "report", "log-strict"] if LEVEL else ["log"]
REFUSALS = {errno.EHOSTDOWN, errno.EAFNOSUPPORT, errno.ENOSYS}


@pytest.mark.parametrize("option", MODES)
def test_soak(people, supervised, attacker, option):
    who = USERS[-1]
    user, name = people[who], f"soak-{option}"
    words = supervised(who, option, name, "--errno", "EHOSTDOWN")
    started = time.monotonic()
    done = Launcher(user)(*words, attacker("soak"), str(COUNT), SEED, timeout=30 + COUNT / 4000)
    spent = time.monotonic() - started
    assert done.returncode == 0 and done.stderr == b"", f"NONET_SEED={SEED}: status {done.returncode}, {done.stderr[:400]}"
    answers = {}
    for line in done.stdout.decode().splitlines():
        call, number, count = line.split()
        answers.setdefault(call, {})[int(number)] = int(count)
    made = sum(sum(found.values()) for found in answers.values())
    assert made == COUNT // 32000 * 32000
    print(f"{option}: {made} calls in {spent:.1f} s, {spent / made * 1e6:.1f} us each")
    performed = {"connect"} if option == "inside" else set()
    wrong = {call: set(found) - REFUSALS for call, found in answers.items() if call not in performed and set(found) - REFUSALS}
    assert not wrong, f"NONET_SEED={SEED}: answers that are no refusal: {wrong}"
    assert not [call for call, found in answers.items() if 0 in found], f"NONET_SEED={SEED}: a call went through"
    if option.startswith("log"):
        # The probe's own socket(AF_UNIX), which strict refuses, is one more.
        more = 1 if option == "log-strict" else 0
        document, events = end_of(user, option, name)
        assert document["event_count"] == made + more, f"NONET_SEED={SEED}: {document['event_count']} of {made + more} are counted"
        assert sum(event["count"] for event in events) + document["dropped"] == document["event_count"], f"NONET_SEED={SEED}"
        assert (document["status"], document["exit_code"]) == ("exited", 0)


def end_of(user, option, name):
    if option == "log-dir":
        (path,) = glob.glob(f"{user.home}/logs.{name}/*.json")
        with open(path) as file:
            document = json.load(file)
        return document, document["events"]
    with open(f"{user.home}/log.{name}") as file:
        lines = [json.loads(line) for line in file]
    return lines[-1], lines[1:-1]
