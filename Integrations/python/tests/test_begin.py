"""What runs before the session is under nonet, and what is believed to be under it."""

import os
import sys

import pytest
from conftest import has

import nonet
from nonet import _imported, _session
from nonet._session import State, Wishes

# Says whether it has the network.
EARLY = """
import socket
try: socket.socket().close()
except OSError: said = "refused"
else: said = "network"
with open("said", "a") as file: file.write(said + "\\n")
"""
PASSES = "def test_a(): pass\n"


@pytest.fixture
def said(pytester):
    """What `EARLY` has said since the last time."""

    def read():
        path = pytester.path / "said"
        lines = path.read_text().split() if path.exists() else []
        if lines:
            path.unlink()
        return lines

    return read


WAYS = {
    "addopts": ("addopts = -p early\n", ["--nonet"]),
    "all in the file": ("nonet = true\naddopts = -pearly\n", []),
    "typed": ("", ["--nonet", "-p", "early"]),
    "PYTEST_PLUGINS": ("", ["--nonet"]),
    "skipped": ("addopts = -p early\n", ["--nonet"]),
    "taken back": ("addopts = -p early -p no:early\n", ["--nonet"]),
    "entry point in the folder": ("", ["--nonet"]),
    "elsewhere": ("addopts = -p early\n", ["--nonet"]),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_the_project_has_run_before_is_told(session, pytester, monkeypatch, tmp_path, said, way):
    ini, options = WAYS[way]
    folder = tmp_path / "elsewhere" if way == "elsewhere" else pytester.path
    folder.mkdir(exist_ok=True)
    (folder / "early.py").write_text(EARLY + ("import pytest\npytest.skip('early', allow_module_level=True)\n" if way == "skipped" else ""))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep))
    if way == "PYTEST_PLUGINS":
        monkeypatch.setenv("PYTEST_PLUGINS", "early")
    if way == "entry point in the folder":
        info = pytester.path / "early.egg-info"
        info.mkdir()
        (info / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: early\nVersion: 1\n")
        (info / "entry_points.txt").write_text("[pytest11]\nearly = early\n")
    done = session(PASSES, *options, ini=ini)
    # No plug-in could have come first, and no test runs after it.
    assert said() == ["network"] and done.returncode == 4 and "passed" not in done.stdout, done.stdout
    assert f"imported with the network, before any plug-in can act: early ({folder / 'early.py'});" in done.stdout and "Traceback" not in done.stdout, done.stdout
    assert "start `python -m nonet pytest`" in done.stdout
    if way == "all in the file":
        done = session(PASSES, *options, ini=ini, program=[sys.executable, "-m", "nonet", "pytest"])
        assert said() == ["refused"] and done.returncode == 0 and "1 passed" in done.stdout, done.stdout


def test_usual_plug_ins_go_on(session, pytester, monkeypatch, tmp_path, said):
    pytester.makepyfile(early=EARLY)
    pytester.makeconftest("pytest_plugins = ['early']\n")
    # An editor's, which is named on the command line and lies outside of the project.
    (tmp_path / "editor").mkdir()
    (tmp_path / "editor/editor.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "editor"), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep))
    ini = "addopts = -p no:cacheprovider -p pytester -p unittest" + (" -p xdist -p xdist.looponfail" if has("xdist") else "") + "\n"
    done = session(PASSES, "--nonet", "-p", "editor", ini=ini)
    assert done.returncode == 0 and "1 passed" in done.stdout and said() == ["refused"], done.stdout


def test_a_plug_in_that_is_developed_is_installed(tmp_path):
    info = tmp_path / "mine-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[pytest11]\nmine = mine.plugin\n[other]\nx = y\n")
    assert _imported._developed([str(tmp_path)]) == {"mine.plugin"}
    # Where there is a copy, what comes from elsewhere is not what was installed.
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/plugin.py").write_text("")
    assert _imported._developed([str(tmp_path)]) == set()


def test_help_imports_nothing_with_the_network(session, pytester, said):
    pytester.makeconftest(EARLY)
    done = session(PASSES, "--nonet", "--help", "--nonet-marked=outside")
    assert done.returncode == 0 and done.stdout.count("--nonet-strict ") == 1 and said() == ["refused"], done.stdout


def test_in_place_nothing_of_the_project_has_the_network(session, pytester, said):
    pytester.makepyfile(early=EARLY, runner="import sys, pytest\nsys.exit(pytest.main(['--nonet', *sys.argv[1:]]))\n")
    pytester.makeconftest(EARLY)
    program = [sys.executable, "runner.py"]
    done = session(PASSES, program=program)
    assert done.returncode == 0 and said() == ["refused"] and "in place" in done.stdout, done.stdout
    done = session(PASSES, program=program, ini="addopts = -p early\n")
    assert done.returncode == 4 and said() == ["network"] and "before any plug-in can act: early (" in done.stdout, done.stdout


LIES = ["\n\n\n", "inside", "inside\n", "outside\n", "inside\n\n\n\n", "recorded\nx\n0\n", "recorded\n1\n", "outside\n%d\n0\n", "nonsense\n%d\n0\n", "inside\n%d\n99999\n", "recorded\n" + "9" * 5000 + "\n0\n", "inside\n-1\n0\n", "unrecorded\n0\n0\n"]


@pytest.mark.parametrize("lie", LIES, ids=range(len(LIES)))
def test_what_others_were_told_is_not_believed(monkeypatch, lie):
    monkeypatch.setenv("NONET_PYTEST", lie.replace("%d", str(os.getpid())))
    assert _session.state().word == ""
    monkeypatch.setenv("NONET_PYTEST", lie.replace("%d", str(os.getppid())))
    assert _session.state().word == ""


def test_a_lie_in_the_environment(session, monkeypatch):
    text = "def test_a(): reach()\n"
    monkeypatch.setenv("NONET_PYTEST", "outside\n")
    done = session(text, "--nonet")
    assert done.returncode == 1 and "1 failed" in done.stdout and "by 1 test" in done.network, done.stdout
    # A filter and a forged word, as in a container: the same, and whatever else is there.
    container = [nonet.program(), "-q", "--deny", "ptrace", "--allow", "socket,io_uring_setup", "--backend", "seccomp", "--", sys.executable, "-m", "pytest"]
    monkeypatch.setenv("NONET_PYTEST", "inside\n1\n0\n")
    done = session(text, "--nonet", program=container)
    assert done.returncode == 1 and "1 failed" in done.stdout, done.stdout
    monkeypatch.setenv("NONET_PYTEST", f"recorded\n{os.getpid()}\n{_session.filters() or 0}\n\n")
    done = session(text, "--nonet")
    assert done.returncode == 4 and "no filter of nonet's is around this process; unset it" in done.stdout, done.stdout


def test_what_is_around_a_session_is_enough_or_not():
    assert State("inside").holds(Wishes()) and State("inside").holds(Wishes(loopback=True))
    assert State("inside", words=("--loopback",)).holds(Wishes(loopback=True))
    for words, wishes in [((), Wishes(policy="strict")), (("--observe",), Wishes()), (("--policy", "unix"), Wishes()), (("--allow-connect", "[::1]:9"), Wishes())]:
        assert not State("inside", words=words).holds(wishes)


INNER = """
import os, pytest, subprocess, sys
def inner(*options):
    done = subprocess.run([sys.executable, "-m", "pytest", "--nonet", "-p", "no:cacheprovider", "inner.py", *options], stdout=subprocess.PIPE, universal_newlines=True)
    print(done.stdout)
    return done.stdout
"""
OUTSIDE = INNER + """
@pytest.mark.network
def test_outside():
    reach()
    assert "NONET_PYTEST" not in os.environ and pytest.main(["--nonet", "inner.py"]) == 4
def test_inside(): attempt()
"""


def test_a_session_that_a_test_outside_starts_is_confined(session, pytester):
    pytester.makepyfile(inner="import socket\ndef test_a(): socket.socket().close()\n")
    text = OUTSIDE.replace("reach()\n", "reach()\n    assert '1 failed' in inner()\n")
    done = session(text, "--nonet", "--nonet-marked=outside")
    assert done.returncode == 0 and done.stdout.count("1 passed, 1 deselected") == 2, done.stdout


@pytest.mark.skipif(not has("xdist"), reason="pytest-xdist is not installed")
def test_workers_outside_are_told_so_and_what_they_start_is_not(session):
    done = session(OUTSIDE, "--nonet", "--nonet-marked=outside", "-n1")
    assert done.returncode == 0 and done.stdout.count(" 1 passed") == 2, done.stdout


def test_a_session_that_a_test_inside_starts_has_what_it_asks_for(session, pytester):
    pytester.makepyfile(inner="import socket\ndef test_a(): socket.socketpair(socket.AF_UNIX)\n")
    text = INNER + "def test_a():\n  stricter = inner('--nonet-policy=strict')\n  assert 'strict:seccomp' in stricter and '1 failed' in stricter\n"
    done = session(text, "--nonet")
    assert done.returncode == 0, done.stdout
