from __future__ import annotations


class NonetError(Exception):
    """What was asked for cannot be had, and nothing was run or changed; the text says what to do."""
