"""Passkeys: registering them, signing in, a second factor, a recent proof; and whoever forges."""
import pytest
from harness.authenticator import (EDDSA, ES256, HAS_CREDENTIAL, PRESENT, RS256, VERIFIED,
                                   Authenticator, asked, cbor, passkey_of, signs_in, text_of)
from harness.browser import browser, in_a_browser
from harness.client import refused, together
from harness.codes import change_of, undo_of
from harness.sessions import again, credentials
from harness.shop import Shop, fresh
from harness.totp import code_of, enrolled


def letters(shop, person):
    return [(row["text_key"], row["facts"].get("name")) for row in shop.db.rows(
        "select text_key, facts from mail_letter where account_id = %s order by created_at",
        person.id)]


def offered(person):
    return person.do("beginPasskey")["options"]


def added(person, credential, name="A key"):
    return person.call("addPasskey", body={"name": name, "credential": credential})


# -- the list -----------------------------------------------------------------------------------

def test_passkeys_are_registered_named_listed_and_removed(shop):
    person, eve = shop.customer(), shop.customer()
    assert person.do("listPasskeys")["items"] == []
    one = passkey_of(shop, person, name="  Telephone ")
    other = passkey_of(shop, person, RS256, name="Safe")
    assert [p["name"] for p in person.do("listPasskeys")["items"]] == ["Telephone", "Safe"]
    assert person.do("getTwoFactor")["passkeys"] == 2
    assert eve.do("listPasskeys")["items"] == []
    named = {"passkey_id": other.passkey, "body": {"name": "Bank"}}
    refused(eve.call("renamePasskey", **named), 404, "not_found")
    refused(eve.call("removePasskey", passkey_id=other.passkey), 404, "not_found")
    assert person.do("renamePasskey", **named)["name"] == "Bank"
    person.do("removePasskey", passkey_id=other.passkey)
    assert [p["id"] for p in person.do("listPasskeys")["items"]] == [one.passkey]
    assert letters(shop, person) == [
        ("mail.passkey_added", "Telephone"), ("mail.passkey_added", "Safe"),
        ("mail.passkey_removed", "Bank")]


def test_an_account_has_at_most_twenty_and_each_once(shop):
    person, other = shop.customer(), shop.customer()
    device = passkey_of(shop, person)
    excluded = offered(person)["excludeCredentials"]
    assert [c["id"] for c in excluded] == [text_of(device.id)]
    refused(added(other, device.create(offered(other))), 409, "already_exists")
    shop.db.rows("insert into passkey (id, account_id, credential_id, public_key, sign_count, "
                 "name) select gen_random_uuid(), %s, uuid_send(gen_random_uuid()), 'x', 0, 'x' "
                 "from generate_series(1, 19)", person.id)
    refused(added(person, Authenticator(shop.server).create(offered(person))), 409, "conflict")


# -- registering --------------------------------------------------------------------------------

def test_whoever_made_the_authenticator_does_not_count(shop):
    person = shop.customer()
    for statement in (("packed", {"alg": -7, "sig": b"nonsense", "x5c": [900 * b"c", b"d"]}),
                      ("tpm", {"ver": "2.0", "nothing": None, "yes": True}), ("none", {})):
        device = Authenticator(shop.server)
        assert added(person, device.create(offered(person), statement)).status_code == 201
        assert signs_in(shop.anonymous(), device.get(asked(person))).status_code == 200


@pytest.mark.parametrize("lie", [
    {"origin": "https://shop.example.evil"}, {"origin": "http://localhost"},
    {"site": "shop.example"}, {"type": "webauthn.get"}, {"cross_origin": True},
    {"flags": PRESENT | HAS_CREDENTIAL}, {"flags": VERIFIED | HAS_CREDENTIAL},
    {"challenge": text_of(bytes(32))}, {"challenge": text_of(bytes(31))}], ids=str)
def test_a_registration_that_is_not_what_was_asked_for_is_refused(shop, lie):
    person = shop.customer()
    credential = Authenticator(shop.server).create(offered(person), **lie)
    refused(added(person, credential), 401, "bad_credentials")
    assert person.do("listPasskeys")["items"] == []


MALFORMED = {
    "no key": lambda d: {"cose": {}},
    "another algorithm": lambda d: {"cose": {**d.cose(), 3: -35}},
    "another curve": lambda d: {"cose": {**d.cose(), -1: 2}},
    "a point beside the curve": lambda d: {"cose": {**d.cose(), -3: bytes(32)}},
    "a short coordinate": lambda d: {"cose": {**d.cose(), -2: d.cose()[-2][1:]}},
    "a key of another kind": lambda d: {"cose": {**d.cose(), 1: 1}},
    "a member too many": lambda d: {"cose": {**d.cose(), 7: 7}},
    "a private member": lambda d: {"cose": {**d.cose(), -4: bytes(32)}},
    "a short modulus": lambda d: {"cose": {1: 3, 3: -257, -1: 127 * b"\xff", -2: b"\1\0\1"}},
    "an exponent of one": lambda d: {"cose": {1: 3, 3: -257, -1: 256 * b"\xff", -2: b"\1"}},
    "bytes at the end": lambda d: {"tail": b"\0"},
    "no extensions": lambda d: {"flags": 0xc5},
    "no credential": lambda d: {"flags": PRESENT | VERIFIED},
    "a type with a NUL": lambda d: {"type": "webauthn.create\0get"},
    "a credential whose id is empty": lambda d: setattr(d, "id", b"") or {},
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_key_is_refused(shop, name):
    person, device = shop.customer(), Authenticator(shop.server)
    refused(added(person, device.create(offered(person), **MALFORMED[name](device))), 400)


def test_a_malformed_credential_is_refused_by_name(shop):
    person, device = shop.customer(), Authenticator(shop.server)
    good = device.create(offered(person))
    for change, field in (
            ({"response": None}, "/response"), ({"id": None}, "/id"), ({"id": "?"}, "/id"),
            ({"id": text_of(b"another")}, "/id"),
            ({f"more{i}": 1 for i in range(20)}, ""),
            ({"response": {}}, "/response/clientDataJSON"),
            ({"response": {**good["response"], "clientDataJSON": text_of(b"{")}},
             "/response/clientDataJSON"),
            ({"response": {**good["response"], "clientDataJSON": text_of(b"[]")}},
             "/response/clientDataJSON"),
            ({"response": {**good["response"], "attestationObject": text_of(cbor({}))}},
             "/response/attestationObject"),
            ({"response": {**good["response"], "attestationObject": text_of(40000 * b"a")}},
             "/response/attestationObject")):
        refused(added(person, {**good, **change}), 400, field="/credential" + field)
    assert added(person, good).status_code == 201  # nothing of it has used the challenge up


def test_a_challenge_registers_once_in_its_session_and_in_time(shop):
    person = shop.customer()
    options, device = offered(person), Authenticator(shop.server)
    refused(added(again(shop, person), device.create(options)), 401)
    refused(added(person, device.create(options)), 401)  # another session has used it up
    options = offered(person)
    assert added(person, device.create(options)).status_code == 201
    refused(added(person, Authenticator(shop.server).create(options)), 401)
    options = offered(person)
    shop.db.rows("update passkey_challenge set expires_at = now() where purpose = 'registration'")
    refused(added(person, Authenticator(shop.server).create(options)), 401)


# -- signing in ---------------------------------------------------------------------------------

@pytest.mark.parametrize("algorithm", [ES256, RS256, EDDSA])
def test_a_passkey_signs_in_without_a_name_and_merges_the_guests_cart(shop, algorithm):
    person, guest = shop.customer(), shop.guest()
    device = passkey_of(shop, person, algorithm)
    guest.cart(shop.mug)
    options = asked(guest)
    assert options["allowCredentials"] == [] and options["userVerification"] == "required"
    response = signs_in(guest, device.get(options))
    assert response.status_code == 200 and response.json()["user"]["id"] == person.id
    assert response.headers["Cache-Control"] == "no-store"
    guest._signed_in(response.json())
    assert guest.do("getCart")["vendors"]
    assert person.do("listPasskeys")["items"][0]["last_used_at"] is not None


def test_a_passkey_is_two_factors(shop):
    person = enrolled(shop, shop.customer())
    device = passkey_of(shop, person)
    challenge = again_challenged(person)
    assert challenge["methods"] == ["totp", "recovery_code", "passkey"]
    assert signs_in(person, device.get(asked(person))).status_code == 200


def again_challenged(person):
    response = person.call("login", body=credentials(person), token=None)
    assert response.status_code == 202
    return response.json()


def test_who_has_passkeys_because_they_like_them_may_sign_in_without(shop):
    person = shop.customer()
    passkey_of(shop, person)
    assert again(shop, person).call("getMe").status_code == 200


def test_a_name_takes_only_passkeys_of_its_account_and_tells_nothing(shop):
    person, other = shop.customer(), shop.customer()
    device = passkey_of(shop, person)
    answers = [shop.anonymous().call("beginPasskeySignIn", token=None, body={"email": email})
               for email in (person.account["email"], other.account["email"], "no@example.com")]
    shapes = {str({**a.json()["options"], "challenge": None}) for a in answers}
    assert len(shapes) == 1 and [a.status_code for a in answers] == 3 * [200]
    for answer in answers[1:]:
        refused(signs_in(person, device.get(answer.json()["options"])), 401)
    handle = {"handle": None}  # which may be absent when a name was given
    options = asked(person, person.account["email"].upper())
    assert signs_in(person, device.get(options, **handle)).status_code == 200
    refused(signs_in(person, device.get(asked(person), **handle)), 401, "bad_credentials")


LIES = {
    "of another page": {"origin": "https://shop.example.evil"},
    "of another port": {"origin": "http://localhost:1"},
    "within another page": {"cross_origin": True},
    "for another site": {"site": "shop.example.evil"},
    "of a registration": {"type": "webauthn.create"},
    "nobody was there": {"flags": VERIFIED},
    "nobody was verified": {"flags": PRESENT},
    "of a challenge of one's own": {"challenge": text_of(bytes(range(32)))},
    "without a signature": {"signature": b""},
    "of another's signature": {"signature": b"\x30\x06\x02\x01\x01\x02\x01\x01"},
    "changed after it was signed": {"sends": bytes(37)},
    "of another account": {"handle": bytes(16)},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_forged_assertion_is_refused(shop, lie):
    person = shop.customer()
    device = passkey_of(shop, person)
    refused(signs_in(person, device.get(asked(person), **LIES[lie])), 401, "bad_credentials")
    assert signs_in(person, device.get(asked(person))).status_code == 200


def test_an_assertion_is_used_once_and_for_its_purpose(shop):
    person = shop.customer()
    device = passkey_of(shop, person)
    credential = device.get(asked(person))
    answers = together(6, lambda i: signs_in(shop.anonymous(), credential))
    assert sorted(a.status_code for a in answers) == [200] + 5 * [401]
    step_up = person.do("beginPasskeyStepUp")["options"]
    refused(signs_in(person, device.get(step_up)), 401, "bad_credentials")
    registration = {**step_up, "challenge": offered(person)["challenge"]}
    refused(signs_in(person, device.get(registration)), 401, "bad_credentials")
    late = asked(person)
    shop.db.rows("update passkey_challenge set expires_at = now() where purpose = 'sign_in'")
    refused(signs_in(person, device.get(late)), 401, "bad_credentials")


def test_the_key_of_another_passkey_does_not_sign_for_it(shop):
    person, eve = shop.customer(), shop.customer()
    device, hers = passkey_of(shop, person), passkey_of(shop, eve)
    hers.id, hers.handle = device.id, device.handle
    refused(signs_in(eve, hers.get(asked(eve))), 401, "bad_credentials")
    unknown = Authenticator(shop.server)
    unknown.handle = device.handle
    refused(signs_in(eve, unknown.get(asked(eve))), 401, "bad_credentials")


def test_a_removed_passkey_or_a_locked_account_signs_nobody_in(shop):
    person = shop.customer()
    device, other = passkey_of(shop, person), passkey_of(shop, person)
    person.do("removePasskey", passkey_id=device.passkey)
    refused(signs_in(person, device.get(asked(person))), 401, "bad_credentials")
    shop.db.rows("update account set locked_at = now() where id = %s", person.id)
    refused(signs_in(person, other.get(asked(person))), 403, "account_locked")


def test_who_takes_a_former_address_back_keeps_only_passkeys_of_long_before(shop):
    person = shop.customer()
    former, device = person.account["email"], passkey_of(shop, person)
    shop.db.rows("update passkey set created_at = now() - interval '8 days' where account_id = %s",
                 person.id)
    first = passkey_of(shop, person)  # the thief's, before the address
    person.do("confirmEmailChange", body=change_of(shop, person, fresh("other") + "@example.com"))
    thiefs = passkey_of(shop, person)
    body = {**undo_of(shop, former), "password": "another battery staple"}
    assert shop.anonymous().call("undoEmailChange", token=None, body=body).status_code == 204
    for device_of_thief in (first, thiefs):
        refused(signs_in(person, device_of_thief.get(asked(person))), 401, "bad_credentials")
    assert signs_in(person, device.get(asked(person))).status_code == 200


def test_a_passkey_that_counts_back_is_refused_and_told_of(shop):
    person = shop.customer()
    device = passkey_of(shop, person, name="Mine")
    assert signs_in(person, device.get(asked(person))).status_code == 200
    for count in (device.count, 1, 0):
        refused(signs_in(person, device.get(asked(person), count=count)), 401, "bad_credentials")
    assert letters(shop, person)[1:] == 3 * [("mail.passkey_copied", "Mine")]
    assert signs_in(person, device.get(asked(person), count=2 ** 32 - 1)).status_code == 200
    idle = passkey_of(shop, person, counts=False)
    for _ in range(2):  # many never count
        assert signs_in(person, idle.get(asked(person))).status_code == 200


# -- a recent proof -----------------------------------------------------------------------------

def test_a_passkey_proves_anew_who_one_is(shop):
    person, eve = shop.customer(), shop.customer()
    device, hers = passkey_of(shop, person), passkey_of(shop, eve)
    person.patient = False
    shop.db.rows("update session set authenticated_at = now() - interval '1 hour' "
                 "where account_id = %s", person.id)
    problem = refused(person.call("beginPasskey"), 403, "recent_authentication_required")
    assert problem["methods"] == ["password", "passkey"]

    def proves(who, options):
        return person.call("stepUp", body={"passkey": who.get(options)})
    refused(proves(device, asked(person)), 401, "bad_credentials")
    refused(proves(hers, person.do("beginPasskeyStepUp")["options"]), 401, "bad_credentials")
    refused(proves(device, eve.do("beginPasskeyStepUp")["options"]), 401, "bad_credentials")
    assert proves(device, person.do("beginPasskeyStepUp")["options"]).status_code == 204
    assert person.call("beginPasskey").status_code == 200


# -- where a second factor is demanded ----------------------------------------------------------

def test_passkeys_are_the_second_factor_that_a_marketplace_demands(own_server):
    shop = Shop(own_server())
    root, admin = shop.admin(), shop.admin("support")
    now = root.do("getSettings")
    del now["currency"], now["version"]
    enrolled(shop, root)
    root.do("putSettings", body={**now, "two_factor_admins": True, "two_factor_grace_days": 0})
    admin = again(shop, admin)
    refused(admin.call("adminListUsers"), 403, "second_factor_required")
    other = again(shop, admin)
    device = passkey_of(shop, admin)
    assert admin.call("adminListUsers").status_code == 200
    refused(other.call("getMe"), 401, "unauthenticated")  # it began without
    challenge = again_challenged(admin)
    assert challenge["methods"] == ["passkey"]
    refused(admin.call("answerChallenge", token=None, body={
        "challenge_id": challenge["challenge_id"], "code": "123456"}), 401)
    refused(admin.call("removePasskey", passkey_id=device.passkey), 409, "conflict")
    refused(admin.call("stepUp", body={"password": admin.password}), 400, field="/passkey")
    signed_in = signs_in(shop.anonymous(), device.get(asked(admin)))
    assert admin._signed_in(signed_in.json()).call("adminListUsers").status_code == 200
    enrolled(shop, admin)
    admin.do("removePasskey", passkey_id=device.passkey)
    passkey_of(shop, admin)
    admin.do("disableTotp", body={"code": code_of(shop, admin)})
    done = shop.server.sebez("admin", "reset-factors", "--email", admin.account["email"])
    assert done.returncode == 0
    assert again(shop, admin).do("listPasskeys")["items"] == []


def test_a_session_of_before_the_demand_shows_the_passkey_once(own_server):
    shop = Shop(own_server())
    root, admin = enrolled(shop, shop.admin()), shop.admin("support")
    device, other = passkey_of(shop, admin), again(shop, admin)  # by the password alone
    assert other.call("adminListUsers").status_code == 200
    now = root.do("getSettings")
    del now["currency"], now["version"]
    root.do("putSettings", body={**now, "two_factor_admins": True, "two_factor_grace_days": 7})
    other.patient = False
    problem = refused(other.call("adminListUsers"), 403, "recent_authentication_required")
    assert problem["methods"] == ["passkey"]
    refused(other.call("stepUp", body={"password": other.password}), 400, field="/passkey")
    assert other.do("getMe")["id"] == admin.id
    shown = device.get(other.do("beginPasskeyStepUp")["options"])
    assert other.call("stepUp", body={"passkey": shown}).status_code == 204
    for session in (other, admin):  # one was shown it, the other has made it
        assert session.call("adminListUsers").status_code == 200


# -- a browser ----------------------------------------------------------------------------------

@in_a_browser
def test_a_browser_registers_and_signs_in(shop):
    person = shop.customer()
    make, use = (f"return navigator.credentials.{verb}({{publicKey: PublicKeyCredential."
                 f"parse{kind}OptionsFromJSON(arguments[0])}}).then(c => c.toJSON())"
                 for verb, kind in (("create", "Creation"), ("get", "Request")))
    with browser(800, 600) as page:
        page.add_authenticator()
        page.open(f"http://localhost:{shop.server.port}/")
        assert added(person, page.run(make, offered(person))).status_code == 201
        for _ in range(2):
            response = signs_in(shop.anonymous(), page.run(use, asked(person)))
            assert response.json()["user"]["id"] == person.id
