"""What a session is told by the process that becomes it.

Anybody can set the environment: a settings file of tox, `.env`, an image. So it only names a descriptor, of a file in
memory that no environment can make. What stands in there is believed; any other word says nothing, and the session
starts again inside.
"""

from __future__ import annotations

import os
from ._errors import NonetError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Optional, Tuple

VARIABLE = "NONET_PYTEST"
_NAME = "nonet-pytest"


class State:
    """How a session was started under nonet; without a word it was not.

    :param word: ``recorded`` or ``unrecorded``.
    :param words: The options that nonet was given.
    :param filters: How many filters were around the process that started it.
    :param has_outside: Whether a part outside follows.
    """

    def __init__(
        self, word: str = "", log: str = "", words: Tuple[str, ...] = (), filters: int = 0, has_outside: bool = False
    ) -> None:
        self.word, self.log, self.words, self.filters, self.has_outside = word, log, words, filters, has_outside


def tell(state: State) -> Tuple[int, Dict[str, str]]:
    """A descriptor to be inherited, and the environment that names it."""
    fields = [state.word, state.log, str(state.filters), "1" if state.has_outside else "", *state.words]
    number = above_standard(_memory())
    os.write(number, b"\0".join(os.fsencode(field) for field in fields))
    os.set_inheritable(number, True)
    return number, {**os.environ, VARIABLE: str(number)}


def told() -> State:
    """What this process was told, once: what it starts was told nothing."""
    value = os.environ.pop(VARIABLE, "")
    if not value.isdecimal() or len(value) > 9:
        return State()
    number = int(value)
    try:
        # memfd_create(2) tells how its files are shown.
        if os.readlink(f"/proc/self/fd/{number}") != f"/memfd:{_NAME} (deleted)":
            return State()
        data = os.pread(number, 1 << 20, 0)
        os.close(number)
    except OSError:
        return State()
    word, log, before, has_outside, *words = map(os.fsdecode, data.split(b"\0"))
    state = State(word, log, tuple(words), int(before), bool(has_outside))
    if not is_under_one_more(state.filters):
        raise NonetError("nonet started this session, and no filter of nonet's is around it")
    return state


def filters() -> Optional[int]:
    """How many seccomp filters are around this process (proc(5)); nothing before Linux 5.9, which does not tell."""
    count = _status("Seccomp_filters:")
    return None if count is None else int(count)


def is_under_one_more(before: int) -> bool:
    """Whether more filters than these are around this process, and it can gain no privileges."""
    count = filters()
    has_more = _status("Seccomp:") == "2" if count is None else count > before
    return has_more and _status("NoNewPrivs:") == "1"


def _status(name: str) -> Optional[str]:
    with open("/proc/self/status") as file:
        return next((line.split()[1] for line in file if line.startswith(name)), None)


def above_standard(number: int) -> int:
    """The descriptor, or another instead of it that is none of 0 to 2: where those are closed, others put theirs there."""
    if number > 2:
        return number
    import fcntl

    try:
        return fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, 3)
    finally:
        os.close(number)


def _memory() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create(_NAME)
    # A Python that was built with a glibc before 2.27.
    import ctypes

    number: int = ctypes.CDLL(None).syscall({"x86_64": 319, "aarch64": 279}[os.uname().machine], _NAME.encode(), 1)
    if number < 0:
        raise NonetError("the kernel gives no file in memory (memfd_create)")
    return number
