"""A display without a screen, the real nonet, and a host's window."""

import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
NONET = os.environ.get("NONET") or str(ROOT / "bin/nonet")


def start_display():
    """Starts Xvfb on a free display and has Qt use it. Returns the process."""
    read, write = os.pipe()
    screen = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1200x24", "-nolisten", "tcp"],
        pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as answer:
        number = answer.readline().strip()
    assert number, "Xvfb did not start"
    os.environ.update(DISPLAY=f":{number}", QT_QPA_PLATFORM="xcb", LC_ALL="C.UTF-8")
    # Qt's xcb logs portals that a bare machine lacks.
    os.environ.setdefault("QT_LOGGING_RULES", "qt.qpa.*=false")
    return screen


def pytest_configure(config):
    config.screen = start_display()
    config.settings_folder = tempfile.mkdtemp(prefix="nonet-panel-test-")
    os.environ.update(XDG_CONFIG_HOME=config.settings_folder, NONET=NONET)


def pytest_unconfigure(config):
    config.screen.terminate()
    config.screen.wait()
    shutil.rmtree(config.settings_folder)


@pytest.fixture
def nonet():
    return NONET


@pytest.fixture
def panel(qtbot):
    """A panel in a window that is nothing but a QMainWindow, after nonet has told what this machine can do."""
    from PySide6.QtWidgets import QMainWindow, QVBoxLayout, QWidget

    from nonet_panel import attach_network_panel

    host = QMainWindow()
    host.setCentralWidget(QWidget())
    made = attach_network_panel(host, QVBoxLayout(host.centralWidget()))
    qtbot.addWidget(host)
    made.host = host
    qtbot.waitUntil(lambda: not made.is_checking(), timeout=15000)
    return made


@pytest.fixture
def window(qtbot, tmp_path):
    from PySide6.QtCore import QSettings

    from nonet_panel.window import PanelWindow

    made = PanelWindow(settings=QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    made.confirm_close = lambda: True
    qtbot.addWidget(made)
    made.folder.setText(str(tmp_path))
    made.show()
    qtbot.waitUntil(lambda: not made.panel.is_checking(), timeout=15000)
    return made


@pytest.fixture
def run(window, qtbot):
    """Runs a line in the window to its end; returns what it printed."""

    def do(line, timeout=20000):
        window.command.setText(line)
        window.start()
        qtbot.waitUntil(lambda: window.run is None, timeout=timeout)
        return window.output.toPlainText()

    return do


@pytest.fixture
def listener():
    """A TCP server on 127.0.0.1 that takes connections: its port."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def no_filter(tmp_path):
    """A nonet as on a machine whose kernel takes no filter: what asks for one fails; auto is the Python wrapper."""
    path = tmp_path / "nonet-without-filter"
    path.write_text(
        f"""#!/bin/bash
case " $* " in
  *" --check "*) {NONET} "$@" | sed '/"backend": "auto"/s/"layers.*/"layers": ["python"], "text": "python"}},/
    /"backend": "seccomp"/s/true, "layers.*/false, "layers": [], "text": "impossible: no filter"}},/' ;;
  *" --backend auto "*) exec {NONET} "${{@/#auto/python}}" ;;
  *" --backend python "*) exec {NONET} "$@" ;;
  *) echo 'no filter' >&2; exit 125 ;;
esac
"""
    )
    path.chmod(0o755)
    return str(path)


def connect(port):
    """A shell's words that connect there."""
    return f"bash -c ': >/dev/tcp/127.0.0.1/{port}'"
