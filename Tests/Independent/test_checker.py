"""A checker of its own on what nonet dumps: presets and lists, random policies, and programs that our proof rejects."""

import random

import pytest

import checker
import language
from conftest import ARCHES, LISTS, PRESETS, ROOT, WHOLE, say
from test_solvers import broken

TEXTS = {name: ROOT / f"Sources/nonet/Presets/Policies/{name}.policy" for name in PRESETS}
TEXTS |= {name: ROOT / f"Fixtures/policies/{name}.policy" for name in LISTS}


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("name", TEXTS)
def test_presets_and_lists(name, arch):
    text = TEXTS[name].read_text()
    raw = say("--dump-bpf", "--format", "raw", "--arch", arch, "--policy", str(TEXTS[name]))
    assert checker.difference(raw, language.Policy(text), arch) is None
    # Were the checker blind, it would not see another default.
    changed = language.Policy(text)
    changed.lines["default"] = ("kill", None)
    assert checker.difference(raw, changed, arch) is not None


def random_policy(rolls):
    """A text as a person could write it, over calls with and without names for their arguments."""
    verdicts = ["allow", "deny", "kill", "log", "deny with ENOSYS", "deny with 77"]
    names = sorted(set(language.NUMBERS["x86_64"]) & set(language.NUMBERS["i386"]) & set(language.NUMBERS["aarch64"]) & set(language.NUMBERS["arm"])
                   & KNOWN)
    numbers = ["-1", "0", "1", "0xff", "0x7fffffff", "0x80000000", "0xffffffff", "0x100000000", "0x8000000000000000", "0xffffffffffffffff", "010"]

    def comparison(call):
        named = list(language.PARAMETERS.get(call, {}))
        argument = rolls.choice(named + [f"arg{n}" for n in range(3)] + [f"arg{n}:32" for n in range(3)])
        narrow = argument in named or argument.endswith(":32")
        value = lambda: rolls.choice(numbers[:7] if narrow else numbers)
        mask = rolls.choice([f" & {value()}", f" & ({value()} | {value()})"]) if rolls.random() < 0.3 else ""
        if rolls.random() < 0.2:
            return f"{argument}{mask} in {{ {', '.join(value() for _ in range(3))} }}"
        return f"{argument}{mask} {rolls.choice(['==', '!=', '<', '<=', '>', '>='])} {value()}"

    def condition(call, depth=2):
        if depth == 0 or rolls.random() < 0.4:
            return comparison(call)
        if rolls.random() < 0.2:
            return f"not ({condition(call, depth - 1)})"
        return f" {rolls.choice(['and', 'or'])} ".join(f"({condition(call, depth - 1)})" for _ in range(2))

    lines = [f"default {rolls.choice(verdicts)}"]
    lines += [f"{word} {rolls.choice(verdicts)}" for word in ("foreign", "x32", "unknown") if rolls.random() < 0.3]
    for _ in range(rolls.randrange(8)):
        call = rolls.choice(names + sorted(language.PARAMETERS) * 3)
        word, *errno = rolls.choice(verdicts).split(" ", 1)
        some = rolls.random() < 0.6
        calls = [call] if some else [call, *rolls.sample(names, 2)]
        lines.append(" ".join([word, ", ".join(calls), *errno, *([rolls.choice(["if ", "unless "]) + condition(call)] if some else [])]))
    return "\n".join(lines) + "\n"


PARTS = """default deny with ENOSYS
let @mine = { SYS_socket, @timer }
let far = { -1, AF_INET }
let families = { far, 0x10 }
include "part.policy"
kill @mine except timer_create if arg0:32 in { 5 }
deny clone, __NR_fork if arg0 & CLONE_NEWNET | CLONE_NEWUSER != 0
allow @system-service except @network-io, @keyring, setns
allow socket if domain in families and type & (SOCK_CLOEXEC | SOCK_NONBLOCK | 0xf) == SOCK_STREAM
"""


@pytest.mark.parametrize("arch", ARCHES)
def test_parts_of_policies(tmp_path, arch):
    """Sets with names, systemd's, what is taken away, files that are included, joined bits and negative numbers."""
    (tmp_path / "part.policy").write_text("deny @swap, @systemd-mount with 77\nlet more = { bind }\nlog more\n")
    (tmp_path / "main.policy").write_text(PARTS)
    raw = say("-q", "--dump-bpf", "--format", "raw", "--arch", arch, "--policy", str(tmp_path / "main.policy"))
    assert checker.difference(raw, language.Policy(PARTS, folder=tmp_path), arch) is None
    for old, new in [(" except timer_create", ""), ("-1, ", ""), ("setns", "sendto"), ("CLONE_NEWNET | ", "")]:
        assert old in PARTS and checker.difference(raw, language.Policy(PARTS.replace(old, new), folder=tmp_path), arch) is not None, old


KNOWN = set(say("--names", "call").decode().split())


@pytest.mark.parametrize("part", range(10))
def test_random_policies(part):
    """500 under `make prove`; the seeds are the numbers, so a failure has its policy again."""
    for seed in range(part * 50, part * 50 + (50 if WHOLE else 3)):
        text = random_policy(random.Random(seed))
        for arch in ARCHES:
            raw = say("--dump-bpf", "--format", "raw", "--arch", arch, "--policy", "-", data=text.encode())
            assert checker.difference(raw, language.Policy(text), arch) is None, (seed, arch, text)


@pytest.mark.parametrize("name", PRESETS)
def test_programs_that_our_proof_rejects(tmp_path, name):
    """125 of each preset under `make prove`: the checker finds a call of its own, or agrees that nothing differs."""
    text, arch = TEXTS[name].read_text(), "x86_64"
    raw = say("--dump-bpf", "--format", "raw", "--arch", arch, "--policy", name)
    rejected, seed = 0, 1000
    while rejected < (125 if WHOLE else 5):
        mutant = broken(raw, seed)
        seed += 1
        path = tmp_path / "filter.raw"
        path.write_bytes(mutant)
        ours = say("--explain", "--filter", str(path), "--policy", name, "--arch", arch).split(b"\n", 1)[0]
        if b"does not mean" in ours:
            rejected += 1
            assert checker.difference(mutant, language.Policy(text), arch) is not None, (seed, ours)
        else:
            assert b"is proven to mean" in ours and checker.difference(mutant, language.Policy(text), arch) is None, (seed, ours)
