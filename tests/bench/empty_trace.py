"""Runs a program under a trace function in Python that does nothing.

    empty_trace.py PROGRAM [ARGUMENT...]
"""
import sys
import threading


def trace(frame, event, arg):
    return trace


def main():
    path = sys.argv[1]
    del sys.argv[0]
    with open(path, "rb") as file:
        code = compile(file.read(), path, "exec")
    namespace = {"__name__": "__main__", "__file__": path, "__builtins__": __builtins__}
    threading.settrace(trace)
    sys.settrace(trace)
    exec(code, namespace)


main()
