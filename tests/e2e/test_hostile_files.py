"""Recordings that somebody damaged or made to do harm: whatever their bytes are, a right
answer or a clear error, soon and in little memory."""
import glob
import os
import random
import subprocess

import pytest

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


@pytest.mark.parametrize("target", ["open", "chunk", "index", "expr", "ask"])
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
