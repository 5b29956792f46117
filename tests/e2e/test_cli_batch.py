"""The debugger's commands, one by one, through --batch -c."""
import re

import cli_recordings
import pytest
import run


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    return cli_recordings.record(folder, cli_recordings.SHOP, "shop", status=1)


@pytest.fixture(scope="module")
def threads(tmp_path_factory):
    folder = tmp_path_factory.mktemp("threads")
    return cli_recordings.record(folder, cli_recordings.THREADS, "threads", status=0)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    return cli_recordings.record(folder, cli_recordings.HOSTILE, "hostile", status=1)


def ask(recording, *commands, status=0):
    """What each command printed; all of them in one session."""
    words = []
    for command in commands:
        words += ["-c", command, "-c", "p '----'"]
    done = run.pyreplay("--batch", *words, recording)
    assert done.status == status, done
    parts = done.text.split("'----'\n")
    assert parts.pop() == "", done
    return parts


def refused(recording, *commands):
    words = [word for command in commands for word in ("-c", command)]
    done = run.pyreplay("--batch", *words, recording)
    assert done.status == 1, done
    return done.message.rstrip("\n").split("\n")[-1]


def seq_of(recording, **facts):
    """Numbers of the events with these facts."""
    return [e["seq"] for e in run.dump(recording) if all(e.get(k) == v for k, v in facts.items())]


def test_opens_at_the_failure(shop):
    where, value = ask(shop, "w", "p cart.owner")
    assert re.search(r"^-> .*shop\.py:21 .*report\(\).*label = names\[cart\.owner\]$", where, re.M), where
    assert [line.split()[0] for line in where.splitlines()][:-1] != []
    assert value == "'bob'\n"


def test_print_is_exactly_the_value(shop):
    assert ask(shop, "p amount", "amount", "!amount", "print(amount)", "p cart.items[0]") == [
        "30\n", "30\n", "30\n", "30\n", "('tea', 3)\n"]


def test_opens_at_the_first_line_after_success(threads):
    stop, = ask(threads, "w")
    assert "threads.py:1" in stop and "import threading" in stop


def first_line(text):
    return text.splitlines()[0]


def test_step_and_back(shop):
    first = seq_of(shop, event="line", line=1)[0]
    start, one, two, back, again = ask(shop, "goto %d" % first, "s", "s", "rs", "rs")
    assert ask(shop, "goto start")[0].startswith("Start of the recording")
    for text in (one, two, back):
        assert re.match(r"(Step|Back): \S*shop\.py:\d+ in ", text), text
    assert first_line(back).split(": ", 1)[1] == first_line(one).split(": ", 1)[1]
    assert first_line(again).split(": ", 1)[1] == first_line(start).split(": ", 1)[1]


def test_counts(shop):
    assert first_line(ask(shop, "goto 3", "s 7")[1]) == first_line(ask(shop, "goto 9", "s")[1])
    assert "takes a count, 1 or more" in refused(shop, "s x")
    assert "takes a count, 1 or more" in refused(shop, "s 0")
    assert "p n = 3" in refused(shop, "r = 3") or "p r = 3" in refused(shop, "r = 3")


def test_next_stays_in_the_frame_and_step_goes_in(shop):
    call = seq_of(shop, event="line", line=27)[0]
    nexted, stepped = ask(shop, "goto %d" % call, "n")[1], ask(shop, "goto %d" % call, "s")[1]
    assert "shop.py:28" in nexted and "<module>" in nexted
    assert "shop.py:6" in stepped and "Cart.add()" in stepped and "called with" in stepped
    assert "name='tea'" in stepped and "price=3" in stepped


def test_return_and_call_of_this_frame(shop):
    inside = seq_of(shop, event="line", line=15)[0]
    _, r, value, rf, args = ask(shop, "goto %d" % inside, "r", "p result", "rf", "a")
    assert "Return: " in r and "returns 16" in r and value == "16\n"
    assert rf.startswith("Call: ") and "shop.py:11 in total()" in rf and "rate=2" in rf
    assert "rate" in args and "items" in args and "result" not in args


def test_until_leaves_the_loop(shop):
    loop = seq_of(shop, event="line", line=15)[0]
    assert "shop.py:16" in ask(shop, "goto %d" % loop, "unt 16")[1]
    assert "shop.py:16" in ask(shop, "goto %d" % loop, "until")[1]


def test_goto(shop):
    last = run.info(shop)["events"]
    shown = ask(shop, "goto 5", "goto +3", "goto -2", "goto end", "goto failure", "goto start",
                "goto +99999999", "goto -99999999")
    assert shown[3].startswith("End of the recording") and shown[5].startswith("Start of the")
    assert shown[4].startswith("Failure: ") and "raises KeyError: 'bob'" in shown[4]
    assert first_line(shown[6]) == first_line(shown[3]) and first_line(shown[7]) == first_line(shown[5])
    assert "there is no event %d; they are 1 to %d" % (last + 1, last) in refused(
        shop, "goto %d" % (last + 1))
    assert "A number, +N" in refused(shop, "goto nowhere")
    assert "there is no event 99999999999999999999999" in refused(shop, "goto 99999999999999999999999")


def test_goto_failure_where_there_is_none(threads):
    assert "did not end by an exception" in refused(threads, "goto failure")


def test_both_ends_say_so(shop):
    for move in ("s", "n", "c", "r"):
        assert "after this" in ask(shop, "goto end", move)[1]
    for move in ("rs", "rn", "rc", "rf"):
        assert "before this" in ask(shop, "goto start", move)[1]


def test_breakpoints_both_ways(shop):
    made, first, second, back, end = ask(shop, "b shop.py:16", "rc", "rc", "c", "c")
    assert made == "Breakpoint 1 at shop.py:16: the run comes by 2 times\n"
    assert first.startswith("Breakpoint 1: ") and second.startswith("Breakpoint 1: ")
    assert first.splitlines()[0] == back.splitlines()[0] != ""
    assert "Breakpoint 1" not in end


def test_breakpoint_on_a_function_with_a_condition(shop):
    made, _, stop, value, listed = ask(
        shop, "b Cart.add, price > 4", "goto start", "c", "p name", "b")
    assert "Cart.add()" in made and "3 times" in made
    assert stop.startswith("Breakpoint 1") and "Cart.add()" in stop
    assert value == "'jam'\n"
    assert "only if price > 4" in listed


def test_breakpoint_management(shop):
    shown = ask(shop, "b 16", "tbreak total", "disable 1", "b", "enable 1", "condition 1 rate == 3",
                "b", "condition 1", "cl 2", "b", "cl", "b")
    assert "disabled" in shown[3] and "once" in shown[3]
    assert "only if rate == 3" in shown[6] and "disabled" not in shown[6]
    assert "stops always" in shown[7]
    assert "total" not in shown[9] and "1  " in shown[9]
    assert "No breakpoints" in shown[11]


def test_temporary_breakpoint_stops_once(shop):
    _, _, first, second = ask(shop, "tbreak total", "goto start", "c", "c")
    assert first.startswith("Breakpoint 1 (temporary)")
    assert "Breakpoint" not in second


def test_breakpoint_that_can_never_stop_says_so(shop):
    assert "shop.py" in refused(shop, "b shop.py:5")  # an empty line
    assert "nothere.py" in refused(shop, "b nothere.py:3")
    assert "no_such_function" in refused(shop, "b no_such_function")
    assert refused(shop, "b 16, price >").startswith("pyreplay: b: ")
    assert "never" not in ask(shop, "b 16")[0]


def test_a_line_that_the_run_never_reached(tmp_path):
    recording = cli_recordings.record(tmp_path, "x = 1\nif x > 2:\n    x = 3\nx = 4\n", "never")
    assert ask(recording, "b 3")[0] == "Breakpoint 1 at never.py:3: the run never came by\n"


def test_up_and_down(shop):
    up, name, down, again = ask(shop, "u", "p cart.owner", "d", "p amount")
    assert "shop.py:36" in up and up.startswith("-> ") and name == "'bob'\n"
    assert "shop.py:21" in down and again == "30\n"
    assert "newest frame" in refused(shop, "d")
    assert "oldest frame" in refused(shop, "u 99", "u")


def test_list(shop):
    listed, further, ranged, here, func = ask(shop, "l", "l", "l 1, 3", "l .", "l total")
    assert re.search(r"^->\s+21\s+label = names\[cart\.owner\]$", listed, re.M)
    numbers = [int(line.replace("->", " ").split()[0]) for line in listed.splitlines()]
    assert numbers == list(range(16, 27))
    assert further.split()[0] == "27"
    assert len(ranged.splitlines()) == 3 and "class Cart:" in ranged
    assert here == listed
    assert "def total(items, rate):" in func
    assert "the file ends at line 36" in refused(shop, "l 500")


def test_longlist_is_the_function(shop):
    text, = ask(shop, "ll")
    lines = text.splitlines()
    assert "def report(cart):" in lines[0] and "return label, amount" in lines[-1]


def test_what_changed_since_the_last_stop(shop):
    first = seq_of(shop, event="line", line=15)[0]
    _, step, _ = ask(shop, "goto %d" % first, "n", "n")
    assert re.search(r"^   result = 6  \(was 0\)$", step, re.M), step
    _, back = ask(shop, "goto %d" % (first + 1), "rn")
    assert re.search(r"^   result = 0  \(was 6\)$", back, re.M), back


def test_locals_and_globals(shop):
    local, glob = ask(shop, "locals", "globals")
    assert re.search(r"^   amount = 30$", local, re.M) and "cart" in local
    assert "names" in glob and "{'ann': 'Ann'}" in glob


def test_display(shop):
    shown = ask(shop, "goto %d" % seq_of(shop, event="line", line=15)[0], "display result", "n",
                "display", "undisplay 1", "n")
    assert shown[1] == "   1: result = 0\n"
    assert "1: result = 6  (was 0)" in shown[2]
    assert shown[3] == "   1: result = 6\n"
    assert "1: result" not in shown[5]


def test_exceptions(shop):
    text, = ask(shop, "exceptions")
    assert "ValueError: invalid literal for int() with base 10: 'x'" in text
    assert "KeyError: 'bob'" in text and "not caught" in text
    assert text.index("ValueError") < text.index("KeyError")
    assert "caught there" in text


LIBRARY = """\
import string
print(string.Template("$greeting, $name").safe_substitute(name="bob"))
raise ValueError("mine")
"""


def test_exceptions_that_a_library_catches_itself(tmp_path):
    recording = cli_recordings.record(tmp_path, LIBRARY, "library", status=1)
    own, every = ask(recording, "exceptions", "exceptions all")
    assert "ValueError: mine" in own and "KeyError" not in own
    assert "ValueError: mine" in every and "KeyError: 'greeting'" in every


def test_last_goes_to_the_write(shop):
    text, where = ask(shop, "last cart.owner", "w")
    assert "cart.owner: 'ann' -> 'bob'" in text
    assert "shop.py:34" in text and 'cart.owner = "bob"' in where


def test_last_again_keeps_to_the_object(shop):
    """In __init__ the name is `self`; the question is still about the same object."""
    first, second = ask(shop, "last cart.owner", "last cart.owner")
    assert "shop.py:34" in first and "shop.py:3" in second and "-> 'ann'" in second
    assert "no write of cart.owner" in refused(shop, *["last cart.owner"] * 3)


def test_last_of_what_a_call_gave_shows_the_calling_line(shop):
    """`amount = total(...)`: the event before the write is inside total()."""
    text, rn = ask(shop, "last amount", "p cart.owner")
    assert re.search(r"^Written: \S*shop\.py:20 in report\(\), after total\(\) returned", text, re.M), text
    assert re.search(r"^->\s+20\s+amount = total", text, re.M) and rn == "'bob'\n"


def test_watch_stops_where_it_changes_both_ways(shop):
    made, back, first, none, forward, gone = ask(
        shop, "watch cart.owner", "rc", "rc", "rc", "c", "unwatch 1")
    assert made.startswith("Watchpoint 1: cart.owner")
    assert "cart.owner: 'ann' -> 'bob'" in back and "Watchpoint 1: " in back
    assert "-> 'ann'" in first and "Cart.__init__()" in first
    assert "Start of the recording" in none
    assert "-> 'ann'" in forward
    assert "no watchpoint" in refused(shop, "unwatch 7")


def test_history(shop):
    seq = seq_of(shop, event="return", function="total")[0]
    _, text = ask(shop, "goto %d" % seq, "history result")
    values = [line.split()[-1] for line in text.splitlines()]
    assert values == ["0", "6", "16"]
    assert all("shop.py:1" in line for line in text.splitlines())


def test_history_names_the_calling_line(shop):
    text, = ask(shop, "history amount")
    assert re.search(r"shop\.py:20  report\(\) +30$", text, re.M), text


def test_threads(threads):
    stop, = ask(threads, "threads")
    assert "->  1" in stop and "not begun yet" in stop
    assert "ended" in ask(threads, "goto end", "threads")[1]
    inside = seq_of(threads, event="line", function="worker", line=8)[0]
    there, listed, main, _, name, step = ask(
        threads, "goto %d" % inside, "threads", "thread 1", "u 99", "p ready", "s")
    assert re.search(r"^-> \s*2\s+.*worker\(\)$", listed, re.M), listed
    assert main.startswith("->  1") and "Event" in name
    assert "threads.py" in step or "threading.py" in step
    assert "there is no thread 99" in refused(threads, "thread 99")


def test_pp_breaks_long_values(tmp_path):
    recording = cli_recordings.record(
        tmp_path, "big = {'key%d' % i: list(range(i, i + 12)) for i in range(9)}\n1/0\n", "big")
    text, = ask(recording, "pp big")
    lines = text.splitlines()
    assert lines[0].startswith("{'key0': [0, 1,") and lines[1].startswith(" 'key1': [1, 2,")
    assert lines[-1].endswith("]}") and len(lines) == 9
    import ast
    assert ast.literal_eval(text) == {"key%d" % i: list(range(i, i + 12)) for i in range(9)}


def test_expressions_that_fail_point_at_it(shop):
    assert "nothere" in refused(shop, "p cart.owner + nothere")
    assert "(column " in refused(shop, "p cart.owner +")
    assert refused(shop, "zzz").startswith("pyreplay: ")


@pytest.mark.parametrize("command,word", [
    ("jump 3", "goto"), ("run", "goto start"), ("interact", "p EXPR"), ("commands 1", "--batch"),
    ("debug total(1, 2)", "s steps"), ("amount = 3", "cannot be changed"), ("set x", "cannot be changed"),
    ("restart", "goto start"), ("import os", "nothing is executed"),
])
def test_what_would_run_or_change_says_why_not(shop, command, word):
    assert word in refused(shop, command)


def test_a_name_like_a_command_of_pdb_is_a_variable_first(tmp_path):
    recording = cli_recordings.record(tmp_path, "run = 5\nset = [1]\nn = 8\n1/0\n", "words")
    assert ask(recording, "run", "set", "p n", "!n", "run == 5") == ["5\n", "[1]\n", "8\n", "8\n", "True\n"]


def test_command_words_match_whole(tmp_path):
    recording = cli_recordings.record(tmp_path, "steps = 1\nnext_one = 2\np1 = 3\nl = [4]\n1/0\n", "whole")
    assert ask(recording, "steps", "next_one", "p1", "l[0]", "p l") == ["1\n", "2\n", "3\n", "4\n", "[4]\n"]


def test_several_commands_on_a_line(shop):
    text, = ask(shop, "p amount ;; p cart.owner")
    assert text == "30\n'bob'\n"
    text, = ask(shop, "p 'a;;b'")
    assert text == "'a;;b'\n"


def test_batch_goes_on_after_a_failure_and_remembers_it(shop):
    done = run.pyreplay("--batch", "-c", "p nothere", "-c", "p amount", shop)
    assert done.status == 1 and done.text == "30\n", done
    line, = done.message.splitlines()
    assert line.startswith("pyreplay: p: ") and "nothere" in line


def test_batch_quits(shop):
    done = run.pyreplay("--batch", "-c", "q", "-c", "p amount", shop)
    assert (done.status, done.text) == (0, "")


def test_batch_reads_commands_from_standard_input(shop):
    done = run.pyreplay("--batch", shop, stdin=b"p amount\n\n# a comment\nu\np cart.owner\n")
    assert done.status == 0 and done.text.startswith("30\n") and done.text.endswith("'bob'\n"), done


def test_echo_reads_like_a_session(shop):
    done = run.pyreplay("--batch", "--echo", "-c", "p amount", shop)
    assert re.fullmatch(r"\(event \d+/\d+ t1\) p amount\n30\n", done.text), done


def test_batch_reads_no_rc_file(shop, tmp_path):
    (tmp_path / ".pyreplayrc").write_text("p 'from rc'\n")
    done = run.pyreplay("--batch", "-c", "p 1", shop, env={"HOME": str(tmp_path)})
    assert done.text == "1\n"
    done = run.pyreplay(shop, stdin=b"q\n", env={"HOME": str(tmp_path)})
    assert "'from rc'\n" in done.text
    done = run.pyreplay("--no-rc", shop, stdin=b"q\n", env={"HOME": str(tmp_path)})
    assert "'from rc'\n" not in done.text


def test_info_topics(shop):
    info, line = ask(shop, "info", "info line")
    assert "command" in info and "Ended with status 1 by KeyError: 'bob'" in info
    assert line == "shop.py:21 ran 2 times in the whole run\n"
    assert "no topic" in refused(shop, "info nothing")


def test_every_command_has_help(shop):
    """And the example of each names a command that there is."""
    text, = ask(shop, "help all")
    names = re.findall(r"^  ([a-z-]+)", text, re.M)
    assert len(names) > 30 and "reverse-continue" in names
    for name in names:
        one, = ask(shop, "help " + name)
        form, rest = one.split("\n", 1)
        example = rest.split("Example:\n", 1)[1].split()[0]
        assert re.search(r"\b%s\b" % re.escape(example), form), one
    assert "there are no aliases" in ask(shop, "help alias")[0]
    assert "no command 'xyz'" in refused(shop, "help xyz")


def test_opening_screen(shop):
    done = run.pyreplay(shop, stdin=b"")
    text = done.text
    assert done.status == 0
    for part in ("shop.py", "Python 3", "events", "Ended with status 1 by KeyError: 'bob'", "Stack",
                 "-> ", "Source", "Locals of report()", "Try", "rn", "last cart.owner "):
        assert part in text, part
    assert len(text.splitlines()) <= 40


def test_output_is_the_same_everywhere(shop):
    """No colour, no escape, when the output is no terminal."""
    done = run.pyreplay(shop, stdin=b"w\nl\nlocals\n", env={"TERM": "xterm-256color"})
    assert b"\x1b" not in done.out


def test_nothing_recorded_reaches_the_terminal_raw(hostile):
    """Names of files, functions, variables, texts and source lines."""
    commands = ["w", "l", "ll", "locals", "args", "globals", "p evil", "p b", "pp a", "u", "locals", "p evil",
                "exceptions", "threads", "info", "b 2", "b", "rs", "rn", "rf", "history a", "help",
                "display a", "s", "s"]
    words = [word for c in commands for word in ("-c", c)]
    outputs = [run.pyreplay("--batch", *words, hostile), run.pyreplay(hostile, stdin=b"w\nlocals\n"),
               run.pyreplay("dump", hostile), run.pyreplay("dump", "--format", "jsonl", hostile),
               run.pyreplay("info", hostile), run.pyreplay("info", "--format", "json", hostile),
               run.pyreplay("verify", hostile)]
    for done in outputs:
        text = (done.out + done.err).decode("utf-8")  # strict: no lone surrogate either
        bad = [c for c in text if (c < " " and c != "\n") or "\x7f" <= c < "\xa0" or
               c in "\u202e\u2028\u2066\u061c"]
        assert not bad, (bad[:5], done)
    assert "\\x1b" in outputs[0].text and "\\u202e" in outputs[0].text
