"""Changes that no instruction foretells are found by the rolling scan, or when the object is
bound to a variable, and marked `late`; and no change that can be foreseen ever is."""
import json

import pytest
import run

# What it is, how it is changed behind the recorder's back, what it is then.
CHANGES = {
    "weakref callback that is a C method": (
        "log = []\nreference = weakref.ref(node, log.append)", "node = None", "log", "len", "1"),
    "set.add as a callback": (
        "log = set()\nreference = weakref.ref(node, log.add)\nhash(reference)", "node = None", "log", "len", "1"),
    "dict.__delitem__ as a callback": (
        "log = {}\nreference = weakref.ref(node, log.__delitem__)\nlog[reference] = 1",
        "node = None", "log", "len", "0"),
    "a buffer written through its address": (
        "log = bytearray(b'abc')\nc = (ctypes.c_char * 3).from_buffer(log)\n"
        "at = ctypes.addressof(c)\ndel c", "ctypes.memset(at, 120, 2)", "log", "bytes", "b'xxc'"),
    "an array written through its address": (
        "log = array.array('i', [1, 2, 3])\nat = log.buffer_info()[0]",
        "ctypes.memset(at, 0, 4)", "log", "list", "[0, 2, 3]"),
}
PROGRAM = """
import array, ctypes, functools, sys, weakref
class Node:
    pass
def main(count):
    node = Node()
    %s
    k = 0
    for i in range(3):
        k += i
    %s
    changed = %s(%s)
    for i in range(count):
        k += i
    return changed
print(main(int(sys.argv[1])))
"""


def recorded(path, tmp_path, count):
    out = tmp_path / "late.pyrec"
    done = run.run([run.PYRECORD, "-q", "--force", "-o", out, path, str(count)])
    assert done.status == 0, done.err
    rows = run.run([run.PYREPLAY, "dump", out, "--format", "jsonl", "--function", "main"])
    return done.text.strip(), [json.loads(line) for line in rows.text.splitlines()]


@pytest.mark.parametrize("name", CHANGES)
def test_it_is_found_and_marked(name, tmp_path, pyrecord, pyreplay):
    make, change, local, ask, then = CHANGES[name]
    path = tmp_path / "program.py"
    path.write_text(PROGRAM % (make.replace("\n", "\n    "), change, ask, local))
    said, rows = recorded(path, tmp_path, 20000)
    assert said == then
    text = rows[-1]["locals"][local]
    shown = {"len": str(text.count("weakref")), "bytes": text[10:-1], "list": text[text.find("["):-1]}
    assert shown[ask] == then
    late = [row for row in rows if local in row.get("late", {})]
    assert len(late) == 1
    line = next(i for i, row in enumerate(rows) if "changed" in row["locals"])
    back = late[0]["late"][local]
    assert 0 < back <= late[0]["seq"]
    assert late[0]["seq"] - back <= rows[line - 1]["seq"]


def test_met_again(tmp_path, pyrecord, pyreplay):
    """Bound to another variable before the scan comes: right at once."""
    path = tmp_path / "program.py"
    path.write_text(PROGRAM % ("log = []\n    reference = weakref.ref(node, log.append)",
                               "node = None\n    again = log", "len", "again"))
    _, rows = recorded(path, tmp_path, 1)
    first = next(row for row in rows if "again" in row["locals"])
    assert "dead" in first["locals"]["again"] or "weakref" in first["locals"]["again"].lower()
    assert set(first["late"]) >= {"again"}


PLAIN = """
import bisect, collections, heapq, random, sys
class Box:
    def __init__(self):
        self.items, self.count = [], 0
def main(count):
    box, heap, queue = Box(), [], collections.deque()
    names, seen, text = {}, set(), bytearray()
    for i in range(count):
        box.items.append(i)
        box.count += 1
        heapq.heappush(heap, -i)
        bisect.insort(box.items, i // 2)
        queue.appendleft(i)
        names[i % 50] = queue
        seen.add(i % 30)
        text.extend(b"ab")
        if i % 100 == 0:
            random.shuffle(box.items)
            queue.clear()
            del text[5:]
    return box, heap, names, seen
main(int(sys.argv[1]))
"""


def test_what_is_foreseen_is_never_late(tmp_path, pyrecord, pyreplay):
    path = tmp_path / "program.py"
    path.write_text(PLAIN)
    _, rows = recorded(path, tmp_path, 300)
    assert len(rows) > 3000
    assert not [row["seq"] for row in rows if "late" in row]
