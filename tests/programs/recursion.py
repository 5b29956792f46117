"""Deep recursion, mutual recursion, deeply nested data."""
import gc

gc.disable()


def fact(n):
    if n <= 1:
        return 1
    smaller = fact(n - 1)
    return n * smaller


def even(n):
    return True if n == 0 else odd(n - 1)


def odd(n):
    return False if n == 0 else even(n - 1)


def hanoi(n, a, b, c, moves):
    if n:
        hanoi(n - 1, a, c, b, moves)
        c.append(a.pop())
        moves.append(len(moves))
        hanoi(n - 1, b, a, c, moves)


def permute(items, at, out):
    if at == len(items):
        out.append(tuple(items))
        return
    for i in range(at, len(items)):
        items[at], items[i] = items[i], items[at]
        permute(items, at + 1, out)
        items[at], items[i] = items[i], items[at]


def nest(depth):
    value = []
    for i in range(depth):
        value = [value, i] if i % 2 else {i: value}
    return value


def walk(value):
    if isinstance(value, dict):
        return 1 + max((walk(v) for v in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((walk(v) for v in value), default=0)
    return 0


print(fact(120) % 1000007, even(51))
a, b, c, moves = [4, 3, 2, 1], [], [], []
hanoi(4, a, b, c, moves)
print(a, b, c, len(moves))
out = []
permute([1, 2, 3, 4], 0, out)
print(len(out))
for depth in (3, 7, 8):
    tree = nest(depth)
    print(walk(tree))
fits = [[[[[[[[1], 2], 3], 4], 5], 6], 7], 8]
fits[0][0][0][0][0][0][0].append("changed at the bottom")
loop = {}
loop["self"] = [loop, {"again": loop}]
print(fits, loop)
