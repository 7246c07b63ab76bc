"""One command that runs: its terminal, its status, and its end with all that it started."""

from __future__ import annotations

import fcntl
import os
import signal
import struct
import subprocess
import termios
import time
import uuid
from collections.abc import Mapping, Sequence

READ_BYTES = 32 * 1024
#: How long a tree has to end by itself after SIGTERM.
GRACE_SECONDS = 1.5
MARK = "NONET_PANEL_RUN"


class Run:
    """A process with a terminal for what it prints, so that programs colour it and print line by line.

    Nothing here waits. The owner calls `read` and `poll` now and then; a program that prints faster than it is
    read waits, as at any terminal.
    """

    def __init__(self, command: Sequence[str], folder: str, environment: Mapping[str, str]) -> None:
        """Raises OSError or ValueError where the command cannot be started."""
        self.started = time.monotonic()
        self._stop_at: float | None = None
        self._mark = f"{MARK}={uuid.uuid4().hex}".encode()
        name, _, value = self._mark.decode().partition("=")
        self._terminal, other = os.openpty()
        try:
            fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
            os.set_blocking(self._terminal, False)
            # In a session of its own: the command is no job of the terminal that the window was started from.
            self._process = subprocess.Popen(
                list(command),
                cwd=folder,
                env={**environment, "TERM": "xterm-256color", name: value},
                stdin=subprocess.DEVNULL,
                stdout=other,
                stderr=other,
                start_new_session=True,
            )
        except BaseException:
            os.close(self._terminal)
            raise
        finally:
            os.close(other)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def status(self) -> int | None:
        """The status, negative for a signal; None while it runs."""
        return self._process.returncode

    def read(self) -> bytes:
        """What was printed since, at most `READ_BYTES`; nothing where there is nothing yet or any more."""
        try:
            return os.read(self._terminal, READ_BYTES)
        except OSError:
            # BlockingIOError; EIO, when everybody has closed the terminal's other end.
            return b""

    def poll(self) -> bool:
        """Whether the command has ended, and, after `stop`, its whole tree. Drives what `stop` has begun."""
        ended = self._process.poll() is not None
        if self._stop_at is None:
            return ended
        left = self.tree()
        if time.monotonic() >= self._stop_at:
            send(left, signal.SIGKILL)
            if not left and not ended:
                self._process.kill()
        return ended and not left

    def stop(self) -> None:
        """Begins to end the tree: SIGTERM now, SIGKILL after `GRACE_SECONDS` to whatever is left."""
        if self._stop_at is None:
            self._stop_at = time.monotonic() + GRACE_SECONDS
            # Stopped jobs hear SIGTERM only when they go on.
            send(self.tree(), signal.SIGTERM, signal.SIGCONT)

    @property
    def stopping(self) -> bool:
        return self._stop_at is not None

    def close(self) -> None:
        os.close(self._terminal)

    def tree(self) -> list[int]:
        """The processes of this run: what descends from it, is in its session, or has its mark in the environment.

        Each alone misses some: a daemon has another parent and session, and a program may clear its environment.
        """
        parents, found = {}, set()
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                with open(f"/proc/{entry}/stat", "rb") as file:
                    fields = file.read().rpartition(b")")[2].split()
                with open(f"/proc/{entry}/environ", "rb") as file:
                    marked = self._mark in file.read().split(b"\0")
            except PermissionError:
                # Not the user's, or one that does not let itself be read: its session and parent still tell.
                marked = False
            except (OSError, IndexError):
                continue
            pid, state, parent, session = int(entry), fields[0], int(fields[1]), int(fields[3])
            if state in (b"Z", b"X"):
                continue
            parents[pid] = parent
            if marked or session == self.pid:
                found.add(pid)
        if self._process.returncode is None:
            found.add(self.pid)
        while True:
            more = {pid for pid, parent in parents.items() if parent in found and pid not in found}
            if not more:
                return sorted(found & parents.keys())
            found |= more


def send(pids: Sequence[int], *signals: int) -> None:
    for pid in pids:
        for number in signals:
            try:
                os.kill(pid, number)
            except OSError:
                # It has ended meanwhile, or is not ours to end.
                break
