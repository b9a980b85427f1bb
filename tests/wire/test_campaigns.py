"""Campaigns: who runs them, whom they tell, and when."""
import datetime as dt

import pytest
from harness.campaigns import Campaign, a_campaign, promotions
from harness.client import refused
from harness.devices import a_phone, registered
from harness.shop import Shop, fresh
from harness.wait import until
from test_preferences import DEFAULTS
from test_retention import run_jobs_anew

ON = {"push": True, "email": True, "in_app": True}
OFF = {"push": False, "email": False, "in_app": False}


@pytest.fixture
def vendor(shop):
    return shop.vendor()


def follower(shop, vendor, **device):
    person = shop.customer()
    person.do("followVendor", vendor_id=vendor.id)
    if device:
        registered(person, a_phone(**device))
    return person


def prefer(person, **promotion):
    person.do("putNotificationPreferences",
              body=DEFAULTS | {"promotions": DEFAULTS["promotions"] | promotion})


def told_of(campaign, people):
    """Whether each was told, and nobody but these."""
    told = campaign.told()
    assert set(told) <= {person.id for person in people} and set(told.values()) <= {1}
    return [person.id in told for person in people]


# -- running them -------------------------------------------------------------------------------

def test_a_vendor_s_campaign_is_approved_before_it_is_sent(shop, vendor):
    fan = follower(shop, vendor)
    campaign = Campaign(shop, vendor)
    assert campaign.see()["status"] == "draft"
    assert campaign.see()["allowed_transitions"] == ["submitted"]
    problem = refused(campaign.call("schedule", body={}), 409, "transition_not_allowed")
    assert problem["allowed_transitions"] == ["submitted"]
    vendor.do("submitCampaign", campaign_id=campaign.id)
    refused(campaign.call("put", body=a_campaign("vendor", vendor.id)), 409)
    waiting = shop.admin().all("listCampaigns", status="submitted")
    assert [(c["vendor_id"], c["allowed_transitions"]) for c in waiting
            if c["id"] == campaign.id] == [(vendor.id, ["approved", "refused"])]
    shop.admin("operations").do("approveCampaign", campaign_id=campaign.id, body={})
    assert not campaign.told()
    assert campaign.do("schedule", body={})["status"] == "scheduled"
    assert campaign.over()["status"] == "sent"
    assert told_of(campaign, [fan]) == [True]


def test_who_is_refused_reads_why_and_submits_again(shop, vendor):
    campaign = Campaign(shop, vendor)
    vendor.do("submitCampaign", campaign_id=campaign.id)
    refused(shop.admin().call("refuseCampaign", campaign_id=campaign.id, body={}), 400,
            field="/reason")
    shop.admin().do("refuseCampaign", campaign_id=campaign.id, body={"reason": "Too loud"})
    assert (campaign.see()["status"], campaign.see()["reason"]) == ("refused", "Too loud")
    refused(vendor.call("submitCampaign", campaign_id=campaign.id), 409)
    changed = campaign.do("put", body=a_campaign("vendor", vendor.id, name="Quiet"))
    assert (changed["status"], changed["reason"], changed["name"]) == ("draft", None, "Quiet")
    vendor.do("submitCampaign", campaign_id=campaign.id)


def test_a_campaign_of_the_marketplace_needs_no_approval(shop, vendor):
    fan, other = follower(shop, vendor), shop.customer()
    campaign = Campaign(shop, segment={"follows_vendor_id": vendor.id})
    assert campaign.see()["allowed_transitions"] == ["scheduled"]
    campaign.scheduled()
    assert campaign.over()["status"] == "sent"
    assert told_of(campaign, [fan, other]) == [True, False]


def test_admins_decide_about_a_vendor_s_campaign_and_do_not_write_it(shop, vendor):
    campaign, admin = Campaign(shop, vendor), shop.admin()
    body = a_campaign("vendor", vendor.id)
    for call in (admin.call("putCampaign", campaign_id=campaign.id, body=body),
                 admin.call("scheduleCampaign", campaign_id=campaign.id, body={}),
                 admin.call("deleteCampaign", campaign_id=campaign.id)):
        refused(call, 409, "transition_not_allowed")
    campaign.approved()
    stopped = admin.do("stopCampaign", campaign_id=campaign.id, body={"reason": "A trick"})
    assert (stopped["status"], stopped["reason"]) == ("stopped", "A trick")
    refused(campaign.call("schedule", body={}), 409, "transition_not_allowed")


def test_a_vendor_sees_its_own_campaigns_only(shop, vendor):
    other = shop.vendor()
    mine, theirs, general = Campaign(shop, vendor), Campaign(shop, other), Campaign(shop)
    assert [c["id"] for c in vendor.do("listVendorCampaigns")["items"]] == [mine.id]
    for foreign in (theirs, general):
        for what in ("get", "preview", "test", "stop", "schedule"):
            body = {"body": {}} if what in ("stop", "schedule") else {}
            refused(vendor.call(f"{what}VendorCampaign", campaign_id=foreign.id, **body), 404)


def test_a_draft_goes_and_what_was_submitted_stays(shop, vendor):
    campaign, other = Campaign(shop, vendor), Campaign(shop, vendor)
    campaign.call("delete")
    refused(campaign.call("get"), 404)
    other.approved()
    refused(other.call("delete"), 409)


def test_a_change_needs_the_version_that_was_read(shop, vendor):
    campaign = Campaign(shop, vendor)
    tag = campaign.call("get").headers["ETag"]
    body = a_campaign("vendor", vendor.id)
    campaign.do("put", body=body, headers={"If-Match": tag})
    refused(campaign.call("put", body=body, headers={"If-Match": tag}), 412)


@pytest.mark.parametrize("change,field", [
    ({"texts": [{"language": "xx", "title": "A", "body": "B"}]}, "/texts/0/language"),
    ({"texts": 2 * [{"language": "en", "title": "A", "body": "B"}]}, "/texts/1/language"),
    ({"texts": [{"language": "en", "title": 101 * "A", "body": "B"}]}, "/texts/0/title"),
    ({"texts": [{"language": "en", "title": "A", "body": 501 * "B"}]}, "/texts/0/body"),
    ({"texts_b": [{"language": "fr", "title": "A", "body": "B"}]}, "/texts_b"),
    ({"share_b": 101}, "/share_b"),
    ({"per_minute": 0}, "/per_minute"),
    ({"link": {"to": "order", "target_id": "0190b0b0-0000-7000-8000-00000000dead"}}, "/link/to"),
    ({"link": {"to": "product", "target_id": "0190b0b0-0000-7000-8000-00000000dead"}},
     "/link/target_id"),
    ({"segment": {"bought_in_category_id": "0190b0b0-0000-7000-8000-00000000dead"}},
     "/segment/bought_in_category_id"),
    ({"segment": {"last_order_within_days": 0}}, "/segment/last_order_within_days"),
])
def test_what_makes_no_sense_is_refused_by_its_field(shop, vendor, change, field):
    body = a_campaign("vendor", vendor.id, **change)
    refused(vendor.call("createVendorCampaign", body=body), 400, field=field)
    refused(shop.admin().call("createCampaign", body=body), 400, field=field)


def test_a_vendor_names_no_other_vendor_and_nothing_of_it(shop, vendor):
    other = shop.vendor()
    for change, field in (
            ({"segment": {"follows_vendor_id": other.id}}, "/segment/follows_vendor_id"),
            ({"segment": {"bought_from_vendor_id": other.id}}, "/segment/bought_from_vendor_id"),
            ({"link": {"to": "vendor", "target_id": other.id}}, "/link/target_id"),
            ({"link": {"to": "product", "target_id": other.product().id}}, "/link/target_id")):
        refused(vendor.call("createVendorCampaign", body=a_campaign("vendor", vendor.id) | change),
                400, field=field)


@pytest.mark.parametrize("body,field", [
    ({"local_at": "2999-12-24 18:00"}, "/local_at"),
    ({"local_at": "2999-13-24T18:00"}, "/local_at"),
    ({"local_at": "2020-12-24T18:00"}, "/local_at"),
    ({"local_at": "2999-12-24T18:00", "send_at": "2999-12-24T18:00:00Z"}, "/local_at"),
])
def test_a_time_that_makes_no_sense_is_refused(shop, body, field):
    refused(Campaign(shop).call("schedule", body=body), 400, field=field)


def test_there_is_a_bound_for_campaigns_that_are_not_over(shop, vendor):
    first = Campaign(shop, vendor)
    columns = "vendor_id, name, follows_vendor_id, language, texts, share_b, link_to, link_id, " \
              "per_minute"
    shop.db.rows(f"insert into campaign (id, {columns}) select gen_random_uuid(), {columns} "
                 "from campaign, generate_series(1, 99) where id = %s", first.id)
    body = a_campaign("vendor", vendor.id)
    refused(vendor.call("createVendorCampaign", body=body), 409, "conflict")
    first.call("delete")
    vendor.do("createVendorCampaign", body=body)


# -- whom they tell -----------------------------------------------------------------------------

def test_only_followers_are_told_of_a_vendor_s_campaign(shop, vendor):
    fan, left, other = follower(shop, vendor), follower(shop, vendor), shop.customer()
    left.do("unfollowVendor", vendor_id=vendor.id)
    campaign = Campaign(shop, vendor).scheduled()
    campaign.over()
    assert told_of(campaign, [fan, left, other]) == [True, False, False]


def test_who_wants_no_promotions_at_all_is_not_told(shop, vendor):
    people = [follower(shop, vendor) for _ in range(4)]
    prefer(people[0], **OFF)
    prefer(people[1], **OFF | {"email": True})
    prefer(people[2], **OFF | {"push": True})  # without a device
    registered(people[3], a_phone())
    prefer(people[3], **OFF | {"push": True})
    campaign = Campaign(shop, vendor)
    assert campaign.do("preview") == {"count": 2, "exact": True}
    campaign.scheduled().over()
    assert told_of(campaign, people) == [False, True, False, True]
    assert promotions(people[1]) == promotions(people[3]) == []  # not in the app


def test_devices_get_it_of_those_who_asked_for_it_by_push(shop, vendor):
    asks, asks_not = (follower(shop, vendor, locale="en") for _ in range(2))
    prefer(asks, push=True)
    campaign = Campaign(shop, vendor).scheduled()
    campaign.over()
    rows = shop.db.rows("select n.account_id::text as id from outbox o "
                        "join notice n on n.id = o.subject_id "
                        "where o.topic = 'push_promotions' and n.owner_id = %s", campaign.id)
    assert [row["id"] for row in rows] == [asks.id]
    assert told_of(campaign, [asks, asks_not]) == [True, True]


def test_a_locked_account_is_not_told(shop, vendor):
    fan = follower(shop, vendor)
    shop.admin().do("lockUser", user_id=fan.id, body={"reason": "A test"})
    campaign = Campaign(shop, vendor).scheduled()
    campaign.over()
    assert not campaign.told()


def test_nothing_is_sent_of_a_vendor_that_was_suspended(shop, vendor):
    follower(shop, vendor)
    campaign = Campaign(shop, vendor).approved()
    shop.admin().do("suspendVendor", vendor_id=vendor.id, body={"reason": "A test"})
    campaign.do("schedule", body={})
    assert campaign.over()["status"] == "stopped" and not campaign.told()


def test_a_segment_means_those_of_whom_all_holds(shop, vendor):
    admin = shop.admin()
    top = admin.do("createCategory", body={"name": fresh("Top")})["id"]
    cups = admin.do("createCategory", body={"name": fresh("Cups"), "parent_id": top})["id"]
    other = shop.vendor()
    cup, plate, theirs = (vendor.product(category_id=cups), vendor.product(),
                          other.product(category_id=cups))
    people = {name: follower(shop, vendor) for name in
              ("cup", "plate", "theirs", "old", "cancelled", "never")}
    for name, product in (("cup", cup), ("plate", plate), ("theirs", theirs), ("old", cup),
                          ("cancelled", cup)):
        order = people[name].order(product, method="cash_on_delivery")
        if name == "old":
            shop.db.rows("update shop_order set created_at = now() - interval '100 days' "
                         "where id = %s", order["id"])
        if name == "cancelled":
            people[name].do("cancelOrder", order_id=order["id"], body={"reason": "A test"})

    def meant(by=None, **segment):
        campaign = Campaign(shop, by, segment=segment)
        ids = {row["id"] for row in shop.db.rows(
            "select k.account_id::text as id from campaign c "
            "cross join lateral campaign_candidates(c, %s, 100000) k where c.id = %s and k.meant",
            "00000000-0000-0000-0000-000000000000", campaign.id)}
        return {name for name, person in people.items() if person.id in ids}

    assert meant(vendor) == meant(follows_vendor_id=vendor.id) == set(people)
    assert meant(bought_from_vendor_id=vendor.id) == {"cup", "plate", "old"}
    assert meant(bought_from_vendor_id=vendor.id, bought_within_days=30) == {"cup", "plate"}
    assert meant(bought_in_category_id=top) == {"cup", "theirs", "old"}
    assert meant(bought_in_category_id=cups, bought_from_vendor_id=vendor.id) == {"cup", "old"}
    assert meant(last_order_before_days=30) == {"old"}
    assert meant(last_order_within_days=30) == {"cup", "plate", "theirs", "cancelled"}
    assert meant(follows_vendor_id=other.id) == set()
    # A vendor learns nothing of what its followers buy elsewhere.
    assert meant(vendor, bought_in_category_id=top) == {"cup", "old"}
    assert meant(vendor, bought_within_days=30) == {"cup", "plate"}
    assert meant(vendor, last_order_within_days=30) == {"cup", "plate", "cancelled"}


def test_languages_are_those_of_the_latest_device(shop, vendor):
    people = [follower(shop, vendor, locale=locale) for locale in ("fr-CA", "am", "en")]
    people.append(follower(shop, vendor))
    campaign = Campaign(shop, vendor, segment={"languages": ["fr", "am"]}).scheduled()
    campaign.over()
    assert told_of(campaign, people) == [True, True, False, False]


def test_a_preview_says_when_it_counted_not_all(shop):
    campaign = Campaign(shop)
    assert campaign.do("preview")["exact"]
    with_many = shop.db.one("select count(*) from account")
    assert 0 < campaign.do("preview")["count"] <= with_many


# -- what they say ------------------------------------------------------------------------------

TEXTS = [{"language": "fr", "title": "Un émail", "body": "Voyez"},
         {"language": "en", "title": "A glaze", "body": "See"}]


def test_each_reads_the_text_of_their_language_or_the_first(shop, vendor):
    fan = follower(shop, vendor)
    product = vendor.product()
    campaign = Campaign(shop, vendor, texts=TEXTS, link={"to": "product", "target_id": product.id})
    campaign.scheduled().over()

    def text(language):
        (notice,) = promotions(fan, headers={"Accept-Language": language})
        return tuple(notice["text"][part].strip("\u2068\u2069") for part in ("title", "body"))
    assert text("en") == ("A glaze", "See")
    assert text("fr") == text("ar") == ("Un émail", "Voyez")
    (notice,) = promotions(fan)
    assert notice["link"] == f"/products/{product.id}" and notice["class"] == "promotions"
    assert notice["data"] == {"campaign_id": campaign.id, "variant": "a",
                              "notification_id": notice["id"]}
    assert notice["vendor_id"] is None


def test_two_texts_are_told_by_their_shares(shop, vendor):
    people = shop.db.rows(
        "with made as (insert into account (id, email, email_key, name, password_hash) "
        "select gen_random_uuid(), x, x, 'Fan', 'none' from (select n || '@ab.' || %s as x "
        "from generate_series(1, 2000) n) y returning id) "
        "insert into vendor_follow (account_id, vendor_id) select id, %s from made "
        "returning account_id", vendor.slug, vendor.id)
    other = [{"language": "en", "title": "B", "body": "Other"}]
    campaign = Campaign(shop, vendor, texts_b=other, share_b=20, per_minute=100000).scheduled()
    counts = {c["variant"]: c["sent"] for c in campaign.over()["counts"]}
    assert sum(counts.values()) == len(people) == 2000 and set(campaign.told().values()) == {1}
    assert 320 <= counts["b"] <= 480  # 400 are meant; 480 are 4.5 standard deviations away
    kept = shop.db.rows("select variant, count(*) from campaign_recipient where campaign_id = %s "
                        "group by 1", campaign.id)
    assert {row["variant"]: row["count"] for row in kept} == counts


def test_a_test_is_shown_to_its_author_and_not_counted(shop, vendor):
    fan, manager = follower(shop, vendor), vendor.staff("manager")
    campaign = Campaign(shop, vendor, texts_b=[{"language": "en", "title": "B", "body": "Other"}])
    registered(manager, a_phone())
    prefer(manager, push=True)
    for times in (1, 2):
        answer = manager.call("testVendorCampaign", vendor_id=vendor.id, campaign_id=campaign.id)
        assert answer.status_code == 202
        assert answer.json() == {"in_app": True, "push": True, "email": False}
        until(lambda times=times: len(promotions(manager)) == 2 * times)
    assert {n["text"]["title"].strip("\u2068\u2069") for n in promotions(manager)} == {"New", "B"}
    assert shop.db.one("select count(*) from outbox o join notice n on n.id = o.subject_id "
                       "where n.owner_id = %s", campaign.id) == 4
    assert campaign.see()["sent"] == 0 and not promotions(fan) and not campaign.told()


# -- how often, how fast, when ------------------------------------------------------------------

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
