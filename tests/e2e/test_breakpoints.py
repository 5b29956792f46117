"""Breakpoints of every sort, and watchpoints, against the dump."""
import re

import cli_recordings
import pytest
import run

BREAKS = '''\
import threading


class Cart:
    def __init__(self):
        self.total = 0
        self.items = []
        self.index = {"k": 0}

    def add(self, price):
        self.items.append(price)
        self.total += price
        return len(self.items)


class Refused(KeyError):
    pass


def check(n):
    if n % 3 == 0:
        raise Refused(n)
    if n % 5 == 0:
        raise ValueError(n)
    return n


def passing(n):
    try:
        return check(n)
    except ValueError:
        return -1


def run(cart, count):
    done = 0
    for n in range(1, count):
        try:
            done = passing(n)
        except KeyError:
            done = done
        cart.add(n)
    return done


def mix(cart):
    alias = cart.items
    alias[0] = "first"
    cart.index["k"] = 1
    cart.index["other"] = 2
    cart.index["k"] = 1
    alias.sort(key=str)
    cart.index = {"k": 5}
    nested = [[1], {"a": [2]}]
    inner = nested[1]["a"]
    inner.append(3)
    nested[0] = None
    nested = None
    del alias[2:]
    return nested


cart = Cart()
run(cart, 12)
thread = threading.Thread(target=run, args=(Cart(), 6))
thread.start()
thread.join()
mix(cart)
total = cart.total
raise Refused("end")
'''


def line_of(text):
    lines = [i for i, line in enumerate(BREAKS.split("\n"), 1) if line.strip().startswith(text)]
    assert len(lines) == 1, text
    return lines[0]


@pytest.fixture(scope="module")
def breaks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("breaks")
    return cli_recordings.record(folder, BREAKS, "breaks", status=1)


@pytest.fixture(scope="module")
def events(breaks):
    return run.dump(breaks, "--globals", "--file", "*breaks.py")


def batch(recording, *commands):
    words = [word for command in commands for word in ("-c", command)]
    return run.pyreplay("--batch", *words, recording)


def stops(recording, setup, count, forward=True):
    """Where `c` stops one after the other, the end left out; and the whole text."""
    words = []
    for _ in range(count + 1):
        words += ["c" if forward else "rc", "info event"]
    done = batch(recording, *setup, *words)
    assert done.status == 0, done
    got = [int(n) for n in re.findall(r"^event (\d+) of ", done.text, re.M)]
    texts = re.split(r"^event \d+ of .*$", done.text, flags=re.M)
    reasons = [re.findall(r"^(?:Nothing .* this: )?(Breakpoint|Watchpoint|End|Start) .*: .* in ", text, re.M)[-1]
               for text in texts[:-1]]
    at = [seq for seq, reason in zip(got, reasons) if reason in ("Breakpoint", "Watchpoint")]
    return at, done.text


def both_ways(recording, setup, expected):
    """One stop more is asked for than expected: it must be the end."""
    got, text = stops(recording, ["goto start", *setup], len(expected))
    assert got == expected, text[-2000:]
    got, text = stops(recording, ["goto end", *setup], len(expected), forward=False)
    assert got == expected[::-1], text[-2000:]


def seqs(events, **facts):
    return [e["seq"] for e in events if all(e[k] == v for k, v in facts.items())]


def test_lines_and_functions(breaks, events):
    line = line_of("self.total += price")
    both_ways(breaks, ["b breaks.py:%d" % line], seqs(events, event="line", line=line))
    both_ways(breaks, ["b Cart.add"], seqs(events, kind="start", function="Cart.add"))
    ends = [e["seq"] for e in events if e["function"] == "check" and e["kind"] in ("return", "unwind")]
    both_ways(breaks, ["b check exit"], ends)
    starts = [e["seq"] for e in events if e["kind"] == "start" and e["function"] in ("check", "passing")]
    both_ways(breaks, ["b check", "b pass*"], starts)
    here = seqs(events, event="line", line=line, thread=2)
    both_ways(breaks, ["b breaks.py:%d thread 2" % line], here)


def test_conditions(breaks, events):
    line = line_of("self.total += price")
    want = [e["seq"] for e in events if e["event"] == "line" and e["line"] == line
            and int(e["locals"]["price"]) % 4 == 0]
    assert want
    for form in ("b breaks.py:%d, price %% 4 == 0", "b breaks.py:%d if price %% 4 == 0"):
        both_ways(breaks, [form % line], want)
    both_ways(breaks, ["b breaks.py:%d thread 1, price %% 4 == 0" % line],
              [seq for seq in want if seq in seqs(events, thread=1)])
    done = batch(breaks, "goto start", "b breaks.py:%d if nothing > 1" % line, "c")
    assert "where its condition has no value" in done.text


def test_exceptions_where_they_are_raised(breaks, events):
    raised = {"Refused": [], "ValueError": []}
    before = {}
    for e in events:
        if e["event"] == "exception" and before.get(e["thread"]) != "unwind":
            kind = "ValueError" if "ValueError" in e["exception"]["type"] else "Refused"
            raised[kind].append(e["seq"])
        before[e["thread"]] = e["kind"]
    assert len(raised["Refused"]) == 5 and len(raised["ValueError"]) == 3
    both_ways(breaks, ["catch Refused"], raised["Refused"])
    based, _ = stops(breaks, ["goto start", "catch KeyError"], 60)
    assert [seq for seq in based if seq >= raised["Refused"][0]] == raised["Refused"]
    both_ways(breaks, ["catch Valu?Error"], raised["ValueError"])
    both_ways(breaks, ["catch ValueError if n > 5"], raised["ValueError"][1:2])
    both_ways(breaks, ["catch uncaught"], raised["Refused"][-1:])
    both_ways(breaks, ["catch uncaught ValueError"], [])
    got, _ = stops(breaks, ["goto start", "catch"], 200)
    assert set(raised["Refused"] + raised["ValueError"]) <= set(got)
    assert "no recorded type of exceptions is named 'Nothing'" in batch(breaks, "catch Nothing").message
    assert "the run never met it" in batch(breaks, "catch MemoryError").text


def test_counts(breaks, events):
    line = line_of("self.total += price")
    all_of = seqs(events, event="line", line=line)
    both_ways(breaks, ["b breaks.py:%d" % line, "hit 1 7"], all_of[6:7])
    both_ways(breaks, ["b breaks.py:%d" % line, "hit 1 7+"], all_of[6:])
    both_ways(breaks, ["b breaks.py:%d" % line, "hit 1 7", "hit 1 0"], all_of)
    both_ways(breaks, ["b Cart.*", "hit 1 2"], sorted(
        seqs(events, kind="start", function="Cart.__init__") + seqs(events, kind="start", function="Cart.add"))[1:2])
    got, _ = stops(breaks, ["goto start", "b breaks.py:%d" % line, "ignore 1 3"], len(all_of))
    assert got == all_of[3:]
    got, _ = stops(breaks, ["goto start", "tbreak breaks.py:%d" % line], 3)
    assert got == all_of[:1]
    got, _ = stops(breaks, ["goto start", "b Cart.add", "b breaks.py:%d" % line, "disable 1"], len(all_of))
    assert got == all_of
    done = batch(breaks, "b breaks.py:%d" % line, "hit 1 99")
    assert "comes by only %d times" % len(all_of) in done.message
    assert "counted" in batch(breaks, "catch KeyError", "hit 1 2").message


def test_listing(breaks, events):
    line = line_of("self.total += price")
    hits = len(seqs(events, event="line", line=line))
    done = batch(breaks, "goto start", "b breaks.py:%d thread 1, price > 3" % line, "catch uncaught KeyError",
                 "watch __name__", "b check exit", "ignore 4 2", "c", "b")
    text = done.text[done.text.rindex("\n  1  "):]
    for words in ("breaks.py:%d  the run comes by %d times, met 0" % (line, hits), "only in thread 1",
                  "only if price > 3", "KeyError that nobody catches", "watch __name__",
                  "check(), where it is left", "the run comes by 16 times, met 3 times"):
        assert words.replace(", met 0", "") in text, (words, text)


def test_wrong_breakpoints_say_why(breaks):
    for command, words in (
            ("b breaks.py:1 exit", "only a function has an exit"),
            ("b check thread 9", "there is no thread 9"),
            ("b check thread 0", "there is no thread 0"),
            ("catch uncaught Refused if (", "the expression ends too early"),
            ("ignore 7 1", "which breakpoint?"), ("hit", "which breakpoint?"),
            ("watch 3 + 4", "a variable, an attribute or an element"),
            ("watch cart if", "is"), ("unwatch 3", "there is no watchpoint 3"),
            ("advance breaks.py:9999", "lines, not 9999"), ("radv nothing", "no recorded function")):
        done = batch(breaks, command)
        assert done.status == 1 and done.message.count("\n") == 1, done
        assert words in done.message or command == "watch cart if", (command, done.message)


def test_advance_is_a_breakpoint_for_once(breaks, events):
    starts = seqs(events, kind="start", function="Cart.add")
    done = batch(breaks, "goto start", "advance Cart.add", "info event", "adv Cart.add", "info event",
                 "radv Cart.add", "info event", "b", "advance mix")
    got = [int(n) for n in re.findall(r"^event (\d+) of ", done.text, re.M)]
    assert got == [starts[0], starts[1], starts[0]]
    assert "No breakpoints" in done.text


def test_next_stops_at_a_breakpoint_in_what_it_calls(breaks, events):
    call = seqs(events, event="line", line=line_of("run(cart, 12)"))[0]
    want = seqs(events, kind="start", function="Cart.add")[0]
    done = batch(breaks, "goto %d" % call, "b Cart.add", "n", "info event")
    assert "Breakpoint 1: " in done.text and "event %d of" % want in done.text


# --- watchpoints ---

def changes(events, frame, name, path=lambda text: text):
    """Events at which a name of a frame has another text than at that frame's event before."""
    found, last = [], None
    for e in events:
        if e["frame"] == frame:
            now = path(e["locals"].get(name))
            if last is not None and now != last[0]:
                found.append(e["seq"])
            last = (now,)
    return found


def test_watch_of_a_local_counts_only_in_its_frame(breaks, events):
    first, second = seqs(events, kind="start", function="run")
    frames = {e["seq"]: e["frame"] for e in events}
    for start in (first, second):
        want = changes(events, frames[start], "n")
        line = next(e["seq"] for e in events if e["frame"] == frames[start] and e["event"] == "line")
        got, text = stops(breaks, ["goto %d" % line, "watch n"], len(want))
        assert got == want, text[-1500:]
        got, text = stops(breaks, ["goto end", "goto %d" % line, "watch n", "goto end"], len(want), forward=False)
        assert got == want[::-1]


def test_assigning_an_equal_value_is_no_change_but_a_write(breaks, events):
    start = seqs(events, kind="start", function="run")[0]
    frame = next(e["frame"] for e in events if e["seq"] == start)
    want = changes(events, frame, "done")
    line = next(e["seq"] for e in events if e["frame"] == frame and e["event"] == "line")
    got, text = stops(breaks, ["goto %d" % line, "watch done"], len(want))
    assert got == want
    end = [e["seq"] for e in events if e["frame"] == frame][-1]
    rows = history(breaks, end, "done")
    assert len(rows) > len(want) + 1, "done = done is a write, too"
    assert len(rows) == 1 + len([e for e in events if e["frame"] == frame and e["event"] == "line"
                                 and e["line"] in (line_of("done = passing"), line_of("done = done"))]) \
        - len([e for e in events if e["frame"] == frame and e["event"] == "exception"])


def whole_changes(events, first, last, text_of):
    found, now = [], None
    for e in events:
        if first <= e["seq"] <= last:
            value = text_of(e)
            if value is None:
                continue
            if now is not None and value != now:
                found.append(e["seq"])
            now = value
    return found


@pytest.mark.parametrize("place", ["cart.total", "cart.items", "cart.items[0]", "cart.index", 'cart.index["k"]',
                                   'cart.index["other"]', "cart"])
def test_watch_of_an_object(breaks, place):
    """Against the value of the same expression at every event of the main thread."""
    dump = run.dump(breaks, "--no-locals", "--file", "*breaks.py")
    module = [e for e in dump if e["function"] == "<module>" and e["thread"] == 1]
    begin = next(e["seq"] for e in module if e["line"] == line_of("run(cart, 12)"))
    words = ["goto %d" % begin, "watch " + place]
    got, text = stops(breaks, words, 60)
    backward, _ = stops(breaks, words + ["goto end"], 60, forward=False)
    assert [seq for seq in backward if seq > begin] == got[::-1]
    # Where the module's frame is looked at, the expression can be asked for anywhere.
    inside = [e for e in dump if e["seq"] >= begin and e["thread"] == 1]
    ask = []
    for e in inside:
        ask += ["-c", "goto %d" % e["seq"], "-c", "u %d" % e["depth"] if e["depth"] else "p 0",
                "-c", "p '@', %s" % place, "-c", "p '|'"]
    done = run.pyreplay("--batch", *ask, breaks)
    values = re.findall(r"^\('@', (.*)\)$|^'\|'$", done.text, re.M)
    texts, value = [], None
    for piece in re.split(r"^'\|'$", done.text, flags=re.M)[:-1]:
        found = re.search(r"^\('@', (.*)\)$", piece, re.M)
        texts.append(found.group(1) if found else "nothing")
    assert len(texts) == len(inside) and values
    want = [e["seq"] for e, before, now in zip(inside[1:], texts, texts[1:]) if before != now]
    if place.startswith("cart.i") and "[" in place or place == "cart":
        want = [seq for seq in want if seq in got or not rebound(inside, seq)]
        got = [seq for seq in got if seq in want]
    assert got == want, (place, text[-1500:])


def rebound(events, seq):
    """`cart.index = {...}`: what was watched is an object that the expression no longer names."""
    return any(e["seq"] >= seq for e in events if e["line"] >= line_of('cart.index = {"k": 5}') and e["function"] == "mix")


def test_watch_sees_what_nested_containers_hold(breaks, events):
    frame = next(e["frame"] for e in events if e["function"] == "mix")
    want = changes(events, frame, "nested")
    line = next(e["seq"] for e in events if e["frame"] == frame and e["event"] == "line"
                and e["line"] == line_of('nested = [[1]'))
    want = [seq for seq in want if seq > line]
    assert len(want) == 4
    got, text = stops(breaks, ["goto %d" % line, "watch nested"], len(want))
    assert got == want
    assert "nested: [[1], {'a': [2]}] -> [[1], {'a': [2, 3]}]  (seen at event %d)" % want[1] in text
    assert "nested: [None, {'a': [2, 3]}] -> None" in text


def test_several_at_once_and_with_breakpoints(breaks, events):
    line = line_of("self.total += price")
    frame = next(e["frame"] for e in events if e["function"] == "run")
    start = next(e["seq"] for e in events if e["frame"] == frame and e["event"] == "line")
    last = [e["seq"] for e in events if e["frame"] == frame][-1]
    want = sorted(set(changes(events, frame, "n") + changes(events, frame, "done")
                      + [seq for seq in seqs(events, event="line", line=line) if start < seq < last]))
    words = ["goto %d" % start, "watch n", "b breaks.py:%d" % line, "watch done"]
    got, text = stops(breaks, words, len(want))
    assert [seq for seq in got if seq < last] == want, text[-1500:]


def test_watch_with_a_condition(breaks, events):
    frame = next(e["frame"] for e in events if e["function"] == "run")
    start = next(e["seq"] for e in events if e["frame"] == frame and e["event"] == "line")
    numbers = {e["seq"]: e["locals"].get("n") for e in events}
    want = [seq for seq in changes(events, frame, "n") if int(numbers[seq]) > 8]
    got, _ = stops(breaks, ["goto %d" % start, "watch n if n > 8"], len(want))
    assert got == want


# --- writes ---

def history(recording, seq, place):
    text = batch(recording, "goto %d" % seq, "p '|'", "history %s" % place).text
    return text.partition("'|'\n")[2].splitlines()


def test_last_and_next_write_are_mirror_images(breaks, events):
    add = [e["seq"] for e in events if e["function"] == "Cart.add" and e["thread"] == 1]
    line = line_of("self.total += price")
    writes = seqs(events, event="line", line=line, thread=1)
    middle = next(seq for seq in add if seq > writes[4])
    count = 4
    done = batch(breaks, "goto %d" % middle, *["last self.total", "info event"] * count,
                 *["next-write self.total", "info event"] * count)
    got = [int(n) for n in re.findall(r"^event (\d+) of ", done.text, re.M)]
    assert got[:count] == writes[4:0:-1]
    assert got[count:] == writes[2:6]
    assert "no write of cart.total after" in batch(breaks, "goto end", "goto %d" % middle, "u 9", *["next-write cart.total"] * 20).message


def test_history_of_a_list_has_what_it_held(breaks):
    dump = run.dump(breaks, "--no-locals", "--function", "mix")
    end = dump[-1]["seq"]
    rows = history(breaks, end, "alias")
    assert rows[0].endswith("[%s]" % ", ".join(map(str, range(1, 12)))), rows
    assert rows[1].endswith("['first', %s]" % ", ".join(map(str, range(2, 12))))
    assert len(rows) >= 4 and rows[-1].endswith("[10, 11]")
