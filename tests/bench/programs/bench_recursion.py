"""Small functions that call themselves."""
import sys


def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


def hanoi(n, source, target, spare):
    if n == 0:
        return 0
    return (hanoi(n - 1, source, spare, target) + 1
            + hanoi(n - 1, spare, target, source))


def main(size):
    total = 0
    for _ in range(size):
        total += fib(12) + hanoi(8, "a", "b", "c")
    print(total)


main(int(sys.argv[1]))
