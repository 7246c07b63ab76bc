"""A host whose shell keeps its folder: what a rewritten command leaves behind is what the plain one would leave."""

import json
import os
import signal
import subprocess
import time

import pytest

from support.hooks import HOSTS, KNOWN, ask, question, rewritten
from support.run import tool

KEEPERS = [host for host in HOSTS if KNOWN[host].folder]
# Such a host evaluates the command, and writes down where its shell is then (Claude Code); see hook_cd.sh.
HOST = 'eval "$1" && pwd -P >| "$2"'


@pytest.fixture(params=[(host, shell) for host in KEEPERS for shell in ("bash", "zsh")], ids="-".join)
def shell(nonet, me, request):
    """Runs commands one behind the other as a host does, rewritten or not; -> status, output, where the next one starts."""
    host, name = request.param
    path = tool(name, optional=name == "zsh")

    def run(*commands, plain=False, start=me.home, **more):
        folder, told = os.path.realpath(start), f"{me.home}/.cwd"
        for command in commands:
            text = command if plain else rewritten(host, ask(nonet, host, question(host, command)))
            if os.path.exists(told):
                os.unlink(told)
            done = subprocess.run([path, "-c", HOST, "bash", text, told], cwd=folder, env={**me.environment(), **more},
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20)
            if os.path.exists(told):
                with open(told) as file:
                    folder = file.read()[:-1] or folder
        return done.returncode, done.stdout, done.stderr, folder

    run.is_zsh = name == "zsh"
    return run


SAME = [
    "cd sub", "cd sub; false", "cd sub; exit 3", "cd sub && exit 0", "cd sub; exec true", "cd sub; exec sh -c 'exit 4'", "(cd sub)",
    "cd sub | cat", "cd sub & wait", "cd /", "cd sub/..", "cd sub; cd -", "cd 'sub/it'\\''s $(touch ran) `id` \"x\"'", "cd -- -", "cd link",
    "cd sub # a comment", "cd sub\n\n", "echo out; echo err >&2; cd sub", "cd none", "cd sub; set -e; true", "cd sub; trap 'echo bye' EXIT",
    "pushd sub > /dev/null", "cd sub; printf '/etc\\n'", "cd sub; umask 077", "set -C; cd sub", "cd sub; exec 2>&-",
    "cd sub; exec 3>file", "cd ünï", "true", "", "cd sub; kill -9 $BASHPID",
]


@pytest.mark.parametrize("command", SAME, ids=repr)
def test_the_same_folder_as_without_a_hook(shell, me, command):
    """Status, output and the folder of the next command; the plain run is the instrument."""
    if "cd -" in command and shell.is_zsh:
        pytest.skip("zsh means another folder by - than the bash inside")
    os.makedirs(f"{me.home}/sub/it's $(touch ran) `id` \"x\"")
    os.mkdir(f"{me.home}/-")
    os.mkdir(f"{me.home}/ünï")
    os.symlink("sub", f"{me.home}/link")
    plain, hooked = shell(command, plain=True), shell(command)
    # A shell that a signal ended is told of by 128 + n; bash's words about an error name the shell.
    status = 128 - plain[0] if plain[0] < 0 else plain[0]
    assert (status, plain[1], plain[3]) == (hooked[0], hooked[1], hooked[3]) or command in ("cd none", "cd sub; kill -9 $BASHPID"), (plain, hooked)
    assert hooked[3] == plain[3] and (hooked[0] == 0) == (plain[0] == 0)
    assert not os.path.exists(f"{me.home}/ran") and not os.path.exists(f"{me.home}/sub/ran")


def test_a_folder_goes_on_to_the_next_commands(shell, me):
    os.makedirs(f"{me.home}/a/b")
    assert shell("cd a", "cd b", "pwd")[1] == f"{os.path.realpath(me.home)}/a/b\n".encode()


def test_nothing_runs_outside_on_entering_a_folder(shell, nonet, me):
    """Shells have functions that run what lies in a folder as soon as they stand there, as one that activates environments."""
    if not shell.is_zsh:
        pytest.skip("bash has no function that runs at cd")
    os.mkdir(f"{me.home}/sub")
    with open(f"{me.home}/.zshenv", "w") as file:
        file.write('chpwd() { [ ! -f here ] || { source ./here } }\nchpwd_functions=(chpwd)\n')
    with open(f"{me.home}/sub/here", "w") as file:
        file.write("touch $HOME/ran\n")
    more = {"ZDOTDIR": me.home}
    assert shell("cd sub", plain=True, **more)[0] == 0 and os.path.exists(f"{me.home}/ran"), "the instrument"
    os.unlink(f"{me.home}/ran")
    status, _, _, folder = shell("cd sub", **more)
    assert (status, folder) == (0, os.path.realpath(f"{me.home}/sub")) and not os.path.exists(f"{me.home}/ran")


def test_a_folder_that_is_gone(shell, me):
    """The host's shell stays where it was, and nothing fails."""
    os.mkdir(f"{me.home}/sub")
    status, _, _, folder = shell("cd sub && rmdir ../sub")
    assert (status, folder) == (0, os.path.realpath(me.home))
    os.mkdir(f"{me.home}/sub")
    # Gone only when the shell outside is about to enter it.
    status, _, _, folder = shell(f"cd sub; (sleep 0.01; rmdir {me.home}/sub) & true")
    assert folder in (os.path.realpath(me.home), f"{os.path.realpath(me.home)}/sub")


HOSTILE = ["a\nb", "a\n", "\x1b[2J", "a\x7f", "a\tb", "a\rb"]


@pytest.mark.parametrize("name", HOSTILE, ids=repr)
def test_trap_a_name_with_control_characters_is_not_told(shell, me, name):
    """A name that ends in a newline would lose it outside, and lead to another folder; the shell stays, which is said."""
    os.mkdir(os.path.join(me.home, name))
    os.makedirs(os.path.join(me.home, name.rstrip("\n")), exist_ok=True)
    command = "cd $'" + name.replace("\n", "\\n").replace("\x1b", "\\e").replace("\x7f", "\\x7f").replace("\t", "\\t").replace("\r", "\\r") + "'"
    status, _, error, folder = shell(command)
    assert (status, folder) == (0, os.path.realpath(me.home)) and b"stays where it is" in error and b"\x1b" not in error


FORGED = [
    "-", "relative", "../..", "/no/such/folder", "/etc/passwd", "$(touch RAN)", "'; touch RAN; '", "/tmp\n/etc", "/tmp\0/etc", "/" + "x" * 5000,
    "/tmp\x1b[2J", "", "\n", "/tmp", "/tmp/../etc", "~root", "+1",
]


@pytest.mark.parametrize("text", FORGED, ids=lambda text: repr(text[:20]))
def test_trap_what_a_command_forges_is_a_folder_or_nothing(shell, me, text):
    """The command writes what it likes where its folder is looked for; the shell outside enters a folder of that name or
    stays, and runs nothing."""
    path = f"{me.home}/said"
    with open(path, "w") as file:
        file.write(text + "\n")
    ran = f"{me.home}/RAN"
    # The text that nonet made stands in BASH_EXECUTION_STRING, with the file's name in it.
    command = f"pwd() {{ :; }}; builtin() {{ cat {path}; }}; true"
    status, _, _, folder = shell(command.replace("RAN", ran))
    assert status == 0 and not os.path.exists(ran) and not os.path.exists("RAN")
    allowed = {"/tmp": "/tmp", "/tmp/../etc": "/etc"}
    assert folder in (os.path.realpath(me.home), os.path.realpath(allowed.get(text, me.home)))


@pytest.mark.parametrize("plant", ["rm -f {}; mkfifo {}", "rm -f {}; ln -s /dev/zero {}", "rm -f {}; mkdir {}", "rm -f {}", "rm -f {}; echo /etc > {}"])
def test_trap_the_file_of_the_folder_is_replaced(shell, me, plant):
    """It is read by the descriptor that made it: a FIFO, a link or another file in its place is none of it, and nothing hangs."""
    os.mkdir(f"{me.home}/tmp")
    command = 'f=${BASH_EXECUTION_STRING##*1<>}; f=${f%% *}; eval f=$f; ' + plant.format('"$f"', '"$f"') + "; exec 3>&1; true"
    started = time.monotonic()
    status, _, _, folder = shell(command, TMPDIR=f"{me.home}/tmp", XDG_RUNTIME_DIR="")
    assert status == 0 and folder == os.path.realpath(me.home) and time.monotonic() - started < 15


def test_nothing_is_left_behind(shell, me):
    os.mkdir(f"{me.home}/tmp")
    shell("cd /", TMPDIR=f"{me.home}/tmp", XDG_RUNTIME_DIR="")
    assert os.listdir(f"{me.home}/tmp") == []


def test_a_folder_for_files_that_is_not_there(shell, me):
    os.mkdir(f"{me.home}/sub")
    for value in ("/none", "relative", "/tmp\x1b"):
        assert shell("cd sub", TMPDIR=value, XDG_RUNTIME_DIR=value)[3] == f"{os.path.realpath(me.home)}/sub"


def test_background_jobs_keep_nobody_waiting(shell, me):
    """A job that goes on holds nothing that the shell outside waits for."""
    os.mkdir(f"{me.home}/sub")
    started = time.monotonic()
    status, _, _, folder = shell("cd sub; (sleep 8; :) > /dev/null 2>&1 < /dev/null & sleep 9 > /dev/null 2>&1 &\ntrue")
    assert status == 0 and folder == f"{os.path.realpath(me.home)}/sub" and time.monotonic() - started < 6


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGUSR1])
def test_a_signal_to_the_group(nonet, me, number):
    """A host ends a command by a signal to its group: nothing of it is left."""
    told = rewritten("claude-code", ask(nonet, "claude-code", question("claude-code", "echo up; sleep 20")))
    child = subprocess.Popen(["bash", "-c", HOST, "bash", told, f"{me.home}/.cwd"], stdout=subprocess.PIPE, start_new_session=True)
    assert child.stdout.readline() == b"up\n"
    os.killpg(child.pid, number)
    assert child.stdout.read() == b"" and child.wait(timeout=10) != 0


def test_what_the_option_is_not_for(bare):
    """Whoever says --cd gets a folder or a refusal, never a command whose output went astray."""
    for words, reason in ((["true"], b"bash -c TEXT"), (["bash", "-c", "true", "x"], b"bash -c TEXT"), (["sh", "-c", "true"], b"bash -c TEXT"),
                          (["bash"], b"bash -c TEXT")):
        done = bare("--cd", "--", *words)
        assert done.returncode == 125 and done.stdout == b"" and reason in done.stderr
    done = bare("--cd", "--", "bash", "-c", "echo x", close_fds=True)
    assert done.returncode == 125 and b"descriptor 3 is closed" in done.stderr


def test_the_prompt_of_a_hook_stays_short(nonet):
    """The model reads the line."""
    assert len(rewritten("claude-code", ask(nonet, "claude-code", question("claude-code", "ls")))) - len(nonet) < 110
    assert json.loads(ask(nonet, "codex", question("codex", "ls")).stdout)["hookSpecificOutput"]["updatedInput"]["command"].count("nonet") == nonet.count("nonet")
