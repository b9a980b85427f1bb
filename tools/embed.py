#!/usr/bin/env python3
"""Turns the files of a folder into C arrays: embed.py OUT FOLDER PATTERN ARRAY COUNT HEADER.

Writes OUT only when it changes, so that it may run in every build without causing work."""
import pathlib
import sys

ESCAPES = {0x5c: '\\\\', 0x22: '\\"', 0x0a: '\\n', 0x09: '\\t', 0x0d: '\\r', 0x3f: '\\?'}


def literal(data):
    """Bytes as C string literals, one per line of the file."""
    lines = []
    for line in data.splitlines(keepends=True):
        text = ''.join(ESCAPES.get(b) or (chr(b) if 32 <= b < 127 else f'\\{b:03o}') for b in line)
        lines.append(f'\t"{text}"')
    return '\n'.join(lines) or '\t""'


def main():
    out, folder, pattern, array, count, header = sys.argv[1:]
    files = sorted(pathlib.Path(folder).glob(pattern))
    parts = [f'/* Made by tools/embed.py. */\n#include "{header}"\n']
    for number, path in enumerate(files):
        parts.append(f'/* {path.name} */\nstatic const char TEXT_{number}[] =\n'
                     f'{literal(path.read_bytes())};\n')
    rows = ''.join(f'\t{{"{path.name}", TEXT_{number}, sizeof(TEXT_{number}) - 1}},\n'
                   for number, path in enumerate(files))
    parts.append(f'const struct embedded_file {array}[] = {{\n{rows}\t{{0}}}};\n'
                 f'const size_t {count} = {len(files)};\n')
    text = '\n'.join(parts)
    target = pathlib.Path(out)
    if not target.exists() or target.read_text() != text:
        target.write_text(text)


if __name__ == '__main__':
    main()
