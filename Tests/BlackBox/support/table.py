"""What each preset answers to each way out, as data: read this beside the table of presets.

A row is `(label, call, arguments, answers, free)`. `answers` has one letter per preset in the order
strict, default, unix, loopback:

    r   runs as it does without nonet
    E   the errno that --errno selects
    F   EAFNOSUPPORT
    N   ENOSYS

`free` is what the call gives without nonet on any Linux we test on: "ok", or "any" where kernels and
users differ (it then must only differ from a refusal), or "caps" where root's command has given up what the
call asks for (so that it must only not be refused by the filter). Words among the arguments are made by
probes/probe.c.
"""

from support.calls import GARBAGE, NEWEST

PRESETS = ("strict", "default", "unix", "loopback")
AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_ALG, AF_VSOCK = 1, 2, 10, 16, 17, 38, 40
STREAM, DGRAM, RAW, SEQPACKET = 1, 2, 3, 5
CLOEXEC, NONBLOCK = 0o2000000, 0o4000
DONTWAIT = 0x40
TIOCSTI, TIOCLINUX, TCGETS, FIONREAD, TIOCSETD = 0x5412, 0x541C, 0x5401, 0x541B, 0x5423
TUNSETIFF, VHOST_SET_OWNER, TUNGETFEATURES = 0x400454CA, 0xAF01, 0x800454CF
NEWNET = 0x40000000

SOCKETS = [
    ("inet-stream", "socket", (AF_INET, STREAM, 0), "EEEr", "ok"),
    ("inet-dgram", "socket", (AF_INET, DGRAM, 0), "EEEr", "ok"),
    ("inet-raw", "socket", (AF_INET, RAW, 1), "EEEr", "any"),
    ("inet-ping", "socket", (AF_INET, DGRAM, 1), "EEEr", "any"),
    ("inet-mptcp", "socket", (AF_INET, STREAM, 262), "EEEr", "any"),
    ("inet-sctp", "socket", (AF_INET, SEQPACKET, 132), "EEEr", "any"),
    ("inet6-stream", "socket", (AF_INET6, STREAM, 0), "EEEr", "any"),
    ("inet-flags", "socket", (AF_INET, STREAM | CLOEXEC | NONBLOCK, 0), "EEEr", "ok"),
    ("inet-upper", "socket", (GARBAGE | AF_INET, STREAM, 0), "EEEr", "ok"),
    ("inet-upper-all", "socket", (GARBAGE * 0xDEAD | AF_INET, GARBAGE | STREAM, GARBAGE), "EEEr", "ok"),
    ("unix-stream", "socket", (AF_UNIX, STREAM, 0), "ErrE", "ok"),
    ("unix-seqpacket", "socket", (AF_UNIX, SEQPACKET, 0), "ErrE", "ok"),
    ("unix-flags", "socket", (AF_UNIX, STREAM | CLOEXEC | NONBLOCK, 0), "ErrE", "ok"),
    ("unix-upper", "socket", (GARBAGE | AF_UNIX, GARBAGE | STREAM, 0), "ErrE", "ok"),
    ("unix-dgram", "socket", (AF_UNIX, DGRAM, 0), "EErE", "ok"),
    ("unix-dgram-flags", "socket", (AF_UNIX, DGRAM | CLOEXEC, 0), "EErE", "ok"),
    ("unix-dgram-upper", "socket", (AF_UNIX, GARBAGE | DGRAM, 0), "EErE", "ok"),
    ("unix-raw-is-dgram", "socket", (AF_UNIX, RAW, 0), "EErE", "ok"),
    ("netlink-route", "socket", (AF_NETLINK, RAW, 0), "Frrr", "ok"),
    ("netlink-route-dgram", "socket", (AF_NETLINK, DGRAM | CLOEXEC, 0), "Frrr", "ok"),
    ("netlink-route-upper", "socket", (GARBAGE | AF_NETLINK, RAW, GARBAGE), "Frrr", "ok"),
    ("netlink-generic", "socket", (AF_NETLINK, RAW, 16), "FFFF", "any"),
    ("netlink-audit", "socket", (AF_NETLINK, RAW, 9), "FFFF", "any"),
    ("netlink-generic-upper", "socket", (AF_NETLINK, RAW, GARBAGE | 16), "FFFF", "any"),
    ("packet", "socket", (AF_PACKET, RAW, 0x300), "FFFF", "any"),
    ("alg", "socket", (AF_ALG, SEQPACKET, 0), "FFFF", "any"),
    ("vsock", "socket", (AF_VSOCK, STREAM, 0), "FFFF", "any"),
    ("vsock-upper", "socket", (GARBAGE | AF_VSOCK, STREAM, 0), "FFFF", "any"),
    ("family-minus-one", "socket", (0xFFFFFFFF, STREAM, 0), "FFFF", "any"),
]

PAIRS = [
    ("pair-stream", "socketpair", (AF_UNIX, STREAM, 0, "zeros"), "Errr", "ok"),
    ("pair-seqpacket", "socketpair", (AF_UNIX, SEQPACKET | CLOEXEC, 0, "zeros"), "Errr", "ok"),
    ("pair-upper", "socketpair", (GARBAGE | AF_UNIX, GARBAGE | STREAM, 0, "zeros"), "Errr", "ok"),
    ("pair-dgram", "socketpair", (AF_UNIX, DGRAM, 0, "zeros"), "EErE", "ok"),
    ("pair-dgram-upper", "socketpair", (GARBAGE | AF_UNIX, GARBAGE | DGRAM, 0, "zeros"), "EErE", "ok"),
    ("pair-raw-is-dgram", "socketpair", (AF_UNIX, RAW, 0, "zeros"), "EErE", "ok"),
]

DATA = [
    ("connect", "connect", ("sock", "address", 110), "EErr", "ok"),
    ("connect-abstract", "connect", ("sock", "family", 2), "EErr", "any"),
    ("connect-unspec", "connect", ("pair", "zeros", 16), "EErr", "any"),
    ("connect-closed", "connect", (0xFFFFFFFF, "zeros", 16), "EErr", "any"),
    ("bind", "bind", ("sock", "family", 2), "Errr", "ok"),
    ("listen", "listen", ("bound", 1), "Errr", "ok"),
    ("accept", "accept", ("listening", 0, 0), "Errr", "any"),
    ("accept4", "accept4", ("listening", 0, 0, CLOEXEC), "Errr", "any"),
    ("sendto", "sendto", ("pair", "letter", 1, 0, 0, 0), "Errr", "ok"),
    ("sendmsg", "sendmsg", ("pair", "zeros", 0), "Errr", "ok"),
    ("sendmmsg", "sendmmsg", ("pair", "zeros", 1, 0), "Errr", "ok"),
    ("recvfrom", "recvfrom", ("pair", "zeros", 1, DONTWAIT, 0, 0), "Errr", "any"),
    ("recvmsg", "recvmsg", ("pair", "zeros", DONTWAIT), "Errr", "any"),
    ("recvmmsg", "recvmmsg", ("pair", "zeros", 1, DONTWAIT, 0), "Errr", "any"),
    ("recvmmsg-64", "recvmmsg_time64", ("pair", "zeros", 1, DONTWAIT, 0), "Errr", "any"),
    ("send", "send", ("pair", "letter", 1, 0), "Errr", "ok"),
    ("recv", "recv", ("pair", "zeros", 1, DONTWAIT), "Errr", "any"),
    ("shutdown", "shutdown", ("pair", 2), "Errr", "ok"),
    ("getsockopt", "getsockopt", ("pair", 1, 3, "zeros", "four"), "rrrr", "ok"),
    ("setsockopt", "setsockopt", ("pair", 1, 7, "zeros", 4), "Errr", "ok"),
    ("getsockname", "getsockname", ("pair", "zeros", "four"), "rrrr", "ok"),
    ("getpeername", "getpeername", ("pair", "zeros", "four"), "rrrr", "ok"),
]

OTHERS = [
    ("uring-setup", "io_uring_setup", (1, "zeros"), "NNNN", "any"),
    ("uring-enter", "io_uring_enter", (0xFFFFFFFF, 0, 0, 0, 0, 0), "NNNN", "any"),
    ("uring-register", "io_uring_register", (0xFFFFFFFF, 0, 0, 0), "NNNN", "any"),
    ("pidfd-getfd", "pidfd_getfd", ("pidfd", 1, 0), "EEEE", "ok"),
    ("request-key", "request_key", ("user", "text", 0, 0), "EEEE", "any"),
    ("add-key", "add_key", ("user", "text", "letter", 1, 0xFFFFFFFE), "Errr", "any"),
    ("keyctl", "keyctl", (0, 0xFFFFFFFE, 0), "Errr", "any"),
    ("session-to-parent", "keyctl", (18,), "EEEE", "any"),
    ("session-to-parent-upper", "keyctl", (GARBAGE | 18,), "EEEE", "any"),
    ("tiocsti", "ioctl", ("tty", TIOCSTI, "letter"), "EEEE", "any"),
    ("tiocsti-upper", "ioctl", ("tty", GARBAGE | TIOCSTI, "letter"), "EEEE", "any"),
    ("tioclinux", "ioctl", ("tty", TIOCLINUX, "zeros"), "EEEE", "any"),
    ("tioclinux-upper", "ioctl", ("tty", GARBAGE * 0xFFFF | TIOCLINUX, "zeros"), "EEEE", "any"),
    ("tun", "ioctl", ("tty", TUNSETIFF, "zeros"), "EEEr", "any"),
    ("tun-upper", "ioctl", ("tty", GARBAGE | TUNSETIFF, "zeros"), "EEEr", "any"),
    ("tun-features", "ioctl", ("tty", TUNGETFEATURES, "zeros"), "rrrr", "any"),
    ("discipline", "ioctl", ("tty", TIOCSETD, "zeros"), "EEEE", "any"),
    ("discipline-upper", "ioctl", ("tty", GARBAGE | TIOCSETD, "zeros"), "EEEE", "any"),
    ("vhost", "ioctl", ("tty", VHOST_SET_OWNER, 0), "Errr", "any"),
    ("tcgets", "ioctl", ("tty", TCGETS, "zeros"), "rrrr", "ok"),
    ("fionread", "ioctl", ("tty", FIONREAD, "zeros"), "rrrr", "ok"),
    ("bpf", "bpf", (0xFFFFFFFF, "zeros", 0), "EEEE", "any"),
    ("init-module", "init_module", ("zeros", 0, "zeros"), "Errr", "caps"),
    ("finit-module", "finit_module", (0xFFFFFFFF, "zeros", 0), "Errr", "caps"),
    ("delete-module", "delete_module", (0, 0), "Errr", "caps"),
    ("kexec", "kexec_load", (0, 0xFFFF, 0, 0xFFFFFFFF), "Errr", "caps"),
    ("kexec-file", "kexec_file_load", (0xFFFFFFFF, 0xFFFFFFFF, 0, 0, 0xFFFFFFFF), "Errr", "caps"),
    ("by-handle", "open_by_handle_at", (0xFFFFFFFF, "zeros", 0), "Errr", "any"),
    ("ioperm", "ioperm", (0xFFFFFFF, 1, 0), "Errr", "caps"),
    ("iopl", "iopl", (9,), "Errr", "caps"),
    ("userfaultfd", "userfaultfd", (0xFF,), "Errr", "any"),
    ("perf-event", "perf_event_open", ("zeros", 0, 0, 0xFFFFFFFF, 0), "Errr", "any"),
    ("ptrace", "ptrace", (0, 0, 0, 0), "Errr", "ok"),
    ("vm-readv", "process_vm_readv", ("self", "zeros", 1, "zeros", 1, 0), "Errr", "ok"),
    ("vm-writev", "process_vm_writev", ("self", "zeros", 1, "zeros", 1, 0), "Errr", "ok"),
    ("mount", "mount", ("zeros", "zeros", "zeros", 0, 0), "Errr", "any"),
    ("fsopen", "fsopen", (0, 0), "Errr", "any"),
    ("fsmount", "fsmount", (0xFFFFFFFF, 0, 0), "Errr", "any"),
    ("fsconfig", "fsconfig", (0xFFFFFFFF, 0, 0, 0, 0), "Errr", "any"),
    ("move-mount", "move_mount", (0xFFFFFFFF, "zeros", 0xFFFFFFFF, "zeros", 0), "Errr", "any"),
    ("setns-net", "setns", ("netns", NEWNET), "ErrE", "any"),
    ("setns-any", "setns", ("netns", 0), "ErrE", "any"),
    ("getpid", "getpid", (), "rrrr", "ok"),
    ("clone3", "clone3", ("zeros", 0), "rrrr", "any"),
    ("newest", NEWEST, (0xFFFFFFFF, 0, 0), "rrrr", "any"),
    ("above-newest", NEWEST + 1, (), "Nrrr", "any"),
    ("above-600", 600, (), "Nrrr", "any"),
    ("above-0x3fff", 0x3FFF, (), "Nrrr", "any"),
    ("minus-one", 0xFFFFFFFF, (), "rrrr", "any"),
]

# The i386 ABI has one more door: every socket call by its number behind a pointer.
SOCKETCALLS = [(f"socketcall-{n}", "socketcall", (n, "zeros"), "EEEE", "any") for n in range(0, 22)]

# Only the x86_64 `syscall` instruction: numbers of the x32 ABI, and junk above the number's 32 bits.
X32_NUMBERS = [(f"x32-{n:#x}", n, (AF_INET, STREAM, 0), "NNNN", "any") for n in (
    0x40000000, 0x40000000 | 41, 0x40000000 | 42, 0x40000000 | 39, 0x40000000 | 53, 0x40000000 | 512,
    0x40000000 | 538, 0x40000000 | 545, 0x60000000, 0x7FFFFFFF, 0x80000000, 0xBFFFFFFF, 0xFFFFFFFE)]
NUMBER_UPPER = [("number-upper", GARBAGE | 41, (AF_INET, STREAM, 0), "EEEr", "any")]


def sweep():
    """Every family times every type, flags set: families age, so all of them are asked."""
    for family in [*range(0, 64), 0x7FFFFFFF, 0x80000001]:
        for kind in (STREAM, DGRAM, RAW, 4, SEQPACKET, 6, 10):
            if family in (AF_INET, AF_INET6):
                answers = "EEEr"
            elif family == AF_UNIX:
                answers = "ErrE" if kind in (STREAM, SEQPACKET) else "EErE"
            elif family == AF_NETLINK:
                answers = "Frrr"  # protocol 0 is NETLINK_ROUTE
            else:
                answers = "FFFF"
            yield (f"family-{family}-{kind}", "socket", (family, kind | CLOEXEC, 0), answers, "any")


COMMON = [*SOCKETS, *PAIRS, *DATA, *OTHERS]
NATIVE_ROWS = [*COMMON, *sweep()]
COMPAT_ROWS = [*COMMON, *SOCKETCALLS, *sweep()]
