"""Push messages: what the answers of providers do to messages and addresses."""
import pytest

pytest.importorskip("h2", reason="python3-h2 is not installed")
from harness import devices, providers, pushes  # noqa: E402
from harness.pushes import data_of  # noqa: E402
from harness.wait import until  # noqa: E402


@pytest.fixture(autouse=True)
def own_answers(push):
    push.fake.scripts.clear()


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


def test_clocks_that_differ_delay_messages_and_lose_none(push):
    phone = devices.an_iphone()
    customer = push.somebody(phone)
    try:
        for count, push.fake.clock_skew_s in enumerate((-600, 600), 1):
            push.tell(customer)
            push.sent(phone["address"], count)
        push.fake.clock_skew_s = 7200  # so for APNs our token is of another day
        push.tell(customer)
        until(lambda: push.failed(customer) == 1)
    finally:
        push.fake.clock_skew_s = 0
    until(lambda: push.hurry() or push.waiting(customer) == 0)
    assert len(push.sent(phone["address"], 3)) == 3 and push.dead(customer) == []
