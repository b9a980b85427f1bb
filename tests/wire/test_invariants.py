"""The invariants notice what is wrong: each is broken on purpose in a transaction, and undone."""
import pytest

from harness.checks import broken
from harness.devices import a_phone, registered
from harness.shop import fresh
from harness.uploads import ask, make_ready

PART = "(select id from sub_order where number = %(number)s)"
TALK = "(select id from conversation where sub_order_id = " + PART + ")"
CUSTOMER = f"(select account_id from conversation where id = {TALK})"
SOMEBODY = f"(select id from account where id <> {CUSTOMER} limit 1)"
UNGUARDED = "set local session_replication_role = replica;"
LINES = f"(select id from order_line where sub_order_id = {PART})"

BROKEN = {
    "orders add up to their sub-orders":
        f"update sub_order set fee = fee + 1, total = total + 1 where id = {PART}",
    "sub-orders add up to their lines":
        f"update order_line set price = price + 1, total = (price + 1) * quantity "
        f"where id in {LINES}",
    "the amount of a payment is the total of its order":
        "update payment set amount = amount + 1 where order_id = "
        f"(select order_id from sub_order where id = {PART})",
    "cancelled units were released to the stock":
        f"update order_line set cancelled_quantity = 1 where id in {LINES}",
    "available stock equals adjustments minus reservations":
        "update variant set available = available + 1 where id in "
        f"(select variant_id from order_line where id in {LINES})",
    "the history of a sub-order has no gap and ends in its state":
        f"update sub_order_history set number = number + 1 where sub_order_id = {PART} "
        "and to_state = 'partially_shipped'",
    "the cancelled total of a sub-order follows from its lines":
        f"update sub_order set cancelled_total = 1 where id = {PART}",
    "payment states of sub-orders follow from amounts received, refunded and cancelled":
        f"update sub_order set payment_state = 'cancelled' where id = {PART}",
    "state and amounts of a payment follow from its shares":
        "update payment set state = 'cancelled' where order_id = "
        f"(select order_id from sub_order where id = {PART})",
    "shipped quantities of lines equal the sums over their shipments":
        f"update shipment_line set quantity = quantity + 1 where order_line_id in {LINES}",
    "states of sub-orders agree with shipped and cancelled quantities":
        f"update sub_order set state = 'shipped' where id = {PART}",
    "all shipments of a delivered sub-order have arrived":
        f"update sub_order set state = 'delivered' where id = {PART}",
    "exactly the states that have a deadline have one":
        f"update sub_order set deadline_at = null where id = {PART}",
    "a cancelled sub-order is cancelled in full":
        f"update sub_order set state = 'cancelled' where id = {PART}",
    "sold units equal the units ordered and not cancelled":
        "update product_sale set units = units + 1 where product_id in "
        f"(select product_id from order_line where id in {LINES})",
    "the listing's sold units equal the product's sales":
        "update listing set sold = sold + 1 where product_id in "
        f"(select product_id from order_line where id in {LINES})",
    "the uploads that a product refers to are those among its pictures":
        f"{UNGUARDED} delete from product_image where product_id in "
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
    "commission is what the line's rule takes of its total":
        f"update order_line set commission = commission + 1 where id in {LINES}",
    "the versions of a rule of commission follow each other":
        "insert into commission_rule (id, rule_id, version, name, position, basis_points, "
        "per_unit, on_shipping) values "
        "(gen_random_uuid(), gen_random_uuid(), 2, 'x', 1, 0, 0, false)",
    "event numbers of a feed have no gap and end at its last number":
        "delete from event where kind = 'message_edited' and owner_id = "
        f"(select account_id from conversation where id = {TALK})",
    "events are in the partitions of their weeks, which exist a week ahead":
        "update event set at = at - interval '20 days' where owner_id = "
        f"(select account_id from conversation where id = {TALK})",
    "messages of a conversation are numbered without a gap":
        f"delete from message where seq = 2 and conversation_id = {TALK}",
    "notes of a conversation are numbered without a gap":
        f"update conversation_note set number = 2 where conversation_id = {TALK}",
    "every message has exactly one event for each side, of its transaction":
        "update event set kind = 'message_edited' where kind = 'message_sent' and owner_id = "
        f"(select vendor_id from conversation where id = {TALK})",
    "unread counters equal the messages after the read position":
        f"update conversation set customer_unread = customer_unread + 1 where id = {TALK}",
    "read positions are within the conversation, and a vendor's is the furthest of its staff":
        f"update staff_read set seq = 2 where conversation_id = {TALK}",
    "acknowledged events exist and their messages are marked as delivered":
        "insert into chat_acknowledged select owner_id, last_number + 1 from feed where owner_id = "
        f"(select account_id from conversation where id = {TALK}) "
        "on conflict (owner_id) do update set number = excluded.number",
    "deleted messages have no content and no reactions":
        f"update message set deleted_at = now() where seq = 2 and conversation_id = {TALK}",
    "a device belongs to the account of its session":
        f"update device set account_id = {SOMEBODY} where account_id = {CUSTOMER}",
    "no device is left of a session that was ended":
        f"{UNGUARDED} update session set ended_at = now() "
        f"where account_id = {CUSTOMER}",
    "an address fits its provider":
        f"update device set environment = 'sandbox' where account_id = {CUSTOMER}",
}

VENDOR = "(select vendor_id from sub_order where number = %(number)s)"
SHARE = f"where vendor_id = {VENDOR}"
PAYOUT = (f"{UNGUARDED} insert into payout (vendor_id, id, currency, amount, account_id, "
          f"entries_until, state, approved_at) values ({VENDOR}, gen_random_uuid(), 'USD', 1, "
          "gen_random_uuid(), 1,")
RETURN = (f"{UNGUARDED} insert into goods_return (vendor_id, id, sub_order_id, order_id, "
          "account_id, reason, deadline_at) select vendor_id, id, id, order_id, account_id, "
          "'other', now() + interval '1 day' from sub_order where number = %(number)s")
REFUND = ("update goods_return g set state = 'refunded', refund_id = gen_random_uuid(), "
          "deadline_at = null from sub_order s where s.number = %(number)s and g.id = s.id; "
          "insert into goods_return_line (vendor_id, return_id, order_line_id, account_id, "
          "quantity, accepted_quantity) select l.vendor_id, l.sub_order_id, l.id, "
          "l.account_id, 1, 1 from order_line l join sub_order s on s.id = l.sub_order_id "
          "where s.number = %(number)s")
CHARGEBACK = (f"{UNGUARDED} insert into chargeback (id, attempt_id, order_id, account_id, "
              "provider, reference, amount, currency, state, taken, fee, borne_by, fee_borne_by) "
              "select id, id, order_id, account_id, 'sandbox', 'x', 1, 'USD', 'needs_response', "
              "true, 1, 'vendor', 'vendor' from sub_order where number = %(number)s")
INVOICE = (f"{UNGUARDED} insert into invoice (vendor_id, id, kind, issuer_id, year, serial, "
           "number, issued_at, account_id, order_id, sub_order_id, supplied_at, currency, goods, "
           "shipping, total, seller, lines)")
BROKEN |= {
    "entries of a journal sum to zero":
        f"{UNGUARDED} update journal_entry set amount = amount + 1 {SHARE} and item = 'goods'",
    "entries are of a journal": f"{UNGUARDED} delete from journal {SHARE}",
    "balances of vendors equal their entries":
        f"update vendor_balance set pending = pending + 1 {SHARE}",
    "entries of a vendor are in journals of that vendor":
        f"{UNGUARDED} update journal set vendor_id = gen_random_uuid() {SHARE}",
    "cash that vendors took is set off":
        f"{UNGUARDED} update journal_entry set account = 'vendor_cash' {SHARE} and item = 'goods'",
    "journals contain what sub-orders are worth":
        f"{UNGUARDED} update order_line set commission = commission + 1 {SHARE} "
        f"and sub_order_id in (select sub_order_id from ledger_share {SHARE})",
    "shares equal the entries of their journals":
        f"update ledger_share set commission = commission + 1 {SHARE}",
    "what orders received and got back is the sum of their entries":
        f"{UNGUARDED} update journal_entry set item = 'release' where item = 'payment' "
        f"and journal_id in (select id from journal {SHARE})",
    "delivered and paid sub-orders have a time of release":
        f"update ledger_share set release_at = null {SHARE}",
    "what was refunded of sub-orders and lines is the sum of their refunds":
        f"update sub_order set goodwill = goodwill + 1 {SHARE}",
    "the history of a return has no gap and ends in its state":
        f"{RETURN}; {UNGUARDED} update goods_return set state = 'refused' {SHARE}",
    "returns have lines, and those that were inspected say what is accepted": RETURN,
    "exactly the open returns have a deadline, but those without instructions":
        f"{RETURN}; update goods_return set deadline_at = null {SHARE}",
    "what is refunded of a return is what was accepted of it":
        f"{RETURN}; {REFUND}",
    "nothing is held without an open dispute or a chargeback":
        f"update ledger_share set held = 1 {SHARE}",
    "what is held back or held of sub-orders equals the entries":
        f"update ledger_share set held = 1 {SHARE}",
    "what is charged back and not decided is on its account": CHARGEBACK,
    "the fees of chargebacks are in journals": CHARGEBACK,
    "what is in payout is the sum of payouts that are under way":
        f"update vendor_balance set in_payout = in_payout + 1 {SHARE}",
    "each payout has the journals of its moves, once":
        f"{UNGUARDED} update journal set cause_kind = 'payout_paid' {SHARE} "
        "and cause_number = 1",
    "approved payouts were approved":
        f"{PAYOUT} 'approved', null)",
    "what is reserved is the sum of what is held of shares":
        f"update ledger_share set reserved = 1, reserved_until = now() {SHARE}",
    "sums by day equal the entries that were carried":
        "insert into ledger_day (day, account, currency, debit, credit, journals) "
        "values ('2001-01-01', 'bank', 'USD', 1, 0, 1)",
    "closed months are as they were when they were closed":
        f"{UNGUARDED} insert into period_close (id, month, closed_by, journals, accounts) "
        "values (gen_random_uuid(), '2001-01-01', gen_random_uuid(), 1, '[]')",
    "numbers of invoices have no gaps":
        f"{UNGUARDED} delete from invoice {SHARE}",
    "later numbers of an issuer are of later times":
        f"{INVOICE} select vendor_id, gen_random_uuid(), kind, issuer_id, year, serial + 1, '2', "
        "issued_at - interval '1 second', account_id, order_id, gen_random_uuid(), supplied_at, "
        f"currency, goods, shipping, total, seller, lines from invoice {SHARE}",
    "what was shipped is invoiced":
        f"{UNGUARDED} update invoice set sub_order_id = gen_random_uuid() {SHARE}",
    "invoices less credit notes are what sub-orders are worth":
        f"{UNGUARDED} update invoice set shipping = shipping + 1, total = total + 1 {SHARE}",
    "lines of invoices add up to their goods":
        f"{UNGUARDED} update invoice set lines = '[]' {SHARE}",
    "commissions of months that are invoiced are those of the journals":
        "insert into invoice_month (month) values ('2001-01-01'); "
        f"insert into vendor_sales values ({VENDOR}, 'all', 'month', '2001-01-01', '', "
        "1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0)",
    "lines of sales add up to the entries of their journals":
        f"{UNGUARDED} update sale_line set goods = goods + 1 {SHARE}",
    "lines of sales have the units that are left of them":
        f"{UNGUARDED} update sale_line set units = units + 1 {SHARE}",
    "sums of sales of vendors equal the lines that were counted":
        f"insert into vendor_sales values ({VENDOR}, 'all', 'day', '2001-01-01', '', "
        "1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)",
    "sums of sales of the marketplace equal the lines that were counted":
        "insert into platform_sales values ('all', 'day', '2001-01-01', '', "
        "1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)",
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
    """A sub-order with one of three pieces shipped, and talk about it; its vendor was paid for
    another."""
    clay, customer = shop.vendor(), shop.customer()
    picture = ask(clay.owner, "product_image", vendor_id=clay.id)
    make_ready(shop.server, picture, fresh("picture").encode())
    pot = clay.product(stock=9, images=[{"upload_id": picture["id"]}])
    paid = customer.order(pot, method="manual")
    shop.admin("finance").do("markPaymentReceived", order_id=paid["id"], body={})
    for step in (clay.accept, clay.ship, clay.deliver):
        assert step(paid).status_code == 200
    order = customer.order((pot, 3))
    part = clay.part(order)
    talk(clay, customer, part["id"])
    registered(customer, a_phone())
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
