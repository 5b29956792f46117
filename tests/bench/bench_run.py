"""What the benchmarks share: the programs, the ways to run one, and what a run took."""
import json
import math
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = ROOT / os.environ.get("BUILD", "build")
PYTHON = os.environ.get("PYTHON", "/usr/bin/python3")
PYRECORD = str(BUILD / "bin" / "pyrecord")
PYREPLAY = str(BUILD / "bin" / "pyreplay")
EMPTY_TRACE = str(HERE / "empty_trace.py")
EMPTY_CTRACE = HERE / "empty_ctrace.c"
PROGRAMS = HERE / "programs"


class Failed(Exception):
    """The message is for the person who runs the benchmark."""


def program_path(name):
    path = PROGRAMS / ("bench_%s.py" % name)
    if not path.exists():
        raise Failed("no program %s; there are: %s" % (name, ", ".join(program_names())))
    return path


def program_names():
    return sorted(path.stem[len("bench_"):] for path in PROGRAMS.glob("bench_*.py"))


def environment():
    return dict(os.environ, PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1")


def build_ctrace():
    """The folder of the empty C trace function, compiled for PYTHON."""
    folder = BUILD / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    facts = subprocess.run(
        [PYTHON, "-c", "import sysconfig as s; print(s.get_config_var('EXT_SUFFIX'));"
         "print(s.get_path('include'))"], check=True, capture_output=True, text=True).stdout
    suffix, include = facts.split("\n")[:2]
    target = folder / ("empty_ctrace" + suffix)
    if not target.exists() or target.stat().st_mtime < EMPTY_CTRACE.stat().st_mtime:
        made = folder / (".%d.so" % os.getpid())
        subprocess.run([os.environ.get("CC", "gcc"), "-O2", "-shared", "-fPIC", "-I" + include,
                        "-o", str(made), str(EMPTY_CTRACE)], check=True)
        made.replace(target)
    return folder


class Run:
    """What a process took: seconds of wall time, of processor time of all its threads, from
    its last output to its end, and its peak memory in KiB."""

    def __init__(self, words, timeout=900):
        begin = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in words], env=environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        watch = Deadline(process, timeout)
        last, text = begin, b""
        while True:
            piece = os.read(process.stdout.fileno(), 65536)
            if not piece:
                break
            last = time.perf_counter()
            text = (text + piece)[-2000:]
        _, status, usage = os.wait4(process.pid, 0)
        end = time.perf_counter()
        watch.cancel()
        process.stdout.close()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise Failed("status %d: %s\n%s" % (process.returncode, " ".join(map(str, words)),
                                                text.decode(errors="replace")))
        self.wall = end - begin
        self.cpu = usage.ru_utime + usage.ru_stime
        self.stop = end - last
        self.rss = usage.ru_maxrss
        self.text = text.decode(errors="replace")


class Deadline:
    """Ends a process that takes too long."""

    def __init__(self, process, seconds):
        import threading
        self.timer = threading.Timer(seconds, process.kill)
        self.timer.daemon = True
        self.timer.start()

    def cancel(self):
        self.timer.cancel()


def info(recording):
    text = subprocess.run([PYREPLAY, "info", "--format", "json", str(recording)], check=True,
                          stdout=subprocess.PIPE).stdout
    return json.loads(text)


def recorder_has(option):
    text = subprocess.run([PYRECORD, "--help"], check=True, capture_output=True, text=True)
    return option in text.stdout


def record_words(recording, options=()):
    return [PYRECORD, "-q", "--force", "-o", str(recording), *options, "-u"]


def count_events(words):
    """The events of a program, from a recording without values."""
    with tempfile.TemporaryDirectory(dir=str(BUILD)) as folder:
        recording = Path(folder) / "count.pyrec"
        Run(record_words(recording, ["--values", "off"]) + list(words))
        return info(recording)["events"]


def events_by_size(program, enough=20000):
    """(events at size 0, events a unit of size): all of the programs are linear in their
    size but for a fixed part."""
    small, size = 4, 16
    low = count_events([program, small])
    while True:
        high = count_events([program, size])
        if high - low > enough:
            slope = (high - low) / (size - small)
            return low - small * slope, slope
        small, low, size = size, high, size * 4


def geometric_mean(values):
    """A run too short to be measured may have come out as nothing, or less."""
    return math.exp(statistics.mean(math.log(max(v, 1e-3)) for v in values))
