"""Expressions give what CPython gives on the same values, or say that they do not know;
never anything else."""
import json
import os
import random
import re
import subprocess

import pytest

import run

DRIVER = os.path.join(run.BUILD, "tests", "rp_expr_driver")
PER_SEED = 2000

SETUP = '''\
import collections, datetime, enum
Point = collections.namedtuple("Point", "x y")
class Color(enum.Enum):
    RED = 1
    BLUE = "b"
class Level(enum.IntEnum):
    LOW = 1
    HIGH = 5
class Box:
    def __init__(self, a, b):
        self.a = a
        self.b = b
class Text(str):
    pass
class Error(ValueError):
    pass
def made():
    i = 7; j = -3; zero = 0; one = 1; big = 2 ** 62; huge = 10 ** 30
    x = 1.5; y = -0.25; nan = float("nan"); inf = float("inf")
    t = True; f = False; none = None; z = 1 + 2j
    s = "hello"; u = "h\\u00e9llo \\U0001f600"; e = ""; b = b"bytes"; ba = bytearray(b"xyz")
    l = [3, 1, 2]; ll = [[1, 2], [3]]; el = []; alias = l
    tup = (1, "a", 2.5); pt = Point(4, 5); et = ()
    d = {"a": 1, "b": [1, 2], 3: "three", (1, 2): "pair", None: 0}
    dd = collections.defaultdict(int, {"k": 2}); od = collections.OrderedDict(p=1, q=2)
    cnt = collections.Counter("abbccc"); st = {1, 2, 3}; fs = frozenset((8, 9))
    dq = collections.deque([1, 2, 3], maxlen=5); r = range(2, 20, 3)
    box = Box([1, {"k": "v"}], 42); red = Color.RED; high = Level.HIGH
    txt = Text("sub"); err = Error("bad", 3)
    date = datetime.date(2020, 2, 29); td = datetime.timedelta(1, 2)
    return locals()
'''
NAMES = ("i j zero one big huge x y nan inf t f none z s u e b ba l ll el alias tup pt et d dd "
         "od cnt st fs dq r box red high txt err date td").split()


class Maker:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def atom(self):
        r = self.r
        return r.choice([
            lambda: r.choice(NAMES),
            lambda: r.choice(NAMES),
            lambda: r.choice(NAMES),
            lambda: str(r.choice([0, 1, 2, 3, 7, -1, 10, 255, 0x7fffffffffffffff])),
            lambda: r.choice(["0x1F", "0b101", "0o17", "1_000", "1.5", "2e3", ".5", "1j"]),
            lambda: r.choice(["'a'", '"k"', "'hello'", "b'by'", "r'\\n'", "'\\x41\\n'", "''",
                              "'he' 'llo'", "'''x'''"]),
            lambda: r.choice(["None", "True", "False", "..."]),
        ])()

    def primary(self, depth):
        r = self.r
        return r.choice([
            self.atom,
            self.atom,
            lambda: "(%s)" % self.test(depth - 1),
            lambda: "%s[%s]" % (self.primary(depth - 1), self.test(depth - 1)),
            lambda: "%s[%s]" % (r.choice("l ll tup s u b d d d dq r pt".split()),
                                r.choice(["0", "-1", "1", "'a'", "'b'", "3", "(1, 2)", "None"])),
            lambda: "%s[%s:%s]" % (r.choice("l ll tup s u b txt".split()), self.bound(),
                                   self.bound()),
            lambda: "%s[%s:%s:%s]" % (r.choice("l ll tup s u b".split()), self.bound(),
                                      self.bound(), self.bound()),
            lambda: r.choice(["box.a", "box.b", "box.a[1]['k']", "pt.x", "pt.y", "red.name",
                              "red.value", "high.value", "err.args", "date.year", "td.days",
                              "z.real", "z.imag", "i.real", "r.start", "box.c"]),
            lambda: "[%s]" % self.many(depth),
            lambda: "(%s,)" % self.test(depth - 1),
            lambda: self.call(depth),
        ])()

    def bound(self):
        return self.r.choice(["", "", "0", "1", "2", "-1", "-2", "9", "-9"])

    def many(self, depth):
        return ", ".join(self.test(depth - 1) for _ in range(self.r.randrange(4)))

    def call(self, depth):
        r = self.r
        one = "len min max sum any all type repr str sorted abs int float bool list tuple".split()
        return r.choice([
            lambda: "%s(%s)" % (r.choice(one), self.test(depth - 1)),
            lambda: "%s(%s)" % (r.choice(one), r.choice(NAMES)),
            lambda: "%s(%s, %s)" % (r.choice(["min", "max"]), self.test(depth - 1),
                                    self.test(depth - 1)),
            lambda: "sorted(%s, reverse=%s)" % (self.test(depth - 1), r.choice(["True", "0"])),
            lambda: "isinstance(%s, %s)" % (self.test(depth - 1), r.choice(
                ["int", "str", "(int, float)", "list", "dict", "tuple", "object", "Box",
                 "bool"])),
            lambda: "type(%s) is %s" % (r.choice(NAMES), r.choice(["int", "str", "list", "Box"])),
        ])()

    def test(self, depth):
        r = self.r
        if depth <= 0:
            return self.atom()
        sub = lambda: self.test(depth - 1)  # noqa: E731
        op = lambda *ops: "%s %s %s" % (sub(), r.choice(ops), sub())  # noqa: E731
        return r.choice([
            lambda: self.primary(depth),
            lambda: self.primary(depth),
            lambda: op("+", "-", "*", "/", "//", "%"),
            lambda: op("+", "-", "*", "/", "//", "%"),
            lambda: op("&", "|", "^", ">>"),
            lambda: "%s %s %d" % (self.atom(), r.choice(["<<", "**"]), r.randrange(-2, 70)),
            lambda: op("<", "<=", ">", ">=", "==", "!="),
            lambda: op("<", "<=", ">", ">=", "==", "!="),
            lambda: "%s < %s <= %s" % (sub(), sub(), sub()),
            lambda: op("in", "not in"),
            lambda: "%s %s %s" % (sub(), r.choice(["is", "is not"]),
                                  r.choice(["None", "l", "True"])),
            lambda: op("and", "or"),
            lambda: "not %s" % sub(),
            lambda: "%s%s" % (r.choice("-+~"), sub()),
            lambda: "%s if %s else %s" % (sub(), sub(), sub()),
        ])()


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
                          errors="surrogateescape")
    lines = done.stdout.split("\n")[:-1]
    assert len(lines) == len(expressions)
    return lines


ORACLE = SETUP + """
import json, resource, signal, sys, warnings
warnings.simplefilter("ignore")
resource.setrlimit(resource.RLIMIT_AS, (1 << 29, 1 << 29))
signal.signal(signal.SIGALRM, signal.default_int_handler)

answers = []
for expression in json.load(sys.stdin):
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        answers.append(repr(eval(expression, globals(), made())))
    except KeyboardInterrupt:
        answers.append("too long")
    except Exception:
        answers.append(None)
    signal.setitimer(signal.ITIMER_REAL, 0)
json.dump(answers, sys.stdout)
"""


def python_says(expressions):
    """repr() of each value; None where Python raises."""
    done = subprocess.run([run.PYTHON, "-c", ORACLE], input=json.dumps(expressions), check=True,
                          stdout=subprocess.PIPE, encoding="utf-8")
    return json.loads(done.stdout)


@pytest.mark.parametrize("seed", range(10))
def test_generated(setting, seed):
    maker = Maker(seed)
    expressions = [maker.test(maker.r.randrange(1, 4)) for _ in range(PER_SEED)]
    wrong, answered, have = [], 0, 0
    answers = zip(expressions, ask(setting, expressions), python_says(expressions))
    for expression, line, says in answers:
        if says and re.search(r"0x[0-9a-f]{6}|<__main__|'sub'|Error\(|too long", says):
            continue  # addresses, and what has a form of our own
        have += says is not None
        if line.startswith("! "):
            continue
        answered += says is not None
        if line != says:
            wrong.append((expression, line, says))
    assert wrong == []
    assert answered > 0.75 * have


def test_carets(setting):
    cases = {
        "1 +": 3,
        "(1": 2,
        "a = 1": 2,
        "lambda: 1": 0,
        "i $ 2": 2,
        "'abc": 0,
        "nothing_here + 1": 0,
        "1 + nothing_here": 4,
        "l[99]": 1,
        "box.nothing": 3,
        "i + s": 2,
        "made()": 0,
        "1 if 2": 6,
        "f'{i}'": 0,
        "d['no such key']": 1,
        "(" * 500: None,
        "-" * 500 + "1": None,
        "1" + "+1" * 500: None,
        "i" + ".real" * 500: None,
    }
    for (expression, column), line in zip(cases.items(), ask(setting, cases)):
        assert line.startswith("! "), (expression, line)
        assert column is None or int(line.split()[1]) == column, (expression, line)
