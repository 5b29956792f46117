"""Large sets and deques: members come and go one by one, at both ends, in every order."""
from collections import deque


class Hashed:
    def __init__(self, value):
        self.value = value

    def __hash__(self):
        return self.value % 7

    def __eq__(self, other):
        return isinstance(other, Hashed) and self.value == other.value


class Marked(set):
    pass


class Random:
    def __init__(self, seed):
        self.state = seed + 1

    def below(self, n):
        self.state = self.state * 1103515245 + 12345 & 0x7fffffff
        return (self.state >> 8) % n


def grown(count):
    members = set()
    for n in range(count):
        members.add(n * 37)
    for n in range(0, count, 3):
        members.discard(n * 37)
        members.add(n * 37 + 1)
    for n in range(1, count, 5):
        members.remove(n * 37) if n * 37 in members else members.add((n, "pair"))
    for n in range(count // 8):
        members.pop()
    return members


def touched_by_all(members):
    other = members
    other.add("alias")
    members |= {1, 2, 3}
    members.add("after")
    members -= {2}
    members.update([5, 6], ["x"])
    members.add("last")
    try:
        members.remove("not there")
    except KeyError:
        pass
    try:
        members.add([])
    except TypeError:
        pass
    members.add("a"); members.discard("a")
    members.add("b"); members.add("c")
    sorted(map(str, members))
    any(map(members.discard, [5, 6]))
    list(map(members.add, range(3)))
    members.add("again")
    return len(other)


def hashed(count):
    members = set()
    items = [Hashed(n) for n in range(count)]
    for item in items:
        members.add(item)
    for item in items[::2]:
        members.discard(item)
    members.add(Hashed(1))
    return len(members)


def random_steps(seed, count):
    random, members = Random(seed), set()
    for _ in range(count):
        value = random.below(600)
        step = random.below(5)
        if step < 3:
            members.add(value)
        elif step == 3:
            members.discard(value)
        elif members:
            members.pop()
    members.clear()
    members.add(1)
    return members


def subclass(count):
    marked = Marked()
    for n in range(count):
        marked.add(n)
    marked.name = "marked"
    marked.add("more")
    return len(marked)


def queue(count):
    line = deque()
    for n in range(count):
        line.append(n)
        line.append([n])
        line.popleft()
    for n in range(count):
        line.appendleft(n)
        if n % 3 == 0:
            line.pop()
    while len(line) > 10:
        line.popleft()
        if len(line) % 2:
            line.pop()
    line.rotate(3)
    line.append("end"); line.append("end"); line.pop()
    line[2] = "two"
    line.popleft()
    line.appendleft("start")
    del line[1]
    line.append("last")
    return len(line)


def window(count, length):
    last, first = deque(maxlen=length), deque([None] * length, length)
    for n in range(count):
        last.append(n % 3)
        first.appendleft(None)
        first.appendleft([n])
    last.append(last.pop())
    last.append(last[0])
    first.append("at the end")
    first.popleft()
    first.append("x"); first.append("y")
    nothing = deque(maxlen=0)
    nothing.append(1)
    nothing.appendleft(2)
    one = deque(maxlen=1)
    one.append(1)
    one.append(1)
    one.appendleft(2)
    try:
        nothing.pop()
    except IndexError:
        pass
    return last, first, nothing, one


def known_in_part():
    members, line, window = set(range(700)), deque(range(700)), deque(range(700), 700)
    members.add(5000)
    members.add(5001)
    members.discard(650)
    members.discard(3)
    members.pop()
    members.add("x")
    line.append("end")
    line.append("end 2")
    line.popleft()
    line.appendleft("start")
    line.pop()
    window.append("end")
    window.append("end 2")
    members.update(range(700, 710))
    members.add("y")
    return len(members), len(line), len(window)


members = grown(300)
known_in_part()
print(touched_by_all(members), hashed(60), len(random_steps(5, 900)), subclass(90),
      queue(90), len(window(100, 70)[0]))
