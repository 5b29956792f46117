"""Exceptions: cause, context, groups, finally, with, re-raising, caught where raised."""
import gc

gc.disable()


class Broken(Exception):
    def __init__(self, code, detail):
        super().__init__(code)
        self.detail = detail


class Guard:
    def __init__(self, swallow):
        self.swallow = swallow
        self.events = []

    def __enter__(self):
        self.events.append("in")
        return self.events

    def __exit__(self, kind, value, trace):
        self.events.append(kind and kind.__name__)
        return self.swallow


def level(n):
    if n == 0:
        raise KeyError("bottom", n)
    local = [n] * n
    try:
        level(n - 1)
    except KeyError as why:
        local.append(why.args)
        if n == 2:
            raise ValueError("level two") from why
        raise
    finally:
        local.append("finally")


def returns_in_finally():
    try:
        return 1 / 0
    finally:
        return "overridden"


def loops():
    out = []
    for i in range(4):
        try:
            if i == 1:
                continue
            if i == 3:
                break
            out.append({}[i])
        except KeyError as why:
            out.append(why.args[0])
        else:
            out.append("else")
        finally:
            out.append(-i)
    return out


def in_with():
    with Guard(True) as events, Guard(False) as inner:
        raise Broken(7, {"why": ["nested"]})
    return events, inner


def context():
    try:
        try:
            [].pop()
        except IndexError:
            int("x")
    except ValueError as why:
        chain = [type(why.__context__).__name__]
    try:
        raise chain
    except TypeError as why:
        chain.append(why.args)
    return chain


try:
    level(3)
except ValueError as why:
    print(why, repr(why.__cause__))
print(returns_in_finally(), loops(), in_with(), context())
for text in ("1 +", "x = = 1"):
    try:
        compile(text, "<given>", "exec")
    except SyntaxError as why:
        print(why.msg, why.offset)
for bad in (lambda: None.x, lambda: "a" + 1, lambda: [][1], lambda: {}["k"], lambda: 1 // 0,
            lambda: undefined, lambda: b"\xff".decode(), lambda: open("/nonexistent/file")):
    try:
        bad()
    except Exception as why:
        print(type(why).__name__, why.args[:1])
try:
    import no_such_module_here
except ImportError as why:
    print(why.name)
unbound = 1
try:
    del unbound
    unbound
except NameError as why:
    print(why)
assert True
try:
    assert [], "empty"
except AssertionError as why:
    print(why)
