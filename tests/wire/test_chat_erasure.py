"""What a person wrote goes at their wish, from everywhere; conversations that are old go."""
import json

import pytest
from harness.feed import Device, in_background, until_waiting
from harness.folds import fold_conversations
from harness.shop import Shop, fresh, refused
from harness.talk import Talk
from harness.uploads import attachable
from test_chat_live import until
from test_chat_moderation import rules  # noqa: F401
from test_retention import run_jobs_anew


def is_done(shop, person):
    return shop.db.rows("select 1 as one from chat_erasure where account_id = %s "
                        "and done_at is not null", person.id) != []


def ask_for_it(shop, person):
    assert person.do("eraseMyMessages")["done_at"] is None
    until(lambda: is_done(shop, person))


def devices(talk):
    return {"customer": Device(talk.customer),
            "vendor": Device(talk.vendor.owner, vendor_id=talk.vendor.id)}


def is_as_fresh(talk, both):
    for side, device in both.items():
        while device.poll()["items"]:
            pass
        fresh_state = (talk.customer.do("getSync") if side == "customer"
                       else talk.vendor.do("getVendorSync"))
        now = {c["conversation_id"]: c for c in fresh_state["conversations"]}
        assert fold_conversations(device.sync, device.events, side) == now


def everything_kept(shop):
    """All that the tables of chat, the feed and the audit log hold, as text."""
    tables = ("conversation", "message", "message_history", "message_held", "message_report",
              "reaction", "event", "audit_log", "outbox")
    return "".join(json.dumps(shop.db.rows(f"select x::text from {t} x"), default=str)
                   for t in tables)


def test_nothing_that_a_person_wrote_is_left(shop, rules):  # noqa: F811
    secret = fresh("secret").replace("-", "")
    rules(email="hold")
    talk = Talk(shop)
    other = Talk(shop, customer=talk.customer)
    answer = talk.answer("Hello").json()
    message = talk.ask(secret, client_id=secret, attachments=[
        {"upload_id": attachable(shop.server, talk.customer), "name": secret,
         "alt": secret}]).json()
    talk.of_customer("editMessage", message_id=message["id"], body={"text": secret + " again"})
    gone = talk.ask(secret).json()
    talk.of_customer("deleteMessage", message_id=gone["id"])
    for _ in range(2):
        talk.ask(f"{secret}@example.com")
    shop_admin = shop.admin("moderator")
    held = next(h for h in shop_admin.all("listHeldMessages") if h["conversation_id"] == talk.id)
    shop_admin.do("decideHeldMessage", held_id=held["id"], body={"decision": "refuse"})
    talk.of_customer("putReaction", message_id=answer["id"], body={"emoji": "\N{THUMBS UP SIGN}"})
    report = talk.of_customer("reportMessage", message_id=answer["id"],
                              body={"reason": "abuse", "comment": secret})
    shop_admin.do("decideReport", report_id=report["id"], body={"decision": "dismiss"})
    other.ask(secret)
    both = devices(talk)
    ask_for_it(shop, talk.customer)
    assert secret not in everything_kept(shop)
    assert talk.texts() == ["Hello", "", ""] and other.texts() == [""]
    seen = talk.of_vendor()
    assert (seen["unread"], seen["awaiting_since"], seen["customer"]["name"]) == (0, None, "Erased")
    (message, *_) = talk.of_customer("listMessages", order="oldest")["items"]
    assert message["reactions"] == []
    is_as_fresh(talk, both)
    opened = shop.db.rows("select payload ->> 'customer' as customer from event "
                          "where owner_id = %s and kind = 'conversation_opened'", talk.vendor.id)
    assert all("Erased" in row["customer"] for row in opened)


def test_the_other_side_goes_on_after_an_erasure(shop, talk):
    talk.ask("one")
    ask_for_it(shop, talk.customer)
    talk.ask("two")
    talk.answer("three")
    assert talk.texts() == ["", "two", "three"]
    ask_for_it(shop, talk.customer)
    assert talk.texts() == ["", "", "three"]


def test_many_messages_are_erased_in_several_steps(shop, talk):
    for _ in range(5):
        talk.ask()
    both = devices(talk)
    shop.db.rows("insert into chat_erasure (account_id, asked_at) values (%s, now())",
                 talk.customer.id)
    until(lambda: is_done(shop, talk.customer))
    assert talk.texts() == [""] * 5
    is_as_fresh(talk, both)


def test_an_admin_erases_messages_with_a_reason(shop, talk):
    talk.ask("one")
    support = shop.admin("support")
    reason = fresh("By letter of")
    support.do("eraseMessages", user_id=talk.customer.id, body={"reason": reason})
    until(lambda: is_done(shop, talk.customer))
    assert talk.texts() == [""]
    (row,) = shop.db.rows("select account_id, object_id from audit_log where reason = %s", reason)
    assert (str(row["account_id"]), str(row["object_id"])) == (support.id, talk.customer.id)
    refused(shop.admin("moderator").call("eraseMessages", user_id=talk.customer.id,
                                         body={"reason": reason}), 403)
    refused(support.call("eraseMessages", user_id="0190b0b0-0000-7000-8000-00000000dead",
                         body={"reason": reason}), 404)


@pytest.mark.parametrize("side", ["customer", "vendor"])
def test_both_sides_learn_that_a_conversation_is_forgotten(shop, side):
    talk = Talk(shop)
    kept = Talk(shop, talk.vendor, talk.customer, product_id=talk.vendor.product().id)
    secret = fresh("secret")
    talk.ask(secret)
    talk.answer(secret)
    talk.of_vendor("createNote", body={"text": secret})
    both = devices(talk)
    talk.forget()
    is_as_fresh(talk, both)
    assert secret not in str(shop.db.rows(
        "select payload::text from event where owner_id in (%s, %s)", talk.customer.id,
        talk.vendor.id))
    assert [e["kind"] for e in both[side].events][-1] == "conversation_forgotten"
    refused(talk.customer.call("getConversation", conversation_id=talk.id), 404)
    assert kept.ask().status_code == 201


def test_one_conversation_that_cannot_be_forgotten_keeps_no_other(own_server):
    server = own_server()
    shop = Shop(server)
    stuck, other = Talk(shop), Talk(shop)
    server.db.rows("create function stay() returns trigger language plpgsql as "
                   "$$begin raise exception 'it stays'; end$$")
    server.db.rows(f"create trigger stay before delete on conversation for each row "
                   f"when (old.id = '{stuck.id}') execute function stay()")
    server.db.rows("update conversation set last_message_at = now() - interval '40 years' "
                   "- case when id = %s then interval '1 day' else '0' end", stuck.id)
    run_jobs_anew(server)
    until(lambda: other.customer.call("getConversation", conversation_id=other.id).status_code
          == 404)
    assert stuck.of_customer()["id"] == stuck.id


def test_what_is_held_is_not_released_once_its_author_wants_it_gone(own_server):
    server = own_server(SEBEZ_JOBS_INTERVAL_MS=60_000)
    shop = Shop(server)
    admin = shop.admin()
    admin.do("putChatSettings", body={**admin.do("getChatSettings"), "email": "hold"})
    talk = Talk(shop)
    secret = fresh("secret").replace("-", "")
    held = talk.ask(f"{secret}@example.com").json()
    talk.customer.do("eraseMyMessages")
    refused(admin.call("decideHeldMessage", held_id=held["id"], body={"decision": "release"}), 409)
    run_jobs_anew(server)
    until(lambda: is_done(shop, talk.customer))
    assert secret not in everything_kept(shop) and talk.texts() == []
    later = talk.ask(f"{secret}@example.com").json()
    admin.do("decideHeldMessage", held_id=later["id"], body={"decision": "release"})
    assert talk.texts() == [f"{secret}@example.com"]


def test_who_decides_of_a_held_message_waits_for_its_conversation_first(
        shop, talk, rules):  # noqa: F811
    rules(email="hold")
    held = talk.ask("ada@example.com").json()
    connection = shop.db.connect()
    with connection, connection.cursor() as erasure:
        erasure.execute("select from conversation where id = %s for update", (talk.id,))
        decided = in_background(lambda: shop.admin("moderator").call(
            "decideHeldMessage", held_id=held["id"], body={"decision": "release"}))
        until_waiting(shop.db, 1)
        erasure.execute("update message_held set text = '' where id = %s", (held["id"],))
    connection.close()
    assert decided().status_code == 204
    assert talk.texts() == [""]
