"""`--loopback`: AF_UNIX among the command's own processes, beside IP on 127.0.0.1 and ::1, and nobody outside."""

import os
import pathlib
import shutil
import socket
import subprocess
import threading

import pytest
from conftest import HERE

from support.run import PYTHON, Launcher, tool
from support.unix import HEAD

REFUSED = "PermissionError 13"


@pytest.fixture
def inside(user, nonet):
    return Launcher(user, (nonet, "-q", "--loopback", "--"))


def python(launcher, text, *arguments, **options):
    """Runs a program of the words in support/unix.py; its lines."""
    done = launcher(PYTHON, "-c", HEAD + text, *arguments, **options)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode().splitlines()


# --- among the command's own ----------------------------------------------------------------------

AMONG = """
def told(kind=STREAM, name="s", bound=False, child=True, early=True):
    if os.path.exists(name): os.unlink(name)
    one = server(name, kind=kind)
    mine = fresh(kind)
    if bound:
        if os.path.exists("mine"): os.unlink("mine")
        mine.bind("mine")
    copy, there = mine.dup(), select.epoll()
    there.register(copy.fileno(), select.EPOLLIN)
    pid = os.fork()
    if pid == 0:
        got, address = one.accept()
        got.sendall(b"hello " + (address or "").encode())
        time.sleep(1); os._exit(0)
    mine.settimeout(3)
    mine.connect(at(name))
    text = mine.recv(99).decode()
    got = (text, copy.getpeername() == mine.getpeername(), mine.getsockname())
    os.kill(pid, 9); os.waitpid(pid, 0)
    return got, [(number == copy.fileno(), hex(what)) for number, what in there.poll(3)]
for words in ({}, {"kind": SEQPACKET}, {"bound": True}, {"bound": True, "kind": SEQPACKET}, {"name": "@inside-%d" % os.getpid()},
              {"name": "@bound-%d" % os.getpid(), "bound": True}):
    print(words.get("bound"), told(**words))
"""


def test_sockets_of_the_commands_own_are_as_without(free, inside):
    """Bound before they connect, copied and in an epoll set before: what is connected is the command's own socket."""
    without, got = python(free, AMONG), python(inside, AMONG)
    assert len(without) == 6 and "hello mine" in without[2] and all("(True, '0x11')" in line for line in without)
    assert got == without


WRONG = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def ask(number, address, length):
    print(-libc.connect(number, address, length) and ctypes.get_errno())
open("file", "w").close()
for make in (lambda: socket.socket(), lambda: socket.socket(socket.AF_INET6), lambda: fresh(), lambda: fresh(SEQPACKET),
             lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM), lambda: socket.socket(16, socket.SOCK_RAW)):
    one = make()
    for address, length in ((None, 0), (None, 16), (ctypes.c_void_p(8), 16), (b"\\2\\0" + b"x" * 30, 4), (b"x" * 32, -1), (b"x" * 300, 129),
                            (b"x" * 300, 300), (b"\\1\\0nowhere\\0", 10), (b"\\1\\0file\\0", 7), (b"\\1\\0", 2), (b"\\0" * 32, 2)):
        ask(one.fileno(), address, length)
ask(99, b"x" * 16, 16); ask(os.open("file", os.O_RDONLY), b"x" * 16, 16)
"""


def test_wrong_connects_answer_as_without(free, inside):
    without = python(free, WRONG)
    assert len(without) == 68 and len(set(without)) > 5
    assert python(inside, WRONG) == without


NETWORK = """
def outcome(do):
    try: return do()
    except OSError as error: return error.errno
def waiting():
    one = socket.create_server(("127.0.0.1", 0), backlog=0)
    def later():
        time.sleep(0.5)
        for _ in range(3): one.accept()
    threading.Thread(target=later, daemon=True).start()
    kept = [socket.create_connection(one.getsockname()) for _ in range(3)]
    return [ping.getpeername() == one.getsockname() for ping in kept]
def soon():
    one = socket.create_server(("::1", 0), family=socket.AF_INET6)
    mine = socket.socket(socket.AF_INET6); mine.setblocking(False)
    first = mine.connect_ex(one.getsockname()); select.select([], [mine], [], 5)
    return first, mine.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), mine.connect_ex(one.getsockname())
def impatient():
    one = socket.create_server(("127.0.0.1", 0), backlog=0)
    kept = []
    for _ in range(4):
        mine = socket.socket(); kept.append(mine)
        mine.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 0, 300000))
        got = outcome(lambda: mine.connect(one.getsockname()))
        if got: return got
def again():
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.connect(("127.0.0.1", 9)); first = one.getpeername()
    one.connect(("127.0.0.2", 10)); return first, one.getpeername(), one.getsockname()[0][:4]
def twice():
    one = socket.create_server(("127.0.0.1", 0)); mine = socket.create_connection(one.getsockname())
    return outcome(lambda: mine.connect(one.getsockname())), mine.getblocking()
def asleep():
    import signal
    signal.signal(signal.SIGALRM, lambda *_: None); signal.siginterrupt(signal.SIGALRM, True)
    one = socket.create_server(("127.0.0.1", 0), backlog=0); address = one.getsockname()
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True); kept = []
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    for _ in range(4):
        mine = socket.socket(); kept.append(mine)
        if libc.connect(mine.fileno(), struct.pack("<H", 2) + struct.pack(">H", address[1]) + socket.inet_aton("127.0.0.1") + bytes(8), 16):
            return ctypes.get_errno()
for do in (waiting, soon, impatient, again, twice, asleep,
           lambda: socket.create_connection(("127.0.0.1", 1), 5),
           lambda: socket.socket(16, socket.SOCK_RAW).connect((0, 0))):
    print(outcome(do))
"""


def test_connects_of_the_network_are_as_without(free, inside):
    """Waiting for room, timeouts, signals, O_NONBLOCK, a second connect: each is the kernel's own on the command's socket."""
    without = python(free, NETWORK)
    assert without[0] == "[True, True, True]" and without[2] == "115" and without[5:7] == ["4", "111"]
    assert python(inside, NETWORK) == without


MULTICAST = """
def heard(family, group, level, join, request, out, index):
    one = socket.socket(family, socket.SOCK_DGRAM); one.bind(("", 0)); one.settimeout(3)
    one.setsockopt(level, join, socket.inet_pton(family, group) + request)
    two = socket.socket(family, socket.SOCK_DGRAM)
    if index: two.setsockopt(level, out, index)
    two.sendto(b"all of you", (group, one.getsockname()[1]))
    return one.recv(99).decode()
v4 = (socket.AF_INET, "239.1.2.3", socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP)
v6 = (socket.AF_INET6, "ff02::123", socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP)
print(heard(*v4, bytes(4), socket.IP_MULTICAST_IF, b""), heard(*v4, socket.inet_aton("127.0.0.1"), socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1")),
      heard(*v6, struct.pack("@I", 0), socket.IPV6_MULTICAST_IF, b""), heard(*v6, struct.pack("@I", 1), socket.IPV6_MULTICAST_IF, struct.pack("@I", 1)))
"""


def test_multicast_comes_back_on_lo(inside):
    assert python(inside, MULTICAST) == [" ".join(["all of you"] * 4)]


NAMES = """
A, P = socket.AI_ADDRCONFIG, socket.AI_PASSIVE
for host, flags, family in (("localhost", A, 0), ("localhost", A, 2), ("127.0.0.1", A, 2), ("::1", A, 10), (None, A | P, 2), (None, A | P, 10)):
    try: print(host, family, sorted({one[4][0] for one in socket.getaddrinfo(host, 80, family, STREAM, 0, flags)}))
    except OSError as error: print(host, family, error.errno)
"""


def test_names_resolve_as_outside(free, inside):
    """Asio, libevent, glib and others ask for the families that the machine has, of which lo's own addresses count for none."""
    without = python(free, NAMES)
    assert "127.0.0.1 2 ['127.0.0.1']" in without
    assert python(inside, NAMES) == without


# --- outside --------------------------------------------------------------------------------------

OUTSIDE = """
path, abstract, word = sys.argv[1:]
def reach(name, kind=STREAM, bound=False):
    one = fresh(kind)
    if bound: one.bind("")
    try: one.connect(at(name)); one.sendall(word.encode()); return "reached"
    except OSError as error: return error.__class__.__name__ + " " + str(error.errno)
if not os.path.islink("link"): os.symlink(path, "link")
for name in (path, "link", abstract):
    print(reach(name), reach(name, bound=True), reach(name, SEQPACKET), sep=", ")
for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
    for make in (lambda: fresh(kind), lambda: socket.socketpair(UNIX, kind)):
        try: make(); print("made")
        except OSError as error: print("PermissionError", error.errno)
"""


def test_sockets_outside_stay_out_of_reach(free, inside, outdoors):
    """Also for one that was bound first, and by names outside; datagrams could be sent anywhere, so none can be made."""
    out = python(free, OUTSIDE, outdoors.path, outdoors.abstract, "bare word")
    assert all(line.startswith("reached, reached") for line in out[:3]) and out[3:] == ["made"] * 4
    assert outdoors.heard(b"bare word", 5)
    got = python(inside, OUTSIDE, outdoors.path, outdoors.abstract, "secret word")
    assert got[3:] == [REFUSED] * 4 and "reached" not in " ".join(got), got
    assert got[0].startswith(f"{REFUSED}, {REFUSED}") and got[1].startswith(f"{REFUSED}, {REFUSED}"), got
    assert not outdoors.heard_behind_all(b"secret word", outdoors.path)


SWAPPED = """
path, word = sys.argv[1], sys.argv[2].encode()
if os.path.exists("own"): os.unlink("own")
one = server("own", 400)
def pair():
    made = socket.socket(), fresh()
    for each in made: each.setblocking(False)  # who waits for room exchanges nothing
    return made
import ctypes
libc = ctypes.CDLL(None)
own, far = b"\\1\\0own" + bytes(100), b"\\1\\0" + path.encode() + bytes(100 - len(path))
page = ctypes.create_string_buffer(110)
listening = socket.create_server(("127.0.0.1", 0))
inet = struct.pack("<H", 2) + struct.pack(">H", listening.getsockname()[1]) + socket.inet_aton("127.0.0.1") + bytes(94)
going, kept = [True], []
spare = pair()
slot = os.dup(spare[0].fileno())
def swap():
    while going[0]:
        for text, other in ((inet, 0), (far, 1), (own, 1)):
            page[:102] = text[:102]
            os.dup2(spare[other].fileno(), slot)
threads = [threading.Thread(target=swap) for _ in range(2)]
for one in threads: one.start()
until = time.monotonic() + 2
tries = 0
while time.monotonic() < until and len(kept) < 300:
    if libc.connect(slot, page, 102) == 0:
        for write in (lambda: os.write(slot, word), lambda: spare[1].send(word)):
            try: write()
            except OSError: pass
        kept.append(spare)
        spare = pair()
    tries += 1
going[0] = False
print(tries > 20)
"""


def test_descriptors_and_addresses_exchanged_meanwhile(free, inside, outdoors):
    """What leads outside never gets a byte, whatever takes the place of the socket and of the address during a connect."""
    python(free, SWAPPED, outdoors.path, "bare word")
    assert outdoors.heard(b"bare word", 5), "without nonet the bytes get there"
    assert python(inside, SWAPPED, outdoors.path, "secret word") == ["True"]
    assert not outdoors.heard_behind_all(b"secret word", outdoors.path)


def test_one_socket_outside_by_its_path(free, user, nonet, outdoors):
    """Beside those inside, and beside the command's own 127.0.0.1."""
    words = (PYTHON, "-c", HEAD + """
one = server("own"); answer(one); print(connect("own"))
for path in sys.argv[1:]:
    one = fresh()
    try: one.connect(path); print("reached")
    except OSError as error: print("PermissionError", error.errno)
two = socket.create_server(("127.0.0.1", 0)); print(socket.create_connection(two.getsockname()).getpeername() == two.getsockname())
""", outdoors.path, outdoors.listen("other"))
    done = free(nonet, "-q", "--loopback", "--allow-unix", outdoors.path, "--", *words)
    assert done.stdout.decode().splitlines() == ["pong ping", "reached", REFUSED, "True"], done


def test_inherited_sockets_that_are_not_connected_do_not_stay(user, nonet):
    """Somebody outside may listen on one, too."""
    one = socket.socket(socket.AF_UNIX)
    near, far = socket.socketpair()
    text = "import os, sys\nfor n in sys.argv[1:]:\n try: os.fstat(int(n)); print('open')\n except OSError: print('closed')"
    done = Launcher(user)(nonet, "--loopback", "--", PYTHON, "-c", text, str(one.fileno()), str(far.fileno()), pass_fds=(one.fileno(), far.fileno()))
    assert done.stdout.split() == [b"closed", b"open"], done


# --- where there is no supervisor -----------------------------------------------------------------


@pytest.mark.parametrize("how", ["nested", "standard input"])
def test_without_a_supervisor_it_is_as_it_was(free, nonet, how):
    """AF_UNIX is refused then, TCP works, and -v says why."""
    ask = HEAD + """
two = socket.create_server(("127.0.0.1", 0)); print(socket.create_connection(two.getsockname()).getpeername() == two.getsockname())
try: fresh()
except OSError as error: print(error.errno)
"""
    words, options = (nonet, "-v", "--loopback", "--", PYTHON, "-c", ask), {}
    if how == "nested":
        words = (nonet, "-q", "--loopback", "--", *words)
    else:
        options["stdin"] = socket.socket(socket.AF_UNIX)
    done = free(*words, **options)
    assert done.stdout.decode().splitlines() == ["True", "13"], done
    assert b"not used: s" in done.stderr and b"AF_UNIX" in done.stderr


def test_an_inner_domain_keeps_its_network(free, inside, user):
    """A process whose Landlock domain refuses TCP is not served past it; one that runs after it is."""
    text = HEAD + """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
two = socket.create_server(("127.0.0.1", 0))
def ask():
    try: socket.create_connection(two.getsockname(), 5); return "reached"
    except OSError as error: return error.errno
if libc.syscall(444, None, 0, 1) < 4: print("none"); sys.exit()
def confine(net):
    pid = os.fork()
    if pid: os.waitpid(pid, 0); return
    rules = libc.syscall(444, struct.pack("QQ", 1 << 13, net), 16, 0)
    assert rules >= 0 and not libc.prctl(38, 1, 0, 0, 0) and not libc.syscall(446, rules, 0)
    print(ask(), flush=True)
    if os.fork() == 0: print(ask(), flush=True); os._exit(0)
    os.wait(); os._exit(0)
confine(0); confine(2); time.sleep(0.1)
pid = os.fork()
if pid == 0: print(ask(), flush=True); os._exit(0)
os.waitpid(pid, 0)
"""
    without = python(free, text)
    if without == ["none"]:
        pytest.skip("this kernel's Landlock knows no network")
    assert without == ["reached", "reached", "13", "13", "reached"]
    assert python(inside, text) == without


# --- real programs --------------------------------------------------------------------------------

FORKSERVER = """
import multiprocessing, socketserver, threading, urllib.request, http.server
def fetch(port): return urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).status
class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_): pass
if __name__ == "__main__":
    multiprocessing.set_start_method("forkserver")
    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    with multiprocessing.Pool(2) as pool, multiprocessing.Manager() as manager:
        shared = manager.dict(seen=pool.map(fetch, [web.server_port] * 2))
        print(shared["seen"])
"""

PROGRAMS = {
    "forkserver": ((), "python3 pool.py", "[200, 200]"),
    "tmux": (("tmux",), "export TMUX_TMPDIR=$(mktemp -d); tmux -L own new-session -d 'echo inside > said; sleep 5'; tmux -L own has-session && echo there; for i in $(seq 100); do [ -s said ] && break; sleep 0.05; done; tmux -L own kill-server; cat said", "there\ninside"),
    "a D-Bus session": (("dbus-run-session", "dbus-send"),
                        "dbus-run-session -- sh -c 'dbus-send --session --dest=org.freedesktop.DBus --print-reply / org.freedesktop.DBus.GetId >/dev/null && echo all'", "all"),
    "gpg-agent": (("gpg",), "mkdir -m 700 .g; export GNUPGHOME=$PWD/.g; gpg -q --batch --passphrase '' --quick-gen-key me@x default default never 2>/dev/null;"
                  " echo words | gpg -q --batch --clearsign | gpg -q --verify 2>&1 | grep -o 'Good signature'; gpgconf --kill all", "Good signature"),
    "Xvfb": (("Xvfb", "xdpyinfo"), "Xvfb -displayfd 3 -screen 0 64x64x8 -nolisten tcp 3>n 2>log & for i in $(seq 50); do [ -s n ] && break; sleep 0.1; done;"
             " DISPLAY=:$(cat n) xdpyinfo | grep -o 'dimensions: *64x64'; kill $!", "dimensions:    64x64"),
    "ssh-agent": (("ssh-agent", "ssh-add"), "eval $(ssh-agent) >/dev/null; ssh-add -l; kill $SSH_AGENT_PID", "The agent has no identities."),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(free, inside, user, name):
    needed, script, expected = PROGRAMS[name]
    for one in needed:
        tool(one, optional=True)
    with open(f"{user.home}/pool.py", "w") as file:
        file.write(FORKSERVER)
    os.chmod(f"{user.home}/pool.py", 0o644)
    environment = {"HOME": user.home, "SHELL": "/bin/sh", "TMPDIR": user.home, "PATH": f"{os.path.dirname(PYTHON)}:/usr/bin:/bin"}
    for launcher in (free, inside):
        done = launcher("sh", "-c", script, timeout=60, env=environment)
        assert expected in done.stdout.decode(), (launcher is inside, done)
        for left in ("said", "n", ".g"):
            path = f"{user.home}/{left}"
            shutil.rmtree(path, ignore_errors=True) if os.path.isdir(path) else os.path.exists(path) and os.unlink(path)


POSTGRES = """
set -e
"$1/initdb" -A trust -U me -D data >/dev/null
"$1/pg_ctl" -D data -w -o "-p 5498 -c listen_addresses=127.0.0.1 -c unix_socket_directories='$PWD'" -l log start >/dev/null
trap '"$1/pg_ctl" -D data -m immediate stop >/dev/null' EXIT
for host in "$PWD" 127.0.0.1; do psql -h "$host" -p 5498 -U me -At -c 'select sum(n) from generate_series(1, 9) n' postgres; done
"""


def test_postgresql_by_either_way(inside, user):
    places = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
    if not places or not shutil.which("psql"):
        pytest.skip("PostgreSQL is not installed")
    if user.name == "root":
        pytest.skip("PostgreSQL does not run as root")
    done = inside("sh", "-c", POSTGRES, "sh", str(places[-1]), timeout=60)
    assert done.stdout.endswith(b"45\n45\n"), done


ZMQ = """
import zmq, threading
context = zmq.Context()
for address in ("ipc://own.sock", "tcp://127.0.0.1:5599"):
    one = context.socket(zmq.REP); one.bind(address)
    threading.Thread(target=lambda: one.send(b"pong " + one.recv()), daemon=True).start()
    two = context.socket(zmq.REQ); two.rcvtimeo = 5000; two.connect(address); two.send(b"ping"); print(two.recv().decode())
"""


def test_pyzmq_by_ipc_and_tcp(free, inside):
    if free(PYTHON, "-c", "import zmq").returncode:
        pytest.skip("pyzmq is not installed")
    assert python(inside, ZMQ) == ["pong ping"] * 2


# The number of a file ------------------------------------------------------------------------------

class Newcomers:
    """Servers outside, a new one at PATH.0, PATH.1 and so on every few hundredths of a second; each answers."""

    def __init__(self, path):
        self._path, self._over, self._servers = path, threading.Event(), []
        self._thread = threading.Thread(target=self._come)
        self._thread.start()

    def _come(self):
        while not self._over.wait(0.03):
            one = socket.socket(socket.AF_UNIX)
            path = f"{self._path}.{len(self._servers)}"
            one.bind(path)
            os.chmod(path, 0o777)
            one.listen(8)
            self._servers.append(one)
            threading.Thread(target=self._serve, args=(one,), daemon=True).start()

    @staticmethod
    def _serve(server):
        try:
            while True:
                with server.accept()[0] as one:
                    if one.recv(8):
                        one.send(b"outside")
        except OSError:
            pass

    def end(self):
        self._over.set()
        self._thread.join()
        for one in self._servers:
            one.shutdown(socket.SHUT_RDWR)
            one.close()


def test_a_file_outside_that_got_the_number_of_one_inside(user, nonet, stage):
    """A number that is free again goes to the very next file, in the same tick of the clock by which files are dated."""
    program = stage / "numbers"
    if not program.exists():
        subprocess.run([tool("cc"), "-O1", "-Wall", "-static", "-o", program, HERE / "probes/numbers.c"], check=True, timeout=60)
    folder = pathlib.Path(user.home) / "numbers"
    folder.mkdir()
    user.own(folder, 0o777)

    def tried(name, prefix, how, seconds):
        servers = Newcomers(str(folder / name))
        try:
            done = Launcher(user, prefix)(program, folder / name, str(seconds), how)
        finally:
            servers.end()
        assert done.returncode == 0, done
        return [int(word) for word in done.stdout.split()]

    came, connected, answered = tried("free", (), "free", 0.5)
    assert answered > 3, f"the instrument: {answered} of {came} answer without nonet"
    loopback = (nonet, "-q", "--loopback", "--")
    assert tried("plain", loopback, "free", 0.5)[2] == 0
    came, connected, answered = tried("race", loopback, "race", 3)
    assert answered == 0
    if not connected:
        pytest.skip(f"none of {came} files here got the number of another one")
