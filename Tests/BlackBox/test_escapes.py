"""Every way out of the table of escapes: free without nonet, and answered as the table says with it.

`support/escapes.py` is the table, `probes/escape.c` tries, `support/outside.py` is what can be reached.
Row 8 (a 32-bit ELF program) and the answers of 9 (x32) are in test_presets.py; 10 and 11 (Arm, any
other arch value) cannot be made on this machine and are in test_dump.py, by interpreting the bytes;
27 (calls that do not exist yet) is in the table of calls.
"""

import errno
import os
import shutil
import signal
import socket
import subprocess

import conftest
import pytest
from conftest import ROOT, USERS

from support.escapes import CERTAIN, MOUNTS, NAMES, PEERS, PRESETS, WAYS, landlock_abi, missing, shortfall, verdicts
from support.listener import unused_port
from support.outside import Refusal, many_descriptors, reason
from support.run import PYTHON, Launcher

MARK = errno.EHOSTDOWN
HAS_LANDLOCK = landlock_abi() >= 6
as_root = pytest.mark.skipif(not ROOT, reason="only root can set this up")
each_user = pytest.mark.parametrize("who", USERS)
each_preset = pytest.mark.parametrize("preset", PRESETS)


@pytest.fixture(scope="module")
def free(outsides):
    """What gets out without nonet, asked once for each user."""
    known = {}

    def get(who):
        if who not in known:
            known[who] = verdicts(outsides(who))
            assert not isinstance(known[who], Refusal), known[who].text
            conftest.UNSUPPORTED[who] = missing(known[who])
        return known[who]

    return get


@pytest.fixture(scope="module")
def inside(outsides, nonet):
    """What gets out behind nonet, asked once for each user and preset."""
    known = {}

    def get(who, preset):
        if (who, preset) not in known:
            words = (nonet, "-q", "--policy", preset, "--errno", "EHOSTDOWN", "--")
            known[who, preset] = verdicts(outsides(who), words)
        found = known[who, preset]
        assert not isinstance(found, Refusal), found.text
        return found

    return get


# --- the table -----------------------------------------------------------------------------------


@as_root
def test_the_instruments_work(free):
    """As root nearly every way leads out of a machine without nonet."""
    assert CERTAIN <= {name for name in NAMES if free("root")[name][0] == "out"}


@each_preset
@each_user
@pytest.mark.parametrize("name, row, letters", [pytest.param(*way, id=f"{way[1]}-{way[0]}") for way in WAYS])
def test_way(free, inside, who, preset, name, row, letters):
    if free(who)[name][0] != "out":
        pytest.skip(f"row {row}: {name} does not lead out for {who} here, even without nonet: {reason(free(who)[name])}")
    letter = letters[PRESETS.index(preset)]
    if letter == "P" and not HAS_LANDLOCK:
        pytest.skip(f"this kernel's Landlock has no scopes (ABI {landlock_abi()})")
    assert shortfall(letter, inside(who, preset)[name], MARK) is None


@each_preset
@each_user
def test_ways_under_a_supervisor(outsides, nonet, inside, free, who, preset):
    """With a log every way meets what it meets without one; only a listener of one's own is already taken."""
    log = f"{outsides(who).user.home}/log"
    words = (nonet, "-q", "--policy", preset, "--errno", "EHOSTDOWN", "--log", log, "--")
    got = verdicts(outsides(who), words)
    assert not isinstance(got, Refusal), got.text
    wrong = {}
    for name, _, letters in WAYS:
        letter = letters[PRESETS.index(preset)]
        if free(who)[name][0] == "out" and letter != "o" and got[name] != inside(who, preset)[name]:
            wrong[name] = (reason(got[name]), reason(inside(who, preset)[name]))
    if free(who)["second-listener"][0] == "out" and preset != "loopback":  # which has a supervisor anyway
        assert wrong.pop("second-listener")[0] == "seccomp: EBUSY"
    assert wrong == {}
    assert not [name for name, _, letters in WAYS if letters[PRESETS.index(preset)] != "o" and got[name][0] == "out"]


@each_user
@pytest.mark.parametrize("options", [("--destinations", "--log", "log"), ("--allow-connect", "127.0.0.1:1")], ids=["destinations", "allow-connect"])
def test_ways_with_sockets_of_an_empty_network(outsides, nonet, free, who, options):
    """IP sockets can be made there, and what `default` holds is held: only where it ends may be later."""
    words = [f"{outsides(who).user.home}/escapes-{word}" if word == "log" else word for word in options]
    got = verdicts(outsides(who), (nonet, "-q", *words, "--"))
    assert not isinstance(got, Refusal), got.text
    held = [name for name, _, letters in WAYS if free(who)[name][0] == "out" and letters[PRESETS.index("default")] != "o"]
    assert len(held) > 20 and not [name for name in held if got[name][0] == "out"]


@each_user
def test_ways_beside_a_relay(outsides, nonet, free, who):
    """A server inside that somebody outside may open gives the command no way out by itself."""
    got = verdicts(outsides(who), (nonet, "-q", "--allow-listen", f"127.0.0.1:{unused_port()}", "--"))
    assert not isinstance(got, Refusal), got.text
    held = [name for name, _, letters in WAYS if free(who)[name][0] == "out" and letters[PRESETS.index("loopback")] != "o"]
    assert len(held) > 20 and not [name for name in held if got[name][0] == "out"]


@each_preset
@each_user
@pytest.mark.parametrize("name", MOUNTS)
def test_mounts_of_network_file_systems(outsides, nonet, who, preset, name):
    """Row 26: only strict refuses; as for the rest the kernel answers, in a user namespace EPERM."""
    outside = outsides(who)
    kernels = outside.run([name])[name]
    assert kernels[0] == "held", "this machine has such a file system: the probe must not mount it"
    got = outside.run([name], (nonet, "-q", "--policy", preset, "--errno", "EHOSTDOWN", "--"))[name]
    if preset == "strict":
        assert got[2] == MARK
    else:
        assert got[2] == (errno.EPERM if preset == "loopback" else kernels[2])


@each_user
def test_nothing_but_the_namespace(free, outsides, nonet, who):
    """`--backend namespace` holds IP and the descriptors; what it warns of is what it does not hold."""
    got = verdicts(outsides(who), (nonet, "-q", "--backend", "namespace", "--"))
    assert not isinstance(got, Refusal), got.text
    outs = {name for name in NAMES if free(who)[name][0] == "out" and got[name][0] == "out"}
    known = {"vsock", "unix-path", "unix-dgram", "unix-pair", "pidfd_getfd", "tiocsti", "tiocsti-upper", "request_key"}
    assert outs <= known, outs - known


# --- descriptors (rows 16 to 18) -----------------------------------------------------------------

FOUND = """
import os, socket, sys
for number in map(int, sys.argv[1:]):
    try: os.fstat(number); print(number, "open")
    except OSError: print(number, "closed")
"""


def descriptors_in(launcher, numbers, *prefix, **options):
    done = launcher(*prefix, PYTHON, "-c", FOUND, *map(str, numbers), pass_fds=numbers, **options)
    assert done.returncode == 0, done.stderr
    return [line.split()[1] for line in done.stdout.decode().splitlines()]


@pytest.fixture
def sockets(listener):
    """One of each kind, by name."""
    made = {
        "tcp": socket.create_connection(("127.0.0.1", listener.port)),
        "udp": socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        "listener": socket.create_server(("127.0.0.1", 0)),
        "netlink": socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
        "unix-stream": socket.socketpair()[0],
        "unix-seqpacket": socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)[0],
        "unix-dgram": socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0],
    }
    yield made
    for one in made.values():
        one.close()


KEPT = {"strict": set(), "default": {"unix-stream", "unix-seqpacket"}, "unix": {"unix-stream", "unix-seqpacket", "unix-dgram"},
        "loopback": {"unix-stream", "unix-seqpacket"}}


@each_preset
def test_which_sockets_stay(free_launcher, nonet, sockets, preset):
    numbers = [one.fileno() for one in sockets.values()]
    assert set(descriptors_in(free_launcher, numbers)) == {"open"}
    got = descriptors_in(free_launcher, numbers, nonet, "--policy", preset, "--")
    assert {name for name, state in zip(sockets, got) if state == "open"} == KEPT[preset]


@each_preset
def test_holes_and_high_numbers(free_launcher, nonet, sockets, preset):
    """Sockets between pipes, far apart, above 1024, the last possible number among them."""
    places = [300, 301, 303, 511, 512, 513, 1023, 1024, 1025, 2047, 2998, 2999]
    reading, writing = os.pipe()

    def spread():
        many_descriptors()
        for place in places:
            os.dup2(sockets["tcp"].fileno() if place % 2 else reading, place)

    options = {"preexec_fn": spread, "close_fds": False}
    found = []
    for prefix in ((), (nonet, "--policy", preset, "--")):
        done = free_launcher(*prefix, PYTHON, "-c", FOUND, *map(str, places), **options)
        assert done.returncode == 0, done.stderr
        found.append([line.split()[1] for line in done.stdout.decode().splitlines()])
    os.close(reading), os.close(writing)
    assert found == [["open"] * len(places), ["closed" if place % 2 else "open" for place in places]]


@pytest.fixture
def free_launcher(user):
    return Launcher(user)


@pytest.mark.parametrize("number", [0, 1, 2])
@each_preset
def test_a_network_socket_as_a_standard_stream(free_launcher, nonet, user, sockets, preset, number):
    """Row 17: nonet refuses, and says which descriptor is what."""
    for name, what in (("tcp", "AF_INET stream"), ("udp", "AF_INET datagram")):
        streams = {["stdin", "stdout", "stderr"][number]: sockets[name]}
        assert free_launcher("true", **streams).returncode == 0
        errors = subprocess.PIPE if number != 2 else sockets[name]
        done = free_launcher(nonet, "--policy", preset, "--", "touch", "ran", **{"stderr": errors, **streams})
        assert done.returncode == 125 and not os.path.exists(f"{user.home}/ran")
        if number != 2:
            assert f"descriptor {number} is an {what} socket" in done.stderr.decode()
            assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_SEQPACKET], ids=["stream", "seqpacket"])
@each_preset
def test_a_unix_socket_as_a_standard_stream(free_launcher, nonet, preset, kind):
    """Node's pipes are such pairs."""
    near, far = socket.socketpair(socket.AF_UNIX, kind)
    with near, far:
        assert free_launcher(nonet, "--policy", preset, "--", "echo", "through", stdout=far).returncode == 0
        assert near.recv(99) == b"through\n"


@as_root
@pytest.mark.parametrize("how", ["mount -t tmpfs none /proc", "umount -l /proc"], ids=["covered", "unmounted"])
@each_preset
def test_descriptors_without_proc(free_launcher, nonet, sockets, how, preset):
    """Where /proc tells nothing every number is tried."""
    if free_launcher.user.name == "nobody":
        pytest.skip("only root mounts")
    numbers = [sockets[name].fileno() for name in ("tcp", "unix-stream", "udp")]
    behind = ("unshare", "-m", "sh", "-c", f'{how} && test ! -e /proc/self && exec "$@"', "sh")
    assert descriptors_in(free_launcher, numbers, *behind) == ["open"] * 3
    if preset == "loopback":
        done = free_launcher(*behind, nonet, "--policy", preset, "--", "true", pass_fds=numbers)
        assert done.returncode == 125 and b"namespace" in done.stderr, "the maps are written through /proc"
        return
    if preset == "strict":
        done = free_launcher(*behind, nonet, "--policy", preset, "--", "true", pass_fds=numbers)
        assert done.returncode == 125 and b"/proc/self/mountinfo" in done.stderr, "where settings are is not known then"
        return
    got = descriptors_in(free_launcher, numbers, *behind, nonet, "--policy", preset, "--")
    assert got == ["closed", "open", "closed"]


@as_root
@pytest.mark.parametrize("preset", ["default", "unix"])
def test_rings_without_proc(outsides, nonet, preset):
    """A ring with a kernel thread needs no system call: it must go even where it cannot be named."""
    behind = ("unshare", "-m", "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh")
    outside, names = outsides("root"), ["ring", "ring-thread", "inherited-write"]
    free = outside.run(names, behind)
    assert {name: free[name][0] for name in names} == dict.fromkeys(names, "out")
    got = outside.run(names, (*behind, nonet, "-q", "--policy", preset, "--"))
    assert not isinstance(got, Refusal), got.text
    assert {name: got[name][2] for name in names} == dict.fromkeys(names, errno.EBADF)


# --- debuggers inside (row 20) -------------------------------------------------------------------

TRACE_A_CHILD = """
import ctypes, os, signal
libc = ctypes.CDLL(None, use_errno=True)
child = os.fork()
if child == 0:
    signal.pause()
def ask(what, result):
    print(what, "ok" if result >= 0 else ctypes.get_errno())
buffer = ctypes.create_string_buffer(b"there", 8)
vector = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 5)
ask("vm-writev", libc.process_vm_writev(child, vector, 1, vector, 1, 0))
with open(f"/proc/{child}/mem", "rb+", buffering=0) as memory:
    memory.seek(ctypes.addressof(buffer)); ask("mem", memory.write(b"THERE"))
ask("attach", libc.ptrace(16, child, 0, 0))
os.waitpid(child, 0)
ask("detach", libc.ptrace(17, child, 0, 0))
os.kill(child, 9); os.waitpid(child, 0)
"""


@pytest.mark.parametrize("preset", ["default", "unix", "loopback"])
def test_a_child_inside_can_be_traced(free_launcher, nonet, preset):
    expected = b"vm-writev ok\nmem ok\nattach ok\ndetach ok\n"
    assert free_launcher(PYTHON, "-c", TRACE_A_CHILD).stdout == expected
    assert free_launcher(nonet, "--policy", preset, "--", PYTHON, "-c", TRACE_A_CHILD).stdout == expected


@pytest.mark.parametrize("words, says", [
    (["strace", "-f", "-e", "trace=getppid,execve", "sh", "-c", "echo traced"], b"execve"),
    (["gdb", "-q", "-batch", "-nx", "-ex", "break main", "-ex", "run", "-ex", "next", "-ex", "kill", "./program"], b"Breakpoint 1"),
], ids=["strace", "gdb"])
@pytest.mark.parametrize("preset", ["default", "unix", "loopback"])
def test_debuggers_work_inside(free_launcher, nonet, user, preset, words, says):
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed")
    with open(f"{user.home}/program.c", "w") as file:
        file.write("int main(void) {\n  int n = 1;\n  n++;\n  return n - 2;\n}\n")
    user.own(f"{user.home}/program.c", 0o644)
    assert free_launcher("cc", "-g", "-o", "program", "program.c").returncode == 0
    outside = free_launcher(*words, timeout=60)
    assert says in outside.stdout + outside.stderr, outside
    got = free_launcher(nonet, "--policy", preset, "--", *words, timeout=60)
    assert got.returncode == outside.returncode and says in got.stdout + got.stderr, got


@pytest.mark.parametrize("preset", ["default", "unix", "loopback"])
def test_nobody_traces_the_command_from_a_sibling(outsides, nonet, preset):
    """Two runs of nonet are outside of each other."""
    outside = outsides(USERS[-1])
    child = Launcher(outside.user, (nonet, "--policy", preset, "--")).popen("sh", "-c", "echo $$; exec sleep 20")
    try:
        command = int(child.stdout.readline())  # under loopback a child of nonet's
        script = f"import ctypes; l = ctypes.CDLL(None, use_errno=True); print(l.ptrace(0x4206, {command}, 0, 0), ctypes.get_errno())"
        assert Launcher(outside.user)(PYTHON, "-c", script).stdout == b"0 0\n"
        got = Launcher(outside.user, (nonet, "--policy", preset, "--"))(PYTHON, "-c", script)
        assert got.stdout == b"-1 %d\n" % errno.EPERM
    finally:
        child.send_signal(signal.SIGKILL)
        child.communicate(timeout=5)


# --- other tools on the same probes --------------------------------------------------------------


@each_user
@pytest.mark.parametrize("tool", PEERS)
def test_peers_hold_less(free, outsides, who, tool):
    """The instrument of the comparison in the README: these let through what they always did."""
    if shutil.which(PEERS[tool][0]) is None:
        pytest.skip(f"{PEERS[tool][0]} is not installed")
    got = verdicts(outsides(who), PEERS[tool])
    if isinstance(got, Refusal):
        pytest.skip(f"{tool} cannot run here: {got.text.strip()}")
    assert got["tcp4"][0] == "held" and got["vsock"][0] == free(who)["vsock"][0] and got["unix-path"][0] == "out"
