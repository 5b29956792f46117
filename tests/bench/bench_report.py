"""The benchmark's figures as text, as a markdown table and as a plot.

    bench_report.py RESULT.json [--markdown FILE] [--svg FILE] [--readme FILE]
"""
import argparse
import json
import os
import sys
import textwrap
from pathlib import Path

from bench_run import geometric_mean

MARK_BEGIN = "<!-- bench: written by `make bench-readme` -->"
MARK_END = "<!-- bench: end -->"
COLORS = {"settrace": "#8a8f98", "ctrace": "#c3c7ce", "events": "#4c9be8", "fast": "#3aa76d",
          "exact": "#e4572e"}


def columns(labels):
    """(heading, text of a row, summary over rows or None), in order."""
    def ratio(key):
        return lambda row: row["ratio"].get(key, 0.0)
    found = [("program", lambda row: row["name"], "%s", None),
             ("events", lambda row: row["events"] / 1e6, "%.1f M", None),
             ("bare s", lambda row: row["seconds"]["bare"], "%.2f", None)]
    for key, label in labels.items():
        if key != "bare":
            found.append((label, ratio(key), "%.2fx", geometric_mean))
    found += [
        ("exact / settrace", lambda row: row["share"], "%.2f", geometric_mean),
        ("ns/event", lambda row: row["ns"]["exact"], "%.0f", geometric_mean),
        ("bytes/event", lambda row: row["bytes_per_event"], "%.2f", geometric_mean),
        ("+MiB", lambda row: max(0.0, row["memory_mib"]), "%.0f", max),
        ("stop ms", lambda row: max(0.0, row["stop_ms"]), "%.0f", max),
    ]
    return found


def texts(labels, row):
    return [form % value(row) for _, value, form, _ in columns(labels)]


def summary(labels, rows):
    """Geometric means; of memory and stopping the worst."""
    return ["all"] + [form % total([value(row) for row in rows]) if total else ""
                      for _, value, form, total in columns(labels)[1:]]


def laid_out(labels, words):
    heads = [head for head, _, _, _ in columns(labels)]
    return "  ".join(word.ljust(12) if i == 0 else word.rjust(max(9, len(head)))
                     for i, (word, head) in enumerate(zip(words, heads))).rstrip()


def plain_head(labels):
    return laid_out(labels, [head for head, _, _, _ in columns(labels)])


def plain_row(labels, row):
    return laid_out(labels, texts(labels, row))


def plain_summary(result):
    facts = result["about"]
    worst = max(result["rows"], key=lambda row: row["share"])
    return "%s\nx: times the bare run, %s, medians of %d rounds; Python %s. all: geometric " \
        "means, then the worst. The worst exact / settrace: %s, %.2f." % (
            laid_out(result["labels"], summary(result["labels"], result["rows"])),
            facts["time"], facts["rounds"], facts["python"], worst["name"], worst["share"])


def markdown(result):
    labels, rows = result["labels"], result["rows"]
    heads = [head for head, _, _, _ in columns(labels)]
    lines = [heads, [":--"] + ["--:"] * (len(heads) - 1)]
    lines += [texts(labels, row) for row in rows]
    lines += [["**%s**" % text if text else "" for text in summary(labels, rows)]]
    return "".join("| %s |\n" % " | ".join(line) for line in lines)


class Plot:
    """One line a program, one dot a way, on a logarithmic axis of times the bare run."""

    LEFT, TOP, STEP, WIDTH = 110, 64, 26, 600

    def __init__(self, result):
        self.rows = result["rows"]
        self.labels = {key: label for key, label in result["labels"].items() if key in COLORS}
        self.about = result["about"]
        self.most = max(max(row["ratio"][key] for key in self.labels) for row in self.rows) * 1.1
        self.height = self.TOP + self.STEP * (len(self.rows) + 1) + 40
        self.parts = []

    def x(self, ratio):
        from math import log
        return self.LEFT + self.WIDTH * log(max(ratio, 1.0)) / log(max(self.most, 2.0))

    def text(self, x, y, words, anchor="start", weight="normal"):
        self.parts.append('<text x="%.1f" y="%.1f" text-anchor="%s" font-weight="%s">%s</text>'
                          % (x, y, anchor, weight, words))

    def line(self, x1, y1, x2, y2, color):
        self.parts.append('<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s"/>'
                          % (x1, y1, x2, y2, color))

    def dot(self, x, y, color, title):
        self.parts.append('<circle cx="%.1f" cy="%.1f" r="5.5" fill="%s"><title>%s</title>'
                          '</circle>' % (x, y, color, title))

    def axis(self):
        bottom = self.TOP + self.STEP * (len(self.rows) + 1)
        tick = 1
        while tick <= self.most:
            self.line(self.x(tick), self.TOP - 8, self.x(tick), bottom - 8, "#e3e5e8")
            self.text(self.x(tick), bottom + 10, "%dx" % tick, "middle")
            tick *= 2
        self.text(self.LEFT + self.WIDTH / 2, bottom + 28,
                  "run time, times the bare run (CPython %s, %s)" % (
                      self.about["python"], self.about["time"]), "middle")

    def legend(self):
        x = self.LEFT
        for key, label in self.labels.items():
            self.dot(x, 30, COLORS[key], label)
            self.text(x + 10, 34.5, label)
            x += 30 + 7.2 * len(label)

    def row(self, place, name, ratios, weight="normal"):
        y = self.TOP + self.STEP * place + 4
        self.text(self.LEFT - 14, y + 4.5, name, "end", weight)
        found = [ratios[key] for key in self.labels]
        self.line(self.x(min(found)), y, self.x(max(found)), y, "#c3c7ce")
        for key in self.labels:
            self.dot(self.x(ratios[key]), y, COLORS[key],
                     "%s, %s: %.2f" % (name, self.labels[key], ratios[key]))

    def svg(self):
        self.axis()
        self.legend()
        for place, row in enumerate(self.rows):
            self.row(place, row["name"], row["ratio"])
        means = {key: geometric_mean([row["ratio"][key] for row in self.rows])
                 for key in self.labels}
        self.row(len(self.rows), "all", means, "bold")
        return ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" '
                'font-family="sans-serif" font-size="13" fill="#24292f">\n'
                '<rect width="100%%" height="100%%" fill="white"/>\n%s\n</svg>\n'
                % (self.LEFT + self.WIDTH + 40, self.height, self.LEFT + self.WIDTH + 40,
                   "\n".join(self.parts)))


def section(result, svg, readme):
    """What stands between the marks."""
    facts = result["about"]
    place = os.path.relpath(svg, Path(readme).resolve().parent) if svg else None
    words = ("CPython %s, %s, %d cores, %s: %s, medians of %d rounds. Columns with an x are "
             "multiples of the bare run; the last row has geometric means, and the worst of "
             "memory (beyond the bare run's) and of stopping." % (
                 facts["python"], facts["machine"], facts["cores"], facts["date"],
                 facts["time"], facts["rounds"]))
    if "pysnooper" in result["labels"]:
        words += (" coverage.py keeps which lines ran and no value; VizTracer, here, arguments "
                  "and results of functions; PySnooper changed variables as text.")
    words = textwrap.fill(words, 92)
    picture = "![Run time of each program, in each way](%s)\n\n" % place if place else ""
    return "%s\n%s\n\n%s%s%s\n" % (MARK_BEGIN, words, picture, markdown(result), MARK_END)


def into_readme(result, svg, readme):
    path = Path(readme)
    text = path.read_text()
    if text.count(MARK_BEGIN) != 1 or text.count(MARK_END) != 1:
        sys.exit("bench: %s must have one line `%s` and one line `%s`" % (
            readme, MARK_BEGIN, MARK_END))
    before, rest = text.split(MARK_BEGIN)
    after = rest.split(MARK_END + "\n")[1]
    path.write_text(before + section(result, svg, readme) + after)


def write(result, markdown_file, svg_file, readme_file):
    if markdown_file:
        Path(markdown_file).write_text(markdown(result))
    if svg_file:
        Path(svg_file).write_text(Plot(result).svg())
    if readme_file:
        into_readme(result, svg_file, readme_file)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("result")
    parser.add_argument("--markdown")
    parser.add_argument("--svg")
    parser.add_argument("--readme")
    options = parser.parse_args()
    write(json.loads(Path(options.result).read_text()), options.markdown, options.svg,
          options.readme)


if __name__ == "__main__":
    main()
