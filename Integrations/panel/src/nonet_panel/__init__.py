"""The network switch for desktop programs: `attach_network_panel(main_window, layout)` is all that a host calls."""

from .panel import NetworkPanel, attach_network_panel

__all__ = ["NetworkPanel", "attach_network_panel"]
