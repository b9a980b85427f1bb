"""Processes die while money moves. Whatever dies: each move has happened with its journal, or has
not happened; nothing is paid, owed or released twice."""
import os
import random
import signal
import threading
import time

import psycopg2
import pytest
import requests

from conftest import SEED
from harness.contract import Violation
from harness.shop import Shop, fresh
from harness.wait import until
from test_faults import VICTIMS, victim_of

pytestmark = pytest.mark.plain
ORDERS = 24
KILLS = 3


def surely(call):
    """Repeats a call under one key until it is answered; what it did before is not done again."""
    key = fresh("key")
    while True:
        try:
            answer = call(key)
        except (requests.RequestException, Violation):
            time.sleep(0.05)
            continue
        if answer.status_code not in (409, 503) or "transition_not_allowed" in answer.text:
            return answer


class Clerk(threading.Thread):
    """Takes its orders from the payment to the release, or cancels and refunds them."""

    def __init__(self, shop, vendor, orders, seed):
        super().__init__(daemon=True)
        self.finance, self.vendor, self.orders = shop.admin("finance"), vendor, orders
        self.chance, self.cancelled, self.wrong = random.Random(seed), [], None

    def run(self):
        try:
            for order in self.orders:
                self.finish(order)
        except Exception as error:  # carried to the test's thread
            self.wrong = error

    def finish(self, order):
        self.admin("markPaymentReceived", order)
        if self.chance.random() < 0.4:
            self.move("cancelSubOrderByVendor", order, {"reason": "Broken"})
            self.admin("markRefunded", order, amount=order["total"])
            self.cancelled.append(order)
        else:
            for operation in ("acceptSubOrder", "shipSubOrder", "deliverSubOrder"):
                self.move(operation, order, {})

    def admin(self, operation, order, **body):
        surely(lambda key: self.finance.call(operation, order_id=order["id"], body=body, key=key,
                                             may_fail=True))

    def move(self, operation, order, body):
        part = self.vendor.part(order)["id"]
        surely(lambda key: self.vendor.call(operation, sub_order_id=part, body=body, key=key,
                                            may_fail=True))


VENDORS = 1500
EARNED = """
with v as (
	insert into vendor (id, slug, name, state)
	select gen_random_uuid(), 'v-' || n, 'V', 'approved' from generate_series(1, %s) n
	returning id
), a as (
	insert into payout_account (vendor_id, id, holder, country, iban, masked, entered_by,
	                            active_at)
	select id, gen_random_uuid(), 'V', 'DE', 'DE89370400440532013000', '3000', id, now()
	from v
), b as (
	insert into vendor_balance (vendor_id, currency) select id, 'USD' from v
), j as (
	insert into journal (id, cause_kind, cause_id, currency, vendor_id, actor)
	select id, 'debt_paid', id, 'USD', id, 'system' from v returning id
)
insert into journal_entry (journal_id, account, vendor_id, item, amount)
select j.id, e.account, e.vendor, 'debt', e.amount
from j cross join lateral (values ('bank', null, 777), ('available', j.id, -777))
	e (account, vendor, amount)"""


def answers(db):
    """Whether the database serves: what it knew may have been killed, and it may be recovering."""
    db.close()
    try:
        return db.one("select true")
    except psycopg2.OperationalError:
        return False


def work_through_kills(server, clerks, victim, chance, soonest, latest):
    """The threads work, and their victim is killed again and again; then everything is up."""
    for clerk in clerks:
        clerk.start()
    for _ in range(KILLS):
        clerks[0].join(chance.uniform(soonest, latest))
        os.kill(victim_of(server, VICTIMS[victim], chance), signal.SIGKILL)
        server.wait_ready()
    for clerk in clerks:
        clerk.join()
    server.wait_ready()
    until(lambda: answers(server.db))


@pytest.mark.parametrize("victim", ["api", "postgres"])
def test_a_run_that_is_killed_pays_nobody_twice(own_server, victim):
    """Two admins run payouts again and again, under keys of their own, while processes die."""
    chance = random.Random(f"{SEED} payouts {victim}")
    server = own_server(SEBEZ_LIMITS="no")
    shop = Shop(server)
    admins = [shop.admin("finance"), shop.admin("finance")]
    shop.db.rows(EARNED, VENDORS)
    counts = []

    def run(admin):
        while True:
            seen = surely(lambda key: admin.call("runPayouts", body={}, key=key,
                                                 may_fail=True)).json()
            counts.append(seen["count"])
            if not seen["count"]:
                return

    clerks = [threading.Thread(target=run, args=[admin], daemon=True) for admin in admins]
    work_through_kills(server, clerks, victim, chance, 0.05, 0.3)
    assert sum(counts) <= VENDORS  # the job may have made the others
    assert shop.db.rows("select count(*), count(distinct vendor_id) as vendors, "
                        "sum(amount)::bigint as total from payout") == [
        {"count": VENDORS, "vendors": VENDORS, "total": 777 * VENDORS}]
    assert shop.db.one("select count(*) from journal where cause_kind = 'payout_stamped'") \
        == VENDORS
    assert shop.check() == []


@pytest.mark.parametrize("victim", ["api", "jobs", "postgres"])
def test_a_killed_process_leaves_no_move_without_its_journal(own_server, victim):
    chance = random.Random(f"{SEED} {victim}")
    server = own_server(SEBEZ_LIMITS="no")
    shop = Shop(server)
    shop.db.rows("update platform set hold_days = 0")
    vendors = [shop.vendor(shipping=[("Gift", 0)]) for _ in range(2)]
    clerks = []
    for vendor in vendors:
        pot, customer = vendor.product(price=1000, stock=1000), shop.customer()
        for _ in range(2):
            orders = [customer.order(pot, method="manual") for _ in range(ORDERS // 4)]
            clerks.append(Clerk(shop, vendor, orders, chance.random()))
    work_through_kills(server, clerks, victim, chance, 0.1, 0.5)
    assert not [clerk.wrong for clerk in clerks if clerk.wrong]
    for vendor in vendors:
        kept = sum(len(c.orders) - len(c.cancelled) for c in clerks if c.vendor is vendor)
        until(lambda: vendor.do("getBalance")["available"]["amount"] == 900 * kept)
        assert vendor.do("getBalance")["pending"]["amount"] == 0
    assert shop.check() == []
