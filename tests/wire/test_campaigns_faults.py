"""Campaigns while jobs processes die and compete: each is told once."""
import contextlib
import os
import random
import signal
import time

from conftest import SEED
from harness.campaigns import Campaign
from harness.feed import members
from harness.shop import Shop

FANS = 3000


def fans(shop, vendor, count):
    """Accounts that follow the vendor; every third has a device and asks for pushes."""
    shop.db.rows(
        "with made as (insert into account (id, email, email_key, name, password_hash) "
        "select gen_random_uuid(), x, x, 'Fan', 'none' from (select n || '@' || %s as x "
        "from generate_series(1, %s) n) y returning id), "
        "followed as (insert into vendor_follow (account_id, vendor_id) select id, %s from made) "
        "select count(*) from made", vendor.slug, count, vendor.id)
    shop.db.rows(
        "with fans as (select f.account_id, row_number() over () as n from vendor_follow f "
        "where f.vendor_id = %s), s as (insert into session (id, account_id, expires_at) "
        "select gen_random_uuid(), account_id, now() + interval '1 day' from fans where n %% 3 = 0 "
        "returning id, account_id), p as (insert into notification_preference "
        "(account_id, unwanted, email_digest) select account_id, '{}', 'at_once' from s) "
        "insert into device (account_id, id, session_id, platform, provider, address_kind, "
        "address, environment, shows_itself, capabilities) select account_id, id, id, 'android', "
        "'fcm', 'token', id::text, 'production', false, '{}' from s", vendor.id)


def disturb(server, rng, is_over):
    """Steps of other processes, which commit or not, and a jobs process that is killed."""
    with contextlib.closing(server.db.connect("sebez_jobs")) as other:
        while not is_over():
            with other.cursor() as cursor:
                cursor.execute("select campaigns_step(%s)", (rng.choice((1, 7, 100)),))
            other.commit() if rng.random() < 0.5 else other.rollback()
            if rng.random() < 0.2:
                for pid in members(server, "jobs"):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            time.sleep(rng.random() * 0.1)


def test_each_is_told_once_whatever_dies(own_server):
    print("seed", SEED)
    shop, rng = Shop(own_server()), random.Random(SEED)
    db, vendor = shop.db, shop.vendor()
    fans(shop, vendor, FANS)
    both = [Campaign(shop, by, segment={"follows_vendor_id": vendor.id},
                     per_minute=1000000).scheduled() for by in (vendor, None)]
    disturb(shop.server, rng,
            lambda: db.one("select count(*) from campaign where state = 'sent'") == 2)
    followers = {row["id"] for row in db.rows("select account_id::text as id from vendor_follow")}
    for campaign in both:
        told = campaign.told()
        assert set(told) == followers and set(told.values()) == {1}
        assert campaign.see()["sent"] == FANS
    pushes = db.rows("select count(*), "
                     "count(distinct (subject_id, payload ->> 'device_id')) as once "
                     "from outbox where topic = 'push_promotions'")
    assert pushes == [{"count": 2 * FANS // 3, "once": 2 * FANS // 3}]
