"""A stack 150 frames deep, with work at its bottom."""
import sys


def descend(depth, path, work):
    if depth == 0:
        total = 0
        for n in range(work):
            total += n * len(path)
        return total
    here = path + (depth % 5,)
    result = descend(depth - 1, here[-8:], work)
    return result + 1


def main(size):
    total = 0
    for _ in range(size):
        total += descend(150, (), 100)
    print(total)


main(int(sys.argv[1]))
