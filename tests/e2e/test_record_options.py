"""What the options do to the recording."""
import json
import os
import re
import subprocess
import zlib

import pytest

import run

PROGRAM = """\
import helper

class Box:
    def __init__(self, size):
        self.size = size

    def grow(self):
        self.size += 1
        return len(str(self.size))

def gen():
    yield 1

def fails():
    raise ValueError('no')

box = Box(3)
box.grow()
for _ in gen():
    pass
try:
    fails()
except ValueError:
    pass
helper.help_me('text')
"""
HELPER = """\
def help_me(what):
    inner = what * 2
    return inner
"""


@pytest.fixture
def here(tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "prog.py").write_text(PROGRAM)
    (tmp_path / "app" / "helper.py").write_text(HELPER)
    return tmp_path


def record(here, *options, program="app/prog.py", args=()):
    done = run.pyrecord("-q", "--force", "-o", "x.pyrec", *options, program, *args, cwd=here)
    assert done.status == 0, done
    return here / "x.pyrec"


def events(here, *options, **more):
    recording = record(here, *options, **more)
    if run.info(recording)["events"] == 0:
        assert run.pyreplay("dump", "--format", "jsonl", recording).status == 1  # nothing to show
        return []
    return run.dump(recording)


def seen(rows, *fields):
    return {tuple(row[field] for field in fields) if len(fields) > 1 else row[fields[0]] for row in rows}


def functions(rows):
    return {(os.path.basename(row["file"]), row["function"]) for row in rows}


# --- Events ---

@pytest.mark.parametrize("option,kinds", [
    ([], {"call", "line", "return", "exception"}),
    (["--events", "call,line,return,exception"], {"call", "line", "return", "exception"}),
    # without calls and returns there is no stack: they are always there
    (["--events", "line"], {"call", "line", "return"}),
    (["--events=call,return"], {"call", "return"}),
    (["--events", "exception"], {"call", "return", "exception"}),
    (["--events", "+opcode"], {"call", "line", "return", "exception", "opcode"}),
    (["--events", "+c_call,+c_return,+c_exception"],
     {"call", "line", "return", "exception", "c_call", "c_return", "c_exception"}),
    (["--events", "c_call"], {"call", "return", "c_call"}),
    (["--events", "all"],
     {"call", "line", "return", "exception", "opcode", "c_call", "c_return", "c_exception"}),
])
def test_events(pyrecord, pyreplay, here, option, kinds):
    rows = events(here, *option)
    assert seen(rows, "event") - {"c_exception"} == kinds - {"c_exception"}
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))


def test_choosing_events_changes_no_other(pyrecord, pyreplay, here):
    def of(rows, kinds):
        return [(r["event"], r["kind"], r["function"], r["line"]) for r in rows if r["event"] in kinds]

    everything = events(here)
    for kinds in (["line"], ["call", "return"], ["exception"], ["call", "line", "return"]):
        assert of(events(here, "--events", ",".join(kinds)), kinds) == of(everything, kinds)


# --- Files and functions ---

OWN = {("prog.py", "<module>"), ("prog.py", "Box"), ("prog.py", "Box.__init__"), ("prog.py", "Box.grow"),
       ("prog.py", "gen"), ("prog.py", "fails")}
HELPERS = {("helper.py", "<module>"), ("helper.py", "help_me")}


@pytest.mark.parametrize("options,expected", [
    (["--include", "app/*"], OWN | HELPERS),
    (["--include", "prog.py"], OWN),
    (["--include", "prog.py", "--include", "helper.py"], OWN | HELPERS),
    (["--include", "app/*", "--exclude", "helper.py"], OWN),
    (["--include", "helper.py", "--exclude", "app/*"], set()),
    (["--include-function", "help_me"], {("helper.py", "help_me")}),
    (["--include-function", "Box.*", "--exclude-function", "*.__init__"], {("prog.py", "Box.grow")}),
    (["--include", "app/*", "--exclude-function", "<module>"],
     (OWN | HELPERS) - {("prog.py", "<module>"), ("helper.py", "<module>")}),
    (["--exclude", "*"], set()),
])
def test_filters(pyrecord, pyreplay, here, options, expected):
    assert functions(events(here, *options)) == expected


def test_filtered_events_are_those_of_the_whole(pyrecord, pyreplay, here):
    """Leaving code out changes nothing of what is left."""
    def of(rows):
        shown = [repr((r["event"], r["kind"], r["function"], r["line"], r["arg"], r["locals"])) for r in rows
                 if os.path.basename(r["file"]) == "helper.py"]
        return [re.sub(r"#\d+", "#...", text) for text in shown]  # ids count what was seen

    assert of(events(here, "--include", "helper.py")) == of(events(here))


# --- Values ---

def local(rows, function, name, line=None):
    """The texts that a local had, in order, without repetitions."""
    texts = [row["locals"][name] for row in rows if row["function"] == function and name in row["locals"]]
    return [text for i, text in enumerate(texts) if i == 0 or texts[i - 1] != text]


def elisions(rows):
    return {reason for row in rows for reason in (row.get("elided") or {}).values()}


VALUES = """\
def f():
    text = 'x' * 100
    data = b'y' * 100
    many = list(range(100))
    deep = [[[[[[]]]]]]
    return text
f()
"""


def test_no_limits_reached(pyrecord, pyreplay, here):
    (here / "values.py").write_text(VALUES)
    rows = events(here, "--include", "values.py", program="values.py")
    assert local(rows, "f", "text") == [repr("x" * 100)]
    assert local(rows, "f", "data") == [repr(b"y" * 100)]
    assert local(rows, "f", "many") == [repr(list(range(100)))]
    assert local(rows, "f", "deep") == ["[[[[[[]]]]]]"]
    assert elisions(rows) == set()


@pytest.mark.parametrize("option,name,reason", [
    (["--max-text", "10"], "text", "length"),
    (["--max-text", "10"], "data", "length"),
    (["--max-items", "10"], "many", "items"),
    (["--max-depth", "2"], "deep", "depth"),
])
def test_limits(pyrecord, pyreplay, here, option, name, reason):
    (here / "values.py").write_text(VALUES)
    rows = events(here, *option, "--include", "values.py", program="values.py")
    assert reason in elisions(rows)
    whole = {"text": repr("x" * 100), "data": repr(b"y" * 100), "many": repr(list(range(100))),
             "deep": "[[[[[[]]]]]]"}
    for other, text in whole.items():
        if other == name or (option[0] == "--max-text" and other in ("text", "data")):
            assert text not in local(rows, "f", other)
        else:
            assert local(rows, "f", other) == [text]


def test_no_values(pyrecord, pyreplay, here):
    rows = events(here, "--values", "off")
    assert all(row["locals"] == {} for row in rows)
    plain = events(here)
    assert ([(r["event"], r["function"], r["line"]) for r in rows]
            == [(r["event"], r["function"], r["line"]) for r in plain])


FAST = """\
import functools

class Box:
    def __init__(self):
        self.inner = {'deep': [1]}

def put(box, n):
    box.inner['deep'].append(n)
    rows = [n]
    call = functools.partial(rows.append, n + 1)
    list(map(call, [] if n else ()))
    call()
    return rows

box = Box()
for n in range(3):
    put(box, n)
"""


def test_fast_values(pyrecord, pyreplay, here):
    """Fast leaves out no event; what the locals hold is right even where C code that is not
    known changes it."""
    (here / "fast.py").write_text(FAST)
    fast = events(here, "--values", "fast", program="fast.py")
    exact = events(here, "--values", "exact", program="fast.py")
    keep = ("event", "function", "line", "frame")
    assert [[r[k] for k in keep] for r in fast] == [[r[k] for k in keep] for r in exact]
    assert local(fast, "put", "rows") == local(exact, "put", "rows")
    assert "[2, 3]" in local(fast, "put", "rows")


@pytest.mark.parametrize("level", ["off", "fast", "exact"])
def test_values_level_is_in_the_recording(pyrecord, pyreplay, here, level):
    recording = record(here, "--values", level)
    info = run.pyreplay("info", recording, "--format", "json")
    assert json.loads(info.text)["values"] == level


def test_unknown_values_level(pyrecord, here):
    done = run.pyrecord("--values", "some", "app/prog.py", cwd=here)
    assert done.status == 125
    assert b"--values: 'some' is not off, fast or exact" in done.err


SECRETS = """\
class Account:
    def __init__(self, password):
        self.password = password
        self.company = 'Acme'

def login(user, password, token=None):
    account = Account(password)
    config = {'cfg': {'api_key': password}, 'author': 'me'}
    passed = 'plain value'
    return account

login('me', 'hunter2hunter2', token='hunter2hunter2')
"""


def decompressed(path):
    return subprocess.run(["zstd", "-dcq", path], check=True, capture_output=True).stdout


def test_redaction(pyrecord, pyreplay, here):
    # the program's text itself is in the recording: a secret from outside is not
    (here / "login.py").write_text(SECRETS.replace("'hunter2hunter2'", "SECRET")
                                   .replace("class Account", "import os\nSECRET = os.environ['DB_PASSWORD']\n"
                                                             "class Account"))
    options = ("--include", "login.py")
    env = {"DB_PASSWORD": "hunter2hunter2"}
    for extra, hidden in (((), True), (("--no-redact",), False)):
        done = run.pyrecord("-q", "--force", "-o", "x.pyrec", *options, *extra, "login.py", cwd=here, env=env)
        assert done.status == 0, done
        rows = run.dump(here / "x.pyrec")
        assert (b"hunter2" in decompressed(here / "x.pyrec")) is not hidden
        assert ("redacted" in elisions(rows)) is hidden
        assert local(rows, "login", "user") == ["'me'"]
        assert local(rows, "login", "passed") == ["'plain value'"]
        assert (local(rows, "login", "password") == ["'hunter2hunter2'"]) is not hidden


def test_command_line_is_redacted(pyrecord, pyreplay, here):
    args = ["--password", "hunter2", "--token=hunter2", "--author=me", "https://u:hunter2@h/"]
    path = record(here, args=args)
    assert run.info(path)["argv"] == ["python3", "app/prog.py", "--password", "<redacted>", "--token=<redacted>",
                                      "--author=me", "https://u:<redacted>@h/"]
    assert run.info(record(here, "--no-redact", args=args))["argv"] == ["python3", "app/prog.py", *args]


# --- Facts ---

def test_facts(pyrecord, pyreplay, here):
    info = run.info(record(here, "-O", args=["a", "b c"]))
    assert info["complete"] is True
    assert info["argv"] == ["python3", "-O", "app/prog.py", "a", "b c"]
    version = run.bare("-c", "import sys; print(sys.version)").text.strip()
    assert info["python"] == version or info["python"] == version.split()[0]
    assert info["exit_status"] == 0
    assert info["file_bytes"] == (here / "x.pyrec").stat().st_size
    assert info["events"] == len(run.dump(here / "x.pyrec"))
    assert str(here / "app" / "prog.py") in [f if isinstance(f, str) else f["path"] for f in info["files"]]


def test_two_recordings_have_different_ids(pyrecord, here):
    def header(path):
        return decompressed(path)[:60]

    assert zlib.crc32(header(record(here))) != zlib.crc32(header(record(here)))
