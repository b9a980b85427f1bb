"""Chat between customers and vendors, over the wire."""
import itertools
import random
import time

import pytest
from harness.feed import Device, in_background, until_waiting
from harness.folds import fold_conversations
from harness.shop import fresh, refused, together
from hypothesis import given
from hypothesis import strategies as st

_numbers = itertools.count(1)


class Talk:
    """A conversation with both of its sides."""

    def __init__(self, shop, vendor=None, customer=None, **about):
        self.shop = shop
        self.vendor = vendor or shop.vendor()
        self.customer = customer or shop.customer()
        self.id = self.customer.do("openConversation", body={
            "vendor_id": self.vendor.id, **about})["id"]

    def ask(self, text="Is it blue?", client_id=None, **body):
        """The customer writes: the response."""
        body = {"client_id": client_id or f"c-{next(_numbers)}", "text": text, **body}
        return self.customer.call("sendMessage", conversation_id=self.id, body=body)

    def answer(self, text="It is.", who=None, client_id=None, **body):
        body = {"client_id": client_id or f"v-{next(_numbers)}", "text": text, **body}
        return (who or self.vendor.owner).call(
            "sendVendorMessage", vendor_id=self.vendor.id, conversation_id=self.id, body=body)

    def of_customer(self, operation="getConversation", **arguments):
        return self.customer.do(operation, conversation_id=self.id, **arguments)

    def of_vendor(self, operation="getVendorConversation", **arguments):
        return self.vendor.do(operation, conversation_id=self.id, **arguments)

    def texts(self):
        return [m["text"] for m in self.customer.all(
            "listMessages", conversation_id=self.id, order="oldest")]

    def seqs(self):
        return [m["seq"] for m in self.customer.all(
            "listMessages", conversation_id=self.id, order="oldest", limit=100)]

    def age(self, message, minutes):
        self.shop.db.rows("update message set created_at = created_at - make_interval(mins => %s) "
                          "where id = %s", minutes, message["id"])


@pytest.fixture
def talk(shop):
    return Talk(shop)


@pytest.fixture
def rules(shop):
    """Sets the rules against contact leaks for one test."""
    admin = shop.admin()
    before = admin.do("getChatSettings")
    yield lambda **changes: admin.do("putChatSettings", body={**before, **changes})
    admin.do("putChatSettings", body=before)


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


def test_messages_carry_images_and_cards(shop):
    vendor, customer = shop.vendor(), shop.customer()
    product = vendor.product(title="Stoneware mug")
    part = vendor.part(customer.order(product))
    talk = Talk(shop, vendor, customer)
    picture = {"url": "https://img.example.com/1.jpg", "width": 640, "height": 480,
               "alt": "Cracked"}
    image = talk.ask("", attachments=[picture]).json()
    assert (image["kind"], image["attachments"]) == ("image", [picture])
    card = talk.answer("", product_id=product.id).json()
    assert (card["kind"], card["card"]["title"]) == ("product", "Stoneware mug")
    card = talk.ask("", sub_order_id=part["id"]).json()
    assert (card["kind"], card["card"]["number"]) == ("order", part["number"])


def test_a_card_of_another_vendor_is_refused(shop, talk):
    refused(talk.ask("", product_id=shop.mug.id), 404)


def test_an_image_has_an_http_address(talk):
    refused(talk.ask("", attachments=[{"url": "javascript:alert(1)"}]), 400,
            field="/attachments/0/url")


@given(text=st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"),
                    min_size=1, max_size=200))
def test_a_text_comes_back_as_it_was_sent(shop, text):
    if not hasattr(shop, "any_talk"):
        shop.any_talk = Talk(shop)
    sent = shop.any_talk.ask(text)
    assert sent.json()["text"] == text


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
    page = f"/v1/vendors/{talk.vendor.id}"
    assert shop.anonymous().get(page).json()["response_minutes"] is None
    talk.ask()
    shop.db.rows("update conversation set awaiting_since = awaiting_since - interval '30 minutes' "
                 "where id = %s", talk.id)
    talk.answer()
    talk.answer("A second answer says nothing of that")
    seen = shop.db.one("select answers from vendor_response where vendor_id = %s", talk.vendor.id)
    assert seen == 1
    for _ in range(30):
        minutes = shop.anonymous().get(page).json()["response_minutes"]
        if minutes is not None:
            break
        time.sleep(0.1)  # the page may be a second old
    assert 30 <= minutes <= 32


# -- who is here --------------------------------------------------------------------------------

def test_a_customer_sees_that_somebody_is_here_and_writes(talk):
    assert talk.of_customer()["typing"] is False
    talk.answer()
    talk.of_vendor("setVendorTyping")
    for _ in range(50):  # nobody waits for Redis when it is told
        seen = talk.of_customer()
        if seen["typing"]:
            break
        time.sleep(0.02)
    assert seen["typing"] is True and seen["active_minutes_ago"] == 0


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


# -- blocking, reporting, rules -----------------------------------------------------------------

@pytest.mark.parametrize("side", ["customer", "vendor"])
def test_blocking_ends_all_conversations_of_the_two(shop, side):
    vendor, customer = shop.vendor(), shop.customer()
    talk, other = Talk(shop, vendor, customer), Talk(shop, vendor, customer,
                                                     product_id=vendor.product().id)
    block = (lambda: talk.of_customer("blockVendor")) if side == "customer" else (
        lambda: talk.of_vendor("blockCustomer"))
    block()
    block()
    for each in (talk, other):
        refused(each.ask(), 409, "conflict")
        refused(each.answer(), 409, "conflict")
    assert other.of_customer()["blocked"] and other.of_vendor()["blocked"]
    talk.of_vendor("unblockCustomer") if side == "customer" else talk.of_customer("unblockVendor")
    refused(talk.ask(), 409)  # the other side's block is not its to take away
    talk.of_customer("unblockVendor") if side == "customer" else talk.of_vendor("unblockCustomer")
    assert talk.ask().status_code == 201


def test_a_report_is_decided_with_what_was_said_around_it(shop, talk):
    talk.ask("Before")
    answer = talk.answer("Buy more mugs!").json()
    talk.ask("After")
    body = {"reason": "spam", "comment": "Every day"}
    report = talk.of_customer("reportMessage", message_id=answer["id"], body=body)
    refused(talk.customer.call("reportMessage", conversation_id=talk.id, message_id=answer["id"],
                               body=body), 409)
    moderator = shop.admin("moderator")
    assert report["id"] in {r["id"] for r in moderator.all("listReports", status="open")}
    seen = moderator.do("getReport", report_id=report["id"])
    assert seen["report"]["message"]["text"] == "Buy more mugs!"
    assert [m["text"] for m in seen["conversation"]] == ["Before", "Buy more mugs!", "After"]
    moderator.do("decideReport", report_id=report["id"], body={"decision": "remove"})
    refused(moderator.call("decideReport", report_id=report["id"],
                           body={"decision": "dismiss"}), 409)
    assert talk.texts() == ["Before", "", "After"]
    assert talk.of_customer()["unread"] == 0


CONTACTS = ["ada@example.com", "+44 20 7946 0101", "https://elsewhere.example.com/mug",
            "www.elsewhere.example", "elsewhere.com/mug", "020-7946-0101"]


@pytest.mark.parametrize("contact", CONTACTS)
def test_contacts_are_masked_where_the_rules_say_so(talk, rules, contact):
    rules(phone="mask", email="mask", link="mask")
    said = talk.ask(f"Write to {contact} please").json()["text"]
    assert contact not in said and "Write to" in said and said.endswith("please")


@pytest.mark.parametrize("text", ["Order K7Q4-M2XD-1 of 2026-02-03", "It costs 1,299.00 USD",
                                  "3 x 4 x 5 cm. Nice!", "10:30-12:00 on 5/6"])
def test_what_is_no_contact_stays(talk, rules, text):
    rules(phone="mask", email="mask", link="mask")
    assert talk.ask(text).json()["text"] == text


def test_a_held_message_has_no_number_until_it_is_released(shop, talk, rules):
    rules(phone="hold")
    talk.ask("one")
    held = talk.ask("Call me, 020 7946 0101", client_id="held")
    assert held.status_code == 202 and held.json()["held"] is True
    assert talk.ask("Call me, 020 7946 0101", client_id="held").status_code == 202
    talk.ask("two")
    assert talk.texts() == ["one", "two"] and talk.of_vendor()["unread"] == 2
    moderator = shop.admin("moderator")
    (waiting,) = [h for h in moderator.all("listHeldMessages") if h["conversation_id"] == talk.id]
    assert waiting["found"] == ["phone"]
    moderator.do("decideHeldMessage", held_id=waiting["id"], body={"decision": "release"})
    assert talk.texts() == ["one", "two", "Call me, 020 7946 0101"]
    again = talk.ask("Call me, 020 7946 0101", client_id="held")
    assert again.status_code == 201 and again.json()["seq"] == 3


def test_a_refused_message_is_never_sent(shop, talk, rules):
    rules(email="hold")
    talk.ask("ada@example.com")
    moderator = shop.admin("moderator")
    (waiting,) = [h for h in moderator.all("listHeldMessages") if h["conversation_id"] == talk.id]
    moderator.do("decideHeldMessage", held_id=waiting["id"], body={"decision": "refuse"})
    assert talk.texts() == []


def test_an_edit_adds_no_contact(talk, rules):
    rules(email="hold")
    message = talk.ask("Hello").json()
    refused(talk.customer.call("editMessage", conversation_id=talk.id, message_id=message["id"],
                               body={"text": "ada@example.com"}), 400, field="/text")


def test_sending_is_limited_and_says_how_much_is_left(shop):
    talk = Talk(shop)
    talk.customer.patient = False
    answer = talk.ask()
    assert '"message"' in answer.headers["RateLimit-Policy"]
    assert answer.headers["RateLimit"]


# -- searching ----------------------------------------------------------------------------------

def test_search_finds_words_of_any_script_in_own_conversations(shop):
    vendor = shop.vendor()
    mine, theirs = Talk(shop, vendor), Talk(shop, vendor)
    word = fresh("Ärger")
    mine.ask(f"So ein {word}! 50% 青い")
    theirs.ask(f"Auch {word}")
    mine.answer("Oh")
    assert [m["seq"] for m in mine.customer.do("searchMessages", q=word.upper())["items"]] == [1]
    assert mine.customer.do("searchMessages", q="50% 青")["items"]
    assert not mine.customer.do("searchMessages", q="5_%")["items"]
    found = vendor.do("searchVendorMessages", q=word)["items"]
    assert [m["conversation_id"] for m in found] == [theirs.id, mine.id]


def test_a_deleted_message_is_not_found(talk):
    word = fresh("gone")
    message = talk.ask(word).json()
    talk.of_customer("deleteMessage", message_id=message["id"])
    assert not talk.customer.do("searchMessages", q=word)["items"]


# -- what is left behind ------------------------------------------------------------------------

def pushes(shop, talk):
    return shop.db.rows("select attempts, payload ->> 'seq' as seq from outbox "
                        "where topic = 'message_push' and subject_id = %s order by id", talk.id)


def until(there):
    for _ in range(200):
        if there():
            return
        time.sleep(0.1)
    raise AssertionError("it did not happen")


def test_push_is_asked_for_whom_no_device_has_told(shop, talk):
    talk.ask()
    assert [p["seq"] for p in pushes(shop, talk)] == ["1"]
    until(lambda: all(p["attempts"] == 1 for p in pushes(shop, talk)))
    assert len(pushes(shop, talk)) == 1


def test_no_push_is_left_for_what_a_device_has(shop, talk):
    talk.ask()
    talk.of_vendor("markVendorRead", body={"seq": 1})
    until(lambda: not pushes(shop, talk))


def test_a_person_is_forgotten_at_their_wish(shop, talk):
    message = talk.ask("My name is Ada").json()
    talk.of_customer("editMessage", message_id=message["id"], body={"text": "I am Ada"})
    talk.answer("Hello")
    connection = shop.db.connect("sebez_jobs")
    with connection, connection.cursor() as cursor:
        cursor.execute("select set_config('sebez.actor', 'system', true), chat_erase(%s)",
                       (talk.customer.id,))
    connection.close()
    seen = shop.admin("moderator").do("adminListMessages", conversation_id=talk.id)
    assert "Ada" not in str(seen) + str(talk.of_vendor())
    assert talk.texts() == ["", "Hello"] and talk.of_vendor()["unread"] == 0


# -- delivered ----------------------------------------------------------------------------------

def test_a_message_is_delivered_when_a_device_comes_back_with_a_later_cursor(shop, talk):
    device = Device(talk.vendor.owner, vendor_id=talk.vendor.id)
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
    talk.of_vendor("assignConversation", body={"user_id": None})
    talk.of_vendor("closeConversation")
    talk.of_customer("deleteMessage", message_id=message["id"])
    both = ["message_sent", "message_edited", "message_reacted", "message_read",
            "conversation_closed", "message_deleted"]
    mine.until(len(both))
    assert mine.kinds() == both
    assert "Hidden" not in str(mine.events)
    theirs.until(len(both) + 2)
    assert [k for k in theirs.kinds() if k not in both] == ["note_added", "conversation_assigned"]
    assert theirs.events[0]["payload"]["text"] == "Is it bleu?"


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
