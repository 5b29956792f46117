"""However the program ends: the status is its own, and the recording is closed."""
import os
import signal
import subprocess
import time

import pytest

import run

# program, status
ENDINGS = {
    "end": ("print('x')", 0),
    "exit": ("import sys; sys.exit(3)", 3),
    "exit none": ("import sys; sys.exit()", 0),
    "exit text": ("import sys; sys.exit('bye')", 1),
    "exit large": ("import sys; sys.exit(257)", 1),
    "exit negative": ("import sys; sys.exit(-1)", 255),
    "SystemExit": ("raise SystemExit(7)", 7),
    "exception": ("def f():\n    raise ValueError('no')\nf()", 1),
    "chained": ("try:\n    1/0\nexcept Exception as e:\n    raise KeyError('k') from e", 1),
    "syntax error": ("def f(:\n", 1),
    "null byte": ("x = 1\0", None),  # differs between versions
    "exit in atexit": ("import atexit, sys; atexit.register(sys.exit, 5)", 0),
    "output fails": ("import os; print('x'); os.close(1)", 120),
    "excepthook": ("import sys\nsys.excepthook = lambda *a: print('hook', a[0])\n1/0", 1),
    "thread exception": ("import threading\nt = threading.Thread(target=lambda: 1/0)\nt.start(); t.join()", 0),
    "daemon thread": ("import threading, time\n"
                      "threading.Thread(target=time.sleep, args=(50,), daemon=True).start()", 0),
    "keyboard interrupt": ("raise KeyboardInterrupt", -signal.SIGINT),
    "quit": ("quit(4)", 4),
    "finalizer": ("import sys\nclass A:\n    def __del__(self): print('gone')\na = A()\n"
                  "import atexit; atexit.register(print, 'atexit')", 0),
    "recursion": ("def f(): f()\nf()", 1),
}

# C code that ends the process under Python's feet, with and without the GIL.
C_EXIT = """
import ctypes, threading
def count():
    n = 0
    while True:
        n += 1
for _ in range(%d):
    threading.Thread(target=count, daemon=True).start()
print('x', flush=True)
ctypes.%s(None).exit(6)
"""
ENDINGS.update({"C exit, %s, %d threads" % (how, threads): (C_EXIT % (threads, how), 6)
                for how in ("CDLL", "PyDLL") for threads in (0, 3)})

# These end without finalisation: the recording stays unfinished, the program is as without.
ABRUPT = {
    "os._exit": ("import os; print('x', flush=True); os._exit(9)", 9),
    "SIGTERM": ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM),
    "SIGKILL": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
    "abort": ("import os; os.abort()", -signal.SIGABRT),
    "exec": ("import os, sys; os.execv('/bin/echo', ['echo', 'other'])", 0),
}


def both(args, cwd, **options):
    bare = run.bare(*args, cwd=cwd, **options)
    ours = run.pyrecord("-q", "-o", "x.pyrec", "--force", *args, cwd=cwd, **options)
    assert ours.text == bare.text
    assert ours.message == bare.message
    assert ours.status == bare.status
    return ours


def recorded_status(cwd):
    info = run.info(cwd / "x.pyrec")
    assert info["complete"]
    return info["exit_status"]


@pytest.mark.parametrize("name", ENDINGS)
def test_ending(pyrecord, pyreplay, program, tmp_path, name):
    text, status = ENDINGS[name]
    script = program(text)
    done = both([script], tmp_path)
    assert done.status == status or status is None
    assert recorded_status(tmp_path) == done.status


@pytest.mark.parametrize("name", ENDINGS)
@pytest.mark.parametrize("way", ["-m", "-c", "-"])
def test_ending_of_other_ways_to_run(pyrecord, program, tmp_path, name, way):
    text, status = ENDINGS[name]
    if "\0" in text and way == "-c":
        pytest.skip("no argument has a null byte")
    program(text)
    args = {"-m": ["-m", "program"], "-c": ["-c", text], "-": ["-"]}[way]
    both(args, tmp_path, stdin=text.encode())


@pytest.mark.parametrize("name", ABRUPT)
def test_abrupt_ending(pyrecord, program, tmp_path, name):
    text, status = ABRUPT[name]
    script = program(text)
    assert both([script], tmp_path).status == status
    assert (tmp_path / "x.pyrec").exists()


def test_missing_module(pyrecord, tmp_path):
    assert both(["-m", "no_such_module_at_all"], tmp_path).status == 1


def test_directory_without_main(pyrecord, tmp_path):
    (tmp_path / "empty").mkdir()
    assert both(["empty"], tmp_path).status == 1


def interrupted(command, cwd, signum):
    process = subprocess.Popen(command, cwd=cwd, env=run.clean_environment(), stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, start_new_session=True,
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    assert process.stdout.readline() == b"ready\n"
    time.sleep(0.1)
    os.killpg(process.pid, signum)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


LOOP = "print('ready', flush=True)\nimport time\ntime.sleep(50)\n"
BUSY = "print('ready', flush=True)\nwhile True:\n    pass\n"
HANDLED = """
import signal, sys, time
def stop(number, frame):
    print('stopped by', number)
    sys.exit(8)
signal.signal(signal.SIGTERM, stop)
print('ready', flush=True)
time.sleep(50)
"""


CAUGHT = """
import time
try:
    print('ready', flush=True)
    time.sleep(50)
except KeyboardInterrupt:
    print('caught')
"""
# CPython up to 3.12 takes an interrupt that leaves exec() for one that nobody caught.
CAUGHT_OUTSIDE_EXEC = """
try:
    exec("import time; print('ready', flush=True); time.sleep(50)")
except KeyboardInterrupt:
    print('caught')
"""


@pytest.mark.parametrize("name,signum,status", [
    ("LOOP", signal.SIGINT, -signal.SIGINT),
    ("CAUGHT", signal.SIGINT, 0),
    ("CAUGHT_OUTSIDE_EXEC", signal.SIGINT, None),
    ("HANDLED", signal.SIGTERM, 8),
    ("BUSY", signal.SIGINT, -signal.SIGINT),
])
def test_signal_from_outside(pyrecord, pyreplay, program, tmp_path, name, signum, status):
    script = program(globals()[name])
    bare = interrupted([run.PYTHON, script], tmp_path, signum)
    ours = interrupted([run.PYRECORD, "-q", "-o", "x.pyrec", script], tmp_path, signum)
    assert ours == bare
    assert bare[0] == status or status is None
    assert recorded_status(tmp_path) == bare[0]


def test_interrupt_still_says_where_the_recording_is(pyrecord, program, tmp_path):
    done = run.pyrecord(program("raise KeyboardInterrupt"), cwd=tmp_path)
    assert done.status == -signal.SIGINT
    assert done.message.splitlines()[-1].startswith("pyrecord: program.pyrec: ")


# --- Forked children: they end as usual, write nothing into the parent's recording and say
# nothing (test_forks has their own recordings) ---

FORKS = {
    "exit": "sys.exit(5)",
    "_exit": "os._exit(5)",
    "exception": "1/0",
    "end": "pass",
    "threads": "t = threading.Thread(target=print, args=('thread',)); t.start(); t.join()",
    "work": "print(sum(len(str(i)) for i in range(20000)))",
    "fork again": "os.fork() and os.wait()",
}


@pytest.mark.parametrize("name", FORKS)
def test_fork(pyrecord, pyreplay, program, tmp_path, name):
    script = program("""
import os, sys, threading
print('before', flush=True)
pid = os.fork()
if pid == 0:
    print('child', flush=True)
    %s
else:
    print('status', os.waitpid(pid, 0)[1])
    for i in range(1000):
        pass
    print('parent')
""" % FORKS[name])
    bare = run.bare(script, cwd=tmp_path)
    ours = run.pyrecord(script, cwd=tmp_path)
    assert ours.text == bare.text
    summary = ours.message.splitlines()[-1:]
    assert ours.message == bare.message + "".join(line + "\n" for line in summary)
    assert summary[0].startswith("pyrecord: program.pyrec: ")
    assert ours.message.count("pyrecord: ") == 1
    assert ours.status == bare.status
    run.verified(tmp_path / "program.pyrec")
    assert run.info(tmp_path / "program.pyrec")["complete"]


def test_child_outlives_the_parent(pyrecord, pyreplay, program, tmp_path):
    script = program("""
import os, time
if os.fork() == 0:
    time.sleep(0.7)
    for i in range(3000):
        str(i)
    os._exit(0)
""")
    assert run.pyrecord("-q", script, cwd=tmp_path).status == 0
    before = (tmp_path / "program.pyrec").read_bytes()
    assert run.pyrecord("-q", "--force", "-o", "program.pyrec", "-c", "1", cwd=tmp_path).status == 0
    after = (tmp_path / "program.pyrec").read_bytes()
    assert after != before
    time.sleep(1.2)
    assert (tmp_path / "program.pyrec").read_bytes() == after
    run.verified(tmp_path / "program.pyrec")


def test_program_that_closes_all_descriptors(pyrecord, pyreplay, program, tmp_path):
    """As daemons do, and then opens so many that the recording's number is another file's."""
    script = program("""
import os
os.closerange(3, 4096)
for n in range(300):
    os.open('out%d' % n, os.O_CREAT | os.O_WRONLY)
total = 0
for i in range(200000):
    total += i
print(total)
""")
    done = run.pyrecord(script, cwd=tmp_path)
    assert done.status == 0 and done.text == "19999900000\n", done
    assert [p for p in tmp_path.glob("out*") if p.stat().st_size] == []
    assert "stopped early" not in done.message
    run.verified(tmp_path / "program.pyrec")
    assert run.info(tmp_path / "program.pyrec")["complete"]


def test_program_that_takes_the_recording_away(pyrecord, program, tmp_path):
    script = program("""
import os
os.unlink('program.pyrec')
os.closerange(3, 4096)
for i in range(200000):
    pass
print('done')
""")
    done = run.pyrecord("-q", script, cwd=tmp_path)
    assert (done.status, done.text) == (0, "done\n")
    assert "recording stopped early: the program has closed" in done.message
