#!/usr/bin/python3
"""Prints sebez(1), made of what the program itself says: gen_man.py PROGRAM"""
import re
import subprocess
import sys


def said(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def plain(text):
    """Text that roff shows as it is."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"(?m)^(['.])", r"\\&\1", text)


def commands(program):
    """(name, arguments, prose) of each command."""
    for line in said(program, "--help").splitlines():
        if name := re.match(r"  (\S+(?: \S+)?)  +\S", line):
            usage, prose = said(program, *name[1].split(), "--help").split("\n\n")[:2]
            yield name[1], usage.removeprefix(f"Usage: sebez {name[1]}").strip(), prose.strip()


def settings(program):
    """(name, value without it, what more is known, prose) of each setting."""
    pattern = re.compile(r"(?m)^  (\w+)=(.*?)(?:  \((.*)\))?\n((?:      .*\n?)+)")
    for name, fallback, more, prose in pattern.findall(said(program, "serve", "--help")):
        yield name, fallback, more, " ".join(prose.split())


def page(program):
    version = said(program, "--version").split()[1]
    yield f'.TH SEBEZ 1 "" "Sebez {version}" "Sebez"'
    yield ".SH NAME\nsebez \\- multi\\-vendor marketplace server"
    yield ".SH SYNOPSIS\n.B sebez\n.I COMMAND\n.RI [ ARGUMENTS ]"
    yield ".SH COMMANDS"
    for name, arguments, prose in commands(program):
        yield f".TP\n.BI \"{plain(name)} \" \"{plain(arguments)}\"\n{plain(prose)}"
    yield (".SH ENVIRONMENT\nSettings are environment variables. Instead of\n.IR NAME ,\n"
           ".I NAME_FILE\nmay name a file whose content is the value.")
    for name, fallback, more, prose in settings(program):
        more = f" ({plain(more)})" if more else ""
        yield f".TP\n\\fB{plain(name)}\\fR={plain(fallback)}{more}\n{plain(prose)}"
    yield ".SH FILES"
    for path, prose in (("/etc/sebez/sebez.env", "Settings of the service."),
                        ("/etc/sebez/credentials", "Its secrets, which root alone reads."),
                        ("/var/lib/sebez", "Its data folder.")):
        yield f".TP\n.I {path}\n{prose}"
    yield (".SH EXIT STATUS\n0 after success, 1 after a failure, 2 when arguments or settings are "
           "not understood.")
    yield ".SH SEE ALSO\n.BR sebez\\-settings (8),\n.I /usr/share/doc/sebez/OPERATIONS.md.gz"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print("\n".join(page(sys.argv[1])))
