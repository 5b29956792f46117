"""Real programs: recorded, verified, dumped and stepped through, and the program's output
is what it is without us."""
import json
import os
import re
import subprocess

import pytest
import run

MIXED = '''
import asyncio, threading, contextlib

class Shop:
    def __init__(self):
        self.stock = {"tea": 3, "milk": 1}
        self.log = []
        self.lock = threading.Lock()

    def take(self, item, n=1):
        with self.lock:
            left = self.stock[item] - n
            if left < 0:
                raise ValueError(f"no {item}", left)
            self.stock[item] = left
            self.log.append((item, left))
            return left

def orders(shop):
    for item in ("tea", "milk", "tea", "milk", "tea"):
        try:
            yield item, shop.take(item)
        except ValueError as why:
            yield item, why

async def serve(shop, name):
    with contextlib.suppress(KeyError):
        shop.take("coffee")
    await asyncio.sleep(0)
    return name

async def everyone(shop):
    return await asyncio.gather(*(serve(shop, n) for n in range(3)))

def chain(depth):
    try:
        if depth == 0:
            {}["missing"]
        chain(depth - 1)
    except LookupError as why:
        raise RuntimeError(depth) from why

shop = Shop()
print([str(x) for x in orders(shop)])
workers = [threading.Thread(target=lambda: shop.log.append("thread")) for _ in range(3)]
for w in workers: w.start()
for w in workers: w.join()
print(asyncio.run(everyone(shop)), shop.log)
try:
    chain(4)
except RuntimeError as why:
    n = 0
    while why := why.__context__: n += 1
    print(n)
def fails(order):
    total = sum(order.values())
    return total / (total - 6)
fails({"a": 1, "b": 2, "c": 3})
'''

DIFF = '''
import difflib, sys
a, b = [open(name).read().splitlines(True) for name in sys.argv[1:3]]
sys.stdout.writelines(difflib.unified_diff(a, b, *sys.argv[1:3]))
sys.stdout.writelines(difflib.context_diff(a, b))
print(len(difflib.HtmlDiff().make_table(a, b)))
'''

CASES = {
    "json_tool": ["-m", "json.tool", "--sort-keys", "in.json"],
    "difflib": ["diff.py", "in.json", "in.rst"],
    "pydoc": ["-m", "pydoc", "colorsys"],
    "test_textwrap": ["-m", "test.test_textwrap"],
    "pygmentize": ["/usr/bin/pygmentize", "-l", "python", "-f", "html", "in.py"],
    "docutils": ["/usr/bin/rst2html", "in.rst"],
    "mixed": ["mixed.py"],
}
FAILS = {"mixed"}


def inputs(place):
    (place / "in.json").write_text('{"b": [1, 2.5, null, "\\u00e9"], "a": {"c": true}}\n')
    (place / "in.rst").write_text("Title\n=====\n\nSome *text* and ``code``.\n\n- one\n- two\n")
    (place / "in.py").write_text('def f(x):\n    return "s" + str(x)  # comment\n')
    (place / "diff.py").write_text(DIFF)
    (place / "mixed.py").write_text(MIXED)


def stable(output):
    output = re.sub(rb"in [\d.]+s", b"in Ns", output)
    return re.sub(rb"0x[0-9a-f]{8,}", b"0xADDRESS", output)


class Real:
    def __init__(self, name, place):
        self.name = name
        inputs(place)
        bare = run.bare(*CASES[name], cwd=place)
        self.recording = place / "r.pyrec"
        self.done = run.pyrecord("-q", "-o", self.recording, *CASES[name], cwd=place, timeout=200)
        assert (self.done.status, stable(self.done.out), stable(self.done.err)) == (
            bare.status, stable(bare.out), stable(bare.err)), self.done
        assert len(bare.out + bare.err) > 10
        self.info = run.info(self.recording)


@pytest.fixture(scope="module", params=CASES)
def real(request, tmp_path_factory):
    for program in ("/usr/bin/pygmentize", "/usr/bin/rst2html"):
        assert os.path.exists(program), "%s is missing: `make deps` installs it" % program
    return Real(request.param, tmp_path_factory.mktemp(request.param))


def test_output_and_info(real):
    assert real.info["complete"] is True
    assert real.info["events"] > 3000
    assert real.info["exit_status"] == real.done.status == (1 if real.name in FAILS else 0)
    assert real.info["events"] == sum(real.info["events_by_kind"].values())
    assert not real.info["lost"]
    if real.info["events"] > 100000:  # in a short run the sources weigh more than the events
        assert real.info["bytes_per_event"] < 8, real.info


def test_verify(real):
    run.verified(real.recording)


PARSED = 60000  # events of a recording that are looked at one by one here


def test_dump_without_values(real):
    rows = run.dump(real.recording, "--no-locals", "--to", str(PARSED))
    assert [row["seq"] for row in rows] == list(range(1, min(PARSED, real.info["events"]) + 1))
    assert {row["thread"] for row in rows} <= {one["thread"] for one in real.info["threads"]}
    stacks, time = {}, 0
    for row in rows:
        assert row["time_ns"] >= time
        time = row["time_ns"]
        stack = stacks.setdefault(row["thread"], [])
        if row["event"] == "call":
            stack.append(row["frame"])
        assert stack and stack[-1] == row["frame"], row
        assert row["depth"] == len(stack) - 1, row
        if row["event"] == "return":
            stack.pop()


def test_dump_as_text_has_a_line_for_each_event(real):
    child = subprocess.run("%s dump --no-locals %s | wc -l" % (run.PYREPLAY, real.recording), shell=True,
                           capture_output=True, check=True, text=True)
    assert child.stderr == "" and int(child.stdout) >= real.info["events"], child


def test_dump_with_values(real):
    last = real.info["events"]
    rows = run.dump(real.recording, "--from", str(max(1, last - 3000)))
    assert len(rows) in (3000, 3001)
    assert sum(len(row["locals"]) for row in rows) > 3000
    assert all(isinstance(text, str) for row in rows for text in row["locals"].values())


def test_damaged_nowhere(real):
    rows = run.dump(real.recording, "--from", str(real.info["events"] // 2), "--to",
                    str(real.info["events"] // 2 + 1000))
    text = json.dumps(rows)
    assert "<damaged" not in text


def test_stepping(real, pyreplay):
    last = real.info["events"]
    middle = last // 2
    done = pyreplay("--batch", "-c", "goto %d" % middle, "-c", "w", "-c", "locals", "-c", "s 25",
                    "-c", "n", "-c", "r", "-c", "rf", "-c", "rn", "-c", "rs 25", "-c", "w", "-c", "threads",
                    "-c", "goto end", "-c", "rs", "-c", "goto start", "-c", "info", real.recording)
    assert done.status == 0, done
    assert done.err == b"", done
    assert len(done.text.splitlines()) > 40, done


def test_opens_at_the_failure(real, pyreplay):
    done = pyreplay("--batch", "-c", "w", "-c", "exceptions", real.recording)
    assert done.status == 0, done
    if real.name in FAILS:
        assert "ZeroDivisionError" in done.text and "fails" in done.text, done
        done = pyreplay("--batch", "-c", "p total", "-c", "rf", "-c", "p order", real.recording)
        assert "6" in done.text and "{'a': 1, 'b': 2, 'c': 3}" in done.text, done


def test_the_public_tools_read_it(real, tmp_path):
    """Exactly this command, from the top of the project."""
    os.link(real.recording, tmp_path / "x.pyrec")
    command = "set -o pipefail; zstd -dc %s | protoc --decode=pyrec.Recording schema/recording.proto" % (
        tmp_path / "x.pyrec")
    child = subprocess.Popen(["bash", "-c", command], cwd=run.ROOT, stdout=subprocess.PIPE)
    counts = {"header {": 0, "chunk {": 0, "footer {": 0, "index {": 0, "source {": 0}
    events = 0
    inside = b""
    for line in child.stdout:
        if line[:1] not in b" }":
            inside = line.rstrip()
            if inside.decode() in counts:
                counts[inside.decode()] += 1
        elif inside == b"chunk {" and line.startswith(b"  event_count:"):
            events += int(line.split()[1])
    assert child.wait() == 0
    assert counts["header {"] == counts["footer {"] == counts["index {"] == 1, counts
    assert counts["chunk {"] >= 1 and counts["source {"] > 3, counts
    assert events == real.info["events"]


def test_source_text_is_in_the_recording(tmp_path, pyrecord, pyreplay):
    """The program's files are gone when it is looked at."""
    inputs(tmp_path)
    assert run.pyrecord("-q", "-o", tmp_path / "r.pyrec", "mixed.py", cwd=tmp_path).status == 1
    (tmp_path / "mixed.py").unlink()
    done = pyreplay("--batch", "-c", "l", tmp_path / "r.pyrec", cwd="/")
    assert "return total / (total - 6)" in done.text, done
