"""Says how much of schema/ and replayer/core/ is covered, and fails below what is wanted.

    coverage.py SUMMARY     (of `gcovr --json-summary`)
"""
import json
import sys

WANTED = {"line": 95.0, "branch": 85.0}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        files = json.load(file)["files"]
    failed = False
    for folder in ("schema/", "replayer/core/", ""):
        own = [f for f in files if f["filename"].startswith(folder)]
        cells = []
        for what, least in WANTED.items():
            covered = sum(f[what + "_covered"] for f in own)
            total = sum(f[what + "_total"] for f in own)
            percent = 100 * covered / total if total else 0
            failed |= percent < least
            cells.append("%s %5.1f %% (%d of %d)" % (what, percent, covered, total))
        print("%-16s %s" % (folder or "both", ", ".join(cells)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
