"""Generated programs against the independent tracers: values changed through aliases, C
functions, callbacks, in-place operators, one-line loops, closures, generators, threads.

A failing seed is looked at with
    python3 tests/oracle/generate.py SEED >p.py; python3 tests/oracle/compare.py p.py
"""
import os

import compare
import generate
import pytest

SEEDS = list(range(1, 17))
FULL_SEEDS = list(range(1000, 1300))


def held(seed, tmp_path, counted):
    path = tmp_path / ("generated_%d.py" % seed)
    path.write_text(generate.generate(seed))
    for report in compare.compare(str(path)):
        counted(next(report.lines()))
        assert report.counts["events"] > 1000, str(report)
        assert report.difference_count == 0, str(report)
        assert report.share >= 0.95, str(report)


@pytest.mark.parametrize("seed", SEEDS)
def test_generated_program(seed, tmp_path, pyrecord, pyreplay, counted):
    held(seed, tmp_path, counted)


@pytest.mark.full
@pytest.mark.parametrize("seed", FULL_SEEDS)
def test_many_generated_programs(seed, tmp_path, pyrecord, pyreplay, counted):
    held(seed, tmp_path, counted)


def test_the_same_seed_gives_the_same_program():
    assert generate.generate(5) == generate.generate(5) != generate.generate(6)
    for statement in generate.SIMPLE:
        assert statement.strip(), "an empty statement"
    assert os.path.exists(os.path.join(compare.HERE, "generate.py"))
