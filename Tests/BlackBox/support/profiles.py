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


def version():
    """libseccomp's, such as 2.5.4."""
    code = ("import ctypes; l = ctypes.CDLL('libseccomp.so.2').seccomp_version; l.restype = ctypes.POINTER(ctypes.c_uint * 3); "
            "print(*l().contents, sep='.')")
    return subprocess.run([DEBIAN, "-c", code], capture_output=True, text=True, timeout=20).stdout.strip()


def theirs(profile, optimize=1, timeout=60):
    """libseccomp's program: bytes, or the number of the error with which it refuses a rule."""
    order = {"profile": profile, "optimize": optimize}
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


def build(order):
    import errno
    import tempfile

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
