#!/usr/bin/env python3
"""Prints rp_unicode.c's table for the Python that runs this: the ranges of code points
from 0x7f on that str.isprintable() refuses.

    python3 replayer/core/rp_unicode_table.py > replayer/core/rp_unicode_14.inc
"""
import sys
import unicodedata

print(f"/* Unicode {unicodedata.unidata_version}: made by rp_unicode_table.py. */")
start = None
row = []
for code in range(0x7F, sys.maxunicode + 2):
    refused = code <= sys.maxunicode and not chr(code).isprintable()
    if refused and start is None:
        start = code
    elif not refused and start is not None:
        row.append(f"{{0x{start:x}, 0x{code - 1:x}}},")
        start = None
        if len(row) == 4:
            print(" ".join(row))
            row = []
if row:
    print(" ".join(row))
