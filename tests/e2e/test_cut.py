"""`pyreplay cut`: the events that are kept dump the same as in the whole recording, the file is
a valid one, and the second reader reads it."""
import json
import os
import random
import stat
import subprocess
import sys
from pathlib import Path

import compare
import pytest
import run
from cli_recordings import record

ROOT = Path(__file__).parents[2]
READER = ROOT / "tests" / "reader" / "pyrec_reader.py"
SYNTH = os.path.join(compare.BUILD, "tests", "pyrec-synth")
BUILDER = os.path.join(compare.BUILD, "tests", "pyrec-build")

# Threads, generators that are suspended over the cut, deep stacks, large containers that are
# written to here and there, objects that only C code holds for a while.
MIXED = '''\
import collections
import functools
import threading

table = {i: [i] for i in range(300)}
big = list(range(700))
words = collections.deque(maxlen=50)
held = []


class Node:
    def __init__(self, name, parent=None):
        self.name = name
        self.parent = parent
        self.children = []


def deep(n, node):
    child = Node("n%d" % n, node)
    node.children.append(child)
    if n:
        return deep(n - 1, child) + 1
    return 0


def numbers(limit):
    kept = []
    for i in range(limit):
        kept.append(i * i)
        table[i].append(kept)
        yield kept


def later(box):
    box["n"] += 1
    return lambda: box


@functools.lru_cache(None)
def cached(n):
    return [n] if n < 2 else cached(n - 1) + cached(n - 2)


def worker(tag):
    mine = {"tag": tag, "steps": []}
    for i in range(25):
        mine["steps"].append(i)
        big[i * 7] = tag
        words.append((tag, i))
    return mine


root = Node("root")
gens = [numbers(30), numbers(20)]
threads = [threading.Thread(target=worker, args=(t,)) for t in "abc"]
for thread in threads:
    thread.start()
for step in range(15):
    for gen in gens:
        next(gen)
    deep(step, root)
    held.append(later({"n": step}))
    cached(step)
    try:
        table["no such key"]
    except KeyError as error:
        last = error
for thread in threads:
    thread.join()
total = sum(len(kept()) for kept in held)
raise RuntimeError(last)
'''


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    return record(tmp_path_factory.mktemp("mixed"), MIXED, "mixed", status=1)


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory):
    path = tmp_path_factory.mktemp("synthetic") / "bank.pyrec"
    done = run.run([SYNTH, path, "--events", "60K", "--seed", "3"])
    assert done.status == 0, done
    return path


def lines(recording, *options):
    words = [run.PYREPLAY, "dump", "--format", "jsonl", *options, recording]
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, check=True)
    return done.stdout.splitlines()


def make_cut(whole, out, *options):
    done = run.pyreplay("cut", whole, "-o", out, *map(str, options))
    assert done.status == 0, done
    done = run.pyreplay("verify", out)
    assert done.status == 0, (options, done)
    return out


def check(whole, out, *options, globals=True):
    """The cut's dump is that of the whole with the same filter; in text and structured."""
    make_cut(whole, out, *options)
    for how in (("--values", "text"), ("--values", "structured")):
        how += ("--globals",) if globals else ()
        kept = lines(out, *how)
        wanted = lines(whole, *how, *options)
        for a, b in zip(kept, wanted):
            assert json.loads(a) == json.loads(b), (options, how)
        assert len(kept) == len(wanted), options
    out.unlink()


def points(count, recording, seed, most=2.5):
    rng = random.Random(seed)
    last = run.info(recording)["events"]
    for _ in range(count):
        first = rng.randint(1, last)
        yield first, min(last, first + int(10 ** rng.uniform(0, most)))


def test_at_many_places(mixed, tmp_path):
    for first, last in points(6, mixed, 1):
        check(mixed, tmp_path / "cut.pyrec", "--from", first, "--to", last)


def test_of_a_synthetic_recording(synthetic, tmp_path):
    for first, last in points(1, synthetic, 2, most=2):
        check(synthetic, tmp_path / "cut.pyrec", "--from", first, "--to", last, globals=False)


@pytest.mark.parametrize("options", [
    ("--thread", 2), ("--thread", 1, "--from", 900, "--to", 1500), ("--function", "worker"),
    ("--function", "deep", "--function", "Node.__init__"), ("--function", "numbers", "--from", 500),
    ("--file", "mixed.py", "--to", 2500), ("--function", "<module>", "--to", 900),
    ("--to", 1), ("--from", 1, "--to", 10)], ids=str)
def test_filters(mixed, tmp_path, options):
    check(mixed, tmp_path / "cut.pyrec", *options)


@pytest.mark.full
def test_filters_of_a_synthetic_recording(synthetic, tmp_path):
    check(synthetic, tmp_path / "cut.pyrec", "--thread", 1, "--from", 50000, "--to", 50150, globals=False)


@pytest.mark.parametrize("name", ["distant_cause", "swallowed_error", "thread_race"])
def test_samples(name, tmp_path):
    recording = tmp_path / "whole.pyrec"
    run.pyrecord("-q", "-o", recording, ROOT / "samples" / (name + ".py"), cwd=tmp_path)
    for first, last in points(2, recording, name):
        check(recording, tmp_path / "cut.pyrec", "--from", first, "--to", last)
    check(recording, tmp_path / "cut.pyrec", "--file", name + ".py", "--to", 1500)


def test_a_cut_of_a_cut(mixed, tmp_path):
    last = run.info(mixed)["events"]
    once = make_cut(mixed, tmp_path / "once.pyrec", "--from", 300, "--to", last - 300)
    for first, end in points(2, mixed, 5):
        first, end = max(first, 300), min(max(end, 300), last - 300)
        if first <= end:
            check(once, tmp_path / "twice.pyrec", "--from", first, "--to", end)
    filtered = make_cut(mixed, tmp_path / "some.pyrec", "--function", "numbers")
    check(filtered, tmp_path / "twice.pyrec", "--from", 700)
    check(filtered, tmp_path / "twice.pyrec", "--thread", 1)


@pytest.mark.parametrize("options", [("--from", 700, "--to", 1500), ("--function", "numbers"),
                                     ("--thread", 3)], ids=str)
def test_second_reader(mixed, tmp_path, options):
    out = make_cut(mixed, tmp_path / "cut.pyrec", *options)
    done = subprocess.run([sys.executable, str(READER), str(out), str(tmp_path)], stdout=subprocess.PIPE)
    assert done.returncode == 0
    theirs = [json.loads(line) for line in done.stdout.splitlines()]
    ours = [json.loads(line) for line in lines(out)]
    assert ours == theirs


@pytest.mark.full
def test_a_large_heap_spills_over_the_checkpoint(tmp_path):
    """More than a checkpoint holds: the rest stands in chunks without events."""
    text = ("rows, long = [], []\n"
            "for i in range(30000): rows.append({'k': [i, 'text %d' % i * 8]})\n"
            "for i in range(130000): long.append(i)\n"
            "x = 1\nlong[129999] = 'last'\nrows[29999]['k'].append(x)\nx = 2\nx = 3\n")
    whole = record(tmp_path, text, "heap", status=0)
    last = run.info(whole)["events"]
    out = tmp_path / "cut.pyrec"
    make_cut(whole, out, "--from", last - 3)
    done = run.pyreplay("--batch", "-c", "p len(long), long[77777], rows[12345], len(rows)", out)
    assert "(130000, 77777, {'k': [12345, 'text 12345" in done.text, done
    check(out, tmp_path / "again.pyrec", "--from", last - 1, globals=False)


def test_what_is_said(mixed, tmp_path):
    out = make_cut(mixed, tmp_path / "cut.pyrec", "--from", 100, "--to", 200)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    info = run.info(out)
    last = run.info(mixed)["events"]
    assert info["complete"] and info["events"] == 101
    assert info["lost"] == [{"before": 100, "events": 99, "reason": "cut"},
                            {"before": last + 1, "events": last - 200, "reason": "cut"}]
    done = run.pyreplay("info", out)
    assert "Left out: 99 events before event 100" in done.text
    assert out.stat().st_size < mixed.stat().st_size / 2


def test_refusals(mixed, tmp_path):
    out = tmp_path / "cut.pyrec"
    for options, status, says in [
            ((), 2, "-o OUT is missing"),
            (("-o", out, "--from", 10 ** 9), 1, "no event to keep"),
            (("-o", out, "--from", 20, "--to", 10), 1, "no event to keep"),
            (("-o", out, "--function", "nobody"), 1, "no function"),
            (("-o", out, "--thread", 99), 1, "no event to keep"),
            (("-o", mixed, "--from", 5), 2, "exists already"),
            (("-o", tmp_path / "no" / "such", "--from", 5), 3, "cannot write")]:
        done = run.pyreplay("cut", mixed, *map(str, options))
        assert done.status == status and says in done.message, (options, done)
    assert list(tmp_path.iterdir()) == []
