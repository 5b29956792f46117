"""What the program can see of its interpreter is what the bare `python3` shows."""
import os
import subprocess
import zipfile

import pytest

import run
from run import PYTHON

# Everything that tells one interpreter from another, as the program sees it.
SEE = """\
import json, os, sys, sysconfig, site
names = ('argv', 'orig_argv', 'path', 'executable', '_base_executable', 'prefix', 'base_prefix',
         'exec_prefix', 'base_exec_prefix', 'platlibdir', '_stdlib_dir', 'warnoptions', '_xoptions',
         'version', 'hexversion', 'abiflags', 'pycache_prefix', 'dont_write_bytecode',
         'builtin_module_names', 'meta_path', 'path_hooks', 'float_repr_style', '_framework',
         'implementation', 'flags', 'hash_info', '_git', 'platform')
seen = {name: repr(getattr(sys, name, 'absent')) for name in names}
seen['flags'] = {n: getattr(sys.flags, n) for n in dir(sys.flags) if n[0] != '_'}
seen['modules'] = sorted(sys.modules)
seen['main'] = sorted((k, repr(v)) for k, v in globals().items()
                      if k.startswith('__') and k not in ('__builtins__', '__loader__', '__spec__'))
seen['loader'] = type(__loader__).__name__ if not isinstance(__loader__, type) else __loader__.__name__
seen['spec'] = repr(getattr(__spec__, 'name', None))
seen['encodings'] = [(f.name, f.encoding, f.errors, f.line_buffering, f.write_through)
                     for f in (sys.stdin, sys.stdout, sys.stderr)]
seen['fs'] = (sys.getfilesystemencoding(), sys.getfilesystemencodeerrors(), sys.getdefaultencoding())
seen['limits'] = (sys.getrecursionlimit(), sys.getswitchinterval(), sys.get_int_max_str_digits())
seen['environ'] = dict(os.environ)
seen['trace'] = (sys.gettrace(), sys.getprofile())
seen['paths'] = sysconfig.get_paths()
seen['site'] = (site.ENABLE_USER_SITE, site.PREFIXES)
seen['cwd'] = os.getcwd()
seen['fds'] = sorted(n for n in map(int, os.listdir('/proc/self/fd')) if n < 100)
seen['umask'] = os.umask(0o22)
import signal
seen['signals'] = {s: repr(signal.getsignal(s)) for s in range(1, signal.NSIG)}
seen['blocked'] = sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
seen['threads'] = __import__('threading').active_count()
text = json.dumps(seen, indent=1, sort_keys=True, default=repr)
import re
print(re.sub('0x[0-9a-f]{6,}', '0x...', text))
"""


def bare_by_name(*args, env=None, **options):
    """`python3 ARGS`, found in PATH, as a user types it."""
    path = os.path.dirname(PYTHON) + os.pathsep + os.environ["PATH"]
    return run.run(["python3", *args], env={"PATH": path, **(env or {})}, **options)


def recorded(*args, env=None, **options):
    path = os.path.dirname(PYTHON) + os.pathsep + os.environ["PATH"]
    return run.pyrecord("-q", *args, env={"PATH": path, **(env or {})}, **options)


def assert_same(args, **options):
    bare = bare_by_name(*args, **options)
    ours = recorded(*args, **options)
    assert ours.text.splitlines() == bare.text.splitlines()
    assert ours.message == bare.message
    assert ours.status == bare.status
    return ours


@pytest.fixture
def see(program):
    return program(SEE, "see.py")


OPTIONS = [
    [],
    ["-O"],
    ["-OO"],
    ["-O", "-O"],
    ["-B"],
    ["-bb"],
    ["-d"],
    ["-E"],
    ["-I"],
    ["-P"],
    ["-s"],
    ["-S"],
    ["-sE"],
    ["-u"],
    ["-R"],
    ["-Xdev"],
    ["-X", "dev"],
    ["-X", "utf8"],
    ["-X", "utf8=0"],
    ["-X", "a=b", "-Xc"],
    ["-X", "int_max_str_digits=700"],
    ["-X", "no_debug_ranges"],
    ["-X", "frozen_modules=off"],
    ["-X", "warn_default_encoding"],
    ["-X", "pycache_prefix=/nowhere"],
    ["-W", "error"],
    ["-Wignore::DeprecationWarning", "-W", "default"],
    ["-OBu", "-Xdev"],
    ["-BX", "dev"],
    ["--check-hash-based-pycs", "never"],
    ["--"],
    ["-s", "--"],
]


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_python_options(pyrecord, see, tmp_path, options):
    assert_same([*options, see, "one", "-q", "--force", "-X", "three"], cwd=tmp_path)


@pytest.mark.parametrize("name,value", [
    ("PYTHONPATH", "/nowhere:/tmp"),
    ("PYTHONOPTIMIZE", "2"),
    ("PYTHONUNBUFFERED", "1"),
    ("PYTHONDEVMODE", "1"),
    ("PYTHONHASHSEED", "0"),
    ("PYTHONHASHSEED", "7"),
    ("PYTHONUTF8", "1"),
    ("PYTHONIOENCODING", "latin-1:replace"),
    ("PYTHONWARNINGS", "error::UserWarning"),
    ("PYTHONNOUSERSITE", "1"),
    ("PYTHONSAFEPATH", "1"),
    ("PYTHONINTMAXSTRDIGITS", "900"),
    ("PYTHONPYCACHEPREFIX", "/nowhere"),
    ("PYTHONPLATLIBDIR", "lib"),
    ("PYTHONMALLOC", "malloc"),
    ("PYTHONCOERCECLOCALE", "warn"),
    ("LC_ALL", "C"),
    ("LC_ALL", "POSIX"),
    ("LC_ALL", ""),
    ("PYTHONFAULTHANDLER", "1"),
    ("PYTHONTRACEMALLOC", "1"),
])
def test_environment(pyrecord, see, tmp_path, name, value):
    assert_same([see, "x"], cwd=tmp_path, env={name: value})


def test_long_option_with_equals_sign(pyrecord, see, tmp_path):
    """CPython takes the value as a word of its own only."""
    bare = bare_by_name("--check-hash-based-pycs", "always", see, cwd=tmp_path)
    ours = recorded("--check-hash-based-pycs=always", see, cwd=tmp_path)
    assert ours.text.splitlines() == bare.text.splitlines()


def test_code(pyrecord, tmp_path):
    assert_same(["-c", SEE, "a", "-b"], cwd=tmp_path)
    assert_same(["-c" + SEE], cwd=tmp_path)
    assert_same(["-OBc", SEE, "--", "x"], cwd=tmp_path)


def test_stdin(pyrecord, tmp_path):
    assert_same(["-", "a", "b"], cwd=tmp_path, stdin=SEE.encode())


def test_program_reads_stdin(pyrecord, program, tmp_path):
    script = program("import sys\nprint(repr(sys.stdin.readline()), sys.stdin.buffer.read())")
    assert_same([script], cwd=tmp_path, stdin=b"first\nsecond\xff\n\0end")


def test_module(pyrecord, tmp_path):
    (tmp_path / "seen.py").write_text(SEE)
    assert_same(["-m", "seen", "a", "-m"], cwd=tmp_path)
    assert_same(["-mseen"], cwd=tmp_path)
    assert_same(["-Im", "sysconfig"], cwd=tmp_path)


def test_package(pyrecord, tmp_path):
    inner = tmp_path / "pkg" / "sub"
    inner.mkdir(parents=True)
    (tmp_path / "pkg" / "__init__.py").write_text("print('pkg', __name__, __path__)\n")
    (inner / "__init__.py").write_text("")
    (inner / "__main__.py").write_text("from . import other\n" + SEE)
    (inner / "other.py").write_text("import sys\nprint(sys.argv)\n")
    assert_same(["-m", "pkg.sub", "a"], cwd=tmp_path)
    assert (tmp_path / "pkg.sub.pyrec").exists()


def test_directory(pyrecord, tmp_path):
    directory = tmp_path / "app"
    directory.mkdir()
    (directory / "__main__.py").write_text("import helper\n" + SEE)
    (directory / "helper.py").write_text("print('helper')\n")
    assert_same(["app", "a"], cwd=tmp_path)
    assert_same(["./app/"], cwd=tmp_path)
    assert_same(["."], cwd=directory)
    assert (tmp_path / "app.pyrec").exists() and (directory / "app.pyrec").exists()


def test_zip(pyrecord, tmp_path):
    with zipfile.ZipFile(tmp_path / "app.pyz", "w") as archive:
        archive.writestr("__main__.py", "import helper\n" + SEE)
        archive.writestr("helper.py", "print('helper', __file__)\n")
    assert_same(["app.pyz", "a"], cwd=tmp_path)
    assert (tmp_path / "app.pyrec").exists()


def test_odd_arguments(pyrecord, see, tmp_path):
    assert_same([see, "", " ", "a\nb", b"\xff\xfe", "\U0001f40d", "-c", "--help", "--version"], cwd=tmp_path)


def test_relative_script(pyrecord, see, tmp_path):
    assert_same([see.name], cwd=tmp_path)
    (tmp_path / "below").mkdir()
    assert_same(["../" + see.name], cwd=tmp_path / "below")
    (tmp_path / "link.py").symlink_to(see)
    assert_same(["below/../link.py"], cwd=tmp_path)


def test_extension_modules_load(pyrecord, program, tmp_path):
    script = program("""
import importlib, os, sysconfig
dynamic = os.path.join(sysconfig.get_path('platstdlib'), 'lib-dynload')
for name in sorted({n.split('.')[0] for n in os.listdir(dynamic)}):
    try:
        module = importlib.import_module(name)
        print(name, module.__file__)
    except ImportError as error:
        print(name, error)
import ctypes, decimal, json, sqlite3, ssl, lzma, zlib, hashlib
print(type(ctypes.pythonapi.Py_GetVersion), decimal.Decimal('1.10') + 1, zlib.crc32(b'x'))
print(ctypes.c_int.in_dll(ctypes.pythonapi, 'Py_OptimizeFlag'))
""")
    assert_same(["-W", "ignore", script], cwd=tmp_path)


# --- Virtual environments ---

@pytest.fixture(scope="module")
def venv(tmp_path_factory):
    path = tmp_path_factory.mktemp("venv") / "venv"
    subprocess.run([PYTHON, "-m", "venv", "--without-pip", path], check=True)
    packages = path / "lib" / os.listdir(path / "lib")[0] / "site-packages"
    (packages / "only_here.py").write_text("VALUE = 'from the environment'\n")
    return path


def venv_environment(venv):
    return {"VIRTUAL_ENV": str(venv), "PATH": "%s/bin:%s" % (venv, os.environ["PATH"])}


def test_active_venv(pyrecord, see, venv, tmp_path):
    bare = run.run(["python3", see], cwd=tmp_path, env=venv_environment(venv))
    ours = run.pyrecord("-q", see, cwd=tmp_path, env=venv_environment(venv))
    assert ours.text.splitlines() == bare.text.splitlines()
    assert str(venv) in bare.text
    done = run.pyrecord("-q", "-c", "import only_here; print(only_here.VALUE)", cwd=tmp_path,
                        env=venv_environment(venv))
    assert done.text == "from the environment\n", done


@pytest.mark.parametrize("name", ["python", "python3"])
def test_python_option(pyrecord, see, venv, tmp_path, name):
    python = venv / "bin" / name
    bare = run.run([python, "-B", see], cwd=tmp_path)
    ours = run.pyrecord("-q", "--python", python, "-B", see, cwd=tmp_path)
    assert ours.text.splitlines() == bare.text.splitlines()


def test_relative_python_option(pyrecord, see, venv, tmp_path):
    (tmp_path / "env").symlink_to(venv)
    bare = run.run(["env/bin/python", see], cwd=tmp_path)
    ours = run.pyrecord("-q", "--python=env/bin/python", see, cwd=tmp_path)
    assert ours.text.splitlines() == bare.text.splitlines()


def test_system_python_beside_active_venv(pyrecord, see, venv, tmp_path):
    bare = run.run(["/usr/bin/env", PYTHON, see], cwd=tmp_path, env=venv_environment(venv))
    ours = run.pyrecord("-q", "--python", PYTHON, see, cwd=tmp_path, env=venv_environment(venv))
    assert ours.text.splitlines() == bare.text.splitlines()


def test_venv_with_copies(pyrecord, see, tmp_path):
    venv = tmp_path / "copied"
    subprocess.run([PYTHON, "-m", "venv", "--without-pip", "--copies", venv], check=True)
    bare = run.run([venv / "bin" / "python", see], cwd=tmp_path)
    ours = run.pyrecord("-q", "--python", venv / "bin" / "python", see, cwd=tmp_path)
    assert ours.text.splitlines() == bare.text.splitlines()


def test_venv_of_another_python(pyrecord, see, tmp_path):
    other = tmp_path / "other"
    (other / "bin").mkdir(parents=True)
    (other / "bin" / "python3").symlink_to("/bin/true")
    (other / "pyvenv.cfg").write_text("home = /opt/none\nversion = 3.8.1\n")
    for done in (run.pyrecord(see, cwd=tmp_path, env={"VIRTUAL_ENV": str(other)}),
                 run.pyrecord("--python", other / "bin" / "python3", see, cwd=tmp_path)):
        assert done.status == 125
        assert done.out == b""
        assert done.message.count("\n") == 1
        assert "other/bin/python3" in done.message and "no Python" in done.message
    assert not list(tmp_path.glob("*.pyrec"))


def test_missing_venv_is_ignored(pyrecord, see, tmp_path):
    assert_same([see], cwd=tmp_path, env={"VIRTUAL_ENV": "/nowhere/at/all"})


def test_missing_python_option(pyrecord, see, tmp_path):
    done = run.pyrecord("--python", "/nowhere/python3", see, cwd=tmp_path)
    assert (done.status, done.out) == (125, b"")
    assert "/nowhere/python3" in done.message and "No such file" in done.message


# --- Other processes ---

@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_multiprocessing(pyrecord, program, tmp_path, method):
    script = program("""
import multiprocessing, os, sys

def work(n):
    return n * n, os.path.basename(open('/proc/self/cmdline').read().split(chr(0))[0]), sys.executable

if __name__ == '__main__':
    context = multiprocessing.get_context(%r)
    with context.Pool(2) as pool:
        print(pool.map(work, range(5)))
    process = context.Process(target=print, args=('in the child',), kwargs={'flush': True})
    process.start()
    process.join()
    print(process.exitcode)
""" % method)
    bare = bare_by_name(script, cwd=tmp_path)
    ours = recorded(script, cwd=tmp_path)
    assert ours.status == bare.status == 0, ours
    assert ours.message == bare.message
    if method == "fork":  # the children are copies of us, with our name
        assert ours.text.replace("pyrecord", "python3") == bare.text
    else:
        assert ours.text == bare.text
    children = list(tmp_path.glob("program.[0-9]*.pyrec"))
    assert len(children) == (3 if method == "fork" else 0)  # the others are started anew
    assert len(list(tmp_path.glob("*.pyrec"))) == 1 + len(children)


def test_subprocess_starts_python(pyrecord, program, tmp_path):
    script = program("import subprocess, sys\n"
                     "print(subprocess.check_output([sys.executable, '-c', 'import sys; print(sys.orig_argv)']))")
    assert_same([script], cwd=tmp_path)
    assert len(list(tmp_path.glob("*.pyrec"))) == 1
