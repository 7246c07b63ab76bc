"""What is said of policies as people type them, with its whole text, and what is taken because it has one meaning."""

import pathlib

import pytest

INVALID = sorted((pathlib.Path(__file__).resolve().parents[2] / "Fixtures/policies/invalid").glob("*.policy"))
WARNED = sorted((INVALID[0].parents[1] / "warned").glob("*.policy"))
TYPED = [path for path in INVALID if path.name.startswith("typed-")]


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_the_whole_text(bare, path):
    done = bare("--dump-bpf", "--policy", str(path))
    said = done.stderr.decode().replace(str(path), path.name)
    errors = path.with_suffix(".expected").read_text()
    count = sum(line.startswith(f"{path.name}:") for line in errors.splitlines())
    assert (done.returncode, done.stdout) == (125, b"")
    assert said == f"nonet: {errors}{count} error{'s' * (count > 1)}; the policy was not used\n"


@pytest.mark.parametrize("path", WARNED, ids=lambda path: path.stem)
def test_the_whole_text_of_warnings(bare, path):
    """Each place begins as errors do, nothing but the text is said, and the policy is used."""
    done = bare("--dump-bpf", "--arch=x86_64", "--policy", str(path))
    said = done.stderr.decode().replace(str(path), path.name)
    assert done.returncode == 0 and done.stdout
    assert said.replace(f"nonet: {path.name}", path.name) == path.with_suffix(".expected").read_text()


@pytest.mark.parametrize("text, arch, says, marked", [
    ("allow mmap if prot == PROT_READ", "x86_64", "mmap has no argument 'prot' on i386 (it has args), for which the rules are compiled too: "
     "say 'foreign kill', or name mmap in a rule without a condition", "prot == PROT_READ"),
    ("deny pread64 if count == 1 and offset > 0xffffffff", "aarch64", "pread64 has no argument 'offset' on arm", "offset > 0xffffffff"),
])
def test_an_argument_that_the_other_abi_has_not(bare, text, arch, says, marked):
    """With its place and the way out, which is one on every machine; and it works."""
    done = bare("--dump-bpf", "--arch", arch, "--policy", "-", input=f"default allow\n{text}\n".encode())
    first, source, caret, _ = done.stderr.decode().splitlines()
    assert done.returncode == 125 and says in first
    assert f"nonet: standard input:2:{text.index(marked) + 1}: error: " in first
    assert source == f"  {text}" and caret == "  " + " " * text.index(marked) + "^" + "~" * (len(marked) - 1)
    assert bare("--dump-bpf", "--arch", arch, "--policy", "-", input=f"default allow\nforeign kill\n{text}\n".encode()).returncode == 0


def test_covered_rules_are_looked_for_in_little_time(bare):
    """However deep conditions nest and however many there are."""
    deep = "cmd == 1"
    for depth in range(14):
        deep = f"({deep} or cmd == {depth} and fd == {depth})" if depth % 2 else f"(({deep}) and fd != {depth + 99})"
    text = "default allow\n" + f"deny ioctl if {deep}\n" * 60 + "".join(f"deny keyctl if operation == {n}\n" for n in range(3000))
    done = bare("--explain", "getpid", "--policy", "-", "--unproved", input=text.encode(), timeout=20)
    assert b"line 2 decides" in done.stderr or done.returncode == 0


def test_each_line_as_people_type_it_is_told_what_to_write():
    wrong = 0
    for path in TYPED:
        said = path.with_suffix(".expected").read_text()
        lines = path.read_text().splitlines()
        wrong += len(lines)
        for number, line in enumerate(lines, 1):
            assert line == "default allow" or f"{path.name}:{number}:" in said, (path.name, line)
        assert "no meaning" not in said
    assert wrong > 200


@pytest.mark.parametrize("brought, meant", [
    ("deny SYS_connect, __NR_bind", "deny connect, bind"),
    ("deny kill if pid == -1", "deny kill if pid == 0xffffffff"),
    ("foreign kill\ndeny lseek if offset == -1", "foreign kill\ndeny lseek if offset == 0xffffffffffffffff"),
    ("deny clone if flags & (CLONE_NEWUSER | CLONE_NEWNET) != 0", "deny clone if flags & 0x50000000 != 0"),
    ("deny clone if flags & CLONE_NEWUSER | CLONE_NEWNET == CLONE_NEWNET | CLONE_NEWUSER", "deny clone if flags & 0x50000000 == 0x50000000"),
    ("\ufeffdeny connect", "deny connect"),
])
@pytest.mark.parametrize("arch", ["x86_64", "aarch64"])
def test_what_has_one_meaning_is_taken(bare, brought, meant, arch):
    def raw(text):
        mark, text = ("\ufeff", text[1:]) if text[0] == "\ufeff" else ("", text)
        done = bare("-q", "--dump-bpf", "--format=raw", "--arch", arch, "--policy", "-", input=f"{mark}default allow\n{text}\n".encode())
        assert done.returncode == 0, done.stderr
        return done.stdout
    assert raw(brought) == raw(meant)


def test_100000_names_on_a_line(bare):
    """At most twenty errors, in little time."""
    known = bare("-q", "--dump-bpf", "--format=raw", "--policy", "-", input=b"default allow\ndeny " + b"bind, " * 100_000 + b"bind\n")
    assert known.returncode == 0
    unknown = bare("--dump-bpf", "--policy", "-", input=b"default allow\ndeny " + b"bibibi, " * 100_000 + b"bind\n")
    assert unknown.returncode == 125 and unknown.stderr.count(b"error: ") == 20 and len(unknown.stderr) < 20_000


def test_utf_16(bare):
    done = bare("--dump-bpf", "--policy", "-", input="default allow\ndeny connect\n".encode("utf-16"))
    assert done.returncode == 125 and b"UTF-16" in done.stderr and done.stderr.count(b"error: ") == 1
