"""`--allow-listen`: who is outside connects to a server inside, and the command gets nothing of outside by it."""

import contextlib
import hashlib
import json
import os
import signal
import socket
import struct
import subprocess
import threading
import time

import pytest
from test_allow_connect import HEAD, ears, echo  # noqa: F401

from support.hooks import CLAUDE
from support.listener import unused_port
from support.run import PYTHON, Launcher, tool

RESET = struct.pack("ii", 1, 0)

# One server with a thread for each connection; its first line says what it does.
SERVER = """
import hashlib, os, signal, socket, struct, sys, threading, time
PORT = int(sys.argv[1]); HOST = sys.argv[2] if len(sys.argv) > 2 else "127.0.0.1"
BLOCK = bytes(range(256)) * 256
def serve(one):
    stream = one.makefile("rwb", 0)
    word = stream.readline().split()
    if word[0] == b"echo":
        while data := one.recv(65536): one.sendall(data)
        one.shutdown(socket.SHUT_WR)
    elif word[0] == b"both":
        digest = hashlib.sha256()
        while data := one.recv(1 << 20): digest.update(data)
        one.sendall(digest.hexdigest().encode() + b"\\n")
        for _ in range(int(word[1])): one.sendall(BLOCK)
        one.shutdown(socket.SHUT_WR)
    elif word[0] == b"reset":
        one.sendall(b"x"); time.sleep(0.2)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        stream.close(); one.close()
    elif word[0] == b"hears":
        one.sendall(b"x")
        try: said = repr(one.recv(1))
        except OSError as error: said = type(error).__name__
        print(said, flush=True)
    elif word[0] == b"endless":
        one.settimeout(1); sent = 0
        try:
            while True: sent += one.send(BLOCK)
        except TimeoutError: pass
        print(sent, flush=True); time.sleep(60)
    elif word[0] == b"last":
        one.sendall(BLOCK * 64); os._exit(0)
    elif word[0] == b"deaf": time.sleep(60)
    elif word[0] == b"exit": os._exit(0)
def listen(host=HOST):
    server = socket.create_server((host, PORT), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=512)
    print("ready", flush=True)
    while True:
        one = server.accept()[0]
        threading.Thread(target=serve, args=(one,), daemon=True).start()
"""


class Run:
    """A command inside that says `ready`."""

    def __init__(self, launcher, *argv, **options):
        self.said = b""
        self.process = launcher.popen(*argv, stdin=subprocess.PIPE, start_new_session=True, **options)

    def line(self):
        return self.process.stdout.readline().decode().strip()

    def ready(self):
        line = self.line()
        assert line == "ready", (line, self.process.stderr.read())
        return self

    def end(self):
        # With what it left running, which has its pipes.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.said = self.process.communicate(timeout=10)[1] or self.said

    def children(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as file:
            return [int(word) for word in file.read().split()]

    def relay(self, port):
        """The supervisor's child that listens outside."""
        wanted = f"socket:[{listening_inode(port)}]"
        return next(child for child in self.children() if wanted in open_files(child))


def listening_inode(port):
    with open("/proc/net/tcp") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    found = [row[9] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "0A"]
    assert len(found) == 1, found
    return found[0]


def open_files(process):
    folder, found = f"/proc/{process}/fd", []
    for one in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):
            found.append(os.readlink(f"{folder}/{one}"))
    return found


@pytest.fixture
def runs():
    """Runs that end with the test."""
    with contextlib.ExitStack() as stack:
        def run(*words, **options):
            one = Run(*words, **options)
            stack.callback(one.end)
            return one

        yield run


@pytest.fixture
def port():
    return unused_port()


@pytest.fixture
def listening(user, nonet):
    """Launches with these values of the option."""
    return lambda *values, options=("-q",): Launcher(
        user, (nonet, *options, *(word for value in values for word in ("--allow-listen", str(value))), "--"))


@pytest.fixture
def server(listening, runs, port):
    """A run with the server above, which answers."""
    return runs(listening(f"127.0.0.1:{port}"), PYTHON, "-c", SERVER + "listen()", str(port)).ready()


def connected(port, host="127.0.0.1"):
    return socket.create_connection((host, port), 10)


def asked(port, word, host="127.0.0.1"):
    one = connected(port, host)
    one.sendall(word + b"\n")
    return one


def echoes(port, host="127.0.0.1"):
    with asked(port, b"echo", host) as one:
        one.sendall(b"ping")
        return one.recv(99)


def everything(one):
    data = bytearray()
    while more := one.recv(1 << 20):
        data += more
    return bytes(data)


def refuses(port, host="127.0.0.1"):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as one:
        return one.connect_ex((host, port)) != 0


def refuses_soon(port):
    end = time.monotonic() + 5
    while not refuses(port):
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


# Servers -------------------------------------------------------------------------------------------

def test_only_with_the_option(free, user, nonet, listening, runs, port):
    for launcher in (free, Launcher(user, (nonet, "-q", "--loopback", "--")), listening(f"127.0.0.1:{port}")):
        one = runs(launcher, PYTHON, "-c", SERVER + "listen()", str(port)).ready()
        if "--loopback" in launcher.prefix:
            assert refuses(port)
        else:
            assert echoes(port) == b"ping"
        one.end()
        assert refuses_soon(port)


HTTP = {
    "http.server": lambda user: (PYTHON, "-u", "-m", "http.server", "--bind", "127.0.0.1"),
    "asyncio": lambda user: (PYTHON, "-c", """
import asyncio, sys
async def serve(reader, writer):
    await reader.readuntil(b"\\r\\n\\r\\n")
    writer.write(b"HTTP/1.0 200 OK\\r\\n\\r\\nhello"); await writer.drain(); writer.close()
async def main():
    async with await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1])) as one: await one.serve_forever()
asyncio.run(main())"""),
    "node": lambda user: (tool("node", optional=True), "-e", """
require("http").createServer((_, answer) => answer.end("hello")).listen(Number(process.argv[1]), "localhost")"""),
}


@pytest.mark.parametrize("name", HTTP)
def test_servers(listening, runs, user, port, name):
    """Node takes ::1 for localhost, and is found there too."""
    with open(f"{user.home}/index.html", "w") as file:
        file.write("hello")
    runs(listening(f"localhost:{port}"), *HTTP[name](user), str(port))
    words = [tool("curl"), "-sS", "--retry", "40", "--retry-all-errors", "--retry-delay", "0", "--retry-max-time", "15"]
    for host in ("localhost", "127.0.0.1", "[::1]"):
        # Before the server is there, connections are reset.
        end = time.monotonic() + 15
        while True:
            done = subprocess.run([*words[:2], f"http://{host}:{port}/index.html"], capture_output=True, timeout=20)
            if done.returncode == 0 or time.monotonic() > end:
                break
            time.sleep(0.05)
        assert done.stdout == b"hello", done


@pytest.mark.parametrize("host, value", [("::1", "[::1]:{}"), ("::1", "localhost:{}"), ("127.0.0.1", "127.0.0.1:{}"), ("127.9.8.7", "127.9.8.7:{}")])
def test_addresses(listening, runs, port, host, value):
    runs(listening(value.format(port)), PYTHON, "-c", SERVER + "listen()", str(port), host).ready()
    assert echoes(port, host) == b"ping"
    if value.startswith("localhost"):
        assert echoes(port, "127.0.0.1") == b"ping"
    else:
        assert refuses(port, "127.0.0.2")


def test_ranges(listening, runs, port):
    text = SERVER + """
for one in (PORT, PORT + 2): threading.Thread(target=lambda: None).start()
def at(port):
    global PORT
    server = socket.create_server(("127.0.0.1", port))
    while True: serve(server.accept()[0])
threading.Thread(target=at, args=(PORT + 1,), daemon=True).start(); time.sleep(0.2); listen()"""
    value = f"127.0.0.1:{port}-{port + 1}"
    with contextlib.closing(socket.socket()) as one:
        if one.connect_ex(("127.0.0.1", port + 1)) == 0:
            pytest.skip("the port beside is taken")
    runs(listening(value), PYTHON, "-c", text, str(port)).ready()
    assert echoes(port) == echoes(port + 1) == b"ping"


def test_beside_allow_connect(user, nonet, runs, echo, port):
    text = SERVER + HEAD.replace("PORT = int(sys.argv[1])", "") + """
threading.Thread(target=listen, daemon=True).start(); sys.stdin.readline()
own = connected(("127.0.0.1", int(sys.argv[3]))); print(echo(own), flush=True); sys.stdin.readline()"""
    launcher = Launcher(user, (nonet, "-q", "--loopback", "--allow-connect", f"127.0.0.1:{echo.port}", "--allow-listen", f"127.0.0.1:{port}", "--"))
    one = runs(launcher, PYTHON, "-c", text, str(port), "127.0.0.1", str(echo.port)).ready()
    assert echoes(port) == b"ping"
    one.process.stdin.write(b"\n")
    one.process.stdin.flush()
    assert one.line() == "ping" and echoes(port) == b"ping"


def test_other_commands_of_the_session(user, nonet, runs, port):
    """They share the network inside, and so its server; only the run that says the option listens outside."""
    name = f"listen-{port}"
    session = Launcher(user, (nonet, "-q", "--loopback", "--session", name, "--"))
    launcher = Launcher(user, (*session.prefix[:-1], "--allow-listen", f"127.0.0.1:{port}", "--"))
    runs(launcher, PYTHON, "-c", SERVER + "listen()", str(port)).ready()
    assert echoes(port) == b"ping"
    text = f"import socket; one = socket.create_connection(('127.0.0.1', {port})); one.sendall(b'echo\\nping'); print(one.recv(99).decode())"
    assert session(PYTHON, "-c", text).stdout == b"ping\n"


# Streams -------------------------------------------------------------------------------------------

def test_much_both_ways_and_a_half_close(server, port):
    blocks = 256
    block = os.urandom(1 << 20)
    with asked(port, b"both %d" % blocks) as one:
        digest = hashlib.sha256()
        for _ in range(16):
            one.sendall(block)
            digest.update(block)
        one.shutdown(socket.SHUT_WR)
        got = everything(one)
    assert got[:65] == digest.hexdigest().encode() + b"\n"
    assert got[65:] == bytes(range(256)) * 256 * blocks


def test_resets_reach_the_other_end(server, port):
    with asked(port, b"reset") as one:
        assert one.recv(1) == b"x"
        with pytest.raises(ConnectionResetError):
            one.recv(1)
    one = asked(port, b"hears")
    assert one.recv(1) == b"x"
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    one.close()
    assert server.line() == "ConnectionResetError"
    with asked(port, b"hears") as one:
        assert one.recv(1) == b"x"
    assert server.line() == "b''"


def test_urgent_bytes_stay_in_the_stream(server, port):
    with asked(port, b"echo") as one:
        one.sendall(b"ab")
        one.send(b"!", socket.MSG_OOB)
        one.sendall(b"cd")
        one.shutdown(socket.SHUT_WR)
        assert everything(one) == b"ab!cd"


def test_many_at_once(server, port):
    """As many as there is room for, and more than that, which wait."""
    for count in (200, 300):
        ones = [asked(port, b"echo") for _ in range(count)]
        for number, one in enumerate(ones):
            one.sendall(b"%03d" % number)
        for number, one in list(enumerate(ones))[:250]:
            assert one.recv(99) == b"%03d" % number
            one.close()
        for number, one in list(enumerate(ones))[250:]:
            assert one.recv(99) == b"%03d" % number
            one.close()


def memory(process):
    with open(f"/proc/{process}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(("RssAnon", "VmRSS")))


def test_a_reader_that_does_not_read(server, port):
    """The server comes to wait, nothing piles up in nonet, and others are served."""
    ones = [asked(port, b"endless") for _ in range(8)]
    sent = [int(server.line()) for _ in ones]
    # What the buffers of four sockets hold (net.ipv4.tcp_wmem and tcp_rmem).
    assert max(sent) < 40 << 20, sent
    assert echoes(port) == b"ping"
    if os.geteuid() == 0:
        before = cpu(server.relay(port))
        time.sleep(0.3)
        assert cpu(server.relay(port)) - before < 0.1, "the relay waits busily"
    for one in ones:
        one.close()


def cpu(process):
    with open(f"/proc/{process}/stat") as file:
        fields = file.read().split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


# Beginning and end ----------------------------------------------------------------------------------

def test_a_server_that_starts_late_and_anew(listening, runs, port):
    text = SERVER + """
print("begun", flush=True)
for _ in range(2):
    sys.stdin.readline()
    if (child := os.fork()) == 0: listen()
    os.waitpid(child, 0); print("over", flush=True)
sys.stdin.readline()"""
    one = runs(listening(f"127.0.0.1:{port}"), PYTHON, "-c", text, str(port))
    assert one.line() == "begun"
    for _ in range(2):
        # Where the reset is quick, it is connect's already.
        with pytest.raises(ConnectionResetError), connected(port) as early:
            early.sendall(b"echo\nping")
            assert early.recv(99) == b"never"
        one.process.stdin.write(b"\n")
        one.process.stdin.flush()
        one.ready()
        assert echoes(port) == b"ping"
        asked(port, b"exit").close()
        assert one.line() == "over"


def test_the_port_is_free_once_the_command_has_ended(listening, runs, port):
    """Its last bytes still arrive, though somebody takes his time to read them."""
    for _ in range(2):
        one = runs(listening(f"127.0.0.1:{port}"), PYTHON, "-c", SERVER + "listen()", str(port)).ready()
        with asked(port, b"last") as reader:
            assert one.process.wait(timeout=10) == 0
            assert refuses(port)
            time.sleep(0.2)
            assert everything(reader) == bytes(range(256)) * 256 * 64


def test_what_is_left_running_is_not_reached(listening, runs, port):
    text = SERVER + """
if os.fork() == 0:
    for one in (0, 2): os.close(one)
    signal.alarm(8); listen()
time.sleep(0.5)"""
    one = runs(listening(f"127.0.0.1:{port}"), PYTHON, "-c", text, str(port)).ready()
    with asked(port, b"echo") as kept:
        assert one.process.wait(timeout=10) == 0
        assert refuses(port)
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            kept.sendall(b"late")
            assert everything(kept) == b""


@pytest.mark.parametrize("whom", ["relay", "nonet"])
def test_what_is_cut_off_is_reset(server, port, whom):
    """A stream that ends in its middle must not look like a whole one."""
    with asked(port, b"endless") as reader:
        assert reader.recv(1 << 16)
        os.kill(server.relay(port) if whom == "relay" else server.process.pid, signal.SIGKILL)
        with pytest.raises(ConnectionResetError):
            everything(reader)


def test_with_the_supervisor_ends_the_listener(server, port):
    assert echoes(port) == b"ping"
    server.process.send_signal(signal.SIGKILL)
    assert refuses_soon(port)


# Nothing of outside is the command's ------------------------------------------------------------------

TAKING = HEAD + """
import glob, struct
parent = os.getppid() if len(sys.argv) < 4 else int(sys.argv[3])
others = [int(word) for word in open(f"/proc/{parent}/task/{parent}/children").read().split() if int(word) != os.getpid()] + [parent]
took = 0
for process in others:
    tried = [outcome(lambda: os.listdir(f"/proc/{process}/fd")), outcome(lambda: open(f"/proc/{process}/mem", "r+b") and "opened")]
    handle = LIBC.syscall(434, process, 0)
    for number in range(64):
        got = LIBC.syscall(438, handle, number, 0) if handle >= 0 else -1
        if got < 0: continue
        try: one = socket.socket(fileno=got)
        except OSError: continue
        if one.family == socket.AF_INET and one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            took += 1
            one.shutdown(socket.SHUT_RDWR); one.connect(("127.0.0.1", PORT)); one.send(sys.argv[2].encode()); one.close()
    if LIBC.ptrace(16, process, 0, 0) == 0: took += 1; LIBC.ptrace(17, process, 0, 0)
print("took", took, "of", len(others))
"""


def test_the_listener_cannot_be_taken(free, user, nonet, listening, runs, ears, port):
    """By pidfd_getfd, ptrace and /proc: shown to work on a listener of the same user."""
    text = "import socket, sys, time; one = socket.create_server(('127.0.0.1', 0)); print('ready', flush=True); time.sleep(60)"
    parent = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', sys.argv[1]]); time.sleep(60)"
    victim = runs(free, PYTHON, "-c", parent, text).ready()
    done = free(PYTHON, "-c", TAKING, str(ears.port), "free", str(victim.process.pid))
    if b"took 0" in done.stdout:
        pytest.skip("not even bare: Yama keeps processes of one user apart")
    assert ears.heard(b"free", 1), done
    done = listening(f"127.0.0.1:{port}")(PYTHON, "-c", TAKING, str(ears.port), "inside")
    assert done.stdout.startswith(b"took 0 of"), done
    assert int(done.stdout.split()[-1]) >= 2, done
    assert not ears.heard(b"inside", 0.1)


@pytest.mark.parametrize("more", [(), ("--allow-signals",)], ids=["scope", "supervisor"])
def test_the_relay_cannot_be_ended_from_inside(listening, runs, port, more):
    """By the kernel's scope of signals, and by the supervisor alone where signals may leave."""
    text = SERVER + """
import resource
parent, tried = os.getppid(), 0
for child in map(int, open(f"/proc/{parent}/task/{parent}/children").read().split()):
    if child == os.getpid(): continue
    tried += 1
    for act in (lambda: os.kill(child, signal.SIGSTOP), lambda: os.kill(child, signal.SIGKILL),
                lambda: resource.prlimit(child, resource.RLIMIT_NOFILE, (0, 0)), lambda: os.setpriority(os.PRIO_PROCESS, child, 19)):
        try: act(); print("done", flush=True)
        except PermissionError: pass
        except ProcessLookupError: tried -= 1; break  # One that nonet needs at the start alone has ended meanwhile.
if tried: time.sleep(0.2); listen()"""
    runs(listening(f"127.0.0.1:{port}", options=("-q", *more)), PYTHON, "-c", text, str(port)).ready()
    assert echoes(port) == b"ping"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root sees what another process has open")
def test_a_relay_that_is_lost(server, port):
    """Somebody outside ends it: that is said, nobody gets in, and the command goes on."""
    os.kill(server.relay(port), signal.SIGKILL)
    assert refuses_soon(port)
    time.sleep(0.2)
    assert server.process.poll() is None
    server.end()
    assert b"has ended; nobody gets in any more" in server.said


LEADING = HEAD + """
OTHER = ("127.0.0.1", int(sys.argv[2])); TOKEN = sys.argv[3].encode()
def unconnect(one): LIBC.connect(one.fileno(), bytes(16), 16)
def tries(one):
    for act in (lambda: one.connect(OTHER), lambda: one.sendto(TOKEN, 0x20000000, OTHER), lambda: one.sendmsg([TOKEN], [], 0x20000000, OTHER),
                lambda: one.send(TOKEN)):
        outcome(act)
server = socket.create_server(("127.0.0.1", PORT)); print("ready", flush=True)
for step in range(4):
    one = server.accept()[0]
    if step & 1: one.shutdown(socket.SHUT_RDWR)
    if step & 2: one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\\1\\0\\0\\0\\0\\0\\0\\0")
    unconnect(one); tries(one); one.close()
server.shutdown(socket.SHUT_RDWR); tries(server); unconnect(server); tries(server)
print("tried", flush=True)
"""


def test_listening_and_accepted_sockets_lead_nowhere_else(free, listening, runs, ears, port):
    """Disconnected, shut down, by fast open: without nonet the same leads to another listener."""
    for launcher, token in ((free, "free"), (listening(f"127.0.0.1:{port}"), "inside")):
        one = runs(launcher, PYTHON, "-c", LEADING, str(port), str(ears.port), token).ready()
        for _ in range(4):
            with contextlib.suppress(ConnectionError), connected(port) as client:
                client.recv(1)
        assert one.line() == "tried"
        assert ears.heard(token.encode(), 1 if token == "free" else 0.2) == (token == "free")
        one.end()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root sees what another process has open")
def test_what_the_relay_has(server, port):
    """Out of reach of the terminal, in the network inside, and with the listener, a socket to its supervisor and a set."""
    relay = server.relay(port)
    networks = [os.stat(f"/proc/{one}/ns/net").st_ino for one in ("self", relay)]
    assert networks[0] != networks[1]
    assert sorted(one.split(":")[0] for one in open_files(relay)) == ["anon_inode", "socket", "socket"]
    assert os.readlink(f"/proc/{relay}/cwd") == "/"
    wanted = f"socket:[{listening_inode(port)}]"
    for other in (server.process.pid, *(one for one in server.children() if one != relay)):
        assert wanted not in open_files(other)
    assert memory(relay) < 6 << 10


@pytest.mark.skipif(os.geteuid() != 0, reason="only root sees what another process has open")
def test_whatever_ends_nothing_is_left(listening, runs, port):
    """Both ends send, read, half-close, reset and leave as chance has it."""
    inside = CHANCE + """
server = socket.create_server(("127.0.0.1", PORT), backlog=64); print("ready", flush=True)
def serve(one):
    try: word = one.recv(1)
    except OSError: word = b""
    act(one) if word == b"x" else (one.sendall(one.recv(9)), one.close())
while True: threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()"""
    one = runs(listening(f"127.0.0.1:{port}"), PYTHON, "-c", "PORT = int(__import__('sys').argv[1])\n" + inside, str(port)).ready()
    relay = one.relay(port)
    space = {}
    exec(CHANCE, space)

    def client():
        for _ in range(10):
            with contextlib.suppress(OSError):
                it = connected(port)
                it.send(b"x")
                space["act"](it)

    threads = [threading.Thread(target=client) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    end = time.monotonic() + 5
    while len(open_files(relay)) > 3 and time.monotonic() < end:
        time.sleep(0.05)
    assert len(open_files(relay)) == 3
    with connected(port) as last:
        last.sendall(b"eping")
        assert last.recv(9) == b"ping"


CHANCE = """
import random, socket, struct, threading, time
def act(one):
    one.settimeout(0.5)
    try:
        for _ in range(random.randrange(1, 8)):
            what = random.randrange(8)
            if what < 2: one.sendall(bytes(random.randrange(1, 400000)))
            elif what < 4: one.recv(random.randrange(1, 300000))
            elif what < 6: time.sleep(random.random() / 50)
            elif what == 6: one.shutdown(socket.SHUT_WR)
            else: one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); break
    except OSError: pass
    one.close()
"""


def test_few_descriptors(user, nonet, runs, port):
    """Who comes while there is none is served later, or reset, and the relay goes on."""
    launcher = Launcher(user, ("prlimit", "--nofile=40:40", nonet, "-q", "--allow-listen", f"127.0.0.1:{port}", "--"))
    runs(launcher, PYTHON, "-c", SERVER + "listen()", str(port)).ready()
    ones = []
    for _ in range(40):
        with contextlib.suppress(OSError):
            ones.append(asked(port, b"echo"))
    time.sleep(0.2)
    for one in ones:
        one.close()
    end = time.monotonic() + 10
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if echoes(port) == b"ping":
                return
        time.sleep(0.05)
    raise AssertionError("nobody is served any more")


def test_clients_that_are_gone_keep_no_place(user, nonet, runs, port):
    """The server does not read what they have sent before they broke off."""
    launcher = Launcher(user, ("prlimit", "--nofile=40:40", nonet, "-q", "--allow-listen", f"127.0.0.1:{port}", "--"))
    runs(launcher, PYTHON, "-c", SERVER + "listen()", str(port)).ready()
    for _ in range(20):
        one = asked(port, b"deaf")
        one.settimeout(0.05)
        with contextlib.suppress(TimeoutError):
            while True:
                one.send(bytes(1 << 20))
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        one.close()
    assert echoes(port) == b"ping"


# What is said ---------------------------------------------------------------------------------------

def test_the_mark_and_verbose(user, nonet, port):
    launcher = Launcher(user, (nonet, "-v", "--allow-listen", f"localhost:{port}", "--"))
    done = launcher(PYTHON, "-c", "import os; print(os.environ['NONET'])")
    assert done.stdout.startswith(f"loopback+allow-listen(localhost:{port}):".encode()), done
    said = done.stderr.decode()
    assert f"nonet: listens outside: localhost:{port}, for servers on the same port inside\n" in said
    assert f"nonet: less protection: --allow-listen localhost:{port}: " in said


def test_why(user, nonet, port):
    place = f"listen:127.0.0.1:{port}"
    run = ("--allow-listen", f"localhost:{port}")

    def why(*words):
        done = Launcher(user)(nonet, "-q", *words)
        assert done.returncode in (0, 1), done
        return json.loads(done.stdout)

    asks = ("--why", place, "--format", "json")
    bare = why(*asks)
    assert not bare["let_through"] and f"--allow-listen 127.0.0.1:{port}" in [one["option"] for one in bare["opens"]]
    assert [one["option"] for one in why(*asks, "--loopback")["opens"]] == [f"--allow-listen 127.0.0.1:{port}"]
    for other, reaches in ((place, "outside"), (f"listen:0.0.0.0:{port}", "outside"), (f"listen:[::1]:{port}", "outside"),
                           (f"listen:127.0.0.2:{port}", "inside"), (f"listen:127.0.0.1:{port - 1}", "inside")):
        words = ("--why", other, "--format", "json")
        assert why(*run, *words)["reaches"] == why(*run, "--", nonet, *words)["reaches"] == reaches, other


# Bad input ------------------------------------------------------------------------------------------

BAD = [
    ["127.0.0.1"], ["127.0.0.1:"], ["127.0.0.1:0"], ["127.0.0.1:65536"], ["127.0.0.1:80,"], ["127.0.0.1:90-80"],
    ["example.org:80"], ["127.0.0.0/8:80"], ["*:80"], ["127.0.0.1:*"], [""], ["::1:80"], ["[::1]"], ["[::1%lo]:80"],
    ["8000"], [":8000"], ["[::]:8000"], ["0.0.0.0:8000"], ["192.0.2.7:8000"], ["[fe80::1]:8000"], ["[::ffff:127.0.0.1]:8000"],
    ["127.0.0.1:8000", "127.0.0.1:8000"], ["127.0.0.1:8000", "localhost:8000"], ["127.0.0.1:8000-8002,8001"],
    ["127.0.0.1:8000-8010", "127.0.0.1:8005"], ["127.0.0.1:8000-8100"], ["localhost:8000-8040"],
]


@pytest.mark.parametrize("values", BAD, ids=lambda values: " ".join(values) or "empty")
def test_bad_values(listening, values):
    done = listening(*values, options=())("echo", "ran")
    assert done.returncode == 125 and b"ran" not in done.stdout, done
    assert done.stderr.startswith(b"nonet: --allow-listen: ") and done.stderr.count(b"\n") <= 2, done.stderr


@pytest.mark.parametrize("options, reason", [
    (("--observe",), "exclude each other"), (("--policy", "strict"), "say --loopback"), (("--policy", "default"), "say --loopback"),
    (("--policy", "unix"), "say --loopback"), (("--backend", "namespace"), "seccomp backend"), (("--backend", "python"), ""),
])
def test_bad_company(listening, options, reason, port):
    done = listening(f"127.0.0.1:{port}", options=("-q", *options))("echo", "ran")
    assert done.returncode == 125 and b"ran" not in done.stdout, done
    assert reason in done.stderr.decode(), done.stderr


def test_any_alone_and_any(user, nonet, runs, port):
    done = Launcher(user, (nonet, "--allow-listen-any", "--"))("echo", "ran")
    assert done.returncode == 125 and b"is for --allow-listen" in done.stderr and not done.stdout, done
    launcher = Launcher(user, (nonet, "-q", "--allow-listen-any", "--allow-listen", f"0.0.0.0:{port}", "--"))
    runs(launcher, PYTHON, "-c", SERVER + "listen()", str(port)).ready()
    assert echoes(port, "127.0.0.9") == b"ping" and refuses(port, "::1")
    launcher = Launcher(user, (nonet, "-q", "--allow-listen-any", "--allow-listen", f"192.0.2.7:{port}", "--"))
    done = launcher("echo", "ran")
    assert done.returncode == 125 and b"does not have the address" in done.stderr and not done.stdout, done


def test_a_port_that_is_taken(listening, port):
    with socket.create_server(("127.0.0.1", port)):
        done = listening(f"127.0.0.1:{port}")("echo", "ran")
        assert done.returncode == 125 and b"is in use already" in done.stderr and not done.stdout, done
        assert done.stderr.count(b"\n") == 1


def test_a_low_port(listening, user):
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start") as file:
        if user.name == "root" or int(file.read()) <= 81:
            pytest.skip("this user may listen on port 81")
    done = listening("127.0.0.1:81")("echo", "ran")
    assert done.returncode == 125 and b"choose a port from 1024 on" in done.stderr and not done.stdout, done


def test_inside_another_supervisor(user, nonet, port):
    outer = Launcher(user, (nonet, "-q", "--loopback", "--log", "/dev/null", "--", nonet, "-q", "--allow-listen", f"127.0.0.1:{port}", "--"))
    done = outer("echo", "ran")
    assert done.returncode == 125 and b"not run" in done.stderr and not done.stdout, done


@pytest.mark.parametrize("words, env", [((), {"NONET_OPTIONS": "--allow-listen 127.0.0.1:8000"}), (("--hook", "claude-code", "--allow-listen", "127.0.0.1:8000"), {})])
def test_from_a_command_line_alone(user, nonet, words, env):
    question = json.dumps({**CLAUDE, "cwd": user.home, "tool_input": {"command": "echo ran"}}).encode()
    done = Launcher(user)(nonet, *(words or ("-q", "--", "echo", "ran")), env=env, input=question)
    assert done.returncode in (2, 125) and b"--allow-listen" in done.stderr and b"ran" not in done.stdout, done
