"""What --explain says about a policy, in words and as JSON."""

import json
import re

import pytest

from support.calls import NATIVE, NEWEST
from support.table import PRESETS

CLOSING = re.compile(r"free on Linux 5\.11 and later: (\d+) of (\d+) native, (\d+) of (\d+) 32-bit")


@pytest.mark.parametrize("arch", ["x86_64", "aarch64"])
@pytest.mark.parametrize("preset", PRESETS)
def test_closing_line(bare, preset, arch):
    """Every call that no rule names costs nothing, in both ABIs."""
    done = bare("--explain", "--policy", preset, "--arch", arch)
    assert (done.returncode, done.stderr) == (0, b"")
    found = CLOSING.search(done.stdout.decode().rstrip().splitlines()[-1])
    assert found, done.stdout[-300:]
    native, of_native, compat, of_compat = map(int, found.groups())
    assert (native, compat) == (of_native, of_compat)
    assert 250 < native <= NEWEST and 250 < compat


@pytest.mark.parametrize("preset", ["default", "strict"])
def test_words(bare, preset):
    text = bare("--explain", "--policy", preset, "--arch", "x86_64").stdout.decode()
    for call in ("socket", "socketpair", "connect", "io_uring_setup", "ioctl", "socketcall", "pidfd_getfd", "ptrace"):
        assert re.search(rf"\b{call}\b", text), call
    assert "EACCES" in text and "ENOSYS" in text and "EAFNOSUPPORT" in text


def test_errno_shows(bare):
    text = bare("--explain", "--errno", "ENETUNREACH").stdout.decode()
    assert "ENETUNREACH" in text and "EACCES" not in text


@pytest.mark.parametrize("preset", PRESETS)
def test_json(bare, preset):
    """It parses and carries the figures of the closing line."""
    words = bare("--explain", "--policy", preset).stdout.decode()
    done = bare("--explain", "--policy", preset, "--format", "json")
    assert (done.returncode, done.stderr) == (0, b"")
    value = json.loads(done.stdout)
    numbers = {int(n) for n in CLOSING.search(words).groups()}
    assert numbers <= set(integers(value))


def integers(value):
    if isinstance(value, bool):
        return
    if isinstance(value, int):
        yield value
    elif isinstance(value, (dict, list)):
        for child in value.values() if isinstance(value, dict) else value:
            yield from integers(child)


def test_a_policy_that_costs(bare, me):
    """An argument test makes its own call cost, and only that one."""
    with open(f"{me.home}/p.policy", "w") as file:
        file.write("default allow\nforeign compile\nx32 deny with ENOSYS\nunknown allow\ndeny getpid if arg0 == 7\n")
    text = bare("--explain", "--policy", "p.policy").stdout.decode()
    assert "getpid" in text
    native, of_native = map(int, CLOSING.search(text).groups()[:2])
    assert native == of_native


@pytest.mark.parametrize("words, fewer", [((), 0), (("--deny", "getppid"), 1), (("--deny", "getppid,getpid"), 2)])
def test_denials_are_counted(bare, words, fewer):
    total = lambda *more: int(CLOSING.search(bare("--explain", "--arch", NATIVE, *more).stdout.decode()).group(2))
    assert total(*words) == total() - fewer


def test_an_allow_list_counts_what_it_allows(bare, me):
    """Whatever the default is: the figure is of the calls that are allowed with any arguments."""
    with open(f"{me.home}/p.policy", "w") as file:
        file.write("default deny\nforeign deny\nallow read, write, exit_group\nallow close if fd < 3\nlog getpid\n")
    text = bare("-q", "--explain", "--policy", "p.policy").stdout.decode()
    assert CLOSING.search(text).groups() == ("3", "3", "0", "0")


IMPOSSIBLE = """default allow
foreign allow
deny fcntl if cmd in { 1, 3, 5 } or cmd == 4 and arg == 0
deny madvise if advice in { MADV_WILLNEED, MADV_DONTNEED }
deny socket with EPERM if domain == AF_UNIX
deny socket if domain <= 10
"""


def test_only_what_can_occur(bare):
    """One case for each answer and rule, in its simplest form, with the rule that decides it and no other."""
    done = bare("-q", "--explain", "--arch=x86_64", "--policy", "-", input=IMPOSSIBLE.encode())
    native, _ = done.stdout.decode().split("\n\n", 2)[1:]
    native = [re.sub(r"^ +\d* *", "", line) for line in native.splitlines()]
    cases = {call: native[native.index(next(line for line in native if line.startswith(f"{call} "))):][:count]
             for call, count in {"fcntl": 5, "madvise": 2, "socket": 3}.items()}
    assert [re.sub(r" +", " ", line) for line in cases["fcntl"]] == [
        "fcntl EACCES if cmd in { 1, 3, 5 } (rule 1)",
        "allow if not cmd in { 1, 3, 4, 5 } (default)",
        "EACCES if cmd == 4 and arg == 0 (rule 1)",
        "allow if cmd == 4 and arg >> 32 == 0 and arg & 0xffffffff != 0 (default)",
        "allow otherwise (default)"]
    assert "{ MADV_WILLNEED, MADV_DONTNEED }" in "".join(cases["madvise"])
    socket = "".join(cases["socket"])
    assert "EPERM if domain == AF_UNIX  (rule 3)" in socket and "foreign" not in "".join(native)
