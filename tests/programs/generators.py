"""Generators: send, throw, close, delegation, a frame that resumes elsewhere."""
import gc

gc.disable()


def averager():
    total, count = 0, 0
    average = None
    while True:
        try:
            value = yield average
        except ZeroDivisionError:
            total = count = 0
            average = "reset"
            continue
        except GeneratorExit:
            total = "closing"
            raise
        total += value
        count += 1
        average = total / count


def delegate(source):
    result = yield from source
    yield ("result", result)
    try:
        yield from averager()
    finally:
        done = True


def simple(n):
    for i in range(n):
        got = yield i
        if got:
            n = got
    return n * 10


def fibonacci():
    a, b = 0, 1
    while True:
        yield a
        a, b = b, a + b


def pull(it, k):
    out = []
    for _ in range(k):
        out.append(next(it))
    return out


one = delegate(simple(3))
print([next(one) for _ in range(3)], next(one), next(one))
print(one.send(10), one.send(20), one.throw(ZeroDivisionError), one.send(4))
one.close()
endless = fibonacci()
print(pull(endless, 5), pull(endless, 3))
try:
    endless.throw(KeyError("thrown in"))
except KeyError as why:
    print(why)
unstarted = fibonacci()
try:
    unstarted.throw(ValueError)
except ValueError:
    print("never started")
other = fibonacci()
other.close()
squares = (x * x for x in range(5) if x % 2)
print(list(squares), sum(y for y in (z for z in range(4))))


def raises():
    yield 1
    raise RuntimeError("from inside")


try:
    for item in raises():
        print(item)
except RuntimeError as why:
    print(why)
try:
    next(iter(simple(0)))
except StopIteration as why:
    print("value", why.value)


def stop():
    raise StopIteration
    yield


try:
    list(stop())
except RuntimeError as why:
    print(type(why.__cause__))


def swallow():
    try:
        yield 1
    except GeneratorExit:
        yield 2


bad = swallow()
next(bad)
try:
    bad.close()
except RuntimeError as why:
    print(why)
del bad
