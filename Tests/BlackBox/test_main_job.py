"""Real programs: they reach a listener on loopback without nonet, and are refused under it."""

import functools
import http.server
import ssl
import subprocess
import tempfile
import threading
import time

import pytest

from support.listener import Listener
from support.run import PYTHON, tool

PATIENCE = 10  # seconds; a refusal at socket() takes none

PY_SOCKET = """
import socket, sys
s = socket.socket(); s.connect(("127.0.0.1", int(sys.argv[1])))
s.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n"); print(s.recv(99).decode().splitlines()[0])
"""
PY_URLLIB = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1], timeout=5).read().decode())"
PY_ASYNCIO = """
import asyncio, sys
async def main():
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]))
    writer.write(b"GET / HTTP/1.0\\r\\n\\r\\n"); print((await reader.readline()).decode()); writer.close()
asyncio.run(main())
"""
BASH_TCP = 'exec 3<>/dev/tcp/127.0.0.1/$0 && printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3 && head -1 <&3'
NODE_FETCH = """
fetch(process.argv[1]).then(r => r.text()).then(t => console.log(t))
  .catch(e => { console.error(e.cause.code); process.exit(3) })
"""

# name, command, what standard error says when refused, whether the program may be missing here
PROGRAMS = [
    ("python-socket", [PYTHON, "-c", PY_SOCKET, "{port}"], "Permission denied", False),
    ("python-urllib", [PYTHON, "-c", PY_URLLIB, "{url}"], "Permission denied", False),
    ("python-asyncio", [PYTHON, "-c", PY_ASYNCIO, "{port}"], "Permission denied", False),
    ("curl", ["curl", "-sS", "-m", "9", "{url}"], "onnect to", False),
    ("bash-dev-tcp", ["bash", "-c", BASH_TCP, "{port}"], "Permission denied", False),
    ("node-fetch", ["node", "-e", NODE_FETCH, "{url}"], "EACCES", True),
]


@pytest.mark.parametrize("command, text, optional", [p[1:] for p in PROGRAMS], ids=[p[0] for p in PROGRAMS])
def test_refused_and_only_by_nonet(free, confined, listener, command, text, optional):
    tool(command[0], optional)
    argv = [word.format(port=listener.port, url=f"http://127.0.0.1:{listener.port}/") if word[0] == "{" else word
            for word in command]
    outside = free(*argv, timeout=PATIENCE)
    assert outside.returncode == 0, outside.stderr
    assert b"hello" in outside.stdout or b"200 OK" in outside.stdout
    assert len(listener.seen) == 1

    started = time.monotonic()
    inside = confined(*argv, timeout=PATIENCE)
    assert inside.returncode not in (0, 125, 126, 127), inside.stderr
    assert text in inside.stderr.decode()
    assert b"hello" not in inside.stdout
    assert time.monotonic() - started < PATIENCE
    time.sleep(0.05)
    assert len(listener.seen) == 1, "somebody got out"


def test_ipv6(free, confined):
    try:
        listener = Listener("::1")
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")
    code = f"import socket; socket.create_connection(('::1', {listener.port}), 5).sendall(b'x')"
    try:
        assert free(PYTHON, "-c", code).returncode == 0
        inside = confined(PYTHON, "-c", code)
        assert inside.returncode == 1 and b"Permission denied" in inside.stderr
        time.sleep(0.05)
        assert listener.seen == [b"x"]
    finally:
        listener.close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def https_repository():
    """A git repository behind https on loopback, the certificate made here and trusted by nobody."""
    with tempfile.TemporaryDirectory() as folder:
        run = functools.partial(subprocess.run, cwd=folder, check=True, capture_output=True, timeout=30)
        run([tool("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "2", "-subj", "/CN=127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"])
        who = ["-c", "user.name=n", "-c", "user.email=n@example.invalid", "-c", "init.defaultBranch=main"]
        run([tool("git"), *who, "init", "-q", "work"])
        run(["git", *who, "-C", "work", "commit", "-q", "--allow-empty", "-m", "hello"])
        run(["git", *who, "clone", "-q", "--bare", "work", "served.git"])
        run(["git", "-C", "served.git", "update-server-info"])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{folder}/cert.pem", f"{folder}/key.pem")
        handler = functools.partial(Quiet, directory=folder)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://127.0.0.1:{server.server_port}/served.git"
        server.shutdown()
        server.server_close()


def test_git_clone_over_https(free, confined, user, https_repository):
    trust = {"GIT_SSL_NO_VERIFY": "1", "GIT_CONFIG_NOSYSTEM": "1"}
    outside = free("git", "clone", "-q", https_repository, "outside", env=trust)
    assert outside.returncode == 0, outside.stderr
    log = free("git", "-C", "outside", "log", "--format=%s", env=trust)
    assert log.stdout == b"hello\n"

    inside = confined("git", "clone", "-q", https_repository, "inside", env=trust)
    assert inside.returncode == 128
    assert b"onnect to 127.0.0.1" in inside.stderr
    assert free("test", "-e", "inside").returncode == 1


def test_a_service_on_a_path_is_not_a_way_out(free, confined, user):
    """`connect` to a pathname socket: whoever listens there has a network."""
    path = f"{user.home}/service"
    code = f"import socket; s = socket.socket(socket.AF_UNIX); s.connect({path!r}); s.sendall(b'do it for me')"
    import socket
    with socket.socket(socket.AF_UNIX) as service:
        service.bind(path)
        user.own(path, 0o777)
        service.listen(2)
        assert free(PYTHON, "-c", code).returncode == 0
        service.accept()[0].close()
        inside = confined(PYTHON, "-c", code)
        assert inside.returncode == 1 and b"Permission denied" in inside.stderr
        service.setblocking(False)
        with pytest.raises(BlockingIOError):
            service.accept()
