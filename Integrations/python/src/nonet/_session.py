"""How a session of pytest is started again under nonet. Loads little: `python -m nonet pytest` waits for it."""

from __future__ import annotations

import errno
import os
import sys
from ._errors import NonetError
from ._program import become, program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, List, NoReturn, Optional, Sequence, Tuple

#: Tells a process what it is to a session: a word, the number of the process that said it, how many filters were
#: around that one before nonet, the log, and the options that nonet was given, each on a line. The words: ``recorded``,
#: ``unrecorded`` by what became nonet to its command, the session itself; ``inside`` by that to all that it starts;
#: ``outside`` by the part that runs without nonet to its workers.
VARIABLE = "NONET_PYTEST"


_PRESETS = ("default", "strict", "unix", "loopback")


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

    def __init__(self, word: str = "", log: str = "", words: Tuple[str, ...] = (), filters: int = 0) -> None:
        self.word, self.log, self.words, self.filters = word, log, words, filters

    def holds(self, wishes: Wishes) -> bool:
        """Whether what is around this session gives what another one inside asks for."""
        # Without options no network is left, so others can only ask for less, but for a policy.
        return tuple(wishes.words) == self.words or not (self.words or wishes.policy)


def state() -> State:
    """What is said to this very process; what others were told, and what makes no sense, says nothing."""
    word, *lines = os.environ.get(VARIABLE, "").split("\n")
    try:
        pid, before, log, words = int(lines[0]), int(lines[1]), lines[2], tuple(lines[3:])
    except (ValueError, IndexError):
        return State()
    if word == "outside":
        is_worker = pid == os.getppid() and "PYTEST_XDIST_WORKER" in os.environ
        return State(word, log, words) if is_worker else State()
    if word not in ("recorded", "unrecorded", "inside"):
        return State()
    # nonet itself stays as the parent of its command where it supervises.
    if word != "inside" and pid in (os.getpid(), os.getppid()):
        if not _is_under_nonet(before, words):
            raise NonetError(f"{VARIABLE} is set, and no filter of nonet's is around this process; unset it")
        return State(word, log, words, before)
    # A filter stays around all that a process starts.
    is_inside = pid in ancestors() and _is_under_nonet(before, words)
    return State("inside", "", words, before) if is_inside else State()


def note(state: State) -> None:
    """Says it to what this process starts or becomes."""
    os.environ[VARIABLE] = "\n".join([state.word, str(os.getpid()), str(state.filters), state.log, *state.words])


def unnote() -> None:
    os.environ.pop(VARIABLE, None)


def forget(log: str) -> None:
    """Takes the log away."""
    try:
        os.unlink(log)
    except OSError:
        pass


def filters() -> Optional[int]:
    """How many seccomp filters are around this process (proc(5)); nothing before Linux 5.9, which does not tell."""
    count = _status("Seccomp_filters:")
    return None if count is None else int(count)


def _is_under_nonet(before: int, words: Tuple[str, ...]) -> bool:
    """Whether nonet's filter is around this process, and not only a container's: each check can be made without an
    attempt that would be counted."""
    count = filters()
    has_more = _status("Seccomp:") == "2" if count is None else count > before
    if not has_more or _status("NoNewPrivs:") != "1":
        return False
    # A policy of one's own may let this through, and so does a run that refuses nothing.
    if "--observe" in words or any(a == "--policy" and b not in _PRESETS for a, b in zip(words, words[1:])):
        return True
    import ctypes

    # io_uring_setup(2): nonet answers ENOSYS, a container EPERM or, for what is no pointer, the kernel EFAULT.
    library = ctypes.CDLL(None, use_errno=True)
    return library.syscall(425, 1, None) == -1 and ctypes.get_errno() == errno.ENOSYS


def _status(name: str) -> Optional[str]:
    with open("/proc/self/status") as file:
        return next((line.split()[1] for line in file if line.startswith(name)), None)


def ancestors() -> Iterator[int]:
    """The numbers of this process, its parent, and so on, as far as they can be seen."""
    pid = os.getpid()
    while pid > 0:
        yield pid
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                pid = int(file.read().rpartition(b")")[2].split()[1])
        except OSError:
            return


def command_line() -> List[str]:
    """How this interpreter was started."""
    with open("/proc/self/cmdline", "rb") as file:
        words = [os.fsdecode(word) for word in file.read().split(b"\0")[:-1]]
    return [sys.executable, *words[1:]]


def prepared(wishes: Wishes) -> Tuple[List[str], State]:
    """nonet and its options for a session, and what is to be said to that one."""
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
    words = [program(), "-q", *wishes.words]
    if not log:
        # Otherwise the audit hook of the Python wrapper might be all that is left.
        words += ["--backend", "seccomp"]
    else:
        words += ["--log", log]
        # A test can write into the log, but not change what nonet itself has counted.
        if wishes.strict:
            words.append("--fail-on-attempt=1")
    return [*words, "--"], State(word, log, tuple(wishes.words), filters() or 0)


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
    _start(wishes, command_line())


def start_directly(arguments: Sequence[str]) -> NoReturn:
    """`python -m nonet pytest ARGUMENTS`: the session starts under nonet, before pytest is there."""
    line = command_line()
    place = next(i for i in range(1, len(line)) if line[i : i + 2] == ["-m", "nonet"])
    _start(read(arguments), [*line[: place + 1], "pytest", *arguments])


def _start(wishes: Wishes, line: List[str]) -> NoReturn:
    words, said = prepared(wishes)
    note(said)
    try:
        become(words[0], words + line)
    finally:
        unnote()  # It did not.


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
