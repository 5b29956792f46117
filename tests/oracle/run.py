"""Running the programs under test and the bare Python, each in a process of its own.

"Bare" is what a user gets who types `python3 ...`: that word stands in `sys.orig_argv`, and the
interpreter is the first `python3` on the path."""
import json
import os
import signal
import subprocess

from compare import BUILD, PYRECORD, PYREPLAY, PYTHON, ROOT  # noqa: F401

TIMEOUT = int(os.environ.get("TEST_TIMEOUT", 100))  # seconds for one process


class Done:
    def __init__(self, process, out, err):
        self.status = process.returncode  # negative: the signal that ended it
        self.out = out
        self.err = err

    @property
    def text(self):
        return self.out.decode("utf-8", "surrogateescape")

    @property
    def message(self):
        return self.err.decode("utf-8", "surrogateescape")

    def __repr__(self):
        return "status %s\n--- stdout\n%s\n--- stderr\n%s" % (
            self.status, shortened(self.text), shortened(self.message))


def shortened(text, limit=4000):
    """A failing test shows the ends of a long output, not all of it."""
    return text if len(text) <= limit else "%s\n[...]\n%s" % (text[:limit // 2], text[-limit // 2:])


def clean_environment(extra=None):
    """The user's environment without what would make two runs differ."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON") and k != "BUILD"}
    env.update(LC_ALL="C.UTF-8", PYTHONDONTWRITEBYTECODE="1",
               PATH=os.path.dirname(PYTHON) + ":/usr/bin:/bin")
    for name in ("VIRTUAL_ENV", "COLUMNS", "LINES"):
        env.pop(name, None)
    env.update(extra or {})
    return env


def run(command, cwd=None, stdin=b"", env=None, timeout=TIMEOUT, interrupt=False):
    """Runs it in a session of its own; what it leaves behind is ended with it."""
    # pytest may run with SIGINT ignored (a background job); the child must not inherit that
    words = [os.fspath(word) for word in command]
    process = subprocess.Popen(
        ["python3", *words[1:]] if words[0] == PYTHON else words, executable=words[0], cwd=cwd,
        env=clean_environment(env),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        out, err = process.communicate(stdin, timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        raise AssertionError("no end after %s s: %s\n%s" % (timeout, command, Done(process, out, err)))
    return Done(process, out, err)


def bare(*args, **options):
    return run([PYTHON, *args], **options)


def pyrecord(*args, **options):
    return run([PYRECORD, *args], **options)


def pyreplay(*args, **options):
    return run([PYREPLAY, *args], **options)


def info(recording):
    done = pyreplay("info", "--format", "json", recording)
    assert done.status == 0, done
    return json.loads(done.text)


def dump(recording, *options):
    done = pyreplay("dump", "--format", "jsonl", *options, recording)
    assert done.status == 0, done
    return [json.loads(line) for line in done.text.split("\n") if line]


def verified(recording):
    done = pyreplay("verify", recording)
    assert done.status == 0, done
    return done
