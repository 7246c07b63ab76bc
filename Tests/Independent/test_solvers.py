"""`--dump-bpf --format smt2` before solvers: unsat for what nonet makes, and a real call for what is broken."""

import random
import struct
import time

import pytest

import containers
import machine
import solvers
from conftest import ARCHES, NONET, PRESETS, WHOLE, policies, say

# cvc5 takes seconds where the others take a fraction of one, so it is asked by `make prove` alone.
ASKED = [solver for solver in solvers.SOLVERS if WHOLE or solver != "cvc5"]
PROBLEMS = [(solver, name, words, arch) for name, words in policies() for arch in ARCHES for solver in ASKED
            if WHOLE or solver == "z3" or arch == ARCHES[0]]


@pytest.fixture(scope="module", autouse=True)
def installed():
    if solvers.missing():
        pytest.fail(f"{solvers.missing()} missing: .ci/install installs them", pytrace=False)


@pytest.mark.parametrize("solver, name, words, arch", PROBLEMS, ids=lambda value: value if isinstance(value, str) else "")
def test_nothing_differs(solver, name, words, arch):
    problem = say("--dump-bpf", "--format", "smt2", "--arch", arch, *words)
    started = time.monotonic()
    assert solvers.ask(solver, problem)[0] == "unsat"
    print(f"{solver} {name} {arch}: {time.monotonic() - started:.2f} s")


@pytest.mark.parametrize("solver", ASKED)
def test_all_arches_in_one(solver):
    problem = say("--dump-bpf", "--format", "smt2", "--arch", "all")
    done = solvers.subprocess.run(solvers.SOLVERS[solver], input=problem, stdout=solvers.subprocess.PIPE, timeout=300)
    assert done.stdout.split() == [b"unsat", b"unsat"]


def broken(raw, seed):
    """The program with one instruction made another one, as a mistake of a compiler would."""
    rolls = random.Random(seed)
    code = machine.instructions(raw)
    index = rolls.randrange(len(code))
    op, jt, jf, k = code[index]
    if op == 0x06:
        k = rolls.choice([0x7FFF0000, 0x00050001, 0x80000000, k ^ 1 << rolls.randrange(32)])
    elif op == 0x20:
        k = 4 * rolls.randrange(16)
    elif op & 7 == 5 and op != 5:
        op, jt, jf, k = rolls.choice([(op, jf, jt, k), (op, jt, jf, k ^ 1 << rolls.randrange(32)), (0x35 if op == 0x15 else 0x15, jt, jf, k),
                                      (op, jt, jf, (k + 1) & 0xFFFFFFFF)])
    else:
        k ^= 1 << rolls.randrange(12 if op == 0x54 else 1)
    code[index] = op, jt, jf, k
    return b"".join(struct.pack("<HBBI", *one) for one in code)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_broken_program_is_shown_by_a_call(tmp_path, preset):
    """What our proof says of a broken program every solver says too, and the call of each is real."""
    raw = say("--dump-bpf", "--format", "raw", "--arch", "x86_64", "--policy", preset)
    verdicts = set()
    for seed in range(40 if WHOLE else 3):
        path = tmp_path / "filter.raw"
        path.write_bytes(broken(raw, seed))
        words = ["--filter", str(path), "--policy", preset, "--arch", "x86_64"]
        ours = say("--explain", *words).split(b"\n", 1)[0]
        problem = say("--dump-bpf", "--format", "smt2", *words)
        for solver in ASKED:
            answer, call = solvers.ask(solver, problem)
            verdicts.add(answer)
            assert answer == ("unsat" if b"is proven to mean" in ours else "sat"), (seed, solver, ours)
            if answer == "sat":
                arguments = [call.get(f"arg{n}", 0) for n in range(6)]
                data = machine.words(call["nr"], call["arch"], arguments, call.get("ip", 0))
                assert call["program"] == machine.run(machine.instructions(path.read_bytes()), data) != call["policy"]
    assert "sat" in verdicts


def test_arithmetic(tmp_path):
    """Every operation of the machine: a program that computes its answer, and the solver's idea of it."""
    for op in (0x04, 0x14, 0x24, 0x34, 0x44, 0x54, 0x64, 0x74, 0xA4):
        for source in (0, 8):
            if op == 0x34 and source == 0:
                operand = 7
            else:
                operand = 5
            code = [(0x20, 0, 0, 16), (0x03, 0, 0, 0), (0x02, 0, 0, 1), (0x01, 0, 0, operand), (op | source, 0, 0, 0 if source else operand),
                    (0x84, 0, 0, 0), (0x07, 0, 0, 0), (0x60, 0, 0, 1), (0xAC, 0, 0, 0), (0x15, 1, 0, 9), (0x80, 0, 0, 0), (0x16, 0, 0, 0)]
            path = tmp_path / "filter.raw"
            path.write_bytes(b"".join(struct.pack("<HBBI", *one) for one in code))
            problem = say("--dump-bpf", "--format", "smt2", "--filter", str(path), "--arch", "x86_64")
            for solver in ASKED:
                answer, call = solvers.ask(solver, problem)
                assert answer == "sat"
                data = machine.words(call["nr"], call["arch"], [call.get(f"arg{n}", 0) for n in range(6)], call.get("ip", 0))
                assert call["program"] == machine.run(code, data)


def test_the_profile_of_containers(tmp_path):
    """Some hundred calls with conditions, as a policy file."""
    path = containers.PROFILE
    if not path.exists():
        pytest.skip(f"{path} is not here: golang-github-containers-common brings it")
    text = containers.policy(path.read_text(), set(say("--names", "call").decode().split()))
    (tmp_path / "containers.policy").write_text(text)
    for arch in ARCHES if WHOLE else ARCHES[:1]:
        problem = say("--dump-bpf", "--format", "smt2", "--arch", arch, "--policy", str(tmp_path / "containers.policy"))
        # cvc5 does not come to an end with it within minutes.
        for solver in ["z3", "bitwuzla"] if WHOLE else ["z3"]:
            started = time.monotonic()
            assert solvers.ask(solver, problem)[0] == "unsat"
            print(f"{solver} containers {arch}: {time.monotonic() - started:.2f} s")


# More of the masks of which none holds another than our proof follows at once (Tests/BlackBox/test_unproved.py).
MASKS = [mask for mask in range(1 << 10) if bin(mask).count("1") == 5][:130]
UNDECIDED = "default allow\nforeign kill\n" + "".join(f"deny getpgid if arg0:32 & {mask:#x} == {mask:#x}\n" for mask in MASKS)


@pytest.mark.parametrize("arch", ARCHES if WHOLE else ARCHES[:1])
def test_a_policy_that_our_proof_cannot_decide(arch):
    problem = say("--unproved", "--dump-bpf", "--format", "smt2", "--arch", arch, "--policy", "-", data=UNDECIDED.encode())
    assert solvers.ask("z3", problem)[0] == "unsat"


def computing(code):
    """The program with one instruction that computes what no policy asks for: there our proof gives up."""
    for index, (op, jt, jf, k) in enumerate(code):
        others = [(0x84, 0, 0, 0), (0x87, 0, 0, 0), (0x80, 0, 0, 0), (0x07, 0, 0, 0)]
        if op == 0x54:
            others += [(other, 0, 0, k) for other in (0x04, 0x14, 0x24, 0x34, 0x44, 0xA4)] + [(0x64, 0, 0, k & 31), (0x74, 0, 0, k & 31)]
        if op & 7 == 5 and op != 5:
            others.append((op | 8, jt, jf, 0))
        for other in others:
            yield code[:index] + [other] + code[index + 1:]


@pytest.mark.parametrize("name, words", [one for one in policies() if WHOLE or one[0] == "unix"], ids=lambda value: value if isinstance(value, str) else "")
def test_every_broken_program_that_our_proof_leaves_open(tmp_path, name, words):
    """A solver decides each: whatever it says, no broken program is without a verdict."""
    raw = say("--dump-bpf", "--format", "raw", "--arch", "x86_64", *words)
    verdicts = []
    for code in computing(machine.instructions(raw)):
        path = tmp_path / "filter.raw"
        path.write_bytes(b"".join(struct.pack("<HBBI", *one) for one in code))
        ask = ["--filter", str(path), "--arch", "x86_64", *words]
        done = solvers.subprocess.run([NONET, "-q", "--explain", *ask], stdout=solvers.subprocess.PIPE, stderr=solvers.subprocess.PIPE, timeout=60)
        if b"may mean" in done.stdout.split(b"\n", 1)[0]:
            verdicts.append(solvers.ask("z3", say("--dump-bpf", "--format", "smt2", *ask))[0])
    print(f"{name}: {len(verdicts)} left open, {verdicts.count('sat')} of them wrong, {verdicts.count('unsat')} right")
    assert set(verdicts) <= {"sat", "unsat"}
