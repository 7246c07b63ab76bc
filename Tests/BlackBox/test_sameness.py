"""A run is a run: what a command finds is what it would find without nonet, but for what a table says.

`probes/enter.c` brings itself into a strange state and becomes nonet, or the command at once; `probes/show.c` is the
command, and prints some 200 lines of all that exec hands on. Every line that differs must stand in the table
of Documentation/supervisor.md, under "What a supervised run changes", and every row of it must be seen.
"""

import fnmatch
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest
from conftest import HERE, USERS

from support.run import NOBODY, Launcher, User, tool

MODES = {
    "default": ["--"], "strict": ["--policy", "strict", "--"], "unix": ["--policy", "unix", "--"], "loopback": ["--loopback", "--"],
    "log": ["--log", "{home}/log", "--"], "hint": ["--hint", "--"], "inside": ["--allow-unix", "inside", "--"]}
SUPERVISED = {"log", "hint", "inside", "loopback"}
with open(HERE / "probes/enter.c") as source:
    STATES = re.findall(r'\{"([a-z-]+)", [a-z_]+\}', source.read())
MANY = 190  # lines, at least: fewer would be a probe that broke off


def applies(where, mode, who):
    """Whether a row's second column covers a mode and a user."""
    is_meant = {"every run": True, "supervised": mode in SUPERVISED, "`--loopback`": mode == "loopback",
                "`--policy strict`": mode == "strict"}
    base, _, user = where.partition(", as ")
    assert base in is_meant and user in ("", "root", "a user"), f"the table says '{where}', which the test does not know"
    return is_meant[base] and (not user or (user == "root") == (who == "root"))


def table():
    """The rows: the patterns of the names, where, and what."""
    text = (HERE.parent.parent / "Documentation/supervisor.md").read_text()
    section = text.split("## What a supervised run changes\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \| (.*?) \| (.*?) \|$", section, re.M)
    return [(re.findall(r"`([^`]+)`", names), where, what) for names, where, what in rows]


@pytest.fixture(scope="module")
def programs(stage):
    for name in ("enter", "show"):
        build = [tool("cc"), "-O1", "-Wall", "-Werror", "-static", "-o", stage / name, HERE / f"probes/{name}.c"]
        subprocess.run(build, check=True, timeout=60)
    return str(stage / "enter"), str(stage / "show")


class Runs:
    """What the command finds in a state, bare and behind nonet."""

    def __init__(self, who, nonet, programs):
        self.user = User(who, NOBODY if who == "nobody" else -1, tempfile.mkdtemp(prefix="nonet-same."))
        self.user.own(self.user.home, 0o755)
        self.nonet, (self.enter, self.show) = nonet, programs
        self._known = {}

    def lines(self, state, mode=None):
        key = (state, mode)
        if key not in self._known:
            self._known[key] = self._run(state, [self.nonet, "-q", *(word.format(home=self.user.home) for word in MODES[mode])] if mode else [])
        return self._known[key]

    def _run(self, state, words):
        for name in ("kept", "locked"):
            pathlib.Path(self.user.home, name).unlink(missing_ok=True)
        done = Launcher(self.user)(self.enter, state, *words, self.show, "an", "argument with spaces", "")
        if done.returncode == 77 and self.user.name != "root":
            pytest.skip(f"{state} is not for {self.user.name}: {done.stderr.decode().strip()}")
        text = done.stdout.decode(errors="surrogateescape")
        assert done.returncode == 0, f"status {done.returncode}: {done.stderr.decode()} {text[-200:]}"
        found = dict(line.partition(" ")[::2] for line in text.splitlines() if not re.search(r" START_P?PID=", line))
        assert len(found) > MANY, f"the probe printed {len(found)} lines"
        return found

    def close(self):
        shutil.rmtree(self.user.home, ignore_errors=True)


@pytest.fixture(scope="module")
def runs(nonet, programs):
    made = {}

    def get(who):
        if who not in made:
            made[who] = Runs(who, nonet, programs)
        return made[who]

    yield get
    for one in made.values():
        one.close()


SEEN = set()


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("who", USERS)
def test_the_instrument_is_steady(runs, who, state):
    """Two bare runs are the same in every line, and a state is seen as other than the plain one."""
    first, one = runs(who).lines(state), runs(who)._run(state, [])
    assert first == one, {name: (first.get(name), one.get(name)) for name in {*first, *one} if first.get(name) != one.get(name)}
    if state not in ("plain",):
        assert first != runs(who).lines("plain"), f"the probe does not see '{state}'"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("who", USERS)
def test_the_same(runs, who, state, mode):
    if state == "removed-folder" and who == "root" and mode in ("strict", "loopback"):
        pytest.skip("without a name no command runs there: test_root")
    bare, got = runs(who).lines(state), runs(who).lines(state, mode)
    rows = table()
    unsaid = {}
    for name in sorted({*bare, *got}):
        if bare.get(name) == got.get(name):
            continue
        said = [i for i, (patterns, where, _) in enumerate(rows)
                if applies(where, mode, who) and any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)]
        SEEN.update(said)
        if not said:
            unsaid[name] = (bare.get(name, "(no such line)"), got.get(name, "(no such line)"))
    assert not unsaid, "differs (bare, behind nonet) and is not in the table of Documentation/supervisor.md: " + "; ".join(
        f"{name}: {one} -> {other}" for name, (one, other) in unsaid.items())


def test_no_row_is_idle():
    """A difference that is gone leaves the table too."""
    rows = table()
    assert rows, "supervisor.md has no table of differences"
    if len(USERS) < 2:
        pytest.skip("not every row can be seen by one user")
    if not SEEN:
        pytest.skip("the comparison did not run")
    idle = [" ".join(patterns) for i, (patterns, _, _) in enumerate(rows) if i not in SEEN]
    assert not idle, f"rows that no run showed: {idle}"
