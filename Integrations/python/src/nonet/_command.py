"""How this interpreter was started."""

from __future__ import annotations

import os
import stat
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Sequence


# Among the words of an interpreter that was started again, as an option that Python does not know; no environment sets it.
AGAIN = "nonet-again"


class Command:
    """The words of an interpreter: its options, what it runs, and the arguments of that.

    :param line: All words, the interpreter's own name first.
    """

    def __init__(self, line: Sequence[str]) -> None:
        self.line = list(line)
        #: ``-m``, ``-c``, or empty where `name` is a file, or nothing: then the program is read from standard input.
        self.kind = self.name = ""
        self.options: List[str] = []
        left = self.line[1:]
        while left and not self.kind and left[0].startswith("-") and left[0] != "-":
            word = left.pop(0)
            takes = 1 if word == "--check-hash-based-pycs" else 0
            for at, letter in enumerate(word[1:] if not takes and not word.startswith("--") else "", 1):
                if letter in "cm":
                    self.kind, self.name = "-" + letter, word[at + 1 :] or "".join(left[:1])
                    takes = 0 if word[at + 1 :] else 1
                    word = word[:at]
                    break
                if letter in "WX":
                    takes = 0 if word[at + 1 :] else 1
                    break
            if word != "-":
                self.options += [word] if self.kind else [word, *left[:takes]]
            del left[:takes]
        if not self.kind and left:
            self.name = left.pop(0)
        self.arguments = left

    @property
    def is_pytest(self) -> bool:
        """Whether it is pytest itself, and not a program that called it."""
        return self.kind != "-c" and os.path.basename(self.name) in ("pytest", "py.test")

    @property
    def can_start_again(self) -> bool:
        """Whether its program can be read once more: not one that came from a pipe."""
        if self.kind:
            return True
        try:
            mode = os.stat(self.name).st_mode
        except OSError:
            return False
        return stat.S_ISREG(mode) or stat.S_ISDIR(mode)


def is_second_start() -> bool:
    """Whether this interpreter was started again already: it is for refusing alone, and proves no filter."""
    return AGAIN in getattr(sys, "_xoptions", {})


def own() -> Command:
    """How this interpreter was started, with the words that start it again."""
    words = getattr(sys, "orig_argv", None)
    if not words:
        # Before Python 3.10; what the process shows may have been replaced by a title.
        with open("/proc/self/cmdline", "rb") as file:
            words = [os.fsdecode(word) for word in file.read().split(b"\0")[:-1]]
    return Command([sys.executable, "-X", AGAIN, *words[1:]])
