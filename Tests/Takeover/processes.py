"""What the kernel tells of a process, as the suite sees it from outside."""

import ctypes
import os
import signal
import time

import pytest

libc = ctypes.CDLL(None, use_errno=True)


def fields(pid):
    """The fields of /proc/PID/stat from `state` on, or None where there is no such process."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def is_alive(pid):
    found = fields(pid)
    return found is not None and found[0] not in "ZX"


def cpu_seconds(pid):
    found = fields(pid)
    return 0 if found is None else (int(found[11]) + int(found[12])) / os.sysconf("SC_CLK_TCK")


def standing(pid):
    """All by which a process can be starved from outside: limits, scheduling, stops; None where it ended."""
    found = fields(pid)
    if found is None or found[0] in "ZX":
        return None
    state = {"stopped": found[0] in "Tt", "priority": found[15], "nice": found[16], "policy": found[38]}
    for name in ("limits", "oom_score_adj"):
        with open(f"/proc/{pid}/{name}") as file:
            state[name] = file.read()
    state["affinity"] = sorted(os.sched_getaffinity(pid))
    state["ioprio"] = libc.syscall(ctypes.c_long({"x86_64": 252, "aarch64": 31}[os.uname().machine]), 1, pid)
    return state


def changes(before, after):
    """Names of what differs between two standings, or how the process went away."""
    if after is None:
        return ["ended"]
    found = [name for name in before if before[name] != after[name]]
    if "limits" in found:
        found += [one.split("  ")[0] for one, other in zip(before["limits"].splitlines(), after["limits"].splitlines()) if one != other]
    return found


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]


def holders(pid):
    """The processes that hold the listener: nonet's first process and its children of the same program."""
    found = [pid]
    for child in children(pid):
        try:
            with open(f"/proc/{child}/comm") as file:
                if file.read().startswith("nonet"):
                    found.append(child)
        except FileNotFoundError:  # it has just been reaped
            pass
    return found


def wait_until(condition, what, patience=10):
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, f"after {patience} s it was still not so: {what}"
        time.sleep(0.01)


def both_holders(pid):
    """The first process and the second holder, once they have been the same two for a while.

    The first second holder shares the supervisor's memory, and is replaced after some milliseconds: a moment has three.
    """
    seen = [holders(pid), time.monotonic()]

    def settled():
        now = holders(pid)
        if now != seen[0] or len(now) != 2:
            seen[:] = [now, time.monotonic()]
        return time.monotonic() - seen[1] > 0.2

    wait_until(settled, "there are two holders")
    return seen[0]


def end(*pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def need_children_files():
    if not os.path.exists("/proc/self/task/%d/children" % os.getpid()):
        pytest.skip("this kernel does not list a process's children (CONFIG_PROC_CHILDREN)")
