"""Test suites of others, from PyPI's source distributions, bare and without a network.

Their figures are in Documentation/in-ci.md.
"""

import re
import tarfile

import pytest

from conftest import field, fresh, run, whole

# Project, version, what its tests need, and how many tests fail without a network and with loopback alone: those
# that start a server fail without. Tests of werkzeug's that wait for
# a changed file to be noticed fail on a busy machine without nonet too.
PROJECTS = [
    ("click", "8.1.8", [], [], (0, 0)),
    ("jinja2", "3.1.6", ["trio"], [], (0, 0)),
    ("werkzeug", "3.1.3", ["pytest-timeout", "ephemeral-port-reserve", "watchdog", "cryptography"], ["-k", "not reloader"], (22, 0)),
]


def failed(done):
    return sum(int(n) for n in re.findall(r"(\d+) (?:failed|error)", done.stdout.splitlines()[-1]))


@field
@pytest.mark.parametrize(
    "name, version, needed, options, expected", [PROJECTS[0], *(pytest.param(*one, marks=whole) for one in PROJECTS[1:])], ids=[one[0] for one in PROJECTS]
)
def test_a_suite(tmp_path, wheel, name, version, needed, options, expected):
    there = fresh(tmp_path / "venv", wheel, "pytest==8.3.5", f"{name}=={version}", *needed)
    run(there / "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", f"{name}=={version}", cwd=tmp_path)
    tarfile.open(next(tmp_path.glob("*.tar.gz"))).extractall(tmp_path)
    project = next(path for path in tmp_path.iterdir() if path.name == f"{name}-{version}")
    words = [there / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    bare = run(*words, cwd=project, check=False)
    assert bare.returncode == 0, bare.stdout[-3000:]
    for more, most in [([], expected[0]), (["--nonet-loopback"], expected[1])]:
        done = run(*words, "--nonet", *more, cwd=project, check=False)
        assert failed(done) == most, done.stdout[-3000:]
        print(name, *more, done.stdout.splitlines()[-1], *re.findall("network: [^=]*", done.stdout))
    # As any other command is run.
    (tmp_path / "Makefile").write_text(f"test:\n\tcd {project} && {' '.join(map(str, words[:6]))} {' '.join(repr(o) for o in options)}\n")
    made = run(there / "nonet", "-q", "--fail-on-attempt", "--", "make", "-C", tmp_path, "test", check=False)
    assert (made.returncode == 0) == (expected[0] == 0), made.stdout[-3000:]
