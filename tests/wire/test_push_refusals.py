"""Push messages: what refusals do that whoever registers a device may cause, and what a wrong
setting of ours does."""
import pytest
import requests

pytest.importorskip("h2", reason="python3-h2 is not installed")
from conftest import after  # noqa: E402
from harness import devices, providers, pushes  # noqa: E402
from harness.wait import until  # noqa: E402

SETTING = "push messages are refused because of a setting"
REFUSED = "a push message is refused"


@pytest.fixture(scope="module")
def push():
    with pushes.sending() as one:
        yield one
        bad = after(one.shop.server)
        assert not bad, "\n".join(bad)


def lines(push, *words):
    return [line for line in push.shop.server.log.read_text().splitlines()
            if all(word in line for word in words)]


def accepted_by(push, *bodies):
    """Providers that have taken a message of ours."""
    customer = push.somebody(*bodies)
    push.tell(customer)
    push.settled(customer)


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_made_up_endpoint_makes_neither_alarms_nor_dead_letters(push, status):
    browser, body = pushes.browser(push.fake)
    customer = push.somebody(body)
    push.fake.script(browser.endpoint, providers.Answer(status))
    push.tell(customer)
    push.settled(customer)
    assert len(push.of(browser.endpoint)) == 1
    assert push.dead(customer) == []
    assert lines(push, SETTING, "webpush") == []


def test_an_endpoint_that_always_fails_makes_no_dead_letter(push):
    browser, body = pushes.browser(push.fake)
    customer = push.somebody(body)
    push.fake.script(browser.endpoint, providers.Answer(429))
    push.tell(customer)
    until(lambda: push.failed(customer) == 1)
    push.db.rows("update outbox x set attempts = 11, due_at = now() from notice n "
                 "where n.id = x.subject_id and n.account_id = %s", customer.id)
    push.settled(customer)
    assert push.dead(customer) == []


@pytest.mark.parametrize("make, answer", [
    (devices.a_phone, providers.fcm_error("SENDER_ID_MISMATCH")),
    (devices.an_iphone, providers.apns_error("DeviceTokenNotForTopic")),
    (devices.an_iphone, providers.apns_error("BadEnvironmentKeyIdInToken")),
])
def test_an_address_of_another_app_makes_neither_alarms_nor_dead_letters(push, make, answer):
    accepted_by(push, make())
    phone = make()
    customer = push.somebody(phone)
    push.fake.script(phone["address"], answer)
    push.tell(customer)
    until(lambda: push.failed(customer) == 1)
    push.db.rows("update outbox x set attempts = 11, due_at = now() from notice n "
                 "where n.id = x.subject_id and n.account_id = %s", customer.id)
    push.settled(customer)
    assert len(push.of(phone["address"])) == 2
    assert push.dead(customer) == [] and push.has_device(phone["address"])
    assert lines(push, SETTING) == [] and len(lines(push, REFUSED, phone["provider"])) == 1


def test_when_a_provider_takes_nothing_of_us_its_refusals_are_alarms_and_dead_letters():
    with pushes.sending() as push:
        phone = devices.a_phone()
        customer = push.somebody(phone)
        push.fake.script(phone["address"], providers.fcm_error("SENDER_ID_MISMATCH"))
        push.tell(customer)
        until(lambda: push.failed(customer) == 1)
        push.db.rows("update outbox set attempts = 11, due_at = now() "
                     "where topic = 'push_orders'")
        push.settled(customer)
        assert [letter["why"] for letter in push.dead(customer)] == ["SENDER_ID_MISMATCH"]
        assert len(lines(push, SETTING, "fcm")) == 1
        assert after(push.shop.server) == []


def test_a_wrong_setting_is_told_once_an_hour(push):
    iphones = [devices.an_iphone() for _ in range(3)]
    for iphone in iphones:
        push.fake.script(iphone["address"], providers.apns_error("TopicDisallowed"))
        customer = push.somebody(iphone)
        push.tell(customer)
        until(lambda: push.failed(customer) == 1)
    assert len(lines(push, SETTING, "TopicDisallowed")) == 1


def test_metrics_tell_what_each_provider_answered(push):
    def count(provider, outcome):
        (value,) = [int(line.split()[-1]) for line in
                    requests.get(push.shop.server.url + "/metrics", timeout=20).text.splitlines()
                    if line.startswith("sebez_push_messages_total{"
                                       f'provider="{provider}",outcome="{outcome}"}}')]
        return value

    before = count("fcm", "sent"), count("fcm", "dropped")
    phones = [devices.a_phone(), devices.a_phone()]
    push.fake.script(phones[0]["address"], providers.fcm_error("INVALID_ARGUMENT"))
    accepted_by(push, *phones)
    until(lambda: (count("fcm", "sent"), count("fcm", "dropped")) == (before[0] + 1, before[1] + 1))


def test_the_hosts_of_microsoft_share_a_queue(push):
    customer = push.shop.customer()
    for host in ("wns2-par02p", "sg2p", "made-up"):
        devices.registered(customer, devices.a_browser(
            address=f"https://{host}.notify.windows.com/w/?token={customer.id}"))
    assert push.db.rows("select distinct push_destination(provider, environment, address) as queue "
                        "from device where account_id = %s", customer.id) == [
        {"queue": "notify.windows.com"}]


def test_what_says_nothing_of_receipts_is_asked_again(push):
    customer = push.somebody(devices.with_expo())
    push.tell(customer)
    push.settled(customer)
    own = push.fake.expo

    def judge(request):
        if request.path.endswith("getReceipts"):
            raise providers.Refused(providers.Answer(200, {"errors": []}))
        return own(request)
    push.fake.expo = judge
    try:
        push.db.rows("update outbox set due_at = now() where topic = 'push_receipts'")
        until(lambda: push.db.rows("select id from outbox where topic = 'push_receipts' and "
                                   "failed_with is not null and due_at > now()"))
    finally:
        del push.fake.expo
