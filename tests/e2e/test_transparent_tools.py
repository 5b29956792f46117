"""The program is not changed: its own tracers, profilers and debuggers work beside ours."""
import pytest
import transparent

PROGRAMS = {}


def program(name, source, **options):
    PROGRAMS[name] = (source, options)


program("settrace", """
import sys
def f(n):
    x = n
    for i in range(2):
        x += i
    try:
        raise ValueError(x)
    except ValueError:
        pass
    return x
log = []
def tracer(frame, event, arg):
    log.append((event, frame.f_code.co_name, frame.f_lineno, frame.f_locals.get("x")))
    return tracer
print(sys.gettrace())
f(1)
sys.settrace(tracer)
f(2)
print(sys.gettrace() is tracer)
sys.settrace(None)
f(3)
print(sys.gettrace())
for one in log:
    print(one)
""")
program("settrace_twice", """
import sys
def make(name, log):
    def tracer(frame, event, arg):
        log.append((name, event, frame.f_lineno))
        return tracer if event == "call" else None
    return tracer
def f():
    a = 1
    sys.settrace(second)
    b = 2
    return g()
def g():
    return 3
log = []
first, second = make("first", log), make("second", log)
sys.settrace(first)
f()
old = sys.gettrace()
sys.settrace(old)
g()
sys.settrace(None)
print(log, old is second)
""")
program("settrace_that_fails", """
import sys
def f():
    return 1
def tracer(frame, event, arg):
    raise RuntimeError("tracer fails")
sys.settrace(tracer)
try:
    f()
except RuntimeError as why:
    print(why, sys.gettrace())
f()
print("goes on")
""")
program("settrace_left_on", """
import sys
def tracer(frame, event, arg):
    print(event, frame.f_code.co_name)
def f(): pass
sys.settrace(tracer)
f()
""")
program("local_trace_functions", """
import sys
def g():
    yield 1
    yield 2
def f():
    for x in g():
        y = x
    return y
seen = []
def opcodes(frame, event, arg):
    seen.append(event)
    return opcodes
def tracer(frame, event, arg):
    if frame.f_code.co_name == "f":
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        return opcodes
sys.settrace(tracer)
f()
sys.settrace(None)
print(sorted(set(seen)), len(seen))
def jumper(frame, event, arg):
    if event == "line" and frame.f_lineno == j.__code__.co_firstlineno + 2:
        frame.f_lineno += 1
    return jumper
def j():
    a = "kept"
    a = "jumped over"
    return a
sys.settrace(jumper)
result = j()
sys.settrace(None)
print(result)
def writer(frame, event, arg):
    if event == "return" and "n" in frame.f_locals:
        frame.f_locals["n"] = 9
    return writer
def w():
    n = 1
    return n
sys.settrace(writer)
result = w()
sys.settrace(None)
print(result)
""")
program("setprofile", """
import sys
log = []
def profiler(frame, event, arg):
    log.append((event, frame.f_code.co_name, getattr(arg, "__name__", arg)))
def f(x):
    return len([x])
sys.setprofile(profiler)
f(1)
try:
    int("x")
except ValueError:
    pass
print(sys.getprofile() is profiler)
sys.setprofile(None)
print(log)
""")
program("threading_settrace", """
import sys, threading
log = []
def tracer(frame, event, arg):
    log.append((event, frame.f_code.co_name))
    return tracer
def f():
    return 1
threading.settrace(tracer)
threading.setprofile(lambda frame, event, arg: log.append(("profile", event)))
t = threading.Thread(target=f)
t.start(); t.join()
threading.settrace(None)
threading.setprofile(None)
t = threading.Thread(target=f)
t.start(); t.join()
print(log, sys.gettrace())
""")
program("pdb_set_trace", """
def f(n):
    total = 0
    for i in range(n):
        total += i
    breakpoint()
    total *= 2
    return total
print(f(4))
print("end")
""", stdin=b"p total\nw\nn\nn\ns\np 'x' * 3\nb 3\nc\n")
program("pdb_quits", "import pdb\npdb.set_trace()\nx = 1\ny = 2\nprint(x)\n", stdin=b"n\np x\nq\n")
program("pdb_post_mortem", """
import pdb
def f(x):
    return 1 / x
try:
    f(0)
except ZeroDivisionError as why:
    pdb.post_mortem(why.__traceback__)
print("after")
""", stdin=b"p x\nu\nw\nq\n")
program("pdb_module", "def f(a):\n    b = a\n    return b\nprint(f(3))\n",
        target=["-m", "pdb", "program.py"], stdin=b"b f\nc\na\nn\np b\nr\nc\nq\n")
program("trace_module", """
import trace
def f(n):
    t = 0
    for i in range(n):
        t += i
    return t
t = trace.Trace(count=1, trace=0, countfuncs=0)
print(t.runfunc(f, 3))
print(sorted((line, count) for (name, line), count in t.results().counts.items() if name == __file__))
""")
program("trace_command", "def f():\n    return 1\nprint(f())\n",
        target=["-m", "trace", "--trace", "--ignore-dir=/usr", "program.py"])
program("profile_module", """
import cProfile, pstats, io
def f(n):
    return sum(range(n))
p = cProfile.Profile()
p.enable()
for i in range(3):
    f(i)
p.disable()
stats = pstats.Stats(p, stream=io.StringIO()).stats
print(sorted((k[2], v[0]) for k, v in stats.items()))
""")
program("bdb", """
import bdb
class Db(bdb.Bdb):
    def user_line(self, frame):
        print("line", frame.f_lineno, sorted(frame.f_locals)[:2])
    def user_return(self, frame, value):
        print("return", value)
def f(a):
    b = a + 1
    return b
Db().runcall(f, 1)
""")
program("code_module", """
import code
code.interact(banner="hello", exitmsg="bye", local={"x": 1})
""", stdin=b"x + 1\ndef f():\n    return 3\n\nf()\n1/0\n")
program("doctest_and_unittest_mock", """
import doctest, unittest.mock
def f():
    '''
    >>> f()
    2
    '''
    return 2
print(doctest.testmod())
with unittest.mock.patch("builtins.len", return_value=99) as mocked:
    print(len([]), mocked.call_count)
""")
program("monkeypatched_threading", """
import threading, _thread
real = _thread.start_new_thread
def counting(*args):
    print("starting")
    return real(*args)
threading._start_new_thread = counting
t = threading.Thread(target=print, args=("ran",))
t.start(); t.join()
print(_thread.start_new_thread is real, real.__name__, type(real).__name__)
""")
program("interactive_after", "x = 5\nprint('script')\n", options=["-i"], stdin=b"x + 1\nprint(undefined)\nexit(3)\n")


@pytest.mark.parametrize("name", PROGRAMS)
def test_tools_work_beside_the_recorder(name, tmp_path, pyrecord):
    source, options = PROGRAMS[name]
    transparent.same(tmp_path, source, **options)
