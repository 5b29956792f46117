#!/usr/bin/python3
"""Finds the Pythons that pyrecord can be built for: one line each, version and program.

    make/pythons.py [--others]      (environment: PYTHON, PATH, PYENV_ROOT)

Looked at are $PYTHON, python3 and python3.X on the path, and pyenv's versions. Of one
version (3.X) the first of these counts. What is found but cannot be used is named on
stderr with the reason. --others leaves out the version of $PYTHON."""
import glob
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FACTS = os.path.join(ROOT, "recorder", "rec_pycompat_internal.h")

# Runs in the Python that is looked at, 2.7 included.
ASK = """
import os, platform, sys, sysconfig
print("%d.%d" % sys.version_info[:2])
print("%d.%d.%d" % sys.version_info[:3])
print(sys.executable if getattr(sys, "base_prefix", "") == sys.prefix
      else os.path.realpath(sys.executable))
print(platform.python_implementation())
print(int(bool(sysconfig.get_config_var("Py_GIL_DISABLED"))))
print(int(os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h"))))
"""


def known():
    """The first version that the recorder knows, and the first that it does not."""
    with open(FACTS, encoding="utf-8") as file:
        text = file.read()
    first = re.search(r"PY_VERSION_HEX < 0x03([0-9a-f]{2})0000", text)
    end = re.search(r"PY_VERSION_HEX >= 0x03([0-9a-f]{2})0000", text)
    if first is None or end is None:
        sys.exit("%s: where are the versions?" % FACTS)
    return int(first.group(1), 16), int(end.group(1), 16)


def candidates():
    yield os.environ.get("PYTHON", "/usr/bin/python3")
    for folder in os.environ.get("PATH", "/usr/bin:/bin").split(":"):
        if folder and not folder.endswith("/shims"):
            yield os.path.join(folder, "python3")
            yield from sorted(glob.glob(os.path.join(folder, "python3.*[0-9t]")))
    root = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    found = glob.glob(os.path.join(root, "versions", "*", "bin", "python"))
    yield from sorted(found, key=lambda path: [int(n) for n in re.findall(r"\d+", path)],
                      reverse=True)


class Python:
    def __init__(self, answer):
        self.version, self.full, self.program, self.implementation, free, headers = answer
        self.free_threaded, self.has_headers = free == "1", headers == "1"

    def why_not(self, first, end):
        major, minor = map(int, self.version.split("."))
        if self.implementation != "CPython":
            return "not CPython but %s" % self.implementation
        if major != 3 or not first <= minor < end:
            return "pyrecord knows CPython 3.%d to 3.%d" % (first, end - 1)
        if self.free_threaded:
            return "the free-threaded build is not supported"
        return None if self.has_headers else "its headers are not installed"


def ask(program):
    if not os.access(program, os.X_OK):
        return None
    try:
        done = subprocess.run([program, "-c", ASK], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    answer = done.stdout.decode(errors="replace").split("\n")[:-1]
    return Python(answer) if done.returncode == 0 and len(answer) == 6 else None


def find():
    """(those that can be used, [(another, why not)]), by version."""
    first, end = known()
    usable, others, seen = {}, {}, set()
    for program in candidates():
        real = os.path.realpath(program)
        python = None if real in seen else ask(program)
        seen.add(real)
        if python is None or os.path.realpath(python.program) in seen - {real}:
            continue
        seen.add(os.path.realpath(python.program))
        why = python.why_not(first, end)
        if why is None and python.version in usable:
            continue
        if why is None:
            usable[python.version] = python
        else:
            others[python.program] = (python, why)

    def order(python):
        return [int(n) for n in python.full.split(".")]
    return (sorted(usable.values(), key=order),
            sorted(others.values(), key=lambda pair: order(pair[0])))


def main():
    usable, others = find()
    own = None
    if "--others" in sys.argv[1:]:
        asked = ask(os.environ.get("PYTHON", "/usr/bin/python3"))
        own = asked.version if asked else None
    for python, why in others:
        print("Python %s (%s) is left out: %s" % (python.full, python.program, why),
              file=sys.stderr)
    for python in usable:
        if python.version != own:
            print(python.version, python.program)


if __name__ == "__main__":
    main()
