"""Providers across HTTP while processes die: nobody pays twice, or gets their money back twice."""
import contextlib
import os
import random
import signal
import threading

import pytest
import requests

from conftest import SEED
from harness.payment_fakes import Chapa, Stripe, settings
from harness.wait import until
from test_faults import VICTIMS, victim_of
from test_money_faults import surely
from test_payment_providers import Scene


class Payer(threading.Thread):
    """Pays its orders, cancels some of them; each call is repeated until it is answered."""

    def __init__(self, scene, method, orders, seed):
        super().__init__(daemon=True)
        self.scene, self.method, self.orders = scene, method, orders
        self.chance, self.wrong, self.cancelled = random.Random(seed), None, []

    def run(self):
        try:
            for customer, order in self.orders:
                self.pay(customer, order)
        except Exception as error:  # carried to the test's thread
            self.wrong = error

    def pay(self, customer, order):
        fake, finished = self.scene.fakes[self.method], False
        while not finished:
            made = surely(lambda key: customer.call(
                "createPaymentAttempt", order_id=order["id"], body={}, key=key, may_fail=True))
            if made.status_code != 201 or made.json()["status"] in ("failed", "cancelled"):
                continue
            made = made.json()
            fake.pay(made["id"])
            with contextlib.suppress(requests.ConnectionError):  # to one that is killed
                fake.tell(self.scene.server.url, made["id"])  # before anybody asks, or to nobody
            seen = surely(lambda key: customer.call(
                "checkPaymentAttempt", order_id=order["id"], attempt_id=made["id"], may_fail=True))
            finished = seen.json()["status"] in ("captured", "unknown", "needs_action")
        if self.chance.random() < 0.4:
            surely(lambda key: customer.call("cancelOrder", order_id=order["id"], body={}, key=key,
                                             may_fail=True))
            self.cancelled.append(order)


@pytest.fixture
def fakes():
    """Chapa and Stripe, which outlive a server that is started after them: its check asks them."""
    both = Chapa(), Stripe()
    yield both
    for fake in both:
        fake.close()


@pytest.mark.plain
@pytest.mark.parametrize("victim", ["api", "jobs"])
def test_a_killed_process_loses_no_payment_and_makes_none_twice(fakes, own_server, victim):
    """Both processes of the api, the job, webhooks and a provider that loses answers, at once."""
    chance = random.Random(f"{SEED} payments {victim}")
    chapa, stripe = fakes
    scene = Scene(own_server(SEBEZ_LIMITS="no", **settings(chapa, stripe)), chapa, stripe)
    shop, lost = scene.shop, random.Random(f"{SEED} {victim} lost")
    payers = [Payer(scene, method, [scene.order(method) for _ in range(8)], chance.random())
              for method in ("chapa", "stripe") for _ in range(2)]
    for fake in (chapa, stripe):
        fake.lose = lambda verb, path: lost.random() < 0.15
    for payer in payers:
        payer.start()
    for _ in range(3):
        payers[0].join(chance.uniform(0.2, 0.8))
        os.kill(victim_of(scene.server, VICTIMS[victim], chance), signal.SIGKILL)
        scene.server.wait_ready()
    for payer in payers:
        payer.join()
    assert not [payer.wrong for payer in payers if payer.wrong]
    for fake in (chapa, stripe):
        fake.lose = lambda verb, path: False
    scene.server.wait_ready()
    shop.db.close()  # what it knew may have been killed

    def is_over():
        """What the job and the outbox would do by themselves, sooner."""
        shop.db.rows("update payment_attempt set ask_at = now(), created_at = created_at - "
                     "interval '1 hour' where state in ('created', 'unknown', 'needs_action')")
        shop.db.rows("update outbox set due_at = now() + interval '2 s' "
                     "where topic = 'payment_refunds' and due_at > now() + interval '5 s'")
        return not shop.db.one(
            "select exists (select from payment_attempt "
            "where state in ('created', 'unknown', 'needs_action')) or "
            "exists (select from payment_refund where state = 'pending') or "
            "exists (select from payment where state = 'refund_due')")
    until(is_over, 90)
    for payer in payers:
        for customer, order in payer.orders:
            is_cancelled = order in payer.cancelled
            assert customer.see(order)["status"] == ("cancelled" if is_cancelled else "placed")
    kept = [(payer.method, len(payer.orders) - len(payer.cancelled)) for payer in payers]
    came = {"chapa": sum(float(p["amount"]) for p in chapa.payments.values()
                         if p["status"] == "success"),
            "stripe": sum(i["amount_received"] for i in stripe.intents.values()) / 100}
    for fake, method, unit in ((chapa, "chapa", 1), (stripe, "stripe", 100)):
        assert came[method] - fake.refunded() / unit == 15 * sum(
            count for name, count in kept if name == method)
        assert shop.db.one("select coalesce(sum(e.amount), 0) from journal_entry e "
                           "where e.account = %s", f"provider:{method}") == 1500 * sum(
            count for name, count in kept if name == method)
    assert shop.check() == []
