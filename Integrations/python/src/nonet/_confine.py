"""`confine`: the layers of a policy around this very process."""

from __future__ import annotations

import ctypes
import os
import stat
import time
import warnings
from typing import List, NoReturn, Optional, Set, Tuple

from ._errors import NonetError
from ._kernel import Layers, own_status, put_up, status_of_thread
from ._layers import asked, descriptors, ended, readable, status_of
from ._program import require_supported

require_supported()

#: The policy that was asked for, and what the process tells of it.
_confined: Optional[Tuple[Optional[str], str]] = None


def confine(policy: Optional[str] = None, *, open_sockets: bool = False, threads: bool = False) -> None:
    """Takes the network from this process, all its threads and everything that it will start.

    Nothing takes it back. The layers are those that the policy names, as around a command of nonet's: the filter, a
    Landlock domain, capabilities given up, and no open socket that the policy would not let be made. Layers that
    cannot be put around a process that runs are refused: a namespace of its network, and, for root, settings that
    are read-only, as ``strict`` wants them. From Linux 6.12 on processes that were started before get no signals.

    Not seen is a socket that lies unread in an AF_UNIX socket of its own, or is registered in an io_uring that
    another process has. A thread that runs may open a socket while the layers go up; that is an error then, though
    the layers stand. Processes that were started before stay as they are. A policy that takes more than one filter
    is refused.

    :param policy: A preset or a policy file, as ``nonet --policy`` takes it; no pipe, since it is read several times.
        Without one it is as without ``--policy``: that of ``NONET_OPTIONS``, or ``default``.
    :param open_sockets: Sockets that are open may stay, and lead where they lead.
    :param threads: Other threads may run. Landlock and a user namespace confine one thread only, so the filter
        refuses ptrace and the like instead, as it does where a kernel has no Landlock; signals to processes outside
        pass then, and ``/proc/PID/mem`` of the same user's can be written. Other threads keep their capabilities,
        so where they have such as are to be given up, that is an error. So it is where one of them has a table of
        descriptors of its own (unshare(2), CLONE_FILES), unless `open_sockets` may stay.
    :raises NonetError: The text says why. Nothing was changed, unless it says what stands all the same.
    """
    global _confined
    if _confined:
        raise NonetError(f"this process is confined already ({_confined[1]}); nothing takes that back or adds to it")
    policy = None if policy is None else os.fspath(policy)
    try:
        policy = readable(policy)
        count = _settled()
        if count > 1 and not threads:
            _refuse_threads(count)
        sockets = _sockets()
        layers = asked(policy, open_sockets, count > 1)
        library = ctypes.CDLL(None, use_errno=True)
        library.syscall.restype = ctypes.c_long
        # What the kernel refuses it refuses a child first, so that nothing is ever half done.
        _try_in_child(library, layers)
        # What runs at a fork may have started threads, or opened something.
        now = _settled() if count == 1 else len(_tasks())
        if count == 1 and now > 1:
            _refuse_threads(now)
        _look_at_threads(layers)
        if not open_sockets and _has_other_table():
            raise NonetError(
                "a thread has a table of descriptors of its own, and what is open in there is not seen; close it before, "
                "or start the program with nonet; nothing was changed"
            )
        if not open_sockets and _sockets() - sockets:
            raise NonetError("a socket was opened while confine() asked what may stay open; nothing was changed")
    except OSError as error:
        raise NonetError(f"the layers cannot be put up here: {error}; nothing was changed") from error
    _raise(library, layers)
    _confined = policy, layers.hint
    os.environ["NONET"] = layers.hint
    _look_back(layers, None if open_sockets else sockets)


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
    for number in descriptors():
        status = status_of(number)
        if status and stat.S_ISSOCK(status.st_mode):
            found.add(status.st_ino)
    return found


def _has_other_table() -> bool:
    """Whether a thread has another table of descriptors than this one: what is opened here does not appear there.

    kcmp(2), which could tell too, is refused in many containers.
    """
    reading, writing = os.pipe()
    try:
        own = os.fstat(reading)
        return any(not _shares(task, reading, own) for task in _tasks())
    finally:
        os.close(reading)
        os.close(writing)


def _shares(task: str, number: int, status: os.stat_result) -> bool:
    """Whether a thread has this under this number; one that has ended has no table, and one that ends needs a moment."""
    folder, end = f"/proc/self/task/{task}", time.monotonic() + 0.1
    while True:
        try:
            return os.path.samestat(os.stat(f"{folder}/fd/{number}"), status)
        except OSError:
            if status_of_thread(f"{folder}/status").get("State", "Z")[0] in "ZX":
                return True
            if time.monotonic() > end:
                return False
        time.sleep(0.001)


def _try_in_child(library: ctypes.CDLL, layers: Layers) -> None:
    with warnings.catch_warnings():
        # From Python 3.12 on one beside other threads is warned of; this child calls the kernel only.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        status = 255
        try:
            put_up(library, layers, [])
            status = 0
        except OSError as error:
            status = min(error.errno or 255, 255)
        finally:
            os._exit(status)
    status = ended(child)
    if status != 0:
        reason = os.strerror(status) if 0 < status < 255 else "the process was ended"
        raise NonetError(f"this kernel, or a sandbox around this process, refuses the layers: {reason}; nothing was changed")


def _look_at_threads(layers: Layers) -> None:
    """Refuses where other threads could not be held: a filter goes to all of them, and capabilities do not."""
    own = own_status()
    for task in _tasks():
        other = status_of_thread(f"/proc/self/task/{task}/status")
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


def _raise(library: ctypes.CDLL, layers: Layers) -> None:
    standing: List[str] = []
    try:
        put_up(library, layers, standing)
    except OSError as error:
        stays = f"{', '.join(standing)} cannot be taken back" if standing else "nothing was changed"
        raise NonetError(f"the layers could not be put up: {error}; {stays}") from error


def _look_back(layers: Layers, sockets: Optional[Set[int]]) -> None:
    """Refuses what came in between, although the layers stand."""
    try:
        if (layers.has_landlock or layers.has_users) and len(_tasks()) > 1:
            raise NonetError("a thread began while the layers went up; they stand, and that thread has the filter alone")
        if sockets is not None and _has_other_table():
            raise NonetError("a thread took a table of descriptors of its own while the layers went up; they stand, and what is open in there may lead outside")
        if sockets is not None and _sockets() - sockets:
            raise NonetError("a socket was opened while the layers went up; they stand, and it may lead outside")
    except OSError as error:
        raise NonetError(f"the layers stand, and what else runs or is open cannot be seen: {error}") from error
