"""Keeps the status of a first part that failed, whatever becomes of the second one."""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn

# What whoever waits for this process may send to it, and means the tests by.
_PASSED_ON = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
_SI_KERNEL = 128
_PR_SET_PDEATHSIG = 1


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
        _die_with(parent)
    finally:
        if ignored is not None:
            signal.signal(signal.SIGCHLD, ignored)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _die_with(parent: int) -> None:
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


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
