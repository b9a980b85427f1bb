"""Chat between customers and vendors, over the wire: conversations, messages, receipts."""
import random

import pytest
from harness.feed import Device, in_background, until_waiting
from harness.shop import refused, together
from harness.talk import Talk
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.plain
# White space of Unicode, and what has no width.
BLANKS = ("\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008"
          "\u2009\u200a\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff")


@pytest.fixture(scope="module")
def long_talk(shop):
    """One conversation for the many examples of a property."""
    return Talk(shop)


# -- conversations ------------------------------------------------------------------------------

def test_there_is_one_conversation_for_each_vendor_and_subject(shop):
    vendor, customer = shop.vendor(), shop.customer()
    product = vendor.product()
    order = customer.order(product)
    subjects = [{}, {"product_id": product.id}, {"sub_order_id": vendor.part(order)["id"]}]
    opened = [{Talk(shop, vendor, customer, **about).id for _ in range(2)} for about in subjects]
    assert all(len(ids) == 1 for ids in opened)
    assert len(set.union(*opened)) == 3


def test_opening_at_once_makes_one(shop):
    vendor, customer = shop.vendor(), shop.customer()
    body = {"vendor_id": vendor.id}
    answers = together(10, lambda: customer.do("openConversation", body=body))
    assert len({a["id"] for a in answers}) == 1


def test_a_conversation_shows_what_it_is_about(shop):
    vendor, customer = shop.vendor(), shop.customer()
    product = vendor.product(title="Stoneware mug", price=1800)
    part = vendor.part(customer.order(product))
    about_product = Talk(shop, vendor, customer, product_id=product.id)
    about_order = Talk(shop, vendor, customer, sub_order_id=part["id"])
    assert about_product.of_customer()["product"]["title"] == "Stoneware mug"
    assert about_order.of_customer()["sub_order"]["number"] == part["number"]
    assert about_order.of_vendor()["sub_order"]["total"] == part["total"]
    assert about_order.of_vendor()["customer"]["name"] == "Ada Byron"


def test_staff_open_the_same_conversation_about_an_order(shop):
    vendor, customer = shop.vendor(), shop.customer()
    part = vendor.part(customer.order(vendor.product()))
    theirs = vendor.do("openVendorConversation", body={"sub_order_id": part["id"]})
    assert Talk(shop, vendor, customer, sub_order_id=part["id"]).id == theirs["id"]


# -- messages -----------------------------------------------------------------------------------

def test_a_message_is_sent_once_however_often_it_is_submitted(talk):
    answers = together(20, lambda: talk.ask("Once", client_id="once"))
    assert {a.status_code for a in answers} == {201}
    assert len({a.json()["id"] for a in answers}) == 1
    assert talk.seqs() == [1]
    assert talk.of_vendor()["unread"] == 1


def test_numbers_have_no_gaps_under_fifty_senders(talk):
    def send(i):
        return [talk.ask() if i % 2 else talk.answer() for _ in range(4)]

    answers = [a for some in together(50, send) for a in some]
    assert {a.status_code for a in answers} == {201}
    assert sorted(a.json()["seq"] for a in answers) == list(range(1, 201))
    assert talk.seqs() == list(range(1, 201))
    mine, theirs = talk.of_customer(), talk.of_vendor()
    assert (mine["unread"], theirs["unread"], mine["last_seq"]) == (100, 100, 200)


def test_an_empty_message_is_refused(talk):
    refused(talk.ask(""), 400, "invalid_input", "/text")


def test_a_refused_message_leaves_no_gap(talk):
    talk.ask("one")
    refused(talk.ask("two", reply_to=2), 400, "invalid_input", "/reply_to")
    refused(talk.ask("two", product_id="0190b0b0-0000-7000-8000-00000000dead"), 404)
    assert talk.ask("two", reply_to=1).json()["seq"] == 2


def test_messages_carry_cards(shop):
    vendor, customer = shop.vendor(), shop.customer()
    product = vendor.product(title="Stoneware mug")
    part = vendor.part(customer.order(product))
    talk = Talk(shop, vendor, customer)
    card = talk.answer("", product_id=product.id).json()
    assert (card["kind"], card["card"]["title"]) == ("product", "Stoneware mug")
    card = talk.ask("", sub_order_id=part["id"]).json()
    assert (card["kind"], card["card"]["number"]) == ("order", part["number"])


def test_a_card_of_another_vendor_is_refused(shop, talk):
    refused(talk.ask("", product_id=shop.mug.id), 404)


@given(text=st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"),
                    min_size=1, max_size=200))
def test_a_text_comes_back_as_it_was_sent_without_the_blanks_at_its_edges(long_talk, text):
    sent, kept = long_talk.ask(text), text.strip(BLANKS)
    if kept:
        assert sent.json()["text"] == kept
    else:
        refused(sent, 400, field="/text")


@pytest.mark.parametrize("blank", [*BLANKS, BLANKS], ids=ascii)
def test_blanks_within_a_text_stay_and_around_it_go(talk, blank):
    assert talk.ask(f"{blank}a{blank}b{blank}").json()["text"] == f"a{blank}b"
    refused(talk.ask(blank), 400, field="/text")


def test_pages_go_backwards_and_forwards(talk):
    for i in range(1, 8):
        talk.ask(f"{i}")
    page = talk.of_customer("listMessages", limit=3)
    assert [m["seq"] for m in page["items"]] == [7, 6, 5]
    page = talk.of_customer("listMessages", limit=3, cursor=page["next_cursor"])
    assert [m["seq"] for m in page["items"]] == [4, 3, 2]
    newer = talk.of_customer("listMessages", order="oldest", after_seq=5)
    assert [m["seq"] for m in newer["items"]] == [6, 7]
    older = talk.of_customer("listMessages", before_seq=3)
    assert [m["seq"] for m in older["items"]] == [2, 1]


def test_customers_do_not_learn_who_answers(talk):
    talk.answer("Hello", who=talk.vendor.staff("support"))
    (message,) = talk.of_customer("listMessages")["items"]
    assert "staff_id" not in message and "staff_name" not in message
    (message,) = talk.of_vendor("listVendorMessages")["items"]
    assert message["staff_id"] == talk.vendor.staff("support").id


# -- changing -----------------------------------------------------------------------------------

def test_a_message_can_be_edited_for_fifteen_minutes(talk):
    message = talk.ask("Is it bleu?").json()
    edited = talk.of_customer("editMessage", message_id=message["id"], body={"text": "Blue?"})
    assert edited["text"] == "Blue?" and edited["edited_at"]
    talk.age(message, 16)
    refused(talk.customer.call("editMessage", conversation_id=talk.id, message_id=message["id"],
                               body={"text": "Green?"}), 409, "conflict")
    refused(talk.customer.call("deleteMessage", conversation_id=talk.id,
                               message_id=message["id"]), 409, "conflict")
    assert talk.texts() == ["Blue?"]


def test_nobody_edits_the_message_of_another(talk):
    answer = talk.answer(who=talk.vendor.staff("support")).json()
    refused(talk.customer.call("editMessage", conversation_id=talk.id, message_id=answer["id"],
                               body={"text": "Mine now"}), 409)
    refused(talk.vendor.call("editVendorMessage", conversation_id=talk.id,
                             message_id=answer["id"], body={"text": "Mine now"}), 409)


def test_what_was_deleted_is_deleted_again_and_not_edited(talk):
    message, answer = talk.ask().json(), talk.answer().json()
    talk.of_customer("deleteMessage", message_id=message["id"])
    talk.of_vendor("deleteVendorMessage", message_id=answer["id"])
    for minutes in (0, 16):
        talk.age(message, minutes)
        talk.of_customer("deleteMessage", message_id=message["id"])
        talk.of_vendor("deleteVendorMessage", message_id=answer["id"])
    problem = refused(talk.customer.call("editMessage", conversation_id=talk.id,
                                         message_id=message["id"], body={"text": "Green?"}),
                      409, "conflict")
    assert problem["detail"] == "The message is deleted."
    refused(talk.customer.call("deleteMessage", conversation_id=talk.id, message_id=answer["id"]),
            409, "conflict")
    somebody = talk.vendor.staff("support")
    refused(somebody.call("deleteVendorMessage", vendor_id=talk.vendor.id, conversation_id=talk.id,
                          message_id=answer["id"]), 409, "conflict")


def test_a_deleted_message_keeps_its_place_and_counts_no_longer(talk):
    first, second = talk.ask("one").json(), talk.ask("two").json()
    assert talk.of_vendor()["unread"] == 2
    talk.of_customer("deleteMessage", message_id=first["id"])
    assert talk.of_vendor()["unread"] == 1
    assert talk.texts() == ["", "two"]
    talk.of_vendor("markVendorRead", body={"seq": 2})
    talk.of_customer("deleteMessage", message_id=second["id"])
    assert talk.of_vendor()["unread"] == 0


def test_admins_see_what_a_message_said_before(shop, talk):
    message = talk.ask("one").json()
    talk.of_customer("editMessage", message_id=message["id"], body={"text": "two"})
    talk.of_customer("deleteMessage", message_id=message["id"])
    (seen,) = shop.admin("moderator").do("adminListMessages", conversation_id=talk.id)["items"]
    assert [(h["action"], h["text"]) for h in seen["history"]] == [
        ("edited", "one"), ("deleted", "two")]


def test_each_person_has_one_reaction(talk):
    message = talk.ask().json()
    for emoji in ("\N{THUMBS UP SIGN}", "\N{HEAVY BLACK HEART}"):
        talk.of_vendor("putVendorReaction", message_id=message["id"], body={"emoji": emoji})
    talk.of_customer("putReaction", message_id=message["id"], body={"emoji": "!"})
    (seen,) = talk.of_customer("listMessages")["items"]
    assert seen["reactions"] == [{"emoji": "\N{HEAVY BLACK HEART}", "side": "vendor"},
                                 {"emoji": "!", "side": "customer"}]
    talk.of_customer("deleteReaction", message_id=message["id"])
    (seen,) = talk.of_customer("listMessages")["items"]
    assert len(seen["reactions"]) == 1


def test_of_reactions_at_once_the_last_event_has_both(shop, talk):
    message = talk.ask().json()
    mine = Device(talk.customer)
    connection = shop.db.connect()
    try:
        with connection.cursor() as cursor:  # whoever writes an event waits before its commit
            cursor.execute("select from feed where owner_id = %s for update", [talk.vendor.id])
        both = [in_background(lambda: talk.of_customer(
                    "putReaction", message_id=message["id"], body={"emoji": "?"})),
                in_background(lambda: talk.of_vendor(
                    "putVendorReaction", message_id=message["id"], body={"emoji": "!"}))]
        until_waiting(shop.db, 2)
    finally:
        connection.rollback()
        connection.close()
    for wait in both:
        wait()
    *_, last = [event for event in mine.until(2) if event["kind"] == "message_reacted"]
    (seen,) = talk.of_customer("listMessages")["items"]
    assert len(seen["reactions"]) == 2
    assert last["payload"]["reactions"] == seen["reactions"]


# -- notes --------------------------------------------------------------------------------------

def test_notes_reach_no_customer_and_leave_no_gap(talk):
    talk.ask("one")
    note = talk.of_vendor("createNote", body={"text": "A difficult one"})
    talk.answer("two")
    assert (note["number"], note["after_seq"]) == (1, 1)
    assert talk.seqs() == [1, 2] and talk.of_customer()["last_seq"] == 2
    assert "difficult" not in str(talk.of_customer()) + str(talk.of_customer("listMessages"))
    assert not talk.customer.do("searchMessages", q="difficult")["items"]
    assert [n["text"] for n in talk.of_vendor("listNotes")["items"]] == ["A difficult one"]


# -- unread and receipts ------------------------------------------------------------------------

def test_unread_is_exact_whatever_happens(shop):
    seed = random.randrange(10**9)
    print("seed", seed)
    dice, talk = random.Random(seed), Talk(shop)
    messages, read = [], {"customer": 0, "vendor": 0}
    for _ in range(60):
        step = dice.random()
        if step < 0.35:
            messages.append(["customer", talk.ask().json(), True])
        elif step < 0.7:
            messages.append(["vendor", talk.answer().json(), True])
        elif step < 0.8 and messages:
            one = dice.choice(messages)
            side = "" if one[0] == "customer" else "Vendor"
            who = talk.of_customer if one[0] == "customer" else talk.of_vendor
            if one[2]:
                who(f"delete{side}Message", message_id=one[1]["id"])
                one[2] = False
        else:
            seq = dice.randint(0, len(messages) + 2)
            side = dice.choice(["customer", "vendor"])
            if side == "customer":
                talk.of_customer("markRead", body={"seq": seq})
            else:
                talk.of_vendor("markVendorRead", body={"seq": seq})
            read[side] = max(read[side], min(seq, len(messages)))
        for side, seen in (("customer", talk.of_customer()), ("vendor", talk.of_vendor())):
            assert seen["read"] == read
            assert seen["unread"] == sum(
                1 for author, m, there in messages
                if there and author != side and m["seq"] > read[side])
    unread = talk.of_customer()["unread"]
    assert talk.customer.do("getUnread") == {"conversations": int(unread > 0), "messages": unread}


def test_receipts_never_go_back(talk):
    for _ in range(5):
        talk.ask()
    together(10, lambda i: talk.of_vendor("markVendorRead", body={"seq": 5 - i % 5}))
    talk.of_vendor("markVendorRead", body={"seq": 2})
    assert talk.of_customer()["read"]["vendor"] == 5
    assert talk.of_customer()["delivered"]["vendor"] == 5


def test_each_of_the_staff_has_a_mark_of_its_own(talk):
    for _ in range(3):
        talk.ask()
    support = talk.vendor.staff("support")
    support.do("markVendorRead", vendor_id=talk.vendor.id, conversation_id=talk.id,
               body={"seq": 2})
    mine = support.do("getVendorConversation", vendor_id=talk.vendor.id, conversation_id=talk.id)
    theirs = talk.of_vendor()
    assert (mine["my_read_seq"], theirs["my_read_seq"]) == (2, 0)
    assert mine["read"]["vendor"] == theirs["read"]["vendor"] == 2
    assert theirs["unread"] == 1
