"""What runs between an exception and the next event: handlers, cleanups, `with`, on one line and on
several, and what changes in them."""
import contextlib
import threading


class Box:
    def __init__(self):
        self.items = []
        self.state = "new"

    def __enter__(self):
        self.items.append("in")
        return self

    def __exit__(self, kind, value, trace):
        self.items.append(kind.__name__ if kind else None)
        self.state = "out"
        return kind is KeyError


class Keeper(list):
    """Its __exit__ is a method of C."""
    __enter__ = list.copy
    __exit__ = list.extend


def named(box, n):
    items = box.items
    error = "before"
    try:
        box.items.append(n)
        box.items[n]
    except IndexError as error:
        box.state = str(error)
    return box


def reraised(box, n):
    items = box.items
    try:
        try:
            {}[n]
        except KeyError as why:
            box.items.append(why.args[0])
            raise
        finally:
            box.items.append("finally")
            n += 1
    except KeyError:
        box.state = n
    return n


def chained(box, n):
    items = box.items
    try:
        try:
            int("x" * n)
        except ValueError as why:
            box.items.append(n)
            raise LookupError(n) from why
    except LookupError as last:
        box.state = last.__cause__.__class__.__name__
        kept = last
    return kept


def not_matched(box, n):
    items = box.items
    try:
        try:
            box.items.append(1 / n)
        except (KeyError, IndexError) as no:
            box.state = no
    except ZeroDivisionError:
        box.items.append("zero")
    else:
        box.items.append("one")


def one_line(box, n):
    items = box.items
    with box: box.items[:] = [n]; {}[n]
    try: box.items.append(box.missing)
    except AttributeError: box.items.append("missing"); n = len(box.items)
    with contextlib.suppress(ZeroDivisionError): n //= 0
    return n


def several_with(box, n):
    items = box.items
    lock = threading.Lock()
    other = Box()
    with lock, box as first, other as second:
        first.items.append(n)
        second.items.append(first)
        raise KeyError(n)
    with Keeper([n]) as keeper:
        keeper.append(n)
    return other, keeper


def loops(box, n):
    items = box.items
    for i in range(n):
        try:
            if i % 2:
                raise ValueError(i)
            box.items.append(i)
        except ValueError as why:
            box.items.append(why.args)
            if i == 3:
                continue
            del why
        finally:
            box.state = i
    while True:
        try:
            box.items.pop()
        except IndexError:
            break
        finally:
            n -= 1
    return n


def in_finally(box):
    items = box.items
    try:
        try:
            raise KeyError(box.state)
        finally:
            box.items.append("left")
            raise IndexError
    except IndexError as last:
        return type(last.__context__)
    finally:
        box.state = "done"


def returns(box):
    items = box.items
    try:
        raise KeyError
    except KeyError:
        return box.items.append("returned")
    finally:
        box.items.append("after return")


def generator(box):
    items = box.items
    while True:
        try:
            got = yield box.items
            box.items.append(got)
        except ValueError as why:
            box.items.append(why.args)
        except GeneratorExit:
            box.state = "closed"
            raise


def nested(box, n):
    items = box.items
    try:
        try:
            try:
                [].pop()
            except IndexError as one:
                box.items.append(one.args)
                try:
                    {}[n]
                except KeyError as two:
                    box.items.append(two.args)
                    raise ValueError(n)
        except ValueError as three:
            box.items.append(three.__context__.args)
            raise three
    except ValueError as four:
        four = n
    return n


def passes(box):
    items = box.items
    left = [box]
    try:
        left.append(below(box, left))
    except TypeError:
        left.append("caught")
    return left


def below(box, left):
    items = box.items
    with box:
        left += [below_that(left)]
    return left


def below_that(left):
    local = {"left": len(left)}
    try:
        local["sum"] = sum(left)
    finally:
        local.clear()


def main():
    results = []
    for n in range(5):
        box = Box()
        for function in (named, reraised, chained, not_matched, one_line, several_with, loops, nested):
            try:
                results.append(function(box, n))
            except Exception as why:
                results.append(type(why))
        results.append(in_finally(box))
        results.append(returns(box))
        steps = generator(box)
        next(steps)
        steps.send(n)
        steps.throw(ValueError(n))
        steps.close()
        results.append(passes(box))
        results.append(box.items[-6:])
    return len(results)


print(main())
