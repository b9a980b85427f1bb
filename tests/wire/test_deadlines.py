"""The clock: what nobody pays, accepts or reports in time moves by itself. Time is shortened in the
database; the jobs process does the rest."""
import contextlib
import time

import pytest

from harness.feed import until_waiting
from harness.shop import together
from harness.talk import Talk
from harness.wait import until


@pytest.fixture(autouse=True)
def the_data_stays_sound(shop):
    yield
    assert shop.check() == []


def let_time_pass(shop, part):
    shop.db.rows("update sub_order set deadline_at = now() - interval '1 second' "
                 "where id = %s and deadline_at is not null", part["id"])


def last_of_history(shop, part):
    (row,) = shop.db.rows("select from_state, to_state, actor, actor_id, reason "
                          "from sub_order_history where sub_order_id = %s "
                          "order by number desc limit 1", part["id"])
    return tuple(row.values())


def test_what_is_not_paid_in_time_is_cancelled_and_its_stock_returns(shop):
    clay = shop.vendor()
    mug = clay.product(stock=3)
    customer = shop.customer()
    order = customer.order((mug, 2), method="manual")
    let_time_pass(shop, clay.part(order))
    until(lambda: clay.see(order)["status"] == "cancelled")
    assert mug.available == 3
    assert last_of_history(shop, clay.part(order)) == (
        "awaiting_payment", "cancelled", "system", None, "Not paid in time")
    seen = customer.see(order)
    assert seen["status"] == "cancelled" and seen["payment"]["status"] == "cancelled"
    assert clay.part(seen)["cancel_reason"] == "Not paid in time"
    late = shop.admin("finance").do("markPaymentReceived", order_id=order["id"], body={})
    assert late["payment"]["status"] == "refund_due"


def test_what_a_vendor_never_accepts_is_cancelled_and_the_other_part_stays(shop):
    clay, iron = shop.vendor(), shop.vendor()
    mug, pan = clay.product(stock=3), iron.product(stock=3)
    customer = shop.customer()
    order = customer.order(mug, pan)
    let_time_pass(shop, clay.part(order))
    until(lambda: clay.see(order)["status"] == "cancelled")
    assert iron.see(order)["status"] == "placed"
    assert (mug.available, pan.available) == (3, 2)
    assert last_of_history(shop, clay.part(order))[2:] == ("system", None, "Not accepted in time")
    assert customer.see(order)["payment"]["status"] == "pending"


@pytest.mark.parametrize("steps", [["accept"], ["accept", "pack"]], ids=["accepted", "packed"])
def test_what_was_promised_and_never_shipped_is_cancelled(shop, steps):
    clay = shop.vendor()
    mug = clay.product(stock=3)
    customer = shop.customer()
    order = customer.order((mug, 2))
    for step in steps:
        assert getattr(clay, step)(order).status_code == 200
    assert clay.see(order)["deadlines"]["cancel_at"] > clay.see(order)["deadlines"]["ship_by"]
    let_time_pass(shop, clay.part(order))
    until(lambda: clay.see(order)["status"] == "cancelled")
    assert mug.available == 3
    assert last_of_history(shop, clay.part(order))[1:] == (
        "cancelled", "system", None, "Not shipped in time")
    assert customer.see(order)["payment"]["status"] == "cancelled"


@pytest.mark.parametrize("arrived, status", [(False, "shipped"), (True, "delivered")])
def test_of_what_was_shipped_in_part_only_the_rest_is_cancelled(shop, arrived, status):
    clay = shop.vendor()
    mug = clay.product(stock=3)
    customer = shop.customer()
    order = customer.order((mug, 3))
    (line,) = clay.part(order)["lines"]
    assert clay.accept(order).status_code == 200
    sent = clay.ship(order, lines=[{"line_id": line["id"], "quantity": 1}]).json()
    if arrived:
        assert clay.deliver(order, shipment_id=sent["shipments"][0]["id"]).status_code == 200
    let_time_pass(shop, clay.part(order))
    until(lambda: clay.see(order)["status"] == status)
    assert mug.available == 2
    seen = clay.see(order)
    assert (seen["lines"][0]["shipped_quantity"], seen["lines"][0]["cancelled_quantity"]) == (1, 2)
    assert seen["cancel_reason"] == "Not shipped in time"
    assert seen["deadlines"]["cancel_at"] is None


def test_each_shipment_gives_the_rest_its_time_anew(shop):
    clay = shop.vendor()
    order = shop.customer().order((clay.product(), 3))
    (line,) = clay.part(order)["lines"]
    clay.accept(order)
    shop.db.rows("update sub_order set deadline_at = now() + interval '1 hour' where id = %s",
                 clay.part(order)["id"])
    one = [{"line_id": line["id"], "quantity": 1}]
    assert clay.ship(order, lines=one).status_code == 200
    assert shop.db.one("select deadline_at > now() + interval '6 days' from sub_order "
                       "where id = %s", clay.part(order)["id"])
    let_time_pass(shop, clay.part(order))
    until(lambda: clay.see(order)["status"] == "shipped")
    assert clay.see(order)["lines"][0]["cancelled_quantity"] == 2


def test_what_was_delivered_long_ago_is_completed(shop):
    clay = shop.vendor()
    order = shop.customer().order(clay.product())
    for step in (clay.accept, clay.ship, clay.deliver):
        assert step(order).status_code == 200
    let_time_pass(shop, clay.part(order))
    until(lambda: clay.see(order)["status"] == "completed")
    assert last_of_history(shop, clay.part(order))[:3] == ("delivered", "completed", "system")


def test_what_was_shipped_before_there_were_invoices_gets_none_when_it_is_completed(shop):
    clay = shop.vendor()
    order = shop.customer().order(clay.product())
    for step in (clay.accept, clay.ship, clay.deliver):
        assert step(order).status_code == 200
    with contextlib.closing(shop.db.connect()) as past, past.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute("update sub_order_history set at = at - interval '1 year' "
                       "where vendor_id = %s", [clay.id])
        for table in ("invoice_buyer", "invoice"):
            cursor.execute(f"delete from {table} where vendor_id = %s", [clay.id])
        cursor.execute("delete from invoice_series where issuer_id = %s", [clay.id])
        past.commit()
    let_time_pass(shop, clay.part(order))
    until(lambda: clay.see(order)["status"] == "completed")
    assert clay.do("listVendorInvoices")["items"] == []


def test_many_that_are_due_at_once_all_move_once(shop):
    clay = shop.vendor()
    mug = clay.product(stock=50)
    customer = shop.customer()
    parts = [clay.part(customer.order(mug)) for _ in range(45)]
    shop.db.rows("update sub_order set deadline_at = now() where id = any(%s::uuid[])",
                 [part["id"] for part in parts])
    until(lambda: mug.available == 50)
    assert shop.db.one("select count(*) from sub_order_history where vendor_id = %s "
                       "and to_state = 'cancelled'", clay.id) == 45


def test_accepting_at_the_last_moment_and_the_clock_cannot_both_win(shop):
    clay = shop.vendor()
    mug = clay.product(stock=20)
    customer = shop.customer()
    orders = [customer.order(mug) for _ in range(10)]
    shop.db.rows("update sub_order set deadline_at = now() + interval '300 milliseconds' "
                 "where vendor_id = %s", clay.id)
    answers = together(10, lambda i: (time.sleep(0.05 * i), clay.accept(orders[i]).status_code)[1])
    until(lambda: shop.db.one("select count(*) from sub_order where vendor_id = %s "
                              "and state = 'placed'", clay.id) == 0)
    for order, answer in zip(orders, answers):
        assert clay.see(order)["status"] == ("accepted" if answer == 200 else "cancelled")
    assert mug.available == 20 - answers.count(200)


def test_what_cannot_be_moved_holds_nothing_else_up_and_comes_again(shop):
    clay = shop.vendor()
    mug = clay.product(stock=50)
    customer = shop.customer()
    parts = [clay.part(customer.order(mug)) for _ in range(30)]
    stuck = parts[0]
    shop.db.rows("create function refuse() returns trigger language plpgsql as "
                 f"$$begin raise exception 'not {stuck['id']}'; end$$;"
                 "create trigger refuse before update of state on sub_order for each row "
                 f"when (new.id = '{stuck['id']}') execute function refuse()")
    try:
        shop.db.rows("update sub_order set deadline_at = now() - random() * interval '1 second' "
                     "where id = any(%s::uuid[])", [part["id"] for part in parts])
        until(lambda: mug.available == 49)
        until(lambda: shop.db.rows("select attempts from deadline_failure where sub_order_id = %s "
                                   "and attempts >= 2", stuck["id"]))
        assert stuck["id"] in shop.db.one("select failed_with from deadline_failure")
    finally:
        shop.db.rows("drop function refuse() cascade")
    shop.db.rows("update deadline_failure set retry_at = now()")
    until(lambda: mug.available == 50)
    until(lambda: shop.db.one("select count(*) from deadline_failure") == 0)


def test_what_somebody_moves_meanwhile_is_no_failure_of_the_clock_any_more(shop):
    clay = shop.vendor()
    order = shop.customer().order(clay.product())
    part = clay.part(order)
    shop.db.rows("insert into deadline_failure (vendor_id, sub_order_id, deadline_at, attempts, "
                 "retry_at, failed_with) select vendor_id, id, deadline_at, 12, 'infinity', '-' "
                 "from sub_order where id = %s", part["id"])
    assert clay.accept(order).status_code == 200
    until(lambda: shop.db.one("select count(*) from deadline_failure") == 0)


def test_the_clock_takes_conversations_in_one_order_with_whoever_takes_several(shop):
    clay, customer = shop.vendor(), shop.customer()
    orders = [customer.order(clay.product()) for _ in range(2)]
    talks = sorted(Talk(shop, clay, customer, sub_order_id=clay.part(o)["id"]).id for o in orders)
    first = customer.do("getConversation", conversation_id=talks[0])["sub_order"]["sub_order_id"]
    (order,) = [o for o in orders if clay.part(o)["id"] == first]
    for step in (clay.accept, clay.ship, clay.deliver):  # the clock moves such after others
        assert step(order).status_code == 200
    connection = shop.db.connect()
    with connection, connection.cursor() as cursor:
        cursor.execute("select from conversation where id = %s for update", (talks[0],))
        shop.db.rows("update sub_order set deadline_at = now() where vendor_id = %s", clay.id)
        until_waiting(shop.db, 1)
        cursor.execute("select from conversation where id = %s for update nowait", (talks[1],))
        cursor.execute("rollback")
    connection.close()
    until(lambda: {str(r["state"]) for r in shop.db.rows(
        "select state from sub_order where vendor_id = %s", clay.id)} == {"completed", "cancelled"})
