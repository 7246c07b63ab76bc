"""`--inside` answers one question by its status; `--allow-unix env:NAME` looks a socket up at each run."""

import os
import socket
import subprocess

import pytest

from support.run import PYTHON, Launcher


def test_inside_has_a_status_of_its_own(bare, nonet):
    done = bare("--inside")
    assert done.returncode == 1 and done.stdout.startswith(b"this process is not confined")
    supplied = ["--allow-connect", "127.0.0.1:9"], ["--destinations", "--hint"]
    for options in ([], ["--policy", "strict"], ["--loopback"], *supplied):
        done = bare(*options, "--", nonet, "--inside")
        assert done.returncode == 0 and done.stdout.startswith(b"this process "), done
    assert bare("-q", "--inside").stdout == b"" and bare("-q", "--inside").returncode == 1


def test_inside_does_not_believe_the_environment(nonet, me):
    done = Launcher(me, (nonet,))("--inside", env={"NONET": "default:seccomp+landlock+descriptors"})
    assert done.returncode == 1


def test_inside_takes_no_command(bare):
    assert bare("--inside", "true").returncode == 125


@pytest.fixture
def agent(me):
    """A listening AF_UNIX socket of the user's, as ssh-agent has."""
    path = f"{me.home}/agent.sock"
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(path)
        one.listen(8)
        yield path


CONNECT = f"{PYTHON} -c 'import os, socket; socket.socket(socket.AF_UNIX).connect(os.environ[\"AGENT\"])'"


def run(nonet, me, value, *options, command=CONNECT):
    env = {key: text for key, text in {**me.environment(), "AGENT": value}.items() if text is not None}
    return subprocess.run([nonet, *options, "--", "bash", "-c", command], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          cwd=me.home, timeout=20)


def test_a_socket_that_a_variable_names(nonet, me, agent):
    assert run(nonet, me, agent).returncode != 0
    done = run(nonet, me, agent, "--allow-unix", "env:AGENT")
    assert done.returncode == 0 and f"--allow-unix env:AGENT: {agent}".encode() in done.stderr, done
    assert run(nonet, me, agent, "-q", "--allow-unix", "env:AGENT").stderr == b""


@pytest.mark.parametrize("value, said", [(None, b"it is not set"), ("", b"it is not set"), ("/none/agent", b"nothing is at")])
def test_a_variable_without_a_socket_allows_nothing(nonet, me, agent, value, said):
    """Sockets come and go: the command runs, and nothing is allowed."""
    done = run(nonet, me, value, "--allow-unix", "env:AGENT", command=f"AGENT={agent} {CONNECT}; echo ran")
    assert done.stdout == b"ran\n" and done.stderr.count(said) == 1 and b"Permission" in done.stderr, done


@pytest.mark.parametrize("name", ["docker.sock", "podman.sock", "bus", "private", "notify", "systemd/x", "dbus-1/x", "containerd.sock"])
def test_trap_a_variable_that_names_a_control_socket(nonet, me, name):
    """An agent can write environment into a project's settings."""
    path = f"{me.home}/{name}"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(path)
        done = run(nonet, me, path, "--allow-unix", "env:AGENT")
        assert done.returncode == 125 and b"a daemon outside can be told to run things" in done.stderr
        os.symlink(path, f"{me.home}/harmless")
        done = run(nonet, me, f"{me.home}/harmless", "--allow-unix", "env:AGENT")
        assert done.returncode == 125, done


def test_trap_a_variable_that_names_no_socket_of_the_user(nonet, me, agent):
    for value, said in ((me.home, b"is no socket"), ("agent.sock", b"is no absolute path")):
        done = run(nonet, me, value, "--allow-unix", "env:AGENT")
        assert done.returncode == 125 and said in done.stderr, done
    if os.geteuid() == 0:
        os.chown(agent, 12345, 12345)
        done = run(nonet, me, agent, "--allow-unix", "env:AGENT")
        assert done.returncode == 125 and b"belongs to user 12345" in done.stderr


@pytest.mark.parametrize("name", ["env:", "env:1A", "env:A=B", "env:A-B", "env:A/B"])
def test_a_name_that_is_none(bare, name):
    assert bare("--allow-unix", name, "true").returncode == 125


def test_a_hook_keeps_the_name_and_not_the_value(nonet, me):
    launcher = Launcher(me, (nonet, "--hook", "gemini-cli"))
    assert launcher("--allow-unix", "env:AGENT", "--install").returncode == 0
    with open(f"{me.home}/.gemini/settings.json") as file:
        assert f"{nonet} --hook gemini-cli --allow-unix env:AGENT || exit 2" in file.read()

OPEN = {
    "one family": "deny socket if domain == AF_INET",
    "one type": "deny socket if domain in { AF_INET, AF_INET6 } and type & 0xf == SOCK_STREAM",
    "no flags": "deny socket if domain in { AF_INET, AF_INET6 } and type == SOCK_STREAM",
    "one protocol": "deny socket if domain in { AF_INET, AF_INET6 } and protocol == 0",
}


@pytest.mark.parametrize("rule", OPEN.values(), ids=OPEN)
def test_inside_is_not_what_refuses_some_sockets(user, nonet, rule):
    path = f"{user.home}/some.policy"
    with open(path, "w") as file:
        file.write(f"default allow\nnetwork allowed\n{rule}\n")
    done = Launcher(user, (nonet, "-q", "--policy", path, "--"))(nonet, "--inside")
    assert done.returncode == 1 and done.stdout.startswith(b"this process is not confined"), done
