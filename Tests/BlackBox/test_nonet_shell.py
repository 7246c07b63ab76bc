"""nonet-shell: a shell to whatever honours $SHELL, and everything that runs in it is confined."""

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

from support.run import PYTHON, Launcher, tool
from test_terminal import Terminal

SECCOMP = "grep ^Seccomp: /proc/self/status"
CONFINED = "Seccomp:\t2"


@pytest.fixture(scope="module")
def shell(stage, nonet):
    """The binary under its other name, as `make install` puts it there."""
    link = stage / "nonet-shell"
    if not link.exists():
        link.symlink_to("nonet")
    return str(link)


@pytest.fixture
def sh(shell, user):
    """`nonet-shell ...`, with bash in it."""
    return Launcher(user, (shell,), {"NONET_SHELL": "bash"})


def one_sentence(done):
    assert (done.returncode, done.stdout) == (125, b""), done
    return done.stderr.startswith(b"nonet: ") and done.stderr.count(b"\n") == 1


def test_it_takes_a_shells_arguments(sh, free):
    for words in (["-c", 'printf "<%s>" "$0" "$@"', "name", "a b", "", "c'd"], ["-c", "echo $-"], ["-e", "-u", "-c", "false; echo no"],
                  ["--norc", "-c", "exit 7"], ["-o", "pipefail", "-c", "false | true"], ["-s", "x", "y"], ["/no/such/script"],
                  ["--version"], ["--help"], ["-x", "-c", "echo traced"], ["-c"], ["--policy", "strict"]):
        script = b'echo "$#:$1"\n'
        done, plain = sh(*words, input=script), free(shutil.which("bash"), *words, input=script)
        assert (done.returncode, done.stdout, done.stderr) == (plain.returncode, plain.stdout, plain.stderr), words


def test_everything_in_it_is_confined(sh, free, listener):
    send = f"echo x > /dev/tcp/127.0.0.1/{listener.port}"
    free("bash", "-c", send)
    wait_for(lambda: listener.seen)
    assert b"Permission denied" in sh("-c", send).stderr
    for code in (f"bash -c '{send}'", f"{send} &\nwait", f"exec bash -c '{send}'"):
        sh("-c", code)
    assert len(listener.seen) == 1
    assert sh("-c", "echo $NONET").stdout.startswith(b"default:")


def test_options_come_from_the_environment(sh):
    code = f"{PYTHON} -c 'import socket\ntry: socket.socket(socket.AF_UNIX)\nexcept OSError as e: print(e.errno)'"
    assert sh("-c", code).stdout == b""
    for options, answer in (("--policy strict", b"13\n"), (" \t--policy=strict  --errno\n'EPERM' ", b"1\n"),
                            ("--deny \"socket\" -q", b"13\n"), (r"--errno E\P\ERM --policy 's'tri\ct", b"1\n"), ("", b""), ("  ", b"")):
        done = sh("-c", code, env={"NONET_OPTIONS": options})
        assert (done.stdout, done.stderr) == (answer, b""), options


def test_a_policy_file_in_the_options(sh, user):
    path = f"{user.home}/it's a.policy"
    with open(path, "w") as file:
        file.write("default allow\ndeny socket with ENONET\n")
    user.own(path, 0o644)
    done = sh("-c", f"{PYTHON} -c 'import socket; socket.socket()'", env={"NONET_OPTIONS": f"--policy \"{path}\""})
    assert b"[Errno 64]" in done.stderr


BAD = ["--polcy strict", "--policy stric", "--policy", "'--policy", '"', "\\", "--best-effort", "ls", "-- ls", "--", "--policy strict ls",
       "--check", "--help", "--version", "--dump-bpf", "--explain", "--hook codex", "--format raw", "--arch all", "--policy -",
       "--allow-unix ''", "--allow-unix=", "--log=", "--loopback --policy strict", "--policy ./x.policy", "--policy x.policy", "--policy /no/such.policy", "--deny execve", "--backend python", "''", "-c"]


@pytest.mark.parametrize("options", BAD)
def test_bad_options_start_no_shell(sh, options):
    """Never unconfined: 125 and a sentence."""
    done = sh("-c", "echo RAN", env={"NONET_OPTIONS": options})
    if options == "--backend python":  # the reason of each backend, a line each
        assert (done.returncode, done.stdout) == (125, b"")
    else:
        assert one_sentence(done)


def test_which_shell(shell, me):
    """$NONET_SHELL by path or along PATH; else the user's, else /bin/sh."""
    run = Launcher(me, (shell,))
    name = ["-c", "readlink /proc/$$/exe; true"]
    for told, path in (("/bin/dash", "/bin/dash"), ("dash", shutil.which("dash")), ("bash", shutil.which("bash"))):
        assert run(*name, env={"NONET_SHELL": told}).stdout.decode().strip() == os.path.realpath(path)
    own = pwd.getpwuid(os.getuid()).pw_shell
    usual = own if own and os.access(own, os.X_OK) and os.path.basename(own) not in ("nologin", "false") else "/bin/sh"
    for environment in ({}, {"NONET_SHELL": ""}, {"SHELL": "/bin/false"}):
        assert run(*name, env=environment).stdout.decode().strip() == os.path.realpath(usual)
    assert run(*name, env={"NONET_SHELL": "no-such-shell"}).returncode == 127
    assert run(*name, env={"NONET_SHELL": "/no/such/shell"}).returncode == 127
    assert run(*name, env={"NONET_SHELL": "/etc/passwd"}).returncode == 126


def test_a_user_without_a_shell_has_sh(shell, user):
    """nobody's own says only that it is closed."""
    if user.name != "nobody":
        pytest.skip("needs to become nobody, whose shell in /etc/passwd is nologin")
    assert pwd.getpwuid(user.uid).pw_shell.endswith("nologin")
    assert Launcher(user, (shell,))("-c", "echo ran").stdout == b"ran\n"


def test_never_itself(shell, nonet, me):
    """A shell that is nonet-shell would start itself for ever."""
    copy = f"{me.home}/nonet-shell"
    shutil.copy(nonet, copy)
    for told in (shell, nonet, "nonet-shell", copy):
        done = Launcher(me, (shell,))("-c", "echo RAN", env={"NONET_SHELL": told, "PATH": os.path.dirname(shell)})
        assert one_sentence(done)


@pytest.mark.parametrize("first, shown", [("nonet-shell", "bash"), ("/x/nonet-shell", "BASH"), ("-nonet-shell", "-bash"),
                                          ("./nonet-shell", "BASH")])
def test_the_first_word(shell, me, first, shown):
    """As the shell itself would have been called: with its path or without, with the dash of a login."""
    done = Launcher(me)(first, "-c", "echo $0; shopt -q login_shell && echo login", executable=shell, env={"NONET_SHELL": shutil.which("bash")})
    assert done.stdout.decode().split() == [shown.replace("BASH", shutil.which("bash"))] + ["login"] * first.startswith("-")


def test_other_names_are_nonet(nonet, me):
    for first in ("nonet", "nonet-shells", "xnonet-shell", "nonet-shell/nonet", ""):
        done = Launcher(me)(first, "--version", executable=nonet)
        assert done.stdout.startswith(b"nonet "), first


def test_inside_itself(sh, shell, nonet):
    """A shell in a shell in an agent, with $SHELL inherited: no loop, no loss."""
    inner = f"$SHELL -c '$SHELL -c \"{nonet} -- \\$SHELL -c \\\"echo deep; {SECCOMP}\\\"\"'"
    done = sh("-c", inner, env={"SHELL": shell})
    assert done.stdout.decode().split("\n")[:2] == ["deep", CONFINED], done
    # Looser options inside take nothing back.
    code = f"NONET_OPTIONS='--allow @network' {shell} -c \"{PYTHON} -c 'import socket; socket.socket()'\""
    assert b"PermissionError" in sh("-c", code).stderr


def test_make(sh, shell, free, user):
    text = f"SHELL = {shell}\nall: one two\none:\n\t@{SECCOMP}\ntwo:\n\t@echo \"it's\" $$((1+1)); exit 3\nout := $(shell echo from a function)\n$(info $(out))\n"
    for words in ([], ["-j2"]):
        done = free(tool("make"), "-sf", "-", *words, input=text.encode(), env={"NONET_SHELL": "bash"})
        assert done.returncode == 2
        assert sorted(done.stdout.decode().split("\n")) == sorted([CONFINED, "it's 2", "from a function", ""])


def test_python_subprocess(shell, free):
    code = f"import subprocess; print(subprocess.run({SECCOMP!r} + '; exit 4', shell=True, executable={shell!r}).returncode)"
    assert free(PYTHON, "-c", code, env={"NONET_SHELL": "bash"}).stdout.decode().split("\n")[:2] == [CONFINED, "4"]


def test_vim(shell, free, user):
    """:! and system(), with and without a file between."""
    script = [f"call writefile([system('{SECCOMP}')], 'one')", f"silent !{SECCOMP} > two", f"r !{SECCOMP}", "w three", "qa!"]
    words = [word for line in script for word in ("-c", line)]
    done = free(tool("vim"), "-Nu", "NONE", "-es", *words, env={"SHELL": shell, "NONET_SHELL": "bash", "TERM": "dumb"})
    assert done.returncode == 0, done
    for name in ("one", "two", "three"):
        with open(f"{user.home}/{name}") as file:
            assert CONFINED in file.read(), name


def test_script(shell, free):
    done = free(tool("script"), "-qec", f"{SECCOMP}; exit 6", "/dev/null", env={"SHELL": shell, "NONET_SHELL": "bash"})
    assert CONFINED.encode() in done.stdout and done.returncode == 6


def test_tmux(shell, free, user):
    """As default-shell: in a window of its own, and for a command."""
    tmux = [tool("tmux"), "-S", f"{user.home}/socket", "-f", "/dev/null"]
    environment = {"NONET_SHELL": "bash", "SHELL": shell, "TERM": "screen"}
    try:
        done = free(*tmux, "new-session", "-d", "-x", "80", "-y", "24", ";", "set-option", "-g", "default-shell", shell, env=environment)
        assert done.returncode == 0, done
        free(*tmux, "new-window", f"{SECCOMP} > command", env=environment)
        free(*tmux, "new-window", env=environment)
        free(*tmux, "send-keys", f"{SECCOMP} > typed", "Enter", env=environment)
        for name in ("command", "typed"):
            wait_for(lambda: os.path.exists(f"{user.home}/{name}") and CONFINED in open(f"{user.home}/{name}").read())
    finally:
        free(*tmux, "kill-server", env=environment)


def wait_for(happened):
    end = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_streams_and_signals(sh):
    """Like aider: a pipe to a command, its status, and a signal for it."""
    done = sh("-c", "cat; exit 5", input=bytes(range(256)) * 64)
    assert (done.stdout, done.returncode) == (bytes(range(256)) * 64, 5)
    child = sh.popen("-c", "echo up; exec sleep 20")
    assert child.stdout.readline() == b"up\n"
    child.send_signal(signal.SIGTERM)
    child.communicate(timeout=10)
    assert child.returncode == -signal.SIGTERM


def test_a_socket_for_standard_input(sh):
    here, there = socket.socketpair()
    child = sh.popen("-s", stdin=there)
    there.close()
    here.sendall(b"echo read from a socket\nexit 3\n")
    out, _ = child.communicate(timeout=10)
    here.close()
    assert (out, child.returncode) == (b"read from a socket\n", 3)


@pytest.fixture(params=["bash", "dash", "zsh"])
def terminal(request, user, shell, monkeypatch):
    """An interactive shell under nonet-shell, on a terminal of its own."""
    tool(request.param, optional=request.param == "zsh")
    for name, value in (("NONET_SHELL", request.param), ("ENV", "")):
        monkeypatch.setenv(name, value)
    words = {"bash": ["--norc", "--noprofile"], "zsh": ["-f", "+Z"], "dash": []}[request.param]
    one = Terminal(["env", f"NONET_SHELL={request.param}", shell, *words, "-i"], user)
    yield one
    one.close()


def test_job_control(terminal):
    """Ctrl-C ends a command, Ctrl-Z stops it, fg brings it back."""
    one = terminal
    one.until(b"ready> ")
    one.type(b"sleep 20\n")
    one.type(b"\x03", to="sleep")
    one.until(b"ready> ", 2)
    one.type(b"sleep 20\n")
    one.type(b"\x1a", to="sleep")
    end = time.monotonic() + 10
    while not any(word in one.text for word in (b"Stopped", b"suspended")):
        one.until(b"\n", one.text.count(b"\n") + 1)
        assert time.monotonic() < end
    one.type(b"fg\n")
    one.type(b"\x03", to="sleep")
    one.type(b"echo all-''gone $?; grep ^Secc''omp: /proc/self/status; exit 3\n")
    one.until(b"all-gone 130")
    one.until(b"Seccomp:\t2")
    assert one.status() == 3
    assert b"no job control" not in one.text and b"can't access tty" not in one.text


def test_installed_beside_nonet(me):
    """`make install` brings the link."""
    root = os.path.join(os.path.dirname(__file__), "..", "..")
    recipe = subprocess.run([tool("make"), "-n", "-o", "all", "install", f"DESTDIR={me.home}"], cwd=root, stdout=subprocess.PIPE, timeout=60)
    lines = [line for line in recipe.stdout.decode().split("\n") if "nonet-shell" in line and "man1" not in line]
    assert lines == [f"ln -sfn nonet {me.home}/usr/local/bin/nonet-shell"]
    os.makedirs(f"{me.home}/usr/local/bin")
    subprocess.run(["sh", "-c", lines[0]], check=True, timeout=10)
    assert os.readlink(f"{me.home}/usr/local/bin/nonet-shell") == "nonet"


def test_install_and_uninstall(me):
    """Without Swift, where a binary is there: program, link, manual pages and completions; and all of it goes again."""
    root = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
    if not os.path.exists(f"{root}/bin/nonet"):
        pytest.skip("bin/nonet is not built, and without Swift nothing can build it")
    place = f"{me.home}/usr/local"
    os.makedirs(f"{place}/bin")
    open(f"{place}/bin/other", "w").close()

    def make(target):
        done = subprocess.run([tool("make"), target, f"DESTDIR={me.home}"], cwd=root, capture_output=True, timeout=60,
                              env={"PATH": "/usr/bin:/bin", "HOME": me.home})
        assert done.returncode == 0, done
        return sorted(os.path.relpath(os.path.join(folder, name), place) for folder, _, names in os.walk(place) for name in names)

    pages = {f"share/man/man{name[-1]}/{name}" for name in os.listdir(f"{root}/Documentation") if re.search(r"\.[1-8]$", name)}
    assert {"share/man/man1/nonet.1", "share/man/man1/nonet-shell.1"} <= pages
    assert set(make("install")) == pages | {
        "bin/nonet", "bin/nonet-shell", "bin/other", "share/bash-completion/completions/nonet", "share/zsh/site-functions/_nonet",
        "share/fish/vendor_completions.d/nonet.fish", "share/nonet/opencode/nonet.js", "share/nonet/amp/nonet.ts",
        "share/nonet/aicoder/block_shell_network.py"}
    assert os.readlink(f"{place}/bin/nonet-shell") == "nonet" and os.access(f"{place}/bin/nonet", os.X_OK)
    assert make("uninstall") == ["bin/other"]
