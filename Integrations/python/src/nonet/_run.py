"""`run` and `check`: the program, asked from Python."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from contextlib import suppress
from typing import Any, Dict, List, Optional, Sequence, Union

from ._errors import NonetError
from ._log import Attempt, Log
from ._process import parent_of
from ._program import program, require_supported

require_supported()

Path = Union[str, "os.PathLike[str]"]


class CompletedProcess(subprocess.CompletedProcess):  # type: ignore[type-arg]
    """As of subprocess.run, and what the command tried to reach."""

    _attempts: List[Attempt] = []
    #: Whether something else wrote into the log, or it has no end, so that what was tried is not known.
    is_damaged: bool = False
    #: How many attempts were counted and not written: there were too many different ones, or no room for the log.
    lost: int = 0

    @property
    def attempts(self) -> List[Attempt]:
        """What the command tried to reach, but for `lost`.

        The log is the user's, as the command is: what a command changes in it in nonet's own words is not seen.

        :raises NonetError: The log was damaged (`is_damaged`).
        """
        if self.is_damaged:
            raise NonetError(
                "what the command tried is not known: something else wrote into the log, or it was not written to its end"
            )
        return self._attempts


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

    :param policy: A preset (``default``, ``strict``, ``unix``, ``loopback``) or a policy file, found from this
        process's folder.
    :param loopback: 127.0.0.1 and ::1 in a network of its own, and nothing else.
    :param log: The file to which the lines of the log are appended, found from this process's folder; a temporary
        one unless told.
    :param observe: Refuse nothing, and record what would have been refused: no protection.
    :param options: Further options of ``nonet``; files that they name are found from the command's folder, ``cwd``.
    :param keywords: What ``subprocess.run`` takes, ``executable`` with ``shell`` alone: it is the shell then. A
        ``preexec_fn`` runs before nonet, and has the network. When ``timeout`` is up the command gets SIGTERM, and
        after half a second SIGKILL. With ``user`` the temporary log is that user's, as the command is; what else the
        command leaves in the log's folder stays there.
    :returns: The command's end, with ``.attempts``.
    :raises NonetError: nonet refused, and the command did not run.
    """
    executable = keywords.pop("executable", None)
    if executable is not None and not shell:
        raise TypeError("run() takes executable= with shell=True only: it would run in the place of nonet, with the network")
    if shell:
        words = [os.fspath(executable or "/bin/sh"), "-c", args if isinstance(args, str) else " ".join(str(os.fspath(word)) for word in args)]
    else:
        words = [args] if isinstance(args, str) else [os.fspath(word) for word in args]
    if not words:
        raise ValueError("no command was given")
    chosen = [*_options(policy, loopback, observe, keywords.get("cwd") is not None), *options]
    with _Folder() as folder:
        path = os.path.abspath(os.fspath(log)) if log is not None else os.path.join(folder.path, "log")
        reader = _reader(path, is_own=log is None)
        try:
            if log is None and keywords.get("user") is not None:
                folder.give_to(keywords["user"])
            done = _called([program(), "-q", *chosen, "--log", path, "--", *words], **keywords)
            attempts = _read(reader)
        finally:
            reader.close()
        if done.returncode in (125, 126, 127) and reader.end.get("status") in (None, "not run"):
            raise NonetError(_reason(chosen, words, done))
        # Where SIGCHLD is ignored, `subprocess` says 0 of a program that refused.
        if log is None and not reader.head and not reader.end:
            raise NonetError(f"nonet ended with status {done.returncode}, and told nothing of the command")
    result = CompletedProcess(words, done.returncode, done.stdout, done.stderr)
    result._attempts, result.is_damaged, result.lost = attempts, not reader.is_complete, reader.lost
    if check:
        result.check_returncode()
    return result


def check() -> Dict[str, Any]:
    """What this machine can confine and whether this process is: ``nonet --check --format json``."""
    done = subprocess.run([program(), "--check", "--format", "json"], stdout=subprocess.PIPE)
    if done.returncode not in (0, 1):
        raise NonetError("nonet --check failed; what it says stands on standard error")
    try:
        found: Dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise NonetError("nonet --check did not say all; what it says stands on standard error") from None
    return found


class _Folder:
    """A folder for a log, which takes away that log and itself: nothing that the command put there or in its place."""

    def __init__(self) -> None:
        self.path = os.path.abspath(tempfile.mkdtemp(prefix="nonet-run-"))
        self._number = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)

    def give_to(self, user: Union[str, int]) -> None:
        """Makes folder and log those of the user who writes it: of others only root can write there.

        :raises NonetError: That cannot be done.
        """
        number = user
        if isinstance(user, str):
            import pwd

            number = pwd.getpwnam(user).pw_uid
        try:
            os.chown("log", int(number), -1, dir_fd=self._number, follow_symlinks=False)
            os.fchown(self._number, int(number), -1)
        except OSError as error:
            raise NonetError(f"the log cannot be given to user {user}, so nothing was run: {error}") from error

    def __enter__(self) -> _Folder:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            os.unlink("log", dir_fd=self._number)
        with suppress(OSError):
            os.rmdir(self.path)
        os.close(self._number)


def _called(words: List[str], timeout: Optional[float] = None, capture_output: bool = False, input: Any = None, **keywords: Any) -> Any:
    """As subprocess.run, but that the command ends too where nonet has to."""
    if input is not None:
        if keywords.get("stdin") is not None:
            raise ValueError("run() takes either input= or stdin=")
        keywords["stdin"] = subprocess.PIPE
    if capture_output:
        if keywords.get("stdout") is not None or keywords.get("stderr") is not None:
            raise ValueError("run() takes either capture_output= or stdout= and stderr=")
        keywords["stdout"] = keywords["stderr"] = subprocess.PIPE
    with subprocess.Popen(words, **keywords) as process:
        try:
            output, errors = process.communicate(input, timeout=timeout)
        except BaseException:
            _end(process)
            raise
    return subprocess.CompletedProcess(words, process.returncode, output, errors)


def _end(process: Any) -> None:
    """Ends nonet and its command: by SIGTERM, which nonet passes on, and after half a second by SIGKILL."""
    process.terminate()
    if not _has_ended(process, 0.5):
        for child in _children(process.pid):
            with suppress(OSError):
                os.kill(child, signal.SIGKILL)
        # It ends as its command has, and only one that is stopped does not.
        if not _has_ended(process, 1):
            process.kill()
    process.wait()


def _has_ended(process: Any, seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _children(parent: int) -> List[int]:
    """The processes that a process has made."""
    found = []
    for name in filter(str.isdecimal, os.listdir("/proc")):
        # It may end meanwhile.
        with suppress(OSError):
            if parent_of(int(name)) == parent:
                found.append(int(name))
    return found


def _reader(path: str, is_own: bool) -> Log:
    """What will read the log, opened where there is one already, so that no other is read in its place."""
    if is_own:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    is_there = os.path.lexists(path)
    try:
        reader = Log(path, os.path.getsize(path) if is_there else 0, is_shared=not is_own)
        if is_there:
            reader.open()
    except OSError as error:
        raise NonetError(f"the log cannot be read, so nothing was run: {error}") from error
    return reader


def _read(reader: Log) -> List[Attempt]:
    try:
        return list(reader.read())
    except OSError:
        # It is not there any more, or no file.
        reader.is_damaged = True
        return []


def _options(policy: Optional[Path], loopback: bool, observe: bool, has_folder: bool) -> List[str]:
    words = []
    if policy is not None:
        text = os.fspath(policy)
        # As the program tells a file from a name; it would look for it from the command's folder.
        is_file = "/" in text or text.endswith((".policy", ".json"))
        words += ["--policy", os.path.abspath(text) if is_file and has_folder else text]
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
