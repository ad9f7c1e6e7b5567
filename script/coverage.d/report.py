#!/usr/bin/env python3
"""Sums up gcov's JSON, one object per line on standard input.

    report.py FOLDER PERCENT

Prints the lines executed of each file below FOLDER and of all; ends with 1 where that is under
PERCENT. A line that several objects hold (headers, templates) counts once.
"""
import json
import sys


def read_lines(stream, folder):
    """{file: {line: executed}} of the files below `folder`."""
    files = {}
    for text in filter(str.strip, stream):
        for entry in json.loads(text)["files"]:
            name = entry["file"].removeprefix("./")
            at = name.rfind("/" + folder)
            if at >= 0:
                name = name[at + 1:]
            if not name.startswith(folder):
                continue
            lines = files.setdefault(name, {})
            for line in entry["lines"]:
                number = line["line_number"]
                lines[number] = lines.get(number, False) or line["count"] > 0
    return files


def show(name, executed, lines):
    percent = 100.0 * executed / lines
    print(f"{percent:6.1f} %  {executed:5d} of {lines:5d}  {name}")
    return percent


def main():
    folder, least = sys.argv[1], float(sys.argv[2])
    files = read_lines(sys.stdin, folder)
    total = executed = 0
    for name in sorted(files):
        lines = files[name]
        if not lines:
            continue
        show(name, sum(lines.values()), len(lines))
        total += len(lines)
        executed += sum(lines.values())
    if total == 0:
        sys.exit(f"coverage: nothing of {folder} was executed")
    percent = show("in all", executed, total)
    if percent < least:
        sys.exit(f"coverage: {percent:.1f} % is under {least:g} %")


if __name__ == "__main__":
    main()
