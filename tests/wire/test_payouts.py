"""Payouts: bank details, the run that claims the money, approval, files for the bank, and what
becomes of each; in the ledger and in what vendors see."""
import csv
import io

import pytest

from harness.codes import coded, fresh_phone
from harness.shop import money, refused, together
from harness.sub_orders import good
from harness.wait import until
from test_ledger import balance, has, received

IBAN = "DE89 3704 0044 0532 0130 00"
DEBTOR = {"debtor_name": "Märkt & Co", "debtor_iban": "GB29 NWBK 6016 1331 9268 19",
          "execute_on": "2026-12-07"}
SETTINGS = ("update platform set hold_days = 7, payout_schedule = 'weekly', payout_minimum = 0, "
            "payout_approvals = 1, payout_reserve_basis_points = 0, payout_reserve_days = 0")


@pytest.fixture(autouse=True)
def the_data_stays_sound(shop):
    yield
    shop.db.rows(SETTINGS)
    assert shop.check() == []


@pytest.fixture
def finance(shop):
    return shop.admin("finance")


def enter(vendor, **body):
    return vendor.call("putPayoutAccount", body={
        "holder": "Clay and Co", "country": "DE", "iban": IBAN, **body})


def released(shop, vendor, price=10000):
    """The vendor sold goods, and their money is available."""
    order = shop.customer().order(vendor.product(price=price), method="manual")
    received(shop, order)
    for step in (vendor.accept, vendor.ship, vendor.deliver):
        good(step(order))
    part = vendor.part(order)["id"]
    shop.db.rows("update ledger_share set release_at = now() where sub_order_id = %s", part)
    until(lambda: shop.db.one("select ledger_release(100)") == 0 and shop.db.one(
        "select released_at from ledger_share where sub_order_id = %s", part))
    return part


def seller(shop, **how):
    vendor = shop.vendor(shipping=[("Gift", 0)])
    assert enter(vendor).status_code == 200
    released(shop, vendor, **how)
    return vendor


def run(finance, vendor):
    return finance.do("runPayouts", body={"vendor_id": vendor.id})


def paid_out(finance, vendor):
    """A payout of the vendor that waits for approval."""
    run(finance, vendor)
    (payout, *_) = vendor.do("listPayouts")["items"]
    return payout


def move(finance, operation, payout, **body):
    return finance.call(operation, payout_id=payout["id"],
                        **({} if operation == "approvePayout" else {"body": body}))


def causes(shop, payout):
    return [row["kind"] for row in shop.db.rows(
        "select cause_kind as kind from journal where cause_id = %s order by id", payout["id"])]


# -- bank details ---------------------------------------------------------------------------------

def test_bank_details_are_shown_masked(shop):
    clay = shop.vendor()
    assert clay.do("getPayoutAccount") == {"current": None, "held": None}
    seen = good(enter(clay))
    assert seen["held"] is None and seen["current"]["number"] == "DE89 •••• 3000"
    logged = shop.admin("operations").do("listAudit", vendor=clay.id)["items"]
    assert [e["object"]["kind"] for e in logged][0] == "payout_account"
    assert "370400440532" not in str(logged)


def test_an_owner_who_signs_in_by_telephone_enters_bank_details(shop):
    clay, owner = shop.vendor(), shop.anonymous()
    owner._signed_in(owner.do("signInByPhone", body={
        **coded(shop.server, owner, fresh_phone()), "name": "Sara"}))
    shop.db.rows("insert into staff (vendor_id, account_id, role) values (%s, %s, 'owner')",
                 clay.id, owner.id)
    seen = owner.do("putPayoutAccount", vendor_id=clay.id, body={
        "holder": "Clay and Co", "country": "DE", "iban": IBAN})
    assert seen["current"]["number"] == "DE89 •••• 3000"


@pytest.mark.parametrize("field, body", [
    ("/iban", {"iban": "DE88 3704 0044 0532 0130 00"}),
    ("/country", {"country": "FR"}),
    ("/iban", {"number": "123", "bank_code": "1"}),
    ("/number", {"iban": None}),
    ("/bank_code", {"iban": None, "number": "1000123456789", "country": "ET"}),
])
def test_bank_details_that_cannot_be_are_refused(shop, field, body):
    refused(shop.vendor().call("putPayoutAccount", body={
        key: value for key, value in {
            "holder": "Clay", "country": "DE", "iban": IBAN, **body}.items()
        if value is not None}), 400, field=field)


def test_a_change_is_held_and_told_and_can_be_withdrawn(shop, finance):
    clay = seller(shop)
    changed = good(enter(clay, iban="NL91 ABNA 0417 1643 00", country="NL"))
    assert changed["current"]["number"] == "DE89 •••• 3000"
    assert changed["held"]["number"] == "NL91 •••• 4300"
    assert run(finance, clay)["count"] == 0
    until(lambda: shop.db.one(
        "select count(*) from notice where kind = 'payout_account_changed' and account_id = %s",
        clay.owner.id))
    clay.do("withdrawPayoutAccount")
    refused(clay.call("withdrawPayoutAccount"), 404)
    assert clay.do("getPayoutAccount")["held"] is None
    assert run(finance, clay)["count"] == 1


def test_a_change_is_used_when_its_time_has_come(shop, finance):
    clay = seller(shop)
    enter(clay, iban="NL91 ABNA 0417 1643 00", country="NL")
    shop.db.rows("update payout_account set active_at = now() where vendor_id = %s "
                 "and active_at > now()", clay.id)
    assert paid_out(finance, clay)["to"]["number"] == "NL91 •••• 4300"


# -- what is claimed ------------------------------------------------------------------------------

def test_a_payout_takes_all_that_is_available_and_a_debt_first(shop, finance):
    clay = seller(shop)
    cash = shop.customer().order(clay.product(price=2000))
    for step in (clay.accept, clay.ship, clay.deliver):
        good(step(cash))
    assert run(finance, clay) == {"count": 1, "total": money(8800), "more": False}
    assert balance(clay) == has() and clay.do("getBalance")["in_payout"] == money(8800)
    assert run(finance, clay) == {"count": 0, "total": money(0), "more": False}


def test_nothing_is_paid_below_the_minimum_without_bank_details_or_while_held(shop, finance):
    clay = seller(shop)
    where = {"vendor_id": clay.id}
    finance.do("putPayoutTerms", **where, body={"minimum": money(9001)})
    assert run(finance, clay)["count"] == 0
    seen = finance.do("putPayoutTerms", **where, body={"held_reason": "Complaints"})
    assert seen["held_reason"] == "Complaints" and seen["minimum"] == money(0)
    assert run(finance, clay)["count"] == 0
    finance.do("putPayoutTerms", **where, body={})
    assert run(finance, clay)["count"] == 1
    iron = shop.vendor()
    released(shop, iron)
    assert run(finance, iron)["count"] == 0


def test_a_schedule_makes_one_payout_in_each_period(shop, finance):
    clay, iron = seller(shop), seller(shop)
    finance.do("putPayoutTerms", vendor_id=iron.id, body={"schedule": "manual"})
    finance.do("putPayoutTerms", vendor_id=clay.id, body={"schedule": "daily"})
    finance.do("runPayouts", body={})
    assert [len(v.do("listPayouts")["items"]) for v in (clay, iron)] == [1, 0]
    released(shop, clay)
    finance.do("runPayouts", body={})
    assert len(clay.do("listPayouts")["items"]) == 1
    shop.db.rows("update payout set created_at = created_at - interval '1 day' "
                 "where vendor_id = %s", clay.id)
    finance.do("runPayouts", body={})
    assert len(clay.do("listPayouts")["items"]) == 2


def test_runs_at_the_same_time_claim_money_once(shop, finance):
    clay = seller(shop)
    answers = together(6, lambda: shop.admin("finance").call("runPayouts",
                                                             body={"vendor_id": clay.id}))
    assert sum(a.json()["count"] for a in answers) == 1
    assert len(clay.do("listPayouts")["items"]) == 1


def test_a_reserve_is_held_back_until_its_time(shop, finance):
    clay = shop.vendor(shipping=[("Gift", 0)])
    finance.do("putPayoutTerms", vendor_id=clay.id,
               body={"reserve_basis_points": 1000, "reserve_days": 30})
    part = released(shop, clay)
    assert balance(clay) == has(available=8100, reserved=900)
    assert shop.db.one("select ledger_release_reserves(10)") == 0
    shop.db.rows("update ledger_share set reserved_until = now() where sub_order_id = %s", part)
    until(lambda: shop.db.one("select ledger_release_reserves(10)") == 0
          and balance(clay) == has(available=9000))


# -- approval, and what becomes of it -------------------------------------------------------------

def test_a_payout_that_is_paid_leaves_the_bank(shop, finance):
    clay = seller(shop)
    payout = paid_out(finance, clay)
    assert payout["status"] == "pending" and payout["amount"] == money(9000)
    refused(move(finance, "markPayoutPaid", payout), 409)
    assert good(move(finance, "approvePayout", payout))["status"] == "approved"
    seen = good(move(finance, "markPayoutPaid", payout, reference="K7"))
    assert (seen["status"], seen["reference"]) == ("paid", "K7")
    assert clay.do("getPayout", payout_id=payout["id"]) == seen
    assert clay.do("getBalance")["in_payout"] == money(0)
    assert causes(shop, payout) == ["payout_stamped", "payout_paid"]
    until(lambda: shop.db.one("select count(*) from notice where kind = 'payout_paid' "
                              "and account_id = %s", clay.owner.id))


def test_two_who_approve_at_once_make_one_payout_and_the_second_is_told_who_was_first(
        shop, finance):
    payout = paid_out(finance, seller(shop))
    answers = together(2, lambda: move(shop.admin("finance"), "approvePayout", payout))
    first, second = sorted(answers, key=lambda a: a.status_code)
    assert (first.status_code, second.status_code) == (200, 409)
    assert " approved it at " in second.json()["detail"]


def test_four_eyes_are_two_people(shop, finance):
    shop.db.rows("update platform set payout_approvals = 2")
    payout = paid_out(finance, seller(shop))
    assert good(move(finance, "approvePayout", payout))["status"] == "pending"
    refused(move(finance, "approvePayout", payout), 409)
    assert good(move(shop.admin(), "approvePayout", payout))["status"] == "approved"


FAILS, RETURNS = ("markPayoutFailed", {"reason": "Closed"}), ("markPayoutReturned",
                                                             {"reason": "Closed"})
APPROVED, PAID = ("approvePayout", {}), ("markPayoutPaid", {})


@pytest.mark.parametrize("steps", [[FAILS], [APPROVED, FAILS], [APPROVED, PAID, RETURNS]])
def test_what_fails_or_comes_back_is_available_again_once(shop, finance, steps):
    clay = seller(shop)
    payout = paid_out(finance, clay)
    for operation, body in steps:
        good(move(finance, operation, payout, **body))
    assert balance(clay) == has(available=9000)
    for operation, body in (FAILS, RETURNS):
        refused(move(finance, operation, payout, **body), 409)
    again = paid_out(finance, clay)
    assert again["id"] != payout["id"] and again["amount"] == money(9000)


# -- files ----------------------------------------------------------------------------------------

def test_a_payout_is_in_one_file_which_is_always_the_same(shop, finance):
    clay, iron = seller(shop), shop.vendor(shipping=[("Gift", 0)])
    good(iron.call("putPayoutAccount", body={
        "holder": "=Iron \"Smith\"", "country": "ET", "number": "1000-1234 56789",
        "bank_code": "cbetetaa"}))
    released(shop, iron, price=500)
    payouts = {v: paid_out(finance, v) for v in (clay, iron)}
    for payout in payouts.values():
        good(move(finance, "approvePayout", payout))
    answers = together(3, lambda: shop.admin("finance").call(
        "exportPayouts", body={"format": "csv", **DEBTOR}))
    (made,) = [a.json() for a in answers if a.status_code == 201]
    text = finance.call("getPayoutExport", export_id=made["id"], format="csv").text
    rows = {row["Payout"]: row for row in csv.DictReader(io.StringIO(text))}
    assert len(rows) == made["count"]
    assert rows[payouts[clay]["id"]]["IBAN"] == IBAN.replace(" ", "")
    assert rows[payouts[clay]["id"]]["Amount"] == "90.00"
    row = rows[payouts[iron]["id"]]
    assert (row["Holder"], row["Number"], row["Bank code"]) == (
        "'=Iron \"Smith\"", "1000123456789", "CBETETAA")
    assert finance.call("getPayoutExport", export_id=made["id"],
                        format="csv").text == text
    refused(finance.call("exportPayouts", body={"format": "csv", **DEBTOR}), 409)
    refused(finance.call("getPayoutExport", export_id=made["id"]), 409)
