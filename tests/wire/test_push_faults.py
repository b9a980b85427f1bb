"""Push messages while processes die, answers are lost, and a provider is down or slow."""
import contextlib
import dataclasses
import os
import random
import secrets
import signal

import pytest

pytest.importorskip("h2", reason="python3-h2 is not installed")
from conftest import SEED, after  # noqa: E402
from harness import devices, providers, pushes  # noqa: E402
from harness.feed import members  # noqa: E402
from harness.talk import Talk  # noqa: E402
from harness.wait import until  # noqa: E402

ROUNDS, ORDERS = 4, 5


@pytest.fixture
def push():
    with pushes.sending() as one:
        yield one
        bad = after(one.shop.server)
        assert not bad, "\n".join(bad)


def ids_of(push, phone):
    """(id, status) of each request."""
    for request in push.of(phone["address"]):
        body = request.json
        yield (body["message"]["data"] if request.provider == "fcm" else body)["id"], request.status


@contextlib.contextmanager
def answers_get_lost(push, rng):
    """Of three of ten requests: of the one, or with its connection those of all on it."""
    for provider in ("fcm", "apns"):
        def judge(request, own=getattr(push.fake, provider)):
            own(request)  # may refuse it
            chance = rng.random()
            if chance < 0.05:
                raise providers.Refused(providers.Lost())
            if chance < 0.3:
                raise providers.Refused(providers.Reset(providers.CANCEL))
            return dataclasses.replace(own(request), after_s=0.05)
        setattr(push.fake, provider, judge)
    yield
    del push.fake.fcm, push.fake.apns


def kill_jobs(push):
    for pid in members(push.shop.server, "jobs"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def end_leases(push, killed_at):
    """What processes had that were killed: nobody settles it, and its lease, of 90 s, goes on."""
    push.db.rows("update outbox set due_at = now() where due_at > now() "
                 "and due_at between %s and %s + interval '90 s'", killed_at, killed_at)


def test_each_message_is_acknowledged_whatever_dies_and_is_lost(push):
    print("seed", SEED)
    phones = [devices.a_phone(), devices.an_iphone()]
    customer = push.somebody(*phones)
    with answers_get_lost(push, random.Random(SEED)):
        for _ in range(ROUNDS):
            before = len(push.fake.got)
            for _ in range(ORDERS):
                push.tell(customer)
            push.fake.wait(lambda: len(push.fake.got) > before)
            kill_jobs(push)  # while messages are under way
        killed_at = push.db.one("select clock_timestamp()")
        push.followed()
        # Five failures in a row, which chance may bring, let a queue rest for 15 s and more.
        until(lambda: push.hurry() or end_leases(push, killed_at)
              or push.waiting(customer) == 0, 120)
    assert push.dead(customer) == []
    for phone in phones:
        requests = list(ids_of(push, phone))
        taken = {id for id, status in requests if status == 200}
        assert len(taken) == ROUNDS * ORDERS and {id for id, _ in requests} == taken
        assert len(requests) > ROUNDS * ORDERS  # some were repeated, under the id that they had


def test_an_activity_is_not_started_again_when_its_sender_dies(push):
    start_token = secrets.token_hex(80)
    customer = push.somebody(devices.an_iphone(start_token=start_token))
    push.fake.script(start_token, providers.Stall(), providers.OK)
    push.tell(customer)
    push.fake.wait(lambda: push.of(start_token))
    kill_jobs(push)
    killed_at = push.db.one("select clock_timestamp()")
    until(lambda: push.hurry() or end_leases(push, killed_at) or push.db.one(
        "select count(*) from outbox where topic = 'live_activity'") == 0)
    assert len(push.of(start_token)) == 1


def test_what_waited_for_a_provider_is_sent_when_it_is_back(push):
    phone = devices.a_phone()
    customer = push.somebody(phone)
    push.fake.script("", providers.Lost())
    for _ in range(8):
        push.tell(customer)
    until(lambda: "left alone for a while" in push.shop.server.log.read_text())
    tried = len(push.of(phone["address"]))
    assert tried < 8 + 5  # not each of them, again and again
    push.fake.scripts.clear()
    until(lambda: push.hurry() or push.waiting(customer) == 0, 120)
    assert len({id for id, status in ids_of(push, phone) if status == 200}) == 8


def test_a_backlog_of_promotions_keeps_no_chat_message_waiting(push):
    customer = push.somebody(devices.a_phone())
    push.tell(customer)
    push.followed()
    # The provider takes none of them in time; as if they were promotions.
    slow = devices.an_installation()
    other = push.somebody(slow)
    push.fake.script(slow["address"], providers.Stall())
    push.tell(other)
    push.followed()
    push.db.rows("insert into outbox (topic, destination, subject_id, payload) "
                 "select 'push_promotions', 'fcm', n.id, json_build_object('device_id', d.id) "
                 "from notice n join device d on d.account_id = n.account_id "
                 "cross join generate_series(1, 500) where n.account_id = %s "
                 "and n.kind = 'sub_order_accepted'", other.id)
    push.fake.wait(lambda: push.of(slow["address"]))
    talk = Talk(push.shop, push.vendor)
    phone = devices.a_phone()
    devices.registered(talk.customer, phone)
    talk.answer()
    push.sent(phone["address"])
    assert push.db.one("select count(*) > 0 from outbox where topic = 'push_promotions'")
    push.db.rows("delete from outbox where topic = 'push_promotions'")


SLOTS = 400  # LIMIT_CLIENT_GROUP_CALLS


def again(push, customer, classes, times):
    """The message that they are told is sent so many times more, as of each of these classes."""
    push.db.rows("insert into outbox (topic, destination, subject_id, payload) "
                 "select 'push_' || t, 'fcm', n.id, json_build_object('device_id', d.id) "
                 "from notice n join device d on d.account_id = n.account_id "
                 "cross join unnest(%s) t cross join generate_series(1, %s) "
                 "where n.account_id = %s and n.kind = 'sub_order_accepted'",
                 classes, times, customer.id)


def test_what_cannot_be_sent_because_too_much_is_under_way_loses_no_attempt(push):
    iphone, slow = devices.an_iphone(), devices.a_phone()
    customer, other = push.somebody(iphone), push.somebody(slow)
    push.tell(other)
    push.sent(slow["address"])
    again(push, other, ["orders"], 100)
    push.sent(slow["address"], 101)  # so the next ones go side by side
    push.fake.script(slow["address"], providers.Stall())
    push.db.rows("create table seen (attempts int, failed_with text)")
    push.db.rows("create function see() returns trigger language plpgsql security definer as "
                 "'begin insert into seen values (new.attempts, new.failed_with); "
                 "return null; end'")
    push.db.rows("create trigger see after update on outbox for each row "
                 "when (new.destination = 'apns') execute function see()")
    again(push, other, ["chat", "orders", "system", "promotions"], SLOTS // 4)
    push.fake.wait(lambda: len(push.of(slow["address"])) > 100 + SLOTS)
    push.tell(customer)
    until(lambda: push.db.one("select count(*) > 2 from seen"))
    push.fake.scripts.clear()
    push.fake.end_connections(providers.Lost())
    push.sent(iphone["address"])
    assert push.db.rows("select distinct attempts, failed_with from seen order by 1") == [
        {"attempts": 0, "failed_with": None}, {"attempts": 1, "failed_with": None}]
