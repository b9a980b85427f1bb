"""Devices: how they register for push messages, whose they are, and when they go."""
import pytest
from harness.client import refused, together
from harness.devices import (a_browser, a_phone, an_installation, an_iphone, device_id, ids,
                             registered, with_expo)
from harness.sessions import again, refreshed
from harness.shop import PASSWORD


@pytest.fixture
def ada(shop):
    return shop.customer("Ada Byron")


def addresses(shop, person):
    return [row["address"] for row in shop.db.rows(
        "select address from device where account_id = %s order by registered_at desc, id",
        person.id)]


# -- registering --------------------------------------------------------------------------------

@pytest.mark.parametrize("make", [a_phone, an_iphone, an_installation, with_expo, a_browser])
def test_a_device_registers_with_an_address_of_its_provider(shop, ada, make):
    body = make()
    device = registered(ada, body)
    for name in ("platform", "provider", "address_kind"):
        assert device[name] == body[name]
    assert device["address_end"] == body["address"][-4:]
    assert (device["current"], device["environment"]) == (True, "production")
    assert ada.do("listDevices")["items"] == [device]
    assert addresses(shop, ada) == [body["address"]]


def test_registering_again_replaces_all_that_was_known(shop, ada):
    first = registered(ada, an_iphone(
        environment="sandbox", app_version="1.0", locale="pt-BR", time_zone="Africa/Addis_Ababa",
        capabilities=["live_activity"]))
    assert (first["environment"], first["locale"]) == ("sandbox", "pt-BR")
    assert first["capabilities"] == ["live_activity"]
    body = a_phone(shows_itself=True)
    second = registered(ada, body, first["id"])
    assert ada.do("listDevices")["items"] == [second]
    assert second["shows_itself"] and second["capabilities"] == []
    assert {second[name] for name in ("app_version", "locale", "time_zone")} == {None}
    assert second["environment"] == "production" and second["platform"] == "android"
    assert second["registered_at"] > first["registered_at"]
    assert addresses(shop, ada) == [body["address"]]


def test_no_answer_has_an_address_or_a_key(shop, ada):
    body = a_browser()
    put = ada.call("putDevice", device_id=device_id(), body=body)
    listed = ada.call("listDevices")
    for answer in (put, listed):
        assert answer.status_code == 200
        for secret in (body["address"], body["p256dh"], body["auth"]):
            assert secret not in answer.text


def test_a_token_of_apple_is_one_address_in_any_case(shop, ada):
    body = an_iphone()
    registered(ada, body | {"address": body["address"].upper()})
    assert addresses(shop, ada) == [body["address"]]
    registered(ada, body)
    assert addresses(shop, ada) == [body["address"]]


def test_keys_of_a_browser_may_be_padded(shop, ada):
    body = a_browser()
    registered(ada, body | {"p256dh": body["p256dh"] + "=", "auth": body["auth"] + "=="})
    assert shop.db.one("select encode(auth, 'base64') from device where account_id = %s", ada.id)


def point_off_the_curve():
    return "BA" + 84 * "A" + "E"


WRONG = {
    "fcm, short": (a_phone(address="short"), "/address"),
    "fcm, blank": (a_phone(address="fcm token with blanks and more"), "/address"),
    "fid, of 21": (an_installation(address=21 * "d"), "/address"),
    "fid, of 23": (an_installation(address=23 * "d"), "/address"),
    "apns, not hexadecimal": (an_iphone(address=64 * "g"), "/address"),
    "apns, odd": (an_iphone(address=65 * "a"), "/address"),
    "apns, short": (an_iphone(address=62 * "a"), "/address"),
    "apns, on android": (an_iphone(platform="android"), "/platform"),
    "apns, an endpoint": (an_iphone(address_kind="endpoint"), "/address_kind"),
    "apns, a fid": (an_iphone(address_kind="fid"), "/address_kind"),
    "fcm, an endpoint": (a_phone(address_kind="endpoint"), "/address_kind"),
    "expo, bare": (with_expo(address="ExponentPushToken"), "/address"),
    "expo, open": (with_expo(address="ExponentPushToken[abc"), "/address"),
    "expo, more behind": (with_expo(address="ExponentPushToken[abc]def"), "/address"),
    "expo, empty": (with_expo(address="ExponentPushToken[]"), "/address"),
    "expo, no word": (with_expo(address='ExponentPushToken[a", "b]'), "/address"),
    "expo, in a browser": (with_expo(platform="web"), "/platform"),
    "webpush, on a phone": (a_browser(platform="ios"), "/platform"),
    "webpush, a token": (a_browser(address_kind="token"), "/address_kind"),
    "webpush, http": (a_browser(address="http://push.example.com/x"), "/address"),
    "webpush, loopback": (a_browser(address="https://127.0.0.1/x"), "/address"),
    "webpush, a private address": (a_browser(address="https://10.1.2.3/x"), "/address"),
    "webpush, metadata": (a_browser(address="https://169.254.169.254/latest"), "/address"),
    "webpush, a local name": (a_browser(address="https://localhost/x"), "/address"),
    "webpush, credentials": (a_browser(address="https://me:you@push.example.com/x"), "/address"),
    "webpush, not ASCII": (a_browser(address="https://push.example.com/é"), "/address"),
    "webpush, a long host": (a_browser(address="https://" + 20 * "push.example." + "com/x"),
                             "/address"),
    "webpush, no key": (a_browser(p256dh=None), "/p256dh"),
    "webpush, no secret": (a_browser(auth=None), "/auth"),
    "webpush, short key": (a_browser(p256dh="BCVx"), "/p256dh"),
    "webpush, off the curve": (a_browser(p256dh=point_off_the_curve()), "/p256dh"),
    "webpush, long secret": (a_browser(auth=30 * "A"), "/auth"),
    "fcm, a key": (a_phone(p256dh=a_browser()["p256dh"]), "/p256dh"),
    "fcm, a secret": (a_phone(auth=a_browser()["auth"]), "/auth"),
    "fcm, a token to start activities": (a_phone(start_token=64 * "a"), "/start_token"),
    "apns, a wrong token to start": (an_iphone(start_token="start"), "/start_token"),
    "sandbox of fcm": (a_phone(environment="sandbox"), "/environment"),
    "ios shows itself": (an_iphone(shows_itself=True), "/shows_itself"),
    "a locale of Java": (a_phone(locale="pt_BR"), "/locale"),
    "a locale of one letter": (a_phone(locale="e-us"), "/locale"),
    "a locale that goes on": (a_phone(locale="en-"), "/locale"),
    "a time zone of nowhere": (a_phone(time_zone="Mars/Olympus_Mons"), "/time_zone"),
    "a time zone as an offset": (a_phone(time_zone="GMT+02:00"), "/time_zone"),
    "a capability of two words": (a_phone(capabilities=["reply", "live activity"]),
                                  "/capabilities/1"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_address_of_its_provider_is_refused_by_its_field(shop, wrong):
    body, field = WRONG[wrong]
    person = shop.customer()
    refused(person.call("putDevice", device_id=device_id(), body=body), 400, field=field)
    assert addresses(shop, person) == []


# -- whose it is --------------------------------------------------------------------------------

def test_who_registers_an_address_last_has_it(shop, ada):
    bob, body = shop.customer("Bob"), a_phone()
    registered(ada, body)
    other = registered(ada, a_phone())
    registered(bob, body)
    assert ids(ada) == [other["id"]]
    assert addresses(shop, bob) == [body["address"]]


def test_one_id_may_be_of_two_accounts(shop, ada):
    bob = shop.customer("Bob")
    first = registered(ada, a_phone())
    second = registered(bob, a_phone(), first["id"])
    assert ids(ada) == ids(bob) == [first["id"]]
    bob.do("deleteDevice", device_id=second["id"])
    assert ids(ada) == [first["id"]] and ids(bob) == []


def test_an_address_moves_to_another_id_of_its_account(shop, ada):
    body = a_phone()
    registered(ada, body)
    again_installed = registered(ada, body)
    assert ids(ada) == [again_installed["id"]]


def test_of_many_who_register_an_address_at_once_one_has_it(shop):
    people, body = [shop.customer() for _ in range(8)], a_phone()
    waiting = iter(people)
    answers = together(8, lambda: next(waiting).call("putDevice", device_id=device_id(), body=body))
    assert {a.status_code for a in answers} == {200}
    assert shop.db.one("select count(*) from device where address = %s", body["address"]) == 1
    assert sum(len(ids(person)) for person in people) == 1


def test_staff_register_with_the_account_that_they_sign_in_with(shop, ada):
    packer = shop.vendor().staff("fulfilment")
    device = registered(packer, a_phone())
    assert ids(packer) == [device["id"]]
    owner = shop.db.one("select account_id from device where id = %s", device["id"])
    assert str(owner) == packer.id


def test_nobody_removes_the_device_of_another(shop, ada):
    device = registered(ada, a_phone())
    refused(shop.customer().call("deleteDevice", device_id=device["id"]), 404)
    assert ids(ada) == [device["id"]]
    ada.do("deleteDevice", device_id=device["id"])
    refused(ada.call("deleteDevice", device_id=device["id"]), 404)


def test_of_more_than_20_devices_the_one_that_registered_longest_ago_goes(shop, ada):
    devices = [registered(ada, a_phone())["id"] for _ in range(20)]
    registered(ada, a_phone(), devices[0])
    devices.append(registered(ada, a_phone())["id"])
    assert set(ids(ada)) == set(devices) - {devices[1]}


def test_devices_that_register_at_once_are_20_at_most(shop, ada):
    for _ in range(18):
        registered(ada, a_phone())
    answers = together(6, lambda: ada.call("putDevice", device_id=device_id(), body=a_phone()))
    assert {a.status_code for a in answers} == {200}
    assert len(ids(ada)) == 20


# -- when it goes -------------------------------------------------------------------------------

def on_two_sessions(shop, ada):
    """The same person on another device, and the two devices."""
    other = again(shop, ada)
    return other, registered(ada, a_phone())["id"], registered(other, a_phone())["id"]


def test_a_list_says_which_device_is_of_this_session(shop, ada):
    other, mine, theirs = on_two_sessions(shop, ada)
    current = {d["id"]: d["current"] for d in ada.do("listDevices")["items"]}
    assert current == {mine: True, theirs: False}


def test_signing_out_takes_the_device_of_the_session(shop, ada):
    other, mine, theirs = on_two_sessions(shop, ada)
    ada.do("logout", body={})
    assert ids(other) == [theirs]


def test_signing_out_another_session_by_its_token_takes_its_device(shop, ada):
    other, mine, theirs = on_two_sessions(shop, ada)
    token = other.refresh_token
    refreshed_now = again(shop, ada)
    ada.do("logout", body={"refresh_token": token})
    assert ids(refreshed_now) == []


def test_a_session_that_is_ended_from_elsewhere_loses_its_device(shop, ada):
    other, mine, theirs = on_two_sessions(shop, ada)
    session = shop.db.one("select session_id from device where id = %s", theirs)
    ada.do("endSession", session_id=str(session))
    assert ids(ada) == [mine]


def test_a_new_password_takes_the_devices_of_other_sessions(shop, ada):
    other, mine, theirs = on_two_sessions(shop, ada)
    ada.do("setMyPassword", body={"password": "staple battery horse", "current_password": PASSWORD})
    assert ids(ada) == [mine]


def test_a_refresh_token_used_twice_takes_the_device_of_its_session(shop, ada):
    registered(ada, a_phone())
    successor = refreshed(ada).json()["refresh_token"]
    refreshed(ada, successor)
    refused(refreshed(ada), 401, "refresh_token_reused")
    assert addresses(shop, ada) == []


def test_a_locked_account_has_no_devices(shop, ada):
    on_two_sessions(shop, ada)
    shop.admin("support").do("lockUser", user_id=ada.id, body={"reason": "A test"})
    assert addresses(shop, ada) == []


def test_an_expired_session_shows_no_device_and_takes_it_along(shop, ada):
    other, mine, theirs = on_two_sessions(shop, ada)
    shop.db.rows("update session set expires_at = now() - interval '1 minute' where id = "
                 "(select session_id from device where id = %s)", theirs)
    assert ids(ada) == [mine]
    shop.db.rows("delete from session where id = (select session_id from device where id = %s)",
                 theirs)
    assert len(addresses(shop, ada)) == 1


def test_no_device_registers_while_its_session_ends(shop):
    """Whichever is first: afterwards a session that was ended has no device."""
    for _ in range(10):
        person = shop.customer()
        calls = iter([
            lambda: person.call("putDevice", device_id=device_id(), body=a_phone()),
            lambda: person.call("logout", body={})])
        together(2, lambda: next(calls)())
        assert addresses(shop, person) == []


# -- Live Activities ----------------------------------------------------------------------------

def activities(shop, person):
    return [(str(row["sub_order_id"]), row["token"]) for row in shop.db.rows(
        "select sub_order_id, token from live_activity where account_id = %s and is_reachable",
        person.id)]


@pytest.fixture
def part(shop, ada):
    clay = shop.vendor()
    return clay.part(ada.order(clay.product()))["id"]


def test_a_live_activity_of_a_sub_order_has_a_token_of_its_own(shop, ada, part):
    device = registered(ada, an_iphone(start_token=64 * "C"))
    where = {"device_id": device["id"], "sub_order_id": part}
    assert shop.db.one("select start_token from device where account_id = %s", ada.id) == 64 * "c"
    for token in (64 * "a", 160 * "B"):
        ada.do("putLiveActivity", **where, body={"token": token})
        assert activities(shop, ada) == [(part, token.lower())]
    registered(ada, an_iphone(), device["id"])
    assert len(activities(shop, ada)) == 1
    ada.do("deleteLiveActivity", **where)
    assert activities(shop, ada) == []
    refused(ada.call("deleteLiveActivity", **where), 404)


def test_a_live_activity_goes_with_its_device(shop, ada, part):
    body = an_iphone()
    device = registered(ada, body)
    ada.do("putLiveActivity", device_id=device["id"], sub_order_id=part, body={"token": 64 * "a"})
    registered(shop.customer(), body)
    assert activities(shop, ada) == []


def test_a_live_activity_is_of_an_iphone_and_of_a_sub_order_that_its_owner_bought(shop, ada, part):
    phone, iphone = registered(ada, a_phone())["id"], registered(ada, an_iphone())["id"]
    bob = shop.customer("Bob")
    his = registered(bob, an_iphone())["id"]
    token = {"token": 64 * "a"}
    for who, device in ((ada, phone), (ada, his), (bob, his), (bob, iphone)):
        refused(who.call("putLiveActivity", device_id=device, sub_order_id=part, body=token), 404)
    refused(ada.call("putLiveActivity", device_id=iphone, sub_order_id=part,
                     body={"token": "short"}), 400, field="/token")
    assert activities(shop, ada) == activities(shop, bob) == []
