"""A loop that works beside large data which it never touches."""
import sys


class Node:
    def __init__(self, key):
        self.key = key
        self.next = None


class Store:
    def __init__(self, count):
        self.rows = [(n, str(n)) for n in range(count)]
        self.by_key = {str(n): n for n in range(count)}
        self.first = None
        for n in range(count):
            node = Node(n)
            node.next = self.first
            self.first = node


def digits(number, base):
    count = 0
    while number:
        number //= base
        count += 1
    return count


def main(size):
    store = Store(20000)
    table = store.rows
    index = store.by_key
    widest = 0
    for n in range(size):
        width = digits(n * n, 2 + n % 9)
        if width > widest:
            widest = width
        total = width + widest - n % 3
        widest -= total < 0
    print(widest, len(table), len(index))


main(int(sys.argv[1]))
