"""`--allow-connect`: TCP reaches exactly what is named, as with the kernel; nothing else opens."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import pytest
from conftest import HERE

from support.listener import Listener, unused_port, wait_for
from support.outside import Ears
from support.run import PYTHON, Launcher, tool

PERMISSION = "EACCES"
HEAD = """
import ctypes, errno, os, select, signal, socket, sys, threading, time
PORT = int(sys.argv[1])
LIBC = ctypes.CDLL(None, use_errno=True)
def outcome(action):
    try:
        return action()
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
def connected(address, family=socket.AF_INET):
    one = socket.socket(family)
    one.connect(address)
    return one
def echo(one, word=b"ping"):
    one.sendall(word)
    return one.recv(100).decode()
def raw_connect(one, bytes_, length=None):
    if LIBC.connect(one.fileno(), bytes_, len(bytes_) if length is None else length) == 0:
        return "connected"
    return errno.errorcode[ctypes.get_errno()]
"""


class Echo:
    """A server on a loopback address that sends back what it gets."""

    def __init__(self, address="127.0.0.1", backlog=128, accepts=True):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._socket = socket.socket(family)
        self._socket.bind((address, 0))
        self._socket.listen(backlog)
        self.port = self._socket.getsockname()[1]
        if accepts:
            threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                one, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._echo, args=(one,), daemon=True).start()

    @staticmethod
    def _echo(one):
        with one, contextlib.suppress(ConnectionError):
            while data := one.recv(65536):
                one.sendall(data)

    def accept_one(self):
        return self._socket.accept()[0]

    def close(self):
        self._socket.close()


@pytest.fixture
def echo():
    one = Echo()
    yield one
    one.close()


@pytest.fixture
def ears():
    """A listener on another port, and whether a token came there."""
    one = Ears()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(4096)
    one.port = listener.getsockname()[1]
    one.on(listener)
    yield one
    one.close()


@pytest.fixture
def allowing(user, nonet):
    """Runs nonet with these values of the option."""
    return lambda *values, options=("-q",): Launcher(
        user, (nonet, *options, *(w for v in values for w in ("--allow-connect", v)), "--"))


def lines(launcher, text, *arguments, **options):
    done = launcher(PYTHON, "-c", HEAD + text, *map(str, arguments), **options)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode().splitlines()


def same(free, launcher, text, *arguments):
    """What a program prints inside is what it prints without nonet."""
    bare = lines(free, text, *arguments)
    assert lines(launcher, text, *arguments) == bare
    return bare


# As with the kernel --------------------------------------------------------------------------------

SAME = {
    "blocking": 'print(echo(connected(("127.0.0.1", PORT))))',
    "mapped": 'print(echo(connected(("::ffff:127.0.0.1", PORT), socket.AF_INET6)))',
    "not blocking": """
one = socket.socket(); one.setblocking(False)
print(errno.errorcode[one.connect_ex(("127.0.0.1", PORT))])
print(len(select.select([], [one], [], 5)[1]), one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
print(outcome(lambda: one.connect_ex(("127.0.0.1", PORT))) in (0, errno.EISCONN))
one.setblocking(True); print(echo(one))""",
    "timeout": """
one = socket.socket(); one.settimeout(5); one.connect(("127.0.0.1", PORT)); print(echo(one))""",
    "twice": """
one = connected(("127.0.0.1", PORT)); print(outcome(lambda: one.connect(("127.0.0.1", PORT))))""",
    "half closed": """
one = connected(("127.0.0.1", PORT)); one.sendall(b"x" * 9); one.shutdown(socket.SHUT_WR)
print(one.recv(100), one.recv(1))""",
    "disconnected": """
one = connected(("127.0.0.1", PORT))
print(raw_connect(one, bytes(16)), outcome(lambda: one.getpeername()))
one.connect(("127.0.0.1", PORT)); print(echo(one))""",
    "shapes of addresses": """
plain = b"\\x02\\0" + PORT.to_bytes(2, "big") + bytes([127, 0, 0, 1])
print([raw_connect(socket.socket(), plain + bytes(n)) for n in (0, 7, 8, 120, 121)])
print([raw_connect(socket.socket(), plain + bytes(8), n) for n in (0, 1, 2, -1)])
print(raw_connect(socket.socket(), b"\\x0a" + plain[1:] + bytes(20)))
mapped = b"\\x0a\\0" + PORT.to_bytes(2, "big") + bytes(4) + bytes(10) + b"\\xff\\xff" + bytes([127, 0, 0, 1])
six = lambda: socket.socket(socket.AF_INET6)
print([raw_connect(six(), mapped + bytes(n)) for n in (0, 3, 4, 100)], raw_connect(six(), mapped[:-1]))
print(raw_connect(six(), mapped[:4] + b"\\0\\0\\0\\x07" + mapped[8:] + b"\\x09\\0\\0\\0"), raw_connect(six(), plain + bytes(20)))
only = six(); only.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1); print(raw_connect(only, mapped + bytes(4)))""",
    "options": """
one = socket.socket()
def value(level, name, size=0): return one.getsockopt(level, name, size) if size else one.getsockopt(level, name)
WANTED = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 77), (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 4321),
    (socket.SOL_SOCKET, socket.SO_RCVBUF, 30000), (socket.SOL_SOCKET, socket.SO_SNDBUF, 40000),
    (socket.SOL_SOCKET, socket.SO_RCVLOWAT, 3), (socket.SOL_SOCKET, socket.SO_PRIORITY, 5),
    (socket.IPPROTO_IP, socket.IP_TOS, 16), (socket.IPPROTO_IP, socket.IP_TTL, 9)]
for level, name, wanted in WANTED: one.setsockopt(level, name, wanted)
one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\\1\\0\\0\\0\\5\\0\\0\\0")
one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, (3).to_bytes(8, "little") + bytes(8))
os.set_inheritable(one.fileno(), True)
one.connect(("127.0.0.1", PORT))
print([value(level, name) for level, name, _ in WANTED], value(socket.SOL_SOCKET, socket.SO_LINGER, 8))
print(value(socket.SOL_SOCKET, socket.SO_RCVTIMEO, 16), os.get_inheritable(one.fileno()), one.getblocking())""",
    "flags of socket": """
plain, quick = socket.socket(), socket.socket(type=socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
print(plain.getblocking(), quick.getblocking(), os.get_inheritable(plain.fileno()))
print(outcome(lambda: socket.socket(type=socket.SOCK_STREAM | 0x400000)))
low = LIBC.socket(2, 1, 0); print(os.get_inheritable(low)); os.close(low)
import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (plain.fileno() + 2, 4096)); print(outcome(socket.socket))""",
    "threads": """
gone = []
def many():
    for _ in range(50): gone.append(echo(connected(("127.0.0.1", PORT))))
all_ = [threading.Thread(target=many) for _ in range(8)]
for one in all_: one.start()
for one in all_: one.join()
print(len(gone), set(gone))""",
    "a child": """
one = connected(("127.0.0.1", PORT))
if os.fork() == 0: print(echo(one), flush=True); os._exit(0)
os.wait()""",
}


@pytest.mark.parametrize("what", SAME)
def test_as_with_the_kernel(free, allowing, echo, what):
    assert same(free, allowing(f"127.0.0.1:{echo.port}"), SAME[what], echo.port)


def test_a_refused_port(free, allowing):
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
        text = """
print(outcome(lambda: connected(("127.0.0.1", PORT))))
one = socket.socket(); print(outcome(lambda: one.connect(("127.0.0.1", PORT))), outcome(lambda: one.connect(("127.0.0.1", PORT))))
two = socket.socket(); two.setblocking(False); two.connect_ex(("127.0.0.1", PORT)); select.select([], [two], [], 5)
print(errno.errorcode[two.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)])
three = socket.socket(); three.settimeout(5); print(outcome(lambda: three.connect(("127.0.0.1", PORT))))"""
        assert same(free, allowing(f"127.0.0.1:{port}"), text, port) == [
            "ECONNREFUSED", "ECONNREFUSED ECONNREFUSED", "ECONNREFUSED", "ECONNREFUSED"]


def test_ipv6_and_localhost(free, allowing):
    six = Echo("::1")
    text = 'print(echo(connected(("::1", PORT), socket.AF_INET6)))'
    assert same(free, allowing(f"[::1]:{six.port}"), text, six.port) == ["ping"]
    assert lines(allowing(f"localhost:{six.port}"), text, six.port) == ["ping"]
    # Happy eyeballs: both addresses are tried, and one answers.
    text = """
for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    try: print(echo(connected((address, PORT), family))); break
    except ConnectionRefusedError: pass"""
    assert same(free, allowing(f"localhost:{six.port}"), text, six.port) == ["ping"]
    six.close()


def test_lists_and_ranges(allowing, echo):
    text = 'print(outcome(lambda: echo(connected(("127.0.0.1", PORT)))))'
    low, high = max(1, echo.port - 3), min(65535, echo.port + 3)
    for value in (f"1,2,{echo.port}", f"{low}-{high}", f"1-2,{echo.port}-{echo.port}"):
        assert lines(allowing(f"127.0.0.1:{value}"), text, echo.port) == ["ping"]
    for value in (f"127.0.0.1:1-{echo.port - 1},{echo.port + 1}-65535", f"127.0.0.2:{echo.port}", f"[::1]:{echo.port}"):
        assert lines(allowing(value), text, echo.port) == [PERMISSION]


def test_a_full_backlog(free, allowing):
    """Nobody answers: a timeout of the socket, one of the program, a signal, and an answer that comes late."""
    text = """
one = socket.socket(); one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, (0).to_bytes(8, "little") + (300000).to_bytes(8, "little"))
print(outcome(lambda: one.connect(("127.0.0.1", PORT))), outcome(lambda: one.connect(("127.0.0.1", PORT))))
two = socket.socket(); two.settimeout(0.3); print(outcome(lambda: two.connect(("127.0.0.1", PORT))))
three = socket.socket(); three.setblocking(False); three.connect_ex(("127.0.0.1", PORT))
print(len(select.select([], [three], [], 0.2)[1]), errno.errorcode[three.connect_ex(("127.0.0.1", PORT))])
class Rung(Exception): pass
def ring(*_): raise Rung
signal.signal(signal.SIGALRM, ring); signal.setitimer(signal.ITIMER_REAL, 0.3)
try: connected(("127.0.0.1", PORT)); print("connected")
except Rung: print("interrupted")"""

    def full():
        server = Echo(backlog=0, accepts=False)
        kept = [socket.socket() for _ in range(3)]
        for one in kept:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", server.port))
        time.sleep(0.1)
        return server, kept

    server, kept = full()
    bare = lines(free, text, server.port)
    assert bare[-1] == "interrupted" and bare[2].startswith("0 "), bare
    server, kept = full()
    assert lines(allowing(f"127.0.0.1:{server.port}"), text, server.port) == bare
    # The kernel asks again after a second, and finds room.
    taken = []
    running = allowing(f"127.0.0.1:{server.port}").popen(
        PYTHON, "-c", HEAD + 'connected(("127.0.0.1", PORT)); print("late")', str(server.port))
    time.sleep(0.5)
    # Those that were kept waiting find room too, each in its time.
    threading.Thread(target=lambda: taken.extend(iter(server.accept_one, None)), daemon=True).start()
    assert running.communicate(timeout=15)[0] == b"late\n"
    del kept


# Nothing else opens --------------------------------------------------------------------------------

NOTHING = """
OTHER = int(sys.argv[2])
def udp(send):
    one = socket.socket(type=socket.SOCK_DGRAM)
    return send(one)
other, allowed = ("127.0.0.1", OTHER), ("127.0.0.1", PORT)
print(outcome(lambda: connected(other)), outcome(lambda: connected(("127.0.0.2", PORT))), outcome(lambda: connected(("0.0.0.0", PORT))))
print(outcome(lambda: connected(("::ffff:127.0.0.1", OTHER), socket.AF_INET6)), outcome(lambda: connected(("::", PORT), socket.AF_INET6)))
print(outcome(lambda: udp(lambda one: one.sendto(b"x", allowed))), outcome(lambda: udp(lambda one: one.connect(allowed))))
print(outcome(lambda: udp(lambda one: one.sendmsg([b"x"], [], 0, allowed))))
print(outcome(lambda: socket.socket().sendto(b"x", 0x20000000, other)), outcome(lambda: socket.socket().sendmsg([b"x"], [], 0x20000000, other)))
print(outcome(lambda: socket.socket().bind(("127.0.0.1", 0))), outcome(lambda: socket.socket().bind(("", OTHER + 1))), outcome(lambda: socket.socket().listen(1)))
print(outcome(lambda: socket.socket(type=socket.SOCK_RAW, proto=1)), outcome(lambda: socket.socket(proto=262)), outcome(lambda: socket.socket(proto=132)))
print(outcome(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)), outcome(lambda: socket.socket(socket.AF_VSOCK)))
"""


def test_nothing_else_opens(allowing, echo, ears):
    found = lines(allowing(f"127.0.0.1:{echo.port}"), NOTHING, echo.port, ears.port)
    # A network whose lo is down lets 127.0.0.1 be bound to, or not, by the kernel's version: it leads nowhere.
    bound = found.pop(5)
    assert bound in ("EADDRNOTAVAIL EACCES EACCES", "None EACCES EACCES"), bound
    assert found == [
        "EACCES EACCES EACCES", "EACCES EACCES", "EACCES EACCES", "ENETUNREACH", "EACCES EACCES",
        "EACCES EACCES EACCES", "EACCES EAFNOSUPPORT"], found


# Options that could lead a socket elsewhere, each with a value that the kernel takes from somebody.
PINNED = {
    "SO_BINDTODEVICE": (1, 25, b"lo\0"), "SO_BINDTOIFINDEX": (1, 62, b"\1\0\0\0"), "SO_DONTROUTE": (1, 5, b"\1\0\0\0"),
    "SO_MARK": (1, 36, b"\1\0\0\0"), "IP_OPTIONS": (0, 4, b"\x83\x07\x04\x7f\0\0\2\0"), "IP_TRANSPARENT": (0, 19, b"\1\0\0\0"),
    "IP_UNICAST_IF": (0, 50, b"\0\0\0\0"), "IP_FREEBIND": (0, 15, b"\1\0\0\0"), "TCP_REPAIR": (6, 19, b"\1\0\0\0"),
    "TCP_ULP": (6, 31, b"tls\0"), "TCP_FASTOPEN_CONNECT": (6, 30, b"\1\0\0\0"), "TCP_FASTOPEN": (6, 23, b"\1\0\0\0"),
}
PINNED6 = {
    "IPV6_RTHDR": (41, 57, b""), "IPV6_PKTINFO": (41, 50, bytes(20)), "IPV6_HOPOPTS": (41, 54, b""),
    "IPV6_DSTOPTS": (41, 59, b""), "IPV6_UNICAST_IF": (41, 76, b"\0\0\0\0"), "IPV6_2292PKTOPTIONS": (41, 6, b""),
    "IPV6_TRANSPARENT": (41, 75, b"\1\0\0\0"), "IPV6_NEXTHOP": (41, 9, b""),
}
SETTING = """
family, where = eval(sys.argv[2])
for name, (level, option, value) in eval(sys.argv[3]).items():
    fresh, one = socket.socket(family), connected((where, PORT), family)
    print(name, *(outcome(lambda: s.setsockopt(level, option, value) or "set") for s in (fresh, one)))
"""


@pytest.mark.parametrize("family, host, options", [(2, "127.0.0.1", PINNED), (10, "::1", PINNED6)], ids=["ipv4", "ipv6"])
def test_a_connected_socket_stays_with_its_peer(free, allowing, family, host, options):
    server = Echo(host)
    arguments = (server.port, repr((family, host)), repr(options))
    bare = lines(free, SETTING, *arguments)
    # Otherwise nothing would be shown: without nonet at least half of them can be set, more as root.
    assert sum("set" in line.split() for line in bare) * 2 >= len(options), bare
    value = f"[{host}]" if family == 10 else host
    found = lines(allowing(f"{value}:{server.port}"), SETTING, *arguments)
    assert found == [f"{name} {PERMISSION} {PERMISSION}" for name in options]
    server.close()


def test_the_empty_network_cannot_be_changed_or_taken(allowing, echo):
    """Its capabilities are the user's own: what could raise `lo` or hand out the network is refused."""
    text = """
import fcntl, struct
one, two = socket.socket(type=socket.SOCK_DGRAM), connected(("127.0.0.1", PORT))
flags = struct.pack("16sH14x", b"lo", 0x49)
for request in (0x8914, 0x8916, 0x890b, 0x894c, 0x8946, 0x89f1, 0x89a0, 0x8b01):
    print(*(outcome(lambda: fcntl.ioctl(s, request, flags)) for s in (one, two)))
print(struct.unpack_from("16sH", fcntl.ioctl(one, 0x8913, flags))[1] & 1)
"""
    assert lines(allowing(f"127.0.0.1:{echo.port}"), text, echo.port) == ["EACCES EACCES"] * 8 + ["0"]


def network(process):
    """The network of a process; None where it has just ended, as the first of two second holders does."""
    try:
        return os.readlink(f"/proc/{process}/ns/net")
    except FileNotFoundError:
        return None


def networks(supervisor):
    """The network of whoever makes the command's sockets: a child of the supervisor's with another one."""
    with open(f"/proc/{supervisor}/task/{supervisor}/children") as file:
        children = file.read().split()
    return [one for one in children if network(one) not in (None, network(supervisor))]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can enter the network")
def test_a_network_that_is_not_empty_leads_nowhere_either(allowing, echo, ears):
    """Somebody outside raises `lo` there and pushes in a veth with an address: still nobody is reached."""
    running = allowing(f"127.0.0.1:{echo.port}").popen(
        PYTHON, "-c", HEAD + "input(); one = socket.socket()\n" + NOTHING, str(echo.port), str(ears.port),
        stdin=subprocess.PIPE)
    try:
        until = time.monotonic() + 10
        while not (found := networks(running.pid)) and time.monotonic() < until:
            time.sleep(0.05)
        maker = found[0]
        enter = [tool("nsenter"), "-t", maker, "-n", tool("ip")]
        if os.readlink(f"/proc/{maker}/ns/user") != os.readlink("/proc/self/ns/user"):
            enter[1:1] = []
        for words in ([*enter, "link", "set", "lo", "up"],
                      [tool("ip"), "link", "add", "nonet-a", "type", "veth", "peer", "name", "nonet-b", "netns", maker],
                      [tool("ip"), "addr", "add", "10.99.7.1/30", "dev", "nonet-a"], [tool("ip"), "link", "set", "nonet-a", "up"],
                      [*enter, "addr", "add", "10.99.7.2/30", "dev", "nonet-b"], [*enter, "link", "set", "nonet-b", "up"],
                      [*enter, "route", "add", "default", "via", "10.99.7.1"]):
            subprocess.run(words, check=True, timeout=10)
        out, error = running.communicate(b"\n", timeout=20)
        found = out.decode().splitlines()
        assert found[:3] == ["EACCES EACCES EACCES", "EACCES EACCES", "EACCES EACCES"], (out, error)
        assert found[4].startswith("EACCES EACCES"), out
    finally:
        running.kill()
        running.wait()
        subprocess.run([tool("ip"), "link", "del", "nonet-a"], stderr=subprocess.DEVNULL, timeout=10)


ITSELF = """
import socket, sys
port, tries = int(sys.argv[1]), 0
while tries < 3000:
    one = socket.socket(); tries += 1
    try: one.connect(("127.0.0.1", port))
    except OSError: one.close(); continue
    print("connected to", one.getpeername() == one.getsockname(), flush=True); break
"""
SERVES = 'import socket; socket.socket().bind(("127.0.0.1", 40010)); print("bound")'


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a network with few ports")
def test_no_port_is_taken_by_a_connect_to_itself(nonet, me):
    """Where nobody is there, the kernel may give a socket that very port, and its server could not come any more."""
    few = 'ip link set lo up; echo 40000 40031 > /proc/sys/net/ipv4/ip_local_port_range; "$@"; exec "$SERVER" -c "$SERVES"'
    network = [tool("unshare"), "-n", "sh", "-c", few, "sh"]
    attempt = [PYTHON, "-c", ITSELF, "40010"]
    env = {"SERVER": PYTHON, "SERVES": SERVES}
    bare = Launcher(me)(*network, *attempt, env=env)
    assert bare.stdout == b"connected to True\n", f"the instrument: {bare}"
    done = Launcher(me)(*network, nonet, "--allow-connect", "127.0.0.1:40010", "--", *attempt, env=env)
    assert done.stdout == b"bound\n", done


# Races ---------------------------------------------------------------------------------------------

@pytest.fixture(scope="session")
def attacker(stage):
    out = stage / "network"
    build = [tool("cc"), "-O1", "-Wall", "-static", "-no-pie", "-pthread", "-o", out, HERE / "probes/network.c"]
    subprocess.run(build, check=True, timeout=60)
    return str(out)


@pytest.mark.parametrize("way", ["address", "descriptor", "disconnect", "shutdown"])
def test_threads_that_exchange_everything(free, allowing, echo, ears, attacker, way):
    words = (attacker, way, str(echo.port), str(ears.port))
    assert free(*words, "3", env={"TOKEN": "free"}).returncode == 0
    assert ears.heard(b"free", 2), "without nonet the attack does not work"
    seconds = "60" if os.environ.get("NONET_FIELD") else "3"
    done = allowing(f"127.0.0.1:{echo.port}")(*words, seconds, env={"TOKEN": "inside"}, timeout=90)
    assert done.returncode == 0, done
    # It was no empty fight: what is allowed was connected.
    assert int(done.stdout.split()[1]) > 20, done
    assert not ears.heard(b"inside", 0.2)


def test_who_gives_up_connecting_goes_nowhere(free, allowing, ears, attacker):
    """A socket that connects still and is shut down would be free to listen outside, or to go elsewhere."""
    for launcher, token, is_free in ((free, "free", True), (None, "inside", False)):
        server = Echo(backlog=0, accepts=False)
        kept = [socket.socket() for _ in range(3)]
        for one in kept:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", server.port))
        time.sleep(0.1)
        launcher = launcher or allowing(f"127.0.0.1:{server.port}")
        done = launcher(attacker, "give-up", str(server.port), str(ears.port), "1", env={"TOKEN": token})
        assert done.returncode == 0, done
        assert (b"listens" in done.stdout or ears.heard(token.encode(), 0.5)) == is_free, done
        server.close()


# After the supervisor ------------------------------------------------------------------------------

def test_after_the_supervisors_end_nothing_opens(user, nonet, echo, ears, stage):
    """What is left running is served as before; where the supervisor was killed, everything is refused."""
    text = HEAD + """
done = sys.argv[3]
if os.fork(): os._exit(0)
os.setsid(); time.sleep(0.5)
with open(done + ".new", "w") as file:
    print(outcome(lambda: echo(connected(("127.0.0.1", PORT)))), outcome(lambda: connected(("127.0.0.1", int(sys.argv[2])))), file=file)
os.rename(done + ".new", done)
"""
    done = f"{user.home}/left"
    launcher = Launcher(user, (nonet, "-q", "--allow-connect", f"127.0.0.1:{echo.port}", "--"))
    assert launcher(PYTHON, "-c", text, str(echo.port), str(ears.port), done, stdout=subprocess.DEVNULL).returncode == 0
    until = time.monotonic() + 10
    while not os.path.exists(done) and time.monotonic() < until:
        time.sleep(0.05)
    assert pathlib.Path(done).read_text().split() == ["ping", PERMISSION]

    text = HEAD + """
signal.signal(signal.SIGTERM, signal.SIG_IGN)  # which comes when nonet is gone
print("ready", flush=True); time.sleep(0.7)
one = outcome(socket.socket)
print(one, flush=True)
"""
    running = launcher.popen(PYTHON, "-c", text, str(echo.port))
    assert running.stdout.readline() == b"ready\n"
    running.kill()
    assert running.stdout.readline().strip() == PERMISSION.encode()
    running.wait()


# Clients -------------------------------------------------------------------------------------------

def test_curl(allowing):
    server = Listener()
    done = allowing(f"127.0.0.1:{server.port}")(tool("curl"), "-sS", f"http://127.0.0.1:{server.port}/")
    assert done.stdout == b"hello\n", done
    server.close()


def test_node_and_java(allowing, user, echo):
    node = tool("node", optional=True)
    text = (f"const c=require('net').connect({echo.port},'127.0.0.1',()=>c.write('ping'));"
            "c.on('data',d=>{console.log(String(d));c.end()});c.on('error',e=>console.log(e.code))")
    done = allowing(f"127.0.0.1:{echo.port}")(node, "-e", text)
    assert done.stdout == b"ping\n", done


def test_redis(allowing, user):
    server = shutil.which("redis-server")
    if not server or not shutil.which("redis-cli"):
        pytest.skip("redis-server or redis-cli is not installed")
    port = unused_port()
    running = subprocess.Popen([server, "--port", str(port), "--save", ""], stdout=subprocess.DEVNULL, cwd="/tmp")
    try:
        wait_for(port)
        done = allowing(f"127.0.0.1:{port}")("redis-cli", "-p", str(port), "ping")
        assert done.stdout == b"PONG\n", done
    finally:
        running.terminate()
        running.wait(5)


def test_an_existing_proxy_that_knows_hosts(allowing, tmp_path, user):
    """The recipe of the documentation: a proxy with a list of hosts is the one thing that is allowed."""
    proxy = shutil.which("tinyproxy")
    if not proxy:
        pytest.skip("tinyproxy is not installed")
    web = Listener()
    port = unused_port()
    folder = tempfile.mkdtemp(prefix="nonet-proxy.")
    names, file = f"{folder}/hosts", f"{folder}/tinyproxy.conf"
    pathlib.Path(names).write_text("^localhost$\n")
    pathlib.Path(file).write_text(
        f"Port {port}\nListen 127.0.0.1\nAllow 127.0.0.1\nFilter \"{names}\"\nFilterDefaultDeny Yes\nTimeout 5\n")
    running = subprocess.Popen([proxy, "-d", "-c", file], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        launcher = allowing(f"127.0.0.1:{port}")
        words = (tool("curl"), "-sS", "-x", f"http://127.0.0.1:{port}")
        assert launcher(*words, f"http://localhost:{web.port}/").stdout == b"hello\n"
        refused = launcher(*words, "-o", "/dev/null", "-w", "%{http_code}", f"http://127.0.0.1:{web.port}/")
        assert refused.stdout == b"403", refused
        assert launcher(tool("curl"), "-sS", f"http://localhost:{web.port}/").returncode != 0
    finally:
        running.terminate()
        running.wait(5)
        shutil.rmtree(folder)
        web.close()


# Beside other options, and bad input -----------------------------------------------------------------

def test_the_log_and_the_mark(allowing, echo, ears):
    launcher = allowing(f"127.0.0.1:{echo.port}", options=("-q", "--log", "-"))
    text = f'print(os.environ["NONET"]); outcome(lambda: connected(("127.0.0.1", {ears.port}))); echo(connected(("127.0.0.1", PORT)))'
    done = launcher(PYTHON, "-c", HEAD + text, str(echo.port))
    assert f"+allow-connect(127.0.0.1:{echo.port})" in done.stdout.decode()
    events = [json.loads(line) for line in done.stderr.splitlines()][1:-1]
    told = [(e["args"]["port"], e["verdict"]) for e in events if e["api"] == "connect"]
    assert told == [(ears.port, "refused"), (echo.port, "allowed")]


def test_beside_allow_unix(user, nonet, echo):
    launcher = Launcher(user, (nonet, "-q", "--allow-unix", "inside", "--allow-connect", f"127.0.0.1:{echo.port}", "--"))
    text = """
server = socket.socket(socket.AF_UNIX); server.bind("own"); server.listen(4)
client = socket.socket(socket.AF_UNIX); client.connect("own"); client.sendall(b"x"); client.shutdown(socket.SHUT_WR)
print(server.accept()[0].recv(9).decode(), echo(connected(("127.0.0.1", PORT))))"""
    assert lines(launcher, text, echo.port) == ["x ping"]


BAD = [
    ["127.0.0.1"], ["127.0.0.1:"], ["127.0.0.1:0"], ["127.0.0.1:65536"], ["127.0.0.1:80,"], ["127.0.0.1:90-80"],
    ["example.org:80"], ["127.0.0.0/8:80"], ["*:80"], ["127.0.0.1:*"], [""], ["::1:80"], ["[::1]"], ["[::1%lo]:80"],
    ["[fe80::1]:80"], ["[::]:80"], ["0.0.0.0:80"], ["224.0.0.1:80"], ["255.255.255.255:80"], ["[ff02::1]:80"],
    ["127.1:80"], ["127.0.0.1:80", "127.0.0.1:80"], ["127.0.0.1:+80"], ["127.0.0.1: 80"],
]


@pytest.mark.parametrize("values", BAD, ids=lambda values: " ".join(values) or "empty")
def test_bad_values(allowing, values):
    done = allowing(*values, options=())("echo", "ran")
    assert done.returncode == 125 and b"ran" not in done.stdout, done
    assert done.stderr.startswith(b"nonet: --allow-connect: "), done.stderr


@pytest.mark.parametrize("options, reason", [
    (("--observe",), "exclude each other"), (("--policy", "strict"), "no socket of any kind"),
    (("--policy", "unix"), "lets connect through"), (("--allow", "socket"), "IP sockets be made already"),
    (("--allow", "bpf"), "allows bpf"), (("--backend", "namespace"), "seccomp backend"),
])
def test_bad_company(allowing, options, reason):
    done = allowing("127.0.0.1:80", options=("-q", *options))("echo", "ran")
    assert done.returncode == 125 and b"ran" not in done.stdout, done
    assert reason in done.stderr.decode(), done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has capabilities to keep")
def test_a_capability_that_leads_sockets_elsewhere(bare, nonet):
    done = subprocess.run([nonet, "-q", "--keep-caps", "NET_ADMIN", "--allow-connect", "127.0.0.1:80", "--", "echo", "ran"],
                          capture_output=True, timeout=20)
    assert done.returncode == 125 and b"NET_ADMIN" in done.stderr and not done.stdout, done


def test_inside_another_supervisor(user, nonet):
    outer = Launcher(user, (nonet, "-q", "--log", "/dev/null", "--", nonet, "-q", "--allow-connect", "127.0.0.1:80", "--"))
    done = outer("echo", "ran")
    assert done.returncode == 125 and b"one supervisor only" in done.stderr and not done.stdout, done


# Destinations --------------------------------------------------------------------------------------

def test_destinations_are_told(user, nonet):
    text = HEAD + """
query = b"\\x12\\x34\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\7example\\3org\\0\\0\\1\\0\\1"
PLACE = ("192.0.2.9", 53)
udp = lambda: socket.socket(type=socket.SOCK_DGRAM)
def asks(send):
    one = udp(); one.connect(PLACE); return send(one)
print(outcome(lambda: connected(("192.0.2.7", 443))), outcome(lambda: udp().sendto(b"x", ("192.0.2.8", 99))))
print(outcome(lambda: udp().sendmsg([query], [], 0, PLACE)), outcome(lambda: asks(lambda one: one.send(query, 0x4000))))
print(outcome(lambda: socket.socket().bind(("", 8080))), outcome(lambda: socket.socket().listen(3)), outcome(lambda: udp().bind(("", 0))))
"""
    launcher = Launcher(user, (nonet, "-q", "--destinations", "--errno", "EPERM", "--log", "-", "--"))
    done = launcher(PYTHON, "-c", text, "1")
    assert done.stdout.decode().splitlines() == ["EPERM EPERM", "EPERM EPERM", "EPERM EPERM None"], done
    events = [json.loads(line) for line in done.stderr.splitlines()][1:-1]
    told = [(e["api"], e["args"].get("address"), e["args"].get("port"), (e["args"].get("query") or {}).get("name")) for e in events]
    for one in (("connect", "192.0.2.7", 443, None), ("sendto", "192.0.2.8", 99, None),
                ("sendmsg", "192.0.2.9", 53, "example.org"), ("sendto", "192.0.2.9", 53, "example.org")):
        assert one in told, told


def test_destinations_need_who_tells(user, nonet):
    done = Launcher(user, (nonet, "--destinations", "--"))("echo", "ran")
    assert done.returncode == 125 and b"--destinations needs --log" in done.stderr and not done.stdout, done
