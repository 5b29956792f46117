#!/usr/bin/env python3
"""Prints rp_unicode.inc: what str's methods say of each character, by Python version.

    python3 replayer/core/rp_unicode_table.py PYTHON... > replayer/core/rp_unicode.inc

PYTHON... are interpreters, oldest Unicode first. The last one's characters are written in
full; of the others only what differs. Everything comes from the methods of str themselves,
so that a table cannot disagree with CPython about what a property means.
"""
import json
import subprocess
import sys

FLAGS = ("alpha", "decimal", "digit", "numeric", "lower", "upper", "title", "space",
         "printable", "identifier_start", "identifier", "cased", "ignorable", "special")


def facts(code):
    import unicodedata
    char = chr(code)
    flags = [char.isalpha(), char.isdecimal(), char.isdigit(), char.isnumeric(),
             char.islower(), char.isupper(), unicodedata.category(char) == "Lt",
             char.isspace(), char.isprintable(), char.isidentifier(),
             ("a" + char).isidentifier()]
    # U+03A3 tells: it is a final sigma behind what is cased, ignorable characters between.
    after_letter = ("A" + char + "\u03a3").lower()[-1] == "\u03c2"
    after_digit = ("1" + char + "\u03a3").lower()[-1] == "\u03c2"
    ignorable = after_letter and not after_digit
    cased = flags[4] or flags[5] or flags[6]
    maps = [char.lower(), char.upper(), char.title(), char.casefold()]
    if code == 0x3a3:
        maps[0] = "\u03c3"
    special = any(len(text) != 1 for text in maps)
    flags += [cased, ignorable, special]
    bits = sum(1 << i for i, flag in enumerate(flags) if flag)
    deltas = [0] * 4 if special else [ord(text) - code for text in maps]
    return (bits, *deltas, unicodedata.decimal(char, -1),
            *(maps if special else ()))


def describe():
    """All characters as runs of [first, facts]; the version."""
    import unicodedata
    runs, last = [], None
    for code in range(sys.maxunicode + 1):
        here = facts(code)
        if here != last:
            runs.append([code, here])
            last = here
    json.dump([unicodedata.unidata_version, sys.hexversion >> 16, runs], sys.stdout)


def expand(runs):
    table = []
    for (first, here), after in zip(runs, runs[1:] + [[0x110000, None]]):
        table += [tuple(here)] * (after[0] - first)
    return table


def rows(items, width):
    for i in range(0, len(items), width):
        print("    " + " ".join(items[i:i + width]))


def main(pythons):
    said = []
    for python in pythons:
        done = subprocess.run([python, __file__, "--describe"], check=True,
                              stdout=subprocess.PIPE)
        said.append(json.loads(done.stdout))
    records, specials = {}, {}

    def record_of(here):
        return records.setdefault(here[:6], len(records))

    tables = [expand(runs) for _, _, runs in said]
    for table in tables:
        for code, here in enumerate(table):
            if len(here) > 6:
                assert specials.setdefault(code, here[6:]) == here[6:]
    base = [f"{{0x{first:x}, {record_of(tuple(here))}}}," for first, here in said[-1][2]]
    # Two runs that differ in their special mappings only are one.
    print("/* Made by rp_unicode_table.py: Unicode",
          ", ".join(version for version, _, _ in said) + ". */")
    older = []
    for (version, python, _), table in zip(said[:-1], tables[:-1]):
        changes, run = [], None
        for code in range(0x110001):
            differs = (code < 0x110000 and table[code][:6] != tables[-1][code][:6])
            here = record_of(table[code]) if differs else None
            if run and run[1] != here:
                changes.append(f"{{0x{run[0]:x}, 0x{code - 1:x}, {run[1]}}},")
                run = None
            if differs and not run:
                run = (code, here)
        older.append((python, version, changes))
    print("\nstatic const struct record records[] = {")
    rows([f"{{0x{r[0]:x}, {{{r[1]}, {r[2]}, {r[3]}, {r[4]}}}, {r[5]}}}," for r in records], 3)
    print("};\n\nstatic const struct run runs[] = {")
    rows(base, 6)
    print("};\n\nstatic const struct special specials[] = {")
    rows(["{0x%x, {%s}}," % (code, ", ".join(
        "{" + ", ".join(f"0x{ord(c):x}" for c in text) + "}" for text in maps))
        for code, maps in sorted(specials.items())], 1)
    print("};")
    for python, version, changes in older:
        print(f"\nstatic const struct change changes_{python:x}[] = {{")
        rows(changes, 5)
        print("};")
    print("\n/* From which Python on no longer. */\nstatic const struct older olders[] = {")
    for (python, version, _), after in zip(older, said[1:]):
        print(f"    {{0x{after[1]:04x}0000, changes_{python:x}, "
              f"sizeof changes_{python:x} / sizeof *changes_{python:x}}},")
    print("};")


if __name__ == "__main__":
    describe() if sys.argv[1] == "--describe" else main(sys.argv[1:])
