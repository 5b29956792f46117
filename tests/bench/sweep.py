"""How the cost of an event grows with the size of the data: it must not.

    make sweep [SWEEP="--only append --instructions"]

*Beside*: a loop of a fixed number of lines next to data of 10 to 1,000,000 elements that it
does not touch, or of which it reads one element. *Growing*: a container or a text that grows
(or shrinks) by one each turn. Each line of the table is one workload, each column a size;
what stands there is the time an event as a multiple of that under an empty C trace function,
then bytes an event. With --instructions, instructions an event, which valgrind counts and
which do not depend on what else the machine does.
"""
import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import bench_run
from bench_run import BUILD, EMPTY_TRACE, Failed, PYTHON, Run

MAKE = """
import itertools, sys, types
n, m = int(sys.argv[1]), int(sys.argv[2])
class Node:
    pass
def graph(m):
    nodes = list(itertools.starmap(Node, itertools.repeat((), m)))
    list(map(setattr, nodes, itertools.repeat("key"), range(m)))
    list(map(setattr, nodes, itertools.repeat("next"), nodes[1:]))
    return nodes[0]
"""
LOOP = """
def run(big, n):
    k = 0
    for i in range(n):
        k += i & 3
        %s
    return k
big = %s
run(big, n)
"""
BIG = {
    "list": "list(range(m))",
    "nested": "[list(range(10)) for _ in range(m // 10)]",
    "dict": "dict(zip(range(m), range(m)))",
    "set": "set(range(m))",
    "graph": "graph(m)",
    "text": "'x' * m",
}
TOUCH = {  # what the loop does with it
    "untouched": {kind: "k ^= 1" for kind in BIG},
    "read": {"list": "k ^= big[i % m] & 1", "dict": "k ^= big[i % m] & 1", "set": "k ^= i in big",
             "graph": "k ^= big.next.key & 1", "text": "k += big[i % m] == 'y'",
             "nested": "k += len(big[i % (m // 10)])"},
    "asked": {"list": "k += len(big) & 1", "dict": "k += isinstance(big, list)",
              "set": "k += len(big) & 1"},
    "one written": {"list": "big[i % m] = k", "dict": "big[i % m] = k", "graph": "big.next.key = k"},
}
GROWING = {  # before the loop, in the loop
    "append": ("v = []", "v.append(i)"),
    "append to attribute": ("v = Node(); v.l = []", "v.l.append(i)"),
    "list of tuples": ("v = []", "v.append((i, k))"),
    "pop": ("v = list(range(n))", "v.pop()"),
    "setitem": ("v = {}", "v[i] = k"),
    "delitem": ("v = dict(zip(range(n), range(n)))", "del v[i]"),
    "popitem": ("v = dict(zip(range(n), range(n)))", "v.popitem()"),
    "dict pop": ("v = dict(zip(range(n), range(n)))", "v.pop(i)"),
    "set add": ("v = set()", "v.add(i)"),
    "set discard": ("v = set(range(n))", "v.discard(i)"),
    "deque": ("import collections; v = collections.deque(range(n))", "v.append(v.popleft())"),
    "deque rotate": ("import collections; v = collections.deque(range(n))", "v.rotate(1)"),
    "set of tuples": ("v = set()", "v.add((i, k))"),
    "deque queue": ("import collections; v = collections.deque()",
                    "v.append(i); v.append(k); v.popleft()"),
    "deque window": ("import collections; v = collections.deque(maxlen=n // 2)", "v.append(i)"),
    "tuple keys": ("v = {}", "v[i, k] = i"),
    "object keys": ("v = {}", "v[Node()] = i"),
    "defaultdict": ("import collections; v = collections.defaultdict(list)", "v[i].append(k)"),
    "ordered": ("import collections; v = collections.OrderedDict()", "v[i] = k"),
    "counts": ("import collections; v = collections.defaultdict(int)", "v[i] += 1"),
    "subclass": ("v = type('Table', (dict,), {})()", "v[i] = k"),
    "heap": ("import heapq; v = []", "heapq.heappush(v, -i)"),
    "text": ("v = ''", "v += 'x'"),
    "attribute counter": ("v = Node(); v.n = 0", "v.n += 1"),
    "counter": ("import collections; v = collections.Counter()", "v[i] += 1"),
    "bytearray": ("v = bytearray()", "v.append(i & 255)"),
}
GROW = """
def run(n):
    k = 0
    %s
    for i in range(n):
        k += i & 3
        %s
    return v
run(n)
"""


def beside(touch, kind):
    return MAKE + LOOP % (TOUCH[touch][kind], BIG[kind])


def growing(name):
    return MAKE + GROW % GROWING[name]


def workloads():
    """{name: (text, whether the size is that of the data beside the loop)}"""
    found = {}
    for touch, kinds in TOUCH.items():
        for kind in kinds:
            found["%s %s" % (kind, touch)] = (beside(touch, kind), True)
    for name in GROWING:
        found[name] = (growing(name), False)
    return found


def instructions(words):
    """That a run takes, in all its threads."""
    done = subprocess.run(
        ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null",
         *map(str, words)], env=bench_run.environment(), stdin=subprocess.DEVNULL,
        capture_output=True, text=True)
    found = re.search(r"I\s+refs:\s+([\d,]+)", done.stderr)
    if done.returncode or not found:
        raise Failed("status %d: %s\n%s" % (done.returncode, " ".join(map(str, words)),
                                            done.stderr[-2000:]))
    return int(found.group(1).replace(",", ""))


class Sweep:
    def __init__(self, folder, lines):
        self.folder = folder
        self.lines = lines
        self.ctrace = str(bench_run.build_ctrace())
        self.recording = folder / "sweep.pyrec"
        self.recorded = bench_run.record_words(self.recording)
        self.traced = [PYTHON, "-u", EMPTY_TRACE, self.ctrace]

    def program(self, text):
        path = self.folder / "sweep.py"
        path.write_text(text)
        return path

    def sizes(self, is_beside, size):
        """The two runs whose difference is the loop: (lines, data)."""
        if is_beside:
            return (self.lines, size), (3 * self.lines, size)
        return (size // 4, 0), (size, 0)

    def best(self, words, args):
        return min(Run([*words, *map(str, args)]).cpu for _ in range(3))

    def time(self, text, is_beside, size):
        """(times the empty C function, bytes an event)"""
        path = self.program(text)
        few, many = self.sizes(is_beside, size)
        floor = self.best([*self.traced, path], many) - self.best([*self.traced, path], few)
        low = self.best([*self.recorded, path], few)
        first = bench_run.info(self.recording)
        high = self.best([*self.recorded, path], many)
        second = bench_run.info(self.recording)
        events = second["events"] - first["events"]
        return ((high - low) / max(floor, 1e-3),
                (second["file_bytes"] - first["file_bytes"]) / events)

    def count(self, text, is_beside, size):
        """(instructions an event, bytes an event)"""
        path = self.program(text)
        facts = []
        for args in self.sizes(is_beside, size):
            cost = instructions([*self.recorded, path, *args])
            told = bench_run.info(self.recording)
            facts.append((cost, told["events"], told["file_bytes"]))
        events = facts[1][1] - facts[0][1]
        return ((facts[1][0] - facts[0][0]) / events, (facts[1][2] - facts[0][2]) / events)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", action="append", metavar="NAME",
                        help="workloads whose name has this in it")
    parser.add_argument("--instructions", action="store_true", help="count, do not measure")
    parser.add_argument("--lines", type=int, default=100000, help="turns beside the data")
    parser.add_argument("--sizes", default="1000,10000,100000,1000000")
    options = parser.parse_args()
    sizes = [int(word) for word in options.sizes.split(",")]
    with tempfile.TemporaryDirectory(dir=str(BUILD)) as folder:
        sweep = Sweep(Path(folder), options.lines)
        print("%-22s" % "size" + "".join("%20s" % format(size, ",") for size in sizes))
        for name, (text, is_beside) in workloads().items():
            if options.only and not any(word in name for word in options.only):
                continue
            print("%-22s" % name, end="", flush=True)
            for size in sizes:
                if options.instructions:
                    cell = "%d, %.2f B" % sweep.count(text, is_beside, size)
                else:
                    cell = "%.1fx, %.2f B" % sweep.time(text, is_beside, size)
                print("%20s" % cell, end="", flush=True)
            print()


if __name__ == "__main__":
    try:
        main()
    except Failed as error:
        sys.exit("sweep: %s" % error)
