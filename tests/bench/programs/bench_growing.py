"""Containers that only grow: a log, an index by kind, a dict of counts, a text, a counter."""
import sys


class Journal:
    def __init__(self):
        self.entries = []
        self.by_kind = {}
        self.text = ""
        self.counts = {}

    def add(self, number, kind):
        self.entries.append((number, kind))
        group = self.by_kind.get(kind)
        if group is None:
            group = self.by_kind[kind] = []
        group.append(number)
        if number % 16 == 0:
            self.text += "."
        self.counts[number] = len(self.entries)


def main(size):
    journal = Journal()
    last = 1
    for number in range(size):
        last = (last * 48271) % 2147483647
        kind = last % 16
        journal.add(number, kind)
    print(len(journal.entries), len(journal.text), len(journal.by_kind))


main(int(sys.argv[1]))
