"""The escape suite's row "supervisor gone": each of its probes, run by an orphan.

The table is BlackBox/support/escapes.py. `probes/orphan.c` stands above nonet (as the subreaper it keeps the probes'
rings and terminal alive) and stays behind it: the probes run once the supervisor has ended with its command,
was killed, or was killed together with the second holder.
"""

import errno

import pytest
from conftest import CHOSEN, USERS
from processes import need_children_files

from support.escapes import NAMES, PRESETS, WAYS, landlock_abi
from support.outside import Refusal, reason

ENDS = ["end", "kill", "kill-at-once", "both"]
# Probes of the table that say nothing about a supervisor, or need what only a first run has.
APART = {"veth"}
PROBES = [name for name in NAMES if name not in APART]


@pytest.fixture(scope="module")
def above(outsides, attacker, escape):
    """The verdicts of an orphan behind `words`, asked once."""
    known = {}

    def get(who, how, words=()):
        key = (who, how, tuple(words))
        if key not in known:
            orphan = attacker("orphan")
            prefix = (orphan, "above", how, *(words or (attacker("attack"), "toy")), orphan, "leave")
            known[key] = outsides(who).run(PROBES, prefix)
        found = known[key]
        assert not isinstance(found, Refusal), f"status {found.status}: {found.text}"
        return found

    return get


@pytest.fixture(scope="module")
def alive(outsides):
    """The verdicts under a supervisor that lives."""
    known = {}

    def get(who, words):
        key = (who, tuple(words))
        if key not in known:
            known[key] = outsides(who).run(PROBES, tuple(words))
        found = known[key]
        assert not isinstance(found, Refusal), f"status {found.status}: {found.text}"
        return found

    return get


@pytest.mark.parametrize("how", ENDS[:2])
@pytest.mark.parametrize("who", USERS)
def test_an_orphan_of_the_toy_gets_out(above, who, how):
    """The instrument: behind a filter that only notifies, a listener of one's own opens the way, and nothing else is held."""
    need_children_files()
    found = above(who, how)
    assert set(found) == set(PROBES)
    outs = {name for name in PROBES if found[name][0] == "out"}
    assert {"second-listener", "inherited-write", "inherited-splice", "vm-writev", "proc-mem", "ptrace"} <= outs, {
        name: reason(found[name]) for name in PROBES}


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("option", [option for option in CHOSEN if option in ("log", "hint", "log-dir", "report")])
@pytest.mark.parametrize("who", USERS)
def test_no_orphan_gets_out(above, alive, supervised, who, option, preset, how):
    need_children_files()
    words = supervised(who, option, f"gone-{preset}-{how}", "--policy", preset, "--errno", "EHOSTDOWN")
    found = above(who, how, words)
    column = PRESETS.index(preset)
    open_ways = {name for name, _, letters in WAYS if letters[column] == "o"}
    if landlock_abi() < 6:
        open_ways |= {name for name, _, letters in WAYS if letters[column] == "P"}
    outs = {name for name in PROBES if found[name][0] == "out"} - open_ways
    assert not outs, f"an orphan got out: {sorted(outs)}"
    if how in ("both", "kill-at-once"):
        return  # no holder is left, or none was there yet: ENOSYS is the kernel's word for no
    before = alive(who, supervised(who, option, f"alive-{preset}", "--policy", preset, "--errno", "EHOSTDOWN"))
    wrong = {
        name: (reason(before[name]), reason(found[name])) for name in PROBES
        if name not in open_ways and found[name] != before[name] and before[name][2] == errno.EHOSTDOWN}
    assert not wrong, f"refused with another errno than under the living supervisor (before, after): {wrong}"
