"""Webhooks as their owners see them: made, changed, rotated, removed, and whose they are."""
import base64
import re

import pytest
from harness import contract
from harness.client import refused
from harness.shop import fresh
from test_audit import entries
from test_web_addresses import BAD

LIMIT = 20


def hook(**more):
    """Of a host that nobody calls."""
    url = f"https://{fresh('erp')}.example.com/hooks?key=1"
    return {"url": url, "events": ["customer_erased"], **more}


def platform_hook(**more):
    return hook(**{"events": ["low_stock"], "enabled": False, **more})


@pytest.fixture
def admin(shop):
    return shop.admin("operations")


def test_a_webhook_is_made_with_a_secret_that_is_shown_once(clay):
    made = clay.do("createWebhook", body=hook(
        events=["sub_order_changed", "low_stock", "low_stock"], description="  Warehouse "))
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", made["secret"])
    assert len(base64.b64decode(made.pop("secret").removeprefix("whsec_"))) == 32
    assert made["events"] == ["low_stock", "sub_order_changed"]
    assert (made["description"], made["enabled"]) == ("Warehouse", True)
    assert made["failing_since"] is made["disabled_reason"] is None
    assert clay.do("getWebhook", webhook_id=made["id"]) == made
    assert clay.do("listWebhooks")["items"] == [made]


def test_two_have_two_secrets(clay):
    secrets = [clay.do("createWebhook", body=hook())["secret"] for _ in range(2)]
    assert secrets[0] != secrets[1]


def test_all_of_it_but_the_secret_is_replaced(clay):
    made = clay.do("createWebhook", body=hook(description="Old"))
    changed = clay.do("putWebhook", webhook_id=made["id"], body={
        "url": "https://new.example.com/", "events": ["message_sent"], "enabled": False})
    assert (changed["url"], changed["events"], changed["description"], changed["enabled"]) == \
        ("https://new.example.com/", ["message_sent"], "", False)
    assert changed["version"] == made["version"] + 1
    assert changed["secret_changed_at"] == made["secret_changed_at"]
    assert clay.do("getWebhook", webhook_id=made["id"]) == changed


def test_a_change_of_another_version_is_refused(clay):
    made = clay.do("createWebhook", body=hook())
    path = {"webhook_id": made["id"], "body": hook()}
    tag = clay.call("getWebhook", webhook_id=made["id"]).headers["ETag"]
    assert clay.call("putWebhook", headers={"If-Match": tag}, **path).status_code == 200
    refused(clay.call("putWebhook", headers={"If-Match": tag}, **path), 412)


def test_one_that_is_removed_is_gone_with_its_secrets(shop, clay):
    made = clay.do("createWebhook", body=hook())
    assert clay.call("deleteWebhook", webhook_id=made["id"]).status_code == 204
    for name in ("getWebhook", "deleteWebhook", "rotateWebhookSecret"):
        refused(clay.call(name, webhook_id=made["id"]), 404)
    refused(clay.call("putWebhook", webhook_id=made["id"], body=hook()), 404)
    assert shop.db.one("select count(*) from webhook_secret where webhook_id = %s", made["id"]) == 0


def test_there_are_twenty_of_a_vendor_and_twenty_of_the_platform(clay, admin):
    for _ in range(LIMIT):
        clay.do("createWebhook", body=hook())
    refused(clay.call("createWebhook", body=hook()), 409, "conflict")
    made = []
    while len(admin.do("listPlatformWebhooks")["items"]) < LIMIT:
        made.append(admin.do("createPlatformWebhook", body=platform_hook()))
    refused(admin.call("createPlatformWebhook", body=platform_hook()), 409, "conflict")
    for one in made:
        admin.call("deletePlatformWebhook", webhook_id=one["id"])


def test_another_secret_is_made_but_not_too_often(clay):
    made = clay.do("createWebhook", body=hook())
    seen = {made["secret"]}
    for _ in range(4):
        rotated = clay.do("rotateWebhookSecret", webhook_id=made["id"])
        seen.add(rotated["secret"])
    assert len(seen) == 5
    now = clay.do("getWebhook", webhook_id=made["id"])
    assert now["secret_changed_at"] == rotated["secret_changed_at"] > made["secret_changed_at"]
    refused(clay.call("rotateWebhookSecret", webhook_id=made["id"]), 409, "conflict")
    assert clay.do("getWebhook", webhook_id=made["id"]) == now


@pytest.mark.parametrize("url", [
    *BAD, "http://shop.example.com/", "https://127.0.0.1/", "https://ada:x@shop.example.com/",
    "ftp://shop.example.com/", "https://shop.example.com/\u00e9"])
def test_a_url_that_may_not_be_called_is_refused(clay, admin, url):
    refused(clay.call("createWebhook", body=hook(url=url)), 400, field="/url")
    refused(admin.call("createPlatformWebhook", body=platform_hook(url=url)), 400, field="/url")
    made = clay.do("createWebhook", body=hook())
    refused(clay.call("putWebhook", webhook_id=made["id"], body=hook(url=url)), 400, field="/url")


def test_events_are_those_of_the_owner(clay, admin):
    for kind in ("order_placed", "withheld", "upload_ready", "typing"):
        refused(clay.call("createWebhook", body=hook(events=["message_sent", kind])), 400,
                field="/events/1")
    for kind in ("message_sent", "note_added"):  # what is said to a vendor is not the platform's
        refused(admin.call("createPlatformWebhook", body=platform_hook(events=[kind])), 400,
                field="/events/0")
    refused(clay.call("createWebhook", body=hook(events=[])), 400, field="/events")
    schemas = contract.DOCUMENT["components"]["schemas"]
    assert len(clay.do("createWebhook", body=hook(
        events=schemas["VendorWebhookEvent"]["enum"]))["events"]) > 10


def test_no_role_that_answers_can_read_a_secret(shop, clay):
    clay.do("createWebhook", body=hook())
    readers = shop.db.rows(
        "select r as role from unnest(array['sebez_public', 'sebez_auth', 'sebez_customer', "
        "'sebez_vendor', 'sebez_admin', 'sebez_media', 'sebez_kernel', 'sebez_jobs']) r "
        "where has_any_column_privilege(r, 'webhook_secret', 'select')")
    assert [row["role"] for row in readers] == ["sebez_jobs"]


def test_nobody_sees_those_of_others(shop, clay, admin):
    other = shop.vendor()
    theirs = other.do("createWebhook", body=hook())["id"]
    platforms = admin.do("createPlatformWebhook", body=platform_hook())["id"]
    for id in (theirs, platforms):
        refused(clay.call("getWebhook", webhook_id=id), 404)
        refused(clay.call("putWebhook", webhook_id=id, body=hook()), 404)
        refused(clay.call("rotateWebhookSecret", webhook_id=id), 404)
        refused(clay.call("deleteWebhook", webhook_id=id), 404)
    refused(admin.call("getPlatformWebhook", webhook_id=theirs), 404)
    refused(admin.call("deletePlatformWebhook", webhook_id=theirs), 404)
    assert clay.do("listWebhooks")["items"] == []
    admin.call("deletePlatformWebhook", webhook_id=platforms)


def test_the_audit_log_says_who_did_what_but_has_no_address(shop, clay):
    body = hook(url="https://hooks.example.com/T0/very-secret")
    made = clay.do("createWebhook", body=body)
    clay.do("rotateWebhookSecret", webhook_id=made["id"])
    clay.call("deleteWebhook", webhook_id=made["id"])
    log = entries(shop, made["id"], "webhook")
    assert [entry["action"] for entry in log] == ["insert", "update", "delete"]
    assert "very-secret" not in str(log) and made["secret"] not in str(log)
    assert log[0]["after"]["host"] == "hooks.example.com"
