"""`confine`: the layers of a policy around this very process.

The filter comes from the program as bytes, proven as ever; this module only hands it to the kernel.
"""

from __future__ import annotations

import ctypes
import os
import re
import select
import stat
import struct
import subprocess
import time
import warnings
from typing import Any, Dict, List, NamedTuple, NoReturn, Optional, Sequence, Set, Tuple

from ._errors import NonetError
from ._program import program, require_supported

require_supported()

# From the kernel's headers: seccomp.h, prctl.h, landlock.h, capability.h, sched.h, asm-generic/unistd.h.
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_TSYNC = 1, 1
_PR_SET_NO_NEW_PRIVS = 38
_LANDLOCK_CREATE_RULESET, _LANDLOCK_RESTRICT_SELF = 444, 446
_LANDLOCK_CREATE_RULESET_VERSION = 1
_LANDLOCK_ACCESS_NET_BIND_TCP, _LANDLOCK_ACCESS_NET_CONNECT_TCP = 1, 2
_LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET, _LANDLOCK_SCOPE_SIGNAL = 1, 2
_LINUX_CAPABILITY_VERSION_3 = 0x20080522
_CAP_SYS_PTRACE = 19
_CLONE_NEWUSER = 0x10000000

# What the program tells of layers that stand, when it is asked to.
_TOLD = (
    "descriptors: ", "namespace: ", "users: ", "settings: ", "capabilities: ", "landlock: ", "seccomp: ", "not used: ",
    "less protection: ", "usage: ",
)
# What a command is around which the layers are: their names, and the capabilities that are left.
_COMMAND = 'echo "$NONET"; while read -r name value; do case $name in CapPrm:) echo "$value";; esac; done </proc/self/status'

#: The policy that was asked for, and what the process tells of it.
_confined: Optional[Tuple[str, str]] = None


class _Layers(NamedTuple):
    hint: str
    filter: bytes
    #: The capabilities that may stay, as bits; nothing where the policy takes none away.
    kept: Optional[int]
    has_users: bool
    has_landlock: bool


def confine(policy: str = "default", *, open_sockets: bool = False, threads: bool = False) -> None:
    """Takes the network from this process, all its threads and everything that it will start.

    Nothing takes it back. The layers are those that the policy names, as around a command of nonet's: the filter, a
    Landlock domain, capabilities given up, and no open socket that the policy would not let be made. Layers that
    cannot be put around a process that runs are refused: a namespace of its network, and, for root, settings that
    are read-only, as ``strict`` wants them. From Linux 6.12 on processes that were started before get no signals.

    Not seen is a socket that lies unread in an AF_UNIX socket of its own, or is registered in an io_uring that
    another process has. A thread that runs may open a socket while the layers go up; that is an error then, though
    the layers stand. Processes that were started before stay as they are. A policy that takes more than one filter
    is refused.

    :param policy: A preset or a policy file, as ``nonet --policy`` takes it.
    :param open_sockets: Sockets that are open may stay, and lead where they lead.
    :param threads: Other threads may run. Landlock and a user namespace confine one thread only, so the filter
        refuses ptrace and the like instead, as it does where a kernel has no Landlock; signals to processes outside
        pass then, and ``/proc/PID/mem`` of the same user's can be written. Other threads keep their capabilities,
        so where they have such as are to be given up, that is an error.
    :raises NonetError: The text says why. Nothing was changed, unless it says what stands all the same.
    """
    global _confined
    if _confined:
        raise NonetError(f"this process is confined already ({_confined[1]}); nothing takes that back or adds to it")
    policy = os.fspath(policy)
    try:
        count = _settled()
        if count > 1 and not threads:
            _refuse_threads(count)
        sockets = _sockets()
        layers = _asked(policy, open_sockets, count > 1)
        library = ctypes.CDLL(None, use_errno=True)
        library.syscall.restype = ctypes.c_long
        # What the kernel refuses it refuses a child first, so that nothing is ever half done.
        _try_in_child(library, layers)
        # What runs at a fork may have started threads, or opened something.
        now = _settled() if count == 1 else len(_tasks())
        if count == 1 and now > 1:
            _refuse_threads(now)
        _look_at_threads(layers)
        if not open_sockets and _sockets() - sockets:
            raise NonetError("a socket was opened while confine() asked what may stay open; nothing was changed")
    except OSError as error:
        raise NonetError(f"the layers cannot be put up here: {error}; nothing was changed") from error
    _raise(library, layers)
    _confined = policy, layers.hint
    os.environ["NONET"] = layers.hint
    _look_back(layers, None if open_sockets else sockets)


def stands(policy: str) -> bool:
    """Whether `confine` has put up the layers of this policy here."""
    return _confined is not None and _confined[0] == policy


def _refuse_threads(count: int) -> NoReturn:
    raise NonetError(
        f"{count} threads run, and Landlock confines only the one that asks; call confine() before threads "
        "start, or with threads=True, or start the program with nonet"
    )


def _tasks() -> List[str]:
    return os.listdir("/proc/self/task")


def _settled() -> int:
    """How many threads run; one that has been joined may need a moment to end."""
    end = time.monotonic() + 0.1
    while True:
        count = len(_tasks())
        if count == 1 or time.monotonic() > end:
            return count
        time.sleep(0.001)


def _sockets() -> Set[int]:
    """The sockets that are open, by their numbers in the kernel."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        status = _status(int(name))
        if status and stat.S_ISSOCK(status.st_mode):
            found.add(status.st_ino)
    return found


def _status(descriptor: int) -> Optional[os.stat_result]:
    try:
        return os.fstat(descriptor)
    except OSError:
        return None


def _standards() -> List[int]:
    """Those of 0, 1 and 2 that may be more than a file or a pipe, each thing once."""
    found: Dict[Tuple[int, int, int], int] = {}
    for number in (2, 1, 0):
        status = _status(number)
        if status and not stat.S_ISREG(status.st_mode) and not stat.S_ISFIFO(status.st_mode):
            found[status.st_dev, status.st_ino, status.st_rdev] = number
    return list(found.values())


def _refuse_memory() -> None:
    """Refuses memory that is shared with a ring: it holds the ring, and leads where that leads, when its descriptor is closed.

    With a command's it ends at execve(2).
    """
    with open("/proc/self/maps", "rb") as file:
        for line in file:
            # proc_pid_maps(5): the sixth field, here none of a file's, which begin with a slash.
            name = line.split(None, 5)[5:]
            if name and name[0].startswith((b"socket:", b"anon_inode:[io_uring]", b"anon_inode:bpf")):
                raise NonetError(
                    f"memory is shared with {os.fsdecode(name[0].strip())}, which may lead outside; unmap it before confine()"
                )


def _asked(policy: str, open_sockets: bool, has_threads: bool) -> _Layers:
    """What the policy comes to on this machine, from the program, which finds it out by trying."""
    if policy == "-":
        raise NonetError("a policy for confine() has a name; what standard input says can be read only once")
    numbers = [] if open_sockets else [int(name) for name in os.listdir("/proc/self/fd")]
    opened = [number for number in numbers if number > 2 and _status(number)]
    words = ["-v", "--backend", "seccomp", "--policy", policy, "--", "/bin/sh", "-c"]
    standards = [] if open_sockets else _standards()
    if not open_sockets:
        _refuse_memory()
    output, messages = _answer([*words, _COMMAND], opened, *standards[:1])
    for number in standards[1:]:
        _answer([*words, ":"], (), number)
    hint, _, left = output.decode().strip().partition("\n")
    layers = hint.rpartition(":")[2].split("+")
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
    bytes_, _ = _answer(["--dump-bpf", "--format", "raw", "--policy", policy, *denied])
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
    if kept is not None and _permitted() & ~kept and "capabilities" not in names:
        names.append("capabilities")
    return _Layers(hint.rpartition(":")[0] + ":" + "+".join(names), bytes_, kept, has_users, has_landlock)


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
        child.returncode = status = _ended(child.pid)
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


def _ended(child: int) -> int:
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


def _try_in_child(library: ctypes.CDLL, layers: _Layers) -> None:
    with warnings.catch_warnings():
        # From Python 3.12 on one beside other threads is warned of; this child calls the kernel only.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        status = 255
        try:
            _put_up(library, layers, [])
            status = 0
        except OSError as error:
            status = min(error.errno or 255, 255)
        finally:
            os._exit(status)
    status = _ended(child)
    if status != 0:
        reason = os.strerror(status) if 0 < status < 255 else "the process was ended"
        raise NonetError(f"this kernel, or a sandbox around this process, refuses the layers: {reason}; nothing was changed")


def _look_at_threads(layers: _Layers) -> None:
    """Refuses where other threads could not be held: a filter goes to all of them, and capabilities do not."""
    own = _own_status()
    for task in _tasks():
        other = _told(f"/proc/self/task/{task}/status")
        if not other or other["Pid"] == own["Pid"]:
            continue
        count = int(other.get("Seccomp_filters", "0"))
        if other["Seccomp"] != "0" and (own["Seccomp"] == "0" or count > int(own.get("Seccomp_filters", "0"))):
            raise NonetError("a thread has a filter of its own, so that the kernel takes none for all; nothing was changed")
        if layers.kept is not None and int(other["CapPrm"], 16) & ~layers.kept:
            raise NonetError(
                "other threads run with capabilities that each of them can only give up itself (those of root, or of a "
                "file); call confine() before threads start, or start the program with nonet; nothing was changed"
            )


def _told(path: str) -> Dict[str, str]:
    """A file of `proc_pid_status(5)`; nothing of a thread that is gone."""
    try:
        with open(path) as file:
            return {name: value.strip() for name, _, value in (line.partition(":") for line in file)}
    except (FileNotFoundError, ProcessLookupError):
        return {}


def _own_status() -> Dict[str, str]:
    own = _told("/proc/thread-self/status")
    if not own:
        raise OSError(2, "/proc does not show this thread")
    return own


def _raise(library: ctypes.CDLL, layers: _Layers) -> None:
    standing: List[str] = []
    try:
        _put_up(library, layers, standing)
    except OSError as error:
        stays = f"{', '.join(standing)} cannot be taken back" if standing else "nothing was changed"
        raise NonetError(f"the layers could not be put up: {error}; {stays}") from error


def _look_back(layers: _Layers, sockets: Optional[Set[int]]) -> None:
    """Refuses what came in between, although the layers stand."""
    try:
        if (layers.has_landlock or layers.has_users) and len(_tasks()) > 1:
            raise NonetError("a thread began while the layers went up; they stand, and that thread has the filter alone")
        if sockets is not None and _sockets() - sockets:
            raise NonetError("a socket was opened while the layers went up; they stand, and it may lead outside")
    except OSError as error:
        raise NonetError(f"the layers stand, and what else runs or is open cannot be seen: {error}") from error


def _put_up(library: ctypes.CDLL, layers: _Layers, standing: List[str]) -> None:
    """Puts up the layers, in the program's order, and notes those that stand."""
    _call(library.prctl, _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    standing.append("NO_NEW_PRIVS")
    if layers.has_users:
        user, group = os.geteuid(), os.getegid()
        _call(library.unshare, _CLONE_NEWUSER)
        standing.append("users")
        # user_namespaces(7): who may map nobody but himself gives up setgroups(2) before.
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with open("/proc/self/" + name, "w") as file:
                file.write(text)
    if layers.kept is not None:
        _keep_capabilities(library, layers.kept)
        standing.append("capabilities")
    if layers.has_landlock:
        _enter_domain(library)
        standing.append("landlock")
    count = len(layers.filter) // 8
    instructions = ctypes.create_string_buffer(layers.filter, len(layers.filter))
    # struct sock_fprog: a short, padding up to a pointer, and the pointer.
    head = ctypes.create_string_buffer(struct.pack("@HP", count, ctypes.addressof(instructions)))
    number = _SECCOMP[os.uname().machine]
    if _call(library.syscall, number, _SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_TSYNC, head) != 0:
        raise OSError(11, "a thread has a filter of its own")


def _permitted() -> int:
    return int(_own_status()["CapPrm"], 16)


def _keep_capabilities(library: ctypes.CDLL, kept: int) -> None:
    """Gives up all other capabilities, in every set but the bounding one, as the program does.

    What leaves the permitted or the inheritable set leaves the ambient one too (capset(2)).
    """
    # struct __user_cap_data_struct, twice: the lower and the upper halves of the effective, permitted, inheritable set.
    head = ctypes.create_string_buffer(struct.pack("=Ii", _LINUX_CAPABILITY_VERSION_3, 0), 8)
    sets = ctypes.create_string_buffer(24)
    _call(library.capget, head, sets)
    halves = struct.unpack("=6I", sets.raw)
    less = [bits & kept >> 32 * (place // 3) & 0xFFFFFFFF for place, bits in enumerate(halves)]
    if less != list(halves):
        _call(library.capset, head, ctypes.create_string_buffer(struct.pack("=6I", *less), 24))


def _enter_domain(library: ctypes.CDLL) -> None:
    abi = _call(library.syscall, _LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), _LANDLOCK_CREATE_RULESET_VERSION)
    # As the program does: abstract sockets and signals are cut off from ABI 6 on, and before that TCP.
    net, scoped = _LANDLOCK_ACCESS_NET_BIND_TCP | _LANDLOCK_ACCESS_NET_CONNECT_TCP, 0
    if abi >= 6:
        net, scoped = 0, _LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | _LANDLOCK_SCOPE_SIGNAL
    attributes = ctypes.create_string_buffer(struct.pack("=QQQ", 0, net, scoped), 24)
    ruleset = _call(library.syscall, _LANDLOCK_CREATE_RULESET, attributes, ctypes.c_size_t(24), 0)
    try:
        _call(library.syscall, _LANDLOCK_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _call(function: Any, *arguments: object) -> int:
    result: int = function(*arguments)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
