"""Campaigns: whom they tell, and what."""
import pytest
from harness.campaigns import Campaign, follower, prefer, promotions, told_of
from harness.devices import a_phone, registered
from harness.shop import fresh
from harness.wait import until

OFF = {"push": False, "email": False, "in_app": False}


@pytest.fixture
def vendor(shop):
    return shop.vendor()


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
