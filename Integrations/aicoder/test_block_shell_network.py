"""The plug-in in a host: a stand-in written from AI Coder's contract, or the real one that AICODER names.

Real nonet, real bash, real timeout(1). The instrument is a listener on 127.0.0.1: every way out is first
shown to reach it with the sandbox off.
"""

import glob
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "Tests/BlackBox"))
from support.listener import Listener  # noqa: E402

PLUGIN = HERE / "block_shell_network.py"
NONET = os.environ.get("NONET", str(ROOT / "bin/nonet"))
HOST = os.environ.get("AICODER", str(HERE / "standin"))
ALIASES = ["/sandbox-net", "/sandbox-network", "/net-sandbox", "/snet"]
BLOCKED = "network is blocked by nonet"
# Where nothing can confine: an outer nonet that refuses every call that builds a layer.
NOTHING = [NONET, "-q", "--allow", "socket,connect", "--deny", "seccomp,unshare", "--"]
PYTHONS = sorted(glob.glob(os.path.expanduser("~/.pyenv/versions/*/bin/python")))


def version(python):
    text = subprocess.run([python, "--version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20).stdout
    return tuple(int(part) for part in text.decode().split()[1].split(".")[:2])


@pytest.fixture
def listener():
    one = Listener()
    yield one
    one.close()


@pytest.fixture
def reach(listener):
    """A shell command that says hello to the listener; bash alone, so that nothing has to be installed."""
    return "exec 3<>/dev/tcp/127.0.0.1/{} && echo hello >&3 && echo reached".format(listener.port)


def heard(listener, count):
    """Whether exactly so many came; the listener may be a little later than who spoke to it."""
    deadline = time.time() + 5
    while len(listener.seen) < count and time.time() < deadline:
        time.sleep(0.01)
    return len(listener.seen) == count


class Host:
    """Starts AI Coder with plug-ins in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.plugins = folder / "plugins"
        self.home = folder / "home"
        self.plugins.mkdir()
        self.home.mkdir()
        self.environment = {"NONET": NONET}
        self.python = sys.executable
        self.prefix = []

    def install(self, text=None, name="block_shell_network.py"):
        (self.plugins / name).write_text(PLUGIN.read_text() if text is None else text)

    def __call__(self, *steps, status=0):
        """-> for the start and each step, what came back and what was printed."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
        environment = {**kept, "HOME": str(self.home), "TMPDIR": str(self.home), "AICODER_PLUGIN_DIR": str(self.plugins),
                       "PYTHONPATH": HOST, "PYTHONDONTWRITEBYTECODE": "1", **self.environment}
        environment = {name: value for name, value in environment.items() if value is not None}
        answers = self.folder / "answers"
        command = [*self.prefix, self.python, str(HERE / "drive_host.py"), str(answers)]
        done = subprocess.run(command, input=json.dumps(steps), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True, env=environment, cwd=self.home, timeout=60)
        assert done.returncode == status, done.stderr
        return json.loads(answers.read_text())


@pytest.fixture
def host(tmp_path):
    one = Host(tmp_path)
    one.install()
    return one


def shell(command, **more):
    return ["shell", {"command": command, **more}]


ON, OFF, STATUS = ["say", "/snet on"], ["say", "/snet off"], ["say", "/snet"]


def test_off_by_default_then_on_then_off(host, listener, reach):
    start, status, free, on, inside, off, after = host(STATUS, shell(reach), ON, shell(reach), OFF, shell(reach))
    assert "/sandbox-net" in start[1] and "disabled" in status[1]
    assert "reached" in free[0] and "reached" in after[0] and "Note:" not in free[0]
    assert "enabled. Shell commands have no network" in on[1] and NONET in on[1]
    assert "default:seccomp" in on[1] and "--offline" in on[1]
    assert "reached" not in inside[0] and "Permission denied" in inside[0]
    assert inside[0].startswith("Return code: 1\n") and inside[0].endswith("do not retry what needs it.\n")
    assert BLOCKED in inside[0] and "disabled" in off[1]
    assert heard(listener, 2)


def test_commands_and_their_names(host):
    steps = [["say", "{} {}".format(name, word)] for name in ALIASES for word in ("", "on", "status", "OFF", "help")]
    answers = host(*steps, ["say", "/snet maybe"], ["say", "/snet on now"], STATUS)[1:]
    assert all(answer[0] == [False, False] for answer in answers)
    for index in range(len(ALIASES)):
        nothing, on, status, off, text = (answer[1] for answer in answers[5 * index:5 * index + 5])
        assert "sandbox: disabled" in nothing and "sandbox: enabled" in on and "sandbox: enabled" in status and "sandbox: disabled" in off
        assert all(name in text for name in ALIASES) and "tried just now" in status
    for answer in answers[-3:-1]:
        assert answer[1].startswith("Error: /sandbox-net does not know") and "help    this text" in answer[1]
    assert "sandbox: disabled" in answers[-1][1]


def test_loopback_and_what_was_refused(host, listener, reach):
    """`on` takes options of nonet, and `status` says what was refused and where it is written."""
    server = ("python3 -m http.server 8123 --bind 127.0.0.1 > /dev/null 2>&1 & "
              "for i in $(seq 100); do (exec 3<>/dev/tcp/127.0.0.1/8123) 2> /dev/null && echo served && break; sleep 0.1; done; kill %1")
    answers = host(["say", "/snet on --loopback"], shell(server), shell(reach), ["say", "/snet on"], shell(reach), STATUS,
                   ["say", "/snet on --best-effort"], ["say", "/snet on --policy unix"], ["say", "/snet on now"])[1:]
    assert "--loopback" in answers[0][1] and "served" in answers[1][0]
    assert "reached" not in answers[2][0] and "reached" not in answers[4][0] and listener.seen == []
    status = answers[5][1]
    assert "refused: 1 attempts, last: socket AF_INET" in status and "nonet-aicoder-" in status, status
    assert all("cannot be turned on" in answer[1] and "on as before" in answer[1] for answer in answers[6:8])
    assert "does not know 'on now'" in answers[8][1]


def test_commands_share_one_loopback(host):
    """A server that one command leaves running answers the next one, until AI Coder's session is over."""
    server = "(timeout 20 python3 -m http.server 8124 --bind 127.0.0.1 > /dev/null 2>&1 & disown); for i in 1 2 3 4 5 6 7 8; do sleep 0.3; (exec 3<>/dev/tcp/127.0.0.1/8124) 2>/dev/null && break; done; echo up"
    ask = "exec 3<>/dev/tcp/127.0.0.1/8124 && echo served"
    answers = host(["say", "/snet on --loopback"], shell(server), shell(ask))[1:]
    assert "--session aicoder-" in answers[0][1] and "up" in answers[1][0] and "served" in answers[2][0]


def test_names_that_others_call_it_by(host):
    """The plug-in of the same name has these, and its tests ask for them."""
    code = """
class App: pass
app = App(); app.input_handler = App(); app.input_handler.command_handlers = {}
commands = plugin["SandboxNetCommand"]()
before = plugin["get_network_blocking_status"]()
result = [plugin["check_requirements"]()[0], before, plugin["set_network_blocking_status"](True), plugin["get_network_blocking_status"](),
          plugin["set_network_blocking_status"](False), sorted(commands.register()), [commands.execute(words) for words in ([], ["on"], ["off"], ["help"])],
          plugin["initialize_plugin"](app), sorted(app.input_handler.command_handlers), plugin["initialize_plugin"](App()),
          plugin["patch_run_shell_command"](), plugin["__plugin_name__"], plugin["__plugin_version__"]]
"""
    result, printed = host(["python", code])[1]
    assert result == [True, False, True, True, True, sorted(ALIASES), [[False, False]] * 4, True, sorted(ALIASES), False, True,
                      "block_shell_network", "1.0.0"]
    for words in ("Network sandbox: disabled", "Network sandbox enabled", "Network sandbox disabled", "Network sandbox command usage:"):
        assert words in printed


COMMANDS = [
    "echo plain", "echo 'single' \"double\" $'ansi\\n'", "echo \"it's\" 'say \"x\"'", "echo '\\'\\'''", "printf '%s|' a 'b c' \"\"",
    "echo $(echo inner $(echo deeper))", "echo `echo ticks`", "x=1; echo ${x:-2} $((x + 2)) \"$x\"", "echo a\necho b\n\necho c",
    "cat <<'E'\n$x `y` \\ '\"\nE", "cat <<E\n$((1 + 1)) 'q'\nE", "cat < <(echo sub) - <<< here", "echo \\\\ \\' \\\" \\$x", "echo !! !x",
    "echo hello # comment ' \"", "exit 7", "false || echo or", "echo err >&2; false", "echo ünï 日本 \U0001f600", "echo \ttab", "kill -TERM $$",
    "f() { echo fn \"$1\"; }; f 'a b'", "for i in 1 2; do echo $i; done | tac", "echo $0 $#; echo \"${BASH_VERSION%%.*}\"", "echo " + "long " * 10000,
    "echo a > file; cat file", "if", "echo \"unclosed", "", "   ", "# nothing but a comment", "{ sleep 0.05; echo later; } & wait", "echo -n x",
    "printf '\\x41\\102\\n'", "set -f; echo *", "trap 'echo bye' EXIT; echo hi", "PATH=/nowhere; echo still", "a=(1 '2 3'); echo ${#a[@]}", "echo 'a'\\''b'",
    "python3 -c 'import sys; print(sys.argv)' \"a'b\" '$(x)'", "echo $'\\x27; echo two'", "[[ a == a ]] && echo yes", "cd /; pwd", "umask; ulimit -n",
]


def test_every_command_means_the_same_inside(host):
    """Same text, same status, and the messages of bash itself, with and without the sandbox."""
    steps = [shell(command) for command in COMMANDS]
    answers = host(*steps, ON, *steps)
    free, inside = answers[1:1 + len(steps)], answers[2 + len(steps):]
    assert sum(answer[0].startswith("Return code: 0") for answer in free) >= 35
    for command, one, other in zip(COMMANDS, free, inside):
        assert other[0].partition("Note: ")[0] == one[0], command


def breakouts(reach):
    other = reach.replace("exec 3", "exec 4").replace(">&3", ">&4")
    return {
        "substitution": "echo $({})".format(reach), "ticks": "echo `{}`".format(reach), "newline": "true\n{}".format(reach),
        "quote": "true'; {} #".format(reach), "double quote": "true\"; {} #".format(reach), "quoted quote": "echo \\'; {}".format(reach),
        "comment": "{} # nonet -- already".format(reach), "claims": "nonet -- true; {}".format(reach), "assignment": "NONET=default:seccomp eval {}".format(shlex.quote(reach)),
        "exec -a": "exec -a nonet bash -c {}".format(shlex.quote(reach)), "function": "nonet() {{ {}; }}; nonet".format(reach),
        "alias": "shopt -s expand_aliases\nalias bash='{}'\nbash".format(reach), "background": "({}) & wait".format(reach),
        "new session": "setsid bash -c {}".format(shlex.quote(other)), "env -i": "env -i /bin/bash -c {}".format(shlex.quote(reach)),
        "bash_env": "echo {} > rc; BASH_ENV=rc bash -c true".format(shlex.quote(reach)), "path": "PATH=.:$PATH; {}".format(reach),
        "end of options": "-- bash -c {}".format(shlex.quote(reach)), "heredoc": "bash <<'E'\n{}\nE".format(reach), "eval": "eval {}".format(shlex.quote(reach)),
        "unset": "unset NONET; {}".format(reach), "shell": "SHELL=/bin/bash; $SHELL -c {}".format(shlex.quote(reach)), "coproc": "coproc {{ {}; }}; wait".format(reach),
    }


def test_no_text_breaks_out(host, listener, reach):
    ways = breakouts(reach)
    answers = host(*(shell(way) for way in ways.values()))
    # Unbalanced quotes and an unknown command fail by themselves; a coprocess keeps its output.
    through = [way for way, answer in zip(ways, answers[1:]) if "reached" in answer[0]]
    assert set(ways) - set(through) == {"quote", "double quote", "end of options", "coproc"}
    time.sleep(0.3)  # what went to the background says nothing here
    before = len(listener.seen)
    assert before >= len(through)
    host(ON, *(shell(way) for way in ways.values()))
    time.sleep(0.3)
    assert len(listener.seen) == before


def test_what_the_hosts_bash_reads_first(host, listener, reach):
    """BASH_ENV names a file that the last command may have written; inside it is read all the same."""
    (host.home / "rc").write_text("{}; mine=yes\n".format(reach))
    host.environment["BASH_ENV"] = str(host.home / "rc")
    answers = host(shell("echo $mine $BASH_ENV"), ON, shell("echo $mine $BASH_ENV"), OFF, shell("echo $mine"))
    assert all("yes" in answers[index][0] for index in (1, 3, 5)) and str(host.home / "rc") in answers[3][0]
    assert heard(listener, 2)  # both while it was off


@pytest.mark.parametrize("name, way", [("bash", "bin"), ("timeout", "bin"), ("bash", "open/bin"), ("bash", "open/link")])
def test_what_the_host_finds_along_path(host, listener, reach, name, way):
    """A `bash` that a command leaves in a folder of the user's must not be what runs the next one."""
    folder = host.folder / "bin"
    (host.folder / "open/bin").mkdir(parents=True)
    if way == "bin":
        folder.mkdir()
        os.chmod(folder, 0o777)  # for root, too, a folder that others may write
    else:
        os.chmod(host.folder / "open", 0o777)
        os.symlink(host.folder / "open/bin", host.folder / "open/link")
        folder = host.folder / way
    path = "{}:{}".format(folder, os.environ["PATH"])
    host.environment["PATH"] = path
    real = shutil.which(name)
    plant = "printf '#!/bin/bash\\n({})\\nexec {} \"$@\"\\n' > {}/{n}; chmod +x {}/{n}".format(reach.replace("%", "%%"), real, folder, folder, n=name)
    planted, after = host(shell(plant), shell("echo x"))[1:]
    assert planted[0].startswith("Return code: 0") and heard(listener, 1), after
    os.remove(folder / name)
    answers = host(ON, shell(plant), shell("echo $PATH"), shell(":"))
    assert path in answers[3][0] and (folder / name).exists()
    assert heard(listener, 1)


# Runs its command without confining it; asked what holds, it lets nonet look.
FAKE = """#!/bin/bash
[ "$1" != --check ] || exec {} "$@"
while [ "$1" != -- ]; do shift; done; shift; exec "$@"
""".format(NONET)


def replaced(path, text=FAKE):
    """Puts another program in the place of nonet."""
    os.path.lexists(path) and os.remove(path)
    pathlib.Path(path).write_text(text)
    os.chmod(path, 0o755)


@pytest.fixture
def own(host):
    """A copy of nonet that a test may spoil."""
    path = str(host.folder / "nonet")
    shutil.copy(NONET, path)
    host.environment["NONET"] = path
    return path


SPOIL = {
    "gone": "import os; os.remove({path!r})",
    "not executable": "import os; os.chmod({path!r}, 0)",
    "replaced": "import os, shutil; os.remove({path!r}); shutil.copy({other!r}, {path!r})",
    "written to": "open({path!r}, 'wb').write(open({other!r}, 'rb').read())",
}


@pytest.mark.parametrize("how", SPOIL)
def test_nonet_is_spoiled_while_it_is_on(host, own, listener, reach, how):
    """The copy in memory is what runs; turning it on again looks at the file again."""
    other = str(host.folder / "other")
    replaced(other)
    spoil = SPOIL[how].format(path=own, other=other)
    answers = host(ON, ["python", spoil], shell("echo works"), shell(reach), ON, shell(reach))
    assert "works" in answers[3][0] and "Permission denied" in answers[4][0]
    # root runs no file without an execute bit either, so every way of spoiling shows.
    assert "cannot be turned on" in answers[5][1] and "on as before" in answers[5][1]
    assert "reached" not in answers[6][0] and listener.seen == []


def test_the_copy_cannot_be_written_or_swapped(host, listener, reach):
    write = """
import os
copy = plugin["_sandbox"].copy
try: os.write(os.open(copy.name, os.O_RDWR), b"x"); result = "written"
except OSError as error: result = str(error)
"""
    swap = """
import os
copy = plugin["_sandbox"].copy
os.dup2(os.open("/bin/env", os.O_RDONLY), copy.number)
"""
    answers = host(ON, ["python", write], ["python", swap], shell(reach), STATUS, ON, shell("echo again"), shell(reach))
    assert "not permitted" in answers[2][0] or "denied" in answers[2][0] or "busy" in answers[2][0]
    assert BLOCKED in answers[4][0] and "gone" in answers[4][0] and "PROOF FAILED" in answers[5][1]
    assert "tried just now" in answers[6][1] and "again" in answers[7][0] and "Permission denied" in answers[8][0]
    assert listener.seen == []


def refused_to_turn_on(host, *says, steps=()):
    """It says why, says that it is off, and is off."""
    answers = host(ON, STATUS, shell("echo runs"), *steps)
    for word in says:
        assert word in answers[1][1], answers[1][1]
    assert "cannot be turned on" in answers[1][1] and "OFF: shell commands have the network" in answers[1][1]
    assert "sandbox: disabled" in answers[2][1] and "runs" in answers[3][0]


def test_on_where_nothing_can_confine(host):
    host.prefix = NOTHING
    # The outer nonet says in NONET what it is.
    host.environment.update(NONET=None, PATH="{}:{}".format(os.path.dirname(NONET), os.environ["PATH"]))
    refused_to_turn_on(host, "this machine cannot confine", "seccomp")


def test_on_with_a_program_that_does_not_confine(host, listener, reach):
    fake = str(host.folder / "fake")
    replaced(fake)
    host.environment["NONET"] = fake
    refused_to_turn_on(host, "does not confine", "sockets of AF_INET can be made")
    replaced(fake, "#!/bin/sh\necho '{\"findings\": [{\"name\": \"this process\"}]}'\n")
    refused_to_turn_on(host, "exit status 0")
    replaced(fake, "#!/bin/sh\nexit 3\n")
    refused_to_turn_on(host, "exit status 3", "no answer")


@pytest.mark.parametrize("value, says", [
    ("bin/nonet", "not an absolute path"), ("./nonet", "not an absolute path"), ("nonet", "not an absolute path"),
    ("/does/not/exist", "not a program"), ("/etc/passwd", "not a program"), ("/", "not a program")])
def test_on_with_a_wrong_name(host, value, says):
    host.environment["NONET"] = value
    refused_to_turn_on(host, says)


@pytest.mark.parametrize("options, says", [
    ("--best-effort", "--best-effort is not for this plug-in"), ("--observe", "not for this"), ("--policy ./x.policy", "rewrite a file"),
    ("--policy=-", "rewrite a file"), ("--backend python", "python backend"), ("--allow connect", "not for this"), ("--policy", "needs a value"),
    ("--help", "not for this"), ("sh -c", "not for this"), ("--", "not for this"), ("'", "No closing quotation"), ("--errno NOPE", "--errno")])
def test_options_that_do_not_confine(host, options, says):
    host.environment["NONET_OPTIONS"] = options
    refused_to_turn_on(host, says)


def test_options_reach_nonet(host, listener, reach):
    host.environment["NONET_OPTIONS"] = "--policy=strict --errno ENETUNREACH"
    on, inside, plain = host(ON, shell(reach), shell("echo $NONET; env | grep -c UV_OFFLINE"))[1:]
    assert "strict:" in on[1] and "Network is unreachable" in inside[0] and "strict:" in plain[0] and "\n0\n" in plain[0]
    del host.environment["NONET_OPTIONS"]
    assert "\n1\n" in host(ON, shell("echo; env | grep -c UV_OFFLINE"))[2][0]


def test_where_nonet_is_looked_for(host):
    folder = host.folder / "tools"
    folder.mkdir()
    shutil.copy(NONET, folder / "nonet")
    shutil.copy(NONET, host.home / "nonet")  # the host's current folder
    path = os.environ["PATH"]
    host.environment["NONET"] = None
    for entries in ("", ".:", "{}:".format(host.home), "tools:", ":"):
        host.environment["PATH"] = entries + path
        refused_to_turn_on(host, "nonet was not found", "make install")
    host.environment["PATH"] = path + ":" + str(folder)
    assert str(folder / "nonet") in host(ON)[1][1]
    for hint in ("default:seccomp+landlock", "./a.policy:seccomp", "/a.policy:none"):  # what nonet itself sets inside
        host.environment["NONET"] = hint
        assert str(folder / "nonet") in host(ON)[1][1]


def test_inside_of_another_nonet(host):
    host.prefix = [NONET, "--"]
    host.environment["PATH"] = "{}:{}".format(os.path.dirname(NONET), os.environ["PATH"])
    on, inside = host(ON, shell("exec 3<>/dev/tcp/127.0.0.1/9"))[1:]
    assert "sandbox: enabled" in on[1] and "Permission denied" in inside[0]


ODD_CALLS = {
    "number": ["call", [], {"command": 7, "stats": None}], "nothing": ["call", [], {}], "list": ["call", [["a"]], {}],
    "null": ["call", [None, "STATS"], {}], "both": ["call", ["STATS"], {"command": "echo ran"}], "NUL": ["call", ["echo \0 ran", "STATS"], {}],
    "too long": ["call", ["echo ran " + "x" * 131072, "STATS"], {}], "surrogate": ["call", ["echo ran \ud800", "STATS"], {}]}


def test_calls_that_are_not_understood(host):
    answers = host(ON, *ODD_CALLS.values())
    for name, answer in zip(ODD_CALLS, answers[2:]):
        assert BLOCKED in answer[0] and "Return code" not in answer[0], name
    assert "too long" in answers[-2][0]


def test_ways_to_call(host, listener, reach):
    ways = [["call", [reach, "STATS"], {}], ["call", [reach, "STATS", "because", 5], {}], ["call", [reach], {"stats": None, "timeout": 5}],
            ["call", [], {"command": reach, "stats": None, "reason": "r", "timeout": 5, "tool_index": 1, "more": 2}]]
    free = host(*ways)[1:]
    inside = host(ON, *ways)[2:]
    assert all("reached" in answer[0] for answer in free) and heard(listener, len(ways))
    assert all("Permission denied" in answer[0] for answer in inside)


def test_refusals_are_counted(host):
    count = ["python", "result = app.stats.tool_errors"]
    answers = host(ON, shell("x\0"), count, ["shell", {"command": 7}], count)
    assert [answers[index][0] for index in (3, 5)] == [1, 2]


def test_the_hosts_timeout(host):
    mark = "31.4159"
    begin = time.time()
    slow, left = host(ON, shell("sleep {} & sleep {}; echo never".format(mark, mark), timeout=1), ["python", "import time; time.sleep(0.3)"],
                      shell("pgrep -fx 'sleep {}' | wc -l".format(mark)))[2::2]
    assert time.time() - begin < 20
    assert ("timed out" in slow[0] or "Return code: 124" in slow[0]) and "Stdout" not in slow[0] and "/proc/" not in slow[0]
    assert "Stdout: 0" in left[0]


BROKEN = {
    "an import fails": lambda text: text.replace("\nimport collections\n", "\nimport no_such_module_for_nonet\n"),
    "half of it runs": lambda text: text.replace("\nclass Sandbox", "\n1 / 0\nclass Sandbox"),
    "the last line fails": lambda text: text + "\nundefined_name\n",
    "on_aicoder_init fails": lambda text: text.replace("    global _answer\n", "    global _answer\n    1 / 0\n"),
    "on_aicoder_init is gone": lambda text: text.replace("def on_aicoder_init", "def another"),
    "Python is too old": lambda text: text.replace("sys.version_info < (3, 8)", "sys.version_info < (99,)"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_plugin_that_fails_to_load_closes_the_shell(host, listener, reach, how):
    host.install(BROKEN[how](PLUGIN.read_text()))
    assert BROKEN[how](PLUGIN.read_text()) != PLUGIN.read_text()
    start, answer, other = host(shell(reach), ["call", [reach, "STATS"], {}])
    assert "Warning" in start[1] or "gone" in how
    assert BLOCKED in answer[0] and "did not load" in answer[0] and answer[0] == other[0]
    assert listener.seen == []


def test_a_host_without_commands_closes_the_shell(host, listener, reach):
    host.install("def on_aicoder_init(app): del app.command_handlers\n", "00_first.py")
    start, answer = host(shell(reach))
    assert "Warning" in start[1] and "did not load" in answer[0] and listener.seen == []


def test_a_host_whose_shell_tool_is_elsewhere_does_not_start(host):
    host.install("import aicoder.tool_manager.executor as e\ne.INTERNAL_TOOL_FUNCTIONS['shell'] = e.INTERNAL_TOOL_FUNCTIONS.pop('run_shell_command')\n"
                 "e.INTERNAL_TOOL_FUNCTIONS['run_shell_command'] = None\n", "00_first.py")
    (answer,) = host(status=1)
    assert "no shell tool that block_shell_network.py knows" in answer[1]


def test_what_cannot_be_caught(host, listener, reach):
    """A file that is no Python, or no longer there, leaves the shell as it was: README says to look at the status."""
    host.install(PLUGIN.read_text()[:20000] + "\n(((")
    start, answer, commands = host(shell(reach), ["python", "result = '/snet' in app.command_handlers"])
    assert "Warning" in start[1] and "reached" in answer[0] and commands[0] is False


WRAPPER = """
import aicoder.tool_manager.executor as executor
def on_aicoder_init(app):
    before = executor.INTERNAL_TOOL_FUNCTIONS["run_shell_command"]
    def tool(*args, **kwargs):
        return "wrapped " + before(*args, **kwargs)
    executor.INTERNAL_TOOL_FUNCTIONS["run_shell_command"] = tool
"""
REPLACER = """
import subprocess
import aicoder.tool_manager.executor as executor
def on_aicoder_init(app):
    executor.INTERNAL_TOOL_FUNCTIONS["run_shell_command"] = (
        lambda command, **more: subprocess.run(["bash", "-c", command], stdout=-1, stderr=-2, universal_newlines=True).stdout)
"""


@pytest.mark.parametrize("name", ["00_other.py", "zz_other.py"])
@pytest.mark.parametrize("text", [WRAPPER, REPLACER], ids=["wraps", "replaces"])
def test_beside_another_plugin(host, listener, reach, name, text):
    """Whoever comes later is stood in front of when it is turned on; what was in between is called once."""
    host.install(text, name)
    free, on, inside, quoted, off, after = host(shell(reach), ON, shell(reach), shell("echo \"a 'b'\" $((1+1))"), OFF, shell(reach))[1:]
    assert "reached" in free[0] and "reached" in after[0] and "reached" not in inside[0] and "WARNING" not in on[1]
    assert "Permission denied" in inside[0] and "a 'b' 2" in quoted[0]
    assert inside[0].count("wrapped") == (1 if text is WRAPPER else 0)
    assert heard(listener, 2)


def test_the_same_plugin_under_two_names(host, listener, reach):
    host.install(name="00_copy.py")
    answers = host(ON, shell(reach), OFF, shell(reach), ON, shell("echo $((1+1))"))
    assert "Permission denied" in answers[2][0] and "reached" in answers[4][0] and "Stdout: 2" in answers[6][0]
    assert heard(listener, 1)


def test_the_status_warns_of_another_plugin(host):
    take = "tools['run_shell_command'] = lambda **more: 'mine'"
    assert "WARNING: another plug-in" in host(ON, ["python", take], STATUS)[3][1]


@pytest.fixture
def checkout(host):
    """A checkout whose make is quick: it takes nonet from where it has been built."""
    root = host.folder / "checkout"
    place = root / "Integrations/aicoder"
    place.mkdir(parents=True)
    (root / "Sources/nonet").mkdir(parents=True)
    (root / "Package.swift").write_text("")
    shutil.copy(PLUGIN, place / PLUGIN.name)
    (host.plugins / PLUGIN.name).unlink()
    os.symlink(place / PLUGIN.name, host.plugins / PLUGIN.name)
    host.environment["NONET"] = None
    host.recipe = lambda *lines: (root / "Makefile").write_text("all:\n" + "".join("\t{}\n".format(line) for line in lines))
    host.recipe("@echo compiling", "@echo x >> count", "mkdir -p bin; cp {} bin/nonet".format(NONET))
    return root


def test_it_is_built_on_the_first_command(host, checkout, listener, reach):
    status, on, first, second, after = host(STATUS, ON, shell(reach), shell("echo fine"), STATUS)[1:]
    assert "sandbox: enabled" in on[1] and "on the first command" in on[1]
    assert "is built now with make" in first[1] and "make: compiling" in first[1] and "built; commands run inside default:seccomp" in first[1]
    assert "Permission denied" in first[0] and "fine" in second[0] and second[1] == ""
    assert str(checkout / "bin/nonet") in after[1] and (checkout / "count").read_text() == "x\n"
    assert set(os.listdir(host.home)) <= {".aicoder"} and listener.seen == []  # the host's own
    assert "nonet: built" not in host(ON, shell("true"))[2][1]


def test_many_commands_wait_for_one_build(host, checkout, listener, reach):
    many = """
import threading
result = []
run = lambda: result.append(tools["run_shell_command"](command={!r}, stats=app.stats))
threads = [threading.Thread(target=run) for _ in range(8)]
for one in threads: one.start()
for one in threads: one.join(30)
""".format(reach)
    answers = host(ON, ["python", many])
    assert len(answers[2][0]) == 8 and all("Permission denied" in one for one in answers[2][0])
    assert (checkout / "count").read_text() == "x\n" and listener.seen == []


@pytest.mark.parametrize("lines, says", [
    (["@echo it went wrong >&2; exit 3"], "it went wrong"), (["@true"], "No such file"),
    (["mkdir -p bin; printf '#!/bin/sh\\nexit 0' > bin/nonet; chmod +x bin/nonet"], "no answer"),
    (["@mkdir -p bin/nonet"], "directory")])
def test_a_build_that_fails_runs_nothing(host, checkout, listener, reach, lines, says):
    host.recipe(*lines)
    on, first, second, again = host(ON, shell(reach), shell("echo ran"), STATUS)[1:]
    assert BLOCKED in first[0] and says in first[0] and BLOCKED in second[0] and "sandbox: enabled" in again[1]
    assert listener.seen == []


def test_a_build_without_end_is_ended(host, checkout):
    host.recipe("@echo begun; sleep 27.1828")
    begin = time.time()
    answers = host(ON, ["python", "plugin['BUILD_SECONDS'] = 1"], shell("echo ran"))
    assert time.time() - begin < 20 and BLOCKED in answers[3][0] and "begun" in answers[3][0]
    assert subprocess.run(["pgrep", "-fx", "sleep 27.1828"], timeout=10).returncode == 1


def test_what_is_missing_is_named(host, checkout):
    few = host.folder / "few"
    few.mkdir()
    host.python = os.path.realpath(sys.executable)
    for name in ("bash", "timeout", "true"):
        os.symlink(shutil.which(name), few / name)
    host.environment["PATH"] = str(few)
    answer = host(ON)[1][1]
    if os.geteuid() != 0:
        assert "lies only where others than root may write" in answer
    else:
        for word in ("make", "apt-get install", "dnf install", "pacman -S", "Swift 6.3", "https://www.swift.org/install/linux/"):
            assert word in answer
    os.remove(few / "timeout")
    assert "timeout: Debian/Ubuntu: apt-get install coreutils" in host(ON)[1][1]


@pytest.mark.parametrize("python", PYTHONS or [None], ids=lambda python: pathlib.Path(python).parts[-3] if python else "none")
def test_every_python(host, listener, reach, python):
    """It parses everywhere, works from 3.8 on, and before that closes the shell."""
    if python is None:
        pytest.skip("no pyenv here: only {} was tried".format(sys.version.split()[0]))
    subprocess.run([python, "-c", "import sys; compile(open(sys.argv[1]).read(), sys.argv[1], 'exec')", str(PLUGIN)], check=True, timeout=20)
    if version(python) < (3, 6):
        pytest.skip("parses; the stand-in does not run on Python {}.{}".format(*version(python)))
    if "AICODER" in os.environ and version(python) < (3, 10):
        pytest.skip("parses; the real AI Coder does not run on Python {}.{}".format(*version(python)))
    host.python = python
    if version(python) < (3, 8):
        start, answer = host(shell(reach))
        assert "needs Python 3.8" in start[1] and BLOCKED in answer[0] and listener.seen == []
        return
    free, on, inside = host(shell(reach), ON, shell(reach))[1:]
    assert "reached" in free[0] and "sandbox: enabled" in on[1] and "Permission denied" in inside[0]
