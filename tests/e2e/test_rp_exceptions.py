"""str() of exceptions as the replayer works it out from their parts, against what the
program itself got."""
import ast
import json
import subprocess

import run

PROGRAM = '''\
import os
def t(f):
    try:
        f()
    except Exception as e:
        text = str(e)
        shown = repr(e)
        return
def throw(e):
    raise e
t(lambda: compile("a b", "<given>", "exec"))
t(lambda: compile("a b", "dir/file.py", "exec"))
t(lambda: throw(SyntaxError("only this")))
t(lambda: b"\\xff".decode())
t(lambda: b"\\xff\\xfe".decode("ascii"))
t(lambda: "a\\x80\\u1234".encode("ascii"))
t(lambda: "\\x80".encode("ascii"))
t(lambda: "\\u1234".encode("ascii"))
t(lambda: "\\U00012345".encode("ascii"))
t(lambda: throw(UnicodeTranslateError("abc", 1, 2, "why")))
t(lambda: throw(UnicodeTranslateError("abc", 0, 2, "why")))
t(lambda: open("/does not exist"))
t(lambda: open(b"/does not exist"))
t(lambda: os.rename("/does not exist", "/q"))
t(lambda: throw(OSError()))
t(lambda: throw(OSError(5)))
t(lambda: throw(OSError(5, "x")))
t(lambda: throw(OSError(5, "x", "f")))
t(lambda: __import__("no_such"))
t(lambda: int("x"))
t(lambda: {}[1])
t(lambda: {}["k"])
t(lambda: {}[1, 2])
t(lambda: throw(KeyError()))
t(lambda: throw(KeyError(1, 2)))
t(lambda: throw(ValueError("a", [1])))
t(lambda: throw(ValueError(["a"])))
t(lambda: throw(ValueError(ValueError("in", 1))))
t(lambda: throw(StopAsyncIteration("x")))
t(lambda: [].x)
t(lambda: nope)
'''


def test_texts(tmp_path, pyrecord, pyreplay):
    program, recording = tmp_path / "p.py", tmp_path / "p.pyrec"
    program.write_text(PROGRAM)
    subprocess.run([run.PYRECORD, "-q", "-o", recording, program], check=True)
    out = subprocess.run([run.PYREPLAY, "dump", "--format", "jsonl", "--file", str(program),
                          "--function", "t", recording],
                         check=True, stdout=subprocess.PIPE).stdout
    events = [json.loads(line) for line in out.splitlines()]
    raised = [e["exception"]["text"] for e in events if e["event"] == "exception"]
    ends = [e["locals"] for e in events if e["event"] == "return"]
    assert len(ends) == PROGRAM.count("\nt(") and len(raised) == len(ends)
    at_end = [e["locals"] for e in events if e["event"] == "line" and e["line"] == 8]
    assert raised == [ast.literal_eval(e["text"]) for e in at_end]
    assert [e["e"] for e in at_end] == [ast.literal_eval(e["shown"]) for e in at_end]
