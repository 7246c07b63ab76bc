"""Every system call that nonet makes before the command runs fails once, in five ways.

Whatever fails, the command runs with what was asked for, or not at all. That is not read off messages:
the command itself is probes/escape.c, which tries to get out. What may happen is said below call by
call; a call that is not in the table is a new one and wants thinking about.
"""

import concurrent.futures
import errno
import itertools
import re
import subprocess

import pytest
from conftest import HERE, USERS

from support.calls import X86
from support.outside import Held, reason
from support.run import Launcher, tool

pytestmark = pytest.mark.skipif(not X86, reason="the injector is written for x86_64")

ERRORS = ["EPERM", "EINVAL", "ENOSYS", "EMFILE", "ENOMEM"]
# Loopback without its supervisor, whose start is below.
PLANS = {"default": [], "loopback": ["--policy", "{plain}"], "namespace": ["--backend", "namespace"]}

# What may happen when a call fails, in the order of the calls:
#   R  nonet refuses: 125 and one message
#   A  the command runs behind all layers: the call does not matter, or another one does its work
#   D  the process dies in the C library before main, or for want of memory
#   N  no filter can be had, so auto takes the namespace and warns
#   L  no Landlock can be had: the filter denies tracing itself; what a plain open of /proc/PID/mem
#      reaches stays open, and -v says that there is no Landlock
TABLE = {
    # The C library before main.
    "brk": "AD", "arch_prctl": "D", "set_tid_address": "A", "set_robust_list": "A", "rseq": "A",
    "prlimit64": "A", "readlink": "A", "getrandom": "AD", "mprotect": "D",
    # What can this machine do? (The namespace alone needs no filter; from a user namespace of its own
    # nobody reaches memory outside, even without Landlock.)
    # A policy file is no preset, which is all that a namespace alone knows.
    # Who cannot be told what it may do does not run (but see the namespace below); what user 0 may set is set by nobody else.
    "landlock_create_ruleset?": "ALR", "seccomp?": "ANR", "capget": "AR", "access": "R", "faccessat": "R",
    # Descriptors. Where /proc/self/fd tells nothing all numbers are tried; a socket of which nothing
    # can be told is closed or refused, any other descriptor that remains unknown stops everything.
    "getsockopt": "AR", "fstatfs": "AR", "open": "AR", "openat": "AR", "fstat": "AR", "newfstatat": "AR", "getdents64": "R", "close": "AR", "fcntl": "AR",
    # The namespace, tried in place where nothing else may be done without it, else in a child first. A warning that
    # cannot be written is lost. The C library may make a socket in a second way (EINVAL), and what root may do only
    # decides what the message advises. A supervisor has memory aside (mmap).
    "mmap": "ADR", "clone": "R", "wait4": "R", "munmap": "A", "geteuid": "R", "getegid": "AR", "getpid": "R",
    "pipe2": "AR", "unshare": "R", "read": "AR", "write": "AR", "poll": "A", "socket": "AR", "sendto": "A", "recvfrom": "A", "ioctl": "R", "exit_group": "A",
    # The kernel's settings: mounts of its own, and one by one read-only. A folder with mounts upon it is taken along with
    # them where it cannot be taken alone (EINVAL).
    "mount": "AR", "statfs": "R", "stat": "R", "getcwd": "R", "chdir": "R", "lseek": "A",
    # Capabilities, Landlock, the filter and the command.
    "capset": "R",
    "prctl": "R", "landlock_create_ruleset": "R", "landlock_restrict_self": "R", "seccomp": "R", "execve": "R",
}

WAYS = ["tcp4", "vsock", "unix-path", "inherited-write", "vm-writev", "proc-mem"]
# What each outcome lets out.
OPEN = {
    ("default", "A"): set(), ("default", "N"): {"vsock", "unix-path"}, ("default", "L"): {"proc-mem"},
    ("loopback", "A"): set(), ("loopback", "N"): {"vsock", "unix-path"},
    ("namespace", "A"): {"vsock", "unix-path"},
}


@pytest.fixture(scope="session")
def inject(stage):
    out = stage / "inject"
    subprocess.run([tool("cc"), "-O1", "-Wall", "-static", "-o", out, HERE / "probes/inject.c"], check=True, timeout=60)
    return str(out)


def names_of_calls():
    """Number -> name, by the kernel's header."""
    text = subprocess.run([tool("cc"), "-E", "-dM", "-include", "asm/unistd_64.h", "-x", "c", "/dev/null"],
                          stdout=subprocess.PIPE, check=True, timeout=20).stdout.decode()
    return {int(n): name for name, n in re.findall(r"__NR_(\w+) (\d+)", text)}


class Plan:
    """One way to start nonet, and the probe behind it, ready to be run many times at once."""

    _plans = itertools.count()  # what one plan let out must not be heard as another's

    def __init__(self, outside, nonet, options):
        self.outside, self._held, self._runs = outside, Held(outside), itertools.count()
        self._number = next(self._plans)
        self._command = [nonet, *options, "--", outside.escape, *WAYS]
        self._environment = {k: str(v) for k, v in {**outside._environment, **self._held.environment}.items()}

    def run(self, *injector):
        """The status, standard error, and what each probe met; None where the command did not run."""
        head = f"fault{self._number}.{next(self._runs)}"
        done = Launcher(self.outside.user)(*injector, *self._command, pass_fds=self._held.descriptors,
                                           env={**self._environment, "TOKEN_HEAD": head})
        lines = done.stdout.decode().splitlines()
        return done.returncode, done.stderr.decode(), dict(self.outside._verdict(line, head) for line in lines) or None

    def close(self):
        self._held.close()


def outcome(plan, call, code, answer):
    """The letter of what happened, or a sentence about what must not."""
    status, text, met = answer
    if status == 99:
        return "the call did not come"
    if met is None:
        if text.startswith("nonet: "):
            return "R" if status == (125 if call != "execve" else 126) or call == "execve" and status == 127 else f"status {status}"
        return "D" if status >= 127 else f"status {status}"
    if set(met) != set(WAYS) or status:
        return f"the command ran in part: {met}, {status}"
    out = {way for way in WAYS if met[way][0] == "out"}
    if out <= OPEN[plan, "A"]:
        return "A"
    for letter in "NL":
        if out <= OPEN.get((plan, letter), set()):
            if letter == "N" and "nonet: warning: no filter" not in text:
                return "the namespace alone, without a warning"
            return letter
    return "GOT OUT: " + ", ".join(f"{way} {reason(met[way])}" for way in sorted(out))


@pytest.mark.parametrize("who", USERS)
@pytest.mark.parametrize("name", PLANS)
def test_whatever_fails_the_command_is_confined_or_not_run(outsides, nonet, inject, stage, name, who):
    outside = outsides(who)
    plain = stage / "plain-loopback.policy"
    text = (HERE.parents[1] / "Sources/nonet/Presets/Policies/loopback.policy").read_text()
    plain.write_text(text.replace(", sockets\n", "\n"))
    plain.chmod(0o644)
    plan = Plan(outside, nonet, [word.format(plain=plain) for word in PLANS[name]])
    known = names_of_calls()
    listed = f"{outside.user.home}/calls"
    try:
        free = Launcher(outside.user)  # the instrument: without nonet every way is open
        held = {k: str(v) for k, v in {**plan._environment, "TOKEN_HEAD": "free"}.items()}
        lines = free(outside.escape, *WAYS, pass_fds=plan._held.descriptors, env=held).stdout.decode().splitlines()
        assert {line.split()[0] for line in lines if outside._verdict(line, "free")[1][0] == "out"} == set(WAYS)

        status, text, met = plan.run(inject, "list", listed)
        assert status == 0 and outcome(name, "", 0, (status, text, met)) == "A", (status, text, met)
        with open(listed) as file:
            calls = [tuple(map(int, line.split())) for line in file]
        assert len(calls) > 30 and {"execve", "prctl"} <= {known[nr] for _, _, nr in calls}

        first = {"landlock_create_ruleset", "seccomp"}  # the first of each only asks
        jobs = []
        for process, index, nr in sorted(calls):
            call = known[nr]
            if call in first:
                first.remove(call)
                call += "?"
            jobs += [(call, process, index, error) for error in ERRORS]
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            answers = pool.map(lambda job: plan.run(inject, *map(str, job[1:3]), str(getattr(errno, job[3]))), jobs)
            wrong, seen = [], {}
            for (call, process, index, error), answer in zip(jobs, answers):
                got = outcome(name, call, error, answer)
                seen.setdefault(call, set()).add(got)
                if got not in TABLE.get(call, ""):
                    wrong.append(f"{call} (process {process}, call {index}) with {error}: {got}; {answer[1]!r}")
    finally:
        plan.close()
    print(f"{len(jobs)} failures of {len(calls)} calls:")
    print("\n".join(f"  {call}: {', '.join(sorted(got))}" for call, got in seen.items()))
    assert not wrong, "\n".join(wrong)


# The supervisor's calls go on after the command's first one and are not the same in each run, so their
# outcomes are held to less: whatever fails, nothing gets out, and the command runs confined or not at all.
SUPERVISED = {"log": ["--log", "/dev/null", "-q"], "allow-unix": ["--allow-unix", "inside", "-q"],
              "loopback": ["--loopback"]}


def held_or_refused(answer):
    status, text, met = answer
    if met is None:
        return None if status in (99, 125, 126, 127) or status >= 127 else f"status {status}: {text}"
    out = {way for way in WAYS if way in met and met[way][0] == "out"}
    if "nonet: warning: no filter" in text:  # only --loopback may do without one
        out -= OPEN["loopback", "N"]
    # Without Landlock a plain open of /proc/PID/mem stays possible, as test_whatever_fails says.
    return f"GOT OUT: {out}" if out - {"proc-mem"} else None


@pytest.mark.parametrize("how", SUPERVISED)
def test_whatever_fails_of_a_supervised_start(outsides, nonet, inject, how):
    outside = outsides(USERS[-1])
    plan = Plan(outside, nonet, SUPERVISED[how])
    known = names_of_calls()
    listed = f"{outside.user.home}/supervised-calls"
    try:
        status, text, met = plan.run(inject, "list", listed)
        assert status == 0 and met and not [way for way in WAYS if met[way][0] == "out"], (status, text, met)
        with open(listed) as file:
            calls = [tuple(map(int, line.split())) for line in file]
        # The first child is the second holder, the next one becomes the command.
        command = min(process for process, _, nr in calls if process > 0 and known[nr] == "execve")
        children = {known[nr] for process, _, nr in calls if process == command}
        assert {"prctl", "seccomp", "landlock_create_ruleset", "landlock_restrict_self", "close", "execve"} <= children
        # Of the supervisor's loop only the first calls of each kind: it makes the same ones again and again.
        jobs, times = [], {}
        for process, index, nr in sorted(calls):
            times[process, nr] = times.get((process, nr), 0) + 1
            # What cannot fail is not made to: inject.c.
            if times[process, nr] <= 3 and known[nr] not in ("futex", "exit"):
                jobs += [(known[nr], process, index, error) for error in (("EPERM", "EINVAL") if how == "log" else ("EPERM",))]
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(lambda job: plan.run(inject, *map(str, job[1:3]), str(getattr(errno, job[3]))), jobs))
        wrong = [f"{job}: {held_or_refused(answer)}" for job, answer in zip(jobs, answers) if held_or_refused(answer)]
        # What the child must do before it may become the command.
        for (call, process, _, error), answer in zip(jobs, answers):
            if process == command and call in ("seccomp", "landlock_create_ruleset", "landlock_restrict_self", "prctl", "capget", "capset") and answer[2] is not None:
                if not (call == "seccomp" and error == "EINVAL"):  # once more, without the flag of Linux 5.19
                    wrong.append(f"{call} with {error}: the command ran")
    finally:
        plan.close()
    print(f"{len(jobs)} failures of {len(calls)} calls")
    assert not wrong, "\n".join(wrong)
