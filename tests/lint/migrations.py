#!/usr/bin/python3
"""Migrations run while the program of the release before serves: migrations.py [FILE...]

So a file (db/migrations/NNNN_what.sql) gives up soon when it cannot have a lock (`set local
lock_timeout` of at most 2 s comes first), rewrites or scans no table under one, and takes nothing
away that the release before uses. A statement that is all right for a reason that this script
cannot see has that reason in a comment before it: `-- fine: REASON`.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIRST = re.compile(r"set local lock_timeout = '(\d{1,3}ms|1\d{3}ms|2000ms|[12]s)'$")
ADDS = r"^alter table .* add (column )?(?!constraint|check|foreign|primary|unique|exclude)"
RULES = [  # what a statement must not be, and what to do instead
    (r"^create (unique )?index (?!concurrently)",
     "an index of a table that is not new blocks writes while it is built"),
    (r"\bconcurrently\b", "a migration is one transaction, in which nothing is concurrent"),
    (r"^alter table .* alter (column )?\w+ (set data )?type\b",
     "another type rewrites the table: add a column"),
    (r"^alter table .* set not null",
     "this scans the table: add a check as not valid, validate it in the next release"),
    (ADDS + r".*\bnot null\b(?!.*\bdefault\b)",
     "the program of before does not give a value: add a default"),
    (ADDS + r".*\bdefault\b.*\b(random|clock_timestamp|gen_random_uuid|uuid_\w+|nextval)\b",
     "a default that differs by row rewrites the table"),
    (ADDS + r".*\b(generated always as|serial|bigserial|references|unique|primary key)\b",
     "this rewrites or scans the table"),
    (r"^alter table .* add (constraint \w+ )?(check|foreign key)\b(?!.*\bnot valid\b)",
     "this scans the table: add it as not valid, validate it in the next release"),
    (r"^alter table .* add (constraint \w+ )?(unique|primary key|exclude)\b",
     "an index of a table that is not new blocks writes while it is built"),
    (r"^alter table .* (drop|rename) ", "the program of before uses it: in the next release"),
    (r"^drop (table|column|type|view|function)\b",
     "the program of before uses it: in the next release"),
    (r"^(lock|vacuum|cluster|reindex|truncate)\b", "this locks the whole table"),
    (r"^(update|delete)\b(?!.*\bwhere\b)", "this locks all rows: do it in steps, in a job"),
]


def statements(text):
    """(line, reason why it is fine or None, statement in lower case on one line)."""
    at = 0
    # A body in dollars is one piece, whatever is in it.
    for found in re.finditer(r"(?s)((?:\$(\w*)\$.*?\$\2\$|'[^']*'|--[^\n]*|[^;])+);", text):
        whole = found.group(1)
        fine = re.search(r"--\s*fine:\s*(\S.*)", whole)
        bare = " ".join(re.sub(r"--[^\n]*", "", whole).split()).lower()
        lead = len(whole) - len(re.sub(r"^(\s|--[^\n]*\n)*", "", whole))
        at = text.count("\n", 0, found.start() + lead) + 1
        if bare:
            yield at, fine and fine.group(1), bare


def table_of(statement):
    found = re.search(r"^(?:create (?:unique )?index .*? on|alter table(?: if exists)?"
                      r"|create table(?: if not exists)?)\s+(?:only )?([\w.]+)", statement)
    return found and found.group(1)


def check(name, text):
    wrong, made = [], set()
    if not re.fullmatch(r"\d{4}_\w+\.sql", name):
        wrong.append(f"{name}: is not called NNNN_what.sql")
    listed = list(statements(text))
    if not listed or not FIRST.match(listed[0][2]):
        wrong.append(f"{name}: does not begin with set local lock_timeout = '2s' or less")
    for line, fine, statement in listed:
        if statement.startswith("create table"):
            made.add(table_of(statement))
        if fine or table_of(statement) in made:
            continue
        wrong += [f"{name}:{line}: {why}" for rule, why in RULES if re.search(rule, statement)]
    return wrong


def main(paths):
    files = [pathlib.Path(path) for path in paths] or sorted((ROOT / "db/migrations").glob("*.sql"))
    wrong = [line for file in files for line in check(file.name, file.read_text())]
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
