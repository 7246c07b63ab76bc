"""Text that somebody else chose: no character of it that hides or turns text reaches a terminal, a log or a page."""

import json
import os
import re
import unicodedata

import pytest

from support.run import PYTHON, Launcher

# One by one, since they are letters and marks to Python: fillers, joiners, variation selectors, vowels without a shape.
IGNORABLE = [0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x3164, 0xFE00, 0xFE0F, 0xFFA0, 0xE0100,
             0xE01EF, 0x2065, 0xFFF0, 0xFFF8, 0xE0080]
NAMED = [0x61C, 0xAD, 0x180E, 0x200B, 0x200E, 0x200F, 0x202A, 0x202E, 0x2028, 0x2029, 0x2066, 0x2069, 0x206F, 0xFEFF, 0xFFF9,
         0xFFFB, 0xFFFE, 0xFFFF, 0xFDD0, 0xFDEF, 0x1D173, 0x1D17A, 0xE0001, 0xE0020, 0xE007F, 0x1FFFE, 0x10FFFF]
CONTROLS = [*range(0xA0)]
HIDDEN = "".join(map(chr, [c for c in CONTROLS if c < 0x20 or c >= 0x7F] + NAMED + IGNORABLE))
WORDS = [c for c in HIDDEN if c != "\0"]  # no argument, path or variable has NUL
BROKEN = [b"\x80", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x80", b"\xf0\x9f\x98"]
SEEN = "aé漢字😀שלום ا\u00a0\u0301"


def is_hidden(character):
    """By Python's own table, which knows categories but not Default_Ignorable_Code_Point."""
    code = ord(character)
    return (unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") or code in IGNORABLE or 0xFE00 <= code <= 0xFE0F
            or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF or 0xE0000 <= code <= 0xE0FFF)


def clean(data, lines="\n\t"):
    """The text, which is UTF-8 and shows all of itself."""
    shown = data.decode("utf-8") if isinstance(data, bytes) else data
    left = sorted({hex(ord(c)) for c in shown if is_hidden(c) and c not in lines})
    assert left == [], left
    return shown


def chunks(characters, most):
    """Texts of so many bytes at most that hold all characters."""
    text = ""
    for character in characters:
        if len((text + character).encode()) > most:
            yield text
            text = ""
        text += character
    yield text


def test_the_instrument():
    for character in HIDDEN:
        with pytest.raises(AssertionError):
            clean("a" + character, lines="")
    clean(SEEN)


CONNECT = r"""
import ctypes, json, os, struct, sys
libc = ctypes.CDLL(None)
sock = libc.socket(1, 1, 0)
for name in json.load(open(sys.argv[1])):
    name = bytes.fromhex(name)
    libc.prctl(15, name[:15], 0, 0, 0)
    data = struct.pack("<H", 1) + b"\0" + name
    libc.connect(sock, data, len(data))
sys.exit(3)
"""


def escaped(name):
    """What the log has: each byte of what is hidden or broken, and of a backslash, as \\xNN."""
    text = name.decode("utf-8", "surrogateescape")
    return "".join("".join(f"\\x{b:02x}" for b in c.encode("utf-8", "surrogateescape"))
                   if is_hidden(c) or c == "\\" else c for c in text)


@pytest.fixture
def names():
    """Names that hold every hidden character, broken UTF-8 and what stays as it is."""
    hidden = [text.encode() for text in chunks(HIDDEN, 60)]
    everything = [chr(c) for c in range(0xA0, 0x30000) if not 0xD800 <= c <= 0xDFFF and is_hidden(chr(c))] + [chr(c) for c in range(0xE0000, 0xE1000, 37)]
    return hidden + [text.encode() for text in chunks(everything, 100)] + BROKEN + [SEEN.encode(), b"back\\slash", b'"']


def test_in_logs_words_and_pages(user, nonet, names):
    """The path, the thread's name and the words at the end; in lines, document and page."""
    with open(f"{user.home}/names", "w") as file:
        json.dump([name.hex() for name in names], file)
    done = Launcher(user)(nonet, "--hint", "--log", "log", "--log-dir", "logs", "--report", "page.html", "--",
                          PYTHON, "-c", CONNECT, "names")
    assert done.returncode == 3, done.stderr
    assert "\\x" in clean(done.stderr)
    with open(f"{user.home}/log", "rb") as file:
        events = [json.loads(line) for line in clean(file.read()).splitlines()]
    found = [event["args"]["abstract"] for event in events if "abstract" in event.get("args", {})]
    assert found == [escaped(name) for name in names]
    (document,) = os.listdir(f"{user.home}/logs")
    with open(f"{user.home}/logs/{document}", "rb") as file:
        assert len(json.loads(clean(file.read()))["events"]) == len(events) - 2
    with open(f"{user.home}/page.html", "rb") as file:
        clean(file.read())


def test_in_the_page_of_any_log(bare, me):
    """A log of somebody else has the characters themselves, or as JSON's escapes."""
    head = {"command": ["a" + HIDDEN + SEEN], "policy": HIDDEN, "backend": HIDDEN, "version": HIDDEN, "layers": [HIDDEN]}
    event = {"api": "connect" + HIDDEN, "comm": HIDDEN, "exe": HIDDEN, "args": {"path": HIDDEN, HIDDEN: HIDDEN}, "abi": HIDDEN}
    for log in ("\n".join(json.dumps(one) for one in (head, event)), json.dumps({**head, "events": [event]}, ensure_ascii=False)):
        done = bare("--report", "-", "--from", "-", input=log.encode("utf-8", "surrogatepass"))
        assert done.returncode == 0, done.stderr
        assert "\\u{202e}" in clean(done.stdout) and "漢" in done.stdout.decode()


@pytest.mark.parametrize("words", [["--policy"], ["--deny"], ["--arch"], ["--format"], ["--errno"], ["--hook"], ["--log-dir"], ["--log"],
                                   ["--report", "none/x", "--from"], ["--from", "none", "--report"], ["--policy", "unix", "--"]])
def test_in_messages_about_words(bare, words):
    for word in [*chunks(WORDS, 200), *BROKEN]:
        word = b"/dev/null/" + (word if isinstance(word, bytes) else word.encode())
        done = bare(*words, word, *([] if "--from" in words or words[-1] == "--" else ["--", "true"]))
        assert done.returncode in (2, 125, 126, 127) and done.stderr.startswith(b"nonet: ")
        clean(done.stderr)


def test_in_messages_about_a_policy(bare, me):
    for text in (HIDDEN.replace("\0", ""), HIDDEN, *BROKEN):
        with open(f"{me.home}/p.policy", "wb") as file:
            file.write(b"# nonet policy\nversion 1\ndeny " + (text if isinstance(text, bytes) else text.encode()) + b"\n")
        done = bare("--policy", "./p.policy", "--", "true")
        assert done.returncode == 125
        clean(done.stderr)


@pytest.mark.parametrize("form", ["listing", "json", "c", "dot", "explain", "explain-json"])
def test_in_dumps_of_a_policy_by_its_name(bare, me, form):
    words = {"explain": ["--explain"], "explain-json": ["--explain", "--format", "json"]}.get(form, ["--dump-bpf", "--format", form])
    for name in [*chunks(WORDS, 200), *BROKEN]:
        path = os.path.join(os.fsencode(me.home), (name if isinstance(name, bytes) else name.encode()) + b".policy")
        with open(path, "w") as file:
            file.write("default allow\ndeny getppid\n")
        done = bare("-q", *words, "--policy", path)
        assert done.returncode == 0, done.stderr
        clean(done.stdout), clean(done.stderr)
        if form == "json":
            assert json.loads(done.stdout)[0]["policy"].count("\ufffd") == 0 or isinstance(name, bytes)


@pytest.mark.parametrize("action", ["--status", "--dry-run", "--uninstall"])
def test_in_what_hooks_print_of_settings(me, nonet, action):
    """The commands in a settings file, its other lines, and its path."""
    line = "/usr/bin/nonet --hook claude-code --policy 'x" + HIDDEN.replace("'", "").replace("\0", "") + "'"
    hooks = {"hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": [{"type": "command", "command": line}]}]}, "x" + HIDDEN: 1}
    for ascii_only in (True, False):
        for folder in ["plain", "".join(WORDS[:90]).replace("/", ""), "".join(WORDS[90:])]:
            home = f"{me.home}/{ascii_only}/{folder}"
            os.makedirs(f"{home}/.claude")
            with open(f"{home}/.claude/settings.json", "w") as file:
                json.dump(hooks, file, ensure_ascii=ascii_only, indent=1)
            words = ["--install", action] if action == "--dry-run" else [action]
            done = Launcher(me)(nonet, "--hook", "claude-code", *words, env={"HOME": home})
            assert done.returncode in (0, 1) and done.stdout, done
            clean(done.stdout), clean(done.stderr)


def test_in_what_hooks_print_of_an_installed_hook(me, nonet):
    """The settings' path and the hook's own options, where all is as it should be and where something weakens it."""
    for name in [*map(str.encode, chunks(WORDS, 100)), *BROKEN]:
        home = os.path.join(os.fsencode(me.home), b"x" + name.replace(b"/", b""))
        os.makedirs(home)
        # A hook's line has to be UTF-8.
        words = ["--hook", "claude-code", *([] if name in BROKEN else ["--log", home + b"/log"])]
        env = {"CLAUDE_CONFIG_DIR": home}
        done = Launcher(me)(nonet, *words, "--install", env=env)
        assert done.returncode == 0, done.stderr
        clean(done.stdout), clean(done.stderr)
        done = Launcher(me)(nonet, *words, "--status", env=env)
        assert done.returncode in (0, 1) and b"installed" in done.stdout, done
        clean(done.stdout), clean(done.stderr)
        settings = home + b"/settings.json"
        with open(settings) as file:
            changed = {"disableAllHooks": True, **json.load(file)}
        with open(settings, "w") as file:
            json.dump(changed, file)
        done = Launcher(me)(nonet, *words, "--status", env=env)
        assert done.returncode == 1 and b"disableAllHooks" in done.stdout, done
        clean(done.stdout), clean(done.stderr)


@pytest.mark.parametrize("form", ["listing", "json"])
def test_in_what_check_prints_of_the_environment(me, nonet, form):
    """The hint of an outer nonet, and the folder in which Python lies."""
    for name in [*map(str.encode, chunks(WORDS, 200)), *BROKEN]:
        folder = os.path.join(os.fsencode(me.home), b"x" + name.replace(b"/", b"").replace(b":", b""))
        os.makedirs(folder)
        os.symlink("/bin/true", folder + b"/python3")
        done = Launcher(me)(nonet, "--check", "--format", form, env={"NONET": b"x" + name, "PATH": folder + b":/usr/bin:/bin"})
        assert done.returncode in (0, 1) and b"python3" in done.stdout and b"NONET=x" in done.stdout, done
        clean(done.stdout), clean(done.stderr)


def test_in_what_a_hook_answers_about_a_tool(bare):
    for name in [*chunks(WORDS, 40)]:
        question = {"hook_event_name": "PreToolUse", "tool_name": "shell" + name, "tool_input": {"command": 1}}
        done = bare("--hook", "claude-code", input=json.dumps(question).encode())
        assert done.returncode == 2 and b"looks like a shell" in done.stderr
        assert clean(done.stderr, lines="\n").count("\n") == 1


def test_in_what_the_python_wrapper_says(me, nonet):
    script = f"{me.home}/x{''.join(WORDS[60:])}.py".replace("/x", "/x", 1)
    with open(script, "w") as file:
        file.write("")
    for words in (["--backend", "python", "--", PYTHON, script + "none"], ["--backend", "python", "--", PYTHON, "-X" + "".join(WORDS), "-c", ""]):
        done = Launcher(me)(nonet, *words)
        for line in done.stderr.splitlines(keepends=True):
            if line.startswith(b"nonet: "):
                clean(line)


def test_what_is_seen_stays(bare):
    done = bare("--policy", SEEN, "--", "true")
    assert SEEN in clean(done.stderr) and not re.search(r"\?", done.stderr.decode())
