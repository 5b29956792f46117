"""The header of each sample is true: its commands, typed as they stand, find the cause."""
import ast
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = ROOT / os.environ.get("BUILD", "build") / "bin"
SAMPLES = sorted((ROOT / "samples").glob("*.py"))


class Header:
    def __init__(self, path):
        text = ast.get_docstring(ast.parse(path.read_text()))
        self.shell = re.findall(r"^ *\$ (.*)$", text, re.M)
        self.commands = re.findall(r"^ *> (.*)$", text, re.M)
        self.shows = re.findall(r"^Shows: (.*)$", text, re.M)
        # Shows: FILE:LINE CODE
        self.causes = [(int(line), code) for name, line, code in
                       (m.groups() for m in (re.match(r"(\S+\.py):(\d+) (.*)", s)
                                             for s in self.shows) if m)
                       if name == path.name]


def run(words, folder):
    path = "%s:%s" % (BIN, os.environ["PATH"])
    return subprocess.run(words, cwd=folder, env=dict(os.environ, PATH=path), timeout=100,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, universal_newlines=True)


def missing(shows, output):
    """What the header promises and the session does not print."""
    for text in shows:
        place = re.match(r"(\S+\.py:\d+) (.*)", text)
        for part in place.groups() if place else [text]:
            if part not in output:
                yield part


def test_there_are_samples():
    assert len(SAMPLES) >= 5


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_header_says_what_is_there(sample):
    header = Header(sample)
    lines = sample.read_text().split("\n")
    assert len(header.shell) == 2 and 1 <= len(header.commands) <= 5
    assert header.causes and len(header.shows) >= 2
    for line, code in header.causes:
        assert lines[line - 1].strip() == code


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_commands_find_the_cause(sample, tmp_path):
    header = Header(sample)
    shutil.copytree(ROOT / "samples", tmp_path / "samples")
    recorded = run(["sh", "-c", header.shell[0]], tmp_path)
    assert recorded.returncode == 1 and "Traceback" in recorded.stderr
    words = header.shell[1].split() + ["--batch"]
    for command in header.commands:
        words += ["-c", command]
    session = run(words, tmp_path)
    print(session.stdout, session.stderr)
    assert session.returncode == 0, session.stderr
    assert not list(missing(header.shows, session.stdout))


def test_a_promise_that_is_not_kept_is_noticed():
    assert list(missing(["a.py:3 x = 1", "'y'"], "a.py:4 x = 1 'y'")) == ["a.py:3"]
    assert not list(missing(["a.py:3 x = 1", "'y'"], "at a.py:3 in f\n x = 1 'y'"))


def test_demo_steps_back_to_the_cause():
    session = run([str(ROOT / "samples" / "demo.sh")], ROOT)
    assert session.returncode == 0, session.stderr
    for text in ("TypeError: unsupported operand", "celsius=None", "'2025-08-14;-'",
                 "number_or_none(): returns None", "bin/pyreplay"):
        assert text in session.stdout + session.stderr
