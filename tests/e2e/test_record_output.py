"""Where the recording goes, what is said about it, and what is refused before the start."""
import fcntl
import os
import re
import stat
import subprocess

import pytest

import run

OK = "print('ran')\n"


@pytest.fixture
def here(tmp_path):
    (tmp_path / "hello.py").write_text(OK)
    return tmp_path


def record(here, *args, **options):
    return run.pyrecord(*args, cwd=here, **options)


def recordings(here):
    return sorted(path.name for path in here.iterdir() if ".pyrec" in path.name)


def assert_refused(done, *parts):
    """One clear line, status 125, and the program has not run."""
    assert done.status == 125, done
    assert done.out == b""
    lines = done.message.splitlines()
    assert lines[0].startswith("pyrecord: ")
    assert len(lines) == 1 or lines[1:] == ["Try 'pyrecord --help'."], done
    for part in parts:
        assert part in lines[0]


# --- Names ---

@pytest.mark.parametrize("args,name", [
    (["hello.py"], "hello.pyrec"),
    (["./hello.py", "x.py"], "hello.pyrec"),
    (["sub/inner.py"], "inner.pyrec"),
    (["sub/two.dots.py"], "two.dots.pyrec"),
    (["sub/no_extension"], "no_extension.pyrec"),
    (["sub/.hidden"], ".hidden.pyrec"),
    (["-m", "sub.inner"], "sub.inner.pyrec"),
    (["-m", "this"], "this.pyrec"),
    (["-c", "print('ran')"], "command.pyrec"),
    (["-"], "stdin.pyrec"),
    (["/dev/stdin"], "stdin.pyrec"),
])
def test_name(pyrecord, here, args, name):
    (here / "sub").mkdir()
    for file in ("inner.py", "two.dots.py", "no_extension", ".hidden"):
        (here / "sub" / file).write_text(OK)
    done = record(here, *args, stdin=OK.encode())
    assert done.status == 0, done
    assert recordings(here) == [name]
    assert recordings(here / "sub") == []


def test_taken_names(pyrecord, here):
    for _ in range(3):
        assert record(here, "hello.py").status == 0
    assert recordings(here) == ["hello.2.pyrec", "hello.3.pyrec", "hello.pyrec"]
    (here / "hello.2.pyrec").unlink()
    assert "hello.2.pyrec" in record(here, "hello.py").message
    assert recordings(here) == ["hello.2.pyrec", "hello.3.pyrec", "hello.pyrec"]


def test_runs_at_the_same_time_never_share(pyrecord, here):
    (here / "hello.py").write_text("import sys; sys.stdin.read()")
    running = [subprocess.Popen([run.PYRECORD, "hello.py"], cwd=here, stdin=subprocess.PIPE,
                                stderr=subprocess.PIPE, env=run.clean_environment()) for _ in range(6)]
    messages = [process.communicate()[1].decode() for process in running]
    assert len(recordings(here)) == 6
    assert sorted(m.split()[1].rstrip(":") for m in messages) == recordings(here)


def test_output_option(pyrecord, here):
    for option in (["-o", "a.pyrec"], ["-ob.pyrec"], ["--output", "c.pyrec"], ["--output=d"]):
        assert record(here, *option, "hello.py").status == 0
    assert recordings(here) == ["a.pyrec", "b.pyrec", "c.pyrec"]
    assert (here / "d").exists()


def test_mode(pyrecord, here):
    done = run.run(["sh", "-c", 'umask 000; exec "$0" hello.py', run.PYRECORD], cwd=here)
    assert done.status == 0, done
    assert stat.S_IMODE((here / "hello.pyrec").stat().st_mode) == 0o600


def test_name_belongs_to_the_start_directory(pyrecord, here):
    (here / "below").mkdir()
    (here / "hello.py").write_text("import os; os.chdir('below')")
    done = record(here, "hello.py")
    assert recordings(here) == ["hello.pyrec"] and recordings(here / "below") == []
    assert "pyreplay hello.pyrec" in done.message


def test_device(pyrecord, here):
    done = record(here, "-o", "/dev/null", "hello.py")
    assert (done.status, done.text) == (0, "ran\n")
    assert recordings(here) == []
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


# --- --force ---

def test_taken_output_is_refused(pyrecord, here):
    assert record(here, "-o", "x.pyrec", "hello.py").status == 0
    before = (here / "x.pyrec").read_bytes()
    assert_refused(record(here, "-o", "x.pyrec", "hello.py"), "'x.pyrec' exists", "--force")
    assert (here / "x.pyrec").read_bytes() == before


def test_force_replaces_a_finished_recording(pyrecord, here):
    for args in (["-o", "x.pyrec"], []):
        assert record(here, *args, "hello.py").status == 0
        name = "x.pyrec" if args else "hello.pyrec"
        with open(here / name, "rb") as opened:
            before = opened.read()
            inode = os.fstat(opened.fileno()).st_ino
            done = record(here, "--force", *args, "hello.py")
            assert done.status == 0, done
            opened.seek(0)
            assert opened.read() == before, "a reader of the old one was disturbed"
        assert (here / name).stat().st_ino != inode
    assert recordings(here) == ["hello.pyrec", "x.pyrec"]


def test_force_without_an_older_one(pyrecord, here):
    assert record(here, "--force", "hello.py").status == 0
    assert recordings(here) == ["hello.pyrec"]


def test_force_never_replaces_what_is_being_written(pyrecord, here):
    (here / "wait.py").write_text("import sys; print('ran', flush=True); sys.stdin.read()")
    with subprocess.Popen([run.PYRECORD, "-o", "x.pyrec", "wait.py"], cwd=here, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=run.clean_environment()) as running:
        assert running.stdout.readline() == b"ran\n"
        assert_refused(record(here, "--force", "-o", "x.pyrec", "hello.py"), "still being written")
        _, message = running.communicate()
    assert running.returncode == 0 and b"x.pyrec" in message
    assert record(here, "--force", "-o", "x.pyrec", "hello.py").status == 0


def test_force_keeps_what_is_no_recording(pyrecord, here):
    assert_refused(record(here, "--force", "-o", "hello.py", "hello.py"), "no recording")
    assert (here / "hello.py").read_text() == OK


def test_recording_is_locked_while_it_is_written(pyrecord, here):
    (here / "hello.py").write_text("""
import fcntl
with open('hello.pyrec', 'r+b') as f:
    try:
        fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print('locked')
""")
    assert record(here, "hello.py").text == "locked\n"
    with open(here / "hello.pyrec") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


# --- Refusals ---

@pytest.mark.parametrize("output", ["nowhere/x.pyrec", "hello.py/x.pyrec", "."])
def test_unwritable_output(pyrecord, here, output):
    assert_refused(record(here, "-o", output, "hello.py"), "'%s'" % output)
    assert recordings(here) == []


def test_unwritable_directory(pyrecord, here):
    def as_nobody():
        os.setgid(65534)
        os.setuid(65534)

    if os.getuid() != 0:
        here.chmod(0o500)
        as_nobody = None
    else:
        for parent in [here, *here.parents]:
            if not parent.stat().st_mode & 0o5 == 0o5:
                parent.chmod(parent.stat().st_mode | 0o5)
    process = subprocess.run([run.PYRECORD, "hello.py"], cwd=here, preexec_fn=as_nobody, timeout=60,
                             capture_output=True, env=run.clean_environment())
    here.chmod(0o700)
    assert process.returncode == 125
    assert process.stdout == b""
    assert process.stderr == b"pyrecord: cannot write 'hello.pyrec': Permission denied\n"


@pytest.mark.parametrize("script", ["missing.py", "no/such/place.py", "hello.py/x"])
def test_missing_script(pyrecord, here, script):
    assert_refused(record(here, script), "'%s'" % script)
    assert recordings(here) == []


@pytest.mark.parametrize("args,part", [
    ([], "nothing to run"),
    ([""], "nothing to run"),
    (["-m"], "'-m' needs MODULE"),
    (["-c"], "'-c' needs CODE"),
    (["-m", ""], "nothing to run"),
    (["--zork", "hello.py"], "unknown option '--zork'"),
    (["-Z", "hello.py"], "unknown option '-Z'"),
    (["-o"], "'-o' needs FILE"),
    (["--force=yes", "hello.py"], "'--force' takes no value"),
    (["--events", "line,bogus", "hello.py"], "unknown kind 'bogus'"),
    (["--events", "", "hello.py"], "unknown kind ''"),
    (["--max-text", "many", "hello.py"], "--max-text: 'many' is not a number"),
    (["--max-text", "-1", "hello.py"], "--max-text: '-1' is not a number"),
    (["--max-items", "99999999999999999999", "hello.py"], "--max-items: 99999999999999999999 is above"),
    (["--include-f", "a", "--incl", "b", "hello.py"], "ambiguous option '--incl'"),
])
def test_wrong_options(pyrecord, here, args, part):
    assert_refused(record(here, *args), part)
    assert recordings(here) == []


def test_python_cannot_start(pyrecord, here):
    done = record(here, "hello.py", env={"PYTHONHOME": "/nowhere"})
    assert done.status == 125
    assert done.out == b""
    assert done.message.splitlines()[-1].startswith("pyrecord: cannot start Python: ")
    assert recordings(here) == []


# --- What is said ---

def test_summary(pyrecord, here):
    done = record(here, "hello.py")
    assert done.text == "ran\n"
    size = (here / "hello.pyrec").stat().st_size
    match = re.fullmatch(r"pyrecord: hello\.pyrec: ([\d,]+) events, (.*); "
                         r"open it with: pyreplay hello\.pyrec\n", done.message)
    assert match, done
    assert int(match[1].replace(",", "")) >= 3
    assert match[2] == ("%d bytes" % size if size < 1000 else "%.1f KB" % (size / 1000))


def test_quiet(pyrecord, here):
    for option in ("-q", "--quiet"):
        done = record(here, option, "hello.py")
        assert (done.status, done.text, done.message) == (0, "ran\n", "")


def test_summary_quotes_the_name(pyrecord, here):
    done = record(here, "-o", "it's a \x1b[31m name", "hello.py")
    assert "pyreplay 'it'\\''s a ?[31m name'\n" in done.message


def test_summary_spares_a_descriptor_that_is_another_by_now(pyrecord, here):
    (here / "hello.py").write_text("import os; os.close(2); open('log', 'w'); os.open('log', os.O_WRONLY)")
    assert record(here, "hello.py").status == 0
    assert (here / "log").read_text() == ""


def test_help_version_man(pyrecord, here):
    done = record(here, "--help")
    assert done.status == 0 and done.message == ""
    for word in ("Usage: pyrecord", "--include=GLOB", "--max-depth=N", "VIRTUAL_ENV", "125", "-X OPT"):
        assert word in done.text
    assert max(map(len, done.text.splitlines())) <= 80
    assert re.fullmatch(r"pyrecord \d+\.\d+\.\d+\n", record(here, "--version").text)
    page = record(here, "--man").text
    assert page.startswith(".TH PYRECORD 1") and ".SH OPTIONS" in page
    assert "--man" not in done.text
    assert recordings(here) == []
