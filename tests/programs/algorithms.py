# oracle: preload=random,math,collections
"""Ordinary code: sorting, search, a small parser, a simulation, a matrix, strings."""
import gc

gc.disable()
import collections
import random


def quicksort(items, low, high):
    if low < high:
        pivot = items[high]
        i = low
        for j in range(low, high):
            if items[j] < pivot:
                items[i], items[j] = items[j], items[i]
                i += 1
        items[i], items[high] = items[high], items[i]
        quicksort(items, low, i - 1)
        quicksort(items, i + 1, high)


def shortest(graph, start):
    distance = {start: 0}
    queue = collections.deque([start])
    while queue:
        node = queue.popleft()
        for other in graph[node]:
            if other not in distance:
                distance[other] = distance[node] + 1
                queue.append(other)
    return distance


class Parser:
    def __init__(self, text):
        self.tokens = text.split()
        self.at = 0

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self):
        token = self.peek()
        self.at += 1
        return token

    def expression(self):
        value = self.term()
        while self.peek() in ("+", "-"):
            op = self.take()
            other = self.term()
            value = ("op", op, value, other)
        return value

    def term(self):
        token = self.take()
        if token == "(":
            inner = self.expression()
            self.take()
            return inner
        return int(token)


def sieve(n):
    flags = [True] * n
    flags[0:2] = [False, False]
    for i in range(2, n):
        if flags[i]:
            flags[i * i::i] = [False] * len(range(i * i, n, i))
    return [i for i, flag in enumerate(flags) if flag]


def life(cells, rounds):
    for _ in range(rounds):
        counts = collections.Counter(
            (x + dx, y + dy) for x, y in cells for dx in (-1, 0, 1) for dy in (-1, 0, 1) if dx or dy)
        cells = {c for c, n in counts.items() if n == 3 or n == 2 and c in cells}
    return cells


rng = random.Random(3)
items = [rng.randrange(100) for _ in range(20)]
quicksort(items, 0, len(items) - 1)
print(items)
print(shortest({"a": "bc", "b": "d", "c": "d", "d": "ae", "e": ""}, "a"))
print(Parser("1 + ( 2 - 3 ) + 4").expression())
print(sieve(60))
print(sorted(life({(1, 0), (1, 1), (1, 2)}, 2)))
words = collections.defaultdict(int)
for word in "the cat the dog a cat the end".split():
    words[word] += 1
print(dict(words))
