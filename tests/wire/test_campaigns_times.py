"""Campaigns: how often, how fast and when they tell, and what is counted of it."""
import contextlib
import datetime as dt

import pytest
from harness.campaigns import Campaign, follower, promotions, told_of
from harness.client import refused
from harness.shop import Shop
from harness.wait import until
from test_preferences import DEFAULTS
from test_retention import run_jobs_anew

ON = {"push": True, "email": True, "in_app": True}


@pytest.fixture
def vendor(shop):
    return shop.vendor()


def test_nobody_is_told_of_more_campaigns_in_a_week_than_the_marketplace_allows(shop, vendor):
    fan = follower(shop, vendor)
    cap = shop.admin().do("getSettings")["campaigns_per_week"]
    assert cap == 3
    campaigns = [Campaign(shop, vendor).scheduled() for _ in range(cap)]
    for campaign in campaigns:
        campaign.over()
    late = Campaign(shop, vendor).scheduled()
    assert (late.over()["sent"], late.over()["capped"]) == (0, 1)
    assert len(promotions(fan)) == cap
    shop.db.rows("update campaign_recipient set sent_at = now() - interval '8 days' "
                 "where campaign_id = %s", campaigns[0].id)
    assert Campaign(shop, vendor).scheduled().over()["sent"] == 1


def test_the_settings_say_how_often(shop):
    settings = shop.admin().do("getSettings")
    body = {name: settings[name] for name in settings if name not in ("currency", "version")}
    without = {name: value for name, value in body.items() if name != "campaigns_per_week"}
    for each in (without | {"campaigns_per_week": 0}, without):
        assert shop.admin().do("putSettings", body=each)["campaigns_per_week"] == 0
    shop.admin().do("putSettings", body=body)


def test_no_more_are_told_in_a_minute_than_the_campaign_says(shop, vendor):
    people = [follower(shop, vendor) for _ in range(5)]
    campaign = Campaign(shop, vendor, per_minute=2).scheduled()
    until(lambda: campaign.see()["sent"] == 2)
    assert campaign.see()["status"] == "sending"
    for sent in (4, 5):
        # A minute later.
        shop.db.rows("update campaign set minute_at = minute_at - interval '1 minute', "
                     "next_at = next_at - interval '1 minute' where id = %s", campaign.id)
        until(lambda sent=sent: campaign.see()["sent"] == sent)
    campaign.over()
    assert all(told_of(campaign, people))


def test_a_step_reads_on_past_those_who_are_not_meant_and_stops_where_its_minute_is_full(shop,
                                                                                        vendor):
    people = [follower(shop, vendor, locale="fr" if n in (2, 3, 5) else "en") for n in range(7)]
    meant = {row["id"] for row in shop.db.rows(
        "select account_id::text as id from device where locale = 'fr' and account_id::text "
        "= any (%s)", [person.id for person in people])}
    with contextlib.closing(shop.db.connect("sebez_jobs")) as jobs, jobs.cursor() as cursor:
        jobs.autocommit = True
        cursor.execute("select pg_advisory_lock(hashtextextended('campaigns', 0))")
        campaign = Campaign(shop, vendor, segment={"languages": ["fr"]}, per_minute=2).scheduled()

        def step(most):
            """(sent, state, whether it waits for the next minute)"""
            cursor.execute("select campaigns_step(%s)", (most,))
            cursor.execute("select (sent_a + sent_b)::int, state, next_at > now() from campaign "
                           "where id = %s", (campaign.id,))
            return cursor.fetchone()

        assert step(500) == (2, "sending", True)
        cursor.execute("update campaign set minute_at = minute_at - interval '1 minute', "
                       "next_at = next_at - interval '1 minute' where id = %s", (campaign.id,))
        assert step(500) == (3, "sent", None)
    assert {person.id for person in people if campaign.told()[person.id]} == meant


def test_who_stops_a_campaign_in_the_middle_has_nobody_told_from_then_on(shop, vendor):
    for _ in range(4):
        follower(shop, vendor)
    campaign = Campaign(shop, vendor, per_minute=1).scheduled()
    until(lambda: campaign.see()["sent"] == 1)
    stopped = campaign.do("stop", body={"reason": "A wrong price"})
    assert (stopped["status"], stopped["sent"]) == ("stopped", 1)
    assert stopped["reason"] == "A wrong price"
    shop.db.rows("update campaign set minute_at = minute_at - interval '1 minute', "
                 "next_at = next_at - interval '1 minute' where id = %s", campaign.id)
    Campaign(shop, vendor).scheduled().over()
    assert campaign.see()["sent"] == 1 and len(campaign.told()) == 1
    refused(campaign.call("schedule", body={}), 409)


def test_a_campaign_waits_for_its_time(shop, vendor):
    follower(shop, vendor)
    at = dt.datetime.now(dt.timezone.utc) + dt.timedelta(hours=1)
    campaign = Campaign(shop, vendor).scheduled(send_at=at.isoformat())
    Campaign(shop, vendor).scheduled().over()
    assert campaign.see()["status"] == "scheduled" and not campaign.told()
    shop.db.rows("update campaign set next_at = now() where id = %s", campaign.id)
    assert campaign.over()["sent"] == 1


def local(minutes):
    """What clocks at UTC show in so many minutes."""
    at = dt.datetime.now(dt.timezone.utc) + dt.timedelta(minutes=minutes)
    return at.strftime("%Y-%m-%dT%H:%M")


def test_each_is_told_when_the_clocks_where_they_live_show_it(shop, vendor):
    addis, utc, new_york = (follower(shop, vendor, time_zone=zone) for zone in
                            ("Africa/Addis_Ababa", "UTC", "America/New_York"))
    campaign = Campaign(shop, vendor).scheduled(local_at=local(15 * 60))
    assert shop.db.one("select next_at = local_at at time zone 'UTC' - interval '14 hours' "
                       "from campaign where id = %s", campaign.id)

    def clocks_show(hours):
        """Time passes: UTC's clocks have shown the time of the campaign so long ago."""
        shop.db.rows("update campaign set "
                     "local_at = now() at time zone 'UTC' - %s * interval '1 hour', "
                     "next_at = now() - interval '1 second', "
                     "pass_at = least(pass_at, now() - interval '1 hour') where id = %s",
                     hours, campaign.id)
        until(lambda: shop.db.one("select after_account is null "
                                  "and (state = 'sent' or next_at > now()) "
                                  "from campaign where id = %s", campaign.id))
        return told_of(campaign, [addis, utc, new_york])

    assert clocks_show(-2.5) == [True, False, False]
    assert clocks_show(-0.5) == [True, False, False]
    assert clocks_show(0.5) == [True, True, False]
    assert campaign.see()["status"] == "sending"
    assert clocks_show(5.5) == [True, True, True]
    assert clocks_show(12.5) == [True, True, True]
    assert campaign.see()["status"] == "sent" and campaign.see()["sent"] == 3


def test_in_quiet_hours_pushes_wait_for_their_end(shop, vendor):
    fan = follower(shop, vendor, time_zone="UTC")
    now = dt.datetime.now(dt.timezone.utc)
    fan.do("putNotificationPreferences", body=DEFAULTS | {
        "promotions": ON, "time_zone": "UTC",
        "quiet_from": (now - dt.timedelta(hours=1)).strftime("%H:%M"),
        "quiet_to": (now + dt.timedelta(hours=2)).strftime("%H:%M")})
    campaign = Campaign(shop, vendor).scheduled()
    campaign.over()
    assert shop.db.one("select o.due_at > now() + interval '1 hour' from outbox o "
                       "join notice n on n.id = o.subject_id where n.owner_id = %s "
                       "and o.topic = 'push_promotions'", campaign.id)


# -- what became of them ------------------------------------------------------------------------

def counts(campaign):
    (only,) = campaign.see()["counts"]
    return only["sent"], only["delivered"], only["opened"], only["clicked"]


def test_what_is_read_and_followed_is_counted_once_for_each_person(shop, vendor):
    ada, bob, eve = (follower(shop, vendor) for _ in range(3))
    campaign = Campaign(shop, vendor).scheduled()
    campaign.over()
    assert counts(campaign) == (3, 0, 0, 0)
    (hers,), (his,) = promotions(ada), promotions(bob)
    ada.do("readNotifications", body={"ids": [hers["id"]]})
    assert counts(campaign) == (3, 1, 1, 0)
    for _ in range(2):
        ada.do("openNotification", notification_id=hers["id"])
    assert counts(campaign) == (3, 1, 1, 1)
    bob.do("readNotifications", body={"up_to": his["id"]})
    assert counts(campaign) == (3, 2, 2, 1)
    refused(eve.call("openNotification", notification_id=his["id"]), 404)
    eve.do("openNotification", notification_id=promotions(eve)[0]["id"])
    assert counts(campaign) == (3, 3, 3, 2)
    assert [n["read"] for person in (ada, bob, eve) for n in promotions(person)] == 3 * [True]


def test_another_notification_is_opened_too(shop):
    customer = shop.customer()
    customer.order(shop.mug)
    until(lambda: customer.do("listNotifications")["items"])
    (notice,) = customer.do("listNotifications")["items"]
    customer.do("openNotification", notification_id=notice["id"])
    assert customer.do("listNotifications")["items"][0]["read"]


def test_counts_stay_when_it_is_forgotten_who_was_told(own_server):
    shop = Shop(own_server())
    vendor = shop.vendor()
    fan = follower(shop, vendor)
    campaign = Campaign(shop, vendor).scheduled()
    campaign.over()
    fan.do("openNotification", notification_id=promotions(fan)[0]["id"])
    shop.db.rows("update campaign set finished_at = now() - interval '91 days'")
    run_jobs_anew(shop.server)
    until(lambda: shop.db.one("select count(*) from campaign_recipient") == 0)
    assert counts(campaign) == (1, 1, 1, 1)
