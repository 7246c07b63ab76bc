"""The cases that --explain lists of random policies, evaluated here at and around every constant.

Exactly one case holds of each call, its answer is what the rules mean, and the rule that decides is named.
`NONET_SEED=n` repeats a run, `NONET_ROUNDS=n` makes it longer.
"""

import json
import random
import re
import subprocess

import pytest

from test_random_policies import ABIS, ARCH, PROTOTYPES, ROUNDS, SEED, VERDICTS, Rule, samples

# The parameters of these calls that nonet knows, and whether the kernel takes 64 bits of them.
PARAMETERS = {"domain": (0, False), "type": (1, False), "protocol": (2, False), "fd": (0, False), "buf": (1, True),
              "count": (2, True), "nstype": (1, False)}
WORD = re.compile(r"\b(args\[(\d)\]|domain|type|protocol|fd|buf|count|nstype)( >> 32)?(?!\w)")
# What the rules compare with is numbers, so that a condition without words of its own is Python but for its braces.
NUMBERS = re.compile(r"\{([^}]*)\}")


def compiled(conditions):
    def value(found):
        index, is_wide = PARAMETERS.get(found[1], (found[2], False))
        shown = f"args[{index}]"
        return f"({shown} >> 32)" if found[3] else shown if is_wide else f"({shown} & 0xffffffff)"
    words = [NUMBERS.sub(r"(\1,)", WORD.sub(value, condition)) for condition in conditions]
    return compile(" and ".join(words) or "True", "condition", "eval")


def explained(nonet, text):
    words = [nonet, "-q", "--explain", "--format=json", f"--arch={ARCH}", "--policy", "-"]
    done = subprocess.run(words, input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=10)
    assert done.returncode == 0, (SEED, done.stderr, text)
    return {(abi["abi"], call["name"]): call for abi in json.loads(done.stdout)[0]["abis"]
            for call in abi["calls"] if call["name"] in PROTOTYPES}


@pytest.mark.parametrize("round_", range(0, ROUNDS, 10))
def test_one_case_holds_and_says_why(nonet, round_):
    for each in range(round_, min(round_ + 10, ROUNDS)):
        chance = random.Random(SEED * 1_000_003 + each)
        rules = [Rule(chance) for _ in range(chance.randrange(1, 9))]
        default = chance.choice(list(VERDICTS))
        text = f"default {default}\n" + "".join(f"{rule}\n" for rule in rules)
        calls = explained(nonet, text)
        cases = {key: [(case, compiled(case["if"])) for case in call["outcomes"]] for key, call in calls.items()}
        for call, arguments in samples(chance, rules):
            for abi in ABIS:
                if not calls[abi, call]["complete"]:
                    continue
                given = arguments if abi == ARCH else [a & 0xFFFFFFFF for a in arguments]
                index = next((n for n, rule in enumerate(rules, 1) if rule.decides(call, given)), None)
                met = [case for case, condition in cases[abi, call] if eval(condition, {"args": given})]
                told = (SEED, text, abi, call, [hex(a) for a in given], met)
                assert len(met) == 1, told
                assert met[0]["value"] == VERDICTS[rules[index - 1].verdict if index else default], told
                words = met[0]["origin"]
                named = re.findall(r"\d+", words) if index else [words]
                assert (str(index) in named) if index else "default" in words, told
