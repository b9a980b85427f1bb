"""People who go on whatever fails: they repeat a request with the same key until there is an answer
that says what became of it, as an app does it, and remember what was acknowledged."""
import threading
import time

import requests

from .contract import Violation
from .shop import ADDRESS, fresh

ANSWER_S = 30  # nobody is left without an answer for longer


class Persistent(threading.Thread):
    pace_s = 0    # between what it does
    servers = ()  # each request goes to another one, as through a balancer; none: to the actor's

    def __init__(self):
        super().__init__(daemon=True)
        self.done = threading.Event()
        self.acknowledged = []
        self.times = []      # when
        self.troubles = []   # (status or exception, code or text) of what had to be repeated
        self.wrong = None

    def run(self):
        try:
            while not self.done.is_set():
                self.act()
                self.done.wait(self.pace_s)
        except Exception as error:  # carried to the test's thread
            self.wrong = error

    def ask(self, actor, operation_id, **arguments):
        """The answer's JSON; None when told to stop before there was one."""
        while not self.done.is_set():
            if self.servers:
                actor.server = next(self.servers)
            try:
                response = actor.call(operation_id, may_fail=True, timeout=ANSWER_S, **arguments)
            except (requests.RequestException, Violation) as error:
                self.troubles.append((type(error).__name__, str(error)))
            else:
                if response.status_code < 300:
                    return response.json()
                code = response.json()["code"]
                self.troubles.append((response.status_code, code))
                assert response.status_code == 503 or code == "request_in_progress", response.text
            self.done.wait(0.1)
        return None

    def remember(self, answer):
        if answer is not None:
            self.acknowledged.append(answer)
            self.times.append(time.monotonic())

    def gaps(self):
        """Seconds between successes."""
        return [after - before for before, after in zip(self.times, self.times[1:])]

    def left_waiting(self):
        """Requests that got no answer in time."""
        return [text for kind, text in self.troubles if kind in ("ReadTimeout", "Timeout")]


class Buyer(Persistent):
    """Orders one of each."""

    def __init__(self, shop, *goods):
        super().__init__()
        self.customer = shop.customer()
        self.goods = goods

    def act(self):
        key = fresh("key")
        for product in self.goods:
            self.ask(self.customer, "putCartLine", variant_id=product.variant, body={"quantity": 1})
        quote = self.ask(self.customer, "quoteCart", body={"shipping_address": ADDRESS})
        if quote is not None:
            self.remember(self.ask(self.customer, "placeOrder", key=key, body={
                "quote_total": quote["total"], "shipping_address": ADDRESS,
                "payment": {"method": "cash_on_delivery"}}))

    def lacks(self, db):
        """What was acknowledged and is not there, or there and was not acknowledged: nothing. The
        last may have been placed without an answer, when it was told to stop."""
        there = [str(row["id"]) for row in db.rows(
            "select id from shop_order where account_id = %s order by id", self.customer.id)]
        known = [order["id"] for order in self.acknowledged]
        return [] if known in (there, there[:-1]) else sorted(set(known) ^ set(there))


class Writer(Persistent):
    """Writes messages to a vendor."""

    def __init__(self, shop, vendor):
        super().__init__()
        self.customer = shop.customer()
        self.conversation = self.customer.do(
            "openConversation", body={"vendor_id": vendor.id})["id"]

    def act(self):
        self.remember(self.ask(self.customer, "sendMessage", conversation_id=self.conversation,
                               body={"client_id": fresh("c"), "text": "Is it blue?"}))

    def lacks(self, db):
        there = [str(row["id"]) for row in db.rows(
            "select id from message where conversation_id = %s order by seq", self.conversation)]
        known = [message["id"] for message in self.acknowledged]
        return [] if known in (there, there[:-1]) else sorted(set(known) ^ set(there))


def raise_wrong(people):
    for one in people:
        if one.wrong:
            raise one.wrong


def more(people, count=1):
    """Whether each of them has succeeded so often since this was called, as a function to ask."""
    before = [len(one.acknowledged) for one in people]

    def is_so():
        raise_wrong(people)
        return all(len(one.acknowledged) >= n + count for one, n in zip(people, before))
    return is_so


def stop(people):
    for one in people:
        one.done.set()
    for one in people:
        one.join()
    raise_wrong(people)
