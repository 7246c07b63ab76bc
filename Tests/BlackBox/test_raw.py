"""The raw output at work: somebody else's launcher loads it, and the kernel takes it."""

import errno
import shutil

import pytest

from support.calls import NATIVE, number
from support.run import PYTHON, Launcher
from support.table import PRESETS

MARK = errno.EHOSTDOWN

LOADER = """
import ctypes, os, socket, struct, sys
raw = open(sys.argv[1], "rb").read()
code = ctypes.create_string_buffer(raw, len(raw))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(raw) // 8, ctypes.addressof(code)))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
socket.socket().close(); print("open before")
assert libc.syscall(ctypes.c_long(int(sys.argv[2])), ctypes.c_long(1), ctypes.c_long(0), program) == 0, ctypes.get_errno()
try: socket.socket(); print("open")
except OSError as error: print(error.errno)
"""


@pytest.mark.parametrize("preset", PRESETS)
def test_the_kernel_takes_raw(dump, free, user, preset):
    """Somebody else's launcher loads the file; that is what `raw` is for."""
    path = f"{user.home}/filter"
    with open(path, "wb") as file:
        file.write(dump(preset))
    done = free(PYTHON, "-c", LOADER, path, str(number("seccomp", NATIVE)))
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().split("\n")[:2] == ["open before", "open" if preset == "loopback" else str(MARK)]


@pytest.mark.parametrize("options", [(), ("--policy", "strict"), ("--policy=unix",), ("--errno=EPERM",), ("--errno=4095", "--policy=strict"),
                                     ("--deny", "getpid"), ("--allow", "ptrace"), ("--policy", "p.policy")], ids=" ".join)
def test_what_is_installed_is_what_is_dumped(nonet, tracer, bare, me, options):
    """Byte for byte, seen by a tracer at seccomp(2): one filter, and the one that can be read beforehand."""
    with open(f"{me.home}/p.policy", "w") as file:
        file.write("default allow\ndeny getppid if arg0 == 7\n")
    run = ["bash", "-c", 'exec "$@" 3>copy', "bash", tracer, "filter", nonet, *options, "--", "/bin/true"]
    done = Launcher(me)(*run)
    assert done.returncode == 0, done
    with open(f"{me.home}/copy", "rb") as file:
        installed = file.read()
    assert installed and installed == bare(*options, "--dump-bpf", "--format=raw").stdout


def test_bwrap_takes_raw(dump, free, user):
    if not shutil.which("bwrap"):
        pytest.skip("bwrap is not installed")
    path = f"{user.home}/filter"
    with open(path, "wb") as file:
        file.write(dump())
    ask = 'bwrap --dev-bind / / --seccomp 9 "$0" -c "import socket; socket.socket()" 9<"$1"'
    if free("bwrap", "--dev-bind", "/", "/", "true").returncode:
        pytest.skip("bwrap cannot make its namespaces here")
    done = free("bash", "-c", ask, PYTHON, path)
    assert done.returncode == 1 and b"[Errno 112]" in done.stderr
