"""Every way of moving agrees with what the dump says about the events."""
import random
import re

import cli_recordings
import pytest
import run

MOVES = '''\
import threading


class Once:
    def __await__(self):
        yield "waiting"


def squares(n):
    for i in range(n):
        j = i * i
        yield j
    return n


async def leaf(x):
    await Once()
    return x * 2


async def work(total):
    for k in range(3):
        value = await leaf(k)
        total += value
    return total


def drive(*coroutines):
    left = list(coroutines)
    while left:
        for one in list(left):
            try:
                one.send(None)
            except StopIteration:
                left.remove(one)


def fact(n):
    if n < 2:
        return 1
    below = fact(n - 1)
    return n * below


def key(word):
    size = len(word)
    return size


def risky(n):
    if n % 2:
        raise ValueError(n)
    return n


def loop(count):
    done = 0
    for turn in range(count):
        for step in range(2):
            done += step
        try:
            risky(turn)
        except ValueError:
            done -= 1
    return done


got = list(squares(4))
lazy = squares(2)
next(lazy)
fact(4)
words = sorted(["ccc", "a", "bb"], key=key)
drive(work(0), work(10))
thread = threading.Thread(target=loop, args=(3,))
thread.start()
loop(4)
thread.join()
next(lazy)
'''


def line_of(text):
    """The number of the only line of the program that begins so."""
    lines = [i for i, line in enumerate(MOVES.split("\n"), 1) if line.strip().startswith(text)]
    assert len(lines) == 1, text
    return lines[0]


@pytest.fixture(scope="module")
def moves(tmp_path_factory):
    folder = tmp_path_factory.mktemp("moves")
    return cli_recordings.record(folder, MOVES, "moves", status=0)


@pytest.fixture(scope="module")
def events(moves):
    return run.dump(moves, "--no-locals")


def positions(recording, starts, command):
    """Where the command leads from each event; None where it is refused."""
    words = []
    for seq in starts:
        words += ["-c", "goto %d" % seq, "-c", command, "-c", "info event"]
    done = run.pyreplay("--batch", *words, recording)
    got = [int(n) for n in re.findall(r"^event (\d+) of ", done.text, re.M)]
    assert len(got) == len(starts), done
    return dict(zip(starts, got))


def sample(events, seed=1, count=60):
    return sorted(e["seq"] for e in random.Random(seed).sample(events, min(count, len(events))))


class Oracle:
    def __init__(self, events):
        self.events = events
        self.at = {e["seq"]: e for e in events}

    def after(self, seq, forward):
        chosen = [e for e in self.events if (e["seq"] > seq if forward else e["seq"] < seq)]
        return chosen if forward else chosen[::-1]

    def first(self, seq, forward, fits):
        return next((e["seq"] for e in self.after(seq, forward) if fits(e)), None)

    def end(self, e, forward):
        """Where one ends when there is nothing: the thread's last event."""
        same = [x["seq"] for x in self.events if x["thread"] == e["thread"]]
        return same[-1] if forward else same[0]

    @staticmethod
    def awaits(e, forward):
        return e["function"] in ("leaf", "work") and e["kind"] in (
            ("yield",) if forward else ("resume", "throw"))

    def step(self, seq, forward):
        e = self.at[seq]
        return self.first(seq, forward, lambda x: x["thread"] == e["thread"]) or seq

    def step_all(self, seq, forward):
        return self.first(seq, forward, lambda x: True) or seq

    def over(self, seq, forward):
        e = self.at[seq]
        thread, depth = e["thread"], e["depth"]
        if e["event"] == ("return" if forward else "call") and depth:
            depth -= 1
        while True:
            found = self.first(seq, forward, lambda x: x["thread"] == thread and x["depth"] <= depth)
            x = found and self.at[found]
            if not (x and x["frame"] == e["frame"] and self.awaits(x, forward)):
                return found or self.end(e, forward)
            kinds = ("resume", "throw") if forward else ("yield",)
            there = self.first(found, forward, lambda y: y["frame"] == e["frame"] and y["kind"] in kinds)
            if not there:
                return found
            seq, thread, depth = there, self.at[there]["thread"], self.at[there]["depth"]

    def out(self, seq, forward):
        e = self.at[seq]
        if e["depth"] == 0:
            return seq
        if forward:
            if self.awaits(dict(e, kind="yield"), True) and e["event"] != "return":
                seq = self.first(seq, True, lambda x: x["frame"] == e["frame"]
                                 and x["event"] == "return" and x["kind"] != "yield")
                if seq is None:
                    return self.end(e, True)
                e = self.at[seq]
        else:
            seq = e["call_seq"]
        return self.first(seq, forward, lambda x: x["thread"] == e["thread"]
                          and x["depth"] < e["depth"]) or self.end(e, forward)

    def loop(self, seq, forward):
        e = self.at[seq]
        if not forward and e["event"] != "line":
            seq = self.first(seq, False, lambda x: x["frame"] == e["frame"]
                             and x["event"] == "line" and x["line"] == e["line"])
            if seq is None:
                return e["seq"]
        return self.first(seq, forward, lambda x: x["frame"] == e["frame"]
                          and x["event"] == "line" and x["line"] == e["line"]) or e["seq"]

    def call(self, seq, forward):
        e = self.at[seq]
        return self.first(seq, forward, lambda x: x["kind"] == "start" and x["frame"] != e["frame"]
                          and (x["file"], x["function"]) == (e["file"], e["function"])) or seq

    def until(self, seq, forward):
        e = self.at[seq]
        if e["event"] == ("return" if forward else "call"):
            return self.over(seq, forward)
        own = [x for x in self.after(seq, forward) if x["frame"] == e["frame"]]
        for x in own:
            if x["event"] == "line" and (x["line"] > e["line"] if forward else x["line"] < e["line"]):
                return x["seq"]
            if x["kind"] in (("return", "unwind") if forward else ("start",)):
                return x["seq"]
        return None


PAIRS = [
    ("s", "rs", Oracle.step), ("s all", "rs all", Oracle.step_all), ("n", "rn", Oracle.over),
    ("out", "rout", Oracle.out), ("it", "rit", Oracle.loop), ("nc", "pc", Oracle.call),
    ("until", "runt", Oracle.until),
]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair[0])
@pytest.mark.parametrize("forward", [True, False], ids=["forward", "backward"])
def test_moves_as_the_dump_says(moves, events, pair, forward):
    there, back, expected = pair
    own = [e for e in events if e["file"].endswith("moves.py")]
    starts = sample(own if there not in ("s", "n") else events)
    oracle = Oracle(events)
    got = positions(moves, starts, there if forward else back)
    wrong = []
    for seq in starts:
        want = expected(oracle, seq, forward)
        if want is not None and got[seq] != want:
            wrong.append((oracle.at[seq], "got", got[seq], "want", want))
    assert not wrong, "%d of %d: %s" % (len(wrong), len(starts), wrong[:3])


def test_there_and_back(moves, events):
    """From a line to the next one of its frame, and back by the mirror image."""
    own = [e for e in events if e["file"].endswith("moves.py") and e["event"] == "line"]
    for there, back in (("it", "rit"), ("s", "rs"), ("s all 3", "rs all 3"), ("s 4", "rs 4")):
        starts = sample(own, seed=5, count=30)
        arrived = positions(moves, starts, there)
        again = positions(moves, [arrived[seq] for seq in starts], back)
        for seq in starts:
            whole = there != "s 4" or arrived[seq] != events[-1]["seq"]
            if arrived[seq] != seq and whole:
                assert again[arrived[seq]] == seq, (there, seq, arrived[seq], again[arrived[seq]])


def ask(recording, *commands):
    words = [word for command in commands for word in ("-c", command)]
    return run.pyreplay("--batch", *words, recording)


def test_both_ends_say_so(moves):
    assert "End of the recording" in ask(moves, "goto end", "c").text
    assert "Nothing after this" in ask(moves, "goto end", "c").text
    assert "Nothing before this: Start of the recording" in ask(moves, "goto start", "rc").text
    assert "Nothing before this" in ask(moves, "goto start", "rs").text


def test_what_is_not_there_is_refused_in_place(moves, events):
    first = next(e["seq"] for e in events if e["file"].endswith("moves.py") and e["line"] == line_of("fact(4)"))
    for command, words in (("it", "does not come to line %d again" % line_of("fact(4)")), ("rit", "before event"),
                           ("out", "nothing recorded called"), ("rout", "nothing recorded called"),
                           ("nc nowhere", "no recorded function is named 'nowhere'"),
                           ("pc fact", "no call of fact() before"), ("si", "--events +opcode")):
        done = ask(moves, "goto %d" % first, command, "info event")
        assert words in done.message, (command, done.message)
        assert done.message.count("\n") == 1 and done.status == 1
        assert "event %d of" % first in done.text


def test_goto_by_share_and_time(moves, events):
    first, last = events[0]["seq"], events[-1]["seq"]
    for share in (0, 25, 50, 99.5, 100):
        text = ask(moves, "goto %g%%" % share, "info event").text
        want = first + (last - first) * share / 100
        assert abs(int(re.search(r"^event (\d+)", text, re.M).group(1)) - want) <= 1, share
    for e in random.Random(2).sample(events, 10):
        text = ask(moves, "goto %dns" % e["time_ns"], "info event").text
        seq = int(re.search(r"^event (\d+)", text, re.M).group(1))
        assert seq == max(x["seq"] for x in events if x["time_ns"] <= e["time_ns"])
    assert "event %d of" % first in ask(moves, "goto 0s", "info event").text
    assert "the run took" in ask(moves, "goto 2h").message
    for bad in ("101%", "%", "1.2.3s", "5 apples", "-3%", "1e3s", "99999999999999999999s"):
        assert "which event?" in ask(moves, "goto %s" % bad).message, bad


def test_over_an_await_is_over_what_is_awaited(moves, events):
    line = line_of("value = await leaf(k)")
    awaits = [e["seq"] for e in events if e["function"] == "work" and e["event"] == "line" and e["line"] == line]
    assert len(awaits) == 6
    frames = {e["seq"]: e["frame"] for e in events}
    lines = {e["seq"]: e["line"] for e in events}
    arrived = positions(moves, awaits, "until")
    for seq, there in arrived.items():
        assert frames[there] == frames[seq] and lines[there] == line + 1


def test_counts_and_threads(moves, events):
    loops = [e for e in events if e["function"] == "loop" and e["kind"] == "start"]
    threads = {e["thread"] for e in loops}
    assert len(threads) == 2
    done = ask(moves, "goto start", "b risky", "c 3", "info event", "c thread", "info event")
    seqs = [int(n) for n in re.findall(r"^event (\d+) of", done.text, re.M)]
    calls = [e for e in events if e["function"] == "risky" and e["kind"] == "start"]
    assert seqs[0] == calls[2]["seq"]
    assert seqs[1] == next((e["seq"] for e in calls if e["seq"] > seqs[0]
                            and e["thread"] == calls[2]["thread"]), events[-1]["seq"])


def test_instructions(tmp_path):
    path = tmp_path / "few.py"
    path.write_text("def f(a):\n    b = a + 1\n    return b\n\n\nf(1)\nf(2)\n")
    recording = tmp_path / "few.pyrec"
    assert run.pyrecord("-q", "--events", "+opcode", "-o", recording, path).status == 0
    events = run.dump(recording, "--no-locals")
    assert any(e["event"] == "opcode" for e in events)
    starts = [e["seq"] for e in events]
    oracle = Oracle(events)
    at = {"si": oracle.step, "ni": oracle.over}
    for command, expected in at.items():
        got = positions(recording, starts, command)
        assert got == {seq: expected(seq, True) for seq in starts}, command
        got = positions(recording, starts, "r" + command)
        assert got == {seq: expected(seq, False) for seq in starts}, command
    stepped = positions(recording, starts, "s")
    plain = Oracle([e for e in events if e["event"] != "opcode"])
    plain.at = oracle.at
    assert stepped == {seq: plain.step(seq, True) for seq in starts}
