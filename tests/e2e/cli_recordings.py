"""Programs whose recordings the command line's tests look at."""
import run

# Line numbers are part of the tests.
SHOP = '''\
class Cart:
    def __init__(self, owner):
        self.owner = owner
        self.items = []

    def add(self, name, price):
        self.items.append((name, price))
        return len(self.items)


def total(items, rate):
    result = 0
    for name, price in items:
        if price:
            result += price * rate
    return result


def report(cart):
    amount = total(cart.items, 2)
    label = names[cart.owner]
    return label, amount


names = {"ann": "Ann"}
cart = Cart("ann")
cart.add("tea", 3)
cart.add("jam", 5)
print(report(cart))
try:
    int("x")
except ValueError:
    pass
cart.owner = "bob"
cart.add("nut", 7)
print(report(cart))
'''

THREADS = '''\
import threading

ready = threading.Event()


def worker(tag):
    here = tag * 2
    ready.wait()
    return here


thread = threading.Thread(target=worker, args=("ab",), name="helper")
thread.start()
x = 1
ready.set()
thread.join()
x = 2
'''

# Names and texts that would act on a terminal if they reached it.
HOSTILE = r'''
evil = "\x1b]0;owned\x07\x9b31m\u202etxt\ud800\u2028"
source = "def f(a):\n    b = a + a  # \x1b[2J\x9b\n    raise ValueError(b)\n"
code = compile(source, "evil\x1b[2J\n\u202e.py", "exec")
space = {"name\x1b[31m\x9b": 1}
exec(code, space)
f = space["f"]
f.__code__ = f.__code__.replace(co_name="f\x1b[31m", co_qualname="C\u202e.f\x1b[31m\n",
                                co_varnames=("a", "b\x1b[41m"))
f(evil)
'''


def record(folder, text, name, status=None):
    path = folder / (name + ".py")
    path.write_text(text, encoding="utf-8")
    recording = folder / (name + ".pyrec")
    done = run.pyrecord("-q", "-o", recording, path, cwd=folder)
    assert status is None or done.status == status, done
    assert recording.exists(), done
    return recording
