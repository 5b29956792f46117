"""The worked sessions in README.md and samples/README.md: their commands, typed as they stand,
print what stands there. Event numbers, ids, times and sizes may differ.

After a change that is meant: PYREC_ACCEPT=1 pytest tests/e2e/test_worked_sessions.py, and read
the difference."""
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import run

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "samples" / "README.md"]
HOME = "/srv/demo"  # where the documents say that it was run
BLOCK = re.compile(r"```\n(\$ pyrecord samples/(\w+)\.py\n.*?)```\n", re.S)
PROMPT = re.compile(r"^\(event \d+/\d+ t\d+\) (.*)$", re.M)
ACCEPT = os.environ.get("PYREC_ACCEPT")
VARYING = [
    (re.compile(r"#\d+"), "#N"),
    (re.compile(r"\bevent \d+"), "event N"),
    (re.compile(r"event N/\d+"), "event N/N"),
    (re.compile(r"^ +\d+(  (?:t\d|samples/|\w+Error:))", re.M), r"N\1"),
    (re.compile(r"[\d,]+ events"), "N events"),
    (re.compile(r"[\d.]+ ([KM]?B|[mun]?s)\b"), r"N \1"),
]


def sessions(path):
    return [(match[2], match[1]) for match in BLOCK.finditer(path.read_text())]


def masked(text):
    """Without what may differ; how far a column is padded may, too."""
    for pattern, instead in VARYING:
        text = pattern.sub(instead, text)
    return re.sub(r" +$", "", text, flags=re.M)


def play(name, commands, folder):
    """The session as it is today."""
    shutil.copytree(ROOT / "samples", folder / "samples")
    environment = run.clean_environment({
        "PATH": "%s:/usr/bin:/bin" % os.path.dirname(run.PYREPLAY), "HOME": str(folder)})
    options = dict(cwd=folder, env=environment, stdin=subprocess.DEVNULL, timeout=100,
                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
    recorded = subprocess.run(["sh", "-c", "pyrecord samples/%s.py" % name], **options)
    words = [word for command in commands for word in ("-c", command)]
    replayed = subprocess.run(["pyreplay", "--echo", *words, name + ".pyrec"], **options)
    assert recorded.returncode == 1 and replayed.returncode == 0, replayed.stdout
    text = "$ pyrecord samples/%s.py\n%s$ pyreplay %s.pyrec\n%s" % (
        name, recorded.stdout, name, replayed.stdout)
    return re.sub(r"[ \t]+$", "", text.replace(str(folder), HOME), flags=re.M)


ALL = [(path, name) for path in DOCUMENTS for name, _ in sessions(path)]


@pytest.mark.parametrize("path,name", ALL, ids=lambda value: getattr(value, "stem", value))
def test_session_prints_what_the_document_says(path, name, tmp_path):
    written = dict(sessions(path))[name]
    commands = PROMPT.findall(written)
    assert commands[-1] == "q" and 1 <= len(commands) - 1 <= 5
    today = play(name, commands, tmp_path)
    if ACCEPT and masked(today) != masked(written):
        path.write_text(path.read_text().replace(written, today))
        return
    assert masked(today) == masked(written), "if it is meant: PYREC_ACCEPT=1"


def test_each_sample_has_a_session_with_the_commands_of_its_header():
    told = dict(sessions(ROOT / "samples" / "README.md"))
    for sample in sorted((ROOT / "samples").glob("*.py")):
        header = re.findall(r"^ *> (.*)$", sample.read_text().split('"""')[1], re.M)
        assert PROMPT.findall(told[sample.stem])[:-1] == header, sample.name


def test_a_difference_is_seen():
    assert masked("(event 12/99 t1) p x\n<A #7 b=1>\n") == masked("(event 3/5 t1) p x\n<A #8 b=1>\n")
    assert masked("<A #7 b=1>") != masked("<A #7 b=2>")
    assert masked("shop.py:12 in f()") != masked("shop.py:13 in f()")
