"""The synthetic recording that `make bench-replay` measures, small: it is a valid one, and what
the generator says is in it is there."""
import json
import os

import compare
import pytest
import run

SYNTH = os.path.join(compare.BUILD, "tests", "pyrec-synth")


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    path = tmp_path_factory.mktemp("synthetic") / "bank.pyrec"
    done = run.run([SYNTH, path, "--events", "1M", "--seed", "7"])
    assert done.status == 0, done
    return path, json.loads(done.text)


def said(pyreplay, path, *commands):
    words = [word for command in commands for word in ("-c", command)]
    done = pyreplay("--batch", *words, path)
    assert done.status == 0, done
    return done.text


def test_it_is_valid(sample, pyreplay):
    path, facts = sample
    done = pyreplay("verify", path)
    assert done.status == 0, done
    info = run.info(path)
    assert info["events"] == facts["events"] == facts["last_seq"] >= 1000000
    assert info["complete"] and info["exit_status"] == 1
    assert len(info["threads"]) == 4
    assert info["events_by_kind"]["exception"] > facts["raised"] > 10


def test_it_is_what_the_generator_says(sample, pyreplay):
    path, facts = sample
    last = ["goto %d" % facts["failure_seq"]]
    assert "RuntimeError" in said(pyreplay, path, *last)
    shown = said(pyreplay, path, *last, "p len(bank.journal), len(bank.accounts), len(bank.ledger)")
    assert "(%d, %d, %d)" % (facts["journal"], facts["accounts"], facts["ledger"]) in shown
    shown = said(pyreplay, path, *last, "p bank.rate, bank.limits[2], bank.settings, bank.ledger[17], seed")
    assert "(7, 99, {'mode': 'strict'}, 4242, 42)" in shown
    shown = said(pyreplay, path, "goto %d" % ((facts["deep_first_seq"] + facts["deep_last_seq"]) // 2),
                 "info threads")
    assert "explore" in shown or "route" in shown or "score" in shown


def test_a_tenth_of_the_writes_are_to_old_objects(sample):
    _, facts = sample
    assert 0.08 < facts["old_writes"] / facts["object_writes"] < 0.15
    assert facts["posts"] == facts["journal"] > 10000


def test_the_same_seed_gives_the_same_recording(sample, tmp_path):
    path, facts = sample
    again = run.run([SYNTH, tmp_path / "again.pyrec", "--events", "1M", "--seed", "7"])
    assert json.loads(again.text) == facts
    assert (tmp_path / "again.pyrec").read_bytes() == path.read_bytes()
    other = run.run([SYNTH, tmp_path / "other.pyrec", "--events", "1M", "--seed", "8"])
    assert json.loads(other.text) != facts
