"""An independent tracer: what `sys.settrace` and `repr()` say about a run.

    /usr/bin/python3 tests/oracle/tracer.py OUT.jsonl PROGRAM [ARG...]

Runs PROGRAM as `__main__` and writes one object an event. It shares nothing with the
recorder but the meaning of "plain data" (DESIGN, section 2).

What it must not do, and how it keeps from it:
- run code of the program: a value is walked by its exact types, and `repr()` is only
  called when every part of it is of a type listed in `_walk`;
- change what the program does: it imports no module from a file (the program's own
  import of that module would then show no events), writes nothing while the program runs
  (a write releases the GIL, and another thread would go on), and undoes the one cache
  that a standard `repr()` fills (`PurePath._str`);
- keep values alive: only texts outlast an event. Up to CPython 3.12 the snapshot that
  `f_locals` is does so all the same until the frame's next event: programs with
  finalizers, weakref callbacks or generators that are dropped while suspended are held
  against the C tracer alone.
"""
import sys
import _thread

TEXT_MAX = 4096
ITEMS_MAX = 256
DEPTH_MAX = 8
NODES_MAX = 20000  # an event
INT_MAX = 10**4300
# What id() and get_ident() give differs between the two processes: an int in the range where
# Linux maps memory (x86-64 and arm64 with 48 bits) is not compared.
ADDRESS_MIN = 0x550000000000
ADDRESS_MAX = 0x800000000000

_type_dict = type.__dict__["__dict__"].__get__
_type_mro = type.__dict__["__mro__"].__get__
_dict_items = dict.items
_tuple_iter = tuple.__iter__
_modules = sys.modules
_get_ident = _thread.get_ident
_bit_length = int.bit_length
_object_getattribute = object.__getattribute__
_THIS_FILE = sys._getframe().f_code.co_filename
_BUILTINS = sys.modules["builtins"].__dict__
_VERSION = sys.version_info[:2]
_BEFORE_311 = _VERSION < (3, 11)
_PROXY = type((lambda: sys._getframe().f_locals)()) if _VERSION >= (3, 13) else None

# The instructions that the tracer must know; compare.py holds them against the version's own.
_OPCODES_OLD = {"YIELD_FROM": 72, "RETURN_VALUE": 83, "YIELD_VALUE": 86, "LOAD_GLOBAL": 116,
                "STORE_GLOBAL": 97, "DELETE_GLOBAL": 98, "EXTENDED_ARG": 144}
OPCODES = {
    (3, 8): _OPCODES_OLD, (3, 9): _OPCODES_OLD, (3, 10): _OPCODES_OLD,
    (3, 11): {"RESUME": 151, "RETURN_VALUE": 83, "YIELD_VALUE": 86, "LOAD_GLOBAL": 116,
              "STORE_GLOBAL": 97, "DELETE_GLOBAL": 98, "EXTENDED_ARG": 144},
    (3, 12): {"RESUME": 151, "RETURN_VALUE": 83, "RETURN_CONST": 121, "YIELD_VALUE": 150,
              "LOAD_GLOBAL": 116, "STORE_GLOBAL": 97, "DELETE_GLOBAL": 98, "EXTENDED_ARG": 144},
    (3, 13): {"RESUME": 149, "RETURN_VALUE": 36, "RETURN_CONST": 103, "YIELD_VALUE": 118,
              "LOAD_GLOBAL": 91, "STORE_GLOBAL": 113, "DELETE_GLOBAL": 66, "EXTENDED_ARG": 71,
              "LOAD_FAST_AND_CLEAR": 86},
    (3, 14): {"RESUME": 128, "RETURN_VALUE": 35, "YIELD_VALUE": 120, "LOAD_GLOBAL": 92,
              "STORE_GLOBAL": 115, "DELETE_GLOBAL": 64, "EXTENDED_ARG": 69,
              "LOAD_FAST_AND_CLEAR": 85},
    (3, 15): {"RESUME": 128, "RETURN_VALUE": 33, "YIELD_VALUE": 119, "LOAD_GLOBAL": 91,
              "STORE_GLOBAL": 114, "DELETE_GLOBAL": 62, "EXTENDED_ARG": 67,
              "LOAD_FAST_AND_CLEAR": 84},
}
_OP = OPCODES.get(_VERSION, {})


_OWN_CELLS = {"__class__", "__classdict__", "__classdictcell__", "__conditional_annotations__"}


def hidden_names(code):
    """What the comprehensions of a module or class body have as fast locals (PEP 709)."""
    if _VERSION < (3, 12) or code.co_flags & 1:
        return ()
    return code.co_varnames + tuple(n for n in code.co_cellvars if n not in _OWN_CELLS)


def clears_cell(code):
    """A comprehension's variable that is a cell of the function: asking for it in the middle
    ends 3.13.0 with a segmentation fault."""
    if _VERSION < (3, 13) or not code.co_cellvars:
        return False
    units = range(0, len(code.co_code), 2)
    return any(code.co_code[at] == _OP["LOAD_FAST_AND_CLEAR"] for at in units)


def variables(frame):
    """The bound locals, or None. From 3.13 on a function's stand behind a proxy (PEP 667).
    In the middle of a comprehension, a module or class body must not be asked: 3.12.1 then
    changes them, later ones give those of the comprehension only."""
    code = frame.f_code
    if code.co_flags & 1 and clears_cell(code):
        return None
    if hidden_names(code):
        if code.co_name != "<module>" or code.co_filename.startswith("<"):
            return None
        space = frame.f_globals
    else:
        space = frame.f_locals
    if _PROXY is not None and type(space) is _PROXY:
        return list(_PROXY.items(space))
    return list(_dict_items(space)) if dict in _type_mro(type(space)) else []


def qualname(code):
    """What the recording has as the function's name."""
    return code.co_name if _BEFORE_311 else code.co_qualname


def is_enum_new(code):
    """Is it what makes an enum class: EnumType.__new__ (EnumMeta up to 3.10)?"""
    if _BEFORE_311:
        return code.co_name == "__new__" and code.co_varnames[:1] == ("metacls",)
    return code.co_qualname == "EnumType.__new__"


def is_namedtuple_repr(code):
    if _BEFORE_311:
        return code.co_name == "__repr__"
    return code.co_qualname == "namedtuple.<locals>.__repr__"


class NotPlain(Exception):
    """Why a value is not compared."""


def _from_module(module, name):
    """The class `module.name` where the program has loaded it, without an import."""
    loaded = _modules.get(module)
    return None if loaded is None else loaded.__dict__.get(name)


def _class_attribute(cls, name):
    for base in _type_mro(cls):
        namespace = _type_dict(base)
        if name in namespace:
            return namespace[name]
    return None


class Plain:
    """`repr()` of plain data, or why not. One for the whole run: types are looked up
    once, `repr()` never runs code of the program."""

    def __init__(self):
        self.nodes = 0
        self.unset = []  # paths whose `_str` was empty before
        self.sorts = {}  # type -> method that walks it, None: not plain

    def begin_event(self):
        self.nodes = 0

    def text(self, value):
        """(text, None) or (None, reason)"""
        del self.unset[:]
        try:
            self._walk(value, 0, ())
        except NotPlain as why:
            return None, why.args[0]
        if not self.unset:
            return repr(value), None
        try:
            return repr(value), None
        finally:
            for path, slot in self.unset:
                try:
                    slot.__delete__(path)
                except AttributeError:
                    pass
            del self.unset[:]

    def _walk(self, value, depth, above):
        cls = type(value)
        if value is None or cls is bool or cls is float or cls is complex:
            return
        if cls is int:
            if not -INT_MAX < value < INT_MAX:
                raise NotPlain("limit: int")
            if ADDRESS_MIN <= value < ADDRESS_MAX:
                raise NotPlain("address")
            return
        if cls is str or cls is bytes or cls is bytearray:
            if len(value) > TEXT_MAX:
                raise NotPlain("limit: text")
            if cls is bytearray and depth >= DEPTH_MAX:
                raise NotPlain("limit: depth")
            return
        walk = self.sorts.get(cls, self)
        if walk is self:
            walk = self._sort(cls)
            if walk != self._enum:  # an enum class changes while it is being made
                self.sorts[cls] = walk
        if walk is None:
            raise NotPlain("type")
        if id(value) in above:
            return
        if depth >= DEPTH_MAX:
            raise NotPlain("limit: depth")
        self.nodes += 1
        if self.nodes > NODES_MAX:
            raise NotPlain("limit: event")
        walk(value, depth + 1, above + (id(value),))

    def _items(self, items, count, depth, above):
        if count > ITEMS_MAX:
            raise NotPlain("limit: items")
        for item in items:
            self._walk(item, depth, above)

    def _sequence(self, value, depth, above):
        self._items(value, len(value), depth, above)

    def _set(self, value, depth, above):
        # up to 3.11 None hashes by its address
        if len(value) > 1 and any(item is None for item in value):
            raise NotPlain("address")
        self._sequence(value, depth, above)

    def _tuple(self, value, depth, above):
        self._items(_tuple_iter(value), tuple.__len__(value), depth, above)

    def _mapping(self, value, depth, above):
        if dict.__len__(value) > ITEMS_MAX:
            raise NotPlain("limit: items")
        for key, item in _dict_items(value):
            self._walk(key, depth, above)
            self._walk(item, depth, above)

    def _counter(self, value, depth, above):
        for key, _ in _dict_items(value):
            if type(key) not in (str, int, bytes, bool, float, tuple):
                raise NotPlain("counter key")  # its repr hashes keys: Path fills caches
        self._mapping(value, depth, above)

    def _defaultdict(self, value, depth, above):
        factory = _from_module("_collections", "defaultdict").default_factory.__get__(value)
        if factory is not None and (
            type(factory) is not type or type(_type_dict(factory).get("__module__")) is not str
            and _BUILTINS.get(factory.__name__) is not factory
        ):
            raise NotPlain("default factory")
        self._mapping(value, depth, above)

    def _slice(self, value, depth, above):
        for part in (value.start, value.stop, value.step):
            self._walk(part, depth, above)

    def _leaf(self, value, depth, above):
        pass

    def _zoned(self, value, depth, above):
        zone = value.tzinfo
        if zone is not None and type(zone) is not _from_module("_datetime", "timezone"):
            raise NotPlain("tzinfo")

    def _enum(self, value, depth, above):
        if not self._is_standard_enum(type(value)):
            raise NotPlain("type")
        namespace = _object_getattribute(value, "__dict__")
        if "_value_" not in namespace or "_name_" not in namespace or self._in_the_making():
            raise NotPlain("enum in the making")
        if namespace["_name_"] is None and _BEFORE_311:
            raise NotPlain("flags without a name")  # repr() finds the names each time
        self._walk(namespace["_value_"], depth, above)

    @staticmethod
    def _in_the_making():
        """Whether an enum class is being made: until then its repr may still change."""
        frame = sys._getframe()
        while frame is not None:
            if is_enum_new(frame.f_code):
                return True
            frame = frame.f_back
        return False

    @staticmethod
    def _all_set(value, cls, names):
        """An object in the middle of its making has slots that repr() would miss."""
        for name in names:
            try:
                _type_dict(cls)[name].__get__(value)
            except AttributeError:
                raise NotPlain("object in the making") from None

    def _uuid(self, value, depth, above):
        self._all_set(value, type(value), ("int",))

    def _path(self, value, depth, above):
        """The text is worked out when it is asked for, and kept in slots of the path."""
        pure = _from_module("pathlib", "PurePath")
        self._all_set(value, pure, ("_drv", "_root", "_parts") if _VERSION < (3, 12)
                      else ("_raw_paths",))
        slots = ("_str",) if _VERSION < (3, 12) else ("_str", "_drv", "_root", "_tail_cached")
        for name in slots:
            slot = _type_dict(pure)[name]
            try:
                slot.__get__(value)
            except AttributeError:
                self.unset.append((value, slot))

    def _sort(self, cls):
        if cls is list:
            return self._sequence
        if cls is set or cls is frozenset:
            return self._set
        if cls is tuple:
            return self._tuple
        if cls is dict:
            return self._mapping
        if cls is slice:
            return self._slice
        if cls is range:
            return self._leaf
        for module, name, walk in (
            ("_collections", "deque", self._sequence),
            ("_collections", "OrderedDict", self._mapping),
            ("collections", "Counter", self._counter),
            ("_collections", "defaultdict", self._defaultdict),
            ("_datetime", "date", self._leaf),
            ("_datetime", "timedelta", self._leaf),
            ("_datetime", "timezone", self._leaf),
            ("_datetime", "time", self._zoned),
            ("_datetime", "datetime", self._zoned),
            ("_decimal", "Decimal", self._leaf),
            ("uuid", "UUID", self._uuid),
            ("pathlib", "PosixPath", self._path),
            ("pathlib", "PurePosixPath", self._path),
        ):
            if cls is _from_module(module, name):
                return walk
        if self._is_namedtuple(cls):
            return self._tuple
        enum = _modules.get("enum")
        if enum is not None and type(cls) is enum.__dict__.get(
                "EnumMeta" if _BEFORE_311 else "EnumType"):
            return self._enum
        return None

    @staticmethod
    def _is_namedtuple(cls):
        mro = _type_mro(cls) or ()  # none: the type of what an asynchronous generator yields, 3.9
        if type(cls) is not type or len(mro) < 3 or mro[-2] is not tuple:
            return False
        text = _class_attribute(cls, "__repr__")
        code = _object_getattribute(text, "__code__") if type(text) is type(_from_module) else None
        collections = _modules.get("collections")
        return (
            code is not None
            and collections is not None
            and is_namedtuple_repr(code)
            and code.co_filename == collections.__dict__.get("__file__")
            and _class_attribute(cls, "__getattribute__") is object.__getattribute__
        )

    @staticmethod
    def _is_standard_enum(cls):
        enum = _modules["enum"]
        text = _class_attribute(cls, "__repr__")
        standard = []
        for name in ("Enum", "Flag"):
            base = enum.__dict__.get(name)
            standard.append(None if base is None else _type_dict(base).get("__repr__"))
        if text is None or not any(text is one for one in standard):
            return False
        shows = _class_attribute(cls, "_value_repr_")
        return shows is None or type(shows) in (type(int.__repr__), type(len))


def global_names(code):
    """The names of module globals that the code reads or writes, from its instructions."""
    names = []
    bytecode = code.co_code
    high = 0
    for at in range(0, len(bytecode), 2):
        op, arg = bytecode[at], bytecode[at + 1] | high
        high = 0
        if op == _OP["EXTENDED_ARG"]:
            high = arg << 8
        elif op == _OP["LOAD_GLOBAL"]:  # 3.11: the lowest bit says whether a NULL is pushed
            names.append(code.co_names[arg if _BEFORE_311 else arg >> 1])
        elif op == _OP["STORE_GLOBAL"] or op == _OP["DELETE_GLOBAL"]:
            names.append(code.co_names[arg])
    return list(dict.fromkeys(names))


class Tracer:
    def __init__(self):
        self.global_names = {}  # code -> names
        self.rows = []
        self.plain = Plain()
        self.threads = {}
        self.thread_count = 0
        self.frames = {}
        self.frame_count = 0
        self.last = {}  # frame number -> (event, kind, f_lasti)
        self.calls = {}  # frame number -> the row of its latest call (up to 3.10)
        self.done = False

    # --- threads: every function that `_thread` starts runs traced from its first event
    def hook_threads(self):
        start_new_thread = _thread.start_new_thread

        def traced_start(function, args, *kwargs):
            def traced_boot(*a, **k):
                self.threads.pop(_get_ident(), None)
                sys.settrace(self.event)
                try:
                    function(*a, **k)
                finally:
                    sys.settrace(None)

            return start_new_thread(traced_boot, args, *kwargs)

        _thread.start_new_thread = traced_start
        _thread.start_new = traced_start
        if hasattr(_thread, "start_joinable_thread"):  # 3.13
            self.hook_joinable_threads()
        threading = _modules.get("threading")
        if threading is not None:
            threading._start_new_thread = traced_start

    def hook_joinable_threads(self):
        start_joinable_thread = _thread.start_joinable_thread

        def traced_start(function, *args, **names):
            def traced_boot():
                self.threads.pop(_get_ident(), None)
                sys.settrace(self.event)
                try:
                    function()
                finally:
                    sys.settrace(None)

            return start_joinable_thread(traced_boot, *args, **names)

        _thread.start_joinable_thread = traced_start
        threading = _modules.get("threading")
        if threading is not None:
            threading._start_joinable_thread = traced_start

    def event(self, frame, event, arg):
        code = frame.f_code
        if code.co_filename == _THIS_FILE or self.done:
            return None
        ident = _get_ident()
        thread = self.threads.get(ident)
        if thread is None:
            self.thread_count += 1
            thread = self.threads[ident] = self.thread_count
        number = self.number(frame)
        kind = self.kind(number, frame, event)
        if kind == "start" and number in self.last:  # another at the address of one that was
            del self.frames[id(frame)]               # dropped while suspended
            number = self.number(frame)
        back = frame.f_back
        parent = None
        if back is not None and back.f_code.co_filename != _THIS_FILE:
            parent = self.frames.get(id(back))
        back = None
        row = {
            "event": event,
            "kind": kind,
            "file": code.co_filename,
            "function": qualname(code),
            "line": frame.f_lineno,
            "thread": thread,
            "frame": number,
            "parent": parent,
        }
        self.plain.begin_event()
        self.argument(row, event, kind, arg)
        self.locals(row, frame)
        self.globals(row, frame, code)
        self.rows.append(row)
        if kind == "return" or kind == "unwind":
            del self.frames[id(frame)]
            self.last.pop(number, None)
            self.calls.pop(number, None)
        else:
            self.last[number] = (event, kind, frame.f_lasti)
            if event == "call":
                self.calls[number] = row
        return self.event

    def number(self, frame):
        number = self.frames.get(id(frame))
        if number is None:
            self.frame_count += 1
            number = self.frames[id(frame)] = self.frame_count
        return number

    def kind(self, number, frame, event):
        """From the instruction that the frame stands at."""
        if _BEFORE_311:
            return self.kind_before_311(number, frame, event)
        if event == "exception" and _VERSION >= (3, 13):
            self.note_throw(number, frame.f_lasti)
        if event != "call" and event != "return":
            return None
        at = frame.f_lasti
        code = frame.f_code.co_code
        op = code[at] if 0 <= at < len(code) else -1
        if event == "call":
            if op == _OP["RESUME"]:
                return "start" if code[at + 1] & 3 == 0 else "resume"
            return "throw"
        if op == _OP["RETURN_VALUE"] or op == _OP.get("RETURN_CONST"):
            return "return"
        if op == _OP["RESUME"] and _VERSION >= (3, 13):  # it stands behind the YIELD_VALUE
            return "unwind" if self.was_thrown(number, at) else "yield"
        if op == _OP["YIELD_VALUE"]:  # an exception thrown in stands there too
            return "unwind" if self.was_thrown(number, at) else "yield"
        return "unwind"

    def was_thrown(self, number, at):
        last = self.last.get(number)
        return last is not None and last[2] == at and (
            last[0] == "exception" or last[1] == "throw")

    def note_throw(self, number, at):
        last = self.last.get(number)
        if last is not None and last[0] == "call" and last[2] == at:
            self.calls[number]["kind"] = "throw"

    def kind_before_311(self, number, frame, event):
        """A throw shows by the exception that comes before an instruction has run; a
        `yield from` that yields stands on the instruction before it."""
        at = frame.f_lasti
        if event == "exception":
            self.note_throw(number, at)
        if event == "call":
            return "start" if at < 0 else "resume"
        if event != "return":
            return None
        code = frame.f_code.co_code
        if at >= 0 and code[at] == _OP["RETURN_VALUE"]:
            return "return"
        yields = at >= 0 and (code[at] == _OP["YIELD_VALUE"]
                              or at + 2 < len(code) and code[at + 2] == _OP["YIELD_FROM"])
        return "yield" if yields and not self.was_thrown(number, at) else "unwind"

    def argument(self, row, event, kind, arg):
        if event == "return" and kind != "unwind":
            row["arg"], row["arg_skipped"] = self.plain.text(arg)
        elif event == "exception":
            cls, value = arg[0], arg[1]
            row["exception_type"] = _type_dict(type)["__qualname__"].__get__(cls)
            row["exception_text"] = self.exception_text(cls, value)

    def exception_text(self, cls, value):
        if type(cls) is not type or _BUILTINS.get(cls.__name__) is not cls or type(value) is not cls:
            return None
        if self.plain.text(BaseException.args.__get__(value))[0] is None:
            return None
        if issubclass(cls, OSError) and self.plain.text(OSError.filename.__get__(value))[0] is None:
            return None
        text = str(value)
        return None if " at 0x" in text else text  # the text holds an address

    def locals(self, row, frame):
        texts = {}
        skipped = {}
        found = variables(frame)
        if found is None:
            row["unknown"] = True
        for name, value in found or ():
            if type(name) is not str:
                continue
            text, reason = self.plain.text(value)
            if text is None:
                skipped[name] = reason
            else:
                texts[name] = text
        value = found = None
        row["locals"] = texts
        row["skipped"] = skipped
        row["hidden"] = list(hidden_names(frame.f_code))  # they cannot be asked for

    def globals(self, row, frame, code):
        texts = {}
        skipped = {}
        space = frame.f_globals
        names = self.global_names.get(code)
        if names is None:
            names = self.global_names[code] = global_names(code)
        for name in names:
            if type(space) is dict and name in space:
                text, reason = self.plain.text(space[name])
                if text is None:
                    skipped[name] = reason
                else:
                    texts[name] = text
        row["globals"] = texts
        row["globals_skipped"] = skipped


def main_module(path):
    """A `__main__` as CPython makes it for a script."""
    main = type(sys)("__main__")
    external = _modules["_frozen_importlib_external"]
    space = main.__dict__
    space.clear()
    space["__name__"] = "__main__"
    space["__doc__"] = None
    space["__package__"] = None
    space["__loader__"] = external.SourceFileLoader("__main__", path)
    space["__spec__"] = None
    if _VERSION < (3, 14):
        space["__annotations__"] = {}
    space["__builtins__"] = _modules["builtins"]
    space["__file__"] = path
    if _VERSION < (3, 15):
        space["__cached__"] = None
    return main


def write(rows, out):
    import json

    with open(out, "w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row) + "\n")


def run(out, path, argv):
    with open(path, "rb") as file:
        source = file.read()
    code = compile(source, path, "exec", dont_inherit=True)
    source = None
    sys.argv = [path] + argv
    sys.path[0] = _modules["posixpath"].dirname(_modules["posixpath"].realpath(path))
    main = main_module(path)
    keep = _modules["__main__"]
    _modules["__main__"] = main
    tracer = Tracer()
    tracer.hook_threads()
    status = 0
    try:
        sys.settrace(tracer.event)
        exec(code, main.__dict__)
    except SystemExit as why:
        status = why.code
    except BaseException as why:
        status = 1
        sys.settrace(None)
        sys.excepthook(type(why), why, why.__traceback__)
    finally:
        sys.settrace(None)
        tracer.done = True
    write(tracer.rows, out)
    del keep
    return status


if __name__ == "__main__":
    sys.exit(run(sys.argv[1], sys.argv[2], sys.argv[3:]))
