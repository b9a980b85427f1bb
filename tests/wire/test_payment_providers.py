"""Providers across HTTP: what they are asked, what is made of their answers and webhooks, and that
nobody pays twice, or gets their money back twice, whatever is lost meanwhile."""
import threading

import pytest

from conftest import serving
from harness.payment_fakes import CHAPA_KEY, CHAPA_OLD, STRIPE_OLD, Chapa, Stripe, settings
from harness.server import folder
from harness.shop import Shop, fresh, refused, together
from harness.sub_orders import due_back, good
from harness.wait import until
from test_attempts import attempt, books, due_now, state_of
from test_ledger import journals
from test_refunds import mailed


OURS = "https://shop.example"


class Scene:
    def __init__(self, server, chapa, stripe):
        self.server, self.shop = server, Shop(server)
        self.fakes = {"chapa": chapa, "stripe": stripe}
        self.vendor = self.shop.vendor(shipping=[("Gift", 0)])
        self.pot = self.vendor.product(price=1500, stock=100_000)

    def order(self, method, customer=None):
        customer = customer or self.shop.customer()
        return customer, customer.order(self.pot, method=method)


@pytest.fixture(scope="module")
def scene():
    chapa, stripe = Chapa(), Stripe()
    with serving(SEBEZ_PUBLIC_URL=OURS, **settings(chapa, stripe)) as server:
        yield Scene(server, chapa, stripe)
    chapa.close()
    stripe.close()


@pytest.fixture(autouse=True)
def the_data_stays_sound(scene):
    yield
    for fake in scene.fakes.values():
        fake.lose, fake.stall = lambda method, path: False, None
    scene.fakes["chapa"].refuses = False
    assert scene.shop.check() == []


def begun(customer, order):
    made = attempt(customer, order)
    assert made.status_code == 201, made.text
    assert made.json()["status"] == "needs_action", made.text
    return made.json()


def checked(customer, order, made):
    return customer.do("checkPaymentAttempt", order_id=order["id"], attempt_id=made["id"])


def test_both_are_offered(scene):
    offered = [o["method"] for o in scene.shop.guest().do("listPaymentMethods")["items"]]
    assert offered == ["cash_on_delivery", "manual", "sandbox", "chapa", "stripe"]


def test_check_tells_which_providers_take_our_keys():
    chapa, stripe = Chapa(), Stripe()
    given = {**settings(chapa, stripe), "STRIPE_SECRET_KEY": "sk_test_of_somebody"}
    with folder(**given) as server:
        server.sebez("migrate")
        done = server.sebez("check", check=False)
    chapa.close(), stripe.close()
    assert done.returncode == 1 and "ok     CHAPA_SECRET_KEY: is taken" in done.stdout
    assert f"WRONG  STRIPE_SECRET_KEY: {stripe.url} answers 401" in done.stdout
    assert "sk_test" not in done.stdout and CHAPA_KEY not in done.stdout
    assert [call for fake in (chapa, stripe) for call in fake.asked] == [
        ("GET", "/v1/banks"), ("GET", "/v1/balance")]


@pytest.mark.parametrize("method", ["chapa", "stripe"])
def test_a_customer_pays_and_gets_back_what_is_cancelled(scene, method):
    fake = scene.fakes[method]
    customer, order = scene.order(method)
    made = begun(customer, order)
    if method == "chapa":
        assert made["next_action"] == {"kind": "redirect", "url": f"{fake.url}/pay/{made['id']}"}
        assert fake.payments[made["id"]]["amount"] == "15.00"
    else:
        intent = fake.intent_of(made["id"])
        assert made["next_action"] == {"kind": "confirm", "client_secret": intent["client_secret"]}
        assert (intent["amount"], intent["currency"]) == (1500, "usd")
    assert checked(customer, order, made)["status"] == "needs_action"
    fake.pay(made["id"])
    assert checked(customer, order, made)["status"] == "captured"
    assert books(scene.shop, order) == {f"provider:{method}": 1500, "pending": -1350,
                                        "commission": -150}
    before = fake.refunded()
    good(scene.vendor.cancel(order))
    until(lambda: fake.refunded() > before)
    scene.shop.db.rows("update outbox set due_at = now() where topic = 'payment_refunds'")
    until(lambda: customer.see(order)["payment"]["status"] == "refunded")
    assert fake.refunded() - before == (15 if method == "chapa" else 1500)
    assert books(scene.shop, order) == {}


@pytest.mark.parametrize("method", ["chapa", "stripe"])
def test_a_webhook_is_a_hint_and_only_a_signed_one(scene, method):
    fake, url = scene.fakes[method], scene.server.url
    customer, order = scene.order(method)
    made = begun(customer, order)
    assert fake.tell(url, made["id"], "forged").status_code == 401
    assert fake.tell(url, made["id"]).status_code == 204  # it lies: nobody has paid
    assert fake.tell(url, "0198f1c2-0000-7000-8000-000000000000").status_code == 204
    assert fake.tell(url, "nothing of ours").status_code == 204
    if method == "stripe":
        assert fake.tell(url, made["id"], age_s=301).status_code == 401
        assert fake.tell(url, made["id"], kind="payout.paid").status_code == 204
    until(lambda: not scene.shop.db.one(
        "select ask_at <= now() from payment_attempt where id = %s", made["id"]))
    assert state_of(scene.shop, made) == "needs_action"
    fake.pay(made["id"])
    old = CHAPA_OLD if method == "chapa" else STRIPE_OLD
    told = {"status": "paid"} if method == "chapa" else {"kind": "charge.succeeded"}
    answers = together(6, lambda i: fake.tell(url, made["id"], old, **told))
    assert {answer.status_code for answer in answers} == {204}
    until(lambda: state_of(scene.shop, made) == "captured")
    assert customer.see(order)["status"] == "placed"
    assert fake.tell(url, made["id"]).status_code == 204  # late, and once more
    assert scene.shop.db.one("select count(*) from payment_attempt where order_id = %s "
                             "and outcome is not null", order["id"]) == 1


def test_a_hint_that_comes_while_the_provider_is_asked_is_kept(scene):
    fake = scene.fakes["chapa"]
    customer, order = scene.order("chapa")
    made = begun(customer, order)
    before, fake.stall = len(fake.asked), threading.Event()
    scene.shop.db.rows("update payment_attempt set ask_at = now(), asked = 10 where id = %s",
                       made["id"])
    until(lambda: len(fake.asked) > before)  # it was not paid then
    fake.pay(made["id"])
    assert fake.tell(scene.server.url, made["id"]).status_code == 204
    fake.stall.set()
    until(lambda: state_of(scene.shop, made) == "captured")


def test_a_lost_answer_of_a_poll_leaves_the_page_to_the_customer(scene):
    fake = scene.fakes["chapa"]
    customer, order = scene.order("chapa")
    made = begun(customer, order)
    fake.lose = lambda verb, path: True
    seen = checked(customer, order, made)
    assert (seen["status"], seen["next_action"]) == ("needs_action", made["next_action"])


def test_a_payment_that_failed_and_cannot_be_cancelled_is_asked_about_again(scene):
    fake = scene.fakes["chapa"]
    customer, order = scene.order("chapa")
    made = begun(customer, order)
    fake.pay(made["id"], "failed/cancelled")
    failed = checked(customer, order, made)
    assert (failed["status"], failed["next_action"]) == ("failed", None)
    fake.pay(made["id"])
    scene.shop.db.rows("update payment_attempt set ask_at = ask_at - interval '1 hour' "
                       "where id = %s", made["id"])
    until(lambda: state_of(scene.shop, made) == "captured")
    assert customer.see(order)["status"] == "placed"


def test_webhooks_of_nobody_are_not_found(scene):
    for provider in ("sandbox", "nobody"):
        refused(scene.shop.anonymous().call("takePaymentWebhook", provider=provider, data=b"{}"),
                404)


def test_another_amount_than_was_asked_places_nothing(scene):
    fake = scene.fakes["chapa"]
    customer, order = scene.order("chapa")
    made = begun(customer, order)
    fake.payments[made["id"]].update(amount="14.99", status="success")
    assert checked(customer, order, made)["status"] == "needs_action"
    assert customer.see(order)["status"] == "awaiting_payment"
    fake.payments[made["id"]].update(amount="15.00")
    assert checked(customer, order, made)["status"] == "captured"


@pytest.mark.parametrize("method", ["chapa", "stripe"])
def test_an_answer_that_is_lost_is_asked_for_again(scene, method):
    fake = scene.fakes[method]
    customer, order = scene.order(method)
    fake.lose = lambda verb, path: verb == "POST"
    made = attempt(customer, order).json()
    assert made["status"] == "unknown"
    refused(attempt(customer, order), 409)
    fake.lose = lambda verb, path: False
    fake.pay(made["id"])
    assert checked(customer, order, made)["status"] == "captured"
    before = fake.refunded()
    fake.lose = lambda verb, path: verb == "POST" and "refund" in path
    good(scene.vendor.cancel(order))
    until(lambda: fake.refunded() > before)
    fake.lose = lambda verb, path: False

    def is_back():
        scene.shop.db.rows("update outbox set due_at = least(due_at, now() + interval '10 ms') "
                           "where topic = 'payment_refunds' "
                           "and (attempts = 0 or failed_with is not null)")  # none is under way
        return customer.see(order)["payment"]["status"] == "refunded"
    until(is_back)
    assert fake.refunded() - before == (15 if method == "chapa" else 1500)


def lose_refund(scene, method):
    """An order whose refund was made, of which only the provider knows."""
    fake = scene.fakes[method]
    customer, order = scene.order(method)
    made = begun(customer, order)
    fake.pay(made["id"])
    checked(customer, order, made)
    before = fake.refunded()
    fake.lose = lambda verb, path: verb == "POST" and "refund" in path
    good(scene.vendor.cancel(order))
    until(lambda: fake.refunded() > before)
    until(lambda: scene.shop.db.one("select failed_with from outbox where subject_id = %s",
                                    refund_of(scene, order)["id"]) is not None)
    fake.lose = lambda verb, path: False
    return customer, order


def refund_of(scene, order):
    (refund,) = scene.shop.db.rows("select id, state, failure from payment_refund "
                                   "where order_id = %s", order["id"])
    return refund


def last_attempt(scene, order, made=11):
    """The next attempt of its delivery is the last one, and now; or the last one was begun."""
    scene.shop.db.rows("update outbox set attempts = %s, due_at = now() where subject_id = %s",
                       made, refund_of(scene, order)["id"])


def test_a_refund_that_was_made_long_ago_is_found_without_its_key(scene):
    fake = scene.fakes["stripe"]
    customer, order = lose_refund(scene, "stripe")
    before = fake.refunded()
    fake.keys.clear()
    last_attempt(scene, order)
    until(lambda: customer.see(order)["payment"]["status"] == "refunded")
    assert fake.refunded() == before


def test_a_refund_that_takes_its_time_is_asked_about_until_it_is_made_and_made_once(scene):
    fake, shop = scene.fakes["stripe"], scene.shop
    fake.refunds_begin, before = "pending", fake.refunded()
    customer, order = scene.order("stripe")
    made = begun(customer, order)
    fake.pay(made["id"])
    checked(customer, order, made)
    good(scene.vendor.cancel(order))
    until(lambda: shop.db.one(
        "select exists (select from outbox o join payment_refund r on r.id = o.subject_id "
        "where r.order_id = %s and r.reference is not null and o.attempts = 0 "
        "and o.due_at > now() + interval '30 s')", order["id"]))
    assert customer.see(order)["payment"]["status"] == "refund_due"
    fake.refunds_begin = "succeeded"
    fake.arrive()
    fake.keys.clear()  # a day later
    shop.db.rows("update outbox set due_at = now() where subject_id = %s",
                 refund_of(scene, order)["id"])
    until(lambda: customer.see(order)["payment"]["status"] == "refunded")
    assert fake.refunded() == before + 1500 and books(shop, order) == {}


def test_a_refund_that_does_not_arrive_is_due_again_and_not_made_again(scene):
    fake, finance = scene.fakes["stripe"], scene.shop.admin("finance")
    customer, order = scene.order("stripe")
    made = begun(customer, order)
    fake.pay(made["id"])
    checked(customer, order, made)
    good(scene.vendor.cancel(order))
    until(lambda: customer.see(order)["payment"]["status"] == "refunded")
    refund_id, asked = str(refund_of(scene, order)["id"]), fake.refunded()
    hint = {"id": "re_0", "metadata": {"refund_id": refund_id}}
    assert fake.say(scene.server.url, hint, "refund.updated").status_code == 204  # it lies
    until(lambda: not scene.shop.db.one(
        "select count(*) from outbox where topic = 'payment_refunds' and subject_id = %s",
        refund_id))
    assert books(scene.shop, order) == {}
    fake.fail(refund_id)
    for kind in ("refund.failed", "refund.failed", "charge.refund.updated"):
        assert fake.say(scene.server.url, hint, kind).status_code == 204
    until(lambda: customer.see(order)["payment"]["status"] == "refund_due")
    assert refund_of(scene, order)["failure"] == "lost_or_stolen_card"
    assert books(scene.shop, order) == {"provider:stripe": 1500, "refund_due": -1500}
    assert journals(scene.shop, order)[-1] == ("refund_failed", {
        ("refund_due", "refund_due"): -1500, ("provider:stripe", "refund"): 1500})
    assert {"order": order["number"], "amount": order["total"]} in mailed(
        scene.shop, finance, "mail.refund_failed")
    finance.do("markRefunded", order_id=order["id"], body=due_back(scene.shop, order))
    assert customer.see(order)["payment"]["status"] == "refunded"
    assert fake.refunded() == asked and books(scene.shop, order) == {}


def test_stripe_tells_of_a_chargeback_and_gets_the_evidence(scene):
    fake, finance, url = scene.fakes["stripe"], scene.shop.admin("finance"), scene.server.url
    customer, order = scene.order("stripe")
    made = begun(customer, order)
    fake.pay(made["id"])
    checked(customer, order, made)
    unknown = {"id": "du_0", "payment_intent": "pi_0"}
    assert fake.say(url, unknown, "charge.dispute.created").status_code == 204
    assert fake.say(url, {"id": "../refunds"}, "charge.dispute.created").status_code == 204
    dispute = fake.dispute(made["id"])
    for kind in ("charge.dispute.created", "charge.dispute.funds_withdrawn"):
        assert fake.say(url, {"id": "du_1"}, kind).status_code == 204

    def seen():
        return [c for c in finance.do("adminListChargebacks")["items"]
                if c["order_id"] == order["id"]]
    until(seen)
    (first,) = seen()
    assert (first["status"], first["reason"], first["amount"], first["fee"]) == (
        "needs_response", "product_not_received", order["total"],
        {"amount": 1500, "currency": "USD"})
    where = {"chargeback_id": first["id"]}
    scene.vendor.do("addVendorChargebackEvidence", **where, key=fresh("key"),
                    body={"text": "It is on its way"})
    finance.do("sendChargebackEvidence", **where)
    until(lambda: seen()[0]["status"] == "under_review")
    assert seen()[0]["sent_at"]
    assert fake.evidence["du_1"]["evidence[uncategorized_text]"] == "It is on its way"
    assert set(fake.evidence["du_1"]) <= {f"evidence[{name}]" for name in (
        "customer_name", "product_description", "shipping_address", "shipping_carrier",
        "shipping_date", "shipping_tracking_number", "uncategorized_text")}
    dispute.update(status="lost")
    fake.say(url, {"id": "du_1"}, "charge.dispute.closed")
    until(lambda: seen()[0]["status"] == "lost")
    assert customer.see(order)["payment"]["status"] == "refunded" and fake.refunded() >= 0
    assert books(scene.shop, order)["provider:stripe"] == -1500


class Disputed:
    """A payment of Stripe whose bank took it back, or asks about it."""

    def __init__(self, scene, name, status="needs_response"):
        self.scene, self.name = scene, name
        self.fake, self.finance = scene.fakes["stripe"], scene.shop.admin("finance")
        self.customer, self.order = scene.order("stripe")
        self.made = begun(self.customer, self.order)
        self.fake.pay(self.made["id"])
        checked(self.customer, self.order, self.made)
        self.dispute = self.fake.dispute(self.made["id"], name, status)
        self.hint("created")
        until(self.found)
        self.where = {"chargeback_id": self.found()[0]["id"]}

    def hint(self, kind):
        assert self.fake.say(self.scene.server.url, {"id": self.name, "at": fresh("at")},
                             f"charge.dispute.{kind}").status_code == 204

    def found(self):
        return [c for c in self.finance.do("adminListChargebacks")["items"]
                if c["order_id"] == self.order["id"]]

    def status(self):
        return self.found()[0]["status"]

    def say(self, text):
        return self.finance.call("adminAddChargebackEvidence", **self.where, key=fresh("key"),
                                 body={"text": text})

    def send(self):
        return self.finance.call("sendChargebackEvidence", **self.where)

    def row(self, column):
        return self.scene.shop.db.one(f"select {column} from chargeback where id = %s",
                                      self.where["chargeback_id"])


def test_what_became_of_a_chargeback_is_seen_though_its_evidence_is_refused(scene):
    case = Disputed(scene, "du_refused")
    good(case.say("Sent"))
    case.dispute.update(status="under_review")  # somebody answered in Stripe's dashboard
    good(case.send())
    until(lambda: case.status() == "under_review")
    assert case.found()[0]["sent_at"] is None and case.row("refused_at is not null")
    assert {"order": case.order["number"]} in mailed(scene.shop, case.finance,
                                                     "mail.evidence_refused")
    case.dispute.update(status="won")
    case.hint("closed")
    until(lambda: case.status() == "won")


def test_evidence_that_was_refused_waits_for_a_person_who_sends_it_again(scene):
    case = Disputed(scene, "du_again")
    good(case.say("Sent"))
    case.fake.refuses_evidence = True
    good(case.send())
    until(lambda: case.row("refused_at is not null"))
    case.hint("updated")
    assert case.row("send_at is null") and case.status() == "needs_response"
    case.fake.refuses_evidence = False
    good(case.say("Signed for"))
    good(case.send())
    until(lambda: case.status() == "under_review")
    assert case.fake.evidence["du_again"]["evidence[uncategorized_text]"] == "Sent\n\nSigned for"


def test_after_an_inquiry_that_was_answered_the_chargeback_takes_evidence(scene):
    case = Disputed(scene, "du_asked", status="warning_needs_response")
    assert case.status() == "inquiry"
    good(case.say("Sent"))
    good(case.send())
    until(lambda: case.found()[0]["sent_at"])
    assert case.dispute["status"] == "warning_under_review" and case.row("send_at is null")
    refused(case.say("More"), 409)
    case.dispute.update(status="needs_response")
    case.hint("funds_withdrawn")
    until(lambda: case.status() == "needs_response")
    assert case.found()[0]["sent_at"] is None and case.row("send_at < respond_by")
    good(case.say("Signed for"))
    good(case.send())
    until(lambda: case.status() == "under_review")
    assert case.fake.evidence["du_asked"]["evidence[uncategorized_text]"] == "Sent\n\nSigned for"


def test_evidence_is_complete_when_it_is_sent_and_the_bank_takes_so_much_in_time(scene):
    case = Disputed(scene, "du_full")
    for _ in range(4):
        good(case.say("x" * 4000))
    refused(case.say("x" * 4000), 409)
    case.fake.lose = lambda method, path: method == "POST" and path.endswith("du_full")
    good(case.send())
    until(lambda: case.row("sending_at is not null"))
    refused(case.say("More"), 409)
    case.fake.lose = lambda method, path: False
    scene.shop.db.rows("update outbox set due_at = now() where topic = 'chargebacks'")
    until(lambda: case.status() == "under_review")
    assert case.found()[0]["sent_at"]
    late = Disputed(scene, "du_late")
    scene.shop.db.rows("update chargeback set respond_by = now() where id = %s",
                       late.where["chargeback_id"])
    refused(late.say("Too late"), 409)
    refused(late.send(), 409)


@pytest.mark.parametrize("attempts", [11, 12])
def test_a_refused_repetition_is_no_refusal_and_finance_may_record_what_stays_unknown(scene,
                                                                                     attempts):
    fake, finance = scene.fakes["chapa"], scene.shop.admin("finance")
    fake.refuses = True
    customer, order = lose_refund(scene, "chapa")
    refused(finance.call("markRefunded", order_id=order["id"],
                         body=due_back(scene.shop, order)), 409)
    last_attempt(scene, order, attempts)
    until(lambda: refund_of(scene, order)["state"] == "failed")
    assert refund_of(scene, order)["failure"] == "unanswered"
    finance.do("markRefunded", order_id=order["id"],
               body={**due_back(scene.shop, order), "reference": "Seen at Chapa"})
    assert customer.see(order)["payment"]["status"] == "refunded"
    assert books(scene.shop, order) == {}
    until(lambda: scene.shop.db.one("select count(*) from dead_letter where subject_id = %s",
                                    refund_of(scene, order)["id"]) == 1)
    asked = len(fake.asked)
    scene.shop.db.rows("insert into outbox (topic, destination, subject_id) "
                       "values ('payment_refunds', 'chapa', %s)", refund_of(scene, order)["id"])
    until(lambda: scene.shop.db.one("select count(*) from outbox where subject_id = %s",
                                    refund_of(scene, order)["id"]) == 0)
    assert len(fake.asked) == asked and refund_of(scene, order)["state"] == "by_hand"


def test_a_page_leads_to_the_public_address_whatever_the_host_says(scene):
    customer, order = scene.order("chapa")
    refused(attempt(customer, order, return_url=f"{scene.server.url}/paid"), 400, "invalid_input",
            "/return_url")
    assert attempt(customer, order, return_url=f"{OURS}/paid").status_code == 201


def test_an_abandoned_intent_is_cancelled_and_one_that_was_paid_goes_back(scene):
    fake = scene.fakes["stripe"]
    for is_paid in (False, True):
        customer, order = scene.order("stripe")
        made = begun(customer, order)
        customer.do("cancelOrder", order_id=order["id"], body={})
        if is_paid:
            fake.pay(made["id"])
        due_now(scene.shop, made)
        wanted = "captured" if is_paid else "cancelled"
        until(lambda: state_of(scene.shop, made) == wanted)
    until(lambda: customer.see(order)["payment"]["status"] == "refunded")
    assert books(scene.shop, order) == {}


def test_a_provider_that_refuses_us_leaves_the_order_to_another_attempt(scene):
    customer, order = scene.order("chapa")
    fake, real = scene.fakes["chapa"], scene.fakes["chapa"].take
    fake.take = lambda *asked: (401, {"message": "Invalid API Key", "status": "failed"})
    made = attempt(customer, order).json()
    fake.take = real
    assert (made["status"], made["failure"]) == ("failed", "not_begun")
    begun(customer, order)
