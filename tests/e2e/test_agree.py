"""`watch`, `last`, `next-write` and `history` against a brute-force scan of the dump, on generated
programs with aliases, nested containers and several threads.

The dump shows, event by event, what can be reached from the frame's locals, the globals and the
argument: so what a variable, an attribute or an element was, wherever the object showed. What the
replayer says was written must explain each of these observations, and say nothing that they
contradict:

- the last write at or before an event left what the event shows;
- each write begins with what the one before left;
- between an event and the next, nothing is said to change that both show to be the same, and what
  both show to differ has changed;
- looking backward finds what looking forward finds, with caches off, tiny and normal."""
import json
import os
import random

import compare
import generate
import pytest
import run

DRIVER = os.path.join(compare.BUILD, "tests", "rp_places")
SEEDS = [41, 42]
FULL_SEEDS = list(range(2000, 2030))
STATEMENTS = 20
PLACES = 40
SEQUENCES = ("list", "tuple", "collections.deque")


def token(value):
    """What tells two scalars or objects apart; None: not recorded."""
    if value is None or "elided" in value and "id" not in value:
        return None
    if "id" in value:
        return "#%d" % value["id"]
    return latin(value["text"])


def latin(text):
    """As the driver's answers are read."""
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


class Observations:
    """What each place was, at each event that shows it."""

    def __init__(self, rows):
        self.places = {}  # (object or frame, sort, key) -> [(seq, token; "" for absent)]
        self.names = {}  # place -> [(seq, frame, expression)]: how to say it there
        self.known = {}  # object id -> keys seen so far
        self.rows = rows
        for row in rows:
            self.look(row)

    def look(self, row):
        self.seen = {}
        self.row = row
        locals_ = row["locals"]
        for name, value in locals_.items():
            if row["function"] != "<module>":
                self.note((row["frame"], "local", name), value, name if name.isidentifier() else None)
            self.walk(value, name, 0)
        for name in self.known.get(("frame", row["frame"]), ()):
            if name not in locals_ and row["function"] != "<module>":
                self.note_absent((row["frame"], "local", name))
        self.known.setdefault(("frame", row["frame"]), set()).update(locals_)
        for name, value in row.get("globals", {}).items():
            if name not in locals_:
                self.walk(value, name, 0)
        if row["arg"]:
            self.walk(row["arg"], None, 0)

    def note(self, place, value, name):
        shown = token(value)
        if shown is None:
            return
        self.places.setdefault(place, []).append((self.row["seq"], shown))
        if name is not None:
            self.names.setdefault(place, []).append((self.row["seq"], self.row["frame"], name))

    def note_absent(self, place):
        self.places.setdefault(place, []).append((self.row["seq"], ""))

    def walk(self, value, name, depth):
        if not isinstance(value, dict) or "id" not in value or value["id"] in self.seen:
            return
        if "elided" in value:
            return
        self.seen[value["id"]] = True
        deeper = name if depth < 3 else None
        keys = set()
        for key, attr in value.get("attrs", {}).items():
            keys.add(("attr", key))
            plain = key.isidentifier() and value["type"].startswith("__main__.")
            said = "%s.%s" % (deeper, key) if deeper and plain else None
            if plain:
                self.note((value["id"], "attr", key), attr, said)
            self.walk(attr, said, depth + 1)
        if value["type"] in SEQUENCES and value["type"] != "tuple":
            for idx, item in enumerate(value.get("items", ())):
                keys.add(("item", idx))
                said = "%s[%d]" % (deeper, idx) if deeper else None
                self.note((value["id"], "item", idx), item, said)
                self.walk(item, said, depth + 1)
        else:
            for item in value.get("items", ()):
                self.walk(item, None, depth + 1)
        for key, item in value.get("entries", ()):
            said = None
            if "text" in key and "id" not in key and key["type"] in ("str", "int", "bool", "NoneType"):
                keys.add(("key", key["text"]))
                said = "%s[%s]" % (deeper, key["text"]) if deeper else None
                if value["type"] == "dict":
                    self.note((value["id"], "key", key["text"]), item, said)
            else:
                self.walk(key, None, depth + 1)
            self.walk(item, said, depth + 1)
        before = self.known.setdefault(value["id"], set())
        for sort, key in before - keys:
            if (value["id"], sort, key) in self.places:
                self.note_absent((value["id"], sort, key))
        before |= keys


def choose(observations, seed, count):
    """Places that can be named, those that change first."""
    rng = random.Random(seed)
    places = sorted((p for p in observations.names), key=repr)
    rng.shuffle(places)
    places.sort(key=lambda p: -len({shown for _, shown in observations.places[p]}) // 3)
    chosen = places[:count]
    return [(place, rng.choice(observations.names[place])) for place in chosen]


def faults(place, answer, observed):
    """What the answer and the observations do not agree on."""
    writes = [(seq, before or "", after or "") for seq, _, before, after in answer["writes"]]
    found = []
    if answer["writes_back"] != list(reversed(answer["writes"])):
        found.append("backward is not forward: %s against %s" % (answer["writes_back"][:5], answer["writes"][-5:]))
    if answer["changes_back"] != list(reversed(answer["changes"])):
        found.append("changes backward are not those forward: %s" % answer["changes_back"])
    for at, last in answer["last"]:
        expected = max([seq for seq, _, _ in writes if seq <= at], default=0)
        if last != expected:
            found.append("last write before %d is %d, not %d" % (at, expected, last))
    for (_, _, after), (seq, before, _) in zip(writes, writes[1:]):
        if after != before and "elided" not in after + before:
            found.append("the write at %d begins with %r, and %r was there" % (seq, before, after))
    i, after = 0, None
    for seq, shown in observed:
        while i < len(writes) and writes[i][0] <= seq:
            after = writes[i][2]
            i += 1
        if after is None and shown:
            found.append("event %d shows %r, and no write is known" % (seq, shown))
        elif after is not None and after != shown and "elided" not in after:
            found.append("event %d shows %r, the last write left %r" % (seq, shown, after))
    changes = set(answer["changes"])
    for (seq, shown), (later, then) in zip(observed, observed[1:]):
        if shown != then and not any(seq < change <= later for change in changes):
            found.append("%r at %d became %r at %d, and nothing is said to have changed" % (shown, seq, then, later))
    return found


def history_faults(recording, place, at, writes, observed, shown):
    """What `history` prints of a place, held against its writes and, for a variable, against the
    text that the dump shows of it: `shown`, [(seq, text)], content included."""
    seq, _, name = at
    done = run.pyreplay("history", "--format", "json", "--at", str(seq), "--all", recording, name)
    if not writes:
        return [] if done.status == 1 else ["history of what was never written: %s" % done.text[:200]]
    rows = [json.loads(line) for line in done.text.splitlines()]
    found = []
    said = [row["seen"] for row in rows if not row["content"]]
    if said != [write[0] for write in writes]:
        found.append("history has %s, the writes are %s" % (said[:9], [write[0] for write in writes][:9]))
    for row, then in zip(rows, rows[1:]):
        if row["after"] != then["before"]:
            found.append("history at %d leaves %r, and at %d finds %r" % (
                row["seen"], row["after"], then["seen"], then["before"]))
    for sort, looks in (("", observed), ("content of ", [(seen, text and latin(text)) for seen, text in shown])):
        i, after = 0, None
        for seen, text in looks:
            while i < len(rows) and rows[i]["seen"] <= seen:
                after = latin(rows[i]["after"] or "")
                i += 1
            if not (text or "").startswith(("#", "<")) and "elided" not in (after or "") and (after or "") != (text or ""):
                found.append("event %d shows %s%r, history says %r" % (seen, sort, text, after))
    return found


def agree(seed, tmp_path, counted, count, timeout=250):
    program = tmp_path / ("generated_%d.py" % seed)
    program.write_text(generate.generate(seed, STATEMENTS))
    recording = tmp_path / "r.pyrec"
    done = run.pyrecord("-q", "-o", recording, program, cwd=tmp_path)
    assert recording.exists(), done
    rows = [json.loads(line) for line in run.pyreplay(
        "dump", "--format", "jsonl", "--values", "structured", "--globals", "--file", program.name,
        recording).text.splitlines()]
    observations = Observations(rows)
    chosen = choose(observations, seed, count)
    asked = [("%d %d %s\n" % at).encode("utf-8", "surrogatepass") for _, at in chosen]
    answers = {}
    for cache, part in (("on", asked), ("off", asked[:8]), ("100000", asked[-8:])):
        done = run.run([DRIVER, recording, cache], stdin=b"".join(part), timeout=timeout)
        assert done.status == 0, done
        answers[cache] = done.text.splitlines()
    assert answers["off"] == answers["on"][:8] and answers["100000"] == answers["on"][-8:]
    plain = [json.loads(line) for line in run.pyreplay(
        "dump", "--format", "jsonl", "--file", program.name, recording).text.splitlines()]
    problems, writes, changes, looks, histories = [], 0, 0, 0, 0
    for (place, at), line in zip(chosen, answers["on"], strict=True):
        answer = json.loads(line)
        if "error" in answer:
            problems.append("%s: not understood" % (at,))
            continue
        observed = observations.places[place]
        problems += ["%s, %s: %s" % (place, at, fault) for fault in faults(place, answer, observed)[:3]]
        if histories < count // 5 and len(answer["writes"]) < 500:
            histories += 1
            shown = [(row["seq"], row["locals"].get(place[2])) for row in plain if row["frame"] == place[0]]
            problems += ["%s, %s: %s" % (place, at, fault) for fault in history_faults(
                recording, place, at, answer["writes"], observed, shown if place[1] == "local" else [])[:3]]
        writes += len(answer["writes"])
        changes += len(answer["changes"])
        looks += len(observed)
    assert not problems, "seed %d:\n%s\n%s" % (seed, "\n".join(problems[:20]), done.message[:1000])
    assert writes > count and changes > count / 2 and looks > 10 * count
    counted("seed %d: %d places with %d writes and %d changes explain what the dump shows %d times" % (
        seed, len(chosen), writes, changes, looks))


@pytest.mark.parametrize("seed", SEEDS)
def test_generated_program(seed, tmp_path, pyrecord, pyreplay, counted):
    agree(seed, tmp_path, counted, PLACES)


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", FULL_SEEDS)
def test_many_generated_programs(seed, tmp_path, pyrecord, pyreplay, counted):
    agree(seed, tmp_path, counted, 5 * PLACES, timeout=900)
