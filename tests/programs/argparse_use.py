# oracle: preload=warm_regexes,argparse,gettext,shutil
"""Options, subcommands, groups, errors and the formatted help of argparse."""
import gc

gc.disable()
import argparse


def build():
    parser = argparse.ArgumentParser(prog="tool", description="a tool", epilog="the end")
    parser.add_argument("--level", type=int, choices=[1, 2, 3], default=2, help="how much")
    parser.add_argument("-v", action="count", default=0)
    sub = parser.add_subparsers(dest="command")
    add = sub.add_parser("add", help="add numbers")
    add.add_argument("numbers", nargs="+", type=float)
    either = add.add_mutually_exclusive_group()
    either.add_argument("--sum", action="store_true")
    either.add_argument("--product", action="store_const", const="p")
    return parser


parser = build()
found = parser.parse_args(["--level", "3", "-vv", "add", "1", "2.5", "--sum"])
print(found)
print(parser.format_help())
try:
    parser.parse_args(["--level", "9"])
except SystemExit as why:
    print("status", why.code)
try:
    parser.parse_args(["add", "1", "--sum", "--product"])
except SystemExit as why:
    print("status", why.code)
