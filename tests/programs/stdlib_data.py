# oracle: preload=dataclasses,functools,itertools,copy,string,abc,contextlib,operator,statistics,types,typing
"""dataclasses, functools, copy, contextlib, typing, statistics, abstract classes."""
import gc

gc.disable()
import abc
import contextlib
import copy
import dataclasses
import functools
import itertools
import operator
import types
import typing


@dataclasses.dataclass(order=True)
class Item:
    name: str
    price: float = 1.0
    tags: list = dataclasses.field(default_factory=list)
    total: float = dataclasses.field(init=False, compare=False, default=0)

    def __post_init__(self):
        self.total = self.price * 2


items = [Item("b", 2), Item("a", 3, ["t"]), Item("c")]
items.sort()
changed = dataclasses.replace(items[0], price=9)
plain = dataclasses.asdict(items[1])
deep = copy.deepcopy({"i": [1, [2, 3]], "t": (4, [5])})
shallow = copy.copy(deep)
deep["i"][1].append(6)
print(plain, changed.total, deep, shallow)


@functools.lru_cache(maxsize=2)
def slow(n):
    return n * n


print([slow(n) for n in (1, 2, 1, 3, 2)], slow.cache_info())
add = functools.partial(operator.add, 10)
print(functools.reduce(lambda a, b: a + add(b), [1, 2, 3]))


@functools.singledispatch
def show(value):
    return "other"


@show.register
def _(value: int):
    return "int"


@show.register(list)
def _(value):
    return ["list", *map(show, value)]


print(show(1), show([2, "x"]), show(None))


@contextlib.contextmanager
def managed(log):
    log.append("enter")
    try:
        yield log
    except ValueError as why:
        log.append(why.args)
    finally:
        log.append("exit")


log = []
with managed(log):
    raise ValueError("inside")
with contextlib.ExitStack() as stack:
    stack.callback(log.append, "callback")
    stack.enter_context(contextlib.suppress(KeyError))
    {}["missing"]
print(log)


class Shape(abc.ABC):
    @abc.abstractmethod
    def area(self):
        ...


class Square(Shape):
    def area(self):
        return 4


try:
    Shape()
except TypeError as why:
    print("abstract")
print(Square().area(), isinstance(Square(), Shape))


class Row(typing.NamedTuple):
    x: int
    y: typing.Optional[list] = None


row = Row(1, [2])
row.y.extend(itertools.islice(itertools.count(5), 3))
space = types.SimpleNamespace(a=1, b=[row])
space.b.append(space.a)
print(row, row._replace(x=3), list(itertools.accumulate([1, 2, 3])), len(space.b))
groups = {k: list(g) for k, g in itertools.groupby(sorted("banana"))}
print(groups)
cached = functools.cached_property(lambda self: [1])
