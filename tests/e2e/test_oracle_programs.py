"""Every program in tests/programs against the independent tracers: 0 differences."""
import glob
import os

import compare
import pytest

PROGRAMS = sorted(glob.glob(os.path.join(compare.ROOT, "tests", "programs", "*.py")))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: os.path.basename(p)[:-3])
def test_recording_equals_the_tracers(program, pyrecord, pyreplay, counted):
    reports = compare.compare(program)
    for report in reports:
        counted(next(report.lines()))
        assert report.counts["events"] > 100
    for report in reports:
        assert report.difference_count == 0, str(report)
        assert report.share >= 0.95, str(report)


def test_there_are_programs():
    assert len(PROGRAMS) >= 20
