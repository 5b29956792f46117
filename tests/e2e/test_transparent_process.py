"""The program is not changed: signals, forks, threads, other processes, abrupt ends.

A run that ends so abruptly that nothing can be written afterwards still has its output and
status; what the recording holds then is told in test_real_abrupt.py."""
import pytest
import transparent

PROGRAMS = {}


def program(name, source, **options):
    PROGRAMS[name] = (source, options)


for _signal in ("SIGTERM", "SIGHUP", "SIGKILL", "SIGABRT", "SIGSEGV", "SIGUSR1", "SIGALRM", "SIGPIPE"):
    program("killed_by_" + _signal, """
import os, signal
print("buffered, lost for most")
os.write(1, b"before\\n")
os.kill(os.getpid(), signal.%s)
print("survived", flush=True)
""" % _signal)

program("keyboard_interrupt", """
import signal
def work():
    for i in range(3):
        print(i)
    signal.raise_signal(signal.SIGINT)
    print("not reached")
work()
""")
program("keyboard_interrupt_caught", """
import signal
try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    print("caught")
try:
    raise KeyboardInterrupt("by hand")
finally:
    print("finally")
""")
program("keyboard_interrupt_in_loop", """
import signal, threading, _thread
signal.setitimer(signal.ITIMER_REAL, 0.2)
signal.signal(signal.SIGALRM, lambda *a: _thread.interrupt_main())
n = 0
try:
    while True:
        n += 1
except KeyboardInterrupt:
    print("interrupted", n > 0)
""")
program("signal_handlers", """
import os, signal
seen = []
def handler(number, frame):
    seen.append((number, frame.f_code.co_name, frame.f_lineno > 0))
for s in (signal.SIGUSR1, signal.SIGTERM, signal.SIGCHLD):
    print(signal.signal(s, handler))
def busy():
    os.kill(os.getpid(), signal.SIGUSR1)
    x = 1
    os.kill(os.getpid(), signal.SIGTERM)
    y = 2
    return x + y
print(busy(), seen)
def raising(number, frame):
    raise ValueError("from a handler")
signal.signal(signal.SIGUSR1, raising)
try:
    busy()
except ValueError as why:
    print(why, why.__traceback__.tb_next.tb_lineno)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.kill(os.getpid(), signal.SIGTERM)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
signal.signal(signal.SIGUSR1, handler)
os.kill(os.getpid(), signal.SIGUSR1)
print(len(seen), signal.sigpending())
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGUSR1])
print(len(seen))
""")
program("timer_and_wait", """
import signal, time
ticks = []
signal.signal(signal.SIGALRM, lambda *a: ticks.append(1))
signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
while len(ticks) < 3:
    signal.pause()
signal.setitimer(signal.ITIMER_REAL, 0)
start = time.monotonic()
time.sleep(0.05)
print(len(ticks) >= 3, time.monotonic() - start >= 0.05)
""")
program("os_exit", """
import os, atexit
atexit.register(print, "never")
print("flushed", flush=True)
print("not flushed")
def deep(n):
    if n == 0:
        os._exit(7)
    deep(n - 1)
deep(5)
""")
program("abort", "import os\nprint('x', flush=True)\nos.abort()\n")
program("faulthandler_segv", """
import faulthandler, ctypes
faulthandler.enable()
def crash(p):
    ctypes.string_at(p)
crash(0)
""")
program("faulthandler_dump", """
import faulthandler, sys
def f():
    faulthandler.dump_traceback(all_threads=False)
f()
""")
program("fork", """
import os, sys
print("before", flush=True)
def child():
    x = [1]
    print("child", len(x), flush=True)
    return 3
pid = os.fork()
if pid == 0:
    os._exit(child())
print("status", os.waitpid(pid, 0)[1])
pid = os.fork()
if pid == 0:
    print("child that ends as programs do", flush=True)
    sys.exit(4)
print("status", os.waitpid(pid, 0)[1])
pid = os.fork()
if pid == 0:
    raise ValueError("in the child")
print("status", os.waitpid(pid, 0)[1])
""")
program("fork_in_thread", """
import os, threading
def work():
    pid = os.fork()
    if pid == 0:
        try:
            t = threading.Thread(target=print, args=("thread in child",), kwargs={"flush": True})
            t.start(); t.join()
        finally:
            os._exit(0)
    print("status", os.waitpid(pid, 0)[1], flush=True)
t = threading.Thread(target=work)
t.start(); t.join()
""")
program("exec", """
import os, sys
print("before", flush=True)
os.execv(sys.executable, [sys.executable, "-c", "import sys; print('after', sys.argv, sys.gettrace()); sys.exit(5)", "a"])
""")
program("exec_fails", """
import os
try:
    os.execv("/nonexistent/program", ["x"])
except OSError as why:
    print(why)
""")
program("subprocess", """
import subprocess, sys
code = "import sys; print(sys.argv, sys.stdin.read()); sys.stderr.write('err\\\\n'); sys.exit(3)"
done = subprocess.run([sys.executable, "-c", code, "x"], input="in", capture_output=True, text=True)
print(done)
try:
    subprocess.run([sys.executable, "-c", "import time; time.sleep(30)"], timeout=0.2)
except subprocess.TimeoutExpired as why:
    print(round(why.timeout, 1))
print(subprocess.run(["sh", "-c", "kill -9 $$"]).returncode)
print(subprocess.check_output(["sh", "-c", "echo $0 $1", "a", "b"]))
import os
print(os.system("exit 3"), os.popen("echo out").read())
""")
for _method in ("spawn", "fork", "forkserver"):
    program("multiprocessing_" + _method, """
import multiprocessing, sys
def work(n):
    if n == 3:
        raise ValueError("in a worker")
    return n * n, multiprocessing.current_process().name != "MainProcess"
def send(queue):
    queue.put({"from": "child"})
if __name__ == "__main__":
    context = multiprocessing.get_context(%r)
    with context.Pool(2) as pool:
        print(pool.map(work, [1, 2, 4]))
        try:
            pool.apply(work, (3,))
        except ValueError as why:
            print(why)
    queue = context.Queue()
    one = context.Process(target=send, args=(queue,))
    one.start()
    print(queue.get(), one.join(), one.exitcode)
    one = context.Process(target=sys.exit, args=(6,))
    one.start(); one.join()
    print(one.exitcode)
""" % _method)
program("process_pool", """
import concurrent.futures
def square(n):
    return n * n
if __name__ == "__main__":
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        print(list(pool.map(square, range(5))))
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        print(list(pool.map(square, range(5))))
""")
program("daemon_threads", """
import threading, time
def forever():
    while True:
        time.sleep(0.01)
for _ in range(3):
    threading.Thread(target=forever, daemon=True).start()
def late():
    time.sleep(0.1)
    print("a thread outlives main")
threading.Thread(target=late).start()
print("main ends")
""")
program("many_threads", """
import threading
lock = threading.Lock()
total = 0
def add(n):
    global total
    for _ in range(50):
        with lock:
            total += n
threads = [threading.Thread(target=add, args=(n,)) for n in range(30)]
for t in threads: t.start()
for t in threads: t.join()
print(total, threading.active_count())
""")
program("locks_that_wait", """
import threading, queue, time
q = queue.Queue(1)
barrier = threading.Barrier(3)
def producer():
    barrier.wait()
    for i in range(50):
        q.put(i)
    q.put(None)
got = []
def consumer():
    barrier.wait()
    while (x := q.get()) is not None:
        got.append(x)
threads = [threading.Thread(target=f) for f in (producer, consumer)]
for t in threads: t.start()
barrier.wait()
for t in threads: t.join()
event = threading.Event()
print(len(got), event.wait(0.01), threading.Lock().acquire(timeout=1))
""")
program("asyncio", """
import asyncio
async def tick(n, delay):
    for i in range(n):
        await asyncio.sleep(delay)
    return n
async def main():
    print(await asyncio.gather(tick(2, 0.01), tick(1, 0.03)))
    try:
        async with asyncio.timeout(0.02):
            await asyncio.sleep(5)
    except TimeoutError:
        print("timeout")
    process = await asyncio.create_subprocess_exec("echo", "hi", stdout=asyncio.subprocess.PIPE)
    print(await process.communicate(), process.returncode)
    server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0)
    server.close()
    async def fails():
        raise ValueError("task")
    results = await asyncio.gather(fails(), return_exceptions=True)
    print(results)
asyncio.run(main(), debug=False)
""")
program("resource_limits", """
import resource, os
print(resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_STACK), os.umask(0o22))
print(os.getpgrp() == os.getpid(), os.getsid(0) == os.getpid(), os.nice(0))
""")
program("daemonises", """
import os, sys, time
r, w = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(w, b"from the daemon")
        os._exit(0)
    os._exit(0)
os.wait()
print(os.read(r, 100))
""")
program("changes_directory", "import os\nos.chdir('/')\nprint(os.getcwd())\nraise ValueError('after chdir')\n")
program("small_thread_stack", """
import threading
threading.stack_size(256 * 1024)
def f(n):
    return 0 if n == 0 else 1 + f(n - 1)
out = []
t = threading.Thread(target=lambda: out.append(f(300)))
t.start(); t.join()
print(out, threading.stack_size())
""")


@pytest.mark.parametrize("name", PROGRAMS)
def test_process_is_not_changed(name, tmp_path, pyrecord):
    source, options = PROGRAMS[name]
    transparent.same(tmp_path, source, **options)


def test_closing_every_descriptor(tmp_path, pyrecord):
    """What was recorded until then stays; the program goes on, and a line at the end says so."""
    bare, recorded, _ = transparent.both(tmp_path, """
import os
os.closerange(3, 2000)
def f():
    return [n for n in range(3)]
print(f())
fd = os.open("/dev/null", os.O_RDONLY)
print(fd)
""")
    assert (recorded.status, recorded.out) == (bare.status, bare.out), recorded
    lines = recorded.message.splitlines()
    assert len(lines) <= 1 and all(line.startswith("pyrecord: ") for line in lines), recorded
