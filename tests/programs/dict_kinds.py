"""Dicts of all kinds, keys of all kinds, lists that change in the middle: enough items that
each change is looked for at its place only."""
from collections import Counter, OrderedDict, defaultdict


class Plain:
    pass


class Hashed:
    def __init__(self, value):
        self.value = value

    def __hash__(self):
        return hash(self.value)

    def __eq__(self, other):
        return isinstance(other, Hashed) and self.value == other.value


class Items(list):
    pass


class Table(dict):
    pass


class Doubling(dict):
    def __setitem__(self, key, value):
        super().__setitem__(key, value)
        super().__setitem__((key, "twice"), value * 2)


class Filling(dict):
    def __missing__(self, key):
        self[key] = [key]
        return self[key]


class Rows(defaultdict):
    pass


def keys_of_all_kinds():
    table = {}
    objects = [Plain() for _ in range(4)]
    for n in range(12):
        table[(n, n + 1)] = n
        table[float(n) + 0.5] = -n
        table[b"key%d" % n] = n
        table[(n, (n, "x"))] = [n]
        table[frozenset([n, n + 1])] = n
        table[Hashed(n)] = n
    for one in objects:
        table[one] = 0
    for n in range(12):
        table[(n, n + 1)] += 100
        table[(n, (n, "x"))].append(n)
        table[n + 0.5] -= 1
        table[b"key%d" % n] *= 2
        table[Hashed(n)] += 5
    table[1] = "int"
    table[1.0] = "float"
    table[True] = "bool"
    table[None] = "none"
    for one in objects:
        table[one] += 1
        del table[one]
    for n in range(0, 12, 3):
        del table[(n, n + 1)]
        table.pop(n + 0.5)
    table[(0, 1)] = "again"
    return len(table)


def default_dicts():
    groups, counts = defaultdict(list), defaultdict(int)
    rows = Rows(list)
    for n in range(40):
        groups[n % 7].append(n)
        groups[n % 7, "pair"].append(n)
        counts[n % 5] += 1
        counts[(n, n)] += n
        rows[n % 3].append(n)
    groups.setdefault("new", []).append(1); groups["new"].append(2)
    counts["a"] += 1; counts["b"] += 1; counts["a"] += 1
    counts["c"] = 1; counts.pop("c")
    counts["d"] = 1; del counts["d"]; counts["e"] = 2
    groups.pop(3)
    groups.popitem()
    del counts[(3, 3)]
    counts[(3, 3)] += 1
    groups.default_factory = set
    groups["set"].add(1)
    groups.default_factory = lambda: groups.setdefault("within", [])
    groups["lambda"].append(1)
    return len(groups), len(counts), len(rows)


def counters():
    words = Counter()
    for n in range(30):
        words["w%d" % (n % 11)] += 1
        words[n, n % 4] += 2
    words["w1"] -= 5
    del words["w2"]
    del words["not there"]
    words["w2"] = 7
    words.update("hello")
    words.subtract(["w1", "w3"])
    words.note = "an attribute"
    words["after"] += 1
    words["w3"] += 1
    return words.most_common(1)


def ordered():
    order = OrderedDict()
    for n in range(30):
        order[n] = n
        order[n, "t"] = [n]
    for n in range(0, 30, 4):
        order[n] += 50
        order[n, "t"].append(n)
        order.move_to_end(n)
        order[n] += 1
    order.move_to_end(7, last=False)
    order[7] = "first"
    order[8] = "later"
    del order[9]
    order[9] = "last"
    order.popitem(last=False)
    order.popitem()
    order["x"] = 1; order["y"] = 2; order["x"] = 3
    order.move_to_end("y")
    order.move_to_end("y", last=False)
    order.move_to_end("x", False); order.move_to_end("y", False)
    order["x"] = [4]
    order["x"].append(5)
    order.move_to_end("x"); order.popitem()
    while len(order) > 1:
        order.move_to_end(next(iter(order)))
        order.move_to_end(next(reversed(order)), last=False)
        order.popitem(last=len(order) % 2 == 0)
        order.popitem(len(order) % 3 == 0) if order else None
    order[1.5] = 1
    order.move_to_end(1.5, last=False)
    order[True] = 2
    order.move_to_end(1)
    order.popitem(); order["z"] = 1; order.popitem(False)
    try:
        order.move_to_end("not there")
    except KeyError:
        pass
    order.clear()
    order["only"] = 1
    order.popitem()
    recent = OrderedDict()
    for n in range(60):
        recent[n % 23] = n
        recent.move_to_end(n % 23)
        if len(recent) > 15:
            recent.popitem(last=False)
        if n % 5 in recent:
            recent.move_to_end(n % 5)
            recent[n % 5] += 1
    return len(order), list(recent)


def subclasses():
    items, table, doubling, filling = Items(), Table(), Doubling(), Filling()
    for n in range(20):
        items.append(n)
        table[n] = n
        table[(n,)] = [n]
        doubling[n] = n
        filling[n].append(n)
    items[3] = "three"
    items[-1] += 1
    del items[5]
    items.name = "named"
    items[4] = "four"
    items.append("end")
    table.name = "named"
    table[3] = "three"
    table["new"] = "entry"
    table[(4,)].append("four")
    doubling[3] = 33
    del doubling[4]
    filling.pop(3)
    return len(items) + len(table) + len(doubling) + len(filling)


def in_the_middle():
    line = list(range(40))
    for n in range(12):
        line.insert(n * 3, [n])
        line.insert(-2, "near the end")
        line.insert(1000, "end")
        line.insert(-1000, "start")
    while len(line) > 20:
        line.pop(0)
        line.pop(-3)
        line.pop(len(line) // 2)
    try:
        line.pop(100)
    except IndexError as error:
        text = str(error)
    line.insert(2, "a"); line.pop(2)
    line.insert(2, "b"); line.insert(3, "c")
    line.pop(1); line.pop(1)
    line.insert(True, "true")
    same = line
    same.insert(0, line.pop())
    return len(line), text


print(keys_of_all_kinds(), default_dicts(), counters(), ordered(), subclasses(),
      in_the_middle())
