"""Policies that others publish, rebuilt in our language: do they compile, and do the programs they are for run under them.

Each policy of Fixtures/published has a file of cases, a line each: `[NAME =] CALL(ARGUMENTS) -> ANSWER [else FREE ...]`.
They are compiled against the system's headers into a program that makes these calls and no other. ANSWER is `ok`, an
errno or SIGSYS under the policy; `ok` is whatever the kernel answers. Without nonet the call succeeds or gets one of FREE,
of which the refusal is none.
"""

import errno
import pathlib
import re
import shutil
import socket
import subprocess

import pytest

from support import bpf
from support.calls import AUDIT, X86
from support.run import PYTHON, Launcher, tool

HERE = pathlib.Path(__file__).resolve().parent
FOLDER = HERE.parents[1] / "Fixtures/published"
PROFILES = HERE.parents[1] / "Fixtures/profiles"
NAMES = sorted(path.stem for path in FOLDER.glob("*.policy"))
WORKED = sorted(path.stem for path in FOLDER.glob("worked/*.policy"))
ALL = [*NAMES, *(f"worked/{name}" for name in WORKED)]
PAGE = HERE.parents[1] / "Documentation/worked-policies.md"
CASE = re.compile(r"(?:(\w+) = )?(\w+)\((.*)\) -> (\w+)(?: else ([A-Z0-9 ]+))?$")

# Each warning that a policy keeps: the words of its place, and why it is right and the policy stays as it is published.
WARNED = {
    "openssh": {("statx", "ENOSYS only"): "OpenSSH answers EACCES to all of stat; the child wants no file, whichever call is tried"},
    "flatpak": {("socket", "io_uring_setup"): "Flatpak leaves io_uring open, by which sockets of other families can be made"},
    "chromium": {("statx", "ENOSYS only"): "glibc's stat gets ENOSYS by the rule before; other fields are asked for by nobody there",
                 ("faccessat2", "ENOSYS only"): "Chromium wants a refusal here, and no second try with faccessat"},
}

# What --diff tells between a policy and the profile of the same source: where ours reads an int as the kernel does.
PROFILED = {
    "podman": ("podman", ["personality(0x100000000, 0, 0, 0, 0, 0)", "socket(0x10, 0, 0x100000009, 0, 0, 0)"]),
    "flatpak": ("flatpak", ["personality(0x100000000, 0, 0, 0, 0, 0)", "socket(0x100000000, 0, 0, 0, 0, 0)",
                            "socketcall(0, 0, 0, 0, 0, 0)", "calls without bit 30 (512 to 547, before Linux 5.4)"]),
    "systemd": ("systemd-system-service", ["calls", "calls without bit 30 (512 to 547, before Linux 5.4)"]),
}

# What a program of any size does: threads, children, a socket pair, an event loop, files.
PROGRAM = """
import asyncio, os, socket, subprocess, sys, tempfile, threading
done = []
thread = threading.Thread(target=done.append, args=(1,)); thread.start(); thread.join()
assert subprocess.run([sys.executable, "-c", "print(6 * 7)"], stdout=subprocess.PIPE).stdout == b"42\\n"
async def talk():
    ours, theirs = socket.socketpair()
    reader, _ = await asyncio.open_connection(sock=ours)
    _, writer = await asyncio.open_connection(sock=theirs)
    writer.write(b"x\\n"); await writer.drain()
    return await reader.readline()
assert asyncio.run(talk()) == b"x\\n"
with tempfile.NamedTemporaryFile() as file:
    file.write(b"y"); file.flush(); os.fsync(file.fileno())
socket.socket(socket.AF_INET).close()
print("fine", len(done))
"""


def cases(name):
    """The cases of a file as `(variable, call, arguments, answer, answers without nonet)`."""
    found = []
    for line in (FOLDER / f"{name}.cases").read_text().splitlines():
        if line and not line.startswith("#"):
            match = CASE.match(line)
            assert match, line
            variable, call, arguments, answer, free = match.groups()
            free = {"ok", *(free or "").split()}
            assert answer == "ok" or answer not in free, f"{line}: the answer is the same without nonet"
            found.append((variable, call, arguments, answer, free))
    return found


@pytest.fixture(scope="session")
def programs(stage):
    """The program of each file of cases, made when it is asked for."""
    made = {}

    def get(name):
        if name not in made:
            rows = cases(name)
            variables = sorted({row[0] for row in rows if row[0]})
            text = '#include "cases.h"\n' + "".join(f"static long {variable};\n" for variable in variables)
            text += "static long make(long which)\n{\n\tswitch (which) {\n"
            for index, (variable, call, arguments, _, _) in enumerate(rows):
                words = ", ".join(word for word in (f"SYS_{call}", arguments) if word)
                text += f"#ifdef SYS_{call}\n\tcase {index}: return {variable + ' = ' if variable else ''}CALL({words});\n#endif\n"
            text += "\t}\n\treturn -100000;\n}\n"
            source, made[name] = stage / f"{name}.c", str(stage / f"published-{name}")
            source.write_text(text)
            subprocess.run([tool("cc"), "-O1", "-w", "-static", "-nostdlib", "-no-pie", "-ffreestanding", "-fno-stack-protector",
                            "-I", HERE / "probes", "-o", made[name], source], check=True, timeout=60)
        return made[name]

    return get


@pytest.fixture
def policies(stage):
    """The folder of policies where every user can read it."""
    folder = stage / "published"
    if not folder.exists():
        shutil.copytree(FOLDER, folder)
    return folder


def answers(start, program, name, which):
    """The answers to some cases in a single run: index -> `ok`, an errno's name, or SIGSYS for the one it died of."""
    words = [str(index) for index in which]
    if name == "systemd":  # its standard input is a listening socket with a client before it
        with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), 5) as client:
            client.settimeout(5)
            client.sendall(b"ping\n")
            done = start(program, *words, stdin=server)
            assert client.recv(5) == b"ping\n", done
    else:
        done = start(program, *words, input=b"ping\n")
    said = {}
    lines = done.stdout.replace(b"ping\n", b"").decode().splitlines()
    for line in lines:
        index, value = (int(word) for word in line.split())
        said[index] = "absent" if value == -100000 else "ok" if value >= 0 else errno.errorcode[-value]
    if done.returncode == -31:
        said[which[len(said)]] = "SIGSYS"
    else:
        assert done.returncode == 0, done
    assert b"ping\n" in done.stdout or len(which) == 1, done
    return said


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("arch", ["x86_64", "aarch64"])
def test_they_compile_and_are_proved(bare, name, arch):
    """Without --unproved a filter is printed only when it is proven."""
    done = bare("-q", "--dump-bpf", "--arch", arch, "--format", "hex", "--policy", str(FOLDER / f"{name}.policy"))
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(done.stdout.splitlines()) > 10


# What no case can show here, or not on the other architecture: numbers on x86_64 and aarch64, arguments, errno or a word.
KILL, ALLOW = "kill", "allow"
DECIDED = [
    ("openssh", (59, 221), (), ALLOW),  # execve
    ("openssh", (257, 56), (), errno.EACCES),  # openat
    ("openssh", (9, 222), (0, 4096, 3, 0x100032), ALLOW),  # mmap, with MAP_FIXED_NOREPLACE
    ("openssh", (9, 222), (0, 4096, 5, 0x22), KILL),
    ("openssh", (54, 208), (3, 41, 67), ALLOW),  # setsockopt
    ("openssh", (54, 208), (3, 41, 26), KILL),
    ("chromium", (56, 220), (0x3D0F00,), ALLOW),  # clone: a thread, a process, a thread in a namespace
    ("chromium", (56, 220), (17,), errno.EPERM),
    ("chromium", (56, 220), (0x103D0F00,), KILL),
    ("chromium", (72, 25), (3, 4, 0x28800), ALLOW),  # fcntl: F_SETFL with either O_LARGEFILE
    ("chromium", (72, 25), (3, 4, 0x200000), KILL),
    ("chromium", (10, 226), (0, 4096, 7), ALLOW),  # mprotect
    ("chromium", (10, 226), (0, 4096, 0x01000001), KILL),
    ("chromium", (62, 129), (1, 9), KILL),  # kill
    ("flatpak", (16, 29), (0, 0xDEAD00005412), errno.EPERM),  # ioctl: TIOCSTI
    ("flatpak", (41, 198), (17,), errno.EAFNOSUPPORT),  # socket: AF_PACKET
    ("podman", (135, 92), (0x20008,), ALLOW),  # personality
    ("podman", (135, 92), (4,), errno.ENOSYS),
    ("podman", (321, 280), (), errno.EPERM),  # bpf
    ("kafel", (0, 63), (0,), ALLOW),  # read
    ("kafel", (0, 63), (1,), KILL),
    ("systemd", (165, 40), (), errno.EPERM),  # mount
    ("systemd", (41, 198), (2, 1), ALLOW),  # socket
]


@pytest.mark.parametrize("arch", ["x86_64", "aarch64"])
def test_what_the_filters_decide(bare, arch):
    """By the interpreter of this suite, on both architectures."""
    filters = {}
    for name, numbers, arguments, answer in DECIDED:
        if name not in filters:
            done = bare("-q", "--dump-bpf", "--arch", arch, "--format", "raw", "--policy", str(FOLDER / f"{name}.policy"))
            filters[name] = bpf.from_raw(done.stdout)
        value, _ = bpf.run(filters[name], bpf.pack(AUDIT[arch], numbers[arch == "aarch64"], arguments))
        told = {bpf.ALLOW: ALLOW, bpf.KILL_PROCESS: KILL}.get(value, value ^ bpf.ERRNO)
        assert told == answer, (name, numbers, arguments)


@pytest.mark.parametrize("name", ALL)
def test_no_warning_is_wrong(bare, name):
    path = str(FOLDER / f"{name}.policy")
    done = bare("--check-policy", path)
    assert done.returncode == 0, done.stderr
    said = [line for line in (done.stdout + done.stderr).decode().splitlines() if ": warning: " in line]
    kept = WARNED.get(name, {})
    assert len(said) == len(kept), said
    assert all(any(all(word in line for word in words) for line in said) for words in kept), said
    # It is in its canonical form, and --dump-bpf has nothing to add: the network of each is meant, or closed.
    assert bare("--format-policy", path, "--check").returncode == 0
    done = bare("--dump-bpf", "--format", "hex", "--policy", path)
    assert done.stderr.count(b": warning: ") == len(kept), done.stderr


@pytest.mark.skipif(not X86, reason="the profiles are compared for x86_64")
@pytest.mark.parametrize("name", PROFILED)
def test_they_mean_the_profiles_of_the_same_sources(bare, name):
    profile, expected = PROFILED[name]
    done = bare("-q", "--diff", str(PROFILES / f"{profile}.json"), str(FOLDER / f"{name}.policy"))
    told = [line for line in done.stdout.decode().splitlines() if line.startswith("+") and not line.startswith("+++")]
    assert done.returncode == 1 and [re.sub(r"^\+\w+ (.*?): .*", r"\1", line) for line in told] == expected, done


@pytest.mark.parametrize("name", NAMES)
def test_programs_behave(free, nonet, user, policies, programs, name):
    """A run for all cases that answer, and one for each that kills."""
    program, rows = programs(name), cases(name)
    alone = [index for index, row in enumerate(rows) if row[3] == "SIGSYS"]
    together = [index for index in range(len(rows)) if index not in alone]

    without = answers(free, program, name, [*together, *alone])
    wrong = [(rows[index][1:3], without.get(index)) for index in range(len(rows))
             if without.get(index) not in rows[index][4] | {"absent"}]
    assert not wrong, "without nonet"

    def confined(*words, **options):
        return free(nonet, "-q", "--policy", str(policies / f"{name}.policy"), "--", *words, **options)

    under = answers(confined, program, name, together)
    for index in alone:
        under |= answers(confined, program, name, [index]) if without[index] != "absent" else {}
    # `ok` is what the policy says: the kernel's answer is then the same as without it.
    wanted = [row[4] if row[3] == "ok" else {row[3]} for row in rows]
    wrong = [(rows[index][1:3], under.get(index)) for index in range(len(rows))
             if without[index] != "absent" and under.get(index) not in wanted[index]]
    assert not wrong, "under the policy"


@pytest.mark.parametrize("name", ["flatpak", "podman", "systemd"])
def test_a_whole_program(me, nonet, name):
    start = Launcher(me)
    done = start(PYTHON, "-c", PROGRAM)
    assert (done.returncode, done.stdout) == (0, b"fine 1\n"), done
    done = start(nonet, "-q", "--policy", str(FOLDER / f"{name}.policy"), "--", PYTHON, "-c", PROGRAM)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"fine 1\n", b""), done


# What is tried beside the worked commands: an expression in Python, and the policies that refuse it.
ATTEMPTS = """
import ctypes, errno, os, socket, sys
here = ("127.0.0.1", int(sys.argv[1]))
make = socket.socket
def fds():
    ours, theirs = socket.socketpair()
    socket.send_fds(ours, [b"x"], [2])
def ring():
    if ctypes.CDLL(None, use_errno=True).syscall(425, 0, 0) < 0 and ctypes.get_errno() == errno.ENOSYS: raise OSError(errno.ENOSYS, "")
for words in sys.argv[2:]:
    try: eval(words)
    except OSError as error: print(errno.errorcode[error.errno])
    else: print("ok")
"""
REFUSED = {
    "socket.create_server((here[0], 0))": {"worker": "EACCES", "build": "EACCES"},
    "socket.create_connection(here)": {"server": "EACCES", "worker": "EACCES", "build": "EACCES"},
    "make(type=socket.SOCK_DGRAM).sendto(b'', here)": {"server": "EACCES", "worker": "EACCES", "build": "EACCES"},
    "make().sendto(b'x', socket.MSG_FASTOPEN, here)": {"server": "EACCES", "worker": "EACCES", "build": "EACCES"},
    "make().sendmsg([b'x'], [], socket.MSG_FASTOPEN, here)": {"server": "EACCES", "worker": "EACCES", "build": "EACCES"},
    "make(socket.AF_UNIX)": {"server": "EACCES", "worker": "EACCES", "build": "EACCES"},
    "make(socket.AF_NETLINK, socket.SOCK_RAW)": {"server": "EACCES", "worker": "EACCES", "build": "EACCES"},
    "socket.socketpair()": {"worker": "EACCES"},
    "socket.socketpair(type=socket.SOCK_DGRAM)": {"worker": "EACCES", "build": "EACCES"},
    "fds()": {"worker": "EACCES"},
    "ring()": {"server": "ENOSYS", "worker": "ENOSYS", "build": "ENOSYS"},
}


def test_the_page_has_the_policies_and_their_commands():
    text = PAGE.read_text()
    blocks = re.findall(r"^```policy (\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert {name: block for name, block in blocks} == {name: (FOLDER / f"worked/{name}.policy").read_text() for name in WORKED}
    assert sorted(commands()) == WORKED


def commands():
    """The commands of the page by the name of their policy, as words for a shell."""
    found = re.findall(r"^```console\n\$ (nonet --policy (\w+)\.policy .*)\n```$", PAGE.read_text(), re.MULTILINE)
    return {name: command for command, name in found}


@pytest.fixture
def worked(me, nonet):
    """Words for a shell, in a folder with the policies, where `nonet` is the binary under test."""
    for name in WORKED:
        shutil.copy(FOLDER / f"worked/{name}.policy", me.home)
    path = f"{pathlib.Path(nonet).parent}:{me.environment()['PATH']}"
    return lambda words: {"args": ["sh", "-c", f"exec {words}"], "cwd": me.home, "env": {**me.environment(), "PATH": path}}


def test_a_server_that_only_answers(me, worked):
    pathlib.Path(me.home, "page.txt").write_text("hello")
    command = commands()["server"].replace("8000", "0")
    for words in (command.partition(" -- ")[2], command):
        server = subprocess.Popen(**worked(words), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            port = int(re.search(rb"port (\d+)", server.stdout.readline())[1])
            with socket.create_connection(("127.0.0.1", port), 5) as client:
                client.sendall(b"GET /page.txt HTTP/1.0\r\n\r\n")
                answer = b"".join(iter(lambda: client.recv(4096), b""))
            assert answer.startswith(b"HTTP/1.0 200 ") and answer.endswith(b"hello")
        finally:
            server.kill()
            server.communicate(timeout=5)


def test_a_worker_with_one_socket(worked):
    command = commands()["worker"]
    for words in (command.partition(" -- ")[2], command):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.settimeout(5)
            worker = subprocess.Popen(**worked(words), stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            theirs.close()
            ours.sendall(b"ping")
            ours.shutdown(socket.SHUT_WR)
            assert ours.recv(16) == b"ping"
            assert worker.communicate(timeout=10) == (b"", b"") and worker.returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), 5) as client:
        done = subprocess.run(**worked(command), stdin=client, capture_output=True, timeout=10)
        assert done.returncode == 125 and b"descriptor 0 is an AF_INET stream socket" in done.stderr


def test_a_build(me, worked):
    home = pathlib.Path(me.home)
    (home / "hello.c").write_text('#include <stdio.h>\nint main(void) { puts("hello"); }\n')
    (home / "Makefile").write_text("said: hello\n\t./hello | tee said\nhello: hello.c\n\tcc -o $@ $<\n")
    done = subprocess.run(**worked(commands()["build"]), capture_output=True, timeout=20)
    assert done.returncode == 0 and (home / "said").read_text() == "hello\n", done


def test_what_the_worked_policies_refuse(me, nonet, listener):
    start = Launcher(me)
    words = [PYTHON, "-c", ATTEMPTS, str(listener.port), *REFUSED]
    assert start(*words).stdout.decode().split() == ["ok"] * len(REFUSED), "without nonet"
    for name in WORKED:
        done = start(nonet, "--policy", str(FOLDER / f"worked/{name}.policy"), "--", *words)
        told = dict(zip(REFUSED, done.stdout.decode().split(), strict=True))
        assert told == {attempt: answers.get(name, "ok") for attempt, answers in REFUSED.items()}, name
