"""What the kernel is asked for to put up layers, and what it tells of a thread.

The filter comes from the program as bytes, proven as ever; here it is only handed over.
"""

from __future__ import annotations

import ctypes
import os
import struct
from typing import Any, Dict, List, NamedTuple, Optional

# From the kernel's headers: seccomp.h, prctl.h, landlock.h, capability.h, sched.h, asm-generic/unistd.h.
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_TSYNC = 1, 1
_PR_SET_NO_NEW_PRIVS = 38
_LANDLOCK_CREATE_RULESET, _LANDLOCK_RESTRICT_SELF = 444, 446
_LANDLOCK_CREATE_RULESET_VERSION = 1
_LANDLOCK_ACCESS_NET_BIND_TCP, _LANDLOCK_ACCESS_NET_CONNECT_TCP = 1, 2
_LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET, _LANDLOCK_SCOPE_SIGNAL = 1, 2
_LINUX_CAPABILITY_VERSION_3 = 0x20080522
_CLONE_NEWUSER = 0x10000000


class Layers(NamedTuple):
    """What is put up around a process."""

    hint: str
    filter: bytes
    #: The capabilities that may stay, as bits; nothing where the policy takes none away.
    kept: Optional[int]
    has_users: bool
    has_landlock: bool


def put_up(library: ctypes.CDLL, layers: Layers, standing: List[str]) -> None:
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


def permitted() -> int:
    """The capabilities that this thread may have, as bits."""
    return int(own_status()["CapPrm"], 16)


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


def status_of_thread(path: str) -> Dict[str, str]:
    """A file of `proc_pid_status(5)`; nothing of a thread that is gone."""
    try:
        with open(path) as file:
            return {name: value.strip() for name, _, value in (line.partition(":") for line in file)}
    except (FileNotFoundError, ProcessLookupError):
        return {}


def own_status() -> Dict[str, str]:
    """What `status_of_thread` has of this thread.

    :raises OSError: /proc does not show it.
    """
    own = status_of_thread("/proc/thread-self/status")
    if not own:
        raise OSError(2, "/proc does not show this thread")
    return own
