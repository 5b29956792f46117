"""Limits of the process, and memory that is short: the program runs as it does without recording
under the same limit, or is not started."""
import os
import re
import resource
import signal
import subprocess
import tempfile

import pytest
import run

PROGRAM = """
import sys, threading
def work(n):
    rows = []
    for i in range(n):
        rows.append([i, str(i)])
    return len(rows)
def many():
    return sum(work(100) for _ in range(100))
print(many())
sys.exit(3)
"""


def limited(words, limits, cwd=None, user=None):
    def prepare():
        for name, value in limits.items():
            resource.setrlimit(name, value if isinstance(value, tuple) else (value, value))
        if user is not None:
            os.setgid(user)
            os.setuid(user)
    process = subprocess.Popen([str(word) for word in words], cwd=cwd, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=prepare,
                               env=run.clean_environment())
    return run.Done(process, *process.communicate(timeout=100))


def recorded(done, recording, reason=None):
    """As it is without recording, the file whole, the reason in it and in the last line."""
    assert (done.status, done.text) == (3, "10000\n"), done
    assert len(done.message.splitlines()) == 1, done
    facts = run.info(recording)
    assert facts["complete"], facts
    if reason is not None and facts["end_reason"]:
        assert re.search(reason, facts["end_reason"]) and re.search(reason, done.message)
    run.verified(recording)
    return facts


@pytest.mark.parametrize("mib", [40, 70, 90, 110, 140, 200])
def test_address_space(mib, program, tmp_path, pyrecord):
    """What the recorder cannot have it does without, or recording ends, or does not begin."""
    path = program(PROGRAM)
    limit = {resource.RLIMIT_AS: mib << 20}
    if limited([run.PYTHON, path], limit).status != 3:
        pytest.skip("the program itself needs more")
    done = limited([run.PYRECORD, "-o", tmp_path / "a.pyrec", path], limit)
    if done.status == 125:
        assert done.message.startswith("pyrecord: ") and done.text == "" and mib < 110, done
        return
    facts = recorded(done, tmp_path / "a.pyrec", "out of memory")
    assert facts["end_reason"] is None or mib < 140


@pytest.mark.parametrize("count", [8, 12, 30, 64])
def test_descriptors(count, program, tmp_path, pyrecord):
    """So few that the program uses all that there are; it gets the numbers that it gets without."""
    path = program(PROGRAM.replace("print(many())", """
import os
numbers = []
try:
    while len(numbers) < %d:
        numbers.append(os.open('/dev/null', os.O_RDONLY))
except OSError as why:
    numbers.append(why.errno)
many()
os.closerange(3, 3 + len(numbers))
if numbers != list(range(3, 3 + len(numbers))): print(numbers)
print(many())""" % (count - 7)))
    limit = {resource.RLIMIT_NOFILE: count}
    bare = limited([run.PYTHON, path], limit)
    done = limited([run.PYRECORD, "-o", tmp_path / "a.pyrec", path], limit)
    assert bare.status == 3
    recorded(done, tmp_path / "a.pyrec")


def test_children_without_descriptors(program, tmp_path, pyrecord):
    """A forked child that finds none free is not recorded, and the last line says so."""
    path = program("""
import os
opened = []
while True:
    try:
        opened.append(os.open('/dev/null', os.O_RDONLY))
    except OSError:
        break
pid = os.fork()
if pid == 0:
    os._exit(5)
print(os.waitpid(pid, 0)[1] >> 8)
""")
    done = limited([run.PYRECORD, "-o", tmp_path / "a.pyrec", path], {resource.RLIMIT_NOFILE: 40})
    assert (done.status, done.text) == (0, "5\n"), done
    # the numbers of the parent's own files are free in it
    assert "forked child" in done.message
    run.verified(tmp_path / "a.pyrec")


def test_processes(pyrecord):
    """A user that may have no further thread: who fills a batch writes it."""
    if os.getuid() != 0:
        pytest.skip("another user is needed")
    with tempfile.TemporaryDirectory(prefix="limits") as place:
        os.chmod(place, 0o777)
        path = os.path.join(place, "program.py")
        with open(path, "w") as file:
            file.write(PROGRAM)
        os.chmod(path, 0o644)
        words = [run.PYRECORD, "-o", os.path.join(place, "a.pyrec"), path]
        done = limited(words, {resource.RLIMIT_NPROC: 1}, cwd=place, user=54321)
        if done.status == 126 or "Permission denied" in done.message:
            pytest.skip("that user cannot run the program under test")
        recorded(done, os.path.join(place, "a.pyrec"))


def test_time(program, tmp_path, pyrecord):
    """The kernel ends a program that has had its time, and the recording says by which signal."""
    path = program("def work():\n    n = 0\n    while True:\n        n += 1\nwork()\n")
    done = limited([run.PYRECORD, "-o", tmp_path / "a.pyrec", path], {resource.RLIMIT_CPU: (1, 9)})
    assert done.status == -signal.SIGXCPU, done
    assert "(SIGXCPU)" in run.info(tmp_path / "a.pyrec")["incomplete_reason"]
    run.verified(tmp_path / "a.pyrec")


def test_out_of_memory_killer(program, tmp_path, pyrecord):
    """The kernel kills a program whose memory grows: its recording ends with the line that it was
    in. (Where no memory group can be made, the test kills it, under the same pressure.)"""
    path = program("""
import os, signal, sys
def grow():
    kept = []
    for n in range(20):
        print(n, flush=True)
        kept.append(b'x' * (32 << 20))
    os.kill(os.getpid(), signal.SIGKILL)
grow()
""")
    group = memory_group(200 << 20)
    try:
        enter = "echo $$ > %s/%s; exec \"$@\"" % (group or "/nowhere", "cgroup.procs")
        words = ["sh", "-c", enter, "sh"] if group else []
        done = limited([*words, run.PYRECORD, "-o", tmp_path / "a.pyrec", path], {})
    finally:
        if group:
            os.rmdir(group)
    assert done.status == -signal.SIGKILL, done
    told = int(done.text.split()[-1])
    assert group is None or told < 19
    last = run.dump(tmp_path / "a.pyrec")[-1]
    assert last["function"] == "grow" and told <= int(last["locals"]["n"]) <= told + 1, (told, last)
    assert "out of memory" in run.info(tmp_path / "a.pyrec")["incomplete_reason"]
    run.verified(tmp_path / "a.pyrec")


def memory_group(limit):
    """A cgroup with so much memory, or None."""
    for top, name in (("/sys/fs/cgroup", "memory.max"),
                      ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")):
        place = os.path.join(top, "pyrec-test-%d" % os.getpid())
        if not os.path.exists(os.path.join(top, "cgroup.procs")):
            continue
        try:
            os.mkdir(place)
        except OSError:
            continue
        try:
            for file, value in ((name, limit), ("memory.swap.max", 0), ("memory.swappiness", 0)):
                if os.path.exists(os.path.join(place, file)) or file == name:
                    with open(os.path.join(place, file), "w") as opened:
                        opened.write(str(value))
            return place
        except OSError:
            os.rmdir(place)
    return None
