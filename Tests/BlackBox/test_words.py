"""What a person is told of a run's attempts: the first that mattered, and the smallest option that would have let it go on."""

import json
import shutil

import pytest

from support.run import PYTHON, Launcher

OWN_SOCKET = """
import os, socket
server = socket.socket(socket.AF_UNIX); server.bind("own"); server.listen()
socket.socket(socket.AF_UNIX).connect("own")
"""
OTHERS_FIRST = """
import socket
for family, address in ((socket.AF_UNIX, "/run/nowhere"), (socket.AF_INET6, ("2001:db8::1", 80)), (socket.AF_INET, ("192.0.2.7", 443))):
    try: socket.socket(family).connect(address)
    except OSError: pass
raise SystemExit(3)
"""


@pytest.fixture
def hint(user, nonet):
    """The last line of a run with `--hint` and further options, whose command fails."""

    def get(options, code, *words, **more):
        done = Launcher(user)(nonet, "--hint", *options, "--", PYTHON, "-c", code, *words, **more)
        assert done.returncode not in (0, 125), done
        return done.stderr.decode().splitlines()[-1]

    return get


@pytest.mark.parametrize("options, code, words", [
    (["--destinations"], "import socket; socket.create_connection(('127.0.0.1', 5432))", "; 127.0.0.1:5432 outside: try --allow-connect 127.0.0.1:5432"),
    (["--allow-connect", "127.0.0.1:1"], "import socket; socket.create_connection(('::1', 5432))", "; [::1]:5432 outside: try --allow-connect [::1]:5432"),
    (["--destinations"], "import socket; socket.create_server(('127.0.0.1', 8765))", "; a listener of its own on 127.0.0.1:8765: try --loopback, or --allow-listen 127.0.0.1:8765 for who is outside"),
    (["--destinations"], "import socket; socket.create_server(('', 8765))", "; a listener of its own on 0.0.0.0:8765: try --loopback"),
    ([], OWN_SOCKET, "; its own socket own: try --allow-unix inside"),
    # Nobody knows what these would have needed, or no option gives it.
    ([], "import socket; socket.socket()", "socket AF_INET SOCK_STREAM by "),
    (["--destinations"], "import socket; socket.create_connection(('192.0.2.7', 443))", "connect 192.0.2.7:443 by "),
    (["--destinations"], "import socket; s = socket.socket(2, 2); s.connect(('127.0.0.1', 9))", "connect 127.0.0.1:9 by "),
    ([], "import socket; socket.socket(socket.AF_UNIX).connect('/run/dbus/system_bus_socket')", "connect /run/dbus/system_bus_socket by "),
    (["--policy", "unix"], "import socket; socket.socket()", "socket AF_INET SOCK_STREAM by "),
])
def test_the_smallest_option_where_it_is_known(hint, options, code, words):
    said = hint(options, code)
    assert said.endswith(words) if "try" in words else words in said and "try" not in said, said


def test_the_option_lets_it_go_on(user, nonet):
    """What the hint of an own socket names is what the run needed."""
    assert Launcher(user)(nonet, "--allow-unix", "inside", "--", PYTHON, "-c", OWN_SOCKET).returncode == 0


@pytest.mark.skipif(not shutil.which("bwrap"), reason="bwrap is not installed")
def test_a_network_that_the_command_makes(me, nonet):
    done = Launcher(me)(nonet, "--hint", "--", "bwrap", "--unshare-net", "--ro-bind", "/", "/", "true")
    assert done.returncode and done.stderr.decode().rstrip().endswith("by bwrap; a network namespace of its own: try --loopback"), done


def test_a_destination_is_named_first(hint, user, nonet):
    assert "3 attempts, first: connect 192.0.2.7:443 by" in hint(["--destinations"], OTHERS_FIRST.replace('(socket.AF_INET6, ("2001:db8::1", 80)), ', '(socket.AF_UNIX, "/run/elsewhere"), '))
    # Under `default` alone a socket of IPv4 comes before what is often only a look whether there is IPv6.
    assert "3 attempts, first: socket AF_INET SOCK_STREAM by" in hint([], OTHERS_FIRST)
    done = Launcher(user)(nonet, "--destinations", "--log", "lines", "--", PYTHON, "-c", OTHERS_FIRST)
    assert b": connect 192.0.2.7:443, connect [2001:db8::1]:80, connect /run/nowhere" in done.stderr, done


def test_devices_are_called_so(hint):
    said = hint(["--policy", "strict"], "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 15)")
    assert "NETLINK_KOBJECT_UEVENT (devices)" in said


def test_a_run_that_hangs_tells_before_it_ends(user, nonet):
    code = "import socket, sys, time\ntry: socket.socket()\nexcept OSError: pass\ntime.sleep(7); print('over', file=sys.stderr)"
    done = Launcher(user)(nonet, "--hint", "--", PYTHON, "-c", code)
    lines = done.stderr.decode().splitlines()
    assert lines[0].startswith('nonet: still running, and refused by policy "default" until now: 1 attempt, first: socket AF_INET') and lines[1:] == ["over"]


def test_a_refused_connection_is_not_the_policys_doing(user, nonet):
    """Under `--loopback` and `--allow-connect` nobody listens there, which no policy decides."""
    code = "import socket; socket.create_connection(('127.0.0.1', 9))"
    for options in (["--loopback"], ["--allow-connect", "127.0.0.1:9"]):
        done = Launcher(user)(nonet, "--hint", "--log", "lines", *options, "--", PYTHON, "-c", code)
        assert done.returncode == 1 and b"ConnectionRefusedError" in done.stderr and b"nonet:" not in done.stderr, done
        assert json.loads(open(f"{user.home}/lines").read().splitlines()[-1])["attempts"] == 0


LEAVING = """
import socket
def tried(do):
    try: do()
    except OSError as error: print(error.errno)
for family, outside, inside in ((2, "192.0.2.7", "127.0.0.1"), (10, "2001:db8::1", "::1"), (10, "::ffff:192.0.2.7", "::1")):
    with socket.socket(family, 2) as one:
        tried(lambda: one.sendto(b"x", (outside, 53)))
        tried(lambda: one.sendmsg([b"x"], [], 0, (outside, 53)))
        one.sendto(b"x", (inside, 9)); one.sendmsg([b"x"], [], 0, (inside, 9))
        tried(lambda: one.connect((outside, 80)))
"""


def test_what_would_leave_the_loopback_is_recorded(user, nonet):
    """Its answer stays the kernel's; what stays inside is no event."""
    free = Launcher(user)(nonet, "--loopback", "--", PYTHON, "-c", LEAVING)
    done = Launcher(user)(nonet, "--loopback", "--log", "lines", "--", PYTHON, "-c", LEAVING)
    assert free.returncode == done.returncode == 0 and free.stdout == done.stdout == b"101\n" * 9, (free, done)
    _, *events, end = map(json.loads, open(f"{user.home}/lines"))
    told = [(event["api"], event["args"]["address"], event["args"]["port"], event["errno"]) for event in events]
    assert told == [(api, address, port, 101) for address in ("192.0.2.7", "2001:db8::1", "::ffff:192.0.2.7")
                    for api, port in (("sendto", 53), ("sendmsg", 53), ("connect", 80))]
    assert (end["event_count"], end["attempts"]) == (9, 9)
