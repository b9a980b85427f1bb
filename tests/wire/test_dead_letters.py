"""What was given up, and what admins do about it. How it comes to that: unit/test_outbox.c."""
from datetime import timedelta

import psycopg2
import pytest
from harness.client import refused
from harness.outbox import dead_letter
from harness.roles import As
from harness.shop import fresh
from harness.wait import until
from test_audit import entries
from test_metrics import metrics
from test_retention import run_jobs_anew


@pytest.fixture
def topic():
    """One that no program knows, so that its rows stay as they are."""
    return fresh("topic").replace("-", "_")


@pytest.fixture
def admin(shop):
    return shop.admin("operations")


@pytest.fixture
def rows(shop, topic):
    yield lambda: shop.db.rows("select * from outbox where topic = %s order by id", topic)
    shop.db.rows("delete from outbox where topic = %s", topic)
    shop.db.rows("delete from dead_letter where topic = %s", topic)


def test_dead_letters_are_listed_latest_first(shop, admin, topic, rows):
    made = [dead_letter(shop.db, topic) for _ in range(3)]
    first = admin.do("listDeadLetters", topic=topic, limit=2)
    rest = admin.do("listDeadLetters", topic=topic, limit=2, cursor=first["next_cursor"])
    assert [x["id"] for x in first["items"] + rest["items"]] == made[::-1]
    assert first["items"][0]["id"] in [x["id"] for x in admin.do("listDeadLetters")["items"]]
    assert rest["next_cursor"] is None


def test_one_says_what_it_was_and_why_it_was_given_up(shop, admin, topic, rows):
    id = dead_letter(shop.db, topic, destination="fcm")
    seen = admin.do("getDeadLetter", dead_letter_id=id)
    assert (seen["topic"], seen["destination"], seen["payload"], seen["attempts"],
            seen["reason"]) == (topic, "fcm", {"seq": 1}, 12, "No answer")
    assert seen["created_at"] < seen["dead_at"]
    other = admin.do("getDeadLetter", dead_letter_id=dead_letter(shop.db, topic))
    assert other["destination"] is None


def test_one_is_replayed_with_all_its_attempts_before_it(shop, admin, topic, rows):
    id = dead_letter(shop.db, topic, destination="fcm")
    (was,) = shop.db.rows("select * from dead_letter where id = %s", id)
    assert admin.call("replayDeadLetter", dead_letter_id=id).status_code == 204
    (row,) = rows()
    assert (row["id"], row["attempts"], row["failed_with"]) == (was["row_id"], 0, None)
    for column in ("destination", "subject_id", "payload", "created_at"):
        assert row[column] == was[column]
    assert shop.db.one("select due_at <= now() from outbox where id = %s", row["id"])
    refused(admin.call("getDeadLetter", dead_letter_id=id), 404)
    refused(admin.call("replayDeadLetter", dead_letter_id=id), 404)


def test_what_is_replayed_is_taken_up_by_the_jobs_process(shop, admin):
    id = dead_letter(shop.db)
    row = shop.db.one("select row_id from dead_letter where id = %s", id)
    admin.call("replayDeadLetter", dead_letter_id=id)
    # It is of no notice, so its deliverer is done with it.
    until(lambda: shop.db.one("select count(*) from outbox where id = %s", row) == 0)
    assert shop.db.one("select count(*) from dead_letter where id = %s", id) == 0


def test_a_row_of_a_topic_that_no_program_knows_stays_as_it_is(shop, topic, rows):
    for name in (topic, "push_orders"):
        shop.db.rows("insert into outbox (topic, subject_id, created_at) values (%s, "
                     "gen_random_uuid(), now() - interval '1 hour')", name)
    known = "from outbox where topic = 'push_orders' and due_at"
    until(lambda: shop.db.one(f"select count(*) {known} <= now()") == 0)
    shop.db.rows(f"delete {known} > now()")
    (row,) = rows()
    assert (row["attempts"], row["due_at"] - row["created_at"]) == (0, timedelta(hours=1))


def test_all_of_a_topic_are_replayed_a_thousand_at_a_time(shop, admin, topic, rows):
    other = dead_letter(shop.db, topic + "_too")
    first = dead_letter(shop.db, topic)
    shop.db.rows("insert into dead_letter (id, row_id, topic, destination, subject_id, payload, "
                 "created_at, attempts, why) select gen_random_uuid(), row_id + n, topic, "
                 "destination, subject_id, payload, created_at, attempts, why from dead_letter, "
                 "generate_series(10000, 10999) n where id = %s", first)
    replay = lambda: admin.do("replayDeadLetters", body={"topic": topic})  # noqa: E731
    assert [replay(), replay(), replay()] == [
        {"replayed": 1000, "more": True}, {"replayed": 1, "more": False},
        {"replayed": 0, "more": False}]
    assert len(rows()) == 1001
    assert admin.do("getDeadLetter", dead_letter_id=other)
    admin.call("dropDeadLetter", dead_letter_id=other)


def test_one_that_is_dropped_is_gone(shop, admin, topic, rows):
    id = dead_letter(shop.db, topic)
    assert admin.call("dropDeadLetter", dead_letter_id=id).status_code == 204
    refused(admin.call("dropDeadLetter", dead_letter_id=id), 404)
    assert rows() == []


def test_who_replayed_or_dropped_one_is_in_the_log(shop, admin, topic, rows):
    replayed, dropped = dead_letter(shop.db, topic), dead_letter(shop.db, topic)
    admin.call("replayDeadLetter", dead_letter_id=replayed)
    admin.call("dropDeadLetter", dead_letter_id=dropped)
    for id, reason in ((replayed, "Replayed"), (dropped, None)):
        (entry,) = entries(shop, id, "dead_letter")
        assert (entry["action"], entry["by"]["id"], entry["reason"]) == \
            ("delete", admin.id, reason)
        assert entry["before"]["topic"] == topic


def test_a_topic_is_named(admin):
    refused(admin.call("listDeadLetters", topic="x" * 101), 400, field="?topic")
    for body in ({}, {"topic": ""}, {"topic": "x" * 101}):
        refused(admin.call("replayDeadLetters", body=body), 400, field="/topic")


@pytest.mark.parametrize("role,table", [("sebez_public", "dead_letter"),
                                        ("sebez_customer", "dead_letter"),
                                        ("sebez_vendor", "dead_letter"),
                                        ("sebez_auth", "dead_letter"),
                                        ("sebez_customer", "outbox"), ("sebez_vendor", "outbox"),
                                        ("sebez_admin", "outbox")])
def test_nobody_else_reads_what_is_to_be_delivered(shop, role, table):
    with As(shop.db, role) as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute(f"select 1 from {table} limit 1")


def test_metrics_tell_how_far_the_outbox_is_behind(own_server):
    server = own_server()
    dead_letter(server.db)
    # Only the second has failed; the third waits on purpose.
    for age, why in (("1 minute", None), ("1 hour", "No answer"), ("3 hours", None)):
        server.db.rows("insert into outbox (topic, subject_id, created_at, due_at, attempts, "
                       "failed_with) values ('push_orders', gen_random_uuid(), "
                       "now() - %s::interval, now() + interval '1 hour', %s, %s)",
                       age, int(why is not None), why)
    run_jobs_anew(server)

    def value(name, labels):
        return {sample[1]: sample[2] for sample in metrics(server)[name][1]}[labels]

    until(lambda: value("sebez_outbox_pending", 'topic="push_orders"') == 3)
    until(lambda: value("sebez_outbox_dead_letters", 'topic="push_chat"') == 1)
    assert 3600 <= value("sebez_outbox_oldest_seconds", 'topic="push_orders"') < 7200
    assert value("sebez_outbox_breakers", 'topic="push_chat",state="open"') == 0
    assert value("sebez_outbox_deliveries_total", 'topic="push_chat",outcome="dead"') == 0
