"""`--allow-unix`: programs that talk among themselves do, and nobody outside hears a byte."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest
from conftest import ROOT

from support.run import NOBODY, PYTHON, Launcher, User, tool
from support.unix import HEAD

as_root = pytest.mark.skipif(not ROOT, reason="only root can set this up")
EACCES, EAGAIN, EBADF = 13, 11, 9
REFUSED = f"PermissionError {EACCES}"


@pytest.fixture
def inside(user, nonet):
    return Launcher(user, (nonet, "-q", "--allow-unix", "inside", "--"))


@pytest.fixture
def allowing(user, nonet):
    """Runs nonet with these values of the option."""
    return lambda *values: Launcher(user, (nonet, "-q", *(w for v in values for w in ("--allow-unix", v)), "--"))


@pytest.fixture
def confined(user, nonet):
    return Launcher(user, (nonet, "-q", "--"))


def python(launcher, text, *arguments, **options):
    """Runs a program of the words in support/unix.py; its lines."""
    done = launcher(PYTHON, "-c", HEAD + text, *arguments, **options)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode().splitlines()


def runs(launcher, *words, expect, **options):
    """Whether a command prints what is expected."""
    done = launcher(*words, **options)
    return expect in done.stdout.decode(errors="replace")


# --- programs that work again ----------------------------------------------------------------------


def program(user, name, text):
    path = f"{user.home}/{name}"
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, 0o755)
    return path


FORKSERVER = """
import multiprocessing
def square(x): return x * x
if __name__ == "__main__":
    multiprocessing.set_start_method("forkserver")
    with multiprocessing.Pool(2) as pool, multiprocessing.Manager() as manager:
        shared = manager.dict(sum=sum(pool.map(square, [1, 2, 3])))
        print("sum", shared["sum"])
"""

NODE = """
const net = require('net')
const server = net.createServer(c => c.on('data', d => c.end('pong ' + d)))
server.listen('node.sock', () => {
  const c = net.connect('node.sock', () => c.write('ping'))
  c.on('data', d => console.log(String(d)))
  c.on('end', () => server.close())
})
server.on('error', e => process.exit(3))
setTimeout(() => process.exit(4), 5000).unref()
"""


def test_forkserver_and_manager(free, confined, inside, user):
    words = (PYTHON, program(user, "pool.py", FORKSERVER))
    assert runs(free, *words, expect="sum 14")
    assert runs(inside, *words, expect="sum 14")


def test_forkserver_needs_it(confined, user):
    done = confined("timeout", "5", PYTHON, program(user, "pool.py", FORKSERVER))
    assert b"sum 14" not in done.stdout


def test_node(free, confined, inside, user):
    words = (tool("node", optional=True), program(user, "net.js", NODE))
    assert runs(free, *words, expect="pong ping")
    assert not runs(confined, *words, expect="pong ping")
    os.unlink(f"{user.home}/node.sock")
    assert runs(inside, *words, expect="pong ping")


def test_a_session_bus_inside(free, confined, inside):
    if not os.path.exists("/usr/share/dbus-1/session.conf") or not shutil.which("dbus-run-session"):
        pytest.skip("dbus-daemon is not installed")
    call = "dbus-send --session --dest=org.freedesktop.DBus --print-reply /org/freedesktop/DBus org.freedesktop.DBus.GetId"
    if shutil.which("gdbus"):
        call += (" && gdbus call --session --dest org.freedesktop.DBus --object-path /org/freedesktop/DBus"
                 " --method org.freedesktop.DBus.GetId")
    words = ("dbus-run-session", "--", "sh", "-c", f"{call} && echo all of it")
    assert runs(free, *words, expect="all of it")
    assert not runs(confined, *words, expect="all of it")
    assert runs(inside, *words, expect="all of it")


def test_an_agent_inside_forks_away_after_listen(free, confined, inside):
    tool("ssh-agent"), tool("ssh-add")
    words = ("sh", "-c", "eval $(ssh-agent) > agent; ssh-add -l; kill $SSH_AGENT_PID")
    assert runs(free, *words, expect="no identities")
    assert not runs(confined, *words, expect="no identities")
    assert runs(inside, *words, expect="no identities")


def test_an_agent_outside_by_path(free, confined, inside, allowing, user):
    agent = f"{user.home}/agent.sock"
    child = free.popen(tool("ssh-agent"), "-D", "-a", agent)
    try:
        until = time.monotonic() + 5
        while not os.path.exists(agent) and time.monotonic() < until:
            time.sleep(0.01)
        ask = {"env": {"SSH_AUTH_SOCK": agent}}
        assert runs(free, "ssh-add", "-l", expect="no identities", **ask)
        assert runs(allowing(agent), "ssh-add", "-l", expect="no identities", **ask)
        assert runs(allowing("inside", agent), "ssh-add", "-l", expect="no identities", **ask)
        assert runs(allowing(user.home), "ssh-add", "-l", expect="no identities", **ask)
        assert not runs(confined, "ssh-add", "-l", expect="no identities", **ask)
        assert not runs(inside, "ssh-add", "-l", expect="no identities", **ask)
    finally:
        child.terminate()
        child.communicate(timeout=5)


def test_postgresql_inside(nonet):
    """As an ordinary user: as root it refuses to start."""
    folder = next((f"/usr/lib/postgresql/{v}/bin" for v in sorted(os.listdir("/usr/lib/postgresql"), key=int, reverse=True)),
                  None) if os.path.isdir("/usr/lib/postgresql") else None
    if folder is None or not os.path.exists(f"{folder}/initdb") or not shutil.which("psql"):
        pytest.skip("postgresql is not installed")
    home = tempfile.mkdtemp(prefix="nonet-home.")
    someone = User("nobody", NOBODY, home) if ROOT else User("current", -1, home)
    someone.own(home, 0o700)
    make = Launcher(someone)(f"{folder}/initdb", "-D", f"{home}/data", "-A", "trust", "-U", "me", "--no-sync")
    assert make.returncode == 0, make.stderr
    script = (f'{folder}/pg_ctl -D data -w -t 20 -l log -o "-k {home} -c listen_addresses= -c fsync=off" start >started; '
              f'psql -h {home} -U me -d postgres -Atc "select 6*7"; {folder}/pg_ctl -D data -m immediate stop >stopped')
    try:
        assert Launcher(someone)("sh", "-c", script).stdout == b"42\n"
        assert Launcher(someone, (nonet, "-q", "--allow-unix", "inside", "--"))("sh", "-c", script).stdout == b"42\n"
    finally:
        shutil.rmtree(home, ignore_errors=True)


# --- what is outside -------------------------------------------------------------------------------

TALK = "print(connect(sys.argv[1]))"
SAY = "one = fresh(); one.connect(at(sys.argv[1])); one.sendall(sys.argv[2].encode()); print('sent')"


@pytest.mark.parametrize("where", ["path", "abstract"])
def test_a_listener_outside(free, inside, outdoors, where):
    address = getattr(outdoors, where)
    assert python(free, SAY, address, "free") == ["sent"]
    assert outdoors.heard(b"free", 2)
    assert python(inside, TALK, address) == [REFUSED]
    assert not outdoors.heard(b"ping", 0.1)


def test_a_bus_outside(free, inside, user):
    tool("dbus-daemon"), tool("dbus-send")
    bus = free.popen("dbus-daemon", "--session", "--nofork", f"--address=unix:path={user.home}/bus", "--print-address=1")
    try:
        assert bus.stdout.readline().startswith(b"unix:path=")
        words = (tool("dbus-send"), "--session", "--print-reply", "--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.GetId")
        ask = {"env": {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={user.home}/bus"}}
        assert runs(free, *words, expect="string", **ask)
        assert not runs(inside, *words, expect="string", **ask)
    finally:
        bus.terminate()
        bus.communicate(timeout=5)


def test_a_terminal_multiplexer_outside(free, inside, user):
    if not shutil.which("tmux"):
        pytest.skip("tmux is not installed")
    tmux = ("env", "SHELL=/bin/sh", "tmux", "-S", f"{user.home}/tmux")  # that of nobody is none
    assert free(*tmux, "-f", "/dev/null", "new-session", "-d", "sleep 20").returncode == 0
    try:
        assert free(*tmux, "run-shell", "touch free").returncode == 0
        assert inside(*tmux, "run-shell", "touch inside").returncode != 0
        assert os.path.exists(f"{user.home}/free") and not os.path.exists(f"{user.home}/inside")
    finally:
        free(*tmux, "kill-server")


@as_root
def test_the_name_service_outside(nonet, me):
    """nscd asks DNS for whoever asks it; here a listener stands at its path, in a mount namespace of its own."""
    driver = HEAD + """
os.mkdir("/run/nscd")
nscd, got = server("/run/nscd/socket"), []
def hang_up():
    while True:
        one, _ = nscd.accept()
        got.append(one.recv(100))
        one.close()
threading.Thread(target=hang_up, daemon=True).start()
def asked(*prefix):
    got.clear()
    subprocess.run([*prefix, "getent", "passwd", "nobody-has-this-name"], timeout=10)
    time.sleep(0.05)
    return any(got)
print(asked(), asked(sys.argv[1], "-q", "--allow-unix", "inside", "--"))
"""
    if os.path.realpath("/var/run") != "/run":
        pytest.skip("/var/run is no link to /run here")
    shutil.copy(nonet, f"{me.home}/nonet")
    done = Launcher(me)("unshare", "-m", "sh", "-c", 'mount -t tmpfs none /run && exec "$@"', "-", PYTHON, "-c", driver, f"{me.home}/nonet")
    assert done.stdout == b"True False\n", done


# --- what is named ---------------------------------------------------------------------------------


def test_a_named_socket_is_that_socket_and_no_other(free, allowing, outdoors):
    named, beside = outdoors.listen("named"), outdoors.listen("beside")
    launcher = allowing(named)
    assert python(launcher, SAY, named, "to the named") == ["sent"]
    assert outdoors.heard(b"to the named", 2)
    os.symlink(named, f"{outdoors.folder}/link")
    assert python(launcher, SAY, f"{outdoors.folder}/link", "over a link") == ["sent"]
    assert python(free, SAY, beside, "free") == ["sent"]
    assert python(launcher, TALK, beside) == [REFUSED]
    # Another server under the same name is another socket.
    swap = "os.rename(sys.argv[2], sys.argv[1]); print(connect(sys.argv[1]))"
    os.chmod(outdoors.folder, 0o777)
    assert python(launcher, swap, named, beside) == [REFUSED]


def test_a_folder_lets_servers_start_later(allowing, outdoors):
    folder = f"{outdoors.folder}/run"
    os.mkdir(folder)
    launcher = allowing(folder)
    child = launcher.popen(PYTHON, "-c", HEAD + "input()\n" + SAY, f"{folder}/late", "later", stdin=subprocess.PIPE)
    outdoors.listen("run/late")
    assert child.communicate(b"\n", timeout=10)[0] == b"sent\n"
    assert outdoors.heard(b"later", 2)


def test_a_folder_is_no_way_to_other_sockets(free, allowing, outdoors):
    """Linked or moved into the folder, or led to by a link in it, another server's socket is still another's."""
    folder, other = f"{outdoors.folder}/run", outdoors.listen("other")
    os.mkdir(folder)
    os.chmod(folder, 0o777)
    os.chmod(outdoors.folder, 0o777)
    os.chmod(other, 0o777)
    text = """
folder, other = sys.argv[1:]
os.symlink(other, folder + "/symbolic")
print(connect(folder + "/symbolic"))
print(connect(folder + "/../other"))
try:
    os.link(other, folder + "/hard")
    print(connect(folder + "/hard"))
except PermissionError:
    print("PermissionError 13")  # fs.protected_hardlinks keeps a stranger from it
os.rename(other, folder + "/moved")
print(connect(folder + "/moved"))
"""
    assert python(free, SAY, other, "free") == ["sent"]
    assert python(allowing(folder), text, folder, other) == [REFUSED] * 4
    assert python(free, SAY, f"{folder}/moved", "moved") == ["sent"]
    assert outdoors.heard(b"moved", 2) and not outdoors.heard(b"ping")


# --- the rules of connect --------------------------------------------------------------------------


def test_connect_keeps_its_meaning(free, inside, user):
    """The same answers as without nonet, but for a socket that is bound and one that is a copy."""
    text = """
here = server("s", kind=STREAM); answer(here, 20)
packets = server("p", kind=SEQPACKET); answer(packets, 20)
hidden = server("@" + sys.argv[1]); answer(hidden, 20)
print(connect("s"), connect("./s"), connect(os.path.abspath("s")), connect("@" + sys.argv[1]), connect("p", SEQPACKET))
print(connect("p"), connect("nothing"), connect("/"), connect(""), connect("x" * 107))
open("file", "w").close(); print(connect("file"))
one = fresh(); print(connect("s", one=one), connect("s", one=one))
print(connect("s", one=here))
closed = server("c"); closed.close(); print(connect("c"))
one = fresh(); one.settimeout(3); print(connect("s", one=one))
one = fresh(); one.setblocking(False); one.connect("s"); print(one.getblocking()); one.setblocking(True); print(ping(one))
one = fresh(); one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 50000); one.setsockopt(socket.SOL_SOCKET, 16, 1)
one.setsockopt(socket.SOL_SOCKET, 20, struct.pack("ll", 3, 500000)); os.set_inheritable(one.fileno(), True); one.connect("s")
print(one.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF), one.getsockopt(socket.SOL_SOCKET, 16),
      struct.unpack("ll", one.getsockopt(socket.SOL_SOCKET, 20, 16)), os.get_inheritable(one.fileno()), ping(one))
one = fresh(); one.connect("s"); print(os.get_inheritable(one.fileno()), one.getpeername(), one.getsockname(), ping(one))
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def raw(number, address, length):
    result = libc.connect(number, address, length)
    return result, ctypes.get_errno() if result else 0
one = fresh().detach()
print(raw(one, b"\\1\\0s", 3), raw(999, b"\\1\\0s", 3))
print([raw(one, b"\\1\\0" + b"s" * 200, length)[1] for length in (0, 1, 2, 111, 200)], raw(one, b"\\2\\0s", 3)[1] != 0)
"""
    name = f"nonet-{os.getpid()}-{user.name}"
    expected = python(free, text, name + "-free")
    for left in "spc":
        os.unlink(f"{user.home}/{left}")
    assert expected[0] == " ".join(["pong ping"] * 5) and expected[-2].startswith("(0, 0)")
    assert python(inside, text, name) == expected


def test_what_is_not_supported_is_refused(free, inside):
    text = """
here = server("s"); answer(here, 5)
one = fresh(); one.bind("mine"); print(connect("s", one=one))
one = fresh(); copy = one.dup(); one.connect("s"); print(ping(one)); one.recv(1)  # until it is closed
try: copy.sendall(b"x"); print("sent")
except OSError as error: print("copy", error.errno)
one = fresh(); events = select.epoll(); events.register(one, select.EPOLLOUT); one.connect("s")
print("events", len(events.poll(0.1)))
try: socket.socket(UNIX, socket.SOCK_DGRAM)
except OSError as error: print("datagram", error.errno)
for name in "s", "mine": os.unlink(name)
"""
    assert python(free, text) == ["pong ping", "pong ping", "copy 32", "events 1"]  # EPIPE: it was connected
    assert python(inside, text) == [REFUSED, "pong ping", "copy 32", "events 1", f"datagram {EACCES}"]


def test_a_socket_that_was_handed_over(free, inside):
    text = """
here = server("s"); answer(here, 5)
mine, theirs = socket.socketpair()
if os.fork() == 0:
    one = fresh(); socket.send_fds(mine, [b"x"], [one.fileno()])
    os._exit(0)
_, (number,), _, _ = socket.recv_fds(theirs, 1, 1)
print(connect("s", one=socket.socket(fileno=number)))
os.wait(); os.unlink("s")
"""
    assert python(free, text) == python(inside, text) == ["pong ping"]


def test_a_full_backlog(free, inside):
    """Who does not wait is told at once, who waits waits as long as it said; all others go on meanwhile."""
    text = """
import signal
full = server("full", 0); other = server("s"); answer(other, 50)
def quick():
    one = fresh(); one.setblocking(False)
    try: one.connect("full"); return one
    except BlockingIOError: return None
held = []
while (one := quick()) and len(held) < 50: held.append(one)
print("held", len(held) > 0 and len(held) < 50)
one = fresh(); one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 0, 200000))
start = time.monotonic()
try: one.connect("full"); print("connected")
except OSError as error: print(error.errno, 0.15 < time.monotonic() - start < 5)
done = []
def wait():
    one = fresh(); one.connect("full"); done.append(one)
waiting = [threading.Thread(target=wait) for _ in range(8)]
for one in waiting: one.start()
time.sleep(0.1)
start = time.monotonic()
print([connect("s") for _ in range(10)] == ["pong ping"] * 10, len(done), time.monotonic() - start < 5)
# A process that waits can be ended, and its wait with it.
child = os.fork()
if child == 0:
    fresh().connect("full"); os._exit(0)
time.sleep(0.1); os.kill(child, signal.SIGKILL); print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
# So does a signal that is handled.
child = os.fork()
if child == 0:
    class Rung(Exception): pass
    def ring(*_): raise Rung
    signal.signal(signal.SIGALRM, ring); signal.setitimer(signal.ITIMER_REAL, 0.1)
    try: fresh().connect("full"); os._exit(1)
    except Rung: os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
for _ in range(len(held) + 8):
    full.settimeout(5); full.accept()
for one in waiting: one.join(5)
print(len(done))
for name in "s", "full": os.unlink(name)
"""
    expected = ["held True", f"{EAGAIN} True", "True 0 True", "-9", "7", "8"]
    assert python(free, text) == expected
    assert python(inside, text) == expected


def test_few_descriptors(free, inside):
    text = """
import resource
here = server("s")
def serve():
    while True: here.accept()[0].close()
threading.Thread(target=serve, daemon=True).start()
resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))
kept, errors = [], set()
for _ in range(40):
    try:
        one = fresh(); one.connect("s"); kept.append(one)
    except OSError as error: errors.add(error.errno)
    if len(kept) > 8: kept.clear()
print(len(kept) > 0, errors <= {24})
os.unlink("s")
"""
    assert python(free, text) == python(inside, text) == ["True True"]
    limited = Launcher(inside.user, ("sh", "-c", 'ulimit -n 40; exec "$@"', "-", *inside.prefix))
    assert python(limited, text) == ["True True"]


def test_who_cannot_be_traced(free, inside, user):
    """Such a process may listen; to connect for it takes root."""
    text = """
import ctypes
assert ctypes.CDLL(None).prctl(4, 0, 0, 0, 0) == 0
here = server("s"); answer(here)
print(connect("s"), flush=True)
child = os.fork()
if child == 0: os.execv(sys.executable, [sys.executable, "-c", sys.argv[1]])
os.wait(); os.unlink("s")
"""
    other = HEAD + "print(connect('s'))"
    text = text.replace("answer(here)", "answer(here, 2)")
    assert python(free, text, other) == ["pong ping"] * 2
    first = "pong ping" if user.name == "root" else REFUSED
    assert python(inside, text, other) == [first, "pong ping"]


def test_unreadable_addresses(inside):
    text = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
one = fresh()
print([libc.connect(one.fileno(), ctypes.c_void_p(where), 110) for where in (0, 1, 1 << 46, (1 << 64) - 8)])
here = server("s"); answer(here); print(connect("s")); os.unlink("s")
"""
    assert python(inside, text) == ["[-1, -1, -1, -1]", "pong ping"]


def test_log(nonet, user, outdoors):
    log = f"{user.home}/log"
    launcher = Launcher(user, (nonet, "--log", log, "--allow-unix", "inside", "--"))
    done = launcher(PYTHON, "-c", HEAD + "here = server('s'); answer(here); print(connect('s'), connect(sys.argv[1]), connect('no'))",
                    outdoors.path)
    assert done.stdout.decode().split("\n")[0] == f"pong ping {REFUSED} FileNotFoundError 2"
    with open(log) as file:
        events = [json.loads(line) for line in file][1:-1]
    told = [(e["api"], e["args"]["path"], e["verdict"], e["errno"]) for e in events if e["args"].get("path") in ("s", "no", outdoors.path)]
    assert told == [("connect", "s", "allowed", None), ("connect", outdoors.path, "refused", EACCES), ("connect", "no", "refused", 2)]
    assert b'refused by policy "default+allow-unix(inside)": connect ' + outdoors.path.encode() in done.stderr
    assert b"connect s" not in done.stderr and b"connect no" not in done.stderr


# --- the option ------------------------------------------------------------------------------------


@pytest.mark.parametrize("words, says", [
    (("--policy", "unix", "--allow-unix", "inside"), "lets connect through already"),
    (("--allow", "connect", "--allow-unix", "inside"), "lets connect through already"),
    (("--policy", "strict", "--allow-unix", "inside"), "no AF_UNIX socket"),
    (("--deny", "listen", "--allow-unix", "inside"), "nobody listen"),
    (("--observe", "--allow-unix", "inside"), "exclude each other"),
    (("--allow-unix", "/nonexistent/socket"), "must be there"),
    (("--allow-unix", "insid"), "must be there"),
    (("--allow-unix", "/dev/null"), "neither a socket nor a folder"),
    (("--allow-unix",), "needs a value"),
    (("--backend", "namespace", "--allow-unix", "inside"), "needs the seccomp backend"),
])
def test_refusals(bare, me, words, says):
    done = bare(*words, *(() if words[-1] == "--allow-unix" else ("touch", "ran")))
    assert done.returncode == 125 and says in done.stderr.decode(), done
    assert not os.path.exists(f"{me.home}/ran")


def test_a_policy_of_ones_own(nonet, me):
    """From standard input, which can be read only once; and one that denies connect to some."""
    policy = b"default allow\nforeign compile\ndeny connect\ndeny io_uring_setup, io_uring_enter, io_uring_register with ENOSYS\n"
    launcher = Launcher(me, (nonet, "-q", "--policy", "-", "--allow-unix", "inside", "--"))
    done = launcher(PYTHON, "-c", HEAD + "here = server('s'); answer(here); print(connect('s'))", input=policy)
    assert done.stdout == b"pong ping\n", done


def test_inherited_listeners_are_closed(nonet, me, outdoors):
    """Who listens once more on an inherited socket would be taken for the one who answers."""
    one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    path = f"{me.home}/inherited"
    one.bind(path)
    one.listen(5)
    near, far = socket.socketpair()
    text = HEAD + """
listener, pair = int(sys.argv[2]), int(sys.argv[3])
os.write(pair, b"pair ")
try:
    socket.socket(fileno=listener).listen(5)
    print("listens")
except OSError as error: print(error.errno)
print(connect(sys.argv[1]))
"""
    words = (PYTHON, "-c", text, path, str(one.fileno()), str(near.fileno()))
    keep = {"pass_fds": (one.fileno(), near.fileno())}
    plain = Launcher(me, (nonet, "-q", "--"))(*words, **keep)
    assert plain.stdout.decode().splitlines() == ["listens", REFUSED], plain
    done = Launcher(me, (nonet, "-q", "--allow-unix", "inside", "--"))(*words, **keep)
    assert done.stdout.decode().splitlines() == [str(EBADF), REFUSED], done
    assert far.recv(100) == b"pair pair "
    refused = Launcher(me, (nonet, "--allow-unix", "inside", "--"))("true", stdin=one)
    assert refused.returncode == 125 and b"descriptor 0 is an AF_UNIX socket" in refused.stderr
    for each in (one, near, far):
        each.close()


def test_only_the_outer_may_supervise(nonet, me):
    done = Launcher(me, (nonet, "-q", "--allow-unix", "inside", "--"))(nonet, "--allow-unix", "inside", "true")
    assert done.returncode == 125 and b"--allow-unix and --allow-connect here, or there" in done.stderr


def test_nothing_stays_open(nonet, me):
    """The supervisor keeps no descriptor of a connect that is over."""
    text = """
here = server("s"); answer(here, 200); parent = os.getppid()
connect("s"); before = len(os.listdir(f"/proc/{parent}/fd")) if os.access(f"/proc/{parent}/fd", os.R_OK) else None
for _ in range(100): connect("s"); connect("none"); connect("/dev/null")
print(before is None or len(os.listdir(f"/proc/{parent}/fd")) <= before)
"""
    launcher = Launcher(me, (nonet, "-q", "--allow-unix", "inside", "--"))
    assert python(launcher, text) == ["True"]
