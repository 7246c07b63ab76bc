"""Run commands, or this very process, with no network.

>>> import nonet
>>> done = nonet.run(["curl", "https://example.org"], capture_output=True)
>>> [str(attempt) for attempt in done.attempts]
['socket AF_INET SOCK_STREAM by curl']
>>> nonet.confine()          # from here on this process has no network, irrevocably

The layers are those of the program ``nonet``, which this package carries; ``nonet --help`` lists them.
"""

from __future__ import annotations

# As typing has it, which takes longer to load than all that is needed of this package.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._confine import confine as confine
    from ._errors import NonetError as NonetError
    from ._log import Attempt as Attempt
    from ._program import program as program
    from ._run import CompletedProcess as CompletedProcess
    from ._run import check as check
    from ._run import run as run

__all__ = ["Attempt", "CompletedProcess", "NonetError", "check", "confine", "program", "run"]

_PLACES = {
    "Attempt": "_log",
    "CompletedProcess": "_run",
    "NonetError": "_errors",
    "check": "_run",
    "confine": "_confine",
    "program": "_program",
    "run": "_run",
}


def __getattr__(name: str) -> Any:
    # Only what is used is loaded: pytest loads this package in every session.
    if name not in _PLACES:
        raise AttributeError(f"module 'nonet' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module("." + _PLACES[name], __name__), name)
