"""Which test tried to reach what: joins the log to the tests and reports."""

from __future__ import annotations

import json
import os
import sys
from typing import Any, Dict, Iterator, List, Optional

import pytest

from ._asked import Asked, clock, drained
from ._joining import Found, Span, before, describe, join, printable, program
from ._log import Attempt
from ._loopback import is_outside
from ._recorder import Marks, Phases, Recording


class Reports:
    """By what `Phases` put into reports."""

    def __init__(self, reporter: "Reporter") -> None:
        self.reporter = reporter

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        self.reporter.note(report)


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
        self.unjudged: List[str] = []
        self._ended = 0.0
        self.open()
        self.head = self.log.head
        self.outer: List[str] = self.head.get("outer") or []

    def pytest_report_header(self) -> Optional[str]:
        if self.outer:
            return f"nonet: {self._unrecorded}"
        if self.wishes.loopback:
            return "nonet: what is tried outside fails by itself"
        return None

    @property
    def _unrecorded(self) -> str:
        return f"attempts are not recorded here: a sandbox around this one refuses {' and '.join(self.outer)} itself"

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput["nonet_log"] = self.path

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str, report: Any) -> None:
        """Notes a test whose worker has died, and with it what it noted.

        Where execnet does not tell which process that was, it may have been any, and nothing is certain.
        """
        popen = getattr(getattr(report.node.gateway, "_io", None), "popen", None)
        pid = int(getattr(popen, "pid", 0))
        last = max((span.stop for span in self.spans if span.pid == pid), default=0.0)
        self.spans.append(Span(last, clock(), pid, crashitem, True, []))

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
            pid, start, stop, asked, is_known = noted
            self.spans.append(Span(start, stop, pid, report.nodeid, True, [Asked(*one) for one in asked]))
            if not is_known:
                self.unjudged.append(report.nodeid)
        if report.failed:
            self.failed.add(report.nodeid)

    # After those of the project, which may try something too; the terminal's summary is made around all of them.
    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: Any) -> None:
        self.found, self.session = self._joined(), session
        self._write_document()
        if self.wishes.strict and self.found or self.damage:
            self._fail()

    def _write_document(self) -> None:
        path = self.config.option.nonet_json
        if path:
            try:
                self._write(path)
            except OSError as error:
                self._fail()
                print(f"nonet: --nonet-json: {error}", file=sys.stderr)

    def _fail(self) -> None:
        if self.session is not None and self.session.exitstatus in (0, 5):
            self.session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @property
    def damage(self) -> str:
        """Why not all is known that was tried."""
        if self.log.is_gone:
            return "a test closed it or put another file in its place, so what was tried is not all known"
        if self.log.is_damaged:
            return "something wrote in it, so what was tried is not all known"
        if self._ended and self.fences.is_behind:
            return "it did not take all (a full disk, a limit on files), so what was tried is not all known"
        lost = self.log.lost
        return f"{lost} more attempt{'s are' if lost != 1 else ' is'} not known" if lost else ""

    def _joined(self) -> List[Found]:
        # From its beginning, by the descriptor of the session's start: a test may have replaced the file since.
        self.log.rewind()
        self._left, self._ended = [], clock()
        self.is_alone, is_alone = True, self.is_alone
        self.fences.wait_at_end()
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
        if self.outer:
            terminalreporter.write_line(f"nonet: {self._unrecorded}")
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
        self._tell_unjudged(terminalreporter)
        passed = sorted(tests - self.failed)
        if self.wishes.strict and (passed or any(not one.spans or not one.is_certain for one in self.found)):
            terminalreporter.write_line("the session fails for what stands above (--nonet-strict)")

    def _tell_unjudged(self, terminalreporter: Any) -> None:
        """Names the tests that were over before the log told what they had tried."""
        tried = {span.nodeid for one in self.found or [] for span in one.spans}
        late = [nodeid for nodeid in dict.fromkeys(self.unjudged) if nodeid in tried]
        path = getattr(self.config.option, "xmlpath", None)
        if late and path:
            terminalreporter.write_line(f"{path} has not all of this, since the log was late: {_few(late)}")
        passed = [nodeid for nodeid in late if nodeid not in self.failed]
        if passed and self.wishes.strict:
            terminalreporter.write_line(f"did not fail by themselves, since the log was late: {_few(passed)}")

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
            earlier = [span for span in tests if span.start <= found.attempt.time]
            return f"outside of tests, after {max(earlier).nodeid}"
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
        write(path, self.head, not self.outer, entries, self.fences.can_come and not self.damage)

    # As late as can be: hooks of this name may try something, and what is decided here is still the session's status.
    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        if self.found is not None:
            self._tell_what_came_late()
        super().pytest_unconfigure()

    def _tell_what_came_late(self) -> None:
        damage = self.damage
        self._left, self.is_alone = [], True
        if self.fences.is_behind:
            self._take()
        else:
            self.fences.wait_at_end()
        for one in self._left:
            # Where the log is not whole this may have been tried in a test.
            when = "told too late for the summary" if one.time < self._ended else "tried after the tests"
            print(f"nonet: {when}: {describe(one, [])}", file=sys.stderr)
        if self.damage and not damage:
            print(f"nonet: the log: {self.damage}, and the session fails", file=sys.stderr)
            self._write_document()
        if self._left and self.wishes.strict or self.damage:
            self._fail()


def _few(names: List[str]) -> str:
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return printable(", ".join(names[:10])) + more


def write(path: str, head: Dict[str, Any], is_recorded: bool, entries: List[Dict[str, Any]], is_whole: bool = False) -> None:
    """Writes the document of --nonet-json.

    :param is_whole: Whether it is known that these are all attempts.
    """
    document = {name: head.get(name) for name in ("version", "policy", "layers")}
    document.update(recorded=is_recorded, whole=is_recorded and is_whole, attempts=entries)
    with open(path, "w") as file:
        json.dump(document, file, indent=1)
        file.write("\n")
