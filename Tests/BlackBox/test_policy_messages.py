"""What is said of policies as people type them, with its whole text, and what is taken because it has one meaning."""

import pathlib

import pytest

INVALID = sorted((pathlib.Path(__file__).resolve().parents[2] / "Fixtures/policies/invalid").glob("*.policy"))
TYPED = [path for path in INVALID if path.name.startswith("typed-")]


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_the_whole_text(bare, path):
    done = bare("--dump-bpf", "--policy", str(path))
    said = done.stderr.decode().replace(str(path), path.name)
    errors = path.with_suffix(".expected").read_text()
    count = sum(line.startswith(f"{path.name}:") for line in errors.splitlines())
    assert (done.returncode, done.stdout) == (125, b"")
    assert said == f"nonet: {errors}{count} error{'s' * (count > 1)}; the policy was not used\n"


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
