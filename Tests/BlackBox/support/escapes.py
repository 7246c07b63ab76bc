"""What each preset answers to each way out, as data; the numbers are the rows of the table of escapes.

A way is `(name, row, answers)`, a letter per preset in the order strict, default, unix, loopback:

    E   the errno that --errno selects
    F   EAFNOSUPPORT
    N   ENOSYS
    B   EBADF: the descriptor is closed
    P   EPERM or EACCES by the kernel: processes outside are beyond a Landlock domain
    R   the call works, in a network where nobody answers
    h   held in another way, which the probe cannot tell
    o   open: that is what the preset is for, and not counted
"""

import errno
import os
import shutil


PRESETS = ("strict", "default", "unix", "loopback")

WAYS = [
    ("tcp4", 1, "EEER"), ("tcp6", 1, "EEER"), ("udp", 1, "EEER"), ("raw", 1, "EEER"), ("mptcp", 1, "EEER"),
    ("packet", 2, "FFFF"), ("vsock", 3, "FFFF"), ("netlink", 4, "FFFF"), ("upper-half", 5, "EEER"),
    ("io_uring", 6, "NNNN"), ("i386", 7, "EEER"), ("socketcall", 7, "EEEE"), ("x32", 9, "NNNN"),
    ("unix-path", 12, "EEoE"), ("unix-abstract", 13, "EEPR"), ("unix-dgram", 14, "EEoE"), ("unix-pair", 15, "EEoE"),
    ("inherited-write", 16, "BBBB"), ("inherited-high", 16, "BBBB"), ("inherited-sendfile", 16, "BBBB"),
    ("inherited-splice", 16, "BBBB"), ("inherited-aio", 16, "BBBB"), ("inherited-udp", 16, "BBBB"),
    ("inherited-dgram", 16, "BBoB"), ("ring", 16, "BBBB"), ("ring-thread", 16, "BBBB"),
    ("inherited-listener", 18, "EBBB"), ("pidfd_getfd", 19, "EEEE"),
    ("ptrace", 20, "EPPP"), ("ptrace-seize", 20, "EPPP"), ("vm-writev", 20, "EPPP"), ("vm-readv", 20, "EPPP"),
    ("proc-mem", 20, "PPPP"), ("tiocsti", 21, "EEEE"), ("tiocsti-upper", 21, "EEEE"), ("request_key", 22, "EEEE"),
    ("setns", 23, "EEEE"), ("setns-any", 23, "EEEE"), ("setns-proc", 23, "PPPP"), ("setns-pidfd", 23, "EPPE"),
    ("nsenter", 23, "hhhh"), ("veth", 23, "FPPP"),
    ("thread", 24, "EEER"), ("double-fork", 24, "EEER"), ("exec", 24, "hhhh"), ("bash", 24, "hhhh"), ("set-uid", 24, "hhhh"),
    ("second-listener", 25, "EEEh"),
]
NAMES = [name for name, _, _ in WAYS]
# Only the answer counts: this kernel need not have such a file system, and there is no server.
MOUNTS = ["nfs", "cifs", "9p", "fsopen-9p"]

# Instruments that must work wherever the suite runs as root; without them a green run means little.
CERTAIN = {"tcp4", "udp", "raw", "packet", "netlink", "upper-half", "unix-path", "unix-abstract", "unix-dgram", "unix-pair",
           "inherited-write", "inherited-high", "inherited-sendfile", "inherited-splice", "inherited-udp", "inherited-dgram",
           "inherited-listener", "ptrace", "vm-writev", "proc-mem", "setns", "setns-proc", "nsenter", "thread", "double-fork",
           "exec", "bash", "second-listener"}

PEERS = {"unshare -rn": ("unshare", "-rn"), "bwrap --unshare-net": ("bwrap", "--unshare-net", "--dev-bind", "/", "/")}


def verdicts(outside, prefix=()):
    """Every way out behind a tool, and free without one.

    A cable between namespaces is not laid in the machine's own: there the tool runs inside a
    namespace made for it, which only root can do.
    """
    found = outside.run([name for name in NAMES if name != "veth"], prefix)
    if os.geteuid() == 0 and outside.user.name != "nobody":
        found.update(outside.run(["veth"], ("unshare", "-n", *prefix)))
    else:
        found["veth"] = ("held", "unshare", errno.EPERM)
    return found


def shortfall(letter, answer, chosen):
    """What is wrong with an answer, or None."""
    what, step, code = answer
    if letter == "o":
        return None if what == "out" else f"the preset lets this through, and it met {step} {code}"
    if what == "out":
        return "GOT OUT"
    expected = {"E": {chosen}, "F": {errno.EAFNOSUPPORT}, "N": {errno.ENOSYS}, "B": {errno.EBADF},
                "P": {errno.EPERM, errno.EACCES}, "R": {errno.ECONNREFUSED, errno.ENETUNREACH, 0}}.get(letter)
    if expected is not None and code not in expected:
        return f"held at {step} with {errno.errorcode.get(code, code)}"
    return None


def landlock_abi():
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    return max(0, libc.syscall(ctypes.c_long(444), None, ctypes.c_size_t(0), ctypes.c_uint(1)))


def counts(outside, nonet):
    """Rows of the comparison: tool, how many of the ways hold, of how many that lead out without it."""
    free = verdicts(outside)
    working = [name for name in NAMES if free[name][0] == "out"]
    for preset in PRESETS:
        column = PRESETS.index(preset)
        counted = [name for name, _, answers in WAYS if name in working and answers[column] != "o"]
        got = verdicts(outside, (nonet, "-q", "--policy", preset, "--"))
        yield f"nonet --policy {preset}", sum(got[name][0] == "held" for name in counted), len(counted)
    for tool, words in PEERS.items():
        if not shutil.which(words[0]):
            continue
        got = verdicts(outside, words)
        if set(working) <= set(got):
            yield tool, sum(got[name][0] == "held" for name in working), len(working)


def missing(free):
    """The instruments that do not work here, with what stopped each."""
    from support.outside import reason

    return {name: reason(free[name]) for name in NAMES if free[name][0] != "out"}
