"""The benchmark runs and fills its table and plot; what it measures is nobody's to judge
here. What it says of unfit programs, and where it writes in a README, is."""
import os
import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path

import pytest
import run

ROOT = Path(__file__).parents[2]
BENCH = ROOT / "tests" / "bench"
sys.path.insert(0, str(BENCH))
import bench  # noqa: E402
import bench_report  # noqa: E402


def bench_run(*words):
    done = subprocess.run([sys.executable, *map(str, words)], cwd=ROOT, env=os.environ,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, universal_newlines=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_table_and_plot(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text("before\n%s\nold\n%s\nafter\n" % (
        bench_report.MARK_BEGIN, bench_report.MARK_END))
    out = bench_run(BENCH / "bench.py", "--size", "20", "--rounds", "1", "--only", "exceptions",
                    "--markdown", tmp_path / "t.md", "--svg", tmp_path / "t.svg",
                    "--json", tmp_path / "t.json", "--readme", readme)
    assert next(line for line in out.splitlines() if line.startswith("exceptions"))
    table = (tmp_path / "t.md").read_text().splitlines()
    assert len(table) == 4 and len({line.count("|") for line in table}) == 1
    for column in ("empty settrace", "empty C function", "no values", "exact", "bytes/event"):
        assert column in table[0]
    text = readme.read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n")
    assert "old" not in text and table[2] in text and "(t.svg)" in text
    picture = xml.etree.ElementTree.parse(str(tmp_path / "t.svg"))
    dots = [one for one in picture.iter() if one.tag.endswith("circle")]
    assert len(dots) >= 3 * 4  # each way in the legend, for the program, and for all
    again = bench_run(BENCH / "bench_report.py", tmp_path / "t.json", "--markdown",
                      tmp_path / "again.md")
    assert again == "" and (tmp_path / "again.md").read_text().splitlines() == table


def test_unfit_programs_are_named():
    def row(events, ratio):
        return {"name": "p", "events": events, "ratio": {"settrace": ratio}}
    assert not list(bench.faults(row(5_000_000, 2.0), 5_000_000))
    assert "events only" in " ".join(bench.faults(row(4_999_999, 2.0), 5_000_000))
    assert "times as slow" in " ".join(bench.faults(row(5_000_000, 1.9), 5_000_000))


@pytest.mark.parametrize("name", bench.bench_run.program_names())
def test_each_program_runs(name, tmp_path, pyrecord):
    path = bench.bench_run.program_path(name)
    plain = run.bare(path, "3")
    recorded = pyrecord("-q", "-o", tmp_path / "p.pyrec", path, "3")
    assert plain.status == 0 and plain.out
    assert (recorded.status, recorded.out) == (0, plain.out)
