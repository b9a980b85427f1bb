"""Refunds of what was shipped and paid: what goes back, who bears it, and what moves with it."""
import pytest

from harness.shop import fresh, money, refused, together
from harness.sub_orders import good, line_of, some
from harness.wait import until
from test_attempts import books, paid_by
from test_ledger import balance, has, journals, received, refunded


@pytest.fixture(autouse=True)
def the_data_stays_sound(shop):
    yield
    assert shop.check() == []


@pytest.fixture
def terms(shop):
    """A service fee of 1.00 and 1 %, tax of 20 % on the commission."""
    shop.db.rows("update platform set service_fee_fixed = 100, service_fee_basis_points = 100, "
                 "commission_tax_basis_points = 2000")
    yield
    shop.db.rows("update platform set service_fee_fixed = 0, service_fee_basis_points = 0, "
                 "commission_tax_basis_points = 0, refund_keeps_commission = false")


def delivered(vendor, order):
    for step in (vendor.accept, vendor.ship, vendor.deliver):
        good(step(order))


def sold(shop, *, price=1000, quantity=3, method="manual", shipping=700):
    clay = shop.vendor(shipping=[("Parcel", shipping)])
    pot = clay.product(price=price, stock=10)
    customer = shop.customer()
    order = customer.order((pot, quantity), method=method)
    if method == "manual":
        received(shop, order)
    elif method == "sandbox":
        assert paid_by(customer, order)["status"] == "captured"
    delivered(clay, order)
    return clay, pot, customer, order


def mailed(shop, admin, text_key):
    """What mails of this text that the admin gets say, oldest first."""
    return [row["facts"] for row in shop.db.rows(
        "select facts from mail_letter where account_id = %s and text_key = %s order by created_at",
        admin.id, text_key)]


def refund(vendor, order, key=None, **body):
    return vendor.call("refundSubOrder", sub_order_id=vendor.part(order)["id"],
                       key=key or fresh("key"), body={"reason": "Broken", **body})


def granted(vendor, order, **body):
    answer = refund(vendor, order, **body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_line_is_refunded_with_its_fee_and_commission_in_one_journal(shop, terms):
    clay, pot, customer, order = sold(shop)
    line, before = line_of(order, clay), pot.available
    made = granted(clay, order, lines=[{"line_id": line, "quantity": 1, "restock": True}])
    assert made["amount"] == money(1010) and made["by"] == "staff"
    assert made["lines"] == [{"line_id": line, "quantity": 1, "restocked": True}]
    assert journals(shop, order)[1:] == [("refund_granted", {
        ("pending", "goods"): 1000, ("pending", "commission"): -100,
        ("pending", "commission_tax"): -20, ("commission", "commission"): 100,
        ("commission_tax", "commission_tax"): 20, ("service_fee", "service_fee"): 10,
        ("refund_due", "refund_due"): -1010})]
    assert pot.available == before + 1
    seen = clay.see(order)
    assert seen["status"] == "delivered" and seen["cancelled_total"] == money(1010)
    assert seen["lines"][0]["refunded_quantity"] == 1
    assert (seen["commission"], seen["payment"]["status"]) == (money(200), "refund_due")
    refunded(shop, order)
    assert journals(shop, order)[2:] == [("refunded", {
        ("refund_due", "refund_due"): 1010, ("bank", "refund"): -1010})]
    for reader in (customer, clay):
        (mine,) = reader.do({customer: "listSubOrderRefunds", clay: "listVendorRefunds"}[reader],
                            sub_order_id=seen["id"])["items"]
        assert mine == made


def test_partial_refunds_add_up_to_a_whole_one(shop, terms):
    clay, pot, customer, order = sold(shop, price=333, quantity=7)
    before = pot.available
    line = line_of(order, clay)
    back = sum(granted(clay, order, lines=some(line, 1))["amount"]["amount"] for _ in range(7))
    back += granted(clay, order, shipping=money(300))["amount"]["amount"]
    back += granted(clay, order, shipping=money(400))["amount"]["amount"]
    assert back == order["total"]["amount"] - 100  # the fixed fee stays
    assert balance(clay) == has() and pot.available == before
    refused(refund(clay, order, lines=some(line, 1)), 400, "invalid_input", "/lines/0/quantity")
    refused(refund(clay, order, shipping=money(1)), 400, "invalid_input", "/shipping/amount")
    assert granted(clay, order, goodwill=money(100))["amount"] == money(100)
    refused(refund(clay, order, goodwill=money(1)), 400, "invalid_input", "/goodwill/amount")
    refunded(shop, order)
    assert customer.see(order)["payment"]["refunded_amount"] == order["total"]


def test_goodwill_is_borne_by_whom_it_says_and_gives_way_to_lines(shop):
    clay, _, _, order = sold(shop, quantity=2, shipping=0)
    part, finance = clay.part(order)["id"], shop.admin("finance")
    granted(clay, order, goodwill=money(300))
    finance.do("adminRefundSubOrder", sub_order_id=part, key=fresh("key"), body={
        "goodwill": money(200), "goodwill_by": "marketplace", "reason": "Late"})
    assert journals(shop, order)[1:] == [
        ("refund_granted", {("pending", "goodwill"): 300, ("refund_due", "refund_due"): -300}),
        ("refund_granted", {("goodwill", "goodwill"): 200, ("refund_due", "refund_due"): -200})]
    assert balance(clay) == has(pending=1800 - 300)
    assert granted(clay, order, lines=some(line_of(order, clay), 2))["amount"] == money(1500)
    refunded(shop, order)
    assert balance(clay) == has() and books(shop, order) == {}


def test_the_marketplace_may_keep_its_commission(shop, terms):
    clay, _, _, order = sold(shop)
    shop.db.rows("update platform set refund_keeps_commission = true")
    granted(clay, order, lines=some(line_of(order, clay), 2), shipping=money(700))
    assert journals(shop, order)[1:] == [("refund_granted", {
        ("pending", "goods"): 2000, ("pending", "shipping"): 700,
        ("service_fee", "service_fee"): 20, ("refund_due", "refund_due"): -2720})]
    shop.db.rows("update platform set refund_keeps_commission = false")
    granted(clay, order, lines=some(line_of(order, clay), 1))
    assert balance(clay) == has(debt=0, pending=-240)


def test_what_was_released_is_taken_from_what_is_available_or_owed(shop):
    clay, _, _, order = sold(shop, shipping=0)
    shop.db.rows("update ledger_share set release_at = now() where sub_order_id = %s",
                 clay.part(order)["id"])
    until(lambda: balance(clay) == has(available=2700))
    granted(clay, order, lines=some(line_of(order, clay), 1))
    assert balance(clay) == has(available=1800)
    granted(clay, order, goodwill=money(2000))
    assert balance(clay) == has(debt=200)


def test_what_was_released_is_taken_from_its_own_reserve_first(shop):
    clay, _, _, order = sold(shop, shipping=0)
    part = clay.part(order)["id"]
    shop.admin("finance").do("putPayoutTerms", vendor_id=clay.id, body={
        "reserve_basis_points": 5000, "reserve_days": 30})
    shop.db.rows("update ledger_share set release_at = now() where sub_order_id = %s", part)
    until(lambda: balance(clay) == has(available=1350, reserved=1350))
    granted(clay, order, lines=some(line_of(order, clay), 1))
    assert balance(clay) == has(available=1350, reserved=450)
    assert journals(shop, order)[-1][1][("reserved", "reserve")] == 900
    granted(clay, order, lines=some(line_of(order, clay), 1))
    assert balance(clay) == has(available=900)
    shop.db.rows("update ledger_share set reserved_until = now() "
                 "where sub_order_id = %s and reserved_until is not null", part)
    assert shop.db.one("select ledger_release_reserves(10)") == 0


@pytest.mark.parametrize("discount, tax", [(100, 0), (0, 70), (100, 71)])
def test_discount_and_tax_go_with_cancelled_and_refunded_goods_and_add_up(shop, discount, tax):
    clay = shop.vendor(shipping=[("Parcel", 0)])
    customer = shop.customer()
    order = customer.order((clay.product(price=333, stock=10), 3), method="manual")
    part, line = clay.part(order)["id"], line_of(order, clay)
    less = tax - discount
    shop.db.rows(  # what a promotion would make of it
        "with s as (update sub_order set discount = %s, tax = %s, total = total + %s "
        "where id = %s), p as (update payment set amount = amount + %s where order_id = %s) "
        "update shop_order set discount = %s, tax = %s, total = total + %s where id = %s",
        discount, tax, less, part, less, order["id"], discount, tax, less, order["id"])
    received(shop, order)
    good(clay.accept(order))
    good(clay.call("cancelSubOrderByVendor", sub_order_id=part, body={
        "reason": "Broken", "lines": some(line, 1)}))
    good(clay.ship(order)), good(clay.deliver(order))
    assert shop.check() == []
    back = clay.see(order)["cancelled_total"]["amount"]
    back += sum(granted(clay, order, lines=some(line, 1))["amount"]["amount"] for _ in range(2))
    assert back == 999 + less
    refunded(shop, order)
    assert books(shop, order) == {} and balance(clay) == has()


def test_what_is_still_to_be_paid_back_is_told(shop):
    clay, _, customer, order = sold(shop, shipping=0)
    assert customer.see(order)["payment"]["refund_due"] == money(0)
    granted(clay, order, lines=some(line_of(order, clay), 1))
    for seen in (customer.see(order), clay.see(order)):
        assert seen["payment"]["refund_due"] == money(1000)
    refunded(shop, order)
    assert customer.see(order)["payment"]["refund_due"] == money(0)


def test_a_refund_that_nobody_asks_about_any_more_is_failed_and_told(shop):
    clay, finance = shop.vendor(), shop.admin("finance")
    customer = shop.customer()
    order = customer.order(clay.product(price=1000), method="sandbox")
    paid_by(customer, order, "sandbox_refund_fails")
    good(clay.cancel(order))

    def seen():
        (refund,) = finance.do("listPaymentRefunds", order_id=order["id"])["items"]
        return refund["status"], refund["failure"]
    until(lambda: seen() == ("failed", "refund_fails"))
    said = {"order": order["number"], "amount": order["total"]}
    assert mailed(shop, finance, "mail.refund_failed").count(said) == 1
    shop.db.rows("update payment_refund set state = 'pending', failure = null, "
                 "updated_at = now() - interval '2 days' where order_id = %s", order["id"])
    until(lambda: shop.db.one("select refunds_give_up(100)") >= 0 and seen()[0] == "failed")
    assert seen() == ("failed", "unanswered")
    assert mailed(shop, finance, "mail.refund_failed").count(said) == 2


def test_cash_is_refunded_by_hand_and_a_card_by_its_provider(shop):
    clay, _, customer, order = sold(shop, method="cash_on_delivery", shipping=0)
    granted(clay, order, lines=some(line_of(order, clay), 1))
    assert balance(clay) == has(debt=300 - 100 + 1000)
    refunded(shop, order)
    assert books(shop, order)["bank"] == -1000
    clay, _, customer, order = sold(shop, method="sandbox", shipping=0)
    granted(clay, order, lines=some(line_of(order, clay), 1))
    granted(clay, order, lines=some(line_of(order, clay), 1))
    until(lambda: customer.see(order)["payment"]["status"] == "refunded")
    assert books(shop, order) == {"provider:sandbox": 1000, "pending": -900, "commission": -100}


def test_cash_of_one_vendor_is_refunded_while_another_has_not_delivered(shop):
    clay, iron = shop.vendor(), shop.vendor()
    customer = shop.customer()
    order = customer.order(clay.product(), iron.product())
    delivered(clay, order)
    granted(clay, order, lines=some(line_of(order, clay), 1))
    refunded(shop, order)
    payment = customer.see(order)["payment"]
    assert (payment["status"], payment["refunded_amount"]) == ("pending", money(0))
    delivered(iron, order)
    payment = customer.see(order)["payment"]
    assert (payment["status"], payment["refunded_amount"]) == ("refunded", money(1000))


def test_refunds_at_once_give_back_no_more_than_was_paid(shop):
    clay, pot, customer, order = sold(shop, method="sandbox", quantity=4)
    line, before = line_of(order, clay), pot.available
    answers = together(6, lambda: refund(clay, order, lines=[
        {"line_id": line, "quantity": 2, "restock": True}]))
    assert sorted(a.status_code for a in answers) == [201, 201, 400, 400, 400, 400]
    assert pot.available == before + 4
    key = fresh("key")
    same = together(3, lambda: refund(clay, order, key, shipping=money(700)))
    assert {a.status_code for a in same} == {201} and len({a.text for a in same}) == 1
    until(lambda: customer.see(order)["payment"]["refunded_amount"] == order["total"])
    assert books(shop, order) == {} and balance(clay) == has()


def test_what_is_not_shipped_or_not_paid_is_not_refunded(shop):
    clay = shop.vendor()
    order = shop.customer().order(clay.product(), method="manual")
    received(shop, order)
    good(clay.accept(order))
    refused(refund(clay, order, goodwill=money(1)), 409)
    cash = shop.customer().order(clay.product())
    for step in (clay.accept, clay.ship):
        good(step(cash))
    refused(refund(clay, cash, goodwill=money(1)), 409)
    refused(refund(clay, order), 400, "invalid_input", "/lines")
    refused(refund(clay, order, shipping=money(1, "EUR")), 400, "invalid_input",
            "/shipping/currency")


def test_customer_and_vendor_are_told_what_is_refunded(shop):
    clay, _, customer, order = sold(shop, shipping=0)
    shop.admin("finance").do("adminRefundSubOrder", sub_order_id=clay.part(order)["id"],
                             key=fresh("key"), body={
        "lines": some(line_of(order, clay), 1), "reason": "Cracked"})

    def told(actor):
        return [n["data"]["amount"] for n in actor.do("listNotifications", limit=100)["items"]
                if n["kind"] in ("refund_granted", "vendor_refund_granted")]
    until(lambda: told(customer) == told(clay.owner) == [money(1000)])
