"""Where the program is, and whether this machine can run it."""

from __future__ import annotations

import os
import sys
from ._errors import NonetError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, List, NoReturn


def require_supported() -> None:
    """Raises ImportError where no program of nonet runs."""
    machine = os.uname().machine if hasattr(os, "uname") else "this processor"
    if not sys.platform.startswith("linux") or machine not in ("x86_64", "aarch64"):
        raise ImportError(
            f"nonet runs on Linux on x86_64 and aarch64, and this is {sys.platform} on {machine}"
        )


def _packages() -> str:
    """The folder in which this package lies."""
    return os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def _folders() -> Iterator[str]:
    """Where the program may be, those first that were filled together with this package's folder."""
    import sysconfig

    packages = _packages()
    # `pip install --target` puts the scripts beside the packages.
    yield os.path.join(packages, "bin")
    # lib/python3.N/site-packages is three folders below its prefix: of an environment, of the user or of the system.
    prefix = os.path.abspath(os.path.join(packages, *[os.pardir] * 3))
    if os.path.basename(packages) in ("site-packages", "dist-packages"):
        yield os.path.join(prefix, "bin")
    yield sysconfig.get_path("scripts")
    # `pip install --user`.
    if hasattr(sysconfig, "get_preferred_scheme"):
        yield sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user"))
    elif "posix_user" in sysconfig.get_scheme_names():
        yield sysconfig.get_path("scripts", "posix_user")
    yield os.path.join(prefix, "bin")
    yield from os.get_exec_path()


def program() -> str:
    """The path of the program ``nonet``: the one of this package, else the first along PATH."""
    # Most often it lies beside the interpreter of the environment that has the package, and nothing has to be asked.
    beside = os.path.join(os.path.dirname(sys.executable or ""), "nonet")
    is_inside = sys.prefix != sys.base_prefix and _packages().startswith(os.path.join(sys.prefix, ""))
    if is_inside and os.path.basename(_packages()) == "site-packages" and os.access(beside, os.X_OK):
        return beside
    for folder in _folders():
        path = os.path.join(folder, "nonet")
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    raise NonetError(
        "the program nonet is not installed beside this package or along PATH; install the wheel again "
        "(pip install --force-reinstall nonet)"
    )


def become(path: str, words: List[str]) -> NoReturn:
    """Becomes another program, which finds signals as they were before Python ignored some (signal(3))."""
    # What `signal` is made of; that one loads `enum`, a tenth of the time this takes.
    import _signal  # type: ignore[import-not-found]

    for number in (_signal.SIGPIPE, _signal.SIGXFSZ):
        _signal.signal(number, _signal.SIG_DFL)
    os.execv(path, words)
