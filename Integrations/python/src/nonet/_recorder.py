"""Which test tried to reach what: notes when tests run, reads the log and reports."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import Any, Dict, Generator, Iterator, List, Optional

import pytest

from ._asked import Asked, clock, drained, listen
from ._joining import Found, Span, before, describe, join, printable, program
from ._loopback import is_outside
from ._log import FENCE, FENCES, Attempt, Log

_IO_URING_SETUP = 425


class Recording:
    """Notes when each phase of a test ran here, and what of the log belongs to it."""

    def __init__(self, config: Any, session: Any, log: str, is_alone: bool) -> None:
        self.config, self.wishes, self.is_alone = config, session.wishes, is_alone
        self.log = Log(log)
        # Only these need to know at once what a test tried.
        self.looks_at_once = self.wishes.strict or bool(getattr(config.option, "xmlpath", None))
        self.is_only_worker = False
        self._fences = 0
        self._has_fences = True
        self._call: Any = None
        self._last_stop = self._begun = 0.0
        self._left: List[Attempt] = []
        self._gone: List[Attempt] = []
        self._started = False
        listen()

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
        # A worker sends it, and execnet sends no text that is no UTF-8.
        report.nonet = [os.getpid(), start, self._last_stop, [[*one[:3], printable(one.text)] for one in asked]]
        if self.looks_at_once and call.when != "setup":
            self._look(item, report, asked)

    def _look(self, item: Any, report: Any, asked: List[Asked]) -> None:
        self.wait()
        # What was tried before, while modules were imported, is no test's.
        mine = [one for one in self._left if one.last >= self._begun]
        self._left = []
        tried = [describe(one, asked) for one in mine]
        # A process that is gone tells no parent. It was this test's if there is no other worker, and may have been if
        # the test has started something.
        self._started = self._started or any(one.kind == "program" for one in asked)
        gone = [one for one in self._gone if one.last >= self._begun and (self.is_only_worker or self._started)]
        self._gone = []
        tried += [describe(one, asked) + ("" if self.is_only_worker else ", not certain: by a process that has ended") for one in gone]
        if self.wishes.loopback:
            told = {one.target for one in mine}
            tried += [one.text + ", which is outside" for one in asked if one.kind == "address" and one.text not in told and is_outside(one.text)]
        if not tried:
            return
        for text in tried:
            item.user_properties.append(("nonet_attempt", text))
            if report.when == "teardown":
                report.user_properties.append(("nonet_attempt", text))
        if self.wishes.strict and not report.failed:
            report.outcome = "failed"
            report.longrepr = "the test tried to reach the network (--nonet-strict):\n" + "\n".join("    " + one for one in tried)
            if hasattr(report, "wasxfail"):
                del report.wasxfail

    def _sort(self, attempt: Attempt) -> None:
        """Keeps an attempt that was made here, or may have been."""
        pid = attempt.pid
        for _ in range(1 if self.is_alone else 16):
            if self.is_alone or pid == os.getpid():
                self._left.append(attempt)
                return
            try:
                with open(f"/proc/{pid}/stat", "rb") as file:
                    pid = int(file.read().rpartition(b")")[2].split()[1])
            except (OSError, ValueError, IndexError):
                self._gone.append(attempt)
                return

    def wait(self) -> None:
        """Waits until the log has all that was tried before, 20 ms at most.

        A call that every policy of nonet answers, and that is no attempt, is made as a mark: the supervisor
        answers calls in turn.
        """
        if not self._has_fences:
            self._take()
            return
        del self.log.fences[:]
        self._fences = (self._fences + 1) % FENCES
        self._mark(_IO_URING_SETUP, FENCE + self._fences, None)
        tid, end = threading.get_native_id(), time.monotonic() + 0.02
        while True:
            self._take()
            if tid in self.log.fences:
                return
            if time.monotonic() > end:
                self._has_fences = False
                return
            time.sleep(0.00002)

    def pytest_unconfigure(self) -> None:
        self.log.close()

    def _mark(self, *arguments: Any) -> None:
        if self._call is None:
            import ctypes

            self._call = ctypes.CDLL(None).syscall
        self._call(*arguments)

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


class Reports:
    """By what `Phases` put into reports."""

    def __init__(self, reporter: "Reporter") -> None:
        self.reporter = reporter

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        self.reporter.note(report)


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
        config.pluginmanager.register(Phases(self))


class Reporter(Recording):
    """The session itself: runs the tests where there are no workers, and reports."""

    def __init__(self, config: Any, session: Any) -> None:
        is_alone = not (getattr(config.option, "numprocesses", None) or getattr(config.option, "tx", None))
        super().__init__(config, session, session.log, is_alone)
        self.spans: List[Span] = []
        self.path, self.session = session.log, None
        register = config.pluginmanager.register
        if is_alone and not self.looks_at_once:
            register(Marks(self.spans))
        else:
            register(Phases(self))
            register(Reports(self))
        self.failed: set[str] = set()
        self.found: Optional[List[Found]] = None
        list(self.log.read())
        self.outer: List[str] = self.log.head.get("outer") or []

    def pytest_report_header(self) -> Optional[str]:
        if self.outer:
            return f"nonet: attempts are not recorded here: a sandbox around this one refuses {' and '.join(self.outer)} itself"
        if self.wishes.loopback:
            return "nonet: what is tried outside fails by itself"
        return None

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput["nonet_log"] = self.path

    @pytest.hookimpl(hookwrapper=True)
    def pytest_make_collect_report(self, collector: Any) -> Iterator[None]:
        start = clock()
        yield
        if self.is_alone and collector.nodeid:
            self.spans.append(Span(start, clock(), os.getpid(), collector.nodeid, False, drained()))

    def note(self, report: Any) -> None:
        """Takes what `phase` noted, here or in a worker."""
        noted = getattr(report, "nonet", None)
        if noted:
            pid, start, stop, asked = noted
            self.spans.append(Span(start, stop, pid, report.nodeid, True, [Asked(*one) for one in asked]))
        if report.failed:
            self.failed.add(report.nodeid)

    # After those of the project, which may try something too; the terminal's summary is made around all of them.
    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: Any) -> None:
        self.found, self.session = self._joined(), session
        path = self.config.option.nonet_json
        if path:
            try:
                self._write(path)
            except OSError as error:
                self._fail()
                print(f"nonet: --nonet-json: {error}", file=sys.stderr)
        if self.wishes.strict and self.found or self.damage:
            self._fail()

    def _fail(self) -> None:
        if self.session is not None and self.session.exitstatus in (0, 5):
            self.session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @property
    def damage(self) -> str:
        """Why not all is known that was tried."""
        if self.log.is_damaged:
            return "something wrote in it, so what was tried is not all known"
        lost = getattr(self.log, "lost", 0)
        return f"{lost} more attempt{'s are' if lost != 1 else ' is'} not known" if lost else ""

    def _joined(self) -> List[Found]:
        # From its beginning, by the descriptor of the session's start: a test may have replaced the file since.
        self.log.rewind()
        self._has_fences = True
        self._left = []
        self.is_alone, is_alone = True, self.is_alone
        self.wait()
        attempts = self._left
        self.is_alone = is_alone
        found = join(attempts, self.spans, is_alone)
        if self.wishes.loopback:
            told = {(one.attempt.target, span.nodeid) for one in found for span in one.spans}
            found += [one for one in self._outside() if (one.attempt.target, one.spans[0].nodeid) not in told]
        return sorted(found, key=lambda one: one.attempt.time)

    def _outside(self) -> Iterator[Found]:
        """What Python was told to reach outside the network of its own; the log has that only from Linux 6.9 on."""
        for span in self.spans:
            for one in span.asked:
                if one.kind == "address" and is_outside(one.text):
                    attempt = Attempt(one.time, one.time, span.pid, one.tid, "python", sys.executable, "connect", one.text, "unreachable", None, 1)
                    yield Found(attempt, [span], True)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.found is None:
            self.found = self._joined()
        if self.damage:
            terminalreporter.section("network: the log is damaged" if self.log.is_damaged else "network: the log is not whole")
            terminalreporter.write_line(f"{self.damage}, and the session fails")
        if not self.found:
            return
        count = sum(one.attempt.count for one in self.found)
        tests = {span.nodeid for one in self.found for span in one.spans if span.is_test and one.is_certain}
        became = "seen" if self.wishes.warn else "refused"
        title = f"network: {count} attempt{'s' * (count != 1)} {became}, by {len(tests)} test{'s' * (len(tests) != 1)}"
        terminalreporter.section(title)
        for name, lines in self._lines().items():
            terminalreporter.write_line(printable(name))
            for line, times in lines.items():
                terminalreporter.write_line(f"    {line}" + (f" ({times} times)" if times > 1 else ""))
        passed = sorted(tests - self.failed)
        if self.wishes.strict and (passed or any(not one.spans or not one.is_certain for one in self.found)):
            terminalreporter.write_line("the session fails for what stands above (--nonet-strict)")

    def _lines(self) -> Dict[str, Dict[str, int]]:
        lines: Dict[str, Dict[str, int]] = {}
        for one in self.found or []:
            under = lines.setdefault(self._name(one), {})
            line = describe(one.attempt, [asked for span in one.spans for asked in span.asked], counts=False)
            under[line] = under.get(line, 0) + one.attempt.count
        return lines

    def _name(self, found: Found) -> str:
        if not found.spans:
            tests = [span for span in self.spans if span.is_test]
            if not tests or found.attempt.time < min(span.start for span in tests):
                return "before the tests"
            before = [span for span in tests if span.start <= found.attempt.time]
            return f"outside of tests, after {max(before).nodeid}"
        names = list(dict.fromkeys(span.nodeid if span.is_test else f"collecting {span.nodeid}" for span in found.spans))
        if found.is_certain:
            return names[-1]
        more = f" or {len(names) - 3} more" if len(names) > 3 else ""
        return "not certain: " + " or ".join(names[:3]) + more

    def _write(self, path: str) -> None:
        entries = []
        for one in self.found or []:
            asked = [a for span in one.spans for a in span.asked]
            tests = list(dict.fromkeys(span.nodeid for span in one.spans if span.is_test))
            collected = [span.nodeid for span in one.spans if not span.is_test]
            entry = one.attempt._asdict()
            entry.update(
                tests=tests, certain=one.is_certain and bool(tests), collecting=collected[-1] if collected else None,
                asked=before(one.attempt, asked, "name"), arguments=program(one.attempt, asked),
            )
            entries.append(entry)
        document = {
            "version": self.log.head.get("version"), "policy": self.log.head.get("policy"), "layers": self.log.head.get("layers"),
            "recorded": not self.outer, "attempts": entries,
        }
        with open(path, "w") as file:
            json.dump(document, file, indent=1)
            file.write("\n")

    # As late as can be: hooks of this name may try something, and what is decided here is still the session's status.
    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        if self.found is not None:
            self._left, self.is_alone = [], True
            self.wait()
            late = [describe(one, []) for one in self._left]
            for text in late:
                print(f"nonet: tried after the tests: {text}", file=sys.stderr)
            if late and self.wishes.strict or self.damage:
                self._fail()
        super().pytest_unconfigure()
