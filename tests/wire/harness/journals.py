"""Journals of the past: which month one is of, its id says, and they cannot be written there."""
import contextlib

TABLES = (("journal", "id"), ("journal_entry", "journal_id"), ("ledger_uncarried", "journal_id"),
          ("sale_line", "journal_id"), ("sale_uncounted", "journal_id"))


def uncarry(cursor, journal):
    """Its entries leave the sums by day, if they were there: those are of the time in its id."""
    cursor.execute("delete from ledger_uncarried where journal_id = %s", [journal])
    if cursor.rowcount == 0:
        cursor.execute(
            "update ledger_day d set debit = d.debit - e.debit, credit = d.credit - e.credit, "
            "journals = d.journals - e.journals "
            "from (select (uuid_time(journal_id) at time zone 'UTC')::date as day, account, "
            "sum(greatest(amount, 0)) as debit, sum(greatest(-amount, 0)) as credit, "
            "count(*) filter (where id = (select min(x.id) from journal_entry x "
            "where x.journal_id = y.journal_id)) as journals "
            "from journal_entry y where journal_id = %s group by 1, 2) e "
            "where (d.day, d.account) = (e.day, e.account)", [journal])
        cursor.execute("delete from ledger_day where debit = 0 and credit = 0")
    cursor.execute("insert into ledger_uncarried (journal_id) values (%s)", [journal])


def made_older(shop, vendor, when, most):
    """The vendor's first journals become this old."""
    with contextlib.closing(shop.db.connect()) as past, past.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute("select id, overlay(id::text placing left(uuid_at(%s)::text, 13) from 1 "
                       "for 13) from journal where vendor_id = %s order by id limit %s",
                       [when, vendor.id, most])
        for present, past_id in cursor.fetchall():
            uncarry(cursor, present)
            for table, column in TABLES:
                cursor.execute(f"update {table} set {column} = %s where {column} = %s",
                               [past_id, present])
        past.commit()
