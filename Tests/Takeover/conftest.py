"""The ground of this room: the black-box suite's own, and the programs that attack.

`NONET_TAKEOVER` chooses how much: nothing (in `make test`) is one supervised option and races of 3 s; `field`
(`make test-field`) adds --hint and `--allow-unix inside` and gives a race 10 s; `all` (`make takeover`) is
the product of options, users and ways to the end, with a minute for each race.
"""

import importlib.util
import os
import pathlib
import subprocess
import sys

import pytest

ROOM = pathlib.Path(__file__).parent
BLACKBOX = ROOM.parent / "BlackBox"
sys.path.insert(0, str(BLACKBOX))
_spec = importlib.util.spec_from_file_location("blackbox", BLACKBOX / "conftest.py")
blackbox = importlib.util.module_from_spec(_spec)
sys.modules["blackbox"] = blackbox
_spec.loader.exec_module(blackbox)

from blackbox import *  # noqa: E402, F401, F403
from blackbox import NOBODY, USERS, User, tool  # noqa: E402
from support.outside import Ears  # noqa: E402

LEVEL = os.environ.get("NONET_TAKEOVER", "")
assert LEVEL in ("", "field", "all"), f"NONET_TAKEOVER is 'field', 'all' or nothing, not {LEVEL!r}"
# How nonet is made to supervise; {home} is the user's folder.
SUPERVISED = {
    "log": ["--log", "{home}/log.{name}"],
    "hint": ["--hint"],
    # Where the kernel does not keep signals inside, the supervisor looks after itself.
    "signals": ["--hint", "--allow-signals"],
    "inside": ["--allow-unix", "inside"],
    "log-dir": ["--log-dir", "{home}/logs.{name}"],
    "report": ["--report", "{home}/report.{name}.html"],
    "log-strict": ["--policy", "strict", "--log", "{home}/log.{name}"],
    "log-unix": ["--policy", "unix", "--log", "{home}/log.{name}"],
    "log-loopback": ["--loopback", "--log", "{home}/log.{name}"],
}
CHOSEN = {"": ["log"], "field": ["log", "signals", "inside"], "all": list(SUPERVISED)}[LEVEL]
RACE = {"": 3, "field": 10, "all": 60}[LEVEL]


def pytest_report_header(config):
    return [*blackbox.pytest_report_header(config), f"takeover: options {' '.join(CHOSEN)}, races of {RACE} s"]


class People:
    """The users of a session, each with a folder that lasts as long."""

    def __init__(self, stage):
        self._known = {}
        for name in USERS:
            home = stage / f"home-{name}"
            home.mkdir()
            self._known[name] = User(name, NOBODY if name == "nobody" else -1, str(home))
            self._known[name].own(home, 0o755)

    def __getitem__(self, name):
        return self._known[name]


@pytest.fixture(scope="session")
def people(stage):
    return People(stage)


@pytest.fixture(scope="session")
def attacker(stage):
    """The path of a program of probes/, built when it is asked for."""
    built = {}

    def get(name):
        if name not in built:
            out = stage / name
            words = [tool("cc"), "-O1", "-Wall", "-Werror", "-static", "-no-pie", "-pthread", "-o", out, ROOM / f"probes/{name}.c"]
            subprocess.run(words, check=True, timeout=60)
            built[name] = str(out)
        return built[name]

    return get


@pytest.fixture(scope="session")
def supervised(nonet, people):
    """The words of a supervised run: `supervised(user, option, name)`."""

    def words(user, option, name, *more):
        chosen = [word.format(home=people[user].home, name=name) for word in SUPERVISED[option]]
        return [nonet, "-q", *chosen, *more, "--"]

    return words


@pytest.fixture(scope="session")
def ears():
    one = Ears()
    yield one
    one.close()
