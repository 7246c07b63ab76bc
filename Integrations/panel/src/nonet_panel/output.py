"""What a command prints, live, in the colours that it asks for."""

from __future__ import annotations

from PySide6.QtGui import QBrush, QColor, QFont, QFontDatabase, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit

from .ansi import AnsiDecoder, Style

MOST_LINES = 10_000
LONGEST_LINE = 4096
# Black, red, green, yellow, blue, magenta, cyan, white, and the bright ones: legible on white and on near-black.
ON_LIGHT = "000000 b3261e 1b6e20 7a5c00 1a4fb4 8e24aa 00696b 5f6368 444444 c5221f 188038 8a5a00 1967d2 a142f4 007b83 3c4043"
ON_DARK = "9aa0a6 f28b82 81c995 fdd663 8ab4f8 d7aefb 78d9ec e8eaed bdc1c6 f6aea9 a8dab5 fde293 aecbfa e9d2fd a1e4f2 ffffff"


class OutputView(QPlainTextEdit):
    """Keeps the last `MOST_LINES` lines, and follows the end unless the user has scrolled away from it."""

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setMaximumBlockCount(MOST_LINES)
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.setAccessibleName(self.tr("Output"))
        self.start()

    def start(self) -> None:
        """Empties the view for another command."""
        self.clear()
        self._decoder = AnsiDecoder()
        self._cursor = QTextCursor(self.document())
        self._return = False
        self._column = 0

    def feed(self, data: bytes, final: bool = False) -> None:
        bar = self.verticalScrollBar()
        follow = bar.value() >= bar.maximum() - 2
        self._cursor.movePosition(QTextCursor.MoveOperation.End)
        self._cursor.beginEditBlock()
        for text, style in self._decoder.feed(data, final):
            self._insert(text, self.text_format(style))
        self._cursor.endEditBlock()
        if follow:
            bar.setValue(bar.maximum())

    def say(self, text: str) -> None:
        """A line of the window's own, in italics."""
        style = self.text_format(Style(italic=True))
        self._cursor.movePosition(QTextCursor.MoveOperation.End)
        start = "" if self._cursor.atBlockStart() else "\n"
        self._cursor.insertText(f"{start}{text}\n", style)
        self._return = False
        self._column = 0
        self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def _insert(self, text: str, style: QTextCharFormat) -> None:
        """A carriage return begins the line anew, as progress bars mean it; a line without end is broken."""
        for step, line in enumerate(text.split("\n")):
            if step:
                self._cursor.insertText("\n", style)
                self._return, self._column = False, 0
            last = line.rpartition("\r")
            if last[1] or self._return:
                shown = last[2] or last[0].rpartition("\r")[2]
                if shown:
                    self._cursor.movePosition(
                        QTextCursor.MoveOperation.StartOfBlock, QTextCursor.MoveMode.KeepAnchor
                    )
                    self._cursor.removeSelectedText()
                    self._column = 0
                self._return = bool(last[1]) and not last[2]
                line = shown
            line = line.replace("\b", "")
            while line:
                room = LONGEST_LINE - self._column
                self._cursor.insertText(line[:room], style)
                self._column += len(line[:room])
                line = line[room:]
                if line:
                    self._cursor.insertText("\n", style)
                    self._column = 0

    def text_format(self, style: Style) -> QTextCharFormat:
        made = QTextCharFormat()
        front, back = self._colour(style.front), self._colour(style.back)
        if style.reverse:
            front, back = back or self.palette().base().color(), front or self.palette().text().color()
        if front:
            made.setForeground(QBrush(front))
        if back:
            made.setBackground(QBrush(back))
            # Colours of the palette are made for the view's own background.
            if not front or isinstance(style.front, int):
                made.setForeground(QBrush(QColor("black" if back.lightness() > 140 else "white")))
        if style.bold:
            made.setFontWeight(QFont.Weight.Bold)
        made.setFontItalic(style.italic)
        made.setFontUnderline(style.underline)
        return made

    def _colour(self, colour: int | tuple[int, int, int] | None) -> QColor | None:
        if colour is None:
            return None
        if isinstance(colour, tuple):
            return QColor(*colour)
        light = self.palette().base().color().lightness() > 127
        return QColor("#" + (ON_LIGHT if light else ON_DARK).split()[colour])
