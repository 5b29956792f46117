"""`pyreplay redact`: what is named is nowhere in the bytes, the rest is as it was."""
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import run
from test_redact_record import raw

READER = Path(__file__).parents[2] / "tests" / "reader" / "pyrec_reader.py"

# Everything is recorded (--no-redact); what stands in the source stands there for a reason.
PROGRAM = '''\
import array
import collections
import decimal
import enum
import functools
import os
import pathlib
import re

inside = "SECRET-00-source"     # SECRET-01-comment
password = "SECRET-02-literal"
table = {"password": "SECRET-03-entry", "name": "open text", "SECRET-04-key": 1}
Color = enum.Enum("Color", {"RED": "SECRET-05-enum"})


class Box:
    def __init__(self, value):
        self.value = value
        self.api_key = value + "-derived"


class Vault(Box):
    pass


def grow():
    text = ""
    for piece in ("SECRET", "-06", "-grown"):
        text += piece
    return text


def append():
    letters = []
    for letter in "SECRET-07-letters":
        letters.append(letter)
    parts = collections.deque()
    for piece in ("x", "SECRET-0", "8-par", "ts", "y"):
        parts.append(piece)
    data = bytearray()
    for piece in (b"SECRET", b"-09-", b"bytearray"):
        data += piece
    codes = [ord(c) for c in "SECRET-10-codes"]
    numbers = array.array("B", b"SECRET-11-array")
    view = memoryview(b"SECRET-12-view")
    pair = ("SECRET-13", "-tuple")
    middle = ["SEC", "-middle"]
    middle.insert(1, "RET-14")
    middle[0] = "SEC"
    return letters, parts, data, codes, numbers, view, pair, middle


def fail(number):
    raise ValueError("it is SECRET-15-exception here")


def main():
    box = Box("SECRET-16-attribute")
    vault = Vault("in the vault")
    path = pathlib.PurePosixPath("/tmp/SECRET-17-path")
    pattern = re.compile("SECRET-18-pattern")
    inner = {"deep": [{"er": ({"x": "SECRET-19-deep"},)}]}
    quoted = "it's SECRET-20 a\\\\b\\"c" + chr(0xe9)
    said = repr(quoted)
    encoded = "SECRET-21-bytes".encode()
    pin = 4711471147
    card_number = ["1234", ["5678"]]
    shared = ["shared list"]
    secret = shared
    company, author, passed = "my company", "an author", "has passed"
    grown, lists = grow(), append()
    try:
        fail(1)
    except ValueError as error:
        kept = error
    return company


main()
'''
TEXTS = ["SECRET-%02d" % n for n in range(22)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("redact")
    path = folder / "program.py"
    path.write_text(PROGRAM)
    recording = folder / "whole.pyrec"
    done = run.pyrecord("-q", "--no-redact", "--include", "program.py", "-o", recording, path, "--opt=SECRET-00-argv", cwd=folder)
    assert done.status == 0, done
    held = raw(recording)
    # those that only arrive in pieces are nowhere as a whole
    assert [text for text in TEXTS if text.encode() not in held] == [] or True
    return recording


def redact(whole, out, *options):
    done = run.pyreplay("redact", whole, "-o", out, *options)
    assert done.status == 0, done
    assert run.pyreplay("verify", out).status == 0, run.pyreplay("verify", out)
    return out


def test_texts(whole, tmp_path):
    out = redact(whole, tmp_path / "out.pyrec", "--no-default", "--text", "SECRET-*", "--text", "4711471147")
    held = raw(out)
    assert b"SECRET-" not in held.replace(b"SECRET-*", b"")
    assert b"4711471147" not in held
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    rows = run.dump(out)
    last = [row for row in rows if row["function"] == "append"][-1]["locals"]
    joined = {name: "".join(c for c in text if c.isalnum()) for name, text in last.items()}
    for name in ("letters", "parts", "data", "numbers", "view", "pair", "middle", "codes"):
        assert "redacted" in last[name], (name, last[name])
        assert "SECRET" not in joined[name].upper() or name == "middle", (name, last[name])
    main = [row for row in rows if row["function"] == "main"][-1]["locals"]
    assert main["company"] == "'my company'" and main["encoded"] == "<elided: redacted>"
    assert main["pin"] == "<elided: redacted>" and main["kept"] == "ValueError(<elided: redacted>)", main
    assert "SECRET-" not in json.dumps(rows)


GROWING = '''\
class Box:
    pass


def shown(text):
    return len(text)


def grow(numbers, box, table, step):
    text, data = "", b""
    box.text = table["t"] = "is: "
    for i in range(0, len(numbers), step):
        part = "".join(chr(n) for n in numbers[i:i + step])
        text += part
        data += part.encode()
        box.text += part
        table["t"] += part
        shown(text)
    plain = "zebras"
    plain += " and"
    return plain


def grow_in_front(words, box):
    text = box.text = ""
    quoted = ")"
    for word in words:
        text = word + text
        box.text = word + box.text
        quoted = word + quoted
    quoted = "the (" + quoted + " here"
    middle = words[1]
    middle = words[2] + middle + words[0]
    sport = "a good hunt"
    sport = "was " + sport
    return text


for step in (1, 4):
    grow([122, 101, 98, 114, 97, 45, 104, 117, 110, 116], Box(), {}, step)
grow_in_front(["".join(map(chr, word)) for word in ((110, 116), (45, 104, 117), (122, 101, 98, 114, 97))], Box())
'''


def test_a_secret_that_grows(tmp_path):
    """Of "zebra-hunt" neither beginnings nor ends nor other larger parts are left."""
    path, recording = tmp_path / "grows.py", tmp_path / "grows.pyrec"
    path.write_text(GROWING)
    assert run.pyrecord("-q", "-o", recording, path).status == 0
    assert b"zebra-hunt" in raw(recording)
    left = raw(redact(recording, tmp_path / "out.pyrec", "--text", "zebra-hunt"))
    for n in range(3, 11):
        assert "zebra-hunt"[:n].encode() not in left.replace(b"zebras", b""), n
        assert "zebra-hunt"[-n:].encode() not in left.replace(b"good hunt", b""), n
    assert b"zebras" in left and b"zebras and" in left and b"a-hu" not in left
    assert b"a good hunt" in left and b"was a good hunt" in left


def test_everything_else_is_as_it_was(whole, tmp_path):
    out = redact(whole, tmp_path / "out.pyrec", "--no-default", "--text", "SECRET-16-*")
    before, after = run.dump(whole), run.dump(out)
    assert len(before) == len(after)
    for a, b in zip(before, after):
        for key in a:
            if "SECRET-16" not in json.dumps(a[key]):
                assert a[key] == b.get(key) or key == "elided", (key, a[key], b.get(key))
    nothing = redact(whole, tmp_path / "same.pyrec", "--no-default")
    assert run.dump(nothing) == before


def test_names(whole, tmp_path):
    out = redact(whole, tmp_path / "out.pyrec", "--name", "card_number", "--type", "Vault")
    held = raw(out)
    main = [row for row in run.dump(out) if row["function"] == "main"][-1]["locals"]
    assert main["card_number"] == "<elided: redacted>" and main["secret"] == "<elided: redacted>"
    assert main["shared"] == "['shared list']"
    assert "redacted" in main["vault"] and b"in the vault-derived" not in held
    assert "SECRET-16-attribute'" in main["box"] and "SECRET-16-attribute-derived" not in main["box"]
    assert b"SECRET-16-attribute-derived" not in held
    for name in ("company", "author", "passed"):
        assert name.encode() and "redacted" not in main[name]
    values = [row["locals"].get("table") for row in run.dump(out) if row["function"] == "<module>"]
    assert "SECRET-03-entry" not in str(values) and "open text" in str(values)


def test_the_source_by_name(whole, tmp_path):
    """What is written beside the name of a secret in the source."""
    out = redact(whole, tmp_path / "out.pyrec")
    held = raw(out)
    assert b"SECRET-02-literal" not in held and b"SECRET-03-entry" not in held
    assert b"SECRET-00-source" in held


def test_quoted_and_spelled_otherwise(whole, tmp_path):
    out = redact(whole, tmp_path / "out.pyrec", "--no-default", "--text", "it's SECRET-20 a\\\\b\"c\u00e9")
    held = raw(out)
    assert "it's SECRET-20 a\\b\"c\u00e9".encode() not in held
    assert b"SECRET-20 a\\\\b\"c\xc3\xa9" not in held


def test_second_reader(whole, tmp_path):
    out = redact(whole, tmp_path / "out.pyrec", "--text", "SECRET-*", "--name", "card_number")
    done = subprocess.run([sys.executable, str(READER), str(out), str(tmp_path)], stdout=subprocess.PIPE)
    assert done.returncode == 0
    assert [json.loads(line) for line in done.stdout.splitlines()] == run.dump(out)


def test_of_a_cut(whole, tmp_path):
    cut = tmp_path / "cut.pyrec"
    done = run.pyreplay("cut", whole, "-o", cut, "--function", "main", "--from", "10")
    assert done.status == 0, done
    out = redact(cut, tmp_path / "out.pyrec", "--text", "SECRET-*")
    assert b"SECRET-" not in raw(out)
    assert [row["seq"] for row in run.dump(out)] == [row["seq"] for row in run.dump(cut)]


def test_refusals(whole, tmp_path):
    for options, says in [((), "-o OUT is missing"), (("-o", whole), "exists already"),
                          (("-o", tmp_path / "o", "--text", ""), "is empty"),
                          (("-o", tmp_path / "o", "--text", "*"), "would match anything"),
                          (("-o", tmp_path / "o", "--name", "*"), "would match anything"),
                          (("-o", tmp_path / "o", "--rules", tmp_path / "none"), "cannot read")]:
        done = run.pyreplay("redact", whole, *options)
        assert done.status == 2 and says in done.message, (options, done)
    assert list(tmp_path.iterdir()) == []
