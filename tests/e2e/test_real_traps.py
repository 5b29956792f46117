"""What broke the others, line by line, and where we show that it does not break us.

Capture
- lines of a loop without locals after the 16th: here, test_every_turn_of_a_loop
- no values below call depth 20; calls without arguments: here, test_deep_calls
- exceptions caught in the frame that raised them: here; tests/programs/exceptions.py
- values of one thread shown in another: here; tests/programs/threads.py
- a lock against a thread that waits with the GIL: test_transparent_process, locks_that_wait
- lines credited to the wrong file: here, test_files_are_told_apart
- the program's sys.settrace ending ours: here; test_transparent_tools
- a comprehension inlined by PEP 709: not yet (3.12 and later)
- generators that lose their identity in another thread: tests/programs/raw_threads.py
- line 0 of a module's call: kept as sys.settrace says it; a debug adapter must not pass it on
Values
- user code run while recording: tests/programs/hostile.py, and here with a lock
- objects in the middle of __init__: here
- containers that change while they are walked: here, and test_transparent_process, many_threads
- self-referential and very deep arguments: here; tests/programs/recursion.py
- ints over 64 bits, lone surrogates, NaN, -0.0: tests/programs/scalars.py; huge strings: here
- an append beyond the cut; a container that grew: here
- re-assignment of an equal value: here
- `s += "x"` in place: here
Process
- readable after os._exit, SIGKILL and the like: test_real_abrupt opens what there is; that no
  event is lost: not yet
- a forked child that writes into its parent's file: test_real_abrupt
- threads started before the recorder: not yet (pyrecord is always first)
- 1,000 levels of recursion: tests/programs/recursion_limit.py, test_transparent_programs
- the recorder's error raised into the program: test_errors_recorder, full device
- the whole trace kept in memory: here, test_memory_is_bounded
- a stop that takes longer than the run: tests/bench
Files
- source read from disk at viewing time: test_real_programs, and here for edited source
- names repeated in every record: here, by the size of an event
- counts believed, 32-bit counters, host byte order, index that disagrees: tests/unit, verify
- no checksum: test_errors_replayer, damaged bytes
- a name reused: test_errors_recorder, default names
Secrets
- here: locals, attributes, keys, arguments, at any depth; and what must not be redacted
Editors: not yet (there is no debug adapter)
"""
import re
import resource
import subprocess

import pytest
import run


@pytest.fixture
def recorded(tmp_path, pyrecord, pyreplay, program):
    """Records a program's text and gives its events."""

    def record(text, *options, dump=(), stdin=b"", env=None, status=0):
        path = program(text)
        out = tmp_path / "r.pyrec"
        done = run.pyrecord("-q", "--force", "-o", out, *options, path, stdin=stdin, env=env)
        assert done.status == status, done
        record.done, record.path = done, out
        rows = run.dump(out, "--file", "*program.py", *dump)
        return rows

    return record


def of(rows, function, event=None):
    return [r for r in rows if r["function"] == function and (event is None or r["event"] == event)]


def test_every_turn_of_a_loop(recorded):
    rows = recorded("def f():\n    for i in range(300):\n        j = i * 2\n    return j\nf()\n")
    lines = [r for r in of(rows, "f", "line") if r["line"] == 3]
    assert [r["locals"]["i"] for r in lines] == [str(i) for i in range(300)]
    assert [r["locals"].get("j") for r in lines[1:]] == [str(i * 2) for i in range(299)]


def test_deep_calls(recorded):
    rows = recorded("def f(n, tag):\n    m = [n]\n    return f(n - 1, tag) if n else 0\nf(400, 'x')\n")
    calls = of(rows, "f", "call")
    assert [r["locals"] for r in calls] == [{"n": str(400 - i), "tag": "'x'"} for i in range(401)]
    assert [r["depth"] for r in calls] == list(range(calls[0]["depth"], calls[0]["depth"] + 401))
    ends = of(rows, "f", "return")
    assert [r["locals"]["m"] for r in ends] == ["[%d]" % i for i in range(401)]


def test_exceptions_caught_where_raised(recorded):
    rows = recorded("def f():\n    try:\n        raise KeyError('own')\n    except KeyError as e:\n        return 1\nf()\n")
    seen = of(rows, "f", "exception")
    assert len(seen) == 1 and seen[0]["exception"]["type"].endswith("KeyError"), seen
    assert seen[0]["line"] == 3


def test_values_stay_in_their_thread(recorded):
    rows = recorded("""
import threading
def work(n):
    mine = [n]
    for i in range(200):
        mine[0] = n * 1000 + i
        text = str(mine)
    return n
threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 6)]
for t in threads: t.start()
for t in threads: t.join()
""")
    owner = {}
    for row in of(rows, "work"):
        n = row["locals"]["n"]
        assert owner.setdefault(row["thread"], n) == n
        if "mine" in row["locals"] and "i" in row["locals"] and row["line"] == 7:
            assert row["locals"]["mine"] == "[%d]" % (int(n) * 1000 + int(row["locals"]["i"]))
    assert len(owner) == 5


def test_files_are_told_apart(recorded, tmp_path):
    (tmp_path / "one_program.py").write_text("def f(x):\n    y = x\n    return y\n")
    (tmp_path / "two_program.py").write_text("\n\ndef f(x):\n    z = x\n    return z\n")
    rows = recorded("import sys\nsys.path.insert(0, %r)\nimport one_program, two_program\n"
                    "for i in range(50):\n    one_program.f(i)\n    two_program.f(i)\n" % str(tmp_path))
    seen = {(re.sub(".*/", "", r["file"]), r["line"], tuple(r["locals"])) for r in of(rows, "f")}
    assert seen == {
        ("one_program.py", 1, ("x",)), ("one_program.py", 2, ("x",)), ("one_program.py", 3, ("x", "y")),
        ("two_program.py", 3, ("x",)), ("two_program.py", 4, ("x",)), ("two_program.py", 5, ("x", "z"))}


def test_the_programs_own_tracer_does_not_end_ours(recorded):
    rows = recorded("""
import sys, threading
def f(n):
    x = n
    return x
def tracer(frame, event, arg):
    return tracer
f(1)
sys.settrace(tracer)
f(2)
sys.settrace(None)
f(3)
def in_thread():
    sys.settrace(tracer)
    f(4)
t = threading.Thread(target=in_thread)
t.start(); t.join()
f(5)
""")
    lines = [r["locals"]["n"] for r in of(rows, "f", "line") if r["line"] == 4]
    assert lines == ["1", "2", "3", "4", "5"]


def test_no_user_code_so_no_deadlock(recorded):
    rows = recorded("""
import threading
lock = threading.Lock()
class Locked:
    def __init__(self):
        self.data = [1]
    def __repr__(self):
        with lock:
            return "text"
    def __len__(self):
        with lock:
            return 1
    __eq__ = __hash__ = __bool__ = __len__
def f(value):
    with lock:
        held = value
        pair = (held, value)
    return None
f(Locked())
""")
    shown = of(rows, "f", "return")[0]["locals"]["held"]
    assert re.fullmatch(r"<__main__\.Locked #\d+ data=\[1\]>", shown), shown


def test_in_the_middle_of_init(recorded):
    rows = recorded("class C:\n    def __init__(self, a):\n        self.a = a\n        self.b = [a]\n"
                    "        self.b.append(self)\nc = C(5)\n")
    texts = [re.sub(r"#\d+", "#N", r["locals"]["self"]) for r in of(rows, "C.__init__")]
    assert texts[0] == texts[1] == "<__main__.C #N>"
    assert texts[2] == "<__main__.C #N a=5>"
    assert texts[3] == "<__main__.C #N a=5 b=[5]>"
    assert texts[4].startswith("<__main__.C #N a=5 b=[5, ")


def test_containers_changed_by_other_threads(recorded):
    rows = recorded("""
import threading, sys
sys.setswitchinterval(1e-5)
shared = {}
def work(n):
    for i in range(150):
        shared[(n, i)] = [i]
        if i > 10:
            del shared[(n, i - 10)]
threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
for t in threads: t.start()
for t in threads: t.join()
print(len(shared))
""")
    assert recorded.done.out == b"44\n"
    run.verified(recorded.path)
    assert rows


def test_cycles_and_depth(recorded):
    rows = recorded("""
def f(x):
    return 1
a = []; a.append(a); f(a)
d = {}; d["d"] = d; f(d)
t = ([],); t[0].append(t); f(t)
def make():
    deep = []
    for _ in range(200000): deep = [deep]
    return deep
f(make())
class N: pass
n = N(); n.n = n; f(n)
""", "--exclude-function", "make")
    shown = [r["locals"]["x"] for r in of(rows, "f", "call")]
    assert shown[:3] == ["[[...]]", "{'d': {...}}", "([(...)],)"]
    assert shown[3].startswith("[[[[[[[") and len(shown[3]) < 200
    assert "depth" in of(rows, "f", "call")[3]["elided"].values()


def test_huge_texts_keep_their_length(recorded, pyreplay):
    rows = recorded("def f(s, b):\n    return None\nf('ab' * 5_000_000, b'xy' * 5_000_000)\n")
    row = of(rows, "f", "call")[0]
    assert row["locals"]["s"].startswith("'abab") and len(row["locals"]["s"]) < 4300
    assert row["elided"] == {"s": "length", "b": "length"}
    done = run.pyreplay("dump", "--format", "jsonl", "--values", "structured", "--function", "f", recorded.path)
    assert '"length":10000000' in done.text.replace(" ", ""), done.text[:500]


def test_a_container_that_grew_is_complete(recorded):
    rows = recorded("""
def grow():
    d, l, s = {}, [], set()
    for i in range(1200):
        d[i] = i
        l.append(i)
        s.add(i)
    return None
grow()
""")
    shown = of(rows, "grow", "return")[0]
    assert shown["locals"]["l"] == repr(list(range(1200)))
    assert shown["locals"]["d"] == repr({i: i for i in range(1200)})
    assert shown["locals"]["s"] == repr(set(range(1200)))
    assert not shown.get("elided")


def test_writes_beyond_the_cut_are_seen(recorded):
    recorded("""
def f():
    big = list(range(1000))
    big.append("appended")
    big[5] = "near"
    big[700] = "far"
    big.clear()
    big.append("after")
    return None
f()
""")
    rows = run.dump(recorded.path, "--function", "f", "--values", "structured")
    lengths = [r["locals"]["big"]["length"] for r in rows if "big" in r["locals"]]
    assert lengths == [1000, 1001, 1001, 1001, 0, 1, 1]
    rows = [r for r in run.dump(recorded.path, "--function", "f") if "big" in r["locals"]]
    texts = [r["locals"]["big"] for r in rows]
    assert ["'appended'" in t for t in texts] == [False, True, True, True, False, False, False]
    assert ["'near'" in t for t in texts] == [False, False, True, True, False, False, False]
    assert ["'far'" in t for t in texts] == [False, False, False, True, False, False, False]
    assert texts[4] == "[]" and texts[-1] == "['after']"
    assert [r.get("elided") for r in rows] == [{"big": "items"}] * 4 + [None] * 3


def test_an_assignment_of_an_equal_value_is_a_write(recorded):
    rows = recorded("""
def f():
    x = 5
    y = 1
    x = 5
    return x
f()
""")
    where = [run.pyreplay(recorded.path, "--batch", "-c", "goto %d" % row["seq"], "-c", "last x").text
             for row in of(rows, "f", "line") if row["line"] in (5, 6)]
    assert "program.py:3" in where[0] and "program.py:5" in where[1], where


def test_a_text_that_grows_in_place(recorded):
    rows = recorded("def f():\n    s = ''\n    for i in range(100):\n        s += 'x'\n    return s\nf()\n")
    shown = [r["locals"]["s"] for r in of(rows, "f", "line") if r["line"] == 4]
    assert shown == ["'%s'" % ("x" * i) for i in range(100)]


def test_memory_is_bounded(tmp_path, pyrecord, program):
    """A million and a half events more must not cost memory."""
    def used(turns):
        path = program("def f(x):\n    y = x + 1\n    return y\nfor i in range(%d):\n    f(i)\n" % turns)
        script = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True);"
                  "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
        done = subprocess.run([run.PYTHON, "-c", script, run.PYRECORD, "-q", "--force", "-o",
                               str(tmp_path / "m.pyrec"), str(path)], capture_output=True, text=True, check=True)
        return int(done.stdout) / 1024

    small, large = used(1000), used(300000)
    assert large - small < 64, (small, large)
    assert run.info(tmp_path / "m.pyrec")["events"] > 1500000
    assert run.info(tmp_path / "m.pyrec")["bytes_per_event"] < 6
    assert resource.RUSAGE_CHILDREN


def test_source_is_what_ran(recorded, pyreplay):
    recorded("def f():\n    return 'as it ran'\nf()\n")
    path = recorded.path.parent / "program.py"
    path.write_text("# edited since\n" * 20)
    done = run.pyreplay("--batch", "-c", "b f", "-c", "c", "-c", "ll", recorded.path)
    assert "return 'as it ran'" in done.text and "edited since" not in done.text, done


SECRETS = """
import os
secret = os.environ["GIVEN"]
class Config:
    def __init__(self, password):
        self.password = password
        self.nested = {"cfg": {"api_key": password, "company": "visible-company"}}
        self.rows = [{"token": password}, {"author": "visible-author"}]
        self.authorization = [password]
def login(user, passwd, cookie=None):
    secret = passwd
    return len(secret)
def plain(company, span, passed, author):
    return company
config = Config(secret)
login("visible-user", secret, cookie=secret)
plain("visible-company", "visible-span", "visible-passed", "visible-author")
deep = [[[{"password": secret}]]]
"""


def raw(path):
    return subprocess.run(["zstd", "-dc", path], capture_output=True, check=True).stdout


def test_secrets_by_name(recorded):
    """The names decide, at any depth; the value is nowhere in the file under such a name."""
    rows = recorded(SECRETS,
                    env={"GIVEN": "hunter2-verysecret", "SESSION_TOKEN": "tok-in-environment"})
    shown = "\n".join(text for r in rows for text in r["locals"].values())
    assert "hunter2-verysecret" not in shown
    assert b"tok-in-environment" not in raw(recorded.path)
    for visible in ("visible-company", "visible-author", "visible-span", "visible-passed", "visible-user"):
        assert visible in shown, visible
    assert "redacted" in {reason for r in rows for reason in (r.get("elided") or {}).values()}


def test_secrets_are_recorded_when_told_to(recorded):
    rows = recorded(SECRETS, "--no-redact", env={"GIVEN": "hunter2-verysecret"})
    shown = "\n".join(text for r in rows for text in r["locals"].values())
    assert "hunter2-verysecret" in shown
    assert "redacted" not in {reason for r in rows for reason in (r.get("elided") or {}).values()}
