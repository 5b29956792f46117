"""Says how much of schema/ and replayer/core/ the tests reach, file by file and in all, and
fails below what is wanted. What they do not reach is listed with its source.

    coverage.py JSON LIST     (of `gcovr --json`; LIST is written)
"""
import json
import sys

WANTED = {"lines": 95.0, "branches": 85.0}


class Count:
    def __init__(self):
        self.total = self.reached = 0

    def add(self, total, reached):
        self.total += total
        self.reached += reached

    def __str__(self):
        return "%5.1f %% (%d of %d)" % (self.percent(), self.reached, self.total)

    def percent(self):
        return 100 * self.reached / self.total if self.total else 100


class File:
    def __init__(self, entry):
        self.name = entry["file"]
        self.lines, self.branches = Count(), Count()
        self.missed = []  # line number, what is missing
        for line in entry["lines"]:
            if line.get("gcovr/noncode"):
                continue
            never = [b for b in line["branches"] if b["count"] == 0]
            self.lines.add(1, line["count"] > 0)
            self.branches.add(len(line["branches"]), len(line["branches"]) - len(never))
            if line["count"] == 0:
                self.missed.append((line["line_number"], "line"))
            elif never:
                self.missed.append((line["line_number"],
                                    "%d of %d" % (len(never), len(line["branches"]))))


def write_list(files, path):
    with open(path, "w", encoding="utf-8") as out:
        for file in files:
            with open(file.name, encoding="utf-8") as source:
                text = source.read().split("\n")
            out.write("== %s\n" % file.name)
            for number, what in file.missed:
                out.write("%5d %-8s %s\n" % (number, what, text[number - 1]))


def main():
    with open(sys.argv[1], encoding="utf-8") as source:
        files = [File(entry) for entry in json.load(source)["files"]]
    files.sort(key=lambda file: file.name)
    write_list(files, sys.argv[2])
    print("%-40s %-28s %s" % ("", "lines", "branches"))
    for file in files:
        print("%-40s %-28s %s" % (file.name, file.lines, file.branches))
    failed = False
    for folder in ("schema/", "replayer/core/", ""):
        counts = {what: Count() for what in WANTED}
        for file in files:
            if file.name.startswith(folder):
                for what, count in counts.items():
                    of = getattr(file, what)
                    count.add(of.total, of.reached)
        print("%-40s %-28s %s" % (folder or "in all", counts["lines"], counts["branches"]))
        failed |= any(counts[what].percent() < least for what, least in WANTED.items())
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
