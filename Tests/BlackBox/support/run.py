"""Starting programs: as which user, with what limits, and what came back."""

import os
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass, field

NOBODY = 65534
TIMEOUT = 20


@dataclass(frozen=True)
class User:
    """Who runs the command: `current` changes nothing."""

    name: str
    uid: int = -1
    home: str = "/"

    def options(self):
        if self.uid < 0:
            return {}
        return {"user": self.uid, "group": self.uid, "extra_groups": []}

    def environment(self):
        kept = {k: v for k, v in os.environ.items() if k in ("LANG", "TERM", "JAVA_HOME")}
        folders = os.environ.get("PATH", os.defpath).split(":")
        if self.uid >= 0:  # one unreadable folder turns "not found" into "permission denied"
            folders = [f for f in folders if os.path.isdir(f) and reachable(f)]
        return {**kept, "PATH": ":".join(folders), "HOME": self.home, "TMPDIR": self.home, "LC_ALL": "C.UTF-8"}

    def own(self, path, mode=None):
        if self.uid >= 0:
            os.chown(path, self.uid, self.uid)
        if mode is not None:
            os.chmod(path, mode)


@dataclass(frozen=True)
class Launcher:
    """Runs commands as a user, under nonet with `prefix` or free with none."""

    user: User
    prefix: tuple = ()
    extra: dict = field(default_factory=dict)

    def __call__(self, *argv, timeout=TIMEOUT, env=None, **options):
        """A completed process with bytes; a hang is a failure with the command's name."""
        options = {**self.defaults(env), **options}
        if "stdin" not in options and "input" not in options:
            options["stdin"] = subprocess.DEVNULL
        return subprocess.run([*self.prefix, *argv], timeout=timeout, **options)

    def popen(self, *argv, env=None, **options):
        return subprocess.Popen([*self.prefix, *argv], **{**self.defaults(env), **options})

    def defaults(self, env):
        return {
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "env": {**self.user.environment(), **self.extra, **(env or {})},
            "cwd": self.user.home,
            **self.user.options(),
        }


def reachable(path):
    """Whether every folder on the way, and the file, is open to everybody."""
    path = os.path.realpath(path)
    if not os.stat(path).st_mode & stat.S_IXOTH:
        return False
    while path != "/":
        path = os.path.dirname(path)
        if not os.stat(path).st_mode & stat.S_IXOTH:
            return False
    return True


def python_for_everybody():
    """An interpreter that `nobody` may start too; version managers hide theirs in /root."""
    for candidate in (sys.executable, "/usr/bin/python3", shutil.which("python3") or ""):
        if candidate and os.path.exists(candidate) and reachable(candidate):
            return candidate
    return sys.executable


PYTHON = python_for_everybody()


def tool(name, optional=False):
    """The path of a program the suite needs; only node, java and Swift may be missing."""
    import pytest

    path = shutil.which(name)
    if path is None and optional:
        pytest.skip(f"{name} is not installed")
    assert path, f"{name} is missing: `make test` installs what the suite needs"
    return path
