"""The same lists by libseccomp: both builds, judged by nonet's interpreter and by libseccomp's.

Lists that are only names, equalities and masks must get the same verdicts from both. With ordered
comparisons libseccomp's own answers are counted and not demanded: there ours must be what the list
says, and the kernel's as well.
"""

import ctypes
import errno
import os
import pathlib
import random
import re
import signal
import struct
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import bpf
from support.calls import AUDIT, X86, number
from support.libseccomp import DEBIAN, Comparison, List, theirs
from support.presets import PRESETS

ROOT = pathlib.Path(__file__).resolve().parents[2]
JUDGE, PEERS = ROOT / ".build-embedded/judge", ROOT / ".build-peers"
SEED = int(os.environ.get("NONET_SEED", random.randrange(1 << 32)))
SIMULATED = {"x86_64": "x86_64", "i386": "x86"}
NAMES = {bpf.ALLOW: "ALLOW", bpf.KILL_PROCESS: "KILL_PROCESS"}

pytestmark = pytest.mark.skipif(
    not X86 or subprocess.run([DEBIAN, "-c", "import seccomp"], capture_output=True, timeout=20).returncode != 0,
    reason=f"libseccomp's binding for {DEBIAN} is not installed (python3-seccomp), or this is not x86_64")

NETWORK = ("socket", "socketpair", "connect", "bind", "listen", "accept", "accept4", "sendto", "sendmsg", "sendmmsg", "recvfrom",
           "recvmsg", "recvmmsg", "shutdown", "getsockopt", "setsockopt", "getsockname", "getpeername")
DEBUG = ("ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd")
OTHERS = ("io_uring_setup", "io_uring_enter", "io_uring_register", "request_key")
HIGH, LOW = 0x1_0000_0005, 0x5
EDGES = (0, 1, LOW, LOW + 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 32, HIGH - 1, HIGH, HIGH + 1, 0x2_0000_0004, 1 << 63, (1 << 64) - 1)


def historical(name):
    """The calls that a list in Fixtures denies."""
    text = (ROOT / f"Fixtures/policies/{name}.policy").read_text()
    denials = re.findall(r"^deny +(.+) with (\w+)$", text, re.MULTILINE)
    calls = [call for denied, _ in denials for call in re.split(r", *", denied)]
    assert len({answer for _, answer in denials}) == 1 and len(calls) >= 6
    return List(name, getattr(errno, denials[0][1]), tuple((call, ()) for call in calls))


def names(name, calls):
    return List(name, 13, tuple((call, ()) for call in calls))


def conditional(name, *rules, exact=True):
    return List(name, 13, tuple(("getpgid", each) for each in rules), ("x86_64",), exact)


LISTS = [
    historical("eperm-6"), historical("eacces-13"),
    names("default-calls", ("connect", *OTHERS, *DEBUG)),
    names("strict-calls", (*NETWORK, *OTHERS, *DEBUG, "add_key", "keyctl", "mount", "fsopen", "fsmount", "fsconfig", "move_mount", "setns")),
    names("unix-calls", (*OTHERS, "pidfd_getfd")), names("loopback-calls", ("setns", *OTHERS, "pidfd_getfd")),
    conditional("equal", (Comparison(0, "==", LOW),)), conditional("equal-wide", (Comparison(0, "==", HIGH),)),
    conditional("equal-any", *((Comparison(0, "==", value),) for value in EDGES[:8])),
    conditional("equal-all", (Comparison(0, "==", LOW), Comparison(1, "==", HIGH), Comparison(5, "==", 0))),
    conditional("masked", (Comparison(0, "==", 1, 0xF),)), conditional("masked-wide", (Comparison(0, "==", 1 << 32 | 1, 0xFF_0000_00FF),)),
    conditional("masked-two", (Comparison(0, "==", 1, 0xF), Comparison(1, "==", 0, 1 << 63))),
    *(conditional(f"one {operator}", (Comparison(0, operator, HIGH),), exact=False) for operator in ("<", "<=", ">", ">=", "!=")),
    conditional("ordered-two", (Comparison(0, ">", HIGH),), (Comparison(0, ">", 0x2_0000_0005),), exact=False),
    conditional("ordered-then-another", (Comparison(0, ">", HIGH), Comparison(1, "==", LOW)), (Comparison(1, "<", HIGH),), exact=False),
    conditional("ordered-and-equal", (Comparison(0, "<=", HIGH), Comparison(1, "!=", 0)), (Comparison(0, "==", HIGH),), exact=False),
]


@pytest.fixture(scope="module")
def judge():
    """nonet's own interpreter, on any program."""
    if not JUDGE.exists():
        pytest.skip(f"{JUDGE} is not built: make peers")

    def verdicts(program, calls):
        asked = struct.pack("<I", len(program) // 8) + program + b"".join(bpf.pack(AUDIT[abi], nr, given) for abi, nr, given in calls)
        done = subprocess.run([JUDGE], input=asked, capture_output=True, timeout=20)
        assert done.returncode == 0, done
        return list(struct.unpack(f"<{len(calls)}I", done.stdout))

    return verdicts


def ours(nonet, each):
    done = subprocess.run([nonet, "-q", "--dump-bpf", "--format=raw", "--arch=x86_64", "--policy", "-"],
                          input=each.policy.encode(), capture_output=True, timeout=20)
    assert done.returncode == 0, (each.name, done.stderr)
    return done.stdout


def inputs(each):
    """Every number there is with each ABI; and boundary arguments for calls with conditions."""
    for abi in each.abis:
        for nr in (*range(0, 600), 0x3FFFFFFF, 0x7FFFFFFF, 0xFFFFFFFF):
            # Before Linux 5.4 these are x32's, which libseccomp does not know.
            if abi == "x86_64" and 512 <= nr <= 547:
                continue
            # libseccomp means i386's socketcall too where a socket call is named; nonet says it by name.
            if abi == "x86_64" or nr != number("socketcall", "i386"):
                yield abi, nr, [0] * 6
    chance = random.Random(SEED)
    for call in {call for call, conditions in each.rules if conditions}:
        nr = number(call, "x86_64")
        for _ in range(400):
            yield "x86_64", nr, [chance.choice(EDGES) for _ in range(6)]
        for value in EDGES:
            for other in (0, LOW, HIGH):
                yield "x86_64", nr, [value, other, 0, 0, 0, 0]


def meaning(each, abi, nr, arguments):
    denied = {number(call, abi): call for call, _ in each.rules}
    if each.denies(denied.get(nr), arguments):
        return bpf.ERRNO | each.errno
    # Numbers of x32, but for -1, which a tracer writes to skip a call.
    return bpf.KILL_PROCESS if abi == "x86_64" and 0x40000000 <= nr < 0xFFFFFFFF else bpf.ALLOW

@pytest.mark.parametrize("each", LISTS, ids=lambda each: each.name)
@pytest.mark.parametrize("optimize", [1, 2], ids=["row", "tree"])
def test_verdicts_of_both(nonet, judge, each, optimize):
    calls = list(inputs(each))
    expected = [meaning(each, *call) for call in calls]
    assert len(set(expected)) > 1, "the list decides something"
    assert judge(ours(nonet, each), calls) == expected, each.policy
    made = theirs(each, optimize)
    assert made is not None or not each.exact, "libseccomp came to no end"
    if made is None:
        print(f"{each.name}: libseccomp came to no end within 10 s")
        return
    differ = [(call, hex(want), hex(got)) for call, want, got in zip(calls, expected, judge(made, calls)) if want != got]
    if each.exact:
        assert differ == [], (SEED, each.policy)
    elif differ:
        print(f"{each.name}: libseccomp answers {len(differ)} of {len(calls)} calls otherwise than the list says")


def test_random_ordered_comparisons(nonet, judge):
    """The bug class of the field: ours are right, and how often the other is wrong is only counted."""
    chance, wrong, endless, count = random.Random(SEED), 0, 0, 12
    for round_ in range(count):
        rules = [tuple(Comparison(index, chance.choice(["<", "<=", ">", ">=", "!=", "=="]), chance.choice(EDGES))
                       for index in chance.sample(range(3), chance.randrange(1, 3))) for _ in range(chance.randrange(2, 5))]
        each = conditional(f"random {round_}", *rules, exact=False)
        calls = [call for call in inputs(each) if call[1] == number("getpgid", "x86_64")]
        expected = [meaning(each, *call) for call in calls]
        assert judge(ours(nonet, each), calls) == expected, (SEED, each.policy)
        made = theirs(each, 1)
        endless += made is None
        wrong += made is not None and judge(made, calls) != expected
    print(f"of {count} lists with ordered comparisons libseccomp gets {wrong} wrong, and {endless} come to no end")


def peer(name):
    path = PEERS / name
    if not path.exists():
        missing = PEERS / "missing"
        pytest.skip(missing.read_text().strip() if missing.exists() else f"{name} is not built: make peers")
    return path


def test_libseccomps_simulator_answers_alike(nonet, judge, stage):
    """Their simulator on both programs, against our interpreter on the same."""
    simulator = peer("scmp_bpf_sim")
    chance, jobs, expected = random.Random(SEED), [], []
    for each in LISTS:
        sampled = [call for call in inputs(each) if call[1] < 1 << 31]
        decided = [call for call in sampled if meaning(each, *call) != bpf.ALLOW]
        calls = chance.sample(sampled, 15) + chance.sample(decided, min(len(decided), 10))
        for side, program in (("ours", ours(nonet, each)), ("theirs", theirs(each, 1))):
            # The simulator has no jset, which is what a mask of one bit is made of here.
            if program is None or any(code == bpf.JSET for code, *_ in bpf.from_raw(program)):
                continue
            path = stage / f"{each.name.replace(' ', '-')}.{side}"
            path.write_bytes(program)
            jobs += [(each.name, side, path, *call) for call in calls]
            expected += judge(program, calls)

    def simulate(job):
        _, _, path, abi, nr, arguments = job
        words = [simulator, "-f", path, "-a", SIMULATED[abi], "-s", str(nr)]
        words += [word for index, value in enumerate(arguments) for word in (f"-{index}", str(value))]
        return subprocess.run(words, capture_output=True, text=True, timeout=10).stdout.strip()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(simulate, jobs))
    named = [NAMES.get(value) or f"ERRNO({value & 0xffff})" for value in expected]
    assert [(job, got, want) for job, got, want in zip(jobs, answers, named) if got != want] == [], SEED
    assert {"ALLOW", "ERRNO(13)", "ERRNO(1)"} <= set(answers)
    assert {each.name for each in LISTS} - {name for name, side, *_ in jobs if side == "ours"} <= {"masked-two"}


LISTING = re.compile(r"^ *l(\d+): +(\w\w) (\w\w) (\w\w) (\w{8})  (\w+) ?(.*?) *;")
THEIRS = re.compile(r"^ (\d+): 0x(\w\w) 0x(\w\w) 0x(\w\w) 0x(\w{8})   (\w+) *(.*)$")
RETURNS = {0x7FFF0000: "ALLOW", 0x80000000: "KILL_PROCESS", 0x7FFC0000: "LOG"}


def spoken(index, mnemonic, operand):
    """A line of our listing in the words of their disassembler."""
    words = operand.replace(",", "").split()
    if mnemonic == "ld":
        return mnemonic, f"$data[{words[0].strip('[]')}]"
    value = int(words[0].lstrip("#"), 16) if words[0].startswith("#") else None
    if mnemonic == "ret":
        return mnemonic, RETURNS.get(value) or f"ERRNO({value & 0xffff})"
    if mnemonic in ("jmp", "ja"):
        return "jmp", f"{int(words[0][1:]):04}"
    if mnemonic == "and":
        return mnemonic, f"0x{value:08x}"
    return mnemonic, f"{value} true:{int(words[1][1:]):04} false:{int(words[2][1:]):04}"


@pytest.mark.parametrize("preset", [*PRESETS, *(each.name for each in LISTS if not each.exact)])
def test_their_disassembler_reads_our_bytes(nonet, stage, preset):
    """Instruction by instruction: number, fields, mnemonic, operand and targets."""
    disassembler = peer("scmp_bpf_disasm")
    policy = next((each.policy for each in LISTS if each.name == preset), None)
    words = [nonet, "-q", "--dump-bpf", "--arch=x86_64", "--policy", "-" if policy else preset]
    raw, listing = (subprocess.run([*words, "--format", form], input=(policy or "").encode(), capture_output=True, timeout=20).stdout
                    for form in ("raw", "listing"))
    done = subprocess.run([disassembler], input=raw, capture_output=True, timeout=20)
    assert done.returncode == 0, done
    read = [(int(m[1]), *(int(m[n], 16) for n in range(2, 6)), m[6], " ".join(m[7].split()))
            for m in map(THEIRS.match, done.stdout.decode().splitlines()) if m]
    said = [(int(m[1]), *(int(m[n], 16) for n in range(2, 6)), *spoken(int(m[1]), m[6], m[7]))
            for m in map(LISTING.match, listing.decode().splitlines()) if m]
    assert len(read) == len(raw) // 8 and read == said


def in_the_kernel(program, calls):
    """What this kernel answers in a child that loads a program: errno, or 0 where the call was made."""
    answers, out = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            signal.alarm(20)
            libc = ctypes.CDLL(None, use_errno=True)
            code = ctypes.create_string_buffer(program, len(program))
            loaded = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
            if libc.prctl(38, 1, 0, 0, 0) == 0 and libc.syscall(317, 1, 0, loaded) == 0:
                for _, nr, arguments in calls:
                    ctypes.set_errno(0)
                    libc.syscall(ctypes.c_long(nr), *(ctypes.c_uint64(value) for value in arguments))
                    os.write(out, struct.pack("<I", ctypes.get_errno()))
        finally:
            os._exit(0)
    os.close(out)
    with os.fdopen(answers, "rb") as pipe:
        data = pipe.read()
    os.waitpid(child, 0)
    assert len(data) == 4 * len(calls), "the child answers each call"
    return list(struct.unpack(f"<{len(calls)}I", data))


def test_the_kernel_agrees_about_ordered_comparisons(nonet):
    """getpgid of arguments that name no process fails with ESRCH or works; only the filter says EACCES."""
    free = in_the_kernel(struct.pack("<HBBI", bpf.RET, 0, 0, bpf.ALLOW), [("x86_64", number("getpgid", "x86_64"), [LOW] * 6)])
    assert free != [13], "the instrument tells a call from a refusal"
    for each in LISTS:
        if not each.exact:
            calls = [call for call in inputs(each) if call[1] == number("getpgid", "x86_64")]
            refused = [answer == 13 for answer in in_the_kernel(ours(nonet, each), calls)]
            assert refused == [meaning(each, *call) == bpf.ERRNO | 13 for call in calls], (SEED, each.policy)
            assert True in refused and False in refused
