"""The package: `python -m pyrecord`, recordings that a program begins and ends itself, pip."""
import json
import os
import shutil
import subprocess

import pytest

import run
from run import BUILD, PYTHON, ROOT
from test_record_like_python import SEE

PACKAGE = os.path.join(BUILD, "python")

# Whatever interpreter runs the program, the package is found.
PRELUDE = "import sys\nsys.path.insert(0, %r)\nimport pyrecord\n" % PACKAGE


def module(*args, cwd, env=None):
    """`python3 -m pyrecord`, without PYTHONPATH, which the program would see."""
    boot = os.path.join(PACKAGE, "pyrecord", "_boot.py")
    return run.run([PYTHON, boot, "-q", *args], cwd=cwd, env=env)


@pytest.mark.parametrize("args", [
    ["see.py", "a", "-q"], ["-m", "see", "a"], ["-c", SEE, "x"], ["./see.py"], ["folder"],
    ["-X", "dev", "see.py"]], ids=lambda args: " ".join(args)[:12])
def test_the_program_sees_the_bare_python(tmp_path, args):
    (tmp_path / "see.py").write_text(SEE)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "__main__.py").write_text(SEE)
    done = run.run([PYTHON, *args], cwd=tmp_path)
    options = ["-X", "dev"] if "-X" in args else []
    boot = os.path.join(PACKAGE, "pyrecord", "_boot.py")
    ours = run.run([PYTHON, *options, boot, "-q", *args], cwd=tmp_path)
    assert ours.text.splitlines() == done.text.splitlines()
    assert (ours.status, ours.message) == (done.status, done.message)


def test_python_m_pyrecord(tmp_path):
    (tmp_path / "app.py").write_text("import sys\nprint(sys.argv, sys.flags.optimize)\n1 / 0\n")
    env = {"PYTHONPATH": PACKAGE}
    done = run.run([PYTHON, "-m", "pyrecord", "-O", "app.py", "x"], cwd=tmp_path, env=env)
    bare = run.run([PYTHON, "-O", "app.py", "x"], cwd=tmp_path)
    assert done.status == bare.status == 1
    assert done.text == bare.text
    assert done.message.startswith(bare.message)
    assert "app.pyrec" in done.message
    run.verified(tmp_path / "app.pyrec")
    refused = run.run([PYTHON, "-m", "pyrecord", "--nonsense", "app.py"], cwd=tmp_path, env=env)
    assert refused.status == 125 and refused.message.startswith("pyrecord: ")


def test_both_ways_record_the_same(pyrecord, tmp_path):
    program = os.path.join(ROOT, "tests", "programs", "generators.py")
    assert pyrecord("-q", "-o", "a.pyrec", program, cwd=tmp_path).status == 0
    assert module("-o", "b.pyrec", program, cwd=tmp_path).status == 0

    def plain(name):
        return [(e["event"], e["kind"], e["function"], e["line"], sorted(e["locals"]))
                for e in run.dump(tmp_path / name)]
    assert plain("a.pyrec") == plain("b.pyrec")


MIDDLE = PRELUDE + """
import threading
def inner(items, k):
    local = {"k": k}
    pyrecord.start("part.pyrec")
    items.append(k)
    assert pyrecord.mark("here")
    local["items"] = items
    done = pyrecord.stop()
    return done
def outer():
    mine = ["outer"]
    return inner(mine, 7)
def waits(name):
    held = [name] * 3
    event.wait()
event = threading.Event()
thread = threading.Thread(target=waits, args=("w",))
thread.start()
print(outer().events, sys.gettrace(), sys.getprofile(), pyrecord.current())
event.set()
thread.join()
"""


def test_a_start_in_the_middle_has_the_frames_of_all_threads(program, tmp_path):
    done = run.run([PYTHON, program(MIDDLE)], cwd=tmp_path)
    assert done.status == 0, done
    recording = tmp_path / "part.pyrec"
    run.verified(recording)
    events = run.dump(recording)
    assert [e["function"] for e in events] == ["inner"] * len(events)
    assert events[0]["locals"] == {"items": "['outer']", "k": "7", "local": "{'k': 7}"}
    assert events[-1]["locals"]["items"] == "['outer', 7]"
    shown = run.pyreplay("--batch", "-c", "goto 1", "-c", "u", "-c", "locals", "-c", "threads",
                         recording)
    assert "mine = ['outer']" in shown.text and "Condition.wait" in shown.text, shown
    found = run.pyreplay("search", recording, "here")
    assert "mark" in found.text, found


MARKS = PRELUDE + """
def step(n):
    pyrecord.mark("step %d" % n)
    return n
with pyrecord.recording("marks.pyrec"):
    for n in (10, 1, 2):
        step(n)
    pyrecord.mark("the end \\u2014 or so")
    last = 1
"""


def test_marks(program, tmp_path):
    """Listed, in JSON, too; gone to by their text, of several by just that one."""
    done = run.run([PYTHON, program(MARKS)], cwd=tmp_path)
    assert done.status == 0, done
    rows = [json.loads(line) for line in
            run.pyreplay("marks", "--format", "json", tmp_path / "marks.pyrec").text.splitlines()]
    assert [row["mark"] for row in rows] == ["step 10", "step 1", "step 2", "the end \u2014 or so"]
    assert [row["function"] for row in rows] == ["step"] * 3 + ["<module>"]
    assert len(run.pyreplay("marks", tmp_path / "marks.pyrec", "step 1").text.splitlines()) == 3
    for text, n in ("step 1", 1), ("step 10", 10), ("step", 10), ("2", 2):
        shown = run.pyreplay("--batch", "-c", "goto mark " + text, "-c", "p n", tmp_path / "marks.pyrec")
        assert shown.text.splitlines()[-1] == str(n), shown
    listed = run.pyreplay("--batch", "-c", "marks end", tmp_path / "marks.pyrec")
    assert "the end \u2014 or so" in listed.text and "step" not in listed.text.replace(" step ", ""), listed
    none = run.pyreplay("--batch", "-c", "goto mark nowhere", tmp_path / "marks.pyrec")
    assert none.status == 1 and "no mark has 'nowhere' in it" in none.message, none
    assert run.pyreplay("marks", tmp_path / "marks.pyrec", "nowhere").status == 1


TURNS = PRELUDE + """
import ctypes, gc, threading
TURNS, THREADS = int(sys.argv[1]), 4
class Heap(ctypes.Structure):  # mallinfo2(3): what malloc() has given out, in all arenas
    _fields_ = [(name, ctypes.c_size_t) for name in (
        "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks",
        "fordblks", "keepcost")]
def used():
    gc.collect()
    libc = ctypes.CDLL(None)
    libc.mallinfo2.restype = Heap
    heap = libc.mallinfo2()
    return heap.uordblks + heap.hblkhd, sys.getallocatedblocks()
def work(n):
    data = [n]
    for i in range(3):
        data.append({"i": i})
    return data
@pyrecord.record(path="/dev/null")
def recorded(n):
    return recorded(n - 1) if n else work(n)
def turn(n):
    with pyrecord.recording("/dev/null") as run:
        work(n)
        with pyrecord.recording("never.pyrec") as part:
            work(n)
        assert part.path == run.path == "/dev/null", part.path
        assert 10 < part.result.events < 40, part.result
        assert part.result.message == "a part of another recording"
        try:
            pyrecord.start("never.pyrec")
        except pyrecord.RecordingError as why:
            assert "already" in str(why)
        else:
            raise SystemExit("two recordings at a time")
        recorded(2)
    recorded(1)
    return run.result.events
slots = (sys.gettrace(), sys.getprofile(), list.__init__, map.__next__)
events = set()
for n in range(TURNS // 2):
    events.add(turn(n))
    if n == TURNS // 4:
        before = used()
after = used()
assert len(events) == 1, events  # each has its own events, and no other's
grown = [b - a for a, b in zip(before, after)]
own = [0] * THREADS
def race(k, turns):
    for n in range(turns):
        with pyrecord.recording("race-%d-%d.pyrec" % (k, n), force=True) as run:
            work((k, n))
            with pyrecord.recording("inner-%d-%d.pyrec" % (k, n), force=True):
                work((k, n))
        own[k] += not run.result.message
def races(turns):
    threads = [threading.Thread(target=race, args=(k, turns)) for k in range(THREADS)]
    [t.start() for t in threads]
    [t.join() for t in threads]
races(max(5, TURNS // 40))
rounds = []  # what a thread that just ended still holds comes and goes; a leak is in each
for part in range(4):
    before = used()
    races(TURNS // 8 // THREADS)
    rounds.append([b - a for a, b in zip(before, used())])
grown += [4 * sorted(each)[1] for each in zip(*rounds)]
assert pyrecord.current() is None
assert slots == (sys.gettrace(), sys.getprofile(), list.__init__, map.__next__)
print(*grown, sum(own))
"""


@pytest.mark.timeout(1600)
@pytest.mark.parametrize("turns", [200, pytest.param(10000, marks=pytest.mark.full)])
def test_many_recordings_in_one_process(program, tmp_path, turns, counted):
    """Nested, and from several threads: nothing stays allocated, nothing is in another's file."""
    done = run.run([PYTHON, program(TURNS), str(turns)], cwd=tmp_path,
                   timeout=100 if turns < 1000 else 1500)
    assert done.status == 0, done
    *grown, own = map(int, done.text.split())
    counted("%d recordings: %d and %d bytes, %d and %d blocks of Python's more" % (
        turns, grown[0], grown[2], grown[1], grown[3]))
    assert all(n < 20000 for n in grown[::2]) and all(n < 200 for n in grown[1::2]), done
    assert own > turns // 20 and not (tmp_path / "never.pyrec").exists()
    recordings = sorted([*tmp_path.glob("race-*.pyrec"), *tmp_path.glob("inner-*.pyrec")])
    for recording in recordings[::max(1, turns // 400)]:
        run.verified(recording)
        what, k, n = recording.stem.split("-")
        calls = [e["locals"]["n"] for e in run.dump(recording, "--function", "work")
                 if e["event"] == "call"]
        assert calls.count("(%s, %s)" % (k, n)) == (2 if what == "race" else 1), calls
        # the other threads' events meanwhile are in it, each from where it stood then on
        for other in range(4):
            theirs = [int(text.split()[1][:-1]) for text in calls if text.startswith("(%d," % other)]
            assert theirs == sorted(theirs)


def test_the_package_installs(tmp_path):
    """Into a fresh environment; then it runs in another directory, the repository unused."""
    venv, source = tmp_path / "venv", tmp_path / "source"
    pip = [str(venv / "bin" / "python"), "-m", "pip"]
    if subprocess.run([PYTHON, "-m", "venv", str(venv)], stdout=subprocess.DEVNULL,
                      stderr=subprocess.DEVNULL).returncode:
        pytest.skip("this Python makes no virtual environments")
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(
        ".git", "build*", "tests", "samples", "*.egg-info"))
    has = subprocess.run([str(venv / "bin" / "python"), "-c", "import setuptools, wheel"],
                         stderr=subprocess.DEVNULL).returncode == 0
    done = subprocess.run(
        [*pip, "install", "-q", *(["--no-build-isolation"] if has else []), str(source)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=str(tmp_path), timeout=300,
        env={**os.environ, "CFLAGS": "-O1"})
    out = done.stdout.decode(errors="replace")
    if done.returncode and ("No matching distribution" in out or "setuptools" in out):
        pytest.skip("setuptools is neither there nor to be had")
    assert done.returncode == 0, out
    shutil.rmtree(str(source))
    away = tmp_path / "away"
    away.mkdir()
    (away / "app.py").write_text("print('ran')\n")
    ran = run.run([venv / "bin" / "python", "-m", "pyrecord", "app.py"], cwd=away)
    assert (ran.status, ran.text) == (0, "ran\n"), ran
    run.verified(away / "app.pyrec")


MUTED = PRELUDE + """
def left_out(n):
    def generate():
        yield 1
        yield 2
    made = generate()
    pyrecord.start("muted.pyrec", exclude_function=["left_out*"])
    next(made)
    inner(made)
    pyrecord.stop()
    lines = []
    def tracer(frame, event, arg):
        lines.append((event, frame.f_lineno - first))
        return tracer
    frame = sys._getframe()
    first = frame.f_lineno
    frame.f_trace = tracer
    sys.settrace(tracer)
    n += 1
    list(made)
    again = 1
    sys.settrace(None)
    return lines, frame.f_trace_lines
def inner(made):
    return 0
print(left_out(1))
"""


def test_functions_that_were_left_out_have_their_line_events_again(program, tmp_path):
    done = run.run([PYTHON, program(MUTED)], cwd=tmp_path)
    without = MUTED.replace("    pyrecord.start(", "    max(0, ").replace(
        '"muted.pyrec", exclude_function=["left_out*"]', "0").replace("    pyrecord.stop()", "    max(0, 0)")
    bare = run.run([PYTHON, program(without)], cwd=tmp_path)
    assert bare.status == 0 and "('line', 3)" in bare.text and bare.text.count("call") == 2, bare
    assert (done.text, done.message) == (bare.text, bare.message)
    assert run.info(tmp_path / "muted.pyrec")["events"] >= 3


WANTED = """
import sys
lines = []
def tracer(frame, event, arg):
    lines.append((event, frame.f_code.co_name, frame.f_lineno))
    return tracer
def generate():
    got = 0
    while True:
        got += 1
        yield got
def left_out(made):
    next(made)
    frame = sys._getframe()
    while frame:
        frame.f_trace = tracer
        frame = frame.f_back
    sys.settrace(tracer)
    a = next(made)
    b = a
    return b
def outer():
    made = generate()
    next(made)
    left_out(made)
    c = 1
outer()
sys.settrace(None)
print(lines)
"""


def test_a_program_that_traces_code_that_is_left_out(pyrecord, program, tmp_path):
    """As a debugger does that is called there: it gets each line of the frames that run already."""
    path = program(WANTED)
    bare = run.bare(path, cwd=tmp_path)
    done = pyrecord("-q", "-o", "r.pyrec", "--exclude", "*program.py", path, cwd=tmp_path)
    assert (done.status, done.text, done.message) == (bare.status, bare.text, bare.message)
    assert bare.text.count("'line', 'generate'") >= 2 and "'line', 'outer'" in bare.text
