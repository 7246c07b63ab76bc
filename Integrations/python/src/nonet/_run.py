"""`run` and `check`: the program, asked from Python."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from typing import Any, Dict, List, Optional, Sequence, Union

from ._errors import NonetError
from ._log import Attempt, Log
from ._program import program, require_supported

require_supported()

Path = Union[str, "os.PathLike[str]"]


class CompletedProcess(subprocess.CompletedProcess):  # type: ignore[type-arg]
    """As of subprocess.run, and what the command tried to reach."""

    attempts: List[Attempt] = []


def run(
    args: Union[str, Sequence[Path]],
    *,
    policy: Optional[Path] = None,
    loopback: bool = False,
    log: Optional[Path] = None,
    observe: bool = False,
    options: Sequence[str] = (),
    check: bool = False,
    shell: bool = False,
    **keywords: Any,
) -> CompletedProcess:
    """Runs a command with no network, as subprocess.run would.

    :param policy: A preset (``default``, ``strict``, ``unix``, ``loopback``) or a policy file.
    :param loopback: 127.0.0.1 and ::1 in a network of its own, and nothing else.
    :param log: Where the lines of the log are appended; a temporary file unless told.
    :param observe: Refuse nothing, and record what would have been refused: no protection.
    :param options: Further options of ``nonet``.
    :param keywords: What subprocess.run takes.
    :returns: The command's end, with ``.attempts``.
    :raises NonetError: nonet refused, and the command did not run.
    """
    if shell:
        words = ["/bin/sh", "-c", args if isinstance(args, str) else " ".join(str(os.fspath(word)) for word in args)]
    else:
        words = [args] if isinstance(args, str) else [os.fspath(word) for word in args]
    if not words:
        raise ValueError("no command was given")
    chosen = [*_options(policy, loopback, observe), *options]
    with tempfile.TemporaryDirectory(prefix="nonet-run-") as folder:
        path = os.fspath(log) if log is not None else os.path.join(folder, "log")
        before = os.path.getsize(path) if os.path.exists(path) else 0
        done = subprocess.run([program(), "-q", *chosen, "--log", path, "--", *words], **keywords)
        reader = Log(path, before)
        attempts = list(reader.read()) if os.path.exists(path) else []
        reader.close()
        if done.returncode in (125, 126, 127) and reader.end.get("status") in (None, "not run"):
            raise NonetError(_reason(chosen, words, done))
    result = CompletedProcess(words, done.returncode, done.stdout, done.stderr)
    result.attempts = attempts
    if check:
        result.check_returncode()
    return result


def check() -> Dict[str, Any]:
    """What this machine can confine and whether this process is: ``nonet --check --format json``."""
    done = subprocess.run([program(), "--check", "--format", "json"], stdout=subprocess.PIPE)
    if done.returncode not in (0, 1):
        raise NonetError("nonet --check failed; what it says stands on standard error")
    found: Dict[str, Any] = json.loads(done.stdout)
    return found


def _options(policy: Optional[Path], loopback: bool, observe: bool) -> List[str]:
    words = []
    if policy is not None:
        words += ["--policy", os.fspath(policy)]
    if loopback:
        words.append("--loopback")
    if observe:
        words.append("--observe")
    return words


def _reason(options: List[str], words: Sequence[str], done: Any) -> str:
    """The words of a refusal, which may have gone to the caller's own standard error."""
    if done.stderr:
        text = done.stderr if isinstance(done.stderr, str) else done.stderr.decode(errors="replace")
    else:
        again = [program(), "-q", *options, "--log", os.devnull, "--"]
        if done.returncode == 125:
            again.append("/bin/true")
        else:
            again += words[:1]
        asked = subprocess.run(again, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        text = asked.stderr.decode(errors="replace") if asked.returncode == done.returncode else ""
    lines = [line for line in text.splitlines() if line.startswith(("nonet: ", "  "))]
    return "\n".join(lines).replace("nonet: ", "", 1) or f"nonet ended with status {done.returncode}"
