"""The Python wrapper as nonet starts it; what it holds inside is the matter of Tests/Python."""

import glob
import json
import os
import shutil
import subprocess
import time

import pytest

from support.run import PYTHON, Launcher

SOCKET = "import socket; socket.socket(); print('out')"
ADVISORY = b"advisory"
# An outer sandbox under which neither a filter nor a namespace can be had.
NOTHING = ["-q", "--deny", "seccomp,unshare,clone3", "--allow", "socket", "--"]


@pytest.fixture
def wrapped(nonet, free):
    def run(*words, **options):
        return free(nonet, "--backend", "python", *words, **options)

    return run


@pytest.fixture
def script(user):
    path = f"{user.home}/script"
    with open(path, "w") as file:
        file.write(f"#!{PYTHON}\n{SOCKET}\n")
    os.chmod(path, 0o755)
    return path


def test_sockets_are_refused(free, wrapped):
    assert free(PYTHON, "-c", SOCKET).stdout == b"out\n"
    done = wrapped("--", PYTHON, "-c", SOCKET)
    assert done.returncode == 1 and not done.stdout
    assert b"PermissionError" in done.stderr and ADVISORY in done.stderr


def test_a_script_and_env(free, wrapped, script):
    assert free(script).stdout == b"out\n"
    env = shutil.which("env")
    for command in ([script], [env, PYTHON, script], [PYTHON, script]):
        done = wrapped("--", *command)
        assert b"PermissionError" in done.stderr and not done.stdout, command


def test_the_errno_and_the_preset_are_passed_on(wrapped):
    done = wrapped("--errno", "ENETUNREACH", "--", PYTHON, "-c", SOCKET)
    assert b"[Errno 101]" in done.stderr
    pair = "import socket; socket.socketpair(); print('pair')"
    assert wrapped("--", PYTHON, "-c", pair).stdout == b"pair\n"
    assert b"PermissionError" in wrapped("--policy", "strict", "--", PYTHON, "-c", pair).stderr


def test_status_and_words_are_the_commands_own(wrapped):
    done = wrapped("-q", "--", PYTHON, "-c", "import os, sys; os.write(1, os.fsencode(sys.argv[1])); sys.exit(7)", b"\xff --")
    assert (done.returncode, done.stdout) == (7, b"\xff --")


def test_the_log_goes_where_it_is_told(wrapped, user):
    wrapped("--log-dir", f"{user.home}/log", "--", PYTHON, "-c", SOCKET)
    (path,) = glob.glob(f"{user.home}/log/net_restrict_*.json")
    with open(path) as file:
        log = json.load(file)
    assert log["backend"] == "python" and log["event_count"] == 1
    assert log["events"][0]["api"].startswith("socket.")


@pytest.mark.parametrize("words", [
    ["--", "true"], ["--loopback", "--", PYTHON, "-c", "pass"], ["--deny", "getppid", "--", PYTHON, "-c", "pass"],
    ["--allow", "socket", "--", PYTHON, "-c", "pass"],
], ids=["no Python", "loopback", "--deny", "--allow"])
def test_what_it_cannot_hold_is_refused(wrapped, words):
    done = wrapped(*words)
    assert done.returncode == 125 and b"was not run" in done.stderr


def test_auto_takes_it_where_nothing_better_works(nonet, free):
    done = free(nonet, *NOTHING, PYTHON, "-c", SOCKET)
    assert done.stdout == b"out\n", done  # the outer sandbox lets sockets through: the instrument works
    done = free(nonet, *NOTHING, nonet, "--", PYTHON, "-c", SOCKET)
    assert done.returncode == 1 and b"PermissionError" in done.stderr and ADVISORY in done.stderr
    done = free(nonet, *NOTHING, nonet, "--", "echo", "ran")
    assert done.returncode == 125 and not done.stdout


def test_best_effort_says_what_it_does(nonet, free):
    done = free(nonet, *NOTHING, nonet, "-q", "--best-effort", "--", "echo", "ran")
    assert (done.returncode, done.stdout) == (0, b"ran\n")
    assert b"NOTHING CONFINES THIS COMMAND" in done.stderr
    done = free(nonet, *NOTHING, nonet, "-q", "--best-effort", "--", "printenv", "NONET")
    assert done.stdout == b"default:none\n"


@pytest.mark.parametrize("words", [["--log", "log"], ["--observe"], ["--report", "page.html"], ["--allow-unix", "inside"]], ids=lambda words: words[0])
def test_what_needs_a_supervisor_is_refused(wrapped, user, words):
    done = wrapped(*words, "--", PYTHON, "-c", "open('ran', 'w')")
    assert done.returncode == 125 and b"needs the seccomp backend" in done.stderr
    assert not os.path.exists(f"{user.home}/ran")


def test_a_hint_is_not_worth_a_refusal(wrapped):
    """It protects nobody, and hooks ask for it on every machine."""
    done = wrapped("--hint", "--", PYTHON, "-c", "import socket; socket.socket()")
    assert done.returncode == 1 and b"PermissionError" in done.stderr


WHERE = "import os; print(os.environ['PYTHONPATH'].split(':')[0], flush=True)"


@pytest.mark.parametrize("end", ["pass", "os._exit(3)", "os.kill(os.getpid(), 9)", "import subprocess; subprocess.run([sys.executable, '-c', ''])"])
def test_nothing_stays_behind(wrapped, end):
    """The guard's folder lives as long as the command, bytecode and all, however that ends."""
    done = wrapped("-q", "--", PYTHON, "-c", f"{WHERE}; import sys; {end}")
    folder = done.stdout.decode().strip()
    assert folder.startswith("/tmp/nonet-python-"), done.stderr
    until = time.monotonic() + 5
    while os.path.exists(folder) and time.monotonic() < until:
        time.sleep(0.02)
    assert not os.path.exists(folder)


def test_the_folder_is_there_as_long_as_the_command(wrapped, nonet, user):
    child = Launcher(user, (nonet, "--backend", "python", "-q", "--")).popen(PYTHON, "-c", f"{WHERE}; input()", stdin=subprocess.PIPE)
    folder = child.stdout.readline().decode().strip()
    time.sleep(0.2)
    assert os.path.exists(f"{folder}/nonet_restrict.py")
    child.communicate(b"\n", timeout=10)


def test_who_cleans_is_no_child_and_holds_nothing(wrapped):
    """A reader of the command's output is not kept waiting, nor a command that waits for all of its children."""
    code = "import os, time\ntry: os.waitpid(-1, 0)\nexcept ChildProcessError: print('none', sorted(map(int, os.listdir('/proc/self/fd')))[:3])"
    done = wrapped("-q", "--", PYTHON, "-c", code, timeout=10)
    assert done.stdout == b"none [0, 1, 2]\n", done
