"""The module of the wheel: `nonet.run`, `nonet.confine` and what they read."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from conftest import MACHINE, REFUSED, ask, run

pytestmark = pytest.mark.usefixtures("clean_environment")
root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has capabilities to give up")


def test_run(installed):
    text = """
done = nonet.run([sys.executable, '-c', 'import socket\\ntry: socket.socket()\\nexcept OSError: print(5)'], capture_output=True, text=True)
assert (done.stdout, done.returncode, len(done.attempts)) == ('5\\n', 0, 1), done
one = done.attempts[0]
assert (one.call, one.target, one.count, one.verdict, one.errno) == ('socket', 'AF_INET SOCK_STREAM', 1, 'refused', 13), one
assert abs(__import__('time').time() - one.time) < 30
assert nonet.run('echo $NONET', shell=True, capture_output=True, text=True).stdout.startswith('default:seccomp')
assert nonet.run(['sh', '-c', 'exit 125']).returncode == 125
assert nonet.run(['sh', '-c', 'kill $$']).returncode == -15
"""
    ask(installed, text)
    for call, words in [
        ("nonet.run(['true'], policy='nope')", "no preset is called 'nope'"),
        ("nonet.run(['true'], policy='/no.policy')", "cannot read the policy '/no.policy'"),
        ("nonet.run(['no-such-command'])", "'no-such-command': not found along PATH"),
        ("nonet.run(['true'], options=['--nope'])", "no option is called '--nope'"),
        ("nonet.run([])", "no command was given"),
    ]:
        done = ask(installed, call, check=False)
        assert done.returncode == 1 and words in done.stdout.splitlines()[-1] + done.stdout, done.stdout
    assert json.loads(ask(installed, "import json; print(json.dumps(nonet.check()))").stdout)["arch"] == MACHINE


def test_confine(installed, ordinary):
    assert "not refused" in ask(installed, REFUSED, check=False).stdout  # The instrument.
    done = ask(installed, "nonet.confine()\n" + REFUSED + "print(os.environ['NONET'])")
    assert done.stdout.startswith("default:seccomp+"), done.stdout
    status = ask(installed, "nonet.confine()\nprint(nonet.check()['findings'][-1]['there'])")
    assert status.stdout.splitlines()[-1] == "True", status.stdout
    ask(ordinary, "nonet.confine('strict')\ntry: socket.socketpair()\nexcept OSError: sys.exit(0)\nsys.exit(1)")
    ask(ordinary, "import threading\nt = threading.Thread(target=threading.Event().wait, daemon=True); t.start()\nnonet.confine(threads=True)\n" + REFUSED)
    # In a thread that was there before.
    ask(ordinary, """
import threading
go, done = threading.Event(), []
def late():
    go.wait()
    try: socket.socket(); done.append('made')
    except OSError: done.append('refused')
t = threading.Thread(target=late); t.start()
nonet.confine(threads=True); go.set(); t.join()
assert done == ['refused'], done
""")


NOTHING_HALF = """
try: nonet.confine({arguments})
except nonet.NonetError as error: print(error)
else: sys.exit('no exception')
status = open('/proc/self/status').read()
assert 'NoNewPrivs:\\t{nnp}' in status and 'Seccomp_filters:\\t{filters}' in status, status
assert {landlock}
"""
# Inside a Landlock domain a process cannot trace its parent; that is how one can be told.
FREE = "subprocess.run(['true']) and True"


@pytest.mark.parametrize("before, arguments, words", [
    ("", "'nope'", "no preset is called 'nope'"),
    ("open('bad.policy', 'w').write('default allow\\ndeny conect\\n')", "'./bad.policy'", "bad.policy:2:6: error: no architecture has a call named 'conect'"),
    ("", "'loopback'", "policy loopback wants a network namespace"),
    ("s = socket.socket()", "", "descriptor 3 is an AF_INET stream socket; close them before confine()"),
    ("import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()", "", "2 threads run, and Landlock confines only the one that asks"),
])
def test_confine_refuses(installed, tmp_path, before, arguments, words):
    done = ask(installed, "import subprocess\n" + before + NOTHING_HALF.format(arguments=arguments, nnp=0, filters=0, landlock=FREE), cwd=tmp_path)
    assert words in done.stdout, done.stdout


def test_confine_twice_and_inside(installed):
    done = ask(installed, "import subprocess\nnonet.confine()" + NOTHING_HALF.format(arguments="", nnp=1, filters=1, landlock=FREE))
    assert "this process is confined already" in done.stdout
    ask(installed, "import threading\nr = []\ndef f():\n  try: nonet.confine()\n  except nonet.NonetError as e: r.append(e)\nt = threading.Thread(target=f); t.start(); t.join()\nassert 'threads run' in str(r)")
    # An outer nonet is no hindrance, one that refuses the filter is.
    ask(installed, "nonet.confine('unix')", wrapper=(installed / "nonet", "-q", "--"))
    for call in ("seccomp", "landlock_restrict_self"):
        done = ask(installed, "import subprocess" + NOTHING_HALF.format(arguments="", nnp=1, filters=1, landlock=FREE), wrapper=(installed / "nonet", "-q", "--deny", call, "--"))
        assert "the command" in done.stdout and "was not run" in done.stdout and "descriptors: none" not in done.stdout, done.stdout


@pytest.mark.parametrize("number", [0, 1, 2])
def test_confine_sees_standard_descriptors(installed, ordinary, number):
    """The probe has other ones than this process."""
    text = (
        "import subprocess\nserver = socket.create_server(('127.0.0.1', 0)); port = server.getsockname()[1]\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import socket, sys; s = socket.socket(fileno=int(sys.argv[1])); print(s.accept()[0].recv(9))', str(server.fileno())], pass_fds=[server.fileno()], stdout=subprocess.PIPE)\n"
        "server.close(); told = os.dup(2)\n"
        f"one = socket.create_connection(('127.0.0.1', port)); os.dup2(one.fileno(), {number}); one.close()\n"
        "CALL\n"
        f"os.write({number}, b'arrived'); os.close({number})\n"
        "os.write(told, child.stdout.read())"
    )
    assert "arrived" in ask(installed, text.replace("CALL", "")).stdout  # The instrument.
    call = "try: nonet.confine(ARGUMENTS)\nexcept nonet.NonetError as error: os.write(told, str(error).encode())\nelse: os.write(told, b'confined')"
    done = ask(installed, text.replace("CALL", call.replace("ARGUMENTS", ""))).stdout
    assert f"descriptor {number} is an AF_INET stream socket" in done and "confined" not in done, done
    assert "NoNewPrivs" not in done
    done = ask(installed, text.replace("CALL", call.replace("ARGUMENTS", "open_sockets=True"))).stdout
    assert "confined" in done and "arrived" in done, done
    # AF_UNIX streams are how Node and service managers hand over pipes.
    pair = f"a, b = socket.socketpair(); os.dup2(a.fileno(), {number}); a.close(); b.close()\nnonet.confine('strict'); os._exit(7)"
    assert ask(ordinary, pair, check=False).returncode == 7


CAPABILITIES = "print([line.split()[1] for line in open('/proc/self/status') if line.startswith(('CapInh', 'CapPrm', 'CapEff', 'CapAmb'))])"


@root
@pytest.mark.parametrize("policy", ["default", "unix"])
def test_confine_gives_up_capabilities(installed, policy):
    """The same as around a command, and of these no more can be had."""
    ambient = "import ctypes\nlibrary = ctypes.CDLL(None)\nsets = ctypes.create_string_buffer(b'\\xff\\xff\\xff\\xff' * 3 + b'\\x00\\x00\\x00\\x00' * 3, 24)\nhead = ctypes.create_string_buffer((0x20080522).to_bytes(4, 'little') + bytes(4), 8)\n"
    ambient += "library.capget(head, sets)\nraw = bytearray(sets.raw); raw[8:12] = raw[4:8]; raw[20:24] = raw[16:20]\nassert library.capset(head, ctypes.create_string_buffer(bytes(raw), 24)) == 0\nassert library.prctl(47, 2, 12, 0, 0) == 0\n"
    for before in ("", ambient):
        bare = ask(installed, before + CAPABILITIES).stdout
        command = ask(installed, before + f"import subprocess; subprocess.run([nonet.program(), '-q', '--policy', '{policy}', '--', sys.executable, '-c', {CAPABILITIES!r}])").stdout
        own = ask(installed, before + f"nonet.confine('{policy}')\n" + CAPABILITIES).stdout
        assert bare != command == own, (bare, command, own)
    done = ask(installed, f"nonet.confine('{policy}')\nimport subprocess\nsubprocess.run([sys.executable, '-c', {CAPABILITIES!r}])").stdout
    assert done == ask(installed, f"nonet.confine('{policy}')\n" + CAPABILITIES).stdout


@root
def test_confine_refuses_what_threads_would_keep(installed):
    thread = "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    done = ask(installed, "import subprocess\n" + thread + NOTHING_HALF.format(arguments="threads=True", nnp=0, filters=0, landlock=FREE))
    assert "other threads run with capabilities" in done.stdout, done.stdout
    # Where all of them have given them up it goes on.
    drop = "import ctypes\nlibrary = ctypes.CDLL(None)\nassert library.capset(ctypes.create_string_buffer((0x20080522).to_bytes(4, 'little') + bytes(4), 8), ctypes.create_string_buffer(24)) == 0\n"
    ask(installed, drop + thread + "nonet.confine(threads=True)\n" + REFUSED)


@root
def test_confine_refuses_settings(installed):
    shown = run(installed / "nonet", "-q", "--policy", "strict", "--", "sh", "-c", "echo $NONET").stdout
    if "settings" not in shown:
        pytest.skip(f"root cannot set the kernel here: {shown}")
    done = ask(installed, "import subprocess\n" + NOTHING_HALF.format(arguments="'strict'", nnp=0, filters=0, landlock=FREE))
    assert "policy strict wants the kernel's settings to be read-only" in done.stdout, done.stdout


SIGNALS = """
def sent(pid):
    try: os.kill(pid, 0); return 'sent'
    except PermissionError: return 'refused'
"""


def test_confine_keeps_signals_inside(installed):
    """As around a command: from Linux 6.12 on."""
    victim = subprocess.Popen(["sleep", "100"])
    try:
        assert ask(installed, SIGNALS + f"print(sent({victim.pid}))").stdout == "sent\n"  # The instrument.
        under = ask(installed, SIGNALS + f"print(sent({victim.pid}))", wrapper=(installed / "nonet", "-q", "--")).stdout
        done = ask(installed, SIGNALS + f"nonet.confine()\nprint(sent({victim.pid}))\nimport subprocess\nown = subprocess.Popen(['sleep', '100']); print(sent(own.pid)); own.kill()").stdout
        assert done == under + "sent\n", (under, done)
    finally:
        victim.kill()
        victim.wait()


def test_confine_counts_threads_that_a_fork_starts(installed):
    text = (
        "import subprocess, threading\nbegun = []\n"
        "def begin():\n"
        "    if not begun: begun.append(threading.Thread(target=threading.Event().wait, daemon=True)); begun[0].start()\n"
        "os.register_at_fork(after_in_parent=begin)\n"
    )
    assert ask(installed, text + "os.waitpid(os.fork() or os._exit(0), 0); print(threading.active_count())").stdout == "2\n"  # The instrument.
    done = ask(installed, text + NOTHING_HALF.format(arguments="", nnp=0, filters=0, landlock=FREE))
    assert "2 threads run" in done.stdout, done.stdout


def test_confine_sees_sockets_that_a_fork_opens(installed):
    text = "import subprocess\nopened = []\nos.register_at_fork(before=lambda: opened.append(socket.socket()))\n"
    done = ask(installed, text + NOTHING_HALF.format(arguments="", nnp=0, filters=0, landlock=FREE))
    assert "a socket was opened while confine() asked" in done.stdout, done.stdout


# A ring of a packet socket, as captures have it: see packet_mmap in the kernel's documentation.
RING = """
import ctypes, struct
library = ctypes.CDLL(None); library.mmap.restype = ctypes.c_void_p
library.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
one = socket.socket(17, 3, 0)
one.setsockopt(263, 5, struct.pack('=4I', 4096, 1, 2048, 2))
assert library.mmap(None, 4096, 3, 1, one.fileno(), 0) != 2 ** 64 - 1
one.close()
print('socket:[' in open('/proc/self/maps').read())
"""


@root
def test_confine_sees_memory_of_sockets(installed):
    """The socket lives on, though no descriptor leads to it."""
    if "True" not in ask(installed, RING, check=False).stdout:
        pytest.skip("no packet socket with a ring can be made here")
    done = ask(installed, "import subprocess\n" + RING + NOTHING_HALF.format(arguments="", nnp=0, filters=0, landlock=FREE))
    assert "memory is shared with socket:" in done.stdout, done.stdout
    ask(installed, RING + "nonet.confine(open_sockets=True)")


def test_confine_refuses_what_takes_several_filters(installed, tmp_path):
    # Lists that are the same would be compiled once.
    rules = [f"deny {call} if arg0 == {number * 7 + least} and arg1 == {number * 11 + 3}" for least, call in ((1000, "getpriority"), (9000, "ioctl")) for number in range(400)]
    (tmp_path / "long.policy").write_text("default allow\nforeign kill\nunknown allow\nnetwork allowed\ndeny io_uring_setup with ENOSYS\n" + "\n".join(rules) + "\n")
    shown = run(installed / "nonet", "-v", "--policy", tmp_path / "long.policy", "true").stdout
    assert "filters" in shown, shown[-500:]
    done = ask(installed, "import subprocess\n" + NOTHING_HALF.format(arguments=f"{str(tmp_path / 'long.policy')!r}", nnp=0, filters=0, landlock=FREE))
    assert "takes" in done.stdout and "filters" in done.stdout, done.stdout[-500:]


OWN_FILTER = """
import ctypes, struct, threading
ready, number = threading.Event(), {'x86_64': 317, 'aarch64': 277}[os.uname().machine]
def other():
    library = ctypes.CDLL(None)
    program = ctypes.create_string_buffer(struct.pack('=HBBI', 6, 0, 0, 0x7fff0000), 8)
    head = ctypes.create_string_buffer(struct.pack('@HP', 1, ctypes.addressof(program)))
    assert library.prctl(38, 1, 0, 0, 0) == 0 and library.syscall(number, 1, 0, head) == 0
    ready.set()
    threading.Event().wait()
threading.Thread(target=other, daemon=True).start()
assert ready.wait(9)
"""
FEW = "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (12, 12))\nheld = []\ntry:\n    while True: held.append(os.open('/dev/null', 0))\nexcept OSError: pass\nfor one in held[-{left}:]: os.close(one)\n"


@pytest.mark.parametrize("before, arguments, words", [
    (OWN_FILTER, "threads=True", "a thread has a filter of its own"),
    ("import resource; resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))", "", "the layers cannot be put up here"),
    ("import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)", "", "SIGCHLD is ignored"),
    ("import signal\ndef reap(*_):\n    try:\n        while os.waitpid(-1, os.WNOHANG)[0]: pass\n    except OSError: pass\nsignal.signal(signal.SIGCHLD, reap)", "", "handler waits for every child"),
    (FEW.format(left=1), "", "the layers cannot be put up here"),
    (FEW.format(left=3), "", "the layers cannot be put up here"),
    ("", "'-'", "standard input"),
])
def test_confine_fails_with_its_own_error(ordinary, before, arguments, words):
    """And with nothing changed."""
    text = (
        f"status = open('/proc/self/status')\n{before}\ntry: nonet.confine({arguments})\nexcept nonet.NonetError as error: print(error)\n"
        "text = status.read(); assert 'NoNewPrivs:\\t0' in text and 'Seccomp_filters:\\t0' in text, text"
    )
    done = ask(ordinary, text)
    # A handler may be later than the one who waits as well.
    assert words in done.stdout or ("waitpid" in before and not done.stdout), done.stdout


# A server outside, and a socket to it that only a thread's own table has; `HOW` is who takes that table.
OWN_TABLE = """
import ctypes, threading
library, CLONE_FILES = ctypes.CDLL(None), 0x400
server = socket.create_server(('127.0.0.1', 0))
reading, writing = os.pipe()
if os.fork() == 0:
    __import__('signal').alarm(30)
    os.write(writing, server.accept()[0].recv(9)); os._exit(0)
address = server.getsockname(); server.close()
ready, go = threading.Event(), threading.Event()
def use():
    library.unshare(CLONE_FILES)
    number = socket.create_connection(address).detach()
    ready.set(); go.wait()
    os.write(number, b'arrived')
def confine():
    try: nonet.confine(threads=True)
    except nonet.NonetError as error: print(error)
    else: print('confined')
"""
FROM_FIRST = OWN_TABLE + """
thread = threading.Thread(target=use); thread.start(); ready.wait(); CALL
go.set(); thread.join(); os.close(writing); print(os.read(reading, 9))
"""
# /proc/self/fd shows the table of the first thread, which is another one.
FROM_OTHER = OWN_TABLE + """
def other():
    library.unshare(CLONE_FILES)
    number = socket.create_connection(address).detach()
    CALL
    os.write(number, b'arrived')
thread = threading.Thread(target=other); thread.start(); thread.join()
os.close(writing); print(os.read(reading, 9))
"""


@pytest.mark.parametrize("text", [FROM_FIRST, FROM_OTHER], ids=["another thread", "the one that asks"])
def test_confine_refuses_a_table_of_a_threads_own(ordinary, text):
    assert ask(ordinary, text.replace("CALL", "pass")).stdout == "b'arrived'\n"  # The instrument.
    done = ask(ordinary, text.replace("CALL", "confine()")).stdout
    assert "confined" not in done and ("a table of descriptors of its own" in done or "is an AF_INET stream socket" in done), done
    # What shares the table is seen as ever, and a thread that has ended has none.
    ended = "import ctypes, threading\nt = threading.Thread(target=lambda: ctypes.CDLL(None).unshare(0x400)); t.start(); t.join()\n"
    ask(ordinary, ended + "t = threading.Thread(target=threading.Event().wait, daemon=True); t.start()\nnonet.confine(threads=True)\n" + REFUSED)


def test_confine_sees_a_table_that_is_taken_while_the_layers_go_up(ordinary):
    text = OWN_TABLE + """
from nonet import _confine
put_up, own = _confine.put_up, os.getpid()
def late(*words):
    if os.getpid() == own: threading.Thread(target=use, daemon=True).start(); ready.wait()
    put_up(*words)
_confine.put_up = late
threading.Thread(target=threading.Event().wait, daemon=True).start()
confine(); os._exit(0)
"""
    done = ask(ordinary, "print = lambda text: os.write(1, str(text).encode())\n" + text).stdout
    assert "they stand" in done and "confined" not in done, done


def test_confine_takes_a_policy_that_can_be_read_again(ordinary, tmp_path):
    text = "os.chdir('/tmp'); path = os.path.join(__import__('tempfile').mkdtemp(), 'one.policy')\nos.mkfifo(path)\n"
    text += "try: nonet.confine(CALLED)\nexcept nonet.NonetError as error: print(error)\nos.unlink(path); os.rmdir(os.path.dirname(path))"
    for name in ("path", "'/dev/null'"):
        assert "is no file" in ask(ordinary, text.replace("CALLED", name), timeout=20).stdout


def test_confine_takes_the_policy_of_the_environment(ordinary):
    """As nonet and nonet.run do."""
    environment = dict(os.environ, NONET_OPTIONS="--policy strict")
    shown = "print(os.environ['NONET'].partition(':')[0])"
    assert ask(ordinary, "nonet.confine()\n" + shown, env=environment).stdout == "strict\n"
    ask(ordinary, "nonet.confine()\ntry: socket.socketpair()\nexcept OSError: sys.exit(0)\nsys.exit(1)", env=environment)
    assert ask(ordinary, "nonet.confine('unix')\n" + shown, env=environment).stdout.startswith("unix")
    done = ask(ordinary, "nonet.confine()", env=dict(os.environ, NONET_OPTIONS="--policy loopback"), check=False).stdout
    assert "policy loopback wants a network namespace" in done, done


def test_confine_says_what_stands_where_the_kernel_refuses_at_last(installed):
    """What a child was allowed and this process is not."""
    text = "from nonet import _confine\ncalls = []\nput_up = _confine.put_up\ndef late(library, layers, standing):\n    put_up(library, layers._replace(filter=b'junk....' if os.getpid() == own else layers.filter), standing)\nown = os.getpid(); _confine.put_up = late\n"
    done = ask(installed, text + "try: nonet.confine()\nexcept nonet.NonetError as error: print(error)")
    assert "NO_NEW_PRIVS" in done.stdout and "cannot be taken back" in done.stdout, done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="makes processes of another user")
def test_confine_without_landlock(ordinary):
    """A user namespace stands in for it, where one can be made."""
    policy = ordinary / "without.policy"
    policy.write_text("default allow\nforeign compile\nunknown allow\nnetwork allowed\nlayers none\ndeny landlock_create_ruleset with ENOSYS\n")
    wrapper = (ordinary / "nonet", "-q", "--policy", policy, "--")
    victim = subprocess.Popen(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "sleep", "100"])
    text = f"\ntry: os.close(os.open('/proc/{victim.pid}/mem', os.O_RDWR)); print('open')\nexcept OSError: print('refused')\n"
    python = open(ordinary / "python").read().split(" ", 6)[-1].split("PYTHONPATH")[-1]
    inner = ("env", *("PYTHONPATH" + python).split()[:-1])
    try:
        def inside(text):
            return run(*wrapper, *inner, "-c", "import nonet, os, sys, socket, time\ntime.sleep(0.2)\n" + text).stdout
        if inside(text) != "open\n":
            pytest.skip("the kernel itself keeps memory of the same user's processes (ptrace_scope)")
        if "users" not in inside("os.execv(nonet.program(), ['nonet', '-q', 'sh', '-c', 'echo $NONET'])"):
            pytest.skip("no user namespace can be made here")
        done = inside("nonet.confine()\nprint(os.environ['NONET'])" + text + CAPABILITIES + "\nprint(os.getuid(), os.getgid())")
        assert "users" in done and "refused" in done and str(["0" * 16] * 4) in done and "65534 65534" in done, done
        # One thread alone can be in one.
        thread = "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        assert "users" not in inside(thread + "nonet.confine(threads=True)\nprint(os.environ['NONET'])")
    finally:
        victim.kill()
        victim.wait()


def test_run_lets_nothing_replace_nonet(installed, tmp_path):
    (tmp_path / "tool").write_text("#!/bin/sh\necho unconfined $NONET\n")
    (tmp_path / "tool").chmod(0o755)
    # The instrument.
    assert ask(installed, "import subprocess\nsubprocess.run(['nonet'], executable='./tool')", cwd=tmp_path).stdout == "unconfined\n"
    done = ask(installed, "try: nonet.run(['true'], executable='./tool')\nexcept TypeError as error: print(error)", cwd=tmp_path).stdout
    assert "in the place of nonet" in done, done
    done = ask(installed, "nonet.run('echo $0', shell=True, executable='/bin/bash')").stdout
    assert done == "/bin/bash\n"


ATTEMPT = "import socket\ntry: socket.socket()\nexcept OSError: pass\n"


def test_run_finds_files_from_the_caller(installed, tmp_path):
    (tmp_path / "there").mkdir()
    text = f"done = nonet.run([sys.executable, '-c', {ATTEMPT!r}], log='a.log', cwd='there')\nprint(len(done.attempts), os.path.exists('a.log'), os.listdir('there'))\n"
    assert ask(installed, text * 2, cwd=tmp_path).stdout == "1 True []\n" * 2
    (tmp_path / "own.policy").write_text(run(installed / "nonet", "--print-policy", "strict").stdout)
    (tmp_path / "there/own.policy").write_text("default allow\nforeign compile\nunknown allow\nnetwork allowed\ndeny io_uring_setup with ENOSYS\n")
    text = f"print(nonet.run([sys.executable, '-c', 'import socket; socket.socketpair()'], policy='own.policy', cwd='there', stderr=-3).returncode)"
    assert ask(installed, text, cwd=tmp_path).stdout == "1\n"
    done = ask(installed, "os.mkfifo('pipe')\ntry: nonet.run(['echo', 'ran'], log='pipe')\nexcept nonet.NonetError as error: print(error)", cwd=tmp_path).stdout
    assert "nothing was run" in done and "\nran" not in done, done


@pytest.mark.parametrize("change", [
    "open(log, 'a').write('junk\\n')",
    "open(log, 'a').write('[[[\\n')",
    "open(log, 'a').write('{}\\n')",
    "open(log, 'w').close()",
    "head = open(log).readline(); open(log, 'w').write(head)",
    "lines = open(log).readlines(); open(log, 'a').write(lines[1])",
    "lines = open(log).readlines(); open(log, 'a').write(lines[0])",
    "line = open(log).readlines()[1]; open(log, 'a').write(line.replace('\"count\":1', '\"count\":-1'))",
    "os.truncate(log, 0)",
    "open(log, 'a').write('{\"event_count\":1,\"attempts\":1,\"dropped\":0,\"status\":\"exited\",\"exit_code\":0}\\n')",
])
def test_run_tells_a_damaged_log(installed, tmp_path, change):
    (tmp_path / "it.py").write_text("import glob, os, tempfile\n" + ATTEMPT + "import time; time.sleep(0.05)\n(log,) = glob.glob(tempfile.gettempdir() + '/nonet-run-*/log')\nassert os.path.getsize(log) > 300\n" + change)
    text = "done = nonet.run([sys.executable, 'it.py'])\nassert done.returncode == 0\ntry: print(done.attempts, done.is_damaged)\nexcept nonet.NonetError as error: print(done.is_damaged, error)"
    environment = dict(os.environ, TMPDIR=str(tmp_path))
    done = ask(installed, text, cwd=tmp_path, env=environment).stdout
    assert done.startswith("True what the command tried is not known"), done


@pytest.mark.parametrize("change", ["os.unlink(log)", "os.unlink(log); open(log, 'w').close()", "os.unlink(log); os.mkfifo(log)"])
def test_run_reads_its_own_log(installed, tmp_path, change):
    """Another that was put in its place is not read."""
    (tmp_path / "it.py").write_text("import glob, os, tempfile\n" + ATTEMPT + "(log,) = glob.glob(tempfile.gettempdir() + '/nonet-run-*/log')\n" + change)
    done = ask(installed, "print([str(one) for one in nonet.run([sys.executable, 'it.py']).attempts])", cwd=tmp_path, env=dict(os.environ, TMPDIR=str(tmp_path))).stdout
    assert done.startswith("['socket AF_INET SOCK_STREAM by python"), done


def test_run_tells_more_than_finds_room_in_memory(installed):
    flood = "import socket\nfor number in range(6000):\n    try: socket.socket(2, 1, number)\n    except OSError: pass\n"
    text = f"done = nonet.run([sys.executable, '-S', '-c', {flood!r}])\nprint(done.lost, sum(one.count for one in done.attempts))"
    assert ask(installed, text).stdout == "0 6000\n"
    assert ask(installed, "done = nonet.run(['true']); print(done.lost, done.attempts, done.is_damaged)").stdout == "0 [] False\n"


def test_run_knows_a_refusal_without_a_status(installed):
    text = "import signal, subprocess\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\nprint(subprocess.run(['false']).returncode)\n"
    assert ask(installed, text).stdout == "0\n"  # The instrument.
    done = ask(installed, text + "try: print(nonet.run(['echo', 'ran'], policy='nope'))\nexcept nonet.NonetError as error: print(error)").stdout
    assert "told nothing of the command" in done and "ran\n" not in done, done


@pytest.mark.parametrize("change, left", [
    ("os.rename(folder, folder + '.moved'); os.symlink(precious, folder)", True),
    ("os.rename(folder, folder + '.moved'); open(folder, 'w').close()", True),
    ("os.rename(folder, folder + '.moved')", True),
    ("os.mkdir(folder + '/x'); os.chmod(folder + '/x', 0)", True),
    ("os.unlink(folder + '/log'); os.mkdir(folder + '/log')", True),
    ("os.mkdir(folder + '/x'); sys.exit(0 if ctypes.CDLL(None).mount(precious.encode(), (folder + '/x').encode(), None, 4096, None) == 0 else 9)", True),
    ("sys.exit(0 if ctypes.CDLL(None).mount(precious.encode(), folder.encode(), None, 4096, None) == 0 else 9)", True),
    ("", False),
])
def test_run_takes_away_its_own_log_alone(installed, tmp_path, change, left):
    """And the result is there all the same."""
    is_mount = "mount" in change
    if is_mount and os.geteuid() != 0:
        pytest.skip("only root can mount")
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/log").write_text("mine")
    (tmp_path / "tmp").mkdir()
    (tmp_path / "it.py").write_text(f"import ctypes, glob, os, sys\nprecious = {str(tmp_path / 'precious')!r}\n(folder,) = glob.glob({str(tmp_path / 'tmp')!r} + '/nonet-run-*')\n" + change)
    # The mounts are in a namespace of this process's own, and its command shares that.
    text = "import ctypes\nctypes.CDLL(None).unshare(0x20000); ctypes.CDLL(None).mount(None, b'/', None, 0x44000, None)\n" if is_mount else ""
    done = ask(installed, text + f"done = nonet.run([sys.executable, 'it.py'])\nprint(done.returncode, os.listdir({str(tmp_path / 'tmp')!r}) != [])", cwd=tmp_path, env=dict(os.environ, TMPDIR=str(tmp_path / "tmp"))).stdout
    if is_mount and done.startswith("9"):
        pytest.skip("nothing can be mounted here")
    assert done == f"0 {left}\n" and (tmp_path / "precious/log").read_text() == "mine", done


IGNORES = "import os, signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(os.getpid(), flush=True); time.sleep(30)"
TIMED = """
import subprocess, time
start = time.monotonic()
try: RUN([sys.executable, '-c', COMMAND], stdout=subprocess.PIPE, text=True, timeout=2, **OPTIONS)
except subprocess.TimeoutExpired as error: pid = int(error.output)
print(time.monotonic() - start < 6, os.path.exists(f'/proc/{pid}') and open(f'/proc/{pid}/stat').read().split()[2] != 'Z')
"""


@pytest.mark.parametrize("options", [{}, {"loopback": True}])
@pytest.mark.parametrize("command", [IGNORES, IGNORES.replace("time.sleep", "os.kill(os.getpid(), signal.SIGSTOP); time.sleep"), IGNORES.replace("SIG_IGN", "SIG_DFL")], ids=["ignores", "stopped", "ordinary"])
def test_run_ends_a_command_whose_time_is_up(installed, command, options):
    text = TIMED.replace("COMMAND", repr(command))
    assert ask(installed, text.replace("RUN", "subprocess.run").replace("OPTIONS", "{}")).stdout == "True False\n"  # The instrument.
    assert ask(installed, text.replace("RUN", "nonet.run").replace("OPTIONS", repr(options))).stdout == "True False\n"


def test_run_takes_what_subprocess_takes(installed):
    text = "done = nonet.run(['cat'], input='a', capture_output=True, text=True)\nassert (done.stdout, done.stderr) == ('a', '')\n"
    text += "for words in ({'input': b'', 'stdin': 0}, {'capture_output': True, 'stdout': 1}):\n    try: nonet.run(['true'], **words)\n    except ValueError: continue\n    sys.exit('taken')\n"
    ask(installed, text)


@root
@pytest.mark.skipif(sys.version_info < (3, 9), reason="user= comes with Python 3.9")
@pytest.mark.parametrize("user", ["nobody", 65534])
def test_run_as_another_user(installed, ordinary, user):
    """The log is that user's: others cannot write there."""
    look = "import glob, os, socket\n(log,) = glob.glob('/tmp/nonet-run-*/log')\nprint(os.getuid(), [(oct(os.stat(one).st_mode)[-3:], os.stat(one).st_uid) for one in (log, os.path.dirname(log))])\ntry: socket.socket()\nexcept OSError: pass\n"
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    text = f"assert nonet.program() == {str(ordinary / 'packages/bin/nonet')!r}, nonet.program()\ndone = nonet.run([{python!r}, '-c', {look!r}], user={user!r}, capture_output=True, text=True, cwd='/')\nprint(done.stdout.strip(), len(done.attempts), done.returncode, done.stderr)"
    done = ask(installed, text, env=dict(os.environ, PYTHONPATH=f"{ordinary}/packages", TMPDIR="/tmp")).stdout
    assert done.strip() == "65534 [('600', 65534), ('700', 65534)] 1 0", done
    # Where that user cannot reach the log, it is said.
    (ordinary / "closed").mkdir(0o700)
    done = ask(installed, "try: nonet.run(['true'], user='nobody', cwd='/')\nexcept nonet.NonetError as error: print(error)", env=dict(os.environ, PYTHONPATH=f"{ordinary}/packages", TMPDIR=f"{ordinary}/closed")).stdout
    (ordinary / "closed").rmdir()
    assert "cannot write" in done, done


LINE = {
    "timestamp": "2026-11-22T12:00:00.000000Z", "pid": 7, "tid": 7, "comm": "a", "exe": "/a", "abi": "x86_64", "api": "connect",
    "args": {"fd": 5, "family": "AF_INET", "address": "127.0.0.1", "port": 9}, "verdict": "refused", "errno": 13, "count": 1, "last": "2026-11-22T12:00:00.000000Z",
}
HEAD = {"timestamp": "2026-11-22T12:00:00.000000Z", "pid": 7, "backend": "seccomp", "policy": "default", "layers": [], "command": ["a"], "version": "nonet"}
END = {"timestamp": "2026-11-22T12:00:00.000000Z", "event_count": 1, "attempts": 1, "dropped": 0, "status": "exited", "exit_code": 0}


@pytest.mark.parametrize("lines, is_damaged", [
    ([HEAD, LINE], False),
    ([HEAD, LINE, END], False),
    ([HEAD, {**LINE, "pid": None, "tid": None, "comm": None, "exe": None}], False),
    ([HEAD, LINE, {**END, "event_count": None, "attempts": None, "dropped": None, "status": "lost"}], False),
    ([HEAD, LINE, {**END, "event_count": 4, "dropped": 3}], False),
    ([LINE], True),
    ([HEAD, HEAD, LINE], True),
    ([HEAD, LINE, {**END, "event_count": 2}], True),
    ([HEAD, LINE, END, LINE], True),
    ([HEAD, LINE, END, END], True),
    ([HEAD, {}], True),
    *[([HEAD, {**LINE, name: value}], True) for name, value in [
        ("count", "1"), ("count", -1), ("count", 0), ("count", 1.5), ("count", True), ("count", None), ("count", 1 << 70), ("pid", "7"), ("pid", -1),
        ("tid", []), ("errno", "EACCES"), ("comm", 5), ("exe", {}), ("api", 7), ("api", None), ("args", "x"), ("args", None), ("verdict", "denied"), ("verdict", 1),
        ("probe", "no"), ("timestamp", 5), ("timestamp", ""), ("last", "yesterday"), ("comm", "\ud800"), ("args", {"path": "\ud800"}), ("args", {"query": 1}),
    ]],
    *[([HEAD, LINE, {**END, name: value}], True) for name, value in [("dropped", "0"), ("dropped", -1), ("event_count", "1"), ("status", 1)]],
])
def test_lines_of_the_log_are_what_nonet_writes(installed, tmp_path, lines, is_damaged):
    (tmp_path / "log").write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = ask(installed, "from nonet._log import Log\nlog = Log('log')\nfound = list(log.read())\nprint(log.is_damaged, log.lost)\n[str(one).encode() for one in found]", cwd=tmp_path).stdout
    assert done.startswith(str(is_damaged)), done
    if not is_damaged and lines[-1].get("dropped"):
        assert done == "False 3\n"


def test_a_log_that_shrank_is_damaged(installed, tmp_path):
    (tmp_path / "log").write_text(json.dumps(HEAD) + "\n" + json.dumps(LINE) + "\n")
    text = "from nonet._log import Log\nlog = Log('log')\nassert len(list(log.read())) == 1 and not log.is_damaged\n"
    more = "CHANGE\nprint(len(list(log.read())), log.is_damaged)"
    line = json.dumps(LINE)
    assert ask(installed, text + more.replace("CHANGE", f"open('log', 'a').write({line!r} + '\\n')"), cwd=tmp_path).stdout == "1 False\n"
    (tmp_path / "log").write_text(json.dumps(HEAD) + "\n" + json.dumps(LINE) + "\n")
    done = ask(installed, text + more.replace("CHANGE", "os.truncate('log', 0)"), cwd=tmp_path).stdout
    assert done == "0 True\n"
    (tmp_path / "log").write_text(json.dumps(HEAD) + "\n" + json.dumps(LINE) + "\n")
    done = ask(installed, text + more.replace("CHANGE", f"os.truncate('log', {len(json.dumps(HEAD)) + 1}); open('log', 'a').write({line[:50]!r})"), cwd=tmp_path).stdout
    assert done == "0 True\n"


def test_the_program_is_the_one_of_the_package(installed, tmp_path, wheel):
    """Of several that are installed; each says its name."""
    run(installed / "python", "-m", "pip", "install", "--quiet", "--no-deps", "--target", tmp_path / "target", wheel)
    for name in ("home/.local/bin", "path"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "nonet").write_text("#!/bin/sh\n")
        (tmp_path / name / "nonet").chmod(0o755)
    environment = dict(os.environ, HOME=str(tmp_path / "home"), PATH=f"{tmp_path}/path:" + os.environ["PATH"])
    environment.pop("PYTHONUSERBASE", None)
    shown = "print(nonet.program())"
    assert ask(installed, shown, env=environment).stdout == f"{installed}/nonet\n"
    for python in (installed / "python", (installed / "python").resolve()):
        done = run(python, "-c", "import nonet\n" + shown, env=dict(environment, PYTHONPATH=str(tmp_path / "target"))).stdout
        assert done == f"{tmp_path}/target/bin/nonet\n", (python, done)
    # `pip install --user`: the folder of packages says whose it is.
    site = tmp_path / "home/.local/lib/python3.9/site-packages"
    site.mkdir(parents=True)
    os.rename(tmp_path / "target/nonet", site / "nonet")
    done = run(installed / "python", "-c", "import nonet\n" + shown, env=dict(environment, PYTHONPATH=str(site))).stdout
    assert done == f"{tmp_path}/home/.local/bin/nonet\n", done
