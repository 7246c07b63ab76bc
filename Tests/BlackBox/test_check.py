"""`nonet --check`: what it promises is what happens, and what it says of this process is found by trying."""

import json
import subprocess

import pytest

from support.presets import PRESETS

BACKENDS = ["auto", "seccomp", "namespace", "python"]
# An outer sandbox that leaves nothing to confine with.
NOTHING = ["-q", "--deny", "seccomp,unshare,clone3", "--"]


@pytest.fixture
def checked(nonet, free):
    def check(*outer):
        done = free(*outer, nonet, "--check", "--format", "json")
        return done.returncode, json.loads(done.stdout)

    return check


def finding(report, name):
    return next(found for found in report["findings"] if found["name"] == name)


def plans(report):
    return {(plan["policy"], plan["backend"]): plan for plan in report["plans"]}


def test_every_preset_and_backend_has_a_plan(checked):
    status, report = checked()
    assert status == 0
    assert set(plans(report)) == {(preset, backend) for preset in PRESETS for backend in BACKENDS}


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("backend", BACKENDS[:3])
def test_the_plan_is_what_the_command_finds(checked, nonet, free, preset, backend):
    plan = plans(checked()[1])[preset, backend]
    done = free(nonet, "-q", "--policy", preset, "--backend", backend, "--", "printenv", "NONET")
    assert plan["possible"] and done.returncode == 0, done
    assert done.stdout.decode() == f"{preset}:{plan['text']}\n"
    assert sorted(plan["layers"]) == sorted(plan["text"].split("+"))


def test_outside_is_outside_whatever_the_environment_says(free, nonet):
    done = free(nonet, "--check", env={"NONET": "default:seccomp"})
    assert b"is not confined" in done.stdout


@pytest.mark.parametrize("preset", PRESETS)
def test_inside_is_inside(checked, nonet, preset):
    status, report = checked(nonet, "--policy", preset, "--")
    assert finding(report, "this process")["there"]
    assert status == 0  # one filter more can always be put on top


def test_where_nothing_can_confine(checked, nonet, free):
    status, report = checked(nonet, *NOTHING)
    assert status == 1
    assert not finding(report, "seccomp")["there"] and not finding(report, "user namespaces")["there"]
    assert not plans(report)["default", "auto"]["possible"]
    done = free(nonet, *NOTHING, nonet, "--", "touch", "ran")
    assert done.returncode == 125 and b"was not run" in done.stderr


def test_bad_input(bare):
    for words in (["--check", "--format", "raw"], ["--check", "--arch", "all"], ["--check", "true"]):
        done = bare(*words)
        assert done.returncode == 125 and done.stderr.startswith(b"nonet: ") and not done.stdout
    with open("/dev/full", "wb") as full:
        done = bare("--check", stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 125 and b"No space left" in done.stderr
