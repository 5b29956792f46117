# oracle: order preload=collections,functools,itertools,operator,_thread
"""Changes made far from where they are asked for: partials of builtins that write, iterators
in iterators, descriptors called through a wrapper, tuples that C code uses again."""
import gc

gc.disable()
import sys

sys.setswitchinterval(1000)
import _thread
import collections
import functools
import itertools
import operator


class Obj:
    def __init__(self):
        self.c = 0
        self.d = {}


class Slotted:
    __slots__ = ("x", "y")


def in_thread(function, *args):
    done = _thread.allocate_lock()
    done.acquire()

    def body():
        try:
            function(*args)
        finally:
            done.release()

    _thread.start_new_thread(body, ())
    done.acquire()


def case_method_called_unbound():
    dd = collections.defaultdict(list)
    t = []
    list.extend(dd[-1], (t.append(v) or v for v in (1, 2)))
    dict.__setitem__(dd, "k", t)
    return dd


def case_iterators_in_iterators():
    l, b, q = [], bytearray(), collections.deque()
    for v in zip([1, 2], map(l.append, [1, 2])):
        pass
    for v in zip([1, 2], map(b.append, [1, 2])):
        pass
    for v in zip([1, 2], map(q.append, [1, 2])):
        x = 1
    x = list(zip([1, 2], map(l.append, [1, 2])))
    for v in enumerate(map(l.append, filter(None, [3, 0, 4]))):
        x = v
    for v in itertools.chain([1], map(l.append, itertools.islice([5, 6, 7], 2))):
        x = v
    return l, b, q


def case_partial_of_setattr():
    o = Obj()
    a = vars(o)
    functools.partial(setattr, o, "c")(5)
    f = functools.partial(setattr, o, "c")
    f(6)
    x = [functools.partial(setattr, o, "c")(v) for v in (7, 8)]
    return a


def case_partial_of_setitem():
    d = {}
    e = {"d": d}
    functools.partial(operator.setitem, d, "k")(1)
    functools.partial(d.__setitem__, "k")(2)
    list(map(functools.partial(d.__setitem__, "j"), [1, 2]))
    list(map(functools.partial(operator.setitem, e["d"], "i"), [1, 2]))
    collections.deque(map(functools.partial(operator.setitem, e["d"], "h"), [1, 2]), 0)
    return d


def case_getitem_that_inserts():
    dd = collections.defaultdict(list)
    list(map(dd.__getitem__, [1, 2]))
    for v in zip([1, 2], map(dd.__getitem__, [3, 4])):
        n = len(dd)
    return dd


def case_map_of_map():
    l = []
    d = {"l": l}
    list(map(functools.partial(operator.setitem, d, "a"), map(functools.partial(l.insert, 0), [1, 2])))
    any(map(d.setdefault, map(functools.partial(d.__setitem__, "m"), [1, 2])))
    return d


def case_partial_of_partial():
    l = [3]
    d = {"d": {"l": l}}
    list(map(functools.partial(functools.partial(d["d"].setdefault("l", []).insert), 0), [1, 2]))
    list(map(functools.partial(l.insert, 0), [4, 5]))
    return l


def case_items_for_attributes():
    """A list that loses attributes and gains items, in one line."""
    class Both(list):
        pass

    def change(both):
        both.__dict__, both[:] = {}, [1, 2, 3, 4]

    kept = []
    for turn in range(40):
        both = Both()
        both.a, both.b, both.c, both.d = [turn], 2, 3, 4
        kept.append(both)
        change(both)
    return [list(both) for both in kept], vars(kept[0])


def case_iterator_kept():
    o = Obj()
    a = vars(o)
    it = map(functools.partial(setattr, o, "c"), [1, 2, 3])
    next(it)
    x = next(it, None)
    in_thread(next, it, None)
    return a


def case_in_a_thread():
    o = Obj()
    a = vars(o)
    d = {}
    in_thread(functools.partial(setattr, o, "c"), 5)
    in_thread(list, map(functools.partial(operator.setitem, d, "a"), [1, 2]))
    in_thread(functools.partial(d.__setitem__, "l"), 3)
    return a, d


def case_slot_through_its_descriptor():
    one = Slotted()
    keep = [one]
    Slotted.__dict__["x"].__set__(one, [5])
    setter = Slotted.y.__set__
    setter(one, [6])
    x, y = one.x, one.y
    Slotted.__dict__["x"].__delete__(one)
    return keep, hasattr(one, "x")


def case_tuples_used_again():
    """Where nobody else holds it, the tuple of the turn before is filled anew."""
    seen = []
    for make in (lambda: enumerate([3, 1, 2]), lambda: zip([1, 2, 3], "abc"),
                 lambda: iter({"a": 1, "b": 2, "c": 3}.items()),
                 lambda: itertools.product([1, 2], [3, 4]),
                 lambda: itertools.combinations([1, 2, 3], 2),
                 lambda: itertools.permutations([1, 2, 3], 2),
                 lambda: itertools.zip_longest([1, 2], [3, 4, 5]),
                 lambda: getattr(itertools, "pairwise", iter)([1, 2, 3])):
        it = make()
        a = next(it, None)
        a = None
        b = next(it, None)
        b = next(it, None)
        c = next(it, None)
        d = c
        for pair in it:
            e = pair
        seen.append((b, c))
    return seen


for name in [name for name in globals() if name.startswith("case_")]:
    globals()[name]()
