"""A connect that the supervisor performs puts another socket in the place of the command's: what that one takes over."""

import pytest

from support.run import PYTHON, Launcher
from support.unix import HEAD


@pytest.fixture
def inside(user, nonet):
    return Launcher(user, (nonet, "-q", "--allow-unix", "inside", "--"))


def python(launcher, text, *arguments, **options):
    done = launcher(PYTHON, "-c", HEAD + text, *arguments, **options)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode().splitlines()


def same(free, inside, text, least=1):
    """The same lines without nonet and inside, and at least so many."""
    without = python(free, text)
    assert len(without) >= least
    assert python(inside, text) == without
    return without


OPTIONS = """
import fcntl
if os.path.exists("s"): os.unlink("s")
here = server("s")
one = fresh()
for option, value in ((socket.SO_KEEPALIVE, 1), (socket.SO_REUSEADDR, 1), (socket.SO_RCVLOWAT, 7), (socket.SO_PRIORITY, 3), (socket.SO_OOBINLINE, 1),
                      (socket.SO_PASSCRED, 1), (29, 1), (37, 16), (socket.SO_SNDBUF, 30000), (socket.SO_RCVBUF, 31000), (34, 1), (42, 5), (40, 1)):
    one.setsockopt(socket.SOL_SOCKET, option, value)
one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 9))
for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO): one.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", 4, 250000))
import ctypes
code = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0xffff))
one.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HxxxxxxQ", 1, ctypes.addressof(code)))
def state():
    lines = [one.getsockopt(socket.SOL_SOCKET, option) for option in range(1, 84) if option not in (4, 17, 20, 21, 26, 28, 31, 55, 56, 57, 71, 77)
             and option not in (13, 59) and not fails(option)]
    pairs = [one.getsockopt(socket.SOL_SOCKET, option, 16) for option in (13, 20, 21)]
    size = ctypes.c_uint(0)
    ctypes.CDLL(None).getsockopt(one.fileno(), 1, 26, None, ctypes.byref(size))
    return lines, pairs, size.value, fcntl.fcntl(one, fcntl.F_GETFL), fcntl.fcntl(one, fcntl.F_GETFD)
def fails(option):
    try: one.getsockopt(socket.SOL_SOCKET, option); return False
    except OSError: return True
os.set_inheritable(one.fileno(), True)
before = state()
one.connect("s")
after = state()
print(before == after, [(a, b) for a, b in zip(before[0], after[0]) if a != b], len(before[0]), before[2], before[1:] == after[1:])
two = fresh(); two.setblocking(False); two.connect("s"); print(two.getblocking(), os.get_inheritable(two.fileno()))
"""


def test_options(free, inside):
    without = same(free, inside, OPTIONS, 2)
    assert without[0].startswith("True []") and without[0].endswith("1 True")


COPIES = """
import fcntl
if os.path.exists("s"): os.unlink("s")
here = server("s"); answer(here, 9)
one = fresh()
plain, closing, far = os.dup(one.fileno()), fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, 100), os.dup2(one.fileno(), 700)
os.set_inheritable(plain, True); os.set_inheritable(far, True)
other = fresh(); kept = os.fstat(other.fileno()).st_ino
one.connect("s")
print([os.fstat(n).st_ino == os.fstat(one.fileno()).st_ino for n in (plain, closing, far)], [os.get_inheritable(n) for n in (plain, closing, far)])
os.write(far, b"by a copy"); print(os.read(plain, 99)); print(os.fstat(other.fileno()).st_ino == kept)
"""


def test_copies_in_the_same_process(free, inside):
    same(free, inside, COPIES, 3)


SETS = """
if os.path.exists("s"): os.unlink("s")
here = server("s")
def serve():
    while True:
        got, _ = here.accept(); time.sleep(0.1); got.sendall(b"answer"); kept.append(got)
kept = []
threading.Thread(target=serve, daemon=True).start()
IN, OUT, ET, SHOT = select.EPOLLIN, select.EPOLLOUT, select.EPOLLET, select.EPOLLONESHOT
def get(sets, seconds=3):
    until, seen = time.monotonic() + seconds, set()
    while time.monotonic() < until and len(seen) < len(sets):
        for index, one in enumerate(sets):
            for number, what in one.poll(0.05):
                if what & IN: seen.add((index, names[number], hex(what)))
    return sorted(seen)
for events in (IN, IN | OUT | ET, IN | SHOT):
    one = fresh(); one.setblocking(False)
    copy = one.dup()
    names = {one.fileno(): "one", copy.fileno(): "copy"}
    sets = [select.epoll() for _ in range(3)]
    sets[0].register(one, events); sets[1].register(copy, events); sets[2].register(one, OUT)
    one.connect("s")
    sets[2].modify(one, IN)
    print(get(sets))
    sets[0].unregister(one); sets[1].modify(copy, IN); print(get(sets[1:2]))
    try: sets[1].register(copy, IN)
    except OSError as error: print(error.errno)
many = select.epoll(); mine = [fresh() for _ in range(40)]
for each in mine: many.register(each, IN)
names = {each.fileno(): "many" for each in mine}
for each in mine[:5]: each.connect("s")
time.sleep(0.8)
print(sorted(number in [each.fileno() for each in mine[:5]] for number, what in many.poll(1) if what & IN and not what & select.EPOLLHUP))
"""


def test_places_in_epoll_sets(free, inside):
    """Asio and others register a socket before they connect it: edges, one shot, changes and removals go on."""
    without = same(free, inside, SETS, 10)
    assert "one" in without[0] and "copy" in without[0]


SIGNALS = """
import fcntl, signal
if os.path.exists("s"): os.unlink("s")
here = server("s")
came = []
signal.signal(signal.SIGUSR1, lambda number, _: came.append(number))
one = fresh()
fcntl.fcntl(one, fcntl.F_SETOWN, os.getpid()); fcntl.fcntl(one, 10, signal.SIGUSR1)
fcntl.fcntl(one, fcntl.F_SETFL, fcntl.fcntl(one, fcntl.F_GETFL) | os.O_ASYNC)
one.connect("s")
came.clear()
got, _ = here.accept(); got.sendall(b"x"); time.sleep(0.2)
print(bool(came), fcntl.fcntl(one, fcntl.F_GETOWN) == os.getpid(), fcntl.fcntl(one, 11) == signal.SIGUSR1)
"""


def test_signals_go_to_the_same_process(free, inside):
    assert same(free, inside, SIGNALS) == ["True True True"]


OWNERS = """
import fcntl, signal
if os.path.exists("s"): os.unlink("s")
here = server("s")
for owner, number in ((os.getppid(), 0), (os.getppid(), signal.SIGUSR1), (-os.getpgrp(), 0), (os.getppid(), signal.SIGKILL)):
    one = fresh()
    try: fcntl.fcntl(one, 10, number); fcntl.fcntl(one, fcntl.F_SETOWN, owner)
    except OSError as error: print("refused", error.errno); continue
    fcntl.fcntl(one, fcntl.F_SETFL, fcntl.fcntl(one, fcntl.F_GETFL) | os.O_ASYNC)
    one.connect("s")
    got, _ = here.accept(); got.sendall(b"x"); time.sleep(0.05)
    print(fcntl.fcntl(one, fcntl.F_GETOWN), bool(fcntl.fcntl(one, fcntl.F_GETFL) & os.O_ASYNC))
"""


def test_no_other_owner_is_taken_over(free, user, nonet):
    """The supervisor would be the one who named it: here the supervisor itself, a group, and a signal that nobody survives."""
    done = Launcher(user)(nonet, "--allow-unix", "inside", "--", PYTHON, "-c", HEAD + OWNERS)
    assert done.returncode == 0 and done.stdout.decode().splitlines() == ["0 False"] * 3 + ["refused 1"], done
    assert done.stderr.count(b"could be carried over") == 1


MANY = """
if os.path.exists("s"): os.unlink("s")
here = server("s"); answer(here, 9)
one = fresh(); copies = [os.dup(one.fileno()) for _ in range(60)]
one.connect("s")
print(ping(one), sum(os.fstat(n).st_ino == os.fstat(one.fileno()).st_ino for n in copies) >= 32)
"""


def test_too_much_to_carry_is_said(free, user, nonet):
    done = Launcher(user)(nonet, "--allow-unix", "inside", "--", PYTHON, "-c", HEAD + MANY)
    assert done.stdout == b"pong ping True\n" and done.stderr.count(b"could be carried over") == 1, done
