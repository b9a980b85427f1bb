#!/usr/bin/python3
"""Nothing is longer than a reader can hold: functions, files, lines.

Functions of C and SQL at most 70 lines; files at most 800, and those over 400 are named; lines of
C and Python at most 100 columns, a tab counting 8; those of SQL 120, a tab counting 4.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FUNCTION_LINES = 70
FILE_LINES = 800
FILE_LINES_AIM = 400
COLUMNS = {".sql": (120, 4)}  # the second is what a tab counts
COLUMNS_ELSEWHERE = (100, 8)
SQL_FUNCTION = re.compile(r"^create (?:or replace )?function (\w+)")


def files():
    kinds = ["*.c", "*.h", "*.py", "*.sql"]
    named = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", *kinds],
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


def sql_functions(paths):
    """The same of SQL, whose functions end with their body."""
    for path in paths:
        name = None
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if (begin := SQL_FUNCTION.match(line)):
                name, start = begin[1], number
            if name and line.rstrip().endswith(";") and (
                    line.startswith(("end $$", "$$", "end;")) or not line.startswith(("\t", " "))
                    and not line.startswith("create")):
                yield path, start, name, number - start + 1
                name = None


def check():
    bad, long_files = [], []
    paths = files()
    for path in paths:
        lines = path.read_text().splitlines()
        shown = path.relative_to(ROOT)
        for number, line in enumerate(lines, 1):
            most, tab = COLUMNS.get(path.suffix, COLUMNS_ELSEWHERE)
            columns = len(line.expandtabs(tab))
            if columns > most:
                bad.append(f"{shown}:{number}: {columns} columns, {most} is the most")
        if len(lines) > FILE_LINES:
            bad.append(f"{shown}: {len(lines)} lines, {FILE_LINES} is the most")
        elif len(lines) > FILE_LINES_AIM:
            long_files.append(f"{shown} ({len(lines)})")
    all_functions = [*functions([p for p in paths if p.suffix in (".c", ".h")]),
                     *sql_functions([p for p in paths if p.suffix == ".sql"])]
    for path, line, name, length in all_functions:
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
