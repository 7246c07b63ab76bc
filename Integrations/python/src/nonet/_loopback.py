"""Whether what Python was told to reach lies outside a network that has nothing but 127.0.0.1 and ::1."""

from __future__ import annotations

import functools
import socket
from typing import Optional, Set


def is_outside(endpoint: str) -> bool:
    """:param endpoint: An address, in any form that the C library reads, or a name, and a port."""
    host = endpoint.rpartition(":")[0].strip("[]").lower()
    inside = _is_own(host)
    return not (host in _names() or host.endswith(".localhost") if inside is None else inside)


def _is_own(host: str) -> Optional[bool]:
    """Whether an address leads here; None for what is no address."""
    try:
        # Also 2130706433 and 127.1.
        four = socket.inet_aton(host)
    except OSError:
        try:
            six = socket.inet_pton(socket.AF_INET6, host.partition("%")[0])
        except OSError:
            return None
        if six[:12] != bytes(10) + b"\xff\xff":
            return six in (bytes(16), bytes(15) + b"\1")
        four = six[12:]
    return four[0] == 127 or four == bytes(4)


@functools.lru_cache(maxsize=None)
def _names() -> Set[str]:
    """The names that lead here: hosts(5)."""
    names = {"", "localhost"}
    try:
        with open("/etc/hosts", errors="replace") as file:
            for line in file:
                address, *others = line.partition("#")[0].lower().split() or [""]
                if address and _is_own(address):
                    names.update(others)
    except OSError:
        pass
    return names
