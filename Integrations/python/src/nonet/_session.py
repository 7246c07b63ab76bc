"""How a session of pytest is started again under nonet. Loads little: `python -m nonet pytest` waits for it."""

from __future__ import annotations

import os
import sys
from ._errors import NonetError
from ._program import become, program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, NoReturn, Optional, Sequence, Tuple

#: Tells the session that it runs under nonet: a word, the log, and the options that nonet was given, each
#: on a line. The words: ``recorded``, ``unrecorded`` for the session itself, ``inside`` for all that it starts,
#: ``outside`` for the part that runs without nonet.
VARIABLE = "NONET_PYTEST"


class Wishes:
    """What the options of the plug-in ask for."""

    def __init__(
        self, policy: Optional[str] = None, loopback: bool = False, allow_connect: Tuple[str, ...] = (),
        strict: bool = False, warn: bool = False, best_effort: bool = False,
    ) -> None:
        self.policy, self.loopback, self.allow_connect = policy, loopback, allow_connect
        self.strict, self.warn, self.best_effort = strict, warn, best_effort

    @property
    def words(self) -> List[str]:
        """The options of nonet."""
        words = []
        if self.policy:
            words += ["--policy", self.policy]
        if self.loopback:
            words.append("--loopback")
        for endpoint in self.allow_connect:
            words += ["--allow-connect", endpoint]
        if self.warn:
            words.append("--observe")
        return words


class State:
    """What `VARIABLE` says."""

    def __init__(self, word: str = "", log: str = "", words: Tuple[str, ...] = ()) -> None:
        self.word, self.log, self.words = word, log, words


def state() -> State:
    value = os.environ.get(VARIABLE, "")
    if not value:
        return State()
    word, log, *words = value.split("\n")
    if word != "outside" and not is_filtered():
        raise NonetError(f"{VARIABLE} is set, and this process is not under nonet; unset it")
    return State(word, log, tuple(words))


def note(state: State) -> None:
    os.environ[VARIABLE] = "\n".join([state.word, state.log, *state.words])


def forget(log: str) -> None:
    """Takes the log away."""
    try:
        os.unlink(log)
    except OSError:
        pass


def is_filtered() -> bool:
    """Whether a seccomp filter is around this process (proc(5))."""
    with open("/proc/self/status") as file:
        return any(line.split() == ["Seccomp:", "2"] for line in file)


def command_line() -> List[str]:
    """How this interpreter was started."""
    with open("/proc/self/cmdline", "rb") as file:
        words = [os.fsdecode(word) for word in file.read().split(b"\0")[:-1]]
    return [sys.executable, *words[1:]]


def prepared(wishes: Wishes) -> List[str]:
    """nonet and its options for a session, which finds in its environment where the log is."""
    word, log = "recorded", ""
    # One supervisor is all that the kernel takes, and only inside another nonet there may be one.
    if "NONET" in os.environ and not _can_record():
        word = "unrecorded"
    else:
        # nonet makes it, for its user alone, once nothing is left to be refused.
        log = os.path.join(os.environ.get("TMPDIR") or "/tmp", f"nonet-pytest-{os.urandom(16).hex()}")
    if word == "unrecorded" and wishes.strict:
        raise NonetError("--nonet-strict cannot tell here: a nonet around this one records attempts already")
    if word == "unrecorded" and wishes.warn:
        raise NonetError("--nonet-warn cannot look here: a nonet around this one supervises already")
    note(State(word, log, tuple(wishes.words)))
    words = [program(), "-q", *wishes.words]
    if not log:
        # Otherwise the audit hook of the Python wrapper might be all that is left.
        words += ["--backend", "seccomp"]
    else:
        words += ["--log", log]
        # A test can write into the log, but not change what nonet itself has counted.
        if wishes.strict:
            words.append("--fail-on-attempt=1")
    return [*words, "--"]


def can_confine(wishes: Wishes) -> bool:
    return _can_record(*wishes.words)


def _can_record(*options: str) -> bool:
    """Whether nonet runs and records a command with these options here, found out by trying."""
    null = os.open(os.devnull, os.O_RDWR)
    try:
        actions = [(os.POSIX_SPAWN_DUP2, null, number) for number in (0, 1, 2)]
        words = ["nonet", "-q", *options, "--log", os.devnull, "--", "/bin/true"]
        child = os.posix_spawn(program(), words, os.environ, file_actions=actions)
        return os.waitpid(child, 0)[1] == 0
    finally:
        os.close(null)


def restart(wishes: Wishes) -> NoReturn:
    """Becomes nonet, which starts this session again."""
    words = prepared(wishes)
    become(words[0], words + command_line())


def start_directly(arguments: Sequence[str]) -> NoReturn:
    """`python -m nonet pytest ARGUMENTS`: the session starts under nonet, before pytest is there."""
    words = prepared(read(arguments))
    line = command_line()
    place = next(i for i in range(1, len(line)) if line[i : i + 2] == ["-m", "nonet"])
    become(words[0], [*words, *line[: place + 1], "pytest", *arguments])


def read(arguments: Sequence[str]) -> Wishes:
    """The plug-in's options among those of pytest; the session compares them with what it reads itself."""
    wishes, left = Wishes(), list(arguments)
    while left:
        name, equals, value = left.pop(0).partition("=")
        if name == "--":
            break
        if name in ("--nonet-policy", "--nonet-allow-connect"):
            if not equals:
                value = left.pop(0) if left else ""
            if name == "--nonet-policy":
                wishes.policy = value
            else:
                wishes.allow_connect = (*wishes.allow_connect, value)
        elif name == "--nonet-loopback":
            wishes.loopback = True
        elif name == "--nonet-warn":
            wishes.warn = True
        elif name == "--nonet-strict":
            wishes.strict = True
    return wishes
