"""Policies, read as Documentation/policy-language.md says and by nothing else, with numbers from the installed headers.

What a policy says is a list for each ABI: which numbers, under which condition, get which answer. Conditions are
functions from six registers to a truth value, where a register is an int or a bit vector of z3: the same text
serves to try one call and to ask about all.
"""

import pathlib
import re
import subprocess

import machine

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "Documentation/policy-language.md"
AUDIT = {"x86_64": 0xC000003E, "i386": 0x40000003, "aarch64": 0xC00000B7, "arm": 0x40000028}  # linux/audit.h
BESIDE = {"x86_64": "i386", "aarch64": "arm"}
HEADERS = {"x86_64": ("/usr/include/x86_64-linux-gnu", "asm/unistd_64.h", []), "i386": ("/usr/include/x86_64-linux-gnu", "asm/unistd_32.h", []),
           "aarch64": ("/usr/aarch64-linux-gnu/include", "asm/unistd.h", ["-D__BITS_PER_LONG=64", "-U__ILP32__"]),
           "arm": ("/usr/arm-linux-gnueabihf/include", "asm/unistd.h", ["-D__ARM_EABI__"])}
NEWEST = int(re.search(r"newest call that nonet knows on that ABI \((\d+) on each\)", DOCUMENT.read_text())[1])
# Newer than the installed headers may be; scripts/syscall.tbl has the same number for every ABI.
RECENT = {"fchmodat2": 452, "map_shadow_stack": 453, "open_tree_attr": 467}
SETS = pathlib.Path(__file__).resolve().parents[2] / "Sources/BPFAssembler/Architectures/Tables/sets.tsv"
GROUPS = {name: calls.split() for name, calls in re.findall(r"^\| `(@\w+)` \| `([^`]*)` \|", DOCUMENT.read_text(), re.M)}
for _name, *_members in re.findall(r"^([a-z-]+)\t(.*)$", SETS.read_text(), re.M):
    if _name != "name":
        GROUPS.setdefault("@" + _name, _members[0].split())

# Section 2 of the manual, and the document about clone and unshare: the place of an argument, i for an int, l for a long.
WIDTHS = {
    "socket socketpair": "domain:i type:i protocol:i", "ioctl": "fd:i cmd:i", "keyctl": "operation:i", "clone": "flags:i", "unshare": "flags:l",
    "seccomp": "operation:i flags:i", "kill": "pid:i sig:i", "tkill": "tid:i sig:i", "tgkill": "tgid:i tid:i sig:i",
    "pidfd_send_signal": "pidfd:i sig:i", "rt_sigqueueinfo": "tgid:i sig:i", "rt_tgsigqueueinfo": "tgid:i tid:i sig:i",
    "fcntl fcntl64": "fd:i cmd:i arg:l", "prlimit64": "pid:i resource:i", "setpriority": "which:i who:i", "ioprio_set": "which:i who:i",
    "sched_setscheduler sched_setparam sched_setattr sched_setaffinity": "pid:i"}
PARAMETERS = {call: {name.split(":")[0]: (index, name.endswith(":i")) for index, name in enumerate(names.split())}
              for calls, names in WIDTHS.items() for call in calls.split()}


def _numbers(abi):
    folder, header, options = HEADERS[abi]
    text = subprocess.run(["cc", "-E", "-dM", "-nostdinc", *options, "-I", folder, "-include", header, "-x", "c", "/dev/null"],
                          stdout=subprocess.PIPE, check=True, timeout=30).stdout.decode()
    macros = dict(re.findall(r"^#define (\w+) (.+)$", text, re.M))

    def value(word):
        word = word.strip("() ")
        return sum(value(part) for part in word.split("+")) if "+" in word else int(word, 0) if word[0].isdigit() else value(macros[word])

    own = {name[9:]: value(text) for name, text in macros.items() if name.startswith("__ARM_NR_") and name != "__ARM_NR_BASE"} if abi == "arm" else {}
    calls = {}
    for name, text in macros.items():
        name = re.match(r"__NR(?:3264)?_(\w+)", name)
        if name and name[1] not in ("syscalls", "arch_specific_syscall", "OABI_SYSCALL_BASE", "SYSCALL_BASE", "Linux", "SYSCALL_MASK"):
            calls.setdefault(name[1], value(text))
    # The document says that policies reach this one call of the old ABI (asm/unistd-oabi.h).
    return {**RECENT, **calls, **own, **({"socketcall": 102} if abi == "arm" else {}),
            # arch/x86/entry/syscalls/syscall_64.tbl alone has it.
            **({"uretprobe": 335} if abi == "x86_64" else {})}


NUMBERS = {abi: _numbers(abi) for abi in AUDIT}
_constants = {}


def constant(name):
    """The value that the C compiler gives a constant or an errno."""
    if name not in _constants:
        headers = "errno.h sys/socket.h linux/netlink.h linux/keyctl.h linux/seccomp.h sys/ioctl.h linux/if_tun.h linux/vhost.h sched.h fcntl.h signal.h sys/resource.h"
        source = "#define _GNU_SOURCE\n" + "".join(f"#include <{one}>\n" for one in headers.split()) + f"long long value = {name};\n"
        assembly = subprocess.run(["cc", "-x", "c", "-S", "-o", "-", "-"], input=source.encode(), stdout=subprocess.PIPE, check=True, timeout=30).stdout
        found = re.search(rb"\.quad\s+(-?\d+)", assembly)
        _constants[name] = int(found[1]) & (1 << 64) - 1 if found else 0
    return _constants[name]


def _value(word, is_word):
    if "|" in word:
        value = 0
        for part in word.split("|"):
            value |= _value(part, is_word)
        return value
    if word[0] == "-":
        return -int(word[1:], 0) & (1 << (32 if is_word else 64)) - 1
    if word[0].isdigit():
        return int(word, 8) if re.fullmatch("0[0-7]+", word) else int(word, 0)
    value = constant(word)
    return value & 0xFFFFFFFF if is_word and value >> 63 else value


class Reader:
    """One line's words."""

    def __init__(self, text, sets=None):
        self.words = re.findall(r'"[^"]*"|@[\w-]+|-?[\w:]+|[=!<>]=|[<>&|(){},=]', text)
        self.sets = sets or {}

    def next(self, *expected):
        if self.words and (not expected or self.words[0] in expected):
            return self.words.pop(0)
        return None

    def verdict(self):
        word = self.next()
        return (word, self.next() if word == "deny" and self.next("with") else None)

    def condition(self):
        return self.joined("or", lambda: self.joined("and", self.negation))

    def joined(self, word, part):
        parts = [part()]
        while self.next(word):
            parts.append(part())
        return (word, parts) if len(parts) > 1 else parts[0]

    def negation(self):
        if self.next("not"):
            return "not", [self.negation()]
        if self.next("("):
            inner = self.condition()
            assert self.next(")")
            return inner
        argument, mask = self.next(), self.bits() if self.next("&") else None
        if self.next("in"):
            return "in", argument, mask, self.members()
        return self.next("==", "!=", "<", "<=", ">", ">="), argument, mask, [self.bits()]

    def bits(self):
        """A value, or several joined by `|`, perhaps in parentheses."""
        is_open, words = self.next("("), [self.next()]
        while self.next("|"):
            words.append(self.next())
        assert not is_open or self.next(")")
        return "|".join(words)

    def members(self):
        """`{ A, NAME, ... }`, or a NAME alone."""
        if not self.next("{"):
            return self.sets[self.next()]
        words = []
        while not self.next("}"):
            word = self.next()
            words += self.sets.get(word, [word])
            self.next(",")
        return words


class Policy:
    def __init__(self, text, errno="EACCES", folder=pathlib.Path()):
        self.errno, self.rules, self.sets = errno, [], {}
        self.lines = {"foreign": None, "x32": ("deny", "ENOSYS"), "unknown": None, "default": None}
        self.read(text, folder)

    def read(self, text, folder):
        for line in text.splitlines():
            reader = Reader(line.split("#")[0], self.sets)
            word = reader.next()
            if word == "include":
                path = folder / reader.next().strip('"')
                self.read(path.read_text(), path.parent)
            elif word == "let":
                name = reader.next().lstrip("@")
                assert reader.next("=")
                words = reader.members()
                self.sets[name] = [call for word in words for call in self.calls(word)] if self.is_call(words[0]) else words
            elif word in self.lines:
                self.lines[word] = None if reader.words == ["compile"] else reader.verdict()
            elif word not in (None, "layers", "network"):
                self.rules.append(self.rule(word, reader))

    def rule(self, verdict, reader):
        errno, condition = None, None
        calls = self.listed(reader)
        if reader.next("except"):
            removed = self.listed(reader)
            calls = [call for call in calls if call not in removed]
        while reader.words:
            word = reader.next("with", "if", "unless")
            if word == "with":
                errno = reader.next()
            else:
                condition = reader.condition() if word == "if" else ("not", [reader.condition()])
        return (verdict, errno), calls, condition

    def listed(self, reader):
        calls = self.calls(reader.next())
        while reader.next(","):
            calls = calls + self.calls(reader.next())
        return calls

    def calls(self, word):
        """The calls of a name, a group, a set of systemd or one of the policy's own."""
        if word == "@known":
            return list(dict.fromkeys(name for numbers in NUMBERS.values() for name in numbers))
        if word in GROUPS:
            return [call for one in GROUPS[word] for call in self.calls(one)]
        if word.lstrip("@") in self.sets:
            return self.sets[word.lstrip("@")]
        return [re.sub("^(SYS_|__NR_)", "", word)]

    def is_call(self, word):
        return word[0] == "@" or any(self.calls(word)[0] in numbers for numbers in NUMBERS.values())

    def answer(self, verdict):
        word, errno = verdict
        if word != "deny":
            return machine.ANSWERS[word]
        errno = errno or self.errno
        return machine.ANSWERS["errno"] | (int(errno) if errno.isdigit() else constant(errno))

    def meaning(self, native, nr, arch, registers, logic):
        """What the policy answers; `logic` has If, And, Or, Not and the comparisons of ints or of z3."""
        beside = BESIDE[native]
        foreign = self.lines["foreign"]
        other = self.answer(foreign) if foreign else self.table(beside, nr, registers, logic)
        return logic.If(arch == AUDIT[native], self.table(native, nr, registers, logic),
                        logic.If(arch == AUDIT[beside], other, machine.ANSWERS["kill"]))

    def table(self, abi, nr, registers, logic):
        known = NUMBERS[abi]
        result = self.answer(self.lines["default"])
        for verdict, calls, condition in reversed(self.rules):
            for call in dict.fromkeys(calls):
                if call in known:
                    holds = self.holds(condition, call, abi, registers, logic) if condition else True
                    result = logic.If(logic.And(nr == known[call], holds), self.answer(verdict), result)
        own = [nr == number for number in range(0xF0001, 0xF0007)] if abi == "arm" else []
        unknown = self.lines["unknown"] or self.lines["default"]
        result = logic.If(logic.And(logic.above(nr, NEWEST), logic.Not(logic.Or(*own, False))), self.answer(unknown), result)
        if abi == "x86_64":
            x32 = logic.Or(logic.above(nr, 0x3FFFFFFF), logic.And(logic.above(nr, 511), logic.Not(logic.above(nr, 547))))
            result = logic.If(x32, self.answer(self.lines["x32"]), result)
        return logic.If(nr == 0xFFFFFFFF, machine.ANSWERS["allow"], result)

    def holds(self, condition, call, abi, registers, logic):
        word, *rest = condition
        if word in ("and", "or", "not"):
            parts = [self.holds(part, call, abi, registers, logic) for part in rest[0]]
            return {"and": logic.And, "or": logic.Or, "not": logic.Not}[word](*parts)
        argument, mask, values = rest
        raw = re.fullmatch(r"arg([0-5])(:32)?", argument)
        index, is_int = (int(raw[1]), bool(raw[2])) if raw else PARAMETERS[call][argument]
        is_word = is_int or abi in ("i386", "arm")
        value = registers[index] & 0xFFFFFFFF if is_word else registers[index]
        if mask:
            value = value & _value(mask, is_word)
        compare = {"==": logic.equal, "in": logic.equal, "!=": lambda a, b: logic.Not(logic.equal(a, b)), ">": logic.above,
                   "<": lambda a, b: logic.above(b, a), "<=": lambda a, b: logic.Not(logic.above(a, b)), ">=": lambda a, b: logic.Not(logic.above(b, a))}[word]
        return logic.Or(*(compare(value, _value(one, is_word)) for one in values))
