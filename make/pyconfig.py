"""Prints, as make variables, how a program that embeds this Python is built.

Run by the Python in question (3.8 or newer), with the C compiler as its arguments.

The interpreter is linked in as its own `python3` has it, where there is a static
library: Debian's /usr/bin/python3 is a static, position-dependent program, and its
shared library is 10 to 15 % slower. The whole archive goes in, because an extension
module may call what nothing else does. Each way is tried with a small program, the
first that links and runs is taken.
"""
import os
import subprocess
import sys
import sysconfig
import tempfile

PROGRAM = """
#include <Python.h>
int main(void)
{
    Py_Initialize();
    return PyRun_SimpleString("import math, zlib, select") ? 1 : Py_FinalizeEx();
}
"""


def words(*names):
    """The linker's words in these variables, without files of CPython's build tree."""
    for name in names:
        for word in (sysconfig.get_config_var(name) or "").split():
            if word.startswith("-") or os.path.exists(word):
                yield word


def ways():
    """(compiler flags, linker flags), best first."""
    include = ["-isystem", sysconfig.get_path("include")]
    platform_include = sysconfig.get_path("platinclude")
    if platform_include != include[1]:
        include += ["-isystem", platform_include]
    libpl = sysconfig.get_config_var("LIBPL") or ""
    static = os.path.join(libpl, sysconfig.get_config_var("LIBRARY") or "")
    libs = list(words("LIBS", "MODLIBS", "SYSLIBS"))
    if os.path.isfile(static):
        archive = ["-Wl,--whole-archive", static, "-Wl,--no-whole-archive"]
        export = ["-Wl,--export-dynamic"]
        yield include + ["-fno-pie"], ["-no-pie"] + export + archive + libs
        yield include, export + archive + libs
    libdir = sysconfig.get_config_var("LIBDIR") or ""
    shared = "-lpython" + sysconfig.get_config_var("LDVERSION")
    yield include, ["-L" + libdir, "-Wl,-rpath," + libdir, shared] + libs


def works(compiler, cflags, libs):
    with tempfile.TemporaryDirectory() as folder:
        source, program = os.path.join(folder, "t.c"), os.path.join(folder, "t")
        with open(source, "w") as file:
            file.write(PROGRAM)
        built = subprocess.run(
            compiler + cflags + [source, "-o", program] + libs,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if built.returncode:
            return built.stderr.decode(errors="replace")
        environment = dict(os.environ, PYTHONHOME=sys.base_prefix)
        ran = subprocess.run([program], env=environment, stderr=subprocess.PIPE)
        return ran.stderr.decode(errors="replace") if ran.returncode else ""


def main():
    message = ""
    for cflags, libs in ways():
        message = works(sys.argv[1:], cflags, libs)
        if not message:
            break
    else:
        sys.exit("%s: cannot build a program that embeds this Python "
                 "(are its headers and library installed?)\n%s"
                 % (sys.executable, message))
    version = "%d.%d.%d" % sys.version_info[:3]
    print("PY_VERSION := %s" % version)
    print("PY_CFLAGS := %s" % " ".join(cflags))
    print("PY_DEFINES := -DREC_PYTHON_EXECUTABLE='\"%s\"' -DREC_PYTHON_VERSION='\"%s\"'"
          % (sys.executable, version))
    print("PY_LIBS := %s" % " ".join(libs))
    print("PY_EXTENSION_SUFFIX := %s" % sysconfig.get_config_var("EXT_SUFFIX"))


main()
