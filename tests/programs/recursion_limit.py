# oracle: c-only
"""Recursion to the limit: the error comes at the same depth."""
import gc
import sys

gc.disable()
depth = 0


def down():
    global depth
    depth += 1
    down()


class Node:
    def __init__(self):
        self.me = self

    def __eq__(self, other):
        return self.me == other.me


sys.setrecursionlimit(300)
try:
    down()
except RecursionError as why:
    print(depth, why)
try:
    Node() == Node()
except RecursionError as why:
    print(why)
sys.setrecursionlimit(1000)
depth = 0
try:
    down()
except RecursionError:
    print(depth)
