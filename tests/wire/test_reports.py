"""Reports: exact to the cent, whether or not what was sold was counted. The oracle adds up journals
and lines."""
import collections
import csv
import datetime
import io
import random

import pytest

from harness.shop import ADDRESS, money, refused
from harness.sub_orders import good, line_of, some
from test_ledger import fees, received, refunded  # noqa: F401  (fees is a fixture)
from test_refunds import delivered, granted

AMOUNTS = ("gross", "discounts", "shipping", "tax", "refunds", "commission", "commission_tax",
           "net")
COUNTS = ("orders", "units", "returned_units")
TODAY = datetime.datetime.now(datetime.timezone.utc).date()


@pytest.fixture(autouse=True)
def the_data_stays_sound(shop):
    yield
    shop.db.rows("update commission_rule set replaced_at = now() where replaced_at is null")
    assert shop.check() == []


def plain(row):
    return {**{name: row[name] for name in COUNTS},
            **{name: row[name]["amount"] for name in AMOUNTS if name in row}}


def sales(vendor, by, **query):
    """{what: its amounts} of all pages."""
    found = vendor.owner.all("reportSales", vendor_id=vendor.id, by=by, **query)
    rows = {}
    for row in found:
        what = row["from"] or row["country"] or (row[by] or {"id": None})["id"]
        assert what not in rows
        rows[what] = plain(row)
    return rows


def count(shop, most=1000000):
    return shop.db.one("select sales_count(%s)", most)


def totals(vendor, **query):
    return plain(vendor.do("reportSales", **query)["totals"])


def added(rows):
    """Without orders: one of several products counts for each of them."""
    sums = collections.Counter()
    for row in rows:
        sums.update(row)
    del sums["orders"]
    return dict(sums)


def as_the_journals_say(shop, vendor):
    """Amounts, from the entries of the vendor's journals; oldest first."""
    sums = collections.Counter({name: 0 for name in (*AMOUNTS, "orders")})
    journals = shop.admin("finance").all("listJournals", vendor=vendor.id, limit=100)
    for journal in journals:
        entries = collections.Counter()
        for e in journal["entries"]:
            if e["item"] in ("goods", "shipping", "discount", "tax"):
                entries[e["item"]] -= e["amount"]["amount"]
            elif e["item"] == "goodwill" and e["account"] != "goodwill":
                sums["refunds"] += e["amount"]["amount"]
            elif e["account"] in ("commission", "commission_tax"):
                sums[e["account"]] -= e["amount"]["amount"]
        if journal["cause"]["kind"] in ("payment_received", "cash_received"):
            sums["orders"] += entries["goods"] > 0
            sums["gross"] += entries["goods"]
            sums["discounts"] -= entries["discount"]
            sums["shipping"] += entries["shipping"]
            sums["tax"] += entries["tax"]
        else:
            sums["refunds"] -= sum(entries.values())
    sums["net"] = sums["gross"] - sums["discounts"] + sums["shipping"] + sums["tax"] \
        - sums["refunds"] - sums["commission"] - sums["commission_tax"]
    return dict(sums)


def test_what_was_sold_and_given_back_in_numbers(shop, fees):  # noqa: F811
    clay = shop.vendor(shipping=[("Parcel", 700)])
    kitchen = shop.admin("operations").do("createCategory", body={"name": "Kitchen of reports"})
    pot = clay.product(price=3333, category_id=kitchen["id"])
    mug = clay.product(price=1000)
    customer = shop.customer()
    order = customer.order((pot, 3), mug, method="manual")
    assert totals(clay)["orders"] == 0
    received(shop, order)
    today = TODAY.isoformat()
    sold = {"orders": 1, "units": 4, "returned_units": 0, "gross": 10999, "discounts": 0,
            "shipping": 700, "tax": 0, "refunds": 0, "commission": 1100, "commission_tax": 0,
            "net": 10599}
    assert sales(clay, "day") == {today: sold}
    assert sales(clay, "product") == {
        pot.id: {**sold, "units": 3, "gross": 9999, "shipping": 636, "commission": 1000,
                 "net": 9635},
        mug.id: {**sold, "units": 1, "gross": 1000, "shipping": 64, "commission": 100, "net": 964}}
    assert {what: row["gross"] for what, row in sales(clay, "category").items()} \
        == {kitchen["id"]: 9999, None: 1000}
    good(clay.cancel(order, lines=some(line_of(order, clay), 1)))
    refunded(shop, order)
    part = {**sold, "returned_units": 1, "refunds": 3333, "commission": 767, "net": 7599}
    for _ in range(2):
        assert sales(clay, "country") == {"GB": part} and totals(clay) == part
        assert sales(clay, "product")[pot.id] == {
            **sold, "units": 3, "returned_units": 1, "gross": 9999, "shipping": 636,
            "refunds": 3333, "commission": 667, "net": 6635}
        count(shop)
    assert shop.db.one("select count(*) from sale_uncounted") == 0
    (item,) = [row for row in shop.admin("finance").all("reportMoney", by="vendor")
               if row["vendor"]["id"] == clay.id]
    assert item["volume"] == money(11699) and item["refunds"] == money(3333)
    fee = 100 + 110 - 33
    assert item["service_fee"] == money(fee) and item["revenue"] == money(767 + fee)
    assert item["take_rate_basis_points"] == round((767 + fee) * 10000 / (11699 - 3333))


def test_a_take_rate_is_null_of_nothing_and_at_most_an_int(shop):
    clay = shop.vendor(shipping=[("Parcel", 0)])
    order = shop.customer().order(clay.product(price=1), clay.product(price=2_999_999),
                                  method="manual")
    received(shop, order)
    delivered(clay, order)

    def rate():
        (row,) = [row for row in shop.admin("finance").all("reportMoney", by="vendor")
                  if row["vendor"]["id"] == clay.id]
        return row["take_rate_basis_points"]

    try:
        shop.db.rows("update platform set refund_keeps_commission = true")
        assert rate() == 1000
        cheap, dear = sorted(clay.part(order)["lines"], key=lambda line: line["price"]["amount"])
        granted(clay, order, lines=some(dear["id"], 1))
        assert rate() == 2**31 - 1
        granted(clay, order, lines=some(cheap["id"], 1))
        assert rate() is None
    finally:
        shop.db.rows("update platform set refund_keeps_commission = false")


def test_reports_equal_the_journals_whatever_was_counted_meanwhile(shop, fees):  # noqa: F811
    chance = random.Random(7)
    clay = shop.vendor(shipping=[("Parcel", 731)])
    shop.admin("finance").do("createCommissionRule", body={
        "name": "Per piece", "position": 1, "vendor_id": clay.id, "basis_points": 777,
        "per_unit": money(13), "on_shipping": True, "tax_basis_points": 1900})
    goods = [clay.product(price=chance.randrange(1, 5000), stock=1000) for _ in range(4)]
    left, expected = {}, collections.Counter()
    for _ in range(8):
        bought = [(p, chance.randrange(1, 5)) for p in chance.sample(goods, chance.randrange(1, 4))]
        customer = shop.customer()
        how = chance.choice(["manual", "cash_on_delivery"])
        address = {**ADDRESS, "country": chance.choice(["GB", "FR", "ET"])}
        order = customer.order(*bought, method=how, shipping_address=address)
        if how == "manual":
            received(shop, order)
        else:
            for step in (clay.accept, clay.ship, clay.deliver):
                good(step(order))
        products = {p.variant: p.id for p in goods}
        lines = {line["id"]: [products[line["variant_id"]], line["quantity"]]
                 for line in clay.part(order)["lines"]}
        for product, quantity in lines.values():
            expected[product] += quantity
        for line_id in lines:
            kept = chance.randrange(0, 3)
            if how == "manual" and kept and lines[line_id][1] > kept and chance.random() < 0.6:
                good(clay.cancel(order, lines=[{"line_id": line_id, "quantity": kept}]))
                left[lines[line_id][0]] = left.get(lines[line_id][0], 0) + kept
        if how == "cash_on_delivery":
            line_id = chance.choice(list(lines))
            granted(clay, order, lines=some(line_id, 1), shipping=money(chance.randrange(1, 700)))
            granted(clay, order, goodwill=money(1))
            left[lines[line_id][0]] = left.get(lines[line_id][0], 0) + 1
        count(shop, chance.randrange(0, 3))
    said = as_the_journals_say(shop, clay)
    for _ in range(2):
        seen = totals(clay)
        assert {name: seen[name] for name in said} == said
        del seen["orders"]
        for by in ("day", "week", "month", "quarter", "year", "product", "category", "country"):
            assert added(sales(clay, by).values()) == seen, by
        by_product = sales(clay, "product")
        assert {p: row["units"] for p, row in by_product.items()} == dict(expected)
        assert {p: row["returned_units"] for p, row in by_product.items()
                if row["returned_units"]} == left
        count(shop)


@pytest.fixture(scope="module")
def years(shop):
    """A vendor whose sales are days of two years, and {day: gross}."""
    clay, gross = shop.vendor(shipping=[("Gift", 0)]), {}
    chance = random.Random(3)
    pot = clay.product(price=1, stock=100000)
    with shop.db.connect() as past, past.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        for _ in range(25):
            quantity = chance.randrange(1, 999)
            received(shop, shop.customer().order((pot, quantity), method="manual"))
            day = datetime.date(2022, 1, 1) + datetime.timedelta(days=chance.randrange(0, 730))
            gross[day] = gross.get(day, 0) + quantity
            cursor.execute("update sale_line set at = %s where vendor_id = %s "
                           "and at > '2026-01-01'", [f"{day} 23:59:59Z", clay.id])
            past.commit()
    return clay, gross


def begin(by, day):
    return {"day": day, "week": day - datetime.timedelta(days=day.weekday()),
            "month": day.replace(day=1), "quarter": day.replace(
                month=(day.month - 1) // 3 * 3 + 1, day=1),
            "year": day.replace(month=1, day=1)}[by]


def test_any_days_add_up_by_any_period(shop, years):
    clay, gross = years
    chance = random.Random(5)
    for _ in range(2):
        for _ in range(6):
            first = datetime.date(2022, 1, 1) + datetime.timedelta(days=chance.randrange(0, 700))
            last = first + datetime.timedelta(days=chance.choice([0, 1, 20, 45, 100, 400]))
            range_ = {"from": first.isoformat(), "to": last.isoformat()}
            inside = {day: amount for day, amount in gross.items() if first <= day <= last}
            assert totals(clay, **range_)["gross"] == sum(inside.values())
            for by in ("day", "week", "month", "quarter", "year"):
                sums = collections.Counter()
                for day, amount in inside.items():
                    sums[begin(by, day).isoformat()] += amount
                found = sales(clay, by, limit=7, **range_)
                assert {what: row["gross"] for what, row in found.items()} == dict(sums)
            of_product = sales(clay, "product", **range_)
            assert sum(row["gross"] for row in of_product.values()) == sum(inside.values())
        count(shop)


def test_the_csv_has_all_rows_of_all_pages(shop, years):
    clay, gross = years
    range_ = {"from": "2022-01-01", "to": "2023-12-31"}
    text = clay.call("reportSales", by="day", format="csv", **range_).text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["day"]: round(float(row["Gross"]) * 100) for row in rows} \
        == {day.isoformat(): amount for day, amount in gross.items()}
    assert [row["day"] for row in rows] == sorted((row["day"] for row in rows), reverse=True)
    text = shop.admin("finance").call("reportMoney", by="vendor", format="csv", **range_).text
    ours = [row for row in csv.DictReader(io.StringIO(text)) if row["vendor"] == clay.id]
    assert [round(float(row["Volume"]) * 100) for row in ours] == [sum(gross.values())]


def test_what_is_no_day_or_too_long_is_refused_with_its_name(shop):
    clay = shop.vendor()
    for query, field in (({"from": "2026-02-30"}, "?from"), ({"to": "yesterday!"}, "?to"),
                         ({"from": "2020-01-01", "to": "2026-01-01"}, "?from"),
                         ({"from": "2026-02-01", "to": "2026-01-01"}, "?from")):
        refused(clay.call("reportSales", **query), 400, field=field)
    assert clay.do("reportSales")["items"] == []


def test_only_owners_and_finance_staff_read_reports(shop):
    clay = shop.vendor()
    for role in ("manager", "fulfilment", "support"):
        refused(clay.staff(role).call("reportSales", vendor_id=clay.id), 403)
    assert clay.staff("finance").do("reportSales", vendor_id=clay.id)["totals"]["net"] == money(0)


def test_tax_offices_are_told_of_sellers_by_quarter(shop, fees):  # noqa: F811
    clay, finance = shop.vendor(shipping=[("Parcel", 700)]), shop.admin("finance")
    clay.do("putTaxProfile", body={"kind": "person", "legal_name": "Clay, C.", "tax_number": "7",
                                   "birth_date": "1980-02-29", "address": {
                                       "line1": "1 Row", "city": "Addis Ababa", "country": "ET"}})
    clay.do("putPayoutAccount", body={"holder": "C", "country": "DE",
                                      "iban": "DE89370400440532013000"})
    for counted in (False, True):
        order = shop.customer().order((clay.product(price=1000, stock=5), 3), method="manual")
        received(shop, order)
        delivered(clay, order)
        granted(clay, order, lines=some(line_of(order, clay), 1))
        if counted:
            count(shop)
    told = finance.do("reportSellers", year=TODAY.year)
    (row,) = [r for r in told["quarters"] if r["vendor_id"] == clay.id]
    sums = totals(clay)
    assert told["year"] == TODAY.year and row["quarter"] == (TODAY.month + 2) // 3
    assert (row["legal_name"], row["tax_country"], row["birth_date"], row["account"]) == (
        "Clay, C.", "ET", "1980-02-29", "DE89370400440532013000")
    assert row["activities"] == 2 and row["consideration"] == money(5400)
    assert (row["fees"], row["fee_tax"]) == (money(sums["commission"]),
                                             money(sums["commission_tax"]))
    text = finance.call("reportSellers", year=TODAY.year, format="csv").text
    (line,) = [r for r in csv.DictReader(io.StringIO(text)) if r["Vendor"] == clay.id]
    assert (line["Consideration"], line["Quarter"]) == ("54.00", str(row["quarter"]))
    assert finance.do("reportSellers", year=2000)["quarters"] == []
