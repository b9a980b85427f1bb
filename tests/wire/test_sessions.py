"""Sessions: refresh tokens and their reuse, signing out here and from elsewhere."""
import base64
import hashlib

import pytest
from harness.client import refused, together
from harness.sessions import again, refreshed


def age(shop, person, seconds):
    """As if this account's refresh tokens had been used so long ago."""
    shop.db.rows("update refresh_token set used_at = used_at - make_interval(secs => %s) "
                 "where session_id in (select id from session where account_id = %s)",
                 seconds, person.id)


def sessions(shop, person):
    return shop.db.one("select count(*) from session where account_id = %s and ended_at is null",
                       person.id)


# -- refresh tokens -----------------------------------------------------------------------------

def test_a_refresh_token_is_changed_for_its_successor(shop):
    person = shop.customer()
    answer = refreshed(person).json()
    assert answer["refresh_token"] != person.refresh_token
    assert person.call("getMe", token=answer["access_token"]).status_code == 200
    assert refreshed(person, answer["refresh_token"]).status_code == 200


def test_a_retry_within_30_seconds_gets_the_same_successor(shop):
    person = shop.customer()
    first = refreshed(person).json()
    age(shop, person, 25)
    assert refreshed(person).json()["refresh_token"] == first["refresh_token"]


def test_refreshes_at_once_get_one_successor(shop):
    person = shop.customer()
    answers = together(20, lambda: refreshed(person))
    assert {a.status_code for a in answers} == {200}
    (successor,) = {a.json()["refresh_token"] for a in answers}
    assert shop.db.one("select count(*) from refresh_token r join session s on s.id = r.session_id "
                       "where s.account_id = %s", person.id) == 2
    assert refreshed(person, successor).status_code == 200


def test_later_reuse_ends_the_whole_session(shop):
    person = shop.customer()
    answer = refreshed(person).json()
    age(shop, person, 31)
    refused(refreshed(person), 401, "refresh_token_reused")
    refused(refreshed(person, answer["refresh_token"]), 401, "unauthenticated")
    refused(person.call("getMe", token=answer["access_token"]), 401, "unauthenticated")


def test_reuse_is_noticed_at_once_when_the_successor_was_used(shop):
    person = shop.customer()
    second = refreshed(person).json()["refresh_token"]
    assert refreshed(person, second).status_code == 200
    refused(refreshed(person), 401, "refresh_token_reused")
    assert sessions(shop, person) == 0


def test_reuse_ends_no_other_session(shop):
    person = shop.customer()
    other = again(shop, person)
    refreshed(person)
    age(shop, person, 31)
    refused(refreshed(person), 401, "refresh_token_reused")
    assert other.call("getMe").status_code == 200


def test_the_database_knows_no_refresh_token(shop):
    person = shop.customer()
    stored = shop.db.rows("select encode(hash, 'hex') as hash from refresh_token r join session s "
                          "on s.id = r.session_id where s.account_id = %s", person.id)
    raw = base64.urlsafe_b64decode(person.refresh_token.removeprefix("rt1_") + "=")
    assert [row["hash"] for row in stored] == [hashlib.sha256(raw).hexdigest()]


@pytest.mark.parametrize("token", ["x", "rt1_", "rt1_" + 43 * "A", "rt1_" + 42 * "A" + "é"])
def test_what_is_no_refresh_token_is_refused(shop, token):
    refused(shop.anonymous().call("refresh", body={"refresh_token": token}), 401, "unauthenticated")


def test_a_session_ends_60_days_after_it_was_last_refreshed(shop):
    person = shop.customer()
    shop.db.rows("update session set expires_at = now() + interval '1 day' where account_id = %s",
                 person.id)
    assert refreshed(person).status_code == 200
    assert shop.db.one("select expires_at > now() + interval '59 days' from session "
                       "where account_id = %s", person.id)
    shop.db.rows("update session set expires_at = now() where account_id = %s", person.id)
    refused(person.call("getMe"), 401, "unauthenticated")


# -- sessions -----------------------------------------------------------------------------------

def test_signing_out_ends_the_session_at_once_and_only_it(shop):
    person = shop.customer()
    other = again(shop, person)
    assert person.call("logout").status_code == 204
    refused(person.call("getMe"), 401, "unauthenticated")
    refused(refreshed(person), 401, "unauthenticated")
    assert other.call("getMe").status_code == 200


def test_signing_out_with_a_refresh_token_ends_its_session_too(shop):
    person, eve = shop.customer(), shop.customer()
    phone, laptop = again(shop, person), again(shop, person)
    assert phone.call("logout", body={"refresh_token": laptop.refresh_token}).status_code == 204
    refused(phone.call("getMe"), 401)
    refused(laptop.call("getMe"), 401)
    refused(refreshed(laptop), 401)
    assert person.call("getMe").status_code == 200
    for token in (eve.refresh_token, "nonsense", person.refresh_token):
        own = again(shop, person)
        assert own.call("logout", body={"refresh_token": token}).status_code == 204
        refused(own.call("getMe"), 401)
    assert eve.call("getMe").status_code == 200
    refused(person.call("getMe"), 401)


def test_sessions_are_listed_and_ended_from_elsewhere(shop):
    person = shop.customer()
    other = again(shop, person)
    listed = person.do("listMySessions")["items"]
    assert [s["current"] for s in listed] == [False, True]
    assert person.call("endSession", session_id=listed[0]["id"]).status_code == 204
    refused(other.call("getMe"), 401)
    refused(person.call("endSession", session_id=listed[0]["id"]), 404)
    assert len(person.do("listMySessions")["items"]) == 1


def test_nobody_ends_somebody_else_s_session(shop):
    ada, eve = shop.customer(), shop.customer()
    (session,) = ada.do("listMySessions")["items"]
    refused(eve.call("endSession", session_id=session["id"]), 404, "not_found")
    assert ada.call("getMe").status_code == 200
