"""Reads nonet's log while it grows. What is in it was written by, or about, a hostile program."""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Iterator
from typing import NamedTuple

READ_BYTES = 128 * 1024
# A line that is longer is no line of nonet's: a path has 400 bytes there, and a DNS name 255.
LONGEST_LINE = 64 * 1024
LONGEST_TEXT = 300


class Attempt(NamedTuple):
    """One line: what was tried, and how often since the line before."""

    time: str
    program: str
    call: str
    destination: str
    answer: str
    count: int
    probe: bool


class LogReader:
    """Follows a file of JSON lines. `poll` never waits, and stops when its time is over."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file: int | None = None
        self._closed = False
        #: Whole lines that wait, the next one last; and the beginning of one.
        self._whole: list[bytes] = []
        self._rest = b""
        #: Inside a line that is too long to be one.
        self._skipping = False
        #: Lines that are not JSON, or not of nonet's form.
        self.garbage = 0
        #: Whether there was more to read when the last poll ended.
        self.behind = False

    def poll(self, seconds: float) -> list[Attempt]:
        """The attempts of new lines, for about `seconds` of work."""
        attempts: list[Attempt] = []
        end = time.monotonic() + seconds
        self.behind = False
        for line in self._lines():
            attempt = self._read_line(line)
            if attempt is not None:
                attempts.append(attempt)
            if time.monotonic() >= end:
                self.behind = True
                break
        return attempts

    def close(self) -> None:
        self._closed = True
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _lines(self) -> Iterator[bytes]:
        while True:
            while self._whole:
                yield self._whole.pop()
            data = self._read()
            if not data:
                return
            *whole, self._rest = (self._rest + data).split(b"\n")
            if whole and self._skipping:
                self._skipping = False
                del whole[0]
            self._whole = whole[::-1]
            if len(self._rest) > LONGEST_LINE:
                self.garbage += not self._skipping
                self._skipping = True
            if self._skipping:
                self._rest = b""

    def _read(self) -> bytes:
        try:
            if self._closed:
                return b""
            if self._file is None:
                # With O_NONBLOCK a FIFO that a command put there opens at once, and reads nothing.
                self._file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
            return os.read(self._file, READ_BYTES)
        except OSError:
            return b""

    def _read_line(self, line: bytes) -> Attempt | None:
        try:
            event = json.loads(line)
            if "api" not in event:
                # The first line names the command, the last one the status.
                if "command" not in event and "event_count" not in event:
                    self.garbage += 1
                return None
            return attempt(event)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            self.garbage += 1
            return None


def attempt(event: dict) -> Attempt:
    """Raises whatever a wrong form raises: TypeError, LookupError, AttributeError or ValueError."""
    count = event.get("count", 1)
    if type(count) is not int or not 0 <= count < 2**53:
        raise ValueError(count)
    args = event.get("args") or {}
    who = event.get("exe") or event.get("comm") or "?"
    verdict, number = event.get("verdict", ""), event.get("errno")
    if type(number) is int:
        verdict = f"{verdict} ({_error_name(number)})"
    return Attempt(
        time=visible(event["timestamp"])[11:23],
        program=visible(os.path.basename(str(who)) or who),
        call=visible(event["api"]),
        destination=visible(destination(args)),
        answer=visible(verdict),
        count=count,
        probe=event.get("probe") is True,
    )


def destination(args: dict | list) -> str:
    """Where to, as far as the call said: the address, the path, else what kind of socket."""
    if isinstance(args, list):
        return ", ".join(str(arg) for arg in args)
    if "address" in args:
        address = str(args["address"])
        address = f"[{address}]" if ":" in address else address
        query = args.get("query")
        name = f" ({query.get('name')})" if isinstance(query, dict) else ""
        return f"{address}:{args.get('port', '')}{name}"
    if "path" in args:
        return str(args["path"])
    if "abstract" in args:
        return "@" + str(args["abstract"])
    kinds = [args[key] for key in ("call", "family", "type", "protocol") if key in args]
    kinds = [kind for kind in kinds if kind not in (0, "0", None)]
    return " ".join(str(kind) for kind in kinds) or " ".join(f"{key}={args[key]}" for key in args)


def visible(text: object) -> str:
    """One short line: what shows nothing of its own, or turns the direction of writing, appears as a number."""
    text = str(text)
    if len(text) > LONGEST_TEXT:
        text = text[:LONGEST_TEXT] + "…"
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _error_name(number: int) -> str:
    return errno.errorcode.get(number, str(number))
