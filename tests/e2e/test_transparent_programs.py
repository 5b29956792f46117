"""The program is not changed: stdout, stderr and exit status byte for byte as bare.

Here: what a program sees of itself (argv, flags, modules, references, life times), how it
ends, and what it prints. Processes and signals are in test_transparent_process.py, other
tracers and debuggers in test_transparent_tools.py."""
import pytest
import run
import transparent

PROGRAMS = {}


def program(name, source, **options):
    assert name not in PROGRAMS
    PROGRAMS[name] = (source, options)


program("argv", """
import sys
print(sys.argv, sys.orig_argv, sys.flags, sys.executable, sys._base_executable)
print(sys.path, sys.prefix, sys.exec_prefix, sys.base_prefix, sys.warnoptions, sys._xoptions)
print(__name__, __file__, __spec__, __package__, __cached__, __doc__, __builtins__.__name__)
print(type(__loader__).__name__, sorted(globals()), __annotations__)
print(sys.implementation.name, sys.hexversion, sys.getfilesystemencoding(), sys.platlibdir)
""", args=["a b", "--x", "-c", "", "é"])

program("what_a_program_asks", """
import sys, gc, signal, os, threading, locale
print(sys.gettrace(), sys.getprofile(), threading.gettrace(), threading.getprofile())
print(sys.getrecursionlimit(), sys.getswitchinterval(), gc.isenabled(), gc.get_threshold(), gc.callbacks)
print(threading.active_count(), threading.enumerate()[0].name, len(sys._current_frames()))
frame = sys._getframe()
print(frame.f_back, frame.f_trace, frame.f_trace_lines, frame.f_trace_opcodes)
print([signal.getsignal(s) for s in (1, 2, 13, 14, 15, 10, 11)], signal.pthread_sigmask(signal.SIG_BLOCK, []))
print(os.getcwd(), len(os.environ), sorted(k for k in os.environ if k.startswith(("PY", "LC_", "LD_"))), os.listdir("."), locale.setlocale(locale.LC_ALL))
print(sorted(sys.modules))
print(sys.meta_path, sys.path_hooks, sorted(sys.path_importer_cache), sys.excepthook is sys.__excepthook__)
""")

program("file_descriptors", """
import os, subprocess, sys
print(os.open("/dev/null", os.O_RDONLY))
f = open(os.devnull)
print(f.fileno())
print(os.pipe())
code = "import os; print(sorted(int(n) for n in os.listdir('/proc/self/fd')))"
subprocess.run([sys.executable, "-c", code], close_fds=False)
""")

program("stdin_lines", """
import sys
first = input("name? ")
print("hello", first)
for line in sys.stdin:
    print(repr(line))
print(repr(sys.stdin.read()))
try:
    input()
except EOFError as why:
    print(why)
""", stdin="ann\nö b\nlast".encode())

program("stdin_bytes", """
import sys
data = sys.stdin.buffer.read()
sys.stdout.buffer.write(data[::-1])
sys.stdout.write("text\\n")
""", stdin=bytes(range(256)) * 10)

program("traceback", """
def inner(x):
    return [1, 2, 3][x]

def outer(x):
    try:
        return inner(x)
    except IndexError as why:
        raise ValueError("wrapped", x) from why

class Lazy:
    def __getattr__(self, name):
        try:
            {}[name]
        except KeyError:
            return outer(10)

print("before")
Lazy().attribute
""")

program("traceback_forms", """
import sys, traceback

def run(function):
    try:
        function()
    except BaseException:
        traceback.print_exc()
        print(len(traceback.extract_tb(sys.exc_info()[2])))

def recursive(n):
    return recursive(n - 1) if n else 1 / 0

class Odd(Exception):
    def __str__(self):
        raise RuntimeError("no text")

def odd():
    raise Odd()

def suppressed():
    try:
        1 / 0
    except ZeroDivisionError:
        raise KeyError("k") from None

def grouped():
    raise ExceptionGroup("g", [ValueError(1), ExceptionGroup("h", [OSError(2, "no")])])

def noted():
    error = ValueError("with a note")
    error.add_note("the note")
    raise error

for one in (lambda: recursive(5), odd, suppressed, grouped, noted, lambda: compile("a b", "f", "exec"),
            lambda: exec("x = \\n", {}), lambda: __import__("nothing_here"), lambda: next(iter(()))):
    run(one)
traceback.print_stack()
error = ValueError("last")
error.__cause__ = error
raise error
""")

program("syntax_error", "def f(:\n    pass\n")
program("syntax_error_late", "print('not reached')\nx = 'unterminated\n")
program("null_byte", "print(1)\0\n")
program("tabs", "if 1:\n\tx = 1\n        y = 2\n")
program("coding_cookie", "# -*- coding: latin-1 -*-\nprint(ascii('\xe9'))\n")
program("bad_encoding", "# -*- coding: no-such -*-\nprint(1)\n")
program("empty", "")
program("error_in_import", "import broken\n",
        setup=lambda p: (p / "broken.py").write_text("def f(:\n"))
program("import_beside", "import beside\nprint(beside.__file__, beside.f())\n",
        setup=lambda p: (p / "beside.py").write_text("def f():\n    return __name__\n"))

for _name, _value in {"none": "None", "zero": "0", "three": "3", "text": "'a message'",
                      "tuple": "(1, 2)", "large": "256", "negative": "-1", "true": "True",
                      "float": "1.5", "huge": "2**70"}.items():
    program("exit_" + _name, "import sys\nprint('x', end='')\nsys.exit(%s)\n" % _value)
program("exit_builtin", "quit(4)\n")
program("exit_raised_deep", "def f(n):\n    f(n - 1) if n else exit('deep')\nf(20)\n")
program("exit_in_finally", "try:\n    raise SystemExit(3)\nfinally:\n    print('finally')\n")
program("exit_own_class", "class E(SystemExit): pass\nraise E(9)\n")
program("exit_in_thread", """
import threading, sys
t = threading.Thread(target=sys.exit, args=(5,))
t.start(); t.join()
print("main goes on")
""")

program("atexit", """
import atexit, sys
@atexit.register
def one():
    print("one")
@atexit.register
def two():
    print("two")
    raise ValueError("in atexit")
atexit.register(lambda: atexit.register(print, "registered late"))
atexit.register(sys.exit, 5)
print("end")
""")

program("atexit_after_error", """
import atexit
atexit.register(print, "still runs", flush=True)
raise KeyError("uncaught")
""")

program("finalizers_at_teardown", """
import sys
class Thing:
    def __init__(self, name):
        self.name = name
    def __del__(self, out=sys.stdout.write):
        out("del %s, sys is %s\\n" % (self.name, type(sys).__name__))
a = Thing("a")
b = [Thing("in a list"), Thing("again")]
_private = Thing("private")
sys.held = Thing("held by sys")
c = Thing("cycle")
c.me = c
def keeps(x=Thing("default")):
    pass
print("end")
""")

program("finalizers_in_order", """
import gc
class Thing:
    def __init__(self, name):
        self.name = name
    def __del__(self):
        print("del", self.name)
def f():
    a = Thing("a")
    b = Thing("b")
    a = Thing("a again")
    print("in f")
    return b
print("got", f().name)
f()
x = Thing("x")
y = x
del x
print("x is gone")
y = None
print("y is gone")
for i in range(2):
    z = Thing(i)
try:
    held = Thing("in traceback")
    raise ValueError
except ValueError as why:
    held = None
    print("handled")
def gen():
    g = Thing("in generator")
    yield 1
    print("never")
it = gen()
next(it)
it = None
print("generator dropped")
class Loop: pass
one = Loop(); one.me = one; one.thing = Thing("in a cycle")
one = None
print("before collect")
print(gc.collect() > 0)
""")

program("weakrefs", """
import weakref, gc
class Node:
    pass
def gone(ref):
    print("gone", ref() is None)
a = Node()
r = weakref.ref(a, gone)
p = weakref.proxy(a)
p.x = 1
d = weakref.WeakValueDictionary(k=a)
s = weakref.WeakSet([a])
k = weakref.WeakKeyDictionary({a: 1})
print(weakref.getweakrefcount(a), len(d), len(s), len(k))
a = None
print(r(), len(d), len(s), len(k))
try:
    p.x
except ReferenceError as why:
    print(why)
weakref.finalize(Node(), print, "finalize at once")
keep = Node()
weakref.finalize(keep, print, "finalize at exit")
m = weakref.WeakMethod(Node.__init__) if hasattr(Node.__init__, "__func__") else None
""")

program("references", """
import sys, gc
def count(x):
    y = x
    return sys.getrefcount(x)
a = []
b = {"a": a, "t": (a, [a])}
print(sys.getrefcount(a), sys.getrefcount(b), count(a), count("text" * 2), count(10**30))
class C:
    def __init__(self):
        self.a = a
        self.n = 1
c = C()
print(sys.getrefcount(c), sys.getrefcount(C), sys.getrefcount(C.__init__))
print([type(x).__name__ for x in gc.get_referents(c)], [type(x).__name__ for x in gc.get_referents(count)])
print(sorted(type(x).__name__ for x in gc.get_referrers(a)), len(gc.get_referrers(C)))
print(sum(type(x) is C for x in gc.get_objects()))
many = [C() for _ in range(10)]
print(sum(type(x) is C for x in gc.get_objects()), gc.is_tracked(c), gc.is_tracked(a))
many = None
print(sum(type(x) is C for x in gc.get_objects()))
c.__dict__["later"] = 2
print([type(x).__name__ for x in gc.get_referents(c)], sys.getrefcount(c.__dict__))
def g():
    local = a
    yield sys.getrefcount(local)
    yield sys.getrefcount(local)
it = g()
print(next(it), next(it), sys.getrefcount(a), sys.getrefcount(it))
def raises():
    x = a
    raise ValueError(x)
try:
    raises()
except ValueError as why:
    print(sys.getrefcount(a), sys.getrefcount(why))
print(sys.getrefcount(a))
""")

program("sizes", """
import sys
def f(s, d, l):
    t = s
    return sys.getsizeof(t), sys.getsizeof(d), sys.getsizeof(l)
s = "caf\\xe9" * 5
d = {s: 1}
print(f(s, d, [s]), f("\\u65e5", {}, []), f("ascii", {1: 2}, [1] * 9))
class C: pass
c = C(); c.x = s
print(sys.getsizeof(c), sys.getsizeof(c.__dict__), sys.getsizeof(C))
""")

program("string_building", """
def build(n):
    s = ""
    for i in range(n):
        s += chr(97 + i % 26)
    return s
print(len(build(5000)), build(30))
""")

program("recursion_to_the_limit", """
import sys
depth = 0
def down():
    global depth
    depth += 1
    down()
try:
    down()
except RecursionError as why:
    print(depth, why)
def nest(n):
    x = []
    for _ in range(n):
        x = [x]
    return x
for n in range(900, 1100):
    try:
        repr(nest(n))
    except RecursionError as why:
        print(n, why)
        break
class R:
    def __repr__(self):
        global depth
        depth += 1
        return "%r" % self
depth = 0
try:
    repr(R())
except RecursionError as why:
    print(depth, why)
sys.setrecursionlimit(150)
depth = 0
try:
    down()
except RecursionError as why:
    print(depth, why)
down()
""")

program("deep_recursion", """
import sys
sys.setrecursionlimit(20000)
def f(n):
    return 0 if n == 0 else 1 + f(n - 1)
print(f(9000))
""")

program("warnings", """
import warnings
def old():
    warnings.warn("old thing", DeprecationWarning, stacklevel=2)
old()
old()
warnings.warn("a user warning")
x = "1" is 1
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    old()
    print(len(seen), seen[0].lineno)
def leak():
    open("/dev/null")
leak()
async def never(): pass
never()
""")

for _name, _options in {
    "dev_mode": ["-X", "dev"], "warnings_are_errors": ["-W", "error"], "optimised": ["-O"],
    "no_docstrings": ["-OO"], "isolated": ["-I"], "no_site": ["-S"], "utf8": ["-X", "utf8"],
    "unbuffered": ["-u"], "int_digits": ["-X", "int_max_str_digits=700"], "no_user_site": ["-s"],
    "safe_path": ["-P"], "ignore_environment": ["-E"], "bytes_warning": ["-bb"], "no_bytecode": ["-B"],
    "warn_default_encoding": ["-X", "warn_default_encoding"], "no_debug_ranges": ["-X", "no_debug_ranges"],
    "skip_first_line": ["-x"], "two_options": ["-W", "default", "-OX", "dev"],
}.items():
    program("option_" + _name, '''"""doc"""
import sys, warnings
print(sys.flags, sys._xoptions, sys.warnoptions, __doc__, sys.path, sys.dont_write_bytecode)
def f():
    """f's doc"""
    assert sys is None, "assertion"
print(f.__doc__, sys.stdout.line_buffering, sys.stdout.encoding, sys.orig_argv)
try:
    f()
except AssertionError as why:
    print(why)
try:
    print(len(str(10**1000)), str(b"x"))
except (ValueError, BytesWarning) as why:
    print(why)
open("/dev/null")
warnings.warn("careful", ResourceWarning)
def g():
    return 1 / 0
g()
''', options=_options, args=["arg"])

program("unraisable", """
import sys
class Bad:
    def __del__(self):
        raise ValueError("in del")
Bad()
x = Bad()
def hook(info):
    print("hook", info.exc_type.__name__, info.err_msg)
sys.unraisablehook = hook
del x
sys.unraisablehook = sys.__unraisablehook__
keep = Bad()
""")

program("thread_exceptions", """
import threading
def fails(n):
    raise ValueError("in thread %d" % n)
t = threading.Thread(target=fails, args=(1,), name="one")
t.start(); t.join()
def hook(info):
    print("hook", info.exc_type.__name__, info.thread.name)
threading.excepthook = hook
t = threading.Thread(target=fails, args=(2,), name="two")
t.start(); t.join()
import _thread, time
lock = _thread.allocate_lock(); lock.acquire()
def raw():
    try:
        raise KeyError("raw")
    finally:
        lock.release()
_thread.start_new_thread(raw, ())
lock.acquire()
time.sleep(0.1)
""")

program("excepthook", """
import sys
def hook(kind, value, trace):
    print("mine", kind.__name__, value, trace.tb_lineno, trace.tb_next)
sys.excepthook = hook
1 / 0
""")

program("excepthook_that_fails", """
import sys
def hook(*args):
    raise RuntimeError("hook fails")
sys.excepthook = hook
1 / 0
""")

program("displayhook_and_builtins", """
import builtins, sys
builtins.extra = 1
print(extra)
builtins.__import__ = lambda *a, real=builtins.__import__: (print("import", a[0]), real(*a))[1]
import colorsys
del builtins.__import__
try:
    import wave
except ImportError as why:
    print(why)
""")

program("stdout_latin1", "print('\xe9')\ntry:\n    print('\u65e5')\nexcept UnicodeEncodeError as why:\n    print(why.reason)\n",
        env={"PYTHONIOENCODING": "latin-1"})
program("stdout_surrogate", "import sys\nprint(ascii(sys.argv))\nprint(sys.argv[1])\nprint('\\udce9')\n", args=["\udce9x"])
program("c_locale", "import sys\nprint(sys.stdout.encoding, sys.getfilesystemencoding(), ascii(sys.argv))\n",
        args=["é"], env={"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"})
program("hash_seed", "print({'a', 'b', 'c', 'd', 'e', 'f'}, hash('x'))\n", env={"PYTHONHASHSEED": "42"})
program("python_path", "import sys, extra_here\nprint(sys.path, extra_here.x)\n", env={"PYTHONPATH": "lib"},
        setup=lambda p: ((p / "lib").mkdir(), (p / "lib/extra_here.py").write_text("x = 1\n")))
program("stdout_closed", "import sys\nprint('lost')\nsys.stdout.close()\n")
program("stdout_gone", "import os\nprint('lost')\nos.close(1)\n")
program("stderr_gone", "import os\nos.close(2)\n1 / 0\n")
program("stdout_replaced", "import sys, io\nsys.stdout = io.StringIO()\nprint('x')\nsys.__stdout__.write(sys.stdout.getvalue())\n")
program("full_device", "print('x' * 100000)\nimport sys\nsys.stdout = open('/dev/full', 'w')\nprint('y')\n")

program("audit_hook", """
import sys
seen = []
sys.addaudithook(lambda event, args: seen.append(event))
def f(x):
    return compile("x + %d" % x, "f", "eval")
eval(f(3), {"x": 1})
open("/dev/null").close()
import colorsys
print(seen)
""")

program("tracemalloc", """
import tracemalloc
tracemalloc.start(5)
def make():
    return [bytearray(1000) for _ in range(3)]
held = make()
for line in tracemalloc.get_object_traceback(held[0]).format():
    print(line)
snapshot = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, __file__)])
print(sorted((t.traceback[0].lineno, t.size) for t in snapshot.traces if t.size >= 1000))
""")

program("inspecting_itself", """
import inspect, sys
def f(a, *, b=2):
    frame = sys._getframe()
    print(frame.f_locals, frame.f_lineno, frame.f_back.f_code.co_name, frame.f_lasti > 0)
    print([(i.function, i.lineno) for i in inspect.stack()])
    l = locals()
    c = 3
    print(sorted(l), sorted(locals()), inspect.getsource(f).splitlines()[0])
    frame.f_locals["a"] = "written"
    return a
print(f(1))
class C:
    x = 1
    y = sorted(k for k in locals() if not k.startswith("__"))
print(C.y)
exec("z = 1\\nprint(sorted(k for k in locals() if len(k) == 1))", {}, {})
""")

program("cells_and_locals", """
import sys
def outer():
    cell = 1
    def inner():
        nonlocal cell
        cell += 1
        return cell
    before = locals()["cell"]
    inner()
    snapshot = locals()
    inner()
    return before, snapshot["cell"], cell
print(outer())
""")

program("large_output", "for i in range(20000):\n    print(i, 'x' * 20)\n")
program("interleaved_output", "import sys\nfor i in range(50):\n    print(i)\n    print(i, file=sys.stderr)\n")


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_is_not_changed(name, tmp_path, pyrecord):
    source, options = PROGRAMS[name]
    transparent.same(tmp_path, source, **options)


@pytest.mark.parametrize("target", [
    ["-c", "import sys; print(sys.argv, __name__, sys.path[0], sys.orig_argv); 1/0"],
    ["-c", "print(1"],
    ["-m", "pack.tool"], ["-m", "pack"], ["-m", "json.tool", "--compact"], ["-m", "no_such_module"],
    ["-m", "pack.broken"], ["-m", "unittest", "tests_here"], ["-m", "doctest", "-v", "doc.py"],
    ["directory"], ["-"], ["./program.py"], ["-m", "this"], ["archive.zip"],
], ids=lambda t: "_".join(t[:2]).replace("/", "_")[:24])
def test_ways_to_name_the_program(target, tmp_path, pyrecord):
    def setup(place):
        (place / "pack").mkdir()
        (place / "pack/__init__.py").write_text("")
        (place / "pack/__main__.py").write_text("import sys\nprint('main', sys.argv, __spec__.name)\n")
        (place / "pack/tool.py").write_text(
            "import sys\nprint(__name__, __package__, sys.argv, sys.path[0], sys.orig_argv)\nraise ValueError(1)\n")
        (place / "pack/broken.py").write_text("import nothing_of_that_name\n")
        (place / "directory").mkdir()
        (place / "directory/__main__.py").write_text("import sys\nprint(sys.argv, sys.path[0], __file__)\n1 / 0\n")
        (place / "tests_here.py").write_text(
            "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n        with self.assertRaises(KeyError):\n"
            "            {}[1]\n    @unittest.skip('no')\n    def test_skipped(self): pass\n")
        (place / "doc.py").write_text('"""\n>>> 1 + 1\n2\n>>> [][0]\nTraceback (most recent call last):\nIndexError: list index out of range\n"""\n')
        import zipfile
        with zipfile.ZipFile(place / "archive.zip", "w") as archive:
            archive.writestr("__main__.py", "import sys\nprint(sys.argv, sys.path[0], __file__)\n1 / 0\n")

    stdin = b'{"a": [1,\n 2]}' if target[:2] == ["-m", "json.tool"] else b"import sys\nprint(sys.argv)\n1 / 0\n"
    bare, recorded, recording = transparent.both(
        tmp_path, "import sys\nprint(sys.argv, __file__)\n", args=["x", "-y"] if target[0] in ("-c", "-", "directory") else (),
        target=target, setup=setup, stdin=stdin)

    def text(done):
        if target[1:2] == ["unittest"]:  # it prints how long it took
            import re
            return re.sub(rb"in [\d.]+s", b"in Ns", done.err)
        return done.err

    assert (recorded.status, recorded.out, text(recorded)) == (bare.status, bare.out, text(bare)), (
        "%r\n=== bare\n%r" % (recorded, bare))
    assert recording.exists()


def test_virtual_environment(tmp_path, pyrecord):
    made = run.run([run.PYTHON, "-m", "venv", "--without-pip", tmp_path / "venv"])
    if made.status != 0:  # Debian's python3-venv is a package of its own
        made = run.run([run.PYTHON, "-c", "import venv, sys; venv.EnvBuilder(with_pip=False).create(sys.argv[1])",
                        tmp_path / "venv"])
    assert made.status == 0, made
    site = next((tmp_path / "venv/lib").glob("python*/site-packages"))
    (site / "only_in_venv.py").write_text("x = 'from the venv'\n")
    script = tmp_path / "p.py"
    script.write_text("import sys, only_in_venv\nprint(only_in_venv.x, sys.prefix, sys.executable, sys.base_prefix,"
                      " sys.path, sys._base_executable)\n")
    recorder = [run.PYRECORD, "-q", "-o"]
    for name, command, env in (
        ("python3", [*recorder, tmp_path / "a.pyrec"], {"VIRTUAL_ENV": str(tmp_path / "venv")}),
        ("python", [*recorder, tmp_path / "b.pyrec", "--python", tmp_path / "venv/bin/python"], {}),
    ):
        bare = run.run([tmp_path / "venv/bin" / name, script])
        assert bare.status == 0 and "from the venv" in bare.text, bare
        done = run.run([*command, script], env=env)
        assert (done.status, done.out, done.err) == (0, bare.out, b""), "%r\n=== bare\n%r" % (done, bare)
