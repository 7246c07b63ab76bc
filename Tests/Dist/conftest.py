"""What `make dist` made, and places to install it in."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DIST = ROOT / "dist"
# 1: what takes a minute, as `make test-field` has it; all: `make test-dist-field`.
FIELD = os.environ.get("NONET_FIELD") in ("1", "all")
WHOLE = os.environ.get("NONET_FIELD") == "all"
MACHINE = os.uname().machine
DEBIAN = {"x86_64": "amd64", "aarch64": "arm64"}
VERSION = (ROOT / "VERSION").read_text().strip()

whole = pytest.mark.skipif(not WHOLE, reason="takes many minutes: make test-dist-field")


def field(test):
    return pytest.mark.field(pytest.mark.skipif(not FIELD, reason="takes minutes: make test-dist-field")(test))


def pytest_configure(config):
    config.addinivalue_line("markers", "field: what `make test-field` runs of these tests")


def run(*words, check=True, **keywords):
    """A command; with everything that it said where it fails."""
    keywords = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "universal_newlines": True, "timeout": 600, "stdin": subprocess.DEVNULL, **keywords}
    done = subprocess.run([str(word) for word in words], **keywords)
    assert not check or done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}"
    return done


def made(pattern):
    found = sorted(DIST.glob(pattern))
    assert found, f"dist/{pattern} is not there: make dist"
    return found


@pytest.fixture(scope="session")
def wheel():
    (one,) = made(f"nonet-{VERSION}-py3-none-*{MACHINE}.whl")
    return one


@pytest.fixture(scope="session")
def package():
    (one,) = made(f"nonet_{VERSION}_{DEBIAN[MACHINE]}.deb")
    return one


@pytest.fixture(scope="session")
def tools():
    return ROOT / ".build-dist/venv/bin"


def fresh(folder, wheel, *more, python=sys.executable):
    """A virtual environment with the wheel in it."""
    run(python, "-m", "venv", folder)
    run(folder / "bin/python", "-m", "pip", "install", "--quiet", wheel, *more)
    return folder / "bin"


@pytest.fixture(scope="session")
def installed(tmp_path_factory, wheel):
    return fresh(tmp_path_factory.mktemp("wheel") / "venv", wheel, "pytest", "pytest-xdist", "pytest-asyncio", "pytest-cov", "pytest-randomly")


# The end of a text for `ask`.
REFUSED = """
import subprocess, ctypes
for attempt in (lambda: socket.socket(), lambda: subprocess.run([sys.executable, '-c', 'import socket; socket.socket()'], stderr=subprocess.DEVNULL, check=True)):
    try: attempt()
    except (OSError, subprocess.CalledProcessError): continue
    sys.exit('not refused')
assert ctypes.CDLL(None).socket(2, 1, 0) == -1
"""


def ask(installed, text, check=True, wrapper=(), **keywords):
    """What a Python that has the module does with a text."""
    return run(*wrapper, installed / "python", "-c", "import nonet, socket, os, sys\n" + text, check=check, **keywords)


@pytest.fixture(scope="session")
def ordinary(tmp_path_factory, wheel, installed):
    """As `installed`, for a user without rights: nobody, where root runs the tests."""
    if os.geteuid() != 0:
        return installed
    folder = pathlib.Path(tempfile.mkdtemp(prefix="nonet-ordinary-"))
    folder.chmod(0o755)
    run(installed / "python", "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder / "packages", wheel)
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    if not python:
        pytest.skip("no Python here can be run by nobody")
    for name, words in (("python", f"env PYTHONPATH={folder}/packages PYTHONDONTWRITEBYTECODE=1 {python}"), ("nonet", f"{folder}/packages/bin/nonet")):
        (folder / name).write_text(f'#!/bin/sh\nexec setpriv --reuid 65534 --regid 65534 --clear-groups {words} "$@"\n')
        (folder / name).chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def clean_environment(monkeypatch):
    for name in ("PYTHONPATH", "VIRTUAL_ENV", "NONET"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def debian(tmp_path_factory):
    """Debian 12 with Python and nothing else, in a folder; bootstrapped once, and unpacked afterwards."""
    if os.geteuid() != 0:
        pytest.skip("debootstrap wants to be root")
    kept = ROOT / ".build-dist/debian.tar"
    folder = tmp_path_factory.mktemp("debian") / "root"
    folder.mkdir()
    if not kept.exists():
        _bootstrap(folder)
        run("tar", "-C", folder, "--one-file-system", "--numeric-owner", "-cf", f"{kept}.new", ".")
        os.rename(f"{kept}.new", kept)
    else:
        run("tar", "-C", folder, "--numeric-owner", "-xpf", kept)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def entered(folder):
    """Words that run a command in a folder with a system, with /proc in a mount namespace that ends with the command."""
    return ("unshare", "--mount", "sh", "-c", 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"', folder)


def _bootstrap(folder):
    words = ["debootstrap", "--variant=minbase", "--include=python3,python3-pip,python3-venv", "bookworm", folder, *_mirror()]
    done = run(*words, check=False, timeout=1500)
    if done.returncode != 0 and re.search("Failed getting release file|Couldn't download|Unable to|not resolve", done.stdout):
        pytest.skip(f"Debian's packages are not reached: {done.stdout[-300:]}")
    assert done.returncode == 0, done.stdout[-3000:]


def _mirror():
    """The mirror that this machine takes its own packages from."""
    sources = "".join(path.read_text() for path in [pathlib.Path("/etc/apt/sources.list"), *pathlib.Path("/etc/apt/sources.list.d").glob("*")] if path.is_file())
    found = re.search(r"^(?:deb(?: \[.*?\])?|URIs:)\s+(http\S*debian/?)\s*(?:bookworm\b|$)", sources, re.M)
    return [found.group(1)] if found else []
