"""Staff share the vendor's feed, and each is told what is for their role."""
import time

from harness.feed import Device, begin_polls
from harness.wait import until


def two(talk):
    vendor = talk.vendor
    return [Device(vendor.staff(role), vendor_id=vendor.id) for role in ("finance", "support")]


def test_finance_is_not_told_of_conversations(shop, talk):
    finance, support = two(talk)
    assert finance.sync["conversations"] == [] != support.sync["conversations"]
    talk.ask("Where is my parcel?")
    talk.of_vendor("createNote", body={"text": "A nuisance"})
    shop.customer().order(talk.vendor.product())
    kinds = ["message_sent", "note_added", "sub_order_changed"]
    for device, seen in ((finance, ["withheld", "withheld", kinds[2]]), (support, kinds)):
        device.until(3)
        assert device.kinds() == seen
    assert [e["payload"] for e in finance.events[:2]] == [{}, {}]


def test_whoever_waits_is_told_what_is_for_their_role(talk):
    finance, support = two(talk)
    waiting = begin_polls([finance, support])
    talk.ask()
    assert [wait()["items"][0]["kind"] for wait in waiting] == ["withheld", "message_sent"]


def test_what_finance_has_polled_is_delivered_to_nobody(talk):
    finance, support = two(talk)
    talk.ask()
    finance.until(1)
    finance.poll()
    time.sleep(1.5)
    assert talk.of_customer()["delivered"]["vendor"] == 0
    support.until(1)
    support.poll()
    until(lambda: talk.of_customer()["delivered"]["vendor"] == 1)
