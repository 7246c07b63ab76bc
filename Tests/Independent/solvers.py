"""z3 and cvc5, each a program that reads SMT-LIB 2 and says sat or unsat."""

import re
import shutil
import subprocess

SOLVERS = {"z3": ["z3", "-in", "-model"], "cvc5": ["cvc5", "--lang", "smt2", "--dump-models"]}
VARIABLE = re.compile(rb"\(define-fun (\w+) \(\) \(_ BitVec \d+\)\s+#([xb])([0-9a-f]+)\)")


def missing():
    return [name for name in SOLVERS if not shutil.which(name)]


def ask(solver, problem, seconds=60):
    """The answer's first word, and the call that it shows, where it shows one."""
    done = subprocess.run(SOLVERS[solver], input=problem, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds)
    assert b"error" not in done.stdout, done.stdout[:400]
    values = {name.decode(): int(digits, 16 if base == b"x" else 2) for name, base, digits in VARIABLE.findall(done.stdout)}
    return done.stdout.split(b"\n", 1)[0].decode(), values
