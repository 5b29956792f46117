"""The match statement, with captures, guards, classes and mappings."""
# oracle: since=3.10
import gc

gc.disable()


class Point:
    __match_args__ = ("x", "y")

    def __init__(self, x, y):
        self.x = x
        self.y = y


def sort(value, seen):
    match value:
        case []:
            kind = "empty"
        case [first, *rest] if isinstance(first, int) and first > 5:
            rest.append(first)
            kind = "big"
        case [int(first), _, third]:
            kind = "three"
        case {"a": [a, *more], **others}:
            more.append(others)
            kind = "mapping"
        case Point(x=0, y=y) | Point(x=y, y=0):
            kind = "axis"
        case Point(x, y) as point:
            point.x += 1
            kind = "point"
        case str() | bytes():
            kind = "text"
        case None | True:
            kind = "constant"
        case _:
            kind = "other"
    seen.append(kind)
    return kind


seen = []
for value in ([], [9, 1], [1, 2, 3], [1], {"a": [1, 2], "b": 3}, {"b": 1}, Point(0, 1), Point(2, 0),
              Point(3, 4), "text", b"bytes", None, True, 1.5):
    print(sort(value, seen), value if type(value) in (list, dict) else "")
lines = [1, 2, 9]
match lines:
    case [first, *rest] if first > 5:
        kind = "big"
    case [int(first), _, third]:
        kind = "three"
print(kind, third, seen)
