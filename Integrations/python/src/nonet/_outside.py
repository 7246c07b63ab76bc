"""A session with a part outside: runs the first part in a child, and keeps the status of one that failed."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from typing import Any, Dict, List, NoReturn, Optional

# What whoever waits for this process may send to it, and means the tests by.
_PASSED_ON = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
_SI_KERNEL = 128
_PR_SET_PDEATHSIG = 1
# Looked up here: a child of a process with threads should not.
_prctl = ctypes.CDLL(None).prctl


def end_with(parent: int) -> None:
    """Has the kernel kill this process when its parent ends; where that one is gone already, it ends here."""
    if _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0 or os.getppid() != parent:
        os._exit(125)


def run_first_part(words: List[str], descriptor: int, environment: Dict[str, str]) -> int:
    """Runs a part that inherits a descriptor and ends with this process, whatever ends that.

    :returns: Its status, or less than 0 for a signal. SIGTERM and SIGHUP are passed on to it, and do to this session what
        they do once the part has ended. An interrupt is the part's too, and ends this session with 2 then.
    """
    # Who ignores it is not told how a child ends.
    before: Dict[int, Any] = {signal.SIGCHLD: signal.signal(signal.SIGCHLD, signal.SIG_DFL)}
    heard: List[int] = []
    child: Optional[Any] = None

    def pass_on(one: int, _frame: Any) -> None:
        heard.append(one)
        if child:
            child.send_signal(one)

    for passed in (signal.SIGTERM, signal.SIGHUP):
        # None is one that Python has not set, and could not put back.
        if signal.getsignal(passed) not in (signal.SIG_IGN, None):
            before[passed] = signal.signal(passed, pass_on)
    is_interrupted = False
    own = os.getpid()
    try:
        child = subprocess.Popen(words, pass_fds=[descriptor], env=environment, preexec_fn=lambda: end_with(own))
        # What came before there was a child.
        for early in heard[:]:
            child.send_signal(early)
        while True:
            try:
                status: int = child.wait()
                break
            except KeyboardInterrupt:
                is_interrupted = True
    finally:
        for number, handler in before.items():
            if handler is not None:
                signal.signal(number, handler)
    for number in heard:
        os.kill(own, number)
    if is_interrupted or heard:
        sys.exit(2 if is_interrupted else 128 + heard[0])
    return status


def keep(status: int) -> None:
    """Goes on in a child, while this process waits for it and then ends with this status.

    Hooks that come later, `os._exit` and a crash can change the child's status alone. Signals are passed on to it, and it
    dies with this process.

    :raises OSError: There can be no child.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    # Who ignores it is not told how a child ends.
    ignored = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [*_PASSED_ON, signal.SIGCHLD])
    parent = os.getpid()
    try:
        child = os.fork()
        if child:
            _wait(child, status)
        end_with(parent)
    finally:
        if ignored is not None:
            signal.signal(signal.SIGCHLD, ignored)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _wait(child: int, status: int) -> NoReturn:
    """Waits for the child and ends with this status, or by the signal that ended it where that was passed on."""
    passed = set()
    while True:
        got = signal.sigwaitinfo([*_PASSED_ON, signal.SIGCHLD])
        if got.si_signo != signal.SIGCHLD:
            # What a terminal sends, the child has got itself.
            if got.si_code != _SI_KERNEL:
                os.kill(child, got.si_signo)
            passed.add(got.si_signo)
            continue
        done, ended = os.waitpid(child, os.WNOHANG)
        if not done:
            continue
        number = os.WTERMSIG(ended) if os.WIFSIGNALED(ended) else 0
        if number in passed:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [number])
        os._exit(status)
