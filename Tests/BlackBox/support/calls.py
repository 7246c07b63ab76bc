"""System call numbers, kept by hand so that the suite does not lean on what it tests."""

import platform

MACHINE = platform.machine()
X86 = MACHINE == "x86_64"

ARCHES = ("x86_64", "i386", "aarch64", "arm")
AUDIT = {"x86_64": 0xC000003E, "i386": 0x40000003, "aarch64": 0xC00000B7, "arm": 0x40000028}
NATIVE = {"x86_64": "x86_64", "aarch64": "aarch64"}[MACHINE]
COMPAT = {"x86_64": "i386", "aarch64": "arm"}
NEWEST = 471  # rseq_slice_yield, Linux 7.1
X32 = 0x40000000
GARBAGE = 0x1_0000_0000  # a bit that a kernel `int` does not have

_NUMBERS = {
    "accept": (43, None, 202, 285),
    "accept4": (288, 364, 242, 366),
    "add_key": (248, 286, 217, 309),
    "bpf": (321, 357, 280, 386),
    "bind": (49, 361, 200, 282),
    "clone3": (435, 435, 435, 435),
    "connect": (42, 362, 203, 283),
    "delete_module": (176, 129, 106, 129),
    "execve": (59, 11, 221, 11),
    "finit_module": (313, 350, 273, 379),
    "fsconfig": (431, 431, 431, 431),
    "fsmount": (432, 432, 432, 432),
    "fsopen": (430, 430, 430, 430),
    "getpeername": (52, 368, 205, 287),
    "getpgid": (121, 132, 155, 132),
    "getpid": (39, 20, 172, 20),
    "getppid": (110, 64, 173, 64),
    "getsockname": (51, 367, 204, 286),
    "getsockopt": (55, 365, 209, 295),
    "init_module": (175, 128, 105, 128),
    "io_uring_enter": (426, 426, 426, 426),
    "io_uring_register": (427, 427, 427, 427),
    "io_uring_setup": (425, 425, 425, 425),
    "ioctl": (16, 54, 29, 54),
    "ioperm": (173, 101, None, None),
    "iopl": (172, 110, None, None),
    "kexec_file_load": (320, None, 294, 401),
    "kexec_load": (246, 283, 104, 347),
    "keyctl": (250, 288, 219, 311),
    "listen": (50, 363, 201, 284),
    "mount": (165, 21, 40, 21),
    "move_mount": (429, 429, 429, 429),
    "open_by_handle_at": (304, 342, 265, 371),
    "openat": (257, 295, 56, 322),
    "perf_event_open": (298, 336, 241, 364),
    "pidfd_getfd": (438, 438, 438, 438),
    "prlimit64": (302, 340, 261, 369),
    "process_vm_readv": (310, 347, 270, 376),
    "process_vm_writev": (311, 348, 271, 377),
    "ptrace": (101, 26, 117, 26),
    "read": (0, 3, 63, 3),
    "recvfrom": (45, 371, 207, 292),
    "recv": (None, None, None, 291),
    "recvmmsg": (299, 337, 243, 365),
    "recvmmsg_time64": (None, 417, None, 417),
    "recvmsg": (47, 372, 212, 297),
    "request_key": (249, 287, 218, 310),
    "seccomp": (317, 354, 277, 383),
    "send": (None, None, None, 289),
    "sendmmsg": (307, 345, 269, 374),
    "sendmsg": (46, 370, 211, 296),
    "sendto": (44, 369, 206, 290),
    "setns": (308, 346, 268, 375),
    "setsockopt": (54, 366, 208, 294),
    "shutdown": (48, 373, 210, 293),
    "socket": (41, 359, 198, 281),
    "socketcall": (None, 102, None, 102),
    "socketpair": (53, 360, 199, 288),
    "userfaultfd": (323, 374, 282, 388),
    "unshare": (272, 310, 97, 337),
}


def number(call, arch):
    """The number of `call` on `arch`, a number given as such, or None where it does not exist."""
    if isinstance(call, int):
        return call
    return _NUMBERS[call][ARCHES.index(arch)]
