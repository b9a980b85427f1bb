"""Mails that tell what happened in an hour or a day."""
import datetime
import zoneinfo

import pytest

pytest.importorskip("aiosmtpd", reason="python3-aiosmtpd is not installed")
from harness import mails, notices  # noqa: E402
from harness.campaigns import Campaign  # noqa: E402
from harness.mails import SITE  # noqa: E402
from harness.wait import until  # noqa: E402
from test_mail_sending import PREFERENCES, WANTED  # noqa: E402


def somebody(mail, digest="daily", **changes):
    customer = mail.shop.customer()
    customer.do("putNotificationPreferences",
                body={**PREFERENCES, "email_digest": digest, **changes})
    return customer


def digests(mail, customer):
    return mail.db.rows("select g.id::text, g.is_open, g.due_at, count(m) as notices "
                        "from mail_digest g left join mail_digest_notice m on m.digest_id = g.id "
                        "where g.account_id = %s group by g.id order by g.due_at", customer.id)


def come(mail, customer):
    """Lets the time come at which digests of the customer are sent."""
    notices.followed(mail.db)
    mail.db.rows("update outbox set due_at = now() where topic = 'mail' and subject_id in "
                 "(select id from mail_digest where account_id = %s)", customer.id)


def subjects(mail, customer):
    return sorted(m.message["Subject"] for m in mail.got(customer))


@pytest.mark.parametrize("digest", ["hourly", "daily"])
def test_what_happened_comes_in_one_mail_but_receipts_at_once(mail, digest):
    customer = somebody(mail, digest)
    orders = [mail.tell(customer) for _ in range(3)]
    mail.smtp.wait_for(customer.account["email"], 3)
    assert subjects(mail, customer) == 3 * ["Thank you for your order"]
    come(mail, customer)
    (told,) = [m for m in mail.wait_for(customer, 4)
               if m.message["Subject"] == "3 notifications"]
    for order in orders:
        number = mail.vendor.part(order)["number"]
        assert number in told.part("plain") and number in told.part("html")
        assert f"/orders/{order['id']}" in told.part("html")
    assert told.part("html").count("Order accepted") == 3
    until(lambda: digests(mail, customer) == [])
    mail.tell(customer)
    notices.followed(mail.db)
    (next_one,) = digests(mail, customer)
    assert next_one["is_open"] and next_one["notices"] == 1


@pytest.mark.parametrize("zone", ["Africa/Addis_Ababa", "America/St_Johns", "Asia/Kathmandu"])
def test_a_daily_mail_is_due_at_eight_where_its_reader_lives(mail, zone):
    customer = somebody(mail, time_zone=zone)
    mail.tell(customer)
    notices.followed(mail.db)
    (one,) = digests(mail, customer)
    local = one["due_at"].astimezone(zoneinfo.ZoneInfo(zone))
    assert (local.hour, local.minute, local.second) == (8, 0, 0)
    ahead = one["due_at"] - mail.db.one("select now()")
    assert datetime.timedelta() < ahead + datetime.timedelta(minutes=1) <= datetime.timedelta(
        days=1, minutes=1)


def test_a_zone_that_postgresql_knows_no_more_is_utc(mail):
    customer = somebody(mail, time_zone="Africa/Addis_Ababa")
    mail.db.rows("update notification_preference set time_zone = 'Atlantis/Deep' "
                 "where account_id = %s", customer.id)
    mail.tell(customer)
    notices.followed(mail.db)
    (one,) = digests(mail, customer)
    assert one["due_at"].astimezone(datetime.timezone.utc).hour == 8


def test_what_is_read_or_no_longer_wanted_is_left_out(mail):
    customer = somebody(mail)
    mail.tell(customer)
    notices.followed(mail.db)
    listed = customer.do("listNotifications")["items"]
    customer.do("readNotifications", body={"up_to": listed[0]["id"]})
    order = mail.tell(customer)
    come(mail, customer)
    until(lambda: digests(mail, customer) == [])
    (told,) = [m for m in mail.got(customer) if m.message["Subject"] != "Thank you for your order"]
    assert told.message["Subject"] == "Order accepted"
    assert mail.vendor.part(order)["number"] in told.part("plain")
    mail.tell(customer)
    notices.followed(mail.db)
    customer.do("putNotificationPreferences", body={**PREFERENCES, "email_digest": "daily",
                                                    "orders": {**WANTED, "email": False}})
    count = len(mail.got(customer))
    come(mail, customer)
    until(lambda: mail.db.one("select count(*) = 0 from outbox where topic = 'mail' and subject_id "
                              "in (select id from mail_digest where account_id = %s union all "
                              "select id from notice where account_id = %s)",
                              customer.id, customer.id))
    assert len([m for m in mail.got(customer) if m.message["Subject"] == "Order accepted"]) == 1
    assert len(mail.got(customer)) <= count + 1  # a receipt may have been under way


def test_a_repetition_says_the_same_and_what_comes_later_is_in_the_next(mail):
    customer = somebody(mail)
    mail.tell(customer)
    mail.tell(customer)
    tries = []

    def answer(command, argument):
        if command == "DATA" and argument == customer.account["email"] and len(tries) < 1:
            tries.append(argument)
            return "451 4.3.0 Later"
        return None

    mail.smtp.wait_for(customer.account["email"], 2)  # the receipts
    mail.smtp.answer = answer
    come(mail, customer)
    until(lambda: tries)
    mail.tell(customer)
    notices.followed(mail.db)
    until(lambda: mail.hurry() or [m for m in mail.got(customer)
                                   if m.message["Subject"] == "2 notifications"])
    until(lambda: [d["notices"] for d in digests(mail, customer)] == [1])


def test_one_click_ends_all_that_a_digest_has(mail):
    customer = somebody(mail)
    token = mails.unsubscribe_token(mail.shop.server, "all", customer.id)
    assert mail.shop.anonymous().call("unsubscribe", link=token).status_code == 200
    now = customer.do("getNotificationPreferences")
    assert [now[name]["email"] for name in ("orders", "chat", "promotions", "system")] == [
        False, False, False, True]
    assert now["email_digest"] == "daily" and now["orders"]["push"] is True


# Digests of 50 notices for each of these accounts, which are due now.
FULL = """
with people as (select unnest(%s::uuid[]) as id), digest as (
    insert into mail_digest (id, account_id, due_at, is_open)
    select gen_random_uuid(), id, now(), false from people returning id, account_id
), told as (
    insert into notice (id, account_id, kind, class, owner_id, number, data, link, listed,
                        created_at, expires_at)
    select gen_random_uuid(), p.id, 'promotion', 'promotions', %s, i, '{"variant": "a"}',
           '/products/1', true, now(), now() + interval '1 day'
    from people p, generate_series(1, 50) i returning id, account_id
), listed as (
    insert into mail_digest_notice (digest_id, notice_id)
    select d.id, t.id from digest d join told t using (account_id)
)
insert into outbox (topic, subject_id) select 'mail', id from digest"""


def test_digests_that_are_full_come_however_many_are_due_at_once(mail):
    people = mail.db.rows(
        "with made as (insert into account (id, email, email_key, name, password_hash) "
        "select gen_random_uuid(), x, x, 'Fan', '!' from (select 'full' || n || '@mail.example' "
        "as x from generate_series(1, 60) n) y returning id, email), prefer as (insert into "
        "notification_preference (account_id, unwanted, email_digest) "
        "select id, '{}', 'daily' from made) select id::text, email from made")
    ids = [row["id"] for row in people]
    campaign = Campaign(mail.shop, texts=[
        {"language": "en", "title": 100 * "\u1200", "body": 500 * "\u1200"}])
    mail.db.rows(FULL, ids, campaign.id)
    until(lambda: mail.db.one("select count(*) = 0 from mail_digest where account_id = "
                              "any (%s::uuid[])", ids), 120)
    assert "deliverer failed" not in mail.shop.server.log.read_text()
    for row in people:
        (one,) = mail.smtp.to(row["email"])
        assert one.part("plain").count(f"{SITE}/products/1") == 50
