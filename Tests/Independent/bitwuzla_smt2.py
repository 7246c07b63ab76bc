"""bitwuzla as a program that reads SMT-LIB 2 from standard input; PyPI's package has no such program."""

import sys
import tempfile

import bitwuzla

with tempfile.NamedTemporaryFile("w", suffix=".smt2") as file:
    file.write(sys.stdin.read())
    file.flush()
    bitwuzla.Parser(bitwuzla.TermManager(), bitwuzla.Options()).parse(file.name)
