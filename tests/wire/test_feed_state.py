"""Old state + events = fresh state; the cursor of a state is of its moment."""
from harness.feed import Device, in_background, settle, until_waiting
from harness.folds import fold_customer, fold_vendor


def test_old_state_and_events_make_the_fresh_state(shop):
    vendor, other, customer = shop.vendor(), shop.vendor(), shop.customer()
    mug, pan = vendor.product(stock=50), other.product(stock=50)
    kept = customer.order(mug)
    me, seller = Device(customer), Device(vendor.owner, vendor_id=vendor.id)
    assert vendor.accept(kept).status_code == 200
    both = customer.order((mug, 3), pan, method="manual")
    shop.admin().do("markPaymentReceived", order_id=both["id"], body={})
    part = vendor.part(both)
    vendor.cancel(both, lines=[{"line_id": part["lines"][0]["id"], "quantity": 1}])
    gone = customer.order(mug)
    customer.do("cancelOrder", order_id=gone["id"], body={})
    unpaid = customer.order(mug, method="manual")
    shipped = customer.order((mug, 38))
    assert vendor.accept(shipped).status_code == 200
    assert vendor.ship(shipped).status_code == 200
    halfway = customer.order(mug, pan)
    for each in (vendor, other):
        assert each.accept(halfway).status_code == 200
        assert each.ship(halfway).status_code == 200
    customer.do("confirmDelivery", sub_order_id=part_of(halfway, vendor), body={})
    customer.do("confirmDelivery", sub_order_id=part_of(halfway, other), body={})
    shop.admin().do("suspendVendor", vendor_id=vendor.id, body={"reason": "A test"})
    assert unpaid
    settle(me), settle(seller)
    assert fold_customer(me.sync, me.events) == customer.do("getSync")["orders"]
    fresh = vendor.do("getVendorSync")
    del fresh["cursor"], fresh["conversations"]
    assert fold_vendor(seller.sync, seller.events) == fresh


def test_a_sync_and_its_cursor_are_of_the_same_moment(shop):
    vendor, customer = shop.vendor(), shop.customer()
    talk = customer.do("openConversation", body={"vendor_id": vendor.id})
    connection = shop.db.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute("lock table shop_order in access exclusive mode")
        reading = in_background(lambda: Device(customer))
        until_waiting(shop.db, 1)
        vendor.do("sendVendorMessage", conversation_id=talk["id"],
                  body={"client_id": "between", "text": "Between position and data"})
    finally:
        connection.rollback()
        connection.close()
    me = reading()
    me.poll()
    (there,) = me.sync["conversations"]
    assert there["last_seq"] + me.kinds().count("message_sent") == 1
    assert there["unread"] + me.kinds().count("message_sent") == 1


def part_of(order, vendor):
    return vendor.part(order)["id"]
