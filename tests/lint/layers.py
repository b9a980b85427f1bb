#!/usr/bin/python3
"""Includes point only downward; areas of shop/ know each other by one header.

Rules, for every #include "..." under src/:
  - a layer includes itself and the layers below it; main.c includes anything;
  - media, a program of its own, includes itself and base; of it others include only protocol.h;
  - a file of shop/<area>/ includes of another area only shop/<other>/<other>.h;
  - <name>.sql.h is included only from the folder that holds <name>.sql;
  - api.gen.h belongs to web: web, shop, node and main.c may include it;
  - what is included exists (or is generated);
  - what the tables of a shop/<area>/area.c name is not named on the layers below shop.
"""
import pathlib
import re
import sys

LAYERS = ["base", "net", "store", "task", "web", "shop", "node"]
ASIDE = "media"
ASIDE_HEADER = pathlib.PurePosixPath("media/protocol.h")
GENERATED = {"api.gen.h": "web"}
TABLE_ROW = re.compile(r'\{"(\w+)",')
LITERAL = re.compile(r'"(\w*(?:_|\d)\w*)"')  # a constraint, an SQLSTATE: no word of everyday use
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def layer_of(path):
    return LAYERS.index(path.parts[0]) if path.parts[0] in LAYERS else len(LAYERS)


def complaint(source, included, root):
    """Why `source` (relative to src/) must not include `included`, or None."""
    name = pathlib.PurePosixPath(included).name
    if name in GENERATED:
        included_layer = LAYERS.index(GENERATED[name])
    elif name.endswith(".sql.h"):
        if list((root / source.parent).glob(name[: -len(".h")])):
            return None
        return f"the statements of {name} belong to another folder"
    elif name.endswith(".gen.h"):
        return None
    else:
        target = pathlib.PurePosixPath(included)
        if target.parts[0] not in [*LAYERS, ASIDE] and (root / source.parent / included).exists():
            return "name it from src/, with its folder"
        if not (root / target).exists():
            return "there is no such file under src/"
        if ASIDE in (target.parts[0], source.parts[0]):
            allowed = (source.parts[0] == ASIDE and target.parts[0] in (ASIDE, "base")
                       or target == ASIDE_HEADER and source.parts[0] != "base")
            return None if allowed else "media includes base, and others only its protocol.h"
        included_layer = layer_of(target)
        if target.parts[0] == "shop" and source.parts[0] == "shop" and len(target.parts) == 3:
            own = len(source.parts) == 3 and source.parts[1] == target.parts[1]
            if not own and target.name != target.parts[1] + ".h":
                return f"of area {target.parts[1]} others may include only {target.parts[1]}.h"
    if included_layer > layer_of(source):
        return f"{source.parts[0]} is below {LAYERS[included_layer]}"
    return None


def named_below(root):
    """Names of the areas' tables on lower layers."""
    owner = {name: path.parent.name for path in root.glob("shop/*/area.c")
             for name in TABLE_ROW.findall(path.read_text())}
    for path in sorted([*root.rglob("*.c"), *root.rglob("*.h")]):
        source = path.relative_to(root)
        if layer_of(source) >= LAYERS.index("shop"):
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            row = TABLE_ROW.findall(line) if line.strip().startswith("{") else []
            for name in {*row, *LITERAL.findall(line)} & owner.keys():
                yield f'src/{source}:{number}: "{name}" belongs to area {owner[name]}'


def check(root):
    bad = list(named_below(root))
    for path in sorted([*root.rglob("*.c"), *root.rglob("*.h")]):
        source = path.relative_to(root)
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = INCLUDE.match(line)
            why = complaint(source, found.group(1), root) if found else None
            if why:
                bad.append(f'src/{source}:{number}: #include "{found.group(1)}": {why}')
    return bad


if __name__ == "__main__":
    problems = check(pathlib.Path(__file__).resolve().parents[2] / "src")
    print("\n".join(problems), end="\n" if problems else "")
    sys.exit(bool(problems))
