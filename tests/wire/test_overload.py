"""A part that is slow, full or gone: answers stay honest, and service returns by itself."""
import concurrent.futures
import contextlib
import os
import random
import signal
import threading
import time

import requests

from harness.client import refused
from harness.feed import SOON, Device, members
from harness.sessions import credentials
from harness.shop import Shop, fresh
from test_faults import VICTIMS, command, victim_of


@contextlib.contextmanager
def frozen(server, *words):
    """All processes of the server that have one of the words in their command, stopped."""
    pids = [pid for pid in server.family() if any(word in command(pid) for word in words)]
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


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


def catch_up(device, answers):
    """Polls until it is answered, and comes back when it is told to."""
    end = time.monotonic() + 4 * SOON
    while time.monotonic() < end:
        response = requests.get(
            f"{device.actor.server.url}/v1/events", timeout=60, params={"after": device.cursor},
            headers={"Authorization": f"Bearer {device.actor.access_token}"})
        answers.append(response)
        if response.status_code == 200:
            return response.json()["items"]
        time.sleep(int(response.headers["Retry-After"]))
    raise AssertionError("it never got in")


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
    answers, crowd = [], 1500  # more than there are fibers
    with concurrent.futures.ThreadPoolExecutor(crowd) as pool:
        with frozen(shop.server, VICTIMS["postgres"]):
            asked = [pool.submit(catch_up, devices[n % len(devices)], answers)
                     for n in range(crowd)]
            end = time.monotonic() + SOON
            while not any(a.status_code == 503 for a in answers) and time.monotonic() < end:
                time.sleep(0.05)
        pages = [each.result() for each in asked]
    assert all([e["kind"] for e in page] == ["order_placed"] for page in pages)
    assert {a.status_code for a in answers} == {200, 503}
    waits = {int(a.headers["Retry-After"]) for a in answers if a.status_code == 503}
    assert min(waits) >= 1 and len(waits) > 1, "all would come back together"


def test_a_key_whose_process_died_is_taken_over_once_its_lease_is_over(own_server):
    server = own_server(SEBEZ_PROCESSES="1")
    shop = Shop(server)
    mug = shop.product(stock=10)
    customer = shop.customer()
    cart, key = customer.cart((mug, 2)), fresh("key")
    lost = []

    def place():
        try:
            lost.append(cart.place(key=key, may_fail=True).status_code)
        except requests.RequestException as error:
            lost.append(type(error).__name__)

    with server.db.connect() as other, other.cursor() as cursor:
        cursor.execute("select 1 from variant where id = %s for update", [mug.variant])
        thread = threading.Thread(target=place)
        thread.start()  # claims the key, then waits for the variant
        deadline = time.monotonic() + 30
        while not server.db.one("select count(*) from pg_locks where not granted"):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.kill(victim_of(server, VICTIMS["api"], random), signal.SIGKILL)
        server.db.rows("select pg_terminate_backend(pid) from pg_locks where not granted")
    thread.join()
    server.wait_ready()
    assert lost != [201]
    refused(cart.place(key=key), 409, "request_in_progress")
    server.db.rows("update idempotency_key set lease_until = now() where key = %s", key)
    again = cart.place(key=key)
    assert again.status_code == 201, again.text
    assert mug.available == 8 and len(customer.all("listOrders")) == 1
