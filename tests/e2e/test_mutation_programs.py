"""Random programs that change nested, aliased, shared objects through bytecode, C functions,
bound methods, iterators, closures, descriptors, generators, threads: 0 differences from what
an independent tracer sees.

A failing seed is looked at with
    python3 tests/oracle/mutate_run.py --seeds SEED:SEED
which prints the smallest program that still differs.
"""
import mutate
import mutate_run
import pytest

SAMPLE = mutate_run.batches(5010, 5069)
FULL = mutate_run.batches(0, 4999)


def held(seeds, counted):
    outcome = mutate_run.run_batch(seeds)
    counted("generated programs %d to %d: %d events, %d texts, %d programs differ" % (
        seeds[0], seeds[-1], outcome.events, outcome.locals, len(outcome.differing)))
    assert outcome.events > 200 * len(seeds)
    assert outcome.share >= 0.95
    return {seed: its[:3] for seed, its in outcome.differing.items()}


@pytest.mark.parametrize("seeds", SAMPLE, ids=lambda seeds: "%d-%d" % (seeds[0], seeds[-1]))
def test_sample(seeds, pyrecord, pyreplay, counted):
    assert held(seeds, counted) == {}


@pytest.mark.full
@pytest.mark.parametrize("seeds", FULL, ids=lambda seeds: "%d-%d" % (seeds[0], seeds[-1]))
def test_five_thousand(seeds, pyrecord, pyreplay, counted):
    assert held(seeds, counted) == {}


def test_both_sorts_of_batch_are_in_the_sample():
    assert [len(seeds) for seeds in SAMPLE] == [mutate_run.BATCH] * 2
    assert {mutate_run.leaves_out(seeds[0]) for seeds in SAMPLE} == {True, False}


def test_the_programs_are_what_they_say():
    one, two = mutate.Program(7), mutate.Program(8)
    assert one.lines() == mutate.Program(7).lines() != two.lines()
    text, places = mutate.write([one, two])
    lines = text.split("\n")
    for first, end, seed in places:
        compile("\n".join(lines[first - 1:end - 1]), "program", "exec")
        assert mutate_run.seed_of(places, "x generated.py:%d y" % first) == seed
    whole = mutate.generate(range(1, 60))[0]
    for needed in ("heapq.heap", "bisect.", "shuffle", "memoryview", "weakref", "in_thread",
                   "partial(", "map(", "__setattr__", "nonlocal", "globals()", "copy.copy"):
        assert needed in whole, needed


def test_a_difference_is_found_and_made_small(monkeypatch):
    """With a `recorder` that never sees `S0`: the smallest program is about S0."""
    program = mutate.Program(5)

    def blind(programs, kept=None, python=None):
        lines = programs[0].lines(kept)
        return (["line() generated.py:1 S0"] if any("S0 =" in one for one in lines) else [],
                [], [(1, 2, 5)])
    monkeypatch.setattr(mutate_run, "differences", blind)
    body = mutate_run.smallest(program.seed)[0]
    assert "S0 = " in body and "L0" not in body.split("A0 =")[0]
