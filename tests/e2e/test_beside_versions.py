"""Other tools in the same process, on every other Python that pyrecord was built for, by either
door: the program is as without us, and the recording goes on."""
import compare
import pytest
import run
import test_transparent_tools as tools
import transparent

PYTHONS = {python.name: python for python in compare.built_pythons()
           if python.version != compare.DEFAULT.version}
# Of each version these run always, by one door each; all others with `make test-full`.
CHOSEN = {"settrace": "embedding", "setprofile": "module", "threading_settrace": "module",
          "pdb_set_trace": "embedding", "monitoring_tools": "module",
          "all_threads": "embedding", "recursion_in_c": "embedding",
          "small_stacks": "module"}
LATER = {}  # what begins with a version

LATER["monitoring_tools"] = (3, 12), """
import sys
monitoring = sys.monitoring
def work(n):
    data = [[0], {}]
    for i in range(n):
        data[0].append(i); data[1][i] = str(i)
        data.reverse(); data.reverse()
    return data
def deep(n):
    found = []
    take(n, found), found.append(n), found.extend([1])
    return found
def take(n, found):
    monitoring.use_tool_id(n, "mine%d" % n)
    found.append(0)
work(3)
print(monitoring.get_tool(4), monitoring.get_tool(3))
print(deep(4), work(2), deep(3), work(2))
seen = []
monitoring.register_callback(4, monitoring.events.PY_START, lambda code, at: seen.append(code.co_name))
monitoring.set_events(4, monitoring.events.PY_START)
work(1)
monitoring.set_events(4, 0)
print(seen, monitoring.get_tool(4), monitoring.get_tool(3))
try:
    monitoring.use_tool_id(4, "another")
except ValueError as why:
    print(why)
for n in 4, 3:
    monitoring.free_tool_id(n)
print(work(2), monitoring.get_tool(4), monitoring.get_tool(3))
"""
LATER["all_threads"] = (3, 12), """
import sys, threading
log = []
def tracer(frame, event, arg):
    if frame.f_code.co_name == "work":
        log.append((threading.current_thread().name, event, frame.f_lineno))
    return tracer
def profiler(frame, event, arg):
    if frame.f_code.co_name == "work":
        log.append((threading.current_thread().name, "profile", event))
def work(n):
    return [n]
ready, go = threading.Semaphore(0), threading.Event()
def waits(n):
    ready.release()
    go.wait()
    return work(n)
threads = [threading.Thread(target=waits, args=(n,), name="t%d" % n) for n in range(3)]
for thread in threads:
    thread.start()
    ready.acquire()
threading.settrace_all_threads(tracer)
threading.setprofile_all_threads(profiler)
print(sys.gettrace() is tracer, sys.getprofile() is profiler)
go.set()
for thread in threads:
    thread.join()
threading.settrace_all_threads(None)
threading.setprofile_all_threads(None)
work(3)
print(sorted(log), sys.gettrace(), sys.getprofile())
"""
# `len` is used by what stands for it: a recursion that is ended by the calls of C functions.
LATER["recursion_in_c"] = (3, 8), """
import unittest.mock
try:
    with unittest.mock.patch("builtins.len", return_value=99):
        found = [0] and len([])
except RecursionError as why:
    depth, trace = 0, why.__traceback__
    while trace:
        depth, trace = depth + 1, trace.tb_next
    print(depth, why)
print("end")
"""


# What the hook needs of the stack must be there beside what the interpreter needs.
LATER["small_stacks"] = (3, 8), """
import decimal, pathlib, threading, collections, fractions, functools, itertools, json, re, datetime, uuid
class Point:
    __slots__ = ("x", "y")
    def __init__(self, x, y):
        self.x, self.y = x, y
def values(n):
    data = {"path": pathlib.Path("/a") / "b" / str(n), "big": 7 ** (n * 50), "d": decimal.Decimal(n) / 7,
            "deque": collections.deque([n], 3), "when": datetime.datetime(2026, 1, 1), "id": uuid.UUID(int=n),
            "nested": [[[[[[n]]]]]], "text": "x" * 5000, "point": Point(n, [n]), "bytes": bytearray(3000)}
    data["sorted"] = sorted(range(5), key=lambda k: -k)
    data["map"] = list(map(functools.partial(pow, 2), range(4)))
    return data
def fails(n):
    try:
        raise ValueError(("deep", (n, (n, (n, (n,))))), "x" * 100)
    except ValueError as why:
        return repr(why.args)
def chain(n):
    if n:
        yield from chain(n - 1)
    yield n
def deep(n):
    return n and deep(n - 1) + 1
def recursive(n):
    return n and max(map(recursive, [n - 1])) + 1
def run(out):
    for n in range(5):
        got = values(n)
        out.append((len(got), fails(n), sum(chain(20)), deep(5), recursive(3)))
        out.append(json.loads(json.dumps({"a": [n, {"b": None}]})))
        exec("class A:\\n    x = [%d]\\n    y = [q for q in x]\\nmade = A()" % n, {})
threading.stack_size(32768)
out = []
t = threading.Thread(target=run, args=(out,))
t.start(); t.join()
print(out[-2:], len(out))
"""


def held(name, version, door, tmp_path, **options):
    python = PYTHONS[version].by(door)
    if name in LATER:
        since, source = LATER[name]
        if python.version < since:
            pytest.skip("begins with a later version")
    else:
        source, options = tools.PROGRAMS[name]
    _, recording = transparent.same(tmp_path, source, python=python, **options)
    run.verified(recording)
    return recording


ALL = [*tools.PROGRAMS, *LATER]


# Between these versions little changed that tools see.
BETWEEN = ["3.9", "3.10"]


@pytest.mark.parametrize("name", CHOSEN)
@pytest.mark.parametrize("version", [pytest.param(
    name, marks=pytest.mark.full if name in BETWEEN else []) for name in PYTHONS])
def test_tools(version, name, tmp_path, pyreplay):
    held(name, version, CHOSEN[name], tmp_path)


@pytest.mark.full
@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("door", compare.DOORS)
@pytest.mark.parametrize("version", PYTHONS)
def test_all_tools(version, door, name, tmp_path, pyreplay):
    held(name, version, door, tmp_path)
