"""The binary under test, and what the solvers are asked about."""

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
NONET = os.environ.get("NONET", str(ROOT / "bin/nonet"))
PRESETS = sorted(path.stem for path in (ROOT / "Sources/nonet/Presets/Policies").glob("*.policy"))
LISTS = sorted(path.stem for path in (ROOT / "Fixtures/policies").glob("*.policy"))
ARCHES = ["x86_64", "aarch64"]
WHOLE = os.environ.get("NONET_PROVE") == "all"


def policies():
    """Every preset, preset without Landlock and list: its name, and the words that choose it."""
    for name in PRESETS:
        yield name, ["--policy", name]
        yield f"{name}-deny-debug", ["--policy", name, "--deny", "@debug"]
    for name in LISTS:
        yield name, ["--policy", str(ROOT / f"Fixtures/policies/{name}.policy")]


def say(*words, data=None, status=0):
    """What nonet prints."""
    done = subprocess.run([NONET, "-q", *words], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == status, (words, done)
    return done.stdout


@pytest.fixture(scope="session", autouse=True)
def binary():
    if not os.path.exists(NONET):
        pytest.fail(f"{NONET} does not exist: run `make`, or set NONET", pytrace=False)
