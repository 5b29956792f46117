"""Builds the package `pyrecord` for the Python that runs this: `pip install .`

The compression and message libraries are linked in statically where their archives can be
(the wheel then runs where they are not installed), and their names stay inside the module:
another copy in the same process (python-zstandard, CPython's own from 3.14 on) is not mixed
up with it. Where there are shared libraries only, these are used.

The project's version, and all facts about the sources, are read from the sources."""
import glob
import os
import re
import subprocess
import tempfile

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist

ROOT = os.path.dirname(os.path.abspath(__file__))
GENERATED = "build/gen/schema/recording.pb-c.c"
LIBRARIES = ["zstd", "protobuf-c", "xxhash", "md"]


def version():
    with open(os.path.join(ROOT, "cmdline", "cl_version.h"), encoding="utf-8") as file:
        return re.search(r'CL_VERSION "([^"]+)"', file.read()).group(1)


def sources():
    found = []
    for pattern in ("schema/*.c", "cmdline/*.c", "recorder/*.c", "recorder/module/*.c"):
        found += sorted(glob.glob(pattern))
    found.remove("recorder/main.c")
    return found + [GENERATED]


def generate():
    """A source distribution brings the file; a checkout has protoc-c."""
    proto = "schema/recording.proto"
    if not os.path.exists(GENERATED) or (
            os.path.getmtime(GENERATED) < os.path.getmtime(proto)):
        os.makedirs(os.path.dirname(GENERATED), exist_ok=True)
        try:
            subprocess.check_call(["protoc-c", "-I.", "--c_out=build/gen", proto])
        except OSError as why:
            raise SystemExit("protoc-c is missing (Debian: protobuf-c-compiler): %s" % why)


class Build(build_ext):
    def build_extensions(self):
        generate()
        for extension in self.extensions:
            extension.extra_link_args += self.libraries_of()
        super().build_extensions()

    def libraries_of(self):
        """Each library's archive, if a shared object can be made with it."""
        words = []
        with tempfile.TemporaryDirectory() as folder:
            for name in LIBRARIES:
                archive = ["-Wl,--whole-archive", "-l:lib%s.a" % name,
                           "-Wl,--no-whole-archive"]
                done = subprocess.run(
                    self.compiler.linker_so + archive + ["-o", os.path.join(folder, "t.so")],
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                words.append("-l:lib%s.a" % name if done.returncode == 0 else "-l" + name)
        return words + ["-Wl,--exclude-libs,ALL"]


class SourceDistribution(sdist):
    def run(self):
        generate()
        super().run()


os.chdir(ROOT)
setup(
    name="pyrecord",
    version=version(),
    description="Records everything that a Python program does",
    python_requires=">=3.8",
    package_dir={"": "recorder/package"},
    packages=["pyrecord"],
    package_data={"pyrecord": ["py.typed", "*.pyi"]},
    ext_modules=[Extension(
        "pyrecord._pyrecord", sources(),
        include_dirs=["schema", "cmdline", "recorder", "build/gen"],
        define_macros=[("_GNU_SOURCE", None), ("REC_PYTHON_EXECUTABLE", '""'),
                       ("REC_PYTHON_VERSION", '""')],
        extra_compile_args=["-std=gnu11", "-pthread", "-O3", "-fvisibility=hidden",
                            "-Wno-missing-field-initializers"],
        extra_link_args=["-pthread"])],
    cmdclass={"build_ext": Build, "sdist": SourceDistribution},
    # beside what make builds
    options={"build": {"build_base": "build/setup"}, "egg_info": {"egg_base": "recorder/package"}},
    zip_safe=False,
)
