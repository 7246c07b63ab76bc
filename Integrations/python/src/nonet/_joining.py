"""Attempts of the log, joined to tests by process and time."""

from __future__ import annotations

import bisect
import itertools
from typing import Dict, Iterator, List, NamedTuple, Optional

from ._asked import Asked
from ._log import Attempt


class Span(NamedTuple):
    """The time that a test, or the collecting of a file, took in a process."""

    start: float
    stop: float
    pid: int
    nodeid: str
    is_test: bool
    asked: List[Asked]


class Found(NamedTuple):
    """An attempt and the tests that may have made it: one, several, or none."""

    attempt: Attempt
    spans: List[Span]
    is_certain: bool


class _Ordered:
    """The spans of one process, which seldom overlap, by their start."""

    def __init__(self, spans: List[Span]) -> None:
        self.spans, self.starts = spans, [span.start for span in spans]
        # The latest end of all up to each: none before one that ended earlier reaches further.
        self.stops = list(itertools.accumulate((span.stop for span in spans), max))

    def near(self, attempt: Attempt) -> Iterator[Span]:
        """Those in which it may have been made."""
        place = bisect.bisect_right(self.starts, attempt.last) - 1
        while place >= 0 and self.stops[place] >= attempt.time:
            if self.spans[place].stop >= attempt.time:
                yield self.spans[place]
            place -= 1


def join(attempts: List[Attempt], spans: List[Span], is_alone: bool) -> List[Found]:
    """Finds for each attempt who made it.

    A process that ran a test made its attempts in that test. Another process belongs to the test that ran
    meanwhile, which is certain where there was one only.
    """
    ordered: Dict[int, _Ordered] = {}
    for pid in {span.pid for span in spans}:
        ordered[pid] = _Ordered(sorted(span for span in spans if span.pid == pid))
    found = []
    for one in attempts:
        near = sorted(span for those in ordered.values() for span in those.near(one))
        own = [span for span in near if span.pid == one.pid]
        # What a worker tries while it runs no test is no other worker's.
        candidates = own or ([] if one.pid in ordered else near)
        names = {span.nodeid for span in candidates if span.is_test}
        is_whole = any(span.start <= one.time and one.last <= span.stop for span in candidates)
        if names:
            candidates = [span for span in candidates if span.is_test]
            is_certain = len(names) == 1 and (bool(own) or is_alone or len({s.nodeid for s in near}) == 1)
            is_certain = is_certain and (is_whole or len(candidates) > 1)
        else:
            # The folder, the file and the class are collected one in another.
            candidates = candidates[-1:]
            is_certain = True
        found.append(Found(one, candidates, is_certain))
    return found


def before(attempt: Attempt, asked: List[Asked], kind: str) -> Optional[str]:
    earlier = [one for one in asked if one.kind == kind and one.time <= attempt.last]
    own = [one for one in earlier if one.tid == attempt.tid]
    return (own or earlier or [Asked(0, 0, "", "")])[-1].text or None


def program(attempt: Attempt, asked: List[Asked]) -> Optional[str]:
    """The words of the program that was started last, if the attempt is not of this very process."""
    return None if any(one.tid == attempt.pid for one in asked) else before(attempt, asked, "program")


def printable(text: str) -> str:
    """The text as a terminal may get it: what drives one, or is no character, as an escape."""
    return text if text.isprintable() else "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def describe(attempt: Attempt, asked: List[Asked], counts: bool = True) -> str:
    """An attempt in a line."""
    text = f"{attempt.call} {attempt.target}"
    name = before(attempt, asked, "name")
    started = program(attempt, asked)
    if name and not started:
        text += f", for {name}"
    text += f", by {attempt.name or attempt.pid}"
    if started:
        text += f" (started: {started if len(started) <= 120 else started[:117] + '...'})"
    return printable(text) + (f" ({attempt.count} times)" if counts and attempt.count > 1 else "")
