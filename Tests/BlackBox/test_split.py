"""Policies that are too long for one filter: several filters, which mean together what the policy says.

What they answer is worked out here, by the kernel's rule for several filters, and asked of the kernel.
"""

import ctypes
import errno
import json
import os
import random
import resource
import struct
import subprocess
import sys
import time

import pytest

from support import bpf
from support.calls import _NUMBERS, AUDIT, X86, number
from test_random_policies import RAW_ARGUMENTS, VERDICTS, condition

SEED = int(os.environ.get("NONET_SEED", random.randrange(1 << 32)))
# kernel/seccomp.c, MAX_INSNS_PER_PATH: of all filters of a process, as the kernel translates them.
MOST = 32768

pytestmark = pytest.mark.skipif(not X86, reason="the policies are for x86_64")

# Without them no program starts or ends.
NEEDED = {"execve", "ioctl", "openat", "read", "write", "prlimit64"}
CALLS = sorted(name for name, numbers in _NUMBERS.items() if None not in numbers[:2] and name not in NEEDED)
# They change nothing, whatever they are given.
HARMLESS = {"getpgid": 121, "getsid": 124, "sched_getscheduler": 145, "getpriority": 140, "sched_get_priority_max": 146, "sched_get_priority_min": 147}
REFUSALS = (errno.EHOSTDOWN, errno.EL2HLT, errno.ENOANO, errno.EBADRQC)


class Equality:
    def __init__(self, chance):
        self.index, self.value = chance.randrange(2), chance.getrandbits(chance.choice((8, 32, 64)))

    def __str__(self):
        return f"arg{self.index} == {self.value}"

    def holds(self, arguments):
        return arguments[self.index] == self.value

    def edges(self):
        yield from ((self.index, each % (1 << 64)) for each in (self.value, self.value + 1, self.value ^ 1 << 32))


class Rule:
    """One in ten asks anything; more of them on one call would keep the proof busy."""

    def __init__(self, chance, call, is_simple):
        self.call, self.verdict = call, chance.choice(list(VERDICTS))
        self.condition = Equality(chance) if is_simple else condition(chance, RAW_ARGUMENTS, 1)

    def __str__(self):
        verb, _, how = self.verdict.partition(" ")
        return " ".join(filter(None, [verb, self.call, how, "if", str(self.condition)]))


def policy_of(chance, rules_each):
    """Rules of every kind for every call, in one order for all of them."""
    rules = [Rule(chance, call, index % 10) for call in CALLS for index in range(rules_each)]
    chance.shuffle(rules)
    default = chance.choice(list(VERDICTS))
    text = f"default {default}\nforeign compile\nx32 kill\n" + "".join(f"{rule}\n" for rule in rules)
    return text, default, rules


def filters_of(nonet, path, *words):
    done = subprocess.run([nonet, "-q", "--dump-bpf", "--format=json", "--arch=x86_64", *words, "--policy", path],
                          capture_output=True, timeout=60)
    assert done.returncode == 0, (SEED, done.stderr[-500:])
    found = json.loads(done.stdout)
    assert [each["filter"] for each in found] == list(range(1, len(found) + 1))
    assert all(each["filters"] == len(found) for each in found)
    return [[(each["code"], each["jt"], each["jf"], each["k"]) for each in one["instructions"]] for one in found]


def together(filters, data):
    """The youngest first; a lower action takes its place, as a signed number (seccomp_run_filters)."""
    def action(value):
        return struct.unpack("<i", struct.pack("<I", value & 0xFFFF0000))[0]

    answer = bpf.ALLOW
    for program in reversed(filters):
        if action(value := bpf.run(program, data)[0]) < action(answer):
            answer = value
    return answer


@pytest.mark.parametrize("round_", range(4))
def test_they_mean_the_policy_together(nonet, tmp_path, round_):
    chance = random.Random(SEED * 1_000_003 + round_)
    text, default, rules = policy_of(chance, 40)
    path = tmp_path / "long.policy"
    path.write_text(text)
    filters = filters_of(nonet, path)
    assert len(filters) > 1 and all(len(program) <= 4096 and list(bpf.proper(program)) == [] for program in filters)
    answering = dict.fromkeys(range(len(filters)), 0)
    for call in CALLS:
        own = [rule for rule in rules if rule.call == call]
        edges = [edge for rule in own for edge in rule.condition.edges()]
        for _ in range(25):
            arguments = [chance.choice([0, 1, (1 << 64) - 1, chance.getrandbits(64)]) for _ in range(6)]
            for index, value in chance.sample(edges, chance.randrange(1, 5)):
                arguments[index] = value
            for abi in ("x86_64", "i386"):
                given = arguments if abi == "x86_64" else [each & 0xFFFFFFFF for each in arguments]
                decided = next((rule.verdict for rule in own if rule.condition.holds(given)), default)
                data = bpf.pack(AUDIT[abi], number(call, abi), given)
                assert together(filters, data) == VERDICTS[decided], (SEED, round_, abi, call, given)
                speaking = [index for index, program in enumerate(filters) if bpf.run(program, data)[0] != bpf.ALLOW]
                assert len(speaking) <= 1, "the data of an answer is that of one filter"
                for index in speaking:
                    answering[index] += 1
    assert all(answering.values()), answering
    # Numbers of no call, of x32, and -1; other ABIs.
    for audit, nr, wanted in ((AUDIT["x86_64"], 600, VERDICTS[default]), (AUDIT["i386"], 0x3FFFFFFF, VERDICTS[default]),
                              (AUDIT["x86_64"], 0x40000000, bpf.KILL_PROCESS), (AUDIT["x86_64"], 0xFFFFFFFF, bpf.ALLOW),
                              (AUDIT["aarch64"], 1, bpf.KILL_PROCESS)):
        assert together(filters, bpf.pack(audit, nr)) == wanted, (SEED, hex(audit), hex(nr))


ASK = """
import ctypes, json, sys
libc = ctypes.CDLL(None, use_errno=True)
found = []
for nr, value in json.load(open(sys.argv[1])):
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(nr), ctypes.c_ulong(value), 0, 0)
    found.append(ctypes.get_errno() if result == -1 else 0)
count = [line for line in open("/proc/self/status") if line.startswith("Seccomp_filters")]
json.dump([found, int(count[0].split()[1]) if count else None], sys.stdout)
"""


def large(chance, extra="", others=60):
    """A deny-list that takes several filters and under which Python works, and what it refuses."""
    rules = [(call, chance.getrandbits(40), chance.choice(REFUSALS)) for call in HARMLESS for _ in range(150)]
    refused = {(HARMLESS[call], value): number for call, value, number in reversed(rules)}
    rules += [(call, chance.getrandbits(40), errno.EPERM) for call in CALLS if call not in HARMLESS for _ in range(others)]
    chance.shuffle(rules)
    text = "".join(f"deny {call} if arg0 == {value} with {number}\n" for call, value, number in rules)
    return f"default allow\nnetwork allowed\n{extra}{text}", refused


@pytest.fixture
def long(tmp_path):
    def make(extra="", others=60):
        text, refused = large(random.Random(SEED), extra, others)
        path = tmp_path / "long.policy"
        path.write_text(text)
        tmp_path.chmod(0o755)
        return path, refused

    return make


def outer_filters():
    lines = [line for line in open("/proc/self/status") if line.startswith("Seccomp_filters")]
    return int(lines[0].split()[1]) if lines else 0


def test_the_kernel_answers_so(nonet, long, tmp_path):
    path, refused = long()
    chance = random.Random(SEED)
    questions = [*refused, *((nr, chance.getrandbits(40)) for nr in HARMLESS.values() for _ in range(20))]
    file = tmp_path / "questions.json"
    file.write_text(json.dumps(questions))
    words = [sys.executable, "-c", ASK, str(file)]
    bare = json.loads(subprocess.run(words, capture_output=True, check=True, timeout=60).stdout)
    done = subprocess.run([nonet, "-q", "--policy", path, "--", *words], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    answers, count = json.loads(done.stdout)
    wanted = [refused.get(each, outside) for each, outside in zip(questions, bare[0])]
    assert answers == wanted, SEED
    assert set(bare[0]).isdisjoint(REFUSALS), "none of these comes from the kernel itself"
    assert count == outer_filters() + len(filters_of(nonet, path)) > outer_filters() + 1


@pytest.mark.parametrize("extra", ["deny seccomp\n", "deny seccomp if arg0 != 77\n", "deny prctl\n"])
def test_the_policy_may_refuse_to_install(nonet, long, extra):
    """Only the last filter refuses seccomp(2), since the others have to be installed."""
    path, _ = long(extra)
    ask = "import ctypes; print(ctypes.CDLL(None).syscall(317, 2, 0, 0), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    done = subprocess.run([nonet, "-q", "--policy", path, "--", sys.executable, "-c", ask], capture_output=True, timeout=60)
    assert done.returncode == 0 and b"-1" in done.stdout, done
    assert len(filters_of(nonet, path)) > 1


def test_a_default_that_denies(nonet, tmp_path):
    """An allow-list: what the last filter answers for is refused, and each other one refuses only its own calls."""
    chance = random.Random(SEED)
    allowed = [(call, chance.getrandbits(40)) for call in CALLS if call not in HARMLESS for _ in range(90)]
    path = tmp_path / "long.policy"
    rest = "read, write, close, execve, brk, mmap, munmap, mprotect, arch_prctl, exit_group, access, openat, fstat, newfstatat, pread64, rseq, set_tid_address, set_robust_list, prlimit64, getrandom, readlink, getcwd, getpid, ioctl, rt_sigaction, rt_sigprocmask, lseek, getdents64, futex, sysinfo, getuid, geteuid, getgid, getegid, fcntl, dup, gettid, clock_gettime, rt_sigreturn, exit, close_range, uname, wait4, stat, lstat, statx, faccessat2, execveat, dup2, getppid"
    names = [name for name in rest.split(", ") if name not in CALLS]
    path.write_text("default deny with ENOANO\nnetwork allowed\nallow " + ", ".join(names) + "\nallow getpid, getppid\n"
                    + "".join(f"allow {call} if arg0 == {value}\n" for call, value in allowed if call not in ("getpid", "getppid")))
    filters = filters_of(nonet, path)
    assert len(filters) > 1
    for call, value in chance.sample(allowed, 300):
        if call in ("getpid", "getppid"):
            continue
        assert together(filters, bpf.pack(AUDIT["x86_64"], number(call, "x86_64"), [value])) == bpf.ALLOW
        assert together(filters, bpf.pack(AUDIT["x86_64"], number(call, "x86_64"), [value ^ 1 << 63])) == bpf.ERRNO | errno.ENOANO
    assert together(filters, bpf.pack(AUDIT["x86_64"], HARMLESS["getpgid"])) == bpf.ERRNO | errno.ENOANO
    done = subprocess.run([nonet, "-q", "--policy", path, "--", "/bin/echo", "ran"], capture_output=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, b"ran\n"), done


def translated(program):
    """What the kernel makes of a program, counted by bpf_convert_filter (net/core/filter.c)."""
    count = 3
    for code, jt, jf, k in program:
        if code == bpf.RET:
            count += 2
        elif code in (bpf.JEQ, bpf.JGT, bpf.JGE, bpf.JSET):
            count += (k >> 31) + (1 if jf == 0 or jt == 0 and code != bpf.JSET else 2)
        else:
            count += 1
    return count


def installs(programs):
    """Whether a process that has no other filters takes these; 0, or the errno of the first that is refused."""
    pid = os.fork()
    if pid == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(38, 1, 0, 0, 0)
        held = [ctypes.create_string_buffer(bpf.to_raw(each)) for each in programs]
        heads = [ctypes.create_string_buffer(struct.pack("=HxxxxxxQ", len(each), ctypes.addressof(raw))) for each, raw in zip(programs, held)]
        for head in heads:
            if libc.syscall(317, 1, 0, head) != 0:
                os._exit(ctypes.get_errno())
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def filler(size):
    """Allows everything and is translated to `size` instructions, 5 at least."""
    return [(bpf.LOAD, 0, 0, 0)] * (size - 5) + [(bpf.RET, 0, 0, bpf.ALLOW)]


@pytest.mark.skipif(outer_filters() > 0, reason="filters that are there already count too")
def test_how_much_the_kernel_takes(nonet, long):
    """32,768 instructions as it translates them and four for each older filter, of a policy as nonet compiles it."""
    filters = filters_of(nonet, long()[0])
    total = sum(map(translated, filters)) + 4 * (len(filters) - 1)
    rest = MOST - total
    while rest > 4000 + 4:
        filters.append(filler(4000))
        rest -= 4004
    assert rest > 10
    assert installs([*filters, filler(rest - 4)]) == 0
    assert installs([*filters, filler(rest - 3)]) == errno.ENOMEM


def test_a_policy_that_the_kernel_does_not_hold(nonet, long):
    """The largest that nonet takes fits, and one that is a little larger is refused with its length."""
    taken, refused, largest = 80, 180, 0
    while refused - taken > 12:
        others = (taken + refused) // 2
        path, _ = long(others=others)
        done = subprocess.run([nonet, "-q", "--dump-bpf", "--format=json", "--policy", path], capture_output=True, timeout=120)
        if done.returncode == 0:
            programs = [[(each["code"], each["jt"], each["jf"], each["k"]) for each in one["instructions"]] for one in json.loads(done.stdout)]
            taken, largest = others, sum(map(translated, programs)) + 4 * (len(programs) - 1)
        else:
            assert done.returncode == 125 and b"at most 32768, counted as it translates them" in done.stderr, done.stderr[:500]
            assert done.stderr.count(b"\n") == 1
            refused = others
    print(f"{taken} rules for each call are {largest} translated instructions")
    assert MOST * 0.9 < largest <= MOST


def test_where_the_second_filter_does_not_fit_nothing_runs(nonet, long, me, tmp_path):
    """Outer filters leave room for the first only: it is installed, and the command does not start."""
    path, _ = long()
    filters = filters_of(nonet, path)
    sizes = [translated(each) + 4 for each in filters]
    room = sizes[0] + sizes[1] // 2
    outer, left = [], MOST - room
    while left > 5:
        size = min(left, 4000)
        outer.append(filler(max(5, size - 4)))
        left -= size
    raw = tmp_path / "outer.json"
    raw.write_text(json.dumps(outer))
    start = f"""
import ctypes, json, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(38, 1, 0, 0, 0)
for program in json.load(open({str(raw)!r})):
    held = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *each) for each in program))
    head = ctypes.create_string_buffer(struct.pack("=HxxxxxxQ", len(program), ctypes.addressof(held)))
    assert libc.syscall(317, 1, 0, head) == 0, ctypes.get_errno()
os.execv(sys.argv[1], sys.argv[1:])
"""
    ran = tmp_path / "ran"
    words = [nonet, "-q", "--policy", str(path), "--", "touch", str(ran)]
    done = subprocess.run([sys.executable, "-c", start, *words], capture_output=True, timeout=60)
    assert done.returncode == 125 and b"seccomp" in done.stderr and not ran.exists(), done
    assert b"Cannot allocate memory" in done.stderr or b"ENOMEM" in done.stderr, done.stderr
    # The same with room for all of them.
    raw.write_text(json.dumps(outer[:1]))
    done = subprocess.run([sys.executable, "-c", start, *words], capture_output=True, timeout=60)
    assert done.returncode == 0 and ran.exists(), done


@pytest.mark.parametrize("form", ["raw", "hex", "decimal", "bpf_asm"])
def test_a_format_of_one_program_refuses(nonet, long, form):
    path, _ = long()
    done = subprocess.run([nonet, "-q", "--dump-bpf", f"--format={form}", "--policy", path], capture_output=True, timeout=60)
    assert done.returncode == 125 and done.stdout == b"", done
    assert b"filters, and --format" in done.stderr and done.stderr.count(b"\n") == 1


def test_the_other_formats_have_all_of_them(nonet, long, tmp_path):
    path, _ = long()
    filters = filters_of(nonet, path)
    count = len(filters)
    texts = {}
    for form in ("listing", "c", "dot", "smt2"):
        done = subprocess.run([nonet, "-q", "--dump-bpf", f"--format={form}", "--policy", path], capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr
        texts[form] = done.stdout.decode()
    for index in range(1, count + 1):
        assert f"filter {index} of {count}" in texts["listing"] and f"filter {index} of {count}" in texts["c"]
        assert f"digraph x86_64_{index} " in texts["dot"] and f"(define-fun filter{index}.answer.0 " in texts["smt2"]
    assert texts["smt2"].count("(check-sat)") == 1, "one question about all of them"
    source = tmp_path / "filters.c"
    source.write_text(texts["c"] + "\nint main(void) { return !(" + " + ".join(
        f"sizeof nonet_filter_x86_64_{index}" for index in range(1, count + 1)) + f" == 8 * {sum(map(len, filters))}); }}\n")
    subprocess.run(["cc", "-o", tmp_path / "filters", source], check=True, timeout=60)
    assert subprocess.run([tmp_path / "filters"], timeout=10).returncode == 0


def test_a_supervisor_has_one_filter(nonet, long, tmp_path):
    path, _ = long()
    ran = tmp_path / "ran"
    for words in (["--log", tmp_path / "log"], ["--observe", "--log", tmp_path / "log"], ["--fail-on-attempt"], ["--allow-unix=/run"]):
        done = subprocess.run([nonet, "-q", *words, "--policy", path, "--", "touch", ran], capture_output=True, timeout=60)
        assert done.returncode == 125 and not ran.exists(), (words, done)
        assert b"the kernel asks a supervisor for one filter only" in done.stderr and done.stderr.count(b"\n") == 1
    # What may do without one does.
    done = subprocess.run([nonet, "-q", "--hint", "--policy", path, "--", "touch", ran], capture_output=True, timeout=60)
    assert done.returncode == 0 and ran.exists(), done


def test_what_is_told_of_them(nonet, long):
    path, refused = long()
    count = len(filters_of(nonet, path))
    (nr, value), wanted = next(iter(refused.items()))
    call = next(name for name, each in HARMLESS.items() if each == nr)
    done = subprocess.run([nonet, "-q", f"--explain={call}({value})", "--policy", path], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and f"in {count} filters" in done.stdout, done
    assert errno.errorcode[wanted] in done.stdout and f"== {value:#x}" in done.stdout
    done = subprocess.run([nonet, "-q", f"--explain={call}({value ^ 1 << 50})", "--policy", path], capture_output=True, text=True, timeout=60)
    # i386 has 32 bits of it, which may be another rule's.
    own = next(line for line in done.stdout.splitlines() if line.split()[:1] == [str(nr)])
    assert "allow" in own and errno.errorcode[wanted] not in own, done.stdout
    whole = subprocess.run([nonet, "-q", "--explain", "--format=json", "--policy", path], capture_output=True, timeout=60)
    told = json.loads(whole.stdout)[0]
    assert told["filters"] == count
    free = {each["name"]: each["free"] for each in told["abis"][0]["calls"]}
    assert free["read"] and not free[call], "what all filters always allow stays free"


def test_two_of_them_are_compared(nonet, long, tmp_path):
    path, refused = long()
    same = subprocess.run([nonet, "-q", "--diff", path, path], capture_output=True, timeout=60)
    assert (same.returncode, same.stdout) == (0, b""), same
    (nr, value), _ = next(iter(refused.items()))
    call = next(name for name, each in HARMLESS.items() if each == nr)
    other = tmp_path / "other.policy"
    other.write_text(path.read_text().replace("default allow\n", f"default allow\nallow {call} if arg0 == {value}\n", 1))
    done = subprocess.run([nonet, "-q", "--diff", path, other], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and f"{call}({value:#x}" in done.stdout, done


@pytest.mark.skipif(os.geteuid() != 0, reason="the kernel shows filters to root alone")
def test_they_are_known_again(nonet, long):
    path, _ = long()
    count = len(filters_of(nonet, path))
    with subprocess.Popen([nonet, "-q", "--policy", path, "--", "sleep", "60"], stdin=subprocess.DEVNULL) as process:
        try:
            ends = time.monotonic() + 20
            while open(f"/proc/{process.pid}/comm").read() != "sleep\n" and time.monotonic() < ends:
                time.sleep(0.05)
            done = subprocess.run([nonet, "-q", "--policy", path, "--verify", str(process.pid)], capture_output=True, text=True, timeout=120)
            together = subprocess.run([nonet, "-q", "--policy", path, "--explain=getpgid", "--verify", str(process.pid)],
                                      capture_output=True, text=True, timeout=120)
        finally:
            os.kill(process.pid, 9)
    assert done.returncode == 0, done
    for index in range(1, count + 1):
        assert f"filter {index} of {count}, byte for byte" in done.stdout
    assert "all of them together are proven to mean policy" in together.stdout, together


def test_a_profile_of_an_engine_is_split_too(nonet, tmp_path):
    chance = random.Random(SEED)
    entries = [{"names": [call], "action": "SCMP_ACT_ERRNO", "errnoRet": errno.EHOSTDOWN,
                "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": chance.getrandbits(40)}]} for call in CALLS for _ in range(60)]
    path, ran = tmp_path / "long.json", tmp_path / "ran"
    path.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"], "syscalls": entries}))
    filters = filters_of(nonet, path)
    assert len(filters) > 1
    for entry in chance.sample(entries, 200):
        value = entry["args"][0]["value"]
        for given, wanted in ((value, bpf.ERRNO | errno.EHOSTDOWN), (value ^ 1 << 50, bpf.ALLOW)):
            assert together(filters, bpf.pack(AUDIT["x86_64"], number(entry["names"][0], "x86_64"), [given])) == wanted
    done = subprocess.run([nonet, "-q", "--policy", path, "--", "touch", ran], capture_output=True, timeout=60)
    assert done.returncode == 0 and ran.exists(), done


def test_one_call_is_not_split(nonet, tmp_path):
    path = tmp_path / "one.policy"
    path.write_text("default allow\n" + "".join(f"deny getpgid if arg0 == {n * 7919}\n" for n in range(1000)))
    ran = tmp_path / "ran"
    done = subprocess.run([nonet, "-q", "--policy", path, "--", "touch", ran], capture_output=True, text=True, timeout=60)
    assert done.returncode == 125 and not ran.exists() and done.stderr.count("\n") == 1, done
    assert "the rules of getpgid alone compile to" in done.stderr and "4096" in done.stderr
    assert "with 'foreign kill'" in done.stderr, "half of it is for the 32-bit ABI"
    path.write_text("foreign kill\n" + path.read_text())
    done = subprocess.run([nonet, "-q", "--policy", path, "--", "touch", ran], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and ran.exists(), done


@pytest.mark.parametrize("bits", [16, 34, 64])
def test_growth_is_near_linear(nonet, tmp_path, bits):
    """From 10 rules to 4,000: instructions and processor time of parse, compile and proof."""
    chance = random.Random(SEED)
    path = tmp_path / "growing.policy"
    rows = []
    for count in (10, 100, 1000, 4000):
        path.write_text("default allow\n" + "".join(
            f"deny {chance.choice(CALLS)} if arg0 == {chance.getrandbits(bits)} with {chance.choice(REFUSALS)}\n" for _ in range(count)))
        times = []
        for _ in range(3):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            filters = subprocess.run([nonet, "-q", "--dump-bpf", "--format=json", "--policy", path], capture_output=True, timeout=60)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        assert filters.returncode == 0, filters.stderr
        found = json.loads(filters.stdout)
        rows.append((count, sum(len(each["instructions"]) for each in found), len(found), min(times)))
        print("{} rules: {} instructions in {} filters, {:.1f} ms".format(*rows[-1][:3], 1000 * rows[-1][3]))
    # Many rules on one call are asked one by one: four instructions for x86_64 and two for i386.
    assert all(instructions <= 6.5 * count + 100 for count, instructions, _, _ in rows)
    for (small, _, _, quick), (big, _, _, slow) in zip(rows[1:], rows[2:]):
        assert slow <= 3 * (big / small) * quick + 0.1
