"""Runs a program under a trace function that does nothing.

    empty_trace.py python PROGRAM [ARGUMENT...]         a Python function
    empty_trace.py FOLDER PROGRAM [ARGUMENT...]         the C function of empty_ctrace in FOLDER
"""
import sys
import threading


def trace(frame, event, arg):
    return trace


def start(where):
    if where == "python":
        threading.settrace(trace)
        sys.settrace(trace)
        return
    sys.path.insert(0, where)
    import empty_ctrace
    del sys.path[0]
    threading.settrace(lambda *event: empty_ctrace.start())
    empty_ctrace.start()


def main():
    where, path = sys.argv[1:3]
    del sys.argv[:2]
    sys.path[0] = path.rpartition("/")[0]
    with open(path, "rb") as file:
        code = compile(file.read(), path, "exec")
    namespace = {"__name__": "__main__", "__file__": path, "__builtins__": __builtins__}
    start(where)
    exec(code, namespace)


main()
