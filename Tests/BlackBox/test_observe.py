"""`--observe` refuses nothing, records everything, and says that it protects nobody."""

import json
import socket
import struct

import pytest
from conftest import ROOT

from support.run import PYTHON, Launcher
from test_log import Logged, attempts, check_agreement  # noqa: F401


@pytest.fixture
def observed(user, nonet):
    return Logged(user, nonet, ("-q", "--observe"))


def query(name, kind=1):
    labels = b"".join(bytes([len(label)]) + label for label in name.split(b"."))
    return struct.pack(">HHHHHH", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", kind, 1)


def test_a_server_is_reached_and_seen(observed, listener):
    code = ("import socket\ns = socket.create_connection(('127.0.0.1', %d))\ns.send(b'GET / HTTP/1.0\\r\\n\\r\\n')\n"
            "print(s.recv(4096).endswith(b'hello\\n'))" % listener.port)
    done = observed(PYTHON, "-c", code)
    assert (done.stdout, done.stderr, done.returncode) == (b"True\n", b"", 0)
    assert len(listener.seen) == 1
    document = check_agreement(observed)
    assert document["layers"] == [] and document["policy"] == "default"
    events = document["events"]
    assert {(e["verdict"], e["errno"]) for e in events} == {("observed", None)}
    there = {"family": "AF_INET", "address": "127.0.0.1", "port": listener.port}
    assert [e["api"] for e in events] == ["socket", "connect", "sendto"]
    for event in events[1:]:
        assert {k: v for k, v in event["args"].items() if k != "fd"} == there


def test_it_says_what_it_is_not(user, nonet):
    done = Launcher(user)(nonet, "--observe", "--", "printenv", "NONET")
    assert done.stdout == b"observe:none\n"
    assert done.stderr == b"nonet: observing only: nothing is refused, and this protects nobody\n"
    done = Launcher(user)(nonet, "--observe", "--", PYTHON, "-c", "import socket; socket.socket()")
    lines = done.stderr.decode().splitlines()
    assert done.returncode == 0 and len(lines) == 3 and "--log FILE" in lines[2]
    assert lines[1] == 'nonet: 1 attempt that policy "default" would have refused, or that sent something: socket AF_INET SOCK_STREAM'


QUERIES = """
import ctypes, socket, struct, sys
message, other = bytes.fromhex(sys.argv[1]), bytes.fromhex(sys.argv[2])
there = ("127.0.0.53", 53)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(message, there)
s.sendmsg([message], [], 0, there)
c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
c.connect(("127.0.0.54", 53))
def buffer(data): kept.append(ctypes.create_string_buffer(data, len(data))); return ctypes.addressof(kept[-1])
kept = []
def header(data): return struct.pack("QQQQQQQQ", 0, 0, buffer(struct.pack("QQ", buffer(data), len(data))), 1, 0, 0, 0, 0)
print(ctypes.CDLL(None).sendmmsg(c.fileno(), header(message) + header(other), 2, 0))
d = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
d.sendto(message, ("127.0.0.53", 5353))
d.sendto(b"\\xff" * 40, there)
a, b = socket.socketpair()
for i in range(5): a.send(message)
"""


def test_names_in_dns_queries(observed):
    done = observed(PYTHON, "-c", QUERIES, query(b"www.example.org").hex(), query(b"www.example.org", 28).hex())
    assert done.stdout in (b"1\n", b"2\n"), done  # nobody listens there, which the second one may learn
    events = [e for e in check_agreement(observed)["events"] if e["api"].startswith("send")]
    found = [(e["api"], e["args"]["address"], e["args"]["port"], e["args"].get("query")) for e in events]
    name = {"name": "www.example.org", "type": "A"}
    assert found == [
        ("sendto", "127.0.0.53", 53, name), ("sendmsg", "127.0.0.53", 53, name),
        ("sendmmsg", "127.0.0.54", 53, {"name": "www.example.org", "type": "A,AAAA"}),
        ("sendto", "127.0.0.53", 5353, None), ("sendto", "127.0.0.53", 53, None)]


@pytest.mark.skipif(not ROOT, reason="only root listens on port 53")
def test_names_in_dns_queries_over_tcp(observed):
    with socket.create_server(("127.0.0.53", 53)):
        message = query(b"tcp.example")
        code = ("import socket, sys\ns = socket.create_connection(('127.0.0.53', 53))\ns.send(bytes.fromhex(sys.argv[1]))")
        done = observed(PYTHON, "-c", code, (struct.pack(">H", len(message)) + message).hex())
    assert done.returncode == 0, done.stderr
    (event,) = [e for e in check_agreement(observed)["events"] if e["api"] == "sendto"]
    assert event["args"]["query"] == {"name": "tcp.example", "type": "A"}


def test_hostile_names(observed):
    code = "import socket, sys\ns = socket.socket(2, 2)\ns.sendto(bytes.fromhex(sys.argv[1]), ('127.0.0.53', 53))"
    observed(PYTHON, "-c", code, query(b'a"\x1b[2J\n\xff.\xe2\x80\xae').hex())
    (event,) = [e for e in check_agreement(observed)["events"] if e["api"] == "sendto"]
    assert event["args"]["query"]["name"] == 'a"\\x1b[2J\\x0a\\xff.\\xe2\\x80\\xae'
    with open(observed.lines, "rb") as file:
        assert all(byte >= 0x20 or byte == 0x0a for byte in file.read())


def test_nothing_is_refused(observed, listener, free):
    """No layer stands: an inherited socket works, io_uring_setup is answered by the kernel, a rule that kills does not."""
    code = ("import ctypes, os, socket, sys\nsocket.socket(fileno=int(sys.argv[1])).send(b'inherited')\nos.getppid()\n"
            "libc = ctypes.CDLL(None, use_errno=True)\nlibc.syscall(425, 0, 0)\nprint(ctypes.get_errno())")
    with open(f"{observed.user.home}/kills.policy", "w") as file:
        file.write("default allow\nkill getppid\ndeny @network, @io_uring with ENOSYS\n")
    with socket.create_connection(("127.0.0.1", listener.port)) as one:
        plain = free(PYTHON, "-c", code, str(one.fileno()), pass_fds=[one.fileno()])
        words = (observed.words[0], "-q", "--observe", "--policy", f"{observed.user.home}/kills.policy", *observed.words[3:])
        done = Launcher(observed.user, words)(PYTHON, "-c", code, str(one.fileno()), pass_fds=[one.fileno()])
    assert (done.returncode, done.stdout) == (plain.returncode, plain.stdout) == (0, plain.stdout), done
    apis = [e["api"] for e in check_agreement(observed)["events"]]
    assert "getppid" in apis and "io_uring_setup" in apis and "sendto" in apis


def test_the_same_attempts_are_counted(observed, attempts):
    done = observed(attempts, "many", "8", "4", "10")
    assert sum(int(line.split()[1]) for line in done.stdout.decode().splitlines()) == 320
    document = check_agreement(observed)
    assert sum(e["count"] for e in document["events"] if e["api"] == "connect") == 320


def test_status_and_signals(observed):
    assert observed("sh", "-c", "exit 9").returncode == 9
    assert observed("no-such-command").returncode == 127
    assert {**json.loads(open(observed.lines).readlines()[-1]), "timestamp": ""} == {"timestamp": "", "event_count": 0, "attempts": 0, "dropped": 0, "status": "not run", "exit_code": 127}
