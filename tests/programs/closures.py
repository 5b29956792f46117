"""Cells, free variables, nonlocal, class bodies, metaclasses, comprehensions, decorators."""
import gc

gc.disable()


def counter(start):
    count = start
    history = []

    def up(by=1):
        nonlocal count
        count += by
        history.append(count)
        return count

    def down():
        nonlocal count
        count -= 1
        del history[-1:]
        return count

    return up, down, history


up, down, history = counter(10)
up()
up(5)
down()
adders = [lambda x, n=n: x + n for n in range(3)]
late = [lambda: n for n in range(3)]
print(history, [f(1) for f in adders], [f() for f in late])


def outer():
    before = 1
    if before:
        unset = "later"
        del unset

    def reads():
        try:
            return unset
        except NameError as why:
            return str(why)

    first = reads()
    unset = [before]
    second = reads()
    unset.append(2)
    return first, second, reads()


print(outer())


class Meta(type):
    made = []

    @classmethod
    def __prepare__(mcs, name, bases, **options):
        return {"prepared": True}

    def __new__(mcs, name, bases, space, **options):
        cls = super().__new__(mcs, name, bases, dict(space))
        mcs.made.append(name)
        return cls

    def __init__(cls, name, bases, space, flag=False):
        super().__init__(name, bases, space)
        cls.flag = flag

    def __call__(cls, *args):
        obj = super().__call__(*args)
        return obj


class Base(metaclass=Meta):
    x = 1
    y = [x, x + 1]
    z = {k: v for k, v in zip("ab", y)}
    for loop in range(2):
        y.append(loop)
    del loop

    def __init__(self, *args):
        self.args = args
        self.__private = len(args)

    @property
    def size(self):
        return self.__private

    def __set_name__(self, owner, name):
        owner.named = name

    def __init_subclass__(cls, **options):
        cls.subclassed = sorted(options)


class Child(Base, flag=True):
    part = Base(1, 2)
    w = part.size

    class Inner:
        depth = 2

    def method(self):
        return __class__.__name__, super().size


child = Child("a")
print(child.method(), Child.subclassed, Meta.made, Child.named, Child.flag)


def deco(function):
    calls = []

    def wrapper(*args, **kwargs):
        calls.append((args, kwargs))
        result = function(*args, **kwargs)
        return result, len(calls)

    return wrapper


@deco
def area(width, /, height=2, *more, unit="m", **rest):
    box = (width, height, *more)
    return box, unit, rest


print(area(1), area(1, 3, 4, unit="cm", q=[1]))
total = 0


def globals_change():
    global total, fresh
    total += 5
    fresh = [total]
    fresh.append(fresh)


globals_change()
fresh.append(total)
globals_change()
print(total, len(fresh))
matrix = [[i * j for j in range(3)] for i in range(3)]
flat = {c for row in matrix for c in row}
by = {i: [j for j in row if j] for i, row in enumerate(matrix)}
print(matrix, flat, by)
if (n := len(by)) > 2:
    m = n


class Point:
    __slots__ = ("x", "y", "extra")

    def __init__(self, x):
        self.x = x
        self.y = [x]


def move(p, other):
    p.x += 1
    other.y.append(p.x)
    p.y = other.y
    q = p.y
    q.append("alias")
    return q


p = Point(1)
shared = p.y
move(p, p)
shared.clear()
print(p.x, p.y is shared)
