"""The file of a recording, field by field: the second reader's lower half.

Written from schema/FORMAT.md and schema/recording.proto alone, with Python's protobuf and
zstandard; nothing of it is generated from, or shared with, the C library. It is small and
slow, and believes what it reads as far as FORMAT.md promises it.
"""
import struct
import subprocess
import sys
from pathlib import Path

import zstandard

ROOT = Path(__file__).resolve().parents[2]
ZSTD_MAGIC = 0xFD2FB528
SKIPPABLE = range(0x184D2A50, 0x184D2A60)


class Bad(Exception):
    pass


def load_messages(folder):
    """The message classes, made by protoc from recording.proto in `folder`."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["protoc", "-I%s" % (ROOT / "schema"), "--python_out=%s" % folder,
                    str(ROOT / "schema" / "recording.proto")], check=True)
    sys.path.insert(0, str(folder))
    try:
        import recording_pb2
    finally:
        sys.path.pop(0)
    return recording_pb2


def frames(data):
    """Contents of the zstd frames, one after the other; stops at one that is not whole."""
    view = memoryview(data)
    off = 0
    while len(data) - off >= 8:
        magic, size = struct.unpack_from("<II", data, off)
        if magic in SKIPPABLE:
            off += 8 + size
            continue
        if magic != ZSTD_MAGIC:
            return
        stream = zstandard.ZstdDecompressor().decompressobj()
        try:
            content = stream.decompress(view[off:])
        except zstandard.ZstdError:
            return
        if not stream.eof:
            return
        yield content
        off = len(data) - len(stream.unused_data)


def fields(data, recording_class):
    """(name, message) for each top-level field, in the order of the file."""
    for content in frames(data):
        recording = recording_class.FromString(content)
        for field, value in recording.ListFields():
            for message in (value if field.label == field.LABEL_REPEATED else [value]):
                yield field.name, message
