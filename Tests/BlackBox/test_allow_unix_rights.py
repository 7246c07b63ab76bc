"""`--allow-unix` connects with exactly the rights of the thread that asked, or refuses."""

import os
import shutil
import subprocess

import pytest
from test_allow_unix import REFUSED, as_root, inside, python  # noqa: F401
from test_escapes import HAS_LANDLOCK

from support.calls import X86
from support.run import PYTHON, Launcher
from support.unix import HEAD

DENIED = "PermissionError 13"

# Words for what the programs below have no module for.
CALLS = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def child(act, *names):
    "What a child that first does something gets from each name."
    r, w = os.pipe()
    if os.fork() == 0:
        try: act(); said = " ".join(connect(name) for name in names)
        except BaseException as error: said = repr(error)
        os.write(w, said.encode()); os._exit(0)
    os.wait(); os.close(w)
    with os.fdopen(r) as file: return file.read()
def without_capabilities():
    assert libc.capset(struct.pack("Ii", 0x20080522, 0), bytes(24)) == 0
def serve(name, mode=0o777, group=None):
    here = server(name)
    if not name.startswith("@"):
        if group is not None: os.chown(name, 5000, group)
        os.chmod(name, mode)
    answer(here, 1000)
    return here
"""


def anew(user):
    shutil.rmtree(user.home)
    os.mkdir(user.home)
    user.own(user.home, 0o755)


@as_root
def test_the_ids_of_the_file_system(me, nonet):
    """By setfsuid and setfsgid a thread gives up its rights to files, and nothing else (an NFS server does)."""
    text = CALLS + """
os.chmod(".", 0o711)
def who():
    here = server("who"); os.chmod("who", 0o777)
    def run():
        while True:
            got, _ = here.accept()
            _, user, group = struct.unpack("3i", got.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
            got.recv(100); got.sendall(f"{user}:{group}".encode()); got.close()
    threading.Thread(target=run, daemon=True).start()
who(); serve("mine", 0o700); serve("group", 0o070, 4242)
names = "who", "mine", "group"
print(child(lambda: None, *names))
print(child(lambda: libc.setfsuid(5001), *names))
print(child(lambda: (libc.setfsgid(4242), libc.setfsuid(5001)), *names))
print(child(lambda: (os.setresgid(7, 7, -1), libc.setfsgid(4242), os.setresuid(-1, 5001, 0)), *names))
def back():
    os.setresuid(-1, 5001, 0); libc.setfsuid(0)
print(child(back, *names))
print(child(lambda: None, *names), flush=True)
os._exit(0)
"""
    free = python(Launcher(me), text)
    assert free[0] == free[5] == "0:0 pong ping pong ping"
    assert free[1] == f"0:0 {DENIED} {DENIED}" and free[2] == f"0:0 {DENIED} pong ping"
    assert free[4] == "5001:0 pong ping " + free[4].partition("pong ping ")[2]
    anew(me)
    assert python(Launcher(me, (nonet, "-q", "--allow-unix", "inside", "--")), text) == free


@as_root
def test_a_group_that_was_dropped(me, nonet):
    """Groups {4, 4} are as many as {4, 27}, and each of them is among those."""
    text = CALLS + """
os.chmod(".", 0o711)
serve("group", 0o070, 27)
def drop(groups):
    def act(): os.setgroups(groups); without_capabilities()
    return act
for groups in [4, 27], [27, 4], [4, 4], [4], [], [27, 27]: print(child(drop(groups), "group"), flush=True)
os._exit(0)
"""
    expected = ["pong ping"] * 2 + [DENIED] * 3 + ["pong ping"]
    assert python(Launcher(me), text, extra_groups=[4, 27]) == expected
    anew(me)
    assert python(Launcher(me, (nonet, "-q", "--allow-unix", "inside", "--")), text, extra_groups=[4, 27]) == expected


# A Landlock domain of nothing but scopes: landlock_create_ruleset and landlock_restrict_self.
DOMAIN = CALLS + """
def enter(scope=1):
    assert libc.prctl(38, 1, 0, 0, 0) == 0
    attributes = struct.pack("3Q", 0, 0, scope)
    ruleset = libc.syscall(444, attributes, 24, 0)
    assert ruleset >= 0 and libc.syscall(446, ruleset, 0) == 0, ctypes.get_errno()
"""


def landlock_abi():
    import ctypes
    return ctypes.CDLL(None).syscall(444, None, 0, 1)


@pytest.mark.skipif(not HAS_LANDLOCK or landlock_abi() < 6, reason="Landlock has no scopes here (Linux 6.12)")
def test_a_landlock_domain_inside(free, inside, user):  # noqa: F811
    """Who entered a domain that keeps abstract names from it, and whoever it starts, does not get them."""
    text = DOMAIN + """
name = sys.argv[1]
serve(name); serve("s")
time.sleep(0.05)  # so that a child has a later tick than this process
older_r, older_w = os.pipe()
done_r, done_w = os.pipe()
if os.fork() == 0:
    os.read(older_r, 1); os.write(done_w, connect(name).encode()); os._exit(0)
time.sleep(0.05)
print(child(lambda: None, name, "s"))
print(child(enter, name, "s"))
def grandchild():
    enter()
    r, w = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork(): os._exit(0)
        time.sleep(0.05)  # an orphan by now
        os.write(w, connect(name).encode()); os._exit(0)
    os.wait()
    raise SystemExit(os.read(r, 100).decode())
print(child(grandchild))
os.write(older_w, b"!")
print(os.read(done_r, 100).decode())
print(connect(name), connect("s"), flush=True)
os._exit(0)
"""
    names = [f"@nonet-domain-{os.getpid()}-{n}" for n in ("free", "inside")]
    lines = python(free, text, names[0])
    served = "pong ping" if landlock_abi() < 9 else REFUSED
    assert lines == ["pong ping pong ping", "PermissionError 1 pong ping", "SystemExit('PermissionError 1')", "pong ping", "pong ping pong ping"]
    anew(user)
    assert python(inside, text, names[1]) == [
        "pong ping pong ping", f"{REFUSED} {served}", f"SystemExit('{REFUSED}')", "pong ping", "pong ping pong ping"]


@pytest.mark.skipif(not X86, reason="the filter is written for x86_64")
def test_a_filter_inside_that_asks_a_tracer(free, inside, user):  # noqa: F811
    """SECCOMP_RET_TRACE without a tracer refuses; the supervisor's answer would come before it."""
    text = CALLS + """
def filtered(action):
    def act():
        assert libc.prctl(38, 1, 0, 0, 0) == 0
        code = [(0x20, 0, 0, 0), (0x15, 0, 1, 42), (6, 0, 0, action), (6, 0, 0, 0x7fff0000)]
        program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in code))
        assert libc.syscall(317, 1, 0, struct.pack("HxxxxxxP", len(code), ctypes.addressof(program))) == 0
    return act
serve("s")
print(child(lambda: None, "s")); print(child(filtered(0x7ff00000), "s")); print(child(filtered(0x00050001), "s"))
print(connect("s"), flush=True)
os._exit(0)
"""
    assert python(free, text) == ["pong ping", "OSError 38", "PermissionError 1", "pong ping"]
    anew(user)
    assert python(inside, text) == ["pong ping", REFUSED, "PermissionError 1", "pong ping"]


@as_root
def test_the_proc_of_another_pid_namespace(me, nonet):
    """A number there is another process here, whose ids and folders would be taken for the thread's."""
    foreign = ("unshare", "-pf", nonet, "-q", "--allow-unix", "inside", "--")
    words = (PYTHON, "-c", HEAD + "print(os.readlink('/proc/self') != str(os.getpid()))")
    assert Launcher(me)("unshare", "-pf", *words).stdout == b"True\n"
    done = Launcher(me, foreign)(*words)
    assert (done.returncode, done.stdout) == (125, b"") and b"/proc" in done.stderr
    own = ("unshare", "-pf", "--mount-proc", nonet, "-q", "--allow-unix", "inside", "--")
    assert Launcher(me, own)(*words).stdout == b"False\n"


def hidden(text, *words):
    """In a user namespace of one's own, where the groups have no numbers and show as 65534."""
    return ["unshare", "-r", *words, PYTHON, "-c", HEAD + text]


@as_root
def test_groups_without_numbers(me, nonet):
    """They are counted as themselves where nobody can take their number, so that containers work."""
    text = "here = server('s'); answer(here, 5); print(os.getgroups(), connect('s')); os.unlink('s')"
    for words in ((), (nonet, "-q", "--allow-unix", "inside", "--")):
        done = subprocess.run(hidden(text, *words), cwd=me.home, extra_groups=[4, 27], stdout=subprocess.PIPE, timeout=20)
        assert done.stdout == b"[65534, 65534] pong ping\n", done
