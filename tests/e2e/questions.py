"""What the questions over the whole run must answer, worked out the long way from a dump."""
import ast
import collections
import functools
import json

import run

# Several chunks: calls that last over their ends, generators that wait for long, threads.
BANK = '''\
import threading

limit = 10
names = ["ann", "bob", "cyd", "dan"]
journal = {}


class Account:
    def __init__(self, owner):
        self.owner = owner
        self.total = 0
        self.notes = []

    def add(self, amount):
        if amount % 97 == 0:
            raise ValueError("amount %d" % amount)
        self.total += amount
        if amount % 50 == 1:
            self.notes.append("note %d" % amount)
        return self.total


def fib(n, trace=None):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


def deep(level, amount):
    if level == 0:
        return amount * 2
    return deep(level - 1, amount + 1)


def numbers(first, last):
    total = 0
    for n in range(first, last):
        total += n
        yield n
    return total


def middle(account, amount):
    return account.add(amount)


def work(tag, count):
    global limit
    account = Account(names[tag % 4])
    slow = numbers(0, 40)
    label = "worker %d" % tag
    for i in range(count):
        try:
            value = middle(account, i)
        except ValueError as error:
            journal[i] = str(error)
            value = None
        if i % 40 == 0:
            limit = next(slow, -1) + 10
            label = label + "."
    return fib(9), deep(30, tag), label


def main():
    first = work(0, 1500)
    threads = [threading.Thread(target=work, args=(tag, 300)) for tag in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = numbers(5, 9)
    next(kept)
    fib(15)
    last = work(3, 400)
    kept.close()
    return first, last


outcome = main()
'''


def ask(question, recording, *words):
    done = run.pyreplay(question, recording, *words)
    assert done.status == 0, done
    return done.text


def rows(question, recording, *words):
    """The rows as objects; none when that is the answer."""
    done = run.pyreplay(question, "--format", "json", recording, *words)
    assert done.status in (0, 1), done
    assert (done.status == 1) == (not done.text), done
    return [json.loads(line) for line in done.text.split("\n") if line]


@functools.lru_cache(maxsize=200000)
def _literal(text):
    try:
        return ast.literal_eval(text), True
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None, False


def literal(text):
    """The value that a text stands for; KeyError when it is not plain data."""
    value, plain = _literal(text)
    if not plain:
        raise KeyError(text)
    return value


def beginning(text):
    """Of a str or bytes whose end may not be recorded."""
    return literal(text[:-3] if text.endswith(("'...", '"...')) else text)


@functools.lru_cache
def compiled(expression):
    return compile(expression, "expression", "eval")


class Unknown(Exception):
    """Not to be told from the texts of a dump."""


class Names(dict):
    """What an event's frame sees, by its texts."""

    def __init__(self, event):
        self.event = event
        super().__init__()

    def __missing__(self, name):
        text = self.event["locals"].get(name) or (self.event.get("globals") or {}).get(name)
        if text is None:
            raise KeyError(name)  # a built-in, or nothing
        try:
            return literal(text)
        except KeyError:
            raise Unknown(name) from None


def holds(expression, event):
    """Whether an expression over plain variables holds at an event; None: not to be told."""
    try:
        return bool(eval(compiled(expression), {}, Names(event)))
    except Unknown:
        return None
    except NameError:
        return False
    except (TypeError, ValueError, IndexError, KeyError, AttributeError, ZeroDivisionError):
        return None


class Call:
    def __init__(self, event):
        self.event = event
        self.end = None
        self.exception = None


def calls_of(events):
    """Every call, in order, with the event that ended it."""
    by_frame, every = {}, []
    for event in events:
        frame = event["frame"]
        if event["kind"] == "start":
            by_frame[frame] = Call(event)
            every.append(by_frame[frame])
        elif event["event"] == "exception" and frame in by_frame:
            by_frame[frame].exception = event["exception"]
        elif event["kind"] in ("return", "unwind") and frame in by_frame:
            by_frame.pop(frame).end = event
    return every


def raises_of(events):
    """Exceptions where they began, with the frames that they left: at once, or after `finally`,
    `__exit__` or what stands before a bare `raise`, if the frame's end carries them on."""
    threads = {}
    for event in events:
        threads.setdefault(event["thread"], []).append(event)
    return sorted((found for of_thread in threads.values() for found in raises_of_thread(of_thread)),
                  key=lambda found: found["event"]["seq"])


def raises_of_thread(events):
    left = {}  # frame -> place of its end, place of the exception event that led to it
    seen = {}  # frame -> places of its exception events
    for at, event in enumerate(events):
        if event["event"] == "exception":
            seen.setdefault(event["frame"], []).append(at)
        elif event["kind"] == "unwind" and event["frame"] in seen:
            after = events[at + 1] if at + 1 < len(events) else None
            on = after and after["event"] == "exception" and after["frame"] == event["parent"]
            left[event["frame"]] = at, next(
                (place for place in reversed(seen[event["frame"]])
                 if not on or events[place]["exception"]["id"] == after["exception"]["id"]), None)
    for begin, event in enumerate(events):
        if event["event"] != "exception" or begin and events[begin - 1]["kind"] == "unwind":
            continue
        levels, at = 0, begin
        while at + 1 < len(events):
            unwound, after = events[at]["kind"] == "unwind", events[at + 1]
            if after["kind"] == "unwind" or unwound and after["event"] == "exception":
                at += 1
            elif not unwound and left.get(events[at]["frame"], (0, 0))[1] == at:
                at = left[events[at]["frame"]][0]
            else:
                break
            levels += events[at]["kind"] == "unwind"
        yield {"event": event, "levels": levels}


def tree_of(events):
    """Calls and unwindings by the names on the way from the outermost frame; a function that
    calls itself is one with its caller."""
    path_of, counts, unwinds = {}, collections.Counter(), collections.Counter()
    for event in events:
        key = (event["frame"], event["call_seq"])
        if event["event"] == "call":
            parent = path_of.get(event["parent"], ())
            name = (event["file"], event["function"])
            path = parent if parent and parent[-1] == name else parent + (name,)
            path_of[event["frame"]] = path
            counts[path] += event["kind"] == "start"
        elif event["kind"] == "unwind":
            unwinds[path_of[key[0]]] += 1
    return counts, unwinds


def tree_paths(nodes):
    """The same from the rows of a tree."""
    stack, counts, unwinds = [], collections.Counter(), collections.Counter()
    for node in nodes:
        del stack[node["level"]:]
        stack.append((node["file"], node["function"]) if node["function"] else None)
        path = tuple(step for step in stack if step)
        if path:
            counts[path] += node["calls"]  # two lambdas have one name
            unwinds[path] += node["unwinds"]
    return counts, unwinds
