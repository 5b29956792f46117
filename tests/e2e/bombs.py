"""Recordings that take much more than they are: a few kilobytes that become gigabytes, counts
that lie, values without an end. Made of bytes, by FORMAT.md alone."""
import os
import struct

import zstandard

MIB = 1 << 20
HEADER, DEFINITIONS, SOURCE, CHUNK, POSTINGS, SUMMARY, CHECKPOINT, INDEX, FOOTER, WRITES = range(1, 11)


def varint(n):
    out = bytearray()
    while n > 0x7f:
        out.append(n & 0x7f | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def zigzag(n):
    return ((n << 1) ^ (n >> 63)) & (1 << 64) - 1


def number(field, n):
    return varint(field << 3) + varint(n)


def data(field, content):
    return varint(field << 3 | 2) + varint(len(content)) + bytes(content)


def column(field, *numbers):
    return data(field, b"".join(varint(n) for n in numbers))


def frame(field, content):
    """One zstd frame with its size and checksum. Level 19 for what repeats itself."""
    made = zstandard.ZstdCompressor(level=1, write_checksum=True, write_content_size=True)
    return made.compress(data(field, content))


def start(types=(2,), slots=(b"a",), text=None, name=b"app.py"):
    """Header, one file, one code object, types of the categories, one thread."""
    definitions = data(1, number(1, 1) + data(2, name) + number(3, 1))
    code = number(1, 1) + number(2, 1) + data(3, b"f") + data(4, b"f") + number(5, 1)
    code += b"".join(data(7, slot) for slot in slots) + column(10, zigzag(1), zigzag(1))
    definitions += data(2, code)
    for i, category in enumerate(types):
        definitions += data(3, number(1, i + 1) + data(3, b"T%d" % i) + number(4, category)
                            + number(7, 4))
    definitions += data(4, number(1, 1))
    whole = frame(HEADER, number(1, 1) + number(8, 0x030b02f0)) + frame(DEFINITIONS, definitions)
    if text is not None:
        whole += frame(SOURCE, number(1, 1) + data(2, text))
    return whole


def chunk(ops, events=((4, 1, 1),), ops_of=None, objects=0, frames=0, chunk_number=0, first_seq=1,
          first_object=1, first_frame=1, keyframe=b"", extra=b""):
    """`events`: (kind, thread, line); `ops`: the fields of Ops."""
    lines = [b - a for a, b in zip([0] + [e[2] for e in events], [e[2] for e in events])]
    message = number(1, chunk_number) + number(2, first_seq) + number(3, len(events))
    message += number(4, first_object) + number(5, objects)
    message += number(6, first_frame) + number(7, frames)
    message += column(9, *(e[0] for e in events)) + column(10, *(e[1] for e in events))
    message += column(11, *map(zigzag, lines)) + column(12, *(ops_of or [0] * len(events)))
    if keyframe:
        message += data(16, keyframe)
    return frame(CHUNK, message + data(17, ops) + extra)


def deltas(numbers):
    return [zigzag(b - a) for a, b in zip([0] + list(numbers), numbers)]


def graph(objects, root=1, category=2):
    """A frame whose only local is object `root`; objects[i] is the list of ids in object
    i + 1. All are lists, or of `category`."""
    op = [2] + [6] * len(objects) + [1]
    count, refs = [], []
    for items in objects:
        count += [0, len(items), 0, 0]
        refs += items
    refs.append(root)
    ops = column(1, *op) + column(2, 0) + column(3, 1) + column(6, *[1] * len(objects))
    ops += column(8, *count) + column(9, 1, *[15] * len(refs)) + column(11, *deltas(refs))
    return start(types=(category,)) + chunk(
        ops, events=((1, 1, 1), (4, 1, 2)), ops_of=[len(op), 0], objects=len(objects), frames=1)


def of_byte(byte, mib):
    return bytes([byte]) * (mib * MIB)


# --- decompression bombs: a part of the file that becomes as large as it may ---
def bomb_values():
    return start() + chunk(data(9, of_byte(0, 60)))


def bomb_changes():
    return start() + chunk(data(1, of_byte(5, 60)))


def bomb_entries():
    return start() + chunk(column(1, 5) + of_byte(0, 0) + bytes([14 << 3 | 2, 0]) * (30 * MIB))


def bomb_keyframe():
    n = 6 * MIB
    keyframe = data(1, bytes([14]) + bytes([15]) * n) + data(8, b"\1" + b"\1\1" * n)
    keyframe += data(3, b"\1" * n) + data(4, b"\2" * n) + data(7, b"\1" * n) + data(9, b"\1" * n)
    return start() + chunk(b"", keyframe=keyframe)


def bomb_events():
    n = 60 * MIB // 4
    message = number(2, 1) + number(3, n) + number(4, 1) + number(6, 1)
    message += data(9, of_byte(4, 15)) + data(10, of_byte(1, 15)) + data(11, of_byte(2, 15))
    return start() + frame(CHUNK, message + data(12, of_byte(0, 15)))


def bomb_definitions():
    return start() + frame(DEFINITIONS, bytes([2 << 3 | 2, 0]) * (30 * MIB))


def bomb_names():
    """One code object with all the names that fit."""
    code = number(1, 2) + number(2, 1) + bytes([11 << 3 | 2, 0]) * (30 * MIB)
    return start() + frame(DEFINITIONS, data(2, code))


def bomb_names_often():
    """Many of them, each with as many as one may have."""
    whole = start()
    for i in range(2, 60):
        code = number(1, i) + number(2, 1) + bytes([7 << 3 | 2, 0]) * 65535
        code += bytes([15 << 3 | 2, 0]) * (2 * MIB)
        whole += frame(DEFINITIONS, data(2, code))
    return whole


def bomb_postings():
    n = 15 * MIB
    postings = number(3, 1) + data(8, b"\1" * n) + data(9, b"\1" * n) + data(10, b"\1" * n)
    return start() + chunk(b"") + frame(POSTINGS, postings)


def bomb_writes():
    n = 15 * MIB
    writes = number(2, 1) + number(3, 1) + data(4, b"\1" * n) + data(6, b"\0" * n)
    return start() + chunk(b"") + frame(WRITES, writes + data(8, b"\1" * n))


def bomb_footer():
    return start() + chunk(b"") + frame(FOOTER, bytes([11 << 3 | 2, 0]) * (30 * MIB))


def bomb_header():
    return frame(HEADER, number(1, 1) + bytes([11 << 3 | 2, 0]) * (30 * MIB))


def bomb_index():
    whole = start() + chunk(b"")
    frames = [frame(INDEX, data(1, of_byte(0, 15)) + data(6, of_byte(0, 15)) + data(10, of_byte(0, 15))
                    + data(21, of_byte(0, 15))), frame(FOOTER, number(1, 1) + number(5, 1))]
    return with_seek_table(whole, frames)


def bomb_sources():
    """As many sources as one likes, each as long as it may be."""
    whole = frame(HEADER, number(1, 1))
    for i in range(1, 41):
        whole += frame(DEFINITIONS, data(1, number(1, i) + data(2, b"f%d.py" % i)))
        whole += frame(SOURCE, number(1, i) + data(2, of_byte(10, 15)))
    return whole


def bomb_checkpoint():
    state = data(1, of_byte(14, 20)) + data(8, of_byte(1, 20))
    return start() + frame(CHECKPOINT, number(1, 1) + number(3, 1) + number(4, 1)
                           + data(5, state)) + chunk(b"")


def bomb_text():
    """A text of 60 MiB, in a value."""
    ops = column(1, 17) + column(9, 11) + column(13, 0) + data(14, of_byte(97, 60))
    return start() + chunk(ops, ops_of=[1])


def with_seek_table(whole, frames):
    sizes = []
    off = 0
    while off < len(whole):
        size = frame_size(whole[off:])
        sizes.append((size, zstandard.frame_content_size(whole[off:])))
        off += size
    for one in frames:
        sizes.append((len(one), zstandard.frame_content_size(one)))
        whole += one
    table = b"".join(struct.pack("<II", *size) for size in sizes)
    return whole + struct.pack("<II", 0x184D2A5E, len(table) + 9) + table + struct.pack(
        "<IBI", len(sizes), 0, 0x8F92EAB1)


def frame_size(content):
    stream = zstandard.ZstdDecompressor().decompressobj()
    stream.decompress(content)
    return len(content) - len(stream.unused_data)


BOMBS = {name[5:]: make for name, make in sorted(globals().items()) if name.startswith("bomb_")}


# --- values without an end ---
def deep(n, category=2):
    return graph([[i + 2] for i in range(n - 1)] + [[]], category=category)


def wide(levels):
    """Each list holds the next one twice: 2 ** levels in all."""
    return graph([[i + 2] * 2 for i in range(levels - 1)] + [[]])


def cycle(n):
    return graph([[i % n + 1] for i in range(1, n + 1)])


def causes(n, end):
    """Exceptions, each the cause of the one before; the last one's is `end` (0: none)."""
    op = [2] + [6] * (n + 1) + [1, 17]
    count, value, refs = [0, 0, 0, 0], [1], []
    for i in range(n):
        following = i + 3 if i + 1 < n else end
        count += [0, 5, 0, 0]
        value += [15, 15 if following else 1, 1, 2, 11]
        refs += [1, following] if following else [1]
    refs += [2, 2]
    ops = column(1, *op) + column(2, 0) + column(3, 1) + column(6, 1, *[2] * n) + column(8, *count)
    ops += column(9, *value, 15, 15) + column(11, *deltas(refs))
    ops += column(13, *[0] * n) + data(14, b"bad")
    return start(types=(3, 22)) + chunk(
        ops, events=((1, 1, 1), (8, 1, 2)), ops_of=[len(op) - 1, 1], objects=n + 1, frames=1)


GRAPHS = {
    "deep list": lambda: deep(300000), "deep tuple": lambda: deep(300000, 3),
    "deep frozenset": lambda: deep(100000, 7), "deep method": lambda: deep(100000, 18),
    "deep cell": lambda: deep(100000, 15), "deep mappingproxy": lambda: deep(100000, 41),
    "deep partial": lambda: deep(100000, 19), "deep enum": lambda: deep(100000, 23),
    "deep namespace": lambda: deep(100000, 39), "deep str": lambda: deep(100000, 28),
    "deep datetime": lambda: deep(100000, 31), "deep timezone": lambda: deep(100000, 33),
    "deep slice": lambda: deep(100000, 14), "deep array": lambda: deep(100000, 38),
    "deep namedtuple": lambda: deep(100000, 4), "deep function": lambda: deep(100000, 16),
    "wide": lambda: wide(64), "cycle of 1": lambda: cycle(1), "cycle of 2": lambda: cycle(2),
    "cycle of 100,000": lambda: cycle(100000), "causes": lambda: causes(100000, 0),
    "cycle of causes": lambda: causes(1000, 2), "its own cause": lambda: causes(1, 2),
}


def sparse(path, count):
    """A file that takes no disk: its seek table says `count` frames."""
    with open(path, "wb") as file:
        file.write(start() + chunk(b""))
        file.truncate(file.tell() + 8 * count + 8)
        file.seek(0, os.SEEK_END)
        file.write(struct.pack("<IBI", count, 0, 0x8F92EAB1))
