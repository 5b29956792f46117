"""`pyreplay verify` against recordings whose checksums hold and of which one field lies.

Every field of recording.proto is changed in every message, and whatever a recording can be held
against must be found, with its offset, or refused at opening. What nothing in a recording says a
second time is listed in FREE: the data itself."""
import os
import random
import struct
import subprocess

import pyrec_file
import pytest
import run
import zstandard

BUILDER = os.path.join(run.BUILD, "tests", "pyrec-build")
FULL = bool(os.environ.get("PYREC_TEST_FULL"))
SEED = int(os.environ.get("PYREC_SEED", "0")) or 1

SAMPLE = r"""
header argv "app.py" "-v"
header library "/usr/lib/python3.11"
header events 8190
file app.py own
 | def gen(n):
 |     yield n
file lib.py absent "No such file"
type Point instance module=app bases=object
type Pair namedtuple fields=a,b flags=4
type Oops exception module=app bases=Exception,BaseException
code <module> app.py:1 slots=<mapping> kinds=mapping lines=1,2,9 globals=x
code gen app.py:1 slots=n,.0,cell args=3 kinds=local,free,cell lines=1,2 flags=32
code other lib.py:5 slots=a,b,c args=3 name=o bytecode="\x64\x00\x09\x00" names=x consts=1,None line_offs=0,2 off_lines=5,6
thread 1 "MainThread"
call <module> 0 as top globals=$g:namespace["__name__", "__main__"] <mapping>=$g
line 1 $g{"x"}=1 at 1500
call gen 1 as g1 globals=$g n=3 cell=$c:cell[unbound]
line 2 .0=complex(1.5, -0.0) $c[0]="text \ud800"
opcode 2 0 n=unbound
yield 2 => 123456789012345678901234567890
call gen 1 as g2 n=0
yield 2 => 0
line 2 $g{"l"}=$l:[1, 2.5, -inf, None, True, Ellipsis]
thread 2 "worker"
call other 5 a=b"\x00\xff" b="cut"...5000 c=b"cut"...77
line 6 a=huge(5000) b=huge(-6000) c=?depth:list
@1 resume g1 n=-7
line 2 $l[+]=$p:Point(x=1, y=[?redacted, ...5]) $l[0:2]=[] late $l 3
chunk
@2 line 7 a=$d:{"k": 1, 2: $p} b=$s:{1, 2} more $s 9 $p.z=Pair[1, 2] $p.z=3 del $p.x
@1 throw g2 2
yield 2 => None
@1 exception 2 => $e:Oops[($p, 1), None, None, False, "bad"]
unwind 2 => $e
c_call 9 => builtin_function_or_method["len", None]
c_exception 9
exception 9 => $e
chunk same
@2 call other 5 as lost
@2 opcode 8 2
@2 line 8 leave $d{"k"}=2 del $d{2} image $d mark "here"
return 8 => $d
changes $l[+]=8
checkpoint
@1 line 9 at 90000
images
chunk
line 9
gap 100 "ring"
@1 line 9 new Point(q=1)!unreadable
c_return 9
unwind 9 => $e
failure 17 $e
exit -9
end_reason "disk full"
""".replace("line 8 leave", "line 6 leave").replace("line 7 a=", "line 6 a=")

# What nothing else in a recording says. A word for a whole message: all of it.
FREE = {
    "header": "about the run: " "only versions, uuids and kinds of events are said twice",
    "chunk.changes": "what happened",
    "chunk.line": "of events that are no line events",
    "chunk.op_count": "the last event's changes, or those of the next chunk's first",
    "chunk.stamp_event": "which event of the chunk was at that time",
    "chunk.stamp_ns": "the last stamps of all",
    "chunk.instruction": "another one of the function",
    "definitions.file.path": "", "definitions.file.own": "",
    "definitions.code": "only ids, and numbers that go together",
    "definitions.type.module": "", "definitions.type.name": "",
    "definitions.type.flags": "another flag", "definitions.type.category": "another category with as many items",
    "definitions.type.base_type[more]": "another type that there is",
    "definitions.thread.ident": "", "definitions.thread.name": "", "definitions.thread.native_id": "",
    "source.absent": "why there is no text",
    "footer.elided_count": "of the recorder's own counting", "footer.end_ns": "later than the last event",
    "footer.end_reason": "", "footer.exit_status": "", "footer.has_exit_status": "",
    "postings.code_calls[less]": "a zero less", "postings.kind_events[less]": "a zero less",
    "summary.kind_events[less]": "a zero less", "summary.code_calls[less]": "a zero less",
}
# ... and what of it is said twice after all.
HELD = {"header.format_version", "header.incompatible_features", "header.uuid", "header.parent_uuid",
        "definitions.code.id", "definitions.code.bytecode_line[less]", "definitions.code.bytecode_line[more]",
        "definitions.code.slot_kind[more]", "chunk.changes.op[less]", "chunk.changes.op[more]",
        "chunk.changes.value[less]", "chunk.changes.value[more]", "chunk.changes.table[more]",
        "chunk.changes.slot[more]", "chunk.changes.ref[more]", "chunk.changes.count[more]"}


def is_free(path):
    return path not in HELD and any(path == free or path.startswith((free + ".", free + "["))
                                    for free in FREE)


# --- a recording as messages, and back ---

OFFSETS = {"chunk_off": True, "postings_off": True, "definitions_off": True, "writes_off": True,
           "summary_off": False, "source_off": False, "checkpoint_off": False}  # as deltas or not


def translate(index, place):
    for name, delta in OFFSETS.items():
        column = getattr(index, name)
        total, before, out = 0, 0, []
        for number in column:
            total = total + number if delta else number
            now = place(total)
            out.append((now - before) % 2 ** 64 if delta else now)
            before = now
        del column[:]
        column.extend(out)


class Recording:
    """Top-level messages; the index has numbers of frames where it would have offsets."""

    def __init__(self, messages, path):
        data, off, self.messages = path.read_bytes(), 0, messages
        self.parts = list(pyrec_file.fields(data, messages.Recording))
        number_of = {}
        for i in range(len(self.parts)):
            frame = zstandard.ZstdDecompressor().decompressobj()
            frame.decompress(data[off:])
            number_of[off] = i
            off = len(data) - len(frame.unused_data)
        for name, message in self.parts:
            if name == "index":
                translate(message, number_of.__getitem__)

    def frame(self, name, message):
        whole = self.messages.Recording()
        field = whole.DESCRIPTOR.fields_by_name[name]
        part = getattr(whole, name)
        (part.add() if field.label == field.LABEL_REPEATED else part).CopyFrom(message)
        return whole.SerializeToString()

    def write(self, path, lied_at, lie):
        compress = zstandard.ZstdCompressor(level=1, write_checksum=True).compress
        out, offs, table = bytearray(), [], bytearray()
        for i, (name, message) in enumerate(self.parts):
            if name == "index" or i == lied_at:
                copy = type(message)()
                copy.CopyFrom(message)
                message = copy
            if name == "index":
                translate(message, lambda number: offs[number])
            if i == lied_at:
                lie(message)
            content = self.frame(name, message)
            frame = compress(content)
            offs.append(len(out))
            out += frame
            table += struct.pack("<II", len(frame), len(content))
        out += struct.pack("<II", 0x184D2A5E, len(table) + 9) + table
        out += struct.pack("<IBI", len(offs), 0, 0x8F92EAB1)
        path.write_bytes(out)


# --- lies ---

def other(field, value):
    if field.type == field.TYPE_BYTES:
        return (value or b"") + b"x"
    if field.type == field.TYPE_BOOL:
        return not value
    if field.type == field.TYPE_DOUBLE:
        return 12345.5
    return value - 1 if value in (2 ** 32 - 1, 2 ** 64 - 1) else (value or 0) + 1


def set_at(message, field, i):
    column = getattr(message, field.name)
    column[i] = other(field, column[i])


def places(count):
    return sorted({0, count // 2, count - 1}) if count else []


def lies_of_list(field, path, count):
    for i in places(count):
        yield path, lambda message, i=i: set_at(message, field, i)
    if count:
        yield path + "[less]", lambda message: getattr(message, field.name).pop()
    yield path + "[more]", lambda message: getattr(message, field.name).append(
        other(field, (list(getattr(message, field.name)) or [None])[-1]))


def lies(message, path):
    """(path, what changes the message), for every field of it and of the messages in it."""
    for field in message.DESCRIPTOR.fields:
        here, many = path + "." + field.name, field.label == field.LABEL_REPEATED
        value = getattr(message, field.name)
        if field.type != field.TYPE_MESSAGE:
            if many:
                yield from lies_of_list(field, here, len(value))
            else:
                yield here, lambda message, field=field: setattr(
                    message, field.name, other(field, getattr(message, field.name)))
        elif many:
            for i in places(len(value)):
                for deeper, lie in lies(value[i], here):
                    yield deeper, (lambda message, field=field, i=i, lie=lie:
                                   lie(getattr(message, field.name)[i]))
        elif message.HasField(field.name):
            for deeper, lie in lies(value, here):
                yield deeper, (lambda message, field=field, lie=lie:
                               lie(getattr(message, field.name)))


def all_lies(recording):
    for i, (name, message) in enumerate(recording.parts):
        after_gap = name == "chunk" and message.HasField("gap")
        for path, lie in lies(message, name):
            if not is_free(path) and not (after_gap and path.startswith("chunk.keyframe")):
                yield i, path, lie


def verify(path):
    done = subprocess.run([run.PYREPLAY, "verify", path], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lies")
    text, path = folder / "sample.txt", folder / "sample.pyrec"
    text.write_text(SAMPLE)
    subprocess.run([BUILDER, text, path], check=True)
    assert verify(path)[0] == 0
    return Recording(pyrec_file.load_messages(folder), path)


def test_what_was_not_changed_is_whole(recording, tmp_path):
    path = tmp_path / "same.pyrec"
    recording.write(path, None, None)
    assert verify(path)[0] == 0, verify(path)


def test_every_lie_is_found(recording, tmp_path, counted):
    path = tmp_path / "lie.pyrec"
    every = list(all_lies(recording))
    assert len(every) > 400
    step = 1 if FULL else 5
    unseen, tried = [], 0
    for i, what, lie in every[random.Random(SEED).randrange(step)::step]:
        recording.write(path, i, lie)
        status, out, err = verify(path)
        tried += 1
        if status == 0:
            unseen.append((i, what))
        elif status == 1:
            assert out.startswith("byte "), (what, out)
        else:
            assert status == 3 and err, (what, status, err)
    counted("%d lies of %d in one field, all found" % (tried, len(every)))
    assert unseen == []
