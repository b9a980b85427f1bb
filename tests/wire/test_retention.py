"""What has served its time goes, however much of it there is."""
import os
import signal

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
            "select gen_random_uuid(), 1, 'low_stock', '{}', now() - interval '31 days' "
            "from generate_series(1, %s)", count)
    db.rows("insert into revocation (account_id, at) select gen_random_uuid(), "
            "now() - interval '31 days' from generate_series(1, %s)", count)
    db.rows("insert into outbox (topic, subject_id, done_at) select 'order_placed', "
            "gen_random_uuid(), now() - interval '31 days' from generate_series(1, %s)", count)
    db.rows("insert into outbox (topic, subject_id, created_at, due_at) select 'message_push', "
            "gen_random_uuid(), now() - interval '8 days', now() + interval '1 day' "
            "from generate_series(1, %s)", count)
    db.rows("insert into dead_letter (id, row_id, topic, destination, subject_id, payload, "
            "created_at, attempts, why, dead_at) select gen_random_uuid(), n, 'message_push', '', "
            "gen_random_uuid(), '{}', now(), 12, 'Gone', now() - interval '91 days' "
            "from generate_series(1, %s) n", count)
    db.rows("insert into idempotency_key (scope, key, operation, request_hash, state, created_at, "
            "lease_until) select 'customer:x', n::text, 'placeOrder', '', 'done', "
            "now() - interval '25 hours', now() from generate_series(1, %s) n", count)
    run_jobs_anew(server)
    for table in ("event", "revocation", "outbox", "dead_letter", "idempotency_key"):
        until(lambda t=table: db.one(f"select count(*) from {t}") == 0)


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
    db.rows("update cart set updated_at = now() - interval '31 days' where guest_hash = encode("
            "sha256(convert_to(%s, 'UTF8')), 'hex') or account_id is not null", old.cart_token)
    db.rows("update staff_invitation set expires_at = now() - interval '31 days' where id = %s",
            invited[0]["id"])
    run_jobs_anew(server)
    until(lambda: db.one("select count(*) from staff_invitation") == 1)
    assert db.one("select count(*) from cart") == 2  # invitations come after carts
    for actor, left in ((old, 0), (new, 1), (customer, 1)):
        assert len(actor.do("getCart")["vendors"]) == left
