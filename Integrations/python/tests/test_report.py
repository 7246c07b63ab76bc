"""What the report says, and that tests cannot make it say something else."""

import json
import re
import sys

import pytest
from conftest import has

from nonet._joining import Span, join, printable
from nonet._log import Attempt
from nonet._loopback import is_outside

xdist = pytest.mark.skipif(not has("xdist"), reason="pytest-xdist is not installed")

# As time-machine and freezegun: every clock that says what time it is, whoever asks.
MOVED = """
import time, pytest
import nonet._asked as asked
real = time.clock_gettime
asked.clock_gettime = lambda which: 2e9 if which == time.CLOCK_REALTIME else real(which)
time.time = lambda: 2e9
try:
    import _pytest.timing
    _pytest.timing.time = time.time
except ImportError: pass
def test_a_innocent(): pass
def test_b_tries(): attempt()
def test_c_innocent(): pass
"""


@pytest.mark.parametrize("options", [[], ["--nonet-strict"], ["--junitxml=j.xml"]])
def test_a_clock_that_was_moved_accuses_nobody(session, options):
    done = session(MOVED, "--nonet", *options)
    assert re.findall(r"^test_it.py::\w+$", done.network, re.M) == ["test_it.py::test_b_tries"], done.stdout
    if options == ["--nonet-strict"]:
        assert "1 failed, 2 passed" in done.stdout, done.stdout


def test_nothing_drives_the_terminal(session):
    text = r"""
import subprocess, sys
def named(name):
    def f():
        attempt()
        try: socket.getaddrinfo("evil\x1b[2J\n==== 0 attempts refused ====", 1)
        except Exception: pass
        subprocess.run([sys.executable, "-c", "import socket\n#\x1b[2J\n==== 9 passed ====\u202e\nsocket.socket()"], stderr=-3)
    globals()[name] = f
named("test_\x1b[31mred\n====== 99 passed ======\u202e")
"""
    done = session(text, "--nonet")
    assert "by 1 test" in done.network and r"test_\x1b[31mred\n====== 99 passed ======\u202e" in done.network, done.stdout
    assert "\x1b" not in done.network and "\u202e" not in done.network and "\n==== " not in done.network, done.network
    assert printable("caf\udce9\x07\u2028é") == "caf\\udce9\\x07\\u2028é"


@xdist
def test_words_that_are_no_text_reach_no_worker(session):
    text = "import os, subprocess\ndef test_a(): subprocess.run(['true', os.fsdecode(b'caf\\xe9')])\n"
    assert session(text, "-n1").returncode == 0  # The instrument.
    done = session(text, "--nonet", "-n1")
    assert done.returncode == 0 and "INTERNALERROR" not in done.stdout, done.stdout


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "LOCALHOST", "[::ffff:127.0.0.1]", "[0:0:0:0:0:0:0:1]", "2130706433", "127.1", "0.0.0.0", "[::]", "a.localhost"])
def test_what_is_inside(host):
    assert not is_outside(host + ":80")


@pytest.mark.parametrize("host", ["192.0.2.1", "[2001:db8::1]", "[::ffff:192.0.2.1]", "example.org", "3221225985", "127.example.org"])
def test_what_is_outside(host):
    assert is_outside(host + ":80")


def test_loopback_and_strict_let_what_stays_inside(session):
    text = """
import struct
def test_mapped():
    server = socket.create_server(('127.0.0.1', 0))
    socket.socket(socket.AF_INET6).connect(('::ffff:127.0.0.1', server.getsockname()[1]))
def test_number():
    server = socket.create_server(('127.0.0.1', 0))
    socket.create_connection(('2130706433', server.getsockname()[1])).close()
def test_netlink():
    one = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    one.sendto(struct.pack('=LHHLLBxHLL', 32, 18, 0x301, 1, 0, 0, 0, 0, 0), (0, 0))
"""
    assert session(text).returncode == 0  # The instrument.
    done = session(text, "--nonet", "--nonet-loopback", "--nonet-strict")
    assert done.returncode == 0 and "3 passed" in done.stdout, done.stdout


@xdist
@pytest.mark.parametrize("workers", ["-n1", "-n2"])
def test_strict_fails_a_test_whose_child_is_gone(session, pytester, workers):
    text = "import subprocess\ndef test_child(): subprocess.run(['bash', '-c', 'exec 2>&-; echo > /dev/tcp/127.0.0.1/9'])\ndef test_other(): pass\n"
    assert session(text, workers).returncode == 0
    done = session(text, "--nonet", "--nonet-strict", workers, "--junitxml=j.xml")
    assert "1 failed, 1 passed" in done.stdout and "FAILED test_it.py::test_child" in done.stdout, done.stdout
    assert "nonet_attempt" in (pytester.path / "j.xml").read_text()


def test_what_is_lost_fails_the_session(session, pytester):
    pytester.makeconftest("import nonet._log\nnonet._log.Log.lost = property(lambda self: 3, lambda self, value: None)\n")
    done = session("def test_a(): pass\n", "--nonet")
    assert done.returncode == 1 and "3 more attempts are not known, and the session fails" in done.stdout, done.stdout


LATE = """
import socket
def at():
    try: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('127.0.0.1', 9))
    except OSError: pass
def pytest_{hook}(): at()
"""


@pytest.mark.parametrize("hook", ["sessionfinish", "unconfigure"])
def test_what_is_tried_after_the_tests_is_told(session, pytester, hook):
    pytester.makeconftest(LATE.format(hook=hook))
    done = session("def test_a(): pass\n", "--nonet")
    assert done.returncode == 0 and ("tried after the tests: " in done.stdout or "1 attempt refused" in done.network), done.stdout
    done = session("def test_a(): pass\n", "--nonet", "--nonet-strict")
    assert done.returncode == 1, done.stdout


def test_strict_in_the_settings_is_nonets_too(session):
    text = "def test_a(): attempt()\ndef test_b():\n  import os\n  os._exit(0)\n"
    ini = "nonet = true\nnonet_strict = true\n"
    assert session(text, ini=ini).returncode == 1
    done = session(text, ini=ini, program=[sys.executable, "-m", "nonet", "pytest"])
    assert done.returncode == 4 and "say them on the command line" in done.stdout, done.stdout


def test_a_document_is_written_or_refused(session, pytester):
    text = "import os\ndef test_a(): open('ran', 'w').close()\n"
    for path in ("nowhere/j.json", "."):
        done = session(text, "--nonet", f"--nonet-json={path}")
        assert done.returncode == 4 and "--nonet-json" in done.stdout and not (pytester.path / "ran").exists(), done.stdout
    from nonet import program

    done = session(text, "--nonet", "--nonet-json=j.json", program=[program(), "-q", "--", sys.executable, "-m", "pytest"])
    document = json.loads((pytester.path / "j.json").read_text())
    assert done.returncode == 0 and document["recorded"] is False and document["attempts"] == []
    pytester.makepyfile(run="import sys, pytest\nsys.exit(pytest.main(['--nonet', *sys.argv[1:]]))\n")
    done = session(text, "--nonet-json=j.json", program=[sys.executable, "run.py"])
    assert done.returncode == 4 and "--nonet-json needs a session that starts again" in done.stdout, done.stdout


def attempt(time, pid=1):
    return Attempt(time, time, pid, pid, "x", "/x", "connect", "x", "refused", 13, 1)


def test_one_long_test_among_many_quick_ones_takes_no_longer():
    spans = [Span(i, i + 0.5, 1, f"t{i}", True, []) for i in range(4000)] + [Span(4000, 9000, 1, "long", True, [])]
    looked = []

    class Counted(float):
        def __ge__(self, other):
            looked.append(1)
            return float(self) >= other

    spans = [one._replace(stop=Counted(one.stop)) for one in spans]
    found = join([attempt(4000 + i) for i in range(1000)] + [attempt(2.25), attempt(2.75)], spans, True)
    assert [one.spans[0].nodeid for one in found[:1001]] == ["long"] * 1000 + ["t2"] and not found[1001].spans
    assert len(looked) < 20_000


def test_each_process_has_spans_of_its_own():
    spans = [Span(0, 10, 1, "a", True, []), Span(0, 10, 2, "b", True, []), Span(0, 10, 1, "file", False, [])]
    own, other = join([attempt(5, 2), attempt(5, 3)], spans, False)
    assert [one.nodeid for one in own.spans] == ["b"] and own.is_certain
    assert sorted(one.nodeid for one in other.spans) == ["a", "b"] and not other.is_certain


# As glibc looks for nscd, and as Go makes its AF_UNIX streams.
UNIX = """
import ctypes
def test_a(): assert ctypes.CDLL(None).socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK, 0) < 0
def test_b(): pass
"""


@pytest.mark.parametrize("options", [[], ["--nonet-strict"]])
def test_what_nonet_counts_is_what_is_told(session, options):
    done = session("def test_b(): pass\n", "--nonet", "--nonet-policy=strict", *options)
    assert done.returncode == 0 and not done.network, done.stdout  # The instrument.
    done = session(UNIX, "--nonet", "--nonet-policy=strict", *options)
    assert re.search("1 attempt refused, by 1 test ===*\n+test_it.py::test_a\n    socket AF_UNIX SOCK_STREAM", done.network), done.stdout
    assert done.returncode == len(options) and ("1 failed, 1 passed" if options else "2 passed") in done.stdout, done.stdout
