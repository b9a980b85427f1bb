"""The feed goes on, whatever dies."""
import contextlib
import os
import signal
import time

import psycopg2
import pytest
import requests
from harness.client import Actor
from harness.feed import SOON, Device, begin_polls, in_background, members
from harness.shop import Shop, fresh
from history.faults import command


def test_the_feed_goes_on_when_redis_is_emptied(shop):
    customer, product = shop.customer(), shop.product()
    me = Device(customer)
    customer.order(product)
    shop.server.redis().flushall()
    customer.order(product)
    me.until(2)


@pytest.fixture
def broken(own_server):
    """A shop of its own, to break."""
    return Shop(own_server())


def pid_of_redis(server):
    return int(server.redis().info("server")["process_id"])


def test_the_feed_goes_on_without_redis_and_when_it_is_back(broken):
    customer, product = broken.customer(), broken.product()
    devices = [Device(customer) for _ in range(4)]
    os.kill(pid_of_redis(broken.server), signal.SIGKILL)
    waiting = [in_background(lambda device=d: device.poll(wait=30)) for d in devices]
    customer.order(product)
    assert all(len(wait()["items"]) == 1 for wait in waiting)
    for n in range(2, 6):
        customer.order(product)
        for device in devices:
            device.until(n)


def test_what_one_reader_finds_those_who_wait_learn(own_server):
    """Nobody tells of these events, and the sweep may find them already known."""
    shop = Shop(own_server(SEBEZ_PROCESSES=1))
    customer = shop.customer()
    customer.order(shop.product())
    waiting_one = Device(customer)
    event = shop.db.rows("select kind, payload::text from event where owner_id = %s",
                         customer.id)[0]
    for _ in range(5):
        waiting_one.poll()
        (waiting,) = begin_polls([waiting_one])
        other = Actor(shop.server)
        other.login(customer.account["email"], customer.password)
        shop.db.rows("select * from feed_flush(%s)",
                     "".join(f"{field}\x1f" for field in (customer.id, *event.values())))
        other.do("getEvents", after=waiting_one.cursor)
        assert len(waiting()["items"]) == 1


def test_a_redis_that_hangs_costs_no_event(broken):
    customer, product = broken.customer(), broken.product()
    devices = [Device(customer) for _ in range(4)]
    pid = pid_of_redis(broken.server)
    os.kill(pid, signal.SIGSTOP)
    try:
        waiting = [in_background(lambda device=d: device.poll(wait=30)) for d in devices]
        customer.order(product)
        assert all(len(wait()["items"]) == 1 for wait in waiting)
    finally:
        os.kill(pid, signal.SIGCONT)
    customer.order(product)
    for device in devices:
        device.until(2)


def test_a_process_that_has_not_heard_of_an_event_does_not_say_resync(broken):
    """Whom one process has told comes to another one, before Redis or the sweep have told that."""
    customer, product = broken.customer(), broken.product()
    lines = [Device(customer) for _ in range(8)]
    for line in lines:
        line.actor = broken_off(customer)
    for line in lines * 2:
        line.poll()
    pid = pid_of_redis(broken.server)
    os.kill(pid, signal.SIGSTOP)
    try:
        for _ in range(4):
            customer.order(product)
            ahead = lines[0]
            while not ahead.poll()["items"]:
                pass
            for line in lines:
                page = line.actor.do("getEvents", after=ahead.cursor)
                assert (page["items"], page["resync"]) == ([], False)
    finally:
        os.kill(pid, signal.SIGCONT)


def pids_of(server, word):
    """Of the server's processes whose command has this word."""
    return [pid for pid in server.family() if word in command(pid)]


def next_transaction(db):
    return int(db.one("select pg_snapshot_xmax(pg_current_snapshot())::text"))


def test_transactions_whose_numbers_come_again_after_a_crash_hide_no_event(broken):
    """What was rolled back just before a crash is not in the log, and its numbers come again: below
    what the sweeps have seen already."""
    customer, db = broken.customer(), broken.db
    talk = customer.do("openConversation", body={"vendor_id": broken.vendor().id})
    devices = [Device(customer) for _ in range(8)]
    for device in devices:
        device.actor = broken_off(customer)
    for device in devices * 2:
        device.poll()
    time.sleep(2)  # until nothing is left to be written
    db.rows("delete from outbox")  # mails that wait for a mail server are postponed again and again
    waiting = [in_background(lambda device=d: device.poll(wait=40)) for d in devices]
    stopped = [pid_of_redis(broken.server), *pids_of(broken.server, "walwriter")]
    try:
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        for _ in range(1000):
            db.rows("begin")
            db.rows("select pg_current_xact_id()")
            db.rows("rollback")
        before = next_transaction(db)
        time.sleep(1.5)  # some sweeps
        stopped.append(members(broken.server)[0])
        os.kill(stopped[-1], signal.SIGSTOP)
        (postmaster,) = pids_of(broken.server, " -D ")
        os.kill(postmaster, signal.SIGKILL)
        os.kill(stopped[1], signal.SIGKILL)
        db.close()
        after = until_it_is_back(db)
        speaker = until_one_answers(customer)
        assert after < before - 500, "the numbers did not come again"
        speaker.do("sendMessage", conversation_id=talk["id"],
                   body={"client_id": "low", "text": "A low number"})
        if not stopped[-1] in members(broken.server):
            pytest.skip("this machine is so slow that the stopped process was replaced meanwhile")
        os.kill(stopped[-1], signal.SIGCONT)
        pages = [wait() for wait in waiting]
    finally:
        for pid in stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
    assert [len(page["items"]) for page in pages] == [1] * len(devices)


def until_it_is_back(db):
    """The next transaction of the new server: answers before are those of the old one's processes,
    which die a moment later than it."""
    end = time.monotonic() + 2 * SOON
    while True:
        try:
            return next_transaction(db)
        except psycopg2.OperationalError:
            assert time.monotonic() < end, "the database does not come back"
            time.sleep(0.1)


def until_one_answers(actor):
    """On a connection of its own, to a process that runs and has its database."""
    end = time.monotonic() + 2 * SOON
    while True:
        other = broken_off(actor)
        try:
            other.do("getUnread", may_fail=True, timeout=1)
            return other
        except (AssertionError, requests.RequestException):
            assert time.monotonic() < end, "nobody answers"
            time.sleep(0.1)


def broken_off(actor):
    """The same session on a connection of its own."""
    other = Actor(actor.server, actor.name)
    other.access_token = actor.access_token
    return other


def order_whatever_dies(customer, product):
    """The same order until it is acknowledged."""
    key = fresh("key")
    end = time.monotonic() + SOON
    while True:
        try:
            response = customer.cart(product).place(key=key, may_fail=True)
            if response.status_code == 201:
                return
        except (AssertionError, requests.RequestException):
            pass
        assert time.monotonic() < end
        time.sleep(0.05)


def test_another_process_goes_on_where_one_died(broken):
    customer, product = broken.customer(), broken.product()
    devices = [Device(customer) for _ in range(6)]
    for n in range(1, 4):
        waiting = [in_background(lambda device=d, n=n: device.until(n)) for d in devices]
        time.sleep(0.3)
        os.kill(members(broken.server)[0], signal.SIGKILL)
        order_whatever_dies(customer, product)
        for wait in waiting:
            wait()
    assert all(d.events == devices[0].events and not d.resyncs for d in devices)


def test_a_reload_and_a_stop_answer_everybody_who_waits(broken):
    devices = [Device(broken.customer()) for _ in range(6)]
    waiting = begin_polls(devices)
    broken.server.process.send_signal(signal.SIGHUP)
    pages = [wait() for wait in waiting]
    assert all(page["items"] == [] and not page["resync"] for page in pages)
    assert all(page["cursor"] == d.sync["cursor"] for page, d in zip(pages, devices))
