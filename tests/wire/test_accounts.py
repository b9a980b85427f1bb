"""Accounts: registering, signing in, one's own things, a guest's cart, invitations."""
import re

import pytest
from harness.client import refused, together
from harness.sessions import again, credentials, refreshed
from harness.shop import ADDRESS, PASSWORD, fresh

# -- signing in --------------------------------------------------------------------------------

def test_signing_in_answers_with_tokens_that_nobody_stores(shop):
    person = shop.customer()
    answer = shop.anonymous().call("login", body=credentials(person))
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json()["expires_in"] == 900
    assert answer.json()["user"] == person.account


def test_nobody_learns_which_addresses_have_accounts(shop):
    person = shop.customer()
    known = shop.anonymous().call("login", body=credentials(person, "wrong wrong"))
    unknown = shop.anonymous().call("login", body={"email": fresh("no") + "@example.com",
                                                   "password": "wrong wrong"})
    a, b = refused(known, 401, "bad_credentials"), refused(unknown, 401, "bad_credentials")
    a.pop("request_id"), b.pop("request_id")
    assert a == b


def test_a_locked_account_is_told_so_only_with_the_right_password(shop):
    person = shop.customer()
    shop.db.rows("update account set locked_at = now() where id = %s", person.id)
    refused(shop.anonymous().call("login", body=credentials(person, "wrong wrong")), 401,
            "bad_credentials")
    refused(shop.anonymous().call("login", body=credentials(person)), 403, "account_locked")
    refused(person.call("getMe"), 403, "account_locked")
    refused(refreshed(person), 403, "account_locked")


def test_a_password_hash_of_old_parameters_is_renewed_at_sign_in(shop):
    person = shop.customer()
    # "correct horse battery", hashed with 8 MiB and one pass
    old = ("$argon2id$v=19$m=8192,t=1,p=1$Wh60BnhAiqSsiqu31z/0Wg$"
           "CyksV/qrQVLrb/Vfx1AZgyoNDCeBAU2xOIEwNr1tMmE")
    shop.db.rows("update account set password_hash = %s where id = %s", old, person.id)
    answer = shop.anonymous().call("login", body=credentials(person, "correct horse battery"))
    assert answer.status_code == 200, answer.text
    renewed = shop.db.one("select password_hash from account where id = %s", person.id)
    assert renewed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert shop.anonymous().call("login", body=credentials(person, "correct horse battery")).ok


# -- throttles ----------------------------------------------------------------------------------

def guess(shop, email, guesser=None):
    guesser = guesser or shop.anonymous()
    guesser.patient = False
    return guesser.call("login", body={"email": email, "password": "wrong wrong"})


def test_guessing_at_one_account_is_throttled(shop):
    email, guesser = shop.customer().account["email"], shop.anonymous()
    shop.server.forget_limits()
    answers = [guess(shop, email, guesser) for _ in range(12)]
    assert [a.status_code for a in answers] == 10 * [401] + 2 * [429]
    problem = refused(answers[-1], 429, "rate_limited")
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert "login" in answers[-1].headers["RateLimit-Policy"]
    assert "r=0" in answers[-1].headers["RateLimit"]
    assert problem["detail"]


def test_guessing_at_one_account_is_throttled_from_any_address(shop):
    email = shop.customer().account["email"]
    shop.server.forget_limits()
    codes = [guess(shop, email).status_code for _ in range(62)]
    assert codes == 60 * [401] + 2 * [429]


def test_a_sign_in_refused_for_others_guesses_is_not_counted_as_a_guess(shop):
    person, owner = shop.customer(), shop.anonymous()
    owner.patient = False
    shop.server.forget_limits()
    for _ in range(60):
        guess(shop, person.account["email"])
    answers = [owner.call("login", body=credentials(person)) for _ in range(15)]
    assert {a.status_code for a in answers} == {429}
    assert all('"login_account"' in a.headers["RateLimit-Policy"] for a in answers)


def test_who_guesses_at_an_account_keeps_its_owner_out_of_nothing(shop):
    person, stranger = shop.customer(), shop.anonymous()
    shop.server.forget_limits()
    assert [guess(shop, person.account["email"], stranger).status_code
            for _ in range(12)][-1] == 429
    owner = shop.anonymous()
    owner.patient = False
    assert owner.call("login", body=credentials(person)).status_code == 200


def test_signing_in_often_is_no_guessing(shop):
    person, script = shop.customer(), shop.anonymous()
    script.patient = False
    shop.server.forget_limits()
    codes = {script.call("login", body=credentials(person)).status_code for _ in range(15)}
    assert codes == {200}


def test_one_address_is_throttled_whatever_it_guesses_at(shop):
    guesser = shop.anonymous()
    guesser.patient = False

    def guess():
        return guesser.call("login", body={})  # counted before it is looked at

    policy = guess().headers["RateLimit-Policy"]
    quota = int(re.match(r'"login";q=(\d+)', policy).group(1))
    codes = [guess().status_code for _ in range(quota)]
    assert set(codes[:quota // 2]) == {400} and codes[-1] == 429


def test_a_crowd_of_sign_ins_is_queued_or_refused_never_lost(shop):
    person = shop.customer()
    shop.server.forget_limits()
    people = [shop.anonymous() for _ in range(10)]
    answers = together(10, lambda i: people[i].call("login", body=credentials(person),
                                                    may_fail=True))
    assert {a.status_code for a in answers} <= {200, 503}
    assert all("Retry-After" in a.headers for a in answers if a.status_code == 503)


# -- oneself ------------------------------------------------------------------------------------

def test_a_name_is_changed(shop):
    person = shop.customer()
    assert person.do("updateMe", body={"name": "Ada Lovelace"})["name"] == "Ada Lovelace"
    assert person.do("getMe")["name"] == "Ada Lovelace"
    assert person.do("updateMe", body={})["name"] == "Ada Lovelace"


def test_oneself_unchanged_is_not_sent_again(shop):
    person = shop.customer()
    tag = person.call("getMe").headers["ETag"]
    assert person.call("getMe", headers={"If-None-Match": tag}).status_code == 304
    person.do("updateMe", body={"name": "Ada Lovelace"})
    assert person.call("getMe", headers={"If-None-Match": tag}).status_code == 200


def test_a_new_password_needs_the_old_one(shop):
    person = shop.customer()
    refused(person.call("setMyPassword", body={"password": "new password"}), 400,
            field="/current_password")
    refused(person.call("setMyPassword", body={"password": "new password",
                                               "current_password": "wrong wrong"}), 401,
            "bad_credentials")
    assert shop.anonymous().login(person.account["email"], PASSWORD).id == person.id


def test_a_new_password_ends_every_other_session(shop):
    person = shop.customer()
    other = again(shop, person)
    person.do("setMyPassword", body={"password": "new password", "current_password": PASSWORD})
    refused(other.call("getMe"), 401)
    refused(refreshed(other), 401)
    assert person.do("getMe") == person.account
    assert refreshed(person).status_code == 200
    refused(shop.anonymous().call("login", body=credentials(person)), 401, "bad_credentials")
    assert shop.anonymous().login(person.account["email"], "new password").id == person.id


# -- addresses ----------------------------------------------------------------------------------

def test_the_first_address_is_the_default_until_another_is(shop):
    person = shop.customer()
    first = person.do("createAddress", body=ADDRESS)
    second = person.do("createAddress", body={**ADDRESS, "is_default": False})
    assert (first["is_default"], second["is_default"]) == (True, False)
    person.do("updateAddress", address_id=second["id"], body={"is_default": True})
    listed = person.do("listAddresses")["items"]
    assert [(a["id"], a["is_default"]) for a in listed] == [(second["id"], True),
                                                            (first["id"], False)]
    assert person.call("deleteAddress", address_id=second["id"]).status_code == 204
    (left,) = person.do("listAddresses")["items"]
    assert left["id"] == first["id"] and left["is_default"]


@pytest.mark.parametrize("country", ["ZZ", "UK", "XX", "gb"])
def test_a_country_is_one_that_iso_3166_has(shop, country):
    answer = shop.customer().call("createAddress", body={**ADDRESS, "country": country})
    problem = refused(answer, 400, "invalid_input", "/country")
    assert ("is GB" in problem["errors"][0]["detail"]) == (country == "UK")


@pytest.mark.parametrize("blank", ["", "  "])
def test_an_optional_text_left_empty_in_an_address_is_null(shop, blank):
    person = shop.customer()
    optional = ("company", "line2", "region", "postal_code")
    body = {**ADDRESS, **{name: blank for name in optional}, "country": "HK"}
    address = person.call("createAddress", body=body).json()
    assert [address[name] for name in optional] == 4 * [None]
    filled = person.call("updateAddress", address_id=address["id"],
                         body={"postal_code": "SW1Y 4JH"}).json()
    assert filled["postal_code"] == "SW1Y 4JH"
    emptied = person.call("updateAddress", address_id=address["id"],
                          body={"postal_code": blank}).json()
    assert emptied["postal_code"] is None


def test_a_book_of_addresses_keeps_a_default(shop):
    person = shop.customer()
    first, second = (person.do("createAddress", body=ADDRESS) for _ in range(2))
    stop = {"is_default": False, "city": "Bath"}
    refused(person.call("updateAddress", address_id=first["id"], body=stop), 409, "conflict",
            field="/is_default")
    assert person.do("updateAddress", address_id=second["id"], body=stop)["city"] == "Bath"
    listed = person.do("listAddresses")["items"]
    assert [(a["id"], a["is_default"]) for a in listed] == [(first["id"], True),
                                                            (second["id"], False)]
    assert listed[0]["city"] == ADDRESS["city"]


def test_an_address_changes_only_where_it_is_told_to(shop):
    person = shop.customer()
    made = person.do("createAddress", body={**ADDRESS, "line2": "Flat 2", "company": "Engines"})
    changed = person.do("updateAddress", address_id=made["id"],
                        body={"line2": None, "city": "Bath"})
    assert changed == {**made, "line2": None, "city": "Bath"}


def test_a_full_address_book_takes_no_more(shop):
    person = shop.customer()
    answers = together(6, lambda i: [person.call("createAddress", body={**ADDRESS,
                                                                        "is_default": True})
                                     for _ in range(9)])
    codes = [a.status_code for each in answers for a in each]
    assert codes.count(201) == 50 and codes.count(409) == 4
    assert [a["is_default"] for a in person.do("listAddresses")["items"]] == [True] + 49 * [False]


def test_somebody_else_s_address_does_not_exist(shop):
    ada, eve = shop.customer(), shop.customer()
    hers = ada.do("createAddress", body=ADDRESS)
    mine = eve.do("createAddress", body=ADDRESS)
    refused(eve.call("updateAddress", address_id=hers["id"], body={"is_default": True}), 404)
    refused(eve.call("deleteAddress", address_id=hers["id"]), 404)
    assert eve.do("listAddresses")["items"] == [mine]
    assert ada.do("listAddresses")["items"] == [hers]


# -- a guest's cart -----------------------------------------------------------------------------

def lines(person):
    return {line["variant_id"]: line["quantity"]
            for group in person.do("getCart")["vendors"] for line in group["lines"]}


def test_a_guest_s_cart_is_there_after_registering(shop):
    guest = shop.guest()
    guest.cart(shop.mug)
    token = guest.cart_token
    guest.register(fresh("guest") + "@example.com", PASSWORD, "Ada")
    assert lines(guest) == {shop.mug.variant: 1}
    assert shop.db.one("select state from cart where guest_hash = encode(sha256(%s), 'hex')",
                       token.encode()) == "merged"


def test_a_guest_s_cart_is_added_to_the_account_s(shop):
    person = shop.customer()
    person.cart((shop.mug, 2))
    guest = shop.guest()
    guest.cart((shop.mug, 3), (shop.lamp, 1))
    guest.login(person.account["email"], PASSWORD)
    assert lines(person) == {shop.mug.variant: 5, shop.lamp.variant: 1}


def test_a_guest_s_cart_merges_once(shop):
    person, guest = shop.customer(), shop.guest()
    guest.cart((shop.mug, 3))
    headers = {"X-Cart-Token": guest.cart_token}
    for _ in range(2):
        shop.anonymous().do("login", body=credentials(person), headers=headers)
    assert lines(person) == {shop.mug.variant: 3}


def test_merged_quantities_stop_at_the_most_that_a_line_takes(shop):
    product = shop.product(stock=20000)
    person, guest = shop.customer(), shop.guest()
    person.cart((product, 9000))
    guest.cart((product, 9000))
    guest.login(person.account["email"], PASSWORD)
    assert lines(person) == {product.variant: 9999}


def test_a_failed_sign_in_takes_no_cart(shop):
    person, guest = shop.customer(), shop.guest()
    guest.cart(shop.mug)
    refused(guest.call("login", body=credentials(person, "wrong wrong")), 401)
    assert lines(guest) == {shop.mug.variant: 1}


# -- becoming staff, admins ---------------------------------------------------------------------

def invite(vendor, email, role="fulfilment"):
    return vendor.do("createInvitation", body={"email": email, "role": role})["token"]


def test_an_invitation_makes_its_addressee_staff(shop):
    vendor, person = shop.vendor(), shop.customer()
    token = invite(vendor, person.account["email"].upper(), "support")
    me = person.do("acceptInvitation", body={"token": token})
    assert [(v["id"], v["role"]) for v in me["vendors"]] == [(vendor.id, "support")]
    refused(person.call("acceptInvitation", body={"token": token}), 404, "not_found")


def test_somebody_else_s_invitation_does_not_exist(shop):
    vendor, ada, eve = shop.vendor(), shop.customer(), shop.customer()
    token = invite(vendor, ada.account["email"])
    refused(eve.call("acceptInvitation", body={"token": token}), 404)
    refused(eve.call("acceptInvitation", body={"token": "x"}), 404)
    assert ada.call("acceptInvitation", body={"token": token}).status_code == 200


@pytest.mark.parametrize("column", ["expires_at", "revoked_at"])
def test_an_invitation_that_is_over_does_not_exist(shop, column):
    vendor, person = shop.vendor(), shop.customer()
    token = invite(vendor, person.account["email"])
    shop.db.rows(f"update staff_invitation set {column} = now() where vendor_id = %s", vendor.id)
    refused(person.call("acceptInvitation", body={"token": token}), 404)


def test_who_works_there_already_keeps_the_role(shop):
    vendor, person = shop.vendor(), shop.customer()
    token = invite(vendor, person.account["email"], "support")
    shop.db.rows("insert into staff (vendor_id, account_id, role) values (%s, %s, 'finance')",
                 vendor.id, person.id)
    refused(person.call("acceptInvitation", body={"token": token}), 409, "conflict")
    assert person.do("getMe")["vendors"][0]["role"] == "finance"


def test_an_account_is_made_an_admin_from_the_command_line(shop):
    person = shop.customer()
    email = person.account["email"]
    shop.server.sebez("admin", "create", "--email", email, "--password", "of an admin")
    refused(person.call("getMe"), 401)
    admin = shop.anonymous().login(email, "of an admin")
    assert admin.id == person.id and admin.account["admin_role"] == "superadmin"


def test_the_command_line_refuses_a_password_that_would_not_register(shop):
    done = shop.server.sebez("admin", "create", "--email", "a@b.example", "--password", "short",
                             check=False)
    assert done.returncode != 0 and "8 to 256" in done.stderr
