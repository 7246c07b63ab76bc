"""Code and settings of the project that would have the network: what runs before the session, and what asks for less."""

import os
import sys

import pytest

import nonet

MAJOR = int(pytest.__version__.partition(".")[0])
PASSES = "def test_a(): pass\n"
# A socket that is open before the session, and stays so in a process that goes on.
KEEPS = "import socket, sys\nkept = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nkept.connect(('127.0.0.1', 9))\nsys.kept = kept\n"


def plugged(folder, name, text):
    """A module that pytest imports before any plug-in can act, as an entry point in the folder."""
    path = folder / (name.replace(".", "/") + ".py")
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(text)
    info = folder / "early.egg-info"
    info.mkdir(exist_ok=True)
    (info / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: early\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[pytest11]\nearly = {name}\n")


@pytest.mark.parametrize("name, more", [("pydevd", ""), ("debugpy", ""), ("early", "sys.argv.append('x')\n"), ("__mp_main__", "")])
def test_no_module_of_the_project_keeps_a_socket(session, pytester, name, more):
    plugged(pytester.path, name, KEEPS + more)
    text = "def test_a():\n  import sys\n  sys.kept.send(b'')\n"
    assert session(text).returncode == 0  # The instrument.
    done = session(text, "--nonet")
    assert done.returncode == 4 and "passed" not in done.stdout, done.stdout
    assert f"before any plug-in can act: {name} (" in done.stdout, done.stdout


@pytest.mark.parametrize("way", ["linked", "warning", "warning in a package", "warning typed"])
def test_code_of_the_project_is_found_though_it_hides_a_little(session, pytester, way):
    ran = f"open({str(pytester.path / 'ran')!r}, 'w').close()\n"
    ini, options = "", ["--nonet"]
    if way == "linked":
        other = pytester.path.parent / "other"
        plugged(pytester.path, "pkg.early", ran)
        (pytester.path / "pkg").rename(other)
        (pytester.path / "pkg").symlink_to(other)
    else:
        if MAJOR < 9:
            pytest.skip("this pytest ends where a category cannot be imported")
        name = "early.more" if "package" in way else "early"
        (pytester.path / "early").mkdir()
        ((pytester.path / "early/more.py") if "package" in way else pytester.path / "early.py").write_text(ran + "raise ImportError\n")
        if way == "warning typed":
            options += ["-W", f"ignore::{name}.W"]
        else:
            ini = f"filterwarnings = ignore::{name}.W\n"
    done = session(PASSES, *options, ini=ini)
    assert (pytester.path / "ran").exists() and done.returncode == 4 and "before any plug-in can act: " in done.stdout, done.stdout


@pytest.mark.parametrize("ini, options", [("nonet_policy = nope\n", []), ("nonet_allow_connect = x\n", []), ("", ["--nonet-policy=defualt"])])
def test_a_wrong_option_is_no_reason_to_run_unconfined(session, ini, options):
    done = session("def test_a(): reach()\n", "--nonet", "--nonet-best-effort", *options, ini=ini)
    assert done.returncode == 125 and "the tests run with the network" not in done.stdout and "1 passed" not in done.stdout, done.stdout


def test_best_effort_does_without_the_log_where_another_sandbox_has_the_listener(session, pytester):
    (pytester.path / "weak.policy").write_text("default allow\nforeign compile\nunknown allow\nnetwork allowed\nlayers none\ndeny io_uring_setup with ENOSYS\n")
    program = [nonet.program(), "-q", "--policy", "./weak.policy", "--log", os.devnull, "--", "env", "-u", "NONET", sys.executable, "-m", "pytest"]
    assert session("def test_a(): reach()\n", program=program).returncode == 0  # The instrument.
    done = session("def test_a(): reach()\n", "--nonet", "--nonet-best-effort", program=program)
    assert done.returncode == 1 and "1 failed" in done.stdout and "attempts are not recorded here" in done.stdout, done.stdout


@pytest.mark.parametrize("ini, told", [
    ("nonet_warn = true\n", "'--nonet-warn'"), ("nonet_policy = ./weak.policy\n", "weak.policy'"), ("nonet_loopback = true\n", "'--nonet-loopback'"),
    ("nonet_marked = outside\n", "'--nonet-marked=outside'"), ("nonet_policy = strict\n", None),
])
def test_what_the_settings_take_away_is_told(session, pytester, ini, told):
    (pytester.path / "weak.policy").write_text("default allow\nforeign compile\nunknown allow\nnetwork allowed\nlayers none\n")
    done = session(PASSES, "--nonet", ini="addopts = -q --no-header\n" + ini)
    assert done.returncode == 0 and ("taken from pytest's settings: " in done.stdout) == bool(told), done.stdout
    assert not told or told in done.stdout, done.stdout
    if told and "weak" not in told:
        done = session(PASSES, "--nonet", "--nonet-" + ini.split()[0][6:] + ("=outside" if "marked" in ini else ""), ini=ini)
        assert done.returncode == 0 and "taken from" not in done.stdout, done.stdout


MARKED = "import pytest\n@pytest.mark.network\ndef test_out(): assert 0\ndef test_in(): pass\n"


def test_a_part_outside_is_not_left_out(session):
    program = [sys.executable, "-m", "nonet", "pytest"]
    done = session(MARKED, "--nonet-marked=outside", program=program)
    assert done.returncode == 125 and "start pytest --nonet" in done.stdout and "passed" not in done.stdout, done.stdout
    done = session(MARKED, program=program, ini="nonet_marked = outside\n")
    assert done.returncode == 4 and "start pytest --nonet" in done.stdout and "passed" not in done.stdout, done.stdout
    done = session(MARKED, "--help", program=program, ini="nonet_marked = outside\n")
    assert done.returncode == 0 and "--nonet-strict " in done.stdout, done.stdout


@pytest.mark.parametrize("start", ["{python} - --nonet < run.py", "{python} <(cat run.py) --nonet", "cat run.py | {python} - --nonet"])
def test_a_program_that_cannot_be_read_twice_goes_on(session, pytester, start):
    pytester.makepyfile(run="import sys, pytest\nsys.exit(pytest.main(sys.argv[1:]))\n")
    done = session("def test_a(): reach()\n", program=["bash", "-c", start.format(python=sys.executable)])
    assert done.returncode == 1 and "1 failed" in done.stdout and "in place" in done.stdout, done.stdout


def test_a_second_session_in_place(session, pytester):
    pytester.makepyfile(run="import pytest\nassert [int(pytest.main(['--nonet', one])) for one in ('test_it.py', 'test_it.py')] == [1, 1]\nassert pytest.main(['--nonet', '--nonet-policy=strict']) == 4\n")
    done = session("def test_a(): reach()\n", program=[sys.executable, "run.py"])
    assert done.returncode == 0 and done.stdout.count("1 failed") == 2, done.stdout


@pytest.mark.parametrize("words", ["-Im nonet", "-mnonet", "-W default -m nonet", "-Bmnonet"])
def test_every_way_to_say_it(session, words):
    done = session("def test_a(): reach()\n", program=[sys.executable, *words.split(), "pytest"])
    assert done.returncode == 1 and "1 failed" in done.stdout and "by 1 test" in done.network, done.stdout


def test_a_title_does_not_lose_the_words(session, pytester):
    if sys.version_info < (3, 10):
        pytest.skip("sys.orig_argv comes with Python 3.10")
    # As setproctitle does: the memory that /proc/self/cmdline shows.
    titled = "import ctypes\nwith open('/proc/self/stat') as f: start = int(f.read().split()[47])\nctypes.memset(start, 120, 20)\n"
    (pytester.path.parent / "titled").mkdir()
    (pytester.path.parent / "titled/titled.py").write_text(titled)
    program = ["env", f"PYTHONPATH={pytester.path.parent / 'titled'}:{os.environ.get('PYTHONPATH', '')}", sys.executable, "-m", "pytest", "-p", "titled"]
    done = session("def test_a(): reach()\n", "--nonet", program=program)
    assert done.returncode == 1 and "1 failed" in done.stdout, done.stdout


def test_nothing_stays_behind_and_nothing_else_is_taken_away(session, pytester, tmp_path, monkeypatch):
    folder = tmp_path / "notes\nx"
    folder.mkdir()
    (tmp_path / "notes").write_text("precious")
    text = "def test_a(): attempt()\n"
    program = ["env", f"TMPDIR={folder}", sys.executable, "-m", "pytest"]
    done = session(text, "--nonet", program=program)
    assert done.returncode == 0 and "by 1 test" in done.network and (tmp_path / "notes").read_text() == "precious", done.stdout
    # `session` looks whether the log is left.
    for options, more, status in [(["--nope"], "", 4), ([], "import os\nos._exit(7)\n", 7), ([], "import nothing_here\n", 4), ([], "import pytest\npytest.exit('x')\n", None)]:
        pytester.makeconftest(more)
        done = session(text, "--nonet", *options)
        assert done.returncode == status or status is None, done.stdout
    pytester.makeconftest("")
    done = session(text.replace("attempt", "reach"), "-p", "no:nonet", program=[sys.executable, "-m", "nonet", "pytest"])
    assert done.returncode == 1 and "1 failed" in done.stdout and not done.network, done.stdout
    pytester.makeconftest("import os\nos.makedirs('sub', exist_ok=True)\nos.chdir('sub')\n")
    done = session(text, "--nonet", program=["env", "TMPDIR=.", sys.executable, "-m", "pytest"])
    assert done.returncode == 0 and "by 1 test" in done.network, done.stdout
