"""Notices while jobs processes die and compete: each person is told once of each event."""
import contextlib
import os
import random
import signal
import threading
import time

from conftest import SEED
from harness.devices import a_phone, registered
from harness.feed import members
from harness.notices import all_told, expected, followed
from harness.shop import Shop
from harness.sub_orders import good
from harness.talk import Talk

ORDERS = 12
MESSAGES = 40


def act(shop, rng):
    """Orders that go any way, and messages of both sides."""
    vendors = [shop.vendor() for _ in range(2)]
    for vendor in vendors:
        for role in rng.sample(["manager", "fulfilment", "support", "finance"], 2):
            vendor.staff(role)
    customers = [shop.customer() for _ in range(2)]
    for person in (*customers, *(vendor.owner for vendor in vendors)):
        registered(person, a_phone())
    goods = {vendor: vendor.product(stock=ORDERS) for vendor in vendors}
    talks = [Talk(shop, vendor, customer) for vendor in vendors for customer in customers]
    steps = [lambda: order_goes(rng, rng.choice(customers), rng.choice(vendors), goods)
             for _ in range(ORDERS)]
    steps += [lambda: rng.choice((Talk.ask, Talk.answer))(rng.choice(talks))
              for _ in range(MESSAGES)]
    rng.shuffle(steps)
    for step in steps:
        step()


def order_goes(rng, customer, vendor, goods):
    order = customer.order(goods[vendor])
    for step in (vendor.accept, vendor.ship, vendor.deliver)[:rng.randrange(4)]:
        good(step(order))
    if rng.random() < 0.3:
        customer.call("cancelOrder", order_id=order["id"], body={"reason": "A test"})


def disturb(server, rng, done):
    """Other followers, whose transactions commit or not, and a jobs process that is killed."""
    with contextlib.closing(server.db.connect("sebez_jobs")) as other:
        while not done.is_set():
            with other.cursor() as cursor:
                cursor.execute("select * from notices_follow(%s)", (rng.choice((1, 3, 500)),))
                cursor.execute("select pg_sleep(%s)", (rng.random() * 0.05,))
            other.commit() if rng.random() < 0.5 else other.rollback()
            if rng.random() < 0.1:
                for pid in members(server, "jobs"):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            time.sleep(rng.random() * 0.1)


def test_each_person_is_told_once_of_each_event_whatever_dies(own_server):
    print("seed", SEED)
    own_shop = Shop(own_server())
    rng, done = random.Random(SEED), threading.Event()
    server, db = own_shop.server, own_shop.db
    disturber = threading.Thread(target=disturb, args=(server, random.Random(SEED + 1), done))
    disturber.start()
    try:
        act(own_shop, rng)
    finally:
        done.set()
        disturber.join()
    followed(db)
    # When a vendor was approved, it had none of this staff.
    wanted = [one for one in expected(db) if one[3] != "vendor_status_changed"]
    found = {one: n for one, n in all_told(db).items() if one[3] != "vendor_status_changed"}
    assert len(wanted) > ORDERS + MESSAGES and len(set(wanted)) == len(wanted)
    assert found == dict.fromkeys(wanted, 1)
