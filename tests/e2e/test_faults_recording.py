"""What goes wrong while recording does not reach the program: its output and exit status are
those without recording, the file ends as far as it got with the reason inside, and one line
says so."""
import json
import os
import random
import re
import resource
import subprocess

import pytest
import run

PROGRAM = """
import sys, threading
class Failed(Exception):
    pass
def work(n, out):
    rows = []
    for i in range(n):
        rows.append((i * 2654435761 % 2**32, str(i) * 3))
        if i % 40 == 0:
            try:
                raise Failed(i)
            except Failed as e:
                rows.append(e.args)
    out.append(len(rows))
out = []
for k in range(30):
    thread = threading.Thread(target=work, args=(60, out))
    thread.start()
    work(100, out)
    thread.join()
    text = "%d" % k * 5000
print("total", sum(out), len(text))
print("warned", file=sys.stderr)
sys.exit(7)
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("faults") / "full.py"
    path.write_text(PROGRAM)
    plain = run.bare(path)
    assert plain.status == 7 and plain.text == "total 4950 10000\n", plain
    return path, plain


@pytest.fixture(scope="module")
def whole_bytes(program, tmp_path_factory, pyrecord):
    recording = tmp_path_factory.mktemp("whole") / "whole.pyrec"
    assert pyrecord("-q", "-o", recording, program[0]).status == 7
    return recording.stat().st_size


def check(done, plain, recording, reason=None, may_refuse=False, whole=False):
    """`reason`: what the file says of why it ended early. Returns its facts."""
    if may_refuse and done.status == 125:
        assert done.text == "" and done.message.startswith("pyrecord: "), done
        return None
    assert (done.status, done.out) == (plain.status, plain.out), done
    lines = done.message.splitlines()
    assert lines[0] == "warned" and len(lines) == 2, done
    assert lines[1].startswith("pyrecord: "), done
    assert not os.path.exists("%s.tail" % recording)
    facts = run.info(recording)
    if whole and not facts["end_reason"]:
        assert facts["complete"] is True
    elif reason is not None:
        assert facts["complete"] is True and re.search(reason, facts["end_reason"]), facts
        assert re.search(reason, lines[1]), done
    run.verified(recording)
    return facts


# --- No room ---

def test_limits_of_size(program, whole_bytes, tmp_path, pyrecord):
    limits_of_size(program, whole_bytes, tmp_path, 6)


@pytest.mark.full
def test_fifty_limits_of_size(program, whole_bytes, tmp_path, pyrecord):
    limits_of_size(program, whole_bytes, tmp_path, 50)


def limits_of_size(program, whole_bytes, tmp_path, count):
    chance = random.Random(7)
    for n in range(count):
        size = chance.randrange(70000, whole_bytes * 3 // 2 + 65536)
        recording = tmp_path / ("%d.pyrec" % n)
        words = [run.PYRECORD, "-o", str(recording), str(program[0])]
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)))
        done = run.Done(process, *process.communicate(timeout=100))
        done.status = process.returncode
        check(done, program[1], recording, "File too large")


@pytest.fixture
def small_disk(tmp_path):
    """A function that makes a file system of a size."""
    mounted = []

    def make(kib):
        place = tmp_path / ("disk%d" % len(mounted))
        place.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%dk" % kib, "tmpfs", place],
                              stderr=subprocess.PIPE)
        if done.returncode != 0:
            pytest.skip("no file system can be mounted here")
        mounted.append(place)
        return place

    yield make
    for place in mounted:
        subprocess.run(["umount", "-l", place])


def full_disks(program, whole_bytes, small_disk, count):
    chance = random.Random(8)
    for n in range(count):
        recording = small_disk(chance.randrange(72, whole_bytes // 1024 * 2)) / "full.pyrec"
        done = run.pyrecord("-o", recording, program[0])
        check(done, program[1], recording, "No space left on device", whole=True)


def test_full_disks(program, whole_bytes, small_disk, pyrecord):
    full_disks(program, whole_bytes, small_disk, 5)


@pytest.mark.full
def test_fifty_full_disks(program, whole_bytes, small_disk, pyrecord):
    full_disks(program, whole_bytes, small_disk, 50)


# --- Calls that fail ---

@pytest.fixture(scope="module")
def faulty(tmp_path_factory, pyrecord):
    """The library that makes calls fail, and where the recorder's code is."""
    library = tmp_path_factory.mktemp("faulty") / "faulty.so"
    source = os.path.join(run.ROOT, "tests", "faults", "faulty.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    places = []
    for line in subprocess.run(["nm", run.PYRECORD], stdout=subprocess.PIPE, check=True,
                               text=True).stdout.splitlines():
        words = line.split()
        if words[1:2] and words[1] in "tT" and re.match("(rec|tf|cl)_[a-z0-9_]*$", words[2]):
            places.append(int(words[0], 16))
    return str(library), "%x-%x" % (min(places), max(places) + 4096)


def with_fault(faulty, program, recording, op, start, count, error=5):
    env = {"LD_PRELOAD": faulty[0], "FAULT_CODE": faulty[1], "FAULT_OP": op,
           "FAULT_FROM": str(start), "FAULT_COUNT": str(count), "FAULT_ERRNO": str(error)}
    return run.pyrecord("-o", recording, program[0], env=env)


@pytest.mark.parametrize("error,reason", [(5, "Input/output error"), (122, "Disk quota exceeded"),
                                          (28, "No space left on device")])
@pytest.mark.parametrize("start", [3, 8, 20])
def test_a_write_fails(error, reason, start, faulty, program, tmp_path):
    """Once: the end can still be written."""
    done = with_fault(faulty, program, tmp_path / "a.pyrec", "write", start, 1, error)
    check(done, program[1], tmp_path / "a.pyrec", reason)


@pytest.mark.parametrize("start", [2, 7, 15])
def test_all_writes_fail(start, faulty, program, tmp_path):
    """For good: what was written before opens."""
    done = with_fault(faulty, program, tmp_path / "a.pyrec", "write", start, 0)
    assert (done.status, done.out) == (7, program[1].out), done
    assert "Input/output error" in done.message and len(done.message.splitlines()) == 2, done
    assert run.info(tmp_path / "a.pyrec")["complete"] is False


@pytest.mark.parametrize("error", [28, 95])
def test_nothing_can_be_reserved(error, faulty, program, tmp_path):
    """No tail then; with ENOSPC the disk is full from the start."""
    done = with_fault(faulty, program, tmp_path / "a.pyrec", "fallocate", 1, 0, error)
    facts = check(done, program[1], tmp_path / "a.pyrec", may_refuse=error == 28)
    assert facts is None or facts["end_reason"] is None


@pytest.mark.parametrize("start,count", [(1, 1), (2, 1), (1, 2)])
def test_threads_that_cannot_start(start, count, faulty, program, tmp_path):
    done = with_fault(faulty, program, tmp_path / "a.pyrec", "thread", start, count, 11)
    assert check(done, program[1], tmp_path / "a.pyrec")["end_reason"] is None


@pytest.mark.parametrize("start", [1, 2, 5, 12])
def test_nothing_can_be_mapped(start, faulty, program, tmp_path):
    done = with_fault(faulty, program, tmp_path / "a.pyrec", "mmap", start, 0, 12)
    assert check(done, program[1], tmp_path / "a.pyrec")["end_reason"] is None


# --- At every point: calls of one sort fail, once and for good, from the first to the last ---

# Which errors can come, and what may be said of them; None: nothing needs to be.
SWEEPS = {
    "write": (5, "Input/output error"),
    "fallocate": (122, "Disk quota exceeded"),
    "mmap": (12, None),
    "open": (24, None),
    "ftruncate": (5, None),
    "fdatasync": (5, "Input/output error"),
    "thread": (11, None),
    "clock_back": (0, None),
    "clock_forward": (0, None),
}


def at_point(faulty, program, tmp_path, op, start, count):
    error, reason = SWEEPS[op]
    recording = tmp_path / ("%s%d.%d.pyrec" % (op, start, count))
    done = with_fault(faulty, program, recording, op, start, count, error)
    if count == 0 and op == "write" and done.status != 125:  # no end can be written either
        assert (done.status, done.out) == (7, program[1].out), done
        assert len(done.message.splitlines()) == 2, done
        assert run.info(recording)["format_version"] == 1
    else:
        check(done, program[1], recording, reason, may_refuse=True, whole=True)
    for path in tmp_path.glob(recording.name + "*"):
        path.unlink()


@pytest.mark.parametrize("op,starts", [
    ("open", (1, 2)), ("ftruncate", (1,)), ("clock_back", (3, 40)), ("clock_forward", (2, 30))])
def test_points(op, starts, faulty, program, tmp_path):
    for start in starts:
        for count in 1, 0:
            at_point(faulty, program, tmp_path, op, start, count)


@pytest.mark.full
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("op", SWEEPS)
def test_every_point(op, faulty, program, tmp_path):
    """The program makes fewer of these calls, but clocks are read at each call and return."""
    step = 97 if op.startswith("clock") else 1
    for start in range(1, 60 * step, step):
        for count in 1, 0:
            at_point(faulty, program, tmp_path, op, start, count)


def memory(faulty, program, tmp_path, count):
    chance = random.Random(9)
    reasons = 0
    for n in range(count):
        start, for_good = int(1.25 ** chance.uniform(0, 45)), chance.random() < 0.3
        recording = tmp_path / ("%d.pyrec" % n)
        done = with_fault(faulty, program, recording, "malloc", start, 0 if for_good else 1)
        try:
            if for_good and done.status != 125:  # no memory for the end either
                assert (done.status, done.out) == (7, program[1].out), done
                assert len(done.message.splitlines()) == 2, done
                assert run.info(recording)["format_version"] == 1
                continue
            facts = check(done, program[1], recording, "out of memory", may_refuse=True, whole=True)
        except AssertionError as error:
            raise AssertionError("allocation %d: %s" % (start, error))
        reasons += facts is not None and bool(facts["end_reason"])
    assert reasons > 0


def test_memory(faulty, program, tmp_path):
    memory(faulty, program, tmp_path, 20)


@pytest.mark.full
def test_memory_at_many_points(faulty, program, tmp_path):
    memory(faulty, program, tmp_path, 300)


# --- Places ---

def test_places_that_cannot_be_written(program, tmp_path):
    done = run.pyrecord("-o", tmp_path / "none" / "a.pyrec", program[0])
    assert done.status == 125 and done.text == "" and "cannot write" in done.message, done


def test_a_tail_of_another_sort_is_left_alone(program, tmp_path):
    beside = tmp_path / "a.pyrec.tail"
    beside.write_text("mine")
    done = run.pyrecord("-o", tmp_path / "a.pyrec", program[0])
    assert done.status == 7 and beside.read_text() == "mine", done
    assert json.loads(run.pyreplay("info", "--format", "json", tmp_path / "a.pyrec").text)["complete"]
