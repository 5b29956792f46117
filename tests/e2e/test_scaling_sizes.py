"""What an event costs does not depend on how much data there is: counted in instructions
(valgrind) and bytes of the file, not in time; and what a large container held at any event is
shown right.

`make sweep` measures the same workloads in more sizes.
"""
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
import run

BENCH = Path(__file__).parents[1] / "bench"
sys.path.insert(0, str(BENCH))
import sweep as sweeps  # noqa: E402

ALL_BESIDE = sweeps.MAKE + """
def main(n, m):
    a = list(range(m))
    b = dict(zip(range(m), range(m)))
    c = set(range(m))
    d = graph(m)
    e = [list(range(10)) for _ in range(m // 10)]
    f = "x" * m
    g = bytearray(m)
    h = tuple(range(m))
    k = 0
    for i in range(n):
        k += i & 3
        k ^= a[i % m] & b[i % m]
        k += len(c) & len(f)
        a[i % 7] = d.next.key = b[i % 7] = g[i % 7] = k & 7
    return k
main(n, m)
"""
ALL_GROWING = sweeps.MAKE + """
import collections
def main(n):
    k, a, b, c, o, q, h, s = 0, [], {}, list(range(n)), Node(), collections.deque(range(n)), {}, ""
    o.l = []
    o.n = 0
    t = dict(zip(range(n), range(n)))
    u, f = set(), collections.defaultdict(list)
    for i in range(n):
        a.append(i)
        b[i] = a
        c.pop()
        o.l.append((i, s))
        o.n += 1
        q.append(q.popleft())
        h[i] = i
        h.pop(i - 9, None)
        s += "x"
        t.pop(i)
        u.add((i, k))
        f[i, 0].append(i)
main(n)
"""


@pytest.fixture
def sweep(tmp_path, pyrecord):
    return sweeps.Sweep(tmp_path, 600)


def per_event(sweep, text, is_beside, sizes):
    """[(instructions, bytes)] an event, for each of the sizes."""
    return [sweep.count(text, is_beside, size) for size in sizes]


def steady(found, slack=1.25):
    (first, first_bytes), (last, last_bytes) = found[0], found[-1]
    assert last < first * slack, "instructions an event: %s" % found
    assert last_bytes < first_bytes * slack + 1, "bytes an event: %s" % found


def test_beside_large_data(sweep):
    steady(per_event(sweep, ALL_BESIDE, True, (4200, 16000)), slack=1.1)


def test_growing(sweep):
    steady(per_event(sweep, ALL_GROWING, False, (600, 3000)))


@pytest.mark.full
@pytest.mark.parametrize("name", sweeps.workloads())
def test_each_workload(name, sweep):
    text, is_beside = sweeps.workloads()[name]
    steady(per_event(sweep, text, is_beside, (5000, 200000) if is_beside else (2000, 16000)))


@pytest.mark.full
def test_quadratic_cost_would_be_seen(sweep):
    """The measure itself, on a program whose every turn walks what it made."""
    text = sweeps.MAKE + "v = []\nfor i in range(n):\n    v.append(i)\n    sum(v)\n"
    with pytest.raises(AssertionError):
        steady(per_event(sweep, text, False, (600, 3000)))


SHOWN = """
class Node:
    pass
def main(n):
    items, table, o, gone, text = [], {}, Node(), dict(zip(range(n), range(n))), ""
    o.count = 0
    for i in range(n):
        here = i
        items.append(i * 7)
        table[i] = [i]
        o.count += 2
        del gone[i]
        text += "x"
main(%d)
"""
COUNT = 6000


def expected_at(place, line):
    """{expression: text}, at the event of a line in turn `place` of the loop."""
    appended, stored, counted, deleted = (place + (line > at) for at in (9, 10, 11, 12))
    found = {"here": place, "len(items)": appended, "len(table)": stored, "o.count": 2 * counted,
             "len(gone)": COUNT - deleted, "len(text)": place}
    if appended:
        found["items[-1]"] = (appended - 1) * 7
        found["items[%d]" % (appended // 2)] = appended // 2 * 7
    if stored:
        found["table[%d]" % (stored // 2)] = [stored // 2]
    return {expression: str(value) for expression, value in found.items()}


def test_values_of_large_containers_at_random_events(tmp_path, pyrecord):
    path = tmp_path / "shown.py"
    path.write_text(SHOWN % COUNT)
    recording = tmp_path / "shown.pyrec"
    assert pyrecord("-q", "-o", recording, path).status == 0
    lines = subprocess.run(
        [run.PYREPLAY, "dump", "--format", "jsonl", "--no-locals", recording],
        stdout=subprocess.PIPE, check=True, env=os.environ).stdout.decode().split("\n")
    rows = [row for row in map(json.loads, filter(None, lines))
            if row["function"] == "main" and row["event"] == "line" and row["line"] > 8]
    assert len(rows) == 5 * COUNT
    words, expected = [run.PYREPLAY, "--batch"], []
    for place in random.Random(4).sample(range(len(rows)), 60):
        row = rows[place]
        words += ["-c", "goto %d" % row["seq"]]
        for expression, text in expected_at(place // 5, row["line"]).items():
            words += ["-c", "p ('%s', %s)" % (expression, expression)]
            expected.append("('%s', %s)" % (expression, text))
    done = run.run([*words, recording])
    assert done.status == 0, done
    shown = [line for line in done.text.split("\n") if line.startswith("('")]
    assert shown == expected
