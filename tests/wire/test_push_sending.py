"""Push messages: what reaches the providers, what their answers do to messages and addresses, and
who gets nothing."""
import json
import time
import uuid

import pytest

pytest.importorskip("h2", reason="python3-h2 is not installed")
from conftest import after  # noqa: E402
from harness import devices, providers, pushes  # noqa: E402
from harness.talk import Talk  # noqa: E402
from harness.wait import until  # noqa: E402


@pytest.fixture(scope="module")
def push():
    with pushes.sending() as one:
        yield one
        bad = after(one.shop.server)
        assert not bad, "\n".join(bad)


@pytest.fixture(autouse=True)
def own_answers(push):
    push.fake.scripts.clear()


def data_of(request):
    body = request.json
    return body["message"]["data"] if request.provider == "fcm" else body


# -- what is sent ---------------------------------------------------------------------------------

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


# -- what answers mean ----------------------------------------------------------------------------

@pytest.mark.parametrize("make, answer", [
    (devices.a_phone, providers.fcm_error("UNREGISTERED")),
    (devices.a_phone, providers.fcm_error("INVALID_ARGUMENT", field="message.token")),
    (devices.an_iphone, providers.apns_error("Unregistered", 2 * 10 ** 12)),
    (devices.an_iphone, providers.apns_error("ExpiredToken")),
    (devices.an_iphone, providers.apns_error("BadDeviceToken")),  # in both environments
])
def test_an_address_where_nobody_is_goes(push, make, answer):
    phone, other = make(), make()
    customer = push.somebody(phone, other)
    push.fake.script(phone["address"], answer)
    push.tell(customer)
    push.sent(other["address"])
    push.settled(customer)
    assert not push.has_device(phone["address"]) and push.has_device(other["address"])
    assert push.dead(customer) == []


def test_a_browser_that_has_unsubscribed_goes(push):
    browser, body = pushes.browser(push.fake)
    customer = push.somebody(body)
    push.fake.script(browser.endpoint, providers.Answer(410))
    push.tell(customer)
    push.settled(customer)
    assert not push.has_device(browser.endpoint)


def test_an_address_that_was_registered_since_stays_and_gets_the_message(push):
    phone = devices.an_iphone()
    customer = push.somebody(phone)
    push.fake.script(phone["address"], providers.apns_error("Unregistered", 10 ** 12),
                     providers.OK)
    push.tell(customer)
    push.fake.wait(lambda: push.of(phone["address"]))
    until(lambda: push.hurry() or push.waiting(customer) == 0)
    assert push.has_device(phone["address"])
    assert [r.status for r in push.of(phone["address"])] == [410, 200]


def test_a_phone_of_the_other_environment_is_known_by_it_from_then_on(push):
    phone = devices.an_iphone()
    customer = push.somebody(phone)
    push.fake.script(phone["address"], providers.apns_error("BadDeviceToken"), providers.OK)
    push.tell(customer)
    push.settled(customer)
    assert push.db.one("select environment from device where address = %s",
                       phone["address"]) == "sandbox"
    assert len(push.of(phone["address"])) == 2


@pytest.mark.parametrize("make, answer", [
    (devices.a_phone, providers.fcm_error("SENDER_ID_MISMATCH")),
    (devices.a_phone, providers.fcm_error("THIRD_PARTY_AUTH_ERROR")),
    (devices.an_iphone, providers.apns_error("TopicDisallowed")),
    (devices.an_iphone, providers.apns_error("InvalidProviderToken")),
])
def test_a_wrong_setting_takes_no_address_and_the_message_waits(push, make, answer):
    phone = make()
    customer = push.somebody(phone)
    push.fake.script(phone["address"], answer, providers.OK)
    push.tell(customer)
    push.fake.wait(lambda: push.of(phone["address"]))
    until(lambda: push.db.one(
        "select count(*) from outbox x join notice n on n.id = x.subject_id "
        "where n.account_id = %s and x.failed_with is not null", customer.id) == 1)
    assert push.has_device(phone["address"])
    until(lambda: push.hurry() or push.waiting(customer) == 0)
    assert push.of(phone["address"])[-1].status == 200


@pytest.mark.parametrize("make, answer, seconds", [
    (devices.a_phone, providers.fcm_error("QUOTA_EXCEEDED", retry_after=1000), 1000),
    (devices.a_phone, providers.fcm_error("UNAVAILABLE", retry_after=2000), 2000),
    (devices.an_iphone, providers.apns_error("TooManyRequests"), 60),
    (devices.an_iphone, providers.apns_error("ServiceUnavailable"), 900),
])
def test_a_provider_says_when_to_come_again(push, make, answer, seconds):
    phone = make()
    customer = push.somebody(phone)
    push.fake.script(phone["address"], answer, providers.OK)
    push.tell(customer)
    push.fake.wait(lambda: push.of(phone["address"]))
    until(lambda: push.db.rows(
        "select x.id from outbox x join notice n on n.id = x.subject_id where n.account_id = %s "
        "and x.failed_with is not null and x.due_at > now() + make_interval(secs => %s)",
        customer.id, seconds - 60))
    until(lambda: push.hurry() or push.waiting(customer) == 0)
    first, second = push.of(phone["address"])
    assert data_of(first)["id"] == data_of(second)["id"]


@pytest.mark.parametrize("make, answer", [
    (devices.a_phone, providers.fcm_error("INVALID_ARGUMENT")),
    (devices.an_iphone, providers.apns_error("PayloadTooLarge")),
])
def test_a_message_that_is_refused_for_ever_is_a_dead_letter_with_its_reason(push, make, answer):
    phone = make()
    customer = push.somebody(phone)
    push.fake.script(phone["address"], answer)
    push.tell(customer)
    push.settled(customer)
    (letter,) = push.dead(customer)
    assert letter["why"] in ("INVALID_ARGUMENT", "PayloadTooLarge")
    assert push.has_device(phone["address"])


def test_a_refused_access_token_is_replaced_at_once(push):
    phone = devices.a_phone()
    customer = push.somebody(phone)
    push.tell(customer)
    push.sent(phone["address"])
    given = push.fake.tokens_given
    push.fake.expire_access_tokens()
    push.tell(customer)
    push.sent(phone["address"], 2)
    push.settled(customer)
    assert push.fake.tokens_given == given + 1
    assert [r.status for r in push.of(phone["address"])] == [200, 401, 200]


def test_expo_finds_the_message_that_is_at_fault(push):
    phones = [devices.with_expo() for _ in range(5)]
    customer = push.somebody(*phones)
    bad = phones[2]["address"]
    own = push.fake.expo

    def judge(request):
        if not request.path.endswith("getReceipts") and bad in request.body.decode():
            raise providers.Refused(providers.Answer(400, {"errors": [
                {"code": "VALIDATION_ERROR"}]}))
        return own(request)
    push.fake.expo = judge
    try:
        push.tell(customer)
        push.settled(customer)
    finally:
        del push.fake.expo
    good = [m["to"] for r in push.fake.got
            if r.provider == "expo" and r.status == 200 and isinstance(r.json, list)
            for m in r.json]
    assert {p["address"] for p in phones} - set(good) == {bad}
    assert [letter["why"] for letter in push.dead(customer)] == ["VALIDATION_ERROR"]


# -- who gets nothing -----------------------------------------------------------------------------

@pytest.fixture
def held(push):
    """(customer, phone, what lets the message go): its row is there, and not due."""
    phone = devices.a_phone()
    customer = push.somebody(phone)
    push.db.rows("create or replace function hold() returns trigger language plpgsql as "
                 "'begin new.due_at := now() + interval ''1 hour''; return new; end'")
    push.db.rows("create trigger hold before insert on outbox for each row execute function hold()")
    try:
        push.tell(customer)
        push.followed()
        until(lambda: push.waiting(customer) == 1)
    finally:
        push.db.rows("drop trigger hold on outbox")

    def let_go():
        push.db.rows("update outbox x set due_at = now() from notice n where n.id = x.subject_id "
                     "and n.account_id = %s", customer.id)
        push.settled(customer)
    return customer, phone, let_go


def test_what_is_held_is_sent_when_it_is_due(push, held):
    customer, phone, let_go = held
    let_go()
    assert len(push.of(phone["address"])) == 1


def test_nothing_is_sent_to_who_has_signed_out(push, held):
    customer, phone, let_go = held
    customer.do("logout")
    let_go()
    assert push.of(phone["address"]) == []


def test_nothing_is_sent_of_what_was_read(push, held):
    customer, phone, let_go = held
    newest = customer.do("listNotifications")["items"][0]["id"]
    customer.do("readNotifications", body={"up_to": newest})
    let_go()
    assert push.of(phone["address"]) == []


def test_nothing_is_sent_to_who_does_not_want_it_any_more(push, held):
    customer, phone, let_go = held
    preferences = customer.do("getNotificationPreferences")
    preferences["orders"]["push"] = False
    customer.do("putNotificationPreferences", body=preferences)
    let_go()
    assert push.of(phone["address"]) == []
    push.tell(customer)
    push.followed()
    assert push.waiting(customer) == 0


def test_what_is_told_in_quiet_hours_waits_for_their_end(push):
    phone = devices.a_phone()
    customer = push.somebody(phone)
    hour = push.db.one("select extract(hour from now() at time zone 'UTC')::int")
    preferences = customer.do("getNotificationPreferences")
    customer.do("putNotificationPreferences", body=preferences | {
        "quiet_from": f"{(hour - 1) % 24:02}:00", "quiet_to": f"{(hour + 2) % 24:02}:00",
        "time_zone": "UTC"})
    push.tell(customer)
    push.followed()
    (row,) = push.db.rows(
        "select x.due_at > now() + interval '59 minutes' as waits, x.attempts from outbox x "
        "join notice n on n.id = x.subject_id where n.account_id = %s "
        "and x.topic like 'push_%%'", customer.id)
    assert row == {"waits": True, "attempts": 0}
    assert push.of(phone["address"]) == []


def test_nothing_is_sent_to_a_locked_account(push, held):
    customer, phone, let_go = held
    push.shop.admin("support").do("lockUser", user_id=customer.id, body={"reason": "A test"})
    let_go()
    assert push.of(phone["address"]) == []


def test_only_the_account_that_has_the_address_now_is_told(push, held):
    customer, phone, let_go = held
    other = push.somebody(phone)
    let_go()
    assert push.of(phone["address"]) == []
    order = push.tell(other)
    (request,) = push.sent(phone["address"])
    assert data_of(request)["link"] == f"/orders/{order['id']}"


def test_a_device_that_has_another_address_gets_the_message_there(push):
    phone, iphone, id = devices.a_phone(), devices.an_iphone(), devices.device_id()
    customer = push.somebody()
    devices.registered(customer, phone, id)
    push.fake.script(phone["address"], providers.fcm_error("UNAVAILABLE"))
    push.tell(customer)
    push.fake.wait(lambda: push.of(phone["address"]))
    devices.registered(customer, iphone, id)
    until(lambda: push.hurry() or push.waiting(customer) == 0)
    assert len(push.sent(iphone["address"])) == 1


def test_nothing_is_pushed_of_a_message_that_a_device_has(push):
    talk = Talk(push.shop, push.vendor)
    phone = devices.a_phone()
    devices.registered(talk.customer, phone)
    first, second = talk.answer(), talk.answer()
    talk.of_customer("markRead", body={"seq": first.json()["seq"]})
    (request,) = push.sent(phone["address"])
    assert json.loads(data_of(request)["data"])["seq"] == second.json()["seq"]
    push.settled(talk.customer)
    assert len(push.of(phone["address"])) == 1


def test_nothing_is_pushed_of_a_conversation_that_was_muted(push):
    talk = Talk(push.shop, push.vendor)
    phone = devices.a_phone()
    devices.registered(talk.customer, phone)
    talk.of_customer("muteConversation", body={"until": None})
    talk.answer()
    order = push.tell(talk.customer)  # is told after the message, if that was
    push.db.rows("update notice set due_at = now() where account_id = %s and due_at > now()",
                 talk.customer.id)
    until(lambda: not push.db.one("select exists (select from notice where account_id = %s "
                                  "and due_at is not null)", talk.customer.id))
    push.settled(talk.customer)
    assert [data_of(r)["link"] for r in push.of(phone["address"])] == [f"/orders/{order['id']}"]


# -- what others may see --------------------------------------------------------------------------

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
