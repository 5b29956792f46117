"""coverage.py, alone and under pytest-cov, beside the recorder: what it reports is the same, and
so are the recorded events of the program.

Looked for in the folder build/peers-X.Y, where `pip install --target=build/peers-3.12 coverage
pytest-cov` puts it for one Python; without, that version is skipped."""
import json
import re

import compare
import pytest
import run

APP = """
import lib
def main():
    total = 0
    for n in range(5):
        if n % 2:
            total += lib.double(n)
        else:
            total -= lib.summed(n)
    data = [n for n in range(3)]
    data.append(total)
    try:
        lib.fails(3)
    except ValueError as why:
        data.append(str(why))
    for item in data: total = item
    return data
if __name__ == "__main__":
    print(main())
"""
LIB = """
import threading
def double(n):
    if n > 100:
        return 0
    found = []
    thread = threading.Thread(target=lambda: found.append(n * 2))
    thread.start()
    thread.join()
    return found[0]
def summed(n):
    def inner():
        for i in range(n):
            yield i
    return sum(inner())
def fails(n):
    if n:
        raise ValueError(n)
    return n
"""
TESTS = """
import app, lib
def test_main():
    assert app.main()[-1] == "3"
def test_double():
    assert lib.double(3) == 6
"""
PYTHONS = {python.name: python for python in compare.built_pythons()}
CORES = {"ctrace": (3, 8), "pytrace": (3, 8), "sysmon": (3, 12)}
WAYS = {"run": ["-m", "coverage", "run", "--branch", "--data-file=data", "app.py"],
        "pytest": ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--cov=lib", "--cov=app",
                   "--cov-report=", "test_app.py"]}
TIMEOUT = 600  # of a run, seconds
DATA = {"run": "data", "pytest": ".coverage"}


def peers_of(python):
    folder = compare.BUILD + "/peers-" + python.name
    done = run.run([python.program, "-c", "import coverage, pytest_cov"],
                   env={"PYTHONPATH": folder})
    if done.status:
        pytest.skip("no coverage.py in %s" % folder)
    return folder


def events(recording):
    found = []
    for name in "app.py", "lib.py":
        done = run.pyreplay("dump", "--format", "jsonl", "--no-locals", "--file", "*" + name,
                            recording, timeout=TIMEOUT)
        rows = [json.loads(line) for line in done.text.splitlines()]
        found += [(row["event"], row["function"], row["line"]) for row in rows
                  if row["file"].rpartition("/")[2] == name]
    return sorted(found)


def measured(python, place, data, env):
    """What coverage.py says ran, and which branches were taken."""
    done = run.run([python.program, "-m", "coverage", "json", "-q", "--data-file=" + data,
                    "-o", "report.json"], cwd=place, env=env)
    assert done.status == 0, done
    files = json.loads((place / "report.json").read_text())["files"]
    return {name: (file["executed_lines"], file["missing_lines"],
                   file.get("executed_branches")) for name, file in files.items()}


def without_times(text):
    return re.sub(r"in [0-9.]+s", "", text)


@pytest.mark.full
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("version", PYTHONS)
def test_coverage(version, core, way, tmp_path):
    python = PYTHONS[version]
    if python.version < CORES[core]:
        pytest.skip("begins with a later version")
    env = {"PYTHONPATH": peers_of(python), "COVERAGE_CORE": core}
    for name, text in ("app", APP), ("lib", LIB), ("test_app", TESTS):
        (tmp_path / (name + ".py")).write_text(text)
    place, found = tmp_path, []
    for side, command in ("bare", [python.program]), ("recorded", [
            *python.recorder, "-q", "-o", tmp_path / "beside.pyrec"]):
        done = run.run([*command, *WAYS[way]], cwd=place, env=env,
                       timeout=TIMEOUT)
        found.append((done.status, without_times(done.text), without_times(done.message),
                      measured(python, place, DATA[way], env)))
        (tmp_path / DATA[way]).unlink()
    assert found[0] == found[1]
    plain = run.run([*python.recorder, "-q", "-o", tmp_path / "alone.pyrec",
                     *(["app.py"] if way == "run" else
                       ["-c", "import test_app; test_app.test_main(); test_app.test_double()"])],
                    cwd=place, env=dict(env, PYTHONPATH=str(place)), timeout=TIMEOUT)
    assert plain.status == 0, plain
    alone, beside = (events(tmp_path / name) for name in ("alone.pyrec", "beside.pyrec"))
    assert alone and beside == alone
    done = run.pyreplay("verify", tmp_path / "beside.pyrec")
    assert done.status == 0, done
