"""Prints a recording as `pyreplay dump --format jsonl` does: a second, independent reader.

    pyrec_reader.py FILE [FOLDER]

FOLDER is where protoc puts the message classes (build/gen/python). Whatever a stranger
needs to write this is in schema/FORMAT.md and schema/recording.proto.
"""
import json
import os
import sys

import pyrec_file
import pyrec_tail
from pyrec_state import EVENTS, UNBOUND, Recording
from pyrec_text import CATEGORIES, Notes, Texts, decode

SLOT_LOCAL, SLOT_CELL, SLOT_FREE, SLOT_MAPPING = range(4)


class Dump:
    def __init__(self, recording):
        self.recording = recording
        self.texts = Texts(recording)

    def category(self, obj):
        return CATEGORIES[self.recording.types[obj.type].category]

    def content(self, value):
        """A slot's value, a cell's content in the place of the cell."""
        if value[0] == "ref":
            obj = self.recording.objects[value[1]]
            if self.category(obj) == "cell":
                return obj.items[0] if obj.items else UNBOUND
        return value

    def variables(self, frame):
        """(name, value) of every bound local, as frame.f_locals has them."""
        code = self.recording.codes[frame.code]
        has_mapping = len(code.slot_kind) and code.slot_kind[-1] == SLOT_MAPPING
        for slot, (name, kind) in enumerate(zip(code.slot, code.slot_kind)):
            value = frame.slots.get(slot, UNBOUND)
            if kind == SLOT_MAPPING:
                if value[0] == "ref":
                    yield from self.entries(self.recording.objects[value[1]])
                continue
            if kind == SLOT_FREE and has_mapping:
                continue  # a class body's locals() has none of what it closes over
            if kind in (SLOT_CELL, SLOT_FREE):
                value = self.content(value)
            if value != UNBOUND:
                yield decode(name), value

    def entries(self, obj):
        for name, value in zip(obj.items[::2], obj.items[1::2]):
            if name[0] == "str" and value != UNBOUND:
                yield decode(name[1]), value

    def exception(self, value):
        obj = self.recording.objects[value[1]]
        args, cause, context, suppress, text = (obj.items + [UNBOUND] * 5)[:5]

        def number(value):
            return value[1] if value[0] == "ref" else None
        return {"type": self.texts.type_name(obj.type),
                "text": self.texts.exception_text(obj), "id": obj.id,
                "cause": number(cause), "context": number(context)}

    def row(self, event):
        frame = event.frame
        code = self.recording.codes[frame.code]
        name, kind = EVENTS[event.kind]
        self.texts.begin(event)
        row = {"seq": event.seq, "time_ns": event.time_ns, "thread": event.thread,
               "task": None, "frame": frame.id,
               "parent": frame.parent.id if frame.parent else None,
               "call_seq": frame.call_seq or None, "depth": frame.depth, "event": name,
               "kind": kind, "file": decode(self.recording.files[code.file].path),
               "function": decode(code.qualname), "line": event.lineno}
        if event.instruction is not None:
            row["instruction"] = event.instruction
        row["arg"] = None
        if event.arg is not None:
            row["arg"] = self.texts.text_of(event.arg, "return")
            if name == "exception" and event.arg[0] == "ref":
                row["exception"] = self.exception(event.arg)
        row["locals"] = {name: self.texts.text_of(value, name)
                         for name, value in self.variables(frame)}
        if self.texts.notes.elided:
            row["elided"] = self.texts.notes.elided
        if self.texts.notes.late:
            row["late"] = self.texts.notes.late
        return row


def main():
    default = os.path.join(os.path.dirname(__file__), "..", "..",
                           os.environ.get("BUILD", "build"), "gen", "python")
    messages = pyrec_file.load_messages(sys.argv[2] if len(sys.argv) > 2 else default)
    tail = None
    if os.path.exists(sys.argv[1] + ".tail"):  # before the recording: see FORMAT.md, section 14
        with open(sys.argv[1] + ".tail", "rb") as file:
            tail = file.read()
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    fields = pyrec_file.fields(data, messages.Recording)
    recording = Recording(pyrec_tail.joined(fields, tail, messages))
    dump = Dump(recording)
    for event in recording.events():
        print(json.dumps(dump.row(event), separators=(",", ":")))


main()
