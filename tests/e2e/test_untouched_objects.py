"""Recording looks at objects without touching them: not one method of the program's runs,
and reference counts, weak references, finalizers, what the collector sees and what an object
is made of are as without recording.

The programs run bare and recorded and print what they see; the outputs must be equal, and
what is recorded must be right.
"""
import pytest
import run
import transparent

# Every special method of a class, by what it does when it is called.
NAMES = """repr str bytes format hash eq ne lt le gt ge bool len length_hint getitem missing iter
next reversed contains int index float complex getattr getattribute dir call reduce reduce_ex
getstate copy deepcopy sizeof fspath enter exit await aiter anext array array_interface
array_struct class_getitem buffer get add iadd radd sub mul neg round trunc floor ceil matmul and
or xor invert abs pos divmod pow lshift instancecheck subclasscheck set_name init_subclass
delattr setattr del_ mro_entries prepare""".split()

HOSTILE = '''
import sys, threading
calls = []
mode = %(mode)r
gate = threading.Lock()
gate.acquire()
def trap(name):
    def method(self, *args, **kwargs):
        calls.append(name)
        if mode == "raises":
            raise RuntimeError("called " + name)
        if mode == "blocks":
            gate.acquire()
        if mode == "changes":
            object.__getattribute__(self, "__dict__").clear()
        if mode == "exits":
            import os
            os._exit(9)
        return NotImplemented
    return method
body = {"__%%s__" %% name: trap(name) for name in %(names)r if name not in (
    "setattr", "delattr", "set_name", "init_subclass", "prepare", "del_", "mro_entries")}
body.update(keys=trap("keys"), items=trap("items"), values=trap("values"), a=property(trap("property")))
def put(one, name, value):
    object.__setattr__(one, name, value)
class Plain: pass
kinds = {"plain": object, "list": list, "dict": dict, "tuple": tuple, "set": set,
         "frozenset": frozenset, "str": str, "int": int, "float": float, "bytes": bytes,
         "bytearray": bytearray, "error": ValueError, "type": type}
first = {"list": ([1, [2]],), "dict": ({"k": [1]},), "tuple": ((1, [2]),), "set": ({1, 2},),
         "frozenset": ({3},), "str": ("text",), "int": (7,), "float": (1.5,), "bytes": (b"raw",),
         "bytearray": (b"ba",), "error": ("boom",), "type": ("Made", (), {"x": [1]}), "plain": ()}
made = {}
for name, base in kinds.items():
    cls = type("Hostile" + name, (base,), dict(body))
    one = base.__new__(cls, *first[name])
    if name in ("list", "set", "dict", "bytearray"):
        base.__init__(one, *first[name])
    if name != "type":
        try:
            put(one, "mine", [name])
        except AttributeError:
            pass
    made[name] = one
class Meta(type):
    __getattribute__ = trap("meta getattribute")
    __repr__ = __len__ = __iter__ = __instancecheck__ = __eq__ = __bool__ = trap("meta")
    __hash__ = type.__hash__
class OfMeta(metaclass=Meta):
    x = [1]
class Slotted:
    __slots__ = ("x", "unset")
    __getattribute__ = trap("slotted getattribute")
slotted = object.__new__(Slotted)
put(slotted, "x", [5])
def look(value):
    alias = value
    held = [alias, (alias,), {"k": alias}]
    def inner():
        return alias
    inner()
    return held
def raises(value):
    raise KeyError(value)
def gen(value):
    got = yield value
    yield got
del calls[:]
for name in kinds:
    look(made[name])
    g = gen(made[name])
    next(g)
    g.send(made[name])
    try:
        raises(made[name])
    except KeyError:
        pass
look(OfMeta); look(object.__new__(OfMeta)); look(slotted)
print(len(calls), calls[:3])
'''


@pytest.mark.parametrize("mode", ["raises", "counts", "blocks", "changes", "exits"])
def test_no_method_is_called(mode, tmp_path, pyrecord):
    bare, recording = transparent.same(tmp_path, HOSTILE % {"mode": mode, "names": NAMES})
    assert bare.out.startswith(b"0 "), bare
    rows = run.dump(recording)
    seen = [row["locals"]["alias"] for row in rows
            if row["function"] == "look" and "alias" in row["locals"]]
    expected = ["Hostilelist #", "[1, [2]]", "Hostiledict #", "{'k': [1]}", "Hostiletuple #",
                "Hostileset #", "{1, 2}", "Hostilestr #", "Hostileint #", "Hostilefloat #",
                "Hostilebytearray #", "mine=['plain']", "mine=['list']", "mine=['dict']",
                "mine=['int']", "mine=['error']", "x=[5]", "OfMeta"]
    text = "\n".join(dict.fromkeys(seen))
    assert [one for one in expected if one not in text] == [], text


COUNTS = '''
import gc, sys
gc.disable()
class Node:
    def __init__(self, v):
        self.v = v
class Slot:
    __slots__ = ("v", "__weakref__")
log = []
def refs(*values):
    log.append([sys.getrefcount(v) for v in values])
def holds(a, b):
    refs(a, b)
    c = a
    refs(a, b, c)
    d = [a, b, c]
    refs(a, b, c, d)
    del c
    refs(a, b, d)
    d.clear()
    refs(a, b, d)
    return d
def work():
    l, t, d, s = [1], (1, [2]), {"a": [3]}, {4}
    o, x = Node([5]), Slot()
    x.v = o
    text, number, fl = "some text %d" % len(l), 10 ** 30 + len(l), 1.5 * len(l)
    for one in (l, t, d, s, o, x, text, number, fl, o.v, d["a"]):
        refs(one)
        holds(one, o)
    def inner():
        return l, o
    refs(l, o, inner)
    inner()
    refs(l, o, inner)
    it = iter(l)
    refs(l, it)
    m = l.append
    refs(l, m)
    m(5)
    refs(l, m)
    g = (v for v in l)
    next(g)
    refs(l, g)
    g.close()
    b = bytearray(b"x")
    v = memoryview(b)
    refs(b, v)
    v.release()
    b.append(1)
    refs(b)
    try:
        raise ValueError(o)
    except ValueError as e:
        refs(o, e, e.args)
    refs(o)
    refs(work.__code__, Node, Slot, len, sys)
    return o
refs(work())
work()
print(log)
print(len(gc.get_objects()) > 0, gc.get_count()[1:])
'''

DEATHS = '''
import gc, sys, weakref
gc.disable()
log = []
class Thing:
    def __init__(self, name, *parts):
        self.name = name
        self.parts = list(parts)
    def __del__(self):
        log.append("del " + self.name)
def note(name):
    return lambda ref: log.append("ref " + name)
refs = []
def watch(one):
    refs.append(weakref.ref(one, note(one.name)))
    weakref.finalize(one, log.append, "final " + one.name)
    return one
def temporary():
    watch(Thing("a"))
    log.append("after a")
    watch(Thing("b")).name
    log.append("after b")
    [watch(Thing("c"))]
    log.append("after c")
def rebound():
    one = watch(Thing("d"))
    log.append("has d")
    one = None
    log.append("no d")
    one = watch(Thing("e"))
    one = watch(Thing("f"))
    log.append("has f")
def held(box):
    box.append(watch(Thing("g")))
    box.append(watch(Thing("h")))
    log.append("two")
    del box[0]
    log.append("one")
    box[:] = []
    log.append("none")
    box = {"k": watch(Thing("i"))}
    box["k"] = 1
    log.append("no i")
    inner = watch(Thing("j", Thing("k")))
    inner.parts.clear()
    log.append("no k")
def caught():
    try:
        raise ValueError(watch(Thing("l")))
    except ValueError as e:
        log.append("caught")
    log.append("after l")
def generated():
    thing = watch(Thing("m"))
    yield 1
    thing = watch(Thing("n"))
    yield 2
def closed():
    thing = watch(Thing("o"))
    def inner():
        return thing
    return inner
temporary(); log.append("-")
rebound(); log.append("-")
held([]); log.append("-")
caught(); log.append("-")
g = generated()
next(g); log.append("first")
next(g); log.append("second")
del g; log.append("no g")
f = closed(); log.append("closed")
f = None; log.append("no f")
weak = weakref.WeakValueDictionary()
weak["x"] = watch(Thing("p")); log.append(len(weak))
keep = weak["y"] = watch(Thing("q")); log.append(len(weak))
del keep; log.append(len(weak))
cycle = watch(Thing("r")); cycle.parts.append(cycle); del cycle
log.append("cycle"); gc.collect(); log.append("collected")
sets = weakref.WeakSet([watch(Thing("s"))]); log.append(len(sets))
print(log)
print([r() for r in refs])
'''

REFERENTS = '''
import gc
gc.disable()
class Node:
    def __init__(self, v, w):
        self.v = v
        self.w = w
class Slot:
    __slots__ = ("v", "w")
class Sub(list):
    pass
def kinds(one):
    return [type(r).__name__ for r in gc.get_referents(one)]
def make():
    nodes = [Node(i, [i]) for i in range(3)]
    slot = Slot()
    slot.v = nodes
    sub = Sub([1, nodes])
    sub.more = [2]
    return nodes, slot, sub
def work():
    nodes, slot, sub = make()
    for node in nodes:
        node.v += 1
        shown = node
        node.w.append(shown)
    nodes[0].w = None
    return nodes, slot, sub
nodes, slot, sub = work()
for one in [*nodes, slot, sub, Node, work]:
    print(kinds(one))
print(gc.is_tracked({}), gc.is_tracked({"a": []}), gc.is_tracked((1, 2)), gc.is_tracked(nodes))
nodes[1].__dict__
print(kinds(nodes[1]), kinds(nodes[2]))
'''

LAYOUT = '''
import sys
class Node:
    def __init__(self, v):
        self.v = v
def work():
    n = Node(1)
    d = {"a": 1}
    s = "text %d" % len(d)
    u = "\\xe9t\\xe9 %d" % len(d)
    l = [n]
    sizes = []
    for i in range(40):
        l.append(i)
        d[i] = l
        sizes.append((sys.getsizeof(l), sys.getsizeof(d), sys.getsizeof(n), sys.getsizeof(s),
                      sys.getsizeof(u), sys.getsizeof(n.__dict__) if i == 20 else 0))
    return sizes
print(work())
names = ["name %d" % i for i in range(5)]
print([sys.intern(n) is n for n in names], [n.isascii() for n in names])
'''

HASHES = '''
class Key:
    count = 0
    def __init__(self, n):
        self.n = n
    def __hash__(self):
        Key.count += 1
        return self.n
    def __eq__(self, other):
        Key.count += 1
        return self.n == other.n
def work():
    keys = [Key(i % 3) for i in range(6)]
    d = {k: k.n for k in keys}
    s = set(keys)
    seen = []
    for k in keys:
        seen.append((k in d, k in s, Key.count))
        d[k] = [k]
        s.add(k)
        d.pop(keys[0], None)
    return [one[1:] for one in seen], len(d)
print(work(), Key.count)
'''

CACHED = '''
import functools, pathlib, datetime
class Lazy:
    def __init__(self):
        self.count = 0
    @functools.cached_property
    def cached(self):
        self.count += 1
        return [self.count]
    def __getattr__(self, name):
        self.__dict__["asked"] = name
        raise AttributeError(name)
class Desc:
    calls = 0
    def __get__(self, one, cls):
        Desc.calls += 1
        return Desc.calls
class Has:
    d = Desc()
def work():
    one = Lazy()
    two = Has()
    p = pathlib.PurePath("a") / "b"
    for i in range(3):
        alias = (one, two, p)
    print(sorted(one.__dict__), Desc.calls, hasattr(p, "_str"))
    return one.cached
work()
'''

PROGRAMS = {"reference counts": COUNTS, "deaths": DEATHS, "referents": REFERENTS,
            "layout": LAYOUT, "hashes": HASHES, "cached": CACHED}


@pytest.mark.parametrize("name", PROGRAMS)
def test_as_without_recording(name, tmp_path, pyrecord):
    bare, recording = transparent.same(tmp_path, PROGRAMS[name])
    assert bare.status == 0 and len(bare.out) > 15, bare
    run.verified(recording)
