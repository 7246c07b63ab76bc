"""Random policies, their meaning worked out here, against the bytes that nonet prints for them.

The seed is in the name of a failing test's output; `NONET_SEED=n` repeats a run, `NONET_ROUNDS=n`
makes it longer.
"""

import errno
import os
import random
import subprocess

import pytest

from support import bpf
from support.calls import AUDIT, number

SEED = int(os.environ.get("NONET_SEED", random.randrange(1 << 32)))
ROUNDS = int(os.environ.get("NONET_ROUNDS", "150"))
ARCH, ABIS = "x86_64", ("x86_64", "i386")

# call -> arguments that rules may name: word, index, bits
PROTOTYPES = {
    "socket": [("domain", 0, 32), ("type", 1, 32), ("protocol", 2, 32)],
    "getpid": [],
    "getppid": [],
    "read": [],
    "setns": [],
}
RAW_ARGUMENTS = [(f"arg{n}", n, 64) for n in range(6)] + [(f"arg{n}:32", n, 32) for n in range(6)]
OPERATORS = {"==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b,
             "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}
VERDICTS = {"deny with EHOSTDOWN": bpf.ERRNO | errno.EHOSTDOWN, "deny with 4095": bpf.ERRNO | 4095, "deny": bpf.ERRNO | errno.EACCES,
            "kill": bpf.KILL_PROCESS, "log": 0x7FFC0000, "allow": bpf.ALLOW}
EDGES = [0, 1, 2, 5, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x1_0000_0000, 0x1_0000_0001, 0x1_FFFF_FFFF, 1 << 63, (1 << 64) - 1]


class Comparison:
    def __init__(self, chance, arguments):
        self.word, self.index, bits = chance.choice(arguments)
        self.limit = (1 << bits) - 1
        pick = lambda: chance.choice(EDGES + [chance.getrandbits(bits)]) & self.limit
        self.mask = pick() if chance.random() < 0.3 else None
        self.among = chance.random() < 0.2
        self.operator = "in" if self.among else chance.choice(list(OPERATORS))
        self.values = [pick() for _ in range(chance.randrange(1, 6) if self.among else 1)]

    def __str__(self):
        left = self.word if self.mask is None else f"{self.word} & {self.mask:#x}"
        right = "{ " + ", ".join(map(str, self.values)) + " }" if self.among else str(self.values[0])
        return f"{left} {self.operator} {right}"

    def holds(self, arguments):
        value = arguments[self.index] & self.limit & (self.limit if self.mask is None else self.mask)
        return value in self.values if self.among else OPERATORS[self.operator](value, self.values[0])

    def edges(self):
        for value in self.values:
            yield from ((self.index, near % (1 << 64)) for near in (value - 1, value, value + 1, value ^ (1 << 32), value | 1 << 40))


class Combination:
    def __init__(self, chance, arguments, depth):
        self.kind = chance.choice(["and", "or", "not"])
        self.parts = [condition(chance, arguments, depth - 1) for _ in range(1 if self.kind == "not" else chance.randrange(2, 4))]

    def __str__(self):
        words = [f"({part})" for part in self.parts]
        return f"not {words[0]}" if self.kind == "not" else f" {self.kind} ".join(words)

    def holds(self, arguments):
        found = (part.holds(arguments) for part in self.parts)
        return not next(found) if self.kind == "not" else all(found) if self.kind == "and" else any(found)

    def edges(self):
        for part in self.parts:
            yield from part.edges()


def condition(chance, arguments, depth):
    return Combination(chance, arguments, depth) if depth and chance.random() < 0.6 else Comparison(chance, arguments)


class Rule:
    def __init__(self, chance):
        self.call = chance.choice(list(PROTOTYPES))
        self.verdict = chance.choice(list(VERDICTS))
        self.word = chance.choice(["", "if", "if", "if", "unless"])
        self.condition = condition(chance, PROTOTYPES[self.call] + RAW_ARGUMENTS, 3) if self.word else None

    def __str__(self):
        verb, _, how = self.verdict.partition(" ")
        return " ".join(filter(None, [verb, self.call, how, self.word, str(self.condition or "")]))

    def decides(self, call, arguments):
        return call == self.call and (not self.word or self.condition.holds(arguments) == (self.word == "if"))


def samples(chance, rules):
    """Calls at and around every constant of the rules, one argument at a time and mixed."""
    for call in PROTOTYPES:
        edges = [edge for rule in rules if rule.call == call and rule.condition for edge in rule.condition.edges()]
        yield call, [0] * 6
        for _ in range(40 if edges else 1):
            arguments = [chance.choice(EDGES) for _ in range(6)]
            for index, value in chance.sample(edges, min(len(edges), chance.randrange(1, 7))):
                arguments[index] = value
            yield call, arguments


@pytest.mark.parametrize("round_", range(0, ROUNDS, 10))
def test_bytes_mean_the_policy(nonet, round_):
    for each in range(round_, min(round_ + 10, ROUNDS)):
        chance = random.Random(SEED * 1_000_003 + each)
        rules = [Rule(chance) for _ in range(chance.randrange(1, 9))]
        default = chance.choice(list(VERDICTS))
        text = f"default {default}\n" + "".join(f"{rule}\n" for rule in rules)
        words = [nonet, "-q", "--dump-bpf", "--format=raw", f"--arch={ARCH}", "--policy", "-"]
        done = subprocess.run(words, input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=10)
        assert done.returncode == 0, (SEED, done.stderr, text)
        program = bpf.from_raw(done.stdout)
        assert list(bpf.proper(program)) == [], (SEED, text)
        for call, arguments in samples(chance, rules):
            for abi in ABIS:
                given = arguments if abi == ARCH else [a & 0xFFFFFFFF for a in arguments]
                decided = next((rule.verdict for rule in rules if rule.decides(call, given)), default)
                value, _ = bpf.run(program, bpf.pack(AUDIT[abi], number(call, abi), given))
                assert value == VERDICTS[decided], (SEED, text, abi, call, [hex(a) for a in given], hex(value))
