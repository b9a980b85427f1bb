"""Who is blocked has no way around it: writing, reacting, beginning anew, looking who is there."""
import pytest
from harness.shop import refused
from harness.talk import Talk
from test_chat_live import until


@pytest.mark.parametrize("side", ["customer", "vendor"])
def test_nobody_goes_on_by_an_edit_or_a_reaction(talk, side):
    question, answer = talk.ask().json(), talk.answer().json()
    talk.of_customer("putReaction", message_id=answer["id"], body={"emoji": "!"})
    talk.of_customer("blockVendor") if side == "customer" else talk.of_vendor("blockCustomer")
    refused(talk.customer.call("editMessage", conversation_id=talk.id, message_id=question["id"],
                               body={"text": "Still here"}), 409, "conflict")
    refused(talk.vendor.call("editVendorMessage", conversation_id=talk.id, message_id=answer["id"],
                             body={"text": "Still here"}), 409, "conflict")
    refused(talk.customer.call("putReaction", conversation_id=talk.id, message_id=answer["id"],
                               body={"emoji": "?"}), 409, "conflict")
    refused(talk.vendor.call("putVendorReaction", conversation_id=talk.id,
                             message_id=question["id"], body={"emoji": "?"}), 409, "conflict")
    talk.of_customer("deleteReaction", message_id=answer["id"])
    talk.of_customer("deleteMessage", message_id=question["id"])
    assert talk.texts() == ["", "It is."]


@pytest.mark.parametrize("side", ["customer", "vendor"])
def test_nobody_begins_a_new_conversation(shop, side):
    vendor, customer = shop.vendor(), shop.customer()
    product = vendor.product()
    part = vendor.part(customer.order(product))
    talk = Talk(shop, vendor, customer)
    talk.of_customer("blockVendor") if side == "customer" else talk.of_vendor("blockCustomer")
    for about in ({"product_id": product.id}, {"sub_order_id": part["id"]}):
        refused(customer.call("openConversation", body={"vendor_id": vendor.id, **about}),
                409, "conflict")
    refused(vendor.call("openVendorConversation", body={"sub_order_id": part["id"]}),
            409, "conflict")
    assert customer.do("openConversation", body={"vendor_id": vendor.id})["id"] == talk.id


def test_nobody_sees_whether_the_other_is_there(talk):
    talk.answer()
    talk.ask()
    talk.of_vendor("setVendorTyping")
    until(lambda: talk.of_customer()["typing"])
    talk.of_vendor("blockCustomer")
    talk.of_customer("setTyping")
    for seen in (talk.of_customer(), talk.of_vendor()):
        assert (seen["typing"], seen["active_minutes_ago"]) == (False, None)
    talk.of_vendor("unblockCustomer")
    assert talk.of_vendor()["typing"] is False  # it was said while they were blocked


def test_a_conversation_with_a_suspended_vendor_can_still_be_found(shop, talk):
    shop.admin().do("suspendVendor", vendor_id=talk.vendor.id, body={"reason": "Fraud"})
    opened = talk.customer.do("openConversation", body={"vendor_id": talk.vendor.id})
    assert opened["id"] == talk.id
    refused(shop.customer().call("openConversation", body={"vendor_id": talk.vendor.id}), 404)
