"""Each vendor fulfils its part: the table of transitions, shipments, money, lists."""
import datetime

import pytest

from harness.shop import fresh, refused, together
from harness.sub_orders import good, history, line_of, some


@pytest.fixture(autouse=True)
def the_data_stays_sound(shop):
    yield
    assert shop.check() == []


def changes(shop, vendor, sub_order_id):
    return [(e["payload"]["status"], e["payload"].get("by")) for e in shop.db.rows(
        "select payload from event where owner_id = %s and payload ->> 'id' = %s "
        "order by number", vendor.id, sub_order_id)]


# -- the straight way -----------------------------------------------------------------------------

def test_a_sub_order_goes_all_the_way_and_its_history_tells_who_took_it(shop):
    clay = shop.vendor()
    mug = clay.product(price=1800, stock=5)
    customer = shop.customer()
    order = customer.order((mug, 2))
    part = clay.part(order)
    assert part["status"] == "placed" and part["allowed_transitions"] == ["cancelled"]
    assert part["deadlines"]["accept_by"]
    accepted = good(clay.accept(order))
    assert accepted["status"] == "accepted" and accepted["deadlines"]["ship_by"]
    assert accepted["deadlines"]["accept_by"] is None
    assert accepted["allowed_transitions"] == ["packed", "shipped", "cancelled"]
    assert good(clay.pack(order))["status"] == "packed"
    shipped = good(clay.ship(order, carrier="Post", tracking_number="P1"))
    assert shipped["status"] == "shipped"
    (parcel,) = shipped["shipments"]
    assert (parcel["carrier"], parcel["tracking_number"]) == ("Post", "P1")
    assert parcel["lines"] == some(line_of(order, clay), 2) and parcel["delivered_at"] is None
    delivered = good(clay.deliver(order))
    assert delivered["status"] == "delivered" and delivered["deadlines"]["complete_at"]
    assert delivered["shipments"][0]["delivered_at"]
    done = customer.do("confirmDelivery", sub_order_id=part["id"], body={"reason": "All is well"})
    assert done["status"] == "completed" and done["allowed_transitions"] == []
    assert customer.see(order)["status"] == "completed"
    assert history(shop, order, clay) == [
        (None, "placed", "customer", None), ("placed", "accepted", "staff", None),
        ("accepted", "packed", "staff", None), ("packed", "shipped", "staff", None),
        ("shipped", "delivered", "staff", None),
        ("delivered", "completed", "customer", "All is well")]
    assert changes(shop, clay, part["id"]) == [
        ("placed", None), ("accepted", "staff"), ("packed", "staff"), ("shipped", "staff"),
        ("delivered", "staff"), ("completed", "customer")]


def test_delivery_that_is_confirmed_twice_is_confirmed_once(shop):
    clay, customer = shop.vendor(), shop.customer()
    order = customer.order(clay.product())
    good(clay.accept(order)), good(clay.ship(order))
    part = clay.part(order)["id"]
    first, again = [customer.do("confirmDelivery", sub_order_id=part, body={}) for _ in range(2)]
    assert first["status"] == "delivered" and again["updated_at"] == first["updated_at"]
    assert first["allowed_transitions"] == []  # the word of the clock or of an admin is awaited
    assert clay.part(customer.see(order))["allowed_transitions"] == []
    assert refused(customer.call("cancelSubOrder", sub_order_id=part, body={}),
                   409)["allowed_transitions"] == []
    assert len(changes(shop, clay, part)) == 4
    other = customer.order(clay.product())
    good(clay.accept(other)), good(clay.ship(other)), good(clay.deliver(other))
    assert clay.part(customer.see(other))["allowed_transitions"] == ["completed"]
    for _ in range(2):
        done = customer.do("confirmDelivery", sub_order_id=clay.part(other)["id"], body={})
        assert done["status"] == "completed"


def test_what_the_table_does_not_have_is_refused_and_tells_what_it_has(shop):
    clay = shop.vendor()
    order = shop.customer().order(clay.product())
    part = clay.part(order)
    problem = refused(clay.pack(order), 409, "transition_not_allowed")
    assert problem["allowed_transitions"] == ["accepted", "cancelled"]
    refused(clay.ship(order), 409, "transition_not_allowed")
    refused(clay.deliver(order), 409, "transition_not_allowed")
    good(clay.accept(order))
    refused(clay.accept(order), 409, "transition_not_allowed")
    assert [h[1] for h in history(shop, order, clay)] == ["placed", "accepted"]
    assert shop.db.one("select version from sub_order where id = %s", part["id"]) == 2


def test_support_and_finance_look_but_are_offered_no_transition(shop):
    clay = shop.vendor()
    order = shop.customer().order(clay.product())
    for role, allowed in (("manager", ["accepted", "cancelled"]), ("fulfilment", ["accepted"]),
                          ("support", []), ("finance", [])):
        seen = clay.staff(role).do("getSubOrder", vendor_id=clay.id,
                                   sub_order_id=clay.part(order)["id"])
        assert seen["allowed_transitions"] == allowed, role
    refused(clay.staff("fulfilment").call(
        "cancelSubOrderByVendor", vendor_id=clay.id, sub_order_id=clay.part(order)["id"],
        body={"reason": "No"}), 403)
    refused(clay.staff("support").call(
        "acceptSubOrder", vendor_id=clay.id, sub_order_id=clay.part(order)["id"], body={}), 403)


def test_nobody_moves_what_is_anothers(shop):
    clay, iron = shop.vendor(), shop.vendor()
    order = shop.customer().order(clay.product())
    part = clay.part(order)
    stranger = shop.customer()
    refused(iron.call("acceptSubOrder", sub_order_id=part["id"], body={}), 404)
    refused(iron.call("getSubOrderHistory", sub_order_id=part["id"]), 404)
    refused(stranger.call("cancelSubOrder", sub_order_id=part["id"], body={}), 404)
    refused(stranger.call("confirmDelivery", sub_order_id=part["id"], body={}), 404)
    refused(stranger.call("cancelOrder", order_id=order["id"], body={}), 404)
    assert clay.see(order)["status"] == "placed"


def test_a_second_acceptance_at_the_same_moment_is_refused(shop):
    clay = shop.vendor()
    order = shop.customer().order(clay.product())
    answers = together(8, lambda: clay.accept(order).status_code)
    assert sorted(answers) == [200] + [409] * 7
    assert len(history(shop, order, clay)) == 2


def test_the_same_key_moves_once_and_answers_the_same(shop):
    clay = shop.vendor()
    order = shop.customer().order(clay.product())
    key = fresh("key")
    first, second = clay.accept(order, key=key), clay.accept(order, key=key)
    assert good(first) == good(second) and first.content == second.content
    assert len(history(shop, order, clay)) == 2


# -- shipments ------------------------------------------------------------------------------------

def test_two_shipments_ship_it_and_both_must_arrive(shop):
    clay = shop.vendor()
    mug, bowl = clay.product(stock=9), clay.product(stock=9)
    customer = shop.customer()
    order = customer.order((mug, 3), (bowl, 1))
    good(clay.accept(order))
    lines = {line["variant_id"]: line["id"] for line in clay.part(order)["lines"]}
    first = good(clay.ship(order, lines=some(lines[mug.variant], 2), tracking_number="A"))
    assert first["status"] == "partially_shipped" and len(first["shipments"]) == 1
    refused(clay.ship(order, lines=some(lines[mug.variant], 2)), 400, field="/lines/0/quantity")
    early = good(clay.deliver(order, shipment_id=first["shipments"][0]["id"]))
    assert early["status"] == "partially_shipped" and early["shipments"][0]["delivered_at"]
    second = good(clay.ship(order, tracking_number="B"))
    assert second["status"] == "shipped" and len(second["shipments"]) == 2
    assert {line["id"]: line["shipped_quantity"] for line in second["lines"]} == {
        lines[mug.variant]: 3, lines[bowl.variant]: 1}
    refused(clay.deliver(order, shipment_id=first["shipments"][0]["id"]), 409)
    refused(clay.deliver(order, shipment_id=clay.id), 404)
    late = [s["id"] for s in second["shipments"] if s["tracking_number"] == "B"]
    assert good(clay.deliver(order, shipment_id=late[0]))["status"] == "delivered"
    assert customer.see(order)["status"] == "delivered"


def test_deliver_without_a_shipment_takes_them_all(shop):
    clay = shop.vendor()
    order = shop.customer().order((clay.product(), 2))
    good(clay.accept(order))
    good(clay.ship(order, lines=some(line_of(order, clay), 1)))
    good(clay.ship(order))
    delivered = good(clay.deliver(order))
    assert delivered["status"] == "delivered"
    assert all(s["delivered_at"] for s in delivered["shipments"])


def test_what_is_on_its_way_arrives_while_something_is_left_to_ship(shop):
    clay = shop.vendor()
    order = shop.customer().order((clay.product(), 3))
    good(clay.accept(order))
    refused(clay.deliver(order), 409, "transition_not_allowed")
    one = some(line_of(order, clay), 1)
    good(clay.ship(order, lines=one)), good(clay.ship(order, lines=one))
    early = good(clay.deliver(order))
    assert early["status"] == "partially_shipped"
    assert all(s["delivered_at"] for s in early["shipments"])
    refused(clay.deliver(order), 409, "transition_not_allowed")
    good(clay.ship(order))
    assert good(clay.deliver(order))["status"] == "delivered"


def test_cancelling_the_rest_of_a_part_shipped_one_leaves_it_shipped(shop):
    clay = shop.vendor()
    mug = clay.product(price=1000, stock=9)
    order = shop.customer().order((mug, 3))
    good(clay.accept(order))
    good(clay.ship(order, lines=some(line_of(order, clay), 1)))
    left = good(clay.cancel(order))
    assert left["status"] == "shipped" and left["cancelled_total"]["amount"] == 2000
    assert mug.available == 8
    assert [(h[0], h[1]) for h in history(shop, order, clay)][-2:] == [
        ("partially_shipped", "partially_shipped"), ("partially_shipped", "shipped")]


def test_cancelling_the_rest_of_what_has_arrived_leaves_it_delivered(shop):
    clay = shop.vendor()
    order = shop.customer().order((clay.product(), 3))
    good(clay.accept(order))
    shipped = good(clay.ship(order, lines=some(line_of(order, clay), 1)))
    good(clay.deliver(order, shipment_id=shipped["shipments"][0]["id"]))
    assert good(clay.cancel(order))["status"] == "delivered"


def test_what_is_sent_in_part_is_so_for_everybody_and_in_every_list(shop):
    clay, iron = shop.vendor(), shop.vendor()
    customer = shop.customer()
    order = customer.order((clay.product(), 3), iron.product())
    good(clay.accept(order)), good(clay.pack(order))
    sent = good(clay.ship(order, lines=some(line_of(order, clay), 1)))
    assert sent["status"] == "partially_shipped"
    assert sent["allowed_transitions"] == ["shipped", "cancelled"]
    assert sent["deadlines"]["ship_by"] and sent["deadlines"]["cancel_at"]
    assert history(shop, order, clay)[-1] == ("packed", "partially_shipped", "staff", None)
    seen = customer.see(order)
    assert seen["status"] == clay.part(seen)["status"] == "partially_shipped"
    assert iron.part(seen)["status"] == "placed"
    for actor, listed in ((customer, "listOrders"), (shop.admin(), "adminListOrders")):
        (found, *_) = actor.do(listed, status="partially_shipped")["items"]
        assert found["id"] == order["id"] and found["status"] == "partially_shipped"
    (queued,) = clay.do("listSubOrders", status="partially_shipped")["items"]
    assert queued["id"] == sent["id"] and queued["deadlines"]["ship_by"]
    refused(clay.pack(order), 409, "transition_not_allowed")


def test_a_list_has_the_deadlines_of_the_sub_order_in_every_state(shop):
    clay, customer = shop.vendor(), shop.customer()
    order = customer.order((clay.product(), 2))
    for move in (None, clay.accept, clay.pack, clay.ship, clay.deliver):
        if move:
            good(move(order))
        (queued,) = clay.do("listSubOrders")["items"]
        said = clay.see(order)["deadlines"]
        assert queued["deadlines"] == {name: said[name] for name in queued["deadlines"]}


def confirm(customer, order, vendor, shipment):
    return customer.call("confirmShipmentDelivery", sub_order_id=vendor.part(order)["id"],
                         shipment_id=shipment["id"])


def test_a_customer_confirms_each_parcel_as_it_comes(shop):
    clay = shop.vendor()
    customer = shop.customer()
    order = customer.order((clay.product(), 3))
    good(clay.accept(order))
    (first,) = good(clay.ship(order, lines=some(line_of(order, clay), 1)))["shipments"]
    for _ in range(2):  # said again, it changes nothing
        part = good(confirm(customer, order, clay, first))
        assert part["status"] == "partially_shipped" and part["shipments"][0]["delivered_at"]
    refused(customer.call("confirmDelivery", sub_order_id=part["id"], body={}), 409)
    _, second = good(clay.ship(order))["shipments"]
    refused(confirm(customer, order, clay, {"id": order["id"]}), 404)
    refused(confirm(shop.customer(), order, clay, second), 404)
    part = good(confirm(customer, order, clay, second))
    assert part["status"] == "delivered" and part["allowed_transitions"] == []
    assert history(shop, order, clay)[-1][:3] == ("shipped", "delivered", "customer")
    assert good(confirm(customer, order, clay, first)) == part


@pytest.mark.parametrize("parts, status", [
    (["placed", "placed"], "placed"), (["placed", "accepted"], "processing"),
    (["cancelled", "accepted"], "accepted"), (["cancelled", "cancelled"], "cancelled"),
    (["shipped", "packed", "placed"], "partially_shipped"),
    (["partially_shipped", "cancelled"], "partially_shipped"),
    (["partially_shipped", "placed"], "partially_shipped"),
    (["partially_shipped", "completed"], "partially_shipped"),
    (["shipped", "delivered", "completed"], "shipped"),
    (["completed", "delivered", "cancelled"], "delivered"),
    (["completed", "completed", "cancelled"], "completed")])
def test_the_state_of_an_order_is_what_its_parts_make_of_it(shop, parts, status):
    assert shop.db.one("select order_status(%s)", parts) == status


# -- lists ----------------------------------------------------------------------------------------

def test_the_queue_is_filtered_by_state_and_by_the_beginning_of_a_number(shop):
    clay, iron = shop.vendor(), shop.vendor()
    mug = clay.product(stock=50)
    customer = shop.customer()
    orders = [customer.order(mug, iron.product()) for _ in range(5)]
    good(clay.accept(orders[1]))
    numbers = [clay.part(order)["number"] for order in orders][::-1]
    assert [s["number"] for s in clay.owner.all("listSubOrders", vendor_id=clay.id, limit=2)] == \
        numbers
    (accepted,) = clay.do("listSubOrders", status="accepted")["items"]
    assert accepted["id"] == clay.part(orders[1])["id"] and accepted["quantity"] == 1
    assert accepted["deadlines"]["ship_by"] and accepted["customer"] == {"name": "Ada Byron"}
    wanted = orders[2]["number"]
    for typed in (wanted, wanted.lower(), wanted[:7], clay.part(orders[2])["number"]):
        found = clay.do("listSubOrders", q=typed)["items"]
        assert [s["order_number"] for s in found] == [wanted]
    for typed in ("%", "0\U00010000", "abcd\xe9fgh\u20ac"):
        assert clay.do("listSubOrders", q=typed)["items"] == []


def test_what_is_due_first_is_first(shop):
    clay = shop.vendor()
    mug, customer = clay.product(stock=50), shop.customer()
    orders = [customer.order(mug) for _ in range(7)]
    ids = [clay.part(order)["id"] for order in orders]

    def due(status, **more):
        return [each["id"] for each in clay.owner.all("listSubOrders", vendor_id=clay.id,
                                                      status=status, sort="due", limit=2, **more)]

    assert due("placed") == ids
    for order in reversed(orders[2:]):
        good(clay.accept(order))
    assert due("placed") == ids[:2]
    assert due("accepted") == ids[:1:-1]
    assert due("accepted", q=orders[3]["number"]) == [ids[3]]
    for status in ({}, {"status": "shipped"}):
        refused(clay.call("listSubOrders", sort="due", **status), 400, field="?sort")


def test_open_sub_orders_are_counted_by_their_state(shop):
    clay = shop.vendor()
    mug, customer = clay.product(stock=50), shop.customer()
    orders = [customer.order(mug) for _ in range(4)]
    good(clay.accept(orders[0]))
    good(clay.accept(orders[1]))
    good(clay.ship(orders[1]))
    good(clay.cancel(orders[2]))
    assert clay.do("countSubOrders") == {
        "awaiting_payment": 0, "placed": 1, "accepted": 1, "packed": 0, "partially_shipped": 0,
        "shipped": 1, "delivered": 0}


def in_nairobi(moment):
    zone = datetime.timezone(datetime.timedelta(hours=3))
    return datetime.datetime.fromisoformat(moment.replace("Z", "+00:00")).astimezone(
        zone).isoformat(timespec="microseconds")


def test_every_list_of_orders_takes_a_span_of_time_in_any_time_zone(shop):
    clay, customer = shop.vendor(), shop.customer()
    mug = clay.product(stock=50)
    orders = [customer.order(mug) for _ in range(5)]
    moments = [in_nairobi(order["created_at"]) for order in orders]
    day = {"created_after": moments[1], "created_before": moments[4]}
    admin = shop.admin("support")
    lists = [(customer, "listOrders", {}, orders),
             (clay.owner, "listSubOrders", {"vendor_id": clay.id}, map(clay.part, orders)),
             (admin, "adminListOrders", {"user_id": customer.id}, orders),
             (admin, "adminListSubOrders", {"vendor": clay.id}, map(clay.part, orders))]
    for actor, listed, only, whole in lists:
        ids = [each["id"] for each in whole][::-1]
        for limit in (1, 20):
            found = actor.all(listed, limit=limit, **only, **day)
            assert [each["id"] for each in found] == ids[1:4]
        since = actor.all(listed, created_after=moments[3], **only)
        assert [each["id"] for each in since] == ids[:2]
        before = actor.all(listed, created_before=moments[1], **only)
        assert [each["id"] for each in before] == ids[4:]
        for wrong in ("2026-02-01", "2026-02-01T00:00:00", "yesterday", "2026-02-30T00:00:00Z"):
            refused(actor.call(listed, created_after=wrong, **only), 400, field="?created_after")


# -- oversight ------------------------------------------------------------------------------------

def test_an_admin_takes_any_transition_of_the_table_with_all_it_causes(shop):
    clay = shop.vendor()
    mug = clay.product(stock=5)
    order = shop.customer().order((mug, 2), method="manual")
    support, part = shop.admin("support"), clay.part(order)
    for state in ("placed", "accepted", "packed", "shipped", "delivered", "completed"):
        moved = support.do("transitionSubOrder", sub_order_id=part["id"],
                           body={"to": state, "reason": "On the phone"})
        assert moved["status"] == state
    assert [h["to"] for h in moved["history"]][-1] == "completed"
    assert moved["shipments"][0]["lines"][0]["quantity"] == 2
    refused(support.call("transitionSubOrder", sub_order_id=part["id"],
                         body={"to": "placed", "reason": "No"}), 409, "transition_not_allowed")
    written = shop.db.rows("select after ->> 'state' as state from audit_log "
                           "where object_id = %s and actor = 'admin' order by id", part["id"])
    assert [w["state"] for w in written] == ["placed", "accepted", "packed", "shipped",
                                             "delivered", "completed"]


def test_admins_find_orders_and_sub_orders_of_everybody(shop):
    clay, iron = shop.vendor(), shop.vendor()
    customer = shop.customer()
    order = customer.order(clay.product(), iron.product())
    customer.order(clay.product())
    admin = shop.admin("support")
    typed = order["number"].lower()
    for q in (typed, typed.replace("-", ""), typed.replace("-", " ")[:8]):
        (found,) = admin.do("adminListOrders", q=q)["items"]
    assert len(admin.do("adminListOrders", q=customer.account["email"].upper())["items"]) == 2
    assert admin.do("adminListOrders", q="nobody@example.com")["items"] == []
    assert found["customer"]["email"] == customer.account["email"]
    assert len(admin.do("adminListOrders", user_id=customer.id)["items"]) == 2
    assert len(admin.do("adminListOrders", user_id=customer.id, status="shipped")["items"]) == 0
    assert admin.do("adminGetOrder", order_id=order["id"])["number"] == order["number"]
    for vendor in (clay.id, clay.slug):
        assert len(admin.do("adminListSubOrders", vendor=vendor)["items"]) == 2
    (one,) = admin.do("adminListSubOrders", q=clay.part(order)["number"])["items"]
    assert one["vendor"]["id"] == clay.id
    whole = admin.do("adminGetSubOrder", sub_order_id=one["id"])
    assert whole["customer"]["id"] == customer.id and whole["history"][0]["to"] == "placed"
    assert whole["allowed_transitions"] == ["accepted", "cancelled"]
