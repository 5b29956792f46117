"""Others in the same process: C calls that change the hooks, and subinterpreters."""
import run

TAKEN = """
import ctypes, sys
def work(n):
    total = 0
    for i in range(n):
        total += i
    return total
set_trace = ctypes.pythonapi.PyEval_SetTrace
set_trace.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
def outer():
    before = work(2)
    set_trace(None, None)
    after = work(3)
    return before, after
print(outer(), sys.gettrace())
"""


def test_a_c_call_that_takes_the_trace_function(pyrecord, program, tmp_path):
    script = program(TAKEN)
    bare = run.bare(script, cwd=tmp_path)
    done = pyrecord("-q", "-o", "r.pyrec", script, cwd=tmp_path)
    assert (done.status, done.text, done.message) == (bare.status, bare.text, bare.message)
    recording = tmp_path / "r.pyrec"
    run.verified(recording)
    events = [e for e in run.dump(recording, "--file", "*program.py")
              if e["function"] in ("work", "outer")]
    calls = [e for e in events if e["event"] == "call"]
    assert [e["function"] for e in calls] == ["outer", "work", "work"]
    assert [e["locals"].get("n") for e in calls] == [None, "2", "3"]
    assert len({e["frame"] for e in events if e["function"] == "outer"}) == 1
    assert events[-1]["event"] == "return" and events[-1]["arg"] == "(1, 3)"


TAKEN_ELSEWHERE = """
import ctypes, sys, threading, time
set_trace = ctypes.pythonapi.PyEval_SetTrace
set_trace.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
def work(n):
    total = 0
    for i in range(n):
        total += i
    return total
def other():
    work(1)
    set_trace(None, None)
    unseen(2)
    go.wait()
    back(3)
def unseen(n):
    return work(n)
def back(n):
    x = work(n)
    return x
go = threading.Event()
t = threading.Thread(target=other); t.start()
time.sleep(0.3)
work(4)
go.set(); t.join()
work(5)
"""


def test_a_c_call_in_another_thread_leaves_a_gap_that_is_told(pyrecord, program, tmp_path):
    """Nobody tells us of it: what that thread ran until the next change of threads is lost."""
    script = program(TAKEN_ELSEWHERE)
    bare = run.bare(script, cwd=tmp_path)
    done = pyrecord("-q", "-o", "r.pyrec", script, cwd=tmp_path)
    assert (done.status, done.text, done.message) == (bare.status, bare.text, bare.message)
    recording = tmp_path / "r.pyrec"
    run.verified(recording)
    lost, = run.info(recording)["lost"]
    assert lost["reason"] == "another tool took the trace function of a thread"
    rows = run.dump(recording, "--function", "work")
    calls = {row["locals"]["n"]: row["seq"] for row in rows if row["event"] == "call"}
    assert sorted(calls) == ["1", "3", "4", "5"]
    assert calls["1"] < lost["before"] <= calls["4"], lost


SUBINTERPRETER = """
try:
    import _xxsubinterpreters as s
except ImportError:
    import _interpreters as s
def f(n):
    return n + 1
one = s.create()
s.run_string(one, "import sys\\ndef g(a):\\n    return a\\n"
             "sys.settrace(lambda *a: None)\\ng(1)\\nsys.settrace(None)\\n")
s.destroy(one)
print(f(2))
"""


def test_subinterpreters_are_not_recorded_and_the_file_says_so(pyrecord, program, tmp_path):
    script = program(SUBINTERPRETER)
    bare = run.bare(script, cwd=tmp_path)
    done = pyrecord("-q", "-o", "r.pyrec", script, cwd=tmp_path)
    assert (done.status, done.text, done.message) == (bare.status, bare.text, bare.message)
    recording = tmp_path / "r.pyrec"
    run.verified(recording)
    functions = {e["function"] for e in run.dump(recording)}
    assert "f" in functions and "g" not in functions
    assert ["subinterpreter" in gap["reason"] for gap in run.info(recording)["lost"]] == [True]
