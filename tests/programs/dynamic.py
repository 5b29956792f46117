"""Code made at run time: exec, eval, compile, type(), setattr, descriptors, attributes
through aliases, globals changed by others."""
import gc

gc.disable()

space = {"x": 1}
exec("def made(a):\n    b = a + x\n    return [b] * a\ny = made(2)", space)
space["x"] = 10
print(space["made"](3), eval("y + [x]", space), eval("[q for q in range(k)]", {"k": 3}))
exec("class Body:\n    one = 1\n    two = one + 1\n    three = [one for one in range(two)]\nprint(Body.three)")
try:
    exec("class Body:\n    one = 1\n    two = [one for _ in range(2)]\n")
except NameError as why:
    print(why)
code = compile("z = [w]\nw += 1\nz.append(w)", "<made up>", "exec")
exec(code, {"w": 1}, {"local": space})
exec("a = 1\nb = a + 1\ndel a", {}, {})


class Tracked(dict):
    """A namespace that counts; the recorder must not call it."""

    reads = 0

    def __getitem__(self, key):
        Tracked.reads += 1
        return dict.__getitem__(self, key)


tracked = Tracked(n=2)
exec("m = n * 2\nn = m", {}, tracked)
print(tracked, Tracked.reads)

Made = type("Made", (), {"value": 3, "get": lambda self: self.value})
made = Made()
setattr(made, "value", 4)
made.__dict__["other"] = [made.value]
print(made.get(), vars(made))


class Descriptor:
    def __get__(self, obj, cls):
        return 5 if obj is None else obj.__dict__.setdefault("n", 0)

    def __set__(self, obj, value):
        obj.__dict__["n"] = value * 2


class Owner:
    d = Descriptor()
    shared = []

    def __getattr__(self, name):
        if name.startswith("dyn"):
            return name
        raise AttributeError(name)


owner = Owner()
owner.d = 4
total = owner.d + Owner.d
Owner.shared.append(owner.dynamic)
owner.shared.append(hasattr(owner, "absent"))
alias = Owner.shared
alias += [total]
print(owner.shared, owner.__dict__)


def changes_globals():
    globals()["appeared"] = [1]
    globals()["total"] = "changed"
    del globals()["alias"]


changes_globals()
appeared.append(2)
print(appeared, total, "alias" in globals())


def show_locals(a):
    b = 2
    c = sorted(locals())
    return c


print(show_locals(1))
lines = [1,
         2,
         len("multi"
             "line")]
value = (lines[0] if
         lines[1] else
         lines[2])
while True: break
for i in range(2): pass
if value: x = 1; y = 2
else: x = 0
print(value)
