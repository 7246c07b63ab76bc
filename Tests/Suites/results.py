"""Runs modules of unittest and prints one line of JSON for each test: its name, and how it went.

    results.py [--with RESOURCE] MODULE...

Started by test_cpython.py with the interpreter whose own suite it is, bare and inside.
"""

import json
import sys
import unittest

import test.support

# Hangs on virtual machines also when run bare: the host never answers.
NEVER = ("VSOCK",)


class Lines(unittest.TestResult):
    """The last word on a test counts: an error while it is taken down follows its success."""

    def __init__(self):
        super().__init__()
        self.how = {}

    def note(self, test, how):
        self.how[test.id()] = how

    def addSuccess(self, test):
        self.note(test, "passed")

    def addExpectedFailure(self, test, error):
        self.note(test, "passed")

    def addSkip(self, test, reason):
        self.note(test, f"skipped: {reason}")

    def addFailure(self, test, error):
        self.note(test, f"failed: {error[1]!r}")

    def addError(self, test, error):
        self.note(test, f"failed: {error[1]!r}")

    def addUnexpectedSuccess(self, test):
        self.note(test, "failed: it passed")

    def addSubTest(self, test, part, error):
        if error:
            self.note(test, f"failed: {part}: {error[1]!r}")


def flat(tests):
    for one in tests:
        if isinstance(one, unittest.TestSuite):
            yield from flat(one)
        else:
            yield one


def main(words):
    test.support.use_resources = []
    if words[0] == "--with":
        test.support.use_resources = [words[1]]
        words = words[2:]
    results = Lines()
    found = unittest.defaultTestLoader.loadTestsFromNames(words)
    kept = unittest.TestSuite(one for one in flat(found) if not any(word in one.id() for word in NEVER))
    kept.run(results)
    for name, how in results.how.items():
        print(json.dumps([name, how]))


if __name__ == "__main__":
    main(sys.argv[1:])
