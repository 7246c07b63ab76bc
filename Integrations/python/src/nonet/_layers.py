"""What layers a policy comes to on this machine, and the bytes of its filter: asked of the program, which finds it out
by trying."""

from __future__ import annotations

import os
import re
import select
import stat
import subprocess
import warnings
from typing import Dict, List, Optional, Sequence, Tuple

from ._errors import NonetError
from ._kernel import Layers, permitted
from ._program import program

_CAP_SYS_PTRACE = 19

# What the program tells of layers that stand, when it is asked to.
_TOLD = (
    "descriptors: ", "namespace: ", "users: ", "settings: ", "capabilities: ", "landlock: ", "seccomp: ", "not used: ",
    "less protection: ", "usage: ",
)
# What a command is around which the layers are: their names, and the capabilities that are left.
_COMMAND = 'echo "$NONET"; while read -r name value; do case $name in CapPrm:) echo "$value";; esac; done </proc/self/status'


def readable(policy: Optional[str]) -> Optional[str]:
    """A policy that can be read several times.

    :raises NonetError: It is standard input, a pipe or another thing that gives its text once.
    """
    if policy == "-":
        raise NonetError("a policy for confine() has a name; what standard input says can be read only once")
    is_file = policy is not None and ("/" in policy or policy.endswith((".policy", ".json")))
    if policy is not None and is_file and os.path.exists(policy) and not os.path.isfile(policy):
        raise NonetError(f"a policy for confine() is read several times, and '{policy}' is no file; write it into one")
    return policy


def descriptors() -> List[int]:
    """What is open in the table of this thread; /proc/self has that of the first thread, which may be another or gone."""
    return [int(name) for name in os.listdir("/proc/thread-self/fd")]


def asked(policy: Optional[str], open_sockets: bool, has_threads: bool) -> Layers:
    """What the policy comes to on this machine, from the program, which finds it out by trying."""
    numbers = [] if open_sockets else descriptors()
    chosen = [] if policy is None else ["--policy", policy]
    opened = [number for number in numbers if number > 2 and status_of(number)]
    words = ["-v", "--backend", "seccomp", *chosen, "--", "/bin/sh", "-c"]
    standards = [] if open_sockets else _standards()
    if not open_sockets:
        _refuse_memory()
    output, messages = _answer([*words, _COMMAND], opened, *standards[:1])
    for number in standards[1:]:
        _answer([*words, ":"], (), number)
    hint, _, left = output.decode().strip().partition("\n")
    layers = hint.rpartition(":")[2].split("+")
    policy = policy or hint.partition(":")[0].partition("+")[0]
    if "namespace" in layers:
        raise NonetError(
            f"policy {policy} wants a network namespace, which cannot be put around a process that runs; start "
            f"it under one: nonet --policy {policy} -- COMMAND"
        )
    if "settings" in layers:
        raise NonetError(
            f"policy {policy} wants the kernel's settings to be read-only for root, which cannot be done around a "
            f"process that runs; start it so: nonet --policy {policy} -- COMMAND"
        )
    unknown = set(layers) - {"seccomp", "landlock", "capabilities", "users", "descriptors"}
    if "seccomp" not in layers or unknown:
        raise NonetError(f"these layers cannot be put around a process that runs: {hint!r}")
    count = 0
    for line in messages:
        if line.startswith("descriptors: closed: ") and not open_sockets:
            raise NonetError(
                f"sockets are open that lead outside: {line[len('descriptors: closed: '):]}; close them before confine()"
            )
        if line.startswith("warning: "):
            warnings.warn(line[len("warning: ") :], stacklevel=3)
        told = re.match(r"seccomp: (\d+) instructions for", line)
        count = int(told.group(1)) if told else count
    has_layers = "+layers(none)" not in hint
    has_landlock = "landlock" in layers and not has_threads
    lacks_landlock = has_layers and not has_landlock
    denied = ["--deny", "@debug"] if lacks_landlock else []
    bytes_, _ = _answer(["--dump-bpf", "--format", "raw", *chosen, *denied])
    # What the program told it of is as long, unless @debug is denied in this one alone.
    is_same = not denied or "landlock" not in layers
    if not bytes_ or len(bytes_) % 8 or (is_same and len(bytes_) != 8 * count):
        raise NonetError("the program did not give the whole filter")
    kept = None
    if has_layers:
        if not re.fullmatch("[0-9a-f]{1,16}", left):
            raise NonetError(f"policy {policy} lets a command not read what capabilities it has")
        kept = int(left, 16)
        # Nobody traces a process that has more capabilities without this one.
        if lacks_landlock:
            kept &= ~(1 << _CAP_SYS_PTRACE)
    has_users = "users" in layers and not has_threads
    stays = {"landlock": has_landlock, "users": has_users, "descriptors": not open_sockets}
    names = [word for word in layers if stays.get(word, True)]
    if kept is not None and permitted() & ~kept and "capabilities" not in names:
        names.append("capabilities")
    return Layers(hint.rpartition(":")[0] + ":" + "+".join(names), bytes_, kept, has_users, has_landlock)


def _standards() -> List[int]:
    """Those of 0, 1 and 2 that may be more than a file or a pipe, each thing once."""
    found: Dict[Tuple[int, int, int], int] = {}
    for number in (2, 1, 0):
        status = status_of(number)
        if status and not stat.S_ISREG(status.st_mode) and not stat.S_ISFIFO(status.st_mode):
            found[status.st_dev, status.st_ino, status.st_rdev] = number
    return list(found.values())


def status_of(descriptor: int) -> Optional[os.stat_result]:
    """What fstat(2) says; nothing of one that is closed."""
    try:
        return os.fstat(descriptor)
    except OSError:
        return None


def _refuse_memory() -> None:
    """Refuses memory that is shared with a ring: it holds the ring, and leads where that leads, when its descriptor is closed.

    With a command's it ends at execve(2).
    """
    with open("/proc/thread-self/maps", "rb") as file:
        for line in file:
            # proc_pid_maps(5): the sixth field, here none of a file's, which begin with a slash.
            name = line.split(None, 5)[5:]
            if name and name[0].startswith((b"socket:", b"anon_inode:[io_uring]", b"anon_inode:bpf")):
                raise NonetError(
                    f"memory is shared with {os.fsdecode(name[0].strip())}, which may lead outside; unmap it before confine()"
                )


def _answer(words: Sequence[str], descriptors: Sequence[int] = (), standard: Optional[int] = None) -> Tuple[bytes, List[str]]:
    """What the program says, where it ends with 0.

    :param standard: The descriptor that it gets as its standard input.
    """
    child = subprocess.Popen(
        [program(), *words], stdin=subprocess.DEVNULL if standard is None else standard, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, pass_fds=tuple(descriptors),
    )
    assert child.stdout and child.stderr
    try:
        output, said = _drained(child.stdout.fileno(), child.stderr.fileno())
    finally:
        child.stdout.close()
        child.stderr.close()
        child.returncode = status = ended(child.pid)
    lines = said.decode(errors="replace").replace("nonet: ", "").splitlines()
    if standard is not None and lines and lines[-1].startswith("descriptor 0 "):
        # It is 0 to the program alone.
        lines[-1] = lines[-1].replace("0", str(standard), 1).replace("outside, so the command was not run", "outside")
    if status != 0:
        reasons = [line for line in lines if not line.startswith(_TOLD)]
        raise NonetError("\n".join(reasons) or f"nonet ended with status {status}")
    return output, lines


def _drained(*pipes: int) -> List[bytes]:
    """All that comes out of pipes, read in turns, so that none of them fills up."""
    texts, poll, left = {pipe: bytearray() for pipe in pipes}, select.poll(), len(pipes)
    for pipe in pipes:
        poll.register(pipe, select.POLLIN)
    while left:
        for pipe, _ in poll.poll():
            text = os.read(pipe, 65536)
            texts[pipe] += text
            if not text:
                poll.unregister(pipe)
                left -= 1
    return [bytes(texts[pipe]) for pipe in pipes]


def ended(child: int) -> int:
    """A child's status, or the signal that ended it as a negative number.

    `subprocess` takes a child whose end somebody else took for one that did well.
    """
    try:
        end = os.waitid(os.P_PID, child, os.WEXITED)
    except ChildProcessError:
        raise NonetError(
            "how a child of this process ended cannot be known, so nothing was changed: SIGCHLD is ignored, or its "
            "handler waits for every child; call confine() before that"
        ) from None
    assert end
    return end.si_status if end.si_code == os.CLD_EXITED else -end.si_status
