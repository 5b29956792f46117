"""pyreplay's errors: one clear line on stderr and the documented status.

2 wrong call; 3 unreadable; 1 answered no; 4 any other fault."""
import shutil
import subprocess

import pytest
import run

SOURCE = """
def f(n):
    total = []
    for i in range(n):
        total.append(i)
    return total
for k in range(300):
    f(20)
print(len(f(3)))
"""


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    work = tmp_path_factory.mktemp("rec")
    (work / "p.py").write_text(SOURCE)
    done = run.pyrecord("-q", "-o", work / "p.pyrec", work / "p.py")
    assert done.status == 0, done
    return work / "p.pyrec"


WAYS = [["info"], ["info", "--format", "json"], ["dump"], ["dump", "--format", "jsonl"], ["verify"],
        ["--batch", "-c", "w"]]


def told(done, status, *words):
    assert done.status == status, done
    line, = done.message.splitlines()
    assert line.startswith("pyreplay"), done
    for word in words:
        assert str(word).lower() in line.lower(), done
    assert all(byte >= 32 for byte in line.encode()), done


@pytest.mark.parametrize("way", WAYS, ids="_".join)
@pytest.mark.parametrize("what,content", [
    ("text", b"this is no recording\n"), ("empty", b""), ("zeros", b"\0" * 5000),
    ("zip", b"PK\x03\x04" + b"x" * 100), ("python", b"import sys\n" * 1000),
])
def test_not_a_recording(way, what, content, tmp_path, pyreplay):
    path = tmp_path / (what + ".pyrec")
    path.write_bytes(content)
    done = pyreplay(*way, path)
    told(done, 3, path.name)
    assert done.out == b"", done


def test_zstd_that_is_no_recording(tmp_path, pyreplay):
    path = tmp_path / "z.pyrec"
    path.write_bytes(subprocess.run(["zstd", "-c"], input=b"hello " * 100, capture_output=True,
                                    check=True).stdout)
    told(pyreplay("info", path), 3, "z.pyrec")


def test_no_such_file(tmp_path, pyreplay):
    told(pyreplay("info", tmp_path / "none.pyrec"), 3, "none.pyrec", "No such file")
    told(pyreplay(tmp_path / "none.pyrec", "--batch", "-c", "w"), 3, "none.pyrec")


def test_a_directory(tmp_path, pyreplay):
    told(pyreplay("info", tmp_path), 3)


@pytest.mark.parametrize("words", [["--no-such"], ["nonsense-subcommand", "x", "y"], ["dump"], ["info"],
                                   ["dump", "--format", "xml", "FILE"], ["dump", "--from", "x", "FILE"],
                                   ["verify", "--what", "FILE"], ["help", "no-such-topic"]],
                         ids=lambda w: "_".join(w))
def test_wrong_calls(words, pyreplay, recording):
    done = pyreplay(*[recording if w == "FILE" else w for w in words])
    assert done.status == 2, done
    assert done.out == b"" and 1 <= len(done.message.splitlines()) <= 2, done
    assert done.message.startswith("pyreplay"), done


def test_batch_command_that_fails(pyreplay, recording):
    done = pyreplay("--batch", "-c", "p no_such_name_at_all", recording)
    assert done.status == 1, done
    done = pyreplay("--batch", "-c", "jump 3", recording)
    assert done.status == 1 and "over" in done.text + done.message, done
    assert pyreplay("--batch", "-c", "w", recording).status == 0


def frames(data):
    """(offset, length) of each zstd or skippable frame, by the format's public header."""
    import zstandard

    at = 0
    while at < len(data):
        magic = int.from_bytes(data[at:at + 4], "little")
        if magic & 0xFFFFFFF0 == 0x184D2A50:
            length = 8 + int.from_bytes(data[at + 4:at + 8], "little")
        else:
            d = zstandard.ZstdDecompressor().decompressobj()
            d.decompress(data[at:])
            length = len(data) - at - len(d.unused_data)
        yield at, length
        at += length


def rebuild(recording, schema, change):
    """The recording with its header changed: decoded and written again with the protobuf
    that protoc makes from the .proto, as any stranger could."""
    import zstandard

    data = recording.read_bytes()
    parts = []
    changed = False
    for at, length in frames(data):
        part = data[at:at + length]
        if int.from_bytes(part[:4], "little") & 0xFFFFFFF0 != 0x184D2A50 and not changed:
            message = schema.Recording()
            message.ParseFromString(zstandard.ZstdDecompressor().decompressobj().decompress(part))
            if message.HasField("header"):
                change(message.header)
                raw = message.SerializeToString()
                part = zstandard.ZstdCompressor(write_checksum=True).compress(raw)
                changed = True
        parts.append(part)
    assert changed
    return b"".join(parts)


@pytest.fixture(scope="module")
def schema(tmp_path_factory):
    out = tmp_path_factory.mktemp("schema")
    subprocess.run(["protoc", "-I", run.ROOT + "/schema", "--python_out", str(out), "recording.proto"],
                   check=True)
    import importlib.util

    spec = importlib.util.spec_from_file_location("recording_pb2", out / "recording_pb2.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("way", WAYS, ids="_".join)
def test_newer_format_version(way, recording, schema, tmp_path, pyreplay):
    path = tmp_path / "newer.pyrec"
    path.write_bytes(rebuild(recording, schema, lambda h: setattr(h, "format_version", 99)))
    told(pyreplay(*way, path), 3, "newer", "version 99")


def test_unknown_incompatible_feature(recording, schema, tmp_path, pyreplay):
    path = tmp_path / "feature.pyrec"
    path.write_bytes(rebuild(recording, schema, lambda h: setattr(h, "incompatible_features", 1 << 40)))
    told(pyreplay("info", path), 3, "feature")


def test_unknown_compatible_feature_is_read(recording, schema, tmp_path, pyreplay):
    path = tmp_path / "feature.pyrec"
    path.write_bytes(rebuild(recording, schema, lambda h: setattr(h, "compatible_features", 1 << 40)))
    done = pyreplay("dump", "--format", "jsonl", path)
    assert done.status == 0 and done.err == b"", done


@pytest.mark.parametrize("keep", [0.999, 0.9, 0.7, 0.5])
def test_cut_off_recording(keep, recording, tmp_path, pyreplay):
    """It opens up to its last whole chunk, and every way of looking says that it is cut."""
    data = recording.read_bytes()
    path = tmp_path / "cut.pyrec"
    path.write_bytes(data[:int(len(data) * keep)])
    done = pyreplay("verify", path)
    told(done, 1)
    done = pyreplay("info", "--format", "json", path)
    if done.status == 0:
        import json

        facts = json.loads(done.text)
        if keep < 0.99:  # with nothing but the seek table gone, every event is there
            assert facts["complete"] is False
        assert facts["events"] <= run.info(recording)["events"]
    else:
        told(done, 3, "cut.pyrec")


def test_every_damaged_byte_is_seen_or_harmless(recording, tmp_path, pyreplay):
    """A sample of single damaged bytes: verify finds each, nothing ends by a signal."""
    data = recording.read_bytes()
    path = tmp_path / "damaged.pyrec"
    for at in range(3, len(data), max(1, len(data) // 40)):
        broken = bytearray(data)
        broken[at] ^= 0x55
        path.write_bytes(broken)
        done = pyreplay("verify", path, timeout=20)
        assert done.status in (1, 3), (at, done)
        done = pyreplay("dump", "--format", "jsonl", path, timeout=20)
        assert done.status in (0, 1, 3), (at, done)


def test_a_closed_pipe_ends_quietly(recording, pyreplay):
    done = subprocess.run("%s dump --format jsonl %s | head -n 1" % (run.PYREPLAY, recording), shell=True,
                          capture_output=True, executable=shutil.which("bash"))
    assert done.stderr == b"" and done.stdout.count(b"\n") == 1


def test_no_python_is_needed(recording):
    """The replayer is linked with no libpython and starts no other program."""
    linked = subprocess.run(["ldd", run.PYREPLAY], capture_output=True, text=True, check=True).stdout
    assert "libpython" not in linked and "ncurses" not in linked, linked
