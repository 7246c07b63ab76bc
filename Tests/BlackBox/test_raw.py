"""The raw output at work: somebody else's launcher loads it, and the kernel takes it."""

import errno
import shutil

import pytest

from support.calls import NATIVE, number
from support.run import PYTHON
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
