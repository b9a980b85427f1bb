"""Customers follow vendors."""
import pytest
from harness.client import refused, together


@pytest.fixture
def ada(shop):
    return shop.customer("Ada Byron")


def follow(person, vendor):
    return person.do("followVendor", vendor_id=vendor.id)


def followed(person, **arguments):
    return [item["vendor"]["id"] for item in person.all("listFollows", **arguments)]


def count(vendor):
    return vendor.do("countFollowers")["followers"]


def test_whom_a_customer_follows_is_listed_newest_first(shop, ada):
    vendors = [shop.vendor() for _ in range(3)]
    for vendor in vendors:
        follow(ada, vendor)
    assert followed(ada) == followed(ada, limit=1) == [v.id for v in reversed(vendors)]
    item = ada.do("listFollows")["items"][-1]
    assert (item["vendor"]["name"], item["vendor"]["slug"]) == (vendors[0].name, vendors[0].slug)


def test_an_app_asks_whether_one_vendor_is_followed(shop, ada):
    vendor, other = shop.vendor(), shop.vendor()
    follow(ada, vendor)
    assert followed(ada, vendor_id=vendor.id) == [vendor.id]
    assert followed(ada, vendor_id=other.id) == []


def test_following_twice_changes_nothing(shop, ada):
    vendor = shop.vendor()
    follow(ada, vendor)
    (first,) = ada.do("listFollows")["items"]
    answers = together(8, lambda i: ada.call("followVendor", vendor_id=vendor.id))
    assert {a.status_code for a in answers} == {204}
    assert ada.do("listFollows")["items"] == [first] and count(vendor) == 1


def test_who_unfollows_is_not_counted_any_more(shop, ada):
    vendor = shop.vendor()
    follow(ada, vendor)
    follow(shop.customer(), vendor)
    assert count(vendor) == 2
    for _ in range(2):
        ada.do("unfollowVendor", vendor_id=vendor.id)
        assert count(vendor) == 1 and followed(ada) == []


def test_a_vendor_that_is_not_public_is_not_followed_but_unfollowed(shop, ada):
    vendor, unknown = shop.vendor(), shop.vendor(approved=False)
    follow(ada, vendor)
    shop.admin().do("suspendVendor", vendor_id=vendor.id, body={"reason": "A test"})
    assert followed(ada) == []
    refused(ada.call("followVendor", vendor_id=unknown.id), 404)
    refused(ada.call("unfollowVendor", vendor_id=unknown.id), 404)
    refused(shop.customer().call("followVendor", vendor_id=vendor.id), 404)
    ada.do("unfollowVendor", vendor_id=vendor.id)
    shop.admin().do("reinstateVendor", vendor_id=vendor.id, body={})
    assert followed(ada) == [] and count(vendor) == 0


def test_every_role_of_the_staff_learns_how_many_follow_and_never_who(shop, ada):
    vendor = shop.vendor()
    follow(ada, vendor)
    for role in ("manager", "support", "finance"):
        answer = vendor.staff(role).call("countFollowers", vendor_id=vendor.id)
        assert answer.json() == {"followers": 1}
    grants = shop.db.rows("select column_name from information_schema.column_privileges "
                          "where table_name = 'vendor_follow' and grantee = 'sebez_vendor'")
    assert [row["column_name"] for row in grants] == ["vendor_id"]


def test_many_followers_count_as_many(shop):
    vendor = shop.vendor()
    shop.db.rows("insert into account (id, email, email_key, name, password_hash) "
                 "select gen_random_uuid(), 'follower' || n || '@' || %s, "
                 "'follower' || n || '@' || %s, 'Follower', 'none' "
                 "from generate_series(1, 1000) n", vendor.slug, vendor.slug)
    shop.db.rows("insert into vendor_follow (account_id, vendor_id) "
                 "select a.id, %s from account a where a.email like 'follower%%' || %s",
                 vendor.id, vendor.slug)
    assert count(vendor) == 1000
