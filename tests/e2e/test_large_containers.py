"""Containers that are written at random over many chunks: pages of them are written whole from
time to time, and what the replayer shows of them anywhere is what the program had there."""
import ast
import json
import os
import random
import sys
from pathlib import Path

import run

ROOT = Path(__file__).parents[2]
PROGRAM = """
def main(rounds):
    seed, items, table = 1, [0] * 400, {i: -1 for i in range(300)}
    for i in range(rounds):
        seed = seed * 1103515245 + 12345 & 0x7fffffff
        items[seed % 400] = i
        table[seed % 300] = i
    return items, table
main(ROUNDS)
"""
ROUNDS = 120000


def states(wanted):
    """After so many rounds -> (items, table)."""
    seed, items, table = 1, [0] * 400, {i: -1 for i in range(300)}
    found = {}
    for i in range(ROUNDS):
        if i in wanted:
            found[i] = list(items), dict(table)
        seed = seed * 1103515245 + 12345 & 0x7fffffff
        items[seed % 400] = i
        table[seed % 300] = i
    return found


def pages_written(recording, folder):
    """How many changes put as many values, and more than one, as they take away."""
    sys.path.insert(0, str(ROOT / "tests" / "reader"))
    import pyrec_file
    from pyrec_state import Ops
    messages = pyrec_file.load_messages(str(folder))
    count = 0
    for name, message in pyrec_file.fields(recording.read_bytes(), messages.Recording):
        if name == "chunk":
            for change, numbers, values in Ops(message.changes).rest():
                count += (change == "item_splice"
                          and numbers["n"][0] == len(values[0]) > 1)
    return count


def test_pages(tmp_path, pyrecord, pyreplay):
    path = tmp_path / "pages.py"
    path.write_text(PROGRAM.replace("ROUNDS", str(ROUNDS)))
    recording = tmp_path / "r.pyrec"
    assert run.pyrecord("-q", "-o", recording, path).status == 0
    assert run.verified(recording)
    assert pages_written(recording, tmp_path / "gen") > 50
    last = run.info(recording)["events"]
    dice = random.Random(5)
    commands = []
    for _ in range(40):
        commands += ["-c", "goto %d" % dice.randrange(last // 2, last - 10), "-c", "p i",
                     "-c", "p items[37:203]", "-c", "p items", "-c", "p table[123]",
                     "-c", "p table"]
    done = run.pyreplay("--batch", "--no-rc", *commands, recording)
    assert done.status == 0, done
    shown = [ast.literal_eval(line) for line in done.text.splitlines()
             if line[:1] in "[{" or line.lstrip("-").isdigit()]
    assert len(shown) == 5 * 40
    looks = [shown[k:k + 5] for k in range(0, len(shown), 5)]
    known = states({i + more for i, *_ in looks for more in (0, 1)})
    for i, part, items, entry, table in looks:
        # in round i, before or after its writes
        assert items in (known[i][0], known[i + 1][0])
        assert table in (known[i][1], known[i + 1][1])
        assert part == items[37:203] and entry == table[123]


GROWN = """
def main():
    items = []
    for i in range(1400):
        items.extend(range(i * 1000, i * 1000 + 1000))
        items[0] = i
    return len(items)
main()
"""


def test_list_that_fills_the_cache(tmp_path, pyrecord, pyreplay):
    """Its items are let go, not its length, and any of them can be asked for all the same."""
    path = tmp_path / "grown.py"
    path.write_text(GROWN)
    recording = tmp_path / "r.pyrec"
    assert run.pyrecord("-q", "-o", recording, path).status == 0
    # lines 5 and 4 of a round see what line 4 made of it
    assert run.pyreplay("when", "--count", recording, "len(items) == 1390000").text.splitlines()[0] == "3 events"
    for expression, events in (("items[0] == 1395", 3), ("len(items) > 1390000 and items[-1] == 1394999", 3),
                               ("len(items) > 1399999 and items[123456] == 123456", 4)):
        done = run.pyreplay("when", "--count", recording, expression)
        assert done.text.splitlines()[0] == "%d events" % events, (expression, done)


FLEETING = '''\
def spin(n):
    for i in range(n):
        x = i
def main():
    l = [0, 1, 2]
    spin(20000)
    l.append("a")
    l.pop()
    spin(20000)
    l.extend([3, 4, 5])
    del l[3:]
    spin(20000)
    l.append("z")
    spin(20000)
main()
'''


def test_item_that_comes_and_goes_in_a_chunk(tmp_path, pyrecord, pyreplay):
    """Which chunk gives a list an item that it has not is told by the index alone: also where it
    has no more of them at the chunk's end."""
    program, recording = tmp_path / "p.py", tmp_path / "r.pyrec"
    program.write_text(FLEETING)
    run.pyrecord("-q", "-o", recording, program, cwd=tmp_path)
    rows = [json.loads(line) for line in run.pyreplay(
        "dump", "--format", "jsonl", "--function", "main", recording).text.splitlines()]
    seen = [(row["seq"], ast.literal_eval(row["locals"]["l"])) for row in rows if "l" in row["locals"]]
    for index in (3, 5, 6):
        wanted, before = [], None
        for seq, items in seen:
            now = repr(items[index]) if index < len(items) else None
            wanted += [(seq, now)] if now != before else []
            before = now
        at, name, found = seen[0][0], "l[%d]" % index, []  # where it was written: a line before
        while True:
            done = run.pyreplay("next-write", "--format", "json", "--at", str(at), recording, name)
            if done.status:
                break
            row = json.loads(done.text)
            found.append((row["seen"], row["after"]))
            at = row["seq"]
        assert found == wanted, index
        at, found = seen[-1][0], []
        while len(found) < 9:
            done = run.pyreplay("last", "--format", "json", "--at", str(at), recording, name)
            if done.status:
                break
            row = json.loads(done.text)
            found.append((row["seen"], row["after"]))
            at = row["seq"]
        assert found == wanted[::-1], index
