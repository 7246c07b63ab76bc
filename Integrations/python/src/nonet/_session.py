"""How a session of pytest is started again under nonet. Loads little: `python -m nonet pytest` waits for it."""

from __future__ import annotations

import os
from ._command import own
from ._errors import NonetError
from ._program import become, program
from ._told import VARIABLE, State, filters, is_under_one_more, tell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, NoReturn, Optional, Sequence, Tuple


class Wishes:
    """What the options of the plug-in ask for."""

    def __init__(
        self, policy: Optional[str] = None, loopback: bool = False, allow_connect: Tuple[str, ...] = (),
        strict: bool = False, warn: bool = False, best_effort: bool = False, marked: str = "inside",
    ) -> None:
        # A session in another folder means another file.
        self.policy = os.path.abspath(policy) if policy and "/" in policy else policy
        self.loopback, self.allow_connect = loopback, allow_connect
        self.strict, self.warn, self.best_effort, self.marked = strict, warn, best_effort, marked

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
        # A test can write into the log, but not change what nonet itself has counted.
        if self.strict:
            words.append("--fail-on-attempt=1")
        return words

    def holds(self, asked: Wishes) -> bool:
        """Whether a session with these gives what another one inside it asks for."""
        # Without options no network is left, so others can only ask for less, but for a policy and a verdict.
        return asked.words == self.words or not (self.words or asked.policy or asked.strict or asked.warn)

    def weaker(self, typed: Wishes) -> List[str]:
        """What takes protection away and was not typed."""
        found = []
        if self.policy not in (typed.policy, None, "default", "strict"):
            found += ["--nonet-policy", str(self.policy)]
        if self.loopback and not typed.loopback:
            found.append("--nonet-loopback")
        for endpoint in self.allow_connect:
            if endpoint not in typed.allow_connect:
                found += ["--nonet-allow-connect", endpoint]
        if self.warn and not typed.warn:
            found.append("--nonet-warn")
        if self.best_effort and not typed.best_effort:
            found.append("--nonet-best-effort")
        if self.marked == "outside" != typed.marked:
            found.append("--nonet-marked=outside")
        return found


def prepared(wishes: Wishes, word: str = "", has_outside: bool = False) -> Tuple[List[str], State]:
    """nonet and its options for a session, and what is to be told to that one.

    :param word: What `possible` has found, where that was asked already.
    """
    # One supervisor is all that the kernel takes, and only inside another nonet there may be one. Such as refuse every
    # socket are not tried: it would be an attempt there. Anybody can set the variable, so there has to be a filter.
    if not word and "NONET" in os.environ and is_under_one_more(0):
        refuses = os.environ["NONET"].partition(":")[0] in ("default", "strict", "unix")
        word = "unrecorded" if refuses or not _can_run("--log", os.devnull) else "recorded"
    word = word or "recorded"
    if word == "unrecorded" and wishes.strict:
        raise NonetError("--nonet-strict cannot tell here: a nonet around this one, or another sandbox, records attempts already")
    if word == "unrecorded" and wishes.warn:
        raise NonetError("--nonet-warn cannot look here: a nonet around this one, or another sandbox, supervises already")
    words, log = [program(), "-q", *wishes.words], ""
    if word == "recorded":
        # nonet makes it, for its user alone, once nothing is left to be refused.
        folder = os.path.abspath(os.environ.get("TMPDIR") or "/tmp")
        log = os.path.join(folder, f"nonet-pytest-{os.urandom(16).hex()}")
        words += ["--log", log]
    else:
        # Otherwise the audit hook of the Python wrapper might be all that is left.
        words += ["--backend", "seccomp"]
    return [*words, "--"], State(word, log, tuple(wishes.words), filters() or 0, has_outside)


def possible() -> str:
    """How a session without options could run here, found out by trying: so that a wrong option stays an error."""
    if _can_run("--log", os.devnull):
        return "recorded"
    return "unrecorded" if _can_run("--backend", "seccomp") else ""


def _can_run(*options: str) -> bool:
    """Whether nonet runs a command with these options, told by what the command says: a status may be lost to SIGCHLD."""
    null, (reading, writing) = os.open(os.devnull, os.O_RDWR), os.pipe()
    try:
        actions = [(os.POSIX_SPAWN_DUP2, number, place) for place, number in enumerate((null, writing, null))]
        words = ["nonet", "-q", *options, "--", program(), "--version"]
        child = os.posix_spawn(program(), words, os.environ, file_actions=actions)
    finally:
        os.close(null)
        os.close(writing)
    with open(reading, "rb") as said:
        text = said.read()
    try:
        os.waitpid(child, 0)
    except ChildProcessError:
        pass
    return text.startswith(b"nonet ")


def restart(wishes: Wishes, word: str = "") -> NoReturn:
    """Becomes nonet, which starts this session again."""
    _start(wishes, own().line, word)


def start_directly(arguments: Sequence[str]) -> NoReturn:
    """`python -m nonet pytest ARGUMENTS`: the session starts under nonet, before pytest is there."""
    wishes, command = read(arguments), own()
    if (command.kind, command.name) != ("-m", "nonet"):
        raise NonetError("another program runs nonet as a module, and would be left out; let it run pytest --nonet")
    if wishes.marked == "outside":
        raise NonetError("--nonet-marked=outside has a part without nonet; start pytest --nonet")
    # Nobody would read the log, nor take it away.
    word = "unrecorded" if {"no:nonet", "-pno:nonet"} & set(arguments) else ""
    _start(wishes, [command.line[0], *command.options, "-m", "pytest", *arguments], word)


def _start(wishes: Wishes, line: List[str], word: str = "") -> NoReturn:
    words, state = prepared(wishes, word)
    number, environment = tell(state)
    os.environ[VARIABLE] = environment[VARIABLE]
    try:
        become(words[0], words + line)
    finally:  # It did not.
        os.environ.pop(VARIABLE, None)
        os.close(number)


def read(arguments: Sequence[str]) -> Wishes:
    """The plug-in's options among those of pytest; the session compares them with what it reads itself."""
    left, policy, connects = list(map(str, arguments)), None, []
    flags, marked = dict.fromkeys(("loopback", "strict", "warn", "best_effort"), False), "inside"
    while left:
        name, equals, value = left.pop(0).partition("=")
        if name == "--":
            break
        flag = name[len("--nonet-") :].replace("-", "_") if name.startswith("--nonet-") else ""
        if flag in flags:
            flags[flag] = True
        elif flag in ("policy", "allow_connect", "marked"):
            if not equals:
                value = left.pop(0) if left else ""
            if flag == "policy":
                policy = value
            elif flag == "marked":
                marked = value
            else:
                connects.append(value)
    return Wishes(policy, allow_connect=tuple(connects), marked=marked, **flags)
