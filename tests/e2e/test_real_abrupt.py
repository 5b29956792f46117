"""What a recording holds when the program ended in the middle."""
import json

import pytest
import run

SOURCE = """
import os, signal, sys
def work(n):
    seen = []
    for i in range(n):
        seen.append(i * i)
    return seen
def last(kind):
    marker = work(50)
    %s
last("here")
"""


def record(tmp_path, end):
    path = tmp_path / "p.py"
    path.write_text(SOURCE % end)
    done = run.pyrecord("-q", "-o", tmp_path / "p.pyrec", path)
    return done, tmp_path / "p.pyrec"


def rows_of(recording):
    done = run.pyreplay("dump", "--format", "jsonl", recording)
    return [json.loads(line) for line in done.text.splitlines()]


@pytest.mark.parametrize("end,status", [
    ("sys.exit(3)", 3), ("raise KeyError(1)", 1), ("os._exit(7)", 7), ("pass", 0),
    ("signal.raise_signal(signal.SIGINT)", -2), ("os.kill(os.getpid(), signal.SIGTERM)", -15),
])
def test_ends_that_can_be_told(end, status, tmp_path, pyrecord, pyreplay):
    done, recording = record(tmp_path, end)
    assert done.status == status, done
    facts = run.info(recording)
    if "SIGTERM" in end:  # nothing of ours may run then; what was written before reads
        assert facts["complete"] is False
        return
    assert facts["complete"] is True and facts["exit_status"] == status, facts
    run.verified(recording)
    rows = rows_of(recording)
    assert any(row["function"] == "last" and row["locals"].get("marker", "").startswith("[0, 1, 4")
               for row in rows)


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), signal.SIGKILL)", "os.abort()", "os._exit(1)"])
def test_abrupt_ends_leave_a_file_that_opens(end, tmp_path, pyrecord, pyreplay):
    """The file says whether it is finished (what is in its tail: test_crash_unfinished)."""
    done, recording = record(tmp_path, end)
    assert done.status != 0
    shown = pyreplay("info", "--format", "json", recording)
    assert shown.status in (0, 3), shown
    if shown.status == 0:
        assert json.loads(shown.text)["complete"] is ("_exit" in end)
    else:
        assert len(shown.message.splitlines()) == 1


def test_an_unfinished_file_reads_up_to_its_last_whole_chunk(tmp_path, pyrecord, pyreplay):
    path = tmp_path / "p.py"
    path.write_text("import os, signal\ndef f(n):\n    x = [n]\n    return x\n"
                    "for i in range(60000):\n    f(i)\nimport time; time.sleep(1)\n"
                    "os.kill(os.getpid(), signal.SIGKILL)\n")
    done = run.pyrecord("-q", "-o", tmp_path / "p.pyrec", path)
    assert done.status == -9
    facts = run.info(tmp_path / "p.pyrec")
    assert facts["complete"] is False
    assert facts["events"] >= 2 * 16384, facts
    rows = run.dump(tmp_path / "p.pyrec", "--from", "100000", "--to", "100100")
    assert len(rows) == 101 and any(row["locals"] for row in rows)


def test_a_child_does_not_write_into_its_parents_file(tmp_path, pyrecord, pyreplay):
    path = tmp_path / "p.py"
    path.write_text("import os, sys\ndef f(n):\n    return [n] * 3\n"
                    "for i in range(500): f(i)\n"
                    "pid = os.fork()\n"
                    "for i in range(40000): f(i)\n"
                    "if pid == 0:\n    sys.exit(0)\nos.wait()\nprint(len(f(1)))\n")
    done = run.pyrecord("-q", "-o", tmp_path / "p.pyrec", path)
    assert (done.status, done.out) == (0, b"3\n"), done
    run.verified(tmp_path / "p.pyrec")
    rows = [row for row in run.dump(tmp_path / "p.pyrec", "--no-locals") if row["function"] == "f"]
    calls = sum(row["event"] == "call" for row in rows)
    assert calls == 40501, calls
