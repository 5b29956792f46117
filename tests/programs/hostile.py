"""Objects whose every method counts or raises: recording must call none of them."""
import gc

gc.disable()
calls = []
NAMES = """__repr__ __str__ __bytes__ __format__ __hash__ __eq__ __ne__ __lt__ __le__ __gt__ __ge__
__bool__ __len__ __length_hint__ __getitem__ __missing__ __iter__ __next__ __reversed__ __contains__
__int__ __index__ __float__ __complex__ __getattr__ __getattribute__ __dir__ __call__ __reduce__
__reduce_ex__ __getstate__ __copy__ __deepcopy__ __sizeof__ __instancecheck__ __fspath__ __enter__
__exit__ __await__ __array__ __array_interface__ __array_struct__ __del__ __class_getitem__ keys
items values __buffer__ __get__ __add__ __iadd__ __neg__ __round__ __trunc__""".split()


def trap(name):
    def method(self, *args, **kwargs):
        calls.append(name)
        raise RuntimeError("called " + name)

    return method


body = {name: trap(name) for name in NAMES if name != "__del__"}


class MetaTrap(type):
    def __repr__(cls):
        calls.append("meta repr")
        raise RuntimeError

    def __getattribute__(cls, name):
        calls.append("meta " + name)
        return type.__getattribute__(cls, name)

    def __instancecheck__(cls, other):
        calls.append("meta instancecheck")
        return False

    def __len__(cls):
        calls.append("meta len")
        return 0


class Cached:
    @property
    def lazy(self):
        calls.append("property")
        return 1

    def __getattr__(self, name):
        calls.append("getattr " + name)
        raise AttributeError(name)


class SlotTrap:
    __slots__ = ("__dict__", "inner", "unset")


class LyingClass:
    @property
    def __class__(self):
        calls.append("__class__")
        return int


def look(value):
    copy = value
    pair = [copy, (copy,), {"k": copy}]
    other = {1: pair}
    return pair


plain = [object.__new__(type("Trap", (), dict(body)))]
for base, made in ((list, [1, 2]), (dict, {"a": 1}), (tuple, (1, 2)), (set, {1}), (frozenset, {1}),
                   (str, "text"), (int, 7), (float, 1.5), (bytes, b"raw"), (bytearray, b"ba"),
                   (complex, 1j), (BaseException, "boom")):
    cls = type("Trap" + base.__name__, (base,), dict(body))
    plain.append(base.__new__(cls, made))
list.extend(plain[1], [1, [2]])
dict.update(plain[2], {"a": [1]})
meta = MetaTrap("Meta", (), {"data": [1]})
plain.append(type.__call__(meta))
plain.append(meta)
plain.append(Cached())
slots = SlotTrap()
slots.inner = [1]
plain.append(slots)
plain.append(LyingClass())
key = object.__new__(type("Key", (), {"__hash__": object.__hash__, "__eq__": trap("__eq__"), "__repr__": trap("__repr__")}))
as_key = {key: 1}
as_member = {key, "x"}
del calls[:]
for i in range(len(plain)):
    look(plain[i])
look(as_key)
look(as_member)


def raises(value):
    error = ValueError(value)
    raise error


for i in range(len(plain)):
    try:
        raises(plain[i])
    except ValueError:
        pass
print(calls)
