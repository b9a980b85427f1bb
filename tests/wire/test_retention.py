"""What has served its time goes, however much of it there is."""
import contextlib
import os
import signal

import psycopg2
import pytest
from harness.checks import broken
from harness.feed import members
from harness.shop import Shop
from test_chat_live import until

MORE_THAN_TWO_STATEMENTS_TAKE = 45_000


def run_jobs_anew(server):
    (jobs,) = members(server, "jobs")
    os.kill(jobs, signal.SIGKILL)


def test_a_backlog_of_what_is_old_goes_in_one_run(own_server):
    server = own_server()
    db = server.db
    count = MORE_THAN_TWO_STATEMENTS_TAKE
    db.rows("insert into event (owner_id, number, kind, payload, at) "
            "select gen_random_uuid(), 1, 'low_stock', '{}', now() - interval '38 days' "
            "from generate_series(1, %s)", count)
    db.rows("insert into revocation (account_id, at) select gen_random_uuid(), "
            "now() - interval '31 days' from generate_series(1, %s)", count)
    db.rows("insert into outbox (topic, subject_id, created_at, due_at) select 'push_chat', "
            "gen_random_uuid(), now() - interval '8 days', now() + interval '1 day' "
            "from generate_series(1, %s)", count)
    db.rows("insert into dead_letter (id, row_id, topic, destination, subject_id, payload, "
            "created_at, attempts, why, dead_at) select gen_random_uuid(), n, 'push_chat', '', "
            "gen_random_uuid(), '{}', now(), 12, 'Gone', now() - interval '91 days' "
            "from generate_series(1, %s) n", count)
    db.rows("insert into idempotency_key (scope, key, operation, request_hash, status, created_at) "
            "select 'customer:x', n::text, 'placeOrder', '', 204, "
            "now() - interval '25 hours' from generate_series(1, %s) n", count)
    db.rows("insert into account (id, email, name, password_hash, email_key) values "
            "('018bcfe5-6801-7001-8000-000000000002', 'a@example.com', 'A', '', 'a')")
    db.rows("insert into notice (id, account_id, kind, class, owner_id, number, data, link, "
            "listed, created_at, expires_at) select gen_random_uuid(), a.id, 'order_placed', "
            "'orders', a.id, n, '{}', '/', true, now() - interval '91 days', "
            "now() - interval '1 day' from generate_series(1, %s) n, account a", count)
    run_jobs_anew(server)
    for table in ("event", "revocation", "outbox", "dead_letter", "idempotency_key", "notice"):
        until(lambda t=table: db.one(f"select count(*) from {t}") == 0)
    (oldest, *_) = partitions(db)
    assert oldest == db.one("select partition_name('event', week_of(now()))")


def partitions(db):
    """Of the events, oldest first."""
    return [row["name"] for row in db.rows(
        "select inhrelid::regclass::text as name from pg_inherits "
        "where inhparent = 'event'::regclass and inhrelid <> 'event_late'::regclass order by 1")]


WRITE_EVENT = """
insert into feed (owner_id, last_number) values ('018bcfe5-6801-7001-8000-000000000001', 1);
insert into event (owner_id, number, kind, payload, at) values
('018bcfe5-6801-7001-8000-000000000001', 1, 'low_stock', '{}', now() - %s * interval '1 day')
"""


def is_in_its_partition(db):
    db.rows("select partitions_make()")  # returns at once while the job does it
    return db.one("select tableoid::regclass::text = partition_name('event', week_of(at)) "
                  "from event")


def test_an_event_of_a_week_without_a_partition_is_stored_and_moved_into_one(own_server):
    db = own_server().db
    with contextlib.closing(db.connect()) as connection, connection, connection.cursor() as cursor:
        cursor.execute(WRITE_EVENT, (20,))
        cursor.execute("select tableoid::regclass::text from event")
        assert cursor.fetchone() == ("event_late",)
        assert "events are in the partitions of their weeks, which exist a week ahead" \
            in broken(cursor)
    until(lambda: is_in_its_partition(db))
    db.rows("select partitions_drop()")
    assert db.one("select count(*) from event") == 1  # younger than the retention
    with pytest.raises(psycopg2.errors.UniqueViolation):
        db.rows("insert into event select * from event")


def test_expired_events_are_dropped_once_nobody_reads_them(own_server):
    db = own_server().db
    db.rows(WRITE_EVENT, 20)
    until(lambda: is_in_its_partition(db))
    with contextlib.closing(db.connect()) as reader, reader.cursor() as cursor:
        cursor.execute("select count(*) from event")
        db.rows("update partitioned set kept = '1 day'")
        until(lambda: db.one("select partitions_drop()") == 1)
        cursor.execute("select count(*) from event")
        assert cursor.fetchone() == (1,)
    until(lambda: db.rows("select partitions_drop()") and not db.one("select count(*) from event"))


def test_carts_of_guests_and_invitations_go_a_month_after_they_ended(own_server):
    server = own_server()
    shop = Shop(server)
    vendor = shop.vendor()
    mug = vendor.product()
    old, new = shop.guest(), shop.guest()
    customer = shop.customer()
    for actor in (old, new, customer):
        actor.do("putCartLine", variant_id=mug.variant, body={"quantity": 1})
    invited = [vendor.do("createInvitation", body={"email": f"{n}@example.com", "role": "support"})
               for n in range(2)]
    db = server.db
    db.rows("update cart set created_at = now() - interval '31 days', "
            "updated_at = now() - interval '31 days' where guest_hash = encode("
            "sha256(convert_to(%s, 'UTF8')), 'hex') or account_id is not null", old.cart_token)
    db.rows("update staff_invitation set expires_at = now() - interval '31 days' where id = %s",
            invited[0]["id"])
    run_jobs_anew(server)
    until(lambda: db.one("select count(*) from staff_invitation") == 1)
    assert db.one("select count(*) from cart") == 2  # invitations come after carts
    for actor, left in ((old, 0), (new, 1), (customer, 1)):
        assert len(actor.do("getCart")["vendors"]) == left
