"""A program run bare and recorded: the same output, byte for byte, and the same end."""
import re
import shutil

import run


def without_addresses(output):
    """Object addresses differ from one bare run to the next."""
    return re.sub(rb"\b0x[0-9a-f]{6,16}\b", b"0xADDRESS", output)


def both(tmp_path, source, args=(), options=(), stdin=b"", env=None, name="program.py",
         setup=None, target=None, python=None):
    """Runs the program in a fresh directory of the same name for each side, so that no path
    in its output tells them apart. `target`: what stands for the script on the command line;
    `python`: a compare.Python."""
    place = tmp_path / "work"
    results = []
    recording = tmp_path / "out.pyrec"
    bare = [python.program] if python else [run.PYTHON]
    recorder = [*(python.recorder if python else [run.PYRECORD]), "-q", "-o", recording]
    if python and python.door == "module":  # Python's own options stand before the script
        recorder[1:1], options = options, ()
    for command in (bare, recorder):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        if source is not None:
            (place / name).write_text(source, encoding="utf-8", errors="surrogatepass")
        if setup:
            setup(place)
        words = [*command, *options, *(target or [name]), *args]
        done = run.run(words, cwd=place, stdin=stdin, env=env)
        done.out, done.err = without_addresses(done.out), without_addresses(done.err)
        results.append(done)
    return results[0], results[1], recording


def same(tmp_path, source, **options):
    """Asserts it, and that there is a sound recording of the run."""
    bare, recorded, recording = both(tmp_path, source, **options)
    assert recorded.status == bare.status, "%r\n=== bare\n%r" % (recorded, bare)
    assert recorded.out == bare.out, "%r\n=== bare\n%r" % (recorded, bare)
    assert recorded.err == bare.err, "%r\n=== bare\n%r" % (recorded, bare)
    assert recording.exists(), "no recording"
    return bare, recording
