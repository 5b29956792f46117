"""The package: `python -m pyrecord`, recordings that a program begins and ends itself, pip."""
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


TURNS = PRELUDE + """
import gc, os, resource, threading
TURNS, SLOW = int(sys.argv[1]), 50
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
        try:
            pyrecord.start("/dev/null")
        except pyrecord.RecordingError as why:
            assert "already" in str(why)
        else:
            raise SystemExit("two recordings at a time")
        recorded(2)
    assert 10 < run.result.events < 200, run.result
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096
before = None
slots = (sys.gettrace(), list.__init__, map.__next__)
for n in range(TURNS):
    turn(n)
    if n == TURNS // 2:
        gc.collect()
        before = resident()
gc.collect()
grown = (resident() - before) / (TURNS - TURNS // 2)
assert grown < 600, grown
won = []
def racer(k):
    for n in range(TURNS // 10):
        try:
            with pyrecord.recording("race-%d-%d.pyrec" % (k, n)):
                mine = "thread %d" % k
                work(k)
            won.append((k, n))
        except pyrecord.RecordingError:
            pass
threads = [threading.Thread(target=racer, args=(k,)) for k in range(4)]
[t.start() for t in threads]
[t.join() for t in threads]
assert won and pyrecord.current() is None
assert slots == (sys.gettrace(), list.__init__, map.__next__)
print(len(won) > 0, won[0])
"""


@pytest.mark.timeout(1600)
@pytest.mark.parametrize("turns", [200, pytest.param(10000, marks=pytest.mark.full)])
def test_many_recordings_in_one_process(program, tmp_path, turns):
    done = run.run([PYTHON, program(TURNS), str(turns)], cwd=tmp_path,
                   timeout=100 if turns < 1000 else 1500)
    assert done.status == 0 and done.text.startswith("True"), done
    for recording in sorted(tmp_path.glob("race-*.pyrec"))[:5]:
        run.verified(recording)


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
