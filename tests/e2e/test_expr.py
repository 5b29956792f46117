"""Expressions give what CPython gives on the same values, errors included, or say that they
do not know; never anything else."""
import ast
import json
import os
import re
import subprocess

import pytest

import run
from expr_maker import SETUP, Maker

DRIVER = os.path.join(run.BUILD, "tests", "rp_expr_driver")
PER_SEED = 2000
PYTHON_ERROR = re.compile(r"([A-Z]\w*(?:Error|Iteration)): ?(.*)", re.S)


@pytest.fixture(scope="module")
def setting(tmp_path_factory):
    folder = tmp_path_factory.mktemp("expressions")
    program, recording = folder / "made.py", folder / "made.pyrec"
    program.write_text(SETUP + "made()\n")
    subprocess.run([run.PYRECORD, "-q", "-o", recording, program], check=True)
    return recording


def ask(recording, expressions):
    done = subprocess.run([DRIVER, recording, "made"], input="\n".join(expressions) + "\n",
                          stdout=subprocess.PIPE, check=True, encoding="utf-8",
                          errors="surrogateescape", timeout=600)
    lines = done.stdout.split("\n")[:-1]
    assert len(lines) == len(expressions)
    return lines


ORACLE = SETUP + """
import json, resource, signal, sys, warnings
warnings.simplefilter("ignore")
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
signal.signal(signal.SIGALRM, signal.default_int_handler)

answers = []
for expression in json.load(sys.stdin):
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        answers.append(["value", repr(eval(expression, {**globals(), **made()}))])
    except KeyboardInterrupt:
        answers.append(["long", ""])
    except Exception as error:
        text = str(error)
        answers.append(["error", type(error).__name__ + ": " + text])
    signal.setitimer(signal.ITIMER_REAL, 0)
json.dump(answers, sys.stdout)
"""


def python_says(expressions):
    """["value", repr], ["error", "Type: message"], or ["long", ""] for each."""
    done = subprocess.run([run.PYTHON, "-c", ORACLE], input=json.dumps(expressions), check=True,
                          stdout=subprocess.PIPE, encoding="utf-8")
    return json.loads(done.stdout)


ORDERED_BY_SET = r"set\(|union|difference|intersection|keys|\{|fs|st|es"


def same_but_for_sets(expression, ours, theirs):
    """The order of a set of texts is another in each run of Python."""
    def literal(text):
        return ast.literal_eval(re.sub(r"\bfrozenset\(|dict_(?:keys|values|items)\(", "(", text)
                                .replace("set()", "'set()'"))
    try:
        if "{" not in theirs and theirs[:1] in "[(" and re.search(ORDERED_BY_SET, expression):
            return sorted(map(repr, literal(ours))) == sorted(map(repr, literal(theirs)))
        return "{" in theirs and literal(ours) == literal(theirs)
    except (ValueError, SyntaxError, TypeError):
        return False


def differs(expression, line, kind, says):
    """What is wrong with our line; None: nothing. "refused": that it is unknown."""
    if line.startswith("! "):
        message = line.split(" ", 2)[2]
        raised = PYTHON_ERROR.match(message)
        if not raised:
            return "refused"
        return None if kind == "error" and says.startswith(message[:190]) else "error"
    if kind != "value":
        return "value"
    return None if line == says or same_but_for_sets(expression, line, says) else "value"


def compare(setting, expressions):
    wrong, refused = [], []
    for expression, line, (kind, says) in zip(expressions, ask(setting, expressions),
                                              python_says(expressions)):
        foreign = re.search(r"0x[0-9a-f]{9,}|<__main__|Error\('bad'|<(generator|map|zip|filter|"
                            r"\w*iterator|function|built-in|list_)|'sub'$|\d+\.\d+e-16", says)
        if kind == "long" or foreign or "<__main__" in line or "MemoryError" in says or says == "12":
            continue  # addresses, and what has a form of our own
        how = differs(expression, line, kind, says)
        if how == "refused":
            refused.append((expression, line, says))
        elif how:
            wrong.append((expression, line, says))
    return wrong, refused


@pytest.mark.parametrize("seed", [
    0, *(pytest.param(seed, marks=pytest.mark.full) for seed in range(1, 20))])
def test_generated(setting, seed):
    maker = Maker(seed)
    expressions = [maker.expression() for _ in range(PER_SEED)]
    wrong, refused = compare(setting, expressions)
    for expression, line, says in wrong[:40]:
        print(f"{expression}\n    ours:   {line}\n    Python: {says}")
    assert not wrong
    assert len(refused) < PER_SEED * 0.06
