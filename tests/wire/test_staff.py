"""Who works for a vendor: inviting, leaving, being taken off."""
from harness.client import refused, together


def invite(vendor, person, role="support"):
    return vendor.do("createInvitation", body={"email": person.account["email"],
                                               "role": role})["token"]


def hired(shop, vendor, role="support"):
    person = shop.customer()
    person.do("acceptInvitation", body={"token": invite(vendor, person, role)})
    return person


def works_at(person):
    return {v["id"]: v["role"] for v in person.do("getMe")["vendors"]}


def test_who_was_dismissed_does_not_return_by_an_older_invitation(shop):
    vendor, person = shop.vendor(), shop.customer()
    first = invite(vendor, person)
    # The row as it was left by servers that let people be invited twice.
    shop.db.rows("insert into staff (vendor_id, account_id, role) values (%s, %s, 'support')",
                 vendor.id, person.id)
    assert vendor.call("removeStaff", user_id=person.id).status_code == 204
    refused(person.call("acceptInvitation", body={"token": first}), 404)
    assert works_at(person) == {}
    assert vendor.do("listInvitations")["items"] == []


def test_who_was_dismissed_returns_by_a_new_invitation(shop):
    vendor = shop.vendor()
    person = hired(shop, vendor)
    vendor.call("removeStaff", user_id=person.id)
    person.do("acceptInvitation", body={"token": invite(vendor, person, "finance")})
    assert works_at(person) == {vendor.id: "finance"}


def test_dismissing_takes_back_nobody_else_s_invitation(shop):
    vendor, other = shop.vendor(), shop.customer()
    token = invite(vendor, other)
    vendor.call("removeStaff", user_id=hired(shop, vendor).id)
    assert other.call("acceptInvitation", body={"token": token}).status_code == 200


def test_who_is_on_the_staff_is_not_invited(shop):
    vendor = shop.vendor()
    person = hired(shop, vendor)
    for email in (person.account["email"], person.account["email"].upper()):
        refused(vendor.call("createInvitation", body={"email": email, "role": "owner"}), 409,
                "already_exists", field="/email")
    other = shop.vendor()
    assert invite(other, person)


def test_anybody_leaves_but_the_last_owner(shop):
    vendor = shop.vendor()
    person = hired(shop, vendor)
    assert person.call("leaveStaff", vendor_id=vendor.id).status_code == 204
    assert works_at(person) == {}
    refused(person.call("leaveStaff", vendor_id=vendor.id), 404)
    refused(vendor.call("leaveStaff"), 409, "conflict")
    second = hired(shop, vendor, "owner")
    assert vendor.call("leaveStaff").status_code == 204
    refused(second.call("leaveStaff", vendor_id=vendor.id), 409, "conflict")


def test_of_two_owners_who_leave_at_once_one_stays(shop):
    vendor = shop.vendor()
    owners = [vendor.owner, hired(shop, vendor, "owner")]
    answers = together(2, lambda i: owners[i].call("leaveStaff", vendor_id=vendor.id))
    assert sorted(a.status_code for a in answers) == [204, 409]
