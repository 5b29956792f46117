"""Containers that only grow: a log, an index, a set of what was seen, a heap of dates."""
import sys


class Journal:
    def __init__(self):
        self.entries = []
        self.by_kind = {}
        self.seen = set()
        self.counts = {}

    def add(self, number, kind):
        self.entries.append((number, kind))
        group = self.by_kind.get(kind)
        if group is None:
            group = self.by_kind[kind] = []
        group.append(number)
        self.seen.add(number * 7 % 1000003)
        self.counts[number] = len(self.entries)


def main(size):
    journal = Journal()
    last = 1
    for number in range(size):
        last = (last * 48271) % 2147483647
        kind = last % 16
        journal.add(number, kind)
    print(len(journal.entries), len(journal.seen), len(journal.by_kind))


main(int(sys.argv[1]))
