"""The log of what was tried: exact, readable at every moment, bounded, and no way out for a hostile command."""

import errno
import glob
import json
import os
import resource
import signal
import socket
import stat
import subprocess
import threading
import time
from collections import Counter
from datetime import datetime, timezone

import pytest
from conftest import HERE, ROOT

from support.calls import X86
from support.run import PYTHON, Launcher, tool

SOCKETS = "import socket\nfor i in range(3):\n try: socket.socket()\n except OSError: pass"
LONG = os.environ.get("NONET_LONG_STORM")


@pytest.fixture(scope="session")
def attempts(stage):
    out = stage / "attempts"
    build = [tool("cc"), "-O1", "-Wall", "-static", "-pthread", "-o", out, HERE / "probes/attempts.c"]
    subprocess.run(build, check=True, timeout=60)
    return str(out)


class Logged:
    """Runs commands under `--log` and `--log-dir` at once, and reads both."""

    def __init__(self, user, nonet, options=("-q",)):
        self.user, self.lines, self.folder = user, f"{user.home}/lines", f"{user.home}/logs"
        self.words = (nonet, *options, "--log", self.lines, "--log-dir", self.folder, "--")
        self.launch = Launcher(user, self.words)

    def __call__(self, *words, **options):
        return self.launch(*words, **options)

    def read(self):
        """The head, the events and the end of the line log; the document."""
        head, *events, end = read_lines(self.lines)
        return head, events, end, self.document()

    def document(self):
        (path,) = glob.glob(f"{self.folder}/nonet_*.json")
        with open(path) as file:
            return json.load(file)


def read_lines(path):
    with open(path) as file:
        return [json.loads(line) for line in file]


@pytest.fixture
def logged(user, nonet):
    return Logged(user, nonet)


def key(event):
    return json.dumps({k: v for k, v in event.items() if k not in ("timestamp", "last", "count", "repeated")}, sort_keys=True)


def counts(events):
    found = Counter()
    for event in events:
        found[key(event)] += event["count"]
    return found


def check_agreement(logged, expected=None):
    """Both logs tell the same, and their counts add up."""
    _, events, end, document = logged.read()
    assert sum(e["count"] for e in events) + end["dropped"] == end["event_count"] == document["event_count"]
    assert sum(e["count"] for e in document["events"]) + document["dropped"] == document["event_count"]
    assert len({key(e) for e in document["events"]}) == len(document["events"])
    assert {k: document[k] for k in ("status", "exit_code")} == {k: end[k] for k in ("status", "exit_code")}
    if not end["dropped"] and not document["dropped"]:
        assert counts(events) == counts(document["events"])
    if expected is not None:
        assert end["event_count"] == expected
    return document


# --- what is written -----------------------------------------------------------------------------


def test_the_format(logged):
    done = logged(PYTHON, "-c", SOCKETS + "\nraise SystemExit(7)")
    assert done.returncode == 7 and done.stderr == b""
    head, events, end, document = logged.read()
    assert list(head) == ["timestamp", "pid", "backend", "policy", "layers", "command", "version"]
    assert (head["backend"], head["policy"], head["command"][0]) == ("seccomp", "default", PYTHON)
    assert head["layers"][0] == "seccomp" and head["command"][2].startswith("import socket\n")
    assert end.pop("timestamp") > events[-1]["last"]
    assert end == {"event_count": 3, "attempts": 3, "dropped": 0, "status": "exited", "exit_code": 7}
    assert list(events[0]) == ["timestamp", "pid", "tid", "comm", "exe", "abi", "api", "args", "verdict", "errno", "count", "last"]
    assert events[0]["exe"] == os.path.realpath(PYTHON) and events[0]["pid"] == events[0]["tid"] != head["pid"]
    assert events[0]["args"] == {"family": "AF_INET", "type": "SOCK_STREAM", "flags": "SOCK_CLOEXEC", "protocol": "IPPROTO_IP"}
    assert (events[0]["api"], events[0]["verdict"], events[0]["errno"], events[0]["count"]) == ("socket", "refused", 13, 1)
    assert all(event["repeated"] for event in events[1:]) and sum(event["count"] for event in events[1:]) == 2
    assert {k: document[k] for k in head} == head
    assert {k: document[k] for k in end} == end
    (event,) = document["events"]
    assert event["count"] == 3 and event["timestamp"] == events[0]["timestamp"] and event["last"] == events[-1]["last"]


MOMENTS = """
import socket, time
moments = []
for i in range(20):
  before = time.time()
  for i in range(2):
    try: socket.socket()
    except OSError: pass
  moments.append((before, time.time()))
  time.sleep(0.005)
print(moments)
"""


def test_equal_attempts_of_different_moments_keep_their_times(logged):
    """Each can be joined to what the program did meanwhile, though all are the same event."""
    moments = json.loads(logged(PYTHON, "-c", MOMENTS).stdout.replace(b"(", b"[").replace(b")", b"]"))
    _, events, _, document = logged.read()
    assert len(document["events"]) == 1 and document["events"][0]["count"] == 40
    counts = Counter()
    for event in events:
        first, last = (seconds(event[name]) for name in ("timestamp", "last"))
        # The log has whole microseconds, and Python's clock more.
        (place,) = [n for n, (start, end) in enumerate(moments) if start - 1e-6 <= first and last <= end]
        counts[place] += event["count"]
    assert counts == {n: 2 for n in range(20)}


def seconds(timestamp):
    return datetime.strptime(timestamp, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc).timestamp()


def test_modes_and_places(logged, user):
    old = os.umask(0)
    try:
        logged("true")
    finally:
        os.umask(old)
    (path,) = glob.glob(f"{logged.folder}/*")
    modes = [stat.S_IMODE(os.stat(one).st_mode) for one in (logged.lines, logged.folder, path)]
    assert modes == [0o600, 0o700, 0o600] and os.listdir(logged.folder) == [os.path.basename(path)]


def test_a_second_run_is_added(logged):
    logged("true"), logged("false")
    lines = read_lines(logged.lines)
    assert [line.get("exit_code") for line in lines] == [None, 0, None, 1]
    assert len(glob.glob(f"{logged.folder}/*.json")) == 2


CALLS = r"""
import ctypes, os, socket, struct
libc = ctypes.CDLL(None, use_errno=True)
fd = socket.socket(socket.AF_UNIX).fileno() if %r else 0
def connect(data): libc.connect(fd, data, len(data))
connect(struct.pack("<HH4s8x", 2, socket.htons(443), bytes([93, 184, 216, 34])))
connect(struct.pack("<HHI16sI", 10, socket.htons(53), 0, socket.inet_pton(socket.AF_INET6, "2001:db8::1"), 0))
connect(struct.pack("<HHI16sI", 10, socket.htons(53), 0, socket.inet_pton(socket.AF_INET6, "::ffff:1.2.3.4"), 0))
connect(struct.pack("<H", 1) + b"/run/docker.sock\0junk")
connect(struct.pack("<H", 1) + b"\0abs\0tract\x1b[31m")
connect(struct.pack("<H", 1) + b"/tmp/\xff\\\"\n\xe2\x80\xae")
connect(struct.pack("<HHII", 16, 0, 7, 3))
connect(struct.pack("<H", 40) + b"junk")
connect(struct.pack("<H", 0))
connect(b"")
libc.socket(40, 1, 0); libc.socket(17, 3 | 0o4000, 3); libc.socket(2, 77, 262)
libc.syscall(%d, -1, 0)
"""
ADDRESSES = [
    {"family": "AF_INET", "address": "93.184.216.34", "port": 443},
    {"family": "AF_INET6", "address": "2001:db8::1", "port": 53},
    {"family": "AF_INET6", "address": "::ffff:1.2.3.4", "port": 53},
    {"family": "AF_UNIX", "path": "/run/docker.sock"},
    {"family": "AF_UNIX", "abstract": "abs\\x00tract\\x1b[31m"},
    {"family": "AF_UNIX", "path": "/tmp/\\xff\\x5c\"\\x0a\\xe2\\x80\\xae"},
    {"family": "AF_NETLINK", "netlink_port": 7, "groups": 3},
    {"family": "AF_VSOCK"}, {"family": "AF_UNSPEC"}, {},
]


def test_arguments_in_words(logged):
    done = logged(PYTHON, "-c", CALLS % (True, 438 if X86 else 438))
    assert done.returncode == 0, done.stderr
    document = check_agreement(logged)
    found = [e for e in document["events"]]
    connects = [{k: v for k, v in e["args"].items() if k != "fd"} for e in found if e["api"] == "connect"]
    assert connects == ADDRESSES
    sockets = [e["args"] for e in found if e["api"] == "socket"]
    assert sockets == [
        {"family": "AF_VSOCK", "type": "SOCK_STREAM", "protocol": 0},
        {"family": "AF_PACKET", "type": "SOCK_RAW", "flags": "SOCK_NONBLOCK", "protocol": 3},
        {"family": "AF_INET", "type": "SOCK_13", "flags": "0x40", "protocol": "IPPROTO_MPTCP"}]
    assert [e["errno"] for e in found if e["api"] == "socket"] == [97, 97, 13]
    (other,) = [e for e in found if e["api"] == "pidfd_getfd"]
    assert other["args"]["arg0"] == "0xffffffffffffffff" and other["args"]["arg1"] == "0x0"


def test_data_calls_in_words(user, nonet):
    """Under strict these are refused too, so their addresses are told."""
    code = ("import ctypes, struct\nlibc = ctypes.CDLL(None)\nto = struct.pack('>HH4s8x', 0x0200, 53, bytes([9, 9, 9, 9]))\n"
            "libc.sendto(5, b'data', 4, 0, to, 16)\nname = ctypes.create_string_buffer(to, 16)\n"
            "header = struct.pack('QQQQQQQ', ctypes.addressof(name), 16, 0, 0, 0, 0, 0)\nlibc.sendmsg(6, header, 0)\n"
            "libc.sendmmsg(7, header + struct.pack('Q', 0), 1, 0)\nlibc.bind(8, to, 16)\nlibc.socketpair(1, 1, 0, None)")
    logged = Logged(user, nonet, ("-q", "--policy", "strict"))
    assert logged(PYTHON, "-c", code).returncode == 0
    events = {e["api"]: e["args"] for e in check_agreement(logged)["events"] if e["api"] not in ("socket", "setsockopt")}
    address = {"family": "AF_INET", "address": "9.9.9.9", "port": 53}
    assert events["sendto"] == {"fd": 5, **address} and events["sendmsg"] == {"fd": 6, **address}
    assert events["sendmmsg"] == {"fd": 7, **address, "messages": 1} and events["bind"] == {"fd": 8, **address}
    assert events["socketpair"] == {"family": "AF_UNIX", "type": "SOCK_STREAM", "protocol": 0}


def test_32_bit_programs(logged, probe32):
    """Their calls are refused as without a log, and told with their own ABI and structures."""
    words = [probe32, "socket:359:2:1:0", "connect:362:99:z:16", "inside:102:1:z", "far:102:3:1"]
    plain = Launcher(logged.user, (logged.words[0], "--"))(*words)
    done = logged(*words)
    assert (done.stdout, done.returncode) == (plain.stdout, plain.returncode)
    events = check_agreement(logged)["events"]
    assert {e["abi"] for e in events} == {"i386"}
    assert [(e["api"], e["args"]) for e in events] == [
        ("socket", {"family": "AF_INET", "type": "SOCK_STREAM", "protocol": "IPPROTO_IP"}),
        ("connect", {"fd": 99, "family": "AF_UNSPEC"}),
        ("socketcall", {"call": "socket", "family": "AF_UNSPEC", "type": "SOCK_0", "protocol": 0}),
        ("socketcall", {"call": "connect", "unreadable": True})]


def test_standard_error_and_words_at_the_end(user, nonet):
    done = Launcher(user)(nonet, "--log", "-", "--", PYTHON, "-c", SOCKETS)
    lines = done.stderr.decode().splitlines()
    assert json.loads(lines[0])["policy"] == "default" and json.loads(lines[-3])["event_count"] == 3
    assert lines[-2] == 'nonet: 3 attempts refused by policy "default": socket AF_INET SOCK_STREAM (3)'
    assert lines[-1].startswith("nonet: by python")
    done = Launcher(user)(nonet, "--log", "lines", "--", "true")
    assert done.stderr == b""


def test_a_probe_for_io_uring_is_no_attempt(user, nonet):
    code = "import ctypes; ctypes.CDLL(None).syscall(425, 8, 0); raise SystemExit(3)"
    done = Launcher(user)(nonet, "--hint", "--log", "lines", "--", PYTHON, "-c", code)
    assert (done.returncode, done.stderr) == (3, b"")
    _, event, end = read_lines(f"{user.home}/lines")
    assert (event["api"], event["errno"], end["event_count"]) == ("io_uring_setup", errno.ENOSYS, 1)


def test_the_name_service_is_no_attempt(user, nonet):
    """Nearly every program asks nscd; an agent must not hear that this was why its command failed."""
    code = "import pwd, sys; pwd.getpwnam('root'); sys.exit(3)"
    done = Launcher(user)(nonet, "--hint", "--log", "lines", "--", PYTHON, "-c", code)
    assert (done.returncode, done.stderr) == (3, b"")
    _, *events, end = read_lines(f"{user.home}/lines")
    assert events and all(event["probe"] and "nscd" in event["args"]["path"] for event in events)
    assert end["event_count"] == sum(event["count"] for event in events)


def test_where_no_log_can_be_written(user, nonet):
    os.mkdir(f"{user.home}/folder")
    with open(f"{user.home}/file", "w"):
        pass
    for options in (["--log", "folder"], ["--log", "none/file"], ["--log-dir", "file"], ["--log-dir", "file/below"]):
        done = Launcher(user)(nonet, *options, "--", "touch", "ran")
        assert done.returncode == 125 and done.stderr.startswith(b"nonet: --log") and done.stderr.count(b"\n") == 1
        assert not os.path.exists(f"{user.home}/ran")


@pytest.mark.skipif(not ROOT, reason="only root mounts a small file system")
def test_a_full_disk(me, nonet, attempts):
    """One warning; the command goes on and nothing gets through; what was written stays readable."""
    script = ('mount -t tmpfs -o size=200k none "$1" && cd "$1" && shift && "$@"; echo status $?; '
              'cat lines; echo; echo ----; cat logs/*.json')
    os.mkdir(f"{me.home}/small")
    done = Launcher(me)("unshare", "-m", "sh", "-c", script, "sh", f"{me.home}/small", nonet, "--log", "lines",
                        "--log-dir", "logs", "--", attempts, "different", "3000")
    out, _, document = done.stdout.decode().partition("----")
    assert "13 3000\nstatus 0" in out
    assert done.stderr.count(b"the log cannot be written") == 1
    lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    document = json.loads(document)
    assert len(lines) > 100 and document["event_count"] == 3000
    assert sum(e["count"] for e in document["events"]) + document["dropped"] == 3000


def test_a_reader_that_does_not_read(me, nonet, attempts):
    """A full pipe stops neither the command nor the supervisor; what it did not take is dropped and said."""
    reading, writing = os.pipe()
    started = time.monotonic()
    done = Launcher(me)(nonet, "-q", "--log", f"/dev/fd/{writing}", "--", attempts, "different", "2000", pass_fds=(writing,))
    assert done.stdout == b"13 2000\n" and time.monotonic() - started < 10
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        lines = [json.loads(line) for line in pipe.read().splitlines()]
    assert 10 < len(lines) < 2000 and sum(one.get("count", 0) for one in lines) < 2000


# --- exact ---------------------------------------------------------------------------------------


def test_64_processes_of_8_threads(logged, attempts):
    """No event lost, none invented, none torn."""
    processes, threads, each = 64, 8, 20
    done = logged(attempts, "many", str(processes), str(threads), str(each), timeout=60)
    assert done.stdout == f"13 {processes * threads * each}\n".encode()
    document = check_agreement(logged, processes * threads * each)
    found = Counter()
    for event in document["events"]:
        assert (event["comm"], event["api"], event["tid"] != 0) == ("attempts", "connect", True)
        found[event["args"]["address"]] += event["count"]
    assert found == {f"127.{p}.{t}.1": each for p in range(processes) for t in range(threads)}
    assert len({e["pid"] for e in document["events"]}) == processes
    assert len({e["tid"] for e in document["events"]}) == processes * threads


def high_water(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))


def watched(launch, *words, timeout):
    """Runs a command and reads the supervisor's highest memory as late as it can be read."""
    child = launch.popen(*words)
    most, end = 0, time.monotonic() + timeout
    while child.poll() is None:
        assert time.monotonic() < end, "the storm does not end"
        try:
            most = max(most, high_water(child.pid))
        except (OSError, StopIteration):
            pass
        time.sleep(0.01)
    out, err = child.communicate()
    return child.returncode, out, err, most


@pytest.mark.parametrize("kind", ["same", "different"])
def test_a_storm(logged, attempts, kind):
    """100,000 attempts: the sum is exact, memory and files are bounded."""
    count = 100_000
    status, out, err, most = watched(logged.launch, attempts, kind, str(count), timeout=60)
    assert (status, out, err) == (0, f"13 {count}\n".encode(), b"")
    assert 0 < most < 4608, f"VmHWM {most} kB"
    document = check_agreement(logged, count)
    if kind == "same":
        assert [e["count"] for e in document["events"]] == [count] and document["dropped"] == 0
    else:
        assert 2000 < len(document["events"]) <= 4096 and document["dropped"] == count - len(document["events"])
    # The lines have every attempt, also those that found no room in memory.
    assert logged.read()[2]["dropped"] == 0
    assert os.path.getsize(logged.lines) < (4 if kind == "same" else 64) << 20
    (path,) = glob.glob(f"{logged.folder}/*")
    assert os.path.getsize(path) < 4 << 20


def test_what_looks_for_names_leaves_room(logged):
    """Programs that look for their user's name are many in a test suite, and each asks nscd first."""
    script = "for i in $(seq 2100); do id -un; done >/dev/null; exec python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 9))'"
    done = logged("sh", "-c", script, timeout=120)
    assert done.returncode == 1
    document = check_agreement(logged)
    tried = [event for event in document["events"] if not event.get("probe")]
    assert tried and tried[-1]["comm"] == "python3" and logged.read()[2]["dropped"] == 0
    # Without an entry of their own in the document, the last of those are in the lines still.
    assert document["dropped"] > 0


def test_probes_without_room_are_no_attempts(user, nonet):
    """The words at the end are about attempts: what only looks what there is does not count there."""
    code = """
import ctypes, socket
for number in range(3000): ctypes.CDLL(None).syscall(425, number, None)
for protocol in (200, 201, 202):
    try: socket.socket(socket.AF_INET6, socket.SOCK_RAW, protocol)
    except OSError: pass
"""
    logged = Logged(user, nonet, options=())
    said = logged(PYTHON, "-c", code).stderr.decode()
    assert check_agreement(logged)["dropped"] > 0  # the instrument: some found no room
    assert "; all of them: " in said and "only counted" not in said, said


@pytest.mark.skipif(not LONG, reason="a million attempts take long: set NONET_LONG_STORM=1")
def test_a_million(logged, attempts):
    started = time.monotonic()
    status, out, _, most = watched(logged.launch, attempts, "same", "1000000", timeout=300)
    print(f"1,000,000 attempts in {time.monotonic() - started:.1f} s, VmHWM {most} kB")
    assert (status, out) == (0, b"13 1000000\n") and most < 4608
    check_agreement(logged, 1_000_000)


def test_names_and_programs_are_seen_to_change(logged, attempts, user):
    assert logged(attempts, "renamed", "20").returncode == 0
    assert [e["comm"] for e in check_agreement(logged)["events"]] == [f"name-{i}" for i in range(20)]


def test_exec_is_seen(logged):
    """The same process with another program, by the same name."""
    code = ("import os, socket\ntry: socket.socket()\nexcept OSError: pass\n"
            "os.execv('./other/bash', ['bash', '-c', 'echo > /dev/tcp/127.0.0.1/1'])")
    os.mkdir(f"{logged.user.home}/other")
    bash = f"{logged.user.home}/other/bash"
    with open("/bin/bash", "rb") as source, open(bash, "wb") as target:
        target.write(source.read())
    os.chmod(bash, 0o755)
    logged(PYTHON, "-c", code)
    first, second, *_ = check_agreement(logged)["events"]
    assert first["pid"] == second["pid"] and first["exe"] == os.path.realpath(PYTHON)
    assert (second["comm"], second["exe"]) == ("bash", bash)


@pytest.mark.skipif(not ROOT, reason="only root chooses the next pid")
def test_pid_reuse(me, nonet):
    """Another process with the same number is told apart, though the supervisor had the first one's files open."""
    code = """
import ctypes, os, socket
libc = ctypes.CDLL(None)
wanted = None
for name in (b"first", b"second", b"third"):
    for attempt in range(50):
        if wanted:
            open("/proc/sys/kernel/ns_last_pid", "w").write(str(wanted - 1))
        child = os.fork()
        if child == 0:
            if not wanted or os.getpid() == wanted:
                libc.prctl(15, name, 0, 0, 0)
                try: socket.socket()
                except OSError: pass
            os._exit(0)
        os.waitpid(child, 0)
        if not wanted or child == wanted:
            wanted = child
            break
print(wanted)
"""
    logged = Logged(me, nonet)
    # Among pids of its own, so that no other process of the machine takes the number between two.
    done = Launcher(me, ("unshare", "-pf", "--mount-proc", *logged.words))(PYTHON, "-c", code)
    assert done.returncode == 0, done.stderr
    events = check_agreement(logged)["events"]
    assert [(e["comm"], e["pid"]) for e in events] == [(name, int(done.stdout)) for name in ("first", "second", "third")]


# --- killed, and hostile -------------------------------------------------------------------------


def test_the_command_is_killed(logged, attempts, listener):
    child = logged.launch.popen(attempts, "race", "100000000", str(listener.port))
    time.sleep(0.5)
    # The command's process: the second holder, nonet's other child, has a session of its own.
    with open(f"/proc/{child.pid}/task/{child.pid}/children") as file:
        (command,) = [int(one) for one in file.read().split() if os.getsid(int(one)) == os.getsid(child.pid)]
    os.kill(command, signal.SIGKILL)
    child.communicate(timeout=10)
    assert child.returncode == -signal.SIGKILL
    document = check_agreement(logged)
    assert document["event_count"] > 100 and document["status"] == "killed" and listener.seen == []


def test_the_supervisor_is_killed(logged, attempts, listener):
    """At any moment both logs can be read, and nothing gets out before, while or after.

    In the first milliseconds there is no second holder that knows the document: the next run with that folder writes it.
    """
    left_to_the_next = set()
    for delay in (0.01, 0.03, 0.1, 0.3):
        for old in glob.glob(f"{logged.folder}/*") + glob.glob(logged.lines):
            os.unlink(old)
        child = logged.launch.popen(attempts, "many", "8", "4", "100000000", stdin=subprocess.DEVNULL)
        time.sleep(delay)
        with open(f"/proc/{child.pid}/task/{child.pid}/children") as file:
            commands = [int(one) for one in file.read().split()]
        child.kill()
        child.communicate(timeout=10) if not commands else child.wait(10)
        for line in open(logged.lines):
            json.loads(line)
        documents = glob.glob(f"{logged.folder}/nonet_*.json")
        end = time.monotonic() + 5
        for document in documents:
            while json.loads(open(document).read())["status"] != "lost":  # the second holder writes it
                if time.monotonic() > end or len(commands) < 2:
                    assert delay not in left_to_the_next, "the document says 'running' for ever"
                    left_to_the_next.add(delay)
                    assert logged.launch("true").returncode == 0
                time.sleep(0.01)
        for command in commands:
            try:
                os.kill(command, signal.SIGKILL)
            except ProcessLookupError:
                pass
        end_group(attempts)
    assert listener.seen == [] and len(left_to_the_next) < 4


def end_group(program):
    """Ends what is left of processes that this test started, found by the program that it compiled for itself."""
    for _ in range(200):
        left = []
        for folder in glob.glob("/proc/[0-9]*"):
            try:
                if os.readlink(f"{folder}/exe") == program:
                    left.append(int(folder[6:]))
            except OSError:
                continue
        if not left:
            return
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.02)
    raise AssertionError("some do not end")


def test_an_address_that_changes_while_it_is_read(logged, free, attempts, listener):
    """What is read is for the log alone: whatever it says, nothing arrives."""
    assert free(attempts, "race", "50", str(listener.port)).returncode == 0
    until = time.monotonic() + 5
    while not listener.seen and time.monotonic() < until:
        time.sleep(0.01)
    assert listener.seen, "the instrument: without nonet it arrives"
    time.sleep(0.2)
    listener.seen.clear()
    done = logged(attempts, "race", "20000", str(listener.port))
    assert done.stdout == b"13 20000\n" and listener.seen == []
    check_agreement(logged, 20001)  # and the socket


def test_targets_that_vanish(logged, attempts):
    done = logged(attempts, "vanish", "200", timeout=60)
    assert done.returncode == 0 and {line.split()[0] for line in done.stdout.split(b"\n") if line} == {b"13"}
    document = check_agreement(logged)
    answered = sum(int(line.split()[1]) for line in done.stdout.split(b"\n") if line)
    # An attempt whose thread was killed between the answer and the note of it is one that only the log knows.
    assert answered <= document["event_count"] <= answered + 4 * 200
    assert {e["comm"] for e in document["events"]} == {"attempts"}


@pytest.mark.parametrize("policy", ["default", "strict"])
def test_memory_that_cannot_be_read(user, nonet, attempts, policy):
    logged = Logged(user, nonet, ("-q", "--policy", policy))
    done = logged(attempts, "unreadable")
    plain = Launcher(user, (nonet, "--policy", policy, "--"))(attempts, "unreadable")
    assert (done.returncode, done.stdout) == (0, plain.stdout)
    document = check_agreement(logged)
    unreadable = [e for e in document["events"] if e["args"].get("unreadable")]
    assert sum(e["count"] for e in unreadable) > 10 and all("address" not in e["args"] for e in unreadable)


def test_a_process_that_cannot_be_read(logged):
    code = ("import ctypes, socket\nctypes.CDLL(None).prctl(4, 0, 0, 0, 0)\ns = socket.socket(socket.AF_UNIX)\n"
            "try: s.connect('/no/such')\nexcept PermissionError: print('refused')")
    assert logged(PYTHON, "-c", code).stdout == b"refused\n"
    (event,) = check_agreement(logged)["events"]
    assert event["api"] == "connect"
    if logged.user.uid >= 0:  # root reads it all the same
        assert event["args"]["unreadable"] is True and "path" not in event["args"]


SECOND_FILTER = """
import ctypes, os, socket, struct
libc = ctypes.CDLL(None, use_errno=True)
seccomp, connect = (317, 42) if os.uname().machine == "x86_64" else (277, 203)
code = struct.pack("HBBI", 0x20, 0, 0, 0) + struct.pack("HBBI", 0x15, 0, 1, connect) + struct.pack("HBBI", 6, 0, 0, 0x7fc00000) + struct.pack("HBBI", 6, 0, 0, 0x7fff0000)
buffer = ctypes.create_string_buffer(code)
program = struct.pack("HxxxxxxQ", 4, ctypes.addressof(buffer))
print("listener", libc.syscall(seccomp, 1, 8, program), ctypes.get_errno())
print("plain", libc.syscall(seccomp, 1, 0, program))
s = socket.socket(socket.AF_UNIX)
try: s.connect("/no/such"); print("out")
except OSError as e: print("connect", e.errno)
try: socket.socket(); print("out")
except OSError as e: print("socket", e.errno)
"""


def test_a_second_filter(logged):
    """A listener of its own is EBUSY; a filter that notifies nobody makes calls fail, never pass."""
    done = logged(PYTHON, "-c", SECOND_FILTER)
    lines = done.stdout.decode().splitlines()
    assert lines[0] == f"listener -1 {errno.EBUSY}" and lines[1] == "plain 0", done
    assert lines[2] in ("connect 13", f"connect {errno.ENOSYS}") and lines[3] == "socket 13"


@pytest.mark.parametrize("calls", ["read", "write", "futex", "exit,exit_group", "close,mmap,munmap", "rt_sigprocmask,wait4"])
def test_policies_that_refuse_what_a_supervisor_would_need(logged, nonet, user, calls):
    """The child asks nothing of its own filter but execve, so none of these can make it wait for itself."""
    words = (nonet, "-q", "--deny", calls, "--log", logged.lines, "--log-dir", logged.folder, "--")
    started = time.monotonic()
    done = Launcher(user, words)("/bin/true", timeout=15)
    assert time.monotonic() - started < 12
    plain = Launcher(user, (nonet, "-q", "--deny", calls, "--"))("/bin/true", timeout=15)
    assert done.returncode == plain.returncode
    check_agreement(logged)


def test_a_few_descriptors(user, nonet, attempts):
    """Where only a few may be open, threads are forgotten sooner, and counted all the same."""
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))

    logged = Logged(user, nonet)
    done = logged(attempts, "many", "8", "4", "10", preexec_fn=few)
    assert done.stdout == b"13 320\n", done
    check_agreement(logged, 320)


def test_a_reader_sees_a_document_at_every_moment(logged, attempts):
    child = logged.launch.popen(attempts, "different", "3000")
    seen = set()
    while child.poll() is None:
        for path in glob.glob(f"{logged.folder}/nonet_*.json"):
            document = None
            for _ in range(20):  # a read that meets the write of an event may see part of it, the next one not
                with open(path) as file:
                    text = file.read()
                try:
                    document = json.loads(text)
                    break
                except json.JSONDecodeError:
                    continue
            assert document is not None and len(document["events"]) <= 3000
            seen.add(len(document["events"]))
    child.communicate()
    assert child.returncode == 0 and len(seen) > 1
    check_agreement(logged, 3000)


FILL = """
import fcntl, os, socket
before = fcntl.fcntl(2, fcntl.F_GETFL)
fcntl.fcntl(2, fcntl.F_SETFL, before | os.O_NONBLOCK)
for size in (65536, 1):
    try:
        while True: os.write(2, b"x" * size)
    except BlockingIOError: pass
fcntl.fcntl(2, fcntl.F_SETFL, before)
try: socket.socket()
except OSError: pass
"""


@pytest.mark.parametrize("option", ["--log-dir", "--report"])
def test_words_at_the_end_that_nobody_reads(user, nonet, option):
    """The command has filled the pipe that standard error is: it waits for nobody, and so does nonet."""
    reader, writer = os.pipe()
    place = f"{user.home}/full"
    running = Launcher(user, (nonet, option, place, "--")).popen(PYTHON, "-c", FILL, stderr=writer)
    os.close(writer)
    try:
        assert running.wait(20) == 0
    finally:
        running.kill()
        os.close(reader)
    assert os.path.exists(place)
