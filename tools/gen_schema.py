#!/usr/bin/env python3
"""Puts the schema into the program: gen_schema.py OUT ROOT --contract openapi.json
--schema FILE... --made FILE... --functions FILE... --checks FILE... --migrations FOLDER.

Files are named as areas are: orders/schema.sql. Functions that a generator made come first.
Policies and triggers of a schema.sql call functions, and functions read tables. So it is laid in
two passes: all but those (SCHEMA_TABLES), and after the functions only those (SCHEMA_RULES). In
each text the lines of the other are blank, so that an error's line is the file's.

What the contract says already, the schema takes from it: `state in (:SubOrderStatus)` is one of the
values of that enum, `role in (:MessageSentEvent.staff)` a role of staff who are told of that event.
"""
import argparse
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from embed import literal  # noqa: E402

RULE = re.compile(r'^create (?:policy|trigger|constraint trigger) [^;]*;[^\n]*$', re.M)
ROLE = re.compile(r'^set local role \w+;$', re.M)
CHECK = re.compile(r'^-- check: (.+)\n((?:(?!-- check:).*\n?)+)', re.M)
WORDS = re.compile(r"(?<![:\w]):([A-Z]\w*)(\.staff)?\b")


def contract_words(document):
    """What :Name and :Name.staff stand for."""
    schemas = document['components']['schemas']

    def values(match):
        name, staff = match.groups()
        known = schemas.get(name, {})
        if staff:
            roles = schemas['StaffRole']['enum'] if 'x-event' in known else []
            told = [*roles[:1], *known.get('x-staff', roles)]
            words = [role for role in roles if role in told]
        else:
            words = [word for word in known.get('enum', []) if word is not None]
        if not words:
            sys.exit(f'{match.group()}: the contract has no such enum or event')
        return ', '.join(f"'{word}'" for word in words)
    return lambda text: WORDS.sub(values, text)


def blank(text):
    return '\n' * text.count('\n')


def keep(text, *patterns):
    """The text with all but these statements blank."""
    kept, position = [], 0
    for start, end in sorted(m.span() for p in patterns for m in p.finditer(text)):
        kept += [blank(text[position:start]), text[start:end]]
        position = end
    return ''.join(kept) + blank(text[position:])


def checks(name, text):
    for title, query in CHECK.findall(text):
        query = query.strip()
        if not query.endswith(';') or ';' in query[:-1]:
            sys.exit(f'{name}: the check "{title}" is not one statement')
        yield name.split('/')[0], title, query[:-1]


def array(name, texts):
    parts = [f'const struct embedded_file {name}[] = {{\n']
    for file, text in texts:
        data = text.encode()
        parts.append(f'\t{{"{file}",\n{literal(data)},\n\t {len(data)}}},\n')
    return ''.join(parts) + f'\t{{0}}}};\nconst size_t {name}_COUNT = {len(texts)};\n'


def check_array(rows):
    parts = ['const struct schema_check SCHEMA_CHECKS[] = {\n']
    for row in rows:
        parts.append('\t{' + ',\n'.join(literal(text.encode()) for text in row) + '},\n')
    return ''.join(parts) + f'\t{{0}}}};\nconst size_t SCHEMA_CHECKS_COUNT = {len(rows)};\n'


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('out', type=pathlib.Path)
    parser.add_argument('root', type=pathlib.Path)
    for option in ('--schema', '--functions', '--checks'):
        parser.add_argument(option, nargs='+', type=pathlib.Path, default=[])
    parser.add_argument('--made', nargs='+', type=pathlib.Path, default=[])
    parser.add_argument('--migrations', type=pathlib.Path)
    parser.add_argument('--contract', type=pathlib.Path)
    arguments = parser.parse_args()
    with_words = contract_words(json.loads(arguments.contract.read_text(encoding='utf-8')))

    def read(paths):
        root = arguments.root.resolve()
        names = [str(path.resolve().relative_to(root)) for path in paths]
        return [(re.sub('^src/(shop/)?', '', name), with_words(path.read_text()))
                for name, path in zip(names, paths)]

    schema = read(arguments.schema)
    rules = [(name, keep(text, RULE, ROLE)) for name, text in schema if RULE.search(text)]
    tables = [(name, RULE.sub(lambda m: blank(m.group()), text)) for name, text in schema]
    made = [(f'gen/{path.name}', path.read_text()) for path in arguments.made]
    migrations = [(path.name, path.read_text())
                  for path in sorted(arguments.migrations.glob('*.sql'))]
    text = '\n'.join([
        '/* Made by tools/gen_schema.py. */\n#include "node/embedded_schema.h"\n',
        array('SCHEMA_TABLES', tables), array('SCHEMA_RULES', rules),
        array('SCHEMA_FUNCTIONS', made + read(arguments.functions)),
        array('MIGRATIONS', migrations),
        check_array([row for name, body in read(arguments.checks) for row in checks(name, body)])])
    if not arguments.out.exists() or arguments.out.read_text() != text:
        arguments.out.write_text(text)


if __name__ == '__main__':
    main()
