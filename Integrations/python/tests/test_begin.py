"""What runs before the session is under nonet, and what is believed to be under it."""

import os
import sys

import pytest
from conftest import has

import nonet
from nonet import _developed, _session, _told
from nonet._command import Command
from nonet._session import Wishes

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
    assert "`python -m nonet pytest`, which confine first" in done.stdout
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
    site, project = tmp_path / "site", tmp_path / "project"
    info = site / "mine-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[pytest11]\nmine = mine.plugin\n[other]\nx = y\n")
    found = {"mine.plugin": str(project / "mine/plugin.py"), "mine": str(project / "mine/__init__.py"), "w": str(project / "w.py")}
    assert _developed.developed([str(site)], found) == {"mine.plugin": str(project / "mine")}
    (info / "direct_url.json").write_text('{"dir_info": {"editable": true}, "url": "file://%s"}' % project)
    assert _developed.developed([str(site)], found) == {"mine.plugin": str(project)}
    (info / "direct_url.json").write_text('{"dir_info": {"editable": true}, "url": "file://%s/other"}' % project)
    assert _developed.developed([str(site)], found) == {}
    # Where there is a copy, what comes from elsewhere is not what was installed.
    (info / "direct_url.json").unlink()
    (site / "mine").mkdir()
    for name in ("plugin.py", "plugin.so"):
        (site / "mine" / name).write_text("")
        assert _developed.developed([str(site)], found) == {}
        (site / "mine" / name).unlink()


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


LIES = ["", "0", "1", "3", "\n", "9" * 5000, "-1", "\u00b2", "inside\n%d\n0\n", "outside\n%d\n0\n.", "recorded\n%d\n-1\n"]


@pytest.mark.parametrize("lie", LIES, ids=range(len(LIES)))
def test_what_the_environment_says_is_not_believed(monkeypatch, lie):
    for pid in (os.getpid(), os.getppid()):
        monkeypatch.setenv("NONET_PYTEST", lie.replace("%d", str(pid)))
        assert _told.told().word == "" and "NONET_PYTEST" not in os.environ


def test_what_is_told_arrives_once(monkeypatch):
    state = _told.State("recorded", "/tmp/a\nb", ("--policy", "\udce9\n"), -1, True)
    number, environment = _told.tell(state)
    monkeypatch.setenv("NONET_PYTEST", environment["NONET_PYTEST"])
    monkeypatch.setattr(_told, "is_under_one_more", lambda before: before == -1)
    assert vars(_told.told()) == vars(state)
    monkeypatch.setenv("NONET_PYTEST", str(number))
    assert _told.told().word == ""
    # Whoever says so must have put a filter around it.
    monkeypatch.setenv("NONET_PYTEST", _told.tell(state)[1]["NONET_PYTEST"])
    monkeypatch.setattr(_told, "is_under_one_more", lambda before: False)
    with pytest.raises(nonet._errors.NonetError):
        _told.told()


# What a file of settings can put into the environment of a session, or an image.
FORGED = {
    "outside": ("export PYTEST_XDIST_WORKER=gw0; export NONET_PYTEST=\"$(printf 'outside\\n%d\\n0\\n.' $$)\"", []),
    "inside, in a container": ("export NONET_PYTEST=\"$(printf 'inside\\n%d\\n0\\n.' $$)\"", ["--policy", "./weak.policy"]),
    "recorded, and a file": ("export NONET_PYTEST=\"$(printf 'recorded\\n%d\\n-1\\n%s\\n' $$ $PWD/precious)\"", ["--policy", "./weak.policy"]),
}
WEAK = "default allow\nforeign compile\nunknown allow\nnetwork allowed\nlayers none\ndeny io_uring_setup with ENOSYS\n"


@pytest.mark.parametrize("way", FORGED)
def test_a_lie_in_the_environment(session, pytester, way):
    said, outer = FORGED[way]
    (pytester.path / "weak.policy").write_text(WEAK)
    (pytester.path / "precious").write_text("")
    words = " ".join([nonet.program(), "-q", *outer, "--"] if outer else [])
    text = "def test_a(): reach()\n"
    program = ["/bin/sh", "-c", f'{said}; {words} {sys.executable} -m pytest "$@"; exit $?', "sh"]
    done = session(text, program=program)
    assert done.returncode == 0, done.stdout  # The instrument: there the network is.
    done = session(text, "--nonet", program=program)
    assert done.returncode == 1 and "1 failed" in done.stdout and (pytester.path / "precious").exists(), done.stdout


def test_what_is_around_a_session_is_enough_or_not():
    assert Wishes().holds(Wishes()) and Wishes().holds(Wishes(loopback=True)) and Wishes(loopback=True).holds(Wishes(loopback=True))
    for words, wishes in [({}, Wishes(policy="strict")), ({}, Wishes(strict=True)), ({"warn": True}, Wishes()), ({"policy": "unix"}, Wishes()), ({"allow_connect": ("[::1]:9",)}, Wishes())]:
        assert not Wishes(**words).holds(wishes)


@pytest.mark.parametrize("line, kind, name, options, arguments", [
    ("-m pytest -q", "-m", "pytest", "", "-q"),
    ("-Im nonet pytest", "-m", "nonet", "-I", "pytest"),
    ("-mnonet pytest", "-m", "nonet", "", "pytest"),
    ("-W error -Xdev -X utf8 -Bm pytest", "-m", "pytest", "-W error -Xdev -X utf8 -B", ""),
    ("--check-hash-based-pycs always run.py -m x", "", "run.py", "--check-hash-based-pycs always", "-m x"),
    ("- -q", "", "-", "", "-q"),
    ("-c pass -q", "-c", "pass", "", "-q"),
    ("-u", "", "", "-u", ""),
])
def test_the_words_of_an_interpreter(line, kind, name, options, arguments):
    command = Command(["python", *line.split()])
    assert (command.kind, command.name, command.options, command.arguments) == (kind, name, options.split(), arguments.split())


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
    text = INNER + "def test_a():\n  assert '1 passed' in inner()\n  stricter = inner('--nonet-policy=strict')\n  assert 'strict:seccomp' in stricter and '1 failed' in stricter\n  assert inner('--nonet-strict') == ''\n"
    done = session(text, "--nonet")
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(_told.is_under_one_more(0), reason="a filter is around these tests")
def test_a_variable_alone_takes_no_report_away(session, pytester, monkeypatch):
    text = "def test_a(): attempt()\n"
    monkeypatch.setenv("NONET", "default:stale")
    done = session(text, "--nonet", "-q", "--junitxml=j.xml")
    assert "1 attempt refused, by 1 test" in done.network and "nonet_attempt" in (pytester.path / "j.xml").read_text(), done.stdout
    assert session(text, "--nonet", "--nonet-strict").returncode == 1


def test_that_nothing_is_recorded_is_said_in_the_summary(session):
    said = "nonet: attempts are not recorded here"
    text = "def test_a(): attempt()\n"
    assert said not in session(text, "--nonet", "-q").stdout  # The instrument.
    for options in (["-q"], ["-q", "--allow", "socket"]):
        done = session(text, "--nonet", "-q", program=[nonet.program(), *options, "--", sys.executable, "-m", "pytest"])
        assert done.returncode == 0 and said in done.stdout and "1 passed" in done.stdout, done.stdout
    done = session(text, "--nonet", "-q", program=[sys.executable, "-c", "import sys, pytest; sys.exit(pytest.main(sys.argv[1:] + ['-p', 'no:cacheprovider']))"])
    assert done.returncode == 0 and said in done.stdout, done.stdout
