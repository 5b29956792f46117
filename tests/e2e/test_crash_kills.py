"""SIGKILL at any moment: the recording opens with its tail, nothing in it is wrong, and its
last events are the last ones that the program passed."""
import json
import os
import random
import signal
import struct
import subprocess
import time

import pytest
import run
from crash_programs import CHILD_PID, CHILD_PLACE, HEAD, KINDS

SEED = 20261121
PLACES = 4
ALL_PLACES = 10


def side_of(path, places=PLACES):
    return struct.unpack("<%dQ" % places, path.read_bytes()[:8 * places])


def start(directory, kind, *options):
    program, side = directory / (kind + ".py"), directory / (kind + ".side")
    program.write_text(HEAD + KINDS[kind])
    side.write_bytes(bytes(4096))
    process = subprocess.Popen(
        [run.PYRECORD, "-q", "--force", *options, "-o", str(directory / (kind + ".pyrec")),
         str(program), str(side)], stdin=subprocess.DEVNULL, start_new_session=True)
    return process, directory / (kind + ".pyrec"), side


def run_for(process, side, seconds):
    """So long after its first step."""
    end = time.monotonic() + 60
    while side_of(side)[0] == 0 and time.monotonic() < end and process.poll() is None:
        time.sleep(0.002)
    time.sleep(seconds)


def kill(process):
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait(60) == -signal.SIGKILL


def passed(recording, first_seq):
    """The latest i of each place at a line of passed(), from an event on."""
    done = run.pyreplay("dump", "--format", "jsonl", "--function", "passed", "--events", "line",
                        "--from", str(first_seq), recording)
    assert done.status == 0, done
    latest = [0] * ALL_PLACES
    for line in done.text.splitlines():
        values = json.loads(line)["locals"]
        latest[int(values["k"])] = int(values["i"])
    return latest


def check(recording, side):
    """The recording of a program that is dead; returns its facts."""
    facts = run.info(recording)
    assert facts["complete"] is False
    run.verified(recording)
    told = side_of(side)
    latest = passed(recording, max(1, facts["events"] - 10000))
    if any(i > known for i, known in zip(told, latest)):  # a thread that waited for long
        latest = passed(recording, 1)
    for place, (i, known) in enumerate(zip(told, latest)):
        assert i <= known <= i + 1, (place, told, latest, facts)
    check_child(recording, side)
    return facts


def check_child(recording, side):
    """The latest forked child's, which died in the same moment or was done before."""
    told = side_of(side, ALL_PLACES)
    child = recording.with_suffix(".%d.pyrec" % told[CHILD_PID])
    if told[CHILD_PID] == 0:
        return
    run.verified(child)
    known = passed(child, 1)[CHILD_PLACE]
    assert told[CHILD_PLACE] <= known <= told[CHILD_PLACE] + 1, (told, known)


def kill_at(directory, kind, seconds):
    process, recording, side = start(directory, kind)
    try:
        run_for(process, side, seconds)
    finally:
        kill(process)
    facts = check(recording, side)
    for child in directory.glob(kind + ".[0-9]*.pyrec*"):
        child.unlink()
    return facts


def kill_often(directory, count, seed, longest):
    chance = random.Random(seed)
    from_tail = 0
    for n in range(count):
        kind = list(KINDS)[n % len(KINDS)]
        seconds = chance.random() ** 2 * longest
        try:
            from_tail += kill_at(directory, kind, seconds)["tail_events"]
        except AssertionError as error:
            raise AssertionError("kill %d, %s after %.3f s: %s" % (n, kind, seconds, error))
    assert from_tail > 0


def test_kills(tmp_path, pyrecord, pyreplay):
    kill_often(tmp_path, 100, SEED, 0.15)


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(10))
def test_two_thousand_kills(part, tmp_path, pyrecord, pyreplay):
    """Two hundred in each part: all kinds of programs, twenty times."""
    kill_often(tmp_path, 200, SEED + 1 + part, 0.4)
