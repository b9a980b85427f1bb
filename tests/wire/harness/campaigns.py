"""Campaigns, and whom they told."""
from collections import Counter

from .devices import a_phone, registered
from .shop import fresh
from .wait import until


def a_campaign(to, target_id, **more):
    return {"name": fresh("Campaign"), "link": {"to": to, "target_id": target_id},
            "texts": [{"language": "en", "title": "New", "body": "Come and see"}], **more}


class Campaign:
    """Of a vendor, or of the marketplace; it is run as its owner does."""

    def __init__(self, shop, vendor=None, **more):
        self.shop, self.db, self.vendor = shop, shop.db, vendor
        target = vendor or shop.mug.vendor
        self.id = self._do("create", body=a_campaign("vendor", target.id, **more))["id"]

    def _call(self, what, **arguments):
        if self.vendor:
            return self.vendor.call(f"{what}VendorCampaign", **arguments)
        return self.shop.admin().call(f"{what}Campaign", **arguments)

    def _do(self, what, **arguments):
        response = self._call(what, **arguments)
        assert response.status_code < 300, f"{what}: {response.status_code} {response.text}"
        return response.json()

    def call(self, what, **arguments):
        return self._call(what, campaign_id=self.id, **arguments)

    def do(self, what, **arguments):
        return self._do(what, campaign_id=self.id, **arguments)

    def see(self):
        return self.do("get")

    def approved(self):
        self.vendor.do("submitCampaign", campaign_id=self.id)
        self.shop.admin().do("approveCampaign", campaign_id=self.id, body={})
        return self

    def scheduled(self, **body):
        if self.vendor:
            self.approved()
        self.do("schedule", body=body)
        return self

    def over(self):
        """What became of it."""
        until(lambda: self.db.one("select state in ('sent', 'stopped') from campaign "
                                  "where id = %s", self.id), 60)
        return self.see()

    def told(self):
        """Counter of the accounts that have a notice of it, tests aside."""
        return Counter(row["id"] for row in self.db.rows(
            "select account_id::text as id from notice where owner_id = %s and number = 0",
            self.id))


def promotions(person, **arguments):
    return [n for n in person.all("listNotifications", **arguments) if n["kind"] == "promotion"]


def follower(shop, vendor, **device):
    person = shop.customer()
    person.do("followVendor", vendor_id=vendor.id)
    if device:
        registered(person, a_phone(**device))
    return person


def prefer(person, **promotion):
    defaults = person.do("getNotificationPreferences")
    person.do("putNotificationPreferences",
              body=defaults | {"promotions": defaults["promotions"] | promotion})


def told_of(campaign, people):
    """Whether each was told, and nobody but these."""
    told = campaign.told()
    assert set(told) <= {person.id for person in people} and set(told.values()) <= {1}
    return [person.id in told for person in people]
