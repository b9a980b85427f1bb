"""Feeds with events that are long: pages are bounded by their bytes, too, and nothing is lost."""
import time

from harness.feed import Device, Stream
from harness.uploads import attachable

LONG = "\u0001" * 4000  # six bytes each, as JSON


def write_long(talk, count):
    pictures = [{"upload_id": attachable(talk.shop.server, talk.customer), "name": "\u0001" * 255}
                for _ in range(10)]
    for _ in range(count):
        assert talk.ask(LONG, attachments=pictures).status_code == 201


def test_a_stream_that_is_far_behind_has_it_all(talk):
    me = Device(talk.customer)
    write_long(talk, 20)  # several times what a stream's client may leave unread
    stream = Stream(me)
    assert [e["payload"]["seq"] for e in stream.until(20)] == list(range(1, 21))
    stream.close()


def test_a_stream_whose_client_reads_late_goes_on_where_it_was(talk):
    me = Device(talk.customer)
    stream = Stream(me, reads=False)
    write_long(talk, 20)
    time.sleep(1)
    stream.read()
    assert [e["payload"]["seq"] for e in stream.until(20)] == list(range(1, 21))
    stream.close()


def test_long_events_come_page_by_page_to_either_side(shop, talk):
    me = Device(talk.customer)
    them = Device(talk.vendor.owner, vendor_id=talk.vendor.id)
    write_long(talk, 110)
    for device in (me, them):
        sizes = []
        while page := device.poll(limit=100)["items"]:
            sizes.append(len(page))
        assert max(sizes) < 10
        assert device.kinds().count("message_sent") == 110
    first = talk.customer.do("listMessages", conversation_id=talk.id, limit=100)
    assert len(first["items"]) < 100 and first["next_cursor"]
    assert talk.seqs() == list(range(1, 111))
