"""Webhooks while receivers, and we ourselves, fail."""
import contextlib
import os
import signal
import threading

import pytest

from conftest import serving
from harness.feed import members
from harness.receiver import CALLING, receiving
from harness.shop import Shop
from harness.wait import until
from test_webhooks_sending import attempted, delivery, hooked, hurry, path


@pytest.fixture(scope="module")
def shop():
    with serving(**CALLING) as server:
        yield Shop(server)


@pytest.fixture
def site():
    with receiving() as site:
        yield site


def states(shop, webhook):
    return [row["state"] for row in shop.db.rows(
        "select state from webhook_delivery where webhook_id = %s", webhook["id"])]


def followed(shop, webhook, count):
    until(lambda: shop.db.rows("select webhooks_follow(500)") is not None
          and len(states(shop, webhook)) >= count)


def test_a_receiver_that_was_down_gets_all_when_it_is_back(shop):
    clay = shop.vendor()
    mug, customer = clay.product(stock=100), shop.customer()
    with receiving() as site:
        port = site.port
        made = hooked(clay, site, "/down")
    for _ in range(8):
        customer.order(mug)
    followed(shop, made, 8)
    until(lambda: "left alone for a while" in shop.server.log.read_text()
          or hurry(shop, made), 120)
    with receiving(port) as site:
        site.url("/down", 204)
        until(lambda: hurry(shop, made) or set(states(shop, made)) == {"delivered"}, 180)
        assert len({call.id for call in site.got("/down")}) == 8
    assert clay.do("getWebhook", webhook_id=made["id"])["failing_since"] is None


def test_what_a_killed_process_was_sending_arrives_with_the_same_id(shop, site):
    clay = shop.vendor()
    go = threading.Event()
    made = hooked(clay, site, "/held", go, 204)
    shop.customer().order(clay.product(stock=5))
    (first,) = site.wait("/held", 1)
    (jobs,) = members(shop.server, "jobs")
    os.kill(jobs, signal.SIGKILL)
    go.set()
    # As if the lease had ended.
    until(lambda: jobs not in members(shop.server, "jobs"))
    until(lambda: hurry(shop, made) or states(shop, made) == ["delivered"])
    assert {call.id for call in site.got("/held")} == {first.id}
    assert str(delivery(shop, made)["id"]) == first.id


def test_events_are_told_to_each_webhook_although_jobs_are_killed(shop, site):
    clay = shop.vendor()
    hooks = [hooked(clay, site, f"/{n}") for n in range(3)]
    mug, customer = clay.product(stock=100), shop.customer()
    for _ in range(6):
        customer.order(mug)
        for jobs in members(shop.server, "jobs"):
            os.kill(jobs, signal.SIGKILL)
    for n, made in enumerate(hooks):
        until(lambda made=made: hurry(shop, made) or states(shop, made) == 6 * ["delivered"], 180)
        assert len({call.id for call in site.got(f"/{n}")}) == 6


def test_what_dies_in_its_last_attempt_has_failed_when_its_lease_ends(shop, site):
    clay = shop.vendor()
    made = hooked(clay, site, "/last", 500)
    shop.customer().order(clay.product(stock=5))
    row = attempted(shop, made, 1)
    shop.db.rows("update outbox set attempts = 10, failed_with = null, due_at = now() "
                 "where topic = 'webhooks' and subject_id = %s", row["id"])
    until(lambda: states(shop, made) == ["failed"])
    until(lambda: shop.db.one("select count(*) = 0 from outbox where subject_id = %s", row["id"]))
    assert delivery(shop, made)["next_attempt_at"] is None and len(site.got("/last")) == 1


def test_slow_receivers_delay_only_themselves(shop, site):
    """More of them than there are fibers, with more to get than a quick vendor waits for."""
    go = threading.Event()
    slow = [shop.vendor() for _ in range(2)]
    mugs, customer = [vendor.product(stock=100) for vendor in slow], shop.customer()
    quick = shop.vendor()
    cup = quick.product(stock=5)
    with contextlib.ExitStack() as stack:
        stuck = [stack.enter_context(receiving()) for _ in range(20)]
        for vendor in slow:
            for one in stuck:
                hooked(vendor, one, "/slow", go)
        for _ in range(4):
            customer.order(*mugs)

        def held():
            return sum(len(one.got("/slow")) for one in stuck)

        until(lambda: held() >= 32)
        mine = hooked(quick, site, "/quick")
        shop.customer().order(cup)
        site.wait("/quick", 1)
        assert held() < 40 * 4, "it came behind all that the slow ones are told"
        until(lambda: states(shop, mine) == ["delivered"])
        for vendor in slow:
            for hook in vendor.do("listWebhooks")["items"]:
                vendor.call("deleteWebhook", webhook_id=hook["id"])
        go.set()


def test_an_answer_that_is_too_late_is_a_failure(shop, site):
    clay = shop.vendor()
    go = threading.Event()
    made = hooked(clay, site, "/late", go, 204)
    shop.customer().order(clay.product(stock=5))
    row = attempted(shop, made, 1)
    go.set()
    assert (row["log"][0]["status"], row["log"][0]["error"]) == (None, "timed_out")
    hurry(shop, made)
    until(lambda: states(shop, made) == ["delivered"])


def test_no_call_goes_into_our_own_network():
    """The address is looked at when it is called: a name may lead anywhere."""
    with serving() as server, receiving() as site:
        shop = Shop(server)
        clay = shop.vendor()
        made = clay.do("createWebhook", body={
            "url": "https://receiver.example.com/hook", "events": ["sub_order_changed"]})
        # As a name that resolves to it.
        shop.db.rows("update webhook set url = %s where id = %s", site.url("/inside"), made["id"])
        shop.customer().order(clay.product(stock=5))
        row = attempted(shop, made, 1)
        assert (row["log"][0]["status"], row["log"][0]["error"]) == (None, "refused_address")
        assert site.got("/inside") == []


def test_a_redirect_into_our_own_network_is_not_followed(shop, site):
    clay = shop.vendor()
    with receiving() as inside:
        target = inside.url("/metadata")
        made = hooked(clay, site, "/redirect", (302, {"Location": target}))
        shop.customer().order(clay.product(stock=5))
        row = attempted(shop, made, 1)
        assert row["log"][0]["status"] == 302
        assert inside.got("/metadata") == []


def test_who_opts_out_is_called_no_more(shop, site):
    clay = shop.vendor()
    where = path()
    made = hooked(clay, site, where, 500)
    shop.customer().order(clay.product(stock=5))
    attempted(shop, made, 1)
    assert clay.call("deleteWebhook", webhook_id=made["id"]).status_code == 204
    hurry(shop, made)
    until(lambda: shop.db.one("select count(*) from outbox where subject_id in (select id from "
                              "webhook_delivery where webhook_id = %s)", made["id"]) == 0)
    shop.customer().order(clay.product(stock=5))
    shop.db.let_effects_leave()
    assert len(site.got(where)) == 1
