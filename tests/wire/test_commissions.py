"""Rules of commission: which of them applies to a sale, what it takes, and that it stays so."""
import contextlib

import pytest

from harness.shop import fresh, money, refused
from harness.sub_orders import good, line_of, some
from test_ledger import balance, has, journals, lines, received


@pytest.fixture(autouse=True)
def no_rule_is_left(shop):
    yield
    shop.db.rows("update commission_rule set replaced_at = now() where replaced_at is null")
    shop.db.rows("update platform set commission_tax_basis_points = 0")
    assert shop.check() == []


@pytest.fixture
def finance(shop):
    return shop.admin("finance")


def rule(finance, position=10, **body):
    return finance.do("createCommissionRule", body={"name": fresh("Rule"), "position": position,
                                                    **body})


def taken(vendor, order):
    """(commission, tax on it) of the vendor's part."""
    seen = vendor.see(order)
    return seen["commission"]["amount"], seen["commission_tax"]["amount"]


def test_the_first_rule_that_fits_applies_else_the_vendors_rate_else_the_marketplaces(
        shop, finance):
    clay, iron = shop.vendor(), shop.vendor()
    kitchen = shop.admin().do("createCategory", body={"name": fresh("Kitchen")})
    knives = shop.admin().do("createCategory", body={"name": fresh("Knives"),
                                                     "parent_id": kitchen["id"]})
    knife = clay.product(price=10000, category_id=knives["id"])
    best = clay.product(price=10000, category_id=knives["id"])
    pot = clay.product(price=10000)
    other = iron.product(price=10000, category_id=knives["id"])
    buyer = shop.customer()

    def commission(product, vendor):
        return taken(vendor, buyer.order(product))[0]

    assert commission(knife, clay) == 1000
    shop.admin().do("setVendorCommission", vendor_id=clay.id,
                    body={"commission_basis_points": 900})
    rule(finance, 40, vendor_id=clay.id, category_id=kitchen["id"], basis_points=800)
    rule(finance, 30, product_id=best.id, basis_points=700)
    assert [commission(knife, clay), commission(best, clay), commission(pot, clay),
            commission(other, iron)] == [800, 700, 900, 1000]
    rule(finance, 20, category_id=kitchen["id"], basis_points=600)
    assert [commission(knife, clay), commission(best, clay), commission(pot, clay),
            commission(other, iron)] == [600, 600, 900, 600]


def test_a_rule_takes_a_rate_and_an_amount_for_each_unit_within_its_bounds(shop, finance):
    clay = shop.vendor()
    cases = {(1000, 3): 300 + 75, (100, 3): 3 * 60, (20, 3): 60, (20000, 2): 2 * 1500, (0, 1): 0}
    pots = {price: clay.product(price=price, stock=100) for price, _ in cases}
    made = rule(finance, vendor_id=clay.id, basis_points=1000, per_unit=money(25),
                minimum=money(60), maximum=money(1500))
    for (price, quantity), commission in cases.items():
        order = shop.customer().order((pots[price], quantity))
        assert taken(clay, order) == (commission, 0), price
        seen = finance.do("previewCommission", body={
            "sale": {"product_id": pots[price].id, "quantity": quantity}})["sale"]
        assert (seen["source"], seen["rule_id"]) == ("rule", made["id"])
        assert seen["commission"] == money(commission)
        assert seen["left"] == money(price * quantity - commission)


def test_commission_on_shipping_and_its_tax_are_in_the_journals_until_all_is_cancelled(
        shop, finance):
    shop.db.rows("update platform set commission_tax_basis_points = 2000")
    clay = shop.vendor(shipping=[("Parcel", 700)])
    rule(finance, vendor_id=clay.id, basis_points=1000, on_shipping=True)
    order = shop.customer().order((clay.product(price=5000), 2), method="manual")
    received(shop, order)
    assert journals(shop, order) == [("payment_received", {
        ("bank", "payment"): 10700, ("pending", "goods"): -10000, ("pending", "shipping"): -700,
        ("pending", "commission"): 1070, ("pending", "commission_tax"): 214,
        ("commission", "commission"): -1070, ("commission_tax", "commission_tax"): -214})]
    assert taken(clay, order) == (1070, 214) and balance(clay) == has(pending=9416)
    good(clay.cancel(order, lines=some(line_of(order, clay), 1)))
    assert taken(clay, order) == (570, 114)
    assert balance(clay) == has(pending=5000 + 700 - 570 - 114)
    good(clay.cancel(order))
    assert taken(clay, order) == (0, 0) and balance(clay) == has()


def test_a_rules_own_tax_holds_before_the_marketplaces(shop, finance):
    shop.db.rows("update platform set commission_tax_basis_points = 2000")
    clay = shop.vendor()
    pot = clay.product(price=1000)
    assert taken(clay, shop.customer().order(pot)) == (100, 20)
    rule(finance, vendor_id=clay.id, basis_points=1000, tax_basis_points=0)
    assert taken(clay, shop.customer().order(pot)) == (100, 0)


def test_what_was_sold_keeps_its_commission_when_the_rule_changes_and_goes(shop, finance):
    clay = shop.vendor()
    pot = clay.product(price=1000)
    made = rule(finance, vendor_id=clay.id, basis_points=500)
    before = shop.customer().order(pot, method="manual")
    changed = finance.do("putCommissionRule", rule_id=made["id"], body={
        "name": "Dearer", "position": 10, "vendor_id": clay.id, "basis_points": 2000})
    after = shop.customer().order(pot, method="manual")
    finance.do("deleteCommissionRule", rule_id=made["id"])
    last = shop.customer().order(pot, method="manual")
    assert [taken(clay, order)[0] for order in (before, after, last)] == [50, 200, 100]
    assert [v["basis_points"] for v in changed["versions"]] == [2000, 500]
    received(shop, before)
    assert ("pending", "commission", -50) in lines(clay)
    assert finance.call("getCommissionRule", rule_id=made["id"]).status_code == 404
    seen = [e["action"] for e in shop.admin("operations").do("listAudit")["items"]
            if e["object"]["kind"] == "commission_rule"]
    assert seen[:4] == ["update", "insert", "update", "insert"]


def test_a_rule_applies_from_its_time_until_its_time(shop, finance):
    clay = shop.vendor()
    pot = clay.product(price=1000)
    rule(finance, 1, vendor_id=clay.id, basis_points=1, valid_until="2026-01-01T00:00:00Z")
    rule(finance, 2, vendor_id=clay.id, basis_points=2, valid_from="2126-01-01T00:00:00Z")
    rule(finance, 3, vendor_id=clay.id, basis_points=300, valid_from="2026-01-01T00:00:00Z",
         valid_until="2126-01-01T00:00:00Z")
    rule(finance, 4, vendor_id=clay.id, basis_points=4)
    assert taken(clay, shop.customer().order(pot)) == (30, 0)
    seen = finance.do("previewCommission", body={"sale": {"product_id": pot.id}})["sale"]
    assert [r["fit"] for r in seen["rules"]] == ["not_yet", "applies", "earlier"]


def test_a_draft_tells_what_it_would_have_taken_of_former_orders(shop, finance):
    clay, iron = shop.vendor(), shop.vendor()
    pot, pan = clay.product(price=1000), iron.product(price=1000)
    for _ in range(2):
        shop.customer().order((pot, 2), pan)
    rule(finance, 5, product_id=pan.id, basis_points=1)
    draft = {"name": "Dearer", "position": 5, "vendor_id": clay.id, "basis_points": 2000}
    seen = finance.do("previewCommission", body={"sale": {"product_id": pot.id}, "draft": draft})
    assert seen["change"] == {"days": 30, "lines": 2, "complete": True, "before": money(400),
                              "after": money(800)}
    assert (seen["sale"]["source"], seen["sale"]["rule_id"]) == ("draft", None)
    draft = {"name": "Of a product that has a rule", "position": 5, "product_id": pan.id}
    assert finance.do("previewCommission", body={"draft": draft})["change"]["lines"] == 0
    assert taken(clay, shop.customer().order(pot)) == (100, 0)


def test_a_rule_that_cannot_be_is_refused_by_field(shop, finance):
    clay = shop.vendor()
    pot = clay.product()
    wrong = {
        "/vendor_id": {"vendor_id": pot.id}, "/category_id": {"category_id": clay.id},
        "/product_id": {"product_id": clay.id},
        "/maximum/amount": {"minimum": money(2), "maximum": money(1)},
        "/per_unit/currency": {"per_unit": money(1, "EUR")},
        "/valid_until": {"valid_from": "2026-01-02T00:00:00Z",
                         "valid_until": "2026-01-02T00:00:00Z"},
    }
    for field, body in wrong.items():
        answer = finance.call("createCommissionRule", body={"name": "X", "position": 1, **body})
        assert [e["field"] for e in answer.json()["errors"]] == [field]
        answer = finance.call("previewCommission", body={
            "draft": {"name": "X", "position": 1, **body}})
        assert [e["field"] for e in answer.json()["errors"]] == ["/draft" + field]
    refused(finance.call("createCommissionRule", body={
        "name": "X", "position": 1, "vendor_id": shop.vendor().id, "product_id": pot.id}), 400,
            field="/vendor_id")


def test_rules_are_read_once_for_many_orders(shop, finance):
    """Each process keeps them until they change: orders are placed while nobody can read them."""
    clay = shop.vendor()
    pot = clay.product(price=1000, stock=100)
    rule(finance, vendor_id=clay.id, basis_points=1200)
    buyer = shop.customer()
    buyer.order(pot)
    with contextlib.closing(shop.db.connect()) as blocker, blocker.cursor() as cursor:
        cursor.execute("lock table commission_rule in access exclusive mode")
        order = buyer.order(pot)
        blocker.rollback()
    assert taken(clay, order) == (120, 0)
