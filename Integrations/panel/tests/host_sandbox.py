"""What ZenCube's own `sandbox --no-net` does to the network: six calls answer EPERM. For tests behind it."""

import ctypes
import os
import struct
import sys

NUMBERS = {"x86_64": (41, 42, 44, 46, 45, 47), "aarch64": (198, 203, 206, 211, 207, 212)}[os.uname().machine]
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06  # BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_JEQ|BPF_K, BPF_RET|BPF_K
ALLOW, EPERM = 0x7FFF0000, 0x00050001


def main(words):
    steps = [(LOAD, 0, 0, 0)]
    steps += [(EQUAL, len(NUMBERS) - place, 0, number) for place, number in enumerate(NUMBERS)]
    steps += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, EPERM)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    head = struct.pack("@HxxxxxxP", len(steps), ctypes.addressof(program))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.create_string_buffer(head), 0, 0):
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    os.execvp(words[0], words)


assert sys.argv[1] == "--no-net"
main(sys.argv[2:])
