"""Filters of running processes, read from the kernel by ptrace(2): an instrument of its own beside --verify."""

import ctypes
import os
import time

SEIZE, INTERRUPT, GET_FILTER, DETACH, WALL = 0x4206, 0x4207, 0x420C, 17, 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def running(pid):
    """The bytes of each filter, the oldest first."""
    for request in (SEIZE, INTERRUPT):
        assert libc.ptrace(request, pid, None, None) == 0, os.strerror(ctypes.get_errno())
    ends = time.monotonic() + 5
    while os.waitpid(pid, WALL | os.WNOHANG) == (0, 0):
        assert time.monotonic() < ends
        time.sleep(0.001)
    found = []
    try:
        while (count := libc.ptrace(GET_FILTER, pid, len(found), None)) > 0:
            room = ctypes.create_string_buffer(count * 8)
            assert libc.ptrace(GET_FILTER, pid, len(found), room) == count
            found.append(room.raw)
    finally:
        libc.ptrace(DETACH, pid, None, None)
    return found
