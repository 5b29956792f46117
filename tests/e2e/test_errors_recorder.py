"""pyrecord's errors: one clear line on stderr, status 125, and the program has not run."""
import os
import subprocess

import pytest
import run

PROGRAM = "print('ran')\n"


def refused(done, *words):
    assert done.status == 125, done
    assert done.out == b"", done
    lines = done.message.splitlines()
    assert 1 <= len(lines) <= 2, done
    assert lines[0].startswith("pyrecord: "), done
    if len(lines) == 2:
        assert lines[1].startswith("Try 'pyrecord --help'"), done
    for word in words:
        assert str(word) in lines[0], done


def test_no_such_script(tmp_path, pyrecord):
    refused(pyrecord(tmp_path / "missing.py", cwd=tmp_path), "missing.py", "No such file")
    assert os.listdir(tmp_path) == []


def test_script_is_unreadable(tmp_path, pyrecord):
    (tmp_path / "loop.py").symlink_to("loop.py")
    refused(pyrecord("loop.py", cwd=tmp_path), "loop.py")


def test_nothing_to_run(tmp_path, pyrecord):
    refused(pyrecord(cwd=tmp_path))
    refused(pyrecord("-q", cwd=tmp_path))


@pytest.mark.parametrize("words", [
    ["--no-such-option"], ["--events", "call,nonsense"], ["--max-text", "many"], ["--max-text", "-1"],
    ["-o"], ["--max-items", ""], ["--include"], ["--max-text", "99999999999999999999999"],
], ids=lambda w: "_".join(w))
def test_wrong_options(words, tmp_path, pyrecord, program):
    if len(words) == 1 and words[0] in ("-o", "--include"):
        done = pyrecord(*words, cwd=tmp_path)
    else:
        done = pyrecord(*words, program(PROGRAM), cwd=tmp_path)
    refused(done)
    assert not list(tmp_path.glob("*.pyrec"))


@pytest.mark.parametrize("place", ["/nonexistent/x.pyrec", "/proc/x.pyrec", "."])
def test_unwritable_output(place, tmp_path, pyrecord, program):
    refused(pyrecord("-o", place, program(PROGRAM), cwd=tmp_path), place)


def test_output_that_is_taken(tmp_path, pyrecord, program):
    taken = tmp_path / "taken.pyrec"
    taken.write_bytes(b"precious")
    refused(pyrecord("-o", taken, program(PROGRAM)), "taken.pyrec", "--force")
    assert taken.read_bytes() == b"precious"


def test_force_replaces_only_recordings(tmp_path, pyrecord, program):
    other = tmp_path / "other.txt"
    other.write_bytes(b"precious: not a recording")
    done = pyrecord("--force", "-o", other, program(PROGRAM))
    refused(done, "other.txt")
    assert other.read_bytes() == b"precious: not a recording"
    script = program(PROGRAM)
    assert pyrecord("-q", "-o", tmp_path / "r.pyrec", script).status == 0
    first = (tmp_path / "r.pyrec").read_bytes()
    done = pyrecord("-q", "--force", "-o", tmp_path / "r.pyrec", script)
    assert (done.status, done.out) == (0, b"ran\n"), done
    assert (tmp_path / "r.pyrec").read_bytes() != first  # another uuid and time


def test_force_never_replaces_one_that_is_being_written(tmp_path, pyrecord, program):
    out = tmp_path / "r.pyrec"
    long = subprocess.Popen(
        [run.PYRECORD, "-q", "-o", out, "-c", "import sys; print('go', flush=True); sys.stdin.read()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=run.clean_environment())
    try:
        assert long.stdout.readline() == b"go\n"
        refused(pyrecord("--force", "-o", out, program(PROGRAM)), "r.pyrec")
    finally:
        long.communicate(b"")
    assert long.returncode == 0
    run.verified(out)


def test_output_that_would_replace_the_script(tmp_path, pyrecord, program):
    script = program(PROGRAM)
    refused(pyrecord("--force", "-o", script, script))
    assert script.read_text() == PROGRAM


def test_default_names(tmp_path, pyrecord, program):
    script = program(PROGRAM, "app.tool.py")
    for _ in range(3):
        done = pyrecord(script, cwd=tmp_path)
        assert (done.status, done.out) == (0, b"ran\n"), done
    pyrecord("-c", PROGRAM, cwd=tmp_path)
    pyrecord("-m", "json.tool", "--help", cwd=tmp_path)
    names = sorted(p.name for p in tmp_path.glob("*.pyrec"))
    assert names == ["app.tool.2.pyrec", "app.tool.3.pyrec", "app.tool.pyrec", "command.pyrec",
                     "json.tool.pyrec"]


def test_name_is_for_where_it_started(tmp_path, pyrecord, program):
    (tmp_path / "start").mkdir()
    script = program("import os\nos.chdir('/')\n")
    assert pyrecord("-q", script, cwd=tmp_path / "start").status == 0
    assert [p.name for p in (tmp_path / "start").iterdir()] == ["program.pyrec"]


def test_summary_is_one_line_on_stderr(tmp_path, pyrecord, program):
    done = pyrecord(program(PROGRAM), cwd=tmp_path)
    assert done.out == b"ran\n" and done.status == 0, done
    line, = done.message.splitlines()
    assert "program.pyrec" in line and "events" in line and "pyreplay" in line, done
    assert pyrecord("-q", "-o", tmp_path / "quiet.pyrec", program(PROGRAM)).err == b""


def test_syntax_error_is_recorded_and_told_as_python_tells_it(tmp_path, pyrecord, pyreplay, program):
    script = program("def f(:\n    pass\n")
    bare = run.bare(script)
    done = pyrecord("-q", "-o", tmp_path / "s.pyrec", script)
    assert (done.status, done.out, done.err) == (bare.status, bare.out, bare.err)
    assert done.status == 1
    run.verified(tmp_path / "s.pyrec")
    shown = pyreplay("--batch", "-c", "info", tmp_path / "s.pyrec")
    assert shown.status in (0, 1) and len(shown.message.splitlines()) <= 1, shown


def test_full_device_does_not_reach_the_program(tmp_path, pyrecord, program):
    """A file size limit stands for the full disk: the program must not notice."""
    script = program("x = [[i, str(i) * 50] for i in range(30000)]\nprint(len(x))\nraise SystemExit(3)\n")
    done = run.run(["sh", "-c", "ulimit -f 256; exec \"$@\"", "sh", run.PYRECORD, "-o",
                    tmp_path / "cut.pyrec", "--max-items", "100000", script])
    assert done.out == b"30000\n" and done.status == 3, done
    line, = done.message.splitlines()
    assert line.startswith("pyrecord: ") and "cut.pyrec" in line, done


def test_no_room_for_the_end_is_refused(tmp_path, pyrecord, program):
    """Not even what says why a recording ended would fit: the program has not run."""
    refused(run.run(["sh", "-c", "ulimit -f 64; exec \"$@\"", "sh", run.PYRECORD, "-o",
                     tmp_path / "none.pyrec", program(PROGRAM)]), "File too large")


def test_closed_stderr_harms_nothing(tmp_path, pyrecord, program):
    done = run.run(["sh", "-c", "exec \"$@\" 2>&-", "sh", run.PYRECORD, "-o", tmp_path / "x.pyrec",
                    program(PROGRAM)])
    assert (done.status, done.out) == (0, b"ran\n"), done
    run.verified(tmp_path / "x.pyrec")


def test_version_and_help(pyrecord):
    done = pyrecord("--version")
    assert done.status == 0 and done.text.startswith("pyrecord ") and done.err == b""
    done = pyrecord("--help")
    assert done.status == 0 and "125" in done.text and done.err == b""
