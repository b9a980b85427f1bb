#!/usr/bin/env python3
"""Makes C of the list of common passwords: gen_passwords.py LIST.json.gz OUT.c

Keeps those of PASSWORD_MIN characters and more, sorted by their bytes, one a line."""
import gzip
import json
import pathlib
import sys

PASSWORD_MIN = 8  # as the contract's RegisterInput: shorter ones are refused anyway
A_LINE = 8


def chosen(passwords):
    found = {word.lower() for word in passwords if len(word) >= PASSWORD_MIN}
    for word in found:
        if not word.isprintable() or "\n" in word:
            raise SystemExit(f"gen_passwords: {word!r} is not one line of printable characters")
    return sorted(found, key=lambda word: word.encode())


def literal(word):
    return word.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?") + "\\n"


def main():
    source, code = map(pathlib.Path, sys.argv[1:])
    words = chosen(json.loads(gzip.decompress(source.read_bytes())))
    lines = ['\t"' + "".join(map(literal, words[at:at + A_LINE])) + '"'
             for at in range(0, len(words), A_LINE)]
    code.write_text('/* Made by tools/gen_passwords.py. */\n'
                    '#include "shop/accounts/common_password_list.h"\n\n'
                    "const char COMMON_PASSWORDS[] =\n" + "\n".join(lines) + ";\n"
                    "const size_t COMMON_PASSWORDS_LENGTH = sizeof(COMMON_PASSWORDS) - 1;\n")


if __name__ == "__main__":
    main()
