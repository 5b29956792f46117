"""The machine stops. What was brought to the disk, at least once a second, is there; of the
pages that were written since, any may be. The recording opens, holds what was safe, shows
nothing that did not happen, and says that the machine may have stopped.

A preloaded library (tests/faults) keeps what is on the disk: the file as it was at its latest
fdatasync. The pages that the kernel may have written by itself are dealt at random."""
import os
import random
import shutil
import subprocess
import time

import pytest
import run
import test_crash_kills as kills
from test_faults_recording import faulty  # noqa: F401

PAGE = 4096
SEED = 20261124


def start(faulty, directory, kind, delay_ms, pause):
    """As kills.start(), under the library, on a kernel that has another boot_id than ours. It
    sleeps for `pause` seconds now and then."""
    directory.mkdir()
    shadow = directory / "disk"
    shadow.mkdir()
    (directory / "boot_id").write_text("01234567-89ab-cdef-0123-456789abcdef\n")
    env = dict(os.environ, LD_PRELOAD=faulty[0], FAULT_SHADOW=str(shadow),
               FAULT_SIDE=str(directory / (kind + ".side")), FAULT_DELAY=str(delay_ms),
               FAULT_BOOT=str(directory / "boot_id"))
    program, side = directory / (kind + ".py"), directory / (kind + ".side")
    program.write_text(kills.HEAD + """
import time
def passed(k, i):
    side[k] = i
    if i %% 64 == 0:
        time.sleep(%r)
""" % pause + kills.KINDS[kind])
    side.write_bytes(bytes(4096))
    process = subprocess.Popen(
        [run.PYRECORD, "-q", "-o", str(directory / (kind + ".pyrec")), str(program), str(side)],
        stdin=subprocess.DEVNULL, start_new_session=True, env=env)
    return process, shadow


def cut(runs, chance):
    """Lets them run for some time after the first syncs, then kills them all."""
    end = time.monotonic() + 100
    for process, shadow, directory, kind in runs:
        while not (shadow / (kind + ".side")).exists():
            assert time.monotonic() < end and process.poll() is None
            time.sleep(0.02)
    time.sleep(chance.random() * 1.2)
    for process, *_ in runs:
        kills.kill(process)


def after_the_cut(on_disk, in_memory, chance):
    """A file: each page, and the length, as it was synced or as it was last."""
    old, new = on_disk.read_bytes(), in_memory.read_bytes()
    length = len(chance.choice([old, new]))
    old, new = old.ljust(length, b"\0"), new.ljust(length, b"\0")
    newer = chance.random()
    return b"".join((new if chance.random() < newer else old)[off:min(off + PAGE, length)]
                    for off in range(0, length, PAGE))


def told(side):
    return kills.side_of(side)[0]


def look(recording, wanted):
    """The steps that it shows are the first ones, without a hole; the last KiB of rows has no
    checksum and may be anything. Returns how many there are."""
    facts = run.info(recording)
    why = facts["incomplete_reason"]
    assert facts["complete"] is False
    # a frame of which some pages are old cannot be told from one that was damaged
    assert "or the machine stopped" in why or why.startswith("damaged recording: the frame at"), why
    rows = run.dump(recording, "--function", "passed", "--events", "line")
    line = min(row["line"] for row in rows)
    steps = [int(row["locals"]["i"]) for row in rows
             if row["line"] == line and row["locals"].get("k") == "0"]
    sure = max(0, len(steps) - 100)
    assert steps[:sure] == list(range(1, sure + 1)), recording
    assert len(steps) >= wanted, (len(steps), wanted, facts)
    return len(steps)


def power_cuts(faulty, tmp_path, chance, kinds, delay_ms, mixtures, pause=0.01):
    runs = []
    for kind in kinds:
        directory = tmp_path / kind
        shutil.rmtree(directory, ignore_errors=True)
        process, shadow = start(faulty, directory, kind, delay_ms, pause)
        runs.append((process, shadow, directory, kind))
    try:
        cut(runs, chance)
    finally:
        for process, *_ in runs:
            if process.poll() is None:
                process.kill()
                process.wait()
    for process, shadow, directory, kind in runs:
        # a slow disk: what the batches held that were written while the tail was on its way
        wanted = told(shadow / (kind + ".side")) if delay_ms == 0 else 0
        if (shadow / (kind + ".pyrec")).stat().st_size == 0:
            continue
        look(shadow / (kind + ".pyrec"), wanted)
        last = look(directory / (kind + ".pyrec"), told(directory / (kind + ".side")))
        mixed = directory / "mixed"
        mixed.mkdir()
        for n in range(mixtures):
            for name in kind + ".pyrec", kind + ".pyrec.tail":
                (mixed / name).write_bytes(after_the_cut(shadow / name, directory / name, chance))
            assert look(mixed / (kind + ".pyrec"), 0) <= last + 1
            whole = mixed / "whole.pyrec"
            done = run.pyreplay("repair", "--force", mixed / (kind + ".pyrec"), "-o", whole)
            assert done.status == 0, done
            assert run.info(whole)["complete"]


@pytest.mark.full  # which pages are old depends on the kernel's timing, so no two runs are alike
def test_power_cuts(faulty, tmp_path, pyrecord, pyreplay):
    power_cuts(faulty, tmp_path, random.Random(SEED), ["loop", "exceptions"], 0, 3)


@pytest.mark.full
@pytest.mark.timeout(3600)
def test_many_power_cuts(faulty, tmp_path, pyrecord, pyreplay):
    chance = random.Random(SEED + 1)
    for n in range(20):
        power_cuts(faulty, tmp_path, chance, ["loop", "exceptions", "objects", "recursion"],
                   chance.choice([0, 0, 300]), 6, chance.choice([0.0, 0.001, 0.01, 0.05]))


SLOW = """
import time
end = time.monotonic() + 1.6
n = 0
while time.monotonic() < end:
    n += 1
print(n > 100)
"""


def test_a_slow_disk_holds_up_nobody(faulty, tmp_path, program, pyrecord):
    """Each fdatasync takes 20 seconds: neither the program nor its end waits for it."""
    started = time.monotonic()
    done = run.pyrecord("-o", tmp_path / "a.pyrec", program(SLOW),
                        env={"LD_PRELOAD": faulty[0], "FAULT_DELAY": "20000"})
    assert done.status == 0 and done.text == "True\n"
    assert time.monotonic() - started < 15
    run.verified(tmp_path / "a.pyrec")
    assert run.info(tmp_path / "a.pyrec")["complete"]


@pytest.mark.parametrize("error,reason", [(5, "Input/output error"), (122, "Disk quota exceeded")])
def test_a_disk_that_loses_data(error, reason, faulty, tmp_path, program, pyrecord):
    """The sync says so: the recording ends there, the program does not."""
    done = run.pyrecord("-o", tmp_path / "a.pyrec", program(SLOW.replace("1.6", "3")), env={
        "LD_PRELOAD": faulty[0], "FAULT_OP": "fdatasync", "FAULT_FROM": "1", "FAULT_COUNT": "1",
        "FAULT_ERRNO": str(error)})
    assert done.status == 0 and done.text == "True\n"
    assert reason in done.message and len(done.message.splitlines()) == 1
    assert reason in run.info(tmp_path / "a.pyrec")["end_reason"]
    run.verified(tmp_path / "a.pyrec")
