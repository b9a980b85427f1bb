"""How tables are made: what keeps their rows together, keys, indexes, settings and plans."""
import pathlib
import re

import psycopg2
import pytest
from harness.roles import As

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_no_role_reaches_a_partition_but_through_its_table(db):
    partitions = db.rows("select c.relname, c.relacl::text as grants, a.rolname as owner "
                         "from pg_class c join pg_roles a on a.oid = c.relowner "
                         "where c.relispartition and c.relkind = 'r'")
    assert len(partitions) >= 4
    for partition in partitions:
        assert (partition["grants"], partition["owner"]) == (None, "sebez_owner"), partition


# What changes often, and so is in no index: an update of these alone is heap-only.
HOT = {
    "cart": {"version", "updated_at"}, "cart_line": {"quantity", "price", "added_at"},
    "chat_acknowledged": {"number"}, "feed": {"last_number"}, "session": {"used_at"},
    "conversation": {"customer_delivered", "customer_read", "vendor_delivered", "vendor_read"},
    "staff_acknowledged": {"number"}, "staff_read": {"seq"}, "variant": {"available"},
}


@pytest.mark.parametrize("table", HOT)
def test_no_index_contains_what_changes_often(db, table):
    assert HOT[table] <= db.columns(table)
    indexed = {row["name"]: row["index"] for row in db.rows(
        "select a.attname as name, i.indexrelid::regclass::text as index from pg_index i "
        "join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = i.indexrelid "
        "and d.refobjid = i.indrelid join pg_attribute a on a.attrelid = i.indrelid "
        "and a.attnum = d.refobjsubid where i.indrelid = %s::regclass "
        "union select a.attname, i.indexrelid::regclass::text from pg_index i "
        "join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey) "
        "where i.indrelid = %s::regclass", table, table)}
    assert not indexed.keys() & HOT[table], indexed
    room = db.one("select coalesce((select option_value::int from pg_class c, "
                  "pg_options_to_table(c.reloptions) where c.oid = %s::regclass "
                  "and option_name = 'fillfactor'), 100)", table)
    assert room <= 90


def test_the_embedded_postgresql_has_the_settings_that_are_advised(db):
    page = (ROOT / "docs/OPERATIONS.md").read_text()
    section = page.partition("## PostgreSQL's settings")[2].partition("\n## ")[0]
    advised = dict(re.findall(r"^\| `(\w+)` \| ([\w.]+) \|", section, re.M))
    assert len(advised) >= 8
    assert {name: db.one(f"show {name}") for name in advised} == advised
    size = db.one("select setting::bigint * 8 / 1024 from pg_settings "
                  "where name = 'shared_buffers'")
    assert 128 <= size <= 1024


def test_columns_can_be_added_to_tables_whose_rows_are_arguments(db):
    """db/README.md: PostgreSQL 17 refuses it for the sake of a body of the standard's form."""
    assert db.rows("select p.oid::regprocedure::text from pg_proc p where p.prosqlbody is not null "
                   "and p.pronamespace = 'public'::regnamespace "
                   "and exists (select from pg_type t join pg_class c on c.oid = t.typrelid "
                   "and c.relkind in ('r', 'p') where t.oid = any (p.proargtypes))") == []


def executions(plan, table):
    own = plan["Actual Loops"] if plan.get("Relation Name") == table else 0
    return own + sum(executions(below, table) for below in plan.get("Plans", []))


def test_an_approved_vendor_is_shown_without_reading_the_customers_orders(world, db):
    with As(db, "sebez_customer", account=world.a.customer.id) as cursor:
        cursor.execute("explain (analyze, format json) select id from vendor where id = %s",
                       (world.a.vendor.id,))
        ((plan,),) = cursor.fetchone()
    assert executions(plan["Plan"], "vendor") == 1
    assert executions(plan["Plan"], "shop_order") == 0


# Orders refer to these without foreign keys: src/shop/orders/schema.sql.
KEPT = {
    "account": ["id"], "vendor": ["id"], "product": ["vendor_id", "id"],
    "variant": ["vendor_id", "id"], "cart": ["id"], "payment": ["id", "order_id", "account_id"],
    "shop_order": ["id", "account_id", "cart_id"],
    "sub_order": ["vendor_id", "id", "order_id", "account_id"],
    "order_line": ["vendor_id", "id", "sub_order_id", "account_id", "product_id", "variant_id"],
}


@pytest.mark.parametrize("table", KEPT)
def test_what_orders_refer_to_is_never_deleted_and_keeps_its_key(world, db, table):
    of = " where id = (select cart_id from shop_order limit 1)" if table == "cart" else ""
    for change in [f"delete from {table}{of}",
                   *(f"update {table} set {key} = gen_random_uuid(){of}" for key in KEPT[table])]:
        connection = db.connect()
        with connection.cursor() as cursor, pytest.raises(psycopg2.errors.ForeignKeyViolation):
            cursor.execute(change)
        connection.rollback()
        connection.close()


@pytest.mark.parametrize("missing", ["sub_order", "order_line", "payment"])
def test_an_order_is_not_inserted_without_what_belongs_to_it(world, db, missing):
    order = world.a.order["id"]
    connection = db.connect()
    with connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        cursor.execute("create temporary table again as select * from shop_order where id = %s",
                       (order,))
        cursor.execute("delete from shop_order where id = %s", (order,))
        cursor.execute("savepoint whole")
        cursor.execute({
            "sub_order": "delete from sub_order where order_id = %s",
            "order_line": "delete from order_line where sub_order_id in "
                          "(select id from sub_order where order_id = %s)",
            "payment": "delete from payment where order_id = %s"}[missing], (order,))
        cursor.execute("set local session_replication_role = origin")
        with pytest.raises(psycopg2.errors.CheckViolation, match="does not add up"):
            cursor.execute("insert into shop_order select * from again")
        cursor.execute("rollback to whole")
        cursor.execute("set local session_replication_role = origin")
        cursor.execute("insert into shop_order select * from again")
    connection.rollback()
    connection.close()


def test_every_tenant_table_is_keyed_by_its_tenant(db):
    """(vendor_id, id): composite foreign keys need it, and so does distribution by vendor."""
    keyed = {row["t"]: row["columns"] for row in db.rows(
        "select c.relname as t, array_agg(a.attname::text) as columns from pg_index i "
        "join pg_class c on c.oid = i.indrelid join pg_attribute a on a.attrelid = c.oid "
        "and a.attnum = any (i.indkey) join pg_namespace n on n.oid = c.relnamespace "
        "where i.indisprimary and n.nspname = 'public' group by 1")}
    with_vendor = {t for t in db.tables() if "vendor_id" in db.columns(t)}
    without = {t for t in with_vendor if "vendor_id" not in keyed[t]}
    # Of everybody, of a customer, of the admins, of the server, of whoever uploads or is told; of
    # the marketplace or a vendor.
    assert without <= {"listing", "cart_line", "audit_log", "revocation", "upload",
                       "notice", "journal", "journal_entry", "webhook", "campaign",
                       "campaign_recipient", "campaign_test", "webhook_delivery",
                       "commission_rule", "chargeback_evidence", "chargeback_file",
                       "tax_profile", "support_view"}
