"""The ground of this room: the black-box suite's own."""

import importlib.util
import pathlib
import sys

BLACKBOX = pathlib.Path(__file__).parent.parent / "BlackBox"
sys.path.insert(0, str(BLACKBOX))
_spec = importlib.util.spec_from_file_location("blackbox", BLACKBOX / "conftest.py")
blackbox = importlib.util.module_from_spec(_spec)
sys.modules["blackbox"] = blackbox
_spec.loader.exec_module(blackbox)

from blackbox import *  # noqa: E402, F401, F403
