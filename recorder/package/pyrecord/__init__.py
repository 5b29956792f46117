"""Records what a Python program does: every call, line, return and exception, with values.

A whole program, as `python3 app.py` runs it:

    python -m pyrecord [options] app.py [argument...]

A part of one:

    import pyrecord

    with pyrecord.recording("run.pyrec", include=["myapp/*"]):
        ...

    pyrecord.start("run.pyrec")
    pyrecord.mark("after login")
    pyrecord.stop()

    @pyrecord.record
    def handler(request):
        ...

`pyreplay run.pyrec` opens the file. One recording at a time covers the process, with all of its
threads. A recording() or a @record inside of another, in whatever thread, is a part of that one:
it has no file of its own, and ends with the other at the latest; start() raises instead.
Files that are closed are whole; one that is still being written can be opened, too.
"""
import functools
import inspect
import os
import sys

from . import _pyrecord
from ._pyrecord import RecordingError

__all__ = ["RecordingError", "Result", "current", "mark", "record", "recording", "start", "stop"]


class Result:
    """What a finished recording holds.

    path -- the file
    events -- how many
    file_bytes -- its size; 0 for a part of a recording that goes on
    message -- why recording stopped early, or that this was a part of another recording; else
    empty
    """

    __slots__ = ("path", "events", "file_bytes", "message")

    def __init__(self, path, events, file_bytes, message):
        self.path = path
        self.events = events
        self.file_bytes = file_bytes
        self.message = message

    def __repr__(self):
        return "Result(path=%r, events=%r, file_bytes=%r, message=%r)" % (
            self.path, self.events, self.file_bytes, self.message)


def _words(path, options):
    """The command line that says the same."""
    words = ["pyrecord"]
    if path is not None:
        words += ["--output=" + os.fspath(path)]
    for name in ("include", "exclude", "include_function", "exclude_function"):
        globs = options.pop(name, ())
        for glob in [globs] if isinstance(globs, str) else globs:
            words += ["--%s=%s" % (name.replace("_", "-"), glob)]
    events = options.pop("events", None)
    if events is not None:
        words += ["--events=" + (events if isinstance(events, str) else ",".join(events))]
    for name in ("max_text", "max_items", "max_depth", "max_objects"):
        number = options.pop(name, None)
        if number is not None:
            words += ["--%s=%d" % (name.replace("_", "-"), number)]
    for name, word in (("values", "--no-values"), ("redact", "--no-redact")):
        if not options.pop(name, True):
            words += [word]
    if not options.pop("forks", True):
        words += ["--no-forks"]
    if options.pop("force", False):
        words += ["--force"]
    if options:
        raise TypeError("unknown option %r" % next(iter(options)))
    program = sys.argv[0] if getattr(sys, "argv", None) else ""
    return words + ["--", program if program not in ("", "-c", "-m") else "python"]


def start(path=None, **options):
    """Begins to record this process, with all of its threads, into the file `path`.

    The functions that are running already, in all threads, are in the recording with their
    variables. Without a path the file is named after the program: NAME.pyrec, NAME.2.pyrec ...
    in the current directory. The options are those of the command line:

    include, exclude, include_function, exclude_function -- lists of globs
    events -- list of kinds of events
    values, redact -- False: --no-values, --no-redact
    max_text, max_items, max_depth, max_objects -- limits
    forks -- False: --no-forks
    force -- replace an older recording

    Returns the file's name. Raises RecordingError when the process is being recorded already,
    or cannot be.
    """
    begun = _pyrecord.start(_words(path, options))
    if begun is None:
        raise RecordingError("this process is being recorded already")
    return begun[0]


def stop():
    """Ends the recording and closes its file; returns a Result."""
    return Result(**_pyrecord.stop())


def mark(text):
    """Sets a mark in the recording, which the replayer lists and goes to.

    Returns whether there is a recording.
    """
    return _pyrecord.mark(text)


def current():
    """The file that is being written, None when there is none.

    The whole program's recording (`python -m pyrecord`) shows as an empty name.
    """
    now = _pyrecord.current()
    return None if now is None else now[0] or ""


class _Turn:
    """One recording, or a part of the one that is on."""

    def __init__(self, words):
        begun = now = None
        while begun is None and now is None:  # another thread may begin or end one meanwhile
            begun = _pyrecord.start(words)
            now = None if begun else _pyrecord.current()
        self.path, self._number = begun or (now[0] or "", now[1])
        self._before = None if begun else now[2]

    def end(self):
        if self._before is None:
            result = _pyrecord.stop(self._number)
            return result and Result(**result)
        now = _pyrecord.current()
        goes_on = now is not None and now[1] == self._number
        return Result(self.path, now[2] - self._before if goes_on else 0, 0,
                      "a part of another recording%s" % ("" if goes_on else ", which has ended"))


class recording:
    """Records what runs inside:

        with pyrecord.recording("run.pyrec", include=["myapp/*"]) as run:
            ...
        print(run.result.events)

    Takes what start() takes. Inside of another recording it is a part of that one: `path` is the
    other's file (empty: the whole program's), and the options are not looked at.
    """

    def __init__(self, path=None, **options):
        self._words = _words(path, options)
        self._turn = None
        self.path = None
        self.result = None

    def __enter__(self):
        self._turn = _Turn(self._words)
        self.path = self._turn.path
        return self

    def __exit__(self, *error):
        self.result = self._turn.end()


def record(function=None, *, path=None, **options):
    """A decorator: each call of the function is recorded, into a file of its own.

        @pyrecord.record
        def handler(request): ...

        @pyrecord.record(path="handler.pyrec", force=True)
        async def handler(request): ...

    The file is named after the function, unless there is a path; that is written once, later
    calls need force=True. A call inside a recording (its own included, when it calls itself)
    is a part of that one.
    """
    if function is None:
        return functools.partial(record, path=path, **options)
    words = _words(path, dict(options))
    if path is None:
        words[-1] = function.__qualname__.replace("<locals>.", "")

    if inspect.iscoroutinefunction(function):
        @functools.wraps(function)
        async def recorded(*args, **kwargs):
            turn = _Turn(words)
            try:
                return await function(*args, **kwargs)
            finally:
                turn.end()
    else:
        @functools.wraps(function)
        def recorded(*args, **kwargs):
            turn = _Turn(words)
            try:
                return function(*args, **kwargs)
            finally:
                turn.end()
    return recorded
