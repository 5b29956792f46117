"""A forked child goes on in a recording of its own, which begins with the state that it was
forked with; its parent's is not touched, and neither process sees any of it."""
import os
import signal
import time

import pytest
import run


def children(directory, name="program"):
    """Recordings by process id."""
    found = {}
    for path in directory.glob(name + ".[0-9]*.pyrec"):
        found[run.info(path)["pid"]] = path
    return found


def record(tmp_path, program, text, *options, status=0):
    path = program(text)
    bare = run.bare(path, cwd=tmp_path)
    done = run.pyrecord(*options, path, cwd=tmp_path)
    assert (done.status, done.text) == (bare.status, bare.text), (bare, done)
    assert done.status == status, done
    whole = tmp_path / "program.pyrec"
    run.verified(whole)
    assert run.info(whole)["parent"] is None
    for child in children(tmp_path).values():
        run.verified(child)
    return whole, children(tmp_path), done.message.splitlines()[-1]


def last_of(path, function):
    return [row for row in run.dump(path) if row["function"] == function][-1]


STATE = """
import os, sys
class Node:
    def __init__(self, value):
        self.value = value
        self.seen = []
shared = [1, 2]
def work(a, node):
    b = a
    pid = os.fork()
    if pid == 0:
        b.append(4)
        node.seen.append(b)
        shared.append('child')
        os._exit(look(b, node))
    os.waitpid(pid, 0)
    a.append(5)
    return look(b, node)
def look(b, node):
    c = shared
    return len(b)
numbers = [1, 2, 3]
sys.exit(work(numbers, Node(numbers)))
"""


def test_state_of_both(tmp_path, program, pyrecord, pyreplay):
    whole, found, line = record(tmp_path, program, STATE, status=4)
    assert "and 1 forked child beside it" in line
    (pid, child), = found.items()
    facts, parent = run.info(child), run.info(whole)
    assert child.name == "program.%d.pyrec" % pid
    assert facts["parent"]["uuid"] == parent["uuid"] and facts["parent"]["pid"] == parent["pid"]
    assert facts["complete"] and facts["exit_status"] == 4 and facts["uuid"] != parent["uuid"]
    fork = [row for row in run.dump(whole) if row["line"] == 10 and row["event"] == "line"][0]
    assert facts["parent"]["seq"] >= fork["seq"]
    assert facts["argv"] == parent["argv"] and facts["start_unix_ns"] >= parent["start_unix_ns"]
    ours, theirs = last_of(whole, "look"), last_of(child, "look")
    assert ours["locals"]["b"] == "[1, 2, 3, 5]" and ours["locals"]["c"] == "[1, 2]"
    assert theirs["locals"]["b"] == "[1, 2, 3, 4]" and theirs["locals"]["c"] == "[1, 2, 'child']"
    # what was there before the fork, through an alias that only the child changed
    assert "seen=[[1, 2, 3, 4]]" in theirs["locals"]["node"]
    stack = run.pyreplay("--batch", "-c", "goto %d" % theirs["seq"], "-c", "w", child).text
    assert "work" in stack and "<module>" in stack
    shown = run.pyreplay("info", child).text
    assert "forked from process %d after event %d" % (parent["pid"], facts["parent"]["seq"]) in shown


def test_trees(tmp_path, program, pyrecord, pyreplay):
    """Three children with two each; every one knows its parent."""
    text = """
import os
def fork(n):
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
    return pid == 0
def tree(depth, path):
    for n in range(3 - depth):
        if fork(n):
            path = path + [n]
            if depth < 1:
                tree(depth + 1, path)
            done(path)
def done(path):
    os._exit(0)
tree(0, [])
"""
    whole, found, line = record(tmp_path, program, text)
    assert "and 9 forked children beside it" in line
    uuids = {run.info(path)["uuid"]: path for path in [whole, *found.values()]}
    paths = []
    for path in found.values():
        facts = run.info(path)
        own = eval(last_of(path, "done")["locals"]["path"])
        parent = uuids[facts["parent"]["uuid"]]
        if len(own) > 1:
            assert eval(last_of(parent, "done")["locals"]["path"]) == own[:-1]
        else:
            assert parent == whole
        paths.append(own)
    assert sorted(paths) == sorted([[n] for n in range(3)] + [[n, k] for n in range(3) for k in range(2)])


ENDS = {
    "sys.exit(5)": 5, "os._exit(6)": 6, "1/0": 1, "pass": 0,
    "os.kill(os.getpid(), 9)": None, "os.abort()": None,
    "ctypes.CDLL(None).exit(7)": 7,
    "os.kill(os.getpid(), signal.SIGINT); time.sleep(5)": -signal.SIGINT,
}


@pytest.mark.parametrize("end", ENDS)
def test_ends(end, tmp_path, program, pyrecord, pyreplay):
    """Its end is in its recording; one that is killed leaves a tail, and nothing is missing."""
    text = """
import ctypes, os, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
pid = os.fork()
if pid == 0:
    last = 'of the child'
    %s
else:
    print(os.waitpid(pid, 0)[1])
""" % end
    whole, found, _ = record(tmp_path, program, text)
    (pid, child), = found.items()
    facts = run.info(child)
    assert facts["complete"] is (ENDS[end] is not None)
    assert facts["exit_status"] == ENDS[end]
    assert os.path.exists("%s.tail" % child) is (ENDS[end] is None)
    assert any(row["line"] == 7 and row["locals"].get("last") == "'of the child'"
               for row in run.dump(child))
    if ENDS[end] is None:
        assert run.pyreplay("repair", child, "-o", tmp_path / "r.pyrec").status == 0
        run.verified(tmp_path / "r.pyrec")
        assert run.info(tmp_path / "r.pyrec")["parent"] == facts["parent"]
    assert not os.path.exists("%s.tail" % whole)


def test_in_a_thread(tmp_path, program, pyrecord, pyreplay):
    """The thread that forks is the only one that the child has; others come later."""
    text = """
import os, threading, time
stop = threading.Event()
def idle(n):
    here = n
    stop.wait()
def work():
    mine = ['thread']
    pid = os.fork()
    if pid == 0:
        t = threading.Thread(target=late, args=(mine,), name='Late')
        t.start(); t.join()
        os._exit(len(mine))
    print(os.waitpid(pid, 0)[1] >> 8)
def late(mine):
    mine.append('late')
others = [threading.Thread(target=idle, args=(n,)) for n in range(3)]
for t in others: t.start()
t = threading.Thread(target=work, name='Forker')
t.start(); t.join()
stop.set()
for t in others: t.join()
"""
    whole, found, _ = record(tmp_path, program, text)
    (pid, child), = found.items()
    facts = run.info(child)
    assert [t["name"] for t in facts["threads"]][1:] == ["Late"], facts["threads"]
    assert last_of(child, "late")["locals"] == {"mine": "['thread', 'late']"}
    assert last_of(child, "work")["locals"]["mine"] == "['thread', 'late']"
    assert not [row for row in run.dump(child) if row["function"] == "idle"]
    assert len(run.info(whole)["threads"]) == 5


def test_pool(tmp_path, program, pyrecord, pyreplay):
    text = """
import multiprocessing, os
def square(n):
    result = n * n
    return result
if __name__ == '__main__':
    with multiprocessing.get_context('fork').Pool(3) as pool:
        print(pool.map(square, range(12), 1))
        pool.close()
        pool.join()
"""
    whole, found, line = record(tmp_path, program, text)
    assert "and 3 forked children beside it" in line
    results = []
    for child in found.values():
        assert run.info(child)["complete"]
        results += [int(row["locals"]["result"]) for row in run.dump(child)
                    if row["function"] == "square" and row["event"] == "return"]
    assert sorted(results) == [n * n for n in range(12)]


def test_values_are_right_after_a_fork(tmp_path, program, pyrecord, pyreplay):
    """Large and nested values from before the fork, changed by C code, in both processes; a
    generator that was suspended in the parent goes on in the child."""
    text = """
import os, random
def numbers():
    n = 0
    while True:
        n += 1
        yield n
def main():
    random.seed(1)
    big = list(range(200))
    table = {n: [n] for n in range(50)}
    source = numbers()
    next(source); next(source)
    who = os.fork()
    name = 'child' if who == 0 else 'parent'
    big.reverse()
    random.shuffle(table[7])
    table[7].extend(range(3))
    table.pop(8)
    got = next(source)
    first = big[:3]
    check = [len(big), first, table[7], len(table), got]
    if who == 0:
        os._exit(0)
    os.waitpid(who, 0)
main()
"""
    whole, found, _ = record(tmp_path, program, text)
    (pid, child), = found.items()
    wanted = "[200, [199, 198, 197], [7, 0, 1, 2], 49, 3]"
    for path in whole, child:
        last = last_of(path, "main")
        assert last["locals"]["check"] == wanted
        asked = run.pyreplay("--batch", "-c", "goto %d" % last["seq"], "-c", "p table[7]",
                             "-c", "p len(big)", "-c", "p big[199]", path).text
        assert "[7, 0, 1, 2]\n200\n0\n" in asked, asked


def test_program_with_a_trace_function(tmp_path, program, pyrecord, pyreplay):
    """It goes on in the child as in the parent."""
    text = """
import os, sys
seen = []
def trace(frame, event, arg):
    if frame.f_code.co_name == 'work':
        seen.append((event, frame.f_lineno))
    return trace
def work():
    pid = os.fork()
    x = 1
    return pid
sys.settrace(trace)
pid = work()
sys.settrace(None)
if pid == 0:
    print(seen, flush=True)
    os._exit(0)
os.waitpid(pid, 0)
print(seen)
"""
    whole, found, _ = record(tmp_path, program, text)
    assert len(found) == 1


@pytest.mark.parametrize("call", ["CDLL", "PyDLL"])
def test_fork_by_c_code(call, tmp_path, program, pyrecord, pyreplay):
    """Without a word to Python, with its lock held and released."""
    text = """
import ctypes, os
libc = ctypes.%s(None)
def main():
    before = [1]
    pid = libc.fork()
    if pid == 0:
        before.append(2)
        os._exit(3)
    print(os.waitpid(pid, 0)[1] >> 8)
main()
""" % call
    whole, found, _ = record(tmp_path, program, text)
    (pid, child), = found.items()
    assert last_of(child, "main")["locals"]["before"] == "[1, 2]"


def test_a_child_that_runs_no_python(tmp_path, program, pyrecord, pyreplay):
    """C code that forks and runs another program, or just ends: no recording, no trace."""
    text = """
import os, subprocess, ctypes
subprocess.run(['true'])
os.system('true')
os.popen('echo x').read()
subprocess.run(['true'], start_new_session=True, close_fds=False)
"""
    whole, found, line = record(tmp_path, program, text)
    assert not found and "forked" not in line


def test_exec_after_fork(tmp_path, program, pyrecord, pyreplay):
    text = """
import os, sys
def child():
    told = 'soon'
    os.execvp('sh', ['sh', '-c', 'exit 3'])
def missing():
    try:
        os.execv('/nowhere/at/all', ['x'])
    except OSError as why:
        text = str(why)
    os._exit(4)
for f in child, missing:
    pid = os.fork()
    if pid == 0:
        f()
    print(os.waitpid(pid, 0)[1] >> 8)
"""
    whole, found, _ = record(tmp_path, program, text)
    assert len(found) == 2
    for path in found.values():
        facts = run.info(path)
        assert not os.path.exists("%s.tail" % path)
        if "missing" in {row["function"] for row in run.dump(path)}:
            assert facts["exit_status"] == 4 and facts["end_reason"] is None
            assert "text" in last_of(path, "missing")["locals"]
        else:
            assert facts["complete"] and "exec" in facts["end_reason"]
            assert last_of(path, "child")["locals"] == {"told": "'soon'"}


def test_switched_off(tmp_path, program, pyrecord, pyreplay):
    whole, found, line = record(tmp_path, program, STATE, "--no-forks", status=4)
    assert not found and "forked" not in line


def test_a_child_that_cannot_write(tmp_path, program, pyrecord, pyreplay):
    """The child runs on as it would; the parent's last line says that it was not recorded."""
    place = tmp_path / "place"
    place.mkdir()
    path = program("""
import os
os.chmod('place', 0o500)
pid = os.fork()
if pid == 0:
    if os.getuid() == 0:
        os.setuid(65534)
    os._exit(sum(range(5)))
print(os.waitpid(pid, 0)[1] >> 8)
os.chmod('place', 0o700)
""")
    done = run.pyrecord("-o", place / "a.pyrec", path, cwd=tmp_path)
    os.chmod(place, 0o700)
    assert (done.status, done.text) == (0, "10\n")
    if os.getuid():  # root may write anywhere until it is nobody, and the first event comes before
        assert "1 forked child not recorded: cannot write" in done.message


def test_a_name_that_is_taken(tmp_path, program, pyrecord, pyreplay):
    """Of an older run's child with the same process id."""
    path = program("""
import os
pid = os.fork()
if pid == 0:
    name = 'program.%d.pyrec' % os.getpid()
    os._exit(0)
os.waitpid(pid, 0)
""")
    with open("/proc/sys/kernel/ns_last_pid") as file:
        last = int(file.read())
    taken = [tmp_path / ("program.%d.pyrec" % pid) for pid in range(last, last + 400)]
    for name in taken:
        name.write_text("mine")
    assert run.pyrecord(path, cwd=tmp_path).status == 0
    assert all(name.read_text() == "mine" for name in taken)
    others = [name for name in tmp_path.glob("program.*.pyrec") if name not in taken]
    run.verified(others[0])


def test_a_child_outlives_its_parent(tmp_path, program, pyrecord, pyreplay):
    path = program("""
import os, time
if os.fork() == 0:
    os.setsid()
    time.sleep(0.5)
    later = [n for n in range(30)]
    os._exit(0)
""")
    done = run.pyrecord(path, cwd=tmp_path)
    assert done.status == 0
    (pid, child), = children(tmp_path).items()
    end = time.monotonic() + 30
    while not run.info(child)["complete"] and time.monotonic() < end:
        time.sleep(0.05)
    run.verified(child)
    assert "later" in run.dump(child)[-1]["locals"]


def test_many(tmp_path, program, pyrecord, pyreplay):
    """One after the other, with a heap that is not small: the parent's memory stays."""
    text = """
import os
heap = [[n, str(n)] for n in range(20000)]
def child(n):
    heap[n].append('c')
    os._exit(n % 7)
total = 0
for n in range(40):
    pid = os.fork()
    if pid == 0:
        child(n)
    total += os.waitpid(pid, 0)[1] >> 8
print(total)
"""
    whole, found, line = record(tmp_path, program, text)
    assert len(found) == 40 and "40 forked children" in line


def test_module(tmp_path, program, pyrecord, pyreplay):
    """A recording that the program began: its child's can be ended by name, and what nobody ends
    ends with its process."""
    path = program("""
import os, sys
sys.path.insert(0, %r)
import pyrecord
pyrecord.start('m.pyrec')
pid = os.fork()
if pid == 0:
    inside = 'child'
    result = pyrecord.stop()
    pyrecord.start('own.pyrec')
    again = 'own'
    print(os.path.basename(result.path) == 'm.%%d.pyrec' %% os.getpid(), flush=True)
    sys.exit(3)
print(os.waitpid(pid, 0)[1] >> 8, flush=True)
pid = os.fork()
if pid == 0:
    with pyrecord.recording('part.pyrec'):
        inside = 'again'
    os._exit(0)
os.waitpid(pid, 0)
print(os.path.basename(pyrecord.current()))
last = 'parent'
""" % os.path.join(run.BUILD, "python"))
    done = run.bare(path, cwd=tmp_path)
    assert (done.status, done.text, done.message) == (0, "True\n3\nm.pyrec\n", ""), done
    names = sorted(path.name for path in tmp_path.glob("*"))
    assert len(names) == 5 and not [name for name in names if name.endswith(".tail")], names
    for name in names:
        if name.endswith(".pyrec"):
            run.verified(tmp_path / name)
            assert run.info(tmp_path / name)["complete"], name
    assert run.info(tmp_path / "own.pyrec")["exit_status"] == 3
    assert run.info(tmp_path / "own.pyrec")["parent"] is None
    assert last_of(tmp_path / "m.pyrec", "<module>")["locals"]["last"] == "'parent'"
