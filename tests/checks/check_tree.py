"""Rules for the tree as a whole: C file names are unique, texts are clean.

First it breaks each rule in memory, and stops if one goes unnoticed.
"""
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

TEXTS = (".c", ".h", ".py", ".sh", ".md", ".proto", ".ini", "Makefile", "run", "packages")
# Built from parts, so that this file passes.
UNFINISHED = re.compile(r"\b(%s)\b" % "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX"]))
SOMEBODYS_PATH = re.compile(r"(?<![\w.~])/(%s)/\w" % "|".join(["work", "root", "mnt"]))
BY_DESIGN_TWICE = {"main.c"}


def check_names(paths):
    places = defaultdict(list)
    for path in paths:
        if path.endswith((".c", ".h")):
            places[path.rpartition("/")[2]].append(path)
    for name, found in sorted(places.items()):
        if len(found) > 1 and name not in BY_DESIGN_TWICE:
            yield "%s is there %d times: %s" % (name, len(found), " ".join(found))


def check_text(path, text):
    for number, line in enumerate(text.split("\n"), 1):
        for what, pattern in (("unfinished", UNFINISHED), ("a path of one machine", SOMEBODYS_PATH)):
            if pattern.search(line):
                yield "%s:%d: %s: %s" % (path, number, what, line.strip())
        if line != line.rstrip() and path.endswith((".c", ".h", ".py", ".sh")):
            yield "%s:%d: blanks at the end" % (path, number)
    if text and not text.endswith("\n"):
        yield "%s: no line end at its end" % path


def main():
    tests = [
        check_names(["a/x.c", "b/x.c"]),
        check_text("a.c", "/* TO" + "DO */\n"),
        check_text("a.c", "open /ro" + "ot/x\n"),
        check_text("a.c", "x \n"),
        check_text("a.c", "x"),
    ]
    if not all(len(list(found)) == 1 for found in tests) or list(check_text("a.c", "x\n")):
        sys.exit("the check itself is broken")
    root = Path(__file__).parents[2]
    listed = subprocess.run(["git", "-C", str(root), "ls-files"], check=True,
                            stdout=subprocess.PIPE).stdout.decode().splitlines()
    paths = [path for path in listed if (root / path).is_file()]
    found = list(check_names(paths))
    for path in paths:
        if path.endswith(TEXTS):
            found += check_text(path, (root / path).read_text(errors="surrogateescape"))
    print("\n".join(found + ["%d files, %d faults" % (len(paths), len(found))]))
    sys.exit(bool(found))


main()
