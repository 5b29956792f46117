"""What the random programs of mutate.py are made of: the classes and helpers that all of a
file's programs share, the ways to get at an object, and the ways to change one.

Marks in the templates: {L} a list by any way, {D} a dict, {S} a set, {Q} a deque, {B} a
bytearray, {H} a heap, {O} an object, {F} something callable with one argument that changes
a container, {V} a value, {I} a small index, {K} a key, {P} an iterable of a few values, {C} a
condition; {l} {d} {s} {q} {b} {o} {n} {z} {v} {f} {it} a variable of that sort.
"""

PRELUDE = '''# oracle: order preload=array,bisect,collections,copy,functools,heapq,io,itertools,json,operator,pickle,random,re,struct,threading,weakref
"""Generated: programs %(seeds)s."""
import gc

gc.disable()
import sys

sys.setswitchinterval(1000)
import _thread
import bisect
import collections
import copy
import functools
import heapq
import io
import itertools
import json
import operator
import pickle
import random
import re
import struct
import weakref

GL = [1, 2]
GD = {"l": GL, "n": 0}
GN = 0


class Field:
    """A data descriptor that keeps what was set, and says so in a list of its own."""

    def __set_name__(self, owner, name):
        self.name = "_" + name
        self.log = []

    def __get__(self, one, owner=None):
        if one is None:
            return self.log
        return one.__dict__[self.name]

    def __set__(self, one, value):
        self.log.append(self.name)
        del self.log[:-3]
        one.__dict__[self.name] = value


class Node:
    held = [0]
    field = Field()

    def __init__(self, l, d, n=None):
        self.l = l
        self.d = d
        self.n = n
        self.c = 0
        self.field = l

    def add(self, v):
        self.l.append(v)
        self.c += 1
        return v

    def put(self, k, v):
        self.d[k] = v
        return self

    @property
    def p(self):
        self.c += 1
        self.d["p"] = self.c
        return self.l

    @p.setter
    def p(self, value):
        self.l = value
        self.c = 0

    @classmethod
    def share(cls, v):
        cls.held.append(v)
        del cls.held[:-3]
        return cls.held

    def each(self):
        for v in self.l[:3]:
            self.c += 1
            yield v


class Logged:
    """Every attribute goes through Python code."""

    def __init__(self, log):
        self.__dict__["log"] = log

    def __setattr__(self, name, value):
        self.log.append(name)
        object.__setattr__(self, name, value)

    def __delattr__(self, name):
        self.log.append("del")
        object.__delattr__(self, name)

    def __getattr__(self, name):
        if name[:1] == "_" or name == "log":
            raise AttributeError(name)
        self.__dict__[name] = [name]
        return self.__dict__[name]


class Slot:
    __slots__ = ("l", "d", "n")

    def __init__(self, l, d):
        self.l = l
        self.d = d


class Box:
    """Every operator changes the list that it holds."""

    def __init__(self, to):
        self.to = to

    def say(self, what):
        self.to.append(what)
        del self.to[:-4]

    def __getitem__(self, i):
        self.say("get")
        if i > 1:
            raise IndexError
        return i

    def __setitem__(self, i, v):
        self.say(v)

    def __delitem__(self, i):
        self.say("del")

    def __len__(self):
        self.say("len")
        return 2

    def __eq__(self, other):
        self.say("eq")
        return False

    def __hash__(self):
        self.say("hash")
        return 3

    def __lt__(self, other):
        self.say("lt")
        return False

    def __iadd__(self, v):
        self.say("iadd")
        return self

    def __add__(self, v):
        self.say("add")
        return 1

    __radd__ = __add__

    def __format__(self, how):
        self.say("format")
        return "box"

    def __index__(self):
        self.say("index")
        return 1

    def __bool__(self):
        self.say("bool")
        return True

    def __contains__(self, v):
        self.say("in")
        return True

    def __call__(self, v=0):
        self.say(v)
        return v

    def __enter__(self):
        self.say("enter")
        return self.to

    def __exit__(self, *why):
        self.say("exit")
        return True


class Missing(dict):
    def __missing__(self, key):
        GL.append(key)
        del GL[:-4]
        return [key]


class Token:
    """Something that can be referred to weakly; it only ever lives in a container."""


def put(to, v):
    to.append(v)
    return len(to)


def hidden_put(to, v):
    to.append(v)
    return len(to)


def hidden_both(one, key, to, v):
    one[key] = v
    to += [v]
    return v


def hidden_map(function, values):
    return [function(one) for one in values]


class hidden_Sink:
    def __init__(self, to):
        self.to = to

    def write(self, v):
        self.to.append(v)


def give(v):
    return v


def cut(*values):
    for one in values:
        if len(one) > 6:
            if isinstance(one, (dict, set, collections.deque)):
                one.clear()
            else:
                del one[4:]


def change_globals(v):
    global GN, GD
    GN += 1
    GL.append(v)
    del GL[:-4]
    GD = {"l": GL, "n": GN}
    return GN


def reset():
    """No program sees what the one before left in what they share."""
    global GL, GD, GN
    GL = [1, 2]
    GD = {"l": GL, "n": 0}
    GN = 0
    Node.held = [0]


def gen(to, also):
    k = 0
    while k < 4:
        got = yield k
        to.append(got)
        also["g"] = k
        k += 1


def outer(to, also):
    yield from gen(to, also)
    to.append("over")


class Wait:
    def __init__(self, v):
        self.v = v

    def __await__(self):
        got = yield self.v
        return got


async def work(to, also):
    for i in range(2):
        to.append(await Wait(i))
        also["w"] = i
    return to


def drive(one):
    sent = None
    while True:
        try:
            sent = one.send(sent)
        except StopIteration as why:
            return why.value


def keeper(to):
    held = [0]
    total = 0

    def add(v=1):
        nonlocal total, held
        total += 1
        held.append(v)
        to.append(total)
        if len(held) > 3:
            held = held[-1:]
        return held

    return add


def in_thread(function, *args):
    done = _thread.allocate_lock()
    done.acquire()

    def body():
        try:
            function(*args)
        except Exception:
            pass
        finally:
            done.release()

    _thread.start_new_thread(body, ())
    done.acquire()


class Worker:
    """A thread that waits for work; handed over by locks, so the order is always the same."""

    def __init__(self):
        self.ask = _thread.allocate_lock()
        self.answer = _thread.allocate_lock()
        self.ask.acquire()
        self.answer.acquire()
        self.job = None
        _thread.start_new_thread(self.run, ())
        self.answer.acquire()

    def run(self):
        mine = []
        self.answer.release()
        while True:
            self.ask.acquire()
            if self.job is None:
                self.answer.release()
                return
            function, args = self.job
            try:
                mine.append(function(*args))
            except Exception:
                mine.clear()
            del mine[:-2]
            self.answer.release()

    def do(self, function, *args):
        self.job = (function, args)
        self.ask.release()
        self.answer.acquire()
        return self

    def end(self):
        self.job = None
        self.ask.release()
        self.answer.acquire()
'''

# How every program begins. What is shared, nested and aliased here stays so for a while.
START = '''
L0 = [3, 1, 2]
L1 = [n, "s", L0]
L2 = [[1], [2, 3]]
D0 = {"l": L0, "n": 1}
D1 = {"d": D0, "l": [n]}
S0 = {1, 2, 5}
Q0 = collections.deque([1, L0], 5)
B0 = bytearray(b"abcdef")
H0 = [1, 4, 9]
O0 = Node(L1, D0)
O1 = Node([0], D1, O0)
P0 = Logged(L2)
X0 = Slot(L0, D1)
W0 = Box(L1)
T0 = (L0, D0, (L2,))
M0 = memoryview(B0)
DD = collections.defaultdict(list, {1: L0})
OD = collections.OrderedDict(a=L1, b=2)
CT = collections.Counter("aab")
N0 = n
N1 = 2
Z0 = "t"
V0 = L0
V1 = None
F0 = L0.append
I0 = iter(L0)
G0 = gen(L0, D0)
K0 = keeper(L2)
A0 = vars(O0)
TK = [Token()]
WR = []
'''.strip().splitlines()

VARIABLES = {
    "l": ["L0", "L1", "L2", "V0"], "d": ["D0", "D1"], "s": ["S0"], "q": ["Q0"], "b": ["B0"],
    "o": ["O0", "O1"], "n": ["N0", "N1"], "z": ["Z0"], "v": ["V0", "V1"], "f": ["F0"],
    "it": ["I0"],
}

# Ways to an object of each sort. The deeper ones contain others.
PATHS = {
    "L": ['L0', 'L1', 'L2', 'V0', '{O}.l', 'O0.l', 'O1.l', '{D}["l"]', 'T0[0]', 'T0[2][0]',
          'X0.l', 'GL', 'GD["l"]', 'Node.held', 'O1.n.l', 'P0.log', 'P0.extra', 'Q0[1]',
          'L1[2]', 'L2[0]', '{O}.p', '{O}.field', 'getattr({O}, "l")', 'vars({O})["l"]',
          'A0["l"]', '({L}, {L})[{I}]', '({L} if {C} else {L})', 'give({L})', 'O0.share({V})',
          'K0()', 'DD[{I}]', 'OD["a"]', '{D}.get("l", [])', '{D}.setdefault("l", [])',
          'operator.itemgetter("l")({D})', 'operator.attrgetter("l")({O})', 'F0.__self__',
          'W0.to', '(lambda v: v)({L})', '[{L}][0]', 'next(iter([{L}]))', 'Node.__dict__["held"]',
          'globals()["GL"]', '({L} or {L})'],
    "D": ['D0', 'D1', '{O}.d', 'D1["d"]', 'X0.d', 'GD', 'A0', 'vars({O})', 'T0[1]', 'give({D})',
          'O1.n.d', '({D} if {C} else {D})', '{D}.setdefault("d", {{}})', '{O}.put({K}, {V}).d',
          'collections.ChainMap({D}).maps[0]'],
    "S": ['S0', 'give(S0)', '{D}.setdefault("s", S0)', '(S0 if {C} else {{1}})'],
    "Q": ['Q0', 'give(Q0)', '{D}.setdefault("q", Q0)'],
    "B": ['B0', 'give(B0)', '{D}.setdefault("b", B0)'],
    "H": ['H0', 'give(H0)', '{D}.setdefault("h", H0)'],
    "O": ['O0', 'O1', 'O1.n', 'give({O})', '{O}.put({K}, {V})', '({O} if {C} else {O})'],
    "F": ['{L}.append', '{L}.append', 'F0', 'S0.add', '{Q}.append', '{Q}.appendleft', '{O}.add',
          'functools.partial({L}.insert, 0)', 'functools.partial(put, {L})',
          'functools.partial(operator.setitem, {D}, {K})', 'functools.partial(hidden_put, {L})',
          '(lambda v: {L}.append(v))', '(lambda v: {D}.update(k=v))', 'K0', 'W0', '{L}.extend',
          'functools.partial({D}.__setitem__, {K})', 'operator.methodcaller("append", {V})',
          'functools.partial({D}.setdefault, {K})', 'change_globals', 'Node.share',
          'functools.partial(Node.add, {O})', 'CT.update', '{D}.pop', '{L}.__iadd__',
          'functools.partial(functools.partial({L}.insert), 0)', 'B0.append', 'DD.__getitem__',
          'functools.partial(setattr, {O}, "c")', 'S0.discard', 'OD.pop', '{L}.pop'],
    "V": ['1', '-2', '0', '2.5', 'None', 'True', "'s'", "b'b'", '10**20', 'n', '(1, "p")', '[]',
          '"é"', '{{}}', '[7]', 'N0', 'N1', 'Z0', 'len({L})', '{L}', '{D}', '({L}, 1)', '[{L}]',
          'L0[:2]', 'set(S0)', 'frozenset(S0)', '{{"k": {L}}}', 'range(3)', 'T0', '-0.0'],
    "I": ['0', '1', '-1', '2'],
    "K": ['"l"', '"a"', '"b"', '"k"', '1', '(1, 2)', 'N0', '"d"'],
    "P": ['[1, 2]', '(3, {V})', 'range(2)', '{L}[:3]', 'list({D})[:2]', '"ab"', 'sorted(H0)[:3]',
          '({V}, {V})', 'iter([1, 2])', 'reversed([1, 2])', 'O0.each()', 'zip([1, 2], "ab")',
          'map({F}, [1, 2])', 'filter(None, [1, 0, 2])', 'itertools.islice({L}, 2)',
          'itertools.chain([1], {L}[:1])', 'enumerate("ab")', 'gen({L}, {D})', 'itertools.repeat(1, 2)',
          '[v for v in (1, 2)]', '(put({L}, v) for v in (1, 2))', 'dict(a=1)', 'list(S0)[:2]'],
    "C": ['N0', 'L0', 'n > 1', '{L}', 'N0 in S0', 'len({L}) > 3', 'put({L}, {V}) > 3', 'not {D}',
          'N0 < N1', 'W0', '{L} is L0', 'True', '{D} == {D}'],
}

# Ways to change something.
SIMPLE = '''
{L}.append({V})
{L}.append({V})
{L}.insert({I}, {V})
{L}.extend({P})
{L}.pop()
{L}.pop({I})
{L}.reverse()
{L}.remove({L}[0])
{L}.sort(key=str)
{L}.clear()
{L}[{I}] = {V}
{L}[{I}] = {L}
{L}[{I}:] = {P}
{L}[::2] = [{V}]
{L}[:] = {L}[::-1]
{L}[{I}], {L}[{I}] = {L}[{I}], {V}
del {L}[{I}]
del {L}[:1], {L}[{I}:]
{l} += {P}
{l} *= 2
{l} = {L}
{l} = [{V}, {V}]
{l} = list({P})
{l} = {L} + [{V}]
{l} = {l} = {L}
{L} += [{V}]
{O}.l += [{V}]
{D}["l"] += [{V}]
L1[2] += [{V}]
{D}[{K}] = {V}
{D}[{K}] = {V}
{D}[{K}] = {L}
del {D}[{K}]
{D}.pop({K}, None)
{D}.popitem()
{D}.clear()
{D}.update(a={V}, b={V})
{D}.update(zip("ab", {P}))
{D}.update({D})
{D}.setdefault({K}, {V})
{d} |= {{{K}: {V}}}
{d} = {D}
{d} = {{"l": {L}, "d": {D}}}
{d} = {{"l": {L}}}
{d} = dict({D}, k={V})
{D}[{K}], {L}[{I}] = {V}, {V}
{S}.add({I})
{S}.add(N0)
{S}.discard({I})
{S}.remove(1)
{S}.pop()
{S}.update([1, N0], (7,))
{S}.clear()
{s} |= {{3, 4}}
{s} &= {{1, 3}}
{s} ^= {{1, 8}}
{s} -= {{1}}
{s}.difference_update([2])
{s}.intersection_update([1, 2, 3])
{s}.symmetric_difference_update({{1, 6}})
{s} = set([1, N1])
{Q}.append({V})
{Q}.appendleft({V})
{Q}.pop()
{Q}.popleft()
{Q}.rotate({I})
{Q}.extend({P})
{Q}.extendleft({P})
{Q}.insert(0, {V})
{Q}[{I}] = {V}
{Q}.reverse()
{Q}.remove({V})
del {Q}[0]
{q} += [{V}]
{q} = collections.deque({P}, 4)
{B}[0] = 65
{B}.extend(b"xy")
{B}.append(66)
{B}.pop()
{b} += b"z"
{b} = bytearray(b"hello")
{B}[1:3] = b"Q"
{B}.reverse()
{B}.insert(1, 67)
M0.release(); M0 = memoryview({B})
M0[0] = 90
M0[1:3] = b"pq"
M0.release()
M0[::2][0] = 88
memoryview({B}).cast("B")[1] = 70
struct.pack_into("<H", {B}, 0, 513)
io.BytesIO(b"RST").readinto({B})
io.BytesIO(b"RST").readinto(M0)
heapq.heappush({H}, {I})
heapq.heappop({H})
heapq.heapify({H})
heapq.heapreplace({H}, 3)
heapq.heappushpop({H}, N1)
bisect.insort({H}, 5)
bisect.insort_left({H}, N1)
random.Random({I}).shuffle({L})
random.Random({I}).shuffle({H})
{H}.sort(reverse=True)
{L}[:] = sorted({H})
DD[{I}].append({V})
DD[{K}]
DD[{I}] += [{V}]
{l} = DD[{I}]
OD.move_to_end("a")
OD[{K}] = {V}
OD.popitem(last=False)
OD["a"] = {L}
OD.setdefault("a", [])
CT.update({P})
CT[{K}] += 1
CT.subtract("ab")
CT += collections.Counter("b")
{O}.c += 1
{O}.l = {L}
{O}.d = {D}
{O}.n = {O}
{O}.extra = {V}
del {O}.extra
{O}.add({V})
{O}.add({V}); {O}.add({V})
{O}.put({K}, {V})
{O}.p = {L}
{v} = {O}.p
{O}.field = {L}
{v} = {O}.field
{v} = Node.field
{O}.__dict__["l"] = {L}
vars({O}).update(l={L}, c={V})
vars({O})["c"] = {V}
A0["c"] = {V}
A0 = vars({O})
{O}.__dict__ = {{"l": {L}, "d": {D}, "n": O0, "c": 0, "_field": {L}}}
setattr({O}, "l", {L})
setattr({O}, "c", {V})
delattr({O}, "c")
object.__setattr__({O}, "c", {V})
{o} = Node({L}, {D}, {O})
{o} = copy.copy({O})
{O}.__init__({L}, {D})
Node.share({V})
Node.held = {L}
Node.held = [0]
P0.name = {V}
P0.other = {L}
del P0.name
{v} = P0.fresh
P0.fresh.append({V})
P0 = Logged({L})
object.__setattr__(P0, "log", {L})
X0.l = {L}
X0.d = {D}
X0.l.append({V})
del X0.n
X0.n = {V}
X0 = Slot({L}, {D})
W0 = Box({L})
W0[{I}] = {V}
{v} = W0[{I}]
W0 += 1
{n} = W0 + 1
{z} = f"{{W0:>3}} {{N0!r}}"
{z} = "%s" % ({V},)
{v} = W0 == 3
{v} = 3 in W0
{v} = L0[W0:]
{v} = [1, 2][W0]
{v} = [*W0]
{v} = sorted([W0, Box({L})]) and 1
{v} = {{W0: 1}} and 2
{v} = max(1, 2, key=W0)
{n} += 1
{n} = {n} * 2 % 97
{n} = len({L})
{z} += "x"
{z} = Z0[-4:]
{v} = {V}
{v} = {L}
{v} = {D}
{v} = ({L}, {D}.get("k"))
{v} = {C}
{v} = {O}.l, {O}.c, {O}.d
{v} = None
V1 = {O}.c
V1 = [{O}.l, {O}.d, X0.l]
V1 = list({D}.items())[:3]
V1 = list({D}.values())
T0 = ({L}, {D}, ({L},))
V0 = L0
N0, *V1 = {L}
(N0, V1), Z0 = (1, {L}), "u"
for N0 in {P}: {L}.append(N0)
for {L}[0] in {P}: pass
for {D}[{K}] in {P}: pass
for {O}.c in {P}: {n} = 4
if {C}: {L}.append({V})
while len({l}) > 2: {l}.pop()
put({L}, {V})
put({L}, put({L}, {V}))
hidden_put({L}, {V})
hidden_both({D}, {K}, {L}, {V})
hidden_map({F}, {P})
hidden_Sink({L}).write({V})
print({V}, file=hidden_Sink({L}))
list(map(hidden_Sink({L}).write, {P}))
in_thread(hidden_map, {F}, {P})
change_globals({V})
GL.append({V}); del GL[:-4]
GD["l"].append({V})
globals()["GL"] = {L}
globals()["GD"] = {{"l": GL}}
K0({V})
{v} = K0()
K0 = keeper({L})
F0 = {F}
F0({V})
{v} = F0({V})
({F})({V})
({F})({V})
{f} = {F}; {f}({V})
list(map({F}, {P}))
list(map({F}, {P}))
{v} = list(map({F}, {P}, [1, 2]))
list(map({F}, map({F}, {P})))
list(filter({F}, {P}))
{l} = sorted({P}, key={F})
{L}.sort(key=lambda v: ({L}.append(0), str(v))[1])
{v} = min({P}, key=lambda v: put({L}, v))
any(map({F}, {P}))
all(map({F}, {P}))
sum(map(len, map(lambda v: ({L}.append(v), [v])[1], {P})))
{v} = functools.reduce(lambda a, b: put({L}, b), {P})
{l} = list(itertools.starmap(put, [({L}, {V}), ({L}, {V})]))
{l} = list(itertools.takewhile({F}, {P}))
{l} = list(itertools.accumulate({P}, lambda a, b: put({L}, a)))
list(itertools.chain.from_iterable(map(lambda v: ({L}.append(v), [v])[1], {P})))
{l} = list(zip({L}, map({F}, {P})))
collections.deque(map({F}, {P}), 0)
{l} = [({F})(v) for v in {P}]
{s} = {{put({L}, v) for v in (1, 2)}}
{d} = {{v: put({L}, v) for v in "lk"}}
{v} = "".join(str(put({L}, v)) for v in "ab")
{v} = re.sub("a", lambda m: str(put({L}, m.group())), "banana")
{v} = json.loads('{{"l": [1, {{"b": 2}}]}}', object_hook=lambda v: ({L}.append(1), v)[1])
{v} = json.loads('{{"l": [1, 2]}}', object_pairs_hook=lambda v: dict(v, k={L}))
{v} = list(itertools.islice(iter(lambda: put({L}, 0), len({L}) + 3), 4))
{v} = "%(a)s" % Missing()
{v} = Missing()[{K}]
{v} = "ab".translate(Missing({{97: "z"}})) if 0 else 1
I0 = iter({L})
I0 = map({F}, [1, 2, 3, 4])
I0 = zip({L}, map({F}, [1, 2, 3]))
I0 = filter({F}, [1, 0, 2])
I0 = itertools.cycle([1, {L}])
I0 = enumerate({L})
I0 = reversed({L})
I0 = iter({D}.items())
I0 = itertools.chain({L}, map({F}, [1, 2]))
I0 = itertools.starmap({L}.insert, [(0, 1), (0, 2)])
I0 = zip({L}, "abc")
I0 = itertools.product([1, 2], {L})
I0 = itertools.combinations(list({D}), 2)
I0 = itertools.zip_longest({L}, [1, 2, 3])
I0 = itertools.pairwise([1, 2, {L}, 3])
I0 = itertools.accumulate([{L}, [1], [2]], operator.iadd)
I0 = itertools.tee(map({F}, [1, 2, 3]))[0]
I0 = itertools.groupby([1, 1, 2], {F})
I0 = zip(map({F}, [1, 2, 3]), map({F}, "ab"))
{v} = next(I0, None)
{v} = next(I0, None)
V1 = None; V1 = next(I0, None)
V1 = next(I0, None); {v} = next(I0, None)
for V1 in I0: {L}.append(V1); break
next(I0, None)
{l} = list(itertools.islice(I0, 2))
next(G0, None)
{v} = next(G0, None)
G0.send({V})
G0.close(); G0 = gen({L}, {D})
G0.close(); G0 = outer({L}, {D})
{v} = list(gen({L}, {D}))
{v} = [*outer({L}, {D})]
{v} = drive(work({L}, {D}))
operator.setitem({L}, {I}, {V})
operator.setitem({D}, {K}, {V})
operator.delitem({L}, {I})
operator.delitem({D}, {K})
{v} = operator.iadd({L}, [{V}])
{v} = operator.ior({D}, {{"k": 1}})
{v} = operator.iconcat({L}, {P})
{v} = operator.imul({L}, 2)
operator.methodcaller("append", {V})({L})
operator.methodcaller("update", k={V})({D})
operator.attrgetter("l")({O}).append({V})
list.append({L}, {V})
list.__setitem__({L}, {I}, {V})
list.extend({L}, {P})
dict.__setitem__({D}, {K}, {V})
dict.update({D}, k={V})
type({L}).append({L}, {V})
getattr({L}, "append")({V})
{v} = copy.copy({L})
{v} = copy.copy({D})
{v} = {L}.copy(); {v}.append({V})
{v} = {D}.copy()
{v} = dict.fromkeys("ab", {L})
{v} = pickle.loads(pickle.dumps([1, {{"k": [2]}}]))
{v} = [[]] * 3; {v}[0].append({V})
{v} = sum([[1], {L}[:2]], [])
exec("{l}.append(4)")
exec("GL.append(5)", globals())
{v} = eval("put({l}, 1)")
{v} = (lambda *a, **k: (a, k))(*{L}[:2], **dict(a={L}))
TK.append(Token()); WR.append(weakref.ref(TK[-1], lambda r, l={L}: l.append("dead")))
TK.append(Token()); WR.append(weakref.finalize(TK[-1], {L}.append, "final"))
del TK[-1:]
TK.clear()
TK[0:1] = []
TK.append(Token())
in_thread({F}, {V})
in_thread(put, {L}, {V})
in_thread(lambda: {D}.update(t={V}))
in_thread(hidden_both, {D}, {K}, {L}, {V})
in_thread(next, I0, None)
in_thread(next, G0, None)
R0.do({F}, {V})
R0.do(put, {L}, {V}).do({L}.append, {V})
R0.do(operator.setitem, {D}, {K}, {V})
R0.do(list, map({F}, [1, 2]))
'''.strip().splitlines()

BLOCKS = '''
for i in range(2):
    {T}
    {T}
---
for v in {L}[:3]:
    {T}
    if v == 1: continue
    {L}.append(v)
---
for i, v in enumerate(list({D})[:2]):
    {D}[v] = i
    {T}
---
k = 0
while k < 2:
    k += 1
    {T}
---
if {C}:
    {T}
else:
    {T}
---
try:
    {T}
    raise KeyError({V})
except KeyError as e:
    {T}
    V1 = e.args
finally:
    {T}
---
with W0 as V0:
    {T}
    V0.append({V})
---
def inner(a, *more, b={L}):
    a.append({V})
    b.append(len(more))
    {L}.append({V})
    return b
V0 = inner({L}, {V}, {V})
inner({L})
---
def local():
    nonlocal_ = L0
    nonlocal_.append({V})
    D0[{K}] = {V}
    return lambda v: (L1.append(v), nonlocal_)[1]
V0 = local()({V})
---
class Local:
    l = {L}
    l.append({V})
    n = len(l)
    def add(self, v): self.l.append(v); return self
V0 = Local.l
Local().add({V}).add({V})
Local.l = {L}
---
match {D}:
    case {{"l": [a, *rest], **others}}:
        rest.append({V})
        {T}
    case _:
        {T}
---
match {L}:
    case [a, list() as b, *rest]:
        b.append({V})
    case [*rest]:
        {T}
---
g = gen({L}, {D})
try:
    for i in range(2):
        V1 = next(g, None)
        {T}
finally:
    g.close()
---
for V1 in map({F}, [1, 2, 3]):
    {T}
---
for V1 in zip({L}[:2], map({F}, [1, 2])): {T}
---
async def flow():
    async def items():
        for i in range(2):
            L0.append(i)
            yield i
    async for i in items():
        D0["i"] = await Wait(i)
    return [v async for v in items()]
V1 = drive(flow())
---
V1 = [
    put({L}, 1),
    {L}.append({V}),
    len({L}),
][-1]
---
({L}
 .append(
     put({L},
         {V})))
---
m = {L}.append
m({V})
m({V})
V1 = [m(i) for i in (1, 2)]
---
@functools.lru_cache(None)
def once(k):
    L0.append(k)
    return [k]
V0 = once(1)
V0.append({V})
V1 = once(1)
---
acc = {L}
for i in range(3):
    acc += [i]
    {D}[i] = acc
---
a = b = [{V}]
a.append({L})
b += [1]
{L}.append(a)
---
a = {L}
{T}
del a
{T}
'''.strip("\n").split("\n---\n")
