"""A recording that was not finished: what is said of it, what its tail gives, how it is
repaired, and that it opens while the program still runs."""
import os
import re
import shutil
import signal

import pytest
import run
import test_crash_kills as kills


@pytest.fixture
def killed(tmp_path, pyrecord, pyreplay):
    process, recording, side = kills.start(tmp_path, "exceptions")
    kills.run_for(process, side, 0.2)
    kills.kill(process)
    return recording, side


@pytest.mark.parametrize("end,name", [
    ("os.kill(os.getpid(), signal.SIGTERM)", "SIGTERM"), ("os.abort()", "SIGABRT"),
    ("import ctypes; ctypes.string_at(1)", "SIGSEGV"),
    ("import faulthandler; faulthandler.enable(); ctypes = __import__('ctypes'); ctypes.string_at(1)",
     "SIGSEGV"),
    ("os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV"),
    ("signal.alarm(1); __import__('time').sleep(30)", "SIGALRM"),
    ("os.kill(os.getpid(), signal.SIGUSR1)", "SIGUSR1"),
    ("signal.signal(signal.SIGPIPE, signal.SIG_DFL); r, w = os.pipe(); os.close(r); os.write(w, b'x')",
     "SIGPIPE"),
    ("signal.signal(signal.SIGINT, signal.SIG_DFL); os.kill(os.getpid(), signal.SIGINT)", "SIGINT")])
def test_signals_that_end_a_program(end, name, tmp_path, program, pyrecord):
    """The status is that without recording, the last line is there, and the signal is named."""
    path = program("import os, signal\nx = 1\n%s\n" % end)
    done = pyrecord("-q", "-o", tmp_path / "a.pyrec", path)
    assert done.status == run.bare(path).status == -getattr(signal, name), done
    assert "killed by signal %d (%s) at " % (getattr(signal, name), name) in losses(
        tmp_path / "a.pyrec")
    assert any(row["line"] == 3 for row in run.dump(tmp_path / "a.pyrec"))
    assert run.pyreplay("repair", tmp_path / "a.pyrec", "-o", tmp_path / "b.pyrec").status == 0
    assert run.info(tmp_path / "b.pyrec")["exit_status"] == done.status


def losses(recording):
    return run.info(recording)["incomplete_reason"]


def test_it_says_how_and_when(killed):
    assert re.search(r"was killed .*SIGKILL.*last event at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$",
                     losses(killed[0]))


def test_a_tail_that_is_missing(killed):
    os.unlink("%s.tail" % killed[0])
    assert "up to 65536 events are lost: beside it there is no .tail file" in losses(killed[0])
    assert run.pyreplay("verify", killed[0]).status == 1


def test_a_tail_of_another_recording(killed, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    process, recording, side = kills.start(other, "loop")
    kills.run_for(process, side, 0.05)
    kills.kill(process)
    shutil.copy("%s.tail" % recording, "%s.tail" % killed[0])
    assert "it is of another recording" in losses(killed[0])


def test_every_length_of_a_tail(killed):
    """Cut off, it gives less, or nothing, and says so."""
    tail = "%s.tail" % killed[0]
    with open(tail, "rb") as file:
        whole = file.read()
    events = run.info(killed[0])["events"]
    for part in range(24):
        with open(tail, "wb") as file:
            file.write(whole[:len(whole) * part // 24])
        facts = run.info(killed[0])
        assert facts["events"] <= events
        assert "lost" in facts["incomplete_reason"] or facts["events"] == events


def test_damage_in_the_tail_ends_it_there(killed):
    """Its first seal of changes does not hold any more: no event of that batch is shown."""
    tail = "%s.tail" % killed[0]
    events = run.info(killed[0])["events"]
    with open(tail, "r+b") as file:
        for off in range(16384, os.path.getsize(tail), 512):
            file.seek(off)
            file.write(b"\xff")
    facts = run.info(killed[0])
    assert facts["events"] < events and "lost" in facts["incomplete_reason"]


def test_repair(killed, tmp_path):
    whole = tmp_path / "whole.pyrec"
    done = run.pyreplay("repair", killed[0], "-o", whole)
    assert done.status == 0, done
    run.verified(whole)
    facts, before = run.info(whole), run.info(killed[0])
    assert facts["complete"] is True and facts["events"] == before["events"]
    assert "was killed" in facts["end_reason"]
    # it opens where the other does, and says no more of the end
    where = [run.pyreplay("--batch", "-c", "where", "-c", "locals", path) for path in (whole, killed[0])]
    assert where[0].text == where[1].text and "->" in where[0].text, where
    assert "How it ended is not recorded" in run.pyreplay("info", whole).text
    assert run.dump(whole) == run.dump(killed[0])
    os.unlink("%s.tail" % killed[0])
    said = run.pyreplay("verify", killed[0])
    assert said.status == 1 and said.text.endswith("beside it there is no .tail file\n"), said
    less = tmp_path / "less.pyrec"
    assert run.pyreplay("repair", killed[0], "-o", less).status == 0
    run.verified(less)
    assert run.info(less)["events"] < facts["events"]


@pytest.mark.parametrize("kind", ["loop", "objects"])
def test_it_opens_while_the_program_runs(kind, tmp_path, pyrecord, pyreplay):
    process, recording, side = kills.start(tmp_path, kind)
    try:
        kills.run_for(process, side, 0.05)
        latest = 0
        for _ in range(5):
            told = kills.side_of(side)
            facts = run.info(recording)
            assert facts["still_runs"] is True and "still runs" in facts["incomplete_reason"]
            assert facts["events"] >= latest
            latest = facts["events"]
            known = kills.passed(recording, max(1, latest - 2000))
            assert told[0] <= known[0], (told, known)
    finally:
        kills.kill(process)
    kills.check(recording, side)


def test_a_hang_can_be_looked_at(tmp_path, program, pyrecord, pyreplay):
    import subprocess
    import time
    path = program("import time\ndef stuck(x):\n    time.sleep(1000)\nstuck('here')\n")
    process = subprocess.Popen([run.PYRECORD, "-q", "-o", str(tmp_path / "h.pyrec"), str(path)],
                               start_new_session=True)
    try:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if (tmp_path / "h.pyrec").exists() and (tmp_path / "h.pyrec").stat().st_size > 0:
                if run.info(tmp_path / "h.pyrec")["events"] >= 4:
                    break
            time.sleep(0.05)
        last = run.dump(tmp_path / "h.pyrec")[-1]
        assert last["function"] == "stuck" and last["line"] == 3 and last["locals"] == {"x": "'here'"}
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.parametrize("end,left", [("pass", False), ("os._exit(3)", False),
                                      ("os.kill(os.getpid(), signal.SIGKILL)", True)])
def test_a_finished_recording_has_no_tail(end, left, tmp_path, program, pyrecord):
    path = program("import os, signal\nx = 1\n%s\n" % end)
    pyrecord("-q", "-o", tmp_path / "a.pyrec", path)
    assert os.path.exists(tmp_path / "a.pyrec.tail") is left
    if left:
        assert os.stat(tmp_path / "a.pyrec.tail").st_mode & 0o777 == 0o600
        last = run.dump(tmp_path / "a.pyrec")[-1]
        assert last["line"] == 3
