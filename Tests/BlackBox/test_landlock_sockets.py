"""AF_UNIX sockets that Landlock holds from Linux 7.1 on: what this kernel can show of it.

That they are held is tried on an emulated kernel (Tests/Kernels/guest/sockets).
"""

import ctypes
import os
import subprocess

import pytest
from conftest import HERE

from support.calls import X86
from support.run import PYTHON, Launcher, tool
from support.unix import HEAD

CREATE_RULESET = 444  # on every machine
ABI = ctypes.CDLL(None, use_errno=True).syscall(CREATE_RULESET, None, 0, 1)  # LANDLOCK_CREATE_RULESET_VERSION
FIRST = 9
TALK = HEAD + "answer(server('own')); print(connect('own')); print(connect(sys.argv[1])); os.remove('own')\n"
NEW = HEAD + "print(socket.socket(UNIX, socket.SOCK_DGRAM).family)\n"


@pytest.fixture
def pretending(stage, user, nonet):
    """Runs nonet as on a kernel that says ABI 9 the first time it is asked."""
    inject = stage / "inject"
    subprocess.run([tool("cc"), "-O1", "-Wall", "-static", "-o", inject, HERE / "probes/inject.c"], check=True, timeout=60)

    def run(*words):
        launcher = Launcher(user)
        listed = f"{user.home}/landlock-calls"
        assert launcher(inject, "list", listed, nonet, *words[:words.index("--")], "--", "/bin/true").returncode == 0
        with open(listed) as file:
            calls = [tuple(map(int, line.split())) for line in file]
        index = next(i for process, i, nr in sorted(calls) if process == 0 and nr == CREATE_RULESET)
        return launcher(inject, "0", str(index), str(-FIRST), nonet, *words)

    return run


@pytest.mark.skipif(ABI >= FIRST, reason="this kernel's Landlock holds them")
def test_nothing_changes_before_that_abi(user, nonet, outdoors):
    for options in (["--allow-unix", "inside"], ["--loopback"]):
        said = [Launcher(user, (nonet, "-v", *options, *more, "--"))(PYTHON, "-c", TALK, outdoors.path) for more in ([], ["--mounts"])]
        assert said[0].stdout == said[1].stdout and said[0].stderr == said[1].stderr
        assert said[0].stdout.split() == [b"pong", b"ping", b"PermissionError", b"13"]
        assert b"Landlock" not in said[0].stderr
        assert b"PermissionError" in Launcher(user, (nonet, *options, "--"))(PYTHON, "-c", NEW).stderr


@pytest.mark.skipif(not X86, reason="the injector is written for x86_64")
@pytest.mark.skipif(ABI >= FIRST, reason="this kernel's Landlock holds them")
def test_where_no_ruleset_can_be_made_a_supervisor_does_it(pretending, outdoors):
    for options in (["--allow-unix", "inside"], ["--loopback"]):
        done = pretending("-v", *options, "--", PYTHON, "-c", TALK, outdoors.path)
        assert b"not used: Landlock for AF_UNIX sockets: landlock_create_ruleset: Invalid argument; a supervisor connects them\n" in done.stderr
        assert done.stdout.split() == [b"pong", b"ping", b"PermissionError", b"13"], done.stderr
        assert b"PermissionError" in pretending(*options, "--", PYTHON, "-c", NEW).stderr
    done = pretending("-v", "--allow-unix", outdoors.folder, "--", "/bin/true")
    assert b"Landlock for AF_UNIX sockets: a folder is named" in done.stderr and done.returncode == 0
    for more in (["--mounts"], ["--hint"], ["--log", "/dev/null"]):
        done = pretending("-v", "--allow-unix", "inside", *more, "--", "/bin/true")
        assert b"Landlock for AF_UNIX" not in done.stderr and done.returncode == 0
