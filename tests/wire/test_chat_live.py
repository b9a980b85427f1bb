"""Chat at the moment it happens: who writes, what has arrived, who will not hear any more."""
import base64
import threading
import time

import pytest
from harness.client import refused
from harness.devices import a_phone, registered
from harness.feed import SOON, Device, Stream, begin_polls, in_background, statements
from harness.folds import fold_conversations
from harness.notices import followed, unfollowed, waiting
from harness.talk import Talk
from harness.wait import until


def sides(talk):
    """A device of each: (who, its feed, how it says that it writes)."""
    return {"customer": (Device(talk.customer), lambda: talk.of_customer("setTyping")),
            "vendor": (Device(talk.vendor.owner, vendor_id=talk.vendor.id),
                       lambda: talk.of_vendor("setVendorTyping"))}


OTHER = {"customer": "vendor", "vendor": "customer"}


# -- who writes -----------------------------------------------------------------------------------

@pytest.mark.parametrize("side", ["customer", "vendor"])
def test_who_writes_is_told_to_polls_of_the_other_side_that_wait(talk, side):
    both = sides(talk)
    hears, (_, says) = both[OTHER[side]][0], both[side]
    waiting = begin_polls([hears] * 4)
    says()
    for page in [wait() for wait in waiting]:
        (typing,) = page["passing"]
        assert (typing["kind"], typing["payload"]) == (
            "typing", {"conversation_id": talk.id, "side": side})
        assert page["items"] == [] and not page["resync"]


def test_who_writes_is_told_to_streams_and_moves_no_cursor(talk):
    me = Device(talk.customer)
    stream = Stream(me)
    for _ in range(3):
        talk.of_vendor("setVendorTyping")
    until(lambda: len(stream.passing) == 3)
    assert all(p["payload"]["conversation_id"] == talk.id for p in stream.passing)
    assert (stream.events, stream.ids) == ([], [])
    talk.answer()
    (sent,) = stream.until(1)
    assert sent["kind"] == "message_sent" and len(stream.ids) == 1
    stream.close()


def test_who_writes_is_stored_nowhere_and_leaves_no_gap(talk, shop):
    me = Device(talk.customer)
    position = me.sync["cursor"]
    numbers = "select last_number from feed where owner_id = %s"
    before = shop.db.rows(numbers, talk.customer.id)
    talk.of_vendor("setVendorTyping")
    page = me.poll()
    assert (page["items"], page["passing"], page["cursor"]) == ([], [], position)
    assert shop.db.rows(numbers, talk.customer.id) == before
    talk.answer("one")
    stream = Stream(me)
    talk.of_vendor("setVendorTyping")
    talk.answer("two")
    one, two = stream.until(2)
    stream.close()
    assert two["number"] == one["number"] + 1


def test_who_writes_is_told_to_nobody_else(talk, shop):
    mine, other = Device(talk.customer), Device(shop.customer())
    own, foreign = begin_polls([mine, other], wait=5)
    talk.of_customer("setTyping")
    assert own()["passing"] == foreign()["passing"] == []


def test_nobody_who_is_blocked_is_heard_writing(talk):
    talk.of_customer("blockVendor")
    me = Device(talk.customer)
    (waiting,) = begin_polls([me], wait=5)
    talk.of_vendor("setVendorTyping")
    assert waiting()["passing"] == []


def test_messages_and_who_writes_at_once_lose_no_message(talk):
    me = Device(talk.customer)
    end = threading.Event()

    def write():
        while not end.wait(0.01):
            talk.of_vendor("setVendorTyping")

    writing = in_background(write)
    for number in range(20):
        talk.answer(f"number {number}")
    seen = []
    until_end = time.monotonic() + SOON
    while len(seen) < 20 and time.monotonic() < until_end:
        seen += [e["payload"]["text"] for e in me.poll(wait=2)["items"]
                 if e["kind"] == "message_sent"]
    end.set()
    writing()
    assert seen == [f"number {n}" for n in range(20)]
    assert not me.resyncs


# -- what has arrived -----------------------------------------------------------------------------

def delivered(talk):
    return talk.of_vendor()["delivered"]["customer"]


def test_a_stream_that_says_how_far_it_is_has_its_messages_delivered(talk):
    me, seller = Device(talk.customer), Device(talk.vendor.owner, vendor_id=talk.vendor.id)
    stream = Stream(me)
    for number in (1, 2):
        talk.answer(f"number {number}")
    stream.until(2)
    time.sleep(1.5)  # what was written to a stream is not yet what has arrived
    assert delivered(talk) == 0
    for number in (1, 2):
        me.actor.do("acknowledgeEvents", body={"cursor": stream.ids[number - 1]})
        until(lambda number=number: delivered(talk) == number)
    me.actor.do("acknowledgeEvents", body={"cursor": stream.ids[0]})
    marks = lambda: [e["payload"]["seq"] for e in seller.events  # noqa: E731
                     if e["kind"] == "message_delivered" and e["payload"]["side"] == "customer"]
    until(lambda: seller.poll(wait=1) and 2 in marks())
    assert marks() == [1, 2] and delivered(talk) == 2
    stream.close()


def test_what_has_arrived_is_told_to_the_other_side_only(talk):
    me, seller = Device(talk.customer), Device(talk.vendor.owner, vendor_id=talk.vendor.id)
    talk.answer()
    me.until(1)
    me.poll()
    until(lambda: seller.poll(wait=1) and [e["kind"] for e in seller.events] == [
        "message_sent", "message_delivered"])
    assert talk.of_customer()["delivered"]["customer"] == 0  # their own: what they have read
    talk.of_customer("markRead", body={"seq": 1})
    assert talk.of_customer()["delivered"]["customer"] == 1
    me.poll()
    assert [e["kind"] for e in me.events] == ["message_sent", "message_read"]


def test_a_vendors_stream_says_how_far_it_is_too(talk):
    seller = Device(talk.vendor.owner, vendor_id=talk.vendor.id)
    talk.ask()
    (asked,) = [e for e in seller.poll()["items"] if e["kind"] == "message_sent"]
    assert asked["payload"]["text"] == "Is it blue?"
    talk.vendor.do("acknowledgeVendorEvents", body={"cursor": seller.cursor})
    until(lambda: talk.of_customer()["delivered"]["vendor"] == 1)


def test_a_stream_that_is_resumed_has_had_what_is_before_its_last_id(talk):
    me = Device(talk.customer)
    stream = Stream(me)
    talk.answer("one")
    stream.until(1)
    stream.close()
    again = Stream(me, last_id=stream.ids[0])
    until(lambda: delivered(talk) == 1)
    again.close()


def test_what_is_acknowledged_needs_no_push(talk, shop):
    registered(talk.customer, a_phone())
    me = Device(talk.customer)
    stream = Stream(me)
    with unfollowed(shop.db):
        talk.answer()
        stream.until(1)
        me.actor.do("acknowledgeEvents", body={"cursor": stream.ids[0]})
        until(lambda: delivered(talk) == 1)
    followed(shop.db)
    until(lambda: waiting(shop.db, talk.id) == [])
    stream.close()


def test_only_a_cursor_of_ones_own_feed_is_acknowledged(talk, shop):
    me, other = Device(talk.customer), Device(shop.customer())
    for cursor in (other.cursor, "nonsense"):
        refused(me.actor.call("acknowledgeEvents", body={"cursor": cursor}), 400,
                "invalid_input", "/cursor")


def test_a_cursor_that_never_was_acknowledges_nothing(talk):
    me, once = Device(talk.customer), bytearray(base64.urlsafe_b64decode(Device(
        talk.customer).cursor))
    once[16] += 100  # the last byte of its number
    refused(me.actor.call("acknowledgeEvents", body={
        "cursor": base64.urlsafe_b64encode(once).decode()}), 409, "conflict")
    talk.answer()
    time.sleep(1.5)
    assert delivered(talk) == 0


def test_acknowledging_costs_no_statement(talk, shop):
    me = Device(talk.customer)
    for _ in range(8):  # until every process knows the feed
        me.actor.do("acknowledgeEvents", body={"cursor": me.cursor})
    time.sleep(1.5)
    before = statements(shop.server, "customer")
    assert before, "what was asked until now was not counted"
    for _ in range(50):
        me.actor.do("acknowledgeEvents", body={"cursor": me.cursor})
    time.sleep(1.5)
    assert statements(shop.server, "customer") == before


# -- blocks ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("side", ["customer", "vendor"])
def test_a_block_and_its_end_are_told_to_both_sides_once(talk, side):
    me, seller = Device(talk.customer), Device(talk.vendor.owner, vendor_id=talk.vendor.id)
    block, unblock = (("blockVendor", "unblockVendor") if side == "customer"
                      else ("blockCustomer", "unblockCustomer"))
    act = talk.of_customer if side == "customer" else talk.of_vendor
    for operation in (block, block, unblock, unblock):
        act(operation)
    for device in (me, seller):
        told = [e["payload"] for e in device.until(2) if e["kind"] == "block_changed"]
        assert told == [{"vendor_id": talk.vendor.id, "customer_id": talk.customer.id,
                         "side": side, "blocked": blocked} for blocked in (True, False)]


def test_a_block_wakes_polls_that_wait_on_both_sides(talk):
    devices = [Device(talk.customer), Device(talk.customer),
               Device(talk.vendor.owner, vendor_id=talk.vendor.id)]
    waiting = begin_polls(devices)
    talk.of_vendor("blockCustomer")
    assert [[e["kind"] for e in wait()["items"]] for wait in waiting] == [["block_changed"]] * 3


def test_old_state_and_blocks_make_the_fresh_state(talk, shop):
    other = Talk(shop, customer=talk.customer)
    twin = Talk(shop, vendor=talk.vendor, customer=talk.customer,
                product_id=talk.vendor.product().id)
    me, seller = Device(talk.customer), Device(talk.vendor.owner, vendor_id=talk.vendor.id)
    talk.of_customer("blockVendor")
    twin.of_vendor("blockCustomer")
    other.of_vendor("blockCustomer")
    talk.of_vendor("unblockCustomer")
    for device, count in ((me, 4), (seller, 3)):
        device.until(count)
    for device, side, fresh in ((me, "customer", talk.customer.do("getSync")),
                                (seller, "vendor", talk.vendor.do("getVendorSync"))):
        now = {c["conversation_id"]: c for c in fresh["conversations"]}
        assert fold_conversations(device.sync, device.events, side) == now
    assert talk.of_customer()["blocked_by_me"] and not talk.of_vendor()["blocked_by_me"]
