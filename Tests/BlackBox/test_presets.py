"""Every probe under every preset, against support/table.py."""

import errno
import pathlib
import socket

import pytest

from support.calls import GARBAGE, NATIVE, X86, number
from support.run import PYTHON, Launcher
from support.table import COMPAT_ROWS, NATIVE_ROWS, NUMBER_UPPER, SOCKETS, X32_NUMBERS
from support.verdicts import answers, name, requests, shortfalls

RUNNING = ("strict", "default", "unix", "loopback")


@pytest.fixture(scope="session")
def plain(stage):
    """What `--policy` takes for a preset's filter alone: in loopback a supervisor answers for AF_UNIX (test_loopback_sockets.py)."""
    text = (pathlib.Path(__file__).parents[2] / "Sources/nonet/Presets/Policies/loopback.policy").read_text()
    path = stage / "plain-loopback.policy"
    path.write_text(text.replace(", sockets\n", "\n"))
    path.chmod(0o644)
    return lambda preset: str(path) if preset == "loopback" else preset


MARK = errno.EHOSTDOWN  # as --errno: no kernel gives this answer to any probe
x86_only = pytest.mark.skipif(not X86, reason="the i386 and x32 ABIs belong to x86_64")

NATIVE_TABLE = [*NATIVE_ROWS, *(X32_NUMBERS + NUMBER_UPPER if X86 else [])]
ABIS = [
    pytest.param("native", NATIVE, NATIVE_TABLE, id="native"),
    pytest.param("int80", "i386", COMPAT_ROWS, id="int80", marks=x86_only),
]


@pytest.fixture
def service(free, user):
    """A stream service on a path: somebody outside who would do the job for us."""
    path = f"{user.home}/service"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as one:
        one.bind(path)
        user.own(path, 0o777)
        one.listen(64)
        yield {"PROBE_UNIX": path}


@pytest.fixture
def ask(probe, service, user):
    """Runs rows through the probe, behind the words of `prefix`."""

    def run(rows, abi, arch, *prefix):
        done = Launcher(user)(*prefix, probe, *requests(rows, abi, arch), env=service)
        assert done.returncode == 0, done.stderr
        return answers(done.stdout)

    return run


@pytest.mark.parametrize("abi, arch, rows", ABIS)
def test_probes_reach_the_kernel_without_nonet(ask, abi, arch, rows):
    """The instrument: nothing here is refused by accident in the way nonet refuses."""
    free = ask(rows, abi, arch)
    wrong = [f"{row[0]}: {name(free[row[0]])}" for row in rows
             if row[0] in free and (row[4] == "ok" and free[row[0]][1] != 0 or free[row[0]][1] == MARK)]
    assert not wrong
    assert all(answer[0] != "killed" for answer in free.values())


@pytest.mark.parametrize("preset", RUNNING)
@pytest.mark.parametrize("abi, arch, rows", ABIS)
def test_preset_answers(ask, nonet, plain, preset, abi, arch, rows):
    free = ask(rows, abi, arch)
    inside = ask(rows, abi, arch, nonet, "--policy", plain(preset), "--errno", "EHOSTDOWN", "--")
    assert list(shortfalls(rows, free, inside, preset, MARK)) == []


@pytest.mark.parametrize("preset", RUNNING)
def test_refusals_say_eacces_unless_told(ask, nonet, plain, preset):
    # A new network namespace lets no group ping: the kernel's own EACCES.
    rows = [row for row in SOCKETS if preset != "loopback" or row[0] != "inet-ping"]
    free = ask(rows, "native", NATIVE)
    inside = ask(rows, "native", NATIVE, nonet, "--policy", plain(preset), "--")
    assert list(shortfalls(rows, free, inside, preset, errno.EACCES)) == []


@pytest.mark.parametrize("given", ["EPERM", "ENETUNREACH", "1", "101", "4095"])
def test_errno_by_name_and_number(ask, nonet, given):
    chosen = int(given) if given.isdigit() else getattr(errno, given)
    inside = ask(SOCKETS[:1], "native", NATIVE, nonet, f"--errno={given}", "--")
    assert inside["inet-stream"] == (-1, chosen)


@pytest.mark.parametrize("option, expected", [
    (("--deny", "getppid"), (-1, MARK)),
    (("--deny=getpid,getppid",), (-1, MARK)),
    (("--deny", "getppid", "--allow", "getppid"), (0, 0)),
])
def test_deny_adds_a_refusal(ask, nonet, option, expected):
    rows = [("it", "getppid", (), "rrrr", "ok")]
    inside = ask(rows, "native", NATIVE, nonet, *option, "--errno", "EHOSTDOWN", "--")
    assert inside["it"][1] == expected[1]


def test_allow_takes_a_refusal_back(ask, nonet):
    rows = [("it", "keyctl", (0, 0xFFFFFFFE, 0), "Errr", "any"), ("that", "pidfd_getfd", ("pidfd", 1, 0), "EEEE", "ok")]
    options = (nonet, "--policy", "strict", "--errno=EHOSTDOWN")
    assert ask(rows, "native", NATIVE, *options, "--")["it"] == (-1, MARK)
    inside = ask(rows, "native", NATIVE, *options, "--allow", "keyctl", "--")
    assert inside["it"] != (-1, MARK)
    assert inside["that"] == (-1, MARK)


DEBUG = [("ptrace", "ptrace", (0, 0, 0, 0), "EEEE", "ok"),
         ("vm-readv", "process_vm_readv", ("self", "zeros", 1, "zeros", 1, 0), "EEEE", "ok"),
         ("vm-writev", "process_vm_writev", ("self", "zeros", 1, "zeros", 1, 0), "EEEE", "ok")]


@pytest.mark.parametrize("preset", RUNNING)
def test_debug_can_be_denied_as_a_group(ask, nonet, preset):
    """What nonet adds by itself where the kernel has no Landlock."""
    inside = ask(DEBUG, "native", NATIVE, nonet, "--policy", preset, "--deny", "@debug", "--errno", "EHOSTDOWN", "--")
    assert list(shortfalls(DEBUG, {}, inside, preset, MARK)) == []


@x86_only
def test_upper_halves_change_nothing_at_int80(ask, nonet):
    """A 64-bit program may leave anything above the 32 bits that the i386 entry reads."""
    junk = 0xDEADBEEF * GARBAGE
    rows = [("inet", junk | 359, (junk | 2, junk | 1, junk), "EEEr", "ok"),
            ("unix", junk | 359, (junk | 1, junk | 1, junk), "ErrE", "ok"),
            ("dgram", junk | 359, (junk | 1, junk | 2, junk), "EErE", "ok"),
            ("call", junk | 102, (junk | 1, "zeros"), "EEEE", "any"),
            ("sti", junk | 54, ("tty", junk | 0x5412, "letter"), "EEEE", "any")]
    free = ask(rows, "int80", "i386")
    assert free["inet"][1] == free["unix"][1] == free["dgram"][1] == 0
    inside = ask(rows, "int80", "i386", nonet, "--errno", "EHOSTDOWN", "--")
    assert list(shortfalls(rows, free, inside, "default", MARK)) == []


@x86_only
@pytest.mark.parametrize("preset", RUNNING)
def test_a_32_bit_program(free, nonet, plain, probe32, user, preset):
    """It runs, is not killed, and meets the same answers."""
    words = ["inet:359:2:1:0", "vsock:359:40:1:0", "unix:359:1:1:0", "dgram:359:1:2:0", "call:102:1:z",
             "pair:360:1:1:0:z", "connect:362:99:z:16", "uring:425:1:z", "getpid:20"]
    outside = answers(free(probe32, *words).stdout)
    assert outside["inet"][1] == outside["unix"][1] == outside["dgram"][1] == outside["pair"][1] == 0
    assert outside["connect"][1] == errno.EBADF
    done = Launcher(user, (nonet, "--policy", plain(preset), "--errno", "EHOSTDOWN", "--"))(probe32, *words)
    assert done.returncode == 0, done
    inside = answers(done.stdout)
    assert inside["call"] == (-1, MARK)
    assert inside["inet"][1] == (0 if preset == "loopback" else MARK)
    assert inside["vsock"] == (-1, errno.EAFNOSUPPORT)
    assert inside["uring"] == (-1, errno.ENOSYS)
    assert inside["getpid"][1] == 0
    assert inside["unix"][1] == (MARK if preset in ("strict", "loopback") else 0)
    assert inside["pair"][1] == (MARK if preset == "strict" else 0)
    assert inside["dgram"][1] == (0 if preset == "unix" else MARK)
    assert inside["connect"][1] == (errno.EBADF if preset in ("unix", "loopback") else MARK)


@x86_only
@pytest.mark.parametrize("preset", RUNNING)
def test_a_tracer_may_skip_a_call(free, nonet, plain, probe, tracer, preset):
    """A tracer outside writes nr -1; only an ALLOW leaves the result that it chose."""
    request = "skipped:native:121:0x6e6f6e65"
    assert answers(free(probe, "--inline", request).stdout)["skipped"] == (-1, errno.ESRCH)
    assert answers(free(tracer, "skip", probe, "--inline", request).stdout)["skipped"] == (77, 0)
    done = free(tracer, "skip", nonet, "--policy", plain(preset), "--", probe, "--inline", request)
    assert answers(done.stdout)["skipped"] == (77, 0)


def test_children_and_threads_inherit(free, confined):
    """A thread, a double fork and an exec later, the answer is the same."""
    from support.run import PYTHON
    code = """
import os, socket, subprocess, sys, threading
def ask(where):
    try:
        socket.socket().close(); print(where, "open", flush=True)
    except OSError as error:
        print(where, error.errno, flush=True)
t = threading.Thread(target=ask, args=("thread",)); t.start(); t.join()
pid = os.fork()
if pid == 0:
    inner = os.fork()
    if inner == 0:
        ask("fork")
    else:
        os.waitpid(inner, 0)
    os._exit(0)
os.waitpid(pid, 0)
if len(sys.argv) < 2:
    sys.stdout.flush(); os.execv(sys.executable, [sys.executable, "-c", os.environ["CODE"], "again"])
"""
    run = lambda launcher: launcher(PYTHON, "-c", code, env={"CODE": code}).stdout.decode().split("\n")
    assert run(free) == ["thread open", "fork open"] * 2 + [""]
    assert run(confined) == [f"thread {errno.EACCES}", f"fork {errno.EACCES}"] * 2 + [""]


# --- a keyring for the process that started nonet -----------------------------------------------------

CALLER = """
import ctypes, subprocess, sys
call = ctypes.CDLL(None, use_errno=True).syscall
session = lambda: call({keyctl}, 0, -3, 0)
before = session()
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
print(done.stdout.strip() or done.stderr, "changed" if session() != before else "same")
"""
GIVE = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def keyctl(*words):
    ctypes.set_errno(0)
    return "ok" if libc.syscall({keyctl}, *map(ctypes.c_ulong, words)) >= 0 else str(ctypes.get_errno())
print(keyctl(1, 0), keyctl(18), keyctl(1 << 32 | 18))
"""


@pytest.mark.parametrize("preset", RUNNING)
def test_the_session_keyring_of_the_caller_stays(free, nonet, preset):
    caller, give = (text.replace("{keyctl}", str(number("keyctl", NATIVE))) for text in (CALLER, GIVE))
    bare = free(PYTHON, "-c", caller, PYTHON, "-c", give).stdout
    if bare != b"ok ok ok changed\n":
        pytest.skip(f"this kernel gives a parent no session keyring: {bare.decode().strip()}")
    done = free(PYTHON, "-c", caller, nonet, "-q", "--policy", preset, "--", PYTHON, "-c", give)
    assert done.stdout == (b"13 13 13 same\n" if preset == "strict" else b"ok 13 13 same\n"), done
