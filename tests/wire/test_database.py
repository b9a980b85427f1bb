"""What the database itself lets each role see and do, whatever the program above it forgets.

The tables are found by introspection: one that is new and holds somebody's rows is judged too.
"""
import json
import pathlib
import sys

import psycopg2
import pytest
from harness.db import DATABASE, LOGIN_ROLES, SUPERUSER
from harness.roles import As

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import gen_isolation  # noqa: E402

# Holds what is published, from every vendor, for everybody; only refresh_products() writes it.
PUBLISHED_TABLES = {"listing"}
# Of these, everybody who shops sees what is published; the condition says what that is.
PUBLISHED = {
    "vendor": "state = 'approved'",
    "shipping_method": "active",
    "product": "visible",
    "variant": "deleted_at is null and exists (select from product p where p.vendor_id = "
               "variant.vendor_id and p.id = variant.product_id and p.visible)",
    "vendor_response": "true",
}
SHOPPERS = ("sebez_public", "sebez_customer")
# Which of a table's rows are a customer's, as the superuser sees them: %(me)s is the account.
MINE = {
    "account": "id = %(me)s",
    "vendor": "id in (select vendor_id from sub_order where account_id = %(me)s "
              "union select vendor_id from staff where account_id = %(me)s)",
    "cart": "account_id = %(me)s",
    "cart_line": "cart_id in (select id from cart where account_id = %(me)s)",
    "sub_order_history": "sub_order_id in (select id from sub_order where account_id = %(me)s)",
    "shipment": "sub_order_id in (select id from sub_order where account_id = %(me)s)",
    "shipment_line": "order_line_id in (select id from order_line where account_id = %(me)s)",
    "staff_invitation": "email = (select email from account where id = %(me)s)",
    "idempotency_key": "scope = 'customer:' || %(me)s",
}
# What these have, another row of the same order or part would break: one payment each, one part
# per vendor, and sums that add up (orders_add_up). A cart becomes one order, a conversation is
# opened by conversation_open() alone, which looks at the sub-order.
HELD_BY_CONSTRAINTS = {"shop_order", "sub_order", "order_line", "payment", "conversation"}


def tenant_tables(db):
    """Tables that hold rows of somebody: by their columns, or by hanging on such a table."""
    named = {t for t in db.tables() if {"vendor_id", "account_id"} & db.columns(t)}
    return (named | {"account", "vendor", "refresh_token", "idempotency_key", "outbox",
                     "dead_letter"}) - PUBLISHED_TABLES


def readable(db, role, table):
    """The columns of a table that a role may read."""
    return sorted(c for c in db.columns(table) if db.one(
        "select has_column_privilege(%s, %s, %s, 'select')", role, table, c))


def as_text(row):
    """For comparing: a memoryview's own text has its address."""
    return tuple(str(bytes(value)) if isinstance(value, memoryview) else str(value)
                 for value in row)


def keys(cursor, table, columns):
    cursor.execute(f"select ctid from {table}" if not columns else
                   f"select {', '.join(columns)} from {table}")
    return {as_text(row) for row in cursor.fetchall()}


def test_row_level_security_is_on_and_forced_wherever_rows_are_somebodys(db):
    rows = db.rows("select relname, relrowsecurity, relforcerowsecurity from pg_class "
                   "where relname = any (%s) and relkind in ('r', 'p')", list(tenant_tables(db)))
    assert {r["relname"] for r in rows} == tenant_tables(db)
    assert all(r["relrowsecurity"] and r["relforcerowsecurity"] for r in rows), rows


def test_no_role_that_logs_in_can_get_around_the_policies(db):
    assert not db.rows(
        "select rolname from pg_roles where rolname like 'sebez\\_%%' and rolname <> 'sebez_super' "
        "and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)")
    for role in LOGIN_ROLES:
        memberships = db.rows(
            "select g.rolname from pg_auth_members m join pg_roles g on g.oid = m.roleid "
            "join pg_roles r on r.oid = m.member where r.rolname = %s", role)
        assert not memberships, f"{role} is a member of {memberships}"
        owned = db.rows("select relname from pg_class c join pg_roles r on r.oid = c.relowner "
                        "where r.rolname = %s", role)
        assert not owned, f"{role} owns {owned}"


def test_the_owner_and_the_kernel_do_not_log_in(db):
    assert not db.rows("select rolname from pg_roles where rolcanlogin "
                       "and rolname in ('sebez_owner', 'sebez_kernel')")


def test_only_sign_in_reads_password_hashes(db):
    readers = [role for role in LOGIN_ROLES
               if "password_hash" in readable(db, role, "account")]
    assert readers == ["sebez_auth"]


@pytest.mark.parametrize("role", ["sebez_public", "sebez_customer", "sebez_vendor"])
def test_without_an_actor_nothing_is_seen_but_what_is_published(db, role):
    seen = {}
    for table in tenant_tables(db):
        columns = readable(db, role, table)
        if not columns:
            continue
        with As(db, role) as cursor:
            rows = keys(cursor, table, columns)
        published = PUBLISHED.get(table) if role in SHOPPERS else None
        if published:
            connection = db.connect()
            with connection, connection.cursor() as cursor:
                cursor.execute(f"select {', '.join(columns)} from {table} where {published}")
                rows -= {as_text(row) for row in cursor.fetchall()}
            connection.close()
        if rows:
            seen[table] = len(rows)
    assert not seen


def test_settings_that_were_emptied_show_nothing(db):
    with As(db, "sebez_vendor", vendor="", account="") as cursor:
        cursor.execute("select count(*) from product")
        assert cursor.fetchone() == (0,)


def test_staff_see_no_row_of_another_vendor(world, db):
    mine, owner = world.a.vendor.id, world.a.vendor.owner.id
    with As(db, "sebez_vendor", vendor=mine, account=owner) as cursor:
        for table in tenant_tables(db):
            columns = readable(db, "sebez_vendor", table)
            if "vendor_id" in columns:
                cursor.execute(f"select distinct vendor_id::text from {table} "
                               "where vendor_id is not null")
                assert {row[0] for row in cursor.fetchall()} <= {mine}, table
            if {"vendor_id", "account_id"} <= set(columns):
                cursor.execute(f"select distinct account_id::text from {table} "
                               "where vendor_id is null")
                assert {row[0] for row in cursor.fetchall()} <= {owner}, table
        cursor.execute("select id::text from vendor")
        assert cursor.fetchall() == [(mine,)]
        cursor.execute("select count(*) from product")
        assert cursor.fetchone()[0] > 0
        cursor.execute("select id::text from account")
        colleagues = {r["id"] for r in db.rows(
            "select account_id::text as id from staff where vendor_id = %s", mine)}
        assert {row[0] for row in cursor.fetchall()} == colleagues


def test_customers_see_no_row_of_another(world, db):
    me = world.a.customer.id
    for table in sorted(tenant_tables(db)):
        columns = readable(db, "sebez_customer", table)
        if not columns:
            continue
        condition = MINE.get(table) or (
            "account_id = %(me)s" if "account_id" in db.columns(table) else "false")
        if table in PUBLISHED:
            condition = f"({condition}) or ({PUBLISHED[table]})"
        connection = db.connect()
        with connection, connection.cursor() as cursor:
            cursor.execute(f"select {', '.join(columns)} from {table} where {condition}",
                           {"me": me})
            allowed = {as_text(row) for row in cursor.fetchall()}
        connection.close()
        with As(db, "sebez_customer", account=me, scope=f"customer:{me}") as cursor:
            assert keys(cursor, table, columns) <= allowed, table
    with As(db, "sebez_customer", account=me) as cursor:
        cursor.execute("select count(*) from shop_order")
        assert cursor.fetchone()[0] >= 2


def updatable(db, role, table):
    return next((c for c in sorted(db.columns(table)) if db.one(
        "select has_column_privilege(%s, %s, %s, 'update')", role, table, c)
        and db.one("select attgenerated = '' from pg_attribute where attrelid = %s::regclass "
                   "and attname = %s", table, c)), None)


@pytest.mark.parametrize("role", ["sebez_vendor", "sebez_customer"])
def test_nobody_writes_rows_of_another(world, db, role):
    me = {"sebez_vendor": {"vendor": world.a.vendor.id, "account": world.a.vendor.owner.id},
          "sebez_customer": {"account": world.a.customer.id}}[role]
    key, theirs = {"sebez_vendor": ("vendor_id", world.b.vendor.id),
                   "sebez_customer": ("account_id", world.b.customer.id)}[role]
    tried = 0
    for table in sorted(tenant_tables(db)):
        column = updatable(db, role, table)
        if not column or key not in readable(db, role, table):
            continue
        with As(db, role, **me) as cursor:
            cursor.execute(f"update {table} set {column} = {column} where {key} = %s", (theirs,))
            assert cursor.rowcount == 0, f"{role} changed {table}"
            tried += 1
        if db.one("select has_table_privilege(%s, %s, 'delete')", role, table):
            with As(db, role, **me) as cursor:
                cursor.execute(f"delete from {table} where {key} = %s", (theirs,))
                assert cursor.rowcount == 0, f"{role} deleted from {table}"
    assert tried


def hanging(db):
    """Tables whose rows hang on one that is a customer's: by their foreign keys."""
    of_customers = {t for t in tenant_tables(db) if "account_id" in db.columns(t)} \
        | {t for t in MINE if t not in PUBLISHED}
    return {row["child"] for row in db.rows(
        "select conrelid::regclass::text as child, confrelid::regclass::text as parent "
        "from pg_constraint where contype = 'f'") if row["parent"] in of_customers - {"account"}}


def insertable(db, role, table):
    return [c for c in sorted(db.columns(table)) if db.one(
        "select has_column_privilege(%s, %s, %s, 'insert')", role, table, c) and db.one(
        "select attgenerated = '' and attidentity = '' from pg_attribute "
        "where attrelid = %s::regclass and attname = %s", table, c)]


def test_customers_hang_nothing_on_what_is_another_s(world, db):
    me, other = world.a.customer.id, world.b.customer.id
    refused = set()
    for table in sorted(hanging(db) & tenant_tables(db) - HELD_BY_CONSTRAINTS):
        columns = ", ".join(insertable(db, "sebez_customer", table))
        if not columns:
            continue
        of_other = MINE.get(table) or "account_id = %(me)s"
        connection = db.connect()
        with connection, connection.cursor() as cursor:
            cursor.execute(f"select to_json(x)::text from {table} x where {of_other}",
                           {"me": other})
            row = cursor.fetchone()
        connection.close()
        if not row:
            continue
        forged = json.loads(row[0])
        for column in {"account_id", "by_account", "author_id"} & set(forged):
            forged[column] = me
        with As(db, "sebez_customer", account=me, actor="customer") as cursor:
            with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="row-level security"):
                cursor.execute(f"insert into {table} ({columns}) select {columns} "
                               f"from json_populate_record(null::{table}, %s)",
                               (json.dumps(forged),))
                pytest.fail(f"{table} took {forged}")
        refused.add(table)
    assert {"sub_order_history", "cart_line", "message", "message_held"} <= refused


def test_customers_are_not_shown_the_commission_on_what_they_bought(world, db):
    hidden = {"commission", "commission_basis_points", "commission_rule_id",
              "shipping_commission", "commission_tax_basis_points", "commissioned_quantity"}
    assert db.columns("order_line") - set(readable(db, "sebez_customer", "order_line")) == hidden
    with As(db, "sebez_customer", account=world.a.customer.id, actor="customer") as cursor:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("select commission from order_line")


@pytest.mark.parametrize("role", ["sebez_vendor", "sebez_customer"])
def test_only_jobs_and_admins_leave_what_is_to_be_delivered(db, role):
    with As(db, role) as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute("insert into outbox (topic, subject_id) values ('push_chat', "
                       "gen_random_uuid())")


def test_a_conversation_is_told_only_by_whom_its_order_concerns(world, db):
    theirs = world.b.sub_order["id"]
    state = db.one("select state from sub_order where id = %s", theirs)
    for role, me in (("sebez_vendor", {"vendor": world.a.vendor.id, "actor": "staff"}),
                     ("sebez_customer", {"account": world.a.customer.id, "actor": "customer"})):
        with As(db, role, **me) as cursor:
            cursor.execute("select chat_system_message(array[%s::uuid], %s, %s)",
                           (theirs, state, "Moved."))
            cursor.execute("select coalesce(current_setting('sebez.feed', true), '')")
            assert cursor.fetchone() == ("",)


@pytest.mark.parametrize("quantity", [0, -1000, None])
def test_stock_is_taken_by_whole_pieces(world, db, quantity):
    product = world.b.product
    with As(db, "sebez_customer", account=world.a.customer.id) as cursor:
        with pytest.raises(psycopg2.errors.RaiseException):
            cursor.execute("select reserve_stock(array[%s::uuid], array[%s::uuid], array[%s::int], "
                           "array[%s::bigint], array[null::text], now())",
                           (world.b.vendor.id, product.variant, quantity, product.price))


def test_staff_cannot_put_a_row_into_another_vendor(world, db):
    with As(db, "sebez_vendor", vendor=world.a.vendor.id) as cursor:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(
                "insert into shipping_method (vendor_id, id, name, price, currency) "
                "values (%s, gen_random_uuid(), 'Mine', 0, 'USD')", (world.b.vendor.id,))


def test_staff_cannot_move_a_row_to_another_vendor(world, db):
    with As(db, "sebez_vendor", vendor=world.a.vendor.id) as cursor:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("update shipping_method set vendor_id = %s where vendor_id = %s",
                           (world.b.vendor.id, world.a.vendor.id))


def test_the_page_of_isolation_says_what_the_catalogue_says(db):
    """When a change is meant: tools/gen_isolation.py CONNINFO > docs/ISOLATION.md, and read it."""
    conninfo = f"host={db.folder} port={db.port} user={SUPERUSER} dbname={DATABASE}"
    assert gen_isolation.page(conninfo) == (ROOT / "docs/ISOLATION.md").read_text()
