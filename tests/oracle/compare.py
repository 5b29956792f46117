"""Holds a recording of a program against the independent tracers, event for event.

    /usr/bin/python3 tests/oracle/compare.py [--version 3.10] [--door module] PROGRAM.py [ARG...]

`--version`: with the Python and the recorder in build/python-3.10, which `make pythons` makes.
`--door module`: recorded by the extension module, as `python -m pyrecord` does it.

Both sides run with PYTHONHASHSEED=0 and address randomisation off (`setarch -R`); the
program itself begins with `gc.disable()`.

How the streams are laid beside each other (there is no fuzzy matching):
1. The interpreter's own frames before the program: both streams begin with the call of
   the function `<module>` of the program's file, in the main thread. Anything before it
   (zipimport's look at the script, runpy) is left out and counted as `before`.
2. Against the Python tracer, both end with the return of that same frame: the tracer is
   Python code itself and cannot outlive it. What comes later in the recording
   (`threading._shutdown`, atexit, teardown) is counted as `after`, and is held against
   the C tracer, which goes on as long as CPython delivers events.
3. Threads are numbered in the order of their first event. Events are compared within
   each thread; for a program marked `# oracle: order` also in the one order over all
   threads (it sets a switch interval that makes the order deterministic).
4. A new thread's first event is the first Python function that it runs; the Python tracer
   wraps `_thread.start_new_thread` to see it, and its own frames are never shown.

Locals: each one that the Python tracer finds to be plain data within the limits must have
the same text; each other must at least be bound in the recording; and the recording must
show no name that is not bound.
"""
import collections
import functools
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

import tracer

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
PYTHON = os.environ.get("PYTHON", "/usr/bin/python3")
TIMEOUT = 300  # seconds, of one run
PYRECORD = os.path.join(BUILD, "bin", "pyrecord")
PYREPLAY = os.path.join(BUILD, "bin", "pyreplay")
DIFFERENCES_KEPT = int(os.environ.get("DIFFERENCES", "30"))

# Of every program, beside those that it names itself: modules of preload/.
PRELOAD = []

# Locals that hold an id() which may be that of a static object, outside the range that the
# tracer knows addresses by: (file, function, name).
IDENTITIES = {("copy.py", "deepcopy", "d"), ("unix_events.py", "can_use_pidfd", "pid")}


class CannotCompare(Exception):
    """The comparison itself could not be made; never a silent pass."""


BOOT = os.path.join(BUILD, "python", "pyrecord", "_boot.py")
DOORS = ["embedding", "module"]


class Python:
    """An interpreter, and what was built for it."""

    def __init__(self, program, build, door="embedding"):
        self.program = program
        self.build = build
        self.door = door
        self.pyrecord = os.path.join(build, "bin", "pyrecord")
        self.recorder = [self.pyrecord] if door == "embedding" else [program, BOOT]
        self.ctracer = os.path.join(build, "tests", "ctracer")

    def by(self, door):
        """The same with another way to record."""
        return Python(self.program, self.build, door)

    @functools.cached_property
    def facts(self):
        text = "import json, opcode, sys; print(json.dumps([sys.version_info[:3], opcode.opmap]))"
        done = subprocess.run([self.program, "-c", text], check=True, capture_output=True)
        return json.loads(done.stdout)

    @property
    def version(self):
        """(3, 11), or what it is."""
        return tuple(self.facts[0][:2])

    @functools.cached_property
    def name(self):
        return "%d.%d" % self.version

    def check_opcodes(self):
        """tracer.py must not import `opcode`, so its numbers are held against it here."""
        known = tracer.OPCODES.get(self.version)
        if known is None:
            raise CannotCompare("tracer.py does not know the instructions of %s" % self.name)
        for name, number in known.items():
            if self.facts[1].get(name) != number:
                raise CannotCompare("tracer.py has another number for %s" % name)

    def runs(self, program):
        """Whether the program is one for this version: `# oracle: since=3.10`."""
        since = [word[6:] for word in marks(program) if word.startswith("since=")]
        return all(self.version >= tuple(map(int, word.split("."))) for word in since)


DEFAULT = Python(PYTHON, BUILD)


def built_pythons():
    """Those that `make pythons` built for, by version."""
    found = []
    for folder in glob.glob(os.path.join(BUILD, "python-3.*")):
        if os.path.exists(os.path.join(folder, "bin", "pyrecord")):
            with open(os.path.join(folder, "gen", "python"), encoding="utf-8") as file:
                found.append(Python(file.read().split(" ")[0], folder))
    return sorted(found, key=lambda python: python.version)


def python_of(version):
    for python in [DEFAULT, *built_pythons()]:
        if python.name == version:
            return python
    raise SystemExit("there is no pyrecord for Python %s: `make pythons` makes it" % version)


def environment(extra=None):
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON") or k == "PYTHON"}
    env.pop("PYTHON", None)
    env.update(PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1", LC_ALL="C.UTF-8", TZ="UTC")
    env.update(extra or {})
    return env


def execute(command, program, cwd):
    preload = [*PRELOAD, *(word[8:] for word in marks(program) if word.startswith("preload="))]
    env = environment({"PYTHONPATH": os.path.join(HERE, "preload"),
                       "ORACLE_PRELOAD": ",".join(preload),
                       "ORACLE_FOLDER": os.path.dirname(program)})
    try:
        return subprocess.run(["setarch", "-R"] + command, cwd=cwd, env=env,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        raise CannotCompare("no end after %d s: %s" % (TIMEOUT, " ".join(command))) from None


def run_python_oracle(program, args, out, cwd, python=DEFAULT):
    done = execute([python.program, os.path.join(HERE, "tracer.py"), out, program] + args, program, cwd)
    if not os.path.exists(out):
        raise CannotCompare("tracer.py failed: %s" % done.stderr.decode(errors="replace"))
    return done


def run_c_oracle(program, args, out, cwd, python=DEFAULT):
    if not os.path.exists(python.ctracer):
        raise CannotCompare("%s is missing: make builds it" % python.ctracer)
    done = execute([python.ctracer, out, python.program, program] + args, program, cwd)
    if not os.path.exists(out):
        raise CannotCompare("ctracer failed: %s" % done.stderr.decode(errors="replace"))
    return done


def record(program, args, out, cwd, options=("--no-redact",), python=DEFAULT):
    done = execute([*python.recorder, "-q", "-o", out, *options, program] + args,
                   program, cwd)
    if not os.path.exists(out):
        raise CannotCompare("pyrecord failed: %s" % done.stderr.decode(errors="replace"))
    return done


class Texts:
    """Reads rows so that equal texts are one object: a local's text is mostly the same at
    event after event, and all rows of a run are kept until they are compared."""

    def __init__(self):
        self.known = {}

    def pairs(self, pairs):
        known = self.known
        return {key: known.setdefault(value, value) if type(value) is str else value
                for key, value in pairs}

    def row(self, line):
        return json.loads(line, object_pairs_hook=self.pairs)


def dump(recording, *options):
    """The events of `pyreplay dump`, one after the other."""
    texts = Texts()
    command = [PYREPLAY, "dump", "--format", "jsonl", *options, recording]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for line in child.stdout:
        yield texts.row(line)
    message = child.stderr.read().decode(errors="replace")
    if child.wait() != 0:
        raise CannotCompare("pyreplay dump: status %d: %s" % (child.returncode, message))


def read_python_oracle(path):
    texts = Texts()
    with open(path, encoding="utf-8") as file:
        return [texts.row(line) for line in file]


def read_c_oracle(path):
    rows = []
    with open(path, encoding="utf-8") as file:
        for text in file:
            thread, event, line, function, name = text.rstrip("\n").split("\t")
            rows.append({
                "thread": int(thread), "event": event, "line": int(line),
                "function": function, "file": name,
            })
    return rows


def is_program_start(row, program):
    return row["event"] == "call" and row["function"] == "<module>" and row["file"] == program


def align(rows, program, to_the_end):
    """Rules 1 and 2. Returns the rows to compare, and how many were before and after."""
    start = next((i for i, row in enumerate(rows) if is_program_start(row, program)), None)
    if start is None:
        raise CannotCompare("no call of <module> of %s among %d events" % (program, len(rows)))
    main = rows[start]["thread"]
    end = len(rows)
    if not to_the_end:
        depth = 0
        for i in range(start, len(rows)):
            if rows[i]["thread"] != main:
                continue
            depth += {"call": 1, "return": -1}.get(rows[i]["event"], 0)
            if depth == 0:
                end = i + 1
                break
    return rows[start:end], start, len(rows) - end


def number_threads(rows):
    """Rule 3."""
    numbers = {}
    for row in rows:
        row["thread"] = numbers.setdefault(row["thread"], len(numbers) + 1)
    return rows


class Report:
    def __init__(self, program):
        self.program = program
        self.counts = collections.Counter()
        self.left_out = collections.Counter()
        self.differences = []
        self.difference_count = 0

    def difference(self, text):
        self.difference_count += 1
        if len(self.differences) < DIFFERENCES_KEPT:
            self.differences.append(text)

    @property
    def share(self):
        """Of the plain locals, those that were compared."""
        limits = sum(n for why, n in self.left_out.items() if why.startswith(("limit", "elided")))
        pairs = self.counts["locals"]
        return 1.0 if pairs + limits == 0 else pairs / (pairs + limits)

    def lines(self):
        counts = ", ".join("%s %d" % item for item in sorted(self.counts.items()))
        left = ", ".join("%s %d" % item for item in sorted(self.left_out.items())) or "none"
        yield "%s: %d differences; compared: %s (%.2f %% of the plain locals); left out: %s" % (
            os.path.basename(self.program), self.difference_count, counts, 100 * self.share, left)
        for text in self.differences:
            yield "  " + text
        if self.difference_count > len(self.differences):
            yield "  ... and %d more" % (self.difference_count - len(self.differences))

    def __str__(self):
        return "\n".join(self.lines())


def place(row):
    return "%s(%s) %s:%s %s" % (
        row["event"], row.get("kind") or "", row["file"].rpartition("/")[2], row["line"],
        row["function"])


FACTS = ("event", "file", "function", "line")


def compare_streams(report, ours, theirs, facts, order):
    """Yields the pairs of rows that stand at the same place and are the same event."""
    groups = [(None, ours, theirs)] if order else []
    if not order:
        threads = sorted({row["thread"] for row in ours} | {row["thread"] for row in theirs})
        for one in threads:
            groups.append((one, [r for r in ours if r["thread"] == one],
                           [r for r in theirs if r["thread"] == one]))
    if order:
        facts = facts + ("thread",)
    for thread, mine, other in groups:
        same = 0
        for a, b in zip(mine, other):
            if any(a[key] != b[key] for key in facts):
                report.difference("thread %s, event %d (seq %s): expected %s, recorded %s" % (
                    thread, same, b.get("seq"), [a[k] for k in facts], [b[k] for k in facts]))
                break
            same += 1
            yield a, b
        report.counts["events"] += same
        if same == min(len(mine), len(other)) and len(mine) != len(other):
            extra, row = (("missing", mine[same]) if len(mine) > len(other)
                          else ("too many", other[same]))
            report.difference("thread %s: %d events expected, %d recorded; first %s: %s" % (
                thread, len(mine), len(other), extra, place(row)))


def root_name(path):
    return re.match(r"[^.\[]*", path).group() or path


class Frames:
    """Frame identities: a bijection between the two sides."""

    def __init__(self):
        self.to_theirs = {}
        self.to_ours = {}

    def same(self, ours, theirs):
        return (self.to_theirs.setdefault(ours, theirs) == theirs
                and self.to_ours.setdefault(theirs, ours) == ours)


def compare_pair(report, frames, a, b):
    where = "seq %s %s" % (b.get("seq"), place(a))
    if a["kind"] != b["kind"]:
        report.difference("%s: kind expected %s, recorded %s" % (where, a["kind"], b["kind"]))
    if not frames.same(a["frame"], b["frame"]):
        report.difference("%s: frame %s is another than before" % (where, b["frame"]))
    if a["parent"] is not None and not frames.same(a["parent"], b["parent"]):
        report.difference("%s: parent %s is not the calling frame" % (where, b["parent"]))
    compare_argument(report, where, a, b)
    compare_locals(report, where, a, b)
    if "globals" in b:
        compare_globals(report, where, a, b)


def compare_argument(report, where, a, b):
    if "arg" in a:
        if a["arg"] is None:
            report.left_out["argument: " + a["arg_skipped"]] += 1
        elif a["arg"] != b["arg"]:
            report.difference("%s: value expected %.200s, recorded %.200s" % (
                where, a["arg"], b["arg"]))
        else:
            report.counts["arguments"] += 1
    elif a["event"] == "return" and b["arg"] is not None:
        report.difference("%s: unwinding has the value %.200s" % (where, b["arg"]))
    if a["event"] == "exception":
        shown = b.get("exception") or {}
        if (shown.get("type") or "").rpartition(".")[2] != a["exception_type"].rpartition(".")[2]:
            report.difference("%s: exception expected %s, recorded %s" % (
                where, a["exception_type"], shown.get("type")))
        elif a["exception_text"] is None:
            report.left_out["exception text"] += 1
        elif a["exception_text"] != shown.get("text"):
            report.difference("%s: exception text expected %r, recorded %r" % (
                where, a["exception_text"], shown.get("text")))
        else:
            report.counts["exceptions"] += 1


def compare_locals(report, where, a, b):
    shown = b["locals"]
    elided = {}
    for path, reason in (b.get("elided") or {}).items():
        elided.setdefault(root_name(path), reason)
    if a.get("unknown"):
        report.left_out["hidden"] += len(shown)
        return
    hidden = a.get("hidden", ())
    for name, text in a["locals"].items():
        if name in hidden:
            report.left_out["hidden"] += 1
        elif (a["file"].rpartition("/")[2], a["function"], name) in IDENTITIES:
            report.left_out["address"] += 1
        elif name not in shown:
            report.difference("%s: local %s = %.200s is missing" % (where, name, text))
        elif shown[name] == text:
            report.counts["locals"] += 1
        elif name in elided:
            report.left_out["elided: " + elided[name]] += 1
        else:
            report.difference("%s: local %s expected %.300s, recorded %.300s" % (
                where, name, text, shown[name]))
    for name, reason in a["skipped"].items():
        if name not in shown and name not in hidden:
            report.difference("%s: local %s (%s) is missing" % (where, name, reason))
        report.left_out[reason] += 1
    for name in shown:
        if name not in a["locals"] and name not in a["skipped"] and name not in hidden:
            report.difference("%s: local %s = %.200s is not bound" % (where, name, shown[name]))


def compare_globals(report, where, a, b):
    """Of the module's globals, those that the code names."""
    shown = b["globals"] or {}
    for name, text in a["globals"].items():
        if name not in shown:
            report.difference("%s: global %s = %.200s is missing" % (where, name, text))
        elif shown[name] == text:
            report.counts["globals"] += 1
        elif any(path.startswith("globals()['%s']" % name) for path in (b.get("elided") or {})):
            report.left_out["elided: global"] += 1
        else:
            report.difference("%s: global %s expected %.300s, recorded %.300s" % (
                where, name, text, shown[name]))
    for name in a["globals_skipped"]:
        if name not in shown:
            report.difference("%s: global %s is missing" % (where, name))


def marks(program):
    """The words after `# oracle:` in the program's first lines."""
    with open(program, encoding="utf-8", errors="replace") as file:
        for _ in range(10):
            found = re.match(r"# oracle: (.*)", file.readline())
            if found:
                return found.group(1).split()
    return []


def without(rows, hidden):
    """The rows without those of functions that the recorder left out; a frame below one of
    these has no parent that could be compared."""
    gone = {row["frame"] for row in rows if hidden and row["function"].startswith(hidden)
            if "frame" in row}
    for row in rows:
        if row.get("parent") in gone:
            row["parent"] = None
    return [row for row in rows if not hidden or not row["function"].startswith(hidden)]


def compare_with_python(program, args, recorded, work, order, hidden=None, python=DEFAULT):
    report = Report(program)
    out = os.path.join(work, "oracle.jsonl")
    run_python_oracle(program, args, out, work, python)
    ours, _, _ = align(without(read_python_oracle(out), hidden), program, False)
    theirs, before, after = align(recorded, program, False)
    report.left_out["before"] += before
    report.left_out["after"] += after
    frames = Frames()
    for a, b in compare_streams(report, number_threads(ours), number_threads(theirs),
                                FACTS, order):
        compare_pair(report, frames, a, b)
    return report


def compare_with_c(program, args, recorded, work, order, hidden=None, python=DEFAULT):
    report = Report(program + " (C tracer)")
    out = os.path.join(work, "events.log")
    run_c_oracle(program, args, out, work, python)
    ours, _, _ = align(without(read_c_oracle(out), hidden), program, True)
    theirs, before, _ = align(recorded, program, True)
    report.left_out["before"] += before
    for _ in compare_streams(report, number_threads(ours), number_threads(theirs), FACTS, order):
        pass
    return report


def compare(program, args=(), options=("--no-redact",), hidden=None, python=DEFAULT):
    """The reports of one program against each oracle that holds for it. `hidden`: how the
    names of functions begin that `options` leave out."""
    python.check_opcodes()
    program = os.path.abspath(program)
    words = marks(program)
    with tempfile.TemporaryDirectory() as work:
        recording = os.path.join(work, "p.pyrec")
        record(program, list(args), recording, work, options, python)
        recorded = list(dump(recording, "--globals"))
        events = [{key: row[key] for key in FACTS + ("thread", "seq", "kind")} for row in recorded]
        reports = [compare_with_c(program, list(args), events, work, "order" in words,
                                  hidden, python)]
        del events
        if "c-only" not in words:
            reports.append(compare_with_python(program, list(args), recorded, work,
                                               "order" in words, hidden, python))
    return reports


def compare_oracles(program, args=(), python=DEFAULT):
    """The two tracers against each other: no recorder is needed for it."""
    python.check_opcodes()
    program = os.path.abspath(program)
    report = Report(program + " (the tracers against each other)")
    with tempfile.TemporaryDirectory() as work:
        log, out = os.path.join(work, "events.log"), os.path.join(work, "oracle.jsonl")
        one = run_c_oracle(program, list(args), log, work, python)
        other = run_python_oracle(program, list(args), out, work, python)
        if one.stdout != other.stdout:
            report.difference("another output: %r, %r" % (one.stdout[-300:], other.stdout[-300:]))
        ours, _, _ = align(read_python_oracle(out), program, False)
        theirs, _, report.left_out["after"] = align(read_c_oracle(log), program, False)
        for _ in compare_streams(report, number_threads(ours), number_threads(theirs), FACTS,
                                 "order" in marks(program)):
            pass
    return report


def main():
    failed, python, words = False, DEFAULT, sys.argv[1:]
    if words[0] == "--version":
        python, words = python_of(words[1]), words[2:]
    if words[0] == "--door":
        python, words = python.by(words[1]), words[2:]
    if words[0] == "--oracles":
        print(compare_oracles(words[1], words[2:], python))
        return 0
    for report in compare(words[0], words[1:], python=python):
        print(report)
        failed |= report.difference_count > 0 or report.share < 0.95
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
