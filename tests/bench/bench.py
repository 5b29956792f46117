"""What recording costs: time, file size, memory, and how long stopping takes.

Each program of `programs/` runs in turn in each of these ways, several rounds of it:
bare; under an empty Python `sys.settrace` function; under an empty C trace function (the
floor of anything that is called for each event); recorded without values; recorded with
full values (`exact`, the default) and, where the recorder has it, with `--values fast`.
From each time that of an empty program run in the same way is taken off; medians. All
ratios are of one run on one machine.

A program has at least --events events, and must be at least twice as slow under the empty
Python function as bare: else what C code does in it would dilute the figure. The benchmark
checks both, and says so.
"""
import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import bench_report
import bench_run
from bench_run import BUILD, EMPTY_TRACE, Failed, PYTHON, Run

STARTS = 7
LEAST_EVENTS = 5_000_000
LEAST_RATIO = 2.0
PEERS_FOLDER = BUILD / "peers"
SNOOP = """
import pysnooper, sys
out, path = sys.argv[1:3]
del sys.argv[:2]
code = compile(open(path, "rb").read(), path, "exec")
with pysnooper.snoop(out, depth=1000000):
    exec(code, {"__name__": "__main__", "__file__": path, "__builtins__": __builtins__})
"""


class Way:
    """One way to run a program. `share`: the part of the events that it runs, for what is so
    slow that the whole would take all day."""

    def __init__(self, key, label, words, recording=None, share=1.0):
        self.key = key
        self.label = label
        self.words = words
        self.recording = recording
        self.share = share
        self.start = 0.0

    def run(self, program, size):
        for old in self.leftovers():
            old.unlink()
        return Run(self.words() + [str(program), str(size)])

    def leftovers(self):
        return [self.recording] if self.recording and self.recording.exists() else []


def recorder_way(key, label, folder, options):
    recording = folder / (key + ".pyrec")
    return Way(key, label, lambda: bench_run.record_words(recording, options), recording)


def own_ways(folder):
    ctrace = str(bench_run.build_ctrace())
    ways = [
        Way("bare", "bare", lambda: [PYTHON, "-u"]),
        Way("settrace", "empty settrace", lambda: [PYTHON, "-u", EMPTY_TRACE, "python"]),
        Way("ctrace", "empty C function", lambda: [PYTHON, "-u", EMPTY_TRACE, ctrace]),
        recorder_way("events", "no values", folder, ["--values", "off"]),
    ]
    if bench_run.recorder_has("--values"):
        ways.append(recorder_way("fast", "fast", folder, ["--values", "fast"]))
    else:
        print("this recorder has no `--values fast`: left out")
    ways.append(recorder_way("exact", "exact", folder, []))
    return ways


def installed(module):
    return subprocess.run([PYTHON, "-c", "import " + module], env=peers_environment(),
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def peers_environment():
    return dict(os.environ, PYTHONPATH=str(PEERS_FOLDER))


def peer_ways(folder):
    """Other tools, where they are installed: for PYTHON, or in BUILD/peers."""
    os.environ["PYTHONPATH"] = str(PEERS_FOLDER)
    snoop = folder / "snoop.py"
    snoop.write_text(SNOOP)
    ways = []
    for module, way in (
        ("coverage", Way("coverage", "coverage.py", lambda: [
            PYTHON, "-u", "-m", "coverage", "run", "--data-file=%s" % (folder / "cov")],
            share=0.5)),
        ("viztracer", Way("viztracer", "VizTracer", lambda: [
            PYTHON, "-u", "-m", "viztracer", "--quiet", "--log_func_args",
            "--log_func_retval", "-o", str(folder / "viz.json"), "--"], share=0.1)),
        ("pysnooper", Way("pysnooper", "PySnooper", lambda: [
            PYTHON, "-u", str(snoop), str(folder / "snoop.log")], share=0.005)),
    ):
        if installed(module):
            ways.append(way)
        else:
            print("%s is not installed: left out (pip install --target=%s %s)" % (
                way.label, os.path.relpath(PEERS_FOLDER), module))
    return ways


def measure_starts(ways, folder, cpu):
    empty = folder / "empty.py"
    empty.write_text("")
    for way in ways:
        runs = [way.run(empty, 1) for _ in range(STARTS)]
        way.start = statistics.median(run.cpu if cpu else run.wall for run in runs)


class Sizes:
    """The size of a program in each way, and what its time there is to be multiplied with."""

    def __init__(self, program, options, ways):
        fixed, slope = bench_run.events_by_size(program)
        wanted = fixed + slope * options.size if options.size else 1.1 * options.events
        self.size, self.scale = {}, {}
        for way in ways:
            size = max(1, int((wanted * way.share - fixed) / slope) + 1)
            self.size[way.key] = size
            self.scale[way.key] = max(1.0, wanted / (fixed + slope * size))


def measure(ways, name, options):
    program = bench_run.program_path(name)
    sizes = Sizes(program, options, ways)
    runs = {way.key: [] for way in ways}
    for _ in range(options.rounds):
        for way in ways:
            runs[way.key].append(way.run(program, sizes.size[way.key]))
    seconds = {way.key: sizes.scale[way.key] * max(1e-4, statistics.median(
        (run.cpu if options.cpu else run.wall) for run in runs[way.key]) - way.start)
        for way in ways}
    exact = next(way for way in ways if way.key == "exact")
    facts = bench_run.info(exact.recording)
    events = facts["events"]

    def middle(key, what):
        return statistics.median(getattr(run, what) for run in runs[key])
    row = {"name": name, "size": sizes.size["exact"], "events": events, "seconds": seconds,
           "file_bytes": facts["file_bytes"], "bytes_per_event": facts["bytes_per_event"],
           "memory_mib": (middle("exact", "rss") - middle("bare", "rss")) / 1024.0,
           "stop_ms": (middle("exact", "stop") - middle("bare", "stop")) * 1000}
    row["ratio"] = {key: value / seconds["bare"] for key, value in seconds.items()}
    row["ns"] = {key: (value - seconds["bare"]) / events * 1e9 for key, value in seconds.items()}
    row["share"] = seconds["exact"] / seconds["settrace"]
    for way in ways:
        for old in way.leftovers():
            old.unlink()
    return row


def faults(row, least_events):
    """What makes a program unfit for the benchmark."""
    if row["events"] < least_events:
        yield "%s has %d events only, of at least %d" % (row["name"], row["events"],
                                                         least_events)
    if row["ratio"]["settrace"] < LEAST_RATIO:
        yield "%s is %.2f times as slow under the empty Python function, of at least %.1f" % (
            row["name"], row["ratio"]["settrace"], LEAST_RATIO)


def about(options):
    version = subprocess.run([PYTHON, "-c", "import platform; print(platform.python_version())"],
                             check=True, capture_output=True, text=True).stdout.strip()
    return {"python": version, "cores": os.cpu_count(), "machine": platform.machine(),
            "date": datetime.date.today().isoformat(), "rounds": options.rounds,
            "time": "processor time of all threads" if options.cpu else "wall time"}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true",
                        help="for daily work: a million events, one round")
    parser.add_argument("--events", type=int, help="of each program (default %d)" % LEAST_EVENTS)
    parser.add_argument("--rounds", type=int, help="default 3")
    parser.add_argument("--size", type=int, help="the programs' size, instead of --events")
    parser.add_argument("--cpu", action="store_true",
                        help="processor time of all threads, the writer's included, instead of "
                        "wall time: for a machine that has other things to do")
    parser.add_argument("--only", action="append", metavar="NAME", help="these programs only")
    parser.add_argument("--peers", action="store_true",
                        help="coverage.py, VizTracer and PySnooper beside it, where installed")
    parser.add_argument("--markdown", metavar="FILE", help="write the table there, too")
    parser.add_argument("--svg", metavar="FILE", help="write a plot there")
    parser.add_argument("--json", metavar="FILE", help="write all figures there")
    parser.add_argument("--readme", metavar="FILE",
                        help="put the table between the bench marks of this file")
    options = parser.parse_args()
    options.least = 0 if options.size else (options.events or LEAST_EVENTS)
    options.events = options.events or (1_000_000 if options.quick else LEAST_EVENTS)
    options.rounds = options.rounds or (1 if options.quick else 3)
    return options


def measure_all(options):
    rows, notes = [], []
    with tempfile.TemporaryDirectory(dir=str(BUILD)) as place:
        folder = Path(place)
        ways = own_ways(folder) + (peer_ways(folder) if options.peers else [])
        measure_starts(ways, folder, options.cpu)
        print("starting: " + ", ".join("%s %.0f ms" % (way.label, way.start * 1000)
                                       for way in ways))
        labels = {way.key: way.label for way in ways}
        print(bench_report.plain_head(labels), flush=True)
        for name in options.only or bench_run.program_names():
            row = measure(ways, name, options)
            rows.append(row)
            print(bench_report.plain_row(labels, row), flush=True)
            notes += faults(row, min(options.least, options.events))
    return {"about": about(options), "labels": labels, "rows": rows, "notes": notes}


def main():
    options = arguments()
    result = measure_all(options)
    print(bench_report.plain_summary(result))
    print("\n".join("unfit: " + note for note in result["notes"])
          or "each program is fit: enough events, twice as slow under the empty function")
    for place in filter(None, (options.json, options.svg)):
        Path(place).resolve().parent.mkdir(parents=True, exist_ok=True)
    if options.json:
        Path(options.json).write_text(json.dumps(result, indent=1) + "\n")
    bench_report.write(result, options.markdown, options.svg, options.readme)


if __name__ == "__main__":
    try:
        main()
    except Failed as error:
        sys.exit("bench: %s" % error)
