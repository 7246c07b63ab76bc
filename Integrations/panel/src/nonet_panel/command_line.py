"""A line to type a command in: history by the arrow keys, names of programs completed."""

from __future__ import annotations

import os

from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCompleter, QLineEdit

MOST_LINES = 200


class CommandLine(QLineEdit):
    def __init__(self, settings: QSettings, parent=None) -> None:
        super().__init__(parent)
        self._settings = settings
        kept = settings.value("history", [])
        self._history = [str(line) for line in kept] if isinstance(kept, list) else [str(kept)] if kept else []
        self._place = len(self._history)
        self._draft = ""
        self.setPlaceholderText(self.tr("A command, as for a shell"))
        self.setAccessibleName(self.tr("Command"))
        self.setClearButtonEnabled(True)

    def focusInEvent(self, event) -> None:
        super().focusInEvent(event)
        if self.completer() is None:
            completer = QCompleter(programs(), self)
            completer.setCaseSensitivity(Qt.CaseSensitivity.CaseSensitive)
            completer.setMaxVisibleItems(12)
            self.setCompleter(completer)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        open_list = self.completer() is not None and self.completer().popup().isVisible()
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and not open_list:
            self._step(-1 if event.key() == Qt.Key.Key_Up else 1)
            return
        super().keyPressEvent(event)

    def _step(self, by: int) -> None:
        place = min(max(self._place + by, 0), len(self._history))
        if place == self._place:
            return
        if self._place == len(self._history):
            self._draft = self.text()
        self._place = place
        self.setText(self._draft if place == len(self._history) else self._history[place])

    def remember(self) -> None:
        """Puts the line at the end of the history."""
        line = self.text()
        self._history = [*(other for other in self._history if other != line), line][-MOST_LINES:]
        self._place = len(self._history)
        self._settings.setValue("history", self._history)

    def history(self) -> list[str]:
        return list(self._history)


def programs() -> list[str]:
    """The names of all programs along PATH."""
    names = set()
    for folder in os.get_exec_path():
        try:
            with os.scandir(folder) as entries:
                names.update(entry.name for entry in entries if os.access(entry.path, os.X_OK))
        except OSError:
            continue
    return sorted(names)
