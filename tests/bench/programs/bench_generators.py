"""Pipelines of generators, and a recursive one."""
import sys


def numbers(limit):
    n = 0
    while n < limit:
        yield n
        n += 1


def odd(source):
    for n in source:
        if n % 2:
            yield n


def pairs(source):
    before = None
    for n in source:
        if before is not None:
            yield before, n
        before = n


def walk(tree):
    if isinstance(tree, tuple):
        for branch in tree:
            yield from walk(branch)
    else:
        yield tree


def main(size):
    tree = (1, (2, 3, (4, 5)), ((6,), 7))
    total = 0
    for _ in range(size):
        for a, b in pairs(odd(numbers(60))):
            total += a * b
        total += sum(walk(tree))
    print(total)


main(int(sys.argv[1]))
