"""python -m pyrecord [options] SCRIPT | -m MODULE | -c CODE [argument...]"""
import os
import sys

from . import _pyrecord


def _interpreter_options():
    """What stood between the interpreter's name and `-m pyrecord`."""
    words = getattr(sys, "orig_argv", None)
    if words is None:
        import subprocess
        return subprocess._args_from_interpreter_flags()
    words = words[1:len(words) - len(sys.argv) + 1]
    last = words.pop() if words else ""
    if last == "pyrecord" and words:
        last = words.pop()
    else:
        last = last[:-len("pyrecord")]
    return words + ([last[:-1]] if len(last) > 2 else [])


def _main():
    boot = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_boot.py")
    command = (getattr(sys, "orig_argv", None) or [sys.executable])[0]
    return _pyrecord.execute(sys.executable, command, boot, _interpreter_options(),
                             ["pyrecord"] + sys.argv[1:])


sys.exit(_main())
