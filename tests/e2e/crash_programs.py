"""Programs to be killed at any moment. Each tells, in a file that it shares with the test,
how far it has got: passed(k, i) is about to store i in the k-th place when its line event is
recorded. So a recording that has lost nothing knows of it. A forked child tells it in CHILD_PLACE,
after its process id in CHILD_PID."""

CHILD_PID, CHILD_PLACE = 8, 9

HEAD = """
import mmap, os, sys
with open(sys.argv[1], "r+b") as _file:
    side = memoryview(mmap.mmap(_file.fileno(), 4096)).cast("Q")

def passed(k, i):
    side[k] = i
"""

KINDS = {
    "loop": """
def main():
    i = 0
    while True:
        i += 1
        x = [i, str(i)]
        passed(0, i)
main()
""",
    "threads": """
import threading
def work(k):
    seen = {}
    for i in range(1, 10**9):
        seen[i % 50] = [k, i]
        passed(k, i)
for k in range(1, 4):
    threading.Thread(target=work, args=(k,), daemon=True).start()
work(0)
""",
    "forks": """
def main():
    i = 0
    while True:
        i += 1
        passed(0, i)
        if i % 200 == 1:
            pid = os.fork()
            if pid == 0:
                side[9] = 0
                side[8] = os.getpid()
                for n in range(1, 200):
                    text = "child %d" % n
                    passed(9, n)
                os._exit(0)
            os.waitpid(pid, 0)
main()
""",
    "allocation": """
def main():
    kept = []
    i = 0
    while True:
        i += 1
        kept.append({"n": i, "rows": [[i, j, "x" * j] for j in range(20)]})
        if len(kept) > 500:
            kept = kept[250:]
        passed(0, i)
main()
""",
    "generators": """
import asyncio
def numbers():
    i = 0
    while True:
        i += 1
        got = yield i
async def main():
    source = numbers()
    while True:
        i = next(source)
        passed(0, i)
        if i % 100 == 0:
            await asyncio.sleep(0)
asyncio.run(main())
""",
    "exceptions": """
class Oops(Exception):
    pass
def fail(i):
    try:
        raise Oops(i, {"why": str(i)})
    finally:
        x = i
def main():
    i = 0
    while True:
        i += 1
        try:
            fail(i)
        except Oops as e:
            last = e.args
        passed(0, i)
main()
""",
    "recursion": """
def down(n, i):
    here = (n, i)
    if n:
        return down(n - 1, i) + 1
    passed(0, i)
    return 0
def main():
    i = 0
    while True:
        i += 1
        down(i % 60, i)
main()
""",
    "objects": """
class Node:
    def __init__(self, value):
        self.value = value
        self.links = []
def main():
    nodes = [Node(n) for n in range(300)]
    table = {}
    i = 0
    while True:
        i += 1
        nodes[i % 300].value = i
        nodes[i % 300].links.append(nodes[(i * 7) % 300])
        table["key %d" % (i % 1000)] = (i, float(i))
        passed(0, i)
main()
""",
    "large_values": """
import json
def main():
    i = 0
    while True:
        i += 1
        text = "%d " % i * (i * 997 % 20000)
        words = sorted(json.loads(json.dumps(text.split()[:300])))
        passed(0, i)
main()
""",
    "new_code": """
def main():
    i = 0
    while True:
        i += 1
        space = {}
        exec(compile("class C%d:\\n    pass\\ndef f(x):\\n    y = x + %d\\n    return y\\n" % (i, i),
                     "made_%d.py" % (i % 97), "exec"), space)
        z = space["f"](i)
        passed(0, i)
main()
""",
}
