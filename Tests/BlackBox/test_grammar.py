"""The TextMate grammar of policies, read as editors read it: every character of every policy has a scope, and the right one."""

import json
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
GRAMMAR = json.loads((ROOT / "Integrations/textmate/nonet-policy.tmLanguage.json").read_text())
PATTERNS = [(re.compile(one["match"]), one.get("name"), one.get("captures", {})) for one in GRAMMAR["patterns"]]
EXAMPLES = re.findall(r"^```policy(?: warning)?\n((?:.*\n)*?)```$", (ROOT / "Documentation/policy-language.md").read_text(), re.M)
POLICIES = sorted([*ROOT.glob("Sources/nonet/**/*.policy"), *ROOT.glob("Fixtures/policies/*.policy"), *ROOT.glob("Fixtures/policies/warned/*.policy"),
                   *ROOT.glob("Fixtures/published/**/*.policy")])


def scopes(line):
    """The scope of each character: the pattern that matches first, and of those the one that stands first."""
    told, at = [None] * len(line), 0
    while at < len(line):
        found = [(match.start(), order) for order, (pattern, *_) in enumerate(PATTERNS) if (match := pattern.search(line, at)) and match.end() > at]
        if not found:
            break
        _, order = min(found)
        pattern, name, captures = PATTERNS[order]
        match = pattern.search(line, at)
        for index in range(match.start(), match.end()):
            told[index] = name
        for number, capture in captures.items():
            for index in range(*match.span(int(number))):
                told[index] = capture["name"]
        at = match.end()
    return [name and name.removesuffix(".nonet-policy") for name in told]


def words(text):
    for line in text.splitlines():
        told = scopes(line)
        for match in re.finditer(r"#.*|\"[^\"]*\"|@[\w-]+|-?[\w:]+", line):
            yield match[0], set(told[match.start():match.end()])


@pytest.mark.parametrize("text", [path.read_text() for path in POLICIES] + EXAMPLES, ids=[path.stem for path in POLICIES] + [None] * len(EXAMPLES))
def test_every_policy(bare, names, text):
    for line in text.splitlines():
        bare_of = [character for character, scope in zip(line, scopes(line)) if scope is None and not character.isspace()]
        assert not bare_of, (line, bare_of)
    for word, scope in words(text):
        assert len(scope) == 1, (word, scope)
        [scope] = scope
        if scope == "entity.name.function":
            assert re.sub("^(SYS_|__NR_)", "", word) in names["call"] | names["own"], word
        elif scope == "constant.language.errno":
            assert word in names["errno"] or word.isdigit(), word
        elif word in names["call"]:
            assert scope in ("entity.name.function", "entity.name.type", "comment.line.number-sign", "storage.type.verdict", "variable.parameter"), (word, scope)


@pytest.fixture
def names(bare):
    own = set(re.findall(r"^let @?(\w+)", "\n".join([*EXAMPLES, *(path.read_text() for path in POLICIES)]), re.M))
    return {kind: set(bare("--names", kind).stdout.decode().split()) for kind in ("call", "errno")} | {"own": own}


def test_each_kind_of_word():
    line = "deny SYS_kill, @my-set except kill if pid & (A_B | 0x1) in internet and not arg0:32 == -1 with EPERM  # if"
    told = {word: scope for word, scope in words(line)}
    assert {word: "".join(scope) for word, scope in told.items()} == {
        "deny": "storage.type.verdict", "SYS_kill": "entity.name.function", "@my-set": "entity.name.type", "except": "keyword.other",
        "kill": "entity.name.function", "if": "keyword.other", "pid": "variable.parameter", "A_B": "constant.other", "0x1": "constant.numeric",
        "in": "keyword.other", "internet": "entity.name.function", "and": "keyword.other", "not": "keyword.other",
        "arg0:32": "variable.language.register", "-1": "constant.numeric", "with": "keyword.other", "EPERM": "constant.language.errno",
        "# if": "comment.line.number-sign"}
    for line, scope in [("default deny", "storage.type.verdict"), ('include "x y"', "string.quoted.double"), ("layers none", "support.constant"),
                        ("let @x = { read }", "entity.name.function"), ("foreign compile  # so", "comment.line.number-sign")]:
        assert scope in set(scopes(line)), line
