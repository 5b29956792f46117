"""Closures, decorators, lambdas and what functools makes of them."""
import functools
import sys


def counted(function):
    calls = 0

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        nonlocal calls
        calls += 1
        wrapper.calls = calls
        return function(*args, **kwargs)
    return wrapper


@counted
def area(width, height=2):
    return width * height


def compose(*functions):
    def run(x):
        for function in functions:
            x = function(x)
        return x
    return run


def accumulator():
    total = 0

    def add(n):
        nonlocal total
        total += n
        return total
    return add


def main(size):
    add = accumulator()
    steps = compose(lambda x: x + 1, area, functools.partial(area, height=3), lambda x: x % 101)
    for n in range(size):
        add(steps(n))
        add(max(range(5), key=lambda k: (n * k) % 7))
    print(add(0), area.calls)


main(int(sys.argv[1]))
