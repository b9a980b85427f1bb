#!/usr/bin/python3
"""Who may do what to which rows, from the catalogue of a database: gen_isolation.py CONNINFO.

Prints docs/ISOLATION.md. tests/wire/test_database.py compares it with that of a running server."""
import json
import subprocess
import sys

ROLES = ["public", "auth", "customer", "vendor", "admin", "jobs", "media",
         "kernel"]
VERBS = {"select": "r", "insert": "a", "update": "w", "delete": "d"}

HEAD = """# Isolation

Which role may do what to which rows, read from the catalogue of a fresh database
(`tools/gen_isolation.py`; a test holds this page against it). What is not here is refused. A
request acts as one of six roles, and the envelope has set `current_account()`, `current_vendor()`,
`current_guest()` or `current_scope()` for its transaction, or none: then they are NULL, which
equals nothing. `kernel` owns most of the functions at the end, which cross row level security on
purpose; `owner` owns the tables and the rest of those functions.

**Rows** is the predicate of the policies. Where an update has two, the first says which rows may be
changed, the second what they may become. A table without row level security says so.
"""

TABLES = """
select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as forced,
  (select json_agg(json_build_object('role', replace(a.grantee::regrole::text, 'sebez_', ''),
      'verb', lower(a.privilege_type)))
   from aclexplode(c.relacl) a where a.grantee <> c.relowner) as grants,
  (select json_agg(json_build_object('role', replace(a.grantee::regrole::text, 'sebez_', ''),
      'verb', lower(a.privilege_type), 'column', t.attname) order by t.attnum)
   from pg_attribute t, aclexplode(t.attacl) a
   where t.attrelid = c.oid and not t.attisdropped) as column_grants,
  (select json_agg(json_build_object('verb', p.polcmd,
      'roles', (select json_agg(replace(r::regrole::text, 'sebez_', '')) from unnest(p.polroles) r),
      'using', pg_get_expr(p.polqual, p.polrelid, true),
      'check', pg_get_expr(p.polwithcheck, p.polrelid, true)) order by p.polname)
   from pg_policy p where p.polrelid = c.oid and p.polpermissive) as policies
from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
and not c.relispartition and c.relname <> 'sebez_migration'
order by c.relname
"""

FUNCTIONS = """
select p.oid::regprocedure::text as name, replace(o.rolname, 'sebez_', '') as owner,
  p.prorettype = 'trigger'::regtype as trigger,
  (select json_agg(distinct case when a.grantee = 0 then 'everybody'
      else replace(a.grantee::regrole::text, 'sebez_', '') end)
   from aclexplode(p.proacl) a where a.grantee <> p.proowner) as callers
from pg_proc p join pg_roles o on o.oid = p.proowner
where p.pronamespace = 'public'::regnamespace and p.prosecdef order by 2, 1
"""


def ask(conninfo, query):
    """The rows of a query, as psql gives them: the page needs no driver."""
    wrapped = f"select coalesce(json_agg(x), '[]') from ({query}) x"
    return json.loads(subprocess.run(["psql", "-XAtq", "-d", conninfo, "-c", wrapped], check=True,
                                     capture_output=True, text=True).stdout)


def predicate(table, role, verb):
    """What its policies let the role touch."""
    if not table["forced"]:
        return "no row level security"
    mine = [p for p in table["policies"] or []
            if role in p["roles"] and p["verb"] in ("*", VERBS[verb])]
    using = [p["using"] for p in mine if p["using"]]
    check = [p["check"] or p["using"] for p in mine]
    parts = {"select": [using], "delete": [using], "insert": [check],
             "update": [using] if using == check else [using, check]}[verb]
    return "; then ".join(code(each) for each in parts)


def code(conditions):
    if not conditions:
        return "none"
    if "true" in conditions:
        return "all"
    return " or ".join(f"`{plain(each)}`" for each in conditions)


def plain(condition):
    """Without the casts and the outer parentheses that PostgreSQL adds."""
    text = " ".join(condition.replace("::text", "").split()).replace("( SELECT", "(SELECT")
    return text[1:-1] if text.startswith(("(EXISTS (", "(id IN (")) and text.endswith("))") \
        and text.count("EXISTS") < 2 else text


def lines_of(table):
    """(roles, verb, columns, rows), roles that may do the same together."""
    merged = {}
    for role in ROLES:
        for verb in VERBS:
            whole = any(g["role"] == role and g["verb"] == verb for g in table["grants"] or [])
            columns = [g["column"] for g in table["column_grants"] or []
                       if g["role"] == role and g["verb"] == verb]
            if whole or columns:
                key = (verb, "all" if whole else ", ".join(columns), predicate(table, role, verb))
                merged.setdefault(key, []).append(role)
    same = {}
    for (verb, columns, rows), roles in merged.items():
        same.setdefault((tuple(roles), columns, rows), []).append(verb)
    return [(", ".join(roles), ", ".join(verbs), columns, rows)
            for (roles, columns, rows), verbs in same.items()]


def page(conninfo):
    parts = [HEAD]
    for table in ask(conninfo, TABLES):
        parts.append(f"\n## {table['name']}\n\n"
                     "| role | may | columns | rows |\n|---|---|---|---|\n")
        parts += [f"| {' | '.join(line)} |\n" for line in lines_of(table)]
    parts.append("\n## Functions that cross row level security\n\n"
                 "They run as their owner, and check what they are asked before they do it.\n\n"
                 "| function | as | called by |\n|---|---|---|\n")
    for function in ask(conninfo, FUNCTIONS):
        callers = ["triggers"] if function["trigger"] else function["callers"] or ["nobody"]
        parts.append(f"| `{function['name']}` | {function['owner']} | {', '.join(callers)} |\n")
    return "".join(parts)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    print(page(sys.argv[1]), end="")
