# oracle: preload=collections,heapq,bisect,random
"""C code that changes nested, aliased containers in place."""
import gc

gc.disable()
import bisect
import collections
import heapq
import random

rng = random.Random(7)
inner = [5, 3, 9, 1]
table = {"a": inner, "b": [inner, inner], "t": (inner, {"deep": inner})}
alias = table["b"][0]
inner.sort()
alias.reverse()
rng.shuffle(inner)
heapq.heapify(alias)
heapq.heappush(inner, 4)
smallest = heapq.heappop(table["a"])
bisect.insort(inner, 2)
inner[1:3] = [70, 80, 90]
del alias[::2]
inner += [1.5]
inner *= 2
inner.append(inner)
nested = [[0] * 3] * 3
nested[0][1] = 7
queue = collections.deque([1, 2, 3], maxlen=3)
for n in range(4, 8):
    queue.append(n)
    queue.rotate(1)
queue.extendleft([0, -1])
counts = collections.Counter("mississippi")
counts.update("miss")
counts.subtract({"s": 3, "z": 1})
groups = collections.defaultdict(list)
for word in "a bb cc ddd ee f".split():
    groups[len(word)].append(word)
try:
    groups["no"] + 1
except TypeError:
    pass
order = collections.OrderedDict(x=1, y=2, z=3)
order.move_to_end("x")
order.move_to_end("z", last=False)
order.popitem()
order["new"] = order.pop("y")
chain = collections.ChainMap({}, {"k": 1})
chain["k"] = 2
union = {1, 2, 3}
union |= {4}
union.discard(1)
union ^= {2, 9}
frozen = frozenset(union)
ba = bytearray(b"abcdef")
view = memoryview(ba)
view[0:2] = b"XY"
view.release()
ba += b"tail"
ba[2:4] = b""
ba.reverse()
d = dict.fromkeys("abc", inner)
if hasattr(dict, "__ior__"):
    d |= {"z": None}
d.pop("a")
d["b"] = d
d.setdefault("q", []).append(1)
key, value = d.popitem()
swap = [1, 2]
swap[0], swap[1] = swap[1], swap[0]
big = list(range(200))
big[100] = "changed"
big.insert(0, big.pop())
total = 0
while big and total < 3000:
    total += big.pop() if type(big[-1]) is int else 0
same = [1, 2]
same = [1, 2]
text = ""
for letter in "in place":
    text += letter
print(inner[:5], total, counts, queue, text, ba)
