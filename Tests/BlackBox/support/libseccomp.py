"""Lists that nonet and libseccomp can both express, and both builds of each.

Run by Debian's own interpreter, which is the one that has the binding, this file is libseccomp's
side: JSON on standard input, the program in hexadecimal on standard output.
"""

import json
import subprocess
import sys
from dataclasses import dataclass, field

DEBIAN = "/usr/bin/python3"
OPERATORS = {"==": "EQ", "!=": "NE", "<": "LT", "<=": "LE", ">": "GT", ">=": "GE"}


@dataclass(frozen=True)
class Comparison:
    """A comparison of one 64-bit argument, under a mask where there is one (then only with ==)."""

    index: int
    operator: str
    value: int
    mask: int = None

    def __str__(self):
        masked = "" if self.mask is None else f" & {self.mask:#x}"
        return f"arg{self.index}{masked} {self.operator} {self.value:#x}"

    def holds(self, arguments):
        given = arguments[self.index] & ((1 << 64) - 1 if self.mask is None else self.mask)
        return {"==": given == self.value, "!=": given != self.value, "<": given < self.value,
                "<=": given <= self.value, ">": given > self.value, ">=": given >= self.value}[self.operator]


@dataclass(frozen=True)
class List:
    """A deny-list: a call is refused with `errno` if all tests of one of its rules hold."""

    name: str
    errno: int
    rules: tuple  # of (call, tests)
    abis: tuple = ("x86_64", "i386")
    exact: bool = field(default=True)  # libseccomp is known to be right about it

    def denies(self, call, arguments):
        return any(each == call and all(test.holds(arguments) for test in tests) for each, tests in self.rules)

    @property
    def policy(self):
        foreign = "compile" if "i386" in self.abis else "kill"
        lines = ["default allow", f"foreign {foreign}", "x32 kill"]
        for call, tests in self.rules:
            condition = " if " + " and ".join(map(str, tests)) if tests else ""
            lines.append(f"deny {call} with {self.errno}{condition}" if not tests else f"deny {call}{condition} with {self.errno}")
        return "\n".join(lines) + "\n"


def theirs(each, optimize, timeout=10):
    """What libseccomp makes of a list: bytes, or None where it comes to no end."""
    order = {"errno": each.errno, "foreign": "i386" in each.abis, "optimize": optimize,
             "rules": [(call, [(t.index, t.operator, t.value, t.mask) for t in tests]) for call, tests in each.rules]}
    try:
        done = subprocess.run([DEBIAN, __file__], input=json.dumps(order), capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        return None
    assert done.returncode == 0, (each.name, done.stderr)
    return bytes.fromhex(done.stdout)


def build(order):
    import os
    import tempfile

    import seccomp

    made = seccomp.SyscallFilter(seccomp.ALLOW)
    made.set_attr(seccomp.Attr.ACT_BADARCH, seccomp.KILL_PROCESS)
    made.set_attr(seccomp.Attr.CTL_OPTIMIZE, order["optimize"])
    if order["foreign"]:
        made.add_arch(seccomp.Arch.X86)
    for call, tests in order["rules"]:
        arguments = [seccomp.Arg(index, getattr(seccomp, OPERATORS[operator]), value) if mask is None
                     else seccomp.Arg(index, seccomp.MASKED_EQ, mask, value) for index, operator, value, mask in tests]
        made.add_rule(seccomp.ERRNO(order["errno"]), call, *arguments)
    with tempfile.TemporaryFile() as file:
        made.export_bpf(file)
        file.seek(0)
        return file.read()


if __name__ == "__main__":
    print(build(json.load(sys.stdin)).hex())
    sys.stdout.flush()
