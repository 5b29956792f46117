"""Measures what recording costs and how fast a recording answers.

For each program in `programs/`, in turn and several times over: the user's own Python
(*bare*), the same under an empty Python `sys.settrace` function, recording, and recording
without values. Wall time of the whole process, less that of an empty program run in the
same way; medians. Then one of the recordings is opened, and asked for random events and
for single steps, over a pipe as a user types them.

Sizes follow from the machine: recording one program takes about --seconds.
"""
import argparse
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = ROOT / os.environ.get("BUILD", "build")
PYTHON = os.environ.get("PYTHON", "/usr/bin/python3")
PYREPLAY = str(BUILD / "bin" / "pyreplay")
PYRECORD = [str(BUILD / "bin" / "pyrecord"), "-q", "--force", "-o"]
EMPTY_TRACE = str(HERE / "empty_trace.py")
BARE, TRACE, FULL, EVENTS = "bare", "settrace", "recorded", "no values"
STARTS = 9
GOTOS = 300
STEPS = 500


class Failed(Exception):
    pass


def timed(words, cpu=False):
    """(seconds, peak RSS in KiB); `cpu`: processor time of all threads, else wall time."""
    environment = dict(os.environ, PYTHONHASHSEED="0")
    begin = time.perf_counter()
    process = subprocess.Popen(words, env=environment, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    text = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    process.stderr.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise Failed("%s\n%s" % (" ".join(words), text.decode(errors="replace")))
    return usage.ru_utime + usage.ru_stime if cpu else seconds, usage.ru_maxrss


class Ways:
    """The ways to run a program, and what an empty one takes in each."""

    def __init__(self, folder, cpu):
        self.cpu = cpu
        self.recordings = {FULL: folder / "full.pyrec", EVENTS: folder / "events.pyrec"}
        self.starts = {}
        empty = folder / "empty.py"
        empty.write_text("")
        runs = {way: [] for way in (BARE, TRACE, FULL, EVENTS)}
        for _ in range(STARTS):
            for way, seconds in runs.items():
                seconds.append(timed(self.words(way, empty, 0), cpu)[0])
        self.starts = {way: statistics.median(seconds) for way, seconds in runs.items()}

    def words(self, way, program, size):
        run = [str(program), str(size)]
        if way == BARE:
            return [PYTHON] + run
        if way == TRACE:
            return [PYTHON, EMPTY_TRACE] + run
        options = ["--no-values"] if way == EVENTS else []
        return PYRECORD + [str(self.recordings[way])] + options + run

    def run(self, way, program, size):
        seconds, rss = timed(self.words(way, program, size), self.cpu)
        return max(seconds - self.starts[way], 1e-4), rss


def size_for(ways, program, seconds):
    """A size whose recording takes about so many seconds."""
    size = 4
    while True:
        spent, _ = ways.run(FULL, program, size)
        if spent > seconds / 8 or size > 10 ** 7:
            return max(1, int(size * seconds / spent))
        size *= 4 if spent < seconds / 64 else 2


class Session:
    """A debugger prompt behind a pipe."""

    def __init__(self, recording):
        self.process = subprocess.Popen(
            [PYREPLAY, str(recording)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.number = 0
        self.wait()

    def wait(self):
        self.number += 1
        mark = b"mark%d" % self.number
        self.process.stdin.write(b"p '%s'\n" % mark)
        self.process.stdin.flush()
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise Failed("pyreplay ended early")
            if mark in line:
                return

    def ask(self, command):
        begin = time.perf_counter()
        self.process.stdin.write(command.encode() + b"\n")
        self.wait()
        return time.perf_counter() - begin

    def close(self):
        self.process.stdin.close()
        self.process.stdout.read()
        self.process.stdout.close()
        self.process.wait()


def info(recording):
    import json
    text = subprocess.run([PYREPLAY, "info", "--format", "json", str(recording)], check=True,
                          stdout=subprocess.PIPE).stdout
    return json.loads(text)


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def measure_replay(recording, events):
    opens = [timed([PYREPLAY, str(recording), "--batch", "-c", "q"])[0] for _ in range(5)]
    session = Session(recording)
    chance = random.Random(1)
    none = statistics.median(session.ask("") for _ in range(50))

    def ask(command):
        return max(0.0, session.ask(command) - none)
    gotos = [ask("goto %d" % chance.randint(1, events)) for _ in range(GOTOS)]
    session.ask("goto %d" % (events // 2))
    ahead = [ask("s") for _ in range(STEPS)]
    back = [ask("rs") for _ in range(STEPS)]
    session.close()
    return {"open": statistics.median(opens),
            "goto": statistics.median(gotos), "goto99": percentile(gotos, 0.99),
            "step": statistics.median(ahead), "step99": percentile(ahead, 0.99),
            "back": statistics.median(back), "back99": percentile(back, 0.99)}


def measure(ways, program, options):
    size = options.size or size_for(ways, program, options.seconds)
    seconds = {way: [] for way in ways.starts}
    memory = {way: [] for way in ways.starts}
    for _ in range(options.rounds):
        for way in ways.starts:
            spent, rss = ways.run(way, program, size)
            seconds[way].append(spent)
            memory[way].append(rss)
    median = {way: statistics.median(values) for way, values in seconds.items()}
    facts = info(ways.recordings[FULL])
    row = {"name": program.stem.replace("bench_", ""), "events": facts["events"],
           "bytes": facts["bytes_per_event"], "bare": median[BARE],
           "memory": (max(memory[FULL]) - max(memory[BARE])) / 1024.0,
           "ns": (median[FULL] - median[BARE]) / facts["events"] * 1e9}
    for way in (TRACE, FULL, EVENTS):
        row[way] = median[way] / median[BARE]
    row["share"] = median[FULL] / median[TRACE]
    row.update(measure_replay(ways.recordings[FULL], facts["events"]))
    return row


def geometric_mean(values):
    """A run too short to be measured may have come out as nothing, or less."""
    return math.exp(statistics.mean(math.log(max(v, 1e-3)) for v in values))


COLUMNS = [  # heading, width, format, key, summary
    ("program", -11, "%s", "name", None),
    ("events", 9, "%d", "events", None),
    ("bare s", 7, "%.3f", "bare", None),
    ("settrace", 8, "%.1fx", TRACE, geometric_mean),
    ("no values", 9, "%.1fx", EVENTS, geometric_mean),
    ("recorded", 8, "%.1fx", FULL, geometric_mean),
    ("rec/settrace", 12, "%.2f", "share", geometric_mean),
    ("ns/event", 8, "%.0f", "ns", geometric_mean),
    ("bytes/event", 11, "%.2f", "bytes", geometric_mean),
    ("+RSS MiB", 8, "%.0f", "memory", max),
    ("open ms", 7, "%.1f", "open", max),
    ("goto ms", 7, "%.2f", "goto", max),
    ("p99", 6, "%.2f", "goto99", max),
    ("step ms", 7, "%.2f", "step", max),
    ("p99", 6, "%.2f", "step99", max),
    ("back ms", 7, "%.2f", "back", max),
    ("p99", 6, "%.2f", "back99", max),
]
MILLISECONDS = {"open", "goto", "goto99", "step", "step99", "back", "back99"}


def cell(column, value):
    return column[2] % (value * 1000 if column[3] in MILLISECONDS else value)


def cells(row):
    return [cell(column, row[column[3]]) for column in COLUMNS]


def summary(rows):
    texts = [column[4] and cell(column, column[4](row[column[3]] for row in rows)) or ""
             for column in COLUMNS]
    return ["all"] + texts[1:]


def plain(texts):
    return "  ".join(text.ljust(-column[1]) if column[1] < 0 else text.rjust(column[1])
                     for column, text in zip(COLUMNS, texts)).rstrip()


def markdown(rows):
    heads = [column[0] for column in COLUMNS]
    lines = [heads, [":--" if column[1] < 0 else "--:" for column in COLUMNS]]
    lines += [cells(row) for row in rows] + [["**%s**" % t if t else "" for t in summary(rows)]]
    return "".join("| %s |\n" % " | ".join(line) for line in lines)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=2.0,
                        help="about how long recording a program takes (default 2)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, help="the programs' size, instead of --seconds")
    parser.add_argument("--cpu", action="store_true",
                        help="processor time of all threads, the writer's included, instead of "
                        "wall time: for a machine that has other things to do")
    parser.add_argument("--only", action="append", help="these programs only")
    parser.add_argument("--markdown", metavar="FILE", help="write the table there, too")
    return parser.parse_args()


def main():
    options = arguments()
    programs = sorted((HERE / "programs").glob("bench_*.py"))
    if options.only:
        programs = [p for p in programs if p.stem.replace("bench_", "") in options.only]
    rows = []
    with tempfile.TemporaryDirectory(dir=str(BUILD)) as folder:
        ways = Ways(Path(folder), options.cpu)
        print("starting: " + ", ".join("%s %.0f ms" % (way, seconds * 1000)
                                       for way, seconds in ways.starts.items()))
        print(plain([column[0] for column in COLUMNS]), flush=True)
        for program in programs:
            rows.append(measure(ways, program, options))
            print(plain(cells(rows[-1])), flush=True)
    print(plain(summary(rows)))
    print("x: times the bare run; %s. all: geometric means, then the worst. %d rounds, medians."
          % ("processor time of all threads" if options.cpu else "wall time", options.rounds))
    if options.markdown:
        Path(options.markdown).write_text(markdown(rows))


try:
    main()
except Failed as error:
    sys.exit("bench: %s" % error)
