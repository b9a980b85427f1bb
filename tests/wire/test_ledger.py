"""The ledger: what each event writes, in numbers, and what vendors and finance read of it."""
import psycopg2
import pytest

from harness.wait import until
from harness.shop import money, refused, together
from harness.sub_orders import due_back, good, line_of, some


@pytest.fixture(autouse=True)
def the_data_stays_sound(shop):
    yield
    assert shop.check() == []


@pytest.fixture
def fees(shop):
    """A service fee on each order of 1.00 and 1 %."""
    shop.db.rows("update platform set service_fee_fixed = 100, service_fee_basis_points = 100")
    yield
    shop.db.rows("update platform set service_fee_fixed = 0, service_fee_basis_points = 0")


def received(shop, order, **body):
    return shop.admin("finance").do("markPaymentReceived", order_id=order["id"], body=body)


def refunded(shop, order):
    return shop.admin("finance").do("markRefunded", order_id=order["id"],
                                    body=due_back(shop, order))


def journals(shop, order):
    """[(cause, {(account, item): amount})] of an order, oldest first."""
    seen = shop.admin("finance").do("listJournals", order_id=order["id"])["items"]
    return [(j["cause"]["kind"], {(e["account"], e["item"]): e["amount"]["amount"]
                                  for e in j["entries"]}) for j in reversed(seen)]


def balance(vendor):
    seen = vendor.do("getBalance")
    return {name: seen[name]["amount"] for name in ("pending", "available", "reserved", "debt")}


def lines(vendor, **query):
    """[(account, item, amount)] of the vendor's ledger, oldest first."""
    return [(e["account"], e["item"], e["amount"]["amount"])
            for e in reversed(vendor.do("listLedger", limit=100, **query)["items"])]


def has(**amounts):
    return {"pending": 0, "available": 0, "reserved": 0, "debt": 0, **amounts}


def test_a_transfer_that_came_is_shared_between_vendor_and_marketplace(shop, fees):
    clay = shop.vendor(shipping=[("Parcel", 700)])
    order = shop.customer().order(clay.product(price=10000), method="manual")
    assert journals(shop, order) == [] and balance(clay) == has()
    received(shop, order)
    assert journals(shop, order) == [("payment_received", {
        ("bank", "payment"): 10900, ("pending", "goods"): -10000, ("pending", "shipping"): -700,
        ("pending", "commission"): 1000, ("commission", "commission"): -1000,
        ("service_fee", "service_fee"): -200})]
    assert balance(clay) == has(pending=9700)
    assert lines(clay) == [("pending", "goods", 10000), ("pending", "shipping", 700),
                           ("pending", "commission", -1000)]


def test_each_vendor_of_an_order_gets_its_share_and_reads_only_its_own(shop):
    clay, iron = shop.vendor(), shop.vendor()
    order = shop.customer().order(clay.product(price=1000), iron.product(price=2000),
                                  method="manual")
    received(shop, order)
    assert balance(clay) == has(pending=1400) and balance(iron) == has(pending=2300)
    assert lines(clay) == [("pending", "goods", 1000), ("pending", "shipping", 500),
                           ("pending", "commission", -100)]
    assert {e["sub_order_id"] for e in iron.do("listLedger")["items"]} == {iron.part(order)["id"]}
    for seller in (clay, iron):
        (seen,) = seller.do("listLedger", limit=1)["items"]
        assert seen["order_number"] == order["number"] and seen["cause"] == "payment_received"
        assert seen["sub_order_number"] == seller.part(order)["number"]
    assert len(journals(shop, order)) == 2


def test_what_is_cancelled_after_it_was_paid_is_owed_to_the_customer_until_it_went_back(shop, fees):
    clay = shop.vendor(shipping=[("Parcel", 700)])
    order = shop.customer().order((clay.product(price=3333), 3), method="manual")
    received(shop, order)
    line = line_of(order, clay)
    good(clay.cancel(order, lines=some(line, 1)))
    assert journals(shop, order)[1:] == [("cancelled", {
        ("pending", "goods"): 3333, ("pending", "commission"): -333,
        ("commission", "commission"): 333, ("service_fee", "service_fee"): 33,
        ("refund_due", "refund_due"): -3366})]
    assert balance(clay) == has(pending=2 * 3333 + 700 - 667)
    refunded(shop, order)
    assert journals(shop, order)[2:] == [("refunded", {
        ("refund_due", "refund_due"): 3366, ("bank", "refund"): -3366})]
    assert balance(clay) == has(pending=2 * 3333 + 700 - 667)
    good(clay.cancel(order))
    refunded(shop, order)
    assert balance(clay) == has()
    totals = {}
    for _, entries in journals(shop, order):
        for (account, _), amount in entries.items():
            totals[account] = totals.get(account, 0) + amount
    assert set(totals.values()) == {0}


def test_partial_cancellations_add_up_to_a_whole_one(shop, fees):
    clay = shop.vendor()
    pot = clay.product(price=1234, stock=100)
    order = shop.customer().order((pot, 7), method="manual")
    received(shop, order)
    for _ in range(7):
        good(clay.cancel(order, lines=some(line_of(order, clay), 1)))
        kept = clay.do("getBalance")["pending"]["amount"]
        seen = clay.see(order)
        if seen["status"] != "cancelled":
            left = 7 - seen["lines"][0]["cancelled_quantity"]
            assert kept == 1234 * left + 500 - seen["commission"]["amount"]
    assert balance(clay) == has()


def test_money_that_comes_after_everything_was_cancelled_earns_nobody_anything(shop):
    clay = shop.vendor()
    customer = shop.customer()
    order = customer.order(clay.product(), method="manual")
    customer.do("cancelOrder", order_id=order["id"], body={})
    assert journals(shop, order) == []
    received(shop, order)
    refunded(shop, order)
    assert journals(shop, order) == [
        ("payment_received", {("bank", "payment"): 1500, ("refund_due", "refund_due"): -1500}),
        ("refunded", {("refund_due", "refund_due"): 1500, ("bank", "refund"): -1500})]
    assert balance(clay) == has() and lines(clay) == []


def test_cash_that_the_vendor_took_is_set_off_and_it_owes_commission_and_fee(shop, fees):
    clay = shop.vendor(shipping=[("Parcel", 700)])
    order = shop.customer().order(clay.product(price=10000))
    for step in (clay.accept, clay.ship):
        good(step(order))
    assert journals(shop, order) == []
    good(clay.deliver(order))
    assert lines(clay) == [
        ("vendor_cash", "payment", -10900), ("pending", "goods", 10000),
        ("pending", "shipping", 700), ("pending", "commission", -1000),
        ("pending", "set_off", -9700), ("available", "set_off", -1200),
        ("vendor_cash", "set_off", 10900)]
    assert [cause for cause, _ in journals(shop, order)] == ["cash_received"]
    assert balance(clay) == has(debt=1200)


def test_only_what_was_delivered_of_a_cash_order_is_owed(shop):
    clay = shop.vendor(shipping=[("Parcel", 0)])
    order = shop.customer().order((clay.product(price=1000), 3))
    good(clay.cancel(order, lines=some(line_of(order, clay), 2)))
    for step in (clay.accept, clay.ship, clay.deliver):
        good(step(order))
    assert balance(clay) == has(debt=100)


@pytest.fixture
def no_hold(shop):
    shop.db.rows("update platform set hold_days = 0")
    yield
    shop.db.rows("update platform set hold_days = 7")


def delivered(vendor, order):
    for step in (vendor.accept, vendor.ship, vendor.deliver):
        good(step(order))


def test_earnings_are_pending_until_the_hold_days_after_delivery_are_over(shop):
    clay = shop.vendor()
    order = shop.customer().order(clay.product(price=1000), method="manual")
    received(shop, order)
    assert clay.do("getBalance")["next_release"] is None
    delivered(clay, order)
    seen = clay.do("getBalance")
    assert seen["next_release"]["amount"] == seen["pending"] == money(1400)
    assert balance(clay) == has(pending=1400)
    shop.db.rows("update ledger_share set release_at = now() where vendor_id = %s", clay.id)
    until(lambda: balance(clay) == has(available=1400))
    assert clay.do("getBalance")["next_release"] is None
    assert journals(shop, order)[-1] == ("released", {
        ("pending", "release"): 1400, ("available", "release"): -1400})


def test_what_was_released_pays_a_debt_first(shop, no_hold):
    clay = shop.vendor()
    pot = clay.product(price=10000)
    delivered(clay, shop.customer().order(pot))
    assert balance(clay) == has(debt=1000)
    order = shop.customer().order(pot, method="manual")
    received(shop, order)
    delivered(clay, order)
    until(lambda: balance(clay) == has(available=9500 - 1000))


def test_nothing_is_written_for_an_order_of_nothing(shop):
    clay = shop.vendor(shipping=[("Gift", 0)])
    order = shop.customer().order(clay.product(price=0), method="manual")
    delivered(clay, order)
    assert journals(shop, order) == [] and balance(clay) == has()


def test_a_payment_that_is_recorded_again_changes_nothing(shop):
    clay = shop.vendor()
    order = shop.customer().order(clay.product(), method="manual")
    answers = together(4, lambda: shop.admin("finance").call(
        "markPaymentReceived", order_id=order["id"], body={}))
    assert sorted(a.status_code for a in answers) == [200, 409, 409, 409]
    assert len(journals(shop, order)) == 1 and balance(clay) == has(pending=1400)


def accounts(shop):
    return {a["account"]: a for a in shop.admin("finance").do("listMoneyAccounts")["items"]}


def test_the_accounts_add_up_whether_or_not_their_entries_were_carried(shop):
    clay = shop.vendor()
    before = accounts(shop)
    order = shop.customer().order(clay.product(price=10000), method="manual")
    received(shop, order)
    after = accounts(shop)
    for account, change in (("bank", 10500), ("commission", 1000), ("pending", 9500)):
        old = before[account]["balance"]["amount"] if account in before else 0
        assert after[account]["balance"]["amount"] - old == change
    assert sum(a["debit"]["amount"] for a in after.values()) \
        == sum(a["credit"]["amount"] for a in after.values())
    shop.db.rows("select ledger_carry(1000000)")
    assert shop.db.one("select count(*) from ledger_uncarried") == 0
    assert accounts(shop) == after


def test_a_journal_says_what_caused_it_and_who(shop):
    clay = shop.vendor()
    order = shop.customer().order(clay.product(), method="manual")
    finance = shop.admin("finance")
    received(shop, order)
    (first,) = finance.do("listJournals", order_id=order["id"])["items"]
    part = clay.part(order)
    assert first["cause"] == {"kind": "payment_received", "id": part["id"], "number": 1}
    assert (first["vendor_id"], first["order_id"]) == (clay.id, order["id"])
    assert first["by"] == {"kind": "admin", "id": finance.id}
    assert finance.do("getJournal", journal_id=first["id"]) == first
    for query in ({"sub_order_id": part["id"]}, {"vendor": clay.id}, {"vendor": clay.slug}):
        assert finance.do("listJournals", **query)["items"] == [first]


def test_the_ledger_is_read_page_by_page_and_by_sub_order(shop):
    clay = shop.vendor()
    pot = clay.product()
    orders = [shop.customer().order(pot, method="manual") for _ in range(3)]
    for order in orders:
        received(shop, order)
    whole = clay.do("listLedger", limit=100)["items"]
    paged, cursor = [], None
    while True:
        page = clay.do("listLedger", limit=2, **({"cursor": cursor} if cursor else {}))
        paged += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert paged == whole and len(whole) == 9
    part = clay.part(orders[1])["id"]
    assert clay.do("listLedger", sub_order_id=part)["items"] == whole[3:6]


@pytest.mark.parametrize("change", [
    "update journal set reason = 'x'", "delete from journal", "update journal_entry set amount = 1",
    "delete from journal_entry"])
def test_what_is_written_is_never_changed(shop, change):
    clay = shop.vendor()
    order = shop.customer().order(clay.product(), method="manual")
    received(shop, order)
    connection = shop.db.connect()
    with connection.cursor() as cursor, pytest.raises(psycopg2.errors.ForeignKeyViolation):
        cursor.execute(change)
    connection.close()


POST = ("with j as (insert into journal (id, cause_kind, cause_id, currency, vendor_id, actor) "
        "values (journal_new_id(), 'cancelled', gen_random_uuid(), 'USD', %(vendor)s, 'system') "
        "returning id) ")
ENTRY = "insert into journal_entry (journal_id, account, vendor_id, item, amount) "


@pytest.mark.parametrize("statement", [
    POST + "select id from j",
    POST + ENTRY + "select id, 'bank', null, 'payment', 5 from j",
    POST + ENTRY + "select id, 'bank', null, 'payment', 5 from j union all "
    "select id, 'pending', %(vendor)s::uuid, 'goods', -4 from j",
    ENTRY + "select id, 'bank', null, 'payment', x from (select id from journal limit 1) j, "
    "unnest(array[5, -5]) x",
    ENTRY + "select gen_random_uuid(), 'bank', null, 'payment', x from unnest(array[5, -5]) x",
], ids=["nothing", "one", "unequal", "later", "of none"])
def test_a_journal_that_does_not_balance_is_refused(shop, statement):
    clay = shop.vendor()
    received(shop, shop.customer().order(clay.product(), method="manual"))
    connection = shop.db.connect()
    with connection.cursor() as cursor, pytest.raises(psycopg2.errors.CheckViolation):
        cursor.execute(statement, {"vendor": clay.id})
    connection.close()


def owes(shop, price=10000):
    """A vendor that took cash, of which a tenth is not its own."""
    clay = shop.vendor(shipping=[("Gift", 0)])
    delivered(clay, shop.customer().order(clay.product(price=price)))
    return clay


def pay_debt(shop, vendor, amount, **arguments):
    return shop.admin("finance").call("markDebtPaid", vendor_id=vendor.id, **arguments,
                                      body={"amount": money(amount), "reference": "CLAY"})


def test_a_debt_that_was_paid_is_recorded_and_a_mistake_is_taken_back_once(shop):
    clay = owes(shop)
    paid = good(pay_debt(shop, clay, 400))
    assert balance(clay) == has(debt=600)
    assert paid["reason"] == "CLAY" and paid["cause"]["id"] == paid["id"]
    assert [(e["account"], e["amount"]["amount"]) for e in paid["entries"]] \
        == [("bank", 400), ("available", -400)]
    finance = shop.admin("finance")
    back = finance.do("reverseJournal", journal_id=paid["id"], body={"reason": "Of another"})
    assert back["reverses"] == paid["id"] and balance(clay) == has(debt=1000)
    refused(finance.call("reverseJournal", journal_id=paid["id"], body={"reason": "Again"}), 409)
    refused(finance.call("reverseJournal", journal_id=back["id"], body={"reason": "Again"}), 409)
    assert lines(clay)[-2:] == [("available", "debt", 400), ("available", "debt", -400)]
    (newest, _) = clay.do("listLedger", limit=2)["items"]
    assert newest["reason"] == "Of another" and newest["sub_order_id"] is None


def test_no_more_is_paid_than_is_owed(shop):
    clay = owes(shop)
    refused(pay_debt(shop, clay, 1001), 400, field="/amount/amount")
    refused(pay_debt(shop, clay, 0), 400, field="/amount/amount")
    refused(shop.admin("finance").call("markDebtPaid", vendor_id=clay.id,
                                       body={"amount": money(1, "EUR")}), 400,
            field="/amount/currency")
    answers = together(4, lambda: pay_debt(shop, clay, 600))
    assert sorted(a.status_code for a in answers) == [200, 400, 400, 400]
    assert balance(clay) == has(debt=400)


def test_what_follows_from_an_order_is_not_taken_back_by_hand(shop):
    clay = shop.vendor()
    order = shop.customer().order(clay.product(), method="manual")
    received(shop, order)
    finance = shop.admin("finance")
    (journal,) = finance.do("listJournals", order_id=order["id"])["items"]
    refused(finance.call("reverseJournal", journal_id=journal["id"], body={"reason": "No"}), 409)


def test_only_owners_and_finance_staff_read_the_balance(shop):
    clay = shop.vendor()
    for role, status in (("finance", 200), ("manager", 403), ("support", 403)):
        for operation in ("getBalance", "listLedger"):
            answer = clay.staff(role).call(operation, vendor_id=clay.id)
            assert answer.status_code == status
    refused(shop.admin("operations").call("listJournals"), 403)
