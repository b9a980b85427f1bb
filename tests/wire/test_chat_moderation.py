"""Chat and its limits: blocking, reporting, the rules, searching, forgetting."""
import pytest
from harness.feed import Device
from harness.shop import fresh, refused
from harness.talk import Talk


@pytest.fixture
def rules(shop):
    """Sets the rules against contact leaks for one test."""
    admin = shop.admin()
    before = admin.do("getChatSettings")
    yield lambda **changes: admin.do("putChatSettings", body={**before, **changes})
    admin.do("putChatSettings", body=before)


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


def test_a_report_has_no_more_of_what_was_said_than_an_answer_may_have(shop, talk):
    texts = [talk.ask(f"{n}").json() for n in range(3)]
    answer = talk.answer("Buy more mugs!").json()
    after = talk.ask("After").json()
    for message in (*texts, after):  # more than a megabyte of changes each
        shop.db.rows("""insert into message_history (vendor_id, conversation_id, seq, number,
                                                     account_id, action, text, attachments, at)
            select vendor_id, conversation_id, seq, n, account_id, 'edited', repeat('x', 4000),
                   '[]', now()
            from message, generate_series(1, 300) n where id = %s""", message["id"])
    report = talk.of_customer("reportMessage", message_id=answer["id"], body={"reason": "spam"})
    seen = shop.admin("moderator").do("getReport", report_id=report["id"])
    assert [m["text"] for m in seen["conversation"]] == ["2", "Buy more mugs!", "After"]


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


def held_of(shop, talk):
    return [h for h in shop.admin("moderator").all("listHeldMessages")
            if h["conversation_id"] == talk.id]


@pytest.mark.parametrize("side", ["customer", "vendor"])
def test_only_the_authors_side_learns_what_became_of_a_held_message(shop, talk, rules, side):
    rules(phone="hold")
    devices = {"customer": Device(talk.customer),
               "vendor": Device(talk.vendor.owner, vendor_id=talk.vendor.id)}
    send = talk.ask if side == "customer" else talk.answer
    sent = [send("Call 020 7946 0101", client_id=key).json() for key in ("one", "two")]
    moderator = shop.admin("moderator")
    for held, decision in zip(sent, ("release", "refuse")):
        moderator.do("decideHeldMessage", held_id=held["id"], body={"decision": decision})
    told = [(e["payload"]["id"], e["payload"]["status"]) for e in devices[side].until(5)
            if e["kind"] == "message_held"]
    assert told == [(sent[0]["id"], "held"), (sent[1]["id"], "held"),
                    (sent[0]["id"], "released"), (sent[1]["id"], "refused")]
    other = devices["vendor" if side == "customer" else "customer"]
    assert [e["kind"] for e in other.until(1)] == ["message_sent"]
    again = send("Call 020 7946 0101", client_id="two")
    assert (again.status_code, again.json()["held"], again.json()["status"]) == (
        202, False, "refused")


def test_a_held_message_answers_only_what_was_said_before_it(shop, talk, rules):
    rules(phone="hold")
    talk.ask("one")
    refused(talk.answer("020 7946 0101", reply_to=2), 400, field="/reply_to")
    assert talk.answer("020 7946 0101", reply_to=1).status_code == 202
    talk.ask("two")
    (held,) = held_of(shop, talk)
    shop.admin("moderator").do("decideHeldMessage", held_id=held["id"],
                               body={"decision": "release"})
    (message, *_) = talk.of_customer("listMessages")["items"]
    assert (message["seq"], message["reply_to"]) == (3, 1)


def test_a_held_message_is_not_released_into_a_block(shop, talk, rules):
    rules(phone="hold")
    talk.ask("020 7946 0101")
    talk.of_vendor("blockCustomer")
    (held,) = held_of(shop, talk)
    moderator = shop.admin("moderator")
    refused(moderator.call("decideHeldMessage", held_id=held["id"],
                           body={"decision": "release"}), 409, "conflict")
    talk.of_vendor("unblockCustomer")
    moderator.do("decideHeldMessage", held_id=held["id"], body={"decision": "release"})
    assert talk.texts() == ["020 7946 0101"]


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
