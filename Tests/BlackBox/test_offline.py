"""`--offline`: what the command finds in its environment, and what package tools make of it."""

import os

import pytest

from support.run import PYTHON, tool

SWITCHES = {
    "CARGO_NET_OFFLINE": "true", "COMPOSER_DISABLE_NETWORK": "1", "COREPACK_ENABLE_NETWORK": "0", "GOPROXY": "off",
    "HF_HUB_OFFLINE": "1", "MAVEN_ARGS": "--offline", "PIP_NO_INDEX": "1", "UV_OFFLINE": "1", "YARN_ENABLE_NETWORK": "0",
    "npm_config_offline": "true",
}
# An outer sandbox under which nothing can confine.
NOTHING = ["-q", "--deny", "seccomp,unshare,clone3", "--"]


def seen(done):
    assert done.returncode == 0, done.stderr
    return dict(entry.split("=", 1) for entry in done.stdout.decode().split("\0")[:-1])


@pytest.fixture
def inside(bare):
    """The environment of a command, but for the hint of nonet itself."""
    def run(*options, env=None, command=("env", "-0")):
        found = seen(bare(*options, "--", *command, env=env))
        del found["NONET"]
        return found
    return run


def test_every_switch_is_set_and_nothing_else(inside):
    plain = inside()
    assert not set(SWITCHES) & set(plain)
    assert inside("--offline") == {**plain, **SWITCHES}


@pytest.mark.parametrize("value", ["", "mine", "false", "--batch-mode", "a=b", "\u00e9"])
@pytest.mark.parametrize("name", SWITCHES)
def test_what_is_set_stays(inside, name, value):
    found = inside("--offline", env={name: value})
    assert found[name] == value
    assert {other: found[other] for other in SWITCHES if other != name} == {k: v for k, v in SWITCHES.items() if k != name}


@pytest.mark.parametrize("spelling", ["NPM_CONFIG_OFFLINE", "Npm_Config_Offline", "yarn_enable_network", "PIP_no_index"])
def test_another_spelling_stays_alone(inside, spelling):
    """npm, Yarn and pip read more than one, and ours beside the user's could win."""
    found = inside("--offline", env={spelling: "user"})
    assert [name for name in found if name.lower() == spelling.lower()] == [spelling] and found[spelling] == "user"


@pytest.mark.parametrize("near", ["npm_config_offline_", "XGOPROXY", "GOPROX", "npm-config-offline"])
def test_a_name_that_is_only_near_changes_nothing(inside, near):
    assert SWITCHES.items() <= inside("--offline", env={near: "x"}).items()


def test_what_is_said(bare):
    done = bare("--offline", "-v", "--", "true", env={"GOPROXY": "https://user:secret@example.invalid", "NPM_CONFIG_OFFLINE": ""})
    said = [line for line in done.stderr.decode().splitlines() if "offline: " in line]
    assert len(said) == len(SWITCHES)
    assert "nonet: offline: CARGO_NET_OFFLINE=true (Cargo)" in said and "nonet: offline: GOPROXY is set and stays (Go)" in said
    assert "nonet: offline: NPM_CONFIG_OFFLINE is set and stays (npm)" in said
    assert b"secret" not in done.stderr
    for quiet in ([], ["-q"]):
        assert bare("--offline", *quiet, "--", "true").stderr == b""


@pytest.mark.parametrize("options", [["--backend", "seccomp"], ["--policy", "strict"], ["--deny", "setns"]], ids=" ".join)
def test_under_every_policy(inside, options):
    assert SWITCHES.items() <= inside(*options, "--offline").items()


def test_under_the_other_backends(bare, inside):
    if bare("--backend", "namespace", "--", "true").returncode != 0:
        pytest.skip("no network namespace can be made here")
    assert SWITCHES.items() <= inside("--backend", "namespace", "--offline").items()


def test_under_python_and_best_effort(bare, nonet):
    code = "import os; print(*sorted(set(os.environ) & {!r}))".format(set(SWITCHES))
    everything = " ".join(sorted(SWITCHES)).encode() + b"\n"
    assert bare("--backend", "python", "--offline", "--", PYTHON, "-c", code).stdout == everything
    done = bare(*NOTHING, nonet, "--best-effort", "--offline", "--", "/usr/bin/env", "-0")
    assert b"NOTHING CONFINES" in done.stderr
    assert SWITCHES.items() <= seen(done).items()


PACKAGE = '[package]\nname = "a"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\nitoa = "1"\n'
RUSTUP = {"RUSTUP_HOME": os.environ.get("RUSTUP_HOME", os.path.expanduser("~/.rustup"))}
# What each says, without the switch and with it; the variables keep it from trying again in the first case.
TOOLS = {
    "npm": (["install", "left-pad"], {"npm_config_fetch_retries": "0"}, b"EAI_AGAIN", b"only-if-cached"),
    "cargo": (["build"], {"CARGO_NET_RETRY": "0", **RUSTUP}, b"resolve host", b"offline mode"),
    "corepack": (["yarn", "--version"], {}, b"EAI_AGAIN", b"Network access disabled"),
    "go": (["install", "example.com/a@latest"], {}, b"dial", b"disabled by GOPROXY=off"),
    "uv": (["pip", "install", "--target", "x", "requests"], {"UV_HTTP_RETRIES": "0"}, b"dns error", b"network was disabled"),
}


@pytest.mark.parametrize("name", TOOLS)
def test_package_tools(bare, me, name):
    """Refused by the filter without the switch; by the tool itself with it."""
    words, hurry, alone, offline = TOOLS[name]
    tool(name, optional=True)
    os.mkdir(f"{me.home}/src")
    for path, text in {"Cargo.toml": PACKAGE, "src/main.rs": "fn main() {}\n", "package.json": '{"name": "a"}'}.items():
        with open(f"{me.home}/{path}", "w") as file:
            file.write(text)
    for options, says in ([], alone), (["--offline"], offline):
        done = bare(*options, "--", name, *words, env=hurry, timeout=60)
        assert done.returncode != 0 and says in done.stdout + done.stderr, (options, done)
        assert (offline in done.stdout + done.stderr) == bool(options)


def test_pip(bare, me):
    if bare("--", PYTHON, "-m", "pip", "--version").returncode != 0:
        pytest.skip(f"{PYTHON} has no pip")
    words = [PYTHON, "-m", "pip", "download", "--no-cache-dir", "--no-deps", "-d", ".", "no-such-package-of-nonet"]
    hurry = {"PIP_RETRIES": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    alone = bare("--", *words, env=hurry)
    offline = bare("--offline", "--", *words, env=hurry)
    assert alone.returncode == offline.returncode == 1
    assert b"Retrying" in alone.stdout + alone.stderr and b"Retrying" not in offline.stdout + offline.stderr
    assert b"from versions: none" in offline.stderr
