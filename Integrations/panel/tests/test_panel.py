"""The panel: its switch, its promises to a host, and what it says."""

import os
import subprocess
import sys

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMainWindow, QVBoxLayout, QWidget

from conftest import connect
from nonet_panel import NetworkPanel, attach_network_panel
from nonet_panel.panel import POLICIES


def status(panel):
    return panel._status_label.text()


def note(panel):
    return panel._note_box.toPlainText()


def run(words, **options):
    return subprocess.run(words, capture_output=True, timeout=20, **options)


def test_off_changes_nothing(panel, listener):
    words = ["sh", "-c", connect(listener)]
    assert not panel.is_disabled() and not panel.is_enforce_mode() and not panel.enforce_check.isEnabled()
    prepared = panel.prepare_command(tuple(words))
    assert prepared == words and type(prepared) is list
    assert run(prepared).returncode == 0
    assert status(panel).startswith("Network access: enabled") and note(panel) == ""
    assert panel.prepare_command([]) == []


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("enforce", [False, True])
def test_on_confines_by_itself(panel, listener, policy, enforce):
    """Whatever environment and folder the result is run in."""
    words = ["sh", "-c", connect(listener)]
    assert run(words).returncode == 0
    panel.disable_check.setChecked(True)
    panel.enforce_check.setChecked(enforce)
    panel.set_policy(policy)
    assert (panel.is_disabled(), panel.is_enforce_mode()) == (True, enforce)
    prepared = panel.prepare_command(words)
    assert prepared[-3:] == words and "sudo" not in prepared
    assert prepared[prepared.index("--backend") + 1] == ("seccomp" if enforce else "auto")
    assert run(prepared, env={"PATH": "/usr/bin:/bin"}, cwd="/").returncode != 0
    assert run(panel.prepare_command(["sh", "-c", "exit 7"])).returncode == 7


def test_switches_and_signals(panel, qtbot):
    said = []
    panel.host.log_output = lambda text, level=None: said.append((text, level))
    heard = []
    panel.disabled_changed.connect(lambda on: heard.append(("disabled", on)))
    panel.enforce_changed.connect(lambda on: heard.append(("enforce", on)))
    panel.policy_changed.connect(lambda name: heard.append(("policy", name)))
    panel.host.show()
    panel.disable_check.setFocus()
    qtbot.keyClick(panel.disable_check, Qt.Key.Key_Space)
    assert panel.is_disabled() and panel.enforce_check.isEnabled()
    qtbot.keyClick(panel.enforce_check, Qt.Key.Key_Space)
    panel.set_policy("strict")
    qtbot.keyClick(panel.disable_check, Qt.Key.Key_Space)
    assert not panel.enforce_check.isChecked() and not panel.enforce_check.isEnabled()
    assert heard == [("disabled", True), ("enforce", True), ("policy", "strict"), ("enforce", False), ("disabled", False)]
    assert [kind for _, kind in said] == ["info", "warning", "info"]
    assert said[0][0] == "Network restriction enabled\n" and said[2][0] == "Network restriction disabled\n"


def test_environment(panel, monkeypatch, tmp_path):
    """The root comes first in PYTHONPATH; an inherited mode does not outlast the box."""
    root = str(panel._root)
    env = {"PYTHONPATH": "/a:/b", "ZENCUBE_NET_MODE": "inherited"}
    panel.apply_env_overrides(env)
    assert env == {"PYTHONPATH": f"{root}:/a:/b", "ZENCUBE_NET_MODE": "inherited"}
    panel.disable_check.setChecked(True)
    panel.apply_env_overrides(env)
    assert env == {"PYTHONPATH": f"{root}:/a:/b", "ZENCUBE_NET_MODE": "dev-safe", "ZENCUBE_NET_DISABLED": "1"}
    panel.enforce_check.setChecked(True)
    env = {}
    panel.apply_env_overrides(env)
    assert env == {"PYTHONPATH": root, "ZENCUBE_NET_MODE": "seccomp", "ZENCUBE_NET_DISABLED": "1"}


def test_enforce_command(panel):
    args = ["--cpu=5", "--mem=64", "--no-net", "curl", "-o", "a file", "https://example.org"]
    panel.show_enforce_command("./sandbox", args)
    assert note(panel) == ""
    panel.disable_check.setChecked(True)
    explained = note(panel)
    assert explained
    panel.show_enforce_command("./sandbox", args)
    assert note(panel) == explained
    panel.enforce_check.setChecked(True)
    panel.show_enforce_command("./sandbox", args)
    sentence, line = note(panel).split("\n")
    assert "No root is needed" in sentence and "sudo" not in line
    assert line.startswith("./sandbox --cpu=5 --mem=64 --no-net /") and line.endswith("-- curl -o 'a file' https://example.org")
    panel.reset_note()
    assert note(panel).endswith(line)
    panel.disable_check.setChecked(False)
    panel.reset_note()
    assert note(panel) == ""


@pytest.mark.parametrize("on", [False, True])
def test_execution(panel, on):
    """Called in every state, in any order."""
    panel.handle_execution_finished()
    panel.disable_check.setChecked(on)
    panel.attach_to_execution(4711)
    assert "monitoring PID 4711" in status(panel)
    panel.handle_execution_finished()
    panel.handle_execution_finished()
    assert "completed" in status(panel) and "PID" not in status(panel)


def test_status_is_what_nonet_says(panel, nonet):
    """The layers for each policy and mode are those that a run itself reports."""
    panel.disable_check.setChecked(True)
    for enforce in (False, True):
        panel.enforce_check.setChecked(enforce)
        for policy in POLICIES:
            panel.set_policy(policy)
            said = run([nonet, "-q", "--policy", policy, "--", "sh", "-c", "echo $NONET"]).stdout.decode().strip()
            assert f"disabled for commands by {said.partition(':')[2]}" in status(panel)


def test_a_host_that_logs_nothing_yet(qtbot):
    """ZenCube attaches the panel before it has the terminal that its log_output writes to."""

    class Host(QMainWindow):
        def log_output(self, message, msg_type=None):
            raise AttributeError("output_text")

    host = Host()
    qtbot.addWidget(host)
    host.setCentralWidget(QWidget())
    layout = QVBoxLayout(host.centralWidget())
    panel = attach_network_panel(host, layout)
    assert layout.itemAt(0).widget() is panel
    qtbot.waitUntil(lambda: not panel.is_checking(), timeout=15000)
    other = NetworkPanel(None, host)
    assert other.parent() is host
    qtbot.waitUntil(lambda: not other.is_checking(), timeout=15000)


@pytest.mark.parametrize("command", ["ls", [], [""], ["ls", "a\0b"], ["ls", 3], None, [b"ls"]])
def test_bad_commands(panel, command):
    panel.disable_check.setChecked(True)
    with pytest.raises(ValueError):
        panel.prepare_command(command)


def fake(tmp_path, text):
    path = tmp_path / "nonet"
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    "text, said",
    [
        (None, "was not found"),
        ("#!/bin/sh\necho '{}'\n", "does not say what"),
        ("#!/bin/sh\necho rubbish\n", "does not say what"),
        ("#!/bin/sh\necho '[[[[1]]]]'\n", "does not say what"),
        ("#!/bin/sh\nkill -9 $$\n", "does not say what"),
        ("#!/nowhere/sh\n", "could not be started"),
        ("""#!/bin/sh
echo '{"findings": [], "plans": [{"policy": "default", "backend": "auto", "possible": false, "layers": [],
 "text": "impossible: no filter"}]}'\n""", "impossible: no filter"),
    ],
)
def test_no_nonet(qtbot, tmp_path, text, said):
    """With the switch on nothing is run, and the status says why."""
    program = fake(tmp_path, text) if text else str(tmp_path / "missing")
    panel = NetworkPanel(None, program=program)
    qtbot.addWidget(panel)
    qtbot.waitUntil(lambda: not panel.is_checking(), timeout=15000)
    assert panel.prepare_command(["ls"]) == ["ls"]
    panel.disable_check.setChecked(True)
    qtbot.waitUntil(lambda: not panel.is_checking(), timeout=15000)
    assert said in status(panel) and "will not run" in status(panel)
    with pytest.raises(ValueError):
        panel.prepare_command(["ls"])
    panel.enforce_check.setChecked(True)
    panel.show_enforce_command("./sandbox", ["--no-net", "ls"])
    assert note(panel).startswith("Nothing can be run")


def test_a_nonet_that_hangs(qtbot, tmp_path):
    """The window does not wait for it, and neither does its end."""
    panel = NetworkPanel(None, program=fake(tmp_path, "#!/bin/sh\nexec sleep 60\n"))
    assert panel.is_checking()
    panel.disable_check.setChecked(True)
    assert "asking nonet" in status(panel)
    panel._check.kill()
    qtbot.waitUntil(lambda: not panel.is_checking(), timeout=5000)
    assert "will not run" in status(panel)


def test_inside_nonet(nonet):
    """A panel in a program that is confined itself says so, whatever its box says."""
    code = (
        "from PySide6.QtWidgets import QApplication; from nonet_panel import NetworkPanel; import time\n"
        "app = QApplication([]); panel = NetworkPanel()\n"
        "end = time.monotonic() + 15\n"
        "while panel.is_checking() and time.monotonic() < end: app.processEvents()\n"
        "print(panel._status_label.text())"
    )
    # In nonet the variable NONET is no path.
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PATH": f"{os.path.dirname(nonet)}:{os.environ['PATH']}"}
    done = run([nonet, "--", sys.executable, "-c", code], env=env)
    assert b"this program is itself confined" in done.stdout, done.stderr
    assert b"confined" not in run([sys.executable, "-c", code], env=env).stdout


def test_everything_has_a_name(panel):
    """For screen readers, and for the keyboard."""
    for widget in (panel.disable_check, panel.enforce_check):
        assert "&" in widget.text() and widget.accessibleDescription()
    assert panel.disable_check.text().replace("&", "") == "Disable Network Access"
    for widget in (panel.policy_box, panel._note_box, panel._status_label):
        assert widget.accessibleName()
