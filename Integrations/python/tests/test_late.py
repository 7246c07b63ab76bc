"""Logs that answer late, never, or are not there any more: what is not known is told, and nobody is accused for it."""

import json
import os
import subprocess
import sys

import pytest
from conftest import has

import nonet
from nonet import _fences
from nonet._fences import Fences
from nonet._log import Log

xdist = pytest.mark.skipif(not has("xdist"), reason="pytest-xdist is not installed")

# As a big log, which comes back to what is due once a second: nothing is to be read while the file `held` is there.
HELD = """
import os
from nonet._log import Log
real = Log._data
Log._data = lambda self: b"" if os.path.exists("held") else real(self)
"""
TESTS = """
import os
def test_a():
    open("held", "w").close()
    attempt()
def test_b(): attempt(2)
def test_c(): os.path.exists("stays") or os.unlink("held")
def test_d(): attempt()
"""


@pytest.mark.parametrize("workers", [[], pytest.param(["-n1"], marks=xdist)])
def test_a_log_that_is_late_is_judged_at_the_end(session, pytester, workers):
    options = ["--nonet", "--nonet-strict", "--junitxml=j.xml", "--nonet-json=j.json", *workers]
    assert "3 failed, 1 passed" in session(TESTS.replace('open("held"', 'open("other"').replace('unlink("held")', 'unlink("other")'), *options).stdout  # The instrument.
    pytester.makeconftest(HELD)
    done = session(TESTS, *options)
    assert done.returncode == 1 and "1 failed, 3 passed" in done.stdout, done.stdout
    for name, times in (("a", ""), ("b", r" \(2 times\)"), ("d", "")):
        assert f"test_it.py::test_{name}\n    " in done.network, done.stdout
    assert "did not fail by themselves, since the log was late: test_it.py::test_a, test_it.py::test_b\n" in done.stdout, done.stdout
    assert "j.xml has not all of this, since the log was late: test_it.py::test_a, test_it.py::test_b\n" in done.stdout, done.stdout
    assert "test_d" in done.stdout.partition("short test summary")[2] and "after the tests" not in done.stdout
    document = json.loads((pytester.path / "j.json").read_text())
    assert document["whole"] is True and sum(one["count"] for one in document["attempts"]) == 4


def test_a_log_that_never_answers_is_not_whole(session, pytester):
    pytester.makeconftest(HELD)
    (pytester.path / "stays").write_text("")
    done = session(TESTS, "--nonet", "--nonet-json=j.json")
    assert done.returncode == 1 and "the log is not whole" in done.network and "4 passed" in done.stdout, done.stdout
    assert "tried after the tests" not in done.stdout
    document = json.loads((pytester.path / "j.json").read_text())
    assert document["recorded"] is True and document["whole"] is False


@pytest.mark.parametrize("options", [[], ["--nonet-strict"]])
def test_where_no_mark_can_come_nothing_fails(session, pytester, options):
    text = subprocess.run([nonet.program(), "--print-policy", "default"], stdout=subprocess.PIPE, universal_newlines=True, check=True).stdout
    inner, outer = pytester.path / "inner.policy", pytester.path / "outer.policy"
    inner.write_text(text.replace("deny  io_uring_setup, io_uring_enter, io_uring_register  with ENOSYS", "allow io_uring_setup"))
    assert inner.read_text() != text
    outer.write_text("default allow\ndeny io_uring_setup with ENOSYS\n")
    inside = [nonet.program(), "-q", "--policy", outer, "--", sys.executable, "-m", "pytest"]
    for program, policy in ((None, [f"--nonet-policy={inner}"]), (inside, [])):
        done = session("def test_a(): pass\n", "--nonet", "--nonet-json=j.json", *options, *policy, program=program)
        assert done.returncode == 0 and not done.network and "1 passed" in done.stdout, done.stdout
        assert json.loads((pytester.path / "j.json").read_text())["whole"] is False
    done = session("def test_a(): attempt()\n", "--nonet", "--nonet-warn", "--nonet-json=j.json")
    assert done.returncode == 0 and json.loads((pytester.path / "j.json").read_text())["whole"] is True, done.stdout


# A limit on the size of files is to the log as a full disk.
LIMITED = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
os.execv(sys.argv[2], sys.argv[2:])
"""
MANY = """
import pytest
def test_a():
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        for number in range(50):
            try: socket.socket(socket.AF_INET, kind, number)
            except OSError: pass
def test_b(): pass
"""


@pytest.mark.parametrize("limit", [100_000, 4000, 1500])
@pytest.mark.parametrize("options", [[], ["--nonet-strict"]])
def test_a_log_that_cannot_grow_is_not_whole(session, limit, options):
    program = [sys.executable, "-c", LIMITED, str(limit), sys.executable, "-m", "pytest", "-pno:cacheprovider"]
    done = session(MANY, "--nonet", *options, program=program)
    if limit == 100_000:  # The instrument.
        assert "100 attempts refused, by 1 test" in done.network and "not whole" not in done.stdout, done.stdout
        assert done.returncode == (1 if options else 0)
    else:
        assert done.returncode == 1 and "the log is not whole" in done.network, done.stdout
        assert "tried after the tests" not in done.stdout


# Closes what leads to the log, or puts something else there.
GONE = """
import os
def test_a(): attempt()
def test_b():
    there = []
    for one in os.listdir("/proc/self/fd"):
        try:
            if "/nonet-pytest-" in os.readlink("/proc/self/fd/" + one): there.append(int(one))
        except OSError: pass
    assert there
    attempt()
    open("copy", "wb").write(open("/proc/self/fd/%d" % there[0], "rb").read())
    for one in there:
        BODY
def test_c(): attempt()
"""
WAYS = {
    "closed": "os.close(one)",
    "nothing": "os.dup2(os.open('/dev/null', os.O_RDONLY), one)",
    "a folder": "os.dup2(os.open('/', os.O_RDONLY), one)",
    "a pipe": "os.dup2(os.pipe()[0], one)",
    "a copy": "os.dup2(os.open('copy', os.O_RDONLY), one)",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("options", [[], ["--nonet-strict", "--nonet-json=j.json"]])
def test_a_log_that_a_test_has_closed_fails_the_session(session, pytester, way, options):
    done = session(GONE.replace("BODY", WAYS[way]), "--nonet", *options)
    assert "INTERNALERROR" not in done.stdout and "Error" not in done.stdout, done.stdout
    assert done.returncode == 1 and "a test closed it or put another file in its place" in done.network, done.stdout
    if options:
        document = json.loads((pytester.path / "j.json").read_text())
        assert document["whole"] is False and document["policy"] == "default"
        assert "FAILED test_it.py::test_a" in done.stdout


def test_a_mark_counts_where_it_stands_in_its_turn(tmp_path, monkeypatch):
    log = tmp_path / "log"
    log.write_text('{"timestamp":"2026-11-22T12:00:00.000000Z","policy":"default","command":["x"]}\n')
    fences = Fences(Log(str(log)), lambda: list(fences.log.read()) and None)
    written = []

    def call(which, number, rest):
        """As a nonet whose log is big: the first of a kind stands there at once, and repeats come later."""
        written.append(number)
        if written.count(number) == 1:
            put(number, False)
        return -1

    def put(number, is_repeated):
        line = {
            "timestamp": "2026-11-22T12:00:00.000000Z", "pid": 1, "tid": fences._last[0], "comm": "x", "exe": "/x", "abi": "x86_64",
            "api": "io_uring_setup", "args": {"arg0": hex(number)}, "verdict": "refused", "errno": 38, "probe": True, "count": 1,
            "last": "2026-11-22T12:00:00.000000Z",
        }
        with open(str(log), "a") as file:
            file.write(json.dumps(dict(line, repeated=True) if is_repeated else line) + "\n")

    fences._call, fences._errno, fences.can_come = call, lambda: 38, True
    monkeypatch.setattr(_fences, "_LONGER", 0.01)
    assert fences.wait() and len(written) == 1  # The instrument: the log is small.
    monkeypatch.setattr("nonet._log._IN_TURN", 0)
    assert not fences.wait() and fences.is_behind
    made = written.count(_fences.FENCE + 2)
    assert made >= 2
    for number in range(made - 1):
        assert not fences.wait()
        put(_fences.FENCE + 2, True)
    # It has come, and the next one has not.
    assert not fences.wait() and written.count(_fences.FENCE + 3) >= 2
