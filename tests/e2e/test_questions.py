"""when, hits, calls, exceptions, tree, search and who, each against the long way through a
dump, on recordings of several chunks and of generated programs."""
import json
import re

import generate
import pytest
import questions
import run
from questions import ask, rows

PROGRAMS = ["bank", "generated_3", "generated_11"]


class Recorded:
    def __init__(self, path, events):
        self.path = path
        self.events = events
        self.by_seq = {event["seq"]: event for event in events}


@pytest.fixture(scope="module", params=PROGRAMS)
def recorded(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    program = folder / "program.py"
    if request.param == "bank":
        program.write_text(questions.BANK)
    else:
        program.write_text(generate.generate(int(request.param.split("_")[1])))
    recording = folder / "program.pyrec"
    done = run.pyrecord("-q", "-o", recording, program, cwd=folder)
    assert done.status == 0, done
    return Recorded(recording, run.dump(recording, "--globals"))


def in_own(recorded, name):
    return [e for e in recorded.events
            if name in e["locals"] or name in (e.get("globals") or {})]


def names_of(recorded, kinds, count):
    """The plain variables that most events show."""
    seen = {}
    for event in recorded.events:
        for name, text in event["locals"].items():
            if name.isidentifier() and not name.startswith("__"):
                try:
                    if isinstance(questions.literal(text), kinds):
                        seen[name] = seen.get(name, 0) + 1
                except KeyError:
                    pass
    return sorted(seen, key=lambda name: -seen[name])[:count]


# --- when ---

def expressions(recorded):
    for name in names_of(recorded, int, 4):
        yield "%s > 3" % name
        yield "%s %% 7 == 2 and not %s < 0" % (name, name)
    for name in names_of(recorded, (str, list, tuple, dict), 4):
        yield "len(%s) == 2" % name
        yield "not %s" % name
    for name in names_of(recorded, object, 3):
        yield "%s is None or isinstance(%s, str)" % (name, name)


def check_when(recorded, expression, *options, within=None):
    got = [row["seq"] for row in rows("when", recorded.path, *options, expression)]
    wanted, unknown = [], set()
    for event in recorded.events:
        if within and event["function"] != within:
            continue
        truth = questions.holds(expression, event)
        if truth is None:
            unknown.add(event["seq"])
        elif truth:
            wanted.append(event["seq"])
    assert [seq for seq in got if seq not in unknown] == wanted, expression
    return wanted


def test_when(recorded):
    total = 0
    for expression in expressions(recorded):
        total += len(check_when(recorded, expression))
    assert total > 100


def test_when_first_last_count(recorded):
    name = names_of(recorded, int, 1)[0]
    expression = "%s > 1" % name
    check_when(recorded, expression)
    wanted = [row["seq"] for row in rows("when", recorded.path, expression)]
    first, = rows("when", recorded.path, "--first", expression)
    last, = rows("when", recorded.path, "--last", expression)
    assert (first["seq"], last["seq"]) == (wanted[0], wanted[-1])
    count, = rows("when", recorded.path, "--count", expression)
    assert count["events"] == len(wanted)
    middle = wanted[len(wanted) // 2]
    assert [r["seq"] for r in rows("when", recorded.path, "--from", str(middle), expression)] == [
        seq for seq in wanted if seq >= middle]
    assert [r["seq"] for r in rows("when", recorded.path, "--to", str(middle), expression)] == [
        seq for seq in wanted if seq <= middle]
    assert len(rows("when", recorded.path, "--limit", "3", expression)) == min(3, len(wanted))


def test_when_within(recorded):
    name = names_of(recorded, int, 1)[0]
    function = next(e["function"] for e in recorded.events if name in e["locals"])
    if "<" not in function:
        check_when(recorded, name + " > 2", "--within", function, within=function)


def test_when_rows_are_the_dump_s(recorded):
    name = names_of(recorded, int, 1)[0]
    for row in rows("when", recorded.path, "--limit", "50", name + " == 1"):
        event = recorded.by_seq[row["seq"]]
        assert all(event[key] == row[key] for key in row), (row, event)


def test_when_of_attributes(recorded):
    """An attribute that other frames write, of an object that several frames show."""
    shown = re.compile(r"<__main__\.Account #\d+ .*total=(\d+)")
    if not any(e["function"] == "Account.add" for e in recorded.events):
        pytest.skip("has no accounts")
    for name in ("self", "account"):
        wanted = []
        for event in recorded.events:
            match = shown.match(event["locals"].get(name, ""))
            if match and int(match.group(1)) % 1000 > 500:
                wanted.append(event["seq"])
        got = [row["seq"] for row in rows("when", recorded.path, name + ".total % 1000 > 500")]
        assert got == wanted and len(got) > 500


# --- hits ---

def busy_lines(recorded, count):
    seen = {}
    for event in recorded.events:
        if event["event"] == "line" and event["file"].endswith("program.py"):
            seen.setdefault(event["line"], []).append(event)
    return sorted(seen.items(), key=lambda entry: -len(entry[1]))[:count]


def test_hits(recorded):
    for line, events in busy_lines(recorded, 6):
        names = sorted(set(events[0]["locals"]) & set(events[-1]["locals"]))[:3]
        names = [name for name in names if name.isidentifier()]
        got = rows("hits", recorded.path, "--full", "program.py:%d" % line, ", ".join(names))
        assert [row["seq"] for row in got] == [event["seq"] for event in events]
        for row, event in zip(got, events):
            for name in names:
                if name in event["locals"]:
                    assert row["values"][name] == event["locals"][name], (row, name)


@pytest.mark.parametrize("text", ["{self} {n}: {n * 2:>4}", '"{self} {n}: {n * 2:>4}"', 'it\'s {n}', '{n}{n}'])
def test_hits_take_a_text_for_an_f_string(text, tmp_path, pyrecord, pyreplay):
    program = tmp_path / "p.py"
    program.write_text("def f(self, n):\n    return n\nfor n in range(3):\n    f('a b', n)\n")
    recording = tmp_path / "p.pyrec"
    assert run.pyrecord("-q", "-o", recording, program).status == 0
    lines = ask("hits", recording, "p.py:2", text).splitlines()[1:]
    told = [text.strip('"').format(**{"self": "a b", "n": n, "n * 2": n * 2}) for n in range(3)]
    assert [line.endswith("  " + end) for line, end in zip(lines, told, strict=True)] == [True] * 3, lines
    where = ask("hits", recording, "p.py:2", text, "--where", "n == 1").splitlines()
    assert len(where) == 2 and where[1].endswith("  " + told[1]) and where[0].split()[3][:2] in ('f"', "f'"), where
    at_prompt = run.pyreplay("--batch", "-c", "hits p.py:2 %s" % text, recording)
    assert at_prompt.status == 0 and at_prompt.text.splitlines()[2].endswith("  " + told[1]), at_prompt


def test_hits_where(recorded):
    for line, events in busy_lines(recorded, 4):
        plain = [name for name in names_of(recorded, int, 20) if name in events[0]["locals"]]
        for name in plain[:2]:
            condition = "%s %% 3 == 1" % name
            got = rows("hits", recorded.path, "--where", condition, "program.py:%d" % line)
            assert [row["seq"] for row in got] == [
                event["seq"] for event in events if questions.holds(condition, event)]


# --- calls ---

def test_calls(recorded):
    wanted = {}
    for call in questions.calls_of(recorded.events):
        if call.event["file"].endswith("program.py"):
            wanted.setdefault(call.event["function"], []).append(call)
    assert len(wanted) > 5
    for function, calls in wanted.items():
        if "<" in function:
            continue
        got = [row for row in rows("calls", recorded.path, "--full", function)
               if row["function"] == function]
        assert [row["seq"] for row in got] == [call.event["seq"] for call in calls], function
        for row, call in zip(got, calls):
            check_call(row, call)


def check_call(row, call):
    end = call.end
    assert row["depth"] == call.event["depth"]
    assert row["end_seq"] == (end and end["seq"]), row
    assert row["end"] == (end and end["kind"]), row
    for name, text in row["args"].items():
        assert call.event["locals"][name] == text, (row, name)
    if end:
        assert row["duration_ns"] == end["time_ns"] - call.event["time_ns"]
    if end and end["kind"] == "return":
        assert row["result"] == end["arg"] and row["exception"] is None, (row, end)
    if end and end["kind"] == "unwind" and call.exception:
        assert row["exception"]["id"] == call.exception["id"], row
        assert row["exception"]["type"] == call.exception["type"], row


SAME_SELF = """
class Cart:
    def __init__(self):
        self.rate, self.lines = 1.0, [0]

    def price(self, n):
        return n * self.rate

cart, other = Cart(), Cart()
lines = cart.lines
for n in range(200):
    cart.price(n)
    if n % 3 == 0:
        cart.price(n)
    if n % 5 == 0:
        lines[0] = n        # through another name
    if n % 7 == 0:
        cart.rate = n / 2
    other.price(-n)
"""


def test_rows_show_an_object_as_it_was_at_each(tmp_path, pyrecord, pyreplay):
    """Row after row shows the same object: its text changes exactly when it does."""
    program = tmp_path / "cart.py"
    program.write_text(SAME_SELF)
    recording = tmp_path / "cart.pyrec"
    assert run.pyrecord("-q", "-o", recording, program).status == 0
    starts = [event for event in run.dump(recording) if event["kind"] == "start" and event["function"] == "Cart.price"]
    calls = rows("calls", recording, "Cart.price")
    assert [call["seq"] for call in calls] == [event["seq"] for event in starts] and len(calls) > 400
    assert [call["args"] for call in calls] == [event["locals"] for event in starts]
    assert len({call["args"]["self"] for call in calls}) > 60
    shown = [re.search(r"lines=(\[\d+\])", line).group(1)
             for line in ask("calls", recording, "Cart.price").splitlines()[1:]]
    assert shown == [re.search(r"lines=(\[\d+\])", event["locals"]["self"]).group(1) for event in starts]


def test_calls_where(recorded):
    every = rows("calls", recorded.path, "*")
    name = next(name for row in every for name, text in row["args"].items() if text.isdigit())
    got = rows("calls", recorded.path, "*", "--where", "%s == 3" % name)
    assert [row["seq"] for row in got] == [
        row["seq"] for row in every
        if questions.holds("%s == 3" % name, recorded.by_seq[row["seq"]])]


# --- exceptions ---

def test_exceptions(recorded):
    got = rows("exceptions", recorded.path, "--all")
    wanted = questions.raises_of(recorded.events)
    assert [row["seq"] for row in got] == [found["event"]["seq"] for found in wanted]
    for row, found in zip(got, wanted):
        assert row["levels"] == found["levels"], (row, found)
        assert row["exception"]["id"] == found["event"]["exception"]["id"]
        assert row["exception"]["type"] == found["event"]["exception"]["type"]
    some = [row for row in got if row["exception"]["type"] == "ValueError"]
    assert [row["seq"] for row in rows("exceptions", recorded.path, "--all", "ValueError")] == [
        row["seq"] for row in some]


# --- tree ---

def test_tree(recorded):
    counts, unwinds = questions.tree_of(recorded.events)
    got_counts, got_unwinds = questions.tree_paths(rows("tree", recorded.path))
    assert {path: n for path, n in got_counts.items() if n} == {
        path: n for path, n in counts.items() if n}
    assert {path: n for path, n in got_unwinds.items() if n} == dict(unwinds)


def test_tree_of_a_call(recorded):
    calls = [call for call in questions.calls_of(recorded.events)
             if call.end and call.end["seq"] - call.event["seq"] > 40][:40:8]
    assert calls
    for call in calls:
        root = rows("tree", recorded.path, "--at", str(call.event["seq"]))
        inside = [e for e in recorded.events if call.event["seq"] <= e["seq"] <= call.end["seq"]
                  and e["thread"] == call.event["thread"]]
        assert root[0]["function"] == call.event["function"]
        assert sum(node["calls"] for node in root) == sum(e["kind"] == "start" for e in inside)
        assert root[0]["total_ns"] == call.end["time_ns"] - call.event["time_ns"]
        shallow = rows("tree", recorded.path, "--at", str(call.event["seq"]), "--depth", "1")
        assert max(node["level"] for node in shallow) <= 1


# --- search ---

def test_search_finds_what_locals_got(recorded):
    texts = {text for event in recorded.events for text in event["locals"].values()
             if text.startswith("'") and 4 < len(text) < 30}
    for text in sorted(texts)[:6]:
        wanted = questions.literal(text)
        check_search(recorded, wanted)


def check_search(recorded, wanted):
    got = rows("search", recorded.path, "--full", "--", wanted)
    found = {(row["frame"], row["name"], row["seq"]) for row in got if row["sort"] == "local"}
    cells = {row["value"] for row in got if row["sort"] == "cell"}
    before = {}
    for event in recorded.events:
        own = before.setdefault(event["frame"], {})
        for name, text in event["locals"].items():
            if text[:1] == "'" and own.get(name) != text and wanted in questions.beginning(text) \
                    and event["function"] != "<module>" and text not in cells:
                assert (event["frame"], name, event["seq"]) in found, (event["seq"], name, text)
        before[event["frame"]] = dict(event["locals"])
    for row in got:
        value = questions.beginning(row["value"])
        assert wanted in value if isinstance(value, str) else wanted.encode() in value, row
        event = recorded.by_seq[row["seq"]]
        if row["sort"] == "local":
            assert event["locals"][row["name"]] == row["value"], (row, event)
        if row["sort"] == "result" and event["event"] != "exception":
            assert event["arg"] == row["value"], (row, event)


# --- who ---

def test_who_finds_variables_and_containers(recorded):
    checked = 0
    for seq in range(400, len(recorded.events), len(recorded.events) // 12):
        event = recorded.by_seq[seq]
        for name, text in sorted(event["locals"].items()):
            if text[0] in "[{<" and text[:2] not in ("<f", "<m", "<b", "<c", "<e") \
                    and name.isidentifier() and checked < 12:
                checked += 1
                check_who(recorded, seq, name)
    assert checked > 4


def check_who(recorded, seq, name):
    got = rows("who", recorded.path, "--at", str(seq), name)
    event = recorded.by_seq[seq]
    here = {row["name"] for row in got if row["sort"] == "local" and row["frame"] == event["frame"]}
    same = [other for other in event["locals"]
            if other.isidentifier() and is_true(recorded, seq, "%s is %s" % (other, name))]
    assert here <= set(same), (seq, name, got)
    if event["function"] != "<module>" and not uses_cells(recorded, got, same, here):
        assert here == set(same), (seq, name, got)
    for row in got:
        if row["path"] and row["path_frame"] == event["frame"]:
            assert is_true(recorded, seq, "%s is %s" % (row["path"], name)), (seq, name, row)


def uses_cells(recorded, got, same, here):
    """A variable that a closure shares is found as the content of its cell."""
    return len(set(same) - here) <= sum(row["sort"] == "cell" for row in got)


def is_true(recorded, seq, expression):
    done = run.pyreplay("--batch", "-c", "goto %d" % seq, "-c", "p " + expression, recorded.path)
    assert done.status in (0, 1), done
    return done.text.rstrip().endswith("True")


WAITING = """
def keeps(box):
    kept = box
    while True:
        yield len(kept)

def drops(box):
    mine = box
    yield 1
    mine = None
    yield 2

def main():
    box = [1]
    first, second, third = keeps(box), drops(box), keeps(box)
    next(first), next(second), next(second), next(third)
    third.close()
    for i in range(ROUNDS):
        pass
    return box
main()
"""


@pytest.mark.parametrize("rounds", [3, 20000])
def test_who_looks_into_suspended_generators(rounds, tmp_path, pyrecord, pyreplay):
    """With many rounds, what they hold was written some chunks ago."""
    path = tmp_path / "waiting.py"
    path.write_text(WAITING.replace("ROUNDS", str(rounds)))
    recording = tmp_path / "r.pyrec"
    assert run.pyrecord("-q", "-o", recording, path).status == 0
    at = json.loads(run.pyreplay("hits", "--format", "json", recording, "waiting.py:20").text.splitlines()[-1])["seq"]
    rows = [json.loads(line) for line in
            run.pyreplay("who", "--format", "json", "--at", str(at), recording, "box").text.splitlines()]
    found = {(row["function"], row["name"], row["thread"]) for row in rows if row["sort"] == "local"}
    assert found == {("main", "box", 1), ("keeps", "box", None), ("keeps", "kept", None), ("drops", "box", None)}
    assert "kept  a variable in keeps(), which is suspended" in run.pyreplay(
        "who", "--at", str(at), recording, "box").text
