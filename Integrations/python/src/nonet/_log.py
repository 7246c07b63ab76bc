"""What a log of nonet tells: its lines as attempts."""

from __future__ import annotations

import calendar
import json
import os
import stat
from typing import IO, Any, Dict, Iterator, List, NamedTuple, Optional

#: A number that io_uring_setup(2) is called with to mark a place in the log; `Log.fences` has who did.
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
    """An attempt of a line of the log.

    :raises ValueError: No nonet writes such a line; KeyError and AttributeError say the same.
    """
    verdict, args, probe = event["verdict"], event.get("args", {}), event.get("probe", False)
    if verdict not in ("refused", "observed", "allowed") or not isinstance(args, dict) or not isinstance(probe, bool):
        raise ValueError("not as nonet writes it")
    return Attempt(
        time=seconds(_text(event["timestamp"])),
        last=seconds(_text(event["last"])),
        # Null where the kernel does not tell.
        pid=_number(event["pid"], none=0),
        tid=_number(event["tid"], none=0),
        name=_text(event.get("comm"), none=""),
        program=_text(event.get("exe"), none=""),
        call=_text(event["api"]),
        target=_text(target(args)),
        verdict=verdict,
        errno=None if event.get("errno") is None else _number(event["errno"]),
        count=_number(event["count"], least=1),
    )


def _text(value: Any, none: Optional[str] = None) -> str:
    if value is None and none is not None:
        return none
    if not isinstance(value, str):
        raise ValueError("no text")
    # What is no character, as half a pair of surrogates, nonet writes otherwise, and nothing could print it.
    value.encode()
    return value


def _number(value: Any, least: int = 0, none: Optional[int] = None) -> int:
    if value is None and none is not None:
        return none
    # True is an int to Python.
    if type(value) is not int or not least <= value < 1 << 64:
        raise ValueError("no number, or one that counts nothing")
    return value


def _asks_name_service(event: Dict[str, Any]) -> bool:
    """Whether it is as glibc looks for nscd, before lookups of names and users, under a policy that refuses the socket.

    Where a policy lets the socket be made, the log has a connect to nscd's path, which nonet itself marks as a probe.
    Here it has the kind of the socket alone, and so it cannot be told from that of another program that makes
    its AF_UNIX streams close-on-exec and non-blocking by one call, as those of Go, of Rust's mio and of libuv do:
    their sockets are left out too. Python's own are made otherwise, and told.
    """
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

    def __init__(self, path: str, offset: int = 0, is_shared: bool = False) -> None:
        """
        :param offset: Where the lines of the run begin.
        :param is_shared: Whether other runs may write into it at the same time.
        """
        self._path = path
        self._offset = offset
        self._is_shared = is_shared
        self._file: Optional[IO[bytes]] = None
        #: Whether something else wrote in it: a line was none of nonet's, it is shorter than what was read of it, or
        #: it does not have what its last line counts. Then what was tried is not known. A line that is like one of
        #: nonet's cannot be told from one, before the last line has come.
        self.is_damaged = False
        self._begin()

    def _begin(self) -> None:
        self._rest = b""
        self._counted = 0
        #: The first line of the run, and its last.
        self.head: Dict[str, Any] = {}
        self.end: Dict[str, Any] = {}
        self.fences: List[int] = []

    @property
    def lost(self) -> int:
        """How many attempts have no line, as the last line says: too many different ones, a full disk, a limit.

        It is known at the end of the run alone.
        """
        return self.end.get("dropped") or 0

    @property
    def is_complete(self) -> bool:
        """Whether the run has ended and told what there was; not of one whose nonet was killed."""
        return self.end.get("event_count") is not None and not self.is_damaged

    def open(self) -> None:
        """Opens it before the first reading, so that what is put in its place is not read."""
        if self._file is None:
            self._file = _opened(self._path)
            self._file.seek(self._offset)

    def read(self) -> Iterator[Attempt]:
        """The attempts that were written since; such that only find out what there is are left out."""
        self.open()
        assert self._file
        if os.fstat(self._file.fileno()).st_size < self._file.tell():
            # What is left is read once more: better told twice than not.
            self.is_damaged = True
            self.rewind()
        data = self._file.read()
        if not data:
            return
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            try:
                event = json.loads(line.decode())
                if not isinstance(event, dict):
                    raise ValueError("no object")
                found = attempt(event) if "api" in event else None
                if found is None:
                    self._note_run(event)
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
                # Something wrote in it: what was tried is not known any more.
                self.is_damaged = True
                continue
            if found is None:
                continue
            if not self._is_shared and (self.end or not self.head):
                self.is_damaged = True
            self._counted += found.count
            if found.call == "io_uring_setup":
                self._note(event)
            elif not event.get("probe") and found.verdict != "allowed" and not _asks_name_service(event):
                yield found

    def _note_run(self, event: Dict[str, Any]) -> None:
        """Notes a first or a last line."""
        if "event_count" in event:
            _text(event["status"])
            for name in ("event_count", "attempts", "dropped"):
                _number(event[name], none=0)
            if not self._is_shared:
                # A nonet that was killed counts nothing, and another process says so.
                sum = None if event["event_count"] is None else self._counted + (event["dropped"] or 0)
                if self.end or not self.head or sum != event["event_count"]:
                    self.is_damaged = True
            self.end = event
        else:
            if not isinstance(event["command"], list):
                raise ValueError("no first line")
            _text(event["policy"])
            if not self._is_shared and (self.head or self._counted):
                self.is_damaged = True
            self.head = event

    def rewind(self) -> None:
        """Lets the next reading begin where the first one did."""
        self._begin()
        if self._file is not None:
            self._file.seek(self._offset)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _note(self, event: Dict[str, Any]) -> None:
        try:
            number = int(event["args"]["arg0"], 16) - FENCE
        except (KeyError, ValueError, TypeError):
            return
        if 0 <= number < FENCES:
            self.fences.append(event["tid"])
