"""CPython's own tests, bare and under the recorder: a short selection. `make test-cpython` runs
all of them."""
import os
import sys

import compare
import pytest

sys.path.insert(0, os.path.join(compare.ROOT, "tests", "cpython"))
import suite  # noqa: E402

OTHERS = [python for python in compare.built_pythons()
          if python.version != compare.DEFAULT.version]


def held(python, name, counted):
    if not suite.has_tests(python):
        pytest.skip("this Python ships no tests")
    ran, unknown = suite.run_suite(python, [name], 1, show=False)
    counted("CPython's %s on %s: %d tests differ" % (name, python.name, len(unknown)))
    assert ran == 1
    assert unknown == []


@pytest.mark.parametrize("name", suite.SHORT)
def test_ends_the_same(name, pyrecord, counted):
    held(compare.DEFAULT, name, counted)


@pytest.mark.full
@pytest.mark.parametrize("name", suite.SHORT)
@pytest.mark.parametrize("python", OTHERS, ids=lambda python: python.name)
def test_ends_the_same_on_others(python, name, counted):
    held(python, name, counted)


def test_a_difference_is_told(monkeypatch):
    def one(seconds, **outcome):
        run = object.__new__(suite.Run)
        run.why, run.outcome, run.texts, run.seconds = None, outcome, {}, seconds
        return run
    monkeypatch.setattr(suite, "there", lambda python, names: names)
    monkeypatch.setattr(suite, "run_module", lambda python, name, timeout: (
        name, one(1, a="passed"), one(1, a="failed"), [("a", "passed", "failed")]))
    assert suite.run_suite(compare.DEFAULT, ["test_x"], 1)[1] == [
        ("test_x", "a", "passed", "failed")]
    monkeypatch.setattr(suite, "differences", lambda: [("3.*", "a", "for a reason")])
    assert suite.run_suite(compare.DEFAULT, ["test_x"], 1)[1] == []
