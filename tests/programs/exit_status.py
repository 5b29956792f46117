# oracle: c-only
"""Ends with an uncaught exception in the middle of a call."""
import gc

gc.disable()
import atexit


def total(items):
    result = 0
    for item in items:
        result += item
    return result


def report(groups):
    try:
        return [total(g) for g in groups]
    finally:
        print("leaving")


atexit.register(lambda: print("still runs"))
report([[1, 2], [3, "4"]])
