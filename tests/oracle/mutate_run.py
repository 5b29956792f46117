"""Holds random programs of mutate.py against the tracers, and finds the smallest program
that still differs.

    /usr/bin/python3 tests/oracle/mutate_run.py [--seeds 0:499] [--jobs 2] [--keep FOLDER]
                                                [--version 3.10] [--door module]

Environment: BUILD, as for compare.py.
"""
import argparse
import concurrent.futures
import functools
import os
import re
import sys
import tempfile
import time

import compare
import mutate

BATCH = 30
NOT_COMPARED = "not compared: "
LINE = re.compile(r"generated\.py:(\d+) ")


class Outcome:
    """Of one batch: what was compared, and {seed: differences}."""

    def __init__(self, seeds):
        self.seeds = seeds
        self.events = 0
        self.locals = 0
        self.share = 1.0
        self.differing = {}
        self.unplaced = []


def leaves_out(seed):
    """Of every second batch the recorder leaves out the functions hidden_...: what they change
    must be seen all the same."""
    return seed // BATCH % 2 == 1


def differences(programs, kept=None, python=compare.DEFAULT):
    """Every difference of a file with these programs; the file's reports; their places."""
    options, hidden = ["--no-redact"], None
    if leaves_out(programs[0].seed):
        options.append("--exclude-function=hidden_*")
        hidden = "hidden_"
    text, places = mutate.write(programs, kept)
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "generated.py")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        try:
            reports = compare.compare(path, options=options, hidden=hidden, python=python)
        except compare.CannotCompare as why:
            return [NOT_COMPARED + str(why)], [], places
    return [one for report in reports for one in report.differences], reports, places


def seed_of(places, difference):
    found = LINE.search(difference)
    line = int(found.group(1)) if found else 0
    return next((seed for first, end, seed in places if first <= line < end), None)


def run_batch(seeds, python=compare.DEFAULT):
    compare.DIFFERENCES_KEPT = 100000
    outcome = Outcome(seeds)
    programs = [mutate.Program(seed, version=python.version) for seed in seeds]
    found, reports, places = differences(programs, python=python)
    last = None
    for one in found:
        last = seed_of(places, one) or last
        if last is None:
            outcome.unplaced.append(one)
        else:
            outcome.differing.setdefault(last, []).append(one)
    for report in reports:
        outcome.events = max(outcome.events, report.counts["events"])
        outcome.locals += report.counts["locals"] + report.counts["globals"]
        outcome.share = min(outcome.share, report.share)
    if outcome.unplaced and len(seeds) > 1:  # the streams part: which program is it?
        for seed in seeds:
            for one, its in run_batch([seed], python).differing.items():
                outcome.differing.setdefault(one, []).extend(its)
    elif outcome.unplaced:
        outcome.differing.setdefault(seeds[0], []).extend(outcome.unplaced)
    return outcome


def smallest(seed, python=compare.DEFAULT):
    """(the smallest file that differs, its differences), or None: it does not differ alone."""
    compare.DIFFERENCES_KEPT = 100
    program = mutate.Program(seed, version=python.version)

    def differs(kept):
        return [one for one in differences([program], kept, python)[0] if not one.startswith(NOT_COMPARED)]
    kept = list(range(len(program.parts)))
    if not differs(kept):
        return None
    size = len(kept) // 2
    while size:
        at = 0
        while at < len(kept):
            fewer = kept[:at] + kept[at + size:]
            if differs(fewer):
                kept = fewer
            else:
                at += size
        size = size // 2
    text, places = mutate.write([program], kept)
    first, end, _ = places[0]
    lines = text.split("\n")
    return "\n".join(lines[first - 1:end - 1]), text, differs(kept)


def batches(first, last):
    """Seeds in lists that one file each is made of."""
    found = {}
    for seed in range(first, last + 1):
        found.setdefault(seed // BATCH, []).append(seed)
    return list(found.values())


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", default="0:209", help="FIRST:LAST")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--version", help="of Python, as `make pythons` built for it")
    parser.add_argument("--door", choices=compare.DOORS, default="embedding")
    parser.add_argument("--smallest", type=int, default=5,
                        help="of so many differing programs, print the smallest form")
    parser.add_argument("--keep", metavar="FOLDER", help="write these there, too")
    return parser.parse_args()


def show(seed, keep, python):
    found = smallest(seed, python)
    if found is None:
        print("seed %d: no difference when it runs alone" % seed)
        return
    body, text, its = found
    print("--- seed %d, the smallest form:\n%s" % (seed, body))
    for one in its[:3]:
        print("    %.400s" % one)
    sys.stdout.flush()
    if keep:
        os.makedirs(keep, exist_ok=True)
        with open(os.path.join(keep, "seed_%d.py" % seed), "w", encoding="utf-8") as file:
            file.write(text)


def main():
    options = arguments()
    first, last = map(int, options.seeds.split(":"))
    python = compare.python_of(options.version) if options.version else compare.DEFAULT
    python = python.by(options.door)
    begin = time.monotonic()
    events = texts = programs = 0
    differing = {}
    work = batches(first, last)
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        for outcome in pool.map(functools.partial(run_batch, python=python), work):
            programs += len(outcome.seeds)
            events += outcome.events
            texts += outcome.locals
            differing.update(outcome.differing)
            for seed, its in sorted(outcome.differing.items()):
                print("seed %d: %d differences; %.300s" % (seed, len(its), its[0]), flush=True)
            if outcome.share < 0.95:
                print("seeds %d to %d: %.2f %% of the plain locals compared only" % (
                    outcome.seeds[0], outcome.seeds[-1], 100 * outcome.share))
    print("%d programs, %d events, %d texts compared; %d programs differ, in %.0f s" % (
        programs, events, texts, len(differing), time.monotonic() - begin))
    sys.stdout.flush()
    for seed in sorted(differing)[:options.smallest]:
        show(seed, options.keep, python)
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
