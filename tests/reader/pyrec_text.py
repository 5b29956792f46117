"""Texts of values, as `pyreplay dump` prints them: the second reader's upper half.

What Python itself can make, from a str to a datetime, this Python makes, and its repr is
the text. The rest is put together as FORMAT.md says. `Notes` collects what is not
recorded, by the path that leads there, a Python expression where there is one.
"""
import datetime
import re
import sys
import uuid

ELISIONS = ["", "depth", "items", "length", "budget", "redacted", "opaque", "unreadable"]
CATEGORIES = """opaque instance list tuple namedtuple dict set frozenset deque defaultdict
    OrderedDict Counter bytearray range slice cell function builtin method partial module class
    exception enum int float complex str bytes date time datetime timedelta timezone Decimal
    UUID Path Pattern array namespace generator mappingproxy memoryview flag""".split()
OWN_REPR, OWN_STR, EXACT, ENUM_STD, ENUM_GLOBAL = 1, 2, 4, 8, 16

# What stands for an object inside itself; <module.Type #id ...> where there is nothing.
AGAIN = {"list": "[...]", "tuple": "(...)", "namedtuple": "(...)", "dict": "{...}",
         "set": "set(...)", "frozenset": "frozenset(...)", "deque": "[...]",
         "defaultdict": "defaultdict(...)", "OrderedDict": "...",
         "Counter": "Counter(...)", "bytearray": "bytearray(...)", "range": "range(...)",
         "slice": "slice(...)", "function": "<function ...>", "builtin": "<built-in ...>",
         "method": "<bound method ...>", "partial": "functools.partial(...)",
         "module": "<module ...>", "class": "<class ...>", "enum": "<...>",
         "flag": "<...>", "namespace": "{...}"}
ALWAYS_WRAPPED = {"opaque", "instance", "cell", "exception", "int", "float", "complex", "str",
                  "bytes", "array", "memoryview"}
NEVER_WRAPPED = {"function", "builtin", "method", "partial", "module", "class", "enum", "flag",
                 "Pattern", "namespace", "generator", "mappingproxy"}

sys.setrecursionlimit(20000)
if hasattr(sys, "set_int_max_str_digits"):
    sys.set_int_max_str_digits(0)


def decode(data):
    return data.decode("utf-8", "surrogatepass")


def short_name(kind):
    return decode(kind.name).rpartition(".")[2]


def full_name(kind):
    module, name = decode(kind.module), decode(kind.name)
    return "%s.%s" % (module, name) if module else name


def is_gap(value):
    """An item that was never recorded, between others that were."""
    return value[:2] == ("elided", ELISIONS.index("items"))


class Notes:
    def __init__(self):
        self.elided, self.late = {}, {}


class Texts:
    def __init__(self, recording):
        self.recording = recording
        self.open = []
        self.inside = 0  # so many wrapped objects are around
        self.unfolded = set()

    def begin(self, event):
        """Texts are of this event from here on."""
        self.notes = Notes()
        self.late_now = dict(event.late)

    def kind(self, obj):
        return self.recording.types[obj.type]

    def category(self, obj):
        return CATEGORIES[self.kind(obj).category]

    def type_name(self, number):
        name = full_name(self.recording.types[number])
        return name[9:] if name.startswith("builtins.") else name

    def own_name(self, obj):
        return "%s #%d" % (full_name(self.kind(obj)), obj.id)

    # --- Scalars ---

    def text_of(self, value, path=""):
        """A whole text: repr() where Python has one."""
        held = self.open, self.inside, self.unfolded
        self.open, self.inside, self.unfolded = [], 0, set()
        text = self.of(value, path)
        self.open, self.inside, self.unfolded = held
        return text

    def of(self, value, path=""):
        """A part of a text."""
        name = value[0]
        if name == "ref":
            return self.object(self.recording.objects[value[1]], path)
        constant = {"none": "None", "false": "False", "true": "True", "ellipsis": "Ellipsis",
                    "notimplemented": "NotImplemented", "unbound": "<unbound>"}.get(name)
        if constant:
            return constant
        if name == "elided":
            reason, number = value[1:]
            self.notes.elided[path] = ELISIONS[reason]
            kind = ", " + self.type_name(number) if number else ""
            return "<elided: %s%s>" % (ELISIONS[reason], kind)
        if name.endswith("_cut"):
            self.notes.elided[path] = "length"
            if name == "bigint_cut":
                return "<elided: length, int of %d bits>" % value[2]
            return repr(self.scalar((name[:-4], value[1]))) + "..."
        return repr(self.scalar(value))

    def scalar(self, value):
        """The value itself, of a scalar that is whole."""
        name = value[0]
        if name in ("none", "false", "true"):
            return {"none": None, "false": False, "true": True}[name]
        if name == "bigint":
            return int.from_bytes(value[1], "little", signed=True)
        if name == "str":
            return decode(value[1])
        if name == "complex":
            return complex(value[1], value[2])
        return value[1]

    def text(self, value):
        """A str item as it is, without quotes."""
        return decode(value[1]) if value[0] in ("str", "str_cut") else "?"

    # --- Objects ---

    def wrapped(self, obj):
        category = self.category(obj)
        if obj.note and not obj.items:
            return True
        if category in NEVER_WRAPPED:
            return False
        if category == "exception":
            kind = self.kind(obj)
            return bool(obj.attrs or kind.module != b"builtins" or kind.flags & OWN_REPR)
        return category in ALWAYS_WRAPPED or not self.kind(obj).flags & EXACT

    def note_object(self, obj, path):
        if obj.note:
            self.notes.elided[path] = ELISIONS[obj.note]
        elif obj.more or any(map(is_gap, obj.items)):
            self.notes.elided[path] = "items"
        if obj.id in self.late_now:
            self.notes.late[path] = self.late_now[obj.id]

    def object(self, obj, path):
        category = self.category(obj)
        wrapped = self.wrapped(obj)
        if obj.id in self.open and not wrapped and category in AGAIN:
            return AGAIN[category]
        if obj.id in self.open or wrapped and (self.inside >= 2 or obj.id in self.unfolded):
            return "<%s%s>" % (self.own_name(obj), " ..." * bool(obj.items or obj.attrs))
        self.note_object(obj, path)
        reason = ELISIONS[obj.note]
        if (reason and reason not in ("opaque", "items", "length")
                and not obj.items and not obj.attrs):
            return "<elided: %s, %s>" % (reason, self.own_name(obj))
        weight = 1 if wrapped else 2 if category == "method" else 0
        if wrapped:
            self.unfolded.add(obj.id)
        self.open.append(obj.id)
        self.inside += weight
        text = self.content(obj, category, path)
        self.inside -= weight
        self.open.pop()
        return text

    def content(self, obj, category, path):
        make = getattr(self, "make_" + category, None)
        if not self.wrapped(obj):
            return make(obj, path, False)
        if obj.note and not obj.items:
            make = None
        text = "<" + self.own_name(obj)
        if make:
            text += " " + make(obj, path, True)
        for name, value in zip(obj.attrs[::2], obj.attrs[1::2]):
            name = decode(name[1])
            text += " %s=%s" % (name, self.of(value, "%s.%s" % (path, name)))
        return text + ">"

    # --- Containers. `bare`: within <...>, without the type's name around the items ---

    def listed(self, obj, path, items, place="[%d]"):
        return self.dotted(obj, (None if is_gap(value) else self.of(value, path + place % number)
                                 for number, value in enumerate(items)))

    def dotted(self, obj, texts):
        """With one "..." for what is missing at a place."""
        found = []
        for text in list(texts) + [None] * bool(obj.more):
            if text is not None:
                found.append(text)
            elif found[-1:] != ["..."]:
                found.append("...")
        return found

    def make_list(self, obj, path, bare):
        return "[%s]" % ", ".join(self.listed(obj, path, obj.items))

    def make_tuple(self, obj, path, bare):
        texts = self.listed(obj, path, obj.items)
        return "(%s%s)" % (", ".join(texts), "," if texts != ["..."] and len(texts) == 1 else "")

    def make_namedtuple(self, obj, path, bare):
        names = [decode(name) for name in self.kind(obj).field]
        texts = []
        for place, value in enumerate(obj.items):
            if place < len(names):
                texts.append("%s=%s" % (names[place],
                                        self.of(value, "%s.%s" % (path, names[place]))))
            else:
                texts.append(self.of(value, "%s[%d]" % (path, place)))
        texts += ["..."] * bool(obj.more)
        return "%s(%s)" % ("" if bare else short_name(self.kind(obj)), ", ".join(texts))

    def make_set(self, obj, path, bare, empty="set()", form="{%s}"):
        if not obj.items and not obj.more:
            return "{}" if bare else empty
        return ("{%s}" if bare else form) % ", ".join(
            self.listed(obj, path, obj.items, "{%d}"))

    def make_frozenset(self, obj, path, bare):
        return self.make_set(obj, path, bare, "frozenset()", "frozenset({%s})")

    def make_deque(self, obj, path, bare):
        text = "[%s]" % ", ".join(self.listed(obj, path, obj.items[1:]))
        if obj.items[0][0] == "int":
            text += ", maxlen=%d" % obj.items[0][1]
        return text if bare else "deque(%s)" % text

    def key_path(self, path, key, number):
        if key[0] == "ref":
            return "%s[<key %d>]" % (path, number)
        notes, self.notes = self.notes, Notes()
        text = self.key_text(key)
        self.notes = notes
        return "%s[%s]" % (path, text)

    def key_text(self, key, limit=80):
        """A key in a path: of a long text the first characters only."""
        if key[0] in ("str", "bytes") and len(key[1]) > limit:
            return self.of((key[0] + "_cut", key[1][:limit], 0))
        return self.of(key)

    def entries(self, obj, path, items):
        """(key's text, value's text) of each, None for one that is not recorded."""
        for number, (key, value) in enumerate(zip(items[::2], items[1::2])):
            if is_gap(key):
                yield None
                continue
            name = self.of(key, "%s.keys()[%d]" % (path, number))
            yield name, self.of(value, self.key_path(path, key, number))

    def braces(self, obj, path, items):
        texts = (entry and "%s: %s" % entry for entry in self.entries(obj, path, items))
        return "{%s}" % ", ".join(self.dotted(obj, texts))

    def make_dict(self, obj, path, bare):
        return self.braces(obj, path, obj.items)

    def make_defaultdict(self, obj, path, bare):
        if bare:
            return self.braces(obj, path, obj.items[2:])
        factory = self.of(obj.items[0], path + ".default_factory")
        return "defaultdict(%s, %s)" % (factory, self.braces(obj, path, obj.items[2:]))

    def make_OrderedDict(self, obj, path, bare):
        if bare:
            return self.braces(obj, path, obj.items)
        if not obj.items and not obj.more:
            return "OrderedDict()"
        if self.recording.header.python_hex >= 0x030C0000:
            return "OrderedDict(%s)" % self.braces(obj, path, obj.items)
        texts = (entry and "(%s, %s)" % entry for entry in self.entries(obj, path, obj.items))
        return "OrderedDict([%s])" % ", ".join(self.dotted(obj, texts))

    def make_Counter(self, obj, path, bare):
        if not obj.items and not obj.more:
            return "{}" if bare else "Counter()"
        pairs = list(zip(obj.items[::2], obj.items[1::2]))
        try:
            order = sorted(pairs, key=lambda pair: self.scalar(pair[1]), reverse=True)
        except TypeError:
            order = pairs
        text = self.braces(obj, path, [value for pair in order for value in pair])
        return text if bare else "Counter(%s)" % text

    # --- Built-in and standard types by their parts ---

    def make_bytearray(self, obj, path, bare):
        text = self.of(obj.items[0], path + ".bytes")
        return text if bare else "bytearray(%s)" % text

    def parts(self, obj, path, names):
        return ", ".join(self.of(value, "%s.%s" % (path, name))
                         for name, value in zip(names, obj.items))

    def called(self, name, text, bare):
        return text if bare else "%s(%s)" % (name, text)

    def make_range(self, obj, path, bare):
        names = ["start", "stop"] + ["step"] * (obj.items[2] != ("int", 1))
        return self.called("range", self.parts(obj, path, names), bare)

    def make_slice(self, obj, path, bare):
        return self.called("slice", self.parts(obj, path, ("start", "stop", "step")), bare)

    def make_value(self, obj, path, bare):
        return self.of(obj.items[0], path + ".value")

    make_int = make_float = make_complex = make_str = make_bytes = make_value

    def make_cell(self, obj, path, bare):
        return self.of(obj.items[0], path + ".cell_contents")

    def make_exception(self, obj, path, bare):
        text = self.of(obj.items[0], path + ".args")
        if bare:
            return text
        return short_name(self.kind(obj)) + (text[:-2] + ")" if text.endswith(",)") else text)

    def made(self, made, bare):
        """repr() of a real one; what stands in its brackets for a subclass."""
        text = repr(made)
        return text.partition("(")[2][:-1] if bare else text

    def numbers(self, obj):
        return [self.scalar(value) for value in obj.items]

    def make_date(self, obj, path, bare):
        return self.made(datetime.date(*self.numbers(obj)), bare)

    def make_timedelta(self, obj, path, bare):
        return self.made(datetime.timedelta(*self.numbers(obj)), bare)

    def zoned(self, obj, path, made, tzinfo, bare):
        """With the time zone's own text in the place of a plain one."""
        if tzinfo == ("none",):
            return self.made(made, bare)
        text = self.of(tzinfo, path + ".tzinfo")
        marked = self.made(made.replace(tzinfo=datetime.timezone.utc), bare)
        return marked.replace("datetime.timezone.utc", text)

    def make_time(self, obj, path, bare):
        hour, minute, second, microsecond, fold = self.numbers(obj)[:5]
        made = datetime.time(hour, minute, second, microsecond, fold=fold)
        return self.zoned(obj, path, made, obj.items[5], bare)

    def make_datetime(self, obj, path, bare):
        *when, fold = self.numbers(obj)[:8]
        return self.zoned(obj, path, datetime.datetime(*when, fold=fold), obj.items[8], bare)

    def make_timezone(self, obj, path, bare):
        offset, name = obj.items
        delta = self.recording.objects[offset[1]]
        if name[0] != "str" and not any(self.numbers(delta)):
            return "datetime.timezone.utc"
        text = self.of(offset, path + ".offset")
        if name[0] == "str":
            text += ", " + self.of(name, path + ".name")
        return self.called("datetime.timezone", text, bare)

    def make_Decimal(self, obj, path, bare):
        return self.called("Decimal", self.of(obj.items[0], path + ".value"), bare)

    def make_UUID(self, obj, path, bare):
        made = uuid.UUID(int=self.scalar(obj.items[0]) % (1 << 128))
        return self.made(made, bare)

    def make_Path(self, obj, path, bare):
        return self.called(short_name(self.kind(obj)),
                           self.of(obj.items[0], path + ".path"), bare)

    def make_Pattern(self, obj, path, bare):
        flags = self.scalar(obj.items[1])
        if obj.items[0][0].startswith("str") and flags & (4 | 32 | 256) == 32:
            flags &= ~32
        names = ["re." + name for bit, name in (
            (1, "TEMPLATE"), (2, "IGNORECASE"), (4, "LOCALE"), (8, "MULTILINE"),
            (16, "DOTALL"), (32, "UNICODE"), (64, "VERBOSE"), (128, "DEBUG"),
            (256, "ASCII")) if flags & bit]
        if flags & ~511:
            names.append(hex(flags & ~511))
        texts = [self.of(obj.items[0], path + ".pattern")] + ["|".join(names)] * bool(names)
        return "re.compile(%s)" % ", ".join(texts)

    def make_array(self, obj, path, bare):
        items = self.listed(obj, path, obj.items[2:])
        return "%s %s [%s]" % (self.text(obj.items[0]), self.text(obj.items[1]),
                               ", ".join(items))

    make_memoryview = make_array

    # --- Enumerations, functions, classes, modules ---

    def make_enum(self, obj, path, bare):
        kind = self.kind(obj)
        name = decode(obj.items[0][1]) if obj.items[0][0] == "str" else None
        if kind.flags & ENUM_GLOBAL and name is not None:
            module = decode(kind.module).rpartition(".")[2]
            return "|".join(part if re.match("[0-9]", part) else "%s.%s" % (module, part)
                            for part in name.split("|"))
        standard = kind.flags & ENUM_STD
        text = short_name(kind) if standard else self.own_name(obj)
        if name is not None:
            text += ("." if standard else " ") + name
        return "<%s: %s>" % (text, self.of(obj.items[1], path + ".value"))

    make_flag = make_enum

    def make_function(self, obj, path, bare):
        return "<function %s #%d>" % (self.text(obj.items[0]), obj.id)

    def make_builtin(self, obj, path, bare):
        name, owner = obj.items[:2]
        if owner[0] == "ref":
            held = self.recording.objects[owner[1]]
            if self.category(held) != "module":
                return "<built-in method %s of %s object #%d>" % (
                    self.text(name), self.type_name(held.type), held.id)
            return "<built-in function %s>" % self.text(name)
        return "<built-in %s %s>" % ("function" if owner == ("none",) else "method",
                                     self.text(name))

    def make_method(self, obj, path, bare):
        function, owner = obj.items
        name = "?"
        if function[0] == "ref":
            name = self.text(self.recording.objects[function[1]].items[0])
        return "<bound method %s of %s>" % (name, self.of(owner, path + ".__self__"))

    def make_partial(self, obj, path, bare):
        function, args, keywords = [self.of(value, "%s.%s" % (path, name)) for name, value
                                    in zip(("func", "args", "keywords"), obj.items)]
        return "functools.partial(%s, *%s, **%s)" % (function, args, keywords)

    def make_module(self, obj, path, bare):
        return "<module '%s'>" % self.text(obj.items[0])

    def make_class(self, obj, path, bare):
        module, name = self.text(obj.items[0]), self.text(obj.items[1])
        if obj.items[0][0] == "str" and module != "builtins":
            name = "%s.%s" % (module, name)
        return "<class '%s'>" % name

    def make_generator(self, obj, path, bare):
        return "<%s %s #%d>" % (self.type_name(obj.type), self.text(obj.items[0]), obj.id)

    def make_namespace(self, obj, path, bare):
        return "<%s>" % self.own_name(obj)

    def make_mappingproxy(self, obj, path, bare):
        return "mappingproxy(%s)" % self.of(obj.items[0], path + ".mapping")

    # --- Exceptions ---

    def exception_text(self, obj):
        """str() of it, as a traceback prints it."""
        args, _, _, _, text = obj.items[:5]
        if text[0] in ("str", "str_cut"):
            return self.plain(text)
        if args[0] != "ref":
            return self.quietly(args)
        args = self.recording.objects[args[1]]
        built_in = self.built_in(obj, args)
        if built_in is not None:
            return built_in
        if len(args.items) == 1 and not args.more:
            if "KeyError" in self.bases(self.kind(obj)):
                return self.quietly(args.items[0])
            return self.plain(args.items[0])
        return self.quietly(obj.items[0]) if args.items or args.more else ""

    def built_in(self, obj, args):
        """Of those with a __str__ of their own: Python's, of an exception made anew."""
        names = self.bases(self.kind(obj))
        values = [self.python_value(value) for value in args.items]
        for kind, count in ((SyntaxError, 2), (OSError, 2), (UnicodeDecodeError, 5),
                            (UnicodeEncodeError, 5), (UnicodeTranslateError, 4)):
            if kind.__name__ in names and len(values) == count:
                if kind is OSError:
                    held = {decode(name[1]): value
                            for name, value in zip(obj.attrs[::2], obj.attrs[1::2])}
                    values += [self.python_value(held.get("filename", ("none",))), None,
                               self.python_value(held.get("filename2", ("none",)))]
                return str(kind(*values))
        return None

    def python_value(self, value):
        """What it is, of scalars and tuples."""
        if value[0] == "ref":
            return tuple(self.python_value(item)
                         for item in self.recording.objects[value[1]].items)
        return self.scalar(value)

    def bases(self, kind):
        return [decode(kind.name)] + [decode(self.recording.types[base].name)
                                      for base in kind.base_type]

    def quietly(self, value):
        """A text without notes."""
        notes, self.notes = self.notes, Notes()
        text = self.text_of(value)
        self.notes = notes
        return text

    def plain(self, value):
        """str() of a value."""
        if value[0] in ("str", "str_cut"):
            return decode(value[1]) + ("..." if value[0] == "str_cut" else "")
        if value[0] == "ref":
            obj = self.recording.objects[value[1]]
            category = self.category(obj)
            if category == "exception" and not self.kind(obj).flags & OWN_STR:
                return self.exception_text(obj)
            if (category in ("str", "Decimal", "Path") and len(obj.items) == 1
                    and obj.items[0][0] == "str"):
                return decode(obj.items[0][1])
        return self.quietly(value)
