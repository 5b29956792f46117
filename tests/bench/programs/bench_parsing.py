"""A tokenizer with a regular expression, a recursive parser, and an evaluator."""
import re
import sys

TOKEN = re.compile(r"\s*(?:(\d+)|([a-z]+)|(.))")
TEXT = "(a + 3) * b - (12 / (c + 1)) * (a - b) + 7 * (b + (c - 2) * 5)"


def tokens(text):
    found = []
    for match in TOKEN.finditer(text):
        number, name, sign = match.groups()
        if number:
            found.append(("number", int(number)))
        elif name:
            found.append(("name", name))
        else:
            found.append(("sign", sign))
    found.append(("end", None))
    return found


class Parser:
    def __init__(self, text):
        self.tokens = tokens(text)
        self.place = 0

    def take(self, *signs):
        kind, value = self.tokens[self.place]
        if kind == "sign" and value in signs:
            self.place += 1
            return value
        return None

    def sum(self):
        left = self.product()
        while True:
            sign = self.take("+", "-")
            if not sign:
                return left
            left = (sign, left, self.product())

    def product(self):
        left = self.atom()
        while True:
            sign = self.take("*", "/")
            if not sign:
                return left
            left = (sign, left, self.atom())

    def atom(self):
        if self.take("("):
            inner = self.sum()
            self.take(")")
            return inner
        token = self.tokens[self.place]
        self.place += 1
        return token


def value(tree, names):
    if tree[0] == "number":
        return tree[1]
    if tree[0] == "name":
        return names[tree[1]]
    sign, left, right = tree
    a, b = value(left, names), value(right, names)
    if sign == "+":
        return a + b
    if sign == "-":
        return a - b
    return a * b if sign == "*" else a / b


def main(size):
    total = 0
    for n in range(size):
        total += value(Parser(TEXT).sum(), {"a": n, "b": n + 1, "c": 2})
    print(total)


main(int(sys.argv[1]))
