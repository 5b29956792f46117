"""history, last, next-write and breakpoints from the shell, and as rows at the prompt."""
import json
import re

import cli_recordings
import pytest
import run


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    return cli_recordings.record(folder, cli_recordings.SHOP, "shop", status=1)


@pytest.fixture(scope="module")
def threads(tmp_path_factory):
    folder = tmp_path_factory.mktemp("threads")
    return cli_recordings.record(folder, cli_recordings.THREADS, "threads", status=0)


def rows(*args):
    done = run.pyreplay(*args, "--format", "json")
    assert done.status == 0, done
    return [json.loads(line) for line in done.text.splitlines()]


def test_history_rows(shop):
    events = {e["seq"]: e for e in run.dump(shop)}
    got = rows("history", shop, "cart.owner")
    assert [(r["before"], r["after"], r["line"]) for r in got] == [(None, "'ann'", 3), ("'ann'", "'bob'", 34)]
    for row in got:
        assert events[row["seq"]]["line"] == row["line"] and row["seen"] > row["seq"]
        assert events[row["seq"]]["time_ns"] == row["time_ns"] and not row["content"]
    items = rows("history", shop, "cart.items")
    assert [r["after"] for r in items] == [
        "[]", "[('tea', 3)]", "[('tea', 3), ('jam', 5)]", "[('tea', 3), ('jam', 5), ('nut', 7)]"]
    assert [r["before"] for r in items] == [None] + [r["after"] for r in items][:-1]
    assert [r["content"] for r in items] == [False, True, True, True]
    assert rows("history", shop, "cart.items", "--limit", "2") == items[:2]
    assert rows("history", shop, "cart.items", "--at", str(items[2]["seen"])) == items[:3]
    assert rows("history", shop, "cart.items", "--at", str(items[2]["seen"]), "--all") == items


def test_history_is_the_same_at_the_prompt(shop):
    text = run.pyreplay("--batch", "-c", "history cart.items", shop).text
    seqs = [int(line.split()[0]) for line in text.splitlines()]
    assert seqs == [r["seq"] for r in rows("history", shop, "cart.items")]
    done = run.pyreplay("--batch", "-c", "history --format json cart.items", shop)
    assert [json.loads(line) for line in done.text.splitlines()] == rows("history", shop, "cart.items")


def test_a_write_by_a_function_that_returned_is_its_callers(shop):
    row, = rows("history", shop, "amount")
    assert (row["function"], row["line"]) == ("total", 16)
    assert (row["by"]["function"], row["by"]["line"]) == ("report", 20)
    assert "shop.py:20" in run.pyreplay("history", shop, "amount").text


def test_last_and_next_write(shop):
    last, = rows("last", shop, "cart.owner")
    assert (last["before"], last["after"], last["line"]) == ("'ann'", "'bob'", 34)
    earlier, = rows("last", shop, "cart.owner", "--at", str(last["seq"]))
    assert earlier["after"] == "'ann'"
    again, = rows("next-write", shop, "cart.owner", "--at", str(earlier["seen"] + 20))
    assert again == last
    done = run.pyreplay("next-write", shop, "cart.owner")
    assert done.status == 1 and "no write of cart.owner after event" in done.message
    done = run.pyreplay("--batch", "-c", "last --format json cart.owner", "-c", "info event", shop)
    assert json.loads(done.text.splitlines()[0]) == last
    assert run.pyreplay("--batch", "-c", "info event", shop).text in done.text, "one stays where one is"


def test_after_success_names_are_those_of_the_end(threads):
    values = [r["after"] for r in rows("history", threads, "x")]
    assert values == ["1", "2"]
    assert rows("last", threads, "x")[0]["before"] == "1"


def test_breakpoint_hits(shop):
    events = run.dump(shop)
    got = rows("breakpoints", shop, "shop.py:15", "Cart.*", "total")
    count = [len([e for e in events if e["event"] == "line" and e["line"] == 15]),
             len([e for e in events if e["kind"] == "start" and e["function"].startswith("Cart.")]),
             len([e for e in events if e["kind"] == "start" and e["function"] == "total"])]
    assert [r["hits"] for r in got] == count and [r["sort"] for r in got] == ["line", "function", "function"]
    assert re.search(r"^Cart\.\* +shop\.py:\d+ +\d+$", run.pyreplay("breakpoints", shop, "Cart.*").text, re.M)


@pytest.mark.parametrize("args, status, words", [
    (("history", "nothing_at_all_here"), 1, "there is no variable 'nothing_at_all_here' here"),
    (("history",), 2, "is missing"), (("last", "1 + 2"), 2, "a variable, an attribute or an element"),
    (("history", "cart.owner", "--at", "99999999"), 1, "there is no event 99999999"),
    (("breakpoints", "nowhere.py:3"), 2, "no recorded code comes from"),
    (("breakpoints",), 2, "is missing"), (("history", "cart.owner", "--format", "xml"), 2, "neither text nor json"),
])
def test_wrong_calls(shop, args, status, words):
    done = run.pyreplay(args[0], shop, *args[1:])
    assert done.status == status and words in done.message and done.message.count("\n") == 1, done


KEYS = '''
import random
random.seed(5)
table = {}
seen = []


def turn(n, key, step):
    if n % 331 == 5:
        table["k17"] = table.pop("k17", 0) + 1     # to the end
    elif n % 661 == 7:
        table.pop("k17", None)
    elif n % 3 == 0:
        table.pop(key, None)
    elif n % 3 == 1:
        table[key] = n
    return step


for n in range(3000):
    table["k%d" % n] = n
for n in range(12000):
    turn(n, "k%d" % random.randrange(3000), n % 7)
    now = table.get("k17", "absent")
    if not seen or seen[-1] != now:
        seen.append(now)
'''


def test_a_key_of_a_large_dict_that_comes_and_goes(tmp_path, pyrecord):
    """It is followed, not looked for among all keys at each write."""
    program = tmp_path / "keys.py"
    program.write_text(KEYS)
    recording = tmp_path / "keys.pyrec"
    assert run.pyrecord("-q", "-o", recording, program).status == 0
    names = {"random": __import__("random")}
    exec(compile(KEYS, "keys.py", "exec"), names)  # the same again: its seed is its own
    expected = [str(value) if value != "absent" else None for value in names["seen"]]
    got = rows("history", recording, 'table["k17"]')
    shown = [row["after"] for row in got]
    assert shown == expected and len(shown) > 50 and shown.count(None) > 10
    there = [row for row in got if row["after"] is not None]
    for row in there[1::9]:
        last = rows("last", recording, 'table["k17"]', "--at", str(row["seen"] + 1))
        assert (last[0]["seq"], last[0]["after"]) == (row["seq"], row["after"])
        ahead = rows("next-write", recording, 'table["k17"]', "--at", str(row["seen"]))
        assert ahead[0]["seq"] > row["seq"]
    early = str(there[1]["seen"])
    none = run.pyreplay("next-write", recording, 'table["never"]', "--at", early, timeout=20)
    assert none.status == 1, none
    commands = ["goto " + early, 'watch table["k17"]', "c", "c", "rc"]
    words = [word for command in commands for word in ("-c", command)]
    text = run.pyreplay("--batch", *words, recording).text
    stops = re.findall(r'table\["k17"\]: (.*) -> (.*)  \(seen at event (\d+)\)', text)
    assert len(stops) == 3 and stops[0] == stops[2], text
    assert int(stops[1][2]) > int(stops[0][2]) > int(early)
