"""The canonical form of policies, and their errors and warnings as data."""

import json
import pathlib
import random
import subprocess

import pytest

from test_random_policies import ROUNDS, SEED, Rule

ROOT = pathlib.Path(__file__).resolve().parents[2]
POLICIES = sorted([*ROOT.glob("Sources/nonet/**/*.policy"), *ROOT.glob("Fixtures/policies/*.policy"), *ROOT.glob("Fixtures/policies/warned/*.policy"),
                   *ROOT.glob("Fixtures/published/**/*.policy")])

LOOSE = """\ufeff
# The head.\r
default   allow# all
  x32\tdeny   with ENOSYS   \r


let  both={AF_INET,AF_INET6}
deny SYS_socket,__NR_socketpair  with  EPERM   if(domain in both)and not( type&0xf==SOCK_STREAM )   # why \t
\tdeny clone  if flags&(CLONE_NEWNET|CLONE_NEWUSER)!=0
deny @network except  send,recv
# The end.

"""
CANONICAL = """# The head.
default allow  # all
x32 deny with ENOSYS

let both = { AF_INET, AF_INET6 }
deny socket, socketpair if (domain in both) and not (type & 0xf == SOCK_STREAM) with EPERM  # why
deny clone if flags & (CLONE_NEWNET | CLONE_NEWUSER) != 0
deny @network except send, recv
# The end.
"""


def layout(nonet, text, *words):
    return subprocess.run([nonet, "--format-policy", "-", *words], input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=10)


def raw(nonet, text):
    done = subprocess.run([nonet, "-q", "--dump-bpf", "--format=raw", "--arch=x86_64", "--unproved", "--policy", "-"], input=text,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=10)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_canonical_form(nonet):
    done = layout(nonet, LOOSE.encode())
    assert (done.returncode, done.stdout.decode(), done.stderr) == (0, CANONICAL, b"")
    assert raw(nonet, LOOSE.encode()) == raw(nonet, CANONICAL.encode())
    assert layout(nonet, CANONICAL.encode()).stdout.decode() == CANONICAL


@pytest.mark.parametrize("words", [["--check"]])
def test_whether_it_is_in_that_form(nonet, bare, words):
    done = layout(nonet, CANONICAL.encode(), *words)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    other = layout(nonet, CANONICAL.replace("x32 ", "x32  ").encode(), *words)
    assert (other.returncode, other.stdout) == (1, b"") and b"standard input:3: not as --format-policy prints it" in other.stderr
    assert bare("--check", "--format-policy", "-", input=CANONICAL.encode()).returncode == 0
    assert bare("--check", "--format-policy", "-", "--format", "json", input=CANONICAL.encode()).returncode == 125


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_policies_of_the_repository(nonet, path):
    """The same filter and the same comments; a second time nothing changes."""
    text = path.read_bytes()
    done = layout(nonet, text)
    assert done.returncode == 0, done.stderr
    comments = [[line[line.index(b"#"):].rstrip() for line in each.splitlines() if b"#" in line] for each in (text, done.stdout)]
    assert comments[0] == comments[1] and layout(nonet, done.stdout).stdout == done.stdout
    assert raw(nonet, text) == raw(nonet, done.stdout)


@pytest.mark.parametrize("round_", range(0, ROUNDS, 20))
def test_random_policies(nonet, round_):
    """Parsed and printed they mean the same, however they were spaced. `NONET_ROUNDS=10000` makes it longer."""
    for each in range(round_, min(round_ + 20, ROUNDS)):
        chance = random.Random(SEED * 1_000_033 + each)
        text = "default allow\n" + "".join(f"{Rule(chance)}\n" for _ in range(chance.randrange(1, 9)))
        loose = "".join(piece + (" " * chance.randrange(0, 3) if piece in "(){},&" else "") for piece in text)
        done = layout(nonet, loose.encode())
        assert done.returncode == 0, (SEED, loose, done.stderr)
        assert layout(nonet, done.stdout).stdout == done.stdout, (SEED, loose)
        assert raw(nonet, done.stdout) == raw(nonet, text.encode()), (SEED, loose)


def test_a_policy_with_errors_is_not_printed(nonet):
    done = layout(nonet, b"default allow\ndeny bnd\n")
    assert done.returncode == 125 and done.stdout == b"" and b"standard input:2:6: error: " in done.stderr


def test_errors_and_warnings_as_data(bare, me):
    text = "default allow\nlet few = { 1 }\ndeny statx\ndeny bnd, listn if é\n"
    (pathlib.Path(me.home) / "p.policy").write_text(text)
    done = bare("--check-policy", "p.policy", "--format", "json")
    found = json.loads(done.stdout)
    assert done.returncode == 1 and done.stderr == b""
    assert [(one["file"], one["severity"], one["line"], one["column"], one["end_column"]) for one in found] == [("p.policy", "error", 4, 20, 22)]
    (pathlib.Path(me.home) / "p.policy").write_text(text.replace(" if é", ""))
    found = json.loads(bare("--check-policy", "p.policy", "--format", "json").stdout)
    assert [(one["line"], text.splitlines()[one["line"] - 1][one["column"] - 1:one["end_column"] - 1]) for one in found] == [(4, "bnd"), (4, "listn")]
    (pathlib.Path(me.home) / "q.policy").write_text("default allow\ndeny statx\nallow mmap if prot == 1\n")
    done = bare("--check-policy", "q.policy", "--format", "json", "--arch", "x86_64")
    assert done.returncode == 1 and [one["severity"] for one in json.loads(done.stdout)] == ["error", "warning"]
    assert bare("--check-policy", "q.policy", "--arch", "aarch64").returncode == 0
    done = bare("--check-policy", "strict", "--format", "json", "--arch", "all")
    assert (done.returncode, json.loads(done.stdout)) == (0, [])
    assert bare("--check-policy", "strict").stdout == b"strict.policy: 0 errors, 0 warnings\n"
    assert bare("--check-policy", "nothere.policy").returncode == 125


def test_a_mistake_in_an_included_file_has_its_name(bare, me):
    home = pathlib.Path(me.home)
    (home / "main.policy").write_text('default allow\ninclude "part.policy"\n')
    (home / "part.policy").write_text("deny statx\n")
    [found] = json.loads(bare("--check-policy", "main.policy", "--format", "json").stdout)
    assert (found["file"], found["line"], found["severity"]) == ("part.policy", 1, "warning")
