"""Payments by providers: attempts, and what becomes of money that comes twice, too late, or whose
coming was not answered. The provider is the sandbox; other ones are in files of their own."""
import pytest
import requests

from harness.feed import Device, settle
from harness.shop import fresh, refused, together
from harness.sub_orders import good
from harness.wait import until


@pytest.fixture(autouse=True)
def the_data_stays_sound(shop):
    yield
    assert shop.check() == []


def attempt(customer, order, key=None, **body):
    return customer.call("createPaymentAttempt", order_id=order["id"], body=body,
                         key=key or fresh("key"))


def paid_by(customer, order, token="sandbox_ok"):
    made = attempt(customer, order, token=token)
    assert made.status_code == 201, made.text
    return made.json()


def sums(payment):
    return (payment["status"], payment["due"]["amount"], payment["received_amount"]["amount"],
            payment["refunded_amount"]["amount"])


def state_of(shop, made):
    return shop.db.one("select state from payment_attempt where id = %s", made["id"])


def due_now(shop, made):
    """The job asks about it at once, as an attempt that nothing can be on its way for."""
    shop.db.rows("update payment_attempt set ask_at = now(), "
                 "created_at = created_at - interval '1 hour' where id = %s", made["id"])


def sandbox(shop, made, decision, amount=None, **headers):
    return requests.post(f"{shop.server.url}/dev/pay/{made['id']}/{decision}", headers=headers,
                         params={"amount": amount}, timeout=10)


def books(shop, order):
    """The order's entries by account."""
    return {row["account"]: row["amount"] for row in shop.db.rows(
        "select e.account, sum(e.amount)::int as amount from journal j join journal_entry e "
        "on e.journal_id = j.id where j.order_id = %s group by 1 having sum(e.amount) <> 0",
        order["id"])}


@pytest.fixture
def bought(shop):
    """An order of 1500 that waits for the sandbox."""
    customer, clay = shop.customer(), shop.vendor()
    return customer, clay, customer.order(clay.product(price=1000), method="sandbox")


def test_an_order_is_placed_when_its_card_is_charged(shop, bought):
    customer, clay, order = bought
    me = Device(customer)
    assert order["status"] == "awaiting_payment" and order["payment"]["method"] == "sandbox"
    made = paid_by(customer, order)
    assert made["status"] == "captured" and made["next_action"] is None
    assert made["amount"] == order["total"] and made["order_id"] == order["id"]
    assert customer.do("getPaymentAttempt", order_id=order["id"], attempt_id=made["id"]) == made
    assert customer.do("listPaymentAttempts", order_id=order["id"])["items"] == [made]
    finance = shop.admin("finance")
    assert finance.do("adminListPaymentAttempts", order_id=order["id"])["items"] == [made]
    seen = customer.see(order)
    assert seen["status"] == "placed" and sums(seen["payment"]) == ("received", 1500, 1500, 0)
    assert books(shop, order) == {"provider:sandbox": 1500, "pending": -1400, "commission": -100}
    settle(me)
    (event,) = [e for e in me.events if e["kind"] == "payment_received"]
    assert event["payload"]["method"] == "sandbox" and event["payload"]["by"] == "system"
    good(clay.accept(order))
    refused(attempt(customer, order), 409, "conflict")
    refused(finance.call("markPaymentReceived", order_id=order["id"], body={}), 409)


def test_a_declined_card_leaves_the_order_waiting_and_another_pays_it(shop, bought):
    customer, _, order = bought
    declined = paid_by(customer, order, "sandbox_declined")
    assert declined["status"] == "failed" and declined["failure"] == "declined"
    assert customer.see(order)["status"] == "awaiting_payment"
    assert paid_by(customer, order, "sandbox_authorised")["status"] == "captured"
    assert customer.see(order)["status"] == "placed"


def test_a_customer_pays_on_the_provider_s_page_and_comes_back(shop, bought):
    customer, _, order = bought
    back = f"{shop.server.url}/paid?order={order['number']}"
    made = attempt(customer, order, token="sandbox_action", return_url=back).json()
    page = f"{shop.server.url}/dev/pay/{made['id']}"
    assert made["status"] == "needs_action"
    assert made["next_action"] == {"kind": "redirect", "url": page}
    assert "Pay" in requests.get(page, headers={"Accept": "text/html"}, timeout=10).text
    assert requests.get(page, timeout=10).json()["status"] == "needs_action"
    led = sandbox(shop, made, "pay", Accept="text/html")
    assert f'<a href="{back}">' in led.text
    checked = customer.do("checkPaymentAttempt", order_id=order["id"], attempt_id=made["id"])
    assert checked["status"] == "captured" and checked["next_action"] is None
    assert customer.see(order)["status"] == "placed"


def test_the_job_finds_out_what_the_app_never_asks(shop, bought):
    customer, _, order = bought
    made = paid_by(customer, order, "sandbox_action")
    sandbox(shop, made, "decline")
    due_now(shop, made)
    until(lambda: state_of(shop, made) == "failed")
    made = paid_by(customer, order, "sandbox_action")
    sandbox(shop, made, "pay")
    due_now(shop, made)
    until(lambda: state_of(shop, made) == "captured")
    assert customer.see(order)["status"] == "placed"


def test_a_page_leads_nowhere_but_back_to_the_app(shop, bought):
    customer, _, order = bought
    for url in ("https://elsewhere.example/", shop.server.url + ".elsewhere.example/",
                shop.server.url + "@elsewhere.example", "javascript:alert(1)", "/paid",
                shop.server.url + "\\@elsewhere.example"):
        refused(attempt(customer, order, return_url=url), 400, "invalid_input",
                "/return_url")


@pytest.mark.parametrize("token", ["sandbox_timeout", "sandbox_processing"])
def test_an_answer_that_did_not_come_is_fetched_and_the_order_waits_for_it(shop, bought, token):
    customer, _, order = bought
    made = paid_by(customer, order, token)
    assert made["status"] == "unknown"
    refused(attempt(customer, order), 409, "conflict")  # it may still succeed
    shop.db.rows("update sub_order set deadline_at = now() where order_id = %s", order["id"])
    due_now(shop, made)
    until(lambda: state_of(shop, made) == "captured")
    assert customer.see(order)["status"] == "placed"


def test_a_request_that_was_lost_charges_nobody(shop, bought):
    customer, _, order = bought
    made = paid_by(customer, order, "sandbox_lost")
    assert made["status"] == "unknown"
    due_now(shop, made)
    until(lambda: state_of(shop, made) == "failed")
    assert paid_by(customer, order)["status"] == "captured"


def test_a_repeated_request_charges_once(shop, bought):
    customer, _, order = bought
    key = fresh("key")
    first = together(4, lambda i: attempt(customer, order, key))
    assert {answer.status_code for answer in first} == {201}
    assert len({answer.text for answer in first}) == 1
    assert shop.db.one("select count(*) from sandbox_charge c join payment_attempt a "
                       "on a.id = c.id where a.order_id = %s", order["id"]) == 1
    other = customer.order(shop.mug, method="sandbox")
    refused(attempt(customer, other, key), 422, "idempotency_key_reused")


def test_a_request_without_an_answer_continues_where_it_was(shop, bought):
    """The process died after phase 1: the row is there, and the provider was not asked."""
    customer, _, order = bought
    key = fresh("key")
    shop.db.rows("insert into payment_attempt (id, order_id, account_id, provider, amount, "
                 "currency, idempotency_key, expires_at) select gen_random_uuid(), "
                 "order_id, account_id, method, amount, currency, %s, now() + interval '1 hour' "
                 "from payment where order_id = %s", key, order["id"])
    assert attempt(customer, order, key).json()["status"] == "captured"
    assert len(customer.do("listPaymentAttempts", order_id=order["id"])["items"]) == 1


def test_of_two_attempts_that_succeed_one_pays_and_the_other_goes_back(shop, bought):
    customer, _, order = bought
    me = Device(customer)
    one, other = (paid_by(customer, order, "sandbox_action") for _ in range(2))
    for made in (one, other):
        sandbox(shop, made, "pay")
    together(6, lambda i: customer.call("checkPaymentAttempt", order_id=order["id"],
                                        attempt_id=(one, other)[i % 2]["id"]))
    outcomes = shop.db.rows("select outcome from payment_attempt where order_id = %s order by 1",
                            order["id"])
    assert [row["outcome"] for row in outcomes] == ["extra", "order"]
    until(lambda: shop.db.one("select state from payment_refund where order_id = %s",
                              order["id"]) == "refunded")
    assert sums(customer.see(order)["payment"]) == ("received", 1500, 1500, 0)
    assert books(shop, order) == {"provider:sandbox": 1500, "pending": -1400, "commission": -100}
    assert shop.db.one("select sum(refunded) from sandbox_charge c join payment_attempt a "
                       "on a.id = c.id where a.order_id = %s", order["id"]) == 1500
    settle(me)
    (told,) = [e["payload"] for e in me.events if e["kind"] == "payment_refunded"]
    assert told["amount"] == order["total"]


def test_what_is_paid_after_the_order_expired_goes_back_and_is_told(shop, bought):
    customer, clay, order = bought
    me = Device(customer)
    made = paid_by(customer, order, "sandbox_action")
    shop.db.rows("update sub_order set deadline_at = now() where order_id = %s", order["id"])
    until(lambda: customer.see(order)["status"] == "cancelled")
    sandbox(shop, made, "pay")
    customer.do("checkPaymentAttempt", order_id=order["id"], attempt_id=made["id"])
    until(lambda: customer.see(order)["payment"]["status"] == "refunded")
    assert sums(customer.see(order)["payment"]) == ("refunded", 0, 1500, 1500)
    assert books(shop, order) == {}
    settle(me)
    told = [e["kind"] for e in me.events if e["kind"].startswith("payment_")]
    assert told == ["payment_received", "payment_refunded"]


def test_an_attempt_of_an_order_that_waits_no_more_is_cancelled_at_the_provider(shop, bought):
    customer, _, order = bought
    made = paid_by(customer, order, "sandbox_action")
    customer.do("cancelOrder", order_id=order["id"], body={})
    due_now(shop, made)
    until(lambda: state_of(shop, made) == "cancelled")
    assert sandbox(shop, made, "pay").json()["status"] == "cancelled"
    refused(attempt(customer, order), 409, "conflict")


def test_what_is_cancelled_of_a_paid_order_goes_back_by_itself(shop):
    customer, clay, iron = shop.customer(), shop.vendor(), shop.vendor()
    pot = clay.product(price=1000)
    order = customer.order((pot, 3), iron.product(price=500), method="sandbox")
    paid_by(customer, order)
    line = clay.part(order)["lines"][0]["id"]
    good(clay.cancel(order, lines=[{"line_id": line, "quantity": 1}]))
    good(iron.cancel(order))
    until(lambda: customer.see(order)["payment"]["status"] == "refunded")
    assert sums(customer.see(order)["payment"]) == ("refunded", 2500, 4500, 2000)
    assert sums(clay.see(order)["payment"]) == ("refunded", 2500, 3500, 1000)
    assert books(shop, order)["provider:sandbox"] == 2500
    assert shop.db.rows("select amount, state from payment_refund where order_id = %s", order["id"]
                        ) == 2 * [{"amount": 1000, "state": "refunded"}]


def test_a_refund_that_the_provider_refuses_waits_for_an_admin(shop, bought):
    customer, clay, order = bought
    paid_by(customer, order, "sandbox_refund_fails")
    good(clay.cancel(order))
    finance = shop.admin("finance")
    until(lambda: shop.db.one("select state from payment_refund where order_id = %s",
                              order["id"]) == "failed")
    assert customer.see(order)["payment"]["status"] == "refund_due"
    (seen,) = finance.do("listPaymentRefunds", order_id=order["id"])["items"]
    assert (seen["status"], seen["failure"], seen["amount"]) == (
        "failed", "refund_fails", order["total"])
    finance.do("markRefunded", order_id=order["id"],
               body={"amount": order["total"], "reference": "By bank"})
    (seen,) = finance.do("listPaymentRefunds", order_id=order["id"])["items"]
    assert seen["status"] == "by_hand"
    assert customer.see(order)["payment"]["status"] == "refunded"
    assert books(shop, order) == {}


def placed_by_admin(shop, *parts):
    for part in parts:
        good(shop.admin("support").call("transitionSubOrder", sub_order_id=part["id"],
                                        body={"to": "placed", "reason": "By phone"}))


@pytest.mark.parametrize("placed", [1, 2])
def test_what_an_admin_placed_without_a_payment_is_still_to_be_paid(shop, placed):
    customer, clay, iron = shop.customer(), shop.vendor(), shop.vendor()
    order = customer.order(clay.product(price=1000), iron.product(price=500), method="sandbox")
    placed_by_admin(shop, *[vendor.part(order) for vendor in (clay, iron)[:placed]])
    made = paid_by(customer, order)
    assert made["status"] == "captured" and made["amount"] == order["total"]
    total = order["total"]["amount"]
    assert sums(customer.see(order)["payment"]) == ("received", total, total, 0)
    assert customer.see(order)["status"] == "placed"


def test_less_than_is_due_pays_no_order_and_goes_back(shop, bought):
    customer, _, order = bought
    key = fresh("key")
    shop.db.rows("insert into payment_attempt (id, order_id, account_id, provider, amount, "
                 "currency, idempotency_key, expires_at) select gen_random_uuid(), "
                 "order_id, account_id, method, 700, currency, %s, now() + interval '1 hour' "
                 "from payment where order_id = %s", key, order["id"])
    assert attempt(customer, order, key).json()["status"] == "captured"
    assert customer.see(order)["status"] == "awaiting_payment"
    until(lambda: books(shop, order) == {})
    assert paid_by(customer, order)["amount"] == order["total"]
    assert customer.see(order)["status"] == "placed"


def test_methods_that_are_not_offered_are_refused(shop):
    offered = shop.guest().do("listPaymentMethods")["items"]
    assert [(o["method"], o["is_online"], o["minutes"]) for o in offered[:3]] == [
        ("cash_on_delivery", False, None), ("manual", False, None), ("sandbox", True, 30)]
    customer = shop.customer()
    order = customer.order(shop.mug)
    refused(attempt(customer, order), 409, "conflict")  # paid in cash
