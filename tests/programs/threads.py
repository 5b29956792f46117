# oracle: order preload=threading,queue
"""Threads with locks, events, queues and thread-local data; one order, as nothing but
blocking switches threads."""
import gc
import sys

gc.disable()
sys.setswitchinterval(1000)
import queue
import threading

lock = threading.Lock()
shared = {"count": 0, "log": []}
local = threading.local()


def worker(n):
    local.n = n
    for i in range(3):
        with lock:
            before = shared["count"]
            shared["count"] = before + n
            shared["log"].append((n, i))
    return local.n


def consume(source, out):
    while True:
        item = source.get()
        if item is None:
            break
        out.append(item * 2)
    out.append("done")


def fails():
    value = [1, 2]
    raise ValueError(value)


def quiet(info):
    shared["log"].append(info.exc_type.__name__)


threading.excepthook = quiet
threads = [threading.Thread(target=worker, args=(n,)) for n in (1, 2, 3)]
for one in threads:
    one.start()
for one in threads:
    one.join()
source, out = queue.Queue(), []
reader = threading.Thread(target=consume, args=(source, out))
reader.start()
for n in range(3):
    source.put(n)
source.put(None)
reader.join()
broken = threading.Thread(target=fails)
broken.start()
broken.join()
barrier = threading.Barrier(2)
meet = threading.Thread(target=barrier.wait)
meet.start()
barrier.wait()
meet.join()
print(shared, out)
