"""Every movement against a plain search through a list of all events, there and back again, in
random walks over twenty recordings, with the caches off, tiny and of the usual size. The driver,
tests/drivers/rp_walks.c, says what is held against what."""
import os

import compare
import generate
import pytest
import run

DRIVER = os.path.join(compare.BUILD, "tests", "rp_walks")
SYNTH = os.path.join(compare.BUILD, "tests", "pyrec-synth")
PROGRAMS = ["algorithms", "asyncio_use", "closures", "containers", "coroutines", "exceptions", "generators",
            "raw_threads", "recursion", "threads"]
SAMPLES = ["alias_mutated", "distant_cause", "late_binding", "shared_default", "swallowed_error", "thread_race"]
SEEDS = [31, 32, 33]
ALL = PROGRAMS + SAMPLES + ["generated %d" % seed for seed in SEEDS] + ["synthetic", "opcodes"]
SOME = ["coroutines", "exceptions", "generators", "threads", "thread_race", "generated 31", "synthetic", "opcodes"]
CACHES = ["on", "off", "100000"]


def recording(name, work):
    path = str(work / "r.pyrec")
    if name == "synthetic":
        done = run.run([SYNTH, path, "--events", "60K"])
        assert done.status == 0, done
        return path
    if name == "opcodes":
        done = run.pyrecord("-q", "-o", path, "--events", "line,exception,opcode",
                            os.path.join(compare.ROOT, "tests", "programs", "closures.py"))
        assert done.status == 0, done
        return path
    if name.startswith("generated"):
        program = work / "generated.py"
        program.write_text(generate.generate(int(name.split()[1])))
    else:
        folder = ["samples"] if name in SAMPLES else ["tests", "programs"]
        program = os.path.join(compare.ROOT, *folder, name + ".py")
    done = run.pyrecord("-q", "-o", path, program, cwd=work)
    assert os.path.exists(path), done
    return path


def walk(name, work, counted, count, seed, timeout=250):
    path = recording(name, work)
    total = 0
    for cache in CACHES:
        walks = count if cache == "on" else count // 30 if name == "synthetic" else count // 3
        done = run.run([DRIVER, path, cache, str(walks), str(seed)], timeout=timeout)
        assert done.status == 0, "%s, cache %s:\n%s" % (name, cache, done)
        checks = dict(line.split(": ") for line in done.text.splitlines())
        assert cache != "on" or all(int(number) > 0 for number in checks.values()), checks
        total += sum(map(int, checks.values()))
    counted("walks through %s: %d checks" % (name, total))


@pytest.mark.parametrize("name", SOME)
def test_walks(name, tmp_path, pyrecord, pyreplay, counted):
    walk(name, tmp_path, counted, 30, 1)


@pytest.mark.full
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", [2, 3])
@pytest.mark.parametrize("name", ALL)
def test_many_walks(name, seed, tmp_path, pyrecord, pyreplay, counted):
    walk(name, tmp_path, counted, 600, seed, timeout=1800)
