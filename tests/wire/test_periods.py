"""Closed months: no journal is added to them, whoever writes it, and what they contained stays."""
import contextlib
import threading

import psycopg2
import pytest

from harness.journals import made_older
from harness.shop import fresh, refused
from harness.wait import until
from test_ledger import received
from test_statements import adds_up

JOURNAL = ("insert into journal (id, cause_kind, cause_id, currency, vendor_id, actor, at) "
           "values (uuid_at(%(at)s), 'debt_paid', gen_random_uuid(), 'USD', %(vendor)s, 'system', "
           "%(at)s)")
ENTRIES = ("insert into journal_entry (journal_id, account, vendor_id, item, amount) values "
           "(uuid_at(%(at)s), 'bank', null, 'debt', 5), "
           "(uuid_at(%(at)s), 'available', %(vendor)s, 'debt', -5)")
WRITTEN = f"with written as ({JOURNAL} returning id) {ENTRIES}"


@pytest.fixture(autouse=True)
def the_data_stays_sound(shop):
    yield
    assert shop.check() == []


@pytest.fixture
def month(shop):
    """The next one after all that are closed: long ago, so that other tests write none."""
    return shop.db.one("select to_char(greatest(max(month), '2010-01-01') + interval '1 month', "
                       "'YYYY-MM') from period_close")


def close(shop, month, **how):
    """All of whose journals are in the sums by day, as they are after a minute."""
    shop.db.rows("select ledger_carry(1000000)")
    return shop.admin("finance").call("closePeriod", month=month, body=how)


def test_a_closed_month_takes_no_journal_and_says_who_closed_it(shop, month):
    clay = shop.vendor()
    received(shop, shop.customer().order(clay.product(price=10000), method="manual"))
    made_older(shop, clay, f"{month}-15", most=1)
    before = adds_up(clay.do("getStatement", month=month))
    closed = close(shop, month, note="Reconciled").json()
    finance = shop.admin("finance")
    assert closed["closed_by"] == finance.id and closed["note"] == "Reconciled"
    assert closed["id"] == month and closed["journals"] == 1
    sums = {a["account"]: (a["debit"]["amount"], a["credit"]["amount"]) for a in closed["accounts"]}
    assert sums == {"bank": (10500, 0), "pending": (1000, 10500), "commission": (0, 1000)}
    (listed,) = [p for p in finance.do("listPeriods")["items"] if p["id"] == month]
    assert listed == closed
    for at in (f"{month}-01", f"{month}-28 23:59:59Z", "1999-12-31"):
        with pytest.raises(psycopg2.Error, match="The month is closed"):
            shop.db.rows(WRITTEN % {"at": f"'{at}'", "vendor": f"'{clay.id}'"})
    received(shop, shop.customer().order(clay.product(), method="manual"))
    assert clay.do("getStatement", month=month) == before
    (audited,) = [a for a in shop.admin("superadmin").all("listAudit", object_id=shop.db.one(
        "select id from period_close where month = %s", f"{month}-01"))]
    assert audited["action"] == "insert" and audited["by"]["id"] == finance.id


def test_months_are_closed_one_after_the_other_once_and_when_they_are_over(shop, month):
    clay = shop.vendor()
    received(shop, shop.customer().order(clay.product(), method="manual"))
    made_older(shop, clay, f"{month}-15", most=1)
    later = shop.db.one("select to_char(%s::date + interval '1 month', 'YYYY-MM')", f"{month}-01")
    now = shop.db.one("select to_char(now() at time zone 'UTC', 'YYYY-MM')")
    assert month in refused(close(shop, later), 409)["detail"]
    assert close(shop, month).status_code == 200
    refused(close(shop, month), 409)
    refused(close(shop, now), 409)
    refused(close(shop, "2026-13"), 404)


def months_after(shop, month, count):
    return shop.db.one("select to_char(%s::date + make_interval(months => %s), 'YYYY-MM')",
                       f"{month}-01", count)


def test_a_month_without_journals_is_closed_with_the_next_one(shop, month):
    last, shown = months_after(shop, month, 2), {}
    for when in (month, last):
        vendor = shop.vendor()
        received(shop, shop.customer().order(vendor.product(), method="manual"))
        made_older(shop, vendor, f"{when}-15", most=1)
        assert close(shop, when).status_code == 200
    for period in shop.admin("finance").do("listPeriods")["items"]:
        shown[period["id"]] = period
    empty = shown[months_after(shop, month, 1)]
    assert empty["closed_at"] == shown[last]["closed_at"]
    assert (empty["journals"], empty["accounts"], empty["note"]) == (0, [], None)
    assert shown[months_after(shop, month, 3)]["closed_at"] is None
    refused(close(shop, empty["id"]), 409)


def test_a_journal_that_was_begun_before_midnight_is_of_the_day_in_its_id(shop, month):
    clay = shop.vendor()
    with contextlib.closing(shop.db.connect()) as other, other.cursor() as cursor:
        cursor.execute(WRITTEN.replace("uuid_at(%(at)s)", f"uuid_at('{month}-15 00:00:01Z')") % {
            "at": f"'{month}-14 23:59:59Z'", "vendor": f"'{clay.id}'"})
        other.commit()
    shop.db.rows("select ledger_carry(1000000)")
    assert shop.db.rows("select day::text, debit from ledger_day where account = 'bank' "
                        "and to_char(day, 'YYYY-MM') = %s", month) == [
        {"day": f"{month}-15", "debit": 5}]
    assert close(shop, month).status_code == 200


def test_closing_waits_for_whoever_writes_a_journal(shop, month):
    clay = shop.vendor()
    answers = []
    with contextlib.closing(shop.db.connect()) as other, other.cursor() as cursor:
        cursor.execute(WRITTEN % {"at": f"'{month}-20'", "vendor": f"'{clay.id}'"})
        closing = threading.Thread(target=lambda: answers.append(close(shop, month)))
        closing.start()
        until(lambda: shop.db.one("select count(*) from pg_locks "
                                  "where locktype = 'advisory' and not granted") > 0)
        assert answers == []
        other.commit()
        closing.join()
    assert answers[0].json()["closed_at"]
    assert added_up(shop, month)["journals"] == 1


def added_up(shop, month):
    """A closed month, after a run of the job."""
    shop.db.rows("select ledger_carry(1000000)")
    shop.db.rows("select periods_sum_up()")
    (listed,) = [p for p in shop.admin("finance").do("listPeriods")["items"] if p["id"] == month]
    return listed


def test_closing_reads_no_entries_and_the_job_adds_the_month_up(shop, month):
    """However many entries a month has: all money waits while it is being closed."""
    clay = shop.vendor()
    received(shop, shop.customer().order(clay.product(price=10000), method="manual"))
    made_older(shop, clay, f"{month}-15", most=1)
    with contextlib.closing(shop.db.connect()) as other, other.cursor() as cursor:
        cursor.execute("lock table journal_entry in access exclusive mode")
        closed = shop.admin("finance").do("closePeriod", month=month, body={})
        is_left = shop.db.one("select count(*) from ledger_uncarried where period_of(journal_id) "
                              "= %s", f"{month}-01")  # unless the job was faster
        assert closed["closed_at"] and closed["journals"] == (None if is_left else 1)
    seen = added_up(shop, month)
    assert seen["closed_at"] == closed["closed_at"] and seen["journals"] == 1
    sums = {a["account"]: (a["debit"]["amount"], a["credit"]["amount"]) for a in seen["accounts"]}
    assert sums == {"bank": (10500, 0), "pending": (1000, 10500), "commission": (0, 1000)}
    assert shop.db.one("select periods_sum_up()") == 0
    with pytest.raises(psycopg2.Error):
        shop.db.rows("update period_close set journals = 2 where journals = 1")


def test_only_finance_closes_months(shop, month):
    for role in ("operations", "support"):
        refused(shop.admin(role).call("closePeriod", month=month, body={}), 403)
        refused(shop.admin(role).call("listPeriods"), 403)
