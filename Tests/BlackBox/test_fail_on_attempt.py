"""`--fail-on-attempt`: does a run that tried something and ended well end otherwise, and no other run."""

import os
import signal

import pytest

from support.run import PYTHON

TRY = "import socket\ntry: socket.socket()\nexcept OSError: pass\n"


@pytest.fixture
def failing(user, nonet):
    """Runs a command with `--fail-on-attempt` and further options."""
    from support.run import Launcher

    return lambda options, *words: Launcher(user, (nonet, *options, "--"))(*words)


def test_the_command_that_tries_ends_with_0_by_itself(confined):
    assert confined(PYTHON, "-c", TRY).returncode == 0


@pytest.mark.parametrize("option, status", [("--fail-on-attempt", 123), ("--fail-on-attempt=1", 1), ("--fail-on-attempt=255", 255)])
def test_an_attempt_makes_the_status(failing, option, status):
    done = failing([option], PYTHON, "-c", TRY)
    assert done.returncode == status
    assert f"the command ended with 0, and for what it tried the status is {status}" in done.stderr.decode()
    # A child's attempt is one of the command, and no other option is needed.
    assert failing([option, "-q"], "sh", "-c", f'{PYTHON} -c "{TRY}"; true').returncode == status


def test_a_command_ends_as_ever(failing):
    option = ["-q", "--fail-on-attempt"]
    assert failing(option, "true").returncode == 0
    # Programs look for nscd and for io_uring: these are no attempts.
    assert failing(option, "id", "-un").returncode == failing([], "id", "-un").returncode
    assert failing(option, PYTHON, "-c", TRY + "raise SystemExit(7)").returncode == 7
    done = failing(option, PYTHON, "-c", TRY + "import os; os.kill(os.getpid(), 15)")
    assert done.returncode == -signal.SIGTERM
    assert failing(option, "no-such-command").returncode == 127


def test_other_policies_and_observing(failing):
    assert failing(["-q", "--fail-on-attempt", "--policy", "strict"], PYTHON, "-c", "import socket\ntry: socket.socketpair()\nexcept OSError: pass").returncode == 123
    assert failing(["-q", "--fail-on-attempt", "--observe"], PYTHON, "-c", TRY).returncode == 123
    assert failing(["-q", "--fail-on-attempt", "--loopback"], PYTHON, "-c", "import socket; socket.create_server(('127.0.0.1', 0))").returncode == 0


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="x32 is an ABI of x86_64")
def test_x32_is_a_way_around_and_no_question(failing):
    """Where the kernel has no x32 the answer is ENOSYS, as to a call that a program tries to find out what there is."""
    call = "import ctypes; ctypes.CDLL(None).syscall(ctypes.c_long(0x40000029), 2, 1, 0)"
    assert failing(["-q", "--fail-on-attempt"], PYTHON, "-c", call).returncode == 123


@pytest.mark.parametrize("value", ["", "0", "256", "-1", "x", "99999999999999999999"])
def test_a_status_that_is_none(bare, value):
    done = bare(f"--fail-on-attempt={value}", "true")
    assert done.returncode == 125 and b"expected a status from 1 to 255" in done.stderr


def test_the_next_word_is_the_command(bare):
    assert bare("-q", "--fail-on-attempt", "true").returncode == 0
    assert bare("--quiet=1", "true").returncode == 125


def test_a_status_is_not_dropped(failing, bare):
    assert failing(["-q", "--fail-on-attempt=4", "--fail-on-attempt"], PYTHON, "-c", TRY).returncode == 4
    assert bare("--fail-on-attempt=4", "--fail-on-attempt=5", "true").returncode == 125


def test_where_nothing_could_be_counted_nothing_runs(bare, nonet):
    for outer in (["-q"], ["-q", "--log", "/dev/null"]):
        done = bare(*outer, "--", nonet, "--fail-on-attempt", "echo", "ran")
        assert done.returncode == 125 and b"ran" not in done.stdout and b"--fail-on-attempt" in done.stderr
    done = bare("--backend", "namespace", "--fail-on-attempt", "echo", "ran")
    assert done.returncode == 125 and b"--fail-on-attempt needs the seccomp backend" in done.stderr


def test_it_is_for_one_command(bare, me):
    done = bare("--hook", "claude-code", "--fail-on-attempt", "--install")
    assert done.returncode != 0 and b"--fail-on-attempt is for a command" in done.stderr
