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
