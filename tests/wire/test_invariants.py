"""The invariants notice what is wrong: each is broken on purpose in a transaction, and undone."""
import pytest

from harness.checks import broken

PART = "(select id from sub_order where number = %(number)s)"
TALK = "(select id from conversation where sub_order_id = " + PART + ")"
UNGUARDED = "set local session_replication_role = replica;"
LINES = f"(select id from order_line where sub_order_id = {PART})"

BROKEN = {
    "orders add up to their sub-orders":
        f"update sub_order set fee = fee + 1, total = total + 1 where id = {PART}",
    "sub-orders add up to their lines":
        f"update order_line set price = price + 1, total = (price + 1) * quantity "
        f"where id in {LINES}",
    "payments are of what orders cost":
        "update payment set amount = amount + 1 where order_id = "
        f"(select order_id from sub_order where id = {PART})",
    "what is cancelled went back to the stock":
        f"update order_line set cancelled_quantity = 1 where id in {LINES}",
    "stock is what was put in less what is held":
        "update variant set available = available + 1 where id in "
        f"(select variant_id from order_line where id in {LINES})",
    "history ends in the present state and has no gap":
        f"update sub_order_history set number = number + 1 where sub_order_id = {PART} "
        "and to_state = 'partially_shipped'",
    "what is cancelled of a sub-order is what its lines say":
        f"update sub_order set cancelled_total = 1 where id = {PART}",
    "shares of payments follow what was received, refunded and cancelled":
        f"update sub_order set payment_state = 'cancelled' where id = {PART}",
    "payments are what their shares make of them":
        "update payment set state = 'cancelled' where order_id = "
        f"(select order_id from sub_order where id = {PART})",
    "what lines count as shipped is in shipments of their sub-order":
        f"update shipment_line set quantity = quantity + 1 where order_line_id in {LINES}",
    "states agree with what was shipped and cancelled":
        f"update sub_order set state = 'shipped' where id = {PART}",
    "what is delivered has arrived, all of it":
        f"update sub_order set state = 'delivered' where id = {PART}",
    "the clock runs where it has something to do":
        f"update sub_order set deadline_at = null where id = {PART}",
    "cancelled sub-orders hold nothing":
        f"update sub_order set state = 'cancelled' where id = {PART}",
    "what counts as sold was ordered and not cancelled":
        "update product_sale set units = units + 1 where product_id in "
        f"(select product_id from order_line where id in {LINES})",
    "the listing is ranked by what was sold":
        "update listing set sold = sold + 1 where product_id in "
        f"(select product_id from order_line where id in {LINES})",
    "orders are of an account, with a payment":
        f"{UNGUARDED} update payment set account_id = gen_random_uuid() where order_id = "
        f"(select order_id from sub_order where id = {PART})",
    "sub-orders are of an order and a vendor, lines of a sub-order":
        f"{UNGUARDED} update order_line set sub_order_id = gen_random_uuid() where id in {LINES}",
    "payments are of an order":
        f"{UNGUARDED} update payment set order_id = gen_random_uuid() where order_id = "
        f"(select order_id from sub_order where id = {PART})",
    "lines are of goods of their vendor":
        f"{UNGUARDED} update order_line set product_id = gen_random_uuid() where id in {LINES}",
    "commission is the line's rate of its total":
        f"update order_line set commission = commission + 1 where id in {LINES}",
    "numbers of a feed have no gap and end where the feed says":
        "delete from event where kind = 'message_edited' and owner_id = "
        f"(select account_id from conversation where id = {TALK})",
    "events are in the partitions of their weeks, which exist a week ahead":
        "update event set at = at - interval '20 days' where owner_id = "
        f"(select account_id from conversation where id = {TALK})",
    "messages of a conversation are numbered without a gap":
        f"delete from message where seq = 2 and conversation_id = {TALK}",
    "notes of a conversation are numbered without a gap":
        f"update conversation_note set number = 2 where conversation_id = {TALK}",
    "every message was told once to either side":
        "update event set kind = 'message_edited' where kind = 'message_sent' and owner_id = "
        f"(select vendor_id from conversation where id = {TALK})",
    "what is unread is what was not read":
        f"update conversation set customer_unread = customer_unread + 1 where id = {TALK}",
    "a side has read what was sent, and a vendor what the furthest of its staff has":
        f"update staff_read set seq = 2 where conversation_id = {TALK}",
    "what devices have acknowledged was told, and is marked as delivered":
        "insert into chat_acknowledged select owner_id, last_number + 1 from feed where owner_id = "
        f"(select account_id from conversation where id = {TALK}) "
        "on conflict (owner_id) do update set number = excluded.number",
    "what was deleted says nothing, and nobody reacts to it":
        f"update message set deleted_at = now() where seq = 2 and conversation_id = {TALK}",
}


def talk(vendor, customer, sub_order_id):
    opened = customer.do("openConversation", body={"vendor_id": vendor.id,
                                                   "sub_order_id": sub_order_id})
    where = {"conversation_id": opened["id"]}
    sent = [customer.do("sendMessage", **where, body={"client_id": text, "text": text})
            for text in ("one", "two", "three")]
    customer.do("editMessage", **where, message_id=sent[0]["id"], body={"text": "One"})
    vendor.do("createNote", **where, body={"text": "A note"})
    vendor.do("markVendorRead", **where, body={"seq": 1})


@pytest.fixture(scope="module")
def number(shop):
    """A sub-order with one of three pieces shipped, and talk about it."""
    clay, customer = shop.vendor(), shop.customer()
    order = customer.order((clay.product(stock=9), 3))
    part = clay.part(order)
    talk(clay, customer, part["id"])
    assert clay.accept(order).status_code == 200 and clay.pack(order).status_code == 200
    shipped = clay.ship(order, lines=[{"line_id": part["lines"][0]["id"], "quantity": 1}])
    assert shipped.status_code == 200
    shop.db.let_effects_leave()
    return part["number"]


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_noticed(shop, number, name):
    connection = shop.db.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute(BROKEN[name], {"number": number})
            assert cursor.rowcount > 0, "nothing was broken"
            assert name in broken(cursor)
    finally:
        connection.rollback()
        connection.close()


def test_what_is_undone_is_sound_again(shop):
    assert shop.check() == []
