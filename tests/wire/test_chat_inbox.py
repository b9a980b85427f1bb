"""Chat as those see it who come to it: the inbox, the vendor's tools, deliveries and pushes."""
import contextlib
import random

import pytest
from harness.devices import a_phone, registered
from harness.feed import Device
from harness.folds import fold_conversations
from harness.notices import followed, unfollowed, waiting
from harness.shop import fresh, refused
from harness.talk import Talk
from harness.wait import until


# -- the inbox ----------------------------------------------------------------------------------

def test_the_inbox_is_filtered(shop):
    vendor = shop.vendor()
    part = vendor.part((buyer := shop.customer()).order(vendor.product()))
    asked, answered = Talk(shop, vendor), Talk(shop, vendor)
    ordered = Talk(shop, vendor, buyer, sub_order_id=part["id"])
    asked.ask()
    answered.ask()
    answered.answer()
    answered.of_vendor("markVendorRead", body={"seq": 2})
    support = vendor.staff("support")
    ordered.of_vendor("assignConversation", body={"user_id": support.id})
    answered.of_vendor("closeConversation")

    def ids(who=vendor.owner, **filters):
        return {c["id"] for c in who.all("listVendorConversations", vendor_id=vendor.id,
                                         **filters)}

    assert ids() == {asked.id, answered.id, ordered.id}
    assert ids(unread=True) == {asked.id}
    assert ids(unassigned=True) == {asked.id, answered.id}
    assert ids(support, mine=True) == {ordered.id} and not ids(mine=True)
    assert ids(status="closed") == {answered.id}
    assert ids(sub_order=part["id"]) == {ordered.id}
    assert vendor.do("getVendorUnread") == {"conversations": 1, "messages": 1, "mine": 0}


def test_the_conversation_with_the_newest_message_comes_first(shop):
    customer = shop.customer()
    talks = [Talk(shop, customer=customer) for _ in range(3)]
    for talk in talks:
        talk.ask()
    talks[0].answer()
    order = [c["id"] for c in customer.all("listConversations", limit=1)]
    assert order == [talks[0].id, talks[2].id, talks[1].id]


def test_a_message_reopens_a_closed_conversation(talk):
    talk.ask()
    assert talk.of_vendor("closeConversation")["status"] == "closed"
    talk.ask("One more thing")
    assert talk.of_customer()["status"] == "open"


def test_only_staff_can_be_assigned(shop, talk):
    refused(talk.vendor.call("assignConversation", conversation_id=talk.id,
                             body={"user_id": talk.customer.id}), 404)
    assert talk.of_vendor("assignConversation", body={"user_id": None})["assignee"] is None


def test_who_may_read_conversations_no_more_is_assigned_to_none(talk):
    support, vendor = talk.vendor.staff("support"), talk.vendor
    talk.of_vendor("assignConversation", body={"user_id": support.id})
    device = Device(vendor.owner, vendor_id=vendor.id)
    vendor.do("updateStaff", user_id=support.id, body={"role": "manager"})
    assert talk.of_vendor()["assignee"]["id"] == support.id
    vendor.do("updateStaff", user_id=support.id, body={"role": "finance"})
    assert talk.of_vendor()["assignee"] is None
    (event,) = device.until(1)
    assert (event["kind"], event["payload"]["staff_id"]) == ("conversation_assigned", None)
    refused(vendor.call("assignConversation", conversation_id=talk.id,
                        body={"user_id": support.id}), 400, field="/user_id")


def test_who_leaves_the_staff_is_assigned_to_nothing(talk):
    support = talk.vendor.staff("support")
    talk.of_vendor("assignConversation", body={"user_id": support.id})
    talk.vendor.do("removeStaff", user_id=support.id)
    assert talk.of_vendor()["assignee"] is None


def test_whoever_leaves_is_seen_to_leave_the_conversations(talk):
    support = talk.vendor.staff("support")
    talk.of_vendor("assignConversation", body={"user_id": support.id})
    theirs = Device(talk.vendor.owner, vendor_id=talk.vendor.id)
    talk.vendor.do("removeStaff", user_id=support.id)
    (event,) = theirs.until(1)
    assert (event["kind"], event["payload"]["staff_id"]) == ("conversation_assigned", None)
    (now,) = talk.vendor.do("getVendorSync")["conversations"]
    assert fold_conversations(theirs.sync, theirs.events, "vendor") == {talk.id: now}


def test_canned_replies_are_the_vendors(shop):
    vendor = shop.vendor()
    made = vendor.do("createCannedReply", body={"title": "Hello", "text": "Hello!"})
    vendor.do("updateCannedReply", reply_id=made["id"], body={"text": "Hi!"})
    assert [r["text"] for r in vendor.do("listCannedReplies")["items"]] == ["Hi!"]
    vendor.do("deleteCannedReply", reply_id=made["id"])
    assert not vendor.do("listCannedReplies")["items"]


def test_a_vendors_page_says_how_fast_it_answers(shop, talk):
    def minutes():
        return shop.sees("getVendor", vendor_id=talk.vendor.id)["response_minutes"]

    assert minutes() is None
    talk.ask()
    shop.db.rows("update conversation set awaiting_since = awaiting_since - interval '30 minutes' "
                 "where id = %s", talk.id)
    talk.answer()
    talk.answer("A second answer says nothing of that")
    seen = shop.db.one("select answers from vendor_response where vendor_id = %s", talk.vendor.id)
    assert seen == 1
    assert 30 <= minutes() <= 32


# -- who is here --------------------------------------------------------------------------------

def test_a_customer_sees_that_somebody_is_here_and_writes(talk):
    assert talk.of_customer()["typing"] is False
    talk.answer()
    talk.of_vendor("setVendorTyping")
    until(lambda: talk.of_customer()["typing"] is True)  # nobody waits for Redis when it is told
    assert talk.of_customer()["active_minutes_ago"] == 0


# -- system messages ----------------------------------------------------------------------------

def test_an_order_tells_its_conversation_what_becomes_of_it(shop):
    vendor, customer = shop.vendor(), shop.customer()
    order = customer.order(vendor.product())
    talk = Talk(shop, vendor, customer, sub_order_id=vendor.part(order)["id"])
    assert vendor.accept(order).status_code == 200
    assert vendor.ship(order).status_code == 200
    messages = customer.all("listMessages", conversation_id=talk.id, order="oldest")
    assert [m["author"] for m in messages] == ["system", "system"]
    assert [m["card"]["status"] for m in messages] == ["accepted", "shipped"]
    assert talk.of_customer()["unread"] == 2 and talk.of_vendor()["unread"] == 0


# -- pushes -------------------------------------------------------------------------------------

@pytest.fixture
def phone(talk):
    """Of the vendor, whom pushes are for."""
    return registered(talk.vendor.owner, a_phone())


def pushes(shop, talk):
    followed(shop.db)
    return waiting(shop.db, talk.id)


def test_push_is_asked_for_whom_no_device_has_told(shop, talk, phone):
    talk.ask()
    (push,) = pushes(shop, talk)
    assert (push["seq"], push["of_customer"], push["is_early"]) == ("1", False, False)
    until(lambda: [push["waits"] for push in pushes(shop, talk)] == [False])


def test_no_push_is_left_for_what_a_device_has(shop, talk, phone):
    with unfollowed(shop.db):
        talk.ask()
        talk.of_vendor("markVendorRead", body={"seq": 1})
    until(lambda: not pushes(shop, talk))


def test_what_a_colleague_has_on_the_screen_is_pushed_to_the_others(shop, talk, phone):
    colleague, reader = talk.vendor.staff("support"), talk.vendor.staff("manager")
    for person in (colleague, reader):
        registered(person, a_phone())
    device = Device(colleague, vendor_id=talk.vendor.id)
    with unfollowed(shop.db):
        talk.ask()
        device.poll()
        device.poll()
        until(lambda: talk.of_customer()["delivered"]["vendor"] == 1)
        reader.do("markVendorRead", vendor_id=talk.vendor.id, conversation_id=talk.id,
                  body={"seq": 1})
    until(lambda: [push["waits"] for push in pushes(shop, talk)] == [False])
    told = shop.db.rows("select account_id::text from notice where vendor_id = %s "
                        "and kind = 'message_from_customer'", talk.vendor.id)
    assert told == [{"account_id": talk.vendor.owner.id}]


def test_no_push_is_left_for_what_was_taken_back(shop, talk, phone):
    with unfollowed(shop.db):
        message = talk.ask().json()
        talk.of_customer("deleteMessage", message_id=message["id"])
    until(lambda: not pushes(shop, talk))


# -- delivered ----------------------------------------------------------------------------------

def test_a_message_is_delivered_when_a_device_comes_back_with_a_later_cursor(shop, talk, phone):
    device = Device(talk.vendor.owner, vendor_id=talk.vendor.id)
    with unfollowed(shop.db):
        talk.ask("one")
        talk.ask("two")
        device.poll()
        assert talk.of_customer()["delivered"]["vendor"] == 0
        device.poll()
        until(lambda: talk.of_customer()["delivered"]["vendor"] == 2)
    assert talk.of_customer()["read"]["vendor"] == 0
    until(lambda: not pushes(shop, talk))


def test_both_sides_are_told_of_everything(talk):
    mine, theirs = Device(talk.customer), Device(talk.vendor.owner, vendor_id=talk.vendor.id)
    message = talk.ask("Is it bleu?").json()
    talk.of_customer("editMessage", message_id=message["id"], body={"text": "Is it blue?"})
    talk.of_vendor("putVendorReaction", message_id=message["id"], body={"emoji": "!"})
    talk.of_vendor("createNote", body={"text": "Hidden"})
    talk.of_vendor("markVendorRead", body={"seq": 1})
    talk.of_vendor("assignConversation", body={"user_id": talk.vendor.owner.id})
    talk.of_vendor("closeConversation")
    talk.of_customer("deleteMessage", message_id=message["id"])
    both = ["message_sent", "message_edited", "message_reacted", "message_read",
            "conversation_closed", "message_deleted"]
    mine.until(len(both))
    assert mine.kinds() == both
    assert "Hidden" not in str(mine.events)
    theirs.until(len(both) + 2)
    assert [k for k in theirs.kinds() if k not in both] == ["note_added", "conversation_assigned"]
    assert theirs.events[0]["payload"]["text"] == ""  # taken back before it was told


def test_old_state_and_events_make_the_fresh_state_of_conversations(shop):
    seed = random.randrange(10**9)
    print("seed", seed)
    dice, talk = random.Random(seed), Talk(shop)
    talk.ask()
    mine, theirs = Device(talk.customer), Device(talk.vendor.owner, vendor_id=talk.vendor.id)
    sent = []
    for _ in range(40):
        step = dice.randrange(8)
        one = dice.choice(sent) if sent else None
        if step < 2:
            sent.append((talk.of_customer, "", talk.ask(fresh("ask")).json()["id"]))
        elif step < 4:
            sent.append((talk.of_vendor, "Vendor", talk.answer(fresh("answer")).json()["id"]))
        elif step == 4 and one:
            one[0](f"edit{one[1]}Message", message_id=one[2], body={"text": fresh("edit")})
        elif step == 5 and one:
            one[0](f"delete{one[1]}Message", message_id=one[2])
            sent.remove(one)
        elif step == 6:
            talk.of_customer("markRead", body={"seq": dice.randrange(1, len(sent) + 5)})
        else:
            talk.of_vendor("markVendorRead", body={"seq": dice.randrange(1, len(sent) + 5)})
        dice.choice([mine, theirs]).poll()
    talk.of_vendor("closeConversation")
    talk.of_vendor("assignConversation", body={"user_id": talk.vendor.owner.id})
    talk.of_customer("markRead", body={"seq": 1000})
    talk.of_vendor("markVendorRead", body={"seq": 1000})  # nothing is left to be delivered
    talk.of_vendor("reopenConversation")
    for device in (mine, theirs):
        while device.poll()["items"]:
            pass
    for device, side, operation, path in (
            (mine, "customer", "getSync", {}),
            (theirs, "vendor", "getVendorSync", {"vendor_id": talk.vendor.id})):
        now = {c["conversation_id"]: c
               for c in device.actor.do(operation, **path)["conversations"]}
        assert fold_conversations(device.sync, device.events, side) == now


def test_a_conversation_about_a_product_of_an_order_is_told_of_the_order(shop):
    vendor, customer = shop.vendor(), shop.customer()
    product = vendor.product()
    part = vendor.part(customer.order(product))
    talk = Talk(shop, vendor, customer, sub_order_id=part["id"], product_id=product.id)
    vendor.do("acceptSubOrder", sub_order_id=part["id"], body={})
    assert talk.texts() == [f"Order {part['number']}: accepted"]


def test_lists_have_the_newest_message_first_whatever_its_hour(shop):
    vendor, customer = shop.vendor(), shop.customer()
    talks = [Talk(shop, vendor, customer, product_id=vendor.product().id) for _ in range(4)]
    for talk, minutes in zip(talks, (130, 5, 65, 6)):
        talk.ask()
        shop.db.rows("update conversation set last_message_at = date_trunc('hour', now()) + "
                     "make_interval(mins => 30 - %s) where id = %s", minutes, talk.id)
    expected = [talks[1].id, talks[3].id, talks[2].id, talks[0].id]
    assert [c["id"] for c in customer.all("listConversations", limit=1)] == expected
    assert [c["id"] for c in vendor.owner.all("listVendorConversations", vendor_id=vendor.id,
                                              limit=1)] == expected


def test_a_message_adds_no_index_entry_to_its_conversation(talk):
    """But the first unread one, and the first of an hour, which may begin meanwhile."""
    talk.ask()
    send = ("select message_add(vendor_id, id, account_id, state, null, gen_random_uuid(), "
            "'customer', account_id, %s, null, 'text', 'Blue?', null, null, null) "
            "from conversation where id = %s")
    with contextlib.closing(talk.shop.db.connect()) as connection:  # and rolled back
        cursor = connection.cursor()
        for number in range(3):
            cursor.execute(send, (str(number), talk.id))
        cursor.execute("select n_tup_upd, n_tup_hot_upd from pg_stat_xact_user_tables "
                       "where relname = 'conversation'")
        updates, heap_only = cursor.fetchone()
    assert updates == 3 and heap_only >= 2
