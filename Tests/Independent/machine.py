"""Classic BPF as seccomp runs it, from Documentation/networking/filter.rst and seccomp(2) alone."""

import struct

ANSWERS = {"allow": 0x7FFF0000, "log": 0x7FFC0000, "kill": 0x80000000, "errno": 0x00050000}


def instructions(raw):
    """code, jt, jf, k of each `struct sock_filter`."""
    assert raw and len(raw) % 8 == 0
    return list(struct.iter_unpack("<HBBI", raw))


def words(nr, arch, arguments, pointer=0):
    """The sixteen words of `struct seccomp_data`."""
    wide = [pointer, *arguments, 0, 0, 0, 0, 0, 0][:7]
    return [nr, arch] + [half for value in wide for half in (value & 0xFFFFFFFF, value >> 32)]


def run(program, data):
    """What the kernel is answered; any instruction that seccomp takes."""
    a = x = at = 0
    memory = [0] * 16
    while True:
        code, jt, jf, k = program[at]
        at += 1
        kind, operand = code & 7, x if code & 8 else k
        if kind == 0:
            a = {0x00: k, 0x20: data[k // 4] if code == 0x20 else 0, 0x60: memory[k % 16], 0x80: 64}[code]
        elif kind == 1:
            x = {0x01: k, 0x61: memory[k % 16], 0x81: 64}[code]
        elif code == 2:
            memory[k] = a
        elif code == 3:
            memory[k] = x
        elif kind == 4:
            operation = code & 0xF0
            if operation == 0x30 and operand == 0:
                return 0
            a = {0x00: a + operand, 0x10: a - operand, 0x20: a * operand, 0x30: a // (operand or 1), 0x40: a | operand,
                 0x50: a & operand, 0x60: a << (operand & 31), 0x70: a >> (operand & 31), 0x80: -a, 0xA0: a ^ operand}[operation] & 0xFFFFFFFF
        elif kind == 5:
            test = code & 0xF0
            holds = {0x00: None, 0x10: a == operand, 0x20: a > operand, 0x30: a >= operand, 0x40: a & operand != 0}[test]
            at += k if holds is None else jt if holds else jf
        elif kind == 6:
            return a if code == 0x16 else k
        elif code == 0x07:
            x = a
        else:
            assert code == 0x87, hex(code)
            a = x
