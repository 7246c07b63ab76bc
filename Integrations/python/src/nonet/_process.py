"""What the kernel tells of other processes."""

from __future__ import annotations


def parent_of(process: int) -> int:
    """The parent's number (proc_pid_stat(5): the second field after the name).

    :raises OSError: There is no such process any more.
    """
    with open(f"/proc/{process}/stat", "rb") as file:
        return int(file.read().rpartition(b")")[2].split()[1])
