"""Policy files as users write and mangle them, through the binary."""

import errno
import os
import socket
import threading

import pytest

from support.calls import X86
from support.run import PYTHON

ASK = "import socket\ntry: socket.socket(); print('open')\nexcept OSError as e: print(e.errno)"
GOOD = "default allow\nforeign compile\nx32 deny with ENOSYS\nunknown allow\ndeny socket if domain == AF_INET with EHOSTDOWN\n"
REFUSED = f"{errno.EHOSTDOWN}\n".encode()


@pytest.fixture
def policy(me):
    def write(data, name="p.policy"):
        path = f"{me.home}/{name}"
        with open(path, "wb") as file:
            file.write(data if isinstance(data, bytes) else data.encode())
        return path

    return write


@pytest.fixture
def rejected(bare, me):
    """Shows that the file is refused and the command does not run; returns the diagnostics."""

    def check(path, **options):
        for words in (["--policy", path, "--", "touch", "ran"], [f"--policy={path}", "--dump-bpf"]):
            done = bare(*words, **options)
            assert done.returncode == 125, done
            assert done.stdout == b"" and not os.path.exists(f"{me.home}/ran")
            assert done.stderr.endswith(b"\n") and b"nonet: " in done.stderr
        return done.stderr.decode(errors="replace")

    return check


@pytest.mark.parametrize("text", [
    GOOD,
    GOOD.rstrip("\n"),
    GOOD.replace("\n", "\r\n"),
    "# first\n\n\t" + GOOD.replace("\n", "   # why\n\n"),
    GOOD.replace("if domain == AF_INET", "if " + "(" * 20 + "domain == AF_INET" + ")" * 20),
    GOOD + "# " + "x" * 100_000 + "\n",
], ids=["plain", "no-final-newline", "crlf", "comments", "parentheses", "long-comment"])
def test_good_files(bare, policy, text):
    path = policy(text)
    done = bare("--policy", path, "--", PYTHON, "-c", ASK)
    assert (done.returncode, done.stdout) == (0, REFUSED), done.stderr
    done = bare("--policy", "-", "--", PYTHON, "-c", ASK, input=text.encode())
    assert (done.returncode, done.stdout) == (0, REFUSED), done.stderr


@pytest.mark.parametrize("name", ["p.policy", "./p", "sub/p.policy"])
def test_what_names_a_file(bare, policy, me, name):
    os.makedirs(f"{me.home}/sub", exist_ok=True)
    policy(GOOD, name)
    assert bare("--policy", name, "--", PYTHON, "-c", ASK).stdout == REFUSED


@pytest.mark.parametrize("data, place, names", [
    ("default allow\ndeny conect\n", ":2:6", "connect"),
    ("default allow\ndeny socket if domain == AF_INTE\n", ":2:", "AF_INET"),
    ("default allow\ndeny socket if domian == AF_INET\n", ":2:16", "domain"),
    ("default allow\ndeny socket with EACES\n", ":2:18", "EACCES"),
    ("default allow\nfrobnicate socket\n", ":2:1", "frobnicate"),
    ("default allow\ndeny socket if\n", ":2:", ""),
    ("default allow\ndeny socket if (domain == AF_INET\n", ":2:", ")"),
    ("default allow\ndeny socket if domain == 99999999999999999999\n", ":2:", ""),
    ("default allow\ndeny socket if domain in { }\n", ":2:", ""),
    ("default perhaps\n", ":1:9", "allow"),
])
def test_diagnostics_have_a_place(rejected, policy, data, place, names):
    path = policy(data)
    text = rejected(path)
    assert f"p.policy{place}" in text and names in text
    assert data.splitlines()[int(place.split(":")[1]) - 1].strip() in text, "the line itself"
    assert "^" in text


def test_all_errors_of_a_file_in_one_run(rejected, policy):
    text = rejected(policy("default allow\ndeny conect\nallow getpid\ndeny lisen\ndeny bnd\n"))
    assert all(f"p.policy:{line}:" in text for line in (2, 4, 5))


@pytest.mark.parametrize("data", [b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 64, b"\0" * 5000, b"\xff\xfe" * 3000,
                                  b"default allow\ndeny \x80\xff\n", "default allow\ndeny sоcket\n".encode(), b"\r\r\r(",
                                  b"default allow\0\n"],
                         ids=["elf", "zeros", "utf-16", "latin-1", "homoglyph", "cr", "nul"])
def test_binary_files(rejected, policy, data):
    text = rejected(policy(data))
    assert "p.policy:" in text
    assert len(text) < 20_000, "one file, a bounded answer"
    assert all(c.isprintable() or c in "\n\t" for c in text), "nothing raw reaches the terminal"


def test_an_empty_file(bare, policy):
    """Nothing said is an error or a policy; never a silent command without layers."""
    for data in (b"", b"\n", b"# nothing\n"):
        done = bare("--policy", policy(data), "--", PYTHON, "-c", ASK)
        assert done.returncode == 125 and b"default" in done.stderr, done


@pytest.mark.parametrize("data", [b"#" * 10_000_000, b"deny getpid\n" * 833_333, b"(" * 10_000_000, b"x" * 10_000_000],
                         ids=["comment", "rules", "parentheses", "one-word"])
def test_ten_megabytes(bare, policy, me, data):
    """Refused or taken, within seconds, without a trap."""
    done = bare("--policy", policy(data), "--", "touch", "ran", timeout=20)
    assert done.returncode in (0, 125), done.returncode
    assert os.path.exists(f"{me.home}/ran") == (done.returncode == 0)
    assert len(done.stderr) < 100_000
    assert done.returncode == 0 or b"nonet: " in done.stderr


@pytest.mark.parametrize("depth", [100, 1_000, 100_000])
@pytest.mark.parametrize("opening", ["(", "not ", "not ("])
def test_deep_nesting(bare, policy, me, opening, depth):
    closing = ")" * depth if "(" in opening else ""
    done = bare("--policy", policy(f"default allow\ndeny socket if {opening * depth}domain == AF_INET{closing}\n"),
                "--", "touch", "ran")
    assert done.returncode in (0, 125), done.returncode
    assert os.path.exists(f"{me.home}/ran") == (done.returncode == 0)
    assert done.returncode == 0 or b"p.policy:2:" in done.stderr


def test_too_many_instructions(bare, policy, me):
    """Past 4,096 instructions it says so; it neither truncates nor runs."""
    text = "default allow\n" + "".join(f"deny getpid if arg0 == {n * 7919 + (n << 33)}\n" for n in range(4000))
    done = bare("--policy", policy(text), "--", "touch", "ran", timeout=20)
    assert done.returncode in (0, 125)
    if done.returncode:
        assert b"4096" in done.stderr.replace(b",", b"") and not os.path.exists(f"{me.home}/ran")


def test_missing_directory_unreadable(rejected, policy, me):
    assert "No such file" in rejected("nowhere.policy")
    os.mkdir(f"{me.home}/folder.policy")
    assert "folder.policy" in rejected("folder.policy")
    assert "\n" not in rejected("./" + "x" * 300 + ".policy").strip()


def test_unreadable(user, nonet, free):
    """Root reads everything, so only others are refused."""
    path = f"{user.home}/secret.policy"
    with open(path, "w") as file:
        file.write(GOOD)
    user.own(path, 0)
    done = free(nonet, "--policy", path, "--", "touch", "ran")
    if user.name == "root":
        assert done.returncode == 0
    else:
        assert done.returncode == 125 and b"ermission denied" in done.stderr and not os.path.exists(f"{user.home}/ran")


def test_a_fifo(bare, me):
    """A policy through a pipe: `--policy <(generate)`."""
    path = f"{me.home}/pipe.policy"
    os.mkfifo(path)

    def feed():
        with open(path, "w") as pipe:
            pipe.write(GOOD)

    writer = threading.Thread(target=feed)
    writer.start()
    done = bare("--policy", path, "--", PYTHON, "-c", ASK)
    writer.join(5)
    assert (done.returncode, done.stdout) == (0, REFUSED), done.stderr


def test_policy_on_a_closed_standard_input(bare):
    done = bare("--policy", "-", "--", "true", preexec_fn=lambda: os.close(0))
    assert done.returncode == 125 and done.stderr.startswith(b"nonet: ")


# --- what a policy says besides its rules ----------------------------------------------------------

CLOSED = "default allow\ndeny @network\ndeny @io_uring with ENOSYS\n"


@pytest.mark.parametrize("line, columns, names", [
    ("layers landlok", [8], "did you mean 'landlock'"), ("layers  namespace, seccomp", [20], "expected namespace, landlock"),
    ("layers none, landlock", [8], "stands alone"), ("layers Landlock, @network", [8, 18], "no layer is called '@network'"),
    ("layers", [7], "expected the name of a layer"), ("layers landlock namespace", [17], "expected the end of the line"),
    ("layers landlock, landlock", [18], "said twice"), ("network alowed", [9], "network allowed"),
    ("network", [8], "allowed"), ("network allowed, denied", [18], "'denied'"),
])
def test_words_that_nobody_knows(rejected, policy, line, columns, names):
    """Like any other mistake in a policy: file, line, column, the line and a caret."""
    text = rejected(policy(f"{CLOSED}\t{line}\n"))
    assert names in text and text.count(f"\n  \t{line}\n") == len(columns)
    assert all(f"p.policy:4:{column + 1}: error: " in text for column in columns)


def test_unknown_words_of_both_lines_in_one_run(rejected, policy):
    text = rejected(policy(f"layers x, y\n{CLOSED}network z\n"))
    assert [f"p.policy:{place}:" in text for place in ("1:8", "1:11", "5:9")] == [True] * 3 and "3 errors" in text


@pytest.mark.parametrize("lines, layers", [
    ("", "seccomp+landlock+descriptors"), ("layers landlock, descriptors\n", "seccomp+landlock+descriptors"),
    ("layers descriptors\n", "seccomp+landlock+descriptors"), ("layers capabilities\n", "seccomp+landlock+descriptors"),
    ("layers settings\n", "seccomp+landlock+settings+descriptors"), ("layers none\n", "seccomp"),
])
def test_the_layers_of_a_policy(user, free, nonet, lines, layers):
    """As `default` has them, and only `layers none` takes them away: an open socket, and a process outside."""
    if user.name == "nobody":  # who has no capabilities, and may set nothing
        layers = layers.replace("+settings", "")
    else:
        layers = layers.replace("+settings", "+capabilities+settings") if "settings" in layers else layers.replace("landlock+", "landlock+capabilities+")
    path = f"{user.home}/p.policy"
    with open(path, "w") as file:
        file.write(CLOSED.replace("deny @network", "deny socket, socketcall, socketpair") + lines)
    user.own(path, 0o644)
    outside = free.popen("sleep", "60")
    code = """
import os, socket, sys
def ask(what, do):
    try: do(); print(what, "open")
    except OSError as error: print(what, error.errno)
ask("descriptor", lambda: os.fstat(int(sys.argv[1])))
ask("memory", lambda: open(f"/proc/{sys.argv[2]}/mem", "rb").close())
"""
    try:
        with socket.socket() as inherited:
            words = (PYTHON, "-c", code, str(inherited.fileno()), str(outside.pid))
            bare = free(*words, pass_fds=[inherited.fileno()]).stdout.split(b"\n")
            done = free(nonet, "--policy", path, "--", *words, pass_fds=[inherited.fileno()])
            assert free(nonet, "--policy", path, "--", "printenv", "NONET").stdout.decode() == (
                f"{path}{'+layers(none)' if layers == 'seccomp' else ''}:{layers}\n")
    finally:
        outside.kill()
        outside.wait()
    assert bare[0] == b"descriptor open"
    # Yama may refuse it to everybody but root, with Landlock and without.
    memory = b"13" if layers != "seccomp" or bare[1] != b"memory open" else b"open"
    expected = [b"descriptor " + (b"open" if layers == "seccomp" else b"%d" % errno.EBADF), b"memory " + memory]
    assert done.stdout.split(b"\n")[:2] == expected, done
    assert done.stderr == b""


# --- what takes protection away --------------------------------------------------------------------

REACHED = b"lets the network be reached"


@pytest.mark.parametrize("text, way, warned", [
    ("default allow\n", "socket", True), ("default allow\ndeny ioctl\n", "socket", True),
    ("default allow\ndeny connect, bind\n", "socket", True), (GOOD, "socket", True), (CLOSED + "unknown allow\n", None, False),
    ("allow socket if domain == AF_INET6\n" + CLOSED, "socket", True),
    ("allow socket if type & 0xf == SOCK_DGRAM\n" + CLOSED, "socket", True),
    ("allow io_uring_setup\n" + CLOSED, "io_uring_setup", True), ("x32 allow\n" + CLOSED, "socket on x32" if X86 else None, X86),
    ("default allow\nnetwork allowed\n", "socket", False), ("network  allowed # on purpose\n" + GOOD, "socket", False),
])
def test_a_policy_that_lets_ip_out_is_told_so(bare, policy, me, text, way, warned):
    """Once, and not where the policy says that it is meant; -q hides it like every warning."""
    path = policy(text)
    for options in ([], ["--log", f"{me.home}/log"]):
        done = bare(*options, "--policy", path, "--", "true")
        assert done.returncode == 0
        assert done.stderr.count(REACHED) == warned, done
        assert not warned or f"{way} makes IP sockets".encode() in done.stderr and b"'network allowed'" in done.stderr
    assert bare("-q", "--policy", path, "--", "true").stderr == b""
    assert (b"+network:" in bare("-q", "--policy", path, "--", "printenv", "NONET").stdout) == (way is not None)


@pytest.mark.parametrize("options, name, warned", [
    ([], "default", False), (["--deny", "getppid"], "default", False),
    (["--allow", "ptrace"], "default+allow(ptrace)", False), (["--allow", "@network"], "default+allow(@network)+network", True),
    (["--allow=socket,listen", "--deny", "listen"], "default+allow(socket)+network", True),
    (["--allow", "@network", "--deny", "socket,socketcall"], "default+allow(@network)", False),
    (["--allow", "@debug", "--deny", "@debug"], "default", False),
    (["--deny", "@debug", "--allow", "@debug", "--allow", "ptrace,@debug"], "default+allow(@debug,ptrace)", False),
    (["--allow", "io_uring_setup", "--policy", "unix"], "unix+allow(io_uring_setup)+network", True),
    (["--loopback", "--allow", "@network"], "loopback+allow(@network)", False),
    (["--allow-unix", "inside", "--allow-unix", "."], "default+allow-unix(inside,.)", False),
], ids=lambda value: " ".join(value) if isinstance(value, list) else None)
def test_what_takes_protection_away_is_seen(bare, me, options, name, warned):
    """In NONET=, in the words at the end, and with -v."""
    done = bare(*options, "--", "printenv", "NONET")
    assert done.stdout.decode().partition(":")[0] == name
    assert done.stderr.count(REACHED) == warned and (warned or done.stderr == b""), done
    told = bare("-v", *options, "--log", f"{me.home}/log", "--", "python3", "-c", "import socket\ntry: socket.socket(40)\nexcept OSError: pass")
    said = told.stderr.decode()
    assert said.count("less protection: ") == name.count("+"), said
    for word in ("@network", "socket", "ptrace", "--allow-unix"):
        assert word not in name or word in said
    assert "socket" in name or "@network" in name or f'refused by policy "{name}"' in said
