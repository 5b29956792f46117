"""The oracle itself: its two tracers agree, it runs no code of the program, and the
comparison sees each sort of difference (so that 0 differences means something)."""
import copy
import glob
import json
import os
import subprocess
import sys

import compare
import pytest
import run

PROGRAMS = sorted(glob.glob(os.path.join(compare.ROOT, "tests", "programs", "*.py")))
BOTH = [p for p in PROGRAMS if "c-only" not in compare.marks(p)]


@pytest.mark.parametrize("program", BOTH, ids=lambda p: os.path.basename(p)[:-3])
def test_the_tracers_agree(program):
    report = compare.compare_oracles(program)
    assert report.counts["events"] > 100
    assert report.difference_count == 0, str(report)


def trace(path, tmp_path):
    out = str(tmp_path / "oracle.jsonl")
    done = compare.run_python_oracle(str(path), [], out, str(tmp_path))
    return compare.read_python_oracle(out), done


def test_hostile_objects_are_not_called(tmp_path):
    rows, done = trace(os.path.join(compare.ROOT, "tests/programs/hostile.py"), tmp_path)
    assert done.stdout == b"[]\n", done
    assert len(rows) > 500


TRUTH = '''
import json
seen = []
def f(a, b=2):
    c = [a, {"k": (a, b)}]
    seen.append(["c", repr(c)])
    c[1]["k"] = "\\ud800'"
    seen.append(["c", repr(c)])
    c.append(c)
    seen.append(["c", repr(c)])
    return c
f(-0.0)
f(10**30)
f(float("nan"))
f(b"\\x00'")
'''


def test_the_text_is_what_repr_gives(program, tmp_path):
    """Each repr() that the program itself takes stands in the next line's locals."""
    path = program(TRUTH + "open(%r, 'w').write(json.dumps(seen))\n" % str(tmp_path / "seen"))
    rows, _ = trace(path, tmp_path)
    seen = json.loads((tmp_path / "seen").read_text())
    lines = [r for r in rows if r["function"] == "f" and r["event"] == "line"]
    texts = [r["locals"]["c"] for r in lines if r["line"] in (6, 8, 10)]
    assert texts == [text for _, text in seen]


def fake(rows):
    """What `pyreplay dump` would print if the recorder were perfect."""
    out = []
    for seq, row in enumerate(rows, 1):
        one = {k: row[k] for k in ("event", "kind", "file", "function", "line", "thread",
                                   "frame", "parent")}
        shown = dict(row["locals"])
        shown.update({name: "<module.Type #1>" for name in row["skipped"]})
        seen = dict(row["globals"])
        seen.update({name: "<module.Type #1>" for name in row["globals_skipped"]})
        one.update(seq=seq, locals=shown, globals=seen, arg=row.get("arg"))
        if row["event"] == "exception":
            one["exception"] = {"type": row["exception_type"], "text": row["exception_text"]}
        out.append(one)
    return out


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    work = tmp_path_factory.mktemp("sample")
    program = os.path.join(compare.ROOT, "tests/programs/exceptions.py")
    rows, _ = trace(program, work)
    return rows, program


def differences(sample, damage):
    rows, program = sample
    recorded = fake(rows)
    damage(recorded)
    report = compare.Report(program)
    frames = compare.Frames()
    ours, _, _ = compare.align(copy.deepcopy(rows), program, False)
    theirs, _, _ = compare.align(recorded, program, False)
    for a, b in compare.compare_streams(report, compare.number_threads(ours),
                                        compare.number_threads(theirs), compare.FACTS, False):
        compare.compare_pair(report, frames, a, b)
    return report


def test_a_perfect_recording_has_no_difference(sample):
    report = differences(sample, lambda recorded: None)
    assert report.difference_count == 0, str(report)
    assert report.share == 1.0 and report.counts["locals"] > 500


def first(recorded, condition):
    return next(row for row in recorded if condition(row))


def wrong_text(recorded):
    recorded[200]["locals"]["__name__"] = "'other'"


def missing_local(recorded):
    del first(recorded, lambda r: r["function"] == "level" and "n" in r["locals"])["locals"]["n"]


def extra_local(recorded):
    recorded[300]["locals"]["ghost"] = "1"


def wrong_global(recorded):
    first(recorded, lambda r: "Guard" in r["globals"] or r["globals"])["globals"].clear()


def wrong_line(recorded):
    recorded[100]["line"] += 1


def missing_event(recorded):
    del recorded[150]


def doubled_event(recorded):
    recorded.insert(150, dict(recorded[150]))


def missing_last_event(recorded):
    del recorded[-1]


def wrong_kind(recorded):
    first(recorded, lambda r: r["kind"] == "unwind")["kind"] = "return"


def wrong_frame(recorded):
    calls = [r for r in recorded if r["event"] == "call"]
    calls[7]["frame"] = calls[3]["frame"]


def wrong_parent(recorded):
    first(recorded, lambda r: r["function"] == "level" and r["kind"] == "start")["parent"] = 1000000


def wrong_value(recorded):
    first(recorded, lambda r: r["kind"] == "return" and r["arg"] == "'overridden'")["arg"] = "None"


def value_of_unwinding(recorded):
    first(recorded, lambda r: r["kind"] == "unwind")["arg"] = "None"


def wrong_exception(recorded):
    first(recorded, lambda r: r["event"] == "exception")["exception"]["type"] = "OSError"


def wrong_exception_text(recorded):
    first(recorded, lambda r: r["event"] == "exception"
          and r["exception"]["text"])["exception"]["text"] = "x"


@pytest.mark.parametrize("damage", [
    wrong_text, missing_local, extra_local, wrong_global, wrong_line, missing_event, doubled_event,
    missing_last_event, wrong_kind, wrong_frame, wrong_parent, wrong_value,
    value_of_unwinding, wrong_exception, wrong_exception_text,
], ids=lambda f: f.__name__)
def test_each_sort_of_damage_is_seen(sample, damage):
    assert differences(sample, damage).difference_count > 0


def test_elided_locals_count_against_the_share(sample):
    def elide(recorded):
        for row in recorded:
            for name in row["locals"]:
                row["locals"][name] = "..."
                row.setdefault("elided", {})[name] = "budget"

    report = differences(sample, elide)
    assert report.share == 0.0


def test_the_tracer_can_be_imported_without_running():
    done = subprocess.run([run.PYTHON, "-c", "import sys; sys.path.insert(0, %r); import tracer; "
                           "assert sys.gettrace() is None" % compare.HERE])
    assert done.returncode == 0 and sys.version_info >= (3, 8)
