"""Makes the pictures of the window: screenshots.py FOLDER. A real command, on light and on dark."""

import os
import pathlib
import shutil
import sys
import tempfile
import time

from conftest import NONET, start_display

LINE = r"""python3 fetch.py; printf '\033[32mok\033[0m  %s\n' parse render; printf '\033[31mFAILED\033[0m upload\n'"""
FETCH = """\
import socket, subprocess
for name in ("updates", "telemetry"):
    try:
        socket.create_connection(("198.51.100.7", 443))
    except OSError as problem:
        print(name + ":", problem)
subprocess.run(["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9"])
"""


def dark():
    from PySide6.QtGui import QColor, QPalette

    made = QPalette(QColor("#353535"), QColor("#2b2b2b"))
    made.setColor(QPalette.ColorRole.Base, QColor("#1e1e1e"))
    made.setColor(QPalette.ColorRole.AlternateBase, QColor("#262626"))
    made.setColor(QPalette.ColorRole.Highlight, QColor("#3d6fb4"))
    made.setColor(QPalette.ColorRole.PlaceholderText, QColor("#8f8f8f"))
    return made


def main(folder):
    screen = start_display()
    home = tempfile.mkdtemp()
    os.environ.update(NONET=NONET, XDG_CONFIG_HOME=home)
    from PySide6.QtCore import QSettings
    from PySide6.QtWidgets import QApplication

    from nonet_panel.window import PanelWindow

    application = QApplication(["nonet-panel"])
    application.setStyle("Fusion")

    def until(done, seconds=20):
        end = time.monotonic() + seconds
        while not done() and time.monotonic() < end:
            application.processEvents()
            time.sleep(0.01)

    work = pathlib.Path(home, "project")
    work.mkdir()
    (work / "fetch.py").write_text(FETCH)
    # Without a desktop there is no system's palette to take; the dark one is what Fusion makes of two colours.
    for name, palette in (("light", application.palette()), ("dark", dark())):
        application.setPalette(palette)
        window = PanelWindow(settings=QSettings(os.path.join(home, name), QSettings.Format.IniFormat))
        window.folder.setText(str(work))
        window.show()
        window.panel.disable_check.setChecked(True)
        window.panel.enforce_check.setChecked(True)
        window.panel.show_enforce_command("./sandbox", ["--no-net", "make", "test"])
        until(lambda: not window.panel.is_checking())
        window.command.setText(LINE)
        window.start()
        until(lambda: window.run is None)
        until(lambda: False, 0.3)
        window.grab().save(os.path.join(folder, f"{name}.png"))
        window.close()
    shutil.rmtree(home)
    screen.terminate()


if __name__ == "__main__":
    main(sys.argv[1])
