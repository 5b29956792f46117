"""`pyreplay pack`: one step to an attachment, and archives from strangers."""
import stat
import struct
import zipfile

import pytest
import run
from cli_recordings import SHOP, record
from test_redact_record import raw


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pack") / "home" / "ann"
    folder.mkdir(parents=True)
    text = SHOP.replace('names = {"ann"', 'link = "Bearer abcdefghijkl"\npin = "hunter2x"\nnames = {"ann"')
    return record(folder, text, "shop", status=1)


def test_pack(shop):
    home = str(shop.parent)
    done = run.pyreplay("pack", shop, "--last", "90", "--text", "hunter2x", "--home", home)
    assert done.status == 0, done
    packed = shop.with_name("shop.pyrec.zip")
    assert stat.S_IMODE(packed.stat().st_mode) == 0o600
    assert "90 events" in done.text and "  ~/shop.py\n" in done.text
    assert "  a bearer token: Bearer abcdefghijkl  (" in done.text and " places)\n" in done.text
    assert done.text.count("Bearer") == 1 and done.text.endswith("Written.\n")
    with zipfile.ZipFile(packed) as archive:
        assert archive.namelist() == ["shop.pyrec"] and archive.testzip() is None
        inside = packed.with_name("inside.pyrec")
        inside.write_bytes(archive.read("shop.pyrec"))
    held = raw(inside)
    assert b"hunter2x" not in held and home.encode() not in held
    assert run.pyreplay("verify", packed).status == 0
    rows = run.dump(packed)
    assert [row["seq"] for row in rows] == [row["seq"] for row in run.dump(shop)[-90:]]
    assert "~/shop.py" in {row["file"] for row in rows} and home not in str(rows)
    assert run.info(packed)["events"] == 90
    assert "KeyError" in run.pyreplay("--batch", "-c", "where", packed).text + run.pyreplay(packed).text
    again = run.pyreplay("pack", shop)
    assert again.status == 2 and "exists already" in again.message
    dry = run.pyreplay("pack", shop, "--dry-run", "--force")
    assert dry.status == 0 and "Still looks secret" in dry.text and "Nothing was written" in dry.text
    # of the archive they speak as the user does
    assert run.pyreplay("verify", packed).text == "%s: whole\n" % packed
    again = run.pyreplay("pack", packed)
    assert again.status == 2 and "shop.pyrec.zip exists already" in again.message
    assert sorted(path.name for path in shop.parent.iterdir()) == ["inside.pyrec", "shop.py", "shop.pyrec",
                                                                   "shop.pyrec.zip"]


def test_archives_of_strangers(shop, tmp_path):
    good = shop.read_bytes()
    bad = tmp_path / "x.pyrec.zip"

    def archive(*entries, method=zipfile.ZIP_DEFLATED):
        with zipfile.ZipFile(bad, "w", method) as made:
            for name, content in entries:
                made.writestr(name, content)
        return bad

    def says(text, status=3):
        done = run.pyreplay("info", bad)
        assert done.status == status and text in done.message, done

    archive(("../../etc/evil.pyrec", good))
    assert run.pyreplay("info", bad).status == 0  # its name is not used
    archive(("a.pyrec", good), ("b.pyrec", good))
    says("more than one recording")
    archive(("a.txt", b"x"))
    says("no recording is in it")
    archive(("a.pyrec", bytes(60 << 20)))
    says("grow beyond measure")
    data = bytearray(archive(("a.pyrec", good), method=zipfile.ZIP_STORED).read_bytes())
    at = data.rfind(b"PK\1\2")
    struct.pack_into("<I", data, at + 24, len(good) - 100)  # its size, a lie
    bad.write_bytes(data)
    assert run.pyreplay("info", bad).status == 3
    bad.write_bytes(data[:len(data) // 2])
    says("it is damaged")
    bad.write_bytes(good)
    assert run.pyreplay("info", bad).status == 0  # no archive at all, whatever it is called
    assert [path.name for path in tmp_path.iterdir()] == ["x.pyrec.zip"]
