import os
import re
import signal
import subprocess
import sys
import time

import pytest

pytest_plugins = ["pytester"]

# Refused where the socket is made or, with --destinations, where it is connected; bare it sends nothing.
TRY = """
import socket
def reach():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one: one.connect(("127.0.0.1", 9))
def attempt(times=1):
    for _ in range(times):
        try: reach()
        except OSError: pass
"""
TRIED = r"(?:socket AF_INET SOCK_(?:DGRAM|STREAM)|connect 127\.0\.0\.1:9)"


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    """Every session that a test starts is one of its own."""
    for name in list(os.environ):
        if name.startswith(("NONET", "PYTEST_", "COV_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "")
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")


def heed() -> None:
    """Sets signals to what they do by themselves: what starts the tests (nohup, a shell's `&`) may ignore them."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def until(condition):
    """What it gives as soon as that is true, within 20 seconds."""
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def has(module):
    try:
        __import__(module)
        return True
    except ImportError:
        return False


@pytest.fixture
def session(pytester, tmp_path):
    """Runs pytest on a text as a module of tests; gives the lines about the network too."""

    def run(text, *options, program=None, ini="", timeout=60):
        pytester.makepyfile(test_it=TRY + text)
        pytester.makeini("[pytest]\n" + ini)
        words = program or [sys.executable, "-m", "pytest"]
        quiet = [] if "-p" in options else ["-p", "no:randomly"] if has("pytest_randomly") else []
        # A text that is replaced within a second by one as long would run as the old one from its bytecode.
        environment = dict(os.environ, TMPDIR=str(tmp_path), HOME=str(tmp_path), PYTHONDONTWRITEBYTECODE="1")
        done = subprocess.run([*map(str, words), *quiet, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, timeout=timeout, env=environment)
        assert not [name for name in os.listdir(str(tmp_path)) if name.startswith("nonet-pytest-")], "the log is left"
        done.network = re.search(r"=+ network:.*?(?=\n=====|\Z)", done.stdout, re.S)
        done.network = done.network.group(0) if done.network else ""
        return done

    return run
