#!/usr/bin/python3
"""How PostgreSQL means to run each statement, as the role that runs it: no table that grows is read
whole. On a seeded database, for row level security and a missing index show in no other way."""
import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile

import psycopg2

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build"
os.environ["BENCH_BUILD"] = str(BUILD)
sys.path.insert(0, str(ROOT / "bench"))

from place import Server  # noqa: E402

LARGE = 2000  # rows; a table with fewer in this seed stays small in a marketplace, too
SEED = {"vendors": 50, "categories": 200, "products": 20000, "orders": 5000,
        "customers": 5000}
ROLES = ("sebez_public", "sebez_auth", "sebez_customer", "sebez_vendor", "sebez_admin",
         "sebez_jobs", "sebez_media")

# What a parameter may be, by its type: where plans depend on the values, null would make all of
# them empty.
LIKELY = {
    "uuid": "'018bcfe5-6801-7001-8000-000000000001'", "text": "'1'", "integer": "100",
    "bigint": "100", "boolean": "true", "timestamp with time zone": "now()",
    "double precision": "1", "jsonb": "'{}'", "bytea": "'x'",
}

# The role could run it, and does not. Its plan is no promise, so it may change from run to run.
NEVER = "never as this role"
# A job empties the table while the plans are judged, so they may change from run to run.
COUNTED = "what a job has not counted yet is little; here it is all, until it has"
# (role or any, statement): why it may read a whole table.
REASONS = {
    ("any", "order_customer"): "one of its clauses is always there",
    ("any", "order_lines_read"): "one of its clauses is always there",
    ("any", "sub_orders_read"): "one of its clauses is always there",
    ("any", "messages_found"): "one of its clauses is always there",
    ("sebez_admin", "demo_variant"): NEVER,
    ("sebez_admin", "sellers_page"): COUNTED,
    ("sebez_admin", "session_list"): NEVER,
    ("sebez_auth", "session_list"): NEVER,
    ("sebez_jobs", "session_list"): NEVER,
    ("sebez_jobs", "admin_products"): NEVER,
    ("sebez_jobs", "demo_variant"): "the demo is loaded into a marketplace with little else",
    ("sebez_jobs", "feed_sweep"): "all events here are later than the horizon that is given",
    ("sebez_customer", "uploads_removed"): NEVER,
    ("sebez_customer", "uploads_measured"): NEVER,
    ("sebez_vendor", "uploads_removed"): NEVER,
    ("sebez_vendor", "uploads_measured"): NEVER,
    ("sebez_admin", "money_accounts"): "sums of days are few, and so is what a job has not added "
                                       "to them yet; here it is all",
    ("sebez_jobs", "deadline_failures_forget"): "what failed is few; here it is as many as all",
}


def statements():
    """Name, types of the parameters, and text of every generated statement."""
    lines = subprocess.run([BUILD / "bench/statements"], capture_output=True, text=True, check=True)
    for line in lines.stdout.splitlines():
        name, count, types, text = line.split("\t")
        yield name, int(count), types, text


def likely(type_name):
    one = LIKELY[type_name.removesuffix("[]")]
    return f"array[{one}]::{type_name}" if type_name.endswith("[]") else one


def read_whole(plan):
    """The tables that a plan reads from their first row to their last."""
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for below in plan.get("Plans", []):
        yield from read_whole(below)


class Judge:
    def __init__(self, connection):
        connection.autocommit = True
        self.cursor = connection.cursor()
        # By name; a partition counts as its table.
        self.large = dict(self.rows(
            "select relname, coalesce((select inhparent::regclass::text from pg_inherits "
            "where inhrelid = c.oid), relname) from pg_class c where relkind = 'r' "
            "and reltuples > %s and relnamespace = 'public'::regnamespace", LARGE))
        self.types = {str(row[0]): row[1] for row in self.rows(
            "select oid, format_type(oid, null) from pg_type")}

    def rows(self, query, *arguments):
        self.cursor.execute(query, arguments or None)
        return self.cursor.fetchall()

    def act_as(self, role):
        """As store/pg_conn.c sets up the role's connections, and the envelope their actor."""
        self.cursor.execute(f"set session authorization {role}")
        custom = role in ("sebez_jobs", "sebez_media")
        plans = "force_custom_plan" if custom else "force_generic_plan"
        self.cursor.execute(f"set plan_cache_mode = {plans}")
        for setting in ("account", "vendor", "guest"):
            self.cursor.execute(f"set sebez.{setting} = '018bcfe5-6801-7001-8000-000000000001'")

    def plan(self, count, types, text):
        """None when the role may not run it."""
        declared = ", ".join(self.types[oid] for oid in types.split())
        given = ", ".join(likely(self.types[oid]) for oid in types.split())
        try:
            self.cursor.execute(f"prepare judged{f' ({declared})' if count else ''} as {text}")
            ((plan,),) = self.rows(
                f"explain (format json) execute judged{f' ({given})' if count else ''}")
            return plan[0]["Plan"]
        except psycopg2.errors.InsufficientPrivilege:
            return None
        finally:
            self.cursor.execute("deallocate all")

    def findings(self, role):
        self.act_as(role)
        for name, count, types, text in statements():
            if text.startswith("set constraints"):
                continue
            plan = self.plan(count, types, text)
            for table in set(read_whole(plan)) & self.large.keys() if plan else ():
                yield name.partition("/")[0], self.large[table]
        self.cursor.execute("reset session authorization")


def main():
    with tempfile.TemporaryDirectory(prefix="sebez-plans-") as folder:
        pathlib.Path(folder).chmod(0o755)
        with Server(pathlib.Path(folder) / "var", SEBEZ_PROCESSES=1) as server:
            server.psql((ROOT / "bench/seed.sql").read_text(), **SEED)
            server.psql((ROOT / "tests/lint/plans.sql").read_text())
            connection = psycopg2.connect(host=str(server.data / "run"), dbname="sebez",
                                          user="sebez_super")
            with contextlib.closing(connection):
                judge = Judge(connection)
                found = {(role, *finding) for role in ROLES for finding in judge.findings(role)}
    bad = sorted(f"{statement} reads all of {table} as {role}" for role, statement, table in found
                 if not {(role, statement), ("any", statement)} & REASONS.keys())
    used = {(role, statement) for role, statement, _ in found}
    used |= {("any", statement) for _, statement, _ in found}
    bad += [f"{role}, {statement}: needs no reason any more"
            for role, statement in sorted(REASONS.keys() - used)
            if REASONS[role, statement] not in (NEVER, COUNTED)]
    print("\n".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
