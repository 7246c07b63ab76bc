"""Hooks that are lines of text: a file of their own (Cline, Kiro) or a table of TOML among others (Kimi)."""

import json
import os
import shutil
import subprocess
import tomllib

import pytest

from support.hooks import BLOCKS, HOSTS, KNOWN, ask, confined, question
from support.run import Launcher
from test_hook_install import BACKUP, applied, hook, read, settings  # noqa: F401, fixtures

TEXTS = [host for host in HOSTS if KNOWN[host].text]
every_host = pytest.mark.parametrize("host", TEXTS)
CONFIG = '''# mine
default_model = "kimi"   # about it

[providers.x]
type = "openai"
api_key = "a # b [c]"
names = [
  "[[hooks]]",
]

[[hooks]]
event = "Stop"
command = "say done"
'''


def line_of(nonet, host, options=""):
    return f"{nonet} --hook {host} {options}|| exit 2"


@every_host
def test_install_status_and_uninstall(hook, settings, nonet, host):  # noqa: F811
    path, line = settings(host), line_of(nonet, host)
    done = hook(host, "--status")
    assert (done.returncode, done.stdout) == (1, f"not installed in {path}\n".encode())
    shown = hook(host, "--install", "--dry-run")
    assert shown.returncode == 0 and not os.path.exists(path)
    done = hook(host, "--install")
    assert done.returncode == 0 and done.stdout == shown.stdout and b"have the agent run nonet --check" in done.stderr, done
    assert read(path) == KNOWN[host].text(line) == applied("", done.stdout.decode())
    if host == "kimi":
        assert tomllib.loads(read(path)) == {"hooks": [{"event": "PreToolUse", "matcher": "^Bash$", "command": line, "timeout": 10}]}
    if host == "kiro":
        [entry] = json.loads(read(path))["hooks"]
        assert entry["action"] == {"type": "command", "command": line}
    done = hook(host, "--status")
    assert (done.returncode, done.stdout) == (0, f"installed in {path}\n  {line}\n".encode())
    done = hook(host, "--install")
    assert (done.returncode, done.stdout) == (0, b"") and b"already" in done.stderr
    assert hook(host, "--uninstall", "--dry-run").returncode == 0 and read(path) == KNOWN[host].text(line)
    done = hook(host, "--uninstall")
    assert done.returncode == 0 and read(path) == ""
    assert b"already" in hook(host, "--uninstall").stderr and hook(host, "--status").returncode == 1


@every_host
def test_other_options_take_the_place(hook, settings, nonet, host):  # noqa: F811
    for options in ("--policy strict ", "--errno EPERM ", ""):
        assert hook(host, *options.split(), "--install").returncode == 0
        assert read(settings(host)) == KNOWN[host].text(line_of(nonet, host, options))
        assert hook(host, "--status").returncode == hook(host, *options.split(), "--status").returncode == 0
    done = hook(host, "--policy", "strict", "--status")
    assert done.returncode == 1 and done.stdout.startswith(b"differs in ") and line_of(nonet, host).encode() in done.stdout


@every_host
@pytest.mark.parametrize("old, new", [("timeout", "# timeout"), ("10", "1"), ("true", "false"), ('"$answer"', '"{}"'), ("cancel", "x"), ("Bash", "Write")])
def test_a_hook_that_was_weakened(hook, settings, nonet, host, old, new):  # noqa: F811
    """The line is as it was, and something around it is not: as a command of the agent could have it."""
    hook(host, "--install")
    path, text = settings(host), read(settings(host))
    if old not in text.replace(nonet, ""):
        pytest.skip("this host has no such word")
    head, _, tail = text.partition(nonet)
    settings(host, head.replace(old, new) + nonet + tail.replace(old, new))
    done = hook(host, "--status")
    assert done.returncode == 1 and done.stdout.startswith(b"changed in ") and line_of(nonet, host).encode() in done.stdout, done
    if host != "kimi":
        # The file may be the user's own by now.
        changed = read(path)
        assert hook(host, "--install").returncode == BLOCKS and hook(host, "--uninstall").returncode == BLOCKS and read(path) == changed
        return
    assert hook(host, "--install").returncode == 0 and hook(host, "--status").returncode == 0
    # What was made a comment of the user's stays.
    assert read(path) == text or (host == "kimi" and read(path) == text + "# timeout = 10\n")


@every_host
def test_a_trial(hook, settings, nonet, me, host):  # noqa: F811
    assert hook(host, "--try").returncode == 1
    hook(host, "--install")
    done = hook(host, "--try")
    assert done.returncode == 0 and done.stdout.startswith(f"confined: asked as {host} asks".encode()), done
    for bad in ("exit 0", "cat >/dev/null; exit 2", "echo {}", "echo 'nonet --inside' >&2; exit 2"):
        os.makedirs(f"{me.home}/fake", exist_ok=True)
        with open(f"{me.home}/fake/nonet", "w") as file:
            file.write(f"#!/bin/sh\n{bad}\n")
        os.chmod(f"{me.home}/fake/nonet", 0o755)
        settings(host, KNOWN[host].text(f"nonet --hook {host} || exit 2"))
        done = hook(host, "--try", env={"PATH": f"{me.home}/fake:{os.environ['PATH']}"})
        assert done.returncode == 1 and done.stdout.startswith(b"not confined"), (bad, done)


@pytest.mark.parametrize("host", ["cline", "kiro"])
def test_a_file_of_somebody_else_stays(hook, settings, host):  # noqa: F811
    for text in ("#!/bin/sh\necho '{}'\n", '{"version": "v1", "hooks": []}\n', "answer=$(nonette --hook cline || exit 2)\n"):
        path = settings(host, text)
        done = hook(host, "--install")
        assert done.returncode == BLOCKS and f"{path}:1:1: somebody else's hook".encode() in done.stderr and read(path) == text
        assert hook(host, "--uninstall").returncode == 0 and read(path) == text
        assert hook(host, "--status").stdout.startswith(b"not installed")
    settings(host, " \n")
    assert hook(host, "--install").returncode == 0
    # What somebody wrote around it is not taken out with it.
    text = read(settings(host)) + "\n# mine\n"
    path = settings(host, text)
    done = hook(host, "--uninstall")
    assert done.returncode == BLOCKS and f"{path}:1:1: more is in this file".encode() in done.stderr and read(path) == text


# --- Kimi: TOML ----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [
    "", "\n", CONFIG, CONFIG[:-1], CONFIG + "\n\n", CONFIG.replace("\n", "\r\n"), 'x = """\n[[hooks]]\ncommand = "y"\n"""\n', "x = '''\n[[hooks]]'''\n",
    "[[hooks]]\nevent = \"PreToolUse\"\ncommand = 'mine'\n\n# about the next\n[z]\na = 1\n"], ids=range(9))
def test_everything_else_stays(hook, settings, nonet, text):  # noqa: F811
    """In and out again is the same file, to the byte, also of TOML whose strings look like tables."""
    path = settings("kimi", text)
    before = tomllib.loads(text)
    done = hook("kimi", "--install")
    assert done.returncode == 0, done
    new = tomllib.loads(read(path))
    assert new == {**before, "hooks": [*before.get("hooks", []), *tomllib.loads(KNOWN["kimi"].text(line_of(nonet, "kimi")))["hooks"]]}
    assert read(path).startswith(text) and (not text or read(path + BACKUP) == text)
    assert hook("kimi", "--status").returncode == 0
    assert hook("kimi", "--uninstall").returncode == 0 and read(path) == text


def test_a_table_among_others(hook, settings, nonet):  # noqa: F811
    """It may have been moved, or be there twice; one is left, and the others' comments stay with them."""
    own, other = KNOWN["kimi"].text(line_of(nonet, "kimi")), KNOWN["kimi"].text("/old/nonet --hook=kimi || exit 2")
    mine = '# mine\n[[hooks]]\nevent = "Stop"\ncommand = "say done"\n'
    path = settings("kimi", own + "\n" + mine)
    assert hook("kimi", "--status").returncode == 0
    assert hook("kimi", "--policy", "strict", "--install").returncode == 0
    assert read(path) == KNOWN["kimi"].text(line_of(nonet, "kimi", "--policy strict ")) + "\n" + mine
    settings("kimi", own + "\n" + mine + other)
    done = hook("kimi", "--status")
    assert done.returncode == 1 and done.stdout.startswith(b"differs") and b"/old/nonet" in done.stdout
    assert hook("kimi", "--install").returncode == 0
    commands = [each["command"] for each in tomllib.loads(read(path))["hooks"]]
    assert commands == ["say done", line_of(nonet, "kimi")] and "# mine\n[[hooks]]" in read(path)
    assert hook("kimi", "--uninstall").returncode == 0 and read(path).strip() == mine.strip()


def test_trap_kimi_a_failing_hook_blocks_where_the_user_says_so(hook, settings, nonet):  # noqa: F811
    """Versions that do not know fail_mode refuse the settings with it, so it is not written, and stays where it was."""
    more = 'fail_mode = "closed"\n'
    for place in ("", "x = 1\n\n"):
        path = settings("kimi", place + KNOWN["kimi"].text(line_of(nonet, "kimi")) + more + "\n[z]\na = 1\n")
        assert hook("kimi", "--status").returncode == 0
        assert hook("kimi", "--policy", "strict", "--install").returncode == 0
        assert read(path) == place + KNOWN["kimi"].text(line_of(nonet, "kimi", "--policy strict ")) + more + "\n[z]\na = 1\n"
        settings("kimi", read(path).replace("closed", "open"))
        assert hook("kimi", "--status").stdout.startswith(b"changed")


def test_trap_a_hook_in_a_string_is_none(hook, settings, nonet):  # noqa: F811
    """Text that only looks like the hook: the host would not ask."""
    own = KNOWN["kimi"].text(line_of(nonet, "kimi"))
    for text in (f"x = '''\n{own}'''\n", 'x = """\n' + own.replace('"', '\\"') + '"""\n', "# " + own.replace("\n", "\n# ")):
        path = settings("kimi", text)
        tomllib.loads(text)
        assert hook("kimi", "--status").stdout.startswith(b"not installed")
        assert hook("kimi", "--install").returncode == 0 and hook("kimi", "--uninstall").returncode == 0 and read(path) == text


@pytest.mark.parametrize("text", ["hooks = []\n", 'a = 1\n"hooks" = [{event = "Stop", command = "x"}]\n', "[hooks]\nx = 1\n", "[hooks.y]\nx = 1\n",
                                  '"\\u0068ooks" = []\n', "a = [\n  [\"a\", \"b\"],\n]\nhooks = []\n",
                                  "a = [\n  [1],\n  [2]\n]\nhooks = []\n"])
def test_trap_one_name_is_not_given_twice(hook, settings, nonet, text):  # noqa: F811
    """TOML has `[[hooks]]` or the other form, and Kimi does not start with both."""
    path = settings("kimi", text)
    with pytest.raises(tomllib.TOMLDecodeError):
        tomllib.loads(text + "\n" + KNOWN["kimi"].text(line_of(nonet, "kimi")))
    done = hook("kimi", "--install")
    assert done.returncode == BLOCKS and b"written otherwise here" in done.stderr and read(path) == text


def test_trap_a_comment_in_a_hook_of_the_user(hook, settings):  # noqa: F811
    text = '[[hooks]]\nevent = "Stop"\n# command = "nonet --hook kimi || exit 2"\ncommand = "say done"\n'
    path = settings("kimi", text)
    assert hook("kimi", "--uninstall").returncode == 0 and read(path) == text
    assert hook("kimi", "--install").returncode == 0 and read(path).startswith(text)
    assert hook("kimi", "--uninstall").returncode == 0 and read(path) == text


def test_trap_a_script_of_the_user_that_mentions_nonet(hook, settings):  # noqa: F811
    text = "#!/bin/sh\n# was: answer=$(nonet --hook cline)\nexec my-checker\n"
    path = settings("cline", text)
    for action in ("--install", "--uninstall"):
        assert hook("cline", action).returncode == BLOCKS and read(path) == text


def test_variables_of_the_hosts(hook, me):  # noqa: F811
    for host, variable, name in (("cline", "CLINE_DIR", "hooks/PreToolUse"), ("kimi", "KIMI_CODE_HOME", "config.toml")):
        assert hook(host, "--install", env={variable: f"{me.home}/else where"}).returncode == 0
        assert f"--hook {host}" in read(f"{me.home}/else where/{name}") and not os.path.exists(f"{me.home}/{KNOWN[host].file}")


# --- what the host runs --------------------------------------------------------------------------


def run_as_cline(me, command, timeout=20):
    """Cline runs the interpreter that the first line names, and reads the JSON that is printed, whatever the status."""
    path = os.path.join(me.home, KNOWN["cline"].file)
    done = subprocess.run(["sh", path], input=json.dumps(question("cline", command)).encode(), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, cwd=me.home, timeout=timeout)
    return json.loads(done.stdout)


def test_trap_cline_passes_over_a_link(hook, settings, me):  # noqa: F811
    """As one of a folder of dotfiles is."""
    path, other = settings("cline"), f"{me.home}/dotfile"
    hook("cline", "--install")
    assert hook("cline", "--status").returncode == 0
    os.rename(path, other)
    os.symlink(other, path)
    for action in ("--status", "--try"):
        done = hook("cline", action)
        assert done.returncode == 1 and b"it is a link, which cline passes over" in done.stdout, done
    assert b"it is a link" in hook("cline", "--errno=EPERM", "--install").stderr


def test_trap_cline_takes_every_end_for_leave(hook, settings, nonet, me):  # noqa: F811
    """Only what is printed keeps a command from running: also where nonet fails, is gone or was killed."""
    copy = f"{me.home}/it's here/nonet"
    os.mkdir(os.path.dirname(copy))
    shutil.copy(nonet, copy)
    Launcher(me, (copy, "--hook", "cline"))("--install")
    for command in ("ls", "it's\n\n'%s \\n $(id)' `x`\n", "x" * 100000):
        assert run_as_cline(me, command) == json.loads(ask(copy, "cline", question("cline", command)).stdout)
    assert run_as_cline(me, confined(nonet, "ls")) != {}
    assert run_as_cline(me, "a\0b")["cancel"] is True and run_as_cline(me, "x" * 200000)["cancel"] is True
    os.unlink(copy)
    assert run_as_cline(me, "ls")["cancel"] is True
    with open(copy, "w") as file:
        file.write("#!/bin/sh\necho '{}'\nkill -KILL $$\n")
    os.chmod(copy, 0o755)
    assert run_as_cline(me, "ls")["cancel"] is True


@pytest.mark.parametrize("host", ["kimi", "kiro"])
def test_trap_a_hook_whose_program_is_gone_blocks(nonet, me, host):
    copy = f"{me.home}/nonet"
    shutil.copy(nonet, copy)
    Launcher(me, (copy, "--hook", host))("--install")
    text = read(os.path.join(me.home, KNOWN[host].file))
    line = tomllib.loads(text)["hooks"][0]["command"] if host == "kimi" else json.loads(text)["hooks"][0]["action"]["command"]

    def run():
        return subprocess.run(["sh", "-c", line], input=json.dumps(question(host, "ls")).encode(), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=20)

    assert b"blocked by nonet" in run().stdout + run().stderr
    os.unlink(copy)
    assert (run().returncode, run().stdout) == (BLOCKS, b"")
