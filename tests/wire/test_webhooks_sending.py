"""What receivers of webhooks get: each event once, signed, with the same id in every attempt."""
import contextlib
import datetime

import pytest

from conftest import serving
from harness.receiver import CALLING, receiving
from harness.shop import Shop, fresh
from harness.wait import until


@pytest.fixture(scope="module")
def shop():
    with serving(**CALLING) as server:
        yield Shop(server)


@pytest.fixture(scope="module")
def site():
    with receiving() as site:
        yield site


@pytest.fixture
def admin(shop):
    return shop.admin("operations")


def path():
    return "/" + fresh("hook")


def hooked(vendor, site, where, *answers, events=("sub_order_changed",)):
    return vendor.do("createWebhook", body={"url": site.url(where, *answers),
                                            "events": list(events)})


@contextlib.contextmanager
def platform(admin, site, where, *events):
    made = admin.do("createPlatformWebhook", body={"url": site.url(where), "events": list(events)})
    yield made
    admin.call("deletePlatformWebhook", webhook_id=made["id"])


def delivery(shop, webhook):
    """The only one."""
    query = "select * from webhook_delivery where webhook_id = %s", webhook["id"]
    until(lambda: shop.db.rows(*query))
    (row,) = shop.db.rows(*query)
    return row


def attempted(shop, webhook, count):
    """The delivery, when so many attempts were made and the outbox knows of them."""
    until(lambda: delivery(shop, webhook)["attempts"] == count)
    until(lambda: not shop.db.one(
        "select exists (select from outbox o join webhook_delivery d on d.id = o.subject_id where "
        "d.webhook_id = %s and o.due_at not between d.next_attempt_at - interval '9 s' "
        "and d.next_attempt_at + interval '9 s')", webhook["id"]))
    return delivery(shop, webhook)


def hurry(shop, webhook):
    """The next attempts are due now."""
    shop.db.rows("update outbox set due_at = now() where topic = 'webhooks' and subject_id in ("
                 "select id from webhook_delivery where webhook_id = %s)", webhook["id"])


def test_an_event_is_delivered_signed_and_once(shop, clay, site):
    where = path()
    made = hooked(clay, site, where)
    order = shop.customer().order(clay.product(stock=5))
    (call,) = site.wait(where, 1)
    assert call.signed_by(made["secret"])
    assert call.headers["Content-Type"] == "application/json"
    assert call.headers["User-Agent"].startswith("Sebez/")
    assert set(call.json) == {"type", "timestamp", "vendor_id", "data"}
    assert (call.json["type"], call.json["vendor_id"]) == ("sub_order_changed", clay.id)
    assert call.json["data"]["order_id"] == order["id"]
    until(lambda: delivery(shop, made)["state"] == "delivered")
    row = delivery(shop, made)
    assert (str(row["id"]), row["attempts"], row["log"][0]["status"]) == (call.id, 1, 204)
    until(lambda: shop.db.one("select count(*) = 0 from outbox where subject_id = %s", row["id"]))


def test_data_is_what_the_feed_has(shop, clay, site):
    cursor = clay.do("getVendorSync")["cursor"]
    where = path()
    hooked(clay, site, where, events=["sub_order_changed", "low_stock"])
    shop.customer().order(clay.product(stock=6))
    calls = site.wait(where, 2)
    events = clay.do("getVendorEvents", after=cursor)["items"]
    assert sorted((c.json["type"], c.json["timestamp"], str(c.json["data"])) for c in calls) == \
        sorted((e["kind"], e["at"], str(e["payload"])) for e in events)


def test_only_the_events_that_were_asked_for_come(shop, clay, site):
    other, mine = path(), path()
    hooked(clay, site, other, events=["vendor_status_changed"])
    hooked(clay, site, mine)
    hooked(shop.vendor(), site, "/elsewhere")
    shop.customer().order(clay.product(stock=5))
    site.wait(mine, 1)
    assert site.got(other) == site.got("/elsewhere") == []


def test_the_platform_has_what_happens_to_all_vendors_and_to_orders(shop, admin, site):
    where = path()
    with platform(admin, site, where, "order_placed", "sub_order_changed", "payment_received"):
        goods = [shop.product(stock=50), shop.product(stock=50)]
        customer = shop.customer()
        order = customer.order(*goods, method="manual")
        shop.admin("finance").do("markPaymentReceived", order_id=order["id"], body={})

        def mine():
            return [c for c in site.got(where) if c.json["data"].get("order_id") == order["id"]]

        until(lambda: {c.json["type"] for c in mine()} >= {
            "order_placed", "payment_received", "sub_order_changed"})
        until(lambda: len(mine()) >= 4)
        kinds = [(c.json["type"], c.json["vendor_id"]) for c in mine()]
        assert kinds.count(("order_placed", None)) == kinds.count(("payment_received", None)) == 1
        assert {v for k, v in kinds if k == "sub_order_changed"} == \
            {product.vendor.id for product in goods}


def test_the_id_is_the_same_in_every_attempt(shop, clay, site):
    where = path()
    made = hooked(clay, site, where, 500, 404, 204)
    shop.customer().order(clay.product(stock=5))
    for count in (1, 2):
        attempted(shop, made, count)
        hurry(shop, made)
    calls = site.wait(where, 3)
    assert len({call.id for call in calls}) == 1
    assert len({call.body for call in calls}) == 1
    assert all(call.signed_by(made["secret"]) for call in calls)
    until(lambda: delivery(shop, made)["state"] == "delivered")
    assert [attempt["status"] for attempt in delivery(shop, made)["log"]] == [500, 404, 204]


def test_the_old_secret_signs_beside_the_new_one_for_a_day(shop, clay, site):
    where = path()
    made = hooked(clay, site, where)
    new = clay.do("rotateWebhookSecret", webhook_id=made["id"])["secret"]
    shop.customer().order(clay.product(stock=5))
    (call,) = site.wait(where, 1)
    assert call.signed_by(made["secret"]) and call.signed_by(new)
    shop.db.rows("update webhook_secret set created_at = created_at - interval '25 hours' "
                 "where webhook_id = %s", made["id"])
    shop.customer().order(clay.product(stock=5))
    call = site.wait(where, 2)[1]
    assert call.signed_by(new) and not call.signed_by(made["secret"])


def test_a_receiver_that_is_gone_is_called_no_more(shop, clay, site):
    where = path()
    made = hooked(clay, site, where, 410, 204)
    shop.customer().order(clay.product(stock=5))
    until(lambda: not clay.do("getWebhook", webhook_id=made["id"])["enabled"])
    assert clay.do("getWebhook", webhook_id=made["id"])["disabled_reason"] == "gone"
    assert delivery(shop, made)["state"] == "failed"
    until(lambda: [n for n in clay.owner.all("listNotifications")
                   if n["kind"] == "webhook_disabled"])
    (notice,) = [n for n in clay.owner.all("listNotifications") if n["kind"] == "webhook_disabled"]
    assert "(410)" in notice["text"]["body"] and notice["class"] == "system"
    assert notice["link"] == f"/vendors/{clay.id}/webhooks/{made['id']}"
    assert notice["data"]["reason"] == "gone" and notice["data"]["host"] in made["url"]
    shop.customer().order(clay.product(stock=5))
    shop.db.let_effects_leave()
    assert len(site.got(where)) == 1
    again = clay.do("putWebhook", webhook_id=made["id"], body={
        "url": made["url"], "events": made["events"], "enabled": True})
    assert (again["enabled"], again["disabled_reason"]) == (True, None)
    shop.customer().order(clay.product(stock=5))
    assert len(site.wait(where, 2)) == 2


def test_admins_get_a_mail_when_one_of_the_platform_is_disabled(shop, admin, clay, site):
    where = path()
    with platform(admin, site, where, "order_placed") as made:
        shop.db.rows("update webhook set url = %s where id = %s", site.url(where, 410), made["id"])
        shop.customer().order(clay.product(stock=5))
        until(lambda: not admin.do("getPlatformWebhook", webhook_id=made["id"])["enabled"])
    letters = shop.db.rows(
        "select l.account_id::text as id, l.facts, l.link from mail_letter l "
        "join outbox o on o.subject_id = l.id and o.topic = 'mail' "
        "where l.text_key = 'webhook_disabled'")
    assert {row["id"] for row in letters} == {row["id"] for row in shop.db.rows(
        "select id::text from account where admin_role in ('operations', 'superadmin')")}
    assert admin.id in {row["id"] for row in letters}
    assert all(row["facts"]["disabled"] == "gone" and row["facts"]["host"] in made["url"]
               and row["link"] == f"/admin/webhooks/{made['id']}" for row in letters)


def test_one_that_fails_for_three_days_is_disabled(shop, clay, site):
    where = path()
    made = hooked(clay, site, where, 500)
    shop.customer().order(clay.product(stock=5))
    attempted(shop, made, 1)
    seen = clay.do("getWebhook", webhook_id=made["id"])
    assert seen["enabled"] and seen["failing_since"] is not None
    shop.db.rows("update webhook set failing_since = now() - interval '3 days 1 minute' "
                 "where id = %s", made["id"])
    hurry(shop, made)
    attempted(shop, made, 2)
    seen = clay.do("getWebhook", webhook_id=made["id"])
    assert (seen["enabled"], seen["disabled_reason"]) == (False, "failing")


def test_a_success_ends_the_time_of_failing(shop, clay, site):
    where = path()
    made = hooked(clay, site, where, 503, 204)
    shop.customer().order(clay.product(stock=5))
    attempted(shop, made, 1)
    assert clay.do("getWebhook", webhook_id=made["id"])["failing_since"] is not None
    hurry(shop, made)
    until(lambda: delivery(shop, made)["state"] == "delivered")
    assert clay.do("getWebhook", webhook_id=made["id"])["failing_since"] is None


def test_what_fails_to_the_end_is_no_dead_letter(shop, clay, admin, site):
    where = path()
    made = hooked(clay, site, where, 400)
    shop.customer().order(clay.product(stock=5))
    for count in range(1, 11):
        row = attempted(shop, made, count)
        hurry(shop, made)
    assert row["state"] == "failed"
    assert (row["attempts"], row["next_attempt_at"]) == (10, None)
    until(lambda: shop.db.one("select count(*) from outbox where subject_id = %s", row["id"]) == 0)
    assert shop.db.one("select count(*) from dead_letter where topic = 'webhooks'") == 0


def test_attempts_are_spread_over_three_days(shop, clay, site):
    where = path()
    made = hooked(clay, site, where, 400)
    shop.customer().order(clay.product(stock=5))
    delays = []
    for count in range(1, 10):
        row = attempted(shop, made, count)
        hurry(shop, made)
        begun = datetime.datetime.fromisoformat(row["log"][-1]["at"])
        delays.append((row["next_attempt_at"] - begun).total_seconds())
    for delay, wanted in zip(delays, (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)):
        assert 0.9 * wanted <= delay <= 1.1 * wanted + 20, delays


def test_a_receiver_says_when_it_may_be_called_again(shop, clay, site):
    where = path()
    made = hooked(clay, site, where, (429, {"Retry-After": "7200"}))
    shop.customer().order(clay.product(stock=5))
    attempted(shop, made, 1)
    assert shop.db.one("select next_attempt_at > now() + interval '115 minutes' "
                       "from webhook_delivery where webhook_id = %s", made["id"])


def test_what_was_taken_back_is_not_sent(shop, clay, site):
    where = path()
    made = hooked(clay, site, where, 500, 204, events=["message_sent"])
    customer = shop.customer()
    conversation = customer.do("openConversation", body={"vendor_id": clay.id})["id"]
    sent = customer.do("sendMessage", conversation_id=conversation, body={
        "client_id": fresh("message"), "text": "My secret"})
    (first,) = site.wait(where, 1)
    assert first.json["data"]["text"] == "My secret"
    customer.call("deleteMessage", conversation_id=conversation, message_id=sent["id"])
    attempted(shop, made, 1)
    hurry(shop, made)
    until(lambda: delivery(shop, made)["state"] == "delivered")
    last = site.got(where)[-1]
    assert last.id == first.id and b"My secret" not in last.body
