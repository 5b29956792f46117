"""Holds the tree against the table of layers in ARCHITECTURE.md.

    check_layers.py [ROOT]

Sources are checked for what they include, object files (build/obj, if they were built)
for the symbols that they refer to and the variables that they own. Then the libraries of
the replayer's core are linked whole, with no Python and no terminal library.

First it breaks each rule in a small tree of its own, and stops if one goes unnoticed.
"""
import fnmatch
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

LIBC = set("""
    alloca.h assert.h ctype.h dirent.h dlfcn.h endian.h errno.h fcntl.h float.h fnmatch.h
    getopt.h inttypes.h langinfo.h limits.h link.h locale.h malloc.h math.h poll.h pthread.h sched.h
    semaphore.h setjmp.h signal.h spawn.h stdalign.h stdarg.h stdatomic.h stdbool.h stddef.h
    stdint.h stdio.h stdlib.h stdnoreturn.h string.h strings.h sys/auxv.h sys/file.h sys/ioctl.h
    sys/mman.h sys/prctl.h sys/random.h sys/resource.h sys/select.h sys/signalfd.h sys/stat.h sys/statvfs.h sys/syscall.h
    sys/time.h sys/types.h sys/uio.h sys/utsname.h sys/vfs.h sys/wait.h termios.h time.h ucontext.h unistd.h
    wchar.h wctype.h x86intrin.h""".split())
# CPython's internals are for the files that know its versions.
CPYTHON = ["internal/*", "opcode.h"]
CPYTHON_FILES = ["recorder/rec_pycompat*", "recorder/rec_layout.*"]
VERSION_TEST = re.compile(r"^\s*#\s*(el)?if\b.*\bPY_(VERSION_HEX|M[A-Z]+_VERSION)\b", re.M)
GENERATED = "schema/recording.pb-c.h"
CORE_LIBRARIES = ["-lzstd", "-lprotobuf-c", "-lxxhash", "-lmd", "-lm", "-pthread"]


class Layer:
    def __init__(self, cells):
        words = [re.findall(r"`([^`]+)`", cell) for cell in cells]
        self.folder = words[0][0].rstrip("/")
        self.includes, self.never, self.variables = words[1:4]

    def sources(self, root):
        return sorted(p for p in (root / self.folder).glob("*.[ch]") if p.is_file())


def read_table(text):
    rows = [line.strip().strip("|").split("|") for line in text.splitlines()
            if line.startswith("| `") and line.count("|") == 5]
    return [Layer(cells) for cells in rows]


def header_place(root, layer, header):
    """Where a header of ours stands; the name itself when it is none."""
    for folder in [layer.folder, "schema", "cmdline", "recorder", "replayer/core",
                   "replayer/cli"]:
        if (root / folder / header).is_file():
            return "%s/%s" % (folder, header)
    return header


def may_include(layer, path, place):
    folder = place.rpartition("/")[0] + "/"
    if folder in layer.includes and place != GENERATED:
        return True
    if place in LIBC:
        return True
    if any(fnmatch.fnmatch(place, p) for p in CPYTHON):
        return any(fnmatch.fnmatch(path, p) for p in CPYTHON_FILES)
    return any(fnmatch.fnmatch(place, pattern) for pattern in layer.includes)


def check_sources(root, layers):
    for layer in layers:
        for source in layer.sources(root):
            path = source.relative_to(root).as_posix()
            text = source.read_text()
            for match in re.finditer(r'^\s*#\s*include\s*["<]([^">]+)', text, re.M):
                place = header_place(root, layer, match[1])
                if not may_include(layer, path, place):
                    yield "%s includes %s" % (path, place)
    for source in sorted(root.glob("**/*.[ch]")):
        path = source.relative_to(root).as_posix()
        if path.startswith(("build", "tests/oracle/")) or any(fnmatch.fnmatch(path, p) for p in CPYTHON_FILES):
            continue
        if VERSION_TEST.search(source.read_text()):
            yield "%s tests Python's version" % path


def output_of(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout.decode()


def plain_name(symbol):
    """The function behind a fortified or versioned name."""
    name = symbol.split("@")[0]
    return name[2:-4] if name.startswith("__") and name.endswith("_chk") else name


def check_objects(root, layers, objects):
    for layer in layers:
        for obj in sorted([*(objects / layer.folder).glob("*.o"),
                           *(objects / "module" / layer.folder).glob("*.o")]):
            path = "%s/%s" % (layer.folder, obj.stem + ".c")
            if obj.stem == "main" or not (root / path).is_file():
                continue
            for line in output_of("nm", "-u", str(obj)).splitlines():
                name = plain_name(line.split()[-1])
                if any(fnmatch.fnmatchcase(name, pattern) for pattern in layer.never):
                    yield "%s uses %s" % (path, name)
            for line in output_of("objdump", "-t", str(obj)).splitlines():
                found = re.match(r".* O (\.t?data|\.t?bss)(?:\.\S+)?\s+(\S+)\s+(.*)", line)
                if found and ".rel.ro" not in line and int(found[2], 16):
                    name = found[3].split()[-1].split(".")[0]
                    if name not in layer.variables:
                        yield "%s has a variable of its own that may change: %s" % (path, name)


def check_core_links(libraries):
    archives = [str(libraries / name) for name in ("librp.a", "libtf.a")]
    if not all(map(os.path.exists, archives)):
        return
    with tempfile.TemporaryDirectory() as folder:
        main = os.path.join(folder, "main.c")
        Path(main).write_text("int main(void) { return 0; }\n")
        command = ([os.environ.get("CC", "gcc"), main, "-o", main + ".out",
                    "-Wl,--whole-archive"] + archives + ["-Wl,--no-whole-archive"]
                   + CORE_LIBRARIES)
        result = subprocess.run(command, stderr=subprocess.PIPE)
        if result.returncode:
            missing = sorted(set(re.findall(r"undefined reference to `([^']+)'",
                                            result.stderr.decode(errors="replace"))))
            yield ("the replayer's core does not link by itself: %s"
                   % (", ".join(missing) or result.stderr.decode(errors="replace")))
            return
        needed = output_of("ldd", main + ".out")
        for library in re.findall(r"lib(?:python|ncurses|tinfo|edit)\S*", needed):
            yield "the replayer's core needs %s" % library


BROKEN = {
    "schema/tf_x.c": '#include <stdio.h>\nint tf_x(void);\n'
                     'int tf_x(void) { return puts("x"); }\n',
    "schema/tf_p.c": "#include <Python.h>\n",
    "cmdline/cl_x.c": '#include "rec_x.h"\n',
    "recorder/rec_x.c": '#include "rp.h"\nstatic int count;\nint rec_x(void);\n'
                        "int rec_x(void) { return count++; }\n",
    "recorder/rec_y.c": "#if PY_VERSION_HEX > 1\n#endif\n#include <internal/pycore_frame.h>\n",
    "recorder/rec_x.h": "",
    "replayer/core/rp.h": "",
    "replayer/core/rp_x.c": '#include <stdlib.h>\n#include "cli_x.h"\nvoid rp_x(void);\n'
                            "void rp_x(void) { exit(1); }\n",
    "replayer/core/rp_y.c": '#include <ncurses.h>\n#include "schema/recording.pb-c.h"\n',
    "replayer/core/rp_private.h": "",
    "replayer/cli/cli_x.h": "",
    "replayer/cli/cli_x.c": '#include "rp_private.h"\nint tf_reader_x(void);\n'
                            "int cli_x(void);\nint cli_x(void) { return tf_reader_x(); }\n",
}
NOTICED = """
schema/tf_p.c includes Python.h
cmdline/cl_x.c includes recorder/rec_x.h
recorder/rec_x.c includes replayer/core/rp.h
recorder/rec_y.c includes internal/pycore_frame.h
replayer/core/rp_x.c includes replayer/cli/cli_x.h
replayer/core/rp_y.c includes ncurses.h
replayer/core/rp_y.c includes schema/recording.pb-c.h
replayer/cli/cli_x.c includes replayer/core/rp_private.h
recorder/rec_y.c tests Python's version
schema/tf_x.c uses puts
recorder/rec_x.c has a variable of its own that may change: count
replayer/core/rp_x.c uses exit
replayer/cli/cli_x.c uses tf_reader_x
the replayer's core does not link by itself: tf_reader_x
""".split("\n")[1:-1]


def check_this_check(layers):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path, text in BROKEN.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        for path in ("schema/tf_x", "recorder/rec_x", "replayer/core/rp_x",
                     "replayer/cli/cli_x"):
            target = root / "obj" / (path + ".o")
            target.parent.mkdir(parents=True, exist_ok=True)
            command = [os.environ.get("CC", "gcc"), "-O1", "-c", str(root / (path + ".c")),
                       "-o", str(target)]
            command += ["-I%s" % (root / f) for f in ("replayer/core", "replayer/cli")]
            subprocess.run(command, check=True)
        (root / "lib").mkdir()
        for name, obj in (("librp.a", "replayer/cli/cli_x"), ("libtf.a", "schema/tf_x")):
            subprocess.run(["ar", "rcs", str(root / "lib" / name),
                            str(root / "obj" / (obj + ".o"))], check=True)
        found = list(check_sources(root, layers))
        found += check_objects(root, layers, root / "obj")
        found += check_core_links(root / "lib")
    if sorted(found) != sorted(NOTICED):
        sys.exit("the check itself is broken: it misses %s and invents %s"
                 % (sorted(set(NOTICED) - set(found)), sorted(set(found) - set(NOTICED))))


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2]).resolve()
    build = root / os.environ.get("BUILD", "build")
    layers = read_table((root / "ARCHITECTURE.md").read_text())
    if len(layers) < 5:
        sys.exit("ARCHITECTURE.md: the table of layers is not there")
    check_this_check(layers)
    found = list(check_sources(root, layers))
    found += check_objects(root, layers, build / "obj")
    found += check_core_links(build / "lib")
    for line in found:
        print(line)
    count = sum(len(layer.sources(root)) for layer in layers)
    print("%d layers, %d sources, %d faults" % (len(layers), count, len(found)))
    sys.exit(bool(found))


main()
