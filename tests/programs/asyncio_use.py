# oracle: preload=asyncio,itertools,time
"""asyncio: tasks, gather, queue, timeouts, cancellation, async generators, locks."""
import gc

gc.disable()
import asyncio
import itertools
import time

clock = itertools.count()
time.monotonic = lambda: next(clock) / 1024
log = []


async def producer(queue, items):
    for item in items:
        await queue.put(item)
        log.append(("put", item))
    await queue.put(None)


async def consumer(queue):
    total = 0
    while (item := await queue.get()) is not None:
        total += item
        await asyncio.sleep(0)
    return total


async def countdown(n):
    try:
        while n:
            yield n
            n -= 1
    finally:
        log.append("closed")


async def fails(lock):
    async with lock:
        raise ValueError("in a task")


async def main():
    queue = asyncio.Queue(maxsize=1)
    total, _ = await asyncio.gather(consumer(queue), producer(queue, [1, 2, 3]))
    log.append(total)
    log.append([n async for n in countdown(3)])
    lock = asyncio.Lock()
    outcome = await asyncio.gather(fails(lock), return_exceptions=True)
    log.append(outcome[0].args)
    task = asyncio.ensure_future(asyncio.Event().wait())
    await asyncio.sleep(0)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        log.append("cancelled")


def keep(loop, coro, **options):
    """Tasks that are dropped run weakref callbacks; the Python tracer would move them."""
    task = asyncio.Task(coro, loop=loop, **options)
    kept.append(task)
    return task


kept = []
loop = asyncio.new_event_loop()
loop.set_task_factory(keep)
try:
    loop.run_until_complete(main())
finally:
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
print(log)
