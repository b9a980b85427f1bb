"""Campaigns: who runs them, and from which state to which."""
import pytest
from harness.campaigns import Campaign, a_campaign, follower, told_of
from harness.client import refused
from harness.wait import until


@pytest.fixture
def vendor(shop):
    return shop.vendor()


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


def decisions(person, language):
    return [(n["kind"], n["text"]["body"], n["link"]) for n in
            person.all("listNotifications", headers={"Accept-Language": language})
            if n["kind"].startswith("campaign_")]


def test_owners_and_managers_are_told_what_was_decided_and_why(shop, vendor):
    campaign, admin = Campaign(shop, vendor, name="Winter"), shop.admin()
    manager, packer = vendor.staff("manager"), vendor.staff("fulfilment")
    vendor.do("submitCampaign", campaign_id=campaign.id)
    admin.do("refuseCampaign", campaign_id=campaign.id, body={"reason": "Too loud"})
    campaign.do("put", body=a_campaign("vendor", vendor.id, name="Winter"))
    vendor.do("submitCampaign", campaign_id=campaign.id)
    admin.do("approveCampaign", campaign_id=campaign.id, body={})
    link = f"/vendors/{vendor.id}/campaigns/{campaign.id}"
    refusal = ("campaign_refused", "\u2068Winter\u2069 was refused: \u2068Too loud\u2069", link)
    for person in (vendor.owner, manager):
        until(lambda person=person: [kind for kind, _, _ in decisions(person, "en")]
              == ["campaign_approved", "campaign_refused"])
        assert decisions(person, "en")[1] == refusal
    assert len({decisions(manager, language)[1][1] for language in ("en", "am", "ar", "fr")}) == 4
    assert not decisions(packer, "en")


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
