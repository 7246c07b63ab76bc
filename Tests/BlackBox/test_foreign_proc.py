"""A /proc that is not ours: of another pid namespace, of nobody, or made up.

Nothing is written to another process's folder, nobody is named for another, and what cannot be known is
refused with what is the matter.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import time

import pytest
from conftest import HERE, ROOT

from support.run import NOBODY, PYTHON, tool

pytestmark = pytest.mark.skipif(not ROOT, reason="only root can mount, and make pid namespaces without a user namespace")

LAST = "/proc/sys/kernel/ns_last_pid"
ATTEMPT = ("bash", "-c", ": >/dev/tcp/127.0.0.1/9")
# A pid namespace whose processes see the /proc outside: their own numbers are others' there.
ABOVE = ("unshare", "--pid", "--fork")
AS_NOBODY = ("setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups")


def run(*words, timeout=20, **options):
    return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, **options)


@pytest.fixture(scope="module")
def mapper(stage):
    out = stage / "mapper"
    subprocess.run([tool("cc"), "-O1", "-Wall", "-static", "-o", out, HERE / "probes/mapper.c"], check=True, timeout=60)
    return str(out)


class Waiters:
    """Processes of nobody that wait for a map of their user namespace, on numbers in a row."""

    def __init__(self, mapper, count=12):
        self._process = subprocess.Popen([mapper, "wait", str(count)], stdout=subprocess.PIPE, text=True)
        self.numbers = sorted(int(self._process.stdout.readline().split()[1]) for _ in range(count))

    def hits(self):
        """Ends them; what they printed since."""
        time.sleep(0.1)  # four times as long as they sleep
        for number in self.numbers:
            try:
                os.kill(number, 9)
            except ProcessLookupError:
                pass
        return self._process.communicate(timeout=10)[0]


def beside(mapper, *words):
    """Runs a command in a pid namespace with the first numbers of the waiters; what it and they say."""
    waiters = Waiters(mapper)
    code = f'echo {waiters.numbers[0] - 1} > {LAST}; "$@"; exit $?'
    try:
        done = run(*ABOVE, "bash", "-c", code, "bash", *words)
    finally:
        said = waiters.hits()
    return done, said


@pytest.mark.skipif(not os.access(LAST, os.W_OK), reason=f"{LAST} cannot be written: the kernel lacks CONFIG_CHECKPOINT_RESTORE")
def test_the_map_goes_to_nobody_else(mapper, nonet):
    _, said = beside(mapper, mapper, "map")
    assert re.search(r"^hit \d+: setresuid answers 0$", said, re.MULTILINE), "the instrument: a number in /proc is another's"
    for option in (["--loopback"], ["--backend", "namespace", "-q"], ["--loopback", "--hint"], ["--check"]):
        words = [nonet, *option] + ([] if option == ["--check"] else ["--", "cat", "/proc/self/uid_map"])
        for _ in range(3):
            done, said = beside(mapper, *words)
            assert "hit" not in said and done.returncode == 0, (option, done, said)
            assert option == ["--check"] or done.stdout.split() == [b"0", b"0", b"4294967295"], (option, done)


@pytest.mark.parametrize("drop", [(), AS_NOBODY], ids=["root", "nobody"])
def test_a_proc_of_the_namespace_above(nonet, drop):
    """/proc/self is our own there, though its number is not ours; what needs no more works."""
    done = run(*ABOVE, *drop, nonet, "--loopback", "--", "id", "-u")
    assert (done.returncode, done.stdout) == (0, b"%d\n" % (NOBODY if drop else 0)), done
    # The instrument: with a /proc of its own the log has names.
    for more, name, program in ((["--mount-proc"], "bash", os.path.realpath(shutil.which("bash"))), ([], None, None)):
        done = run(*ABOVE, *more, *drop, nonet, "-q", "--log", "-", "--", *ATTEMPT)
        events = [json.loads(line) for line in done.stderr.splitlines() if line.startswith(b"{")]
        # One for bash; on some machines its C library asks a name service first.
        assert {(event["comm"], event["exe"]) for event in events if "api" in event} == {(name, program)}, done
    for value in ("inside", "/"):
        done = run(*ABOVE, *drop, nonet, "--allow-unix", value, "--", "echo", "ran")
        assert (done.returncode, done.stdout) == (125, b"") and b"belongs to another" in done.stderr and done.stderr.count(b"\n") == 1, done
        assert run(*ABOVE, "--mount-proc", *drop, nonet, "--allow-unix", value, "--", "echo", "ran").stdout == b"ran\n"


def test_words_name_nobody(nonet):
    done = run(*ABOVE, nonet, "--hint", "--", *ATTEMPT)
    assert b"socket AF_INET SOCK_STREAM by a process without a name\n" in done.stderr


def mounted(script, *words, **options):
    """Runs a command in a mount namespace of its own, after a script."""
    return run("unshare", "--mount", "bash", "-e", "-c", f'{script}\n"$@"', "bash", *words, **options)


# A procfs of a pid namespace below ours: it does not see us, and has no /proc/self.
BELOW = """
mkdir -p "$TMPDIR/below"; mount -t tmpfs none "$TMPDIR/below"; mkdir "$TMPDIR/below/proc"
unshare --pid --fork --kill-child bash -c "mount -t proc none $TMPDIR/below/proc; echo >$TMPDIR/below/ready; exec sleep 10" >"$TMPDIR/said" 2>&1 &
trap "kill $!" EXIT
for i in {1..100}; do [ -e "$TMPDIR/below/ready" ] && break; sleep 0.05; done
mount --bind "$TMPDIR/below/proc" /proc
"""
# What no kernel made: nothing open, and a map that takes everything.
MADE_UP = """
mount -t tmpfs none /proc; mkdir -p /proc/self/fd /proc/self/ns; : >/proc/self/setgroups
echo 0 0 4294967295 | tee /proc/self/uid_map >/proc/self/gid_map; echo NSpid: 1 >/proc/self/status
"""
KINDS = {"below": (BELOW, b"belongs to another pid namespace"), "made up": (MADE_UP, b"a procfs must be mounted at /proc")}
OPEN = "import os\ntry: os.fstat({0}); print('open')\nexcept OSError: print('closed')"


@pytest.fixture(params=KINDS)
def elsewhere(request, tmp_path):
    script, words = KINDS[request.param]
    return lambda *command, **options: mounted(script, *command, env={**os.environ, "TMPDIR": str(tmp_path)}, **options), words


def test_a_proc_without_us(elsewhere, nonet):
    within, words = elsewhere
    assert within("test", "-e", "/proc/self/stat").returncode == 1, "the instrument: there is no process of ours"
    for option in ("--loopback", "--backend=namespace"):
        done = within(nonet, option, "--", "echo", "ran")
        assert (done.returncode, done.stdout) == (125, b"") and words in done.stderr, done
    table = within(nonet, "--check").stdout
    assert words in table and b"logs name nobody, and --allow-unix is refused\n" in table
    done = within(nonet, "--allow-unix", "inside", "--", "echo", "ran")
    assert (done.returncode, done.stdout) == (125, b"") and b"/proc" in done.stderr, done
    assert within(nonet, "--", "echo", "ran").stdout == b"ran\n"


def test_inherited_sockets_are_found_all_the_same(elsewhere, nonet):
    within, _ = elsewhere
    with socket.socket() as one:
        code = OPEN.format(one.fileno())
        assert within(PYTHON, "-c", code, pass_fds=[one.fileno()]).stdout == b"open\n"
        done = within(nonet, "--", PYTHON, "-c", code, pass_fds=[one.fileno()])
        assert done.stdout == b"closed\n", done


def test_check_tells_interfaces_without_proc(elsewhere, nonet, tmp_path):
    """Inside a private network, where /proc/net is not to be had; and AF_VSOCK, which leads out of one, is refused."""
    script, _ = elsewhere
    done = run(nonet, "-q", "--loopback", "--", nonet, "--check")
    assert b"has no network but lo" in done.stdout
    policy = tmp_path / "vsock.policy"
    policy.write_text("default allow\ndeny socket if domain == AF_VSOCK\n")
    done = script("unshare", "--net", nonet, "-q", "--policy", policy, "--", nonet, "--check")
    assert b"has no network but lo" in done.stdout, done


# --- causes, found by looking ---------------------------------------------------------------------


@pytest.mark.parametrize("around, options, words", [
    (("setpriv", "--bounding-set", "-setuid"), ["--loopback"], "root without CAP_SETUID may not map ids"),
    (("setpriv", "--bounding-set", "-setfcap"), ["--loopback"], "root without CAP_SETFCAP may not map ids"),
    (("{nonet}", "--deny", "unshare", "--"), ["--loopback"], "an outer filter, a container's perhaps, must let unshare through"),
    (("{nonet}", "--deny", "unshare", "--errno=EPERM", "--"), ["--loopback"], "an outer filter, a container's perhaps"),
    (("{nonet}", "--errno", "EPERM", "--"), ["--loopback"], "socket(AF_INET): Operation not permitted; an outer sandbox"),
    (("prlimit", "--nofile=4"), ["--loopback"], "the limit of open files (ulimit -n) is too low"),
    (("{nonet}", "--deny", "pidfd_open", "--"), ["--allow-unix", "inside"], "needs pidfd_open, which an outer filter refuses"),
    (("{nonet}", "--deny", "seccomp", "--"), ["--backend", "seccomp"], "an outer filter refuses the call"),
    (("unshare", "--mount", "sh", "-c", 'mount -t proc none {root}/proc; exec chroot {root} "$@"', "sh"), ["--loopback"],
     "not possible inside a chroot"),
], ids=lambda value: value if isinstance(value, str) else None)
def test_the_cause_that_is_there(nonet, tmp_path, around, options, words):
    (tmp_path / "proc").mkdir()
    shutil.copy(nonet, tmp_path / "nonet")
    binary = "/nonet" if "chroot" in " ".join(around) else nonet
    done = run(*(word.format(nonet=nonet, root=tmp_path) for word in around), binary, *options, "--", "echo", "ran")
    assert (done.returncode, done.stdout) == (125, b"") and words in done.stderr.decode(), done
    assert "AppArmor" not in done.stderr.decode()


def test_an_emulator_in_the_kernels_place(nonet):
    emulator = tool(f"qemu-{os.uname().machine}-static", optional=True)
    done = run(emulator, nonet, "--", "echo", "ran")
    assert (done.returncode, done.stdout) == (125, b"") and done.stderr.count(b"(qemu-user)") == 2 and b"CONFIG" not in done.stderr, done
