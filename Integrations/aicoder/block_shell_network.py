"""AI Coder plug-in: shell commands without a network, confined by nonet.

Drop-in for the plug-in of the same name, with the names that others call it by. `/sandbox-net on` sends every command of the shell tool
through `nonet -- bash -c 'COMMAND'`; `off`, `status` and `help` do what they say. While it is on, no
error runs a command unconfined, and if this file fails to load, the shell tool refuses.

Python 3.8 or later, standard library only. The syntax is kept to what much older versions read too:
they must get as far as the refusal below, where a syntax error would leave the shell open.
"""

import sys

__plugin_name__ = "block_shell_network"
__plugin_version__ = "1.0.0"
__plugin_description__ = "Shell commands without a network, confined by nonet"

# The gate stands before anything else here can fail, because the host's loader swallows errors.

TOOL = "run_shell_command"

# What becomes of a command: f(tool, args, kwargs). Nothing runs until on_aicoder_init has finished.
_answer = None
_MINE = object()


def _refused(why):
    return "Error: network is blocked by nonet, and this command was not run: " + why


def _gate(tool):
    """Stands where the host's tool stood."""

    def run_shell_command(*args, **kwargs):
        if _answer is None:
            return _refused(
                "the plug-in block_shell_network did not load; the warning at the start of AI Coder "
                "says why. Nothing that the shell tool is asked will run; tell the user.")
        return _answer(tool, args, kwargs)

    run_shell_command.nonet_gate = _MINE
    return run_shell_command


def _is_ours(tool):
    """Whether a tool is a gate of this very module: the file may be loaded under two names."""
    return getattr(tool, "nonet_gate", None) is _MINE


def _tables():
    """The host's tables of tools, wherever its modules keep them."""
    found = []
    for name, module in list(sys.modules.items()):
        if name != "aicoder" and not name.startswith("aicoder."):
            continue
        for value in list(getattr(module, "__dict__", {}).values()):
            if isinstance(value, dict) and callable(value.get(TOOL)):
                if not any(value is table for table in found):
                    found.append(value)
    return found


def _stand_in_front():
    """Puts a gate before the shell tool, wherever ours is not the first; -> in how many tables it is now."""
    tables = _tables()
    for table in tables:
        if not _is_ours(table[TOOL]):
            table[TOOL] = _gate(table[TOOL])
    return len(tables)


NO_TOOL = ("this AI Coder has no shell tool that block_shell_network.py knows, so its commands could not be "
           "confined; take the plug-in out, or get a newer one")


def _stand_or_stop():
    """Where there is nothing to stand in front of, AI Coder ends: SystemExit gets through its loader."""
    if "aicoder" in sys.modules and not _stand_in_front():
        raise SystemExit("nonet: " + NO_TOOL)


_stand_or_stop()

if sys.version_info < (3, 8):
    raise RuntimeError("block_shell_network.py needs Python 3.8 or later")

import atexit
import binascii
import collections
import fcntl
import glob
import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import stat
import subprocess
import tempfile
import threading

NAMES = ("/sandbox-net", "/sandbox-network", "/net-sandbox", "/snet")
HELP = """Network sandbox command usage:
{0} on      shell commands run without a network, confined by nonet;
                     options of nonet may follow, as --loopback
{0} off     they run as they are
{0} status  which of them holds, a proof, and what was refused (no word means the same)
{0} help    this text
Other names: {1}. Off when AI Coder starts. NONET names the program,
NONET_OPTIONS its options (--offline unless set).""".format(NAMES[0], ", ".join(NAMES[1:]))

SWIFT = "https://www.swift.org/install/linux/"
# What building needs: Debian and Ubuntu, Fedora, Arch.
PACKAGES = {
    "bash": ("bash", "bash", "bash"),
    "timeout": ("coreutils", "coreutils", "coreutils"),
    "make": ("make", "make", "make"),
    "gcc": ("gcc", "gcc", "gcc"),
    "libc.a": ("libc6-dev", "glibc-static", "glibc"),
}
# Options of nonet that keep every command confined. True where a value follows.
OPTIONS = {
    "--policy": True, "--loopback": False, "--deny": True, "--errno": True, "--backend": True,
    "--session": True, "--offline": False, "--log": True, "--log-dir": True, "--hint": False,
    "--quiet": False, "-q": False, "--verbose": False, "-v": False,
}
# A policy in a file could be rewritten by the next command; `unix` gives more, so nonet takes it from a command line alone.
PRESETS = ("default", "strict", "loopback")

# Inside of nonet the variable NONET says which policy and layers hold.
HINT = r":(seccomp|landlock|namespace|descriptors|python|none)(\+[a-z]+)*$"

BUILD_SECONDS = 900
PROOF_SECONDS = 30
LARGEST_BINARY = 256 << 20
# linux/fcntl.h and linux/memfd.h; Python 3.8 does not name them.
F_ADD_SEALS = 1033
ALL_SEALS = 1 | 2 | 4 | 8  # SEAL, SHRINK, GROW, WRITE
MFD_EXEC = 0x10
LONGEST_ARGUMENT = 131071  # execve(2), MAX_ARG_STRLEN without the NUL


class Refusal(Exception):
    """Why nothing runs, in words for the agent or the person."""


def _own_checkout():
    """The checkout of nonet that this very file lies in, links followed; None for a copy elsewhere."""
    folder = os.path.dirname(os.path.realpath(__file__))
    root = os.path.dirname(os.path.dirname(folder))
    place = os.path.join(root, "Integrations", "aicoder")
    parts = [os.path.join(root, part) for part in ("Makefile", "Package.swift", "Sources/nonet")]
    return root if folder == place and all(os.path.exists(part) for part in parts) else None


def _is_program(path):
    return os.path.isfile(path) and os.access(path, os.X_OK)


def _along_path(name, path):
    """Like the shell, but never by a relative folder or through the current one."""
    for folder in path.split(os.pathsep):
        if os.path.isabs(folder) and os.path.realpath(folder) != os.path.realpath(os.getcwd()):
            if _is_program(os.path.join(folder, name)):
                return os.path.join(folder, name)
    return None


def _find(path):
    """Where nonet is: `(program, None)`, or `(None, checkout)` where it has to be built first."""
    named = os.environ.get("NONET", "")
    if named and not re.search(HINT, named):
        if not os.path.isabs(named):
            raise Refusal("NONET={} is not an absolute path".format(named))
        if not _is_program(named):
            raise Refusal("NONET={} is not a program that can be run".format(named))
        return named, None
    found = _along_path("nonet", path)
    if found:
        return found, None
    root = _own_checkout()
    if root is None:
        raise Refusal(
            "nonet was not found: not by NONET, not along PATH, and this plug-in is not linked from a "
            "checkout of nonet; run `make install` there, or set NONET to the program")
    built = os.path.join(root, "bin", "nonet")
    return (built, None) if _is_program(built) else (None, root)


def _swift_is_new_enough(path):
    swiftc = _along_path("swiftc", path)
    if swiftc is None:
        return False
    try:
        # The compiler leaves an empty folder behind wherever temporary files go.
        with tempfile.TemporaryDirectory(prefix="nonet-") as folder:
            done = subprocess.run(
                [swiftc, "--version"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, env=dict(os.environ, TMPDIR=folder), timeout=PROOF_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return False
    found = re.search(r"Swift version (\d+)\.(\d+)", done.stdout.decode("utf-8", "replace"))
    return bool(found) and tuple(int(part) for part in found.groups()) >= (6, 3)


def _missing(path, builds):
    """What a machine lacks, each as a line that says how to get it."""
    lacks = [name for name in ("bash", "timeout") if _along_path(name, path) is None]
    if builds:
        # Of gcc only what clang links every program with is needed.
        lacks += [name for name in ("make", "gcc") if _along_path(name, path) is None]
        if not any(glob.glob(folder + "/libc.a") for folder in ("/usr/lib", "/usr/lib64", "/usr/lib/*")):
            lacks.append("libc.a")
    lines = []
    for name in lacks:
        debian, fedora, arch = PACKAGES[name]
        lines.append("{}: Debian/Ubuntu: apt-get install {}; Fedora: dnf install {}; Arch: pacman -S {}".format(
            name, debian, fedora, arch))
    if builds and not _swift_is_new_enough(path):
        lines.append("swiftc (Swift 6.3 or later): Debian/Ubuntu, Fedora, Arch: the toolchain from {} on PATH; "
                     "the distributions' own packages are often older".format(SWIFT))
    return lines


def _options(more=()):
    """The options for nonet, each known to keep every command confined; `more` was said with `on`."""
    try:
        words = shlex.split(os.environ.get("NONET_OPTIONS", "--offline"))
    except ValueError as error:
        raise Refusal("NONET_OPTIONS: {}".format(error))
    words += more
    rest = collections.deque(words)
    while rest:
        name, equals, value = rest.popleft().partition("=")
        if name not in OPTIONS:
            raise Refusal("NONET_OPTIONS: {} is not for this plug-in, which takes {}".format(
                name, " ".join(sorted(OPTIONS))))
        if OPTIONS[name] and not equals:
            if not rest:
                raise Refusal("NONET_OPTIONS: {} needs a value".format(name))
            value = rest.popleft()
        if name == "--policy" and value not in PRESETS:
            raise Refusal("NONET_OPTIONS: --policy takes {} here: a command could rewrite a file".format(
                ", ".join(PRESETS)))
        if name == "--backend" and value == "python":
            raise Refusal("NONET_OPTIONS: the python backend holds no shell command")
    return words


def _only_root_writes(path):
    """Whether nobody but root can put something else there: no folder on the way, nor where links lead."""
    for name in (path, os.path.realpath(path)):
        is_last = True
        while True:
            try:
                status = os.lstat(name)
            except OSError:
                return False
            # The sticky bit keeps others from replacing what is root's; a link's own mode says nothing.
            is_open = status.st_mode & 0o022 and (is_last or not status.st_mode & stat.S_ISVTX)
            if status.st_uid != 0 or (is_open and not stat.S_ISLNK(status.st_mode)):
                return False
            if name == "/":
                break
            name, is_last = os.path.dirname(name.rstrip("/")) or "/", False
    return True


def _trusted_first(path):
    """-> the folders of PATH that only root may write, and PATH with these before all others.

    The host looks for `timeout` and `bash` along PATH and starts them outside of nonet. Were a folder of
    the user's first, one command could leave a `bash` there for the next.
    """
    folders = path.split(os.pathsep)
    trusted = [folder for folder in folders if os.path.isabs(folder) and _only_root_writes(folder)]
    return trusted, os.pathsep.join(trusted + [folder for folder in folders if folder not in trusted])


class Log(object):
    """What nonet writes down about each command, in a folder that is gone with AI Coder."""

    OPTIONS = ("--log", "--log-dir", "--backend")
    LARGEST = 1 << 20
    MOST = 1000

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="nonet-aicoder-")
        atexit.register(shutil.rmtree, self.folder, True)

    def clear(self):
        """Forgets what the proof tried, which is no command."""
        for name in os.listdir(self.folder):
            os.remove(os.path.join(self.folder, name))

    def attempts(self):
        """-> how many attempts were refused, and the last of them in words; a command may have written there too."""
        count, last = 0, None
        for name in sorted(os.listdir(self.folder))[-self.MOST:]:
            path = os.path.join(self.folder, name)
            try:
                if not stat.S_ISREG(os.lstat(path).st_mode):
                    continue
                with open(path, "rb") as file:
                    data = json.loads(file.read(self.LARGEST).decode("utf-8"))
                for event in data["events"]:
                    if not event.get("probe"):
                        count += int(event.get("count", 1))
                        words = [str(one) for one in dict(event["args"]).values()]
                        last = "{} {} by {}".format(event["api"], " ".join(words), event.get("comm"))
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                continue
        return count, last and "".join(one if one.isprintable() else "?" for one in last[:200])


class Copy(object):
    """A copy of the program in memory, sealed: whatever becomes of the file, this is what runs.

    Descriptors are never closed, since another file under the same number would be run in its place.
    """

    _made = {}

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Refusal("{} is no ordinary file".format(path))
            data = file.read(LARGEST_BINARY + 1)
        if len(data) > LARGEST_BINARY:
            raise Refusal("{} is too large for nonet".format(path))
        digest = hashlib.sha256(data).digest()
        self.number, self._status = self._made.get(digest, (-1, None))
        if not self._is_there():
            self.number, self._status = self._made[digest] = self._sealed(data)

    @staticmethod
    def _sealed(data):
        try:
            flags = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
            try:
                number = os.memfd_create("nonet", flags | MFD_EXEC)
            except OSError:  # before Linux 6.3 there was no such flag and no need for it
                number = os.memfd_create("nonet", flags)
            with os.fdopen(os.dup(number), "wb") as file:
                file.write(data)
            os.fchmod(number, 0o500)
            fcntl.fcntl(number, F_ADD_SEALS, ALL_SEALS)
        except (AttributeError, OSError) as error:
            raise Refusal("this system keeps no sealed copy of a program in memory: {}".format(error))
        return number, os.fstat(number)

    def _is_there(self):
        """Whether nobody in the host has closed the descriptor or put another file under its number."""
        try:
            now = os.fstat(self.number)
        except OSError:
            return False
        return (now.st_dev, now.st_ino) == (self._status.st_dev, self._status.st_ino)

    @property
    def name(self):
        """A name by which other processes of this user can run it."""
        if not self._is_there():
            raise Refusal("the copy of nonet in memory is gone; /sandbox-net on makes a new one")
        return "/proc/{}/fd/{}".format(os.getpid(), self.number)

    def layers(self, options):
        """Goes inside and asks there; -> `policy:layers`.

        Raises Refusal unless what is confined finds that it has no network.
        """
        asked = ["/proc/self/fd/{}".format(self.number), "--check", "--format", "json"]
        try:
            done = subprocess.run(
                [self.name] + options + ["--"] + asked, pass_fds=[self.number], stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PROOF_SECONDS)
        except (OSError, subprocess.SubprocessError) as error:
            raise Refusal("{} could not be run from memory: {}".format(self.path, error))
        try:
            found = json.loads(done.stdout.decode("utf-8"))["findings"]
            process = next(one for one in found if one["name"] == "this process")
            is_confined, text = process["there"], process["text"]
        except (ValueError, KeyError, TypeError, StopIteration):
            said = done.stderr.decode("utf-8", "replace").strip() or "it gave no answer"
            raise Refusal("{} (exit status {}): {}".format(self.path, done.returncode, said))
        if is_confined is not True:
            raise Refusal("{} does not confine: inside, this process {}".format(self.path, text))
        return text.partition("NONET=")[2] or text


class Sandbox(object):
    """Whether commands are confined, and by what."""

    def __init__(self):
        # Held while anything changes; a build under it keeps other commands waiting.
        self.lock = threading.RLock()
        self.is_on = False
        self.session = "aicoder-{}".format(binascii.hexlify(os.urandom(8)).decode("ascii"))
        self.options = []
        self.log = None
        # The options without the log, for proofs, which are no commands.
        self.unlogged = []
        self.copy = None
        self.checkout = None
        # The environment that the host had: the commands get it back inside.
        self.held = {}

    def turn_on(self, more=()):
        """Finds nonet and proves that it confines; else Refusal, and everything stays as it was."""
        with self.lock:
            user_path = self.held.get("PATH", os.environ.get("PATH", os.defpath))
            trusted, path = _trusted_first(user_path)
            for name in ("timeout", "bash"):
                found = _along_path(name, os.pathsep.join(trusted))
                if _along_path(name, path) and not (found and _only_root_writes(found)):
                    raise Refusal("{} lies only where others than root may write".format(name))
            options = self._sharing(_options(more))
            program, checkout = _find(user_path)
            lacks = _missing(user_path, builds=program is None)
            if lacks:
                raise Refusal("missing requirements\n  " + "\n  ".join(lacks))
            copy = Copy(program) if program else None
            log, unlogged = None, options
            if copy:
                copy.layers(options)
                options, log = self._logging(copy, options)
            self.options, self.unlogged, self.log, self.copy, self.checkout = options, unlogged, log, copy, checkout
            self.is_on = True
            self._hold()

    def _sharing(self, options):
        """-> the options; commands with a network of their own share one for as long as AI Coder runs."""
        names = [word.partition("=")[0] for word in options]
        has_own = "--loopback" in names or "--policy=loopback" in options or ("--policy", "loopback") in zip(options, options[1:])
        return options + ["--session", self.session] if has_own and "--session" not in names else options

    @staticmethod
    def _logging(copy, options):
        """-> the options with a log, where none was asked for and this machine can write one, and the log."""
        if any(word.partition("=")[0] in Log.OPTIONS for word in options):
            return options, None
        try:
            log = Log()
            # What each command tried is told by `status`, and not behind its output.
            quiet = [] if "-q" in options or "--quiet" in options else ["--quiet"]
            with_log = options + quiet + ["--log-dir", log.folder]
            copy.layers(with_log)
            log.clear()
        except (OSError, Refusal):
            return options, None
        return with_log, log

    def turn_off(self):
        with self.lock:
            self.is_on = False
            for name, value in self.held.items():
                os.environ[name] = value
            self.held = {}

    def _hold(self):
        """Keeps from the host's own bash what would lead it to a file that a command can write."""
        if "BASH_ENV" in os.environ:
            self.held["BASH_ENV"] = os.environ.pop("BASH_ENV")
        path = os.environ.get("PATH", os.defpath)
        ordered = _trusted_first(path)[1]
        if ordered != path or "PATH" not in os.environ:
            self.held["PATH"] = path
            os.environ["PATH"] = ordered

    def confined(self, command):
        """The command as the host shall run it."""
        if not isinstance(command, str):
            raise Refusal("the command is no text but {}".format(type(command).__name__))
        if "\0" in command:
            raise Refusal("the command has a NUL in it")
        with self.lock:
            self._hold()
            if self.copy is None:
                self._build()
            held = ["{}={}".format(name, shlex.quote(value)) for name, value in sorted(self.held.items())]
            words = held + [self.copy.name] + [shlex.quote(word) for word in self.options]
        text = " ".join(words + ["--", "bash", "-c", shlex.quote(command)])
        if len(os.fsencode(text)) > LONGEST_ARGUMENT:
            raise Refusal("the command is too long with its quotes: write it to a file and run that")
        return text

    def _build(self):
        """Runs make in the checkout, shows what it says, and takes the program it made."""
        root = self.checkout
        print("nonet: {}/bin/nonet is not there yet and is built now with make: about a minute".format(root))
        environment = dict(os.environ, **self.held)
        for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "BASH_ENV"):
            environment.pop(name, None)
        make = _along_path("make", os.environ["PATH"])
        if make is None:
            raise Refusal("missing requirements\n  " + "\n  ".join(_missing(environment["PATH"], builds=True)))
        process = subprocess.Popen(
            [make, "-C", root], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=environment, start_new_session=True)
        last = collections.deque(maxlen=20)
        limit = threading.Timer(BUILD_SECONDS, _end, (process,))
        limit.daemon = True
        limit.start()
        try:
            with process.stdout:
                for line in process.stdout:
                    last.append(line.decode("utf-8", "replace").rstrip())
                    print("  make: " + last[-1])
            status = process.wait()
        finally:
            limit.cancel()
            _end(process)
        if status != 0:
            raise Refusal("nonet could not be built: make in {} ended with {} (limit {} s)\n  {}".format(
                root, status, BUILD_SECONDS, "\n  ".join(last)))
        copy = Copy(os.path.join(root, "bin", "nonet"))
        print("nonet: built; commands run inside {}".format(copy.layers(self.options)))
        self.options, self.log = self._logging(copy, self.options)
        self.copy = copy


def _end(process):
    """Ends what was started as the leader of a group of its own, with that group."""
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()


_sandbox = Sandbox()
# What a gate in front has already confined, for gates behind it in the same thread.
_passed = threading.local()


def _split(args, kwargs):
    """-> the command, and f(command) -> args and kwargs with another one."""
    if args and "command" not in kwargs:
        return args[0], lambda command: ((command,) + args[1:], kwargs)
    if "command" in kwargs and not args:
        return kwargs["command"], lambda command: (args, dict(kwargs, command=command))
    # The host's tool has the command as its first parameter, so other ones can only come by name.
    raise Refusal("AI Coder called its shell tool in a way that this plug-in does not know")


def _count(kwargs):
    """The host counts what its tools refuse."""
    stats = kwargs.get("stats")
    if isinstance(getattr(stats, "tool_errors", None), int):
        stats.tool_errors += 1


def _noted(result, text, command):
    """The host's answer, about the command as it was asked for, with a word on why it may have failed."""
    if not isinstance(result, str):
        return result
    result = result.replace(text, command)
    if result.startswith("Return code: ") and not result.startswith("Return code: 0\n"):
        result += "Note: network is blocked by nonet (/sandbox-net on); do not retry what needs it.\n"
    return result


def _run(tool, args, kwargs):
    """One call of the shell tool: as it is, confined, or refused."""
    if not _sandbox.is_on:
        return tool(*args, **kwargs)
    before = getattr(_passed, "text", None)
    try:
        command, with_command = _split(args, kwargs)
        is_confined = before is not None and isinstance(command, str) and command == before
        text = command if is_confined else _sandbox.confined(command)
        args, kwargs = with_command(text)
    except Refusal as error:
        _count(kwargs)
        return _refused(str(error))
    except Exception as error:
        _count(kwargs)
        return _refused("{}: {}".format(type(error).__name__, error))
    _passed.text = text
    try:
        result = tool(*args, **kwargs)
        return result if is_confined else _noted(result, text, command)
    finally:
        _passed.text = before


def _say_status():
    if not _sandbox.is_on:
        print("Network sandbox: disabled. Shell commands have the network; {} on takes it away.".format(NAMES[0]))
        return
    print("Network sandbox: enabled. Shell commands have no network.")
    if not all(_is_ours(table[TOOL]) for table in _tables()):
        print("  WARNING: another plug-in has put itself before the shell tool; what it runs is its own matter")
    print("  options: {}".format(" ".join(_sandbox.options) or "none"))
    if _sandbox.copy is None:
        print("  nonet is built with make in {} on the first command".format(_sandbox.checkout))
        return
    print("  program: {}, copied when it was turned on".format(_sandbox.copy.path))
    try:
        print("  proof:   tried just now, inside {}".format(_sandbox.copy.layers(_sandbox.unlogged)))
    except Refusal as error:
        print("  PROOF FAILED: {}".format(error))
    if _sandbox.log is not None:
        count, last = _sandbox.log.attempts()
        print("  refused: {}".format("{} attempts, last: {}".format(count, last) if count else "nothing yet"))
        print("  log:     {} (nonet --report PAGE.html --from FILE)".format(_sandbox.log.folder))


def _say_help():
    print(HELP)


def _turn_on(more=()):
    try:
        if not _stand_in_front():
            raise Refusal(NO_TOOL)
        _sandbox.turn_on(list(more))
    except Refusal as error:
        now = "on as before" if _sandbox.is_on else "OFF: shell commands have the network"
        print("Network sandbox: cannot be turned on: {}".format(error))
        print("It is {}.".format(now))
        return
    print("Network sandbox enabled")
    _say_status()


def _turn_off():
    _sandbox.turn_off()
    print("Network sandbox disabled")
    _say_status()


def _command(args=None):
    """`/sandbox-net` and its other names; -> (should_quit, run_api_call)."""
    words = args.split() if isinstance(args, str) else list(args or [])
    actions = {"off": _turn_off, "disable": _turn_off, "false": _turn_off, "0": _turn_off, "status": _say_status,
               "show": _say_status, "help": _say_help, "-h": _say_help, "--help": _say_help}
    word = str(words[0]).lower() if words else "status"
    try:
        if word in ("on", "enable", "true", "1") and all(str(one).startswith("-") for one in words[1:2]):
            _turn_on(str(one) for one in words[1:])
        elif len(words) <= 1 and word in actions:
            actions[word]()
        else:
            print("Error: {} does not know '{}'".format(NAMES[0], " ".join(str(word) for word in words)))
            print(HELP)
    except Exception as error:
        print("Error: {}: {}".format(type(error).__name__, error))
        print("Network sandbox: {}.".format("enabled" if _sandbox.is_on else "disabled"))
    return False, False


def on_aicoder_init(aicoder_instance):
    """Called by the host when its commands are there; until the last line nothing runs."""
    global _answer
    _answer = None
    _stand_or_stop()
    for name in NAMES:
        aicoder_instance.command_handlers[name] = _command
    print("    - nonet: shell commands have the network; {} on takes it away".format(NAMES[0]))
    _answer = _run


# The names by which the plug-in of the same name is called by others.


def check_requirements():
    """-> whether everything is here that running or building nonet needs, and what is missing."""
    path = os.environ.get("PATH", os.defpath)
    try:
        lacks = _missing(path, builds=_find(path)[0] is None)
    except Refusal as error:
        lacks = [str(error)]
    return not lacks, lacks


def get_network_blocking_status():
    """Whether commands are confined."""
    return _sandbox.is_on


def set_network_blocking_status(enabled):
    """Turns it on or off; -> whether that is so now."""
    (_turn_on if enabled else _turn_off)()
    return _sandbox.is_on == bool(enabled)


def patch_run_shell_command():
    """Stands before the shell tool; -> whether there is one."""
    return bool(_stand_in_front())


class SandboxNetCommand(object):
    """The command with its names."""

    @staticmethod
    def register():
        return dict((name, _command) for name in NAMES)

    @staticmethod
    def execute(args):
        return _command(args)


def initialize_plugin(app):
    """What on_aicoder_init does, for hosts that have their commands in an input handler; -> whether it could."""
    handlers = getattr(getattr(app, "input_handler", None), "command_handlers", None)
    if not isinstance(handlers, dict):
        return False
    handlers.update(SandboxNetCommand.register())
    if not patch_run_shell_command():
        return False
    global _answer
    _answer = _run
    return True
