"""The parts for ZenCube in a folder laid out as the host is, with the host's own regression test as it is described."""

import importlib.util
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import pytest

from conftest import NONET, connect

HERE = pathlib.Path(__file__).resolve().parent
PARTS = HERE.parent / "zencube"
OWN_SANDBOX = [sys.executable, str(HERE / "host_sandbox.py"), "--no-net"]
SHIM = ["zencube/sandbox", "--no-net"]
PROBE = """
import socket
socket.create_connection(("127.0.0.1", %d), timeout=5)
"""


@pytest.fixture
def host(tmp_path):
    root = tmp_path / "host"
    shutil.copytree(PARTS, root, ignore=shutil.ignore_patterns("logs", "__pycache__"))
    return root


@pytest.fixture
def call(host):
    def do(*words, **options):
        return subprocess.run(words, cwd=host, capture_output=True, timeout=30, stdin=subprocess.DEVNULL, **options)

    return do


def documents(host):
    return [json.loads(path.read_bytes()) for path in sorted(host.glob("monitor/logs/net_restrict_*.json"))]


def wrapper(*words):
    return sys.executable, "-m", "monitor.net_wrapper", "--", *words


@pytest.mark.parametrize("sandbox", [OWN_SANDBOX, SHIM, []], ids=["behind the host's own", "shim", "alone"])
def test_regression(host, call, listener, sandbox):
    """The command has to fail, and a log with events has to be there."""
    probe = host / "probe.py"
    probe.write_text(PROBE % listener)
    assert call(sys.executable, str(probe)).returncode == 0
    assert not (host / "monitor/logs").exists()
    done = call(*sandbox, *wrapper(sys.executable, str(probe)))
    assert done.returncode == 1, done
    [document] = documents(host)
    assert document["command"] == [sys.executable, str(probe)]
    assert (document["status"], document["exit_code"]) == ("completed", 1)
    assert document["event_count"] == sum(event["count"] for event in document["events"]) > 0
    event = document["events"][0]
    assert {"timestamp", "api", "args", "kwargs", "stack"} <= set(event)
    assert event["api"].startswith("socket.") and event["args"][0] == "'127.0.0.1'"
    assert any("probe.py:3" in frame for frame in event["stack"]), event


def test_a_command_that_is_not_python(host, call, listener):
    """nonet's own log tells, and there is none behind a sandbox that refuses first."""
    line = connect(listener)
    assert call("sh", "-c", line).returncode == 0
    assert call(*wrapper("sh", "-c", line)).returncode == 1
    [document] = documents(host)
    assert document["events"][0]["api"] == "socket" and "family=AF_INET" in document["events"][0]["args"]
    assert "bash" in document["events"][0]["stack"][0]
    shutil.rmtree(host / "monitor/logs")
    assert call(*OWN_SANDBOX, *wrapper("sh", "-c", line)).returncode == 1
    assert documents(host)[0]["events"] == []


def test_what_a_python_command_starts(host, call, listener):
    """Past the interpreter there is the filter: children, and ctypes."""
    (host / "probe.py").write_text(f"import subprocess, sys; sys.exit(subprocess.call(['sh', '-c', {connect(listener)!r}]))")
    assert call(sys.executable, "probe.py").returncode == 0
    assert call(*wrapper("python3", "probe.py")).returncode == 1
    assert [event["api"] for event in documents(host)[0]["events"]] == ["socket"]
    ctypes = "import ctypes, sys; sys.exit(ctypes.CDLL(None).socket(2, 1, 0) < 0)"
    assert call(sys.executable, "-c", ctypes).returncode == 0
    assert call(*wrapper("python3", "-c", ctypes)).returncode == 1


@pytest.mark.parametrize("words", [("sh", "-c", "exit 7"), ("python3", "-c", "raise SystemExit(7)"), ("-m", "seven"),
                                   ("seven.py",), ("python3", "-u", "seven.py")])
def test_statuses(host, call, words):
    (host / "seven.py").write_text("import sys; sys.exit(7)")
    assert call(*wrapper(*words)).returncode == 7
    assert documents(host)[0]["exit_code"] == 7


def test_a_signal_is_a_signal(host, call):
    assert call(*wrapper("sh", "-c", "kill -9 $$")).returncode == -signal.SIGKILL
    assert documents(host)[0]["exit_code"] == 137


def test_without_a_filter(host, call, listener, no_filter):
    """A Python command is held by the wrapper alone, and leaves its events; any other is not run."""
    env = {**os.environ, "NONET": no_filter}
    (host / "probe.py").write_text(PROBE % listener)
    assert call(*wrapper("python3", "probe.py"), env=env).returncode == 1
    assert documents(host)[0]["events"][0]["api"] == "socket.getaddrinfo"
    done = call(*wrapper("echo", "ran"), env=env)
    assert (done.returncode, done.stdout) == (125, b"")
    for words in (["zencube/sandbox", "--no-net"], ["scripts/disable_network_dev.sh"]):
        done = call(*words, "echo", "ran", env=env)
        assert done.returncode == 125 and b"ran\n" not in done.stdout


def test_wrong_command_lines(host, call):
    for words in (wrapper(), wrapper()[:-1], wrapper(""), (*wrapper()[:-1], "--log", "x", "--", "ls")):
        assert call(*words).returncode == 2
    assert call(*wrapper("ls"), env={**os.environ, "NONET": "/nowhere/nonet"}).returncode == 125
    assert not (host / "monitor/logs").exists()
    assert call(*wrapper("no such program")).returncode == 127


def test_the_log_is_there_while_it_runs_and_a_signal_is_passed_on(host):
    code = "import socket, time\ntry: socket.socket()\nexcept OSError: pass\ntime.sleep(30)"
    run = subprocess.Popen(wrapper("python3", "-c", code), cwd=host)
    end = time.monotonic() + 15
    while time.monotonic() < end and not (documents(host) and documents(host)[0]["events"]):
        time.sleep(0.05)
    [document] = documents(host)
    assert (document["status"], document["exit_code"]) == ("running", None)
    assert document["events"][0]["api"] == "socket.socket"
    run.send_signal(signal.SIGTERM)
    assert run.wait(10) == -signal.SIGTERM


def test_disable_network_dev(host, call, listener):
    script = "scripts/disable_network_dev.sh"
    done = call(script)
    assert (done.returncode, done.stdout) == (64, b"") and b"usage" in done.stderr
    assert not (host / "monitor/logs").exists()
    assert call("sh", "-c", connect(listener)).returncode == 0
    assert call(script, "sh", "-c", connect(listener)).returncode != 0
    shutil.rmtree(host / "monitor/logs")
    done = call(script, "sh", "-c", "echo out; echo err >&2; exit 7")
    first, out = done.stdout.decode().splitlines()
    assert (done.returncode, out, done.stderr) == (7, "out", b"err\n")
    [log] = host.glob("monitor/logs/net_namespace_*.log")
    assert first == f"[disable_network_dev] log: {log}"
    lines = log.read_text().splitlines()
    assert lines[0].startswith("[disable_network_dev] command: sh -c ") and sorted(lines[1:]) == ["err", "out"]
    assert call(script, "no such program").returncode == 127
    assert call(script, "true", env={**os.environ, "NONET": "/nowhere/nonet"}).returncode == 125


def test_sandbox(call, listener):
    line = connect(listener)
    assert call("zencube/sandbox", "sh", "-c", line).returncode == 0
    assert call("zencube/sandbox", "--no-net", "sh", "-c", line).returncode != 0
    assert call("zencube/sandbox", "--cpu=9", "--mem=512", "--fsize=9", "--no-net", "--", "sh", "-c",
                "test $(ulimit -t) = 9 && test $(ulimit -v) = 524288 && exit 7").returncode == 7
    for words in ([], ["--no-net"], ["--jail=/", "ls"], ["--cpu=x", "ls"], ["--cpu=0", "ls"], ["--what", "ls"]):
        done = call("zencube/sandbox", *words)
        assert (done.returncode, done.stdout) == (1, b"") and b"nothing was run" in done.stderr
    done = call("zencube/sandbox", "--no-net", "echo", "ran", env={**os.environ, "NONET": "/nowhere/nonet"})
    assert (done.returncode, done.stdout) == (125, b"")


def test_panel_of_the_host(host, qtbot, monkeypatch):
    """`gui/network_panel.py` knows the host's root; what the host runs in the end is confined in both states."""
    from PySide6.QtWidgets import QMainWindow, QVBoxLayout, QWidget

    spec = importlib.util.spec_from_file_location("network_panel_of_the_host", host / "gui/network_panel.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (module.ROOT_DIR, module.MONITOR_DIR) == (host, host / "monitor")
    window = QMainWindow()
    qtbot.addWidget(window)
    window.setCentralWidget(QWidget())
    panel = module.attach_network_panel(window, QVBoxLayout(window.centralWidget()))
    qtbot.waitUntil(lambda: not panel.is_checking(), timeout=15000)
    env = {}
    panel.apply_env_overrides(env)
    assert env == {"PYTHONPATH": str(host)}


@pytest.mark.parametrize("sandbox", [OWN_SANDBOX, SHIM], ids=["the host's own", "shim"])
@pytest.mark.parametrize("enforce", [False, True])
def test_what_the_host_runs(host, call, panel, listener, sandbox, enforce):
    """The prepared words behind the sandbox, as `execute_command` runs them, and alone, as the jail panel does."""
    panel.disable_check.setChecked(True)
    panel.enforce_check.setChecked(enforce)
    prepared = panel.prepare_command(["sh", "-c", f"{connect(listener)} || exit 7"])
    assert call(*sandbox, *prepared).returncode == 7
    assert call(*prepared).returncode == 7


def test_the_version_is_nonets():
    assert f'version = "{(HERE.parents[2] / "VERSION").read_text().strip()}"' in (HERE.parent / "pyproject.toml").read_text()
    assert subprocess.run([NONET, "--version"], capture_output=True, timeout=10).returncode == 0
