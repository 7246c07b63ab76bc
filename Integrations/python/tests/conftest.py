import os

import pytest

pytest_plugins = ["pytester"]


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    """Every session that a test starts is one of its own."""
    for name in list(os.environ):
        if name.startswith(("NONET", "PYTEST_", "COV_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "")
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
