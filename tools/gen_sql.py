#!/usr/bin/env python3
"""gen_sql: makes one typed C function per named statement of the areas' .sql files.

The language is described in docs/ARCHITECTURE.md, "SQL is the shape". For each `area.sql` it writes
`area.sql.h` and `area.sql.c`, and for all together `statements.gen.h` and `statements.gen.c`, the
list that `sebez check` walks. A mistake in the input is reported as file:line and ends with
status 1.

    gen_sql.py --out DIR area.sql ...
"""

import argparse
import pathlib
import sys

import sql_c
from sql_model import SqlError, read_all


def main():
    parser = argparse.ArgumentParser(description="Makes C from the areas' SQL statements.")
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("files", nargs="*")
    args = parser.parse_args()
    try:
        areas = read_all(args.files)
    except SqlError as error:
        sys.exit(str(error))
    args.out.mkdir(parents=True, exist_ok=True)
    everything = [s for statements in areas.values() for s in statements]
    outputs = {
        "statements.gen.h": sql_c.write_list_header(everything),
        "statements.gen.c": sql_c.write_list(everything),
    }
    for area, statements in areas.items():
        outputs[f"{area}.sql.h"] = sql_c.write_header(area, statements)
        outputs[f"{area}.sql.c"] = sql_c.write_source(area, statements)
    for name, text in outputs.items():
        (args.out / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
