"""What `--deny`, `--merge` and a policy's other rules refuse no supervisor and no namespace gives back: either the
denial holds, or nothing runs."""

import json
import os
import pathlib
import socket
import threading

import pytest

from support.run import PYTHON, Launcher
from support.unix import HEAD

ALLOW, ERRNO = "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO"
UNIX, INET6, SEQPACKET = (
    {"index": index, "op": "SCMP_CMP_MASKED_EQ", "value": mask, "valueTwo": value}
    for index, mask, value in ((0, 0xFFFFFFFF, socket.AF_UNIX), (0, 0xFFFFFFFF, socket.AF_INET6), (1, 0xF, socket.SOCK_SEQPACKET)))
PROFILES = {
    "no-socket": {"names": ["socket"]}, "no-connect": {"names": ["connect"]}, "neither": {"names": ["socket", "connect"]},
    "no-unix": {"names": ["socket"], "args": [UNIX]}, "no-inet6": {"names": ["socket"], "args": [INET6]},
    "no-packets": {"names": ["socket"], "args": [UNIX, SEQPACKET]},
}
TRY = HEAD + """
import errno
def told(name, what):
    try: got = what()
    except OSError as error: got = errno.errorcode[error.errno]
    print(name, got if isinstance(got, str) else "made")
def among(kind=STREAM):
    if os.path.exists("s"): os.unlink("s")
    one = server("s", kind=kind); answer(one)
    mine = fresh(kind); mine.connect("s"); return ping(mine)
def tcp(family, address, port=0):
    if not port:
        here = socket.socket(family); here.bind((address, 0)); here.listen(); port = here.getsockname()[1]
    mine = socket.socket(family); mine.connect((address, port)); return mine
"""


@pytest.fixture
def files(user):
    """The folder of the user, with a file for each profile."""
    folder = pathlib.Path(user.home)
    for name, entry in PROFILES.items():
        (folder / name).write_text(json.dumps({
            "defaultAction": ALLOW, "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"] if os.uname().machine == "x86_64" else [],
            "syscalls": [{"action": ERRNO, "errnoRet": 1, **entry}]}))
        (folder / name).chmod(0o644)
    return folder


@pytest.fixture
def outside():
    """The port of a server on 127.0.0.1 that says one letter."""
    one = socket.create_server(("127.0.0.1", 0))
    kept = []

    def serve():
        while True:
            try:
                got, _ = one.accept()
            except OSError:
                return
            got.sendall(b"x")
            kept.append(got)
    threading.Thread(target=serve, daemon=True).start()
    yield one.getsockname()[1]
    for each in (one, *kept):
        each.close()


def run(user, nonet, text, *options, arguments=(), **more):
    done = Launcher(user, (nonet, "-q", *options, "--"))(PYTHON, "-c", TRY + text, *map(str, arguments), **more)
    assert done.returncode == 0, done
    return [line.split(" ", 1)[1] for line in done.stdout.decode().splitlines()]


AMONG = 'told("stream", among); told("packets", lambda: among(SEQPACKET)); told("tcp", lambda: tcp(socket.AF_INET, "127.0.0.1"))'


@pytest.mark.parametrize("options, expected", [
    ((), ["pong ping", "pong ping", "made"]), (("--merge", "no-socket"), ["EACCES", "EACCES", "EPERM"]), (("--deny", "socket"), ["EACCES"] * 3),
    (("--merge", "no-unix"), ["EACCES", "EACCES", "made"]), (("--merge", "no-packets"), ["pong ping", "EACCES", "made"]),
    (("--deny", "socket", "--allow", "socketpair"), ["EACCES"] * 3), (("--deny", "@network"), ["EACCES"] * 3),
    (("--session", "held", "--merge", "no-unix"), ["EACCES", "EACCES", "made"]),
    (("--log", "/dev/null", "--deny", "socket"), ["EACCES"] * 3),
], ids=lambda value: " ".join(value) if isinstance(value, tuple) else "")
def test_sockets_of_a_private_network(user, nonet, files, options, expected):
    assert run(user, nonet, AMONG, "--loopback", *options) == expected


def test_connects_of_a_private_network(user, nonet, files):
    """A condition that the supervisor does not ask about when it begins."""
    preset = Launcher(user, (nonet,))("--print-policy", "loopback").stdout.decode()
    text = 'told("four", lambda: tcp(socket.AF_INET, "127.0.0.1")); told("six", lambda: tcp(socket.AF_INET6, "::1"))'
    for rule, expected in (("", ["made", "made"]), ("deny connect if addrlen == 28 with EPERM\n", ["made", "EPERM"])):
        head, rest = preset.split("allow socket ", 1)
        (files / "p.policy").write_text(head + rule + "allow socket " + rest)
        assert run(user, nonet, text, "--policy", "./p.policy") == expected


CONNECT = """
port = int(sys.argv[1])
told("connect", lambda: tcp(socket.AF_INET, "127.0.0.1", port))
told("six", lambda: socket.socket(socket.AF_INET6))
def shut():
    one = tcp(socket.AF_INET, "127.0.0.1", port); one.recv(1); one.shutdown(socket.SHUT_RDWR)
told("shutdown", shut)
"""


@pytest.mark.parametrize("options, expected", [
    ((), ["made", "made", "made"]), (("--merge", "no-inet6"), ["made", "EACCES", "made"]),
    (("--deny", "shutdown"), ["made", "made", "EACCES"]), (("--policy", "./p.policy"), ["made", "made", "EACCES"]),
], ids=lambda value: " ".join(value) if isinstance(value, tuple) else "")
def test_supplied_sockets(user, nonet, files, outside, options, expected):
    preset = Launcher(user, (nonet,))("--print-policy", "default").stdout.decode()
    (files / "p.policy").write_text(preset + "deny shutdown\n")
    assert run(user, nonet, CONNECT, "--allow-connect", f"127.0.0.1:{outside}", *options, arguments=[outside]) == expected


STOPPED = [(first, *second) for first in ("--allow-connect=127.0.0.1:{port}", "--destinations --log=/dev/null") for second in (
    ("--merge", "no-socket"), ("--merge", "no-connect"), ("--merge", "neither"), ("--deny", "connect"), ("--deny", "socket"), ("--deny", "@network"))]
STOPPED += [(first, *second) for first in ("--allow-unix={path}", "--allow-unix=inside") for second in (
    ("--merge", "no-connect"), ("--merge", "no-socket"), ("--merge", "no-unix"), ("--deny", "connect"), ("--deny", "socket"))]
STOPPED += [("--loopback", first, *second) for first in ("--allow-unix={path}", "--allow-connect=127.0.0.1:{port}") for second in (
    ("--merge", "no-socket"), ("--merge", "no-connect"), ("--deny", "socket"), ("--deny", "connect"))]
STOPPED += [("--backend", "namespace", *words) for words in (("--deny", "socket"), ("--merge", "no-socket"), ("--policy", "./plain.policy"))]
STOPPED += [("--backend", "namespace", "--loopback", "--deny", "socket")]


def test_what_would_be_given_back_does_not_run(user, nonet, files, outside):
    """Each with one sentence; and the same options without the denial run."""
    (files / "plain.policy").write_text("default allow\ndeny socket\n")
    path = f"{user.home}/outside.sock"
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(path)
        one.listen(9)
        os.chmod(path, 0o777)
        user.own(path)
        for words in STOPPED:
            words = [part.format(port=outside, path=path) for word in words for part in word.split(" ")]
            done = Launcher(user, (nonet, "-q", *words, "--"))("echo", "ran")
            assert done.returncode == 125 and not done.stdout, (words, done)
            sentence = done.stderr.decode().splitlines()
            assert "so it was not run" in sentence[0] or sentence[0].endswith("the command was not run"), (words, sentence)
            if "--deny" in words or "--merge" in words:
                place = words.index("--deny" if "--deny" in words else "--merge")
                done = Launcher(user, (nonet, "-q", *words[:place], *words[place + 2:], "--"))("echo", "ran")
                assert done.stdout == b"ran\n", (words, done)


def test_why_says_so(user, nonet, files):
    for options, expected in (((), True), (("--deny", "socket"), False), (("--merge", "no-unix"), False)):
        done = Launcher(user, (nonet, "-q", "--loopback", *options))("--why", "AF_UNIX", "--format", "json")
        assert json.loads(done.stdout)["let_through"] == expected, done
