"""The second factor: setting it up, signing in with it, what bounds guessing, and who must have
one."""
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from harness.client import refused, together
from harness.codes import coded, fresh_phone
from harness.sessions import again, credentials
from harness.shop import PASSWORD
from harness.totp import App, code_of, enrolled, forget_steps
from harness.wait import until

NEVER = "0190b0b0-0000-7000-8000-00000000dead"


def challenged(person, password=PASSWORD, who=None):
    answer = (who or person).call("login", body=credentials(person, password), token=None)
    assert answer.status_code == 202, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.json()


def answer(who, challenge, code):
    return who.call("answerChallenge", token=None, body={
        "challenge_id": challenge["challenge_id"], "code": code})


def wrong(code):
    return f"{(int(code) + 1) % 1000000:06d}"


def impatient(shop):
    person = shop.anonymous()
    person.patient = False
    return person


def letters(shop, person):
    return [row["text_key"] for row in shop.db.rows(
        "select text_key from mail_letter where account_id = %s order by created_at", person.id)]


# -- setting it up ------------------------------------------------------------------------------

def test_guesses_at_the_first_code_are_bounded(shop):
    person = shop.customer()
    app = App(person.do("beginTotp", body={})["secret"])
    person.patient = False
    answers = [person.call("confirmTotp", body={"code": wrong(app.at(App.now()))}).status_code
               for _ in range(11)]
    assert answers == 10 * [401] + [429]


def test_an_app_is_set_up_by_its_first_code(shop):
    person = shop.customer()
    begun = person.do("beginTotp", body={})
    uri = urlsplit(begun["uri"])
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert unquote(uri.path).endswith(":" + person.account["email"])
    assert parse_qs(uri.query)["secret"] == [begun["secret"]]
    app = App(begun["secret"])
    refused(person.call("confirmTotp", body={"code": wrong(app.at(App.now()))}), 401,
            "bad_credentials")
    assert person.do("getTwoFactor")["enabled"] is False
    codes = person.do("confirmTotp", body={"code": app.at(App.now())})["recovery_codes"]
    assert len(set(codes)) == 10
    state = person.do("getTwoFactor")
    assert state["enabled"] and state["recovery_codes_left"] == 10
    assert state["required_from"] is None
    assert letters(shop, person) == ["mail.two_factor_on"]


def test_setting_up_ends_sessions_that_began_without_it(shop):
    person = shop.customer()
    other = again(shop, person)
    enrolled(shop, person)
    refused(other.call("getMe"), 401, "unauthenticated")
    assert person.call("getMe").status_code == 200


def test_what_was_not_begun_or_too_long_ago_is_not_confirmed(shop):
    person = shop.customer()
    refused(person.call("confirmTotp", body={"code": "123456"}), 409, "conflict")
    app = App(person.do("beginTotp", body={})["secret"])
    shop.db.rows("update totp set pending_until = now() where account_id = %s", person.id)
    refused(person.call("confirmTotp", body={"code": app.at(App.now())}), 409, "conflict")


def test_an_app_is_replaced_with_a_code_and_stays_until_then(shop):
    person = enrolled(shop, shop.customer())
    problem = refused(person.call("beginTotp", body={}), 400)
    assert [(e["field"], e["code"]) for e in problem["errors"]] == [("/code", "required")]
    refused(person.call("beginTotp", body={"code": wrong(code_of(shop, person))}), 401)
    begun = person.do("beginTotp", body={"code": code_of(shop, person)})
    other = App(begun["secret"])
    refused(answer(person, challenged(person), other.at(App.now())), 401)
    assert answer(person, challenged(person), code_of(shop, person)).status_code == 200
    person.do("confirmTotp", body={"code": other.at(App.now())})
    refused(answer(person, challenged(person), code_of(shop, person)), 401)
    person.app = other
    assert answer(person, challenged(person), code_of(shop, person)).status_code == 200


def test_the_database_has_neither_secret_nor_recovery_code(shop):
    person = enrolled(shop, shop.customer())
    dump = str(shop.db.rows("select encode(secret, 'hex') as s, encode(hash, 'hex') as h from totp "
                            "join recovery_code using (account_id) where account_id = %s",
                            person.id))
    assert person.app.key.hex() not in dump
    assert not [code for code in person.recovery_codes
                if code.replace("-", "").encode().hex() in dump]


def test_a_secret_that_was_moved_to_another_account_opens_nothing(shop):
    one, other = enrolled(shop, shop.customer()), enrolled(shop, shop.customer())
    shop.db.rows("update totp set secret = (select secret from totp where account_id = %s), "
                 "last_step = 0 where account_id = %s", one.id, other.id)
    refused(answer(other, challenged(other), one.app.at(App.now())), 401)


# -- signing in ---------------------------------------------------------------------------------

def test_a_sign_in_needs_a_code_and_merges_the_guests_cart(shop):
    person = enrolled(shop, shop.customer())
    guest = shop.guest()
    guest.cart(shop.mug)
    challenge = challenged(person, who=guest)
    assert challenge["methods"] == ["totp", "recovery_code"]
    signed_in = answer(guest, challenge, code_of(shop, person))
    assert signed_in.status_code == 200 and signed_in.json()["user"]["id"] == person.id
    assert signed_in.headers["Cache-Control"] == "no-store"
    guest._signed_in(signed_in.json())
    assert guest.do("getCart")["vendors"]


def test_a_sign_in_by_telephone_needs_a_code_too(shop):
    person = shop.customer()
    phone = fresh_phone()
    person.do("setMyPhone", body={**coded(shop.server, person, phone),
                                  "current_password": PASSWORD})
    enrolled(shop, person)
    who = shop.anonymous()
    response = who.call("signInByPhone", body=coded(shop.server, who, phone))
    assert response.status_code == 202
    assert answer(who, response.json(), code_of(shop, person)).status_code == 200


@pytest.mark.parametrize("drift, status", [(-2, 401), (-1, 200), (0, 200), (1, 200), (2, 401)])
def test_a_clock_may_be_one_step_ahead_or_behind(shop, drift, status):
    person = enrolled(shop, shop.customer())
    forget_steps(shop, person)
    # The server's clock may reach the next step meanwhile, so a step may be asked for again.
    for _ in range(3):
        step = App.now()
        got = answer(person, challenged(person), person.app.at(step + drift)).status_code
        if App.now() == step:
            break
        forget_steps(shop, person)
    assert got == status


def test_a_code_works_once_and_no_earlier_one_after_it(shop):
    person = enrolled(shop, shop.customer())
    code = code_of(shop, person)
    step = shop.db.one("select last_step from totp where account_id = %s", person.id)
    challenges = [challenged(person) for _ in range(6)]
    answers = together(6, lambda i: answer(shop.anonymous(), challenges[i], code))
    assert sorted(a.status_code for a in answers) == [200] + 5 * [401]
    used = shop.db.one("select last_step from totp where account_id = %s", person.id)
    assert used > step
    refused(answer(person, challenged(person), person.app.at(used - 1)), 401, "bad_credentials")


def test_a_recovery_code_works_once_however_it_is_typed_and_a_mail_tells(shop):
    person = enrolled(shop, shop.customer())
    code = person.recovery_codes[0]
    typed = " " + code.upper().replace("-", " ").replace("0", "O").replace("1", "l")
    assert answer(person, challenged(person), typed).status_code == 200
    refused(answer(person, challenged(person), code), 401, "bad_credentials")
    assert person.do("getTwoFactor")["recovery_codes_left"] == 9
    assert letters(shop, person)[-1] == "mail.recovery_code_used"
    other = enrolled(shop, shop.customer())
    refused(answer(person, challenged(person), other.recovery_codes[0]), 401)


def test_new_recovery_codes_replace_the_former(shop):
    person = enrolled(shop, shop.customer())
    refused(person.call("renewRecoveryCodes", body={"code": "000000000000"}), 401)
    new = person.do("renewRecoveryCodes", body={"code": code_of(shop, person)})["recovery_codes"]
    refused(answer(person, challenged(person), person.recovery_codes[3]), 401)
    assert answer(person, challenged(person), new[3]).status_code == 200


def test_a_challenge_is_completed_once_and_in_time(shop):
    person = enrolled(shop, shop.customer())
    challenge = challenged(person)
    assert answer(person, challenge, code_of(shop, person)).status_code == 200
    refused(answer(person, challenge, code_of(shop, person)), 404, "not_found")
    late = challenged(person)
    shop.db.rows("update sign_in_challenge set expires_at = now() where id = %s",
                 late["challenge_id"])
    refused(answer(person, late, code_of(shop, person)), 404, "not_found")
    refused(answer(person, {"challenge_id": NEVER}, code_of(shop, person)), 404, "not_found")


def test_a_challenge_ends_with_the_password_that_began_it(shop):
    person = enrolled(shop, shop.customer())
    challenge = challenged(person)
    person.do("setMyPassword", body={"password": "another battery staple",
                                     "current_password": PASSWORD})
    refused(answer(person, challenge, code_of(shop, person)), 404, "not_found")


@pytest.mark.parametrize("change, back", [("locked_at = now()", "locked_at = null"),
                                          ("admin_role = 'support'", "admin_role = null")])
def test_a_challenge_ends_when_the_account_is_locked_or_its_role_changes(shop, change, back):
    person = enrolled(shop, shop.customer())
    challenge = challenged(person)
    shop.db.rows(f"update account set {change} where id = %s", person.id)
    refused(answer(person, challenge, code_of(shop, person)), 404, "not_found")
    shop.db.rows(f"update account set {back} where id = %s", person.id)
    refused(answer(person, challenge, code_of(shop, person)), 404, "not_found")
    assert answer(person, challenged(person), code_of(shop, person)).status_code == 200


# -- what bounds guessing -----------------------------------------------------------------------

def test_five_guesses_spend_a_challenge(shop):
    person = enrolled(shop, shop.customer())
    challenge, code = challenged(person), code_of(shop, person)
    together(12, lambda i: answer(shop.anonymous(), challenge, wrong(code)))
    refused(answer(person, challenge, code), 404, "not_found")
    assert answer(person, challenged(person), code).status_code == 200


def test_who_guesses_in_one_network_is_slowed_down(shop):
    person, guesser = enrolled(shop, shop.customer()), impatient(shop)
    code = code_of(shop, person)
    got = []
    for _ in range(3):
        challenge = challenged(person, who=guesser)
        got += [answer(guesser, challenge, wrong(code)).status_code for _ in range(4)]
    assert got == 10 * [401] + 2 * [429]
    assert answer(person, challenged(person), code).status_code == 200


def test_who_guesses_from_many_networks_does_not_keep_the_owner_out(shop):
    person = enrolled(shop, shop.customer())
    code = code_of(shop, person)
    got = []
    for _ in range(8):
        guesser = impatient(shop)
        challenge = challenged(person, who=guesser)
        got += [answer(guesser, challenge, wrong(code)).status_code for _ in range(4)]
    assert got == 30 * [401] + 2 * [429]
    # The owner's network is known; elsewhere a recovery code opens.
    person.patient = False
    assert answer(person, challenged(person), code).status_code == 200
    stranger = impatient(shop)
    challenge = challenged(person, who=stranger)
    refused(answer(stranger, challenge, code_of(shop, person)), 429, "rate_limited")
    assert answer(stranger, challenge, person.recovery_codes[0]).status_code == 200


# -- turning it off -----------------------------------------------------------------------------

def test_turning_it_off_needs_a_code_and_a_mail_tells(shop):
    person = enrolled(shop, shop.customer())
    refused(person.call("disableTotp", body={"code": wrong(code_of(shop, person))}), 401)
    person.do("disableTotp", body={"code": code_of(shop, person)})
    state = person.do("getTwoFactor")
    assert state == {"enabled": False, "enabled_at": None, "recovery_codes_left": 0,
                     "passkeys": 0, "required_from": None}
    assert letters(shop, person)[-1] == "mail.two_factor_off"
    assert again(shop, person).call("getMe").status_code == 200
    refused(person.call("disableTotp", body={"code": "123456"}), 401, "bad_credentials")


# -- who must have one --------------------------------------------------------------------------

@pytest.fixture
def demanding(own_server):
    """A marketplace that demands it of everybody who acts for others, after a week."""
    from harness.shop import Shop
    shop = Shop(own_server())
    admin = shop.admin()
    enrolled(shop, admin)
    now = admin.do("getSettings")
    del now["currency"], now["version"]
    admin.do("putSettings", body={**now, "two_factor_admins": True, "two_factor_staff": True,
                                  "two_factor_grace_days": 7})
    return shop


def age_grace(shop, person, days):
    shop.db.rows("update platform set two_factor_admins_since = two_factor_admins_since - "
                 "make_interval(days => %s), two_factor_staff_since = two_factor_staff_since - "
                 "make_interval(days => %s)", days, days)
    shop.db.rows("update two_factor_grace set started_at = started_at - make_interval(days => %s) "
                 "where account_id = %s", days, person.id)


def test_staff_and_admins_without_one_do_nothing_but_set_it_up_when_the_grace_is_over(demanding):
    shop = demanding
    vendor, support, customer = shop.vendor(), shop.admin("support"), shop.customer()
    owner = vendor.owner
    assert customer.do("getTwoFactor")["required_from"] is None
    for person, call in ((owner, lambda: vendor.call("listVendorProducts")),
                         (support, lambda: support.call("adminListUsers"))):
        person._signed_in(person.do("refresh", token=None, body={
            "refresh_token": person.refresh_token}))
        assert person.do("getTwoFactor")["required_from"] is not None
        age_grace(shop, person, 6)
        assert call().status_code == 200
        age_grace(shop, person, 2)
        refused(call(), 403, "second_factor_required")
        person.do("getMe")
        enrolled(shop, person)
        assert call().status_code == 200
        refused(person.call("disableTotp", body={"code": code_of(shop, person)}), 409, "conflict")


def test_uploads_and_notices_of_a_role_need_the_second_factor_too(demanding):
    shop = demanding
    vendor, catalog = shop.vendor(), shop.admin("operations")
    ask = {"owner": (vendor.owner, {"purpose": "product_image", "vendor_id": vendor.id}),
           "admin": (catalog, {"purpose": "category_image"})}
    shop.customer().order(vendor.product())

    def seen():
        return [n for n in vendor.owner.do("listNotifications")["items"] if n["vendor_id"]]
    until(seen)
    for person, body in ask.values():
        whole = {**body, "content_type": "image/png", "bytes": 100}
        assert person.call("createUpload", body=whole).status_code == 201
        person._signed_in(person.do("refresh", token=None, body={
            "refresh_token": person.refresh_token}))
        if person is vendor.owner:
            assert seen()
        age_grace(shop, person, 8)
        refused(person.call("createUpload", body={**whole, "bytes": 101}), 403,
                "second_factor_required")
        assert person.call("createUpload", body={
            "purpose": "avatar", "content_type": "image/png", "bytes": 100}).status_code == 201
        if person is vendor.owner:
            assert seen() == []
        enrolled(shop, person)
        assert person.call("createUpload", body=whole).status_code == 201
    assert seen()


def test_the_operator_lets_an_admin_in_who_lost_everything(demanding):
    shop = demanding
    admin = shop.admin("finance")
    enrolled(shop, admin)
    email = admin.account["email"]
    done = shop.server.sebez("admin", "reset-factors", "--email", email)
    assert done.returncode == 0 and email in done.stdout
    refused(admin.call("getMe"), 401, "unauthenticated")
    assert again(shop, admin).do("getTwoFactor")["enabled"] is False
    [entry] = shop.admin().do("listAudit", object_id=admin.id)["items"][:1]
    assert entry["by"] == {"kind": "operator", "id": None, "name": None}
    assert entry["object"]["kind"] == "second_factor"
    assert shop.server.sebez("admin", "reset-factors", "--email", "nobody@example.com",
                           check=False).returncode == 1


def test_the_operator_lets_somebody_in_who_signs_in_by_telephone_alone(demanding):
    shop = demanding
    phone = fresh_phone()
    shop.db.rows("insert into account (id, phone, name) values (%s, %s, 'Sara')",
                 "0190b0b0-0000-7000-8000-00000000e164", phone)
    shop.db.rows("insert into totp (account_id, secret, confirmed_at) values (%s, '\\x00', now())",
                 "0190b0b0-0000-7000-8000-00000000e164")
    done = shop.server.sebez("admin", "reset-factors", "--phone", phone)
    assert done.returncode == 0 and phone in done.stdout
    assert shop.db.one("select count(*) from totp where account_id = %s",
                       "0190b0b0-0000-7000-8000-00000000e164") == 0
    for both in (["--phone", phone, "--email", "a@example.com"], []):
        assert shop.server.sebez("admin", "reset-factors", *both, check=False).returncode == 2
