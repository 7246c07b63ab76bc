"""Do bash, zsh and fish complete command lines of nonet: options, the names that values have, files, programs."""

import os
import pathlib
import re
import shlex
import shutil

import pytest

from support.run import Launcher
from test_terminal import Terminal

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "Completions"

# What is typed, and what the line is after TAB.
LINES = [
    ("nonet --pol", "nonet --policy"), ("nonet --best", "nonet --best-effort"), ("nonet --policy str", "nonet --policy strict"),
    ("nonet --policy=str", "nonet --policy=strict"), ("nonet --errno ENETU", "nonet --errno ENETUNREACH"),
    ("nonet -q --backend nam", "nonet -q --backend namespace"), ("nonet --hook claude", "nonet --hook claude-code"),
    ("nonet --hook codex --unin", "nonet --hook codex --uninstall"), ("nonet --dump-bpf --arch aar", "nonet --dump-bpf --arch aarch64"),
    ("nonet --explain --format li", "nonet --explain --format listing"), ("nonet --print-policy uni", "nonet --print-policy unix"),
    ("nonet --names arc", "nonet --names arch"), ("nonet --allow-unix ins", "nonet --allow-unix inside"),
    ("nonet --deny getsockn", "nonet --deny getsockname"), ("nonet --deny io_uring_setup,getsockn", "nonet --deny io_uring_setup,getsockname"),
    ("nonet --deny @io_", "nonet --deny @io_uring"), ("nonet --log one-l", "nonet --log one-log.json"), ("nonet --policy ./mi", "nonet --policy ./mine.policy"),
    ("nonet --log-dir fol", "nonet --log-dir folder/"), ("nonet a-progr", "nonet a-program-of-the-test"),
    ("nonet -- a-progr", "nonet -- a-program-of-the-test"), ("nonet --policy strict a-progr", "nonet --policy strict a-program-of-the-test"),
    ("nonet -q -- a-program-of-the-test one-l", "nonet -q -- a-program-of-the-test one-log.json"),
    ("nonet a-program-of-the-test --pol", "nonet a-program-of-the-test --pol"),  # the program's own
]


@pytest.fixture
def place(me, stage, nonet):
    """A home with files to complete, and a PATH with nonet and a program that nothing else is called like."""
    for name in ("one-log.json", "mine.policy"):
        pathlib.Path(me.home, name).touch()
    os.mkdir(f"{me.home}/folder")
    os.mkdir(f"{me.home}/bin")
    os.symlink(nonet, f"{me.home}/bin/nonet")
    pathlib.Path(me.home, "bin/a-program-of-the-test").write_text("#!/bin/sh\n")
    os.chmod(f"{me.home}/bin/a-program-of-the-test", 0o755)
    return me


def completed(place, argv, setup, lines):
    """The lines after TAB, as an interactive shell has them; Ctrl-X L prints the line between marks."""
    terminal = Terminal(argv, place, columns=200)
    try:
        terminal.until(b"ready> ")
        terminal.type(f"PATH={shlex.quote(place.home)}/bin:$PATH; {setup}; echo set''up\n".encode())
        terminal.until(b"setup")
        terminal.until(b"ready> ", 2)
        terminal.type(b"")
        for count, line in enumerate(lines, 1):
            os.write(terminal.master, line.encode() + b"\t\x18l\x15")
            terminal.until(b"<<", count)
            terminal.until(b">>", count)
        return [found.decode().rstrip() for found in re.findall(rb"<<(.*?)>>", terminal.text, re.DOTALL)]
    finally:
        terminal.close()


def test_bash(place):
    setup = (f"source {FOLDER}/nonet.bash; bind 'set enable-bracketed-paste off' 'set bell-style none'; "
             """bind -x '"\\C-xl": printf "\\n<""<%s>""><br>" "$READLINE_LINE"'""").replace("<br>", "\\n")
    lines = completed(place, ["bash", "--norc", "--noprofile", "-i"], setup, [line for line, _ in LINES])
    assert lines == [wanted for _, wanted in LINES]


def test_zsh(place):
    if shutil.which("zsh") is None:
        pytest.skip("zsh is not installed")
    setup = (f"fpath=({FOLDER} $fpath); autoload -U compinit; compinit -u -D; unsetopt beep; "
             """show() { print -r -- $'\\n<'"<$BUFFER>"'>' }; zle -N show; bindkey '^Xl' show; bindkey '^U' kill-whole-line""")
    lines = completed(place, ["zsh", "-f", "-i"], setup, [line for line, _ in LINES])
    # zsh puts the = or comma that may come next, and takes it away again before a blank.
    assert [line.rstrip("=,") for line in lines] == [wanted for _, wanted in LINES]


def test_fish(place):
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed")
    run = Launcher(place)
    asked = "\n".join(f"echo '<<'; complete -C {shlex.quote(line)}" for line, _ in LINES)
    done = run("fish", "--no-config", "-c", f"set PATH {place.home}/bin $PATH; source {FOLDER}/nonet.fish; {asked}")
    assert done.stderr == b"", done.stderr
    for (line, wanted), found in zip(LINES, done.stdout.decode().split("<<\n")[1:], strict=True):
        words = [one.partition("\t")[0] for one in found.splitlines()]
        last = wanted.rpartition(" ")[2]
        assert (last in words) if wanted != line else last not in words, (line, words)


def test_the_names_are_those_that_options_take(bare):
    """Each name that is offered is understood where it is offered; what a format cannot say is told without -q."""
    kinds = bare("--names", "kind").stdout.decode().split()
    assert {"policy", "call", "errno", "backend", "arch", "format", "host", "kind"} <= set(kinds)
    options = {"policy": ["--dump-bpf", "--policy"], "preset": ["--print-policy"], "call": ["--dump-bpf", "--deny"],
               "errno": ["--dump-bpf", "--errno"], "backend": ["--dump-bpf", "--backend"], "arch": ["--explain", "--arch"],
               "format": ["-q", "--dump-bpf", "--format"], "host": ["--status", "--hook"],
               "capability": ["--dump-bpf", "--keep-caps"], "kind": ["--names"]}
    assert set(kinds) == set(options)
    for kind in kinds:
        names = bare("--names", kind).stdout.decode().splitlines()
        assert names and all(name.isprintable() and " " not in name for name in names), kind
        for name in names[:12] + names[-3:]:
            said = bare(*options[kind], name)
            assert said.returncode in (0, 1) and said.stderr == b"", (kind, name, said)
    assert bare("--names", "file").returncode == 125


def test_the_text_of_a_preset(bare, me):
    """It is a policy that means the same as the preset."""
    for name in bare("--names", "preset").stdout.decode().split():
        text = bare("--print-policy", name)
        assert text.returncode == 0 and text.stderr == b""
        copy, preset = (bare("--dump-bpf", "--format", "hex", "--policy", policy, input=text.stdout).stdout for policy in ("-", name))
        assert copy == preset != b"", name
    said = bare("--print-policy", "defautl").stderr.decode()
    assert "did you mean 'default'?" in said and "a file" not in said
