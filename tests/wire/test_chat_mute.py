"""A person who mutes a conversation: nobody else does, and nothing of it is lost."""
import datetime as dt

import pytest
from harness.client import refused

FOR_EVER = "9999-12-31T00:00:00.000000Z"


def in_hours(hours):
    at = dt.datetime.now(dt.timezone.utc) + dt.timedelta(hours=hours)
    return f"{at:%Y-%m-%dT%H:%M:%S.000000Z}"


def muted(*seen):
    return [conversation["muted_until"] for conversation in seen]


def test_a_customer_mutes_a_conversation_for_a_time(talk):
    assert muted(talk.of_customer()) == [None]
    until = in_hours(8)
    talk.of_customer("muteConversation", body={"until": until})
    listed = talk.customer.do("listConversations")["items"]
    assert muted(talk.of_customer(), *listed) == [until, until]
    talk.of_customer("unmuteConversation")
    assert muted(talk.of_customer()) == [None]


def test_without_an_end_it_is_muted_until_it_is_unmuted(talk):
    talk.of_customer("muteConversation", body={"until": in_hours(1)})
    talk.of_customer("muteConversation", body={"until": None})
    assert muted(talk.of_customer()) == [FOR_EVER]


def test_each_of_the_staff_mutes_for_themselves(talk):
    support = talk.vendor.staff("support")
    where = {"vendor_id": talk.vendor.id, "conversation_id": talk.id}
    support.do("muteVendorConversation", **where, body={"until": None})
    assert muted(support.do("getVendorConversation", **where),
                 *support.do("listVendorConversations", vendor_id=talk.vendor.id)["items"]) == [
                     FOR_EVER, FOR_EVER]
    assert muted(talk.of_vendor(), talk.of_customer()) == [None, None]
    talk.of_vendor("unmuteVendorConversation")
    assert muted(support.do("getVendorConversation", **where)) == [FOR_EVER]


def test_what_is_muted_counts_as_unread_as_before(talk):
    talk.of_customer("muteConversation", body={"until": None})
    talk.answer()
    assert talk.of_customer()["unread"] == 1


def test_a_mute_that_is_over_is_not_shown(shop, talk):
    talk.of_customer("muteConversation", body={"until": None})
    shop.db.rows("update conversation_mute set until = now() - interval '1 second' "
                 "where conversation_id = %s", talk.id)
    assert muted(talk.of_customer()) == [None]


@pytest.mark.parametrize("until", [in_hours(-1), "tomorrow"])
def test_it_is_muted_until_a_time_to_come(talk, until):
    refused(talk.customer.call("muteConversation", conversation_id=talk.id, body={"until": until}),
            400, field="/until")


def test_nobody_mutes_a_conversation_of_others(shop, talk):
    other = shop.customer()
    for name, body in (("muteConversation", {"until": None}), ("unmuteConversation", None)):
        refused(other.call(name, conversation_id=talk.id, body=body), 404)
    assert shop.db.one("select count(*) from conversation_mute where conversation_id = %s",
                       talk.id) == 0
