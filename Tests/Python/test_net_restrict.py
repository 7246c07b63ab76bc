"""What the Python fall-back holds, on every interpreter found, and what it leaves open.

Each refusal is shown twice: the same attempt first succeeds without the wrapper, so that a test
cannot pass because its instrument is broken. All traffic stays on 127.0.0.1 and ::1.

    python3 -m pytest Tests/Python            NONET_TEST_PYTHONS=/a/python:/b/python to choose
"""
import ast
import errno
import glob
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "../../Sources/nonet/Confinement/net_restrict.py")


def interpreters():
    """One interpreter of each version from 3.8 on."""
    named = os.environ.get("NONET_TEST_PYTHONS")
    found = named.split(":") if named else (
        [sys.executable] + sorted(glob.glob(os.path.expanduser("~/.pyenv/versions/*/bin/python")))
        + sorted(glob.glob("/usr/bin/python3")))
    chosen = {}
    for path in found:
        told = subprocess.run([path, "-c", "import sys, os; print('%d %d %s' % (sys.version_info[:2]"
                               " + (os.path.realpath(sys.executable),)))"], stdout=subprocess.PIPE, text=True)
        major, minor, real = told.stdout.split(" ", 2)
        chosen.setdefault((int(major), int(minor), real.strip()), path)
    return chosen


ALL = interpreters()
NEW = {key: path for key, path in ALL.items() if key >= (3, 8)}
OLD = {key: path for key, path in ALL.items() if key < (3, 8)}


def names(group):
    return ["%d.%d%s" % (key[0], key[1], "-debian" if path.startswith("/usr") else "")
            for key, path in group.items()]


@pytest.fixture(params=list(NEW.values()), ids=names(NEW))
def python(request):
    return request.param


@pytest.fixture
def version(python):
    return next(key[:2] for key, path in NEW.items() if path == python)


class Result:
    def __init__(self, status, out, err, logs):
        self.status, self.out, self.err, self.logs = status, out, err, logs

    @property
    def log(self):
        assert len(self.logs) == 1, self.logs
        return self.logs[0]

    def apis(self):
        return [event["api"] for event in self.log["events"]]


class Wrapper:
    """Starts commands as nonet does: contract, point 2."""

    def __init__(self, folder, starter=None):
        self.folder, self.starter = folder, starter
        self.guard = folder / "guard"
        self.guard.mkdir(mode=0o755)
        shutil.copy(SOURCE, str(self.guard / "nonet_restrict.py"))
        self.logs = folder / "logs"

    def argv(self, python, command, options=()):
        return [self.starter or python, "-EsSB", str(self.guard / "nonet_restrict.py"),
                "--log-dir", str(self.logs), *options, "--", *command]

    def __call__(self, python, *command, options=(), **more):
        for old in glob.glob(str(self.logs / "*")):
            os.unlink(old)
        return self.keep(bare(*self.argv(python, command, options), **more))

    def keep(self, result):
        result.logs = [json.load(open(name)) for name in glob.glob(str(self.logs / "*.json"))]
        return result


def bare(*command, input="", env=None, cwd=None, timeout=60, **more):
    done = subprocess.run([*command], input=os.fsencode(input), env=env, cwd=cwd, timeout=timeout,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
    return Result(done.returncode, os.fsdecode(done.stdout), os.fsdecode(done.stderr), [])


@pytest.fixture
def wrap(tmp_path):
    return Wrapper(tmp_path)


@pytest.fixture(scope="module")
def server():
    """A listener on 127.0.0.1 and how many connections came in."""
    listener = socket.create_server(("127.0.0.1", 0))
    hits = []

    def accept():
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            hits.append(1)
            peer.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")
            peer.close()
    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1], hits
    listener.close()


PROBE = """
import sys
def probe():
    import socket
    try:
        socket.create_connection(("127.0.0.1", {port}), 5).recv(1)
        print("OUT")
    except OSError as error:
        print("HELD", type(error).__name__, error.errno)
"""


@pytest.fixture
def probe(server, tmp_path):
    (tmp_path / "probing.py").write_text(PROBE.format(port=server[0]))
    script = tmp_path / "script.py"
    script.write_text(PROBE.format(port=server[0])
                      + "probe()\nprint(sys.argv[1:], __name__, __file__, sys.path[0])\n")
    return str(script)


def outcomes(result):
    """What the program printed about its attempts."""
    return re.findall(r"^(OUT|HELD).*$", result.out, re.M)


def both(wrap, python, code, expected=("HELD",), before=("OUT",), options=(), **more):
    """The same program without and with the wrapper."""
    first = bare(python, "-c", code, **more)
    assert tuple(outcomes(first)) == tuple(before), (first.out, first.err)
    second = wrap(python, python, "-c", code, options=options, **more)
    assert tuple(outcomes(second)) == tuple(expected), (second.out, second.err)
    return second


# The file itself -------------------------------------------------------------------------------

def test_source_is_python_3_8_and_ascii():
    text = open(SOURCE, "rb").read().decode("ascii")
    ast.parse(text, feature_version=(3, 8))


@pytest.mark.skipif(not OLD, reason="no interpreter before 3.8 here")
@pytest.mark.parametrize("old", list(OLD.values()), ids=names(OLD))
def test_interpreters_without_audit_hooks_stop(wrap, old):
    assert bare(old, "-c", "print('ran')").out == "ran\n"
    result = wrap(old, old, "-c", "print('ran')")
    assert (result.status, result.out) == (125, "") and "audit hooks" in result.err
    # By its own name it is refused; behind another name the guard itself stops it.
    env = dict(os.environ, PYTHONPATH=str(wrap.guard), NONET_PYTHON="1 default 13 - 1 ",
               PYTHONWARNINGS="ignore::nonet_restrict.Loaded")
    result = bare(old, "-c", "print('ran')", env=env)
    assert (result.status, result.out) == (125, "") and "audit hooks" in result.err


# Ways to start ---------------------------------------------------------------------------------

OPTIONS = [[], ["-u"], ["-W", "error"], ["-Werror"], ["-X", "dev"], ["-I"], ["-E"], ["-s"], ["-S"],
           ["-B"], ["-O"], ["-bb"], ["-OO", "-uEs"], ["-IS"], ["-q", "-ISWerror", "-X", "utf8"],
           ["--check-hash-based-pycs", "always", "-E"]]
FORMS = ["script", "command", "module", "stdin", "dash", "directory", "interactive"]


def start(form, options, probe, port):
    """Words and input for one way to start the probe."""
    folder = os.path.dirname(probe)
    text = PROBE.format(port=port) + "\nprobe()\nprint(sys.argv[1:], __name__)\n"
    if form == "script":
        return [*options, probe, "a", "-I", "b"], ""
    if form == "command":
        return [*options, "-c", text, "a", "-I", "b"], ""
    if form == "module":
        code = "import sys; sys.path.insert(0, %r)\nimport runpy\n" % folder
        # -I hides the working directory, so the module is one of the library's.
        return [*options, "-m", "timeit", "-n1", "-r1", "-s", code + "import probing", "probing.probe()"], ""
    if form == "stdin":
        return [*options], text
    if form == "dash":
        return [*options, "-", "a", "-I", "b"], text
    if form == "directory":
        os.makedirs(folder + "/app", exist_ok=True)
        open(folder + "/app/__main__.py", "w").write(text)
        return [*options, folder + "/app", "a", "-I", "b"], ""
    return [*options, "-i"], PROBE.format(port=port)+ "\nprobe()\nprint(sys.argv[1:], __name__)\n"


@pytest.mark.parametrize("form", FORMS)
def test_every_form_with_every_option(wrap, python, server, probe, form):
    port, hits = server
    for options in OPTIONS:
        words, text = start(form, options, probe, port)
        before = len(hits)
        first = bare(python, *words, input=text)
        assert set(outcomes(first)) == {"OUT"} and len(hits) > before, (words, first.out, first.err)
        before = len(hits)
        second = wrap(python, python, *words, input=text)
        assert set(outcomes(second)) == {"HELD"} and len(hits) == before, (words, second.out, second.err)
        if form != "module":
            rest = [line for line in first.out.splitlines() if "OUT" not in line]
            assert [line for line in second.out.splitlines() if "HELD" not in line] == rest, words
        assert second.status == first.status == 0
        assert "advisory" in second.err
        assert second.log["status"] == "exited"
        assert second.log["exit_code"] == (None if form == "interactive" else 0)
        assert second.log["command"] == [word if len(word) <= 256 else word[:256] + "..."
                                         for word in [python, *words]]


VIEW = """
import sys, os, warnings
print(sys.path, sys.argv, sys.warnoptions, sorted(k for k in os.environ if k.startswith("PYTHON")
      and k not in ("PYTHONPATH", "PYTHONWARNINGS")), __name__, sorted(k for k in globals()
      if k.startswith("__")), sys.flags.optimize, sys.flags.no_site, sys.flags.no_user_site, sys.stdout.encoding)
"""


@pytest.mark.parametrize("options", [[], ["-S"], ["-W", "error"], ["-I"], ["-E"], ["-s"], ["-X", "dev"]], ids=" ".join)
def test_the_program_sees_what_it_would_see(wrap, python, tmp_path, options):
    script = tmp_path / "view.py"
    script.write_text(VIEW)
    env = dict(os.environ, PYTHONPATH=str(tmp_path), PYTHONWARNINGS="ignore::DeprecationWarning", PYTHONUTF8="1")
    for words in ([str(script), "x"], ["-c", VIEW, "x"]):
        first = bare(python, *options, *words, env=env)
        second = wrap(python, python, *options, *words, env=env)
        assert second.out == first.out and first.status == second.status == 0, second.err


def test_hidden_variables_come_back_for_children(wrap, python):
    code = "import os; print(os.environ['PYTHONPATH'].split(':')[-1], os.environ['PYTHONUTF8'], 'NONET_PYTHON_SAVED' in os.environ)"
    result = wrap(python, python, "-I", "-c", code, env=dict(os.environ, PYTHONPATH="/some/where", PYTHONUTF8="0"))
    assert result.out == "/some/where 0 False\n"


def test_guard_comes_before_pth_and_sitecustomize(wrap, python, tmp_path, server):
    """In a virtual environment whose site-packages run code at start."""
    environment = tmp_path / "venv"
    subprocess.run([python, "-m", "venv", "--without-pip", str(environment)], check=True)
    inside = str(environment / "bin/python")
    site = bare(inside, "-c", "import site; print(site.getsitepackages()[0])").out.strip()
    attempt = ("import socket, os; s = socket.socket(); s.settimeout(5); s.connect(('127.0.0.1', %d));"
               " os.write(1, b'OUT\\n')" % server[0])
    open(site + "/early.pth", "w").write(attempt + "\n")
    open(site + "/sitecustomize.py", "w").write("import os\nos.write(1, b'customized\\n')\n" + attempt)
    bare_out = bare(inside, "-c", "").out
    first = bare_out.count("OUT")  # some versions read .pth files twice
    assert first >= 1
    result = wrap(inside, inside, "-c", "")
    # Debian's own sitecustomize hides the environment's, here as there.
    assert "OUT" not in result.out and result.out.count("customized") == bare_out.count("customized")
    assert set(result.apis()) == {"socket.__new__"} and result.log["event_count"] == first


@pytest.mark.parametrize("way", [
    "sys.audit = lambda *args: None; subprocess.run(['/bin/sh', '-c', 'echo RAN'])",
    "os.symlink('/bin/sh', 'python3'); subprocess.run(['./python3', '-c', 'echo RAN'])",
    "os.symlink('/bin/sh', 'python3'); os.execv('./python3', ['python3', '-c', 'echo RAN'])",
])
def test_no_other_program_by_a_false_name_or_a_silent_audit(wrap, python, tmp_path, way):
    code = "import os, subprocess, sys\n" + way
    assert "RAN" in bare(python, "-c", code, cwd=str(tmp_path)).out
    os.path.lexists(str(tmp_path / "python3")) and os.unlink(str(tmp_path / "python3"))
    result = wrap(python, python, "-c", code, cwd=str(tmp_path))
    assert "RAN" not in result.out and "not Python" in result.err, (result.out, result.err)


@pytest.mark.parametrize("line", ["#!{python}", "#!{python} -I", "#!{python} -Es", "#!/usr/bin/env named",
                                  "#!/usr/bin/env -S named -u", "#!/usr/bin/env -S A=1 named -I"])
def test_scripts_with_an_interpreter_line(wrap, python, server, tmp_path, line):
    tools = tmp_path / "bin"
    tools.mkdir()
    os.symlink(python, str(tools / "python3"))
    script = tmp_path / "tool"
    script.write_text(line.format(python=python).replace("named", "python3") + "\n"
                      + PROBE.format(port=server[0]) + "probe()\nprint(sys.argv)\n")
    script.chmod(0o755)
    env = dict(os.environ, PATH=str(tools) + ":" + os.environ["PATH"])
    first = bare(str(script), "-I", env=env)
    assert outcomes(first) == ["OUT"], first.err
    second = wrap(python, str(script), "-I", env=env)
    assert outcomes(second) == ["HELD"], second.err
    assert first.out.splitlines()[1] == second.out.splitlines()[1]
    third = wrap(python, "env", "B=2", "python3", str(script), env=env)
    assert outcomes(third) == ["HELD"], third.err


def test_commands_that_cannot_be_held_are_not_run(wrap, python):
    for command, status, word in ((["sh", "-c", "echo ran"], 125, "not Python"),
                                  (["env", "-i", python, "-c", "print('ran')"], 125, "env's -i"),
                                  (["nonet-no-such-command"], 127, "not found")):
        result = wrap(python, *command)
        assert (result.status, result.out, result.logs) == (status, "", []) and word in result.err
    result = wrap(python, "sh", "-c", "echo ran", options=["--best-effort"])
    assert result.out == "ran\n" and "UNCONFINED" in result.err
    result = wrap(python, python, "-c", "", options=["--policy", "loopback"])
    assert result.status == 125 and "loopback" in result.err


def test_version_and_help_leave_no_log(wrap, python):
    for word in ("-V", "--version", "-h"):
        first, second = bare(python, word), wrap(python, python, word)
        assert (second.status, second.out, second.logs) == (0, first.out, [])


# What is refused -------------------------------------------------------------------------------

REACH = "\nimport socket\ndef reach(f):\n    try: f(); print('OUT')\n    except OSError as e: print('HELD', e.errno)\n"


def test_saved_references_and_reimports(wrap, python, server):
    code = REACH + """
import _socket, importlib, sys, types
address = ("127.0.0.1", %d)
def connect(make):
    s = make(2, 1); s.settimeout(5); s.connect(address); s.close()
saved = socket.socket
reach(lambda: connect(_socket.socket))
reach(lambda: connect(_socket.SocketType))
reach(lambda: connect(saved))
reach(lambda: connect(importlib.reload(socket).socket))
del sys.modules["socket"], sys.modules["_socket"]
import socket as again
reach(lambda: connect(again.socket))
def subclass():
    class Mine(saved): family = 1
    connect(Mine)
reach(subclass)
sys.modules.pop("nonet_restrict", None)
reach(lambda: connect(saved))
""" % server[0]
    result = both(wrap, python, code, ["HELD"] * 7, ["OUT"] * 7)
    assert result.log["event_count"] == 7


def test_look_ups_and_http(wrap, python, server):
    code = REACH + """
import urllib.request
reach(lambda: socket.getaddrinfo("127.0.0.1", 1))
reach(lambda: socket.gethostbyname("127.0.0.1"))
reach(lambda: socket.gethostbyname_ex("127.0.0.1"))
reach(lambda: socket.getnameinfo(("127.0.0.1", 1), socket.NI_NUMERICHOST))
reach(lambda: urllib.request.urlopen("http://127.0.0.1:%d/").read())
reach(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9)))
reach(lambda: socket.socket(socket.AF_INET6, socket.SOCK_STREAM))
reach(lambda: socket.create_server(("127.0.0.1", 0)))
""" % server[0]
    result = both(wrap, python, code, ["HELD"] * 8, ["OUT"] * 8)
    assert result.apis()[:5] == ["socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyname",
                                 "socket.getnameinfo", "socket.getaddrinfo"]
    assert result.log["events"][4]["args"][:2] == ["127.0.0.1", server[0]]


def test_errno(wrap, python):
    code = "import socket\ntry: socket.socket(); print('OUT')\nexcept PermissionError as e: print('HELD', e.errno)"
    for number in (errno.EACCES, errno.EPERM, errno.ENETUNREACH):
        result = both(wrap, python, code, options=["--errno", str(number)])
        assert result.out == "HELD %d\n" % number and result.log["events"][0]["errno"] == number


UNIX = REACH + """
import os, tempfile
folder = tempfile.mkdtemp(); path = folder + "/s"
def pair(kind):
    a, b = socket.socketpair(socket.AF_UNIX, kind); a.send(b"x"); b.recv(1)
pair_of = lambda kind: lambda: pair(kind)
reach(pair_of(socket.SOCK_STREAM))
reach(pair_of(socket.SOCK_SEQPACKET))
reach(pair_of(socket.SOCK_DGRAM))
def listen():
    global listener
    listener = socket.socket(socket.AF_UNIX); listener.bind(path); listener.listen(1)
reach(listen)
reach(lambda: socket.socket(socket.AF_UNIX).connect(path))
reach(lambda: socket.socket(socket.AF_UNIX).connect_ex(path) and 1/0)
reach(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).bind(folder + "/d"))
reach(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0))
reach(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 15))
os.path.exists(path) and os.unlink(path)
"""
TABLE = {  # stream pair, seqpacket pair, datagram pair, listen, connect, connect_ex, datagram, route, other netlink
    "strict": ["HELD"] * 9,
    "default": ["OUT", "OUT", "HELD", "OUT", "HELD", "HELD", "HELD", "OUT", "HELD"],
    "unix": ["OUT"] * 8 + ["HELD"],
}


@pytest.mark.parametrize("policy", sorted(TABLE))
def test_presets(wrap, python, policy):
    both(wrap, python, UNIX, TABLE[policy], ["OUT"] * 9, options=["--policy", policy])


def test_a_datagram_pair_of_the_c_module_reaches_nobody(wrap, python, tmp_path):
    target = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    target.bind(str(tmp_path / "syslog"))
    code = REACH + """
import _socket
a, b = _socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
def through():
    import ctypes
    a.sendto(b"x", %r)
def loose():
    try: a.connect(b"")
    except PermissionError: raise
    except OSError: pass
reach(loose)
""" % str(tmp_path / "syslog")
    both(wrap, python, code)
    result = wrap(python, python, "-c", code.replace("reach(loose)", "reach(through)"))
    assert outcomes(result) == ["HELD"] and result.apis() == ["socket.sendto"]
    result = wrap(python, python, "-c", "import _socket; _socket.socketpair()", options=["--policy", "strict"])
    assert "PermissionError" in result.err
    target.close()


def test_subinterpreters_are_refused(wrap, python, version):
    module = "_interpreters" if version >= (3, 13) else "_xxsubinterpreters"
    code = """
import {0}
try:
    i = {0}.create(); {0}.run_string(i, "import _socket; _socket.socket(2, 1)"); print("OUT")
except Exception as e: print("HELD", type(e).__name__)
""".format(module)
    both(wrap, python, code)


def test_ctypes_is_open_and_said_so(wrap, python, server):
    """Not a layer but a warning sign: this is what "advisory" means."""
    code = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
s = libc.socket(2, 1, 0)
address = (2).to_bytes(2, "little") + (%d).to_bytes(2, "big") + bytes([127, 0, 0, 1]) + bytes(8)
print("OUT" if libc.connect(s, address, 16) == 0 else "HELD")
""" % server[0]
    result = both(wrap, python, code, ["OUT"])
    assert "advisory" in result.err and result.log["advisory"] is True
    assert "ctypes" in open(SOURCE).read()


# What still works ------------------------------------------------------------------------------

def test_asyncio_threads_and_multiprocessing(wrap, python, tmp_path):
    script = tmp_path / "work.py"
    script.write_text("""
import asyncio, concurrent.futures, multiprocessing, sys, threading
def double(n): return 2 * n
async def main():
    loop = asyncio.get_running_loop()
    async def soon(): return 5
    def from_thread(): return asyncio.run_coroutine_threadsafe(soon(), loop).result(10)
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", "print(7)", stdout=-1)
    return (await loop.run_in_executor(None, from_thread)), (await child.communicate())[0]
if __name__ == "__main__":
    print(asyncio.run(main()))
    for method in "fork", "spawn":
        context = multiprocessing.get_context(method)
        with context.Pool(2) as pool: print(method, pool.map(double, range(4)))
        with concurrent.futures.ProcessPoolExecutor(2, context) as pool: print(list(pool.map(double, [1])))
        queue = context.Queue()
        p = context.Process(target=queue.put, args=(9,)); p.start(); print(queue.get(timeout=20)); p.join()
""")
    first = bare(python, "-W", "ignore", str(script))
    assert first.status == 0 and "spawn [0, 2, 4, 6]" in first.out, first.err
    for options in ([], ["-I"], ["-S"]):
        second = wrap(python, python, "-W", "ignore", *options, str(script))
        assert (second.status, second.out) == (0, first.out), second.err
        assert second.log["event_count"] == 0, second.log["events"]


# Children --------------------------------------------------------------------------------------

CHILD = "import socket\ntry: socket.socket(); print('OUT')\nexcept OSError: print('HELD')"


@pytest.mark.parametrize("way", [
    "subprocess.run([sys.executable, '-c', child])",
    "subprocess.run([sys.executable, '-c', child], close_fds=False)",
    "subprocess.run([sys.executable, '-S', '-s', '-u', '-c', child])",
    "subprocess.run([sys.executable, '-c', child], env=dict(os.environ))",
    "subprocess.run(['python3', '-c', child])",
    "subprocess.run(['env', 'A=1', 'python3', '-c', child])",
    "subprocess.run(['./tool'])",
    "subprocess.run([sys.executable, '-c', 'import subprocess,sys; subprocess.run([sys.executable, \"-c\", %r])' % child])",
    "os.execv(sys.executable, [sys.executable, '-c', child])",
    "os.execlp('python3', 'python3', '-c', child)",
    "os.execve(sys.executable, [sys.executable, '-c', child], os.environ)",
    "os.spawnv(os.P_WAIT, sys.executable, [sys.executable, '-c', child])",
    "os.spawnvpe(os.P_WAIT, 'python3', ['python3', '-c', child], os.environ)",
    "os.waitpid(os.posix_spawn(sys.executable, [sys.executable, '-c', child], os.environ), 0)",
    "os.waitpid(os.posix_spawnp('python3', ['python3', '-c', child], os.environ), 0)",
    "(exec(child), sys.stdout.flush(), os._exit(0)) if not os.fork() else os.wait()",
    "run(multiprocessing.get_context('spawn'))",
    "run(multiprocessing.get_context('fork'))",
    "os.environ.pop('PYTHONWARNINGS', 0), subprocess.run([sys.executable, '-c', child])",
    "os.environ.update(PYTHONWARNINGS='ignore', PYTHONPATH='/x'), subprocess.run([sys.executable, '-c', child])",
    "os.environ.clear(), subprocess.run([sys.executable, '-c', child])",
    "os.unsetenv('NONET_PYTHON'), os.execv(sys.executable, [sys.executable, '-c', child])",
])
def test_child_pythons_inherit(wrap, python, tmp_path, way):
    tools = tmp_path / "bin"
    tools.mkdir()
    os.symlink(python, str(tools / "python3"))
    (tmp_path / "tool").write_text("#!/usr/bin/env python3\n" + CHILD)
    (tmp_path / "tool").chmod(0o755)
    script = tmp_path / "parent.py"
    script.write_text("import multiprocessing, os, subprocess, sys\nchild = %r\n"
                      "def attempt(): exec(child, {}); sys.stdout.flush()\n"
                      "def run(c): p = c.Process(target=attempt); p.start(); p.join()\n"
                      "if __name__ == '__main__':\n    %s\n" % (CHILD, way))
    env = dict(os.environ, PATH=str(tools) + ":" + os.environ["PATH"])
    first = bare(python, str(script), env=env, cwd=str(tmp_path))
    assert outcomes(first) == ["OUT"], (first.out, first.err)
    second = wrap(python, python, str(script), env=env, cwd=str(tmp_path))
    assert outcomes(second) == ["HELD"], (second.out, second.err)
    assert second.apis() == ["socket.__new__"]
    if "os.exec" not in way:
        assert second.log["events"][0]["pid"] != second.log["pid"]


REFUSED = [
    "subprocess.run([sys.executable, '-I', '-c', child])",
    "subprocess.run([sys.executable, '-uE', '-c', child])",
    "subprocess.run([sys.executable, '-c', child], env={})",
    "subprocess.run([sys.executable, '-c', child], env=dict(os.environ, PYTHONPATH='/x'))",
    "subprocess.run([sys.executable, '-c', child], env=dict(os.environ, PYTHONWARNINGS=''))",
    "subprocess.run([sys.executable, '-c', child], env=dict(os.environ, NONET_PYTHON='1 unix 13 b 1 '))",
    "subprocess.run(['env', '-i', sys.executable, '-c', child])",
    "subprocess.run(['env', 'PYTHONPATH=', sys.executable, '-c', child])",
    "subprocess.run(['/usr/bin/env', '-u', 'PYTHONWARNINGS', sys.executable, '-c', child])",
    "subprocess.run(['./isolated'])",
    "subprocess.run(['sh', '-c', 'echo OUT'])",
    "subprocess.run('echo OUT', shell=True)",
    "subprocess.run(['./shell'])",
    "subprocess.run(['./python3.9'])",
    "subprocess.run(['python3', 'OUT'], executable='echo')",
    "os.system('echo OUT') and 1/0",
    "print(os.popen('echo OUT').read())",
    "os.execvp('echo', ['echo', 'OUT'])",
    "os.execve(sys.executable, [sys.executable, '-c', child], {})",
    "os.execve(sys.executable, [sys.executable, '-I', '-c', child], os.environ)",
    "os.waitpid(os.posix_spawn('/bin/echo', ['echo', 'OUT'], os.environ), 0)",
    "os.waitpid(os.posix_spawn(sys.executable, [sys.executable, '-c', child], {}), 0)",
    "subprocess.run(['echo', 'OUT'], close_fds=False)",
    "__import__('pty').spawn(['echo', 'OUT'])",
    "multiprocessing.util.spawnv_passfds(b'/bin/echo', [b'echo', b'OUT'], []) and os.wait()",
    "os.execve(os.open('/bin/echo', 0), ['echo', 'OUT'], os.environ)",
]


@pytest.mark.parametrize("way", REFUSED)
def test_children_that_would_not_be_confined_are_refused(wrap, python, tmp_path, way):
    (tmp_path / "isolated").write_text("#!%s -I\n%s" % (python, CHILD))
    (tmp_path / "shell").write_text("#!/bin/sh\necho OUT\n")
    (tmp_path / "python3.9").write_text("#!/bin/sh\necho OUT\n")
    for name in ("isolated", "shell", "python3.9"):
        (tmp_path / name).chmod(0o755)
    code = "import multiprocessing.util, os, subprocess, sys\nchild = %r\n%s\nsys.stdout.flush()\n" % (CHILD, way)
    first = bare(python, "-c", code, cwd=str(tmp_path))
    assert outcomes(first) == ["OUT"], (first.out, first.err)
    second = wrap(python, python, "-c", code, cwd=str(tmp_path))
    assert outcomes(second) == [], (second.out, second.err)
    assert "advisory" in second.err and ("PermissionError" in second.err or "pty" in way), second.err
    assert second.log["events"][0]["verdict"] == "refused"
    third = wrap(python, python, "-c", code, cwd=str(tmp_path), options=["--best-effort"])
    # A child with settings of its own is confined by those.
    expected = ["HELD"] if "1 unix" in way else ["OUT"]
    assert outcomes(third) == expected and "UNCONFINED" in third.out + third.err, (third.out, third.err)
    assert third.log["events"][0]["verdict"] == "allowed"


def test_a_missing_program_is_missing_as_ever(wrap, python):
    code = "import subprocess, os\ntry: subprocess.run(['nonet-no-such'])\nexcept FileNotFoundError: print('missing')\n" \
        "try: os.execvp('nonet-no-such', ['x'])\nexcept FileNotFoundError: print('missing')"
    result = wrap(python, python, "-c", code)
    assert result.out == "missing\nmissing\n" and result.log["event_count"] == 0


def test_children_are_refused_when_the_guard_is_gone(wrap, python):
    code = "import os, subprocess, sys\n{0}\nsubprocess.run([sys.executable, '-c', 'print(1)'])"
    file = str(wrap.guard / "nonet_restrict.py")
    assert wrap(python, python, "-c", code.format("")).out == "1\n"
    for change in ("open(%r, 'a').write('#')" % file, "os.unlink(%r)" % file):
        result = wrap(python, python, "-c", code.format(change))
        assert result.out == "" and "gone or was changed" in result.err


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can change its user")
def test_a_child_that_can_no_longer_read_the_guard_is_refused(wrap, python, version, tmp_path):
    """pytest's own folder is 0700, so the guard in it is out of nobody's reach."""
    ways = ["preexec_fn=lambda: os.setuid(65534)"]
    program = shutil.which("python3", path="/usr/bin")  # one that nobody can run
    if version >= (3, 9):
        ways.append("user=65534")
    for way in ways:
        code = "import os, subprocess\nsubprocess.run([%r, '-c', %r], cwd='/', %s)" % (program, CHILD, way)
        assert outcomes(bare(python, "-c", code)) == ["OUT"]
        result = wrap(python, python, "-c", code)
        assert outcomes(result) == [] and "could not read" in result.err, result.err
    fine = "import os, subprocess, sys\nsubprocess.run([sys.executable, '-c', %r], preexec_fn=lambda: None)" % CHILD
    assert outcomes(wrap(python, python, "-c", fine)) == ["HELD"]


# Ends ------------------------------------------------------------------------------------------

ENDS = [
    ("pass", 0, 0), ("import sys; sys.exit()", 0, 0), ("import sys; sys.exit(3)", 3, 3),
    ("import sys; sys.exit('no')", 1, 1), ("import sys; sys.exit(259)", 3, 3), ("1/0", 1, 1),
    ("import sys\ntry: sys.exit(3)\nexcept SystemExit as e: assert e.code == 3", 0, 0),
    ("import sys\ntry: sys.exit(3)\nexcept SystemExit: pass\n1/0", 1, 1),
    ("raise SystemExit(6)", 6, None), ("import os; os._exit(7)", 7, 7), ("def", 1, 1),
    ("import sys, threading\nt = threading.Thread(target=sys.exit, args=(5,)); t.start(); t.join()", 0, 0),
    ("import sys, os\nif os.fork(): os.wait()\nelse: sys.exit(5)", 0, 0),
    ("raise KeyboardInterrupt", -2, 130),
]


@pytest.mark.parametrize("code,status,logged", ENDS, ids=[repr(e[0]) for e in ENDS])
def test_exit_status(wrap, python, tmp_path, code, status, logged):
    script = tmp_path / "end.py"
    script.write_text(code + "\n")
    for words in (["-c", code], [str(script)], ["-m", "end"]):
        env = dict(os.environ, PYTHONPATH=str(tmp_path))
        first = bare(python, *words, env=env)
        assert first.status == status
        second = wrap(python, python, *words, env=env)
        assert second.status == status, second.err
        ended = (second.log["status"], second.log["exit_code"])
        # Falling off the end and `raise SystemExit` look alike; the doubt is said, not guessed.
        unsure = logged == 0 and "except SystemExit" in code and ended[1] is None
        assert unsure or ended == ("signal 2" if logged == 130 else "exited", logged)
        # Nothing of ours in a traceback.
        assert re.sub("(?m)^nonet: .*\n", "", second.err) == first.err


def test_a_script_that_is_not_there(wrap, python):
    assert bare(python, "/no/such").status == 2
    result = wrap(python, python, "/no/such")
    assert (result.status, result.log["exit_code"]) == (2, 2)


def test_killed(wrap, python):
    code = "import os, socket, signal\ntry: socket.socket()\nexcept OSError: os.kill(os.getpid(), signal.SIGKILL)"
    result = wrap(python, python, "-c", code)
    assert result.status == -signal.SIGKILL
    assert (result.log["event_count"], result.log["status"], result.log["exit_code"]) == (1, "running", None)


# The log ---------------------------------------------------------------------------------------

def test_log_format(wrap, python):
    code = "import socket\ndef inner():\n    try: socket.create_connection(('127.0.0.1', 9))\n    except OSError: pass\n" \
        "for _ in range(3): inner()\n"
    result = wrap(python, python, "-c", code)
    name, = os.listdir(str(wrap.logs))
    document = result.log
    assert re.fullmatch(r"net_restrict_\d{8}T\d{6}\.\d{6}Z_%d\.json" % document["pid"], name)
    assert os.stat(str(wrap.logs)).st_mode & 0o777 == 0o700
    assert os.stat(str(wrap.logs / name)).st_mode & 0o777 == 0o600
    for key in ("timestamp", "pid", "backend", "command", "events", "event_count", "status", "exit_code"):
        assert key in document
    moment = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
    event, = document["events"]
    assert document["backend"] == "python" and moment.fullmatch(document["timestamp"])
    assert moment.fullmatch(event["timestamp"]) and event["api"] == "socket.getaddrinfo"
    assert event["args"][:2] == ["127.0.0.1", 9] and event["count"] == 3 == document["event_count"]
    assert any("<string>:3 inner" in line for line in event["stack"]) and not any("nonet" in line for line in event["stack"])
    assert event["errno"] == errno.EACCES and event["verdict"] == "refused" and event["pid"] == document["pid"]


def test_default_place_and_quiet(wrap, python, tmp_path):
    argv = [word for word in wrap.argv(python, [python, "-c", "import socket; socket.gethostbyname('a.invalid')"])
            if word not in ("--log-dir", str(wrap.logs))]
    argv.insert(3, "--quiet")
    for env, place in ((dict(os.environ, XDG_STATE_HOME=str(tmp_path / "state")), "state/nonet"),
                       (dict(os.environ, XDG_STATE_HOME="", HOME=str(tmp_path / "home")), "home/.local/state/nonet")):
        result = bare(*argv, env=env)
        assert result.status == 1 and "nonet:" not in result.err
        assert len(os.listdir(str(tmp_path / place))) == 1


def test_bytes_that_are_no_text(wrap, python):
    odd = os.fsdecode(b"a\xffb\n\x1b\xed\xa0\x80")
    code = "import sys, os, socket; print(os.fsencode(sys.argv[1]))\ntry: os.execv('/bin/sh', ['\\udcff\\x1b'])\nexcept OSError: pass"
    first = bare(python, "-c", "import sys, os; print(os.fsencode(sys.argv[1]))", odd)
    result = wrap(python, python, "-c", code, odd)
    assert result.out == first.out and result.status == 0, result.err
    assert result.log["command"][-1] == "a\\xffb\n\x1b\\xed\\xa0\\x80"
    open(glob.glob(str(wrap.logs / "*"))[0], "rb").read().decode("utf-8")
    assert "\x1b" not in result.err


STORM = """
import socket, sys
for i in range(100000):
    try: socket.socket() if {same} else socket.gethostbyname("host%d" % i)
    except OSError: pass
"""


@pytest.mark.parametrize("same", [True, False])
def test_storm(wrap, python, same):
    begin = time.monotonic()
    result = wrap(python, python, "-c", STORM.format(same=same), timeout=120)
    took = time.monotonic() - begin
    document = result.log
    counted = sum(event["count"] for event in document["events"])
    assert document["event_count"] == 100000 == counted + document["dropped"]
    assert counted == (100000 if same else len(document["events"]))
    assert os.path.getsize(glob.glob(str(wrap.logs / "*"))[0]) <= 1 << 20
    assert took < 60
    assert same or "not kept" in result.err


def test_many_processes_lose_nothing(wrap, python):
    code = """
import os, socket, threading
def attempt():
    for i in range(50):
        try: socket.socket()
        except OSError: pass
for _ in range(8):
    if os.fork() == 0:
        threads = [threading.Thread(target=attempt) for _ in range(4)]
        [t.start() for t in threads]; [t.join() for t in threads]
        import atexit; atexit._run_exitfuncs(); os._exit(0)
for _ in range(8): os.wait()
"""
    document = wrap(python, python, "-W", "ignore", "-c", code).log
    assert document["event_count"] == 8 * 4 * 50
    assert sum(e["count"] for e in document["events"]) + document["dropped"] == 1600
    assert len({e["pid"] for e in document["events"]}) == 8


def test_the_document_is_whole_at_every_moment(wrap, python):
    """Read it all the time while it is written, then kill the writer at any moment."""
    code = "import socket\ni = 0\nwhile True:\n    i += 1\n    try: socket.gethostbyname('h%d' % (i // 3))\n    except OSError: pass"
    for delay in (0.2, 0.35, 0.5):
        for old in glob.glob(str(wrap.logs / "*.json")):
            os.unlink(old)
        process = subprocess.Popen(wrap.argv(python, [python, "-c", code]), stderr=subprocess.DEVNULL)
        end, reads, last = time.monotonic() + delay, 0, -1
        while time.monotonic() < end:
            for name in glob.glob(str(wrap.logs / "*.json")):
                document = json.load(open(name))
                assert document["event_count"] >= last
                last, reads = document["event_count"], reads + 1
        process.kill()
        process.wait()
        document, = wrap.keep(Result(0, "", "", [])).logs
        assert reads and abs(document["event_count"] - sum(e["count"] for e in document["events"]) - document["dropped"]) <= 1


def test_log_that_cannot_be_made(wrap, python, tmp_path):
    code = "import socket\nfor _ in range(3):\n    try: socket.socket()\n    except OSError: print('HELD')"
    for place in ("/dev/full", "/dev/full/x", "/proc/nonet"):
        argv = wrap.argv(python, [python, "-c", code])
        argv[argv.index("--log-dir") + 1] = place
        result = bare(*argv)
        assert outcomes(result) == ["HELD"] * 3 and result.status == 0
        assert result.err.count("warning") == 1 and "advisory" in result.err


def test_log_that_vanishes(wrap, python):
    code = "import glob, os, socket\nfor name in glob.glob(%r): os.unlink(name)\nfor _ in range(3):\n" \
        "    try: socket.socket()\n    except OSError: print('HELD')" % str(wrap.logs / "*")
    result = wrap(python, python, "-c", code)
    assert outcomes(result) == ["HELD"] * 3 and result.err.count("warning") == 1 and result.logs == []
    assert "3 attempts" in result.err


TMPFS = subprocess.run(["unshare", "-rm", "true"], stderr=subprocess.DEVNULL).returncode == 0 \
    if shutil.which("unshare") else False


@pytest.mark.skipif(not TMPFS, reason="needs a mount namespace of its own")
def test_full_disk(wrap, python, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    code = """
import os, socket
def attempt(name):
    try: socket.gethostbyname(name)
    except OSError: print("HELD")
attempt("a"); attempt("b")
try:
    with open({0!r}, "wb", 0) as f:
        while True: f.write(bytes(4096))
except OSError as e: print(e.errno)
attempt("c"); [attempt("a") for _ in range(5)]
print(open([os.path.join({1!r}, n) for n in os.listdir({1!r}) if n.endswith("json")][0]).read())
""".format(str(disk / "fill"), str(disk / "logs"))
    code = code.replace('[attempt("a") for _ in range(5)]', 'attempt("d")')
    argv = wrap.argv(python, [python, "-c", code])
    argv[argv.index("--log-dir") + 1] = str(disk / "logs")
    script = 'd=$1; shift; mount -t tmpfs -o size=64k none "$d" && "$@"; s=$?; echo =====; cat "$d"/logs/*.json; exit $s'
    result = bare("unshare", "-rm", "sh", "-c", script, "sh", str(disk), *argv)
    assert result.status == 0 and str(errno.ENOSPC) in result.out, result.err
    document = json.loads(result.out.split("=====\n")[1])
    assert [event["args"][0] for event in document["events"]] == ["a", "b"]
    assert (document["event_count"], document["dropped"]) == (4, 2)
    assert result.err.count("warning") == 1 and len(outcomes(result)) == 4
