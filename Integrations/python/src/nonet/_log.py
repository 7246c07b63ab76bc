"""What a log of nonet tells: its lines as attempts."""

from __future__ import annotations

import calendar
import json
import os
import stat
from typing import Any, Dict, Iterator, NamedTuple, Optional, Tuple

#: A number that io_uring_setup(2) is called with to mark a place in the log; `Log.fences` has who did.
FENCE = 0x6E6F6E65
FENCES = 4
#: A log that is smaller has all that was tried before a line in front of it. A larger one may come back to repeats later,
#: in their order.
_IN_TURN = 16 << 20
#: No line is longer.
_PIPE_BUF = 4096


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


def _opened(path: str) -> int:
    """A descriptor of the log, and not of what a test may have put in its place: a pipe that nobody writes to."""
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise OSError(f"{path} is no file any more")
    return number


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
        self._number: Optional[int] = None
        self._file = (0, 0)
        #: Whether something else wrote in it: a line was none of nonet's, it is shorter than what was read of it, or
        #: it does not have what its last line counts. Then what was tried is not known. A line that is like one of
        #: nonet's cannot be told from one, before the last line has come.
        self.is_damaged = False
        #: Whether a test has closed it, or put another file in its place: then nothing more is read.
        self.is_gone = False
        self._begin()

    def _begin(self) -> None:
        self._position = self._offset
        self._counted = 0
        #: The first line of the run, and its last.
        self.head: Dict[str, Any] = {}
        self.end: Dict[str, Any] = {}
        #: By thread and number: how many marks there were, and whether the last line of them stands behind all that was
        #: tried before.
        self.fences: Dict[Tuple[int, int], Tuple[int, bool]] = {}

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
        if self._number is None and not self.is_gone:
            self._number = _opened(self._path)
            status = os.fstat(self._number)
            self._file = (status.st_dev, status.st_ino)

    def read(self) -> Iterator[Attempt]:
        """The attempts that were written since, as nonet counts them: such that only find out what there is are left out."""
        self.open()
        for line in self._data().split(b"\n")[:-1]:
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
                self._note(event, found.count)
            elif not event.get("probe") and found.verdict != "allowed":
                yield found

    def _data(self) -> bytes:
        """The whole lines that were written since; none where the log is gone."""
        if self._number is None:
            return b""
        try:
            size = self._size()
            if size < self._position:
                # What is left is read once more: better told twice than not.
                self.is_damaged = True
                self.rewind()
            data = os.pread(self._number, max(size - self._position, 0), self._position)
        except OSError:
            self.is_gone = self.is_damaged = True
            # It is whoever's number now.
            self._number = None
            return b""
        # Where there is no room for a line, its beginning is there for a moment.
        data = data[: data.rfind(b"\n") + 1]
        self._position += len(data)
        return data

    def is_full(self) -> bool:
        """Whether a line may find no room in it: its disk is full, or the limit on files (`ulimit -f`) is reached."""
        import resource

        if self._number is None:
            return False
        limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
        try:
            room, size = os.fstatvfs(self._number), self._size()
        except OSError:
            return False  # The next reading tells.
        return limit != resource.RLIM_INFINITY and size + _PIPE_BUF > limit or room.f_bavail * room.f_frsize < _PIPE_BUF

    def _size(self) -> int:
        """How much is written.

        :raises OSError: The number is closed, or another file's.
        """
        assert self._number is not None
        status = os.fstat(self._number)
        if (status.st_dev, status.st_ino) != self._file:
            raise OSError("another file")
        return status.st_size

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

    def close(self) -> None:
        if self._number is not None:
            try:
                self._size()
                os.close(self._number)
            except OSError:
                pass  # A test has closed it.
            self._number = None

    def _note(self, event: Dict[str, Any], count: int) -> None:
        """Notes a mark, if it is one."""
        try:
            number = int(event["args"]["arg0"], 16) - FENCE
        except (KeyError, ValueError, TypeError):
            return
        if 0 <= number < FENCES:
            before, _ = self.fences.get((event["tid"], number), (0, False))
            in_turn = event.get("repeated") is True or self._position < _IN_TURN
            self.fences[event["tid"], number] = (before + count, in_turn)
