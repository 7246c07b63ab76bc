"""The wheel: what is in it, and what it does in a fresh environment and in a fresh Debian."""

import os
import zipfile

import pytest

from conftest import FIELD, MACHINE, REFUSED, ROOT, VERSION, ask, entered, field, fresh, made, run, whole

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
