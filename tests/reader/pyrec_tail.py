"""The tail of a recording that was not finished: the second reader's part for FORMAT.md, 14.

Its batches become what the recording would hold of them: definitions, sources, chunks."""
import struct
from collections import namedtuple

import xxhash

from pyrec_file import Bad
from pyrec_state import OPS, VALUES

MAGIC, VERSION = 0x316C696174727970, 1
HEAD = struct.Struct("<QII16s16sQQIIQ")
SLOT = struct.Struct("<QQQIIQQ80x")
EXTENT = struct.Struct("<IIQQQ")
SEAL = struct.Struct("<IIQQ")
CHANGES, KEYFRAME, DEFINITIONS, SOURCES, SEALS = range(5)

Head = namedtuple("Head", "magic version slot_count uuid boot_id pid check extent_count signal "
                          "signal_unix_ns")
Slot = namedtuple("Slot", "batch first_seq changes_bytes seal_count left synced_bytes synced_check")
Batch = namedtuple("Batch", "first_seq areas cut")


def checksum(data, batch=0, area=0):
    return xxhash.xxh3_64_intdigest(data, seed=5 * batch + area)


class Tail:
    def __init__(self, data, uuid):
        self.data = data
        self.head = Head._make(HEAD.unpack_from(data))
        if (self.head.magic, self.head.version) != (MAGIC, VERSION):
            raise Bad("no tail of version 1")
        if self.head.check != checksum(data[:56]) or self.head.uuid != uuid:
            raise Bad("a tail of another recording")

    def batches(self):
        slots = [Slot._make(SLOT.unpack_from(self.data, 4096 + 128 * i))
                 for i in range(self.head.slot_count)]
        found = [self.batch(i, slot) for i, slot in enumerate(slots) if slot.batch]
        return sorted(found, key=lambda batch: batch.first_seq)

    def area(self, slot, number, length):
        parts = []
        for i in range(self.head.extent_count):
            its_slot, its_area, off, size, check = EXTENT.unpack_from(self.data, 8192 + 32 * i)
            if check != checksum(self.data[8192 + 32 * i:8192 + 32 * i + 24]):
                raise Bad("an extent of the tail is damaged")
            if (its_slot, its_area) == (slot, number):
                parts.append(self.data[off:off + size])
        return b"".join(parts)[:length]

    def batch(self, i, slot):
        seals = self.area(i, SEALS, 24 * slot.seal_count)
        areas = [self.area(i, number, None) for number in range(SEALS)]
        ends, torn = [0] * SEALS, False
        for at in range(0, len(seals), 24):
            area, _, end, check = SEAL.unpack_from(seals, at)
            if check != checksum(areas[area][ends[area]:end], slot.batch, area):
                torn = True
                break
            ends[area] = end
        synced = areas[CHANGES][:slot.synced_bytes]
        if slot.synced_bytes > ends[CHANGES] and slot.synced_check == checksum(synced, slot.batch):
            ends[CHANGES] = slot.synced_bytes
        if not torn:
            ends[CHANGES] = max(ends[CHANGES], slot.changes_bytes)
        areas = [area[:end] for area, end in zip(areas, ends)]
        return Batch(slot.first_seq, areas, torn or slot.left)


# --- Rows ---

class Rows:
    """The rows of an area, put into the columns of a chunk's messages."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def number(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def zigzag(self):
        value = self.number()
        return value >> 1 ^ -(value & 1)

    def bytes(self, length):
        self.at += length
        return self.data[self.at - length:self.at]


class Columns:
    """Fills a message `Ops`."""

    def __init__(self, ops):
        self.ops = ops
        self.last = {"frame": 0, "object": 0, "ref": 0}
        self.places = {}
        self.made = {"new": 0, "enter": 0}

    def delta(self, column, value):
        getattr(self.ops, column).append(value - self.last[column])
        self.last[column] = value

    def operand(self, letter, rows):
        value = rows.number()
        if letter in "fo":
            self.delta({"f": "frame", "o": "object"}[letter], value)
        else:
            column = {"s": "slot", "c": "code", "t": "type", "i": "index", "n": "count",
                      "N": "count"}[letter]
            getattr(self.ops, column).append(value)
        return value

    def value(self, rows):
        kind = rows.byte()
        self.ops.value.append(kind)
        for letter in VALUES[kind][1]:
            if letter == "d":
                self.ops.integer.append(rows.zigzag())
            elif letter == "r":
                self.delta("ref", rows.number())
            elif letter == "x":
                self.ops.real.append(struct.unpack("<d", rows.bytes(8))[0])
            elif letter == "s":
                text = rows.bytes(rows.number())
                self.ops.text.append(self.places.setdefault(text, len(self.places)))
            else:
                self.operand(letter, rows)

    def change(self, kind, rows):
        name, letters = OPS[kind]
        self.ops.op.append(kind)
        count = 0
        for letter in letters:
            if letter == "1":
                count += 1
            else:
                value = self.operand(letter, rows)
                count += value if letter == "N" else 0
        for _ in range(count):
            self.value(rows)
        if name in self.made:
            self.made[name] += 1

    def done(self):
        self.ops.table.extend(self.places)
        return self.made


def fill_keyframe(ops, data):
    rows, columns = Rows(data), Columns(ops)
    while rows.at < len(data):
        columns.change(rows.byte(), rows)
    columns.done()


def fill_chunk(chunk, data):
    """Returns the time of its latest stamp."""
    rows, columns = Rows(data), Columns(chunk.changes)
    lineno, time_ns, stamped, ops = 0, chunk.start_ns, -1, 0
    while rows.at < len(data):
        kind = rows.byte()
        if kind < 0x80:
            columns.change(kind, rows)
            ops += 1
            continue
        event = len(chunk.kind)
        chunk.kind.append(kind - 0x80)
        chunk.thread.append(rows.number())
        line, ns = rows.number(), rows.number()
        chunk.line.append(line - lineno)
        if ns:
            chunk.stamp_event.append(event - stamped)
            chunk.stamp_ns.append(max(ns, time_ns) - time_ns)
            time_ns, stamped = max(ns, time_ns), event
        if kind - 0x80 == 9:
            chunk.instruction.append(rows.number())
        chunk.op_count.append(ops)
        lineno, ops = line, 0
    made = columns.done()
    chunk.event_count = len(chunk.kind)
    chunk.object_count, chunk.frame_count = made["new"], made["enter"]
    return time_ns


# --- Joining ---

class Known:
    """What the recording has: where it goes on."""

    def __init__(self):
        self.header, self.finished = None, False
        self.number, self.seq, self.object, self.frame, self.ns = 0, 1, 1, 1, 0
        self.ids = set()

    def see(self, name, message):
        if name == "header":
            self.header = message
        elif name == "footer":
            self.finished = True
        elif name == "definitions":
            self.ids |= {(field.name, entry.id)
                         for field, entries in message.ListFields() for entry in entries}
        elif name == "source":
            self.ids.add(("source", message.file))
        elif name == "checkpoint" and not self.number:
            self.seq, self.object, self.frame = (message.seq, message.next_object,
                                                 message.next_frame)
        elif name == "chunk":
            self.number = message.number + 1
            self.seq = message.first_seq + message.event_count
            self.object = message.first_object + message.object_count
            self.frame = message.first_frame + message.frame_count
            self.ns = message.start_ns + sum(message.stamp_ns)


def joined(fields, tail_data, messages):
    """(name, message) of the recording, then of its tail, if it was not finished."""
    known = Known()
    for name, message in fields:
        known.see(name, message)
        yield name, message
    if known.finished or tail_data is None:
        return
    for batch in Tail(tail_data, known.header.uuid).batches():
        if batch.first_seq < known.seq:
            continue
        if batch.first_seq > known.seq:
            return
        for name, message in fields_of(batch, known, messages):
            known.see(name, message)
            yield name, message
        if batch.cut:
            return


def fields_of(batch, known, messages):
    definitions = messages.Definitions.FromString(batch.areas[DEFINITIONS])
    new = messages.Definitions()
    for field, entries in definitions.ListFields():
        getattr(new, field.name).extend(
            entry for entry in entries
            if field.name == "thread" or (field.name, entry.id) not in known.ids)
    yield "definitions", new
    for source in messages.Recording.FromString(batch.areas[SOURCES]).source:
        if ("source", source.file) not in known.ids:
            yield "source", source
    chunk = messages.Chunk(number=known.number, first_seq=known.seq, first_object=known.object,
                           first_frame=known.frame, start_ns=known.ns)
    fill_keyframe(chunk.keyframe, batch.areas[KEYFRAME])
    fill_chunk(chunk, batch.areas[CHANGES])
    yield "chunk", chunk
