"""The audit log: every write of staff and admins, and why."""
import pytest
from harness.shop import ADDRESS, fresh


def entries(shop, object_id, kind):
    """Of one object, in the order in which they were written."""
    return [e for e in shop.admin().all("listAudit", object_id=object_id)
            if e["object"]["kind"] == kind][::-1]


@pytest.mark.parametrize("does,undoes,kind", [("lockUser", "unlockUser", "account"),
                                              ("unlistProduct", "relistProduct", "product")])
def test_why_it_was_done_and_undone_is_in_the_log(shop, does, undoes, kind):
    one = shop.customer() if kind == "account" else shop.product()
    name = "user_id" if kind == "account" else "product_id"
    shop.admin().do(does, **{name: one.id}, body={"reason": "Counterfeit"})
    shop.admin().do(undoes, **{name: one.id}, body={"reason": "It was genuine"})
    shop.admin().do(undoes, **{name: one.id}, body={})
    reasons = [e["reason"] for e in entries(shop, one.id, kind)]
    assert reasons[-3:] == ["Counterfeit", "It was genuine", None]


def test_why_a_vendor_was_suspended_is_in_the_log(shop):
    vendor = shop.vendor()
    shop.admin().do("suspendVendor", vendor_id=vendor.id, body={"reason": "Complaints"})
    assert entries(shop, vendor.id, "vendor")[-1]["reason"] == "Complaints"


def test_what_staff_do_about_a_conversation_is_in_the_log(shop, talk):
    vendor, id = talk.vendor, talk.id
    person = vendor.staff("support")
    act = lambda operation, **more: person.do(  # noqa: E731
        operation, vendor_id=vendor.id, conversation_id=id, **more)
    act("assignConversation", body={"user_id": person.id})
    act("closeConversation")
    act("closeConversation")
    act("reopenConversation")
    act("createNote", body={"text": "Be kind"})
    written = entries(shop, id, "conversation")
    assert [(e["after"]["assigned_to"], e["after"]["state"]) for e in written] == [
        (person.id, "open"), (person.id, "closed"), (person.id, "open")]
    assert {e["by"]["id"] for e in written} == {person.id}
    (note,) = entries(shop, id, "conversation_note")
    assert note["by"]["id"] == person.id and "kind" not in str(note["after"])
    act("sendVendorMessage", body={"client_id": "one", "text": "Hello"})
    assert len(entries(shop, id, "conversation")) == len(written)


def test_whom_staff_block_is_in_the_log(shop, talk):
    talk.vendor.do("blockCustomer", conversation_id=talk.id)
    talk.vendor.do("unblockCustomer", conversation_id=talk.id)
    written = entries(shop, talk.customer.id, "chat_block")
    assert [e["action"] for e in written] == ["insert", "delete"]
    assert written[0]["vendor_id"] == talk.vendor.id


def test_who_removed_a_message_and_why_is_in_the_log_without_its_words(shop, talk):
    message = talk.ask("Call me").json()
    moderator = shop.admin("moderator")
    for _ in range(2):
        moderator.do("removeMessage", message_id=message["id"], reason="A leak")
    (entry,) = entries(shop, message["id"], "message")
    assert (entry["action"], entry["reason"]) == ("update", "A leak")
    assert entry["by"]["id"] == moderator.id and entry["after"]["deleted_at"]
    assert "Call me" not in str(entry)
    gone = talk.ask("Me, too").json()
    talk.of_customer("deleteMessage", message_id=gone["id"])
    assert entries(shop, gone["id"], "message") == []


def test_the_canned_replies_of_staff_are_in_the_log(shop):
    vendor = shop.vendor()
    made = vendor.do("createCannedReply", body={"title": "Hello", "text": "Hello!"})["id"]
    vendor.do("updateCannedReply", reply_id=made, body={"text": "Hi!"})
    vendor.do("deleteCannedReply", reply_id=made)
    written = entries(shop, made, "canned_reply")
    assert [e["action"] for e in written] == ["insert", "update", "delete"]
    assert written[1]["after"]["text"] == "Hi!"


def test_which_lines_were_cancelled_or_sent_is_in_the_log(shop):
    vendor = shop.vendor()
    mug, pan = vendor.product(), vendor.product()
    order = shop.customer().order((mug, 3), (pan, 1))
    lines = {line["variant_id"]: line["id"] for line in vendor.part(order)["lines"]}
    vendor.cancel(order, lines=[{"line_id": lines[mug.variant], "quantity": 1}])
    vendor.accept(order)
    sent = vendor.ship(order, lines=[{"line_id": lines[mug.variant], "quantity": 2}]).json()
    told = [(e["after"]["cancelled_quantity"], e["after"]["shipped_quantity"])
            for e in entries(shop, lines[mug.variant], "order_line")]
    assert told == [(1, 0), (1, 2)]
    assert entries(shop, lines[pan.variant], "order_line") == []
    (line,) = entries(shop, sent["shipments"][0]["id"], "shipment_line")
    assert (line["after"]["order_line_id"], line["after"]["quantity"]) == (lines[mug.variant], 2)


def test_who_a_customer_is_and_where_they_live_is_not_in_the_log(shop):
    vendor, customer = shop.vendor(), shop.customer(fresh("Zebedee"))
    address = {**ADDRESS, "name": fresh("Zebedee"), "line1": fresh("Elm Row")}
    order = customer.order(vendor.product(), shipping_address=address, note=fresh("Ring twice"))
    vendor.accept(order)
    part = vendor.part(order)
    talk = customer.do("openConversation", body={
        "vendor_id": vendor.id, "sub_order_id": part["id"]})
    vendor.do("closeConversation", conversation_id=talk["id"])
    shop.admin().do("lockUser", user_id=customer.id, body={"reason": "Counterfeit"})
    shop.admin().do("unlockUser", user_id=customer.id, body={"reason": "It was genuine"})
    written = {kind: entries(shop, id, kind) for kind, id in (
        ("sub_order", part["id"]), ("conversation", talk["id"]), ("account", customer.id))}
    assert written["sub_order"][-1]["before"]["state"] == "placed"
    assert written["sub_order"][-1]["after"]["state"] == "accepted"
    assert written["conversation"][-1]["after"]["state"] == "closed"
    assert written["account"][-1]["before"]["locked_reason"] == "Counterfeit"
    for private in (customer.account["name"], customer.account["email"], address["name"],
                    address["line1"], order["note"]):
        assert private not in str(written)


def test_no_caller_s_table_comes_before_ours_in_a_definer(shop):
    rows = shop.db.rows("select p.proname, p.proconfig from pg_proc p "
                        "join pg_namespace n on n.oid = p.pronamespace "
                        "where n.nspname = 'public' and p.prosecdef "
                        "and not ('search_path=public, pg_temp' = "
                        "any (coalesce(p.proconfig, '{}')))")
    assert rows == []


def test_nobody_may_call_what_only_triggers_call(shop):
    rows = shop.db.rows("select p.proname from pg_proc p "
                        "join pg_namespace n on n.oid = p.pronamespace "
                        "where n.nspname = 'public' and p.prorettype = 'trigger'::regtype "
                        "and has_function_privilege('sebez_public', p.oid, 'execute')")
    assert rows == []
