"""Marks in the log: where one has come, all that was tried before is there."""

from __future__ import annotations

import errno
from _thread import get_native_id
from time import sleep
from typing import Any, Callable, Dict, Optional, Tuple

from ._asked import clock
from ._log import FENCE, FENCES, Log

_IO_URING_SETUP = 425
# So long a log takes that is well, on a machine that is busy.
_USUAL = 0.02
# A log that is big comes back to repeats once a second.
_LONGER = 1.5
# So long all such waits together may take; what is not known then is known at the end.
_ALL = 30.0
_FIRST = 1.0
_REMINDER = 0.1
# So many marks are longer than any line.
_MANY = 16
_LAST = 3.0


class Fences:
    """Makes marks and waits for them.

    A mark is a call that every policy of nonet answers, and that is no attempt: the supervisor answers calls in turn.
    """

    def __init__(self, log: Log, take: Callable[[], None]) -> None:
        """
        :param take: Reads what is new in the log.
        """
        self.log, self._take = log, take
        #: Whether they come: not where an outer sandbox answers the call, or a policy lets it through.
        self.can_come = False
        #: Whether the mark that was made last has not come.
        self.is_behind = False
        self._call: Any = None
        self._errno: Callable[[], int] = int
        self._made: Dict[Tuple[int, int], int] = {}
        self._last = (0, 0)
        self._left = _ALL

    def begin(self, is_observed: bool) -> None:
        """Finds out whether they come.

        :param is_observed: Whether nonet lets all calls through, and notes them.
        """
        # So nonet answers, and what else it may be takes no time of every session.
        is_refused = self._make(0) == errno.ENOSYS
        came = self._comes(_FIRST if is_refused or is_observed else _USUAL)
        self.is_behind = not came and self.log.is_full()
        self.can_come = came or self.is_behind

    def wait(self) -> bool:
        """Waits until the log has all that was tried before.

        :returns: Whether it has; where no marks come, what can be had is taken for all.
        """
        if not self.can_come:
            self._take()
            return True
        # One that was made now would come with that one, and before what was tried between.
        if self.is_behind:
            self._remind()
            if not self._comes(0):
                return False
        self._make(self._last[1] + 1)
        self.is_behind = not self._comes(_USUAL)
        if self.is_behind:
            start = clock()
            self.is_behind = not self._comes(min(_LONGER, self._left))
            self._left = max(self._left - (clock() - start), 0)
        return not self.is_behind

    def wait_at_end(self) -> bool:
        """Waits as `wait` does, and longer."""
        if not self.can_come:
            self._take()
            return True
        longest = _USUAL if self.log.is_damaged else _LAST
        if self.is_behind and not self._comes(longest):
            return False
        self._make(0)
        self.is_behind = not self._comes(longest) or self.log.is_full() and not self._has_room()
        return not self.is_behind

    def _has_room(self) -> bool:
        """Whether a line would find room that is longer than a mark's: so many marks do."""
        for _ in range(_MANY):
            sleep(0.0002)
            self._make(self._last[1] + 1)
            if not self._comes(_USUAL):
                return False
        return True

    def _make(self, number: int) -> int:
        """Makes a mark.

        :returns: The errno of the call.
        """
        if self._call is None:
            import ctypes

            self._call, self._errno = ctypes.CDLL(None, use_errno=True).syscall, ctypes.get_errno
        number %= FENCES
        self._last = get_native_id(), number
        self._made[self._last] = self._made.get(self._last, 0) + 1
        self._call(_IO_URING_SETUP, FENCE + number, None)
        return self._errno()

    def _remind(self) -> None:
        """Makes a call that is no mark: nonet may come back to what is due with the next call alone."""
        self._call(_IO_URING_SETUP, FENCE + FENCES, None)

    def _comes(self, longest: float) -> bool:
        """Whether the last mark comes within this time."""
        end: Optional[float] = None
        reminded = clock()
        is_again = False
        while True:
            self._take()
            if self.log.is_gone:
                return False
            count, in_turn = self.log.fences.get(self._last, (0, False))
            if count >= self._made[self._last]:
                if in_turn:
                    return True
                if not is_again:
                    # The first of its kind came at once; only a repeat comes in its turn.
                    is_again = True
                    sleep(0.0002)
                    self._make(self._last[1])
            now = clock()
            end = now + longest if end is None else end
            if now > end:
                return False
            if now - reminded > _REMINDER:
                self._remind()
                reminded = now
            sleep(0.00002 if longest <= _USUAL else 0.001)
