"""Live order tracking: Live Activities of iPhones, started, moved and ended by push messages; on
other devices messages about a sub-order replace each other."""
import json
import secrets
import time

import pytest

pytest.importorskip("h2", reason="python3-h2 is not installed")
from harness import devices, providers, pushes  # noqa: E402
from harness.sub_orders import good  # noqa: E402
from harness.wait import until  # noqa: E402


@pytest.fixture(autouse=True)
def own_answers(push):
    push.fake.scripts.clear()


def a_token():
    return secrets.token_hex(80)


class Tracked:
    """A customer with an iPhone and an order, whose part the phone may follow."""

    def __init__(self, push, accepted=True, **phone):
        self.push, self.start_token = push, a_token()
        self.phone = devices.an_iphone(start_token=self.start_token, **phone)
        self.customer = push.somebody()
        self.device = devices.registered(self.customer, self.phone)["id"]
        self.order = self.customer.order(push.mug)
        self.part = push.vendor.part(self.order)["id"]
        if accepted:
            good(push.vendor.accept(self.order))

    def follow(self):
        """The app registers its activity: the activity's token."""
        token = a_token()
        self.customer.do("putLiveActivity", device_id=self.device, sub_order_id=self.part,
                         body={"token": token})
        return token

    def started(self, count=1):
        return self.push.sent(self.start_token, count)

    def tokens(self):
        """Of the activities that are kept."""
        return [row["token"] for row in self.push.db.rows(
            "select token from live_activity where sub_order_id = %s", self.part)]

    def waiting(self):
        return self.push.db.one("select count(*) from outbox where topic = 'live_activity' "
                                "and subject_id = %s", self.part)

    def settled(self):
        self.push.followed()
        until(lambda: self.waiting() == 0)


def seen(request):
    """(event, status, priority) of a request for an activity."""
    aps = request.json["aps"]
    return aps["event"], aps["content-state"]["status"], request.headers["apns-priority"]


def test_an_activity_starts_when_an_order_is_accepted_where_the_app_gave_a_token_for_it(push):
    tracked, other = Tracked(push), devices.an_iphone()
    (request,) = tracked.started()
    assert request.headers["apns-push-type"] == "liveactivity"
    assert request.headers["apns-topic"] == push.fake.apns_topic + ".push-type.liveactivity"
    assert seen(request) == ("start", "accepted", "10")
    aps, part = request.json["aps"], push.vendor.see(tracked.order)
    assert aps["attributes-type"] == "SebezOrderAttributes" and aps["input-push-token"] == 1
    assert aps["attributes"] == {
        "sub_order_id": part["id"], "order_id": tracked.order["id"], "number": part["number"],
        "vendor": push.vendor.do("getVendor")["name"], "link": f"/orders/{tracked.order['id']}"}
    assert aps["content-state"] == {
        "id": part["id"], "order_id": tracked.order["id"], "vendor_id": push.vendor.id,
        "number": part["number"], "status": "accepted", "version": 2,
        "cancelled_total": {"amount": 0, "currency": "USD"}}
    assert aps["alert"]["title"] == "Order accepted" and "sound" not in aps
    assert abs(aps["timestamp"] - time.time()) < 600 and aps["stale-date"] > aps["timestamp"]
    devices.registered(tracked.customer, other)
    good(push.vendor.ship(tracked.order))
    push.sent(other["address"])  # a message as before, and no second start
    tracked.settled()
    assert len(push.of(tracked.start_token)) == 1


def test_an_activity_shows_each_step_and_ends(push):
    tracked = Tracked(push)
    tracked.started()
    token = tracked.follow()
    push.sent(token)
    good(push.vendor.pack(tracked.order))
    push.sent(token, 2)
    good(push.vendor.ship(tracked.order))
    push.sent(token, 3)
    tracked.customer.do("confirmDelivery", sub_order_id=tracked.part, body={})
    requests = push.sent(token, 4)
    tracked.settled()
    assert [seen(request) for request in requests] == [
        ("update", "accepted", "5"),  # as the token is new
        ("update", "packed", "10"), ("update", "shipped", "10"), ("end", "delivered", "10")]
    end = requests[-1].json["aps"]
    assert end["dismissal-date"] > end["timestamp"] and "stale-date" not in end
    assert all("alert" not in request.json["aps"] for request in requests)
    assert len({request.headers["apns-id"] for request in requests}) == 4
    assert tracked.tokens() == [] and len(push.of(token)) == 4


def test_a_cancelled_order_ends_its_activity_also_when_its_customer_has_cancelled(push):
    tracked = Tracked(push, accepted=False)
    token = tracked.follow()
    push.sent(token)
    tracked.customer.do("cancelOrder", order_id=tracked.order["id"], body={"reason": "By mistake"})
    assert seen(push.sent(token, 2)[-1]) == ("end", "cancelled", "10")
    tracked.settled()
    assert tracked.tokens() == [] and push.of(tracked.start_token) == []


@pytest.mark.parametrize("reason, timestamp, stays", [
    ("Unregistered", 2 * 10 ** 12, False), ("ExpiredToken", None, False),
    ("BadDeviceToken", None, False), ("Unregistered", 10 ** 12, True)])
def test_a_dead_token_of_an_activity_is_removed_and_nothing_else(push, reason, timestamp, stays):
    tracked = Tracked(push, accepted=False)
    token = tracked.follow()
    push.sent(token)
    error = providers.apns_error(reason, timestamp)
    push.fake.script(token, error, providers.OK if stays else error)
    good(push.vendor.accept(tracked.order))
    push.fake.wait(lambda: len(push.of(token)) > 1)
    until(lambda: push.hurry() or tracked.waiting() == 0)
    assert tracked.tokens() == [token if stays else None]
    assert push.of(token)[-1].status == (200 if stays else providers.APNS_REASONS[reason])
    push.sent(tracked.phone["address"])  # of the same step
    assert push.has_device(tracked.phone["address"]) and push.of(tracked.start_token) == []


def test_a_dead_token_to_start_is_removed_and_nothing_else(push):
    tracked = Tracked(push, accepted=False)
    push.fake.script(tracked.start_token, providers.apns_error("Unregistered", 2 * 10 ** 12))
    good(push.vendor.accept(tracked.order))
    push.sent(tracked.phone["address"])
    tracked.settled()
    assert len(push.of(tracked.start_token)) == 1
    assert push.db.rows("select start_token from device where address = %s",
                        tracked.phone["address"]) == [{"start_token": None}]


def test_an_activity_is_sought_in_the_other_environment_too(push):
    tracked = Tracked(push, accepted=False, environment="sandbox")
    push.fake.script(tracked.start_token, providers.apns_error("BadDeviceToken"), providers.OK)
    good(push.vendor.accept(tracked.order))
    tracked.started()
    tracked.settled()
    assert [r.status for r in push.of(tracked.start_token)] == [400, 200]


def test_a_provider_that_is_down_delays_an_activity_which_then_shows_the_latest_step(push):
    tracked = Tracked(push, accepted=False)
    token = tracked.follow()
    push.sent(token)
    push.fake.script(token, providers.apns_error("ServiceUnavailable"), providers.OK)
    good(push.vendor.accept(tracked.order))
    push.fake.wait(lambda: len(push.of(token)) > 1)
    until(lambda: push.db.rows("select 1 from outbox where topic = 'live_activity' and subject_id "
                               "= %s and failed_with = 'ServiceUnavailable'", tracked.part))
    good(push.vendor.pack(tracked.order))
    push.followed()
    until(lambda: push.hurry() or tracked.waiting() == 0)
    assert {seen(r)[1] for r in push.sent(token, 2)[1:]} == {"packed"}


@pytest.mark.parametrize("answer, statuses", [
    (providers.apns_error("ServiceUnavailable"), [503, 200]),
    (providers.Reset(providers.CANCEL), [None])])
def test_a_start_is_repeated_only_when_apns_has_refused_it(push, answer, statuses):
    tracked = Tracked(push, accepted=False)
    push.fake.script(tracked.start_token, answer, providers.OK)
    good(push.vendor.accept(tracked.order))
    push.fake.wait(lambda: push.of(tracked.start_token))
    push.followed()
    until(lambda: push.hurry() or tracked.waiting() == 0)
    assert [r.status for r in push.of(tracked.start_token)] == statuses


def test_no_activity_starts_in_quiet_hours_or_where_no_messages_are_wanted(push):
    quiet, unwanted = (Tracked(push, accepted=False) for _ in range(2))
    hour = push.db.one("select extract(hour from now() at time zone 'UTC')::int")
    preferences = quiet.customer.do("getNotificationPreferences")
    quiet.customer.do("putNotificationPreferences", body=preferences | {
        "quiet_from": f"{(hour - 1) % 24:02}:00", "quiet_to": f"{(hour + 2) % 24:02}:00",
        "time_zone": "UTC"})
    preferences["orders"]["push"] = False
    unwanted.customer.do("putNotificationPreferences", body=preferences)
    for tracked in (quiet, unwanted):
        good(push.vendor.accept(tracked.order))
        push.followed()
    assert push.db.rows("select attempts from outbox where topic = 'live_activity' and subject_id "
                        "= %s and due_at > now() + interval '59 minutes'", quiet.part) == [
        {"attempts": 0}]
    token = unwanted.follow()  # started in the app: it goes on
    push.sent(token)
    good(push.vendor.ship(unwanted.order))
    assert seen(push.sent(token, 2)[-1]) == ("update", "shipped", "10")
    assert push.of(quiet.start_token) == push.of(unwanted.start_token) == []


def test_another_activity_starts_only_when_ios_has_ended_the_former_one(push):
    tracked = Tracked(push)
    tracked.started()
    tracked.follow()
    tracked.customer.do("deleteLiveActivity", device_id=tracked.device, sub_order_id=tracked.part)
    good(push.vendor.ship(tracked.order))
    tracked.settled()
    assert len(push.of(tracked.start_token)) == 1
    later = Tracked(push)
    later.started()
    old = later.follow()
    push.sent(old)
    push.db.rows("update live_activity set registered_at = now() - interval '9 hours' "
                 "where sub_order_id = %s", later.part)
    good(push.vendor.ship(later.order))
    assert seen(later.started(2)[-1]) == ("start", "shipped", "10")
    later.settled()
    assert len(push.of(old)) == 1


def test_nothing_moves_an_activity_of_who_has_signed_out(push):
    tracked = Tracked(push, accepted=False)
    token = tracked.follow()
    push.sent(token)
    tracked.customer.do("logout", body={})
    good(push.vendor.accept(tracked.order))
    tracked.settled()
    assert len(push.of(token)) == 1 and push.of(tracked.start_token) == []


def test_elsewhere_messages_about_a_sub_order_replace_each_other(push):
    phone, shower = devices.a_phone(), devices.a_phone(shows_itself=True)
    browser, body = pushes.browser(push.fake)
    customer = push.somebody(phone, shower, body)
    order = push.tell(customer)
    good(push.vendor.ship(order))
    part = push.vendor.part(order)["id"]
    for request in push.sent(phone["address"], 2):
        android = request.json["message"]["android"]
        assert android["notification"]["tag"] == part and "collapse_key" not in android
    assert {r.json["message"]["data"]["group"] for r in push.sent(shower["address"], 2)} == {part}
    assert {json.loads(browser.read(r.body))["tag"] for r in push.sent(browser.endpoint, 2)} == {
        part}
