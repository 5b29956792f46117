"""The oracle on every other Python that pyrecord was built for (`make pythons`): programs,
generated programs and random mutations against the tracers of the same version. What is not
found is named in the summary."""
import glob
import json
import os
import re

import compare
import generate
import mutate_run
import pytest
import run

PYTHONS = {python.name: python for python in compare.built_pythons()
           if python.version != compare.DEFAULT.version}
ALL = ["3.%d" % minor for minor in range(8, 16)]
PROGRAMS = sorted(glob.glob(os.path.join(compare.ROOT, "tests", "programs", "*.py")))
# Of a version these run always; the others with `make test-full`.
CHOSEN = ["async", "closures", "containers", "coroutines", "dynamic", "exceptions", "finalizers",
          "generators", "hostile", "match_statement", "mutations", "namespaces", "scalars", "threads"]
SEEDS = [3, 11]
FULL_SEEDS = list(range(1000, 1060))
SAMPLE = list(range(5010, 5025))
FULL = mutate_run.batches(0, 1499)


def pytest_names(path):
    return os.path.basename(path)[:-3]


def version_and(name, values, ids=None):
    """Parametrized by version, too; without one there is nothing to run."""
    def decorate(test):
        test = pytest.mark.parametrize(name, values, ids=ids)(test)
        return pytest.mark.parametrize("version", sorted(PYTHONS, key=ALL.index))(test)
    return decorate


def held(path, python, counted):
    for report in compare.compare(path, python=python):
        counted("%s: %s" % (python.name, next(report.lines())))
        assert report.counts["events"] > 100, str(report)
        assert report.difference_count == 0, str(report)
        assert report.share >= 0.95, str(report)


def program_held(path, version, counted, door="embedding"):
    python = PYTHONS[version].by(door)
    if not python.runs(path):
        pytest.skip("a program for later versions")
    held(path, python, counted)


def chosen_door(path):
    """Each second program by either door, so that both are seen every time."""
    return compare.DOORS[CHOSEN.index(pytest_names(path)) % 2]


@version_and("path", [p for p in PROGRAMS if pytest_names(p) in CHOSEN], ids=pytest_names)
def test_program(path, version, pyreplay, counted):
    program_held(path, version, counted, chosen_door(path))


@pytest.mark.full
@pytest.mark.parametrize("door", compare.DOORS)
@version_and("path", PROGRAMS, ids=pytest_names)
def test_every_program(path, version, door, pyreplay, counted):
    if pytest_names(path) not in CHOSEN or door != chosen_door(path):
        program_held(path, version, counted, door)


MONITORED = [name for name in PYTHONS if PYTHONS[name].version >= (3, 12)]
FALLBACK = ["mutations", "generators"]


@pytest.mark.parametrize("path", [pytest.param(
    p, marks=[] if pytest_names(p) in FALLBACK else pytest.mark.full) for p in PROGRAMS],
    ids=pytest_names)
@pytest.mark.parametrize("version", MONITORED)
def test_no_tool_of_sys_monitoring_is_free(path, version, pyreplay, counted, monkeypatch):
    """Then all that can have changed is looked at."""
    monkeypatch.setattr(compare, "PRELOAD", ["taken_tools"])
    program_held(path, version, counted)


def generated_held(seed, version, tmp_path, counted):
    path = tmp_path / ("generated_%d.py" % seed)
    path.write_text(generate.generate(seed, version=PYTHONS[version].version))
    held(str(path), PYTHONS[version].by(compare.DOORS[seed % 4 == 3]), counted)


@version_and("seed", SEEDS)
def test_generated_program(seed, version, tmp_path, pyreplay, counted):
    generated_held(seed, version, tmp_path, counted)


@pytest.mark.full
@version_and("seed", FULL_SEEDS)
def test_many_generated_programs(seed, version, tmp_path, pyreplay, counted):
    generated_held(seed, version, tmp_path, counted)


def mutations_held(seeds, version, counted):
    door = compare.DOORS[seeds[0] // mutate_run.BATCH % 2]
    outcome = mutate_run.run_batch(seeds, PYTHONS[version].by(door))
    counted("%s: generated programs %d to %d: %d events, %d texts, %d programs differ" % (
        version, seeds[0], seeds[-1], outcome.events, outcome.locals, len(outcome.differing)))
    assert outcome.events > 200 * len(seeds)
    assert outcome.share >= 0.95
    assert {seed: its[:3] for seed, its in outcome.differing.items()} == {}


@version_and("seeds", [SAMPLE], ids=["sample"])
def test_mutations(seeds, version, pyreplay, counted):
    mutations_held(seeds, version, counted)


@pytest.mark.full
@version_and("seeds", FULL, ids=lambda seeds: "%d-%d" % (seeds[0], seeds[-1]))
def test_many_mutations(seeds, version, pyreplay, counted):
    mutations_held(seeds, version, counted)


FAILS = '''
import os, sys

class Shop:
    def __init__(self):
        self.total = 0
        self.items = []

    def add(self, name, price):
        self.items.append((name, price))
        self.total += price
        return self.total

def prices():
    for price in (1, 2, "3"):
        yield price

shop = Shop()
try:
    int("x")
except ValueError:
    pass
print(sys.version_info[:2])
for price in prices():
    shop.add("thing", price)
'''


@version_and("way", ["script", "command"])
def test_a_failing_program(way, version, program, tmp_path, pyreplay):
    """Output, message and status are as without us; the recording has its end."""
    python = PYTHONS[version]
    path = program(FAILS)
    words = [str(path)] if way == "script" else ["-c", FAILS]
    bare = run.run([python.program, *words], cwd=tmp_path)
    ours = run.run([python.pyrecord, "-q", "-o", "r.pyrec", *words], cwd=tmp_path)
    assert (ours.status, ours.out, ours.err) == (bare.status, bare.out, bare.err)
    assert bare.status == 1 and b"TypeError" in bare.err
    facts = run.info(tmp_path / "r.pyrec")
    assert facts["complete"] and facts["exit_status"] == 1
    assert facts["python"].startswith(version + ".")
    run.verified(tmp_path / "r.pyrec")
    rows = run.dump(tmp_path / "r.pyrec", "--function", "*add*")
    # From 3.13 on, code of the library that prints the traceback follows.
    last = [row for row in rows if row["function"] in ("add", "Shop.add")][-1]
    assert (last["event"], last["kind"]) == ("return", "unwind")
    assert last["locals"]["price"] == "'3'"
    # though `prices` is thrown into afterwards, as it is dropped
    where = run.pyreplay("--batch", "-c", "w", tmp_path / "r.pyrec").text
    assert "self.total += price" in where.splitlines()[-1], where


@version_and("events", ["opcode", "c_call,c_return,c_exception"])
def test_more_events(events, version, program, tmp_path, pyreplay):
    """Asked for beside the usual events; instructions have a version's own names."""
    python = PYTHONS[version]
    path = program("def f(a):\n    return sorted(a) + [len(a)]\n\nprint(f([3, 1]))\n")
    done = run.run([python.pyrecord, "-q", "-o", "r.pyrec", "--events",
                    "call,line,return,exception," + events, str(path)], cwd=tmp_path)
    assert (done.status, done.text) == (0, "[1, 3, 2]\n"), done
    run.verified(tmp_path / "r.pyrec")
    kinds = run.info(tmp_path / "r.pyrec")["events_by_kind"]
    assert all(kinds[kind] >= 2 for kind in events.split(",") if kind != "c_exception"), kinds
    if events == "opcode":
        text = run.pyreplay("--batch", "-c", "b f", "-c", "c", "-c", "dis", tmp_path / "r.pyrec").text
        assert "RETURN_VALUE" in text and "CALL" in text, text


def calls_and_returns(python, path, options, place):
    """Those rows of a dump, without what another number of events changes."""
    recording = place / "r.pyrec"
    done = run.run([python.pyrecord, "-q", "--force", "-o", recording, *options, path], cwd=place,
                   env={"PYTHONHASHSEED": "0"})
    assert done.status == 0, done
    run.verified(recording)
    rows = [row for row in run.dump(recording, "--file", path) if row["event"] in ("call", "return")]
    return [(row["event"], row["kind"], row["function"], row["line"], re.sub(r"#\d+", "#", "%s %s" % (
        row["arg"], sorted(row["locals"].items())))) for row in rows]


@pytest.mark.parametrize("name", ["generators", pytest.param("coroutines", marks=pytest.mark.full),
                                  pytest.param("closures", marks=pytest.mark.full)])
@pytest.mark.parametrize("version", [compare.DEFAULT.name, *PYTHONS])
def test_calls_and_returns_alone(version, name, tmp_path, pyreplay):
    """Without line events the values at the others are the same; from 3.12 on they come from
    sys.monitoring."""
    path = os.path.join(compare.ROOT, "tests", "programs", name + ".py")
    python = compare.python_of(version)
    everything = calls_and_returns(python, path, [], tmp_path)
    alone = calls_and_returns(python, path, ["--events", "call,return"], tmp_path)
    assert len(everything) > 100
    for ours, theirs in zip(alone, everything):
        assert ours == theirs
    assert len(alone) == len(everything)


OPCODES = ["generators", "coroutines", "exceptions", "match_statement", "closures"]


@version_and("name", [pytest.param(name, marks=[] if name == "exceptions" else pytest.mark.full)
                      for name in OPCODES])
def test_opcode_events(name, version, tmp_path, pyreplay, counted):
    """Each instruction, with its line, and what comes between them, as a trace function has it."""
    python, path = PYTHONS[version], os.path.join(compare.ROOT, "tests", "programs", name + ".py")
    if not python.runs(path):
        pytest.skip("a program for later versions")
    tracer = os.path.join(compare.HERE, "opcode_tracer.py")
    env = {"PYTHONHASHSEED": "0"}
    done = run.run([python.program, tracer, "expected.jsonl", path], cwd=tmp_path, env=env)
    assert done.status == 0, done
    done = run.run([python.pyrecord, "-q", "-o", "r.pyrec", "--events",
                    "call,line,return,exception,opcode", path], cwd=tmp_path, env=env)
    assert done.status == 0, done
    expected = [tuple(json.loads(row)) for row in open(tmp_path / "expected.jsonl", encoding="utf-8")]
    recorded = [(row["event"], row["function"], row["line"], row.get("instruction"))
                for row in run.dump(tmp_path / "r.pyrec", "--file", path, "--no-locals")]
    counted("%s: %s.py: %d events, with those of instructions" % (version, name, len(recorded)))
    assert len(expected) > 500
    for i, (ours, theirs) in enumerate(zip(recorded, expected)):
        assert ours == theirs, "event %d: %s" % (i, expected[max(i - 3, 0):i])
    assert len(recorded) == len(expected)


def test_the_versions(counted):
    """Every version that the recorder knows and `make pythons` finds was built."""
    missing = [name for name in ALL if name not in PYTHONS and name != compare.DEFAULT.name]
    counted("tested here: Python %s" % ", ".join([compare.DEFAULT.name, *PYTHONS]))
    counted("not found, or not built: Python %s" % (", ".join(missing) or "none"))
    listed = run.run([compare.PYTHON, os.path.join(compare.ROOT, "make", "pythons.py"), "--others"],
                     env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")})
    found = [line.split(" ")[0] for line in listed.text.splitlines()]
    assert [name for name in found if name not in PYTHONS] == [], "run `make pythons`"


@version_and("way", ["cells"])
def test_arguments_that_are_cells(way, version, program, tmp_path, pyreplay):
    """Up to 3.10 such an argument has two places; only one of them is ever bound."""
    path = program("def outer(a, b=2):\n    def inner():\n        return a\n    a = [b]\n"
                   "    return inner()\n\nouter(1)\n")
    run.run([PYTHONS[version].pyrecord, "-q", "-o", "r.pyrec", str(path)], cwd=tmp_path)
    text = run.pyreplay("--batch", "-c", "b program.py:5", "-c", "c", "-c", "calls outer",
                        "-c", "history a", tmp_path / "r.pyrec").text
    assert "a=1" in text and "b=2" in text, text
    history = text[text.index("b=2"):]
    assert "[2]" in history and "there is no" not in history, text
    last = run.dump(tmp_path / "r.pyrec", "--function", "*outer*")[-1]["locals"]
    assert last["a"] == "[2]" and last["b"] == "2"


DEEP = '''
def chain(make, n):
    o = object()
    for _ in range(n):
        o = make(o)
    return n

print(chain(lambda o: o.__dir__, 100000), chain(lambda o: [o], 100000), chain(lambda o: (o,), 100000),
      chain(lambda o: {"o": o}, 100000))
'''


@version_and("events", ["call,return"])
def test_a_deep_structure_dies(events, version, program, tmp_path):
    """Whose end is watched must not overflow the C stack where it does not without us."""
    done = run.run([PYTHONS[version].pyrecord, "-q", "-o", "r.pyrec", "--events", events,
                    "--exclude", "*", str(program(DEEP))], cwd=tmp_path)
    assert (done.status, done.text) == (0, "100000 100000 100000 100000\n"), done
