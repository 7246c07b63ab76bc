"""`--loopback --allow-connect`: one port is the outer machine's, and all else stays in the network of the command's own."""

import json
import os
import socket
import subprocess
import sys
import threading
import time

import pytest
from test_allow_connect import HEAD, PERMISSION, PINNED, PINNED6, SAME, SETTING, Echo, attacker, echo, ears, lines, same  # noqa: F401

from support.listener import unused_port
from support.run import PYTHON, Launcher, tool

OPTIONS = ("-q", "--loopback")


@pytest.fixture
def allowing(user, nonet):
    """Runs nonet --loopback with these values of the option."""
    return lambda *values, options=OPTIONS: Launcher(
        user, (nonet, *options, *(w for v in values for w in ("--allow-connect", v)), "--"))


# As with the kernel --------------------------------------------------------------------------------

@pytest.mark.parametrize("what", SAME)
def test_as_with_the_kernel(free, allowing, echo, what):
    assert same(free, allowing(f"127.0.0.1:{echo.port}"), SAME[what], echo.port)


def test_ipv6(free, allowing):
    six = Echo("::1")
    text = 'print(echo(connected(("::1", PORT), socket.AF_INET6)))'
    assert same(free, allowing(f"[::1]:{six.port}"), text, six.port) == ["ping"]
    six.close()


INSIDE = """
class Own(threading.Thread):
    def __init__(self, one, family=socket.AF_INET):
        super().__init__(daemon=True)
        self.one = one
        self.start()
    def run(self):
        while True:
            got = self.one.accept()[0]
            got.sendall(b"own " + got.recv(100))
            got.shutdown(socket.SHUT_WR)
            got.close()
def server(address, family=socket.AF_INET):
    one = socket.socket(family); one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6: one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    one.bind(address); one.listen(16); Own(one)
    return one.getsockname()
"""


def test_one_port_is_outside_and_all_else_is_inside(allowing, echo, ears):
    """A server inside may have the very same port: who names the allowed address meets the one outside."""
    text = INSIDE + """
OTHER = int(sys.argv[2])
server(("0.0.0.0", PORT)); server(("::1", PORT), socket.AF_INET6); server(("127.0.0.1", OTHER))
free = server(("", 0))[1]
print(echo(connected(("127.0.0.1", PORT))), echo(connected(("::ffff:127.0.0.1", PORT), socket.AF_INET6)))
print(echo(connected(("127.0.0.2", PORT))), echo(connected(("::1", PORT), socket.AF_INET6)), echo(connected(("127.0.0.1", OTHER))))
print(echo(connected(("127.0.0.1", free))), outcome(lambda: connected(("127.0.0.1", 1))), outcome(lambda: connected(("192.0.2.1", 80))))
one, two = socket.socket(type=socket.SOCK_DGRAM), socket.socket(type=socket.SOCK_DGRAM)
one.bind(("127.0.0.1", PORT)); two.connect(("127.0.0.1", PORT)); two.send(b"datagram"); print(one.recv(99).decode())
mptcp = outcome(lambda: socket.socket(proto=262))
if isinstance(mptcp, str): print("own ping")
else: mptcp.connect(("127.0.0.1", PORT)); print(echo(mptcp))
where = os.path.join(os.environ.get("TMPDIR", "/tmp"), "nonet-own-%d" % os.getpid())
unix = socket.socket(socket.AF_UNIX); unix.bind(where); unix.listen(3); Own(unix)
mine = socket.socket(socket.AF_UNIX); mine.connect(where); print(echo(mine)); os.unlink(where)
bound = socket.socket(); bound.bind(("127.0.0.1", 0)); bound.connect(("127.0.0.1", OTHER)); print(echo(bound))
print(outcome(lambda: socket.socket().bind(("127.0.0.1", PORT))), outcome(lambda: socket.socket().bind(("192.0.2.1", 0))))
listens = socket.socket(); listens.bind(("127.0.0.1", 0)); listens.listen(2); print(outcome(lambda: listens.connect(("127.0.0.1", PORT))))
busy = connected(("127.0.0.1", OTHER)); print(outcome(lambda: busy.connect(("127.0.0.1", PORT))))
"""
    found = lines(allowing(f"127.0.0.1:{echo.port}"), text, echo.port, ears.port)
    assert found == [
        "ping ping", "own ping own ping own ping", "own ping ECONNREFUSED ENETUNREACH", "datagram", "own ping", "own ping", "own ping",
        "EADDRINUSE EADDRNOTAVAIL", "EISCONN", "EISCONN"], found
    assert not ears.heard(b"ping", 0.1)


def test_a_socket_that_failed_outside_is_free_again(free, allowing):
    """As with the kernel it may be connected once more, outside and inside, and it becomes nobody's port outside."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
        text = INSIDE + """
own = server(("127.0.0.1", 0))
one = socket.socket(); one.setblocking(False); one.connect_ex(("127.0.0.1", PORT)); select.select([], [one], [], 5)
print(outcome(lambda: one.connect(("127.0.0.1", PORT))))
two = socket.socket(); two.setblocking(False); two.connect_ex(("127.0.0.1", PORT)); select.select([], [two], [], 5)
two.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
try: two.connect(own)
except OSError: pass
select.select([], [two], [], 5)
try: two.connect(own)
except OSError: pass
two.setblocking(True); print(echo(two))"""
        assert same(free, allowing(f"127.0.0.1:{port}"), text, port) == ["ECONNREFUSED", "own ping"]


def test_a_low_port_inside(user, nonet, allowing, echo):
    text = 'print(outcome(lambda: socket.socket().bind(("127.0.0.1", 80))))'
    plain = Launcher(user, (nonet, *OPTIONS, "--"))
    assert same(plain, allowing(f"127.0.0.1:{echo.port}"), text, echo.port) in (["None"], ["EACCES"])


def test_a_network_inside_this_one_has_no_port_of_outside(allowing, echo):
    text = """
print(echo(connected(("127.0.0.1", PORT))), flush=True)
if LIBC.unshare(0x50000000) != 0: print("no network", errno.errorcode[ctypes.get_errno()])
else: print(outcome(lambda: connected(("127.0.0.1", PORT))))"""
    assert lines(allowing(f"127.0.0.1:{echo.port}"), text, echo.port) == ["ping", "ENETUNREACH"]


# A connected socket stays with its peer -------------------------------------------------------------

@pytest.mark.parametrize("family, host, options", [(2, "127.0.0.1", PINNED), (10, "::1", PINNED6)], ids=["ipv4", "ipv6"])
def test_options_that_could_lead_it_elsewhere(free, allowing, family, host, options):
    server = Echo(host)
    arguments = (server.port, repr((family, host)), repr(options))
    bare = lines(free, SETTING, *arguments)
    assert sum("set" in line.split() for line in bare) * 2 >= len(options), bare
    value = f"[{host}]" if family == 10 else host
    found = lines(allowing(f"{value}:{server.port}"), SETTING, *arguments)
    assert found == [f"{name} {PERMISSION} {PERMISSION}" for name in options]
    server.close()


def test_calls_that_could_lead_it_elsewhere(allowing, echo, ears):
    """Connected, and once the other end has reset it: no bind, no listen, no fast open, nobody else."""
    text = """
OTHER = int(sys.argv[2])
def tries(one):
    other = ("127.0.0.1", OTHER)
    print(outcome(lambda: one.sendto(b"out", 0x20000000, other)), outcome(lambda: one.sendmsg([b"out"], [], 0x20000000, other)),
          outcome(lambda: one.listen(4)), outcome(lambda: one.bind(("127.0.0.1", 0))), outcome(lambda: one.bind(other)))
one = connected(("127.0.0.1", PORT)); tries(one); print(outcome(lambda: one.connect(("127.0.0.1", OTHER))))
gone = connected(("127.0.0.1", PORT)); gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\\1\\0\\0\\0\\0\\0\\0\\0")
gone.sendall(b"reset"); time.sleep(0.3); print(outcome(lambda: gone.recv(9))); tries(gone)
print(outcome(lambda: gone.connect(("127.0.0.1", OTHER))), outcome(lambda: gone.send(b"out")))
"""
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(8)

    def serve():
        while True:
            try:
                got = server.accept()[0]
            except OSError:
                return
            got.settimeout(2)
            try:
                if got.recv(9) == b"reset":
                    got.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            except OSError:
                pass
            got.close()

    threading.Thread(target=serve, daemon=True).start()
    port = server.getsockname()[1]
    found = lines(allowing(f"127.0.0.1:{port}"), text, port, ears.port)
    server.close()
    refused = f"{PERMISSION} {PERMISSION} EINVAL EINVAL EINVAL"
    assert found[:4] == [refused, "EISCONN", "ECONNRESET", refused], found
    assert "EISCONN" in found[4] or "ECONNREFUSED" in found[4], found
    assert not ears.heard(b"out", 0.2)


def test_interfaces_outside_are_not_the_commands(user, allowing, echo):
    """By a socket inside `lo` is the command's own; by one of outside the kernel wants rights that it has not."""
    text = """
import fcntl, struct
def flags(one, wanted=None):
    if wanted is not None: return fcntl.ioctl(one, 0x8914, struct.pack("16sH14x", b"lo", wanted)) and "set"
    return struct.unpack_from("16sH", fcntl.ioctl(one, 0x8913, struct.pack("16sH14x", b"lo", 0)))[1] & 1
inner, outer = socket.socket(type=socket.SOCK_DGRAM), connected(("127.0.0.1", PORT))
print(outcome(lambda: flags(outer, 0)), outcome(lambda: flags(inner, 0)), flags(outer), flags(inner))
nothing = bytes(200)
for request in (0x8916, 0x890b, 0x8946, 0x89a2, 0x8922):
    print(outcome(lambda: fcntl.ioctl(outer, request, struct.pack("16sH182x", b"lo", 2)) and "done"))
for request in (0x894c, 0x89f1, 0x89e0, 0x8b01):
    print(outcome(lambda: fcntl.ioctl(outer, request, nothing) and "done"))
"""
    found = lines(allowing(f"127.0.0.1:{echo.port}"), text, echo.port)
    # An ordinary user's program has no rights over either once it has been started.
    assert found[0] == ("EPERM set 1 0" if user.name == "root" else "EPERM EPERM 1 1"), found
    assert not any("done" in line for line in found[1:6]) and found[6:] == [PERMISSION] * 4, found


# Races ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize("way", ["address", "descriptor", "disconnect", "shutdown"])
def test_threads_that_exchange_everything(free, allowing, echo, ears, attacker, way):
    words = (attacker, way, str(echo.port), str(ears.port))
    # On two busy processors the threads may miss each other for a whole second.
    works = (free(*words, "1", env={"TOKEN": "free"}).returncode == 0 and ears.heard(b"free", 0.5) for _ in range(8))
    assert any(works), "without nonet the attack does not work"
    seconds = "60" if os.environ.get("NONET_FIELD") else "2"
    done = allowing(f"127.0.0.1:{echo.port}")(*words, seconds, env={"TOKEN": "inside"}, timeout=90)
    assert done.returncode == 0, done
    assert int(done.stdout.split()[1]) > 20, done
    assert not ears.heard(b"inside", 0.2)


# Counts how often a port of 127.0.0.1 cannot be had, until standard input is closed.
LOOK = """
import select, socket, sys
count = 0
while not select.select([sys.stdin], [], [], 0)[0]:
    with socket.socket() as one:
        try: one.bind(("127.0.0.1", int(sys.argv[1])))
        except OSError: count += 1
print(count)
"""


def test_threads_that_bind_what_failed_to_connect(free, allowing, ears, attacker):
    """A socket of outside whose connect has failed takes no port there, also in the moment in which another one is bound."""

    def clashes(launcher, port, token):
        """How often a port is taken outside while the attack goes on."""
        wanted = str(unused_port())
        # In a process of its own: a child that this one forks has its sockets too, until it becomes another program.
        with subprocess.Popen([sys.executable, "-c", LOOK, wanted], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as looker:
            done = launcher(attacker, "bind", str(port), wanted, "2", env={"TOKEN": token})
            count = int(looker.communicate()[0])
        assert done.returncode == 0, done
        return count

    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        assert any(clashes(free, port, "free") for _ in range(8)), "without nonet the attack does not work"
        assert clashes(allowing(f"127.0.0.1:{port}"), port, "inside") == 0


def test_who_gives_up_connecting_goes_nowhere(free, allowing, ears, attacker):
    for launcher, token, is_free in ((free, "free", True), (None, "inside", False)):
        server = Echo(backlog=0, accepts=False)
        kept = [socket.socket() for _ in range(3)]
        for one in kept:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", server.port))
        time.sleep(0.1)
        launcher = launcher or allowing(f"127.0.0.1:{server.port}")
        running = launcher.popen(
            attacker, "give-up", str(server.port), str(ears.port), "1", env={"TOKEN": token}, stdout=subprocess.PIPE)
        if is_free:
            assert b"listens" in running.communicate(timeout=20)[0] or ears.heard(b"free", 0.5)
        else:
            # Two were exchanged, or never connected: they listen inside, where nobody outside finds them.
            for line in [running.stdout.readline() for _ in range(2)]:
                with socket.socket() as one:
                    assert one.connect_ex(("127.0.0.1", int(line.split(b"listens ")[1]))) != 0, line
            assert b"listens" not in running.communicate(timeout=20)[0] and not ears.heard(b"inside", 0.1)
        server.close()


# Who asks ------------------------------------------------------------------------------------------

DOMAIN = """
import struct
def enter(rights):
    attributes = ctypes.create_string_buffer(struct.pack("QQ", 0, rights))
    ruleset = LIBC.syscall(444, attributes, 16, 0)
    if ruleset < 0 or LIBC.syscall(446, ruleset, 0) < 0: print("no Landlock"); sys.exit(0)
LIBC.prctl(38, 1, 0, 0, 0)
"""


@pytest.mark.parametrize("rights", [1, 2, 3])
def test_an_inner_domain_is_respected(free, allowing, echo, rights):
    text = DOMAIN + f"""
enter({rights})
print(outcome(lambda: echo(connected(("127.0.0.1", PORT)))), outcome(lambda: socket.socket().bind(("127.0.0.1", 0))))"""
    found = same(free, allowing(f"127.0.0.1:{echo.port}"), text, echo.port)
    if found == ["no Landlock"]:
        pytest.skip("this kernel has no Landlock")
    assert found == [f"{PERMISSION if rights & 2 else 'ping'} {PERMISSION if rights & 1 else None}"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has other users to be")
def test_a_firewall_sees_whose_it_is(nonet, bare, echo):
    text = HEAD + """
if os.fork() == 0:
    os.setgroups([7]); os.setresgid(65533, 65533, 65533); os.setresuid(65532, 65532, 65532)
    one = connected(("127.0.0.1", PORT)); print(one.getsockname()[1], flush=True); sys.stdin.readline(); os._exit(0)
os.wait(); print(connected(("127.0.0.1", PORT)).getsockname()[1], flush=True); time.sleep(0.5)"""
    running = subprocess.Popen(
        [nonet, *OPTIONS, "--allow-connect", f"127.0.0.1:{echo.port}", "--", PYTHON, "-c", text, str(echo.port)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def owner(port):
        with open("/proc/net/tcp") as file:
            rows = [line.split() for line in file.readlines()[1:]]
        return [row[7] for row in rows if row[1].endswith(f":{port:04X}") and row[2].endswith(f":{echo.port:04X}")]

    assert owner(int(running.stdout.readline())) == ["65532"]
    running.stdin.write(b"\n")
    running.stdin.flush()
    assert owner(int(running.stdout.readline())) == ["0"]
    running.communicate(timeout=10)


# After the supervisor, and the maker ----------------------------------------------------------------

def test_after_the_supervisors_end_nothing_opens(user, nonet, echo, allowing):
    """What is left running is served inside as before, and reaches nobody outside any more."""
    text = HEAD + INSIDE + """
done = sys.argv[2]
if os.fork(): os._exit(0)
os.setsid(); time.sleep(0.7)
with open(done + ".new", "w") as file:
    print(outcome(lambda: connected(("127.0.0.1", PORT))), outcome(lambda: echo(connected(server(("127.0.0.1", 0))))), file=file)
os.rename(done + ".new", done)
"""
    done = f"{user.home}/left"
    launcher = allowing(f"127.0.0.1:{echo.port}")
    assert launcher(PYTHON, "-c", text, str(echo.port), done, stdout=subprocess.DEVNULL).returncode == 0
    until = time.monotonic() + 10
    while not os.path.exists(done) and time.monotonic() < until:
        time.sleep(0.05)
    with open(done) as file:
        assert file.read().strip() == f"{PERMISSION} own ping"

    text = HEAD + """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)  # which comes when nonet is gone
one = connected(("127.0.0.1", PORT)); two = socket.socket()
print("ready", flush=True); time.sleep(0.7)
print(echo(one), outcome(lambda: one.shutdown(socket.SHUT_WR)), outcome(lambda: two.connect(("127.0.0.1", PORT))), flush=True)
"""
    running = launcher.popen(PYTHON, "-c", text, str(echo.port))
    assert running.stdout.readline() == b"ready\n"
    running.kill()
    assert running.stdout.readline().decode().split() == ["ping", PERMISSION, PERMISSION]
    running.wait()


def test_the_maker_cannot_be_ended_from_inside_and_is_not_needed_inside(allowing, echo):
    """The process that stayed outside: signals to it are refused; where somebody outside ends it, nothing opens."""
    text = INSIDE + """
print("ready", flush=True); maker = int(sys.stdin.readline())
print(outcome(lambda: os.kill(maker, 9)), outcome(lambda: echo(connected(("127.0.0.1", PORT)))), flush=True)
sys.stdin.readline()
# One socket may have been made before.
outcome(lambda: connected(("127.0.0.1", PORT)))
print(outcome(lambda: connected(("127.0.0.1", PORT))), echo(connected(server(("127.0.0.1", 0)))), flush=True)"""
    running = allowing(f"127.0.0.1:{echo.port}").popen(
        PYTHON, "-c", HEAD + text, str(echo.port), stdin=subprocess.PIPE)
    assert running.stdout.readline() == b"ready\n"
    own = os.readlink(f"/proc/{running.pid}/ns/net")
    with open(f"/proc/{running.pid}/task/{running.pid}/children") as file:
        makers = [one for one in file.read().split() if os.readlink(f"/proc/{one}/ns/net") != own]
    assert len(makers) == 1 and os.readlink(f"/proc/{makers[0]}/ns/net") == os.readlink("/proc/self/ns/net")
    running.stdin.write(f"{makers[0]}\n".encode())
    running.stdin.flush()
    assert running.stdout.readline().decode().split() == ["EPERM", "ping"]
    os.kill(int(makers[0]), 9)
    time.sleep(0.1)
    running.stdin.write(b"\n")
    running.stdin.flush()
    assert running.stdout.readline().decode().split() == [PERMISSION, "own", "ping"]
    running.communicate(timeout=10)


# Beside other options, and words ---------------------------------------------------------------------

def test_the_log_and_the_mark(allowing, echo):
    launcher = allowing(f"127.0.0.1:{echo.port}", options=(*OPTIONS, "--log", "-"))
    text = """
print(os.environ["NONET"]); outcome(lambda: connected(("192.0.2.1", 80))); outcome(lambda: connected(("127.0.0.1", 1)))
one = connected(("127.0.0.1", PORT)); echo(one); one.shutdown(socket.SHUT_RDWR); one.close()"""
    done = launcher(PYTHON, "-c", HEAD + text, str(echo.port))
    assert done.stdout.decode().startswith(f"loopback+allow-connect(127.0.0.1:{echo.port}):"), done
    events = [json.loads(line) for line in done.stderr.splitlines()][1:-1]
    assert [(e["api"], e["args"].get("port"), e["verdict"]) for e in events] == [
        ("connect", 80, "refused"), ("connect", echo.port, "allowed")], events


def test_why_agrees_outside_and_inside(allowing, echo, ears, user, nonet):
    options = ("--loopback", "--allow-connect", f"127.0.0.1:{echo.port}")
    targets = [(f"127.0.0.1:{echo.port}", "outside", "supervisor"), (f"127.0.0.1:{ears.port}", "inside", "namespace"),
               (f"udp:127.0.0.1:{echo.port}", "inside", "namespace"), (f"listen:127.0.0.1:{echo.port}", "inside", "namespace"),
               ("AF_INET", "inside", "filter"), ("192.0.2.1:80", None, "namespace")]
    for target, reach, layer in targets:
        one = Launcher(user, (nonet,))(*options, "--why", target, "--format", "json")
        two = Launcher(user, (nonet, "-q", *options, "--", nonet))("--why", target, "--format", "json")
        for done in (one, two):
            found = json.loads(done.stdout)
            assert found["let_through"] == (reach is not None) and found["layer"] == layer, (target, done)


@pytest.mark.parametrize("options, reason", [
    (("--session", "one"), "--session exclude each other"), (("--destinations", "--log", "/dev/null"), "leave --destinations out"),
    (("--observe",), "exclude each other"), (("--backend", "namespace"), "seccomp backend"), (("--deny", "listen"), "refuses connect or listen"),
    (("--allow", "bpf"), "allows bpf"),
])
def test_bad_company(allowing, options, reason):
    done = allowing("127.0.0.1:80", options=(*OPTIONS, *options))("echo", "ran")
    assert done.returncode == 125 and b"ran" not in done.stdout, done
    assert reason in done.stderr.decode(), done.stderr


def test_without_a_supervisor_nothing_runs(user, nonet, allowing):
    """Inside another supervisor, and where standard input could be somebody else's listener."""
    outer = Launcher(user, (nonet, "-q", "--log", "/dev/null", "--policy", "loopback", "--", nonet, *OPTIONS, "--allow-connect", "127.0.0.1:80", "--"))
    done = outer("echo", "ran")
    assert done.returncode == 125 and b"one supervisor only" in done.stderr and not done.stdout, done
    outer = Launcher(user, (nonet, "-q", "--", nonet, *OPTIONS, "--allow-connect", "127.0.0.1:80", "--"))
    done = outer("echo", "ran")
    assert done.returncode == 125 and b"cannot make a private loopback" in done.stderr and not done.stdout, done
    with socket.socket(socket.AF_UNIX) as one:
        done = allowing("127.0.0.1:80")("echo", "ran", stdin=one)
    assert done.returncode == 125 and b"descriptor 0 is an AF_UNIX socket" in done.stderr and not done.stdout, done


def test_a_client_of_both(allowing, echo):
    """curl inside to a server inside, and to one outside."""
    text = INSIDE + """
import subprocess, http.server
web = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=web.serve_forever, daemon=True).start()
print(subprocess.run([sys.argv[2], "-sS", "-o", "/dev/null", "-w", "%{http_code}", f"http://127.0.0.1:{web.server_port}/"], capture_output=True).stdout.decode())
print(echo(connected(("127.0.0.1", PORT))))"""
    found = lines(allowing(f"127.0.0.1:{echo.port}"), text, echo.port, tool("curl"))
    assert found == ["200", "ping"], found
