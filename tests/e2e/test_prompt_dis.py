"""`dis` against what each Python says of its own instructions."""
import json
import os
import re
import subprocess
from pathlib import Path

import cli_recordings
import pytest
import run

HERE = Path(__file__).parent
BUILDER = os.path.join(run.BUILD, "tests", "pyrec-build")
LISTING = HERE.parent / "oracle" / "dis_listing.py"
SAVED = [json.loads(line) for line in (HERE / "dis_versions.json").read_text().splitlines()]
ROW = re.compile(r"(->|  ) +(\d+)? +(>>)? *(\d+)  (\S+)(?: +(\d+)(?: \((.*)\))?)?$")
PROGRAM = '''\
class Cart:
    def add(self, name, price, *more, rate=1.5, **extra):
        for i, item in enumerate(more):
            with open("/dev/null", "w") as file:
                file.write("x" if i % 2 else "yy")
            self.total[item, "k"] = (price * rate, {"a": b"b", "c": (1, 2.5, None)})
        def inner():
            nonlocal price
            price += 1
            return [price for _ in more if price not in extra]
        try:
            return inner() + self.items[1:-1]
        except (KeyError, ValueError) as error:
            raise RuntimeError("h\\u00e9: %s" % error) from error
        finally:
            self.done = True

    def __init__(self):
        self.total, self.items, self.done = {}, [], False


cart = Cart()
try:
    cart.add("tea", 3, "one", "two")
except TypeError:
    pass
'''


def rows_of(text):
    """The listing as dis_listing.py has it, and where the arrow is."""
    rows, lines, arrow = [], [], None
    for line in text.splitlines():
        if not line.strip():
            continue
        if line.startswith("The first of "):
            continue
        match = ROW.match(line)
        assert match, line
        mark, lineno, target, off, name, arg, what = match.groups()
        rows.append([int(off), name, None if arg is None else int(arg), what or "", bool(target)])
        if lineno:
            lines.append([int(off), int(lineno)])
        arrow = int(off) if mark == "->" else arrow
    return rows, lines, arrow


def expected_rows(listing):
    """A jump goes to a target here; in `dis` the handlers of exceptions are targets, too."""
    jumps = {int(row[3][3:]) for row in listing["rows"] if row[3].startswith("to ")}
    return [row[:4] + [row[0] in jumps] for row in listing["rows"]]


@pytest.fixture(scope="module")
def cart(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dis")
    path = folder / "cart.py"
    path.write_text(PROGRAM)
    recording = folder / "cart.pyrec"
    done = run.pyrecord("-q", "--events", "line,exception,opcode", "-o", recording, path)
    assert done.status == 0, done
    return path, recording


def batch(recording, *commands):
    words = [word for command in commands for word in ("-c", command)]
    done = run.pyreplay("--batch", *words, recording)
    assert done.status == 0, done
    return done.text


@pytest.mark.parametrize("function", ["add", "inner", "__init__", "<listcomp>"])
def test_this_python(cart, function):
    path, recording = cart
    listing = json.loads(subprocess.run([run.PYTHON, LISTING, path, function], check=True,
                                        stdout=subprocess.PIPE).stdout)
    name = "*<listcomp>" if function == "<listcomp>" else function
    rows, lines, arrow = rows_of(batch(recording, "dis " + name))
    assert rows == expected_rows(listing)
    starts = [start for start in listing["lines"] if start[1]]
    assert [start for start in starts if start in lines] == starts
    assert arrow is None


def last_listing(text):
    return text[text.rindex("\n", 0, text.rindex("  0  COPY_FREE_VARS")):]


def test_the_arrow_is_at_the_current_instruction(cart):
    _, recording = cart
    steps = ["tbreak inner", "c", "si", "si", "si"]
    text = batch(recording, *steps, "dis")
    said = int(re.findall(r"instruction (\d+)", text)[-1])
    assert rows_of(last_listing(text))[2] == said == 6
    neighbours = [line for line in text.split("instruction 6")[1].splitlines()[2:]][:6]
    assert [line[:2] for line in neighbours] == ["  ", "  ", "  ", "->", "  ", "  "]
    # the line event before it has no number of its own
    text = batch(recording, *steps[:3], "dis")
    assert rows_of(last_listing(text))[2] == 4
    # in the caller: the call
    text = batch(recording, *steps, "u", "dis")
    arrow = next(line for line in text.splitlines()[::-1] if line.startswith("->"))
    assert " CALL " in arrow


@pytest.mark.parametrize("listing", SAVED, ids=lambda listing: listing["python"])
def test_every_version(listing, tmp_path):
    slots = listing["locals"] + listing["cells"] + listing["frees"]
    kinds = ["local"] * len(listing["locals"]) + ["cell"] * len(listing["cells"]) \
        + ["free"] * len(listing["frees"])
    starts = listing["lines"] if listing["lines"][0][0] == 0 else [[0, 0]] + listing["lines"]
    text = tmp_path / "x.txt"
    text.write_text(
        'header python_hex %d\nfile x.py own\n' % listing["hex"]
        + 'code sample x.py:1 slots=%s kinds=%s lines=1 bytecode="%s" names=%s consts=%s '
        'line_offs=%s off_lines=%s\n' % (
            ",".join(slots), ",".join(kinds),
            re.sub("(..)", r"\\x\1", listing["code"]), ",".join(listing["names"]),
            ",".join(listing["consts"]), ",".join(str(off) for off, _ in starts),
            ",".join(str(line) for _, line in starts))
        + 'thread 1 "MainThread"\ncall sample 1\nreturn 1 => None\nexit 0\n')
    recording = tmp_path / "x.pyrec"
    subprocess.run([BUILDER, text, recording], check=True)
    rows, lines, _ = rows_of(batch(recording, "dis"))
    assert rows == expected_rows(listing)
    assert lines == [start for start in listing["lines"] if start[1]]


def test_no_bytecode_and_no_table(tmp_path):
    recording = cli_recordings.record(tmp_path, "def f():\n    return 1\nf()\n", "plain")
    done = run.pyreplay("--batch", "-c", "dis f", recording)
    assert done.status == 1 and "no bytecode" in done.message and "--events" in done.message
    text = tmp_path / "x.txt"
    text.write_text('header python_hex %d\nfile x.py own\n' % 0x03630000
                    + 'code f x.py:1 bytecode="\\x00\\x00"\nthread 1\ncall f 1\nreturn\nexit 0\n')
    subprocess.run([BUILDER, text, tmp_path / "x.pyrec"], check=True)
    done = run.pyreplay("--batch", "-c", "dis", tmp_path / "x.pyrec")
    assert done.status == 1 and "Python 3.99" in done.message
    done = run.pyreplay("--batch", "-c", "dis nothing", recording)
    assert done.status == 1 and "no function nothing" in done.message


@pytest.mark.parametrize("code", ["\\x90\\xff" * 9, "\\x6e\\xff", "\\x64", "\\xff\\xff" * 3,
                                  "\\x64\\xc8\\x7c\\xff\\x74\\xff\\x89\\xff"])
def test_bytecode_that_is_none(code, tmp_path):
    text = tmp_path / "x.txt"
    text.write_text('header python_hex %d\nfile x.py own\n' % 0x030b02f0
                    + 'code f x.py:1 slots=a bytecode="%s"\nthread 1\ncall f 1\n' % code
                    + "opcode 1 999999\nreturn\nexit 0\n")
    subprocess.run([BUILDER, text, tmp_path / "x.pyrec"], check=True)
    done = run.pyreplay("--batch", "-c", "dis", "-c", "s", "-c", "dis", tmp_path / "x.pyrec")
    assert done.status == 0, done


@pytest.mark.parametrize("starts", ["line_offs=9 off_lines=1", "line_offs=0,0 off_lines=1,2",
                                    "line_offs=0,4 off_lines=5,6"])
def test_lines_of_bytecode_that_cannot_be(starts, tmp_path):
    text = tmp_path / "x.txt"
    text.write_text('file x.py own\ncode f x.py:1 bytecode="\\x09\\x00\\x09\\x00" %s\nthread 1\n'
                    'call f 1\nreturn\nexit 0\n' % starts)
    subprocess.run([BUILDER, text, tmp_path / "x.pyrec"], check=True)
    done = run.pyreplay("verify", tmp_path / "x.pyrec")
    assert done.status == 1 and "code 1" in done.text + done.message, done
