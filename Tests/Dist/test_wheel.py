"""The wheel: what is in it, and what it does in a fresh environment and in a fresh Debian."""

import json
import os
import zipfile

import pytest

from conftest import FIELD, MACHINE, ROOT, VERSION, entered, field, fresh, made, run, whole

SOCKET = "import socket; socket.socket()"
pytestmark = pytest.mark.usefixtures("clean_environment")


def wheels():
    return made(f"nonet-{VERSION}-*.whl") if FIELD else made(f"nonet-{VERSION}-*{MACHINE}.whl")


def test_what_is_in_it(tools):
    for wheel in wheels():
        assert wheel.stat().st_size < 1.5e6, wheel
        names = zipfile.ZipFile(wheel).namelist()
        assert f"nonet-{VERSION}.data/scripts/nonet" in names and "nonet/py.typed" in names
        shared = {name.partition(".data/data/share/nonet/")[2] for name in names if ".data/data/" in name}
        assert shared == {"aicoder/block_shell_network.py", "amp/nonet.ts", "opencode/nonet.js"}
        assert not [name for name in names if "__pycache__" in name or "tests" in name]
        assert ".manylinux" in wheel.name and ".musllinux_1_1_" in wheel.name
        info = zipfile.ZipFile(wheel)
        assert b"Root-Is-Purelib: false" in info.read(f"nonet-{VERSION}.dist-info/WHEEL")
        assert b"console_scripts" not in info.read(f"nonet-{VERSION}.dist-info/entry_points.txt")
        assert run(tools / "check-wheel-contents", wheel).stdout.strip().endswith("OK")
        shown = run(tools / "auditwheel", "show", wheel).stdout
        assert "consistent with" in shown and "requires no external shared libraries" in shown, shown


def test_the_module_is_typed(tools, tmp_path):
    run(tools / "mypy", "--config-file", ROOT / "Integrations/python/pyproject.toml", "--cache-dir", tmp_path, cwd=ROOT / "Integrations/python")


def test_the_program_and_the_module(installed):
    assert run(installed / "nonet", "--version").stdout == f"nonet {VERSION}\n"
    assert run(installed / "python", "-m", "nonet", "--version").stdout == f"nonet {VERSION}\n"
    run(installed / "python", "-c", SOCKET)  # The instrument.
    for words in ([installed / "nonet"], [installed / "python", "-m", "nonet"]):
        done = run(*words, "--", installed / "python", "-c", SOCKET, check=False)
        assert done.returncode == 1 and "Permission denied" in done.stdout
    assert run(installed / "python", "-m", "nonet", "--policy", "nope", "true", check=False).returncode == 125


def test_what_it_becomes_finds_signals_as_they_were(installed):
    """Python ignores SIGPIPE, and a program that it becomes is to end by it."""
    # A run may be started by nohup(1), or by make, which leaves glibc's own signals, 32 and 33, ignored.
    bare = run("sh", "-c", "grep SigIgn /proc/self/status").stdout.split()[-1]
    for words in ([installed / "python", "-m", "nonet", "-q", "--"], [installed / "nonet-shell", "-c"]):
        shown = run(*words, *(["sh", "-c"] if "-c" not in words else []), "grep SigIgn /proc/self/status")
        assert int(shown.stdout.split()[-1], 16) & ~(3 << 31) == int(bare, 16) & ~(3 << 31), shown.stdout


def test_the_shell(installed, monkeypatch):
    run("sh", "-c", f"{installed}/python -c '{SOCKET}'")  # The instrument.
    done = run(installed / "nonet-shell", "-c", f"{installed}/python -c '{SOCKET}'", check=False)
    assert done.returncode == 1 and "Permission denied" in done.stdout, done.stdout
    for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):  # of the make that runs these tests
        monkeypatch.delenv(name, raising=False)
    shown = run("make", "-s", "-f", "-", f"SHELL={installed}/nonet-shell", input="all:\n\t@echo $$NONET\n", stdin=None)
    assert shown.stdout.startswith("default:seccomp+"), shown.stdout
    assert run(installed / "nonet-shell", "-c", "exit 7", check=False).returncode == 7
    monkeypatch.setenv("NONET_OPTIONS", "--nope")
    done = run(installed / "nonet-shell", "-c", "echo ran", check=False)
    assert done.returncode == 125 and "ran" not in done.stdout.split(), done.stdout
    monkeypatch.setenv("NONET_OPTIONS", "")
    monkeypatch.setenv("NONET_SHELL", str(installed / "nonet-shell"))
    done = run(installed / "nonet-shell", "-c", "echo ran", check=False)
    assert done.returncode == 125 and "NONET_SHELL is nonet-shell itself" in done.stdout, done.stdout


def test_plug_ins_lie_where_make_install_puts_them(installed):
    """The same files, below the environment's folder."""
    share = installed.parent / "share/nonet"
    for name in ("amp/nonet.ts", "opencode/nonet.js", "aicoder/block_shell_network.py"):
        assert (share / name).read_bytes() == (ROOT / "Integrations" / name).read_bytes()
    shown = run(installed / "python", "-c", "import sysconfig; print(sysconfig.get_path('data') + '/share/nonet')").stdout.strip()
    assert shown == str(share)


def ask(installed, text, check=True, wrapper=(), **keywords):
    return run(*wrapper, installed / "python", "-c", "import nonet, socket, os, sys\n" + text, check=check, **keywords)


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


SERVER = "server = socket.create_server(('127.0.0.1', 0))\nport = server.getsockname()[1]\n"
REFUSED = """
import subprocess, ctypes
for attempt in (lambda: socket.socket(), lambda: subprocess.run([sys.executable, '-c', 'import socket; socket.socket()'], stderr=subprocess.DEVNULL, check=True)):
    try: attempt()
    except (OSError, subprocess.CalledProcessError): continue
    sys.exit('not refused')
assert ctypes.CDLL(None).socket(2, 1, 0) == -1
"""


def test_confine(installed):
    assert "not refused" in ask(installed, REFUSED, check=False).stdout  # The instrument.
    done = ask(installed, "nonet.confine()\n" + REFUSED + "print(os.environ['NONET'])")
    assert done.stdout.startswith("default:seccomp+"), done.stdout
    status = ask(installed, "nonet.confine()\nprint(nonet.check()['findings'][-1]['there'])")
    assert status.stdout.splitlines()[-1] == "True", status.stdout
    ask(installed, "nonet.confine('strict')\ntry: socket.socketpair()\nexcept OSError: sys.exit(0)\nsys.exit(1)")
    ask(installed, "import threading\nt = threading.Thread(target=threading.Event().wait, daemon=True); t.start()\nnonet.confine(threads=True)\n" + REFUSED)
    # In a thread that was there before.
    ask(installed, """
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
    ask(installed, "nonet.confine('strict')", wrapper=(installed / "nonet", "-q", "--"))
    for call in ("seccomp", "landlock_restrict_self"):
        done = ask(installed, "import subprocess" + NOTHING_HALF.format(arguments="", nnp=1, filters=1, landlock=FREE), wrapper=(installed / "nonet", "-q", "--deny", call, "--"))
        assert "the command" in done.stdout and "was not run" in done.stdout and "descriptors: none" not in done.stdout, done.stdout


def test_elsewhere(installed):
    for change, name in [("sys.platform = 'darwin'", "darwin"), ("os.uname = lambda: type('U', (), {'machine': 'riscv64'})", "riscv64")]:
        done = run(installed / "python", "-c", f"import sys, os\n{change}\nimport nonet\ntry: nonet.run\nexcept ImportError as e: print(e)")
        assert "nonet runs on Linux on x86_64 and aarch64, and this is" in done.stdout and name in done.stdout


def test_the_plug_in(installed):
    run(installed / "python", "-m", "pytest", "-q", "-n2", "-p", "no:cacheprovider", "-p", "no:randomly", ROOT / "Integrations/python/tests", cwd="/")


@field
@pytest.mark.parametrize("version", ["3.8", "3.13", *(pytest.param(one, marks=whole) for one in ("3.9", "3.10", "3.11", "3.12"))])
def test_every_python(tmp_path, wheel, version):
    pythons = sorted((ROOT.home() / ".pyenv/versions").glob(version + ".*/bin/python"))
    if not pythons:
        pytest.skip(f"pyenv has no Python {version}")
    there = fresh(tmp_path / "venv", wheel, "pytest", "pytest-xdist", "pytest-asyncio", "pytest-cov", "pytest-randomly", python=pythons[-1])
    run(there / "python", "-m", "pytest", "-q", "-n2", "-p", "no:cacheprovider", "-p", "no:randomly", ROOT / "Integrations/python/tests", cwd="/")
    ask(there, "nonet.confine()\n" + REFUSED)


@field
def test_in_a_fresh_debian(debian, wheel):
    name = wheel.name
    (debian / "tmp" / name).write_bytes(wheel.read_bytes())
    inside = entered(debian)
    run(*inside, "python3", "-c", SOCKET)  # The instrument.
    run(*inside, "python3", "-m", "venv", "/venv")
    run(*inside, "/venv/bin/pip", "install", "--no-index", f"/tmp/{name}")
    done = run(*inside, "/venv/bin/nonet", "--", "python3", "-c", SOCKET, check=False)
    assert done.returncode == 1 and "Permission denied" in done.stdout, done.stdout
    # As the line in the README has it, into the system's own Python.
    run(*inside, "python3", "-m", "pip", "install", "--no-index", "--break-system-packages", f"/tmp/{name}")
    done = run(*inside, "sh", "-c", f"nonet -- python3 -c '{SOCKET}'", check=False)
    assert done.returncode == 1 and "Permission denied" in done.stdout, done.stdout
    run(*inside, "python3", "-m", "pip", "uninstall", "-y", "--break-system-packages", "nonet")
    assert run(*inside, "sh", "-c", "command -v nonet", check=False).returncode != 0


@field
def test_the_other_processor():
    """The binary in the other wheel is for that machine; `make test-aarch64` runs it."""
    for wheel in wheels():
        binary = zipfile.ZipFile(wheel).read(f"nonet-{VERSION}.data/scripts/nonet")
        machine = {62: "x86_64", 183: "aarch64"}[int.from_bytes(binary[18:20], "little")]
        assert wheel.name.endswith(f"{machine}.whl")
        assert os.path.getsize(wheel) > 5e5
