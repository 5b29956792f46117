"""Movement, breakpoints and watchpoints over many small chunks, two threads, gaps in the
numbers and changes that no event of their chunk shows: against the dump."""
import json
import os
import random
import re
import subprocess

import pytest
import run
import test_movement

BUILDER = os.path.join(run.BUILD, "tests", "pyrec-build")
FUNCTIONS = ("alpha", "beta", "gamma")


class Writer:
    """A program as the builder's text: calls, loops, generators, exceptions, writes."""

    def __init__(self, seed):
        self.rnd = random.Random(seed)
        self.text = ["file app.py own"]
        self.text += ["    | line %d" % n for n in range(1, 41)]
        for i, name in enumerate(FUNCTIONS):
            lines = ",".join(str(n) for n in range(10 * i + 1, 10 * i + 9))
            self.text.append("code %s app.py:%d slots=x,box lines=%s flags=%d" % (
                name, 10 * i + 1, lines, 32 if name == "gamma" else 0))
        self.text += ['thread 1 "one"', 'thread 2 "two"']
        self.stack = {1: [], 2: []}
        self.suspended = []
        self.frames = 0
        self.boxes = []

    def put(self, thread, line):
        self.text.append("@%d %s" % (thread, line))

    def writes(self, first=False):
        text = ""
        if first or self.rnd.random() < 0.4:
            text += " x=%d" % self.rnd.randrange(4)
        if first and (not self.boxes or self.rnd.random() < 0.1) and len(self.boxes) < 6:
            name = "$b%d" % len(self.boxes)
            self.boxes.append(name)
            text += " box=%s:[0, 1]" % name
        elif first:
            text += " box=%s" % self.rnd.choice(self.boxes)
        elif self.boxes and self.rnd.random() < 0.3:
            box = self.rnd.choice(self.boxes)
            text += " %s[%s]=%d" % (box, self.rnd.choice(["0", "1", "+"]), self.rnd.randrange(3))
        return text

    def step(self):
        rnd = self.rnd
        thread = rnd.choice([1, 1, 2])
        stack = self.stack[thread]
        what = rnd.random()
        if not stack or (what < 0.15 and len(stack) < 6):
            code = rnd.choice(FUNCTIONS[:2] if not stack else FUNCTIONS)
            self.frames += 1
            frame = (code, "f%d" % self.frames)
            self.put(thread, "call %s %d as %s%s" % (
                code, 10 * FUNCTIONS.index(code) + 1, frame[1], self.writes(first=True)))
            stack.append(frame)
        elif what < 0.2 and self.suspended and len(stack) < 6:
            frame = self.suspended.pop(rnd.randrange(len(self.suspended)))
            self.put(thread, "resume %s" % frame[1])
            stack.append(frame)
        elif what < 0.27 and len(stack) > 1 and stack[-1][0] == "gamma":
            self.put(thread, "yield => %d" % rnd.randrange(9))
            self.suspended.append(stack.pop())
        elif what < 0.35 and len(stack) > 1:
            self.put(thread, "return => None")
            stack.pop()
        elif what < 0.38 and len(stack) > 1:
            self.put(thread, "exception")
            self.put(thread, "unwind")
            stack.pop()
        else:
            line = 10 * FUNCTIONS.index(stack[-1][0]) + rnd.randrange(2, 9)
            self.put(thread, "line %d%s" % (line, self.writes()))
        if rnd.random() < 0.12:
            if rnd.random() < 0.2 and self.boxes:
                self.text.append("changes %s[+]=7" % rnd.choice(self.boxes))
            self.text.append("chunk same" if rnd.random() < 0.5 else "chunk")


def build(folder, seed, steps):
    writer = Writer(seed)
    for _ in range(steps):
        writer.step()
    text, recording = folder / ("r%d.txt" % seed), folder / ("r%d.pyrec" % seed)
    text.write_text("\n".join(writer.text) + "\nexit 0\n")
    subprocess.run([BUILDER, text, recording], check=True)
    return recording


@pytest.fixture(scope="module", params=[1, 2, 3])
def built(request, tmp_path_factory):
    recording = build(tmp_path_factory.mktemp("chunks"), request.param, 600)
    run.verified(recording)
    return recording, run.dump(recording)


@pytest.mark.parametrize("pair", test_movement.PAIRS, ids=lambda pair: pair[0])
def test_moves(built, pair):
    recording, events = built
    there, back, expected = pair
    oracle = test_movement.Oracle(events)
    starts = test_movement.sample(events, seed=7, count=70)
    for command, forward in ((there, True), (back, False)):
        got = test_movement.positions(recording, starts, command)
        wrong = [(oracle.at[seq], "got", got[seq], "want", expected(oracle, seq, forward)) for seq in starts
                 if expected(oracle, seq, forward) not in (None, got[seq])]
        assert not wrong, "%s: %d of %d: %s" % (command, len(wrong), len(starts), wrong[:2])


def stops(recording, setup, forward, count):
    """Where `c` leads, one stop more than expected: that is the end."""
    words = ["goto %s" % ("start" if forward else "end"), *setup]
    words += ["c" if forward else "rc", "info event"] * (count + 1)
    return where(recording, words)


def where(recording, commands):
    done = run.pyreplay("--batch", *[word for c in commands for word in ("-c", c)], recording)
    assert done.status == 0, done
    return [int(n) for n in re.findall(r"^event (\d+) of ", done.text, re.M)], done.text


def check(recording, events, setup, want):
    last, first = events[-1]["seq"], events[0]["seq"]
    for forward, end, expected in ((True, last, [seq for seq in want if seq > first]),
                                   (False, first, [seq for seq in reversed(want) if seq < last])):
        got, text = stops(recording, setup, forward, len(expected))
        assert got == expected + [end], text[-900:]


def test_breakpoints(built):
    recording, events = built
    lines = [e["seq"] for e in events if e["event"] == "line" and e["line"] == 3]
    assert len(lines) > 5
    check(recording, events, ["b app.py:3"], lines)
    check(recording, events, ["b app.py:3", "hit 1 4"], lines[3:4])
    check(recording, events, ["b app.py:3", "hit 1 4+"], lines[3:])
    check(recording, events, ["b app.py:3 if x == 2"],
          [e["seq"] for e in events if e["seq"] in lines and e["locals"]["x"] == "2"])
    calls = [e["seq"] for e in events if e["kind"] == "start" and e["function"] in ("beta", "gamma")]
    check(recording, events, ["b [bg]*a"], calls)
    check(recording, events, ["b [bg]*a thread 2"],
          [e["seq"] for e in events if e["seq"] in calls and e["thread"] == 2])
    exits = [e["seq"] for e in events if e["function"] == "beta" and e["kind"] in ("return", "unwind")]
    check(recording, events, ["b beta exit"], exits)
    both = sorted(set(lines + calls + exits))
    check(recording, events, ["b app.py:3", "b [bg]*a", "b beta exit"], both)
    every = [e["seq"] for e in events if e["event"] == "line"]
    check(recording, events, ["b app.py:%d" % n for n in range(1, 29) if n % 10 in range(2, 9)], every)


def frames_of(events):
    frames = {}
    for e in events:
        frames.setdefault(e["frame"], []).append(e)
    return frames


def test_watchpoints(built):
    """A local of a frame, and the list that one refers to, as the dump shows them."""
    recording, events = built
    rnd = random.Random(11)
    frames = [own for own in frames_of(events).values() if len(own) > 4]
    for own in rnd.sample(frames, 8):
        begin, end = own[0]["seq"], own[-1]["seq"]
        changes = [b["seq"] for a, b in zip(own, own[1:]) if a["locals"]["x"] != b["locals"]["x"]]
        got, text = where(recording, ["goto %d" % begin, "watch x"] + ["c", "info event"] * (len(changes) + 1))
        assert got == changes + [events[-1]["seq"]], (begin, text[-900:])
        got, text = where(recording, ["goto %d" % end, "watch x"] + ["rc", "info event"] * len(changes))
        back = [seq for seq in reversed(changes) if seq < end]
        assert got[:len(back)] == back, (end, text[-900:])


def test_content_of_a_list(built):
    """Stops at each event at which the list differs, whoever wrote it, and at no other."""
    recording, _ = built
    seen = {}
    for e in run.dump(recording, "--values", "structured"):
        box = e["locals"].get("box")
        if box and box.get("id"):
            seen.setdefault(box["id"], []).append((e["seq"], [item["text"] for item in box["items"]]))
    assert len(seen) > 2
    for states in list(seen.values())[:4]:
        first, last = states[0][0], states[-1][0]
        rows = run.pyreplay("history", "--all", "--format", "json", recording, "box", "--at", str(first))
        changes = [json.loads(line) for line in rows.text.splitlines()]
        changes = [row for row in changes if first < row["seen"] <= last and row["before"] != row["after"]]
        for row in changes:  # the state just before and just after, where the dump shows the list
            before = [items for seq, items in states if seq < row["seen"]][-1:]
            after = [items for seq, items in states if seq >= row["seen"]][:1]
            assert row["content"] and row["before"] != row["after"], row
            assert before and after
        for (a, old), (b, new) in zip(states, states[1:]):
            between = [row for row in changes if a < row["seen"] <= b]
            assert old == new or between, (a, b, old, new)
            if between:
                assert between[0]["before"] == "[%s]" % ", ".join(old)
                assert between[-1]["after"] == "[%s]" % ", ".join(new)
                assert all(x["after"] == y["before"] for x, y in zip(between, between[1:]))
        want = [row["seen"] for row in changes]
        got, text = where(recording, ["goto %d" % first, "watch box"] + ["c", "info event"] * len(want))
        assert got == want, text[-900:]
        got, text = where(recording, ["goto %d" % first, "watch box", "goto %d" % last] + ["rc", "info event"] * len(want))
        back = [seq for seq in reversed(want) if seq < last]
        assert got[:len(back)] == back, text[-900:]
