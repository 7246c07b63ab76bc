# -*- coding: utf-8 -*-
"""Confines one Python program, and the Python programs it starts, to no network. ADVISORY.

This is nonet's last layer, for machines where neither seccomp nor namespaces work. It stands
inside the interpreter that it confines, so it stops programs that use the network as Python
programs do, and none that means to get past it: ctypes, a C extension, or a write to
/proc/self/mem does. Every message therefore says "advisory".

The contract
============
1. nonet writes this file as DIR/nonet_restrict.py. DIR is absolute, holds nothing else, has no
   ":" in its name, belongs to the caller and is writable by nobody else (0755, so that a program
   that changes its user still finds it; /tmp rather than a home directory, for the same reason).
2. nonet replaces itself with
       PYTHON -EsSB DIR/nonet_restrict.py [OPTION]... -- COMMAND [ARG]...
   where PYTHON is the interpreter that COMMAND names (itself, by `#!`, or through `env`) and
   COMMAND [ARG]... are the words as the user gave them. Options: --policy strict|default|unix,
   --errno N, --best-effort, --quiet, --verbose, --log-dir DIR, --no-log.
   Descriptors need nothing; none is passed. The environment is the command's.
3. This file, run like that, is the starter: it finds out how COMMAND starts Python, opens the
   log, sets the environment below and replaces itself with the real command, in the same process,
   so pid, status, signals, job control and terminal are the command's own.
   It leaves with 125 (refused, or it failed), 126 (cannot be run) or 127 (not found).
4. In the command, and in every Python it starts, this file is the guard: it is imported before
   `site`, so before any .pth file, sitecustomize, usercustomize and start-up file.

How the guard gets in, and why so
=================================
    PYTHONPATH=DIR[:...]   PYTHONWARNINGS=ignore::nonet_restrict.Loaded[,...]   NONET_PYTHON=...
A warning category may live in a module; the interpreter imports it while it starts, in every
version since 2.7, before `site` and also under -S. The alternatives are worse. sitecustomize is
skipped by -S, comes after .pth files and hides the system's own. Emulating the interpreter by
`-c` and runpy changes what a program sees of itself (tracebacks, __main__, sys.flags, the
interactive mode) and reaches no child. Here the interpreter itself runs the program, in every
way it can, and children inherit the guard as they inherit their environment.
-E and -I would not read the environment. For the command the starter takes them away and does
what they mean in another way: PYTHON* variables are hidden while the interpreter starts, and the
guard sets them back for children; -I adds -s and a safe path. Children with -E or -I are
refused, as an audit hook can refuse, not rewrite; so is an environment without the three names,
and any program that is not Python, unless --best-effort is on.

Written so that 2.7 can parse it: an interpreter too old must say so and stop, not run on.
"""

import atexit
import os
import sys

NAME = "nonet_restrict"
ENTRY = "ignore::nonet_restrict.Loaded"
CONFIG = "NONET_PYTHON"
SAVED = "NONET_PYTHON_SAVED"
OLDEST = (3, 8)


class Loaded(Warning):
    """What PYTHONWARNINGS asks for. Nothing ever warns with it."""


def say(text):
    """Writes one line to standard error, past any sys.stderr that the program has replaced."""
    # What is not ASCII is shown as its number: Python does not know which characters are hidden.
    line = "".join(c if c >= " " and c != "\x7f" else "?" for c in text)
    if str is not bytes:
        data = ("nonet: " + line + "\n").encode("ascii", "backslashreplace")
    else:
        data = "nonet: " + "".join(c if c < "\x7f" else "?" for c in line) + "\n"
    try:
        os.write(2, data)
    except OSError:
        pass


def stop(text, status=125):
    say(text)
    os._exit(status)


def unsuitable():
    """Why this interpreter cannot be confined, or None."""
    name = getattr(getattr(sys, "implementation", None), "name", "cpython")
    if name != "cpython":
        return "%s does not raise CPython's audit events" % name
    if sys.version_info < OLDEST:
        return "Python %d.%d has no audit hooks; 3.8 is the oldest that has" % sys.version_info[:2]
    return None


# ---------------------------------------------------------------------------------------------
# What is asked for, and how it travels through the environment
# ---------------------------------------------------------------------------------------------

class Config(object):
    """The run's settings; one word each, the log's path last because it may hold anything."""

    def __init__(self):
        self.policy = "default"
        self.errno = 13
        self.best_effort = False
        self.quiet = False
        self.verbose = False
        self.unsafe_path = False  # -I before 3.11: the guard removes sys.path[0] itself
        self.pid = 0              # the process that is the command
        self.log = ""

    def text(self):
        return "1 %s %d %s%s%s%s- %d %s" % (
            self.policy, self.errno, "b" if self.best_effort else "", "q" if self.quiet else "",
            "v" if self.verbose else "", "p" if self.unsafe_path else "", self.pid, self.log)

    @classmethod
    def parse(cls, text):
        words = text.split(" ", 5)
        if len(words) != 6 or words[0] != "1" or words[1] not in ("strict", "default", "unix"):
            raise ValueError("%s is not nonet's: %r" % (CONFIG, text))
        config = cls()
        config.policy = words[1]
        config.errno = int(words[2])
        config.best_effort = "b" in words[3]
        config.quiet = "q" in words[3]
        config.verbose = "v" in words[3]
        config.unsafe_path = "p" in words[3]
        config.pid = int(words[4])
        config.log = words[5]
        return config


def with_path(value, directory):
    """PYTHONPATH with `directory` first."""
    rest = [part for part in (value or "").split(":") if part != directory] if value else []
    return ":".join([directory] + rest)


def with_entry(value):
    """PYTHONWARNINGS with the guard first."""
    rest = [part for part in (value or "").split(",") if part.strip() != ENTRY] if value else []
    return ",".join([ENTRY] + rest)


# ---------------------------------------------------------------------------------------------
# The log: at every moment one complete JSON document
# ---------------------------------------------------------------------------------------------

def clean(value, limit=256):
    """Text of any object that is valid Unicode and short; bytes that are no UTF-8 stay visible."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        value = bytes(value).decode("utf-8", "backslashreplace")
    elif not isinstance(value, str):
        try:
            value = str(os.fspath(value)) if hasattr(value, "__fspath__") else repr(value)
        except Exception:
            value = object.__repr__(value)
    if len(value) > limit:
        value = value[:limit] + "..."
    return value.encode("utf-8", "surrogateescape" if _escapes(value) else "backslashreplace") \
        .decode("utf-8", "backslashreplace")


def _escapes(text):
    """Whether the surrogates in `text` are all bytes of a file name."""
    return all(not "\ud800" <= c <= "\udfff" or "\udc80" <= c <= "\udcff" for c in text)


def quote(text):
    try:
        from _json import encode_basestring_ascii
    except ImportError:
        from json.encoder import py_encode_basestring_ascii as encode_basestring_ascii
    return encode_basestring_ascii(text)


def array(items):
    """A JSON array of numbers, null and text."""
    return "[%s]" % ",".join(
        "null" if item is None else str(int(item)) if isinstance(item, int) else quote(clean(item))
        for item in items)


def now():
    """UTC time: seconds as a struct, and microseconds."""
    import time
    moment = time.time()
    return time.gmtime(moment), int(moment % 1 * 1000000)


def stamp():
    moment, micros = now()
    return "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ" % (tuple(moment[:6]) + (micros,))


class Log(object):
    """One document per run, shared by the run's processes, complete after every single step.

    A new event goes into a copy that then takes the document's name: `rename` is the only way
    to add text that neither a full disk nor SIGKILL can cut in half. An event seen before changes
    digits in place: a few bytes of fixed width inside the file, which need no room on the disk
    and are valid JSON wherever a write may break off. A lock keeps the processes apart. Size and
    number of events are bounded; what no longer fits is counted as `dropped`.
    """

    MOST_BYTES = 1 << 20
    MOST_EVENTS = 400   # distinct ones of one process
    TAIL = '\n],"event_count":%10d,"dropped":%10d,"status":%s,"exit_code":%s}\n'
    COUNT = '"count":%10d}'

    def __init__(self, path):
        self.path = path
        self.warned = False
        self.forget()

    def forget(self):
        """A forked child has its own events, and must not wait for a thread that it lacks."""
        import _thread
        self.pid = os.getpid()
        self.known = {}     # identity -> [offset of the count in the file, count]
        self.unwritten = [0, 0]  # attempts and drops not yet added to the document
        self.total = 0
        self.lock = _thread.allocate_lock()
        self.owner = None

    # The document ----------------------------------------------------------------------------

    @classmethod
    def head(cls, config, command):
        return '{"timestamp":"%s","pid":%d,"backend":"python","advisory":true,"policy":"%s",' \
            '"command":%s,"events":[' % (stamp(), config.pid, config.policy, array(command))

    @classmethod
    def tail(cls, count=0, dropped=0, status="running", code=None):
        return cls.TAIL % (count, dropped, quote(status).ljust(14),
                           ("null" if code is None else str(code)).rjust(5))

    @classmethod
    def create(cls, directory, config, command):
        """The name of a new document in `directory`, which is made when it is not there."""
        mask = os.umask(0o077)
        try:
            os.makedirs(directory, 0o700, exist_ok=True)
        finally:
            os.umask(mask)
        moment, micros = now()
        path = os.path.join(directory, "net_restrict_%04d%02d%02dT%02d%02d%02d.%06dZ_%d.json" % (
            tuple(moment[:6]) + (micros, config.pid)))
        text = (cls.head(config, command) + cls.tail()).encode("ascii")
        cls.replace(path, text)
        return path

    @staticmethod
    def replace(path, data):
        """Gives `path` the contents `data`, wholly or not at all."""
        new = os.path.join(os.path.dirname(path), "." + os.path.basename(path) + ".new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(new, flags, 0o600)
        try:
            try:
                while data:
                    data = data[os.write(descriptor, data):]
            finally:
                os.close(descriptor)
            os.rename(new, path)
        except BaseException:
            os.unlink(new)
            raise

    def open(self):
        """The document, locked; None when another process has held it for too long."""
        try:
            from fcntl import flock, LOCK_EX, LOCK_NB
        except ImportError:
            flock = None
        for turn in range(50):
            descriptor = os.open(self.path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                if flock is not None:
                    flock(descriptor, LOCK_EX | LOCK_NB)
                mine, named = os.fstat(descriptor), os.stat(self.path)
                if (mine.st_ino, mine.st_dev) == (named.st_ino, named.st_dev):
                    return descriptor, mine.st_size
            except BlockingIOError:
                import time
                time.sleep(0.0005 * min(turn + 1, 10))
            except OSError:
                # A file system without locks: better no lock than no log.
                return descriptor, os.fstat(descriptor).st_size
            os.close(descriptor)
        return None

    def totals(self, descriptor, size):
        """Attempts and drops that the document states."""
        length = len(self.tail())
        text = os.pread(descriptor, length, size - length).decode("ascii")
        if not text.startswith('\n],"event_count":'):
            raise OSError(5, "the log is not as nonet left it", self.path)
        return int(text[17:27]), int(text[38:48])

    # Attempts --------------------------------------------------------------------------------

    def add(self, api, args, stack, verdict, errno):
        """Records one attempt; never raises, and never waits for long."""
        import _thread
        if self.pid != os.getpid():
            self.forget()
        me = _thread.get_ident()
        if self.owner == me:
            # A signal handler came in while this thread was writing: count, and write later.
            self.total += 1
            self.unwritten[0] += 1
            self.unwritten[1] += 1
            return
        held = self.lock.acquire(True, 2)
        self.owner = me
        try:
            self.total += 1
            self.unwritten[0] += 1
            if self.path and held:
                self.record(api, args, stack, verdict, errno)
        except Exception as error:
            self.complain(error)
        finally:
            self.owner = None
            if held:
                self.lock.release()

    def record(self, api, args, stack, verdict, errno):
        body = '"pid":%d,"api":%s,"args":%s,"stack":%s,"verdict":"%s","errno":%s,' % (
            self.pid, quote(api), array(args), array(stack), verdict,
            "null" if errno is None else str(errno))
        seen = self.known.get(body)
        if seen is not None:
            seen[1] += 1
        elif len(self.known) >= self.MOST_EVENTS:
            self.unwritten[1] += 1
        opened = self.open()
        if opened is None:
            if seen is None and len(self.known) < self.MOST_EVENTS:
                self.unwritten[1] += 1
            return
        descriptor, size = opened
        try:
            if seen is not None:
                os.pwrite(descriptor, b"%10d" % seen[1], seen[0])
                self.settle(descriptor, size)
            elif len(self.known) >= self.MOST_EVENTS:
                self.settle(descriptor, size)
            else:
                self.append(descriptor, size, body)
        finally:
            os.close(descriptor)

    def settle(self, descriptor, size):
        """Adds what is not yet written to the document's totals, in place."""
        count, dropped = self.totals(descriptor, size)
        digits = b'%10d,"dropped":%10d' % (count + self.unwritten[0], dropped + self.unwritten[1])
        os.pwrite(descriptor, digits, size - len(self.tail()) + 17)
        self.unwritten = [0, 0]

    def append(self, descriptor, size, body):
        event = '\n{"timestamp":"%s",%s' % (stamp(), body) + self.COUNT % 1
        if size + len(event) > self.MOST_BYTES:
            self.unwritten[1] += 1
            return self.settle(descriptor, size)
        count, dropped = self.totals(descriptor, size)
        kept = os.pread(descriptor, size - len(self.tail()), 0)
        if not kept.endswith(b"["):
            event = "," + event
        try:
            self.replace(self.path, kept + event.encode("ascii") + self.tail(
                count + self.unwritten[0], dropped + self.unwritten[1]).encode("ascii"))
        except OSError as error:
            self.unwritten[1] += 1
            self.settle(descriptor, size)
            return self.complain(error)
        self.unwritten = [0, 0]
        self.known[body] = [len(kept) + len(event) - 11, 1]

    def flush(self):
        """Adds what could not be added before."""
        if not self.path or self.unwritten == [0, 0] or self.pid != os.getpid():
            return
        try:
            opened = self.open()
            if opened is not None:
                try:
                    self.settle(*opened)
                finally:
                    os.close(opened[0])
        except Exception as error:
            self.complain(error)

    def close(self, status, code):
        """Writes how the run ended; answers how many attempts the whole run made, and dropped."""
        if not self.path:
            return self.total, 0
        try:
            opened = self.open()
            if opened is None:
                raise OSError(11, "another process holds it", self.path)
            descriptor, size = opened
            try:
                self.settle(descriptor, size)
                count, dropped = self.totals(descriptor, size)
                kept = os.pread(descriptor, size - len(self.tail()), 0)
                self.replace(self.path, kept + self.tail(count, dropped, status, code).encode("ascii"))
                return count, dropped
            finally:
                os.close(descriptor)
        except Exception as error:
            self.complain(error)
            return self.total, self.unwritten[1]

    def complain(self, error):
        if not self.warned:
            self.warned = True
            say("warning: the log could not be written (%s); the confinement (advisory) stays"
                % clean(getattr(error, "strerror", None) or str(error)))


# ---------------------------------------------------------------------------------------------
# The policy: what the presets mean for the events of the socket module
# ---------------------------------------------------------------------------------------------

UNIX, INET, INET6, NETLINK = 1, 2, 10, 16
FAMILIES = {0: "AF_UNSPEC", 1: "AF_UNIX", 2: "AF_INET", 10: "AF_INET6", 16: "AF_NETLINK",
            17: "AF_PACKET", 29: "AF_CAN", 31: "AF_BLUETOOTH", 38: "AF_ALG", 40: "AF_VSOCK"}
TYPES = {1: "SOCK_STREAM", 2: "SOCK_DGRAM", 3: "SOCK_RAW", 5: "SOCK_SEQPACKET"}
EAFNOSUPPORT = 97


class Policy(object):
    """Answers None where the preset lets the event pass, else an errno."""

    # Local data bases and the host's own name: no packet, and the presets leave files alone.
    HARMLESS = frozenset(["socket.gethostname", "socket.getservbyname", "socket.getservbyport"])

    def __init__(self, name, errno):
        self.name = name
        self.errno = errno

    def verdict(self, event, args):
        if event in self.HARMLESS:
            return None
        if event == "socket.__new__":
            return self.family(args[1], args[2], args[3])
        if self.name == "strict":
            return self.errno
        if event == "socket.bind":
            return self.family(*self.shape(args[0]))
        if event in ("socket.sendto", "socket.sendmsg"):
            # Without an address these are plain writes; with one they reach what nobody connected.
            return None if args[1] is None else self.family(*self.shape(args[0]))
        if event == "socket.connect":
            return self.family(*self.shape(args[0])) if self.name == "unix" else self.errno
        # Name look-ups, and whatever later versions add.
        return self.errno

    def family(self, family, kind, protocol):
        """The presets' table for `socket`."""
        if self.name == "strict":
            return self.errno if family in (-1, UNIX, INET, INET6) else EAFNOSUPPORT
        if family == -1:
            return None  # a wrapper round a descriptor that is there already, of whatever kind
        if family == UNIX:
            anything = self.name == "unix" or kind == -1
            return None if anything or kind & 0xf in (1, 5) else self.errno
        if family == NETLINK and protocol <= 0:
            return None
        return self.errno if family in (INET, INET6) else EAFNOSUPPORT

    @staticmethod
    def shape(sock):
        """Family, type and protocol by the C type's own members, which no subclass overrides."""
        members = type(sock).__mro__[-2].__dict__
        return tuple(members[name].__get__(sock) for name in ("family", "type", "proto"))


def shown(event, args):
    """An event's arguments for the log."""
    if event == "socket.__new__":
        kind = args[2] & 0xf if args[2] >= 0 else args[2]
        return [FAMILIES.get(args[1], args[1]), TYPES.get(kind, kind), args[3]]
    if event.startswith("socket.") and args and hasattr(args[0], "fileno"):
        family = Policy.shape(args[0])[0]
        return [FAMILIES.get(family, family)] + [each(arg) for arg in args[1:]]
    return [each(arg) for arg in args[:16]]


def each(value):
    """A value as a number or text; nothing of the program's own is run for it."""
    if value is None or type(value) in (int, str, bytes, bytearray):
        return value
    if type(value) is tuple:
        return "(%s)" % ", ".join(repr(each(item)) for item in value[:8])
    return "<%s>" % type(value).__name__


def call_stack(most=12):
    """Where in the program it happened, innermost first, without this file's own frames."""
    frames, frame = [], sys._getframe(1)
    while frame is not None and len(frames) < most:
        code = frame.f_code
        if frame.f_globals.get("__name__") != NAME:
            frames.append("%s:%d %s" % (code.co_filename, frame.f_lineno or 0, code.co_name))
        frame = frame.f_back
    return frames


# ---------------------------------------------------------------------------------------------
# Programs: which of them start a Python that the guard gets into
# ---------------------------------------------------------------------------------------------

class Refusal(Exception):
    """Why a program would not be confined."""


class Missing(Exception):
    """There is no such program; the kernel says so better than we can."""


class Python(object):
    """A command understood: an interpreter, its options, and the rest."""

    def __init__(self, path, argv, assignments=()):
        self.path = path                # the interpreter's file
        self.argv = argv                # its words, argv[0] first
        self.assignments = assignments  # NAME=VALUE words of an `env` before it
        self.count, self.letters = interpreter_options(argv[1:])


def is_python_name(name):
    """python, python3, python3.11, python3.13t, python3-dbg, pypy3 ..."""
    for stem in ("python", "pypy"):
        if name.startswith(stem):
            rest = name[len(stem):]
            for ending in ("-dbg", ".exe", "dm", "d", "m", "t", "td"):
                if rest.endswith(ending):
                    rest = rest[:-len(ending)]
                    break
            return all(part.isdigit() for part in rest.split(".")) if rest else True
    return False


def too_old(name):
    """Whether the name itself says that there are no audit hooks."""
    if name.startswith("pypy"):
        return True
    digits = name[len("python"):].rstrip("dmt").replace("-dbg", "").split(".")
    numbers = tuple(int(part) for part in digits if part.isdigit())
    return bool(numbers) and numbers + (99,) * (2 - len(numbers)) < OLDEST


def interpreter_options(words):
    """How many of `words` are the interpreter's own options, and their letters."""
    letters, index = set(), 0
    while index < len(words):
        word = words[index]
        if word == "-" or not word.startswith("-"):
            return index, letters
        index += 1
        if word == "--":
            return index, letters
        if word.startswith("--"):
            if word == "--check-hash-based-pycs":
                index += 1
            else:
                letters.add("h")
            continue
        for place, letter in enumerate(word[1:], 2):
            letters.add(letter)
            if letter in "cm":
                return index - 1, letters  # the rest of this word, or the next, is the program
            if letter in "WXQ":
                index += 0 if place < len(word) else 1
                break
    return min(index, len(words)), letters


def without(words, unwanted):
    """The interpreter's options without the letters `unwanted`; the program's words as they are."""
    kept, index = [], 0
    while index < len(words):
        word = words[index]
        index += 1
        if word in ("-", "--") or not word.startswith("-"):
            return kept + [word] + words[index:]
        if word.startswith("--"):
            kept.append(word)
            if word == "--check-hash-based-pycs":
                kept += words[index:index + 1]
                index += 1
            continue
        letters = ""
        for place, letter in enumerate(word[1:], 1):
            if letter in "cm":
                return kept + ["-" + letters + word[place:]] + words[index:]
            if letter in "WXQ":
                letters += word[place:]
                if place == len(word) - 1:
                    kept.append("-" + letters)
                    kept += words[index:index + 1]
                    index += 1
                    letters = ""
                break
            if letter not in unwanted:
                letters += letter
        if letters:
            kept.append("-" + letters)
    return kept


def find(name, environment, cwd=None):
    """The file that `name` starts."""
    if "/" in name:
        candidates = [name]
    else:
        path = environment.get("PATH")
        candidates = [os.path.join(part or ".", name)
                      for part in (os.defpath if path is None else path).split(":")]
    for candidate in candidates:
        if cwd is not None:
            candidate = os.path.join(cwd, candidate)
        if os.path.isfile(candidate) and os.access(candidate, os.X_OK):
            return candidate
    raise Missing(name)


def understand(path, argv, environment, cwd=None, depth=0):
    """What the file `path` started as `argv` is, when it is Python; raises Refusal when not."""
    if depth > 4:
        raise Refusal("its #! lines lead in a circle")
    name = os.path.basename(path)
    start = b""
    try:
        with open(path, "rb", 0) as file:
            start = file.read(512)
    except OSError:
        pass
    if start.startswith(b"#!"):
        words = os.fsdecode(start[2:].split(b"\n")[0]).strip().split(None, 1)
        if not words:
            raise Refusal("its #! line is empty")
        return understand(words[0], words + [os.fspath(path)] + argv[1:], environment, cwd, depth + 1)
    real = os.path.basename(os.path.realpath(path))
    if name == "env" or real == "env":
        return behind_env(argv, environment, cwd, depth)
    # A link may call any program python, and a copy may call Python anything.
    if not is_python_name(real):
        try:
            same = bool(sys.executable) and os.path.samefile(path, sys.executable)
        except OSError:
            same = False
        if not same:
            raise Refusal("it is not Python")
    for each_name in (name, real):
        if is_python_name(each_name) and too_old(each_name):
            raise Refusal("it has no audit hooks; CPython 3.8 and later have")
    return Python(path, argv)


def behind_env(argv, environment, cwd, depth):
    """The command of an `env` that only sets variables."""
    words, assignments = list(argv[1:]), []
    while words:
        word = words.pop(0)
        if word == "--":
            continue
        if word in ("-S", "--split-string") and words:
            import shlex
            words = shlex.split(words.pop(0)) + words
        elif word.startswith("-S") or word.startswith("--split-string="):
            import shlex
            words = shlex.split(word[2:] if word[1] == "S" else word.split("=", 1)[1]) + words
        elif word.startswith("-"):
            raise Refusal("env's %s may take the environment away through which it is confined" % word)
        elif "=" in word:
            assignments.append(word)
        else:
            path = find(word, environment, cwd)
            found = understand(path, [word] + words, environment, cwd, depth + 1)
            found.assignments = tuple(assignments) + tuple(found.assignments)
            return found
    raise Refusal("env without a command")


# ---------------------------------------------------------------------------------------------
# The guard: in every Python process
# ---------------------------------------------------------------------------------------------

class Guard(object):
    def __init__(self, config, directory, file):
        self.config = config
        self.directory = directory
        self.file = file
        self.identity = self.look()
        self.policy = Policy(config.policy, config.errno)
        self.log = Log(config.log)
        self.warned = set()
        self.ended = None     # (status, code) once it is known
        self.script = None    # what run_* event started the program
        self.best = None      # the first attempt, for the summary
        self.closed = False
        self.announced = set() # threads whose next fork_exec was looked at as an event
        self.replaced = set()  # modules of which a function was replaced

    def look(self):
        """What tells this file from one put in its place: a ctime cannot be set."""
        found = os.stat(self.file)
        return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns

    @property
    def is_command(self):
        return os.getpid() == self.config.pid

    # Audit events ----------------------------------------------------------------------------

    def hook(self):
        """The audit hook: one look-up for events of no interest, and there are many of those."""
        handlers = {
            "subprocess.Popen": self.popen,
            "os.exec": self.execute,
            "os.posix_spawn": self.execute,
            "os.spawn": self.spawn,
            "os.system": self.system,
            "sys.excepthook": self.uncaught,
            "cpython.PyInterpreterState_New": self.interpreter,
            "import": self.imports,
            "cpython.run_command": self.starts,
            "cpython.run_file": self.starts,
            "cpython.run_module": self.starts,
            "cpython.run_stdin": self.starts,
        }
        known, socket = handlers.get, self.socket

        def nonet(event, args):
            handler = known(event)
            if handler is None:
                if not event.startswith("socket."):
                    return
                handler = socket
            try:
                handler(event, args)
            except PermissionError as refusal:
                raise refusal.with_traceback(None)  # one line of ours in a traceback is enough
        return nonet

    def refuse(self, event, args, errno, why):
        shown_args = shown(event, args)
        if self.best is None:
            self.best = "%s(%s)" % (event, ", ".join(clean(arg) for arg in shown_args))
        self.log.add(event, shown_args, call_stack(), "refused", errno)
        raise PermissionError(errno, "nonet (Python, advisory): " + why)

    def socket(self, event, args):
        errno = self.policy.verdict(event, args)
        if errno is not None:
            self.refuse(event, args, errno, "policy %s refuses %s" % (self.policy.name, event))

    def interpreter(self, event, args):
        # Audit hooks belong to one interpreter; another one would run without.
        self.refuse(event, args, 13, "a second interpreter in this process would not be confined")

    def imports(self, event, args):
        # The guard has these loaded; a second import would bring back what it replaced.
        if args[0] in self.replaced:
            self.refuse(event, args[:1], 13, "%s may not be loaded again" % args[0])

    # Programs --------------------------------------------------------------------------------

    def popen(self, event, args):
        executable, argv, cwd, env = args
        if isinstance(argv, (str, bytes)) or hasattr(argv, "__fspath__"):
            argv = [argv]
        argv = [os.fsdecode(word) for word in argv]
        cwd = None if cwd is None else os.fsdecode(cwd)
        self.program(event, os.fsdecode(executable), argv, env, cwd, search=True)
        import _thread
        self.announced.add(_thread.get_ident())

    def execute(self, event, args):
        path, argv, env = args
        # posix_spawn and posix_spawnp raise the same event.
        search = event == "os.posix_spawn"
        path = path if isinstance(path, int) else os.fsdecode(path)
        self.program(event, path, [os.fsdecode(word) for word in argv], env, None, search)

    def spawn(self, event, args):
        self.execute(event, args[1:])

    def system(self, event, args):
        self.unconfined(event, args[:1], "it is a shell", os.fsdecode(args[0]))

    def fork_exec(self, event, args):
        """`_posixsubprocess.fork_exec`, which multiprocessing calls without an event."""
        argv = [os.fsdecode(word) for word in args[0]]
        env = args[5]
        if env is not None:
            env = dict(item.split(b"=", 1) for item in env if b"=" in item)
        cwd = None if args[4] is None else os.fsdecode(args[4])
        for path in args[1]:
            path = os.fsdecode(path)
            if os.path.isfile(path if cwd is None else os.path.join(cwd, path)):
                return self.program(event, path, argv, env, cwd, False)

    def still_reached(self, args):
        """fork_exec's arguments with a last look before exec, where the child changes itself.

        A child with another user or root directory may not be able to read this file any more, and
        an interpreter that cannot import a warning's category runs on without it.
        """
        place = -1 if sys.version_info < (3, 11) else -2
        before = args[place]
        changes = before is not None or sys.version_info >= (3, 9) and args[place - 2] is not None
        if not changes or self.config.best_effort:
            return args

        def look():
            if before is not None:
                before()
            try:
                os.close(os.open(self.file, os.O_RDONLY))
            except OSError as error:
                say("refused (advisory): the child could not read %s and would run unconfined: %s"
                    % (self.file, error.strerror))
                raise
        return args[:place] + (look,) + args[len(args) + place + 1:]

    def program(self, event, path, argv, env, cwd, search):
        """Lets a program start that the guard gets into, and refuses any other."""
        shown_args = [path] + argv
        if isinstance(path, int):
            path = os.path.realpath("/proc/self/fd/%d" % path)
        if env is None:
            self.heal()
            environment = os.environ
        else:
            environment = {}
            for key in list(env):
                environment[os.fsdecode(key)] = os.fsdecode(env[key])
        try:
            if search or "/" in path:
                path = find(path, environment, cwd)
            elif not os.path.isfile(path):
                raise Missing(path)
            found = understand(path, argv or [path], environment, cwd)
            self.check(found, None if env is None else environment)
        except Missing:
            return
        except Refusal as refusal:
            self.unconfined(event, shown_args, str(refusal), path)

    def check(self, found, environment):
        for letter in "IE":
            if letter in found.letters:
                raise Refusal("-%s makes it ignore the environment through which it is confined" % letter)
        names = ("PYTHONPATH", "PYTHONWARNINGS", CONFIG)
        for word in found.assignments:
            if word.split("=", 1)[0] in names:
                raise Refusal("env sets %s, through which it is confined" % word.split("=", 1)[0])
        if environment is not None:
            has = (
                self.directory in environment.get("PYTHONPATH", "").split(":"),
                ENTRY in [part.strip() for part in environment.get("PYTHONWARNINGS", "").split(",")],
                environment.get(CONFIG) == self.config.text())
            for name, there in zip(names, has):
                if not there:
                    raise Refusal("its environment lacks nonet's %s; pass os.environ on" % name)
        try:
            same = self.look() == self.identity
        except OSError:
            same = False
        if not same:
            raise Refusal("%s is gone or was changed" % self.file)

    def heal(self):
        """Puts the guard back into an environment that is about to be inherited.

        Programs overwrite PYTHONWARNINGS and PYTHONPATH for their children; what they set stays.
        """
        os.putenv("PYTHONPATH", with_path(os.environ.get("PYTHONPATH"), self.directory))
        os.putenv("PYTHONWARNINGS", with_entry(os.environ.get("PYTHONWARNINGS")))
        os.putenv(CONFIG, self.config.text())

    def unconfined(self, event, args, why, path):
        if not self.config.best_effort:
            self.refuse(event, args, 13, "%s may not be started: %s" % (clean(path), why))
        self.log.add(event, [each(arg) for arg in args[:16]], call_stack(), "allowed", None)
        if path not in self.warned:
            self.warned.add(path)
            say("warning: best effort: %s runs UNCONFINED: %s" % (clean(path), why))

    # The program's start and end -------------------------------------------------------------

    def starts(self, event, args):
        if self.script is not None:
            return
        self.script = (event, args[0] if args else None)
        if event == "cpython.run_file" and self.is_command:
            try:
                os.close(os.open(args[0], os.O_RDONLY))
            except OSError:
                self.ended = ("exited", 2)  # "can't open file", which no event tells
        if self.config.unsafe_path and self.is_command and not getattr(sys.flags, "safe_path", False):
            # A directory or archive that is itself the program stays, as under -I.
            if not (event == "cpython.run_module" and args[0] == "__main__") and sys.path:
                del sys.path[0]

    def uncaught(self, event, args):
        # Raised in C: only with no Python frame below is it the end of the program.
        if sys._getframe(1).f_back is None and not hasattr(sys, "ps1") and self.is_command:
            interrupted = args[1] is KeyboardInterrupt or isinstance(args[2], KeyboardInterrupt)
            self.ended = ("signal 2", 130) if interrupted else ("exited", 1)

    def inferred(self):
        """How the program ended when nothing said so: 0, or None where it cannot be told.

        `raise SystemExit(n)` written out leaves no trace that an exit handler could see. (To
        replace builtins.SystemExit would show it, and break threads, which compare the class.)
        """
        main = getattr(sys.modules.get("__main__"), "__dict__", {})
        event, program = self.script or (None, None)
        try:
            if hasattr(sys, "ps1"):
                return None
            if event in ("cpython.run_file", "cpython.run_stdin"):
                # The interpreter deletes __file__ after the last line, and only then.
                return None if "__file__" in main else 0
            if event == "cpython.run_command":
                return None if "SystemExit" in program else 0
            if event == "cpython.run_module" and main.get("__spec__") is not None:
                spec = main["__spec__"]
                return None if mentions(spec.loader.get_code(spec.name), "SystemExit") else 0
        except Exception:
            return None
        return 0

    def finish(self, code=None):
        if self.closed or not self.is_command:
            return self.log.flush()
        self.closed = True
        if code is not None:
            self.ended = ("exited", code)
        elif self.ended is None:
            self.ended = ("exited", self.inferred())
        count, dropped = self.log.close(*self.ended)
        if self.config.quiet:
            return
        text = "Python confinement (advisory, policy %s): " % self.policy.name
        if count == 0:
            return say(text + "nothing was tried")
        text += "%d attempt%s refused or let pass unconfined" % (count, "" if count == 1 else "s") \
            if self.config.best_effort else "%d attempt%s refused" % (count, "" if count == 1 else "s")
        if self.best is not None:
            text += ", first %s" % self.best
        if dropped:
            text += "; %d of them not kept in the log" % dropped
        say(text)
        if self.config.log:
            say("see " + clean(self.config.log, 4096))

    def follow_exit(self):
        """Learns the exit status from the ways that lead out of the interpreter."""
        import _thread
        guard, leave, main_thread = self, os._exit, _thread.get_ident()
        member = SystemExit.__dict__["code"]

        class Exit(SystemExit):
            """sys.exit's exception; the interpreter itself reads its code, with no frame below."""
            @property
            def code(self):
                value = member.__get__(self)
                if sys._getframe(0).f_back is None and guard.is_command:
                    number = 0 if value is None else value & 0xff if isinstance(value, int) else 1
                    guard.ended = ("exited", number)
                return value

            @code.setter
            def code(self, value):
                member.__set__(self, value)

            def __reduce__(self):
                return SystemExit, self.args

        Exit.__name__ = Exit.__qualname__ = "SystemExit"
        Exit.__module__ = "builtins"

        def exit(status=None):
            """Exit the interpreter by raising SystemExit(status)."""
            ours = _thread.get_ident() == main_thread and guard.is_command
            raise (Exit if ours else SystemExit)(*(() if status is None else (status,)))

        def _exit(status):
            """Exit to the system with specified status, without normal exit processing."""
            if guard.is_command:
                try:
                    guard.finish(status & 0xff)
                except Exception:
                    pass
            leave(status)

        sys.exit = exit
        os._exit = _exit
        posix = sys.modules.get("posix")
        if posix is not None:
            posix._exit = _exit

    def replace_functions(self):
        """Replaces the few functions that matter here and raise no event, or crash with it."""
        # subprocess has raised its event a moment before, unless somebody has replaced sys.audit;
        # multiprocessing calls without.
        import _thread

        def fork_exec(start, *args):
            try:
                self.announced.remove(_thread.get_ident())
            except KeyError:
                self.fork_exec("_posixsubprocess.fork_exec", args)
            return start(*self.still_reached(args))
        self.replace("_posixsubprocess", "fork_exec", fork_exec)

        if self.config.policy == "strict":
            def socketpair(_, *args):
                self.refuse("socket.socketpair", args, self.policy.errno,
                            "policy strict refuses socketpair")
            self.replace("_socket", "socketpair", socketpair)

        # PyInterpreterState_New: 3.12 dies of a refusal there, and 3.13 does not raise it.
        if sys.version_info >= (3, 12):
            def create(_, *args, **options):
                self.interpreter("cpython.PyInterpreterState_New", ())
            self.replace("_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters",
                         "create", create)

    def replace(self, module, name, function):
        """`module.name(...)` becomes `function(the original, ...)`."""
        try:
            module = __import__(module)
        except ImportError:
            return
        original = getattr(module, name)

        def replacement(*args, **options):
            return function(original, *args, **options)
        replacement.__name__ = replacement.__qualname__ = name
        setattr(module, name, replacement)
        if module.__name__ != "_socket":
            self.replaced.add(module.__name__)


def mentions(code, name):
    """Whether a code object, or one inside it, uses `name`."""
    return code is None or name in code.co_names or any(
        mentions(inner, name) for inner in code.co_consts if hasattr(inner, "co_names"))


def restore(config):
    """Sets back the variables that -E or -I hid while the interpreter started."""
    saved = os.environ.pop(SAVED, None)
    if saved is not None and os.getpid() == config.pid:
        for item in saved.split("\x01"):
            if item:
                key, value = item.split("=", 1)
                if key == "PYTHONPATH":
                    value = with_path(value, os.environ["PYTHONPATH"])
                if key == "PYTHONWARNINGS":
                    value = with_entry(value)
                os.environ[key] = value


def guard():
    """Confines this process. Whatever fails here ends it: it must not run on without."""
    why = unsuitable()
    text = os.environ.get(CONFIG)
    if text is None:
        return stop("%s is not set, so this Python cannot be confined; start it by nonet" % CONFIG)
    config = Config.parse(text)
    if why is not None:
        if config.best_effort:
            return say("warning: best effort: this Python runs UNCONFINED: " + why)
        return stop("this Python cannot be confined, so it was not run: " + why)
    file = os.path.abspath(__file__)
    directory = os.path.dirname(file)
    guard = Guard(config, directory, file)
    sys.addaudithook(guard.hook())
    # From here on nothing gets out; the rest keeps the program's view as it was.
    restore(config)
    sys.path[:] = [part for part in sys.path if part != directory]
    sys.warnoptions = [option for option in sys.warnoptions if option != ENTRY]
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=guard.log.forget)
    guard.replace_functions()
    atexit.register(guard.finish)
    if guard.is_command:
        guard.follow_exit()


# ---------------------------------------------------------------------------------------------
# The starter: what nonet runs
# ---------------------------------------------------------------------------------------------

def options(words):
    config, directory, log = Config(), None, True
    while words:
        word = words.pop(0)
        if word == "--":
            return config, directory if log else "", words
        if word == "--policy" and words and words[0] in ("strict", "default", "unix"):
            config.policy = words.pop(0)
        elif word == "--errno" and words and words[0].isdigit() and 1 <= int(words[0]) <= 4095:
            config.errno = int(words.pop(0))
        elif word == "--log-dir" and words:
            directory = words.pop(0)
        elif word == "--no-log":
            log = False
        elif word in ("--best-effort", "--quiet", "--verbose"):
            setattr(config, word[2:].replace("-", "_"), True)
        else:
            stop("the Python confinement (advisory) cannot hold %s" % " ".join([word] + words[:1]))
    return stop("usage: nonet_restrict.py [OPTION]... -- COMMAND [ARG]...")


def default_log_directory():
    state = os.environ.get("XDG_STATE_HOME")
    if not state or not os.path.isabs(state):
        state = os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(state, "nonet")


def starter():
    """Replaces this process with the command, its environment prepared for the guard."""
    config, log_directory, command = options(sys.argv[1:])
    if not command or not command[0]:
        stop("no command was given")
    why = unsuitable()
    if why is not None:
        if not config.best_effort:
            stop("the command cannot be confined, so it was not run: %s" % why)
        say("warning: best effort: the command runs UNCONFINED: " + why)
        return become(command[0], command, os.environ)
    file = os.path.abspath(__file__)
    directory = os.path.dirname(file)
    if ":" in directory or os.path.basename(file) != NAME + ".py":
        stop("%s cannot stand in PYTHONPATH; it must be DIR/%s.py with no ':'" % (clean(file), NAME))
    try:
        found = understand(find(command[0], os.environ), command, os.environ)
    except Missing as missing:
        return stop("'%s': not found" % clean(str(missing)), 127)
    except Refusal as refusal:
        if not config.best_effort:
            stop("'%s' was not run: %s (the Python confinement is advisory and holds Python only)"
                 % (clean(command[0]), refusal))
        say("warning: best effort: %s runs UNCONFINED: %s" % (clean(command[0]), refusal))
        return become(command[0], command, os.environ)

    environment = dict(os.environ)
    for word in found.assignments:
        key, value = word.split("=", 1)
        environment[key] = value
    environment.pop(SAVED, None)
    argv = list(found.argv)
    if "I" in found.letters or "E" in found.letters:
        hidden = {key: environment.pop(key) for key in list(environment) if key.startswith("PYTHON")}
        environment[SAVED] = "\x01".join("%s=%s" % item for item in hidden.items())
        argv[1:] = without(argv[1:], "IE")
        if "I" in found.letters:
            argv.insert(1, "-s")
            if sys.version_info >= (3, 11) and same_interpreter(found.path):
                argv.insert(1, "-P")
            config.unsafe_path = True
    config.pid = os.getpid()
    asks = found.letters & set("hV?")  # prints and leaves before any guard: nothing to record
    if log_directory != "" and not asks:
        try:
            config.log = Log.create(os.path.abspath(log_directory or default_log_directory()),
                                    config, command)
        except OSError as error:
            say("warning: the log could not be written (%s: %s); the confinement (advisory) stays"
                % (clean(log_directory or default_log_directory()), error.strerror))
    environment["PYTHONPATH"] = with_path(environment.get("PYTHONPATH"), directory)
    environment["PYTHONWARNINGS"] = with_entry(environment.get("PYTHONWARNINGS"))
    environment[CONFIG] = config.text()
    if config.verbose:
        say("python (advisory): audit hook, policy %s; log %s" % (
            config.policy, clean(config.log, 4096) or "none"))
    become(found.path, argv, environment)


def same_interpreter(path):
    return os.path.realpath(path) == os.path.realpath(sys.executable)


def become(path, argv, environment):
    try:
        os.execvpe(path, argv, environment)
    except FileNotFoundError:
        stop("'%s': not found" % clean(path), 127)
    except OSError as error:
        stop("'%s' could not be run: %s" % (clean(path), error.strerror), 126)


if __name__ == "__main__":
    starter()
elif __name__ == NAME:
    try:
        guard()
    except BaseException as failure:
        stop("the confinement failed, so this Python was not run: %s: %s" % (
            type(failure).__name__, failure))
