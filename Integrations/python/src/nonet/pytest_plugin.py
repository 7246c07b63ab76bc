"""``pytest --nonet``: the whole session with no network, and which test tried to reach what.

The session is started again under nonet, so that child processes and C code are held as well. This file has
the options and the hooks; how a session starts is in `_begin`, what one inside records in `_recorder`.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Iterator, List, Optional

import pytest

from . import _begin
from ._begin import MARKED, Session, begun
from ._errors import NonetError

# Why there is no report.
UNRECORDED = {
    "unrecorded": "attempts are not recorded here, since another nonet, or another sandbox, is around this one",
    "in place": "attempts are not recorded here, since another program holds this session",
}


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


# In front of pytest's own wrapper, which puts files in the place of standard output.
@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: Any, parser: Any, args: List[str]) -> Iterator[None]:
    try:
        early_config.nonet = begun(early_config)
    except (NonetError, ImportError, OSError) as error:
        raise pytest.UsageError(f"nonet: {error}") from None
    if early_config.nonet.has_failed_part:
        from ._outside import keep

        keep(early_config.nonet.status)
    yield


def pytest_configure(config: Any) -> None:
    config.addinivalue_line("markers", "network: needs the network (nonet: --nonet-marked)")
    session: Session = getattr(config, "nonet", None) or Session()
    path: Optional[str] = getattr(config.option, "xmlpath", None)
    if session.word == "outside" and path and not hasattr(config, "workerinput"):
        stem, suffix = os.path.splitext(path)
        config.option.xmlpath = f"{stem}.outside{suffix}"
    if session.word == "outside":
        _tell_what_is_of_one_part(config)
    path = config.option.nonet_json
    if path and (os.path.isdir(path) or not os.path.isdir(os.path.dirname(os.path.abspath(path)))):
        raise pytest.UsageError(f"--nonet-json: no file can be made at {path}")
    worker = hasattr(config, "workerinput")
    # A pytest that a test starts records nothing of its own.
    if "nonet_log" in config.workerinput if worker and session.word == "part" else session.word == "recorded":
        if worker:
            from ._recorder import Worker as Recorder
        else:
            from ._report import Reporter as Recorder  # type: ignore[assignment]
        try:
            config.pluginmanager.register(Recorder(config, session), "nonet-recorder")
        except (NonetError, OSError) as error:
            raise pytest.UsageError(f"nonet: {error}") from None


def _tell_what_is_of_one_part(config: Any) -> None:
    options = {"cov_source": "--cov", "log_file": "--log-file", "htmlpath": "--html", "report_log": "--report-log"}
    given = [word for name, word in options.items() if getattr(config.option, name, None)]
    if "--log-file" not in given and config.getini("log_file"):
        given.append("log_file")
    if given:
        print(f"nonet: {', '.join(given)}: each part has its own, and the second one's takes the place of the first one's", file=sys.stderr)


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: Any) -> None:
    _begin.running += 1


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    session: Session = getattr(node.config, "nonet", None) or Session()
    node.workerinput["nonet_part"] = _begin.part_of(session)


def pytest_report_header(config: Any) -> Optional[str]:
    session: Session = getattr(config, "nonet", None) or Session()
    hint = os.environ.get("NONET", "")
    words = {
        "recorded": f"nonet: {hint}",
        "unrecorded": f"nonet: {hint}; {UNRECORDED['unrecorded']}",
        "in place": f"nonet: {hint}; in place; {UNRECORDED['in place']}",
        "outside": "nonet: the tests marked `network`, outside",
        "none": "nonet: nothing here can confine; the tests run with the network",
    }
    return words.get(session.word)


# The header, which says so too, is not there with -q.
def pytest_terminal_summary(terminalreporter: Any, config: Any) -> None:
    session: Session = getattr(config, "nonet", None) or Session()
    if session.word in UNRECORDED:
        terminalreporter.write_line(f"nonet: {UNRECORDED[session.word]}")


def pytest_collection_modifyitems(config: Any, items: List[Any]) -> None:
    session: Session = getattr(config, "nonet", None) or Session()
    if not session.word or session.wishes.marked == "inside":
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
    _begin.running -= 1
    mine: Session = getattr(session.config, "nonet", None) or Session()
    if mine.word == "unrecorded" and session.config.option.nonet_json and not hasattr(session.config, "workerinput"):
        from ._report import write

        write(session.config.option.nonet_json, {}, False, [])
    # Both parts have to do; 5 is a part without tests. `keep` holds a failure of the first one, and this tells it to
    # who called pytest.main().
    if mine.has_failed_part or (mine.word == "outside" and session.exitstatus == 5):
        session.exitstatus = mine.status
