"""`--why` says what a run would let through: by the same words as the attempt itself, in the same run."""

import errno
import json
import os
import shlex
import socket

import pytest

from support.listener import Listener, unused_port
from support.run import PYTHON, Launcher

# Makes every attempt and prints what each answered: 0, or its errno.
ATTEMPTS = r"""
import json, socket, sys
def attempt(target):
    try:
        if target.startswith('AF_'):
            kind = socket.SOCK_RAW if target == 'AF_NETLINK' else socket.SOCK_STREAM
            if target == 'AF_ALG': kind = socket.SOCK_SEQPACKET
            with socket.socket(getattr(socket, target), kind): return 0
        if '/' in target or target[0] == '@':
            with socket.socket(socket.AF_UNIX) as one:
                one.settimeout(5)
                one.connect('\0' + target[1:] if target[0] == '@' else target)
                return 0
        for kind in ('udp', 'listen', 'tcp'):
            if target.startswith(kind + ':'):
                target = target[len(kind) + 1:]
                break
        host, _, port = target.rpartition(':')
        family = socket.AF_INET6 if host[0] == '[' else socket.AF_INET
        where = (host.strip('[]'), int(port))
        with socket.socket(family, socket.SOCK_DGRAM if kind == 'udp' else socket.SOCK_STREAM) as one:
            one.settimeout(5)
            if kind == 'udp':
                one.sendto(b'x', where)
            elif kind == 'listen':
                one.bind(where)
                one.listen(4)
            else:
                one.connect(where)
            return 0
    except OSError as error:
        return error.errno
print(json.dumps([attempt(target) for target in sys.argv[1:]]))
"""


class Outside:
    """What listens outside of every run, and the targets that name it."""

    def __init__(self, home):
        self.tcp, self.other, self.six = Listener(), Listener(), Listener("::1")
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.udp.settimeout(0.2)
        self.path, self.second, self.name = f"{home}/one.sock", f"{home}/two.sock", f"nonet/why-{os.getpid()}"
        self.unix = []
        for address in (self.path, self.second, "\0" + self.name):
            one = socket.socket(socket.AF_UNIX)
            one.bind(address)
            one.listen(64)
            self.unix.append(one)
        for path in (self.path, self.second):
            os.chmod(path, 0o777)
        self.free = unused_port()
        self.address = f"127.0.0.1:{self.tcp.port}"
        self.datagram = f"udp:127.0.0.1:{self.udp.getsockname()[1]}"
        self.targets = [
            self.address, f"127.0.0.1:{self.other.port}", f"[::1]:{self.six.port}", self.datagram, f"listen:127.0.0.1:{self.free}",
            self.path, self.second, f"@{self.name}", "AF_INET", "AF_UNIX", "AF_NETLINK", "AF_VSOCK", "AF_ALG",
        ]

    def datagrams(self):
        count = 0
        try:
            while self.udp.recv(16):
                count += 1
        except TimeoutError:
            return count

    def close(self):
        for one in (self.tcp, self.other, self.six, self.udp, *self.unix):
            one.close()


@pytest.fixture
def outside(user):
    one = Outside(user.home)
    yield one
    one.close()


@pytest.fixture
def why(user, nonet):
    def ask(target, *options, run=()):
        done = Launcher(user, (nonet, *run))(*options, "--why", target, "--format", "json")
        answer = json.loads(done.stdout)
        assert done.returncode == (0 if answer["let_through"] else 1), done
        return answer

    return ask


def attempts(user, prefix, targets):
    done = Launcher(user, tuple(prefix))(PYTHON, "-c", ATTEMPTS, *targets)
    assert done.stdout, done
    return json.loads(done.stdout)


RUNS = [
    [], ["--policy", "strict"], ["--loopback"], ["--allow-unix", "PATH"], ["--allow-unix", "inside"],
    ["--allow-connect", "ADDRESS"], ["--policy", "unix"], ["--errno", "EPERM"], ["--observe", "-q"], ["--backend", "namespace"],
    ["--deny", "listen", "--loopback"], ["--policy", "unix", "--deny", "connect"],
]


@pytest.mark.parametrize("run", RUNS, ids=" ".join)
def test_the_answer_is_what_the_attempt_meets(user, nonet, why, outside, run):
    options = [{"PATH": outside.path, "ADDRESS": outside.address}.get(word, word) for word in run]
    instrument = attempts(user, [], outside.targets)
    works = [target for target, number in zip(outside.targets, instrument) if number == 0]
    assert set(outside.targets) - set(works) <= {"AF_VSOCK", "AF_ALG"}, instrument
    outside.datagrams()
    found = attempts(user, [nonet, *options, "--"], works)
    arrived = outside.datagrams()
    for target, number in zip(works, found):
        answer = why(target, *options)
        told = (target, answer, errno.errorcode.get(number, number))
        if not answer["let_through"]:
            assert number != 0, told
            assert answer["errno"] in (None, errno.errorcode[number]), told
        elif answer["reaches"] == "outside" or target.startswith(("AF_", "listen:")):
            assert number == 0, told
        elif target == outside.datagram:
            assert number == 0, told
        else:
            # Nobody listens inside, which is no refusal.
            assert errno.errorcode.get(number) in ("ECONNREFUSED", "ENOENT"), told
        if target == outside.datagram:
            assert (arrived > 0) == (answer["reaches"] == "outside"), told


# Addresses that a network with nothing but a loopback keeps or refuses, in as many ways as the kernel has.
PRIVATE = [
    "udp:224.0.0.1:99", "udp:[ff02::1]:99", "udp:[ff05::1]:99", "udp:[fe80::1]:99", "udp:127.0.0.1:99", "udp:192.0.2.1:53", "udp:[2001:db8::1]:53",
    "udp:255.255.255.255:9", "224.0.0.1:80", "[fe80::1]:80", "[ff05::1]:80", "192.0.2.1:80", "127.255.255.255:80", "0.0.0.0:9", "[::]:9",
    "listen:127.0.0.1:80", "listen:[::1]:80", "listen:192.0.2.1:80", "listen:[2001:db8::1]:80", "listen:[2001:db8::1]:8000",
    "listen:224.0.0.1:8000", "listen:[ff05::1]:8000", "listen:[fe80::1]:8000", "listen:255.255.255.255:8001", "listen:0.0.0.0:8002",
]


SENDS = [target for target in PRIVATE if target.startswith("udp:")]


@pytest.mark.parametrize("run, targets", [
    (["--loopback"], PRIVATE), (["--loopback", "--allow-connect", "127.0.0.1:7"], ["listen:127.0.0.1:80", "127.0.0.1:9"]),
    (["--loopback", "--deny", "sendto"], SENDS), (["--loopback", "--deny", "connect"], ["127.0.0.1:9", "192.0.2.1:80", "[fe80::1]:80"]),
], ids=lambda one: " ".join(one) if "--loopback" in one else "")
def test_the_answer_about_a_network_of_its_own_is_what_the_attempt_meets(user, nonet, why, run, targets):
    found = dict(zip(targets, attempts(user, [nonet, "-q", *run, "--"], targets)))
    if targets == PRIVATE:
        assert {0, errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EINVAL} <= set(found.values()), found
        assert found["listen:127.0.0.1:80"] == (0 if user.name == "root" else errno.EACCES)
    for target, number in found.items():
        answer = why(target, *run)
        told = (target, answer, errno.errorcode.get(number, number))
        if not answer["let_through"]:
            assert number != 0 and answer["errno"] == errno.errorcode[number], told
        else:
            around = answer["reason"].startswith("not by the usual call")
            assert answer["reaches"] == "inside" and number in ((errno.EACCES,) if around else (0, errno.ECONNREFUSED)), told


def test_in_a_network_of_its_own_the_open_way_is_told(user, nonet, why, bare):
    run = ["--loopback", "--deny", "connect"]
    way = r"""
import socket
server = socket.create_server(("127.0.0.1", 7000))
def attempt(call):
    try: return call() or 0
    except OSError as error: return error.errno
print(attempt(lambda: socket.socket().connect(server.getsockname())),
      attempt(lambda: socket.socket().sendto(b"x", socket.MSG_FASTOPEN, server.getsockname())))
"""
    done = Launcher(user, (nonet, "-q", *run, "--"))(PYTHON, "-c", way)
    assert done.stdout == b"13 1\n", done
    answer = why("127.0.0.1:7000", *run)
    assert answer["let_through"] and "sendto with MSG_FASTOPEN" in answer["reason"], answer
    assert not any("in the place of --loopback" in one["text"] and "try --loopback" in one["text"] for one in answer["opens"]), answer


@pytest.mark.parametrize("kind", ["SOCK_STREAM", "SOCK_SEQPACKET", "SOCK_DGRAM"])
def test_the_type_of_what_is_bound_decides_which_ways_there_are(user, nonet, why, kind):
    """Without connect a datagram still gets there by sendto, and nothing else does."""
    path = f"{user.home}/typed.sock"
    ways = r"""
import socket, sys
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
    for way in ("connect", "sendto"):
        with socket.socket(socket.AF_UNIX, kind) as one:
            try:
                one.connect(sys.argv[1]) if way == "connect" else one.sendto(b"x", sys.argv[1])
                print(way, end=" ")
            except OSError: pass
"""
    with socket.socket(socket.AF_UNIX, getattr(socket, kind)) as server:
        server.bind(path)
        os.chmod(path, 0o777)
        if kind != "SOCK_DGRAM":
            server.listen(8)
        assert b"connect" in Launcher(user)(PYTHON, "-c", ways, path).stdout
        run = ["--policy", "unix", "--deny", "connect"]
        done = Launcher(user, (nonet, "-q", *run, "--"))(PYTHON, "-c", ways, path)
        answer = why(path, *run)
    assert done.stdout == (b"sendto " if kind == "SOCK_DGRAM" else b""), done
    assert answer["let_through"] == (kind == "SOCK_DGRAM") and answer["errno"] in (None, "EACCES"), answer


def test_a_name_that_nobody_has(user, nonet, why, outside):
    """The kernel looks for it before Landlock is asked."""
    free, run = f"@nonet-nobody-{os.getpid()}", ["--policy", "unix"]
    found = attempts(user, [nonet, "-q", *run, "--"], [free, f"@{outside.name}"])
    answers = [why(free, *run), why(f"@{outside.name}", *run)]
    assert found[0] == errno.ECONNREFUSED and answers[0]["errno"] is None, (found, answers)
    if answers[0]["layer"] == "landlock":  # it scopes names from Linux 6.12 on
        assert answers[0]["reaches"] == "inside" and found[1] == errno.EPERM and answers[1]["errno"] == "EPERM", (found, answers)


@pytest.mark.parametrize("run", [[], ["--loopback"], ["--allow-unix", "PATH"]], ids=" ".join)
def test_what_opens_it_opens_it(user, nonet, why, outside, run):
    options = [outside.path if word == "PATH" else word for word in run]
    opened = set()
    for target in outside.targets:
        for one in why(target, *options)["opens"]:
            kept = [] if one["text"].endswith("in the place of --loopback") else options
            [number] = attempts(user, [nonet, *kept, *shlex.split(one["option"]), "--"], [target])
            isOwn = "--loopback" in one["option"] or "inside" in one["option"]
            assert number == 0 or isOwn and errno.errorcode[number] == "ECONNREFUSED", (target, one, number)
            opened.add((target, one["option"]))
    assert (outside.address, f"--allow-connect {outside.address}") in opened
    assert (outside.second, f"--allow-unix {outside.second}") in opened


def test_the_rule_is_the_one_of_the_policy(why, outside):
    answer = why(outside.address)
    assert answer["layer"] == "filter" and answer["errno"] == "EACCES"
    assert answer["rule"].startswith("default.policy:") and answer["rule"].endswith("if domain in { AF_UNIX, AF_INET, AF_INET6 }")
    assert why(outside.address, "--deny", "socket")["rule"] == "--deny"
    assert why("192.0.2.1:80", "--loopback")["layer"] == "namespace"
    assert why(outside.address, "--allow-connect", outside.address)["layer"] == "supervisor"
    assert why(f"@{outside.name}", "--policy", "unix")["layer"] in ("landlock", "filter")


def test_nothing_is_connected_to(why, outside):
    why(outside.address, "--allow-connect", outside.address)
    why(outside.path, "--allow-unix", outside.path)
    outside.unix[0].setblocking(False)
    with pytest.raises(BlockingIOError):
        outside.unix[0].accept()
    assert outside.tcp.seen == []


def test_text_for_people(bare, listener):
    done = bare("--why", f"127.0.0.1:{listener.port}")
    assert done.returncode == 1
    lines = done.stdout.decode().splitlines()
    assert lines[0] == f"127.0.0.1:{listener.port}: would be refused with EACCES"
    assert lines[1].startswith("decides: filter: ") and lines[2].startswith("rule: default.policy:")
    assert lines[3] == f"opens: 127.0.0.1:{listener.port} outside: try --allow-connect 127.0.0.1:{listener.port}"
    assert lines[4].endswith("try --loopback") and len(lines) == 5
    done = bare("--why", "AF_VSOCK")
    assert done.returncode == 1 and b"opens: no option of these" in done.stdout


@pytest.mark.parametrize("run", [[], ["--policy", "strict"], ["--loopback"], ["--loopback", "--deny", "connect"]], ids=" ".join)
def test_inside_a_run_it_answers_for_that_run(user, nonet, why, outside, run):
    found = attempts(user, [nonet, *run, "--"], outside.targets)
    for target, number in zip(outside.targets, found):
        if run[:1] == ["--loopback"] and "/" in target:
            continue  # a supervisor's, whose options are not known there
        answer = why(target, run=(*run, "--", nonet))
        assert answer["inside"] and answer["opens"] == []
        reached = answer["let_through"] and (answer["reaches"] == "outside" or target.startswith(("AF_", "listen:", "udp:")))
        assert (number == 0) == reached, (target, answer, number)


def test_inside_the_options_of_the_run_are_known_from_its_name(why, nonet, outside):
    run = ["--allow-connect", f"127.0.0.1:1,{outside.tcp.port}", "--allow-connect", "[::1]:7", "--", nonet]
    assert why(outside.address, run=run)["layer"] == "supervisor"
    assert why(outside.address, run=run)["let_through"] and why("[::1]:7", run=run)["let_through"]
    for target in (f"127.0.0.1:{outside.other.port}", outside.datagram, f"listen:127.0.0.1:{outside.free}"):
        assert not why(target, run=run)["let_through"]
    assert why(outside.path, run=["--allow-unix", outside.path, "--", nonet])["let_through"]


def test_inside_what_is_not_known_is_said(bare, nonet, outside):
    for options, target in ((["--allow-unix", outside.path], outside.second), (["--allow-unix", "inside"], f"@{outside.name}")):
        done = bare(*options, "--", nonet, "--why", target)
        assert done.returncode == 125 and done.stdout == b"" and b"whose options are not known here" in done.stderr, done


@pytest.mark.parametrize("target, said", [
    ("127.0.0.1", b"has no port"), ("127.0.0.1:0", b"has no port"), ("127.0.0.1:65536", b"has no port"), ("example.org:80", b"has no address"),
    ("::1:80", b"has no address"), ("[::1%lo]:80", b"has no address"), ("AF_NONE", b"is no family"), ("/", b"is no socket"),
    ("/" + 107 * "x", b"is too long"), ("@" + 108 * "x", b"is too long"), ("", b"the value is empty"), ("udp:", b"has no port"),
])
def test_bad_input(bare, target, said):
    done = bare("--why", target)
    assert done.returncode == 125 and done.stdout == b"" and said in done.stderr.splitlines()[0], done


@pytest.mark.parametrize("words", [
    ["--why"], ["--why", "AF_INET", "true"], ["--why", "AF_INET", "--check"], ["--why", "AF_INET", "--format", "raw"],
    ["--why", "AF_INET", "--policy", "strict", "--allow-connect", "127.0.0.1:80"], ["--why", "AF_INET", "--why", "AF_UNIX"],
    ["--why", "AF_INET", "--backend", "python"],
])
def test_bad_command_lines(bare, words):
    done = bare(*words)
    assert done.returncode == 125 and done.stdout == b"" and done.stderr.startswith(b"nonet: "), done

# A policy that refuses the usual call, what is asked, and the way that stays open.
AROUND = [
    ("deny connect", "127.0.0.1:9", "MSG_FASTOPEN"),
    ("deny sendto", "udp:127.0.0.1:9", "connect and write"),
    ("deny socket if domain == AF_UNIX and type & 0xf == SOCK_STREAM", "/run/nonet-none", "SOCK_"),
    ("deny socket if domain == AF_INET and protocol == 0", "127.0.0.1:9", "protocol 6"),
    ("deny socket if type == SOCK_STREAM", "127.0.0.1:9", "with flags"),
    ("deny socket", "127.0.0.1:9", "io_uring"),
]


@pytest.mark.parametrize("rule, target, way", AROUND, ids=[one[0] for one in AROUND])
def test_a_way_around_the_usual_call_is_told(why, user, rule, target, way):
    path = f"{user.home}/around.policy"
    with open(path, "w") as file:
        file.write(f"default allow\nforeign kill\nnetwork allowed\n{rule}\n")
    answer = why(target, "--policy", path)
    assert answer["let_through"] and way in answer["reason"], answer


def test_where_every_way_is_shut_it_is_refused(why, user):
    path = f"{user.home}/shut.policy"
    with open(path, "w") as file:
        file.write("default allow\nforeign kill\nnetwork allowed\ndeny socket\ndeny @io_uring\n")
    assert not why("127.0.0.1:9", "--policy", path)["let_through"]
