"""The prompt itself, through a pseudo-terminal."""
import re

import cli_recordings
import pexpect
import pytest
from cli_terminal import Terminal


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    return cli_recordings.record(folder, cli_recordings.SHOP, "shop", status=1)


@pytest.fixture
def terminal(shop, tmp_path):
    opened = []

    def open_one(recording=shop, **options):
        opened.append(Terminal(recording, tmp_path, **options))
        return opened[-1]

    yield open_one
    for one in opened:
        one.child.close(force=True)


def test_session(terminal):
    one = terminal()
    assert "Ended with status 1 by KeyError: 'bob'" in one.opening and "Try" in one.opening
    at_failure = one.seq
    one.ask("rn")
    text = one.ask("rn")
    assert one.seq < at_failure and "amount = total(cart.items, 2)" in text
    assert one.ask("p cart.owner").strip() == "'bob'"
    one.leave()


def test_an_empty_line_repeats_a_step_and_nothing_else(terminal):
    one = terminal()
    one.ask("goto 1")
    one.ask("s")
    before = one.seq
    one.ask("")
    assert one.seq == before + 1
    one.ask("p 1")
    assert one.ask("").strip() == ""
    assert one.seq == before + 1


def test_completion(terminal):
    one = terminal()

    tab = one.tab
    tab("reverse-c", "ontinue")
    tab("p amo", "unt")
    tab("b Cart.__i", "nit__")
    tab("b sho", "p.py")
    tab("p cart.own", "er")
    tab("goto fai", "lure")
    tab("help longl", "ist")
    one.child.send("p ca\t")
    one.child.expect("rt")
    one.child.send(".\t\t")
    one.child.expect(r"items +owner")
    one.child.send("\x15")
    one.leave()


def test_history_is_kept(terminal, tmp_path):
    one = terminal()
    one.ask("p cart.items[1]")
    one.leave()
    assert "cart.items" in (tmp_path / ".pyreplay_history").read_text().replace("\\040", " ")
    two = terminal()
    two.child.send("\x1b[A\x1b[A")  # up: the quit, then the question
    two.child.expect(re.escape("p cart.items[1]"))
    two.child.send("\r")
    assert "('jam', 5)" in two.prompt()
    two.leave()


def test_ctrl_c_at_the_prompt_begins_a_new_line(terminal):
    one = terminal()
    one.child.send("p 1 + nonsense")
    one.child.expect("nonsense")
    one.child.send("\x03")
    one.prompt()
    assert one.ask("p 7").strip() == "7"
    one.child.send("\x03")
    one.prompt()
    assert one.ask("p 8").strip() == "8"
    one.leave()


def test_ctrl_d_leaves(terminal):
    one = terminal()
    one.child.send("\x04")
    one.child.expect(pexpect.EOF)
    one.child.close()
    assert one.child.exitstatus == 0


def test_ctrl_c_in_a_long_search_comes_back(terminal, tmp_path):
    recording = cli_recordings.record(
        tmp_path, "def f(n):\n    t = 0\n    for i in range(n):\n        t += i\n    return t\nf(400000)\n1/0\n",
        "long", status=1)
    one = terminal(recording)
    where = one.seq
    one.ask("b 4, t < 0")
    one.child.send("rc\r")
    import time
    time.sleep(0.15)
    one.child.send("\x03")
    text = one.prompt()
    if "interrupted" in text:
        assert one.seq == where
    assert one.ask("p 5").strip().endswith("5")
    one.leave()


def test_colour_only_where_it_is_wanted(terminal):
    assert "\x1b[1m" in terminal(NO_COLOR="").opening
    assert "\x1b[1m" not in terminal(NO_COLOR="1").opening
    assert "\x1b[1m" not in terminal(NO_COLOR="", TERM="dumb").opening


def test_long_output_is_paged(terminal, tmp_path):
    log = tmp_path / "paged"
    one = terminal(rows=12, PAGER="tee %s | tail -n 2" % log)
    assert not log.exists()
    one.ask("help step")
    assert not log.exists()
    text = one.ask("help")
    assert "reverse-continue" in log.read_text() and "reverse-continue" not in text
    one.leave()


def test_a_pager_that_is_left_early_harms_nothing(terminal, tmp_path):
    one = terminal(rows=8, PAGER="head -n 1")
    one.ask("help")
    assert one.ask("p 3").strip() == "3"
    one.leave()


def test_a_value_of_a_million_characters(terminal, tmp_path):
    recording = cli_recordings.record(
        tmp_path, "x = ['%04090d' % i for i in range(256)]\ny = 'z' * 3000\n"
        "def f():\n    a = x\n    1/0\nf()\n", "wide")
    one = terminal(recording, PAGER="wc -c")
    assert len(one.opening.splitlines()) < 40
    text = one.ask("p a")
    assert len(text) < 2000 and "(folded: pp a unfolds it, expand a shows all)" in text
    text = one.ask("expand a")
    assert int(text.split()[0]) > 1000000 and one.ask("p len(y)").strip() == "3000"
    assert len(one.ask("p y[:2000]")) < 1500
    assert len(re.sub(r"\s", "", one.ask("expand y[:2000]"))) == 2002
    text = one.ask("pp a")
    assert "# a[0]" in text and "236 more: pp a[20:]" in text
    assert all(len(line) <= 100 for line in text.splitlines()), text
    assert one.ask("p a[19][:5]").strip() == "'00000'"
    locals_ = one.ask("locals")
    assert all(len(line) <= 100 for line in locals_.splitlines()), locals_
    one.leave()


def test_resize(terminal):
    one = terminal(columns=100)
    one.child.send("p 'half")
    one.child.expect("half")
    one.child.setwinsize(40, 50)
    one.prompt()  # the line is drawn anew, and goes on
    one.child.send(" typed'\r")
    assert "'half typed'" in one.prompt()
    text = one.ask("locals")
    assert all(len(line) <= 50 for line in text.splitlines())
    assert one.ask("p 'still here'").strip() == "'still here'"
    one.leave()


def test_unicode_is_typed_and_shown(terminal):
    one = terminal()
    assert one.ask("p 'h\u00e9 \U0001f600'").strip().endswith("'h\u00e9 \U0001f600'")
    one.leave()


def test_rc_file_runs_first(terminal, tmp_path):
    (tmp_path / ".pyreplayrc").write_text("# mine\ndisplay cart.owner\n")
    one = terminal()
    assert "1: cart.owner = 'bob'" in one.opening
    one.leave()


def test_errors_at_the_prompt_point_at_the_place(terminal):
    one = terminal()
    text = one.ask("p cart.owner + nothere")
    lines = text.splitlines()
    assert "nothere" in lines[0] and lines[1] == "  cart.owner + nothere"
    assert lines[2].strip() == "^" and lines[2].index("^") == lines[1].index("nothere")
    one.leave()
