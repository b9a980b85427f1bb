"""Who is an admin, and in which role."""
import pytest
from harness.client import refused, together
from harness.contract import ADMIN_ROLES
from harness.shop import PASSWORD, fresh


def made(shop, role, *more):
    email = fresh(role) + "@example.com"
    shop.server.sebez("admin", "create", "--email", email, "--role", role, "--password", PASSWORD,
                      *more)
    return shop.anonymous().login(email, PASSWORD)


def give(shop, person, role, by=None):
    return (by or shop.admin()).call("setAdminRole", user_id=person.id, body={"role": role})


def signed_in(shop, person):
    return shop.anonymous().login(person.account["email"], PASSWORD)


@pytest.mark.parametrize("role", ADMIN_ROLES)
def test_the_command_line_makes_an_admin_of_any_role(shop, role):
    assert made(shop, role).account["admin_role"] == role


def test_the_command_line_refuses_a_role_that_there_is_not(shop):
    done = shop.server.sebez("admin", "create", "--email", fresh("x") + "@example.com", "--role",
                             "emperor", "--password", PASSWORD, check=False)
    assert done.returncode != 0 and "emperor" in done.stderr


def test_a_role_is_given_and_taken(shop):
    person = shop.customer()
    refused(person.call("adminListUsers"), 403)
    assert give(shop, person, "support").json()["admin_role"] == "support"
    refused(person.call("getMe"), 401)
    helper = signed_in(shop, person)
    helper.do("adminListUsers")
    refused(helper.call("listAudit"), 403)
    (listed,) = shop.admin().do("adminListUsers", q=person.account["email"])["items"]
    assert listed["admin_role"] == "support"
    assert give(shop, person, None).json()["admin_role"] is None
    refused(helper.call("adminListUsers"), 401)
    refused(signed_in(shop, person).call("adminListUsers"), 403)


def test_only_a_superadmin_gives_roles_and_not_to_oneself(shop):
    person, superadmin = shop.customer(), made(shop, "superadmin")
    for role in ADMIN_ROLES[1:]:
        refused(give(shop, person, "support", by=shop.admin(role)), 403)
    refused(give(shop, superadmin, "support", by=superadmin), 409, "conflict")
    refused(give(shop, superadmin, None, by=superadmin), 409, "conflict")
    refused(shop.admin().call("setAdminRole", user_id=person.id, body={"role": "emperor"}), 400,
            field="/role")
    refused(shop.admin().call("setAdminRole", user_id=person.id, body={}), 400, field="/role")


def test_of_two_who_take_each_other_s_role_at_once_one_keeps_it(shop):
    pair = [made(shop, "superadmin"), made(shop, "superadmin")]
    answers = together(2, lambda i: give(shop, pair[1 - i], None, by=pair[i]))
    assert sorted(a.status_code for a in answers)[0] == 200
    assert sorted(a.status_code for a in answers)[1] in (401, 403)


def test_of_two_who_lock_each_other_at_once_one_goes_on(shop):
    pair = [made(shop, "superadmin"), made(shop, "superadmin")]
    answers = together(2, lambda i: pair[i].call("lockUser", user_id=pair[1 - i].id,
                                                 body={"reason": "You or me"}))
    assert sorted(a.status_code for a in answers)[0] == 200
    assert sorted(a.status_code for a in answers)[1] in (401, 403)


def test_who_gave_which_role_is_in_the_audit_log(shop):
    person = shop.customer()
    give(shop, person, "finance")
    (entry,) = [e for e in shop.admin().do("listAudit", object_id=person.id)["items"]
                if e["object"]["kind"] == "account"]
    assert entry["by"]["id"] == shop.admin().id
    assert (entry["before"]["admin_role"], entry["after"]["admin_role"]) == (None, "finance")


# -- from where -----------------------------------------------------------------------------------

def allow(shop, admin, networks, **more):
    now = admin.do("getSettings")
    del now["currency"], now["version"]
    return admin.call("putSettings", body={**now, "admin_networks": networks}, **more)


def test_admins_act_from_the_networks_of_the_settings_until_the_operator_lets_them_in(shop):
    admin, elsewhere = made(shop, "superadmin"), made(shop, "support")
    operations = made(shop, "operations")
    image = {"purpose": "category_image", "content_type": "image/png", "bytes": 100}
    assert elsewhere.call("adminListUsers").status_code == 200
    both = [f"{admin.address}/32", "2001:db8:7::/48"]
    assert allow(shop, admin, both).json()["admin_networks"] == both
    try:
        assert admin.call("adminListUsers").status_code == 200
        refused(elsewhere.call("adminListUsers"), 403, "address_not_allowed")
        refused(operations.call("createUpload", body=image), 403, "address_not_allowed")
        assert operations.call("createUpload", body={**image, "purpose": "avatar"}).ok
        assert elsewhere.call("getMe").status_code == 200
        assert elsewhere.login(elsewhere.account["email"], PASSWORD).do("getMe")["admin_role"]
        refused(elsewhere.call("adminListUsers"), 403, "address_not_allowed")
        said = [shop.server.sebez("admin", "clear-networks").stdout for _ in range(2)]
    finally:
        shop.db.rows("update platform set admin_networks = '{}'")
    assert said == ["admins may act from any network again\n",
                    "admins could act from any network already\n"]
    assert elsewhere.call("adminListUsers").status_code == 200
    entry = shop.db.rows("select actor, before, after from audit_log where actor = 'operator' "
                         "and object_kind = 'platform' order by id desc limit 1")
    assert entry == [{"actor": "operator", "before": {"admin_networks": both},
                      "after": {"admin_networks": []}}]


def test_no_admin_locks_themselves_out_and_networks_are_looked_at(shop):
    admin = made(shop, "superadmin")
    refused(allow(shop, admin, ["192.0.2.0/24"]), 400, field="/admin_networks")
    for wrong in ("192.0.2.1/24", "192.0.2.0/33", "here", "2001:db8::/129",
                  "2001:db8::/032", "::ffff:203.0.113.0/120", "::ffff:0:0/96",
                  "127.0.0.0/8 10.0.0.0/8", ""):
        refused(allow(shop, admin, ["127.0.0.0/8", wrong]), 400, field="/admin_networks/1")
    refused(allow(shop, admin, ["127.0.0.0/8"] * 33), 400, field="/admin_networks")
    assert admin.do("getSettings")["admin_networks"] == []
