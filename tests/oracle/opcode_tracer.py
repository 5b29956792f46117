"""Runs a program under a trace function that asks for opcode events, and writes what comes.

    python opcode_tracer.py OUT.jsonl PROGRAM.py

One row an event of the program's own frames: event, function, line, offset of the instruction
(null but for opcode events)."""
import json
import sys


def main(out, program):
    rows = []
    with open(program, encoding="utf-8") as file:
        code = compile(file.read(), program, "exec")

    def tracer(frame, event, arg):
        code = frame.f_code
        if code.co_filename != program:
            return None
        if event == "call":
            frame.f_trace = tracer  # without one 3.13 does not heed the next line
            frame.f_trace_opcodes = True
        rows.append((event, getattr(code, "co_qualname", code.co_name), frame.f_lineno or 0,
                     frame.f_lasti if event == "opcode" else None))
        return tracer

    namespace = {"__name__": "__main__", "__file__": program}
    sys._getframe().f_trace_opcodes = True  # 3.12 looks at it when tracing begins only
    sys.settrace(tracer)
    try:
        exec(code, namespace)
    finally:
        sys.settrace(None)
    with open(out, "w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row) + "\n")


main(sys.argv[1], sys.argv[2])
