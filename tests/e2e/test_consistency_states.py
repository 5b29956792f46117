"""The state at an event is the same whether reached by stepping forward, stepping backward
or a jump, with the caches on and off: at every event of recordings of up to 5,000 events,
and at 1,000 random events of larger ones."""
import os
import subprocess

import compare
import pytest
import run

DRIVER = os.path.join(compare.BUILD, "tests", "rp_states")
SMALL = ["closures", "containers", "coroutines", "dynamic", "exceptions", "generators", "hostile",
         "raw_threads", "algorithms", "recursion", "exit_status"]
LARGE = ["asyncio_use", "threads", "scalars", "difflib_use", "ast_unparse_use"]


def states(recording, way, cache, *more):
    done = run.run([DRIVER, recording, way, cache, *more], timeout=200)
    assert done.status == 0, done
    return done.text.splitlines()


def told_apart(recording, one, other):
    for a, b in zip(one, other):
        if a != b:
            seq = a.split()[0]
            shown = run.run([DRIVER, recording, "print", seq]).text
            return "event %s: %s against %s\n%s" % (seq, a, b, shown[:3000])
    return "%d against %d events" % (len(one), len(other))


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    made = {}

    def get(name):
        if name not in made:
            work = tmp_path_factory.mktemp(name)
            program = os.path.join(compare.ROOT, "tests", "programs", name + ".py")
            compare.record(program, [], str(work / "r.pyrec"), str(work))
            made[name] = work / "r.pyrec"
        return made[name]

    return get


@pytest.mark.parametrize("name", SMALL)
def test_every_event(name, recordings, pyreplay, counted):
    recording = recordings(name)
    assert run.info(recording)["events"] <= 5000
    forward = states(recording, "forward", "on")
    assert len(forward) == run.info(recording)["events"] > 100
    for way in (["backward", "on"], ["jump", "on"], ["jump", "off", "200", "5"], ["jump", "1", "0", "7"]):
        other = states(recording, *way)
        expected = forward
        if len(way) > 2 and way[2] != "0":
            chosen = {line.split()[0] for line in other}
            assert len(chosen) == 200
            expected = [line for line in forward if line.split()[0] in chosen]
        assert other == expected, told_apart(recording, expected, other)
    counted("%s: %d events, each reached forward, backward and by a jump" % (name, len(forward)))


@pytest.mark.parametrize("name", LARGE)
def test_random_events(name, recordings, pyreplay, counted):
    recording = recordings(name)
    forward = states(recording, "forward", "on", "1000", "11")
    assert len(forward) == 1000
    for way in ("backward", "jump"):
        other = states(recording, way, "on", "1000", "11")
        assert other == forward, told_apart(recording, forward, other)
    counted("%s: %d of %d events, each reached forward, backward and by a jump" % (
        name, len(forward), run.info(recording)["events"]))


def test_the_driver_tells_states_apart(recordings, pyreplay):
    """Two neighbouring events never have the same digest; the digest is of real text."""
    lines = states(recordings("containers"), "forward", "on")
    digests = [line.split()[1] for line in lines]
    assert len(set(digests)) == len(digests)
    shown = subprocess.run([DRIVER, recordings("containers"), "print", lines[-50].split()[0]],
                           capture_output=True, text=True).stdout
    assert "frame" in shown and "inner" in shown


def test_the_prompt_shows_the_same_state_both_ways(recordings, pyreplay):
    """The same through the commands a person types."""
    recording = recordings("containers")
    last = run.info(recording)["events"]
    look = ["-c", "w", "-c", "locals"]

    def look_at(*moves):
        words = [word for move in moves for word in ("-c", move)]
        done = pyreplay("--batch", *words, "-c", "p 'mark'", *look, recording)
        assert done.status == 0, done
        return done.text.rpartition("'mark'")[2]

    for seq in (last // 3, last // 2, last - 20):
        here = look_at("goto %d" % seq)
        assert here == look_at("goto %d" % (seq - 7), "s 7"), seq
        assert here == look_at("goto %d" % (seq + 9), "rs 9"), seq
        assert here == look_at("goto end", "goto start", "goto %d" % seq), seq
        assert here != look_at("goto %d" % (seq + 1)), seq
