"""A Python that the recorder does not know fails to build, with one clear line: it never
misbehaves."""
import os
import subprocess
import sysconfig

import pytest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
INCLUDE = sysconfig.get_path("include")


def compiled(define):
    """The compiler's errors for one of the files that know CPython's internals."""
    command = ["gcc", "-fsyntax-only", "-D_GNU_SOURCE", "-Ischema", "-Icmdline", "-isystem",
               INCLUDE] + define
    done = subprocess.run(command + ["recorder/rec_pycompat_int.c"], cwd=ROOT, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stderr.decode()


@pytest.mark.parametrize("define, message", [
    (["-DPy_GIL_DISABLED"], "does not know the free-threaded build"),
    (["-include", "later.h"], "does not know this version"),
])
def test_refused(define, message, tmp_path):
    (tmp_path / "later.h").write_text(
        "#include <Python.h>\n#undef PY_VERSION_HEX\n#define PY_VERSION_HEX 0x03100000\n")
    status, errors = compiled(["-I%s" % tmp_path] + define)
    assert status != 0
    assert message in errors


def test_known():
    assert compiled([]) == (0, "")
