"""`make bench-replay`: what the replayer takes on a recording of 100 million events.

    replay.py [--events 100M] [--recording FILE] [--only WORDS] [--out FILE.json] [--samples N]

Makes the recording when it is not there (BUILD/bench/bank-100M.pyrec, with pyrec-synth), asks
each question in a process of its own, cold (the file dropped from the page cache, nothing decoded)
and warm (again in the same process), checks the answer, and prints a table; the figures are in the
JSON file, too. `must` and `aim` are what DESIGN.md, section 8, demands. A row that has no must
is there to be watched.

Times within the core (a look, a step) come from tests/drivers/rp_bench.c; those of a question are
from the command's last byte to the answer's first (`first`) and last, through a pipe, as a person
would type it."""
import argparse
import json
import os
import re
import struct
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
PYREPLAY = os.path.join(BUILD, "bin", "pyreplay")
SYNTH = os.path.join(BUILD, "tests", "pyrec-synth")
DRIVER = os.path.join(BUILD, "tests", "rp_bench")
LINES = ["/usr/bin/stdbuf", "-oL"]  # each line at once, though it goes to a pipe
TIMEOUT = 120
MIB = 1 << 20


# --- The recording ---

def make_recording(events):
    folder = os.path.join(BUILD, "bench")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "bank-%s.pyrec" % events)
    facts = path + ".json"
    stale = [p for p in (path, facts) if not os.path.exists(p)
             or os.path.getmtime(p) < os.path.getmtime(SYNTH)]
    if stale:
        print("making %s ..." % path, flush=True)
        done = subprocess.run([SYNTH, path, "--events", events], check=True, stdout=subprocess.PIPE)
        with open(facts, "wb") as out:
            out.write(done.stdout)
    return path


def without_index(path):
    """A copy that ends where the index began, as after a kill."""
    copy = path + ".noindex"
    if not os.path.exists(copy) or os.path.getmtime(copy) < os.path.getmtime(path):
        with open(path, "rb") as file:
            file.seek(-9, os.SEEK_END)
            frames, descriptor, _ = struct.unpack("<IBI", file.read(9))
            entry = 12 if descriptor & 0x80 else 8
            file.seek(-9 - frames * entry, os.SEEK_END)
            table = file.read(frames * entry)
        end = sum(struct.unpack_from("<I", table, i * entry)[0] for i in range(frames - 2))
        subprocess.run(["/bin/cp", path, copy], check=True)
        os.truncate(copy, end)
    return copy


def forget(path):
    """Out of the page cache."""
    file = os.open(path, os.O_RDONLY)
    os.fsync(file)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(file)


# --- Processes ---

class Process:
    """One pyreplay, with its peak memory at the end."""
    timeout = TIMEOUT

    def __init__(self, *words):
        self.process = subprocess.Popen([*LINES, PYREPLAY, *words], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.late = threading.Timer(self.timeout, self.process.kill)
        self.late.start()

    def ask(self, command):
        """The answer, seconds to its first line and to its end."""
        begin = time.monotonic()
        first = None
        self.process.stdin.write(command.encode() + b"\np 'it is done'\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            first = first or time.monotonic() - begin
            line = line.decode("utf-8", "replace").rstrip("\n")
            if line == "'it is done'":
                return lines, first, time.monotonic() - begin
            lines.append(line)
        raise Late("no answer to %s: %s" % (command, "\n".join(lines)[-300:]))

    def read_all(self):
        begin = time.monotonic()
        self.process.stdin.close()
        first, lines = None, []
        for line in self.process.stdout:
            first = first or time.monotonic() - begin
            if len(lines) < 1000:
                lines.append(line.decode("utf-8", "replace").rstrip("\n"))
        return lines, first or time.monotonic() - begin, time.monotonic() - begin

    def end(self):
        self.late.cancel()
        if not self.process.stdin.closed:
            self.process.stdin.close()
        self.process.stdout.close()
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = status
        self.computing = usage.ru_utime + usage.ru_stime
        return usage.ru_maxrss * 1024


class Late(Exception):
    pass


# --- Rows ---

class Row:
    def __init__(self, name, must=None, aim=None):
        self.name, self.must, self.aim = name, must, aim  # seconds
        self.cold, self.warm = [], []  # seconds
        self.computing = []  # seconds of the processor: each time's (driver), the whole process's (questions)
        self.memory = 0  # bytes
        self.fault = None

    def verdict(self):
        if self.fault:
            return self.fault
        times = self.cold + self.warm
        if self.must is None or not times:
            return ""
        worst = percentile(times, 99)
        return "missed" if worst > self.must else "aim" if worst <= (self.aim or 0) else "ok"

    def as_json(self):
        return {"name": self.name, "must_s": self.must, "aim_s": self.aim, "cold_s": self.cold,
                "warm_s": self.warm, "computing_s": self.computing, "peak_bytes": self.memory, "verdict": self.verdict()}


def percentile(times, percent):
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def duration(seconds):
    for unit, size in (("s", 1), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return "%.3g %s" % (seconds / size, unit)
    return "%.2g us" % (seconds * 1e6)


def spread(times):
    if not times:
        return ""
    if len(times) <= 3:
        return duration(percentile(times, 50))
    return " / ".join(duration(percentile(times, p)) for p in (50, 99, 100))


def print_table(rows, out=sys.stdout):
    cells = [("what", "cold: p50 / p99 / worst", "warm: p50 / p99 / worst", "computing: p99", "peak MiB", "must", "aim", "")]
    cells += [(row.name, spread(row.cold), spread(row.warm),
               duration(percentile(row.computing, 99)) if row.computing else "", "%.0f" % (row.memory / MIB) if row.memory else "",
               duration(row.must) if row.must else "", duration(row.aim) if row.aim else "", row.verdict())
              for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    cells.insert(1, tuple("-" * width for width in widths))
    for line in cells:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |", file=out)


# --- The core, by its driver ---

def driver_rows(path, how, count, names, must=None, aim=None, cold=False):
    """One row for each thing that the driver measured and `names` lists."""
    forget(path)
    rows = []
    process = subprocess.Popen([DRIVER, path, how, str(count), "3"], stdout=subprocess.PIPE)
    late = threading.Timer(4 * Process.timeout, process.kill)
    late.start()
    for line in process.stdout:
        said = json.loads(line)
        if said.get("what") in names:
            name, row_must, row_aim = names[said["what"]]
            row = Row(name, row_must or must, row_aim or aim)
            (row.cold if cold else row.warm).extend(ns / 1e9 for ns in said["ns"])
            row.computing = [ns / 1e9 for ns in said["cpu_ns"]]
            rows.append(row)
    late.cancel()
    _, status, usage = os.wait4(process.pid, 0)
    for row in rows:
        row.memory = usage.ru_maxrss * 1024
    if status != 0:
        rows.append(Row(how))
        rows[-1].fault = "no answer"
    return rows


def core_rows(path, samples):
    yield from driver_rows(path, "open", max(5, samples // 10), {"open": ("open", .5, .05)})
    yield from driver_rows(without_index(path), "open", 2, {"open": ("open without its index", 5, 1)})
    yield from driver_rows(path, "fresh", samples // 4,
                           {"fresh": ("just opened: any event's screen", .02, .005)}, cold=True)
    yield from driver_rows(path, "goto", samples, {"goto": ("any event's screen", .02, .005)})
    over = {"s": ("s, within a chunk", .001, .0001), "rs": ("rs, within a chunk", .001, .0001),
            "s over a border": ("s, over its border", .005, None),
            "rs over a border": ("rs, over its border", .005, None)}
    yield from driver_rows(path, "step", samples, over)
    over = {"n": ("n, within a chunk or over many", .001, .0001), "rn": ("rn, likewise", .001, .0001),
            "n over a border": ("n, over a border", .005, None),
            "rn over a border": ("rn, over a border", .005, None)}
    yield from driver_rows(path, "next", samples, over)


# --- Questions at the prompt ---

def prompt_questions(facts):
    """(name, commands before, command, what the answer must match, must, aim)"""
    end, early = "goto %d" % facts["failure_seq"], "goto %d" % (facts["seed_seq"] + 5)
    posting = (1, .1)
    scan = (10, 3)
    lone, post = "bank.py:%d" % facts["breakpoint_line"], "bank.py:%d" % facts["post_line"]
    yield ("opening screen", [], "p 1", "1", .5, .05)
    yield ("goto 50%", [], "goto 50%", "bank.py", .2, .02)
    yield ("goto a time", [], "goto 1.5s", "bank.py", .2, .02)
    yield ("rc to a breakpoint 100 M back", [end, "b " + lone], "rc", "return bank.rate", *posting)
    yield ("c to a breakpoint 100 M ahead", ["goto start", "b bank.py:%d" % facts["raise_line"]], "c",
           "raise RuntimeError", *posting)
    yield ("rc to a function 100 M back", [end, "b calibrate"], "rc", "calibrate", *posting)
    yield ("b FILE:LINE, with hit counts", [], "b " + post, format(facts["posts"], ","), *posting)
    yield ("c to the next of 1.26 M hits", ["goto %d" % (facts["last_seq"] // 2), "b " + post], "c",
           "journal.append", .2, .02)
    for place in ("seed", "bank.rate", "bank.limits[2]", 'bank.settings["mode"]', "bank.ledger[17]",
                  "bank.ledger[999983]"):
        yield ("last %s, 100 M back" % place, [end], "last " + place, "calibrate|bank.py", *posting)
    yield ("last bank.journal[3], 91 M back", [end], "last bank.journal[3]", "bank.py", *posting)
    yield ("last served", [end], "last served", "bank.py", *posting)
    for place in ("bank.rate", "bank.ledger[17]"):
        yield ("next-write %s: none in 100 M" % place, [early, "up"], "next-write " + place, "no |not ", *posting)
    yield ("next-write bank.journal[1000000]", ["goto %d" % facts["first_post_seq"]],
           "next-write bank.journal[1000000]", "journal.append|no |not ", *posting)
    for place in ("bank.rate", "bank.ledger[17]", "bank.limits[2]"):
        yield ("watch %s, rc" % place, [end, "watch " + place], "rc", "bank.py", *posting)
        yield ("watch %s, c" % place, ["goto %d" % (facts["rate_seq"] - 5), "watch " + place], "c", "bank.py",
               *posting)
    yield ("watch bank.rate, c: no more for 100 M", [early, "up", "watch bank.rate"], "c", "End of|no ", *posting)
    yield ("history bank.rate", [end], "history bank.rate", "7", *posting)
    yield ("history bank.ledger[17]", [end], "history bank.ledger[17]", "4242", *posting)
    yield ("n over 41 M events", ["goto %d" % facts["workers_seq"], "n"], "n", "explore", *posting)
    yield ("rn back over them", ["goto %d" % facts["workers_seq"], "n", "n"], "rn", "worker", *posting)
    yield ("r to main's end", ["goto %d" % facts["workers_seq"]], "r", "raise RuntimeError", *posting)
    yield ("rf to main's call", [end], "rf", "def main", *posting)
    yield ("p len(bank.journal), bank.journal[-1], bank.ledger[99]", [end],
           "p len(bank.journal), bank.journal[-1], bank.ledger[99]", r"\(%d, \(" % facts["journal"], .2, .02)
    yield ("p sum(bank.ledger.values())", [end], "p sum(bank.ledger.values())", r"\d", *scan)
    yield ("c: a condition that never holds, 1.26 M hits", ["goto start", "b %s, amount == -1" % post], "c", "", *scan)
    yield ("rc: a condition that held once", [end, "b %s, order.number == 1 and bank.rate == 7" % post], "rc",
           "journal.append", *scan)
    yield ("c to a ValueError", ["goto start", "catch ValueError"], "c", "ValueError", *posting)
    yield ("rc to one", [end, "catch ValueError"], "rc", "ValueError", *posting)
    yield ("catch uncaught, c", ["catch uncaught", "goto start"], "c", "raise RuntimeError", *posting)
    yield ("catch uncaught", [], "catch uncaught", "the run has 1", *posting)
    yield ("exceptions 20", [end], "exceptions 20", "ValueError|RuntimeError", *posting)
    yield ("who bank.settings", [end], "who bank.settings", "settings", *scan)
    yield ("who an account", [end], "who bank.accounts[12345]", r"accounts\[12345\]|account", *scan)
    yield ("tree", [end], "tree", "main|module", *scan)
    yield ("next iteration of worker's loop", ["goto %d" % (facts["last_seq"] // 2), "b worker", "rc", "n"],
           "next-iteration", "", *posting)
    yield ("previous call of calibrate, 100 M back", [end], "previous-call calibrate", "calibrate", *posting)


def prompt_row(path, name, before, command, pattern, must, aim):
    row = Row(name, must, aim)
    forget(path)
    process = Process(path)
    try:
        if name == "opening screen":
            answer, _, took = process.ask("p 1")
            row.cold.append(took)
        else:
            process.ask("p 1")
            for word in before:
                process.ask(word)
            answer, _, took = process.ask(command)
            row.cold.append(took)
            for word in before:
                if not re.match("b |watch |catch ", word):
                    process.ask(word)
            if not command.startswith("b "):
                row.warm.append(process.ask(command)[2])
        if any(re.search("no such command|not a command|unknown command|name '.*' is not defined", line)
               for line in answer):
            row.fault = "not there yet"
        elif not re.search(pattern, "\n".join(answer)):
            row.fault = "WRONG: " + " ".join(answer)[:60]
    except (Late, BrokenPipeError):
        row.fault = "no answer in %d s" % Process.timeout
    row.memory = process.end()
    row.computing = [process.computing]
    return row


# --- Questions from the shell: time to the first row, and to the last ---

def shell_questions(facts):
    """(name, words, what must be among the first rows, must for the first row, for all)"""
    post = "bank.py:%d" % facts["post_line"]
    yield ("hits %s {amount}" % post, ["hits", None, post, "{amount}"], r"\d", .2, 10)
    yield ("hits %s, with a condition" % post,
           ["hits", None, post, "{amount}", "--where", "amount == 777 and order.number > 9000"], "", None, 10)
    yield ("hits of the lone line", ["hits", None, "bank.py:%d" % facts["breakpoint_line"], "{bank.rate}"], "7",
           .2, 1)
    yield ("calls calibrate", ["calls", None, "calibrate"], "calibrate|42", .2, 1)
    yield ("calls settle (300,000)", ["calls", None, "settle"], "settle", .2, 10)
    yield ("calls settle --where", ["calls", None, "settle", "--where", "order.number == 4242"], "4242|settle", None, 10)
    yield ("when seed == 42", ["when", None, "seed == 42"], r"\d", None, 10)
    yield ("when order.total > 4500", ["when", None, "order.total > 4500"], r"\d", None, 10)
    yield ("when len(bank.journal) > 1,200,000", ["when", None, "--count", "len(bank.journal) > 1200000"], r"\d",
           None, 10)
    yield ("last of an unknown name", ["last", None, "nothing_of_the_sort"], "", None, 1)
    yield ("when x == 777 (a hot local)", ["when", None, "x == 777"], r"\d", None, 10)
    yield ("when bank.rate == 8 (never)", ["when", None, "bank.rate == 8"], "", None, 10)
    yield ("search: text met once", ["search", None, "strict"], "strict|mode", None, 10)
    yield ("search: text never met", ["search", None, "never said anywhere"], "", None, 10)
    yield ("exceptions", ["exceptions", None], "ValueError", .2, 10)
    yield ("history bank.ledger[17]", ["history", None, "bank.ledger[17]"], "4242", .2, 1)
    yield ("history served (300,000)", ["history", None, "served"], r"\d", .2, None)
    yield ("tree", ["tree", None], "main", None, 10)


def shell_rows(path, name, words, pattern, must_first, must_all):
    words = [path if word is None else word for word in words]
    first, whole = Row(name + ": first row", must_first, .1 if must_first else None), Row(
        name + ": all", must_all, 3 if must_all == 10 else .1 if must_all else None)
    for times in ("cold", "warm"):
        if times == "cold":
            forget(path)
        process = Process(*words)
        answer, to_first, to_end = process.read_all()
        getattr(first, times).append(to_first)
        getattr(whole, times).append(to_end)
        memory = process.end()
        whole.computing.append(process.computing)
        first.memory, whole.memory = max(first.memory, memory), max(whole.memory, memory)
        shown = "\n".join(answer)
        if os.waitstatus_to_exitcode(process.process.returncode) < 0:
            first.fault = whole.fault = "no end in %d s" % Process.timeout
            break
        if os.waitstatus_to_exitcode(process.process.returncode) == 2 or "no such" in shown[:200]:
            first.fault = whole.fault = "not there yet"
            break
        if not re.search(pattern, shown):
            first.fault = whole.fault = "WRONG: " + shown[:60].replace("\n", " ")
            break
    return ([first] if must_first else []) + [whole]


# --- All of it ---

def measure(path, facts, args):
    def wanted(name):
        return not args.only or re.search(args.only, name)

    if wanted("core"):
        yield from core_rows(path, args.samples)
    for question in prompt_questions(facts):
        if wanted(question[0]):
            yield prompt_row(path, *question)
    for question in shell_questions(facts):
        if wanted(question[0]):
            yield from shell_rows(path, *question)


def memory_row(rows):
    row = Row("peak memory over all of it: must 256 MiB, aim 128")
    row.memory = max((other.memory for other in rows), default=0)
    row.fault = "missed" if row.memory > 256 * MIB else "ok" if row.memory > 128 * MIB else "aim"
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--events", default="100M")
    parser.add_argument("--recording", help="one that pyrec-synth made, its facts beside it as FILE.json")
    parser.add_argument("--only", help="rows whose name matches this expression; `core`: those of the driver")
    parser.add_argument("--out", default=os.path.join(BUILD, "bench-replay.json"))
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--timeout", type=float, default=TIMEOUT,
                        help="seconds for a question; more where other work keeps the machine busy")
    args = parser.parse_args()
    Process.timeout = args.timeout
    path = args.recording or make_recording(args.events)
    with open(path + ".json", encoding="utf-8") as file:
        facts = json.load(file)
    rows = []
    for row in measure(path, facts, args):
        rows.append(row)
        print("%-60s %s  %s" % (row.name, spread(row.cold or row.warm), row.verdict()), file=sys.stderr, flush=True)
    rows.append(memory_row(rows))
    print("%s: %d events, %d bytes, %d chunks\n" % (os.path.basename(path), facts["events"], facts["file_bytes"],
                                                   facts["chunks"]))
    print_table(rows)
    with open(args.out, "w", encoding="utf-8") as out:
        json.dump({"facts": facts, "rows": [row.as_json() for row in rows]}, out, indent=1)
    with open(os.path.splitext(args.out)[0] + ".md", "w", encoding="utf-8") as out:
        print_table(rows, out)


main()
