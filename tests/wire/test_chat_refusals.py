"""What is no message, no news, no complaint: it is refused, or told to nobody."""
import pytest
from harness.feed import Device
from harness.shop import refused
from test_chat_live import until


# -- what changes nothing -----------------------------------------------------------------------

def test_what_changes_nothing_is_not_told(talk):
    question = talk.ask().json()
    talk.of_vendor("putVendorReaction", message_id=question["id"], body={"emoji": "!"})
    talk.of_vendor("assignConversation", body={"user_id": talk.vendor.owner.id})
    talk.of_vendor("markVendorRead", body={"seq": 1})
    both = Device(talk.customer), Device(talk.vendor.owner, vendor_id=talk.vendor.id)
    same = talk.of_customer("editMessage", message_id=question["id"],
                            body={"text": question["text"]})
    assert same["edited_at"] is None
    talk.of_vendor("putVendorReaction", message_id=question["id"], body={"emoji": "!"})
    talk.of_customer("deleteReaction", message_id=question["id"])
    talk.of_vendor("assignConversation", body={"user_id": talk.vendor.owner.id})
    talk.of_vendor("markVendorRead", body={"seq": 1})
    talk.of_vendor("reopenConversation")
    talk.of_customer("unblockVendor")
    assert [device.poll()["items"] for device in both] == [[], []]


@pytest.mark.parametrize("operation", [
    "deleteMessage", "deleteReaction", "markRead", "blockVendor", "unblockVendor"])
def test_every_way_to_write_is_limited(talk, operation):
    message = talk.ask().json()
    more = {"message_id": message["id"]} if operation.startswith("delete") else {}
    if operation == "markRead":
        more["body"] = {"seq": 1}
    answer = talk.customer.call(operation, conversation_id=talk.id, **more)
    assert answer.headers["RateLimit-Policy"] and answer.headers["RateLimit"]


# -- what is no message, no complaint, no assignee ------------------------------------------------

def test_what_shows_nothing_is_no_message(talk):
    refused(talk.ask(" \n\u200b "), 400, field="/text")
    message = talk.ask(" yes\n").json()
    assert message["text"] == "yes"
    refused(talk.customer.call("editMessage", conversation_id=talk.id, message_id=message["id"],
                               body={"text": " \t"}), 400, field="/text")
    refused(talk.vendor.call("createNote", conversation_id=talk.id, body={"text": "  "}),
            400, field="/text")


def test_nobody_reports_their_own_side(talk):
    question, answer = talk.ask().json(), talk.answer().json()
    refused(talk.customer.call("reportMessage", conversation_id=talk.id, message_id=question["id"],
                               body={"reason": "other"}), 409, "conflict")
    refused(talk.vendor.call("reportVendorMessage", conversation_id=talk.id,
                             message_id=answer["id"], body={"reason": "other"}), 409, "conflict")


def test_only_who_reads_conversations_is_assigned_one(talk):
    finance = talk.vendor.staff("finance")
    refused(talk.vendor.call("assignConversation", conversation_id=talk.id,
                             body={"user_id": finance.id}), 400, field="/user_id")


def test_who_waits_for_an_answer_is_right_after_a_deletion(talk):
    first, _ = talk.ask().json(), talk.ask().json()
    waiting = talk.of_vendor()["awaiting_since"]
    talk.of_customer("deleteMessage", message_id=first["id"])
    second = talk.of_customer("listMessages")["items"][0]
    assert waiting < talk.of_vendor()["awaiting_since"] == second["created_at"]
    talk.of_customer("deleteMessage", message_id=second["id"])
    assert talk.of_vendor()["awaiting_since"] is None
