"""Pure-Python parts of the standard library: textwrap, difflib, configparser."""
import configparser
import difflib
import sys
import textwrap

TEXT = ("A recording is a file that holds every event of a run, with the values of the "
        "variables, so that one can look back from a failure to its cause. ") * 2
INI = "[server]\nport = 8080\nhost = example.org\n[paths]\nroot = /srv\nlogs = %(root)s/log\n"


def main(size):
    total = 0
    for n in range(size):
        lines = textwrap.wrap(TEXT, 30 + n % 20)
        other = textwrap.wrap(TEXT, 31 + n % 20)
        total += len(list(difflib.unified_diff(lines, other)))
        config = configparser.ConfigParser()
        config.read_string(INI)
        total += config.getint("server", "port") + len(config["paths"]["logs"])
    print(total)


main(int(sys.argv[1]))
