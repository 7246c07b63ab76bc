"""`--allow-unix inside` under attack: nobody outside hears a byte, and nothing hangs.

A listener outside may see connections that close at once: that is how it is found to be outside.
"""

import os
import shutil
import subprocess

import pytest
from conftest import HERE, USERS
from test_allow_unix import REFUSED, as_root, inside, python  # noqa: F401
from test_escapes import free as ways_out  # noqa: F401
from test_escapes import HAS_LANDLOCK, MARK

from support.calls import X86
from support.escapes import WAYS, shortfall, verdicts
from support.outside import Refusal
from support.run import PYTHON, Launcher, tool
from support.unix import HEAD

DEFAULT = 1  # the column of the preset in the table of ways out
FREE, INSIDE = {"env": {"TOKEN": "free"}}, {"env": {"TOKEN": "inside"}}


@pytest.fixture(scope="session")
def attacker(stage):
    out = stage / "unix"
    build = [tool("cc"), "-O1", "-Wall", "-static", "-no-pie", "-pthread", "-o", out, HERE / "probes/unix.c"]
    subprocess.run(build, check=True, timeout=60)
    return str(out)


def counts(done):
    """How often it was connected and refused, and what else happened."""
    assert done.returncode == 0, done
    words = done.stdout.split()
    return int(words[1]), int(words[3]), int(words[5])


def afresh(outdoors, user):
    """The places of one attack, none of them taken."""
    for name in ("inside", "link", "link.new"):
        path = f"{user.home}/{name}"
        if os.path.lexists(path):
            os.unlink(path)
    return "inside", "link", outdoors.listen(f"outside-{len(os.listdir(outdoors.folder))}")


@pytest.mark.parametrize("what, rounds", [("address", 4000), ("swap", 4000), ("swap-fd", 2000)])
def test_a_race_between_inside_and_outside(free, inside, user, outdoors, attacker, what, rounds):
    """Address, path or descriptor change under the supervisor's hands; without it, some bytes get out."""
    def words(count):
        here, link, there = afresh(outdoors, user)
        return there, (attacker, what, *([link] if what == "swap" else []), here, there, str(count))

    for _ in range(10):  # a race is won now and then
        assert sum(counts(free(*words(3000)[1], **FREE))) == 3000
        if outdoors.heard(b"free", 0.5):
            break
    assert outdoors.heard(b"free", 5), "the attack does not work even without nonet"
    connected = refused = 0
    for _ in range(5):
        there, attack = words(rounds)
        met = counts(inside(*attack, **INSIDE, timeout=40))
        assert sum(met) == rounds and not outdoors.heard_behind_all(b"inside", there)
        connected, refused = connected + met[0], refused + met[1]
        if connected and refused:
            break
    assert connected and refused, "the race had one end only"


def test_writing_while_it_connects(free, inside, outdoors, attacker):
    """The command's own socket is never connected, so that nothing written to it arrives."""
    path = outdoors.path
    counts(free(attacker, "write", path, "100", **FREE))
    assert outdoors.heard(b"free", 2)
    assert counts(inside(attacker, "write", path, "2000", **INSIDE, timeout=40)) == (0, 2000, 0)
    assert not outdoors.heard_behind_all(b"inside", path)


@pytest.mark.skipif(not X86, reason="the i386 entry is x86_64's")
def test_32_bit_calls(free, inside, user, outdoors, attacker):
    here, _, there = afresh(outdoors, user)
    if free(attacker, "int80", here, **FREE).stdout != b"connected 1 refused 0 other 0\n":
        pytest.skip("this kernel has no i386 entry")
    here, _, there = afresh(outdoors, user)
    assert counts(inside(attacker, "int80", here, **INSIDE)) == (1, 0, 0)
    assert counts(free(attacker, "int80-connect", there, **FREE)) == (1, 0, 0)
    assert outdoors.heard(b"free", 2)
    assert counts(inside(attacker, "int80-connect", there, **INSIDE)) == (0, 1, 0)
    assert not outdoors.heard(b"inside", 0.1)


def test_a_listener_that_forks_away(free, inside):
    """The one who called listen is gone before anybody connects (reaped peers: Linux 6.16)."""
    text = """
def stay(one):
    os.closerange(0, 3)  # so that nobody waits for this process
    answer(one, 3); time.sleep(2); os._exit(0)
here = server("s")
if os.fork() == 0:
    if os.fork() == 0:
        stay(here)
    os._exit(0)
os.wait()
here.close()
child = os.fork()
if child == 0:
    gone = server("gone")
    if os.fork() == 0: stay(gone)
    os._exit(0)
os.waitpid(child, 0)
time.sleep(0.1)
print(connect("s"), connect("gone"), flush=True)
for name in "s", "gone": os.unlink(name)
os._exit(0)
"""
    release = tuple(int(word) for word in os.uname().release.split("-")[0].split(".")[:2])
    assert python(free, text) == ["pong ping pong ping"]
    assert python(inside, text) == ["pong ping pong ping" if release >= (6, 16) else f"pong ping {REFUSED}"]


def test_the_target_goes_while_it_is_served(inside, outdoors):
    """Killed in the middle of connects, to the inside, the outside and a full backlog; then all goes on."""
    text = """
import random, signal
here = server("s"); full = server("full", 0)
def serve():
    while True: here.accept()[0].close()
threading.Thread(target=serve, daemon=True).start()
for _ in range(60):
    child = os.fork()
    if child == 0:
        while True:
            for name in "s", sys.argv[1], "full":
                one = fresh(); one.setblocking(name != "full" or random.random() < 0.5)
                try: one.connect(name)
                except OSError: pass
    time.sleep(random.random() / 100)
    os.kill(child, signal.SIGKILL); os.waitpid(child, 0)
one = fresh(); one.connect("s"); print("goes on", flush=True)
for name in "s", "full": os.unlink(name)
os._exit(0)
"""
    assert python(inside, text, outdoors.path) == ["goes on"]


PROCESS_ID = HEAD + """
# In a pid namespace of its own, where this process may choose the next pid.
nonet, how = sys.argv[1], sys.argv[2]
child_text = sys.argv[3]
commands = [nonet, "-q", "--allow-unix", "inside", "--"] if how == "nonet" else []
run = subprocess.Popen([*commands, sys.executable, "-c", child_text, os.getcwd()], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
wanted = int(run.stdout.readline())
for _ in range(50):
    with open("/proc/sys/kernel/ns_last_pid", "w") as file: file.write(str(wanted - 1))
    r, w = os.pipe()
    child = os.fork()
    if child == 0:
        if os.getpid() == wanted:
            one = server("reused"); os.write(w, b"!")
            got, _ = one.accept()
            os.write(w, got.recv(100) or b".")
            time.sleep(5)
        os._exit(0)
    if child == wanted: break
    os.waitpid(child, 0)
else:
    print("no luck"); sys.exit()
os.read(r, 1)
run.stdin.write(b"go\\n"); run.stdin.flush()
print(run.stdout.readline().decode().strip(), os.read(r, 100).decode(), flush=True)
run.stdin.close(); run.wait(5)
"""

# Its child listens, is noted, and ends.
LISTENS_AND_ENDS = HEAD + """
child = os.fork()
if child == 0:
    server("mine"); os._exit(0)
os.waitpid(child, 0)
print(child, flush=True)
input()
one = fresh()
try: one.connect("reused"); one.sendall(b"from inside"); print("connected", flush=True)
except OSError as error: print(error.errno, flush=True)
"""


@as_root
def test_a_pid_that_is_used_again(nonet, me):
    """A process outside gets the very pid under which one inside has listened."""
    if not os.path.exists("/proc/sys/kernel/ns_last_pid"):
        pytest.skip("this kernel does not let the next pid be chosen (CONFIG_CHECKPOINT_RESTORE)")
    def attempt(how):
        for name in ("mine", "reused"):
            if os.path.exists(f"{me.home}/{name}"):
                os.unlink(f"{me.home}/{name}")
        done = Launcher(me)("unshare", "-pf", "--mount-proc", PYTHON, "-c", PROCESS_ID, nonet, how, LISTENS_AND_ENDS)
        assert done.returncode == 0, done
        return done.stdout
    assert attempt("free") == b"connected from inside\n"
    assert attempt("nonet") == b"13 .\n"


# --- other users, roots and namespaces inside ------------------------------------------------------


@as_root
def test_another_user_inside(me, nonet):
    """Who gave rights away inside connects with what is left, and the server sees who it is."""
    text = """
os.umask(0)
os.chmod(".", 0o777)
def who(name):
    # In a process of its own: SO_PEERCRED of the server's end.
    here = server(name)
    def run():
        while True:
            got, _ = here.accept()
            _, user, group = struct.unpack("3i", got.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
            got.recv(100); got.sendall(f"{user}:{group}".encode()); got.close()
    threading.Thread(target=run, daemon=True).start()
who("all"); who("mine"); os.chmod("mine", 0o700); os.mkdir("closed", 0o700); who("closed/s")
os.chmod("closed/s", 0o777)
who("group"); os.chown("group", 0, 4242); os.chmod("group", 0o770)
def ask(change):
    r, w = os.pipe()
    child = os.fork()
    if child == 0:
        change()
        os.write(w, " ".join(connect(name) for name in ("all", "mine", "closed/s", "group")).encode())
        os._exit(0)
    os.waitpid(child, 0)
    return os.read(r, 1000).decode()
def drop(user, groups=()):
    def change():
        os.setgroups(groups); os.setresgid(user, user, user); os.setresuid(user, user, user)
    return change
def effective():
    os.setegid(5000); os.seteuid(5000)
def without_override():
    import ctypes
    header, data = struct.pack("Ii", 0x20080522, 0), struct.pack("6I", 0, 0, 0, 0, 0, 0)
    assert ctypes.CDLL(None).capset(header, data) == 0
print(ask(lambda: None))
print(ask(drop(5000)))
print(ask(drop(5000, [4242])))
print(ask(effective))
os.chown("mine", 5000, 5000); os.chown("group", 5000, 4242)
print(ask(without_override))
print(ask(lambda: None))
"""
    no = "PermissionError 13"
    expected = ["0:0 0:0 0:0 0:0", f"5000:5000 {no} {no} {no}", f"5000:5000 {no} {no} 5000:5000", f"5000:5000 {no} {no} {no}",
                f"0:0 {no} 0:0 {no}", "0:0 0:0 0:0 0:0"]
    assert python(Launcher(me), text) == expected
    shutil.rmtree(me.home)
    os.mkdir(me.home)
    assert python(Launcher(me, (nonet, "-q", "--allow-unix", "inside", "--")), text) == expected


@as_root
def test_another_root_inside(me, nonet, outdoors):
    """A path means what it means to the command, behind chroot and in a mount namespace of its own."""
    text = """
os.mkdir("root"); os.mkdir("root/run"); os.mkdir("root/sub"); os.symlink("/run", "root/link"); os.symlink("../run/s", "root/sub/up")
here = server("root/run/s"); answer(here, 20)
outside = sys.argv[1]
child = os.fork()
if child == 0:
    os.chroot("root"); os.chdir("/sub")
    print([connect(name) for name in ("/run/s", "/link/s", "/sub/up", "/../../run/s", outside)])
    os.chdir("/run"); print([connect(name) for name in ("s", "./s", "../run/s")], flush=True)
    os._exit(0)
os.wait()
def in_mounts():
    one = "mount -t tmpfs none root/sub && exec \\"$@\\""
    program = HEAD + "here = server('root/sub/t'); answer(here, 5); print(connect('root/sub/t'), connect(os.path.abspath('root/sub/t')), connect('root/run/s'))"
    subprocess.run(["unshare", "-m", "sh", "-c", one, "-", sys.executable, "-c", program])
print(end="", flush=True)
in_mounts()
print(os.path.exists("root/sub/t"))
"""
    text = f"HEAD = {HEAD!r}\n" + text
    free = python(Launcher(me), text, outdoors.path)
    assert free[2:] == ["pong ping pong ping pong ping", "False"]
    assert free[0] == str(["pong ping"] * 4 + ["FileNotFoundError 2"]) and free[1] == str(["pong ping"] * 3)
    shutil.rmtree(me.home)
    os.mkdir(me.home)
    found = python(Launcher(me, (nonet, "-q", "--allow-unix", "inside", "--")), text, outdoors.path)
    # A relative path that leaves the working directory is not followed behind a root of one's own.
    assert found == [free[0], str(["pong ping", "pong ping", "OSError 18"]), *free[2:]]


@as_root
def test_abstract_names_of_another_network_namespace(me, nonet, outdoors):
    """An abstract name in a network namespace that the command made is none of ours."""
    text = """
import ctypes
name = "@" + sys.argv[1]
here = server(name); answer(here, 5)
print(connect(name), flush=True)
child = os.fork()
if child == 0:
    assert ctypes.CDLL(None).unshare(0x40000000) == 0
    print(connect(name), flush=True)
    os._exit(0)
os.wait()
"""
    assert python(Launcher(me), text, f"nonet-{os.getpid()}-free") == ["pong ping", "ConnectionRefusedError 111"]
    launcher = Launcher(me, (nonet, "-q", "--allow-unix", "inside", "--"))
    assert python(launcher, text, f"nonet-{os.getpid()}-inside") == ["pong ping", REFUSED]


def test_links_of_proc_lead_nowhere(inside, outdoors):
    """/proc/self would be the supervisor itself."""
    text = """
here = server("s"); answer(here, 5)
folder = os.open(".", os.O_RDONLY)
print(connect("/proc/self/cwd/s"), connect(f"/proc/self/fd/{folder}/s"), connect("s"))
os.unlink("s")
"""
    assert python(inside, text) == ["OSError 40 OSError 40 pong ping"]


# --- every way out ---------------------------------------------------------------------------------


@pytest.mark.parametrize("who", USERS)
def test_no_way_out(ways_out, outsides, nonet, who):  # noqa: F811
    """The table of escapes holds as for the preset without the option; a second listener meets the first one."""
    words = (nonet, "-q", "--allow-unix", "inside", "--errno", "EHOSTDOWN", "--")
    found = verdicts(outsides(who), words)
    assert not isinstance(found, Refusal), found.text
    wrong = {name: why for name, _, letters in WAYS
             if ways_out(who)[name][0] == "out" and (HAS_LANDLOCK or letters[DEFAULT] != "P")
             and (why := shortfall("h" if name == "second-listener" else letters[DEFAULT], found[name], MARK))}
    assert wrong == {}
