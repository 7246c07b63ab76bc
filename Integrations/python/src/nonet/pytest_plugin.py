"""``pytest --nonet``: the whole session with no network, and which test tried to reach what.

The session is started again under nonet, so that child processes and C code are held as well. This file has
the options and the start; what a session inside records is in `_recorder`.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Iterator, List, Optional

import pytest

from . import _session
from ._errors import NonetError
from ._session import State, Wishes

# How many sessions run in this process: a test may have started one in its own.
_running = 0

MARKED = ("inside", "deselect", "outside")


def pytest_addoption(parser: Any) -> None:
    group = parser.getgroup("nonet", "tests without a network (nonet)")
    add, ini = group.addoption, parser.addini
    add("--nonet", action="store_true", help="run the whole session with no network, child processes too")
    add("--nonet-policy", metavar="NAME|FILE", help="a policy of nonet other than `default`")
    add("--nonet-loopback", action="store_true", help="127.0.0.1 and ::1 in a network of the session's own, and no other (what Debian Policy 4.9 allows)")
    add("--nonet-allow-connect", action="append", default=[], metavar="ADDR:PORT", help="let TCP reach this endpoint")
    add("--nonet-strict", action="store_true", help="a test that tried to reach anything fails")
    add("--nonet-warn", action="store_true", help="refuse nothing and only report: no protection")
    add("--nonet-best-effort", action="store_true", help="where nothing can confine, warn and run all the same")
    add("--nonet-marked", choices=MARKED, help="tests marked `network`: run inside like all, deselect, or run outside afterwards")
    add("--nonet-json", metavar="FILE", help="write what each test tried to FILE")
    ini("nonet", "run with no network, as --nonet", type="bool", default=False)
    ini("nonet_policy", "as --nonet-policy", default="")
    ini("nonet_loopback", "as --nonet-loopback", type="bool", default=False)
    ini("nonet_allow_connect", "as --nonet-allow-connect, one on a line", type="linelist", default=[])
    ini("nonet_strict", "as --nonet-strict", type="bool", default=False)
    ini("nonet_warn", "as --nonet-warn", type="bool", default=False)
    ini("nonet_marked", "as --nonet-marked", default="inside")


def _wishes(config: Any, given: Any) -> Wishes:
    wishes = Wishes(
        policy=given.nonet_policy or config.getini("nonet_policy") or None,
        loopback=given.nonet_loopback or config.getini("nonet_loopback"),
        allow_connect=tuple(given.nonet_allow_connect or config.getini("nonet_allow_connect")),
        strict=given.nonet_strict or config.getini("nonet_strict"),
        warn=given.nonet_warn or config.getini("nonet_warn"),
        best_effort=given.nonet_best_effort,
    )
    if wishes.strict and wishes.warn:
        raise pytest.UsageError("--nonet-strict and --nonet-warn exclude each other")
    return wishes


def _marked(config: Any, given: Any) -> str:
    marked: str = given.nonet_marked or config.getini("nonet_marked")
    if marked not in MARKED:
        raise pytest.UsageError(f"nonet_marked: expected {', '.join(MARKED)}, not '{marked}'")
    return marked


# In front of pytest's own wrapper, which puts files in the place of standard output.
@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: Any, parser: Any, args: List[str]) -> Iterator[None]:
    try:
        early_config.nonet = _begun(early_config)
    except (NonetError, ImportError, OSError) as error:
        raise pytest.UsageError(f"nonet: {error}") from None
    yield


class Session:
    """What this process has to do with nonet."""

    #: ``recorded``, ``unrecorded``: the session itself, under nonet. ``in place``: the same, in a process that was
    #: there before. ``outside``: the marked tests, without nonet. ``none``: nothing could confine. ``part``, ``part
    #: outside``: a worker of such a session. Empty: nonet was not asked for, or is around this session already.
    def __init__(self, word: str = "", wishes: Optional[Wishes] = None, log: str = "", marked: str = "inside", status: int = 0) -> None:
        self.word, self.wishes, self.log, self.marked, self.status = word, wishes or Wishes(), log, marked, status


def _begun(config: Any) -> Session:
    given = config.known_args_namespace
    state = _session.state()
    if state.word in ("recorded", "unrecorded"):
        # What this session starts is no session of its own.
        _session.note(State("inside", "", state.words, state.filters))
        wishes, marked = _wishes(config, given), _marked(config, given)
        if tuple(wishes.words) != state.words:
            _session.forget(state.log)
            raise NonetError(
                f"nonet was started with {' '.join(state.words) or 'no options'}, and pytest's settings ask for "
                f"{' '.join(wishes.words) or 'none'}; say them on the command line, or start pytest --nonet"
            )
        return Session(state.word, wishes, state.log, marked)
    if state.word == "outside":
        # It is said to this worker, and not to what its tests start.
        _session.unnote()
        return Session("part outside", _wishes(config, given), marked=_marked(config, given))
    is_asked = given.nonet or config.getini("nonet")
    if state.word == "inside":
        wishes = _wishes(config, given)
        if not is_asked or state.holds(wishes):
            is_worker = hasattr(config, "workerinput") or os.environ.get("PYTEST_XDIST_WORKER")
            return Session("part" if is_worker else "", wishes, marked=_marked(config, given))
    if not is_asked:
        needy = [name for name in ("policy", "loopback", "allow_connect", "strict", "warn", "json") if getattr(given, f"nonet_{name}")]
        if needy:
            raise pytest.UsageError(f"--nonet-{needy[0].replace('_', '-')} needs --nonet")
        return Session()
    return _start(config, given)


def _start(config: Any, given: Any) -> Session:
    from ._program import require_supported

    wishes, marked = _wishes(config, given), _marked(config, given)
    if _running:
        raise NonetError("a test called pytest.main() with --nonet; it would have to confine the session around it")
    try:
        require_supported()
        if wishes.best_effort and not _session.can_confine(wishes):
            raise NonetError("nothing here can confine; `nonet --check` says what is missing")
    except (ImportError, NonetError) as error:
        if not wishes.best_effort:
            raise
        print(f"nonet: warning: {error}; the tests run with the network", file=sys.stderr)
        return Session("none")
    if not _is_own(config) or "pydevd" in sys.modules or "debugpy" in sys.modules:
        return _in_place(config, given, wishes, marked)
    # These show something, and import every conftest.py first.
    if marked == "outside" and not (given.help or given.version):
        return _with_a_part_outside(config, wishes)
    if not wishes.warn:
        from ._imported import refuse_what_ran

        refuse_what_ran(config)
    _session.restart(wishes)


def _is_own(config: Any) -> bool:
    """Whether this process is pytest, and not a program that called it."""
    return tuple(map(str, config.invocation_params.args)) == tuple(sys.argv[1:])


def _in_place(config: Any, given: Any, wishes: Wishes, marked: str) -> Session:
    """A debugger or an editor's adapter has connected this very process, which therefore goes on."""
    for wanted, name in [(wishes.strict, "strict"), (wishes.warn, "warn"), (wishes.allow_connect, "allow-connect")]:
        if wanted:
            raise NonetError(
                f"--nonet-{name} needs a session that starts again, and a debugger or another program holds this "
                "one; start that program under nonet"
            )
    if getattr(given, "numprocesses", None) or marked == "outside":
        raise NonetError("a debugger or another program holds this session, so it can neither have workers nor run tests outside")
    from ._confine import confine
    from ._imported import refuse_what_ran

    # What that program imported itself is its own matter.
    refuse_what_ran(config, only_named=True)
    confine("loopback" if wishes.loopback else wishes.policy or "default", open_sockets=True, threads=True)
    return Session("in place", wishes, marked=marked)


def _with_a_part_outside(config: Any, wishes: Wishes) -> Session:
    """Runs all but the marked tests under nonet, and goes on with those."""
    import subprocess

    words, said = _session.prepared(wishes)
    # Said by the child itself, which becomes nonet, so that nothing is left here to be inherited.
    status = subprocess.call(words + _session.command_line(), preexec_fn=lambda: _session.note(said))
    if status == 125 or status < 0:
        sys.exit(status if status > 0 else 128 - status)
    return Session("outside", wishes, marked="outside", status=status)


def pytest_configure(config: Any) -> None:
    config.addinivalue_line("markers", "network: needs the network (nonet: --nonet-marked)")
    session: Session = getattr(config, "nonet", None) or Session()
    path: Optional[str] = getattr(config.option, "xmlpath", None)
    if session.word == "outside" and path and not hasattr(config, "workerinput"):
        stem, suffix = os.path.splitext(path)
        config.option.xmlpath = f"{stem}.outside{suffix}"
    worker = hasattr(config, "workerinput")
    # A pytest that a test starts records nothing of its own.
    if session.word == ("part" if worker else "recorded"):
        from ._recorder import Reporter, Worker

        try:
            config.pluginmanager.register(Worker(config, session) if worker else Reporter(config, session), "nonet-recorder")
        except NonetError as error:
            raise pytest.UsageError(f"nonet: {error}") from None


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: Any) -> None:
    global _running
    _running += 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: Any) -> None:
    session: Session = getattr(config, "nonet", None) or Session()
    if session.word == "outside":
        # The tests run in workers then, and not in this process, whose environment has it.
        _session.note(State("outside"))


def pytest_report_header(config: Any) -> Optional[str]:
    session: Session = getattr(config, "nonet", None) or Session()
    hint = os.environ.get("NONET", "")
    words = {
        "recorded": f"nonet: {hint}",
        "unrecorded": f"nonet: {hint}; attempts are not recorded here, since another nonet is around this one",
        "in place": f"nonet: {hint}; in place, for another program holds this session; attempts are not recorded",
        "outside": "nonet: the tests marked `network`, outside",
        "none": "nonet: nothing here can confine; the tests run with the network",
    }
    return words.get(session.word)


def pytest_collection_modifyitems(config: Any, items: List[Any]) -> None:
    session: Session = getattr(config, "nonet", None) or Session()
    if not session.word or session.marked == "inside":
        return
    outside = session.word in ("outside", "part outside")
    kept: List[Any] = []
    left: List[Any] = []
    for item in items:
        is_marked = item.get_closest_marker("network") is not None
        (kept if is_marked == outside else left).append(item)
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: Any) -> None:
    global _running
    _running -= 1
    mine: Session = getattr(session.config, "nonet", None) or Session()
    # Both parts have to do; 5 is a part without tests.
    if mine.word == "outside" and mine.status not in (0, 5) or (mine.word == "outside" and session.exitstatus == 5):
        session.exitstatus = mine.status
