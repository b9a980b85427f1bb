"""Journals of the past: which month one is of, its id says, and they cannot be written there."""
import contextlib

TABLES = (("journal", "id"), ("journal_entry", "journal_id"), ("ledger_uncarried", "journal_id"),
          ("sale_line", "journal_id"), ("sale_uncounted", "journal_id"))


def made_older(shop, vendor, when, most):
    """The vendor's first journals become this old."""
    with contextlib.closing(shop.db.connect()) as past, past.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute("select id, overlay(id::text placing left(uuid_at(%s)::text, 13) from 1 "
                       "for 13) from journal where vendor_id = %s order by id limit %s",
                       [when, vendor.id, most])
        for present, past_id in cursor.fetchall():
            for table, column in TABLES:
                cursor.execute(f"update {table} set {column} = %s where {column} = %s",
                               [past_id, present])
        past.commit()
