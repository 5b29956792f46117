"""Regular expressions that modules of the standard library compile at first use: compiling
one takes thousands of events, and `ast_unparse_use.py` and others cover code of that sort."""
import argparse
import contextlib
import io
import pprint
import shlex
import tokenize


def _warm():
    with contextlib.redirect_stderr(io.StringIO()):
        parser = argparse.ArgumentParser(prog="warm", epilog="e", description="d")
        parser.add_argument("--x", type=int, help="h", choices=[1])
        sub = parser.add_subparsers(dest="s").add_parser("s", help="h")
        group = sub.add_mutually_exclusive_group()
        group.add_argument("-a", action="store_true")
        group.add_argument("-b", action="store_true")
        parser.parse_args(["--x", "1"])
        parser.format_help()
        sub.format_usage()
        with contextlib.suppress(SystemExit):
            parser.parse_args(["--x", "2"])
    list(tokenize.generate_tokens(io.StringIO("x = f(1)  # c\n").readline))
    shlex.split("a 'b' #c", comments=True)
    shlex.quote("it's")
    pprint.pformat({"long": ["x" * 30, "y" * 30, {"z": (1, 2)}], "s": {3, 1, 2}})


_warm()
