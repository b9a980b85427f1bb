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
    del fresh["cursor"], fresh["conversations"], fresh["sub_orders_more"]
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


CLONE_ORDERS = """
with made as (
  select uuid_at(now() - interval '1 day' * n) as id, n from generate_series(1, %(count)s) n
), carts as (
  insert into cart (id, account_id, state)
  select m.id, c.account_id, 'ordered' from made m, cart c where c.id = %(cart)s
), orders as (
  insert into shop_order (id, number, account_id, cart_id, currency, subtotal, shipping, fee,
                          total, shipping_address, created_at)
  select m.id, 'OLD-' || m.n, o.account_id, m.id, o.currency, o.subtotal, o.shipping, o.fee,
         o.total, o.shipping_address, o.created_at - interval '1 day' * m.n
  from made m, shop_order o where o.id = %(order)s
), parts as (
  insert into sub_order (vendor_id, id, order_id, account_id, number, state, currency, subtotal,
    shipping, fee, total, shipping_method_name, handling_days, customer_name, shipping_address,
    created_at)
  select s.vendor_id, m.id, m.id, s.account_id, 'OLD-' || m.n || '-1', 'accepted', s.currency,
         s.subtotal, s.shipping, s.fee, s.total, s.shipping_method_name, s.handling_days,
         s.customer_name, s.shipping_address, s.created_at - interval '1 day' * m.n
  from made m, sub_order s where s.order_id = %(order)s
)
insert into payment (id, order_id, account_id, method, state, amount, currency)
select m.id, m.id, p.account_id, p.method, 'pending', p.amount, p.currency
from made m, payment p where p.order_id = %(order)s
"""


def test_a_state_is_bounded_and_says_that_there_is_more(shop):
    vendor, customer = shop.vendor(), shop.customer()
    mug = vendor.product(stock=50)
    orders = [customer.order(mug) for _ in range(3)]
    for order in orders[1:]:
        assert vendor.accept(order).status_code == 200
    me, seller = Device(customer), Device(vendor.owner, vendor_id=vendor.id)
    assert not me.sync["orders_more"] and not seller.sync["sub_orders_more"]
    connection = shop.db.connect()
    with connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute(CLONE_ORDERS, {"count": 1200, "order": orders[0]["id"], "cart": shop.db.one(
            "select cart_id from shop_order where id = %s", orders[0]["id"])})
    connection.commit()
    try:
        state = customer.do("getSync")
        assert state["orders_more"] and len(state["orders"]) == 100
        state = vendor.do("getVendorSync")
        assert state["sub_orders_more"] and len(state["sub_orders"]) == 1000
        assert {o["id"] for o in map(vendor.part, orders)} <= {s["id"] for s in state["sub_orders"]}
        vendor.accept(orders[0])
        settle(seller)
        now = {s["id"]: s for s in fold_vendor(seller.sync, seller.events)["sub_orders"]}
        fresh = {s["id"]: s for s in vendor.do("getVendorSync")["sub_orders"]}
        assert now.items() <= fresh.items() and len(now) == 3
    finally:
        with connection.cursor() as cursor:
            for table in ("payment", "sub_order", "shop_order", "cart"):
                cursor.execute(f"delete from {table} where id in (select id from shop_order "
                               "where number like 'OLD-%')" if table != "cart" else
                               "delete from cart c where c.state = 'ordered' and not exists "
                               "(select from shop_order o where o.cart_id = c.id)")
        connection.commit()
        connection.close()


def part_of(order, vendor):
    return vendor.part(order)["id"]
