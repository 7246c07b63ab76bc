"""What a process has to do with nonet, decided before pytest imports any `conftest.py`."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any, List, Optional

import pytest

from . import _session
from ._command import Command, is_second_start, own
from ._errors import NonetError
from ._session import Wishes
from ._told import VARIABLE, above_standard, is_under_one_more, tell, told

MARKED = ("inside", "deselect", "outside")

# What the first session of this process was: one that a test starts in the same process has the same around it.
_first: Optional[Session] = None
# How many sessions run in this process.
running = 0


class Session:
    """What this process has to do with nonet."""

    #: ``recorded``, ``unrecorded``: the session itself, under nonet. ``in place``: the same, in a process that was
    #: there before. ``outside``: the marked tests, without nonet. ``none``: nothing could confine. ``part``, ``part
    #: outside``: a worker of such a session. Empty: nonet was not asked for, or is around this session already.
    def __init__(self, word: str = "", wishes: Optional[Wishes] = None, log: str = "", status: int = 0) -> None:
        self.word, self.wishes, self.log, self.status = word, wishes or Wishes(), log, status

    @property
    def has_failed_part(self) -> bool:
        """Whether the part before this one failed; 5 is one without tests."""
        return self.word == "outside" and self.status not in (0, 5)


# Such as have nonet around them.
INSIDE = ("recorded", "unrecorded", "part", "in place")
# What a session's workers are told, over the channel of pytest-xdist and not by the environment.
PARTS = {"recorded": "part", "unrecorded": "part", "outside": "part outside", "none": "none"}


def part_of(session: Session) -> str:
    """What a session tells its workers; one that a test starts in this process has what is around that."""
    is_inside = _first is not None and _first.word in INSIDE
    return PARTS.get(session.word) or ("part" if is_inside else "")


def begun(config: Any) -> Session:
    """Starts this session again under nonet, or says what it is."""
    global _first
    session = _begun(config, config.known_args_namespace)
    if session.word:
        _first = _first or session
    return session


def _begun(config: Any, given: Any) -> Session:
    part = _part() if _first is None and "PYTEST_XDIST_WORKER" in os.environ else ""
    if part:
        if part == "part" and not is_under_one_more(0):
            raise NonetError("this worker runs where the session's filter is not")
        _take_the_time()
        return Session(part, wishes_of(config, given))
    state = told()
    if state.log:
        state.log = _opened(state.log)
    if getattr(given, "looponfail", False) and (state.word or given.nonet or config.getini("nonet")):
        raise NonetError("-f of pytest-xdist starts sessions of its own, which nonet cannot start again; start `nonet -- pytest -f`")
    if state.word:
        if state.has_outside:
            from ._outside import end_with

            end_with(os.getppid())
        _take_the_time()
        wishes = wishes_of(config, given)
        if tuple(wishes.words) != state.words:
            raise NonetError(
                f"nonet was started with {' '.join(state.words) or 'no options'}, and pytest's settings ask for "
                f"{' '.join(wishes.words) or 'none'}; say them on the command line, or start pytest --nonet"
            )
        if wishes.marked == "outside" and not state.has_outside and not _only_shows(given):
            raise NonetError("nonet_marked = outside has a part without nonet; start pytest --nonet")
        return Session(state.word, wishes, state.log)
    if _first is None and is_second_start():
        raise NonetError(
            "this session was started again already, and what it was told then is lost: something that Python runs at its "
            f"start (sitecustomize, a .pth file) closes descriptors or takes {VARIABLE} out of the environment"
        )
    if not (given.nonet or config.getini("nonet")):
        needy = [name for name in ("policy", "loopback", "allow_connect", "strict", "warn", "json") if getattr(given, f"nonet_{name}")]
        if needy and not _first:
            raise pytest.UsageError(f"--nonet-{needy[0].replace('_', '-')} needs --nonet")
        return Session()
    return _start(config, given)


def _part() -> str:
    """What a worker was told; pytest gets to know of it later, so it is looked for where the channel's words are."""
    frame: Any = sys._getframe()
    while frame:
        # So execnet names what it runs for another process.
        if frame.f_globals.get("__name__") == "__channelexec__":
            said = frame.f_globals.get("workerinput")
            return str(said.get("nonet_part", "")) if isinstance(said, dict) else ""
        frame = frame.f_back
    return ""


def _take_the_time() -> None:
    """While no `conftest.py` has moved it."""
    from . import _asked  # noqa: F401


def _opened(log: str) -> str:
    """Opens the log and takes its name away: nothing stays behind, and no test can put another one there."""
    file = os.open(log, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    file = above_standard(file)
    os.unlink(log)
    return f"/proc/{os.getpid()}/fd/{file}"


def _only_shows(given: Any) -> bool:
    """Whether it only shows something, and imports every conftest.py first."""
    return bool(given.help or given.version)


def wishes_of(config: Any, given: Any) -> Wishes:
    wishes = Wishes(
        policy=given.nonet_policy or config.getini("nonet_policy") or None,
        loopback=given.nonet_loopback or config.getini("nonet_loopback"),
        allow_connect=tuple(given.nonet_allow_connect or config.getini("nonet_allow_connect")),
        strict=given.nonet_strict or config.getini("nonet_strict"),
        warn=given.nonet_warn or config.getini("nonet_warn"),
        best_effort=given.nonet_best_effort,
        marked=given.nonet_marked or config.getini("nonet_marked"),
    )
    if wishes.marked not in MARKED:
        raise pytest.UsageError(f"nonet_marked: expected {', '.join(MARKED)}, not '{wishes.marked}'")
    if wishes.strict and wishes.warn:
        raise pytest.UsageError("--nonet-strict and --nonet-warn exclude each other")
    return wishes


def _start(config: Any, given: Any) -> Session:
    from ._program import require_supported

    wishes = wishes_of(config, given)
    if running or (_first and _first.word != "in place"):
        # The same process, so nothing that was said to it could be untrue.
        if _first and _first.word in INSIDE and _first.wishes.holds(wishes):
            return Session()
        raise NonetError("a test called pytest.main() with --nonet; it would have to confine the session around it")
    word = ""
    if wishes.best_effort:
        try:
            require_supported()
            word = _session.possible()
            if not word:
                raise NonetError("nothing here can confine; `nonet --check` says what is missing")
        except (ImportError, NonetError) as error:
            print(f"nonet: warning: {error}; the tests run with the network", file=sys.stderr)
            return Session("none", wishes)
    require_supported()
    weaker = wishes.weaker(_session.read(config.invocation_params.args))
    if weaker:
        print(f"nonet: not typed, and taken from pytest's settings: {' '.join(map(repr, weaker))}", file=sys.stderr)
    if not _can_start_again(config):
        return _in_place(config, given, wishes)
    if wishes.marked == "outside" and not _only_shows(given):
        return _with_a_part_outside(wishes, word)
    if not wishes.warn:
        from ._imported import refuse_what_ran

        refuse_what_ran(config)
    _session.restart(wishes, word)


def _can_start_again(config: Any) -> bool:
    """Whether this process is pytest, or a program that only hands its arguments on, and no debugger is in it."""
    command = own()
    if not command.can_start_again or threading.current_thread() is not threading.main_thread():
        return False
    hands_on = tuple(map(str, config.invocation_params.args)) == tuple(sys.argv[1:])
    if not command.is_pytest and not (hands_on and _is_found_again(command)):
        return False
    debuggers = [name for name in ("pydevd", "debugpy") if name in sys.modules]
    if debuggers:
        from ._imported import of_the_project

        # A module of that name in the project is none.
        return bool(of_the_project(config, debuggers))
    return True


def _is_found_again(command: Command) -> bool:
    """Whether the words that started this program would start it again: it may have changed its folder since."""
    if command.kind == "-m":
        # The folder where Python was started is looked at first, but with -I and -P.
        return os.getcwd() in sys.path[:2] or any(set(word) & set("IP") for word in command.options if not word.startswith("--"))
    if command.kind or os.path.isabs(command.name):
        return True
    # Before Python 3.9 the file may be named as it was given, and the folder of the program says more.
    own_file, folder = getattr(sys.modules["__main__"], "__file__", None) or "", (sys.path or [""])[0]
    named = [own_file, os.path.dirname(own_file), folder, os.path.join(folder, os.path.basename(command.name))]
    places = [place for place in named if os.path.isabs(place) and os.path.exists(place)]
    return any(os.path.samefile(command.name, place) for place in places)


def _in_place(config: Any, given: Any, wishes: Wishes) -> Session:
    """A debugger or an editor's adapter has connected this very process, which therefore goes on."""
    for wanted, name in [(wishes.strict, "strict"), (wishes.warn, "warn"), (wishes.allow_connect, "allow-connect"), (given.nonet_json, "json")]:
        if wanted:
            raise NonetError(
                f"--nonet-{name} needs a session that starts again, and a debugger or another program holds this "
                "one; start that program under nonet"
            )
    if getattr(given, "numprocesses", None) or getattr(given, "tx", None) or wishes.marked == "outside":
        raise NonetError("a debugger or another program holds this session, so it can neither have workers nor run tests outside")
    from ._confine import confine
    from ._imported import refuse_what_ran

    # What a program that calls pytest imported itself is its own matter.
    refuse_what_ran(config, in_place=True)
    if not _first:
        confine("loopback" if wishes.loopback else wishes.policy, open_sockets=True, threads=True)
    elif not _first.wishes.holds(wishes):
        raise NonetError("an earlier session has confined this process, otherwise than this one asks for")
    return Session("in place", wishes)


def _with_a_part_outside(wishes: Wishes, word: str) -> Session:
    """Runs all but the marked tests under nonet, and goes on with those."""
    from ._outside import run_first_part

    words, state = _session.prepared(wishes, word, has_outside=True)
    number, environment = tell(state)
    try:
        status = run_first_part(words + own().line, number, environment)
    finally:
        os.close(number)
    if status == 125 or status < 0:
        sys.exit(status if status > 0 else 128 - status)
    return Session("outside", wishes, status=status)
