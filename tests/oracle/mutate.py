"""Random programs that change nested, aliased, shared objects in every way there is; many
in one file, so that thousands can be held against the tracers.

    /usr/bin/python3 tests/oracle/mutate.py SEED [SEED...]      prints a file

The same seed gives the same program, whatever stands beside it.
"""
import ast
import random
import re
import sys

from mutate_text import BLOCKS, PATHS, PRELUDE, SIMPLE, START, VARIABLES

STATEMENTS = 24
MARK = re.compile(r"\{\{|\}\}|\{([A-Za-z]+)\}")
DEEP = {"L": 12, "D": 3, "O": 2, "F": 0, "V": 15, "P": 3, "C": 2}  # the first so many are short


class Maker:
    def __init__(self, seed, version):
        self.random = random.Random(seed * 7919 + 5)
        self.version = version

    def path(self, sort, depth):
        ways = PATHS[sort]
        if depth > 2:
            ways = ways[:DEEP.get(sort) or len(ways)]
            if sort == "F":
                ways = ["L0.append", "L1.append", "S0.add"]
            elif sort in "PC":
                ways = ways[:1]
            elif sort == "V":
                ways = ways[:9]
        return self.fill(self.random.choice(ways), depth + 1)

    def fill(self, text, depth=0):
        """The template with each mark replaced; a variable's mark means the same variable
        in the whole of it."""
        same = {}

        def replace(found):
            mark = found.group(1)
            if mark is None:
                return found.group()[0]
            if mark in PATHS:
                return self.path(mark, depth)
            if mark in VARIABLES:
                return same.setdefault(mark, self.random.choice(VARIABLES[mark]))
            raise ValueError("mark {%s} in %s" % (mark, text))
        return MARK.sub(replace, text)

    def block(self):
        text = self.random.choice(BLOCKS)
        while "{T}" in text:
            text = text.replace("{T}", self.random.choice(SIMPLE).strip(), 1)
        return self.fill(text).split("\n")

    def statement(self):
        while True:
            lines = self.block() if self.random.random() < 0.2 else [
                self.fill(self.random.choice(SIMPLE))]
            lines = ["try:", *("    " + line for line in lines), "except Exception: N1 = 3"]
            try:
                compile("\n".join(lines), "statement", "exec")
                ast.parse("\n".join(lines), feature_version=min(self.version, (3, 11)))
            except SyntaxError:  # such as an assignment to what a function returned
                continue
            return lines


TIDY = ["try: cut(L0, L1, L2, D0, D1, S0, H0, B0, DD, OD, Node.held, GL, TK)",
        "except Exception: L0 = [1]; L1 = [L0]; L2 = [[1]]; V0 = L0; B0 = bytearray(b'abcd')"]
# The Python tracer keeps what a variable was bound to until the frame's next event: what has
# an end that shows (a suspended generator, a buffer's export, a Token) is never bound anew.
AGAIN = [line for line in START if line[:2] not in ("G0", "M0", "TK", "WR")]
FINISH = ["try: G0.close(); TK.clear()", "except NameError: pass", "R0.end()"]
NAMES = sorted({line.split(" ")[0] for line in START})


class Program:
    """One program: `parts` are its statements, each a list of lines, so that some can be
    left out to find the smallest that still fails."""

    def __init__(self, seed, statements=STATEMENTS, version=(3, 11)):
        maker = Maker(seed, version)
        self.seed = seed
        self.at_module_level = maker.random.random() < 0.15
        self.parts = [[line] for line in START]
        for i in range(statements):
            self.parts.append(maker.statement())
            if i % 5 == 4:
                self.parts.append(TIDY)
            if maker.random.random() < 0.06:
                self.parts.append([maker.random.choice(AGAIN)])
        if maker.random.random() < 0.5:
            self.parts.append(["def keeps(): return L0, D0, S0, N0, V0",
                               "keeps()"])

    def lines(self, kept=None):
        parts = [part for i, part in enumerate(self.parts) if kept is None or i in kept]
        body = ["reset()", "R0 = Worker()", *(line for part in parts for line in part), *FINISH]
        if self.at_module_level:
            return ["n = %d" % (self.seed % 3), *body, "%s = None" % " = ".join(NAMES)]
        name = "program_%d" % self.seed
        return ["def %s(n):" % name, *("    " + line for line in body), "", "",
                "%s(%d)" % (name, self.seed % 3)]


def write(programs, kept=None):
    """(the file's text, [(first line, line after the last, seed)])"""
    seeds = "%d to %d" % (programs[0].seed, programs[-1].seed)
    lines = (PRELUDE % {"seeds": seeds}).split("\n")
    places = []
    for program in programs:
        lines += ["", ""]
        first = len(lines) + 1
        lines += program.lines(kept)
        places.append((first, len(lines) + 1, program.seed))
    return "\n".join(lines) + "\n", places


def generate(seeds):
    return write([Program(seed) for seed in seeds])


if __name__ == "__main__":
    sys.stdout.write(generate([int(word) for word in sys.argv[1:]])[0])
