"""The list of attempts: one row for each kind, counted; filtered without asking row by row."""

from __future__ import annotations

import bisect

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt

from .log import Attempt

TIME, PROGRAM, CALL, DESTINATION, ANSWER, COUNT = range(6)


class AttemptModel(QAbstractTableModel):
    """Rows in the order in which they were first seen.

    Filtering is one pass over prepared text: a QSortFilterProxyModel would ask this model half a million times
    for 100,000 rows, and the window would stand still meanwhile.
    """

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        # Tuples of text, and numbers apart from them: what the garbage collector need not walk through.
        self._rows: list[tuple[str, ...]] = []
        self._counts: list[int] = []
        self._texts: list[str] = []
        self._place: dict[tuple, int] = {}
        #: The places of the rows that pass the filter, ascending.
        self._shown: list[int] = []
        self._filter = ""
        self._alignment = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        #: All attempts, without probes: what nearly every program asks for and does well without.
        self.total = 0

    def titles(self) -> list[str]:
        return [
            self.tr("Time"),
            self.tr("Program"),
            self.tr("Call"),
            self.tr("Destination"),
            self.tr("Answer"),
            self.tr("Count"),
        ]

    def add(self, attempts: list[Attempt]) -> None:
        """Takes a batch: one notice for all new rows, one for all that are counted up."""
        first_new = len(self._rows)
        touched: list[int] = []
        for attempt in attempts:
            key = (*attempt[PROGRAM:COUNT], attempt.probe)
            if not attempt.probe:
                self.total += attempt.count
            place = self._place.get(key)
            if place is None:
                self._place[key] = len(self._rows)
                answer = self.tr("{} (probe)").format(attempt.answer) if attempt.probe else attempt.answer
                row = (attempt.time, attempt.program, attempt.call, attempt.destination, answer)
                self._rows.append(row)
                self._counts.append(attempt.count)
                self._texts.append(" ".join(row).casefold())
            else:
                self._counts[place] += attempt.count
                at = bisect.bisect_left(self._shown, place)
                if at < len(self._shown) and self._shown[at] == place:
                    touched.append(at)
        new = [place for place in range(first_new, len(self._rows)) if self._filter in self._texts[place]]
        if new:
            start = len(self._shown)
            self.beginInsertRows(QModelIndex(), start, start + len(new) - 1)
            self._shown.extend(new)
            self.endInsertRows()
        if touched:
            self.dataChanged.emit(self.index(min(touched), COUNT), self.index(max(touched), COUNT))

    def set_filter(self, text: str) -> None:
        """Shows the rows that contain `text` anywhere, whatever its case."""
        self.beginResetModel()
        self._filter = text.strip().casefold()
        wanted = self._filter
        self._shown = [place for place, row in enumerate(self._texts) if wanted in row]
        self.endResetModel()

    def clear(self) -> None:
        self.beginResetModel()
        for kept in (self._rows, self._counts, self._texts, self._place, self._shown):
            kept.clear()
        self.total = 0
        self.endResetModel()

    def kinds(self) -> int:
        return len(self._rows)

    # What a view asks ------------------------------------------------------------------------

    def rowCount(self, parent=QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent=QModelIndex()) -> int:
        return 0 if parent.isValid() else COUNT + 1

    def data(self, index, role=Qt.ItemDataRole.DisplayRole):
        if not index.isValid():
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            place = self._shown[index.row()]
            return str(self._counts[place]) if index.column() == COUNT else self._rows[place][index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == COUNT:
            return self._alignment
        return None

    def headerData(self, section, orientation, role=Qt.ItemDataRole.DisplayRole):
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self.titles()[section]
        return None
