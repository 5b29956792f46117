"""`_thread` alone: generators that resume in another thread, frames on many stacks."""
import gc
import sys

gc.disable()
sys.setswitchinterval(1000)
import _thread

done = [_thread.allocate_lock() for _ in range(3)]
for one in done:
    one.acquire()
results = []


def numbers(name):
    got = []
    for i in range(6):
        got.append((name, i))
        yield i


shared = numbers("shared")


def step(n):
    mine = numbers(n)
    results.append((n, next(shared), list(mine)))
    done[n].release()


def deep(n, k):
    return step(n) if k == 0 else deep(n, k - 1)


for n in range(3):
    _thread.start_new_thread(deep, (n, n * 3))
    done[n].acquire()
print(results, list(shared))
