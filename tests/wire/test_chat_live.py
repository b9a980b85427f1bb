"""Chat at the moment it happens: who writes, what has arrived, who will not hear any more."""
import threading
import time

import pytest
from harness.client import refused
from test_chat import Talk
from test_feed import SOON, Device, Stream, in_background, statements


@pytest.fixture
def talk(shop):
    return Talk(shop)


def until(is_so):
    """Asks again until it is so, or it is no use."""
    end = time.monotonic() + SOON
    while not is_so() and time.monotonic() < end:
        time.sleep(0.05)
    assert is_so()


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
    waiting = [in_background(lambda: hears.poll(wait=50)) for _ in range(4)]
    time.sleep(0.5)
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
    own = in_background(lambda: mine.poll(wait=2))
    foreign = in_background(lambda: other.poll(wait=2))
    time.sleep(0.3)
    talk.of_customer("setTyping")
    assert own()["passing"] == foreign()["passing"] == []


def test_nobody_who_is_blocked_is_heard_writing(talk):
    talk.of_customer("blockVendor")
    me = Device(talk.customer)
    waiting = in_background(lambda: me.poll(wait=2))
    time.sleep(0.3)
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
