#!/usr/bin/python3
"""Writes replayer/core/rp_opcodes.c: what each CPython version calls its instructions.

    make/opcodes.py PYTHON...       one interpreter a version, in any order

Run it again with the interpreters of all versions when a new one comes out."""
import json
import subprocess
import sys
from pathlib import Path

TARGET = Path(__file__).parents[1] / "replayer" / "core" / "rp_opcodes.c"

# Runs in the Python that is asked.
ASK = r"""
import json, opcode, sys
version = sys.version_info[:2]
caches = getattr(opcode, "_inline_cache_entries", {})
hasarg = set(getattr(opcode, "hasarg", ()))
pairs = ("LOAD_FAST_LOAD_FAST", "STORE_FAST_LOAD_FAST", "STORE_FAST_STORE_FAST",
         "LOAD_FAST_BORROW_LOAD_FAST_BORROW")


def arg_of(name, op):
    takes = op in hasarg if hasarg else op >= opcode.HAVE_ARGUMENT
    if name == "EXTENDED_ARG":
        return "EXTEND"
    if not takes:
        return "NONE"
    if name in pairs:
        return "LOCALS"
    if op in opcode.hasconst:
        return "CONST" if name != "RETURN_GENERATOR" else "NUMBER"
    if op in opcode.hasname:
        if name == "LOAD_SUPER_ATTR":
            return "NAME4"
        halved = name == "LOAD_GLOBAL" and version >= (3, 11) \
            or name == "LOAD_ATTR" and version >= (3, 12)
        return "NAME2" if halved else "NAME"
    if op in opcode.haslocal:
        return "LOCAL"
    if op in opcode.hasfree:
        return "FREE"
    if op in opcode.hasjabs:
        return "TO"
    if op in opcode.hasjrel:
        return "BACK" if "JUMP_BACKWARD" in name else "AHEAD"
    if op in opcode.hascompare:
        return "COMPARE"
    return "OPERATOR" if name == "BINARY_OP" else "NUMBER"


rows = []
for name, op in sorted(opcode.opmap.items(), key=lambda item: item[1]):
    if op > 255 or name.startswith(("INSTRUMENTED_", "<")) or name in ("CACHE", "RESERVED"):
        continue
    count = caches[op] if isinstance(caches, list) else caches.get(name, 0)
    rows.append([op, name, count, arg_of(name, op)])
print(json.dumps({"version": version, "rows": rows,
                  "operators": [text for _, text in getattr(opcode, "_nb_ops", [])],
                  "compare": list(opcode.cmp_op)}))
"""

HEAD = """\
/* Made by make/opcodes.py from the interpreters themselves; not edited by hand. */
#include "rp_opcodes.h"

/* clang-format off */
"""


def ask(python):
    done = subprocess.run([python, "-c", ASK], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def runs(answers):
    """What an opcode means, from which version to which without a change."""
    open_runs, done = {}, []
    for answer in answers:
        version = "0x%02x%02x" % tuple(answer["version"])
        rows = {row[0]: row[1:] for row in answer["rows"]}
        for op, run in list(open_runs.items()):
            if rows.get(op) != run[2]:
                done.append((op, open_runs.pop(op)))
        for op, meaning in rows.items():
            open_runs.setdefault(op, [version, version, meaning])[1] = version
    return sorted([*done, *open_runs.items()])


def filled(declaration, entries):
    lines, line = [declaration + " = {"], "   "
    for entry in entries:
        if len(line) + 2 + len(entry) > 88:
            lines.append(line)
            line = "   "
        line += " %s," % entry
    return "\n".join([*lines, line, "};", ""])


def strings(name, words):
    return filled("const char *const %s[]" % name, ['"%s"' % word for word in words] + ["NULL"])


def main(pythons):
    answers = sorted((ask(python) for python in pythons), key=lambda a: a["version"])
    versions = [tuple(answer["version"]) for answer in answers]
    if len(set(versions)) != len(versions) or not versions:
        sys.exit("one interpreter a version, please")
    with_operators = [a["operators"] for a in answers if a["operators"]]
    operators = max(with_operators, key=len) if with_operators else []
    for some in with_operators:
        assert operators[:len(some)] == some, "the operators' numbers changed"
    for answer in answers:
        assert answers[0]["compare"][:6] == answer["compare"][:6]
    text = HEAD + strings("rp_compare_names", answers[0]["compare"]) + "\n"
    text += strings("rp_operator_names", operators) + "\n"
    text += filled("const uint32_t rp_opcode_versions[]",
                   ["0x%02x%02x" % version for version in versions] + ["0"]) + "\n"
    rows = ['{%s, %s, %d, {"%s", %d, RP_ARG_%s}}' % (first, last, op, *meaning)
            for op, (first, last, meaning) in runs(answers)]
    text += filled("const struct rp_opcode_row rp_opcode_rows[]",
                   rows + ["{0, 0, 0, {NULL, 0, RP_ARG_NONE}}"])
    TARGET.write_text(text + "/* clang-format on */\n")


if __name__ == "__main__":
    main(sys.argv[1:])
