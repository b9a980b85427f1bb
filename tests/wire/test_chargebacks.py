"""Chargebacks: what the bank of a customer takes back, who is told, what is said to the bank, and
what becomes of the money when it decides."""
import pytest

from harness.shop import fresh, money, refused
from harness.sub_orders import good, line_of, some
from harness.uploads import attachable
from harness.wait import until
from test_attempts import attempt, books, paid_by, sandbox
from test_invoices import amounts, papers
from test_ledger import balance, has, journals
from test_refunds import delivered, granted, mailed

FEE = 1500  # of the sandbox
SYSTEM = "select set_config('sebez.actor', 'system', true)"


@pytest.fixture(autouse=True)
def the_data_stays_sound(shop):
    yield
    assert shop.check() == []


@pytest.fixture
def settings(shop):
    def put(**names):
        for name, value in names.items():
            shop.db.rows(f"update platform set {name} = %s", value)
    yield put
    put(chargebacks_borne_by="vendor", chargeback_fees_borne_by="marketplace",
        service_fee_fixed=0, service_fee_basis_points=0)


class Case:
    """Two pots of 1000 that were paid by card and delivered, whose bank takes the money back."""

    def __init__(self, shop, is_delivered=True):
        self.shop, self.finance = shop, shop.admin("finance")
        self.clay, self.customer = shop.vendor(shipping=[("Parcel", 0)]), shop.customer()
        self.order = self.customer.order((self.clay.product(price=1000, stock=10), 2),
                                         method="sandbox")
        self.made = attempt(self.customer, self.order, token="sandbox_ok").json()
        self.part = self.clay.part(self.order)["id"]
        if is_delivered:
            delivered(self.clay, self.order)

    def released(self):
        self.shop.db.rows("update ledger_share set release_at = now() where sub_order_id = %s",
                          self.part)
        until(lambda: balance(self.clay)["pending"] == 0)

    def taken(self, amount=None):
        assert sandbox(self.shop, self.made, "dispute", amount).status_code == 200
        until(lambda: self.clay.do("listVendorChargebacks")["items"])
        (seen,) = self.clay.do("listVendorChargebacks")["items"]
        self.id = seen["id"]
        return seen

    def say(self, text, actor=None, operation="addVendorChargebackEvidence", **body):
        return (actor or self.clay).call(operation, chargeback_id=self.id, key=fresh("key"),
                                         body={"text": text, **body})

    def decided(self, outcome):
        good(self.say(f"{outcome}_evidence"))
        self.finance.do("sendChargebackEvidence", chargeback_id=self.id)
        until(lambda: self.seen()["status"] in ("won", "lost"))
        return self.seen()

    def seen(self):
        return self.clay.do("getVendorChargeback", chargeback_id=self.id)

    def causes(self):
        return [cause for cause, _ in journals(self.shop, self.order)]


def test_what_is_taken_is_held_and_back_when_it_is_won(shop):
    case = Case(shop)
    case.released()
    seen = case.taken()
    assert (seen["status"], seen["amount"], seen["fee"], seen["borne_by"], seen["sent_at"]) == (
        "needs_response", money(2000), money(0), "vendor", None)
    assert case.finance.do("adminGetChargeback", chargeback_id=case.id)["fee"] == money(FEE)
    assert [(p["sub_order_id"], p["amount"]) for p in seen["parts"]] == [(case.part, money(2000))]
    assert balance(case.clay) == has(reserved=1800)
    assert books(shop, case.order) == {
        "chargebacks": 2000, "provider:sandbox": -FEE, "chargeback_costs": FEE,
        "reserved": -1800, "commission": -200}
    case.decided("winning")
    assert balance(case.clay) == has(available=1800)
    assert books(shop, case.order) == {
        "provider:sandbox": 2000 - FEE, "chargeback_costs": FEE, "available": -1800,
        "commission": -200}
    assert sorted(case.causes()) == ["chargeback_fee", "chargeback_taken", "chargeback_won", "held",
                                     "hold_released", "payment_received", "released"]
    refused(case.say("Too late"), 409)


def test_what_is_lost_is_refunded_by_its_lines_and_never_twice(shop, settings):
    settings(service_fee_fixed=100)
    case = Case(shop)
    case.released()
    case.taken()
    assert balance(case.clay) == has(reserved=1800)
    granted(case.clay, case.order, lines=some(line_of(case.order, case.clay), 1))
    assert case.finance.do("listPaymentRefunds", order_id=case.order["id"])["items"] == []
    case.decided("losing")
    assert balance(case.clay) == has()
    payment = case.customer.see(case.order)["payment"]
    assert (payment["status"], payment["refunded_amount"]) == ("refunded", money(2100))
    assert books(shop, case.order) == {
        "provider:sandbox": -FEE, "chargeback_costs": FEE, "goodwill": 100, "service_fee": -100}
    assert case.finance.do("listPaymentRefunds", order_id=case.order["id"])["items"] == []
    refused(case.clay.call("refundSubOrder", sub_order_id=case.part, key=fresh("key"),
                           body={"goodwill": money(1), "reason": "More"}), 400)


def test_a_refund_that_was_granted_meanwhile_is_made_when_it_is_won(shop):
    case = Case(shop)
    case.taken()
    granted(case.clay, case.order, lines=some(line_of(case.order, case.clay), 1))
    case.decided("winning")
    until(lambda: case.customer.see(case.order)["payment"]["status"] == "refunded")
    assert books(shop, case.order) == {
        "provider:sandbox": 1000 - FEE, "chargeback_costs": FEE, "pending": -900,
        "commission": -100}


def test_when_the_balance_is_short_the_vendor_owes_it_and_its_fee(shop, settings):
    settings(chargeback_fees_borne_by="vendor")
    case = Case(shop)
    case.released()
    case.clay.do("putPayoutAccount", body={"holder": "Clay", "country": "DE",
                                           "iban": "DE89370400440532013000"})
    case.finance.do("runPayouts", body={"vendor_id": case.clay.id})
    assert case.taken()["fee"] == money(FEE)
    assert balance(case.clay) == has(reserved=1800, debt=1800 + FEE)
    settings(chargeback_fees_borne_by="marketplace")  # of later ones
    shop.db.rows(SYSTEM + ", chargeback_note(attempt_id, reference, amount, reason, state, %s, "
                 "respond_by) from chargeback where id = %s", FEE + 100, case.id)
    assert case.seen()["fee"] == money(FEE + 100)
    shop.db.rows(SYSTEM + ", chargeback_note(attempt_id, reference, amount, reason, state, %s, "
                 "respond_by) from chargeback where id = %s", FEE, case.id)
    case.decided("losing")
    assert balance(case.clay) == has(debt=1800 + FEE)


def test_the_marketplace_may_bear_it(shop, settings):
    settings(chargebacks_borne_by="marketplace")
    case = Case(shop)
    case.released()
    assert case.taken()["borne_by"] == "marketplace"
    assert balance(case.clay) == has(available=1800)
    case.decided("losing")
    assert balance(case.clay) == has(available=1800)
    assert books(shop, case.order)["goodwill"] == 2000


def test_what_is_not_shipped_yet_is_the_vendors_loss_and_cancelling_gives_back_nothing_more(shop):
    case = Case(shop, is_delivered=False)
    case.taken()
    case.decided("losing")
    good(case.clay.cancel(case.order))
    assert books(shop, case.order) == {"provider:sandbox": -FEE, "chargeback_costs": FEE}
    assert balance(case.clay) == has()


def test_earnings_wait_and_nobody_answers_in_time(shop):
    case = Case(shop)
    case.taken()
    shop.db.rows("update ledger_share set release_at = now() where sub_order_id = %s", case.part)
    assert shop.db.one("select ledger_release(10)") == 0
    shop.db.rows("update sandbox_chargeback set respond_by = now() where charge_id = %s",
                 case.made["id"])
    shop.db.rows("update chargeback set asked_at = now() - interval '7 hours' where id = %s",
                 case.id)
    until(lambda: case.seen()["status"] == "lost")
    assert case.seen()["respond_by"] is None


def test_evidence_of_both_goes_by_itself_a_day_before_its_time(shop):
    case = Case(shop)
    case.taken()
    refused(case.finance.call("sendChargebackEvidence", chargeback_id=case.id), 409)
    photo = attachable(shop.server, case.clay.owner, purpose="return_evidence")
    good(case.say("Signed for", upload_ids=[photo]))
    good(case.say("winning_evidence", case.finance, "adminAddChargebackEvidence"))
    (mine,) = case.seen()["evidence"]
    assert (mine["by"], mine["text"], [f["id"] for f in mine["files"]]) == (
        "staff", "Signed for", [photo])
    both = case.finance.do("adminGetChargeback", chargeback_id=case.id)["evidence"]
    assert [e["by"] for e in both] == ["staff", "admin"]
    shop.db.rows("update chargeback set send_at = now(), asked_at = now() - interval '1 hour' "
                 "where id = %s", case.id)
    until(lambda: case.seen()["status"] == "won")
    assert case.seen()["sent_at"]


def test_vendor_and_finance_are_told(shop):
    case = Case(shop)
    case.taken()
    said = {"order": case.order["number"], "amount": money(2000)}
    assert said in mailed(shop, case.finance, "mail.chargeback")
    case.decided("losing")

    def told():
        return {n["kind"] for n in case.clay.owner.do("listNotifications", limit=100)["items"]
                if "chargeback" in n["kind"]}
    until(lambda: told() == {"chargeback_opened", "chargeback_lost"})


def test_the_loss_of_what_was_paid_back_before_is_the_marketplaces(shop):
    case = Case(shop)
    case.taken()
    granted(case.clay, case.order, lines=some(line_of(case.order, case.clay), 2))
    case.finance.do("markRefunded", order_id=case.order["id"], body={"amount": money(2000)})
    case.decided("losing")
    assert books(shop, case.order) == {"chargeback_costs": 2000 + FEE,
                                       "provider:sandbox": -2000 - FEE}


@pytest.mark.parametrize("is_delivered", [True, False])
def test_a_part_that_is_lost_is_credited_once_it_is_invoiced(shop, settings, is_delivered):
    settings(service_fee_fixed=100)
    case = Case(shop, is_delivered)
    case.taken(500)
    case.decided("losing")
    assert shop.check() == []
    if not is_delivered:
        good(case.clay.accept(case.order))
        good(case.clay.cancel(case.order, reason="One broke",
                              lines=some(line_of(case.order, case.clay), 1)))
        good(case.clay.ship(case.order))
    invoice, note = papers(case.clay)
    goods = 2000 if is_delivered else 1000
    assert (amounts(invoice)["goods"], amounts(invoice)["service_fee"]) == (goods, 100)
    assert (note["kind"], note["corrects_id"], note["lines"], amounts(note)["total"],
            amounts(note)["goodwill"]) == ("credit_note", invoice["id"], [], 500, 500)


@pytest.mark.parametrize("state, lost", [("by_hand", 0), ("refunded", 1600)])
def test_a_second_payment_that_is_charged_back_is_paid_back_once(shop, state, lost):
    customer, clay, finance = shop.customer(), shop.vendor(shipping=[("Parcel", 0)]), \
        shop.admin("finance")
    order = customer.order(clay.product(price=1600), method="sandbox")
    first, second = (paid_by(customer, order, "sandbox_action") for _ in range(2))
    if state == "by_hand":
        shop.db.rows("update payment_attempt set token = 'sandbox_refund_fails' where id = %s",
                     second["id"])
    for made in (first, second):
        sandbox(shop, made, "pay")
        customer.do("checkPaymentAttempt", order_id=order["id"], attempt_id=made["id"])

    def refund():
        (seen,) = finance.do("listPaymentRefunds", order_id=order["id"])["items"]
        return seen["status"]

    def one():
        return [c for c in finance.do("adminListChargebacks")["items"]
                if c["order_id"] == order["id"]]
    until(lambda: refund() in ("failed", "refunded"))
    # The bank does not know what was refunded.
    shop.db.rows("update sandbox_charge set refunded = 0 where id = %s", second["id"])
    sandbox(shop, second, "dispute")
    until(one)
    finance.do("adminAddChargebackEvidence", chargeback_id=one()[0]["id"], key=fresh("key"),
               body={"text": "losing_evidence"})
    finance.do("sendChargebackEvidence", chargeback_id=one()[0]["id"])
    until(lambda: one()[0]["status"] == "lost")
    assert refund() == state
    assert books(shop, order) == {"provider:sandbox": 1600 - FEE - lost, "pending": -1440,
                                  "commission": -160, "chargeback_costs": FEE + lost}


def test_what_was_cancelled_before_it_was_paid_has_no_part(shop):
    clay, iron = (shop.vendor(shipping=[("Parcel", 0)]) for _ in range(2))
    customer, finance = shop.customer(), shop.admin("finance")
    order = customer.order(clay.product(price=1000), iron.product(price=3000), method="sandbox")
    good(iron.cancel(order))
    made = paid_by(customer, order)
    delivered(clay, order)
    sandbox(shop, made, "dispute")
    until(lambda: clay.do("listVendorChargebacks")["items"])
    (seen,) = clay.do("listVendorChargebacks")["items"]
    assert [p["amount"] for p in seen["parts"]] == [money(1000)]
    good(clay.call("addVendorChargebackEvidence", chargeback_id=seen["id"], key=fresh("key"),
                   body={"text": "losing_evidence"}))
    finance.do("sendChargebackEvidence", chargeback_id=seen["id"])
    until(lambda: clay.do("listVendorChargebacks")["items"][0]["status"] == "lost")
    assert books(shop, order) == {"provider:sandbox": -FEE, "chargeback_costs": FEE}


def test_a_vendor_reads_what_is_of_its_own_sub_order(shop, settings):
    settings(chargeback_fees_borne_by="vendor")
    clay, iron = (shop.vendor(shipping=[("Parcel", 0)]) for _ in range(2))
    customer, finance = shop.customer(), shop.admin("finance")
    order = customer.order(clay.product(price=1000), iron.product(price=3000), method="sandbox")
    sandbox(shop, paid_by(customer, order), "dispute")
    until(lambda: clay.do("listVendorChargebacks")["items"])
    read = {}
    for vendor in (clay, iron):
        (read[vendor],) = vendor.do("listVendorChargebacks")["items"]
    assert [(c["amount"], c["fee"]) for c in read.values()] == [
        (money(1000), money(375)), (money(3000), money(1125))]
    whole = finance.do("adminGetChargeback", chargeback_id=read[clay]["id"])
    assert (whole["amount"], whole["fee"], len(whole["parts"])) == (money(4000), money(FEE), 2)


def test_a_refund_that_failed_is_not_asked_for_while_the_bank_has_the_money(shop):
    clay, customer, finance = shop.vendor(), shop.customer(), shop.admin("finance")
    order = customer.order(clay.product(price=1000), method="sandbox")
    made = paid_by(customer, order, "sandbox_refund_fails")
    good(clay.cancel(order))

    def refund():
        return shop.db.one("select state from payment_refund where order_id = %s", order["id"])
    until(lambda: refund() == "failed")
    sandbox(shop, made, "dispute")
    until(lambda: clay.do("listVendorChargebacks")["items"])
    shop.db.rows("update payment_attempt set token = 'sandbox_ok' where id = %s", made["id"])
    shop.db.rows("insert into outbox (topic, destination, subject_id) select 'payment_refunds', "
                 "'sandbox', id from payment_refund where order_id = %s", order["id"])
    until(lambda: shop.db.one("select count(*) from outbox o join payment_refund r on r.id = "
                              "o.subject_id where r.order_id = %s and o.due_at < now() "
                              "+ interval '5 minutes'", order["id"]) == 0)
    assert refund() == "failed"
    (seen,) = clay.do("listVendorChargebacks")["items"]
    good(clay.call("addVendorChargebackEvidence", chargeback_id=seen["id"], key=fresh("key"),
                   body={"text": "losing_evidence"}))
    finance.do("sendChargebackEvidence", chargeback_id=seen["id"])
    until(lambda: refund() == "by_hand")
    until(lambda: customer.see(order)["payment"]["status"] == "refunded")
    assert books(shop, order) == {"provider:sandbox": -FEE, "chargeback_costs": FEE}


def test_a_refund_that_fails_after_the_bank_decided_was_paid_by_the_bank(shop):
    case = Case(shop)
    case.shop.db.rows("update payment_attempt set token = 'sandbox_refund_fails' where id = %s",
                      case.made["id"])
    granted(case.clay, case.order, lines=some(line_of(case.order, case.clay), 1))
    until(lambda: shop.db.one("select state from payment_refund where order_id = %s",
                              case.order["id"]) == "failed")
    # As if it were on its way.
    shop.db.rows("update payment_refund set failure = 'unanswered' where order_id = %s",
                 case.order["id"])
    case.taken()
    case.decided("losing")
    assert books(shop, case.order)["chargeback_costs"] == FEE + 1000
    shop.db.rows("update payment_refund set failure = 'refused' where order_id = %s",
                 case.order["id"])
    shop.db.rows(SYSTEM + ", refund_failed(id) from payment_refund where order_id = %s",
                 case.order["id"])
    assert books(shop, case.order) == {"provider:sandbox": -FEE, "chargeback_costs": FEE}
