"""Processes die at random moments under order load. Whatever dies: every acknowledged order is
there whole, every other is there whole or not at all, and service returns by itself."""
import os
import pathlib
import random
import signal
import threading
import time

import pytest
import requests

from conftest import SEED
from harness.contract import Violation
from harness.shop import Shop, fresh

KILLS = int(os.environ.get("SEBEZ_TEST_KILLS", "5"))
BUYERS = 4
pytestmark = pytest.mark.plain
VICTIMS = {"api": "sebez api", "jobs": "sebez jobs", "redis": "redis-server",
           "postgres": "postgres"}


def command(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def victim_of(server, word, chance):
    """Of PostgreSQL the postmaster, of everything else whichever process is there."""
    while True:
        found = [pid for pid in server.family() if word in command(pid)
                 and (word != "postgres" or "-D" in command(pid))]
        if found:
            return chance.choice(found)
        time.sleep(0.05)  # its successor is about to start


class Buyer(threading.Thread):
    """Buys from several vendors until told to stop; remembers what was acknowledged."""

    def __init__(self, shop, goods, seed):
        super().__init__(daemon=True)
        self.customer = shop.customer()
        self.goods = goods
        self.random = random.Random(seed)
        self.done = threading.Event()
        self.placed = []
        self.refused = 0
        self.wrong = None

    def run(self):
        try:
            while not self.done.is_set():
                self.buy()
        except Exception as error:  # carried to the test's thread
            self.wrong = error

    def buy(self):
        cart, key = self.customer.cart(), fresh("key")
        try:
            for product in self.random.sample(self.goods, self.random.randint(1, 3)):
                cart.put(product, self.random.randint(1, 3))
            cart.quote()
            answer = cart.place(key=key, may_fail=True)
        except (requests.RequestException, Violation, AssertionError) as error:
            return self.after_failure(error)
        if answer.status_code == 201:
            self.placed.append(answer.json())
        else:
            self.after_failure(Violation(f"{answer.status_code} {answer.text}"))

    def after_failure(self, error):
        """503 with Retry-After, a lost connection, or an order that was placed by the try whose
        answer was lost; nothing else."""
        text = str(error)
        codes = ("unavailable", "overloaded", "cart_already_ordered", "request_in_progress",
                 "cart_empty")
        known = isinstance(error, requests.RequestException) or any(
            f'"code":"{code}"' in text for code in codes)
        if not known:
            raise error
        self.refused += 1
        self.done.wait(0.05)


def whole(db, order):
    """What an acknowledged order lacks in the database: nothing."""
    (row,) = db.rows(
        "select (select count(*) from sub_order s where s.order_id = o.id) as parts,"
        " (select count(*) from order_line l join sub_order s on s.id = l.sub_order_id"
        "  where s.order_id = o.id) as lines,"
        " o.total from shop_order o where o.id = %s", order["id"]) or [None]
    lines = sum(len(part["lines"]) for part in order["sub_orders"])
    expected = {"parts": len(order["sub_orders"]), "lines": lines,
                "total": order["total"]["amount"]}
    return None if row == expected else (order["number"], row, expected)


@pytest.mark.parametrize("victim", VICTIMS)
def test_a_killed_process_takes_no_acknowledged_order_with_it(own_server, victim):
    chance = random.Random(f"{SEED} {victim}")
    server = own_server(SEBEZ_LIMITS="no")
    shop = Shop(server)
    goods = [shop.product(stock=100_000) for _ in range(4)]
    buyers = [Buyer(shop, goods, chance.random()) for _ in range(BUYERS)]
    for buyer in buyers:
        buyer.start()

    for _ in range(KILLS):
        time.sleep(chance.uniform(0.2, 1.5))
        os.kill(victim_of(server, VICTIMS[victim], chance), signal.SIGKILL)
        server.wait_ready()
    before = sum(len(buyer.placed) for buyer in buyers)
    returned = time.monotonic() + 60  # by itself: every buyer places more
    while sum(len(buyer.placed) for buyer in buyers) < before + 2 * BUYERS:
        assert time.monotonic() < returned and all(buyer.is_alive() for buyer in buyers)
        time.sleep(0.1)
    for buyer in buyers:
        buyer.done.set()
    for buyer in buyers:
        buyer.join()

    assert [buyer.wrong for buyer in buyers if buyer.wrong] == []
    placed = [order for buyer in buyers for order in buyer.placed]
    server.db.close()  # what it knew may have been killed
    assert [lack for lack in (whole(server.db, order) for order in placed) if lack] == []
    assert server.db.check() == []
    print(f"{victim}: {KILLS} kills, {len(placed)} orders, "
          f"{sum(buyer.refused for buyer in buyers)} refused")
