"""Coroutines and asynchronous generators driven by hand, without an event loop."""
import gc

gc.disable()


class Awaitable:
    def __init__(self, value):
        self.value = value

    def __await__(self):
        got = yield self.value
        return (self.value, got)


class Context:
    async def __aenter__(self):
        return await Awaitable("enter")

    async def __aexit__(self, kind, value, trace):
        await Awaitable("exit")
        return kind is KeyError


async def numbers(n):
    for i in range(n):
        if i:
            await Awaitable(i)
        try:
            got = yield i
        except ValueError:
            yield -1


async def work():
    seen = []
    async with Context() as entered:
        seen.append(entered)
        raise KeyError("swallowed")
    async for n in numbers(3):
        seen.append(n)
    pairs = [(n, m) async for n in numbers(2) for m in range(n + 1)]
    gen = numbers(2)
    first = await gen.asend(None)
    thrown = await gen.athrow(ValueError)
    await gen.aclose()
    return seen, pairs, first, thrown


def drive(coro):
    sent = None
    steps = []
    while True:
        try:
            steps.append(coro.send(sent))
        except StopIteration as why:
            return steps, why.value
        sent = len(steps)


print(drive(work()))
stopped = work()
stopped.send(None)
try:
    stopped.throw(OSError(2, "no file"))
except OSError as why:
    print(why.errno)
closed = work()
closed.send(None)
closed.close()
