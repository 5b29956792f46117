# oracle: preload=datetime,decimal,uuid,pathlib,enum,collections
"""Every sort of plain scalar and standard-library value, at its edges."""
import gc

gc.disable()
import collections
import datetime
import decimal
import enum
import pathlib
import uuid

ints = [0, -1, 2**31, -2**31, 2**63 - 1, 2**63, -2**63, -2**63 - 1, 2**64, 10**40, -(10**100)]
huge = 3**9000
limit = 10**4299
power = 1
for bits in (29, 30, 31, 59, 60, 61, 62, 63, 64, 65, 127, 128):
    power = (1 << bits) - 1
    minus = -(1 << bits)
floats = [0.0, -0.0, 1.5, 1e308, 5e-324, 1e16, 1e15, 123456789.125, 0.1, 1e-5, 1e22, 1 / 3]
special = [float("nan"), float("inf"), -float("inf"), 1e400]
complexes = [1j, -0j, complex(-0.0, -0.0), complex(float("nan"), float("inf")), 1.5 - 2j, complex(3, -0.0)]
texts = ["", "a'b", 'a"b', "both ' and \"", "tab\tnew\nline\r\\ nul\0 bell\a del\x7f",
         "é ü ß", "日本語", "\U0001f600 \U0010ffff", "\ud800 lone", "mixed \udfff\ud800\udc00",
         "\xa0\xad\u200b\u2028\ufeff\u0378\ue000", "e\u0301", "x" * 4096, "\x85\x9f\xff"]
raw = [b"", b"a'b", b'a"b\'', bytes(range(256)), b"y" * 4096]
arrays = [bytearray(), bytearray(b"q'\"\\\x00"), bytearray(range(250, 256))]
ranges = [range(3), range(1, 5), range(0, 10, 2), range(5, 0, -1), range(10**20)]
slices = [slice(3), slice(1, None), slice(None, None, -1), slice("a", [1], (2,))]
tuples = [(), (1,), ((),), ([],), (1, "two", None)]
sets = [set(), {1}, frozenset(), frozenset({"a"}), {frozenset({(1, 2)})}]
others = [Ellipsis, NotImplemented, True, None]
dicts = [{}, {1: 2, "a": None, None: [], (1,): {}, 1.5: True, b"k": "v", frozenset(): 0}]
dates = [datetime.date(1, 1, 1), datetime.date(9999, 12, 31), datetime.time(1, 2),
         datetime.time(1, 2, 3, 4, fold=1), datetime.time(0, tzinfo=datetime.timezone.utc),
         datetime.datetime(2020, 2, 29, 12), datetime.datetime(2020, 1, 1, 0, 0, 0, 5, fold=1),
         datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=-3))),
         datetime.datetime(2020, 1, 1, 1, 2, 3, tzinfo=datetime.timezone(datetime.timedelta(1) / 3, "own")),
         datetime.timedelta(0), datetime.timedelta(-1), datetime.timedelta(1, 2, 3),
         datetime.timedelta(microseconds=-1), datetime.timezone.utc,
         datetime.timezone(datetime.timedelta(seconds=1))]
decimals = [decimal.Decimal(x) for x in ("0", "-0", "1.10", "1E+10", "-1e-10", "NaN", "sNaN12",
                                         "-Infinity", "123456789012345678901234567890.5", "0E-7", "0E-6")]
ids = [uuid.UUID(int=0), uuid.UUID("12345678-1234-5678-1234-567812345678")]
paths = [pathlib.Path("."), pathlib.Path("/"), pathlib.Path("//two"), pathlib.Path("a", "..", "b'c"),
         pathlib.PurePosixPath("/x/y.z"), pathlib.Path("/é") / "日", pathlib.Path("~/x").with_suffix(".y")]
lengths = [len(str(p)) for p in paths]


class Color(enum.Enum):
    RED = 1
    ALSO = 1
    BLUE = ("b", [2])


class Number(enum.IntEnum):
    ONE = 1


class Word(getattr(enum, "StrEnum", enum.Enum)):
    HELLO = enum.auto()


class Bits(enum.Flag):
    A = 1
    B = 2
    C = 4


class IntBits(enum.IntFlag):
    X = 1
    Y = 2


enums = [Color.RED, Color.ALSO, Color.BLUE, Number.ONE, Word.HELLO, Bits.A, Bits.A | Bits.C,
         Bits(0), ~Bits.A, IntBits.X | IntBits.Y, IntBits(8), IntBits(0)]
Color.BLUE.value[1].append("changed")
Point = collections.namedtuple("Point", "x y", defaults=[0])


class Named(collections.namedtuple("Named", ["first", "second"])):
    def both(self):
        return self.first + self.second


points = [Point(1), Point(y=[2], x="x"), Named(1, 2), Point(Point(1), None), Named([1], [2])]
points[4].first.append(3)
deques = [collections.deque(), collections.deque("ab", 5), collections.deque([[1]])]
deques[2][0].append(2)
defaults = [collections.defaultdict(None), collections.defaultdict(int, a=1)]
orders = [collections.OrderedDict(), collections.OrderedDict([("b", 1), ("a", {})])]
counters = [collections.Counter(), collections.Counter(a=1, b=3, c=3), collections.Counter({"x": -1, 2: 0}),
            collections.Counter({"a": 1, "b": "two"})]
counters[1]["a"] += 9


def through(value):
    copy = value
    again = [copy]
    return again


for group in (ints, floats, special, complexes, texts, raw, arrays, ranges, slices, tuples, sets,
              others, dicts, dates, decimals, ids, paths, enums, points, deques, defaults, orders, counters):
    for item in group:
        through(item)


def many():
    """A scalar that changes through every sort of value in one slot."""
    x = None
    x = True
    x = 1
    x = -1
    x = 2**70
    x = 1.0
    x = 1
    x = "1"
    x = b"1"
    x = (1,)
    x = [1]
    x = -0.0
    x = 0.0
    x = 0
    x = False
    x = float("nan")
    x = x
    x = ...
    del x
    x = "again"
    return x


many()
