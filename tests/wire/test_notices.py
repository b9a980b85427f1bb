"""What people are told: of which events, whom, and how the list in the app behaves."""
import contextlib

import pytest
from conftest import serving
from harness.client import refused
from harness.devices import a_phone, registered
from harness.notices import all_told, expected, followed, kinds, told, waiting
from harness.roles import As
from harness.shop import Shop
from harness.sub_orders import good, line_of, some
from harness.wait import until
from test_metrics import metrics

NEVER = "0190b0b0-0000-7000-8000-00000000dead"


@pytest.fixture
def clay(shop):
    """Of whose approval nobody is told any more who joins its staff later."""
    vendor = shop.vendor()
    followed(shop.db)
    return vendor


@pytest.fixture
def customer(shop):
    return shop.customer()


@pytest.fixture(scope="module")
def own_shop():
    """On a server where nobody else keeps a transaction open."""
    with serving() as server:
        yield Shop(server)


def of(actor, db, kind):
    """The only notice of this kind that somebody has."""
    followed(db)
    (notice,) = [n for n in told(actor) if n["kind"] == kind]
    return notice


# -- who is told of what --------------------------------------------------------------------------

def test_a_customer_is_told_of_each_step_of_an_order(shop, clay, customer):
    order = customer.order(clay.product())
    for step in (clay.accept, clay.pack, clay.ship, clay.deliver):
        good(step(order))
    assert kinds(customer, shop.db) == [
        "order_placed", "sub_order_accepted", "sub_order_shipped", "sub_order_delivered"]
    placed, shipped = told(customer)[0], told(customer)[2]
    assert placed["link"] == shipped["link"] == f"/orders/{order['id']}"
    assert (placed["class"], placed["vendor_id"], placed["read"]) == ("orders", None, False)
    assert placed["data"] == {"order_id": order["id"], "number": order["number"]}
    assert shipped["data"]["id"] == clay.part(order)["id"]


def test_staff_are_told_of_an_order_by_their_role(shop, clay, customer):
    packer, talker = clay.staff("fulfilment"), clay.staff("support")
    order = customer.order(clay.product())
    part = clay.part(order)
    for who in (clay.owner, packer):
        notice = of(who, shop.db, "vendor_order_received")
        assert notice["vendor_id"] == clay.id
        assert notice["link"] == f"/vendors/{clay.id}/sub-orders/{part['id']}"
        assert notice["data"] == {"id": part["id"], "number": part["number"]}
    assert told(talker) == []


def test_staff_are_told_of_an_order_once_it_is_paid(shop, clay, customer):
    order = customer.order(clay.product(), method="manual")
    assert kinds(clay.owner, shop.db) == []
    shop.admin("finance").do("markPaymentReceived", order_id=order["id"], body={})
    assert kinds(clay.owner, shop.db) == ["vendor_order_received"]
    assert kinds(customer, shop.db) == ["order_placed", "payment_received"]


def test_staff_are_not_told_that_an_order_is_cancelled_that_was_never_paid(shop, clay, customer):
    mug = clay.product()
    by_customer, by_deadline = (customer.order(mug, method="manual") for _ in range(2))
    customer.do("cancelOrder", order_id=by_customer["id"], body={"reason": "Too late"})
    shop.db.rows("update sub_order set deadline_at = now() where id = %s",
                 clay.part(by_deadline)["id"])
    until(lambda: "sub_order_cancelled" in kinds(customer, shop.db))
    assert kinds(clay.owner, shop.db) == []


def test_nobody_is_told_that_an_order_of_nothing_is_paid(shop, customer):
    vendor = shop.vendor(shipping=[("Gift", 0)])
    customer.order(vendor.product(price=0), method="manual")
    assert kinds(customer, shop.db) == ["order_placed"]


def test_nobody_is_told_what_they_did_themselves(shop, clay, customer):
    mug = clay.product()
    mine, theirs = customer.order(mug), customer.order(mug)
    customer.do("cancelOrder", order_id=mine["id"], body={"reason": "Too late"})
    good(clay.cancel(theirs))
    assert kinds(customer, shop.db) == ["order_placed", "order_placed", "sub_order_cancelled"]
    assert of(customer, shop.db, "sub_order_cancelled")["link"] == f"/orders/{theirs['id']}"
    assert kinds(clay.owner, shop.db) == [
        "vendor_order_received", "vendor_order_received", "vendor_order_cancelled"]
    assert of(clay.owner, shop.db, "vendor_order_cancelled")["data"]["id"] == clay.part(mine)["id"]


def test_what_a_deadline_did_is_told_to_both_sides(shop, clay, customer):
    order = customer.order(clay.product())
    shop.db.rows("update sub_order set deadline_at = now() where id = %s", clay.part(order)["id"])
    until(lambda: "sub_order_cancelled" in kinds(customer, shop.db))
    assert kinds(clay.owner, shop.db) == ["vendor_order_received", "vendor_order_cancelled"]


def test_a_change_of_parts_is_not_told_as_another_step(shop, clay, customer):
    order = customer.order((clay.product(), 4))
    line = line_of(order, clay)
    good(clay.accept(order))
    good(clay.cancel(order, lines=some(line, 1)))
    for _ in range(2):
        good(clay.ship(order, lines=some(line, 1)))
    parcel = good(clay.ship(order, lines=some(line, 1)))["shipments"][0]["id"]
    good(clay.deliver(order, shipment_id=parcel))
    assert kinds(customer, shop.db) == [
        "order_placed", "sub_order_accepted", "sub_order_reduced", "sub_order_partially_shipped",
        "sub_order_parcel_sent", "sub_order_shipped"]
    assert of(customer, shop.db, "sub_order_reduced")["data"]["cancelled_total"]["amount"] == 1000


def test_a_refund_is_told_to_both_sides(shop, clay, customer):
    order = customer.order(clay.product(), method="manual")
    shop.admin("finance").do("markPaymentReceived", order_id=order["id"], body={})
    good(clay.cancel(order))
    total = order["total"]
    shop.admin("finance").do("markRefunded", order_id=order["id"], body={"amount": total})
    assert of(customer, shop.db, "payment_refunded")["data"]["amount"] == total
    refund = of(clay.owner, shop.db, "vendor_order_refunded")
    assert refund["data"]["amount"] == total
    assert refund["link"] == f"/vendors/{clay.id}/sub-orders/{clay.part(order)['id']}"


def test_staff_are_told_that_stock_is_low_and_that_it_is_gone(shop, clay, customer):
    mug = clay.product(stock=6)
    customer.order(mug)
    customer.order((mug, 5))
    assert of(clay.owner, shop.db, "low_stock")["data"]["available"] == 5
    assert of(clay.owner, shop.db, "out_of_stock")["link"] == \
        f"/vendors/{clay.id}/products/{mug.id}"


def test_staff_are_told_that_stock_is_gone_when_more_is_ordered_than_there_is(
        shop, clay, customer):
    mug = clay.product(stock=3)
    clay.do("updateVariant", variant_id=mug.variant, body={"backorder": True})
    customer.order((mug, 4))
    assert of(clay.owner, shop.db, "out_of_stock")["data"]["available"] == -1


def test_all_staff_are_told_what_becomes_of_their_vendor(shop, clay):
    clerk = clay.staff("finance")
    shop.admin().do("suspendVendor", vendor_id=clay.id, body={"reason": "A test"})
    assert of(clerk, shop.db, "vendor_status_changed")["data"] == {"status": "suspended"}


def test_messages_are_not_in_the_list(shop, talk):
    registered(talk.customer, a_phone()), registered(talk.vendor.owner, a_phone())
    talk.ask(), talk.answer()
    assert kinds(talk.customer, shop.db) == [] and kinds(talk.vendor.owner, shop.db) == []
    assert {n["of_customer"] for n in waiting(shop.db, talk.id)} == {True, False}


def test_a_message_has_notices_only_for_those_who_have_a_device(shop, talk):
    talk.vendor.staff("support")
    registered(talk.customer, a_phone())
    talk.ask(), talk.answer()
    followed(shop.db)
    assert [n["of_customer"] for n in waiting(shop.db, talk.id)] == [True]


# -- the list -------------------------------------------------------------------------------------

@pytest.fixture
def reader(shop, clay):
    """Somebody with five notices."""
    somebody, mug = shop.customer(), clay.product()
    for _ in range(5):
        somebody.order(mug)
    followed(shop.db)
    return somebody


def test_the_list_goes_page_by_page(shop, reader, clay):
    first = reader.do("listNotifications", limit=2)
    assert first["unread"] == 5
    reader.order(clay.product())  # comes before the first page, and moves no other
    followed(shop.db)
    rest = reader.do("listNotifications", limit=100, cursor=first["next_cursor"])
    ids = [n["id"] for n in first["items"] + rest["items"]]
    assert len(ids) == 5 and ids == sorted(ids, reverse=True) and rest["next_cursor"] is None
    assert rest["unread"] == 6


def test_some_are_read(reader):
    mine = told(reader)
    some_ids = [mine[1]["id"], mine[3]["id"]]
    for _ in range(2):
        assert reader.do("readNotifications", body={"ids": [*some_ids, NEVER]}) == {"unread": 3}
    assert [n["read"] for n in told(reader)] == [False, True, False, True, False]
    assert [n["id"] for n in told(reader, unread=True)] == [mine[n]["id"] for n in (0, 2, 4)]


def test_all_up_to_one_are_read(reader):
    mine = told(reader)
    assert reader.do("readNotifications", body={"up_to": mine[3]["id"]}) == {"unread": 1}
    assert reader.do("readNotifications", body={"up_to": mine[1]["id"]}) == {"unread": 1}
    assert [n["read"] for n in told(reader)] == [True] * 4 + [False]
    assert [n["id"] for n in told(reader, unread=True)] == [mine[4]["id"]]


def test_what_comes_later_is_unread_whatever_was_read(shop, reader, clay):
    far = "ffffffff-ffff-7fff-bfff-ffffffffffff"
    assert reader.do("readNotifications", body={"up_to": far}) == {"unread": 5}
    newest = told(reader)[-1]["id"]
    assert reader.do("readNotifications", body={"up_to": newest}) == {"unread": 0}
    reader.order(clay.product())
    followed(shop.db)
    assert reader.do("listNotifications")["unread"] == 1


def test_only_ones_own_are_read(shop, reader, customer):
    theirs = told(reader)[-1]["id"]
    customer.do("readNotifications", body={"up_to": theirs, "ids": [theirs]})
    assert reader.do("listNotifications")["unread"] == 5
    refused(customer.call("readNotifications", body={}), 400)
    refused(customer.call("readNotifications", body={"ids": []}), 400, field="/ids")


def test_who_left_the_staff_or_changed_role_sees_only_what_the_present_role_is_told(
        shop, clay, customer):
    packer = clay.staff("fulfilment")
    customer.order(clay.product())
    assert kinds(packer, shop.db) == ["vendor_order_received"]
    clay.do("updateStaff", user_id=packer.id, body={"role": "support"})
    assert packer.do("listNotifications") == {"items": [], "next_cursor": None, "unread": 0}
    clay.do("updateStaff", user_id=packer.id, body={"role": "fulfilment"})
    assert packer.do("listNotifications")["unread"] == 0


def test_what_was_told_to_staff_goes_with_the_role(shop, clay, customer):
    packer, other = clay.staff("fulfilment"), clay.staff("manager")
    customer.order(clay.product())
    packer.order(clay.product())
    followed(shop.db)

    def kept(person):
        return [row["kind"] for row in shop.db.rows(
            "select kind from notice where account_id = %s order by id", person.id)]

    everything = kept(packer)
    assert sorted(everything) == ["order_placed", "vendor_order_received", "vendor_order_received"]
    clay.do("updateStaff", user_id=packer.id, body={"role": "manager"})
    assert kept(packer) == everything
    clay.do("updateStaff", user_id=packer.id, body={"role": "support"})
    assert kept(packer) == ["order_placed"]
    clay.do("removeStaff", user_id=other.id)
    assert kept(other) == []
    assert kinds(clay.owner, shop.db) == ["vendor_order_received"] * 2
    assert kinds(customer, shop.db) == ["order_placed"]


# -- following ------------------------------------------------------------------------------------

def test_a_transaction_that_takes_long_delays_notices_and_loses_none(own_shop):
    clay, customer = own_shop.vendor(), own_shop.customer()
    mug = clay.product()
    followed(own_shop.db)
    with contextlib.closing(own_shop.db.connect()) as slow, slow.cursor() as cursor:
        cursor.execute("select pg_current_xact_id()::text::bigint")
        (number,) = cursor.fetchone()
        customer.order(mug)
        cursor.execute("select feed_flush(event_payment_received(%s, order_id => %s, "
                       "method => 'manual', by => 'admin'))", (customer.id, NEVER))
        with As(own_shop.db, "sebez_jobs") as follower:
            follower.execute("select * from notices_follow(500)")
            follower.connection.commit()
        assert own_shop.db.one("select max(tx) > %s from event", number)
        assert told(customer) == []
        slow.commit()
    assert kinds(customer, own_shop.db) == ["payment_received", "order_placed"]
    assert set(all_told(own_shop.db)) == set(expected(own_shop.db))


def test_another_follower_waits_for_none_and_writes_nothing_twice(own_shop):
    db, customer = own_shop.db, own_shop.customer()
    mug = own_shop.vendor().product(stock=100)
    written = orders = 0
    with As(db, "sebez_jobs") as one, As(db, "sebez_jobs") as other:
        other.execute("set statement_timeout = '10s'")  # it would fail, not wait
        other.connection.commit()
        while not written:  # the jobs process may be faster
            one.connection.rollback()
            customer.order(mug)
            orders += 1
            one.execute("select notices from notices_follow(500)")
            (written,) = one.fetchone() or (0,)
        other.execute("select * from notices_follow(500)")
        assert other.fetchone() is None
        other.connection.rollback()
        one.connection.commit()
    assert kinds(customer, db) == ["order_placed"] * orders


@pytest.fixture
def restored(own_shop):
    """A vendor and a customer with one order, of which they were told before the backup."""
    clay, customer = own_shop.vendor(), own_shop.customer()
    customer.order(clay.product())
    followed(own_shop.db)
    return clay, customer


def goes_on(db, clay, customer):
    until(lambda: db.one("select f.epoch = e.epoch and "
                         "f.tx < pg_snapshot_xmax(pg_current_snapshot())::text::bigint "
                         "from event_follower f, feed_epoch e where f.name = 'notices'"))
    customer.order(clay.product())
    assert kinds(customer, db) == ["order_placed", "order_placed"]


def test_after_a_backup_was_restored_notices_go_on(own_shop, restored):
    # Numbers of transactions begin anew, before those that the backup contains.
    own_shop.db.rows("update event_follower set tx = tx + 1000000, epoch = epoch - 1")
    goes_on(own_shop.db, *restored)


def test_notices_go_on_when_a_backup_was_restored_without_a_new_epoch(own_shop, restored):
    own_shop.db.rows("update event_follower set tx = tx + 1000000")
    goes_on(own_shop.db, *restored)


def test_nothing_is_written_when_there_is_no_news(own_shop):
    db = own_shop.db
    followed(db)
    # A backup's event of a transaction that this server has not reached.
    db.rows("insert into event (owner_id, number, kind, payload, tx) "
            "values (%s, 1, 'order_placed', '{}', 4000000000)", NEVER)
    try:
        before = db.rows("select ctid::text, xmin::text, xmax::text, tx from event_follower "
                         "order by name")
        for _ in range(3):
            db.rows("select notices_follow(500)")
        assert db.rows("select ctid::text, xmin::text, xmax::text, tx from event_follower "
                       "order by name") == before
    finally:
        db.rows("delete from event where owner_id = %s", NEVER)


def test_metrics_tell_how_far_a_follower_is_behind(own_shop):
    db, customer = own_shop.db, own_shop.customer()
    mug = own_shop.vendor().product()

    def behind():
        (sample,) = [s for s in metrics(own_shop.server)["sebez_follower_behind_seconds"][1]
                     if s[1] == 'follower="notices"']
        return sample[2]

    with contextlib.closing(db.connect()) as other, other.cursor() as cursor:
        cursor.execute("select from event_follower for update")
        customer.order(mug)
        db.rows("update event e set at = at - interval '1 hour' from event_follower f "
                "where e.tx > f.tx")
        until(lambda: behind() >= 3600, 40)
        other.rollback()
    until(lambda: behind() == 0, 40)
