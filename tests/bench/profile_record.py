"""Where the recorder's time goes: instructions an event, by function, counted by callgrind.

    make profile [PROFILE="--events 50000 --top 40 closures objects"]

Each program runs bare, under an empty trace function in C and one in Python, and recorded,
in two sizes; the difference of the two sizes is the
work of the events alone, without start and stop. The writer's thread is counted apart: it
runs beside the program. Instructions do not depend on what else the machine does.
"""
import argparse
import collections
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import bench_run
from bench_run import BUILD, EMPTY_TRACE, Failed, PYTHON

DEFAULT = ["objects", "numeric", "closures", "containers", "generators", "strings"]


def read_callgrind(path):
    """(instructions, {function: self instructions}) of one thread's file."""
    names = {}
    costs = collections.Counter()
    function = None
    after_call = False
    total = 0
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            first = line[0]
            if first.isdigit() or first in "+-*":
                if after_call:
                    after_call = False
                    continue
                words = line.split()
                if len(words) > 1:
                    costs[function] += int(words[1])
            elif line.startswith("fn="):
                found = re.match(r"fn=\((\d+)\)(?: (.*))?", line)
                if found.group(2):
                    names[found.group(1)] = found.group(2)
                function = found.group(1)
            elif line.startswith("cfn="):
                found = re.match(r"cfn=\((\d+)\)(?: (.*))?", line)
                if found.group(2):
                    names[found.group(1)] = found.group(2)
            elif line.startswith("calls="):
                after_call = True
            elif line.startswith("summary:") or line.startswith("totals:"):
                total = max(total, int(line.split()[1]))
    by_name = collections.Counter()
    for one, cost in costs.items():
        by_name[re.sub(r"'\d+$", "", names.get(one, "?"))] += cost
    return total, by_name


def count(words, folder):
    """[(instructions, by function)] a thread, the program's first."""
    for old in folder.glob("cg.*"):
        old.unlink()
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--separate-threads=yes",
         "--callgrind-out-file=%s" % (folder / "cg"), *map(str, words)],
        env=bench_run.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise Failed("status %d: %s\n%s" % (done.returncode, " ".join(map(str, words)),
                                            done.stderr[-2000:]))
    parts = sorted(folder.glob("cg-*"))
    return [read_callgrind(part) for part in parts]


def thread_cost(parts, first):
    total, functions = 0, collections.Counter()
    for part in parts[:1] if first else parts[1:]:
        total += part[0]
        functions.update(part[1])
    return total, functions


class Profile:
    """Per event: of the program's thread bare and recorded, and of the writer's."""

    def __init__(self, name, events, folder, options):
        program = bench_run.program_path(name)
        _, slope = bench_run.events_by_size(program)
        sizes = [max(1, int(events / 4 / slope)), max(2, int(events * 5 / 4 / slope))]
        counted = [bench_run.count_events([program, size]) for size in sizes]
        self.name = name
        self.events = counted[1] - counted[0]
        self.bare = self.plain([PYTHON], program, sizes, folder)
        self.floor = self.plain([PYTHON, EMPTY_TRACE, bench_run.build_ctrace()], program, sizes,
                                folder)[0] - self.bare[0]
        self.settrace = self.plain([PYTHON, EMPTY_TRACE, "python"], program, sizes,
                                   folder)[0] - self.bare[0]
        words = bench_run.record_words(folder / "p.pyrec", options)
        runs = [count(words + [program, size], folder) for size in sizes]
        self.program = self.difference(lambda i: thread_cost(runs[i], True), (0, 1))
        self.writer = self.difference(lambda i: thread_cost(runs[i], False), (0, 1))

    def plain(self, words, program, sizes, folder):
        return self.difference(lambda size: thread_cost(
            count([*words, program, size], folder), True), sizes)

    def difference(self, measure, sizes):
        (one, first), (two, second) = measure(sizes[0]), measure(sizes[1])
        second.subtract(first)
        return (two - one) / self.events, {k: v / self.events for k, v in second.items()}

    def row(self):
        return (self.name, self.events, self.bare[0], self.floor, self.settrace,
                self.program[0] - self.bare[0], self.writer[0])

    def own(self):
        """What recording adds to each function."""
        extra = collections.Counter(self.program[1])
        extra.subtract(self.bare[1])
        return extra


def report(profiles, top, out):
    print("instructions an event\n", file=out)
    print("%-12s %9s %9s %9s %9s %10s %9s" % (
        "program", "events", "bare", "+ empty C", "+ empty Py", "+ recording", "writer"), file=out)
    for profile in profiles:
        print("%-12s %9d %9.0f %9.0f %10.0f %11.0f %9.0f" % profile.row(), file=out)
    means = [bench_run.geometric_mean(values) for values in
             zip(*(profile.row()[2:] for profile in profiles))]
    print("%-12s %9s %9.0f %9.0f %10.0f %11.0f %9.0f" % ("geom. mean", "", *means), file=out)
    for profile in profiles:
        print("\n%s: what recording adds, instructions an event by function "
              "(CPython's included)" % profile.name, file=out)
        for name, cost in profile.own().most_common(top):
            print("%9.1f  %s" % (cost, name), file=out)
        print("the writer's thread", file=out)
        for name, cost in collections.Counter(profile.writer[1]).most_common(top // 4):
            print("%9.1f  %s" % (cost, name), file=out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--events", type=int, default=60000,
                        help="between a program's two runs")
    parser.add_argument("--top", type=int, default=24, help="functions to list")
    parser.add_argument("--option", action="append", default=[],
                        help="for pyrecord, such as --values=fast (as --option=--values=fast)")
    parser.add_argument("--out", help="write the report there, too")
    parser.add_argument("program", nargs="*", default=DEFAULT)
    options = parser.parse_args()
    profiles = []
    with tempfile.TemporaryDirectory(dir=str(BUILD)) as folder:
        for name in options.program:
            profiles.append(Profile(name, options.events, Path(folder), options.option))
            print("%-12s %9d events: bare %.0f, the empty C function adds %.0f, the empty "
                  "Python one %.0f, recording %.0f; writer %.0f instructions each"
                  % profiles[-1].row(), file=sys.stderr, flush=True)
    report(profiles, options.top, sys.stdout)
    if options.out:
        with open(options.out, "w") as file:
            report(profiles, options.top, file)


try:
    main()
except Failed as error:
    sys.exit("profile: %s" % error)
