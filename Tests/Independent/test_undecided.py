"""What our proof leaves open: broken programs and random policies that are recorded, each decided by solvers.

`MutationTests` compares the broken programs that it leaves open with Fixtures/undecided/mutants.tsv.
"""

import csv

import pytest

import machine
import solvers
from conftest import ARCHES, PRESETS, ROOT, WHOLE, say

FOLDER = ROOT / "Fixtures/undecided"
MUTANTS = list(csv.reader(open(FOLDER / "mutants.tsv"), delimiter="\t"))
RANDOM = sorted((FOLDER / "random").glob("*.policy"))
ASKED = ["z3", "bitwuzla"] if WHOLE else ["bitwuzla"]


def policy(name):
    """The words that choose what was broken."""
    if name in PRESETS:
        return ["--policy", name]
    folders = ["Fixtures/policies", "Fixtures/undecided/broken"]
    return ["--policy", next(str(path) for folder in folders for path in [ROOT / folder / f"{name}.policy"] if path.exists())]


@pytest.mark.parametrize("name, arch", sorted({(row[0], row[1]) for row in MUTANTS}))
def test_broken_programs(tmp_path, name, arch):
    words = ["--arch", arch, *policy(name)]
    raw = say("--dump-bpf", "--format", "raw", *words)
    for _, _, first, count, digits, verdict in (row for row in MUTANTS if row[:2] == [name, arch]):
        begin, end = 8 * int(first), 8 * (int(first) + int(count))
        path = tmp_path / "filter.raw"
        path.write_bytes(raw[:begin] + bytes.fromhex(digits) + raw[end:])
        ask = ["--filter", str(path), *words]
        assert b" may mean " in say("--explain", *ask).split(b"\n", 1)[0], "our proof leaves it open"
        for solver in ASKED:
            answer, call = solvers.ask(solver, say("--dump-bpf", "--format", "smt2", *ask))
            assert answer == verdict, (first, digits, solver)
            if answer == "sat":
                data = machine.words(call["nr"], call["arch"], [call.get(f"arg{n}", 0) for n in range(6)], call.get("ip", 0))
                assert call["program"] == machine.run(machine.instructions(path.read_bytes()), data) != call["policy"]


@pytest.mark.parametrize("path", RANDOM, ids=lambda path: path.stem)
def test_random_policies(path):
    """Those at which a million steps do not suffice; the file's name has seed, case and architecture."""
    arch = path.stem.split("-")[-1]
    assert arch in ARCHES
    problem = say("--unproved", "--dump-bpf", "--format", "smt2", "--arch", arch, "--policy", str(path))
    for solver in ASKED:
        assert solvers.ask(solver, problem)[0] == "unsat", solver


def test_there_are_some():
    assert len(MUTANTS) > 40 and RANDOM
    assert {row[-1] for row in MUTANTS} == {"sat"}, "none of them means its policy"
