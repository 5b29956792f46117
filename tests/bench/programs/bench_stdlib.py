"""Pure-Python parts of the standard library: fractions, json's parser in Python, copy,
difflib, ast.unparse."""
import ast
import copy
import difflib
import fractions
import json
import json.decoder
import json.scanner
import sys

SOURCE = '''
def area(shape, *, scale=1.0):
    """The area of a shape."""
    if shape["kind"] == "circle":
        return 3.14 * shape["r"] ** 2 * scale
    total = [a * b for a, b in zip(shape["w"], shape["h"]) if a > 0 and b > 0]
    return sum(total) * scale
'''
TEXT = json.dumps({"rows": [{"id": n, "name": "row %d" % n, "tags": ["a", "b"], "on": n % 2 == 0}
                            for n in range(12)]})
OLD = "the quick brown fox jumps over the lazy dog".split()
NEW = "a quick red fox jumped over the very lazy old dog".split()


class Decoder(json.JSONDecoder):
    """The parser in Python, not the one in C."""

    def __init__(self):
        super().__init__()
        self.parse_string = json.decoder.py_scanstring
        self.scan_once = json.scanner.py_make_scanner(self)


def main(size):
    tree = ast.parse(SOURCE)
    decoder = Decoder()
    total = fractions.Fraction(0)
    length = 0
    for n in range(size):
        total = fractions.Fraction(n % 17, 1 + n % 5) + total * fractions.Fraction(1, 3)
        total = total.limit_denominator(1000)
        if n % 4 == 0:
            length += len(ast.unparse(tree))
        rows = decoder.decode(TEXT)["rows"]
        length += len(copy.deepcopy(rows[:3]))
        matcher = difflib.SequenceMatcher(None, OLD, NEW)
        length += len(matcher.get_opcodes())
    print(length, total)


main(int(sys.argv[1]))
