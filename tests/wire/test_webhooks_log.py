"""What owners of webhooks see of deliveries: the log, tests, and sending again."""
import threading

import pytest

from conftest import serving
from harness.client import refused
from harness.receiver import CALLING, receiving
from harness.shop import Shop
from harness.wait import until
from test_retention import run_jobs_anew
from test_webhooks_sending import attempted, delivery, hooked, hurry, path


@pytest.fixture(scope="module")
def shop():
    with serving(**CALLING) as server:
        yield Shop(server)


@pytest.fixture(scope="module")
def site():
    with receiving() as site:
        yield site


def logged(vendor, webhook, **query):
    return vendor.do("listWebhookDeliveries", webhook_id=webhook["id"], **query)["items"]


def test_the_log_has_each_attempt(shop, clay, site):
    where = path()
    made = hooked(clay, site, where, 500, (307, {"Location": site.url("/elsewhere")}), 204)
    shop.customer().order(clay.product(stock=5))
    attempted(shop, made, 1)
    (seen,) = logged(clay, made)
    assert (seen["type"], seen["state"], seen["attempts"]) == ("sub_order_changed", "pending", 1)
    assert seen["next_attempt_at"] > seen["log"][0]["at"] > seen["timestamp"]
    hurry(shop, made)
    attempted(shop, made, 2)
    hurry(shop, made)
    until(lambda: logged(clay, made)[0]["state"] == "delivered")
    (seen,) = logged(clay, made)
    assert [(a["status"], a["error"]) for a in seen["log"]] == [
        (500, None), (307, None), (204, None)]
    assert seen["next_attempt_at"] is None
    assert site.got("/elsewhere") == []  # no redirect is followed
    assert {call.id for call in site.got(where)} == {seen["id"]}


def test_the_log_says_why_there_was_no_answer(shop, clay, site):
    with receiving() as gone:
        made = hooked(clay, gone, path())
    shop.customer().order(clay.product(stock=5))
    attempted(shop, made, 1)
    (attempt,) = logged(clay, made)[0]["log"]
    assert (attempt["status"], attempt["error"]) == (None, "connection_refused")


def test_the_log_is_read_page_by_page_and_by_state(shop, clay, site):
    where = path()
    made = hooked(clay, site, where)
    for _ in range(3):
        clay.do("testWebhook", webhook_id=made["id"])
    until(lambda: len(logged(clay, made, state="delivered")) == 3)
    first = clay.do("listWebhookDeliveries", webhook_id=made["id"], limit=2)
    rest = clay.do("listWebhookDeliveries", webhook_id=made["id"], limit=2,
                   cursor=first["next_cursor"])
    ids = [item["id"] for item in first["items"] + rest["items"]]
    assert ids == sorted(ids, reverse=True) and len(ids) == 3 and rest["next_cursor"] is None
    assert logged(clay, made, state="failed") == logged(clay, made, state="pending") == []


def test_a_test_is_a_delivery(shop, clay, site):
    where = path()
    made = hooked(clay, site, where)
    response = clay.call("testWebhook", webhook_id=made["id"])
    assert response.status_code == 202
    (call,) = site.wait(where, 1)
    assert call.id == response.json()["id"] and call.signed_by(made["secret"])
    assert call.json["type"] == "webhook_test" and call.json["data"] == {"webhook_id": made["id"]}
    until(lambda: logged(clay, made)[0]["state"] == "delivered")


def test_a_disabled_one_can_be_tested_before_it_is_enabled(shop, clay, site):
    where = path()
    made = clay.do("createWebhook", body={
        "url": site.url(where), "events": ["sub_order_changed"], "enabled": False})
    clay.do("testWebhook", webhook_id=made["id"])
    site.wait(where, 1)
    until(lambda: logged(clay, made)[0]["state"] == "delivered")


def test_a_test_with_a_key_is_one_delivery(shop, clay, site):
    made = hooked(clay, site, path())
    answers = [clay.call("testWebhook", webhook_id=made["id"], key="same") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len(logged(clay, made)) == 1


def test_a_delivery_is_sent_again_with_its_id(shop, clay, site):
    where = path()
    made = hooked(clay, site, where)
    shop.customer().order(clay.product(stock=5))
    until(lambda: delivery(shop, made)["state"] == "delivered")
    (done,) = logged(clay, made)
    again = clay.call("redeliverWebhook", webhook_id=made["id"], delivery_id=done["id"])
    assert (again.status_code, again.json()["state"]) == (202, "pending")
    first, second = site.wait(where, 2)
    assert first.id == second.id and first.body == second.body
    until(lambda: logged(clay, made)[0]["state"] == "delivered")
    assert [a["status"] for a in logged(clay, made)[0]["log"]] == [204, 204]


def test_what_is_pending_or_of_a_disabled_webhook_is_not_sent_again(shop, clay, site):
    go = threading.Event()
    where = path()
    made = hooked(clay, site, where, go)
    shop.customer().order(clay.product(stock=5))
    site.wait(where, 1)
    ids = {"webhook_id": made["id"], "delivery_id": str(delivery(shop, made)["id"])}
    refused(clay.call("redeliverWebhook", **ids), 409, "conflict")
    go.set()
    until(lambda: delivery(shop, made)["state"] == "delivered")
    clay.do("putWebhook", webhook_id=made["id"], body={
        "url": made["url"], "events": made["events"], "enabled": False})
    refused(clay.call("redeliverWebhook", **ids), 409, "conflict")


def test_what_was_waiting_when_a_webhook_was_disabled_fails(shop, clay, site):
    where = path()
    made = hooked(clay, site, where, 500, 204)
    shop.customer().order(clay.product(stock=5))
    attempted(shop, made, 1)
    clay.do("putWebhook", webhook_id=made["id"], body={
        "url": made["url"], "events": made["events"], "enabled": False})
    hurry(shop, made)
    until(lambda: delivery(shop, made)["state"] == "failed")
    assert len(site.got(where)) == 1


def test_a_delivery_goes_to_where_the_webhook_is_now(shop, clay, site):
    where = path()
    with receiving() as other:
        made = hooked(clay, site, where, 500)
        shop.customer().order(clay.product(stock=5))
        attempted(shop, made, 1)
        clay.do("putWebhook", webhook_id=made["id"], body={
            "url": other.url("/new"), "events": made["events"]})
        hurry(shop, made)
        (call,) = other.wait("/new", 1)
        assert call.id == site.got(where)[0].id
        until(lambda: delivery(shop, made)["state"] == "delivered")


def test_nobody_sees_or_repeats_deliveries_of_others(shop, clay, site):
    made = hooked(clay, site, path())
    id = clay.do("testWebhook", webhook_id=made["id"])["id"]
    until(lambda: logged(clay, made)[0]["state"] == "delivered")
    other = shop.vendor()
    theirs = hooked(other, site, path())
    for webhook_id in (made["id"], theirs["id"]):
        refused(other.call("redeliverWebhook", webhook_id=webhook_id, delivery_id=id), 404)
    refused(other.call("listWebhookDeliveries", webhook_id=made["id"]), 404)
    refused(other.call("testWebhook", webhook_id=made["id"]), 404)
    admin = shop.admin("operations")
    refused(admin.call("listPlatformWebhookDeliveries", webhook_id=made["id"]), 404)
    refused(admin.call("redeliverPlatformWebhook", webhook_id=made["id"], delivery_id=id), 404)


def test_deliveries_are_kept_for_thirty_days(shop, clay, site):
    made = hooked(clay, site, path())
    for _ in range(2):
        clay.do("testWebhook", webhook_id=made["id"])
    until(lambda: len(logged(clay, made, state="delivered")) == 2)
    old = logged(clay, made)[1]["id"]
    shop.db.rows("update webhook_delivery set created_at = now() - interval '31 days' "
                 "where id = %s", old)
    run_jobs_anew(shop.server)
    until(lambda: len(logged(clay, made)) == 1)
    assert logged(clay, made)[0]["id"] != old
