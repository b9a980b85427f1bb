"""Push messages: what reaches the providers, and what others may see of it."""
import json
import time
import uuid

import pytest

pytest.importorskip("h2", reason="python3-h2 is not installed")
from harness import devices, providers, pushes  # noqa: E402
from harness.pushes import data_of  # noqa: E402
from harness.talk import Talk  # noqa: E402
from harness.wait import until  # noqa: E402


@pytest.fixture(autouse=True)
def own_answers(push):
    push.fake.scripts.clear()


def test_fcm_gets_a_message_for_each_phone(push):
    phone, installation = devices.a_phone(), devices.an_installation()
    customer = push.somebody(phone, installation)
    order = push.tell(customer)
    (one,), (other,) = push.sent(phone["address"]), push.sent(installation["address"])
    assert "fid" in other.json["message"] and "token" in one.json["message"]
    facts = data_of(one)
    assert (facts["lane"], facts["kind"]) == ("orders", "sub_order_accepted")
    assert facts["link"] == f"/orders/{order['id']}"
    assert json.loads(facts["data"])["number"] == push.vendor.part(order)["number"]
    assert facts["badge"] == "2"  # the receipt of the order, and this
    assert facts["id"] != data_of(other)["id"]
    push.settled(customer)
    assert push.dead(customer) == []


def test_who_has_no_e_mail_address_gets_messages(push):
    phone = devices.a_phone()
    customer = push.somebody(phone)
    push.db.rows("update account set email = null, email_key = null, password_hash = null, "
                 "phone = '+251911234567' where id = %s", customer.id)
    push.tell(customer)
    push.sent(phone["address"])
    push.settled(customer)
    assert push.db.one("select count(*) from outbox where topic = 'mail' and subject_id in "
                       "(select id from notice where account_id = %s)", customer.id) == 0


def test_apns_gets_a_message_in_the_environment_of_the_phone(push):
    phone = devices.an_iphone(environment="sandbox")
    order = push.tell(push.somebody(phone))
    (request,) = push.sent(phone["address"])
    assert request.json["data"]["id"] == push.vendor.part(order)["id"]
    assert request.headers["apns-topic"] == push.fake.apns_topic
    assert request.headers["apns-id"] == request.json["id"]
    assert int(request.headers["apns-expiration"]) > time.time()


def test_a_message_is_in_the_language_of_the_device(push):
    phones = {locale: devices.an_iphone(locale=locale) for locale in ("en-US", "fr", "am-ET", "sw")}
    order = push.tell(push.somebody(*phones.values()))
    alerts = {}
    for locale, phone in phones.items():
        (request,) = push.sent(phone["address"])
        alerts[locale] = request.json["aps"]["alert"]
    assert alerts["en-US"]["title"] == alerts["sw"]["title"] == "Order accepted"
    assert alerts["fr"]["title"] == "Commande acceptée"
    number = push.vendor.part(order)["number"]
    assert all(f"\u2068{number}\u2069" in alert["body"] for alert in alerts.values())
    assert alerts["am-ET"]["body"] != alerts["fr"]["body"] != alerts["en-US"]["body"]


def test_a_message_of_chat_shows_what_was_written(push):
    phone, talk = devices.an_iphone(), Talk(push.shop, push.vendor)
    devices.registered(talk.customer, phone)
    talk.answer("Your mug is ready")
    (request,) = push.sent(phone["address"])
    assert request.json["aps"]["alert"]["body"] == "\u2068Your mug is ready\u2069"


def test_a_browser_gets_a_message_that_only_it_can_read(push):
    browser, body = pushes.browser(push.fake)
    order = push.tell(push.somebody(body))
    (request,) = push.sent(browser.endpoint)
    message = json.loads(browser.read(request.body))
    assert message["data"]["link"] == f"/orders/{order['id']}"
    assert message["badge"] == 2


def test_expo_gets_messages_and_is_asked_for_their_receipts(push):
    phone = devices.with_expo()
    customer = push.somebody(phone)
    push.tell(customer)
    push.settled(customer)
    (message,) = [m for r in push.fake.got if r.provider == "expo" and isinstance(r.json, list)
                  for m in r.json if m["to"] == phone["address"]]
    assert message["data"]["kind"] == "sub_order_accepted"
    (row,) = push.db.rows("select payload ->> 'receipt' as receipt from outbox "
                          "where topic = 'push_receipts' and payload ->> 'account_id' = %s",
                          customer.id)
    push.db.rows("update outbox set due_at = now() where topic = 'push_receipts'")
    push.fake.wait(lambda: any(row["receipt"] in r.json["ids"] for r in push.fake.got
                               if r.path.endswith("getReceipts")))


def test_messages_of_a_conversation_replace_each_other_on_the_phone(push):
    talk = Talk(push.shop, push.vendor)
    phone = devices.an_iphone()
    devices.registered(talk.customer, phone)
    for _ in range(2):
        talk.answer()
    first, second = push.sent(phone["address"], 2)
    assert first.headers["apns-collapse-id"] == second.headers["apns-collapse-id"] == talk.id
    assert first.json["id"] != second.json["id"]
    assert second.json["aps"]["badge"] == 2


def test_the_log_has_no_address_no_secret_and_no_text(push):
    talk = Talk(push.shop, push.vendor)
    phone, iphone = devices.a_phone(), devices.an_iphone()
    for body in (phone, iphone):
        devices.registered(talk.customer, body)
        push.fake.script(body["address"], providers.Answer(403, b"{}"), providers.OK)
    word = uuid.uuid4().hex
    talk.answer(word)
    push.fake.wait(lambda: push.of(phone["address"]) and push.of(iphone["address"]))
    until(lambda: "because of a setting" in push.shop.server.log.read_text())
    until(lambda: push.hurry() or push.waiting(talk.customer) == 0)
    log = push.shop.server.log.read_text()
    secrets = [phone["address"], iphone["address"], word, providers.EXPO_TOKEN, "PRIVATE KEY",
               *push.fake.access_tokens]
    assert [one for one in secrets if one in log] == []
