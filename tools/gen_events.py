#!/usr/bin/env python3
"""Makes the SQL functions that write the events of the contract as text, and those that say which
notices follow from them (api_notices.py):
gen_events.py OUT --api FOLDER --sql FILE...

For each kind that the files call, event_<kind>(owner, member => …), or with two owners who are told
the same; and for each shape, shape_<component>(member => …). A call that lacks a member, or has one
that the schema does not know, ends with status 1: PL/pgSQL would say so only when it gets there."""

import argparse
import pathlib
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from api_events import Member, Shape  # noqa: E402
from api_model import Contract  # noqa: E402
from api_notices import sql as notices_sql  # noqa: E402

ROLES = "sebez_customer, sebez_vendor, sebez_admin, sebez_jobs, sebez_kernel"
TYPES = {"uuid": "uuid", "text": "text", "int": "int", "bigint": "bigint", "bool": "boolean",
         "time": "timestamptz", "enum": "text"}
MONEY = Shape("money", [Member("amount", "bigint", True, False),
                        Member("currency", "text", True, False)])
CALL = re.compile(r"\b((?:event|shape)_[a-z_]+)\(")
HEAD = """-- Made by tools/gen_events.py from the contract in api/. Do not edit.
set local role sebez_owner;

-- Arguments follow the contract, and a function that is there keeps those that it has.
do $$
declare
	old regprocedure;
begin
	for old in select p.oid from pg_proc p
		where p.pronamespace = 'public'::regnamespace
		and p.proname ~ '^(event_|shape_|notice_kinds$|notice_matches$)'
	loop
		execute 'drop function ' || old;
	end loop;
end $$;
"""


def arguments(members):
    """In the order that PostgreSQL wants: those with a default are the last."""
    wanted = [m for m in members if m.type != "nothing"]
    out = [f'"{m.name}" {TYPES.get(m.type, "json")}' for m in wanted if m.required]
    for m in wanted:
        if not m.required:
            out.append(f'"{m.name}" {TYPES.get(m.type, "json")} default null')
        if m.given:
            out.append(f'"{m.name}_given" boolean default false')
    return out


def value(member):
    name = f'"{member.name}"'
    return {"nothing": "null", "time": f"json_time({name})"}.get(member.type, name)


def members_sql(members, undecided):
    """An expression for the object, with a case for each optional member that is not decided."""
    if not undecided:
        pairs = ", ".join(f"'{m.name}', {value(m)}" for m in members)
        return f"json_build_object({pairs})"
    first, rest = undecided[0], undecided[1:]
    there = f'"{first.name}_given"' if first.given else f'"{first.name}" is not null'
    without = [m for m in members if m is not first]
    return (f"case when {there} then {members_sql(members, rest)}\n"
            f"\telse {members_sql(without, rest)} end")


def function(name, parameters, returns, expression):
    # PostgreSQL puts such a body into what calls it, where cases of what is not given fall away.
    types = ", ".join(parameter.split()[1] for parameter in parameters)
    return (f"create function {name}({', '.join(parameters)}) returns {returns} language sql "
            f"stable parallel safe as $$\n\tselect {expression}\n$$;\n"
            f"grant execute on function {name}({types}) to {ROLES};\n")


def event(kind, owners):
    members = kind.shape.members
    owners = ["owner", "other"][:owners]
    parameters = [f"{owner} uuid" for owner in owners]
    parameters += ["payload json"] if kind.shared else arguments(members)
    payload = "payload" if kind.shared else members_sql(members, kind.shape.optional)
    # The fields of feed_flush(). JSON has no such character: it would be escaped.
    lines = [f"{owner}::text || E'\\x1f{kind.name}\\x1f' || ({payload})::text || E'\\x1f'"
             for owner in owners]
    return function(f"event_{kind.name}", parameters, "text", "\n\t|| ".join(lines))


def shape_function(shape):
    return function(f"shape_{shape.name}", arguments(shape.members), "json",
                    members_sql(shape.members, shape.optional))


def closing(text, start):
    """Where the parenthesis closes that is open at start, and the commas of its own."""
    depth, commas, quoted = 1, [start - 1], False
    for at in range(start, len(text)):
        c = text[at]
        quoted ^= c == "'"
        if quoted:
            continue
        depth += (c in "([") - (c in ")]")
        if depth == 0:
            return commas + [at]
        if c == "," and depth == 1:
            commas.append(at)
    return None


def calls(text):
    """(name, arguments that are not named, names of those that are) of each call."""
    text = re.sub(r"--[^\n]*", "", text)
    for found in CALL.finditer(text):
        bounds = closing(text, found.end())
        if bounds is None:
            continue
        parts = [text[a + 1:b].strip() for a, b in zip(bounds, bounds[1:])]
        named = [re.match(r'"?(\w+)"?\s*=>', part) for part in parts]
        yield found.group(1), named.count(None), [n.group(1) for n in named if n]


class Calls:
    """What is called, and what is wrong about it."""

    def __init__(self, events):
        self.known = {"shape_money": MONEY}
        self.known |= {f"shape_{name}": shape for name, shape in events.shapes.items()}
        self.known |= {f"event_{name}": kind for name, kind in events.events.items()
                       if kind.shape.members}
        self.used, self.errors = set(), []

    def look(self, file, text):
        for name, plain, named in calls(text):
            if name not in self.known:
                self.errors.append(f"{file}: the contract knows no {name}()")
                continue
            self.used.add((name, plain))
            self.compare(f"{file}: {name}()", self.known[name], plain, named)

    def compare(self, where, called, plain, named):
        is_event = not isinstance(called, Shape)
        if is_event and called.shared:
            wanted, may = {"payload"}, {"payload"}
        else:
            members = (called.shape if is_event else called).members
            members = [m for m in members if m.type != "nothing"]
            wanted = {m.name for m in members if m.required}
            may = {m.name for m in members} | {f"{m.name}_given" for m in members if m.given}
        if plain not in ((1, 2) if is_event else (0,)):
            self.errors.append(f"{where}: all but one or two owners are named")
        for name in sorted(wanted - set(named)):
            self.errors.append(f"{where} lacks {name}")
        for name in sorted(set(named) - may):
            self.errors.append(f"{where} has no {name}")

    def functions(self):
        for name, made in self.known.items():
            if (name, 0) in self.used:
                yield shape_function(made)
            for owners in (1, 2):
                if (name, owners) in self.used:
                    yield event(made, owners)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--api", required=True, type=pathlib.Path)
    parser.add_argument("--sql", nargs="+", required=True, type=pathlib.Path)
    args = parser.parse_args()
    contract = Contract(args.api)
    if contract.errors:
        sys.exit("\n".join(contract.errors))
    found = Calls(contract.payloads)
    for file in args.sql:
        found.look(file, file.read_text(encoding="utf-8"))
    if found.errors:
        sys.exit("\n".join(found.errors))
    text = "\n".join([HEAD, *found.functions(), notices_sql(contract.notices)])
    if not args.out.exists() or args.out.read_text(encoding="utf-8") != text:
        args.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
