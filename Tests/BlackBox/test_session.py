"""`--session NAME`: commands of one session meet each other on one private loopback, and nobody else.

What a command that is confined could forge, the file that remembers the session and what it names, leads nowhere outside:
each forgery is first shown to name what it is meant to name.
"""

import contextlib
import fcntl
import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest
from conftest import ROOT

from support.hooks import KNOWN, ask, question, rewritten
from support.listener import Listener
from support.run import PYTHON, Launcher

as_root = pytest.mark.skipif(not ROOT, reason="only root can set this up")
SERVE = "import http.server, sys; http.server.test(http.server.SimpleHTTPRequestHandler, port=int(sys.argv[1]), bind='127.0.0.1')"
ASK = "import socket, sys; s = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5); print('reached')"
NETWORK = 'import os; print(os.readlink("/proc/self/ns/net"))'


def wait_for(condition, seconds=10):
    end = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)
    return result


# A session is the user's wherever its file is, and other tests run at the same time.
NAMES = {name: f"{name}-{os.getpid()}" for name in ("one", "two", "first", "c-1", "c-2")}


@pytest.fixture
def session(user, nonet, tmp_path_factory):
    """Starts commands in a session, and ends what is left of them."""
    folder = pathlib.Path(user.home, "run")
    folder.mkdir()
    user.own(folder, 0o700)
    started, names = [], set()

    def launcher(name="one", *more):
        name = NAMES.get(name, name)
        names.add(name)
        return Launcher(user, (nonet, "--loopback", "--session", name, *more, "--"), {"XDG_RUNTIME_DIR": str(folder)})

    def start(name, *argv, ready=None):
        """A command that goes on; `ready` is a port on which it will listen in its network."""
        process = launcher(name).popen(*argv, start_new_session=True, stdin=subprocess.DEVNULL)
        started.append(process)
        if ready:
            wait_for(lambda: launcher(name)(PYTHON, "-c", ASK, str(ready)).returncode == 0)
        return process

    def end(name="one"):
        """Ends it; on a machine that is busy with other tests the time that `--end` has may be too short."""
        for _ in range(5):
            done = launcher.about(name, "--end")
            if b"may not have ended" not in done.stderr:
                break
        return done.returncode

    launcher.start = start
    launcher.end = end
    launcher.memory = lambda name="one": folder / "nonet" / f"session-{NAMES[name]}"
    launcher.about = lambda name, what: Launcher(user, (nonet, "--session", NAMES.get(name, name), what), {"XDG_RUNTIME_DIR": str(folder)})()
    yield launcher
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=10)
    for name in names & set(NAMES.values()):
        launcher.about(name, "--end")


def network(done):
    assert done.returncode == 0, done
    return done.stdout.strip()


# --- meeting, and nobody else --------------------------------------------------------------------


def test_a_server_of_one_command_answers_the_next(session, free):
    session.start("one", PYTHON, "-c", SERVE, "8123", ready=8123)
    assert session()(PYTHON, "-c", ASK, "8123").stdout == b"reached\n"
    # Neither outside, nor in another session, nor in none.
    assert free(PYTHON, "-c", ASK, "8123").returncode != 0
    assert session("two")(PYTHON, "-c", ASK, "8123").returncode != 0
    done = session.about("one", "--list")
    assert done.returncode == 0 and b" 8123 " in done.stdout and PYTHON.encode() in done.stdout, done
    assert session.about("two", "--list").returncode == 1
    assert session.end() == 0 and session.about("one", "--list").returncode == 1
    assert free("true").returncode == 0


def test_a_server_outside_is_not_there(session, free):
    listener = Listener("127.0.0.1")
    try:
        assert free(PYTHON, "-c", ASK, str(listener.port)).returncode == 0
        session.start("one", "sleep", "60")
        wait_for(lambda: session.about("one", "--list").returncode == 0)
        for name in ("one", "two"):
            assert b"reached" not in session(name)(PYTHON, "-c", ASK, str(listener.port)).stdout
    finally:
        listener.close()


def test_what_a_command_leaves_running_keeps_the_session(session):
    """Its first command is over; the file names a process that is gone."""
    left = session()("sh", "-c", f"{PYTHON} -c \"$1\" 8124 >/dev/null 2>&1 & {PYTHON} -c '{NETWORK}'", "sh", SERVE)
    wait_for(lambda: session()(PYTHON, "-c", ASK, "8124").returncode == 0)
    assert network(session()(PYTHON, "-c", NETWORK)) == network(left)


def test_many_at_once_share_one_network(session, user):
    code = NETWORK + "; import sys; sys.stdout.flush(); import time; time.sleep(60)"
    crowd = [session.start("one", PYTHON, "-c", code) for _ in range(50)]
    seen = {process.stdout.readline() for process in crowd}
    assert len(seen) == 1 and b"net:[" in seen.pop()
    assert session.end() == 0
    assert all(process.wait(10) != 0 for process in crowd)


def test_abstract_sockets_meet_and_files_do_not(session):
    """As sessions.md says: of another command's AF_UNIX sockets only the abstract ones are known to be inside."""
    serve = "import socket, time; s = socket.socket(socket.AF_UNIX); s.bind('\\0x'); s.listen(); t = socket.socket(socket.AF_UNIX); t.bind('x'); t.listen(); print('up', flush=True); time.sleep(60)"
    ask = "import socket, sys; socket.socket(socket.AF_UNIX).connect(eval(sys.argv[1])); print('reached')"
    server = session.start("one", PYTHON, "-c", serve)
    if server.stdout.readline() != b"up\n":
        pytest.skip("no AF_UNIX sockets here: " + server.communicate()[1].decode())
    assert session()(PYTHON, "-c", ask, "'\\0x'").stdout == b"reached\n"
    assert session()(PYTHON, "-c", ask, "'x'").returncode != 0
    assert session("two")(PYTHON, "-c", ask, "'\\0x'").returncode != 0


def test_a_session_inside_itself_stays_there(session, nonet):
    inner = [nonet, "--loopback", "--session", NAMES["one"], "--", PYTHON, "-c", NETWORK]
    outer = session()("sh", "-c", f"{PYTHON} -c '{NETWORK}'; exec \"$@\"", "sh", *inner)
    assert outer.returncode == 0 and len(set(outer.stdout.split())) == 1, outer


def test_layers_stand_in_a_network_that_was_there(session, user):
    """No capability is left that the command of a network of its own would not have; NO_NEW_PRIVS is set."""
    code = "print([line for line in open('/proc/self/status') if line[:3] in ('Cap', 'NoN', 'Sec')])"
    first = session("first")(PYTHON, "-c", code)
    session.start("one", "sleep", "60")
    wait_for(lambda: session.about("one", "--list").returncode == 0)
    second = session()(PYTHON, "-c", code)
    assert first.returncode == 0 and first.stdout == second.stdout and b"NoNewPrivs:\\t1" in second.stdout
    if user.name == "nobody":
        assert b"CapEff:\\t0000000000000000" in second.stdout


# --- forgeries -----------------------------------------------------------------------------------


def forge(session, user, content):
    path = session.memory()
    session()("true")
    assert path.read_text().strip().isdigit()
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    user.own(path)


def outside(session):
    """A session's command is in a network of its own: neither the one here nor that of init."""
    found = network(session()(PYTHON, "-c", NETWORK)).decode()
    assert found != os.readlink("/proc/self/ns/net")
    return found


@pytest.mark.parametrize("content", ["", "0", "-1", "1", "x", "99999999999999999999", "4194305", " 7", "7\n8" * 9, "-0", "1e3", "0x7", "2147483648",
                                     "-2147483649", "4294967297", "9" * 15, "\u0661", b"\xff\xfe1", b"1\x00", b"\x001", b"\x1b[2J", b"7" * 16])
def test_a_memory_that_names_nobody(session, user, content):
    """What it says, whatever its bytes, is at most where is looked first; afterwards it names a process again."""
    forge(session, user, content)
    outside(session)
    assert session.memory().read_text().strip().isdigit()


def test_a_memory_that_names_a_thread(session, user, free):
    """A thread of a process outside has a number that is no process's."""
    code = "import threading, time; t = threading.Thread(target=time.sleep, args=(60,)); t.start(); print(t.native_id, flush=True)"
    other = free.popen(PYTHON, "-c", code)
    try:
        thread = other.stdout.readline().strip().decode()
        assert int(thread) != other.pid and os.path.exists(f"/proc/{other.pid}/task/{thread}")
        for content in (thread, f"+{thread}", f"0{thread}", f"+{other.pid}"):
            forge(session, user, content)
            outside(session)
    finally:
        other.kill()
        other.communicate()


@as_root
def test_a_memory_of_another_user(session, user):
    """Anybody may have put it there where the folder was open once; it is replaced by one of the user's own."""
    session()("true")
    path = session.memory()
    other = 65534 if user.uid <= 0 else 0
    path.write_text(str(os.getpid()))
    os.chown(path, other, other)
    path.chmod(0o666)
    outside(session)
    assert path.stat().st_uid == max(user.uid, 0) and path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kind", ["link", "open", "file", "other"])
def test_a_folder_of_another_kind(session, user, kind):
    """A folder that others may write to, or that is none, remembers nothing: there is one in /tmp, for this user alone."""
    folder = session.memory().parent
    elsewhere = pathlib.Path(user.home, "elsewhere")
    elsewhere.mkdir()
    user.own(elsewhere, 0o700)
    if kind == "link":
        folder.symlink_to(elsewhere)
    elif kind == "file":
        folder.write_text("")
        user.own(folder)
    else:
        folder.mkdir()
        user.own(folder, 0o777 if kind == "open" else 0o700)
    if kind == "other":
        if not ROOT:
            pytest.skip("only root can give a folder to another user")
        other = 65534 if user.uid <= 0 else 0
        os.chown(folder, other, other)
        folder.chmod(0o755 if user.uid > 0 else 0o700)
    outside(session)
    assert os.listdir(elsewhere) == [] and (kind == "file" or os.listdir(folder) == [])
    # What the next command looks at is not it either.
    session.start("one", "sleep", "60")
    wait_for(lambda: session.about("one", "--list").returncode == 0)
    assert network(session()(PYTHON, "-c", NETWORK)) == network(session()(PYTHON, "-c", NETWORK))


def test_a_memory_that_names_a_process_outside(session, user, free):
    other = free.popen("sleep", "60")
    try:
        forge(session, user, str(other.pid))
        outside(session)
        # Its number may also be what a session's process once had.
        forge(session, user, str(os.getpid()))
        outside(session)
    finally:
        other.kill()
        other.communicate()


def unshared(launcher, *more, ids=("-c", "--keep-caps")):
    """A process in a network of the user's own making, with `lo` alone unless told otherwise."""
    process = launcher.popen("unshare", "-Un", *ids, "sh", "-c", " ".join((*more, "echo up; exec sleep 60")))
    if process.stdout.readline() != b"up\n":
        pytest.skip("unshare: " + process.communicate()[1].decode())
    return process


@pytest.mark.parametrize("more", [
    (),
    (f"ip link set lo alias 'nonet session {NAMES['two']}';",),
    (f"ip link set lo alias 'nonet session {NAMES['one']}'; ip tuntap add tap0 mode tap || exit;",),
    (f"ip link set lo alias 'nonet session {NAMES['one']}'; ip link add veth0 type veth peer name veth1 || exit;",),
], ids=["unmarked", "another", "tap", "veth"])
def test_a_memory_that_names_another_network_of_the_users(session, user, free, more):
    """As rootless containers have them, whose proxies listen on their loopback."""
    other = unshared(free, *more)
    try:
        forge(session, user, str(other.pid))
        assert outside(session) != os.readlink(f"/proc/{other.pid}/ns/net")
    finally:
        other.kill()
        other.communicate()


def test_the_mark_is_what_is_looked_for(session, user, free):
    """The instrument of the test above: with the right alias and nothing else, such a network is taken."""
    other = unshared(free, f"ip link set lo up; ip link set lo alias 'nonet session {NAMES['one']}' || exit;")
    try:
        forge(session, user, str(other.pid))
        assert outside(session) == os.readlink(f"/proc/{other.pid}/ns/net")
    finally:
        other.kill()
        other.communicate()


@as_root
def test_a_memory_that_names_a_process_of_another_user(session, user):
    name = {"root": 65534, "nobody": 0}[user.name]
    options = {"user": name, "group": name, "extra_groups": []} if name else {}
    other = subprocess.Popen(["unshare", "-Urn", "sh", "-c", f"ip link set lo alias 'nonet session {NAMES['one']}'; echo up; exec sleep 60"], stdout=subprocess.PIPE, **options)
    try:
        assert other.stdout.readline() == b"up\n"
        forge(session, user, str(other.pid))
        assert outside(session) != os.readlink(f"/proc/{other.pid}/ns/net")
        assert session.end() == 0 and other.poll() is None
    finally:
        other.kill()
        other.communicate()


def test_ending_ends_nobody_else(session, user, free):
    other = free.popen("sleep", "60")
    try:
        forge(session, user, str(other.pid))
        server = session.start("one", "sleep", "60")
        wait_for(lambda: session.about("one", "--list").returncode == 0)
        session.memory().write_text(str(other.pid))
        assert session.end() == 0
        assert server.wait(10) != 0 and other.poll() is None
    finally:
        other.kill()
        other.communicate()


def test_a_network_in_which_the_user_is_another_is_not_entered(session, user, free):
    """Its maker, confined, would choose who the next command is: user 0 there has every capability over it."""
    ids = ("-r",) if user.uid > 0 else ("--map-user=65534", "--map-group=65534", "--keep-caps")
    other = unshared(free, f"ip link set lo up; ip link set lo alias 'nonet session {NAMES['one']}' || exit;", ids=ids)
    try:
        forge(session, user, str(other.pid))
        assert outside(session) != os.readlink(f"/proc/{other.pid}/ns/net")
        capabilities = session()("sh", "-c", "id -u; grep CapEff /proc/self/status").stdout.split()
        assert capabilities[0].decode() == str(max(user.uid, 0)) and (user.uid <= 0 or int(capabilities[2], 16) == 0)
    finally:
        other.kill()
        other.communicate()


# Gives lo of its own network an alias (rtnetlink(7)): an ordinary user's `ip` has no capability for it.
MARK = """
import ctypes, os, signal, socket, struct, sys, time
libc = ctypes.CDLL(None)
def mark(text):
    alias = text.encode() + bytes(1)
    text = struct.pack("BxHiIIHH", 0, 0, 1, 0, 0, 4 + len(alias), 20) + alias + bytes(-len(alias) % 4)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        netlink.send(struct.pack("IHHII", 16 + len(text), 19, 5, 1, 0) + text)
        assert struct.unpack_from("i", netlink.recv(4096), 16)[0] == 0
"""
UNMAPPED = MARK + "assert libc.unshare(0x50000000) == 0; mark(sys.argv[1]); print('up', flush=True); time.sleep(30)"


def test_a_network_without_a_map_is_not_entered(session, user, free):
    """Every id has the overflow number there, which is nobody's own; whoever writes the map later has it be user 0."""
    other = free.popen(PYTHON, "-c", UNMAPPED, f"nonet session {NAMES['one']}")
    try:
        assert other.stdout.readline() == b"up\n", other.communicate()
        assert pathlib.Path(f"/proc/{other.pid}/uid_map").read_text() == ""
        forge(session, user, str(other.pid))
        assert outside(session) != os.readlink(f"/proc/{other.pid}/ns/net")
        # It has the mark, though.
        assert session.end() == 0 and other.wait(10) == -signal.SIGTERM
    finally:
        other.kill()
        other.communicate()


# What does not let itself be found at the first look: it writes the time into a file as long as it lives.
HIDING = """
import ctypes, os, signal, sys, threading, time
end = time.time() + 8
def live():
    while time.time() < end: open("alive", "w").write(str(time.time())); time.sleep(0.02)
if os.fork(): os._exit(0)
os.setsid(); signal.signal(15, signal.SIG_IGN)
for number in 0, 1, 2: os.dup2(os.open("/dev/null", os.O_RDWR), number)
if sys.argv[1] == "thread":
    threading.Thread(target=lambda: (live(), os._exit(0))).start()
    ctypes.CDLL(None).syscall(60, 0)
else:
    while time.time() < end:
        open("alive", "w").write(str(time.time()))
        if os.fork(): os._exit(0)
"""


@pytest.mark.parametrize("kind", ["thread", "chain"])
def test_ending_finds_what_hides(session, user, kind):
    """A process whose first thread has ended, and one that is another every millisecond."""
    alive = pathlib.Path(user.home, "alive")
    session.start("one", PYTHON, "-c", HIDING, kind)
    wait_for(alive.exists)
    done = session.about("one", "--end")
    before = alive.read_text()
    time.sleep(0.2)
    has_ended = alive.read_text() == before
    assert has_ended == (done.returncode == 0), done
    assert has_ended or kind == "chain"
    print(kind, "has ended" if has_ended else "goes on, and --end says so")


# Marked networks, each with a process that ends at SIGTERM, but for the first.
NETWORKS = MARK + """
user, group = os.getuid(), os.getgid()
for number in range(int(sys.argv[1])):
    ready = os.pipe()
    if os.fork() == 0:
        if libc.unshare(0x50000000): os._exit(1)
        for name, text in ("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1"):
            open("/proc/self/" + name, "w").write(text)
        mark(sys.argv[2])
        if number == 0: signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print(os.getpid(), os.stat("/proc/self/ns/net").st_ino, flush=True)
        os.close(ready[0]); os.close(ready[1])
        time.sleep(30); os._exit(0)
    os.close(ready[1]); os.read(ready[0], 1)
print("up", flush=True)
time.sleep(30)
"""

# Goes from one new network to the next until one has a number that is wanted. Namespaces of all kinds have their numbers
# from one series, the lowest free one first: what is held of another kind moves the next network on.
SEEKING = """
import ctypes, os, sys, time
libc = ctypes.CDLL(None)
wanted, end, held = sys.argv[1].split(), time.time() + float(sys.argv[2]), []
assert libc.unshare(0x10000000) == 0
while time.time() < end:
    assert libc.unshare(0x40000000) == 0
    number = str(os.stat("/proc/self/ns/net").st_ino)
    if number in wanted: break
    while len(held) > 900: os.close(held.pop())
    libc.unshare(0x04000000); held.append(os.open("/proc/self/ns/uts", 0))
print(number in wanted, flush=True)
time.sleep(20)
"""


@contextlib.contextmanager
def networks(launcher, count, mark):
    """Processes in networks of the user's own: their numbers, and those of the networks."""
    process = launcher.popen(PYTHON, "-c", NETWORKS, str(count), mark, start_new_session=True)
    try:
        found = dict(map(int, line.split()) for line in iter(process.stdout.readline, b"up\n") if line.strip() or pytest.fail(process.stderr.read().decode()))
        assert len(found) == count
        yield found
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@contextlib.contextmanager
def seeking(launcher, numbers, seconds):
    process = launcher.popen(PYTHON, "-c", SEEKING, " ".join(map(str, numbers)), str(seconds))
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def is_alive(process):
    try:
        return pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_ending_ends_nobody_who_has_the_number_of_a_network_that_is_gone(session, user, free, nonet):
    """The number is given out again while `--end` waits for what does not end at SIGTERM."""
    mark = f"nonet session {NAMES['one']}"
    # The instrument: such a number is met.
    with networks(free, 16, mark) as first:
        for process in list(first)[1:]:
            os.kill(process, signal.SIGKILL)
        with seeking(free, first.values(), 12) as other:
            assert other.stdout.readline() == b"True\n"
    with networks(free, 16, mark) as first:
        ending = Launcher(user, (nonet,)).popen("--session", NAMES["one"], "--end")
        wait_for(lambda: sum(map(is_alive, first)) == 1)
        with seeking(free, first.values(), 1.5) as other:
            assert ending.wait(15) == 0 and not any(map(is_alive, first))
            assert other.stdout.readline() and other.poll() is None
        ending.communicate()


CROWD = """
import ctypes, sys, threading, time
libc = ctypes.CDLL(None)
assert libc.unshare(0x10000000) == 0
made = []
def live():
    if libc.unshare(0x40000000) == 0: made.append(1)
    time.sleep(30)
for _ in range(int(sys.argv[1])):
    threading.Thread(target=live, daemon=True).start()
while len(made) < int(sys.argv[1]): time.sleep(0.01)
print("up", flush=True); time.sleep(30)
"""


@pytest.mark.parametrize(("count", "limit"), [(260, "--nofile=1024"), (40, "--nofile=30"), (1, "--nproc=1")], ids=["networks", "descriptors", "processes"])
def test_what_cannot_be_looked_at_is_not_said_to_be_nothing(session, user, free, nonet, count, limit):
    """More networks than are looked at, more than can be held, and no child to look at one."""
    if user.name == "root" and count != 40:
        pytest.skip("root has no such limit, or it takes time")
    crowd = free.popen(PYTHON, "-c", CROWD, str(count))
    try:
        assert crowd.stdout.readline() == b"up\n", crowd.communicate()
        server = session.start("one", "sh", "-c", "echo up; exec sleep 30")
        assert server.stdout.readline() == b"up\n"
        # Ending takes its four seconds.
        for what in ("--list", "--end") if count == 260 else ("--list",):
            done = free("prlimit", limit, nonet, "--session", NAMES["one"], what)
            assert done.returncode == 1 and done.stdout == b"" and server.poll() is None, done
            assert b"nothing runs" not in done.stderr, done
    finally:
        crowd.kill()
        crowd.communicate()
    assert session.end() == 0 and server.wait(10) != 0


def test_a_chain_of_anybodys_costs_ending_four_seconds(session, user, free):
    """It ends the session all the same, and says that it cannot be sure."""
    code = HIDING.replace("+ 8", "+ 7")
    folders = [pathlib.Path(user.home, name) for name in ("a", "b")]
    for folder in folders:
        folder.mkdir()
        user.own(folder)
        free(PYTHON, "-c", code, "chain", cwd=folder)
    server = session.start("one", "sh", "-c", "echo up; exec sleep 30")
    assert server.stdout.readline() == b"up\n"
    begun = time.monotonic()
    done = session.about("one", "--end")
    took = time.monotonic() - begun
    assert server.wait(1) != 0 and took < 6
    assert done.returncode == 0 or b"may not have ended" in done.stderr


def test_ending_ends_every_network_of_the_session(session, user, free):
    """Two with its mark, of which one has a further interface and so is entered by nobody."""
    marked = f"ip link set lo up; ip link set lo alias 'nonet session {NAMES['one']}' || exit;"
    others = [unshared(free, marked), unshared(free, marked + "ip link add veth0 type veth peer name veth1 || exit;")]
    try:
        listed = session.about("one", "--list").stdout.decode()
        assert all(str(other.pid) in listed for other in others), listed
        assert session.end() == 0
        assert all(other.wait(10) == -signal.SIGTERM for other in others)
        assert session.about("one", "--end").stderr == f"nonet: nothing runs in session '{NAMES['one']}'\n".encode()
    finally:
        for other in others:
            other.kill()
            other.communicate()


@pytest.mark.parametrize("kind", ["link", "fifo", "huge", "folder", "socket", "hard"])
def test_a_memory_of_another_kind(session, user, kind):
    session()("true")
    path = session.memory()
    path.unlink()
    kept = pathlib.Path(user.home, "kept")
    kept.write_text("kept")
    user.own(kept)
    if kind == "link":
        path.symlink_to(kept)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "huge":
        with open(path, "wb") as file:
            file.truncate(1 << 40)
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(str(path))
    else:
        os.link(kept, path)
    if kind not in ("link", "hard"):
        user.own(path)
    outside(session)
    assert kept.read_text() == "kept" and path.is_file() and not path.is_symlink()


def test_a_lock_that_is_held_only_costs_time(session, user):
    session.start("one", "sleep", "60")
    wait_for(lambda: session.about("one", "--list").returncode == 0)
    first = network(session()(PYTHON, "-c", NETWORK))
    with open(session.memory(), "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert network(session()(PYTHON, "-c", NETWORK)) == first


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "a/b", "a b", "ä", "x" * 65, "env:", "env:1", "env:a-b", ".\n"])
def test_bad_names(session, name):
    done = session(name)("touch", "ran")
    assert done.returncode == 125 and done.stderr.startswith(b"nonet: --session"), done
    assert not pathlib.Path(session().user.home, "ran").exists()


def test_bad_company(user, nonet, session):
    for words in (("--session", "x", "--", "true"), ("--loopback", "--session", "x", "--observe", "--", "true"), ("--list",), ("--end",),
                  ("--session", "x", "--list", "--", "true"), ("--session", "x", "--list", "--end"), ("--session", "x", "--check")):
        done = Launcher(user, (nonet,))(*words)
        assert done.returncode == 125 and done.stderr.startswith(b"nonet: ") and not done.stdout, (words, done)


def test_a_variable_names_the_session(session, user, nonet):
    def of(value):
        env = {} if value is None else {"HOST_ID": NAMES.get(value, value)}
        return session("env:HOST_ID")(PYTHON, "-c", NETWORK, env=env)

    session.start("one", "sleep", "60")
    wait_for(lambda: session.about("one", "--list").returncode == 0)
    assert network(of("one")) == network(session()(PYTHON, "-c", NETWORK))
    assert network(of(None)) != network(of("one")) and network(of("")) != network(of("one"))
    assert of("a/b").returncode == 125


# --- hooks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", KNOWN)
def test_hooked_commands_of_one_conversation_meet(host, me, nonet, listener, tmp_path):
    """What a command leaves running answers the next one of the same conversation, and none of another; a server outside none.

    Where the host takes no other command, what is run is the line that its agent is told.
    """
    env = {**me.environment(), "XDG_RUNTIME_DIR": str(tmp_path)}

    def run(identity, command):
        asks = {**question(host, command), KNOWN[host].session: identity}
        line = rewritten(host, ask(nonet, host, asks, "--loopback", env=env))
        assert f"--session {identity} " in line
        return subprocess.run(["bash", "-c", line], capture_output=True, timeout=20, env=env, cwd=me.home)

    try:
        run(NAMES["c-1"], f'{PYTHON} -c "{SERVE}" 8125 >/dev/null 2>&1 & disown')
        wait_for(lambda: b"reached" in run(NAMES["c-1"], f'{PYTHON} -c "{ASK}" 8125').stdout)
        assert b"reached" not in run(NAMES["c-2"], f'{PYTHON} -c "{ASK}" 8125').stdout
        socket.create_connection(("127.0.0.1", listener.port), 5).close()
        assert b"reached" not in run(NAMES["c-1"], f'{PYTHON} -c "{ASK}" {listener.port}').stdout
    finally:
        subprocess.run([nonet, "--session", NAMES["c-1"], "--end"], env=env, timeout=20, check=True)
