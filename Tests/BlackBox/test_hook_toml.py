"""Settings in TOML against another reader of it: what is judged is what a host reads, and no edit touches more than the hook."""

import os
import random
import tomllib

import pytest

from support.hooks import BLOCKS, KNOWN
from test_hook_install import hook, read, settings  # noqa: F401, fixtures

NAMES = ["a", "b", "hooks", '"hooks"', "'a'", '"\\u0061"', "a.b", "a . b", "hooks.x", '""', "1", "é", "a.", '"""a"""', '"a\nb"']
SCALARS = ["1", "0x1f", "1_0", "1__0", "01", "1.", "1e5", "inf", "true", "truex", "1979-05-27", "1900-02-29", "1979-05-27 07:32:00Z", "07:60:00",
           '"x"', '"\\u00e9"', '"\\ud800"', '"\\x41"', '"\x01"', "'x\\'", '"""a""""', '"""a""""""', "'''\na''''", '"""a\\ \n b"""', '"""\r"""', '"a', "'''a",
           "'''\n[[hooks]]\n'''", '"""a\r\nb"""', '["""a"""", \'\'\'\n\'\'\']', '"\x7f"']


def value(chance, depth=0):
    kind = chance.random()
    if depth < 2 and kind < .2:
        between = chance.choice([",", ", ", " , # ]\n"])
        return "[" + between.join(value(chance, depth + 1) for _ in range(chance.randrange(3))) + chance.choice(["]", "]", "\n]", ",]"])
    if depth < 2 and kind < .35:
        members = (f"{chance.choice(NAMES[:7])} = {value(chance, depth + 1)}" for _ in range(chance.randrange(3)))
        return "{" + ", ".join(members) + chance.choice(["}", "}", ",}", "\n}"])
    return chance.choice(SCALARS)


def statement(chance, own):
    kind = chance.random()
    name = chance.choice(NAMES[:9] if kind < .8 else NAMES)
    text = (f"{name} = {value(chance)}" if kind < .5 else f"[{name}]" if kind < .65 else f"[[{name}]]" if kind < .8 else own if kind < .88
            else own.replace("10", "1") + "# mine\n" if kind < .9 else own.replace("\n", "\r\n") if kind < .92
            else chance.choice(["# c", "", "x", "# \x01", "[[ hooks ]]\nevent = 'Stop'", "[hooks.x]", "[[hooks.sub]]"]))
    return text + chance.choice(["\n"] * 6 + ["\r\n", " # c\n", "\n\n", "\r", ""])


def meaning(text):
    try:
        return tomllib.loads(text)
    except ValueError:
        return None


def test_random_settings(hook, settings, nonet):  # noqa: F811
    """What tomllib refuses is refused; what it takes is judged, and edited to the hook and to the byte."""
    own = KNOWN["kimi"].text(f"{nonet} --hook kimi || exit 2")
    [entry] = tomllib.loads(own)["hooks"]

    def is_own(table):
        return isinstance(table, dict) and "nonet" in str(table.get("command"))

    def parts(known):
        listed = known.get("hooks", [])
        listed = listed if isinstance(listed, list) else [listed]
        return [one for one in listed if not is_own(one)], {name: one for name, one in known.items() if name != "hooks"}

    seed = random.randrange(1 << 32)
    chance, seen = random.Random(seed), {"refused": 0, "taken": 0, "edited": 0, "had it": 0}
    for count in range(1200):
        if count >= 120 and min(seen.values()) > 3:
            break
        text = "".join(statement(chance, own) for _ in range(chance.choice([1, 2, 3, 5])))
        path, known = settings("kimi", text), meaning(text)
        note = f"seed {seed}, file {count}: {text!r}"
        done = hook("kimi", "--status")
        if known is None:
            seen["refused"] += 1
            assert done.returncode == BLOCKS and f"{path}:".encode() in done.stderr, note
            assert hook("kimi", chance.choice(["--install", "--uninstall"])).returncode == BLOCKS and read(path) == text, note
            continue
        seen["taken"] += 1
        found = [one for one in known.get("hooks", []) if is_own(one)] if isinstance(known.get("hooks"), list) else []
        seen["had it"] += len(found)
        assert done.returncode == (0 if found == [entry] else 1), note
        done, new = hook("kimi", "--install"), read(path)
        if done.returncode:
            assert done.returncode == BLOCKS and new == text, note
            # Only where a name would have two meanings, or a table of the user's stands below.
            listed = known.get("hooks", [])
            assert meaning(text + "\n" + own) is None or any(set(one) - set(entry) for one in listed if is_own(one)), note
            continue
        seen["edited"] += 1
        after = tomllib.loads(new)
        assert parts(after) == parts(known) and [one for one in after["hooks"] if is_own(one)] == [entry], note
        assert found or new == text + ("\n" if text else "") + own, note
        assert hook("kimi", "--status").returncode == 0, note
        assert hook("kimi", "--uninstall").returncode == 0, note
        if found:
            assert parts(tomllib.loads(read(path))) == parts(known), note
        else:
            assert read(path) == text, note
    assert min(seen.values()) > 3, (seed, seen)


# --- what an attacker found ----------------------------------------------------------------------


def kimi(nonet):
    return KNOWN["kimi"].text(f"{nonet} --hook kimi || exit 2")


@pytest.mark.parametrize("before, after, left", [
    ("OURS", "OURS", ""), ("a = 1\r\n\r\n", "OURS", "a = 1\r\n\r\n"), ('d = ["""a"""", \'\'\'\n', "''']\nOURS", None), ("", "OURS# mine\n", "# mine\n"),
], ids=["two of ours", "CRLF", "four quotes", "comment"])
def test_trap_uninstall_takes_the_hook_alone(hook, settings, nonet, before, after, left):  # noqa: F811
    text = (before + after).replace("OURS", kimi(nonet))
    path = settings("kimi", text)
    tomllib.loads(text)
    assert hook("kimi", "--uninstall").returncode == 0
    assert read(path) == ((before + after).replace("OURS", "").rstrip("\n") if left is None else left)


@pytest.mark.parametrize("text", ["[[hooks]]\nevent = \"Stop\"\n\nOURS[hooks.condition]\nnever = true\n", "OURS[[hooks.x]]\n"])
def test_trap_a_table_of_the_users_below_the_hook(hook, settings, nonet, text):  # noqa: F811
    """Without the hook it would be a part of the one before, and with it the hook may never be asked."""
    text = text.replace("OURS", kimi(nonet))
    path = settings("kimi", text)
    assert hook("kimi", "--status").stdout.startswith(b"changed")
    for action in ("--install", "--uninstall"):
        done = hook("kimi", action)
        assert done.returncode == BLOCKS and b"more than the hook would change" in done.stderr and read(path) == text


def test_trap_settings_that_are_no_toml(hook, settings, nonet):  # noqa: F811
    """No host reads them, so no hook is in force, whatever their lines look like."""
    text = f'us = "abc\n{kimi(nonet)}'
    path = settings("kimi", text)
    for action in ("--status", "--install", "--uninstall", "--try"):
        done = hook("kimi", action)
        assert done.returncode not in (0, 1) and f"{path}:1:6: ".encode() in done.stderr and read(path) == text, (action, done)


def test_trap_a_string_with_four_quotes_at_its_end(hook, settings):  # noqa: F811
    text = "d = [\"\"\"a\"\"\"\", '''\n''']\n"
    path = settings("kimi", text)
    for _ in range(2):
        assert hook("kimi", "--install").returncode == 0 and read(path).count("[[hooks]]") == 1
    assert hook("kimi", "--status").returncode == 0 and hook("kimi", "--uninstall").returncode == 0 and read(path) == text


@pytest.mark.parametrize("text", [
    "[features]\nhooks = false", "features.hooks = false", "features = { hooks = false }", "[ features ]\nhooks = false",
    "[features] # x\nhooks = false", '[features]\n"hooks" = false', "[features]\nhooks = false # off", '["features"]\nhooks = false',
    "[features]\r\nhooks = false\r", "[features]\nhooks = true\n[x", "note = '''"])
def test_trap_codex_is_switched_off_in_any_spelling(hook, settings, me, text):  # noqa: F811
    """The hook is there and trusted; the rest of the file says that it is not asked, or is no TOML."""
    hook("codex", "--install")
    trust = f'\n[hooks.state."{settings("codex")}:pre_tool_use:0:0"]\ntrusted_hash = "x"\n'
    toml = os.path.join(me.home, ".codex/config.toml")
    for config, code in (("[features]\nhooks = true" + trust, 0), (text + trust, 1)):
        with open(toml, "w", newline="") as file:
            file.write(config)
        done = hook("codex", "--status")
        assert done.returncode == code, done
    assert (b"switched off in Codex's config.toml" in done.stdout) == (meaning(config) is not None), done
    assert meaning(config) is not None or b"config.toml is no TOML: line " in done.stdout


def test_trap_codex_trust_in_a_string(hook, settings, me):  # noqa: F811
    hook("codex", "--install")
    with open(os.path.join(me.home, ".codex/config.toml"), "w") as file:
        file.write(f'note = """\n[hooks.state."{settings("codex")}:pre_tool_use:0:0"]\ntrusted_hash = "x"\n"""\n')
    assert hook("codex", "--status").returncode == 1
