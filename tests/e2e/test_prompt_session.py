"""The prompt around the commands: files of the user's own, keys, narrow and odd terminals."""
import os
import re
import signal
import stat
import subprocess
import time

import cli_recordings
import pexpect
import pytest
import run
from cli_terminal import PROMPT, SEQUENCE, Terminal

NESTED = '''\
class Item:
    def __init__(self, name):
        self.name, self.price = name, 3
        self.parts = {"left side": 1, "right": [self], 7: "seven", "it's": 2}


table = {"first": Item("tea"), "second": {"inner": Item("jam")}}
rows = [Item("nut")]


def look(table, rows):
    wanted = table["first"]
    return wanted.missing


look(table, rows)
'''


@pytest.fixture(scope="module")
def nested(tmp_path_factory):
    return cli_recordings.record(tmp_path_factory.mktemp("nested"), NESTED, "nested", status=1)


@pytest.fixture
def terminal(nested, tmp_path):
    opened = []

    def open_one(recording=nested, home=tmp_path, **options):
        opened.append(Terminal(recording, home, **options))
        return opened[-1]

    yield open_one
    for one in opened:
        one.child.close(force=True)


# --- History ---


def test_sessions_at_once_lose_no_line(terminal, tmp_path):
    one, two = terminal(), terminal()
    one.ask("p 'from one'")
    two.ask("p 'from two'")
    one.ask("p 'one again'")
    two.leave()
    one.leave()
    history = tmp_path / ".pyreplay_history"
    assert history.read_text().splitlines() == [
        "p 'from one'", "p 'from two'", "p 'one again'", "q", "q"]
    assert stat.S_IMODE(history.stat().st_mode) == 0o600


def test_history_outlives_a_kill(terminal, tmp_path):
    one = terminal()
    one.ask("p 'kept'")
    one.child.kill(signal.SIGKILL)
    one.child.expect(pexpect.EOF)
    two = terminal()
    two.child.send("\x1b[A")
    two.child.expect(re.escape("p 'kept'"))


def test_history_is_bounded(terminal, tmp_path):
    history = tmp_path / ".pyreplay_history"
    history.write_text("".join("p %d\n" % i for i in range(5000)))
    os.chmod(history, 0o644)
    one = terminal()
    one.ask("p 'newest'")
    one.leave()
    lines = history.read_text().splitlines()
    assert 1000 <= len(lines) <= 1251 and lines[-2:] == ["p 'newest'", "q"]
    assert "p 4999" in lines and stat.S_IMODE(history.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"\0\0\0", b"\xff\xfe\n" * 10, b"no end", b"p 1\n" * 400000],
                         ids=["zeros", "not UTF-8", "no line end", "long"])
def test_a_history_that_is_none(terminal, tmp_path, content):
    (tmp_path / ".pyreplay_history").write_bytes(content)
    one = terminal()
    assert one.ask("p 'alive'").strip() == "'alive'"
    one.leave()


def test_a_history_that_cannot_be_written(terminal, tmp_path):
    (tmp_path / ".pyreplay_history").mkdir()
    one = terminal()
    assert one.ask("p 'alive'").strip() == "'alive'"
    one.leave()


# --- ~/.pyreplayrc ---


def test_rc_of_strangers_is_not_read(terminal, nested, tmp_path):
    beside = nested.parent
    for name in (".pyreplayrc", ".editrc"):
        (beside / name).write_text("p 'stranger'\n" if name == ".pyreplayrc" else "bind ^T\n")
    for home in (tmp_path, "", ".", "relative"):
        one = terminal(home=home, cwd=beside)
        assert "stranger" not in one.opening
        one.leave()
        assert not (beside / ".pyreplay_history").exists()


def test_rc_that_others_may_write(terminal, tmp_path):
    rc = tmp_path / ".pyreplayrc"
    rc.write_text("p 'ran'\n")
    os.chmod(rc, 0o666)
    assert "'ran'" not in terminal().opening and "is not read" in terminal().opening
    os.chmod(rc, 0o644)
    assert "'ran'" in terminal().opening
    assert "'ran'" not in terminal(options=["--no-rc"]).opening


def test_rc_says_which_line_failed_and_goes_on(terminal, tmp_path):
    (tmp_path / ".pyreplayrc").write_text("# mine\n\np nothing_of_that_name\ngoto 5\ns\n")
    one = terminal()
    assert "(~/.pyreplayrc, line 3)" in one.opening and one.seq == 6
    one.ask("")
    assert one.seq == 6  # an empty line does not repeat the file's step
    one.leave()


# --- Completion ---


def test_completion_of_what_is_nested(terminal):
    one = terminal()
    one.tab("p wanted.pri", "ce")
    one.tab("p table['fi", "rst']")
    one.tab('p table["sec', 'ond"]')
    one.tab("p table['second']['inner'].na", "me")
    one.tab("p rows[0].pa", "rts")
    one.tab("p rows[0].parts['left", "side']")
    one.tab("p rows[0].parts['right'][0].pr", "ice")
    one.tab('p rows[0].parts["it', "'s\"]")
    one.tab("p len(wanted.pa", "rts")
    one.tab("p 1 + wan", "ted")
    one.tab("p [wanted.pr", "ice")
    one.tab("up;; p wanted.na", "me")
    one.tab("watch wanted.pri", "ce")
    one.tab("display wanted.na", "me")
    one.tab("p 1 + sort", "ed")
    one.tab("p enumer", "ate")
    one.tab("hist", "ory")
    one.tab("catch Attr", "ibuteError")
    one.tab("help expre", "ssions")
    one.tab("b loo", "k")
    one.tab("b Item.__i", "nit__")
    one.leave()


def test_completion_lists_what_there_is(terminal):
    one = terminal()
    one.child.send("p rows[0].parts[\t\t")
    one.child.expect(r"'left side'\] +'right'\] +7\]|7\] +'left side'\]|'left side'\]")
    one.empty()
    one.child.send("p wanted.\t\t")
    one.child.expect("name +parts +price")
    one.empty()
    one.child.send("p 'wan\t")  # in a text there is nothing to complete
    one.child.send("'\r")
    one.child.expect_exact("'wan'\r\n")
    one.prompt()
    one.leave()


@pytest.mark.parametrize("line", [
    "p ]]]].", "p [[[[[", "p " + "[" * 100 + "wan", "p '\\", "p ((((", "p a.b.c.", "p wanted..",
    "p wanted.parts[", "p rows[99].", "p rows[0", "p table['", "p {", "p \"" + "x" * 300, "p table[rows[",
    "p f(1).", "p 5.", "p wanted .pr", ";;;;", "!", "! wan", "p lambda: x."])
def test_completion_of_anything_harms_nothing(terminal, line):
    one = terminal()
    one.child.send(line + "\t\t\t")
    one.child.send("\x03")
    one.is_alive()
    one.leave()


# --- Answers ---


def test_mistyped(terminal):
    one = terminal()
    for line, said in [("brek 12", "did you mean: break"), ("brk 3", "did you mean: break"), ("histroy x", "did you mean: history"),
                       ("locls", "did you mean: locals"), ("help lastt", "did you mean: help last"),
                       ("contin", "did you mean: continue")]:
        assert said in one.ask(line), line
    assert "did you mean" not in one.ask("rows")
    assert "did you mean" not in one.ask("rowz")
    one.leave()
    for word, said in [("inof", "did you mean: pyreplay info"), ("dmup", "pyreplay dump")]:
        done = run.pyreplay(word, "some.pyrec")
        assert done.status == 2 and said in done.message, done


def test_help_fits_a_screen_and_topics_say_more(nested):
    def ask(*lines):
        return run.pyreplay("--batch", *[w for line in lines for w in ("-c", line)], nested).text

    overview = ask("help")
    assert len(overview.splitlines()) < 40 and all(len(line) <= 80 for line in overview.splitlines())
    everything = ask("help all")
    names = re.findall(r"^  ([a-z-]+)", everything, re.M)
    assert len(names) > 40 and all(re.search(r"\b%s\b" % name, overview) for name in names)
    topics = re.search(r"on each:\s+(.*)\.", overview)[1].split(", ")
    assert len(topics) == 8
    for topic in topics[:6]:
        assert ask("help " + topic).rstrip() in everything
    examples = re.findall(r"^  (.+?)   ", ask("help expressions"), re.M)
    assert len(examples) >= 7
    for example in examples:
        said = run.pyreplay("--batch", "-c", "p " + example.replace("]  ", "]"), nested).message
        assert "syntax" not in said and "expected" not in said, said


# --- Paging ---


def without_less(**more):
    return dict({"PAGER": "", "PATH": "/nonexistent"}, **more)


@pytest.mark.parametrize("pager", ["no-such-pager -R", "/no/such/pager"])
def test_a_pager_that_is_not_there(terminal, pager):
    one = terminal(rows=12, **without_less(PAGER=pager))
    one.child.send("help all\r")
    one.child.expect("-- more")
    one.child.send("q")
    one.prompt()
    one.leave()


def test_our_own_pager(terminal):
    one = terminal(rows=12, **without_less())
    one.child.send("help all\r")
    one.child.expect("-- more: space, Enter .a line., q .no more. --")
    first = one.child.before
    assert len(first.splitlines()) <= 13
    one.child.send("\r")
    one.child.expect("-- more")
    assert len(SEQUENCE.sub("", one.child.before).strip().splitlines()) <= 2
    one.child.send(" ")
    one.child.expect("-- more")
    assert 8 <= len(one.child.before.splitlines()) <= 13
    one.child.send("q")
    one.prompt()
    assert one.ask("p 'alive'").strip() == "'alive'"
    one.child.send("help all\r")
    one.child.expect("-- more")
    one.child.send("\x03")  # Ctrl-C leaves it, too
    one.prompt()
    assert one.ask("help q").strip().startswith("quit")
    one.leave()


def test_our_own_pager_counts_long_lines(terminal):
    one = terminal(rows=12, columns=60, **without_less())
    one.child.send("expand 'wide ' * 400\r")
    one.child.expect("-- more")
    assert 500 < len(one.child.before) < 60 * 13
    one.child.send("q")
    one.prompt()
    one.leave()


# --- Signals ---

LONG = "def f(n):\n    t = 0\n    for i in range(n):\n        t += i\n    return t\nf(300000)\n1/0\n"


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    return cli_recordings.record(tmp_path_factory.mktemp("long"), LONG, "long", status=1)


def test_ctrl_c_in_a_long_search(terminal, long):
    one = terminal(long)
    where = one.seq
    one.ask("b 4, " + " + ".join(["t * i // 3"] * 30) + " < 0")
    one.child.send("rc\r")
    one.child.expect(r"searching: \d+ %")
    one.child.send("\x03")
    before = time.monotonic()
    text = one.prompt()
    assert time.monotonic() - before < 5
    assert "interrupted" in text and one.seq == where
    assert one.ask("p 5").strip() == "5"
    one.leave()


def test_ctrl_z(nested, tmp_path):
    shell = pexpect.spawn("/bin/bash", ["--norc", "--noediting", "-i"], encoding="utf-8", timeout=20,
                          dimensions=(30, 100), env=run.clean_environment(
                              {"HOME": str(tmp_path), "TERM": "xterm", "PAGER": "cat", "PS1": "shell$ ",
                               "NO_COLOR": "1"}))
    shell.expect_exact("shell$ ")
    shell.send("%s %s\n" % (run.PYREPLAY, nested))
    shell.expect(PROMPT)
    shell.send("p 'before ")
    shell.expect("before")
    shell.send("\x1a")
    shell.expect("Stopped")
    shell.expect_exact("shell$ ")
    shell.send("echo $((6 * 7))\n")
    shell.expect("42")
    shell.send("fg\n")
    shell.expect(PROMPT + "p 'before ")
    shell.send("and after'\r")
    shell.expect_exact("'before and after'\r\n")
    shell.expect(PROMPT)
    shell.send("q\r")
    shell.expect_exact("shell$ ")
    shell.send("stty -a | grep -o -- '-\\?icanon'\n")
    shell.expect("\r\nicanon")
    shell.close(force=True)


# --- Odd terminals ---


def test_twenty_columns(terminal):
    one = terminal(columns=20, rows=30)
    for line in ["locals", "w", "l", "pp wanted", "p table", "help s", "rn", "exceptions", "threads",
                 "info", "display wanted.name", "dis"]:
        one.ask(line)
    one.child.send("p wanted.\t\t")
    one.child.expect("price")
    one.empty()
    one.is_alive()
    one.leave()


@pytest.mark.parametrize("locale", ["C", "POSIX", "de_DE.ISO-8859-1", "no_such"])
def test_terminals_without_utf_8(terminal, locale):
    one = terminal(LC_ALL=locale, columns=60)
    assert one.ask("p 'h\\u00e9 \\u20ac \\U0001f600'").strip() == r"'h\xe9 \u20ac \U0001f600'"
    text = one.ask("locals")
    assert "..." in text and "\u2026" not in text and all(ord(c) < 127 for c in text)
    one.leave()


@pytest.mark.parametrize("locale", ["xx_YY.UTF-8", "xx_YY.utf8", "C.UTF-8"])
def test_a_locale_that_is_not_installed(terminal, locale):
    one = terminal(LC_ALL=locale)
    assert one.ask("p 'h\\u00e9 \\u20ac'").strip().endswith("'h\u00e9 \u20ac'")
    one.leave()


@pytest.mark.parametrize("term", ["", "dumb", "no-such-terminal", "vt100"])
def test_terminals_of_little_skill(terminal, term):
    one = terminal(TERM=term, NO_COLOR="")
    assert ("\x1b[1m" in one.opening) == (term in ("vt100", "no-such-terminal"))
    assert one.is_alive() is not None
    one.child.send("q\r")
    one.child.expect(pexpect.EOF)


def test_a_very_long_line(terminal):
    one = terminal()
    one.child.send("p len('" + "0123456789" * 300)
    one.child.send("')\r")
    one.child.expect_exact("\n3000\r\n")
    one.prompt()
    one.leave()


def test_wide_characters(terminal, tmp_path):
    recording = cli_recordings.record(
        tmp_path, "def f():\n    wide = '\u6f22\u5b57' * 200\n    flat = 'e\u0301' * 200\n    1/0\nf()\n", "wide")
    one = terminal(recording, columns=60)
    import unicodedata

    def columns(line):
        return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
                   for c in line)
    lines = [line for line in one.ask("locals").splitlines() if " = " in line]
    assert len(lines) == 2 and all(50 < columns(line) <= 60 for line in lines), lines
    one.leave()


def test_nothing_recorded_acts_on_the_terminal(terminal, tmp_path):
    recording = cli_recordings.record(tmp_path, cli_recordings.HOSTILE, "hostile", status=1)
    one = terminal(recording, PAGER="cat")
    said = [one.opening]
    for line in ["locals", "w", "ll", "l", "globals", "info", "threads", "exceptions", "pp evil", "p evil",
                 "p space", "pp space", "expand space", "rn", "rf", "s", "u", "locals", "display evil", "s",
                 "b f", "rc", "history evil", "last evil", "p evil.nothing", "p space['no']", "dis"]:
        said.append(one.ask(line))
    one.child.send("p ev\t\x15p space[\t\tb \t\t\x03")
    said.append(one.is_alive())
    text = "".join(said)
    for harmful in ("\x1b]", "\x1b[2J", "\x1b[31m", "\x1b[41m", "\x9b", "\u202e", "\u2028", "\x07owned"):
        assert harmful not in text, (harmful, text)
    assert r"\x1b]0;owned" in text
    one.leave()


def test_without_a_terminal_there_is_no_decoration(nested, tmp_path):
    done = subprocess.run([run.PYREPLAY, nested], input=b"locals\np wanted.price\nq\n",
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20,
                          env=run.clean_environment({"HOME": str(tmp_path), "TERM": "xterm"}))
    assert done.returncode == 0 and b"\x1b" not in done.stdout + done.stderr
    assert b"\n3\n" in done.stdout and not (tmp_path / ".pyreplay_history").exists()
