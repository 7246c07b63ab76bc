"""Job control and Ctrl-C on a terminal, bare and in six modes: what a person or a script sees is the same.

Each check is a conversation with an interactive bash, in which `{n}` stands for nonet and its options, or for
nothing. All of them are held at once, a few at a time, for they wait most of their time.
"""

import fcntl
import os
import shutil
import struct
import tempfile
import termios
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import USERS
from test_terminal import DEADLINE, Terminal

from support.run import NOBODY, PYTHON, User

MODES = {
    "bare": "", "log": "--log log --", "hint": "--hint --", "inside": "--allow-unix inside --", "default": "--", "loopback": "--loopback --",
    "log-dir": "--log-dir logs --"}
USED = list(MODES) if os.environ.get("NONET_FIELD") else ["bare", "log", "hint"]  # `make test-field` has them all
CTRL_C, CTRL_D, CTRL_Z, CTRL_BACKSLASH = b"\x03", b"\x04", b"\x1a", b"\x1c"
# The sleeping process says that it has begun: a shell that is still waiting for one to exec (vfork) cannot be stopped.
A_WHILE = """sh -c 'sh -c "echo be''gun; exec sleep 1"; echo fin''ished'"""
CHECKS = {}


def check(function):
    CHECKS[function.__name__] = function
    return function


class Talk:
    """A conversation: what is typed, what is waited for."""

    def __init__(self, user, n):
        self.user, self.n = user, n
        self.terminal = Terminal(["bash", "--norc", "--noprofile", "-i"], user)
        self.until("ready> ")

    def line(self, text):
        """Types a line; `{n}` is nonet, and a quote inside a word keeps the echo from looking like the answer."""
        self.terminal.type(text.replace("{n}", self.n).encode() + b"\n")

    def key(self, key):
        self.terminal.type(key)

    def until(self, wanted, count=1):
        self.terminal.until(wanted.encode(), count)

    def told(self, wanted):
        """Waits for news of a job, which the shell tells before a prompt: so it is asked for one until it does.

        bash 5.2 sometimes leaves an ended job unreaped, until another child of it ends: the empty subshell is one.
        """
        end = time.monotonic() + DEADLINE
        while wanted.encode() not in self.terminal.text:
            assert time.monotonic() < end, f"no {wanted!r} in {self.text!r}"
            self.line("(:)")
            self.terminal.take(0.2)

    def status(self, number, words="s"):
        """The shell's own word for how the last command ended."""
        self.line(f"echo {words}''tatus=$?.")
        self.until(f"{words}tatus={number}.")

    @property
    def text(self):
        return self.terminal.text.decode(errors="replace")


@check
def interrupt(t):
    t.line("{n} sh -c 'echo be''gun; exec sleep 20'")
    t.until("begun"), t.key(CTRL_C), t.status(130)


@check
def quit_key(t):
    t.line("ulimit -c 0; {n} sh -c 'echo be''gun; exec sleep 20'")
    t.until("begun"), t.key(CTRL_BACKSLASH), t.status(131)


@check
def end_of_input(t):
    t.line("{n} cat; echo en''ded"), t.key(CTRL_D), t.until("ended")
    t.status(0)


@check
def stop_and_foreground(t):
    t.line(f"{{n}} {A_WHILE}")
    t.until("begun"), t.key(CTRL_Z), t.until("Stopped"), t.status(148)
    t.line("fg"), t.until("finished"), t.status(0, "l")


@check
def stop_and_background(t):
    t.line(f"{{n}} {A_WHILE}")
    t.until("begun"), t.key(CTRL_Z), t.until("Stopped")
    t.line("bg"), t.line("wait"), t.until("finished"), t.status(0)


@check
def stop_twice(t):
    t.line("{n} sh -c 'echo be''gun; exec sleep 20'")
    t.until("begun"), t.key(CTRL_Z), t.until("Stopped")
    t.line("fg"), t.until("exec sleep 20", 3), t.key(CTRL_Z), t.until("Stopped", 2)
    t.line("fg"), t.until("exec sleep 20", 5), t.key(CTRL_C), t.status(130)


@check
def stop_itself(t):
    t.line("{n} sh -c 'kill -TSTP $$; echo re''sumed'")
    t.until("Stopped"), t.line("fg"), t.until("resumed"), t.status(0)


@check
def end_a_stopped_job(t):
    t.line("{n} sh -c 'echo be''gun; exec sleep 20'")
    t.until("begun"), t.key(CTRL_Z), t.until("Stopped")
    t.line("kill %1"), t.told("Terminated")


@check
def stop_and_continue_by_kill(t):
    t.line(f"{{n}} {A_WHILE} &")
    t.until("begun"), t.line("kill -STOP %1"), t.told("Stopped")
    t.line("kill -CONT %1; wait"), t.until("finished"), t.status(0)


@check
def read_in_the_background(t):
    t.line("{n} sh -c 'read word; echo got-$word' &"), t.told("Stopped")
    t.line("fg"), t.line("th''is"), t.until("got-th''is"), t.status(0)


@check
def write_in_the_background(t):
    t.line("stty tostop; {n} sh -c 'echo out-o''f-turn' &"), t.told("Stopped")
    t.line("stty -tostop; fg"), t.until("out-of-turn"), t.status(0)


@check
def a_trap_of_int(t):
    t.line("{n} sh -c 'trap \"echo cau''ght; exit 4\" INT; echo be''gun; while :; do sleep 0.05; done'")
    t.until("begun"), t.key(CTRL_C), t.until("caught"), t.status(4)
    assert t.text.count("caught") == 1


@check
def a_trap_of_tstp(t):
    code = "import os, signal, time; signal.signal(20, lambda *a: (print(\\\"cau\\\" + \\\"ght\\\"), os._exit(5)));"
    t.line("{n} " + PYTHON + f" -uc \"{code} print(\\\"be\\\" + \\\"gun\\\"); time.sleep(20)\"")
    t.until("begun"), t.key(CTRL_Z), t.until("caught"), t.status(5)
    assert "Stopped" not in t.text


@check
def a_new_size(t):
    t.line("{n} bash -c 'trap \"stty size; exit 6\" WINCH; echo be''gun; while :; do sleep 0.05; done'")
    t.until("begun")
    fcntl.ioctl(t.terminal.master, termios.TIOCSWINSZ, struct.pack("HHHH", 44, 99, 0, 0))
    t.until("44 99"), t.status(6)
    assert t.text.count("44 99") == 1


@check
def the_terminal_goes(t):
    t.line("{n} sh -c 'echo pi''d=$$=; exec sleep 20'")
    t.until("pid=")
    pid = t.text.split("pid=")[1].split("=")[0]
    os.close(t.terminal.master)
    t.terminal.master = os.open("/dev/null", os.O_RDWR)
    end = time.monotonic() + 5
    while os.path.exists(f"/proc/{pid}"):
        assert time.monotonic() < end, "the command outlived its terminal"
        time.sleep(0.02)


@check
def in_the_background(t):
    t.line("{n} sh -c 'exit 6' & wait $!"), t.status(6)


@check
def a_pipe(t):
    t.line("{n} sh -c 'echo thr''ough' | cat"), t.until("through"), t.status(0)


@check
def interrupt_of_a_pipe(t):
    t.line("{n} sh -c 'echo be''gun >&2; exec sleep 20' | cat"), t.until("begun"), t.key(CTRL_C), t.status(130)


@check
def status_in_a_pipe(t):
    t.line("{n} sh -c 'kill -TERM $$' | cat; echo pip''e=${PIPESTATUS[0]}."), t.until("pipe=143.")


@check
def interrupt_of_a_subshell(t):
    t.line("({n} sh -c 'echo be''gun; exec sleep 20'; echo we''nt-on)")
    t.until("begun"), t.key(CTRL_C), t.status(130)
    assert "went-on" not in t.text


@check
def interrupt_of_a_loop(t):
    t.line("for i in 1 2 3; do {n} sh -c 'echo be''gun; exec sleep 20'; done; echo we''nt-on")
    t.until("begun"), t.key(CTRL_C), t.status(130)
    assert t.text.count("begun") == 1 and "went-on" not in t.text, t.text


@check
def the_foreground_group(t):
    t.line("{n} " + PYTHON + " -c 'import os; print(\"for\" + \"e=\", os.tcgetpgrp(0) == os.getpgrp(), os.getsid(0) != os.getpid())'")
    t.until("fore= True True"), t.status(0)


def interrupt_of_a_script(shell):
    loops = {"fish": "for i in 1 2 3; {n} sh -c 'echo begun; exec sleep 20'; end; echo went-on"}
    loop = loops.get(shell, "for i in 1 2 3; do {n} sh -c 'echo begun; exec sleep 20'; done; echo went-on")

    def talk(t):
        if shutil.which(shell) is None:
            return f"{shell} is not installed"
        with open(f"{t.user.home}/loop", "w") as file:
            file.write(loop.replace("{n}", t.n) + "\n")
        t.line(f"{shell} ./loop"), t.until("begun"), t.key(CTRL_C), t.status(130)
        assert t.text.count("begun") == 1 and "went-on" not in t.text, t.text

    return talk


for name in ("bash", "dash", "zsh", "fish"):
    CHECKS[f"interrupt_of_a_script_in_{name}"] = interrupt_of_a_script(name)


@pytest.fixture(scope="module")
def results(nonet):
    """What became of every conversation: None, a reason to skip, or what went wrong."""
    found, homes = {}, []

    def hold(mode, name):
        home = tempfile.mkdtemp(prefix="nonet-jobs.")
        homes.append(home)
        who = USERS[-1]
        user = User(who, NOBODY if who == "nobody" else -1, home)
        user.own(home, 0o755)
        talk = None
        try:
            talk = Talk(user, f"{nonet} -q {MODES[mode]}" if MODES[mode] else "")
            return CHECKS[name](talk)
        except Exception as problem:  # the test of this conversation tells it
            return problem
        finally:
            if talk:
                talk.terminal.close()

    def get(mode, name):
        if not found:
            pairs = [(mode, name) for name in CHECKS for mode in USED]
            with ThreadPoolExecutor(16) as pool:
                found.update(zip(pairs, pool.map(lambda pair: hold(*pair), pairs)))
        return found[mode, name]

    yield get
    for home in homes:
        shutil.rmtree(home, ignore_errors=True)


@pytest.mark.parametrize("mode", USED)
@pytest.mark.parametrize("name", CHECKS)
def test_a_conversation(results, name, mode):
    found = results(mode, name)
    if isinstance(found, Exception):
        raise found
    if found:
        pytest.skip(found)
