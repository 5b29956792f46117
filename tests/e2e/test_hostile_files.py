"""Recordings that somebody damaged or made to do harm: whatever their bytes are, a right
answer or a clear error, soon and in little memory."""
import glob
import os
import random
import subprocess

import pytest

import bombs
import run

TESTS = os.path.join(run.BUILD, "tests")
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GOLDEN = sorted(glob.glob(os.path.join(ROOT, "golden", "*.pyrec")))
CORPUS = os.path.join(ROOT, "fuzz", "corpus")
SEED = int(os.environ.get("PYREC_SEED", "0")) or 1
FULL = bool(os.environ.get("PYREC_TEST_FULL"))


def tool(name, *args, timeout=280):
    """Runs a program of tests/fuzz, which ends itself when something is wrong."""
    done = subprocess.run([os.path.join(TESTS, name), *map(str, args)], timeout=timeout,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, (done.stdout[-300:], done.stderr[-2000:])
    return done.stdout.decode()


@pytest.mark.parametrize("target", ["open", "chunk", "index", "expr", "ask", "files"])
def test_corpus(target):
    """What the fuzzers found once, and what they reached most of the code with."""
    print(tool("fz-" + target, os.path.join(CORPUS, target)))


@pytest.mark.parametrize("target", ["open", "chunk", "index", "ask"])
def test_changed_content(target):
    """Numbers, fields and messages changed at random, behind checksums that hold."""
    count = 400 if FULL else 4
    print(tool("fz-" + target, "--mutate", count, SEED, os.path.join(CORPUS, target)))


def test_every_bit_and_length_sampled():
    """A tenth of the bits and lengths of three small recordings."""
    files = [f for f in GOLDEN if os.path.basename(f)
             in ("basic.pyrec", "threads.pyrec", "values.pyrec")]
    assert len(files) == 3
    assert all(os.path.getsize(f) <= 4096 for f in files)
    every = 1 if FULL else 11
    start = random.Random(SEED).randrange(every)
    print(tool("fz-flip", "--every", every, "--from", start, *files))


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("path", GOLDEN, ids=os.path.basename)
def test_every_bit_and_length(path):
    print(tool("fz-flip", path, timeout=1700))


# --- much out of little ---

# The peak of a process begins with that of the one that made it, so a small one does it.
MEASURE = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=open(sys.argv[1], "wb"),
                      stderr=subprocess.PIPE, timeout=250)
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
sys.stderr.buffer.write(done.stderr)
print(done.returncode, usage.ru_maxrss // 1024, usage.ru_utime + usage.ru_stime)
"""
SANITIZED = bool(os.environ.get("PYREC_SANITIZED"))
MIB_MAX = 256 * (4 if SANITIZED else 1)


def measure(tmp_path, *args):
    """Exit status, stderr, computing time in seconds, and bytes that were printed."""
    out = tmp_path / "out"
    done = subprocess.run([run.PYTHON, "-c", MEASURE, out, run.PYREPLAY, *args],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr[-500:]
    status, mib, seconds = done.stdout.split()
    assert int(status) in (0, 1, 3), done.stderr[-500:]
    assert int(mib) < MIB_MAX, (args, mib)
    return int(status), done.stderr.decode(), float(seconds), out.stat().st_size


@pytest.mark.parametrize("name", bombs.BOMBS)
def test_bombs(tmp_path, name):
    """What one part of a file may be at most is refused, or held, within 256 MiB."""
    path = tmp_path / "bomb.pyrec"
    path.write_bytes(bombs.BOMBS[name]())
    asked = [["dump", "--format", "jsonl"], ["verify"]]
    for args in asked + ([["info"], ["verify", "--quick"]] if FULL else []):
        status, err, seconds, _ = measure(tmp_path, *args, path)
        assert seconds < 5 * (4 if SANITIZED else 1)
        if args == ["verify"]:
            assert status in (1, 3) and err
        if status == 3:
            assert name == "header" or "(at byte " in err


USUAL = {"deep list", "deep tuple", "deep cell", "deep method", "wide", "cycle of 2",
         "cycle of causes"}


@pytest.mark.parametrize("name", [n if n in USUAL else pytest.param(n, marks=pytest.mark.full)
                                  for n in bombs.GRAPHS])
def test_values_without_an_end(tmp_path, name):
    """Cycles, depths and what unfolds to 2 ** 64 parts: an end, soon, that says so."""
    path = tmp_path / "graph.pyrec"
    path.write_bytes(bombs.GRAPHS[name]())
    small = path.stat().st_size < 4096
    asked = [["dump", "--format", "jsonl", "--values", "structured", path],
             ["who", path, "a"], ["when", path, "a == [[1]] or a"]]
    commands = ["p a", "pp a", "expand a", "p a == a", "p repr(a)", "p str(a)", "p hash(a)",
                "p sorted([a, a])", "p a < a", "p a in [a]", "last a", "history a", "locals",
                "goto start", "watch a", "c"]
    if FULL:
        asked += [["dump", path], ["dump", "--format", "jsonl", path], ["verify", path],
                  ["exceptions", "--all", path], ["search", path, "bad"]]
        asked += [["--batch", "--no-rc", "-c", "goto end", "-c", c, path] for c in commands]
    together = [word for c in ["goto end"] + commands for word in ("-c", c)]
    asked.append(["--batch", "--no-rc", *together, path])
    for args in asked:
        _, _, seconds, _ = measure(tmp_path, *args)
        assert seconds < (3 if small and not len(args) > 20 else 8) * (5 if SANITIZED else 1), (args, seconds)


def test_seek_table_of_a_sparse_file(tmp_path):
    """It says that there are 500 million frames, and the file is as long as that takes."""
    path = tmp_path / "sparse.pyrec"
    bombs.sparse(path, 500000000)
    for args in (["info"], ["verify", "--quick"]):
        measure(tmp_path, *args, path)
