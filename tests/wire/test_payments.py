"""Payments and their shares: what came, what is owed, what goes back, and who sees what of it."""
import pytest

from harness.feed import Device, settle
from harness.folds import fold_customer
from harness.shop import money, refused, together
from harness.sub_orders import due_back, good, history, line_of, some


@pytest.fixture(autouse=True)
def the_data_stays_sound(shop):
    yield
    assert shop.check() == []


def test_a_transfer_is_awaited_and_its_receipt_places_every_part(shop):
    clay, iron = shop.vendor(), shop.vendor()
    customer = shop.customer()
    order = customer.order(clay.product(), iron.product(), method="manual")
    assert order["status"] == "awaiting_payment" and order["payment"]["status"] == "pending"
    assert all(part["deadlines"]["pay_by"] for part in order["sub_orders"])
    refused(clay.accept(order), 409, "transition_not_allowed")
    paid = shop.admin("finance").do("markPaymentReceived", order_id=order["id"],
                                    body={"reference": "A BYRON"})
    assert paid["status"] == "placed" and paid["payment"]["status"] == "received"
    assert paid["customer"]["id"] == customer.id
    assert all(part["deadlines"]["accept_by"] and not part["deadlines"]["pay_by"]
               for part in paid["sub_orders"])
    refused(shop.admin("finance").call("markPaymentReceived", order_id=order["id"], body={}), 409)
    assert history(shop, order, clay)[-1] == ("awaiting_payment", "placed", "admin", "A BYRON")
    assert good(clay.accept(order))["payment"]["status"] == "received"


def test_a_transfer_of_nothing_is_not_awaited(shop):
    clay = shop.vendor(shipping=[("Gift", 0)])
    customer = shop.customer()
    me = Device(customer)
    order = customer.order(clay.product(price=0), method="manual")
    assert order["status"] == "placed" and order["payment"]["status"] == "received"
    assert customer.see(order) == order
    assert clay.part(order)["deadlines"]["accept_by"] and order["payment"]["received_at"]
    refused(shop.admin("finance").call("markPaymentReceived", order_id=order["id"], body={}), 409)
    settle(me)
    assert fold_customer(me.sync, me.events) == customer.do("getSync")["orders"]
    good(clay.accept(order))
    good(clay.cancel(order))
    assert customer.see(order)["payment"]["status"] == "received"  # nothing goes back


def test_what_is_cancelled_after_it_was_paid_is_due_for_refund(shop):
    clay, iron = shop.vendor(), shop.vendor()
    customer = shop.customer()
    order = customer.order(clay.product(), iron.product(), method="manual")
    shop.admin("finance").do("markPaymentReceived", order_id=order["id"], body={})
    good(clay.cancel(order))
    assert customer.see(order)["payment"]["status"] == "refund_due"
    assert clay.see(order)["payment"]["status"] == "refund_due"
    assert iron.see(order)["payment"]["status"] == "received"  # none of its business


def test_what_was_cancelled_before_it_was_paid_is_not_due(shop):
    clay, iron = shop.vendor(), shop.vendor()
    customer = shop.customer()
    order = customer.order(clay.product(), iron.product(), method="manual")
    customer.do("cancelSubOrder", sub_order_id=clay.part(order)["id"], body={})
    paid = shop.admin("finance").do("markPaymentReceived", order_id=order["id"], body={})
    assert paid["payment"]["status"] == "received"
    assert sorted(part["status"] for part in paid["sub_orders"]) == ["cancelled", "placed"]


def test_cash_is_not_marked_as_received_by_hand(shop):
    order = shop.customer().order(shop.mug)
    refused(shop.admin("finance").call("markPaymentReceived", order_id=order["id"], body={}), 409)


def test_both_parts_cancelled_at_once_cancel_the_payment(shop):
    clay, iron = shop.vendor(), shop.vendor()
    customer = shop.customer()
    order = customer.order(clay.product(), iron.product())
    together(2, lambda i: good((clay, iron)[i].cancel(order)))
    assert customer.see(order)["payment"]["status"] == "cancelled"


def received(shop, order, **body):
    return shop.admin("finance").do("markPaymentReceived", order_id=order["id"], body=body)


def refunded(shop, order, back=None, **arguments):
    return shop.admin("finance").call("markRefunded", order_id=order["id"],
                                      body={**(back or due_back(shop, order)),
                                            "reference": "BACK TO A BYRON"}, **arguments)


def test_a_refund_of_another_amount_than_is_due_is_not_recorded(shop):
    clay, customer = shop.vendor(), shop.customer()
    order = customer.order((clay.product(price=1000), 3), method="manual")
    finance = shop.admin("finance")
    received(shop, order)
    good(clay.cancel(order, lines=some(line_of(order, clay), 1)))
    seen = due_back(shop, order)
    assert seen == {"amount": money(1000)}
    good(clay.cancel(order, lines=some(line_of(order, clay), 1)))  # since then, more is due
    for amount in (money(1000), money(2001), money(0)):
        problem = refused(finance.call("markRefunded", order_id=order["id"],
                                       body={"amount": amount}), 409, "conflict")
        assert problem["refund_due"] == money(2000)
    refused(finance.call("markRefunded", order_id=order["id"], body={"amount": money(2000, "EUR")}),
            400, field="/amount/currency")
    refused(finance.call("markRefunded", order_id=order["id"], body={}), 400, field="/amount")
    assert sums(customer.see(order)["payment"]) == ("refund_due", 1500, 3500, 0)
    finance.do("markRefunded", order_id=order["id"], body={"amount": money(2000)})
    assert sums(customer.see(order)["payment"]) == ("refunded", 1500, 3500, 2000)


def sums(payment):
    return (payment["status"], payment["due"]["amount"], payment["received_amount"]["amount"],
            payment["refunded_amount"]["amount"])


def test_each_vendor_sees_the_share_of_its_part_and_not_when_others_deliver(shop):
    clay, iron = shop.vendor(), shop.vendor()
    customer = shop.customer()
    order = customer.order(clay.product(price=1000), iron.product(price=2000))
    for step in (clay.accept, clay.ship, clay.deliver):
        seen = good(step(order))["payment"]
    assert sums(seen) == ("received", 1500, 1500, 0) and seen["received_at"]
    assert sums(iron.see(order)["payment"]) == ("pending", 2500, 0, 0)
    assert sums(customer.see(order)["payment"]) == ("pending", 4000, 0, 0)
    good(iron.cancel(order))
    assert clay.see(order)["payment"] == seen
    assert sums(iron.see(order)["payment"]) == ("cancelled", 0, 0, 0)
    assert sums(customer.see(order)["payment"]) == ("received", 1500, 1500, 0)


def test_money_that_comes_after_everything_was_cancelled_is_due_for_refund(shop):
    clay, iron = shop.vendor(), shop.vendor()
    customer = shop.customer()
    order = customer.order(clay.product(), iron.product(), method="manual")
    customer.do("cancelOrder", order_id=order["id"], body={})
    late = received(shop, order, reference="A BYRON")
    assert sums(late["payment"]) == ("refund_due", 0, 3000, 0) and late["status"] == "cancelled"
    back = good(refunded(shop, order))
    assert sums(back["payment"]) == ("refunded", 0, 3000, 3000)
    refused(refunded(shop, order), 409, "transition_not_allowed")
    refused(shop.admin("finance").call("markPaymentReceived", order_id=order["id"], body={}), 409)


def test_what_is_refunded_is_what_was_cancelled_after_it_was_paid(shop):
    clay, iron = shop.vendor(), shop.vendor()
    customer = shop.customer()
    order = customer.order((clay.product(price=1000), 3), iron.product(price=2000), method="manual")
    refused(refunded(shop, order), 409, "transition_not_allowed")
    received(shop, order)
    good(clay.cancel(order, lines=some(line_of(order, clay), 1)))
    assert sums(clay.see(order)["payment"]) == ("refund_due", 2500, 3500, 0)
    good(refunded(shop, order))
    assert sums(clay.see(order)["payment"]) == ("refunded", 2500, 3500, 1000)
    assert sums(iron.see(order)["payment"]) == ("received", 2500, 2500, 0)
    good(clay.cancel(order))
    assert sums(customer.see(order)["payment"]) == ("refund_due", 2500, 6000, 1000)
    assert sums(good(refunded(shop, order))["payment"]) == ("refunded", 2500, 6000, 3500)
    written = shop.db.rows("select after ->> 'refunded_amount' as amount from audit_log "
                           "where object_kind = 'payment' and actor = 'admin' and object_id = "
                           "(select id from payment where order_id = %s) order by id", order["id"])
    assert [w["amount"] for w in written if w["amount"] != "0"][-1] == "3500"


def test_all_of_a_transfer_that_was_made_before_a_part_was_cancelled_is_received(shop):
    clay, iron = shop.vendor(), shop.vendor()
    customer = shop.customer()
    order = customer.order(clay.product(), iron.product(), method="manual")
    customer.do("cancelSubOrder", sub_order_id=clay.part(order)["id"], body={})
    finance = shop.admin("finance")
    for wrong in (1499, 3001):
        refused(finance.call("markPaymentReceived", order_id=order["id"],
                             body={"amount": money(wrong)}), 400, field="/amount/amount")
    refused(finance.call("markPaymentReceived", order_id=order["id"],
                         body={"amount": money(3000, "EUR")}), 400, field="/amount/currency")
    paid = received(shop, order, amount=money(3000))
    assert sums(paid["payment"]) == ("refund_due", 1500, 3000, 0) and paid["status"] == "placed"
    assert sums(iron.see(order)["payment"]) == ("received", 1500, 1500, 0)
    assert sums(good(refunded(shop, order))["payment"]) == ("refunded", 1500, 3000, 1500)


def test_a_refund_is_noted_once_for_each_key(shop):
    clay, customer = shop.vendor(), shop.customer()
    order = customer.order(clay.product(), method="manual")
    received(shop, order)
    good(clay.cancel(order))
    asked = {"back": due_back(shop, order), "key": order["id"]}
    answers = together(4, lambda: refunded(shop, order, **asked))
    assert {a.status_code for a in answers} <= {200, 409}
    assert refunded(shop, order, **asked).text in [a.text for a in answers]


@pytest.mark.parametrize("operation", ["markPaymentReceived", "markRefunded"])
def test_money_is_recorded_under_a_key(shop, operation):
    order = shop.customer().order(shop.product(), method="manual")
    refused(shop.admin("finance").call(operation, order_id=order["id"],
                                       body={"amount": money(1)}, key=None), 400,
            "idempotency_key_required")
