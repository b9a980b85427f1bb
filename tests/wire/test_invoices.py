"""Invoices and credit notes: what they say, when they are issued, and that their numbers have no
gaps."""
import contextlib
import datetime

import pytest

from harness.shop import ADDRESS, fresh, money, refused, together
from harness.sub_orders import good, line_of, some
from test_ledger import received
from test_refunds import delivered, granted, terms  # noqa: F401  (terms is a fixture)

YEAR = datetime.datetime.now(datetime.timezone.utc).year
LAW = {"kind": "company", "legal_name": "Clay & Co PLC", "tax_number": "0012345678",
       "vat_number": "ET-77", "registration_number": "AA/2/33",
       "address": {"line1": "Churchill Ave 7", "city": "Addis Ababa", "country": "ET"}}
NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(autouse=True)
def the_data_stays_sound(shop):
    yield
    assert shop.check() == []


def amounts(invoice):
    return {name: invoice[name]["amount"] for name in (
        "goods", "shipping", "discount", "goodwill", "tax", "total", "service_fee")}


def papers(who, **query):
    """Whole, oldest first."""
    listing, one = {True: ("listVendorInvoices", "getVendorInvoice"),
                    False: ("listInvoices", "getInvoice")}[hasattr(who, "owner")]
    return [who.do(one, invoice_id=item["id"])
            for item in reversed(who.do(listing, limit=100, **query)["items"])]


def test_a_sub_order_is_invoiced_when_it_is_shipped(shop, terms):  # noqa: F811
    clay, customer = shop.vendor(shipping=[("Parcel", 700)]), shop.customer()
    profile = clay.do("putTaxProfile", body={**LAW, "invoice_prefix": "CLAY"})
    pot = clay.product(price=1000, stock=10)
    order = customer.order((pot, 3), method="manual")
    received(shop, order)
    good(clay.accept(order))
    good(clay.cancel(order, reason="One broke", lines=some(line_of(order, clay), 1)))
    assert papers(clay) == []
    good(clay.ship(order))
    (seen,) = papers(clay)
    assert seen["number"] == f"CLAY-{YEAR}-000001" and seen["kind"] == "invoice"
    assert seen["seller"] == {
        "name": "Clay & Co PLC", "address": profile["address"], "tax_number": "0012345678",
        "vat_number": "ET-77", "registration_number": "AA/2/33"}
    assert seen["buyer"]["name"] == ADDRESS["name"]
    assert seen["buyer"]["address"]["city"] == ADDRESS["city"]
    (line,) = seen["lines"]
    assert (line["quantity"], line["price"], line["total"]) == (2, money(1000), money(2000))
    assert amounts(seen) == {"goods": 2000, "shipping": 700, "discount": 0, "goodwill": 0,
                             "tax": 0, "total": 2700, "service_fee": 120}
    assert seen["sub_order_number"] == clay.part(order)["number"] and seen["taxes"] == []
    assert papers(customer, order_id=order["id"]) == [seen]
    finance = shop.admin("finance")
    (listed,) = finance.do("adminListInvoices", sub_order_id=seen["sub_order_id"])["items"]
    assert finance.do("adminGetInvoice", invoice_id=listed["id"]) == seen
    good(clay.deliver(order))
    assert papers(clay) == [seen]
    refused(shop.customer().call("getInvoice", invoice_id=seen["id"]), 404)


def test_what_is_refunded_is_credited_and_the_invoice_stays(shop, terms):  # noqa: F811
    clay, customer = shop.vendor(shipping=[("Parcel", 700)]), shop.customer()
    order = customer.order((clay.product(price=1000, stock=10), 3), method="manual")
    received(shop, order)
    delivered(clay, order)
    (invoice,) = papers(clay)
    clay.do("putTaxProfile", body=LAW)
    granted(clay, order, lines=some(line_of(order, clay), 1), shipping=money(200))
    granted(clay, order, goodwill=money(300))
    shop.admin("finance").do("adminRefundSubOrder", sub_order_id=invoice["sub_order_id"], body={
        "goodwill": money(50), "goodwill_by": "marketplace", "reason": "Sorry"}, key=fresh("key"))
    granted(clay, order, lines=some(line_of(order, clay), 2), shipping=money(500))
    first, *notes = papers(clay)
    assert first == invoice and invoice["seller"]["tax_number"] is None
    assert [n["kind"] for n in notes] == ["credit_note"] * 3
    assert [n["number"] for n in notes] == [f"{YEAR}-00000{n}" for n in (2, 3, 4)]
    assert {(n["corrects_id"], n["corrects_number"]) for n in notes} == {
        (invoice["id"], invoice["number"])}
    assert [amounts(n)["total"] for n in notes] == [1200, 300, 2300]
    # What is refunded of lines takes the place of goodwill, but of the fee that stays.
    assert [amounts(n)["goodwill"] for n in notes] == [0, 300, -200]
    assert [[line["quantity"] for line in n["lines"]] for n in notes] == [[1], [], [2]]
    assert {name: sum(amounts(n)[name] for n in notes) for name in ("goods", "shipping", "total")} \
        == {"goods": 3000, "shipping": 700, "total": 3800}
    assert all(n["seller"] == invoice["seller"] and n["buyer"] == invoice["buyer"] for n in notes)
    assert papers(customer) == [invoice, *notes]


def test_numbers_have_no_gaps_whoever_ships_at_once(shop):
    clay, customer = shop.vendor(), shop.customer()
    pot = clay.product(stock=20)
    orders = [customer.order(pot) for _ in range(6)]
    for order in orders:
        good(clay.accept(order))
    answers = together(12, lambda i: clay.ship(orders[i % 6]))
    assert sorted(a.status_code for a in answers) == [200] * 6 + [409] * 6
    assert sorted(p["number"] for p in papers(clay)) == [f"{YEAR}-{n:06}" for n in range(1, 7)]
    assert len({p["sub_order_id"] for p in papers(clay)}) == 6


def test_what_was_issued_is_not_changed_and_a_number_that_is_not_used_is_not_taken(shop):
    clay, customer = shop.vendor(), shop.customer()
    order, other = (customer.order(clay.product()) for _ in range(2))
    for one in (order, other):
        good(clay.accept(one))
    good(clay.ship(order))
    for change in ("update invoice set total = 0, goods = 0", "delete from invoice",
                   "update invoice_buyer set party = '{}'"):
        with pytest.raises(Exception, match="kept|never|may not"):
            shop.db.rows(f"{change} where vendor_id = %s", clay.id)
    with contextlib.closing(shop.db.connect()) as lost, lost.cursor() as cursor:
        cursor.execute("update sub_order set state = 'shipped' where id = %s",
                       [clay.part(other)["id"]])
        cursor.execute("select invoices_issue(array[%s::uuid])", [clay.part(other)["id"]])
        cursor.execute("select count(*) from invoice where vendor_id = %s", [clay.id])
        assert cursor.fetchone() == (2,)
        lost.rollback()
    good(clay.ship(other))
    assert [p["number"] for p in papers(clay)] == [f"{YEAR}-000001", f"{YEAR}-000002"]


@pytest.fixture
def months(shop):
    """Invoices of commissions go afterwards: here a month ends before its end."""
    yield
    with contextlib.closing(shop.db.connect()) as past, past.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute("delete from invoice where period is not null")
        cursor.execute("delete from invoice_series where issuer_id = %s", [NOBODY])
        cursor.execute("delete from invoice_month")
        past.commit()


def test_the_commission_of_a_month_is_invoiced_once_by_the_marketplace(shop, terms,  # noqa: F811
                                                                       months):
    finance, clay, iron = shop.admin("finance"), shop.vendor(), shop.vendor()
    finance.do("putMarketplaceTaxProfile", body={**LAW, "legal_name": "Sebez PLC",
                                                 "invoice_prefix": "SBZ"})
    clay.do("putTaxProfile", body=LAW)
    order = shop.customer().order((clay.product(price=1000, stock=5), 3), method="manual")
    received(shop, order)
    for _ in range(2):
        shop.db.one("select sales_count(1000000)")
        while shop.db.one("select invoices_issue_commissions(100, date_trunc('month', now()) "
                          "+ interval '1 month 1 day')") > 0:
            pass
    (seen,) = papers(clay, kind="commission_invoice")
    assert seen["period"] == f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m}"
    assert (seen["seller"]["name"], seen["buyer"]["name"]) == ("Sebez PLC", "Clay & Co PLC")
    assert seen["number"].startswith(f"SBZ-{YEAR}-")
    assert amounts(seen) == {"goods": 300, "shipping": 0, "discount": 0, "goodwill": 0, "tax": 60,
                             "total": 360, "service_fee": 0}
    assert seen["taxes"] == [{"rate_basis_points": None, "base": money(300), "amount": money(60)}]
    # What was given back, when it is more than what was taken.
    shop.db.rows("select invoice_issue_commission(%s, 'Iron', '2001-01-01', '2001-02-01', "
                 "-300, -60)", iron.id)
    (back,) = papers(iron, kind="commission_credit_note")
    assert (back["period"], back["total"]) == ("2001-01", money(360))
    assert shop.db.one("select count(*) from invoice where issuer_id = %s", NOBODY) \
        == shop.db.one("select last from invoice_series where issuer_id = %s", NOBODY)
    refused(clay.staff("support").call("listVendorInvoices", vendor_id=clay.id), 403)


def test_a_tax_profile_says_what_is_wrong_with_it(shop):
    clay = shop.vendor()
    assert clay.do("getTaxProfile")["legal_name"] is None
    for field, wrong in (("/birth_date", {"birth_date": "1980-02-29"}),
                         ("/birth_date", {"kind": "person", "birth_date": "1981-02-29"}),
                         ("/birth_date", {"kind": "person", "birth_date": "0000-01-01"}),
                         ("/address/country", {"address": {**LAW["address"], "country": "XX"}})):
        refused(clay.call("putTaxProfile", body={**LAW, **wrong}), 400, field=field)
    seen = clay.do("putTaxProfile", body={**LAW, "kind": "person", "birth_date": "1980-02-29"})
    assert (seen["birth_date"], seen["tax_country"]) == ("1980-02-29", "ET")
    assert shop.admin("finance").do("adminGetTaxProfile", vendor_id=clay.id) == seen
    after = shop.db.rows("select after from audit_log where object_kind = 'tax_profile' "
                         "and vendor_id = %s", clay.id)[-1]["after"]
    assert after["kind"] == "person" and not after.keys() & {
        "legal_name", "address", "tax_number", "vat_number", "registration_number", "birth_date"}
