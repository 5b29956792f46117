"""How the questions are asked and answered in words: options, errors, exit statuses, help, at
the prompt and in the shell."""
import json

import cli_recordings
import pytest
import run

QUESTIONS = ["when", "hits", "calls", "exceptions", "tree", "search", "who"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    return cli_recordings.record(folder, cli_recordings.SHOP, "shop", status=1)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    return cli_recordings.record(folder, cli_recordings.HOSTILE, "hostile", status=1)


def answer(*words, status=0):
    done = run.pyreplay(*words)
    assert done.status == status, done
    return done.text


def complaint(*words, status):
    done = run.pyreplay(*words)
    assert done.status == status and done.out == b"", done
    assert done.message.count("\n") == 1 and done.message.startswith("pyreplay: "), done
    return done.message


def at_prompt(recording, *commands, status=0):
    words = [word for command in commands for word in ("-c", command)]
    return answer("--batch", *words, recording, status=status)


def lines(text):
    return [line.split() for line in text.splitlines()]


# --- what they say ---

def test_when_in_words(shop):
    text = answer("when", shop, "result > 20")
    assert lines(text)[0] == ["event", "place", "function"]
    assert [line[1:3] for line in lines(text)[1:4]] == [
        ["shop.py:13", "total()"], ["shop.py:16", "total()"], ["shop.py:16", "total()"]]
    assert "for name, price in items:" in text


def test_when_says_what_it_cannot_tell(shop):
    text = answer("when", "--count", shop, "price > 4 and price")
    assert text.startswith("12 events\n") or "events" in text
    text = answer("when", "--count", shop, "name > 3", status=1)
    assert "it cannot be told" in text and "'str' and 'int'" in text


def test_hits_in_words(shop):
    text = answer("hits", shop, "shop.py:15", "name, price * rate")
    assert lines(text)[0] == ["event", "place", "function", "name", "price", "*", "rate"]
    assert [line[3:] for line in lines(text)[1:]] == [
        ["'tea'", "6"], ["'jam'", "10"], ["'tea'", "6"], ["'jam'", "10"], ["'nut'", "14"]]


def test_a_format_prints_what_print_would(shop):
    text = answer("hits", shop, "shop.py:15", "f'{name}: {price * rate:.2f}'")
    assert [line[-2:] for line in lines(text)[1:3]] == [["tea:", "6.00"], ["jam:", "10.00"]]


def test_a_column_without_a_value_says_why(shop):
    text = answer("hits", shop, "shop.py:15", "name.upper, nothing")
    assert "nothing" in text.splitlines()[1] and "<" in text.splitlines()[1]
    row = json.loads(answer("hits", "--format", "json", "--limit", "1", shop, "shop.py:15", "nothing"))
    assert row["values"] == {"nothing": None} and "nothing" in row["errors"]["nothing"]


def test_hit_counts(shop):
    assert answer("hits", "--count", shop, "shop.py:15") == "5 times\n"
    assert answer("hits", "--count", shop, "shop.py:15", "where", "price > 3") == "3 times\n"


def test_calls_in_words(shop):
    text = answer("calls", shop, "Cart.add")
    assert [line[-2:] for line in lines(text)[1:]] == [["->", "1"], ["->", "2"], ["->", "3"]]
    assert "name='tea', price=3" in text
    text = answer("calls", shop, "report where cart.owner == 'bob'")
    assert text.count("report()") == 1 and "raised" in text
    assert answer("calls", shop, "report", "where", "cart.owner == 'bob'") == text


def test_tree_in_words(shop):
    text = answer("tree", "--depth", "2", shop)
    assert "(the run)" in text and "report()  shop.py:19  (1 by an exception)" in text
    assert "total()" not in text and "calls below" in text


def test_who_in_words(shop):
    text = at_prompt(shop, "who cart.items", "who cart")
    assert "Cart" in text and ".items" in text and "as cart.items" in text
    assert "a variable in report()" in text and "a variable of a module" in text


# --- the prompt and the shell answer alike ---

@pytest.mark.parametrize("question, words", [
    ("when", "--limit 4 result > 5"),
    ("when", "--within total result > 5"),
    ("when", "--last result"),
    ("hits", "shop.py:15 name, price where price > 3"),
    ("calls", "Cart.add where price > 3"),
    ("calls", "*"),
    ("search", "tea"),
    ("who", "cart.items"),
    ("exceptions", "--all ValueError"),
    ("tree", "--all --depth 2"),
])
def test_prompt_and_shell(shop, question, words):
    options, rest = [], words.split(" ")
    while rest and rest[0].startswith("--"):
        options.append(rest.pop(0))
        if options[-1] not in ("--last", "--all"):
            options.append(rest.pop(0))
    shell = answer(question, *options, "--format", "json", shop, " ".join(rest) if question not in
                   ("hits", "calls") else rest[0], *([" ".join(rest[1:])] if rest[1:] and question
                                                     in ("hits", "calls") else []))
    prompt = at_prompt(shop, "%s --format json %s" % (question, words))
    assert prompt == shell


def test_keywords_inside_strings_are_no_keywords(shop):
    answer("when", shop, "' within total' and result", status=0)
    answer("hits", shop, "shop.py:15", "' where price'")


def test_rows_end_at_the_limit(shop):
    assert len(answer("search", "--format", "json", "--limit", "2", shop, "tea").splitlines()) == 2
    assert len(answer("when", "--format", "json", "--limit", "0", shop, "result").splitlines()) > 5


# --- what is wrong ---

def test_wrong_calls(shop):
    assert "expression" in complaint("when", shop, status=2)
    assert "FILE is missing" in complaint("when", status=2)
    assert "column" in complaint("when", shop, "x >", status=2)
    assert "unknown option" in complaint("when", "--bogus", shop, "x", status=2)
    assert "neither" in complaint("when", "--format", "xml", shop, "x", status=2)
    assert "no function or file" in complaint("when", "--within", "nowhere", shop, "x", status=2)
    assert "no function or file" in complaint("calls", shop, "nowhere", status=2)
    assert "where EXPR" in complaint("calls", shop, "report", "when", "x", status=2)
    assert "no file" in complaint("hits", shop, "other.py:3", status=2)
    assert "code" in complaint("hits", shop, "shop.py:5", status=2)
    assert "is no line" in complaint("hits", shop, "report", status=2)
    assert "identity" in complaint("who", shop, "cart.owner", status=2)
    assert "no event" in complaint("who", "--at", "99999", shop, "cart", status=1)
    assert "cannot open" in complaint("tree", "missing.pyrec", status=3)


def test_no_answer(shop):
    assert "no event" in complaint("when", shop, "result > 1000 and rate == 2", status=1)
    assert "never ran" in complaint("hits", shop, "shop.py:15", "where", "price > 99", status=1)
    assert "no such call" in complaint("calls", shop, "report", "where", "not cart", status=1)
    assert "no recorded value" in complaint("search", shop, "no such text at all", status=1)
    assert "no such exception" in complaint("exceptions", shop, "OSError", status=1)


def test_help_teaches_by_example():
    for question in QUESTIONS:
        text = answer(question, "--help")
        assert "pyreplay %s" % question in text and "--format" in text, text
        assert text.count("shop.pyrec") >= 1, text
        assert answer(question, "--man").startswith(".TH")
    listed = answer("--help")
    assert all(question in listed for question in QUESTIONS)


def test_help_at_the_prompt(shop):
    for question in QUESTIONS:
        assert question in at_prompt(shop, "help " + question)


# --- what a terminal might act on ---

def test_nothing_recorded_acts_on_a_terminal(hostile):
    for words in (["when", hostile, "a"], ["calls", hostile, "*"], ["exceptions", hostile],
                  ["tree", hostile], ["search", hostile, "txt"], ["search", hostile, "owned"],
                  ["calls", "--format", "json", hostile, "*"], ["tree", "--format", "json", hostile],
                  ["search", "--format", "json", hostile, "txt"]):
        done = run.pyreplay(*words)
        assert done.status == 0, done
        assert not any(c in done.out for c in (b"\x1b", b"\x07", "\u202e".encode(), b"\xc2\x9b")), done


# --- recordings that are a part of a run ---

def test_unfinished(tmp_path):
    """A program that is killed: questions about what there is."""
    path = tmp_path / "killed.py"
    path.write_text("import os\nstate = {'n': 0}\ndef step(i):\n    state['n'] = i\n    return i * 2\n"
                    "for i in range(40000):\n    step(i)\nos._exit(9)\n")
    recording = tmp_path / "killed.pyrec"
    run.pyrecord("-q", "-o", recording, path, cwd=tmp_path)
    count = json.loads(answer("when", "--format", "json", "--count", recording, "i == 77"))
    assert count["events"] > 2
    last = json.loads(answer("calls", "--format", "json", recording, "step", "--where", "i == 30000"))
    assert last["result"] == "60000"
    nodes = [json.loads(line) for line in answer("tree", "--format", "json", recording).splitlines()]
    assert next(node for node in nodes if node["function"] == "step")["calls"] > 30000
