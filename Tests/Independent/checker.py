"""Asks z3 whether bytes and a policy's text ever answer differently; shares nothing with nonet."""

import z3

import machine


class Plain:
    """Truth and comparisons of ints."""

    If = staticmethod(lambda test, yes, no: yes if test else no)
    And = staticmethod(lambda *parts: all(parts))
    Or = staticmethod(lambda *parts: any(parts))
    Not = staticmethod(lambda part: not part)
    above = staticmethod(lambda a, b: a > b)
    equal = staticmethod(lambda a, b: a == b)


def _bits(value, size):
    return z3.BitVecVal(value, size) if isinstance(value, int) else value


class Symbolic:
    """The same of bit vectors, unsigned."""

    If = staticmethod(lambda test, yes, no: z3.If(test, _bits(yes, 32), _bits(no, 32)))
    And, Or, Not = staticmethod(z3.And), staticmethod(z3.Or), staticmethod(z3.Not)
    equal = staticmethod(lambda a, b: a == b)

    @staticmethod
    def above(a, b):
        size = a.size() if z3.is_bv(a) else b.size()
        return z3.UGT(_bits(a, size), _bits(b, size))


NR, ARCH, POINTER = z3.BitVec("nr", 32), z3.BitVec("arch", 32), z3.BitVec("ip", 64)
REGISTERS = [z3.BitVec(f"arg{n}", 64) for n in range(6)]
WORDS = [NR, ARCH] + [z3.simplify(z3.Extract(high, high - 31, wide)) for wide in [POINTER, *REGISTERS] for high in (31, 63)]


def program(code):
    """The answer of a program with loads of the call, AND, jumps, comparisons and constants; others are refused."""
    known = {}

    def answer(at, held):
        key = at, held if code[at][0] not in (0x20, 0x06) else None
        if key not in known:
            known[key] = step(at, held)
        return known[key]

    def step(at, held):
        op, jt, jf, k = code[at]
        if op == 0x06:
            return z3.BitVecVal(k, 32)
        if op == 0x20:
            return answer(at + 1, (k // 4, 0xFFFFFFFF))
        if op == 0x54:
            return answer(at + 1, (held[0], held[1] & k))
        if op == 0x05:
            return answer(at + 1 + k, held)
        a = WORDS[held[0]] & held[1] if held[1] != 0xFFFFFFFF else WORDS[held[0]]
        test = {0x15: a == k, 0x25: z3.UGT(a, k), 0x35: z3.UGE(a, k), 0x45: a & k != 0}[op]
        return z3.If(test, answer(at + 1 + jt, held), answer(at + 1 + jf, held))

    return answer(0, None)


def difference(raw, policy, native):
    """None, or a call that gets different answers: tried on both before it is returned."""
    code = machine.instructions(raw)
    solver = z3.SolverFor("QF_BV")
    solver.add(program(code) != policy.meaning(native, NR, ARCH, REGISTERS, Symbolic))
    found = solver.check()
    assert found in (z3.sat, z3.unsat), found
    if found == z3.unsat:
        return None
    model = solver.model()
    nr, arch, pointer, *registers = (model.eval(one, model_completion=True).as_long() for one in [NR, ARCH, POINTER, *REGISTERS])
    assert machine.run(code, machine.words(nr, arch, registers, pointer)) != policy.meaning(native, nr, arch, registers, Plain)
    return nr, arch, registers
