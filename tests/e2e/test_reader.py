"""The second reader, written from FORMAT.md alone, prints what `pyreplay dump` prints."""
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import run

ROOT = Path(__file__).parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")
READER = ROOT / "tests" / "reader" / "pyrec_reader.py"
GOLDEN = sorted((ROOT / "tests" / "golden").glob("*.pyrec"))
BUILT = sorted((ROOT / "tests" / "golden").glob("*.txt"))
PROGRAMS = ["samples/distant_cause.py", "samples/thread_race.py",
            "tests/programs/closures.py", "tests/programs/containers.py",
            "tests/programs/coroutines.py", "tests/programs/exceptions.py",
            "tests/programs/generators.py", "tests/programs/scalars.py",
            "tests/programs/stdlib_data.py"]


def rows(words):
    process = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE)
    with process.stdout as lines:
        for line in lines:
            yield json.loads(line)
    assert process.wait() == 0


def first_difference(theirs, ours):
    """The first fields that differ, and how many events were the same before them."""
    same = 0
    for ours_row, theirs_row in itertools.zip_longest(ours, theirs, fillvalue={}):
        if ours_row != theirs_row:
            keys = [key for key in sorted(set(ours_row) | set(theirs_row))
                    if ours_row.get(key, "absent") != theirs_row.get(key, "absent")]
            return same, {"seq": theirs_row.get("seq"),
                          "pyreplay": {key: theirs_row.get(key, "absent") for key in keys},
                          "reader": {key: ours_row.get(key, "absent") for key in keys}}
        same += 1
    return same, None


def compare(recording, folder):
    theirs = rows([BUILD / "bin" / "pyreplay", "dump", "--format", "jsonl", recording])
    ours = rows([sys.executable, READER, recording, folder])
    same, difference = first_difference(theirs, ours)
    assert difference is None
    return same


@pytest.mark.parametrize("golden", GOLDEN, ids=[path.stem for path in GOLDEN])
def test_golden(golden, tmp_path):
    compare(golden, tmp_path)


@pytest.mark.parametrize("text", BUILT, ids=[path.stem for path in BUILT])
def test_built(text, tmp_path):
    recording = tmp_path / "it.pyrec"
    subprocess.run([BUILD / "tests" / "pyrec-build", text, recording], check=True)
    compare(recording, tmp_path / "gen")


@pytest.mark.parametrize("program", PROGRAMS)
def test_recorded(program, tmp_path):
    recording = tmp_path / "it.pyrec"
    subprocess.run([BUILD / "bin" / "pyrecord", "-q", "-o", recording,
                    "--include", Path(program).name, ROOT / program],
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, timeout=200)
    assert compare(recording, tmp_path / "gen") > 50


KILLED = {
    "values": """
class Node:
    pass
for i in range(150):
    node = Node()
    node.x = [i, str(i), -i / 3, 10 ** 30, b'\\xff', {i: node}]
    if i % 50 == 0:
        print(sorted(node.x[:1]), file=open('/dev/null', 'w'))
""",
    "threads": """
import threading
def work(k):
    for i in range(60):
        seen[i % 7] = [k, i]
seen = {}
threads = [threading.Thread(target=work, args=(k,)) for k in range(3)]
for t in threads: t.start()
for t in threads: t.join()
""",
    "code": """
for i in range(40):
    space = {}
    exec(compile('def f(x):\\n    y = x + %d\\n    return y\\n' % i, 'made_%d.py' % i, 'exec'), space)
    z = space['f'](i)
""",
}


@pytest.mark.parametrize("kind", KILLED)
def test_killed(kind, tmp_path):
    """Recording and tail of a program that was killed."""
    program, recording = tmp_path / "k.py", tmp_path / "k.pyrec"
    program.write_text(KILLED[kind] + "\nimport os\nos.kill(os.getpid(), 9)\n")
    process = subprocess.run([BUILD / "bin" / "pyrecord", "-q", "-o", recording, program])
    assert process.returncode == -9 and run.info(recording)["tail_events"] > 0
    assert compare(recording, tmp_path / "gen") > 50


def test_forked_child(tmp_path):
    """It begins with a checkpoint; killed, too."""
    program = tmp_path / "f.py"
    program.write_text("""
import os, signal
class Node:
    def __init__(self, x):
        self.x = x
nodes = {n: Node([n]) for n in range(5)}
def work(a):
    pid = os.fork()
    if pid:
        return os.waitpid(pid, 0)
    for n in range(40):
        nodes[n % 5].x.append([a, n])
        nodes[n + 10] = Node(str(n))
    os.kill(os.getpid(), signal.SIGKILL)
work(nodes[2])
""")
    subprocess.run([BUILD / "bin" / "pyrecord", "-q", "-o", tmp_path / "f.pyrec", program], check=True)
    (child,) = tmp_path.glob("f.[0-9]*.pyrec")
    assert compare(child, tmp_path / "gen") > 100


GROWS = """
def grow():
    items, entries, members = list(range(600)), dict.fromkeys(range(600)), set(range(600))
    items.append('new'); items[500] = 'middle'
    entries['new'] = 1; entries[400] = 2
    members.add('new')
    items[300:310] = []
    del entries[3]
    items.sort(key=str)
    return items, entries, members
grow()
"""


def test_writes_beyond_what_was_copied(tmp_path):
    """Items that are missing in the middle."""
    (tmp_path / "grows.py").write_text(GROWS)
    recording = tmp_path / "it.pyrec"
    subprocess.run([BUILD / "bin" / "pyrecord", "-q", "-o", recording,
                    tmp_path / "grows.py"], check=True)
    assert compare(recording, tmp_path / "gen") > 9


def test_many_chunks(tmp_path):
    """Keyframes, and deltas that go on from chunk to chunk."""
    recording = tmp_path / "it.pyrec"
    subprocess.run([BUILD / "bin" / "pyrecord", "-q", "-o", recording,
                    ROOT / "tests/bench/programs/bench_generators.py", "80"], check=True,
                   stdout=subprocess.DEVNULL)
    assert compare(recording, tmp_path / "gen") > 65536


def test_a_difference_is_seen():
    row = {"seq": 1, "locals": {"x": "1"}}
    assert first_difference([row], [row]) == (1, None)
    assert first_difference([row, row], [row])[1]
    assert first_difference([row], [dict(row, locals={"x": "2"})])[1]["reader"] == {
        "locals": {"x": "2"}}
