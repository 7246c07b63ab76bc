"""The plug-in, in sessions of its own: each starts as a user would start it."""

import json
import os
import re
import socket
import subprocess
import sys
import threading

import pytest
from conftest import TRIED, has

import nonet

REACH = """
import ctypes, subprocess, sys
def test_python(): reach()
def test_c():
    c, there = ctypes.CDLL(None), bytes([2, 0, 0, 9, 127, 0, 0, 1]) + bytes(8)
    one = c.socket(2, 2, 0)
    assert one >= 0 and c.connect(one, there, len(there)) == 0
def test_child(): subprocess.run([sys.executable, "test_it.py"], check=True)
if __name__ == "__main__": reach()
"""


def test_children_and_c_are_held(session):
    assert session(REACH).returncode == 0  # The instrument.
    done = session(REACH, "--nonet")
    assert "3 failed" in done.stdout, done.stdout
    assert "network: 3 attempts refused, by 3 tests" in done.network
    for name in ("python", "c", "child"):
        assert re.search(f"test_it.py::test_{name}\n    {TRIED}", done.network), done.stdout
    assert f"(started: {sys.executable} test_it.py)" in done.network


def test_tests_that_swallow_are_named_with_counts(session):
    done = session("def test_a(): attempt(3)\ndef test_b(): pass\ndef test_c(): attempt()\n", "--nonet")
    assert done.returncode == 0
    assert re.search(r"test_it.py::test_a\n.*\(3 times\)\ntest_it.py::test_c\n", done.network), done.stdout
    assert "test_b" not in done.network


def test_every_one_of_many_quick_tests_is_named(session):
    done = session("import pytest\n@pytest.mark.parametrize('n', range(200))\ndef test_it(n):\n  if n % 2: attempt()\n", "--nonet")
    named = [int(n) for n in re.findall(r"^test_it.py::test_it\[(\d+)\]$", done.network, re.M)]
    assert named == list(range(1, 200, 2)), done.stdout


def test_strict_fails_the_test_and_junit_and_json_tell(session, pytester):
    text = "import pytest\ndef test_a(): attempt(2)\ndef test_b(): pass\n@pytest.fixture\ndef late():\n  yield\n  attempt()\ndef test_c(late): pass\n"
    done = session(text, "--nonet", "--nonet-strict", "--junitxml=j.xml", "--nonet-json=j.json")
    assert done.returncode == 1 and "1 failed, 2 passed, 1 error" in done.stdout, done.stdout
    assert "the test tried to reach the network (--nonet-strict)" in done.stdout
    xml = (pytester.path / "j.xml").read_text()
    assert xml.count('<property name="nonet_attempt"') >= 2 and re.search(TRIED, xml)
    document = json.loads((pytester.path / "j.json").read_text())
    assert document["policy"] == "default" and document["recorded"] is True
    counts = {}
    for one in document["attempts"]:
        assert one["certain"] and re.fullmatch(TRIED, f"{one['call']} {one['target']}")
        counts[one["tests"][0]] = counts.get(one["tests"][0], 0) + one["count"]
    assert counts == {"test_it.py::test_a": 2, "test_it.py::test_c": 1}


# Tries something, and empties the session's log, which has no name any more.
EMPTYING = """
import os, sys
def test_a():
    attempt()
    logs = [one for one in os.listdir("/proc/self/fd") if "/nonet-pytest-" in os.readlink("/proc/self/fd/" + one)]
    assert len(logs) == 1 and not [one for one in os.listdir(os.environ["TMPDIR"]) if one.startswith("nonet-pytest-")]
    head = open("/proc/self/fd/" + logs[0]).readline()
    open("/proc/self/fd/" + logs[0], "w").write(head)
"""


def test_strict_does_not_believe_a_log_that_was_emptied(session):
    done = session(EMPTYING.replace('os.readlink("/proc/self/fd/" + one)', 'os.path.realpath("/proc/self/fd/" + one)'), "--nonet", "--nonet-strict", timeout=30)
    assert done.returncode == 1, done.stdout


def test_strict_holds_for_expected_failures_and_at_import(session):
    done = session("import pytest\n@pytest.mark.xfail\ndef test_a():\n  attempt()\n  assert 0\n", "--nonet", "--nonet-strict")
    assert done.returncode == 1 and "1 failed" in done.stdout, done.stdout
    done = session("attempt()\ndef test_a(): pass\n", "--nonet", "--nonet-strict")
    assert done.returncode == 1 and re.search("collecting test_it.py\n    " + TRIED, done.network), done.stdout


def test_names_are_told(session):
    done = session("def test_a():\n  try: socket.create_connection(('offline.invalid', 443))\n  except OSError: pass\n", "--nonet")
    assert re.search(r"test_it.py::test_a\n.*, for offline.invalid:443, by python", done.network), done.stdout


def test_settings(session):
    done = session("def test_a(): attempt()", ini="nonet = true\nnonet_strict = true\n")
    assert done.returncode == 1 and "--nonet-strict" in done.stdout
    done = session("def test_a(): reach()", "-p", "no:nonet", ini="nonet = true\n")
    assert done.returncode == 0, done.stdout
    done = session("def test_a(): socket.socketpair(socket.AF_UNIX)", ini="nonet = true\nnonet_policy = strict\n")
    assert done.returncode == 1 and "strict:seccomp" in done.stdout
    done = session("def test_a(): pass", "--nonet-strict")
    assert done.returncode == 4 and "--nonet-strict needs --nonet" in done.stdout
    done = session("def test_a(): pass", "--nonet", "--nonet-strict", "--nonet-warn")
    assert done.returncode == 4 and "exclude each other" in done.stdout
    done = session("def test_a(): pass", "--nonet", "--nonet-policy=nope")
    assert done.returncode == 125 and "no preset is called 'nope'" in done.stdout


SERVER = """
import threading
def test_local():
    server = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(server.getsockname())
    client.sendall(b"x")
    assert server.accept()[0].recv(1) == b"x"
def test_name(): socket.getaddrinfo("localhost", 80)
def test_outside():
    try: socket.create_connection(("192.0.2.1", 9), timeout=5)
    except OSError: pass
"""


def test_loopback(session):
    done = session(SERVER, "--nonet", "--nonet-loopback")
    assert "3 passed" in done.stdout, done.stdout
    # Python tells of it, and so does nonet where it supervises what is connected: once all the same.
    assert "network: 1 attempt refused, by 1 test" in done.network and "connect 192.0.2.1:9" in done.network, done.stdout
    done = session(SERVER, "--nonet", "--nonet-loopback", "--nonet-strict")
    assert "1 failed, 2 passed" in done.stdout, done.stdout


def test_warn_refuses_nothing(session):
    done = session(SERVER.partition("def test_name")[0], "--nonet", "--nonet-warn")
    assert done.returncode == 0 and re.search(r"connect 127.0.0.1:\d+", done.network), done.stdout


MARKED = "import pytest\n@pytest.mark.network\ndef test_out(): reach()\ndef test_in(): attempt()\n"


def test_marked_tests(session, pytester):
    done = session(MARKED, "--nonet")
    assert "1 failed, 1 passed" in done.stdout
    done = session(MARKED, "--nonet", "--nonet-marked=deselect")
    assert "1 passed, 1 deselected" in done.stdout and done.returncode == 0
    done = session(MARKED, "--nonet", "--nonet-marked=outside", "--junitxml=j.xml")
    assert done.stdout.count("1 passed, 1 deselected") == 2 and done.returncode == 0, done.stdout
    assert "test_in" in (pytester.path / "j.xml").read_text() and "test_out" in (pytester.path / "j.outside.xml").read_text()
    done = session(MARKED + "def test_bad(): assert 0\n", "--nonet", "--nonet-marked=outside")
    assert done.returncode == 1, done.stdout
    done = session("def test_in(): pass\n", "--nonet", "--nonet-marked=outside")
    assert done.returncode == 0, done.stdout


def test_inside_another_nonet(session):
    plain = [nonet.program(), "-q", "--", sys.executable, "-m", "pytest"]
    recorded = [nonet.program(), "-q", "--log", os.devnull, "--", sys.executable, "-m", "pytest"]
    for program in (plain, recorded):
        done = session("def test_a(): reach()", "--nonet", program=program)
        assert done.returncode == 1 and "attempts are not recorded here" in done.stdout, done.stdout
        done = session("def test_a(): pass", "--nonet", "--nonet-strict", program=program)
        assert done.returncode in (4, 125) and "cannot tell here" in done.stdout, done.stdout


def test_where_nothing_can_confine(session):
    program = [nonet.program(), "-q", "--deny", "seccomp,unshare", "--allow", "socket", "--", sys.executable, "-m", "pytest"]
    done = session("def test_a(): pass", "--nonet", program=program)
    assert done.returncode in (4, 125) and "cannot confine" in done.stdout + str(done.stderr), done.stdout
    assert "1 passed" not in done.stdout
    done = session("def test_a(): pass", "--nonet", "--nonet-best-effort", program=program)
    assert done.returncode == 0 and "warning: nothing here can confine" in done.stdout and "1 passed" in done.stdout, done.stdout


def test_a_program_that_calls_pytest(session, pytester):
    pytester.makepyfile(runner="import sys, pytest\nsys.exit(pytest.main(['--nonet', *sys.argv[1:]]))\n")
    done = session("def test_a(): reach()\ndef test_b(): pass", program=[sys.executable, "runner.py"])
    assert "1 failed, 1 passed" in done.stdout and "in place" in done.stdout, done.stdout
    done = session("def test_a(): pass", "--nonet-strict", program=[sys.executable, "runner.py"])
    assert done.returncode == 4 and "needs a session that starts again" in done.stdout
    # Its own connection, as of an editor or a debugger, goes on.
    with socket.create_server(("127.0.0.1", 0)) as server:
        pytester.makepyfile(
            runner=f"import socket, sys, pytest\none = socket.create_connection(('127.0.0.1', {server.getsockname()[1]}))\n"
            "status = pytest.main(['--nonet', *sys.argv[1:]])\none.sendall(b'told')\nsys.exit(status)\n"
        )
        done = session("def test_a():\n  attempt()\n  reach()", program=[sys.executable, "runner.py"])
        assert done.returncode == 1 and "1 failed" in done.stdout and server.accept()[0].recv(9) == b"told", done.stdout


def test_a_test_that_calls_pytest(session):
    text = "import pytest\ndef test_a(tmp_path):\n  (tmp_path / 'test_x.py').write_text('def test_x(): pass')\n  assert pytest.main(['--nonet', str(tmp_path)]) == 4\n"
    done = session(text)
    assert done.returncode == 0, done.stdout
    # Under nonet already the inner session is confined as all is.
    done = session(text.replace("== 4", "== 0"), "--nonet")
    assert done.returncode == 0, done.stdout


def test_directly(session):
    program = [sys.executable, "-m", "nonet", "pytest"]
    done = session("def test_a(): attempt()", "-q", program=program)
    assert done.returncode == 0 and "by 1 test" in done.network, done.stdout
    done = session("def test_a(): socket.create_server(('127.0.0.1', 0))", "--nonet-loopback", program=program)
    assert done.returncode == 0, done.stdout
    done = session("def test_a(): pass", program=program, ini="nonet_policy = strict\n")
    assert done.returncode == 4 and "say them on the command line" in done.stdout, done.stdout


def test_allow_connect_is_handed_on(session):
    done = session("def test_a(): pass", "--nonet", "--nonet-allow-connect", "127.0.0.1:1")
    known = subprocess.run([nonet.program(), "--help"], stdout=subprocess.PIPE, universal_newlines=True).stdout
    if "--allow-connect" not in known:
        assert "no option is called '--allow-connect'" in done.stdout and done.returncode == 125, done.stdout
        pytest.skip("this nonet has no --allow-connect: it said so, and no test ran")
    text = """
def test_there():
    with socket.create_connection(("127.0.0.1", PORT), timeout=5) as one: assert one.recv(1) == b"x"
def test_elsewhere():
    try: socket.create_connection(("127.0.0.1", 9), timeout=5)
    except OSError: pass
"""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def answer():
            one, _ = server.accept()
            one.sendall(b"x")
            one.close()

        threading.Thread(target=answer, daemon=True).start()
        done = session(text.replace("PORT", str(port)), "--nonet", "--nonet-allow-connect", f"127.0.0.1:{port}")
        assert done.returncode == 0 and "2 passed" in done.stdout, done.stdout
        assert "test_elsewhere" in done.network and "test_there" not in done.network, done.stdout


@pytest.mark.skipif(not has("xdist"), reason="pytest-xdist is not installed")
def test_workers(session, pytester):
    text = "import time, pytest\n@pytest.mark.parametrize('n', range(20))\ndef test_it(n):\n  time.sleep(0.01)\n  if n % 2: attempt()\n"
    done = session(text, "--nonet", "-n2")
    named = sorted(int(n) for n in re.findall(r"^test_it.py::test_it\[(\d+)\]$", done.network, re.M))
    assert done.returncode == 0 and named == list(range(1, 20, 2)), done.stdout
    done = session(text, "--nonet", "-n2", "--nonet-strict", "--junitxml=j.xml")
    assert "10 failed, 10 passed" in done.stdout, done.stdout
    assert (pytester.path / "j.xml").read_text().count('name="nonet_attempt"') == 10
    both = "import time, subprocess, pytest\n@pytest.mark.parametrize('n', range(2))\ndef test_it(n):\n  time.sleep(0.3)\n  subprocess.run(['bash', '-c', 'exec 2>&-; echo > /dev/tcp/127.0.0.1/9'])\n  time.sleep(0.3)\n"
    done = session(both, "--nonet", "-n2")
    assert "not certain: test_it.py::test_it[" in done.network, done.stdout
    done = session(both, "--nonet", "-n2", "--nonet-strict")
    assert done.returncode == 1, done.stdout


@pytest.mark.skipif(not has("pytest_asyncio"), reason="pytest-asyncio is not installed")
def test_asyncio(session):
    text = """
import asyncio, pytest
@pytest.mark.asyncio
async def test_a():
    child = await asyncio.create_subprocess_exec("true")
    assert await child.wait() == 0
    with pytest.raises(OSError): await asyncio.open_connection("localhost", 9)
"""
    done = session(text, "--nonet")
    assert done.returncode == 0 and "for localhost:9" in done.network, done.stdout


@pytest.mark.skipif(not has("pytest_cov"), reason="pytest-cov is not installed")
def test_coverage(session):
    done = session("def test_a(): attempt()", "--nonet", "--cov=test_it", "--cov-report=term")
    assert done.returncode == 0 and "test_it.py" in done.stdout and "TOTAL" in done.stdout and "by 1 test" in done.network, done.stdout


@pytest.mark.skipif(not has("pytest_randomly"), reason="pytest-randomly is not installed")
def test_random_order(session):
    text = "import pytest\n@pytest.mark.parametrize('n', range(8))\ndef test_it(n): n == 3 and attempt()\n"
    done = session(text, "--nonet", "-p", "randomly")
    assert done.returncode == 0 and "test_it[3]" in done.network, done.stdout

def test_a_damaged_log_fails_the_session(session):
    done = session(
        "import glob, os\n"
        "def test_it():\n"
        "    for number in os.listdir('/proc/self/fd'):\n"
        "        try: path = os.readlink(f'/proc/self/fd/{number}')\n"
        "        except OSError: continue\n"
        "        if 'nonet-pytest-' in path and 'memfd' not in path:\n"
        "            with open(f'/proc/self/fd/{number}', 'ab') as file: file.write(b'no line of nonet\\n[]\\n{\"api\": 1}\\n')\n"
        "            return\n"
        "    assert 0, 'no log'\n",
        "--nonet",
    )
    assert "INTERNALERROR" not in done.stdout and "the log is damaged" in done.stdout and done.returncode == 1, done.stdout
