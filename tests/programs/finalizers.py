# oracle: c-only
"""Finalizers, weakref callbacks, dropped generators, cycles: life times must not move."""
import gc

gc.disable()
import atexit
import weakref

log = []


class Thing:
    def __init__(self, name, *parts):
        self.name = name
        self.parts = list(parts)

    def __del__(self):
        log.append(("del", self.name, len(self.parts)))


def gone(ref):
    log.append("callback")


def scope():
    a = Thing("a")
    b = Thing("b", a)
    ref = weakref.ref(a, gone)
    a = None
    log.append(ref() is not None)
    b = None
    log.append(ref() is None)
    c = Thing("c")
    c = Thing("d")
    return Thing("returned")


def dropped():
    held = Thing("held by a generator")
    try:
        yield held.name
        yield 2
    finally:
        log.append("generator ended")


scope()
kept = scope()
gen = dropped()
next(gen)
gen = None
for value in dropped():
    break
del value
cycle = Thing("cycle")
cycle.parts.append(cycle)
weak = weakref.WeakValueDictionary({"c": cycle})
cycle = None
log.append(len(weak))
gc.collect()
log.append(len(weak))
try:
    local = Thing("in traceback")
    raise ValueError(local)
except ValueError:
    local = None
finalizer = weakref.finalize(kept, log.append, "finalized")
kept = None


class Resurrect:
    def __del__(self):
        global back
        back = self


Resurrect()
del back
atexit.register(print, "at exit")
atexit.register(Thing, "made at exit")


@atexit.register
def last():
    print(log)
    Thing("late").parts.append(1)


module_level = Thing("teardown")
holder = {"in a dict": Thing("teardown 2", Thing("inner"))}
print(log)
