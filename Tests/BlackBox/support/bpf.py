"""A seccomp program from the outside: instructions as (code, jt, jf, k), and a machine to run them.

Written from the kernel's rules, not from nonet's sources, so that it is a second witness.
"""

import struct

ALLOW, KILL_PROCESS, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
LOAD, JA, JEQ, JGT, JGE, JSET, AND, RET = 0x20, 0x05, 0x15, 0x25, 0x35, 0x45, 0x54, 0x06
OPCODES = {LOAD, JA, JEQ, JGT, JGE, JSET, AND, RET}
NAMES = {"ld": LOAD, "jmp": JA, "ja": JA, "jeq": JEQ, "jgt": JGT, "jge": JGE, "jset": JSET, "and": AND, "ret": RET}


def from_raw(data):
    assert len(data) % 8 == 0 and data
    return [struct.unpack_from("=HBBI", data, at) for at in range(0, len(data), 8)]


def to_raw(program):
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


def pack(arch, nr, arguments=(), pointer=0):
    """`struct seccomp_data` of a little-endian machine."""
    padded = [*arguments, 0, 0, 0, 0, 0, 0][:6]
    return struct.pack("<IIQ6Q", nr & 0xFFFFFFFF, arch, pointer, *(a & 0xFFFFFFFFFFFFFFFF for a in padded))


def run(program, data):
    """The value returned, and how many instructions that took."""
    a, at, steps = 0, 0, 0
    while True:
        code, jt, jf, k = program[at]
        at, steps = at + 1, steps + 1
        if code == LOAD:
            assert k % 4 == 0 and k < 64
            a = struct.unpack_from("<I", data, k)[0]
        elif code == AND:
            a &= k
        elif code == RET:
            return k, steps
        elif code == JA:
            at += k
        else:
            taken = {JEQ: a == k, JGT: a > k, JGE: a >= k, JSET: a & k != 0}[code]
            at += jt if taken else jf


def is_free(program, arch, nr):
    """What the kernel's constant-action emulator finds at attach time: ALLOW from nr and arch alone."""
    a, at = 0, 0
    while True:
        code, jt, jf, k = program[at]
        at += 1
        if code == LOAD:
            if k not in (0, 4):
                return False
            a = nr if k == 0 else arch
        elif code == AND:
            a &= k
        elif code == RET:
            return k == ALLOW
        elif code == JA:
            at += k
        else:
            at += jt if {JEQ: a == k, JGT: a > k, JGE: a >= k, JSET: a & k != 0}[code] else jf


def assemble(text):
    """The dialect of the kernel's bpf_asm, as far as the opcodes above go."""
    lines, labels = [], {}
    for line in text.splitlines():
        line = line.split(";")[0].split("/*")[0].strip()
        while ":" in line:
            label, _, line = line.partition(":")
            labels[label.strip()] = len(lines)
            line = line.strip()
        if line:
            lines.append(line)
    return [_encode(line, index, labels) for index, line in enumerate(lines)]


def _encode(line, index, labels):
    name, _, rest = line.partition(" ")
    operands = [word.strip() for word in rest.split(",")]
    code = NAMES[name]
    if code == LOAD:
        return code, 0, 0, int(operands[0].strip("[]"), 0)
    if code in (AND, RET):
        return code, 0, 0, int(operands[0].lstrip("#"), 0)
    targets = [labels[word] - index - 1 for word in operands if word in labels]
    assert all(target >= 0 for target in targets), line
    if code == JA:
        return code, 0, 0, targets[0]
    jt, jf = targets if len(targets) == 2 else (targets[0], 0)
    return code, jt, jf, int(operands[0].lstrip("#"), 0)


def proper(program):
    """Reasons why it is not what nonet promises to emit: canonical, forward, all of it reachable."""
    reached = {0}
    for at, (code, jt, jf, k) in enumerate(program):
        if code not in OPCODES:
            yield f"{at}: opcode {code:#x}"
        if code in (LOAD, AND, RET, JA) and (jt or jf):
            yield f"{at}: junk in jt, jf"
        if code in (JEQ, JGT, JGE, JSET) and jt == jf:
            yield f"{at}: a branch that decides nothing"
        if at in reached:
            reached |= {LOAD: {at + 1}, AND: {at + 1}, RET: set(), JA: {at + 1 + k}}.get(code, {at + 1 + jt, at + 1 + jf})
        else:
            yield f"{at}: cannot be reached"
    if max(reached) >= len(program):
        yield "a jump leaves the program"
