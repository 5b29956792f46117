"""The benchmark runs and fills its table; what it measures is nobody's to judge here."""
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_table(tmp_path):
    words = [sys.executable, str(ROOT / "tests" / "bench" / "bench.py"), "--size", "20",
             "--rounds", "1", "--only", "exceptions", "--markdown", str(tmp_path / "t.md")]
    done = subprocess.run(words, cwd=ROOT, env=os.environ, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, timeout=100)
    assert done.returncode == 0, done.stderr
    row = next(line for line in done.stdout.splitlines() if line.startswith("exceptions"))
    assert int(row.split()[1]) > 1000
    table = (tmp_path / "t.md").read_text().splitlines()
    assert len(table) == 4 and len({line.count("|") for line in table}) == 1
