"""Holds the format's tables against each other: FORMAT.md, tf_format.h, recording.proto, and
the field numbers in the C sources. First it damages each in memory, and stops if that goes
unnoticed."""
import re
import sys
from pathlib import Path

SCHEMA = Path(__file__).resolve().parents[2] / "schema"
FILES = ["FORMAT.md", "tf_format.h", "recording.proto", "tf_columns.h", "tf_record.h",
         "tf_postings.c", "tf_index.c", "tf_limits.h"]


def x_table(text, name):
    """The X(...) entries of a macro: id -> list of the other arguments, as written."""
    body = re.search(r"#define %s\(X\)((?:.*\\\n)*.*)" % name, text).group(1)
    body = re.sub(r"/\*.*?\*/", "", body.replace("\\\n", " "), flags=re.S)
    table = {}
    for entry in re.findall(r"X\(([^)]*)\)", body):
        words = [w.strip().strip('"') for w in entry.split(",")]
        table[words[0]] = ["" if w == "0" and i > 0 else w for i, w in enumerate(words[1:])]
    return table


def md_table(text, prefix):
    """Rows of the FORMAT.md table whose first cell begins with the prefix."""
    table = {}
    for line in text.split("\n"):
        cells = [c.strip() for c in line.strip("|").split("|")]
        if line.startswith("| " + prefix) and len(cells) > 2:
            table[cells[0]] = cells[1:]
    return table


def proto_fields(text, message):
    body = re.search(r"message %s \{(.*?)\n\}" % message, text, re.S).group(1)
    return {m.group(2): int(m.group(3))
            for m in re.finditer(r"(\w+)\s+(\w+)\s*=\s*(\d+);", body)}


def compare(what, ours, theirs):
    for key in sorted(set(ours) | set(theirs)):
        if ours.get(key) != theirs.get(key):
            yield "%s %s: %s against %s" % (what, key, ours.get(key), theirs.get(key))


def check_tables(files):
    header, md = files["tf_format.h"], files["FORMAT.md"]
    for macro, prefix, cells in (("TF_EVENT_KINDS", "EV_", 3), ("TF_OP_KINDS", "OP_", 3),
                                 ("TF_VALUE_KINDS", "VAL_", 3), ("TF_ELISIONS", "ELIDE_", 2),
                                 ("TF_CATEGORIES", "CAT_", 2), ("TF_SLOT_KINDS", "SLOT_", 2)):
        ours = {k: v[:cells] for k, v in x_table(header, macro).items()}
        theirs = {k: v[:cells] for k, v in md_table(md, prefix).items()}
        assert len(ours) > 2, macro
        yield from compare(macro, ours, theirs)
    flags = {m.group(1): m.group(2) for m in
             re.finditer(r"#define TF_(TYPE_\w+)\s+(0x[0-9a-f]+)u", header)}
    yield from compare("flags", flags, {k: v[0] for k, v in md_table(md, "TYPE_").items()})


def check_letters(files):
    """Each operand letter stands in FORMAT.md, and each of them is used."""
    used = {}
    used["op"] = {c for v in x_table(files["tf_format.h"], "TF_OP_KINDS").values() for c in v[2]}
    used["value"] = {c for v in x_table(files["tf_format.h"], "TF_VALUE_KINDS").values()
                     for c in v[2]}
    tables = re.findall(r"\| letter \| column .*?\n\|[-|]+\n((?:\|.*\n)+)", files["FORMAT.md"])
    columns = set(proto_fields(files["recording.proto"], "Ops"))
    for letters, table in zip((used["op"], used["value"]), tables):
        rows = re.findall(r"\| (\w) \| `?(\w*)`? ?\|", table)
        yield from compare("letter", {c: True for c in letters}, {c: True for c, _ in rows})
        for letter, column in rows:
            if column and column not in columns:
                yield "letter %s names no column of Ops: %s" % (letter, column)


def check_fields(files):
    proto = files["recording.proto"]
    ops = {v[1]: int(v[0]) for v in x_table(files["tf_columns.h"], "TF_OPS_COLUMNS").values()}
    ops["table"] = int(re.search(r"TF_OPS_TABLE\s+(\d+)", files["tf_columns.h"]).group(1))
    yield from compare("Ops", ops, proto_fields(proto, "Ops"))
    chunk = {v[1]: int(v[0])
             for v in x_table(files["tf_columns.h"], "TF_CHUNK_COLUMNS").values()}
    for name in ("KEYFRAME", "CHANGES", "GAP"):
        number = re.search(r"TF_CHUNK_%s\s+(\d+)" % name, files["tf_columns.h"]).group(1)
        chunk[name.lower()] = int(number)
    theirs = {k: v for k, v in proto_fields(proto, "Chunk").items() if v >= 9}
    yield from compare("Chunk", chunk, theirs)
    record = {m.group(1).lower(): int(m.group(2)) for m in
              re.finditer(r"TF_REC_(\w+) = (\d+)", files["tf_record.h"])}
    yield from compare("Recording", record, proto_fields(proto, "Recording"))


def check_columns_used(files):
    """tf_postings.c and tf_index.c name every packed field of their message."""
    for source, message, other in (("tf_postings.c", "Postings", {1, 2, 3, 18}),
                                   ("tf_index.c", "Index", set())):
        table = re.search(r"\} columns\[\] = \{(.*?)\n\};", files[source], re.S).group(1)
        ours = {int(n): True for n in re.findall(r"\{\s*(\d+),", table)}
        ours.update({n: True for n in other})
        fields = proto_fields(files["recording.proto"], message)
        yield from compare(message, ours, {n: True for n in fields.values()})


def check_md_names_fields(files):
    """FORMAT.md mentions every field of what a reader cannot guess."""
    for message in ("Ops", "Chunk", "Postings", "Writes", "Checkpoint", "Index",
                    "Footer"):
        for field in proto_fields(files["recording.proto"], message):
            if field not in ("level", "first_chunk", "chunk_count", "number", "level", "op",
                             "state", "end_ns", "elided_count", "has_exit_status",
                             "line_groups", "code_groups", "exc_groups", "thread_groups") \
                    and not re.search(r"`(\w+\.)?%s\b" % field, files["FORMAT.md"]):
                yield "FORMAT.md does not mention %s.%s" % (message, field)


def check_limits(files):
    for name, number in (("TF_FIELD_BYTES_MAX", "(64u << 20)"), ("TF_TEXT_BYTES_MAX", "(4u << 20)"),
                         ("TF_SOURCE_BYTES_MAX", "(16u << 20)"), ("TF_CHUNK_EVENTS", "16384u"),
                         ("TF_CHUNK_EVENTS_MAX", "(1u << 20)"), ("TF_SLOTS_MAX", "65536u"),
                         ("TF_THREADS_MAX", "(1u << 20)"), ("TF_DEFINITIONS_MAX", "(1u << 24)"),
                         ("TF_SUMMARY_FANOUT", "16u")):
        found = re.search(r"#define %s\s+(.*)" % name, files["tf_limits.h"])
        if not found or found.group(1).strip() != number:
            yield "FORMAT.md says that %s is %s" % (name, number)


CHECKS = (check_tables, check_letters, check_fields, check_columns_used, check_md_names_fields,
          check_limits)


def check(files):
    return [finding for c in CHECKS for finding in c(files)]


DAMAGE = (("FORMAT.md", "| OP_NEW | 6 | new | tnNnN |", "| OP_NEW | 6 | new | tnNN |"),
          ("FORMAT.md", "| EV_YIELD | 6 |", "| EV_YIELD | 7 |"),
          ("FORMAT.md", "| TYPE_EXACT | 0x4 |", "| TYPE_EXACT | 0x8 |"),
          ("FORMAT.md", "| r | `ref` |", "| q | `ref` |"),
          ("FORMAT.md", "`stamp_ns`", "`stamp`"),
          ("tf_format.h", 'X(VAL_REF, 15, "ref", "r")', 'X(VAL_REF, 15, "ref", "d")'),
          ("tf_columns.h", 'X(COL_REF, 11, "ref")', 'X(COL_REF, 12, "ref")'),
          ("recording.proto", "Chunk chunk = 4;", "Chunk chunk = 14;"),
          ("recording.proto", "repeated uint64 chunk_events = 15;",
           "repeated uint64 chunk_events = 16;"),
          ("tf_limits.h", "TF_FIELD_BYTES_MAX (64u", "TF_FIELD_BYTES_MAX (65u"))


def main():
    files = {name: (SCHEMA / name).read_text() for name in FILES}
    for name, before, after in DAMAGE:
        if before not in files[name]:
            sys.exit("%s has no '%s' to damage" % (name, before))
        if not check({**files, name: files[name].replace(before, after)}):
            sys.exit("this damage goes unnoticed: %s -> %s" % (before, after))
    findings = check(files)
    for finding in findings:
        print(finding)
    if not findings:
        print("tables of the format agree")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
