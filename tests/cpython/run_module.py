"""Runs one module of CPython's own tests and writes how each test ended.

    python run_module.py OUT.json test_NAME

The program that is run bare and under the recorder: what it writes must be the same."""
import json
import os
import sys
import unittest


class Result(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.outcome = {}

    def note(self, test, outcome):
        name = test.id()
        if self.outcome.get(name) not in ("failed", "error"):
            self.outcome[name] = outcome

    def addSuccess(self, test):
        super().addSuccess(test)
        self.note(test, "passed")

    def addError(self, test, err):
        super().addError(test, err)
        self.note(test, "error")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note(test, "failed")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note(test, "skipped")

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.note(test, "expected")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.note(test, "unexpected")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.note(test, "failed")


def main(out, name):
    from test import support
    support.use_resources = []  # as regrtest has it: no network, no large files
    result = Result()
    try:
        suite = unittest.defaultTestLoader.loadTestsFromName("test." + name)
        suite.run(result)
    except unittest.SkipTest:
        result.outcome["test." + name] = "skipped"
    texts = {}
    for test, text in result.errors + result.failures:
        texts[getattr(test, "test_case", test).id()] = text
    pid = os.getpid()
    with open("%s.%d" % (out, pid), "w", encoding="utf-8", errors="backslashreplace") as file:
        json.dump({"outcome": result.outcome, "texts": texts, "ran": result.testsRun}, file)
    os.replace("%s.%d" % (out, pid), out)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
