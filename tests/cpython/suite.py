#!/usr/bin/python3
"""CPython's own tests, bare and under the recorder: each test must end the same.

    tests/cpython/suite.py [--version 3.10]... [--jobs 2] [MODULE...]

Without MODULE, those below; without --version, every Python that `make` and `make pythons`
built a recorder for and that ships its tests. Differences that are known stand in
differences.txt with their reasons. Ends with 1 if there is another."""
import argparse
import collections
import concurrent.futures
import fnmatch
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "oracle"))
import compare  # noqa: E402

# What tracing, frames, threads, processes and memory are about, then the rest of the language
# and of the library.
MODULES = """
    test_sys_settrace test_sys_setprofile test_generators test_coroutines test_asyncgen
    test_exceptions test_with test_threading test_threading_local test_fork1 test_subprocess
    test_multiprocessing_fork test_gc test_weakref test_descr test_frame test_traceback test_pdb
    test_bdb test_signal test_atexit test_json test_re test_dict test_list test_set test_sort
    test_deque test_asyncio

    test_sys test_scope test_class test_dynamic test_funcattrs test_super test_property
    test_decorators test_contextlib test_contextlib_async test_context test_generator_stop
    test_genexps test_listcomps test_setcomps test_dictcomps test_unpack test_unpack_ex
    test_extcall test_keywordonlyarg test_positional_only_arg test_grammar test_syntax
    test_compile test_code test_dis test_peepholer test_opcodes test_yield_from test_iter
    test_itertools test_functools test_operator test_builtin test_types test_isinstance
    test_typechecks test_subclassinit test_metaclass test_abc test_enum test_dataclasses
    test_collections test_ordered_dict test_defaultdict test_userdict test_userlist
    test_userstring test_dictviews test_heapq test_bisect test_queue test_sched test_array
    test_memoryview test_bytes test_buffer test_slice test_range test_tuple test_bool test_int
    test_long test_float test_complex test_math test_cmath test_fractions test_decimal
    test_statistics test_random test_string test_unicode test_textwrap test_format test_fstring
    test_strftime test_time test_datetime test_calendar test_copy test_pickle test_shelve
    test_struct test_hash test_hashlib test_base64 test_binascii test_zlib test_gzip test_csv
    test_configparser test_argparse test_getopt test_shlex test_pprint test_reprlib test_difflib
    test_io test_fileio test_tempfile test_pathlib test_glob test_fnmatch test_shutil
    test_linecache test_inspect test_ast test_symtable test_tokenize test_trace test_profile
    test_cprofile test_logging test_warnings test_doctest test_unittest test_importlib
    test_import test_pkgutil test_runpy test_raise test_except_star test_exception_hierarchy
    test_exception_variations test_weakset test_finalization test_thread test_concurrent_futures
    test_selectors test_select test_socket test_ssl test_html test_htmlparser test_xml_etree
    test_urlparse test_uuid test_ipaddress test_email test_sqlite3 test_ctypes
""".split()
SHORT = ["test_sys_settrace", "test_generators", "test_with", "test_frame", "test_yield_from",
         "test_threading_local"]
TIMEOUT = 900  # seconds


def differences():
    """[(version pattern, test pattern, reason)]"""
    found = []
    with open(os.path.join(HERE, "differences.txt"), encoding="utf-8") as file:
        for line in file:
            words = line.split(None, 2)
            if words and not line.startswith("#"):
                found.append((words[0], words[1], words[2].strip()))
    return found


class Run:
    """How one module ended: outcomes, or why there are none."""

    def __init__(self, command, work, name, timeout):
        os.makedirs(work)
        out = os.path.join(work, "outcome.json")
        env = compare.environment()
        env.update(TMPDIR=work, HOME=work)
        begin = time.monotonic()
        process = subprocess.Popen(
            [*command, os.path.join(HERE, "run_module.py"), out, name], cwd=work, env=env,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True)
        self.why, self.outcome, self.texts = None, {}, {}
        try:
            self.output = process.communicate(timeout=timeout)[0].decode(errors="replace")
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            self.output = process.communicate()[0].decode(errors="replace")
            self.why = "no end after %d s" % timeout
        self.seconds = time.monotonic() - begin
        if self.why is None and not os.path.exists(out):
            self.why = "status %d: %s" % (process.returncode, self.output[-300:].strip())
        if self.why is None:
            with open(out, encoding="utf-8") as file:
                data = json.load(file)
            self.outcome, self.texts = data["outcome"], data["texts"]

    def counts(self):
        if self.why is not None:
            return self.why
        counts = collections.Counter(self.outcome.values())
        return ", ".join("%d %s" % (counts[word], word) for word in sorted(counts)) or "nothing"


def run_module(python, name, timeout=TIMEOUT):
    """(module, bare, recorded, [(test, outcome bare, outcome recorded)])"""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as work:
        bare = Run([python.program], os.path.join(work, "bare"), name, timeout)
        if bare.why is None and not bare.outcome:
            return name, bare, bare, []
        recorded = Run([python.pyrecord, "-q", "-o", os.path.join(work, "r.pyrec")],
                       os.path.join(work, "recorded"), name, timeout)
    found = []
    if bare.why is not None or recorded.why is not None:
        if bare.why != recorded.why:
            found.append(("test." + name, bare.why or "ended", recorded.why or "ended"))
        return name, bare, recorded, found
    for test in sorted({*bare.outcome, *recorded.outcome}):
        one, other = bare.outcome.get(test), recorded.outcome.get(test)
        if one != other:
            found.append((test, one or "not run", other or "not run"))
    return name, bare, recorded, found


def reason_of(known, version, test):
    return next((why for versions, tests, why in known
                 if fnmatch.fnmatch(version, versions) and fnmatch.fnmatch(test, tests)), None)


def has_tests(python):
    return subprocess.run([python.program, "-c", "import test.test_generators"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def there(python, names):
    text = ("import importlib.util as u, sys; print(*[n for n in sys.argv[1:] "
            "if u.find_spec('test.' + n)])")
    done = subprocess.run([python.program, "-c", text, *names], check=True,
                          stdout=subprocess.PIPE)
    return done.stdout.decode().split()


def run_suite(python, names, jobs, show=True, timeout=TIMEOUT):
    """How many modules were run, and the differences that are not known."""
    known, unknown, equal = differences(), [], 0
    chosen = there(python, names)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for name, bare, recorded, found in pool.map(
                lambda n: run_module(python, n, timeout), chosen):
            new = [one for one in found if reason_of(known, python.name, one[0]) is None]
            equal += not found
            if show or new:
                print("%s %-28s %s%s (%.0f s, %.0f s)" % (
                    python.name, name, recorded.counts(),
                    "" if not found else ", bare %s" % bare.counts(), bare.seconds,
                    recorded.seconds), flush=True)
            for test, one, other in found:
                why = reason_of(known, python.name, test)
                print("    %s: %s, recorded %s%s" % (
                    test, one, other, "" if why is None else " (%s)" % why), flush=True)
                if why is None:
                    unknown.append((name, test, one, other))
                    print("        %s" % recorded.texts.get(test, "")[-1500:].replace(
                        "\n", "\n        "), flush=True)
    print("%s: %d modules, %d the same, %d tests differ for no reason that is known" % (
        python.name, len(chosen), equal, len(unknown)), flush=True)
    return len(chosen), unknown


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--version", action="append")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--timeout", type=int, default=TIMEOUT, help="seconds a module and run")
    parser.add_argument("--short", action="store_true", help="only what CI runs")
    parser.add_argument("modules", nargs="*", metavar="MODULE")
    options = parser.parse_args()
    pythons = [compare.python_of(version) for version in options.version or ()] or [
        compare.DEFAULT, *(python for python in compare.built_pythons()
                           if python.version != compare.DEFAULT.version)]
    failed = False
    for python in pythons:
        if not has_tests(python):
            print("%s: ships no tests" % python.name)
            continue
        names = options.modules or (SHORT if options.short else MODULES)
        failed |= bool(run_suite(python, names, options.jobs, timeout=options.timeout)[1])
    return failed


if __name__ == "__main__":
    sys.exit(main())
