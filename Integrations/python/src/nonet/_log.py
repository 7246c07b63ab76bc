"""What a log of nonet tells: its lines as attempts."""

from __future__ import annotations

import calendar
import json
import os
import stat
from typing import IO, Any, Dict, Iterator, List, NamedTuple, Optional

#: A number that io_uring_setup(2) is called with to mark a place in the log; see `_fence`.
FENCE = 0x6E6F6E65
FENCES = 4


class Attempt(NamedTuple):
    """Something that a program tried, once or several times in one moment."""

    #: Seconds since 1970, of the first and of the last time.
    time: float
    last: float
    pid: int
    tid: int
    #: The thread's name and its program's path; empty where the kernel did not tell.
    name: str
    program: str
    #: The system call, for example ``connect``.
    call: str
    #: Where to: ``127.0.0.1:80``, ``[::1]:80``, ``/run/socket``, a DNS name, or the kind of socket.
    target: str
    #: ``refused`` or ``observed``.
    verdict: str
    errno: Optional[int]
    count: int  # type: ignore[assignment]

    def __str__(self) -> str:
        times = f" ({self.count} times)" if self.count > 1 else ""
        return f"{self.call} {self.target}{times} by {self.name or self.pid}"


def seconds(timestamp: str) -> float:
    """The time of ``2026-11-22T12:00:00.000000Z``."""
    fields = [timestamp[0:4], timestamp[5:7], timestamp[8:10], timestamp[11:13], timestamp[14:16], timestamp[17:19]]
    return calendar.timegm(tuple(map(int, fields)) + (0, 0, 0)) + int(timestamp[20:26]) / 1e6


def target(args: Dict[str, Any]) -> str:
    """Where the arguments of a call lead, in a few words."""
    query = args.get("query")
    if query:
        return f"{query.get('name')} ({query.get('type')})"
    if "address" in args:
        address = args["address"]
        return f"[{address}]:{args.get('port')}" if ":" in str(address) else f"{address}:{args.get('port')}"
    for name in ("path", "abstract", "name"):
        if name in args:
            return str(args[name])
    return " ".join(str(args[name]) for name in ("family", "type") if name in args) or str(args.get("call", ""))


def attempt(event: Dict[str, Any]) -> Attempt:
    return Attempt(
        time=seconds(event["timestamp"]),
        last=seconds(event["last"]),
        pid=event["pid"],
        tid=event["tid"],
        name=event.get("comm") or "",
        program=event.get("exe") or "",
        call=event["api"],
        target=target(event.get("args", {})),
        verdict=event["verdict"],
        errno=event.get("errno"),
        count=event["count"],
    )


def _asks_name_service(event: Dict[str, Any]) -> bool:
    """Whether it is how glibc looks for nscd, before every lookup of a name or a user: no other asks so."""
    args = event.get("args", {})
    flags = str(args.get("flags", ""))
    return (
        event["api"] == "socket"
        and (args.get("family"), args.get("type"), args.get("protocol")) == ("AF_UNIX", "SOCK_STREAM", 0)
        and "SOCK_CLOEXEC" in flags
        and "SOCK_NONBLOCK" in flags
    )


def _opened(path: str) -> IO[bytes]:
    """The log, and not what a test may have put in its place: a pipe that nobody writes to."""
    file = open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK))
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(f"{path} is no file any more")
    return file


class Log:
    """A log that grows, read from the place where the last reading ended; opened once, at the first reading."""

    def __init__(self, path: str, offset: int = 0) -> None:
        self._path = path
        self._offset = offset
        self._rest = b""
        self._file: Optional[IO[bytes]] = None
        #: The first line of the run, and its last.
        self.head: Dict[str, Any] = {}
        self.end: Dict[str, Any] = {}
        self.fences: List[int] = []
        #: Whether a line was none of nonet's.
        self.is_damaged = False

    def read(self) -> Iterator[Attempt]:
        """The attempts that were written since; such that only find out what there is are left out."""
        if self._file is None:
            self._file = _opened(self._path)
            self._file.seek(self._offset)
        data = self._file.read()
        if not data:
            return
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            try:
                event = json.loads(line)
                if not isinstance(event, dict):
                    raise ValueError("no object")
                found = attempt(event) if "api" in event else None
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
                # Something wrote in it: what was tried is not known any more.
                self.is_damaged = True
                continue
            if found is None:
                if "event_count" in event:
                    self.end = event
                else:
                    self.head = event
            elif event["api"] == "io_uring_setup":
                self._note(event)
            elif not event.get("probe") and event["verdict"] != "allowed" and not _asks_name_service(event):
                yield found

    def rewind(self) -> None:
        """Lets the next reading begin where the first one did."""
        self._rest = b""
        if self._file is not None:
            self._file.seek(self._offset)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _note(self, event: Dict[str, Any]) -> None:
        try:
            number = int(event["args"]["arg0"], 16) - FENCE
        except (KeyError, ValueError):
            return
        if 0 <= number < FENCES:
            self.fences.append(event["tid"])
