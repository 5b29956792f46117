"""Lists as heaps: with equal items, items of several sorts, comparisons in Python, and what is no heap."""
import heapq
from heapq import heappop, heappush, heappushpop, heapreplace


class Random:
    def __init__(self, seed):
        self.state = seed + 1

    def randrange(self, n):
        self.state = self.state * 1103515245 + 12345 & 0x7fffffff
        return (self.state >> 8) % n


class Item:
    def __init__(self, rank):
        self.rank = rank

    def __lt__(self, other):
        return self.rank < other.rank


class Sly:
    """Changes the heap while it is compared."""
    heap = []

    def __init__(self, rank):
        self.rank = rank

    def __lt__(self, other):
        if self.rank == 3 and len(self.heap) < 40:
            self.heap.append(Sly(50))
        return self.rank < other.rank


def numbers(seed):
    r = Random(seed)
    heap, shadow, out = [], [], None
    for step in range(160):
        n = (r.randrange(8), r.randrange(1000), r.randrange(90) / 7, 2 ** 70 + r.randrange(3), True)[r.randrange(5)]
        way = r.randrange(9)
        if way < 3 or not heap:
            heappush(heap, n)
        elif way == 3:
            out = heappop(heap)
        elif way == 4:
            out = heapreplace(heap, n)
        elif way == 5:
            out = heappushpop(heap, n)
        elif way == 6:
            heappush(heap, heappop(heap)); heappush(heap, n)
        elif way == 7:
            heap[0] = n; out = heappop(heap)
        else:
            heappush(heap, n); heap.append(n); shadow = heap[:]
            heapq.heapify(heap)
    return heap, shadow, out


def tuples(seed):
    r = Random(seed)
    heap, same = [], (1, "same")
    for step in range(100):
        if r.randrange(3) or not heap:
            heap_item = same if r.randrange(2) else (r.randrange(5), str(step))
            heappush(heap, heap_item)
        else:
            heappop(heap)
    return heap


def no_heap(seed):
    r = Random(seed)
    items = [r.randrange(9) for _ in range(30)]
    for step in range(60):
        heapq._heappop_max(items) if step % 3 == 0 else heappush(items, r.randrange(9))
        if step % 7 == 0:
            items.reverse()
    heappush(items, "x") if len(items) == 0 else None
    try:
        heappush(items, "not comparable")
    except TypeError:
        pass
    try:
        heappop([])
    except IndexError:
        pass
    return items


def objects(kind):
    heap = Sly.heap = []
    ranks = []
    for n in (5, 3, 8, 3, 1, 9, 2, 3) * 2:
        try:
            heappush(heap, kind(n)) if n != 9 else heappop(heap)
        except RuntimeError as why:  # Sly
            ranks.append(str(why))
        ranks = [item.rank for item in heap]
    return ranks


def large(count):
    heap = [(n * 7919 % count, "") for n in range(count)]
    heapq.heapify(heap)
    last = None
    for n in range(60):
        last = heappop(heap)
        heappush(heap, (n * 31 % count, str(n)))
        heapreplace(heap, (n * 17 % count, last[1]))
    return heap[:20], len(heap)


for seed in range(2):
    result = numbers(seed), tuples(seed), no_heap(seed)
result = objects(Item), objects(Sly)
result = large(150), sorted(result[1])
print(result[1])
