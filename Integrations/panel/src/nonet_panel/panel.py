"""The switch: a widget for any Qt program that runs commands."""

from __future__ import annotations

import os
import pathlib
import shlex
import sys
from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QProcess, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QGroupBox,
    QLabel,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from .program import Machine, Plan, can_run, find_program

POLICIES = ("default", "strict", "unix", "loopback")
# `nonet --check` tries namespaces and asks interpreters; it took 13 ms on a busy machine.
CHECK_MILLISECONDS = 10_000


def host_root(main_window: object) -> pathlib.Path:
    """The folder that a host's children import from: the parent of the folder of the window's module where it
    looks like a host's (it has `monitor` or `gui`), else the working folder."""
    module = sys.modules.get(type(main_window).__module__)
    file = getattr(module, "__file__", None)
    if file:
        root = pathlib.Path(file).resolve().parent.parent
        if (root / "monitor").is_dir() or (root / "gui").is_dir():
            return root
    return pathlib.Path.cwd()


class NetworkPanel(QWidget):
    """Says whether commands have the network, and makes command lines that have none.

    Of the main window only `log_output(text, kind)` is called, where there is one, and never by the constructor.
    """

    disabled_changed = Signal(bool)
    enforce_changed = Signal(bool)
    policy_changed = Signal(str)
    #: After any of the three, and when nonet has said anew what this machine can do.
    changed = Signal()

    def __init__(
        self,
        main_window: object = None,
        parent: QWidget | None = None,
        *,
        root: str | os.PathLike[str] | None = None,
        program: str | None = None,
    ) -> None:
        super().__init__(parent)
        self._main_window = main_window
        self._python = sys.executable
        self._root = pathlib.Path(root) if root is not None else host_root(main_window)
        self._given_program = program
        self._program: str | None = None
        self._machine: Machine | None = None
        self._problem = ""
        self._watched = ""
        self._check: QProcess | None = None
        self._build()
        self.refresh()
        self.reset_note()

    # What is seen ----------------------------------------------------------------------------

    def _build(self) -> None:
        box = QGroupBox(self.tr("Network"))
        self.disable_check = QCheckBox(self.tr("&Disable Network Access"))
        self.disable_check.setAccessibleDescription(self.tr("Commands are run without any network"))
        self.enforce_check = QCheckBox(self.tr("&Enforce (kernel layers or nothing)"))
        self.enforce_check.setAccessibleDescription(
            self.tr("Refuse to run a command where the kernel cannot hold it, and never fall back to less")
        )
        self.enforce_check.setEnabled(False)
        self.policy_box = QComboBox()
        for name in POLICIES:
            self.policy_box.addItem(name, name)
        self.policy_box.setAccessibleName(self.tr("Policy"))
        self._policy_label = QLabel()
        self._policy_label.setWordWrap(True)
        self._policy_label.setTextFormat(Qt.TextFormat.PlainText)
        self._status_label = QLabel()
        self._status_label.setWordWrap(True)
        self._status_label.setTextFormat(Qt.TextFormat.PlainText)
        self._status_label.setAccessibleName(self.tr("Network status"))
        self._note_box = QTextEdit()
        self._note_box.setReadOnly(True)
        self._note_box.setTabChangesFocus(True)
        self._note_box.setAcceptRichText(False)
        self._note_box.setAccessibleName(self.tr("Note"))
        self._note_box.setMinimumHeight(self.fontMetrics().lineSpacing() * 4)
        self._note_box.setMaximumHeight(self.fontMetrics().lineSpacing() * 9)

        form = QFormLayout()
        label = QLabel(self.tr("&Policy:"))
        label.setBuddy(self.policy_box)
        form.addRow(label, self.policy_box)
        inner = QVBoxLayout(box)
        for widget in (self.disable_check, self.enforce_check):
            inner.addWidget(widget)
        inner.addLayout(form)
        for widget in (self._policy_label, self._status_label, self._note_box):
            inner.addWidget(widget)
        inner.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(box)

        self.disable_check.toggled.connect(self._disable_toggled)
        self.enforce_check.toggled.connect(self._enforce_toggled)
        self.policy_box.currentIndexChanged.connect(self._policy_chosen)
        self._policy_label.setText(self._sentence(self.policy()))

    def _sentence(self, policy: str) -> str:
        return {
            "default": self.tr("No network; pipes and socket pairs between a command's own processes go on."),
            "strict": self.tr("No sockets of any kind, and fewer ways around."),
            "unix": self.tr("No network, but every local socket: databases, agents and the desktop can be reached."),
            "loopback": self.tr("127.0.0.1 in a network of its own: a test may talk to its own server, to nothing else."),
        }[policy]

    def _disable_toggled(self, on: bool) -> None:
        self.enforce_check.setEnabled(on)
        if not on:
            self.enforce_check.setChecked(False)
        self._watched = ""
        self.reset_note()
        self._say(self.tr("Network restriction enabled") if on else self.tr("Network restriction disabled"), "info")
        if on:
            self.refresh()
        self.disabled_changed.emit(on)
        self._show_status()

    def _enforce_toggled(self, on: bool) -> None:
        if on:
            self._say(self.tr("Enforce: commands run behind the kernel's layers or not at all; no root is needed"), "warning")
        else:
            self.reset_note()
        self.enforce_changed.emit(on)
        self._show_status()

    def _policy_chosen(self) -> None:
        self._policy_label.setText(self._sentence(self.policy()))
        self.policy_changed.emit(self.policy())
        self._show_status()

    def _say(self, text: str, kind: str) -> None:
        log = getattr(self._main_window, "log_output", None)
        if callable(log):
            log(text + "\n", kind)

    # What nonet says -------------------------------------------------------------------------

    def refresh(self) -> None:
        """Asks nonet anew what this machine can do; the answer comes later, with `changed`."""
        if self._check is not None:
            return
        self._program = self._given_program or find_program()
        if self._program is None or not can_run(self._program):
            self._machine = None
            self._problem = self.tr("the program nonet was not found; install it, or set NONET to its path")
            self._show_status()
            return
        self._problem = ""
        self._check = QProcess(self)
        self._check.setProcessChannelMode(QProcess.ProcessChannelMode.SeparateChannels)
        self._check.finished.connect(self._checked)
        self._check.errorOccurred.connect(self._check_failed)
        QTimer.singleShot(CHECK_MILLISECONDS, self._check, self._check.kill)
        # A check that still runs when the program ends is not waited for.
        QCoreApplication.instance().aboutToQuit.connect(self._check.kill)
        self._check.start(self._program, ["--check", "--format", "json"])
        self._show_status()

    def _checked(self, status: int, how: QProcess.ExitStatus) -> None:
        check = self._take_check()
        if check is None:
            return
        self._machine = None
        try:
            if how != QProcess.ExitStatus.NormalExit:
                raise ValueError(self.tr("it was ended before it answered"))
            self._machine = Machine.parse(bytes(check.readAllStandardOutput().data()))
        except ValueError as problem:
            self._problem = self.tr("nonet does not say what this machine can do: {}").format(problem)
        self._show_status()

    def _check_failed(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._take_check() is not None:
            self._machine = None
            self._problem = self.tr("nonet could not be started: {}").format(self._program)
            self._show_status()

    def _take_check(self) -> QProcess | None:
        check, self._check = self._check, None
        if check is not None:
            check.deleteLater()
        return check

    def plan(self) -> Plan | None:
        """What the chosen policy and mode come to on this machine; None as long as nonet has not said."""
        return self._machine.plans.get((self.policy(), self._backend())) if self._machine else None

    def is_checking(self) -> bool:
        return self._check is not None

    def obstacle(self) -> str:
        """Why no command can be run without network here, or nothing."""
        if self._problem:
            return self._problem
        if self._machine is None:
            return ""
        plan = self.plan()
        if plan is None:
            return self.tr("nonet says nothing about policy {} with {}").format(self.policy(), self._backend())
        return "" if plan.possible else plan.text

    def _show_status(self) -> None:
        self._status_label.setText(self._status())
        self.changed.emit()

    def _status(self) -> str:
        already = self._machine is not None and self._machine.confined_already
        if not self.is_disabled():
            if already:
                text = self.tr("Network access: disabled from outside: this program is itself confined.")
            else:
                text = self.tr("Network access: enabled")
            if self.obstacle():
                text += "\n" + self.tr("It could not be disabled: {}").format(self.obstacle())
        elif self.obstacle():
            text = self.tr("Network access: commands will not run, since it cannot be disabled: {}").format(self.obstacle())
        elif self._machine is None:
            text = self.tr("Network access: disabled for commands; asking nonet by what…")
        else:
            plan = self.plan()
            text = self.tr("Network access: disabled for commands by {}").format(plan.text if plan else "")
            if plan and "python" in plan.layers:
                text += "\n" + self.tr("Advisory: this holds Python programs that mean no harm, and nothing else runs.")
        return f"{text}\n{self._watched}" if self._watched else text

    # What a host calls -----------------------------------------------------------------------

    def is_disabled(self) -> bool:
        return self.disable_check.isChecked()

    def is_enforce_mode(self) -> bool:
        return self.is_disabled() and self.enforce_check.isChecked()

    def policy(self) -> str:
        return str(self.policy_box.currentData())

    def set_policy(self, name: str) -> None:
        """Raises ValueError for a name that is not in `POLICIES`."""
        self.policy_box.setCurrentIndex(POLICIES.index(name))

    def _backend(self) -> str:
        return "seccomp" if self.is_enforce_mode() else "auto"

    def program(self) -> str:
        """The path of nonet. Raises ValueError where there is none."""
        if self._program is None or not can_run(self._program):
            raise ValueError(self.tr("the program nonet was not found; the command was not run"))
        return self._program

    def prepare_command(self, command: Sequence[str], options: Sequence[str] = ()) -> list[str]:
        """The words to run instead of `command`: the same while the network is enabled, else nonet and they.

        They confine by themselves, whatever environment and folder they are run in. `options` are further ones of
        nonet, such as `--log FILE`. Raises ValueError, and nothing else, where the command cannot be confined.
        """
        if isinstance(command, (str, bytes)):
            raise ValueError(self.tr("a command is a list of words"))
        try:
            words = [os.fspath(word) for word in command]
        except TypeError:
            raise ValueError(self.tr("a command is a list of words")) from None
        if not self.is_disabled():
            return words
        if not words or not all(isinstance(word, str) and "\0" not in word for word in words) or not words[0]:
            raise ValueError(self.tr("there is no command to run"))
        program = self.program()
        if self.obstacle():
            raise ValueError(self.tr("the command was not run: {}").format(self.obstacle()))
        return [program, "--policy", self.policy(), "--backend", self._backend(), *options, "--", *words]

    def apply_env_overrides(self, env: dict[str, str]) -> None:
        """Puts the host's root first in PYTHONPATH, and says in two variables what the switch says.

        Nothing depends on the variables: they tell a program that asks, and confine nothing.
        """
        root = str(self._root)
        parts = [part for part in env.get("PYTHONPATH", "").split(os.pathsep) if part]
        if root not in parts:
            env["PYTHONPATH"] = os.pathsep.join([root, *parts])
        if self.is_disabled():
            env["ZENCUBE_NET_MODE"] = "seccomp" if self.is_enforce_mode() else "dev-safe"
            env["ZENCUBE_NET_DISABLED"] = "1"

    def show_enforce_command(self, sandbox_path: str, base_args: Sequence[str]) -> None:
        """With Enforce, shows the words that will be run: the host's sandbox with its options, and nonet in it."""
        if not self.is_enforce_mode():
            return
        words = [str(word) for word in base_args]
        start = next((index for index, word in enumerate(words) if not word.startswith("-") or word == "--"), len(words))
        start += start < len(words) and words[start] == "--"
        try:
            line = shlex.join([str(sandbox_path), *words[:start], *self.prepare_command(words[start:])])
            text = self.tr("This is run. No root is needed, so there is no sudo in it:")
        except ValueError as problem:
            line, text = str(problem), self.tr("Nothing can be run:")
        self._note_box.setPlainText(f"{text}\n{line}")

    def reset_note(self) -> None:
        if not self.is_disabled():
            self._note_box.clear()
        elif not self.is_enforce_mode():
            self._note_box.setPlainText(
                self.tr(
                    "Development mode: the strongest layer that works here is taken; as the last one a wrapper for Python "
                    "alone. Enforce takes the kernel's layers or refuses. Neither needs root."
                )
            )

    def attach_to_execution(self, pid: int) -> None:
        """The host has started a command; in any state of the switch. Raises nothing."""
        self._watch(self.tr("The command runs: monitoring PID {}").format(pid))

    def handle_execution_finished(self) -> None:
        """The host's command has ended or was stopped. Raises nothing."""
        if self._watched:
            self._watch(self.tr("The last command: completed"))
            if self.is_disabled() and not self.is_enforce_mode():
                self._note_box.setPlainText(self.tr("Summary: the command has ended; it was run with policy {}.").format(self.policy()))

    def _watch(self, text: str) -> None:
        self._watched = text
        self._show_status()


def attach_network_panel(main_window: object, layout, **options) -> NetworkPanel:
    """Makes a panel, adds it to `layout` and returns it."""
    panel = NetworkPanel(main_window, **options)
    layout.addWidget(panel)
    return panel
