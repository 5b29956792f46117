"""Tasks, queues and pipelines of asynchronous generators."""
import asyncio
import sys


async def numbers(count):
    last = 1
    for n in range(count):
        last = (last * 48271) % 2147483647
        yield last % 100


async def clean(source):
    async for n in source:
        if n == 13:
            continue
        yield n


class Window:
    def __init__(self, width):
        self.width = width
        self.items = []
        self.total = 0

    async def add(self, n):
        self.items.append(n)
        self.total += n
        if len(self.items) > self.width:
            self.total -= self.items.pop(0)
        return self.total


async def produce(queue, count):
    window = Window(5)
    async for n in clean(numbers(count)):
        total = await window.add(n)
        if total % 8 == 0:
            await queue.put(total)
    await queue.put(None)


async def consume(queue, out):
    total = 0
    count = 0
    while True:
        n = await queue.get()
        if n is None:
            break
        total += n
        count += 1
        if count % 10 == 0:
            await asyncio.sleep(0)
    out.append(total)


async def main(size):
    out = []
    queues = [asyncio.Queue(maxsize=4) for _ in range(3)]
    await asyncio.gather(*(produce(q, size) for q in queues),
                         *(consume(q, out) for q in queues))
    print(sum(out))


asyncio.run(main(int(sys.argv[1])))
