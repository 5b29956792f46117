"""dump, info, verify and help: what scripts read."""
import json
import subprocess

import cli_recordings
import pytest
import run

FIELDS = ["seq", "time_ns", "thread", "task", "frame", "parent", "call_seq", "depth", "event", "kind",
          "file", "function", "line", "arg", "locals"]
FACTS = ["format_version", "complete", "events", "events_by_kind", "threads", "files", "python", "argv",
         "exit_status", "duration_ns", "file_bytes", "bytes_per_event", "lost", "dump_version"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    return cli_recordings.record(folder, cli_recordings.SHOP, "shop", status=1)


@pytest.fixture(scope="module")
def threads(tmp_path_factory):
    folder = tmp_path_factory.mktemp("threads")
    return cli_recordings.record(folder, cli_recordings.THREADS, "threads", status=0)


@pytest.fixture(scope="module")
def values(tmp_path_factory):
    folder = tmp_path_factory.mktemp("values")
    text = '''\
class Box:
    def __init__(self):
        self.inner = [1, (2,)]
        self.text = "a"

def gen():
    try:
        yield 1
    except KeyError as error:
        raise OSError(5, "bad") from error

def f():
    empty, nested = [], {"k": [1, {2: 3}], (1, 2): None}
    loop = [1]
    loop.append(loop)
    same = nested["k"]
    box = Box()
    lone = "\\ud800\\x1b"
    huge = "x" * 5000
    both = {1, 2}
    pi = 3.5
    return box

x = f()
g = gen()
next(g)
g.throw(KeyError("k"))
'''
    return cli_recordings.record(folder, text, "values", status=1)


def test_fields(shop):
    rows = run.dump(shop)
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    for row in rows:
        assert [key for key in row if key in FIELDS] == FIELDS, row
        assert set(row) <= set(FIELDS) | {"exception", "elided", "late", "instruction"}
        assert ("exception" in row) == (row["event"] == "exception")
        assert row["task"] is None
        assert (row["kind"] is None) == (row["event"] not in ("call", "return"))
        assert (row["arg"] is None) == (row["event"] in ("call", "line") or row["kind"] == "unwind"), row
        assert all(isinstance(text, str) for text in row["locals"].values())
    frames = {row["frame"]: row for row in rows if row["kind"] == "start"}
    for row in rows:
        assert row["call_seq"] == frames[row["frame"]]["seq"]
        assert row["depth"] == 0 or row["parent"] in frames


def test_exception_fields(shop, values):
    error = [row for row in run.dump(shop) if row["event"] == "exception"][-1]
    assert error["exception"]["type"] == "KeyError" and error["exception"]["text"] == "'bob'"
    assert error["exception"]["cause"] is None and error["exception"]["context"] is None
    assert isinstance(error["exception"]["id"], int) and "KeyError" in error["arg"]
    rows = [row for row in run.dump(values, "--function", "gen") if row["event"] == "exception"]
    os_error = [row for row in rows if row["exception"]["type"] == "OSError"][0]["exception"]
    key_error = [row for row in rows if row["exception"]["type"] == "KeyError"][0]["exception"]
    assert os_error["text"] == "[Errno 5] bad"
    assert os_error["cause"] == os_error["context"] == key_error["id"]


def test_generator_kinds(values):
    kinds = [row["kind"] for row in run.dump(values, "--function", "gen") if row["kind"]]
    assert kinds == ["start", "yield", "throw", "unwind"]


def row_at(values, line, *options):
    return [row for row in run.dump(values, *options) if row["line"] == line and row["event"] == "return"][0]


def test_texts(values):
    row = row_at(values, 22)
    assert row["locals"]["nested"] == "{'k': [1, {2: 3}], (1, 2): None}"
    assert row["locals"]["loop"] == "[1, [...]]"
    assert row["locals"]["lone"] == "'\\ud800\\x1b'"
    assert row["locals"]["box"].startswith("<__main__.Box #") and "inner=[1, (2,)]" in row["locals"]["box"]
    assert row["elided"] == {"huge": "length"} and row["locals"]["huge"].startswith("'xxxx")


def plain(value):
    """A structured value as Python has it."""
    if "text" in value:
        return value["text"]
    if "entries" in value:
        return {plain(k) if "text" in k else tuple(plain(k)): plain(v) for k, v in value["entries"]}
    return [plain(item) for item in value.get("items", [])]


def test_structured(values):
    found = row_at(values, 22, "--values", "structured")["locals"]
    assert found["pi"] == {"type": "float", "text": "3.5"}
    assert found["empty"]["items"] == [] and found["empty"]["type"] == "list"
    assert found["empty"]["length"] == 0
    assert plain(found["nested"]) == {"'k'": ["1", {"2": "3"}], ("1", "2"): "None"}
    assert found["nested"]["length"] == 2
    assert found["loop"]["items"][1]["id"] == found["loop"]["id"]
    assert found["same"]["id"] == found["nested"]["entries"][0][1]["id"]
    assert set(found["box"]["attrs"]) == {"inner", "text"} and found["box"]["type"] == "__main__.Box"
    assert found["box"]["attrs"]["inner"]["items"][1]["items"] == [{"type": "int", "text": "2"}]
    assert found["huge"]["length"] == 5000 and found["huge"]["elided"] == "length"
    assert plain(found["both"]) == ["1", "2"]


def test_surrogates_are_escapes(tmp_path):
    recording = cli_recordings.record(tmp_path, "def f(**k):\n    return 1\nf(**{'n\\ud800': '\\U0001f600'})\n",
                                      "lone")
    out = run.pyreplay("dump", "--format", "jsonl", recording).out
    text = out.decode("utf-8")  # strict
    assert any("n\\ud800" in row["locals"].get("k", "") for row in map(json.loads, text.splitlines()))
    assert "\U0001f600" in text


def test_globals(shop):
    row = [row for row in run.dump(shop, "--globals", "--function", "report") if row["line"] == 21][0]
    assert row["globals"]["names"] == "{'ann': 'Ann'}" and "Cart" not in row["globals"]
    assert "globals" not in run.dump(shop)[0]


def test_filters(shop, threads):
    rows = run.dump(shop)

    def seqs(*options, recording=shop):
        return [row["seq"] for row in run.dump(recording, *options)]

    def expected(test, among=rows):
        return [row["seq"] for row in among if test(row)]

    assert seqs("--from", "5", "--to", "9") == [5, 6, 7, 8, 9]
    assert seqs("--from", "5", "--to", "5") == [5]
    assert seqs("--from", "0", "--to", "2") == [1, 2]
    assert seqs("--function", "total") == expected(lambda r: r["function"] == "total")
    assert seqs("--function", "add") == expected(lambda r: r["function"] == "Cart.add")
    assert seqs("--function", "Cart.*") == expected(lambda r: r["function"].startswith("Cart."))
    both = expected(lambda r: r["function"] in ("total", "report"))
    assert seqs("--function", "total", "--function", "report") == both
    assert seqs("--events", "call,return") == expected(lambda r: r["event"] in ("call", "return"))
    assert seqs("--events", "unwind,start") == expected(lambda r: r["kind"] in ("unwind", "start"))
    mine = expected(lambda r: r["file"].endswith("/shop.py"))
    assert seqs("--file", "shop.py") == seqs("--file", "s*.p?") == seqs("--file", "*/shop.py") == mine
    assert seqs("--file", "shop.py", "--file", "<frozen*") != mine
    assert all("locals" not in row for row in run.dump(shop, "--no-locals"))
    among = run.dump(threads)
    assert seqs("--thread", "2", recording=threads) == expected(lambda r: r["thread"] == 2, among)
    mine = expected(lambda r: r["file"].endswith("threads.py") and r["thread"] == 2, among)
    assert seqs("--thread", "2", "--file", "threads.py", recording=threads) == mine != []


@pytest.mark.parametrize("options", [["--from", "99999"], ["--function", "nosuch"], ["--file", "nosuch.py"],
                                     ["--thread", "77"], ["--events", "opcode"]], ids="_".join)
def test_nothing_matches(options, shop):
    done = run.pyreplay("dump", *options, shop)
    assert done.status == 1 and done.out == b"", done
    line, = done.message.splitlines()
    assert "no event matches" in line


@pytest.mark.parametrize("options,word", [
    (["--events", "call,nothing"], "nothing"), (["--values", "pretty"], "structured"),
    (["--thread", "0"], "begin at 1"), (["--from", "-3"], "--from"), (["--format"], "--format"),
    (["--values", "structured"], "jsonl"),
], ids=lambda o: "_".join(o) if isinstance(o, list) else o)
def test_wrong_options(options, word, shop):
    done = run.pyreplay("dump", shop, *options)
    assert done.status == 2 and done.out == b"", done
    line, = done.message.splitlines()
    assert word in line and "--help" in line


def test_text_format(shop):
    text = run.pyreplay("dump", "--function", "total", "--to", "99999", shop).text
    assert "start " in text and "            rate = 2\n" in text and "return " in text
    bare = run.pyreplay("dump", "--no-locals", shop).text
    assert len(bare.splitlines()) == run.info(shop)["events"]


def test_info_json(shop, threads):
    facts = run.info(shop)
    assert set(FACTS) <= set(facts)
    assert facts["complete"] is True and facts["exit_status"] == 1 and facts["lost"] == []
    assert facts["events"] == len(run.dump(shop)) == sum(facts["events_by_kind"].values())
    assert facts["file_bytes"] == shop.stat().st_size
    assert abs(facts["bytes_per_event"] - facts["file_bytes"] / facts["events"]) < 1e-9
    assert any(name.endswith("shop.py") for name in facts["files"])
    assert facts["argv"][-1].endswith("shop.py") and facts["python"].startswith("3.")
    assert len(run.info(threads)["threads"]) == 2


def test_info_text(shop):
    text = run.pyreplay("info", shop).text
    for part in ("command", "python", "Ended with status 1 by KeyError: 'bob'", "bytes", "losses    none"):
        assert part in text, part


def test_verify(shop):
    for options in ([], ["--quick"]):
        done = run.pyreplay("verify", *options, shop)
        assert done.status == 0 and done.text == "%s: whole\n" % shop, done


def test_a_full_disk_is_a_fault(shop):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([run.PYREPLAY, "dump", shop], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 4 and b"cannot write the output: No space" in done.stderr


def test_closed_pipe_is_none(shop):
    done = subprocess.run(["bash", "-c", "set -o pipefail; %s dump %s | head -n 1" % (run.PYREPLAY, shop)],
                          capture_output=True)
    assert done.returncode == 0 and done.stderr == b""


@pytest.mark.parametrize("words", [["--help"], ["info", "--help"], ["dump", "-h"], ["verify", "--help"],
                                   ["help"], ["help", "dump"], ["help", "last"], ["help", "jump"]],
                         ids="_".join)
def test_help(words):
    done = run.pyreplay(*words)
    assert done.status == 0 and done.err == b"" and len(done.text) > 60, done
    assert max(map(len, done.text.splitlines())) <= 125


def test_help_has_every_subcommand_and_command():
    text = run.pyreplay("--help").text
    for word in ("info", "dump", "verify", "help", "--batch", "Exit status"):
        assert word in text
    text = run.pyreplay("help").text
    for word in ("info", "dump", "verify", "reverse-continue", "history"):
        assert word in text


def test_version_and_manual():
    assert run.pyreplay("--version").text.startswith("pyreplay 0.")
    page = run.pyreplay("--man").text
    assert page.startswith(".TH PYREPLAY 1") and "reverse\\-step" in page
    assert run.pyreplay("dump", "--man").text.startswith(".TH PYREPLAY")


def test_no_file_is_a_wrong_call():
    done = run.pyreplay()
    assert done.status == 2 and done.out == b""
    line, = done.message.splitlines()
    assert "FILE" in line and "pyreplay --help" in line
