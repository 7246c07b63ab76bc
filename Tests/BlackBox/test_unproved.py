"""A filter whose proof comes to no end: refused with the way past, used with a warning when asked.

A program that is proven *wrong* cannot be made from outside, since no input of nonet is a program;
`ProofTests.whatIsDisprovedIsNeverLetThrough` has that half.
"""

import errno
import os

import pytest

from support import bpf
from support.calls import AUDIT, NATIVE, number
from support.run import PYTHON

# Masks of which none holds another: more of them on one word than a proof follows at once.
MASKS = [mask for mask in range(1 << 10) if bin(mask).count("1") == 5]


def policy(count):
    rules = "".join(f"deny getpgid if arg0:32 & {mask:#x} == {mask:#x} with EHOSTDOWN\n" for mask in MASKS[:count])
    return f"default allow\nnetwork allowed\nforeign kill\n{rules}deny getsid with EHOSTDOWN\n".encode()


LARGE, SMALL = policy(130), policy(20)
ASK = "import os\ntry: os.getpgid(0x3ff)\nexcept OSError as e: print(e.errno)\ntry: os.getsid(0)\nexcept OSError as e: print(e.errno)"
REFUSED = f"{errno.EHOSTDOWN}\n".encode() * 2


@pytest.fixture
def ran(me):
    return lambda: os.path.exists(f"{me.home}/ran")


@pytest.mark.parametrize("words", [("--", "touch", "ran"), ("--dump-bpf",), ("--dump-bpf", "--format=raw"), ("--explain",),
                                   ("-q", "--", "touch", "ran"), ("--best-effort", "--", "touch", "ran")], ids=" ".join)
def test_refused_with_the_way_past(bare, ran, words):
    taken = bare("--policy", "-", *words, input=SMALL)
    assert taken.returncode == 0 and ran() == ("ran" in words), "the words themselves are good"
    if ran():
        os.unlink(f"{bare.user.home}/ran")
    done = bare("--policy", "-", *words, input=LARGE)
    assert (done.returncode, done.stdout) == (125, b"") and not ran()
    said = done.stderr.decode()
    assert said.startswith("nonet: policy standard input: the program could not be proven right: ") and said.count("\n") == 1, said
    assert "more than 64 masks (131 rules, " in said and "--unproved" in said


def test_runs_when_asked_and_says_so(bare):
    done = bare("--unproved", "--policy", "-", "--", PYTHON, "-c", ASK, input=LARGE)
    assert (done.returncode, done.stdout) == (0, REFUSED), done.stderr
    assert done.stderr.startswith(b"nonet: policy standard input: the filter is used unproved: ") and done.stderr.count(b"\n") == 1
    quiet = bare("--unproved", "-q", "--policy", "-", "--", PYTHON, "-c", ASK, input=LARGE)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, REFUSED, b"")


@pytest.mark.parametrize("words", [("--dump-bpf",), ("--explain",), ("--dump-bpf", "--format=json")], ids=" ".join)
def test_printed_when_asked(bare, words):
    done = bare("--unproved", "--policy", "-", *words, input=LARGE)
    assert done.returncode == 0 and done.stdout
    assert b"the filter is used unproved: " in done.stderr


def test_the_unproved_filter_is_the_right_one(bare):
    """Unproved is not wrong: the dumped bytes answer as the rules say."""
    raw = bare("--unproved", "-q", "--policy", "-", "--dump-bpf", "--format=raw", input=LARGE).stdout
    program, nr = bpf.from_raw(raw), number("getpgid", NATIVE)
    for value in (*range(1 << 10), 0xFFFFFFFF, 1 << 32):
        denied = any(value & mask == mask for mask in MASKS[:130])
        answer, _ = bpf.run(program, bpf.pack(AUDIT[NATIVE], nr, [value]))
        assert answer == (bpf.ERRNO | errno.EHOSTDOWN if denied else bpf.ALLOW), value


def test_a_proven_policy_gives_no_warning(bare):
    done = bare("--unproved", "--policy", "-", "--", "true", input=SMALL)
    assert (done.returncode, done.stderr) == (0, b"")
