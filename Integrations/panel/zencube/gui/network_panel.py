"""ZenCube's `gui/network_panel.py`: the panel of nonet_panel, told where the host's root is."""

from pathlib import Path

from nonet_panel import NetworkPanel as _NetworkPanel

ROOT_DIR = Path(__file__).resolve().parent.parent
MONITOR_DIR = ROOT_DIR / "monitor"

__all__ = ["MONITOR_DIR", "NetworkPanel", "ROOT_DIR", "attach_network_panel"]


class NetworkPanel(_NetworkPanel):
    def __init__(self, main_window=None, parent=None):
        super().__init__(main_window, parent, root=ROOT_DIR)


def attach_network_panel(main_window, layout):
    panel = NetworkPanel(main_window)
    layout.addWidget(panel)
    return panel
