#!/usr/bin/python3
"""Nothing is longer than a reader can hold: functions, files, lines.

Functions of C at most 70 lines; files at most 800, and those over 400 are named; C and Python lines
at most 100 columns, a tab counting 8.
"""
import json
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FUNCTION_LINES = 70
FILE_LINES = 800
FILE_LINES_AIM = 400
COLUMNS = 100


def files():
    named = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.c", "*.h", "*.py"],
                           cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    return [ROOT / name for name in named if name and (ROOT / name).exists()]


def functions(paths):
    """(path, line, name, lines) of each C function."""
    ctags = ["ctags", "--output-format=json", "--fields=+ne", "--kinds-C=f", "--languages=C",
             "--langmap=C:.c.h", "-L", "-", "-f", "-"]
    tags = subprocess.run(ctags, input="\n".join(map(str, paths)), capture_output=True, text=True,
                          check=True).stdout
    for tag in map(json.loads, tags.splitlines()):
        if "end" in tag:
            yield tag["path"], tag["line"], tag["name"], tag["end"] - tag["line"] + 1


def check():
    bad, long_files = [], []
    paths = files()
    for path in paths:
        lines = path.read_text().splitlines()
        shown = path.relative_to(ROOT)
        for number, line in enumerate(lines, 1):
            columns = len(line.expandtabs(8))
            if columns > COLUMNS:
                bad.append(f"{shown}:{number}: {columns} columns, {COLUMNS} is the most")
        if len(lines) > FILE_LINES:
            bad.append(f"{shown}: {len(lines)} lines, {FILE_LINES} is the most")
        elif len(lines) > FILE_LINES_AIM:
            long_files.append(f"{shown} ({len(lines)})")
    for path, line, name, length in functions([p for p in paths if p.suffix in (".c", ".h")]):
        if length > FUNCTION_LINES:
            shown = pathlib.Path(path).relative_to(ROOT)
            bad.append(f"{shown}:{line}: {name} has {length} lines, {FUNCTION_LINES} is the most")
    return bad, long_files


if __name__ == "__main__":
    if not shutil.which("ctags"):
        sys.exit("universal-ctags is missing")
    problems, over_aim = check()
    if over_aim:
        print(f"longer than the aim of {FILE_LINES_AIM} lines: " + ", ".join(over_aim))
    print("\n".join(problems), end="\n" if problems else "")
    sys.exit(bool(problems))
