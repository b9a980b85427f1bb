"""The feed: events reach the customers and vendors concerned, in order, once."""
import http.client
import json
import threading
import time

import pytest

from harness.client import refused, together
from harness.feed import SOON, Device, Stream, begin_polls, in_background, settle, statements
from harness.folds import fold_customer
from harness.shop import Shop, money
from harness.wait import until

pytestmark = pytest.mark.plain

# -- events and their order -----------------------------------------------------------------------

def test_an_order_is_told_to_its_customer_and_to_each_vendor(shop):
    clay, iron, customer = shop.vendor(), shop.vendor(), shop.customer()
    mug, pan = clay.product(), iron.product()
    me, potter = Device(customer), Device(clay.owner, vendor_id=clay.id)
    order = customer.order(mug, pan)
    (placed,) = me.until(1)
    assert placed["kind"] == "order_placed"
    assert placed["payload"]["order_id"] == order["id"]
    assert [s["id"] for s in placed["payload"]["sub_orders"]] == \
        [s["id"] for s in order["sub_orders"]]
    (new,) = potter.until(1)
    assert (new["kind"], new["payload"]["id"]) == ("sub_order_changed", clay.part(order)["id"])
    assert new["payload"]["status"] == "placed"


def test_each_step_of_a_sub_order_is_told_to_both_sides(shop):
    customer, product = shop.customer(), shop.product()
    me, seller = Device(customer), Device(product.vendor.owner, vendor_id=product.vendor.id)
    order = customer.order(product)
    assert product.vendor.accept(order).status_code == 200
    assert product.vendor.ship(order).status_code == 200
    customer.do("confirmDelivery", sub_order_id=order["sub_orders"][0]["id"], body={})  # cash
    steps = ["placed", "accepted", "shipped", "delivered"]
    assert [e["payload"]["status"] for e in seller.until(4)] == steps
    me.until(5)
    assert [e["payload"]["status"] for e in me.events if e["kind"] == "sub_order_changed"] == \
        steps[1:]
    assert me.kinds().count("payment_received") == 1


def test_a_received_payment_is_told(shop):
    customer, product = shop.customer(), shop.product()
    me = Device(customer)
    order = customer.order(product, method="manual")
    shop.admin().do("markPaymentReceived", order_id=order["id"], body={})
    me.until(3)
    assert me.kinds() == ["order_placed", "payment_received", "sub_order_changed"]


def test_a_refund_is_told_to_the_customer_and_to_whose_share_it_was(shop):
    clay, iron, customer = shop.vendor(), shop.vendor(), shop.customer()
    order = customer.order((clay.product(price=700), 2), iron.product(), method="manual")
    finance, part = shop.admin("finance"), clay.part(order)
    finance.do("markPaymentReceived", order_id=order["id"], body={})
    clay.cancel(order, lines=[{"line_id": part["lines"][0]["id"], "quantity": 1}])
    me = Device(customer)
    potter, smith = (Device(v.owner, vendor_id=v.id) for v in (clay, iron))
    finance.do("markRefunded", order_id=order["id"], body={"amount": money(700)})
    (mine,), (hers,) = me.until(1), potter.until(1)
    assert mine["kind"] == hers["kind"] == "payment_refunded"
    assert mine["payload"] == {"order_id": order["id"], "amount": money(700)}
    assert hers["payload"] == {**mine["payload"], "sub_order_id": part["id"]}
    assert smith.poll()["items"] == []
    clay.cancel(order)
    finance.do("markRefunded", order_id=order["id"], body={"amount": money(1200)})
    assert me.until(3)[-1]["payload"]["amount"] == money(1200)  # what went back this time
    settle(me)
    assert fold_customer(me.sync, me.events) == customer.do("getSync")["orders"]


def test_a_vendor_learns_that_it_was_suspended_and_reinstated(shop):
    vendor = shop.vendor()
    device = Device(vendor.owner, vendor_id=vendor.id)
    shop.admin().do("suspendVendor", vendor_id=vendor.id, body={"reason": "A test"})
    shop.admin().do("reinstateVendor", vendor_id=vendor.id, body={})
    assert [e["payload"]["status"] for e in device.until(2)] == ["suspended", "approved"]


def test_a_vendor_learns_once_that_something_runs_low(shop):
    vendor, customer = shop.vendor(), shop.customer()
    product = vendor.product(stock=7)
    device = Device(vendor.owner, vendor_id=vendor.id)
    for _ in range(3):
        customer.order(product)
    low = [e["payload"] for e in device.until(4) if e["kind"] == "low_stock"]
    assert [(e["variant_id"], e["available"]) for e in low] == [(product.variant, 5)]


def test_a_vendor_learns_that_the_last_is_gone(shop):
    vendor, customer = shop.vendor(), shop.customer()
    few, many = vendor.product(stock=4), vendor.product(stock=7)
    device = Device(vendor.owner, vendor_id=vendor.id)
    customer.order((few, 2)), customer.order((few, 2)), customer.order((many, 7))
    low = [e["payload"] for e in device.until(5) if e["kind"] == "low_stock"]
    assert [(e["variant_id"], e["available"]) for e in low] == [(few.variant, 0), (many.variant, 0)]


def test_numbers_have_no_gap_when_many_write_at_once(shop):
    vendor = shop.vendor()
    product = vendor.product(stock=1000)
    device = Device(vendor.owner, vendor_id=vendor.id)
    customers = [shop.customer() for _ in range(6)]
    together(6, lambda i: [customers[i].order(product) for _ in range(4)])
    device.until(24)
    rows = shop.db.rows("select number, at from event where owner_id = %s order by number",
                        vendor.id)
    assert [r["number"] for r in rows] == list(range(rows[0]["number"], rows[-1]["number"] + 1))
    assert [r["at"] for r in rows] == sorted(r["at"] for r in rows)


def test_what_is_rolled_back_is_never_told(shop):
    customer, product = shop.customer(), shop.product(stock=1)
    me = Device(customer)
    order = customer.order(product)
    refused(customer.call("confirmDelivery", sub_order_id=order["sub_orders"][0]["id"], body={}),
            409)
    me.until(1)
    assert me.poll()["items"] == []


# -- cursors --------------------------------------------------------------------------------------

def test_a_cursor_resumes_page_by_page(shop):
    customer, product = shop.customer(), shop.product()
    me = Device(customer)
    start = me.cursor
    for _ in range(5):
        customer.order(product)
    me.until(5)
    again = Device(customer)
    again.cursor = start
    sizes = []
    while True:
        items = again.poll(limit=2)["items"]
        if not items:
            break
        sizes.append(len(items))
    assert sizes == [2, 2, 1]
    assert again.events == me.events


def test_a_poll_without_a_cursor_says_resync_and_where_now_is(shop):
    customer, product = shop.customer(), shop.product()
    customer.order(product)
    page = customer.do("getEvents")
    assert (page["items"], page["resync"]) == ([], True)
    page = customer.do("getEvents", after=page["cursor"])
    assert (page["items"], page["resync"]) == ([], False)


def test_a_cursor_of_another_feed_is_refused(shop):
    mine, other = Device(shop.customer()), Device(shop.customer())
    refused(mine.actor.call("getEvents", after=other.cursor), 400, "invalid_input", "?after")
    refused(mine.actor.call("getEvents", after="nonsense"), 400, "invalid_input", "?after")


@pytest.mark.parametrize("last_id", ["nonsense", 2000 * "x", "\u00fc"])
def test_a_last_id_that_is_no_cursor_is_a_resync(shop, last_id):
    me = Device(shop.customer())
    page = me.actor.do("getEvents", headers={"Last-Event-ID": last_id.encode()})
    assert (page["resync"], page["cursor"]) == (True, me.cursor)
    stream = Stream(me, last_id=last_id.encode())
    assert (stream.until(1), stream.ids) == ([{}], [me.cursor])
    stream.close()


def test_a_stream_after_what_is_no_cursor_of_its_feed_begins_with_a_resync(shop):
    me, other = Device(shop.customer()), Device(shop.customer())
    cursor, me.cursor = me.cursor, other.cursor
    stream = Stream(me)
    assert (stream.until(1), stream.ids) == ([{}], [cursor])
    stream.close()


def test_a_cursor_behind_the_retention_resyncs_and_never_gets_a_part(shop):
    customer, product = shop.customer(), shop.product()
    me = Device(customer)
    for _ in range(3):
        customer.order(product)
    late = Device(customer)
    late.cursor = me.cursor
    me.until(3)
    shop.db.rows("delete from event where owner_id = %s and number <= %s", customer.id,
                 me.events[0]["number"])
    shop.server.redis().flushall()
    # Whatever a process still remembers may be told; what nobody remembers is a resync.
    page = late.poll()
    assert page["resync"] and page["items"] == [] or len(page["items"]) == 3
    customer.order(product)
    assert len(late.poll(wait=5)["items"]) == 1


def test_what_the_retention_has_torn_is_a_resync_too(shop):
    """Old events are removed some at a time, and not in their order."""
    customer, product = shop.customer(), shop.product()
    me = Device(customer)
    for _ in range(3):
        customer.order(product)
    shop.db.rows("update event set at = at - interval '31 days' where owner_id = %s", customer.id)
    until(lambda: shop.db.rows("select partitions_make()")  # returns at once while the job does it
          and not shop.db.one("select count(*) from event_late"))
    shop.db.rows("delete from event where owner_id = %s and number = 2", customer.id)
    shop.server.redis().flushall()
    page = me.poll()
    assert (page["items"], page["resync"]) == ([], True)


def test_another_epoch_resyncs_everybody_and_goes_on(own_server):
    shop = Shop(own_server())
    customer, product = shop.customer(), shop.product()
    me = Device(customer)
    customer.order(product)
    me.until(1)
    waiting = in_background(lambda: me.poll(wait=30))
    shop.db.rows("update feed_epoch set epoch = epoch + 1")
    assert waiting()["resync"]
    customer.order(product)
    assert [e["kind"] for e in me.poll(wait=5)["items"]] == ["order_placed"]


# -- waiting --------------------------------------------------------------------------------------

def test_polls_that_wait_are_woken_in_every_process(shop):
    customer, product = shop.customer(), shop.product()
    waiting = begin_polls([Device(customer) for _ in range(8)])
    customer.order(product)
    pages = [wait() for wait in waiting]
    assert all([e["kind"] for e in page["items"]] == ["order_placed"] for page in pages)


def test_a_poll_that_waited_for_nothing_answers_where_it_was(shop):
    me = Device(shop.customer())
    before = me.cursor
    page = me.poll(wait=1)
    assert (page["items"], page["cursor"], page["resync"]) == ([], before, False)


def test_a_connection_goes_on_after_polls_that_waited(shop):
    customer, product = shop.customer(), shop.product()
    me = Device(customer)
    connection = http.client.HTTPConnection("127.0.0.1", shop.server.port, timeout=60)
    connection.connect()
    begun_as = connection.sock.getsockname()
    numbers = []
    for wait in (0, 1, 50, 1, 50):
        if wait == 50:
            timer = threading.Timer(0.5, customer.order, (product,))
            timer.start()
        connection.request("GET", f"/v1/events?wait={wait}&after={me.cursor}",
                           headers={"Authorization": f"Bearer {customer.access_token}"})
        response = connection.getresponse()
        page = json.loads(response.read())
        assert response.status == 200 and not response.will_close and not page["resync"]
        assert bool(page["items"]) == (wait == 50)
        numbers += [event["number"] for event in page["items"]]
        me.cursor = page["cursor"]
    timer.join()
    assert connection.sock.getsockname() == begun_as
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    connection.close()


def test_an_empty_poll_costs_no_statement(shop):
    me = Device(shop.customer())
    for _ in range(8):  # until every process knows the feed
        me.poll()
    time.sleep(1.5)
    before = statements(shop.server, "customer")
    assert before, "what was asked until now was not counted"
    for _ in range(50):
        me.poll()
    time.sleep(1.5)
    assert statements(shop.server, "customer") == before


def test_more_polls_than_a_feed_may_have_are_told_to_come_back(shop):
    product = shop.product()
    me = Device(shop.customer())
    waits = [in_background(lambda: me.actor.call("getEvents", after=me.cursor, wait=50,
                                                 may_fail=True)) for _ in range(540)]
    until(lambda: any(wait.is_over() for wait in waits))
    me.actor.order(product)  # ends the polls that wait
    answers = [wait() for wait in waits]
    busy = [a for a in answers if a.status_code == 503]
    assert busy and all(int(a.headers["Retry-After"]) >= 1 for a in busy)
    assert {a.status_code for a in answers} == {200, 503}


# -- streams --------------------------------------------------------------------------------------

def test_a_stream_tells_the_same_events_and_resumes_at_its_last_id(shop):
    customer, product = shop.customer(), shop.product()
    me = Device(customer)
    stream = Stream(me)
    customer.order(product)
    customer.order(product)
    first = stream.until(2)
    stream.close()
    customer.order(product)
    again = Stream(me, last_id=stream.ids[0])
    assert again.until(2)[0] == first[1]
    assert [e["number"] for e in again.events] == [first[1]["number"], first[1]["number"] + 1]
    again.close()
    assert me.until(3)[:2] == first


# -- permissions ----------------------------------------------------------------------------------

def test_the_end_of_a_session_ends_its_polls_and_streams_at_once(shop):
    me = Device(shop.customer())
    stream = Stream(me)
    (waiting,) = begin_polls([me])
    me.actor.do("logout")
    assert waiting()["items"] == []
    assert stream.ended.wait(SOON)
    refused(me.actor.call("getEvents", after=me.cursor), 401)


def test_staff_who_are_removed_are_let_go(shop):
    vendor = shop.vendor()
    person = vendor.staff("support")
    device = Device(person, vendor_id=vendor.id)
    device.poll()
    (waiting,) = begin_polls([device])
    vendor.do("removeStaff", user_id=person.id)
    assert waiting()["items"] == []
    refused(person.call("getVendorEvents", vendor_id=vendor.id, after=device.cursor), 404)


def test_a_locked_account_is_let_go(shop):
    me = Device(shop.customer())
    (waiting,) = begin_polls([me])
    shop.admin().do("lockUser", user_id=me.actor.id, body={"reason": "A test"})
    assert waiting()["items"] == []
    assert me.actor.call("getEvents", after=me.cursor).status_code in (401, 403)


def test_nobody_hears_of_somebody_else(shop):
    mine, other = Device(shop.customer()), Device(shop.customer())
    vendor = shop.vendor()
    other.actor.order(vendor.product())
    other.until(1)
    assert mine.poll(wait=1)["items"] == []
    refused(mine.actor.call("getVendorEvents", vendor_id=vendor.id), 404)
    refused(mine.actor.call("getVendorSync", vendor_id=vendor.id), 404)
