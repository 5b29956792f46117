# oracle: preload=collections
"""Dicts that are a frame's variables and the program's own: a class body's, what exec() and
eval() were given, short and long, and of classes derived from dict."""
import collections
import gc

gc.disable()


class Meta(type):
    def __new__(mcls, name, bases, namespace):
        count = len(namespace)
        namespace["added"] = [count]
        return super().__new__(mcls, name, bases, namespace)


class Made(metaclass=Meta):
    x = 1
    y = [x]
    for z in range(3):
        y.append(z)


class Ordered(type):
    @classmethod
    def __prepare__(mcls, name, bases):
        space = collections.OrderedDict(first=0)
        return space

    def __new__(mcls, name, bases, namespace):
        names = list(namespace)
        return super().__new__(mcls, name, bases, dict(namespace))


class InOrder(metaclass=Ordered):
    second = [2]
    third = second + [3]
    del second


def run_in(space):
    exec("a = 1\nb = [a]\na = 2\nb.append(a)\ndel a", {}, space)
    return space


def look(space):
    before = dict(space)
    exec("for i in range(3):\n    last = i\nfound = [last]", {"k": 3}, space)
    space["found"].append(0)
    return len(space) - len(before)


print(run_in({}), Made.added, Made.y, InOrder.third)
print(look({}), look(dict.fromkeys(map(str, range(400)))))
print(look(collections.defaultdict(None, q=1)), look(collections.OrderedDict(q=1)))

both = {"k": 5}
exec("a = k\nb = [a]\ndef f():\n    return a\nc = f()", both)
del both["__builtins__"], both["f"]
print(both, eval("[k, q]", both, {"q": both["b"]}))

# From 3.14 on the compiler adds each of these to a set that is a variable of the body.
if both:
    late: int = 3
    never: str
for step in range(3):
    class Conditional:
        if step:
            first: int = step
        second: str
        if step > 1:
            third: list = [n for n in {step, 1}]
    shown = [Conditional, step]
print(late, Conditional.first, Conditional.third)
