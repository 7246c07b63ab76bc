"""Seccomp profiles, and what libseccomp makes of them in the hands of a runtime.

Run by Debian's own interpreter, which is the one that has the binding, this file is the runtime's side:
a resolved profile as JSON on standard input, the program in hexadecimal on standard output. It adds rules
as runc does (libcontainer/seccomp, matchCall): entries with the default's action are left out, calls
that the library does not know are skipped, and the args of an entry are one rule, or one rule each where
an argument is there twice.
"""

import functools
import json
import pathlib
import subprocess
import sys
import tempfile

if __name__ != "__main__":
    from . import bpf
    from .calls import AUDIT

DEBIAN = "/usr/bin/python3"
OPERATORS = ("NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ")


TABLE = pathlib.Path(__file__).resolve().parents[3] / "Sources/BPFAssembler/Architectures/Tables/syscalls.tsv"


@functools.cache
def numbers():
    """Every call's number on x86_64 and i386, or None; the Swift tests hold the table to the kernel's headers."""
    rows = [line.split("\t") for line in TABLE.read_text().splitlines() if not line.startswith("#")]
    return {row[0]: [None if cell == "-" else int(cell, 0) for cell in row[1:3]] for row in rows[1:]}


# The newest libseccomp of Debian's, where `make peers` could have it, and this system's own.
NEWEST = pathlib.Path(__file__).resolve().parents[3] / ".build-peers/newest/libseccomp.so.2"
SYSTEM = "libseccomp.so.2"


def has_newest():
    return NEWEST.exists()


def number(call, abi):
    return numbers().get(call, (None, None))[("x86_64", "i386").index(abi)]


def has_binding():
    return subprocess.run([DEBIAN, "-c", "import seccomp"], capture_output=True, timeout=20).returncode == 0


def beside(profile, has_i386):
    """A resolved profile for x86_64 alone or with i386."""
    return {**profile, "archMap": None, "architectures": ["SCMP_ARCH_X86_64", *(["SCMP_ARCH_X86"] if has_i386 else [])]}


def ours(nonet, profile):
    """nonet's program for x86_64."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(profile, file)
        file.flush()
        done = subprocess.run([nonet, "-q", "--dump-bpf", "--format=raw", "--arch=x86_64", "--policy", file.name],
                              capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return bpf.from_raw(done.stdout)


def always_allowed(profile):
    """The numbers on x86_64 of calls that are allowed whatever their arguments are, of those that libseccomp 2.5.4 knows."""
    entries = profile["syscalls"]
    if profile["defaultAction"] == "SCMP_ACT_ALLOW":
        names = set(numbers()) - {name for entry in entries for name in entry["names"]}
    else:
        names = {name for entry in entries if entry["action"] == "SCMP_ACT_ALLOW" and not entry.get("args") for name in entry["names"]}
    return sorted(nr for name in names if (nr := number(name, "x86_64")) is not None and nr < 440)


def most_steps(program, calls):
    """The most instructions that one of the calls of x86_64 passes."""
    return max(bpf.run(program, bpf.pack(AUDIT["x86_64"], nr))[1] for nr in calls)


def version(library=None):
    """That of a library, such as 2.5.4; without one the system's, from whose source the binding is built."""
    code = ("import ctypes, sys; l = ctypes.CDLL(sys.argv[1]).seccomp_version; l.restype = ctypes.POINTER(ctypes.c_uint * 3); "
            "print(*l().contents, sep='.')")
    return subprocess.run([DEBIAN, "-c", code, str(library or SYSTEM)], capture_output=True, text=True, timeout=20).stdout.strip()


def theirs(profile, optimize=1, timeout=60, library=None):
    """libseccomp's program: bytes, or the number of the error with which it refuses a rule.

    By Debian's binding, which has a libseccomp of its own inside, so that no other can be put under it; or by a
    library that is called directly.
    """
    order = {"profile": profile, "optimize": optimize, "library": str(library) if library else None}
    done = subprocess.run([DEBIAN, __file__], input=json.dumps(order), capture_output=True, text=True, timeout=timeout)
    if done.returncode == 3:
        return int(done.stdout)
    assert done.returncode == 0, done.stderr
    return bytes.fromhex(done.stdout)


def resolved(profile, arch="amd64", native="SCMP_ARCH_X86_64"):
    """A profile of Docker or Podman as the engine hands it to the runtime, for no capability."""
    families = [each for each in profile.get("archMap") or [] if each["architecture"] == native]
    others = [name for each in families for name in each["subArchitectures"] or []]
    entries = []
    for entry in profile.get("syscalls", []):
        includes, excludes = entry.get("includes") or {}, entry.get("excludes") or {}
        if arch in (excludes.get("arches") or []) or includes.get("caps"):
            continue
        if includes.get("arches") and arch not in includes["arches"]:
            continue
        # Every kernel that is tried is newer than what a profile asks for.
        if excludes.get("minKernel"):
            continue
        entries.append(entry)
    return {**profile, "archMap": None, "architectures": [*(profile.get("architectures") or []), *others], "syscalls": entries}


def direct(library):
    """As much of the binding as `build` uses, on a library that is called directly (seccomp.h)."""
    import ctypes
    import types

    called = ctypes.CDLL(library)

    class Argument(ctypes.Structure):
        _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]

    called.seccomp_init.restype = ctypes.c_void_p
    for name, types_ in {"seccomp_attr_set": (ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32),
                         "seccomp_arch_exist": (ctypes.c_void_p, ctypes.c_uint32), "seccomp_arch_add": (ctypes.c_void_p, ctypes.c_uint32),
                         "seccomp_rule_add_array": (ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p),
                         "seccomp_export_bpf": (ctypes.c_void_p, ctypes.c_int), "seccomp_init": (ctypes.c_uint32,),
                         "seccomp_syscall_resolve_name": (ctypes.c_char_p,)}.items():
        getattr(called, name).argtypes = types_

    def checked(result):
        if result < 0:
            raise RuntimeError(f"libseccomp answers {result}")
        return result

    class Filter:
        def __init__(self, action):
            self.context = called.seccomp_init(action)
            assert self.context

        def set_attr(self, attribute, value):
            checked(called.seccomp_attr_set(self.context, attribute, value))

        def exist_arch(self, token):
            return called.seccomp_arch_exist(self.context, token) == 0

        def add_arch(self, token):
            checked(called.seccomp_arch_add(self.context, token))

        def add_rule(self, action, call, *arguments):
            number = called.seccomp_syscall_resolve_name(call.encode())
            array = (Argument * max(1, len(arguments)))(*arguments)
            checked(called.seccomp_rule_add_array(self.context, action, number, len(arguments), array))

        def export_bpf(self, file):
            checked(called.seccomp_export_bpf(self.context, file.fileno()))

    operators = {name: index + 1 for index, name in enumerate(OPERATORS)}
    return types.SimpleNamespace(
        SyscallFilter=Filter, Attr=types.SimpleNamespace(CTL_OPTIMIZE=8), ALLOW=0x7FFF0000, LOG=0x7FFC0000,
        KILL_PROCESS=0x80000000, KILL=0, ERRNO=lambda number: 0x00050000 | number, **operators,
        Arch=type("Arch", (), {"X86_64": 0xC000003E, "X86": 0x40000003, "X32": 0x4000003E}),
        Arg=lambda index, operator, a, b=0: Argument(index, operator, a, b),
        resolve_syscall=lambda _, call: called.seccomp_syscall_resolve_name(call.encode()))


def build(order):
    import errno
    import tempfile

    if order.get("library"):
        seccomp = direct(order["library"])
    else:
        import seccomp

    profile = order["profile"]

    def action(name, number, word):
        number = getattr(errno, word) if word else 1 if number is None else number
        return {"ALLOW": seccomp.ALLOW, "LOG": seccomp.LOG, "KILL_PROCESS": seccomp.KILL_PROCESS, "KILL": seccomp.KILL,
                "KILL_THREAD": seccomp.KILL, "ERRNO": seccomp.ERRNO(number)}[name.removeprefix("SCMP_ACT_")]

    default = action(profile["defaultAction"], profile.get("defaultErrnoRet"), profile.get("defaultErrno"))
    made = seccomp.SyscallFilter(default)
    made.set_attr(seccomp.Attr.CTL_OPTIMIZE, order["optimize"])
    for name in profile.get("architectures") or []:
        arch = getattr(seccomp.Arch, name.removeprefix("SCMP_ARCH_"))
        if not made.exist_arch(arch):
            made.add_arch(arch)
    for entry in profile.get("syscalls", []):
        answer = action(entry["action"], entry.get("errnoRet"), entry.get("errno"))
        if answer == default:
            continue
        tests = []
        for each in entry.get("args") or []:
            operator = getattr(seccomp, each["op"].removeprefix("SCMP_CMP_"))
            values = [each["value"], each.get("valueTwo", 0)] if each["op"].endswith("MASKED_EQ") else [each["value"]]
            tests.append((each["index"], seccomp.Arg(each["index"], operator, *values)))
        repeats = len({index for index, _ in tests}) < len(tests)
        for call in entry["names"]:
            if seccomp.resolve_syscall(seccomp.Arch(), call) == -1:
                continue
            for rule in ([[test] for _, test in tests] if repeats else [[test for _, test in tests]]):
                try:
                    made.add_rule(answer, call, *rule)
                except RuntimeError as error:
                    print(str(error).split("-")[-1].rstrip(")"))
                    sys.exit(3)
    with tempfile.TemporaryFile() as file:
        made.export_bpf(file)
        file.seek(0)
        return file.read()


if __name__ == "__main__":
    print(build(json.load(sys.stdin)).hex())
    sys.stdout.flush()
