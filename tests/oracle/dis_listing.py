"""Prints what a Python says of its own instructions, as JSON: of a function with a bit of
everything, or of a function of a file.

    PYTHON dis_listing.py [FILE FUNCTION]

It runs in every Python from 3.8 on. `tests/e2e/dis_versions.json` has one line of it for each."""
import dis
import json
import opcode
import sys

SAMPLE = """
def outer(total):
    def sample(n, k=3):
        nonlocal total
        for i in range(n):
            if i % 2 == 0 and n is not None:
                total += i * k
            elif not n.real:
                n.real = total[i]
        return total
    return sample
"""
PAIRS = ("LOAD_FAST_LOAD_FAST", "STORE_FAST_LOAD_FAST", "STORE_FAST_STORE_FAST",
         "LOAD_FAST_BORROW_LOAD_FAST_BORROW")


def find(code, name):
    if code.co_name == name:
        return code
    for constant in code.co_consts:
        found = find(constant, name) if hasattr(constant, "co_code") else None
        if found:
            return found
    return None


def text_of(ins):
    """What the argument stands for, without what `dis` says besides."""
    op = ins.opcode
    if op in opcode.hasjrel or op in opcode.hasjabs:
        return "to %d" % ins.argval
    if op in opcode.hasconst:
        constant = ins.argval
        return "<code %s>" % constant.co_name if hasattr(constant, "co_code") else repr(constant)
    if ins.opname in PAIRS:
        return ", ".join(ins.argval)
    if op in opcode.hascompare or ins.opname == "BINARY_OP":
        text = ins.argrepr
        return text[5:-1] if text.startswith("bool(") else text
    if op in opcode.haslocal or op in opcode.hasfree or op in opcode.hasname:
        return str(ins.argval)
    return ""


def main(words):
    if words:
        with open(words[0], encoding="utf-8") as file:
            code = find(compile(file.read(), words[0], "exec"), words[1])
    else:
        code = find(compile(SAMPLE, "sample.py", "exec"), "sample")
    starts = {}
    for off, line in dis.findlinestarts(code):
        starts[off] = line or 0
    rows = [[ins.offset, ins.opname, ins.arg, text_of(ins), ins.is_jump_target]
            for ins in dis.get_instructions(code)]
    print(json.dumps({
        "python": "%d.%d" % sys.version_info[:2], "hex": sys.hexversion, "code": code.co_code.hex(),
        "locals": list(code.co_varnames), "cells": list(code.co_cellvars),
        "frees": list(code.co_freevars), "names": list(code.co_names),
        "consts": [repr(c) for c in code.co_consts], "lines": sorted(starts.items()), "rows": rows}))


main(sys.argv[1:])
