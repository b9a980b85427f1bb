#!/usr/bin/python3
"""One way to write what C lets one write in two.

A pointer is compared with NULL: `p != NULL`, `p == NULL`, never `if (p)` or `!p`; only the macros
of Jansson and libvips may do otherwise. sizeof takes parentheses. Pointers are known by their
types, so this needs a build folder (SEBEZ_BUILD) with its compile commands.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SEBEZ_BUILD") or ROOT / "build")
PROCESSES = 2
FILES_AT_ONCE = 16
QUERY = """
set output diag
set bind-root false
let pointer ignoringParenImpCasts(expr(hasType(hasCanonicalType(pointerType())),
    unless(isExpansionInSystemHeader())).bind("pointer"))
match unaryOperator(hasOperatorName("!"), hasUnaryOperand(pointer))
match ifStmt(hasCondition(pointer))
match whileStmt(hasCondition(pointer))
match doStmt(hasCondition(pointer))
match forStmt(hasCondition(pointer))
match conditionalOperator(hasCondition(pointer))
match binaryOperator(hasAnyOperatorName("&&", "||"), hasLHS(pointer))
match binaryOperator(hasAnyOperatorName("&&", "||"), hasRHS(pointer))
"""
BOUND = re.compile(r'^(\S+?):(\d+):\d+: note: "pointer" binds here\n(.*)$', re.M)
OTHERS = re.compile(r"\b(json_(is_\w+|object_foreach|array_foreach)|VIPS_UNREF)\(")
SIZEOF = re.compile(r"\bsizeof (?!\()")


def sources():
    commands = json.loads((BUILD / "compile_commands.json").read_text())
    paths = {pathlib.Path(os.path.normpath(BUILD / command["file"])) for command in commands}
    return sorted(path for path in paths if path.suffix == ".c" and BUILD not in path.parents)


def pointers_as_conditions(paths, query):
    arguments = ["clang-query", "-p", BUILD, "--extra-arg=-Wno-unknown-warning-option", "-f", query]
    found = subprocess.run([*arguments, *paths], capture_output=True, text=True)
    if "matches." not in found.stdout:
        raise SystemExit(f"clang-query failed: {found.stderr[-2000:]}")
    for path, line, text in BOUND.findall(found.stdout):
        name = os.path.relpath(BUILD / path, ROOT)
        if not name.startswith("..") and not OTHERS.search(text):
            yield name, int(line), "compare the pointer with NULL"


def bare_sizeofs():
    named = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.c", "*.h"], cwd=ROOT,
                           capture_output=True, text=True, check=True).stdout.split()
    for name in filter(lambda name: (ROOT / name).exists(), named):
        for number, line in enumerate((ROOT / name).read_text().split("\n"), 1):
            if SIZEOF.search(line):
                yield name, number, "write sizeof with parentheses"


def main():
    all_paths = sources()
    chunks = [all_paths[i:i + FILES_AT_ONCE] for i in range(0, len(all_paths), FILES_AT_ONCE)]
    findings = set(bare_sizeofs())
    with tempfile.NamedTemporaryFile("w", suffix=".query") as query:
        query.write(QUERY)
        query.flush()
        with concurrent.futures.ThreadPoolExecutor(PROCESSES) as pool:
            tasks = [pool.submit(lambda paths: set(pointers_as_conditions(paths, query.name)), some)
                     for some in chunks]
        findings.update(*(task.result() for task in tasks))
    for name, line, what in sorted(findings):
        print(f"{name}:{line}: {what}")
    return 1 if findings or not all_paths else 0


sys.exit(main())
