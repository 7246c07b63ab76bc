"""z3, bitwuzla and cvc5, each a program that reads SMT-LIB 2 and says sat or unsat."""

import importlib.util
import pathlib
import re
import shutil
import subprocess
import sys

# The last one takes seconds where the others take a fraction of one.
SOLVERS = {"z3": ["z3", "-in", "-model"], "bitwuzla": [sys.executable, str(pathlib.Path(__file__).with_name("bitwuzla_smt2.py"))],
           "cvc5": ["cvc5", "--lang", "smt2", "--dump-models"]}
VARIABLE = re.compile(rb"\(define-fun (\w+) \(\) \(_ BitVec \d+\)\s+#([xb])([0-9a-f]+)\)")


def missing():
    there = {"z3": shutil.which("z3"), "bitwuzla": importlib.util.find_spec("bitwuzla"), "cvc5": shutil.which("cvc5")}
    return [name for name in SOLVERS if not there[name]]


def _run(solver, problem, seconds):
    done = subprocess.run(SOLVERS[solver], input=problem, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds)
    assert b"error" not in done.stdout and b"Exception" not in done.stdout, done.stdout[-400:]
    return done.stdout


def ask(solver, problem, seconds=300):
    """The answer's first word, and the call that it shows, where it shows one."""
    said = _run(solver, problem, seconds)
    if solver == "bitwuzla" and said.startswith(b"sat"):
        said = _run(solver, problem + b"(get-model)\n", seconds)
    values = {name.decode(): int(digits, 16 if base == b"x" else 2) for name, base, digits in VARIABLE.findall(said)}
    return said.split(b"\n", 1)[0].decode(), values
