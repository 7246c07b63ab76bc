"""Bad input: one clear sentence on standard error, status 125, nothing on standard output, nothing run."""

import os
import re
import threading

import pytest

from support.formats import FORMATS
from test_terminal import Terminal

VALUES = ["--policy", "--deny", "--allow", "--errno", "--backend", "--log", "--log-dir", "--allow-unix", "--report", "--from",
          "--arch", "--format", "--hook", "--print-policy", "--check-policy", "--format-policy", "--names", "--keep-caps",
          "--filter", "--verify", "--allow-connect", "--allow-listen", "--session", "--merge", "--diff", "--why"]


@pytest.fixture
def refused(bare, me):
    """Runs nonet with words that it must refuse; returns the sentence it says."""

    def check(*words, command=("touch", "ran"), lines=2, **options):
        done = bare(*words, *command, **options)
        assert done.returncode == 125, done
        assert done.stdout == b""
        assert not os.path.exists(f"{me.home}/ran"), "the command ran"
        text = done.stderr.decode(errors="replace")
        assert text.startswith("nonet: ") and text.endswith("\n"), text
        assert lines is None or text.count("\n") <= lines, text
        return text

    return check


@pytest.mark.parametrize("value", ["FOO", "0", "4096", "-1", "", "13x", "eacces", "99999999999999999999", " 13", "0x"])
def test_errno(refused, value):
    text = refused(f"--errno={value}", "--")
    assert "errno" in text.lower()
    assert value.strip() == "" or value in text
    refused("--errno", value, "--")


@pytest.mark.parametrize("value", ["mips", "", "X86_64", "x86", "arm64"])
def test_arch(refused, value):
    assert "x86_64" in refused("--dump-bpf", "--arch", value, command=())


@pytest.mark.parametrize("value", ["xml", "", "JSON", "listing,raw"])
def test_format(refused, value):
    assert "listing" in refused("--dump-bpf", f"--format={value}", command=())


@pytest.mark.parametrize("option", ["--errno", "--policy", "--deny", "--allow", "--arch", "--format"])
def test_option_without_a_value(refused, option):
    assert option in refused("--dump-bpf", option, command=())


@pytest.mark.parametrize("option", VALUES)
def test_an_empty_value(refused, bare, me, option):
    """As of a variable that is not set: refused, whatever it would have meant, and nothing is made or run."""
    if option == "--hook":  # whose hosts take any other status for leave
        for words in ([option, ""], [f"{option}="]):
            assert bare(*words).returncode == 2
    else:
        for words in ([option, ""], [f"{option}="], [option, "", "-q"], ["-q", f"{option}="]):
            assert option in refused(*words, "--")
    # Without quotation marks the next word takes the place.
    done = bare(option, "--", "touch", "ran")
    assert done.returncode == (2 if option == "--hook" else 125) and b"'--' is an option" in done.stderr
    assert os.listdir(me.home) == []


def test_every_option_with_a_value_is_tried(bare):
    """A new option cannot be forgotten: the list above is compared with what nonet understands."""
    helped = set(re.findall(r"--[a-z-]+", bare("--help").stdout.decode().partition("\nexamples\n")[0])) - {"--opt"}
    helped -= {"--fail-on-attempt", "--explain"}  # Which may have none: test_fail_on_attempt.py, test_explain_calls.py.
    assert {one for one in helped if b"takes no value" not in bare(f"{one}=x", "--", "true").stderr} == set(VALUES)


@pytest.mark.parametrize("host", ["claude-code", "codex", "gemini-cli", "cursor"])
@pytest.mark.parametrize("options", [["--allow-unix", ""], ["--allow-unix="], ["--allow-unix"], ["--log", ""], ["--policy="],
                                     ["--policy", "strict", "--loopback"]], ids=" ".join)
def test_a_hook_with_an_empty_value_is_not_installed(bare, me, host, options):
    """`--allow-unix "$SSH_AUTH_SOCK" --install` where the variable is not set allowed the current folder."""
    done = bare("--hook", host, *options, "--install")
    assert done.returncode == 2 and done.stdout == b"" and done.stderr.count(b"\n") == 1
    assert os.listdir(me.home) == []
    answer = bare("--hook", host, *options, input=b"{}")
    assert answer.returncode == 2 and answer.stdout == b""


@pytest.mark.parametrize("one, other", [
    (["--policy", "default"], ["--policy", "strict"]), (["--policy", "strict"], ["--policy", "default"]),
    (["--policy", "./a.policy"], ["--policy", "./b.policy"]), (["--backend", "auto"], ["--backend", "seccomp"]),
    (["--log", "a"], ["--log", "b"]), (["--log-dir", "a"], ["--log-dir", "b"]), (["--errno", "EPERM"], ["--errno", "EACCES"]),
    (["--report", "a.html"], ["--report", "b.html"]),
])
def test_options_that_would_drop_each_other(refused, bare, me, one, other):
    """The last one won, and what the first one asked for was not done."""
    text = refused(*one, *other, "--")
    assert one[0] in text and one[1] in text and other[1] in text
    same = bare(*one, *one, "--", "true")
    assert b"twice" not in same.stderr and b"exclude" not in same.stderr


@pytest.mark.parametrize("given, meant", [("--polcy", "--policy"), ("--dump-bfp", "--dump-bpf"), ("--erno", "--errno"),
                                          ("--explian", "--explain"), ("--formt=raw", "--format"), ("--quite", "--quiet")])
def test_unknown_option_names_the_nearest(refused, given, meant):
    text = refused(given, "--")
    assert given.partition("=")[0] in text and meant in text.replace(given, "")


@pytest.mark.parametrize("given", ["-x", "--zzzzzzzzzzzzzzz", "---", "--=", "-"])
def test_unknown_option_without_a_neighbour(bare, refused, given):
    if given == "-":  # a word that is no option: a command, and there is none
        assert bare("-").returncode == 127
    else:
        refused(given, "--")


@pytest.mark.parametrize("words", [["--\x1b[2Jarch=all"], ["--\x01x"], ["--deny", "\x1b[31mconnect"], ["--deny=\u009b1m"],
                                   ["--policy", "\x9d0;title\x07"], ["--arch", "\r\n"], ["--errno=\x7f"], ["--format", "\u0085"]])
def test_control_characters_do_not_reach_the_terminal(refused, words):
    """Found by `make fuzz-inputs`: names within a word were repeated as they came."""
    text = refused("--dump-bpf", *words, command=())
    assert "?" in text and all(c.isprintable() or c == "\n" for c in text), text


@pytest.mark.parametrize("words", [[], ["--"], ["-q"], ["--policy", "default"], ["--policy", "strict", "--"]])
def test_no_command_gives_the_usage(bare, words):
    done = bare(*words)
    assert (done.returncode, done.stdout) == (125, b"")
    assert done.stderr.startswith(b"nonet: ") and b"COMMAND" in done.stderr
    assert done.stderr.count(b"\n") <= 2


@pytest.mark.parametrize("words", [[""], ["--", ""], ["--", "", "x"]])
def test_an_empty_command(bare, words):
    done = bare(*words)
    assert done.returncode in (126, 127) and done.stdout == b""
    assert done.stderr.startswith(b"nonet: ") and done.stderr.count(b"\n") <= 2


@pytest.mark.parametrize("words", [["--deny", "conect"], ["--allow", "ptrase"], ["--deny", "getpid,,getppid"], ["--deny", ""],
                                   ["--deny", "\udcff"], ["--deny", "getpid,nonsense_call"]])
def test_calls_that_nobody_knows(refused, words):
    text = refused(*words, "--", lines=None)
    assert words[1] != "conect" or "connect" in text
    assert words[1] != "--allow" or "ptrace" in text


@pytest.mark.parametrize("name", ["nosuch", "Default", "", "defaul"])
def test_policy_name(refused, name):
    assert "default" in refused("--policy", name, "--")


@pytest.mark.parametrize("words", [["--dump-bpf", "--explain"], ["--dump-bpf", "--arch", "all", "--format", "raw"]])
def test_what_does_not_go_together(bare, words):
    done = bare(*words)
    assert done.returncode in (0, 125)
    if done.returncode:
        assert done.stdout == b"" and done.stderr.startswith(b"nonet: ")


PRINTERS = [*(["--dump-bpf", f"--format={form}"] for form in FORMATS), ["--dump-bpf", "--arch=all"], ["--explain"],
            ["--explain", "--format=json"], ["--help"], ["-h"], ["--version"], ["--print-policy", "unix"], ["--names", "errno"]]


@pytest.mark.parametrize("words", PRINTERS, ids=" ".join)
def test_full_disk(bare, words):
    """A short write is an error, not success."""
    assert bare(*words).returncode == 0
    with open("/dev/full", "wb") as full:
        done = bare(*words, stdout=full)
    assert done.returncode == 125
    assert done.stderr.startswith(b"nonet: ") and b"space" in done.stderr.lower()


def test_closed_output(bare):
    done = bare("--dump-bpf", preexec_fn=lambda: os.close(1))
    assert done.returncode == 125 and done.stderr.startswith(b"nonet: ")


def test_a_reader_that_leaves_early(bare):
    """`nonet --dump-bpf | head -1`: no trap, no hang, whatever the status."""
    reading, writing = os.pipe()
    os.close(reading)
    done = bare("--dump-bpf", "--arch", "all", stdout=writing)
    os.close(writing)
    assert done.returncode in (125, -13)


def test_a_slow_reader_gets_everything(bare):
    """Short writes into a small pipe are continued."""
    whole = bare("--dump-bpf", "--arch", "all").stdout
    child = bare.popen("--dump-bpf", "--arch", "all")
    pieces = []
    reader = threading.Thread(target=lambda: pieces.extend(iter(lambda: child.stdout.read(7), b"")))
    reader.start()
    reader.join(20)
    assert child.wait(timeout=5) == 0
    assert b"".join(pieces) == whole


@pytest.mark.parametrize("words", [["--help"], ["--version"]])
def test_help_and_version(bare, words):
    done = bare(*words)
    assert done.returncode == 0 and done.stderr == b"" and b"nonet" in done.stdout
    assert words != ["--help"] or all(f"--{o}".encode() in done.stdout for o in ("policy", "errno", "dump-bpf", "explain"))


@pytest.mark.parametrize("words, says", [(["--log"], "--log"), (["--log-dir"], "--log-dir"), (["--allow-unix"], "--allow-unix"),
                                         (["--report"], "--report needs a command")])
def test_a_command_that_was_taken_for_a_value(bare, me, words, says):
    text = bare(*words, "true").stderr.decode()
    assert says in text and "'true' was taken as the value of" in text
    assert os.listdir(me.home) == []


def test_the_short_help_is_one_screen(bare):
    """Of 24 lines and 80 columns with the prompt below it; examples stand first, and no word is used before it is explained."""
    text = bare("-h").stdout.decode()
    lines = text.splitlines()
    assert len(lines) <= 23 and all(len(line) <= 80 for line in lines)
    assert lines[2].startswith("  nonet make test") and "--help" in lines[-1]
    assert not re.search("layer|layer|supervisor|backend", text)


@pytest.mark.parametrize("word", ["layer", "backend", "supervisor"])
def test_words_are_explained_before_they_are_used(bare, word):
    """The first line of --help that has one of our words is in its first paragraphs, which say what it is."""
    explained = {"layer": "Layers of protection", "backend": "is called the backend", "supervisor": ", the supervisor."}[word]
    text = " ".join(bare("--help").stdout.decode().split())
    first = re.search(word, text, re.IGNORECASE).start()
    assert 0 <= text.find(explained) <= first <= text.find(explained) + len(explained), text[first - 60:first + 60]


def test_raw_bytes_are_no_text_for_a_terminal(nonet, me):
    terminal = Terminal([nonet, "--dump-bpf", "--format", "raw"], me)
    try:
        terminal.until(b"redirect it")
        assert terminal.status() == 125 and b"\0" not in terminal.text
    finally:
        terminal.close()
