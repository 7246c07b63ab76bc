"""`--inside` answers one question by its status; `--allow-unix env:NAME` looks a socket up at each run."""

import json
import os
import socket
import subprocess

import pytest

from support.presets import PRESETS
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

# A policy, and a socket that can be made all the same.
LEAVES = {
    "two families": ("deny socket with EAFNOSUPPORT if domain in { AF_INET, AF_INET6 }", "40, 1, 0", b"AF_VSOCK"),
    "protocols by number": (
        "deny socket if domain == AF_VSOCK\ndeny socket if domain in { AF_INET, AF_INET6 } and protocol in { 0, 6, 17, 262, 255 }",
        "2, 2, 136", b"AF_INET can be made (SOCK_DGRAM, protocol 136)",
    ),
    "one type of a family": (
        "deny socket if domain in { AF_INET, AF_INET6 }\ndeny socket if domain == AF_VSOCK and type & 0xf == SOCK_STREAM",
        "40, 5, 0", b"AF_VSOCK can be made (SOCK_SEQPACKET)",
    ),
}
MAKES = "import socket, sys\ntry: socket.socket({})\nexcept OSError as error: print(error)\nelse: print('made')"


@pytest.mark.parametrize("rules, made, said", LEAVES.values(), ids=LEAVES)
def test_inside_is_not_what_leaves_another_family_or_protocol(user, nonet, rules, made, said):
    inside = policy(user, nonet, rules)
    if inside(PYTHON, "-c", MAKES.format(made)).stdout != b"made\n":
        pytest.skip(f"no socket ({made}) can be made on this kernel")
    done = inside(nonet, "--inside")
    assert done.returncode == 1 and said in done.stdout, done


def test_inside_is_not_a_network_that_other_families_leave(user, nonet):
    """AF_VSOCK reaches the host of a virtual machine from every network."""
    alone = Launcher(user, ("unshare", "-rn"))
    if alone(PYTHON, "-c", MAKES.format("40, 1, 0")).stdout != b"made\n":
        pytest.skip("no socket of AF_VSOCK can be made in a network of its own here")
    done = alone(nonet, "--inside")
    assert done.returncode == 1 and b"sockets of AF_VSOCK can be made" in done.stdout, done
    assert b"is not confined: sockets of AF_VSOCK" in alone(nonet, "--check").stdout


def policy(user, nonet, rules, *around):
    path = f"{user.home}/rules.policy"
    with open(path, "w") as file:
        file.write(f"default allow\nnetwork allowed\nlayers none\n{rules}\n")
    return Launcher(user, (*around, nonet, "-q", "--policy", path, "--"))


# A process that only a network holds, and one that only a filter does: neither can make a socket that leads out.
HELD = {
    "network": ("deny socket if not domain in { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK }", ("unshare", "-rn")),
    "filter": ("deny socket if not domain in { AF_UNIX, AF_NETLINK }", ()),
}


@pytest.mark.parametrize("rules, around", HELD.values(), ids=HELD)
def test_inside_looks_at_the_descriptors(user, nonet, rules, around):
    inside = policy(user, nonet, rules, *around)
    done = inside(nonet, "--inside")
    assert done.returncode == 0, done
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as one:
        other, _ = server.accept()
        with other, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            number = one.fileno()
            done = inside("bash", "-c", f'echo out >&{number}; exec "$@"', "-", nonet, "--inside", pass_fds=[number])
            assert other.recv(16) == b"out\n"  # such a socket leads out
            assert done.returncode == 1 and f"descriptor {number} is an AF_INET stream socket, connected".encode() in done.stdout, done
            done = inside(nonet, "--inside", stdin=one)
            assert done.returncode == 1 and b"descriptor 0 is an AF_INET stream socket" in done.stdout, done
            number = datagrams.fileno()
            done = inside(nonet, "--inside", pass_fds=[number])
            assert done.returncode == 1 and f"descriptor {number} is an AF_INET datagram socket".encode() in done.stdout, done


@pytest.mark.parametrize("options", [[], ["--loopback"]], ids=" ".join)
def test_inside_a_supplied_socket_is_a_way_once_it_is_connected(user, nonet, listener, options):
    asks = r"""
import socket, subprocess, sys
with socket.socket() as one:
    ask = lambda: subprocess.run([sys.argv[1], "--inside"], pass_fds=[one.fileno()], stdout=subprocess.PIPE)
    print(ask().returncode)
    one.connect(("127.0.0.1", int(sys.argv[2])))
    print(ask())
"""
    inside = Launcher(user, (nonet, "-q", *options, "--allow-connect", f"127.0.0.1:{listener.port}", "--"))
    done = inside(PYTHON, "-c", asks, nonet, str(listener.port))
    before, after = done.stdout.splitlines()
    assert before == b"0" and b"returncode=1" in after and b"an AF_INET stream socket, connected" in after, done


@pytest.mark.parametrize("preset", PRESETS)
def test_inside_a_pair_of_sockets_is_no_way(user, nonet, preset):
    one, other = socket.socketpair()
    with one, other:
        done = Launcher(user, (nonet, "--policy", preset, "--"))(nonet, "--inside", stdin=one, pass_fds=[one.fileno()])
    assert done.returncode == 0, done


@pytest.mark.parametrize("options", [["--loopback"], ["--allow-connect", "127.0.0.1:9"]], ids=" ".join)
def test_inside_without_descriptors_it_is_not_known(user, nonet, options):
    inside = Launcher(user, (nonet, "-q", *options, "--", "bash", "-c"))
    for limit, status in ((3, 1), (4, 1), (16, 0)):
        done = inside(f'ulimit -n {limit}; exec "$@"', "-", nonet, "--inside")
        assert done.returncode == status, (limit, done)
        if status:
            assert done.stdout.startswith(b"this process is not known to be confined: ") and b"Too many open files" in done.stdout, done


def test_inside_makes_few_attempts(user, nonet):
    path = f"{user.home}/log"
    assert Launcher(user, (nonet, "-q", "--log", path, "--"))(nonet, "--inside").returncode == 0
    with open(path) as file:
        last = json.loads(file.readlines()[-1])
    assert 0 < last["attempts"] <= 110, last
