#!/usr/bin/env python3
"""Runs the unit tests of tools/jargoon and prints TAP. Arguments: parts of names, to run only those."""

import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(HERE))), "tools")]


class Tap(unittest.TestResult):
    """One TAP line for each test, with what went wrong as comments."""

    number = 0

    def _line(self, state, test, comment="", why=""):
        self.number += 1
        module, _, rest = test.id().partition(".")
        print(f"{state} {self.number} - {rest or module}{comment}", flush=True)
        for line in why.splitlines():
            print("# " + line)

    def addSuccess(self, test):
        self._line("ok", test)

    def addSkip(self, test, reason):
        self._line("ok", test, f" # SKIP {reason}")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._line("not ok", test, why=self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self._line("not ok", test, why=self.errors[-1][1])


def flat(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from flat(item)
        else:
            yield item


def main():
    tests = [test for test in flat(unittest.defaultTestLoader.discover(HERE, "test_*.py"))
             if not sys.argv[1:] or any(word in test.id() for word in sys.argv[1:])]
    print(f"1..{len(tests)}", flush=True)
    result = Tap()
    unittest.TestSuite(tests).run(result)
    return 0 if tests and result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
