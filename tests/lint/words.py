#!/usr/bin/python3
"""Words that mark an unfinished place are refused everywhere, and so are phrases of riddles."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SELF = pathlib.PurePosixPath("tests/lint/words.py")
WHERE = ["src", "api", "db", "tools", "tests", "bench", "docs", "deploy", "Makefile", "meson.build",
         "README.md", ".ci"]
WORDS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|\bstub(s|bed)?\b|\bfor now\b|\bnot implemented\b")
PHRASES = re.compile(r"\b(mistake of ours|whom it concerns|cannot be had|counts as not said|"
                     r"was taken as|is not one of ours)\b", re.IGNORECASE)
TEXT = {".c", ".h", ".py", ".sh", ".sql", ".yaml", ".yml", ".md", ".build", ""}


def check():
    named = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", *WHERE], cwd=ROOT,
                           capture_output=True, text=True, check=True).stdout.splitlines()
    for name in map(pathlib.PurePosixPath, named):
        path = ROOT / name
        if name == SELF or name.suffix not in TEXT or not path.is_file():
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            found = WORDS.search(line)
            if found:
                yield f"{name}:{number}: “{found.group()}”: finish it, or say what is so"
            found = PHRASES.search(line)
            if found:
                yield f"{name}:{number}: “{found.group()}”: say it in the field's terms"


if __name__ == "__main__":
    problems = list(check())
    print("\n".join(problems), end="\n" if problems else "")
    sys.exit(bool(problems))
