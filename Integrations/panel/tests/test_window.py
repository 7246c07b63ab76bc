"""The window: commands, their output, what they tried, and how they are stopped."""

import json
import os
import time

import pytest
from PySide6.QtCore import Qt, QTimer

from conftest import connect
from nonet_panel.attempts import AttemptModel
from nonet_panel.log import LogReader, visible
from nonet_panel.output import ON_DARK, ON_LIGHT, OutputView
from nonet_panel.run import Run


def all_rows(window):
    model = window.model
    return [[model.index(row, column).data() for column in range(6)] for row in range(model.rowCount())]


def rows(window):
    """The rows of what mattered: without probes, which a program makes or not by its environment."""
    return [row for row in all_rows(window) if not row[4].endswith("(probe)")]


def alive(marker):
    """The processes whose command line has this word."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
            with open(f"/proc/{pid}/stat", "rb") as file:
                zombie = file.read().rpartition(b")")[2].split()[0] == b"Z"
        except OSError:
            continue
        if marker.encode() in words and not zombie:
            found.append(int(pid))
    return found


def test_with_and_without(window, run, listener, tmp_path):
    line = f"{connect(listener)} && echo reached; pwd"
    assert run(line) == f"reached\n{tmp_path}\n"
    assert rows(window) == [] and "not recorded" in window.sum_label.text()
    window.panel.disable_check.setChecked(True)
    printed = run(line)
    assert "reached" not in printed and "Permission denied" in printed and str(tmp_path) in printed
    [row] = rows(window)
    assert row[1:] == ["bash", "socket", "AF_INET SOCK_STREAM IPPROTO_TCP", "refused (EACCES)", "1"]
    assert len(row[0]) == 12 and window.sum_label.text() == "Attempts: 1"


def test_addresses_and_counts(window, run):
    """Under loopback a program names addresses, and is refused by the network of its own: nothing to record.
    Under unix and default the call is."""
    window.panel.disable_check.setChecked(True)
    run("for i in 1 2 3; do bash -c ': >/dev/tcp/127.0.0.1/9'; done 2>/dev/null; exit 3")
    assert sum(int(row[5]) for row in rows(window)) == 3 and window.model.total == 3
    assert window.state_label.text() == "Ended with status 3"


def test_probes_are_told_apart(window, run, monkeypatch):
    """Without HOME and SHELL, bash asks the name service's cache who runs it: listed, and not counted."""
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("SHELL", raising=False)
    window.panel.disable_check.setChecked(True)
    run("bash -c ': >/dev/tcp/127.0.0.1/9' 2>/dev/null")
    assert len(rows(window)) == 1 < len(all_rows(window))
    assert window.model.total == 1 and window.sum_label.text() == "Attempts: 1"


def test_an_attempt_is_there_while_the_command_runs(window, qtbot, listener):
    window.panel.disable_check.setChecked(True)
    window.command.setText(f"{connect(listener)}; sleep 60")
    qtbot.keyClick(window.command, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(rows(window)) == 1, timeout=10000)
    assert window.run is not None and window.busy.isVisible() and not window.panel.isEnabled()
    assert window.state_label.text().startswith("Running")
    qtbot.mouseClick(window.stop_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.run is None, timeout=10000)
    assert not window.busy.isVisible() and window.panel.isEnabled()


def test_output_is_live_and_coloured(window, qtbot):
    window.command.setText(r"printf '\033[1;31mred\033[0m plain\n'; sleep 60")
    window.start()
    qtbot.waitUntil(lambda: "plain" in window.output.toPlainText(), timeout=10000)
    assert window.run is not None
    block = window.output.document().firstBlock()
    formats = [(piece.text, piece.format) for piece in (format_of(block, 0), format_of(block, 4))]
    assert formats[0][1].fontWeight() > 400 and formats[1][1].fontWeight() <= 400
    assert formats[0][1].foreground() != formats[1][1].foreground()
    window.stop()
    qtbot.waitUntil(lambda: window.run is None, timeout=10000)


def format_of(block, place):
    pieces = block.begin()
    while not pieces.atEnd():
        piece = pieces.fragment()
        if piece.position() - block.position() <= place < piece.position() - block.position() + piece.length():
            class Found:
                text, format = piece.text(), piece.charFormat()
            return Found
        pieces += 1
    raise AssertionError("no text there")


def test_programs_see_a_terminal(run):
    assert run("test -t 1 && test -t 2 && ! test -t 0 && echo yes") == "yes\n"


@pytest.mark.parametrize("confined", [False, True])
def test_stopping_ends_the_whole_tree(window, qtbot, confined):
    """Children that left the session, cleared the environment's marks, or do not hear SIGTERM."""
    marker = f"33.{os.getpid()}{int(confined)}"
    window.panel.disable_check.setChecked(confined)
    window.command.setText(
        f"setsid sleep {marker} & (setsid sh -c 'sleep {marker} & exit' &) ; env -i sleep {marker} & "
        f"sh -c 'trap \"\" TERM; sleep {marker}; sleep {marker}' & wait"
    )
    window.start()
    qtbot.waitUntil(lambda: len(alive(marker)) == 4, timeout=10000)
    window.stop()
    qtbot.waitUntil(lambda: window.run is None, timeout=10000)
    assert alive(marker) == []
    assert window.state_label.text().startswith("Ended")


def test_closing_asks(window, qtbot):
    marker = f"34.{os.getpid()}"
    window.command.setText(f"sleep {marker}")
    window.start()
    qtbot.waitUntil(lambda: bool(alive(marker)), timeout=10000)
    asked = []
    window.confirm_close = lambda: asked.append(1)
    assert not window.close() and asked == [1] and window.run is not None
    window.confirm_close = lambda: True
    assert window.close() and alive(marker) == []


def test_a_command_that_cannot_start(window, run, tmp_path):
    window.folder.setText(str(tmp_path / "missing"))
    assert "Not run" in run("true")
    window.folder.setText(str(tmp_path))
    window.panel.disable_check.setChecked(True)
    window.panel._program = str(tmp_path / "missing")
    assert "Not run" in run("echo ran")
    assert "ran\n" not in window.output.toPlainText()


def test_without_a_filter(window, qtbot, run, no_filter):
    """Development mode falls back, records nothing and says so; Enforce does not run."""
    window.panel._given_program = no_filter
    window.panel.disable_check.setChecked(True)
    qtbot.waitUntil(lambda: not window.panel.is_checking(), timeout=15000)
    assert "disabled for commands by python\nAdvisory" in window.panel._status_label.text()
    assert "was not run" in run("echo ran")
    assert "not recorded" in window.sum_label.text()
    window.panel.enforce_check.setChecked(True)
    assert "Not run: the command was not run: impossible: no filter" in run("echo ran")


def test_an_unending_flood_does_not_stop_the_window(window, qtbot):
    window.command.setText("yes 'a line of some length that is printed again and again'")
    pauses = Pauses(qtbot)
    window.start()
    qtbot.wait(1500)
    assert pauses.longest() < 0.1, pauses
    assert window.output.blockCount() <= 10_000
    window.stop()
    qtbot.waitUntil(lambda: window.run is None, timeout=10000)


class Pauses:
    """The longest time between two turns of the event loop, seen by a timer of 5 ms.

    The processor's time of this thread, since a busy machine makes any program wait for others.
    """

    def __init__(self, qtbot):
        self._turns = [(time.monotonic(), time.thread_time())]
        self._timer = QTimer()
        self._timer.timeout.connect(lambda: self._turns.append((time.monotonic(), time.thread_time())))
        self._timer.start(5)

    def longest(self, of=1):
        times = [turn[of] for turn in self._turns]
        return max(late - soon for soon, late in zip(times, times[1:]))

    def __str__(self):
        return f"{len(self._turns)} turns, longest {self.longest():.3f} s of work, {self.longest(0):.3f} s by the clock"


def line(number, count=1):
    return json.dumps(
        {
            "timestamp": "2026-11-22T12:00:00.000000Z", "pid": 7, "tid": 7, "comm": "curl", "exe": "/usr/bin/curl",
            "abi": "x86_64", "api": "connect", "verdict": "refused", "errno": 13, "count": count,
            "args": {"fd": 5, "family": "AF_INET", "address": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}",
                     "port": 443},
            "last": "2026-11-22T12:00:00.000000Z",
        }
    )


def test_100000_attempts(window, qtbot, tmp_path, record_property, capsys):
    """All different, then all filtered. The longest pause of the event loop is the window's own."""
    path = tmp_path / "log.jsonl"
    path.write_text("".join(line(number) + "\n" for number in range(100_000)))
    window._reader = LogReader(str(path))
    window._log = str(path)
    timer = QTimer()
    timer.timeout.connect(lambda: (window._take_attempts(), window._show_sum()))
    pauses = Pauses(qtbot)
    timer.start(5)
    qtbot.waitUntil(lambda: window.model.kinds() == 100_000, timeout=60000)
    timer.stop()
    assert window.sum_label.text() == "Attempts: 100000"
    window.filter.setText("10.1.134.1:443")
    qtbot.wait(50)
    assert window.model.rowCount() == 1
    window.filter.setText("")
    qtbot.wait(50)
    assert window.model.rowCount() == 100_000
    window.list.scrollToBottom()
    qtbot.wait(50)
    with capsys.disabled():
        print(f"\n100,000 attempts: {pauses}")
    assert pauses.longest() < 0.1, pauses


def test_a_real_storm(window, run):
    """One program that tries 20,000 times: few rows, and the true sum."""
    window.panel.disable_check.setChecked(True)
    run("python3 -c 'import socket\nfor i in range(20000):\n try: socket.socket()\n except OSError: pass'", timeout=60000)
    assert window.model.total == 20000 and window.model.kinds() < 10


def test_a_log_that_is_garbage(tmp_path):
    """Each line counts once, and none of them stops what comes after."""
    path = tmp_path / "log"
    lines = [
        b"\xff\xfe\x00", b"[]", b"null", b"3", b'"text"', b"{}", b'{"api": 3}', b"[" * 50000, b"x" * 1_000_000,
        b'{"api": "socket", "timestamp": 5, "count": "many"}', b'{"api":"s","timestamp":"t","count":-1}',
        b'{"api":"s","timestamp":"t","args":"text"}', b'{"api":"s","timestamp":"t","count":1e400}',
        b'{"api":"s","timestamp":"t","count":' + b"9" * 5000 + b"}",
    ]
    path.write_bytes(b"\n".join(lines) + b"\n" + line(1).encode() + b"\n" + line(2).encode()[:50])
    reader = LogReader(str(path))
    found = reader.poll(10)
    # A text for the arguments is told as no arguments are: it has no members.
    assert [attempt.destination for attempt in found if attempt.call == "connect"] == ["10.0.0.1:443"]
    assert len(found) + reader.garbage == len(lines) + 1
    with open(path, "ab") as file:
        file.write(line(2).encode()[50:] + b"\n")
    assert [attempt.destination for attempt in reader.poll(10)] == ["10.0.0.2:443"]
    reader.close()


def test_a_log_that_is_missing_or_no_file(tmp_path):
    for name, make in (("missing", None), ("folder", os.mkdir), ("fifo", os.mkfifo)):
        path = str(tmp_path / name)
        if make:
            make(path)
        reader = LogReader(path)
        assert reader.poll(0.1) == []
        reader.close()


def test_texts_that_deceive():
    assert visible("a\u202eb\nc\x1b[31m") == r"a\u202eb\nc\x1b[31m"
    assert len(visible("x" * 1000)) < 400


def test_the_same_attempts_are_one_row(qtbot, qtmodeltester, tmp_path):
    path = tmp_path / "log"
    path.write_text("\n".join([line(1), line(2), line(1, 5), '{"event_count":7}', ""]))
    model = AttemptModel()
    model.add(LogReader(str(path)).poll(10))
    assert [model.index(row, 5).data() for row in range(model.rowCount())] == ["6", "1"] and model.total == 7
    qtmodeltester.check(model)


def test_history_and_completion(window, qtbot, run):
    for text in ("echo one", "echo two"):
        run(text)
    window.command.setText("draft")
    for key, text in ((Qt.Key.Key_Up, "echo two"), (Qt.Key.Key_Up, "echo one"), (Qt.Key.Key_Up, "echo one"),
                      (Qt.Key.Key_Down, "echo two"), (Qt.Key.Key_Down, "draft")):
        qtbot.keyClick(window.command, key)
        assert window.command.text() == text
    window.activateWindow()
    window.folder.setFocus()
    window.command.setFocus()
    qtbot.waitUntil(lambda: window.command.completer() is not None, timeout=5000)
    window.command.completer().setCompletionPrefix("pyth")
    assert window.command.completer().completionCount() > 0


def test_report(window, qtbot, run, listener):
    window.panel.disable_check.setChecked(True)
    opened = []
    window.open_page = lambda page: opened.append(page) or True
    assert not window.report_button.isEnabled()
    run(connect(listener))
    qtbot.mouseClick(window.report_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(opened), timeout=10000)
    with open(opened[0]) as page:
        assert "AF_INET" in page.read()


def test_the_keyboard_reaches_everything(window, qtbot):
    """Tab goes round through all that can be used, and each has a name to read out."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=5000)
    window.command.setFocus()
    seen = []
    while window.focusWidget() not in seen and len(seen) < 40:
        seen.append(window.focusWidget())
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
    wanted = {window.command, window.run_button, window.folder, window.panel.disable_check, window.panel.policy_box,
              window.output, window.filter, window.list}
    assert wanted <= set(seen) and len(seen) < 20
    for widget in wanted:
        assert widget.accessibleName() or widget.text(), widget


@pytest.mark.parametrize("background, colours", [("ffffff", ON_LIGHT), ("1e1e1e", ON_DARK)])
def test_colours_are_legible(background, colours):
    """A contrast of 4.5 at least (WCAG 2, 1.4.3)."""

    def luminance(colour):
        parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    for colour in colours.split():
        low, high = sorted((luminance(colour), luminance(background)))
        assert (high + 0.05) / (low + 0.05) >= 4.5, colour


@pytest.mark.parametrize(
    "chunks, text",
    [
        ([b"a\xc3", b"\xa4\n"], "a\u00e4\n"),
        ([b"a\x1b[3", b"1mb\x1b[0mc"], "abc"),
        ([b"\x1b]0;title\x07x\x1b[2J\x1b[Hy\x1b(Bz"], "xyz"),
        ([b"10%\r", b"20%\r100%\nnext"], "100%\nnext"),
        ([b"one\r\ntwo\r", b"\nthree"], "one\ntwo\nthree"),
        ([b"a\xe2\x80\xaeb\x00\x07c"], "abc"),
        ([b"\x1b[38;5;300m\x1b[38;2;1m\x1b[99999999999mx\x1b[38m"], "x"),
    ],
)
def test_what_drives_a_terminal(qtbot, chunks, text):
    view = OutputView()
    qtbot.addWidget(view)
    for chunk in chunks:
        view.feed(chunk)
    view.feed(b"", final=True)
    assert view.toPlainText() == text


def test_run_reports_a_signal():
    run = Run(["sh", "-c", "kill -9 $$"], "/", os.environ)
    end = time.monotonic() + 5
    while not run.poll() and time.monotonic() < end:
        time.sleep(0.01)
    assert run.status == -9
    run.close()
