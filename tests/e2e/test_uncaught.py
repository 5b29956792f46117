"""Who caught an exception, where `finally`, `with`, a bare `raise` and threads lie on its way: held
against what random programs themselves note. What nobody caught is found by `catch uncaught`,
in both directions."""
import json
import random
import re

import pytest

import run

HEAD = '''\
import atexit, json, sys, threading
caught, raised = {}, []
atexit.register(lambda: print(json.dumps([raised, caught])))
class Known(Exception):
    pass
class Guard:
    def __enter__(self):
        return self
    def __exit__(self, *what):
        return False
def leaf():
    raised.append(len(raised))
    raise Known(raised[-1])
def quietly():
    try:
        leaf()
    except Known as error:
        caught[error.args[0]] = "quietly"
'''
WAYS = {
    "plain": "    {below}()\n",
    "finally": "    try:\n        {below}()\n    finally:\n        done = 1\n",
    "busy finally": "    try:\n        {below}()\n    finally:\n        quietly()\n",
    "with": "    with Guard():\n        {below}()\n",
    "again": "    try:\n        {below}()\n    except Known as error:\n        seen = error\n        raise\n",
    "inside": "    try:\n        try:\n            {below}()\n        finally:\n            try:\n"
              "                leaf()\n            except Known as other:\n"
              "                caught[other.args[0]] = '{name}'\n    finally:\n        done = 1\n",
    "generator": "    def each():\n        try:\n            yield 1\n            {below}()\n"
                 "        finally:\n            done = 1\n    for one in each():\n        pass\n",
    "loop": "    for turn in range(3):\n        try:\n            {below}()\n"
            "        except Known as error:\n            if turn == 2:\n                raise\n"
            "            caught[error.args[0]] = '{name}'\n",
    "caught": "    try:\n        {below}()\n    except Known as error:\n        caught[error.args[0]] = '{name}'\n",
}


def make(seed):
    """A program whose exceptions have numbers; the last chain of calls ends it."""
    rng = random.Random(seed)
    text = [HEAD]
    starts = []
    for chain in range(6):
        below = "leaf"
        for level in range(rng.randrange(1, 5)):
            name = "f%d_%d" % (chain, level)
            ways = [way for way in WAYS if chain < 5 or way != "caught"]
            text.append("def %s():\n%s" % (name, WAYS[rng.choice(ways)].format(
                below=below, name=name)))
            below = name
        starts.append((below, rng.random() < 0.4))
    for name, threaded in starts[:-1]:
        if threaded:
            text.append("t = threading.Thread(target=%s)\nt.start()\nt.join()\n" % name)
        else:
            text.append("try:\n    %s()\nexcept Known as error:\n    caught[error.args[0]] = '<module>'\n" % name)
    text.append("%s()\n" % starts[-1][0])
    return "".join(text)


def stops(recording, start, move, count):
    words = ["-c", "catch uncaught", "-c", start]
    for _ in range(count + 1):
        words += ["-c", move]
    done = run.pyreplay("--batch", *words, recording)
    numbers = re.findall(r"raises (?:\S+\.)?Known: (\d+)", done.text)
    return numbers, done.text


@pytest.mark.parametrize("seed", range(4))
def test_random_programs(seed, tmp_path, pyrecord, pyreplay):
    program, recording = tmp_path / "made.py", tmp_path / "r.pyrec"
    program.write_text(make(seed))
    done = run.pyrecord("-q", "-o", recording, program, cwd=tmp_path)
    raised, caught = json.loads(done.text.splitlines()[-1])
    expected = [(str(number), caught.get(str(number))) for number in raised]
    rows = [json.loads(line) for line in run.pyreplay(
        "exceptions", "--format", "json", recording, "Known").text.splitlines()]
    rows = [(row["exception"]["text"], row["handled"] and row["handled"]["function"]) for row in rows]
    assert rows == expected
    nobody = [number for number, function in expected if function is None]
    assert nobody and len(nobody) < len(raised)
    found, text = stops(recording, "goto start", "c", len(nobody))
    assert found == nobody, text
    assert "nobody catches: the run has %d" % len(nobody) in text
    found, text = stops(recording, "goto end", "rc", len(nobody))
    assert found == nobody[::-1], text


def test_on_its_way_at_the_end(tmp_path, pyrecord, pyreplay):
    program, recording = tmp_path / "p.py", tmp_path / "r.pyrec"
    program.write_text("import os, sys\nclass G:\n    def __enter__(self): pass\n"
                       "    def __exit__(self, *a): os._exit(3)\ndef f():\n    raise KeyError('k')\n"
                       "with G():\n    f()\n")
    run.pyrecord("-q", "-o", recording, program, cwd=tmp_path)
    done = run.pyreplay("--batch", "-c", "catch uncaught KeyError", "-c", "goto start", "-c", "c", recording)
    # __exit__ ran on: what it would have done with it is not known, so it counts as caught there.
    assert "never met it" in done.text and "End of the recording" in done.text
