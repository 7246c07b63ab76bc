"""A supervised run ends as its command ended: by the same signal where it was one, and tools see the same.

Each question is asked bare first; the answers are compared.
"""

import json
import os
import resource
import shutil
import signal

import pytest

from support.run import PYTHON, Launcher

MODES = {"log": ["--log", "{home}/log", "--"], "default": ["--"], "hint": ["--hint", "--"], "inside": ["--allow-unix", "inside", "--"]}
USED = list(MODES) if os.environ.get("NONET_FIELD") else ["log"]  # `make test-field` has them all
SIGNALS = [n for n in range(1, 65) if n not in (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU, 32, 33)]


@pytest.fixture(params=USED)
def words(request, nonet, user):
    return [nonet, "-q", *(word.format(home=user.home) for word in MODES[request.param])]


@pytest.fixture
def both(user, words):
    """Runs words with `{n}` in them bare and behind nonet: what came back of each."""

    def ask(*argv, **options):
        found = []
        for prefix in ([], words):
            argv_now = []
            for word in argv:
                if word == "{n}":
                    argv_now += prefix
                else:
                    argv_now.append(word.replace("{n}", " ".join(prefix)))
            found.append(Launcher(user)(*argv_now, **options))
        return found

    return ask


def test_every_signal_is_seen(both):
    """Python's returncode for each signal that ends a process, or does not, sent by the command to itself."""
    code = ("import subprocess, sys\nfor n in map(int, sys.argv[1].split()):\n"
            " print(n, subprocess.run([*sys.argv[2:], 'sh', '-c', f'ulimit -c 0; kill -{int(n)} $$; exit 7']).returncode)")
    bare, got = both(PYTHON, "-c", code, " ".join(map(str, SIGNALS)), "{n}")
    assert f"{int(signal.SIGTERM)} -15".encode() in bare.stdout.splitlines() and b"17 7" in bare.stdout.splitlines(), bare
    wrong = [(one.decode(), other.decode()) for one, other in zip(bare.stdout.splitlines(), got.stdout.splitlines()) if one != other]
    assert not wrong and got.returncode == 0, f"(signal and returncode, bare and behind nonet): {wrong} {got.stderr.decode()[-300:]}"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGUSR1, signal.SIGSEGV])
def test_a_signal_from_outside(user, words, number):
    child = Launcher(user).popen(*words, "sh", "-c", "ulimit -c 0; echo ready; exec sleep 20")
    assert child.stdout.readline() == b"ready\n"
    child.send_signal(number)
    child.communicate(timeout=10)
    assert child.returncode == -number, f"Python sees {child.returncode}"


def test_an_ignored_or_blocked_signal(user, words):
    """Who started nonet ignored and blocked the signal; the end by it shows all the same."""

    def dull():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})

    code = ("import os, signal; signal.signal(15, signal.SIG_DFL); signal.pthread_sigmask(signal.SIG_UNBLOCK, {15});"
            "os.kill(os.getpid(), 15)")
    assert Launcher(user)(PYTHON, "-c", code, preexec_fn=dull).returncode == -15
    assert Launcher(user)(*words, PYTHON, "-c", code, preexec_fn=dull).returncode == -15


def test_one_core_file(user, words):
    """A command that dumps core leaves as many files as bare: the supervisor's own end leaves none."""

    def unlimited():
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    counts = []
    for prefix in ([], words):
        folder = f"{user.home}/core{len(counts)}"
        os.mkdir(folder)
        user.own(folder, 0o755)
        child = Launcher(user).popen(*prefix, "sh", "-c", "kill -SEGV $$", cwd=folder, preexec_fn=unlimited)
        _, status = os.waitpid(child.pid, 0)
        child.returncode = 0
        child.stdout.close(), child.stderr.close()
        assert os.WTERMSIG(status) == signal.SIGSEGV, status
        counts.append(len(os.listdir(folder)))
    assert counts[0] == counts[1], f"core files bare and behind nonet: {counts}"


def test_xargs_stops_at_a_killed_child(both):
    bare, got = both("sh", "-c", "printf '1\\n2\\n3\\n' | xargs -n 1 {n} sh -c 'echo ran; kill -TERM $$'")
    assert (bare.returncode, bare.stdout) == (125, b"ran\n")
    assert (got.returncode, got.stdout) == (bare.returncode, bare.stdout), got


def test_make_says_the_signal(both, user):
    with open(f"{user.home}/Makefile", "w") as file:
        file.write("all: a b c\na b c:\n\t@$(N) sh -c 'kill -TERM $$$$'\n")
    bare, got = both("make", "-k", "-j2", "N={n}", "all")
    assert bare.returncode == 2 and bare.stderr.count(b"Terminated") == 3, bare
    assert (got.returncode, got.stderr.count(b"Terminated")) == (2, 3), got


def test_parallel_stops(both):
    if shutil.which("parallel") is None:
        pytest.skip("parallel is not installed (Debian's package parallel)")
    bare, got = both("parallel", "--halt", "now,fail=1", "-j1", "{n}", "sh", "-c", "'kill -TERM $$'", ":::", "1", "2", "3")
    assert got.returncode == bare.returncode, (bare, got)


def test_a_shell_says_the_signal(both):
    for shell in ("bash", "dash", "zsh"):
        if shutil.which(shell) is None:
            print(f"{shell} is not installed")
            continue
        bare, got = both(shell, "-c", "{n} sh -c 'ulimit -c 0; kill -ABRT $$'; echo status $?")
        assert b"status 134" in bare.stdout
        assert got.stdout == bare.stdout and (b"Abort" in got.stderr) == (b"Abort" in bare.stderr), got


def test_timeout_and_time(both):
    bare, got = both("timeout", "0.3", "{n}", "sleep", "20")
    assert bare.returncode == got.returncode == 124, got
    bare, got = both("timeout", "--preserve-status", "0.3", "{n}", "sleep", "20")
    assert bare.returncode == got.returncode == 143, got
    bare, got = both("timeout", "-s", "KILL", "0.3", "{n}", "sleep", "1")
    assert bare.returncode == got.returncode == -9 or (bare.returncode, got.returncode) == (137, 137), (bare, got)


def test_errexit_and_pipefail(both):
    bare, got = both("bash", "-ec", "set -o pipefail; {n} sh -c 'kill -PIPE $$' | cat; echo not-here")
    assert got.returncode == bare.returncode == 141 and got.stdout == b"", got


def test_the_log_says_128_and_the_number(user, nonet):
    """The log's words stay: `killed`, 128+n, which is what a shell says."""
    done = Launcher(user)(nonet, "-q", "--log", f"{user.home}/log", "--", "sh", "-c", "kill -TERM $$")
    with open(f"{user.home}/log") as file:
        end = json.loads(file.readlines()[-1])
    assert (end["status"], end["exit_code"]) == ("killed", 143) and done.returncode == -15, (end, done)
