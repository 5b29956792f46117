"""Tasks that hand each other work through queues."""
import asyncio
import sys


async def produce(queue, count):
    for n in range(count):
        await queue.put(n)
    await queue.put(None)


async def consume(queue, out):
    total = 0
    while True:
        n = await queue.get()
        if n is None:
            break
        total += n
        if n % 10 == 0:
            await asyncio.sleep(0)
    out.append(total)


async def main(size):
    out = []
    queues = [asyncio.Queue(maxsize=4) for _ in range(3)]
    await asyncio.gather(*(produce(q, size) for q in queues),
                         *(consume(q, out) for q in queues))
    print(sum(out))


asyncio.run(main(int(sys.argv[1])))
