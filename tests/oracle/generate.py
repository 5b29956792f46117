"""Random programs for the comparison: values changed in every way that bytecode, C code,
callbacks, other frames, aliases, generators, closures and threads can change them.

    /usr/bin/python3 tests/oracle/generate.py SEED [STATEMENTS]     prints a program

The same seed gives the same program. A program ends by itself, prints nothing that depends
on time or addresses, and drops nothing that has a finalizer (the Python tracer moves those).
"""
import random
import sys

PRELUDE = '''# oracle: order preload=bisect,collections,functools,heapq,io,itertools,json,operator,random,struct,threading
"""Generated: seed %(seed)d."""
import gc

gc.disable()
import sys

sys.setswitchinterval(1000)
import _thread
import bisect
import collections
import functools
import heapq
import io
import itertools
import json
import operator
import random
import struct

G = [1, 2]
GD = {"g": G}
GN = 0


class Obj:
    shared = [0]

    def __init__(self, a, b=0):
        self.a = a
        self.b = b
        self.c = {"k": a}

    @property
    def p(self):
        self.a.append("get")
        return self.b

    @p.setter
    def p(self, value):
        self.b = value
        self.c["p"] = value

    def method(self, *args, **kw):
        self.b = len(args)
        self.a.extend(args)
        return self

    def __getattr__(self, name):
        if name.startswith("dyn"):
            self.__dict__[name] = [name]
            return self.__dict__[name]
        raise AttributeError(name)


class Slots:
    __slots__ = ("x", "y", "__dict__")

    def __init__(self, x):
        self.x = x
        self.y = [x]


class W:
    """Every operator changes what it holds."""

    def __init__(self, to):
        self.to = to

    def _say(self, what):
        self.to.append(what)
        del self.to[:-5]

    def __len__(self):
        self._say("len")
        return 1

    def __bool__(self):
        self._say("bool")
        return True

    def __getitem__(self, i):
        self._say("getitem")
        if i == 1:
            raise IndexError
        return self.to

    def __setitem__(self, i, v):
        self._say(v)

    def __contains__(self, v):
        self._say("in")
        return False

    def __eq__(self, other):
        self._say("eq")
        return False

    def __hash__(self):
        self._say("hash")
        return 7

    def __lt__(self, other):
        self._say("lt")
        return True

    def __add__(self, other):
        self._say("add")
        return self

    def __iadd__(self, other):
        self._say("iadd")
        return self

    def __neg__(self):
        self._say("neg")
        return 1

    def __index__(self):
        self._say("index")
        return 0

    def __str__(self):
        self._say("str")
        return "w"

    def __enter__(self):
        self._say("enter")
        return self.to

    def __exit__(self, *exc):
        self._say("exit")
        return True

    def __call__(self, v=0):
        self._say("call")
        return v

    def __iter__(self):
        self._say("iter")
        return iter([1, 2])

    def __get__(self, obj, cls):
        self._say("get")
        return self.to

    def __matmul__(self, other):
        other.append("matmul")
        return other


class Described:
    pass


class Seq(list):
    def append(self, v):
        list.append(self, v)
        list.append(self, "seq")


def put(to, v):
    to.append(v)
    return len(to)


def change_global(v):
    global GN, GD
    GN += 1
    G.append(v)
    del G[:-4]
    GD = {"g": G, "n": GN}
    return GN


def gen(to):
    k = 0
    try:
        while k < 4:
            got = yield k
            to.append(got)
            k += 1
    finally:
        to.append("end")


def via(to):
    yield from gen(to)
    to.append("after")


def counter(start):
    held = [start]

    def bump(by=1):
        nonlocal start
        start += by
        held.append(start)
        del held[:-3]
        return start

    return bump, held


async def coro(to):
    for i in range(2):
        to.append(await Wait(i))
    return to


class Wait:
    def __init__(self, n):
        self.n = n

    def __await__(self):
        got = yield self.n
        return got


def drive(c):
    sent = None
    while True:
        try:
            sent = c.send(sent)
        except StopIteration as why:
            return why.value


def raises(to, v):
    to.append(v)
    raise KeyError(v)


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


def cut(*values):
    for one in values:
        if len(one) > 8:
            if type(one) is dict or type(one) is collections.defaultdict or isinstance(one, dict):
                one.clear()
            elif type(one) is set:
                one.clear()
            elif type(one) is collections.deque:
                one.clear()
            else:
                del one[5:]
'''

START = '''{x0} = [3, 1, 2]
{x1} = [n, 0.5]
{l0} = [{x0}, 1, "s"]
{l1} = [{x1}, {x0}]
{h} = [1, 4, 9]
{d0} = {{"a": {x0}, "b": 1}}
{d1} = {{}}
{dd} = collections.defaultdict(list)
{ct} = collections.Counter("abca")
{od} = collections.OrderedDict(a=1, b={x1})
{q} = collections.deque([1, 2], 6)
{st} = {{1, 2}}
{ba} = bytearray(b"abcdef")
{tu} = ({x0}, n, ({x1},))
{o0} = Obj({x0})
{o1} = Slots({x1})
{w} = W({x1})
{n0} = n
{n1} = 2
{z} = "t"
'''.splitlines()

# {lc}: any list; {E}: a scalar expression; {I}: a small index.
SIMPLE = '''
{lc}.append({E})
{lc}.insert({I}, {E})
{lc}.reverse()
{lc}.sort(key=str)
{lc}.extend(i for i in range(2))
{lc}[{I}:{I}] = [{E}, {E}]
{lc} += [{E}]
{lc} *= 2
{lc}.remove({lc}[0])
{lc}[:] = [{E}] * 3
{lc}.clear()
{lc} = {lc}
{lc} = list({lc})
{lc} = [{E}, {E}, {E}]
del {lc}[{I}]
del {lc}[::2]
{lc}[0], {lc}[-1] = {lc}[-1], {lc}[0]
{l0}, {l1} = {l1}, {l0}
{x0}, {x1} = {x1}, {x0}
{l0} = {l1}
{x1} = {l0}[0] if type({l0}[0]) is list else [{E}]
{l0}.append({x0})
{l0}.append({l0})
{l1}[{I}] = {x1}
{x0} += [{E}]; {n0} = 0
{n0} += 1; {x0}.append({n0}); {n0} -= 1
{x0} = {x0} + [{E}]; {x1} += {x0}[:2]
put({lc}, {E}); put({lc}, {E})
{n0} = put({x0}, {E}) + put({x1}, {E})
{n0} = {n1} < put({lc}, 1) < 9
{n0} = {lc} and {lc}.pop()
{lc}.append({E}) if {n1} else {d0}.clear()
({lc}.append({E}), {d0}.update(k={E}))
{n1} = len({lc})
({n0} := len({lc}))
{z} = f"{{put({lc}, {E})}} {{{n0}!r}}"
{z} = "%s %s" % ({w}, {n0})
{z} += str({n1})
{z} = {z}[-6:]
print(*{x0}[:1], sep="-")
{n0}, *{x1} = {x0}
{x0}[{I}:], {n1} = [{E}], 4
(lambda v: v.append({E}))({lc})
[{x0}.append(i) for i in range(2)]
{x1} = [put({x0}, i) for i in range(2)]
{d1} = {{k: put({x0}, k) for k in "ab"}}
{st} = {{put({x0}, 1), 5}}
{n0} = sum(put({x0}, i) for i in (1, 2))
list(map({lc}.append, [{E}, {E}]))
{x1} = list(filter(lambda v: {x0}.append(v), [1, 2]))
{x1} = sorted([3, 1, 2], key=lambda k: {x0}.append(k) or k)
{x0}.sort(key=lambda k: ({d0}.update(s=1), str(k))[1])
{n0} = max([1, 2], key=lambda k: put({x1}, k))
{n0} = functools.reduce(lambda a, b: put({lc}, a) or b, [1, 2, 3])
{n0} = any(put({lc}, v) > 99 for v in (1, 2))
functools.partial({lc}.append, {E})()
operator.methodcaller("append", {E})({lc})
operator.setitem({d0}, "op", {E})
operator.iadd({lc}, [{E}])
operator.attrgetter("p")({o0})
{x0} = list(itertools.starmap(put, [({x1}, 1), ({x1}, 2)]))
{x0} = list(itertools.takewhile(lambda v: {x1}.append(v) or v < 2, [1, 2, 3]))
{z} = "".join(str(put({lc}, c)) for c in "ab")
{d1} = json.loads('{{"a": [1, {{"b": 2}}]}}', object_hook=lambda v: ({lc}.append(1), v)[1])
{d1} = dict((k, put({x0}, k)) for k in "xy")
{x1} = list(iter(lambda: put({x0}, 0), len({x0}) + 2))
{x1} = list(zip({x0}, (put({x0}, i) for i in range(2))))
{x1} = [*{x0}, *gen({x1})]
heapq.heappush({h}, {n1})
{n0} = heapq.heappop({h}) if {h} else 0
heapq.heapify({h})
bisect.insort({h}, 3)
{n0} = heapq.heappushpop({h}, 5); heapq.heapreplace({h}, 2)
random.Random({I}).shuffle({lc})
{d0}["{K}"] = {E}
{d0}["{K}"] = {x0}
{d0}.setdefault("{K}", []).append({E}) if type({d0}.get("{K}", [])) is list else None
{d0}.update({K}={E})
{d0} |= {{"{K}": {E}}}
{d0}.pop("{K}", None)
{d0}.popitem()
del {d0}["{K}"]
{d1} = {d0}
{d1} = dict({d0}, z={E})
{d0}["self"] = {d0}
{d0}["{K}"] += [1]
{d0}["a"].append({E})
{d1}.update((k, {x0}) for k in "pq")
{dd}[{n1}].append({E})
{dd}["{K}"]
{dd}[{n0}] += [{E}]
{n0} = len({dd}["new"]) + {n1}
{x1} = {dd}[3]; {x1}.append({E})
{ct}["{K}"] += 1
{ct}.update("ab")
{ct}.subtract({{"a": 1}})
{ct} += collections.Counter("b")
{n1} = {ct}["missing"]
{od}.move_to_end("a")
{od}["{K}"] = {E}
{od}.popitem(last=False)
{od}.update(b={x1})
{q}.append({E})
{q}.appendleft({x0})
{q}.rotate(1)
{q}.popleft()
{q}[0] = {E}
{q}.extendleft([{E}, {E}])
{q}.reverse()
{st}.add({n0})
{st} |= {{7, 8}}
{st}.discard(7)
{st} ^= {{1, 9}}
{st} = {st} - {{1}}
{st}.update({x1})
{ba}[0] = 65
{ba} += b"xy"
{ba}.extend(b"z")
{ba}[1:3] = b""
memoryview({ba})[0:1] = b"M"
struct.pack_into("<h", {ba}, 0, 258)
{n0} = io.BytesIO(b"R").readinto({ba})
{ba}.reverse()
{tu} = ({x0}, {n0}, {tu}[1])
{tu}[0].append({E})
{o0}.b += 1
{o0}.a.append({E})
{o0}.p = {E}
{n0} = {o0}.p
{o0}.c["{K}"] = {E}
{o0}.__dict__["b"] = {E}
vars({o0}).update(b={E}, extra={E})
setattr({o0}, "b", {E})
{x1} = {o0}.dyn{K}; {x1}.append({E})
{o0}.method({E}, {E}).a.append(1)
{o0}.a = {x1}
del {o0}.extra
{x0} = {o0}.a
{o0}.__class__.shared.append({n0})
Obj.shared[:] = [0]
{o0} = Obj({x1}, {E})
{o0}.c, {o0}.b = {{}}, {E}
{o1}.x = {E}
{o1}.y.append({E})
{o1}.z = {x0}
del {o1}.y
{o1}.y = {x1}
{o1} = Slots({E})
{w}[{I}]
{w}[0] = {E}
{n0} = 5 in {w}
{n0} = {w} == 3
{n0} = {w} < 2
{n0} = -{w}
{n0} = len({w})
{w} += 1
{w} = {w} + 1
{w} @ {x0}
{w}({E})
{n0} = not {w}
{z} = f"{{{w}}}"
{x0} = [1, 2][{w}:]
{d1} = {{{n1}: 1}}; {n0} = {w} in {d1}
{n0}, {n1} = {w}
{x0} = [v for v in {w}]
{w} = W({x0})
{w}.to = {lc}
{n0} = 1 if {w} else 2
{n0} = hash({w}) + {n1}
change_global({n0})
G.append({n0}); del G[:-4]
{x0} = G
GD["g"].append({E}); cut(G)
exec("{x0}.append(1)")
{n0} = eval("put({x0}, 2)")
bump(); {n1} = bump(2)
{lc} = held
held.append({E})
{n0} = bump() + len(held)
in_thread(put, {lc}, {E})
in_thread(lambda: {d0}.update(t={E}))
in_thread({x0}.append, {E})
{x1} = drive(coro({x0}))
{x1} = list(gen({x0}))
{x1} = list(via({x0}))
{x0} = {x0}[:]
{n0} = {n1}
{n0} = 1.5 * {n1}; {n1} = int({n0})
{n1} = {I}
{z} = {z} * 2
{n0} = ~{n1} & 7
del {z}; {z} = "back"
{x0} = None; {x0} = [0]
{x0} = 5; {x0} = [{n1}]
Described.{K} = W({x0}); Described.{K}; Described().{K}
type("T", (), {{"v": {x0}}}).v.append({E})
{n0} = [v for v in ({x0}, {x1}) if put(v, 0)][0] is {x0}
{x0}.append({x0}.append({E}))
{n0} = {x0}.pop() if {x0} else {x1}.append({E})
{n0} = (put({x0}, 1) and put({x1}, 2)) or put({x0}, 3)
{lc} = Seq([1]); {lc}.append({E})
assert put({lc}, 1), {x0}.append(9)
{n0} = {x0} == {x1} or {x0}.count(1)
{x0} = {x1} = [{E}]
{x0} = {l0} and {x1}
{x0}: list = [{E}]
raises({x0}, {E})
'''.strip().splitlines()

BLOCKS = '''
for i in range(3):
    {S}
    if i == 1: continue
    {S}
---
for v in {x0}[:3]:
    {S}
else:
    {S}
---
k = 0
while k < 3:
    k += 1
    {S}
    if k == 2: break
---
try:
    {S}
    raises({x0}, {E})
except KeyError as e:
    {S}
finally:
    {S}
---
try:
    {S}
    {lc}[99]
except (IndexError, KeyError):
    {S}
else:
    {S}
---
with {w} as got:
    {S}
    got.append({E})
---
with {w}:
    raises({lc}, {E})
---
match {l0}:
    case [list() as first, *rest]:
        first.append({E})
        {S}
    case _:
        {S}
---
match {d0}:
    case {{"a": [a, *_], **more}}:
        {S}
    case {{"b": int(a)}} if put({x0}, a):
        {S}
---
g = gen({lc})
next(g)
try:
    {S}
    g.send({E})
finally:
    g.close()
---
g = via({x0})
next(g)
try:
    g.throw(ValueError)
except ValueError:
    {S}
finally:
    g.close()
---
def inner(v={x0}):
    v.append({n1})
    {x1}.append({E})
    return v
{n0} = len(inner())
inner({x1})
---
class Local:
    v = {x0}
    v.append({E})
    for j in range(2):
        v.append(j)
    u = len(v)
{n0} = Local.u
---
if put({x0}, {E}) > 3 and put({x1}, {E}): {S}
else: {S}
---
for i, {n0} in enumerate({x0}[:3]): {x1}.append({n0}); {n1} = i
---
for {x0}[0] in (5, 6):
    {S}
---
for {o0}.b in (5, 6):
    {S}
---
({x0}
 .append(
     put({x1},
         {E})))
---
{n0} = [
    put({x0}, 1),
    {x1}.append({E}),
    len({x0}),
][-1]
---
async def agen():
    for i in range(2):
        {x0}.append(i)
        yield i
async def use():
    async for i in agen():
        {x1}.append(await Wait(i))
    return [i async for i in agen()]
{l1} = drive(use())
---
it = iter({x0}[:2])
for v in it: {S}
'''.strip("\n").split("\n---\n")

NAMES = ("x0", "x1", "l0", "l1", "h", "d0", "d1", "dd", "ct", "od", "q", "st", "ba", "tu", "o0", "o1",
         "w", "n0", "n1", "z")


class Generator:
    def __init__(self, seed, version):
        self.random = random.Random(seed)
        self.seed = seed
        self.blocks = [b for b in BLOCKS if version >= (3, 10) or not b.startswith("match ")]

    def scalar(self):
        return self.random.choice([
            "1", "-2", "0", "3.5", "None", "True", "'s'", "b'b'", "10**20", "n", "(1, 'p')", "-0.0", "[]",
            "'é'", "len('abc')", "{}", "[7]"])

    def fill(self, text):
        pick = self.random.choice
        values = {name: name for name in NAMES}
        while "{lc}" in text:
            text = text.replace("{lc}", "{%s}" % pick(["x0", "x1", "l0", "l1"]), 99 if pick((0, 1)) else 1)
        for mark, make in (("{E}", self.scalar), ("{I}", lambda: pick("012")), ("{K}", lambda: pick("abkz"))):
            while mark in text:
                text = text.replace(mark, make().replace("{", "{{").replace("}", "}}"), 1)
        return text.format(**values)

    def block(self):
        text = self.random.choice(self.blocks)
        while "{S}" in text:
            text = text.replace("{S}", self.random.choice(SIMPLE), 1)
        return self.fill(text).split("\n")

    def statement(self):
        if self.random.random() < 0.2:
            return self.block()
        return [self.fill(self.random.choice(SIMPLE))]

    def guarded(self, lines):
        """The statement alone, or where its error is caught."""
        return ["try:", *("    " + line for line in lines), "except Exception:", "    n1 = 3"]

    def body(self, statements):
        start = "\n".join(START).format(**{name: name for name in NAMES}).split("\n")
        lines = ["bump, held = counter(n)", *start]
        for i in range(statements):
            lines += self.guarded(self.statement())
            if i % 4 == 3:
                lines.append("cut(held, G)")
                lines += self.guarded(["cut(x0, x1, l0, l1, h, d0, d1, dd, ct, od, q, st, ba)"])
                lines += self.guarded(["del o0.a[4:], l0[4:], l1[4:], x0[4:], x1[4:]"])
            if i % 12 == 11:
                lines += start
        return lines

    def program(self, statements):
        lines = (PRELUDE % {"seed": self.seed}).split("\n")
        for name in ("one", "two"):
            lines += ["", "", "def %s(n):" % name]
            lines += ["    " + line for line in self.body(statements)]
            lines += ["    def keeps(): return x0, n0, d0", "    keeps()"] if self.random.random() < 0.7 else []
            lines += ["    return n0"]
        lines += ["", "", "one(1)", "two(2)", "n = 3", *self.body(statements // 2)]
        return "\n".join(lines) + "\n"


def generate(seed, statements=40, version=(3, 11)):
    """The same seed gives the same program; before 3.10 another, without `match`."""
    return Generator(seed, version).program(statements)


if __name__ == "__main__":
    sys.stdout.write(generate(int(sys.argv[1]), *map(int, sys.argv[2:])))
