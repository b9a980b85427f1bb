#!/usr/bin/python3
"""Tests that documents name are there: `test_x` is a function or a file, `test_x_…` a function that
begins so. In a row of a table a name of four words or more is a test in C, or something of the
code."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAMED = re.compile(r"(?<![\w./])((?:[\w.]+/)*test_\w+(?:\.\w+)?|[a-z]+(?:_[a-z0-9]+){3,}_?)"
                   r"(…)?(?![\w(/])")
CODE = re.compile(r"`([^`\n]+)`")
FUNCTION = re.compile(r"^(?:async )?def (test_\w+)", re.MULTILINE)
IN_C = re.compile(r"\b([a-z]+(?:_[a-z0-9]+){3,})\b")


def listed(*patterns):
    named = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", *patterns], cwd=ROOT,
                           capture_output=True, text=True, check=True).stdout.splitlines()
    return [ROOT / name for name in named if (ROOT / name).is_file()]


def known():
    """Every name that a document may use for a test."""
    names = set()
    for path in listed("tests/*.py", "tests/*.c"):
        parts = path.relative_to(ROOT).parts
        names |= {"/".join(parts[i:]) for i in range(len(parts))} | {path.stem}
        names |= set((FUNCTION if path.suffix == ".py" else IN_C).findall(path.read_text()))
    return names


def elsewhere():
    """Names of four words that are no tests: of statements, functions, settings."""
    names = set()
    for path in listed("src/*.c", "src/*.h", "src/*.sql", "api/*.yaml", "db/*.sql", "tools/*.py",
                       "bench/*", "meson_options.txt", "tests/wire/harness/*.py"):
        names |= set(IN_C.findall(path.read_text(errors="replace")))
    return names


def check():
    tests, others = known(), elsewhere()
    for path in listed("docs/*.md", "README.md", "tests/README.md"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for code in CODE.findall(line):
                for name, begins in NAMED.findall(code):
                    good = name in tests or name in others
                    if begins:
                        good = any(each.startswith(name) for each in tests)
                    elif "test_" not in name and not line.startswith("|"):
                        good = True
                    if not good:
                        yield f"{path.relative_to(ROOT)}:{number}: there is no `{name}{begins}`"


if __name__ == "__main__":
    problems = list(check())
    print("\n".join(problems), end="\n" if problems else "")
    sys.exit(bool(problems))
