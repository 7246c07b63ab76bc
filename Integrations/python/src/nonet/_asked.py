"""What Python was asked for, of which the kernel sees less: a name, an address, a program.

Nothing but this is in here: what the globals of an audit hook lead to is taken down last when Python ends, and that
takes it longer.
"""

from __future__ import annotations

import sys
from _thread import get_native_id
from collections import deque
from os import fspath
from time import CLOCK_BOOTTIME, CLOCK_REALTIME, clock_gettime
from typing import Any, Callable, Deque, Dict, List, NamedTuple, Tuple


class Asked(NamedTuple):
    """One thing, by which thread and when (seconds since 1970)."""

    time: float
    tid: int
    kind: str
    text: str


# What moves the time for tests moves CLOCK_REALTIME, whoever asks for it; this was taken before.
_since = clock_gettime(CLOCK_REALTIME) - clock_gettime(CLOCK_BOOTTIME)


def clock() -> float:
    """Seconds since 1970."""
    return clock_gettime(CLOCK_BOOTTIME) + _since


_asked: Deque[Asked] = deque(maxlen=10_000)
_is_listening = False


def listen() -> None:
    """Notes names, addresses and programs from now on; an audit hook cannot be taken out again."""
    global _is_listening
    if not _is_listening:
        _is_listening = True
        sys.addaudithook(_hear)


def _hear(event: str, arguments: Tuple[Any, ...]) -> None:
    read = _READERS.get(event)
    if read is None:
        return
    try:
        text = read(arguments)
    except Exception:
        return  # Whatever a program puts there, its call is not to fail.
    if text:
        _asked.append(Asked(clock(), get_native_id(), _KINDS[event], text))


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _endpoint(host: Any, port: Any) -> str:
    host = _text(host) if host is not None else ""
    if not host:
        return ""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{_text(port)}" if port is not None else host


def _address(one: Any, address: Any) -> str:
    # AF_INET and AF_INET6: others have numbers there, of other things.
    is_inet = one.family in (2, 10) and isinstance(address, tuple) and len(address) > 1
    return _endpoint(address[0], address[1]) if is_inet else ""


def _line(words: Any) -> str:
    if isinstance(words, (str, bytes)):
        return _text(words)
    return " ".join(_text(fspath(word)) for word in words)


_READERS: Dict[str, Callable[[Tuple[Any, ...]], str]] = {
    "socket.getaddrinfo": lambda a: _endpoint(a[0], a[1]),
    "socket.gethostbyname": lambda a: _text(a[0]),
    "socket.connect": lambda a: _address(a[0], a[1]),
    "socket.sendto": lambda a: _address(a[0], a[1]),
    "subprocess.Popen": lambda a: _line(a[1]),
    "os.system": lambda a: _text(a[0]),
    "os.posix_spawn": lambda a: _line(a[1]),
    "os.exec": lambda a: _line(a[1]),
    "os.fork": lambda a: "fork",
}
_KINDS = {event: "program" for event in _READERS}
_KINDS.update({event: "name" for event in _READERS if event.startswith("socket.get")})
_KINDS.update({"socket.connect": "address", "socket.sendto": "address", "os.fork": "fork"})


def drained() -> List[Asked]:
    """What was noted since the last time."""
    found = []
    while _asked:
        found.append(_asked.popleft())
    return found
