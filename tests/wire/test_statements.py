"""Statements: opening and lines are closing, exactly, in JSON and CSV."""
import collections
import csv
import datetime
import io

import pytest

from harness.journals import made_older
from harness.shop import money, refused
from harness.sub_orders import good
from test_ledger import received
from test_payouts import enter, paid_out, released


@pytest.fixture(autouse=True)
def the_data_stays_sound(shop):
    yield
    shop.db.rows("update commission_rule set replaced_at = now() where replaced_at is null")
    assert shop.check() == []


ACCOUNTS = ("pending", "available", "reserved", "in_payout")
MONTH = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m")


def amounts(balances):
    return {account: balances[account]["amount"] for account in ACCOUNTS}


def adds_up(statement):
    sums = collections.Counter(amounts(statement["opening"]))
    for line in statement["lines"]:
        sums[line["account"]] += line["amount"]["amount"]
    assert {a: sums[a] for a in ACCOUNTS} == amounts(statement["closing"])
    return statement


def sold(shop):
    """A vendor with sales, a rule, cash, and a payout under way."""
    clay = shop.vendor(shipping=[("Gift", 0)])
    good(enter(clay))
    finance = shop.admin("finance")
    finance.do("createCommissionRule", body={"name": "Clay's rule", "position": 1,
                                             "vendor_id": clay.id, "basis_points": 500})
    released(shop, clay)
    paid_out(finance, clay)
    received(shop, shop.customer().order(clay.product(price=300), method="manual"))
    cash = shop.customer().order(clay.product(price=2000))
    for step in (clay.accept, clay.ship, clay.deliver):
        good(step(cash))
    return clay


def test_opening_and_lines_are_closing_which_is_the_balance(shop):
    clay = sold(shop)
    seen = adds_up(clay.do("getStatement", month=MONTH))
    now = clay.do("getBalance")
    assert amounts(seen["closing"]) == {
        "pending": now["pending"]["amount"],
        "available": now["available"]["amount"] - now["debt"]["amount"],
        "reserved": now["reserved"]["amount"], "in_payout": now["in_payout"]["amount"]}
    assert set(amounts(seen["opening"]).values()) == {0}
    ledger = clay.do("listLedger", limit=100)["items"]
    assert [line["id"] for line in seen["lines"]] == [e["id"] for e in reversed(ledger)]
    taken = [line for line in seen["lines"] if line["item"] == "commission"]
    assert {tuple(line["commission_rules"]) for line in taken} == {("Clay's rule",)}
    (payout,) = clay.do("listPayouts")["items"]
    assert {line["payout_id"] for line in seen["lines"]} == {None, payout["id"]}


def test_a_month_begins_with_what_the_one_before_ended_with(shop):
    """Of what was entered last month, the ids say so; they are made older here."""
    clay = sold(shop)
    older = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=40)
    made_older(shop, clay, older, most=3)
    before, now = (adds_up(clay.do("getStatement", month=month))
                   for month in (older.strftime("%Y-%m"), MONTH))
    assert before["closing"] == now["opening"] and before["lines"] and now["lines"]


def test_the_csv_has_the_same(shop):
    clay = sold(shop)
    seen = clay.do("getStatement", month=MONTH)
    text = clay.call("getStatement", month=MONTH, format="csv").text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [int(row["Entry"]) for row in rows[4:-4]] == [line["id"] for line in seen["lines"]]
    cents = [round(float(row["Amount"]) * 100) for row in rows]
    assert cents[4:-4] == [line["amount"]["amount"] for line in seen["lines"]]
    assert cents[:4] == [*amounts(seen["opening"]).values()]
    assert cents[-4:] == [*amounts(seen["closing"]).values()]


def test_months_without_entries_are_empty_and_others_are_none(shop):
    clay = shop.vendor()
    assert clay.do("listStatements")["items"] == []
    seen = clay.do("getStatement", month="2026-02")
    assert seen["lines"] == [] and seen["opening"]["pending"] == money(0)
    for wrong in ("2026-13", "1026-01", "26-02-1"):
        refused(clay.call("getStatement", month=wrong), 404)
    (listed,) = sold(shop).do("listStatements")["items"]
    assert listed["id"] == MONTH and listed["open"]
