"""The limits hold for what is copied at first sight; what is written later is recorded."""
import json
import os
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.path.join(ROOT, os.environ.get("BUILD", "build"), "bin")

PROGRAM = """
def f(l, d):
    l[500] = 'x'
    l.append('y')
    l[3] = 'z'
    l.pop()
    d['new'] = 1
    d[400] = 'changed'
    d[2] = 'two'
    l.insert(0, 'first')
    return 1
f(list(range(1000)), {i: i for i in range(600)})
"""


def locals_at_lines(tmp_path, source, *options, events="line,return"):
    program = tmp_path / "program.py"
    program.write_text(source)
    out = tmp_path / "program.pyrec"
    subprocess.run([os.path.join(BIN, "pyrecord"), "-q", "-o", out, *options, program],
                   check=True, timeout=60)
    dump = subprocess.run([os.path.join(BIN, "pyreplay"), "dump", "--format", "jsonl",
                           "--function", "f", "--events", events, out],
                          check=True, timeout=60, capture_output=True, text=True)
    events = [json.loads(line) for line in dump.stdout.splitlines()]
    return {e["line"]: e["locals"] for e in events if e["event"] in ("line", "return")}


def test_writes_beyond_the_first_sight(tmp_path):
    at = locals_at_lines(tmp_path, PROGRAM, "--max-items", "4")
    head = "[0, 1, 2, 3, "
    assert at[3]["l"] == head + "...]"
    assert at[4]["l"] == head + "..., 'x', ...]"
    assert at[5]["l"] == head + "..., 'x', ..., 'y']"
    assert at[6]["l"] == "[0, 1, 2, 'z', ..., 'x', ..., 'y']"
    assert at[7]["l"] == "[0, 1, 2, 'z', ..., 'x', ...]"
    assert at[8]["d"] == "{0: 0, 1: 1, 2: 2, 3: 3, ..., 'new': 1}"
    assert at[9]["d"] == "{0: 0, 1: 1, 2: 2, 3: 3, ..., 400: 'changed', ..., 'new': 1}"
    assert at[11]["d"] == "{0: 0, 1: 1, 2: 'two', 3: 3, ..., 400: 'changed', ..., 'new': 1}"
    assert at[11]["l"] == "['first', 0, 1, 2, 'z', ..., 'x', ...]"


GROWING = """
def f(n):
    l, d, s = [], {}, ''
    for i in range(n):
        l.append(i)
        d[i] = str(i)
        s += 'x'
    return l
f(3000)
"""


def test_what_grows_is_complete(tmp_path):
    at = locals_at_lines(tmp_path, GROWING, "--max-items", "4", events="return")
    assert at[8]["l"] == repr(list(range(3000)))
    assert at[8]["d"] == repr({i: str(i) for i in range(3000)})
    assert at[8]["s"] == repr("x" * 3000)


CHAIN = """
class Node:
    def __init__(self, value, next):
        self.value = value
        self.next = next
def f(n):
    head = None
    for i in range(n):
        head = Node(i, head)
    total = 0
    while head:
        total += head.value
        value = head.next.next.next.value if head.value > 3 else -1
        head = head.next
    return total
f(60)
"""


@pytest.mark.parametrize("depth", ["2", "8"])
def test_a_chain_is_followed_from_where_one_stands(tmp_path, depth):
    at = locals_at_lines(tmp_path, CHAIN, "--max-depth", depth)
    assert at[15]["total"] == str(sum(range(60)))
    assert at[15]["value"] == "-1"
