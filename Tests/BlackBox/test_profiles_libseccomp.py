"""Profiles of container engines: nonet's filter and libseccomp's answer alike, on boundary inputs.

Random profiles have what the specification leaves open: several entries for one call, arguments that are
there twice, masks with bits beyond, values beyond 32 bits on a 32-bit ABI, sockets and System V calls that
i386 does by one call. Ordered comparisons are libseccomp's to get right: there its own answers are counted.
"""

import errno
import json
import os
import pathlib
import random
import subprocess

import pytest

from support import bpf
from support.calls import AUDIT, X86
from support.profiles import NEWEST, SYSTEM, has_binding, has_newest, number, resolved, theirs, version

ROOT = pathlib.Path(__file__).resolve().parents[2]
PUBLISHED = sorted((ROOT / "Fixtures/profiles").glob("*.json"))
SEED = int(os.environ.get("NONET_SEED", random.randrange(1 << 32)))
KILL_THREAD = 0

pytestmark = pytest.mark.skipif(
    not X86 or not has_binding(), reason="python3-seccomp is not installed for Debian's python3, or this is not x86_64")

CALLS = ("getpgid", "socket", "connect", "sendto", "shmget", "msgctl", "socketcall", "ipc", "prctl", "kcmp")
EDGES = (0, 1, 2, 5, 6, 7, 23, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 32, (1 << 32) | 1, (1 << 32) | 5, 1 << 63, (1 << 64) - 1)
MASKS = (1, 0xF, 0xFFFFFFFF, 0xFFFFFFFF00000000, 0xFF000000FF, (1 << 64) - 1, 0)


def ours(nonet, profile, directory, arch="x86_64"):
    path = directory / "profile.json"
    path.write_text(json.dumps(profile))
    return subprocess.run([nonet, "-q", "--dump-bpf", "--format=raw", f"--arch={arch}", "--policy", path], capture_output=True, timeout=60)


def answer(program, abi, nr, arguments):
    value = bpf.run(program, bpf.pack(AUDIT[abi], nr, arguments))[0]
    # libseccomp kills the thread where nonet kills the process.
    return bpf.KILL_PROCESS if value == KILL_THREAD else value


def inputs(profile, chance, count=30):
    """All numbers but those of x32 and -1, and the named calls with arguments at the values' edges."""
    for abi in ("x86_64", "i386"):
        for nr in (*range(600), 0x3FFFFFFF):
            yield abi, nr, [0] * 6
    values = set(EDGES)
    named = set()
    for entry in profile["syscalls"]:
        for each in entry.get("args") or []:
            values |= {(each[key] + step) % (1 << 64) for key in ("value", "valueTwo") if key in each for step in (-1, 0, 1)}
        if entry.get("args"):
            named |= set(entry["names"])
    values = sorted(values)
    for call in sorted({*named, "socketcall", "ipc"}):
        for abi in ("x86_64", "i386"):
            if (nr := number(call, abi)) is None:
                continue
            # The kernel shows 32 bits of a 32-bit call.
            limit = (1 << 32) - 1 if abi == "i386" else (1 << 64) - 1
            for value in values:
                yield abi, nr, [value & limit] * 6
            for _ in range(count):
                yield abi, nr, [chance.choice(values) & limit for _ in range(6)]
            for code in range(26):
                yield abi, nr, [code, *(chance.choice(values) & limit for _ in range(5))]


def random_profile(chance, operators):
    actions = ({"action": "SCMP_ACT_ALLOW"}, {"action": "SCMP_ACT_ERRNO", "errnoRet": 13}, {"action": "SCMP_ACT_LOG"},
               {"action": "SCMP_ACT_KILL_PROCESS"}, {"action": "SCMP_ACT_ERRNO", "errnoRet": 1})
    # One action beside the default, as nearly every profile has it, or several, which may contradict.
    used = chance.sample(actions, chance.choice((1, 1, 2, 3)))
    entries = []
    for _ in range(chance.randrange(1, 9)):
        entry = {"names": chance.sample(CALLS, chance.randrange(1, 4)), **chance.choice(used)}
        arguments = []
        for _ in range(chance.choice((0, 1, 1, 2, 2, 3))):
            operator = chance.choice(operators)
            each = {"index": chance.randrange(3), "op": f"SCMP_CMP_{operator}", "value": chance.choice(EDGES)}
            if operator == "MASKED_EQ":
                each |= {"value": chance.choice(MASKS), "valueTwo": chance.choice(EDGES)}
            arguments.append(each)
        entries.append(entry | ({"args": arguments} if arguments else {}))
    default = chance.choice(({"defaultAction": "SCMP_ACT_ALLOW"}, {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38},
                             {"defaultAction": "SCMP_ACT_ERRNO"}, {"defaultAction": "SCMP_ACT_KILL_PROCESS"}))
    # libseccomp forgets i386's socketcall in a filter of nothing else.
    entries.append({"names": ["read", "write"], "action": "SCMP_ACT_ALLOW" if default["defaultAction"] != "SCMP_ACT_ALLOW" else "SCMP_ACT_LOG"})
    return {**default, "architectures": ["SCMP_ARCH_X86_64", *chance.choice(([], ["SCMP_ARCH_X86"]))], "syscalls": entries}


def differences(program, other, profile, chance):
    ours, theirs = bpf.from_raw(program), bpf.from_raw(other)
    return [(call, hex(got), hex(want)) for call in inputs(profile, chance)
            if (got := answer(ours, *call)) != (want := answer(theirs, *call))]


def without_multiplexers(profile):
    entries = [{**entry, "names": [name for name in entry["names"] if name not in ("socketcall", "ipc")]} for entry in profile["syscalls"]]
    return {**profile, "syscalls": [entry for entry in entries if entry["names"]]}


LIBRARIES = [None, pytest.param(NEWEST, marks=pytest.mark.skipif(not has_newest(), reason="no newer libseccomp is here: make peers"))]


def test_a_library_that_is_called_directly_does_as_the_binding():
    """So that what another one does differently is its own; the binding has a library inside and takes no other."""
    for path in PUBLISHED:
        profile = resolved(json.loads(path.read_text()))
        for optimize in (1, 2):
            assert theirs(profile, optimize, library=SYSTEM) == theirs(profile, optimize), path


@pytest.mark.parametrize("library", LIBRARIES, ids=["system", "newest"])
def test_exact_comparisons_mean_the_same(nonet, tmp_path, library):
    chance = random.Random(SEED)
    compared = contradictions = multiplexed = 0
    for index in range(60):
        profile = random_profile(chance, ("EQ", "MASKED_EQ"))
        done = ours(nonet, profile, tmp_path)
        made = theirs(profile, chance.choice((1, 2)), library=library)
        if done.returncode == 0 and made == errno.EEXIST:
            # It holds rules for socketcall and ipc against those for the calls that they do, also on ABIs without them.
            profile = without_multiplexers(profile)
            done, made = ours(nonet, profile, tmp_path), theirs(profile, library=library)
            multiplexed += 1
        if done.returncode != 0:
            # What is contradictory fails there, or is decided by the library's own order.
            assert b"contradicts" in done.stderr, (SEED, index, done.stderr, profile)
            contradictions += 1
            continue
        assert not isinstance(made, int), (SEED, index, made, profile)
        found = differences(done.stdout, made, profile, chance)
        assert found == [], (SEED, index, profile, found[:5])
        compared += 1
    print(f"{compared} profiles alike, {multiplexed} of them without socketcall and ipc; {contradictions} contradict themselves")
    assert compared > 20 and contradictions > 1 and multiplexed < 15


EMPTY = {"index": 0, "op": "SCMP_CMP_MASKED_EQ", "value": 0, "valueTwo": 7}


@pytest.mark.parametrize("first", [[EMPTY], [{"index": 1, "op": "SCMP_CMP_EQ", "value": 5}, {**EMPTY, "index": 1}]], ids=["alone", "or"])
def test_a_mask_of_no_bit_is_no_comparison(nonet, tmp_path, first):
    """So the entry decides, as the first without one."""
    entries = [{"names": ["getpgid"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "args": first},
               {"names": ["getpgid"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13}, {"names": ["read"], "action": "SCMP_ACT_LOG"}]
    profile = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"], "syscalls": entries}
    done = ours(nonet, profile, tmp_path)
    assert done.returncode == 0, done.stderr
    assert differences(done.stdout, theirs(profile), profile, random.Random(SEED)) == []
    assert answer(bpf.from_raw(done.stdout), "x86_64", number("getpgid", "x86_64"), [0] * 6) == bpf.ERRNO | 1


@pytest.mark.parametrize("library", LIBRARIES, ids=["system", "newest"])
def test_ordered_comparisons_are_counted(nonet, tmp_path, library):
    chance = random.Random(SEED)
    otherwise = compared = 0
    for _ in range(16):
        profile = random_profile(chance, ("NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"))
        done = ours(nonet, profile, tmp_path)
        try:
            made = theirs(profile, timeout=10, library=library)
        except subprocess.TimeoutExpired:
            continue
        if done.returncode != 0 or isinstance(made, int):
            continue
        compared += 1
        otherwise += differences(done.stdout, made, profile, chance) != []
    print(f"libseccomp {version(library)} answers {otherwise} of {compared} profiles with ordered comparisons otherwise")
    assert compared > 2 and otherwise <= compared / 2


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
def test_published_profiles_mean_the_same(nonet, path, tmp_path):
    profile = resolved(json.loads(path.read_text()))
    done = ours(nonet, json.loads(path.read_text()), tmp_path)
    assert done.returncode == 0, done.stderr
    # No kernel of ours serves x32, which nonet answers as such kernels do.
    profile["architectures"] = [name for name in profile["architectures"] if name != "SCMP_ARCH_X32"]
    # libseccomp 2.5.4 knows fewer calls than nonet.
    found = [each for each in differences(done.stdout, theirs(profile), profile, random.Random(SEED))
             if each[0][1] < 440 and each[0][:2] != ("x86_64", number("uretprobe", "x86_64"))]
    assert found == [], found[:8]
