"""Makes expressions: mostly of types that fit, now and then of ones that do not."""
import random

SETUP = '''\
import collections, datetime, decimal, enum
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
class Number(int):
    pass
class Error(ValueError):
    pass
def made():
    i = 7; j = -3; zero = 0; one = 1; big = 2 ** 62; huge = 10 ** 30; neg = -(3 ** 90)
    x = 1.5; y = -0.25; nan = float("nan"); inf = float("inf"); tiny = 5e-324; large = 1e22
    t = True; f = False; none = None; z = 1 + 2j; num = Number(12)
    s = "hello"; u = "h\\u00e9llo \\U0001f600 \\u01c5\\u0391\\u03a3 \\u00df\\ufb01"; e = ""; b = b"bytes"
    ba = bytearray(b"xyz"); words = "  the quick  brown\\tfox\\njumps "; digits = "-0042"
    l = [3, 1, 2]; ll = [[1, 2], [3]]; el = []; alias = l; mixed = [1, "a", None, 2.5]
    names = ["bob", "alice", "Carol"]; floats = [0.1, 0.2, 0.3, 1e100, -1e100]
    tup = (1, "a", 2.5); pt = Point(4, 5); et = (); pairs = [("a", 1), ("b", 2)]
    d = {"a": 1, "b": [1, 2], 3: "three", (1, 2): "pair", None: 0}
    nums = {1: 10, 2: 20, 5: 50}; text = {"k": "v", "w": "x"}
    dd = collections.defaultdict(int, {"k": 2}); od = collections.OrderedDict(p=1, q=2)
    cnt = collections.Counter("abbccc"); st = {1, 2, 3}; fs = frozenset((8, 9)); es = set()
    dq = collections.deque([1, 2, 3], maxlen=5); r = range(2, 20, 3); er = range(0)
    box = Box([1, {"k": "v"}], 42); red = Color.RED; high = Level.HIGH
    txt = Text("sub"); err = Error("bad", 3); dec = decimal.Decimal("1.5")
    date = datetime.date(2020, 2, 29); td = datetime.timedelta(1, 2)
    return locals()
'''

NAMES = {
    "int": "i j zero one big huge neg t f num high i i j".split(),
    "float": "x y nan inf tiny large x y".split(),
    "complex": ["z"],
    "str": "s u e words digits txt s words".split(),
    "bytes": "b ba b".split(),
    "list": "l ll el mixed names floats pairs alias l names".split(),
    "tuple": "tup pt et".split(),
    "dict": "d nums text dd od cnt d text nums".split(),
    "set": "st fs es st".split(),
    "other": "none box red err date td dq r er dec".split(),
}
TYPES = list(NAMES)
COMMON = ["int", "int", "float", "str", "str", "list", "dict", "set", "tuple", "bytes"]


class Maker:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.bound = []

    def pick(self, *makers):
        return self.r.choice(makers)()

    # --- Of a type ---

    def of(self, kind, depth):
        r = self.r
        if r.random() < 0.03:
            kind = r.choice(TYPES)
        if kind == "any":
            kind = r.choice(COMMON)
        if depth <= 0 or r.random() < 0.12:
            return self.atom(kind)
        general = r.random()
        if general < 0.05:
            return "(%s if %s else %s)" % (self.of(kind, depth - 1), self.of("bool", depth - 1),
                                           self.of(kind, depth - 1))
        if general < 0.09:
            return "(%s %s %s)" % (self.of(kind, depth - 1), r.choice(["and", "or"]),
                                   self.of(kind, depth - 1))
        return getattr(self, kind)(depth - 1)

    def atom(self, kind):
        r = self.r
        if kind == "bool":
            kind = "int"
        if self.bound and r.random() < 0.35:
            return r.choice(self.bound)
        if r.random() < 0.7 or kind == "other":
            return r.choice(NAMES[kind])
        return r.choice({
            "int": ["0", "1", "2", "-1", "10", "255", "0x1F", "0b101", "0o17", "1_000", "3",
                    "True", "9223372036854775807", "123456789012345678901234567890"],
            "float": ["1.5", "2e3", ".5", "1e-7", "0.1", "-0.0", "100.0", "1_0.5"],
            "complex": ["1j", "2.5j", "(1-1j)", "0j"],
            "str": ["'a'", '"k"', "'hello'", "r'\\n'", "'\\x41\\n'", "''", "'he' 'llo'",
                    "'''x'''", "'l'", "'o w'", "'%s'", "'{}'", "'12'", "'\\u00e9'", "','"],
            "bytes": ["b'by'", "b''", "b'\\xff'", "rb'\\n'", "b't'"],
            "list": ["[]", "[1]", "[1, 2, 3]", "['a', 'b']", "[[]]", "[None]", "[3, 1, 2, 1]"],
            "tuple": ["()", "(1,)", "(1, 2)", "('a', 1)"],
            "dict": ["{}", "{1: 2}", "{'a': 1, 'b': 2}", "{'k': [1]}"],
            "set": ["{1}", "{1, 2, 3}", "{5, 40, 3}", "set()", "{2, 3}", "{'a'}"],
        }[kind])

    def many(self, kind, depth, most=4):
        return ", ".join(self.of(kind, depth) for _ in range(self.r.randrange(most)))

    def int(self, depth):
        r, sub = self.r, lambda kind="int": self.of(kind, depth)
        return self.pick(
            lambda: "(%s %s %s)" % (sub(), r.choice(["+", "-", "*", "//", "%", "&", "|", "^"]),
                                    sub()),
            lambda: "(%s %s %s)" % (sub(), r.choice(["+", "-", "*", "//", "%"]), sub()),
            lambda: "(%s %s %d)" % (sub(), r.choice(["<<", ">>"]), r.randrange(-1, 70)),
            lambda: "(%s ** %d)" % (self.atom("int"), r.randrange(-1, 9)),
            lambda: "%s%s" % (r.choice("-+~"), sub()),
            lambda: "len(%s)" % sub(r.choice(["list", "str", "dict", "tuple", "set", "bytes"])),
            lambda: "abs(%s)" % sub(),
            lambda: "int(%s)" % sub(r.choice(["float", "str", "int"])),
            lambda: "int(%s, %s)" % (r.choice(["'ff'", "'0x1f'", "' 12 '", "'z'", "digits",
                                               "'1_1'", "b'11'"]), r.choice(["16", "0", "36",
                                                                             "10", "2", "1"])),
            lambda: "%s(%s)" % (r.choice(["sum", "min", "max"]), self.ints(depth)),
            lambda: "%s(%s, %s)" % (r.choice(["min", "max", "divmod", "pow"]), sub(),
                                    self.atom("int")),
            lambda: "pow(%s, %d, %s)" % (sub(), r.randrange(9), self.atom("int")),
            lambda: "round(%s%s)" % (sub(r.choice(["int", "float"])),
                                     r.choice(["", "", ", 1", ", -1", ", 2", ", None"])),
            lambda: "ord(%s)" % r.choice(["'a'", "'\\u20ac'", "s", "s[0]", "b't'", "u[-1]"]),
            lambda: "hash(%s)" % r.choice(["i", "x", "huge", "neg", "(1, 2)", "z", "y", "1.0",
                                           "fs", "()", "-1", "inf", "((1, 2.5), -7)"]),
            lambda: "%s.%s" % (sub("str"), self.search()),
            lambda: "%s.%s" % (sub("bytes"), r.choice(["find(b'e')", "count(b't')",
                                                       "index(98)", "rfind(b'y', 1)"])),
            lambda: "%s.%s(%s)" % (sub(r.choice(["list", "tuple"])),
                                   r.choice(["index", "count"]), self.atom("int")),
            lambda: "%s.%s" % (self.atom("int"), r.choice(["bit_length()", "real", "imag",
                                                          "numerator", "conjugate()",
                                                          "bit_count()", "denominator"])),
            lambda: "%s[%s]" % (r.choice(["l", "nums", "st", "tup", "r", "b", "cnt", "dd", "dq",
                                          "ll[0]", "pt"]), self.atom("int")),
            lambda: r.choice(["pt.x", "box.b", "high.value", "date.year", "td.days", "r.start",
                              "box.a[0]", "red.value", "err.args[1]", "x.real", "pt.z",
                              "cnt['b']", "r[-1]", "len(r)", "len(dq)", "od['p']"]))

    def ints(self, depth):
        r = self.r
        return r.choice([lambda: "l", lambda: "st", lambda: "nums", lambda: "r", lambda: "b",
                         lambda: "[%s]" % self.many("int", depth - 1, 5),
                         lambda: "nums.values()", lambda: "%s" % self.of("list", depth - 1),
                         lambda: self.generator("int", depth - 1),
                         lambda: self.generator("int", depth - 1)])()

    def search(self):
        r = self.r
        what = r.choice(["'l'", "'lo'", "'x'", "''", "'\\u00e9'", "e", "' '", "'\\U0001f600'"])
        return "%s(%s%s)" % (r.choice(["find", "rfind", "index", "rindex", "count"]), what,
                             r.choice(["", "", ", 1", ", 1, -1", ", -3", ", None, 4", ", 9"]))

    def float(self, depth):
        r, sub = self.r, lambda kind="float": self.of(kind, depth)
        return self.pick(
            lambda: "(%s %s %s)" % (sub(), r.choice(["+", "-", "*", "/", "//", "%"]),
                                    sub(r.choice(["float", "int"]))),
            lambda: "(%s / %s)" % (sub("int"), sub("int")),
            lambda: "(%s ** %s)" % (self.atom("float"), r.choice(["2", "0.5", "-1", "0", "x"])),
            lambda: "-%s" % sub(),
            lambda: "float(%s)" % self.pick(
                lambda: sub("int"), lambda: sub("str"),
                lambda: r.choice(["'1.5'", "' -inf '", "'nan'", "'1e400'", "'1_0.0'", "'1__0'",
                                  "'0x1'", "'1e'", "''", "'\\u0661.5'"])),
            lambda: "round(%s, %d)" % (sub(), r.randrange(-3, 5)),
            lambda: "sum(%s)" % r.choice(["floats", "[x, y, i]", "floats + [1, 2]",
                                          "[0.1] * 10"]),
            lambda: "%s(%s, %s)" % (r.choice(["min", "max", "divmod"]), sub(), sub()),
            lambda: "%s.%s" % (self.atom("float"), r.choice(["real", "imag", "is_integer()",
                                                            "as_integer_ratio()", "hex()"])),
            lambda: "abs(%s)" % sub(r.choice(["float", "complex"])))

    def complex(self, depth):
        r, sub = self.r, lambda kind="complex": self.of(kind, depth)
        return self.pick(
            lambda: "(%s %s %s)" % (sub(), r.choice(["+", "-", "*", "/"]),
                                    sub(r.choice(["complex", "float", "int"]))),
            lambda: "(%s ** %d)" % (sub(), r.randrange(-2, 4)),
            lambda: "-%s" % sub(),
            lambda: "complex(%s, %s)" % (self.atom("int"), self.atom("float")),
            lambda: "%s.%s" % (sub(), r.choice(["real", "imag", "conjugate()"])))

    def bool(self, depth):
        r, sub = self.r, lambda kind="any": self.of(kind, depth)
        kind = r.choice(COMMON)
        return self.pick(
            lambda: "(%s %s %s)" % (sub(kind), r.choice(["<", "<=", ">", ">=", "==", "!="]),
                                    sub(kind)),
            lambda: "(%s %s %s)" % (sub(), r.choice(["==", "!="]), sub()),
            lambda: "(%s < %s <= %s)" % (sub("int"), sub("float"), sub("int")),
            lambda: "(%s %s %s)" % (sub("any"), r.choice(["in", "not in"]),
                                    sub(r.choice(["list", "dict", "set", "tuple"]))),
            lambda: "(%s in %s)" % (sub("str"), sub("str")),
            lambda: "(%s in %s)" % (sub("int"), r.choice(["r", "b", "nums", "dq", "st", "l"])),
            lambda: "(%s %s %s)" % (sub(), r.choice(["is", "is not"]),
                                    r.choice(["None", "l", "True", "box", "none"])),
            lambda: "not %s" % sub(),
            lambda: "bool(%s)" % sub(),
            lambda: "%s(%s)" % (r.choice(["any", "all"]), self.ints(depth)),
            lambda: "%s(%s)" % (r.choice(["any", "all"]), self.generator("bool", depth)),
            lambda: "isinstance(%s, %s)" % (sub(), r.choice(
                ["int", "str", "(int, float)", "list", "dict", "tuple", "object", "Box", "bool",
                 "(str, (list, set))", "Exception", "type(%s)" % sub()])),
            lambda: "%s.%s()" % (sub("str"), r.choice(
                "isalpha isalnum isdigit isdecimal isnumeric isspace islower isupper istitle "
                "isascii isidentifier isprintable".split())),
            lambda: "%s.%s(%s)" % (sub("str"), r.choice(["startswith", "endswith"]), r.choice(
                ["'h'", "('a', 'h')", "'lo'", "'', 9", "'l', 2", "e", "1", "()", "(1,)"])),
            lambda: "%s.%s(%s)" % (r.choice(["st", "fs", "es"]), r.choice(
                ["issubset", "issuperset", "isdisjoint"]), sub(r.choice(["set", "list"]))),
            lambda: "hasattr(%s, %s)" % (sub(), r.choice(["'real'", "'upper'", "'x'", "'get'"])),
            lambda: "callable(%s)" % r.choice(["i", "len", "str", "l", "Box"]))

    def str(self, depth):
        r, sub = self.r, lambda kind="str": self.of(kind, depth)
        return self.pick(
            lambda: "(%s + %s)" % (sub(), sub()),
            lambda: "(%s * %d)" % (sub(), r.randrange(-1, 4)),
            lambda: "%s[%s]" % (sub(), self.index()),
            lambda: "%s[%s]" % (sub(), self.slice()),
            lambda: "%s.%s()" % (sub(), r.choice(
                "upper lower title capitalize swapcase casefold strip lstrip rstrip "
                "expandtabs".split())),
            lambda: "%s.%s(%s)" % (sub(), r.choice(["strip", "lstrip", "rstrip", "removeprefix",
                                                    "removesuffix"]), self.atom("str")),
            lambda: "%s.replace(%s, %s%s)" % (sub(), self.atom("str"), self.atom("str"),
                                              r.choice(["", ", 1", ", -1"])),
            lambda: "%s.join(%s)" % (self.atom("str"), r.choice(
                ["names", "s", "text", "[str(k) for k in l]", "map(str, l)", "mixed",
                 "sorted(names)", "()", self.generator("str", depth)])),
            lambda: "%s.%s(%d%s)" % (sub(), r.choice(["center", "ljust", "rjust", "zfill"]),
                                     r.randrange(-1, 14), r.choice(["", "", ", '*'"])),
            lambda: "%s(%s)" % (r.choice(["str", "repr", "ascii"]), sub("any")),
            lambda: "%s(%s)" % (r.choice(["hex", "oct", "bin", "chr"]), sub("int")),
            lambda: "format(%s, %r)" % (sub(r.choice(["int", "float", "str"])), self.spec()),
            lambda: "f%r" % self.fstring(depth),
            lambda: "(%s %% %s)" % (self.percent(), self.pick(
                lambda: "(%s, %s)" % (sub("any"), sub("any")), lambda: sub("int"),
                lambda: sub("float"), lambda: sub("str"), lambda: "text", lambda: "tup")),
            lambda: "%r.format(%s, %s, k=%s)" % (r.choice(
                ["{}", "{} {}", "{1}-{0}", "{0!r:>8}", "{k}", "{:>{}}", "{0[0]}", "{:x}", "{k!s}",
                 "{{}}", "{", "{2}", "{k.real}", "{:,}", "{0:{1}}", "}", "{!q}", "{0.nope}"]),
                sub("any"), sub("int"), sub("any")),
            lambda: "%s.decode(%s)" % (sub("bytes"), r.choice(["", "'ascii'", "'latin-1'",
                                                              "'utf-8', 'replace'"])),
            lambda: "type(%s).__name__" % sub("any"),
            lambda: "%s.partition(%s)[%d]" % (sub(), self.atom("str"), r.randrange(3)),
            lambda: "%s(%s%s)" % (r.choice(["min", "max"]), sub("str"),
                                  r.choice(["", ", default='none'", ", key=str.lower",
                                            ", key=lambda c: -ord(c)"])),
            lambda: "%s[%s]" % (r.choice(["names", "text", "mixed", "tup", "d"]), r.choice(
                ["0", "1", "-1", "'k'", "'w'", "3", "'nope'"])),
            lambda: r.choice(["box.a[1]['k']", "red.name", "err.args[0]", "txt[1:]", "u[2]",
                              "text.get('w')", "text.get('q', 'none')", "str(err)", "str(dec)",
                              "b.hex()", "ba.decode()"]))

    def spec(self):
        r = self.r
        if r.random() < 0.1:
            return r.choice(["", "q", ">", "=", "zz", ".", ",,", "1.5.5", "_,"])
        return "".join([
            r.choice(["", "", "*<", ">", "^", "=", "<", "\u00e9^", "0>"]),
            r.choice(["", "", "+", "-", " "]),
            r.choice(["", "", "", "#"]), r.choice(["", "", "0"]),
            r.choice(["", "", "5", "12"]), r.choice(["", "", "", ",", "_"]),
            r.choice(["", "", ".0", ".2", ".10"]),
            r.choice(["", "", "d", "s", "f", "e", "g", "x", "b", "%", "X", "o", "G", "c", "n"])])

    def fstring(self, depth):
        r = self.r
        field = self.of(r.choice(["int", "float", "str", "list"]), min(depth, 1))
        if "'" in field or '"' in field or "\\" in field or "{" in field or "lambda" in field:
            field = r.choice(["i", "x", "s", "l", "i + 1", "names[0]"])
        return "a{%s%s%s}b{{}}" % (field, r.choice(["", "", "=", "!r", "!s", "!a"]),
                                   r.choice(["", "", ":>10", ":^{i}", ":.2f", ":05d"]))

    def percent(self):
        r = self.r
        one = lambda: "%" + "".join([  # noqa: E731
            r.choice(["", "", "-", "+", " ", "0", "#"]), r.choice(["", "", "5", "8"]),
            r.choice(["", "", ".1", ".3"]),
            r.choice("d i s r a x X o f e g G c %".split())])
        return repr(r.choice([one(), one() + " " + one(), "%(k)s", "x", one() + "!",
                              "%(k)5s|%(w)-3s", "%z", "%", "%*d"]))

    def bytes(self, depth):
        r, sub = self.r, lambda kind="bytes": self.of(kind, depth)
        return self.pick(
            lambda: "(%s + %s)" % (sub(), sub()),
            lambda: "(%s * %d)" % (sub(), r.randrange(-1, 4)),
            lambda: "%s[%s]" % (sub(), self.slice()),
            lambda: "%s.%s()" % (sub(), r.choice("upper lower title capitalize swapcase strip "
                                                 "hex isalpha isspace".split())),
            lambda: "%s.encode(%s)" % (sub("str"), r.choice(["", "'ascii'", "'latin-1'",
                                                            "'ascii', 'ignore'", "'utf8'"])),
            lambda: "bytes(%s)" % r.choice(["3", "l", "b", "[256]", "'a'", "ba", "r", "-1"]),
            lambda: "%s.replace(%s, %s)" % (sub(), self.atom("bytes"), self.atom("bytes")),
            lambda: "%s.split(%s)" % (sub(), r.choice(["", "b't'", "None, 1"])),
            lambda: "(b'%%d-%%s' %% (%s, %s))" % (sub("int"), self.atom("bytes")),
            lambda: "%s.join([%s, %s])" % (self.atom("bytes"), sub(), self.atom("bytes")),
            lambda: "(%d).to_bytes(%d, %r)" % (r.randrange(300), r.randrange(3),
                                               r.choice(["big", "little"])))

    def index(self):
        return self.r.choice(["0", "-1", "1", "2", "-2", "99", "i", "'a'", "None"])

    def slice(self):
        r = self.r
        one = lambda: r.choice(["", "", "0", "1", "2", "-1", "-2", "9", "-9", "i"])  # noqa: E731
        step = r.choice(["", "", ":", ":2", ":-1", ":-2", ":0"])
        return "%s:%s%s" % (one(), one(), step)

    def list(self, depth):
        r, sub = self.r, lambda kind="list": self.of(kind, depth)
        return self.pick(
            lambda: "[%s]" % self.many(r.choice(COMMON), depth),
            lambda: "[*%s, %s]" % (sub(), sub("any")),
            lambda: "(%s + %s)" % (sub(), sub()),
            lambda: "(%s * %d)" % (sub(), r.randrange(-1, 3)),
            lambda: "%s[%s]" % (sub(), self.slice()),
            lambda: "%s[%s]" % (sub(), self.index()),
            lambda: "list(%s)" % sub(r.choice(["list", "str", "set", "dict", "tuple", "bytes"])),
            lambda: "list(%s)" % r.choice(["r", "er", "dq", "d.values()", "nums.items()",
                                           "reversed(l)", "enumerate(names, 1)", "zip(l, names)",
                                           "range(5, 0, -2)", "map(str.upper, names)",
                                           "filter(None, mixed)", "zip(l, s, r)", "d.keys()",
                                           "filter(lambda v: v > 1, l)", "reversed(s)",
                                           "map(lambda a, b: a + b, l, l)", "reversed(r)"]),
            lambda: "sorted(%s%s)" % (self.ints(depth), r.choice(
                ["", "", ", reverse=True", ", key=lambda v: -v", ", key=str", ", key=abs"])),
            lambda: "sorted(%s%s)" % (r.choice(["names", "s", "text", "pairs", "words", "mixed"]),
                                      r.choice(["", ", key=len", ", key=str.lower",
                                                ", reverse=1", ", key=lambda p: p[1]"])),
            lambda: "%s.%s(%s)" % (sub("str"), r.choice(["split", "rsplit"]), r.choice(
                ["", "", "' '", "None, 1", "'l', 1", "maxsplit=2", "','", "''", "sep='o'"])),
            lambda: "%s.splitlines(%s)" % (sub("str"), r.choice(["", "True"])),
            lambda: "[%s" % self.comprehension(r.choice(["int", "str", "any"]), depth) + "]",
            lambda: "[%s" % self.comprehension(r.choice(["int", "str", "any"]), depth) + "]",
            lambda: r.choice(["l.copy()", "cnt.most_common()", "cnt.most_common(1)", "ll[0]",
                              "d['b']", "box.a", "list(cnt.elements())", "d.get('b')",
                              "[k for k in d]", "[v for k, v in pairs]", "[a for a, *b in pairs]",
                              "[a + b for a in l for b in l if a < b]"]))

    def tuple(self, depth):
        r, sub = self.r, lambda kind="tuple": self.of(kind, depth)
        return self.pick(
            lambda: "(%s,)" % self.of("any", depth),
            lambda: "(%s, %s)" % (self.of("any", depth), self.of("any", depth)),
            lambda: "(*%s, *%s)" % (sub("list"), sub()),
            lambda: "(%s + %s)" % (sub(), sub()),
            lambda: "%s[%s]" % (sub(), self.slice()),
            lambda: "tuple(%s)" % sub(r.choice(["list", "str", "set"])),
            lambda: "%s.%s(%s)" % (sub("str"), r.choice(["partition", "rpartition"]),
                                   r.choice(["'l'", "' '", "'zz'", "''"])),
            lambda: "tuple(%s)" % self.generator("int", depth),
            lambda: "divmod(%s, %s)" % (sub("int"), sub("int")))

    def dict(self, depth):
        r, sub = self.r, lambda kind="dict": self.of(kind, depth)
        return self.pick(
            lambda: "{%s: %s, %s: %s}" % (self.key(depth), sub("any"), self.key(depth),
                                          sub("any")),
            lambda: "{**%s, %s: %s}" % (sub(), self.key(depth), sub("any")),
            lambda: "dict(%s)" % r.choice(["pairs", "a=1, b=i", "nums", "zip(l, names)", "[(1, 2)]",
                                           "pairs, c=3", "**text", "[1]", "od", "text, **text"]),
            lambda: "{%s: %s for %s in %s}" % (("k", "v", "k, v", "d.items()") if r.random() < .3
                                               else ("v", self.with_bound("v", "int", depth), "v",
                                                     self.ints(depth))),
            lambda: "(%s | %s)" % (r.choice(["d", "nums", "text"]), sub()),
            lambda: "%s.copy()" % r.choice(["d", "nums", "text"]),
            lambda: "%s.%s()" % (r.choice(["d", "nums", "text"]),
                                 r.choice(["keys", "values", "items"])),
            lambda: "%s[%s]" % (sub(), self.key(depth)),
            lambda: "%s.get(%s%s)" % (sub(), self.key(depth), r.choice(["", ", 0"])))

    def key(self, depth):
        return self.of(self.r.choice(["int", "str", "int", "str", "tuple", "float"]), depth - 1)

    def set(self, depth):
        r, sub = self.r, lambda kind="set": self.of(kind, depth)
        return self.pick(
            lambda: "{%s, %s}" % (sub("int"), sub("int")),
            lambda: "(%s %s %s)" % (sub(), r.choice("|&-^"), sub()),
            lambda: "set(%s)" % sub(r.choice(["list", "tuple", "dict", "set"])),
            lambda: "set(%s)" % self.ints(depth),
            lambda: "frozenset(%s)" % self.ints(depth),
            lambda: "%s.%s(%s)" % (r.choice(["st", "fs", "es"]), r.choice(
                ["union", "intersection", "difference", "symmetric_difference"]),
                self.ints(depth)),
            lambda: "{%s" % self.comprehension("int", depth) + "}",
            lambda: "(nums.keys() %s %s)" % (r.choice("|&-^"), sub()),
            lambda: "%s.copy()" % r.choice(["st", "fs"]))

    def other(self, depth):
        return self.atom("other")

    # --- Comprehensions ---

    def with_bound(self, name, kind, depth):
        self.bound.append(name)
        text = self.of(kind, depth - 1)
        self.bound.pop()
        return text

    def comprehension(self, kind, depth):
        r = self.r
        name = r.choice(["v", "w", "k"])
        source = self.ints(depth - 1) if kind == "int" else self.of(
            r.choice(["list", "str", "tuple", "dict", "set"]), depth - 1)
        element = self.with_bound(name, kind, depth)
        condition = ""
        if r.random() < 0.3:
            condition = " if " + self.with_bound(name, "bool", depth)
        return "%s for %s in %s%s" % (element, name, source, condition)

    def generator(self, kind, depth):
        return "(%s)" % self.comprehension(kind, depth)

    def expression(self):
        kind = self.r.choice(TYPES[:-1] + ["bool", "str", "int", "list"])
        return self.of(kind, self.r.randrange(1, 5))
