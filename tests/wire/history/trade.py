"""Orders go on beside the talk, so that every kind of event is in the feeds: placed, paid, moved,
stock that runs low, vendors that are suspended; and conversations about orders are opened."""
import threading
import time

import requests
from harness.contract import Violation
from harness.shop import fresh

from .world import STUBBORN_S

TALKS_MAX = 24  # a sync tells of the latest 100 of each owner


class Trader(threading.Thread):
    def __init__(self, world, shop, vendors, customers):
        """vendors, customers: (the harness's object, its Owner)."""
        super().__init__(daemon=True)
        self.world = world
        self.shop = shop
        self.vendors = vendors
        self.customers = customers
        self.dice = world.dice("trade")
        self.goods = {vendor.id: vendor.product(stock=6) for vendor, _ in vendors}
        self.admin = shop.admin()
        self.done = threading.Event()
        self.talks = self.placed = self.failed = 0
        self.wrong = None

    def run(self):
        turn = 0
        while not self.done.is_set():
            turn += 1
            try:
                self.suspend() if turn % 12 == 6 else self.trade()
            except (requests.RequestException, Violation, AssertionError):
                self.failed += 1
            except Exception as error:  # carried to the test's thread
                self.wrong = error
                return
            self.done.wait(self.dice.uniform(0.1, 0.8))

    def trade(self):
        (vendor, of_vendor), (customer, of_customer) = (
            self.dice.choice(self.vendors), self.dice.choice(self.customers))
        product = self.goods[vendor.id]
        if self.dice.random() < 0.5:
            vendor.call("setVariantStock", variant_id=product.variant, body={"available": 7},
                        may_fail=True, timeout=5)
        method = self.dice.choice(("manual", "cash_on_delivery"))
        placed = customer.cart((product, 2)).place(method=method, key=fresh("key"), may_fail=True)
        assert placed.status_code == 201, placed.text
        self.placed += 1
        order, part = placed.json(), vendor.part(placed.json())
        if self.talks < TALKS_MAX and self.dice.random() < 0.4:
            opened = until_known(customer, "openConversation", (200, 201), body={
                "vendor_id": vendor.id, "sub_order_id": part["id"]})
            self.world.open_talk(opened["id"], of_customer, of_vendor)
            self.talks += 1
        if method == "manual":
            self.admin.call("markPaymentReceived", order_id=order["id"], body={}, may_fail=True)
        if self.dice.random() < 0.2:
            customer.call("cancelOrder", order_id=order["id"], body={}, may_fail=True)
            return
        for step in (vendor.accept, vendor.pack):
            step(order, may_fail=True)
        vendor.call("shipSubOrder", sub_order_id=part["id"], body={}, may_fail=True)
        if self.dice.random() < 0.5:
            customer.call("confirmDelivery", sub_order_id=part["id"], body={}, may_fail=True)

    def suspend(self):
        vendor, _ = self.dice.choice(self.vendors)
        self.admin.call("suspendVendor", vendor_id=vendor.id, body={"reason": "A test"},
                        may_fail=True)
        until_known(self.admin, "reinstateVendor", (200, 409), vendor_id=vendor.id, body={})


def until_known(actor, operation, good, **arguments):
    """Asks until there is an answer: the other side was told of what nobody has acknowledged."""
    end = time.monotonic() + STUBBORN_S
    while True:
        try:
            answer = actor.call(operation, may_fail=True, timeout=5, **arguments)
            if answer.status_code in good:
                return answer.json()
        except (requests.RequestException, Violation):
            pass
        assert time.monotonic() < end, f"{operation} {arguments} was never answered"
        time.sleep(0.1)
