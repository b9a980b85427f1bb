"""Google and Apple: docs/ACCOUNTS.md. Forged tokens are refused, and each is of use once."""
import pathlib
import shutil
import tempfile
import threading

import pytest

pytest.importorskip("cryptography", reason="python3-cryptography is not installed")
from conftest import after  # noqa: E402
from harness import identities  # noqa: E402
from harness.authenticator import passkey_of  # noqa: E402
from harness.client import together  # noqa: E402
from harness.codes import change_of, coded, fresh_phone, reset_of, undo_of  # noqa: E402
from harness.documents import a_document  # noqa: E402
from harness.identities import (APPLE, APPS, GOOGLE, ISSUERS, Key, Person, asked,  # noqa: E402
                                hmac_of, linked, proof, signs_in, text_of)
from harness.sessions import credentials  # noqa: E402
from harness.server import TMP, Server  # noqa: E402
from harness.shop import PASSWORD, Shop, fresh, refused  # noqa: E402
from harness.totp import enrolled  # noqa: E402
from harness.wait import until  # noqa: E402


@pytest.fixture(scope="module")
def scene():
    """(shop, providers): one process, so that a document that was asked for is known."""
    providers, folder = identities.Providers(), pathlib.Path(tempfile.mkdtemp(dir=TMP))
    server = Server(SEBEZ_PROCESSES=1, SMS_GATEWAY_URL="http://127.0.0.1:9/",
                    SMS_GATEWAY_BODY="{to} {text}", **providers.settings(folder))
    try:
        yield Shop(server.start()), providers
        bad = after(server)
        assert not bad, "\n".join(bad)
    finally:
        server.remove()
        providers.close()
        shutil.rmtree(folder)


@pytest.fixture
def shop(scene):
    return scene[0]


@pytest.fixture
def providers(scene):
    return scene[1]


def made(shop, providers, person, provider=GOOGLE, **more):
    """Who has just made an account by that identity."""
    who = shop.anonymous()
    answer = signs_in(who, proof(providers, who, person, provider), **more)
    assert answer.status_code == 201, answer.text
    who._signed_in(answer.json())
    return who


def letters(shop, who):
    return [row["text_key"] for row in shop.db.rows(
        "select text_key from mail_letter where account_id = %s order by created_at", who.id)]


# -- making an account, and signing in ------------------------------------------------------------

@pytest.mark.parametrize("provider", [GOOGLE, APPLE])
def test_an_identity_makes_an_account_once_and_signs_in_afterwards(shop, providers, provider):
    person, guest = Person(verified="true" if provider == APPLE else True), shop.guest()
    guest.cart(shop.mug)
    answer = signs_in(guest, proof(providers, guest, person, provider), name=" Sara ")
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    user = answer.json()["user"]
    assert (user["email"], user["name"]) == (person.email, "Sara")
    assert user["email_verified_at"] is not None
    guest._signed_in(answer.json())
    assert guest.do("getCart")["vendors"]  # the guest's
    (identity,) = guest.do("listIdentities")["items"]
    assert (identity["provider"], identity["email"]) == (provider, person.email)
    person.claims.pop("name")
    person.claims.pop("email")  # which Apple need not tell again
    other = shop.guest()
    other.cart(shop.mug)
    answer = signs_in(other, proof(providers, other, person, provider))
    assert (answer.status_code, answer.json()["user"]["id"]) == (200, user["id"])
    assert answer.json()["user"]["name"] == "Sara"
    other._signed_in(answer.json())
    assert other.do("listIdentities")["items"][0]["last_used_at"] is not None


def test_what_is_missing_of_a_new_account_is_named_and_the_challenge_stays_good(shop, providers):
    who, person = shop.anonymous(), Person(name=None)
    body = proof(providers, who, person, APPLE)
    refused(signs_in(who, body), 400, field="/name")
    assert signs_in(who, body, name="Sara").status_code == 201
    for claims in ({"email": None}, {"email_verified": False}, {"email_verified": "false"},
                   {"email": "no address"}, {"email_verified": 1}):
        refused(signs_in(who, proof(providers, who, Person(), **claims)), 400, field="/id_token")


def test_who_signs_up_by_an_identity_accepts_documents(shop, providers):
    terms = a_document(shop)
    who = made(shop, providers, Person(), accepted_documents=[terms])
    (entry,) = who.do("listMyConsents")["items"]
    assert (entry["document"]["id"], entry["place"]) == (terms, "registration")


def test_a_relayed_address_of_apple_makes_an_account(shop, providers):
    who = made(shop, providers, Person(f"{fresh('x')}@privaterelay.appleid.com"), APPLE)
    assert who.account["email"].endswith("@privaterelay.appleid.com")


def test_of_many_at_once_one_makes_the_account(shop, providers):
    person = Person()
    bodies = [proof(providers, shop.anonymous(), person) for _ in range(4)]
    answers = together(4, lambda i: signs_in(shop.anonymous(), bodies[i]))
    assert sorted(a.status_code for a in answers)[0] in (200, 201)
    assert {a.status_code for a in answers} <= {200, 201, 409}
    assert [a.status_code for a in answers].count(201) == 1


def test_a_second_factor_is_asked_for_and_locked_accounts_and_admins_are_refused(shop, providers):
    person = Person()
    who = made(shop, providers, person)
    enrolled(shop, who)
    answer = signs_in(who, proof(providers, who, person))
    assert answer.status_code == 202 and answer.json()["methods"] == ["totp", "recovery_code"]
    refused(shop.admin().call("setAdminRole", user_id=who.id, body={"role": "support"}), 409)
    shop.db.rows("update account set admin_role = 'support', password_hash = 'x' where id = %s",
                 who.id)
    refused(signs_in(who, proof(providers, who, person)), 403, "forbidden")
    shop.db.rows("update account set admin_role = null, locked_at = now() where id = %s", who.id)
    refused(signs_in(who, proof(providers, who, person)), 403, "account_locked")


# -- forged tokens --------------------------------------------------------------------------------

LIES = {
    "none": {"header": {"alg": "none"}, "sign": lambda text: b""},
    "none in other letters": {"header": {"alg": "nOnE"}, "sign": lambda text: b""},
    "without a signature": {"sign": lambda text: b""},
    "by another key of that id": "another key",
    "HMAC with the public key": "hmac",
    "RS256 named ES256": {"header": {"alg": "ES256"}},
    "PS256": {"header": {"alg": "PS256"}},
    "EdDSA": {"header": {"alg": "EdDSA"}},
    "its own key": {"header": {"kid": "unknown", "jwk": Key().public()}},
    "a key elsewhere": {"header": {"kid": "unknown", "jku": "https://evil.example/keys"}},
    "without a key": {"header": {"kid": None}},
    "critical": {"header": {"crit": ["exp"], "exp": 1}},
    "another type": {"header": {"typ": "at+jwt"}},
    "another issuer": {"iss": "https://evil.example"},
    "the other provider's issuer": {"iss": ISSUERS[APPLE]},
    "without an issuer": {"iss": None},
    "another app": {"aud": "evil.apps.example"},
    "the other provider's app": {"aud": APPS[APPLE][0]},
    "several apps": {"aud": [APPS[GOOGLE][0], "evil"]},
    "a part of an app": {"aud": APPS[GOOGLE][0][:-1]},
    "two apps as one": {"aud": " ".join(APPS[GOOGLE])},
    "another nonce": {"nonce": text_of(bytes(32))},
    "without a nonce": {"nonce": None},
    "the challenge as nonce": "challenge",
    "expired": {"exp": 1},
    "without an end": {"exp": None},
    "ending as a text": {"exp": "9999999999"},
    "ending as a fraction": {"exp": 9999999999.5},
    "issued long ago": {"iat": 1},
    "issued later": {"iat": 9999999999},
    "without a person": {"sub": None},
    "an endless person": {"sub": 256 * "x"},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_forged_token_is_refused(shop, providers, lie):
    who, person, how = shop.anonymous(), Person(), LIES[lie]
    challenge = asked(who)
    if how == "another key":
        forger = Key()
        forger.id = providers.keys[GOOGLE][-1].id
        how = {"key": forger}
    elif how == "hmac":
        how = {"header": {"alg": "HS256"}, "sign": hmac_of(providers.public_pem(GOOGLE))}
    elif how == "challenge":
        how = {"nonce": challenge["challenge"]}
    body = proof(providers, who, person, challenge=challenge, **how)
    refused(signs_in(who, body), 401, "bad_credentials")
    good = proof(providers, who, person, challenge=challenge)
    assert signs_in(who, good).status_code == 201  # nothing was used up


@pytest.mark.parametrize("text", ["x", "a.b", "a.b.c.d", "..", "e30.e30.", "e30.e30.AA", "[].[].[]",
                                  "eyJ.e30.AA", 8192 * "a", "e30.e30.A=", "\u00e9.\u00e9.\u00e9",
                                  text_of(b'{"a":' + 400 * b"[") + ".e30.AA",
                                  text_of(b'{"alg":"RS256","alg":"none"}') + ".e30.AA"])
def test_what_is_no_token_is_refused(shop, providers, text):
    who = shop.anonymous()
    body = {"provider": GOOGLE, "challenge": asked(who)["challenge"], "id_token": text}
    refused(signs_in(who, body), 401, "bad_credentials")


def test_a_token_is_of_use_once_with_its_challenge_in_its_time_and_for_its_purpose(shop, providers):
    person, eve = Person(), shop.customer()
    who = made(shop, providers, person)
    body = proof(providers, who, person)
    answers = together(5, lambda i: signs_in(shop.anonymous(), body))
    assert sorted(a.status_code for a in answers) == [200] + 4 * [401]
    stolen = proof(providers, who, person)  # of which Eve has the token alone
    refused(signs_in(eve, {**stolen, "challenge": asked(eve)["challenge"]}), 401)
    refused(eve.call("linkIdentity", body=stolen), 401, "bad_credentials")  # it is to sign in
    refused(signs_in(who, proof(providers, who, person, begins="beginIdentity")), 401)
    hers = proof(providers, who, Person(), begins="beginIdentity")  # of another session
    refused(eve.call("linkIdentity", body=hers), 401, "bad_credentials")
    late = proof(providers, who, person)
    shop.db.rows("update identity_challenge set expires_at = now()")
    refused(signs_in(who, late), 401, "bad_credentials")


def test_tokens_of_all_apps_and_of_es256_are_taken(shop, providers):
    person = Person()
    who = made(shop, providers, person)
    curve = providers.keys[GOOGLE][0]
    for key in providers.keys[GOOGLE]:
        for app in (*APPS[GOOGLE], [APPS[GOOGLE][1]]):
            body = proof(providers, who, person, key=key, aud=app)
            assert signs_in(who, body).status_code == 200
    refused(signs_in(who, proof(providers, who, person, key=curve, header={"alg": "RS256"})), 401)
    assert signs_in(who, proof(providers, who, person, iss="accounts.google.com")
                    ).status_code == 200


# -- linking --------------------------------------------------------------------------------------

def test_an_account_with_the_address_is_linked_only_by_who_has_proved_both(shop, providers):
    person, owner = Person(), shop.customer()
    person.email = person.claims["email"] = owner.account["email"]
    who = shop.anonymous()
    refused(signs_in(who, proof(providers, who, person)), 409, "already_exists")
    person.claims["email"] = person.email.upper()
    refused(signs_in(who, proof(providers, who, person)), 409, "already_exists")
    assert linked(providers, owner, person).status_code == 201
    assert signs_in(who, proof(providers, who, person)).json()["user"]["id"] == owner.id
    assert letters(shop, owner)[:1] == ["mail.identity_linked"]


def test_linking_needs_a_recent_proof(shop, providers):
    owner = shop.customer()
    shop.db.rows("update session set authenticated_at = now() - interval '1 hour' "
                 "where account_id = %s", owner.id)
    owner.patient = False
    problem = refused(linked(providers, owner, Person()), 403, "recent_authentication_required")
    assert problem["methods"] == ["password"]


def test_an_identity_has_one_account_and_an_account_one_of_each_provider(shop, providers):
    person, owner, eve = Person(), shop.customer(), shop.customer()
    assert linked(providers, owner, person).status_code == 201
    refused(linked(providers, eve, person), 409, "already_exists")
    refused(linked(providers, owner, Person()), 409, "already_exists")
    assert linked(providers, owner, Person(), APPLE).status_code == 201
    (first, _) = owner.do("listIdentities")["items"]
    refused(eve.call("unlinkIdentity", identity_id=first["id"]), 404, "not_found")
    assert eve.do("listIdentities")["items"] == []


def test_unlinking_leaves_a_way_in(shop, providers):
    person = Person()
    who = made(shop, providers, person)
    (identity,) = who.do("listIdentities")["items"]
    refused(who.call("unlinkIdentity", identity_id=identity["id"]), 409, "conflict")
    refused(who.call("setMyPassword", body={"current_password": "x", "password": PASSWORD}), 409)
    who.do("setMyPhone", body=coded(shop.server, who))
    passkey_of(shop, who)
    who.do("unlinkIdentity", identity_id=identity["id"])
    assert who.do("listIdentities")["items"] == []
    assert letters(shop, who)[-1] == "mail.identity_unlinked"
    other = shop.anonymous()
    refused(signs_in(other, proof(providers, other, person)), 409, "already_exists")
    now = coded(shop.server, who, who.do("getMe")["phone"])
    who.do("setMyPhone", body={"phone": None, "current_code_id": now["code_id"],
                               "current_code": now["code"]})
    (passkey,) = who.do("listPasskeys")["items"]
    refused(who.call("removePasskey", passkey_id=passkey["id"]), 409, "conflict")


def test_the_first_password_of_an_account_ends_what_others_added(shop, providers):
    thief, other = Person(), Person()
    who = made(shop, providers, thief, APPLE)
    linked(providers, who, other)
    passkey_of(shop, who)
    number = fresh_phone()
    who.do("setMyPhone", body=coded(shop.server, who, number))

    def reset():
        assert shop.anonymous().call("resetPassword", token=None, body={
            **reset_of(shop, thief.email), "password": PASSWORD}).status_code == 204
    reset()
    ended = [key for key in letters(shop, who) if key.endswith(("unlinked", "removed"))]
    assert sorted(ended) == 2 * ["mail.identity_unlinked"] + ["mail.passkey_removed"]
    assert letters(shop, who).count("mail.phone_changed") == 2  # set, and removed
    guest = shop.anonymous()
    refused(signs_in(guest, proof(providers, guest, thief, APPLE)), 409, "already_exists")
    refused(guest.call("signInByPhone", body=coded(shop.server, guest, number)), 400, field="/name")
    owner = shop.anonymous().login(thief.email, PASSWORD)
    assert owner.do("listIdentities")["items"] == owner.do("listPasskeys")["items"] == []
    linked(providers, owner, other)
    owner.do("setMyPhone", body={**coded(shop.server, owner, number),
                                 "current_password": PASSWORD})
    shop.db.rows("update account set password_changed_at = now() - interval '1 hour' "
                 "where id = %s", owner.id)
    reset()  # not the first
    assert signs_in(guest, proof(providers, guest, other)).json()["user"]["id"] == owner.id
    by_number = guest.do("signInByPhone", body=coded(shop.server, guest, number))
    assert by_number["user"]["id"] == owner.id


def test_google_makes_an_account_only_of_an_address_that_it_serves(shop, providers):
    who = shop.anonymous()
    body = proof(providers, who, Person(), hd=None)
    refused(signs_in(who, body), 400, field="/id_token")
    person = Person(f"{fresh('x')}@gmail.com")
    assert signs_in(who, proof(providers, who, person, hd=None)).status_code == 201


def test_a_number_is_set_and_an_identity_proves_anew_who_one_is(shop, providers):
    person, eve = Person(), Person()
    who = made(shop, providers, person)
    made(shop, providers, eve)
    who.do("setMyPhone", body=coded(shop.server, who))
    shop.db.rows("update account set phone = null where id = %s", who.id)
    shop.db.rows("update session set authenticated_at = now() - interval '1 hour' "
                 "where account_id = %s", who.id)
    problem = refused(who.call("requestDeletion"), 403, "recent_authentication_required")
    assert problem["methods"] == ["identity"]
    refused(who.call("stepUp", body={"password": PASSWORD}), 400, field="/identity")
    theirs = proof(providers, who, eve, begins="beginIdentity")
    refused(who.call("stepUp", body={"identity": theirs}), 401, "bad_credentials")
    refused(who.call("stepUp", body={"identity": proof(providers, who, person)}), 401)
    mine = proof(providers, who, person, begins="beginIdentity")
    assert who.call("stepUp", body={"identity": mine}).status_code == 204
    refused(who.call("stepUp", body={"identity": mine}), 401, "bad_credentials")


def test_who_takes_a_former_address_back_keeps_no_identity_of_a_thief(shop, providers):
    owner, thief, old = shop.customer(), Person(), Person()
    former = owner.account["email"]
    linked(providers, owner, old, APPLE)
    shop.db.rows("update identity set created_at = now() - interval '8 days' "
                 "where account_id = %s", owner.id)
    linked(providers, owner, thief)
    owner.do("confirmEmailChange", body=change_of(shop, owner, fresh("other") + "@example.com"))
    body = {**undo_of(shop, former), "password": "another battery staple"}
    assert shop.anonymous().call("undoEmailChange", token=None, body=body).status_code == 204
    who = shop.anonymous()
    assert signs_in(who, proof(providers, who, old, APPLE)).json()["user"]["id"] == owner.id
    assert signs_in(who, proof(providers, who, thief)).json()["user"]["id"] != owner.id


# -- keys of the provider -------------------------------------------------------------------------

def passed(shop):
    """As if ten seconds had passed: a server that has not asked yet."""
    server = shop.server
    server.stop()
    server.start()


def test_keys_are_read_once_and_anew_for_a_key_that_is_new_at_most_every_ten_seconds(shop,
                                                                                     providers):
    passed(shop)
    person, who = Person(), shop.anonymous()
    providers.asked.clear()
    bodies = [proof(providers, shop.anonymous(), person) for _ in range(5)]
    together(5, lambda i: signs_in(shop.anonymous(), bodies[i]))
    assert providers.asked == ["/certs"]
    refused(signs_in(who, proof(providers, who, person, header={"kid": "unknown"})), 401)
    refused(signs_in(who, proof(providers, who, person, header={"kid": "other"})), 401)
    assert providers.asked == ["/certs"]  # asked a moment ago
    providers.rotate()
    until(lambda: signs_in(who, proof(providers, who, person)).status_code == 200)
    assert providers.asked == 2 * ["/certs"]


def test_known_keys_sign_in_while_the_provider_is_down_and_others_get_503(shop, providers):
    passed(shop)
    person, who = Person(), shop.anonymous()
    who.patient = False
    providers.fail = 500
    try:
        body = proof(providers, who, person)
        answer = who.call("signInByIdentity", token=None, body=body, may_fail=True)
        assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
        providers.fail = None
        until(lambda: who.call("signInByIdentity", token=None, body=body, may_fail=True
                               ).status_code == 201)
        providers.fail = 500
        assert signs_in(who, proof(providers, who, person)).status_code == 200
    finally:
        providers.fail = None


def test_a_slow_provider_is_waited_for_by_who_signs_in_and_by_nobody_else(shop, providers):
    passed(shop)
    person, who, stall = Person(), shop.anonymous(), threading.Event()
    providers.delay = stall
    try:
        body = proof(providers, who, person)
        answers = []
        waiting = threading.Thread(target=lambda: answers.append(signs_in(who, body)))
        waiting.start()
        until(lambda: providers.asked[-1:] == ["/certs"])
        assert shop.anonymous().login(*(credentials(shop.customer()).values())).id
        stall.set()
        waiting.join()
        assert answers[0].status_code == 201
    finally:
        providers.delay = None
        stall.set()


BAD_DOCUMENTS = {"huge": b'{"keys":[' + 200_000 * b" " + b"]}", "no JSON": b"<html>",
                 "empty": {"keys": []}, "a list": [], "too many": "many", "deep": 2000 * b"[",
                 "private": {"keys": [{"kty": "oct", "k": "AAAA", "kid": "1"}]},
                 "small": "small"}


def test_documents_that_are_no_keys_are_refused(shop, providers):
    who = shop.anonymous()
    for name, document in BAD_DOCUMENTS.items():
        key = providers.keys[GOOGLE][-1]
        if document == "many":
            document = {"keys": [{**key.public(), "kid": str(i)} for i in range(17)]}
        elif document == "small":
            small = Key(bits=1024)
            document = {"keys": [small.public()]}
        providers.document = document
        try:
            checked = shop.server.sebez("check", check=False)
            assert checked.returncode != 0 and "keys of google" in checked.stdout, name
        finally:
            providers.document = None
    checked = shop.server.sebez("check", check=False)
    assert checked.returncode == 0 and "ok     keys of google: " in checked.stdout
    assert signs_in(who, proof(providers, who, Person())).status_code == 201


# -- Apple's tokens -------------------------------------------------------------------------------

def sealed(shop, who):
    return shop.db.rows("select authorization_code, refresh_token from identity "
                        "where account_id = %s", who.id)[0]


def test_apple_s_code_is_exchanged_kept_sealed_and_revoked_when_the_person_leaves(shop, providers):
    person = Person()
    providers.revoked.clear()
    providers.refuses = [(503, "server_error"), (400, "invalid_client")]
    who = made(shop, providers, person, APPLE, authorization_code=providers.code(person))
    until(lambda: sealed(shop, who)["refresh_token"] is not None)
    assert sealed(shop, who)["authorization_code"] is None
    assert person.subject.encode() not in bytes(sealed(shop, who)["refresh_token"])
    again, app = shop.anonymous(), APPS[APPLE][1]  # who has a token needs no other
    signs_in(again, proof(providers, again, person, APPLE, aud=app),
             authorization_code=providers.code(person, app))
    assert len(providers.codes) >= 1
    providers.refuses = [(500, "server_error")]
    who.do("requestDeletion")

    def is_gone():
        shop.db.rows("update account_deletion set erase_at = least(erase_at, now()), "
                     "due_at = now(), started_at = started_at - interval '1 day' "
                     "where account_id = %s and erased_at is null", who.id)
        return shop.db.one("select erased_at is not null from account_deletion "
                           "where account_id = %s", who.id)
    until(is_gone)
    until(lambda: providers.revoked == [f"r-{person.subject}"])
    until(lambda: shop.db.one("select count(*) = 0 from identity_revocation"))
    assert shop.db.one("select count(*) from identity where account_id = %s", who.id) == 0


def test_unlinking_revokes_too_and_a_code_of_somebody_else_keeps_nothing(shop, providers):
    owner, person, other = shop.customer(), Person(), Person()
    providers.revoked.clear()
    assert linked(providers, owner, person, APPLE,
                  authorization_code=providers.code(other)).status_code == 201
    until(lambda: sealed(shop, owner)["authorization_code"] is None)
    assert sealed(shop, owner)["refresh_token"] is None
    who = shop.anonymous()
    signs_in(who, proof(providers, who, person, APPLE), authorization_code=providers.code(person),
             redirect_uri="https://shop.example/signed-in")
    until(lambda: sealed(shop, owner)["refresh_token"] is not None)
    (identity,) = owner.do("listIdentities")["items"]
    owner.do("unlinkIdentity", identity_id=identity["id"])
    until(lambda: providers.revoked == [f"r-{person.subject}"])


def test_a_token_that_comes_after_the_person_has_left_is_revoked(shop, providers):
    owner, person, stall = shop.customer(), Person(), threading.Event()
    providers.asked.clear()
    providers.revoked.clear()
    providers.stall = stall
    try:
        linked(providers, owner, person, APPLE, authorization_code=providers.code(person))
        until(lambda: "/auth/token" in providers.asked)
        (identity,) = owner.do("listIdentities")["items"]
        owner.do("unlinkIdentity", identity_id=identity["id"])
        stall.set()
        until(lambda: providers.revoked == [f"r-{person.subject}"])
    finally:
        providers.stall = None
        stall.set()
