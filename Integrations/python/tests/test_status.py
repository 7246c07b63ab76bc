"""The status of a session in two parts: nothing in the second one takes away that tests of the first one failed."""

import os
import signal
import subprocess
import sys
import time

import pytest
from conftest import has, heed, until

TESTS = """
import os, pytest
def test_in(): assert not os.path.exists("failing")
@pytest.mark.network
def test_out():
    {body}
"""
SECOND = "any(item.name == 'test_out' for item in session.items)"
WAYS = {
    "a wrapper": ("", f"@pytest.hookimpl(hookwrapper=True)\ndef pytest_sessionfinish(session):\n  yield\n  if {SECOND}: session.exitstatus = 0\n"),
    "a later hook": ("", f"@pytest.hookimpl(trylast=True)\ndef pytest_sessionfinish(session):\n  if {SECOND}: session.exitstatus = 0\n"),
    "as it ends": ("", "import sys\ndef pytest_unconfigure(config):\n  if config.nonet.word == 'outside': sys.exit(0)\n"),
    "around all": ("", "import atexit, os\ndef pytest_configure(config):\n  if config.nonet.word == 'outside': atexit.register(os._exit, 0)\n"),
    "pytest.exit": ("pytest.exit('enough', returncode=0)", ""),
    "os._exit": ("os._exit(0)", ""),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_first_part_that_failed_stays_failed(session, pytester, way):
    body, hooks = WAYS[way]
    pytester.makeconftest("import pytest\n" + hooks)
    options = ["--nonet", "--nonet-marked=outside"]
    assert session(TESTS.format(body=body or "pass"), *options).returncode == 0  # The instrument.
    (pytester.path / "failing").write_text("")
    done = session(TESTS.format(body=body or "pass"), *options)
    assert done.returncode == 1 and "1 failed" in done.stdout, done.stdout


def test_both_parts_have_to_do(session, pytester):
    options = ["--nonet", "--nonet-marked=outside"]
    assert session(TESTS.format(body="assert 0"), *options).returncode == 1
    (pytester.path / "failing").write_text("")
    for body in ("assert 0", "os.kill(os.getpid(), 9)"):
        done = session(TESTS.format(body=body), *options)
        assert done.returncode == 1, done.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_signal_reaches_the_second_part(pytester, number):
    pytester.makepyfile(test_it=TESTS.format(body="import time\n    while True: time.sleep(0.05); open('alive', 'a').write('x')"))
    pytester.makeini("[pytest]\n")
    (pytester.path / "failing").write_text("")
    alive = pytester.path / "alive"
    words = [sys.executable, "-m", "pytest", "-q", "--nonet", "--nonet-marked=outside"]
    child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=heed)
    try:
        assert until(alive.exists) and child.poll() is None
        os.kill(child.pid, number)
        status = child.wait(timeout=10)
    finally:
        child.kill()
    assert status == (1 if number == signal.SIGINT else -number)
    time.sleep(0.2)
    size = alive.stat().st_size
    time.sleep(0.3)
    assert alive.stat().st_size == size


OF_ONE_PART = "each part has its own, and the second one's takes the place of the first one's"


def test_what_is_of_one_part_is_said(session):
    options = ["--nonet", "--nonet-marked=outside"]
    assert OF_ONE_PART not in session(TESTS.format(body="pass"), *options).stdout
    given = ["--log-file=log", "--cov=test_it"] if has("pytest_cov") else ["--log-file=log"]
    done = session(TESTS.format(body="pass"), *options, *given)
    assert done.returncode == 0 and done.stdout.count(OF_ONE_PART) == 1, done.stdout
    for one in given:
        assert one.partition("=")[0] + (":" if one == given[0] else ",") in done.stdout, done.stdout
    done = session(TESTS.format(body="pass"), *options, ini="log_file = log\n")
    assert f"nonet: log_file: {OF_ONE_PART}" in done.stdout, done.stdout
