"""Accounts that are known by a telephone number: codes by text message, signing in with them, and
what bounds their price."""
import re

import pytest
from harness.client import refused, together
from harness.codes import code_of, coded, fresh_phone
from harness.server import Server
from harness.sessions import credentials
from harness.shop import PASSWORD, Shop
from harness.sms_provider import SmsProvider
from harness.wait import until

NEVER = "0190b0b0-0000-7000-8000-00000000dead"


def impatient(shop):
    """Somebody who takes 429 for an answer."""
    person = shop.anonymous()
    person.patient = False
    return person


def lines(person):
    return {line["variant_id"]: line["quantity"]
            for group in person.do("getCart")["vendors"] for line in group["lines"]}


def wrong(code):
    return f"{(int(code) + 1) % 1000000:06d}"


def by_phone(shop, phone=None, name="Sara Bekele"):
    """Somebody who has just made an account."""
    person = shop.anonymous()
    body = {**coded(shop.server, person, phone), "name": name}
    return person._signed_in(person.do("signInByPhone", body=body))


# -- signing in ---------------------------------------------------------------------------------

def test_a_code_makes_an_account_and_signs_in_to_it_later(shop):
    phone = fresh_phone()
    person = by_phone(shop, phone)
    assert person.account["phone"] == phone and person.account["email"] is None
    again = shop.anonymous()
    answer = again.call("signInByPhone", body=coded(shop.server, again, phone))
    assert answer.status_code == 200 and answer.json()["user"] == person.account
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_new_number_needs_a_name_and_its_code_stays_good_meanwhile(shop):
    person = shop.anonymous()
    body = coded(shop.server, person)
    problem = refused(person.call("signInByPhone", body=body), 400)
    assert [(e["field"], e["code"]) for e in problem["errors"]] == [("/name", "required")]
    assert person.call("signInByPhone", body={**body, "name": "Sara"}).status_code == 201


def test_a_number_is_one_however_it_is_written(shop):
    person = by_phone(shop, "+251911222333")
    body = {"phone": "00251 (91) 122-2333"}
    asked = shop.anonymous().do("requestPhoneCode", body=body)
    assert asked["phone"] == "+251911222333"
    code = code_of(shop.server, "+251911222333")
    arabic = "".join(chr(0x660 + int(digit)) for digit in code[:3]) + " " + code[3:]
    body = {"phone": "+251-911-222-333", "code_id": asked["code_id"], "code": arabic}
    assert shop.anonymous().do("signInByPhone", body=body)["user"]["id"] == person.id


def test_a_code_works_once(shop):
    person = shop.anonymous()
    body = {**coded(shop.server, person), "name": "Sara"}
    answers = together(6, lambda i: shop.anonymous().call("signInByPhone", body=body))
    assert sorted(a.status_code for a in answers) == [201] + 5 * [401]
    refused(person.call("signInByPhone", body=body), 401, "bad_credentials")


def test_five_guesses_spend_a_code(shop):
    person = shop.anonymous()
    body = {**coded(shop.server, person), "name": "Sara"}
    for _ in range(5):
        refused(person.call("signInByPhone", body={**body, "code": wrong(body["code"])}), 401,
                "bad_credentials")
    refused(person.call("signInByPhone", body=body), 401, "bad_credentials")


def test_guesses_at_once_are_five_as_well(shop):
    person = shop.anonymous()
    body = {**coded(shop.server, person), "name": "Sara"}
    together(12, lambda i: shop.anonymous().call(
        "signInByPhone", body={**body, "code": wrong(body["code"])}))
    assert shop.db.one("select tries from phone_code where phone = %s", body["phone"]) == 5


def test_a_stranger_neither_spends_nor_replaces_a_code(shop):
    person, stranger = shop.anonymous(), shop.anonymous()
    mine = coded(shop.server, person)
    other = coded(shop.server, stranger, mine["phone"])
    for _ in range(6):
        body = {**other, "code": wrong(other["code"]), "name": "Mallory"}
        refused(stranger.call("signInByPhone", body=body), 401, "bad_credentials")
    assert person.call("signInByPhone", body={**mine, "name": "Sara"}).status_code == 201


def test_an_expired_code_is_of_no_use(shop):
    person = shop.anonymous()
    body = coded(shop.server, person)
    shop.db.rows("update phone_code set expires_at = now() where phone = %s", body["phone"])
    refused(person.call("signInByPhone", body={**body, "name": "Sara"}), 401, "bad_credentials")


def test_who_guesses_at_many_numbers_is_slowed_down(shop):
    guesser = impatient(shop)
    body = {"phone": fresh_phone(), "code_id": NEVER, "code": "123456"}
    answers = [guesser.call("signInByPhone", body=body).status_code for _ in range(61)]
    assert answers == 60 * [401] + [429]


def test_who_guesses_keeps_nobody_of_the_network_from_their_own_code(shop):
    guesser, neighbour = impatient(shop), impatient(shop)
    neighbour.session = guesser.session  # the same address
    body = {"phone": fresh_phone(), "code_id": NEVER, "code": "123456"}
    while guesser.call("signInByPhone", body=body).status_code != 429:
        pass
    mine = {**coded(shop.server, neighbour), "name": "Sara"}
    assert neighbour.call("signInByPhone", body=mine).status_code == 201
    mistyped = coded(shop.server, neighbour)
    answers = [neighbour.call("signInByPhone", token=None, body={
        **mistyped, "code": wrong(mistyped["code"])}).status_code for _ in range(2)]
    assert answers == [401, 429]


@pytest.mark.parametrize("code", ["12345", "1234567", "12345a", "", " ", "١٢٣"])
def test_what_is_no_code_costs_no_guess(shop, code):
    person = shop.anonymous()
    body = coded(shop.server, person)
    assert person.call("signInByPhone", body={**body, "code": code}).status_code in (401, 400)
    assert shop.db.one("select tries from phone_code where phone = %s", body["phone"]) == 0


def test_a_code_of_another_number_is_wrong(shop):
    person = shop.anonymous()
    mine, other = coded(shop.server, person), coded(shop.server, person)
    body = {**mine, "phone": other["phone"], "name": "Sara"}
    refused(person.call("signInByPhone", body=body), 401, "bad_credentials")


def test_a_guests_cart_becomes_the_accounts(shop):
    vendor = shop.vendor()
    mug = vendor.product()
    guest = shop.guest()
    guest.cart(mug)
    body = {**coded(shop.server, guest), "name": "Sara"}
    person = guest._signed_in(guest.do("signInByPhone", body=body))
    assert lines(person) == {mug.variant: 1}


def test_a_locked_account_is_told_so_and_admins_are_sent_to_their_password(shop):
    person = by_phone(shop)
    shop.db.rows("update account set locked_at = now() where id = %s", person.id)
    body = coded(shop.server, shop.anonymous(), person.account["phone"])
    refused(shop.anonymous().call("signInByPhone", body=body), 403, "account_locked")
    shop.db.rows("update account set locked_at = null where id = %s", person.id)
    problem = refused(shop.admin().call("setAdminRole", user_id=person.id,
                                        body={"role": "support"}), 409)
    assert "password" in problem["detail"]


def test_an_admin_with_a_number_does_not_sign_in_by_it(shop):
    person = shop.customer()
    phone = fresh_phone()
    shop.db.rows("update account set phone = %s, admin_role = 'support' where id = %s", phone,
                 person.id)
    body = coded(shop.server, shop.anonymous(), phone)
    refused(shop.anonymous().call("signInByPhone", body=body), 403, "forbidden")


# -- the number of an account -------------------------------------------------------------------

def test_an_account_gets_a_number_and_signs_in_by_it(shop):
    person = shop.customer()
    body = {**coded(shop.server, person), "current_password": PASSWORD}
    assert person.do("setMyPhone", body=body)["phone"] == body["phone"]
    again = shop.anonymous()
    signed_in = again.do("signInByPhone", body=coded(shop.server, again, body["phone"]))
    assert signed_in["user"]["id"] == person.id
    assert person.do("setMyPhone", body={"phone": None, "current_password": PASSWORD})[
        "phone"] is None


def test_a_change_of_the_number_is_told_by_mail_and_ends_with_the_session(shop):
    def told():
        return shop.db.rows("select text_key, facts from mail_letter where account_id = %s",
                            person.id)

    person = shop.customer()
    body = {**coded(shop.server, person), "current_password": PASSWORD}
    shop.db.rows("update account set locked_at = now() where id = %s", person.id)
    refused(person.call("setMyPhone", body=body), 403, "account_locked")
    assert told() == []
    shop.db.rows("update account set locked_at = null where id = %s", person.id)
    person.do("setMyPhone", body=body)
    assert told() == [{"text_key": "mail.phone_changed", "facts": {}}]
    shop.db.rows("update session set ended_at = now() where account_id = %s", person.id)
    refused(person.call("setMyPhone", body=body), 401, "unauthenticated")


def test_whoever_found_an_open_device_cannot_change_the_number(shop):
    person = shop.customer()
    body = coded(shop.server, person)
    problem = refused(person.call("setMyPhone", body=body), 400)
    assert problem["errors"][0]["field"] == "/current_password"
    refused(person.call("setMyPhone", body={**body, "current_password": "wrong wrong"}), 401,
            "bad_credentials")
    other = by_phone(shop)
    body = coded(shop.server, other)
    assert refused(other.call("setMyPhone", body=body), 400)["errors"][0]["field"] == \
        "/current_code"
    own = coded(shop.server, other, other.account["phone"])
    body["current_code_id"] = own["code_id"]
    refused(other.call("setMyPhone", body={**body, "current_code": wrong(own["code"])}), 401)
    wrong_new = {**body, "code": wrong(body["code"]), "current_code": own["code"]}
    refused(other.call("setMyPhone", body=wrong_new), 401)  # and neither code is used
    changed = other.do("setMyPhone", body={**body, "current_code": own["code"]})
    assert changed["phone"] == body["phone"]


def test_a_number_must_be_proved(shop):
    person = shop.customer()
    body = {"phone": fresh_phone(), "current_password": PASSWORD}
    assert refused(person.call("setMyPhone", body=body), 400)["errors"][0]["field"] == "/code"
    body = {**coded(shop.server, person), "current_password": PASSWORD}
    body["code"] = wrong(body["code"])
    refused(person.call("setMyPhone", body=body), 401, "bad_credentials")


def test_a_number_belongs_to_one_account(shop):
    owner, other = by_phone(shop), shop.customer()
    body = coded(shop.server, other, owner.account["phone"])
    problem = refused(other.call("setMyPhone", body={**body, "current_password": PASSWORD}), 409,
                      "already_exists")
    assert problem["errors"][0]["field"] == "/phone"


def test_the_only_way_to_sign_in_stays(shop):
    person = by_phone(shop)
    own = coded(shop.server, person, person.account["phone"])
    body = {"phone": None, "current_code_id": own["code_id"], "current_code": own["code"]}
    refused(person.call("setMyPhone", body=body), 409)
    assert person.do("getMe")["phone"] == person.account["phone"]
    refused(person.call("setMyPassword", body={"password": "another one",
                                               "current_password": "x"}), 409)
    refused(shop.anonymous().call("login", body=credentials(person, "")), 400)


def test_admins_find_an_account_by_its_number(shop):
    person = by_phone(shop)
    spelled = re.sub(r"(\+251)(.*)", r"\1 (\2)", person.account["phone"])
    [found] = shop.admin().do("adminListUsers", q=spelled)["items"]
    assert found["id"] == person.id and found["email"] is None
    assert person.id in [user["id"] for user in
                         shop.admin().do("adminListUsers", q="Sara Bekele")["items"]]


def test_the_audit_log_has_no_number(shop):
    person = by_phone(shop)
    shop.admin().do("lockUser", user_id=person.id, body={"reason": "Stolen cards"})
    [entry] = shop.db.rows("select before, after from audit_log where object_id = %s", person.id)
    assert person.account["phone"] not in str(entry)


# -- what bounds the price ----------------------------------------------------------------------

def asks(shop, phone):
    """Somebody at another address asks for a code."""
    return impatient(shop).call("requestPhoneCode", body={"phone": phone})


def test_a_number_gets_five_codes_in_ten_minutes_and_twenty_in_a_day(shop):
    phone = fresh_phone()
    assert [asks(shop, phone).status_code for _ in range(5)] == 5 * [202]
    answer = asks(shop, phone)
    refused(answer, 429, "rate_limited")
    assert 0 < int(answer.headers["Retry-After"]) <= 600
    shop.db.rows("insert into phone_code (id, phone, calling_code, language, created_at, "
                 "expires_at) select gen_random_uuid(), %s, '251', 'en', "
                 "now() - interval '2 hours', now() from generate_series(1, 20)", phone)
    shop.db.rows("update phone_code set created_at = created_at - interval '1 hour' "
                 "where phone = %s", phone)
    answer = asks(shop, phone)
    refused(answer, 429, "rate_limited")
    assert int(answer.headers["Retry-After"]) > 20 * 3600
    shop.db.rows("update phone_code set used_at = now() where phone = %s", phone)
    assert asks(shop, phone).status_code == 202  # what was of use counts no more


def test_a_stranger_leaves_codes_to_the_owner_of_a_number(shop):
    phone, stranger = fresh_phone(), impatient(shop)
    for _ in range(10):
        stranger.do("requestPhoneCode", body={"phone": phone})
        shop.db.rows("update phone_code set created_at = created_at - interval '1 hour' "
                     "where phone = %s", phone)
    refused(stranger.call("requestPhoneCode", body={"phone": phone}), 429, "rate_limited")
    assert asks(shop, phone).status_code == 202


def test_requests_at_once_get_no_more(shop):
    phone = fresh_phone()
    answers = together(10, lambda i: asks(shop, phone))
    assert sorted(a.status_code for a in answers) == 5 * [202] + 5 * [429]


@pytest.mark.parametrize("phone", ["0911234567", "ada@example.com", "+", "+12"])
def test_a_number_needs_its_calling_code(shop, phone):
    problem = refused(shop.anonymous().call("requestPhoneCode", body={"phone": phone}), 400)
    assert [(e["field"], e["code"]) for e in problem["errors"]] == [("/phone", "format")]


# -- sending ------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def provider():
    one = SmsProvider()
    yield one
    one.close()


@pytest.fixture(scope="module")
def sending(provider):
    """A shop that pays for messages to Ethiopia, and for two codes an hour to Kenya."""
    server = Server(**provider.gateway(SMS_ROUTES="+251=gateway +254=gateway",
                                       SEBEZ_MAIL_NAME="Clay & Co", SMS_COUNTRY_HOURLY="2"))
    try:
        yield Shop(server.start())
    finally:
        server.remove()


@pytest.fixture
def cheap(sending, provider):
    """Without the codes of other tests."""
    provider.answer = lambda message: None
    sending.db.rows("delete from phone_code")
    return sending


@pytest.mark.parametrize("language, text", [
    ("en", "is your code for Clay & Co."), ("am", "ኮድዎ"), ("ar-EG", "رمزك"),
    ("fr", "est votre code")])
def test_the_code_comes_in_the_language_of_who_asks(cheap, provider, language, text):
    phone = fresh_phone()
    asked = cheap.anonymous().do("requestPhoneCode", body={"phone": phone},
                                 headers={"Accept-Language": language})
    until(lambda: provider.to(phone))
    [message] = provider.to(phone)
    assert message["text"].startswith(code_of(cheap.server, phone) + " ")
    assert text in message["text"] and not set(message["text"]) & {"\u2068", "\u2069"}
    assert len(message["text"]) <= (160 if language in ("en", "fr") else 140)
    body = {"phone": phone, "code_id": asked["code_id"], "code": message["text"].split()[0],
            "name": "Sara"}
    assert cheap.anonymous().call("signInByPhone", body=body).status_code == 201


def test_a_provider_that_fails_is_asked_again(cheap, provider):
    asked = []
    provider.answer = lambda message: asked.append(message) or (
        (503, {}) if len(asked) < 2 else None)
    phone = fresh_phone()
    cheap.anonymous().do("requestPhoneCode", body={"phone": phone})
    until(lambda: provider.to(phone))
    assert len({message["id"] for message in asked}) == 1


def test_a_provider_that_fails_delays_no_other_country(cheap, provider):
    provider.answer = lambda message: (503, {}) if message["to"].startswith("+254") else None
    for number in range(2):
        cheap.anonymous().do("requestPhoneCode", body={"phone": f"+25471234567{number}"})
    phone = fresh_phone()
    cheap.anonymous().do("requestPhoneCode", body={"phone": phone})
    until(lambda: provider.to(phone))
    until(lambda: cheap.db.rows(
        "select distinct destination from outbox where topic = 'phone_code'")
        == [{"destination": "254"}])
    cheap.db.rows("delete from outbox where topic = 'phone_code'")


def test_a_refused_number_is_left_alone(cheap, provider):
    asked = []
    provider.answer = lambda message: asked.append(message) or (400, {})
    cheap.anonymous().do("requestPhoneCode", body={"phone": fresh_phone()})
    until(lambda: asked and cheap.db.one(
        "select count(*) = 0 from outbox where topic = 'phone_code'"))
    assert len(asked) == 1 and cheap.db.rows("select why from dead_letter") == []


def test_countries_without_a_provider_cost_nothing(cheap):
    problem = refused(cheap.anonymous().call("requestPhoneCode", body={"phone": "+8801712345678"}),
                      400)
    assert [(e["field"], e["code"]) for e in problem["errors"]] == [("/phone", "unreachable")]
    assert cheap.db.one("select count(*) from phone_code") == 0


def test_a_country_gets_so_many_codes_an_hour(cheap):
    stranger = impatient(cheap)
    for number in range(2):
        stranger.do("requestPhoneCode", body={"phone": f"+25471234567{number}"})
    answer = stranger.call("requestPhoneCode", body={"phone": "+254712345679"})
    refused(answer, 429, "rate_limited")
    assert 0 < int(answer.headers["Retry-After"]) <= 3600
    stranger.do("requestPhoneCode", body={"phone": fresh_phone()})  # another country


def test_neither_numbers_nor_codes_are_in_the_log(cheap, provider):
    provider.answer = lambda message: (401, {})
    phone = fresh_phone()
    cheap.anonymous().do("requestPhoneCode", body={"phone": phone})
    until(lambda: "refuses us" in cheap.server.log.read_text())
    text = cheap.server.log.read_text()
    assert phone[1:] not in text and code_of(cheap.server, phone) not in text
