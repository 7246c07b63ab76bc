"""Notes when tests run, and reads the log: in the process that runs them."""

from __future__ import annotations

import os
from typing import Any, Generator, List

import pytest

from ._asked import Asked, clock, drained, listen
from ._errors import NonetError
from ._fences import Fences
from ._joining import Span, describe, printable
from ._loopback import is_outside
from ._log import Attempt, Log
from ._process import parent_of


class Recording:
    """Notes when each phase of a test ran here, and what of the log belongs to it."""

    def __init__(self, config: Any, session: Any, log: str, is_alone: bool) -> None:
        self.config, self.wishes, self.is_alone = config, session.wishes, is_alone
        self.log = Log(log)
        # Only these need to know at once what a test tried.
        self.looks_at_once = self.wishes.strict or bool(getattr(config.option, "xmlpath", None))
        self.is_only_worker = False
        self.fences = Fences(self.log, self._take)
        self._last_stop = self._begun = 0.0
        self._left: List[Attempt] = []
        self._gone: List[Attempt] = []
        self._started = False
        listen()

    def open(self) -> None:
        """Opens the log while no test has run.

        :raises NonetError: It is none; OSError: it is no file.
        """
        self._take()
        if not self.log.head:
            raise NonetError("the log of this session has no first line")
        # A sandbox around this one answers itself.
        if not self.log.head.get("outer"):
            self.fences.begin(self.wishes.warn)

    def begin(self) -> None:
        """Notes that a test begins. `call.start` is what the test's own clock says, which may have been moved."""
        self._last_stop = clock()
        self._started = False
        drained()

    def phase(self, item: Any, call: Any, report: Any) -> None:
        """Notes in the report when this phase ran and what Python was asked for."""
        start = self._last_stop
        if call.when == "setup":
            self._begun = start
        self._last_stop = clock()
        asked = drained()
        is_known = True
        stop = self._last_stop
        if self.looks_at_once and call.when != "setup":
            is_known = self._look(item, report, asked)
        # A worker sends it, and execnet sends no text that is no UTF-8.
        report.nonet = [os.getpid(), start, stop, [[*one[:3], printable(one.text)] for one in asked], is_known]

    def _look(self, item: Any, report: Any, asked: List[Asked]) -> bool:
        """Judges what was tried.

        :returns: Whether all of it is known; otherwise the end of the session judges the rest.
        """
        is_known = self.fences.wait()
        # What was tried before, while modules were imported, is no test's.
        mine = [one for one in self._left if one.last >= self._begun]
        self._left = []
        tried = [describe(one, asked) for one in mine]
        # A process that is gone tells no parent. It was this test's if there is no other worker, and may have been if
        # the test has started something.
        self._started = self._started or any(one.kind in ("program", "fork") for one in asked)
        gone = [one for one in self._gone if one.last >= self._begun and (self.is_only_worker or self._started)]
        self._gone = []
        tried += [describe(one, asked) + ("" if self.is_only_worker else ", not certain: by a process that has ended") for one in gone]
        if self.wishes.loopback:
            told = {one.target for one in mine}
            tried += [one.text + ", which is outside" for one in asked if one.kind == "address" and one.text not in told and is_outside(one.text)]
        if not tried:
            return is_known
        for text in tried:
            item.user_properties.append(("nonet_attempt", text))
            if report.when == "teardown":
                report.user_properties.append(("nonet_attempt", text))
        if self.wishes.strict and not report.failed:
            report.outcome = "failed"
            report.longrepr = "the test tried to reach the network (--nonet-strict):\n" + "\n".join("    " + one for one in tried)
            if hasattr(report, "wasxfail"):
                del report.wasxfail
        return is_known

    def _sort(self, attempt: Attempt) -> None:
        """Keeps an attempt that was made here, or may have been."""
        pid = attempt.pid
        for _ in range(1 if self.is_alone else 16):
            if self.is_alone or pid == os.getpid():
                self._left.append(attempt)
                return
            try:
                pid = parent_of(pid)
            except (OSError, ValueError, IndexError):
                self._gone.append(attempt)
                return

    def pytest_unconfigure(self) -> None:
        self.log.close()

    def _take(self) -> None:
        for one in self.log.read():
            self._sort(one)


# How a process notes when its tests ran: each way costs a test as much as it is called often.


class Phases:
    """By each phase of a test."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self) -> None:
        self.recording.begin()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> Generator[None, Any, None]:
        outcome = yield
        self.recording.phase(item, call, outcome.get_result())


class Marks:
    """By the test alone, where all run in this process and nobody looks before the end."""

    def __init__(self, spans: List[Span]) -> None:
        self.spans, self.pid, self.start = spans, os.getpid(), 0.0

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self) -> None:
        self.start = clock()

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self.spans.append(Span(self.start, clock(), self.pid, nodeid, True, drained()))


class Worker(Recording):
    """A worker of pytest-xdist."""

    def __init__(self, config: Any, session: Any) -> None:
        super().__init__(config, session, config.workerinput["nonet_log"], is_alone=False)
        self.is_only_worker = config.workerinput.get("workercount") == 1
        if self.looks_at_once:
            self.open()
        config.pluginmanager.register(Phases(self))
