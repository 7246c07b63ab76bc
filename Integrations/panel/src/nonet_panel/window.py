"""`nonet-panel`: a window that runs commands, with or without the network, and lists what they tried."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import time

from PySide6.QtCore import QProcess, QSettings, Qt, QTimer, QUrl
from PySide6.QtGui import QCloseEvent, QDesktopServices, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMainWindow,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from .attempts import COUNT, DESTINATION, AttemptModel
from .command_line import CommandLine
from .log import LogReader
from .output import OutputView
from .panel import NetworkPanel
from .run import Run

TICK_MILLISECONDS = 50
# Of one tick: what the list and the output may take. The event loop pauses no longer than both together.
LIST_SECONDS = 0.02
OUTPUT_SECONDS = 0.015


class PanelWindow(QMainWindow):
    def __init__(self, *, program: str | None = None, settings: QSettings | None = None) -> None:
        super().__init__()
        self._settings = settings or QSettings("nonet", "nonet-panel")
        self._logs = tempfile.mkdtemp(prefix="nonet-panel-")
        self._runs = 0
        self._log = ""
        self.run: Run | None = None
        self._reader: LogReader | None = None
        self._report: QProcess | None = None
        self._build(program)
        self._ticks = QTimer(self)
        self._ticks.timeout.connect(self._tick)
        self._show_state()

    # What is seen ----------------------------------------------------------------------------

    def _build(self, program: str | None) -> None:
        self.setWindowTitle(self.tr("nonet: commands without network"))
        self.panel = NetworkPanel(self, program=program)
        self.panel.changed.connect(self._show_state)

        self.command = CommandLine(self._settings)
        self.command.returnPressed.connect(self.start)
        self.folder = QLineEdit(os.getcwd())
        self.folder.setAccessibleName(self.tr("Working folder"))
        browse = QPushButton(self.tr("&Browse…"))
        browse.clicked.connect(self._browse)
        self.run_button = QPushButton(self.tr("&Run"))
        self.run_button.clicked.connect(self.start)
        self.stop_button = QPushButton(self.tr("&Stop"))
        self.stop_button.setToolTip(self.tr("Ends the command and everything that it started (Ctrl+.)"))
        self.stop_button.clicked.connect(self.stop)
        QShortcut(QKeySequence("Ctrl+."), self, self.stop)
        QShortcut(QKeySequence("Ctrl+L"), self, self.command.setFocus)

        top = QGridLayout()
        for row, (text, field, button) in enumerate(
            ((self.tr("&Command:"), self.command, self.run_button), (self.tr("&Folder:"), self.folder, browse))
        ):
            label = QLabel(text)
            label.setBuddy(field)
            top.addWidget(label, row, 0)
            top.addWidget(field, row, 1)
            top.addWidget(button, row, 2)
        top.addWidget(self.stop_button, 0, 3)

        self.output = OutputView()
        self.model = AttemptModel(self)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self._under(self.tr("&Output"), self.output))
        split.addWidget(self._attempts())
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setChildrenCollapsible(False)

        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.panel)
        side.setFixedWidth(self.fontMetrics().averageCharWidth() * 48)
        body = QHBoxLayout()
        body.addWidget(side)
        body.addWidget(split, 1)

        middle = QWidget()
        whole = QVBoxLayout(middle)
        whole.addLayout(top)
        whole.addLayout(body, 1)
        self.setCentralWidget(middle)

        self.state_label = QLabel()
        self.state_label.setAccessibleName(self.tr("State of the command"))
        self.busy = QProgressBar()
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        self.busy.setFixedWidth(self.fontMetrics().averageCharWidth() * 16)
        self.busy.setAccessibleName(self.tr("The command runs"))
        self.statusBar().addWidget(self.state_label, 1)
        self.statusBar().addPermanentWidget(self.busy)

        for first, second in (
            (self.command, self.run_button),
            (self.run_button, self.stop_button),
            (self.stop_button, self.folder),
            (self.folder, browse),
            (browse, self.panel.disable_check),
            (self.panel.disable_check, self.panel.enforce_check),
            (self.panel.enforce_check, self.panel.policy_box),
            (self.panel.policy_box, self.output),
            (self.output, self.filter),
            (self.filter, self.report_button),
            (self.report_button, self.list),
        ):
            QWidget.setTabOrder(first, second)
        em = self.fontMetrics().lineSpacing()
        self.resize(em * 76, em * 44)
        self.command.setFocus()

    def _under(self, title: str, widget: QWidget) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        label = QLabel(title)
        label.setBuddy(widget)
        column.addWidget(label)
        column.addWidget(widget, 1)
        return made

    def _attempts(self) -> QWidget:
        self.list = QTableView()
        self.list.setModel(self.model)
        self.list.setAccessibleName(self.tr("Attempts to use the network"))
        self.list.setTabKeyNavigation(False)
        self.list.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.list.setShowGrid(False)
        self.list.setAlternatingRowColors(True)
        self.list.setWordWrap(False)
        self.list.verticalHeader().hide()
        self.list.verticalHeader().setDefaultSectionSize(int(self.fontMetrics().lineSpacing() * 1.4))
        header = self.list.horizontalHeader()
        header.setHighlightSections(False)
        for section, width in enumerate((13, 13, 10, 30, 18, 6)):
            header.resizeSection(section, self.fontMetrics().averageCharWidth() * (width + 2))
        header.setSectionResizeMode(DESTINATION, header.ResizeMode.Stretch)
        header.setSectionResizeMode(COUNT, header.ResizeMode.Interactive)

        self.filter = QLineEdit()
        self.filter.setPlaceholderText(self.tr("Only rows that contain this"))
        self.filter.setAccessibleName(self.tr("Filter of the attempts"))
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self.model.set_filter)
        self.report_button = QPushButton(self.tr("Open re&port"))
        self.report_button.clicked.connect(self.open_report)
        self.sum_label = QLabel()
        line = QHBoxLayout()
        label = QLabel(self.tr("F&ilter:"))
        label.setBuddy(self.filter)
        for widget, stretch in ((self.sum_label, 1), (label, 0), (self.filter, 1), (self.report_button, 0)):
            line.addWidget(widget, stretch)
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(line)
        column.addWidget(self.list, 1)
        return made

    def _show_state(self) -> None:
        running = self.run is not None
        self.run_button.setEnabled(not running)
        self.stop_button.setEnabled(running)
        self.panel.setEnabled(not running)
        self.busy.setVisible(running)
        self.report_button.setEnabled(bool(self._log) and not running and self._report is None)
        if running:
            seconds = int(time.monotonic() - self.run.started)
            text = self.tr("Stopping…") if self.run.stopping else self.tr("Running, {} s").format(seconds)
            self.state_label.setText(text)
        elif not self.state_label.text():
            self.state_label.setText(self.tr("Ready"))
        self._show_sum()

    def _show_sum(self) -> None:
        if not self._log and self._runs:
            text = self.tr("Attempts: not recorded for this command")
        else:
            text = self.tr("Attempts: {}").format(self.model.total)
            if self._reader is not None and self._reader.garbage:
                text += self.tr("; lines that cannot be read: {}").format(self._reader.garbage)
        self.sum_label.setText(text)

    def _browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Working folder"), self.folder.text())
        if chosen:
            self.folder.setText(chosen)

    # Running ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Runs the line as a shell would, all of it confined when the switch says so."""
        if self.run is not None or not self.command.text().strip():
            return
        self.command.remember()
        self.output.start()
        self.model.clear()
        if self._reader is not None:
            self._reader.close()
        self._reader, self._log = None, ""
        self._runs += 1
        try:
            words = ["/bin/sh", "-c", self.command.text()]
            self.run = Run(self._prepared(words), self.folder.text() or ".", self._environment())
        except (OSError, ValueError) as problem:
            self._log = ""
            self.output.say(self.tr("Not run: {}").format(problem))
            self.state_label.setText(self.tr("Not run"))
            self._show_state()
            return
        if self._log:
            self._reader = LogReader(self._log)
        self._ticks.start(TICK_MILLISECONDS)
        self._show_state()

    def _prepared(self, words: list[str]) -> list[str]:
        plan = self.panel.plan()
        # A record needs the kernel's filter; what falls back has none to offer while it runs.
        if not self.panel.is_disabled() or (plan is not None and "seccomp" not in plan.layers):
            return self.panel.prepare_command(words)
        self._log = os.path.join(self._logs, f"run-{self._runs}.jsonl")
        return self.panel.prepare_command(words, ["--log", self._log])

    def _environment(self) -> dict[str, str]:
        environment = dict(os.environ)
        # The command is no part of this program: what a Python environment set for the window is not its own.
        environment.pop("QT_QPA_PLATFORM", None)
        return environment

    def stop(self) -> None:
        if self.run is not None:
            self.run.stop()
            self._show_state()

    def _tick(self) -> None:
        run = self.run
        if run is None:
            return
        ended = run.poll()
        more = self._take_output(run) | self._take_attempts()
        if ended and not more:
            self._finish(run)
        else:
            self._show_state()
            self._ticks.setInterval(5 if more else TICK_MILLISECONDS)

    def _take_output(self, run: Run) -> bool:
        end = time.monotonic() + OUTPUT_SECONDS
        while data := run.read():
            self.output.feed(data)
            if time.monotonic() >= end:
                return True
        return False

    def _take_attempts(self) -> bool:
        if self._reader is None:
            return False
        attempts = self._reader.poll(LIST_SECONDS)
        if attempts:
            self.model.add(attempts)
        return self._reader.behind

    def _finish(self, run: Run) -> None:
        self._ticks.stop()
        self.output.feed(b"", final=True)
        run.close()
        self.run = None
        status = run.status
        if status is not None and status < 0:
            try:
                name = signal.Signals(-status).name
            except ValueError:
                name = str(-status)
            self.state_label.setText(self.tr("Ended by {}").format(name))
        else:
            self.state_label.setText(self.tr("Ended with status {}").format(status))
        self._show_state()

    # The report ------------------------------------------------------------------------------

    def open_report(self) -> None:
        """Has nonet make a page of the log, and opens it where pages are opened."""
        if not self._log or self._report is not None:
            return
        try:
            program = self.panel.program()
        except ValueError as problem:
            self.output.say(str(problem))
            return
        page = self._log.removesuffix(".jsonl") + ".html"
        self._report = QProcess(self)
        self._report.finished.connect(lambda *_: self._reported(page))
        self._report.errorOccurred.connect(lambda *_: self._reported(page))
        self._report.start(program, ["--report", page, "--from", self._log])
        self._show_state()

    def _reported(self, page: str) -> None:
        report, self._report = self._report, None
        if report is None:
            return
        said = bytes(report.readAllStandardError().data()).decode(errors="replace").strip()
        report.deleteLater()
        if not os.path.exists(page):
            self.output.say(self.tr("There is no report: {}").format(said))
        elif not self.open_page(page):
            self.output.say(self.tr("The report is {}").format(page))
        self._show_state()

    def open_page(self, page: str) -> bool:
        return QDesktopServices.openUrl(QUrl.fromLocalFile(page))

    # The end ---------------------------------------------------------------------------------

    def confirm_close(self) -> bool:
        answer = QMessageBox.question(
            self,
            self.tr("A command runs"),
            self.tr("A command still runs. End it, and everything that it started?"),
            QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.No,
            QMessageBox.StandardButton.No,
        )
        return answer == QMessageBox.StandardButton.Yes

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.run is not None and not self.confirm_close():
            event.ignore()
            return
        if self.run is not None:
            self.run.stop()
            end = time.monotonic() + 10
            while not self.run.poll() and time.monotonic() < end:
                # Read on: a program that waits for its terminal does not end.
                self.run.read()
                time.sleep(0.02)
            self._finish(self.run)
        if self._reader is not None:
            self._reader.close()
        # The page of a report is open elsewhere, and stays until the session's temporary files go.
        if not any(name.endswith(".html") for name in os.listdir(self._logs)):
            shutil.rmtree(self._logs, ignore_errors=True)
        event.accept()


def main() -> int:
    application = QApplication(sys.argv)
    application.setApplicationName("nonet-panel")
    # Ctrl-C in the terminal that it was started from ends it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    window = PanelWindow()
    window.show()
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
