"""A part that is slow, full or gone: answers stay honest, and service returns by itself."""
import asyncio
import concurrent.futures
import contextlib
import json
import os
import re
import signal

import pytest
import requests

from harness.feed import Device, members
from harness.sessions import credentials
from harness.shop import Shop
from harness.wait import PATIENCE_S, until
from test_faults import VICTIMS, command


@contextlib.contextmanager
def frozen(server, *words):
    """All processes of the server that have one of the words in their command, stopped."""
    pids = [pid for pid in server.family() if any(word in command(pid) for word in words)]
    assert pids
    try:
        signal_living(pids, signal.SIGSTOP)
        yield
    finally:
        signal_living(pids, signal.SIGCONT)


def signal_living(pids, number):
    """A backend may end meanwhile, as its client was killed."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def test_guessing_is_throttled_when_redis_does_not_answer(own_server):
    server = own_server(SEBEZ_PROCESSES="1")
    shop = Shop(server)
    person = shop.customer()
    server.forget_limits()
    guesser = shop.anonymous()
    guesser.patient = False
    guess = {"email": person.account["email"], "password": "wrong wrong"}
    with frozen(server, VICTIMS["redis"]):
        codes = [guesser.call("login", body=guess).status_code for _ in range(12)]
    assert codes[:10] == 10 * [401] and codes[-1] == 429


def test_a_sign_in_that_fails_in_the_server_is_not_counted_as_a_guess(own_server):
    server = own_server(SEBEZ_PROCESSES="1")
    right = credentials(Shop(server).customer())

    def sign_in():
        return requests.post(server.url + "/v1/auth/login", json=right, timeout=60).status_code

    server.forget_limits()
    server.db.rows("revoke select on account from sebez_auth")
    codes = [sign_in() for _ in range(12)]
    server.db.rows("grant select on account to sebez_auth")
    assert codes == 12 * [500]
    assert sign_in() == 200


def test_a_database_that_hangs_is_answered_with_503_until_it_goes_on(own_server):
    server = own_server(SEBEZ_CACHE="no", SEBEZ_PROCESSES="1")
    product = Shop(server).product()
    url = f"{server.url}/v1/products/{product.id}"

    def ask(_):
        return requests.get(url, timeout=60)

    crowd = 1500  # more than there are fibers
    with concurrent.futures.ThreadPoolExecutor(crowd) as pool:
        with frozen(server, VICTIMS["postgres"]):
            asked = [pool.submit(ask, n) for n in range(crowd)]
            first = next(concurrent.futures.as_completed(asked)).result()
            assert requests.get(server.url + "/healthz", timeout=20).status_code == 200
        answers = [each.result() for each in asked]
    assert first.status_code == 503
    assert {a.status_code for a in answers} <= {200, 503}
    assert all(int(a.headers["Retry-After"]) > 0 for a in answers if a.status_code == 503)
    server.wait_ready()
    assert ask(0).status_code == 200


def test_at_its_deadline_every_request_is_answered_though_the_database_hangs(own_server):
    server = own_server(SEBEZ_CACHE="no", SEBEZ_PROCESSES="1")
    shop = Shop(server)
    vendor = shop.vendor()
    product = vendor.product(stock=5)
    customer = shop.customer()
    cart = customer.cart((product, 1))
    cart.quote()
    assert server.stop() == []  # until here a slow machine may take its time
    server.environment |= {"SEBEZ_REQUEST_TIMEOUT_MS": "2000",
                           "SEBEZ_STATEMENT_TIMEOUT_MS": "600000"}
    server.start()
    calls = [lambda: shop.anonymous().call("getProduct", product_id=product.id, may_fail=True),
             lambda: customer.call("listOrders", may_fail=True),
             lambda: cart.place(key="in-doubt", may_fail=True),
             lambda: vendor.call("updateVendorProduct", product_id=product.id, may_fail=True,
                                 body={"title": "Mug"})]
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        with frozen(server, VICTIMS["postgres"]):
            answers = [each.result() for each in [pool.submit(call) for call in calls]]
    assert [answer.status_code for answer in answers] == len(calls) * [503]
    server.wait_ready()
    until(lambda: customer.call("listOrders", may_fail=True).status_code == 200)


@pytest.mark.parametrize("victim, status", [("postgres", 503), ("redis", 200)])
def test_readiness_is_told_though_a_service_hangs(own_server, victim, status):
    server = own_server(SEBEZ_PROCESSES="1", SEBEZ_REQUEST_TIMEOUT_MS="600000",
                        SEBEZ_STATEMENT_TIMEOUT_MS="600000")
    with frozen(server, VICTIMS[victim]):
        for _ in range(3):
            assert requests.get(server.url + "/readyz", timeout=20).status_code == status
    server.wait_ready()


async def poll(device):
    """One poll on a connection of its own: status, Retry-After and body."""
    server = device.actor.server
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(f"GET /v1/events?after={device.cursor} HTTP/1.1\r\nHost: test\r\n"
                 f"Authorization: Bearer {device.actor.access_token}\r\n"
                 "Connection: close\r\n\r\n".encode())
    head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
    writer.close()
    wait = re.search(rb"\r\nRetry-After: (\d+)", head)
    return int(head.split()[1]), int(wait[1]) if wait else None, body


async def catch_up(device, refused_once, waits):
    """Polls until it is answered, and comes back when it is told to."""
    for _ in range(60):
        status, wait, body = await poll(device)
        if status == 200:
            return json.loads(body)["items"]
        assert status == 503
        waits.add(wait)
        refused_once.set()
        await asyncio.sleep(wait)
    raise AssertionError("it never got in")


async def storm(server, devices, count):
    """Many clients poll at once while PostgreSQL is stopped, until the first was refused. Returns
    what each was told in the end, and how long those who were refused were told to wait. They share
    a thread: as many threads of Python would starve each other."""
    refused_once, waits = asyncio.Event(), set()
    with frozen(server, VICTIMS["postgres"]):
        clients = [asyncio.create_task(catch_up(devices[n % len(devices)], refused_once, waits))
                   for n in range(count)]
        await asyncio.wait_for(refused_once.wait(), PATIENCE_S)
    return await asyncio.gather(*clients), waits


def test_in_a_storm_all_who_obey_retry_after_catch_up(own_server):
    shop = Shop(own_server(SEBEZ_PROCESSES="1"))
    product = shop.product(stock=100)
    devices = [Device(shop.customer()) for _ in range(20)]
    for device in devices:
        device.actor.order(product)
    (serves,) = members(shop.server)
    os.kill(serves, signal.SIGKILL)
    shop.server.wait_ready()
    shop.server.redis().flushall()
    pages, waits = asyncio.run(storm(shop.server, devices, 1500))  # more than there are fibers
    assert all([e["kind"] for e in page] == ["order_placed"] for page in pages)
    assert min(waits) >= 1 and len(waits) > 1, "all would come back together"
