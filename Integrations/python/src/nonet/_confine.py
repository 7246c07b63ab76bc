"""`confine`: the layers of a policy around this very process.

The filter comes from the program as bytes, proven as ever; this module only hands it to the kernel.
"""

from __future__ import annotations

import ctypes
import os
import struct
import subprocess
import time
import warnings
from typing import Any, List, NamedTuple, Optional, Tuple

from ._errors import NonetError
from ._program import program, require_supported

require_supported()

# From the kernel's headers: seccomp.h, prctl.h, landlock.h, asm-generic/unistd.h.
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_TSYNC = 1, 1
_PR_SET_NO_NEW_PRIVS = 38
_LANDLOCK_CREATE_RULESET, _LANDLOCK_RESTRICT_SELF = 444, 446
_LANDLOCK_CREATE_RULESET_VERSION = 1
_LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET = 1

# What the program tells of layers that stand, when it is asked to.
_TOLD = ("descriptors: ", "landlock: ", "seccomp: ", "namespace: ", "not used: ", "less protection: ", "usage: ")

_confined: Optional[str] = None


class _Layers(NamedTuple):
    hint: str
    filter: bytes
    has_landlock: bool


def confine(policy: str = "default", *, open_sockets: bool = False, threads: bool = False) -> None:
    """Takes the network from this process, all its threads and everything that it will start.

    Nothing takes it back. The layers are those that the policy names: the filter, a Landlock domain, and
    no open socket that the policy would not let be made.

    :param policy: A preset or a policy file, as ``nonet --policy`` takes it.
    :param open_sockets: Sockets that are open may stay, and lead where they lead.
    :param threads: Other threads may run. Landlock confines one thread only, so the filter refuses
        ptrace and the like instead, as it does where a kernel has no Landlock.
    :raises NonetError: Nothing was changed, and the text says why.
    """
    global _confined
    if _confined:
        raise NonetError(f"this process is confined already ({_confined}); nothing takes that back or adds to it")
    count = _threads()
    layers = _asked(policy, open_sockets, threads and count > 1)
    if layers.has_landlock and count > 1:
        raise NonetError(
            f"{count} threads run, and Landlock confines only the one that asks; call confine() before threads "
            "start, or with threads=True, or start the program with nonet"
        )
    # What the kernel refuses it refuses a child first, so that nothing is ever half done.
    _try_in_child(layers)
    _raise(layers)
    _confined = os.environ["NONET"] = layers.hint


def _threads() -> int:
    """How many threads run; one that has been joined may need a moment to end."""
    end = time.monotonic() + 0.1
    while True:
        count = len(os.listdir("/proc/self/task"))
        if count == 1 or time.monotonic() > end:
            return count
        time.sleep(0.001)


def _asked(policy: str, open_sockets: bool, without_landlock: bool) -> _Layers:
    """What the policy comes to on this machine, from the program, which finds it out by trying."""
    descriptors = [int(name) for name in os.listdir("/proc/self/fd")]
    opened = [number for number in descriptors if number > 2 and _is_open(number)]
    words = ["-v", "--backend", "seccomp", "--policy", os.fspath(policy), "--", "/bin/sh", "-c", 'echo "$NONET"']
    output, messages = _answer(words, opened)
    hint = output.decode().strip()
    layers = hint.rpartition(":")[2].split("+")
    if "namespace" in layers:
        raise NonetError(
            f"policy {policy} wants a network namespace, which cannot be put around a process that runs; start "
            f"it under one: nonet --policy {policy} -- COMMAND"
        )
    for line in messages:
        if line.startswith("descriptors: closed: ") and not open_sockets:
            raise NonetError(
                f"sockets are open that lead outside: {line[len('descriptors: closed: '):]}; close them before confine()"
            )
        if line.startswith("warning: "):
            warnings.warn(line[len("warning: ") :], stacklevel=3)
    has_landlock = "landlock" in layers and not without_landlock
    lacks_landlock = not has_landlock and "+layers(none)" not in hint
    denied = ["--deny", "@debug"] if lacks_landlock else []
    program_bytes, _ = _answer(["--dump-bpf", "--format", "raw", "--policy", os.fspath(policy), *denied])
    kept = [w for w in layers if w == "seccomp" or (w == "landlock" and has_landlock) or (w == "descriptors" and not open_sockets)]
    return _Layers(hint.rpartition(":")[0] + ":" + "+".join(kept), program_bytes, has_landlock)


def _answer(words: List[str], descriptors: Tuple[int, ...] | List[int] = ()) -> Tuple[bytes, List[str]]:
    done = subprocess.run([program(), *words], stdin=subprocess.DEVNULL, capture_output=True, pass_fds=descriptors)
    lines = done.stderr.decode(errors="replace").replace("nonet: ", "").splitlines()
    if done.returncode != 0:
        said = [line for line in lines if not line.startswith(_TOLD)]
        raise NonetError("\n".join(said) or f"nonet ended with status {done.returncode}")
    return done.stdout, lines


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
        return True
    except OSError:
        return False


def _try_in_child(layers: _Layers) -> None:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            _raise(layers)
            status = 0
        except OSError as error:
            status = min(error.errno or 1, 255)
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) if hasattr(os, "waitstatus_to_exitcode") else (
        os.WEXITSTATUS(os.waitpid(child, 0)[1])
    )
    if status != 0:
        reason = os.strerror(status) if status > 0 else "the process was ended"
        raise NonetError(f"this kernel, or a sandbox around this process, refuses the layers: {reason}; nothing was changed")


def _raise(layers: _Layers) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    _call(library.prctl, _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if layers.has_landlock:
        _enter_domain(library)
    count = len(layers.filter) // 8
    instructions = ctypes.create_string_buffer(layers.filter, len(layers.filter))
    # struct sock_fprog: a short, padding up to a pointer, and the pointer.
    head = ctypes.create_string_buffer(struct.pack("@HP", count, ctypes.addressof(instructions)))
    number = _SECCOMP[os.uname().machine]
    if _call(library.syscall, number, _SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_TSYNC, head) != 0:
        raise OSError(11, "a thread has a filter of its own")


def _enter_domain(library: ctypes.CDLL) -> None:
    abi = _call(library.syscall, _LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), _LANDLOCK_CREATE_RULESET_VERSION)
    # As the program does: abstract sockets are cut off from ABI 6 on, and before that TCP.
    net, scoped = (0, _LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET) if abi >= 6 else (3, 0)
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
