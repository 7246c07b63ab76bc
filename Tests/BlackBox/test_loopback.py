"""`--loopback`: servers and clients inside meet each other on 127.0.0.1 and [::1], and nobody else.

What AF_VSOCK, AF_PACKET, io_uring, setns, veth and the rest answer there is in test_escapes.py.
"""

import errno
import importlib.util
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

import pytest
from conftest import ROOT
from test_process import STATE

from support.listener import Listener
from support.run import PYTHON, Launcher, tool

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
# User 0 is asked for nothing else where the kernel is set, so that is closed for it.
LAYERS = {user: f"seccomp+landlock+{'capabilities+settings+' if user == 'root' else ''}namespace+descriptors" for user in ("root", "nobody", "current")}
as_root = pytest.mark.skipif(not ROOT, reason="only root can set this up")


@pytest.fixture
def inside(user, nonet):
    return Launcher(user, (nonet, "--loopback", "--"))


def script(user, name, text, mode=0o755):
    path = f"{user.home}/{name}"
    pathlib.Path(path).write_text(text)
    user.own(path, mode)
    return path


# --- meeting inside, and nobody outside ----------------------------------------------------------

SERVE = """
cd "$1" && shift
"$1" -m http.server --bind "$2" 8000 >log 2>&1 &
for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  curl -sS -m 5 "http://$3:8000/hello" 2>error && break
  sleep 0.2
done
kill $!
wait 2>/dev/null
cat error
"""


@pytest.mark.parametrize("address, name", [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]"), ("127.0.0.1", "localhost"), ("127.9.9.9", "127.9.9.9")])
def test_a_web_server_and_its_client(inside, user, address, name):
    script(user, "hello", "from inside\n", 0o644)
    done = inside("sh", "-c", SERVE, "sh", user.home, PYTHON, address, name, timeout=30)
    assert done.stdout == b"from inside\n", done


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_the_machines_own_localhost_is_not_there(free, inside, address):
    listener = Listener(address)
    code = f"import socket; socket.create_connection(({address!r}, {listener.port}), 5).sendall(b'x')"
    try:
        assert free(PYTHON, "-c", code).returncode == 0
        done = inside(PYTHON, "-c", code)
        assert done.returncode == 1 and b"Connection refused" in done.stderr
        # The same port is free inside.
        taken = f"import socket; socket.create_server(({address!r}, {listener.port}), family=socket.AF_INET{'6' * (address == '::1')})"
        assert free(PYTHON, "-c", taken).returncode == 1
        assert inside(PYTHON, "-c", taken).returncode == 0
        time.sleep(0.05)
        assert listener.seen == [b"x"]
    finally:
        listener.close()


def test_there_is_nothing_but_lo(inside):
    code = """
import socket
print([name for _, name in socket.if_nameindex()])
print([line.split()[0] for line in open("/proc/net/route")][1:])
for address in ("192.0.2.1", "198.51.100.1", "2001:db8::1"):
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    try: s.connect((address, 9)); print(address, "has a route")
    except OSError as error: print(address, error.errno)
"""
    lines = inside(PYTHON, "-c", code).stdout.decode().splitlines()
    assert lines[:2] == ["['lo']", "[]"]
    # Nothing is sent: connect only looks for a route, and there is none.
    assert all("route" not in line for line in lines[2:]), lines


def test_names_do_not_resolve_and_localhost_does(inside):
    code = "import socket; print(socket.getaddrinfo('localhost', 80)[0][4][1])\ntry: socket.getaddrinfo('nonet.invalid', 80)\nexcept socket.gaierror: print('no')"
    assert inside(PYTHON, "-c", code).stdout == b"80\nno\n"


# --- real work -----------------------------------------------------------------------------------

PYTEST = """
import http.server, os, threading, urllib.request
import pytest

@pytest.fixture
def server():
    class Hello(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200); self.end_headers(); self.wfile.write(b"hello")
        def log_message(self, *_): pass
    with http.server.ThreadingHTTPServer(("localhost", 0), Hello) as one:
        threading.Thread(target=one.serve_forever, daemon=True).start()
        yield f"http://localhost:{one.server_port}/"
        one.shutdown()

def test_hello(server):
    assert urllib.request.urlopen(server, timeout=5).read() == b"hello"

def test_outside(server):
    with pytest.raises(OSError):
        urllib.request.urlopen(os.environ["OUTSIDE"], timeout=5)
"""


def test_pytest_with_a_server_fixture(free, inside, user, listener):
    """With the suite's own pytest, copied to where everybody may read it."""
    for name in ("pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments", "exceptiongroup", "tomli", "py"):
        found = importlib.util.find_spec(name)
        if found and found.submodule_search_locations:
            shutil.copytree(found.submodule_search_locations[0], f"{user.home}/packages/{name}")
        elif found:
            shutil.copy(found.origin, f"{user.home}/packages/")
    script(user, "test_hello.py", PYTEST, 0o644)
    environment = {"PYTHONPATH": f"{user.home}/packages", "OUTSIDE": f"http://127.0.0.1:{listener.port}/", "PYTHONDONTWRITEBYTECODE": "1"}
    words = (PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_hello.py")
    outside = free(*words, timeout=60, env=environment)
    assert b"1 failed, 1 passed" in outside.stdout, outside
    done = inside(*words, timeout=60, env=environment)
    assert done.returncode == 0 and b"2 passed" in done.stdout, done
    assert len(listener.seen) == 1


NODE = """
const test = require('node:test'), assert = require('node:assert'), http = require('node:http')
for (const host of ['127.0.0.1', '::1', 'localhost'])
  test('http on ' + host, (t, done) => {
    const server = http.createServer((q, r) => r.end('hello'))
    server.listen(0, host, () => http.get({ host, port: server.address().port }, r => {
      let text = ''
      r.on('data', d => text += d).on('end', () => { assert.equal(text, 'hello'); server.close(done) })
    }))
  })
test('nothing outside', (t, done) => {
  http.get(process.env.OUTSIDE, () => done(new Error('reached'))).on('error', e => { assert.equal(e.code, 'ECONNREFUSED'); done() })
})
"""


def test_node_http(free, inside, user, listener):
    tool("node", optional=True)
    if free("node", "-e", "require('node:test')").returncode:
        pytest.skip("this Node has no test runner")
    script(user, "hello.test.js", NODE, 0o644)
    environment = {"OUTSIDE": f"http://127.0.0.1:{listener.port}/"}
    assert b"# fail 1" in free("node", "--test", "--test-reporter=tap", "hello.test.js", timeout=60, env=environment).stdout
    done = inside("node", "--test", "--test-reporter=tap", "hello.test.js", timeout=60, env=environment)
    assert done.returncode == 0 and b"# pass 4" in done.stdout, done
    assert len(listener.seen) == 1


REDIS = """
"$1" --port 6399 --bind 127.0.0.1 ::1 --save '' --dir "$2" --logfile "$2/log" &
for try in 1 2 3 4 5 6 7 8 9 10; do redis-cli -p 6399 ping 2>/dev/null | grep -q PONG && break; sleep 0.2; done
redis-cli -p 6399 set greeting hello
redis-cli -h ::1 -p 6399 get greeting
redis-cli -p 6399 shutdown nosave
wait
"""


def test_redis(inside, user):
    """Started nowhere but inside: Debian's tools package has the server under the name of its checker."""
    server = shutil.which("redis-server") or shutil.which("redis-check-rdb")
    assert server, "redis-tools is missing: `make test` installs what the suite needs"
    os.symlink(os.path.realpath(server), f"{user.home}/redis-server")
    done = inside("sh", "-c", REDIS, "sh", f"{user.home}/redis-server", user.home, timeout=30)
    assert done.stdout == b"OK\nhello\n", done


POSTGRES = """
set -e
"$1/initdb" -A trust -U me -D data >/dev/null
"$1/pg_ctl" -D data -w -o "-p 5499 -c listen_addresses=localhost -c unix_socket_directories=''" -l log start >/dev/null
trap '"$1/pg_ctl" -D data -m immediate stop >/dev/null' EXIT
psql -h 127.0.0.1 -p 5499 -U me -At -c 'create table t (n int); insert into t select generate_series(1, 9); select sum(n) from t' postgres
"""


def test_postgresql(inside, user):
    places = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
    if not places or not shutil.which("psql"):
        pytest.skip("PostgreSQL is not installed")
    if user.name == "root":
        pytest.skip("PostgreSQL does not run as root")
    done = inside("sh", "-c", POSTGRES, "sh", str(places[-1]), timeout=60)
    assert done.stdout.endswith(b"45\n"), done


def test_listening_sockets_of_every_family(inside):
    """UDP, TCP, both families, port 0 and a low port as root: all of it between processes inside."""
    code = """
import os, socket
for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    server = socket.create_server((address, 0), family=family)
    if os.fork() == 0:
        socket.create_connection(server.getsockname()[:2]).sendall(b"tcp"); os._exit(0)
    print(server.accept()[0].recv(9)); os.wait()
    udp = socket.socket(family, socket.SOCK_DGRAM); udp.bind((address, 0)); udp.settimeout(5)
    socket.socket(family, socket.SOCK_DGRAM).sendto(b"udp", udp.getsockname()[:2])
    print(udp.recv(9))
if os.geteuid() == 0: socket.create_server(("127.0.0.1", 80))
"""
    assert inside(PYTHON, "-c", code).stdout.split() == [b"b'tcp'", b"b'udp'"] * 2


# --- who one is ----------------------------------------------------------------------------------


def test_identity_is_kept(free, inside):
    words = ("sh", "-c", "id -u; id -g; id -un; stat -c %u:%g / /var/mail .; touch made; stat -c %u:%g made; rm made")
    outside, got = free(*words), inside(*words)
    if free.user.uid < 0 and os.geteuid() == 0:
        assert got.stdout == outside.stdout
    else:  # an ordinary user maps nobody but himself: the files of others belong to nobody
        assert got.stdout.splitlines()[:3] == outside.stdout.splitlines()[:3]
        assert got.stdout.splitlines()[-1] == outside.stdout.splitlines()[-1]


@as_root
def test_root_keeps_the_files_of_others(bare):
    script = "touch f && chown 1234:4321 f && stat -c %u:%g f && su nobody -s /bin/sh -c 'id -u; id -g' && setpriv --reuid 7 --regid 8 --groups 9,10 id -G"
    done = bare("--loopback", "--", "sh", "-c", script)
    assert done.stdout == b"1234:4321\n65534\n65534\n8 9 10\n", done


def test_an_ordinary_user_gains_nothing(inside, user):
    """The rights that the namespace's maker has in it end with exec."""
    done = inside("grep", "-E", "^(CapEff|CapPrm|CapAmb|NoNewPrivs)", "/proc/self/status")
    found = dict(line.split(":\t") for line in done.stdout.decode().splitlines())
    assert found["NoNewPrivs"] == "1" and int(found["CapAmb"], 16) == 0
    if user.uid >= 0:
        assert int(found["CapEff"], 16) == int(found["CapPrm"], 16) == 0


def test_everything_else_is_kept(free, inside):
    before, after = (json.loads(run(PYTHON, "-c", STATE).stdout) for run in (free, inside))
    assert after.pop("nonet").startswith(f"loopback:{LAYERS[inside.user.name]}")
    assert (after.pop("nnp"), after.pop("seccomp")) == ("1", "2")
    for key in ("nonet", "nnp", "seccomp"):
        before.pop(key)
    if free.user.uid < 0 and os.geteuid() == 0:
        assert after == before
    else:  # supplementary groups have no place in the maps of an ordinary user
        before.pop("ids"), after.pop("ids")
        assert after == before


# --- processes -----------------------------------------------------------------------------------

CHILDREN = """
import os, signal
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status") if ":\\t" in line)
print("pending", int(status["SigPnd"], 16) | int(status["ShdPnd"], 16))
print("children", open(f"/proc/self/task/{os.getpid()}/children").read().split())
try: os.waitpid(-1, os.WNOHANG); print("a child is left")
except ChildProcessError: print("none")
print(signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN)
"""


@pytest.mark.parametrize("disposition", ["default", "ignored", "blocked"])
def test_no_trace_of_the_helpers(inside, disposition):
    """The processes that write the maps leave no zombie and no signal, whatever the caller does with SIGCHLD."""
    def prepare():
        if disposition == "ignored":
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        if disposition == "blocked":
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})

    done = inside(PYTHON, "-c", CHILDREN, preexec_fn=prepare, restore_signals=False)
    assert done.stdout.decode().splitlines() == ["pending 0", "children []", "none", str(disposition == "ignored")], done


def test_the_command_is_the_only_child_of_its_supervisor(inside):
    child = inside.popen("sh", "-c", "echo $PPID; sleep 0.3; echo $(cat /proc/$PPID/task/*/children); read line; exit 5", stdin=subprocess.PIPE)
    assert child.stdout.readline().split() == [str(child.pid).encode()]
    children = child.stdout.readline().split()
    names = [pathlib.Path(f"/proc/{one.decode()}/comm").read_text().strip() for one in children]
    assert sorted(names) == ["nonet", "sh"], "the second one holds the listener should the first be killed"
    child.communicate(b"\n", timeout=10)
    assert child.returncode == 5


ASK = """
import socket, sys
def ask(what, do):
    try: do(); print(what, "ok")
    except OSError as error: print(what, error.errno)
ask("socket", lambda: socket.socket().close())
ask("unix", lambda: socket.socket(socket.AF_UNIX).close())
def talk():
    server = socket.create_server(("127.0.0.1", 0))
    socket.create_connection(server.getsockname()).close()
ask("talk", talk)
ask("outside", lambda: socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5))
"""


@pytest.mark.parametrize("outer, inner, expected", [
    (["--loopback"], [], ["socket 13", "unix ok", "talk 13", "outside 13"]),
    (["--loopback"], ["--loopback"], ["socket ok", "unix 13", "talk ok", f"outside {errno.ECONNREFUSED}"]),
    (["--loopback"], ["--policy", "unix"], ["socket 13", "unix ok", "talk 13", "outside 13"]),
    (["--policy", "unix"], [], ["socket 13", "unix ok", "talk 13", "outside 13"]),
    ([], [], ["socket 13", "unix ok", "talk 13", "outside 13"]),
    (["--backend", "namespace", "-q"], ["--loopback"], ["socket ok", "unix ok", "talk ok", f"outside {errno.ECONNREFUSED}"]),
], ids=lambda words: "-".join(words).replace("--", "") or "default")
def test_nested(free, nonet, listener, outer, inner, expected):
    """The inner one adds to the outer one, and works inside it."""
    done = free(nonet, *outer, "--", nonet, *inner, "--", PYTHON, "-c", ASK, str(listener.port))
    assert done.stdout.decode().splitlines() == expected, done
    assert done.stderr == b""


def preset(user, change=lambda text: text):
    """A copy of loopback.policy, as the manual advises to make one."""
    text = (REPOSITORY / "Sources/nonet/Presets/Policies/loopback.policy").read_text()
    return script(user, "copy.policy", change(text), 0o644)


def test_a_copy_of_the_preset_means_the_same(free, nonet, user, listener):
    words = (PYTHON, "-c", ASK + "import os; print(os.environ.get('NONET', '').partition(':')[2])", str(listener.port))
    assert free(*words, env={"NONET": ""}).stdout.decode().splitlines() == ["socket ok", "unix ok", "talk ok", "outside ok", ""]
    inside, copy = (free(nonet, *options, "--", *words) for options in (["--loopback"], ["--policy", preset(user)]))
    assert inside.stdout.decode().splitlines()[:4] == ["socket ok", "unix ok", "talk ok", f"outside {errno.ECONNREFUSED}"]
    assert (copy.stdout, copy.stderr) == (inside.stdout, b"")
    # It is the line that does it: without it the server outside is reached, and that is said.
    open_copy = preset(user, lambda text: text.replace("layers  namespace, landlock, descriptors, sockets\n", ""))
    done = free(nonet, "--policy", open_copy, "--", *words)
    assert b"outside ok" in done.stdout and b"namespace" not in done.stdout
    assert done.stderr.count(b"lets the network be reached") == 1
    assert len(listener.seen) == 2


def test_a_namespace_for_any_policy(free, nonet, user, listener):
    """`layers namespace` is enough: what every policy gets is not taken away by it."""
    path = script(user, "own.policy", "default allow\nlayers namespace\n", 0o644)
    done = free(nonet, "--policy", path, "--", PYTHON, "-c", ASK, str(listener.port))
    assert done.stdout.decode().splitlines() == ["socket ok", "unix ok", "talk ok", f"outside {errno.ECONNREFUSED}"]
    assert done.stderr == b"" and listener.seen == []
    layers = free(nonet, "--policy", path, "--", "printenv", "NONET").stdout
    assert layers == f"{path}:{LAYERS[user.name]}\n".encode()
    refused(free(nonet, "--", nonet, "--policy", path, "--", "touch", "ran"), user)


@pytest.mark.parametrize("options", [["--loopback", "--policy", "{copy}"], ["--policy", "{copy}", "--loopback"],
                                     ["--loopback", "--policy=strict"], ["--policy", "unix", "--loopback"]], ids=" ".join)
def test_loopback_beside_another_policy(free, nonet, user, options):
    """One of the two was dropped, whichever came first."""
    words = [option.format(copy=preset(user)) for option in options]
    text = refused(free(nonet, *words, "--", "touch", "ran"), user)
    assert "--loopback" in text and "--policy" in text and "exclude each other" in text
    for same in (["--loopback", "--policy", "loopback"], ["--policy=loopback", "--loopback", "--loopback"]):
        assert free(nonet, *same, "--", "printenv", "NONET").stdout.startswith(b"loopback:")


# --- where it cannot be made ---------------------------------------------------------------------


def refused(done, user):
    assert done.returncode == 125 and done.stdout == b"" and not os.path.exists(f"{user.home}/ran")
    assert done.stderr.startswith(b"nonet: ")
    return done.stderr.decode()


@as_root
@pytest.mark.parametrize("options", [["--loopback"], ["--backend", "namespace"]], ids=" ".join)
def test_where_namespaces_are_used_up(free, nonet, user, options):
    """The sysctl counts per user namespace, so a namespace made for it can have none left."""
    script = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    done = free("unshare", "-r", "sh", "-c", script, "sh", nonet, *options, "--", "touch", "ran")
    text = refused(done, user)
    assert "unshare(CLONE_NEWUSER | CLONE_NEWNET)" in text and "user.max_user_namespaces" in text


@pytest.mark.parametrize("code", ["EPERM", "EACCES", "ENOSYS"])
def test_where_an_outer_sandbox_refuses_unshare(free, nonet, user, code):
    policy = script(user, "p.policy", f"default allow\ndeny unshare with {code}\n", 0o644)
    done = free(nonet, "-q", "--policy", policy, "--", nonet, "--loopback", "--", "touch", "ran")
    text = refused(done, user)
    assert "unshare" in text and os.strerror(getattr(errno, code)) in text and "an outer filter, a container's perhaps" in text


def test_loopback_inside_a_nonet_without_sockets(free, nonet, user):
    """`lo` cannot be brought up where no IP socket can be made."""
    text = refused(free(nonet, "--", nonet, "--loopback", "--", "touch", "ran"), user)
    assert "socket(AF_INET)" in text and "outer sandbox" in text
